# SPDX-License-Identifier: BSD-2-Clause
"""The servers of the tests of encrypted DNS are what they say, by kdig, which knows nothing of tarn."""

import ssl
import subprocess

import dns.exception
import dns.message
import dns.query
import pytest

from upstream import reply

FRONTS = [("unbound", "tls"), ("unbound", "https"), ("kresd", "tls"), ("kresd", "https"),
          ("dnsdist", "tls"), ("dnsdist", "https"), ("named", "tls"), ("named", "https"),
          ("nginx-stream", "tls"), ("nginx", "https")]


@pytest.fixture
def kdig(tool, authority):
    """Asks for an address over "tls", "https" or "https-get"; returns what kdig says."""
    program = tool("kdig")

    def ask(port, over, name="www.tarn.example", *words):
        done = subprocess.run(
            [program, "@127.0.0.1", "-p", str(port), f"+{over}", f"+tls-ca={authority.file}",
             "+tls-host=dns.test", "+timeout=2", "+retry=0", "+short", name, *words],
            capture_output=True, text=True, timeout=10, check=False)
        return done.stdout + done.stderr
    return ask


@pytest.mark.parametrize("front,over", FRONTS)
def test_a_real_server_answers(run_front, kdig, front, over):
    server = run_front(front)
    said = kdig(server.tls_port if over == "tls" else server.https_port, over)
    assert set(said.split()) == {"192.0.2.1", "192.0.2.2"}


def test_a_good_server_over_tls(run_dot, kdig):
    server = run_dot()
    assert kdig(server.port, "tls", "A.example", "+padding").split() == ["192.0.2.1"]
    assert (server.connections, server.handshakes, server.resumed) == (1, 1, 0)
    assert server.questions[0].name == "a.example." and server.questions[0].options == [12]
    assert server.hellos[0].name == "dns.test" and server.hellos[0].protocols == ["dot"]
    assert not server.is_in_the_clear


@pytest.mark.parametrize("over", ["https", "https-get"])
def test_a_good_server_over_https(run_doh, kdig, over):
    server = run_doh()
    assert kdig(server.port, over, "a.example").split() == ["192.0.2.1"]
    assert server.requests[0].path.startswith("/dns-query")
    assert server.questions[0].id == 0
    assert server.hellos[0].protocols == ["h2"]


def test_what_comes_in_the_clear_is_seen(run_dot):
    server = run_dot(may_be_clear=True)
    query = dns.message.make_query("a.example.", "A")
    with pytest.raises((EOFError, OSError)):
        dns.query.tcp(query, server.host, 2, server.port)
    assert len(server.clear) == 1 and server.handshakes == 0
    with pytest.raises(dns.exception.Timeout):
        dns.query.udp(query, server.host, 0.2, server.port)
    assert len(server.clear) == 2


@pytest.mark.parametrize("before", ["send_garbage", "send_http", "send_half", "reset", "finish"])
def test_a_handshake_that_does_not_end(run_dot, kdig, before):
    hostile_tls = pytest.importorskip("hostile_tls")
    server = run_dot(before=getattr(hostile_tls, before))
    assert "192.0.2" not in kdig(server.port, "tls")
    assert server.connections and not server.handshakes


@pytest.mark.parametrize("kind", ["other name", "expired", "not yet valid", "self-signed"])
def test_a_bad_certificate_is_one(run_dot, kdig, kind):
    server = run_dot(kind=kind)
    assert "192.0.2" not in kdig(server.port, "tls")
    assert server.count() == 0


def test_pins_and_old_versions(run_dot, kdig, authority):
    server = run_dot(versions=(ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2))
    assert kdig(server.port, "tls", "a.example", "+tls-pin=" + authority.get("name").pin,
                ).split() == ["192.0.2.1"]


def test_an_answer_octet_by_octet(run_dot, kdig):
    server = run_dot(lambda question: reply(question, f"{question.name} 60 IN A 192.0.2.7"),
                     record_len=1)
    assert kdig(server.port, "tls", "a.example").split() == ["192.0.2.7"]


def test_a_port_that_goes_and_comes(run_dot, kdig):
    server = run_dot()
    server.leave()
    assert "192.0.2" not in kdig(server.port, "tls")
    server.come_back()
    assert kdig(server.port, "tls").split() == ["192.0.2.1"]
