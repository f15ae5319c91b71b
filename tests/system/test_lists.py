# SPDX-License-Identifier: BSD-2-Clause
"""Lists of names to block and to allow: what clients get, and what becomes of the lists."""

import os
import re

import dns.exception
import dns.flags
import dns.message
import dns.query
import pytest

from client import Client
from naming import Named, errors, types, wait_until
from upstream import address, reply

ADS = "ads.example\ntracker.example\n||below.example^\na..b\n"
BLOCKED, FILTERED, CENSORED, FORGED = 15, 17, 16, 4


def script(question):
    if question.name == "alias.example.":
        return reply(question, "alias.example. 300 IN CNAME tracker.example.",
                     "tracker.example. 300 IN A 198.51.100.1")
    if question.name == "address.example.":
        return reply(question, "address.example. 300 IN A 203.0.113.9")
    return address()(question)


@pytest.fixture
def upstream(run_upstream):
    return run_upstream(script)


@pytest.fixture
def named(run_tarn, upstream, tmp_path):
    """Starts tarn with lists; ads.txt is there."""
    (tmp_path / "ads.txt").write_text(ADS)
    (tmp_path / "state").mkdir()

    def run(text, *args, **options):
        return Named(run_tarn, tmp_path,
                     "local { hosts = none }\n" + text.replace("FOLDER", str(tmp_path)), *args,
                     upstreams=[upstream], **options)
    return run


LIST = 'block "ads" { file = FOLDER/ads.txt }\n'


# ---- what clients get ----------------------------------------------------------------------------

def test_listed_name_is_blocked_with_its_list(named, upstream):
    tarn = named(LIST)
    for rrtype in ("A", "AAAA", "HTTPS", "TXT", "MX"):
        message = tarn.ask("ADS.example", rrtype)
        assert message.rcode().name == "NXDOMAIN"
        assert errors(message) == [(BLOCKED, "ads: ADS.example")]
        soa = message.authority[0]
        assert types(message.authority) == ["SOA"]
        assert (soa.ttl, soa[0].minimum) == (10, 10)
    assert tarn.rcode("x.below.example") == "NXDOMAIN"
    assert upstream.count() == 0
    assert tarn.values("x.ads.example") == ["192.0.2.1"]
    assert errors(tarn.ask("www.example")) == []


@pytest.mark.parametrize("word, rcode, values", [
    ("nxdomain", "NXDOMAIN", []), ("nodata", "NOERROR", []), ("zero", "NOERROR", ["0.0.0.0"]),
    ("refused", "REFUSED", []), ('{ "198.51.100.7", "198.51.100.8" }', "NOERROR",
                                 ["198.51.100.7", "198.51.100.8"])])
def test_answer_is_what_the_list_says(named, word, rcode, values):
    tarn = named(f'block "ads" {{ file = FOLDER/ads.txt  answer = {word}  ttl = 7s }}\n')
    message = tarn.ask("ads.example")
    assert message.rcode().name == rcode
    assert [rdata.to_text() for rrset in message.answer for rdata in rrset] == values
    assert errors(message)[0][0] == (FORGED if len(values) > 1 else BLOCKED)
    for rrset in message.answer + message.authority:
        assert rrset.ttl == 7


def test_drop_is_no_answer(named):
    tarn = named('block "ads" { file = FOLDER/ads.txt  answer = drop }\n')
    with tarn.tarn.udp_socket(0.3) as sock:
        sock.send(dns.message.make_query("ads.example", "A").to_wire())
        with pytest.raises(TimeoutError):
            sock.recv(512)
    with pytest.raises((EOFError, dns.exception.Timeout)):
        tarn.ask("ads.example", way=dns.query.tcp, timeout=1)
    assert tarn.json("explain", "ads.example")["answer"] == "none"
    text = tarn.text("stats", "--prometheus")
    assert 'tarn_list_answers_total{list="ads",answer="drop"} 2\n' in text


def test_target_of_a_cname_blocks_too(named, upstream, tmp_path):
    tarn = named(LIST)
    for _ in range(2):
        message = tarn.ask("alias.example")
        assert message.rcode().name == "NXDOMAIN"
        assert errors(message) == [(BLOCKED, "ads: tracker.example")]
    assert upstream.count("alias.example") == 1
    told = tarn.json("explain", "alias.example")
    assert "(ads: tracker.example)" in told["answer_rule"]
    tarn.reload(f'block "ads" {{ file = {tmp_path}/ads.txt  chain = no }}\n')
    assert tarn.rcode("alias.example") == "NOERROR"
    assert upstream.count("alias.example") == 1


