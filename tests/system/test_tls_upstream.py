# SPDX-License-Identifier: BSD-2-Clause
"""Servers that are asked over TLS (RFC 7858): who they are, their connections, their questions."""

import ssl
import time

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest

import servers
from client import Client
from netns import ip
from servers import frame, recv_frame
from upstream import address, reply

hostile_tls = pytest.importorskip("hostile_tls")
certificates = pytest.importorskip("certificates")
from hostile_tls import End, Late, Raw, give_address  # noqa: E402
from second_server import (LAST_WORD, NETWORK_ERROR, PATIENCE, SECOND, good,  # noqa: E402
                           limit, second, timed_ask, value)

pytestmark = pytest.mark.skipif(not servers.is_built_with("openssl"), reason="built without OpenSSL")


def extended_errors(message):
    return {int(option.code): option.text or "" for option in message.options
            if option.otype == dns.edns.OptionType.EDE}


# ---- who it is -----------------------------------------------------------------------------------

@pytest.mark.parametrize("kind", sorted(certificates.BAD_LEAVES))
def test_a_server_with_a_bad_certificate_is_not_asked(run_dot, run_encrypted, kind):
    bad, other = run_dot(kind=kind), run_dot(second)
    tarn = run_encrypted(bad, other, lines="selection = sequential")
    message, seconds = timed_ask(tarn, "a.example.")
    assert value(message) == SECOND
    assert seconds < limit(tarn, PATIENCE)
    assert bad.connections > 0 and bad.count_all() == 0


@pytest.mark.parametrize("kind", sorted(certificates.GOOD_LEAVES))
def test_a_server_with_a_good_certificate_is_asked(run_dot, run_encrypted, kind):
    server = run_dot(kind=kind)
    name = certificates.WILD_NAME if kind == "wildcard" else certificates.NAME
    tarn = run_encrypted(server.url(name))
    message, seconds = timed_ask(tarn, "a.example.")
    assert value(message) == "192.0.2.1" and seconds < limit(tarn, 1)


@pytest.mark.parametrize("name,kind,is_good", [
    ("DNS.Test", "name", True), ("dns.test.", "name", True), ("a.b.dns.test", "wildcard", False),
    ("dns.test", "wildcard", False), ("", "name", True), ("", "name alone", False)])
def test_a_name_or_an_address_must_be_in_the_certificate(run_dot, run_encrypted, name, kind,
                                                         is_good):
    server, other = run_dot(kind=kind), run_dot(second)
    tarn = run_encrypted(server.url(name), other, lines="selection = sequential")
    assert value(tarn.ask("a.example.")) == ("192.0.2.1" if is_good else SECOND)
    assert server.count_all() == 0 or is_good


def test_a_certificate_of_another_authority_is_refused(run_dot, run_encrypted, tmp_path):
    other = certificates.Authority(tmp_path / "other")
    server, good_one = run_dot(), run_dot(second)
    tarn = run_encrypted(server, lines=f'forward "good.example" {{ upstream = "{good_one.url()}" }}',
                         ca=other.file)
    message, seconds = timed_ask(tarn, "a.example.", use_edns=0)
    assert message.rcode() == dns.rcode.SERVFAIL and NETWORK_ERROR in extended_errors(message)
    assert seconds < limit(tarn, LAST_WORD)
    assert server.count_all() == 0


@pytest.mark.parametrize("kind,pins,name,is_good", [
    ("self-signed", ["self-signed"], "", True),
    ("expired", ["expired"], "", True),
    ("other name", ["name", "other name"], "", True),
    ("name", ["other name"], "", False),
    ("name", ["name"], "dns.test", True),
    ("other name", ["other name"], "dns.test", False),
    ("name", ["other name"], "dns.test", False)])
def test_a_pin_is_the_key(run_dot, run_encrypted, authority, kind, pins, name, is_good):
    """RFC 7858 section 4.2: without a name it takes the place of all else."""
    server, other = run_dot(kind=kind), run_dot(second)
    words = "&".join(f"pin=sha256:{authority.get(pin).pin}" for pin in pins)
    url = f"tls://{server.hostport}?{words}" + (f"#{name}" if name else "")
    tarn = run_encrypted(url, other, lines="selection = sequential")
    assert value(tarn.ask("a.example.")) == ("192.0.2.1" if is_good else SECOND)
    assert server.count_all() == 0 or is_good


