# SPDX-License-Identifier: BSD-2-Clause
"""
Many tarns with one second level: one question to the upstream for all of them, one flush for all of them;
a store behind sentinels, and over TLS.
"""

import json
import os
import select
import socket
import time

import dns.message
import pytest

from sharing import PATIENT, assert_all_right, server_of
from store import find_program, wait_until
from test_second_hostile import ask_all, names_of

MACHINES = 20
CACHE = ("--workers", 1, "--cache-size", "1M")


# ---- one question for all ------------------------------------------------------------------------

class Hot:
    """One name, asked of all machines at a rate."""

    def __init__(self, machines, name, cleanup):
        self.wire = dns.message.make_query(name, "A", id=1).to_wire()
        self.sockets = []
        for machine in machines:
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            cleanup.callback(sock.close)
            sock.connect(("127.0.0.1", machine.tarn.port))
            self.sockets.append(sock)
        self.asked = self.good = self.bad = 0

    def drain(self, timeout=0.0):
        while ready := select.select(self.sockets, [], [], timeout)[0]:
            for sock in ready:
                wire = sock.recv(4096)
                is_good = wire[3] & 15 == 0 and wire[7] == 1
                self.good, self.bad = self.good + is_good, self.bad + (not is_good)

    def ask_for(self, seconds, rate):
        """Evenly spaced, one machine after the other."""
        began, count = time.monotonic(), 0
        each = 1 / (rate * len(self.sockets))
        while (now := time.monotonic()) < began + seconds:
            while began + count * each <= now:
                self.sockets[count % len(self.sockets)].send(self.wire)
                self.asked, count = self.asked + 1, count + 1
            self.drain()
            time.sleep(2e-3)
        self.drain(0.3)


TTL = 5
# Of one TTL; without refreshing ahead it would be 20. `make bench` has the aim, 1.3, with a TTL of 30 s: here two
# machines begin 25 ms apart, and twenty processes that share a busy processor may each be later than that.
AT_MOST = 3


def test_a_fleet_asks_once_for_each_ttl(run_store, run_sharing, run_named, cleanup):
    """Twenty machines, each asked 50 times a second for one name: those that come later take what the
    first of them has put."""
    store, upstream = run_store(), run_named(ttl=TTL)
    machines = [run_sharing(server_of(store), upstream, PATIENT, args=CACHE)
                for _ in range(MACHINES)]
    machines[0].ask("hot.example.")
    store.wait_for_answers(1)
    upstream.counts.clear()
    hot = Hot(machines, "hot.example.", cleanup)
    seconds = 3 * TTL + 0.5
    hot.ask_for(seconds, 50)
    assert (hot.good, hot.bad) == (hot.asked, 0)
    asked = upstream.counts["hot.example"]
    most = AT_MOST * (2 if machines[0].tarn.is_slow else 1)
    assert 2 <= asked <= most * seconds / TTL, asked


def test_a_lease_makes_a_cold_start_one_question(run_store, run_sharing, run_named, cleanup):
    """All at once, and nobody has it: one asks, the others wait for what he puts."""
    store, upstream = run_store(), run_named(delay=0.1)
    machines = [run_sharing(server_of(store), upstream, PATIENT, "lease = yes", args=CACHE)
                for _ in range(5)]
    wait_until(lambda: len(store.clients()) >= len(machines))
    names = names_of(20)
    clients = [machine.client(cleanup) for machine in machines]
    for name in names:
        for client in clients:
            client.send(name)
    for client in clients:
        assert not client.wait()
        assert_all_right(client.questions)
    # Nobody waits twice, and a slow machine may ask for one or the other name again.
    assert sum(upstream.counts[name[:-1]] for name in names) <= 2 * len(names), upstream.counts


# ---- one flush for all ---------------------------------------------------------------------------

@pytest.fixture
def fleet(run_store, run_sharing, run_named):
    """Three machines that have the answers to a, b and c; the upstream's counts are 0."""
    store, upstream = run_store(), run_named()
    machines = [run_sharing(server_of(store), upstream, PATIENT) for _ in range(3)]
    for count, name in enumerate(("a.example.", "b.example.", "c.sub.example."), 1):
        for machine in machines:
            machine.ask(name)
            store.wait_for_answers(count)
    assert sum(upstream.counts[name] for name in ("a.example", "b.example", "c.sub.example")) == 3
    upstream.counts.clear()
    return store, upstream, machines


