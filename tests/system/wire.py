# SPDX-License-Identifier: BSD-2-Clause
"""Messages as octets, without the normalisation of dnspython."""

import struct
from typing import NamedTuple

# RFC 3597 section 4: only these types' RDATA may hold compressed names. A format is a string of
# octet counts and N for a name.
NAMES_IN_RDATA = {
    2: "N", 5: "N", 6: "NN*", 12: "N", 15: "2N", 33: "6N", 35: "*", 39: "N",
}


class Record(NamedTuple):
    section: str
    owner: bytes
    type: int
    cls: int
    ttl: int
    rdata: bytes


def read_name(wire, at):
    """The name at an offset, uncompressed, and the offset behind it."""
    name, behind, hops = b"", None, 0
    while True:
        length = wire[at]
        if length >= 0xC0:
            behind = behind or at + 2
            at = struct.unpack_from("!H", wire, at)[0] & 0x3FFF
            hops += 1
            assert hops < 128, "a compression loop"
            continue
        name += wire[at:at + 1 + length]
        at += 1 + length
        if length == 0:
            return name, behind or at


def read_rdata(wire, at, length, rrtype):
    end = at + length
    rdata = b""
    for step in NAMES_IN_RDATA.get(rrtype, "*"):
        if step == "N":
            name, at = read_name(wire, at)
            rdata += name
        elif step == "*":
            rdata += wire[at:end]
            at = end
        else:
            rdata += wire[at:at + int(step)]
            at += int(step)
    assert at == end, "RDATA and RDLENGTH disagree"
    return rdata


def records(wire):
    """Returns all records of a message; raises if the message does not end with the last one."""
    counts = struct.unpack_from("!4H", wire, 4)
    at, found = 12, []
    for _ in range(counts[0]):
        _, at = read_name(wire, at)
        at += 4
    for section, count in zip(("answer", "authority", "additional"), counts[1:]):
        for _ in range(count):
            owner, at = read_name(wire, at)
            rrtype, cls, ttl, length = struct.unpack_from("!HHIH", wire, at)
            at += 10
            rdata = read_rdata(wire, at, length, rrtype)
            at += length
            found.append(Record(section, owner, rrtype, cls, ttl, rdata))
    assert at == len(wire), "octets behind the last record"
    return found


def answers(wire):
    """The answer section without TTLs, which must be the same over each transport."""
    return [(r.owner.lower(), r.type, r.cls, r.rdata)
            for r in records(wire) if r.section == "answer"]


def question_name(wire):
    """The name of the question in the letter case of the message."""
    return read_name(wire, 12)[0]
