# SPDX-License-Identifier: BSD-2-Clause
"""What a client gets when the upstream does not answer: stale answers (RFC 8767), remembered
failures (RFC 9520), and the reason in words (RFC 8914)."""

import subprocess
import time

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest

from upstream import SILENCE, failure, reply

OLD, NEW = "192.0.2.1", "192.0.2.2"
SOA = "example. 600 IN SOA ns.example. admin.example. 1 7200 900 1209600 1"
STALE, CACHED_ERROR, STALE_NXDOMAIN, NO_AUTHORITY, NETWORK_ERROR = 3, 13, 19, 22, 23
STALE_TTL = 30
EXPIRED = 1.1  # seconds after which a TTL of 1 is over


class Server:
    """A script whose mood a test changes."""

    def __init__(self, mood="well"):
        self.mood = mood
        self.value = OLD

    def __call__(self, question):
        if self.mood == "silent":
            return SILENCE
        if self.mood == "slow":
            time.sleep(2.3)
        if isinstance(self.mood, int):
            return reply(question, rcode=self.mood)
        if question.name.startswith("missing"):
            return reply(question, rcode=dns.rcode.NXDOMAIN, authority=[SOA])
        return reply(question, f"{question.name} 1 IN A {self.value}")


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def upstream(run_upstream, server):
    return run_upstream(server)


@pytest.fixture
def stale_tarn(run_tarn, upstream):
    """It has answers that are over by now: a.example., b.example. and missing.example."""
    tarn = run_tarn("--workers", 1, upstreams=[upstream])
    for name in ("a.example.", "b.example.", "missing.example."):
        tarn.ask(name)
    time.sleep(EXPIRED)
    return tarn


def errors(message):
    """The codes of the extended errors, in order; their texts are whole."""
    found = [o for o in message.options if o.otype == dns.edns.OptionType.EDE]
    assert all(o.text is None or not o.text.endswith("\0") for o in found)
    return [int(o.code) for o in found]


def timed(tarn, name, **options):
    began = time.monotonic()
    message = tarn.ask(name, use_edns=0, **options)
    return message, time.monotonic() - began


def is_stale(message, code=STALE):
    records = message.answer + message.authority
    return errors(message)[:1] == [code] and {rrset.ttl for rrset in records} == {STALE_TTL}


def dig(tarn, tool, *words):
    return subprocess.run([tool("dig"), "@127.0.0.1", "-p", str(tarn.port), "+time=6", "+tries=1",
                           *words], capture_output=True, text=True, timeout=20, check=True).stdout


def test_silence_upstream_is_bridged_after_1800_ms(stale_tarn, server, upstream):
    """RFC 8767 section 5: the client response timer; and no query is sent again for 30 s."""
    server.mood = "silent"
    message, seconds = timed(stale_tarn, "a.example.")
    assert is_stale(message)
    assert [r.address for r in message.answer[0]] == [OLD]
    assert 1.6 < seconds < 2.6
    time.sleep(5.2 - seconds)  # by then the lookup has failed
    asked = upstream.count("a.example.")
    for _ in range(3):
        message, seconds = timed(stale_tarn, "a.example.")
        assert is_stale(message)
        assert seconds < 0.5
    assert upstream.count("a.example.") == asked


@pytest.mark.parametrize("rcode", [dns.rcode.SERVFAIL, dns.rcode.REFUSED, dns.rcode.FORMERR])
def test_a_failure_does_not_replace_what_is_known(stale_tarn, server, upstream, rcode):
    """RFC 8767 section 5: only NOERROR and NXDOMAIN do; and not at the next question either."""
    server.mood = int(rcode)
    for _ in range(3):
        message, seconds = timed(stale_tarn, "a.example.")
        assert message.rcode() == dns.rcode.NOERROR
        assert is_stale(message)
        assert seconds < 1.5
    assert upstream.count("a.example.") <= 1 + 3


def test_a_name_that_did_not_exist_is_stale_with_a_code_of_its_own(stale_tarn, server):
    server.mood = int(dns.rcode.SERVFAIL)
    for _ in range(2):
        message, _ = timed(stale_tarn, "missing.example.")
        assert message.rcode() == dns.rcode.NXDOMAIN
        assert is_stale(message, STALE_NXDOMAIN)


def test_a_fresh_answer_replaces_a_stale_one(stale_tarn, server, upstream):
    """The stale one is given at 1.8 s, the lookup goes on, and the next client gets the new one."""
    server.mood, server.value = "slow", NEW
    message, _ = timed(stale_tarn, "a.example.")
    assert is_stale(message)
    time.sleep(0.9)
    asked = upstream.count("a.example.")
    message, seconds = timed(stale_tarn, "a.example.")
    assert [r.address for r in message.answer[0]] == [NEW]
    assert not errors(message)
    assert message.answer[0].ttl <= 1 and seconds < 0.5
    assert upstream.count("a.example.") == asked