def test_a_hundred_questions_are_no_hundred_handshakes(run_dot, run_encrypted, ask_all):
    """And the log says once why."""
    server = run_dot(kind="other name")
    tarn = run_encrypted(server)
    questions = ask_all(tarn, 100)
    assert all(asked.rcode == dns.rcode.SERVFAIL for asked in questions)
    assert max(asked.seconds for asked in questions) < limit(tarn, LAST_WORD)
    assert all(NETWORK_ERROR in asked.errors() for asked in questions)
    assert server.connections <= 10 and server.count_all() == 0
    said = [line for line in tarn.lines if "certificate" in line]
    assert len(said) == 1 and "127.0.0.1" in said[0] and "dns.test" in said[0], tarn.log


def test_the_client_is_told_why_but_not_who(run_dot, run_encrypted):
    server = run_dot(kind="expired")
    message = run_encrypted(server).ask("a.example.", use_edns=0)
    text = extended_errors(message)[NETWORK_ERROR]
    assert "certificate" in text and "127.0.0.1" not in text


def test_new_certificates_of_authorities_are_read_by_a_reload(run_dot, run_encrypted, authority,
                                                              tmp_path):
    wrong = certificates.Authority(tmp_path / "other")
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(open(wrong.file, "rb").read())
    server = run_dot()
    tarn = run_encrypted(server, ca=bundle)
    assert tarn.ask("a.example.").rcode() == dns.rcode.SERVFAIL
    bundle.write_bytes(open(authority.file, "rb").read())
    tarn.child.send_signal(servers.signal.SIGHUP)
    tarn.wait_for_line("has been reloaded")
    # It is tried again within a second of the last time.
    server.wait_for(lambda: tarn.ask(f"{time.monotonic()}.example.").answer, limit(tarn, 2))


def test_a_reload_without_a_change_keeps_the_connection(run_dot, run_encrypted):
    server = run_dot()
    tarn = run_encrypted(server, args=("--workers", 1))
    assert value(tarn.ask("a.example.")) == "192.0.2.1"
    connections = server.connections
    tarn.child.send_signal(servers.signal.SIGHUP)
    tarn.wait_for_line("has been reloaded")
    assert value(tarn.ask("b.example.")) == "192.0.2.1"
    assert server.connections == connections


def test_an_authority_that_is_not_trusted_any_more_is_not(run_dot, run_encrypted, authority,
                                                          tmp_path):
    """Sessions that were verified with its help are not resumed either."""
    other = certificates.Authority(tmp_path / "other")
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(open(authority.file, "rb").read())
    server = run_dot()
    tarn = run_encrypted(server, ca=bundle, args=("--workers", 1))
    assert value(tarn.ask("a.example.")) == "192.0.2.1"
    bundle.write_bytes(open(other.file, "rb").read())
    tarn.child.send_signal(servers.signal.SIGHUP)
    tarn.wait_for_line("has been reloaded")
    asked = server.count()
    server.end_all()
    assert tarn.ask("b.example.").rcode() == dns.rcode.SERVFAIL
    assert server.count() == asked and server.resumed == 0


def test_a_bundle_that_cannot_be_read_is_said(run_dot, run_encrypted, authority, tmp_path):
    """At a reload the old one stays; at a start there is none."""
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(open(authority.file, "rb").read())
    server = run_dot()
    tarn = run_encrypted(server, ca=bundle)
    assert value(tarn.ask("a.example.")) == "192.0.2.1"
    bundle.write_text("no certificate\n")
    tarn.child.send_signal(servers.signal.SIGHUP)
    tarn.wait_for_line("bundle.pem")
    server.end_all()
    assert value(tarn.ask("b.example.")) == "192.0.2.1"
    tarn.stop()
    done = servers.run_tarn("--config", next(str(path) for path in tmp_path.glob("tarn*.conf")),
                            "--listen", "127.0.0.1:0")
    assert done.returncode != 0 and "bundle.pem" in done.stderr + done.stdout


# ---- TLS -----------------------------------------------------------------------------------------

def test_what_a_client_hello_says(run_dot, run_encrypted):
    server = run_dot()
    run_encrypted(server).ask("a.example.")
    hello = server.hellos[0]
    assert hello.name == "dns.test"
    assert hello.protocols == ["dot"]
    assert set(hello.versions) == {ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2}
    assert not hello.has_early_data and not hello.has_ticket


def test_an_address_is_no_name_of_a_server(run_dot, run_encrypted):
    """RFC 6066 section 3."""
    server = run_dot()
    run_encrypted(server.url("")).ask("a.example.")
    assert server.hellos[0].name is None


