# SPDX-License-Identifier: BSD-2-Clause
"""Cookies (RFC 7873, RFC 9018) to clients and to servers, and keepalive (RFC 7828)."""

import re
import socket
import struct
import subprocess
import time

import dns.edns
import dns.message
import dns.rcode
import pytest

from servers import frame, recv_frame
from upstream import address, reply, silence

COOKIE, KEEPALIVE = 10, 11
CLIENT = bytes.fromhex("2464c4abcf10c957")


def query(*options, name="www.tarn.example.", **more):
    return dns.message.make_query(name, "A", use_edns=0, options=[
        dns.edns.GenericOption(code, data) for code, data in options], **more)


def option(message, code):
    """The data of a reply's only option of that code, or None."""
    found = [o.to_wire() for o in message.options if o.otype == code]
    assert len(found) <= 1
    return found[0] if found else None


def tcp(tarn, message, count=1):
    with tarn.tcp_socket() as sock:
        replies = []
        for _ in range(count):
            sock.sendall(frame(message.to_wire()))
            replies.append(dns.message.from_wire(recv_frame(sock)))
    return replies[-1]


def dig(tarn, tool, *words):
    return subprocess.run([tool("dig"), "@127.0.0.1", "-p", str(tarn.port), "+time=5", "+tries=1",
                           *words], capture_output=True, text=True, timeout=20, check=True).stdout


# ---- to clients ----------------------------------------------------------------------------------

def test_dig_finds_its_cookie_good_and_keeps_it(tarn, tool):
    """dig checks that its own part is returned, and prints the result."""
    out = dig(tarn, tool, "www.tarn.example")
    cookie = re.search(r"; COOKIE: ([0-9a-f]{48}) \(good\)", out)[1]
    assert "status: NOERROR" in out
    for words in ([], ["+tcp"], ["nobody.tarn.example"]):
        again = dig(tarn, tool, f"+cookie={cookie}", *(words or ["www.tarn.example"]))
        # The clock may have come to another second, never to another half hour.
        assert f"; COOKIE: {cookie} (good)" in again


def test_kdig_is_content(tarn, tool):
    out = subprocess.run([tool("kdig"), "@127.0.0.1", "-p", str(tarn.port), "+cookie", "+edns",
                          "www.tarn.example"], capture_output=True, text=True, timeout=20,
                         check=True).stdout
    assert "status: NOERROR" in out and "COOKIE" in out and "WARNING" not in out


@pytest.mark.parametrize("length", [*range(48), 255, 300])
def test_a_cookie_of_another_length_is_a_form_error(tarn, length):
    """RFC 7873 section 5.2.2: 8 octets, or 16 to 40."""
    message = query((COOKIE, bytes(range(48)).ljust(length, b"c")[:length]))
    for answer in (tarn.udp(message), tcp(tarn, message)):
        if length == 8 or 16 <= length <= 40:
            assert answer.rcode() == dns.rcode.NOERROR
            assert option(answer, COOKIE)[:8] == bytes(range(8))
        else:
            assert answer.rcode() == dns.rcode.FORMERR
            assert answer.edns == 0
            assert option(answer, COOKIE) is None


def test_a_server_cookie_is_made_as_rfc_9018_says(tarn):
    """Version 1, three octets of 0, the time, and a hash of 8 octets; CLIENT in front of it."""
    cookie = option(tarn.udp(query((COOKIE, CLIENT))), COOKIE)
    assert len(cookie) == 24
    assert cookie[:8] == CLIENT
    assert cookie[8:12] == b"\1\0\0\0"
    assert abs(int.from_bytes(cookie[12:16], "big") - time.time()) < 5


def test_every_reply_with_an_opt_carries_the_cookie(run_tarn, run_upstream):
    """Answers, negative answers, tarn's own errors, late failures; over UDP and TCP."""
    upstream = run_upstream(lambda q: silence(q) if "dead" in q.name else address()(q))
    tarn = run_tarn(upstreams=[upstream])
    bad_version = query((COOKIE, CLIENT))
    bad_version.ednsflags |= 1 << 16
    for message, rcode in [
            (query((COOKIE, CLIENT)), dns.rcode.NOERROR),
            (query((COOKIE, CLIENT), name="x.invalid."), dns.rcode.NXDOMAIN),
            (query((COOKIE, CLIENT), name="new.example.", flags=0), dns.rcode.REFUSED),
            (bad_version, dns.rcode.BADVERS),
            (query((COOKIE, CLIENT), name="dead.example."), dns.rcode.SERVFAIL)]:
        for answer in (tarn.udp(message), tcp(tarn, message)):
            assert answer.rcode() == rcode
            assert option(answer, COOKIE)[:8] == CLIENT


