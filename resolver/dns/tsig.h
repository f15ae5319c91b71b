/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/tsig.h: transaction signatures (RFC 8945) with HMAC-SHA-256: signing a message, and verifying the
 * response to it, in several messages if it is a transfer (section 5.3.1). The code itself is computed by
 * functions that the caller has. Codes that are cut short are not accepted (section 5.2.2.1 leaves that to
 * us).
 *
 *	a client:                              a server:
 *	tarn__tsig_init(tsig, key, hmac);      tarn__tsig_init(tsig, key, hmac);
 *	tarn__tsig_sign(query);                tarn__tsig_verify(query);
 *	tarn__tsig_verify(response), ...       tarn__tsig_sign(response);
 *	tarn__tsig_is_complete();              tarn__tsig_fini();
 *	tarn__tsig_fini();
 *
 * Pure: time is an argument.
 */
#ifndef TARN_DNS_TSIG_H
#define TARN_DNS_TSIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/name.h"

enum {
	TARN__TSIG_MAC_LEN = 32, /* octets */
	TARN__TSIG_SECRET_MAX = 256, /* octets; one longer than 64 adds no strength (RFC 2104) */
	TARN__TSIG_FUDGE = 300, /* seconds that clocks may differ (RFC 8945 section 10) */
	/* The record: owner, fixed part, algorithm, time, fudge, MAC, id, error and other data of 0 octets. */
	TARN__TSIG_RECORD_MAX = TARN__NAME_MAX + 10 + 13 + 10 + TARN__TSIG_MAC_LEN + 6,
	TARN__TSIG_UNSIGNED_MAX = 99, /* messages in a row (RFC 8945 section 5.3.1) */
};

struct tarn__tsig_key {
	struct tarn__name name; /* in lower case */
	size_t secret_len;
	uint8_t secret[TARN__TSIG_SECRET_MAX];
};

/* HMAC-SHA-256 in parts. */
struct tarn__tsig_hmac {
	void *(*begin)(const uint8_t *secret, size_t len); /* NULL: not possible */
	bool (*add)(void *code, const void *octets, size_t len);
	bool (*end)(void *code, uint8_t mac[TARN__TSIG_MAC_LEN]);
	void (*free)(void *code); /* NULL is allowed */
};

/* A transaction. All members are private. */
struct tarn__tsig {
	const struct tarn__tsig_key *key; /* borrowed, as hmac is */
	const struct tarn__tsig_hmac *hmac;
	bool has_mac; /* of the query, or of the last signed message */
	bool is_later; /* a message of the response has been verified */
	uint8_t mac[TARN__TSIG_MAC_LEN];
	void *code; /* of messages that are covered by a later one's signature; NULL: none are */
	unsigned unsigned_count;
};

enum tarn__tsig_result {
	TARN__TSIG_GOOD,
	TARN__TSIG_UNSIGNED, /* no signature; a later message's has to cover it */
	TARN__TSIG_MISSING, /* no signature, and there has to be one */
	TARN__TSIG_MALFORMED,
	TARN__TSIG_BADKEY, /* of another key or algorithm */
	TARN__TSIG_BADSIG,
	TARN__TSIG_BADTIME,
	TARN__TSIG_BADTRUNC,
	TARN__TSIG_REFUSED, /* the other side does not accept ours: it is not signed, or tells of an error */
	TARN__TSIG_FAILED, /* the code could not be computed */
};

/* The signature of a message. */
struct tarn__tsig_record {
	uint8_t name[TARN__NAME_MAX]; /* of the key, in lower case */
	size_t name_len;
	const uint8_t *rdata; /* a view */
	size_t rdata_len;
	size_t at; /* offset in the message: what is before it is signed */
};

/*
 * Finds the signature: the last record, a TSIG of class ANY (RFC 8945 section 5.1). Returns 1; 0: there is
 * none; -1: the message is malformed, or a TSIG is elsewhere.
 */
int tarn__tsig_find(const uint8_t *message, size_t len, struct tarn__tsig_record *out);

void tarn__tsig_init(struct tarn__tsig *, const struct tarn__tsig_key *,
		     const struct tarn__tsig_hmac *);

/*
 * Adds a signature to a message without one; now_s is in seconds since 1970. Returns the new length; 0:
 * room, in octets, is too small, or the code could not be computed.
 */
size_t tarn__tsig_sign(struct tarn__tsig *, uint8_t *message, size_t len, size_t room,
		       uint64_t now_s);

/* Verifies the next message. After any result but GOOD and UNSIGNED the transaction has failed. */
enum tarn__tsig_result tarn__tsig_verify(struct tarn__tsig *, const uint8_t *message, size_t len,
					 uint64_t now_s);

/* Returns true if the last message that was verified was signed (RFC 8945 section 5.3.1). */
bool tarn__tsig_is_complete(const struct tarn__tsig *);

/* Allowed for an object of zeros. */
void tarn__tsig_fini(struct tarn__tsig *);

/* Returns a phrase for a log. */
const char *tarn__tsig_text(enum tarn__tsig_result);

#endif
