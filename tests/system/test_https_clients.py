# SPDX-License-Identifier: BSD-2-Clause
"""Clients over HTTPS (RFC 8484 on RFC 9113): real ones, and those that misbehave."""

import base64
import contextlib
import re
import ssl
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import dns.flags
import dns.message
import dns.rcode
import pytest

import servers
from servers import Process, free_port
from upstream import address, failure

pytest.importorskip("cryptography")
pytest.importorskip("h2")
from hyperframe import frame as frames  # noqa: E402

from encrypted_client import (MESSAGE, HttpsClient, connect, is_closed_within,  # noqa: E402
                              make_context, proxy_header)

pytestmark = pytest.mark.skipif(not servers.is_built_with("nghttp2"), reason="built without nghttp2")

ADDRESSES = {"192.0.2.1", "192.0.2.2"}
ENHANCE_YOUR_CALM = 11


def limit(tarn, seconds):
    """The time limit in seconds; it is longer for sanitizers and valgrind."""
    return seconds * 3 if tarn.is_slow else seconds


@pytest.fixture
def connect_https(cleanup, authority):
    def make(tarn, **options):
        return cleanup.enter_context(HttpsClient(tarn.https_port, authority.file, **options))
    return make


def run(argv, timeout=20):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=timeout, check=False)
    return done.stdout + done.stderr


def addresses_in(message):
    return {rdata.address for rrset in message.answer for rdata in rrset}


def query(name="www.tarn.example.", rrtype="A", **options):
    return dns.message.make_query(name, rrtype, **options).to_wire()


def encoded(wire):
    return base64.urlsafe_b64encode(wire).rstrip(b"=").decode("ascii")


# ---- real clients --------------------------------------------------------------------------------

@pytest.mark.parametrize("over", ["https", "https-get"])
def test_kdig(listening, tool, authority, over):
    said = run([tool("kdig"), "@127.0.0.1", "-p", str(listening.https_port), f"+{over}",
                f"+tls-ca={authority.file}", "+tls-host=dns.test", "+retry=0", "+padding",
                "www.tarn.example"])
    assert all(value in said for value in ADDRESSES), said
    assert int(re.search(r"Received (\d+) B", said)[1]) % 468 == 0, said


def test_dnsperf(listening, tool, tmp_path):
    """One question at a time: dnsperf 2.10 leaves what comes behind a response for the next event,
    and waits 40 ms between the header and the body of a POST."""
    for method, count in (("GET", 200), ("POST", 5)):
        names = tmp_path / "names"
        names.write_text("".join(f"{n}.wild.tarn.example A\n" for n in range(count)))
        said = run([tool("dnsperf"), "-s", "127.0.0.1", "-p", str(listening.https_port),
                    "-m", "doh", "-O", f"doh-uri=https://127.0.0.1:{listening.https_port}/dns-query",
                    "-O", f"doh-method={method}", "-d", str(names), "-c", "1", "-q", "1"])
        assert re.search(rf"NOERROR {count} \(100.00%\)", said), said


def test_h2load(listening, tool, tmp_path):
    body = tmp_path / "query"
    body.write_bytes(query())
    said = run([tool("h2load"), "-n", "1000", "-c", "4", "-m", "20", "-d", str(body),
                "-H", f"content-type: {MESSAGE}",
                f"https://127.0.0.1:{listening.https_port}/dns-query"])
    assert "1000 succeeded, 0 failed" in said and "status codes: 1000 2xx" in said, said


def test_curl_looks_names_up(listening, tool, authority, cleanup):
    """ns.tarn.example is this machine, where a web server is."""
    class Hello(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, *_words):
            pass

    web = HTTPServer(("127.0.0.1", 0), Hello)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    cleanup.callback(web.server_close)
    cleanup.callback(web.shutdown)
    said = run([tool("curl"), "-sS", "-m", "5", "--cacert", authority.file, "--doh-url",
                f"https://127.0.0.1:{listening.https_port}/dns-query",
                f"http://ns.tarn.example:{web.server_port}/"])
    assert said == "hello"


