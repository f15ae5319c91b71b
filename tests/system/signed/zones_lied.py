# SPDX-License-Identifier: BSD-2-Clause
"""
Good zones about which the upstream lies: it leaves something out, or says what is true of another
question.
"""

from signed.signer import NSEC, NSEC3, SOA, Nsec, Nsec3, below, name_of
from signed.world import BOGUS, INSECURE, SECURE, SLOW
from signed.zones_broken import (FAILED, INDETERMINATE, NO_DENIAL, NO_KEY, NO_SIGNATURE,
                                 WAITS)
from signed.zones_keys import SMALL, others
from signed.zones_names import FULL

# What may be told where something is not to be had.
NOT_HAD = (0, INDETERMINATE, FAILED, NO_KEY, NO_SIGNATURE, 22, 23)
# Where the child zone was asked for its DS.
FROM_CHILD = (INDETERMINATE, NO_SIGNATURE, NO_DENIAL)


class Lied:
    """A good zone, and what is said of its names."""

    def __init__(self, w, label, denial=Nsec(), text=FULL, **options):
        self.w, self.zone = w, f"{label}.example."
        w.zone(self.zone, text, denial=denial, **options)

    def name(self, label):
        return self.zone if label == "@" else f"{label}.{self.zone}"

    def case(self, question, lie, *verdicts, **options):
        """lie None: what is said is true, or another lie is in its way."""
        label, rrtype = question.split()
        question = f"{self.name(label)} {rrtype}"
        if lie:
            self.w.lie(question, lie)
        self.w.case(question, *verdicts, **options)

    def instead(self, question, rcode=None):
        """The lie that says what is true of that question."""
        label, rrtype = question.split()
        return lambda said: said.take(self.name(label), rrtype, rcode)


# ---- something is left out ---------------------------------------------------------------------

def stripped(w):
    w.chapter = "stripped"
    for label, how in (("strip", Nsec()), ("strip3", Nsec3())):
        strip_answers(Lied(w, label, how, text=FULL + "alias2 CNAME alone\nalone A 192.0.2.9\n"))
    strip_parts_of_nsec(Lied(w, "strip-parts"))
    strip_parts_of_nsec3(Lied(w, "strip3-parts", Nsec3()))
    strip_chain(w)


def strip_answers(lied):
    def signature(said):
        said.drop_signatures()

    def denial(said):
        said.drop_denial()

    def signature_of(rrtype):
        return lambda said: said.drop_signatures(rrtype)

    lied.case("www A", signature, BOGUS, ede=NO_SIGNATURE)
    lied.case("alias A", signature_of("CNAME"), BOGUS, ede=NO_SIGNATURE)
    lied.case("alone A", signature, BOGUS, ede=NO_SIGNATURE)
    lied.case("alias2 A", signature_of("A"), BOGUS, ede=NO_SIGNATURE)
    lied.case("host.old A", signature_of("DNAME"), BOGUS, ede=NO_SIGNATURE)
    lied.case("nowhere A", denial, BOGUS, rcode="NXDOMAIN", ede=NO_DENIAL)
    lied.case("nowhere2 A", lambda said: said.clear(), BOGUS, rcode="NXDOMAIN",
              ede=(NO_DENIAL, NO_SIGNATURE), why="an NXDOMAIN without any record")
    lied.case("nowhere3 A", signature, BOGUS, rcode="NXDOMAIN", ede=(NO_SIGNATURE, NO_DENIAL))
    lied.case("www MX", denial, BOGUS, ede=NO_DENIAL)
    lied.case("www TXT", lambda said: said.clear(), BOGUS, ede=(NO_DENIAL, NO_SIGNATURE),
              why="no data without any record")
    lied.case("ent A", denial, BOGUS, ede=NO_DENIAL)
    lied.case("x.wild A", denial, BOGUS, ede=NO_DENIAL, why="RFC 4035 section 5.3.4")
    lied.case("x.cwild A", denial, BOGUS, ede=NO_DENIAL, why="RFC 4035 section 5.3.4")
    lied.case("alias MX", denial, BOGUS, ede=NO_DENIAL)
    lied.case("tonowhere A", denial, BOGUS, rcode="NXDOMAIN", ede=NO_DENIAL)
    lied.case("*.wild A", None, SECURE, why="the wildcard itself needs no denial")
    lied.case("www AAAA", lambda said: said.authority.clear(), SECURE,
              why="what is left out is not needed")
    for number, lie in enumerate((denial, lambda said: said.clear(), signature)):
        peers = others((SECURE, INSECURE), "it has the NSEC3 with its signature in its cache",
                       "unbound") if lie == signature else None
        lied.w.zone(lied.name(f"sub{number}"), SMALL, denial=None)
        lied.case(f"sub{number} DS", lie, BOGUS, ede=(NO_DENIAL, NO_SIGNATURE), peers=peers)
        lied.case(f"www.sub{number} A", None, BOGUS, ede=(NO_DENIAL, NO_SIGNATURE), peers=peers,
                  why="that it is insecure is not proved")
    lied.w.zone(lied.name("sub3"), SMALL, denial=None)
    lied.case("sub3 DS", lied.instead("sub3 TXT"), BOGUS,
              ede=FROM_CHILD, why="the child itself denies its DS")
    lied.case("www.sub3 A", None, BOGUS, ede=FROM_CHILD)