def test_no_cookie_comes_unasked(tarn):
    assert option(tarn.udp(query()), COOKIE) is None
    assert tarn.ask("www.tarn.example.").edns == -1


@pytest.mark.parametrize("what", ["hash", "version", "time", "client"])
def test_a_bad_server_cookie_gets_the_answer_and_a_fresh_cookie(tarn, what):
    """RFC 7873 section 5.2.3: as if there were none."""
    good = bytearray(option(tarn.udp(query((COOKIE, CLIENT))), COOKIE))
    bad = bytearray(good)
    at = {"hash": 23, "version": 8, "time": 13, "client": 0}[what]
    bad[at] ^= 0x40
    answer = tarn.udp(query((COOKIE, bytes(bad))))
    assert answer.rcode() == dns.rcode.NOERROR and answer.answer
    fresh = option(answer, COOKIE)
    assert fresh != bytes(bad)
    assert fresh[:8] == bytes(bad[:8]) and fresh[8:12] == b"\1\0\0\0"


def test_a_cookie_is_good_for_one_address(tarn):
    def ask(source, cookie):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(10)
            sock.bind((source, 0))
            sock.connect(("127.0.0.1", tarn.port))
            sock.send(query((COOKIE, cookie)).to_wire())
            return option(dns.message.from_wire(sock.recv(65535)), COOKIE)

    cookie = ask("127.0.0.1", CLIENT)
    assert ask("127.0.0.1", cookie) == cookie
    assert ask("127.0.0.2", cookie)[16:] != cookie[16:]


def test_all_workers_take_each_others_cookies(run_tarn, nsd):
    tarn = run_tarn("--workers", 4, upstreams=[nsd])
    cookie = option(tarn.udp(query((COOKIE, CLIENT))), COOKIE)
    for _ in range(40):  # a new socket each: the kernel spreads them over the workers
        assert option(tarn.udp(query((COOKIE, cookie))), COOKIE) == cookie


def test_another_process_has_another_secret(run_tarn, nsd):
    first, second = (run_tarn(upstreams=[nsd]) for _ in range(2))
    cookie = option(first.udp(query((COOKIE, CLIENT))), COOKIE)
    assert option(second.udp(query((COOKIE, cookie))), COOKIE)[16:] != cookie[16:]


def test_a_message_without_a_question_fetches_a_cookie(run_tarn, run_upstream):
    """RFC 7873 section 5.4: NOERROR with the cookie only; no server is asked."""
    upstream = run_upstream(address())
    tarn = run_tarn(upstreams=[upstream])
    opt = b"\0" + struct.pack("!HHIH", 41, 1232, 0, 12) + struct.pack("!HH", COOKIE, 8) + CLIENT
    wire = tarn.ask_wire(struct.pack("!6H", 7, 0x0100, 0, 0, 0, 1) + opt)
    answer = dns.message.from_wire(wire)
    assert struct.unpack_from("!4H", wire, 4) == (0, 0, 0, 1)
    assert answer.rcode() == dns.rcode.NOERROR
    cookie = option(answer, COOKIE)
    assert cookie[:8] == CLIENT
    assert option(tarn.udp(query((COOKIE, cookie))), COOKIE) == cookie
    assert upstream.count("a.example") == 0
    assert upstream.count() == 1  # the question just now


# ---- keepalive -----------------------------------------------------------------------------------

def test_keepalive_is_told_over_tcp_to_who_asks(tarn):
    """RFC 7828 section 3.3.2, in units of 100 ms."""
    answer = tcp(tarn, query((KEEPALIVE, b"")))
    timeout = option(answer, KEEPALIVE)
    assert len(timeout) == 2 and 0 < int.from_bytes(timeout, "big") <= 1200
    assert option(tcp(tarn, query((KEEPALIVE, b"")), count=3), KEEPALIVE) == timeout
    assert option(tcp(tarn, query()), KEEPALIVE) is None


def test_keepalive_is_nothing_over_udp(tarn):
    """RFC 7828 section 3.2.1: it is not to be sent, and ignored."""
    answer = tarn.udp(query((KEEPALIVE, b"")))
    assert answer.rcode() == dns.rcode.NOERROR and answer.answer
    assert option(answer, KEEPALIVE) is None


