/* SPDX-License-Identifier: BSD-2-Clause */
/* base/base32.c: octets in base 32. */
#include "base/base32.h"

char *tarn__base32_write(const uint8_t *octets, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
	uint32_t bits = 0;
	unsigned count = 0; /* of bits that are not written */
	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | octets[i];
		for (count += 8; count >= 5; count -= 5)
			*out++ = digits[bits >> (count - 5) & 31];
	}
	if (count > 0)
		*out++ = digits[bits << (5 - count) & 31];
	return out;
}

/* Returns the value of a digit, -1 for any other character. */
static int read_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'A' && digit <= 'V')
		return digit - 'A' + 10;
	return digit >= 'a' && digit <= 'v' ? digit - 'a' + 10 : -1;
}

size_t tarn__base32_read(const char *text, size_t text_len, uint8_t *out, size_t room)
{
	uint32_t bits = 0;
	unsigned count = 0; /* of bits that are in no octet yet */
	size_t len = 0;
	for (size_t i = 0; i < text_len; i++) {
		int digit = read_digit(text[i]);
		if (digit < 0)
			return 0;
		bits = bits << 5 | (uint32_t)digit;
		count += 5;
		if (count < 8)
			continue;
		if (len == room)
			return 0;
		count -= 8;
		out[len++] = (uint8_t)(bits >> count);
	}
	/* A digit more than needed, or one with bits that are in no octet. */
	return count >= 5 || (bits & ((1U << count) - 1)) ? 0 : len;
}
