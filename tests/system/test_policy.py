# SPDX-License-Identifier: BSD-2-Clause
"""The access list, the server's own names, and questions that are never forwarded."""

import ctypes
import os
import random
import signal
import socket
import subprocess
import time

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import pytest

import servers
from servers import has_ipv6
from upstream import address

CLONE_NEWNET = 0x40000000
STRANGERS = ["203.0.113.7"] + (["2001:db8::7"] if has_ipv6() else [])
NEIGHBOURS = ["10.0.0.7", "172.16.0.7", "172.31.255.7", "192.168.0.7", "100.64.0.7",
              "169.254.0.7"] + (["fd00::7"] if has_ipv6() else [])


@pytest.fixture
def network(cleanup, tool):
    """What the test starts and opens is in a network of its own, which has all those addresses."""
    ip, libc = tool("ip"), ctypes.CDLL(None, use_errno=True)
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    cleanup.callback(os.close, home)
    if libc.unshare(CLONE_NEWNET) != 0:
        pytest.skip(f"a network namespace: {os.strerror(ctypes.get_errno())}")
    cleanup.callback(libc.setns, home, CLONE_NEWNET)
    subprocess.run([ip, "link", "set", "lo", "up"], check=True)
    for host in STRANGERS + NEIGHBOURS:
        length = "128" if ":" in host else "32"
        subprocess.run([ip, "address", "add", f"{host}/{length}", "dev", "lo"], check=True)


@pytest.fixture
def upstream(run_upstream):
    return run_upstream(address())


@pytest.fixture
def open_tarn(network, run_tarn, run_upstream):
    """tarn on all addresses of that network, and its upstream."""
    def run(*args):
        upstream = run_upstream(address())
        listen = ["0.0.0.0:0"] + (["[::]:0"] if has_ipv6() else [])
        return run_tarn(*args, upstreams=[upstream], listen=listen), upstream
    return run


def ask_from(tarn, source, question, way=dns.query.udp):
    """The answer to a client at that address, from tarn at the same address."""
    port = tarn.ports["::" if ":" in source else "0.0.0.0"]
    return way(question, source, 10, port, source=source)


def extended_errors(message):
    return [option.code for option in message.options if option.otype == dns.edns.EDE]


# ---- who is answered (RFC 5358) ------------------------------------------------------------------

@pytest.mark.parametrize("way", [dns.query.udp, dns.query.tcp])
def test_a_stranger_is_refused(open_tarn, way):
    tarn, upstream = open_tarn()
    for source in STRANGERS:
        for name, rrtype, rdclass in (("a.example.", "A", "IN"), ("localhost.", "A", "IN"),
                                      ("a.example.", "ANY", "IN"), ("version.bind.", "TXT", "CH")):
            question = dns.message.make_query(name, rrtype, rdclass, use_edns=0)
            reply = ask_from(tarn, source, question, way)
            assert reply.rcode() == dns.rcode.REFUSED
            # Over UDP there is no room for the reason: no reply is longer than its question.
            assert extended_errors(reply) == ([18] if way == dns.query.tcp else [])
            assert not reply.answer and not reply.authority
    assert upstream.count() == 0


def exchange(tarn, source, wire, way):
    """The octets of the reply to a client at that address."""
    port = tarn.ports["::" if ":" in source else "0.0.0.0"]
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM if way == "udp" else socket.SOCK_STREAM) as sock:
        sock.settimeout(10)
        sock.bind((source, 0))
        sock.connect((source, port))
        sock.sendall(wire if way == "udp" else servers.frame(wire))
        return sock.recv(65535) if way == "udp" else servers.recv_frame(sock)


@pytest.mark.parametrize("way", ["udp", "tcp"])
def test_a_stranger_is_refused_whatever_is_wrong_with_his_message(open_tarn, way):
    """And over UDP in no more octets than were sent."""
    tarn, upstream = open_tarn()
    chance = random.Random(4)
    cookie = dns.edns.GenericOption(dns.edns.OptionType.COOKIE, b"12345678")
    good = [dns.message.make_query("www.example.", "A", **options).to_wire()
            for options in ({}, {"use_edns": 0}, {"use_edns": 0, "options": [cookie]})]
    wires = good + [wire[:length] for wire in good for length in range(12, len(wire))]
    for _ in range(300):
        wire = bytearray(chance.choice(good))
        for _ in range(chance.randint(1, 6)):
            wire[chance.randrange(2, len(wire))] = chance.randrange(256)
        wire[2] &= 0x7f
        wires.append(bytes(wire))
    for number, wire in enumerate(wires):
        reply = exchange(tarn, STRANGERS[number % len(STRANGERS)], wire, way)
        assert reply[:2] == wire[:2]
        assert (reply[2] & 0x80, reply[3] & 0x0f) == (0x80, dns.rcode.REFUSED)
        assert way == "tcp" or len(reply) <= len(wire)
    assert upstream.count() == 0


