# SPDX-License-Identifier: BSD-2-Clause
"""Servers that die and come back, beside others and alone: what clients notice of it, and what the
servers do. All on loopback; test_network.py has real faults of a network."""

import time
from collections import Counter

import dns.rcode
import pytest

from client import Client
from servers import free_port
from upstream import SILENCE, address, failure, forward_to, is_clients, reply, silence

NO_AUTHORITY, CACHED_ERROR = 22, 13
CLIENT_DEADLINE = 4.0  # SERVFAIL by then
DEADLINE_SLACK = 0.6
NOBODY_WAITS_LONGER = 1.0  # while one server lives
BACK_WITHIN = 1.5  # seconds after a server is back: one for a probe, the others for a busy machine
SOON = 0.3


class Switched:
    """A server that answers while it is on and is silent while it is not."""

    def __init__(self, is_on=True):
        self.is_on = is_on
        self.answer = address()

    def __call__(self, question):
        return self.answer(question) if self.is_on else SILENCE


@pytest.fixture
def run_client(cleanup):
    def run(tarn):
        return cleanup.enter_context(Client("127.0.0.1", tarn.ports["127.0.0.1"]))
    return run


def limit(tarn, seconds):
    """The time limit in seconds; it is longer for sanitizers and valgrind."""
    return seconds * 5 if tarn.is_slow else seconds


def closed_address():
    return f"127.0.0.1:{free_port()}"


# ---- one of several ------------------------------------------------------------------------------

@pytest.mark.parametrize("first", [silence, None, failure(dns.rcode.SERVFAIL),
                                   failure(dns.rcode.REFUSED)],
                         ids=["silent", "closed", "servfail", "refused"])
