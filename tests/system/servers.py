# SPDX-License-Identifier: BSD-2-Clause
"""The processes of a test: tarn itself and the real servers it asks. All end with their test."""

import ctypes
import itertools
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import dns.dnssec
import dns.exception
import dns.message
import dns.query

ZONES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "zones")
VALGRIND = ["valgrind", "-q", "--error-exitcode=99", "--leak-check=full",
            "--errors-for-leak-kinds=definite,indirect,possible", "--exit-on-first-error=no"]
# Every test process (pytest-xdist) has an eighth of the ports below the kernel's own range.
PROCESS = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
OWN_PORTS = range(12000 + PROCESS % 8, 32768, 8)
PORTS = itertools.cycle(random.sample(OWN_PORTS, len(OWN_PORTS)))
FAULTS = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:|==\d+== ")


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


def free_port(host="127.0.0.1"):
    """A port that is free for UDP and TCP at this moment and that no other test of this run is given."""
    family, wildcard = (socket.AF_INET6, "::") if ":" in host else (socket.AF_INET, "0.0.0.0")
    for port in itertools.islice(PORTS, 100):
        with socket.socket(family, socket.SOCK_DGRAM) as udp, socket.socket(family) as tcp:
            try:
                udp.bind((wildcard, port))
                tcp.bind((wildcard, port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"no free port on {host}")


def become_a_child():
    """Makes it end with its parent, and not ignore SIGINT as a shell's background jobs do."""
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Process:
    """A child in a process group of its own whose output is read as it comes."""

    def __init__(self, argv, **options):
        self.argv = argv
        self.lines = []
        self.is_over = False
        self.news = threading.Condition()
        self.child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, start_new_session=True,
                                      preexec_fn=become_a_child, text=True, errors="replace",
                                      **options)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.child.stdout:
            with self.news:
                self.lines.append(line.rstrip("\n"))
                self.news.notify_all()
        with self.news:
            self.is_over = True
            self.news.notify_all()

    @property
    def pid(self):
        return self.child.pid

    @property
    def log(self):
        return "\n".join(self.lines)

    def wait_for_line(self, pattern, count=1, timeout=20):
        """Waits for that number of matches among the lines, and returns them."""
        def found():
            matches = [m for m in (re.search(pattern, line) for line in self.lines) if m]
            return matches[:count] if len(matches) >= count else None

        def over():
            return found() or self.is_over

        with self.news:
            self.news.wait_for(over, timeout)
        matches = found()
        assert matches, f"{self.argv[0]}: no line {pattern!r} in:\n{self.log}"
        return matches

    def wait(self, timeout=20):
        status = self.child.wait(timeout)
        self.reader.join(5)
        return status

    def kill(self):
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.wait()
        self.child.stdout.close()


def program():
    return os.path.abspath(os.environ["TARN"])


def control_program():
    """The path of tarnctl: beside tarn if installed, in a folder of its own if built."""
    folder = os.path.dirname(program())
    paths = [os.path.join(folder, "tarnctl"), os.path.join(folder, "..", "tarnctl", "tarnctl")]
    return next(path for path in paths if os.path.isfile(path))


def list_program():
    """tarn-list: installed it is in bin beside tarn's sbin, built it is in a folder of its own."""
    folder = os.path.dirname(program())
    paths = [os.path.join(folder, "..", "bin", "tarn-list"),
             os.path.join(folder, "..", "tarnlist", "tarn-list")]
    return next(path for path in paths if os.path.isfile(path))


def is_sanitized():
    with open(program(), "rb") as file:
        return b"__asan_init" in (content := file.read()) or b"__tsan_init" in content


