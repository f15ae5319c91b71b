# SPDX-License-Identifier: BSD-2-Clause
"""
Zones and their signatures (RFC 4034, RFC 5155). Each field of a signature may differ from what the
rules want, and is signed as it stands: nothing else is wrong with that signature.
"""

import base64
import hashlib
import struct
import time

import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.zone

from signed.keys import SEP, rdata

NS, SOA, DNAME, DS, RRSIG, NSEC, DNSKEY, NSEC3, NSEC3PARAM = (
    dns.rdatatype.NS, dns.rdatatype.SOA, dns.rdatatype.DNAME, dns.rdatatype.DS,
    dns.rdatatype.RRSIG, dns.rdatatype.NSEC, dns.rdatatype.DNSKEY, dns.rdatatype.NSEC3,
    dns.rdatatype.NSEC3PARAM)

MINUTE, DAY = 60, 86400
# Dates of signatures, in seconds from now. A skew that is a tenth of the life does not reach them.
VALID, PAST, FUTURE = ({"begin": begin * DAY, "end": end * DAY}
                       for begin, end in ((-1, 7), (-9, -3), (3, 9)))

APEX = """@ SOA ns admin 1 7200 900 1209600 {minimum}
@ NS ns
ns A {address}
"""
# RFC 4648 section 7, for RFC 5155 section 1.3.
BASE32HEX = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
                            b"0123456789abcdefghijklmnopqrstuv")


def name_of(text, origin=dns.name.root):
    return dns.name.from_text(text, origin) if isinstance(text, str) else text


def type_of(text):
    return dns.rdatatype.from_text(text) if isinstance(text, str) else text


def below(label, name):
    """The name with one more label."""
    return dns.name.Name((label,) + name.labels)


def bitmap(types):
    """RFC 4034 section 4.1.2."""
    windows = {}
    for rrtype in types:
        octets = windows.setdefault(rrtype >> 8, bytearray(32))
        octets[(rrtype & 0xFF) >> 3] |= 0x80 >> (rrtype & 7)
    cut = {window: octets.rstrip(b"\0") for window, octets in sorted(windows.items())}
    return b"".join(bytes([window, len(octets)]) + octets for window, octets in cut.items())


def nsec_rdata(following, types):
    return rdata(NSEC, following.to_wire() + bitmap(types))


def label_count(name):
    """RFC 4034 section 3.1.3: neither the root nor an asterisk at the beginning is counted."""
    return len(name.labels) - 1 - name.is_wild()


def sign(rrset, key, signer, begin=VALID["begin"], end=VALID["end"], owner=None, **fields):
    """
    The RRSIG of an RRset. begin and end are seconds from now. owner is the name that is signed
    instead of the RRset's. fields are those of the RRSIG that differ: covered, algorithm, labels,
    ttl, tag.
    """
    now = int(time.time())
    owner = owner or rrset.name
    labels = fields.get("labels", label_count(owner))
    ttl = fields.get("ttl", rrset.ttl)
    head = struct.pack("!HBBIIIH", fields.get("covered", rrset.rdtype),
                       fields.get("algorithm", key.algorithm), labels, ttl,
                       (now + end) & 0xFFFFFFFF, (now + begin) & 0xFFFFFFFF,
                       fields.get("tag", key.tag)) + signer.to_digestable()
    if labels < label_count(owner):
        owner = below(b"*", dns.name.Name(owner.labels[-labels - 1:]))
    start = owner.to_digestable() + struct.pack("!HHI", rrset.rdtype, rrset.rdclass, ttl)
    data = head
    for octets in sorted({one.to_digestable() for one in rrset}):
        data += start + struct.pack("!H", len(octets)) + octets
    return rdata(RRSIG, head + key.sign(data))


class Nsec:
    """Denial by NSEC."""

    def add_to(self, zone):
        owners = sorted(zone.owners())
        for owner, following in zip(owners, owners[1:] + owners[:1]):
            zone.put(owner, zone.minimum,
                     nsec_rdata(following, zone.types(owner) | {NSEC, RRSIG}))


class Nsec3:
    """Denial by NSEC3."""

    def __init__(self, iterations=0, salt=b"", opt_out=False):
        self.iterations, self.salt, self.opt_out = iterations, salt, opt_out

    def hash(self, name):
        digest = hashlib.sha1(name.to_digestable() + self.salt).digest()
        for _ in range(self.iterations):
            digest = hashlib.sha1(digest + self.salt).digest()
        return digest

    @staticmethod
    def owner(digest, zone_name):
        return below(base64.b32encode(digest).translate(BASE32HEX), zone_name)

    def parameters(self, flags=0):
        return struct.pack("!BBHB", 1, flags, self.iterations, len(self.salt)) + self.salt

    def rdata(self, following, types):
        return rdata(NSEC3, self.parameters(self.opt_out) + bytes([len(following)]) + following +
                     bitmap(types))

    def add_to(self, zone):
        zone.put(zone.name, 0, rdata(NSEC3PARAM, self.parameters()))
        types = {}
        for owner in zone.owners():
            if self.opt_out and zone.is_insecure_cut(owner):
                continue
            types[owner] = zone.types(owner)
            while owner != zone.name:  # the empty non-terminals above it
                owner = owner.parent()
                types.setdefault(owner, set())
        hashes = sorted((self.hash(owner), owner) for owner in types)
        for (digest, owner), (following, _) in zip(hashes, hashes[1:] + hashes[:1]):
            # RFC 5155 section 7.1: RRSIG is in the bitmap where there is a signature.
            is_signed = owner == zone.name or types[owner] - {NS}
            zone.put(self.owner(digest, zone.name), zone.minimum,
                     self.rdata(following, types[owner] | ({RRSIG} if is_signed else set())))


