# SPDX-License-Identifier: BSD-2-Clause
"""Local names: hosts files, leases and records, while they change."""

import os
import time

import dns.flags
import dns.query
import pytest

from naming import Named, types, wait_until
from servers import run_tarn as run_program
from upstream import address, reply

HOSTS = "192.0.2.10 nas.lan nas\n2001:db8::10 nas.lan\n192.0.2.11 printer\n"


def script(question):
    if question.name == "alias.example.":
        return reply(question, "alias.example. 300 IN CNAME nas.lan.",
                     "nas.lan. 300 IN A 198.51.100.1")
    return address()(question)


@pytest.fixture
def upstream(run_upstream):
    return run_upstream(script)


@pytest.fixture
def named(run_tarn, upstream, tmp_path):
    """Starts tarn with a section local."""
    def run(text, *args, **options):
        return Named(run_tarn, tmp_path, text.replace("FOLDER", str(tmp_path)), *args,
                     upstreams=[upstream], **options)
    return run


LOCAL = "local { hosts = FOLDER/hosts }\n"


def test_hosts_file_answers(named, tmp_path, upstream):
    (tmp_path / "hosts").write_text(HOSTS)
    tarn = named('local { hosts = FOLDER/hosts  domain = lan }\n')
    message = tarn.ask("NAS.lan")
    assert message.flags & dns.flags.AA
    assert message.answer[0].ttl == 60
    assert message.answer[0].name.to_text() == "NAS.lan."
    assert tarn.values("nas.lan", "AAAA") == ["2001:db8::10"]
    # Another type: there is none, and nobody else is asked.
    message = tarn.ask("nas.lan", "MX")
    assert (message.rcode(), message.answer) == (0, [])
    assert types(message.authority) == ["SOA"]
    # PTR has the canonical name, and a name without a dot has the domain.
    assert tarn.values("10.2.0.192.in-addr.arpa", "PTR") == ["nas.lan."]
    assert tarn.values("11.2.0.192.in-addr.arpa", "PTR") == ["printer.lan."]
    assert tarn.values("printer.lan") == tarn.values("printer") == ["192.0.2.11"]
    assert upstream.count() == 0
    # Below it nothing is ours.
    assert tarn.values("www.nas.lan") == ["192.0.2.1"]


@pytest.mark.parametrize("change", ["append", "put"])
def test_line_is_seen_within_a_second_and_gone_within_a_second(named, tmp_path, change):
    (tmp_path / "hosts").write_text(HOSTS)
    tarn = named(LOCAL)
    assert tarn.values("new.lan") == ["192.0.2.1"]
    if change == "append":
        tarn.append("hosts", "192.0.2.12 new.lan\n")
    else:
        tarn.put("hosts", HOSTS + "192.0.2.12 new.lan\n")
    took = wait_until(lambda: tarn.values("new.lan") == ["192.0.2.12"])
    assert took < 1 or tarn.tarn.is_slow
    if change == "append":
        (tmp_path / "hosts").write_text(HOSTS)
    else:
        tarn.put("hosts", HOSTS)
    took = wait_until(lambda: tarn.values("new.lan") == ["192.0.2.1"])
    assert took < 1 or tarn.tarn.is_slow
    assert tarn.values("nas.lan") == ["192.0.2.10"]


def test_folder_of_hosts_files_is_followed(named, tmp_path):
    (tmp_path / "d").mkdir()
    tarn = named("local { hosts = FOLDER/d }\n")
    (tmp_path / "d" / "1").write_text("192.0.2.12 one.lan\n")
    wait_until(lambda: tarn.values("one.lan") == ["192.0.2.12"])
    (tmp_path / "d" / "2").write_text("192.0.2.13 two.lan\n")
    wait_until(lambda: tarn.values("two.lan") == ["192.0.2.13"])


