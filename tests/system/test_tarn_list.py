# SPDX-License-Identifier: BSD-2-Clause
"""tarn-list: the program that compiles lists of names."""

import os
import stat
import subprocess

import pytest

from servers import list_program


def tarn_list(*args):
    return subprocess.run([list_program(), *map(str, args)], capture_output=True, text=True,
                          timeout=60, check=False)


@pytest.fixture(name="lists")
def fixture_lists(tmp_path):
    (tmp_path / "ads.txt").write_text("! made\n||a.example^\n||b.a.example^\n@@||ok.a.example^\n"
                                      "||a..b^\n||c.example^$script\n||d*.example^\n")
    (tmp_path / "hosts").write_bytes(b"127.0.0.1 localhost\r\n0.0.0.0 a.example h.example\r\n"
                                     b"0.0.0.0 \x1b[2J\r\n")
    return tmp_path


def test_lists_are_compiled_and_described(lists):
    out = lists / "out.tl"
    done = tarn_list("-o", out, lists / "ads.txt", lists / "hosts")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"{lists}/ads.txt: adblock, 2 names (0 duplicates, 1 below others), 1 invalid "
        "(first: line 5 '||a..b^'), 1 not for DNS, 1 not supported\n"
        f"{lists}/hosts: hosts, 2 names (0 duplicates, 0 below others), 1 invalid "
        "(first: line 3 '0.0.0.0 \\027[2J\\013'), 0 not for DNS, 0 not supported\n")
    assert stat.S_IMODE(os.stat(out).st_mode) == 0o640
    assert sorted(os.listdir(lists)) == ["ads.txt", "hosts", "out.tl"]
    assert tarn_list("-t", out).stdout == done.stdout


def test_names_are_looked_up(lists):
    out = lists / "out.tl"
    tarn_list("-o", out, lists / "ads.txt", lists / "hosts")
    done = tarn_list("-t", out, "x.ok.a.example", "h.example")
    assert done.returncode == 0
    assert sorted(done.stdout.splitlines()) == [
        f"h.example: block h.example., {lists}/hosts",
        f"x.ok.a.example: allow ok.a.example. and below, {lists}/ads.txt",
        f"x.ok.a.example: block a.example. and below, {lists}/ads.txt"]
    done = tarn_list("-t", out, "h.example", "x.h.example")
    assert done.returncode == 1
    assert "x.h.example: not listed" in done.stdout


def test_options_say_what_names_mean(lists):
    out = lists / "out.tl"
    tarn_list("-a", "-f", "hosts", "-s", "yes", "-o", out, lists / "hosts")
    assert tarn_list("-t", out, "x.h.example").stdout == (
        f"x.h.example: allow h.example. and below, {lists}/hosts\n")


@pytest.mark.parametrize("arguments, status", [
    (["-o", "{}/out.tl", "{}/missing"], 1),
    (["-o", "{}/missing/out.tl", "{}/hosts"], 1),
    (["-o", "{}/out.tl"], 2),
    (["{}/hosts"], 2),
    (["-f", "zones", "-o", "{}/out.tl", "{}/hosts"], 2),
    (["-s", "maybe", "-o", "{}/out.tl", "{}/hosts"], 2),
    (["-t", "{}/hosts", "a.example"], 2),
    (["-t", "/dev/null"], 2),
    (["-t", "{}/missing"], 2),
])
def test_what_cannot_be_done_is_said(lists, arguments, status):
    done = tarn_list(*[argument.format(lists) for argument in arguments])
    assert done.returncode == status
    assert done.stderr
    assert not (lists / "out.tl").exists()


def test_old_list_stays_if_the_new_one_fails(lists):
    out = lists / "out.tl"
    tarn_list("-o", out, lists / "hosts")
    before = out.read_bytes()
    assert tarn_list("-o", out, lists / "hosts", lists / "missing").returncode == 1
    assert out.read_bytes() == before
    out.write_bytes(before[:-8])
    assert "damaged" in tarn_list("-t", out).stderr
