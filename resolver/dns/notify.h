/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/notify.h: messages of a primary that a zone has changed (RFC 1996). Pure. */
#ifndef TARN_DNS_NOTIFY_H
#define TARN_DNS_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/name.h"

enum {
	TARN__OPCODE_NOTIFY = 4,
	/* Octets of a reply without a signature: header and question. */
	TARN__NOTIFY_REPLY_MAX = TARN__HEADER_LEN + TARN__NAME_MAX + 4,
};

/* Returns true if the flags of a header are those of a query with that opcode. */
static inline bool tarn__notify_is_meant(uint16_t flags)
{
	return (flags & (TARN__FLAG_QR | TARN__FLAG_OPCODE)) == TARN__OPCODE_NOTIFY << 11;
}

/*
 * Reads the message, of any octets: one question, for an SOA of class IN. What it says of the new SOA is no
 * more than a hint (section 3.11), and is not read. Returns false if it is none.
 */
bool tarn__notify_read(const uint8_t *message, size_t len, struct tarn__name *zone);

/* Writes the response to a message that has been read (section 4.7). Returns its octets. */
size_t tarn__notify_reply(const uint8_t *message, const struct tarn__name *zone,
			  uint8_t out[TARN__NOTIFY_REPLY_MAX]);

#endif
