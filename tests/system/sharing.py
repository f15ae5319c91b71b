# SPDX-License-Identifier: BSD-2-Clause
"""
What the tests of the second level have in common: an upstream that gives each name an address of its
own, so that an answer of another name is noticed; tarns that share a store; and their figures.
"""

import collections
import json
import os
import subprocess
import threading
import time
import zlib

import mixture
import servers
from client import Client
from mixture import HEADER_LEN, OPT, TYPE_A
from store import wait_until

SECRET = "of all machines, and of nobody else"
# For tests of what is shared, not of how long it takes: a busy machine has time to answer.
PATIENT = "wait = 1s"
LOG_NAME, LOG_STATUS = 3, 6  # columns of the query log
NO_ERROR = 0


def address_of(name):
    """Four octets, the same for a name each time: none that are hidden from clients."""
    return b"\x14" + zlib.crc32(name.lower().rstrip(".").encode()).to_bytes(4, "big")[1:]


def text_of(query):
    """The name of a question, in lower case, without the last dot."""
    labels, at = [], HEADER_LEN
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]])
        at += 1 + query[at]
    return b".".join(labels).decode("ascii").lower(), at + 1


class NamedServer(mixture.Server):
    """An upstream that counts its questions by name; it is silent about names that begin with DEAD."""

    def __init__(self, ttl=300, delay=0):
        self.ttl, self.delay = ttl, delay
        self.counts = collections.Counter()
        super().__init__()
        if delay:
            self.socket = Delayed(self.socket, delay)

    def reply(self, query):
        name, end = text_of(query)
        self.counts[name] += 1
        is_a, has_opt = query[end:end + 2] == TYPE_A, query[11] != 0
        record = (b"\xc0\x0c\x00\x01\x00\x01" + self.ttl.to_bytes(4, "big") + b"\x00\x04"
                  + address_of(name))
        return (query[:2] + b"\x81\x80\x00\x01" + bytes([0, is_a, 0, 0, 0, has_opt])
                + query[HEADER_LEN:end + 4] + (record if is_a else b"") + (OPT if has_opt else b""))

    def count(self, prefix=""):
        """The questions for names that begin with it."""
        return sum(count for name, count in list(self.counts.items())
                   if name.startswith(prefix) and name.endswith(".example"))


class Delayed:
    """A socket that sends later."""

    def __init__(self, sock, delay):
        self.socket, self.delay = sock, delay

    def sendto(self, octets, peer):
        def send():
            try:
                self.socket.sendto(octets, peer)
            except OSError:
                pass  # closed meanwhile
        threading.Timer(self.delay, send).start()

    def __getattr__(self, name):
        return getattr(self.socket, name)


def is_right(asked):
    """Whether a question of a client for an address was answered with the address of that name."""
    wire = asked.wire
    return (wire[3] & 15 == NO_ERROR and text_of(wire)[0] == asked.name.lower().rstrip(".")
            and wire[6:8] == b"\0\1" and address_of(asked.name) in wire[HEADER_LEN:])


def assert_all_right(questions):
    """All are answered, none with an error, and none with what belongs to another name."""
    lost = [asked.name for asked in questions if not asked.wire]
    assert not lost, f"{len(lost)} of {len(questions)} lost: {lost[:5]}"
    failed = [asked.name for asked in questions if asked.rcode != NO_ERROR]
    assert not failed, f"{len(failed)} of {len(questions)} failed: {failed[:5]}"
    wrong = [asked.name for asked in questions if not is_right(asked)]
    assert not wrong, f"{len(wrong)} of {len(questions)} wrong: {wrong[:5]}"


class Sharing:
    """tarn with a second level, a control socket and a query log."""

    def __init__(self, run_tarn, folder, upstreams, place, *words, secret=SECRET, lines="",
                 args=("--workers", 1)):
        os.makedirs(folder, exist_ok=True)
        self.serial = 0
        self.folder = str(folder)
        self.control, self.query_log = os.path.join(folder, "c"), os.path.join(folder, "log")
        secret_file = self.write("secret", secret + "\n")
        text = "\n\t".join([place, f'secret = "{secret_file}"', *words])
        self.config = self.write("tarn.conf", f"shared {{\n\t{text}\n}}\n{lines}\n")
        self.tarn = run_tarn("--config", self.config, "--control", self.control, "--query-log",
                             self.query_log, *args, upstreams=upstreams, listen=["127.0.0.1:0"])
        self.ask = self.tarn.ask

    def wait_until_up(self):
        """Until it has a connection, and the epoch, without which nothing is asked."""
        wait_until(lambda: self.shared()["ready"], what=self.tarn.log)
        return self

    def write(self, name, text, mode=0o600):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def ctl(self, *args):
        done = subprocess.run([servers.control_program(), "-s", self.control, *args],
                              capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done
        return done.stdout

    def stats(self):
        return json.loads(self.ctl("--json", "stats"))

    def shared(self):
        """The figures of the second level."""
        return json.loads(self.ctl("--json", "shared"))

    def statuses(self, name):
        """The words of the query log for a name, in order: at least for all that was asked before."""
        self.serial += 1
        mark = f"mark{self.serial}.invalid."
        self.ask(mark)
        lines = []
        deadline = time.monotonic() + 10
        while not any(line[LOG_NAME] == mark for line in lines):
            assert time.monotonic() < deadline, f"{self.query_log}: {lines[-5:]}"
            with open(self.query_log, encoding="ascii") as file:
                lines = [line.split() for line in file if line.endswith("\n")]
        return [line[LOG_STATUS] for line in lines if line[LOG_NAME].lower() == name.lower()]

    def client(self, cleanup):
        return cleanup.enter_context(Client("127.0.0.1", self.tarn.port))


def server_of(store):
    return f"server = {store.address}"


def socket_of(store):
    return f'socket = "{store.socket}"'
