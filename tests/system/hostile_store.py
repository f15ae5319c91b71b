# SPDX-License-Identifier: BSD-2-Clause
"""
A store that lies: a dictionary behind the protocol of Redis, whose answers a test replaces. What it
is asked to keep it keeps as it came, so that values can be put where they do not belong.
"""

import contextlib
import socket
import threading
import time

from servers import free_port
from store import is_answer, read_value

OK, NIL, EMPTY = b"+OK\r\n", b"$-1\r\n", b"$0\r\n\r\n"
READS = (b"GET", b"GETRANGE")
KIB = 1024
SUBSCRIBED = b"*3\r\n$9\r\nsubscribe\r\n"


def bulk(octets):
    return b"$%d\r\n%s\r\n" % (len(octets), octets)


def error(text):
    return f"-{text}\r\n".encode()


class Close(bytes):
    """Octets after which the connection is closed."""


class HostileStore:
    """
    lie(words, honest) gives the octets that are sent in place of the honest ones for a command: a
    Close; None: nothing, ever. It is asked for those commands that lies_about names, in capitals.
    """

    def __init__(self, lie=None, lies_about=READS, delay=0, port=None):
        self.lie, self.lies_about = lie, lies_about
        self.delay = delay  # seconds before each answer; those of one connection do not add up
        self.values = {}  # by key: octets, and the time of the end or None
        self.lock = threading.Lock()
        self.commands = []  # by their first words, as they came
        self.faults = []
        self.connections = set()
        self.subscribers = {}
        self.is_closed = self.is_deaf = False
        self.port = port or free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        threading.Thread(target=self._accept, daemon=True).start()

    # ---- what is in it ----

    def answers(self):
        """{key: octets} of all answers."""
        with self.lock:
            return {key: value for key, (value, end) in self.values.items()
                    if is_answer(key) and not is_over(end)}

    def put(self, key, value):
        """Keeps the time to live that the key has."""
        with self.lock:
            self.values[key] = value, self.values.get(key, (None, None))[1]

    def wait_for_answers(self, count, timeout=10):
        deadline = time.monotonic() + timeout
        while len(answers := self.answers()) < count:
            assert time.monotonic() < deadline, f"{len(answers)} answers of {count}"
            time.sleep(0.01)
        return answers

    def count(self, *commands):
        return sum(self.commands.count(command) for command in commands)

    def publish(self, octets):
        """To all that have subscribed to anything."""
        with self.lock:
            for connection, channel in self.subscribers.items():
                with contextlib.suppress(OSError):
                    connection.sendall(b"*3\r\n$7\r\nmessage\r\n" + bulk(channel) + bulk(octets))

    # ---- connections ----

    def _accept(self):
        while True:
            try:
                connection, _peer = self.listener.accept()
            except OSError:
                return
            if self.is_closed:
                connection.close()
                return
            with self.lock:
                self.connections.add(connection)
            if not self.is_deaf:
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with contextlib.suppress(OSError, EOFError, ValueError), connection.makefile("rb") as file:
            while isinstance(words := read_value(file), list) and words:
                self._answer(connection, [word for word in words if isinstance(word, bytes)])
        self._forget(connection)

    def _forget(self, connection):
        with self.lock:
            self.connections.discard(connection)
            self.subscribers.pop(connection, None)
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()

    def _answer(self, connection, words):
        command = words[0].upper()
        self.commands.append(command)
        with self.lock:
            octets = self._run(connection, command, words)
        if self.lie and command in self.lies_about:
            try:
                octets = self.lie(words, octets)
            except Exception as fault:  # the test's, not tarn's
                self.faults.append(fault)
                raise OSError from fault
        if octets is None:
            return
        if self.delay:
            threading.Timer(self.delay, self._send, (connection, octets)).start()
        else:
            self._send(connection, octets)

    def _send(self, connection, octets):
        with contextlib.suppress(OSError):
            connection.sendall(octets)
            if isinstance(octets, Close):
                self._forget(connection)

    # ---- commands ----

    def _run(self, connection, command, words):
        """The honest answer."""
        if command in READS and len(words) > 1:
            value, end = self.values.get(words[1], (b"", 0))
            if command == b"GETRANGE" and len(words) > 3:
                return EMPTY if is_over(end) else bulk(value[int(words[2]):int(words[3]) + 1])
            return NIL if is_over(end) else bulk(value)
        if command in (b"DEL", b"UNLINK"):
            return b":%d\r\n" % sum(self.values.pop(key, None) is not None for key in words[1:])
        if command == b"SET" and len(words) > 2:
            return self._set(words)
        if command == b"PING":
            return b"+PONG\r\n"
        if command == b"PUBLISH" and len(words) == 3:
            for other, channel in self.subscribers.items():
                if channel == words[1]:
                    with contextlib.suppress(OSError):
                        other.sendall(b"*3\r\n$7\r\nmessage\r\n" + bulk(channel) + bulk(words[2]))
            return b":%d\r\n" % len(self.subscribers)
        if command == b"SUBSCRIBE" and len(words) > 1:
            self.subscribers[connection] = words[1]
            return SUBSCRIBED + bulk(words[1]) + b":1\r\n"
        if command in (b"AUTH", b"SELECT", b"CLIENT"):
            return OK
        return error(f"ERR unknown command '{command.decode('ascii', 'replace')}'")

    def _set(self, words):
        options, end = [word.upper() for word in words[3:]], None
        if b"NX" in options and not is_over(self.values.get(words[1], (b"", 0))[1]):
            return NIL
        if b"PX" in options:
            end = time.monotonic() + int(options[options.index(b"PX") + 1]) / 1e3
        self.values[words[1]] = words[2], end
        return OK

    def drop_all(self):
        """Closes all connections, and goes on."""
        for connection in list(self.connections):
            self._forget(connection)

    def close(self):
        self.is_closed = True
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.drop_all()
        assert not self.faults, self.faults


