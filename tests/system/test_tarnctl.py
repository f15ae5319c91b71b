# SPDX-License-Identifier: BSD-2-Clause
"""tarnctl and the socket that it speaks to: what people ask of a tarn that runs."""

import grp
import json
import os
import random
import re
import shlex
import socket
import stat
import subprocess
import time

import dns.message
import dns.rcode
import pytest

import servers
from client import Client
from servers import control_program, free_port
from upstream import address, forward_to, reply, silence

SOA = "example. 60 IN SOA ns.example. a.example. 1 2 3 4 60"
MAN_PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        "..", "..", "docs", "man", "tarnctl.8")
COMPLETION = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                          "..", "..", "docs", "completion", "tarnctl")


def tarnctl(*args, stdin="", **options):
    return subprocess.run([control_program(), *args], input=stdin, capture_output=True, text=True,
                          timeout=30, check=False, **options)


class Ctl:
    """tarn with a control socket, and tarnctl to go with it."""

    def __init__(self, run_tarn, directory, *args, **options):
        self.path = str(directory / "control")
        self.tarn = run_tarn("--control", self.path, *args, **options)

    def run(self, *args, **options):
        return tarnctl("-s", self.path, *args, **options)

    def text(self, *args, **options):
        done = self.run(*args, **options)
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout

    def json(self, *args):
        return json.loads(self.text("--json", *args))

    def explain(self, *args):
        return self.json("explain", *args)

    def connect(self):
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(self.path)
        sock.settimeout(15)
        return sock


def script(question):
    label = question.name.split(".")[0]
    if label == "no":
        return reply(question, rcode=dns.rcode.NXDOMAIN, authority=[SOA])
    if label == "bad":
        return reply(question, rcode=dns.rcode.SERVFAIL)
    ttl = 1 if label == "brief" else 300
    return reply(question, f"{question.name} {ttl} IN A 192.0.2.1")


@pytest.fixture
def upstream(run_upstream):
    return run_upstream(script)


@pytest.fixture
def ctl(run_tarn, upstream, tmp_path):
    return Ctl(run_tarn, tmp_path, "--workers", 2, upstreams=[upstream])


# ---- what is asked -------------------------------------------------------------------------------

def test_status_says_what_runs(ctl, upstream):
    status = ctl.json("status")
    assert status["process"] == ctl.tarn.pid
    assert status["listens"][0] == f"127.0.0.1:{ctl.tarn.port}"
    assert status["upstreams"] == [upstream.address]
    assert re.search(r"^uptime +\d s$", ctl.text("status"), re.M)


def test_lookup_asks_as_a_client_does(ctl, upstream):
    assert ctl.json("lookup", "www.example")["answer"] == \
        [{"name": "www.example.", "ttl": 300, "class": "IN", "type": "A", "data": "192.0.2.1"}]
    assert upstream.count() == 1
    ctl.tarn.ask("www.example")
    assert upstream.count() == 1
    assert ctl.json("lookup", "no.example", "MX")["rcode"] == "NXDOMAIN"
    failed = ctl.json("lookup", "bad.example")
    assert (failed["rcode"], failed["errors"][0]["code"]) == ("SERVFAIL", 22)


def test_lookup_prints_data_of_any_length_whole(run_tarn, run_upstream, tmp_path):
    text = " ".join([f'"{"x" * 250}"'] * 12)
    upstream = run_upstream(lambda question: reply(question, f"{question.name} 9 IN TXT {text}"))
    ctl = Ctl(run_tarn, tmp_path, upstreams=[upstream])
    assert text in ctl.text("lookup", "long.example", "TXT")


def test_explain_a_hit(ctl, upstream):
    ctl.tarn.ask("www.example")
    told = ctl.explain("www.example")
    assert told["answer"].startswith("NOERROR, from the cache, with a TTL of ")
    assert (told["forward"]["zone"], told["forward"]["selection"]) == (".", "fastest")
    server, = told["forward"]["servers"]
    assert (server["server"], server["state"]) == (upstream.address, "up")
    assert len(told["cache"]) == 1
    entry = told["cache"][0]
    assert (entry["state"], entry["flags"], entry["rcode"], entry["from"]) == \
        ("fresh", "-", "NOERROR", upstream.address)
    assert 295 <= entry["ttl"] <= 300
    assert entry["age_s"] <= 5


def test_explain_a_stale_answer(ctl):
    ctl.tarn.ask("brief.example")
    time.sleep(1.2)
    told = ctl.explain("brief.example")
    assert told["cache"][0]["state"] == "stale"
    assert "the old one" in told["answer"]


