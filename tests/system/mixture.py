# SPDX-License-Identifier: BSD-2-Clause
"""Names that are answered at once, mixed at a rate with names that are never answered: the server,
the clients, and the results for the former. It works on octets, so that a tenth of a core is enough
for 1,000 questions a second."""

import contextlib
import socket
import threading
import time
from typing import NamedTuple

from servers import free_port

DEAD = "dead-"
PATIENCE = 5  # seconds: a stub resolver's
CLIENTS = 8  # sockets: the kernel spreads them over a resolver's workers
HEADER_LEN = 12
TYPE_A = b"\x00\x01"
# The question's name, A, IN, 300 s, 192.0.2.1; and EDNS without options.
RECORD = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x01\x2c\x00\x04\xc0\x00\x02\x01"
OPT = b"\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00"


def good_reply(query):
    """One address for every name; no records of other types."""
    end = HEADER_LEN
    while query[end]:
        end += 1 + query[end]
    end += 1 + 4
    is_a = query[end - 4:end - 2] == TYPE_A
    has_opt = query[11] != 0
    return (query[:2] + b"\x81\x80\x00\x01" + bytes([0, is_a, 0, 0, 0, has_opt])
            + query[HEADER_LEN:end] + (RECORD if is_a else b"") + (OPT if has_opt else b""))


class Server:
    """Answers over UDP while it is on, except for names that begin with DEAD."""

    reply = staticmethod(good_reply)

    def __init__(self):
        self.is_on = True
        self.host, self.port = "127.0.0.1", free_port()
        self.address = f"{self.host}:{self.port}"
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind((self.host, self.port))
        self.is_closed = False
        self.thread = threading.Thread(target=self._answer, daemon=True)
        self.thread.start()

    def _answer(self):
        dead = DEAD.encode()
        while not self.is_closed:
            try:
                query, peer = self.socket.recvfrom(65535)
                first = query[HEADER_LEN + 1:HEADER_LEN + 1 + len(dead)]
                if self.is_on and first.lower() != dead:
                    self.socket.sendto(self.reply(query), peer)
            except (OSError, IndexError):
                pass  # closed; the client has closed its socket; or not a question

    def close(self):
        self.is_closed = True
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)  # wakes the thread, which close() alone would not
        self.thread.join()
        self.socket.close()


class Outcome(NamedTuple):
    """The results of questions."""

    asked: int
    servfail: int  # or any other rcode but NOERROR
    silent: int  # not answered within PATIENCE
    took: list  # seconds of the good answers, sorted

    @property
    def lost(self):
        return self.servfail + self.silent

    def percentile_ms(self, percent):
        """Returns None if there was no good answer."""
        if not self.took:
            return None
        return 1e3 * self.took[min(len(self.took) - 1, len(self.took) * percent // 100)]


def outcome(questions):
    """Returns the results of questions after wait()."""
    in_time = [q for q in questions if q.wire and q.seconds < PATIENCE]
    took = sorted(q.seconds for q in in_time if q.is_good)
    return Outcome(len(questions), len(in_time) - len(took), len(questions) - len(in_time), took)


class Run(NamedTuple):
    good: list  # questions
    dead: list
    late: float  # seconds that the sender was behind at most


def is_dead(number, good_rate, dead_rate):
    """Whether the name of that question is dead: dead_rate of them a second, evenly spaced."""
    rate = good_rate + dead_rate
    return number * dead_rate // rate != (number + 1) * dead_rate // rate


def ask(clients, seconds, good_rate, dead_rate=0, prefix=""):
    """Asks for different names, each once, from all clients in turn."""
    rate, began = good_rate + dead_rate, time.monotonic()
    run, late = Run([], [], 0), 0
    for number in range(round(seconds * rate)):
        due = began + number / rate
        time.sleep(max(0, due - time.monotonic()))
        dead = is_dead(number, good_rate, dead_rate)
        name = f"{DEAD if dead else 'good-'}{prefix}{number}.example."
        asked = clients[number % len(clients)].send(name)
        (run.dead if dead else run.good).append(asked)
        late = max(late, asked.sent - due)
    return run._replace(late=late)


def wait(clients, questions):
    """Waits until each has its answer or its client has given up."""
    until = max(asked.sent for asked in questions) + PATIENCE
    for client in clients:
        client.wait(timeout=max(0, until - time.monotonic()))