def test_curl_posts(listening, tool, authority, tmp_path):
    body = tmp_path / "query"
    body.write_bytes(query(id=0))
    reply_ = tmp_path / "reply"
    said = run([tool("curl"), "-sS", "-m", "5", "-o", str(reply_), "-D", "-",
                "--cacert", authority.file, "--data-binary", f"@{body}",
                "-H", f"content-type: {MESSAGE}",
                f"https://127.0.0.1:{listening.https_port}/dns-query"])
    assert said.startswith("HTTP/2 200"), said
    assert addresses_in(dns.message.from_wire(reply_.read_bytes())) == ADDRESSES


@pytest.mark.parametrize("size", [100, 60000])
def test_curl_sees_the_status_of_a_refusal(listening, tool, authority, tmp_path, size):
    body = tmp_path / "query"
    body.write_bytes(b"x" * size)
    for path, type_, status in (("dns-query", "text/plain", 415), ("other", MESSAGE, 404)):
        said = run([tool("curl"), "-sS", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}",
                    "--cacert", authority.file, "--data-binary", f"@{body}",
                    "-H", f"content-type: {type_}",
                    f"https://127.0.0.1:{listening.https_port}/{path}"])
        assert said == str(status)


def test_dnsdist_in_front(listening, tool, authority, tmp_path, cleanup):
    port = free_port()
    config = tmp_path / "dnsdist.conf"
    config.write_text(f"""
setLocal('127.0.0.1:{port}')
setSecurityPollSuffix('')
newServer({{ address = '127.0.0.1:{listening.https_port}', tls = 'openssl',
            subjectName = 'dns.test', caStore = '{authority.file}', dohPath = '/dns-query',
            healthCheckMode = 'up' }})
getServer(0):setUp()
""")
    dnsdist = Process([tool("dnsdist"), "--supervised", "--disable-syslog", "-C", str(config)])
    cleanup.callback(dnsdist.kill)
    deadline = time.monotonic() + 5
    number = 0
    while number < 20:
        try:
            answer = dns.query.udp(dns.message.make_query(f"{number}.wild.tarn.example.", "A"),
                                   "127.0.0.1", 1, port)
            assert addresses_in(answer) == {"192.0.2.6"}
            number += 1
        except (OSError, dns.exception.Timeout):
            assert time.monotonic() < deadline, dnsdist.log
            time.sleep(0.05)


# ---- requests and responses ----------------------------------------------------------------------

def test_post_and_get(listening, connect_https):
    """RFC 8484 section 4.1; the id comes back."""
    client = connect_https(listening)
    for response in (client.exchange(query(id=4711)),
                     client.exchange(method="GET", path="/dns-query?dns=" + encoded(query(id=4711))),
                     client.exchange(method="GET",
                                     path="/dns-query?a=b&dns=" + encoded(query(id=4711)) + "&c")):
        assert response.status == 200
        assert response.headers["content-type"] == MESSAGE
        assert int(response.headers["content-length"]) == len(response.body)
        assert "server" not in response.headers
        assert response.message.id == 4711 and addresses_in(response.message) == ADDRESSES


STATUSES = {
    "another path": (dict(path="/other"), query(), {404}),
    "the root": (dict(path="/"), query(), {404}),
    "a longer path": (dict(path="/dns-query/x"), query(), {404}),
    "PUT": (dict(method="PUT", content_type=MESSAGE), query(), {405, 501}),
    "DELETE": (dict(method="DELETE"), b"", {405, 501}),
    "OPTIONS": (dict(method="OPTIONS"), b"", {405, 501}),
    "another type": (dict(content_type="text/plain"), query(), {415}),
    "no type": (dict(content_type=None), query(), {415}),
    "GET without dns": (dict(method="GET"), b"", {400}),
    "GET with an empty dns": (dict(method="GET", path="/dns-query?dns="), b"", {400}),
    "GET with no base64": (dict(method="GET", path="/dns-query?dns=a*b%20c"), b"", {400}),
    "GET with a short message": (dict(method="GET", path="/dns-query?dns=AAAA"), b"", {400}),
    "an empty body": (dict(), b"", {400}),
    "eleven octets": (dict(), b"x" * 11, {400}),
    "a response": (dict(), query()[:2] + b"\x81" + query()[3:], {400}),
    "100 KB": (dict(), b"x" * 100000, {413}),
}


