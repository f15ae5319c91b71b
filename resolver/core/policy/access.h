/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/access.h: who may ask (RFC 5358): a list of networks, immutable once made. Knows addresses,
 * no questions.
 */
#ifndef TARN_CORE_POLICY_ACCESS_H
#define TARN_CORE_POLICY_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tarn.h"

struct tarn__access;

/*
 * Copies the networks. None: those whose addresses nobody has on the Internet (RFC 1918, RFC 6598,
 * RFC 3927, RFC 4193, and the link-local ones of RFC 4291). Loopback is always in. NULL: out of
 * memory.
 */
struct tarn__access *tarn__access_new(const struct tarn_network *, size_t count);
void tarn__access_free(struct tarn__access *);

/* An IPv4-mapped IPv6 address counts as the IPv4 address it is (RFC 4291 section 2.5.5.2). */
bool tarn__access_allows(const struct tarn__access *, const struct tarn_address *);

#endif
