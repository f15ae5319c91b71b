# SPDX-License-Identifier: BSD-2-Clause
"""A server of DNS over HTTPS (RFC 8484, over RFC 9113) that is good, or bad in one way."""

import asyncio
import struct
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events
import h2.settings
from hyperframe.frame import GoAwayFrame, PingFrame, SettingsFrame

from hostile_tls import End, Late, Server, give_address
from upstream import octets_of

MESSAGE = "application/dns-message"
NO_ERROR, PROTOCOL_ERROR, REFUSED_STREAM, CANCEL = 0, 1, 7, 8
FRAME_SETTINGS = 4


@dataclass
class Response:
    """The body may be a DNS message. length: of Content-Length; True: the right one, None: none."""
    body: object = b""
    status: int = 200
    type: str = MESSAGE
    headers: dict = field(default_factory=dict)
    length: object = True
    trailers: dict = None
    informational: tuple = ()  # status codes before the response
    data_len: int = 16384  # of the DATA frames
    ends: bool = True


@dataclass
class Reset:
    """RST_STREAM."""
    code: int = CANCEL


@dataclass
class Request:
    method: str
    path: str
    headers: list
    body: bytes


def strip_settings(octets):
    """Frames without a SETTINGS that is no ACK."""
    kept = b""
    while octets:
        length, = struct.unpack("!I", b"\0" + octets[:3])
        if octets[3] != FRAME_SETTINGS or octets[4] & 1:
            kept += octets[:9 + length]
        octets = octets[9 + length:]
    return kept


class Session:
    """HTTP/2 on one connection."""

    def __init__(self, server, connection):
        self.server, self.connection = server, connection
        self.http = h2.connection.H2Connection(h2.config.H2Configuration(
            client_side=False, header_encoding="utf-8", validate_outbound_headers=False,
            normalize_outbound_headers=False))
        self.requests = {}
        self.unanswered = set()  # streams
        self.waiting = {}  # octets that wait for the client's window, by stream
        self.last_stream = None  # of a GOAWAY
        self.open_streams = 0
        self.is_over = False  # the client has said GOAWAY
        self.sending = asyncio.Lock()

    async def flush(self):
        async with self.sending:
            octets = self.http.data_to_send()
            if self.server.no_settings:
                octets = strip_settings(octets)
            if octets:
                await self.connection.send(octets)

    async def send_frame(self, made):
        await self.flush()
        async with self.sending:
            await self.connection.send(made.serialize())

    async def run(self):
        self.http.initiate_connection()
        # They hold from their ACK on.
        self.http.update_settings({
            h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: self.server.max_streams,
            h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: self.server.window})
        await self.flush()
        if self.server.opening:
            await self.server.opening(self)
        while octets := await self.connection.read():
            for event in self.http.receive_data(octets):
                await self._take(event)
            await self.flush()

    async def _take(self, event):
        if isinstance(event, h2.events.RequestReceived):
            self.open_streams += 1
            self.unanswered.add(event.stream_id)
            self.server.most_streams = max(self.server.most_streams, self.open_streams)
            headers = dict(event.headers)
            self.requests[event.stream_id] = Request(headers[":method"], headers[":path"],
                                                     event.headers, b"")
        elif isinstance(event, h2.events.DataReceived):
            if event.stream_id in self.requests:
                self.requests[event.stream_id].body += event.data
            self.http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            if event.stream_id in self.requests:
                await self._answer(event.stream_id, self.requests.pop(event.stream_id))
        elif isinstance(event, h2.events.StreamReset):
            self.server.resets.append(event.error_code)
            if event.stream_id in self.unanswered:
                self.open_streams -= 1
                self.unanswered.discard(event.stream_id)
            self.waiting.pop(event.stream_id, None)
            self.requests.pop(event.stream_id, None)
        elif isinstance(event, h2.events.WindowUpdated):
            for stream in list(self.waiting):
                await self._send_body(stream)
        elif isinstance(event, h2.events.ConnectionTerminated):
            self.server.goaways.append(event.error_code)
            self.is_over = True

    async def _answer(self, stream, request):
        server = self.server
        self.server.requests.append(request)
        if self.last_stream is not None and stream > self.last_stream:
            self.open_streams -= 1
            return
        wire = request.body
        if request.method == "GET" and "dns=" in request.path:
            text = request.path.split("dns=", 1)[1].split("&")[0]
            wire = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if server.refuse_first > 0 or self.open_streams > server.max_streams:
            server.refuse_first -= 1
            await self._say(stream, Reset(REFUSED_STREAM))
            return
        question = server.note(wire, self.connection)
        if server.goaway_after and self.connection.asked == server.goaway_after:
            self.last_stream = stream
            await self.send_frame(GoAwayFrame(0, last_stream_id=stream, error_code=NO_ERROR))
        said, delay = server.decide(question), server.delay
        if isinstance(said, Late):
            said, delay = said.answer, said.seconds
        server.spawn(self._say(stream, said, delay))

    async def _say(self, stream, said, delay=0):
        await asyncio.sleep(delay)
        if said is None or not self.connection.is_open or stream not in self.unanswered:
            return
        if self.is_over:
            return
        if isinstance(said, End):
            await self.connection.end(said.how)
            return
        self.unanswered.discard(stream)
        self.open_streams -= 1
        if isinstance(said, Reset):
            self.http.reset_stream(stream, said.code)
            await self.flush()
            return
        response = said if isinstance(said, Response) else Response(said)
        body = octets_of(response.body)
        for status in response.informational:
            self.http.send_headers(stream, [(":status", str(status))])
        headers = [(":status", str(response.status)), ("content-type", response.type)]
        if response.length is not None:
            length = len(body) if response.length is True else response.length
            headers.append(("content-length", str(length)))
        self.http.send_headers(stream, headers + list(response.headers.items()),
                               end_stream=not body and response.ends)
        if body:
            self.waiting[stream] = (body, response)
            await self._send_body(stream)
        elif response.trailers:
            self.http.send_headers(stream, list(response.trailers.items()), end_stream=True)
        await self.flush()
        self.connection.answered += 1
        if self.server.close_after and self.connection.answered >= self.server.close_after:
            await self.connection.end(self.server.how)
        if self.last_stream is not None and not self.open_streams:
            await self.connection.end("notify")

    async def _send_body(self, stream):
        body, response = self.waiting.pop(stream)
        while body:
            room = min(response.data_len, self.http.local_flow_control_window(stream))
            if room <= 0:
                self.waiting[stream] = (body, response)
                return
            part, body = body[:room], body[room:]
            self.http.send_data(stream, part,
                                end_stream=not body and response.ends and not response.trailers)
        if response.trailers:
            self.http.send_headers(stream, list(response.trailers.items()), end_stream=True)


