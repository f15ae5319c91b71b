/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/scenario/signing.h: keys of zones and signatures by them, for the records of a script
 * (tests/scenario/script.h). libldns makes them, so that the canonical form is not the one that is tested.
 *
 * A zone has a key "main" from its first use on. Keys of Ed25519 and ECDSA are derived from the names of
 * the zone and the key, and signatures of Ed25519 are the same in every run: records that are expected can
 * be signed again.
 */
#ifndef TESTS_SCENARIO_SIGNING_H
#define TESTS_SCENARIO_SIGNING_H

#include <ldns/ldns.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SIGNING_KEYS_MAX = 32, SIGNING_NAME_MAX = 256 };

struct signing_key {
	char zone[SIGNING_NAME_MAX]; /* with its last dot */
	char name[32];
	bool is_hidden; /* not in the DNSKEY RRset */
	ldns_key *key;
	ldns_rr *dnskey;
};

struct signing {
	uint32_t now; /* the wall clock: dates are relative to it */
	uint32_t inception, expiration; /* of the signatures that have no dates of their own */
	struct signing_key keys[SIGNING_KEYS_MAX];
	size_t key_count;
};

/* How an RRset is signed. */
struct signing_how {
	char zone[SIGNING_NAME_MAX]; /* the signer's name; "": not at all */
	char by[64]; /* keys, with commas between: NAME, or ZONE/NAME of another zone; "": main */
	uint32_t inception, expiration; /* 0: the default */
	int labels; /* the name's without the asterisk; -1: as it has */
	int64_t ttl; /* the original one; -1: the records' */
	bool is_spoilt; /* the signature is not valid */
};

extern const struct signing_how signing_plain;

/* Sets the clock, and the default dates: the day before, and 30 days later. */
void signing_set_clock(struct signing *, uint32_t now);

/*
 * Reads "2026-11-30", "2026-11-30T12:00:00", or "+2h" and "-1d" from now. Returns NULL, or what is wrong.
 */
const char *signing_read_date(const struct signing *, const char *text, uint32_t *out);

/* Takes a statement: "key ZONE NAME ALGORITHM [flags=N] [protocol=N] [hidden]". Returns as the above. */
const char *signing_add_key(struct signing *, char *const *words, size_t count);

/* Takes a word of how. Returns false if it is none; *fault is what is wrong with it. */
bool signing_read_how(const struct signing *, const char *word, struct signing_how *,
		      const char **fault);

/* Signs an RRset by one key after the other, and appends the signatures to out. Returns as the above. */
const char *signing_sign(struct signing *, const ldns_rr_list *rrset, const struct signing_how *,
			 ldns_rr_list *out);

/* Appends the zone's DNSKEY records. */
const char *signing_dnskeys(struct signing *, const char *zone, uint32_t ttl, ldns_rr_list *out);

/* Makes the DNSKEY of a zone's key, by name. */
const char *signing_dnskey(struct signing *, const char *zone, const char *key, uint32_t ttl,
			   ldns_rr **out);

/* Makes a DS of a zone's key, by name. digest and algorithm replace those numbers; -1: they do not. */
const char *signing_ds(struct signing *, const char *zone, const char *key, uint32_t ttl,
		       long digest, long algorithm, ldns_rr **out);

/* Of NSEC3 (RFC 5155 section 3). */
struct signing_nsec3 {
	const char *zone, *name;
	bool is_cover; /* the name is covered by the record; else it is the record's */
	bool has_opt_out;
	long iterations;
	const char *salt; /* hexadecimal; "-": none */
	uint32_t ttl;
	char *const *types;
	size_t type_count;
};

/* Makes an NSEC3 record that says nothing of other names (RFC 7129 appendix B). */
const char *signing_nsec3(const struct signing_nsec3 *, ldns_rr **out);

void signing_fini(struct signing *);

#endif