def is_over(end):
    return end is not None and end <= time.monotonic()


# ---- lies ----------------------------------------------------------------------------------------

def honest(_words, octets):
    return octets


def always(octets):
    """A lie that is the same for all commands."""
    return lambda _words, _octets: octets


def in_turn(*lies):
    """One lie after the other, again and again."""
    count = iter(range(1 << 30))
    return lambda words, octets: lies[next(count) % len(lies)](words, octets)


def swapped(store):
    """The value of another answer, whatever is asked for."""
    def lie(words, octets):
        others = [value for key, value in sorted(store.answers().items()) if key != words[1]]
        if not is_answer(words[1]) or not others:
            return octets
        return bulk(others[len(store.commands) % len(others)])
    return lie


def flipped(words, octets):
    """One bit of the value, another one for each key."""
    if octets in (NIL, EMPTY) or not is_answer(words[1]):
        return octets
    at, end = octets.index(b"\r\n") + 2, len(octets) - 2
    bit = int(words[1][-6:], 16) % (8 * (end - at))
    changed = bytearray(octets)
    changed[at + bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def cut(words, octets):
    """The value without its last octets, as a value."""
    if octets in (NIL, EMPTY) or not is_answer(words[1]):
        return octets
    value = octets[octets.index(b"\r\n") + 2:-2]
    return bulk(value[:int(words[1][-4:], 16) % len(value)])


def half(_words, octets):
    """Half of what is to be sent, and no more on this connection."""
    return Close(octets[:len(octets) // 2])


def stuck(_words, octets):
    """Half of what is to be sent, and the connection stays open."""
    return octets[:len(octets) // 2]


def closes_each(count):
    """Closes the connection at each count-th command."""
    numbers = iter(range(1, 1 << 30))
    return lambda _words, octets: octets if next(numbers) % count else Close()


def doubled(_words, octets):
    """Each answer twice: what follows answers the question before."""
    return octets * 2


def prefixed(before):
    return lambda _words, octets: before + octets


NESTED = b"*1\r\n" * 64
ERRORS = ("ERR unknown command", "WRONGTYPE Operation against a key holding the wrong kind of value",
          "OOM command not allowed when used memory > 'maxmemory'.",
          "READONLY You can't write against a read only replica.", "NOAUTH Authentication required.",
          "WRONGPASS invalid username-password pair or user is disabled.",
          "NOPERM this user has no permissions to access one of the keys used as arguments",
          "LOADING Redis is loading the dataset in memory", "MASTERDOWN Link with MASTER is down",
          "BUSY Redis is busy running a script.", "TRYAGAIN Multiple keys request during rehashing",
          "CLUSTERDOWN The cluster is down", "MOVED 3999 127.0.0.1:6381", "ASK 3999 127.0.0.1:6381",
          "", "x" * 4 * KIB, "ERR \x1b[31m\x00 octets of all kinds \x7f")

LIES = {
    **{f"error {text.split(' ', 1)[0][:12] or 'empty'} {number}": always(error(text))
       for number, text in enumerate(ERRORS)},
    "flipped": flipped,
    "cut": cut,
    "doubled": doubled,
    "half": half,
    "stuck": stuck,
    "silent": always(None),
    "closes each 3rd": closes_each(3),
    "closes each": always(Close()),
    "status": always(OK),
    "number": always(b":1\r\n"),
    "number too long": always(b":99999999999999999999999\r\n"),
    "no array": always(b"*-1\r\n"),
    "empty array": always(b"*0\r\n"),
    "array": always(b"*2\r\n$1\r\na\r\n$1\r\nb\r\n"),
    "nested arrays": always(NESTED + OK),
    "array of many": always(b"*100000000\r\n"),
    "array of too many": always(b"*4611686018427387904\r\n"),
    "length below 0": always(b"$-7\r\nabc\r\n"),
    "length of 512 MiB": always(b"$536870912\r\n" + bytes(64)),
    "length of 2^63": always(b"$9223372036854775807\r\nabc\r\n"),
    "empty value": always(bulk(b"")),
    "one octet": always(bulk(b"\1")),
    "long value": always(bulk(bytes(70 * KIB))),
    "longer value": always(bulk(b"\1" * 900 * KIB)),
    "message": prefixed(b"*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nb\r\n"),
    "push": prefixed(b">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\na\r\n"),
    "map": always(b"%1\r\n+a\r\n:1\r\n"),
    "attribute": prefixed(b"|1\r\n+a\r\n:1\r\n"),
    "boolean": always(b"#t\r\n"),
    "RESP 3 null": always(b"_\r\n"),
    "verbatim": always(b"=5\r\ntxt:a\r\n"),
    "not a type": always(b"?what\r\n"),
    "zeros": always(bytes(64)),
    "HTTP": always(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "line without end": always(b"+" + b"a" * 64 * KIB),
}