def test_name_that_is_allowed_is_passed(named):
    tarn = named('allow "mine" { name = { ads.example, alias.example } }\n' + LIST)
    assert tarn.values("ads.example") == ["192.0.2.1"]
    assert tarn.values("alias.example") == ["198.51.100.1"]
    assert tarn.rcode("tracker.example") == "NXDOMAIN"


def test_groups_are_by_address_and_do_not_split_the_cache(named, upstream):
    tarn = named('group "kids" { clients = { 127.0.0.2/32 } }\n'
                 'block "ads" { file = FOLDER/ads.txt  group = { kids } }\n')
    for _ in range(2):
        message = tarn.ask("ads.example", source="127.0.0.2")
        assert errors(message) == [(FILTERED, "ads: ads.example")]
        assert tarn.values("ads.example", source="127.0.0.3") == ["192.0.2.1"]
    assert tarn.values("alias.example") == ["198.51.100.1"]
    assert tarn.rcode("alias.example", source="127.0.0.2") == "NXDOMAIN"
    assert tarn.values("alias.example") == ["198.51.100.1"]
    assert upstream.count("ads.example") == upstream.count("alias.example") == 1
    assert tarn.text("test", "ads.example").startswith("passes ")
    assert tarn.text("test", "ads.example", "127.0.0.2").startswith("lists ")


def test_response_policy_zone(named, tmp_path, upstream):
    (tmp_path / "rpz").write_text(
        "$TTL 30\n@ SOA . . 1 2 3 4 5\n NS .\nbad.example CNAME .\n*.bad.example CNAME .\n"
        "nodata.example CNAME *.\nok.bad.example CNAME rpz-passthru.\n"
        "own.example A 198.51.100.9\ngarden.example CNAME www.example.\n"
        "tcp.example CNAME rpz-tcp-only.\n24.0.113.0.203.rpz-ip CNAME .\n"
        "ns.example.rpz-nsdname CNAME .\n")
    tarn = named('rpz "rpz.example" { file = FOLDER/rpz }\n')
    assert tarn.rcode("bad.example") == tarn.rcode("x.bad.example") == "NXDOMAIN"
    assert tarn.values("ok.bad.example") == ["192.0.2.1"]
    assert (tarn.rcode("nodata.example"), tarn.values("nodata.example")) == ("NOERROR", [])
    assert tarn.values("own.example") == ["198.51.100.9"]
    assert tarn.values("own.example", "AAAA") == []
    message = tarn.ask("garden.example")
    assert types(message.answer) == ["CNAME", "A"]
    assert upstream.count("www.example") == 1
    assert tarn.ask("tcp.example").flags & dns.flags.TC
    assert tarn.values("tcp.example", way=dns.query.tcp) == ["192.0.2.1"]
    assert tarn.rcode("address.example") == "NXDOMAIN"
    tarn.tarn.wait_for_line(r'rpz "rpz\.example": 1 rules .*not applied')


# ---- lists that change ---------------------------------------------------------------------------

def test_list_that_changes_is_in_force_soon(named):
    tarn = named(LIST)
    assert tarn.values("new.example") == ["192.0.2.1"]
    tarn.put("ads.txt", ADS + "new.example\n")
    took = wait_until(lambda: tarn.rcode("new.example") == "NXDOMAIN")
    assert took < 3 or tarn.tarn.is_slow
    tarn.put("ads.txt", ADS)
    wait_until(lambda: tarn.values("new.example") == ["192.0.2.1"])


def test_list_that_cannot_be_read_keeps_the_old_one(named, tmp_path):
    tarn = named(LIST)
    os.unlink(tmp_path / "ads.txt")
    tarn.tarn.wait_for_line(r"cannot read .*ads\.txt.*all lists stay as they were")
    assert tarn.rcode("ads.example") == "NXDOMAIN"
    fault, = tarn.json("lists")["cannot_be_read"]
    assert (fault["list"], fault["file"]) == ("ads", f"{tmp_path}/ads.txt")
    # Not for a restart either.
    tarn.tarn.stop()
    tarn.start()
    assert tarn.rcode("ads.example") == "NXDOMAIN"
    tarn.put("ads.txt", "other.example\n")
    wait_until(lambda: tarn.rcode("other.example") == "NXDOMAIN")
    assert tarn.values("ads.example") == ["192.0.2.1"]
    assert "cannot_be_read" not in tarn.json("lists")