class Tarn(Process):
    """The program under test, listening on ports that the system picks."""

    def __init__(self, *args, upstreams=(), listen=None, valgrind=None, prefix=(),
                 control="none", **options):
        if valgrind is None:
            valgrind = os.environ.get("TARN_VALGRIND") == "1"
        self.is_slow = valgrind or is_sanitized()
        if listen is None:
            listen = ["127.0.0.1:0"] + (["[::1]:0"] if has_ipv6() else [])
        argv = [*prefix, *(VALGRIND if valgrind else []), program()]
        argv += no_config(args)
        # A user tarn of the machine, which cannot read root's files, must make no difference.
        if os.geteuid() == 0 and "--user" not in args:
            argv += ["--user", "root"]
        for address in listen:
            argv += ["--listen", address]
        for upstream in upstreams:
            argv += ["--upstream", getattr(upstream, "address", upstream)]
        if control and "--control" not in args:
            argv += ["--control", control]
        self.started = time.monotonic()
        super().__init__(argv + [str(arg) for arg in args], **options)
        self.ports = {}
        if listen:
            try:
                for match in self.wait_for_line(r"listening on (\S+):(\d+) ", len(listen)):
                    self.ports[match[1].strip("[]")] = int(match[2])
            except BaseException:
                self.kill()
                raise
        self.host = next(iter(self.ports), None)
        self.port = self.ports.get(self.host)

    def udp(self, question, timeout=10, host=None):
        """Asks over UDP; a dns.message.Message or a name and a type."""
        host = host or self.host
        return dns.query.udp(question, host, timeout, self.ports[host])

    def tcp(self, question, timeout=10, host=None):
        host = host or self.host
        return dns.query.tcp(question, host, timeout, self.ports[host])

    def ask(self, name, rrtype="A", timeout=10, **options):
        return self.udp(dns.message.make_query(name, rrtype, **options), timeout)

    def ask_wire(self, wire, timeout=10):
        """The reply's octets."""
        with self.udp_socket(timeout) as sock:
            sock.send(wire)
            return sock.recv(65535)

    def udp_socket(self, timeout=10):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.settimeout(timeout)
        sock.connect(("127.0.0.1", self.ports["127.0.0.1"]))
        return sock

    def tcp_socket(self, timeout=10):
        return socket.create_connection(("127.0.0.1", self.ports["127.0.0.1"]), timeout)

    def memory(self, field="VmRSS"):
        """KiB."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            return int(re.search(rf"^{field}:\s+(\d+)", file.read(), re.M)[1])

    def check_clean(self):
        assert not FAULTS.search(self.log), self.log

    def stop(self, sig=signal.SIGTERM):
        """Ends it by the usual signal; returns whether it ended cleanly."""
        if self.child.poll() is None:
            self.child.send_signal(sig)
        try:
            status = self.wait()
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"tarn does not stop:\n{self.log}") from None
        self.check_clean()
        assert status == 0, f"exit status {status}:\n{self.log}"


def no_config(args):
    """The options that exclude the machine's own configuration file."""
    has_config = any(str(arg) in ("-c", "--config") for arg in args)
    return [] if has_config else ["--config", "/dev/null"]


def run_tarn(*args, timeout=20, prefix=(), **options):
    """Runs tarn until it ends."""
    return subprocess.run([*prefix, program(), *no_config(args), *args], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=timeout, check=False, **options)


def is_built_with(part):
    """An optional part: microhttpd, dnstap ..."""
    return re.search(rf"^with .*\b{part}\b", run_tarn("--version").stdout, re.M) is not None


def big_zone():
    """RRsets that do not fit: 3 KB, more than any UDP answer, and 60 KB, near the limit of TCP."""
    lines = []
    for name, count in (("large", 15), ("huge", 290)):
        lines += [f'{name} TXT "{i:03} {"x" * 196}"' for i in range(count)]
    return "\n".join(lines) + "\n"