@pytest.mark.parametrize("version,is_good", [("TLSv1_1", False), ("TLSv1_2", True)])
def test_versions(run_dot, run_encrypted, version, is_good):
    """RFC 8996."""
    version = ssl.TLSVersion[version]
    server = run_dot(versions=(version, version))
    tarn = run_encrypted(server, run_dot(second), lines="selection = sequential")
    assert value(tarn.ask("a.example.")) == ("192.0.2.1" if is_good else SECOND)


def test_a_server_without_alpn_is_fine(run_dot, run_encrypted):
    assert value(run_encrypted(run_dot(protocols=())).ask("a.example.")) == "192.0.2.1"


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_sessions_are_resumed(run_dot, run_encrypted, version):
    version = ssl.TLSVersion[version]
    server = run_dot(versions=(version, version))
    tarn = run_encrypted(server, args=("--workers", 1))
    for number in range(4):
        assert value(tarn.ask(f"{number}.example.")) == "192.0.2.1"
        server.end_all()
    assert server.handshakes >= 4
    assert server.resumed >= 3


def test_a_server_that_resumes_nothing_is_fine(run_dot, run_encrypted):
    server = run_dot(refuses_tickets=True)
    tarn = run_encrypted(server, args=("--workers", 1))
    for number in range(4):
        assert value(tarn.ask(f"{number}.example.")) == "192.0.2.1"
        server.end_all()
    assert server.resumed == 0


# ---- connections ---------------------------------------------------------------------------------

def test_questions_in_a_row_share_a_connection(run_dot, run_encrypted):
    server = run_dot()
    tarn = run_encrypted(server, args=("--workers", 1))
    for number in range(50):
        assert value(tarn.ask(f"{number}.example.")) == "192.0.2.1"
    assert server.connections <= 3 and server.count() == 50


def test_questions_do_not_wait_for_each_other(run_dot, run_encrypted, ask_all):
    server = run_dot(lambda question: Late(0.4 if question.wire[12] % 2 else 0.35,
                                           give_address(question)))
    tarn = run_encrypted(server, args=("--workers", 1))
    questions = ask_all(tarn, 20)
    assert good(questions) == 20
    assert max(asked.seconds for asked in questions) < limit(tarn, 1)
    assert server.connections <= 4


def test_five_hundred_questions_at_once(run_dot, run_encrypted, ask_all):
    server = run_dot(delay=0.2)
    tarn = run_encrypted(server, args=("--workers", 1))
    questions = ask_all(tarn, 500)
    assert good(questions) == 500
    assert server.most_open <= 8


@pytest.mark.parametrize("how", ["notify", "fin", "reset"])
@pytest.mark.parametrize("every", [5, 1])
def test_a_server_that_closes_again_and_again_loses_no_question(run_dot, run_encrypted, ask_all,
                                                                every, how):
    """RFC 7766 section 6.2.4."""
    server = run_dot(delay=0.01, close_after=every, how=how)
    tarn = run_encrypted(server, args=("--workers", 1))
    assert good(ask_all(tarn, 40)) == 40


def test_a_connection_that_ends_as_it_is_used_loses_no_question(run_dot, run_encrypted):
    server = run_dot(idle_sec=0.15)
    other = run_dot(second)
    tarn = run_encrypted(server, other, lines="selection = sequential", args=("--workers", 1))
    for number in range(12):
        assert value(tarn.ask(f"{number}.example.")) == "192.0.2.1"
        time.sleep(0.146 + number * 0.0006)
    assert other.count() == 0


def test_a_server_that_closes_idle_connections_has_not_failed(run_dot, run_encrypted):
    server, other = run_dot(idle_sec=0.05, how="reset"), run_dot(second)
    tarn = run_encrypted(server, other, lines="selection = sequential", args=("--workers", 1))
    for number in range(6):
        assert value(tarn.ask(f"{number}.example.")) == "192.0.2.1"
        time.sleep(0.1)
    assert other.count() == 0


def test_a_server_that_only_closes_is_given_up(run_dot, run_encrypted):
    server = run_dot(lambda _question: End("fin"))
    tarn = run_encrypted(server, run_dot(second), lines="selection = sequential")
    message, seconds = timed_ask(tarn, "a.example.")
    assert value(message) == SECOND and seconds < limit(tarn, PATIENCE)
    assert server.connections <= 8


