# SPDX-License-Identifier: BSD-2-Clause
"""The observers: the query log and dnstap, also without a reader."""

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections import namedtuple

import dns.message
import dns.name
import dns.rcode
import pytest

import servers
from servers import Process, control_program, frame, has_ipv6, program, recv_frame
from upstream import address, failure, reply

Line = namedtuple("Line", "time client transport name type rcode status upstream latency")
LOST = re.compile(r"# (\S+) (\d+) lines lost")
TIME = re.compile(r"20\d\d-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-6]\d\.\d{3}Z")


def read_text(path):
    with open(path, encoding="ascii") as file:
        return file.read()


class QuestionLog:
    """The file that tarn writes; its lines so far, and how many were lost."""

    def __init__(self, path):
        self.path = str(path)

    def read(self):
        lines, lost = [], 0
        for text in read_text(self.path).splitlines(keepends=True):
            if not text.endswith("\n"):
                continue  # half of it is still to come
            if match := LOST.fullmatch(text[:-1]):
                lost += int(match[2])
            else:
                lines.append(Line(*text[:-1].split(" ")))
        return lines, lost

    def wait(self, count, timeout=10):
        """Until that many lines are there, lost ones too; they."""
        deadline = time.monotonic() + timeout
        while True:
            lines, lost = self.read()
            if len(lines) + lost >= count:
                return lines
            assert time.monotonic() < deadline, f"{len(lines)} lines of {count}: {lines}"
            time.sleep(0.01)


def read_lost(control):
    """The number of lost records that tarnctl reports."""
    done = subprocess.run([control_program(), "-s", control,
                           "--json", "stats"], capture_output=True, text=True, timeout=30, check=True)
    return json.loads(done.stdout)["lost"]


@pytest.fixture
def log(tmp_path):
    return QuestionLog(tmp_path / "questions")


@pytest.fixture
def dnstap_path(tmp_path):
    if not servers.is_built_with("dnstap"):
        pytest.skip("tarn was built without dnstap")
    return str(tmp_path / "dnstap")


def ask_many(tarn, count):
    """Hits, one after the other; the longest that one of them took, in seconds."""
    wire = dns.message.make_query("a.example.", "A").to_wire()
    assert tarn.ask("a.example.").answer
    longest = 0
    with tarn.udp_socket() as sock:
        for _ in range(count):
            began = time.monotonic()
            sock.send(wire)
            sock.recv(4096)
            longest = max(longest, time.monotonic() - began)
    return longest


# More than a worker's ring and a pipe hold.
TOO_MANY = 6000


# ---- the query log -------------------------------------------------------------------------------

