/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/query.h: what a client asks: reading its message, making the cache key of it, and writing
 * the message that asks an upstream server the same. Pure functions; nothing is allocated.
 */
#ifndef TARN_DNS_QUERY_H
#define TARN_DNS_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"

/* A client's question, as views into its message: valid as long as the message is. */
struct tarn__query {
	const uint8_t *qname; /* the client's own spelling, never compressed; NULL: no question */
	uint16_t qname_len; /* octets with the root label, 1 to 255 */
	uint16_t qtype, qclass;
	uint16_t id;
	uint16_t flags; /* the header's second word as received */
	uint16_t edns_size; /* the client's UDP size, at least 512; 512 without OPT */
	uint8_t edns_version;
	bool has_opt;
	bool dnssec_ok; /* RFC 3225 */
	bool wants_keepalive; /* RFC 7828 */
	uint8_t cookie_len;
	const uint8_t *cookie; /* the COOKIE option's data: 8, or 16 to 40 octets; or NULL */
};

enum { TARN__QUERY_GOOD = -2, TARN__QUERY_DROP = -1 };

/*
 * Reads a message from a client. Returns TARN__QUERY_GOOD; TARN__QUERY_DROP for what must not be
 * answered at all (shorter than a header, or a response); else the rcode to answer with at once:
 * FORMERR, NOTIMP, REFUSED or BADVERS (RFC 1035, 6891, 6895, 8906, 9619), or NOERROR for a question
 * of none but a cookie (RFC 7873 section 5.4). Then *out holds what could be read, enough for
 * tarn__reply_error(). wire may hold any octets. A good question's class is IN or CH.
 */
int tarn__query_parse(const uint8_t *wire, size_t len, struct tarn__query *out);

/*
 * The cache key: the lower-cased qname in wire form, the type, and one octet with DO, CD and the
 * class (two octets more where that is not IN). Never the transport, never other EDNS.
 */
enum { TARN__KEY_MAX = TARN__NAME_MAX + 5 };

size_t tarn__key_write(const struct tarn__query *, uint8_t key[TARN__KEY_MAX]);

/* The same, read back: views into the key. */
struct tarn__key {
	const uint8_t *qname;
	uint16_t qname_len;
	uint16_t qtype, qclass;
	bool dnssec_ok, checking_disabled;
	bool is_link; /* see tarn__key_write_link() */
};

/*
 * The key of a link: of the same question for another name, asked to go on with a chain. Its answer is
 * stored apart, as the name's own servers give it: a chain in it is not followed.
 */
size_t tarn__key_write_link(const struct tarn__key *, const uint8_t *name, size_t name_len,
			    uint8_t key[TARN__KEY_MAX]);

/* false when the octets are no key that tarn__key_write() made. */
bool tarn__key_read(const uint8_t *key, size_t len, struct tarn__key *out);

/* Header, question and an OPT with a cookie of 40 octets. */
enum { TARN__QUERY_MAX = TARN__HEADER_LEN + TARN__NAME_MAX + 4 + 11 + 44 };

struct tarn__query_options {
	uint16_t id;
	bool wants_ad; /* AD: tell whether the answer is validated (RFC 6840 section 5.7) */
	bool edns; /* false: RFC 6891 section 6.2.2's fall-back; then no cookie goes along */
	uint8_t cookie_len;
	const uint8_t *cookie; /* the COOKIE option's data, or NULL */
};

/*
 * Writes the message that asks an upstream server: RD set, CD as in the key, DO in an OPT that
 * offers TARN__UDP_MAX octets. The question stands behind the header, the OPT is the last record.
 * Returns the octets written.
 */
size_t tarn__query_write(const struct tarn__key *, const struct tarn__query_options *,
			 uint8_t out[TARN__QUERY_MAX]);

#endif
