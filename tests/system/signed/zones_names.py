# SPDX-License-Identifier: BSD-2-Clause
"""What is as it should be: denials, wildcards, aliases and delegations."""

from signed.keys import Key
from signed.signer import PAST, Nsec, Nsec3, name_of
from signed.world import BOGUS, INSECURE, KNOT_HOST, SECURE
from signed.zones_keys import SMALL, others

# A zone with a name of each kind.
FULL = """www A 192.0.2.1
www AAAA 2001:db8::1
alias CNAME www
tonowhere CNAME nowhere
*.wild A 192.0.2.6
*.wild TXT "from the wildcard"
real.wild TXT "closer than the wildcard"
*.cwild CNAME www
a.b.ent A 192.0.2.7
old DNAME new
host.new A 192.0.2.8
"""

# What is asked of it. The fourth column says what an answer leans on: a denial (d), one that covers
# the next closer name (c), that of an unsigned delegation (u).
QUESTIONS = """
www		A	NOERROR		-	there
www		MX	NOERROR		d	no such type (RFC 4035 section 5.4)
@		TXT	NOERROR		d	no such type at the apex
nowhere		A	NXDOMAIN	c	no such name
x.y.nowhere	A	NXDOMAIN	c	no such name, two labels deeper
x.www		A	NXDOMAIN	c	below a name that is there
x.real.wild	A	NXDOMAIN	c	below a name below the wildcard's parent
x.real		A	NXDOMAIN	c	beside the wildcard's parent
real.wild	A	NOERROR		d	the wildcard does not count where there is the name
x.wild		A	NOERROR		c	from a wildcard (RFC 4035 section 5.3.4)
x.wild		TXT	NOERROR		c	the same wildcard with another type
x.y.wild	A	NOERROR		c	from a wildcard two labels above
x.wild		MX	NOERROR		c	a wildcard without the type
*.wild		A	NOERROR		-	the wildcard itself: its Labels are its own
*.wild		MX	NOERROR		d	the wildcard itself without the type
wild		A	NOERROR		d	an empty non-terminal above a wildcard
ent		A	NOERROR		d	an empty non-terminal
b.ent		A	NOERROR		d	an empty non-terminal below another
x.b.ent		A	NXDOMAIN	c	below an empty non-terminal
alias		A	NOERROR		-	an alias
alias		CNAME	NOERROR		-	the alias itself
alias		MX	NOERROR		d	an alias to a name without the type
tonowhere	A	NXDOMAIN	c	an alias to no name (RFC 6604)
x.cwild		A	NOERROR		c	an alias from a wildcard
x.cwild		MX	NOERROR		c	an alias from a wildcard to a name without the type
host.old	A	NOERROR		-	below a DNAME
host.old	MX	NOERROR		d	below a DNAME, without the type
nothing.old	A	NXDOMAIN	c	below a DNAME, no such name
old		DNAME	NOERROR		-	the DNAME itself
old		A	NOERROR		d	at the DNAME
host.old	CNAME	NOERROR		-	the alias that the DNAME makes
@		SOA	NOERROR		-	at the apex
@		NS	NOERROR		-	at the apex
@		DNSKEY	NOERROR		-	the keys
@		DS	NOERROR		-	asked of the zone above
sub		DS	NOERROR		u	an unsigned delegation
"""


ALIAS_ALONE = others((BOGUS, INSECURE),
                     "it validates by itself the alias that a DNAME makes", "unbound")
ITERATIONS_MAX = 50
WITHIN_THEIRS = others(SECURE, "RFC 9276 section 3.2: it computes 150 iterations",
                       "unbound", "named")
WHOLE_ZONE = others(INSECURE, "it takes all of a zone with too many iterations for insecure",
                    "kresd")
NO_PROOF = others(BOGUS, "BIND as the upstream gives no proof with more than 150 iterations",
                  "behind named")


def denial(w):
    """Every kind of answer from every kind of zone."""
    w.chapter = "denial"
    full_zone(w, "nsec.example.", Nsec())
    w.case("nsec.example. NSEC", SECURE, why="an NSEC that was asked for")
    w.case("www.nsec.example. NSEC", SECURE)
    w.case("nowhere.nsec.example. NSEC", SECURE, rcode="NXDOMAIN")
    full_zone(w, "nsec3.example.", Nsec3())
    w.case("nsec3.example. NSEC3PARAM", SECURE)
    full_zone(w, "salt1.example.", Nsec3(1, b"\xaa\xbb\xcc\xdd"))
    full_zone(w, "it50.example.", Nsec3(50, b"\x01"))
    full_zone(w, "optout.example.", Nsec3(opt_out=True))
    full_zone(w, "it51.example.", Nsec3(51))
    full_zone(w, "it150.example.", Nsec3(150, b"\x01\x02"))
    full_zone(w, "it151.example.", Nsec3(151))


