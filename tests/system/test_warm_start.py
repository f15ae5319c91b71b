# SPDX-License-Identifier: BSD-2-Clause
"""The cache's file: what a restart, a kill, a full disk and a damaged file leave of the cache."""

import os
import random
import signal
import stat
import subprocess
import sys
import time

import pytest

import servers
from client import Client
from naming import Named, errors, wait_until
from second_server import limit
from upstream import SILENCE, address

NAMES = 300
STALE = 3  # of EDE, RFC 8914


class Server:
    """Answers with a TTL, or not at all."""

    def __init__(self):
        self.is_silent = False
        self.ttl = 3600

    def __call__(self, question):
        return SILENCE if self.is_silent else address(self.ttl)(question)


class Warm(Named):
    """tarn with a file for its cache; its configuration is what the test says."""

    def ask_all(self, prefix, count=NAMES):
        """Asks for so many names; all are answered."""
        with Client("127.0.0.1", self.tarn.port) as client:
            for start in range(0, count, 100):
                asked = [client.send(f"{prefix}{number}.example.")
                         for number in range(start, min(count, start + 100))]
                assert not client.wait(asked, limit(self.tarn, 10))
                assert all(question.is_good for question in asked)

    def status(self):
        return self.json("status")["cache_file"]

    def wait_for(self, state="ready"):
        wait_until(lambda: self.status()["state"] == state, limit(self.tarn, 10))
        return self.status()

    def kill(self):
        self.tarn.kill()
        self.tarn.check_clean()

    def restart(self):
        self.tarn.stop()
        self.start()


class Asked:
    """The names that an upstream server is asked for from now on; a busy machine asks twice."""

    def __init__(self, upstream):
        self.upstream = upstream
        self.before = len(upstream.questions)

    def __len__(self):
        with self.upstream.lock:
            return len({question.name for question in self.upstream.questions[self.before:]})


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def upstream(run_upstream, server):
    return run_upstream(server)


@pytest.fixture
def warm(cleanup, upstream, tmp_path):
    """Starts tarn; tests end it in their own ways. FOLDER stands for the folder of the file."""
    def start(*args, **options):
        tarn = servers.Tarn(*args, **options)
        cleanup.callback(tarn.kill)
        return tarn

    def run(text="cache { file = FOLDER/cache }\n", *args, folder=tmp_path / "kept", **options):
        (tmp_path / "home").mkdir(exist_ok=True)
        if folder.parent == tmp_path:
            folder.mkdir(exist_ok=True)
        return Warm(start, tmp_path / "home", text.replace("FOLDER", str(folder)), *args,
                    upstreams=[upstream], **options)
    return run


@pytest.fixture
def file(tmp_path):
    return tmp_path / "kept" / "cache"


# ---- restarts ------------------------------------------------------------------------------------

def test_restart_keeps_the_cache(warm, upstream, file):
    tarn = warm()
    tarn.ask_all("a")
    tarn.restart()
    status = tarn.wait_for()
    assert (status["loaded"], status["loaded_stale"]) == (NAMES, 0)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    asked = Asked(upstream)
    tarn.ask_all("a")
    assert len(asked) <= NAMES / 100
    text = tarn.text("stats", "--prometheus")
    assert f'tarn_snapshot_loaded_entries{{result="fresh"}} {NAMES}\n' in text
    assert f"tarn_snapshot_entries {NAMES}\n" in text
    # Nothing has changed: nothing is written.
    before = file.stat().st_mtime_ns
    tarn.tarn.stop()
    assert file.stat().st_mtime_ns == before


def test_kill_leaves_what_was_saved_last(warm, upstream):
    tarn = warm()
    tarn.ask_all("a")
    saved = tarn.json("save")
    assert saved["answers"] == NAMES
    tarn.ask_all("b")
    tarn.kill()
    tarn.start()
    assert tarn.wait_for()["loaded"] == NAMES
    asked = Asked(upstream)
    tarn.ask_all("a")
    assert len(asked) == 0
    tarn.ask_all("b")
    assert len(asked) == NAMES
    tarn.tarn.stop()


