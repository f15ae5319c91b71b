# SPDX-License-Identifier: BSD-2-Clause
"""Faults of a real network: packets that are lost and late, servers that are gone, a machine that
moves. The test, tarn and the client are in a network namespace, the servers behind a wire."""

import socket
import subprocess
import time
from collections import Counter

import dns.rcode
import pytest

from client import Client
from netns import MACHINE, SERVERS, ip
from upstream import address, is_clients, reply

CLIENT_DEADLINE = 4.6  # 4 s and a little
NOBODY_WAITS_LONGER = 1.0  # while one server lives
BACK_WITHIN = 1.5  # seconds after the network is back: one for a probe, the others for a busy machine


@pytest.fixture
def wire(network):
    return network.wire


@pytest.fixture
def upstreams(network, run_upstream):
    with network.beyond.inside():
        return [run_upstream(address(value=host), host=host, port=53) for host in SERVERS]


@pytest.fixture
def tarn(run_tarn, upstreams):
    return run_tarn("--workers", 1, "-v", listen=["127.0.0.1:0"], upstreams=upstreams)


@pytest.fixture
def client(cleanup, tarn):
    return cleanup.enter_context(Client(tarn.host, tarn.port))


def limit(tarn, seconds):
    """The time limit in seconds; it is longer for sanitizers and valgrind."""
    return seconds * 3 if tarn.is_slow else seconds


def names(prefix):
    return lambda number: f"{prefix}{number}.example."


def check_all_good(client, questions, seconds):
    assert not client.wait(questions)
    assert all(asked.is_good for asked in questions)
    assert max(asked.seconds for asked in questions) < seconds


def test_a_bad_line_loses_no_question(wire, tarn, client):
    """Five packets in a hundred are lost, each way; the others take 20 to 300 ms there and back."""
    wire.loss, wire.delay = 0.05, (0.01, 0.15)
    questions = client.send_for(2, 60, names("a"))
    check_all_good(client, questions, limit(tarn, 2.5))
    late = sum(asked.seconds > limit(tarn, NOBODY_WAITS_LONGER) for asked in questions)
    # One exchange in ten fails; two of them in a row take longer.
    assert late <= len(questions) / 20


@pytest.mark.parametrize("fault", ["lost", "refused", "rejected"])
def test_one_dead_server_of_three_is_hardly_noticed(wire, tarn, client, upstreams, fault):
    """It dies while it is in use."""
    wire.delay = (0.005, 0.01)
    upstreams[0].script = address(value=SERVERS[0])
    check_all_good(client, client.send_for(0.3, 50, names("before")),
                   limit(tarn, NOBODY_WAITS_LONGER))
    if fault == "lost":
        wire.dead = {SERVERS[0]}
    elif fault == "refused":
        upstreams[0].close()  # its machine reports it: ICMP port unreachable
    else:
        ip(f"route add unreachable {SERVERS[0]}")
    check_all_good(client, client.send_for(1, 50, names("after")),
                   limit(tarn, NOBODY_WAITS_LONGER))
    check_all_good(client, client.send_for(0.3, 50, names("later")), limit(tarn, 0.3))


def test_when_the_network_is_back_so_are_the_answers(wire, tarn, client):
    """For new names, and for those that clients wait for; dead servers are left in peace."""
    check_all_good(client, [client.send("before.example.")], limit(tarn, NOBODY_WAITS_LONGER))
    wire.dead = set(SERVERS)
    client.send_for(2.5, 20, names("dead"))
    sent = sum(wire.sent[host] for host in SERVERS)
    waiting = client.send_for(1, 100, names("more"))
    assert sum(wire.sent[host] for host in SERVERS) - sent <= 2 * len(SERVERS)
    wire.dead = set()
    back = time.monotonic()
    assert client.first_good(names("new")) - back < limit(tarn, BACK_WITHIN)
    check_all_good(client, waiting, limit(tarn, CLIENT_DEADLINE))
    assert max(asked.answered for asked in waiting) - back < limit(tarn, BACK_WITHIN + 0.4)


