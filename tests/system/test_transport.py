# SPDX-License-Identifier: BSD-2-Clause
"""UDP and TCP on both sides: sizes, truncation, pipelining, hostile clients."""

import os
import random
import socket
import struct
import time

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import pytest

from servers import frame, has_ipv6, recv_frame
from upstream import address, reply, silence
from wire import answers, records


def query_wire(name="www.tarn.example.", rrtype="A", **options):
    return dns.message.make_query(name, rrtype, **options).to_wire()


# ---- sizes and truncation ------------------------------------------------------------------------

@pytest.mark.parametrize("name", ["large", "huge"])
def test_an_answer_that_does_not_fit_is_cut_and_comes_whole_over_tcp(tarn, nsd, name):
    question = dns.message.make_query(f"{name}.tarn.example.", "TXT", use_edns=0, payload=4096)
    reply_ = tarn.udp(question)
    assert reply_.flags & dns.flags.TC
    assert reply_.edns == 0
    with tarn.tcp_socket() as sock:
        sock.sendall(frame(question.to_wire()))
        wire = recv_frame(sock)
    assert answers(wire) == answers(nsd.ask_wire(question))
    assert not wire[2] & 0x02


def test_the_whole_answer_comes_from_the_cache(run_tarn, run_upstream):
    texts = [f'big.example. 300 IN TXT "{i:02} {"x" * 190}"' for i in range(20)]

    def script(question):
        whole = reply(question, *texts)
        if question.transport == "tcp":
            return whole
        return reply(question, flags=dns.flags.TC)

    upstream = run_upstream(script)
    tarn = run_tarn(upstreams=[upstream])
    question = dns.message.make_query("big.example.", "TXT", use_edns=0, payload=1232)
    assert tarn.udp(question).flags & dns.flags.TC
    assert (upstream.count(transport="udp"), upstream.count(transport="tcp")) == (1, 1)
    whole = tarn.tcp(question)
    assert len(whole.answer[0]) == 20
    assert upstream.count() == 2


@pytest.mark.parametrize("size,limit", [(None, 512), (0, 512), (100, 512), (512, 512), (700, 700),
                                        (1232, 1232), (4096, 1232), (65535, 1232)])
def test_no_datagram_is_larger_than_both_sides_take(tarn, size, limit):
    options = {} if size is None else {"use_edns": 0, "payload": size}
    for name in ("large", "text", "mail"):
        wire = tarn.ask_wire(query_wire(f"{name}.tarn.example.", "TXT", **options))
        assert len(wire) <= limit
        records(wire)


def test_what_fits_is_not_cut(tarn):
    assert not tarn.ask("text.tarn.example.", "TXT").flags & dns.flags.TC


def test_truncation_by_the_upstream_is_followed_by_tcp(run_tarn, run_upstream):
    """The rubbish beside TC=1 is not used, not even a little."""
    def script(question):
        if question.transport == "udp":
            return reply(question, f"{question.name} 300 IN A 192.0.2.66", flags=dns.flags.TC)
        return reply(question, f"{question.name} 300 IN A 192.0.2.1")

    upstream = run_upstream(script)
    tarn = run_tarn(upstreams=[upstream])
    for _ in range(2):
        assert tarn.ask("a.example.").answer[0].to_text() == "a.example. 300 IN A 192.0.2.1"
    assert (upstream.count(transport="udp"), upstream.count(transport="tcp")) == (1, 1)


