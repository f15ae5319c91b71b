# SPDX-License-Identifier: BSD-2-Clause
"""Names that a server never answers, among those that it answers at once: the latter lose nothing by
them, and a server that was silent for a while is as good as before. mixture_table.py has the figures
at higher rates."""

import threading
import time

import pytest

import mixture
from client import Client
from test_outage import BACK_WITHIN, limit

GOOD_RATE, DEAD_RATE = 300, 100  # questions a second
SECONDS = 6  # a name without an answer is looked up for five: until they are as many as they get
OUTAGE_RATE, OUTAGE = 1000, 3


@pytest.fixture
def run_servers(cleanup):
    def run(count):
        servers = [mixture.Server() for _ in range(count)]
        for server in servers:
            cleanup.callback(server.close)
        return servers
    return run


@pytest.fixture
def run_clients(cleanup):
    """Warm: every server has answered."""
    def run(tarn):
        clients = [cleanup.enter_context(Client(tarn.host, tarn.port))
                   for _ in range(mixture.CLIENTS)]
        warm = mixture.ask(clients, 0.5, 50, prefix="warm")
        mixture.wait(clients, warm.good)
        assert mixture.outcome(warm.good).lost == 0
        return clients
    return run


@pytest.mark.parametrize("workers,server_count", [(1, 1), (2, 1), (1, 2)])
def test_names_without_an_answer_cost_others_nothing(run_tarn, run_servers, run_clients, workers,
                                                     server_count):
    """Each of them counts as silence of a server that answers other names."""
    clients = run_clients(run_tarn("--workers", workers, upstreams=run_servers(server_count)))
    run = mixture.ask(clients, SECONDS, GOOD_RATE, DEAD_RATE)
    mixture.wait(clients, run.good)
    good = mixture.outcome(run.good)
    assert good.asked == SECONDS * GOOD_RATE and len(run.dead) == SECONDS * DEAD_RATE
    assert good.lost == 0, f"{good.servfail} SERVFAIL, {good.silent} without an answer"
    assert not any(asked.is_good for asked in run.dead)


def test_after_an_outage_at_a_rate_nothing_is_lost(run_tarn, run_servers, run_clients):
    """Thousands of lookups under way at the end of it do not keep new ones from their answers."""
    (server,) = run_servers(1)
    tarn = run_tarn("--workers", 1, upstreams=[server])
    clients = run_clients(tarn)
    back = []

    def end():
        back.append(time.monotonic())
        server.is_on = True

    server.is_on = False
    timer = threading.Timer(OUTAGE, end)
    timer.start()
    run = mixture.ask(clients, OUTAGE + 2, GOOD_RATE if tarn.is_slow else OUTAGE_RATE)
    timer.join()
    mixture.wait(clients, run.good)
    first = min(asked.answered for asked in run.good if asked.is_good)
    after = mixture.outcome([asked for asked in run.good if asked.sent > back[0]])
    assert first - back[0] < limit(tarn, BACK_WITHIN)
    assert after.asked > 0 and after.lost == 0
