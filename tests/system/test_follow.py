# SPDX-License-Identifier: BSD-2-Clause
"""The servers of /etc/resolv.conf, followed in whatever way the file changes."""

import os
import signal
import time

import dns.edns
import dns.message
import dns.rcode
import pytest

from upstream import address, silence

OLD, NEW = "127.0.0.11", "127.0.0.12"
FOLLOWED_WITHIN = 0.5  # seconds
NO_AUTHORITY = 22


class Etc:
    """Folders that are /etc and /run for tarn alone."""

    def __init__(self, folder, mounted):
        self.etc, self.run = folder / "etc", folder / "run"
        self.etc.mkdir()
        self.run.mkdir()
        self.file = self.etc / "resolv.conf"
        self.prefix = mounted(f"mount --bind {self.etc} /etc && mount --bind {self.run} /run")

    def replace(self, text):
        """As resolvconf, NetworkManager and dhclient do."""
        new = self.etc / "resolv.conf.new"
        new.write_text(text)
        os.replace(new, self.file)

    def rewrite(self, text):
        """As an editor or a shell does."""
        self.file.write_text(text)

    def retarget(self, text):
        """As systemd-resolved and openresolv are set up: a symbolic link to another file."""
        target = f"{time.monotonic_ns()}.conf"
        (self.run / target).write_text(text)
        link = self.etc / "resolv.conf.new"
        link.symlink_to(f"/run/{target}")
        os.replace(link, self.file)

    def put_back(self, text):
        """Removed, and there again after a while."""
        self.file.unlink()
        time.sleep(0.3)
        self.file.write_text(text)


@pytest.fixture
def etc(tmp_path, namespace, mounted):
    return Etc(tmp_path, mounted)


@pytest.fixture
def servers(etc, run_upstream):
    return {host: run_upstream(address(value=host), host=host, port=53) for host in (OLD, NEW)}


@pytest.fixture
def start(etc, servers, run_tarn):
    def run(text, listen=("127.0.0.1:0",), write=None, verbose=False):
        (write or etc.rewrite)(text)
        return run_tarn("--workers", 2, *(["--verbose"] if verbose else []), listen=list(listen),
                        prefix=etc.prefix)
    return run


def conf(*hosts):
    return "".join(f"nameserver {host}\n" for host in hosts)


def who_answers(tarn, name):
    """The server whose answer it is."""
    message = tarn.ask(name, timeout=5)
    return message.answer[0][0].address if message.answer else None


def wait_for_server(tarn, host, since=None):
    """Asks for new names until that server answers."""
    since = since or time.monotonic()
    while who_answers(tarn, f"{time.monotonic_ns()}.example.") != host:
        assert time.monotonic() < since + 5, f"{host} is not asked"
        time.sleep(0.02)
    return time.monotonic() - since


def limit(tarn, seconds):
    return seconds * 4 if tarn.is_slow else seconds


@pytest.mark.parametrize("how", ["replace", "rewrite", "retarget", "put_back"])
def test_a_change_is_followed_at_once(etc, servers, start, how):
    """The next question goes to the new server; what is cached stays."""
    tarn = start(conf(OLD))
    assert who_answers(tarn, "old.example.") == OLD
    getattr(etc, how)(conf(NEW))
    assert wait_for_server(tarn, NEW) < limit(tarn, FOLLOWED_WITHIN)
    asked = servers[OLD].count()
    assert who_answers(tarn, "old.example.") == OLD
    for number in range(5):
        assert who_answers(tarn, f"{number}.example.") == NEW
    assert servers[OLD].count() == asked


def test_the_target_of_a_link_is_followed_too(etc, start):
    """Replaced, and rewritten, where it lies."""
    tarn = start(conf(OLD), write=etc.retarget)
    target = etc.run / etc.file.readlink().name
    new = etc.run / "new"
    new.write_text(conf(NEW))
    os.replace(new, target)
    assert wait_for_server(tarn, NEW) < limit(tarn, FOLLOWED_WITHIN)
    target.write_text(conf(OLD))
    assert wait_for_server(tarn, OLD) < limit(tarn, FOLLOWED_WITHIN)


def test_a_link_to_where_the_sandbox_ends_is_told_with_what_helps(etc, start, tmp_path):
    """The servers stay those of before."""
    tarn = start(conf(OLD), verbose=True)
    if "in the sandbox: files," not in tarn.log:
        pytest.skip("no Landlock here")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "resolv.conf").write_text(conf(NEW))
    link = etc.etc / "resolv.conf.new"
    link.symlink_to(elsewhere / "resolv.conf")
    os.replace(link, etc.file)
    tarn.wait_for_line(r"cannot read /etc/resolv.conf: Permission denied \(.*until a restart\)$")
    assert who_answers(tarn, "a.example.") == OLD


@pytest.mark.parametrize("how", ["emptied", "removed"])
def test_without_servers_questions_fail_at_once_until_there_is_one(etc, start, how):
    """And then the same name is answered: nothing of that failure is remembered."""
    tarn = start(conf(OLD))
    assert who_answers(tarn, "old.example.") == OLD
    if how == "emptied":
        etc.rewrite("search example\n")
    else:
        etc.file.unlink()
    time.sleep(limit(tarn, FOLLOWED_WITHIN))
    began = time.monotonic()
    message = tarn.ask("a.example.", use_edns=0)
    assert time.monotonic() - began < limit(tarn, 0.5)
    assert message.rcode() == dns.rcode.SERVFAIL
    assert NO_AUTHORITY in {int(option.code) for option in message.options
                            if option.otype == dns.edns.OptionType.EDE}
    assert who_answers(tarn, "old.example.") == OLD
    etc.replace(conf(NEW))
    time.sleep(limit(tarn, FOLLOWED_WITHIN))
    assert who_answers(tarn, "a.example.") == NEW