def write_nsd_config(directory, host, port, zones):
    """NSD's configuration, with the files of zones by their names. Returns its path."""
    config = os.path.join(directory, "nsd.conf")
    with open(config, "w", encoding="ascii") as file:
        file.write(f"""
server:
	ip-address: {host}@{port}
	username: ""
	zonesdir: "{directory}"
	pidfile: "{directory}/nsd.pid"
	xfrdfile: "{directory}/xfrd.state"
	zonelistfile: "{directory}/zone.list"
	database: ""
	server-count: 1
	rrl-ratelimit: 0
	verbosity: 1
remote-control:
	control-enable: no
""")
        for name, zone in zones.items():
            file.write(f'zone:\n\tname: "{name}"\n\tzonefile: "{zone}"\n')
    return config


class Nsd(Process):
    """NSD with the zone tarn.example, on 127.0.0.1 by default."""

    def __init__(self, directory, host="127.0.0.1", port=None, prefix=()):
        self.host, self.port = host, port or free_port(host)
        self.address = f"{host}:{self.port}"
        zone = os.path.join(directory, "tarn.example.zone")
        with open(os.path.join(ZONES, "tarn.example.zone"), encoding="ascii") as file:
            text = file.read() + big_zone()
        with open(zone, "w", encoding="ascii") as file:
            file.write(text)
        config = write_nsd_config(directory, host, self.port, {"tarn.example": zone})
        super().__init__([*prefix, shutil.which("nsd", path="/usr/sbin:/usr/bin"), "-d", "-c",
                          config])
        self.wait_for_line("nsd started")

    def ask_wire(self, query):
        """The whole answer's octets, over TCP."""
        with socket.create_connection((self.host, self.port), 10) as sock:
            dns.query.send_tcp(sock, query.to_wire())
            return recv_frame(sock)


class Knotd(Process):
    """Knot DNS; zones is the text of that section of its configuration."""

    def __init__(self, directory, zones, background_workers=1):
        self.host, self.port = "127.0.0.1", free_port()
        self.address = f"{self.host}:{self.port}"
        config = os.path.join(directory, "knot.conf")
        with open(config, "w", encoding="ascii") as file:
            file.write(f"""
server:
    rundir: "{directory}"
    listen: {self.host}@{self.port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: {background_workers}
database:
    storage: "{directory}"
log:
  - target: stdout
    any: info
{zones}""")
        super().__init__([shutil.which("knotd", path="/usr/sbin:/usr/bin"), "-c", config])
        self.wait_for_line("server started")


class Knot(Knotd):
    """Knot DNS with the same zone, for a second opinion."""

    def __init__(self, directory):
        with open(os.path.join(ZONES, "tarn.example.zone"), encoding="ascii") as file:
            text = file.read() + big_zone()
        with open(os.path.join(directory, "tarn.example.zone"), "w", encoding="ascii") as file:
            file.write(text)
        super().__init__(directory, f"""
zone:
  - domain: tarn.example
    storage: "{directory}"
    file: tarn.example.zone
    zonefile-load: whole
    journal-content: none
""")


class SignedZone(Knotd):
    """Knot DNS with one zone that it signs and delegations that a test adds."""

    def __init__(self, directory, zone, records):
        self.zone = zone
        with open(os.path.join(directory, f"{zone}.zone"), "w", encoding="ascii") as file:
            file.write(f"$TTL 600\n@ SOA ns.{zone}. admin.{zone}. 1 7200 900 1209600 60\n"
                       f"@ NS ns.{zone}.\nns.{zone}. A 127.0.0.1\n" + "\n".join(records) + "\n")
        super().__init__(directory, f"""
policy:
  - id: signed
    algorithm: ecdsap256sha256
    single-type-signing: on
zone:
  - domain: {zone}
    storage: "{directory}"
    file: {zone}.zone
    zonefile-load: whole
    zonefile-sync: -1
    journal-content: none
    dnssec-signing: on
    dnssec-policy: signed
""")

    def key(self):
        """The DNSKEY that it signs with."""
        question = dns.message.make_query(self.zone + ".", "DNSKEY")
        return dns.query.tcp(question, self.host, 5, self.port).answer[0][0]

    def delegation(self):
        """The records of its delegation in the zone above."""
        ds = dns.dnssec.make_ds(self.zone + ".", self.key(), "SHA256")
        return [f"{self.zone}. NS ns.{self.zone}.", f"{self.zone}. DS {ds}"]


