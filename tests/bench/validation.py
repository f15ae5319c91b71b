# SPDX-License-Identifier: BSD-2-Clause
"""What it costs to validate answers (DNSSEC): of hits and of misses, at the start, in memory, and
in questions and round trips until the first answer. tarn and unbound, each beside itself without
validation, forward to an upstream that has the signed zones (signed_upstream.py)."""

import collections
import contextlib
import dataclasses
import statistics
import struct
import time

from peers import Peer, Setup
from servers import Fault, Server, free_port, make_query, server_cpus
from signed_upstream import Relay, SignedUpstream, missing_programs

# Far more than anything else takes, so that the multiples of it are clear.
DELAY_SEC = 0.05
# Servers answer it themselves: they are ready, and have asked nothing.
LOCAL_NAME = "localhost"
SECURE_NAME, NEXT_NAME = "ready.bench.example", "next.bench.example"
# For what a server does of itself after its start, and after an answer.
QUIET_SEC = 0.2
PEERS = ("tarn", "unbound")
AD = 0x20


@dataclasses.dataclass(frozen=True)
class Variant:
    peer: Peer
    validates: bool

    @property
    def name(self):
        return self.peer.name + (", validating" if self.validates else "")


@dataclasses.dataclass
class First:
    """The first answer of a start, and the next of the same zone, over a way that takes time."""
    messages: int
    trips: float
    next_messages: int
    next_trips: float
    early: int  # messages before the first question


@dataclasses.dataclass
class Start:
    """One start, until the first answer."""
    first_ms: float
    cpu_ms: float


@dataclasses.dataclass
class Memory:
    """Octets of a server that does nothing: after a local answer alone, and after a secure one."""
    unasked: int  # private
    private: int
    rss: int


