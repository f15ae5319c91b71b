/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dnssec/security.h: the security status of data (RFC 4033 section 5, RFC 4035 section 4.3), and its
 * reason.
 */
#ifndef TARN_DNSSEC_SECURITY_H
#define TARN_DNSSEC_SECURITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"

/* In ascending order of precedence: a message has the highest of its RRsets. */
enum tarn__security {
	TARN__SECURE,
	TARN__INSECURE,
	TARN__BOGUS,
};

enum {
	TARN__REASON_TEXT_MAX = 200, /* octets without NUL, graphic ASCII and blanks */
	/* Of a name in a text: a longer one is cut, with "..." at its end. */
	TARN__REASON_NAME_MAX = 80,
};

/* Why something is insecure or bogus; code 0: there is no reason to be told. */
struct tarn__reason {
	uint16_t code; /* of an extended error: enum tarn__ede_code */
	char text[TARN__REASON_TEXT_MAX + 1];
};

/*
 * Sets the reason, unless the one that is there takes precedence: of expired, not yet valid, no zone key,
 * no key, no signature, no denial and all others, in this order. The format is printf()'s; what is too long
 * is cut.
 */
void tarn__reason_set(struct tarn__reason *, uint16_t code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Names and types for a reason's text. */
struct tarn__reason_name {
	char text[TARN__REASON_NAME_MAX + 4];
};
struct tarn__reason_name tarn__reason_name(const uint8_t *name);

struct tarn__reason_type {
	char text[16];
};
struct tarn__reason_type tarn__reason_type(uint16_t type);

/* "2026-11-30 12:00:00" of seconds since 1970 */
struct tarn__reason_date {
	char text[24];
};
struct tarn__reason_date tarn__reason_date(uint32_t sec);

#endif
