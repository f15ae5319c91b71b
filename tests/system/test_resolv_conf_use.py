# SPDX-License-Identifier: BSD-2-Clause
"""docs/resolv.conf.md: programs that ask tarn because /etc/resolv.conf says so."""

import os
import re
import shutil
import subprocess

import pytest

from servers import Nsd
from upstream import address

HERE = os.path.dirname(os.path.abspath(__file__))
DOCUMENT = os.path.join(HERE, "..", "..", "docs", "resolv.conf.md")
BEFORE = "127.0.0.77"  # the server that was in resolv.conf before tarn
WWW = {"192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"}


class Machine:
    """A network namespace, and a folder that is /etc for all that runs on it."""

    def __init__(self, folder, mounted):
        self.etc = folder / "etc"
        self.etc.mkdir()
        for name in ("group", "ld.so.cache", "passwd"):
            if os.path.exists(f"/etc/{name}"):
                shutil.copy(f"/etc/{name}", self.etc)
        (self.etc / "nsswitch.conf").write_text("hosts: files dns\n")
        self.prefix = mounted(f"mount --bind {self.etc} /etc")

    def asks(self, *servers):
        (self.etc / "resolv.conf").write_text("".join(f"nameserver {s}\n" for s in servers))

    def run(self, *argv, check=True):
        return subprocess.run([*self.prefix, *argv], capture_output=True, text=True, timeout=20,
                              check=check).stdout

    def getent(self, name):
        return {line.split()[0] for line in self.run("getent", "ahosts", name,
                                                     check=False).splitlines()}


@pytest.fixture
def machine(tmp_path, namespace, mounted):
    return Machine(tmp_path, mounted)


@pytest.fixture
def before(machine, tmp_path, cleanup):
    nsd = Nsd(str(tmp_path), BEFORE, 53)
    cleanup.callback(nsd.kill)
    return nsd


@pytest.fixture
def run_default(machine, run_tarn):
    """tarn as it comes, on port 53."""
    def run(*args):
        tarn = run_tarn(*args, listen=[], prefix=machine.prefix)
        tarn.wait_for_line("listening on 127.0.0.1:53 ")
        return tarn
    return run


@pytest.fixture(params=["cc", "musl-gcc"])
def addresses(request, machine, tool, tmp_path):
    """What a C program finds, with this compiler's C library."""
    program = tmp_path / "addresses"
    static = ["-static"] if request.param == "musl-gcc" else []
    subprocess.run([tool(request.param), *static, "-o", program,
                    os.path.join(HERE, "getaddrinfo.c")], check=True, timeout=60)
    return lambda name: set(machine.run(program, name, check=False).splitlines())


def test_each_c_library_asks_tarn(machine, before, run_default, addresses):
    machine.asks("127.0.0.1")
    run_default("--upstream", BEFORE)
    assert addresses("www.tarn.example") == WWW
    assert addresses("chain.tarn.example") == {"192.0.2.4"}
    assert addresses("nobody.tarn.example") <= {"Name or service not known", "Name does not resolve"}
    assert addresses("localhost") & {"127.0.0.1", "::1"}
    before.kill()
    assert addresses("www.tarn.example") == WWW


def documented(heading):
    """The commands of a section's first block, and of its line that undoes them."""
    with open(DOCUMENT, encoding="ascii") as file:
        section = re.search(rf"^## {heading}\n(.*?)^## ", file.read(), re.M | re.S)[1]
    block = re.search(r"(?:^    .*\n)+", section, re.M)[0]
    return block, re.search(r"Undo: `(.*)`", section)[1]


def test_what_is_typed_by_hand_and_undone(machine, before, run_default):
    do, undo = documented("By hand")
    machine.asks(BEFORE)
    original = (machine.etc / "resolv.conf").read_text()
    run_default()

    machine.run("sh", "-ec", do)
    assert machine.getent("www.tarn.example") == WWW
    before.kill()
    assert machine.getent("www.tarn.example") == WWW  # in the cache of tarn only

    machine.run("sh", "-ec", undo)
    assert (machine.etc / "resolv.conf").read_text() == original
    assert machine.getent("www.tarn.example") == set()


def test_it_is_seen_who_answers(machine, before, run_default, tool):
    machine.asks("127.0.0.1", BEFORE)
    run_default()
    assert machine.run(tool("dig"), "+short", "version.bind", "CH", "TXT").startswith('"tarn ')
    machine.asks(BEFORE)
    assert "tarn" not in machine.run(tool("dig"), "+short", "version.bind", "CH", "TXT")


def test_glibc_goes_to_the_second_server_while_tarn_is_down(machine, before):
    machine.asks("127.0.0.1", BEFORE)
    assert machine.getent("www.tarn.example") == WWW


def test_only_musl_asks_the_second_server_while_tarn_runs(machine, run_upstream, run_default,
                                                          addresses, request):
    """Which is why the document has it alone in the file there."""
    second = run_upstream(address(value="192.0.2.9"), host=BEFORE, port=53)
    run_upstream(address(value="192.0.2.9"), host="127.0.0.78", port=53)
    machine.asks("127.0.0.1", BEFORE)
    run_default("--upstream", "127.0.0.78")
    assert addresses("www.tarn.example") == {"192.0.2.9"}
    is_musl = request.node.callspec.params["addresses"] == "musl-gcc"
    assert (second.count("www.tarn.example") > 0) == is_musl