def recv_exactly(sock, length):
    data = b""
    while len(data) < length:
        part = sock.recv(length - len(data))
        if not part:
            raise EOFError(f"closed after {len(data)} of {length} octets")
        data += part
    return data


def recv_frame(sock):
    """One message of a TCP stream."""
    return recv_exactly(sock, int.from_bytes(recv_exactly(sock, 2), "big"))


def frame(message):
    return len(message).to_bytes(2, "big") + message


def policy_zone(serial, rules, timers="3600 600 86400", zone="rpz.example"):
    """A response policy zone that blocks these names."""
    lines = [f"$ORIGIN {zone}.", "$TTL 60", f"@ SOA ns.{zone}. admin.{zone}. {serial} {timers} 60",
             f"@ NS ns.{zone}."]
    return "\n".join(lines + [f"{name} CNAME ." for name in rules]) + "\n"


class NsdPrimary(Process):
    """NSD with a response policy zone, which it gives to those with the key, or to all."""

    def __init__(self, directory, text, key=None, port=None):
        self.host, self.port = "127.0.0.1", port or free_port()
        self.address = f"{self.host}:{self.port}"
        self.zone = os.path.join(directory, "rpz.example.zone")
        with open(self.zone, "w", encoding="ascii") as file:
            file.write(text)
        keys = ""
        if key:
            keys = f'key:\n\tname: {key[0]}\n\talgorithm: hmac-sha256\n\tsecret: "{key[1]}"\n'
        config = os.path.join(directory, "nsd.conf")
        with open(config, "w", encoding="ascii") as file:
            file.write(f"""
server:
	ip-address: {self.host}@{self.port}
	username: ""
	zonesdir: "{directory}"
	pidfile: "{directory}/nsd.pid"
	xfrdfile: "{directory}/xfrd.state"
	zonelistfile: "{directory}/zone.list"
	database: ""
	server-count: 1
	verbosity: 1
remote-control:
	control-enable: no
{keys}
zone:
	name: "rpz.example"
	zonefile: "{self.zone}"
	provide-xfr: 127.0.0.1 {key[0] if key else "NOKEY"}
""")
        super().__init__([shutil.which("nsd", path="/usr/sbin:/usr/bin"), "-d", "-c", config])
        self.wait_for_line("nsd started")


class KnotPrimary(Knotd):
    """Knot DNS with a response policy zone, whose changes it keeps."""

    def __init__(self, directory, text, key=None):
        self.directory = directory
        self.write(text)
        keys = f"""
key:
  - id: {key[0]}
    algorithm: hmac-sha256
    secret: {key[1]}""" if key else ""
        super().__init__(directory, f"""{keys}
acl:
  - id: transfers
    address: 127.0.0.1
    action: transfer
    {f"key: {key[0]}" if key else ""}
zone:
  - domain: rpz.example
    storage: "{directory}"
    file: rpz.example.zone
    zonefile-load: difference
    zonefile-sync: -1
    journal-content: changes
    acl: transfers
""")

    def write(self, text):
        with open(os.path.join(self.directory, "rpz.example.zone"), "w", encoding="ascii") as file:
            file.write(text)

    def reload(self, text):
        """Another version of the zone."""
        self.write(text)
        subprocess.run([shutil.which("knotc", path="/usr/sbin:/usr/bin"), "-b", "-s",
                        os.path.join(self.directory, "knot.sock"), "zone-reload", "rpz.example"],
                       check=True, capture_output=True, timeout=20)