def test_one_bad_server_of_two_is_hardly_noticed(run_tarn, run_upstream, run_client, first):
    """The first few questions find out; then the bad one costs nothing."""
    bad = run_upstream(first) if first else closed_address()
    tarn = run_tarn("--workers", 1, upstreams=[bad, run_upstream(address())])
    client = run_client(tarn)
    few = client.send_for(0.2, 25, lambda number: f"first{number}.example.")
    assert not client.wait(few)
    assert all(asked.is_good for asked in few)
    assert max(asked.seconds for asked in few) < limit(tarn, NOBODY_WAITS_LONGER)
    rest = client.send_for(0.5, 50, lambda number: f"then{number}.example.")
    assert not client.wait(rest)
    assert all(asked.is_good for asked in rest)
    took = sorted(asked.seconds for asked in rest)
    assert took[len(took) * 9 // 10] < limit(tarn, SOON)
    assert took[-1] < limit(tarn, NOBODY_WAITS_LONGER)


def test_a_dead_server_is_spared_while_another_lives(run_tarn, run_upstream, run_client):
    """At most one probe a second, however many questions there are; and it is found when back."""
    server = Switched(is_on=False)
    dead, alive = run_upstream(server), run_upstream(address(value="192.0.2.2"))
    client = run_client(run_tarn("--workers", 1, upstreams=[dead, alive]))
    client.wait(client.send_for(0.2, 25, lambda number: f"first{number}.example."))
    time.sleep(1)  # what was under way is over
    before = dead.count_all()
    client.wait(client.send_for(2, 100, lambda number: f"then{number}.example."))
    assert dead.count_all() - before <= 2 + 1
    assert all(asked.is_good for asked in client.questions)


# ---- all of them ---------------------------------------------------------------------------------

def test_back_means_back(run_tarn, run_upstream, run_client):
    """Within a second of the first server's return new names are answered, and so are those that
    failed meanwhile, and those that clients wait for."""
    server = Switched(is_on=False)
    tarn = run_tarn("--workers", 1, upstreams=[run_upstream(server), run_upstream(silence)])
    client = run_client(tarn)
    failed = client.send("failed.example.")
    client.send_for(4.6, 20, lambda number: f"dead{number}.example.")
    assert failed.rcode == dns.rcode.SERVFAIL
    assert failed.errors() & {NO_AUTHORITY}
    assert failed.seconds < CLIENT_DEADLINE + DEADLINE_SLACK
    waiting = client.send_for(0.6, 20, lambda number: f"waiting{number}.example.")
    again = client.send("failed.example.")  # its lookup is over
    client.wait([again])
    assert again.rcode == dns.rcode.SERVFAIL and again.seconds < limit(tarn, 0.5)
    server.is_on = True
    back = time.monotonic()
    new = client.first_good(lambda number: f"new{number}.example.", timeout=5)
    again = client.first_good(lambda _number: "failed.example.", timeout=5)
    assert new - back < limit(tarn, BACK_WITHIN)
    assert again - back < limit(tarn, BACK_WITHIN)
    assert not client.wait()
    assert all(asked.is_good for asked in waiting)
    assert max(asked.answered for asked in waiting) - back < limit(tarn, BACK_WITHIN + 0.4)


def test_a_machine_that_was_idle_finds_servers_that_came_back(run_tarn, run_upstream, run_client):
    """There were no questions for a while, so no probes: the first question causes one."""
    server = Switched(is_on=False)
    tarn = run_tarn("--workers", 1, upstreams=[run_upstream(server)])
    client = run_client(tarn)
    client.send_for(0.2, 25, lambda number: f"dead{number}.example.")
    time.sleep(6)
    assert not client.wait()
    server.is_on = True
    asked = client.send("new.example.")
    assert not client.wait([asked])
    assert asked.is_good
    assert asked.seconds < limit(tarn, BACK_WITHIN)


def test_a_storm_leaves_dead_servers_in_peace(run_tarn, run_upstream, run_client):
    """Thousands of different questions: a message a second for each server, a reply to each client
    in time, memory that is bounded; and one good answer ends it."""
    server = Switched(is_on=False)
    servers = [run_upstream(server), run_upstream(silence)]
    tarn = run_tarn("--workers", 1, upstreams=servers)
    client = run_client(tarn)
    client.send_for(0.2, 25, lambda number: f"first{number}.example.")
    time.sleep(2.5)  # both are dead by then
    before, memory, began = [s.count_all() for s in servers], tarn.memory(), time.monotonic()
    client.send_for(1, 1500, lambda number: f"storm{number}.example.")
    grown = tarn.memory() - memory
    assert not client.wait()
    seconds = time.monotonic() - began
    for upstream, count in zip(servers, before):
        assert upstream.count_all() - count <= seconds + 3
    storm = client.questions[5:]
    assert {asked.rcode for asked in storm} == {dns.rcode.SERVFAIL}
    assert all(asked.errors() & {NO_AUTHORITY, CACHED_ERROR} for asked in storm[::50])
    assert max(asked.seconds for asked in storm) < limit(tarn, CLIENT_DEADLINE + DEADLINE_SLACK)
    if not tarn.is_slow:
        assert grown < 16 * 1024  # KiB
    server.is_on = True
    back = time.monotonic()
    assert client.first_good(lambda number: f"new{number}.example.") - back < limit(
        tarn, BACK_WITHIN)


def test_workers_share_what_they_know_of_a_dead_server(run_tarn, run_upstream, run_client):
    """One probe a second, by any worker; an answer to one worker counts for all."""
    server = Switched(is_on=False)
    upstream = run_upstream(server)
    tarn = run_tarn("--workers", 4, upstreams=[upstream])
    clients = [run_client(tarn) for _ in range(16)]  # their ports lead to any of the workers
    for number, client in enumerate(clients):
        for again in range(3):
            client.send(f"dead{again}.{number}.example.")
    time.sleep(1.5 if not tarn.is_slow else 4)  # all have found out
    before = len(upstream.probes)
    for second in range(2):
        time.sleep(1)
        for number, client in enumerate(clients):
            client.send(f"waiting{second}.{number}.example.")
    assert len(upstream.probes) - before <= 2 + 1
    server.is_on = True
    back = time.monotonic()
    new = [client.send(f"new.{number}.example.") for number, client in enumerate(clients)]
    for client, asked in zip(clients, new):
        assert not client.wait([asked])
    assert all(asked.is_good for asked in new)
    assert max(asked.answered for asked in new) - back < limit(tarn, BACK_WITHIN)


# ---- selections ----------------------------------------------------------------------------------

def ask_in_turn(tarn, count):
    """The addresses of the answers, each asked when the one before was there."""
    return Counter(tarn.ask(f"{number}.example.").answer[0][0].address for number in range(count))


@pytest.mark.parametrize("selection", ["fastest", "sequential", "strict", "round-robin", "parallel"])
def test_every_policy_survives_a_dead_server(run_tarn, run_upstream, run_client, selection):
    tarn = run_tarn("--workers", 1, "--selection", selection,
                    upstreams=[run_upstream(silence), closed_address(), run_upstream(address())])
    client = run_client(tarn)
    questions = client.send_for(0.5, 40, lambda number: f"{number}.example.")
    assert not client.wait(questions)
    assert all(asked.is_good for asked in questions)
    # By strict order the first has three messages before the next is asked: 400, 800 and 1000 ms.
    longest = NOBODY_WAITS_LONGER + 2 if selection == "strict" else NOBODY_WAITS_LONGER
    assert max(asked.seconds for asked in questions) < limit(tarn, longest)


def test_fastest_asks_who_is_fastest(run_tarn, run_upstream):
    tarn = run_tarn("--workers", 1, upstreams=[run_upstream(address(value="192.0.2.1", delay=0.1)),
                                               run_upstream(address(value="192.0.2.2"))])
    ask_in_turn(tarn, 5)
    assert ask_in_turn(tarn, 10)["192.0.2.2"] >= 9


def test_sequential_asks_the_first_as_long_as_it_lives(run_tarn, run_upstream):
    slow, quick = address(value="192.0.2.1", delay=0.02), address(value="192.0.2.2")
    tarn = run_tarn("--workers", 1, "--selection", "sequential",
                    upstreams=[run_upstream(slow), run_upstream(quick)])
    assert ask_in_turn(tarn, 10)["192.0.2.1"] >= 9


def test_round_robin_asks_all_alike(run_tarn, run_upstream):
    values = ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
    tarn = run_tarn("--workers", 1, "--selection", "round-robin",
                    upstreams=[run_upstream(address(value=value)) for value in values])
    answers = ask_in_turn(tarn, 12)
    assert min(answers[value] for value in values) >= 3


def test_parallel_takes_the_first_good_answer(run_tarn, run_upstream):
    """A failure that comes sooner is none."""
    def slow(question):
        time.sleep(0.3)
        return reply(question, f"{question.name} 300 IN A 192.0.2.1")

    servers = [run_upstream(failure(dns.rcode.SERVFAIL)), run_upstream(slow),
               run_upstream(address(value="192.0.2.3", delay=0.03))]
    tarn = run_tarn("--workers", 1, "--selection", "parallel", upstreams=servers)
    assert ask_in_turn(tarn, 5) == {"192.0.2.3": 5}
    assert all(server.count() >= 5 for server in servers)


# ---- loops ---------------------------------------------------------------------------------------

def test_a_server_that_leads_back_is_left_out(run_tarn, run_upstream):
    """tarn logs it once, continues with the others, and does not stop."""
    way_back = []
    loop, good = run_upstream(forward_to(way_back), leads_back=True), run_upstream(address())
    tarn = run_tarn("--workers", 2, upstreams=[loop, good])
    way_back.append(tarn.ports["127.0.0.1"])
    tarn.wait_for_line(rf"not forwarding to {loop.address}: it forwards to tarn", timeout=5)
    for number in range(20):  # the other worker hears of it at its next turn
        assert tarn.ask(f"{number}.example.").answer
    assert loop.count() <= 3  # of one question
    assert sum("forwards to tarn" in line for line in tarn.lines) == 1


def test_a_server_that_leads_back_and_comes_later_is_found(run_tarn, run_upstream):
    """Two that start with the machine: tarn is first, and the other not there when it is asked."""
    port = free_port()
    tarn = run_tarn("--workers", 1, upstreams=[f"127.0.0.1:{port}"])
    for number in range(3):
        assert tarn.ask(f"{number}.example.").rcode() == dns.rcode.SERVFAIL
    loop = run_upstream(forward_to([tarn.ports["127.0.0.1"]]), leads_back=True, port=port)
    begun = time.monotonic()
    while not any("forwards to tarn" in line for line in tarn.lines):
        number += 1
        assert time.monotonic() < begun + 20, tarn.log
        assert tarn.ask(f"{number}.example.").rcode() == dns.rcode.SERVFAIL
    tarn.wait_for_line(rf"not forwarding to {loop.address}: it forwards to tarn")
    before = time.monotonic()
    for number in range(10, 20):
        answer = tarn.ask(f"{number}.example.", use_edns=0)
        assert [option.text for option in answer.options] == ["all upstream servers lead back here"]
    assert time.monotonic() - before < limit(tarn, NOBODY_WAITS_LONGER)
    assert sum("forwards to tarn" in line for line in tarn.lines) == 1


# ---- what is sent --------------------------------------------------------------------------------

def test_a_name_has_three_messages_whatever_happens_to_its_server(run_tarn, run_upstream, run_client):
    """RFC 9520 section 3.1: over an outage in which the server dies, is back, and dies again."""
    server = Switched(is_on=False)
    upstream = run_upstream(server)
    tarn = run_tarn("--workers", 1, upstreams=[upstream])
    client = run_client(tarn)
    asked = client.send_for(2, 50, lambda number: f"n{number}.example.")
    server.is_on = True
    assert not client.wait(asked)
    assert all(question.is_good for question in asked)
    # Probes may be about the same names.
    counts = Counter(question.name for question in upstream.questions if is_clients(question))
    assert len([name for name in counts if name.startswith("n")]) == 100
    assert max(counts[name] for name in counts if name.startswith("n")) <= 3


def test_a_server_that_answers_addresses_only_is_no_dead_one(run_tarn, run_upstream, run_client):
    """A captive portal or a simple router: silence about AAAA, HTTPS and NS, an address for every A."""
    def addresses_only(question):
        return address()(question) if question.type == "A" else SILENCE

    tarn = run_tarn("--workers", 1, upstreams=[run_upstream(addresses_only)])
    client = run_client(tarn)
    good = [client.send("first.example.")]
    for number in range(3):
        client.send(f"a{number}.example.", "AAAA")
        client.send(f"a{number}.example.", "HTTPS")
    time.sleep(3.6)
    good += client.send_for(2.8, 5, lambda number: f"b{number}.example.")
    assert not client.wait(good)
    assert all(asked.is_good for asked in good)
    assert max(asked.seconds for asked in good) < limit(tarn, SOON)


def test_names_are_back_when_a_server_has_stopped_to_say_servfail(run_tarn, run_upstream, run_client):
    """They have failed again and again, for longer each time; the server is asked whether it does."""
    server = Switched()
    server.answer = failure(dns.rcode.SERVFAIL)
    tarn = run_tarn("--workers", 1, upstreams=[run_upstream(server)])
    client = run_client(tarn)
    end = time.monotonic() + 12
    while time.monotonic() < end:
        for number in range(5):
            client.send(f"n{number}.example.")
        time.sleep(0.5)
    server.answer = address()
    back = time.monotonic()
    for number in range(5):
        assert client.first_good(lambda _, number=number: f"n{number}.example.") - back < \
            limit(tarn, BACK_WITHIN)