def full_zone(w, zone, how):
    is_opt_out = isinstance(how, Nsec3) and how.opt_out
    is_too_long = isinstance(how, Nsec3) and how.iterations > ITERATIONS_MAX
    w.zone(zone, FULL, denial=how)
    w.zone(f"sub.{zone}", SMALL, denial=None)
    w.zone(f"child.{zone}", SMALL)
    for line in QUESTIONS.strip().splitlines():
        name, rrtype, rcode, leans, why = line.split(None, 4)
        question = f"{zone} {rrtype}" if name == "@" else f"{name}.{zone} {rrtype}"
        if leans != "-" and is_too_long:
            peers = (WITHIN_THEIRS if how.iterations <= 150 else {}) | NO_PROOF
            w.case(question, INSECURE, rcode=rcode, ede=27, why=f"{why}; RFC 9276 section 3.2",
                   peers=peers)
        elif leans in "cu" and is_opt_out:
            w.case(question, INSECURE, rcode=rcode, why=f"{why}; RFC 5155 section 9.2")
        else:
            peers = ALIAS_ALONE if (name, rrtype) == ("host.old", "CNAME") else {}
            w.case(question, SECURE, rcode=rcode, why=why,
                   peers=peers | (WHOLE_ZONE if is_too_long else {}))
    codes = (0, 27) if is_too_long else ()
    w.case(f"www.sub.{zone} A", INSECURE, ede=codes, why="below an unsigned delegation")
    w.case(f"www.sub.{zone} MX", INSECURE, ede=codes)
    w.case(f"x.www.sub.{zone} A", INSECURE, rcode="NXDOMAIN", ede=codes)
    w.case(f"www.child.{zone} A", SECURE, why="below a signed delegation")
    w.case(f"nowhere.child.{zone} A", SECURE, rcode="NXDOMAIN")
    w.case(f"child.{zone} DS", SECURE)
    w.case(f"www.{zone} RRSIG", INSECURE, why="signatures are not signed",
           peers=others(SECURE, "it validates signatures by what they cover", "named"))


