# SPDX-License-Identifier: BSD-2-Clause
"""A question is sent upstream once, until its TTL is over."""

import random
import select
import socket
import threading
import time

import dns.message
import dns.rcode
import pytest

from servers import frame, recv_frame
from upstream import address, reply

SOA = "example. 600 IN SOA ns.example. admin.example. 1 7200 900 1209600 30"


def test_a_second_question_is_answered_without_the_upstream(run_tarn, run_upstream):
    upstream = run_upstream(address(ttl=300))
    tarn = run_tarn(upstreams=[upstream])
    first = tarn.ask("a.example.").answer[0].ttl
    second = tarn.ask("a.example.").answer[0].ttl
    assert 0 < second <= first <= 300
    assert upstream.count() == 1


def test_the_ttl_counts_down(run_tarn, run_upstream):
    upstream = run_upstream(address(ttl=300))
    tarn = run_tarn(upstreams=[upstream])
    asked = time.monotonic()
    tarn.ask("a.example.")
    time.sleep(2.1)
    ttl = tarn.ask("a.example.").answer[0].ttl
    assert 300 - (time.monotonic() - asked) - 1 <= ttl <= 298
    assert upstream.count() == 1


def test_an_answer_ends_with_its_ttl(run_tarn, run_upstream):
    upstream = run_upstream(address(ttl=1))
    tarn = run_tarn(upstreams=[upstream])
    tarn.ask("a.example.")
    time.sleep(1.2)
    assert tarn.ask("a.example.").answer[0].ttl == 1
    assert upstream.count() == 2


def test_ttl_0_is_delivered_and_not_kept(run_tarn, run_upstream):
    upstream = run_upstream(address(ttl=0))
    tarn = run_tarn(upstreams=[upstream])
    for asked in (1, 2):
        assert tarn.ask("a.example.").answer[0].ttl == 0
        assert upstream.count() == asked


def test_the_lowest_ttl_of_an_answer_rules(run_tarn, run_upstream):
    upstream = run_upstream(lambda question: reply(
        question, "a.example. 300 IN CNAME b.example.", "b.example. 1 IN A 192.0.2.1"))
    tarn = run_tarn(upstreams=[upstream])
    tarn.ask("a.example.")
    time.sleep(1.2)
    tarn.ask("a.example.")
    assert upstream.count() == 2


@pytest.mark.parametrize("rcode", [dns.rcode.NXDOMAIN, dns.rcode.NOERROR])
def test_a_negative_answer_lives_as_long_as_its_soa_says(run_tarn, run_upstream, rcode):
    upstream = run_upstream(lambda question: reply(question, rcode=rcode, authority=[SOA]))
    tarn = run_tarn(upstreams=[upstream])
    for _ in range(2):
        answer = tarn.ask("a.example.")
        assert answer.rcode() == rcode
        assert 29 <= answer.authority[0].ttl <= 30
    assert upstream.count() == 1


def test_a_negative_answer_without_soa_is_not_kept(run_tarn, run_upstream):
    upstream = run_upstream(lambda question: reply(question, rcode=dns.rcode.NXDOMAIN))
    tarn = run_tarn(upstreams=[upstream])
    for asked in (1, 2):
        assert tarn.ask("a.example.").rcode() == dns.rcode.NXDOMAIN
        assert upstream.count() == asked


def test_types_and_letter_case_and_transport(run_tarn, run_upstream):
    """A type has an entry of its own; a spelling and a transport have not."""
    upstream = run_upstream(address())
    tarn = run_tarn(upstreams=[upstream])
    tarn.ask("a.example.")
    tarn.ask("A.Example.")
    tarn.tcp(dns.message.make_query("a.EXAMPLE.", "A"))
    assert upstream.count() == 1
    tarn.ask("a.example.", "AAAA")
    assert upstream.count() == 2


