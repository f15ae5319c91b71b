# SPDX-License-Identifier: BSD-2-Clause
"""What is as it should be: algorithms, digests, keys and signatures."""

from signed.keys import (DIGESTS, ED448, ED25519, EXPONENT_33_BITS, EXPONENT_41_BITS, GOST94, KSK,
                         P256, P384, PRIVATE_NAME, REVOKE, RSAMD5, RSASHA1, RSASHA1_NSEC3,
                         RSASHA256, RSASHA512, SHA1, SHA384, UNASSIGNED, UNASSIGNED_DIGEST, ZSK,
                         Key, colliding, large_dummies)
from signed.signer import FUTURE, PAST, Nsec, Nsec3, name_of
from signed.world import BOGUS, INSECURE, SECURE

SMALL = """www A 192.0.2.1
alias CNAME www
"""
ALL = ("unbound", "named", "kresd")
HALF_HOUR = 1800  # seconds: so long the world is as its cases say


def others(verdict, why, *peers):
    return {peer: (verdict, why) for peer in peers}


def tree(w):
    """The zones that the others hang on: a root, with NSEC, with opt-out, unsigned, reverse."""
    w.chapter = "tree"
    w.zone(".", keys=[Key(flags=KSK), Key(flags=ZSK)])
    w.anchor(".")
    w.zone("example.", keys=[Key(flags=KSK), Key(flags=ZSK)])
    w.zone("optout.", denial=Nsec3(opt_out=True), keys=[Key(flags=KSK), Key(flags=ZSK)])
    w.zone("plain.", SMALL, denial=None)
    w.zone("arpa.")
    w.zone("ip6.arpa.")
    for rrtype in ("DNSKEY", "SOA", "NS", "NSEC"):
        w.case(f". {rrtype}", SECURE)
    w.case(". DS", SECURE, why="no zone is above it: its own NSEC denies it")
    w.case("nowhere. A", SECURE, rcode="NXDOMAIN")
    w.case("www.nowhere. A", SECURE, rcode="NXDOMAIN")
    w.case("example. NS", SECURE)
    w.case("example. DS", SECURE)
    w.case("optout. DNSKEY", SECURE)
    w.case("plain. DS", SECURE, why="RFC 4035 section 5.2: an NSEC with NS and without DS")
    w.case("www.plain. A", INSECURE)
    w.case("nowhere.plain. A", INSECURE, rcode="NXDOMAIN")
    w.case("www.plain. MX", INSECURE)
    w.case("www.plain. DS", INSECURE)


def algorithms(w):
    w.chapter = "algorithms"

    def zone(label, key, *verdicts, denial=Nsec(), **options):
        w.zone(f"{label}.example.", SMALL, keys=[key], denial=denial)
        w.case(f"www.{label}.example. A", *verdicts, **options)
        w.case(f"nowhere.{label}.example. A", *verdicts, rcode="NXDOMAIN", **options)

    for number in (RSASHA256, RSASHA512, P256, P384, ED25519, ED448):
        zone(f"alg{number}", Key(number), SECURE, why="RFC 9904")
    for number, denial in ((RSASHA1, Nsec()), (RSASHA1_NSEC3, Nsec3())):
        zone(f"alg{number}", Key(number), INSECURE, ede=1, denial=denial,
             why="RFC 9905 section 2: as if it were unknown",
             peers=others(SECURE, "RFC 9905 section 2: it may still validate SHA-1", *ALL))
    for number in (RSAMD5, UNASSIGNED, PRIVATE_NAME):
        zone(f"alg{number}", Key(number), INSECURE, ede=1, why="RFC 6840 section 5.2")
        w.case(f"alg{number}.example. DS", SECURE, why="the DS is signed by the zone above")
    zone("rsa1024", Key(RSASHA256, bits=1024), SECURE)
    zone("rsa512", Key(RSASHA256, bits=512), SECURE, why="RFC 5702 section 2.1: the least")
    zone("rsa-e33", Key(RSASHA256, exponent=EXPONENT_33_BITS), SECURE)
    zone("rsa-e41", Key(RSASHA256, exponent=EXPONENT_41_BITS), BOGUS, ede=(9, 11),
         why="no use is made of a key with so wide an exponent",
         peers=others(SECURE, "it allows wider exponents of RSA", *ALL))


