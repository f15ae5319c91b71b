# SPDX-License-Identifier: BSD-2-Clause
"""Servers that are asked over HTTPS (RFC 8484 on RFC 9113)."""

import time

import dns.message
import dns.rcode
import pytest

import servers
from client import Client
from servers import frame, recv_frame
from upstream import reply

hostile_tls = pytest.importorskip("hostile_tls")
hostile_https = pytest.importorskip("hostile_https")
certificates = pytest.importorskip("certificates")
from hostile_https import CANCEL, MESSAGE, PROTOCOL_ERROR, Reset, Response  # noqa: E402
from hostile_tls import End, Late, give_address  # noqa: E402
from second_server import (LAST_WORD, NETWORK_ERROR, PATIENCE, SECOND, good,  # noqa: E402
                           limit, second, timed_ask, value)

pytestmark = pytest.mark.skipif(not servers.is_built_with("nghttp2"), reason="built without nghttp2")


@pytest.fixture
def run_before_another(run_dot, run_encrypted):
    """tarn, which prefers this server; another one gives SECOND."""
    def run(server, **options):
        return run_encrypted(server, run_dot(second), lines="selection = sequential", **options)
    return run


# ---- who it is -----------------------------------------------------------------------------------

@pytest.mark.parametrize("kind", ["other name", "common name", "expired", "self-signed"])
def test_a_server_with_a_bad_certificate_is_not_asked(run_doh, run_before_another, kind):
    bad = run_doh(kind=kind)
    message, seconds = timed_ask(tarn := run_before_another(bad), "a.example.")
    assert value(message) == SECOND and seconds < limit(tarn, PATIENCE)
    assert bad.connections > 0 and not bad.requests and bad.count_all() == 0


def test_a_url_of_an_address(run_doh, run_encrypted):
    server = run_doh()
    assert value(run_encrypted(server.url("")).ask("a.example.")) == "192.0.2.1"
    assert server.hellos[0].name is None
    assert dict(server.requests[0].headers)[":authority"] == server.hostport


def test_a_server_that_speaks_no_http2_is_not_asked(run_doh, run_before_another):
    server = run_doh(protocols=("http/1.1",))
    tarn = run_before_another(server)
    assert value(tarn.ask("a.example.")) == SECOND
    assert server.count_all() == 0


# ---- what a request says -------------------------------------------------------------------------

def test_a_request_has_seven_header_fields(run_doh, run_encrypted):
    """RFC 8484 section 4.1; nothing that tells who asks (section 8)."""
    server = run_doh()
    run_encrypted(server).ask("a.example.")
    assert server.hellos[0].protocols == ["h2"] and server.hellos[0].name == "dns.test"
    request = server.requests[0]
    assert dict(request.headers) == {
        ":method": "POST", ":scheme": "https", ":authority": f"dns.test:{server.port}",
        ":path": "/dns-query", "accept": MESSAGE, "content-type": MESSAGE,
        "content-length": str(len(request.body))}
    assert len(request.headers) == 7


@pytest.mark.parametrize("path", ["/q", "/other/dns-query", "/a?b=c"])
def test_the_path_is_that_of_the_url(run_doh, run_encrypted, path):
    server = run_doh()
    run_encrypted(server.url(path=path)).ask("a.example.")
    assert server.requests[0].path == path


def test_what_is_in_a_question(run_doh, run_encrypted):
    server = run_doh(lambda question: reply(question, f"{question.name} 300 IN A 192.0.2.1"))
    tarn = run_encrypted(server)
    for length in range(1, 62, 10):
        message = tarn.ask(f"{'a' * length}.example.")
        assert message.answer
    for question in server.questions:
        assert question.id == 0
        assert len(question.wire) % 128 == 0
        assert question.options[-1] == hostile_tls.PADDING
        assert not {hostile_tls.COOKIE, hostile_tls.SUBNET,
                    hostile_tls.KEEPALIVE} & set(question.options)
        assert question.wire_name == question.wire_name.lower()