class Validation:
    def __init__(self, bench):
        self.bench = bench
        self.variants = [Variant(peer, validates) for peer in bench.servers
                         if peer.name in PEERS for validates in (False, True)]
        names = [f"secure{i}.bench.example" for i in range(bench.options.secure_names)]
        self.secure = bench.questions.write("secure", names)
        self.names = [SECURE_NAME, NEXT_NAME, *bench.questions.hot_names, *names]
        self.no_hosts = bench.questions.write("no-hosts", [])
        self.upstream = None
        # By name of the variant, for each round.
        self.hit_us = collections.defaultdict(list)
        self.miss_us = collections.defaultdict(list)
        self.miss_upstream = collections.defaultdict(list)
        self.starts = collections.defaultdict(list)
        self.memory = collections.defaultdict(list)
        self.first = collections.defaultdict(list)
        self.callgrind = {}

    def setup(self, variant, folder, port):
        return Setup(variant.peer.program, folder, free_port(), port, 1,
                     hosts_file=self.no_hosts,
                     anchors_file=self.upstream.anchors if variant.validates else None)

    def start(self, variant, ready_name=SECURE_NAME, port=None, prefix=()):
        folder = self.bench.new_folder()
        setup = self.setup(variant, folder, port or self.upstream.port)
        argvs = [[*prefix, *argv] for argv in variant.peer.start(setup)]
        return Server(variant.name, argvs, setup.port, folder, server_cpus(1), ready_name)

    @staticmethod
    def check(variant, server):
        """AD is what says that a server validates, or does not."""
        query = bytearray(make_query(SECURE_NAME, 2))
        query[3] |= AD
        reply = server.exchange(bytes(query), 1)
        if not reply or bool(reply[3] & AD) != variant.validates:
            raise Fault(f"{server.name}: AD is not as it should be")

    # ---- hits -----------------------------------------------------------------------------------

    def measure_hits(self):
        perf, hot = self.bench.dnsperf, self.bench.questions.hot
        with contextlib.ExitStack() as stack:
            running = [stack.enter_context(self.bench.start(self.bench.floor, 1))]
            for variant in self.variants:
                server = stack.enter_context(self.start(variant))
                self.check(variant, server)
                running.append(server)
            for server in running:
                perf.run_once(server, hot)
            for turn in range(self.bench.options.rounds):
                for server in running[::-1 if turn % 2 else 1]:
                    cpu_us = perf.cpu_us(server, hot, "NOERROR", "-l",
                                         str(self.bench.options.seconds))
                    self.hit_us[server.name].append(cpu_us)
                    self.bench.say(f"round {turn + 1}, validation, hits, {server.name}:",
                                   f"{cpu_us:.2f} µs of CPU each")

    def measure_callgrind(self):
        for variant in self.variants:
            if variant.peer is self.bench.tarn:
                self.callgrind[variant.name] = self.bench.instructions_per_hit(
                    variant.name, lambda prefix, one=variant: self.start(one, prefix=prefix))

    # ---- misses ---------------------------------------------------------------------------------

    def measure_miss(self, variant):
        """Every name is new to a server that has just been started; the chain to it is known."""
        with self.start(variant) as server:
            self.check(variant, server)
            asked = self.upstream.count()
            cpu_us = self.bench.dnsperf.cpu_us(server, self.secure, "NOERROR", "-n", "1",
                                               "-q", "50")
            asked = self.upstream.count() - asked
        self.miss_us[variant.name].append(cpu_us)
        self.miss_upstream[variant.name].append(asked / self.bench.options.secure_names)
        self.bench.say(f"validation, misses, {variant.name}: {cpu_us:.2f} µs of CPU each,",
                       f"{self.miss_upstream[variant.name][-1]:.3f} to the upstream")

    # ---- starts ---------------------------------------------------------------------------------

    def measure_start(self, variant):
        with self.start(variant) as server:
            start = Start(1e3 * server.first_answer_sec, 1e3 * server.cpu_sec())
        self.starts[variant.name].append(start)
        self.bench.say(f"validation, start, {variant.name}: {start.first_ms:.1f} ms,",
                       f"{start.cpu_ms:.2f} ms of CPU")

    def measure_memory(self, variant):
        with self.start(variant, LOCAL_NAME) as server:
            time.sleep(QUIET_SEC)
            unasked = server.private()
        with self.start(variant) as server:
            time.sleep(QUIET_SEC)
            self.memory[variant.name].append(Memory(unasked, server.private(), server.rss()))

    def measure_first(self, variant):
        with Relay(self.upstream.port, DELAY_SEC) as relay:
            with self.start(variant, LOCAL_NAME, relay.port) as server:
                time.sleep(QUIET_SEC)
                early = relay.count
                counts = []
                for name in (SECURE_NAME, NEXT_NAME):
                    before, began = relay.count, time.perf_counter()
                    reply = server.exchange(make_query(name, 3), 100 * DELAY_SEC)
                    took_sec = time.perf_counter() - began
                    if not reply or reply[3] & 15 or not struct.unpack("!H", reply[6:8])[0]:
                        raise Fault(f"{server.name} does not answer {name}")
                    time.sleep(QUIET_SEC)
                    counts += [relay.count - before, took_sec / DELAY_SEC]
        first = First(*counts, early)
        self.first[variant.name].append(first)
        self.bench.say(f"validation, first answer, {variant.name}: {first.messages} messages,",
                       f"{first.trips:.2f} round trips; then {first.next_messages}")

    # ---- all ------------------------------------------------------------------------------------

    def measure(self):
        if missing := missing_programs():
            self.bench.say(f"validation is left out: there is no {', '.join(missing)}")
            return
        folder = self.bench.new_folder()
        with SignedUpstream(folder, self.names) as self.upstream:
            self.measure_hits()
            for measure, rounds in ((self.measure_miss, self.bench.options.rounds),
                                    (self.measure_start, self.bench.options.starts),
                                    (self.measure_memory, self.bench.options.rounds),
                                    (self.measure_first, self.bench.options.rounds)):
                for turn in range(rounds):
                    for variant in self.variants[::-1 if turn % 2 else 1]:
                        measure(variant)
            if self.bench.options.callgrind:
                self.measure_callgrind()


def added(values, base):
    """The median of the differences within each round."""
    return statistics.median(value - other for value, other in zip(values, base))


def times(values, base):
    """The median of the ratios within each round."""
    ratios = [value / other for value, other in zip(values, base)]
    return statistics.median(ratios) if ratios else None