def test_a_name_is_flushed_on_all_machines(fleet):
    store, upstream, machines = fleet
    machines[1].ctl("flush", "a.example.", "--fleet")
    wait_until(lambda: len(store.answers()) == 2)
    for machine in machines:
        wait_until(lambda one=machine: not one.ctl("explain", "a.example.").count("fresh"))
    for machine in machines:
        machine.ask("a.example.")
        store.wait_for_answers(3)
        machine.ask("b.example.")
    assert upstream.counts["a.example"] == 1
    assert upstream.counts["b.example"] == 0
    assert [machine.statuses("b.example.")[-1] for machine in machines] == ["hit"] * 3


def test_a_tree_is_flushed_on_all_machines(fleet):
    """The store's values are out of reach at once; names elsewhere stay in the first levels."""
    store, upstream, machines = fleet
    machines[2].ctl("flush-tree", "sub.example.", "--fleet")
    for machine in machines:
        wait_until(lambda one=machine: not one.ctl("explain", "c.sub.example.").count("fresh"))
    for machine in machines:
        machine.ask("b.example.")
        machine.ask("c.sub.example.")
        time.sleep(0.1)
    assert upstream.counts["c.sub.example"] == 1
    assert upstream.counts["b.example"] == 0


def test_a_machine_that_was_away_forgets_as_well(fleet):
    """It finds another epoch when its connection is back."""
    store, upstream, machines = fleet
    os.kill(machines[0].tarn.pid, 19)
    try:
        machines[1].ctl("flush-tree", ".", "--fleet")
        store.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        store.call("CLIENT", "KILL", "TYPE", "pubsub", "SKIPME", "yes")
    finally:
        os.kill(machines[0].tarn.pid, 18)
    wait_until(lambda: not machines[0].ctl("explain", "a.example.").count("fresh"))
    assert machines[0].ask("a.example.").answer
    assert upstream.counts["a.example"] == 1


@pytest.mark.parametrize("is_in_reach", [True, False])
def test_a_machine_that_was_off_forgets_as_well(run_store, run_sharing, run_named, tmp_path,
                                                is_in_reach):
    """Its file has the epoch of then; it is used until the store is in reach."""
    store, upstream = run_store(), run_named()
    lines = f"cache {{\n\tfile = {tmp_path}/cache\n}}\n"

    def start(**options):
        return run_sharing(server_of(store), upstream, PATIENT, lines=lines, **options)

    def has_answer(machine):
        return machine.ctl("explain", "a.example.").count("fresh") > 0

    machine, other = start(), run_sharing(server_of(store), upstream, PATIENT)
    machine.ask("a.example.")
    store.wait_for_answers(1)
    machine.tarn.stop()
    other.ctl("flush-tree", ".", "--fleet")
    if not is_in_reach:
        store.stop()
    machine = start(is_up=is_in_reach)
    wait_until(lambda: json.loads(machine.ctl("--json", "status"))["cache_file"]["state"] == "ready")
    if not is_in_reach:
        assert has_answer(machine)
        store.cont()
    wait_until(lambda: machine.shared()["connected"] and not has_answer(machine))
    assert machine.ask("a.example.").answer
    assert upstream.counts["a.example"] == 2


def test_messages_of_others_are_not_obeyed(fleet):
    """What was not made with the secret changes nothing, of any octets and any length."""
    store, upstream, machines = fleet
    channel = store.call("PUBSUB", "CHANNELS", "tarn1:*")[0]
    small = b"", b"\0", b"a.example.", bytes(28), b"\1\1" + bytes(40), b"\xff" * 255
    for octets in small:
        assert store.call("PUBLISH", channel, octets) == len(machines)
    for machine in machines:
        wait_until(lambda one=machine: one.shared()["flushes_rejected"] >= len(small))
    for octets in (b"\1" * 5000, bytes(1 << 20)):
        store.call("PUBLISH", channel, octets)
        time.sleep(0.1)
        # Such a connection may be closed; then it is made again.
        wait_until(lambda: store.call("PUBSUB", "NUMSUB", channel)[1] == len(machines))
    for machine in machines:
        for name in ("a.example.", "b.example.", "c.sub.example."):
            machine.ask(name)
            assert machine.statuses(name)[-1] == "hit"
    assert not upstream.count()


