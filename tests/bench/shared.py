# SPDX-License-Identifier: BSD-2-Clause
"""
What a second level of the cache costs and saves: a miss that a store has beside one of an upstream that
is 1 ms away, CPU time, what clients notice of a store that stops, and what a fleet asks its upstream.
Beside tarn unbound, where it is built with a store. The store is Valkey or Redis, which has a CPU of the
clients.
"""

import collections
import contextlib
import dataclasses
import itertools
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import time

from load import QUERY_TIMEOUT_SEC
from peers import SYSTEM_PATH, SecondLevel, Setup
from servers import HOST, Fault, Server, client_cpus, free_port, make_query, pinned, server_cpus

STORES = ("valkey-server", "redis-server")
SECRET = "the secret of the bench, which all have"
AWAY_US = 1000
# Questions for each second at which there is rarely more than one under way.
LONELY_RATE = 500
WINDOW = 100
GOOD_SHARE = 0.99
# Until the store has what was put behind the answers.
SETTLE_SEC = 0.3
# Enough that a store that was asked does not make answers go to the upstream.
PATIENT_MS = 1000

OUTAGE_RATE = 500
OUTAGE_MISSES = 0.02
PHASES = ("before", "stopped, first second", "stopped, later", "back, after 1 s")

HOT_NAME = "one.bench.example"
FLEET_RATE = 50
FLEET_AWAY_US = 20_000