def test_file_that_vanishes_keeps_its_names_for_five_seconds(named, tmp_path):
    (tmp_path / "hosts").write_text(HOSTS)
    tarn = named(LOCAL)
    os.unlink(tmp_path / "hosts")
    began = time.monotonic()
    while time.monotonic() - began < 4:
        assert tarn.values("nas.lan") == ["192.0.2.10"]
    tarn.tarn.wait_for_line("hosts is gone")
    wait_until(lambda: tarn.values("nas.lan") == ["192.0.2.1"])
    (tmp_path / "hosts").write_text(HOSTS)
    wait_until(lambda: tarn.values("nas.lan") == ["192.0.2.10"])


def test_leases_come_and_go(named, tmp_path):
    end = int(time.time()) + 3600
    (tmp_path / "leases").write_text(f"{end} 02:00:00:00:00:01 192.0.2.20 Laptop *\n")
    tarn = named("local { leases = FOLDER/leases  domain = lan }\n")
    assert tarn.values("laptop.lan") == ["192.0.2.20"]
    assert tarn.values("20.2.0.192.in-addr.arpa", "PTR") == ["laptop.lan."]
    # dnsmasq keeps its file open, and writes it anew in its place.
    with open(tmp_path / "leases", "r+", encoding="ascii") as file:
        file.truncate()
        file.write(f"{end} 02:00:00:00:00:02 192.0.2.21 phone *\n"
                   f"{end} 02:00:00:00:00:03 192.0.2.22 wpad *\n")
        file.flush()
        took = wait_until(lambda: tarn.values("phone.lan") == ["192.0.2.21"])
    assert took < 1 or tarn.tarn.is_slow
    assert tarn.values("laptop.lan") == ["192.0.2.1"]
    assert tarn.values("wpad.lan") == ["192.0.2.1"]


def test_lease_ends_at_its_time(named, tmp_path):
    end = int(time.time()) + 3
    (tmp_path / "leases").write_text(f"{end} 02:00:00:00:00:01 192.0.2.20 laptop *\n")
    tarn = named("local { leases = FOLDER/leases  domain = lan }\n")
    assert tarn.ask("laptop.lan").answer[0].ttl <= 3
    wait_until(lambda: tarn.values("laptop.lan") == ["192.0.2.1"])
    assert time.time() >= end


def test_records_and_zones_are_there(named, upstream):
    tarn = named('local { hosts = none  zone = { lan }\n'
                 '  record = { "nas.lan 300 A 192.0.2.10", "*.apps.lan A 192.0.2.11",\n'
                 '             "www.lan CNAME nas.lan.", "out.lan CNAME www.example." } }\n')
    assert tarn.ask("nas.lan").answer[0].ttl == 300
    assert tarn.values("x.apps.lan") == ["192.0.2.11"]
    assert tarn.values("www.lan") == ["192.0.2.10"]
    assert upstream.count() == 0
    assert tarn.values("out.lan") == ["192.0.2.1"]
    message = tarn.ask("nothing.lan")
    assert message.rcode().name == "NXDOMAIN"
    assert message.authority[0].name.to_text() == "lan."
    assert tarn.ask("lan", "SOA").rcode().name == "NOERROR"


def test_chain_of_an_upstream_ends_at_a_local_name(named, tmp_path, upstream):
    (tmp_path / "hosts").write_text(HOSTS)
    tarn = named(LOCAL)
    for _ in range(2):
        message = tarn.ask("alias.example")
        assert types(message.answer) == ["CNAME", "A"]
        assert message.answer[1][0].to_text() == "192.0.2.10"
    assert upstream.count("alias.example") == 1
    told = tarn.json("explain", "alias.example")
    assert "local data" in told["answer_rule"]
    assert told["instead"] == "a CNAME, and what nas.lan. has"
    # What is cached is what the server said.
    tarn.put("hosts", "")
    wait_until(lambda: tarn.values("alias.example") == ["198.51.100.1"])
    assert upstream.count("alias.example") == 1


