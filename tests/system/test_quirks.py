# SPDX-License-Identifier: BSD-2-Clause
"""Upstream servers that do not support what others do, and the traits that configure it."""

import signal
import subprocess
import time

import dns.rcode
import pytest

from servers import program
from upstream import address, reply, silence

COOKIE = 10
NAMES = ["www.example.", "mail.example.", "ftp.example."]
give = address()


def has_cookie(question):
    return any(option.otype == COOKIE for option in question.message.options)


def is_lower(question):
    name = question.wire[12:]
    return name == name[:1 + len(question.name)].lower() + name[1 + len(question.name):]


def resolves(tarn, names=NAMES):
    messages = [tarn.ask(name) for name in names]
    return [message.rcode() for message in messages if message.answer] == [0] * len(names)


def echo_with(rcode, wire):
    """The question as it came, its OPT included, with another header."""
    return wire[:2] + bytes([wire[2] | 0x80, 0x80 | rcode]) + wire[4:]


def test_notimp_with_our_own_opt_is_no_to_edns(run_tarn, run_upstream):
    upstream = run_upstream(lambda q: echo_with(4, q.wire) if q.message.edns >= 0 else give(q))
    assert resolves(run_tarn("--workers", 1, upstreams=[upstream]))
    # The first one had to be refused, the others not.
    assert upstream.count() == len(NAMES) + 1


@pytest.mark.parametrize("drops", [has_cookie, lambda q: q.message.edns >= 0],
                         ids=["cookies", "edns"])
def test_what_is_dropped_is_left_out(run_tarn, run_upstream, drops):
    upstream = run_upstream(lambda q: () if drops(q) else give(q))
    tarn = run_tarn("--workers", 1, upstreams=[upstream])
    assert resolves(tarn)
    # Three times in a row: it is known now.
    before = time.monotonic()
    assert resolves(tarn, ["a.example.", "b.example."])
    assert time.monotonic() - before < 1
    assert upstream.count("b.example.") == 1


@pytest.mark.parametrize("rcode", [dns.rcode.REFUSED, dns.rcode.SERVFAIL, dns.rcode.FORMERR])
def test_names_in_lower_case_alone(run_tarn, run_upstream, rcode):
    upstream = run_upstream(lambda q: give(q) if is_lower(q) else reply(q, rcode=rcode))
    assert resolves(run_tarn(upstreams=[upstream]))


def test_case_that_is_met_with_silence_takes_a_word(run_tarn, run_upstream):
    upstream = run_upstream(lambda q: give(q) if is_lower(q) else ())
    tarn = run_tarn(upstreams=[f"{upstream.address} no-mixed-case"])
    assert resolves(tarn)
    assert upstream.count() == len(NAMES)


@pytest.mark.parametrize("words, is_met", [
    ("no-cookies", lambda q: not has_cookie(q) and q.message.edns == 0),
    ("no-edns", lambda q: q.message.edns < 0),
    ("no-edns no-mixed-case", lambda q: q.message.edns < 0 and is_lower(q)),
])
def test_words_go_from_the_first_message_on(run_tarn, run_upstream, words, is_met):
    upstream = run_upstream(give)
    assert resolves(run_tarn(upstreams=[f"{upstream.address} {words}"]))
    assert all(is_met(question) for question in upstream.questions)
    assert upstream.count() == len(NAMES)


def test_tcp_alone(run_tarn, run_upstream):
    """Nothing goes over UDP: no question, no probe of a server that is dead, no look for circles."""
    is_alive = True
    upstream = run_upstream(lambda q: give(q) if is_alive else silence(q))
    tarn = run_tarn("--workers", 1, upstreams=[f"tcp://{upstream.address}"])
    assert resolves(tarn)
    is_alive = False
    assert not tarn.ask("dead.example.", timeout=10).answer
    is_alive = True
    deadline = time.monotonic() + 10
    while not tarn.ask(f"n{time.monotonic_ns()}.example.", timeout=10).answer:
        assert time.monotonic() < deadline
    assert upstream.count(transport="udp") == 0 and upstream.count(transport="tcp") > len(NAMES)
    assert all(probe.transport == "tcp" for probe in upstream.probes)


def test_use_vc_of_resolv_conf(run_tarn, run_upstream, tmp_path, mounted, namespace):
    """glibc's option. There are no ports in that file."""
    upstream = run_upstream(give, host="127.0.0.2", port=53)
    file = tmp_path / "resolv.conf"
    file.write_text("nameserver 127.0.0.2\noptions use-vc\n")
    tarn = run_tarn(prefix=mounted(f"mount --bind {file} /etc/resolv.conf"))
    assert resolves(tarn)
    assert upstream.count(transport="udp") == 0 and upstream.count(transport="tcp") == len(NAMES)


def test_reload_changes_how_a_server_is_asked(run_tarn, run_upstream, tmp_path):
    upstream = run_upstream(give)
    file = tmp_path / "tarn.conf"
    file.write_text(f"upstream = {upstream.address}\n")
    tarn = run_tarn("-c", file)
    assert tarn.ask("a.example.").answer
    file.write_text(f"upstream = tcp://{upstream.address} // now\n")
    tarn.child.send_signal(signal.SIGHUP)
    tarn.wait_for_line("the configuration has been reloaded")
    assert tarn.ask("b.example.").answer
    assert [q.transport for q in upstream.questions] == ["udp", "tcp"]


@pytest.mark.parametrize("scheme, reason", [
    ("quic", "DNS over QUIC is not supported"), ("h3", "HTTP/3 is not supported"),
    ("gopher", "unknown scheme")])
def test_scheme_that_there_is_not(scheme, reason):
    run = subprocess.run([program(), "-c", "/dev/null", "-u", f"{scheme}://192.0.2.1", "--check"],
                         capture_output=True, text=True, timeout=20, check=False)
    assert run.returncode != 0 and reason in run.stderr
