# SPDX-License-Identifier: BSD-2-Clause
"""Response policy zones that come from their primaries: NSD, Knot DNS, and one that lies."""

import base64
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time

import dns.flags
import dns.message
import dns.opcode
import dns.query
import dns.rcode
import dns.rrset
import dns.tsig
import dns.tsigkeyring
import pytest

import servers

ZONE = "rpz.example"
KEY = ("transfer.example", base64.b64encode(b"secret of thirty-two octets....!").decode())
OTHER_KEY = ("transfer.example", base64.b64encode(b"another of thirty-two octets...!").decode())


class Secondary:
    """tarn with that zone."""

    def __init__(self, run_tarn, directory, primaries, key=None, lines=""):
        self.directory, self.run_tarn = directory, run_tarn
        self.config = os.path.join(directory, "tarn.conf")
        self.control = os.path.join(directory, "control")
        self.state = os.path.join(directory, "state")
        self.file = os.path.join(self.state, "rpz", f"{ZONE}.zone")
        self.write_config(primaries, key, lines)
        self.tarn = self.start()

    def write_config(self, primaries, key=None, lines=""):
        words = []
        if key:
            path = os.path.join(self.directory, "key")
            with open(path, "w", encoding="ascii") as file:
                file.write(f'key "{key[0]}" {{\n\talgorithm hmac-sha256;\n'
                           f'\tsecret "{key[1]}";\n}};\n')
            words = [f"key = {path}"]
        quoted = ", ".join(f'"{primary}"' for primary in primaries)
        section = f"primary = {{ {quoted} }}"
        with open(self.config, "w", encoding="ascii") as file:
            file.write(f'state = "{self.state}"\nrpz "{ZONE}" {{\n{section}\n' +
                       "\n".join(words) + "\n}\n" + lines)

    def start(self):
        # Nothing but the rules answers.
        self.tarn = self.run_tarn("--config", self.config, "--control", self.control,
                                  upstreams=["127.0.0.1:9"])
        return self.tarn

    def run_ctl(self, *args):
        return subprocess.run([servers.control_program(), "-s", self.control, *args],
                              capture_output=True, text=True, timeout=30, check=False)

    def ctl(self, *args):
        done = self.run_ctl(*args)
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout

    def lists(self):
        return json.loads(self.ctl("--json", "lists"))

    def transfer(self):
        return self.lists()["transfers"][0]

    def wait(self, serial, count=1):
        """Waits for that version, and for its rules to be in force."""
        compiled = r"lists: \d+ names compiled"
        match = self.tarn.wait_for_line(rf".*serial {serial} of .*", count)[-1]
        before = self.tarn.lines[:self.tarn.lines.index(match.string)]
        if count == 1:
            self.tarn.wait_for_line(compiled, len(re.findall(compiled, "\n".join(before))) + 1)
        return match[0]

    def blocks(self, name):
        """By its rules alone: no question goes upstream."""
        return self.tarn.ask(name).rcode() == dns.rcode.NXDOMAIN

    def passes(self, name):
        return self.ctl("test", name).startswith("passes")

    def read_file(self):
        with open(self.file, encoding="ascii") as file:
            return file.read()

    def notify(self, source="127.0.0.1", key=None, zone=ZONE):
        """Sends a NOTIFY; returns the reply."""
        message = make_notify(zone)
        if key:
            message.use_tsig(dns.tsigkeyring.from_text({key[0]: ("hmac-sha256", key[1])}))
        return dns.query.udp(message, self.tarn.host, 5, self.tarn.port, source=source)


def is_in_sandbox(tarn):
    with open(f"/proc/{tarn.pid}/status", encoding="ascii") as file:
        return "Seccomp:\t2" in file.read()


def make_notify(zone):
    message = dns.message.make_query(zone, "SOA", flags=dns.flags.AA)
    message.set_opcode(dns.opcode.NOTIFY)
    return message


@pytest.fixture
def secondary(run_tarn, tmp_path):
    def make(primaries, key=None, **options):
        if key and not servers.is_built_with("openssl"):
            pytest.skip("tarn was built without OpenSSL")
        return Secondary(run_tarn, str(tmp_path), primaries, key, **options)
    return make