def test_a_stranger_is_told_to_close_the_connection(open_tarn):
    """RFC 7828 section 3.4: a keepalive of 0."""
    tarn, _ = open_tarn()
    option = dns.edns.GenericOption(11, b"")
    question = dns.message.make_query("a.example.", "A", use_edns=0, options=[option])
    reply = ask_from(tarn, STRANGERS[0], question, dns.query.tcp)
    assert [option.to_wire() for option in reply.options if option.otype == 11] == [b"\0\0"]


def test_strangers_take_no_tcp_places(open_tarn, tool, cleanup):
    """More of them than there are places, each with half a question; clients on the list are answered at once."""
    hosts = [f"203.0.113.{number}" for number in range(8, 13)]
    tarn, _ = open_tarn("--workers", 1)
    for host in hosts:
        subprocess.run([tool("ip"), "address", "add", f"{host}/32", "dev", "lo"], check=True)
    half = servers.frame(dns.message.make_query("a.example.", "A").to_wire())[:9]
    for _ in range(250):
        for host in hosts:
            sock = socket.create_connection((host, tarn.port), 10, (host, 0))
            cleanup.callback(sock.close)
            sock.send(half)
    began = time.monotonic()
    question = dns.message.make_query("a.example.", "A")
    assert ask_from(tarn, NEIGHBOURS[0], question, dns.query.tcp).answer
    assert time.monotonic() - began < 2
    assert ask_from(tarn, hosts[0], question, dns.query.tcp).rcode() == dns.rcode.REFUSED


def test_a_reload_takes_the_places_of_those_who_may_not_ask_any_more(network, run_tarn, run_upstream,
                                                                     tmp_path):
    upstream = run_upstream(address())
    config = tmp_path / "tarn.conf"
    config.write_text('access { allow = "203.0.113.0/24" }\n')
    tarn = run_tarn("--config", config, upstreams=[upstream], listen=["0.0.0.0:0"])
    socks = [socket.create_connection((host, tarn.port), 10, (host, 0))
             for host in (STRANGERS[0], "127.0.0.1")]
    for sock in socks:
        sock.sendall(servers.frame(dns.message.make_query("a.example.", "A").to_wire()))
        assert dns.message.from_wire(servers.recv_frame(sock)).answer
    config.write_text('access { allow = "198.51.100.0/24" }\n')
    tarn.child.send_signal(signal.SIGHUP)
    assert socks[0].recv(1) == b""
    socks[1].sendall(servers.frame(dns.message.make_query("a.example.", "A").to_wire()))
    assert dns.message.from_wire(servers.recv_frame(socks[1])).answer
    for sock in socks:
        sock.close()


def test_a_stranger_is_refused_what_the_cache_has(open_tarn):
    tarn, upstream = open_tarn()
    question = dns.message.make_query("a.example.", "A")
    assert ask_from(tarn, NEIGHBOURS[0], question).answer
    for flags in (dns.flags.RD, 0):
        question.flags = flags
        for source in STRANGERS:
            reply = ask_from(tarn, source, question)
            assert reply.rcode() == dns.rcode.REFUSED
            assert not reply.answer
            assert reply.edns < 0
    assert upstream.count() == 1


@pytest.mark.parametrize("way", [dns.query.udp, dns.query.tcp])
def test_neighbours_are_answered_by_default(open_tarn, way):
    tarn, _ = open_tarn()
    for source in NEIGHBOURS:
        assert ask_from(tarn, source, dns.message.make_query("a.example.", "A"), way).answer


def test_those_who_are_allowed_are_answered_instead(open_tarn):
    tarn, upstream = open_tarn("--allow", "203.0.113.0/29", "--allow", "2001:db8::7")
    question = dns.message.make_query("a.example.", "A")
    for source in STRANGERS:
        assert ask_from(tarn, source, question).answer
    for source in NEIGHBOURS:
        assert ask_from(tarn, source, question).rcode() == dns.rcode.REFUSED
    for source in ["127.0.0.1", "127.0.0.53"] + (["::1"] if has_ipv6() else []):
        assert ask_from(tarn, source, question).answer
    assert upstream.count() == 1


