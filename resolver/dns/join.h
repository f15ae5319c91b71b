/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/join.h: two answers made into one: a chain of CNAMEs that has no end, and the answer to the question
 * for the name that it leads to. Pure functions over messages.
 */
#ifndef TARN_DNS_JOIN_H
#define TARN_DNS_JOIN_H

#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"

/*
 * Writes one message: the chain's header and question, RCODE of what comes last (RFC 6604 section 3), AD
 * if both have it; the answer section of both; the authority section of both, but for what the chain's
 * says of a name that is not its own: its SOA. Names are written out, so that it may be longer than both.
 * Both are messages with one question, of any octets. Returns the octets written; 0: one is malformed, or
 * they are too long together. Who reads it (dns/answer.h) finds chains that loop or are too long.
 */
size_t tarn__answers_join(const uint8_t *chain, size_t chain_len, const uint8_t *last,
			  size_t last_len, uint8_t out[TARN__MESSAGE_MAX]);

#endif
