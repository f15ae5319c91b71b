/* SPDX-License-Identifier: BSD-2-Clause */
/* dnssec/security.c: reasons, and what they are made of. */
#include "dnssec/security.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dns/text.h"

/* Codes that take precedence over all others, the first one over the others of them. */
static const uint16_t first_codes[] = {
	TARN__EDE_SIGNATURE_NOT_YET_VALID, TARN__EDE_SIGNATURE_EXPIRED, TARN__EDE_NO_ZONE_KEY,
	TARN__EDE_DNSKEY_MISSING,	   TARN__EDE_RRSIGS_MISSING,	TARN__EDE_NSEC_MISSING,
};

enum { FIRST_CODES = sizeof(first_codes) / sizeof(first_codes[0]) };

/* Returns the place of a code in the order of precedence, from 0; no reason is the last one. */
static unsigned rank(uint16_t code)
{
	if (code == 0)
		return FIRST_CODES + 1;
	unsigned place = 0;
	while (place < FIRST_CODES && first_codes[place] != code)
		place++;
	return place;
}

void tarn__reason_set(struct tarn__reason *reason, uint16_t code, const char *format, ...)
{
	if (rank(reason->code) < rank(code))
		return;
	reason->code = code;
	va_list args;
	va_start(args, format);
	vsnprintf(reason->text, sizeof(reason->text), format, args);
	va_end(args);
}

struct tarn__reason_name tarn__reason_name(const uint8_t *name)
{
	struct tarn__reason_name out;
	char text[TARN__NAME_TEXT_MAX];
	size_t len = strlen(tarn__name_format(name, text));
	if (len > 1)
		len--; /* the final dot */
	size_t kept = len > TARN__REASON_NAME_MAX ? TARN__REASON_NAME_MAX : len;
	memcpy(out.text, text, kept);
	strcpy(out.text + kept, kept < len ? "..." : "");
	return out;
}

struct tarn__reason_type tarn__reason_type(uint16_t type)
{
	struct tarn__reason_type out;
	tarn__type_format(type, out.text);
	return out;
}

struct tarn__reason_date tarn__reason_date(uint32_t sec)
{
	struct tarn__reason_date out;
	char text[TARN__TIME_TEXT_MAX];
	const char *digits = tarn__time_format(sec, text);
	snprintf(out.text, sizeof(out.text), "%.4s-%.2s-%.2s %.2s:%.2s:%.2s", digits, digits + 4,
		 digits + 6, digits + 8, digits + 10, digits + 12);
	return out;
}
