# SPDX-License-Identifier: BSD-2-Clause
"""docs/examples/safesearch.rpz, as tarn reads it."""

import os
import re

import dns.rdatatype
import pytest

from upstream import reply

ZONE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "examples",
                    "safesearch.rpz")
with open(ZONE, encoding="ascii") as zone:
    RULES = re.findall(r"^(\S+)\s+CNAME\s+(\S+)$", zone.read(), re.M)
TARGETS = {
    "google": "forcesafesearch.google.com.",
    "bing": "strict.bing.com.",
    "duckduckgo": "safe.duckduckgo.com.",
    "youtube": "restrict.youtube.com.",
    "googleapis": "restrict.youtube.com.",
    "youtube-nocookie": "restrict.youtube.com.",
}


def addresses_and_hints(question):
    """An upstream at which each name has addresses of both families, and hints for browsers."""
    data = {"A": "192.0.2.1", "AAAA": "2001:db8::1", "HTTPS": "1 . ipv6hint=2001:db8::1"}
    return reply(question, f"{question.name} 300 IN {question.type} {data[question.type]}")


@pytest.fixture
def tarn(run_tarn, run_upstream, tmp_path):
    path = tmp_path / "tarn.conf"
    path.write_text(f'rpz "safe search" {{ file = "{os.path.realpath(ZONE)}" }}\nstate = none\n',
                    encoding="utf-8")
    return run_tarn("--config", path, upstreams=[run_upstream(addresses_and_hints)])


def test_each_name_is_in_the_zone_once():
    owners = [owner for owner, _ in RULES]
    assert len(owners) == len(set(owners)) > 190


@pytest.mark.parametrize("rrtype", ["A", "AAAA", "HTTPS"])
def test_all_types_lead_to_the_safe_server(tarn, rrtype):
    for owner, target in RULES:
        engine = next(label for label in owner.split(".") if label in TARGETS)
        answer = tarn.ask(owner + ".", rrtype).answer
        assert target == TARGETS[engine], owner
        assert [(rrset.name.to_text(), dns.rdatatype.to_text(rrset.rdtype)) for rrset in answer] == \
            [(owner + ".", "CNAME"), (target, rrtype)], owner
        assert answer[0][0].target.to_text() == target


def test_other_names_are_left_alone(tarn):
    for name in ("mail.google.com.", "a.www.google.com.", "forcesafesearch.google.com.",
                 "www.example."):
        assert [rrset.name.to_text() for rrset in tarn.ask(name).answer] == [name]
