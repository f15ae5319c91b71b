# SPDX-License-Identifier: BSD-2-Clause
"""What encrypted DNS costs: a miss over TCP, TLS and HTTPS, a hit of a client over each of them, a
handshake, a connection that is idle, and a start. The upstream of the misses is unbound, which has
an answer for any name; clients are dnsperf, h2load, and this program for handshakes."""

import collections
import contextlib
import dataclasses
import os
import re
import shutil
import socket
import ssl
import statistics
import struct
import subprocess
import time

from peers import Encryption, Setup, SYSTEM_PATH
from servers import HOST, READY_NAME, Fault, Server, client_cpus, free_port, make_query, server_cpus

NAME = "dns.test"
PEERS = ("tarn", "unbound", "Knot Resolver", "dnsdist", "BIND")
UPSTREAMS = {"tarn": ("udp", "tcp", "tls", "https"), "unbound": ("udp", "tcp", "tls"),
             "dnsdist": ("udp", "tcp", "tls", "https")}
# dnsperf's name of each transport of clients.
MODES = {"UDP": "udp", "TCP": "tcp", "TLS": "dot", "HTTPS": None}
WORDS = {"udp": "UDP", "tcp": "TCP", "tls": "TLS", "https": "HTTPS"}
# Questions under way at once: enough that a server reads several at a time.
WINDOW = 100
CLIENTS = 4
# About what these servers answer.
REQUESTS_PER_SEC = 30_000
# For what a server does of itself after its start and after the last connection.
QUIET_SEC = 0.3
# Seconds of one measurement at most.
HANDSHAKES_SEC = 5


def make_certificates(folder):
    """An authority and a leaf, both with P-256, by openssl. Returns their files and the key."""
    path = {name: os.path.join(folder, name) for name in
            ("ca.pem", "ca.key", "leaf.csr", "leaf.pem", "leaf.key", "extensions", "chain.pem")}
    with open(path["extensions"], "w", encoding="ascii") as file:
        file.write(f"subjectAltName=DNS:{NAME},IP:{HOST}\nextendedKeyUsage=serverAuth\n")
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    for words in (
            ["req", "-x509", *new_key, "-keyout", path["ca.key"], "-out", path["ca.pem"],
             "-days", "30", "-subj", "/CN=tarn bench CA"],
            ["req", "-new", *new_key, "-keyout", path["leaf.key"], "-out", path["leaf.csr"],
             "-subj", "/CN=tarn bench"],
            ["x509", "-req", "-in", path["leaf.csr"], "-CA", path["ca.pem"], "-CAkey",
             path["ca.key"], "-CAcreateserial", "-days", "20", "-extfile", path["extensions"],
             "-out", path["leaf.pem"]]):
        done = subprocess.run(["openssl", *words], stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20,
                              check=False)
        if done.returncode != 0:
            raise Fault(f"openssl says\n{done.stdout[-500:]}")
    os.chmod(path["leaf.key"], 0o644)
    return path["ca.pem"], path["leaf.pem"], path["leaf.key"]


class AnyName(Server):
    """unbound, with an address for each name below bench.example, over all four transports."""

    def __init__(self, folder, certificate, key):
        self.tls_port, self.https_port = free_port(), free_port()
        port = free_port()
        config = os.path.join(folder, "unbound.conf")
        with open(config, "w", encoding="ascii") as file:
            file.write(f"""
server:
    directory: "{folder}"
    username: ""
    chroot: ""
    pidfile: ""
    use-syslog: no
    verbosity: 0
    interface: {HOST}@{port}
    interface: {HOST}@{self.tls_port}
    interface: {HOST}@{self.https_port}
    tls-port: {self.tls_port}
    https-port: {self.https_port}
    tls-service-key: "{key}"
    tls-service-pem: "{certificate}"
    num-threads: 1
    do-ip6: no
    module-config: "iterator"
    incoming-num-tcp: 256
    local-zone: "." redirect
    local-data: ". 86400 A 192.0.2.1"
remote-control:
    control-enable: no
""")
        super().__init__("the encrypted upstream",
                         [[shutil.which("unbound", path=SYSTEM_PATH), "-d", "-p", "-c", config]],
                         port, folder, client_cpus(1))

    def port_of(self, over):
        return {"tls": self.tls_port, "https": self.https_port}.get(over, self.port)


@dataclasses.dataclass
class Hit:
    """One load run of clients."""
    cpu_us: float
    queries_per_sec: float


@dataclasses.dataclass(frozen=True)
class Start:
    """One start, until the first answer."""
    first_ms: float
    cpu_ms: float
    rss: int
    private: int


