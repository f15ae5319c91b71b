# SPDX-License-Identifier: BSD-2-Clause
"""What tarn says of validation: tarnctl trust and insecure, the query log, metrics, the log, and tarn --probe."""

import json
import os
import re
import shutil
import socket
import subprocess
import time

import dns.dnssec
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

import servers
from exposition import parse
from servers import SignedZone, control_program
from upstream import SILENCE

ZONE = "signed.example"
RECORDS = ["www A 192.0.2.1", "plain NS ns.plain", "ns.plain A 127.0.0.1"]


@pytest.fixture(scope="module")
def zone(tmp_path_factory):
    """A zone that Knot DNS signs, with a delegation that is not signed."""
    if not servers.is_built_with("openssl"):
        pytest.skip("tarn was built without OpenSSL")
    if not shutil.which("knotd", path="/usr/sbin:/usr/bin"):
        pytest.skip("no knotd on this machine")
    server = SignedZone(str(tmp_path_factory.mktemp("zone")), ZONE, RECORDS)
    yield server
    server.kill()


def behind(zone, edit):
    """A script of an upstream that changes what the zone's server says."""
    def script(question):
        message = dns.message.from_wire(question.wire)
        answer = dns.query.tcp(message, zone.host, 5, zone.port)
        return edit(answer)
    return script


def strip(message):
    for section in (message.answer, message.authority):
        section[:] = [rrset for rrset in section if rrset.rdtype != dns.rdatatype.RRSIG]
    return message


def forge(message):
    """Another address than the one that was signed."""
    for rrset in message.answer:
        if rrset.rdtype == dns.rdatatype.A:
            rrset.clear()
            rrset.add(dns.rdata.from_text("IN", "A", "192.0.2.66"), 600)
    return message