class DohServer(Server):
    """
    script(question) gives a message, octets, a Response, a Reset, None, a Late or an End. After
    goaway_after requests a GOAWAY tells the client so; those behind it are not answered. The first
    refuse_first requests are refused by REFUSED_STREAM. opening(session) runs before the first
    request.
    """

    protocols = ("h2",)
    transport = "https"

    def __init__(self, identity, script=give_address, delay=0, close_after=None, how="notify",
                 max_streams=100, window=65535, goaway_after=None, refuse_first=0, opening=None,
                 no_settings=False, **options):
        self.script, self.delay = script, delay
        self.close_after, self.how = close_after, how
        self.max_streams, self.window = max_streams, window
        self.goaway_after, self.refuse_first = goaway_after, refuse_first
        self.opening, self.no_settings = opening, no_settings
        self.requests, self.resets, self.goaways = [], [], []
        self.most_streams = 0
        super().__init__(identity, **options)

    def url(self, name="dns.test", words="", path="/dns-query"):
        if name:
            return f"https://{name}:{self.port}{path}#{self.host}{words}"
        return f"https://{self.hostport}{path}{words}"

    async def serve(self, connection):
        await Session(self, connection).run()


# ---- what may happen before the first request ----------------------------------------------------

def flood(make_frame, count):
    """As many frames, as fast as they are read."""
    async def send(session):
        octets = b"".join(make_frame().serialize() for _ in range(100))
        for _ in range(count // 100):
            await session.connection.send(octets)
    return send


def ping_flood(count=20000):
    return flood(lambda: PingFrame(0, opaque_data=b"tarntarn"), count)


def settings_flood(count=20000):
    return flood(lambda: SettingsFrame(0, settings={4: 65535}), count)