class Encrypted:
    def __init__(self, bench):
        self.bench = bench
        self.h2load = shutil.which("h2load")
        self.peers = [peer for peer in bench.servers if peer.name in PEERS]
        self.upstream = None
        self.files = None
        # By name of the server and transport, for each round.
        self.miss_us = collections.defaultdict(list)
        self.hits = collections.defaultdict(list)
        # By name of the server and "full" or "resumed": microseconds of CPU, for each round.
        self.handshakes = collections.defaultdict(list)
        # By name of the server and transport: octets of RSS.
        self.idle = {}
        # By what is configured, of tarn.
        self.starts = collections.defaultdict(list)
        self.callgrind = {}

    def encryption(self, over="udp", listens=False):
        ca, certificate, key = self.files
        ports = {"tls_port": free_port(), "https_port": free_port()} if listens else {}
        return Encryption(certificate, key, ca, NAME, over=over, **ports)

    def start(self, peer, encryption=None, prefix=()):
        over = encryption.over if encryption else "udp"
        setup = Setup(peer.program, self.bench.new_folder(), free_port(),
                      self.upstream.port_of(over), 1, encryption=encryption)
        argvs = [[*prefix, *argv] for argv in peer.start(setup)]
        return Server(peer.name, argvs, setup.port, setup.folder, server_cpus(1))

    def run_perf(self, server, encryption, path, over, *options):
        """dnsperf's output, and the CPU time of each answer in microseconds."""
        port = {"TLS": encryption.tls_port}.get(over, server.port)
        argv = [self.bench.options.dnsperf, "-s", HOST, "-p", str(port), "-d", path,
                "-m", MODES[over], "-c", str(CLIENTS), "-T", "1", "-q", str(WINDOW), "-t", "2",
                *options]
        used = server.cpu_sec()
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=60, text=True, check=False)
        used = server.cpu_sec() - used
        answered = re.search(r"NOERROR (\d+)", done.stdout)
        if done.returncode != 0 or not answered or not int(answered[1]):
            raise Fault(f"{server.name} over {over}: dnsperf says\n{done.stdout[-600:]}")
        return done.stdout, 1e6 * used / int(answered[1])

    def run_h2load(self, server, encryption, *options):
        """Requests for one name; answers in a second, and the CPU time of each. dnsperf's HTTPS, up
        to 2.10 at least, loses answers that come in one record of TLS."""
        body = os.path.join(self.bench.folder, "request")
        with open(body, "wb") as file:
            file.write(make_query(self.bench.questions.hot_names[0]))
        argv = [self.h2load, "-c", str(CLIENTS), "-m", str(WINDOW // CLIENTS), "-t", "1",
                "-d", body, "-H", "content-type: application/dns-message", *options,
                f"https://{HOST}:{encryption.https_port}/dns-query"]
        used = server.cpu_sec()
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=60, text=True, check=False)
        used = server.cpu_sec() - used
        answered = re.search(r"status codes: (\d+) 2xx, 0 3xx, 0 4xx, 0 5xx", done.stdout)
        rate = re.search(r"([\d.]+) req/s", done.stdout)
        if done.returncode != 0 or not answered or not int(answered[1]):
            raise Fault(f"{server.name} over HTTPS: h2load says\n{done.stdout[-600:]}")
        return float(rate[1]), 1e6 * used / int(answered[1])

    # ---- misses ---------------------------------------------------------------------------------

    def measure_misses(self, peer, turn):
        """Every name is new to a server that has just been started, and has its connection."""
        for over in UPSTREAMS.get(peer.name, ())[::-1 if turn % 2 else 1]:
            names = self.bench.questions.new_names(self.bench.options.encrypted_names)
            path = self.bench.questions.write("encrypted-misses", names)
            with self.start(peer, self.encryption(over)) as server:
                cpu_us = self.bench.dnsperf.cpu_us(server, path, "NOERROR", "-n", "1",
                                                   "-q", str(WINDOW))
            self.miss_us[peer.name, WORDS[over]].append(cpu_us)
            self.bench.say(f"round {turn + 1}, misses over {WORDS[over]}, {peer.name}:",
                           f"{cpu_us:.2f} µs of CPU each")

    # ---- hits -----------------------------------------------------------------------------------

    def measure_hits(self, peer, server, encryption, turn):
        seconds = self.bench.options.seconds
        for over in list(MODES)[::-1 if turn % 2 else 1]:
            if over == "HTTPS":
                # h2load's time is in whole seconds.
                rate, cpu_us = self.run_h2load(server, encryption, "-n",
                                               str(int(REQUESTS_PER_SEC * seconds)))
            else:
                text, cpu_us = self.run_perf(server, encryption, self.bench.questions.hot, over,
                                             "-l", str(seconds))
                rate = float(re.search(r"Queries per second:\s+([\d.]+)", text)[1])
            self.hits[peer.name, over].append(Hit(cpu_us, rate))
            self.bench.say(f"round {turn + 1}, hits over {over}, {peer.name}:",
                           f"{cpu_us:.2f} µs of CPU each, {rate:,.0f} queries/s")

    # ---- connections ----------------------------------------------------------------------------

    def context(self):
        context = ssl.create_default_context(cafile=self.files[0])
        context.set_alpn_protocols(["dot"])
        return context

    def connect(self, port, context, session=None, source=""):
        raw = socket.create_connection((HOST, port), 5, (source, 0) if source else None)
        try:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return context.wrap_socket(raw, server_hostname=NAME, session=session)
        except BaseException:
            raw.close()
            raise

    @staticmethod
    def ask(sock):
        """A question for a name that is cached; the tickets of TLS 1.3 come before its answer."""
        query = make_query(READY_NAME, 1)
        sock.sendall(struct.pack("!H", len(query)) + query)
        reply = b""
        while len(reply) < 2 or len(reply) < 2 + struct.unpack_from("!H", reply)[0]:
            octets = sock.recv(4096)
            if not octets:
                raise Fault("a connection ends without an answer")
            reply += octets

    def measure_handshakes(self, peer, server, encryption, turn):
        """With one question each; sessions are resumed with the ticket of the last one."""
        for kind in ("full", "resumed"):
            context, session, count = self.context(), None, self.bench.options.handshakes
            with self.connect(encryption.tls_port, context) as sock:
                self.ask(sock)
                session = sock.session
            used, began, resumed = server.cpu_sec(), time.monotonic(), 0
            for number in range(1, count + 1):
                with self.connect(encryption.tls_port, context,
                                  session if kind == "resumed" else None, client_of(number)) as sock:
                    self.ask(sock)
                    resumed += sock.session_reused
                    session = sock.session
                if time.monotonic() - began > HANDSHAKES_SEC:
                    break
            cpu_us = 1e6 * (server.cpu_sec() - used) / number
            if resumed != (number if kind == "resumed" else 0):
                self.bench.say(f"{peer.name}: {resumed} of {number} sessions are resumed")
                continue
            self.handshakes[peer.name, kind].append(cpu_us)
            self.bench.say(f"round {turn + 1}, handshakes, {kind}, {peer.name}: {cpu_us:.0f} µs")

    def measure_idle(self, peer):
        """Connections of many networks, each after one question."""
        encryption = self.encryption(listens=True)
        for over, port, ask in (("TLS", encryption.tls_port, self.ask),
                                ("HTTPS", encryption.https_port, ask_over_https)):
            with self.start(peer, encryption) as server, contextlib.ExitStack() as stack:
                context = self.context()
                if over == "HTTPS":
                    context.set_alpn_protocols(["h2"])

                def open_one(number):
                    sock = stack.enter_context(
                        self.connect(port, context, source=client_of(number)))
                    ask(sock)
                for number in range(8):  # what is allocated once
                    open_one(-1 - number)
                time.sleep(QUIET_SEC)
                before = server.rss()
                for number in range(self.bench.options.connections):
                    open_one(number)
                time.sleep(QUIET_SEC)
                each = (server.rss() - before) / self.bench.options.connections
            self.idle[peer.name, over] = each
            self.bench.say(f"idle connections over {over}, {peer.name}: {each / 1024:.1f} KiB each")

    # ---- starts ---------------------------------------------------------------------------------

    def measure_starts(self):
        """tarn alone: what an encrypted server or listener adds, and that nothing costs nothing."""
        kinds = {"in the clear": lambda: None, "server over TLS": lambda: self.encryption("tls"),
                 "server over HTTPS": lambda: self.encryption("https"),
                 "clients over TLS and HTTPS": lambda: self.encryption(listens=True)}
        for turn in range(self.bench.options.starts):
            for kind in list(kinds)[::-1 if turn % 2 else 1]:
                with self.start(self.bench.tarn, kinds[kind]()) as server:
                    first_ms, cpu_ms = 1e3 * server.first_answer_sec, 1e3 * server.cpu_sec()
                    time.sleep(QUIET_SEC)
                    self.starts[kind].append(Start(first_ms, cpu_ms, server.rss(),
                                                   server.private()))
        for kind, starts in self.starts.items():
            self.bench.say(f"start, {kind}: {min(start.first_ms for start in starts):.1f} ms,",
                           f"{min(start.rss for start in starts) / 2**20:.1f} MiB")

    # ---- instructions ---------------------------------------------------------------------------

    def instructions(self, what, make_encryption, over, queries):
        """In user mode, of each question; queries(count) is a file of them."""
        counts = []
        sizes = (1000, 4000)
        for count in sizes:
            encryption = make_encryption()
            prefix = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
            with self.start(self.bench.tarn, encryption, prefix) as server:
                if over == "HTTPS":
                    self.run_h2load(server, encryption, "-n", str(count))
                else:
                    self.run_perf(server, encryption, queries(count), over, "-n", "1")
            with open(server.log, encoding="utf-8", errors="replace") as log:
                counts.append(int(re.search(r"Collected : (\d+)", log.read())[1]))
        self.callgrind[what] = (counts[1] - counts[0]) / (sizes[1] - sizes[0])
        self.bench.say(f"callgrind, {what}: {self.callgrind[what]:.0f} instructions each")

    def measure_callgrind(self):
        questions = self.bench.questions

        def hot(count):
            return questions.write("callgrind", (questions.hot_names * 10)[:count])

        def new(count):
            return questions.write("callgrind", questions.new_names(count))
        for over in MODES:
            self.instructions(f"hit over {over}", lambda: self.encryption(listens=True), over, hot)
        for over in UPSTREAMS["tarn"]:
            self.instructions(f"miss over {WORDS[over]}", lambda one=over: self.encryption(one),
                              "UDP", new)

    # ---- all ------------------------------------------------------------------------------------

    def measure_peer(self, peer):
        """All rounds of one; the ratios to others are between medians, those within it by round."""
        for turn in range(self.bench.options.rounds):
            self.measure_misses(peer, turn)
        encryption = self.encryption(listens=True)
        with self.start(peer, encryption) as server:
            self.run_perf(server, encryption, self.bench.questions.hot, "UDP", "-n", "1")
            for turn in range(self.bench.options.rounds):
                self.measure_hits(peer, server, encryption, turn)
            for turn in range(self.bench.options.rounds):
                self.measure_handshakes(peer, server, encryption, turn)
        self.measure_idle(peer)

    def measure(self):
        missing = [program for program in ("openssl", "unbound", "h2load")
                   if not shutil.which(program, path=SYSTEM_PATH)]
        if missing:
            self.bench.say(f"encrypted DNS is left out: there is no {', '.join(missing)}")
            return
        self.files = make_certificates(self.bench.new_folder())
        with AnyName(self.bench.new_folder(), *self.files[1:]) as self.upstream:
            for peer in self.peers:
                with self.bench.forgiving(peer):
                    self.measure_peer(peer)
            self.measure_starts()
            if self.bench.options.callgrind:
                self.measure_callgrind()