@pytest.fixture
def primary(cleanup, tmp_path_factory):
    """A real primary: primary("nsd", text, key)."""
    def make(kind, text, key=None, **options):
        program, server = {"nsd": ("nsd", servers.NsdPrimary),
                           "knot": ("knotd", servers.KnotPrimary)}[kind]
        if not shutil.which(program, path="/usr/sbin:/usr/bin"):
            pytest.skip(f"no {program} on this machine")
        made = server(str(tmp_path_factory.mktemp(kind)), text, key, **options)
        cleanup.callback(made.kill)
        return made
    return make


class Script:
    """A primary over TCP whose every answer is a function's: a list of messages, octets or None to hang up."""

    def __init__(self, answer):
        self.answer, self.questions = answer, []
        self.sock = socket.create_server(("127.0.0.1", servers.free_port()))
        self.address = "{}:{}".format(*self.sock.getsockname())
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                sock, _ = self.sock.accept()
            except OSError:
                return
            with sock:
                try:
                    self.serve_one(sock)
                except (OSError, EOFError):
                    pass

    def serve_one(self, sock):
        query = dns.message.from_wire(servers.recv_frame(sock))
        kind = dns.rdatatype.to_text(query.question[0].rdtype)
        self.questions.append(kind)
        for message in self.answer(kind, query) or []:
            wire = message if isinstance(message, bytes) else message.to_wire()
            sock.sendall(servers.frame(wire))

    def close(self):
        # accept() does not end with close() alone.
        self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
        self.thread.join()


@pytest.fixture
def script(cleanup):
    def make(answer):
        made = Script(answer)
        cleanup.callback(made.close)
        return made
    return make


def soa(serial, timers="3600 600 86400"):
    return dns.rrset.from_text(f"{ZONE}.", 60, "IN", "SOA",
                               f"ns.{ZONE}. admin.{ZONE}. {serial} {timers} 60")


def rule(name):
    return dns.rrset.from_text(f"{name}.{ZONE}.", 60, "IN", "CNAME", ".")


def response(query, *records):
    message = dns.message.make_response(query)
    message.flags |= dns.flags.AA
    message.answer = list(records)
    return message


# ---- real primaries ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["nsd", "knot"])
@pytest.mark.parametrize("key", [None, KEY], ids=["open", "signed"])
def test_a_zone_comes_from_its_primary(primary, secondary, kind, key):
    server = primary(kind, servers.policy_zone(7, ["bad.example", "*.bad.example"]), key)
    tarn = secondary([server.address], key)
    assert "4 records" in tarn.wait(7) or "5 records" in tarn.tarn.log
    assert tarn.blocks("bad.example") and tarn.blocks("www.bad.example")
    assert tarn.read_file().startswith(f"{ZONE}. 60 IN SOA ns.{ZONE}. admin.{ZONE}. 7 3600 600 ")
    assert os.listdir(os.path.dirname(tarn.file)) == [os.path.basename(tarn.file)]
    assert os.stat(tarn.file).st_mode & 0o777 == 0o640
    row = tarn.transfer()
    assert (row["serial"], row["axfr"], row["failed"], row["expired"]) == (7, 1, 0, False)
    assert row["primary"] == server.address and 0 < row["next_s"] <= 3600
    metrics = tarn.ctl("stats", "--prometheus").splitlines()
    assert f'tarn_list_serial{{list="{ZONE}"}} 7' in metrics
    assert f'tarn_list_transfers_total{{list="{ZONE}",result="axfr"}} 1' in metrics


@pytest.mark.parametrize("kind", ["nsd", "knot"])
@pytest.mark.parametrize("key", [None, OTHER_KEY, ("other.example", KEY[1])],
                         ids=["none", "other-secret", "other-name"])
def test_without_the_right_key_there_is_no_zone(primary, secondary, kind, key):
    server = primary(kind, servers.policy_zone(7, ["bad.example"]), KEY)
    tarn = secondary([server.address], key)
    line = tarn.tarn.wait_for_line(r"no transfer: (\S+): (.*); it has no rules yet")[0]
    assert line[1] == server.address
    assert ("does not accept the key" in line[2]) == (key is not None), line[0]
    assert not os.path.exists(tarn.file) and os.listdir(os.path.dirname(tarn.file)) == []
    row = tarn.transfer()
    assert row["failed"] == 1 and "serial" not in row and line[2] in row["problem"]


