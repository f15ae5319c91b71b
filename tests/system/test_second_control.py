# SPDX-License-Identifier: BSD-2-Clause
"""The second level as an administrator sees it: tarnctl, explain, metrics, the query log, and flushes."""

import json
import subprocess

import pytest

import exposition
import servers
from sharing import PATIENT, server_of, socket_of
from store import wait_until
from upstream import address

KEYS_OF_NAME = 692  # of 173 types in four variants


def control(machine, *args):
    return subprocess.run([servers.control_program(), "-s", machine.control, *args],
                          capture_output=True, text=True, timeout=30, check=False)


def answer(machine, *args):
    done = control(machine, "--json", *args)
    assert (done.returncode, done.stderr) == (0, ""), done
    return json.loads(done.stdout)


def fault(machine, *args):
    done = control(machine, *args)
    assert (done.returncode, done.stdout) == (1, ""), done
    return done.stderr


@pytest.fixture
def pair(run_store, run_sharing, run_named):
    """Two machines with a store, at its address and at its socket."""
    store, upstream = run_store(), run_named()
    machines = [run_sharing(place, upstream, PATIENT) for place in
                (server_of(store), socket_of(store))]
    for machine in machines:
        wait_until(lambda one=machine: one.shared()["state"] == "up")
    return store, upstream, machines


def test_status_and_shared_say_where_the_store_is(pair):
    store, _, (one, two) = pair
    for machine, place in ((one, store.address), (two, store.socket)):
        shared = answer(machine, "status")["shared"]
        assert (shared["store"], shared["state"], shared["wait_ms"]) == (place, "up", 1000)
        text = control(machine, "shared").stdout
        assert "of all machines" not in text and place in text
    store.kill9()
    wait_until(lambda: one.shared()["state"] == "not connected")
    assert one.shared()["connected"] == 0


def test_figures_are_those_of_the_answers_shared(pair):
    store, upstream, (one, two) = pair
    one.ask("a.example.")
    store.wait_for_answers(1)
    two.ask("a.example.")
    assert upstream.count() == 1
    first, second = one.shared(), two.shared()
    assert (first["gets"]["sent"], first["gets"]["absent"], first["puts"]["done"]) == (1, 1, 1)
    assert (second["gets"]["there"], second["gets"]["taken"], second["puts"]["sent"]) == (1, 1, 0)
    assert first["puts"]["octets"] == second["gets"]["octets"] > 40
    assert second["latency"]["answers"] == 1
    assert two.stats()["shared"]["gets"] == second["gets"]
    wait_until(lambda: two.statuses("a.example.") == ["shared"])
    statuses = {row["status"]: row["answers"] for row in two.stats()["answers"]}
    assert (statuses["shared"], statuses["miss"]) == (1, 0)


def test_explain_says_what_is_from_the_second_level(pair):
    store, _, (one, two) = pair
    one.ask("a.example.")
    store.wait_for_answers(1)
    two.ask("a.example.")
    assert [row["from"] for row in answer(two, "explain", "a.example.")["cache"]] == \
        ["the second level"]
    assert answer(two, "explain", "b.example.")["second_level"] == \
        "asked first, for 1000 ms at most"
    assert "second_level" not in answer(two, "explain", "localhost.")
    store.kill9()
    wait_until(lambda: answer(two, "explain", "b.example.")["second_level"] ==
               "not asked: there is no connection to the store")


def test_metrics_are_those_of_shared(pair):
    store, _, (one, two) = pair
    one.ask("a.example.")
    store.wait_for_answers(1)
    two.ask("a.example.")
    numbers = exposition.parse(control(two, "stats", "--prometheus").stdout)
    assert numbers["tarn_shared_gets_total"].value(result="there") == 1
    assert numbers["tarn_shared_taken_total"].value() == 1
    assert numbers["tarn_shared_latency_seconds"].value("_count") == 1
    assert numbers["tarn_cache_answers_total"].value(status="shared") == 1
    assert numbers["tarn_shared_connected"].value() == two.shared()["connected"]


