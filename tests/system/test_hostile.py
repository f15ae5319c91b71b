# SPDX-License-Identifier: BSD-2-Clause
"""
A hostile world on both sides. Upstream: each forged answer in the tables below is sent once; afterwards
none was served, none is in the cache, and the next good question is answered. The questions are
asked without RD afterwards: their answers come from the cache only.
"""

import os
import random
import socket
import struct
import threading
import time

import dns.message
import dns.rcode
import dns.rdataclass
import dns.rrset
import pytest

from servers import frame, recv_frame
from upstream import SILENCE, Close, Elsewhere, Slowly, address, reply
from wire import answers, read_name

TRUTH = "192.0.2.1"
LIE = "192.0.2.66"
LIE_OCTETS = bytes([192, 0, 2, 66])
SOA = "example. 600 IN SOA ns.example. admin.example. 1 7200 900 1209600 300"
# The records that forged answers try to put into the cache.
VICTIMS = [("victim.example.", "A"), ("ns.victim.example.", "A"), ("example.", "NS"),
           ("example.", "DNAME"), ("victim.example.", "CNAME"), ("example.", "SOA")]


# ---- messages as octets --------------------------------------------------------------------------

def asked(question):
    """The question section as it came."""
    _, end = read_name(question.wire, 12)
    return question.wire[12:end + 4]


def name(text):
    return b"".join(len(label).to_bytes(1, "big") + label.encode() for label in text.split("."))


def record(owner=b"\xc0\x0c", rrtype=1, rdata=LIE_OCTETS, ttl=300, cls=1, rdlength=None):
    length = len(rdata) if rdlength is None else rdlength
    return owner + struct.pack("!HHIH", rrtype, cls, ttl, length) + rdata


def message(question, *records, flags=0x8180, counts=None, query=None):
    """A reply whose counts are those of an answer section, unless they are to be others."""
    if counts is None:
        counts = (1, len(records), 0, 0)
    return question.wire[:2] + struct.pack("!5H", flags, *counts) + \
        (asked(question) if query is None else query) + b"".join(records)


def cname(target, owner=b"\xc0\x0c"):
    return record(owner, 5, target)


OPT = record(b"\0", 41, b"", 0, 1232)


def lie(question):
    return message(question, record())


def truth(question):
    return reply(question, f"{question.name} 300 IN A {TRUTH}")


# ---- lies that do not fit the question: the wait goes on (RFC 5452 section 9.1) ------------------

def other_question(question, owner=None, rrtype=1, cls=1):
    query = (name(owner) if owner else asked(question)[:-4]) + struct.pack("!HH", rrtype, cls)
    return message(question, record(), query=query)


def other_letters(question):
    return message(question, record(), query=asked(question)[:-4].swapcase() + b"\0\1\0\1")


FORGED = {
    "another id": lambda q: bytes([q.wire[0] ^ 0x80]) + lie(q)[1:],
    "another port": lambda q: Elsewhere(lie(q)),
    "another address": lambda q: Elsewhere(lie(q), "127.0.0.2"),
    "another name": lambda q: other_question(q, "victim.example."),
    "another type": lambda q: other_question(q, rrtype=28),
    "another class": lambda q: other_question(q, cls=3),
    "another spelling": other_letters,
    "QR=0": lambda q: message(q, record(), flags=0x0100),
    "another opcode": lambda q: message(q, record(), flags=0x9180),
    "no question": lambda q: message(q, record(name("victim.example.")), query=b"",
                                     counts=(0, 1, 0, 0)),
    "two questions": lambda q: message(q, record(), query=asked(q) * 2, counts=(2, 1, 0, 0)),
    "no octet": lambda q: b"",
    "half a header": lambda q: q.wire[:6],
    "a header alone": lambda q: message(q, query=b"", counts=(0, 0, 0, 0)),
    "a question without its class": lambda q: message(q, query=asked(q)[:-2]),
}


# ---- truth that brings something along: only the truth is kept (RFC 2181 section 5.4.1) ----------

