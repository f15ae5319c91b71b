# SPDX-License-Identifier: BSD-2-Clause
"""tarn with local names or lists: its configuration, its files, and tarnctl to go with it."""

import json
import os
import signal
import subprocess
import time

import dns.edns
import dns.message
import dns.query

from servers import control_program

SECONDS = 10  # that anything takes at most; what takes longer has failed


class Named:
    """tarn with a configuration file in a folder, which tests rewrite, and files beside it."""

    def __init__(self, run_tarn, folder, text, *args, upstreams=(), state=None, **options):
        self.folder = folder
        self.upstreams = [getattr(upstream, "address", upstream) for upstream in upstreams]
        self.path = folder / "tarn.conf"
        self.state = state or folder / "state"
        self.control = folder / "control"
        self.reloads = 0
        self.put("tarn.conf", self.head() + text)
        self.start = lambda: self._start(run_tarn, *args, **options)
        self.start()

    def _start(self, run_tarn, *args, **options):
        self.tarn = run_tarn("--config", self.path, "--control", self.control, *args, listen=(),
                             **options)
        port = self.tarn.wait_for_line(r"listening on 127\.0\.0\.1:(\d+) ")[0][1]
        self.tarn.host, self.tarn.port = "127.0.0.1", int(port)
        self.tarn.ports = {self.tarn.host: self.tarn.port}

    def head(self):
        servers = ", ".join(f'"{server}"' for server in self.upstreams)
        return (f'listen {{ address = {{ "127.0.0.1:0" }} }}\nupstream = {{ {servers} }}\n'
                f'state = {self.state}\n')

    def put(self, name, text):
        """Puts a file in place of another one, as editors and downloads do."""
        new = self.folder / f".{name}.new"
        new.write_bytes(text if isinstance(text, bytes) else text.encode())
        os.replace(new, self.folder / name)

    def append(self, name, text):
        with open(self.folder / name, "a", encoding="ascii") as file:
            file.write(text)

    def reload(self, text):
        self.put("tarn.conf", self.head() + text)
        self.reloads += 1
        self.tarn.child.send_signal(signal.SIGHUP)
        self.tarn.wait_for_line("the configuration has been reloaded", self.reloads)

    def ask(self, name, rrtype="A", source="127.0.0.1", way=dns.query.udp, timeout=SECONDS,
            **options):
        options.setdefault("use_edns", 0)
        query = dns.message.make_query(name, rrtype, **options)
        return way(query, "127.0.0.1", timeout, self.tarn.port, source=source)

    def values(self, name, rrtype="A", **options):
        """The data of the records of that type."""
        return [rdata.to_text() for rrset in self.ask(name, rrtype, **options).answer
                for rdata in rrset if rrset.rdtype == dns.rdatatype.from_text(rrtype)]

    def rcode(self, name, rrtype="A", **options):
        return dns.rcode.to_text(self.ask(name, rrtype, **options).rcode())

    def run(self, *args):
        return subprocess.run([control_program(), "-s", self.control, *args], text=True,
                              capture_output=True, timeout=30, check=False)

    def text(self, *args):
        done = self.run(*args)
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout

    def json(self, *args):
        return json.loads(self.text("--json", *args))


def errors(message):
    """The extended errors: codes and texts."""
    return [(int(option.code), option.text) for option in message.options
            if option.otype == dns.edns.OptionType.EDE]


def types(section):
    return [dns.rdatatype.to_text(rrset.rdtype) for rrset in section]


def wait_until(condition, seconds=SECONDS):
    """Asks until it is so. Returns how long that took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"not so after {seconds} s"
        time.sleep(0.01)
    return time.monotonic() - began