def test_list_may_be_anything(named, tmp_path):
    (tmp_path / "ads.txt").write_bytes(bytes(range(256)) * 1000 + b"\n" + b"x" * 5000 +
                                       b"\nads.example\n")
    tarn = named(LIST)
    assert tarn.rcode("ads.example") == "NXDOMAIN"
    assert len([line for line in tarn.tarn.lines if "not a rule" in line]) <= 5


def test_restart_has_the_compiled_lists(named, tmp_path):
    tarn = named(LIST)
    status = os.stat(tmp_path / "state" / "lists.tl")
    assert status.st_mode & 0o7777 == 0o640
    tarn.tarn.stop()
    tarn.start()
    tarn.tarn.wait_for_line("names, compiled before")
    assert tarn.rcode("ads.example") == "NXDOMAIN"
    assert os.stat(tmp_path / "state" / "lists.tl").st_ino == status.st_ino
    assert sorted(os.listdir(tmp_path / "state")) == ["lists.tl"]


def test_damaged_compiled_file_is_compiled_anew(named, tmp_path):
    tarn = named(LIST)
    tarn.tarn.stop()
    compiled = tmp_path / "state" / "lists.tl"
    good = compiled.read_bytes()
    for damaged in (good[:-1], good[:100], b"", good[:200] + b"\xff" + good[201:], good + b"x"):
        compiled.write_bytes(damaged)
        tarn.start()
        assert tarn.rcode("ads.example") == "NXDOMAIN"
        assert "compiled before" not in tarn.tarn.log
        tarn.tarn.stop()
        assert len(compiled.read_bytes()) == len(good)


def test_without_a_state_directory_lists_are_in_memory(named):
    tarn = named(LIST, state="none")
    assert tarn.rcode("ads.example") == "NXDOMAIN"
    assert not os.listdir(tarn.folder / "state")
    assert "kept in memory" not in tarn.tarn.log


def test_lists_come_and_go_with_reloads(named, tmp_path, upstream):
    tarn = named(LIST)
    tarn.reload("")
    assert tarn.values("ads.example") == ["192.0.2.1"]
    tarn.reload(f'block "ads" {{ file = {tmp_path}/ads.txt }}\n')
    wait_until(lambda: tarn.rcode("ads.example") == "NXDOMAIN")
    # Another answer needs no compiling.
    tarn.reload(f'block "ads" {{ file = {tmp_path}/ads.txt  answer = refused }}\n')
    assert tarn.rcode("ads.example") == "REFUSED"


def test_nothing_is_lost_while_lists_are_reloaded(named, tmp_path):
    names = "".join(f"n{number}.listed.example\n" for number in range(50000))
    (tmp_path / "ads.txt").write_text(ADS + names)
    tarn = named(LIST, "--workers", "2")
    text = f'block "ads" {{ file = {tmp_path}/ads.txt }}\n'
    with Client("127.0.0.1", tarn.tarn.port) as client:
        asked = []
        for number in range(8):
            tarn.put("ads.txt", ADS + names + f"new{number}.example\n")
            tarn.reload(text)
            asked += client.send_for(0.5, 500, lambda i: "ads.example" if i % 2 else "www.example")
        assert client.wait() == []
    assert all(question.rcode == 0 for question in asked[0::2])
    assert all(question.rcode == 3 for question in asked[1::2])
    wait_until(lambda: tarn.rcode("new7.example") == "NXDOMAIN")


# ---- tarnctl, the log, metrics ---------------------------------------------------------------------

def test_tarnctl_lists(named, tmp_path):
    tarn = named(LIST + 'allow "mine" { name = { good.example } }\n')
    tarn.ask("ads.example")
    tarn.ask("www.example")
    told = tarn.json("lists")
    ads, mine = told["lists"]
    assert (ads["list"], ads["kind"], ads["answer"], ads["names"], ads["answers"],
            ads["faults"]) == ("ads", "block", "nxdomain", 3, 1, 1)
    assert (mine["kind"], mine["answer"], mine["names"]) == ("allow", "passed", 1)
    file = next(row for row in told["files"] if row["file"] == f"{tmp_path}/ads.txt")
    assert (file["format"], file["lines"], file["invalid"]) == ("domains", 4, 1)
    assert told["examples"] == [{"file": f"{tmp_path}/ads.txt", "line": 4, "invalid": "a..b"}]
    assert re.search(r"^ +ads +block +nxdomain +3 +1 +1 ", tarn.text("lists"), re.M)