def with_section(section, *rrs):
    def script(question):
        answer = truth(question)
        for text in rrs:
            owner, ttl, cls, rrtype, rdata = text.split(None, 4)
            getattr(answer, section).append(dns.rrset.from_text(owner, int(ttl), cls, rrtype,
                                                                rdata))
        return answer
    return script


POISONED = {
    "another name's address beside the answer": with_section(
        "answer", f"victim.example. 300 IN A {LIE}"),
    "a CNAME beside the answer": with_section(
        "answer", "victim.example. 300 IN CNAME evil.example.", f"evil.example. 300 IN A {LIE}"),
    "a DNAME above the answer": with_section(
        "authority", "example. 300 IN DNAME evil.test."),
    "a name server with its glue": lambda q: [add_glue(q)],
    "an address in the authority section": with_section(
        "authority", f"victim.example. 300 IN A {LIE}"),
    "an address in the additional section": with_section(
        "additional", f"victim.example. 300 IN A {LIE}"),
    "an SOA that denies the others": with_section("authority", SOA),
    "an address of class CH": lambda q: message(
        q, record(rdata=bytes([192, 0, 2, 1])), record(cls=dns.rdataclass.CH),
        record(name("victim.example."), cls=dns.rdataclass.CH)),
    "records behind the last that is counted": lambda q: message(
        q, record(rdata=bytes([192, 0, 2, 1])), record(name("victim.example.")),
        counts=(1, 1, 0, 0)),
}


def add_glue(question):
    answer = truth(question)
    answer.authority.append(dns.rrset.from_text("example.", 300, "IN", "NS", "ns.victim.example."))
    answer.additional.append(dns.rrset.from_text("ns.victim.example.", 300, "IN", "A", LIE))
    return answer


# ---- answers to the question that are no good: no answer, nothing kept ---------------------------

def chain(length):
    def script(question):
        links, owner = [], b"\xc0\x0c"
        for number in range(length):
            target = name(f"link{number}.example.")
            links.append(cname(target, owner))
            owner = target
        return message(question, *links, record(owner))
    return script


BROKEN = {
    "a CNAME to itself": lambda q: message(q, cname(b"\xc0\x0c")),
    "a loop of two": lambda q: message(q, cname(name("victim.example.")),
                                       cname(b"\xc0\x0c", name("victim.example."))),
    "two CNAMEs": lambda q: message(q, cname(name("a.example.")), cname(name("b.example.")),
                                    record(name("a.example.")), record(name("b.example."))),
    "a chain of 100": chain(100),
    "a DNAME to itself": lambda q: message(
        q, record(name("example."), 39, name("example.")), cname(b"\xc0\x0c")),
    "an owner that points to itself": lambda q: message(
        q, record((0xC000 | 12 + len(asked(q))).to_bytes(2, "big"))),
    "two owners that point to each other": lambda q: message(
        q, record((0xC000 | 28 + len(asked(q))).to_bytes(2, "big")),
        record((0xC000 | 12 + len(asked(q))).to_bytes(2, "big"))),
    "an owner that points forward": lambda q: message(
        q, record((0xC000 | 14 + len(asked(q))).to_bytes(2, "big"))),
    "an owner that points into the header": lambda q: message(q, record(b"\xc0\x04")),
    "an owner behind the end": lambda q: message(q, record(b"\xff\xff")),
    "a label of type 01": lambda q: message(q, record(b"\x41a\0")),
    "a label of type 10": lambda q: message(q, record(b"\x81a\0")),
    "an owner of 256 octets": lambda q: message(q, record((b"\x3f" + b"a" * 63) * 4 + b"\0")),
    "more answers counted than sent": lambda q: message(q, record(), counts=(1, 2, 0, 0)),
    "65535 of everything counted": lambda q: message(q, record(), counts=(1,) + (65535,) * 3),
    "fewer answers counted than sent": lambda q: message(q, record(), counts=(1, 0, 0, 0)),
    "RDLENGTH past the end": lambda q: message(q, record(rdlength=400)),
    "RDLENGTH 65535": lambda q: message(q, record(rdlength=65535)),
    "an address of 3 octets": lambda q: message(q, record(rdata=LIE_OCTETS[:3])),
    "an address of 5 octets": lambda q: message(q, record(rdata=LIE_OCTETS + b"\0")),
    "a CNAME that ends outside its RDATA": lambda q: message(
        q, record(rrtype=5, rdata=b"\1a", rdlength=2), record(b"\0")),
    "two OPTs": lambda q: message(q, record(), OPT, OPT, counts=(1, 1, 0, 2)),
    "an OPT that answers": lambda q: message(q, record(), OPT),
    "an OPT with a name": lambda q: message(q, record(), b"\1a" + OPT, counts=(1, 1, 0, 1)),
    "an option past its OPT": lambda q: message(
        q, record(), record(b"\0", 41, b"\0\x0a\0\x28", 0, 1232), counts=(1, 1, 0, 1)),
    "NXDOMAIN with an answer": lambda q: message(q, record(), flags=0x8183),
    "another owner": lambda q: message(q, record(name("victim.example."))),
    "a referral": lambda q: message(q, record(name("example."), 2, name("ns.victim.example.")),
                                    record(name("ns.victim.example.")), counts=(1, 0, 1, 1)),
    "rubbish behind the question": lambda q: message(q, b"\xff" * 200, counts=(1, 1, 1, 1)),
    "nothing at all": message,
}