def test_the_end_of_a_network_is_its_end(open_tarn):
    tarn, _ = open_tarn("--allow", "203.0.113.0/30", "--allow", "172.16.0.0/15")
    question = dns.message.make_query("a.example.", "A")
    assert ask_from(tarn, "203.0.113.7", question).rcode() == dns.rcode.REFUSED
    assert ask_from(tarn, "172.16.0.7", question).answer
    assert ask_from(tarn, "172.31.255.7", question).rcode() == dns.rcode.REFUSED


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 loopback on this machine")
def test_nobody_comes_as_an_ipv4_mapped_address(network, run_tarn, upstream):
    """A socket on :: is of IPv6 alone."""
    tarn = run_tarn("--allow", "::/0", upstreams=[upstream], listen=["[::]:0"])
    wire = dns.message.make_query("a.example.", "A").to_wire()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(10)
        sock.connect(("203.0.113.7", tarn.port))
        sock.send(wire)
        with pytest.raises(ConnectionRefusedError):
            sock.recv(512)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("203.0.113.7", tarn.port), 10)
    assert ask_from(tarn, "2001:db8::7", dns.message.make_query("a.example.", "A")).answer


@pytest.mark.parametrize("network_text", ["", "10.0.0.0/33", "10.0.0.1/8", "ten", "10.0.0.0:53"])
def test_what_is_no_network_cannot_be_allowed(network_text):
    result = servers.run_tarn("--allow", network_text)
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    assert "--allow" in result.stderr


# ---- class CH (RFC 4892) -------------------------------------------------------------------------

def chaos(name, rrtype="TXT"):
    return dns.message.make_query(name, rrtype, dns.rdataclass.CH)


def version_text():
    return servers.run_tarn("--version").stdout.split()[1]


@pytest.mark.parametrize("rrtype", ["TXT", "ANY"])
def test_the_server_says_what_and_who_it_is(run_tarn, upstream, rrtype):
    tarn = run_tarn(upstreams=[upstream])
    for name, text in (("version.bind.", f"tarn {version_text()}"),
                       ("version.server.", f"tarn {version_text()}"),
                       ("id.server.", socket.gethostname()),
                       ("Hostname.Bind.", socket.gethostname())):
        for ask in (tarn.udp, tarn.tcp):
            reply = ask(chaos(name, rrtype))
            assert reply.answer[0].to_text() == f'{name} 0 CH TXT "{text}"'
            assert reply.flags & dns.flags.AA
    assert upstream.count() == 0


def test_the_server_may_hide_it(run_tarn, upstream):
    tarn = run_tarn("--hide-identity", upstreams=[upstream])
    for name in ("version.bind.", "version.server.", "id.server.", "hostname.bind."):
        for ask in (tarn.udp, tarn.tcp):
            reply = ask(chaos(name))
            assert reply.rcode() == dns.rcode.REFUSED
            assert not reply.answer
    assert upstream.count() == 0


@pytest.mark.parametrize("name,rrtype", [("version.bind.", "A"), ("authors.bind.", "TXT"),
                                         ("a.version.bind.", "TXT"), (".", "NS"),
                                         ("www.example.", "A"), ("localhost.", "A")])
def test_other_questions_of_class_ch_are_refused(run_tarn, upstream, name, rrtype):
    tarn = run_tarn(upstreams=[upstream])
    for ask in (tarn.udp, tarn.tcp):
        assert ask(chaos(name, rrtype)).rcode() == dns.rcode.REFUSED
    assert upstream.count() == 0


def test_classes_do_not_mix(run_tarn, upstream):
    tarn = run_tarn(upstreams=[upstream])
    for _ in range(2):
        assert tarn.ask("version.bind.", "A").answer
        assert tarn.udp(chaos("version.bind.", "A")).rcode() == dns.rcode.REFUSED
        assert tarn.udp(chaos("version.bind.")).answer[0].rdclass == dns.rdataclass.CH
    assert upstream.count() == 1


def test_dig_says_it_as_well(run_tarn, upstream, tool):
    tarn = run_tarn(upstreams=[upstream])
    out = subprocess.run([tool("dig"), "@127.0.0.1", "-p", str(tarn.port), "+short", "CH", "TXT",
                          "version.bind"], capture_output=True, text=True, check=True, timeout=20)
    assert out.stdout == f'"tarn {version_text()}"\n'


# ---- ANY (RFC 8482) ------------------------------------------------------------------------------

@pytest.mark.parametrize("options", [{}, {"use_edns": 0}, {"want_dnssec": True}])
def test_any_is_one_hinfo(run_tarn, upstream, options):
    tarn = run_tarn(upstreams=[upstream])
    for _ in ("before", "after"):
        for flags in (dns.flags.RD, 0):
            for ask in (tarn.udp, tarn.tcp):
                question = dns.message.make_query("Www.Example.", "ANY", **options)
                question.flags = flags
                reply = ask(question)
                assert [rrset.to_text() for rrset in reply.answer] == \
                    ['Www.Example. 3600 IN HINFO "RFC8482" ""']
                assert not reply.authority
                assert not reply.flags & (dns.flags.AA | dns.flags.TC)
        tarn.ask("www.example.")
    assert [question.type for question in upstream.questions] == ["A"]
