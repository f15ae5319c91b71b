/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/edns.h: the OPT record (RFC 6891) and its options: cookies (RFC 7873), keepalive (RFC 7828), padding
 * (RFC 7830), extended errors (RFC 8914). OPT is hop by hop: each message has its own, and none is stored.
 */
#ifndef TARN_DNS_EDNS_H
#define TARN_DNS_EDNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"
#include "dns/wire.h"

enum {
	TARN__OPT_LEN = 11, /* without options */
	TARN__OPTION_HEADER_LEN = 4,
	TARN__OPTION_COOKIE = 10,
	TARN__OPTION_KEEPALIVE = 11,
	TARN__OPTION_PADDING = 12,
	TARN__OPTION_EDE = 15,
	TARN__OPT_DO = 0x8000, /* RFC 3225, in the low half of the TTL */
	TARN__EDE_COUNT_MAX = 2, /* extended errors in one reply */
	/* RFC 8467 section 4.1: messages are padded to multiples of these octets. */
	TARN__PADDING_QUERY = 128,
	TARN__PADDING_REPLY = 468,
};

/* An extended error; text is UTF-8 and may be NULL. */
struct tarn__ede {
	uint16_t code; /* enum tarn__ede_code */
	const char *text;
};

/* The options of a message; zero: none. */
struct tarn__options {
	const uint8_t *cookie; /* the data of the COOKIE option */
	uint8_t cookie_len; /* 0: none */
	bool has_keepalive;
	uint16_t keepalive; /* units of 100 ms; 0: to close the connection (RFC 7828 section 3.2) */
	bool asks_for_keepalive; /* a query's, without a value (RFC 7828 section 3.2.1) */
	uint16_t padding; /* the message's octets become a multiple of this; 0: no padding */
	uint8_t ede_count;
	struct tarn__ede ede[TARN__EDE_COUNT_MAX];
};

struct tarn__option {
	uint16_t code, len;
	const uint8_t *data;
};

/*
 * Reads the next option of an OPT. Returns false after the last one, and if the options do not end where
 * the OPT ends (RFC 6891 section 6.1.2); then the reader has failed.
 */
static inline bool tarn__option_read(struct tarn__reader *options, struct tarn__option *out)
{
	if (tarn__reader_left(options) == 0)
		return false;
	out->code = tarn__read16(options);
	out->len = tarn__read16(options);
	out->data = tarn__read_octets(options, out->len);
	return !options->failed;
}

struct tarn__opt {
	uint16_t rcode; /* of which the OPT has the upper 8 bits */
	bool dnssec_ok;
	const struct tarn__options *options; /* NULL: none */
	size_t before; /* octets of the message before the OPT, which is its last record; for padding */
};

/*
 * Writes an OPT of version 0 with TARN__UDP_MAX as the size, and each option that fits into room as a
 * whole, the cookie first, extended errors last (RFC 8914 section 3), and padding behind them. Padding that
 * does not fit as a whole fills room (RFC 8467 section 4.1). room is TARN__OPT_LEN at least. Returns the
 * octets written.
 */
size_t tarn__opt_write(uint8_t *out, size_t room, const struct tarn__opt *);

/*
 * Finds the keepalive in a server's answer, of any octets: how long the connection may be idle, in units of
 * 100 ms (RFC 7828 section 3.2.2). Returns false if there is none. All of the answer is read.
 */
bool tarn__edns_keepalive(const uint8_t *wire, size_t len, uint16_t *out);

#endif
