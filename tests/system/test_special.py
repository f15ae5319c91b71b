# SPDX-License-Identifier: BSD-2-Clause
"""Special names: answered locally, never forwarded, the same for every kind of client."""

import subprocess

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.reversename
import pytest

import servers
from servers import frame, recv_frame
from upstream import address
from wire import question_name, records

DENIED = [
    # RFC 6761, 6762, 7686, 9476
    ("invalid.", "invalid."), ("a.invalid.", "invalid."), ("test.", "test."),
    ("www.example.test.", "test."), ("local.", "local."), ("printer.local.", "local."),
    ("_services._dns-sd._udp.local.", "local."), ("onion.", "onion."),
    ("expyuzz4wqqyqhjn.onion.", "onion."), ("alt.", "alt."), ("a.b.alt.", "alt."),
    # RFC 8375
    ("tv.home.arpa.", "home.arpa."), ("_dns-sd._udp.home.arpa.", "home.arpa."),
    # RFC 6303, 7793
    ("1.0.0.10.in-addr.arpa.", "10.in-addr.arpa."),
    ("1.0.16.172.in-addr.arpa.", "16.172.in-addr.arpa."),
    ("1.0.31.172.in-addr.arpa.", "31.172.in-addr.arpa."),
    ("lb._dns-sd._udp.0.1.168.192.in-addr.arpa.", "168.192.in-addr.arpa."),
    ("2.0.0.127.in-addr.arpa.", "127.in-addr.arpa."),
    ("a.1.0.0.127.in-addr.arpa.", "127.in-addr.arpa."),
    ("0.0.0.0.in-addr.arpa.", "0.in-addr.arpa."),
    ("1.0.254.169.in-addr.arpa.", "254.169.in-addr.arpa."),
    ("1.2.0.192.in-addr.arpa.", "2.0.192.in-addr.arpa."),
    ("1.100.51.198.in-addr.arpa.", "100.51.198.in-addr.arpa."),
    ("1.113.0.203.in-addr.arpa.", "113.0.203.in-addr.arpa."),
    ("a.255.255.255.255.in-addr.arpa.", "255.255.255.255.in-addr.arpa."),
    ("1.0.64.100.in-addr.arpa.", "64.100.in-addr.arpa."),
    ("1.0.127.100.in-addr.arpa.", "127.100.in-addr.arpa."),
    (dns.reversename.from_address("fd00::1").to_text(), "d.f.ip6.arpa."),
    (dns.reversename.from_address("fe80::1").to_text(), "8.e.f.ip6.arpa."),
    (dns.reversename.from_address("febf::1").to_text(), "b.e.f.ip6.arpa."),
    (dns.reversename.from_address("2001:db8::1").to_text(), "8.b.d.0.1.0.0.2.ip6.arpa."),
]
# There, but without the data that is asked for.
EMPTY = [
    ("home.arpa.", "home.arpa."), ("10.in-addr.arpa.", "10.in-addr.arpa."),
    ("168.192.in-addr.arpa.", "168.192.in-addr.arpa."),
    ("255.255.255.255.in-addr.arpa.", "255.255.255.255.in-addr.arpa."),
    ("d.f.ip6.arpa.", "d.f.ip6.arpa."),
    (dns.reversename.from_address("::").to_text(),) * 2,
    ("127.in-addr.arpa.", "127.in-addr.arpa."), ("0.127.in-addr.arpa.", "127.in-addr.arpa."),
    # RFC 9462 section 6.4
    ("resolver.arpa.", "resolver.arpa."), ("_dns.resolver.arpa.", "resolver.arpa."),
    ("other.resolver.arpa.", "resolver.arpa."),
]
NEGATIVE = [(*pair, dns.rcode.NXDOMAIN) for pair in DENIED] + \
    [(*pair, dns.rcode.NOERROR) for pair in EMPTY]
TYPES = ["A", "AAAA", "PTR", "SOA", "NS", "TXT", "SVCB", "ANY", "TYPE65280"]


@pytest.fixture
def upstream(run_upstream):
    return run_upstream(address())


@pytest.fixture
def tarn(run_tarn, upstream):
    return run_tarn(upstreams=[upstream])


def ask_tcp(tarn, question):
    with tarn.tcp_socket() as sock:
        sock.sendall(frame(question.to_wire()))
        return recv_frame(sock)