@pytest.mark.parametrize("what", sorted(STATUSES))
def test_what_is_no_question_has_its_status(listening, connect_https, what):
    """And the connection is well afterwards."""
    options, body, statuses = STATUSES[what]
    client = connect_https(listening)
    assert client.exchange(body, **options).status in statuses
    for _ in range(2):
        assert addresses_in(client.ask("www.tarn.example.")) == ADDRESSES


def test_large_headers_are_refused(listening, connect_https):
    client = connect_https(listening)
    stream = client.request(query(), x_filler="y" * 15000)
    while not client.is_over and not client.replies[stream].is_over:
        client.read()
    response = client.replies[stream]
    assert client.is_over or response.reset is not None or response.status == 431
    assert addresses_in(connect_https(listening).ask("www.tarn.example.")) == ADDRESSES


def max_age(response):
    found = re.search(r"max-age=(\d+)", response.headers.get("cache-control", ""))
    return int(found[1]) if found else None


def test_how_long_a_response_may_be_kept(listening, connect_https):
    """RFC 8484 section 5.1: the smallest TTL; of a negative answer that of the SOA's minimum."""
    client = connect_https(listening)
    response = client.exchange(query("short.tarn.example."))
    assert max_age(response) == response.message.answer[0].ttl <= 60
    response = client.exchange(query("nothing.tarn.example."))
    assert response.status == 200 and response.message.rcode() == dns.rcode.NXDOMAIN
    assert max_age(response) == response.message.authority[0].ttl <= 600


def test_a_failure_is_a_response_that_is_not_kept(run_listening, run_upstream, connect_https):
    """RFC 8484 section 4.2.1."""
    tarn = run_listening(upstreams=[run_upstream(failure(dns.rcode.SERVFAIL))])
    response = connect_https(tarn).exchange(query("a.example."))
    assert response.status == 200 and response.message.rcode() == dns.rcode.SERVFAIL
    assert max_age(response) == 0 or "no-store" in response.headers.get("cache-control", "")


def test_padding_for_padding(listening, connect_https):
    client = connect_https(listening)
    padded = dns.message.make_query("www.tarn.example.", "A", use_edns=0, pad=128)
    assert len(client.exchange(padded.to_wire()).body) % 468 == 0
    assert len(client.exchange(query(use_edns=0)).body) < 200


def test_a_large_answer_is_whole(listening, connect_https):
    answer = connect_https(listening).ask("huge.tarn.example.", "TXT", use_edns=0, payload=512)
    assert len(answer.answer[0]) == 290 and not answer.flags & dns.flags.TC


def test_a_hundred_requests_at_once(listening, connect_https):
    client = connect_https(listening)
    assert client.ask("www.tarn.example.").answer
    assert client.http.remote_settings.max_concurrent_streams == 100
    streams = [client.request(query(f"{n}.wild.tarn.example.", id=n)) for n in range(100)]
    replies = client.wait(*streams)
    assert sorted(reply_.message.id for reply_ in replies) == list(range(100))


def test_a_slow_question_does_not_hold_up_those_behind_it(run_listening, run_upstream,
                                                          connect_https):
    def script(question):
        time.sleep(0.6 if question.name.startswith("slow") else 0)
        return address()(question)

    client = connect_https(run_listening(upstreams=[run_upstream(script)]))
    slow, fast = client.request(query("slow.example.")), client.request(query("fast.example."))
    client.wait(fast)
    assert not client.replies[slow].is_over
    client.wait(slow)


def test_a_path_of_its_own(run_listening, nsd, connect_https):
    client = connect_https(run_listening(lines='path = "/here"', upstreams=[nsd]), path="/here")
    assert addresses_in(client.ask("www.tarn.example.")) == ADDRESSES
    assert client.exchange(query(), path="/dns-query").status == 404


def test_a_stop_says_goaway(run_listening, nsd, connect_https):
    tarn = run_listening(upstreams=[nsd])
    client = connect_https(tarn)
    assert client.ask("www.tarn.example.").answer
    tarn.stop()
    assert client.read_until_closed(2) and client.goaway == 0


