# SPDX-License-Identifier: BSD-2-Clause
"""Listeners over TLS and HTTPS as the configuration has them: faults, certificates and their renewal, discovery."""

import datetime
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.request

import pytest
from dns.rdtypes.svcbbase import ParamKey

import exposition
import servers
from servers import control_program, free_port
from test_service import activated, activation, bound
from upstream import address

pytest.importorskip("cryptography")
pytest.importorskip("h2")
from certificates import DAY, Leaf  # noqa: E402
from encrypted_client import HttpsClient, TlsClient  # noqa: E402

pytestmark = pytest.mark.skipif(not servers.is_built_with("openssl"), reason="built without OpenSSL")

TAKEN_SEC = 5  # a certificate that is replaced is shown within that time
OTHER_USER = "nobody"


def ctl(tarn, *words):
    done = subprocess.run([control_program(), "-s", tarn.control, *words], capture_output=True,
                          text=True, timeout=20, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def shown_serial(port, ca, name="dns.test", over=TlsClient):
    """The serial number of the certificate that a new connection is shown."""
    with over(port, ca, name=name) as client:
        return int(client.sock.getpeercert()["serialNumber"], 16)


def wait_until(condition, seconds):
    """With the pauses of Asker, so that both together begin fewer handshakes than one client may."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, condition
        time.sleep(0.25)


class Pair:
    """Files of a pair that a test replaces, in a folder of its own."""

    def __init__(self, folder, authority):
        self.folder, self.authority, self.count = folder, authority, 0
        self.certificate, self.key = folder / "fullchain.pem", folder / "privkey.pem"
        self.identity = None

    def issue(self, **leaf):
        """Another identity, which is nowhere yet."""
        self.count += 1
        return self.authority.issue(f"{self.folder.name}-{os.getpid()}-{self.count}", Leaf(**leaf))

    @property
    def serial(self):
        return self.identity.leaf.serial_number

    def put(self, identity=None, only=None):
        """In place, as acme.sh does it."""
        self.identity = identity or self.issue()
        for source, target in ((self.identity.certificate, self.certificate),
                               (self.identity.key, self.key)):
            if only in (None, target):
                shutil.copyfile(source, target)

    def rename(self):
        """Each file at once."""
        self.identity = self.issue()
        for source, target in ((self.identity.certificate, self.certificate),
                               (self.identity.key, self.key)):
            shutil.copyfile(source, f"{target}.new")
            os.rename(f"{target}.new", target)

    def link(self):
        """certbot: live/NAME has links to archive/NAME."""
        self.identity = self.issue()
        (self.folder / "archive").mkdir(exist_ok=True)
        for source, target in ((self.identity.certificate, self.certificate),
                               (self.identity.key, self.key)):
            real = self.folder / "archive" / f"{target.stem}{self.count}.pem"
            shutil.copyfile(source, real)
            os.symlink(f"archive/{real.name}", f"{target}.new")
            os.rename(f"{target}.new", target)

    def swap(self):
        """Kubernetes: links lead through ..data, which leads to another folder each time."""
        self.identity = self.issue()
        new = self.folder / f"..{self.count}"
        new.mkdir()
        shutil.copyfile(self.identity.certificate, new / self.certificate.name)
        shutil.copyfile(self.identity.key, new / self.key.name)
        os.symlink(new.name, self.folder / "..tmp")
        os.rename(self.folder / "..tmp", self.folder / "..data")
        for file in (self.certificate, self.key):
            if not file.is_symlink():
                os.symlink(f"..data/{file.name}", file)


@pytest.fixture
def pair(tmp_path, authority):
    folder = tmp_path / "pair"
    folder.mkdir()
    return Pair(folder, authority)


@pytest.fixture
def run_with(run_tarn, tmp_path, nsd):
    """Starts tarn with a pair, at its tls_port and https_port."""
    def run(pair, *args, lines="", more="", upstream=nsd, **options):
        config = tmp_path / "tarn.conf"
        config.write_text(f"""
listen {{ tls = "127.0.0.1:0" https = "127.0.0.1:0"
	certificate = "{pair.certificate}" key = "{pair.key}" {lines} }}
{more}""", encoding="ascii")
        control = str(tmp_path / "control")
        tarn = run_tarn("--config", config, "--control", control, *args, listen=["127.0.0.1:0"],
                        upstreams=[upstream], **options)
        tarn.control, tarn.config = control, config
        tarn.tls_port, tarn.https_port = (
            int(tarn.wait_for_line(rf"listening on 127\.0\.0\.1:(\d+) \({over}\)")[0][1])
            for over in ("TLS", "HTTPS"))
        return tarn
    return run


# ---- faults --------------------------------------------------------------------------------------

@pytest.mark.parametrize("words, said", [
    (["--listen-tls", "127.0.0.1:0"],
     "--listen-tls 127.0.0.1:0: without a certificate and a key"),
    (["--listen-https", "127.0.0.1:0", "--key", "/k"],
     "--listen-https 127.0.0.1:0: without a certificate"),
    (["--certificate", "/c"], '--certificate "/c": without a key'),
    (["--certificate", "/c", "--key", "/k", "--key", "/l"],
     '--key "/k", "/l": 2 for 1 certificates: each has its own, in the same order'),
    (["--certificate", "c", "--key", "/k"],
     "--certificate c: not an absolute path"),
    (["--listen-tls", "127.0.0.1:5300", "--listen", "127.0.0.1:5300", "--certificate", "/c",
      "--key", "/k"], "--listen-tls 127.0.0.1:5300: address has it, too"),
    (["--listen-tls", "127.0.0.1:0", "--certificate", "/none/c", "--key", "/k"],
     "certificate /none/c: No such file or directory"),
])
@pytest.mark.parametrize("check", [False, True], ids=["start", "check"])
def test_what_is_missing_is_said(words, said, check):
    done = servers.run_tarn("--upstream", "192.0.2.1", *words, *(["--check"] if check else []))
    assert f"tarn: {said}" in done.stderr
    assert done.returncode == (2 if not check or "absolute" in said else 1), done.stderr


@pytest.mark.parametrize("kind", ["other key", "expired", "no PEM", "no key in it", "small key"])
@pytest.mark.parametrize("check", [False, True], ids=["start", "check"])
def test_a_pair_that_cannot_be_used_is_named(pair, kind, check):
    pair.put(pair.issue(begins=-30 * DAY, ends=-DAY) if kind == "expired" else
             pair.issue(rsa_bits=1024) if kind == "small key" else None)
    if kind == "other key":
        pair.put(only=pair.key)
    elif kind == "no PEM":
        pair.certificate.write_text("nothing\n")
    elif kind == "no key in it":
        pair.key.write_text(pair.certificate.read_text())
    done = servers.run_tarn("--upstream", "192.0.2.1", "--listen", "127.0.0.1:0", "--listen-tls",
                            "127.0.0.1:0", "--certificate", str(pair.certificate), "--key",
                            str(pair.key), *(["--check"] if check else []))
    assert f"certificate {pair.certificate} with key {pair.key}: " in done.stderr
    assert done.returncode == (1 if check else 2)
    if kind == "expired":
        assert "expired" in done.stderr


def test_a_fault_has_the_line_of_the_file(tmp_path, pair):
    pair.put()
    pair.put(only=pair.key)
    config = tmp_path / "tarn.conf"
    config.write_text(f'upstream = 192.0.2.1\nlisten {{\n tls = "127.0.0.1:0"\n'
                      f' certificate = "{pair.certificate}"\n key = "{pair.key}"\n}}\n')
    done = servers.run_tarn("--config", str(config), "--check")
    assert f"tarn: {config}:4: certificate {pair.certificate} with key" in done.stderr


def test_check_prints_what_would_be_listened_on(pair):
    pair.put()
    done = servers.run_tarn("--upstream", "192.0.2.1", "--listen-tls", "192.0.2.7",
                            "--listen-https", "2001:db8::7", "--certificate", str(pair.certificate),
                            "--key", str(pair.key), "--check")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^\ttls = \{ 192\.0\.2\.7:853 \} ", done.stdout, re.M)
    assert re.search(r"^\thttps = \{ \[2001:db8::7\]:443 \} ", done.stdout, re.M)
    assert "all connections over TLS and HTTPS" in done.stdout


# ---- a certificate that changes ------------------------------------------------------------------

class Asker(threading.Thread):
    """Asks on, on one connection and on new ones, until it is told to stop."""

    def __init__(self, tarn, ca):
        super().__init__(daemon=True)
        self.port, self.ca = tarn.tls_port, ca
        self.answers, self.faults, self.is_over = 0, [], False
        self.lasting = TlsClient(self.port, ca)

    def run(self):
        while not self.is_over:
            try:
                with TlsClient(self.port, self.ca) as client:
                    for one in (client, self.lasting):
                        assert one.ask("www.tarn.example.").answer
                        self.answers += 1
            except (OSError, AssertionError, EOFError) as why:
                self.faults.append(repr(why))
            time.sleep(0.2)

    def stop(self):
        self.is_over = True
        self.join(10)
        self.lasting.sock.close()
        assert not self.faults, self.faults
        assert self.answers > 20


@pytest.mark.parametrize("how", ["put", "rename", "link", "swap"])
def test_a_new_pair_is_shown_within_seconds_and_no_question_is_lost(pair, run_with, authority, how):
    getattr(pair, how)()
    tarn = run_with(pair, "--workers", 2)
    assert shown_serial(tarn.tls_port, authority.file) == pair.serial
    asker = Asker(tarn, authority.file)
    asker.start()
    for _ in range(2):
        getattr(pair, how)()
        wait_until(lambda: shown_serial(tarn.tls_port, authority.file) == pair.serial,
                   TAKEN_SEC * (3 if tarn.is_slow else 1))
        assert shown_serial(tarn.https_port, authority.file, over=HttpsClient) == pair.serial
    asker.stop()


def test_another_kind_of_key_and_another_name_are_shown(pair, run_with, authority):
    pair.put()
    tarn = run_with(pair)
    pair.put(pair.issue(rsa_bits=2048, names=("new.test",)))
    tarn.child.send_signal(signal.SIGHUP)
    tarn.wait_for_line("the configuration has been reloaded")
    assert shown_serial(tarn.tls_port, authority.file, "new.test") == pair.serial


@pytest.mark.parametrize("algorithms, said", [("ECDSA+SHA256", "id-ecPublicKey|EC"),
                                              ("RSA-PSS+SHA256", "rsaEncryption|RSA")])
def test_a_client_gets_the_kind_of_key_that_it_knows(pair, run_tarn, nsd, tool, authority,
                                                     algorithms, said):
    pair.put()
    other = authority.get("RSA of 2048 bits")
    tarn = run_tarn("--listen-tls", "127.0.0.1:0", "--certificate", pair.certificate, "--key",
                    pair.key, "--certificate", other.certificate, "--key", other.key,
                    upstreams=[nsd])
    port = tarn.wait_for_line(r"listening on 127\.0\.0\.1:(\d+) \(TLS\)")[0][1]
    done = subprocess.run([tool("openssl"), "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile",
                           authority.file, "-verify_return_error", "-verify_hostname", "dns.test",
                           "-alpn", "dot", "-sigalgs", algorithms], input="", capture_output=True,
                          text=True, timeout=20, check=False)
    assert re.search(rf"^ 0 s:.*\n.*\n   a:PKEY: ({said}),", done.stdout, re.M), done.stdout
    assert "ALPN protocol: dot" in done.stdout


def test_half_of_a_pair_keeps_the_old_one_until_the_rest_comes(pair, run_with, authority):
    pair.put()
    old = pair.serial
    tarn = run_with(pair)
    new = pair.issue()
    pair.put(new, only=pair.certificate)
    tarn.wait_for_line(rf"certificate {pair.certificate} with key .*clients are shown the former one")
    assert shown_serial(tarn.tls_port, authority.file) == old
    status = json.loads(ctl(tarn, "-j", "status"))
    assert str(pair.key) in status["tls"]["error"]
    assert str(pair.key) in json.loads(ctl(tarn, "-j", "reload"))["certificates"]
    pair.put(new, only=pair.key)
    wait_until(lambda: shown_serial(tarn.tls_port, authority.file) == new.leaf.serial_number,
               TAKEN_SEC * 2)
    assert "error" not in json.loads(ctl(tarn, "-j", "status"))["tls"]
    assert "certificates" not in json.loads(ctl(tarn, "-j", "reload") or "{}")


def test_a_broken_pair_keeps_no_other_change_from_being_reloaded(pair, run_with, authority):
    pair.put()
    tarn = run_with(pair)
    old = pair.serial
    pair.certificate.write_text("nothing\n")
    tarn.config.write_text(tarn.config.read_text() +
                           'local { record = "new.test A 192.0.2.77" }\n')
    tarn.child.send_signal(signal.SIGHUP)
    tarn.wait_for_line("the configuration has been reloaded")
    tarn.wait_for_line("clients are shown the former one")
    with TlsClient(tarn.tls_port, authority.file) as client:
        assert "192.0.2.77" in str(client.ask("new.test."))
        assert int(client.sock.getpeercert()["serialNumber"], 16) == old


def test_a_reload_with_other_files_that_are_broken_is_refused(pair, run_with, authority):
    pair.put()
    tarn = run_with(pair)
    text = tarn.config.read_text()
    tarn.config.write_text(text.replace(str(pair.key), "/none/key.pem"))
    tarn.child.send_signal(signal.SIGHUP)
    tarn.wait_for_line("key /none/key.pem: No such file")
    tarn.wait_for_line("the configuration is not reloaded")
    assert shown_serial(tarn.tls_port, authority.file) == pair.serial


def test_addresses_come_and_go_and_connections_stay(pair, run_with, authority):
    pair.put()
    tarn = run_with(pair)
    lasting = TlsClient(tarn.tls_port, authority.file)
    text, other = tarn.config.read_text(), free_port()
    tarn.config.write_text(text.replace('tls = "127.0.0.1:0"', f'tls = "127.0.0.1:{other}"'))
    tarn.child.send_signal(signal.SIGHUP)
    tarn.wait_for_line(rf"no longer listening on 127\.0\.0\.1:{tarn.tls_port} \(TLS\)")
    tarn.wait_for_line(rf"listening on 127\.0\.0\.1:{other} \(TLS\)")
    assert shown_serial(other, authority.file) == pair.serial
    with pytest.raises(ConnectionRefusedError):
        TlsClient(tarn.tls_port, authority.file)
    assert lasting.ask("www.tarn.example.").answer
    lasting.sock.close()
    tarn.config.write_text(text.replace('tls = "127.0.0.1:0"', f'tls = "127.0.0.1:{tarn.port}"'))
    tarn.child.send_signal(signal.SIGHUP)
    tarn.wait_for_line("the configuration is not reloaded")
    assert tarn.ask("www.tarn.example.").answer


def test_what_is_in_the_clear_and_encrypted_change_places_with_a_restart_only(pair, run_with):
    pair.put()
    tarn = run_with(pair)
    text = tarn.config.read_text()
    tarn.config.write_text(text.replace('https = "127.0.0.1:0"',
                                        f'https = "127.0.0.1:{tarn.tls_port}"')
                           .replace('tls = "127.0.0.1:0"', ""))
    tarn.child.send_signal(signal.SIGHUP)
    tarn.wait_for_line(rf"cannot listen on 127\.0\.0\.1:{tarn.tls_port} \(HTTPS\): .* until a restart")


def test_tls_that_comes_with_a_reload(run_tarn, pair, nsd, tmp_path, authority):
    """The libraries cannot be loaded in the sandbox."""
    pair.put()
    config = tmp_path / "tarn.conf"
    config.write_text("")
    tarn = run_tarn("--config", config, upstreams=[nsd])
    port = free_port()
    config.write_text(f'listen {{ tls = "127.0.0.1:{port}" certificate = "{pair.certificate}" '
                      f'key = "{pair.key}" }}\n')
    tarn.child.send_signal(signal.SIGHUP)
    tarn.wait_for_line("the configuration (is not|has been) reloaded")
    if "has been reloaded" in tarn.log:
        assert shown_serial(port, authority.file) == pair.serial
    else:
        assert "restart" in tarn.log
    assert tarn.ask("www.tarn.example.").answer


# ---- after privileges are dropped ----------------------------------------------------------------

def test_a_key_of_root_is_read_before_root_is_given_up(authority, run_with, cleanup):
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    folder = tempfile.mkdtemp(prefix="tarn-pair-")
    cleanup.callback(shutil.rmtree, folder)
    os.chmod(folder, 0o755)
    pair = Pair(pathlib.Path(folder), authority)
    pair.put()
    pair.certificate.chmod(0o644)
    pair.key.chmod(0o600)
    tarn = run_with(pair, "--user", OTHER_USER)
    old = pair.serial
    assert shown_serial(tarn.tls_port, authority.file) == old
    pair.put()
    tarn.wait_for_line(rf"key {pair.key}: Permission denied for user {OTHER_USER}; clients are "
                       "shown the former one")
    assert shown_serial(tarn.tls_port, authority.file) == old
    os.chown(pair.key, -1, pwd.getpwnam(OTHER_USER).pw_gid)
    pair.key.chmod(0o640)
    wait_until(lambda: shown_serial(tarn.tls_port, authority.file) == pair.serial, TAKEN_SEC * 2)


def test_files_in_a_folder_of_root_are_read_at_the_start_and_at_no_reload(authority, run_with,
                                                                          cleanup):
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    folder = tempfile.mkdtemp(prefix="tarn-pair-")
    cleanup.callback(shutil.rmtree, folder)
    pair = Pair(pathlib.Path(folder), authority)
    pair.put()
    tarn = run_with(pair, "--user", OTHER_USER)
    old = pair.serial
    tarn.wait_for_line(rf"certificate {pair.certificate}: Permission denied for user {OTHER_USER}; "
                       "a new one takes a restart")
    assert "cannot follow" not in tarn.log
    assert "error" not in json.loads(ctl(tarn, "-j", "status"))["tls"]
    pair.put()
    tarn.wait_for_line(rf"certificate {pair.certificate}: Permission denied for user {OTHER_USER}; "
                       "clients are shown the former one")
    assert shown_serial(tarn.tls_port, authority.file) == old


# ---- what is said of certificates ----------------------------------------------------------------

@pytest.mark.parametrize("days, said", [(30, None), (13, "expires within 14 days, on "),
                                        (2, "expires within 3 days, on ")])
def test_the_end_of_a_certificate_is_said(pair, run_with, days, said):
    pair.put(pair.issue(ends=days * DAY + DAY / 2))
    tarn = run_with(pair)
    if said:
        tarn.wait_for_line(said)
    assert said or "expires within" not in tarn.log
    row = json.loads(ctl(tarn, "-j", "status"))["tls"]["certificates"][0]
    assert row["file"] == str(pair.certificate)
    assert row["days_left"] == days
    assert row["names"] == "dns.test, 127.0.0.1"
    assert row["until"].startswith(f"{pair.identity.leaf.not_valid_after:%Y-%m-%dT%H:%M}")
    text = ctl(tarn, "status")
    assert re.search(rf"DAYS LEFT.*\n.*{pair.certificate} .* {days} ", text), text
    assert "tls://127.0.0.1:" in text and "https://127.0.0.1:" in text


@pytest.mark.skipif(not servers.is_built_with("microhttpd"), reason="built without microhttpd")
def test_metrics_have_certificates_and_handshakes(pair, run_with, authority):
    pair.put()
    port = free_port()
    tarn = run_with(pair, "--metrics", f"127.0.0.1:{port}")
    with TlsClient(tarn.tls_port, authority.file) as client:
        assert client.ask("www.tarn.example.").answer
    with pytest.raises(ssl.SSLError):
        TlsClient(tarn.tls_port, authority.file, name="other.test")
    # An answer shows that the server, too, has ended the handshake: a client ends it first.
    with HttpsClient(tarn.https_port, authority.file) as client:
        assert client.ask("www.tarn.example.").answer
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as reply:
        metrics = exposition.parse(reply.read().decode())

    def value(name, **labels):
        return metrics[name].value(**labels)
    end = pair.identity.leaf.not_valid_after.replace(tzinfo=datetime.timezone.utc)
    assert value("tarn_certificate_not_after_seconds", file=str(pair.certificate)) == end.timestamp()
    assert value("tarn_tls_handshakes_total", transport="tls", result="full") == 1
    assert value("tarn_tls_handshakes_total", transport="https", result="full") == 1
    assert value("tarn_certificate_loads_total", result="taken") >= 1


# ---- discovery -----------------------------------------------------------------------------------

def svcb_of(tarn):
    reply = tarn.ask("_dns.resolver.arpa.", "SVCB")
    return [rdata for rrset in reply.answer for rdata in rrset], reply


def test_clients_find_the_encrypted_listeners(pair, run_with):
    """RFC 9462 section 4, RFC 9461."""
    pair.put()
    tarn = run_with(pair, lines="name = dns.test path = /q")
    records, reply = svcb_of(tarn)
    assert [rrset.ttl for rrset in reply.answer] == [300]
    tls, https = sorted(records, key=lambda record: record.priority)
    for priority, record, alpn, port in ((1, tls, b"dot", tarn.tls_port),
                                         (2, https, b"h2", tarn.https_port)):
        assert record.priority == priority
        assert str(record.target) == "dns.test."
        assert record.params[ParamKey.ALPN].ids == (alpn,)
        assert record.params[ParamKey.PORT].port == port
        assert record.params[ParamKey.IPV4HINT].addresses == ("127.0.0.1",)
    assert 7 not in tls.params
    assert https.params[7].value == b"/q{?dns}"
    reply = tarn.ask("_dns.resolver.arpa.", "A")
    assert reply.rcode() == 0 and not reply.answer
    for name in ("resolver.arpa.", "x.resolver.arpa."):
        assert not tarn.ask(name, "SVCB").answer


def test_without_a_name_nothing_is_found(pair, run_with, run_upstream):
    pair.put()
    upstream = run_upstream(address())
    tarn = run_with(pair, upstream=upstream)
    records, reply = svcb_of(tarn)
    assert not records and reply.rcode() == 0
    assert upstream.count("_dns.resolver.arpa.") == 0


def test_a_reload_changes_what_is_found(pair, run_with):
    pair.put()
    tarn = run_with(pair)
    text = tarn.config.read_text()
    tarn.config.write_text(text.replace('tls = "127.0.0.1:0"', "name = dns.test"))
    tarn.child.send_signal(signal.SIGHUP)
    tarn.wait_for_line("the configuration has been reloaded")
    wait_until(lambda: [record.priority for record in svcb_of(tarn)[0]] == [1], 5)
    tarn.config.write_text(text)
    tarn.child.send_signal(signal.SIGHUP)
    tarn.wait_for_line("the configuration has been reloaded", 2)
    wait_until(lambda: not svcb_of(tarn)[0], 5)


@pytest.mark.parametrize("program", ["dig", "kdig"])
def test_discovery_as_programs_show_it(pair, run_with, tool, program):
    pair.put()
    tarn = run_with(pair, lines="name = dns.test")
    done = subprocess.run([tool(program), "@127.0.0.1", "-p", str(tarn.port), "_dns.resolver.arpa",
                           "SVCB", "+short"], capture_output=True, text=True, timeout=20, check=True)
    one, two = sorted(done.stdout.replace('"', "").splitlines())
    assert one == f"1 dns.test. alpn=dot port={tarn.tls_port} ipv4hint=127.0.0.1"
    assert re.fullmatch(rf"2 dns\.test\. alpn=h2 port={tarn.https_port} ipv4hint=127\.0\.0\.1 "
                        r"(key7|dohpath)=/dns-query\{\?dns\}", two)


# ---- a service manager ---------------------------------------------------------------------------

def test_sockets_of_the_service_manager_are_served_by_their_names(pair, run_tarn, nsd, tmp_path,
                                                                  authority):
    pair.put()
    udp = bound(socket.SOCK_DGRAM, "127.0.0.1", 0)
    tls, https = (bound(socket.SOCK_STREAM, "127.0.0.1", 0) for _ in range(2))
    for sock in (tls, https):
        sock.listen()
    ports = [sock.getsockname()[1] for sock in (tls, https)]
    tarn = activated(run_tarn, [udp, tls, https], "dns:tls:https", "--certificate",
                     pair.certificate, "--key", pair.key, "--workers", 2, upstreams=[nsd])
    tarn.wait_for_line(rf"listening on 127\.0\.0\.1:{ports[0]} \(TLS, socket tls of the service")
    tarn.wait_for_line(rf"listening on 127\.0\.0\.1:{ports[1]} \(HTTPS, socket https of the service")
    for _ in range(4):
        assert shown_serial(ports[0], authority.file) == pair.serial
        with TlsClient(ports[0], authority.file) as client:
            assert client.ask("www.tarn.example.").answer
    with HttpsClient(ports[1], authority.file) as client:
        assert client.sock.selected_alpn_protocol() == "h2"
    for sock in (udp, tls, https):
        sock.close()


def test_a_socket_for_tls_needs_a_certificate(nsd):
    tls = bound(socket.SOCK_STREAM, "127.0.0.1", 0)
    tls.listen()
    done = servers.run_tarn("--upstream", nsd.address, prefix=activation([tls]),
                            pass_fds=[tls.fileno()], env={**os.environ, "LISTEN_FDNAMES": "tls"})
    assert 'socket "tls" of the service manager: without a certificate and a key' in done.stderr
    assert done.returncode == 2
    tls.close()
