# SPDX-License-Identifier: BSD-2-Clause
"""The numbers that Prometheus is given: over HTTP, in its format, and true."""

import http.client
import json
import os
import re
import socket
import time

import dns.message
import dns.rcode
import pytest

import exposition
import servers
from upstream import address, failure

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


class Metrics:
    """A tarn's metrics, as one Prometheus would see them."""

    def __init__(self, tarn):
        self.host, self.port = tarn.wait_for_line(r"metrics on http://(.*):(\d+)/metrics")[0].groups()

    def connect(self):
        return http.client.HTTPConnection(self.host, int(self.port), timeout=10)

    def request(self, method="GET", path="/metrics", body=None):
        connection = self.connect()
        connection.request(method, path, body)
        response = connection.getresponse()
        response.text = response.read().decode("ascii")
        connection.close()
        return response

    def read(self):
        response = self.request()
        assert response.status == 200
        return exposition.parse(response.text)


@pytest.fixture
def with_metrics():
    if not servers.is_built_with("microhttpd"):
        pytest.skip("tarn was built without libmicrohttpd")


@pytest.fixture
def run_metrics(run_tarn, with_metrics):
    def run(*args, **options):
        tarn = run_tarn("--metrics", "127.0.0.1:0", *args, **options)
        return tarn, Metrics(tarn)
    return run


def test_numbers_are_those_of_the_questions_asked(run_metrics, run_upstream):
    def script(question):
        if question.name.startswith("broken"):
            return failure(dns.rcode.SERVFAIL)(question)
        return address()(question)

    upstream = run_upstream(script)
    tarn, metrics = run_metrics("--workers", 2, upstreams=[upstream])
    before = metrics.read()
    assert before["tarn_workers"].value() == 2
    assert sum(before["tarn_questions_total"].samples[""].values()) == 0
    for _ in range(3):
        tarn.ask("a.example")
    tarn.tcp(dns.message.make_query("a.example", "TXT"))
    tarn.ask("broken.example", "AAAA")
    tarn.ask("localhost")
    tarn.ask_wire(b"\x12\x34\x01\x00" + bytes([0, 2]) + bytes(6))
    after = metrics.read()

    assert after["tarn_questions_total"].value(transport="udp") == 6
    assert after["tarn_questions_total"].value(transport="tcp") == 1
    assert after["tarn_question_types_total"].samples[""] == {
        (("type", "A"),): 4, (("type", "TXT"),): 1, (("type", "AAAA"),): 1}
    rcodes = after["tarn_answers_total"]
    assert rcodes.value(rcode="NOERROR") == 5
    assert rcodes.value(rcode="SERVFAIL") == rcodes.value(rcode="FORMERR") == 1
    statuses = after["tarn_cache_answers_total"]
    assert statuses.value(status="hit") == 2
    assert statuses.value(status="miss") == 2
    assert statuses.value(status="failure") == 1
    assert statuses.value(status="local") == 1
    assert statuses.value(status="invalid") == 1
    stages = after["tarn_policy_decisions_total"].samples[""]
    assert {labels: count for labels, count in stages.items() if count} == {
        (("stage", "special"),): 1}
    assert (("stage", "access"),) in stages and (("stage", "answer_filter"),) in stages
    times = after["tarn_answer_seconds"]
    for labels, count in statuses.samples[""].items():
        assert times.value("_count", **dict(labels)) == count
    assert times.value("_sum", status="hit") == 0
    assert times.value("_sum", status="miss") > 0
    assert after["tarn_cache_entries"].value() >= 2
    assert 0 < after["tarn_cache_used_bytes"].value() <= after["tarn_cache_size_bytes"].value()
    assert after["tarn_questions_waiting"].value() == after["tarn_lookups"].value() == 0


def test_servers_have_numbers_of_their_own(run_metrics, run_upstream, tmp_path):
    root, corp = run_upstream(address(delay=0.02)), run_upstream(address())
    dead = f"127.0.0.1:{servers.free_port()}"
    config = tmp_path / "tarn.conf"
    config.write_text(f'upstream = {{"{root.address}", "{dead}"}}\n'
                      f'forward "corp.example" {{ upstream = {{"{corp.address}"}} }}\n')
    tarn, metrics = run_metrics("--workers", 1, "--selection", "parallel", "--config", config)
    for i in range(4):
        tarn.ask(f"n{i}.example")
    tarn.ask("a.corp.example")
    numbers = metrics.read()
    where = {"root": {"server": root.address, "zone": "."}, "dead": {"server": dead, "zone": "."},
             "corp": {"server": corp.address, "zone": "corp.example."}}
    up, rtt = numbers["tarn_upstream_up"], numbers["tarn_upstream_rtt_seconds"]
    assert up.samples[""].keys() == {tuple(sorted(labels.items())) for labels in where.values()}
    assert up.value(**where["root"]) == up.value(**where["corp"]) == 1
    assert up.value(**where["dead"]) == 0
    assert numbers["tarn_upstream_questions_total"].value(**where["root"]) == 4
    assert numbers["tarn_upstream_answers_total"].value(**where["root"]) == 4
    assert numbers["tarn_upstream_answers_total"].value(**where["corp"]) == 1
    assert numbers["tarn_upstream_failures_total"].value(reason="silent", **where["dead"]) >= 3
    assert 0.015 < rtt.value(**where["root"]) < 1
    assert tuple(sorted(where["dead"].items())) not in rtt.samples[""]


