# SPDX-License-Identifier: BSD-2-Clause
"""
The signed world (signed/world.py) is what its cases say: the upstream says what they are about, and
other validators come to the expected verdicts, or differ for a reason that is written down.
"""

import pytest

import servers

pytest.importorskip("cryptography")
from signed import chapters, compare, processes  # noqa: E402


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = chapters.make_world(str(tmp_path_factory.mktemp("signed")))
    try:
        made.start()
        yield made
    finally:
        made.close()


def need(program):
    if not processes.find(program):
        pytest.skip(f"no {program} on this machine")


def test_no_question_has_two_cases(world):
    asked = [str(case).lower() for case in world.cases]
    assert len(asked) == len(set(asked)), sorted({one for one in asked if asked.count(one) > 1})


def test_every_lie_has_a_case(world):
    """Or one below it, of what depends on a DS or DNSKEY that is lied about."""
    asked = {case.name.lower() for case in world.cases}
    for name, rrtype in world.lies:
        text = name.to_text()
        assert text in asked or any(one.endswith("." + text) for one in asked), (text, rrtype)


@pytest.mark.parametrize("kind", processes.RECURSORS)
def test_upstream_says_what_the_cases_are_about(world, kind):
    need(kind)
    truth = compare.ask_truth(world.liar(kind), world.cases)
    wrong = [f"{case}: {true.rcode} instead of {case.rcode}"
             for case, true in zip(world.cases, truth) if true.rcode != case.rcode]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("peer", processes.PEERS)
def test_every_difference_of_a_peer_has_a_reason(world, peer, capsys):
    """What all validators agree on is expected of tarn as well."""
    need("unbound")
    need(peer)
    if servers.is_sanitized():
        pytest.skip("the program makes no difference, and takes the time of its other tests")
    truth = compare.ask_truth(world.liar("unbound"), world.cases)
    server = world.peer(peer, world.liar("unbound"))
    report, = compare.compare({peer: server}, world.cases, truth, "unbound")
    with capsys.disabled():
        print("\n  " + "\n  ".join(report.summary()))
    assert not report.differences, "\n".join(report.details())
