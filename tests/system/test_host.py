# SPDX-License-Identifier: BSD-2-Clause
"""tarn as a machine's own resolver: default addresses, /etc/resolv.conf, the C library."""

import os
import subprocess
import time

import pytest

from servers import Nsd, Process, program


class Machine:
    """A network namespace with a loopback of its own; NSD listens in it on 127.0.0.77."""

    def __init__(self, directory, tool, cleanup):
        self.directory, self.tool = directory, tool
        self.unshare = [tool("unshare"), "--net", "--mount"]
        if subprocess.run([*self.unshare, "true"], capture_output=True,
                          check=False).returncode != 0:
            pytest.skip("network and mount namespaces need root")
        self.holder = Process([*self.unshare, "sh", "-c",
                               "ip link set lo up && echo up && exec sleep 600"])
        cleanup.callback(self.holder.kill)
        self.holder.wait_for_line("up")
        self.nsd = Nsd(str(directory), "127.0.0.77", 53, prefix=self.enter())
        cleanup.callback(self.nsd.kill)

    def enter(self):
        return [self.tool("nsenter"), "--target", str(self.holder.pid), "--net"]

    def with_files(self, resolv_conf, nsswitch="hosts: files dns\n"):
        """A command prefix under which these two files of /etc read so."""
        script = ""
        for name, text in (("resolv.conf", resolv_conf), ("nsswitch.conf", nsswitch)):
            path = self.directory / f"{time.monotonic_ns()}.{name}"
            path.write_text(text)
            script += f"mount --bind {path} /etc/{name} && "
        return [*self.enter(), self.tool("unshare"), "--mount", "sh", "-c", script + 'exec "$@"',
                "sh"]

    def run(self, *argv, prefix=None, check=True):
        return subprocess.run([*(prefix or self.enter()), *argv], capture_output=True, text=True,
                              timeout=20, check=check).stdout


@pytest.fixture
def machine(tmp_path, tool, cleanup):
    return Machine(tmp_path, tool, cleanup)


def run_default(machine, run_tarn, resolv_conf):
    tarn = run_tarn(listen=[], prefix=machine.with_files(resolv_conf))
    tarn.wait_for_line("listening on 127.0.0.1:53 ")
    return tarn


def test_without_options_it_serves_the_machine(machine, run_tarn, tool):
    """The servers of resolv.conf less itself; dig and getaddrinfo find it where it listens."""
    tarn = run_default(machine, run_tarn,
                       "nameserver 127.0.0.1\nnameserver 127.0.0.77 # upstream\n")
    tarn.wait_for_line("forwarding to 127.0.0.77:53 of /etc/resolv.conf")
    tarn.wait_for_line("not forwarding to 127.0.0.1:53 of /etc/resolv.conf: that is tarn itself")
    assert machine.run(tool("dig"), "@127.0.0.1", "+short", "last.tarn.example") == "192.0.2.4\n"

    client = machine.with_files("nameserver 127.0.0.1\n")
    found = machine.run("getent", "ahosts", "www.tarn.example", prefix=client)
    assert {line.split()[0] for line in found.splitlines()} == \
        {"192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"}
    found = machine.run("getent", "ahosts", "chain.tarn.example", prefix=client)
    assert found.split()[0] == "192.0.2.4"
    assert machine.run("getent", "ahosts", "nobody.tarn.example", prefix=client, check=False) == ""


@pytest.mark.parametrize("options", ["edns0", "use-vc", "edns0 trust-ad single-request"])
def test_getaddrinfo_with_options(machine, run_tarn, options):
    run_default(machine, run_tarn, "nameserver 127.0.0.77\n")
    client = machine.with_files(f"nameserver 127.0.0.1\noptions {options}\n")
    found = machine.run("getent", "ahosts", "www.tarn.example", prefix=client)
    assert len({line.split()[0] for line in found.splitlines()}) == 4


def test_ipv6_is_served_too(machine, run_tarn, tool):
    if not os.path.exists("/proc/net/if_inet6"):
        pytest.skip("no IPv6 on this machine")
    tarn = run_default(machine, run_tarn, "nameserver 127.0.0.77\n")
    tarn.wait_for_line(r"listening on \[::1\]:53 ")
    assert machine.run(tool("dig"), "-6", "@::1", "+short", "last.tarn.example") == "192.0.2.4\n"
    client = machine.with_files("nameserver ::1\n")
    assert "192.0.2.4" in machine.run("getent", "ahosts", "last.tarn.example", prefix=client)


def test_a_machine_without_ipv6_is_served_all_the_same(machine, run_tarn, tool):
    switch = "/proc/sys/net/ipv6/conf/lo/disable_ipv6"
    machine.run("sh", "-c", f"[ ! -e {switch} ] || echo 1 > {switch}")
    tarn = run_default(machine, run_tarn, "nameserver 127.0.0.77\n")
    assert any("cannot listen on [::1]:53" in line for line in tarn.lines)
    assert machine.run(tool("dig"), "@127.0.0.1", "+short", "last.tarn.example") == "192.0.2.4\n"


def test_replies_leave_from_the_address_that_was_asked(machine, run_tarn, tool):
    """dig refuses a reply from another one."""
    machine.run(tool("ip"), "addr", "add", "192.0.2.53/32", "dev", "lo")
    run_tarn("--allow", "192.0.2.53", listen=["0.0.0.0:5300"], upstreams=["127.0.0.77"],
             prefix=machine.enter())
    for address in ("192.0.2.53", "127.0.0.1", "127.9.9.9"):
        for transport in ("+notcp", "+tcp"):
            assert machine.run(tool("dig"), f"@{address}", "-p", "5300", transport, "+short",
                               "last.tarn.example") == "192.0.2.4\n"


def test_check_explains_where_the_servers_come_from(machine):
    client = machine.with_files("nameserver ::1\nnameserver 127.0.0.77\nnameserver 192.0.2.9\n")
    out = machine.run(program(), "--check", "-w", "1", prefix=client)
    for line in ("\taddress = { 127.0.0.1:53, [::1]:53 }     # default",
                 "# upstream, of resolv.conf: 127.0.0.77:53",
                 "# upstream, of resolv.conf: 192.0.2.9:53",
                 "# not asked: it is tarn itself: [::1]:53",
                 "workers = 1                                      # command line"):
        assert line in out.splitlines(), out