def wait_for_state(ctl, name, state):
    """Of the only server that the name goes to."""
    deadline = time.monotonic() + 10
    while ctl.explain(name)["forward"]["servers"][0]["state"] != state:
        assert time.monotonic() < deadline


def test_explain_an_outage(run_tarn, run_upstream, tmp_path):
    """Of one zone: the servers of the others have nothing to do with it."""
    rest, gone = run_upstream(address()), f"127.0.0.1:{free_port()}"
    config = tmp_path / "tarn.conf"
    config.write_text(f'upstream = {{"{rest.address}"}}\n'
                      f'forward "corp.example" {{ upstream = {{"{gone}"}} }}\n', encoding="ascii")
    ctl = Ctl(run_tarn, tmp_path, "--workers", 1, "-c", config)
    with Client("127.0.0.1", ctl.tarn.port) as client:
        for number in range(5):
            client.send(f"n{number}.corp.example")
        wait_for_state(ctl, "a.corp.example", "dead")
        assert ctl.explain("a.corp.example")["answer"] == \
            "that of the first upstream server to live again (all are dead), or SERVFAIL if none " \
            "answers in 4 s"
    assert ctl.explain("www.example")["answer"] == "that of an upstream server"


def test_explain_servers_that_lead_back(run_tarn, run_upstream, tmp_path):
    way_back = []
    ctl = Ctl(run_tarn, tmp_path, "--workers", 1,
              upstreams=[run_upstream(forward_to(way_back), leads_back=True)])
    way_back.append(ctl.tarn.port)
    wait_for_state(ctl, "www.example", "loop")
    assert ctl.explain("www.example")["answer"] == \
        "SERVFAIL: there is no upstream server but tarn itself"


def test_explain_a_failure(ctl):
    ctl.tarn.ask("bad.example")
    told = ctl.explain("bad.example")
    assert told["cache"][0]["failed"] == "no usable answer"
    assert 0 < told["cache"][0]["again_s"] <= 5
    assert told["answer"].startswith("SERVFAIL for another ")


def test_explain_a_name_that_does_not_exist(ctl):
    ctl.tarn.ask("no.example", "A")
    told = ctl.explain("no.example", "MX")
    assert told["cache"] == []
    assert told["no_such_name"][0]["rcode"] == "NXDOMAIN"
    assert told["answer"].startswith("NXDOMAIN, from the cache")


def test_explain_a_name_that_nobody_has_asked_for(ctl, upstream):
    told = ctl.explain("www.example", "AAAA")
    assert told["question"] == "www.example. IN AAAA"
    assert told["rule"].startswith("none")
    assert told["answer"] == "that of an upstream server"
    assert told["cache"] == []
    assert upstream.count() == 0


@pytest.mark.parametrize("name,answer,rule", [
    ("localhost", "NOERROR, from tarn itself", "localhost. is a special name"),
    ("www.onion", "NXDOMAIN, from tarn itself", "onion. is a special name and never leaves"),
    ("printer.local", "NXDOMAIN, from tarn itself",
     "local. is a special name and is not forwarded unless pass or forward names it"),
])
def test_explain_a_local_name(ctl, name, answer, rule):
    told = ctl.explain(name)
    assert told["answer"] == answer
    assert told["rule"].startswith(rule)
    assert "forward" not in told


def test_explain_the_ds_of_a_special_zone(ctl):
    told = ctl.explain("10.in-addr.arpa", "DS")
    assert told["rule"] == "none: a DS is for the servers of the zone above (RFC 4035)"
    assert told["answer"] == "that of an upstream server"


def test_explain_what_is_refused(ctl):
    told = ctl.explain("www.example", "A", "198.51.100.7")
    assert told["answer"] == "REFUSED"
    assert "no network that may ask" in told["rule"]
    assert ctl.explain("www.example", "A", "192.168.1.7")["answer"] != "REFUSED"
    assert ctl.explain("no.such.bind", "CH", "TXT")["answer"] == "REFUSED"
    assert ctl.explain("www.example", "AXFR")["answer"] == "REFUSED"


