/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/query.h: a client's query: reading it, the cache key of its question, and the query to an upstream
 * server for that. Pure functions; nothing is allocated.
 */
#ifndef TARN_DNS_QUERY_H
#define TARN_DNS_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"

/* A client's query. qname and cookie are views into the message. */
struct tarn__query {
	const uint8_t *qname; /* in the client's spelling, not compressed; NULL: no question */
	uint16_t qname_len; /* octets with the root label, 1 to 255 */
	uint16_t qtype, qclass;
	uint16_t id;
	uint16_t flags; /* the second 16 bits of the header */
	uint16_t edns_size; /* the client's UDP size, 512 at least; 512 without OPT */
	uint8_t edns_version;
	bool has_opt;
	bool dnssec_ok; /* RFC 3225 */
	bool wants_keepalive; /* RFC 7828 */
	bool wants_padding; /* RFC 7830: it has padding itself */
	uint8_t cookie_len;
	const uint8_t *cookie; /* the data of the COOKIE option, 8 or 16 to 40 octets; NULL: none */
};

enum { TARN__QUERY_GOOD = -2, TARN__QUERY_DROP = -1 };

/*
 * Reads a client's message, of any octets. Returns TARN__QUERY_GOOD for a question of class IN or CH;
 * TARN__QUERY_DROP for a message that must not be answered: one shorter than a header, or a response; else
 * the rcode to reply with: FORMERR, NOTIMP, REFUSED or BADVERS (RFC 1035, 6891, 6895, 8906, 9619), or
 * NOERROR for a cookie without a question (RFC 7873 section 5.4). Then *out has what could be read, which
 * is enough for tarn__reply_error().
 */
int tarn__query_parse(const uint8_t *wire, size_t len, struct tarn__query *out);

/*
 * The cache key: QNAME in lower case, the type, and an octet of flags: DO, CD, a link, the chain of trust,
 * and a class other than IN, of which two octets follow. Neither the transport nor other EDNS is part of
 * it.
 */
enum { TARN__KEY_MAX = TARN__NAME_MAX + 5 };

size_t tarn__key_write(const struct tarn__query *, uint8_t key[TARN__KEY_MAX]);

/* A key, read. qname is a view into it. */
struct tarn__key {
	const uint8_t *qname;
	uint16_t qname_len;
	uint16_t qtype, qclass;
	bool dnssec_ok, checking_disabled;
	bool is_link; /* see tarn__key_write_link() */
	bool is_trust; /* see tarn__key_write_trust() */
	bool is_of_chain; /* see tarn__key_write_of_chain() */
};

/*
 * Writes the key of a link: of the question with another name, to which a chain has led. Its answer is
 * stored apart, as the servers of that name give it: a chain in it is not followed. Returns its octets.
 */
size_t tarn__key_write_link(const struct tarn__key *, const uint8_t *name, size_t name_len,
			    uint8_t key[TARN__KEY_MAX]);

/*
 * Writes the key of what is known of a name in the chain of trust (dnssec/trust.h): its value is no stored
 * form. No client's question has it. Returns its octets.
 */
size_t tarn__key_write_trust(const uint8_t *name, size_t name_len, uint8_t key[TARN__KEY_MAX]);

/*
 * Writes the key of a DS or DNSKEY that the chain of trust needs: DO is set, and CD as given. Its answer is
 * taken as it comes, and is not stored. Returns its octets.
 */
size_t tarn__key_write_of_chain(const uint8_t *name, size_t name_len, uint16_t type,
				bool checking_disabled, uint8_t key[TARN__KEY_MAX]);

/* Returns false if the octets are no key that the functions above write. */
bool tarn__key_read(const uint8_t *key, size_t len, struct tarn__key *out);

/*
 * A header, a question, and an OPT with a cookie of 40 octets take 326; one with keepalive and padding comes to
 * three times TARN__PADDING_QUERY.
 */
enum { TARN__QUERY_MAX = 384 };

struct tarn__query_options {
	uint16_t id;
	bool wants_ad; /* AD is set: the answer's AD is wanted (RFC 6840 section 5.7) */
	bool edns; /* false: no OPT, and hence no cookie (RFC 6891 section 6.2.2) */
	uint8_t cookie_len;
	const uint8_t *cookie; /* the data of the COOKIE option, or NULL */
	bool wants_keepalive; /* the server's limit of idleness is wanted (RFC 7828) */
	bool is_padded; /* to a multiple of TARN__PADDING_QUERY octets; without a cookie */
};

/*
 * Writes a query to an upstream server: RD is set, CD is the key's, and so is DO, in an OPT with a size of
 * TARN__UDP_MAX. The question follows the header; the OPT is the only record. Returns the octets written.
 */
size_t tarn__query_write(const struct tarn__key *, const struct tarn__query_options *,
			 uint8_t out[TARN__QUERY_MAX]);

#endif