class Validator:
    """tarn with the zone's key as its trust anchor, and tarnctl to go with it."""

    def __init__(self, run_tarn, folder, zone, upstream, *args, validate="yes"):
        self.control = folder / "control"
        self.conf = folder / "tarn.conf"
        self.log = folder / "questions"
        self.conf.write_text(
            f'upstream = "{upstream.address}"\n'
            f'dnssec {{\n\tvalidate = {validate}\n\tanchors = none\n'
            f'\tanchor = "{ZONE}. IN DNSKEY {zone.key()}"\n}}\n')
        self.tarn = run_tarn("--config", self.conf, "--control", self.control, "--query-log",
                             self.log, *args)

    def run(self, *args):
        return subprocess.run([control_program(), "-s", self.control, *args], text=True,
                              capture_output=True, timeout=30, check=False)

    def text(self, *args):
        done = self.run(*args)
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout

    def json(self, *args):
        return json.loads(self.text("--json", *args))

    def error(self, *args):
        done = self.run(*args)
        assert (done.returncode, done.stdout) == (1, ""), done
        return done.stderr.removeprefix("tarnctl: ").strip()

    def rcode(self, name):
        return dns.rcode.to_text(self.tarn.ask(name).rcode())

    def logged(self, name):
        """The words behind the latency of the answers for a name."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with open(self.log, encoding="ascii") as file:
                lines = [line.split() for line in file if f" {name}. " in line]
            if lines:
                return [line[9:] for line in lines]
            time.sleep(0.02)
        return []


@pytest.fixture
def run_validator(run_tarn, tmp_path, zone):
    def run(upstream=zone, *args, **options):
        return Validator(run_tarn, tmp_path, zone, upstream, *args, **options)
    return run


@pytest.fixture
def forged(run_validator, run_upstream, zone):
    return run_validator(run_upstream(behind(zone, forge)))


def key_text(zone):
    return f"{dns.dnssec.key_id(zone.key())} ECDSAP256SHA256"


# ---- the chain -----------------------------------------------------------------------------------

def test_trust_shows_the_chain_from_the_anchor(run_validator, zone):
    validator = run_validator()
    told = validator.json("trust", "www.Signed.example")
    assert (told["name"], told["status"]) == ("www.Signed.example.", "secure")
    assert told["anchors"] == [key_text(zone)]
    apex, www = told["chain"]
    assert (apex["name"], apex["status"], apex["keys"]) == \
        ("Signed.example.", "secure", [key_text(zone)])
    assert 0 < apex["left_s"] <= 600
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", apex["until"])
    assert (www["name"], www["status"]) == ("www.Signed.example.", "no cut")
    assert re.search(rf"^  NAME +STATUS +LEFT +KEYS +UNTIL\n  signed\.example\. +secure +\d+ s +"
                     rf"{key_text(zone)} +20", validator.text("trust", ZONE), re.M)


def test_trust_says_by_which_proof_a_name_is_insecure(run_validator):
    told = run_validator().json("trust", "a.b.plain.signed.example")
    assert told["status"] == "insecure"
    assert told["reason"] == "it has no DS: the zone above it has a signed proof"
    assert [(link["name"], link["status"]) for link in told["chain"]] == \
        [("signed.example.", "secure"), ("plain.signed.example.", "insecure")]


def test_trust_of_a_name_without_an_anchor(run_validator):
    assert run_validator().json("trust", "www.other.example") == {
        "name": "www.other.example.", "status": "insecure",
        "reason": "no trust anchor is above it"}


def test_trust_says_what_is_bogus(run_validator, run_upstream, zone):
    def spoil(message):
        for rrset in message.answer:
            if rrset.rdtype == dns.rdatatype.RRSIG:
                spoilt = [rdata.replace(signature=bytes(64)) for rdata in rrset]
                rrset.clear()
                for rdata in spoilt:
                    rrset.add(rdata)
        return message
    validator = run_validator(run_upstream(behind(zone, spoil)))
    told = validator.json("trust", "www.signed.example")
    assert told["status"] == "bogus"
    link, = told["chain"]
    assert (link["name"], link["status"], link["ede"]) == ("signed.example.", "bogus", 6)
    assert link["reason"] == told["reason"] != ""
    validator.tarn.wait_for_line(r"the trust anchors of signed\.example\. fit nothing, and all "
                                 "answers below it fail: ")
    assert validator.rcode("www.signed.example") == "SERVFAIL"
    assert len(re.findall("fit nothing", validator.tarn.log)) == 1


def test_trust_that_cannot_be_had_is_shown_as_far_as_it_is_known(run_validator, run_upstream):
    validator = run_validator(run_upstream(lambda question: SILENCE))
    started = time.monotonic()
    told = validator.json("trust", "www.signed.example")
    assert time.monotonic() - started < 10
    assert (told["status"], told["reason"]) == ("indeterminate", "no answer in time")
    assert [link["status"] for link in told["chain"]] == ["unknown", "unknown"]


def test_explain_shows_what_is_in_the_cache(run_validator, zone):
    validator = run_validator()
    before = validator.json("explain", "www.signed.example")["dnssec"]
    assert [link["status"] for link in before["chain"]] == ["unknown", "unknown"]
    assert "status" not in before
    assert validator.rcode("www.signed.example") == "NOERROR"
    told = validator.json("explain", "www.signed.example")
    assert told["cache"][0]["security"] == "secure"
    assert told["dnssec"]["chain"][0]["keys"] == [key_text(zone)]
    assert "dnssec" not in validator.json("explain", "localhost")


def test_explain_says_why_an_answer_was_bogus(forged):
    assert forged.rcode("www.signed.example") == "SERVFAIL"
    told = forged.json("explain", "www.signed.example")
    reason = told["cache"][0]["failed"]
    assert "www.signed.example" in reason
    assert told["answer"].endswith(f"because the last lookup failed: {reason}")


def test_without_validation_nothing_is_said_of_it(run_validator):
    validator = run_validator(validate="no")
    assert validator.rcode("www.signed.example") == "NOERROR"
    assert "dnssec" not in validator.json("explain", "www.signed.example")
    assert "dnssec" not in validator.json("status")
    assert "dnssec" not in validator.json("stats")
    assert "validated" not in validator.json("upstreams")["upstreams"][0]
    assert "dnssec" not in validator.text("stats", "--prometheus")
    assert validator.error("trust", "www.signed.example") == "this tarn does not validate"
    assert validator.error("insecure", "a.example", "for", "1h") == "this tarn does not validate"
    assert validator.logged("www.signed.example") == [[]]


# ---- insecure names ------------------------------------------------------------------------------

def test_insecure_name_is_answered_for_a_time(forged):
    assert forged.rcode("www.signed.example") == "SERVFAIL"
    assert forged.json("insecure", "www.signed.example", "for", "1h") == \
        {"name": "www.signed.example.", "left_s": 3600}
    answer = forged.tarn.ask("www.signed.example", want_dnssec=True)
    assert answer.answer[0][0].address == "192.0.2.66"
    assert not answer.flags & dns.flags.AD
    row, = forged.json("insecure")["insecure"]
    assert row["name"] == "www.signed.example." and 3590 < row["left_s"] <= 3600
    assert forged.json("status")["dnssec"]["insecure"][0]["name"] == "www.signed.example."
    assert forged.json("trust", "a.www.signed.example")["reason"] == \
        "www.signed.example. is insecure for a time (tarnctl)"
    assert forged.json("insecure", "www.signed.example", "off")["until"] == "now"
    assert forged.json("insecure") == {"insecure": []}
    assert forged.rcode("www.signed.example") == "SERVFAIL"


def test_insecure_name_is_validated_again_when_its_time_is_over(forged):
    forged.text("insecure", "www.signed.example", "1s")
    assert forged.rcode("www.signed.example") == "NOERROR"
    forged.tarn.wait_for_line(r"www\.signed\.example\. is validated again$")
    assert forged.json("insecure") == {"insecure": []}
    assert forged.rcode("www.signed.example") == "SERVFAIL"


def test_insecure_name_stays_over_a_reload(forged):
    forged.text("insecure", "www.signed.example", "for", "1d")
    forged.text("reload")
    assert forged.rcode("www.signed.example") == "NOERROR"


@pytest.mark.parametrize("args,error", [
    ([".", "for", "1h"], "the root cannot be insecure: switch validation off instead"),
    ([ZONE, "for", "1h"], "signed.example.: it has a trust anchor"),
    (["a.example", "for", "8d"], "8d: not a time of up to 7 days (30s, 5m, 2h, 1d)"),
    (["a.example", "for", "0"], "0: not a time of up to 7 days (30s, 5m, 2h, 1d)"),
    (["a.example", "off"], "a.example.: nothing was said of it"),
    (["a.example"], "usage: insecure NAME for TIME, or NAME off"),
    (["a.example", "until", "1h"], "usage: insecure NAME for TIME, or NAME off"),
    (["a..example", "for", "1h"], "a..example: not a domain name"),
])
def test_insecure_that_cannot_be_is_refused(run_validator, args, error):
    assert run_validator().error("insecure", *args) == error


# ---- logs and figures ----------------------------------------------------------------------------

def test_query_log_has_bogus(forged):
    assert forged.rcode("www.signed.example") == "SERVFAIL"
    assert forged.rcode("localhost") == "NOERROR"
    assert forged.logged("www.signed.example") == [["bogus"]]
    assert forged.logged("localhost") == [[]]


def test_query_log_has_secure_and_insecure(run_validator):
    validator = run_validator()
    assert validator.rcode("www.signed.example") == "NOERROR"
    validator.text("insecure", "ns.signed.example", "for", "1h")
    assert validator.rcode("ns.signed.example") == "NOERROR"
    assert validator.logged("www.signed.example") == [["secure"]]
    assert validator.logged("ns.signed.example") == [["insecure"]]


def test_figures_are_those_of_the_answers(forged):
    forged.tarn.ask("www.signed.example")
    forged.tarn.ask("www.signed.example")
    stats = forged.json("stats")["dnssec"]
    assert (stats["secure"], stats["bogus"]) == (0, 1)
    assert sum(stats["bogus_by_error"].values()) == 1
    assert stats["verifications"] > 0 and stats["trust_lookups"] == 1
    metrics = parse(forged.text("stats", "--prometheus"))
    assert metrics["tarn_dnssec_answers_total"].value(status="bogus") == 1
    assert metrics["tarn_dnssec_bogus_total"].value(ede="6") == 1
    assert metrics["tarn_dnssec_trust_lookups_active"].value() == 0
    status = forged.json("status")["dnssec"]
    assert (status["validated_zones"], status["other_zones"], status["anchors"]) == (["."], [], 1)
    assert forged.json("upstreams")["upstreams"][0]["validated"] is True


def test_server_that_removes_signatures_is_told_once(run_validator, run_upstream, zone):
    validator = run_validator(run_upstream(behind(zone, strip)), "--workers", 1)
    for i in range(4):
        assert validator.rcode(f"n{i}.signed.example") == "SERVFAIL"
    validator.tarn.wait_for_line(r"removes DNSSEC signatures: it is asked for what is validated "
                                 "only if there is no other server$")
    row, = validator.json("upstreams")["upstreams"]
    assert row["without"] == ["signatures"]
    assert 'quirk="strips_signatures"} 1\n' in validator.text("stats", "--prometheus")
    assert validator.tarn.log.count("removes DNSSEC") == 1


def test_clock_before_the_file_of_anchors_is_told(run_tarn, tmp_path, zone):
    """It cannot be right: the file is written after the clock was set, or brought along by a package."""
    anchors, conf = tmp_path / "root.key", tmp_path / "tarn.conf"
    anchors.write_text(f"{ZONE}. IN DNSKEY {zone.key()}\n")
    later = time.time() + 86400
    os.utime(anchors, (later, later))
    conf.write_text(f'upstream = "{zone.address}"\ndnssec {{ validate = yes anchors = {anchors} }}\n')
    tarn = run_tarn("--config", conf)
    assert tarn.ask("www.signed.example", want_dnssec=True).flags & dns.flags.AD
    tarn.ask("ns.signed.example")
    tarn.wait_for_line(r"the clock cannot be right \(20.*\): the dates of signatures are not "
                       "checked until it is after 20")
    assert tarn.log.count("the clock") == 1


def test_answers_of_a_dump_are_not_loaded_unvalidated(run_validator, tmp_path):
    validator = run_validator()
    assert validator.rcode("www.signed.example") == "NOERROR"
    dump = tmp_path / "dump"
    dump.write_text(validator.text("dump"))
    validator.text("flush-tree", ".")
    assert validator.json("load", dump) == {"loaded": 0, "known": 0, "ended": 0, "full": 0,
                                            "faults": 0, "unvalidated": 1}
    assert validator.json("explain", "www.signed.example")["cache"] == []


# ---- tarn --probe --------------------------------------------------------------------------------

def probe(upstream, conf):
    done = servers.run_tarn("--check", "--probe", "--config", conf)
    assert done.stderr == ""
    address, remark = re.search(r"^#   (\S+) \(signed\.example\.\): (.*)$", done.stdout,
                                re.M).groups()
    assert address == upstream.address
    return remark, done.returncode


def test_probe_says_whether_signatures_come(run_validator, run_upstream, zone):
    validator = run_validator()
    assert probe(zone, validator.conf) == ("sends signatures", 0)
    stripping = run_upstream(behind(zone, strip))
    validator.conf.write_text(validator.conf.read_text().replace(zone.address, stripping.address))
    assert probe(stripping, validator.conf) == ("removes signatures", 1)


def test_probe_of_a_server_that_is_not_there_ends(run_validator, zone):
    validator = run_validator()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        validator.conf.write_text(validator.conf.read_text().replace(zone.address, address))
        done = servers.run_tarn("--probe", "--config", validator.conf)
    assert done.returncode == 1
    assert f"#   {address} (signed.example.): gives no usable answer\n" in done.stdout
