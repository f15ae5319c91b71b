# SPDX-License-Identifier: BSD-2-Clause
"""
Good zones of which the upstream says more than is true, and denials that are signed when they are
asked for.
"""

import dns.flags
import dns.rdata
import dns.rrset

from signed.keys import rdata
from signed.signer import NSEC, NSEC3, RRSIG, Nsec3, below, name_of
from signed.world import BOGUS, INSECURE, SECURE, SLOW
from signed.zones_broken import FAILED, NO_DENIAL, NO_KEY, NO_SIGNATURE, WAITS
from signed.zones_keys import SMALL, others
from signed.zones_lied import NOT_HAD, Lied
from signed.zones_names import FULL

CNAME = 5
FORGED = "192.0.2.66"


def forge(*texts, has_signatures=False):
    """The lie that these are the answer; {name} is the question's. The true signatures may stay."""
    def lie(said):
        said.message.set_rcode(0)
        said.keep(lambda rrset: has_signatures and rrset.rdtype == RRSIG, said.answer)
        said.add(said.answer, *[text.format(name=said.name) for text in texts])
    return lie


def forged(w):
    w.chapter = "forged"
    lied = Lied(w, "forged")
    z = lied.zone
    address = forge("{name} 3600 A " + FORGED)
    lied.case("www A", address, BOGUS, ede=NO_SIGNATURE)
    lied.case("www AAAA", forge("{name} 3600 AAAA 2001:db8::66", has_signatures=True), BOGUS,
              ede=FAILED)
    lied.case("nowhere A", address, BOGUS, ede=NO_SIGNATURE, why="of a name that is not there")
    lied.case("real.wild A", forge("{name} 3600 CNAME www." + z), BOGUS,
              ede=(NO_SIGNATURE, NO_DENIAL), why="an alias without what it leads to")
    lied.case("host.new A", forge("{name} 3600 CNAME www.plain.", f"www.plain. 3600 A {FORGED}"),
              BOGUS, ede=NO_SIGNATURE, why="an alias to where nothing is signed")
    lied.case("x.new AAAA", forge(f"new.{z} 3600 DNAME plain.", "{name} 0 CNAME x.plain.",
                                  "x.plain. 300 AAAA 2001:db8::66"),
              BOGUS, ede=NO_SIGNATURE, why="a DNAME to where nothing is signed")
    lied.case("*.wild TXT", lambda said: said.add(said.answer, f"{said.name} 3600 TXT more"), BOGUS,
              ede=FAILED, why="a record more than was signed")
    # The DS is said not to be there, or to be another.
    codes = (NO_DENIAL, NO_SIGNATURE)
    w.zone(f"cut.{z}", SMALL)
    lied.case("cut DS", lambda said: said.answer.clear(), BOGUS, ede=codes)
    lied.case("www.cut A", address, BOGUS, ede=codes)
    w.zone(f"fake.{z}", SMALL)
    lied.case("fake DS", forge("{name} 3600 DS 1 13 2 " + "00" * 32), BOGUS, ede=NO_SIGNATURE)
    lied.case("www.fake A", None, BOGUS, ede=(NO_SIGNATURE, NO_KEY))
    # An alias at the apex of an unsigned zone: the upstream asks the zone's own servers for the DS.
    for zone in (f"apex.{z}", "apex.optout."):
        w.zone(zone, "", denial=None)
        w.lie(f"{zone} DS", forge("{name} 300 CNAME www.plain."))
        w.lie(f"{zone} A", forge("{name} 300 CNAME www.plain.", "www.plain. 300 A 192.0.2.1"))
        w.case(f"{zone} A", BOGUS, ede=NOT_HAD + (NO_DENIAL,),
               why="an unsigned alias is no DS, and no proof that there is none",
               peers=others(SLOW, WAITS, "named"))


