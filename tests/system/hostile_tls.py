# SPDX-License-Identifier: BSD-2-Clause
"""Servers of DNS over TLS (RFC 7858) and HTTPS (RFC 8484) that are good, or bad in one way.

Each has an event loop in a thread of its own, in which the scripts of a test run: a script must not
sleep, but may say how long its answer takes. What came is recorded: connections, their ClientHello,
handshakes, questions, and whatever came in the clear.
"""

import asyncio
import contextlib
import os
import socket
import ssl
import struct
import threading
import time
from dataclasses import dataclass, field
from functools import cached_property

import dns.edns
import dns.message
import dns.rdatatype

from servers import frame, free_port
from upstream import is_loop_probe, octets_of
from wire import read_name

RECORD_HANDSHAKE = 22
PADDING, COOKIE, SUBNET, KEEPALIVE = 12, 10, 8, 11


# ---- what is recorded ----------------------------------------------------------------------------

@dataclass
class Hello:
    """A ClientHello (RFC 8446 section 4.1.2)."""
    name: str = None  # server_name; None: there is none
    protocols: list = field(default_factory=list)  # of ALPN
    versions: list = field(default_factory=list)  # ssl.TLSVersion
    has_ticket: bool = False  # it asks to resume a session
    has_early_data: bool = False


def read_hello(record):
    """From the first record of a client."""
    body, hello = record[9:], Hello(versions=[struct.unpack_from("!H", record, 9)[0]])
    at = 34
    at += 1 + body[at]
    at += 2 + struct.unpack_from("!H", body, at)[0]
    at += 1 + body[at] + 2
    while at + 4 <= len(body):
        kind, length = struct.unpack_from("!HH", body, at)
        value = body[at + 4:at + 4 + length]
        at += 4 + length
        if kind == 0:
            hello.name = value[5:].decode("ascii")
        elif kind == 16:
            value = value[2:]
            while value:
                hello.protocols.append(value[1:1 + value[0]].decode("ascii"))
                value = value[1 + value[0]:]
        elif kind == 43:
            hello.versions = list(struct.unpack(f"!{value[0] // 2}H", value[1:]))
        elif kind == 41 or (kind == 35 and value):
            hello.has_ticket = True
        elif kind == 42:
            hello.has_early_data = True
    return hello


class Question:
    """A question that came; connection is the number of its connection, from 0."""

    def __init__(self, wire, connection, transport):
        self.wire, self.connection, self.transport = wire, connection, transport
        self.came = time.monotonic()
        self.wire_name, self.end = read_name(wire, 12)
        self.id, self.rrtype = (struct.unpack_from("!H", wire, at)[0] for at in (0, self.end))
        self.end += 4

    @cached_property
    def message(self):
        return dns.message.from_wire(self.wire)

    @cached_property
    def name(self):
        return self.message.question[0].name.to_text().lower()

    @property
    def type(self):
        return dns.rdatatype.to_text(self.rrtype)

    @property
    def options(self):
        """The codes of its EDNS options, in order."""
        return [int(option.otype) for option in self.message.options]


def give_address(question, value="192.0.2.1", ttl=300):
    """Any name has this address; quick, for many questions at once."""
    header = struct.pack("!6H", question.id, 0x8180, 1, 1, 0, 0)
    record = struct.pack("!HHHIH4s", 0xC00C, 1, 1, ttl, 4, socket.inet_aton(value))
    return header + question.wire[12:question.end] + record


def deny(question):
    """NXDOMAIN."""
    return (struct.pack("!6H", question.id, 0x8183, 1, 0, 0, 0)
            + question.wire[12:question.end])


# What a script gives beside messages.

@dataclass
class Late:
    """This, after that many seconds."""
    seconds: float
    answer: object


@dataclass
class Raw:
    """These octets, without a length."""
    octets: bytes


class End:
    """The connection ends: by close_notify and FIN, by FIN alone, or by RST."""

    def __init__(self, how="notify"):
        self.how = how


# ---- what happens before a handshake -------------------------------------------------------------

async def stall(connection):
    """It is never answered."""
    await connection.server.stopped.wait()


async def send_garbage(connection):
    await connection.send_raw(os.urandom(200))
    await connection.drain_raw()


