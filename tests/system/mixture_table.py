#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Names that are answered beside names that are never answered: `make mixture`.

tarn and unbound run at the same time, on loopback, in front of the same servers, which answer every
name at once, except those that begin with "dead-", which they leave unanswered. Both resolvers get
the same questions at the same rate, all for different names. Then the servers are silent
for a while.
"""

import argparse
import contextlib
import datetime
import os
import platform
import tempfile
import threading
import time

import mixture
from client import Client
from outage_table import at_once, ms, print_table, version
from servers import Tarn, Unbound

GOOD_RATE = 1000  # questions a second
DEAD_RATES = (5, 20, 100)
SETUPS = ((1, 1), (2, 1), (1, 2))  # workers, servers
WARM_UP, AFTER = 1, 5  # seconds
LATE_MAX = 0.2  # seconds behind its rate: above, a row measures the machine


def start_unbound(folder, workers, servers):
    forward = "".join(f"\tforward-addr: {s.host}@{s.port}\n" for s in servers)
    return Unbound(folder, "iterator", f"server:\n\tnum-threads: {workers}\n"
                   f'forward-zone:\n\tname: "."\n{forward}')


class Scene:
    """Both resolvers, warm, with the servers and the clients."""

    def __init__(self, stack, workers, server_count):
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="tarn-mixture-"))
        self.servers = [mixture.Server() for _ in range(server_count)]
        for server in self.servers:
            stack.callback(server.close)
        self.resolvers = {
            "tarn": Tarn("--workers", workers, listen=["127.0.0.1:0"], upstreams=self.servers),
            "unbound": start_unbound(folder, workers, self.servers),
        }
        self.clients = {}
        for name, resolver in self.resolvers.items():
            stack.callback(resolver.kill)
            self.clients[name] = [stack.enter_context(Client("127.0.0.1", resolver.port))
                                  for _ in range(mixture.CLIENTS)]
        self.ask(WARM_UP, 50, prefix="warm")

    def each(self, function):
        """Calls function(clients) for each resolver, at the same time; the results by name."""
        return at_once(function, {name: (clients,) for name, clients in self.clients.items()})

    def ask(self, *words, **options):
        def run(clients):
            asked = mixture.ask(clients, *words, **options)
            mixture.wait(clients, asked.good)
            return asked
        return self.each(run)

    def switch(self, is_on):
        for server in self.servers:
            server.is_on = is_on


def whole(number):
    return f"{number:,.0f}" if number is not None else "-"


def pace(late):
    return ms(late) + (" (!)" if late > LATE_MAX else "")


def watch(setup, dead_rate, seconds):
    with contextlib.ExitStack() as stack:
        scene = Scene(stack, *setup)
        runs = scene.ask(seconds, GOOD_RATE, dead_rate)
        rows = []
        for name, run in runs.items():
            good = mixture.outcome(run.good)
            rows.append([*map(str, setup), str(dead_rate), name, whole(good.lost),
                         whole(good.servfail), whole(good.silent), whole(good.percentile_ms(50)),
                         whole(good.percentile_ms(99)), pace(run.late)])
        return rows


def watch_outage(setup, seconds):
    """Both are asked during the outage and after it."""
    with contextlib.ExitStack() as stack:
        scene = Scene(stack, *setup)
        back = []

        def end():
            back.append(time.monotonic())
            scene.switch(True)

        scene.switch(False)
        timer = threading.Timer(seconds, end)
        timer.start()
        runs = scene.ask(seconds + AFTER, GOOD_RATE)
        timer.join()
        rows = []
        for name, run in runs.items():
            before = mixture.outcome([q for q in run.good if q.sent < back[0]])
            after = mixture.outcome([q for q in run.good if q.sent >= back[0]])
            first = min((q.answered for q in run.good if q.is_good), default=None)
            rows.append([*map(str, setup), name, ms(first - back[0] if first else None),
                         whole(before.lost), whole(after.servfail), whole(after.silent),
                         pace(run.late)])
        return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=10, help="of each mixture (10)")
    parser.add_argument("--outage", type=float, default=3, metavar="SECONDS",
                        help="how long all servers are silent (3)")
    options = parser.parse_args()
    print(f"{datetime.date.today():%d %B %Y}; {os.cpu_count()} CPUs, Linux {platform.release()}; "
          f"tarn {version(os.environ['TARN'], '--version')}, "
          f"unbound {version('unbound', '-V')}.", flush=True)
    print_table(["workers", "servers", "dead names/s", "",
                 f"good ones lost of {whole(GOOD_RATE * options.seconds)}", "SERVFAIL",
                 "no answer", "p50, ms", "p99, ms", "sender late at most, ms"],
                [row for setup in SETUPS for rate in DEAD_RATES
                 for row in watch(setup, rate, options.seconds)])
    print_table(["workers", "servers", f"silent for {options.outage:g} s, then back",
                 "first good answer, ms",
                 f"lost of {whole(GOOD_RATE * options.outage)} asked meanwhile",
                 f"of {whole(GOOD_RATE * AFTER)} asked after: SERVFAIL", "no answer",
                 "sender late at most, ms"],
                [row for setup in SETUPS for row in watch_outage(setup, options.outage)])


if __name__ == "__main__":
    main()