def test_each_way_to_an_answer_shows(run_tarn, run_upstream, log):
    failing = set()

    def script(question):
        name = question.name.split(".")[0]
        if name in failing or name == "failure":
            return failure(dns.rcode.SERVFAIL)(question)
        if name == "slow":
            time.sleep(0.3)
        return reply(question, f"{question.name} 1 IN A 192.0.2.1")

    upstream = run_upstream(script)
    tarn = run_tarn("-w", 1, "--query-log", log.path, upstreams=[upstream])
    began = time.time()
    for name in ("miss", "miss", "stale", "failure", "failure", "localhost"):
        tarn.ask(f"{name}.")
    tarn.udp(dns.message.make_query("refused.", "A", flags=0))
    tarn.ask_wire(bytes.fromhex("1234010000020000000000000000010001"))  # two questions
    asking = [threading.Thread(target=tarn.ask, args=("slow.",)) for _ in range(2)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    failing.add("stale")
    time.sleep(1.2)
    tarn.ask("stale.")
    tarn.ask("miss.")

    lines = log.wait(12)
    own = upstream.address
    assert [(line.name, line.type, line.rcode, line.status, line.upstream) for line in lines] == [
        ("miss.", "A", "NOERROR", "miss", own),
        ("miss.", "A", "NOERROR", "hit", own),
        ("stale.", "A", "NOERROR", "miss", own),
        ("failure.", "A", "SERVFAIL", "failure", "-"),
        ("failure.", "A", "SERVFAIL", "failure", "-"),
        ("localhost.", "A", "NOERROR", "local", "-"),
        ("refused.", "A", "REFUSED", "refused", "-"),
        ("-", "-", "FORMERR", "invalid", "-"),
        ("slow.", "A", "NOERROR", "miss", own),
        ("slow.", "A", "NOERROR", "lock_hit", own),
        ("stale.", "A", "NOERROR", "stale", own),
        ("miss.", "A", "NOERROR", "expired", own)]
    for line in lines:
        assert TIME.fullmatch(line.time)
        assert began - 1 < dns_time(line.time) < time.time() + 1
        assert re.fullmatch(r"127\.0\.0\.1:\d+", line.client) and line.transport == "udp"
    assert [line.latency for line in lines[:2]][1] == "0"
    if not tarn.is_slow:
        assert 250 <= int(lines[8].latency) < 2000
        assert 250 <= int(lines[9].latency) < 2000


def dns_time(text):
    seconds = time.strptime(text[:19] + " UTC", "%Y-%m-%dT%H:%M:%S %Z")
    return int(time.mktime(seconds) - time.timezone) + int(text[20:23]) / 1000


def test_client_and_transport_show(run_tarn, run_upstream, log):
    tarn = run_tarn("--query-log", log.path, upstreams=[run_upstream(address())])
    wire = dns.message.make_query("a.example.", "TXT").to_wire()
    with tarn.udp_socket() as udp, tarn.tcp_socket() as tcp:
        udp.send(wire)
        udp.recv(4096)
        tcp.sendall(frame(wire))
        recv_frame(tcp)
        expected = {(f"127.0.0.1:{udp.getsockname()[1]}", "udp"),
                    (f"127.0.0.1:{tcp.getsockname()[1]}", "tcp")}
    if has_ipv6():
        with socket.create_connection(("::1", tarn.ports["::1"]), 10) as tcp:
            tcp.sendall(frame(wire))
            recv_frame(tcp)
            expected.add((f"[::1]:{tcp.getsockname()[1]}", "tcp"))
    lines = log.wait(len(expected))
    assert {(line.client, line.transport) for line in lines} == expected
    assert {line.type for line in lines} == {"TXT"}


def test_a_name_cannot_forge_a_line(run_tarn, run_upstream, log):
    # Lines of one worker are in the order of the answers.
    tarn = run_tarn("--query-log", log.path, "-w", "1", upstreams=[run_upstream(address())])
    label = b"x\n# 2026 9 lines lost\n\x1b[2J\x00\xff \t\r."
    tarn.udp(dns.message.make_query(dns.name.Name([label, b"example", b""]), "A"))
    tarn.ask("last.example.")
    lines = log.wait(2)
    assert len(lines) == 2 and not log.read()[1]
    assert lines[0].name == ("x\\010#\\0322026\\0329\\032lines\\032lost\\010\\027[2J\\000\\255"
                             "\\032\\009\\013\\..example.")
    assert dns.name.from_text(lines[0].name).labels[0] == label


def test_it_may_go_to_stderr(run_tarn, run_upstream):
    tarn = run_tarn("--query-log", "stderr", upstreams=[run_upstream(address())])
    tarn.ask("a.example.")
    tarn.wait_for_line(r"Z 127\.0\.0\.1:\d+ udp a\.example\. A NOERROR miss 127\.0\.0\.1:\d+ \d+$")


def thread_names(tarn):
    return {read_text(f"/proc/{tarn.pid}/task/{task}/comm").strip()
            for task in os.listdir(f"/proc/{tarn.pid}/task")}


def test_it_is_off_by_default(run_tarn, run_upstream, log):
    upstream = run_upstream(address())
    on, off = run_tarn("--query-log", log.path, upstreams=[upstream]), \
        run_tarn(upstreams=[upstream])
    for tarn in (on, off):
        tarn.ask("a.example.")
    log.wait(1)
    assert "tarn/query_log" in thread_names(on)
    assert "tarn/query_log" not in thread_names(off)
    assert "a.example" not in off.log


def test_a_file_that_cannot_be_opened_keeps_it_from_starting():
    done = servers.run_tarn("-l", "127.0.0.1:0", "-u", "192.0.2.1", "--query-log",
                            "/nowhere/questions")
    assert (done.returncode, done.stderr.splitlines()[-1]) == \
        (1, "tarn: cannot open the query log /nowhere/questions: No such file or directory")


def test_a_slow_reader_delays_nobody(run_tarn, run_upstream, log, tmp_path):
    """The reader gets the number of records that it has missed."""
    os.mkfifo(log.path)
    reader = os.open(log.path, os.O_RDONLY | os.O_NONBLOCK)
    control = str(tmp_path / "control")
    tarn = run_tarn("-w", 1, "--query-log", log.path, "--control", control,
                    upstreams=[run_upstream(address())])
    longest = ask_many(tarn, TOO_MANY)
    if not tarn.is_slow:
        assert longest < 0.5
    lines, lost, text = 0, 0, b""
    deadline = time.monotonic() + 20
    while lines + lost < TOO_MANY + 1:
        assert time.monotonic() < deadline, (lines, lost)
        try:
            text += os.read(reader, 1 << 20)
        except BlockingIOError:
            time.sleep(0.01)
        *whole, text = text.split(b"\n")
        for line in whole:
            match = LOST.fullmatch(line.decode("ascii"))
            lost += int(match[2]) if match else 0
            lines += not match
    assert lines + lost == TOO_MANY + 1 and lost > 0
    assert read_lost(control) == {"query_log": lost, "dnstap": 0}
    tarn.stop()
    os.close(reader)


def test_a_full_device_delays_nobody_and_is_told_once(run_tarn, run_upstream):
    tarn = run_tarn("-w", 1, "--query-log", "/dev/full", upstreams=[run_upstream(address())])
    assert ask_many(tarn, TOO_MANY) < (5 if tarn.is_slow else 0.5)
    tarn.wait_for_line("cannot write the query log to /dev/full: No space left on device")
    tarn.stop()
    assert tarn.log.count("No space left") == 1


def test_a_full_disk_delays_nobody_and_goes_on_when_there_is_room(run_tarn, run_upstream, tool,
                                                                  mounted, tmp_path):
    tarn = run_tarn("-w", 1, "--query-log", str(tmp_path / "questions"),
                    prefix=mounted(f"mount -t tmpfs -o size=16k tmpfs {tmp_path}"),
                    upstreams=[run_upstream(address())])
    log = QuestionLog(f"/proc/{tarn.pid}/root{tmp_path}/questions")
    assert ask_many(tarn, TOO_MANY) < (5 if tarn.is_slow else 0.5)
    tarn.wait_for_line("cannot write the query log to .*: No space left on device")
    assert 0 < os.stat(log.path).st_size <= 16384
    subprocess.run([tool("nsenter"), "-t", str(tarn.pid), "-m", "mount", "-o", "remount,size=4m",
                    tmp_path], check=True, timeout=10)
    tarn.wait_for_line("writing the query log to .* again")
    tarn.ask("last.example.")
    lines = log.wait(TOO_MANY + 2)
    assert {line.name for line in lines} == {"a.example.", "last.example."}
    assert len(lines) > 1000 and len(lines) + log.read()[1] == TOO_MANY + 2


# ---- reloads -------------------------------------------------------------------------------------

def reload(tarn, count, line="the configuration has been reloaded"):
    tarn.child.send_signal(signal.SIGHUP)
    tarn.wait_for_line(line, count)


def test_a_file_that_was_moved_is_opened_anew(run_tarn, run_upstream, log):
    tarn = run_tarn("--query-log", log.path, upstreams=[run_upstream(address())])
    tarn.ask("a.example.")
    log.wait(1)
    os.rename(log.path, log.path + ".1")
    tarn.ask("b.example.")
    reload(tarn, 1)
    tarn.ask("c.example.")
    assert [line.name for line in log.wait(1)] == ["c.example."]
    assert [line.name for line in QuestionLog(log.path + ".1").wait(2)] == \
        ["a.example.", "b.example."]
    assert os.stat(log.path).st_mode & 0o137 == 0


def test_it_comes_and_goes_with_reloads(run_tarn, run_upstream, log, tmp_path):
    other = QuestionLog(tmp_path / "other")
    file = tmp_path / "tarn.conf"
    file.write_text("")
    # The sandbox keeps to the directories that were named at the start.
    tarn = run_tarn("--config", file, "--no-sandbox", upstreams=[run_upstream(address())])
    tarn.ask("off.example.")
    file.write_text(f'log {{ queries = "{log.path}" }}')
    reload(tarn, 1)
    tarn.ask("on.example.")
    log.wait(1)
    file.write_text('log { queries = "/nowhere/questions" }')
    reload(tarn, 1, "cannot open the query log /nowhere/questions")
    tarn.wait_for_line("the configuration is not reloaded")
    tarn.ask("still.example.")
    log.wait(2)
    file.write_text(f'log {{ queries = "{other.path}" }}')
    reload(tarn, 2)
    tarn.ask("other.example.")
    other.wait(1)
    file.write_text("")
    reload(tarn, 3)
    tarn.ask("off.example.")
    tarn.stop()
    assert [line.name for line in log.read()[0]] == ["on.example.", "still.example."]
    assert [line.name for line in other.read()[0]] == ["other.example."]


def test_dnstap_comes_and_goes_with_reloads(run_tarn, run_upstream, dnstap_path, log, tmp_path):
    """Beside the query log."""
    file = tmp_path / "tarn.conf"
    file.write_text("")
    tarn = run_tarn("--config", file, "--query-log", log.path, "-w", 2,
                    upstreams=[run_upstream(address())])
    with socket.socket(socket.AF_UNIX) as listener:
        listener.settimeout(20)
        listener.bind(dnstap_path)
        listener.listen()
        file.write_text(f'log {{ dnstap = "{dnstap_path}" }}')
        reload(tarn, 1)
        stream, _ = listener.accept()
        tarn.ask("both.example.")
        file.write_text("")
        stream.close()
        reload(tarn, 2)
    tarn.ask("alone.example.")
    assert [line.name for line in log.wait(2)] == ["both.example.", "alone.example."]


def test_what_dnstap_lost_is_counted_when_it_has_gone(run_tarn, run_upstream, dnstap_path, tmp_path):
    control, file = str(tmp_path / "control"), tmp_path / "tarn.conf"
    file.write_text(f'log {{ dnstap = "{dnstap_path}" }}')
    tarn = run_tarn("--config", file, "--control", control, "-w", 2,
                    upstreams=[run_upstream(address())])
    assert read_lost(control) == {"query_log": 0, "dnstap": 0}
    tarn.ask("lost.example.")  # asked, answered, told
    assert read_lost(control)["dnstap"] == 3
    for count, text in enumerate(("", f'log {{ dnstap = "{dnstap_path}" }}'), 1):
        file.write_text(text)
        reload(tarn, count)
        assert read_lost(control)["dnstap"] == 3
    tarn.ask("lost.example.")  # told
    assert read_lost(control)["dnstap"] == 4


# ---- dnstap --------------------------------------------------------------------------------------

def test_dnstap_tells_what_came_and_went(run_tarn, run_upstream, dnstap_path, tool, tmp_path,
                                         cleanup):
    """As fstrm_capture, which is started after tarn, takes it and dnstap-ldns prints it."""
    upstream = run_upstream(address())
    tarn = run_tarn("-w", 1, "--dnstap", dnstap_path, upstreams=[upstream])
    tarn.wait_for_line("dnstap: no reader at")
    tarn.ask("lost.example.")  # asked, answered, told
    capture = Process([tool("fstrm_capture"), "-t", "protobuf:dnstap.Dnstap", "-u", dnstap_path,
                       "-w", str(tmp_path / "captured")])
    cleanup.callback(capture.kill)
    tarn.wait_for_line(f"dnstap: sending to {dnstap_path}; 3 messages lost so far")
    with tarn.udp_socket() as udp:
        for _ in range(2):
            udp.send(dns.message.make_query("a.example.", "A").to_wire())
            udp.recv(4096)
        client_port = udp.getsockname()[1]
    tarn.stop()  # sends what is left
    capture.child.send_signal(signal.SIGTERM)
    capture.wait()
    printed = subprocess.run([tool("dnstap-ldns"), "-y", "-r", tmp_path / "captured"],
                             capture_output=True, text=True, timeout=20, check=True).stdout
    documents = [dict(re.findall(r'^ +(\w+): "?([^"\n|]+)', part, re.M))
                 for part in printed.split("\n---") if "type: MESSAGE" in part]
    asked = [d for d in documents if d["type"] == "FORWARDER_QUERY"]
    answered = [d for d in documents if d["type"] == "FORWARDER_RESPONSE"]
    told = [d for d in documents if d["type"] == "CLIENT_RESPONSE"]
    assert len(told) == 2 and len(asked) == len(answered) == 1
    for document in told:
        assert (document["query_address"], document["query_port"]) == \
            ("127.0.0.1", str(client_port))
        assert (document["socket_family"], document["socket_protocol"]) == ("INET", "UDP")
    for document in asked + answered:
        assert document["response_port"] == upstream.address.split(":")[1]
    assert printed.lower().count("a.example.\t300\tin\ta\t192.0.2.1") == 3


def test_a_dnstap_reader_that_stops_to_read_delays_nobody(run_tarn, run_upstream, dnstap_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(dnstap_path)
        listener.listen()
        tarn = run_tarn("-w", 1, "--dnstap", dnstap_path, upstreams=[run_upstream(address())])
        stream, _ = listener.accept()
        assert ask_many(tarn, TOO_MANY) < (5 if tarn.is_slow else 0.5)
        began = time.monotonic()
        tarn.child.send_signal(signal.SIGTERM)
        tarn.stop()
        assert time.monotonic() - began < 10
        stream.close()


def test_without_dnstap_it_says_so():
    if servers.is_built_with("dnstap"):
        pytest.skip("tarn was built with dnstap")
    for status, *how in (2,), (1, "--check"):
        done = servers.run_tarn("-l", "127.0.0.1:0", "-u", "192.0.2.1", "--dnstap", "/nowhere", *how)
        assert (done.returncode, done.stderr) == \
            (status, "tarn: --dnstap /nowhere: this tarn was built without dnstap\n")