# ---- what is an answer ---------------------------------------------------------------------------

NO_ANSWERS = {
    "301": Response(status=301, headers={"location": "https://192.0.2.9/"}),
    "302": Response(status=302, headers={"location": "https://192.0.2.9/"}),
    "204": Response(status=204, length=None),
    "400": Response(status=400), "401": Response(status=401), "403": Response(status=403),
    "404": Response(b"not here", 404, "text/plain"), "405": Response(status=405),
    "413": Response(status=413), "415": Response(status=415), "429": Response(status=429),
    "500": Response(status=500), "502": Response(status=502), "503": Response(status=503),
    "a portal": Response(b"<html>Welcome</html>", type="text/html"),
    "JSON": Response(b'{"Status": 0}', type="application/dns-json"),
    "no body": Response(b""),
    "eleven octets": Response(b"x" * 11),
    "huge": Response(b"x" * 200000),
    "huge, without a length": Response(b"x" * 200000, length=None),
    "trailers alone": Response(b"", trailers={"x": "y"}, ends=False),
}


@pytest.mark.parametrize("what", sorted(NO_ANSWERS))
def test_what_is_no_answer_sends_the_question_elsewhere_at_once(run_doh, run_before_another, what):
    server = run_doh(lambda _question: NO_ANSWERS[what])
    tarn = run_before_another(server)
    message, seconds = timed_ask(tarn, "a.example.")
    assert value(message) == SECOND
    # The connection has to be opened; then nothing is waited for.
    assert seconds < limit(tarn, 0.4)
    assert 1 <= server.count() <= 3


@pytest.mark.parametrize("what", ["text/plain", "gzip", "404", "short", "long"])
def test_a_good_message_in_a_wrong_response_is_no_answer(run_doh, run_before_another, what):
    def script(question):
        wire = give_address(question, "192.0.2.66")
        return {
            "text/plain": Response(wire, type="text/plain"),
            "gzip": Response(wire, headers={"content-encoding": "gzip"}),
            "404": Response(wire, 404),
            "short": Response(wire, length=len(wire) - 1),
            "long": Response(wire, length=len(wire) + 1),
        }[what]

    message, seconds = timed_ask(tarn := run_before_another(run_doh(script)), "a.example.")
    assert value(message) == SECOND and seconds < limit(tarn, PATIENCE)


@pytest.mark.parametrize("what", ["103", "no length", "trailers", "one by one", "delayed end",
                                  "upper case"])
def test_a_response_that_is_unusual_is_an_answer(run_doh, run_before_another, what):
    def script(question):
        wire = give_address(question)
        return {
            "103": Response(wire, informational=(103, 103)),
            "no length": Response(wire, length=None),
            "trailers": Response(wire, trailers={"server-timing": "x"}),
            "one by one": Response(wire, data_len=1),
            "delayed end": Response(wire, headers={"x-" + "y" * 100: "z" * 1000}),
            "upper case": Response(wire, type="Application/DNS-Message"),
        }[what]

    assert value(run_before_another(run_doh(script)).ask("a.example.")) == "192.0.2.1"


def test_redirects_are_not_followed(run_doh, run_before_another):
    target = run_doh()
    server = run_doh(lambda _question: Response(
        status=302, headers={"location": f"https://127.0.0.1:{target.port}/dns-query"}))
    assert value(run_before_another(server).ask("a.example.")) == SECOND
    assert target.connections == 0


def test_a_server_that_asks_for_time_is_left_in_peace(run_doh, run_before_another):
    server = run_doh(lambda _question: Response(status=429, headers={"retry-after": "30"}))
    tarn = run_before_another(server, args=("--workers", 1))
    for number in range(10):
        assert value(tarn.ask(f"{number}.example.")) == SECOND
    assert server.count_all() <= 3


