/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/zone_entry.h: one entry of a zone file (RFC 1035 section 5.1), a record or a directive, and what
 * entries leave to those after them: the origin, the owner, the TTL. dns/zonefile.h finds the entries of a
 * file.
 */
#ifndef TARN_DNS_ZONE_ENTRY_H
#define TARN_DNS_ZONE_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/name.h"
#include "dns/rdata_parse.h"

enum {
	TARN__ZONE_FAULT_MAX = 128, /* a mnemonic, a reason, a word of the file, and NUL */
	TARN__ZONE_TTL_MAX = INT32_MAX, /* seconds (RFC 2181 section 8) */
};

/* RDATA is valid (dns/rdata_field.h), names are not compressed. */
struct tarn__zone_record {
	const uint8_t *owner;
	size_t owner_len;
	uint16_t type, class; /* a type of data; not NONE or ANY */
	uint32_t ttl; /* seconds, TARN__ZONE_TTL_MAX at most */
	const uint8_t *rdata;
	size_t rdata_len;
	unsigned line; /* the first one of the record, from 1 */
};

struct tarn__zone_entries {
	/* Of no octets if it is not known since it could not be read. owner: nor before the first record. */
	struct tarn__name origin, owner;
	uint32_t ttl;
	bool has_default_ttl; /* ttl is that of $TTL: TTLs of records do not replace it */
	uint8_t rdata[TARN__RDATA_MAX];
	char fault[TARN__ZONE_FAULT_MAX];
};

enum tarn__zone_entry {
	TARN__ZONE_NOTHING, /* there are no words */
	TARN__ZONE_DIRECTIVE,
	TARN__ZONE_RECORD,
	TARN__ZONE_FAULT,
};

/* origin_len is 0 if there is none. ttl, in seconds, is that of records before any other is stated. */
void tarn__zone_entries_init(struct tarn__zone_entries *, const uint8_t *origin, size_t origin_len,
			     uint32_t ttl);

/*
 * Reads an entry without comments and parentheses. One that begins with a blank has the owner of the
 * record before. Fills in *out but for its line, if it is a record: views into entries, until the next
 * entry. If it is a fault, entries->fault has the reason in graphic ASCII and blanks.
 */
enum tarn__zone_entry tarn__zone_entry_read(struct tarn__zone_entries *, const char *text,
					    size_t len, struct tarn__zone_record *out);

/* Takes the owner of an entry that is not read further. The origin is not known after such a $ORIGIN. */
void tarn__zone_entry_skip(struct tarn__zone_entries *, const char *text, size_t len);

#endif
