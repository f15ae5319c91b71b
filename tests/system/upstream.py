# SPDX-License-Identifier: BSD-2-Clause
"""An upstream server with a script: it answers, forges, delays, truncates or stays silent."""

import socket
import threading
import time
from collections import namedtuple

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from servers import frame, free_port, recv_frame

Question = namedtuple("Question", "transport name type wire message host port")

SILENCE = ()


class Close:
    """TCP: send these octets as they are, without a length, and close."""

    def __init__(self, octets=b""):
        self.octets = octets


class Slowly:
    """TCP: send these octets as they are, one after each pause."""

    def __init__(self, octets, pause):
        self.octets, self.pause = octets, pause


class Elsewhere:
    """UDP: send this from another socket: another port, or another local address."""

    def __init__(self, message, host="127.0.0.1"):
        self.message, self.host = message, host


def reply(question, *rrs, rcode=dns.rcode.NOERROR, authority=(), flags=0):
    """A message that answers a question; rrs as "owner ttl IN type rdata"."""
    message = dns.message.make_response(question.message, recursion_available=True)
    message.set_rcode(rcode)
    message.flags |= flags
    for section, texts in ((message.answer, rrs), (message.authority, authority)):
        for text in texts:
            owner, ttl, cls, rrtype, rdata = text.split(None, 4)
            section.append(dns.rrset.from_text(owner, int(ttl), cls, rrtype, rdata))
    return message


def address(ttl=300, value="192.0.2.1", delay=0):
    """A script that gives every name this address."""
    def script(question):
        time.sleep(delay)
        return reply(question, f"{question.name} {ttl} IN A {value}")
    return script


def failure(rcode):
    return lambda question: reply(question, rcode=rcode)


def forward_to(ports):
    """Forwards to a port of the loopback address, which is in ports once it is known."""
    def script(question):
        while not ports:
            time.sleep(0.01)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(5)
            sock.sendto(question.wire, ("127.0.0.1", ports[0]))
            return sock.recv(65535)
    return script


def silence(_question):
    return SILENCE


def octets_of(message):
    return message if isinstance(message, bytes) else message.to_wire(max_size=65535)


def is_loop_probe(question):
    return ".tarn-loop." in question.name


def is_probe(question):
    """Whether it is tarn's own: for a zone's name servers without a cookie, or a loop test."""
    return ((question.type == "NS" and not question.message.options) or is_loop_probe(question))


def is_clients(question):
    """Whether it has a cookie, or a name in mixed case: a probe has neither."""
    name = question.wire[12:13 + len(question.name)]
    return bool(question.message.options) or name != name.lower()


class Upstream:
    """
    script(question) gives what to send: a message, octets, an Elsewhere, several of them in a list,
    SILENCE, a Close, or a Slowly. It runs in a thread per question, so it may sleep. A question's
    name is in lower case, its message and wire have the letters as received. tarn's own questions
    (probes, and tests for forwarding loops) are counted separately; the tests are not answered
    unless leads_back is set.
    """

    def __init__(self, script, host="127.0.0.1", tcp=True, port=None, leads_back=False):
        self.script = script
        self.leads_back = leads_back
        self.questions = []
        self.probes = []
        self.lock = threading.Lock()
        self.faults = []
        self.streams = set()
        self.is_closed = False
        port = port or free_port(host)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.udp = socket.socket(family, socket.SOCK_DGRAM)
        self.udp.bind((host, port))
        self.listener = None
        if tcp:
            self.listener = socket.create_server((host, port), family=family, backlog=64)
            threading.Thread(target=self._accept, daemon=True).start()
        self.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        threading.Thread(target=self._receive, daemon=True).start()

    def count(self, name=None, transport=None):
        """The number of questions of clients so far."""
        with self.lock:
            return sum(1 for q in self.questions
                       if (name is None or q.name.rstrip(".") == name.rstrip("."))
                       and transport in (None, q.transport))

    def count_all(self):
        """The number of questions of clients and of tarn's own."""
        with self.lock:
            return len(self.questions) + len(self.probes)

    def _receive(self):
        while True:
            try:
                wire, peer = self.udp.recvfrom(65535)
            except OSError:
                return
            if self.is_closed:
                return
            self._start(wire, "udp", lambda octets, to=peer: self.udp.sendto(octets, to), peer,
                        None)

    def _accept(self):
        while True:
            try:
                stream, peer = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.streams.add(stream)
            threading.Thread(target=self._serve, args=(stream, peer), daemon=True).start()

    def _serve(self, stream, peer):
        try:
            while True:
                wire = recv_frame(stream)
                self._start(wire, "tcp", lambda octets: stream.sendall(frame(octets)), peer,
                            stream)
        except (EOFError, OSError):
            with self.lock:
                self.streams.discard(stream)
            stream.close()

    def _start(self, *question):
        threading.Thread(target=self._answer, args=question, daemon=True).start()

    def _answer(self, wire, transport, send, peer, stream):
        try:
            message = dns.message.from_wire(wire)
            asked = message.question[0]
            question = Question(transport, asked.name.to_text().lower(),
                                dns.rdatatype.to_text(asked.rdtype), wire, message,
                                *peer[:2])
            with self.lock:
                (self.probes if is_probe(question) else self.questions).append(question)
            if is_loop_probe(question) and not self.leads_back:
                return
            said = self.script(question)
            if isinstance(said, Close):
                stream.sendall(said.octets)
                stream.shutdown(socket.SHUT_RDWR)
                return
            if isinstance(said, Slowly):
                for octet in said.octets:
                    stream.sendall(bytes([octet]))
                    time.sleep(said.pause)
                return
            for part in said if isinstance(said, (list, tuple)) else [said]:
                if isinstance(part, Elsewhere):
                    with socket.socket(self.udp.family, socket.SOCK_DGRAM) as other:
                        other.bind((part.host, 0))
                        other.sendto(octets_of(part.message), peer)
                else:
                    send(octets_of(part))
        except OSError:
            pass  # tarn gave up on this question, or the test is over
        except Exception as fault:  # a fault of the script is the test's, not tarn's
            self.faults.append(fault)

    def close(self):
        self.is_closed = True
        # shutdown() wakes the threads that wait in these sockets; close() alone would not
        for sock in (self.udp, self.listener, *self.streams):
            if sock is None:
                continue
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()
