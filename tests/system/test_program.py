# SPDX-License-Identifier: BSD-2-Clause
"""The program as its user meets it: command line, start, signals, stop."""

import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import threading
import time

import dns.exception
import dns.message
import dns.query
import dns.rcode
import pytest

import servers
from servers import frame, free_port, program, recv_frame
from upstream import address, silence

MAN_PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        "..", "..", "docs", "man", "tarn.8")


# ---- command line --------------------------------------------------------------------------------

@pytest.mark.parametrize("args,line", [
    (["--listen", "127.0.0.1:99999"], "--listen 127.0.0.1:99999: not a port (1 to 65535)"),
    (["-l", "localhost"], "--listen localhost: not an IP address"),
    (["-u", "192.0.2.1:0"], "--upstream 192.0.2.1:0: not a port (1 to 65535)"),
    (["-w", "0"], "--workers 0: not a number of threads (1 to 256)"),
    (["-s", "16Q"], "--cache-size 16Q: not a size (such as 512k, 16M, 16MiB or 1G)"),
    (["-s", "63k"], "--cache-size 63k: out of bounds (64k at least)"),
    (["-l"], "--listen: needs a value (ADDR)"),
    (["--nonsense"], "--nonsense: unknown option (see tarn --help)"),
    (["-l", "127.0.0.1:5399", "-u", "127.0.0.1:5399"],
     "--upstream 127.0.0.1:5399: tarn listens there itself"),
    (["-l", "a\nb\x1b[31m"], r"--listen a\x0ab\x1b[31m: not an IP address"),
])
def test_a_wrong_command_line_is_one_line_and_status_2(args, line):
    done = servers.run_tarn(*args)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"tarn: {line}\n")


def test_check_says_what_would_run():
    done = servers.run_tarn("--check", "-l", "127.0.0.1:5399", "-u", "192.0.2.1", "-u",
                            "[2001:db8::1]:5353", "-w", "3", "-s", "1G")
    assert (done.returncode, done.stderr) == (0, "")
    for line in ("listen {",
                 "\taddress = { 127.0.0.1:5399 }             # command line",
                 "upstream = { 192.0.2.1:53, [2001:db8::1]:5353 }  # command line",
                 "workers = 3                                      # command line",
                 "\tsize = 1G                                # command line",
                 "selection = fastest                              # default",
                 "\t# allow: loopback, private and link-local networks"):
        assert line in done.stdout.splitlines(), done.stdout


def test_version_names_the_libraries():
    done = servers.run_tarn("--version")
    assert done.returncode == 0
    assert re.fullmatch(r"tarn \d+\.\d+\.\d+\nc-ares \d+\.\d+\.\d+\nlibev 4\.\d+\n"
                        r"libconfuse [\d.]+\njansson 2\.[\d.]+\n"
                        r"(with \w+(, \w+)*\n)?(without \w+(, \w+)*\n)?", done.stdout)
    assert len(re.findall(r"\b(seccomp|libcap|microhttpd|openssl|dnstap)\b", done.stdout)) == 5


def write_to_full(*arguments):
    with open("/dev/full", "w", encoding="ascii") as full:
        return subprocess.run([program(), *arguments], stdout=full, stderr=subprocess.PIPE,
                              text=True, timeout=20, check=False)


def test_output_that_cannot_be_written_is_a_failure():
    done = write_to_full("--version")
    assert (done.returncode, done.stderr) == \
        (1, "tarn: cannot write: No space left on device\n")


# The names take more than one write.
@pytest.mark.parametrize("count", [0, 20, 40, 64])
def test_long_output_that_cannot_be_written_is_a_failure(count):
    done = write_to_full("--check", "--upstream=192.0.2.1",
                         *[f"--pass={'x' * 60}.{'y' * 60}.{i}.example" for i in range(count)])
    assert done.returncode == 1
    assert done.stderr.startswith("tarn: cannot write: ")


