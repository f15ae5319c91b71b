/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/certificates/pairs.h: chains of certificates with their keys, as files in PEM have them. Files are read
 * whole, so that what is judged is what is used.
 *
 * Thread: any.
 */
#ifndef TARN_DAEMON_CERTIFICATES_PAIRS_H
#define TARN_DAEMON_CERTIFICATES_PAIRS_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/settings/settings.h"
#include "tarn.h"

enum {
	/* One for each kind of key that clients know: ECDSA, RSA, Ed25519; more could not be chosen from. */
	TARN__PAIRS_MAX = 4,
	TARN__PAIR_FILE_MAX = 1 << 18, /* octets: a chain has some ten thousand */
	TARN__PAIR_FAULT_MAX = 640, /* octets of a reason with two paths, with NUL */
};

/* Zeros: none. */
struct tarn__pairs {
	size_t count;
	struct tarn_certificate items[TARN__PAIRS_MAX]; /* the texts are owned */
};

/*
 * Reads the files of the settings, which have as many keys as certificates. user is the name of the user that reads, for the text
 * of a missing right; NULL: unknown. TARN_ESYSTEM, TARN_ENOMEM: fault has the reason with the file's name, and
 * the output is unchanged.
 */
int tarn__pairs_read(const struct tarn__settings *, const char *user, struct tarn__pairs *out,
		     char fault[TARN__PAIR_FAULT_MAX]);

/* Overwrites the keys, and frees all. Zeros are left. */
void tarn__pairs_fini(struct tarn__pairs *);

bool tarn__pairs_are_equal(const struct tarn__pairs *, const struct tarn__pairs *);

/* Returns true if the files of certificates have these chains. Keys are not read. */
bool tarn__pairs_have_chains(const struct tarn__pairs *, const struct tarn__settings *);

/* Writes "certificate FILE with key FILE: reason" of the pair with that index. */
void tarn__pairs_explain(const struct tarn__settings *, size_t index, const char *reason,
			 char fault[TARN__PAIR_FAULT_MAX]);

/*
 * Judges the pairs as tarn_set_certificates() does, and uses them for nothing. TARN_EINVAL, TARN_ENOMEM: fault
 * has the reason.
 */
int tarn__pairs_judge(const struct tarn__pairs *, const struct tarn__settings *,
		      char fault[TARN__PAIR_FAULT_MAX]);

#endif