def more(w):
    """Beside what is good."""
    w.chapter = "more"
    lied = Lied(w, "more", text=FULL + "alias2 CNAME www\nalias3 CNAME alone\n"
                "alone A 192.0.2.9\n")
    z = lied.zone
    lied.case("www A", lambda said: (
        said.add(said.authority, f"{z} 300 NS ns.{z}"),
        said.add(said.additional, f"ns.{z} 300 A {FORGED}")), SECURE,
        why="RFC 4035 section 5: name servers, unsigned")
    lied.case("nowhere A", lambda said: said.add(said.authority, f"{z} 3600 NS ns.{z}"), SECURE,
              rcode="NXDOMAIN", why="name servers, unsigned, beside a denial")
    lied.case("x.wild A", lambda said: said.add(said.additional, f"www.{z} 300 A {FORGED}"), SECURE)
    lied.case("alias2 A", lambda said: said.add(said.answer, f"forged.{z} 300 A {FORGED}"), SECURE,
              BOGUS, ede=(0, NO_SIGNATURE), why="what is not of the chain is left out")
    lied.case("real.wild TXT", raise_ttls, SECURE, ttl=3600,
              why="RFC 4035 section 5.3.3: a TTL above the original one")
    lied.case("x.y.nowhere A", raise_ttls, SECURE, rcode="NXDOMAIN", ttl=900)
    lied.case("host.old A", lambda said: said.keep(lambda rrset: rrset.name != said.name), SECURE,
              why="RFC 6672 section 3.2: the alias follows from the DNAME")
    lied.case("host.old MX", lambda said: point_alias(said, f"www.{z}"), BOGUS, SECURE,
              ede=(0, NO_SIGNATURE, FAILED), why="RFC 6672 section 5.3: another alias than follows")
    lied.case("host.old AAAA", lambda said: (
        point_alias(said, "www.plain."),
        said.add(said.answer, "www.plain. 300 AAAA 2001:db8::66")), BOGUS, SECURE,
        ede=(0, NO_SIGNATURE, FAILED), why="RFC 6672 section 5.3: another alias than follows")
    lied.case("alias3 A", lambda said: (said.drop_signatures(), set_ad(said)), BOGUS,
              ede=NO_SIGNATURE, why="RFC 6840 section 5.7: AD of the upstream is not looked at")
    w.zone("ad.plain.", FULL, denial=None)
    w.lie("nowhere2.ad.plain. A", lambda said: said.clear())
    w.case("nowhere2.ad.plain. A", INSECURE, rcode="NXDOMAIN", why="a denial without SOA, unsigned")
    for question, rcode in (("www.ad.plain. A", "NOERROR"), ("nowhere.ad.plain. A", "NXDOMAIN"),
                            ("www.ad.plain. MX", "NOERROR")):
        w.lie(question, set_ad)
        w.case(question, INSECURE, rcode=rcode,
               why="RFC 6840 section 5.7: AD of the upstream is not looked at")


def set_ad(said):
    said.message.flags |= dns.flags.AD


def raise_ttls(said):
    for rrset in said.answer + said.authority:
        rrset.ttl = 86400


def point_alias(said, target):
    """The alias of the question's name points there."""
    for rrset in said.answer:
        if rrset.name == said.name and rrset.rdtype == CNAME:
            rrset.clear()
            rrset.add(dns.rdata.from_text("IN", "CNAME", target))


# ---- what is signed when it is asked for -------------------------------------------------------

def online(w):
    w.chapter = "online"
    compact(Lied(w, "compact"))
    lied = Lied(w, "minimal")
    lied.case("nowhere A", deny_minimally, SECURE, rcode="NXDOMAIN", why="RFC 4470")
    lied.case("x.nowhere A", lambda said: deny_minimally(said, "nowhere"), SECURE,
              rcode="NXDOMAIN", why="RFC 4470")
    lied.case("nowhere2 A", lambda said: deny_minimally(said, has_wildcard=False), BOGUS,
              rcode="NXDOMAIN", ede=NO_DENIAL, why="the wildcard is not denied")
    lied = Lied(w, "minimal3", Nsec3())
    lied.case("nowhere A", deny_by_white_lies, SECURE, rcode="NXDOMAIN", why="RFC 7129 appendix B")
    lied.case("x.nowhere A", lambda said: deny_by_white_lies(said, "nowhere"), SECURE,
              rcode="NXDOMAIN", why="RFC 7129 appendix B")
    lied.case("nowhere2 A", lambda said: deny_by_white_lies(said, "other"), BOGUS,
              rcode="NXDOMAIN", ede=NO_DENIAL, why="another name is denied")
    odd_nsec(Lied(w, "odd", text=FULL + "*.mx A 192.0.2.7\nreal.mx MX 10 www\n"))
    lied = Lied(w, "odd3", Nsec3())
    for number, (at, why) in enumerate(((0, "section 8.1: hash 1 alone"),
                                        (1, "section 8.2: flags 0 and 1 alone"))):
        lied.case(f"nowhere{number} A", lambda said, at=at: change_nsec3(said, at, 2), BOGUS,
                  INSECURE, rcode="NXDOMAIN", ede=(0, NO_DENIAL), why=f"RFC 5155 {why}",
                  peers=others(SECURE, "it ignores other flags", "named") if at else {})