def covers(rrset, name):
    """Whether it is an NSEC that covers the name."""
    if rrset.rdtype != NSEC:
        return False
    owner, following = rrset.name, rrset[0].next
    return owner < name < following or (following <= owner < name)


def without(said, is_meant):
    """Without the NSEC RRsets that are meant, and their signatures."""
    meant = {rrset.name for rrset in said.authority if is_meant(rrset)}
    said.keep(lambda rrset: not (rrset.name in meant and (rrset.covers or rrset.rdtype) == NSEC))


def strip_parts_of_nsec(lied):
    def name(said):
        without(said, lambda rrset: covers(rrset, said.name))

    def wildcard(said):
        star = below(b"*", said.zone().name)
        without(said, lambda rrset: covers(rrset, star) and not covers(rrset, said.name))

    lied.case("zz A", wildcard, BOGUS, rcode="NXDOMAIN", ede=NO_DENIAL,
              why="that there is no wildcard has to be proved, too")
    lied.case("zzz A", name, BOGUS, rcode="NXDOMAIN", ede=NO_DENIAL,
              why="that there is no wildcard is not enough")
    lied.case("x.wild MX", name, BOGUS, ede=NO_DENIAL,
              why="that there is no closer name has to be proved, too")


def strip_parts_of_nsec3(lied):
    def all_but(number):
        """Of the two or three NSEC3 that one."""
        def lie(said):
            owners = list(dict.fromkeys(rrset.name for rrset in said.authority
                                        if rrset.rdtype == NSEC3))
            kept = (owners[number], said.zone().name)
            said.keep(lambda rrset: rrset.name in kept, said.authority)
        return lie

    for number in (0, 1):
        lied.case(f"nowhere{number} A", all_but(number), BOGUS, rcode="NXDOMAIN", ede=NO_DENIAL,
                  why="RFC 5155 section 8.4: one NSEC3 is not enough")
        lied.case(f"x{number}.wild MX", all_but(number), BOGUS, ede=NO_DENIAL,
                  why="RFC 5155 section 8.7: one NSEC3 is not enough")