def test_a_connection_that_has_fallen_silent_is_replaced(run_dot, run_encrypted):
    """As after a router has been restarted: the old connection is there, and nothing comes back."""
    def script(question):
        if question.connection == 0 and question.name != "first.example.":
            return None
        return give_address(question)

    server = run_dot(script)
    tarn = run_encrypted(server, args=("--workers", 1))
    assert value(tarn.ask("first.example.")) == "192.0.2.1"
    message, seconds = timed_ask(tarn, "second.example.")
    assert value(message) == "192.0.2.1" and seconds < limit(tarn, 2.5)
    message, seconds = timed_ask(tarn, "third.example.")
    assert value(message) == "192.0.2.1" and seconds < limit(tarn, 0.5)


def test_a_keepalive_of_the_server_is_heeded(run_dot, run_encrypted):
    """RFC 7828: three tenths of a second, then the client ends the connection itself."""
    def script(question):
        message = reply(question, f"{question.name} 300 IN A 192.0.2.1")
        if hostile_tls.KEEPALIVE in question.options:
            message.use_edns(0, options=[dns.edns.GenericOption(11, b"\0\3")])
        return message

    server = run_dot(script)
    tarn = run_encrypted(server, args=("--workers", 1))
    assert value(tarn.ask("a.example.")) == "192.0.2.1"
    if hostile_tls.KEEPALIVE not in server.questions[0].options:
        pytest.skip("tarn does not ask for it")
    server.wait_for(lambda: not server.live, limit(tarn, 2))
    assert value(tarn.ask("b.example.")) == "192.0.2.1"


def test_the_first_connection_is_there_before_the_first_question(run_dot, run_encrypted):
    server = run_dot()
    run_encrypted(server, args=("--workers", 1))
    server.wait_for(lambda: server.handshakes == 1, 2)
    assert server.count() == 0


def test_another_network_has_other_connections(namespace, run_dot, run_encrypted):
    """The sessions are kept."""
    server = run_dot()
    tarn = run_encrypted(server, args=("--workers", 1, "-v"), listen=["127.0.0.1:0"])
    assert value(tarn.ask("a.example.")) == "192.0.2.1"
    connections = server.connections
    ip("address add 192.0.2.77/32 dev lo")
    tarn.wait_for_line("the network has changed")
    server.wait_for(lambda: not any(c.number < connections for c in server.live), 3)
    assert value(tarn.ask("b.example.")) == "192.0.2.1"
    assert server.connections > connections and server.resumed >= 1


# ---- servers that do not come up -----------------------------------------------------------------

HANDSHAKES = ["stall", "send_half", "send_garbage", "send_http", "reset", "finish"]


@pytest.mark.parametrize("how", HANDSHAKES)
def test_a_handshake_that_fails_holds_nobody_up(run_dot, run_encrypted, how):
    server = run_dot(before=getattr(hostile_tls, how))
    tarn = run_encrypted(server, run_dot(second), lines="selection = sequential")
    for number in range(3):
        message, seconds = timed_ask(tarn, f"{number}.example.")
        assert value(message) == SECOND and seconds < limit(tarn, PATIENCE)


def test_handshakes_that_fail_are_servfail_in_time(run_dot, run_encrypted, cleanup):
    """Each server alone in its zone."""
    zones = {how: run_dot(before=getattr(hostile_tls, how)) for how in HANDSHAKES}
    lines = "\n".join(f'forward "{how.replace("_", "-")}.example" {{ upstream = "{server.url()}" }}'
                      for how, server in zones.items())
    tarn = run_encrypted(run_dot(), lines=lines)
    client = cleanup.enter_context(Client(tarn.host, tarn.port))
    questions = [client.send(f"a.{how.replace('_', '-')}.example.") for how in zones]
    good_one = client.send("a.example.")
    assert not client.wait(timeout=limit(tarn, LAST_WORD))
    assert good_one.is_good and good_one.seconds < limit(tarn, 0.5)
    for asked in questions:
        assert asked.rcode == dns.rcode.SERVFAIL and asked.errors() & {22, NETWORK_ERROR}
    assert all(server.connections <= 10 for server in zones.values())


def test_a_slow_handshake_gives_a_connection_for_later_questions(run_dot, run_encrypted):
    server = run_dot(before=hostile_tls.wait_sec(2))
    tarn = run_encrypted(server, run_dot(second), lines="selection = sequential",
                         args=("--workers", 1))
    message, seconds = timed_ask(tarn, "a.example.")
    assert value(message) == SECOND and seconds < limit(tarn, PATIENCE)
    server.wait_for(lambda: server.handshakes, limit(tarn, 4))
    server.wait_for(lambda: value(tarn.ask(f"{time.monotonic()}.example.")) == "192.0.2.1", 3)