def test_explain_a_zone_with_servers_of_its_own(run_tarn, run_upstream, tmp_path):
    corp, rest = run_upstream(address()), run_upstream(address())
    config = tmp_path / "tarn.conf"
    config.write_text(f'upstream = {{"{rest.address}"}}\n'
                      f'forward "corp.example" {{ upstream = {{"{corp.address}"}}\n'
                      f'  selection = sequential }}\n'
                      f'forward "10.0.0.0/14" {{ upstream = {{"{corp.address}"}} }}\n'
                      f'forward "never.example" {{ upstream = {{}} }}\n', encoding="ascii")
    ctl = Ctl(run_tarn, tmp_path, "-c", config)
    assert ctl.explain("www.corp.example")["forward"] == \
        {"zone": "corp.example.", "selection": "sequential",
         "servers": [{"server": corp.address, "state": "new"}]}
    network = ctl.explain("1.0.3.10.in-addr.arpa", "PTR")["forward"]
    assert (network["zone"], network["servers"][0]["server"]) == ("3.10.in-addr.arpa.", corp.address)
    assert [row["server"] for row in ctl.explain("www.example")["forward"]["servers"]] == \
        [rest.address]
    for name, zone in (("corp.example", "."), ("www.corp.example", "corp.example."),
                       ("never.example", "."), ("10.in-addr.arpa", ".")):
        assert ctl.explain(name, "DS")["forward"]["zone"] == zone
    never = ctl.explain("www.never.example")
    assert never["answer"] == "NXDOMAIN, from tarn itself"
    assert never["rule"] == "never.example. is a zone that is never forwarded"


def test_stats_count_what_was_asked(ctl):
    for name in ("www.example", "www.example", "no.example", "localhost"):
        ctl.tarn.ask(name)
    ctl.tarn.tcp(dns.message.make_query("www.example", "A"))
    stats = ctl.json("stats")
    assert (stats["questions"]["udp"], stats["questions"]["tcp"]) == (4, 1)
    answers = {row["status"]: row["answers"] for row in stats["answers"]}
    assert (answers["hit"], answers["miss"], answers["local"]) == (2, 2, 1)
    assert stats["rcodes"] == {"NOERROR": 4, "NXDOMAIN": 1}
    assert stats["types"] == {"A": 5}
    assert {stage: count for stage, count in stats["policy"].items() if count} == {"special": 1}
    assert "access" in stats["policy"] and "answer_filter" in stats["policy"]
    assert stats["lookups"]["started"] == 2
    assert stats["cache"]["entries"] == 3
    assert json.loads(ctl.text("stats", "--json"))["types"] == {"A": 5}
    assert re.search(r"^  hit +2 +0\.0 ms$", ctl.text("stats"), re.M)
    lines = ctl.text("stats", "--prometheus").splitlines()
    assert 'tarn_questions_total{transport="tcp"} 1' in lines
    settings = ctl.json("status")
    assert f"tarn_workers {settings['workers']}" in lines  # without the one of tarnctl's own
    assert stats["lost"] == {"query_log": 0, "dnstap": 0}
    assert stats["process"]["resident_octets"] > stats["cache"]["used_octets"]
    assert 0 < stats["process"]["open_files"] < stats["process"]["open_files_max"]
    assert "tarn_query_log_lost_total 0" in lines
    done = ctl.run("stats", "--nonsense")
    assert done.returncode == 1


def test_upstreams_say_how_they_do(run_tarn, run_upstream, tmp_path):
    good = run_upstream(address())
    gone = f"127.0.0.1:{free_port()}"
    ctl = Ctl(run_tarn, tmp_path, "--workers", 2, "--selection", "sequential",
              upstreams=[gone, good, "tcp://192.0.2.1"])
    for number in range(12):
        assert ctl.tarn.ask(f"n{number}.example").answer
    rows = {row["server"]: row for row in ctl.json("upstreams")["upstreams"]}
    assert (rows[gone]["state"], rows[good.address]["state"]) == ("dead", "up")
    assert "transport" not in rows[good.address]
    assert rows["192.0.2.1:53"]["transport"] == "tcp"
    assert rows[gone]["silent"] >= 3
    assert (rows[gone]["answered"], rows[good.address]["answered"]) == (0, 12)
    assert "rtt_ms" not in rows[gone]
    assert rows[good.address]["rtt_ms"] >= 1
    told = ctl.explain("x.example")
    assert [row["state"] for row in told["forward"]["servers"]] == ["dead", "up", "new"]
    assert told["answer"] == f"that of an upstream server, {good.address} first"


@pytest.mark.skipif(not servers.is_built_with("openssl"), reason="built without OpenSSL")
def test_upstreams_say_what_is_wrong_with_an_encrypted_server(run_tarn, tmp_path):
    gone = f"tls://127.0.0.1:{free_port()}#dns.example"
    ctl = Ctl(run_tarn, tmp_path, upstreams=[gone])
    assert ctl.tarn.ask("a.example").rcode() == dns.rcode.SERVFAIL
    rows = ctl.json("upstreams")["upstreams"]
    rows += ctl.explain("x.example")["forward"]["servers"]
    assert [row["error"] for row in rows] == 2 * ["connection refused"]


