/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/tsig_key.h: the text of a file with one key for transaction signatures, in the form that
 * tsig-keygen(8) writes,
 *
 *	key "name" { algorithm hmac-sha256; secret "base64"; };
 *
 * with comments of its three kinds, or on one line "name:base64", "hmac-sha256:name:base64". Pure.
 */
#ifndef TARN_DNS_TSIG_KEY_H
#define TARN_DNS_TSIG_KEY_H

#include <stddef.h>

#include "dns/tsig.h"

/* Reads the key. Returns NULL, or the reason if it is none; *out is then of no use. */
const char *tarn__tsig_key_parse(const char *text, size_t len, struct tarn__tsig_key *out);

#endif