def test_a_slow_handshake_alone_answers_the_question_that_began_it(run_dot, run_encrypted):
    tarn = run_encrypted(run_dot(before=hostile_tls.wait_sec(2)))
    message, seconds = timed_ask(tarn, "a.example.")
    assert value(message) == "192.0.2.1" and seconds < limit(tarn, 3.5)


def test_a_server_that_was_gone_for_long_is_soon_used_again(run_dot, run_encrypted, cleanup):
    server = run_dot()
    tarn = run_encrypted(server)
    assert value(tarn.ask("a.example.")) == "192.0.2.1"
    server.leave()
    client = cleanup.enter_context(Client(tarn.host, tarn.port))
    client.send_for(8, 10, lambda number: f"gone{number}.example.")
    server.come_back()
    back = time.monotonic()
    assert client.first_good(lambda number: f"back{number}.example.") - back < limit(tarn, 2)


# ---- never in the clear --------------------------------------------------------------------------

@pytest.mark.parametrize("fault", ["other name", "closed", "stall"])
def test_nothing_ever_goes_in_the_clear(namespace, run_dot, run_encrypted, run_upstream, fault):
    """Neither to the port of TLS, nor to that of DNS."""
    plain = run_upstream(address(), port=53)
    server = run_dot(kind="other name" if fault == "other name" else "name", port=853,
                     before=hostile_tls.stall if fault == "stall" else None)
    if fault == "closed":
        server.leave()
    tarn = run_encrypted("tls://127.0.0.1#dns.test", listen=["127.0.0.1:0"])
    assert tarn.ask("a.example.").rcode() == dns.rcode.SERVFAIL
    assert plain.count_all() == 0 and not server.clear and server.count_all() == 0


# ---- questions and answers -----------------------------------------------------------------------

def test_what_is_in_a_question(run_dot, run_encrypted):
    """RFC 8467 section 4.1; no cookie, no client subnet, no letter that is not the client's."""
    server = run_dot(lambda question: reply(question, f"{question.name} 300 IN A 192.0.2.1"))
    tarn = run_encrypted(server)
    for length in range(1, 62, 6):
        for options in ({}, {"want_dnssec": True}, {"use_edns": False}):
            label = f"{'a' * length}{len(options) + options.get('want_dnssec', 0)}"
            assert tarn.ask(f"{label}.example.", **options).answer
    subnet = dns.edns.ECSOption("192.0.2.0", 24)
    tarn.udp(dns.message.make_query("subnet.example.", "A", use_edns=0, options=[subnet]))
    for question in server.questions:
        assert len(question.wire) % 128 == 0
        assert question.options[-1] == hostile_tls.PADDING
        assert not {hostile_tls.COOKIE, hostile_tls.SUBNET} & set(question.options)
        assert question.wire_name == question.wire_name.lower()
    assert len({question.id for question in server.questions}) > len(server.questions) // 2


def test_a_server_without_edns_is_asked_without_padding(run_dot, run_encrypted):
    def script(question):
        if question.message.edns >= 0:
            return reply(question, rcode=dns.rcode.FORMERR).to_wire()
        return give_address(question)

    assert value(run_encrypted(run_dot(script)).ask("a.example.")) == "192.0.2.1"


@pytest.mark.parametrize("how", [{"gather": 10}, {"record_len": 1}, {"record_len": 7}])
def test_records_are_not_messages(run_dot, run_encrypted, ask_all, how):
    """RFC 7858 section 3.3: ten answers in one record, and one answer in many."""
    server = run_dot(**how)
    tarn = run_encrypted(server, args=("--workers", 1))
    questions = ask_all(tarn, 10)
    assert good(questions) == 10 and server.count() == 10
    assert max(asked.seconds for asked in questions) < limit(tarn, 1)


def test_an_answer_of_sixty_thousand_octets(run_dot, run_encrypted):
    texts = [f'big.example. 300 IN TXT "{i:03} {"x" * 196}"' for i in range(285)]
    server = run_dot(lambda question: reply(question, *texts))
    tarn = run_encrypted(server)
    question = dns.message.make_query("big.example.", "TXT", use_edns=0, payload=1232)
    assert tarn.udp(question).flags & dns.flags.TC
    with tarn.tcp_socket() as sock:
        sock.sendall(frame(question.to_wire()))
        wire = recv_frame(sock)
    assert len(wire) > 58000 and not wire[2] & 2
    assert server.count() == 1


