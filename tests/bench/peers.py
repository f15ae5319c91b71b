# SPDX-License-Identifier: BSD-2-Clause
"""The programs that are measured, and equivalent configurations of each: forward everything to one
server over loopback, cache for the whole TTL, validate nothing (but tarn and unbound by the anchors
of Setup), log nothing, and answer with as many threads as there are workers. Limits of memory are
set so high that none is reached."""

import dataclasses
import os
import pwd
import re
import shutil
import signal
import subprocess
import typing

from servers import HOST

SYSTEM_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


@dataclasses.dataclass
class Encryption:
    """TLS for clients at these ports, if there are any, and to the upstream over that transport."""
    certificate: str
    key: str
    ca: str
    name: str  # of the upstream
    tls_port: typing.Optional[int] = None
    https_port: typing.Optional[int] = None
    over: str = "udp"  # tcp, tls, https

    @property
    def has_listeners(self):
        return self.tls_port is not None


@dataclasses.dataclass
class SecondLevel:
    """A store that several share, at a port of this host."""
    port: int
    secret_file: str
    secret: str
    wait_ms: typing.Optional[int] = None  # for an answer of the store; None: the default


@dataclasses.dataclass
class Setup:
    """One start of one program."""
    program: str
    folder: str
    port: int
    upstream_port: int
    workers: typing.Optional[int]  # None: the program's default
    list_file: typing.Optional[str] = None  # a line for each blocked name, as Peer.list_line has it
    hosts_file: typing.Optional[str] = None
    anchors_file: typing.Optional[str] = None  # to validate by; None: it does not
    encryption: typing.Optional[Encryption] = None
    second: typing.Optional[SecondLevel] = None
    cache_file: typing.Optional[str] = None
    cache_size: str = "256M"
    control: typing.Optional[str] = None  # tarn's socket; None: the default

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return path


# Each returns the command lines of its processes.

def start_reflector(setup):
    return [[setup.program, "-w", str(setup.workers or 1), str(setup.port)]]


def write_tarn_conf(setup):
    lines = [f'state = "{setup.folder}"', f'local {{ hosts = "{setup.hosts_file or "none"}" }}']
    if setup.list_file:
        lines += [f'block "bench" {{ file = "{setup.list_file}" format = domains',
                  "subdomains = yes }"]
    if setup.anchors_file:
        lines += [f'dnssec {{ validate = yes anchors = "{setup.anchors_file}" }}']
    if setup.encryption:
        lines += tarn_encryption(setup, setup.encryption)
    if setup.second:
        wait = f"wait = {setup.second.wait_ms}ms" if setup.second.wait_ms else ""
        lines += [f'shared {{ server = "{HOST}:{setup.second.port}" {wait}',
                  f'secret = "{setup.second.secret_file}" }}']
    if setup.cache_file:
        lines += [f'cache {{ file = "{setup.cache_file}" save = 0 }}']
    return setup.write("tarn.conf", "\n".join(lines) + "\n")


def tarn_encryption(setup, encryption):
    lines = []
    if encryption.has_listeners:
        lines += [f'listen {{ tls = "{HOST}:{encryption.tls_port}"',
                  f'https = "{HOST}:{encryption.https_port}"',
                  f'certificate = "{encryption.certificate}" key = "{encryption.key}" }}']
    if encryption.over in ("tls", "https"):
        lines += [f'tls {{ ca = "{encryption.ca}" }}']
    return lines


def tarn_upstream(setup):
    address = f"{HOST}:{setup.upstream_port}"
    over = setup.encryption.over if setup.encryption else "udp"
    return {
        "udp": address,
        "tcp": f"tcp://{address}",
        "tls": f"tls://{address}#{setup.encryption and setup.encryption.name}",
        "https": f"https://{setup.encryption and setup.encryption.name}:{setup.upstream_port}"
                 f"/dns-query#{HOST}",
    }[over]


def start_tarn(setup):
    argv = [setup.program, "--listen", f"{HOST}:{setup.port}",
            "--upstream", tarn_upstream(setup)]
    if (setup.list_file or setup.hosts_file or setup.anchors_file or setup.encryption
            or setup.second or setup.cache_file):
        argv += ["--config", write_tarn_conf(setup)]
    argv += ["--control", setup.control] if setup.control else []
    if setup.workers:
        argv += ["--workers", str(setup.workers), "--cache-size", setup.cache_size]
    return [argv]


