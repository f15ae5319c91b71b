# SPDX-License-Identifier: BSD-2-Clause
"""Who takes whose place: what one client does is not to cost another its answer."""

import socket
import time

import dns.message
import pytest

from servers import frame
from upstream import address


def connect_as(tarn, host):
    """As another client for each of the addresses of 127.0.0.0/8."""
    return socket.create_connection((tarn.host, tarn.port), 10, (host, 0))


@pytest.mark.parametrize("half", [9, 1])
def test_stalled_connections_make_room(run_tarn, run_upstream, cleanup, half):
    """Five clients that may ask, each with more connections than its share, none of which goes on."""
    tarn = run_tarn("--workers", 1, upstreams=[run_upstream(address())], listen=["127.0.0.1:0"])
    question = dns.message.make_query("a.example.", "A")
    for _ in range(260):
        for number in range(1, 6):
            sock = connect_as(tarn, f"127.0.1.{number}")
            cleanup.callback(sock.close)
            try:
                sock.send(frame(question.to_wire())[:half])
            except ConnectionResetError:
                pass
    began = time.monotonic()
    assert tarn.tcp(question).answer
    assert time.monotonic() - began < 2
