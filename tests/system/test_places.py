# SPDX-License-Identifier: BSD-2-Clause
"""Places for clients: no client can cost another one its answer."""

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


@pytest.mark.parametrize("clients", [1, 8])
@pytest.mark.parametrize("files,workers", [(256, 1), (512, 2), (1024, 4)])
def test_idle_connections_leave_lookups_their_files(run_tarn, run_upstream, cleanup, tool, files, workers,
                                                    clients):
    """All that they get, and more: the others' questions still reach the upstream."""
    few = [tool("setpriv"), "--bounding-set=-sys_resource", tool("prlimit"), f"--nofile={files}:{files}"]
    tarn = run_tarn("--workers", workers, upstreams=[run_upstream(address())], listen=["127.0.0.1:0"],
                    prefix=few)
    for number in range(files + 100):
        cleanup.callback(connect_as(tarn, f"127.0.1.{1 + number % clients}").close)
    with tarn.udp_socket() as sock:
        for burst in range(10):
            names = [f"n{burst}-{number}.example." for number in range(20)]
            for name in names:
                sock.send(dns.message.make_query(name, "A").to_wire())
            for _ in names:
                assert dns.message.from_wire(sock.recv(65535)).answer
    assert tarn.tcp(dns.message.make_query("a.example.", "A")).answer
    assert "cannot accept" not in tarn.log
    told = tarn.wait_for_line(r"(\d+) open files are allowed, full load may need (\d+): "
                              r"each thread has (\d+) TCP connections for clients instead of 1024")[0]
    assert int(told[1]) == files < int(told[2])
    assert 8 <= int(told[3]) <= files // workers
