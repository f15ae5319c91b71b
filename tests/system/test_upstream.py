# SPDX-License-Identifier: BSD-2-Clause
"""Upstream servers that are dead, slow, wrong or hostile."""

import time

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest

from servers import free_port
from upstream import SILENCE, Close, address, failure, reply, silence

HONEST = "192.0.2.1"
LIE = "192.0.2.66"
UNREACHABLE_CODES = {22, 23}


def extended_errors(message):
    return {int(o.code) for o in message.options if o.otype == dns.edns.OptionType.EDE}


def timed_ask(tarn, *words, **options):
    before = time.monotonic()
    message = tarn.ask(*words, **options)
    return message, time.monotonic() - before


def dead_address():
    return f"127.0.0.1:{free_port()}"


def addresses_in(message):
    return [rdata.address for rrset in message.answer for rdata in rrset]


# ---- dead and slow -------------------------------------------------------------------------------

def test_closed_ports_everywhere_are_a_quick_servfail(run_tarn):
    tarn = run_tarn(upstreams=[dead_address(), dead_address()])
    message, seconds = timed_ask(tarn, "a.example.", use_edns=0)
    assert message.rcode() == dns.rcode.SERVFAIL
    assert extended_errors(message) & UNREACHABLE_CODES
    assert seconds < 4.5


def test_silence_everywhere_is_servfail_at_the_deadline(run_tarn, run_upstream):
    tarn = run_tarn(upstreams=[run_upstream(silence), run_upstream(silence)])
    message, seconds = timed_ask(tarn, "a.example.", use_edns=0)
    assert message.rcode() == dns.rcode.SERVFAIL
    assert extended_errors(message) & UNREACHABLE_CODES
    assert seconds < 4.5


def test_no_upstream_at_all_is_servfail(run_tarn, tmp_path, mounted):
    empty = tmp_path / "resolv.conf"
    empty.write_text("search example\n")
    tarn = run_tarn(prefix=mounted(f"mount --bind {empty} /etc/resolv.conf"))
    assert any("no upstream server" in line for line in tarn.lines)
    message, seconds = timed_ask(tarn, "a.example.", use_edns=0)
    assert message.rcode() == dns.rcode.SERVFAIL
    assert extended_errors(message)
    assert seconds < 1


@pytest.mark.parametrize("first_is", ["silent", "closed"])
def test_one_dead_server_of_two_costs_little(run_tarn, run_upstream, first_is):
    first = run_upstream(silence) if first_is == "silent" else dead_address()
    tarn = run_tarn(upstreams=[first, run_upstream(address())])
    for number in range(5):
        message, seconds = timed_ask(tarn, f"{number}.example.")
        assert message.answer
        assert seconds < 1.5


def test_a_server_that_comes_back_is_used_again(run_tarn, run_upstream):
    alive = False

    def script(question):
        return address()(question) if alive else SILENCE

    tarn = run_tarn(upstreams=[run_upstream(script)])
    assert tarn.ask("first.example.").rcode() == dns.rcode.SERVFAIL
    alive = True
    deadline = time.monotonic() + 6
    while not tarn.ask(f"{time.monotonic()}.example.").answer:
        assert time.monotonic() < deadline, "the server is not found again"
    message, seconds = timed_ask(tarn, "second.example.")
    assert message.answer and seconds < 1


def test_a_late_answer_is_kept(run_tarn, run_upstream):
    """The client has its SERVFAIL by then; the next question is answered from the cache."""
    upstream = run_upstream(lambda question: address(delay=4.4)(question))
    tarn = run_tarn(upstreams=[upstream])
    assert tarn.ask("a.example.").rcode() == dns.rcode.SERVFAIL
    time.sleep(0.8)
    asked = upstream.count()
    message, seconds = timed_ask(tarn, "a.example.")
    assert message.answer and seconds < 1
    assert upstream.count() == asked


@pytest.mark.parametrize("rcode", [dns.rcode.SERVFAIL, dns.rcode.REFUSED, dns.rcode.NOTIMP])
def test_another_server_makes_up_for_a_failure(run_tarn, run_upstream, rcode):
    tarn = run_tarn(upstreams=[run_upstream(failure(rcode)), run_upstream(address())])
    for number in range(3):
        message, seconds = timed_ask(tarn, f"{number}.example.")
        assert message.answer and seconds < 1.5


@pytest.mark.parametrize("rcode", [dns.rcode.SERVFAIL, dns.rcode.REFUSED])
def test_failures_everywhere_are_servfail(run_tarn, run_upstream, rcode):
    tarn = run_tarn(upstreams=[run_upstream(failure(rcode)), run_upstream(failure(rcode))])
    message, seconds = timed_ask(tarn, "a.example.", use_edns=0)
    assert message.rcode() == dns.rcode.SERVFAIL
    assert extended_errors(message) & UNREACHABLE_CODES
    assert seconds < 4.5