def compact(lied):
    """RFC 9824."""
    def deny(*types):
        def lie(said):
            zone = said.deny_anew("NOERROR")
            said.add_nsec(zone, said.name, below(b"\0", said.name), types)
        return lie

    no_name = deny("RRSIG", "NSEC", "TYPE128")
    for question in ("nowhere A", "x.nowhere A", "nowhere.www MX"):
        lied.case(question, no_name, SECURE, why="RFC 9824: no such name")
    lied.case("www MX", deny("A", "AAAA", "RRSIG", "NSEC"), SECURE, why="RFC 9824: no such type")
    lied.case("ent A", deny("RRSIG", "NSEC"), SECURE, why="RFC 9824: an empty non-terminal")
    lied.case("www TXT", deny("A", "TXT", "RRSIG", "NSEC"), BOGUS, ede=NO_DENIAL,
              why="the bitmap has the type")
    lied.case("www SRV", deny("CNAME", "RRSIG", "NSEC"), BOGUS, ede=NO_DENIAL,
              why="RFC 6840 section 4.3: the bitmap has CNAME")


def deny_minimally(said, label=None, has_wildcard=True):
    """Each NSEC is from a little before a name to a little behind it."""
    zone = said.deny_anew("NXDOMAIN")
    first = (name_of(label, zone.name) if label else said.name).labels[0].lower()
    before = first[:-1] + bytes([first[-1] - 1]) + b"~"
    said.add_nsec(zone, below(before, zone.name), below(first + b"!", zone.name), ["RRSIG", "NSEC"])
    if has_wildcard:
        said.add_nsec(zone, below(b"!", zone.name), below(b"+", zone.name), ["RRSIG", "NSEC"])


def deny_by_white_lies(said, label=None):
    zone = said.deny_anew("NXDOMAIN")
    how = zone.denial

    def add(name, before, types=()):
        digest = int.from_bytes(how.hash(name), "big")
        made = how.rdata((digest + 1).to_bytes(20, "big"), set(types))
        said.add_signed(zone, dns.rrset.from_rdata(
            how.owner((digest - before).to_bytes(20, "big"), zone.name), zone.minimum, made))
    add(zone.name, 0, zone.types(zone.name))
    add(name_of(label, zone.name) if label else said.name, 1)
    add(below(b"*", zone.name), 1)


def odd_nsec(lied):
    z = lied.zone

    def deny(owner, following, types=("NS", "SOA", "RRSIG", "NSEC"), rcode="NXDOMAIN", signer=None):
        return lambda said: said.add_nsec(said.deny_anew(rcode), owner, following, types, signer)

    lied.case("nowhere A", deny(z, z), SECURE, rcode="NXDOMAIN",
              why="an NSEC that leads to its own owner covers all other names")
    lied.case("nowhere2 A", deny(z, "zzz.other."), BOGUS, rcode="NXDOMAIN", ede=NO_DENIAL,
              why="the next name is not of the zone", peers=others(
                  SECURE, "it does not look whether the next name is of the zone", "unbound"))
    lied.case("nowhere3 A", deny(z, z, signer=name_of("example.")), BOGUS, rcode="NXDOMAIN",
              ede=(NO_DENIAL, FAILED, NO_KEY, NO_SIGNATURE), why="signed for another zone")
    lied.case("www MX", deny(f"www.{z}", f"X.{z}", ["A", "AAAA", "RRSIG", "NSEC"], "NOERROR"),
              SECURE, why="RFC 6840 section 5.1: the next name's letter case is signed")
    lied.case("www SRV", deny(f"www.{z}", f"x.{z}", ["A", "NS", "RRSIG", "NSEC"], "NOERROR"), BOGUS,
              ede=NO_DENIAL, why="RFC 6840 section 4.1: an NSEC of a cut", peers=others(
                  INSECURE, "it takes that for a delegation", "unbound"))

    def lie(said):
        zone = said.deny_anew("NOERROR")
        said.add_known(said.authority, zone, "*.mx", NSEC)
        said.rename(said.authority, f"*.mx.{z}", said.name)
    lied.case("real.mx MX", lie, BOGUS, ede=(NO_DENIAL, FAILED, NO_SIGNATURE),
              why="an NSEC is never an expansion (CVE-2017-15105)")


def change_nsec3(said, at, value):
    """The NSEC3 RRsets have that octet in their RDATA, and are signed so."""
    denials = [rrset for rrset in said.authority if rrset.rdtype == NSEC3]
    said.drop_types(NSEC3)
    for rrset in denials:
        wire = bytearray(rrset[0].to_wire())
        wire[at] = value
        said.add_signed(said.zone(), dns.rrset.from_rdata(rrset.name, rrset.ttl,
                                                          rdata(NSEC3, bytes(wire))))
