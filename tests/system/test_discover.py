# SPDX-License-Identifier: BSD-2-Clause
"""Servers in the clear that designate an encrypted service (RFC 9462, section 4.2)."""

import itertools
import time

import dns.rcode
import pytest

import servers
from upstream import address, reply

pytest.importorskip("hostile_tls")

pytestmark = pytest.mark.skipif(not servers.is_built_with("openssl"), reason="built without OpenSSL")

OWNER = "_dns.resolver.arpa."
PLAIN = "192.0.2.9"


def designate(*records):
    """A script: the records at _dns.resolver.arpa, PLAIN for all other names."""
    def script(question):
        if question.name != OWNER:
            return address(value=PLAIN)(question)
        return reply(question, *(f"{OWNER} 300 IN SVCB {record}" for record in records))
    return script


def dot(server, hint="127.0.0.1", priority=1):
    return f"{priority} dns.test. alpn=dot port={server.port} ipv4hint={hint}"


def doh(server, path="/dns-query{?dns}", priority=1):
    return f'{priority} dns.test. alpn=h2 port={server.port} ipv4hint=127.0.0.1 key7="{path}"'


def value(message):
    assert message.rcode() == dns.rcode.NOERROR, message
    return message.answer[-1][0].address


def wait_for_service(tarn, zone="example."):
    """The first questions may be faster than its handshake: then they are asked in the clear."""
    deadline = time.monotonic() + 10
    for number in itertools.count():
        if value(tarn.ask(f"first{number}.{zone}")) == "192.0.2.1":
            return
        assert time.monotonic() < deadline, "it is not asked"
        time.sleep(0.05)


def test_the_encrypted_service_is_asked_first(run_dot, run_upstream, run_encrypted):
    server = run_dot()
    plain = run_upstream(designate(dot(server)))
    tarn = run_encrypted(plain.address, lines="discover = yes")
    tarn.wait_for_line(rf"{plain.address} designates tls://127\.0\.0\.1:{server.port}: it is asked")
    wait_for_service(tarn)
    before = plain.count()
    for number in range(10):
        assert value(tarn.ask(f"a{number}.example.")) == "192.0.2.1"
    assert plain.count() == before


def test_over_https(run_doh, run_upstream, run_encrypted):
    server = run_doh()
    plain = run_upstream(designate(doh(server)))
    tarn = run_encrypted(plain.address, lines="discover = yes")
    tarn.wait_for_line("designates https://")
    wait_for_service(tarn)


def test_a_service_without_a_certificate_for_the_address_is_not_asked(run_dot, run_upstream,
                                                                      run_encrypted):
    server = run_dot(kind="name alone")
    plain = run_upstream(designate(dot(server)))
    tarn = run_encrypted(plain.address, lines="discover = yes")
    tarn.wait_for_line("designates tls://")
    assert value(tarn.ask("a.example.")) == PLAIN
    assert server.count_all() == 0


def test_a_service_that_is_gone_leaves_the_questions_to_the_server(run_dot, run_upstream,
                                                                   run_encrypted):
    server = run_dot()
    plain = run_upstream(designate(dot(server)))
    tarn = run_encrypted(plain.address, lines="discover = yes")
    tarn.wait_for_line("designates tls://")
    wait_for_service(tarn)
    server.leave()
    assert value(tarn.ask("b.example.")) == PLAIN


def test_a_service_elsewhere_is_left_alone(run_dot, run_upstream, run_encrypted):
    server = run_dot()
    plain = run_upstream(designate(dot(server, hint="192.0.2.7")))
    tarn = run_encrypted(plain.address, lines="discover = yes")
    assert value(tarn.ask("a.example.")) == PLAIN
    assert server.connections == 0


def test_the_service_with_the_lowest_priority_counts(run_dot, run_upstream, run_encrypted):
    first, second = run_dot(), run_dot()
    plain = run_upstream(designate(dot(second, priority=2), dot(first, priority=1)))
    tarn = run_encrypted(plain.address, lines="discover = yes")
    tarn.wait_for_line(rf"designates tls://127\.0\.0\.1:{first.port}:")


def test_a_forward_section_has_its_own(run_dot, run_upstream, run_encrypted):
    server = run_dot()
    zone, other = run_upstream(designate(dot(server))), run_upstream(designate())
    tarn = run_encrypted(other.address, lines=f'forward "corp.example" {{\n'
                         f'upstream = "{zone.address}"\ndiscover = yes\n}}')
    tarn.wait_for_line("designates tls://")
    wait_for_service(tarn, "corp.example.")
    assert value(tarn.ask("a.example.")) == PLAIN
    assert other.count(OWNER) == 0


def test_clients_are_not_led_past_tarn(run_dot, run_upstream, run_encrypted):
    server = run_dot()
    plain = run_upstream(designate(dot(server)))
    tarn = run_encrypted(plain.address, lines="discover = yes")
    tarn.wait_for_line("designates tls://")
    before = plain.count(OWNER)
    assert not tarn.ask(OWNER, "SVCB").answer
    assert plain.count(OWNER) == before


def test_nothing_is_asked_without_being_told_to(run_upstream, run_tarn):
    plain = run_upstream(designate())
    tarn = run_tarn(upstreams=[plain])
    assert value(tarn.ask("a.example.")) == PLAIN
    assert plain.count(OWNER) == 0
