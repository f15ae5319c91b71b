# SPDX-License-Identifier: BSD-2-Clause
"""
RFC 8906: whatever a client sends gets a reply, and the right one. Every combination of opcode,
header flags, EDNS version, option, EDNS flags and question, over UDP and over TCP: unknown ones
alone, together, and beside known ones. What to expect is worked out here, from the RFCs.
"""

import itertools
import struct
from typing import NamedTuple, Optional

import dns.edns
import dns.message
import dns.rcode
import pytest

from servers import frame, recv_frame
from upstream import address, reply
from wire import Record, answers, records

QR, AA, TC, RD, RA, Z, AD, CD = (0x8000, 0x0400, 0x0200, 0x0100, 0x0080, 0x0040, 0x0020, 0x0010)
QUERY = 0
DO = 0x8000
OPT = 41


class Edns(NamedTuple):
    version: int
    options: tuple
    flags: int


class Question(NamedTuple):
    name: str
    type: int
    rcode: int
    fits: bool = True


QUESTIONS = [
    Question("www", 1, dns.rcode.NOERROR),
    Question("www", 1000, dns.rcode.NOERROR),  # an unknown type is treated as any other
    Question("nobody", 1, dns.rcode.NXDOMAIN),
    Question("large", 16, dns.rcode.NOERROR, fits=False),
]
HEADER_FLAGS = [0, Z, Z | AD | CD]
UNKNOWN_OPTION = (100, b"")
# NSID, client subnet and EXPIRE: known options that tarn does not answer.
SILENT_OPTIONS = [(3, b""), (8, b"\0\1\x18\0\xc0\0\2"), (9, b"")]
OPTIONS = [(), (UNKNOWN_OPTION,), (*SILENT_OPTIONS, UNKNOWN_OPTION)]
EDNS_FLAGS = [0, 0x0080, DO, DO | 0x7fff]
EDNS: list[Optional[Edns]] = [None, *itertools.starmap(
    Edns, itertools.product([0, 1], OPTIONS, EDNS_FLAGS))]


def question_wire(question):
    labels = [question.name, "tarn", "example", ""]
    name = b"".join(len(label).to_bytes(1, "big") + label.encode() for label in labels)
    return name + struct.pack("!HH", question.type, 1)


def opt_wire(edns):
    options = b"".join(struct.pack("!HH", code, len(data)) + data for code, data in edns.options)
    return b"\0" + struct.pack("!HHBBHH", OPT, 1232, 0, edns.version, edns.flags,
                               len(options)) + options


def query_wire(number, opcode, flags, edns, question):
    header = struct.pack("!6H", number, opcode << 11 | RD | flags, 1, 0, 0, edns is not None)
    return header + question_wire(question) + (opt_wire(edns) if edns else b"")


def expected_rcode(opcode, edns, question):
    if opcode != QUERY:
        return dns.rcode.NOTIMP
    if edns and edns.version > 0:
        return dns.rcode.BADVERS
    return question.rcode


def check(wire, transport, number, opcode, flags, edns, question, truth):
    """Compares the reply's octets with what the RFCs require for the query."""
    rcode = expected_rcode(opcode, edns, question)
    is_cut = transport == "udp" and not question.fits and rcode == dns.rcode.NOERROR

    found_id, found_flags, question_count = struct.unpack_from("!3H", wire)
    assert found_id == number
    # Z, AD and AA stay 0: reserved; not validated; not authoritative.
    # The flags of queries are no other opcode's (RFC 8906 section 3.1.4, RFC 2136 section 2.2).
    assert found_flags & ~0x000f == QR | (opcode << 11 if opcode else RD | RA | flags & CD) | \
        (TC if is_cut else 0)
    assert question_count == 1
    asked = question_wire(question)
    assert wire[12:12 + len(asked)] == asked

    found = records(wire)
    opts = [record for record in found if record.type == OPT]
    assert len(opts) == (edns is not None)
    extended = 0
    if edns:
        opt: Record = opts[0]
        assert (opt.owner, opt.section, opt.rdata) == (b"\0", "additional", b"")
        assert opt.cls >= 512
        extended, version, edns_flags = struct.unpack("!BBH", opt.ttl.to_bytes(4, "big"))
        assert version == 0
        assert edns_flags == edns.flags & DO
    assert found_flags & 0x000f | extended << 4 == rcode

    is_answered = rcode == dns.rcode.NOERROR and not is_cut
    assert answers(wire) == (truth[question] if is_answered else [])