def test_keepalive_with_a_timeout_is_ignored(tarn):
    """RFC 7828 section 3.2.1: a client's is empty."""
    answer = tcp(tarn, query((KEEPALIVE, b"\0\1")))
    assert answer.rcode() == dns.rcode.NOERROR and answer.answer
    assert option(answer, KEEPALIVE) is None


def test_the_connection_stays_as_long_as_keepalive_says(run_tarn, nsd):
    """Not longer, either: with a second of tolerance for a busy machine."""
    tarn = run_tarn(upstreams=[nsd])
    with tarn.tcp_socket(timeout=30) as sock:
        sock.sendall(frame(query((KEEPALIVE, b"")).to_wire()))
        promised = int.from_bytes(option(dns.message.from_wire(recv_frame(sock)), KEEPALIVE), "big")
        began = time.monotonic()
        if promised > 150:
            pytest.skip(f"{promised / 10:.0f} s are too long for a test")
        assert sock.recv(1) == b""
        assert -0.2 <= time.monotonic() - began - promised / 10 < 2.5


def test_kdig_hears_of_keepalive(tarn, tool):
    out = subprocess.run([tool("kdig"), "@127.0.0.1", "-p", str(tarn.port), "+tcp",
                          f"+ednsopt={KEEPALIVE}", "www.tarn.example"], capture_output=True,
                         text=True, timeout=20, check=True).stdout
    assert "status: NOERROR" in out
    assert re.search(r"(?i)keepalive|code 11|option \(11\)|EDNS-TCP", out), out


# ---- to servers ----------------------------------------------------------------------------------

SERVER = b"a server cookie!"


def sent(question):
    """The COOKIE option that tarn has sent."""
    return option(question.message, COOKIE)


def with_cookie(question, cookie, *rrs, **more):
    message = reply(question, *rrs, **more)
    message.use_edns(0, options=[dns.edns.GenericOption(COOKIE, cookie)])
    return message


def honest(question, value="192.0.2.1"):
    return with_cookie(question, sent(question)[:8] + SERVER, f"{question.name} 300 IN A {value}")


def test_a_server_gets_a_cookie_of_its_own_and_its_own_back(run_tarn, run_upstream):
    first, second = run_upstream(honest), run_upstream(honest, host="127.0.0.2")
    for upstream in (first, second):
        tarn = run_tarn("--workers", 1, upstreams=[upstream])
        for number in range(3):
            assert tarn.ask(f"{number}.example.").answer
        cookies = [sent(q) for q in upstream.questions]
        assert [len(cookie) for cookie in cookies] == [8, 24, 24]
        assert {cookie[8:] for cookie in cookies[1:]} == {SERVER}
        assert len({cookie[:8] for cookie in cookies}) == 1
    assert sent(first.questions[0])[:8] != sent(second.questions[0])[:8]


def test_a_servers_cookie_never_reaches_a_client(run_tarn, run_upstream):
    tarn = run_tarn(upstreams=[run_upstream(honest)])
    for message in (query(name="a.example."), query((COOKIE, CLIENT), name="a.example.")):
        assert SERVER not in tarn.udp(message).to_wire()


def test_an_answer_with_a_wrong_cookie_is_not_believed(run_tarn, run_upstream):
    """RFC 7873 section 5.3: its sender has not seen the question; TCP decides."""
    def script(question):
        if question.transport == "udp":
            return with_cookie(question, b"no such " + SERVER,
                               f"{question.name} 300 IN A 192.0.2.66")
        return honest(question) if sent(question) else address()(question)

    upstream = run_upstream(script)
    tarn = run_tarn(upstreams=[upstream])
    for _ in range(2):
        assert "192.0.2.1" in tarn.ask("a.example.").answer[0].to_text().split()
    assert upstream.count(transport="tcp") == 1


def test_a_server_that_wants_a_cookie_gets_it(run_tarn, run_upstream):
    """RFC 7873 section 5.3: BADCOOKIE, and the question once more with the cookie it gives."""
    def script(question):
        if sent(question)[8:] == SERVER:
            return honest(question)
        message = with_cookie(question, sent(question)[:8] + SERVER)
        message.set_rcode(dns.rcode.BADCOOKIE)
        return message

    upstream = run_upstream(script)
    tarn = run_tarn("--workers", 1, upstreams=[upstream])
    for number in range(3):
        assert tarn.ask(f"{number}.example.").answer
    assert upstream.count(transport="udp") == 4