class Zone:
    """
    A zone. text has its records but for the apex's SOA and NS; names are relative to the zone's.
    denial None: it is not signed. Keys with SEP sign the DNSKEY RRset, the others the rest; where
    all are of one kind, they sign all. published are DNSKEYs that sign nothing. ds stands in the
    zone above; None: one for each key that signs DNSKEY. break_it(zone) is called when all is
    signed.
    """

    def __init__(self, name, text="", denial=None, keys=(), published=(), ds=None, minimum=900,
                 ttl=3600, dates=None, break_it=None):
        self.name = name_of(name)
        self.text, self.denial = text, denial
        self.keys, self.published = list(keys), list(published)
        self.minimum, self.ttl, self.dates = minimum, ttl, dates or VALID
        self.break_it = break_it
        self.address = None
        self.rrsets, self.signatures = {}, {}
        self.ds = [key.ds(self.name) for key in self.signing_keys(DNSKEY)] if ds is None else ds

    # ---- records --------------------------------------------------------------------------------

    def read(self, text):
        zone = dns.zone.from_text(f"$TTL {self.ttl}\n{text}", self.name, relativize=False,
                                  check_origin=False)
        for owner, node in zone.items():
            for rdataset in node:
                self.put(owner, rdataset.ttl, *rdataset)

    def at(self, owner, rrtype):
        return name_of(owner, self.name), type_of(rrtype)

    def put(self, owner, ttl, *rdatas):
        at = self.at(owner, rdatas[0].rdtype)
        if at not in self.rrsets:
            self.rrsets[at] = dns.rrset.from_rdata_list(at[0], ttl, rdatas)
            return
        for one in rdatas:
            self.rrsets[at].add(one)

    def get(self, owner, rrtype):
        return self.rrsets[self.at(owner, rrtype)]

    def drop(self, owner, rrtype):
        """The RRset; its signatures stay."""
        del self.rrsets[self.at(owner, rrtype)]

    def cuts(self):
        return {owner for owner, rrtype in self.rrsets if rrtype == NS and owner != self.name}

    def is_insecure_cut(self, owner):
        return owner != self.name and (owner, NS) in self.rrsets and (owner, DS) not in self.rrsets

    def owners(self):
        """The names of the zone: those at or above its cuts and DNAMEs."""
        ends = self.cuts() | {owner for owner, rrtype in self.rrsets if rrtype == DNAME}

        def is_below_an_end(name):
            while len(name.labels) > len(self.name.labels):
                name = name.parent()
                if name in ends:
                    return True
            return False
        return {owner for owner, rrtype in self.rrsets
                if rrtype != NSEC3 and not is_below_an_end(owner)}

    def types(self, owner):
        is_cut = owner != self.name and (owner, NS) in self.rrsets
        return {rrtype for at, rrtype in self.rrsets
                if at == owner and (not is_cut or rrtype in (NS, DS))}

    # ---- signatures -----------------------------------------------------------------------------

    def signing_keys(self, rrtype):
        secure = [key for key in self.keys if key.flags & SEP]
        others = [key for key in self.keys if not key.flags & SEP]
        return (secure or others) if rrtype == DNSKEY else (others or secure)

    def sign_rrset(self, at, rrtype, keys=None, **fields):
        """Its signatures are these alone; fields as in sign(), and the signer."""
        rrset = self.get(at, rrtype)
        fields = {**self.dates, **fields}
        signer = fields.pop("signer", self.name)
        self.signatures[rrset.name, rrset.rdtype] = [
            sign(rrset, key, signer, **fields) for key in keys or self.signing_keys(rrset.rdtype)]

    def add_signature(self, at, rrtype, key, **fields):
        """One before those that are there."""
        before = self.signatures.get(self.at(at, rrtype), [])
        self.sign_rrset(at, rrtype, [key], **fields)
        self.signatures[self.at(at, rrtype)] += before

    def drop_signatures(self, owner, rrtype):
        del self.signatures[self.at(owner, rrtype)]

    def change_signatures(self, owner, rrtype, change):
        """change(octets) makes the octets of an RRSIG's RDATA others."""
        at = self.at(owner, rrtype)
        self.signatures[at] = [rdata(RRSIG, change(one.to_wire())) for one in self.signatures[at]]

    def complete(self):
        """Signs the zone; its delegations have been added."""
        self.read(APEX.format(minimum=self.minimum, address=self.address) + self.text)
        if not self.denial:
            return
        self.put(self.name, self.ttl, *[key.rdata for key in self.keys], *self.published)
        self.denial.add_to(self)
        owners = self.owners()
        for owner, rrtype in list(self.rrsets):
            is_cut = owner != self.name and (owner, NS) in self.rrsets
            if rrtype == NSEC3 or (owner in owners and (not is_cut or rrtype in (DS, NSEC))):
                self.sign_rrset(owner, rrtype)
        if self.break_it:
            self.break_it(self)

    def lines(self):
        """The lines of a master file."""
        for rrset in self.rrsets.values():
            for one in rrset:
                rrtype = dns.rdatatype.to_text(rrset.rdtype)
                yield f"{rrset.name} {rrset.ttl} IN {rrtype} {one}\n"
        for at, signatures in self.signatures.items():
            ttl = self.rrsets[at].ttl if at in self.rrsets else self.ttl
            for one in signatures:
                # What has no signature has no other text (RFC 3597 section 5).
                yield f"{at[0]} {ttl} IN RRSIG {one if one.signature else one.to_generic()}\n"