@pytest.mark.parametrize("opcode", range(16))
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_every_combination_gets_its_reply(tarn, nsd, transport, opcode):
    truth = {question: answers(nsd.ask_wire(dns.message.make_query(
        f"{question.name}.tarn.example.", question.type))) for question in QUESTIONS}
    sock = tarn.udp_socket() if transport == "udp" else tarn.tcp_socket()
    with sock:
        combinations = itertools.product(HEADER_FLAGS, EDNS, QUESTIONS)
        for number, (flags, edns, question) in enumerate(combinations):
            query = query_wire(number, opcode, flags, edns, question)
            sock.sendall(query if transport == "udp" else frame(query))
            wire = sock.recv(65535) if transport == "udp" else recv_frame(sock)
            try:
                check(wire, transport, number, opcode, flags, edns, question, truth)
            except AssertionError as fault:
                raise AssertionError(f"header flags {flags:#06x}, {edns}, {question}, reply "
                                     f"{wire.hex()}: {fault}") from fault


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_header_alone_gets_a_reply_to_every_opcode(tarn, transport):
    """Of an opcode that is not known nothing is known but the header (RFC 8906 section 3.1.4)."""
    for opcode in range(1, 16):
        query = struct.pack("!6H", opcode, opcode << 11, 0, 0, 0, 0)
        if transport == "udp":
            wire = tarn.ask_wire(query)
        else:
            with tarn.tcp_socket() as sock:
                sock.sendall(frame(query))
                wire = recv_frame(sock)
        assert wire == struct.pack("!6H", opcode, QR | opcode << 11 | dns.rcode.NOTIMP,
                                   0, 0, 0, 0)


# ---- what does not go on from one side to the other ----------------------------------------------

COOKIE = 10
# NSID, client subnet, EXPIRE, keepalive, padding, an extended error, Report-Channel, unknown ones.
HOP_BY_HOP = [(3, b"name"), (8, b"\0\1\x18\0\xc0\0\2"), (9, b""), (11, b"\0\x64"), (12, bytes(9)),
              (15, b"\0\x0fblocked"), (18, b"\5agent\7example\0"), (100, b"x"), (65001, b"y")]


def generic(options):
    return [dns.edns.GenericOption(code, data) for code, data in options]


def test_no_option_of_a_client_goes_upstream_or_makes_a_difference(run_tarn, run_upstream):
    """RFC 6891 section 6.2.6, RFC 7871 section 7.1: each side has an OPT of its own."""
    upstream = run_upstream(address())
    tarn = run_tarn(upstreams=[upstream])
    for options in (HOP_BY_HOP, HOP_BY_HOP[1:2], []):
        question = dns.message.make_query("a.example.", "A", use_edns=0, payload=4000,
                                          options=generic(options))
        answer = tarn.udp(question)
        assert answer.answer and not answer.options
    assert upstream.count() == 1
    asked = upstream.questions[0].message
    assert [(o.otype, len(o.to_wire())) for o in asked.options] == [(COOKIE, 8)]
    assert asked.payload == 1232


def test_no_option_of_a_server_reaches_a_client(run_tarn, run_upstream):
    def script(question):
        message = reply(question, f"{question.name} 300 IN A 192.0.2.1")
        message.use_edns(0, options=generic(HOP_BY_HOP))
        return message

    tarn = run_tarn(upstreams=[run_upstream(script)])
    for _ in range(2):
        answer = tarn.ask("a.example.", use_edns=0)
        assert answer.answer and not answer.options
        assert tarn.ask("a.example.").edns == -1


META_TYPES = {0: "FORMERR", OPT: "FORMERR", 128: "FORMERR", 248: "FORMERR", 249: "FORMERR",
              250: "FORMERR", 251: "REFUSED", 252: "REFUSED", 253: "NOTIMP", 254: "NOTIMP"}


def ask_raw(tarn, rrtype, cls):
    question = question_wire(QUESTIONS[0])[:-4] + struct.pack("!HH", rrtype, cls)
    wire = tarn.ask_wire(struct.pack("!6H", 1, RD, 1, 0, 0, 0) + question)
    assert struct.unpack_from("!3H", wire, 6) == (0, 0, 0)
    return dns.rcode.to_text(wire[3] & 0x0f)


def test_types_that_are_no_data_are_not_forwarded(run_tarn, run_upstream):
    """RFC 6895 section 3.1, RFC 5936, RFC 1995."""
    upstream = run_upstream(address())
    tarn = run_tarn(upstreams=[upstream])
    for rrtype, rcode in META_TYPES.items():
        assert ask_raw(tarn, rrtype, 1) == rcode, rrtype
    assert upstream.count() == 0


@pytest.mark.parametrize("cls", [0, 2, 3, 4, 5, 254, 255, 65535])
def test_other_classes_are_refused_and_not_forwarded(run_tarn, run_upstream, cls):
    """RFC 1035 section 3.2.4: tarn is a resolver for the Internet, and is asked of that only."""
    upstream = run_upstream(address())
    tarn = run_tarn(upstreams=[upstream])
    assert tarn.ask("www.tarn.example.").answer
    for rrtype in (1, 16, 255):
        assert ask_raw(tarn, rrtype, cls) == "REFUSED"
    assert upstream.count() == 1
