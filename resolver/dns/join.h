/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/join.h: a message made of two: a chain of CNAMEs without data at its end, and the answer to the
 * question for the name that it leads to. Pure functions.
 */
#ifndef TARN_DNS_JOIN_H
#define TARN_DNS_JOIN_H

#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"

/*
 * Writes one message of two: the header and the question of the chain, with the RCODE of last (RFC 6604
 * section 3), and AD if both have it; the answer sections; the authority sections, without the SOA of the
 * chain, which denies a name that last answers for; no additional section. Names are not compressed, so
 * that it may be longer than both together. Both may be any octets. Returns the octets written; 0: one is
 * malformed or has not exactly one question, or they are too long together. Chains that loop or are too
 * long are found when the message is read (dns/answer.h).
 */
size_t tarn__answers_join(const uint8_t *chain, size_t chain_len, const uint8_t *last,
			  size_t last_len, uint8_t out[TARN__MESSAGE_MAX]);

#endif