async def send_http(connection):
    await connection.send_raw(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
    connection.fin()


async def send_half(connection):
    """Half of the server's first flight, then nothing."""
    with contextlib.suppress(ssl.SSLWantReadError):
        while True:
            connection.incoming.write(await connection.reader.read(4096))
            try:
                connection.tls.do_handshake()
            except ssl.SSLWantReadError:
                if connection.outgoing.pending:
                    break
    flight = connection.outgoing.read()
    await connection.send_raw(flight[:len(flight) // 2])
    await stall(connection)


async def reset(connection):
    connection.reset()


async def finish(connection):
    connection.fin()


def wait_sec(seconds):
    """The handshake goes on after that time."""
    async def wait(_connection):
        await asyncio.sleep(seconds)
        return True
    return wait


# ---- connections ---------------------------------------------------------------------------------

class Connection:
    """TLS on memory, above a stream of octets, so that each of them is under control."""

    def __init__(self, server, number, reader, writer):
        self.server, self.number = server, number
        self.reader, self.writer = reader, writer
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = server.make_context().wrap_bio(self.incoming, self.outgoing, True)
        self.asked = self.answered = 0
        self.is_open = True

    @property
    def is_resumed(self):
        return self.tls.session_reused

    async def send_raw(self, octets):
        self.writer.write(octets)
        await self.writer.drain()

    async def drain_raw(self):
        """Reads until the client ends the connection."""
        while await self.reader.read(65536):
            pass

    async def flush(self):
        if octets := self.outgoing.read():
            await self.send_raw(octets)

    async def feed(self):
        octets = await self.reader.read(65536)
        if octets:
            self.incoming.write(octets)
        else:
            self.incoming.write_eof()
        return bool(octets)

    async def handshake(self):
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                await self.flush()
                if not await self.feed():
                    raise ConnectionError("closed in the handshake") from None
            except ssl.SSLError:
                with contextlib.suppress(OSError):
                    await self.flush()
                raise
        await self.flush()

    async def read(self):
        """Some octets; none: the client has ended the connection."""
        while True:
            try:
                return self.tls.read(65536)
            except ssl.SSLWantReadError:
                await self.flush()
                if not await self.feed():
                    return b""
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    async def send(self, octets, record_len=16384):
        if not self.is_open:
            return
        for at in range(0, len(octets), record_len):
            self.tls.write(octets[at:at + record_len])
            if record_len == 1:
                await self.flush()
        await self.flush()

    async def end(self, how):
        if not self.is_open:
            return
        self.is_open = False
        if how == "reset":
            self.reset()
            return
        if how == "notify":
            with contextlib.suppress(ssl.SSLError):
                self.tls.unwrap()
            await self.flush()
        self.fin()

    def fin(self):
        self.is_open = False
        self.writer.close()

    def reset(self):
        self.is_open = False
        sock = self.writer.get_extra_info("socket")
        if sock:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class ClearPort(asyncio.DatagramProtocol):
    def __init__(self, server):
        self.server = server

    def datagram_received(self, data, _peer):
        self.server.clear.append(data)


class Server:
    """
    Listens on a port for TLS; a datagram that comes there, and a connection that does not begin as
    TLS, is in the clear and counted. before(connection) runs before a handshake, which follows if
    it is true. versions are the lowest and the highest of TLS; refuses_tickets: it gives tickets,
    and knows none of them. tarn's loop probes are answered unless is_silent.
    """

    protocols = ()
    transport = "tls"

    def __init__(self, identity, before=None, versions=None, refuses_tickets=False, tickets=2,
                 protocols=None, host="127.0.0.1", port=None, is_silent=False):
        self.identity, self.before, self.versions = identity, before, versions
        self.refuses_tickets, self.tickets = refuses_tickets, tickets
        self.is_silent = is_silent
        self.protocols = self.protocols if protocols is None else protocols
        self.host, self.port = host, port or free_port(host)
        self.hellos, self.clear, self.questions, self.probes = [], [], [], []
        self.refusals, self.faults = [], []
        self.connections = self.handshakes = self.resumed = self.most_open = 0
        self.live, self.tasks = set(), set()
        self.context = self.new_context()
        self.listener = self.udp = None
        self.loop = asyncio.new_event_loop()
        self.stopped = asyncio.Event()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.run(self._open())

    # ---- for tests ----

    @property
    def is_in_the_clear(self):
        return bool(self.clear)

    @property
    def hostport(self):
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def url(self, name="dns.test", words=""):
        """As in `upstream`; no name: the certificate is for the address."""
        return f"tls://{self.hostport}" + (f"#{name}" if name else "") + words

    def count(self):
        """The questions of clients so far, without tarn's own."""
        return len(self.questions)

    def count_all(self):
        return len(self.questions) + len(self.probes)

    @staticmethod
    def wait_for(is_so, timeout=5):
        deadline = time.monotonic() + timeout
        while not is_so():
            assert time.monotonic() < deadline, "it does not happen"
            time.sleep(0.005)

    def leave(self):
        """Its port is closed and all its connections are reset."""
        self.run(self._leave())

    def come_back(self):
        self.run(self._open())

    def end_all(self, how="notify"):
        """Ends all connections."""
        async def end():
            for connection in list(self.live):
                await connection.end(how)
        self.run(end())

    def close(self):
        self.run(self._leave())

        async def stop():
            self.stopped.set()
            for task in list(self.tasks):
                task.cancel()
            await asyncio.gather(*self.tasks, return_exceptions=True)
        self.run(stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    # ---- the loop ----

    def run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    def new_context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # It shows any certificate.
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.load_cert_chain(self.identity.certificate, self.identity.key)
        context.num_tickets = self.tickets
        if self.versions:
            context.minimum_version, context.maximum_version = self.versions
        if self.protocols:
            context.set_alpn_protocols(list(self.protocols))
        return context

    def make_context(self):
        return self.new_context() if self.refuses_tickets else self.context

    async def _open(self):
        self.listener = await asyncio.start_server(self._serve, self.host, self.port, backlog=512)
        self.udp, _ = await self.loop.create_datagram_endpoint(
            lambda: ClearPort(self), (self.host, self.port))

    async def _leave(self):
        if self.listener:
            self.listener.close()
            self.udp.close()
            self.listener = None
        for connection in list(self.live):
            connection.reset()
        await asyncio.sleep(0)

    async def _serve(self, reader, writer):
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(self, self.connections, reader, writer)
        self.connections += 1
        self.live.add(connection)
        self.most_open = max(self.most_open, len(self.live))
        self.tasks.add(task := asyncio.current_task())
        try:
            if await self._greet(connection):
                await self.serve(connection)
        except (OSError, ssl.SSLError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client has gone, or the test is over
        except Exception as fault:  # a fault of the script is the test's, not tarn's
            self.faults.append(fault)
        finally:
            self.tasks.discard(task)
            self.live.discard(connection)
            connection.writer.close()

    async def _greet(self, connection):
        head = await connection.reader.readexactly(5)
        if head[0] != RECORD_HANDSHAKE:
            self.clear.append(head + await connection.reader.read(4096))
            return False
        record = head + await connection.reader.readexactly(struct.unpack_from("!H", head, 3)[0])
        self.hellos.append(read_hello(record))
        connection.incoming.write(record)
        if self.before and not await self.before(connection):
            return False
        try:
            await connection.handshake()
        except (ssl.SSLError, OSError) as refusal:
            self.refusals.append(str(refusal))
            raise
        self.handshakes += 1
        self.resumed += connection.is_resumed
        return True

    def note(self, wire, connection):
        question = Question(wire, connection.number, self.transport)
        is_probe = is_loop_probe(question) or question.type == "NS"
        (self.probes if is_probe else self.questions).append(question)
        connection.asked += 1
        return question

    def decide(self, question):
        """What is to be said: by the script, but to tarn's loop probes."""
        if is_loop_probe(question):
            return None if self.is_silent else deny(question)
        return self.script(question)

    def spawn(self, work):
        async def guarded():
            try:
                await work
            except (OSError, ssl.SSLError):
                pass
            except Exception as fault:
                self.faults.append(fault)
        task = self.loop.create_task(guarded())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def serve(self, connection):
        raise NotImplementedError


class DotServer(Server):
    """
    script(question) gives a message, octets, None, a Late, a Raw or an End. An answer takes delay
    seconds. After close_after answers, or idle_sec without a question, the connection ends as
    End(how) says. gather answers are sent in one record; record_len is that of all others.
    """

    protocols = ("dot",)

    def __init__(self, identity, script=give_address, delay=0, close_after=None, how="notify",
                 gather=None, record_len=16384, idle_sec=None, **options):
        self.script, self.delay = script, delay
        self.close_after, self.how = close_after, how
        self.idle_sec = idle_sec
        self.gather, self.record_len = gather, record_len
        self.gathered = []
        super().__init__(identity, **options)

    async def serve(self, connection):
        octets = b""
        while True:
            try:
                more = await asyncio.wait_for(connection.read(), self.idle_sec)
            except asyncio.TimeoutError:
                await connection.end(self.how)
                return
            if not more:
                return
            octets += more
            while len(octets) >= 2 and len(octets) >= 2 + (length := int.from_bytes(octets[:2],
                                                                                    "big")):
                question = self.note(octets[2:2 + length], connection)
                octets = octets[2 + length:]
                await self._answer(connection, question)

    async def _answer(self, connection, question):
        said, delay = self.decide(question), self.delay
        if said and is_loop_probe(question):
            await connection.send(frame(said))
            return
        if isinstance(said, Late):
            said, delay = said.answer, said.seconds
        if delay:
            self.spawn(self._say_late(connection, said, delay))
        else:
            await self._say(connection, said)

    async def _say_late(self, connection, said, delay):
        await asyncio.sleep(delay)
        await self._say(connection, said)

    async def _say(self, connection, said):
        if said is None or not connection.is_open:
            return
        if isinstance(said, End):
            await connection.end(said.how)
            return
        octets = said.octets if isinstance(said, Raw) else frame(octets_of(said))
        if self.gather:
            self.gathered.append(octets)
            if len(self.gathered) < self.gather:
                return
            octets, self.gathered = b"".join(self.gathered), []
        await connection.send(octets, self.record_len)
        connection.answered += 1
        if self.close_after and connection.answered >= self.close_after:
            await connection.end(self.how)
