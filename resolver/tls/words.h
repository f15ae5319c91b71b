/* SPDX-License-Identifier: BSD-2-Clause */
/* tls/words.h: dates, names and alerts in words, for logs. */
#ifndef TARN_TLS_WORDS_H
#define TARN_TLS_WORDS_H

#include <stddef.h>
#include <stdint.h>

enum { TARN__DATE_TEXT_MAX = 24 };

/* Writes "2026-11-01", in UTC. Returns out. */
const char *tarn__words_date(int64_t sec, char out[TARN__DATE_TEXT_MAX]);
/*
 * Appends octets of a peer to the text: those that are not printable ASCII as '?', and as many as there is room
 * for.
 */
void tarn__words_append(char *text, size_t room, const void *octets, size_t len);
/* Appends an IPv4 or IPv6 address; of another length: "?". */
void tarn__words_append_address(char *text, size_t room, const uint8_t *address, size_t len);

#endif