# ---- TC=1 first, then this over TCP --------------------------------------------------------------

def framed(octets):
    return len(octets).to_bytes(2, "big") + octets


STREAMED = {
    "closed at once": lambda q: Close(),
    "half a length": lambda q: Close(b"\0"),
    "half an answer": lambda q: Close(framed(lie(q))[:-10]),
    "a length of 0": lambda q: Close(b"\0\0"),
    "a length of 65535 and little else": lambda q: Close(b"\xff\xff" + lie(q)),
    "65535 octets of rubbish": lambda q: message(
        q, b"\xff" * (65535 - 12 - len(asked(q))), counts=(1, 65535, 0, 0)),
    "as many loops as fit": lambda q: message(q, *[cname(b"\xc0\x0c")] * 4000),
    "TC=1 again": lambda q: message(q, record(), flags=0x8380),
}

# These are waited for.
SLOW_STREAMS = [
    FORGED["another id"],
    FORGED["another name"],
    lambda q: Slowly(framed(lie(q)), 1),
    lambda q: SILENCE,
]


def truth_but_for(lies):
    """An upstream that forges answers for names below lie.example only."""
    def script(question):
        return lies(question) if question.name.endswith(".lie.example.") else truth(question)
    return script


def unknown_to_the_cache(tarn, owner, rrtype):
    answer = tarn.udp(dns.message.make_query(owner, rrtype, flags=0))
    return answer.rcode() == dns.rcode.REFUSED and not answer.answer


def check_cache(tarn):
    for victim in VICTIMS:
        assert unknown_to_the_cache(tarn, *victim), victim


def check_it_goes_on(tarn):
    for owner in ("victim.example.", "good.example."):
        assert tarn.ask(owner).answer[0].to_text().endswith(f"IN A {TRUTH}")
    assert tarn.child.poll() is None


def is_true(answer, owner):
    return answer.rcode() == dns.rcode.NOERROR and \
        [str(rrset.name) + rdata.to_text() for rrset in answer.answer for rdata in rrset] == \
        [owner + TRUTH]


OWNER = "what.they.say.is.lie.example."


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED.keys())
def test_a_forged_answer_does_not_end_the_wait(run_tarn, run_upstream, forged):
    """The truth comes after it: over UDP, or over TCP where something seems wrong."""
    world = truth_but_for(lambda q: truth(q) if q.transport == "tcp" else [forged(q), truth(q)])
    tarn = run_tarn(upstreams=[run_upstream(world)])
    for _ in range(2):
        assert is_true(tarn.ask(OWNER), OWNER)
    check_cache(tarn)
    check_it_goes_on(tarn)


