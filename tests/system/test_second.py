# SPDX-License-Identifier: BSD-2-Clause
"""
The second level of the cache: what one tarn has asked its upstream, another one takes from the store
that both share; and a store that stops, dies, is slow or is not there costs no client its answer.
"""

import re
import time

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

import mixture
import servers
from mixture import DEAD
from servers import SignedZone, free_port
from sharing import PATIENT, assert_all_right, server_of, socket_of
from store import wait_until
from upstream import reply

SOA = "example. 300 IN SOA ns.example. a.example. 1 2 3 4 300"
RRSIG = "a.example. 300 IN RRSIG A 13 2 300 20400101000000 20200101000000 1 example. AAAA"
BACK_WITHIN = 1.0
# Above what any answer takes that does not wait, on a busy machine.
LONG_WAIT = "wait = 400ms"
NO_WAIT = 0.2
DEAD_RATE = 10  # names a second that are never answered


def limit(tarn, seconds):
    """The time limit in seconds; it is longer for sanitizers and valgrind."""
    return seconds * 5 if tarn.is_slow else seconds


# ---- what is shared ------------------------------------------------------------------------------

def give_all_kinds(question):
    """Answers of all kinds; the first label says which."""
    kind = question.name.split(".")[0]
    if kind == "alias":
        return reply(question, f"{question.name} 300 IN CNAME b.example.",
                     "b.example. 200 IN CNAME c.example.", "c.example. 250 IN A 192.0.2.3")
    if kind == "nodata":
        return reply(question, authority=[SOA])
    if kind == "nothing":
        return reply(question, authority=[SOA], rcode=dns.rcode.NXDOMAIN)
    if kind == "big":
        return reply(question, *(f'{question.name} 300 IN TXT "{number:0200}"'
                                 for number in range(20)))
    if question.message.ednsflags & dns.flags.DO:
        return reply(question, f"{question.name} 300 IN A 192.0.2.4", RRSIG)
    # Another address each time it is asked.
    give_all_kinds.count += 1
    return reply(question, f"{question.name} 300 IN A 192.0.2.{give_all_kinds.count}")


give_all_kinds.count = 10

KINDS = {
    "address": ("a.example.", "A", {}),
    "chain": ("alias.example.", "A", {}),
    "NODATA": ("nodata.example.", "AAAA", {}),
    "NXDOMAIN": ("nothing.example.", "A", {}),
    "20 texts": ("big.example.", "TXT", {}),
    "DO": ("a.example.", "A", {"want_dnssec": True}),
    "CD": ("a.example.", "A", {"flags": dns.flags.RD | dns.flags.CD}),
}


def shape(message):
    """What two answers must have in common."""
    return (message.rcode(), message.flags, message.ednsflags,
            [sorted((rrset.name, rrset.rdtype, sorted(rd.to_text() for rd in rrset))
                    for rrset in section) for section in (message.answer, message.authority)])


def ttls(message):
    return [rrset.ttl for section in (message.answer, message.authority) for rrset in section]


@pytest.mark.parametrize("place", [server_of, socket_of], ids=["TCP", "socket"])
def test_one_asks_and_the_others_know(run_store, run_sharing, run_upstream, place):
    """Every kind of answer, with the TTL that is left; the next time it is a hit like others."""
    store, upstream = run_store(), run_upstream(give_all_kinds)
    first, second = (run_sharing(place(store), upstream, PATIENT) for _ in range(2))
    for count, (kind, (name, rrtype, options)) in enumerate(KINDS.items(), 1):
        query = dns.message.make_query(name, rrtype, use_edns=0, **options)
        told = first.tarn.tcp(query)
        store.wait_for_answers(count)
        assert first.statuses(name)[-1] == "miss", kind
        asked = upstream.count()
        if kind == "address":
            time.sleep(1.1)
        taken = second.tarn.tcp(query)
        again = second.tarn.tcp(query)
        assert upstream.count() == asked, kind
        assert shape(taken) == shape(told) == shape(again), kind
        assert second.statuses(name)[-2:] == ["shared", "hit"], kind
        for before, ttl, later in zip(ttls(told), ttls(taken), ttls(again)):
            assert before - 5 <= ttl <= before - (kind == "address"), kind
            assert ttl - 5 <= later <= ttl, kind
    # The one for 20 texts over TCP as well; a busy machine may ask for one or the other again.
    assert len(KINDS) <= upstream.count() <= 2 * len(KINDS)