def test_kill_while_it_is_saved_leaves_the_old_file(warm, file):
    tarn = warm()
    tarn.ask_all("a", 2000)
    tarn.text("save")
    for _ in range(6):
        saving = subprocess.Popen([servers.control_program(), "-s", tarn.control, "save"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(random.uniform(0, 0.03))
        tarn.tarn.child.send_signal(random.choice([signal.SIGSTOP, signal.SIGKILL]))
        tarn.kill()
        saving.wait()
        tarn.start()
        assert tarn.wait_for()["loaded"] == 2000
        assert "damaged" not in tarn.tarn.log
        assert sorted(os.listdir(file.parent)) == ["cache", "cache.lock"]
    tarn.tarn.stop()


def test_second_signal_does_not_spoil_the_last_save(warm):
    tarn = warm()
    tarn.ask_all("a", 1000)
    for _ in range(3):
        tarn.tarn.child.send_signal(signal.SIGTERM)
        time.sleep(0.002)
    tarn.tarn.stop()
    tarn.start()
    assert tarn.wait_for()["loaded"] == 1000
    tarn.tarn.stop()


def test_what_has_ended_is_given_only_when_no_server_answers(warm, server, upstream):
    server.ttl = 1
    tarn = warm()
    tarn.ask_all("a", 5)
    tarn.tarn.stop()
    time.sleep(1.1)
    tarn.start()
    assert tarn.wait_for()["loaded_stale"] == 5
    asked = Asked(upstream)
    assert errors(tarn.ask("a0.example")) == []
    assert len(asked) == 1
    server.is_silent = True
    began = time.monotonic()
    message = tarn.ask("a1.example")
    assert time.monotonic() - began > 1.5
    assert errors(message)[0][0] == STALE
    assert message.answer[0].ttl == 30
    tarn.tarn.stop()


def test_it_is_saved_at_the_interval_if_anything_changes(warm, file):
    tarn = warm("cache { file = FOLDER/cache save = 1s }\n")
    time.sleep(1.3)
    assert not file.exists()
    tarn.ask_all("a", 10)
    wait_until(lambda: tarn.status().get("saved_answers") == 10, limit(tarn.tarn, 5))
    saves = tarn.status()["saves"]
    time.sleep(1.5)
    assert tarn.status()["saves"] == saves
    tarn.kill()
    tarn.start()
    assert tarn.wait_for()["loaded"] == 10
    tarn.tarn.stop()


def test_flush_holds_for_the_file(warm, upstream):
    tarn = warm()
    tarn.ask_all("a", 10)
    tarn.text("save")
    assert tarn.json("flush", "a0.example", "A")["flushed"] == 1
    assert tarn.json("flush", "none.example")["flushed"] == 0
    wait_until(lambda: tarn.status()["saves"] == 2, 10 + limit(tarn.tarn, 1))
    tarn.kill()
    tarn.start()
    assert tarn.wait_for()["loaded"] == 9
    asked = Asked(upstream)
    tarn.ask_all("a", 10)
    assert len(asked) == 1
    tarn.tarn.stop()


# ---- files that are wrong ------------------------------------------------------------------------

def test_what_is_whole_of_a_damaged_file_is_used(warm, file):
    tarn = warm()
    tarn.ask_all("a", 2000)
    tarn.tarn.stop()
    octets = file.read_bytes()
    for damaged in (octets[:len(octets) // 2], octets[:-3],
                    octets[:len(octets) // 2] + b"\xff" * 9 + octets[len(octets) // 2 + 9:]):
        file.write_bytes(damaged)
        tarn.start()
        status = tarn.wait_for()
        assert 0 < status["loaded"] <= 2000
        assert "is damaged" in tarn.tarn.log
        assert tarn.rcode("a0.example") == "NOERROR"
        tarn.kill()
    # Its head: it is replaced.
    file.write_bytes(octets[:12] + b"\xff" + octets[13:])
    tarn.start()
    assert "loaded" not in tarn.wait_for()
    tarn.tarn.wait_for_line("is not loaded, and replaced by the next save: ")
    tarn.ask_all("a", 5)
    tarn.restart()
    assert tarn.wait_for()["loaded"] == 5
    tarn.tarn.stop()


def make_link(file):
    victim = file.parent / "victim"
    victim.write_text("victim")
    file.symlink_to(victim)


def make_foreign(file):
    file.write_text("a file of the administrator")
    file.chmod(0o600)


def make_shared(file):
    make_foreign(file)
    file.chmod(0o666)


def make_strange(file):
    if os.geteuid() != 0:
        pytest.skip("only root gives files away")
    make_foreign(file)
    os.chown(file, 12345, 12345)


def make_busy_lock(file):
    (file.parent / "cache.lock").mkdir()


@pytest.mark.parametrize("make, why", [
    (os.mkdir, "it is a directory"), (make_link, "it is a symbolic link, which is not followed"),
    (os.mkfifo, "it is a pipe"), (make_shared, "it is a file that others may write to"),
    (make_strange, "it is a file of another user"),
    (make_foreign, "it is not a file of tarn's cache"),
    (make_busy_lock, "cannot open cache.lock beside it: Is a directory")])
def test_what_is_no_file_of_the_cache_is_left_alone(warm, file, make, why):
    file.parent.mkdir()
    make(file)

    def look():
        return {name: (os.lstat(file.parent / name).st_ino, os.lstat(file.parent / name).st_mtime_ns)
                for name in os.listdir(file.parent) if not name.endswith(".lock")}
    before = look()
    tarn = warm()
    tarn.tarn.wait_for_line(f"cannot use the cache file {file}: {why}")
    tarn.ask_all("a", 5)
    assert tarn.wait_for("unusable")["error"] == why
    assert why in tarn.run("save").stderr
    tarn.tarn.stop()
    assert tarn.tarn.log.count(str(file)) == 1
    assert look() == before


def test_folder_that_is_not_there_is_made_or_said(warm, tmp_path):
    tarn = warm(folder=tmp_path / "none" / "kept")
    tarn.tarn.wait_for_line("its folder does not exist")
    tarn.ask_all("a", 5)
    tarn.tarn.stop()
    (tmp_path / "none").mkdir()
    tarn.start()
    tarn.ask_all("a", 5)
    tarn.restart()
    assert tarn.wait_for()["loaded"] == 5
    tarn.tarn.stop()


def test_without_a_file_there_is_none_to_save_to(warm):
    tarn = warm("")
    assert "there is no file for the cache" in tarn.run("save").stderr
    assert "cache_file" not in tarn.json("status")
    assert "tarn_snapshot" not in tarn.text("stats", "--prometheus")
    tarn.tarn.stop()


def mounted(folder, size):
    """What starts a program with that folder on a small disk of its own."""
    prefix = ["unshare", "-m", "sh", "-c", f"mount -t tmpfs -o size={size} tmpfs {folder} && "
              'exec "$@"', "sh"]
    if os.geteuid() != 0 or subprocess.run([*prefix, "true"], capture_output=True,
                                           check=False).returncode != 0:
        pytest.skip("no mounts here")
    return prefix


def test_full_disk_is_said_once(warm, file):
    file.parent.mkdir()
    tarn = warm(prefix=mounted(file.parent, "64k"))
    inside = f"/proc/{tarn.tarn.pid}/root{file.parent}"
    tarn.ask_all("a", 20)
    tarn.text("save")
    tarn.ask_all("b", 2000)
    for _ in range(2):
        assert "No space left on device" in tarn.run("save").stderr
        assert sorted(os.listdir(inside)) == ["cache", "cache.lock"]
    assert tarn.status()["save_failures"] == 2
    assert tarn.status()["saved_answers"] == 20
    assert tarn.tarn.log.count("No space left on device") == 1
    tarn.text("flush-tree", ".")
    assert tarn.json("save")["answers"] == 0
    tarn.tarn.wait_for_line("saved 0 answers")
    assert "error" not in tarn.status()
    tarn.tarn.stop()


# ---- processes and settings ----------------------------------------------------------------------

def test_second_process_runs_without(warm, tmp_path, cleanup, upstream):
    first = warm()
    first.ask_all("a", 5)
    second = warm("cache { file = FOLDER/cache }\n", "--control", tmp_path / "other")
    second.control = tmp_path / "other"
    second.tarn.wait_for_line("another process has it; tarn goes on without")
    second.ask_all("b", 5)
    first.tarn.stop()
    # A reload tries again.
    second.tarn.child.send_signal(signal.SIGHUP)
    second.tarn.wait_for_line("loaded 5 answers")
    assert second.wait_for()["loaded"] == 5
    second.tarn.stop()


def test_reload_goes_to_another_file_and_to_none(warm, file):
    tarn = warm()
    tarn.ask_all("a", 5)
    tarn.text("save")
    tarn.reload(f"cache {{ file = {file.parent}/other save = 0 }}\n")
    assert not file.exists()
    assert tarn.wait_for()["file"] == f"{file.parent}/other"
    assert tarn.json("save")["answers"] == 5
    # That of another folder is out of reach: the sandbox is closed.
    elsewhere = file.parent.parent / "elsewhere"
    elsewhere.mkdir()
    tarn.reload(f"cache {{ file = {elsewhere}/cache }}\n")
    if tarn.status()["state"] == "unusable":
        assert "takes a restart" in tarn.status()["error"]
        assert (file.parent / "other").exists()
    tarn.reload(f"cache {{ file = {file.parent}/other }}\n")
    tarn.wait_for()
    tarn.reload("")
    assert os.listdir(file.parent) == []
    assert "cache_file" not in tarn.json("status")
    tarn.restart()
    assert tarn.json("status")["cache_entries"] == 0
    tarn.tarn.stop()


def test_other_servers_have_none_of_it(warm, upstream, run_upstream):
    tarn = warm()
    tarn.ask_all("a", 5)
    tarn.tarn.stop()
    other = run_upstream(address())
    tarn.upstreams = [other.address]
    tarn.put("tarn.conf", tarn.head() + f"cache {{ file = {tarn.folder.parent}/kept/cache }}\n")
    tarn.start()
    assert tarn.wait_for()["left_out"]["of_other_servers"] == 5
    tarn.ask_all("a", 5)
    assert len({question.name for question in other.questions}) == 5
    tarn.tarn.stop()


# ---- clocks --------------------------------------------------------------------------------------

HERE = os.path.dirname(os.path.abspath(__file__))
YEARS = 56 * 365 * 86400


class Clock:
    """The time of day of tarn alone."""

    def __init__(self, folder):
        if servers.is_sanitized():
            pytest.skip("sanitizers come before any other library")
        self.library, self.file = folder / "wall_clock.so", folder / "wall_clock"
        done = subprocess.run(["cc", "-shared", "-fPIC", "-o", self.library,
                               os.path.join(HERE, "wall_clock.c")], timeout=60, check=False)
        if done.returncode != 0:
            pytest.skip("no compiler")
        self.set(0)

    def set(self, ahead):
        """In seconds, compared to the real one."""
        with open(self.file, "r+b" if self.file.exists() else "wb") as file:
            file.write(round(ahead).to_bytes(8, sys.byteorder, signed=True))

    def environment(self):
        return {**os.environ, "LD_PRELOAD": str(self.library), "WALL_CLOCK": str(self.file)}


@pytest.fixture
def clock(tmp_path):
    return Clock(tmp_path)


def test_clock_that_is_not_set_is_waited_for(warm, upstream, clock, file):
    tarn = warm(env=clock.environment())
    tarn.ask_all("a", 5)
    tarn.tarn.stop()
    before = file.read_bytes()
    clock.set(-YEARS)
    tarn.start()
    tarn.tarn.wait_for_line("is loaded when the clock is set: the clock is not set")
    assert tarn.status()["state"] == "waiting"
    tarn.ask_all("b", 5)
    assert "still being loaded" in tarn.run("save").stderr
    tarn.tarn.stop()
    assert file.read_bytes() == before
    tarn.start()
    tarn.wait_for("waiting")
    clock.set(0)
    assert tarn.wait_for()["loaded"] == 5
    asked = Asked(upstream)
    tarn.ask_all("a", 5)
    assert len(asked) == 0
    tarn.tarn.stop()


def test_file_of_the_future_is_not_loaded(warm, clock, file):
    clock.set(3600)
    tarn = warm(env=clock.environment())
    tarn.ask_all("a", 5)
    tarn.tarn.stop()
    before = file.read_bytes()
    clock.set(0)
    tarn.start()
    tarn.tarn.wait_for_line("is loaded when the clock is set: saved in the future")
    tarn.ask_all("b", 5)
    tarn.tarn.stop()
    assert file.read_bytes() == before
    # A flush is not undone by what comes later.
    tarn.start()
    tarn.wait_for("waiting")
    tarn.text("flush", "a0.example")
    assert not file.exists()
    tarn.wait_for("ready")
    tarn.tarn.stop()


def test_time_that_passes_is_taken_from_the_rest(warm, server, clock):
    server.ttl = 100
    tarn = warm(env=clock.environment())
    tarn.ask_all("a", 5)
    tarn.tarn.stop()
    clock.set(60)
    tarn.start()
    assert tarn.wait_for()["loaded"] == 5
    assert 25 <= tarn.ask("a0.example").answer[0].ttl <= 40
    tarn.tarn.stop()
    clock.set(7 * 86400)
    tarn.start()
    assert tarn.wait_for()["left_out"]["ended"] == 5
    tarn.tarn.stop()
