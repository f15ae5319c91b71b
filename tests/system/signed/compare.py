# SPDX-License-Identifier: BSD-2-Clause
"""
The cases of the signed world, asked of a validator in five ways, and what is wrong with what it
answers.

	DO        an answer, with signatures and AD
	again     the same, from the cache
	AD        without signatures, with AD
	plain     neither
	CD        what the upstream says, whatever it is worth
"""

import threading
from collections import Counter
from typing import NamedTuple

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

from signed import peers
from signed.signer import NSEC, NSEC3, RRSIG
from signed.world import BOGUS, INSECURE, SECURE, SLOW

RD, AD, CD, TC = dns.flags.RD, dns.flags.AD, dns.flags.CD, dns.flags.TC
WAYS = {"DO": (0, True), "again": (0, True), "AD": (AD, False), "plain": (0, False),
        "CD": (CD, False)}
TIMEOUT = 15  # seconds; some peers ask a liar several times before they do not believe it
SILENT = "silent"
THREADS = 4  # for each validator: while one waits, the others ask
REMEMBERED_FAILURE = 13  # RFC 8914 section 4.14


class Fault(NamedTuple):
    kind: str  # verdict, silent, rcode, records, AD, proofs, CD; of tarn also EDE, TTL
    text: str


class Heard(NamedTuple):
    """An answer; without a message: none came."""
    rcode: str
    has_ad: bool
    message: dns.message.Message

    def rrsets(self):
        return self.message.answer + self.message.authority if self.message else []

    def records(self):
        """Those of the answer section, without signatures and times."""
        return {(rrset.name, rrset.rdtype, one)
                for rrset in (self.message.answer if self.message else []) for one in rrset
                if rrset.rdtype != RRSIG}

    def own_records(self, case):
        """Those of the question's own name and type."""
        return {record for record in self.records()
                if (record[0].to_text().lower(), dns.rdatatype.to_text(record[1])) ==
                (case.name.lower(), case.type)}

    def errors(self):
        return {int(option.code): option.text for option in
                (self.message.options if self.message else [])
                if option.otype == dns.edns.OptionType.EDE}

    def has_proofs(self, case):
        return any(rrset.rdtype in (RRSIG, NSEC, NSEC3) and
                   dns.rdatatype.to_text(rrset.rdtype) != case.type for rrset in self.rrsets())

    def ttls(self):
        return {(rrset.name, rrset.rdtype): rrset.ttl for rrset in self.rrsets()
                if rrset.rdtype != RRSIG}


# ---- asking ------------------------------------------------------------------------------------

def ask(server, case, way):
    flags, do = WAYS[way]
    query = dns.message.make_query(case.name, case.type, flags=RD | flags, want_dnssec=do,
                                   use_edns=0, payload=1232)
    try:
        message = dns.query.udp(query, server.host, TIMEOUT, server.port)
        if message.flags & TC:
            message = dns.query.tcp(query, server.host, TIMEOUT, server.port)
    except (dns.exception.Timeout, OSError, EOFError):
        return Heard(SILENT, False, None)
    return Heard(dns.rcode.to_text(message.rcode()), bool(message.flags & AD), message)


