# SPDX-License-Identifier: BSD-2-Clause
"""Clients over TLS (RFC 7858): real ones, and those that misbehave."""

import contextlib
import os
import re
import ssl
import subprocess
import time

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest

import servers
from servers import Process, Unbound, frame, free_port
from upstream import address

pytest.importorskip("cryptography")
pytest.importorskip("h2")
from encrypted_client import TlsClient, connect, is_closed_within, proxy_header  # noqa: E402

pytestmark = pytest.mark.skipif(not servers.is_built_with("openssl"), reason="built without OpenSSL")

PADDING = 12
HANDSHAKE_SEC = 5
ADDRESSES = {"192.0.2.1", "192.0.2.2"}


def limit(tarn, seconds):
    """The time limit in seconds; it is longer for sanitizers and valgrind."""
    return seconds * 3 if tarn.is_slow else seconds


@pytest.fixture
def connect_tls(cleanup, authority):
    def make(tarn, **options):
        return cleanup.enter_context(TlsClient(tarn.tls_port, authority.file, **options))
    return make


def run(argv, text="", timeout=20):
    done = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=timeout,
                          check=False)
    return done.stdout + done.stderr


def addresses_in(message):
    return {rdata.address for rrset in message.answer for rdata in rrset}


# ---- real clients --------------------------------------------------------------------------------

@pytest.fixture
def kdig(tool, authority):
    program = tool("kdig")

    def ask(tarn, *words):
        return run([program, "@127.0.0.1", "-p", str(tarn.tls_port), "+tls",
                    f"+tls-ca={authority.file}", "+tls-host=dns.test", "+retry=0", *words])
    return ask


def test_kdig(listening, kdig):
    said = kdig(listening, "www.tarn.example", "text.tarn.example", "TXT", "+short", "+keepopen")
    assert ADDRESSES <= set(said.split()) and '"one"' in said


def test_kdig_gets_padding_for_padding(listening, kdig):
    """RFC 8467 section 4.2."""
    said = kdig(listening, "www.tarn.example", "+padding")
    size = int(re.search(r"Received (\d+) B", said)[1])
    assert size % 468 == 0, said
    said = kdig(listening, "www.tarn.example", "+nopadding", "+edns")
    assert int(re.search(r"Received (\d+) B", said)[1]) < 200, said


def test_dnsperf(listening, tool, tmp_path):
    names = tmp_path / "names"
    names.write_text("".join(f"{n}.wild.tarn.example A\n" for n in range(500)))
    said = run([tool("dnsperf"), "-s", "127.0.0.1", "-p", str(listening.tls_port), "-m", "dot",
                "-d", str(names), "-n", "2", "-c", "4", "-q", "50"])
    assert re.search(r"NOERROR 1000 \(100.00%\)", said), said


def s_client(tool, authority, tarn, *words, text="", timeout=10):
    return run([tool("openssl"), "s_client", "-connect", f"127.0.0.1:{tarn.tls_port}",
                "-servername", "dns.test", "-CAfile", authority.file, "-verify_return_error",
                "-verify_hostname", "dns.test", *words], text, timeout)


def test_the_certificate_and_alpn(listening, tool, authority):
    said = s_client(tool, authority, listening, "-alpn", "dot")
    assert "Verify return code: 0 (ok)" in said and "ALPN protocol: dot" in said, said
    assert "No ALPN negotiated" in s_client(tool, authority, listening)
    said = s_client(tool, authority, listening, "-alpn", "http/1.1")
    assert "alert no application protocol" in said, said


@pytest.mark.parametrize("name", ["other.test", None])
def test_a_client_may_ask_for_any_name(listening, tool, authority, name):
    words = ["-servername", name] if name else ["-noservername"]
    said = run([tool("openssl"), "s_client", "-connect", f"127.0.0.1:{listening.tls_port}",
                "-CAfile", authority.file, *words])
    assert "Verify return code: 0 (ok)" in said, said


