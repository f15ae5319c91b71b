# SPDX-License-Identifier: BSD-2-Clause
"""`make bench` works: every row is present and has its meaning. Nothing is timed here."""

import os
import re
import signal
import sys
import time
import xml.etree.ElementTree

import pytest

import servers
from store import find_program

BENCH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bench", "bench.py")
SHORT = ["--quick", "--seconds", "0.2", "--names", "500", "--starts", "1", "--peers", "",
         "--list-names", "500", "--secure-names", "100", "--encrypted-names", "100",
         "--handshakes", "3", "--connections", "4", "--shared-names", "200", "--warm-names", "500"]


@pytest.fixture
def bench(tool):
    """The command that runs it, over tarn and the floor alone."""
    tool("dnsperf")
    if servers.is_sanitized():
        pytest.skip("the program makes no difference, and takes the time of its other tests")
    reflector = os.environ.get("REFLECTOR", "")
    if not os.access(reflector, os.X_OK):
        pytest.skip("REFLECTOR names no program: make tests/bench/reflector")
    return [sys.executable, BENCH, "--tarn", servers.program(), "--reflector", reflector, *SHORT]


def assert_nothing_is_left(group):
    """dnsperf may take a moment to end of itself."""
    for _ in range(50):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail("there are processes left")


def rows_of(markdown):
    """{workload: {server: {column: text}}}"""
    tables = {}
    for block in re.findall(r"(?:^\|.*\n)+", markdown, re.M):
        head, _, *rows = [[cell.strip() for cell in line.strip("|\n").split("|")]
                          for line in block.splitlines()]
        tables[head[0]] = {row[0]: dict(zip(head, row)) for row in rows}
    return tables


def test_every_row_is_measured(bench, tmp_path):
    out = tmp_path / "performance.md"
    out.write_text("Before.\n<!-- make bench: begin -->\noutdated\n<!-- make bench: end -->\n"
                   "<!-- make bench, lists: begin -->\noutdated\n<!-- make bench, lists: end -->\n"
                   "<!-- make bench, validation: begin -->\noutdated\n"
                   "<!-- make bench, validation: end -->\n<!-- make bench, encrypted: begin -->\n"
                   "outdated\n<!-- make bench, encrypted: end -->\n"
                   "<!-- make bench, shared: begin -->\noutdated\n<!-- make bench, shared: end -->\n"
                   "<!-- make bench, file: begin -->\noutdated\n<!-- make bench, file: end -->\n"
                   "After.\n",
                   encoding="utf-8")
    done = servers.Process([*bench, "--out", str(out)])
    try:
        assert done.wait(50) == 0, done.log
        assert_nothing_is_left(done.pid)
    finally:
        done.kill()

    text = out.read_text(encoding="utf-8")
    assert text.startswith("Before.\n") and text.endswith("\nAfter.\n") and "outdated" not in text
    assert re.search(r" Others took \d+% of the CPUs meanwhile\.$", text, re.M)
    tables = rows_of(text)
    asked = {"UDP, hits": 0, "TCP, hits": 0, "UDP, misses": 1, "UDP, 90 % hits": 0.1,
             "UDP, hits, two workers": 0}
    for workload, upstream in asked.items():
        row = tables[workload]["tarn"]
        assert float(row["queries/s"].replace(",", "")) > 0
        assert float(row["CPU, µs"]) > 0
        assert float(row["p50, µs"]) <= float(row["p99, µs"])
        assert float(row["RSS, MiB"]) > 0
        assert float(row["upstream"]) == pytest.approx(upstream, abs=0.05), row
    assert tables["UDP, hits"]["reflector"]["x floor"] == "1.00"
    assert float(tables["UDP, hits"]["tarn"]["x floor"]) > 0
    assert float(tables[""]["tarn"]["start, ms, best"]) > 0
    assert tables[""]["tarn"]["still known of 500"] == "100%"
    listed = tables["500 blocked names"]["tarn"]
    for column in ("start, s", "again, s", "hit, µs", "blocked, µs", "reload, s", "longest, ms"):
        assert float(listed[column]) > 0, listed
    assert listed["lost"] == "0.00%"
    plot = xml.etree.ElementTree.parse(tmp_path / "performance.svg")
    assert len(plot.findall(".//*[@class='tarn']")) == 2 * len(asked)