def test_a_file_that_was_not_there_is_read_when_it_is(etc, start):
    tarn = start(conf(), write=lambda _text: None)
    assert who_answers(tarn, "a.example.") is None
    etc.rewrite(conf(NEW))
    assert wait_for_server(tarn, NEW) < limit(tarn, FOLLOWED_WITHIN)
    assert who_answers(tarn, "a.example.") == NEW


def test_questions_under_way_are_asked_of_the_new_server(etc, servers, start):
    servers[OLD].script = silence
    tarn = start(conf(OLD))
    with tarn.udp_socket(5) as sock:
        query = dns.message.make_query("waiting.example.", "A")
        sock.send(query.to_wire())
        time.sleep(0.3)
        etc.replace(conf(NEW))
        changed = time.monotonic()
        message = dns.message.from_wire(sock.recv(65535))
    assert time.monotonic() - changed < limit(tarn, FOLLOWED_WITHIN)
    assert message.answer[0][0].address == NEW


def test_its_own_address_is_left_out_of_a_new_list(etc, start):
    """As of the first: else tarn would ask itself when the machine's own resolver is put there."""
    tarn = start(conf(OLD), listen=("127.0.0.1:53",))
    etc.replace(conf("127.0.0.1", NEW))
    assert wait_for_server(tarn, NEW) < limit(tarn, FOLLOWED_WITHIN)
    tarn.wait_for_line(rf"/etc/resolv.conf has changed: forwarding to {NEW}:53$")


def test_nothing_is_said_or_done_when_nothing_changed(etc, servers, start):
    tarn = start(conf(OLD, NEW))
    who_answers(tarn, "a.example.")
    lines = len(tarn.lines)
    etc.replace("# touched\n" + conf(OLD, NEW))
    etc.rewrite("search example\n" + conf(OLD, NEW))
    time.sleep(limit(tarn, FOLLOWED_WITHIN))
    assert tarn.lines[lines:] == []
    assert who_answers(tarn, "b.example.")


def test_options_win_over_the_file(etc, servers, run_tarn):
    """With --upstream the file is not read."""
    etc.rewrite(conf(OLD))
    tarn = run_tarn("--workers", 1, listen=["127.0.0.1:0"], upstreams=[f"{OLD}:53"],
                    prefix=etc.prefix)
    etc.replace(conf(NEW))
    time.sleep(limit(tarn, FOLLOWED_WITHIN))
    assert who_answers(tarn, "a.example.") == OLD
    assert servers[NEW].count() == 0


def test_a_reload_goes_from_the_file_to_servers_of_its_own_and_back(etc, servers, run_tarn):
    config = etc.run / "tarn.conf"

    def reload(text, count):
        config.write_text(text)
        tarn.child.send_signal(signal.SIGHUP)
        tarn.wait_for_line("the configuration has been reloaded", count)

    etc.rewrite(conf(OLD))
    config.write_text("")
    tarn = run_tarn("--workers", 2, "--config", config, listen=["127.0.0.1:0"], prefix=etc.prefix)
    assert who_answers(tarn, "a.example.") == OLD
    reload(f'upstream = {{ "{NEW}" }}\n', 1)
    assert who_answers(tarn, "b.example.") == NEW
    etc.replace(conf())  # nobody looks
    time.sleep(limit(tarn, FOLLOWED_WITHIN))
    assert who_answers(tarn, "c.example.") == NEW
    etc.replace(conf(OLD))
    reload("", 2)
    assert who_answers(tarn, "d.example.") == OLD
    etc.replace(conf(NEW))
    assert wait_for_server(tarn, NEW) < limit(tarn, FOLLOWED_WITHIN)


def test_a_pipe_in_its_place_holds_nobody_up(etc, start):
    """Neither at the start nor later: the pipe has no writer."""
    tarn = start("", write=lambda _: os.mkfifo(etc.file))
    tarn.wait_for_line("cannot read /etc/resolv.conf: a pipe")
    assert tarn.ask("a.example.").rcode() == dns.rcode.SERVFAIL
    etc.replace(conf(OLD))
    wait_for_server(tarn, OLD)
    pipe = etc.etc / "pipe"
    os.mkfifo(pipe)
    os.replace(pipe, etc.file)
    tarn.wait_for_line("cannot read /etc/resolv.conf: a pipe", count=2)
    assert who_answers(tarn, "b.example.") == OLD
    etc.replace(conf(NEW))
    wait_for_server(tarn, NEW)


def test_a_line_is_read_whole_and_a_nul_swallows_none(etc, start):
    text = f"search x\0\nnameserver {OLD}\noptions {'y' * 300} trust-ad\n"
    tarn = start(text)
    assert who_answers(tarn, "a.example.") == OLD


def test_a_server_of_an_interface_that_is_not_there_is_one_all_the_same(etc, start):
    tarn = start("nameserver fe80::53%eth7\n" + conf(OLD))
    tarn.wait_for_line(r"forwarding to \[fe80::53%eth7\]:53 of /etc/resolv.conf")
    assert who_answers(tarn, "a.example.") == OLD
