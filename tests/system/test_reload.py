# SPDX-License-Identifier: BSD-2-Clause
"""SIGHUP: another configuration replaces the one before without a lost question."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time

import dns.message
import dns.rcode
import pytest

import servers
from servers import frame, free_port, recv_frame
from upstream import address

HERE = "127.0.0.1:0"
RELOADS, UDP_QUESTIONS, TCP_QUESTIONS = 100, 92000, 8000


class Configured:
    """tarn with a configuration file that a test rewrites; its first listener is HERE."""

    def __init__(self, run_tarn, folder, text, *args, **options):
        self.path = folder / "tarn.conf"
        self.path.write_text(text)
        self.reloads = 0
        self.refusals = 0
        self.tarn = run_tarn("--config", self.path, *args, listen=(), **options)
        port = self.tarn.wait_for_line(r"listening on 127\.0\.0\.1:(\d+) ")[0][1]
        self.tarn.host, self.tarn.port = "127.0.0.1", int(port)
        self.tarn.ports = {self.tarn.host: self.tarn.port}

    def hangup(self, text):
        self.path.write_text(text)
        self.tarn.child.send_signal(signal.SIGHUP)

    def reload(self, text):
        self.reloads += 1
        self.hangup(text)
        self.tarn.wait_for_line("the configuration has been reloaded", self.reloads)

    def refuse(self, text):
        self.refusals += 1
        self.hangup(text)
        self.tarn.wait_for_line("the configuration is not reloaded", self.refusals)


@pytest.fixture
def configured(run_tarn, tmp_path):
    def run(text, *args, **options):
        return Configured(run_tarn, tmp_path, text, *args, **options)
    return run


def conf(*upstreams, listens=(HERE,), more=""):
    def array(items):
        return "{ " + ", ".join(f'"{getattr(item, "address", item)}"' for item in items) + " }"
    return f"listen {{ address = {array(listens)} }}\nupstream = {array(upstreams)}\n{more}\n"


def is_answered(host, port, timeout=5):
    """Whether any socket answers, over UDP; a closed port is reported at once."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(timeout)
        sock.connect((host, port))
        sock.send(dns.message.make_query("localhost", "A").to_wire())
        try:
            return bool(sock.recv(512))
        except ConnectionRefusedError:
            return False


def takes_connections(host, port):
    try:
        socket.create_connection((host, port), 5).close()
        return True
    except ConnectionRefusedError:
        return False


# ---- nothing is lost -----------------------------------------------------------------------------