def digests(w):
    """RFC 4509 section 3, RFC 6840 section 5.2."""
    w.chapter = "digests"

    def zone(label, make_ds, *verdicts, **options):
        key = Key()
        name = name_of(f"{label}.example.")
        w.zone(name, SMALL, keys=[key], ds=make_ds(key, name))
        w.case(f"www.{name} A", *verdicts, **options)

    zone("sha1", lambda k, n: [k.ds(n, SHA1)], SECURE)
    zone("sha384", lambda k, n: [k.ds(n, SHA384)], SECURE)
    zone("all-digests", lambda k, n: [k.ds(n, digest) for digest in DIGESTS], SECURE)
    zone("digest200", lambda k, n: [k.ds(n, UNASSIGNED_DIGEST)], INSECURE, ede=2)
    zone("gost", lambda k, n: [k.ds(n, GOST94)], INSECURE, ede=2)
    zone("digest200-and-2", lambda k, n: [k.ds(n, UNASSIGNED_DIGEST), k.ds(n)], SECURE)
    zone("ds-alg200", lambda k, n: [k.ds(n, algorithm=200)], INSECURE, ede=1,
         why="no DS is of a known algorithm, whatever the keys are")
    zone("ds-alg200-and-13", lambda k, n: [k.ds(n, algorithm=200), k.ds(n)], SECURE)
    zone("neither", lambda k, n: [k.ds(n, algorithm=200), k.ds(n, UNASSIGNED_DIGEST)], INSECURE,
         ede=(1, 2))
    zone("sha1-wrong", lambda k, n: [k.ds(n, SHA1, octets=bytes(20)), k.ds(n)], SECURE)
    zone("sha256-wrong", lambda k, n: [k.ds(n, SHA1), k.ds(n, octets=bytes(32))], BOGUS, ede=9,
         why="RFC 4509 section 3: SHA-1 is not looked at beside SHA-256",
         peers=others(SECURE, "it takes any DS that fits", "unbound"))
    zone("one-of-two", lambda k, n: [Key().ds(n), k.ds(n)], SECURE,
         why="RFC 4035 section 5.2: one that fits is enough")
    zone("wrong-and-right", lambda k, n: [k.ds(n, octets=bytes(32)), k.ds(n)], SECURE)
    zone("one-of-five", lambda k, n: [Key().ds(n) for _ in range(4)] + [k.ds(n)], SECURE)


ONE_FAILURE = others(BOGUS, "one signature that fails ends it, if it comes first (CVE-2023-50387)",
                     "named")


def key_sets(w):
    w.chapter = "keys"

    def zone(label, why="", peers=None, **options):
        made = w.zone(f"{label}.example.", SMALL, **options)
        w.case(f"www.{label}.example. A", SECURE, why=why, peers=peers)
        w.case(f"nowhere.{label}.example. A", SECURE, rcode="NXDOMAIN", why=why, peers=peers)
        return made

    zone("ksk-zsk", keys=[Key(flags=KSK), Key(flags=ZSK)])
    zone("two-of-each", keys=[Key(flags=flags) for flags in (KSK, KSK, ZSK, ZSK)])
    zone("standby", published=[Key(flags=KSK).rdata, Key(flags=ZSK).rdata])
    zone("no-sep", "RFC 6840 section 6.2: SEP decides nothing", keys=[Key(flags=ZSK)])
    zone("two-algorithms", keys=[Key(RSASHA256), Key(P256)])
    zone("standby-algorithm", "RFC 6840 section 5.11: the keys oblige to nothing",
         published=[Key(ED25519).rdata, Key(UNASSIGNED).rdata])
    ksk, zsk = Key(flags=KSK), Key(flags=ZSK)
    zone("ds-of-zsk", keys=[ksk, zsk], ds=[zsk.ds(name_of("ds-of-zsk.example."))],
         break_it=lambda z: z.add_signature("@", "DNSKEY", zsk))
    zone("by-ksk", "every zone key may sign data", keys=[ksk, zsk],
         break_it=lambda z: z.sign_rrset("www", "A", [ksk]))
    rsa, ec = Key(RSASHA256), Key(P256)
    zone("one-algorithm-signs", "RFC 6840 section 5.11: one valid path is enough", keys=[rsa, ec],
         break_it=lambda z: [z.sign_rrset(*at, [ec]) for at in list(z.signatures)])
    revoked = Key(flags=KSK | REVOKE)
    zone("revoked-beside", "RFC 5011: the other key is good", keys=[Key(flags=KSK)],
         published=[revoked.rdata], break_it=lambda z: z.add_signature("@", "DNSKEY", revoked))
    pair = colliding(flags=ZSK)
    for number, key in enumerate(pair):
        zone(f"one-tag{number}", "RFC 4034 appendix B: a tag is a hint", ONE_FAILURE,
             keys=[Key(flags=KSK), *pair], break_it=lambda z, key=key: [
                 z.sign_rrset(*at, [key]) for at in list(z.signatures) if at[1] != 48])
    pair = colliding(flags=KSK)
    zone("one-tag-ds", "the DS is of one of two keys with one tag", ONE_FAILURE, keys=pair[:1],
         published=[pair[1].rdata])
    zone("many-keys", "a DNSKEY RRset of 3 KB comes over TCP",
         keys=[Key(flags=KSK), Key(flags=ZSK)], published=large_dummies(6))
    w.case("many-keys.example. DNSKEY", SECURE)


