# SPDX-License-Identifier: BSD-2-Clause
"""A second level that is configured, and configured otherwise while tarn runs, in its sandbox."""

import os
import re
import signal

import pytest

import servers
from sharing import PATIENT, SECRET, server_of
from store import wait_until

FLEET = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "fleet.md")
PASSWORD = "open-sesame"
RELOADED = "the configuration has been reloaded"
REFUSED = "the configuration is not reloaded"


def reload(sharing, text, outcome=RELOADED):
    """With this text in the place of the secret's file; None: without the file."""
    path = os.path.join(sharing.folder, "secret")
    if text is None:
        os.remove(path)
    else:
        sharing.write("secret", text)
    count = sharing.tarn.log.count(outcome)
    sharing.tarn.child.send_signal(signal.SIGHUP)
    wait_until(lambda: sharing.tarn.log.count(outcome) > count, what=sharing.tarn.log)


def access_list():
    """The line of docs/fleet.md, with another password."""
    with open(FLEET, encoding="utf-8") as file:
        line, = re.findall(r"^    (user tarn on .*)$", file.read(), re.MULTILINE)
    return line.replace("PASSWORD", PASSWORD)


def test_access_list_of_the_document_has_all_that_is_sent(run_store, run_sharing, run_named,
                                                          tmp_path):
    store = run_store("user default on >boss ~* &* +@all", access_list(), login=["boss"])
    upstream = run_named()
    (tmp_path / "password").write_text(PASSWORD + "\n")
    (tmp_path / "password").chmod(0o600)
    words = (PATIENT, "user = tarn", f'password = "{tmp_path}/password"', "database = 1",
             "lease = yes")
    first, second = (run_sharing(server_of(store), upstream, *words) for _ in range(2))
    for sharing in (first, second):
        assert sharing.ask("a.example.").answer
    assert upstream.count("a.") == 1
    first.ctl("flush", "a.example", "--fleet")
    wait_until(lambda: second.shared()["flushes"] == 1, what=second.shared())
    assert second.ask("a.example.").answer
    assert upstream.count("a.") == 2
    for sharing in (first, second):
        figures = sharing.shared()
        assert figures["gets"]["access"] == figures["puts"]["access"] == 0
        assert "NOPERM" not in sharing.tarn.log


def test_other_secret_applies_at_a_reload(run_store, run_sharing, run_named):
    store, upstream = run_store(), run_named()
    first, second = (run_sharing(server_of(store), upstream, PATIENT) for _ in range(2))
    reload(first, "another secret of theirs\n")
    first.wait_until_up()
    assert first.ask("a.example.").answer and second.ask("a.example.").answer
    assert upstream.count("a.") == 2
    reload(second, "another secret of theirs\n")
    second.wait_until_up()
    assert first.ask("b.example.").answer
    store.wait_for_answers(3)
    assert second.ask("b.example.").answer
    assert upstream.count("b.") == 1
    assert second.statuses("b.example.")[-1] == "shared"


def test_secret_that_is_gone_at_a_reload_stays(run_store, run_sharing, run_named):
    store, upstream = run_store(), run_named()
    first, second = (run_sharing(server_of(store), upstream, PATIENT) for _ in range(2))
    reload(second, None)
    assert re.search(r'secret ".*": No such file or directory: what it contained before stays in '
                     r"force$", second.tarn.log, re.MULTILINE)
    reload(second, "too short", REFUSED)
    assert "too short: 9 of 16 octets" in second.tarn.log
    assert first.ask("a.example.").answer
    store.wait_for_answers(1)
    assert second.ask("a.example.").answer
    assert upstream.count("a.") == 1
    assert SECRET not in first.tarn.log + second.tarn.log


def test_second_level_that_begins_in_the_sandbox_takes_a_restart(run_sharing, run_store, run_tarn,
                                                                 run_named, tmp_path):
    sharing = run_sharing(server_of(run_store()), run_named())
    conf = tmp_path / "late.conf"
    conf.write_text("workers = 1\n")
    tarn = run_tarn("-v", "--config", conf, upstreams=[run_named()])
    if "in the sandbox: files, system calls" not in tarn.log:
        pytest.skip("no sandbox here")
    with open(sharing.config, encoding="ascii") as file:
        conf.write_text(file.read())
    tarn.child.send_signal(signal.SIGHUP)
    tarn.wait_for_line(REFUSED)
    assert re.search(r"late\.conf:2: server .*; in the sandbox that takes a restart$", tarn.log,
                     re.MULTILINE)
    assert tarn.ask("a.example.").answer


def test_files_of_their_own_folder_are_read_again_in_the_sandbox(run_tarn, run_named, tmp_path):
    if not servers.is_built_with("hiredis"):
        pytest.skip("tarn was built without hiredis")
    words = []
    for word in "secret", "password":
        path = tmp_path / word / "file"
        path.parent.mkdir()
        path.write_text(f"0123456789abcdef {word}\n")
        path.chmod(0o600)
        words.append(f'{word} = "{path}"')
    (tmp_path / "etc").mkdir()
    conf = tmp_path / "etc" / "tarn.conf"
    conf.write_text(f"shared {{ server = 127.0.0.1:{servers.free_port()} {' '.join(words)} }}\n")
    tarn = run_tarn("--config", conf, upstreams=[run_named()])
    tarn.child.send_signal(signal.SIGHUP)
    tarn.wait_for_line(RELOADED)
    assert "stays in force" not in tarn.log