def unbound_encryption(encryption):
    """Lines of its section server."""
    if not encryption:
        return ""
    lines = [f'tls-cert-bundle: "{encryption.ca}"'] if encryption.over == "tls" else []
    lines += ["tcp-upstream: yes"] if encryption.over == "tcp" else []
    if encryption.has_listeners:
        lines += [f"interface: {HOST}@{encryption.tls_port}",
                  f"interface: {HOST}@{encryption.https_port}",
                  f"tls-port: {encryption.tls_port}", f"https-port: {encryption.https_port}",
                  f'tls-service-key: "{encryption.key}"',
                  f'tls-service-pem: "{encryption.certificate}"']
    return "\n    ".join(lines)


def start_unbound(setup):
    over_tls = setup.encryption is not None and setup.encryption.over == "tls"
    name = f"#{setup.encryption.name}" if over_tls else ""
    config = setup.write("unbound.conf", f"""
server:
    directory: "{setup.folder}"
    username: ""
    chroot: ""
    pidfile: ""
    use-syslog: no
    verbosity: 0
    interface: {HOST}@{setup.port}
    num-threads: {setup.workers or 1}
    so-reuseport: yes
    do-ip6: no
    do-not-query-localhost: no
    module-config: "{unbound_modules(setup)}"
    qname-minimisation: no
    msg-cache-size: 256m
    rrset-cache-size: 512m
    outgoing-range: 4096
    num-queries-per-thread: 4096
    incoming-num-tcp: 256
    {f'trust-anchor-file: "{setup.anchors_file}"' if setup.anchors_file else ""}
    trust-anchor-signaling: no
    {f'include: "{setup.list_file}"' if setup.list_file else ""}
    {unbound_encryption(setup.encryption)}
remote-control:
    control-enable: no
forward-zone:
    name: "."
    forward-tls-upstream: {"yes" if over_tls else "no"}
    forward-addr: {HOST}@{setup.upstream_port}{name}
{unbound_second(setup.second)}
""")
    return [[setup.program, "-d", "-p", "-c", config]]


def unbound_modules(setup):
    return ("validator " if setup.anchors_file else "") + ("cachedb " if setup.second else "") \
        + "iterator"


def unbound_second(second):
    """Its section cachedb, with its defaults but for the times to live, which the values then have."""
    if not second:
        return ""
    return f"""
cachedb:
    backend: "redis"
    secret-seed: "{second.secret}"
    redis-server-host: {HOST}
    redis-server-port: {second.port}
    redis-expire-records: yes
"""


def kresd_encryption(encryption):
    if not encryption or not encryption.has_listeners:
        return ""
    return f"""
net.listen('{HOST}', {encryption.tls_port}, {{ kind = 'tls' }})
net.listen('{HOST}', {encryption.https_port}, {{ kind = 'doh2' }})
net.tls('{encryption.certificate}', '{encryption.key}')"""


def start_kresd(setup):
    config = setup.write("kresd.conf", f"""
net.ipv6 = false
net.listen('{HOST}', {setup.port}, {{ kind = 'dns' }})
{kresd_encryption(setup.encryption)}
cache.open(512 * MB, 'lmdb://{setup.folder}/cache')
for _, name in ipairs({{'priming', 'ta_update', 'ta_signal_query', 'ta_sentinel',
                       'detect_time_skew', 'detect_time_jump'}}) do
    pcall(modules.unload, name)
end
trust_anchors.remove('.')
policy.add(policy.all(policy.FORWARD('{HOST}@{setup.upstream_port}')))
""")
    argv = [setup.program, "-n", "-c", config, setup.folder]
    return [argv] * (setup.workers or 1)


def start_recursor(setup):
    setup.write("recursor.conf", f"""
local-address={HOST}
local-port={setup.port}
forward-zones-recurse=.={HOST}:{setup.upstream_port}
dont-query=
allow-from=127.0.0.0/8
threads={setup.workers or 1}
pdns-distributes-queries=no
reuseport=yes
dnssec=off
max-cache-entries=2000000
max-packetcache-entries=2000000
packetcache-ttl=86400
max-mthreads=4096
max-tcp-clients=1024
security-poll-suffix=
socket-dir={setup.folder}
write-pid=no
disable-syslog=yes
loglevel=0
quiet=yes
""")
    return [[setup.program, f"--config-dir={setup.folder}", "--daemon=no"]]


def dnsdist_listeners(encryption):
    if not encryption or not encryption.has_listeners:
        return ""
    files = f"'{encryption.certificate}', '{encryption.key}'"
    return (f"addTLSLocal('{HOST}:{encryption.tls_port}', {files})\n"
            f"addDOHLocal('{HOST}:{encryption.https_port}', {files}, '/dns-query')\n")