def aliases(w):
    """A chain is what the worst of its links is; its end is denied by the zone of the end."""
    w.chapter = "aliases"
    w.zone("chain.example.", """www A 192.0.2.1
secure CNAME www.nsec.example.
secure3 CNAME www.nsec3.example.
insecure CNAME www.sub.nsec.example.
island CNAME www.plain.
bogus CNAME www.badchain.example.
nx CNAME nowhere.nsec.example.
nx3 CNAME nowhere.nsec3.example.
nxopt CNAME nowhere.optout.example.
nodata CNAME www.nsec3.example.
ent CNAME b.ent.nsec.example.
wild CNAME x.wild.nsec.example.
wild3 CNAME x.y.wild.nsec3.example.
insecurenx CNAME nowhere.plain.
c1 CNAME c2
c2 CNAME c3.badchain.example.
c3 CNAME c4
c4 CNAME c5
c5 CNAME c6
c6 CNAME www.nsec3.example.
*.w CNAME x.cwild.nsec3.example.
*.wnx CNAME x.y.nowhere.nsec.example.
d DNAME nsec.example.
d3 DNAME nsec3.example.
dwild DNAME wild.nsec.example.
dplain DNAME plain.
dbogus DNAME badchain.example.
long DNAME """ + ".".join("x" * 50 for _ in range(3)) + """.chain.example.
""")
    w.zone("badchain.example.", SMALL + "c3 CNAME c4.chain.example.\n",
           break_it=lambda z: z.sign_rrset("www", "A", **PAST))
    w.zone("mixed.plain.", """secure CNAME www.nsec.example.
bogus CNAME www.badchain.example.
nx CNAME nowhere.nsec.example.
nodata CNAME www.nsec.example.
back CNAME insecure.chain.example.
d DNAME nsec.example.
""", denial=None)

    def case(label, rrtype, *verdicts, **options):
        w.case(f"{label}.chain.example. {rrtype}", *verdicts, **options)

    for label in ("secure", "secure3", "wild", "wild3", "c1", "www.d", "www.d3", "any.dwild"):
        case(label, "A", SECURE)
    for label in ("x.w", "x.y.w"):
        case(label, "A", SECURE, why="a wildcard that leads to a wildcard in another zone",
             peers=others(BOGUS, "it does not follow a chain through two wildcards", "kresd"))
    for label in ("insecure", "island", "www.dplain"):
        case(label, "A", INSECURE, why="RFC 4035 section 3.2.3: AD is about all of the answer")
        case(label, "CNAME", SECURE, why="the alias alone is secure", peers=ALIAS_ALONE)
    for label in ("bogus", "www.dbogus"):
        case(label, "A", BOGUS, ede=7, why="the end has expired")
        case(label, "CNAME", SECURE, peers=ALIAS_ALONE)
    for label in ("nx", "nx3", "x.wnx", "nowhere.d", "x.www.d3", "x.real.dwild"):
        case(label, "A", SECURE, rcode="NXDOMAIN")
    case("nxopt", "A", INSECURE, rcode="NXDOMAIN", why="RFC 5155 section 9.2")
    case("insecurenx", "A", INSECURE, rcode="NXDOMAIN")
    for question in ("nodata MX", "ent A", "secure MX", "wild MX", "www.d MX", "b.ent.d A"):
        case(*question.split(), SECURE, why="no data at the end of the chain")
    case("nowhere", "A", SECURE, rcode="NXDOMAIN")
    w.case(f"{'y' * 60}.{'y' * 60}.long.chain.example. A", SECURE, INSECURE, BOGUS,
           rcode="YXDOMAIN", why="RFC 6672 section 2.2: the name would be too long")
    for question in ("secure A", "nx A", "nodata MX", "back A", "www.d A"):
        w.case(f"{question.split()[0]}.mixed.plain. {question.split()[1]}", INSECURE,
               rcode="NXDOMAIN" if question == "nx A" else "NOERROR",
               why="the beginning is insecure")
    w.case("bogus.mixed.plain. A", BOGUS, ede=7, why="an insecure beginning and a bogus end")


def delegations(w):
    w.chapter = "delegations"
    # Opt-out: a delegation that no NSEC3 names.
    w.zone("unsigned.optout.", FULL, denial=None)
    w.zone("sub.unsigned.optout.", SMALL, denial=None)
    w.zone("signed.optout.", SMALL)
    w.case("unsigned.optout. DS", INSECURE, why="RFC 5155 section 9.2")
    for name in ("www", "x.wild", "alias", "host.old", "www.sub"):
        w.case(f"{name}.unsigned.optout. A", INSECURE)
    w.case("nowhere.unsigned.optout. A", INSECURE, rcode="NXDOMAIN")
    w.case("www.signed.optout. A", SECURE)
    w.case("nowhere.optout. A", INSECURE, rcode="NXDOMAIN", why="RFC 5155 section 9.2")
    w.case("optout. TXT", SECURE)
    # Below insecure all is insecure: RFC 4035 section 4.3.
    w.zone("sub.plain.", SMALL, denial=None)
    w.zone("signed.plain.", SMALL)
    w.zone("broken.plain.", SMALL, break_it=lambda z: z.sign_rrset("www", "A", [Key()]))
    w.zone("wrongds.plain.", SMALL, ds=[Key().ds(name_of("wrongds.plain."))])
    for zone in ("sub.plain.", "signed.plain.", "broken.plain.", "wrongds.plain."):
        w.case(f"www.{zone} A", INSECURE)
        w.case(f"{zone} DS", INSECURE)
        w.case(f"nowhere.{zone} A", INSECURE, rcode="NXDOMAIN")
    w.case("signed.plain. DNSKEY", INSECURE)
    w.zone("nods.example.", SMALL, ds=[])
    w.zone("child.nods.example.", SMALL)
    w.case("www.nods.example. A", INSECURE, why="signed, but no DS says so")
    w.case("nods.example. DNSKEY", INSECURE)
    w.case("www.child.nods.example. A", INSECURE, why="a DS below an insecure zone")
    # RFC 4035 section 5.1: an island of security.
    w.zone("island.plain.", FULL)
    w.anchor("island.plain.")
    w.zone("below.island.plain.", SMALL)
    w.zone("sub.island.plain.", SMALL, denial=None)
    w.zone("bad.island.plain.", SMALL, break_it=lambda z: z.sign_rrset("www", "A", **PAST))
    for question in ("www.island.plain. A", "x.wild.island.plain. A", "www.below.island.plain. A",
                     "island.plain. DNSKEY", "sub.island.plain. DS"):
        w.case(question, SECURE)
    w.case("nowhere.island.plain. A", SECURE, rcode="NXDOMAIN")
    w.case("www.sub.island.plain. A", INSECURE)
    w.case("www.bad.island.plain. A", BOGUS, ede=7)
    w.case("island.plain. DS", INSECURE, why="the zone above is insecure")
    # An anchor holds though the zone above says insecure.
    w.zone("anchored.example.", SMALL, ds=[])
    w.anchor("anchored.example.")
    w.case("www.anchored.example. A", SECURE, why="RFC 6840 appendix C: the closest anchor")
    w.case("anchored.example. DS", SECURE, why="denied by the zone above")