# Names in RDATA, in both letter cases.
NAMES = """mx MX 10 Www
srv SRV 1 2 3 Www.Old-Names.Example.
rp RP Www Www
naptr NAPTR 1 2 "u" "s" "" Www
kx KX 10 Www
afsdb AFSDB 1 Www
ptr PTR WWW
dname DNAME Www.Old-Names.Example.
svcb SVCB 1 Www alpn=h2
txt TXT "MiXeD"
hinfo HINFO "Pc" "Unix"
caa CAA 0 issue "Ca.Example"
type65280 TYPE65280 \\# 4 41424344
"""


def signatures(w):
    """RFC 6840 sections 5.4 and 5.12: one that is valid is enough."""
    w.chapter = "signatures"
    key = Key()

    def beside(label, extra, peers=None, **fields):
        w.zone(f"{label}-beside.example.", SMALL, keys=[key],
               break_it=lambda z: z.add_signature("www", "A", extra, **fields))
        w.case(f"www.{label}-beside.example. A", SECURE, peers=peers)

    beside("another", key)
    beside("expired", key, ONE_FAILURE, **PAST)
    beside("early", key, ONE_FAILURE, **FUTURE)
    beside("unknown", Key(UNASSIGNED))
    beside("strangers", Key())
    beside("damaged", key, ONE_FAILURE, owner=name_of("www.other.example."))
    beside("other-zones", key, signer=name_of("elsewhere.example."), peers=others(
        BOGUS, "it looks at the signer of the first signature", "unbound", "kresd"))
    w.zone("many-beside.example.", SMALL, keys=[key], break_it=lambda z: [
        z.add_signature("www", "A", key, begin=PAST["begin"], end=PAST["end"] - n)
        for n in range(3)])
    w.case("www.many-beside.example. A", SECURE, why="three have expired", peers=ONE_FAILURE)

    w.zone("large.example.", "\n".join(f'www TXT "{n:03} {"x" * 196}"' for n in range(15)))
    w.case("www.large.example. TXT", SECURE, why="3 KB, over TCP")
    w.zone("many-records.example.", "\n".join(f"www A 192.0.2.{n}" for n in range(90)))
    w.case("www.many-records.example. A", SECURE)

    w.zone("old-names.example.", NAMES)
    for line in NAMES.splitlines():
        owner, rrtype = line.split()[:2]
        # NSD keeps no letter case in names, so the liar has to say it.
        w.lie(f"{owner}.old-names.example. {rrtype}",
              lambda said, o=owner: (said.clear(), said.add_known(
                  said.answer, said.zone(), o, said.type)))
        w.case(f"{owner}.old-names.example. {rrtype}", SECURE,
               why="RFC 4034 section 6.2, RFC 6840 section 5.1, RFC 3597 section 7: letter case")

    w.zone("ttl-cut.example.", "short A 192.0.2.1\nlow A 192.0.2.2\n", keys=[key],
           break_it=lambda z: (z.sign_rrset("short", "A", end=HALF_HOUR),
                               z.sign_rrset("low", "A", ttl=600)))
    w.case("short.ttl-cut.example. A", SECURE, ttl=HALF_HOUR,
           why="RFC 4035 section 5.3.3: not beyond the end of the signature")
    w.case("low.ttl-cut.example. A", SECURE, ttl=600, why="RFC 4035 section 5.3.3: original TTL")
    w.zone("denial-ttl.example.", SMALL, keys=[key], minimum=3000, break_it=lambda z: [
        z.sign_rrset(owner, "NSEC", end=HALF_HOUR) for owner in ("@", "alias", "ns", "www")])
    w.case("nowhere.denial-ttl.example. A", SECURE, rcode="NXDOMAIN", ttl=HALF_HOUR)
    w.case("www.denial-ttl.example. MX", SECURE, ttl=HALF_HOUR, why="the denial ends with its NSEC")
    w.zone("soon.example.", SMALL, keys=[key],
           break_it=lambda z: z.sign_rrset("www", "A", begin=200))
    w.case("www.soon.example. A", SECURE, why="300 s before the inception are allowed",
           peers=others(BOGUS, "it allows no skew", "named", "kresd"))
