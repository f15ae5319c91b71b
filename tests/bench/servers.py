# SPDX-License-Identifier: BSD-2-Clause
"""Processes that answer questions: started, asked, measured from outside, and ended."""

import contextlib
import os
import random
import re
import select
import signal
import socket
import struct
import subprocess
import time

HOST = "127.0.0.1"
READY_TIMEOUT_SEC = 10
# Asked until there is an answer.
READY_NAME = "ready.bench.example"
# Seconds between two tries while a server starts: the port is closed, and open.
NOT_YET_SEC = 0.0002
NO_ANSWER_SEC = 0.001
CPUS = sorted(os.sched_getaffinity(0))


def make_query(name, identity=0):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!6H", identity, 0x0100, 1, 0, 0, 0) + labels + struct.pack("!BHH", 0, 1, 1)


class Fault(Exception):
    """An error that is reported to the user of the bench."""


def server_cpus(workers):
    return set(CPUS[:workers])


def client_cpus(workers):
    """Returns CPUs other than the server's, if there are enough."""
    cpus = set(CPUS[workers:2 * workers])
    return cpus if len(cpus) == workers else set(CPUS[:2])


@contextlib.contextmanager
def pinned(cpus):
    """Processes that are started inside the context stay on these CPUs."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def free_port():
    """A port that is free for UDP and TCP at this moment."""
    for _ in range(50):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind((HOST, 0))
            with contextlib.suppress(OSError):
                tcp.bind(udp.getsockname())
                return udp.getsockname()[1]
    raise Fault("no free port")


def machine_sec():
    """Seconds that all CPUs were busy, for this or another guest of the host, and in total."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, idle, iowait, irq, softirq, steal = (
            int(ticks) / os.sysconf("SC_CLK_TCK") for ticks in file.readline().split()[1:9])
    worked = user + nice + system + irq + softirq + steal
    return worked, worked + idle + iowait


@contextlib.contextmanager
def uninterrupted():
    """Delays an interrupt until the end of the context."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def allow_interrupts():
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


class Server:
    """The processes of one program. As a context, it answers inside and has ended afterwards."""

    def __init__(self, name, argvs, port, folder, cpus, ready_name=READY_NAME):
        self.name = name
        self.argvs = argvs
        self.port = port
        self.folder = folder
        self.log = os.path.join(folder, "log")
        self.cpus = cpus
        self.ready_name = ready_name
        self.processes = []
        self.socket = None
        self.started = None
        self.first_answer_sec = None

    def __enter__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with contextlib.ExitStack() as stack:
            stack.callback(self.end)
            self.socket.connect((HOST, self.port))
            with pinned(self.cpus), open(self.log, "wb") as log:
                self.started = time.perf_counter()
                for argv in self.argvs:
                    with uninterrupted():
                        self.processes.append(subprocess.Popen(
                            argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                            cwd=self.folder, preexec_fn=allow_interrupts))
            self.first_answer_sec = self.wait_until_ready()
            stack.pop_all()
        return self

    def __exit__(self, *_error):
        self.end()

    def end(self):
        with uninterrupted():
            self.end_processes()

    def end_processes(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(2)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.socket.close()

    def last_words(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return "".join(log.readlines()[-5:]).strip() or "it says nothing"

    def exchange(self, query, wait_sec):
        """One try; returns None if there was no answer in time."""
        deadline = time.perf_counter() + wait_sec
        try:
            self.socket.send(query)
            while select.select([self.socket], [], [], max(0, deadline - time.perf_counter()))[0]:
                reply = self.socket.recv(4096)
                if reply[:2] == query[:2]:
                    return reply
        except ConnectionRefusedError:
            time.sleep(NOT_YET_SEC)
        return None

    def ask(self, name):
        query = make_query(name, random.getrandbits(16))
        for _ in range(3):
            if reply := self.exchange(query, 1):
                return reply
        raise Fault(f"{self.name} does not answer; {self.last_words()}")

    def wait_until_ready(self):
        """Returns the seconds from the start to the first answer."""
        query = make_query(self.ready_name, 1)
        while time.perf_counter() < self.started + READY_TIMEOUT_SEC:
            reply = self.exchange(query, NO_ANSWER_SEC)
            if reply and reply[3] & 15 == 0:
                return time.perf_counter() - self.started
            if any(process.poll() is not None for process in self.processes):
                break
        raise Fault(f"{self.name} does not start; {self.last_words()}")

    def cpu_sec(self):
        """User and system time of all threads, as of clock_getcpuclockid()."""
        return sum(time.clock_gettime((~process.pid << 3) | 2) for process in self.processes)

    def rss(self):
        """Octets."""
        total = 0
        for process in self.processes:
            with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
                total += 1024 * int(re.search(r"^VmRSS:\s+(\d+)", file.read(), re.M)[1])
        return total

    def private(self):
        """Octets that no other process has in memory."""
        total = 0
        for process in self.processes:
            with open(f"/proc/{process.pid}/smaps_rollup", encoding="ascii") as file:
                kib = re.findall(r"^Private_(?:Clean|Dirty):\s+(\d+)", file.read(), re.M)
            total += 1024 * sum(map(int, kib))
        return total


class Upstream(Server):
    """The server that all others ask."""

    def __init__(self, program, folder):
        port = free_port()
        super().__init__("the upstream", [[program, "-u", str(port)]], port, folder, client_cpus(1))

    def count(self):
        """The number of questions that it has had, this one included."""
        return struct.unpack("!I", self.ask("count.bench.example")[-4:])[0]
