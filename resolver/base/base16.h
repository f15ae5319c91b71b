/* SPDX-License-Identifier: BSD-2-Clause */
/* base/base16.h: octets as hexadecimal digits (RFC 4648 section 8), in lower case only. */
#ifndef TARN_BASE_BASE16_H
#define TARN_BASE_BASE16_H

#include <stddef.h>
#include <stdint.h>

/* Returns the value of a digit, -1 for any other character. */
int tarn__base16_digit(char digit);

/* Writes two digits for each octet, without a NUL. Returns the end of what was written. */
char *tarn__base16_write(const uint8_t *octets, size_t len, char *out);

/*
 * Reads pairs of digits up to the NUL. Returns the number of octets, 0 if text is empty, has an odd
 * number of digits or another character, or has more than room octets; out may have been written to.
 */
size_t tarn__base16_read(const char *text, uint8_t *out, size_t room);

#endif