def test_values_end_when_their_answers_do(run_store, run_sharing, run_named):
    """With `stale = yes` they outlive them, for as long as stale answers are used."""
    store, other = run_store(), run_store(name="other")
    upstream = run_named(ttl=100)
    plain = run_sharing(server_of(store), upstream, PATIENT)
    stale = run_sharing(server_of(other), upstream, PATIENT, "stale = yes",
                        args=("--workers", 1, "--serve-stale", "1h"))
    for sharing, where, more in ((plain, store, 0), (stale, other, 3600)):
        sharing.ask("a.example.")
        key, = where.wait_for_answers(1)
        assert 90_000 + 1000 * more < where.ttl_ms(key) <= 100_000 + 1000 * more


def test_what_dies_soon_is_not_put(run_store, run_sharing, run_upstream):
    """TTLs of 0 and 4 are gone before anybody else has them."""
    def by_name(question):
        return reply(question, f"{question.name} {question.name[1]} IN A 192.0.2.1")

    store, upstream = run_store(), run_upstream(by_name)
    sharing = run_sharing(server_of(store), upstream, PATIENT)
    for ttl in (0, 4, 5, 9):
        assert sharing.ask(f"t{ttl}.example.").answer
    store.wait_for_answers(2)
    time.sleep(0.1)
    assert len(store.answers()) == 2


def test_own_words_and_failures_are_not_put(run_store, run_sharing, run_upstream):
    """Local data, special names, blocked names, errors, and the own questions of a tarn."""
    def some_fail(question):
        if question.name.startswith("bad"):
            return reply(question, rcode=dns.rcode.SERVFAIL)
        return give_all_kinds(question)

    store, upstream = run_store(), run_upstream(some_fail)
    sharing = run_sharing(
        server_of(store), upstream, PATIENT,
        lines='local { record = "here.example. A 192.0.2.9" }\n'
              'block "mine" { name = { ads.example } }')
    for name in ("bad.example.", "here.example.", "ads.example.", "localhost.", "x.invalid."):
        sharing.ask(name)
    sharing.ask("a.example.")
    store.wait_for_answers(1)
    time.sleep(0.1)
    assert len(store.answers()) == 1


def test_lists_of_one_are_not_those_of_the_other(run_store, run_sharing, run_upstream):
    """What the upstream said is shared, not what a list made of it."""
    store, upstream = run_store(), run_upstream(give_all_kinds)
    strict = run_sharing(server_of(store), upstream, PATIENT,
                         lines='block "mine" { name = { c.example } }')
    plain = run_sharing(server_of(store), upstream, PATIENT)
    assert strict.ask("alias.example.").rcode() == dns.rcode.NXDOMAIN
    store.wait_for_answers(1)
    assert plain.ask("alias.example.").answer
    assert plain.statuses("alias.example.") == ["shared"]
    strict.ctl("flush", "alias.example.")
    assert strict.ask("alias.example.").rcode() == dns.rcode.NXDOMAIN
    assert upstream.count("alias.example.") == 1


def test_other_secrets_are_other_caches(run_store, run_sharing, run_named):
    store, upstream = run_store(), run_named()
    for number, secret in enumerate(("the secret of the first fleet", "that of the second fleet")):
        sharing = run_sharing(server_of(store), upstream, PATIENT, secret=secret)
        sharing.ask("a.example.")
        store.wait_for_answers(number + 1)
    assert upstream.counts["a.example"] == 2


def test_names_are_nowhere_in_clear_in_keys(run_store, run_sharing, run_named):
    store = run_store()
    run_sharing(server_of(store), run_named(), PATIENT).ask("telltale.example.")
    store.wait_for_answers(1)
    assert not any(b"telltale" in key.lower() for key in store.keys())


def test_many_at_once_are_one_question_of_each_level(run_store, run_sharing, run_named, cleanup):
    """A thousand clients: one GET, one question to the upstream."""
    store, upstream = run_store(), run_named(delay=0.1)
    sharing = run_sharing(server_of(store), upstream, PATIENT)
    wait_until(store.clients)
    store.call("CONFIG", "RESETSTAT")
    client = sharing.client(cleanup)
    for _ in range(1000):
        client.send("one.example.")
    assert not client.wait(timeout=20)
    assert_all_right(client.questions)
    stats = store.call("INFO", "commandstats").decode()
    gets = re.findall(r"cmdstat_get(?:range)?:calls=(\d+)", stats)
    # The epoch may be read again meanwhile.
    assert 1 <= sum(map(int, gets)) <= 2, stats
    assert upstream.counts["one.example"] == 1


