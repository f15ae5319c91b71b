# SPDX-License-Identifier: BSD-2-Clause
"""
A second level that cannot be trusted, or that does not do what it is asked: values that were swapped,
flipped, cut, forged or kept, and answers of the store that are errors, lies or no answers at all. Not one
wrong answer reaches a client, and none is missing.
"""

import os
import random
import re
import threading
import time

import pytest

from hostile_store import LIES, READS, HostileStore, always
from sharing import PATIENT, assert_all_right, server_of
from store import StoreError, wait_until
from test_second import LONG_WAIT, NO_WAIT, Load, limit, percentile, seconds_until_shared

MIB = 1024  # KiB
FLEET = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "fleet.md")


@pytest.fixture
def run_hostile(cleanup):
    def run(*args, **options):
        store = HostileStore(*args, **options)
        cleanup.callback(store.close)
        return store
    return run


def names_of(count, prefix="n"):
    return [f"{prefix}{number}.example." for number in range(count)]


def ask_all(sharing, names, cleanup):
    client = sharing.client(cleanup)
    questions = [client.send(name) for name in names]
    client.wait(questions, timeout=20)
    return questions


def fill(run_sharing, store, upstream, names, cleanup):
    """Puts the answers into the store. Returns who did."""
    writer = run_sharing(server_of(store), upstream, PATIENT)
    assert_all_right(ask_all(writer, names, cleanup))
    store.wait_for_answers(len(names))
    upstream.counts.clear()
    return writer


# ---- what is in the store ------------------------------------------------------------------------

def swap(values):
    """Each key gets the value of the next one."""
    keys = sorted(values)
    return {key: values[other] for key, other in zip(keys, keys[1:] + keys[:1])}


