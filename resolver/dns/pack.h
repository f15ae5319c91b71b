/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/pack.h: writes the records that follow a question, and compresses their names (RFC 1035
 * section 4.1.4).
 *
 * An owner name may point anywhere. A name in RDATA only points at what reads the same whoever
 * asks: letter for letter, and never by any way into the question, which each client spells as it
 * likes.
 *
 * At most PACK_NAMES_MAX suffixes are remembered; what is not found is written in full, so that
 * work stays within a constant per octet written.
 */
#ifndef TARN_DNS_PACK_H
#define TARN_DNS_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"

enum { TARN__PACK_NAMES_MAX = 128 };

struct tarn__packer {
	uint8_t *wire; /* the records; out is untouched from room on */
	size_t len, room;
	bool failed; /* it did not fit */
	const uint8_t *qname;
	size_t qname_len;
	size_t base; /* octets of the message before the records: header and question */
	size_t name_count;
	struct {
		uint32_t hash;
		uint16_t at; /* in the message */
		bool is_constant; /* reads the same whoever asks */
	} names[TARN__PACK_NAMES_MAX];
};

void tarn__pack_start(struct tarn__packer *, uint8_t *wire, size_t room, const uint8_t *qname,
		      size_t qname_len);
void tarn__pack_octets(struct tarn__packer *, const void *, size_t len);
void tarn__pack16(struct tarn__packer *, uint16_t);
void tarn__pack32(struct tarn__packer *, uint32_t);
void tarn__pack_owner(struct tarn__packer *, const uint8_t *name, size_t len);
/* For the types whose RDATA may be compressed; other names are octets. */
void tarn__pack_rdata_name(struct tarn__packer *, const uint8_t *name, size_t len);

#endif