def test_the_process_says_what_it_takes(run_metrics, run_upstream):
    """In the sandbox, too, which has no /proc."""
    tarn, metrics = run_metrics("--workers", 2, upstreams=[run_upstream(address())])
    before = metrics.read()
    sockets = [tarn.tcp_socket() for _ in range(8)]
    for number in range(500):
        tarn.ask(f"n{number}.example")
    after = metrics.read()
    resident = after["process_resident_memory_bytes"].value()
    assert abs(resident / 1024 - tarn.memory()) < 4096
    assert 0 < before["process_cpu_seconds_total"].value() < \
        after["process_cpu_seconds_total"].value()
    assert after["process_open_fds"].value() >= before["process_open_fds"].value() + 8
    assert abs(after["process_open_fds"].value() - len(os.listdir(f"/proc/{tarn.pid}/fd"))) <= 2
    assert after["process_open_fds"].value() < after["process_max_fds"].value()
    for sock in sockets:
        sock.close()


def test_other_requests_are_refused(run_metrics):
    _, metrics = run_metrics(upstreams=["127.0.0.1:9"])
    assert metrics.request(path="/").status == 404
    assert metrics.request(path="/metrics/").status == 404
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        response = metrics.request(method, body=b"x" * 20000 if method == "POST" else None)
        assert (response.status, response.headers["Allow"]) == (405, "GET, HEAD")
    head = metrics.request("HEAD")
    assert (head.status, head.text) == (200, "")
    assert head.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"


def test_one_connection_serves_many_requests(run_metrics):
    _, metrics = run_metrics(upstreams=["127.0.0.1:9"])
    connection = metrics.connect()
    connection.connect()
    first = connection.sock
    for _ in range(3):
        connection.request("GET", "/metrics")
        exposition.parse(connection.getresponse().read().decode("ascii"))
        assert connection.sock is first
    connection.close()