def test_nxdomain_is_an_answer_and_not_a_failure(run_tarn, run_upstream):
    soa = "example. 600 IN SOA ns.example. admin.example. 1 7200 900 1209600 30"
    first = run_upstream(lambda question: reply(question, rcode=dns.rcode.NXDOMAIN,
                                                authority=[soa]))
    second = run_upstream(address())
    tarn = run_tarn(upstreams=[first, second])
    rcodes = {tarn.ask("a.example.").rcode() for _ in range(3)}
    assert len(rcodes) == 1
    assert first.count() + second.count() == 1


def test_a_question_is_sent_to_a_silent_server_a_few_times_only(run_tarn, run_upstream):
    """RFC 9520 section 3.1: however long it takes, at most three sends of one question."""
    upstream = run_upstream(silence)
    tarn = run_tarn(upstreams=[upstream])
    tarn.ask("a.example.")
    assert 1 <= upstream.count() <= 3


def test_ports_and_ids_cannot_be_guessed(run_tarn, run_upstream):
    """RFC 5452 section 9.2: 200 questions, hardly an id twice, several ports at any time, and both
    spread widely. How much there is to guess test_entropy.py measures."""
    upstream = run_upstream(address())
    tarn = run_tarn("--workers", 1, upstreams=[upstream])
    for number in range(200):
        tarn.ask(f"{number}.example.")
    ids = [q.message.id for q in upstream.questions]
    assert len(set(ids)) >= 195
    assert len({later - earlier for earlier, later in zip(ids, ids[1:])}) >= 190
    ports = [q.port for q in upstream.questions]
    assert len(set(ports)) >= 7
    for values in ids, ports:
        assert max(values) - min(values) > 10000


# ---- wrong ---------------------------------------------------------------------------------------

def changed(message, **fields):
    wire = bytearray(message.to_wire())
    if "id_xor" in fields:
        wire[1] ^= fields["id_xor"]
    if "flags_and" in fields:
        wire[2] &= fields["flags_and"]
    if "opcode" in fields:
        wire[2] |= fields["opcode"] << 3
    return bytes(wire)


def lie_about(question, name=None, rrtype="A"):
    """A perfect answer to another question."""
    name = name or question.name
    other = dns.message.make_query(name, rrtype, id=question.message.id)
    message = dns.message.make_response(other, recursion_available=True)
    message.answer.append(dns.rrset.from_text(name, 300, "IN", "A", LIE))
    return message


