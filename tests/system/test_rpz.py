# SPDX-License-Identifier: BSD-2-Clause
"""Response policy zones: the verdicts of tarn and of unbound with the same zone files and server."""

import os
import shutil

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from servers import Unbound
from upstream import reply

HEAD = "$TTL 5\n@ SOA localhost. nobody.invalid. 1 3600 600 86400 5\n  NS localhost.\n"

FIRST = """
white CNAME rpz-passthru.
*.white CNAME rpz-passthru.
24.0.113.0.203.rpz-ip CNAME *.
32.9.113.0.203.rpz-ip CNAME rpz-passthru.
48.zz.bad.db8.2001.rpz-ip CNAME .
"""

SECOND = """
nx.example CNAME .
*.nx.example CNAME .
nodata.example CNAME *.
*.wild.example CNAME .
a.hidden.wild.example CNAME *.
ok.wild.example CNAME rpz-passthru.
data.example A 10.0.0.1
data.example A 10.0.0.2
data.example TXT "why"
mx.example MX 10 mail.example.
garden.example CNAME walled.alpha.
*.gardens.example CNAME *.walled.alpha.
tcp.example CNAME rpz-tcp-only.
white CNAME .
*.white CNAME .
32.7.100.51.198.rpz-ip CNAME .
24.0.100.51.198.rpz-ip A 10.0.0.3
old.example CNAME old.example.
"""

# What the server says of these, else 192.0.2.1 and 2001:db8::1.
ADDRESSES = {
    "bad.alpha.": ["203.0.113.1", "2001:db8:bad::1"],
    "both.alpha.": ["192.0.2.7", "203.0.113.1", "2001:db8::7", "2001:db8:bad::1"],
    "fine.alpha.": ["203.0.113.9", "2001:db8::9"],
    "data.alpha.": ["198.51.100.1", "2001:db8::1"],
    "longest.alpha.": ["198.51.100.1", "198.51.100.7", "2001:db8::1"],
    "ip.white.": ["198.51.100.7", "2001:db8::7"],
    "earlier.white.": ["203.0.113.1", "2001:db8::7"],
}

CHAINS = {"to-nx.alpha.": "nx.example.", "to-bad.alpha.": "bad.alpha.",
          "to-fine.alpha.": "plain.alpha.", "from.white.": "nx.example."}

NAMES = ["nx.example.", "a.nx.example.", "A.B.NX.example.", "nodata.example.", "a.nodata.example.",
         "wild.example.", "a.wild.example.", "a.b.wild.example.", "hidden.wild.example.",
         "b.hidden.wild.example.", "a.hidden.wild.example.", "ok.wild.example.",
         "a.ok.wild.example.", "data.example.", "mx.example.", "garden.example.",
         "a.gardens.example.", "gardens.example.", "white.", "a.white.", "old.example.",
         "plain.alpha.", *ADDRESSES, *CHAINS]


def script(question):
    """A, AAAA and TXT of every name, and chains."""
    name, rrs = question.name.lower(), []
    if name in CHAINS:
        rrs.append(f"{name} 60 IN CNAME {CHAINS[name]}")
        name = CHAINS[name]
    for text in ADDRESSES.get(name, ["192.0.2.1", "2001:db8::1"]):
        if question.type == ("AAAA" if ":" in text else "A"):
            rrs.append(f"{name} 60 IN {question.type} {text}")
    if question.type == "TXT":
        rrs.append(f'{name} 60 IN TXT "{name}"')
    soa = [] if rrs else [f"{name} 60 IN SOA . . 1 1 1 1 60"]
    return reply(question, *rrs, authority=soa)


@pytest.fixture
def both(run_tarn, run_upstream, tmp_path, cleanup):
    """tarn and unbound with zones of these texts, in this order."""
    def run(*texts):
        if not shutil.which("unbound", path="/usr/sbin:/usr/bin"):
            pytest.skip("unbound is not installed")
        upstream = run_upstream(script)
        config, lines = "state = none\n", ""
        for number, text in enumerate(texts):
            path = tmp_path / f"zone{number}"
            path.write_text(HEAD + text)
            config += f'rpz "zone{number}.rpz" {{ file = {path} }}\n'
            lines += f'rpz:\n\tname: "zone{number}.rpz"\n\tzonefile: "{path}"\n'
        lines += 'forward-zone:\n\tname: "."\n'
        lines += f'\tforward-addr: {upstream.address.replace(":", "@")}\n'
        (tmp_path / "tarn.conf").write_text(config)
        os.mkdir(tmp_path / "unbound")
        unbound = Unbound(tmp_path / "unbound", "respip iterator", lines)
        cleanup.callback(unbound.kill)
        return run_tarn("--config", tmp_path / "tarn.conf", upstreams=[upstream]), unbound
    return run


