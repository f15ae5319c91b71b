# SPDX-License-Identifier: BSD-2-Clause
"""Answers of real servers come through unchanged, to every kind of client."""

import subprocess

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from servers import has_ipv6
from upstream import reply
from wire import answers, question_name, records

QUESTIONS = [
    ("www", "A"), ("www", "AAAA"), ("chain", "A"), ("chain", "CNAME"), ("outside", "A"),
    ("mail", "MX"), ("text", "TXT"), ("_dns._udp", "SRV"), ("svc", "SVCB"), ("alias", "SVCB"),
    ("web", "HTTPS"), ("legal", "CAA"), ("odd", "TYPE65280"), ("empty", "TYPE65280"),
    ("ptr", "PTR"), ("naptr", "NAPTR"), ("info", "HINFO"), ("sshfp", "SSHFP"),
    ("_443._tcp.www", "TLSA"), ("loc", "LOC"), ("uri", "URI"), ("", "NS"), ("", "SOA"),
    ("host.dname", "A"), ("any.wild", "A"), ("deeper.any.wild", "TXT"),
    (r"my\032printer", "TXT"), (r"bin\000ary", "TXT"),
]


def query(name, rrtype, **options):
    return dns.message.make_query(f"{name}.tarn.example." if name else "tarn.example.", rrtype,
                                  **options)


@pytest.mark.parametrize("name,rrtype", QUESTIONS)
def test_rdata_is_the_upstreams_octet_for_octet(tarn, nsd, name, rrtype):
    question = query(name, rrtype, use_edns=0, payload=1232)
    expected = answers(nsd.ask_wire(question))
    assert expected
    for _ in ("from the upstream", "from the cache"):
        assert answers(tarn.ask_wire(question.to_wire())) == expected


@pytest.mark.parametrize("name,rrtype", QUESTIONS)
def test_knots_rdata_is_kept_as_well(run_tarn, knot, nsd, name, rrtype):
    question = query(name, rrtype, use_edns=0, payload=1232)
    tarn = run_tarn(upstreams=[knot])
    # The order within a set is a server's own affair.
    assert sorted(answers(tarn.ask_wire(question.to_wire()))) == \
        sorted(answers(nsd.ask_wire(question)))


def test_a_chain_keeps_its_order(tarn):
    reply = tarn.ask("chain.tarn.example.", "A")
    assert [rrset.rdtype for rrset in reply.answer] == \
        [dns.rdatatype.CNAME, dns.rdatatype.CNAME, dns.rdatatype.A]


def test_a_chain_into_nothing_is_nxdomain(tarn):
    for _ in range(2):
        reply = tarn.ask("dangling.tarn.example.", "A")
        assert reply.rcode() == dns.rcode.NXDOMAIN
        assert reply.answer[0].rdtype == dns.rdatatype.CNAME
        assert reply.authority[0].rdtype == dns.rdatatype.SOA


def test_an_unknown_name_is_nxdomain_with_its_soa(tarn):
    for _ in range(2):
        reply = tarn.ask("nobody.tarn.example.", "A")
        assert reply.rcode() == dns.rcode.NXDOMAIN
        assert not reply.answer
        assert reply.authority[0].rdtype == dns.rdatatype.SOA


def test_a_name_without_that_type_is_nodata_with_its_soa(tarn):
    for _ in range(2):
        reply = tarn.ask("nodata.tarn.example.", "A")
        assert reply.rcode() == dns.rcode.NOERROR
        assert not reply.answer
        assert reply.authority[0].rdtype == dns.rdatatype.SOA


def test_the_header_is_a_resolvers(tarn):
    for _ in range(2):
        reply = tarn.ask("www.tarn.example.", "A")
        assert reply.flags & (dns.flags.QR | dns.flags.RD | dns.flags.RA) == \
            dns.flags.QR | dns.flags.RD | dns.flags.RA
        assert not reply.flags & (dns.flags.AA | dns.flags.TC | dns.flags.AD)


def test_every_client_sees_its_own_spelling(tarn):
    for spelling in ("www.tarn.example.", "WwW.tArN.ExAmPlE.", "WWW.TARN.EXAMPLE."):
        wire = dns.message.make_query(spelling, "A").to_wire()
        reply = tarn.ask_wire(wire)
        assert question_name(reply) == question_name(wire)
        assert {r.owner for r in records(reply) if r.section == "answer"} == {question_name(wire)}


