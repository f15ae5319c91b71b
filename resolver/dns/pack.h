/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/pack.h: writes the records that follow a question, with compressed names (RFC 1035 section 4.1.4).
 *
 * An owner name may point to any name before it. A name in RDATA points to names only that are equal in
 * case as well and do not depend on the client: not into the question, directly or through other pointers,
 * since the case of its letters is the client's.
 *
 * At most TARN__PACK_NAMES_MAX suffixes are remembered, and a name of which none is remembered is written
 * in full: the time for an octet written is bounded by a constant.
 */
#ifndef TARN_DNS_PACK_H
#define TARN_DNS_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"
#include "dns/wire.h"

enum { TARN__PACK_NAMES_MAX = 128 };

struct tarn__packer {
	uint8_t *wire; /* the records */
	size_t len, room; /* octets written, and at most */
	bool failed; /* they did not fit */
	const uint8_t *qname;
	size_t qname_len;
	size_t base; /* octets of the message before the records: header and question */
	size_t name_count;
	struct {
		uint32_t hash;
		uint16_t at; /* offset in the message */
		bool is_constant; /* does not depend on the client */
	} names[TARN__PACK_NAMES_MAX];
};

/* QNAME, the question's name, has to outlive the packer. */
void tarn__pack_start(struct tarn__packer *, uint8_t *wire, size_t room, const uint8_t *qname,
		      size_t qname_len);
void tarn__pack_octets(struct tarn__packer *, const void *, size_t len);
void tarn__pack16(struct tarn__packer *, uint16_t);
void tarn__pack32(struct tarn__packer *, uint32_t);
void tarn__pack_owner(struct tarn__packer *, const uint8_t *name, size_t len);
/* Of a type whose RDATA may be compressed: of other types names are written as octets. */
void tarn__pack_rdata_name(struct tarn__packer *, const uint8_t *name, size_t len);
/* Writes the RDATA that the reader covers, with the names compressed that may be (dns/rdata.h). */
void tarn__pack_rdata(struct tarn__packer *, const struct tarn__reader *, uint16_t type);

#endif
