#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Measures tarn beside its floor and its peers: `make bench`.

dnsperf asks, the bench's own upstream answers, and between them run, in turn and in every round,
the reflector (the floor: the same loop without DNS), tarn, and those of unbound, Knot Resolver,
PowerDNS Recursor, dnsdist, BIND and dnsmasq that are installed. All traffic is on loopback,
and every process that is started here ends here. Last come lists of blocked names (lists.py), the
validation of answers (validation.py), DNS over TLS and HTTPS (encrypted.py), a second level of the
cache (shared.py), and the file of the cache (cache_file.py).

A server with one worker has one CPU, dnsperf and the upstream have another. Servers with two
workers have two, and where there are no more than two, dnsperf shares them.

Load runs ask as fast as dnsperf can. Latency runs ask at a fixed rate at which the processes are
idle most of the time: they measure one client's wait, not a queue. The upstream counts its
questions, so that each row shows whether its hits were hits and its misses misses.
"""

import argparse
import collections
import contextlib
import itertools
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import typing

import load
import report
from cache_file import CacheFile
from encrypted import Encrypted
from lists import Lists
from peers import PEERS, Peer, Setup, start_reflector, start_tarn
from servers import (CPUS, Fault, Server, Upstream, client_cpus, free_port, machine_sec,
                     server_cpus)
from shared import Shared
from validation import Validation

# Asked for in the end, to count the names that are still cached.
SAMPLE_NAMES = 300
# Less than an A record itself: the room for all names had been allocated before.
GROWTH_MIN = 16
# Both contain the cost of the start; the difference does not.
CALLGRIND_QUERIES = (2000, 12000)


class Memory(typing.NamedTuple):
    """The memory that cached names take."""
    per_answer: typing.Optional[float]
    known: float  # share of the names that are answered without the upstream


class Start(typing.NamedTuple):
    """A start of a server, until it has answered its first question."""
    seconds: list
    rss: int


class Bench:
    def __init__(self, options, folder, stack):
        self.options = options
        self.folder = folder
        os.sched_setaffinity(0, client_cpus(1))
        self.questions = load.Questions(folder)
        self.perf = load.Perf(folder)
        self.dnsperf = load.Dnsperf(options.dnsperf, self.questions, self.perf)
        self.upstream = stack.enter_context(Upstream(options.reflector, self.new_folder()))

        self.floor = Peer("reflector", options.reflector, start_reflector)
        self.tarn = Peer("tarn", options.tarn, start_tarn, list_line="{}", reads_again=True,
                         has_hosts=True)
        self.servers = [self.floor, self.tarn]
        self.servers += [peer for peer in PEERS if peer.program in options.peers and peer.find()]
        # By workload and name of the server; then by round.
        self.samples = collections.defaultdict(dict)
        self.latencies = collections.defaultdict(list)
        # By name of the server.
        self.memory = {}
        self.starts = {}
        self.callgrind = {}
        self.lists = Lists(self)
        self.validation = Validation(self)
        self.encrypted = Encrypted(self)
        self.shared = Shared(self)
        self.cache_file = CacheFile(self)
        # The CPU time of other processes meanwhile, as a share of all CPUs.
        self.strangers = None

    def say(self, *words):
        print(*words, file=sys.stderr, flush=True)

    def new_folder(self):
        return tempfile.mkdtemp(dir=self.folder)

    def start(self, peer, workers=None, prefix=()):
        setup = Setup(peer.program, self.new_folder(), free_port(), self.upstream.port, workers)
        argvs = [[*prefix, *argv] for argv in peer.start(setup)]
        cpus = server_cpus(workers) if workers else set(CPUS)
        return Server(peer.name, argvs, setup.port, setup.folder, cpus)

    @contextlib.contextmanager
    def forgiving(self, peer):
        """A peer that fails is reported and has no figures; tarn and its floor must not fail."""
        try:
            yield
        except (Fault, subprocess.TimeoutExpired, OSError) as fault:
            if peer in (self.floor, self.tarn):
                raise
            self.say(f"{peer.name} is left out: {fault}")

    def measure_load(self, workers):
        """All servers run at the same time, so that a round can go from one to the next."""
        workloads = [workload for workload in load.WORKLOADS if workload.workers == workers]
        with contextlib.ExitStack() as stack:
            running = []
            for peer in self.servers:
                if workers > 1 and not peer.has_workers:
                    continue
                with self.forgiving(peer):
                    running.append((peer, stack.enter_context(self.start(peer, workers))))
            os.sched_setaffinity(0, client_cpus(workers))
            for turn in range(self.options.rounds):
                for workload in workloads:
                    for peer, server in running:
                        if workload.has_floor or peer is not self.floor:
                            with self.forgiving(peer):
                                self.measure_run(turn, workload, server)
        os.sched_setaffinity(0, client_cpus(1))

    def measure_run(self, turn, workload, server):
        sample = self.dnsperf.load(server, workload, self.options.seconds, self.upstream)
        key = workload, server.name
        self.samples[key][turn] = sample
        self.latencies[key] += self.dnsperf.latencies(server, workload, self.options.seconds / 3)
        self.say(f"round {turn + 1}, {workload.name}, {server.name}:",
                 f"{sample.queries_per_sec:,.0f} queries/s, {sample.cpu_us:.2f} µs of CPU each,",
                 f"{100 * sample.lost:.2f} % lost, {sample.upstream:.3f} to the upstream")

    def measure_memory(self, peer):
        names = self.questions.new_names(self.options.names)
        path = self.questions.write("names", names)
        with self.start(peer, 1) as server:
            # Buffers and threads that are made on first use do not count as memory of names.
            self.dnsperf.run_once(server, self.questions.hot)
            before = server.rss()
            self.dnsperf.run_once(server, path)
            grown = server.rss() - before
            asked = self.upstream.count()
            sample = names[::max(1, len(names) // SAMPLE_NAMES)]
            for name in sample:
                server.ask(name)
            asked = self.upstream.count() - asked - 1
        known = max(0.0, 1 - asked / len(sample))
        kept = known * len(names)
        self.memory[peer.name] = Memory(grown / kept if grown > GROWTH_MIN * kept else None, known)
        self.say(f"{len(names):,} names, {peer.name}: {grown / 2**20:.1f} MiB,",
                 f"{100 * known:.0f} % known")

    def measure_start(self, peer):
        seconds = []
        for _ in range(self.options.starts):
            with self.start(peer) as server:
                seconds.append(server.first_answer_sec)
                rss = server.rss()
        self.starts[peer.name] = Start(seconds, rss)
        self.say(f"start, {peer.name}: {1e3 * min(seconds):.1f} ms at best, {rss / 2**20:.1f} MiB")

    def instructions_per_hit(self, name, start):
        """In user mode, over UDP. start(prefix) makes the server, as a child of a command."""
        counts = []
        for queries in CALLGRIND_QUERIES:
            names = itertools.islice(itertools.cycle(self.questions.hot_names), queries)
            path = self.questions.write("callgrind", names)
            prefix = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
            with start(prefix) as server:
                self.dnsperf.run_once(server, path)
            with open(server.log, encoding="utf-8", errors="replace") as log:
                counts.append(int(re.search(r"Collected : (\d+)", log.read())[1]))
        each = (counts[1] - counts[0]) / (CALLGRIND_QUERIES[1] - CALLGRIND_QUERIES[0])
        self.say(f"callgrind, {name}: {each:.0f} instructions each")
        return each

    def own_sec(self):
        """The CPU time of this program, of its children that have ended, and of the upstream."""
        usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return self.upstream.cpu_sec() + sum(usage.ru_utime + usage.ru_stime for usage in usages)

    def run(self):
        worked, possible = machine_sec()
        own = self.own_sec()
        self.measure()
        worked, possible = (now - then for now, then in zip(machine_sec(), (worked, possible)))
        self.strangers = max(0.0, worked - (self.own_sec() - own)) / possible

    def measure(self):
        if report.ANSWERS in self.options.sections:
            self.measure_answers()
        if report.LISTS in self.options.sections:
            self.lists.measure()
        if report.VALIDATION in self.options.sections:
            self.validation.measure()
        if report.ENCRYPTED in self.options.sections:
            self.encrypted.measure()
        if report.SHARED in self.options.sections:
            self.shared.measure()
        if report.FILE in self.options.sections:
            self.cache_file.measure()

    def measure_answers(self):
        self.measure_load(1)
        self.measure_load(2)
        for peer in self.servers:
            with self.forgiving(peer):
                self.measure_start(peer)
                if peer is not self.floor:
                    self.measure_memory(peer)
        if self.options.callgrind:
            for peer in (self.floor, self.tarn):
                self.callgrind[peer.name] = self.instructions_per_hit(
                    peer.name, lambda prefix, one=peer: self.start(one, 1, prefix))


def parse_options():
    parser = argparse.ArgumentParser(description="Measures tarn beside its floor and its peers.")
    parser.add_argument("--tarn", required=True, type=os.path.abspath,
                        help="the program to measure")
    parser.add_argument("--reflector", required=True, type=os.path.abspath,
                        help="the floor, and the upstream")
    parser.add_argument("--quick", action="store_true", help="one short round: does it work?")
    parser.add_argument("--seconds", type=float, help="of each load run (1; quick: 0.2)")
    parser.add_argument("--rounds", type=int, help="of load runs (3; quick: 1)")
    parser.add_argument("--names", type=int, help="to cache (200000; quick: 20000)")
    parser.add_argument("--list-names", type=int, metavar="N",
                        help="names of a list that is blocked (200000; quick: 20000)")
    parser.add_argument("--secure-names", type=int, metavar="N",
                        help="names that are signed, to validate (10000; quick: 500)")
    parser.add_argument("--encrypted-names", type=int, metavar="N",
                        help="names to ask an encrypted server for (20000; quick: 500)")
    parser.add_argument("--handshakes", type=int, metavar="N",
                        help="of TLS, in each round (300; quick: 20)")
    parser.add_argument("--connections", type=int, metavar="N",
                        help="that are idle (100; quick: 20)")
    parser.add_argument("--shared-names", type=int, metavar="N",
                        help="names that are shared by a store (20000; quick: 500)")
    parser.add_argument("--outage-seconds", type=float, metavar="N",
                        help="of each phase of a store that stops (4; quick: 0.5)")
    parser.add_argument("--fleet", type=int, metavar="N", help="machines (20; quick: 3)")
    parser.add_argument("--fleet-ttl", type=int, metavar="N", help="seconds (30; quick: 5)")
    parser.add_argument("--fleet-ttls", type=float, metavar="N",
                        help="as long as so many TTLs (3; quick: 0.5)")
    parser.add_argument("--warm-names", type=int, metavar="N",
                        help="answers to save and to load (1000000; quick: 2000)")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--only-lists", dest="sections", action="store_const",
                      const=[report.LISTS], help="measure only the list")
    only.add_argument("--only-validation", dest="sections", action="store_const",
                      const=[report.VALIDATION], help="measure only the validation of answers")
    only.add_argument("--only-encrypted", dest="sections", action="store_const",
                      const=[report.ENCRYPTED], help="measure only DNS over TLS and HTTPS")
    only.add_argument("--only-shared", dest="sections", action="store_const",
                      const=[report.SHARED], help="measure only a second level of the cache")
    only.add_argument("--only-file", dest="sections", action="store_const",
                      const=[report.FILE], help="measure only the file of the cache")
    parser.set_defaults(sections=list(report.WRITERS))
    parser.add_argument("--starts", type=int, help="of each program (10; quick: 3)")
    programs = [peer.program for peer in PEERS]
    parser.add_argument("--peers", metavar="PROGRAM,...", type=lambda text: text.split(","),
                        help="measure these beside tarn: of " + ", ".join(programs) +
                             " (all that are installed); '' for none")
    parser.add_argument("--callgrind", action="store_true",
                        help="count user instructions per hit of tarn and the reflector")
    parser.add_argument("--out", metavar="FILE",
                        help="write the results between the marks of this Markdown file, and the "
                             "plot beside it, with .svg in place of .md")
    options = parser.parse_args()
    defaults = {"seconds": (1.0, 0.2), "rounds": (3, 1), "names": (200_000, 20_000),
                "starts": (10, 3), "list_names": (200_000, 20_000),
                "secure_names": (10_000, 500), "encrypted_names": (20_000, 500),
                "handshakes": (300, 20), "connections": (100, 20), "shared_names": (20_000, 500),
                "outage_seconds": (4.0, 0.5), "fleet": (20, 3), "fleet_ttl": (30, 5),
                "fleet_ttls": (3.0, 0.5), "warm_names": (1_000_000, 2000)}
    for name, (usual, quick) in defaults.items():
        if getattr(options, name) is None:
            setattr(options, name, quick if options.quick else usual)
        elif getattr(options, name) <= 0:
            parser.error(f"--{name.replace('_', '-')} must be more than 0")
    if options.peers is None:
        options.peers = programs
    elif unknown := set(options.peers) - set(programs) - {""}:
        parser.error("--peers: nothing is known of " + ", ".join(sorted(unknown)))
    options.dnsperf = shutil.which("dnsperf")
    if not options.dnsperf:
        sys.exit("bench: dnsperf is not installed")
    if options.callgrind and not shutil.which("valgrind"):
        sys.exit("bench: --callgrind needs valgrind")
    return options


def main():
    options = parse_options()
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda number, _frame: sys.exit(128 + number))
    try:
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="tarn-bench-"))
            bench = Bench(options, folder, stack)
            bench.run()
            sections = {section: report.WRITERS[section](bench) for section in options.sections}
    except (Fault, subprocess.TimeoutExpired, OSError) as fault:
        sys.exit(f"bench: {fault}")
    except KeyboardInterrupt:
        sys.exit(130)
    print("\n\n".join(sections.values()))
    if options.out:
        for section, text in sections.items():
            report.put_between_marks(options.out, section, text)
        if report.ANSWERS in sections:
            report.plot(bench, os.path.splitext(options.out)[0] + ".svg")


if __name__ == "__main__":
    main()