def test_a_truncated_answer_is_none(run_dot, run_encrypted):
    server = run_dot(lambda question: reply(question, flags=dns.flags.TC))
    tarn = run_encrypted(server, run_dot(second), lines="selection = sequential")
    message, seconds = timed_ask(tarn, "a.example.")
    assert value(message) == SECOND and seconds < limit(tarn, PATIENCE)


@pytest.mark.parametrize("octets", [b"\0\0", b"\0\5short", b"\0\x0b" + b"x" * 11])
def test_a_frame_that_is_no_message_ends_the_connection(run_dot, run_encrypted, octets):
    def script(question):
        return Raw(octets) if question.connection == 0 else give_address(question)

    server = run_dot(script)
    tarn = run_encrypted(server, args=("--workers", 1))
    message, seconds = timed_ask(tarn, "a.example.")
    assert value(message) == "192.0.2.1" and seconds < limit(tarn, PATIENCE)
    assert server.connections == 2


def test_half_an_answer_ends_the_connection(run_dot, run_encrypted):
    def script(question):
        whole = give_address(question)
        return Raw(frame(whole)[:20]) if question.connection == 0 else whole

    server = run_dot(script)
    message, seconds = timed_ask(run_encrypted(server, args=("--workers", 1)), "a.example.")
    assert value(message) == "192.0.2.1" and seconds < LAST_WORD


@pytest.mark.parametrize("lie", ["question", "id", "no answer bit"])
def test_answers_to_other_questions_are_not_believed(run_dot, run_encrypted, lie):
    def script(question):
        wire = bytearray(give_address(question, "192.0.2.66"))
        if lie == "question":
            wire[13] ^= 1
        elif lie == "id":
            wire[0] ^= 0x55
        else:
            wire[2] ^= 0x80
        return bytes(wire)

    server, other = run_dot(script), run_dot(second)
    tarn = run_encrypted(server, other, lines="selection = sequential")
    message, seconds = timed_ask(tarn, "a.example.")
    assert value(message) == SECOND and seconds < limit(tarn, PATIENCE)


def test_the_second_answer_is_from_the_cache(run_dot, run_encrypted):
    server = run_dot()
    tarn = run_encrypted(server)
    for _ in range(3):
        assert value(tarn.ask("a.example.")) == "192.0.2.1"
    assert server.count() == 1


# ---- others --------------------------------------------------------------------------------------

@pytest.mark.parametrize("program", ["unbound", "kresd", "dnsdist", "named", "nginx-stream"])
def test_real_servers(run_front, run_encrypted, ask_all, program):
    front = run_front(program)
    tarn = run_encrypted(front.tls_url())
    assert good(ask_all(tarn, 200, zone="wild.tarn.example.")) == 200
    message = tarn.ask("text.tarn.example.", "TXT")
    assert any(b"one" in rdata.strings for rdata in message.answer[0])


def test_who_encrypts_nothing_has_no_library(run_tarn, run_upstream):
    tarn = run_tarn(upstreams=[run_upstream(address())])
    assert tarn.ask("a.example.").answer
    with open(f"/proc/{tarn.pid}/maps", encoding="ascii") as file:
        assert not [line for line in file if "libssl" in line or "libnghttp2" in line]


def test_a_zone_has_servers_of_its_own(run_dot, run_encrypted, run_upstream):
    server, plain = run_dot(second), run_upstream(address())
    tarn = run_encrypted(plain.address,
                         lines=f'forward "corp.example" {{ upstream = "{server.url()}" }}')
    assert value(tarn.ask("a.corp.example.")) == SECOND
    assert value(tarn.ask("a.example.")) == "192.0.2.1"
    assert plain.count("a.corp.example.") == 0 and server.count() == 1


def test_a_name_of_a_server_is_looked_up_elsewhere(run_dot, run_encrypted, run_upstream):
    server = run_dot(second)
    plain = run_upstream(address(value="127.0.0.1"))
    tarn = run_encrypted(f"tls://dns.test:{server.port}",
                         lines=f'bootstrap = "{plain.address}"')
    assert value(tarn.ask("a.example.")) == SECOND
    assert plain.count("a.example.") == 0