# ---- validation ----------------------------------------------------------------------------------

ZONE = "signed.example"


@pytest.fixture
def zone(tmp_path, cleanup, tool):
    if not servers.is_built_with("openssl"):
        pytest.skip("tarn was built without OpenSSL")
    tool("knotd")
    (tmp_path / "zone").mkdir()
    server = SignedZone(str(tmp_path / "zone"), ZONE, ["www A 192.0.2.1", "b A 192.0.2.2"])
    cleanup.callback(server.kill)
    return server


def test_verdicts_are_shared_by_those_who_validate(run_store, run_sharing, run_upstream, zone):
    """AD comes with the answer, and without a question for keys; who does not validate has his own."""
    def ask_zone(question):
        return dns.query.tcp(dns.message.from_wire(question.wire), zone.host, 5, zone.port)

    anchored = f'dnssec {{ validate = yes anchors = none anchor = "{ZONE}. IN DNSKEY {zone.key()}" }}'
    store, upstream = run_store(), run_upstream(ask_zone)
    first, second = (run_sharing(server_of(store), upstream, PATIENT, lines=anchored)
                     for _ in range(2))
    plain = run_sharing(server_of(store), upstream, PATIENT)
    query = dns.message.make_query(f"www.{ZONE}.", "A", want_dnssec=True)
    told = first.tarn.udp(query)
    assert told.flags & dns.flags.AD and told.answer
    store.wait_for_answers(1)
    asked = upstream.count_all()
    taken = second.tarn.udp(query)
    assert second.statuses(f"www.{ZONE}.") == ["shared"]
    assert shape(taken) == shape(told)
    assert upstream.count(f"www.{ZONE}.") == 1
    assert upstream.count_all() - asked <= 1, "a chain of trust was asked for"
    clear = plain.tarn.udp(query)
    assert plain.statuses(f"www.{ZONE}.") == ["miss"]
    assert not clear.flags & dns.flags.AD and clear.answer
    assert upstream.count(f"www.{ZONE}.") == 2


# ---- outages -------------------------------------------------------------------------------------

class Load:
    """Questions in the background: hits, names that are new, and names that are never answered."""

    RATE = 100

    def __init__(self, sharing, cleanup, dead_rate=0):
        self.client, self.dead_rate = sharing.client(cleanup), dead_rate
        self.hot = [f"hot{number}.example." for number in range(10)]
        for name in self.hot:
            self.client.send(name)
        assert not self.client.wait()
        self.serial = 0

    def name(self, number):
        """Every second one is a hit."""
        self.serial += 1
        if mixture.is_dead(number, self.RATE - self.dead_rate, self.dead_rate):
            return f"{DEAD}{self.serial}.example."
        return self.hot[number % 10] if number % 2 else f"new{self.serial}.example."

    def run(self, seconds):
        """Returns the questions for hits and for new names."""
        questions = self.client.send_for(seconds, self.RATE, self.name)
        hits = [asked for asked in questions if asked.name.startswith("hot")]
        news = [asked for asked in questions if asked.name.startswith("new")]
        assert not self.client.wait(hits + news)
        return hits, news

    def check(self):
        """Everything so far; the dead names have SERVFAIL in the end, and nothing else."""
        assert not self.client.wait(timeout=15)
        dead = [asked for asked in self.client.questions if asked.name.startswith(DEAD)]
        assert all(asked.rcode == dns.rcode.SERVFAIL for asked in dead)
        assert_all_right([asked for asked in self.client.questions if asked not in dead])