def test_those_who_only_connect_are_bounded_and_hold_up_no_answer(run_metrics, run_upstream, cleanup):
    tarn, metrics = run_metrics(upstreams=[run_upstream(address())])
    before = len(os.listdir(f"/proc/{tarn.pid}/fd"))
    for _ in range(24):
        idle = socket.create_connection((metrics.host, int(metrics.port)), 10)
        cleanup.callback(idle.close)
        idle.send(b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: ")
    assert tarn.ask("a.example").answer
    assert len(os.listdir(f"/proc/{tarn.pid}/fd")) < before + 24


def connect_slowly(metrics, cleanup):
    """Sends a request without an end."""
    sock = socket.create_connection((metrics.host, int(metrics.port)), 10)
    cleanup.callback(sock.close)
    sock.send(b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: ")
    return sock


def drip(socks):
    """An octet more on each; those that are still open."""
    alive = []
    for sock in socks:
        try:
            sock.send(b"x")
            sock.setblocking(False)
            try:
                if sock.recv(1) == b"":
                    continue
            except BlockingIOError:
                pass
            sock.setblocking(True)
            alive.append(sock)
        except ConnectionError:
            pass
    return alive


@pytest.mark.parametrize("count", [16, 50])
def test_slow_clients_do_not_keep_prometheus_out(run_metrics, cleanup, count):
    _, metrics = run_metrics(upstreams=["127.0.0.1:9"])
    slow = [connect_slowly(metrics, cleanup) for _ in range(count)]
    for _ in range(5):
        slow = drip(slow)
        began = time.monotonic()
        assert metrics.read()["tarn_workers"].value() > 0
        assert time.monotonic() - began < 2
        slow += [connect_slowly(metrics, cleanup) for _ in range(3)]
    # Those that have just come may not have been accepted yet.
    began = time.monotonic()
    while len(slow := drip(slow)) > 16 and time.monotonic() - began < 5:
        time.sleep(0.05)
    assert 0 < len(slow) <= 16


def test_a_request_has_ten_seconds_however_it_comes(run_metrics, cleanup):
    """An octet each second is too slow; a connection whose requests are answered stays."""
    _, metrics = run_metrics(upstreams=["127.0.0.1:9"])
    slow = [connect_slowly(metrics, cleanup) for _ in range(3)]
    good = metrics.connect()
    good.connect()
    first, began = good.sock, time.monotonic()
    while slow and time.monotonic() - began < 20:
        good.request("GET", "/metrics")
        good.getresponse().read()
        assert good.sock is first
        time.sleep(1)
        slow = drip(slow)
    assert 9 < time.monotonic() - began < 14
    good.request("GET", "/metrics")
    assert good.getresponse().status == 200
    assert good.sock is first
    good.close()


def test_an_address_in_use_is_one_line_and_status_1(with_metrics):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        done = servers.run_tarn("-l", "127.0.0.1:0", "-u", "127.0.0.1:9", "--metrics", place)
    assert done.returncode == 1
    assert f"tarn: cannot serve metrics on {place}: Address already in use" in done.stderr


def test_without_libmicrohttpd_it_says_so():
    if servers.is_built_with("microhttpd"):
        pytest.skip("tarn was built with libmicrohttpd")
    for status, *how in (2,), (1, "--check"):
        done = servers.run_tarn("-l", "127.0.0.1:0", "-u", "192.0.2.1", "--metrics", "::1", *how)
        assert (done.returncode, done.stderr) == \
            (status, "tarn: --metrics [::1]:9153: this tarn was built without libmicrohttpd\n")


def test_without_an_address_nothing_is_loaded_or_open(run_tarn):
    tarn = run_tarn("--workers", 1, upstreams=["127.0.0.1:9"])
    with open(f"/proc/{tarn.pid}/maps", encoding="utf-8") as file:
        assert "microhttpd" not in file.read()
    if not tarn.is_slow:
        assert len(os.listdir(f"/proc/{tarn.pid}/task")) == 2


@pytest.mark.skipif(not servers.is_built_with("openssl"), reason="built without OpenSSL")
@pytest.mark.skipif(not servers.is_built_with("hiredis"), reason="built without libhiredis")
def test_the_dashboard_shows_numbers_that_there_are(run_metrics, run_upstream, authority, tmp_path):
    """Each metric of an expression exists, and a label that is named there is one of its own."""
    identity = authority.get("name")
    secret, config = tmp_path / "secret", tmp_path / "tarn.conf"
    secret.write_text("of all machines of a test\n")
    secret.chmod(0o600)
    config.write_text(f'shared {{ socket = "{tmp_path}/store"  secret = "{secret}" }}\n')
    tarn, metrics = run_metrics("--certificate", identity.certificate, "--key", identity.key,
                                "--config", config, upstreams=[run_upstream(address())])
    tarn.ask("a.example")
    numbers = metrics.read()
    known = {}
    for metric in numbers.values():
        for suffix in exposition.SUFFIXES[metric.type]:
            labels = {name for sample in metric.samples[suffix] for name, _ in sample}
            known[metric.name + suffix] = labels | {"instance", "job"}
    with open(os.path.join(ROOT, "docs", "grafana.json"), encoding="utf-8") as file:
        dashboard = json.load(file)
    expressions = [target["expr"] for panel in dashboard["panels"]
                   for target in panel.get("targets", ())]
    expressions += [variable["query"] for variable in dashboard["templating"]["list"]
                    if variable["type"] == "query"]
    assert len(expressions) > 15
    used = set()
    for expression in expressions:
        for name, selector in re.findall(r"\b((?:tarn|process)_\w+)(?:\{([^}]*)\})?", expression):
            assert name in known, expression
            used.add(name)
            for label in re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*"', selector):
                assert label in known[name], expression
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
    assert {"tarn_questions_total", "tarn_upstream_up", "tarn_answer_seconds_bucket"} <= used


def test_the_format_is_read_strictly():
    for text in ("a_total 1\n", "# HELP a_total x.\n# TYPE a_total counter\na_total -1\n",
                 '# HELP a x.\n# TYPE a gauge\na{b="c} 1\n', "# HELP a x.\n# TYPE a gauge\na 1\na 1\n",
                 '# HELP a x.\n# TYPE a gauge\na{b="c",} 1\n', "# HELP a x.\n# TYPE a counter\na 1\n",
                 '# HELP a x.\n# TYPE a histogram\na_bucket{le="+Inf"} 2\na_sum 0\na_count 1\n'):
        with pytest.raises((AssertionError, AttributeError, ValueError)):
            exposition.parse(text)
