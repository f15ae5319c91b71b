# SPDX-License-Identifier: BSD-2-Clause
"""Upstream servers that are given by name alone: who is asked for their addresses, and what for."""

import json
import os
import signal
import time

import dns.message
import dns.rcode
import pytest

import servers
from test_tarnctl import tarnctl
from upstream import address, failure, reply

pytest.importorskip("hostile_tls")

pytestmark = pytest.mark.skipif(not servers.is_built_with("openssl"), reason="built without OpenSSL")

NAME = "dns.test"


def here(question):
    """The addresses of the names of servers: this machine, over IPv4."""
    if question.type != "A":
        return reply(question)
    return address(value="127.0.0.1")(question)


def named(server):
    return f"tls://{NAME}:{server.port}"


def with_bootstrap(*servers_asked, more=""):
    listed = ", ".join(f'"{server.address}"' for server in servers_asked)
    return f"bootstrap = {{ {listed} }}\n{more}"


def value(message):
    assert message.rcode() == dns.rcode.NOERROR, message
    return message.answer[-1][0].address


def hosts(control):
    """What tarnctl says of names."""
    return json.loads(tarnctl("-s", control, "--json", "status").stdout)["bootstrap"]


def names_of(upstream):
    return {question.name for question in upstream.questions}


def test_a_server_that_is_named_is_found_and_asked(run_dot, run_upstream, run_encrypted):
    server, bootstrap = run_dot(), run_upstream(here)
    tarn = run_encrypted(named(server), lines=with_bootstrap(bootstrap))
    assert value(tarn.ask("a.example.")) == "192.0.2.1"
    assert names_of(bootstrap) == {NAME + "."}
    tarn.wait_for_line(f"{NAME} is at 127.0.0.1")


def test_a_client_gets_nothing_of_what_was_answered_there(run_dot, run_upstream, run_encrypted):
    server, bootstrap = run_dot(), run_upstream(here)
    tarn = run_encrypted(named(server), lines=with_bootstrap(
        bootstrap, more=f'access {{ pass = {{ {NAME} }} }}'))
    tarn.wait_for_line(f"{NAME} is at 127.0.0.1")
    before = bootstrap.count()
    assert value(tarn.ask(NAME)) == "192.0.2.1"
    assert bootstrap.count() == before


def test_questions_wait_until_the_address_is_known(run_dot, run_upstream, run_encrypted):
    def late(question):
        time.sleep(1.5)
        return here(question)

    server, bootstrap = run_dot(), run_upstream(late)
    tarn = run_encrypted(named(server), lines=with_bootstrap(bootstrap))
    assert value(tarn.ask("a.example.")) == "192.0.2.1"


def test_it_is_asked_again_until_there_is_an_address(run_dot, run_upstream, run_encrypted,
                                                      tmp_path):
    is_there = []

    def script(question):
        return here(question) if is_there else failure(dns.rcode.SERVFAIL)(question)

    server, bootstrap = run_dot(), run_upstream(script)
    control = os.path.join(tmp_path, "control")
    tarn = run_encrypted(named(server), lines=with_bootstrap(bootstrap),
                         args=("--control", control))
    tarn.wait_for_line(f"{NAME}: its address is not known: the answer is SERVFAIL")
    assert hosts(control) == [
        {"name": NAME, "state": "address not known yet", "error": "the answer is SERVFAIL"}]
    is_there.append(True)
    tarn.wait_for_line(f"{NAME} is at 127.0.0.1")
    assert hosts(control) == [{"name": NAME, "addresses": ["127.0.0.1"]}]
    assert value(tarn.ask("a.example.")) == "192.0.2.1"


def test_the_server_in_the_clear_of_the_group_is_asked_for_the_address_alone(run_dot, run_upstream,
                                                                             run_encrypted):
    server, plain = run_dot(), run_upstream(here)
    tarn = run_encrypted(named(server), plain.address, lines="selection = strict")
    tarn.wait_for_line(f"{NAME} is at 127.0.0.1")
    for number in range(20):
        assert value(tarn.ask(f"a{number}.example.")) == "192.0.2.1"
    assert names_of(plain) == {NAME + "."}