def every_way(tarn, name, rrtype):
    """The replies' octets to one question asked by all kinds of clients."""
    for options in ({}, {"use_edns": 0}, {"want_dnssec": True}):
        for flags in (dns.flags.RD, 0, dns.flags.RD | dns.flags.CD | dns.flags.AD):
            question = dns.message.make_query(name, rrtype, **options)
            question.flags = flags
            yield tarn.ask_wire(question.to_wire())
            yield ask_tcp(tarn, question)


def check_header(wire, rcode):
    flags = int.from_bytes(wire[2:4], "big")
    assert flags & 0x000F == rcode
    assert flags & dns.flags.AA, "our own data is authoritative"
    assert not flags & (dns.flags.AD | dns.flags.TC)


def check_negative(wire, zone, rcode):
    check_header(wire, rcode)
    soa, *others = [record for record in records(wire) if record.type != dns.rdatatype.OPT]
    assert not others
    assert (soa.section, soa.type) == ("authority", dns.rdatatype.SOA)
    assert soa.owner.lower() == dns.name.from_text(zone).to_wire()
    assert soa.ttl == int.from_bytes(soa.rdata[-4:], "big") == 10800


@pytest.mark.parametrize("name,zone,rcode", NEGATIVE, ids=[case[0] for case in NEGATIVE])
def test_a_name_without_data_is_denied_here(tarn, upstream, name, zone, rcode):
    for rrtype in TYPES:
        check_negative(tarn.ask_wire(dns.message.make_query(name, rrtype).to_wire()), zone, rcode)
    for wire in every_way(tarn, name, "A"):
        check_negative(wire, zone, rcode)
    assert upstream.count() == 0


@pytest.mark.parametrize("name,hint", [
    ("printer.local", "; EDE: 0 (Other): (not forwarded unless --pass names it)"),
    ("tv.home.arpa", "; EDE: 0 (Other): (not forwarded unless --pass names it)"),
    ("a.onion", None),
])
def test_dig_says_what_helps(tarn, tool, name, hint):
    """RFC 8914 section 4.1: where a network may have such names of its own."""
    out = subprocess.run([tool("dig"), "@127.0.0.1", "-p", str(tarn.port), name],
                         capture_output=True, text=True, check=True).stdout
    assert "status: NXDOMAIN" in out
    assert [line for line in out.splitlines() if "EDE" in line] == ([hint] if hint else [])


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_loopback_address_is_localhost(tarn, upstream, tool, host):
    """RFC 1912 section 4.1; as unbound does, and BIND where the zone is set up."""
    name = dns.reversename.from_address(host).to_text()
    for wire in every_way(tarn, name, "PTR"):
        check_header(wire, dns.rcode.NOERROR)
        assert dns.message.from_wire(wire).answer[0].to_text() == f"{name} 10800 IN PTR localhost."
    out = subprocess.run([tool("dig"), "@127.0.0.1", "-p", str(tarn.port), "+short", "-x", host],
                         capture_output=True, text=True, check=True).stdout
    assert out == "localhost.\n"
    assert upstream.count() == 0


@pytest.mark.parametrize("name", ["localhost.", "a.localhost.", "a.b.localhost."])
def test_localhost_is_this_machine(tarn, upstream, name):
    for rrtype, rdata in (("A", bytes([127, 0, 0, 1])), ("AAAA", bytes(15) + b"\1"),
                          ("ANY", bytes([127, 0, 0, 1]))):
        for wire in every_way(tarn, name, rrtype):
            check_header(wire, dns.rcode.NOERROR)
            answer, = [record for record in records(wire) if record.section == "answer"]
            assert answer.owner == dns.name.from_text(name).to_wire()
            assert answer.rdata == rdata
            assert 0 < answer.ttl <= 604800
    for rrtype in ("MX", "NS", "DS", "TXT", "SOA", "HTTPS", "TYPE65280"):
        for wire in every_way(tarn, name, rrtype):
            check_negative(wire, "localhost.", dns.rcode.NOERROR)
    assert upstream.count() == 0


def mixed(name):
    return "".join(letter.upper() if at % 2 else letter for at, letter in enumerate(name))


@pytest.mark.parametrize("name,zone,rcode", [
    ("localhost.", None, dns.rcode.NOERROR), ("a.onion.", "onion.", dns.rcode.NXDOMAIN),
    ("1.0.0.10.in-addr.arpa.", "10.in-addr.arpa.", dns.rcode.NXDOMAIN),
    (dns.reversename.from_address("fd00::1").to_text(), "d.f.ip6.arpa.", dns.rcode.NXDOMAIN),
    ("_dns.resolver.arpa.", "resolver.arpa.", dns.rcode.NOERROR)])