def test_flush_for_the_fleet_says_what_was_done(pair):
    store, upstream, (one, two) = pair
    one.ask("a.example.")
    one.ask("b.example.")
    store.wait_for_answers(2)
    two.ask("a.example.")
    done = answer(one, "flush", "A.example.", "--fleet")
    # By its own message as well: who comes first.
    assert done.pop("flushed") in (0, 1)
    assert done == {"failures_forgotten": 0, "keys_removed": KEYS_OF_NAME, "published": True}
    assert len(store.answers()) == 1
    wait_until(lambda: two.shared()["flushes"] == one.shared()["flushes"] == 1)
    assert not answer(two, "explain", "a.example.")["cache"]
    done = answer(one, "flush", "b.example.", "A", "--fleet")
    assert (done["keys_removed"], done["published"], store.answers()) == (4, True, [])
    assert not answer(one, "explain", "b.example.")["cache"]
    done = answer(one, "flush-tree", "example.", "--fleet")
    assert (done["all_keys_replaced"], done["published"]) == (True, True)
    assert upstream.count() == 2


def test_flush_of_one_type_leaves_the_others(pair):
    store, _, (one, two) = pair
    for kind in ("A", "AAAA"):
        one.ask("a.example.", kind)
    store.wait_for_answers(1)
    answer(two, "flush", "a.example.", "AAAA", "--fleet")
    assert len(store.answers()) == 1
    one.ask("a.example.")
    wait_until(lambda: one.statuses("a.example.") == ["miss", "miss", "hit"])


def test_flush_without_the_store_is_one_of_this_machine(pair):
    """The exit status is 1, and says what was not done."""
    store, _, (one, two) = pair
    for machine in (one, two):
        machine.ask("a.example.")
    store.kill9()
    wait_until(lambda: one.shared()["state"] == "not connected")
    assert fault(one, "flush", "a.example.", "--fleet") == (
        "tarnctl: 1 answers were removed here, but not on all machines: "
        "there is no connection to the store\n")
    assert not answer(one, "explain", "a.example.")["cache"]
    assert answer(two, "explain", "a.example.")["cache"]


def test_flush_gives_up_a_store_that_is_silent(pair):
    store, _, (one, _) = pair
    one.ask("a.example.")
    store.stop()
    try:
        text = fault(one, "flush-tree", ".", "--fleet")
    finally:
        store.cont()
    assert text.startswith("tarnctl: 1 answers were removed here, but not on all machines: ")
    wait_until(lambda: answer(one, "flush-tree", ".", "--fleet")["published"])


@pytest.mark.parametrize("lacks", ["+del", "+publish", "&tarn1:*"])
def test_flush_that_the_store_does_not_permit(run_store, run_sharing, run_named, lacks):
    """Nor is it one that other machines are not told of."""
    rights = ["~tarn1:*", "resetchannels", "&tarn1:*", "+@connection", "+get", "+set", "+del",
              "+subscribe", "+publish"]
    rights.remove(lacks)
    store = run_store("user tarn on >secret " + " ".join(rights))
    password = store.directory + "/password"
    with open(password, "w", encoding="ascii") as file:
        file.write("secret\n")
    machine = run_sharing(server_of(store), run_named(), PATIENT, "user = tarn",
                          f'password = "{password}"')
    wait_until(lambda: machine.shared()["state"] == "up")
    machine.ask("a.example.")
    store.wait_for_answers(1)
    assert fault(machine, "flush", "a.example.", "--fleet").endswith(
        ": the store does not permit it\n")
    assert machine.shared()["flushes"] == 0


def test_without_a_second_level_there_is_nothing_to_show(run_tarn, run_upstream, tmp_path):
    path = str(tmp_path / "c")
    run_tarn("--control", path, upstreams=[run_upstream(address())])

    class Machine:
        control = path
    for words in (("shared",), ("flush", "a.example.", "--fleet"), ("flush-tree", ".", "--fleet")):
        assert "there is no second level" in fault(Machine, *words)
    assert "shared" not in answer(Machine, "status") | answer(Machine, "stats")
    assert "tarn_shared" not in control(Machine, "stats", "--prometheus").stdout
    assert "second_level" not in answer(Machine, "explain", "a.example.")
    assert "usage" in fault(Machine, "flush", "a.example.", "A", "B")
    assert "usage" in fault(Machine, "flush-tree", "a.example.", "A")
