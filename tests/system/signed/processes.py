# SPDX-License-Identifier: BSD-2-Clause
"""The servers of the signed world: authorities, resolvers that do not validate, and validators."""

import os
import shutil
import time

import dns.exception
import dns.message
import dns.query

from servers import Process, Tarn, Unbound, free_port, write_nsd_config

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/bin"


def find(program):
    return shutil.which(program, path=PATH)


def write(directory, name, text):
    path = os.path.join(directory, name)
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return path


class NsdAuthority(Process):
    """NSD with zones: files by name."""

    def __init__(self, directory, host, port, zones):
        self.host, self.port = host, port
        config = write_nsd_config(directory, host, port, zones)
        super().__init__([find("nsd"), "-d", "-c", config])
        self.wait_for_line("nsd started")
        assert "error" not in self.log, [line for line in self.lines if "error" in line]


class KnotAuthority(Process):
    """Knot DNS, which signs its zones itself: with NSEC, with NSEC3, and for each answer anew."""

    POLICIES = ("nsec", "nsec3", "online")

    def __init__(self, directory, host, port, zones):
        self.host, self.port = host, port
        parts = []
        for policy, (name, text) in zones.items():
            write(directory, f"{name}zone", text)
            how = "module: mod-onlinesign/online" if policy == "online" else \
                f"dnssec-signing: on\n    dnssec-policy: {policy}"
            parts.append(f"""
  - domain: "{name}"
    storage: "{directory}"
    file: "{name}zone"
    zonefile-load: whole
    zonefile-sync: -1
    journal-content: none
    {how}""")
        config = write(directory, "knot.conf", f"""
server:
    rundir: "{directory}"
    listen: {host}@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "{directory}"
log:
  - target: stdout
    any: info
policy:
  - id: nsec
    algorithm: ecdsap256sha256
    single-type-signing: on
  - id: nsec3
    algorithm: ecdsap256sha256
    nsec3: on
    nsec3-iterations: 0
    nsec3-salt-length: 0
mod-onlinesign:
  - id: online
    nsec-bitmap: [A, AAAA]
zone:{"".join(parts)}
""")
        super().__init__([find("knotd"), "-c", config])
        self.wait_for_line("server started")
        assert "error" not in self.log, self.log

    def keys(self, zone):
        question = dns.message.make_query(zone, "DNSKEY")
        return dns.query.tcp(question, self.host, 5, self.port).answer[0]


NAMED_OPTIONS = """
	directory "{directory}";
	listen-on port {port} {{ {host}; }};
	listen-on-v6 {{ none; }};
	pid-file none;
	session-keyfile none;
	recursion yes;
	allow-query {{ any; }};
	allow-recursion {{ any; }};
	empty-zones-enable no;
	edns-udp-size 1232;
	max-udp-size 1232;
"""


class Named(Process):
    """BIND; lines are the rest of its configuration, options that of its options."""

    def __init__(self, directory, options, lines, host="127.0.0.1", port=None, to_port=None):
        self.host, self.port = host, port or free_port()
        self.address = f"{self.host}:{self.port}"
        # Servers are asked at the port that BIND has in "port".
        options += f"\tport {to_port};\n" if to_port else ""
        text = NAMED_OPTIONS.format(directory=directory, host=self.host, port=self.port) + options
        config = write(directory, "named.conf", f"""
options {{{text}}};
controls {{ }};
{lines}
""")
        super().__init__([find("named"), "-g", "-n", "1", "-c", config])
        self.wait_for_line(r"\brunning$")


class Kresd(Process):
    """Knot Resolver with a configuration in Lua."""

    def __init__(self, directory, lines):
        self.host, self.port = "127.0.0.1", free_port()
        self.address = f"{self.host}:{self.port}"
        config = write(directory, "kresd.conf", f"""
net.listen('{self.host}', {self.port}, {{ kind = 'dns' }})
net.ipv6 = false
cache.size = 20 * MB
log_level('notice')
{lines}
""")
        super().__init__([find("kresd"), "-n", "-c", config, directory],
                         env={**os.environ, "PATH": PATH})
        for _ in range(100):
            try:
                dns.query.udp(dns.message.make_query(".", "NS"), self.host, 0.2, self.port)
                return
            except (dns.exception.Timeout, OSError):
                assert not self.is_over, self.log
                time.sleep(0.05)
        raise AssertionError(f"kresd does not answer:\n{self.log}")


# ---- resolvers that do not validate: what a forwarder asks -------------------------------------

def unbound_recursor(directory, world):
    """Each zone is given with its server: unbound asks no port but 53 otherwise."""
    stubs = "".join(f'stub-zone:\n\tname: "{zone}"\n\tstub-addr: {host}@{world.port}\n'
                    for zone, host in world.hosts.items())
    return Unbound(directory, "iterator", stubs)


def named_recursor(directory, world):
    """It goes from the root from one zone to the next."""
    write(directory, "root.hints", f". 3600 NS ns.\nns. 3600 A {world.hosts['.']}\n")
    return Named(directory, "\tdnssec-validation no;\n\tqname-minimization off;\n",
                 'zone "." { type hint; file "root.hints"; };', to_port=world.port,
                 port=world.port)


# ---- validators, in front of such a resolver ---------------------------------------------------

def tarn(directory, world, upstreams, *args, **options):
    config = write(directory, "tarn.conf", f"""
dnssec {{
	validate = yes
	anchors = "{world.anchors_file}"
}}
""")
    return Tarn("--config", config, *args, upstreams=upstreams, listen=["127.0.0.1:0"], **options)


def unbound(directory, world, upstream):
    return Unbound(directory, "validator iterator", f"""
server:
	trust-anchor-file: "{world.anchors_file}"
	ede: yes
	aggressive-nsec: no
	trust-anchor-signaling: no
	root-key-sentinel: no
forward-zone:
	name: "."
	forward-addr: {upstream.host}@{upstream.port}
""")


def named(directory, world, upstream):
    anchors = "".join(f'\t"{owner}" static-ds {ds.key_tag} {ds.algorithm} {ds.digest_type} '
                      f'"{ds.digest.hex()}";\n' for owner, ds in world.anchors)
    return Named(directory, f"""
	dnssec-validation yes;
	synth-from-dnssec no;
	trust-anchor-telemetry no;
	resolver-query-timeout 1000;
	root-key-sentinel no;
	forward only;
	forwarders {{ {upstream.host} port {upstream.port}; }};
""", f"trust-anchors {{\n{anchors}}};")


def kresd(directory, world, upstream):
    # It takes the anchors of one zone from one file.
    files = {}
    for owner, ds in world.anchors:
        files.setdefault(owner, []).append(f"{owner} IN DS {ds}\n")
    paths = [write(directory, f"{owner}anchors", "".join(lines)) for owner, lines in files.items()]
    add = "".join(f"trust_anchors.add_file('{path}', true)\n" for path in paths)
    return Kresd(directory, f"""
trust_anchors.remove('.')
{add}modules.unload('ta_signal_query')
modules.unload('ta_sentinel')
modules.unload('priming')
policy.add(policy.all(policy.FORWARD('{upstream.host}@{upstream.port}')))
""")


PEERS = {"unbound": unbound, "named": named, "kresd": kresd}
RECURSORS = {"unbound": unbound_recursor, "named": named_recursor}
