/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/base32.h: octets in base 32 with the extended hexadecimal alphabet and without padding, as RFC 5155
 * section 3.3 has it (RFC 4648 section 7).
 */
#ifndef TARN_BASE_BASE32_H
#define TARN_BASE_BASE32_H

#include <stddef.h>
#include <stdint.h>

/* Writes eight digits in lower case for each five octets, without a NUL. Returns their end. */
char *tarn__base32_write(const uint8_t *octets, size_t len, char *out);

/*
 * Reads digits in any case. Returns the number of octets; 0 if there are none, or more than room, or if
 * the text is no base 32; out may have been written to.
 */
size_t tarn__base32_read(const char *text, size_t text_len, uint8_t *out, size_t room);

#endif
