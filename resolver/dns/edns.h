/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/edns.h: the OPT record (RFC 6891) and its extended error option (RFC 8914). OPT is hop by
 * hop: it is made anew for each direction and never stored.
 */
#ifndef TARN_DNS_EDNS_H
#define TARN_DNS_EDNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/answer.h"
#include "dns/message.h"

enum {
	TARN__OPT_LEN = 11, /* without options */
	TARN__OPTION_HEADER_LEN = 4,
	TARN__OPTION_EDE = 15,
	TARN__OPT_DO = 0x8000, /* RFC 3225, in the low half of the TTL */
};

/* Does every option end within? RFC 6891 section 6.1.2. */
bool tarn__options_are_valid(const uint8_t *options, size_t len);

/*
 * Writes an OPT of version 0 that offers TARN__UDP_MAX octets, with the rcode's upper bits; the
 * extended error goes along where all of it fits in room, which is at least TARN__OPT_LEN. Returns
 * the octets written.
 */
size_t tarn__opt_write(uint8_t *out, size_t room, uint16_t rcode, bool dnssec_ok,
		       const struct tarn__ede *);

#endif