class Store:
    """Valkey or Redis, which keeps nothing on disk; a client of its protocol is in it."""

    def __init__(self, program, folder):
        self.port = free_port()
        self.argv = [program, "--port", str(self.port), "--bind", HOST, "--save", "",
                     "--appendonly", "no", "--dir", folder]
        self.process = self.socket = self.file = None

    def __enter__(self):
        with pinned(client_cpus(1)):
            self.process = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL,
                                            stdout=subprocess.DEVNULL, start_new_session=True)
        for _ in range(500):
            with contextlib.suppress(OSError):
                self.socket = socket.create_connection((HOST, self.port), 5)
                self.file = self.socket.makefile("rb")
                return self
            time.sleep(0.01)
        self.__exit__()
        raise Fault("the store does not start")

    def __exit__(self, *_error):
        self.process.kill()
        self.process.wait()
        if self.socket:
            self.file.close()
            self.socket.close()

    def call(self, *words):
        """Of its answers those of one line."""
        parts = [str(word).encode() for word in words]
        self.socket.sendall(b"*%d\r\n" % len(parts)
                            + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
        return self.file.readline().decode().strip()

    def count(self):
        return int(self.call("DBSIZE")[1:])

    def empty(self):
        self.call("FLUSHALL")

    def stop(self):
        self.process.send_signal(signal.SIGSTOP)

    def cont(self):
        self.process.send_signal(signal.SIGCONT)

    def cpu_sec(self):
        return time.clock_gettime((~self.process.pid << 3) | 2)


class Away(Server):
    """An upstream that is some time away; its answers have that TTL."""

    def __init__(self, program, folder, delay_us, ttl=3600):
        port = free_port()
        super().__init__("the upstream from afar",
                         [[program, "-u", "-d", str(delay_us), "-t", str(ttl), str(port)]],
                         port, folder, client_cpus(1))

    def count(self):
        """The number of questions that it has had, this one included."""
        return int.from_bytes(self.ask("count.bench.example")[-4:], "big")


@dataclasses.dataclass
class Latencies:
    """Seconds of each answer; the share of them that the upstream was not asked for."""
    seconds: list = dataclasses.field(default_factory=list)
    shared: float = 0


@dataclasses.dataclass
class Costs:
    """µs of CPU for each answer, by round: the server's, and the store's."""
    hit: list = dataclasses.field(default_factory=list)
    miss: list = dataclasses.field(default_factory=list)
    put: list = dataclasses.field(default_factory=list)  # a miss that is put into the store
    shared: list = dataclasses.field(default_factory=list)
    store: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Phase:
    hits: list
    misses: list
    sent: int
    lost: int
    failed: int


@dataclasses.dataclass
class Fleet:
    questions: float  # to the upstream for each TTL
    asked: int
    lost: int
    failed: int


class Shared:
    def __init__(self, bench):
        self.bench = bench
        self.store = self.away = None
        self.program = next(filter(None, (shutil.which(name, path=SYSTEM_PATH)
                                          for name in STORES)), None)
        self.peers = []
        self.secret_file = None
        # By name of the server, and whether it has a store.
        self.latencies = collections.defaultdict(Latencies)
        self.costs = collections.defaultdict(Costs)
        self.phases = {}  # by name and phase
        self.fleets = {}  # by whether they share

    # ---- servers ---------------------------------------------------------------------------------

    def start(self, peer, upstream, has_store, wait_ms=None, **options):
        second = SecondLevel(self.store.port, self.secret_file, SECRET, wait_ms) \
            if has_store else None
        setup = Setup(peer.program, self.bench.new_folder(), free_port(), upstream.port, 1,
                      second=second, **options)
        return Server(peer.name, peer.start(setup), setup.port, setup.folder, server_cpus(1))

    def put(self, peer, path, count):
        """Another server asks for all names, so that the store has the answers."""
        before = self.store.count()
        with self.start(peer, self.bench.upstream, True, PATIENT_MS) as writer:
            self.bench.dnsperf.run_once(writer, path)
            for _ in range(50):
                if self.store.count() >= before + count:
                    break
                time.sleep(SETTLE_SEC / 10)
        if self.store.count() < before + 0.98 * count:
            raise Fault(f"{peer.name} has put {self.store.count() - before} of {count} answers")

    # ---- latency ---------------------------------------------------------------------------------

    def measure_latency(self, peer, turn):
        """One miss at a time: of an upstream 1 ms away, and of a store that has the answer."""
        count = max(20, self.bench.options.shared_names // 10)
        for has_store in (False, True)[::-1 if turn % 2 else 1]:
            path = self.bench.questions.write("shared-misses",
                                              self.bench.questions.new_names(count))
            if has_store:
                self.put(peer, path, count)
            with self.start(peer, self.away, has_store) as server:
                time.sleep(SETTLE_SEC)
                asked = self.away.count()
                text = self.bench.dnsperf.run(server, path, "-n", "1", "-Q", str(LONELY_RATE), "-v")
                asked = self.away.count() - asked - 1
            figures = self.latencies[peer.name, has_store]
            found = seconds_of(text)
            figures.seconds += found
            figures.shared = max(0.0, 1 - asked / count)
            self.bench.say(f"round {turn + 1}, misses of {peer.name},",
                           "store:" if has_store else "upstream:",
                           f"{1e6 * percentile(found, 0.5):.0f} µs,",
                           f"{100 * figures.shared:.0f} % without the upstream")

    # ---- CPU time --------------------------------------------------------------------------------

    def cpu_us(self, server, path):
        """Of each answer; a few may be lost on a busy machine."""
        before = server.cpu_sec()
        text = self.bench.dnsperf.run(server, path, "-n", "1", "-q", str(WINDOW))
        used = server.cpu_sec() - before
        sent, good = (int(re.search(label + r"\s+(\d+)", text)[1])
                      for label in ("Queries sent:", "NOERROR"))
        if good < GOOD_SHARE * sent:
            raise Fault(f"{server.name}: {good} good answers to {sent} queries")
        return 1e6 * used / good

    def measure_costs(self, peer, turn):
        names = self.bench.questions.new_names(self.bench.options.shared_names)
        path = self.bench.questions.write("shared-costs", names)
        costs = self.costs[peer.name]
        with self.start(peer, self.bench.upstream, False) as server:
            costs.miss.append(self.cpu_us(server, path))
            costs.hit.append(self.cpu_us(server, path))
        self.store.empty()
        with self.start(peer, self.bench.upstream, True, PATIENT_MS) as server:
            time.sleep(SETTLE_SEC)
            costs.put.append(self.cpu_us(server, path))
            time.sleep(SETTLE_SEC)
        with self.start(peer, self.bench.upstream, True, PATIENT_MS) as server:
            time.sleep(SETTLE_SEC)
            asked, used = self.bench.upstream.count(), self.store.cpu_sec()
            costs.shared.append(self.cpu_us(server, path))
            used = self.store.cpu_sec() - used
            asked = self.bench.upstream.count() - asked - 1
        costs.store.append(1e6 * used / len(names))
        self.bench.say(f"round {turn + 1}, {peer.name}, µs of CPU: hit {costs.hit[-1]:.2f},",
                       f"miss {costs.miss[-1]:.2f}, miss and put {costs.put[-1]:.2f}, shared",
                       f"{costs.shared[-1]:.2f} ({asked} of {len(names)} from the upstream)")

    # ---- outage ----------------------------------------------------------------------------------

    def ask_mixture(self, server, seconds):
        """Hits at a rate, and a few names that are new."""
        questions = self.bench.questions
        count = max(20, int(seconds * OUTAGE_RATE))
        names = list(itertools.islice(itertools.cycle(questions.hot_names), count))
        every = int(1 / OUTAGE_MISSES)
        news = questions.new_names(len(names[every // 2::every]))
        names[every // 2::every] = news
        path = questions.write("outage", names)
        text = self.bench.dnsperf.run(server, path, "-n", "1", "-Q", str(OUTAGE_RATE), "-v", "-t",
                                      "3")
        sent, done, good = (int(re.search(label + r"\s+(\d+)", text)[1])
                            for label in ("Queries sent:", "Queries completed:", "NOERROR"))
        return Phase(seconds_of(text, "hot"), seconds_of(text, "new"), sent, sent - done,
                     done - good)

    def measure_outage(self, peer):
        seconds = self.bench.options.outage_seconds
        with self.start(peer, self.away, True) as server:
            self.bench.dnsperf.run_once(server, self.bench.questions.hot)
            time.sleep(SETTLE_SEC)
            phases = [self.ask_mixture(server, seconds)]
            self.store.stop()
            try:
                phases += [self.ask_mixture(server, 1), self.ask_mixture(server, seconds)]
            finally:
                self.store.cont()
            time.sleep(1)
            phases.append(self.ask_mixture(server, seconds))
        for name, phase in zip(PHASES, phases):
            self.phases[peer.name, name] = phase
            self.bench.say(f"{peer.name}, store {name}: hits p99",
                           f"{1e3 * (percentile(phase.hits, 0.99) or 0):.2f} ms, misses p99",
                           f"{1e3 * (percentile(phase.misses, 0.99) or 0):.2f} ms,",
                           f"{phase.lost} lost, {phase.failed} failed")

    # ---- a fleet ---------------------------------------------------------------------------------

    def measure_fleets(self):
        """One name, asked of each machine at a rate: of a fleet that shares and of one that does not."""
        ttl = self.bench.options.fleet_ttl
        with contextlib.ExitStack() as stack:
            fleets = {}
            for shares in (False, True):
                upstream = stack.enter_context(Away(self.bench.options.reflector,
                                                    self.bench.new_folder(), FLEET_AWAY_US, ttl))
                fleets[shares] = upstream, [
                    stack.enter_context(self.start(self.bench.tarn, upstream, shares,
                                                   cache_size="1M"))
                    for _ in range(self.bench.options.fleet)]
            time.sleep(SETTLE_SEC)
            asking = {shares: Asking(servers) for shares, (_upstream, servers) in fleets.items()}
            # The first answer is there before the machines are asked, which begin at once.
            for _upstream, servers in fleets.values():
                servers[0].ask(HOT_NAME)
            time.sleep(SETTLE_SEC)
            before = {shares: upstream.count() for shares, (upstream, _servers) in fleets.items()}
            began = time.monotonic()
            while (now := time.monotonic()) < began + self.bench.options.fleet_ttls * ttl:
                for one in asking.values():
                    one.ask_until(now - began)
                    one.drain()
                time.sleep(2e-3)
            seconds = time.monotonic() - began
            time.sleep(QUERY_TIMEOUT_SEC)
            for shares, (upstream, _servers) in fleets.items():
                one = asking[shares]
                one.drain()
                one.close()
                asked = upstream.count() - before[shares] - 1
                self.fleets[shares] = Fleet(asked * ttl / seconds, one.asked,
                                            one.asked - one.good - one.bad, one.bad)
                self.bench.say(f"a fleet of {self.bench.options.fleet},",
                               "shared:" if shares else "not shared:", f"{asked} questions in",
                               f"{seconds:.0f} s, {self.fleets[shares].questions:.2f} a TTL")

    # ---- all -------------------------------------------------------------------------------------

    def can_share(self, peer):
        if peer is self.bench.tarn:
            return True
        if peer.name != "unbound":
            return False
        said = subprocess.run([peer.program, "-V"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True, timeout=10, check=False).stdout
        return "cachedb" in said and "hiredis" in said

    def measure(self):
        with contextlib.ExitStack() as stack:
            if self.program:
                self.peers = [peer for peer in self.bench.servers if self.can_share(peer)]
                folder = self.bench.new_folder()
                self.secret_file = os.path.join(folder, "secret")
                with open(self.secret_file, "w", encoding="ascii") as file:
                    file.write(SECRET + "\n")
                os.chmod(self.secret_file, 0o600)
                self.store = stack.enter_context(Store(self.program, folder))
                self.away = stack.enter_context(Away(self.bench.options.reflector,
                                                     self.bench.new_folder(), AWAY_US))
                self.measure_second()
            else:
                self.bench.say("a second level is left out: there is no", " nor ".join(STORES))

    def measure_second(self):
        for peer in self.peers:
            with self.bench.forgiving(peer):
                for turn in range(self.bench.options.rounds):
                    self.measure_latency(peer, turn)
                    self.measure_costs(peer, turn)
                self.measure_outage(peer)
        self.measure_fleets()


class Asking:
    """One name, asked of many servers at a rate, in turn."""

    def __init__(self, servers):
        self.sockets = []
        for server in servers:
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.connect((HOST, server.port))
            self.sockets.append(sock)
        self.query = make_query(HOT_NAME, 1)
        self.asked = self.good = self.bad = 0

    def ask_until(self, seconds):
        while self.asked < seconds * FLEET_RATE * len(self.sockets):
            self.sockets[self.asked % len(self.sockets)].send(self.query)
            self.asked += 1

    def drain(self):
        while ready := select.select(self.sockets, [], [], 0)[0]:
            for sock in ready:
                is_good = sock.recv(4096)[3] & 15 == 0
                self.good, self.bad = self.good + is_good, self.bad + (not is_good)

    def close(self):
        for sock in self.sockets:
            sock.close()


def seconds_of(text, prefix=""):
    """Of the good answers for names that begin so, in dnsperf's output."""
    return [float(answer)
            for answer in re.findall(rf"^> NOERROR {prefix}\S* .* ([\d.]+)$", text, re.M)]


def percentile(seconds, share):
    """None if there are none."""
    return sorted(seconds)[min(len(seconds) - 1, int(share * len(seconds)))] if seconds else None
