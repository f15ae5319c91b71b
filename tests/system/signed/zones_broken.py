# SPDX-License-Identifier: BSD-2-Clause
"""Zones with a fault, which all of their servers serve: what a validator must not believe."""

from signed.keys import KSK, REVOKE, RSASHA256, SEP, UNASSIGNED, ZSK, Key, rdata
from signed.signer import DAY, FUTURE, MINUTE, NSEC, NSEC3, PAST, Nsec, Nsec3, name_of
from signed.world import BOGUS, INSECURE, SECURE, SLOW
from signed.zones_keys import SMALL, others

# Extended errors: RFC 8914, and its registry for 25 and later.
INDETERMINATE, FAILED, EXPIRED, EARLY, NO_KEY, NO_SIGNATURE, NO_ZONE_KEY, NO_DENIAL = range(5, 13)
BACKWARDS = 25
A = 1

# The octets of an RRSIG's RDATA.
ALGORITHM, TTL, SIGNATURE_LEN = slice(2, 3), slice(4, 8), 64


def with_octets(wire, at, octets):
    return wire[:at.start] + octets + wire[at.stop:]


def inverted(wire, at):
    return wire[:at] + bytes([wire[at] ^ 0xFF]) + wire[at + 1:]


def rrsets(w):
    """Each RRset is signed wrongly in another way, in a zone that is good otherwise."""
    w.chapter = "rrsets"
    key, stranger, rsa = Key(), Key(), Key(RSASHA256, flags=ZSK)
    zone = name_of("rrsets.example.")
    breaks = {}

    def one(label, break_it, *codes, why="", peers=None):
        breaks[label] = break_it
        w.case(f"{label}.rrsets.example. A", BOGUS, ede=codes, why=why, peers=peers)

    def signed(label, *codes, why="", peers=None, by=key, **fields):
        one(label, lambda z: z.sign_rrset(label, "A", [by], **fields), *codes, why=why, peers=peers)

    def changed(label, change, *codes, why=""):
        one(label, lambda z: z.change_signatures(label, "A", change), *codes, why=why)

    signed("expired", EXPIRED, **PAST)
    signed("just-expired", EXPIRED, end=-MINUTE,
           peers=others(SECURE, "it allows a skew after the end, too", "unbound"))
    signed("expired-long", EXPIRED, begin=-400 * DAY, end=-300 * DAY)
    signed("early", EARLY, **FUTURE)
    signed("backwards", BACKWARDS, EXPIRED, EARLY, begin=DAY, end=-DAY,
           why="expiration before inception")
    signed("far-future", EXPIRED, BACKWARDS, end=(1 << 31) + DAY,
           why="RFC 1982: in 68 years and a day is long ago",
           peers=others(SECURE, "it compares dates as numbers, not as serial numbers", "kresd"))
    one("both-dates", lambda z: (z.sign_rrset("both-dates", "A", **PAST),
                                 z.add_signature("both-dates", "A", key, **FUTURE)), EARLY, EXPIRED)
    one("unsigned", lambda z: z.drop_signatures("unsigned", "A"), NO_SIGNATURE)
    signed("stranger", NO_KEY, FAILED, by=stranger)
    signed("stranger-tag", FAILED, by=stranger, tag=key.tag, why="the tag alone is a key's")
    changed("damaged", lambda wire: inverted(wire, len(wire) - 9), FAILED)
    changed("short", lambda wire: wire[:-1], FAILED, why="RFC 6605 section 4: 64 octets")
    changed("long", lambda wire: wire + b"\0", FAILED)
    changed("zeros", lambda wire: wire[:-SIGNATURE_LEN] + bytes(SIGNATURE_LEN), FAILED)
    changed("no-octets", lambda wire: wire[:-SIGNATURE_LEN], FAILED, NO_SIGNATURE)
    signed("other-owner", FAILED, owner=name_of("www", zone), why="another owner's signature")
    signed("other-type", NO_SIGNATURE, FAILED, covered=NSEC, why="it covers another type")
    changed("other-ttl", lambda wire: with_octets(wire, TTL, b"\0\0\x20\0"), FAILED)
    changed("other-algorithm", lambda wire: with_octets(wire, ALGORITHM, bytes([RSASHA256])),
            NO_KEY, FAILED)
    changed("unknown-algorithm", lambda wire: with_octets(wire, ALGORITHM, bytes([UNASSIGNED])),
            NO_KEY, FAILED, NO_SIGNATURE, why="the DS says that a known algorithm signs")
    signed("other-tag", NO_KEY, FAILED, tag=key.tag ^ 1)
    for label, signer, why in (
            ("signer-sibling", "sibling.example.", "the signer is not above the owner"),
            ("signer-below", "x.signer-below.rrsets.example.", "the signer is below the owner"),
            ("signer-owner", "signer-owner.rrsets.example.", "the signer is no zone")):
        signed(label, FAILED, NO_SIGNATURE, NO_KEY, signer=name_of(signer),
               why=f"RFC 4035 section 5.3.1: {why}", peers=others(
                   INSECURE, "it takes for insecure what a name below a zone signs", "kresd"))
    signed("labels-more", FAILED, NO_SIGNATURE, labels=4,
           why="RFC 4035 section 5.3.1: more labels than the owner's")
    signed("labels-fewer", FAILED, NO_DENIAL, labels=2, why="an expansion, but the name exists")
    signed("labels-above", FAILED, NO_DENIAL, NO_SIGNATURE, labels=1,
           why="a wildcard above the zone (CVE-2026-44690)")
    signed("labels-none", FAILED, NO_DENIAL, NO_SIGNATURE, labels=0)
    one("changed", lambda z: z.put("changed", z.ttl, rdata(A, bytes([192, 0, 2, 99]))), FAILED,
        why="an address more than was signed")
    one("rsa-short", lambda z: (z.sign_rrset("rsa-short", "A", [rsa]), z.change_signatures(
        "rsa-short", "A", lambda wire: wire[:-100])), FAILED)

    w.zone(zone, SMALL + "".join(f"{label} A 192.0.2.1\n" for label in breaks), keys=[key],
           published=[rsa.rdata], break_it=lambda z: [break_it(z) for break_it in breaks.values()])
    w.case("www.rrsets.example. A", SECURE)
    w.zone("sibling.example.", SMALL, keys=[key])
    # Whoever signs above could as well give the zone another DS.
    above = w.zones[name_of("example.")]
    w.zone("signer-above.example.", SMALL, break_it=lambda z: z.sign_rrset(
        "www", "A", above.signing_keys(A), signer=above.name))
    w.case("www.signer-above.example. A", SECURE, BOGUS, ede=(0, FAILED, NO_KEY, NO_SIGNATURE))


