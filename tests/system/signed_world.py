#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The signed world by hand: serves it until it is interrupted, or compares validators in it.

	signed_world.py                               serve it, and say where what is
	signed_world.py --list                        its questions, and what becomes of them
	signed_world.py --compare unbound,named,kresd
	TARN=/path/to/tarn signed_world.py --compare tarn --behind named --only 'aliases|wild'
"""

import argparse
import contextlib
import os
import re
import signal
import sys
import tempfile
import time

from signed import chapters, compare, processes


def list_cases(cases):
    for case in cases:
        verdicts = "|".join(case.verdicts)
        codes = f" EDE {'|'.join(map(str, case.codes))}" if case.codes else ""
        print(f"{case.chapter:11} {case!s:45} {verdicts} {case.rcode}{codes}"
              f"{'  ' + case.why if case.why else ''}")


def serve(world, kind):
    print(f"authorities  port {world.port} of these:")
    for host in sorted(set(world.hosts.values())):
        zones = [zone for zone, at in world.hosts.items() if at == host]
        print(f"             {host}: {' '.join(zones[:3])}{' ...' if len(zones) > 3 else ''}")
    print(f"recursor     {world.recursor(kind).address} ({kind}, does not validate)")
    print(f"liar         {world.liar(kind).address} (in front of it)")
    print(f"anchors      {world.anchors_file}", flush=True)
    signal.sigwait([signal.SIGINT, signal.SIGTERM])


def compare_validators(world, names, kind, cases):
    truth = compare.ask_truth(world.liar(kind), cases)
    validators = {}
    for name in names:
        liar = world.liar(kind)
        if name == "tarn":
            validators[name] = world.keep(processes.tarn(world.folder("tarn"), world, [liar]))
        else:
            validators[name] = world.peer(name, liar)
    began = time.monotonic()
    reports = compare.compare(validators, cases, truth, kind)
    print(f"{len(cases)} cases in {time.monotonic() - began:.1f} s")
    for report in reports:
        print("\n".join([*report.summary(), *report.details()]))
    return any(report.differences for report in reports)


def main():
    parser = argparse.ArgumentParser(formatter_class=argparse.RawDescriptionHelpFormatter,
                                     description=__doc__)
    parser.add_argument("--dir", help="where all files are; by default they are gone in the end")
    parser.add_argument("--behind", choices=processes.RECURSORS, default="unbound",
                        help="the recursor (unbound)")
    parser.add_argument("--compare", metavar="NAME,...",
                        help="of tarn, " + ", ".join(processes.PEERS))
    parser.add_argument("--only", metavar="PATTERN", default="",
                        help="cases whose chapter, name and type match")
    parser.add_argument("--list", action="store_true", help="the cases")
    parser.add_argument("--serve", action="store_true", help="what it does without other words")
    options = parser.parse_args()
    if "tarn" in (options.compare or "").split(",") and "TARN" not in os.environ:
        parser.error("the environment variable TARN must name the program under test")
    signal.pthread_sigmask(signal.SIG_BLOCK, [] if options.compare else
                           [signal.SIGINT, signal.SIGTERM])
    with contextlib.ExitStack() as stack:
        if options.dir:
            os.makedirs(options.dir, exist_ok=True)
        world = chapters.make_world(os.path.abspath(options.dir) if options.dir else
                                    stack.enter_context(tempfile.TemporaryDirectory(
                                        prefix="tarn-signed-")))
        stack.callback(world.close)
        cases = [case for case in world.cases
                 if re.search(options.only, f"{case.chapter} {case}")]
        if options.list:
            list_cases(cases)
            return 0
        world.start()
        if options.compare:
            return compare_validators(world, options.compare.split(","), options.behind, cases)
        serve(world, options.behind)
    return 0


if __name__ == "__main__":
    sys.exit(main())