@pytest.mark.parametrize("key", [None, KEY], ids=["open", "signed"])
def test_changes_come_alone(primary, secondary, key):
    many = [f"n{i}.example" for i in range(3000)]
    server = primary("knot", servers.policy_zone(1, ["old.example", *many]), key)
    tarn = secondary([server.address], key)
    tarn.wait(1)
    for serial, rules in ((2, ["new.example", *many]), (3, ["last.example", *many[1:]])):
        server.reload(servers.policy_zone(serial, rules))
        assert tarn.notify().rcode() == dns.rcode.NOERROR
        assert "(IXFR)" in tarn.wait(serial)
        assert tarn.blocks(rules[0])
        assert len(tarn.read_file().splitlines()) == len(rules) + 2
    assert tarn.passes("old.example") and tarn.passes("new.example") and tarn.passes(many[0])
    assert tarn.blocks(many[1]) and tarn.blocks(many[2999])
    assert tarn.transfer()["ixfr"] == 2


def test_several_changes_come_at_once(primary, secondary):
    server = primary("knot", servers.policy_zone(1, ["a.example", "b.example"]))
    tarn = secondary([server.address])
    tarn.wait(1)
    for serial, rules in ((2, ["c.example"]), (3, ["a.example", "c.example"]), (4, ["a.example"])):
        server.reload(servers.policy_zone(serial, rules))
    tarn.notify()
    line = tarn.wait(4)
    assert "(IXFR)" in line, tarn.tarn.log
    assert tarn.blocks("a.example")
    assert tarn.passes("b.example") and tarn.passes("c.example")


def test_a_notify_is_heard_within_two_seconds(primary, secondary):
    server = primary("knot", servers.policy_zone(1, ["a.example"]))
    tarn = secondary([server.address])
    tarn.wait(1)
    for serial in (2, 3, 4):
        server.reload(servers.policy_zone(serial, ["b.example"]))
        began = time.monotonic()
        tarn.notify()
        tarn.tarn.wait_for_line(rf"serial {serial} of")
        assert time.monotonic() - began < 2


def test_a_notify_is_taken_from_primaries_only(primary, secondary):
    server = primary("knot", servers.policy_zone(1, ["a.example"]), KEY)
    tarn = secondary([server.address], KEY)
    tarn.wait(1)
    reply = tarn.notify()
    assert (reply.rcode(), reply.opcode()) == (dns.rcode.NOERROR, dns.opcode.NOTIFY)
    assert reply.flags & dns.flags.QR and not reply.answer
    # Another address, unless the message is signed; its reply is signed too, or dnspython would complain.
    assert tarn.notify("127.0.0.2").rcode() == dns.rcode.NOTIMP
    signed = tarn.notify("127.0.0.2", KEY)
    assert signed.rcode() == dns.rcode.NOERROR and signed.had_tsig
    assert tarn.notify(zone="other.example").rcode() == dns.rcode.NOTIMP
    message = make_notify(ZONE)
    message.use_tsig(dns.tsigkeyring.from_text({OTHER_KEY[0]: ("hmac-sha256", OTHER_KEY[1])}))
    reply = tarn.tarn.ask_wire(message.to_wire())
    assert reply[3] & 15 == dns.rcode.NOTIMP
    # Over TCP, too.
    assert tarn.tarn.tcp(make_notify(ZONE)).rcode() == dns.rcode.NOERROR


def test_without_zones_a_notify_is_not_implemented(run_tarn):
    tarn = run_tarn(upstreams=["127.0.0.1:9"])
    assert tarn.udp(make_notify(ZONE)).rcode() == dns.rcode.NOTIMP


def test_a_primary_that_is_gone_is_asked_again(primary, secondary):
    port = servers.free_port()
    tarn = secondary([f"127.0.0.1:{port}"])
    tarn.tarn.wait_for_line("no transfer: .*Connection refused; it has no rules yet; the next "
                            "attempt is in 10 s")
    primary("nsd", servers.policy_zone(7, ["bad.example"]), port=port)
    tarn.wait(7)
    assert tarn.blocks("bad.example")