def test_a_forward_section_has_its_own(run_dot, run_upstream, run_encrypted):
    server, bootstrap, other = run_dot(), run_upstream(here), run_upstream(address())
    section = f'forward "corp.example" {{ upstream = "{named(server)}" }}'
    tarn = run_encrypted(other.address, lines=with_bootstrap(bootstrap, more=section))
    assert value(tarn.ask("a.corp.example.")) == "192.0.2.1"
    assert server.count() > 0 and other.count("a.corp.example.") == 0


def test_an_address_that_lies_gets_no_question(run_dot, run_upstream, run_encrypted):
    """The certificate tells: who answers for the name may send us anywhere."""
    server, bootstrap = run_dot(kind="other name"), run_upstream(here)
    tarn = run_encrypted(named(server), lines=with_bootstrap(bootstrap))
    assert tarn.ask("a.example.").rcode() == dns.rcode.SERVFAIL
    assert server.count_all() == 0


def test_a_reload_keeps_the_address(run_dot, run_upstream, run_encrypted):
    server, bootstrap = run_dot(), run_upstream(here)
    tarn = run_encrypted(named(server), lines=with_bootstrap(bootstrap))
    assert value(tarn.ask("a.example.")) == "192.0.2.1"
    before = bootstrap.count()
    tarn.child.send_signal(signal.SIGHUP)
    tarn.wait_for_line("the configuration has been reloaded")
    assert value(tarn.ask("b.example.")) == "192.0.2.1"
    assert bootstrap.count() == before


def test_certificates_that_cannot_be_read_leave_those_before(run_dot, run_encrypted, authority,
                                                             tmp_path):
    server = run_dot()
    copy = tmp_path / "ca.pem"
    with open(authority.file, "rb") as file:
        copy.write_bytes(file.read())
    tarn = run_encrypted(server, ca=copy)
    assert value(tarn.ask("a.example.")) == "192.0.2.1"
    copy.unlink()
    tarn.child.send_signal(signal.SIGHUP)
    tarn.wait_for_line("ca.pem: .*: what was read before stays in force")
    tarn.wait_for_line("the configuration has been reloaded")
    server.leave()
    server.come_back()
    assert value(tarn.ask("b.example.")) == "192.0.2.1"


@pytest.mark.parametrize("upstreams,lines,fault", [
    (['"tls://dns.example"'], "", r"upstream dns\.example: there is no server to ask for its address"
                                  r" \(bootstrap\)"),
    (['"tls://192.0.2.1"', "192.0.2.2"], "", r"upstream 192\.0\.2\.2:53: in the clear beside"),
    (['"quic://192.0.2.1"'], "", "DNS over QUIC is not supported"),
    (['"h3://192.0.2.1"'], "", "HTTP/3 is not supported"),
    (['"sdns://AAAA"'], "", "DNS stamps are not supported"),
    (['"tls://192.0.2.1"'], "discover = yes", "discover yes: only for servers in the clear"),
])
def test_what_does_not_fit_is_refused(tmp_path, upstreams, lines, fault):
    config = tmp_path / "tarn.conf"
    config.write_text(f"upstream = {{ {', '.join(upstreams)} }}\n{lines}\n", encoding="ascii")
    check = servers.Process([servers.program(), "--check", "--config", str(config)])
    assert check.wait() == 1
    check.wait_for_line(fault)


def test_check_says_what_goes_in_the_clear(tmp_path, authority):
    config = tmp_path / "tarn.conf"
    config.write_text('upstream = { "tls://dns.example", 192.0.2.2 }\nselection = sequential\n'
                      f'tls {{ ca = "{authority.file}" }}\n', encoding="ascii")
    check = servers.Process([servers.program(), "--check", "--config", str(config)])
    assert check.wait() == 0
    check.wait_for_line(r"192\.0\.2\.2:53: in the clear when the others fail")
    check.wait_for_line(r"dns\.example: its address is asked of 192\.0\.2\.2:53")


def test_probe_asks_encrypted_servers_at_their_addresses(run_upstream, run_dot, tmp_path, authority):
    server, bootstrap = run_dot(lambda question: dns.message.make_response(question.message)), run_upstream(here)
    config = tmp_path / "tarn.conf"
    config.write_text(f'upstream = "{named(server)}"\n{with_bootstrap(bootstrap)}\n'
                      f'tls {{ ca = "{authority.file}" }}\n', encoding="ascii")
    probe = servers.Process([servers.program(), "--probe", "--config", str(config)])
    probe.wait()
    probe.wait_for_line(rf"tls://127\.0\.0\.1:{server.port}#{NAME} \(\.\): has no keys of the zone")