def hear_nothing(tarn, count):
    """Asks for that many forged names at once: SERVFAIL to all, in time."""
    with tarn.udp_socket(timeout=4.8) as sock:
        for number in range(count):
            sock.send(dns.message.make_query(f"number.{number}.lie.example.", "A").to_wire())
        for _ in range(count):
            answer = dns.message.from_wire(sock.recv(65535))
            assert (answer.rcode(), answer.answer) == (dns.rcode.SERVFAIL, [])


def test_forged_answers_alone_are_no_answer(run_tarn, run_upstream):
    """All of them at once, without a true answer: the client gets SERVFAIL in time."""
    # A server that always changes letter case is accepted in the end: some do.
    kinds = [forged for what, forged in FORGED.items() if what != "another spelling"]

    def script(question):
        return [kinds[int(question.name.split(".")[1])](question)]

    tarn = run_tarn(upstreams=[run_upstream(truth_but_for(script), tcp=False)])
    hear_nothing(tarn, len(kinds))
    check_cache(tarn)
    check_it_goes_on(tarn)


@pytest.mark.parametrize("poisoned", POISONED.values(), ids=POISONED.keys())
def test_what_was_not_asked_for_is_not_kept(run_tarn, run_upstream, poisoned):
    tarn = run_tarn(upstreams=[run_upstream(truth_but_for(poisoned))])
    for options in ({}, {"want_dnssec": True}):
        for _ in range(2):
            answer = tarn.ask(OWNER, **options)
            assert is_true(answer, OWNER)
            assert not answer.authority and not answer.additional
    check_cache(tarn)
    check_it_goes_on(tarn)


def test_the_end_of_a_chain_is_known_as_that_only(run_tarn, run_upstream):
    """A server may answer with an alias; the records of its target are asked for separately."""
    world = truth_but_for(lambda q: message(q, cname(name("victim.example.")),
                                    record(name("victim.example."))))
    tarn = run_tarn(upstreams=[run_upstream(world)])
    assert LIE in tarn.ask(OWNER).to_text()
    check_cache(tarn)
    check_it_goes_on(tarn)


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_answer_is_no_answer(run_tarn, run_upstream, broken):
    upstream = run_upstream(truth_but_for(broken))
    tarn = run_tarn(upstreams=[upstream])
    began = time.monotonic()
    for _ in range(2):
        answer = tarn.ask(OWNER)
        assert LIE not in answer.to_text()
        assert not answer.answer
    assert time.monotonic() - began < 9
    # No entry, or a remembered failure: never the forged records.
    assert not tarn.udp(dns.message.make_query(OWNER, "A", flags=0)).answer
    check_cache(tarn)
    check_it_goes_on(tarn)


def with_tc(question):
    """The records beside TC=1 are forged as well."""
    return message(question, record(), flags=0x8380)


@pytest.mark.parametrize("streamed", STREAMED.values(), ids=STREAMED.keys())
def test_a_broken_stream_is_no_answer(run_tarn, run_upstream, streamed):
    world = truth_but_for(lambda q: with_tc(q) if q.transport == "udp" else streamed(q))
    tarn = run_tarn(upstreams=[run_upstream(world)])
    began = time.monotonic()
    answer = tarn.ask(OWNER)
    assert time.monotonic() - began < 4.5
    assert LIE not in answer.to_text()
    assert not answer.answer
    assert not tarn.udp(dns.message.make_query(OWNER, "A", flags=0)).answer
    check_cache(tarn)
    check_it_goes_on(tarn)


def test_a_slow_stream_is_no_answer(run_tarn, run_upstream):
    """A stream without the question, or with one octet a second."""
    def script(question):
        if question.transport == "udp":
            return with_tc(question)
        return SLOW_STREAMS[int(question.name.split(".")[1])](question)

    tarn = run_tarn(upstreams=[run_upstream(truth_but_for(script))])
    hear_nothing(tarn, len(SLOW_STREAMS))
    check_cache(tarn)
    check_it_goes_on(tarn)


def test_rubbish_beside_tc_is_not_read(run_tarn, run_upstream):
    world = truth_but_for(lambda q: truth(q) if q.transport == "tcp" else
                  message(q, b"\xff" * 100, flags=0x8380, counts=(1, 9, 9, 9)))
    tarn = run_tarn(upstreams=[run_upstream(world)])
    assert is_true(tarn.ask(OWNER), OWNER)