def strip_chain(w):
    """From the messages of the chain of trust."""
    for rrtype in ("DNSKEY", "DS"):
        lied = Lied(w, f"strip-{rrtype.lower()}")
        lied.case(f"@ {rrtype}", lambda said: said.drop_signatures(), BOGUS, ede=NO_SIGNATURE)
        lied.case("www A", None, BOGUS, ede=NO_SIGNATURE)
        for rcode in ("SERVFAIL", "REFUSED"):
            lied = Lied(w, f"{rrtype.lower()}-{rcode.lower()}")
            w.lie(f"{lied.zone} {rrtype}", lambda said, rcode=rcode: said.clear(rcode))
            lied.case("www A", None, BOGUS, ede=NOT_HAD, why="what is needed is not to be had")
    lied = Lied(w, "no-dnskey-data")
    slow = others(SLOW, WAITS, "named")
    lied.case("@ DNSKEY", lied.instead("www MX"), BOGUS, ede=(NO_DENIAL, NO_KEY, FAILED),
              why="no data at another name", peers=slow)
    lied.case("www A", None, BOGUS, ede=(NO_DENIAL, NO_KEY, FAILED), peers=slow)
    lied = Lied(w, "ds-nxdomain")
    lied.case("@ DS", lambda said: said.take("nowhere.example.", "DS"), BOGUS, rcode="NXDOMAIN",
              ede=NO_DENIAL, why="NXDOMAIN of another name")
    lied.case("www A", None, BOGUS, ede=(NO_DENIAL, NO_SIGNATURE))


# ---- what is true of another question ----------------------------------------------------------

def replayed(w):
    w.chapter = "replayed"
    for label, how in (("replay", Nsec()), ("replay3", Nsec3())):
        lied = Lied(w, label, how, text=FULL + "alias2 CNAME alone\n")
        replay_denials(lied)
        replay_wildcards(lied)
        replay_cuts(lied, how)
    mixed = Lied(w, "two-chains", Nsec3(0, b"\x01"), break_it=add_second_chain)
    mixed.case("nowhere0 A", one_of_each_chain, BOGUS, rcode="NXDOMAIN", ede=NO_DENIAL,
               why="all NSEC3 of a proof have the same parameters", peers=others(
                   SECURE, "RFC 5155 section 8.2: it need not be bogus", "unbound", "named"))
    mixed.case("nowhere2 A", add_proof_of_second_chain, SECURE, rcode="NXDOMAIN",
               why="RFC 5155 section 8.2: the others are ignored")
    mixed.case("nowhere3 A", lambda said: (said.drop_denial(), add_proof_of_second_chain(said)),
               SECURE, rcode="NXDOMAIN", why="a whole proof of the other chain")


def replay_denials(lied):
    lied.case("host.new A", lied.instead("nowhere A"), BOGUS, rcode="NXDOMAIN", ede=NO_DENIAL,
              why="NXDOMAIN of another name")
    lied.case("alias2 A", lied.instead("www MX"), BOGUS, ede=NO_DENIAL,
              why="no data at another name")
    lied.case("www AAAA", lied.instead("www MX"), BOGUS, ede=NO_DENIAL,
              why="no data, but the bitmap has the type")
    lied.case("nowhere A", lied.instead("nowhere A", "NOERROR"), BOGUS, SECURE,
              ede=(0, NO_DENIAL), why="a denial of the name with the other rcode")
    lied.case("host.new MX", lied.instead("host.new MX", "NXDOMAIN"), BOGUS, rcode="NXDOMAIN",
              ede=NO_DENIAL, why="a denial of the type with the other rcode")
    lied.case("ent A", lied.instead("ent A", "NXDOMAIN"), BOGUS, rcode="NXDOMAIN", ede=NO_DENIAL,
              why="a denial at an empty non-terminal with the other rcode")


def replay_wildcards(lied):
    def expansion(rrtype):
        def lie(said):
            said.take(lied.name("q.wild"), rrtype)
            said.rename(said.answer, lied.name("q.wild"), said.name)
        return lie

    lied.case("real.wild TXT", expansion("TXT"), BOGUS, ede=NO_DENIAL,
              why="a wildcard's record for a name that is there")
    lied.case("real.wild A", expansion("A"), BOGUS, ede=NO_DENIAL,
              why="the name is there, so the wildcard does not count")
    lied.case("x.y.wild A", expansion("A"), BOGUS, SECURE, ede=(0, NO_DENIAL),
              why="with the proof of another name, which may cover this one, too")


