# SPDX-License-Identifier: BSD-2-Clause
"""Questions to tarn whose encrypted server may fail, where another one answers in its place."""

import time

import dns.rcode

from hostile_tls import give_address

NETWORK_ERROR = 23  # RFC 8914
LAST_WORD = 4.6  # seconds: a client's SERVFAIL is there by then
PATIENCE = 2.5  # while another server lives, which is asked after 0.8 s; a busy machine is slow
SECOND = "192.0.2.2"


def limit(tarn, seconds):
    """The time limit in seconds; it is longer for sanitizers and valgrind."""
    return seconds * 3 if tarn.is_slow else seconds


def good(questions):
    return sum(asked.is_good for asked in questions)


def timed_ask(tarn, *words, **options):
    before = time.monotonic()
    message = tarn.ask(*words, **options)
    return message, time.monotonic() - before


def value(message):
    assert message.rcode() == dns.rcode.NOERROR, message
    return message.answer[-1][0].address


def second(question):
    return give_address(question, SECOND)
