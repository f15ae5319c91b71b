/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/siphash.h: SipHash-2-4 with a result of 64 bits, the keyed hash of RFC 9018's cookies. */
#ifndef TARN_DNS_SIPHASH_H
#define TARN_DNS_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

enum { TARN__SIPHASH_KEY_LEN = 16 };

/* The first octet on the wire is the result's lowest. */
uint64_t tarn__siphash(const uint8_t key[TARN__SIPHASH_KEY_LEN], const void *octets, size_t len);

#endif
