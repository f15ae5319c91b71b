# SPDX-License-Identifier: BSD-2-Clause
"""
An upstream that passes on what a resolver says, but for some names: what it says of these is
edited. Whoever asks hears the same.
"""

import socket

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset

from servers import frame, free_port, recv_frame
from signed.signer import NSEC, NSEC3, RRSIG, SOA, name_of, nsec_rdata, sign, type_of
from upstream import Upstream

AD, CD, RD, TC, DO = (dns.flags.AD, dns.flags.CD, dns.flags.RD, dns.flags.TC, dns.flags.DO)
PROOFS = (RRSIG, NSEC, NSEC3)
PAYLOAD = 1232  # octets
TIMEOUT = 10  # seconds


class Said:
    """What is about to be said; a lie changes it."""

    def __init__(self, liar, message):
        self.liar, self.message = liar, message
        self.name, self.type = message.question[0].name, message.question[0].rdtype
        self.answer, self.authority, self.additional = message.sections[1:]

    def ask(self, name, rrtype):
        """What the resolver says of another question."""
        return self.liar.ask(name_of(name), type_of(rrtype))

    def zone_named(self, name):
        return self.liar.world.zones[name_of(name)]

    def zone(self):
        """The zone of the name; its keys may sign lies, too."""
        name = self.name
        while name not in self.liar.world.zones:
            name = name.parent()
        return self.liar.world.zones[name]

    # ---- less -----------------------------------------------------------------------------------

    def clear(self, rcode=None):
        for section in (self.answer, self.authority, self.additional):
            section.clear()
        if rcode:
            self.message.set_rcode(dns.rcode.from_text(rcode))

    def keep(self, is_kept, *sections):
        for section in sections or (self.answer, self.authority):
            section[:] = [rrset for rrset in section if is_kept(rrset)]

    def drop_types(self, *types):
        """RRsets of these types, and their signatures."""
        types = [type_of(one) for one in types]
        self.keep(lambda rrset: (rrset.covers if rrset.rdtype == RRSIG else rrset.rdtype)
                  not in types)

    def drop_denial(self):
        self.drop_types(NSEC, NSEC3)

    def drop_signatures(self, of=None):
        """All of them, or those that cover one type."""
        self.keep(lambda rrset: rrset.rdtype != RRSIG or (of and rrset.covers != type_of(of)))

    # ---- other things ---------------------------------------------------------------------------

    def take(self, name, rrtype, rcode=None):
        """Says what is true of another question; rcode: with this one instead."""
        other = self.ask(name, rrtype)
        self.message.set_rcode(dns.rcode.from_text(rcode) if rcode else other.rcode())
        self.answer[:], self.authority[:] = other.answer, other.authority

    def rename(self, section, old, new):
        for rrset in section:
            if rrset.name == name_of(old):
                rrset.name = name_of(new)

    # ---- more -----------------------------------------------------------------------------------

    def add(self, section, *texts):
        """Records: "owner ttl type rdata"."""
        for text in texts:
            owner, ttl, rrtype, value = text.split(None, 3)
            section.append(dns.rrset.from_text(owner, int(ttl), "IN", rrtype, value))

    @staticmethod
    def add_rrset(section, rrset, signatures=()):
        section.append(rrset)
        if signatures:
            section.append(dns.rrset.from_rdata_list(rrset.name, rrset.ttl, signatures))

    def add_known(self, section, zone, owner, rrtype):
        """An RRset of a zone, as it is signed there."""
        at = zone.at(owner, rrtype)
        self.add_rrset(section, zone.rrsets[at].copy(), zone.signatures.get(at, ()))

    def add_signed(self, zone, rrset, signer=None):
        """An RRset in the authority section that the zone signs now."""
        keys = zone.signing_keys(rrset.rdtype)
        self.add_rrset(self.authority, rrset,
                       [sign(rrset, key, signer or zone.name) for key in keys])

    def add_nsec(self, zone, owner, following, types, signer=None):
        made = nsec_rdata(name_of(following), {type_of(one) for one in types})
        self.add_signed(zone, dns.rrset.from_rdata(name_of(owner), zone.minimum, made), signer)

    def deny_anew(self, rcode):
        """Leaves the SOA alone, for NSEC or NSEC3 that are added. Returns the zone."""
        zone = self.zone()
        self.clear(rcode)
        self.add_known(self.authority, zone, "@", SOA)
        return zone


class Liar(Upstream):
    """world.lies has what is edited. One for each validator counts the questions of that one."""

    def __init__(self, world, resolver):
        self.world, self.resolver = world, resolver
        self.host, self.port = "127.0.0.1", free_port()
        super().__init__(self.say, port=self.port)

    def ask(self, name, rrtype):
        question = dns.message.make_query(name, rrtype, want_dnssec=True, flags=RD | CD)
        return dns.query.tcp(question, self.resolver.host, TIMEOUT, self.resolver.port)

    def say(self, question):
        asked = question.message.question[0]
        lie = self.world.lies.get((asked.name, asked.rdtype))
        if not lie:
            return self.pass_on(question)
        said = Said(self, self.ask(asked.name, asked.rdtype))
        lie(said)
        return reply(question, said)

    def pass_on(self, question):
        """The resolver's own octets, over the client's transport."""
        address = (self.resolver.host, self.resolver.port)
        if question.transport == "tcp":
            with socket.create_connection(address, TIMEOUT) as sock:
                sock.sendall(frame(question.wire))
                return recv_frame(sock)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(TIMEOUT)
            sock.connect(address)
            sock.send(question.wire)
            return sock.recv(65535)


def reply(question, said):
    """The message for a client: with proofs if it wants them, and cut if it has no room for it."""
    query = question.message
    made = dns.message.make_response(query, recursion_available=True, our_payload=PAYLOAD)
    made.flags |= said.message.flags & AD | query.flags & CD
    made.set_rcode(said.message.rcode())
    has_do = query.ednsflags & DO
    for section, kept in zip(made.sections[1:], (said.answer, said.authority, said.additional)):
        section[:] = [rrset for rrset in kept
                      if has_do or rrset.rdtype not in PROOFS or rrset.rdtype == said.type]
    wire = made.to_wire(max_size=65535)
    if question.transport == "udp" and len(wire) > max(512, query.payload):
        for section in made.sections[1:]:
            section.clear()
        made.flags |= TC
        wire = made.to_wire()
    return wire


class Stripper(Liar):
    """A server that knows nothing of DNSSEC: it has no signatures and no denials for anybody."""

    def say(self, question):
        asked = question.message.question[0]
        said = Said(self, self.ask(asked.name, asked.rdtype))
        said.drop_types(NSEC, NSEC3)
        said.drop_signatures()
        return reply(question, said)