# 32 labels below ip6.arpa are a whole address; the network has 12.
NETWORK = "0.0.0.8.b.d.0.1.6.7.8.2.ip6.arpa."
UNSIGNED_NETWORK = NETWORK.replace("0.0.0.8", "0.0.0.9")
HOST = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.2.0.0.0"


def deep(w):
    """Names of many labels, of which few are cuts: reverse zones (RFC 3596 section 2.5)."""
    w.chapter = "deep"
    w.zone(NETWORK, f"{HOST} PTR www.nsec.example.\n")
    w.zone(UNSIGNED_NETWORK, f"{HOST} PTR www.nsec.example.\n", denial=None)
    w.case(f"{HOST}.{NETWORK} PTR", SECURE)
    w.case(f"2{HOST[1:]}.{NETWORK} PTR", SECURE, rcode="NXDOMAIN")
    w.case(f"{HOST[2:]}.{NETWORK} PTR", SECURE, why="an empty non-terminal")
    w.case(f"{HOST}.{UNSIGNED_NETWORK} PTR", INSECURE, why="one cut, 20 labels below it")
    w.case(f"2{HOST[1:]}.{UNSIGNED_NETWORK} PTR", INSECURE, rcode="NXDOMAIN")
    w.zone("deep.example.", ".".join("abcdefghijklmnopqrstuvwxyz") + " A 192.0.2.1\n")
    w.case(".".join("abcdefghijklmnopqrstuvwxyz") + ".deep.example. A", SECURE)
    w.case(".".join("abcdefghijklmnopqrstuvwxyz") + ".deep.example. MX", SECURE)
    # RFC 2317: an alias out of the reverse zone.
    w.zone("9.ip6.arpa.", "1 CNAME 1.0-63\n1.0-63 PTR www.nsec.example.\n")
    w.case("1.9.ip6.arpa. PTR", SECURE)
    levels = "c.b.a".split(".")
    for count in range(1, len(levels) + 1):
        w.zone(".".join(levels[-count:]) + ".cuts.example.", SMALL)
    w.zone("cuts.example.")
    w.case("www.c.b.a.cuts.example. A", SECURE, why="a cut at each label")
    w.case("nowhere.c.b.a.cuts.example. A", SECURE, rcode="NXDOMAIN")


def knot(w):
    """Zones that Knot DNS signs: with NSEC, with NSEC3, and each answer when it is asked for."""
    w.chapter = "knot"
    w.knot_zones = {how: (f"knot-{how}.example.", KNOT_APEX + FULL)
                    for how in ("nsec", "nsec3", "online")}
    for how, (zone, _) in w.knot_zones.items():
        for line in QUESTIONS.strip().splitlines():
            name, rrtype, rcode, _, why = line.split(None, 4)
            if name == "sub":
                continue
            if how == "online":
                rcode = "NOERROR"  # to it all names are there
            w.case(f"{zone} {rrtype}" if name == "@" else f"{name}.{zone} {rrtype}", SECURE,
                   rcode=rcode, why=why,
                   peers=ALIAS_ALONE if (name, rrtype) == ("host.old", "CNAME") else {})


KNOT_APEX = f"""$TTL 3600
@ SOA ns admin 1 7200 900 1209600 900
@ NS ns
ns A {KNOT_HOST}
"""
