# SPDX-License-Identifier: BSD-2-Clause
"""Clients over TLS and HTTPS that may misbehave; they block, and are closed by their context."""

import contextlib
import socket
import ssl
import struct
import time

import dns.message
import h2.config
import h2.connection
import h2.events
import h2.settings

from servers import frame, recv_frame

MESSAGE = "application/dns-message"


def make_context(ca, protocols=(), versions=None):
    context = ssl.create_default_context(cafile=ca)
    if versions:
        context.minimum_version, context.maximum_version = versions
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context


def connect(port, source=None, timeout=10, receive_buffer=None, host="127.0.0.1"):
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    sock.settimeout(timeout)
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    if source:
        sock.bind((source, 0))
    sock.connect((host, port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def is_closed_within(sock, seconds):
    """Whether the other side ends a connection in that time; what it sends is dropped."""
    deadline = time.monotonic() + seconds
    with contextlib.suppress(OSError):
        while (left := deadline - time.monotonic()) > 0:
            sock.settimeout(left)
            if not sock.recv(65536):
                return True
    return time.monotonic() < deadline


class TlsClient:
    """DNS over TLS."""

    protocols = ("dot",)

    def __init__(self, port, ca, name="dns.test", protocols=None, versions=None, prefix=b"",
                 context=None, session=None, **options):
        self.raw = connect(port, **options)
        self.raw.sendall(prefix)
        protocols = self.protocols if protocols is None else protocols
        self.context = context or make_context(ca, protocols, versions)
        try:
            self.sock = self.context.wrap_socket(self.raw, server_hostname=name, session=session)
        except BaseException:
            self.raw.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.sock.close()

    def send(self, *queries):
        """In one record, if there is room."""
        self.sock.sendall(b"".join(frame(query.to_wire()) for query in queries))

    def receive(self):
        return recv_frame(self.sock)

    def ask(self, name, rrtype="A", **options):
        query = dns.message.make_query(name, rrtype, **options)
        self.send(query)
        answer = dns.message.from_wire(self.receive())
        assert answer.id == query.id
        return answer


class Reply:
    """A response of HTTP."""

    def __init__(self):
        self.headers, self.body, self.is_over, self.reset = {}, b"", False, None

    @property
    def status(self):
        return int(self.headers.get(":status", 0))

    @property
    def message(self):
        return dns.message.from_wire(self.body)


class HttpsClient(TlsClient):
    """DNS over HTTPS: one connection of HTTP/2."""

    protocols = ("h2",)

    def __init__(self, port, ca, window=65535, path="/dns-query", **options):
        super().__init__(port, ca, **options)
        self.port, self.path = port, path
        self.http = h2.connection.H2Connection(h2.config.H2Configuration(
            client_side=True, header_encoding="utf-8", validate_outbound_headers=False,
            normalize_outbound_headers=False))
        self.http.local_settings = h2.settings.Settings(client=True, initial_values={
            h2.settings.SettingCodes.ENABLE_PUSH: 0,
            h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: window})
        self.http.initiate_connection()
        self.flush()
        self.replies = {}
        self.goaway = None  # the code of a GOAWAY
        self.is_over = False

    def flush(self):
        if octets := self.http.data_to_send():
            self.sock.sendall(octets)

    def headers(self, method="POST", path=None, **fields):
        fields = {"accept": MESSAGE, **({"content-type": MESSAGE} if method == "POST" else {}),
                  **{name.replace("_", "-"): value for name, value in fields.items()}}
        return [(":method", method), (":scheme", "https"),
                (":authority", f"dns.test:{self.port}"), (":path", path or self.path),
                *((name, value) for name, value in fields.items() if value is not None)]

    def request(self, body=b"", method="POST", path=None, end=True, **fields):
        """Returns the number of the stream."""
        stream = self.http.get_next_available_stream_id()
        self.replies[stream] = Reply()
        self.http.send_headers(stream, self.headers(method, path, **fields),
                               end_stream=end and not body)
        while body:
            room = min(self.http.local_flow_control_window(stream),
                       self.http.max_outbound_frame_size)
            if room == 0:
                self.flush()
                self.read()
                if self.replies[stream].is_over or self.is_over:
                    return stream
                continue
            part, body = body[:room], body[room:]
            self.http.send_data(stream, part, end_stream=end and not body)
        self.flush()
        return stream

    def read(self):
        """What has come; waits for something. Returns whether there was anything."""
        octets = b""
        try:
            octets = self.sock.recv(65536)
        except (ConnectionError, ssl.SSLError):
            pass
        if not octets:
            self.is_over = True
            return False
        for event in self.http.receive_data(octets):
            self._take(event)
        with contextlib.suppress(OSError):
            self.flush()
        return True

    def _take(self, event):
        reply = self.replies.get(getattr(event, "stream_id", None))
        if isinstance(event, h2.events.ConnectionTerminated):
            self.goaway = event.error_code
        elif reply is None:
            return
        elif isinstance(event, h2.events.ResponseReceived):
            reply.headers = dict(event.headers)
        elif isinstance(event, h2.events.DataReceived):
            reply.body += event.data
            if event.flow_controlled_length:
                with contextlib.suppress(h2.exceptions.ProtocolError):
                    self.http.acknowledge_received_data(event.flow_controlled_length,
                                                        event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            reply.is_over = True
        elif isinstance(event, h2.events.StreamReset):
            reply.is_over, reply.reset = True, event.error_code

    def wait(self, *streams):
        """Their replies."""
        while not all(self.replies[stream].is_over for stream in streams):
            assert self.read(), f"the connection ends; GOAWAY: {self.goaway}"
        return [self.replies[stream] for stream in streams]

    def exchange(self, *words, **options):
        return self.wait(self.request(*words, **options))[0]

    def ask(self, name, rrtype="A", **options):
        query = dns.message.make_query(name, rrtype, **options)
        answer = self.exchange(query.to_wire()).message
        assert answer.id == query.id
        return answer

    def read_until_closed(self, seconds=10):
        """Whether the server ends the connection in time; .goaway is what it said."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.sock.settimeout(left)
            try:
                if not self.read():
                    return True
            except TimeoutError:
                break
            except h2.exceptions.ProtocolError:
                continue
        return False


def proxy_header(source, port=1234, is_local=False):
    """PROXY protocol, version 2, for TCP over IPv4."""
    body = socket.inet_aton(source) + socket.inet_aton("127.0.0.1") + struct.pack("!HH", port, 853)
    return (b"\r\n\r\n\0\r\nQUIT\n" + bytes([0x20 if is_local else 0x21, 0x11])
            + len(body).to_bytes(2, "big") + body)