@pytest.mark.parametrize("edns,limit", [(True, 1232), (False, 512)])
def test_an_answer_larger_than_was_offered_is_asked_for_over_tcp(run_tarn, run_upstream, edns,
                                                                 limit):
    """It is accepted at the limit; beyond it, it is treated as truncated."""
    def script(question):
        if not edns and question.message.edns >= 0:
            return reply(question, rcode=dns.rcode.FORMERR)
        message = reply(question, f"{question.name} 300 IN TXT x", f"{question.name} 300 IN A "
                        f"192.0.2.{1 if question.transport == 'tcp' else 66}")
        wire = message.to_wire(max_size=65535)
        size = limit + question.name.startswith("large")
        # The TXT is of another type than asked for, and the length of its only string is known.
        grown = size - len(wire)
        strings = b"".join(bytes([n]) + b"x" * n for n in
                           [255] * (grown // 256) + ([grown % 256 - 1] if grown % 256 else []))
        return wire.replace(b"\0\2\1x", struct.pack("!H", 2 + grown) + b"\1x" + strings, 1)

    upstream = run_upstream(script)
    tarn = run_tarn(upstreams=[upstream])
    assert tarn.ask("fits.example.").answer[0].to_text() == "fits.example. 300 IN A 192.0.2.66"
    assert upstream.count(transport="tcp") == 0
    assert tarn.ask("large.example.").answer[0].to_text() == "large.example. 300 IN A 192.0.2.1"
    assert upstream.count(transport="tcp") == 1


# ---- TCP clients ---------------------------------------------------------------------------------

def test_octets_may_come_one_by_one(tarn):
    with tarn.tcp_socket() as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(2):
            for octet in frame(query_wire()):
                sock.sendall(bytes([octet]))
            assert dns.message.from_wire(recv_frame(sock)).answer


def test_many_questions_in_one_segment(tarn):
    stream = b"".join(frame(query_wire(id=number)) for number in range(50))
    with tarn.tcp_socket() as sock:
        sock.sendall(stream)
        ids = [dns.message.from_wire(recv_frame(sock)).id for _ in range(50)]
    assert sorted(ids) == list(range(50))


def test_a_slow_question_does_not_hold_up_those_behind_it(run_tarn, run_upstream):
    def script(question):
        time.sleep(1 if question.name.startswith("slow") else 0)
        return address()(question)

    tarn = run_tarn(upstreams=[run_upstream(script)])
    stream = frame(query_wire("slow.example.", id=0))
    stream += b"".join(frame(query_wire(f"{n}.example.", id=n)) for n in range(1, 50))
    with tarn.tcp_socket() as sock:
        sock.sendall(stream)
        replies = [dns.message.from_wire(recv_frame(sock)) for _ in range(50)]
    assert replies[-1].id == 0
    assert sorted(r.id for r in replies) == list(range(50))
    for reply_ in replies:
        expected = "slow" if reply_.id == 0 else str(reply_.id)
        assert reply_.question[0].name.labels[0] == expected.encode()
        assert reply_.answer


def test_the_same_id_twice_is_answered_twice(run_tarn, run_upstream):
    tarn = run_tarn(upstreams=[run_upstream(address(delay=0.2))])
    with tarn.tcp_socket() as sock:
        for name in ("a.example.", "b.example.", "a.example."):
            sock.sendall(frame(query_wire(name, id=7)))
        replies = [dns.message.from_wire(recv_frame(sock)) for _ in range(3)]
    assert [r.id for r in replies] == [7, 7, 7]
    assert sorted(r.question[0].name.to_text() for r in replies) == \
        ["a.example.", "a.example.", "b.example."]


def test_a_half_closed_client_gets_what_it_asked_for(run_tarn, run_upstream):
    tarn = run_tarn(upstreams=[run_upstream(address(delay=0.3))])
    with tarn.tcp_socket() as sock:
        sock.sendall(frame(query_wire("a.example.")))
        sock.shutdown(socket.SHUT_WR)
        assert dns.message.from_wire(recv_frame(sock)).answer
        assert sock.recv(1) == b""


def test_a_client_that_leaves_does_no_harm(run_tarn, run_upstream):
    upstream = run_upstream(address(delay=0.3))
    tarn = run_tarn(upstreams=[upstream])
    linger = struct.pack("ii", 1, 0)  # close() sends RST
    for number in range(20):
        sock = tarn.tcp_socket()
        sock.sendall(frame(query_wire(f"{number}.example.")) * 3)
        if number % 2:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        sock.close()
    time.sleep(0.6)
    asked = upstream.count()
    for number in range(20):
        assert tarn.ask(f"{number}.example.").answer
    assert upstream.count() == asked


@pytest.mark.parametrize("length", [0, 1, 11])
def test_a_message_shorter_than_a_header_ends_the_connection(tarn, length):
    with tarn.tcp_socket() as sock:
        sock.sendall(frame(b"x" * length))
        try:
            assert sock.recv(100) == b""
        except ConnectionResetError:
            pass  # closed as well


@pytest.mark.parametrize("name", ["localhost.", "slow.example."])
def test_questions_before_one_that_is_too_short_are_answered(run_tarn, run_upstream, name):
    """In one segment: what is known, and what has to be asked for."""
    tarn = run_tarn(upstreams=[run_upstream(address(delay=0.2))])
    with tarn.tcp_socket() as sock:
        sock.sendall(frame(query_wire(name, id=7)) + frame(b"x") + frame(query_wire(name, id=8)))
        reply_ = dns.message.from_wire(recv_frame(sock))
        assert reply_.id == 7 and reply_.answer
        assert sock.recv(100) == b""


def test_a_length_without_a_message_waits(tarn):
    """Connections that never finish their message take nothing from the others."""
    idle = [tarn.tcp_socket() for _ in range(100)]
    for number, sock in enumerate(idle):
        sock.sendall(frame(query_wire())[:number % 20])
    assert tarn.ask("www.tarn.example.").answer
    assert tarn.tcp(dns.message.make_query("www.tarn.example.", "A")).answer
    for sock in idle:
        sock.close()


def test_a_client_that_does_not_read_is_bounded(tarn):
    """It asks for 60 KB again and again; other clients are served and memory does not grow."""
    question = dns.message.make_query("huge.tarn.example.", "TXT")
    tarn.tcp(question)
    tarn.tcp(dns.message.make_query("www.tarn.example.", "A"))
    before = tarn.memory()
    greedy = tarn.tcp_socket()
    greedy.setblocking(False)
    stream = frame(question.to_wire()) * 100
    sent, until = 0, time.monotonic() + 1
    while time.monotonic() < until and sent < 4 << 20:
        try:
            sent += greedy.send(stream)
        except BlockingIOError:
            time.sleep(0.01)
        except ConnectionError:
            break
    assert tarn.ask("www.tarn.example.", timeout=2).answer
    if not tarn.is_slow:
        assert tarn.memory() - before < 16 * 1024
    greedy.close()


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 loopback on this machine")
def test_ipv6_clients_get_the_same(tarn):
    for ask in (tarn.udp, tarn.tcp):
        assert ask(dns.message.make_query("www.tarn.example.", "AAAA"), host="::1").answer


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 loopback on this machine")
def test_an_ipv6_upstream_is_asked(run_tarn, run_upstream):
    tarn = run_tarn(upstreams=[run_upstream(address(), host="::1")])
    assert tarn.ask("a.example.").answer


# ---- clients that do not follow the rules --------------------------------------------------------

def first_reply(tarn, *hostile):
    """Sends datagrams that are due no answer, then a good one: what comes first."""
    with tarn.udp_socket() as sock:
        for wire in hostile:
            sock.send(wire)
        sock.send(query_wire(id=4242))
        return dns.message.from_wire(sock.recv(65535))


def test_datagrams_shorter_than_a_header_are_dropped(tarn):
    assert first_reply(tarn, *[query_wire()[:length] for length in range(12)]).id == 4242


def test_responses_are_dropped(tarn):
    response = bytearray(query_wire(id=1))
    response[2] |= 0x80
    assert first_reply(tarn, bytes(response), bytes(response[:12])).id == 4242


@pytest.mark.parametrize("opcode", range(1, 16))
def test_other_opcodes_are_not_implemented(tarn, opcode):
    wire = bytearray(query_wire(id=77))
    wire[2] = wire[2] & 0x87 | opcode << 3
    reply_ = tarn.ask_wire(bytes(wire))
    assert reply_[:2] == wire[:2]
    assert reply_[2] & 0xF8 == 0x80 | opcode << 3
    assert reply_[3] & 0x0F == dns.rcode.NOTIMP


def counts(question=1, answer=0, authority=0, additional=0):
    return struct.pack("!HHHHHH", 9, 0x0100, question, answer, authority, additional)


QUESTION = query_wire()[12:]
OPT = b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0)

RECORD = b"\x07example\0\0%c\0\1\0\0\0\0\0\0"

MALFORMED = {
    "no question": counts(question=0),
    "header only": counts(),
    "two questions": counts(question=2) + QUESTION * 2,
    "65535 questions": counts(question=65535) + QUESTION,
    "an answer that is not there": counts(answer=1) + QUESTION,
    "65535 records that are not there": counts(additional=65535) + QUESTION,
    "a label of type 01": counts() + b"\x41a\0" + QUESTION[-4:],
    "a label of type 10": counts() + b"\x81a\0" + QUESTION[-4:],
    "a pointer to itself": counts() + b"\xc0\x0c" + QUESTION[-4:],
    "a pointer forward": counts() + b"\xc0\x20" + QUESTION[-4:],
    "a pointer into the header": counts() + b"\xc0\x00" + QUESTION[-4:],
    "a name of 256 octets": counts() + (b"\x3f" + b"a" * 63) * 3 + b"\x3f" + b"a" * 63 + b"\0"
                            + QUESTION[-4:],
    "a name without an end": counts() + b"\x03www",
    "a question without a class": counts() + QUESTION[:-1],
    "two OPTs": counts(additional=2) + QUESTION + OPT * 2,
    "an OPT in the answer section": counts(answer=1) + QUESTION + OPT,
    "an OPT of a name": counts(additional=1) + QUESTION + b"\x01a" + OPT,
    "an OPT longer than the message": counts(additional=1) + QUESTION + OPT[:-1] + b"\x09",
    "an option longer than its OPT": counts(additional=1) + QUESTION + OPT[:-1] + b"\x04"
                                     + struct.pack("!HH", 10, 8),
    "an answer": counts(answer=1) + QUESTION + RECORD % 1,
    "two answers": counts(answer=2) + QUESTION + RECORD % 1 + RECORD % 16,
    "an NSEC3": counts(authority=1) + QUESTION + RECORD % 50,
    "a key": counts(additional=1) + QUESTION + RECORD % 25,
    "a TSIG of class IN": counts(additional=1) + QUESTION + RECORD % 250,
    "an OPT behind a TSIG": counts(additional=2) + QUESTION + b"\0\0\xfa\0\xff" + bytes(6) + OPT,
}


@pytest.mark.parametrize("wire", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_questions_are_form_errors(tarn, wire):
    for transport in ("udp", "tcp"):
        if transport == "udp":
            reply_ = tarn.ask_wire(wire)
        else:
            with tarn.tcp_socket() as sock:
                sock.sendall(frame(wire))
                reply_ = recv_frame(sock)
        assert reply_[:2] == wire[:2]
        assert reply_[2] & 0x80
        assert reply_[3] & 0x0F == dns.rcode.FORMERR
        records(reply_)


@pytest.mark.parametrize("rrtype", ["AXFR", "IXFR"])
def test_zone_transfers_are_not_forwarded(run_tarn, run_upstream, rrtype):
    upstream = run_upstream(address())
    tarn = run_tarn(upstreams=[upstream])
    reply_ = dns.message.from_wire(tarn.ask_wire(query_wire("a.example.", rrtype)))
    assert reply_.rcode() in (dns.rcode.REFUSED, dns.rcode.NOTIMP)
    assert upstream.count() == 0


def test_questions_without_recursion_stay_here(run_tarn, run_upstream):
    upstream = run_upstream(address())
    tarn = run_tarn(upstreams=[upstream])
    question = dns.message.make_query("a.example.", "A", flags=0)
    assert tarn.udp(question).rcode() == dns.rcode.REFUSED
    assert upstream.count() == 0
    tarn.ask("a.example.")
    assert tarn.udp(question).answer
    assert upstream.count() == 1


def test_random_octets_get_nothing_but_replies(tarn):
    """5,000 messages with octets turned over, the same ones every time."""
    chance = random.Random(2)
    good = [query_wire(), query_wire(use_edns=0), query_wire("large.tarn.example.", "TXT")]
    with tarn.udp_socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        for number in range(5000):
            wire = bytearray(chance.choice(good))
            for _ in range(chance.randint(1, 8)):
                wire[chance.randrange(len(wire))] = chance.randrange(256)
            sock.send(bytes(wire[:chance.randint(1, len(wire))] if number % 4 == 0 else wire))
            if number % 100 == 99:
                time.sleep(0.002)
        sock.settimeout(0.3)
        try:
            while True:
                reply_ = sock.recv(65535)
                assert len(reply_) >= 12 and reply_[2] & 0x80
        except TimeoutError:
            pass
    assert tarn.ask("www.tarn.example.").answer


def test_random_octets_over_tcp_end_at_most_their_connection(tarn):
    chance = random.Random(3)
    for _ in range(50):
        with tarn.tcp_socket() as sock:
            try:
                for _ in range(20):
                    sock.sendall(chance.randbytes(chance.randint(1, 300)))
            except ConnectionError:
                pass
    assert tarn.tcp(dns.message.make_query("www.tarn.example.", "A")).answer


def test_large_datagrams_are_survived(tarn):
    with tarn.udp_socket() as sock:
        for length in (4095, 4096, 4097, 9000, 65507):
            sock.send(query_wire()[:12] + os.urandom(length - 12))
    assert tarn.ask("www.tarn.example.").answer


def test_more_waiting_questions_than_one_connection_may_have(run_tarn, run_upstream):
    """A client that pipelines without end is slowed down and not cut off."""
    upstream = run_upstream(address(delay=0.2))
    tarn = run_tarn(upstreams=[upstream])
    with tarn.tcp_socket() as sock:
        sock.sendall(b"".join(frame(query_wire(f"{n}.example.", id=n)) for n in range(300)))
        ids = sorted(dns.message.from_wire(recv_frame(sock)).id for _ in range(300))
    assert ids == list(range(300))


def test_silence_upstream_does_not_close_a_tcp_client(run_tarn, run_upstream):
    tarn = run_tarn(upstreams=[run_upstream(silence)])
    with tarn.tcp_socket() as sock:
        sock.sendall(frame(query_wire("a.example.", id=5)))
        reply_ = dns.message.from_wire(recv_frame(sock))
    assert (reply_.id, reply_.rcode()) == (5, dns.rcode.SERVFAIL)