def test_help_and_man_page_name_the_same_options():
    done = servers.run_tarn("--help")
    assert done.returncode == 0
    with open(MAN_PAGE, encoding="ascii") as file:
        page = file.read()
    in_help = set(re.findall(r"(?<![\w-])(--?[a-z][a-z-]*)", done.stdout))
    tags = "\n".join(line for line in page.splitlines() if line.startswith(".It Fl"))
    in_page = {"-" + name.replace("\\-", "-") for name in re.findall(r"Fl (\S+)", tags)}
    assert in_help == in_page


# ---- start ---------------------------------------------------------------------------------------

def test_a_port_that_is_taken_is_one_line_and_status_1(run_tarn):
    """Even by another tarn, whose port SO_REUSEPORT would let it share."""
    tarn = run_tarn(listen=["127.0.0.1:0"])
    done = servers.run_tarn("-l", f"127.0.0.1:{tarn.port}", "-u", "192.0.2.1")
    assert done.returncode == 1
    assert done.stderr == (f"tarn: cannot listen on 127.0.0.1:{tarn.port}: Address already in "
                           "use (is another resolver running?)\n")


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_half_a_port_is_not_enough(kind):
    port = free_port()
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", port))
        if kind == socket.SOCK_STREAM:
            other.listen()
        done = servers.run_tarn("-l", f"127.0.0.1:{port}", "-u", "192.0.2.1")
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in done.stderr


def test_an_address_of_nobody_is_one_line_and_status_1():
    done = servers.run_tarn("-l", "192.0.2.77:5399", "-u", "192.0.2.1")
    assert (done.returncode, done.stderr) == \
        (1, "tarn: cannot listen on 192.0.2.77:5399: Cannot assign requested address "
            "(no interface has this address)\n")


def test_a_port_that_takes_privilege_says_so(tool):
    with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding="ascii") as file:
        if int(file.read()) <= 53 or os.geteuid() != 0:
            pytest.skip("only root can give up the privilege, where ports have any")
    done = servers.run_tarn("-l", "127.77.53.1", "-u", "192.0.2.1",
                            prefix=[tool("setpriv"), "--bounding-set=-net_bind_service"])
    assert (done.returncode, done.stderr) == \
        (1, "tarn: cannot listen on 127.77.53.1:53: Permission denied "
            "(ports below 1024 need root or CAP_NET_BIND_SERVICE)\n")


def test_the_environment_does_not_change_how_upstreams_are_asked(run_tarn, run_upstream):
    upstream = run_upstream(address())
    environment = dict(os.environ, RES_OPTIONS="use-vc ndots:9 timeout:30", LOCALDOMAIN="x.example",
                       LIBEV_FLAGS="2")
    tarn = run_tarn(upstreams=[upstream], env=environment)
    assert tarn.ask("a.example.").answer
    assert upstream.count("a.example", "udp") == upstream.count() == 1


def test_a_closed_stderr_does_not_leak_the_log_to_clients(run_tarn, run_upstream, cleanup, tool):
    port = free_port()
    upstream = run_upstream(address())
    child = subprocess.Popen([tool("sh"), "-c", 'exec "$@" 0<&- 1>&- 2>&-', "sh", program(), "-v",
                              "-l", f"127.0.0.1:{port}", "-u", upstream.address],
                             preexec_fn=servers.become_a_child)
    cleanup.callback(child.kill)
    for _ in range(200):
        try:
            reply = dns.query.udp(dns.message.make_query("a.example.", "A"), "127.0.0.1", 0.1,
                                  port)
            break
        except (dns.exception.Timeout, OSError):
            time.sleep(0.02)
    assert reply.answer
    for fd in range(3):
        assert os.readlink(f"/proc/{child.pid}/fd/{fd}") == "/dev/null"
    child.send_signal(signal.SIGTERM)
    assert child.wait(10) == 0


