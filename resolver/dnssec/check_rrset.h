/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dnssec/check_rrset.h: the status of one RRset of a response that is being checked (dnssec/check.h), for
 * dnssec/check.c: by its signatures, or by a proof that its name is insecure.
 */
#ifndef TARN_DNSSEC_CHECK_RRSET_H
#define TARN_DNSSEC_CHECK_RRSET_H

#include <stddef.h>
#include <stdint.h>

#include "dnssec/check.h"

/* The status of a part of the response. */
enum tarn__judged {
	TARN__JUDGED_UNKNOWN, /* a need has been noted */
	TARN__JUDGED_SECURE = TARN__SECURE + 1,
	TARN__JUDGED_INSECURE = TARN__INSECURE + 1,
	TARN__JUDGED_BOGUS = TARN__BOGUS + 1,
	TARN__JUDGED_PAUSED,
	TARN__JUDGED_USELESS, /* of a signature: it says nothing of the RRset */
};

/* One call of the check. */
struct tarn__check_pass {
	struct tarn__check *check;
	const struct tarn__check_input *in;
	struct tarn__response *response;
};

/* A name, or one of its ends. */
struct tarn__suffix {
	const uint8_t *name;
	size_t len;
};

/* Sets the reason, of which the text says what name and type it is about. Returns TARN__JUDGED_BOGUS. */
enum tarn__judged tarn__check_fail(const struct tarn__check_pass *, uint16_t code, const char *text,
				   const uint8_t *name, uint16_t type);

/* The DS of a name is its parent's data: where the chain for data of that name and type ends. */
struct tarn__suffix tarn__check_chain_end(const struct tarn__name *, uint16_t type);

struct tarn__anchor tarn__check_find_anchor(const struct tarn__check_pass *, struct tarn__suffix);

/*
 * Judges data without a signature: it is insecure if a name above the end of its chain, or that end, is
 * proved to be (RFC 4035 section 4.3); else it is bogus. hint is the name of a zone that the end may be in;
 * NULL: none. owner and type are for the reason.
 */
enum tarn__judged tarn__check_prove_insecure(const struct tarn__check_pass *,
					     struct tarn__suffix end, const struct tarn__name *hint,
					     const struct tarn__name *owner, uint16_t type);

/* Finds the kept DNAME that is the nearest above a name. Returns its place; -1: there is none. */
int tarn__check_find_dname(const struct tarn__check_pass *, const struct tarn__name *);

/* Judges the RRset at that place of the response, once. */
enum tarn__judged tarn__check_judge_rrset(const struct tarn__check_pass *, size_t place);

#endif