def test_http_1_is_refused(listening, authority):
    """By ALPN, or with a status and an end."""
    context = make_context(authority.file, ["http/1.1"])
    with contextlib.suppress(ssl.SSLError, ConnectionError):
        with connect(listening.https_port) as raw:
            sock = context.wrap_socket(raw, server_hostname="dns.test")
            sock.sendall(b"GET /dns-query HTTP/1.1\r\nHost: dns.test\r\n\r\n")
            answer = b""
            while octets := sock.recv(4096):
                answer += octets
            assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5", b"\0\0"))


# ---- those who misbehave -------------------------------------------------------------------------

def check_others(listening, connect_https):
    for _ in range(3):
        before = time.monotonic()
        assert addresses_in(connect_https(listening).ask("www.tarn.example.")) == ADDRESSES
        assert time.monotonic() - before < limit(listening, 0.5)


def send_until_closed(client, octets, times):
    """Whether the server ended the connection meanwhile, or soon after."""
    client.sock.settimeout(2)
    try:
        for _ in range(times):
            client.sock.sendall(octets)
            client.sock.setblocking(False)
            with contextlib.suppress(ssl.SSLWantReadError, BlockingIOError):
                while True:
                    data = client.sock.recv(65536)
                    if not data:
                        return True
                    for event in client.http.receive_data(data):
                        client._take(event)
            client.sock.settimeout(2)
    except TimeoutError:
        return False
    except Exception:  # whatever the end of a connection looks like
        return True
    return client.read_until_closed(1)


def repeated(frame, times):
    return frame.serialize() * times


FLOODS = {
    "ping": lambda: repeated(frames.PingFrame(0, opaque_data=b"tarntarn"), 1000),
    "settings": lambda: repeated(frames.SettingsFrame(0, settings={4: 65535}), 1000),
    "priority": lambda: repeated(frames.PriorityFrame(1, depends_on=0, stream_weight=1), 1000),
    "unknown": lambda: b"\0\0\x08\xee\0\0\0\0\0tarntarn" * 1000,
}


@pytest.mark.parametrize("what", sorted(FLOODS))
def test_floods_of_frames(listening, connect_https, what):
    """CVE-2019-9512, 9515, 9513: 200,000 frames that are no request. The connection may live; the
    memory is bounded and others are served."""
    client = connect_https(listening)
    assert client.ask("www.tarn.example.").answer
    before = listening.memory()
    send_until_closed(client, FLOODS[what](), 200)
    check_others(listening, connect_https)
    assert listening.is_slow or listening.memory() - before < 4096
    assert client.goaway in (None, ENHANCE_YOUR_CALM)


def test_rapid_reset(listening, connect_https):
    """CVE-2023-44487."""
    client = connect_https(listening)
    assert client.ask("www.tarn.example.").answer
    before, ended = listening.memory(), False
    for batch in range(50):
        octets = b""
        for number in range(100):
            stream = client.http.get_next_available_stream_id()
            client.http.send_headers(stream, client.headers(
                "GET", "/dns-query?dns=" + encoded(query(f"{batch}-{number}.wild.tarn.example."))))
            client.http.reset_stream(stream, 8)
        octets = client.http.data_to_send()
        if ended := send_until_closed_once(client, octets):
            break
    check_others(listening, connect_https)
    assert listening.is_slow or listening.memory() - before < 8192
    assert ended, "5,000 requests have been taken back and nothing is said"


def send_until_closed_once(client, octets):
    client.sock.settimeout(2)
    try:
        client.sock.sendall(octets)
        client.sock.settimeout(0.01)
        with contextlib.suppress(TimeoutError):
            while True:
                data = client.sock.recv(65536)
                if not data:
                    return True
    except OSError:
        return True
    return False


def test_continuation_without_end(listening, connect_https):
    """CVE-2024-27316, 28182: a header that never ends."""
    client = connect_https(listening)
    before = listening.memory()
    opening = frames.HeadersFrame(1, b"\x82\x87\x84")
    filler = b"\0\5x-abc\x7f\x81\7" + b"y" * 1030
    more = frames.ContinuationFrame(1, (filler * 15)[:16000]).serialize()
    assert send_until_closed(client, opening.serialize() + more, 1) or \
        send_until_closed(client, more * 10, 50)
    check_others(listening, connect_https)
    assert listening.is_slow or listening.memory() - before < 4096