def test_questions_that_cannot_be_sent_are_counted_and_said_once(run_tarn, run_upstream, tmp_path):
    """More than may be under way to a silent server: 2,048 messages in each worker, probes included."""
    upstream = run_upstream(silence)
    ctl = Ctl(run_tarn, tmp_path, "--workers", 1, upstreams=[upstream])
    with Client("127.0.0.1", ctl.tarn.port) as client:
        for number in range(40000):  # a slow machine loses datagrams, and then 4,000 are not enough
            client.send(f"n{number}.example.")
            if number % 1000 == 999 and number >= 3999:
                time.sleep(0.2)
                if any("questions are under way" in line for line in ctl.tarn.lines):
                    break
        ctl.tarn.wait_for_line("questions are under way")
        row, = ctl.json("upstreams")["upstreams"]
        assert row["unsent"] > 0
        assert row["asked"] >= 2048 - 8  # "asked" does not count probes
        assert not client.wait(client.questions[-100:])  # those are told at once
    line, = [line for line in ctl.tarn.lines if "questions are under way" in line]
    assert upstream.address in line and "2048" in line


# ---- what is told --------------------------------------------------------------------------------

def test_flush_forgets_one_name(ctl, upstream):
    for name in ("www.example", "a.www.example"):
        ctl.tarn.ask(name)
    assert ctl.json("flush", "www.example") == {"flushed": 1, "failures_forgotten": 0}
    for name in ("www.example", "a.www.example"):
        ctl.tarn.ask(name)
    assert (upstream.count("www.example"), upstream.count("a.www.example")) == (2, 1)


def test_flush_forgets_one_type(ctl, upstream):
    for rrtype in ("A", "AAAA"):
        ctl.tarn.ask("www.example", rrtype)
    assert ctl.json("flush", "www.example", "A") == {"flushed": 1, "failures_forgotten": 0}
    ctl.tarn.ask("www.example", "A")
    assert upstream.count() == 3


def test_flush_says_that_a_failure_is_forgotten(ctl, upstream):
    ctl.tarn.ask("bad.example")
    before = upstream.count("bad.example")
    assert ctl.json("flush", "bad.example") == {"flushed": 0, "failures_forgotten": 1}
    ctl.tarn.ask("bad.example")
    assert upstream.count("bad.example") > before
    assert ctl.text("flush", "bad.example", "A") == "flushed             0\nfailures forgotten  1\n"


def test_flush_tree_forgets_what_is_below(ctl):
    for name in ("tree.example", "a.tree.example", "b.a.tree.example", "treeexample", "example"):
        ctl.tarn.ask(name)
    assert ctl.json("flush-tree", "tree.example") == {"flushed": 3, "failures_forgotten": 0}
    assert ctl.explain("example")["cache"]


def test_flush_negative_and_flush_failed(ctl, upstream):
    for name in ("www.example", "no.example", "bad.example"):
        ctl.tarn.ask(name)
    before = upstream.count("bad.example")
    assert ctl.json("flush-negative") == {"flushed": 2, "failures_forgotten": 0}  # the answer, and that of the name
    assert ctl.explain("no.example")["cache"] == []
    ctl.tarn.ask("bad.example")
    assert upstream.count("bad.example") == before
    assert ctl.text("flush-failed") == ""
    ctl.tarn.ask("bad.example")
    assert upstream.count("bad.example") > before
    assert ctl.explain("www.example")["cache"]


def test_dump_is_loaded_by_the_next_tarn(run_tarn, upstream, tmp_path):
    (tmp_path / "first").mkdir()
    first = Ctl(run_tarn, tmp_path / "first", upstreams=[upstream])
    names = [f"n{number}.example" for number in range(200)]
    for name in names:
        first.tarn.ask(name)
    first.tarn.ask("no.example")
    first.tarn.ask("bad.example")
    text = first.text("dump")
    lines = text.splitlines()
    assert lines[0].startswith("tarn-dump 1 ")
    assert lines[-1] == "; 201 answers"
    assert "; bad.example. IN A - failed: no usable answer" in lines
    asked = upstream.count()
    first.tarn.stop()

    second = Ctl(run_tarn, tmp_path, upstreams=[upstream])
    file = tmp_path / "dump"
    file.write_text(text, encoding="ascii")
    assert second.json("load", str(file)) == \
        {"loaded": 201, "known": 0, "ended": 0, "full": 0, "faults": 0}
    for name in names:
        answer = second.tarn.ask(name)
        assert answer.answer[0].ttl <= 300
    assert second.tarn.ask("no.example", "TXT").rcode() == dns.rcode.NXDOMAIN
    assert upstream.count() == asked
    assert second.json("load", str(file))["known"] == 201