def test_reload_takes_other_files(named, tmp_path):
    (tmp_path / "hosts").write_text(HOSTS)
    (tmp_path / "other").write_text("192.0.2.30 nas.lan\n")
    tarn = named(LOCAL)
    assert tarn.values("nas.lan") == ["192.0.2.10"]
    tarn.reload(f"local {{ hosts = {tmp_path}/other }}\n")
    assert tarn.values("nas.lan") == ["192.0.2.30"]
    tarn.reload("local { hosts = none }\n")
    assert tarn.values("nas.lan") == ["192.0.2.1"]


def test_reload_cannot_reach_another_folder(named, tmp_path, tmp_path_factory):
    (tmp_path / "hosts").write_text(HOSTS)
    tarn = named(LOCAL, "--verbose")
    if "in the sandbox: files," not in tarn.tarn.log:
        pytest.skip("no Landlock here")
    other = tmp_path_factory.mktemp("elsewhere") / "hosts"
    other.write_text("192.0.2.30 nas.lan\n")
    tarn.put("tarn.conf", tarn.head() + f"local {{ hosts = {other} }}\n")
    done = tarn.run("reload")
    assert done.returncode == 1
    tarn.tarn.wait_for_line(rf"cannot read {other}.*restart tarn")
    assert tarn.values("nas.lan") == ["192.0.2.10"]


def test_nothing_of_a_hosts_file_is_fatal(named, tmp_path):
    octets = b"\xef\xbb\xbf" + HOSTS.replace("\n", "\r\n").encode() + bytes(range(256)) * 40 + \
        b"\n192.0.2.256 bad.lan\n192.0.2.14 a..b good.lan\n" + b"x" * 5000 + b"\n192.0.2.15 last.lan"
    (tmp_path / "hosts").write_bytes(octets)
    tarn = named(LOCAL)
    assert tarn.values("nas.lan") == ["192.0.2.10"]
    assert tarn.values("good.lan") == ["192.0.2.14"]
    assert tarn.values("last.lan") == ["192.0.2.15"]
    tarn.tarn.wait_for_line(r"hosts:\d+: ")
    assert len([line for line in tarn.tarn.lines if "/hosts:" in line]) <= 6


def test_tarnctl_shows_local_names(named, tmp_path):
    (tmp_path / "hosts").write_text(HOSTS)
    tarn = named('local { hosts = FOLDER/hosts  record = "mail.lan MX 10 nas.lan." }\n')
    told = tarn.json("local", "nas.lan")
    assert [(row["type"], row["data"]) for row in told["records"]] == \
        [("A", "192.0.2.10"), ("AAAA", "2001:db8::10")]
    assert told["records"][0]["from"] == f"{tmp_path}/hosts:1"
    everything = tarn.json("local")
    assert {"mail.lan.", "nas.lan.", "nas.", "printer."} <= \
        {row["name"] for row in everything["records"]}
    assert "NAME" in tarn.text("local")
    assert tarn.json("local", "nothing.lan")["records"] == []
    assert tarn.text("test", "nas.lan") == \
        f"local  local data has records ({tmp_path}/hosts:1)\n"
    assert f"tarn_local_names {everything['names']}\n" in tarn.text("stats", "--prometheus")


def test_change_disturbs_no_question(named, tmp_path):
    (tmp_path / "hosts").write_text(HOSTS)
    tarn = named(LOCAL, "--workers", "2")
    for number in range(30):
        tarn.put("hosts", HOSTS + f"192.0.2.12 n{number}.lan\n")
        for _ in range(20):
            assert tarn.values("nas.lan") == ["192.0.2.10"]
            assert tarn.values("www.example") == ["192.0.2.1"]
    wait_until(lambda: tarn.values("n29.lan") == ["192.0.2.12"])


def test_etc_hosts_is_the_default_on_loopback_only(tmp_path):
    for listen, text in (("127.0.0.1:0", "/etc/hosts"), ("0.0.0.0:0", "none")):
        done = run_program("--check", "--listen", listen, "--upstream", "192.0.2.1")
        assert done.returncode == 0, done
        lines = [line for line in done.stdout.splitlines() if "hosts" in line]
        assert any(text in line for line in lines) == (text != "none"), lines
