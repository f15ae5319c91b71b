# SPDX-License-Identifier: BSD-2-Clause
"""A client that asks at a rate, whether it is answered or not, and records the answers."""

import select
import socket
import threading
import time

import dns.edns
import dns.message
import dns.rcode

SOCKET_BUFFER = 4 << 20


class Asked:
    """One question, and its answer once it is there."""

    def __init__(self, name):
        self.name = name
        self.sent = time.monotonic()
        self.answered = None
        self.wire = None

    @property
    def seconds(self):
        return self.answered - self.sent

    @property
    def rcode(self):
        """None: no answer."""
        return dns.rcode.Rcode(self.wire[3] & 15) if self.wire else None

    @property
    def is_good(self):
        return self.rcode == dns.rcode.NOERROR

    def errors(self):
        """The codes of the extended errors."""
        return {int(option.code) for option in dns.message.from_wire(self.wire).options
                if option.otype == dns.edns.OptionType.EDE}


class Client:
    """Every question has an id of its own: 65,536 of them at most. Closed when its context ends."""

    def __init__(self, host, port):
        self.questions = []
        self.is_closed = False
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER)
        self.socket.connect((host, port))
        self.news = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.is_closed = True
        self.reader.join()
        self.socket.close()

    def _read(self):
        while not self.is_closed:
            if not select.select([self.socket], [], [], 0.1)[0]:
                continue
            try:
                wire = self.socket.recv(65535)
            except ConnectionRefusedError:
                continue
            now = time.monotonic()
            with self.news:
                asked = self.questions[int.from_bytes(wire[:2], "big")]
                if not asked.wire:
                    asked.answered, asked.wire = now, wire
                self.news.notify_all()

    def send(self, name, rrtype="A"):
        number = len(self.questions)
        query = dns.message.make_query(name, rrtype, id=number, use_edns=0).to_wire()
        asked = Asked(name)
        with self.news:
            self.questions.append(asked)
        self.socket.send(query)
        return asked

    def send_for(self, seconds, rate, make_name):
        """Asks at that rate, evenly spaced, for make_name(number). Returns the questions."""
        began, questions = time.monotonic(), []
        for number in range(round(seconds * rate)):
            time.sleep(max(0, began + number / rate - time.monotonic()))
            questions.append(self.send(make_name(number)))
        return questions

    def wait(self, questions=None, timeout=10):
        """Waits until all of them are answered. Returns those that are not in time."""
        questions = self.questions if questions is None else questions
        with self.news:
            self.news.wait_for(lambda: all(asked.wire for asked in questions), timeout)
        return [asked for asked in questions if not asked.wire]

    def first_good(self, make_name, timeout=10, rate=50):
        """Asks until the first good answer. Returns its time."""
        deadline = time.monotonic() + timeout
        questions = []
        while not any(asked.is_good for asked in questions):
            assert time.monotonic() < deadline, f"no good answer in {timeout} s"
            questions.append(self.send(make_name(len(questions))))
            self.wait(questions[-1:], 1 / rate)
            time.sleep(max(0, questions[-1].sent + 1 / rate - time.monotonic()))
        return min(asked.answered for asked in questions if asked.is_good)
