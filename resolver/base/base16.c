/* SPDX-License-Identifier: BSD-2-Clause */
/* base/base16.c: octets as hexadecimal digits. */
#include "base/base16.h"

int tarn__base16_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

char *tarn__base16_write(const uint8_t *octets, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < len; i++) {
		*out++ = digits[octets[i] >> 4];
		*out++ = digits[octets[i] & 15];
	}
	return out;
}

size_t tarn__base16_read(const char *text, uint8_t *out, size_t room)
{
	size_t len = 0;
	for (; *text; text += 2) {
		int high = tarn__base16_digit(text[0]);
		int low = high < 0 ? -1 : tarn__base16_digit(text[1]);
		if (low < 0 || len == room)
			return 0;
		out[len++] = (uint8_t)(high << 4 | low);
	}
	return len;
}