def percentile(questions, percent):
    took = sorted(asked.seconds for asked in questions)
    return took[min(len(took) - 1, len(took) * percent // 100)]


def seconds_until_shared(reader, names):
    """Asks for names that are in the store, one after the other, until one is taken from it."""
    began = time.monotonic()
    for name in names:
        assert reader.ask(name).answer
        if reader.statuses(name) == ["shared"]:
            return time.monotonic() - began
        time.sleep(0.05)
    raise AssertionError(f"none of {len(names)} was taken from the store")


def seconds_until_put(writer, store):
    """Asks for new names until one is in the store."""
    began = time.monotonic()
    for number in range(200):
        assert writer.ask(f"put{number}.example.").answer
        if store.answers():
            return time.monotonic() - began
        time.sleep(0.05)
    raise AssertionError("nothing was put")


def test_a_store_that_is_stopped_costs_its_wait_and_then_nothing(run_store, run_sharing, run_named,
                                                                 cleanup):
    """SIGSTOP: hits do not notice; misses wait no longer than told, and not at all once the breaker
    is open. SIGCONT: it is used again within a second."""
    store, upstream = run_store(), run_named()
    writer = run_sharing(server_of(store), upstream, PATIENT)
    reader = run_sharing(server_of(store), upstream, LONG_WAIT)
    names = [f"there{number}.example." for number in range(60)]
    for name in names:
        writer.ask(name)
    store.wait_for_answers(60)
    load = Load(reader, cleanup, DEAD_RATE)
    store.stop()
    hits, news = load.run(1)
    assert percentile(hits, 99) < limit(reader.tarn, NO_WAIT)
    assert percentile(news, 99) < limit(reader.tarn, 0.4 + NO_WAIT)
    assert percentile(news, 100) > 0.35, "the first of them waited for the store"
    hits, news = load.run(1)
    assert percentile(hits, 99) < limit(reader.tarn, NO_WAIT)
    assert percentile(news, 90) < limit(reader.tarn, NO_WAIT), "the breaker is open"
    store.cont()
    assert seconds_until_shared(reader, names) < limit(reader.tarn, BACK_WITHIN + NO_WAIT)
    load.run(0.2)
    load.check()


def test_a_store_that_dies_is_used_again_when_it_is_back(run_store, run_sharing, run_named, cleanup):
    """kill -9: misses do not wait at all. A new start, empty: it is used within a second."""
    store, upstream = run_store(), run_named()
    sharing = run_sharing(server_of(store), upstream, LONG_WAIT)
    load = Load(sharing, cleanup, DEAD_RATE)
    store.kill9()
    hits, news = load.run(1)
    assert percentile(hits + news, 90) < limit(sharing.tarn, NO_WAIT)
    store.restart()
    assert seconds_until_put(sharing, store) < limit(sharing.tarn, BACK_WITHIN + NO_WAIT)
    load.run(0.2)
    load.check()


def test_a_store_that_is_not_there_at_the_start_is_used_once_it_is(run_store, run_sharing,
                                                                   run_named, cleanup):
    store, upstream = run_store(), run_named()
    store.kill9()
    sharing = run_sharing(server_of(store), upstream, LONG_WAIT, is_up=False)
    load = Load(sharing, cleanup)
    hits, news = load.run(1)
    assert percentile(hits + news, 90) < limit(sharing.tarn, NO_WAIT)
    store.restart()
    assert seconds_until_put(sharing, store) < limit(sharing.tarn, BACK_WITHIN + NO_WAIT)
    load.check()


def test_a_place_without_a_store_is_no_fault(run_sharing, run_named, tmp_path):
    """Neither a closed port nor a path that is not there ends the start."""
    for place in (f"server = 127.0.0.1:{free_port()}", f'socket = "{tmp_path}/nothing"'):
        sharing = run_sharing(place, run_named(), is_up=False)
        assert sharing.ask("a.example.").answer


def test_a_store_that_loses_its_data_loses_no_more(run_store, run_sharing, run_named):
    """FLUSHALL, under way: the epoch is gone. Nothing fails, and sharing goes on."""
    store, upstream = run_store(), run_named()
    first, second = (run_sharing(server_of(store), upstream, PATIENT) for _ in range(2))
    first.ask("a.example.")
    store.wait_for_answers(1)
    store.call("FLUSHALL")
    first.ask("b.example.")
    assert second.ask("b.example.").answer
    # Within the 10 s in which the epoch is read again, at the latest by a new connection.
    store.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

    def is_shared_again():
        is_shared_again.number += 1
        name = f"c{is_shared_again.number}.example."
        assert first.ask(name).answer
        time.sleep(0.05)
        assert second.ask(name).answer
        return upstream.counts[name[:-1]] == 1
    is_shared_again.number = 0
    wait_until(is_shared_again)