def test_opt_comes_if_and_only_if_it_was_sent(tarn):
    for name in ("www.tarn.example.", "nobody.tarn.example."):
        assert tarn.ask(name).edns == -1
        assert tarn.ask(name, use_edns=0).edns == 0


def test_dnssec_ok_is_copied(tarn):
    assert tarn.ask("www.tarn.example.", want_dnssec=True).ednsflags & dns.flags.DO
    assert not tarn.ask("www.tarn.example.", use_edns=0).ednsflags & dns.flags.DO


def test_a_higher_edns_version_is_badvers(tarn):
    question = query("www", "A")
    question.use_edns(1)
    reply = tarn.udp(question)
    assert reply.rcode() == dns.rcode.BADVERS
    assert reply.edns == 0
    assert not reply.answer


def test_options_nobody_knows_are_not_echoed(tarn):
    unknown = dns.edns.GenericOption(65001, b"hello")
    reply = tarn.ask("www.tarn.example.", use_edns=0, options=[unknown])
    assert reply.rcode() == dns.rcode.NOERROR
    assert not [o for o in reply.options if o.otype == 65001]


def dig(tarn, tool, *words, host=None):
    host = host or "127.0.0.1"
    return subprocess.run([tool("dig"), f"@{host}", "-p", str(tarn.ports[host]), "+time=5",
                           "+tries=1", *words], capture_output=True, text=True, timeout=20,
                          check=True).stdout


def test_dig(tarn, tool):
    out = dig(tarn, tool, "www.tarn.example", "A")
    assert "status: NOERROR" in out and "192.0.2.1" in out and "192.0.2.2" in out
    assert "WARNING" not in out and "Warning" not in out


def test_dig_over_tcp(tarn, tool):
    out = dig(tarn, tool, "+tcp", "www.tarn.example", "AAAA")
    assert "2001:db8::1" in out and "(TCP)" in out


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 loopback on this machine")
@pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
def test_dig_over_ipv6(tarn, tool, transport):
    out = dig(tarn, tool, "-6", transport, "mail.tarn.example", "MX", host="::1")
    assert "10 mx1.tarn.example." in out


def test_dig_with_a_cookie_is_content(tarn, tool):
    out = dig(tarn, tool, "+cookie", "+nsid", "+subnet=192.0.2.0/24", "www.tarn.example")
    assert "status: NOERROR" in out and "CLIENT-SUBNET" not in out


def test_kdig(tarn, tool):
    for transport in ("+notcp", "+tcp"):
        out = subprocess.run([tool("kdig"), "@127.0.0.1", "-p", str(tarn.port), transport,
                              "web.tarn.example", "HTTPS"], capture_output=True, text=True,
                             timeout=20, check=True).stdout
        assert "status: NOERROR" in out and "ipv4hint=192.0.2.1,192.0.2.2" in out


def test_drill(tarn, tool):
    for transport in ("-u", "-t"):
        out = subprocess.run([tool("drill"), transport, "-p", str(tarn.port),
                              "legal.tarn.example", "@127.0.0.1", "CAA"], capture_output=True,
                             text=True, timeout=20, check=True).stdout
        assert "rcode: NOERROR" in out and "ca.example" in out


# ---- the order of addresses ----------------------------------------------------------------------

def orders_of(tarn, name, rrtype="A", **options):
    """In which orders the addresses come, of 60 replies."""
    orders = set()
    for number in range(60):
        ask = tarn.tcp if number % 2 else tarn.udp
        answer = ask(dns.message.make_query(name, rrtype, **options)).answer
        assert [rrset.rdtype for rrset in answer][-1:] == [dns.rdatatype.from_text(rrtype)]
        orders.add(tuple(rdata.address for rdata in answer[-1]))
    return orders


ADDRESSES = [f"192.0.2.{number}" for number in range(1, 5)]


@pytest.fixture
def several(run_upstream):
    """www is an alias of a name with four addresses."""
    return run_upstream(lambda q: reply(q, f"{q.name} 300 IN CNAME a.example.",
                                        *(f"a.example. 300 IN A {text}" for text in ADDRESSES)))


def test_addresses_stay_in_their_order(run_tarn, several):
    assert orders_of(run_tarn(upstreams=[several]), "www.example.") == {tuple(ADDRESSES)}


def test_addresses_are_rotated_where_that_is_wanted(run_tarn, several):
    tarn = run_tarn("--workers", 1, "--rotate-addresses", upstreams=[several])
    turned = {tuple(ADDRESSES[i:] + ADDRESSES[:i]) for i in range(4)}
    assert orders_of(tarn, "www.example.") == turned
    assert several.count() == 1