def test_tarnctl_explains_lists(named, tmp_path):
    tarn = named('allow "mine" { name = { good.example } }\n' + LIST)
    told = tarn.json("explain", "x.below.example")
    assert told["rule"] == \
        f'list "ads", rule below.example., nxdomain ({tmp_path}/ads.txt)'
    assert told["answer"] == "NXDOMAIN, from tarn itself"
    told = tarn.json("explain", "www.good.example")
    assert told["rule"].startswith('list "mine", rule good.example., allowed')


def test_tarnctl_blocks_and_unblocks_for_a_time(named):
    tarn = named(LIST)
    assert tarn.values("game.example") == ["192.0.2.1"]
    assert tarn.json("block", "game.example", "1h")["name"] == "game.example."
    message = tarn.ask("www.game.example")
    assert (message.rcode().name, errors(message)[0][0]) == ("NXDOMAIN", BLOCKED)
    tarn.json("unblock", "ads.example", "2s")
    assert tarn.values("ads.example") == ["192.0.2.1"]
    tarn.reload(LIST.replace("FOLDER", str(tarn.folder)))
    assert tarn.rcode("game.example") == "NXDOMAIN"
    said = {row["name"]: row["said"] for row in tarn.json("lists")["for_a_time"]}
    assert said["game.example."] == "block"
    wait_until(lambda: tarn.rcode("ads.example") == "NXDOMAIN")
    tarn.text("block", "game.example", "0")
    assert tarn.values("game.example") == ["192.0.2.1"]
    tarn.text("block", "game.example")
    assert tarn.rcode("game.example") == "NXDOMAIN"
    tarn.tarn.stop()
    tarn.start()
    assert tarn.values("game.example") == ["192.0.2.1"]
    for args in (("block", "game.example", "soon"), ("block", "a..b"), ("unblock", "x", "0"),
                 ("pause", "400d"), ("pause", "0")):
        assert tarn.run(*args).returncode == 1, args


def test_tarnctl_pauses_and_resumes(named):
    tarn = named(LIST)
    tarn.text("pause", "1h")
    assert tarn.values("ads.example") == ["192.0.2.1"]
    assert tarn.values("alias.example") == ["198.51.100.1"]
    assert "all lists are paused" in tarn.text("test", "ads.example")
    assert tarn.json("lists")["paused_s"] > 3500
    tarn.reload(LIST.replace("FOLDER", str(tarn.folder)))
    assert tarn.values("ads.example") == ["192.0.2.1"]
    tarn.text("resume")
    assert tarn.rcode("ads.example") == tarn.rcode("alias.example") == "NXDOMAIN"
    tarn.text("pause", "1s")
    wait_until(lambda: tarn.rcode("ads.example") == "NXDOMAIN")
    assert tarn.rcode("alias.example") == "NXDOMAIN"
    tarn.text("pause", "1h")
    tarn.tarn.stop()
    tarn.start()
    assert tarn.rcode("ads.example") == "NXDOMAIN"


def test_tarnctl_reloads_lists(named, tmp_path):
    tarn = named(LIST)
    compiled = tmp_path / "state" / "lists.tl"
    before = os.stat(compiled).st_ino
    tarn.text("reload-lists")
    wait_until(lambda: os.stat(compiled).st_ino != before)
    assert tarn.rcode("ads.example") == "NXDOMAIN"


def test_query_log_names_the_list(named, tmp_path):
    log = tmp_path / "queries"
    tarn = named(LIST, "--query-log", log)
    tarn.ask("ads.example")
    tarn.ask("alias.example")
    tarn.ask("www.example")
    wait_until(lambda: log.exists() and len(log.read_text().splitlines()) == 3)
    # Lines of different workers are in no order.
    words = {line.split()[3]: line.split()[3:] for line in log.read_text().splitlines()}
    assert words["ads.example."][-1] == "ads" and "blocked" in words["ads.example."]
    assert words["alias.example."][-1] == "ads"
    assert len(words["www.example."]) == 6


def test_metrics_have_the_lists(named):
    tarn = named(LIST)
    for _ in range(3):
        tarn.ask("ads.example")
    tarn.ask("alias.example")
    text = tarn.text("stats", "--prometheus")
    assert 'tarn_list_answers_total{list="ads",answer="nxdomain"} 4\n' in text
    assert 'tarn_cache_answers_total{status="blocked"} 4\n' in text
    assert 'tarn_list_names{list="ads"} 3\n' in text
    assert 'tarn_list_faults{list="ads"} 1\n' in text
    assert re.search(r'^tarn_list_age_seconds\{list="ads"\} \d+$', text, re.M)
