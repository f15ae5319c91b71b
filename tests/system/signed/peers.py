# SPDX-License-Identifier: BSD-2-Clause
"""
Where validators differ from what is expected in many cases. What concerns one case stands in it.
Versions: those of Debian 12, unbound 1.17.1, BIND 9.18, Knot Resolver 5.6.
"""

import re

LIED = ("stripped", "replayed", "forged", "more", "online")
REASONS = []


def reason(*peers):
    """A function that returns true for a fault that is the peer's way."""
    def add(function):
        REASONS.append((peers, function.__name__.replace("_", " "), function))
        return function
    return add


@reason("unbound", "named", "kresd")
def it_puts_answers_together_from_several_questions(case, fault, _heard):
    """To a lie about one of them the others are not lied about."""
    return case.chapter in LIED and fault.kind in ("CD", "records")


@reason("kresd")
def it_answers_from_denials_in_its_cache(case, fault, heard):
    """RFC 8198: the truth, which it has from another question."""
    return case.chapter in LIED and fault.kind in ("verdict", "rcode", "AD") and any(
        one.rcode != "SERVFAIL" for way, one in heard.items() if way != "CD")


@reason("kresd")
def it_takes_unsigned_denials_from_its_cache(case, fault, _heard):
    """The second answer is secure."""
    return "-unsigned." in case.name and case.chapter == "denials" and \
        fault.kind in ("verdict", "rcode", "AD", "records")


@reason("kresd")
def it_shows_an_alias_beside_SERVFAIL(_case, fault, _heard):
    return fault.kind == "records" and fault.text.endswith("beside SERVFAIL")


@reason("kresd")
def it_leaves_out_the_DNAME_in_later_answers(case, fault, _heard):
    return fault.kind in ("records", "CD") and re.search(r"\b(old|dplain|dbogus)\.", case.name)


@reason("unbound", "kresd")
def it_gives_the_rcode_of_what_is_proved(case, fault, _heard):
    return "with the other rcode" in case.why and fault.kind in ("verdict", "rcode", "AD", "CD")


@reason("tarn")
def it_takes_YXDOMAIN_for_a_failure(case, fault, _heard):
    """RFC 6672 section 2.2: an answer, with the DNAME."""
    return case.rcode == "YXDOMAIN" and fault.kind in ("CD", "EDE")


def explain(peer, case, fault, heard):
    """The reason, or None."""
    return next((name for peers, name, applies in REASONS
                 if peer in peers and applies(case, fault, heard)), None)
