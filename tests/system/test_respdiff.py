# SPDX-License-Identifier: BSD-2-Clause
"""
The same questions to tarn and to unbound, both forwarders in front of the same signed and unsigned
zones. Each difference has to have a name here and a paragraph in docs/differences.md.
"""

import collections
import itertools
import os
import random
import re
import shutil
import socket
import struct
from typing import NamedTuple

import dns.flags
import dns.name
import dns.rcode
import dns.rdatatype
import pytest

import servers
from servers import frame, recv_frame
from wire import Record, read_name, records

DOCUMENT = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        "..", "..", "docs", "differences.md")

TYPES = ["A", "AAAA", "NS", "SOA", "MX", "TXT", "CNAME", "DNAME", "PTR", "SRV", "SVCB", "HTTPS",
         "CAA", "NAPTR", "TLSA", "HINFO", "URI", "DS", "DNSKEY", "NSEC", "NSEC3PARAM", "TYPE65280",
         "TYPE999"]
MADE_UP = [
    "nobody", "deep.nobody", "ent", "b.ent", "x.b.ent", "x.star.ent", "any.wild", "x.y.wild",
    "x.cnames", "x.dangles", "dname", "host.dname", "missing.dname", "x.host.dname", "host.dname2",
    "www.child", "nobody.child", "up.child", "child", "www.insecure", "insecure", "mx1", "_udp",
    "_tcp.www", "ns.nobody",
]
ASKED_FOR_ANY = ["www", "chain", "nobody", "ent"]
NS, CNAME, SOA, PTR, MX, DNAME, OPT, RRSIG, NSEC, ANY = 2, 5, 6, 12, 15, 39, 41, 46, 47, 255
RD, TC, DO = 0x0100, 0x0200, 0x8000
SERVFAIL = dns.rcode.SERVFAIL
EDE = 15
RFC8482 = [(13, b"\7RFC8482\0")]


class Question(NamedTuple):
    name: str
    type: int
    flags: int
    edns: bool
    do: bool

    def wire(self, number):
        name = dns.name.from_text(self.name).to_wire()
        opt = b"\0" + struct.pack("!HHIH", OPT, 1232, DO if self.do else 0, 0)
        return struct.pack("!6H", number, RD | self.flags, 1, 0, 0, self.edns) + name + \
            struct.pack("!HH", self.type, 1) + (opt if self.edns else b"")

    def __str__(self):
        words = [self.name, dns.rdatatype.to_text(self.type), dns.flags.to_text(self.flags)]
        return " ".join(words + ["EDNS"] * self.edns + ["DO"] * self.do)


class Answer(NamedTuple):
    """What is compared; each field by itself."""
    rcode: int
    flags: str
    is_cut: bool
    question: bytes
    chain: list
    answer: set
    authority: set
    additional: set
    edns: tuple
    ttls: dict


WAYS = [(0, False, False), (0, True, False), (0, True, True), (dns.flags.CD, True, True),
        (dns.flags.AD, True, False), (dns.flags.CD, False, False), (dns.flags.AD, False, False),
        (0, True, True)]


def owners():
    """Every owner name of the zone files, relative, and names that are not in them."""
    found = ["@"]
    for file in ("tarn.example.zone", "many.zone"):
        with open(os.path.join(servers.ZONES, file), encoding="ascii") as opened:
            found += re.findall(r"(?m)^([^\s;$@]\S*)", opened.read())
    return [*dict.fromkeys(found), "large", *MADE_UP]


def questions():
    """Each name with each type in each zone; transport, flags and letter case vary."""
    chance = random.Random(5)
    asked = [(owner, rrtype) for owner in owners() for rrtype in TYPES]
    asked += [(owner, "ANY") for owner in ASKED_FOR_ANY]
    for number, (zone, (owner, rrtype)) in enumerate(
            itertools.product(servers.Authority.ZONES, asked)):
        name = f"{zone}.example." if owner == "@" else f"{owner}.{zone}.example."
        if number % 3 == 0 and "\\" not in name:
            name = "".join(chance.choice((c.lower(), c.upper())) for c in name)
        yield Question(name, dns.rdatatype.from_text(rrtype), *WAYS[number % len(WAYS)])


# ---- asking --------------------------------------------------------------------------------------

class Asker:
    """One resolver's client: UDP, and TCP for what does not fit."""

    def __init__(self, server):
        self.address = (server.host, server.port)
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.settimeout(10)
        self.udp.connect(self.address)

    def ask(self, question, number):
        self.udp.send(question.wire(number))
        wire = self.udp.recv(65535)
        while wire[:2] != number.to_bytes(2, "big"):
            wire = self.udp.recv(65535)
        is_cut = bool(wire[2] & 0x02)
        if is_cut:
            with socket.create_connection(self.address, 10) as sock:
                sock.sendall(frame(question.wire(number)))
                wire = recv_frame(sock)
        return read(wire, is_cut)

    def close(self):
        self.udp.close()