def ask_all(server, cases, ways=WAYS):
    """Returns for each case what was heard, by way."""
    heard = [None] * len(cases)
    left, lock = list(range(len(cases)))[::-1], threading.Lock()

    def run():
        while True:
            with lock:
                if not left:
                    return
                number = left.pop()
            heard[number] = {way: ask(server, cases[number], way) for way in ways}

    threads = [threading.Thread(target=run, daemon=True) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return heard


def ask_truth(upstream, cases):
    """What there is to judge."""
    return [heard["CD"] for heard in ask_all(upstream, cases, ["CD"])]


# ---- judging -----------------------------------------------------------------------------------

def verdict_of(heard):
    first = heard["DO"]
    if first.rcode == SILENT:
        return SILENT
    if first.rcode == "SERVFAIL":
        return BOGUS
    return SECURE if first.has_ad else INSECURE


def is_lied_about(case):
    return case.chapter in peers.LIED


def has_records_of(one, truth, case):
    """What a lie adds may be left out."""
    if is_lied_about(case):
        return one.own_records(case) == truth.own_records(case)
    return one.records() == truth.records()


def find_faults(case, heard, truth):
    """What is wrong whoever says it. All ways have to agree with the first."""
    verdict = verdict_of(heard)
    if verdict not in case.verdicts:
        yield Fault("verdict", f"{verdict} instead of {' or '.join(case.verdicts)}")
    for way, one in heard.items():
        if one.rcode == SILENT:
            yield Fault("silent", way)
        elif way == "CD":
            yield from find_faults_with_cd(case, one, truth)
        else:
            yield from find_faults_of_way(case, way, one, verdict, heard["DO"], truth)


def find_faults_with_cd(case, one, truth):
    if one.has_ad:
        yield Fault("AD", "CD: AD is 1")
    if one.rcode != truth.rcode:
        yield Fault("CD", f"{one.rcode} instead of the upstream's {truth.rcode}")
    elif not has_records_of(one, truth, case):
        yield Fault("CD", f"other records than the upstream's: {one.records() ^ truth.records()}")
    if one.has_proofs(case):
        yield Fault("proofs", "CD: without DO")


def find_faults_of_way(case, way, one, verdict, first, truth):
    if one.has_ad != (verdict == SECURE and way != "plain"):
        yield Fault("AD", f"{way}: AD is {int(one.has_ad)}")
    if way not in ("DO", "again") and one.has_proofs(case):
        yield Fault("proofs", f"{way}: without DO")
    if verdict == BOGUS:
        if one.rcode != "SERVFAIL":
            yield Fault("rcode", f"{way}: {one.rcode} of what is bogus")
        elif one.records():
            yield Fault("records", f"{way}: records beside SERVFAIL")
        return
    if one.rcode != case.rcode:
        yield Fault("rcode", f"{way}: {one.rcode} instead of {case.rcode}")
    elif not has_records_of(one, truth, case):
        yield Fault("records",
                    f"{way}: other than the upstream's: {one.records() ^ truth.records()}")
    elif one.records() != first.records():
        yield Fault("records", f"{way}: other than at first: {one.records() ^ first.records()}")


def find_faults_of_tarn(case, heard):
    """What tarn promises besides: codes, times that are cut from the first answer on."""
    first, again = heard["DO"], heard["again"]
    codes, later = set(first.errors()), set(again.errors())
    if case.codes and not codes & set(case.codes) and (codes or 0 not in case.codes):
        yield Fault("EDE", f"{first.errors()} instead of one of {case.codes}")
    if not case.codes and codes and verdict_of(heard) != BOGUS:
        yield Fault("EDE", f"{first.errors()} with an answer")
    if not codes <= later or later - codes - {REMEMBERED_FAILURE}:
        yield Fault("EDE", f"{first.errors()} at first, then {again.errors()}")
    for way, one in heard.items():
        if case.ttl and way != "CD" and any(ttl > case.ttl for ttl in one.ttls().values()):
            yield Fault("TTL", f"{way}: {max(one.ttls().values())}, more than {case.ttl}")
    if verdict_of(heard) == SECURE:
        yield from find_long_lives(first)
    before, after = first.ttls(), again.ttls()
    if before.keys() != after.keys():
        yield Fault("records", f"other RRsets in the second answer: {before.keys() ^ after.keys()}")
    elif 0 not in before.values() and any(after[key] > ttl for key, ttl in before.items()):
        yield Fault("TTL", "higher in the second answer")


def find_long_lives(heard):
    """RFC 4035 section 5.3.3: an RRset lives no longer than its original TTL."""
    originals = {}
    for rrset in heard.rrsets():
        if rrset.rdtype == RRSIG:
            originals[rrset.name, rrset.covers] = max(one.original_ttl for one in rrset)
    for key, ttl in heard.ttls().items():
        if ttl > originals.get(key, ttl):
            yield Fault("TTL", f"{key[0]} lives {ttl} s, longer than {originals[key]}")


class Report:
    """What one validator does as expected, otherwise for a reason, and otherwise without one."""

    def __init__(self, name, recursor):
        self.name, self.recursor = name, recursor
        self.agreed, self.differences = 0, []
        self.reasons, self.codes = Counter(), Counter()

    def judge_all(self, cases, heard, truth):
        for case, one, true in zip(cases, heard, truth):
            self.judge(case, one, true)
        return self

    def judge(self, case, heard, truth):
        if case.codes and 0 not in case.codes:
            codes = set(heard["DO"].errors())
            self.codes["as expected" if codes & set(case.codes) else
                       "others" if codes else "none"] += 1
        faults, reasons = list(find_faults(case, heard, truth)), set()
        for who in (self.name, f"behind {self.recursor}"):
            if faults and who in case.peers:
                case, faults, why = self.excuse(case, faults, heard, *case.peers[who])
                reasons |= {why} - {None}
        if self.name == "tarn":
            faults += find_faults_of_tarn(case, heard)
        unexplained = []
        for fault in faults:
            why = peers.explain(self.name, case, fault, heard)
            if why:
                reasons.add(why)
            else:
                unexplained.append(fault)
        if unexplained:
            self.differences.append((case, unexplained))
        elif reasons:
            self.reasons.update(reasons)
        else:
            self.agreed += 1

    def excuse(self, case, faults, heard, verdict, why):
        """Returns the case, the faults and the reason if another verdict may be come to as well."""
        verdicts = verdict if isinstance(verdict, tuple) else (verdict,)
        if verdict_of(heard) in verdicts:
            case = case._replace(verdicts=verdicts, codes=())
        elif verdict_of(heard) not in case.verdicts:
            return case, faults, None
        # What decides of a peer may be which record it met first, each time anew.
        mine = ("verdict",) if self.name == "tarn" else ("verdict", "rcode", "records", "AD")
        return case, [fault for fault in faults if fault.kind not in mine], why

    def summary(self):
        yield f"{self.name} behind {self.recursor}: {self.agreed} as expected, " \
              f"{sum(self.reasons.values())} otherwise for a reason, {len(self.differences)} " \
              "without"
        yield "   extended errors: " + ", ".join(f"{n} {what}" for what, n in
                                                 sorted(self.codes.items()))
        for why, count in self.reasons.most_common():
            yield f"   {count:5} {why}"

    def details(self):
        for case, faults in self.differences:
            yield f"{case.chapter}: {case}" + (f" ({case.why})" if case.why else "")
            for fault in faults:
                yield f"    {self.name}: {fault.kind}: {fault.text}"


def is_asked(case, name):
    """Whether the peer is asked at all."""
    return case.peers.get(name, ("",))[0] != SLOW


def compare(validators, cases, truth, recursor):
    """Asks all of them at the same time: {name: server}. Returns their reports."""
    reports = {}

    def run(name, server):
        asked = [number for number, case in enumerate(cases) if is_asked(case, name)]
        mine = [cases[number] for number in asked]
        reports[name] = Report(name, recursor).judge_all(
            mine, ask_all(server, mine), [truth[number] for number in asked])

    threads = [threading.Thread(target=run, args=one, daemon=True) for one in validators.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [reports[name] for name in validators]
