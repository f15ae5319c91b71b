# SPDX-License-Identifier: BSD-2-Clause
"""Zones with servers of their own: which servers are asked, from which source, and silence."""

import shutil
import subprocess

import dns.flags
import dns.rcode
import pytest

from client import Client
from netns import MACHINE, SERVERS, ip
from servers import SignedZone
from upstream import address, reply, silence

NOBODY_WAITS_LONGER = 1.0  # while the zone's own server lives
CLIENT_DEADLINE = 4.6  # SERVFAIL by then


@pytest.fixture
def run_zones(run_tarn, tmp_path):
    """Runs tarn with these sections, whose %s are the addresses of the servers given."""
    def run(text, *servers, **options):
        path = tmp_path / "tarn.conf"
        path.write_text(text % tuple(f'"{server.address}"' for server in servers))
        return run_tarn("--workers", 2, "--config", path, **options)
    return run


def limit(tarn, seconds):
    return seconds * 5 if tarn.is_slow else seconds


def value(reply):
    return reply.answer[0][0].to_text()


def test_the_longest_zone_is_asked_and_nobody_else(run_zones, run_upstream):
    root, corp, lab = (run_upstream(address(value=f"192.0.2.{i}")) for i in range(3))
    tarn = run_zones('upstream = {%s}\n'
                     'forward "corp.example" { upstream = {%s} }\n'
                     'forward "lab.corp.example" { upstream = {%s} }\n'
                     'forward "10.0.0.0/8" { upstream = {%s} }\n', root, corp, lab, corp)
    asked = {"www.example.": 0, "notcorp.example.": 0, "corp.example.": 1, "a.CORP.example.": 1,
             "lab.corp.example.": 2, "a.b.lab.corp.example.": 2, "1.2.3.10.in-addr.arpa.": 1}
    for name, number in asked.items():
        assert value(tarn.ask(name)) == f"192.0.2.{number}"
    for number, server in enumerate((root, corp, lab)):
        assert {question.name for question in server.questions} == {
            name.lower() for name, who in asked.items() if who == number}


NETWORKS = ['forward "172.16.0.0/12" { upstream = {%s} }\n',
            'forward "172.20.0.0/16" { upstream = {%s} }\n']


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["shorter first", "longer first"])
def test_the_longer_prefix_has_what_two_networks_share(run_zones, run_upstream, order):
    servers = [run_upstream(address(value=f"192.0.2.{i}")) for i in range(3)]
    tarn = run_zones("upstream = {%s}\n" + "".join(NETWORKS[i] for i in order),
                     servers[2], *(servers[i] for i in order))
    asked = {"1.19.172": 0, "1.20.172": 1, "20.172": 1, "1.21.172": 0, "1.32.172": 2}
    for name, number in asked.items():
        assert value(tarn.ask(f"{name}.in-addr.arpa.")) == f"192.0.2.{number}"


def test_a_zone_that_is_never_forwarded_is_empty(run_zones, run_upstream):
    root = run_upstream(address())
    tarn = run_zones('upstream = {%s}\n'
                     'forward "ads.example" { upstream = {} }\n', root)
    assert tarn.ask("a.ads.example.").rcode() == dns.rcode.NXDOMAIN
    apex = tarn.ask("ads.example.", use_edns=0)
    assert apex.rcode() == dns.rcode.NOERROR and not apex.answer and apex.authority
    assert [(int(option.code), option.text) for option in apex.options] == [
        (15, "this zone is not forwarded")]
    assert root.count() == 0
    assert tarn.ask("example.").answer