def test_all_workers_share_the_port(run_tarn, run_upstream):
    tarn = run_tarn("-w", 4, upstreams=[run_upstream(address())], listen=["127.0.0.1:0"])
    for number in range(40):  # a new socket each: the kernel spreads them over the workers
        assert tarn.ask(f"{number % 4}.example.").answer
    names = set()
    for thread in os.listdir(f"/proc/{tarn.pid}/task"):
        with open(f"/proc/{tarn.pid}/task/{thread}/comm", encoding="ascii") as file:
            names.add(file.read().strip())
    if not tarn.is_slow:
        assert {f"tarn/{number}" for number in range(4)} <= names


def test_it_idles_without_waking_up(run_tarn):
    tarn = run_tarn("-w", 2, upstreams=["192.0.2.1"])
    if tarn.is_slow:
        pytest.skip("valgrind and sanitizers have threads of their own")

    def switches():
        total = 0
        for thread in os.listdir(f"/proc/{tarn.pid}/task"):
            with open(f"/proc/{tarn.pid}/task/{thread}/status", encoding="ascii") as file:
                total += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", file.read(), re.M)[1])
        return total

    time.sleep(0.2)
    before = switches()
    time.sleep(1)
    assert switches() - before <= 2


def test_figures_start_and_memory(run_tarn, capsys):
    """Printed, with bounds that only a fault breaks; the aims are 5 ms and 4 MiB."""
    port = free_port()
    starts = []
    # Without RD, so that the answer is tarn's own and the upstream's speed is not measured.
    question = dns.message.make_query("a.example.", "A", flags=0).to_wire()
    for _ in range(5):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0.0005)
            began = time.monotonic()
            child = subprocess.Popen([program(), "-l", f"127.0.0.1:{port}", "-u", "192.0.2.1"],
                                     stderr=subprocess.DEVNULL)
            try:
                while time.monotonic() - began < 10:
                    sock.sendto(question, ("127.0.0.1", port))
                    try:
                        sock.recv(4096)
                        break
                    except (TimeoutError, ConnectionError):
                        pass
                starts.append((time.monotonic() - began) * 1000)
            finally:
                child.terminate()
                assert child.wait(10) == 0
    tarn = run_tarn(upstreams=["192.0.2.1"])
    memory = tarn.memory()
    with capsys.disabled():
        print(f"\n  start to first answer: {min(starts):.1f} ms (best of 5, exec included); "
              f"idle RSS: {memory} KiB ({tarn.memory('RssAnon')} KiB anonymous)")
    if not tarn.is_slow:
        assert min(starts) < 100
        assert memory < 16 * 1024


# ---- signals -------------------------------------------------------------------------------------

@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly(run_tarn, sig):
    tarn = run_tarn("-w", 2, upstreams=["192.0.2.1"])
    began = time.monotonic()
    tarn.child.send_signal(sig)
    tarn.stop(sig)  # impatient people press Ctrl-C twice
    if not tarn.is_slow:
        assert time.monotonic() - began < 1


def test_questions_in_flight_are_answered_at_the_stop(run_tarn, run_upstream):
    upstream = run_upstream(silence)
    tarn = run_tarn("-w", 2, upstreams=[upstream])
    with tarn.udp_socket() as udp, tarn.tcp_socket() as tcp:
        udp.send(dns.message.make_query("udp.example.", "A", id=1, use_edns=0).to_wire())
        tcp.sendall(frame(dns.message.make_query("tcp.example.", "A", id=2).to_wire()))
        deadline = time.monotonic() + 10
        while not (upstream.count("udp.example") and upstream.count("tcp.example")):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        tarn.child.send_signal(signal.SIGTERM)
        replies = [dns.message.from_wire(udp.recv(4096)), dns.message.from_wire(recv_frame(tcp))]
    assert [(r.id, r.rcode()) for r in replies] == \
        [(1, dns.rcode.SERVFAIL), (2, dns.rcode.SERVFAIL)]
    tarn.stop()