def test_nxdomain_replaces_a_stale_answer(stale_tarn, server):
    server.mood = int(dns.rcode.NXDOMAIN)
    message, _ = timed(stale_tarn, "a.example.")
    assert message.rcode() == dns.rcode.NXDOMAIN
    assert not message.answer and not errors(message)


def test_a_client_without_an_opt_gets_the_stale_answer_alone(stale_tarn, server):
    server.mood = int(dns.rcode.SERVFAIL)
    message = stale_tarn.ask("a.example.")
    assert message.answer[0].ttl == STALE_TTL
    assert message.edns == -1


def test_what_was_never_known_is_a_failure_that_is_remembered(run_tarn, server, upstream):
    """RFC 9520 section 3.2: for 5 s; then it is tried again, and longer for each time it fails."""
    server.mood = int(dns.rcode.SERVFAIL)
    tarn = run_tarn("--workers", 1, upstreams=[upstream])
    first, _ = timed(tarn, "a.example.")
    assert first.rcode() == dns.rcode.SERVFAIL
    assert errors(first)[0] in (NO_AUTHORITY, NETWORK_ERROR)
    asked = upstream.count("a.example.")
    for _ in range(3):
        message, seconds = timed(tarn, "a.example.")
        assert message.rcode() == dns.rcode.SERVFAIL
        assert errors(message)[0] == CACHED_ERROR
        assert set(errors(message)[1:]) <= {NO_AUTHORITY, NETWORK_ERROR}
        assert seconds < 0.5
    assert upstream.count("a.example.") == asked
    server.mood = "well"
    # Another type, and CD=1, are other questions.
    assert tarn.ask("a.example.", "AAAA").rcode() == dns.rcode.NOERROR
    assert tarn.ask("a.example.", flags=dns.flags.RD | dns.flags.CD).answer
    time.sleep(5.1)
    assert timed(tarn, "a.example.")[0].answer


def test_dig_says_why(stale_tarn, server, tool):
    server.mood = int(dns.rcode.SERVFAIL)
    for _ in range(2):
        out = dig(stale_tarn, tool, "b.example")
        assert "status: NOERROR" in out and OLD in out
        assert "; EDE: 3 (Stale Answer)" in out
    assert "; EDE: 19 (Stale NXDOMAIN Answer)" in dig(stale_tarn, tool, "missing.example")
    assert "; EDE: 22 (No Reachable Authority)" in dig(stale_tarn, tool, "new.example")
    again = dig(stale_tarn, tool, "new.example")
    assert "status: SERVFAIL" in again
    assert "; EDE: 13 (Cached Error)" in again


def test_a_dead_server_is_not_asked_more_the_more_clients_ask(run_tarn, server, upstream):
    """RFC 4697 section 2.1: a hundred clients with one question, and again, and again."""
    server.mood = "silent"
    tarn = run_tarn("--workers", 1, upstreams=[upstream])
    with tarn.udp_socket() as sock:
        for _ in range(3):
            for number in range(100):
                sock.send(dns.message.make_query("a.example.", "A", id=number).to_wire())
            ids = sorted(dns.message.from_wire(sock.recv(65535)).id for _ in range(100))
            assert ids == list(range(100))
    assert upstream.count() <= 3


def test_nothing_stale_is_served_where_that_is_said(run_tarn, upstream, server):
    tarn = run_tarn("--workers", 1, "--serve-stale", 0, upstreams=[upstream])
    assert tarn.ask("a.example.").rcode() == dns.rcode.NOERROR
    server.mood = dns.rcode.SERVFAIL
    time.sleep(EXPIRED)
    assert tarn.ask("a.example.").rcode() == dns.rcode.SERVFAIL


def test_failures_are_remembered_as_long_as_is_said(run_tarn, run_upstream):
    """1 s, then 2 s, and no longer than that."""
    upstream = run_upstream(failure(dns.rcode.SERVFAIL))
    tarn = run_tarn("--workers", 1, "--failure-ttl", "1s", "--max-failure-ttl", "2s",
                    upstreams=[f"{upstream.address} no-mixed-case"])
    times = []
    started = time.monotonic()
    while len(times) < 4:
        assert tarn.ask("www.example.").rcode() == dns.rcode.SERVFAIL
        if upstream.count() > len(times):
            times.append(time.monotonic())
        assert time.monotonic() - started < 30
        time.sleep(0.02)
    spans = [after - before for before, after in zip(times, times[1:])]
    for span, said in zip(spans, (1, 2, 2)):
        assert said - 0.1 < span < said + 1, spans
