# SPDX-License-Identifier: BSD-2-Clause
"""dnsperf's question files, its runs, and the counters that are read meanwhile."""

import contextlib
import dataclasses
import itertools
import os
import random
import re
import shutil
import subprocess
import typing

from servers import HOST, Fault

HOT_NAMES = 1000
MISS_SHARE = 0.1
# More than any server here can answer in a second.
MISSES_PER_SEC = 100_000
MIX_PER_SEC = 200_000
# With TCP, the same number of connections.
CLIENTS_PER_WORKER = 16
LATENCY_RATE = 5000
# An answer that has not come by then is lost.
QUERY_TIMEOUT_SEC = 1


class Questions:
    """Files for dnsperf. No new name is ever used twice."""

    def __init__(self, folder):
        self.folder = folder
        self.serial = itertools.count()
        self.random = random.Random(1)
        self.hot_names = [f"hot{i}.bench.example" for i in range(HOT_NAMES)]
        self.hot = self.write("hot", self.hot_names)

    def write(self, file_name, names):
        path = os.path.join(self.folder, file_name)
        with open(path, "w", encoding="ascii") as file:
            file.writelines(f"{name} A\n" for name in names)
        return path

    def new_names(self, count):
        prefix = next(self.serial)
        return [f"new{prefix}-{i}.bench.example" for i in range(count)]

    def misses(self, seconds):
        return self.write("misses", self.new_names(int(seconds * MISSES_PER_SEC)))

    def mix(self, seconds):
        count = int(seconds * MIX_PER_SEC)
        names = self.new_names(int(count * MISS_SHARE))
        names += self.random.choices(self.hot_names, k=count - len(names))
        self.random.shuffle(names)
        return self.write("mix", names)


@dataclasses.dataclass(frozen=True)
class Workload:
    name: str
    mode: str = "udp"
    workers: int = 1
    # Makes questions for that many seconds, used once; None: the hot names, repeated.
    make: typing.Optional[typing.Callable] = None
    has_floor: bool = False


WORKLOADS = [
    Workload("UDP, hits", has_floor=True),
    Workload("TCP, hits", mode="tcp"),
    Workload("UDP, misses", make=Questions.misses),
    Workload("UDP, 90 % hits", make=Questions.mix),
    Workload("UDP, hits, two workers", workers=2, has_floor=True),
]


@dataclasses.dataclass
class Sample:
    """One load run."""
    queries_per_sec: float
    cpu_us: float
    instructions: typing.Optional[float]
    lost: float      # share of the queries that got no answer, or none with NOERROR
    upstream: float  # questions to the upstream for each query
    rss: int


class Perf:
    """Counts instructions, if the machine can."""

    def __init__(self, folder):
        self.output = os.path.join(folder, "perf")
        self.program = shutil.which("perf")
        self.note = "not counted, there is no perf"
        if self.program:
            subprocess.run(self.around(["true"]), stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, timeout=10, check=False)
            event, count = self.read()
            if count is None:
                self.program = None
                self.note = "not counted, perf finds no hardware counters on this machine"
            else:
                self.note = "in user mode only" if event.endswith(":u") else "user and kernel"

    def around(self, argv, processes=()):
        """A command that runs argv and counts in these processes meanwhile, or without any in argv."""
        if not self.program:
            return argv
        with contextlib.suppress(FileNotFoundError):
            os.remove(self.output)
        pids = ["-p", ",".join(str(process.pid) for process in processes)] if processes else []
        return [self.program, "stat", "-x,", "-o", self.output, "-e", "instructions", *pids, "--",
                *argv]

    def read(self):
        """The event as perf names it, and its count in the last run."""
        if self.program and os.path.exists(self.output):
            with open(self.output, encoding="ascii", errors="replace") as file:
                for line in file:
                    fields = line.split(",")
                    if len(fields) > 2 and fields[2].startswith("instructions"):
                        return fields[2], int(fields[0]) if fields[0].isdigit() else None
        return None, None


class Dnsperf:
    """The load generator."""

    def __init__(self, program, questions, perf):
        self.program = program
        self.questions = questions
        self.perf = perf

    def run(self, server, path, *options, mode="udp", workers=1, is_counted=False):
        """Asks the questions of the file; returns the output of dnsperf."""
        argv = [self.program, "-s", HOST, "-p", str(server.port), "-d", path, "-m", mode,
                "-c", str(CLIENTS_PER_WORKER * workers), "-T", str(workers),
                "-t", str(QUERY_TIMEOUT_SEC), *options]
        if is_counted:
            argv = self.perf.around(argv, server.processes)
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=120, text=True, check=False)
        if done.returncode != 0 or "Queries per second" not in done.stdout:
            raise Fault(f"{server.name}: dnsperf says\n{done.stdout[-1000:]}")
        return done.stdout

    def run_once(self, server, path, **options):
        return self.run(server, path, "-n", "1", "-q", "50", **options)

    def run_workload(self, server, workload, seconds, *options, is_counted=False):
        path = workload.make(self.questions, seconds) if workload.make else self.questions.hot
        once = ["-n", "1"] if workload.make else []
        return self.run(server, path, "-l", str(seconds), *once, *options, mode=workload.mode,
                        workers=workload.workers, is_counted=is_counted)

    def warm(self, server, workload):
        self.run_once(server, self.questions.hot, mode=workload.mode)

    def load(self, server, workload, seconds, upstream):
        """Asks as fast as dnsperf can."""
        self.warm(server, workload)
        asked, used = upstream.count(), server.cpu_sec()
        text = self.run_workload(server, workload, seconds, is_counted=True)
        used, asked = server.cpu_sec() - used, upstream.count() - asked - 1
        instructions = self.perf.read()[1]

        def number(label):
            match = re.search(label + r"\s+([\d.]+)", text)
            return float(match[1]) if match else 0.0

        sent, completed = number("Queries sent:"), number("Queries completed:")
        if completed == 0:
            raise Fault(f"{server.name} answers nothing")
        return Sample(
            queries_per_sec=number("Queries per second:"),
            cpu_us=1e6 * used / completed,
            instructions=instructions / completed if instructions is not None else None,
            lost=1 - number("NOERROR") / sent,
            upstream=asked / completed,
            rss=server.rss(),
        )

    def cpu_us(self, server, path, rcode, *options):
        """The CPU time of each answer; all answers must have the rcode."""
        before = server.cpu_sec()
        text = self.run(server, path, *options)
        used = server.cpu_sec() - before
        answered = int(re.search(rf"{rcode} (\d+)", text)[1]) if rcode in text else 0
        completed = int(re.search(r"Queries completed:\s+(\d+)", text)[1])
        if answered < completed or not completed:
            raise Fault(f"{server.name}: {completed} answers, {answered} with {rcode}")
        return 1e6 * used / completed

    def latencies(self, server, workload, seconds):
        """Asks at a fixed rate; returns the seconds that each answer took."""
        self.warm(server, workload)
        text = self.run_workload(server, workload, seconds, "-Q", str(LATENCY_RATE), "-v")
        return [float(answer) for answer in re.findall(r"^> NOERROR .* ([\d.]+)$", text, re.M)]