def dnsdist_upstream(encryption):
    """Words of newServer()."""
    if not encryption or encryption.over == "udp":
        return ""
    if encryption.over == "tcp":
        return ", tcpOnly = true"
    path = ", dohPath = '/dns-query'" if encryption.over == "https" else ""
    return (f", tls = 'openssl', subjectName = '{encryption.name}', caStore = '{encryption.ca}'"
            + path)


def start_dnsdist(setup):
    listener = f"addLocal('{HOST}:{setup.port}', {{ reusePort = true }})\n"
    config = setup.write("dnsdist.conf", listener * (setup.workers or 1) + f"""
setACL('127.0.0.0/8')
setSecurityPollSuffix('')
setMaxUDPOutstanding(65535)
setMaxTCPClientThreads({setup.workers or 1})
{dnsdist_listeners(setup.encryption)}
newServer({{ address = '{HOST}:{setup.upstream_port}'{dnsdist_upstream(setup.encryption)} }})
getServer(0):setUp()
getPool(''):setCache(newPacketCache(2000000, {{ maxTTL = 86400 }}))
""")
    return [[setup.program, "--supervised", "--disable-syslog", "-C", config]]


def named_encryption(encryption):
    """What stands before the options, and in them."""
    if not encryption or not encryption.has_listeners:
        return "", ""
    return (f"""
tls local {{ cert-file "{encryption.certificate}"; key-file "{encryption.key}"; }};
http local {{ endpoints {{ "/dns-query"; }}; }};
""", f"""
    listen-on port {encryption.tls_port} tls local {{ {HOST}; }};
    listen-on port {encryption.https_port} tls local http local {{ {HOST}; }};
""")


def start_named(setup):
    before, within = named_encryption(setup.encryption)
    config = setup.write("named.conf", f"""
{before}
options {{
{within}
    directory "{setup.folder}";
    pid-file none;
    session-keyfile none;
    listen-on port {setup.port} {{ {HOST}; }};
    listen-on-v6 {{ none; }};
    forward only;
    forwarders {{ {HOST} port {setup.upstream_port}; }};
    dnssec-validation no;
    empty-zones-enable no;
    max-cache-size 512m;
    recursive-clients 10000;
    fetches-per-server 0;
    tcp-clients 1000;
    tcp-listen-queue 1000;
}};
controls {{ }};
logging {{ category default {{ null; }}; category unmatched {{ null; }}; }};
""")
    return [[setup.program, "-f", "-4", "-n", str(setup.workers or 1), "-c", config]]


def start_dnsmasq(setup):
    argv = [setup.program, "--keep-in-foreground",
            f"--conf-file={setup.list_file or '/dev/null'}", "--pid-file",
            f"--user={pwd.getpwuid(os.getuid()).pw_name}", "--no-resolv", "--no-hosts",
            f"--port={setup.port}", f"--listen-address={HOST}", "--bind-interfaces",
            f"--server={HOST}#{setup.upstream_port}", "--dns-forward-max=10000"]
    argv += [f"--addn-hosts={setup.hosts_file}"] if setup.hosts_file else []
    # It allocates the memory at once.
    return [argv + (["--cache-size=1000000"] if setup.workers else [])]


@dataclasses.dataclass
class Peer:
    name: str
    program: str
    start: typing.Callable
    version_option: str = "--version"
    has_workers: bool = True
    # How a file has a name that is blocked with all below it; empty: not measured with lists.
    list_line: str = ""
    reads_again: bool = False  # a list that has changed
    reload_signal: typing.Optional[int] = None  # that it needs for this
    has_hosts: bool = False  # it reads hosts files

    def find(self):
        """Returns whether it is installed; if so, its program becomes an absolute path."""
        path = shutil.which(self.program, path=SYSTEM_PATH)
        self.program = path or self.program
        return path is not None

    def version(self):
        answer = subprocess.run([self.program, self.version_option], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=10,
                                text=True, errors="replace", check=False)
        match = re.search(r"(?:version|BIND|Recursor|dnsdist|tarn) v?(\d+(?:\.\d+)+)",
                          answer.stdout, re.I)
        return match[1] if match else "?"


PEERS = [
    Peer("unbound", "unbound", start_unbound, "-V", list_line='local-zone: "{}" always_nxdomain',
         reads_again=True, reload_signal=signal.SIGHUP),
    Peer("Knot Resolver", "kresd", start_kresd, "-V"),
    Peer("Recursor", "pdns_recursor", start_recursor),
    Peer("dnsdist", "dnsdist", start_dnsdist),
    Peer("BIND", "named", start_named, "-v"),
    Peer("dnsmasq", "dnsmasq", start_dnsmasq, has_workers=False, list_line="address=/{}/",
         has_hosts=True),
]
