# SPDX-License-Identifier: BSD-2-Clause
"""
What an off-path attacker has to guess (RFC 5452 section 9.2): the id, the port and the letter case
of 12,000 questions, as they come in at a server. The bounds are some six standard deviations from what
chance gives, so that chance alone does not break them.
"""

import collections
import itertools
import math
import re
import socket
import struct
import threading
from typing import NamedTuple

import pytest

from servers import frame, recv_frame
from upstream import address
from wire import read_name

COUNT = 12_000
CALM, BUSY = 6, 60  # questions under way at a time
SHARE = 64  # what a port carries before it is given up
PLACES = 8  # sockets of which each question draws one
NAME = "{:05}.a-name-of-ours.example."
LETTERS = sum(c.isalpha() for c in NAME)


class Sent(NamedTuple):
    id: int
    port: int
    name: bytes


class Recorder:
    """An upstream that records its queries and gives each the same answer."""

    def __init__(self):
        self.sent = []
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:{}".format(self.udp.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 300, 4) + bytes([192, 0, 2, 1])
        while True:
            wire, peer = self.udp.recvfrom(4096)
            if not wire:
                self.udp.close()
                return
            name, end = read_name(wire, 12)
            if b"tarn-loop" in name:
                continue  # tarn's own, whether we lead back
            self.sent.append(Sent(int.from_bytes(wire[:2], "big"), peer[1], name))
            self.udp.sendto(wire[:2] + struct.pack("!5H", 0x8180, 1, 1, 0, 0) + wire[12:end + 4] +
                            record, peer)

    def close(self):
        self.udp.sendto(b"", self.udp.getsockname())


def query_wire(number):
    labels = NAME.format(number).split(".")
    name = b"".join(len(label).to_bytes(1, "big") + label.encode() for label in labels)
    return struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + name + b"\0\1\0\1"


@pytest.fixture
def ask_all(run_tarn, cleanup):
    """Asks all questions, a number at a time, and returns the records of the upstream, in order."""
    def ask(window):
        recorder = Recorder()
        cleanup.callback(recorder.close)
        tarn = run_tarn("--workers", 1, upstreams=[recorder])
        with tarn.tcp_socket(timeout=20) as sock:
            for start in range(0, COUNT, window):
                sock.sendall(b"".join(frame(query_wire(n)) for n in range(start, start + window)))
                for _ in range(window):
                    reply = recv_frame(sock)
                    assert struct.unpack_from("!H", reply, 6) == (1,)
        assert len({entry.name.lower() for entry in recorder.sent}) == COUNT
        # One that met a full buffer, or a busy moment, was sent again.
        assert COUNT <= len(recorder.sent) < COUNT * 1.02
        return recorder.sent
    return ask


def check_evenness(values, kinds):
    """Pearson's chi-square: neither uneven nor, as a counter would be, too even."""
    counts = collections.Counter(values)
    expected = len(values) / kinds
    chi = sum((counts[kind] - expected) ** 2 / expected for kind in range(kinds))
    deviation = math.sqrt(2 * (kinds - 1))
    assert abs(chi - (kinds - 1)) < 7 * deviation, (chi, kinds)


def bits(values):
    """Of the chance that two of the values are the same (Renyi's entropy of order 2)."""
    pairs = sum(n * (n - 1) for n in collections.Counter(values).values())
    return -math.log2(max(pairs, 1) / (len(values) * (len(values) - 1)))


def runs(values):
    return [len(list(same)) for _, same in itertools.groupby(values)]


@pytest.mark.parametrize("window", [CALM, BUSY])
def test_what_an_attacker_has_to_guess(ask_all, window, capsys):
    sent = ask_all(window)
    ids = [entry.id for entry in sent]
    ports = [entry.port for entry in sent]

    # The id: all equally likely, also if the id before, or the port, is known.
    for values in (ids, [b - a for a, b in zip(ids, ids[1:])], [i ^ p for i, p in zip(ids, ports)]):
        check_evenness([value & 0xFF for value in values], 256)
        check_evenness([value >> 8 & 0xFF for value in values], 256)
    id_bits = bits(ids)
    assert id_bits > 15.75

    # The port: given up after its share, drawn among several for each question, and nothing to be
    # learnt from one about the next.
    uses = collections.Counter(ports)
    assert len(ports) / len(uses) < SHARE + 1
    assert max(uses.values()) <= 3 * SHARE  # a port is drawn twice at times, hardly ever thrice
    repeats = sum(a == b for a, b in zip(ports, ports[1:])) / len(ports)
    assert abs(repeats - 1 / PLACES) < 0.03
    assert max(runs(ports)) <= 12
    fresh = list(dict.fromkeys(ports))
    steps = [b - a for a, b in zip(fresh, fresh[1:])]
    assert len(set(steps)) > len(steps) * 0.9
    assert min(fresh) < 8192 and max(fresh) > 57344
    # Repetitions of a shared port do not show how it was drawn; the range does.
    port_bits = math.log2(max(fresh) - min(fresh))

    # The letters: each a fair coin, and no two spellings alike beyond what chance does.
    spellings = [re.sub(rb"[^A-Za-z]", b"", entry.name) for entry in sent]
    letter_bits = []
    for place in range(LETTERS):
        upper = sum(spelling[place:place + 1].isupper() for spelling in spellings)
        assert abs(upper - len(sent) / 2) < 7 * math.sqrt(len(sent)) / 2
        letter_bits.append(bits([spelling[place] for spelling in spellings]))
    assert bits(spellings) > LETTERS - 1.5

    total = id_bits + port_bits
    with capsys.disabled():
        print(f"\n  {window} at a time: {len(sent)} questions by {len(fresh)} ports, at most "
              f"{max(runs(ports))} in a row; id {id_bits:.1f} bits, port {port_bits:.1f}, together "
              f"{total:.0f}; each of {LETTERS} letters {min(letter_bits):.2f}")
    assert total > 31


# ---- ports that are others' ----------------------------------------------------------------------

KERNELS, OURS = range(1024, 12024), range(20000, 30000)  # a third of all


def test_ports_that_are_kept_for_others_are_not_used(run_tarn, run_upstream, namespace):
    """net.ipv4.ip_local_reserved_ports, and --avoid-ports; a reload changes the latter alone."""
    with open("/proc/sys/net/ipv4/ip_local_reserved_ports", "w", encoding="ascii") as file:
        file.write(f"{KERNELS[0]}-{KERNELS[-1]}\n")
    upstream = run_upstream(address())
    tarn = run_tarn("--workers", 1, "--avoid-ports", f"{OURS[0]}-{OURS[-1]}", upstreams=[upstream])
    # A port serves 64 questions or half a second, and there are eight at a time.
    for number in range(2000):
        assert tarn.ask(f"n{number}.example.").answer
    ports = {question.port for question in upstream.questions}
    assert len(ports) > 30
    assert not [port for port in ports if port in KERNELS or port in OURS]


def test_a_kernel_that_keeps_nearly_all_is_not_listened_to(run_tarn, run_upstream, namespace):
    with open("/proc/sys/net/ipv4/ip_local_reserved_ports", "w", encoding="ascii") as file:
        file.write("1024-58999,60500-65535\n")
    tarn = run_tarn(upstreams=[run_upstream(address())])
    assert any("ip_local_reserved_ports leaves fewer than 4096" in line for line in tarn.lines)
    assert tarn.ask("www.example.").answer