def flip(values):
    """One bit of each, at places that are spread evenly over the values."""
    changed = {}
    for number, (key, value) in enumerate(sorted(values.items())):
        bit = number * 8 * len(value) // len(values)
        octets = bytearray(value)
        octets[bit // 8] ^= 1 << bit % 8
        changed[key] = bytes(octets)
    return changed


def cut(values):
    return {key: value[:number * len(value) // len(values)]
            for number, (key, value) in enumerate(sorted(values.items()))}


def lengthen(values):
    return {key: value + bytes(1 + number)
            for number, (key, value) in enumerate(sorted(values.items()))}


def replace(values):
    """Octets of all lengths that nobody has made."""
    chance = random.Random(1)
    return {key: chance.randbytes(chance.choice((0, 1, 17, 40, len(value), 5000, 70_000)))
            for key, value in values.items()}


def forge(values):
    """The addresses of others, in values that are good else: without the secret there is no tag."""
    return {key: value.replace(b"\0\4\x14", b"\0\4\x15") for key, value in values.items()}


@pytest.mark.parametrize("change", [swap, flip, cut, lengthen, replace, forge])
def test_no_changed_value_is_served(run_store, run_sharing, run_named, cleanup, change):
    store, upstream, names = run_store(), run_named(), names_of(400)
    fill(run_sharing, store, upstream, names, cleanup)
    values = store.values()
    changed = change(values)
    assert all(changed[key] != values[key] for key in values)
    store.call_all([("SET", key, value, "KEEPTTL") for key, value in changed.items()])
    reader = run_sharing(server_of(store), upstream, PATIENT)
    assert_all_right(ask_all(reader, names, cleanup))
    # More than one worker or a slow upstream may ask for a name again.
    assert all(upstream.counts[name[:-1]] for name in names)
    assert not any("shared" in reader.statuses(name) for name in names[::40])
    figures = reader.shared()
    assert figures["gets"]["taken"] == 0
    # One without octets counts as none, and one that is too long as an error.
    fit = sum(0 < len(value) < 65_000 for value in changed.values())
    assert sum(figures["rejected"].values()) in range(fit // 2, fit + 1)


def test_values_that_ended_are_not_used(run_store, run_sharing, run_named):
    """Kept beyond their end by the store: the end is in the value, too."""
    store, upstream = run_store(), run_named(ttl=5)
    writer = run_sharing(server_of(store), upstream, PATIENT)
    writer.ask("a.example.")
    key, = store.wait_for_answers(1)
    store.call("PERSIST", key)
    reader = run_sharing(server_of(store), upstream, PATIENT)
    time.sleep(5.1)
    assert reader.ask("a.example.").answer[0].ttl == 5
    assert reader.statuses("a.example.") == ["miss"]
    assert reader.shared()["rejected"]["ended"] == 1


@pytest.mark.parametrize("words", [("LPUSH", "x"), ("SADD", "x"), ("HSET", "x", "y"),
                                   ("XADD", "*", "x", "y")], ids=lambda words: words[0])
def test_keys_of_another_type_are_no_fault(run_store, run_sharing, run_named, cleanup, words):
    store, upstream, names = run_store(), run_named(), names_of(20)
    fill(run_sharing, store, upstream, names, cleanup)
    keys = store.answers()
    store.call("DEL", *keys)
    store.call_all([(words[0], key, *words[1:]) for key in keys])
    reader = run_sharing(server_of(store), upstream, PATIENT)
    assert_all_right(ask_all(reader, names, cleanup))
    assert reader.shared()["gets"]["type"] >= 3


# ---- what the store refuses ----------------------------------------------------------------------

def test_a_full_store_is_no_fault(run_store, run_sharing, run_named, cleanup):
    """OOM: what is in it can be read, nothing more can be put, and clients do not notice."""
    store, upstream, names = run_store(), run_named(), names_of(20)
    fill(run_sharing, store, upstream, names, cleanup)
    store.set_config("maxmemory-policy", "noeviction")
    store.set_config("maxmemory", "1mb")
    with pytest.raises(StoreError, match="^OOM"):
        store.call("SET", "a", "b")
    reader = run_sharing(server_of(store), upstream, PATIENT)
    assert_all_right(ask_all(reader, names, cleanup))
    assert reader.statuses(names[-1]) == ["shared"]
    assert_all_right(ask_all(reader, names_of(20, "m"), cleanup))
    figures = wait_until(lambda: (found := reader.shared())["puts"]["memory"] and found)
    assert figures["gets"]["there"] >= 20
    assert len(store.answers()) == 20


def test_a_store_that_starts_full_is_no_fault(run_store, run_sharing, run_named, cleanup):
    """Not even the epoch has room."""
    store, upstream = run_store("maxmemory 1mb", "maxmemory-policy noeviction"), run_named()
    sharing = run_sharing(server_of(store), upstream)
    assert_all_right(ask_all(sharing, names_of(50), cleanup))
    assert not store.answers()


@pytest.mark.parametrize("words", [(), ("password",)], ids=["NOAUTH", "WRONGPASS"])
def test_a_wrong_password_is_no_fault(run_store, run_sharing, run_named, cleanup, tmp_path, words):
    """It is counted, it is in the log, and it ends when the password is right."""
    store = run_store("requirepass correct", login=("correct",))
    (tmp_path / "password").write_text("wrong\n")
    (tmp_path / "password").chmod(0o600)
    lines = [f'password = "{tmp_path}/{word}"' for word in words]
    sharing = run_sharing(server_of(store), run_named(), *lines, is_up=False)
    assert_all_right(ask_all(sharing, names_of(50), cleanup))
    assert not store.keys()
    sharing.tarn.wait_for_line("NOAUTH|WRONGPASS|password")
    assert "correct" not in sharing.tarn.log and "wrong\n" not in sharing.tarn.log
    store.set_config("requirepass", "wrong" if words else "")
    store.close()


def test_a_user_with_the_least_rights_is_enough(run_store, run_sharing, run_named, cleanup, tmp_path):
    """Those that docs/fleet.md gives; another one without +set can read."""
    store, names = run_store(), names_of(20)
    with open(FLEET, encoding="utf-8") as file:
        rights = re.search(r"^ *user tarn on >PASSWORD (.+)$", file.read(), re.M)[1].split()
    store.call("ACL", "SETUSER", "tarn", "on", ">secret", *rights)
    store.call("ACL", "SETUSER", "edge", "on", ">secret", "~tarn1:*", "&tarn1:*", "+get", "+ping",
               "+client|setname", "+subscribe")
    (tmp_path / "password").write_text("secret\n")
    (tmp_path / "password").chmod(0o600)
    upstream, password = run_named(), f'password = "{tmp_path}/password"'
    writer = run_sharing(server_of(store), upstream, PATIENT, "user = tarn", password)
    assert_all_right(ask_all(writer, names, cleanup))
    store.wait_for_answers(20)
    edge = run_sharing(server_of(store), upstream, PATIENT, "user = edge", password)
    assert_all_right(ask_all(edge, names + names_of(20, "m"), cleanup))
    assert edge.statuses(names[-1]) == ["shared"]
    wait_until(lambda: edge.shared()["puts"]["access"])
    assert len(store.answers()) == 20
    log = store.call("ACL", "LOG")
    assert all(b"edge" in entry for entry in log), log


def test_a_replica_is_read_and_not_written(run_store, run_sharing, run_named, cleanup):
    """As the server it refuses what is put; as `replica` it is read, and the server is written."""
    primary = run_store()
    replica = run_store(f"replicaof 127.0.0.1 {primary.port}", name="replica")
    wait_until(lambda: b"master_link_status:up" in replica.call("INFO", "replication"))
    upstream, names = run_named(), names_of(20)
    fill(run_sharing, primary, upstream, names, cleanup)
    wait_until(lambda: len(replica.answers()) == 20)
    wrong = run_sharing(server_of(replica), upstream, PATIENT)
    assert_all_right(ask_all(wrong, names + names_of(10, "m"), cleanup))
    assert wrong.statuses(names[0]) == ["shared"]
    wait_until(lambda: wrong.shared()["puts"]["read_only"])
    right = run_sharing(server_of(primary), upstream, PATIENT, f"replica = {replica.address}")
    replica.call("CONFIG", "RESETSTAT")
    assert_all_right(ask_all(right, names + names_of(10, "m"), cleanup))
    assert right.statuses(names[0]) == ["shared"]
    primary.wait_for_answers(30)
    assert b"cmdstat_get" in replica.call("INFO", "commandstats")


def test_who_may_only_read_puts_nothing(run_store, run_sharing, run_named, cleanup):
    store, upstream, names = run_store(), run_named(), names_of(20)
    fill(run_sharing, store, upstream, names, cleanup)
    reader = run_sharing(server_of(store), upstream, PATIENT, "read-only = yes")
    assert_all_right(ask_all(reader, names + names_of(20, "m"), cleanup))
    assert reader.statuses(names[0]) == ["shared"]
    time.sleep(0.1)
    assert len(store.answers()) == 20


# ---- a store that lies ---------------------------------------------------------------------------

class Victim:
    """tarn with a store of its own that lies, and questions to it."""

    def __init__(self, run_sharing, cleanup, store, upstream, name):
        self.store, self.name = store, name
        self.sharing = run_sharing(server_of(store), upstream, "wait = 100ms", is_up=False)
        self.tarn = self.sharing.tarn
        self.client = self.sharing.client(cleanup)
        self.before = self.tarn.memory(), self.files()

    def files(self):
        return len(os.listdir(f"/proc/{self.tarn.pid}/fd"))

    def ask(self, names):
        for name in names:
            self.client.send(name)
            time.sleep(0.01)

    def check(self):
        """Everything has its right answer; neither memory nor descriptors have grown."""
        assert not self.client.wait(timeout=20)
        assert_all_right(self.client.questions)
        memory, files = self.tarn.memory(), self.files()
        if not self.tarn.is_slow:
            assert memory - self.before[0] < 8 * MIB, (memory, self.before)
        assert files - self.before[1] <= 16, (files, self.before)

    def check_recovery(self, names):
        self.store.lie = None
        self.store.is_deaf = False
        self.store.drop_all()
        assert seconds_until_shared(self.sharing, names) < limit(self.tarn, 2)


def run_victims(run_sharing, run_hostile, run_named, cleanup, lies, lies_about):
    """All lies at once, each to a tarn of its own; the stores have the same honest values. Those that
    lie about reading begin with it when they are connected."""
    names, upstream, origin = names_of(80), run_named(), run_hostile()
    fill(run_sharing, origin, upstream, names, cleanup)
    victims = []
    for name, lie in lies.items():
        store = run_hostile(None if lies_about is READS else lie, lies_about)
        store.values = dict(origin.values)
        victims.append(Victim(run_sharing, cleanup, store, upstream, name))
    for victim in victims if lies_about is READS else ():
        victim.sharing.wait_until_up()
        victim.store.commands.clear()
        victim.store.lie = lies[victim.name]
    # Names that are in the store and names that are not, and both again: hits.
    asked = [name for pair in zip(names[:20], names_of(20, "new")) for name in pair] * 2
    faults = {}

    def run(victim):
        try:
            victim.ask(asked)
            victim.check()
            assert victim.store.count(*lies_about), set(victim.store.commands)
            victim.check_recovery(names[20:])
        except Exception as fault:  # all of them are reported at the end
            faults[victim.name] = repr(fault)
    threads = [threading.Thread(target=run, args=(victim,)) for victim in victims]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, "\n".join(f"{name}: {fault}" for name, fault in faults.items())


GROUPS = 4


@pytest.mark.parametrize("group", range(GROUPS))
def test_no_lie_about_a_value_is_believed(run_sharing, run_hostile, run_named, cleanup, group):
    lies = dict(list(LIES.items())[group::GROUPS])
    run_victims(run_sharing, run_hostile, run_named, cleanup, lies, READS)


COMMANDS = (*READS, b"SET", b"PING", b"AUTH", b"SELECT", b"CLIENT", b"SUBSCRIBE", b"HELLO", b"DEL")


def test_no_lie_about_any_command_is_a_fault(run_sharing, run_hostile, run_named, cleanup):
    """From the first one on: the connection does not even come up."""
    lies = {name: LIES[name] for name in (
        "silent", "closes each", "closes each 3rd", "half", "stuck", "zeros", "HTTP", "not a type",
        "number", "nested arrays", "length of 512 MiB", "error LOADING 7", "error NOAUTH 4", "push")}
    run_victims(run_sharing, run_hostile, run_named, cleanup, lies, COMMANDS)


def test_a_flood_in_place_of_a_value_takes_no_memory(run_sharing, run_hostile, run_named, cleanup):
    """The head of half a gibibyte, and all that follows."""
    def flood(_words, _octets):
        return b"$536870912\r\n" + bytes(48 << 20)

    store = run_hostile()
    victim = Victim(run_sharing, cleanup, store, run_named(), "flood")
    victim.sharing.wait_until_up()
    store.lie = flood
    peak = []
    is_over = threading.Event()

    def watch():
        while not is_over.wait(0.02):
            peak.append(victim.tarn.memory("VmRSS"))
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    victim.ask(names_of(60))
    time.sleep(0.5)
    is_over.set()
    watcher.join()
    victim.check()
    if not victim.tarn.is_slow:
        assert max(peak) - victim.before[0] < 16 * MIB, max(peak)


def test_a_store_that_accepts_and_says_nothing_is_no_fault(run_sharing, run_hostile, run_named,
                                                          cleanup):
    store = run_hostile()
    store.is_deaf = True
    sharing = run_sharing(server_of(store), run_named(), LONG_WAIT, is_up=False)
    load = Load(sharing, cleanup)
    hits, news = load.run(1)
    assert percentile(hits + news, 90) < limit(sharing.tarn, NO_WAIT)
    load.check()


def test_a_slow_store_does_not_make_answers_slow(run_sharing, run_hostile, run_named, cleanup):
    """200 ms for each answer: it is asked a few times, and left alone."""
    store, upstream = run_hostile(delay=0.2), run_named()
    sharing = run_sharing(server_of(store), upstream, "wait = 20ms")
    load = Load(sharing, cleanup)
    hits, news = load.run(1.5)
    assert percentile(hits, 99) < limit(sharing.tarn, NO_WAIT)
    assert percentile(news, 95) < limit(sharing.tarn, NO_WAIT)
    load.check()


def test_a_late_value_still_wins_over_a_later_upstream(run_sharing, run_hostile, run_named, cleanup):
    """The wait is over, both are asked, and the first good answer of both is taken."""
    store, names = run_hostile(), names_of(5)
    fill(run_sharing, store, run_named(), names, cleanup)
    slow = run_named(delay=2)
    reader = run_sharing(server_of(store), slow, "wait = 5ms")
    store.delay = 0.2
    asked, = ask_all(reader, names[:1], cleanup)
    assert_all_right([asked])
    assert 0.15 < asked.seconds < limit(reader.tarn, 1.5)
    assert reader.statuses(names[0]) == ["shared"]


def test_nothing_is_left_when_it_stops_under_load(run_hostile, run_sharing, run_named, cleanup):
    """SIGTERM with requests outstanding at a store that is silent, and questions at an upstream."""
    store = run_hostile()
    sharing = run_sharing(server_of(store), run_named(delay=0.5), PATIENT)
    store.lie = always(None)
    client = sharing.client(cleanup)
    for name in names_of(200):
        client.send(name)
    time.sleep(0.1)
    began = time.monotonic()
    sharing.tarn.stop()
    assert time.monotonic() - began < limit(sharing.tarn, 3)