def dnskeys(w):
    """The zone's keys or their DS are wrong: all of the zone is bogus."""
    w.chapter = "dnskeys"

    def zone(label, *codes, why="", peers=None, slow="", **options):
        w.zone(f"{label}.example.", SMALL, **options)
        for name, rcode in (("www.", "NOERROR"), ("nowhere.", "NXDOMAIN")):
            mine = others(SLOW, WAITS, "named") if name in slow.split() else peers
            w.case(f"{name}{label}.example. A", BOGUS, rcode=rcode, ede=codes, why=why, peers=mine)
        w.case(f"{label}.example. DS", SECURE, why="the DS is of the zone above, which is good")

    def keys_too(label, *codes, why="", peers=None, **options):
        zone(label, *codes, why=why, peers=peers, **options)
        w.case(f"{label}.example. DNSKEY", BOGUS, ede=codes, why=why, peers=peers)

    def name(label):
        return name_of(f"{label}.example.")

    key = Key()
    keys_too("ds-of-no-key", NO_KEY, ds=[Key().ds(name("ds-of-no-key"))])
    keys_too("ds-wrong-digest", NO_KEY, keys=[key],
             ds=[key.ds(name("ds-wrong-digest"), octets=bytes(32))])
    keys_too("ds-of-other-owner", NO_KEY, keys=[key], ds=[key.ds(name("other"))])
    keys_too("ds-of-alg8", NO_KEY, ds=[Key(RSASHA256).ds(name("ds-of-alg8"))],
             why="the DS is of a known algorithm that no key has")
    keys_too("ds-wrong-tag", NO_KEY, keys=[key],
             ds=[key.ds(name("ds-wrong-tag"), tag=key.tag ^ 1)])
    keys_too("dnskey-expired", EXPIRED, break_it=lambda z: z.sign_rrset("@", "DNSKEY", **PAST))
    keys_too("dnskey-early", EARLY, break_it=lambda z: z.sign_rrset("@", "DNSKEY", **FUTURE))
    keys_too("dnskey-unsigned", NO_SIGNATURE, break_it=lambda z: z.drop_signatures("@", "DNSKEY"))
    keys_too("dnskey-damaged", FAILED, break_it=lambda z: z.change_signatures(
        "@", "DNSKEY", lambda wire: inverted(wire, len(wire) - 9)))
    zsk = Key(flags=ZSK)
    keys_too("dnskey-by-zsk", NO_KEY, NO_SIGNATURE, FAILED, keys=[Key(flags=KSK), zsk],
             break_it=lambda z: z.sign_rrset("@", "DNSKEY", [zsk]),
             why="the key of the DS has not signed the keys")
    for label, odd in (("no-zone-flag", Key(flags=SEP)), ("protocol2", Key(protocol=2))):
        keys_too(label, NO_ZONE_KEY, NO_KEY, keys=[odd], slow="nowhere.",
                 why="RFC 4034 sections 2.1.1, 2.1.2: it is no key of a zone",
                 peers=others(SECURE, "a question for the keys needs no more than a DS", "named"))
    keys_too("revoked", NO_KEY, NO_ZONE_KEY, keys=[Key(flags=KSK | REVOKE)],
             why="RFC 5011 section 2.1", peers=others(SECURE, "it uses revoked keys", "unbound"))
    keys_too("all-expired", EXPIRED, dates=PAST)
    zone("no-dnskey", NO_KEY, NO_SIGNATURE, NO_DENIAL, break_it=lambda z: z.drop("@", "DNSKEY"),
         why="the zone has lost its keys")
    zone("never-signed", NO_SIGNATURE, NO_KEY, NO_DENIAL, denial=None,
         ds=[Key().ds(name("never-signed"))], why="there is a DS, and nothing else")
    w.zone("child.ds-of-no-key.example.", SMALL)
    w.case("www.child.ds-of-no-key.example. A", BOGUS, ede=NO_KEY, why="below what is bogus")

    # The zone above is good otherwise.
    labels = {"ds-expired": EXPIRED, "ds-unsigned": NO_SIGNATURE}
    for label, code in labels.items():
        w.zone(f"{label}.dsfaults.example.", SMALL)
        w.case(f"www.{label}.dsfaults.example. A", BOGUS, ede=code)
        w.case(f"{label}.dsfaults.example. DS", BOGUS, ede=code)
    child = w.zone("ds-by-child.dsfaults.example.", SMALL)
    w.case("www.ds-by-child.dsfaults.example. A", BOGUS, ede=(FAILED, NO_SIGNATURE, NO_KEY),
           why="RFC 4035 section 3.1.4.1: the DS is the parent's")
    w.zone("dsfaults.example.", SMALL, break_it=lambda z: (
        z.sign_rrset("ds-expired", "DS", **PAST), z.drop_signatures("ds-unsigned", "DS"),
        z.sign_rrset(child.name, "DS", child.keys, signer=child.name)))
    w.case("www.dsfaults.example. A", SECURE)

    # Beside a good key.
    for label, odd in (("no-zone-flag-signs", Key(flags=0)),
                       ("revoked-signs", Key(flags=ZSK | REVOKE))):
        w.zone(f"{label}.example.", SMALL, published=[odd.rdata],
               break_it=lambda z, odd=odd: z.sign_rrset("www", "A", [odd]))
        w.case(f"www.{label}.example. A", BOGUS, ede=(NO_ZONE_KEY, NO_KEY), peers=others(
            SECURE, "it uses revoked keys", "unbound", "kresd"))
        w.case(f"alias.{label}.example. CNAME", SECURE)


