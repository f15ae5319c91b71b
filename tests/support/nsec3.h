/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/support/nsec3.h: NSEC3 records that match names or cover them, for the tests of dnssec/. */
#ifndef TESTS_SUPPORT_NSEC3_H
#define TESTS_SUPPORT_NSEC3_H

#include "base/base32.h"
#include "crypto/digest.h"
#include "crypto/hmac.h"
#include "crypto/signature.h"
#include "support/proofs.h"

enum { NSEC3_HASH_LEN = 20, NSEC3_LABEL_LEN = 32 };

static inline void load_crypto(void)
{
	ck_assert_ptr_null(tarn__signature_load());
}

/* Adds cases that need hashes, unless this was built without the library. */
static inline void add_hashing_cases(Suite *suite, TCase *tcase)
{
	tcase_add_checked_fixture(tcase, load_crypto, NULL);
	if (tarn__hmac_is_built())
		suite_add_tcase(suite, tcase);
}

/* RFC 5155 section 5; the salt in base 16, "-" for none. */
static inline void nsec3_hash(const char *name_text, unsigned iterations, const char *salt_text,
			      uint8_t out[NSEC3_HASH_LEN])
{
	uint8_t salt[255], digest[TARN__DIGEST_MAX];
	struct tarn__name name = make_name(name_text);
	tarn__name_fold(name.octets, name.octets, name.len);
	size_t salt_len = tarn__base16_read(salt_text, salt, sizeof(salt));
	struct tarn__digest_part parts[] = {{name.octets, name.len}, {salt, salt_len}};
	for (unsigned i = 0; i <= iterations; i++) {
		ck_assert_uint_eq(tarn__digest_write(TARN__SHA1, parts, 2, digest), NSEC3_HASH_LEN);
		memcpy(out, digest, NSEC3_HASH_LEN);
		parts[0] = (struct tarn__digest_part){out, NSEC3_HASH_LEN};
	}
}

/* Adds a small number to a hash. */
static inline void nsec3_shift(uint8_t hash[NSEC3_HASH_LEN], int delta)
{
	for (size_t i = NSEC3_HASH_LEN; i-- > 0 && delta != 0;) {
		int sum = hash[i] + delta;
		hash[i] = (uint8_t)(sum & 0xff);
		delta = sum < 0 ? -1 : sum > 0xff;
	}
}

static inline char *nsec3_label(const uint8_t hash[NSEC3_HASH_LEN], char out[NSEC3_LABEL_LEN + 1])
{
	*tarn__base32_write(hash, NSEC3_HASH_LEN, out) = '\0';
	return out;
}

struct nsec3_parameters {
	const char *zone, *salt;
	unsigned hash, flags, iterations;
};

/* Adds an NSEC3 whose owner and next hash are that far from the name's hash. */
static inline void add_nsec3(struct proofs *proofs, const struct nsec3_parameters *parameters,
			     const char *name, int owner, int next, const char *types)
{
	static char line[1024];
	char label[NSEC3_LABEL_LEN + 1], next_label[NSEC3_LABEL_LEN + 1];
	uint8_t hash[NSEC3_HASH_LEN];
	nsec3_hash(name, parameters->iterations, parameters->salt, hash);
	nsec3_shift(hash, owner);
	nsec3_label(hash, label);
	nsec3_shift(hash, next - owner);
	snprintf(line, sizeof(line), "%s.%s NSEC3 %u %u %u %s %s %s\n", label,
		 strcmp(parameters->zone, ".") == 0 ? "" : parameters->zone, parameters->hash,
		 parameters->flags, parameters->iterations, parameters->salt,
		 nsec3_label(hash, next_label), types);
	put_zone(&proofs->message, 2, line);
}

/*
 * Adds records, one a line: "match NAME TYPES", the NSEC3 of the name; "cover NAME", one that covers its
 * hash and no other; "opt-out NAME", the same with opt-out.
 */
static inline void add_nsec3s(struct proofs *proofs, const struct nsec3_parameters *parameters,
			      const char *lines)
{
	while (*lines) {
		char kind[8], name[TARN__NAME_TEXT_MAX], types[64] = "";
		sscanf(lines, "%7s %1019s%63[^\n]", kind, name, types);
		struct nsec3_parameters its = *parameters;
		its.flags |= strcmp(kind, "opt-out") == 0;
		if (strcmp(kind, "match") == 0)
			add_nsec3(proofs, &its, name, 0, 1, types);
		else
			add_nsec3(proofs, &its, name, -1, 1, "A RRSIG");
		lines += strcspn(lines, "\n");
		lines += *lines == '\n';
	}
}

#endif