def test_an_answer_of_65535_octets_comes_through(run_tarn, run_upstream):
    """The longest there is; with the OPT of the client's own it would be too long."""
    def script(question):
        if question.transport == "udp":
            return message(question, flags=0x8380, counts=(1, 0, 0, 0))
        left = 65535 - 12 - len(asked(question))
        texts = []
        while left:
            # A TXT record is 13 octets and its string; the last one fills what is left.
            size = 255 if left >= 2 * 268 else min(left - 13, 200)
            texts.append(record(rrtype=16, rdata=bytes([size]) +
                                f"{len(texts):04}".encode().ljust(size, b".")))
            left -= 13 + size
        return message(question, *texts)

    upstream = run_upstream(script)
    tarn = run_tarn(upstreams=[upstream])
    question = dns.message.make_query("long.example.", "TXT")
    for _ in range(2):
        with tarn.tcp_socket() as sock:
            sock.sendall(frame(question.to_wire()))
            wire = recv_frame(sock)
        assert len(wire) == 65535
        assert len(answers(wire)) == struct.unpack_from("!H", wire, 6)[0] > 240
    assert upstream.count(transport="tcp") == 1


@pytest.mark.parametrize("ttl", [0x80000000, 0xFFFFFFFF])
def test_a_ttl_with_the_top_bit_is_0(run_tarn, run_upstream, ttl):
    """RFC 2181 section 8; what lives no second is not stored."""
    upstream = run_upstream(lambda q: message(q, record(ttl=ttl)))
    tarn = run_tarn(upstreams=[upstream])
    for count in (1, 2):
        assert tarn.ask("a.example.").answer[0].ttl == 0
        assert upstream.count() == count


def descriptors(tarn):
    return len(os.listdir(f"/proc/{tarn.pid}/fd"))


def wait_for_descriptors(tarn, count):
    """Waits until no more than that many are open."""
    deadline = time.monotonic() + 15
    while descriptors(tarn) > count:
        assert time.monotonic() < deadline, f"{descriptors(tarn)} descriptors, not {count}"
        time.sleep(0.05)