def client_of(number):
    """An address: those who do much are limited one by one."""
    return f"127.{1 + number // 250 % 250}.{number % 250}.1"


def ask_over_https(sock):
    """One request of HTTP/2 (RFC 9113), its header written with HPACK's static table (RFC 7541)."""
    def make_frame(kind, flags, stream, body):
        return struct.pack("!I", len(body))[1:] + struct.pack("!BBI", kind, flags, stream) + body

    def literal(index, text):
        """A field without indexing, its name from the static table."""
        head = bytes([index]) if index < 15 else bytes([15, index - 15])
        return head + bytes([len(text)]) + text.encode("ascii")

    query = make_query(READY_NAME)
    header = (b"\x83\x87" + literal(4, "/dns-query") + literal(1, NAME)
              + literal(31, "application/dns-message") + literal(19, "application/dns-message")
              + literal(28, str(len(query))))
    sock.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + make_frame(4, 0, 0, b"")
                 + make_frame(1, 4, 1, header) + make_frame(0, 1, 1, query))
    octets = b""
    while True:
        more = sock.recv(4096)
        if not more:
            raise Fault("a connection ends without a response")
        octets += more
        while len(octets) >= 9 + (length := int.from_bytes(octets[:3], "big")):
            kind, flags, stream = struct.unpack_from("!BBI", octets, 3)
            octets = octets[9 + length:]
            if kind == 4 and not flags & 1:
                sock.sendall(make_frame(4, 1, 0, b""))
            if kind in (3, 7):
                raise Fault("a request is refused")
            if stream == 1 and kind in (0, 1) and flags & 1:
                return


def median(values):
    return statistics.median(values) if values else None


def ratio(values, base):
    """The median of the ratios within each round."""
    ratios = [value / other for value, other in zip(values, base)]
    return median(ratios)
