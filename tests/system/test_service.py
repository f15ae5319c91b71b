# SPDX-License-Identifier: BSD-2-Clause
"""tarn under a service manager: its notifications, and the manager's sockets."""

import os
import re
import signal
import socket
import sys
import time

import dns.message
import dns.query
import pytest

import servers
from servers import free_port
from upstream import address

# As systemd does it: descriptors from 3 on, and a process id that only the new program knows.
ACTIVATE = """
import os, sys
fds = [int(fd) for fd in sys.argv[1].split(",")]
high = [os.dup2(fd, 200 + i) for i, fd in enumerate(fds)]
for i, fd in enumerate(high):
    os.dup2(fd, 3 + i)
    os.close(fd)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(fds)))
os.execv(sys.argv[2], sys.argv[2:])
"""


class Manager:
    """The side of systemd that listens."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.settimeout(20)
        self.name = path.replace("\0", "@")

    def next(self):
        """The next state: its variables."""
        return dict(line.split("=", 1) for line in self.socket.recv(4096).decode().split("\n"))


@pytest.fixture(params=["file", "abstract"])
def manager(request, tmp_path, cleanup):
    path = str(tmp_path / "notify") if request.param == "file" else f"\0tarn-test-{os.getpid()}"
    manager = Manager(path)
    cleanup.callback(manager.socket.close)
    return manager


@pytest.fixture
def upstream(run_upstream):
    return run_upstream(address())


def test_ready_and_stopping_are_said(manager, run_tarn, upstream):
    tarn = run_tarn(upstreams=[upstream], env={**os.environ, "NOTIFY_SOCKET": manager.name})
    ready = manager.next()
    assert ready["READY"] == "1"
    assert f"127.0.0.1:{tarn.port}" in ready["STATUS"]
    assert tarn.ask("a.example").answer
    tarn.child.send_signal(signal.SIGTERM)
    assert manager.next()["STOPPING"] == "1"
    assert tarn.wait() == 0


def test_reload_is_said(manager, run_tarn, upstream, tmp_path):
    """Its beginning, with the time on the clock that both have, and its end, however it ends."""
    config = tmp_path / "tarn.conf"
    config.write_text("")
    tarn = run_tarn("--config", config, upstreams=[upstream],
                    env={**os.environ, "NOTIFY_SOCKET": manager.name})
    manager.next()
    for text in ("", "nonsense"):
        config.write_text(text)
        before = time.monotonic_ns() // 1000
        tarn.child.send_signal(signal.SIGHUP)
        reloading = manager.next()
        assert reloading["RELOADING"] == "1"
        assert before <= int(reloading["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
        ready = manager.next()
        assert ready["READY"] == "1"
        assert ("refused" in ready["STATUS"]) == bool(text)


def test_watchdog_hears_from_a_program_that_turns(manager, run_tarn, upstream):
    tarn = run_tarn("--workers", 3, upstreams=[upstream],
                    env={**os.environ, "NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "200000"})
    manager.next()
    for _ in range(3):
        assert manager.next() == {"WATCHDOG": "1"}
    tarn.child.send_signal(signal.SIGSTOP)
    time.sleep(0.3)
    manager.socket.setblocking(False)
    with pytest.raises(BlockingIOError):
        for _ in range(10):
            manager.next()
        raise AssertionError("a program that is stopped goes on to speak")
    manager.socket.settimeout(20)
    tarn.child.send_signal(signal.SIGCONT)
    assert manager.next() == {"WATCHDOG": "1"}


def activation(sockets):
    return [sys.executable, "-c", ACTIVATE, ",".join(str(sock.fileno()) for sock in sockets)]


def activated(run_tarn, sockets, names, *args, **options):
    return run_tarn(*args, listen=(), pass_fds=[sock.fileno() for sock in sockets],
                    prefix=activation(sockets), env={**os.environ, "LISTEN_FDNAMES": names},
                    **options)


def bound(kind, host, port, is_shared=False):
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
    if is_shared:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind((host, port))
    if kind == socket.SOCK_STREAM:
        sock.listen()
    return sock


@pytest.mark.parametrize("count", [1, 3])
def test_sockets_of_the_manager_are_served(run_tarn, upstream, cleanup, count):
    port = free_port()
    sockets = [bound(socket.SOCK_DGRAM, "127.0.0.1", port, count > 1) for _ in range(count)]
    sockets.append(bound(socket.SOCK_STREAM, "127.0.0.1", port))
    for sock in sockets:
        cleanup.callback(sock.close)
    names = ":".join(["dns-udp"] * count + ["dns-tcp"])
    tarn = activated(run_tarn, sockets, names, "--workers", 3, upstreams=[upstream])
    tarn.wait_for_line(rf"listening on 127.0.0.1:{port} \(UDP, socket dns-udp of", count)
    tarn.wait_for_line(rf"listening on 127.0.0.1:{port} \(TCP, socket dns-tcp of")
    for number in range(20):  # from ports and connections that lead to every worker
        question = dns.message.make_query(f"{number}.example", "A")
        assert dns.query.udp(question, "127.0.0.1", 10, port).answer
        assert dns.query.tcp(question, "127.0.0.1", 10, port).answer
    # With these there are no default addresses.
    assert tarn.log.count("listening on") == count + 1


def test_address_that_is_listened_on_anyway_is_the_managers(run_tarn, upstream, cleanup, tmp_path):
    """As with tarn.socket beside a file that has the same address; a reload handles it likewise."""
    port = free_port()
    config = tmp_path / "tarn.conf"
    config.write_text(f"listen {{ address = {{ 127.0.0.1:{port}, 127.0.0.2:0 }} }}")
    sockets = [bound(kind, "127.0.0.1", port) for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)]
    for sock in sockets:
        cleanup.callback(sock.close)
    tarn = activated(run_tarn, sockets, "dns:dns", "--config", config, upstreams=[upstream])
    tarn.wait_for_line(r"listening on 127.0.0.2:\d+ \(UDP and TCP\)")
    question = dns.message.make_query("a.example", "A")
    for text in (None, config.read_text(), ""):
        if text is not None:
            config.write_text(text)
            tarn.child.send_signal(signal.SIGHUP)
            tarn.wait_for_line("has been reloaded", 1 if text else 2)
        assert dns.query.udp(question, "127.0.0.1", 10, port).answer
        assert dns.query.tcp(question, "127.0.0.1", 10, port).answer
    assert f"no longer listening on 127.0.0.1:{port}" not in tarn.log


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_socket_of_the_manager_that_is_in_the_way_is_named(cleanup, host):
    port = free_port()
    sock = bound(socket.SOCK_DGRAM, host, port)
    cleanup.callback(sock.close)
    run = servers.run_tarn("-l", f"127.0.0.1:{port}", "-u", "127.0.0.1:9", "--control", "none",
                           pass_fds=[sock.fileno()], prefix=activation([sock]),
                           env={**os.environ, "LISTEN_FDNAMES": "dns"})
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1] == (
        f"tarn: cannot listen on 127.0.0.1:{port}: Address already in use "
        f"(by {host}:{port} for UDP, socket dns of the service manager)")


def test_socket_for_all_addresses_and_both_families(run_tarn, upstream, cleanup):
    """As systemd makes it of a port alone."""
    if not servers.has_ipv6():
        pytest.skip("no IPv6 on this machine")
    port = free_port("::")
    udp = bound(socket.SOCK_DGRAM, "::", port)
    cleanup.callback(udp.close)
    tarn = activated(run_tarn, [udp], "dns", upstreams=[upstream])
    tarn.wait_for_line(r"listening on")
    for host in ("127.0.0.1", "127.0.0.77", "::1"):
        answer = dns.query.udp(dns.message.make_query("a.example", "A"), host, 10, port)
        assert answer.answer


@pytest.mark.parametrize("make,line", [
    (lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), "neither UDP nor TCP"),
    (lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
     "a TCP connection (Accept=yes), not a listening socket"),
])
def test_sockets_of_other_kinds_are_refused(cleanup, make, line):
    sock = make()
    cleanup.callback(sock.close)
    run = servers.run_tarn(pass_fds=[sock.fileno()], prefix=activation([sock]),
                           env={**os.environ, "LISTEN_FDNAMES": "odd"})
    assert run.returncode == 1
    assert run.stderr.strip() == f"tarn: descriptor 3 of the service manager (odd): {line}"


# ---- the unit ------------------------------------------------------------------------------------

UNIT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "examples",
                    "tarn.service")


def test_the_unit_does_not_repeat_a_start_that_is_refused(tmp_path):
    """Restart= would do so every second, with the same fault each time."""
    config = tmp_path / "tarn.conf"
    config.write_text("workers = many\n")
    with open(UNIT, encoding="ascii") as file:
        status, = re.findall("^RestartPreventExitStatus=(.*)$", file.read(), re.M)
    for args in ["--config", config], ["--workers", "many"]:
        assert servers.run_tarn(*args).returncode == int(status)


def test_the_unit_lets_nothing_be_executed_that_it_lets_be_written():
    """MemoryDenyWriteExecute= alone lets a file be mapped twice. What can be written is a mount of its own."""
    with open(UNIT, encoding="ascii") as file:
        lines = dict(re.findall("^([A-Za-z]+)=(.*)$", file.read(), re.M))
    written = {"/dev/shm"}
    for setting, parent in (("RuntimeDirectory", "/run"), ("LogsDirectory", "/var/log"),
                            ("StateDirectory", "/var/lib")):
        written |= {parent} | {f"{parent}/{name}" for name in lines[setting].split()}
    if lines["PrivateTmp"] == "yes":
        written |= {"/tmp", "/var/tmp"}
    assert "ReadWritePaths" not in lines and lines["ProtectSystem"] == "strict"
    closed = lines["NoExecPaths"].split()
    assert not [path for path in written
                if path not in closed and not (path in ("/var/log", "/var/lib") and "/var" in closed)]


def test_a_user_whom_tarn_cannot_become_refuses_the_start(tool):
    if os.geteuid() != 0:
        pytest.skip("takes root to be somebody else")
    done = servers.run_tarn("--user", "root", "-l", "127.0.0.1:0", "-u", "127.0.0.1:9",
                            prefix=[tool("setpriv"), "--reuid=65534", "--clear-groups"])
    assert (done.returncode, done.stderr) == \
        (2, "tarn: --user root: only root can become another user (start tarn as root, or leave "
            "it out)\n")
