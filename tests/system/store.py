# SPDX-License-Identifier: BSD-2-Clause
"""A real store of the second level: Redis or Valkey, and a client of its protocol (RESP, version 2)."""

import os
import shutil
import signal
import socket
import time

from servers import Process, free_port

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/bin"
PROGRAMS = ("valkey-server", "redis-server")
READY = r"[Rr]eady to accept connections"


class StoreError(Exception):
    """An error that the store answered with; its text begins with a word in capitals."""

    @property
    def kind(self):
        return str(self).split(" ", 1)[0]


def find_program():
    """The path of a store; None: there is none on this machine."""
    return next(filter(None, (shutil.which(name, path=PATH) for name in PROGRAMS)), None)


# ---- the protocol --------------------------------------------------------------------------------

def encode(*words):
    """A command: an array of bulk strings."""
    parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part)
                                             for part in parts)


def read_value(file):
    """One value from a file: bytes, int, None, a list, or a StoreError, which is not raised."""
    line = file.readline()
    if not line.endswith(b"\r\n"):
        raise EOFError("the store has closed the connection")
    kind, rest = line[:1], line[1:-2]
    if kind == b"+":
        return rest
    if kind == b"-":
        return StoreError(rest.decode("utf-8", "replace"))
    if kind == b":":
        return int(rest)
    if kind == b"$":
        if int(rest) < 0:
            return None
        octets = file.read(int(rest) + 2)
        if len(octets) < int(rest) + 2:
            raise EOFError("the store has closed the connection")
        return octets[:-2]
    if kind == b"*":
        return None if int(rest) < 0 else [read_value(file) for _ in range(int(rest))]
    raise ValueError(f"not a value: {line!r}")


class StoreClient:
    """One connection; place is a port of 127.0.0.1 or the path of a socket."""

    def __init__(self, place, timeout=10):
        if isinstance(place, int):
            self.socket = socket.create_connection(("127.0.0.1", place), timeout)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(place)
        self.file = self.socket.makefile("rb")

    def call(self, *words):
        """The answer to one command; an error is raised."""
        value, = self.call_all([words])
        if isinstance(value, StoreError):
            raise value
        return value

    def call_all(self, commands):
        """The answers to all commands, which are sent at once; errors are among them."""
        self.socket.sendall(b"".join(encode(*words) for words in commands))
        return [read_value(self.file) for _ in commands]

    def close(self):
        self.file.close()
        self.socket.close()


# ---- the server ----------------------------------------------------------------------------------

class Store:
    """
    A store without a file, on a port of its own and at a socket: after a new start it is empty. lines are
    more of its configuration; login is what a client has to say (user and password, or a password).
    """

    def __init__(self, directory, *lines, login=(), tls=None, program=None, is_sentinel=False):
        self.directory = str(directory)
        os.makedirs(self.directory, exist_ok=True)
        self.host, self.port = "127.0.0.1", free_port()
        self.address = f"{self.host}:{self.port}"
        self.tls_port = free_port() if tls else None
        self.socket = os.path.join(self.directory, "s")
        self.login = login
        self.program = program or find_program()
        self.is_sentinel = is_sentinel
        self.config = os.path.join(self.directory, "store.conf")
        self.process = self.client = None
        with open(self.config, "w", encoding="ascii") as file:
            file.write("\n".join([*self._lines(tls), *lines]) + "\n")
        self.restart()

    def _lines(self, tls):
        yield f"bind {self.host}"
        yield f"port {self.port}"
        yield f'dir "{self.directory}"'
        yield "daemonize no"
        if self.is_sentinel:
            return
        yield f'unixsocket "{self.socket}"'
        yield 'save ""'
        yield "appendonly no"
        yield "repl-diskless-sync-delay 0"
        if tls:
            yield f"tls-port {self.tls_port}"
            yield f'tls-cert-file "{tls.certificate}"'
            yield f'tls-key-file "{tls.key}"'
            yield f'tls-ca-cert-file "{tls.certificate}"'
            yield "tls-auth-clients no"

    @property
    def pid(self):
        return self.process.pid

    def restart(self):
        """Starts it, or starts it again, on the same port: without what was in it."""
        self.kill9()
        words = ["--sentinel"] if self.is_sentinel else []
        self.process = Process([self.program, self.config, *words])
        self.process.wait_for_line(r"\+monitor" if self.is_sentinel else READY)

    def stop(self):
        """It answers nothing more, and all connections stay open, until cont()."""
        os.kill(self.pid, signal.SIGSTOP)

    def cont(self):
        os.kill(self.pid, signal.SIGCONT)

    def kill9(self):
        if self.client:
            self.client.close()
            self.client = None
        if self.process:
            self.process.kill()
            self.process = None

    close = kill9

    # ---- what is in it ----

    def connect(self):
        client = StoreClient(self.port)
        if self.login:
            client.call("AUTH", *self.login)
        return client

    def call(self, *words):
        return self._use(lambda client: client.call(*words))

    def call_all(self, commands):
        return self._use(lambda client: client.call_all(commands))

    def _use(self, use):
        """A store closes the connections of all its clients when its role changes."""
        for is_last in (False, True):
            try:
                if not self.client:
                    self.client = self.connect()
                return use(self.client)
            except (EOFError, OSError):
                if self.client:
                    self.client.close()
                    self.client = None
                if is_last:
                    raise
        return None

    def keys(self, pattern="*"):
        return sorted(self.call("KEYS", pattern))

    def answers(self):
        """The keys of answers: not that of the epoch, nor those of leases."""
        return [key for key in self.keys("tarn1:*") if is_answer(key)]

    def wait_for_answers(self, count, timeout=10):
        """Until there are so many: they are put after the client has its answer. Returns their keys."""
        deadline = time.monotonic() + timeout
        while len(keys := self.answers()) < count:
            assert time.monotonic() < deadline, f"{len(keys)} answers of {count}: {self.keys()}"
            time.sleep(0.01)
        return keys

    def get(self, key):
        return self.call("GET", key)

    def set(self, key, value):
        """Keeps the time to live that the key has."""
        self.call("SET", key, value, "KEEPTTL")

    def ttl_ms(self, key):
        """Milliseconds; -1: without an end; -2: it is not there."""
        return self.call("PTTL", key)

    def values(self):
        """{key: value} of all answers."""
        keys = self.answers()
        return {key: value for key, value in
                zip(keys, self.call_all([("GET", key) for key in keys])) if value is not None}

    def set_config(self, name, value):
        self.call("CONFIG", "SET", name, value)

    def clients(self):
        """The connections of tarn, as lists of "name=value"."""
        lines = self.call("CLIENT", "LIST").decode().splitlines()
        return [line.split() for line in lines if "name=tarn" in line]


def is_answer(key):
    """tarn1:, the zone's group of 8 hexadecimal digits, and the hash of 32."""
    parts = key.split(b":")
    return len(parts) == 3 and len(parts[1]) == 8 and len(parts[2]) == 32


def wait_until(is_so, timeout=10, what=""):
    """Asks again and again; returns what is_so() returned."""
    deadline = time.monotonic() + timeout
    while not (so := is_so()):
        assert time.monotonic() < deadline, f"not within {timeout} s: {what or is_so}"
        time.sleep(0.02)
    return so