def test_hostility_leaves_nothing_behind(run_tarn, run_upstream):
    """Each forged answer a dozen times: memory and descriptors are then as before."""
    lies = [*BROKEN.values(), *POISONED.values()]
    lies += [lambda q, forged=forged: [forged(q), truth(q)] for forged in FORGED.values()]
    streams = list(STREAMED.values())

    def script(question):
        number = int(question.name.split(".")[0])
        told, streamed = lies[number // 2 % len(lies)], streams[number // 2 % len(streams)]
        if question.transport == "udp":
            return told(question) if number % 2 else with_tc(question)
        return truth(question) if number % 2 else streamed(question)

    tarn = run_tarn("--workers", 1, "--cache-size", "1M", upstreams=[
        run_upstream(truth_but_for(script))])

    def hear(first, count):
        with tarn.udp_socket(timeout=8) as sock:
            for number in range(first, first + count):
                sock.send(dns.message.make_query(f"{number}.lie.example.", "A").to_wire())
                time.sleep(0.001)
            for _ in range(count):
                sock.recv(65535)

    open_files = descriptors(tarn)
    hear(0, 200)
    check_it_goes_on(tarn)
    memory = tarn.memory()
    for turn in range(1, 6):
        hear(turn * 200, 200)
    check_it_goes_on(tarn)
    wait_for_descriptors(tarn, open_files + 4)  # connections upstream that may be used again
    if not tarn.is_slow:
        assert tarn.memory() - memory < 4096


# ---- clients -------------------------------------------------------------------------------------

def garbage(chance, number):
    good = dns.message.make_query("www.tarn.example.", "A", use_edns=0).to_wire()
    kind = number % 4
    if kind == 0:
        return chance.randbytes(chance.randint(0, 600))
    if kind == 1:
        return good[:chance.randrange(len(good))]
    if kind == 2:  # a header that looks like a question's, and anything behind it
        return good[:4] + struct.pack("!4H", 1, *(chance.randint(0, 3) for _ in range(3))) + \
            chance.randbytes(chance.randint(0, 100))
    octets = bytearray(good)
    octets[chance.randrange(len(octets))] = chance.randrange(256)
    return bytes(octets)


def test_10000_datagrams_of_garbage(tarn):
    """The same ones every time. What comes back is replies; good questions are answered."""
    chance = random.Random(8)
    with tarn.udp_socket() as sock:
        sock.setblocking(False)
        for number in range(10_000):
            sock.send(garbage(chance, number))
            try:
                while octets := sock.recv(65535):
                    assert len(octets) >= 12 and octets[2] & 0x80
            except BlockingIOError:
                pass
            if number % 1000 == 0:
                assert tarn.ask("www.tarn.example.").answer
    assert tarn.ask("www.tarn.example.").answer


def test_garbage_over_tcp(tarn):
    """Framed or not: it is answered, or its connection ends; other clients are not affected."""
    chance = random.Random(9)
    tarn.tcp(dns.message.make_query("www.tarn.example.", "A"))
    open_files = descriptors(tarn)
    for number in range(200):
        with tarn.tcp_socket() as sock:
            octets = garbage(chance, number)
            try:
                sock.sendall(octets if number % 3 == 0 else frame(octets))
            except ConnectionError:
                pass
        if number % 50 == 0:
            assert tarn.ask("www.tarn.example.").answer
    assert tarn.tcp(dns.message.make_query("www.tarn.example.", "A")).answer
    wait_for_descriptors(tarn, open_files + 1)


def test_the_same_datagram_again_and_again_is_one_question(run_tarn, run_upstream):
    """From one port with one id, while the answer is on its way: a reply each, and no more."""
    upstream = run_upstream(address(delay=0.3))
    tarn = run_tarn(upstreams=[upstream])
    with tarn.udp_socket() as sock:
        wire = dns.message.make_query("a.example.", "A").to_wire()
        for _ in range(20):
            sock.send(wire)
        assert len({sock.recv(65535) for _ in range(20)}) == 1
        sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            sock.recv(65535)
    assert upstream.count() == 1


# ---- errors of the network that are not ----------------------------------------------------------

def icmp_unreachable(source_port, server_port, quoted):
    """Port unreachable, as from a router, for a datagram between two local ports."""
    udp = struct.pack("!4H", source_port, server_port, 8 + len(quoted), 0) + quoted
    loopback = bytes([127, 0, 0, 1])
    datagram = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + loopback * 2 + udp
    body = struct.pack("!BBHI", 3, 3, 0, 0) + datagram
    total = sum(struct.unpack(f"!{(len(body) + 1) // 2}H", body + b"\0" * (len(body) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return body[:2] + struct.pack("!H", ~total & 0xFFFF) + body[4:]


@pytest.mark.skipif(os.geteuid() != 0, reason="raw sockets need root")
@pytest.mark.parametrize("quoted", [b"", b"\x12\x34" + b"\1\0\0\1" + b"\0" * 6],
                         ids=["ports alone", "another id"])
def test_icmp_errors_for_all_ports_end_no_question(run_tarn, run_upstream, quoted):
    """Any host can send them, without the port and the id (RFC 5927 section 4)."""
    asked = threading.Event()

    def slow(question):
        asked.set()
        time.sleep(1.5)
        return truth(question)

    upstream = run_upstream(slow)
    tarn = run_tarn("--workers", 1, upstreams=[upstream])
    server_port = upstream.udp.getsockname()[1]
    answers_of_tarn = []
    thread = threading.Thread(target=lambda: answers_of_tarn.append(tarn.ask("a.example.")))
    thread.start()
    assert asked.wait(5)
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
        for port in range(1024, 65536):
            raw.sendto(icmp_unreachable(port, server_port, quoted), ("127.0.0.1", 0))
    thread.join(10)
    assert answers_of_tarn[0].rcode() == dns.rcode.NOERROR