def test_too_early_is_asked_again(run_doh, run_encrypted):
    """RFC 8470 section 5.2."""
    said = [Response(status=425)]
    server = run_doh(lambda question: said.pop() if said else give_address(question))
    message, seconds = timed_ask(tarn := run_encrypted(server), "a.example.")
    assert value(message) == "192.0.2.1" and seconds < limit(tarn, PATIENCE)


@pytest.mark.parametrize("age,low,high", [("0", 299, 300), ("100", 199, 200), ("1000", 0, 0),
                                          ("nonsense", 299, 300),
                                          ("99999999999999999999", 0, 0)])
def test_the_age_of_an_answer_is_taken_off(run_doh, run_encrypted, age, low, high):
    """RFC 8484 section 5.1."""
    server = run_doh(lambda question: Response(give_address(question), headers={
        "age": age, "cache-control": "max-age=86400"}))
    ttl = run_encrypted(server).ask("a.example.").answer[0].ttl
    assert low <= ttl <= high


def test_an_answer_of_sixty_thousand_octets(run_doh, run_encrypted):
    texts = [f'big.example. 300 IN TXT "{i:03} {"x" * 196}"' for i in range(285)]
    server = run_doh(lambda question: reply(question, *texts))
    tarn = run_encrypted(server)
    question = dns.message.make_query("big.example.", "TXT", use_edns=0, payload=1232)
    with tarn.tcp_socket() as sock:
        sock.sendall(frame(question.to_wire()))
        wire = recv_frame(sock)
    assert len(wire) > 58000 and not wire[2] & 2
    assert server.count() == 1


# ---- connections ---------------------------------------------------------------------------------

def test_questions_in_a_row_share_a_connection(run_doh, run_encrypted):
    server = run_doh()
    tarn = run_encrypted(server, args=("--workers", 1))
    for number in range(50):
        assert value(tarn.ask(f"{number}.example.")) == "192.0.2.1"
    assert server.connections <= 3 and server.count() == 50


def test_questions_do_not_wait_for_each_other(run_doh, run_encrypted, ask_all):
    server = run_doh(lambda question: Late(0.4 if question.wire[12] % 2 else 0.35,
                                           give_address(question)))
    questions = ask_all(tarn := run_encrypted(server, args=("--workers", 1)), 20)
    assert good(questions) == 20
    assert max(asked.seconds for asked in questions) < limit(tarn, 1)


def test_five_hundred_questions_at_once(run_doh, run_encrypted, ask_all):
    server = run_doh(delay=0.2)
    tarn = run_encrypted(server, args=("--workers", 1))
    assert good(ask_all(tarn, 500)) == 500
    assert server.most_open <= 8


@pytest.mark.parametrize("how", ["notify", "fin", "reset"])
@pytest.mark.parametrize("every", [5, 1])
def test_a_server_that_closes_again_and_again_loses_no_question(run_doh, run_encrypted, ask_all,
                                                                every, how):
    server = run_doh(delay=0.01, close_after=every, how=how)
    tarn = run_encrypted(server, args=("--workers", 1))
    assert good(ask_all(tarn, 40)) == 40


@pytest.mark.parametrize("after", [1, 5, 7])
def test_goaway_loses_no_question(run_doh, run_encrypted, ask_all, after):
    """RFC 9113 section 6.8: those behind the last stream are asked elsewhere."""
    server = run_doh(delay=0.01, goaway_after=after)
    tarn = run_encrypted(server, args=("--workers", 1))
    assert good(ask_all(tarn, 40)) == 40


def test_refused_streams_are_asked_again(run_doh, run_encrypted, ask_all):
    """RFC 9113 section 8.7."""
    server = run_doh(refuse_first=5)
    assert good(ask_all(run_encrypted(server, args=("--workers", 1)), 20)) == 20


@pytest.mark.parametrize("code", [CANCEL, PROTOCOL_ERROR, 2, 11])
def test_a_stream_that_is_reset_is_asked_elsewhere(run_doh, run_before_another, code):
    server = run_doh(lambda _question: Reset(code))
    message, seconds = timed_ask(tarn := run_before_another(server), "a.example.")
    assert value(message) == SECOND and seconds < limit(tarn, PATIENCE)
    assert server.count() <= 3