def test_a_dead_zone_is_its_own_trouble(run_zones, run_upstream, cleanup):
    """A storm of questions for it, all of which fail: the others notice nothing."""
    root, dead = run_upstream(address()), run_upstream(silence)
    tarn = run_zones('upstream = {%s}\n'
                     'forward "corp.example" { upstream = {%s} }\n', root, dead)
    storm = cleanup.enter_context(Client(tarn.host, tarn.port))
    client = cleanup.enter_context(Client(tarn.host, tarn.port))
    failing = storm.send_for(0.3, 1000, lambda number: f"n{number}.corp.example.")
    good = client.send_for(0.3, 100, lambda number: f"n{number}.example.")
    assert not client.wait(good)
    assert all(asked.is_good for asked in good)
    assert max(asked.seconds for asked in good) < limit(tarn, NOBODY_WAITS_LONGER)
    assert not storm.wait(failing)
    assert all(asked.rcode == dns.rcode.SERVFAIL for asked in failing)
    assert max(asked.seconds for asked in failing) < limit(tarn, CLIENT_DEADLINE)
    assert not any("corp.example" in question.name for question in root.questions)
    assert not any("corp.example" not in question.name for question in dead.questions)


def test_questions_come_from_the_source_address(run_zones, run_upstream):
    root, corp = run_upstream(address()), run_upstream(address())
    corp.script = lambda question: (address()(question) if question.transport == "tcp"
                                    else truncated(question))
    tarn = run_zones('upstream = {%s}\n'
                     'source = {127.0.0.5}\n'
                     'forward "corp.example" { upstream = {%s} source = {127.0.0.6} }\n',
                     root, corp)
    assert tarn.ask("www.example.").answer
    assert tarn.ask("www.corp.example.").answer
    assert {question.host for question in root.questions} == {"127.0.0.5"}
    assert {(question.host, question.transport) for question in corp.questions} == {
        ("127.0.0.6", "udp"), ("127.0.0.6", "tcp")}


def truncated(question):
    reply = address()(question)
    reply.answer.clear()
    reply.flags |= dns.flags.TC
    return reply


# ---- a client that validates ---------------------------------------------------------------------

@pytest.fixture
def run_signed(cleanup, tmp_path):
    """Serves and signs a zone with these records, if there is a Knot DNS."""
    def run(zone, *records):
        if not shutil.which("knotd", path="/usr/sbin:/usr/bin"):
            pytest.skip("no knotd on this machine")
        directory = tmp_path / zone
        directory.mkdir()
        server = SignedZone(str(directory), zone, records)
        cleanup.callback(server.kill)
        return server
    return run