def load(dnsperf, tarn, folder, mode, count, seconds):
    """Asks that many questions, each tenth for a new name."""
    names = folder / f"names-{mode}"
    names.write_text("".join(
        f"{mode}{i}.wild.tarn.example A\n" if i % 10 == 0 else f"{i % 500}.wild.tarn.example A\n"
        for i in range(count)))
    return subprocess.Popen(
        [dnsperf, "-s", "127.0.0.1", "-p", str(tarn.port), "-d", str(names), "-m", mode, "-n", "1",
         "-c", "16", "-T", "1", "-q", "256", "-Q", str(count // seconds), "-t", "10"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def figure(report, what):
    return int(re.search(rf"Queries {what}:\s+(\d+)", report)[1])


def test_nothing_is_lost_of_100_000_questions_over_100_reloads(configured, nsd, tmp_path, tool,
                                                               cleanup):
    """Servers, zones, selections and listeners come and go meanwhile."""
    dnsperf = tool("dnsperf")
    second = servers.Nsd(str(tmp_path))
    cleanup.callback(second.kill)
    others = [f"127.0.0.2:{free_port()}", f"127.0.0.2:{free_port()}"]

    def text(number):
        if number % 2 == 0:
            return conf(nsd, second)
        turn = number // 2
        more = f"selection = {('sequential', 'round-robin', 'parallel')[turn % 3]}\n"
        if turn % 2:
            more += f'forward "1.wild.tarn.example" {{ upstream = {{ "{second.address}" }} }}'
        return conf((nsd, second)[turn % 2], listens=(HERE, others[turn % 2]), more=more)

    server = configured(text(0), "--workers", 2)
    seconds = 20 if server.tarn.is_slow else 6
    while server.reloads < RELOADS:  # a busy machine needs more than one round
        loads = [load(dnsperf, server.tarn, tmp_path, "udp", UDP_QUESTIONS, seconds),
                 load(dnsperf, server.tarn, tmp_path, "tcp", TCP_QUESTIONS, seconds)]
        for process in loads:
            cleanup.callback(process.kill)
        while any(process.poll() is None for process in loads):
            time.sleep(0.7 * seconds / RELOADS)
            server.reload(text(server.reloads + 1))
        for process, count in zip(loads, (UDP_QUESTIONS, TCP_QUESTIONS)):
            report = process.communicate()[0]
            assert figure(report, "sent") == count, report
            assert figure(report, "completed") == count, report
            assert figure(report, "lost") == 0, report
            assert re.search(rf"Response codes:\s+NOERROR {count} \(100.00%\)", report), report
    assert "error" not in server.tarn.log.lower()


# ---- what was there stays ------------------------------------------------------------------------

def held(release):
    """A script that answers when the test allows it."""
    def script(question):
        release.wait(20)
        return address()(question)
    return script


@pytest.fixture
def release(cleanup):
    event = threading.Event()
    cleanup.callback(event.set)
    return event


def wait_for_count(upstream, name, count=1):
    deadline = time.monotonic() + 10
    while upstream.count(name) < count:
        assert time.monotonic() < deadline, "the question does not arrive"
        time.sleep(0.01)


def test_question_under_way_is_answered(configured, run_upstream, release):
    """By the server that was asked, at the listener that was asked, though that is closed."""
    upstream = run_upstream(held(release))
    other = f"127.0.0.2:{free_port()}"
    server = configured(conf(upstream))
    with server.tarn.udp_socket() as client:
        client.send(dns.message.make_query("a.example", "A", id=77).to_wire())
        wait_for_count(upstream, "a.example")
        server.reload(conf(upstream, listens=[other], more="log { level = debug }"))
        assert not is_answered("127.0.0.1", server.tarn.port)
        release.set()
        assert dns.message.from_wire(client.recv(512)).id == 77
    assert upstream.count("a.example") == 1


def test_question_under_way_goes_to_the_new_server(configured, run_upstream, release):
    old, new = run_upstream(held(release)), run_upstream(address(value="192.0.2.2"))
    server = configured(conf(old))
    with server.tarn.udp_socket() as client:
        client.send(dns.message.make_query("a.example", "A").to_wire())
        wait_for_count(old, "a.example")
        server.reload(conf(new))
        answer = dns.message.from_wire(client.recv(512))
        assert answer.answer[0][0].address == "192.0.2.2"


def test_connection_and_cache_stay(configured, run_upstream):
    upstream = run_upstream(address())
    server = configured(conf(upstream))
    question = dns.message.make_query("a.example", "A").to_wire()
    with server.tarn.tcp_socket() as client:
        for _ in range(3):
            client.sendall(frame(question))
            assert dns.message.from_wire(recv_frame(client)).answer
            server.reload(conf(upstream))
        server.reload(conf(upstream, listens=[f"127.0.0.2:{free_port()}"]))
        client.sendall(frame(question))
        assert dns.message.from_wire(recv_frame(client)).answer
    assert upstream.count("a.example") == 1


# ---- what is new goes ----------------------------------------------------------------------------

def test_listeners_come_and_go(configured, run_upstream):
    upstream, port = run_upstream(address()), free_port()
    server = configured(conf(upstream))
    server.reload(conf(upstream, listens=[f"127.0.0.1:{port}", HERE]))
    for old_or_new in (server.tarn.port, port):
        assert is_answered("127.0.0.1", old_or_new)
        assert takes_connections("127.0.0.1", old_or_new)
    server.reload(conf(upstream, listens=[f"127.0.0.1:{port}"]))
    assert not is_answered("127.0.0.1", server.tarn.port)
    assert not takes_connections("127.0.0.1", server.tarn.port)
    assert is_answered("127.0.0.1", port)
    server.tarn.wait_for_line(rf"no longer listening on 127\.0\.0\.1:{server.tarn.port}$")
    server.tarn.wait_for_line(rf"listening on 127\.0\.0\.1:{port} ")


def test_all_addresses_and_one_address_change_places(configured, run_upstream):
    upstream, port = run_upstream(address()), free_port()
    server = configured(conf(upstream, listens=[HERE, f"0.0.0.0:{port}"]))
    assert is_answered("127.0.0.77", port)
    server.reload(conf(upstream, listens=[HERE, f"127.0.0.78:{port}"]))
    assert not is_answered("127.0.0.77", port)
    assert is_answered("127.0.0.78", port)
    server.reload(conf(upstream, listens=[HERE, f"0.0.0.0:{port}"]))
    assert is_answered("127.0.0.77", port)


def test_addresses_change_for_a_user_without_privileges(run_tarn, run_upstream):
    """The sockets that root has opened for him stand in the way of none of his own."""
    if os.getuid() != 0:
        pytest.skip("only root becomes another user")
    upstream, port = run_upstream(address()), free_port()
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # he reads it, too
        server = Configured(run_tarn, pathlib.Path(folder),
                            conf(upstream, listens=[HERE, f"0.0.0.0:{port}"]), "--user", "nobody")
        server.reload(conf(upstream, listens=[HERE, f"127.0.0.78:{port}"]))
        assert is_answered("127.0.0.78", port)
        server.reload(conf(upstream, listens=[HERE, f"0.0.0.0:{port}"]))
        assert is_answered("127.0.0.77", port)


def test_servers_zones_and_access_are_those_of_the_file(configured, run_upstream):
    one, two = run_upstream(address(value="192.0.2.1")), run_upstream(address(value="192.0.2.2"))

    def asked(name):
        answer = server.tarn.ask(name)
        return answer.answer[0][0].address if answer.answer else answer.rcode()

    server = configured(conf(one))
    assert asked("a.corp.example") == "192.0.2.1"
    server.reload(conf(one, more=f'forward "corp.example" {{ upstream = {{ "{two.address}" }} }}'))
    assert asked("new.corp.example") == "192.0.2.2"
    deadline = time.monotonic() + 5
    while asked("a.corp.example") != "192.0.2.2":  # what is cached of the zone goes, in pieces
        assert time.monotonic() < deadline
    assert asked("b.example") == "192.0.2.1"
    server.reload(conf(two))
    assert asked("c.example") == "192.0.2.2"
    assert asked("version.bind") != dns.rcode.REFUSED
    server.reload(conf(two, more='access { hide-identity = yes }'))
    question = dns.message.make_query("version.bind", "TXT", "CH")
    assert server.tarn.udp(question).rcode() == dns.rcode.REFUSED


def test_log_level_is_that_of_the_file(configured, run_upstream):
    upstream = run_upstream(address())
    server = configured(conf(upstream))
    server.reload(conf(upstream, more="log { level = debug }"))
    server.refuse("listen { address = nonsense }")
    server.reload(conf(upstream))


def test_what_stays_until_a_restart_is_named(configured, run_upstream):
    upstream = run_upstream(address())
    server = configured(conf(upstream))
    for _ in range(2):  # each time: nothing has been taken over
        server.reload(conf(upstream, more="cache { size = 2M }\nworkers = 1"))
    server.tarn.wait_for_line("workers: the change takes effect when tarn is restarted", 2)
    server.tarn.wait_for_line("cache-size: the change takes effect when tarn is restarted", 2)
    assert server.tarn.ask("a.example").answer


# ---- what is wrong changes nothing ---------------------------------------------------------------

def test_file_that_is_wrong_is_refused_with_every_fault(configured, run_upstream):
    upstream = run_upstream(address())
    server = configured(conf(upstream))
    server.refuse("upstrem = { 192.0.2.1 }\nselection = slowest\n")
    server.tarn.wait_for_line(rf"{server.path}:1: .*upstrem.*upstream")
    server.tarn.wait_for_line(rf"{server.path}:2: .*slowest")
    assert server.tarn.ask("a.example").answer
    server.path.unlink()
    server.tarn.child.send_signal(signal.SIGHUP)
    server.tarn.wait_for_line("the configuration is not reloaded", 2)
    assert server.tarn.ask("b.example").answer
    server.reload(conf(upstream))


def test_pipe_in_the_place_of_the_file_changes_nothing(configured, run_upstream):
    """It has no writer: waiting for one would never end."""
    upstream = run_upstream(address())
    server = configured(conf(upstream))
    server.path.unlink()
    os.mkfifo(server.path)
    server.tarn.child.send_signal(signal.SIGHUP)
    server.tarn.wait_for_line(rf"{server.path}: a pipe, which only a start reads")
    server.tarn.wait_for_line("the configuration is not reloaded")
    assert server.tarn.ask("a.example").answer
    server.path.unlink()
    server.reload(conf(upstream))


def test_group_that_is_not_there_changes_nothing(configured, run_upstream):
    upstream = run_upstream(address())
    server = configured(conf(upstream))
    server.refuse(conf(upstream, more="control { group = no-such-group }"))
    server.tarn.wait_for_line(rf"{server.path}:3: group no-such-group: no such group")
    assert server.tarn.ask("a.example").answer
    server.reload(conf(upstream, more="control { group = daemon }"))  # that the sandbox lets it find


def test_address_that_cannot_be_had_changes_nothing(configured, run_upstream):
    """Neither do those before it in the list, nor the servers."""
    one, two, port = run_upstream(address()), run_upstream(address()), free_port()
    server = configured(conf(one))
    server.refuse(conf(two, listens=[HERE, f"127.0.0.1:{port}", "192.0.2.77:53"]))
    server.tarn.wait_for_line("cannot listen on 192.0.2.77:53: .*no interface has this address")
    assert not is_answered("127.0.0.1", port)
    assert server.tarn.ask("a.example").answer
    assert one.count("a.example") == 1


def test_server_that_is_tarn_itself_changes_nothing(configured, run_upstream):
    upstream, port = run_upstream(address()), free_port()
    server = configured(conf(upstream))
    server.refuse(conf(f"127.0.0.1:{port}", listens=[HERE, f"127.0.0.1:{port}"]))
    server.tarn.wait_for_line("tarn listens there itself")
    assert server.tarn.ask("a.example").answer


def wait_for_memory(tarn, most):
    """KiB; what is free goes back after the log has its line."""
    end = time.monotonic() + 5
    while (size := tarn.memory("RssAnon")) > most and time.monotonic() < end:
        time.sleep(0.02)
    return size


def test_reloads_of_many_zones_leave_no_memory_behind(configured):
    """Zones take a small part of the memory that reading them takes."""
    def zones(number):
        return conf("192.0.2.1", more="".join(
            f'forward "z{i}.r{number}.example" {{ upstream = {{}} }}\n' for i in range(20000)))
    on = configured(zones(0), "--workers", 1)
    if on.tarn.is_slow:
        pytest.skip("sanitizers and valgrind keep what is freed")
    assert on.tarn.ask("www.z7.r0.example.").rcode() == dns.rcode.NXDOMAIN
    most = on.tarn.memory("RssAnon") + 1024
    for number in range(1, 6):
        on.reload(zones(number))
    assert on.tarn.ask("www.z7.r5.example.").rcode() == dns.rcode.NXDOMAIN
    assert wait_for_memory(on.tarn, most) <= most
