/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tls/ticket_keys.h: the keys of session tickets (tls/tls.h), for the code that seals and opens tickets.
 *
 * Thread: any.
 */
#ifndef TARN_TLS_TICKET_KEYS_H
#define TARN_TLS_TICKET_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "tls/tls.h"

enum {
	TARN__TICKET_NAME_LEN = 16, /* octets, as RFC 5077 section 4 recommends */
	TARN__TICKET_KEY_LEN = 32, /* of AES-256, and of HMAC with SHA-256 */
};

struct tarn__ticket_key {
	uint8_t name[TARN__TICKET_NAME_LEN]; /* which a ticket begins with */
	uint8_t cipher[TARN__TICKET_KEY_LEN];
	uint8_t mac[TARN__TICKET_KEY_LEN];
};

/* Writes the newest key, with which tickets are sealed. The caller wipes it. */
void tarn__ticket_keys_newest(struct tarn__tls_ticket_keys *, struct tarn__ticket_key *out);
/* Writes the key of that name. Returns false if there is none, or no more. The caller wipes it. */
bool tarn__ticket_keys_find(struct tarn__tls_ticket_keys *,
			    const uint8_t name[TARN__TICKET_NAME_LEN],
			    struct tarn__ticket_key *out);

/* Fills with what cannot be guessed. */
void tarn__ticket_random(void *out, size_t len);

#endif