@pytest.fixture
def delv(tool, tmp_path):
    """The output of delv for a name, with the key of a signed zone as its anchor."""
    def ask(tarn, anchor, name):
        path = tmp_path / "anchors"
        flags, protocol, algorithm, *key = anchor.key().to_text().split()
        path.write_text(f'trust-anchors {{ "{anchor.zone}." static-key {flags} {protocol} '
                        f'{algorithm} "{" ".join(key)}"; }};\n')
        return subprocess.run([tool("delv"), "@127.0.0.1", "-p", str(tarn.port), "-a", str(path),
                               f"+root={anchor.zone}", name, "A"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False, timeout=30).stdout
    return ask


@pytest.mark.parametrize("name,expected", [
    ("www.corp.example", "; fully validated"),
    ("corp.example", "; fully validated"),
    ("missing.corp.example", "; negative response, fully validated"),
    ("www.lab.example", "; unsigned answer"),
    ("ads.example", "; negative response, unsigned answer"),
    ("no.ads.example", "; negative response, unsigned answer"),
])
def test_a_validating_client_finds_its_way_into_a_zone(run_zones, run_signed, run_upstream, delv,
                                                       name, expected):
    """RFC 4035 section 3.1.4.1: the DS is the parent's, or its proof that there is none."""
    corp = run_signed("corp.example", "@ A 192.0.2.1", "www A 192.0.2.2")
    lab = run_upstream(address(value="192.0.2.3"))
    parent = run_signed("example", *corp.delegation(), "lab NS ns.lab", "ads NS ns.ads")
    tarn = run_zones('upstream = {%s}\n'
                     'forward "corp.example" { upstream = {%s} }\n'
                     'forward "lab.example" { upstream = {%s} }\n'
                     'forward "ads.example" { upstream = {} }\n', parent, corp, lab)
    out = delv(tarn, parent, name)
    assert expected in out.splitlines(), out


# ---- chains of CNAMEs ----------------------------------------------------------------------------

def test_a_chain_out_of_a_zone_is_followed_if_it_says_so(run_zones, run_signed, delv):
    """Its server knows nothing else. A client that validates finds all of the chain signed."""
    corp = run_signed("corp.example", "www CNAME web", "web CNAME www.example.",
                      "gone CNAME missing.example.")
    parent = run_signed("example", *corp.delegation(), "www A 192.0.2.1")
    text = 'upstream = {%%s}\nforward "corp.example" { upstream = {%%s} follow-cnames = %s }\n'
    tarn = run_zones(text % "yes", parent, corp)
    for _ in range(2):
        answer = tarn.ask("www.corp.example.").answer
        assert [rrset.to_text().split()[3:] for rrset in answer] == [
            ["CNAME", "web.corp.example."], ["CNAME", "www.example."], ["A", "192.0.2.1"]]
        assert tarn.ask("gone.corp.example.").rcode() == dns.rcode.NXDOMAIN
    assert "; fully validated" in delv(tarn, parent, "www.corp.example").splitlines()
    assert "ncache nxdomain\n; fully validated\n" in delv(tarn, parent, "gone.corp.example")
    tarn = run_zones(text % "no", parent, corp)
    assert [rrset.to_text().split()[3] for rrset in tarn.ask("www.corp.example.").answer] == [
        "CNAME", "CNAME"]


def test_chains_that_lead_in_a_circle_fail_at_once(run_zones, run_upstream):
    """Through two zones, and in all workers at the same time: no lookup waits for itself."""
    def to(zone):
        return lambda question: reply(question, f"{question.name} 300 IN CNAME "
                                                f"{question.name.split('.')[0]}.{zone}.example.")
    one, two = run_upstream(to("two")), run_upstream(to("one"))
    tarn = run_zones('upstream = {%s}\n'
                     'forward "one.example" { upstream = {%s} follow-cnames = yes }\n'
                     'forward "two.example" { upstream = {%s} follow-cnames = yes }\n', one, one, two)
    with Client(tarn.host, tarn.port) as client:
        for number in range(50):
            client.send(f"n{number}.one.example.")
            client.send(f"n{number}.two.example.")
        assert not client.wait()
        assert {asked.rcode for asked in client.questions} == {dns.rcode.SERVFAIL}
        assert max(asked.seconds for asked in client.questions) < limit(tarn, NOBODY_WAITS_LONGER)


# ---- an interface of its own ---------------------------------------------------------------------

def test_an_interface_that_is_not_there_yet_is_a_server_out_of_reach(network, run_zones,
                                                                     run_upstream):
    """Its zone fails meanwhile, at once, and is good as soon as it is there."""
    with network.beyond.inside():
        corp = run_upstream(address(value="192.0.2.7"), host=SERVERS[0], port=53)
    root = run_upstream(address())
    ip("link set wire down")
    ip("link set wire name later")
    tarn = run_zones('upstream = {%s}\n'
                     'forward "corp.example" { upstream = {%s} interface = wire }\n',
                     root, corp, listen=["127.0.0.1:0"])
    assert tarn.ask("www.example.").answer
    assert tarn.ask("www.corp.example.").rcode() == dns.rcode.SERVFAIL
    assert tarn.ask("www.example.").answer
    ip("link set later name wire")
    ip("link set wire up")
    with Client(tarn.host, tarn.port) as client:
        client.first_good(lambda number: f"n{number}.corp.example.")
    assert {question.host for question in corp.questions} == {MACHINE}
    assert not any("corp" in question.name for question in root.questions)