def verdict(server, name, rrtype, way=dns.query.udp):
    """The RCODE, TC and the answer without TTLs."""
    question = dns.message.make_query(name, rrtype)
    message = way(question, server.host, 10, server.port)
    answer = sorted(f"{rrset.name} {rdata.rdtype.name} {rdata}".lower()
                    for rrset in message.answer for rdata in rrset)
    return dns.rcode.to_text(message.rcode()), bool(message.flags & dns.flags.TC), answer


# Where the two differ, and what tarn says of A.
DIFFERENT = {
    # A target that is blocked blocks the whole answer; unbound leaves the chain.
    "to-nx.alpha.": ("NXDOMAIN", False, []),
    "to-bad.alpha.": ("NOERROR", False, []),
    # The longest prefix that any address is in, as BIND has it; unbound goes by the first address.
    "longest.alpha.": ("NXDOMAIN", False, []),
    # RFC 4592 section 2.2.2: a name exists because of one below it.
    "hidden.wild.example.": ("NOERROR", False, ["hidden.wild.example. a 192.0.2.1"]),
    # A CNAME to itself is PASSTHRU, as BIND has it; unbound answers with it.
    "old.example.": ("NOERROR", False, ["old.example. a 192.0.2.1"]),
}


def test_verdicts_are_those_of_unbound(both):
    tarn, unbound = both(FIRST, SECOND)
    differences = []
    for name in NAMES:
        for rrtype in ("A", "AAAA", "TXT", "MX"):
            if name not in DIFFERENT:
                ours, theirs = verdict(tarn, name, rrtype), verdict(unbound, name, rrtype)
                differences += [(name, rrtype, ours, theirs)] if ours != theirs else []
    assert not differences, "\n".join(map(str, differences))
    assert {name: verdict(tarn, name, "A") for name in DIFFERENT} == DIFFERENT
    tarn.wait_for_line('rpz "zone1.rpz": 14 names of ')


def test_tcp_only(both):
    for server in both("", SECOND):
        assert verdict(server, "tcp.example.", "A")[1:] == (True, [])
        assert verdict(server, "tcp.example.", "A", dns.query.tcp) == \
            ("NOERROR", False, ["tcp.example. a 192.0.2.1"])


@pytest.mark.parametrize("action", ["CNAME .", "CNAME *.", "A 10.0.0.1"])
def test_address_of_the_client_comes_before_the_name(both, action):
    tarn, unbound = both(f"32.1.0.0.127.rpz-client-ip {action}\nnx.example CNAME .\n",
                         "nodata.example CNAME *.\n")
    for name in ("nx.example.", "nodata.example.", "plain.alpha."):
        assert verdict(tarn, name, "A") == verdict(unbound, name, "A")


def test_client_that_is_passed_is_passed_by_all_zones_behind(both):
    """unbound 1.17 goes on to the names."""
    tarn, _ = both("", "32.1.0.0.127.rpz-client-ip CNAME rpz-passthru.\nnx.example CNAME .\n",
                   "nodata.example CNAME *.\n")
    for name in ("nx.example.", "nodata.example."):
        assert verdict(tarn, name, "A")[2] == [f"{name} a 192.0.2.1"]


def test_rules_that_need_a_full_resolver_are_counted_and_said_once(both):
    tarn, _ = both("ns.example.rpz-nsdname CNAME .\n24.0.2.0.192.rpz-nsip CNAME .\n"
                   "bad.example CNAME .\n")
    tarn.wait_for_line('rpz "zone0.rpz": 2 rules need a full resolver')
    assert verdict(tarn, "bad.example.", "A") == ("NXDOMAIN", False, [])
    assert verdict(tarn, "good.example.", "A")[2] == ["good.example. a 192.0.2.1"]