def test_any_spelling_is_the_same_name_and_comes_back(tarn, upstream, name, zone, rcode):
    for spelling in (name.upper(), mixed(name), mixed(name).swapcase()):
        for wire in every_way(tarn, spelling, "A"):
            assert question_name(wire) == dns.name.from_text(spelling).to_wire()
            if zone:
                check_negative(wire, zone, rcode)
            else:
                check_header(wire, rcode)
    assert upstream.count() == 0


@pytest.mark.parametrize("name", [
    "example.", "www.example.", "example.com.", "localhost.example.", "local.example.",
    "home.", "myhome.arpa.", "arpa.", "in-addr.arpa.", "ipv4only.arpa.", "bunion.", "latest.",
    r"x\005local.", "8.8.8.8.in-addr.arpa.", "1.0.15.172.in-addr.arpa.",
    "1.0.32.172.in-addr.arpa.", "172.in-addr.arpa.", "192.in-addr.arpa.",
    "1.0.63.100.in-addr.arpa.", "254.255.255.255.in-addr.arpa.", "010.in-addr.arpa.",
    dns.reversename.from_address("2001:db9::1").to_text(),
    dns.reversename.from_address("fc00::1").to_text(),
    dns.reversename.from_address("::2").to_text()])
def test_an_ordinary_name_is_asked_for(tarn, upstream, name):
    assert tarn.ask(name).answer
    assert upstream.count(name) == 1


def test_the_ds_of_an_empty_zone_is_asked_for(tarn, upstream):
    """RFC 4035 section 3.1.4.1, RFC 8375 section 4: it is what proves the delegation insecure."""
    zones = ["home.arpa.", "10.in-addr.arpa.", "d.f.ip6.arpa.", "resolver.arpa."]
    for zone in zones:
        tarn.ask(zone, "DS")
    assert [(question.name, question.type) for question in upstream.questions] == \
        [(zone, "DS") for zone in zones]
    for name, zone in (("tv.home.arpa.", "home.arpa."), ("local.", "local.")):
        wire = tarn.ask_wire(dns.message.make_query(name, "DS").to_wire())
        check_negative(wire, zone, dns.rcode.NXDOMAIN)
    assert upstream.count() == len(zones)


# ---- --pass --------------------------------------------------------------------------------------

def test_a_passed_zone_is_asked_for(run_tarn, upstream):
    tarn = run_tarn("--pass", "local", "--pass", "Home.ARPA.", "--pass", "10.in-addr.arpa",
                    upstreams=[upstream])
    for name in ("local.", "Printer.LOCAL.", "home.arpa.", "tv.home.arpa.", "10.in-addr.arpa.",
                 "1.0.0.10.in-addr.arpa."):
        assert tarn.ask(name).answer
        assert upstream.count(name.lower()) == 1
    before = upstream.count()
    for name, zone in (("a.test.", "test."), ("1.1.168.192.in-addr.arpa.",
                                              "168.192.in-addr.arpa.")):
        wire = tarn.ask_wire(dns.message.make_query(name, "A").to_wire())
        check_negative(wire, zone, dns.rcode.NXDOMAIN)
    assert upstream.count() == before


def test_a_passed_name_within_a_zone_leaves_the_rest_of_it(run_tarn, upstream):
    tarn = run_tarn("--pass", "corp.local", "--pass", "1.10.in-addr.arpa", upstreams=[upstream])
    for name in ("corp.local.", "a.corp.local.", "9.9.1.10.in-addr.arpa."):
        assert tarn.ask(name).answer
    assert upstream.count() == 3
    for name, zone in (("local.", "local."), ("xcorp.local.", "local."),
                       ("corp.local.local.", "local."),
                       ("9.9.2.10.in-addr.arpa.", "10.in-addr.arpa.")):
        wire = tarn.ask_wire(dns.message.make_query(name, "A").to_wire())
        check_negative(wire, zone, dns.rcode.NXDOMAIN)
    assert upstream.count() == 3


def test_any_of_a_passed_name_is_still_not_asked_for(run_tarn, upstream):
    tarn = run_tarn("--pass", "local", upstreams=[upstream])
    assert tarn.ask("a.local.", "ANY").answer[0].rdtype == dns.rdatatype.HINFO
    assert upstream.count() == 0


@pytest.mark.parametrize("name", ["", "..", "a..local", "x" * 64])
def test_what_is_no_name_cannot_be_passed(name):
    result = servers.run_tarn("--pass", name)
    assert result.returncode == 2
    assert "not a domain name" in result.stderr
