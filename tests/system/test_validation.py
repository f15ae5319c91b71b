# SPDX-License-Identifier: BSD-2-Clause
"""
Validation in the signed world (signed/world.py): every case in five ways, behind unbound and behind
BIND; servers that lie, and others that do better.
"""

import dns.flags
import dns.message
import dns.rcode
import pytest

from client import Client

pytest.importorskip("cryptography")
from signed import chapters, compare, peers, processes  # noqa: E402
from signed.liar import Stripper  # noqa: E402
from signed.world import BOGUS  # noqa: E402
from signed.zones_names import HOST, UNSIGNED_NETWORK  # noqa: E402

# RFC 8914 section 4.11.
RRSIGS_MISSING = 10


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = chapters.make_world(str(tmp_path_factory.mktemp("signed")))
    try:
        made.start()
        yield made
    finally:
        made.close()


@pytest.fixture
def run_validator(world, tmp_path, cleanup):
    """Starts tarn with the world's anchors: run_validator(upstreams, "--workers", 2)."""
    def run(upstreams, *args):
        tarn = processes.tarn(str(tmp_path), world, upstreams, *args)
        cleanup.callback(tarn.kill)
        cleanup.callback(tarn.stop)
        return tarn
    return run


def need(program):
    if not processes.find(program):
        pytest.skip(f"no {program} on this machine")


def ask(tarn, name, rrtype="A", cd=False):
    flags = dns.flags.RD | (dns.flags.CD if cd else 0)
    return tarn.udp(dns.message.make_query(name, rrtype, flags=flags, want_dnssec=True))


@pytest.mark.parametrize("kind", processes.RECURSORS)
def test_every_verdict_is_the_expected_one(world, run_validator, kind, capsys):
    need(kind)
    truth = compare.ask_truth(world.liar(kind), world.cases)
    tarn = run_validator([world.liar(kind)])
    report, = compare.compare({"tarn": tarn}, world.cases, truth, kind)
    with capsys.disabled():
        print("\n  " + "\n  ".join(report.summary()))
    details = list(report.details())
    assert not details, f"{len(report.differences)} cases:\n" + "\n".join(details[:200])


def test_lie_of_one_server_is_put_right_by_another(world, run_validator):
    """What is bogus is asked of one more server before that is told."""
    need("unbound")
    # What is said of an unsigned zone's own data can be a lie as well as not.
    cases = [case for case in world.cases if case.chapter in peers.LIED and
             case.verdicts == (BOGUS,) and not case.name.startswith("apex.")]
    honest = world.recursor("unbound")
    truth = compare.ask_truth(honest, cases)
    tarn = run_validator([world.liar("unbound"), honest], "--selection", "sequential")
    wrong = [f"{case}: {heard['DO'].rcode} {heard['DO'].errors()} instead of {true.rcode}"
             for case, heard, true in zip(cases, compare.ask_all(tarn, cases, ["DO"]), truth)
             if heard["DO"].rcode != true.rcode or heard["DO"].records() != true.records()]
    assert not wrong, f"{len(wrong)} of {len(cases)}:\n" + "\n".join(wrong)


def test_server_without_signatures_is_not_believed(world, run_validator):
    """RFC 4035 section 5: neither what is signed nor what is said to be unsigned; CD has it all."""
    need("unbound")
    tarn = run_validator([world.liar("unbound", Stripper)])
    for name in ("www.nsec.example.", "nowhere.nsec.example.", "www.plain."):
        for _ in range(2):
            message = ask(tarn, name)
            heard = compare.Heard("", False, message)
            assert message.rcode() == dns.rcode.SERVFAIL, message
            assert RRSIGS_MISSING in heard.errors(), message
        assert ask(tarn, name, cd=True).rcode() != dns.rcode.SERVFAIL


def test_server_without_signatures_is_left_for_another(world, run_validator):
    need("unbound")
    tarn = run_validator([world.liar("unbound", Stripper), world.recursor("unbound")],
                         "--selection", "sequential")
    for name in ("www.nsec.example.", "www.alg15.example.", "x.wild.nsec3.example."):
        message = ask(tarn, name)
        assert message.flags & dns.flags.AD and message.answer, message
    message = ask(tarn, "www.plain.")
    assert not message.flags & dns.flags.AD and message.answer, message


# A DS and a DNSKEY of the root, arpa, ip6.arpa and the name, the question, and a few more.
DEEP_QUESTIONS_MAX = 15


def test_name_of_many_labels_takes_few_questions(world, run_validator):
    """Of 32 labels three are cuts: no label is asked about for itself."""
    need("unbound")
    liar = world.liar("unbound")
    tarn = run_validator([liar])
    message = ask(tarn, f"{HOST}.{UNSIGNED_NETWORK}", "PTR")
    assert message.answer and not message.flags & dns.flags.AD, message
    asked = [f"{question.name} {question.type}" for question in liar.questions]
    assert len(asked) <= DEEP_QUESTIONS_MAX, "\n".join(asked)
    before = liar.count()
    assert ask(tarn, f"2{HOST[1:]}.{UNSIGNED_NETWORK}", "PTR").rcode() == dns.rcode.NXDOMAIN
    assert liar.count() - before <= 2, "what is known of the zone is not used"


# Once, and again if the liar is slow.
EACH_MAX = 3


def test_names_of_a_cold_zone_share_its_chain(world, run_validator):
    """However many are asked for at once, its DS and DNSKEY are asked for once."""
    need("unbound")
    liar = world.liar("unbound")
    tarn = run_validator([liar], "--workers", 2)
    with Client("127.0.0.1", tarn.port) as client:
        for number in range(100):
            client.send(f"n{number}.wild.nsec.example.")
        assert not client.wait(timeout=20)
        assert all(asked.is_good for asked in client.questions)
    asked = [(question.name, question.type) for question in liar.questions]
    for zone in (".", "example.", "nsec.example."):
        for rrtype in ("DS", "DNSKEY"):
            assert asked.count((zone, rrtype)) <= EACH_MAX, (zone, rrtype)
    assert ("nsec.example.", "DNSKEY") in asked