def replay_cuts(lied, how):
    """RFC 6840 sections 4.1 and 4.4: whose denials count at and below a cut and a DNAME."""
    codes = (NO_DENIAL, NO_SIGNATURE)
    lied.w.zone(lied.name("child"), FULL, denial=how)
    lied.w.zone(lied.name("forged"), FULL, denial=how)

    def denial_at(label, rcode):
        return lambda said: deny_by_zone(said, lied.zone, label, rcode)

    lied.case("x.child A", lied.instead("nowhere A"), BOGUS, rcode="NXDOMAIN", ede=codes,
              why="NXDOMAIN of another zone")
    lied.case("nowhere2 A", lied.instead("y.child A"), BOGUS, rcode="NXDOMAIN", ede=codes,
              why="NXDOMAIN of the zone below (CVE-2026-10723)")
    lied.case("host.new.child A", denial_at("child", "NXDOMAIN"), BOGUS, rcode="NXDOMAIN",
              ede=codes, why="the parent denies nothing below the cut")
    lied.case("www.child AAAA", denial_at("child", "NOERROR"), BOGUS, ede=codes,
              why="the parent denies nothing below the cut")
    lied.case("child TXT", denial_at("child", "NOERROR"), BOGUS, ede=codes,
              why="of the types at the cut the parent denies DS alone")
    lied.case("host.old A", denial_at("old", "NXDOMAIN"), BOGUS, rcode="NXDOMAIN", ede=NO_DENIAL,
              why="nothing is denied below a DNAME")
    lied.case("forged DS", lied.instead("forged TXT"), BOGUS, ede=FROM_CHILD,
              why="the child itself denies its DS, with an NSEC that has SOA")
    lied.case("www.forged A", lambda said: (
        said.clear("NOERROR"), said.add(said.answer, f"{said.name} 300 A 192.0.2.66")), BOGUS,
        ede=FROM_CHILD)


def deny_by_zone(said, zone, label, rcode):
    """The zone's denials at a cut or a DNAME, and those that cover what is below it."""
    zone = said.zone_named(zone)
    said.clear(rcode)
    said.add_known(said.authority, zone, "@", SOA)
    if isinstance(zone.denial, Nsec):
        for owner in (label, "@"):
            said.add_known(said.authority, zone, owner, NSEC)
    else:
        cut = name_of(label, zone.name)
        labels = len(said.name.labels) - len(cut.labels)
        closer = below(said.name.labels[max(labels - 1, 0)], cut)
        for owner in dict.fromkeys(proof(zone, closer, cut)):
            said.add_known(said.authority, zone, owner, NSEC3)


def proof(zone, closer, encloser=None):
    """The owners of the NSEC3 about the closest encloser, the next closer name, the wildcard."""
    encloser = encloser or zone.name
    owners = sorted(owner for owner, rrtype in zone.rrsets if rrtype == NSEC3)

    def at_or_before(name):
        wanted = zone.denial.owner(zone.denial.hash(name), zone.name)
        return ([owner for owner in owners if owner <= wanted] or owners)[-1]
    return [at_or_before(name) for name in (encloser, closer, below(b"*", encloser))]


# ---- two chains of NSEC3 -----------------------------------------------------------------------

SECOND = Nsec3(2, b"\x02\x03")


def add_second_chain(zone):
    """It is whole; the server knows of the first alone."""
    zone.second = type(zone)(zone.name, zone.text, SECOND, zone.keys)
    zone.second.address = zone.address
    zone.second.complete()


def add_proof_of_second_chain(said):
    second = said.zone().second
    for owner in dict.fromkeys(proof(second, said.name)):
        said.add_known(said.authority, second, owner, NSEC3)


def one_of_each_chain(said):
    """The next closer name is covered by the second chain; the rest is of the first."""
    zone = said.zone()
    encloser, closer, wildcard = proof(zone, said.name)
    other, other_closer, _ = proof(zone.second, said.name)
    assert closer not in (encloser, wildcard) and other_closer != other, "take another name"
    said.keep(lambda rrset: rrset.name in (zone.name, encloser, wildcard), said.authority)
    said.add_known(said.authority, zone.second, other_closer, NSEC3)
