# SPDX-License-Identifier: BSD-2-Clause
"""What a list of blocked names costs: memory and time to load it, CPU time of queries that pass and
of those that it blocks, and what clients notice while it is replaced. Beside tarn those peers that
can block a name and all below it with NXDOMAIN, with the same names."""

import contextlib
import dataclasses
import fcntl
import itertools
import os
import random
import re
import statistics
import subprocess
import threading
import time
import typing

from servers import HOST, Fault, Server, free_port, make_query, server_cpus
from peers import Setup

PARTS = ("ad ads app bid cdn click count data feed game host img link log mail media metric mobi "
         "net page pix pop push rank rich serve shop site stat sync tag track video web").split()
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
BLOCKED_NAMES = 1000  # that are asked for again and again
# Enough, asked for once, for a list that is mapped from a file to be in memory.
TOUCHED_NAMES = 20_000
HOSTS_LINES = 20_000  # each with an address of its own, as in a large network
RELOAD_RATE = 1000
# An answer that has not come by then is lost; one that comes late is not.
RELOAD_TIMEOUT_SEC = 10
RELOAD_LIMIT_SEC = 90
FRESH_NAME = "fresh.example"
# How long the questions come before and after the reload.
QUIET_SEC = 0.5
NXDOMAIN = 3
F_SETPIPE_SZ = 1031  # of Linux; Python has it from 3.10 on


def make_names(count):
    """The same names each time: of two to four labels below "example", none below another one."""
    chance = random.Random(1)
    for number in range(count):
        serial = ""
        while number or not serial:
            number, digit = divmod(number, len(DIGITS))
            serial += DIGITS[digit]
        labels = ["".join(chance.choices(PARTS, k=2)) + "-" + serial]
        labels = chance.choices(PARTS, k=chance.choice((0, 0, 1, 1, 2))) + labels
        yield ".".join(labels) + ".example"


class Asking:
    """dnsperf, which asks for names of the cache until it is told to finish."""

    def __init__(self, bench, server):
        self.names = itertools.cycle(bench.questions.hot_names)
        self.output = os.path.join(server.folder, "asking")
        argv = [bench.options.dnsperf, "-s", HOST, "-p", str(server.port), "-c", "4", "-q", "60000",
                "-Q", str(RELOAD_RATE), "-t", str(RELOAD_TIMEOUT_SEC)]
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=output,
                                            stderr=output, bufsize=0)
        # It asks all that is in the pipe before it ends.
        fcntl.fcntl(self.process.stdin, F_SETPIPE_SZ, 4096)
        self.is_ending = threading.Event()
        self.feeder = threading.Thread(target=self.feed, daemon=True)

    def feed(self):
        with contextlib.suppress(BrokenPipeError), self.process.stdin as pipe:
            while not self.is_ending.is_set():
                pipe.write(f"{next(self.names)} A\n".encode())

    def __enter__(self):
        self.feeder.start()
        return self

    def __exit__(self, *_error):
        self.is_ending.set()
        self.process.kill()
        self.process.wait()
        self.feeder.join()

    def finish(self):
        """Returns the share of the queries that got no answer, and the milliseconds of the slowest
        that did."""
        self.is_ending.set()
        self.process.wait(RELOAD_TIMEOUT_SEC + 10)
        with open(self.output, encoding="utf-8", errors="replace") as output:
            text = output.read()
        sent, completed = (int(re.search(rf"Queries {what}:\s+(\d+)", text)[1])
                           for what in ("sent", "completed"))
        return (sent - completed) / sent, 1e3 * float(re.search(r"\(s\):.*max ([\d.]+)", text)[1])


@dataclasses.dataclass
class Cost:
    octets: float = 0  # of RSS for each name
    load_sec: float = 0  # of CPU
    start_sec: float = 0  # to the first answer
    again_sec: float = 0  # the same, of the next start
    # µs of CPU for each query, by round.
    plain_us: list = dataclasses.field(default_factory=list)
    passed_us: list = dataclasses.field(default_factory=list)
    blocked_us: list = dataclasses.field(default_factory=list)
    # None: not measured, since the peer cannot do it.
    hosts_per_ms: typing.Optional[float] = None  # lines, by CPU time
    reload_sec: typing.Optional[float] = None
    lost: typing.Optional[float] = None
    longest_ms: typing.Optional[float] = None

    def extra_us(self):
        """The median of the differences within each round."""
        pairs = zip(self.passed_us, self.plain_us)
        return statistics.median(passed - plain for passed, plain in pairs)