def test_one_stream_at_a_time_is_enough(run_doh, run_encrypted, ask_all):
    """RFC 9113 section 5.1.2."""
    server = run_doh(delay=0.02, max_streams=1)
    tarn = run_encrypted(server, args=("--workers", 1))
    assert good(ask_all(tarn, 10)) == 10


def test_a_server_that_only_closes_is_given_up(run_doh, run_before_another):
    server = run_doh(lambda _question: End("fin"))
    message, seconds = timed_ask(tarn := run_before_another(server), "a.example.")
    assert value(message) == SECOND and seconds < limit(tarn, PATIENCE)
    assert server.connections <= 8


@pytest.mark.parametrize("how", ["window", "no settings", "silence", "pings", "settings", "garbage",
                                 "stall", "closed"])
def test_a_connection_that_leads_nowhere_holds_nobody_up(run_doh, run_before_another, how):
    async def garbage(session):
        await session.connection.send(b"\0\0\7GET / HTTP/1.1\r\n" * 10)

    silent = {"script": lambda _question: None, "is_silent": True}
    server = run_doh(**{
        "window": {"window": 0}, "no settings": {"no_settings": True},
        "silence": silent, "pings": {"opening": hostile_https.ping_flood(), **silent},
        "settings": {"opening": hostile_https.settings_flood(), **silent},
        "garbage": {"opening": garbage},
        "stall": {"before": hostile_tls.stall},
        "closed": {},
    }[how])
    if how == "closed":
        server.leave()
    tarn = run_before_another(server, args=("--workers", 1))
    before = tarn.memory()
    for number in range(3):
        message, seconds = timed_ask(tarn, f"{number}.example.")
        assert value(message) in (SECOND, "192.0.2.1") and seconds < limit(tarn, PATIENCE)
    assert tarn.is_slow or tarn.memory() - before < 8192


def test_a_request_that_does_not_end_is_servfail_in_time(run_doh, run_encrypted, cleanup):
    """Each server alone in its zone, beside one that is good."""
    zones = {
        "silence": run_doh(lambda _question: None, is_silent=True),
        "half": run_doh(lambda question: Response(give_address(question)[:20], length=45,
                                                  ends=False)),
        "certificate": run_doh(kind="other name"),
        "html": run_doh(lambda _question: Response(b"<html></html>", type="text/html")),
    }
    lines = "\n".join(f'forward "{how}.example" {{ upstream = "{server.url()}" }}'
                      for how, server in zones.items())
    tarn = run_encrypted(run_doh(), lines=lines)
    client = cleanup.enter_context(Client(tarn.host, tarn.port))
    questions = [client.send(f"a.{how}.example.") for how in zones]
    good_one = client.send("a.example.")
    assert not client.wait(timeout=limit(tarn, LAST_WORD))
    assert good_one.is_good and good_one.seconds < limit(tarn, 0.5)
    for asked in questions:
        assert asked.rcode == dns.rcode.SERVFAIL and asked.errors() & {22, NETWORK_ERROR}
    assert all(server.connections <= 10 for server in zones.values())


# ---- real servers --------------------------------------------------------------------------------

@pytest.mark.parametrize("program,options", [
    ("unbound", {}), ("dnsdist", {}), ("named", {}), ("kresd", {}), ("nginx", {}),
    ("nginx", {"requests": 20})])
def test_real_servers(run_front, run_encrypted, ask_all, program, options):
    """nginx ends a connection after so many requests."""
    front = run_front(program, **options)
    tarn = run_encrypted(front.https_url())
    assert good(ask_all(tarn, 200, zone="wild.tarn.example.")) == 200
    message = tarn.ask("text.tarn.example.", "TXT")
    assert any(b"one" in rdata.strings for rdata in message.answer[0])
