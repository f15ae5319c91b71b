# SPDX-License-Identifier: BSD-2-Clause
"""An upstream whose answers are signed: NSD has the root, "example" and "bench.example", signed
with one P-256 key each by BIND's tools. A relay before it makes the way to it longer."""

import contextlib
import heapq
import os
import re
import select
import shutil
import socket
import subprocess
import threading
import time

from peers import SYSTEM_PATH
from servers import HOST, Fault, Server, client_cpus, free_port

KEYGEN, SIGNZONE, NSD, CONTROL = "dnssec-keygen", "dnssec-signzone", "nsd", "nsd-control"
PROGRAMS = KEYGEN, SIGNZONE, NSD, CONTROL
ADDRESS = "192.0.2.1"
APEX = f"$TTL 86400\n@ SOA ns admin 1 7200 900 1209600 900\n@ NS ns\nns A {HOST}\n"
NSD_WAIT_SEC = 5


def find(program):
    return shutil.which(program, path=SYSTEM_PATH)


def missing_programs():
    return [program for program in PROGRAMS if not find(program)]


def run(folder, *argv):
    done = subprocess.run([find(argv[0]), *argv[1:]], cwd=folder, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, text=True,
                          check=False)
    if done.returncode != 0:
        raise Fault(f"{argv[0]} says\n{done.stdout[-1000:]}")
    return done.stdout


def delegation(label):
    return [f"{label} NS ns.{label}", f"ns.{label} A {HOST}"]


class SignedUpstream(Server):
    """Each of the names, which are below bench.example, has an address."""

    def __init__(self, folder, names):
        port = free_port()
        # From the bottom to the top: the DS of a zone is known when the zone above it is signed.
        addresses = [f"{name}. A {ADDRESS}" for name in names]
        zones = {"bench.example": addresses, "example": delegation("bench"),
                 ".": delegation("example")}
        files = {zone: self.sign(folder, zone, lines) for zone, lines in zones.items()}
        self.anchors = os.path.join(folder, "dsset-.")
        self.config = os.path.join(folder, "nsd.conf")
        with open(self.config, "w", encoding="ascii") as file:
            file.write(f"""
server:
    ip-address: {HOST}@{port}
    username: ""
    zonesdir: "{folder}"
    pidfile: ""
    xfrdfile: "{folder}/xfrd.state"
    zonelistfile: "{folder}/zone.list"
    database: ""
    server-count: 1
    rrl-ratelimit: 0
    minimal-responses: yes
    verbosity: 0
remote-control:
    control-enable: yes
    control-interface: "{folder}/control"
""")
            for zone, zone_file in files.items():
                file.write(f'zone:\n    name: "{zone}"\n    zonefile: "{zone_file}"\n')
        super().__init__("NSD", [[find(NSD), "-d", "-c", self.config]], port, folder,
                         client_cpus(1))

    @staticmethod
    def sign(folder, zone, lines):
        stem = "root" if zone == "." else zone
        with open(os.path.join(folder, stem), "w", encoding="ascii") as file:
            file.write(APEX + "\n".join(lines) + "\n")
        run(folder, KEYGEN, "-q", "-a", "ECDSAP256SHA256", "-f", "KSK", zone)
        # -z: the key signs all; -g: with the DS of the zones below; -P: no checks.
        run(folder, SIGNZONE, "-S", "-z", "-g", "-P", "-o", zone, "-f", stem + ".signed", stem)
        return stem + ".signed"

    def count(self):
        """The number of questions that it has had."""
        deadline = time.monotonic() + NSD_WAIT_SEC
        while True:
            with contextlib.suppress(Fault):
                text = run(self.folder, CONTROL, "-c", self.config, "stats_noreset")
                if match := re.search(r"^num\.queries=(\d+)$", text, re.M):
                    return int(match[1])
            if time.monotonic() > deadline:
                raise Fault(f"{self.name} counts nothing")
            time.sleep(0.05)


class Relay:
    """Passes on questions over UDP, each after a delay, and counts them. As a context, it answers
    inside."""

    def __init__(self, to_port, delay_sec):
        self.delay_sec = delay_sec
        self.count = 0
        self.to_port = to_port
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((HOST, 0))
        self.port = self.socket.getsockname()[1]
        self.is_ending = threading.Event()
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_error):
        self.is_ending.set()
        self.thread.join()
        self.socket.close()

    def serve(self):
        waiting = []
        while not self.is_ending.is_set():
            wait_sec = max(0, waiting[0][0] - time.perf_counter()) if waiting else 0.05
            if select.select([self.socket], [], [], wait_sec)[0]:
                question, client = self.socket.recvfrom(4096)
                self.count += 1
                due = time.perf_counter() + self.delay_sec
                heapq.heappush(waiting, (due, self.count, question, client))
            while waiting and waiting[0][0] <= time.perf_counter():
                self.pass_on(*heapq.heappop(waiting)[2:])

    def pass_on(self, question, client):
        """The upstream is so fast that the next question can wait for it."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as upstream:
            upstream.settimeout(1)
            upstream.connect((HOST, self.to_port))
            # What is lost here is asked again.
            with contextlib.suppress(OSError):
                upstream.send(question)
                self.socket.sendto(upstream.recv(4096), client)