def test_a_stop_under_load_is_clean(run_tarn, run_upstream):
    """Coalesced questions on several workers, clients that come and go, some silence."""
    def script(question):
        number = int(question.name.split(".")[0])
        return silence(question) if number % 3 == 0 else address(delay=0.05)(question)

    tarn = run_tarn("-w", 3, upstreams=[run_upstream(script), run_upstream(silence)])
    stopped = threading.Event()

    def load(seed):
        number = seed
        while not stopped.is_set():
            number += 7
            try:
                with tarn.udp_socket(0.01) as sock:
                    sock.send(dns.message.make_query(f"{number % 50}.example.", "A").to_wire())
                    sock.recv(4096)
                with tarn.tcp_socket(0.01) as sock:
                    sock.sendall(frame(dns.message.make_query(f"{number % 50}.example.",
                                                              "AAAA").to_wire()))
            except OSError:
                pass

    threads = [threading.Thread(target=load, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    try:
        tarn.stop()
    finally:
        stopped.set()
        for thread in threads:
            thread.join()


def test_hangup_without_a_file_changes_nothing(run_tarn, run_upstream):
    tarn = run_tarn(upstreams=[run_upstream(address())])
    tarn.child.send_signal(signal.SIGHUP)
    tarn.wait_for_line("the configuration has been reloaded")
    assert tarn.ask("a.example.").answer


def test_few_descriptors_are_survived(run_tarn, run_upstream, cleanup):
    """With 64 descriptors and 100 connections the others wait; UDP goes on."""
    def limit():
        servers.become_a_child()
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    upstream = run_upstream(address())
    port = free_port()
    child = subprocess.Popen([program(), "-w", "1", "-l", f"127.0.0.1:{port}", "-u",
                              upstream.address], stderr=subprocess.PIPE, text=True,
                             preexec_fn=limit)
    cleanup.callback(child.stderr.close)
    cleanup.callback(child.kill)
    while "listening" not in child.stderr.readline():
        assert child.poll() is None
    question = dns.message.make_query("a.example.", "A")
    dns.query.udp(question, "127.0.0.1", 10, port)
    idle = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(100)]
    assert dns.query.udp(question, "127.0.0.1", 10, port).answer
    for sock in idle:
        sock.close()
    assert dns.query.tcp(question, "127.0.0.1", 10, port).answer
    child.terminate()
    assert child.wait(10) == 0


# ---- valgrind ------------------------------------------------------------------------------------

@pytest.mark.valgrind
def test_valgrind_finds_nothing(run_tarn, run_upstream, nsd):
    """A run with hits, misses, TCP, truncation, failures and a stop with questions in flight."""
    if not shutil.which("valgrind"):
        pytest.skip("no valgrind on this machine")
    if servers.is_sanitized():
        pytest.skip("valgrind cannot run a program with sanitizers")
    trial = servers.run_tarn("--version", prefix=servers.VALGRIND)
    if "corrupted debuginfo" in trial.stderr:
        pytest.skip("this valgrind cannot read this compiler's debug information")
    assert trial.returncode == 0, trial.stderr
    quiet = run_upstream(silence)
    tarn = run_tarn("-w", 2, upstreams=[nsd, quiet], valgrind=True)
    for name, rrtype in (("www", "A"), ("chain", "A"), ("large", "TXT"), ("nobody", "A"),
                         ("web", "HTTPS"), ("host.dname", "A")):
        question = dns.message.make_query(f"{name}.tarn.example.", rrtype, use_edns=0)
        for ask in (tarn.udp, tarn.tcp, tarn.udp):
            ask(question, 20)
    with tarn.udp_socket() as udp, tarn.tcp_socket() as tcp:
        for wire in (b"", b"\0" * 11, b"\0" * 12, os.urandom(100), b"\xff" * 4096):
            udp.send(wire)
        tcp.sendall(frame(dns.message.make_query("outside.example.", "A").to_wire())[:20])
        udp.send(dns.message.make_query("last.example.", "A").to_wire())
        time.sleep(0.3)
        tarn.stop()
