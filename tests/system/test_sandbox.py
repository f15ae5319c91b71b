# SPDX-License-Identifier: BSD-2-Clause
"""What the running program has given up, and that it answers all the same.

That the sandbox forbids is the unit test's business, which tries it from inside; that it forbids too
much would show in every other file here, since it is on in all of them.
"""

import os
import pwd
import re
import resource
import signal

import dns.message
import pytest

import servers
from upstream import address, reply

NET_BIND_SERVICE = 1 << 10
OTHER_USER = "nobody"


def status(pid, task=None):
    """The lines of /proc/PID/status by their names."""
    path = f"/proc/{pid}/task/{task}/status" if task else f"/proc/{pid}/status"
    with open(path, encoding="ascii") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file)


def statuses(tarn):
    """One for each thread."""
    return [status(tarn.pid, task) for task in os.listdir(f"/proc/{tarn.pid}/task")]


def has_seccomp(tarn):
    return "Seccomp" in status(tarn.pid) and not tarn.is_slow and \
        "no system call filter" not in tarn.log


def need_root():
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")


def test_no_thread_has_more_than_it_needs(run_tarn, nsd):
    tarn = run_tarn("--workers", 2, upstreams=[nsd])
    tarn.ask("www.tarn.example.")
    threads = statuses(tarn)
    assert len(threads) >= 3
    for thread in threads:
        assert thread["NoNewPrivs"] == "1"
        assert int(thread["CapInh"], 16) == int(thread["CapAmb"], 16) == 0
        if has_seccomp(tarn):
            assert thread["Seccomp"] == "2"
        if os.geteuid() == 0 and servers.is_built_with("libcap"):
            for kind in ("CapPrm", "CapEff", "CapBnd"):
                assert int(thread[kind], 16) & ~NET_BIND_SERVICE == 0


def reload(tarn, path, text, outcome):
    path.write_text(text)
    tarn.child.send_signal(signal.SIGHUP)
    tarn.wait_for_line(f"the configuration {outcome}")


@pytest.fixture
def etc(tmp_path):
    """A directory of the configuration alone."""
    (tmp_path / "etc").mkdir()
    return tmp_path / "etc"


def test_a_file_elsewhere_is_out_of_reach(run_tarn, nsd, etc, tmp_path):
    """And tarn goes on as it was."""
    conf = etc / "tarn.conf"
    elsewhere = tmp_path / "elsewhere.conf"
    elsewhere.write_text("# nothing\n")
    text = f"upstream = {nsd.address}\n"
    conf.write_text(text)
    tarn = run_tarn("-v", "--config", conf)
    if "in the sandbox: files," not in tarn.log:
        pytest.skip("no Landlock here")
    reload(tarn, conf, text + f'include = "{elsewhere}"\n', "is not reloaded")
    assert re.search(r"tarn\.conf:2: .*Permission denied", tarn.log)
    assert tarn.ask("www.tarn.example.").answer


def files_allowed(tarn):
    with open(f"/proc/{tarn.pid}/limits", encoding="ascii") as file:
        return int(re.search(r"Max open files +(\d+)", file.read())[1])


def test_a_reload_raises_the_limit_of_open_files(run_tarn, etc, tool):
    conf = etc / "tarn.conf"
    conf.write_text("upstream = 127.0.0.1:9\n")
    tarn = run_tarn("--workers", 1, "--config", conf,
                    prefix=[tool("prlimit"), "--nofile=100:"])
    before = files_allowed(tarn)
    assert before > 100
    reload(tarn, conf, "upstream = { 127.0.0.1:9, 127.0.0.1:10 }\n", "has been reloaded")
    assert files_allowed(tarn) > before


def test_it_can_be_left_out(run_tarn, nsd):
    tarn = run_tarn("--no-sandbox", upstreams=[nsd])
    tarn.ask("www.tarn.example.")
    assert status(tarn.pid)["Seccomp"] == status("self")["Seccomp"]
    assert status(tarn.pid)["NoNewPrivs"] == "1"


def test_root_becomes_another_user_who_serves_port_53(namespace, run_tarn, run_upstream):
    need_root()
    upstream = run_upstream(address(), host="127.0.0.11", port=53)
    tarn = run_tarn("--user", OTHER_USER, listen=["127.0.0.1:53"], upstreams=[upstream])
    assert tarn.ask("a.example.").answer
    assert tarn.tcp(dns.message.make_query("b.example.", "A")).answer
    user = pwd.getpwnam(OTHER_USER)
    for thread in statuses(tarn):
        assert thread["Uid"].split() == [str(user.pw_uid)] * 4
        assert thread["Gid"].split() == [str(user.pw_gid)] * 4
        assert "0" not in thread["Groups"].split()
        assert int(thread["CapPrm"], 16) & ~NET_BIND_SERVICE == 0


def test_user_who_does_not_exist_is_said_to_be_so():
    run = servers.run_tarn("--user", "no-such-user", "--listen", "127.0.0.1:0",
                           "--upstream", "127.0.0.1:9")
    assert run.returncode == 2
    assert run.stderr == "tarn: --user no-such-user: no such user\n"


def test_core_dump_has_no_cache(run_upstream, tmp_path, cleanup):
    """Of the answers it has only those that are still in a buffer."""
    with open("/proc/sys/kernel/core_pattern", encoding="ascii") as file:
        if file.read() != "core\n":
            pytest.skip("the machine keeps core dumps elsewhere")
    if resource.getrlimit(resource.RLIMIT_CORE)[1] != resource.RLIM_INFINITY:
        pytest.skip("no core dumps are allowed")
    upstream = run_upstream(lambda question: reply(
        question, f"{question.name} 300 IN TXT secret-{question.name.split('.')[0]}-told"))
    # The kernel writes the file as the process would: into the sandbox.
    tarn = servers.Tarn("--no-sandbox", "--workers", 1, upstreams=[upstream],
                        prefix=["prlimit", "--core=unlimited"], cwd=tmp_path)
    cleanup.callback(tarn.kill)
    if tarn.is_slow:
        pytest.skip("the core dump is another program's, too")
    asked = 300
    for number in range(asked):
        assert tarn.ask(f"{number:03}.example.", "TXT").answer
    tarn.child.send_signal(signal.SIGABRT)
    tarn.wait()
    cores = list(tmp_path.glob("core*"))
    assert len(cores) == 1, tarn.log
    told = set(re.findall(rb"secret-(\d+)-told", cores[0].read_bytes()))
    assert len(told) < asked / 10