class Lists:
    def __init__(self, bench):
        self.bench = bench
        self.count = bench.options.list_names
        self.names = list(make_names(self.count))
        self.costs = {}
        chosen = random.Random(2).sample(self.names, min(TOUCHED_NAMES, self.count))
        self.probe = chosen[0]
        self.touched = bench.questions.write("touched", chosen)
        self.blocked = bench.questions.write("blocked", chosen[:BLOCKED_NAMES])

    def write_list(self, folder, peer, names):
        """The file appears at once, as a whole."""
        path = os.path.join(folder, "list")
        with open(path + ".new", "w", encoding="ascii") as file:
            file.writelines(peer.list_line.format(name) + "\n" for name in names)
        os.replace(path + ".new", path)
        return path

    def write_hosts(self, folder):
        path = os.path.join(folder, "hosts")
        with open(path, "w", encoding="ascii") as file:
            for number, name in enumerate(self.names[:HOSTS_LINES]):
                file.write(f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255} {name}\n")
        return path

    def start(self, peer, folder=None, **files):
        folder = folder or self.bench.new_folder()
        setup = Setup(peer.program, folder, free_port(), self.bench.upstream.port, 1, **files)
        return Server(peer.name, peer.start(setup), setup.port, folder, server_cpus(1))

    def is_blocked(self, server, name):
        return server.ask(name)[3] & 15 == NXDOMAIN

    def cpu_us(self, server, path, rcode):
        """Asks as fast as dnsperf can."""
        return self.bench.dnsperf.cpu_us(server, path, rcode, "-l", str(self.bench.options.seconds))

    def warm(self, server, path):
        self.bench.dnsperf.run_once(server, self.bench.questions.hot)
        self.bench.dnsperf.run_once(server, path)

    def measure_load(self, peer, cost):
        folder = self.bench.new_folder()
        path = self.write_list(folder, peer, self.names)
        with contextlib.ExitStack() as stack:
            plain = stack.enter_context(self.start(peer))
            plain_sec = plain.cpu_sec()
            listed = stack.enter_context(self.start(peer, folder, list_file=path))
            if not self.is_blocked(listed, self.probe):
                raise Fault(f"{peer.name} does not block {self.probe}")
            cost.load_sec, cost.start_sec = listed.cpu_sec() - plain_sec, listed.first_answer_sec
            self.bench.dnsperf.run_once(plain, self.bench.questions.hot)
            self.warm(listed, self.touched)
            cost.octets = (listed.rss() - plain.rss()) / self.count
            for _ in range(self.bench.options.rounds):
                hot = self.bench.questions.hot
                cost.plain_us.append(self.cpu_us(plain, hot, "NOERROR"))
                cost.passed_us.append(self.cpu_us(listed, hot, "NOERROR"))
                cost.blocked_us.append(self.cpu_us(listed, self.blocked, "NXDOMAIN"))
        with self.start(peer, folder, list_file=path) as again:
            cost.again_sec = again.first_answer_sec

    def measure_hosts(self, peer, cost):
        folder = self.bench.new_folder()
        with self.start(peer) as plain:
            plain_sec = plain.cpu_sec()
        with self.start(peer, folder, hosts_file=self.write_hosts(folder)) as server:
            server.ask(self.probe)
            used = server.cpu_sec() - plain_sec
            cost.hosts_per_ms = min(HOSTS_LINES, self.count) / (1e3 * used) if used > 0 else None

    def measure_reload(self, peer, cost):
        folder = self.bench.new_folder()
        path = self.write_list(folder, peer, self.names)
        names = itertools.chain(self.names, [FRESH_NAME])
        fresh = self.write_list(self.bench.new_folder(), peer, names)
        with self.start(peer, folder, list_file=path) as server:
            self.warm(server, self.blocked)
            with Asking(self.bench, server) as asking:
                time.sleep(QUIET_SEC)
                began = time.perf_counter()
                os.replace(fresh, path)
                for process in server.processes if peer.reload_signal else []:
                    process.send_signal(peer.reload_signal)
                self.wait_until_blocked(server, FRESH_NAME, began)
                cost.reload_sec = time.perf_counter() - began
                time.sleep(QUIET_SEC)
                cost.lost, cost.longest_ms = asking.finish()

    def wait_until_blocked(self, server, name, began):
        query = make_query(name, 1)
        while time.perf_counter() < began + RELOAD_LIMIT_SEC:
            reply = server.exchange(query, 1)
            if reply and reply[3] & 15 == NXDOMAIN:
                return
            time.sleep(0.01)
        raise Fault(f"{server.name} has not read its list again")

    def measure_peer(self, peer):
        cost = Cost()
        self.measure_load(peer, cost)
        if peer.has_hosts:
            self.measure_hosts(peer, cost)
        if peer.reads_again:
            self.measure_reload(peer, cost)
        self.costs[peer.name] = cost
        self.bench.say(f"list, {peer.name}: {cost.octets:.1f} octets a name, {cost.load_sec:.2f} s",
                       f"of CPU to load, {cost.extra_us():+.2f} µs for each hit")

    def measure(self):
        for peer in self.bench.servers:
            if peer.list_line:
                with self.bench.forgiving(peer):
                    self.measure_peer(peer)
