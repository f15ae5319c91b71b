/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/edit.h: a message is written record by record, without compression, from records of other messages
 * and from new ones. Answers that are joined, filtered or synthesised are made so, and then read as those of
 * a server (dns/answer.h).
 */
#ifndef TARN_DNS_EDIT_H
#define TARN_DNS_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"
#include "dns/record.h"
#include "dns/rrsets.h"
#include "dns/wire.h"

struct tarn__editor {
	uint8_t *out; /* TARN__MESSAGE_MAX octets */
	size_t len;
	bool failed; /* a record was malformed, or did not fit */
};

/* Writes the header of a response with id 0 and these flags and RCODE, and the question. */
void tarn__edit_begin(struct tarn__editor *, uint8_t out[TARN__MESSAGE_MAX], uint16_t flags,
		      const uint8_t *qname, size_t qname_len, uint16_t qtype, uint16_t qclass);

/* Adds a record. The records of a section follow each other, those of the answer section come first. */
void tarn__edit_put(struct tarn__editor *, enum tarn__section, const struct tarn__name *owner,
		    uint16_t type, uint16_t class, uint32_t ttl, const void *rdata,
		    size_t rdata_len);

/* Adds a record of the message wire; names in it are written in full. */
void tarn__edit_copy(struct tarn__editor *, enum tarn__section, const uint8_t *wire,
		     const struct tarn__record *);

/* Returns the octets of the message; 0: the editor has failed. */
static inline size_t tarn__edit_end(const struct tarn__editor *editor)
{
	return editor->failed ? 0 : editor->len;
}

/* Returns a cursor behind the question of a message; it has failed if there is not exactly one. */
struct tarn__reader tarn__edit_open(const uint8_t *wire, size_t len);

#endif