class Authority(Knotd):
    """Knot DNS with the same names in three zones: unsigned, with NSEC, with NSEC3."""

    ZONES = ("plain", "nsec", "nsec3")

    def __init__(self, directory):
        texts = []
        for file in ("tarn.example.zone", "many.zone", "child.zone"):
            with open(os.path.join(ZONES, file), encoding="ascii") as opened:
                texts.append(opened.read())
        # A signed answer has no room for the RRset of 60 KB.
        parent = texts[0] + texts[1] + re.sub(r"(?m)^huge .*\n", "", big_zone())
        self.zones, zones = [], []
        for zone in self.ZONES:
            for owner, text in ((zone, parent), (f"child.{zone}", texts[2]),
                                (f"insecure.{zone}", texts[2])):
                with open(os.path.join(directory, f"{owner}.example.zone"), "w",
                          encoding="ascii") as file:
                    file.write(text.replace("tarn.example", f"{zone}.example"))
                self.zones.append(f"{owner}.example")
                is_signed = zone != "plain" and not owner.startswith("insecure")
                zones.append(f"""
  - domain: {owner}.example
    file: {owner}.example.zone
    template: {zone if is_signed else "plain"}""")
        super().__init__(directory, f"""
policy:
  - id: nsec
    algorithm: ecdsap256sha256
    single-type-signing: on
  - id: nsec3
    algorithm: ecdsap256sha256
    single-type-signing: on
    nsec3: on
    nsec3-iterations: 0
    nsec3-salt-length: 0
template:
  - id: default
    storage: "{directory}"
  - id: plain
    storage: "{directory}"
    zonefile-load: whole
    zonefile-sync: -1
    journal-content: none
  - id: nsec
    storage: "{directory}"
    zonefile-load: whole
    zonefile-sync: -1
    journal-content: none
    dnssec-signing: on
    dnssec-policy: nsec
  - id: nsec3
    storage: "{directory}"
    zonefile-load: whole
    zonefile-sync: -1
    journal-content: none
    dnssec-signing: on
    dnssec-policy: nsec3
zone:{"".join(zones)}
""", background_workers=2)


class Unbound(Process):
    """unbound with its defaults, except for the given lines of the configuration."""

    def __init__(self, directory, modules, lines):
        self.host, self.port = "127.0.0.1", free_port()
        self.address = f"{self.host}:{self.port}"
        config = os.path.join(directory, "unbound.conf")
        with open(config, "w", encoding="ascii") as file:
            file.write(f"""
server:
	interface: {self.host}
	port: {self.port}
	access-control: 127.0.0.0/8 allow
	username: ""
	chroot: ""
	directory: "{directory}"
	pidfile: ""
	use-syslog: no
	logfile: ""
	num-threads: 1
	module-config: "{modules}"
	do-not-query-localhost: no
	qname-minimisation: no
	edns-buffer-size: 1232
	max-udp-size: 1232
remote-control:
	control-enable: no
{lines}
""")
        super().__init__([shutil.which("unbound", path="/usr/sbin:/usr/bin"), "-d", "-c",
                          config])
        self.wait_for_line("start of service")


def forwarder(directory, upstream):
    """A forwarder like tarn: a cache in front of another server, without validation."""
    return Unbound(directory, "iterator", f"""
forward-zone:
	name: "."
	forward-addr: {upstream.host}@{upstream.port}
""")


def recursor(directory, authority):
    """A resolver to forward to: it follows every chain, and validates the signed zones."""
    anchors, stubs = "", ""
    for zone in ["", *authority.zones]:
        stubs += f"""
stub-zone:
	name: "{zone}."
	stub-addr: {authority.host}@{authority.port}
"""
        if "." not in zone or zone.startswith("child"):
            continue
        question = dns.message.make_query(zone + ".", "DNSKEY")
        for rrset in dns.query.tcp(question, authority.host, 5, authority.port).answer:
            anchors += "".join(f'\ttrust-anchor: "{rrset.name} DNSKEY {key}"\n' for key in rrset)
    return Unbound(directory, "validator iterator", f"server:\n{anchors}{stubs}")
