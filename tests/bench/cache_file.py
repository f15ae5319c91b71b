# SPDX-License-Identifier: BSD-2-Clause
"""What it costs to save a cache into a file, and to load it at the next start."""

import dataclasses
import os
import re
import subprocess
import time

from peers import Setup
from servers import Fault, Server, free_port, server_cpus
from shared import WINDOW, seconds_of

SAVE_TIMEOUT_SEC = 60
HITS_PER_SEC = 100_000  # where that many are possible
# So often the CPU time is looked at until it does not grow any more: the file is loaded.
QUIET_SEC = 0.1


@dataclasses.dataclass
class Costs:
    """Of a cache that is saved and loaded."""
    entries: int = 0
    octets: int = 0  # of the file
    save_sec: float = 0
    save_cpu_sec: float = 0
    load_sec: float = 0
    load_cpu_sec: float = 0
    rss: int = 0
    rss_loaded: int = 0
    known: float = 0  # share of the names that are answered without the upstream
    first_ms: list = dataclasses.field(default_factory=list)
    first_without_ms: list = dataclasses.field(default_factory=list)
    # Seconds of hits, by round.
    idle: list = dataclasses.field(default_factory=list)
    saving: list = dataclasses.field(default_factory=list)
    rate: float = 0  # of these hits


class CacheFile:
    def __init__(self, bench):
        self.bench = bench
        self.costs = Costs()

    def start_saving(self, control):
        """tarnctl, which ends when the cache is on disk."""
        folder = os.path.dirname(self.bench.options.tarn)
        program = next(path for path in (os.path.join(folder, "tarnctl"),
                                         os.path.join(folder, "..", "tarnctl", "tarnctl"))
                       if os.path.isfile(path))
        return subprocess.Popen([program, "-s", control, "save"], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    @staticmethod
    def end_saving(process):
        try:
            said = process.communicate(timeout=SAVE_TIMEOUT_SEC)[0]
        finally:
            process.kill()
            process.wait()
        if process.returncode != 0:
            raise Fault(f"tarnctl save: {said}")

    def start_warm(self, file, control=None):
        """Two CPUs: it saves and loads in a thread of its own."""
        setup = Setup(self.bench.tarn.program, self.bench.new_folder(), free_port(),
                      self.bench.upstream.port, 1, cache_file=file, cache_size="512M",
                      control=control)
        return Server("tarn", self.bench.tarn.start(setup), setup.port, setup.folder,
                      server_cpus(2))

    def ask_hits(self, server, seconds):
        """Latencies, and the rate."""
        text = self.bench.dnsperf.run(server, self.bench.questions.hot, "-l", str(seconds), "-v",
                                      "-q", str(WINDOW), "-Q", str(HITS_PER_SEC))
        return seconds_of(text), float(re.search(r"Queries per second:\s+([\d.]+)", text)[1])

    def measure_saving(self, server, control, file):
        """Saved at leisure, and then while hits are asked for."""
        costs = self.costs
        used, began = server.cpu_sec(), time.monotonic()
        self.end_saving(self.start_saving(control))
        costs.save_sec, costs.save_cpu_sec = time.monotonic() - began, server.cpu_sec() - used
        costs.octets = os.path.getsize(file)
        for _ in range(self.bench.options.rounds):
            costs.idle.append(self.ask_hits(server, max(0.2, costs.save_sec))[0])
            saving = self.start_saving(control)
            try:
                seconds, costs.rate = self.ask_hits(server, max(0.2, costs.save_sec))
            finally:
                self.end_saving(saving)
            costs.saving.append(seconds)

    def measure_loading(self, file, names):
        costs = self.costs
        with self.start_warm(file) as server:
            used, now = -1.0, server.cpu_sec()
            while now - used > QUIET_SEC / 20:
                time.sleep(QUIET_SEC)
                used, now = now, server.cpu_sec()
            costs.load_sec, costs.load_cpu_sec = time.perf_counter() - server.started, now
            costs.rss_loaded = server.rss()
            asked = self.bench.upstream.count()
            sample = names[::max(1, len(names) // 300)]
            for name in sample:
                server.ask(name)
            asked = self.bench.upstream.count() - asked - 1
            costs.known = max(0.0, 1 - asked / len(sample))

    def measure(self):
        options = self.bench.options
        self.costs = Costs(entries=options.warm_names)
        folder = self.bench.new_folder()
        file, control = os.path.join(folder, "cache"), os.path.join(folder, "control")
        names = self.bench.questions.new_names(options.warm_names)
        path = self.bench.questions.write("warm", names)
        with self.start_warm(file, control) as server:
            self.bench.dnsperf.run_once(server, path)
            self.bench.dnsperf.run_once(server, self.bench.questions.hot)
            self.costs.rss = server.rss()
            self.measure_saving(server, control, file)
        for turn in range(options.starts):
            for one in ((file, self.costs.first_ms), (None, self.costs.first_without_ms))[
                    ::-1 if turn % 2 else 1]:
                with self.start_warm(one[0]) as server:
                    one[1].append(1e3 * server.first_answer_sec)
                    for process in server.processes:
                        process.kill()  # saves nothing
        self.measure_loading(file, names)
        costs = self.costs
        self.bench.say(f"{costs.entries:,} answers: saved in {costs.save_cpu_sec:.2f} s of CPU,",
                       f"{costs.octets / 2**20:.1f} MiB, loaded in {costs.load_cpu_sec:.2f} s of CPU,",
                       f"{100 * costs.known:.1f} % known")
