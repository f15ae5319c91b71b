# SPDX-License-Identifier: BSD-2-Clause
"""
A DNS of its own, signed when it is started: a root, zones below it, and what asks them.

	authorities     NSD, one for each level of zones, on 127.53.LEVEL.1; Knot DNS, which signs its
			zones itself
	recursor        unbound or BIND without validation: the upstream of a forwarder
	liar            passes on what the recursor says, but for some names (signed/liar.py)
	validators      tarn and its peers, which forward to a liar (signed/processes.py)

What is wrong with the data of a zone stands in the zone; what no authority would say, the liar
says. Chapters (signed/zones_*.py) have the zones and lies, each with its cases: the questions, and
what becomes of them. For half an hour all is as the cases say; then the first signatures expire.
"""

import contextlib
import os
from typing import NamedTuple

import dns.dnssec
import dns.name

from servers import free_port
from signed import processes
from signed.keys import SEP, Key
from signed.liar import Liar
from signed.signer import Nsec, Zone, name_of, type_of

SECURE, INSECURE, BOGUS = "secure", "insecure", "bogus"
# Of a peer: it takes longer for the answer than the test has time.
SLOW = "slow"
KNOT_HOST = "127.53.9.1"


class Case(NamedTuple):
    """
    A question. verdicts: the first is that of the RFCs, the others are as good. rcode is that of
    the answer, if it is not bogus. codes: one of these extended errors is to be told, or none if 0
    is among them. ttl: the highest that may be told, in seconds. peers: who comes to which other
    verdicts, and why; "behind named" is all behind BIND as the recursor.
    """
    chapter: str
    name: str
    type: str
    verdicts: tuple
    rcode: str
    codes: tuple
    ttl: int
    why: str
    peers: dict

    def __str__(self):
        return f"{self.name} {self.type}"


class World:
    """Chapters add to it; start() starts the authorities, other methods the rest."""

    def __init__(self, directory):
        self.directory = directory
        self.chapter = ""
        self.zones, self.lies, self.cases = {}, {}, []
        self.knot_zones = {}  # how Knot DNS signs them: (name, text)
        self.anchors = []  # (name, DS)
        self.anchors_file = os.path.join(directory, "anchors")
        self.port = None  # of all authorities
        self.hosts = {}  # their addresses by zone
        self.recursors = {}
        self.stack = contextlib.ExitStack()

    # ---- what chapters say ----------------------------------------------------------------------

    def zone(self, name, text="", denial=Nsec(), keys=None, **options):
        """denial None: unsigned. Without keys a signed zone has one, of P-256."""
        if denial and keys is None:
            keys = [Key()]
        zone = Zone(name, text, denial, keys or (), **options)
        self.zones[zone.name] = zone
        return zone

    def lie(self, question, edit):
        """edit(said) changes what is said to that question: "name type"."""
        name, rrtype = question.split()
        self.lies[name_of(name), type_of(rrtype)] = edit

    def case(self, question, *verdicts, rcode="NOERROR", ede=(), ttl=None, why="", peers=None):
        codes = ede if isinstance(ede, tuple) else (ede,)
        self.cases.append(Case(self.chapter, *question.split(), verdicts, rcode, codes, ttl, why,
                               peers or {}))

    def anchor(self, name):
        """Validators know the keys of the zone."""
        zone = self.zones[name_of(name)]
        self.anchors += [(zone.name, ds) for ds in
                         (key.ds(zone.name) for key in zone.keys if key.flags & SEP)]

    # ---- building -------------------------------------------------------------------------------

    def parent(self, name):
        while name != dns.name.root:
            name = name.parent()
            if name in self.zones:
                return self.zones[name]
        return None

    def level(self, name):
        parent = self.parent(name)
        return 1 + self.level(parent.name) if parent else 0

    def delegate(self, name, host, ds):
        self.hosts[name.to_text()] = host
        parent = self.parent(name)
        if not parent:
            return
        parent.read(f"{name} NS ns.{name}\nns.{name} A {host}\n")
        if ds:
            parent.put(name, parent.ttl, *ds)

    def build(self):
        """Signs and writes all zones. Returns their files by zone, by address."""
        for zone in self.zones.values():
            zone.address = f"127.53.{self.level(zone.name)}.1"
            self.delegate(zone.name, zone.address, zone.ds)
        files = {}
        for zone in self.zones.values():
            zone.complete()
            name = zone.name.to_text()
            path = os.path.join(self.directory, f"{name}zone")
            with open(path, "w", encoding="ascii") as file:
                file.writelines(zone.lines())
            files.setdefault(zone.address, {})[name] = path
        with open(self.anchors_file, "w", encoding="ascii") as file:
            file.writelines(f"{owner} IN DS {ds}\n" for owner, ds in self.anchors)
        return files

    # ---- running --------------------------------------------------------------------------------

    def folder(self, name):
        path = os.path.join(self.directory, name)
        os.makedirs(path, exist_ok=True)
        return path

    def keep(self, process):
        self.stack.callback(process.kill)
        return process

    def start(self):
        self.port = free_port()
        if processes.find("knotd"):
            self.start_knot()
        else:
            self.cases = [case for case in self.cases if case.chapter != "knot"]
        for host, zones in self.build().items():
            self.keep(processes.NsdAuthority(self.folder(f"nsd-{host}"), host, self.port, zones))

    def start_knot(self):
        """It makes its keys itself, so it starts before the zones above are signed."""
        knot = self.keep(processes.KnotAuthority(self.folder("knot"), KNOT_HOST, self.port,
                                                 self.knot_zones))
        for name, _ in self.knot_zones.values():
            self.delegate(name_of(name), KNOT_HOST, [
                dns.dnssec.make_ds(name_of(name), key, "SHA256") for key in knot.keys(name)
                if key.flags & SEP])

    def recursor(self, kind):
        """unbound or named; the second call gives the same."""
        if kind not in self.recursors:
            make = processes.RECURSORS[kind]
            self.recursors[kind] = self.keep(make(self.folder(f"recursor-{kind}"), self))
        return self.recursors[kind]

    def liar(self, kind, make=Liar):
        """A new one in front of that recursor."""
        liar = make(self, self.recursor(kind))

        def end():
            liar.close()
            assert not liar.faults, liar.faults
        self.stack.callback(end)
        return liar

    def peer(self, name, upstream):
        return self.keep(processes.PEERS[name](self.folder(f"peer-{name}"), self, upstream))

    def close(self):
        self.stack.close()