def test_validation_is_measured(bench, tool, tmp_path):
    for program in ("nsd", "nsd-control", "dnssec-keygen", "dnssec-signzone"):
        tool(program)
    out = tmp_path / "performance.md"
    done = servers.Process([*bench, "--only-validation", "--out", str(out)])
    try:
        assert done.wait(50) == 0, done.log
        assert_nothing_is_left(done.pid)
    finally:
        done.kill()

    text = out.read_text(encoding="utf-8")
    tables = rows_of(text)
    assert set(tables) == {"secure names", "start", "cold cache"}
    for name in ("tarn", "tarn, validating"):
        assert float(tables["secure names"][name]["hit, µs"]) > 0
        assert float(tables["secure names"][name]["miss, µs"]) > 0
        # One for each name, and what a slow machine asks again.
        assert 0.95 <= float(tables["secure names"][name]["upstream"]) < 2
        assert float(tables["start"][name]["private, MiB"]) > 0
    cold = tables["cold cache"]
    assert cold["tarn"]["of the first answer"] == "1"
    # DNSKEY of three zones and DS of two.
    assert int(cold["tarn, validating"]["of the first answer"]) >= 6
    assert cold["tarn, validating"]["of the next"] == "1"


def test_encrypted_dns_is_measured(bench, tool, tmp_path):
    for program in ("openssl", "unbound", "h2load"):
        tool(program)
    if not servers.is_built_with("nghttp2"):
        pytest.skip("built without nghttp2")
    out = tmp_path / "performance.md"
    done = servers.Process([*bench, "--only-encrypted", "--out", str(out)])
    try:
        assert done.wait(50) == 0, done.log
        assert_nothing_is_left(done.pid)
    finally:
        done.kill()

    tables = rows_of(out.read_text(encoding="utf-8"))
    assert set(tables) == {"miss over", "hit over", "connections", "tarn"}
    for column in ("UDP, µs", "TCP, µs", "TLS, µs", "HTTPS, µs"):
        assert float(tables["miss over"]["tarn"][column]) > 0
        assert float(tables["hit over"]["tarn"][column]) > 0
    assert float(tables["connections"]["tarn"]["full handshake, µs"]) > 0
    assert float(tables["connections"]["tarn"]["resumed, µs"]) > 0
    assert len(tables["tarn"]) == 4


def test_second_level_is_measured(bench, tmp_path):
    if not servers.is_built_with("hiredis") or not find_program():
        pytest.skip("built without hiredis, or no store on this machine")
    out = tmp_path / "performance.md"
    done = servers.Process([*bench, "--only-shared", "--out", str(out)])
    try:
        assert done.wait(50) == 0, done.log
        assert_nothing_is_left(done.pid)
    finally:
        done.kill()

    tables = rows_of(out.read_text(encoding="utf-8"))
    assert set(tables) == {"a miss", "CPU, µs", "the store", "3 of tarn"}
    assert tables["a miss"]["tarn"]["from the store"] != "0%"
    assert float(tables["CPU, µs"]["tarn"]["shared"]) > 0
    assert len(tables["the store"]) == 4
    assert all((row["lost"], row["failed"]) == ("0", "0")
               for name in ("the store", "3 of tarn") for row in tables[name].values())


def test_file_of_the_cache_is_measured(bench, tmp_path):
    out = tmp_path / "performance.md"
    done = servers.Process([*bench, "--only-file", "--out", str(out)])
    try:
        assert done.wait(50) == 0, done.log
        assert_nothing_is_left(done.pid)
    finally:
        done.kill()

    tables = rows_of(out.read_text(encoding="utf-8"))
    assert set(tables) == {"500 answers", "hits", "first answer"}
    assert tables["500 answers"]["tarn"]["still known"] == "100.0%"
    assert float(tables["500 answers"]["tarn"]["octets each"]) > 0


def test_nothing_outlives_an_interrupted_run(bench):
    process = servers.Process(bench)
    try:
        process.wait_for_line("^round 1")
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait() == 130
        assert_nothing_is_left(process.pid)
    finally:
        process.kill()