LIES = {
    "another id": lambda q: changed(reply(q, f"{q.name} 300 IN A {LIE}"), id_xor=1),
    "QR=0": lambda q: changed(reply(q, f"{q.name} 300 IN A {LIE}"), flags_and=0x7F),
    "another opcode": lambda q: changed(reply(q, f"{q.name} 300 IN A {LIE}"), opcode=2),
    "another name": lambda q: lie_about(q, "elsewhere.example."),
    "another type": lambda q: lie_about(q, rrtype="AAAA"),
    "no question": lambda q: reply(q).to_wire()[:4] + bytes(8),
    "nothing": lambda q: b"",
    "three octets": lambda q: b"\1\2\3",
    "a header": lambda q: reply(q).to_wire()[:12],
    "rubbish behind the id": lambda q: q.wire[:2] + b"\x81\x80" + b"\xff" * 60,
    "an answer cut short": lambda q: reply(q, f"{q.name} 300 IN A {LIE}").to_wire()[:-2],
    "an address of three octets": lambda q: reply(q, f"{q.name} 300 IN A {LIE}").to_wire()[:-6]
    + b"\0\3\xc0\0\2",
    "an owner that was not asked for": lambda q: reply(q, f"elsewhere.example. 300 IN A {LIE}"),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_lie_never_reaches_a_client(run_tarn, run_upstream, lie):
    """Two servers, one of which always forges: the other's answer is used, or none."""
    liar, honest = run_upstream(lambda q: [lie(q)]), run_upstream(address(value=HONEST))
    tarn = run_tarn(upstreams=[liar, honest])
    seen_liar = 0
    for number in range(4):
        message, seconds = timed_ask(tarn, f"{number}.example.")
        assert LIE not in message.to_text()
        seen_liar = liar.count()
        if message.rcode() == dns.rcode.NOERROR:
            assert addresses_in(message) in ([HONEST], [])
        assert seconds < 4.5
    assert seen_liar > 0
    uncached = tarn.udp(dns.message.make_query("elsewhere.example.", "A", flags=0))
    assert uncached.rcode() == dns.rcode.REFUSED


@pytest.mark.parametrize("lie", ["another id", "another name", "another type", "three octets"])
def test_the_true_answer_behind_a_lie_is_taken(run_tarn, run_upstream, lie):
    """A forgery from off the path that does not match the question does not end the wait."""
    upstream = run_upstream(lambda q: [LIES[lie](q), reply(q, f"{q.name} 300 IN A {HONEST}")])
    tarn = run_tarn(upstreams=[upstream])
    for number in range(3):
        message, seconds = timed_ask(tarn, f"{number}.example.")
        assert addresses_in(message) == [HONEST]
        assert seconds < 3.5


def test_other_questions_do_not_suffer_from_one_odd_answer(run_tarn, run_upstream):
    """One answer that a strict parser dislikes; those in flight beside it all come through."""
    def script(question):
        if question.name.startswith("odd"):
            return reply(question, f'{question.name} 300 IN TYPE257 \\# 7 000569737375 65')
        time.sleep(0.3)
        return address()(question)

    tarn = run_tarn(upstreams=[run_upstream(script)])
    with tarn.udp_socket() as sock:
        for number in range(100):
            sock.send(dns.message.make_query(f"{number}.example.", "A", id=number).to_wire())
        sock.send(dns.message.make_query("odd.example.", "CAA", id=999).to_wire())
        replies = [dns.message.from_wire(sock.recv(65535)) for _ in range(101)]
    assert all(r.answer for r in replies)
    assert sorted(r.id for r in replies) == [*range(100), 999]


def test_a_server_without_edns_is_understood(run_tarn, run_upstream):
    def script(question):
        if question.message.edns >= 0:
            return question.wire[:2] + b"\x81\x81" + bytes(8)
        return address()(question)

    upstream = run_upstream(script)
    tarn = run_tarn(upstreams=[upstream])
    assert tarn.ask("a.example.", use_edns=0).answer
    assert upstream.count() == 2


# ---- TCP upstream --------------------------------------------------------------------------------

def truncate(question):
    return reply(question, f"{question.name} 300 IN A {LIE}", flags=dns.flags.TC)


def test_a_connection_that_has_gone_silent_is_replaced(run_tarn, run_upstream):
    """As when a router has lost its state: the next question is sent over another one."""
    silent = set()

    def script(question):
        if question.transport == "udp":
            return reply(question, flags=dns.flags.TC)
        return SILENCE if question.port in silent else address()(question)

    upstream = run_upstream(script)
    tarn = run_tarn("--workers", 1, upstreams=[upstream])
    assert tarn.ask("one.example.").rcode() == dns.rcode.NOERROR
    silent.update(q.port for q in upstream.questions if q.transport == "tcp")
    began = time.monotonic()
    assert tarn.ask("two.example.").rcode() == dns.rcode.NOERROR
    first = time.monotonic() - began
    assert tarn.ask("three.example.").rcode() == dns.rcode.NOERROR
    second = time.monotonic() - began - first
    slack = 5 if tarn.is_slow else 1
    assert first < 0.9 * slack
    assert second < 0.2 * slack


def test_truncated_without_tcp_is_no_partial_answer(run_tarn, run_upstream):
    tarn = run_tarn(upstreams=[run_upstream(truncate, tcp=False)])
    message, seconds = timed_ask(tarn, "a.example.")
    assert LIE not in message.to_text()
    assert message.rcode() == dns.rcode.SERVFAIL or message.flags & dns.flags.TC
    assert seconds < 4.5


BROKEN_STREAMS = {
    "closed at once": lambda whole: Close(),
    "half a length": lambda whole: Close(whole[:1]),
    "half a message": lambda whole: Close(whole[:30]),
    "a length of 0": lambda whole: Close(b"\0\0"),
    "rubbish": lambda whole: Close(b"\0\x20" + b"\xff" * 32),
}


@pytest.mark.parametrize("broken", BROKEN_STREAMS.values(), ids=BROKEN_STREAMS.keys())
def test_a_broken_stream_is_made_up_for_by_another_server(run_tarn, run_upstream, broken):
    def script(question):
        if question.transport == "udp":
            return truncate(question)
        whole = reply(question, f"{question.name} 300 IN A {LIE}").to_wire()
        return broken(len(whole).to_bytes(2, "big") + whole)

    tarn = run_tarn(upstreams=[run_upstream(script), run_upstream(address(value=HONEST))])
    for number in range(3):
        message, seconds = timed_ask(tarn, f"{number}.example.")
        assert addresses_in(message) == [HONEST]
        assert seconds < 4.5


def test_an_upstream_may_close_its_stream_after_each_answer(run_tarn, run_upstream):
    def script(question):
        if question.transport == "udp":
            return truncate(question)
        whole = reply(question, f"{question.name} 300 IN A {HONEST}").to_wire()
        return Close(len(whole).to_bytes(2, "big") + whole)

    tarn = run_tarn(upstreams=[run_upstream(script)])
    for number in range(5):
        assert addresses_in(tarn.ask(f"{number}.example.")) == [HONEST]