# ---- where the store is --------------------------------------------------------------------------

def run_sentinel(run_store, primary, quorum=1):
    program = find_program().replace("-server", "-sentinel")
    if not os.access(program, os.X_OK) and "valkey" in program:
        pytest.skip("no sentinel on this machine")
    return run_store(f"sentinel monitor mymaster 127.0.0.1 {primary.port} {quorum}",
                     "sentinel down-after-milliseconds mymaster 500",
                     "sentinel failover-timeout mymaster 2000", name="sentinel", is_sentinel=True)


def test_sentinels_say_who_is_the_primary(run_store, run_sharing, run_named, cleanup):
    """And again after it has died: the replica takes its place, and is used. No client notices."""
    primary = run_store()
    replica = run_store(f"replicaof 127.0.0.1 {primary.port}", "repl-diskless-load disabled",
                        name="replica")
    wait_until(lambda: b"master_link_status:up" in replica.call("INFO", "replication"))
    sentinel = run_sentinel(run_store, primary)
    wait_until(lambda: b"slaves=1" in sentinel.call("INFO", "sentinel"), timeout=15)
    sharing = run_sharing(f"sentinel = {sentinel.address}", run_named(), PATIENT,
                          "master = mymaster")
    assert_all_right(ask_all(sharing, names_of(10), cleanup))
    primary.wait_for_answers(10)
    primary.kill9()
    client = sharing.client(cleanup)
    serial = iter(range(1 << 20))

    def is_used():
        client.send(f"n{next(serial)}.later.example.")
        return b"role:master" in replica.call("INFO", "replication") and len(replica.answers()) > 10
    wait_until(is_used, timeout=20)
    assert not client.wait()
    assert_all_right(client.questions)


def test_a_sentinel_that_knows_nothing_is_no_fault(run_store, run_sharing, run_named, cleanup):
    """Another master's name, and a server that is no sentinel."""
    store = run_store()
    sentinel = run_sentinel(run_store, store)
    for place in (sentinel.address, store.address):
        sharing = run_sharing(f"sentinel = {place}", run_named(), "master = other",
                              is_up=False)
        assert_all_right(ask_all(sharing, names_of(20), cleanup))
    assert not store.keys()


@pytest.fixture
def tls_store(run_store, authority, tmp_path):
    """A store over TLS, and the words for it."""
    def run(kind="name"):
        try:
            store = run_store(name=f"tls-{kind}", tls=authority.get(kind))
        except AssertionError as fault:
            pytest.skip(f"this store has no TLS: {fault}")
        return store, f"server = 127.0.0.1:{store.tls_port}"
    return run


def run_over_tls(run_sharing, place, upstream, authority, *words, **options):
    try:
        return run_sharing(place, upstream, PATIENT, "tls = yes", f'ca = "{authority.file}"', *words,
                           **options)
    except AssertionError as fault:
        if "libhiredis_ssl" in str(fault) or "hiredis" in str(fault):
            pytest.skip("libhiredis has no TLS on this machine")
        raise


def test_a_store_over_tls(tls_store, run_sharing, run_named, authority, cleanup):
    store, place = tls_store()
    sharing = run_over_tls(run_sharing, place, run_named(), authority, 'name = "dns.test"')
    assert_all_right(ask_all(sharing, names_of(10), cleanup))
    store.wait_for_answers(10)


@pytest.mark.parametrize("fault", ["other name", "other authority", "no TLS"])
def test_a_store_that_cannot_be_trusted_gets_nothing(tls_store, run_sharing, run_named, authority,
                                                    cleanup, tmp_path, fault):
    store, place = tls_store()
    name = "elsewhere.test" if fault == "other name" else "dns.test"
    if fault == "no TLS":
        place = server_of(store)
    if fault == "other authority":
        from certificates import Authority
        (tmp_path / "other").mkdir()
        authority = Authority(tmp_path / "other")
    sharing = run_over_tls(run_sharing, place, run_named(), authority, f'name = "{name}"',
                           is_up=False)
    assert_all_right(ask_all(sharing, names_of(20), cleanup))
    time.sleep(0.3)
    assert not store.keys()