def folded(record):
    """Letter case in names is free (RFC 4343), and to a type of names all of the RDATA is one."""
    has_names = record.type in (NS, CNAME, SOA, PTR, MX, DNAME)
    return record._replace(owner=record.owner.lower(), ttl=0,
                           rdata=record.rdata.lower() if has_names else record.rdata)


def read(wire, is_cut):
    found = records(wire)
    opts = [record for record in found if record.type == OPT]
    sections = collections.defaultdict(set)
    for record in found:
        if record.type != OPT:
            sections[record.section].add(folded(record))
    _, end = read_name(wire, 12)
    flags = struct.unpack_from("!H", wire, 2)[0]
    extended = opts[0].ttl >> 24 if opts else 0
    return Answer(
        rcode=flags & 0x000f | extended << 4,
        flags=dns.flags.to_text(flags & ~TC),
        is_cut=is_cut,
        question=wire[12:end + 4],
        chain=[folded(r) for r in found if r.section == "answer" and r.type in (CNAME, DNAME)],
        answer=sections["answer"],
        authority=sections["authority"],
        additional=sections["additional"],
        edns=tuple((r.owner, r.ttl & 0xFFFFFF, r.rdata) for r in opts),
        ttls={folded(r): r.ttl for r in found if r.type != OPT})


# ---- differences that are meant ------------------------------------------------------------------

RULES = {}


def rule(*fields):
    """A named difference: it covers these fields if the function returns true."""
    def add(function):
        RULES[function.__name__.replace("_", " ")] = (fields, function)
        return function
    return add


def is_upstreams(ours, upstream):
    """tarn passed on the server's records, except those that do not answer (RFC 2181 section 5.4.1)."""
    return (ours.rcode, ours.chain, ours.answer) == \
        (upstream.rcode, upstream.chain, upstream.answer) and ours.authority <= upstream.authority


def is_open(answer):
    """A chain without records for its last name."""
    return answer.chain and not [r for r in answer.answer if r.type not in (CNAME, DNAME, RRSIG)] \
        and not [r for r in answer.authority if r.type == SOA]


@rule("rcode", "is_cut", "chain", "answer", "authority")
def unbound_looks_for_the_end_of_a_chain(_question, _theirs, ours, upstream):
    return is_open(upstream) and is_upstreams(ours, upstream)


@rule("rcode", "is_cut", "chain", "answer", "authority")
def unbound_follows_an_alias_that_was_not_in_the_answer(question, _theirs, ours, upstream):
    return question.type == NSEC and not upstream.chain and is_upstreams(ours, upstream)


@rule("authority")
def unbound_makes_an_answer_of_a_DNAME_in_its_cache(question, theirs, ours, upstream):
    return question.type == DNAME and ours.chain and not theirs.authority and \
        is_upstreams(ours, upstream)


@rule("ttls")
def unbound_gives_a_CNAME_that_it_made_no_time(_question, theirs, ours, _upstream):
    return any(record.type == DNAME for record in ours.chain) and all(
        record.type == CNAME and 0 in (ttl, ours.ttls[record])
        for record, ttl in theirs.ttls.items() if is_other_ttl(ttl, ours.ttls.get(record)))


@rule("rcode", "chain", "answer", "authority")
def unbound_has_one_answer_for_CD_and_for_none(_question, theirs, ours, upstream):
    one_failed = (theirs.rcode == SERVFAIL) != (ours.rcode == SERVFAIL)
    return one_failed and is_upstreams(ours, upstream)


@rule("chain", "answer")
def unbound_shows_an_alias_beside_SERVFAIL(_question, theirs, ours, _upstream):
    return theirs.rcode == ours.rcode == SERVFAIL and not ours.answer


@rule("flags")
def unbound_passes_no_AD_on(question, theirs, ours, upstream):
    asked_for = question.do or question.flags & dns.flags.AD
    return asked_for and ours.flags.split() == upstream.flags.split() and \
        theirs.flags.split() == [flag for flag in ours.flags.split() if flag != "AD"]


@rule("flags")
def unbound_says_AD_below_a_DNAME_now_and_then(_question, theirs, ours, upstream):
    """The upstream is unbound, too: its AD to tarn before and its AD now may differ."""
    def without_AD(flags):
        return [flag for flag in flags.split() if flag != "AD"]
    return any(record.type == DNAME for record in ours.chain) and \
        without_AD(theirs.flags) == without_AD(ours.flags) == without_AD(upstream.flags)