WAITS = "it waits for its own question, 12 s"


def denials(w):
    """All NSEC or NSEC3 of a zone are signed wrongly; what needs none is good."""
    w.chapter = "denials"
    expansion = others((SECURE, INSECURE), "it takes an expansion of a wildcard for a denial",
                       "unbound", "kresd")
    changes = (
        ("unsigned", lambda z, *at: z.drop_signatures(*at), (NO_SIGNATURE,), {}),
        ("expired", lambda z, *at: z.sign_rrset(*at, **PAST), (EXPIRED,), {}),
        ("stranger", lambda z, *at: z.sign_rrset(*at, [Key()]), (NO_KEY, FAILED), {}),
        ("labels", lambda z, *at: z.sign_rrset(*at, labels=1 if at[0] == z.name else 2),
         (FAILED, NO_SIGNATURE, NO_DENIAL), expansion),
    )
    for how, rrtype in ((Nsec(), NSEC), (Nsec3(), NSEC3)):
        word = type(how).__name__.lower()
        for label, change, codes, peers in changes:
            zone = f"{word}-{label}.example."
            w.zone(zone, SMALL + "*.wild A 192.0.2.6\n", denial=how,
                   break_it=lambda z, t=rrtype, c=change: [c(z, *at) for at in list(z.rrsets)
                                                           if at[1] == t])
            w.zone(f"sub.{zone}", SMALL, denial=None)
            if (rrtype, label) in ((NSEC3, "unsigned"), (NSEC3, "stranger")):
                peers = peers | others(SLOW, WAITS, "named")
            w.case(f"www.{zone} A", SECURE)
            w.case(f"nowhere.{zone} A", BOGUS, rcode="NXDOMAIN", ede=codes, peers=peers)
            for question in ("www.{} MX", "x.wild.{} MX", "sub.{} DS"):
                w.case(question.format(zone), BOGUS, ede=codes, peers=peers)
            # BIND as the upstream leaves out such a proof beside an answer.
            w.case(f"x.wild.{zone} A", BOGUS, ede=(*codes, NO_DENIAL), peers=peers)
            w.case(f"www.sub.{zone} A", BOGUS, ede=codes, peers=peers,
                   why="that it is insecure is not proved")
        zone = f"{word}-soa.example."
        w.zone(zone, SMALL, denial=how, break_it=lambda z: z.drop_signatures("@", "SOA"))
        w.case(f"nowhere.{zone} A", BOGUS, rcode="NXDOMAIN", ede=NO_SIGNATURE,
               why="RFC 4035 section 3.2.3: AD is about the SOA, too",
               peers=others(INSECURE, "it takes a denial without the SOA's signature for insecure",
                            "named"))