def test_dump_that_was_cut_off_is_loaded_as_far_as_it_goes(ctl):
    ctl.tarn.ask("www.example")
    whole = ctl.text("dump")
    ctl.text("flush-tree", ".")
    done = ctl.run("--json", "load", stdin="".join(whole.splitlines(keepends=True)[:-1]))
    assert (done.returncode, done.stderr) == \
        (1, "stdin:2: cut off: this is not the last line of a dump\n")
    assert json.loads(done.stdout) == \
        {"loaded": 1, "known": 0, "ended": 0, "full": 0, "faults": 1}
    assert ctl.text("load", stdin=whole).splitlines()[1] == "known   1"


def test_faults_of_a_dump_have_file_and_line(ctl, tmp_path):
    now = int(time.time())
    done = ctl.run("load", stdin=f"tarn-dump 1 {now}\n; a comment\nrubbish\n"
                                 "www.example. IN A - 9 NOERROR 00\n; 1 answers\n")
    assert done.returncode == 1
    assert re.search(r"^stdin:3: not an entry: ", done.stderr, re.M)
    assert re.search(r"^stdin:4: not a message ", done.stderr, re.M)
    assert re.search(r"^faults +2$", done.stdout, re.M)
    for head in ("", "rubbish\n", f"tarn-dump 1 {now + 3600}\n"):
        done = ctl.run("load", stdin=head)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("tarnctl: ")
    done = ctl.run("load", str(tmp_path / "none"))
    assert done.returncode == 1
    assert "No such file" in done.stderr
    done = ctl.run("load", str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert "Is a directory" in done.stderr


def test_octets_of_any_kind_in_a_dump_are_faults_of_their_lines(ctl, tmp_path):
    dump = tmp_path / "dump"
    dump.write_bytes(b"tarn-dump 1 %d\nnul \0 x\nbad \xff\n" % time.time() + b"x" * 300000 + b"\n")
    done = ctl.run("load", str(dump))
    assert done.returncode == 1
    for line in (2, 3, 4):
        assert f"{dump}:{line}: not a line of text" in done.stderr


def damage(octets, rng):
    """A few octets changed, taken out, put in or doubled."""
    octets = bytearray(octets)
    for _ in range(rng.randint(1, 8)):
        at, length = rng.randrange(len(octets)), rng.randint(1, 30)
        octets[at:at + length] = rng.choice([b"", rng.randbytes(length), b" ", b"\n", b"\0",
                                             2 * octets[at:at + length]])
    return bytes(octets)


def is_comment(line):
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return False
    return "\0" not in text and (text.strip(" ") == "" or text.startswith(";"))


def test_damaged_dumps_are_loaded_or_faulty_line_by_line(ctl, tmp_path):
    """Each line is counted once, whatever has become of it, and what was loaded can be dumped."""
    for name, kind in (("a", "A"), ("b", "TXT"), ("no", "A"), ("no", "TXT"), ("c", "AAAA")):
        ctl.tarn.ask(f"{name}.example.", kind)
    whole, file, rng = ctl.text("dump").encode(), tmp_path / "damaged", random.Random(1)
    for _ in range(40):
        ctl.text("flush-tree", ".")
        file.write_bytes(damage(whole, rng))
        done = ctl.run("--json", "load", str(file))
        assert done.returncode in (0, 1), done
        if done.stdout == "":
            assert done.stderr.startswith("tarnctl: "), done
            continue
        counts = json.loads(done.stdout)
        assert len(done.stderr.splitlines()) == counts["faults"]
        lines = [line for line in file.read_bytes().split(b"\n")[1:] if not is_comment(line)]
        # What is cut off is one more fault.
        assert sum(counts.values()) - len(lines) in (0, 1), (counts, lines)
        again = ctl.text("dump").splitlines()
        assert sum(not line.startswith(";") for line in again[1:]) == counts["loaded"]


def test_log_level_changes(ctl):
    assert ctl.json("status")["log_level"] == "info"
    ctl.text("log", "debug")
    assert ctl.json("status")["log_level"] == "debug"
    done = ctl.run("log", "loud")
    assert (done.returncode, done.stderr) == \
        (1, "tarnctl: loud: not a level (err, warning, info, debug)\n")


def test_reload_reads_the_file_again(run_tarn, run_upstream, tmp_path):
    first, second = run_upstream(address()), run_upstream(address())
    config = tmp_path / "tarn.conf"
    config.write_text(f'upstream = {{"{first.address}"}}\n', encoding="ascii")
    ctl = Ctl(run_tarn, tmp_path, "-c", config)
    config.write_text(f'upstream = {{"{second.address}"}}\n', encoding="ascii")
    assert ctl.text("reload") == ""
    assert ctl.json("status")["upstreams"] == [second.address]
    config.write_text('upstream = {"nonsense"}\nfoo = 1\n', encoding="ascii")
    done = ctl.run("reload")
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert lines[0].startswith(f"{config}:1: ")
    assert lines[1].startswith(f"{config}:2: ")
    assert lines[-1] == "tarnctl: not reloaded: the configuration before goes on"
    assert ctl.json("status")["upstreams"] == [second.address]


def test_faults_of_a_file_that_is_no_text_are_told_all(run_tarn, run_upstream, tmp_path):
    config = tmp_path / "tarn.conf"
    config.write_text("")
    ctl = Ctl(run_tarn, tmp_path, "-c", config, upstreams=[run_upstream(address())])
    config.write_bytes(b"caf\xe9 = 1\nwokers = 3\n")
    assert ctl.run("reload").stderr.splitlines()[:2] == [
        f"{config}:1: caf\\xe9: unknown word (see tarn.conf(5))",
        f"{config}:2: wokers: unknown word (is workers meant?)"]


def test_error_of_any_length_is_told(ctl):
    for name in ("\u00e9" * 1000, "a" + "\u00e9" * 1000):
        done = ctl.run("lookup", name)
        assert done.returncode == 1
        assert done.stderr.endswith("\\xa9: not a domain name\n")


def test_reload_moves_the_socket_it_came_through(run_tarn, run_upstream, tmp_path):
    upstream = run_upstream(address())
    config = tmp_path / "tarn.conf"
    text = f'upstream = {{"{upstream.address}"}}\ncontrol {{ socket = "%s" }}\n'
    config.write_text(text % (tmp_path / "control"), encoding="ascii")
    tarn = run_tarn("-c", config, upstreams=[upstream], control=None)
    config.write_text(text % (tmp_path / "other"), encoding="ascii")
    assert tarnctl("-s", str(tmp_path / "control"), "reload").returncode == 0
    assert json.loads(tarnctl("-j", "-s", str(tmp_path / "other"),
                              "status").stdout)["process"] == tarn.pid
    assert not (tmp_path / "control").exists()


def test_socket_that_could_not_be_made_again_stays(run_tarn, run_upstream, tmp_path):
    """A later part of the configuration is refused; the place of the socket has another name."""
    upstream = run_upstream(address())
    config, before, moved, after = (tmp_path / name
                                    for name in ("tarn.conf", "before", "moved", "after"))
    before.mkdir()
    after.mkdir()
    text = (f'upstream = {{"{upstream.address}"}}\ncontrol {{ socket = "%s/control" }}\n'
            'log { queries = "%s/log" }\n')
    config.write_text(text % (before, after), encoding="ascii")
    tarn = run_tarn("-c", config, upstreams=[upstream], control=None)
    before.rename(moved)
    config.write_text(text % (after, tmp_path / "missing"), encoding="ascii")
    for _ in range(2):
        done = tarnctl("-s", str(moved / "control"), "reload")
        assert (done.returncode, done.stderr.splitlines()[-1]) == \
            (1, "tarnctl: not reloaded: the configuration before goes on")
        assert not (after / "control").exists()
        status = json.loads(tarnctl("-j", "-s", str(moved / "control"), "status").stdout)
        assert status["listens"][0] == f"127.0.0.1:{tarn.port}"
        assert status["upstreams"] == [upstream.address]


def test_status_says_how_many_threads_there_are_not_how_many_there_shall_be(run_tarn, run_upstream,
                                                                            tmp_path):
    upstream = run_upstream(address())
    config = tmp_path / "tarn.conf"
    text = f'upstream = {{"{upstream.address}"}}\nworkers = %d\n'
    config.write_text(text % 1, encoding="ascii")
    ctl = Ctl(run_tarn, tmp_path, "-c", config, upstreams=[upstream])
    config.write_text(text % 3, encoding="ascii")
    ctl.text("reload")
    assert ctl.json("status")["workers"] == 1


@pytest.mark.parametrize("half", [b"", b'{"text": "x'])
def test_answer_that_is_not_whole_is_an_error(half, tmp_path):
    """tarn ends in the middle of it."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "control"))
        listener.listen()
        with subprocess.Popen([control_program(), "-s",
                               str(tmp_path / "control"), "dump"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
            tarn, _ = listener.accept()
            tarn.recv(1000)
            tarn.sendall(b'{"text": "tarn-dump 1 1\\n"}\n' + half)
            tarn.close()
            assert child.communicate() == \
                (b"tarn-dump 1 1\n", b"tarnctl: incomplete answer: tarn has closed the connection\n")
        assert child.returncode == 1


def test_output_that_is_not_whole_is_an_error(tmp_path):
    """Its reader was slow for a while, and takes the rest in time."""
    ours, its = os.pipe()
    os.set_blocking(its, False)
    with socket.socket(socket.AF_UNIX) as listener, open(ours, "rb") as reader:
        listener.bind(str(tmp_path / "control"))
        listener.listen()
        with subprocess.Popen([control_program(), "-s",
                               str(tmp_path / "control"), "dump"],
                              stdout=its, stderr=subprocess.PIPE) as child:
            os.close(its)
            tarn, _ = listener.accept()
            tarn.sendall(json.dumps({"text": "x" * 1000000 + "\n"}).encode() + b"\n")
            reader.read(1)
            time.sleep(0.5)
            tarn.sendall(b'{"ok": {}}\n')
            assert len(reader.read()) < 1000000
            assert child.stderr.read().startswith(b"tarnctl: cannot write: ")
            tarn.close()
        assert child.returncode == 1


def test_stop_ends_tarn(ctl):
    assert ctl.text("stop") == ""
    assert ctl.tarn.wait() == 0
    assert "tarnctl: stopping" in ctl.tarn.log
    assert not os.path.exists(ctl.path)


# ---- tarnctl itself ------------------------------------------------------------------------------

def test_nobody_there_is_told_in_one_line(tmp_path):
    done = tarnctl("-s", str(tmp_path / "none"), "status")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"tarnctl: cannot connect to {tmp_path}/none: No such file or " \
        "directory (does tarn run? -s names another socket)\n"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "left"))
    done = tarnctl("-s", str(tmp_path / "left"), "status")
    assert "Connection refused (does tarn run?" in done.stderr


@pytest.mark.parametrize("args,line", [
    ([], "tarnctl: COMMAND: none was given (see tarnctl --help)"),
    (["nonsense"], "tarnctl: nonsense: unknown command (see tarnctl --help)"),
    (["\x1b[31m"], r"tarnctl: \x1b[31m: unknown command (see tarnctl --help)"),
    (["flush"], "usage: tarnctl flush NAME [TYPE] [--fleet]"),
    (["status", "x"], "usage: tarnctl status"),
    (["--nonsense"], "tarnctl: --nonsense: unknown option (see tarnctl --help)"),
    (["-Zj", "status"], "tarnctl: -Z: unknown option (see tarnctl --help)"),
    (["--json=1", "status"], "tarnctl: --json=1: takes no value (see tarnctl --help)"),
    (["-s"], "tarnctl: -s: needs a value (see tarnctl --help)"),
    (["--json", "--socket"], "tarnctl: --socket: needs a value (see tarnctl --help)"),
])
def test_wrong_usage_is_one_line_and_status_2(args, line):
    done = tarnctl(*args)
    assert (done.returncode, done.stdout, done.stderr.rstrip("\n ")) == (2, "", line)


def test_who_may_not_is_told_so(ctl, tool):
    if os.geteuid() != 0:
        pytest.skip("takes root to be somebody else")
    os.chmod(os.path.dirname(ctl.path), 0o755)
    os.chmod(os.path.dirname(os.path.dirname(ctl.path)), 0o755)
    done = subprocess.run([tool("setpriv"), "--reuid=65534", "--regid=65534", "--clear-groups",
                           control_program(), "-s", ctl.path,
                           "status"], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode != 0
    assert "Permission denied" in done.stderr


def test_socket_is_for_its_user_or_a_group(run_tarn, upstream, tmp_path):
    (tmp_path / "own").mkdir()
    own = Ctl(run_tarn, tmp_path / "own", upstreams=[upstream])
    assert stat.S_IMODE(os.stat(own.path).st_mode) == 0o600
    group = Ctl(run_tarn, tmp_path, "--control-group", "daemon", upstreams=[upstream])
    status = os.stat(group.path)
    assert (stat.S_IMODE(status.st_mode), status.st_gid) == (0o660, grp.getgrnam("daemon").gr_gid)


def test_reload_lets_a_group_in_and_out(run_tarn, upstream, tmp_path):
    """From within the sandbox, and to a socket that is made there, too."""
    config = tmp_path / "tarn.conf"
    text = f'upstream = {{"{upstream.address}"}}\ncontrol {{ socket = "{tmp_path}/%s"%s }}\n'
    config.write_text(text % ("one", ""), encoding="ascii")
    run_tarn("-c", config, upstreams=[upstream], control=None)
    group = grp.getgrgid(os.getegid()).gr_name
    place = "one"
    for name, wanted, mode in (("one", group, 0o660), ("one", None, 0o600), ("two", group, 0o660)):
        config.write_text(text % (name, f" group = {wanted}" if wanted else ""), encoding="ascii")
        assert tarnctl("-s", str(tmp_path / place), "reload").returncode == 0
        place = name
        status = os.stat(tmp_path / place)
        assert (stat.S_IMODE(status.st_mode), status.st_gid) == (mode, os.getegid())


@pytest.mark.parametrize("group,status,line", [
    ("no-such-group", 2, "--control-group no-such-group: no such group"),
    ("adm", 1, "no control socket at {}: Operation not permitted "
               "(only a member of the group may set it)"),
])
def test_a_group_that_cannot_be_let_in_is_told(group, status, line, tmp_path, tool, mounted):
    """At the usual place, too, which may be missing otherwise."""
    if os.geteuid() != 0:
        pytest.skip("takes root to have a place of one's own")
    place = re.search(r"default: (/.*)\)", tarnctl("--help").stdout)[1]
    own = os.path.dirname(place)
    # The source tree, and the program in it, may be below a folder of the same name.
    above = os.path.dirname(own)
    own, above = shlex.quote(own), shlex.quote(above)
    os.chmod(tmp_path, 0o755)
    prefix = [*mounted(f"mkdir -p {above} && mount -t tmpfs none {above} && mkdir {own} && "
                       f"chown 65534 {own}"),
              # The folders above may be for root alone, as /root is.
              tool("setpriv"), "--reuid=65534", "--regid=65534", "--clear-groups",
              "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    done = servers.run_tarn("-u", "192.0.2.1", "-l", "127.0.0.1:0", "--control-group", group,
                            prefix=prefix)
    assert (done.returncode, done.stderr) == (status, f"tarn: {line.format(place)}\n")


def test_help_man_page_and_completion_know_the_same_commands():
    text = tarnctl("--help").stdout
    commands = re.findall(r"^  ([a-z][a-z-]*)", text, re.M)
    assert len(commands) >= 11
    with open(MAN_PAGE, encoding="ascii") as file:
        page = file.read()
    assert re.findall(r"^\.It Cm ([a-z-]+)", page, re.M) == commands
    assert set(re.findall(r"^\.Dl .*tarnctl (?:-\S+ )*([a-z-]+)", page, re.M)) == set(commands)
    with open(COMPLETION, encoding="ascii") as file:
        completion = file.read()
    assert re.search(r"commands='([^']*)'", completion)[1].split() == commands
    in_help = set(re.findall(r"(?<![\w-])(--?[a-z][a-z-]*)", text.split("\n\n")[2]))
    in_page = set(re.findall(r"Fl (\\?-?\w[\w-]*)", page)) - {"\\-prometheus", "\\-fleet"}
    assert in_help == {"-" + word.replace("\\-", "-") for word in in_page}


def test_completion_completes(tool):
    bash = tool("bash")
    complete = "source $0; COMP_WORDS=(tarnctl $1 '%s'); COMP_CWORD=%d; _tarnctl; " \
        "echo ${COMPREPLY[@]}"

    def completed(word, *before):
        done = subprocess.run([bash, "-c", complete % (word, 1 + len(before)), COMPLETION,
                               " ".join(before)], capture_output=True, text=True, timeout=20,
                              check=True)
        assert done.stderr == ""
        return done.stdout.split()
    assert completed("flush-") == ["flush-tree", "flush-negative", "flush-failed"]
    assert completed("de", "log") == ["debug"]
    assert completed("--j") == ["--json"]


# ---- hostile clients -----------------------------------------------------------------------------

def test_clients_that_hang_are_in_nobodys_way(ctl):
    hanging = [ctl.connect() for _ in range(40)]
    for number, sock in enumerate(hanging):
        try:
            sock.sendall(b'{"command": ' if number % 2 else b'{"command": "dump"}\n')
        except OSError:
            pass  # it had to give way already
    assert ctl.json("status")["process"] == ctl.tarn.pid
    assert ctl.tarn.ask("www.example").answer
    for sock in hanging:
        sock.close()


def test_answer_that_nobody_reads_stays_small(ctl):
    with ctl.tarn.udp_socket():
        for number in range(500):
            ctl.tarn.ask(f"n{number}.{'x' * 60}.{'y' * 60}.example")
    before = ctl.tarn.memory()
    sockets = [ctl.connect() for _ in range(8)]
    for sock in sockets:
        sock.sendall(b'{"command": "dump"}\n' * 100)
    assert ctl.json("status")
    assert ctl.tarn.memory() - before < 8 * 1024
    for sock in sockets:
        sock.close()
    assert ctl.json("status")
