# SPDX-License-Identifier: BSD-2-Clause
"""A machine for one test, and a network that it reaches over a wire with faults.

Both are network namespaces. The wire is a thread between their tun devices that loses and delays
packets: it needs no kernel module, and loses the same packets in every run.
"""

import contextlib
import ctypes
import fcntl
import heapq
import itertools
import os
import random
import select
import socket
import struct
import subprocess
import threading
import time
from collections import Counter

CLONE_NEWNET = 0x40000000
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
PACKET_MAX = 65535
LIBC = ctypes.CDLL(None, use_errno=True)

MACHINE = "10.53.0.1"
SERVERS = ("10.53.0.11", "10.53.0.12", "10.53.0.13")


class Unavailable(Exception):
    """The reason why the test cannot have a network namespace."""


def namespace_here():
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def enter(descriptor):
    if LIBC.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def ip(command):
    subprocess.run(["ip", *command.split()], check=True, timeout=10, capture_output=True,
                   env={"PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"})


class Namespace:
    """It ends when it is closed and no process is left in it."""

    def __init__(self):
        before = namespace_here()
        if LIBC.unshare(CLONE_NEWNET) != 0:
            os.close(before)
            raise Unavailable("network namespaces need root")
        try:
            self.descriptor = namespace_here()
            ip("link set lo up")
        finally:
            enter(before)
            os.close(before)

    @contextlib.contextmanager
    def inside(self):
        """What this thread opens and starts in the context is in the namespace, and stays there."""
        before = namespace_here()
        enter(self.descriptor)
        try:
            yield
        finally:
            enter(before)
            os.close(before)

    def close(self):
        os.close(self.descriptor)


class Wire:
    """Carries IPv4 between two descriptors of tun devices. Its faults may change at any time."""

    def __init__(self, one, other):
        self.peers = {one: other, other: one}
        self.loss = 0.0  # share of the packets, either way
        self.delay = (0.0, 0.0)  # seconds, either way: at least and at most
        self.dead = set()  # addresses whose packets are dropped, either way
        self.sent = Counter()  # packets by destination, the lost ones too
        self.random = random.Random(1)
        self.under_way = []
        self.serial = itertools.count()
        self.is_closed = False
        self.thread = threading.Thread(target=self._carry, daemon=True)
        self.thread.start()

    def _carry(self):
        while not self.is_closed:
            wait = 0.1
            if self.under_way:
                wait = max(0, min(wait, self.under_way[0][0] - time.monotonic()))
            for descriptor in select.select(list(self.peers), [], [], wait)[0]:
                self._take(os.read(descriptor, PACKET_MAX), self.peers[descriptor])
            while self.under_way and self.under_way[0][0] <= time.monotonic():
                _, _, packet, descriptor = heapq.heappop(self.under_way)
                with contextlib.suppress(OSError):  # the device is down
                    os.write(descriptor, packet)

    def _take(self, packet, descriptor):
        if packet[0] >> 4 != 4:
            return
        source, destination = (socket.inet_ntoa(packet[at:at + 4]) for at in (12, 16))
        self.sent[destination] += 1
        if self.dead & {source, destination} or self.random.random() < self.loss:
            return
        due = time.monotonic() + self.random.uniform(*self.delay)
        heapq.heappush(self.under_way, (due, next(self.serial), packet, descriptor))

    def close(self):
        self.is_closed = True
        self.thread.join()
        for descriptor in self.peers:
            os.close(descriptor)


def open_tun(address):
    """The device `wire` of this namespace, up, with that address."""
    try:
        descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
        fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH22x", b"wire", IFF_TUN | IFF_NO_PI))
    except OSError as error:
        raise Unavailable(f"tun devices need /dev/net/tun: {error.strerror}") from None
    ip(f"address add {address}/24 dev wire")
    ip("link set wire up")
    return descriptor


class Network:
    """The machine has the address MACHINE, the network beyond the wire all of SERVERS."""

    def __init__(self):
        with contextlib.ExitStack() as stack:
            self.machine, self.beyond = Namespace(), Namespace()
            stack.callback(self.beyond.close)
            stack.callback(self.machine.close)
            with self.machine.inside():
                near = open_tun(MACHINE)
            with self.beyond.inside():
                far = open_tun(SERVERS[0])
                for address in SERVERS[1:]:
                    ip(f"address add {address}/24 dev wire")
            self.wire = Wire(near, far)
            stack.callback(self.wire.close)
            self.stack = stack.pop_all()

    def close(self):
        self.stack.close()
