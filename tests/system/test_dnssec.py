# SPDX-License-Identifier: BSD-2-Clause
"""DO, CD and AD (RFC 3225, RFC 4035, RFC 6840) between clients, the cache and the upstream."""

import itertools
import subprocess

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from upstream import reply

AD, CD, RD = dns.flags.AD, dns.flags.CD, dns.flags.RD
SIGNATURE = "A 8 2 300 20300101000000 20200101000000 1 example. AAAA"
DENIAL = ["example. 600 IN SOA ns.example. admin.example. 1 7200 900 1209600 30",
          "a.example. 600 IN NSEC z.example. A RRSIG NSEC",
          "a.example. 600 IN RRSIG NSEC 8 2 600 20300101000000 20200101000000 1 example. AAAA"]


def validating(question):
    """An upstream that has validated all answers and adds signatures to each."""
    if question.name.startswith("missing"):
        message = reply(question, rcode=dns.rcode.NXDOMAIN, authority=DENIAL, flags=AD)
    else:
        message = reply(question, f"{question.name} 300 IN A 192.0.2.1",
                        f"{question.name} 300 IN RRSIG {SIGNATURE}", flags=AD)
    message.flags |= question.message.flags & CD
    return message


def ask(tarn, name="a.example.", flags=0, do=False, edns=False, rrtype="A"):
    return tarn.udp(dns.message.make_query(name, rrtype, flags=RD | flags, want_dnssec=do,
                                           use_edns=0 if edns or do else None))


def types(message):
    return {dns.rdatatype.to_text(rrset.rdtype) for rrset in message.answer + message.authority}


WAYS = list(itertools.product([False, True], [0, CD], [0, AD]))


@pytest.mark.parametrize("do,cd,ad", WAYS)
def test_ad_is_for_who_understands_it_from_who_is_trusted(run_tarn, run_upstream, do, cd, ad):
    """RFC 6840 section 5.8: DO or AD in the query; fresh and from the cache."""
    upstream = run_upstream(validating)
    trusting = run_tarn("--trust-ad", upstreams=[upstream])
    wary = run_tarn(upstreams=[upstream])
    for _ in range(2):
        for name in ("a.example.", "missing.example."):
            assert bool(ask(trusting, name, cd | ad, do).flags & AD) == bool(do or ad)
            assert not ask(wary, name, cd | ad, do).flags & AD


def test_what_was_not_validated_has_no_ad(run_tarn, run_upstream):
    def script(question):
        message = validating(question)
        if question.name.startswith("insecure"):
            message.flags &= ~AD
        return message

    tarn = run_tarn("--trust-ad", upstreams=[run_upstream(script)])
    for _ in range(2):
        assert ask(tarn, "a.example.", do=True).flags & AD
        assert not ask(tarn, "insecure.example.", do=True).flags & AD


@pytest.mark.parametrize("do,cd,ad", WAYS)
def test_do_and_cd_go_upstream_and_come_back(run_tarn, run_upstream, do, cd, ad):
    """RFC 4035 section 3.2.2: CD is copied both ways; DO likewise (RFC 3225 section 3)."""
    upstream = run_upstream(validating)
    tarn = run_tarn(upstreams=[upstream])
    for _ in range(2):
        message = ask(tarn, flags=cd | ad, do=do, edns=True)
        assert message.flags & CD == cd
        assert bool(message.ednsflags & dns.flags.DO) == do
        assert ("RRSIG" in types(message)) == do
    assert upstream.count() == 1
    asked = upstream.questions[0].message
    assert asked.flags & CD == cd
    assert bool(asked.ednsflags & dns.flags.DO) == do
    # A server that is not trusted is not asked for AD (RFC 6840 section 5.7).
    assert not asked.flags & AD


def test_each_of_do_and_cd_has_an_entry_of_its_own(run_tarn, run_upstream):
    upstream = run_upstream(validating)
    tarn = run_tarn("--trust-ad", upstreams=[upstream])
    for turn in range(2):
        for do, cd, ad in WAYS:
            ask(tarn, flags=cd | ad, do=do)
    assert upstream.count() == 4


def test_proofs_are_for_who_asks_for_them(run_tarn, run_upstream):
    """RFC 4035 section 3.2.1: no RRSIG and no NSEC without DO, unless that is the question."""
    tarn = run_tarn(upstreams=[run_upstream(validating)])
    for _ in range(2):
        assert types(ask(tarn, "missing.example.", do=True)) == {"SOA", "NSEC", "RRSIG"}
        assert types(ask(tarn, "missing.example.")) == {"SOA"}
        assert types(ask(tarn, rrtype="RRSIG")) == {"RRSIG"}


def test_dig_shows_ad_where_it_is_trusted(run_tarn, run_upstream, tool):
    upstream = run_upstream(validating)
    for options, expected in ((["--trust-ad"], "flags: qr rd ra ad;"), ([], "flags: qr rd ra;")):
        tarn = run_tarn(*options, upstreams=[upstream])
        out = subprocess.run([tool("dig"), "@127.0.0.1", "-p", str(tarn.port), "a.example"],
                             capture_output=True, text=True, timeout=20, check=True).stdout
        assert expected in out


@pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
def test_dig_any_is_one_hinfo(run_tarn, run_upstream, tool, transport):
    """RFC 8482 section 4.2."""
    upstream = run_upstream(validating)
    tarn = run_tarn(upstreams=[upstream])
    out = subprocess.run([tool("dig"), "@127.0.0.1", "-p", str(tarn.port), transport, "a.example",
                          "ANY"], capture_output=True, text=True, timeout=20, check=True).stdout
    assert "ANSWER: 1," in out and 'HINFO\t"RFC8482" ""' in out
    assert upstream.count() == 0