@pytest.mark.parametrize("version", ["tls1", "tls1_1"])
def test_old_versions_are_refused(listening, tool, authority, version):
    said = s_client(tool, authority, listening, f"-{version}", "-cipher", "DEFAULT:@SECLEVEL=0")
    assert "alert protocol version" in said and "Cipher is (NONE)" in said, said


def test_ciphers_without_forward_secrecy_are_refused(listening, tool, authority):
    """RFC 9325 section 4.1: and those that are no AEAD."""
    for cipher in ("ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA256", "AES128-GCM-SHA256"):
        said = s_client(tool, authority, listening, "-tls1_2", "-cipher", cipher)
        assert "Cipher is (NONE)" in said, said
    said = s_client(tool, authority, listening, "-tls1_2")
    assert "Cipher is ECDHE-ECDSA" in said and "Secure Renegotiation IS supported" in said, said


def test_a_renegotiation_is_not_done(listening, connect_tls, tool, authority):
    process = subprocess.Popen(
        [tool("openssl"), "s_client", "-connect", f"127.0.0.1:{listening.tls_port}", "-tls1_2",
         "-CAfile", authority.file], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    with process:
        time.sleep(0.3)
        process.stdin.write(b"R\n")
        process.stdin.flush()
        time.sleep(0.3)
        process.kill()
        said = process.stdout.read().decode("utf-8", "replace")
    assert "RENEGOTIATING" in said and said.count("verify return") <= 2, said
    assert addresses_in(connect_tls(listening).ask("www.tarn.example.")) == ADDRESSES


@pytest.mark.parametrize("version", ["tls1_2", "tls1_3"])
def test_sessions_are_resumed_by_every_worker(run_listening, nsd, tool, authority, tmp_path,
                                              version):
    tarn = run_listening("--workers", 3, upstreams=[nsd])
    session = tmp_path / "session"
    # s_client waits for the tickets of TLS 1.3 as long as its standard input is open.
    first = subprocess.Popen(
        [tool("openssl"), "s_client", "-connect", f"127.0.0.1:{tarn.tls_port}", f"-{version}",
         "-sess_out", str(session)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True)
    with first:
        deadline = time.monotonic() + 5
        while not session.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        said = first.communicate("Q\n", 5)[0]
    assert "Max Early Data: 0" in said or version == "tls1_2"
    for _ in range(8):
        said = s_client(tool, authority, tarn, f"-{version}", "-sess_in", str(session))
        assert re.search(r"^Reused, TLSv1", said, re.M), said


def test_stubby_in_front(listening, tool, authority, tmp_path, cleanup):
    port = free_port()
    config = tmp_path / "stubby.yml"
    config.write_text(f"""
resolution_type: GETDNS_RESOLUTION_STUB
dns_transport_list: [GETDNS_TRANSPORT_TLS]
tls_authentication: GETDNS_AUTHENTICATION_REQUIRED
tls_query_padding_blocksize: 128
tls_ca_file: "{authority.file}"
round_robin_upstreams: 0
listen_addresses:
  - 127.0.0.1@{port}
upstream_recursive_servers:
  - address_data: 127.0.0.1
    tls_port: {listening.tls_port}
    tls_auth_name: "dns.test"
""")
    stubby = Process([tool("stubby"), "-C", str(config)])
    cleanup.callback(stubby.kill)
    for number in range(5):
        query = dns.message.make_query(f"{number}.wild.tarn.example.", "A")
        assert addresses_in(ask_soon(query, port)) == {"192.0.2.6"}


def ask_soon(query, port):
    """Asks until the server is ready."""
    deadline = time.monotonic() + 5
    while True:
        try:
            return dns.query.udp(query, "127.0.0.1", 1, port)
        except (OSError, dns.exception.Timeout):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_unbound_in_front(listening, tool, authority, tmp_path, cleanup):
    tool("unbound")
    unbound = Unbound(str(tmp_path), "iterator", f"""
server:
	tls-cert-bundle: "{authority.file}"
forward-zone:
	name: "."
	forward-tls-upstream: yes
	forward-addr: 127.0.0.1@{listening.tls_port}#dns.test
""")
    cleanup.callback(unbound.kill)
    for number in range(20):
        query = dns.message.make_query(f"{number}.wild.tarn.example.", "A")
        answer = dns.query.udp(query, unbound.host, 5, unbound.port)
        assert addresses_in(answer) == {"192.0.2.6"}


def test_knot_resolver_in_front(listening, tool, authority, tmp_path, cleanup):
    port = free_port()
    config = tmp_path / "kresd.conf"
    config.write_text(f"""
net.ipv6 = false
net.listen('127.0.0.1', {port}, {{ kind = 'dns' }})
cache.open(10 * MB, 'lmdb://{tmp_path}/cache')
for _, name in ipairs({{'priming', 'ta_update', 'ta_signal_query', 'ta_sentinel',
                       'detect_time_skew', 'detect_time_jump'}}) do
    pcall(modules.unload, name)
end
trust_anchors.remove('.')
policy.add(policy.all(policy.TLS_FORWARD({{{{ '127.0.0.1@{listening.tls_port}',
    hostname = 'dns.test', ca_file = '{authority.file}' }}}})))
""")
    kresd = Process([tool("kresd"), "-n", "-c", str(config), str(tmp_path)])
    cleanup.callback(kresd.kill)
    for number in range(20):
        query = dns.message.make_query(f"{number}.wild.tarn.example.", "A")
        assert addresses_in(ask_soon(query, port)) == {"192.0.2.6"}


def test_dnsdist_in_front(listening, tool, authority, tmp_path, cleanup):
    port = free_port()
    config = tmp_path / "dnsdist.conf"
    config.write_text(f"""
setLocal('127.0.0.1:{port}')
setSecurityPollSuffix('')
newServer({{ address = '127.0.0.1:{listening.tls_port}', tls = 'openssl',
            subjectName = 'dns.test', caStore = '{authority.file}', healthCheckMode = 'up' }})
getServer(0):setUp()
""")
    dnsdist = Process([tool("dnsdist"), "--supervised", "--disable-syslog", "-C", str(config)])
    cleanup.callback(dnsdist.kill)
    for number in range(20):
        query = dns.message.make_query(f"{number}.wild.tarn.example.", "A")
        assert addresses_in(ask_soon(query, port)) == {"192.0.2.6"}


# ---- questions and answers -----------------------------------------------------------------------

def test_a_hundred_questions_of_one_connection(listening, connect_tls):
    client = connect_tls(listening)
    queries = [dns.message.make_query(f"{n}.wild.tarn.example.", "A", id=n) for n in range(100)]
    client.send(*queries)
    answers = [dns.message.from_wire(client.receive()) for _ in queries]
    assert sorted(answer.id for answer in answers) == list(range(100))
    assert all(addresses_in(answer) == {"192.0.2.6"} for answer in answers)


def test_a_slow_question_does_not_hold_up_those_behind_it(run_listening, run_upstream, connect_tls):
    def script(question):
        time.sleep(0.6 if question.name.startswith("slow") else 0)
        return address()(question)

    client = connect_tls(run_listening(upstreams=[run_upstream(script)]))
    client.send(dns.message.make_query("slow.example.", "A", id=1),
                dns.message.make_query("fast.example.", "A", id=2))
    assert [dns.message.from_wire(client.receive()).id for _ in range(2)] == [2, 1]


def test_questions_octet_by_octet(listening, connect_tls):
    client = connect_tls(listening)
    for octet in frame(dns.message.make_query("www.tarn.example.", "A").to_wire()):
        client.sock.sendall(bytes([octet]))
    assert addresses_in(dns.message.from_wire(client.receive())) == ADDRESSES


def test_a_large_answer_is_whole(listening, connect_tls):
    answer = connect_tls(listening).ask("huge.tarn.example.", "TXT", use_edns=0, payload=512)
    assert len(answer.answer[0]) == 290 and not answer.flags & dns.flags.TC


def test_keepalive_is_advertised(listening, connect_tls):
    """RFC 7828 section 3.3.2: to a client that asks."""
    ask = dns.edns.GenericOption(dns.edns.OptionType(11), b"")
    answer = connect_tls(listening).ask("www.tarn.example.", use_edns=0, options=[ask])
    assert [option for option in answer.options if int(option.otype) == 11]


def test_half_a_connection_still_gets_its_answers(run_listening, run_upstream, authority):
    """RFC 8446 section 6.1."""
    tarn = run_listening(upstreams=[run_upstream(address(delay=0.3))])
    with connect(tarn.tls_port) as raw:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = ssl.create_default_context(cafile=authority.file).wrap_bio(
            incoming, outgoing, server_hostname="dns.test")

        def pump(step):
            while True:
                try:
                    return step()
                except ssl.SSLWantReadError:
                    if outgoing.pending:
                        raw.sendall(outgoing.read())
                    octets = raw.recv(65536)
                    assert octets, "closed"
                    incoming.write(octets)

        pump(tls.do_handshake)
        tls.write(frame(dns.message.make_query("a.example.", "A").to_wire()))
        raw.sendall(outgoing.read())
        with contextlib.suppress(ssl.SSLWantReadError):
            tls.unwrap()
        raw.sendall(outgoing.read())
        before, received = time.monotonic(), 0
        with contextlib.suppress(OSError):
            while octets := raw.recv(65536):
                received += len(octets)
        # The answer, a record of its own, comes before the end.
        assert time.monotonic() - before >= 0.2 and received > 60


def test_a_stop_ends_the_connections_of_clients(run_listening, run_upstream, connect_tls):
    tarn = run_listening(upstreams=[run_upstream(address())])
    client = connect_tls(tarn)
    assert client.ask("a.example.").answer
    tarn.stop()
    assert client.sock.recv(1) == b""  # close_notify; without it, this raises


# ---- those who misbehave -------------------------------------------------------------------------

@pytest.mark.parametrize("source,seconds", [("127.0.0.1", 1.5), ("127.9.8.7", 0.5)])
def test_handshakes_that_stall_hold_nobody_up(listening, connect_tls, cleanup, source, seconds):
    """150 of them, of the client itself or of another; they are closed after their time, even if an
    octet comes now and then."""
    hello = bytes.fromhex("1603010200010001fc0303")
    began, stalled = time.monotonic(), []
    for number in range(150):
        with contextlib.suppress(OSError):
            sock = cleanup.enter_context(connect(listening.tls_port, source=source))
            sock.sendall(hello[:number % len(hello)])
            stalled.append(sock)
    for _ in range(3):
        before = time.monotonic()
        assert addresses_in(connect_tls(listening).ask("www.tarn.example.")) == ADDRESSES
        assert time.monotonic() - before < limit(listening, seconds)
    if source != "127.0.0.1":
        return
    trickling = stalled[0]
    while time.monotonic() - began < HANDSHAKE_SEC + 1 and not is_closed_within(trickling, 0.3):
        with contextlib.suppress(OSError):
            trickling.sendall(b"\x16")
    assert all(is_closed_within(sock, max(0.2, began + HANDSHAKE_SEC + 2 - time.monotonic()))
               for sock in stalled)
    assert time.monotonic() - began < HANDSHAKE_SEC + 3


@pytest.mark.parametrize("what", ["dns", "http", "noise", "alert", "sslv2"])
def test_what_is_no_tls_ends_the_connection(listening, connect_tls, what):
    octets = {
        "dns": frame(dns.message.make_query("www.tarn.example.", "A").to_wire()),
        "http": b"GET /dns-query HTTP/1.1\r\nHost: dns.test\r\n\r\n",
        "noise": os.urandom(300).replace(b"\x16", b"\x17"),
        "alert": bytes.fromhex("15030300020228"),
        "sslv2": bytes.fromhex("802e0100020015000000100700c0030080010080060040040080020080"
                               "00000000000000000000000000000000000000"),
    }[what]
    lines = len(listening.lines)
    with connect(listening.tls_port) as sock:
        sock.sendall(octets)
        # Of what looks like the length of a record the rest is waited for.
        assert is_closed_within(sock, HANDSHAKE_SEC + 1)
    assert addresses_in(connect_tls(listening).ask("www.tarn.example.")) == ADDRESSES
    assert listening.lines[lines:] == []


def test_those_who_do_not_read_have_bounded_memory(listening, connect_tls):
    """400 questions for answers of 60 KB on each of ten connections."""
    assert connect_tls(listening).ask("huge.tarn.example.", "TXT").answer
    before = listening.memory()
    for _ in range(10):
        client = connect_tls(listening, receive_buffer=4096)
        client.sock.settimeout(0.1)
        with contextlib.suppress(OSError, TimeoutError):
            client.send(*[dns.message.make_query("huge.tarn.example.", "TXT", id=n)
                          for n in range(400)])
    other = connect_tls(listening)
    for _ in range(5):
        began = time.monotonic()
        assert addresses_in(other.ask("www.tarn.example.")) == ADDRESSES
        assert time.monotonic() - began < limit(listening, 0.5)
    assert listening.is_slow or listening.memory() - before < 10240


def test_many_handshakes_leave_no_memory(listening, authority):
    """Of many clients: one may begin fifty, and then ten a second."""
    for number in range(200):
        if number == 50:
            before = listening.memory()
        with TlsClient(listening.tls_port, authority.file, source=f"127.1.{number}.1") as client:
            assert client.ask("www.tarn.example.").answer
    assert listening.is_slow or listening.memory() - before < 1024


@pytest.mark.parametrize("octets", [b"\0\0", b"\0\1x", b"\0\x0b" + b"x" * 11])
def test_a_frame_that_is_no_message_harms_only_its_connection(listening, connect_tls, octets):
    client = connect_tls(listening)
    client.sock.sendall(octets)
    with contextlib.suppress(OSError, EOFError, AssertionError):
        client.ask("www.tarn.example.")
    assert addresses_in(connect_tls(listening).ask("www.tarn.example.")) == ADDRESSES


# ---- behind a proxy ------------------------------------------------------------------------------

def test_the_address_that_a_proxy_gives_is_the_client(run_listening, nsd, connect_tls, tmp_path):
    """PROXY protocol, version 2."""
    log = tmp_path / "queries"
    tarn = run_listening("--query-log", log, lines='proxies = "127.0.0.0/8"', upstreams=[nsd])
    client = connect_tls(tarn, prefix=proxy_header("10.1.2.3"))
    assert addresses_in(client.ask("www.tarn.example.")) == ADDRESSES
    deadline = time.monotonic() + 3
    while "10.1.2.3" not in (log.read_text() if log.exists() else ""):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_client_of_a_proxy_may_be_one_who_may_not_ask(run_listening, nsd, connect_tls):
    tarn = run_listening(lines='proxies = "127.0.0.0/8"', upstreams=[nsd])
    with contextlib.suppress(OSError, EOFError):
        client = connect_tls(tarn, prefix=proxy_header("198.51.100.1"))
        assert client.ask("www.tarn.example.").rcode() == dns.rcode.REFUSED
    client = connect_tls(tarn, prefix=proxy_header("198.51.100.1", is_local=True))
    assert addresses_in(client.ask("www.tarn.example.")) == ADDRESSES


def test_a_header_of_nobodys_proxy_is_refused(listening, connect_tls):
    with pytest.raises(OSError):
        connect_tls(listening, prefix=proxy_header("10.1.2.3"))


def test_a_proxy_without_a_header_is_refused(run_listening, nsd, connect_tls):
    tarn = run_listening(lines='proxies = "127.0.0.0/8"', upstreams=[nsd])
    with pytest.raises(OSError):
        connect_tls(tarn)
