#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Answers to clients of tarn, unbound and dnsmasq when servers fail: `make outages`.

All run at the same time, in one network namespace, in front of the same three servers beyond one
wire, and get the same questions at the same rate. Each is configured to forward to these servers,
and otherwise has its defaults. Needs root, for the namespaces; no packet leaves them.
"""

import argparse
import contextlib
import datetime
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from client import Client
from netns import SERVERS, Network, Unavailable, ip
from servers import Process, Tarn, Unbound, free_port
from upstream import Upstream, address

PATIENCE = 5  # seconds: a stub resolver's
RATE = 50  # questions a second
OUTAGE_RATE = 10  # below what dnsmasq takes while its servers are dead
WARM_UP, WATCHED = 1, 10  # seconds
ROUND_TRIP = 0.010
ROWS = ["tarn", "unbound", "dnsmasq"]


class Dnsmasq(Process):
    def __init__(self, *lines):
        self.host, self.port = "127.0.0.1", free_port()
        super().__init__([shutil.which("dnsmasq", path="/usr/sbin:/usr/bin"),
                          "--keep-in-foreground", "--conf-file=/dev/null", "--user=root",
                          "--no-hosts", "--bind-interfaces",
                          f"--listen-address={self.host}", f"--port={self.port}",
                          "--log-facility=-", *lines])
        self.wait_for_line("started")


def start_all(stack, servers):
    """Starts all, and returns them by name when each is ready."""
    def start(process):
        stack.callback(process.kill)
        return process

    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="tarn-outages-"))
    forward = "".join(f"\tforward-addr: {server}\n" for server in servers)
    return {
        "tarn": start(Tarn("--workers", 1, listen=["127.0.0.1:0"], upstreams=servers)),
        "unbound": start(Unbound(folder, "iterator", f'forward-zone:\n\tname: "."\n{forward}')),
        "dnsmasq": start(Dnsmasq("--no-resolv", *(f"--server={server}" for server in servers))),
    }


def at_once(function, arguments):
    """Calls function(*arguments[name]) for each name, at the same time; the results by name."""
    results = {}

    def run(name, words):
        results[name] = function(*words)

    threads = [threading.Thread(target=run, args=item) for item in arguments.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {name: results[name] for name in arguments}


class Scene:
    """Resolvers and servers, all without faults, which the caller adds."""

    def __init__(self, stack):
        self.network = stack.enter_context(contextlib.closing(Network()))
        self.wire = self.network.wire
        self.wire.delay = (ROUND_TRIP / 2, ROUND_TRIP / 2)
        self.stack = stack
        self.upstreams = []
        with self.network.beyond.inside():
            for host in SERVERS:
                self.open(host)
        stack.enter_context(self.network.machine.inside())

    def open(self, host):
        upstream = Upstream(address(value=host), host=host, port=53)
        self.stack.callback(upstream.close)
        self.upstreams.append(upstream)

    def start(self):
        self.resolvers = start_all(self.stack, SERVERS)
        self.clients = {name: self.stack.enter_context(Client("127.0.0.1", resolver.port))
                        for name, resolver in self.resolvers.items()}
        self.ask("warm", WARM_UP, RATE)

    def ask(self, prefix, seconds, rate):
        """Asks each, at the same time. Returns the questions."""
        return at_once(lambda client, name: client.send_for(
            seconds, rate, lambda number: f"{prefix}{number}.{name}.example."),
            {name: (client, name) for name, client in self.clients.items()})


def ms(seconds):
    return f"{1e3 * seconds:,.0f}" if seconds is not None else "-"


def summary(client, questions):
    client.wait(questions, PATIENCE)
    took = sorted(asked.seconds for asked in questions
                  if asked.is_good and asked.seconds < PATIENCE)
    if not took:
        return ["-", "-", "-", "-", f"{len(questions)}"]
    return [ms(took[len(took) // 2]), ms(took[int(len(took) * 0.99)]), ms(took[-1]),
            str(sum(seconds > 1 for seconds in took)), str(len(questions) - len(took))]


def blackhole(scene):
    scene.wire.dead = {SERVERS[0]}


def refuse(scene):
    scene.upstreams[0].close()


def reject(_scene):
    ip(f"route add unreachable {SERVERS[0]}")


def lose(scene):
    scene.wire.loss = 0.05


FAULTS = [
    ("all well", lambda _scene: None),
    ("the first is silent", blackhole),
    ("the first refuses (ICMP)", refuse),
    ("no route to the first", reject),
    ("5 % of all packets lost, each way", lose),
]


def watch(fault, happen):
    with contextlib.ExitStack() as stack:
        scene = Scene(stack)
        scene.start()
        happen(scene)
        asked = scene.ask("q", WATCHED, RATE)
        return [[fault, name, *summary(scene.clients[name], asked[name])] for name in ROWS]


def soonest(client, make_name, since):
    """Returns the seconds until the first good answer; None: not within a minute."""
    try:
        return client.first_good(make_name, timeout=60, rate=20) - since
    except AssertionError:
        return None


def both_soonest(client, name, back):
    """soonest() for a new name, and for one that failed meanwhile."""
    return [soonest(client, lambda number: f"new{number}.{name}.example.", back),
            soonest(client, lambda _: f"q1.{name}.example.", back)]


def watch_outage(seconds):
    with contextlib.ExitStack() as stack:
        scene = Scene(stack)
        scene.start()
        scene.wire.dead = set(SERVERS)
        asked = scene.ask("q", seconds, OUTAGE_RATE)
        scene.wire.dead = set()
        back = time.monotonic()
        found = at_once(both_soonest, {name: (client, name, back)
                                      for name, client in scene.clients.items()})
        rows = []
        for name in ROWS:
            told = [q for q in asked[name] if q.wire and q.seconds < PATIENCE]
            rows.append([name, *map(ms, found[name]), f"{100 * len(told) / len(asked[name]):.0f} %",
                         ms(max((q.seconds for q in told), default=None))])
        return rows


def watch_resolv_conf():
    with contextlib.ExitStack() as stack:
        scene = Scene(stack)
        etc = stack.enter_context(tempfile.TemporaryDirectory(prefix="tarn-outages-"))
        file = os.path.join(etc, "resolv.conf")

        def write(server):
            with open(file + ".new", "w", encoding="ascii") as new:
                new.write(f"nameserver {server}\n")
            os.replace(file + ".new", file)

        write(SERVERS[0])
        prefix = ["unshare", "--mount", "sh", "-c", f'mount --bind {etc} /etc && exec "$@"', "sh"]
        resolvers = {"tarn": Tarn("--workers", 1, listen=["127.0.0.1:0"], prefix=prefix),
                     "dnsmasq": Dnsmasq(f"--resolv-file={file}")}
        for resolver in resolvers.values():
            stack.callback(resolver.kill)
        clients = {name: stack.enter_context(Client("127.0.0.1", resolver.port))
                   for name, resolver in resolvers.items()}
        for client in clients.values():
            client.wait(client.send_for(WARM_UP, 20, lambda number: f"old{number}.example."))
        scene.wire.dead = {SERVERS[0]}
        write(SERVERS[1])
        changed = time.monotonic()
        found = at_once(soonest, {name: (client, lambda number: f"new{number}.example.", changed)
                                  for name, client in clients.items()})
        return [[name, ms(found[name]) if name in found else "does not read it"] for name in ROWS]


def print_table(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    print("\n" + "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]), flush=True)


def version(*argv):
    out = subprocess.run(argv, capture_output=True, text=True, check=False).stdout
    return re.search(r"\d+\.\d[\w.]*", out)[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--outage", type=float, default=30, metavar="SECONDS",
                        help="how long all servers are dead (30)")
    options = parser.parse_args()
    print(f"{datetime.date.today():%d %B %Y}; {os.cpu_count()} CPUs, Linux {platform.release()}; "
          f"tarn {version(os.environ['TARN'], '--version')}, unbound {version('unbound', '-V')}, "
          f"dnsmasq {version('dnsmasq', '--version')}.", flush=True)
    try:
        print_table(["Fault", "", "p50, ms", "p99, ms", "max, ms", "over 1 s",
                     f"lost of {RATE * WATCHED}"],
                    [row for fault, happen in FAULTS for row in watch(fault, happen)])
        print_table([f"All dead for {options.outage:g} s, then back", "first answer, ms",
                     "for a name that failed, ms", "clients told meanwhile", "after at most, ms"],
                    watch_outage(options.outage))
        print_table(["resolv.conf replaced", "first answer of the new server, ms"],
                    watch_resolv_conf())
    except Unavailable as why:
        sys.exit(f"outages: {why}")


if __name__ == "__main__":
    main()