def test_a_change_of_address_starts_afresh(wire, client, tarn):
    """The machine is off the network, and on it again with another address."""
    check_all_good(client, [client.send("before.example.")], limit(tarn, NOBODY_WAITS_LONGER))
    ip(f"address del {MACHINE}/24 dev wire")
    off = client.send_for(1, 20, names("off"))
    assert not any(asked.is_good for asked in off)
    ip("address add 10.53.0.2/24 dev wire")
    back = time.monotonic()
    assert client.first_good(names("on")) - back < limit(tarn, 0.5)
    assert wire.sent["10.53.0.2"] > 0
    # Even what has just failed: it was another network that did not know it.
    assert client.first_good(lambda _number: off[0].name) - back < limit(tarn, 0.6)
    assert sum("the network has changed" in line for line in tarn.lines) in (1, 2)


def test_changes_that_come_faster_than_answers_lose_no_question(wire, tarn, client, upstreams):
    """As where containers start: an address beside the one in use comes or goes all the time. Each
    question has three messages to each server at most, however many changes there are."""
    def slow(question):
        time.sleep(0.9)
        return reply(question, f"{question.name} 60 IN A 192.0.2.1")

    for upstream in upstreams:
        upstream.script = slow
    questions = []
    for number in range(20):
        questions.append(client.send(f"q{number}.example."))
        ip(f"address {('add', 'del')[number % 2]} 10.99.0.1/32 dev lo")
        time.sleep(0.21)  # what is one change, and what is another: tarn waits for 0.2 s
    check_all_good(client, questions, limit(tarn, 3.5))
    assert sum("the network has changed" in line for line in tarn.lines) >= 10
    for upstream in upstreams:
        # Probes may be about the same names.
        counts = Counter(q.name for q in upstream.questions if is_clients(q))
        assert max(counts.values(), default=0) <= 3


# ---- an interface that comes and goes -----------------------------------------------------------

SCOPED = "fe80::53%eth7"


def make_interface():
    """With an address of its own that a server on all addresses hears; its number."""
    try:
        ip("link add eth7 type veth peer name eth8")
    except subprocess.CalledProcessError:
        pytest.skip("this kernel has no veth devices")
    ip("link set eth8 up")
    ip("link set eth7 up")
    ip("address add fe80::53/64 dev eth7 nodad")
    return socket.if_nametoindex("eth7")


def wait_for_answers(tarn, host, since):
    while not tarn.ask(f"{time.monotonic_ns()}.example.", timeout=5).answer:
        assert time.monotonic() < since + limit(tarn, 5), f"{host} is not asked"
        time.sleep(0.02)


@pytest.mark.parametrize("words", ['upstream = "{}"',
                                   'upstream = 127.0.0.9\nforward "example" {{ upstream = "{}" }}'])
def test_a_server_of_an_interface_comes_and_goes_with_it(namespace, run_tarn, run_upstream, tmp_path,
                                                         words):
    """Not there at the start, there, gone, and there with another number."""
    run_upstream(address(), host="::", port=53)
    config = tmp_path / "tarn.conf"
    config.write_text(words.format(SCOPED) + "\n", encoding="ascii")
    tarn = run_tarn("--config", config, listen=["127.0.0.1:0"])
    numbers = set()
    for _ in range(3):
        assert tarn.ask(f"{time.monotonic_ns()}.example.").rcode() == dns.rcode.SERVFAIL
        numbers.add(make_interface())
        wait_for_answers(tarn, SCOPED, time.monotonic())
        ip("link del eth7")
    assert len(numbers) == 3


def test_an_interface_that_is_not_there_is_shown_by_name(namespace, run_tarn):
    tarn = run_tarn(listen=["127.0.0.1:0"], upstreams=[f"[{SCOPED}]:5300"])
    tarn.wait_for_line(r"forwarding to \[fe80::53%eth7\]:5300$")