@rule("additional")
def unbound_adds_the_addresses_of_name_servers(question, _theirs, ours, _upstream):
    return question.type == NS and not ours.additional


@rule("edns")
def tarn_says_why_it_has_no_answer(_question, theirs, ours, _upstream):
    return ours.rcode == SERVFAIL and \
        [(*o[:2], b"") for o in ours.edns] == list(theirs.edns) and \
        ours.edns[0][2][:2] == EDE.to_bytes(2, "big")


@rule("rcode", "is_cut", "chain", "answer", "authority", "additional")
def tarn_answers_ANY_by_itself(question, _theirs, ours, _upstream):
    return question.type == ANY and [(r.type, r.rdata) for r in ours.answer] == RFC8482


def is_other_ttl(theirs, ours):
    """Of a record that both gave; unbound may have it from an earlier question of the test."""
    return ours is not None and abs(theirs - ours) > 30


def differing_fields(theirs, ours):
    for field in Answer._fields:
        if field != "ttls":
            if getattr(theirs, field) != getattr(ours, field):
                yield field
        elif any(is_other_ttl(ttl, ours.ttls.get(record)) for record, ttl in theirs.ttls.items()):
            yield field


def explain(question, theirs, ours, upstream):
    """The rule of each field that differs; None where there is none."""
    for field in differing_fields(theirs, ours):
        yield field, next((name for name, (fields, applies) in RULES.items() if field in fields
                           and applies(question, theirs, ours, upstream)), None)


def show(answer, field):
    def text(value):
        if isinstance(value, Record):
            return f"{dns.name.from_wire(value.owner, 0)[0]} {dns.rdatatype.to_text(value.type)} " \
                   f"{value.rdata.hex()[:60]}"
        if isinstance(value, dict):
            return {text(k): v for k, v in value.items()}
        return sorted(map(text, value)) if isinstance(value, (set, list)) else value
    return f"{field}: {text(getattr(answer, field))}"


@pytest.fixture
def authority(tmp_path, cleanup):
    if not shutil.which("knotd", path="/usr/sbin:/usr/bin"):
        pytest.skip("no knotd on this machine")
    server = servers.Authority(str(tmp_path))
    cleanup.callback(server.kill)
    assert "error" not in server.log, server.log
    return server


@pytest.fixture
def run_unbound(tmp_path, cleanup):
    """Starts unbound as servers.forwarder or servers.recursor, in front of a server."""
    if not shutil.which("unbound", path="/usr/sbin:/usr/bin"):
        pytest.skip("no unbound on this machine")

    def run(kind, *args):
        directory = tmp_path / kind.__name__
        directory.mkdir()
        server = kind(str(directory), *args)
        cleanup.callback(server.kill)
        return server
    return run


@pytest.mark.parametrize("kind", ["authority", "recursor"])
def test_every_difference_from_unbound_has_a_reason(run_tarn, authority, run_unbound, cleanup,
                                                    capsys, kind):
    """Both in front of the zones' own server, and in front of a resolver that validates."""
    upstream = run_unbound(servers.recursor, authority) if kind == "recursor" else authority
    unbound = run_unbound(servers.forwarder, upstream)
    tarn = run_tarn("--workers", 1, "--trust-ad", upstreams=[upstream])
    ask_unbound, ask_tarn, ask_upstream = askers = [Asker(s) for s in (unbound, tarn, upstream)]
    for asker in askers:
        cleanup.callback(asker.close)
    asked, counts, unexplained = 0, collections.Counter(), []
    for number, question in enumerate(questions()):
        theirs, ours = (asker.ask(question, number) for asker in (ask_unbound, ask_tarn))
        asked += 1
        if not any(differing_fields(theirs, ours)):
            continue
        for field, name in explain(question, theirs, ours, ask_upstream.ask(question, number)):
            if name:
                counts[name] += 1
            else:
                unexplained.append(f"{question}\n  unbound {show(theirs, field)}\n"
                                   f"  tarn    {show(ours, field)}")
    with capsys.disabled():
        print(f"\n  {kind}: {asked} questions, {sum(counts.values())} differences, each with a "
              "reason:")
        for name, count in counts.most_common():
            print(f"  {count:6} {name}")
    assert not unexplained, f"{len(unexplained)} without a reason:\n" + "\n".join(unexplained[:20])


def test_every_reason_is_written_down():
    with open(DOCUMENT, encoding="utf-8") as file:
        headings = re.findall(r"(?m)^### (.*)$", file.read())
    assert [heading.lower() for heading in headings] == [name.lower() for name in RULES]
