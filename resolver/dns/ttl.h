/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/ttl.h: the TTLs of a message as a whole, where a cache of HTTP has had it, or may have it (RFC 8484 section
 * 5.1).
 */
#ifndef TARN_DNS_TTL_H
#define TARN_DNS_TTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Takes seconds off the TTL of each record but OPT, which has none; none falls below 0. Returns false if the
 * message is malformed; the records before the fault have been changed.
 */
bool tarn__ttl_age(uint8_t *message, size_t len, uint32_t age_sec);

/*
 * Returns the seconds for which an answer may be kept whole: its least TTL, and that of a negative one (RFC
 * 2308 section 5). 0: it must not be kept, since it is an error, truncated, malformed, or a negative answer
 * without an SOA.
 */
uint32_t tarn__ttl_least(const uint8_t *message, size_t len);

#endif