def test_the_file_is_there_after_a_restart_without_the_primary(primary, secondary):
    server = primary("nsd", servers.policy_zone(7, ["bad.example"]))
    tarn = secondary([server.address])
    tarn.wait(7)
    tarn.tarn.stop()
    server.kill()
    tarn.start()
    assert tarn.blocks("bad.example")
    tarn.tarn.wait_for_line("serial 7, transferred before")
    tarn.tarn.wait_for_line("no transfer: .*; its rules stay in force; the next attempt is in 600 s")
    assert tarn.transfer()["serial"] == 7


def test_the_next_primary_is_asked(primary, secondary):
    server = primary("nsd", servers.policy_zone(7, ["bad.example"]))
    tarn = secondary([f"127.0.0.1:{servers.free_port()}", server.address])
    tarn.wait(7)
    assert tarn.transfer()["primary"] == server.address
    assert "no transfer" not in tarn.tarn.log


def test_zones_come_and_go_with_a_reload(primary, secondary):
    server = primary("nsd", servers.policy_zone(7, ["bad.example"]))
    tarn = secondary([server.address])
    tarn.wait(7)
    tarn.ctl("reload")
    assert tarn.transfer()["axfr"] == 1, "the same section goes on"
    tarn.write_config([server.address, "127.0.0.1:9"])
    tarn.ctl("reload")
    tarn.tarn.wait_for_line("serial 7, transferred before")
    with open(tarn.config, "w", encoding="ascii") as file:
        file.write(f'state = "{tarn.state}"\n')
    tarn.ctl("reload")
    assert "transfers" not in tarn.lists()
    assert tarn.notify().rcode() == dns.rcode.NOTIMP


def test_what_the_sandbox_does_not_allow_is_refused(primary, secondary):
    server = primary("nsd", servers.policy_zone(7, ["bad.example"]), KEY)
    tarn = secondary([server.address], KEY)
    tarn.wait(7)
    tarn.tarn.stop()
    with open(tarn.config, "w", encoding="ascii") as file:
        file.write(f'state = "{tarn.state}"\n')
    tarn.start()
    tarn.write_config([server.address], KEY)
    done = tarn.run_ctl("reload")
    if is_in_sandbox(tarn.tarn):
        assert done.returncode != 0
        tarn.tarn.wait_for_line("no transfers: .*; in the sandbox that takes a restart")
        tarn.ctl("status")
    else:
        tarn.tarn.wait_for_line("serial 7, transferred before")


# ---- primaries that lie -----------------------------------------------------------------------


@pytest.mark.parametrize("garbage", ["record", "stranger", "soa", "nothing", "octets", "hangup"])
def test_garbage_leaves_the_zone_as_it_was(script, secondary, garbage):
    serial = [1]

    def answer(kind, query):
        if kind == "SOA":
            return [response(query, soa(serial[0]))]
        if serial[0] == 1:
            return [response(query, soa(1), rule("good.example"), soa(1))]
        first = response(query, soa(2), rule("bad.example")).to_wire()
        middle = {
            "record": first[:-6] + b"\0\5\0\1\0\0",
            "stranger": response(query, dns.rrset.from_text("x.example.", 60, "IN", "CNAME", ".")),
            "soa": response(query, rule("b.example"), soa(3)),
            "nothing": response(query),
            "octets": bytes(range(256)),
        }
        return [first] + ([middle[garbage]] if garbage in middle else [])

    server = script(answer)
    tarn = secondary([server.address])
    tarn.wait(1)
    before = tarn.read_file()
    serial[0] = 2
    tarn.notify()
    tarn.tarn.wait_for_line("no transfer: .*its rules stay in force")
    assert tarn.blocks("good.example") and tarn.passes("bad.example")
    assert tarn.read_file() == before
    assert os.listdir(os.path.dirname(tarn.file)) == [os.path.basename(tarn.file)]
    assert tarn.transfer()["serial"] == 1 and tarn.transfer()["problem"]