def test_empty_frames_without_end(listening, connect_https):
    """CVE-2019-9518."""
    client = connect_https(listening)
    stream = client.request(end=False)
    before = listening.memory()
    send_until_closed(client, repeated(frames.DataFrame(stream, b""), 1000), 100)
    check_others(listening, connect_https)
    assert listening.is_slow or listening.memory() - before < 4096


def test_a_window_of_nothing_has_bounded_memory(listening, connect_https):
    """100 requests for answers of 60 KB on each of ten connections, none of which may be sent."""
    assert connect_https(listening).ask("huge.tarn.example.", "TXT").answer
    before = listening.memory()
    for _ in range(10):
        client = connect_https(listening, window=0)
        client.sock.settimeout(1)
        with contextlib.suppress(OSError):
            for number in range(100):
                client.request(query("huge.tarn.example.", "TXT", id=number))
    time.sleep(0.2)
    check_others(listening, connect_https)
    assert listening.is_slow or listening.memory() - before < 10240


def test_those_who_do_not_read_have_bounded_memory(listening, connect_https):
    assert connect_https(listening).ask("huge.tarn.example.", "TXT").answer
    before = listening.memory()
    for _ in range(10):
        client = connect_https(listening, window=10 << 20, receive_buffer=4096)
        client.http.increment_flow_control_window(10 << 20)
        client.sock.settimeout(0.1)
        with contextlib.suppress(OSError, Exception):
            for number in range(400):
                client.request(query("huge.tarn.example.", "TXT", id=number))
    check_others(listening, connect_https)
    assert listening.is_slow or listening.memory() - before < 10240


def test_requests_that_never_end_hold_nobody_up(listening, connect_https):
    for _ in range(20):
        client = connect_https(listening)
        for _number in range(20):
            client.request(query()[:10], end=False)
    check_others(listening, connect_https)


@pytest.mark.parametrize("what", ["preface", "frame", "stream 0", "even stream", "hpack", "length"])
def test_what_is_no_http2_ends_the_connection(listening, connect_https, what):
    octets = {
        "frame": b"\xff\xff\xff\0\0\0\0\0\1",
        "stream 0": frames.DataFrame(0x1, b"x").serialize()[:5] + b"\0\0\0\0x",
        "even stream": frames.HeadersFrame(2, b"\x82\x87\x84", flags=["END_HEADERS"]).serialize(),
        "hpack": frames.HeadersFrame(1, b"\xff\xff\xff\xff\xff", flags=["END_HEADERS"]).serialize(),
        "length": frames.RstStreamFrame(1).serialize()[:2] + b"\5\3\0\0\0\0\1aaaaa",
        "preface": b"",
    }[what]
    if what == "preface":
        client = connect_https(listening)
        with connect(listening.https_port) as sock:
            context = ssl.create_default_context(cafile=None)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.set_alpn_protocols(["h2"])
            with context.wrap_socket(sock) as tls:
                tls.sendall(b"GET / HTTP/1.1\r\nHost: dns.test\r\n\r\n" + b"x" * 100)
                assert is_closed_within(tls, 2)
    else:
        client = connect_https(listening)
        assert send_until_closed(client, octets, 1)
    check_others(listening, connect_https)


def test_the_address_that_a_proxy_gives_is_the_client(run_listening, nsd, connect_https, tmp_path):
    log = tmp_path / "queries"
    tarn = run_listening("--query-log", log, lines='proxies = "127.0.0.0/8"', upstreams=[nsd])
    client = connect_https(tarn, prefix=proxy_header("10.1.2.3"))
    assert addresses_in(client.ask("www.tarn.example.")) == ADDRESSES
    deadline = time.monotonic() + 3
    while "10.1.2.3" not in (log.read_text() if log.exists() else ""):
        assert time.monotonic() < deadline
        time.sleep(0.02)