def test_do_and_cd_do_not_share_an_entry(run_tarn, run_upstream):
    upstream = run_upstream(address())
    tarn = run_tarn(upstreams=[upstream])
    tarn.ask("a.example.")
    tarn.ask("a.example.", want_dnssec=True)
    checking_disabled = dns.message.make_query("a.example.", "A")
    checking_disabled.flags |= dns.flags.CD
    assert tarn.udp(checking_disabled).flags & dns.flags.CD
    assert upstream.count() == 3


def ask_at_once(tarn, name, count, all_sent):
    """Sends the same question that many times over 50 sockets and returns the replies."""
    sockets = [tarn.udp_socket() for _ in range(50)]
    for sock in sockets:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    wire = dns.message.make_query(name, "A").to_wire()
    for number in range(count):
        sockets[number % 50].send(number.to_bytes(2, "big") + wire[2:])
        if number % 100 == 99:
            time.sleep(0.002)  # tarn's socket buffer holds some 250 datagrams
    all_sent.set()
    replies = []
    deadline = time.monotonic() + 15
    while len(replies) < count and time.monotonic() < deadline:
        for sock in select.select(sockets, [], [], 0.1)[0]:
            replies.append(dns.message.from_wire(sock.recv(65535)))
    for sock in sockets:
        sock.close()
    return replies


@pytest.mark.parametrize("workers", [1, 2])
def test_1000_questions_at_once_are_one_upstream_question(run_tarn, run_upstream, workers):
    all_sent = threading.Event()

    def script(question):
        all_sent.wait(10)
        return address()(question)

    upstream = run_upstream(script)
    tarn = run_tarn("--workers", workers, upstreams=[upstream])
    replies = ask_at_once(tarn, "a.example.", 1000, all_sent)
    assert sorted(r.id for r in replies) == list(range(1000))
    assert {r.answer[0].to_text() for r in replies} == {"a.example. 300 IN A 192.0.2.1"}
    assert upstream.count() == 1


def test_udp_and_tcp_clients_share_a_question(run_tarn, run_upstream):
    upstream = run_upstream(address(delay=0.2))  # less than tarn's patience with a new server
    tarn = run_tarn("--workers", 2, upstreams=[upstream])
    question = dns.message.make_query("a.example.", "A")
    asks = [tarn.udp, tarn.tcp] * 5
    threads = [threading.Thread(target=ask, args=(question,)) for ask in asks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert upstream.count() == 1


def test_different_questions_get_their_own_answers(run_tarn, run_upstream):
    """Many at once, on two workers: none gets another one's record."""
    def script(question):
        number = int(question.name.split(".")[0])
        time.sleep(random.Random(number).random() / 10)
        return reply(question, f"{question.name} 300 IN A 10.0.{number >> 8}.{number & 255}")

    upstream = run_upstream(script)
    tarn = run_tarn("--workers", 2, upstreams=[upstream])
    with tarn.tcp_socket() as sock:
        for start in range(0, 600, 50):
            for number in range(start, start + 50):
                query = dns.message.make_query(f"{number}.example.", "A", id=number)
                sock.sendall(frame(query.to_wire()))
            for _ in range(50):
                answer = dns.message.from_wire(recv_frame(sock))
                assert answer.answer[0].to_text() == \
                    f"{answer.id}.example. 300 IN A 10.0.{answer.id >> 8}.{answer.id & 255}"


def test_a_small_cache_keeps_answering(run_tarn, run_upstream):
    upstream = run_upstream(address())
    tarn = run_tarn("--cache-size", "64k", "--workers", 1, upstreams=[upstream])
    with tarn.tcp_socket() as sock:
        for start in range(0, 1000, 50):
            for number in range(start, start + 50):
                name = f"{number}.{'x' * 60}.{'y' * 60}.example."
                sock.sendall(frame(dns.message.make_query(name, "A").to_wire()))
            for _ in range(50):
                answer = dns.message.from_wire(recv_frame(sock))
                assert answer.answer, answer