def test_changes_that_do_not_fit_lead_to_the_whole_zone(script, secondary):
    serial = [1]

    def answer(kind, query):
        if kind == "SOA":
            return [response(query, soa(serial[0]))]
        if kind == "IXFR":
            return [response(query, soa(2), soa(1), rule("never.example"), soa(2),
                             rule("new.example"), soa(2))]
        return [response(query, soa(serial[0]), rule(f"v{serial[0]}.example"), soa(serial[0]))]

    server = script(answer)
    tarn = secondary([server.address])
    tarn.wait(1)
    serial[0] = 2
    tarn.notify()
    assert "(AXFR)" in tarn.wait(2)
    assert server.questions == ["AXFR", "SOA", "IXFR", "AXFR"]
    assert tarn.blocks("v2.example") and tarn.passes("new.example") and tarn.passes("v1.example")


def test_an_older_serial_is_no_news(script, secondary):
    serial = [5]

    def answer(kind, query):
        if kind == "SOA":
            return [response(query, soa(serial[0]))]
        return [response(query, soa(5), rule("a.example"), soa(5))]

    server = script(answer)
    tarn = secondary([server.address])
    tarn.wait(5)
    serial[0] = 4
    tarn.notify()
    tarn.tarn.wait_for_line("has serial 4, which is not newer than 5")
    assert server.questions == ["AXFR", "SOA"]
    assert tarn.transfer()["current"] == 1


def test_an_expired_zone_stays_in_force_and_that_is_said(script, secondary):
    is_gone = [False]

    def answer(kind, query):
        if is_gone[0]:
            return None
        return [response(query, soa(1, "60 60 0"), rule("a.example"), soa(1, "60 60 0"))]

    server = script(answer)
    tarn = secondary([server.address])
    tarn.wait(1)
    is_gone[0] = True
    # Seconds are counted as whole ones: the first look may be too early.
    deadline = time.monotonic() + 20
    while not tarn.transfer()["expired"] and time.monotonic() < deadline:
        failed = tarn.transfer()["failed"]
        tarn.notify()
        while tarn.transfer()["failed"] == failed and time.monotonic() < deadline:
            pass
    tarn.tarn.wait_for_line("serial 1 has expired: .*; its rules stay in force")
    assert tarn.blocks("a.example") and tarn.transfer()["expired"]
    metrics = tarn.ctl("stats", "--prometheus").splitlines()
    assert f'tarn_list_expired{{list="{ZONE}"}} 1' in metrics


def test_a_file_that_was_removed_comes_again(script, secondary):
    def answer(kind, query):
        return [response(query, soa(1), rule("a.example"), soa(1))]

    server = script(answer)
    tarn = secondary([server.address])
    tarn.wait(1)
    os.unlink(tarn.file)
    tarn.notify()
    tarn.wait(1, 2)
    assert server.questions == ["AXFR", "AXFR"] and os.path.exists(tarn.file)


# ---- the configuration ------------------------------------------------------------------------


@pytest.mark.parametrize("text, fault", [
    ("a.example:c2VjcmV0!", "the secret is not base64"),
    ('key "a" { algorithm hmac-md5; secret "c2VjcmV0"; };', "the algorithm is not hmac-sha256"),
    (None, "No such file or directory"),
])
def test_a_file_without_a_key_ends_the_start(tmp_path, text, fault):
    key = tmp_path / "key"
    if text:
        key.write_text(text)
    config = tmp_path / "tarn.conf"
    config.write_text(f'state = "{tmp_path}/state"\nrpz "{ZONE}" {{ primary = 127.0.0.1 '
                      f'key = "{key}" }}\n')
    done = servers.run_tarn("--config", str(config), "--listen", "127.0.0.1:0", "--control", "none",
                            "--upstream", "127.0.0.1:9",
                            *(["--user", "root"] if os.geteuid() == 0 else []))
    assert done.returncode != 0 and fault in done.stderr, done
    assert f'rpz "{ZONE}": key {key}: ' in done.stderr


@pytest.mark.parametrize("section, fault", [
    ('state = none\nrpz "a.example" { primary = 127.0.0.1 }', "the zone needs a folder (state)"),
    ('rpz "no zone" { primary = 127.0.0.1 }', "the section's name is to be that of the zone"),
    ('rpz "a..b" { primary = 127.0.0.1 }', "the section's name is to be that of the zone"),
])
def test_what_cannot_be_transferred_is_a_fault(tmp_path, section, fault):
    config = tmp_path / "tarn.conf"
    config.write_text(section + "\n")
    done = servers.run_tarn("--config", str(config), "--check")
    assert done.returncode == 1 and fault in done.stderr, done
