/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dnssec/nsec3.c: an NSEC3 says that no name's hash is between that of its owner and the next one, and
 * which types the owner has. Hashes have no ancestors: the closest encloser of a name that does not exist
 * is the longest ancestor with an NSEC3 of its own, and the next closer name, one label longer, is covered
 * (RFC 5155 section 8.3).
 *
 * All hashing is charged before it is done, and no name is hashed twice for one question.
 */
#include "dnssec/nsec3.h"

#include <string.h>

#include "base/base32.h"
#include "crypto/digest.h"
#include "dns/type.h"
#include "dnssec/denial_rules.h"

enum {
	HASH_SHA1 = 1, /* RFC 5155 section 11 */
	FLAG_OPT_OUT = 1, /* RFC 5155 section 3.1.2.1 */
	HASH_LEN = TARN__SHA1_LEN,
	LABEL_LEN = 32, /* a hash in base 32 */
	BLOCK_LEN = 64, /* of SHA-1 */
	PADDING_MIN = 9, /* of SHA-1: a bit, and the length in eight octets */
};

struct nsec3 {
	bool is_opt_out;
	uint16_t iterations;
	const uint8_t *salt;
	uint8_t salt_len;
	uint8_t owner[HASH_LEN];
	const uint8_t *next; /* HASH_LEN octets */
	struct tarn__denial_types types;
};

/* The records with the same parameters: those of the first. */
struct chain {
	const struct tarn__name *zone;
	struct tarn__budget *budget;
	size_t count;
	struct nsec3 at[TARN__NSEC3_RECORDS_MAX];
};

static const struct tarn__denial_proof nothing = {.denied = TARN__DENIED_NOTHING};

/* ---- records ---------------------------------------------------------------------------- */

/* The owner is a hash in front of the zone's name (RFC 5155 section 3). */
static bool read_owner(const struct tarn__proofs *proofs, const struct tarn__rrset *rrset,
		       uint8_t out[HASH_LEN])
{
	struct tarn__name owner;
	const struct tarn__name *zone = &proofs->zone;
	tarn__rrset_owner(proofs->rrsets, rrset, &owner);
	const char *label = (const char *)owner.octets + 1;
	return owner.octets[0] == LABEL_LEN && owner.len == 1 + LABEL_LEN + zone->len &&
	       tarn__name_is_equal(owner.octets + 1 + LABEL_LEN, zone->octets, zone->len) &&
	       tarn__base32_read(label, LABEL_LEN, out, HASH_LEN) == HASH_LEN;
}

/* RFC 5155 sections 8.1 and 8.2: another hash or flag is ignored. */
static bool read_nsec3(const struct tarn__proofs *proofs, const struct tarn__rrset *rrset,
		       struct nsec3 *out)
{
	struct tarn__reader rdata;
	if (!tarn__denial_open(proofs->rrsets, rrset, &rdata))
		return false;
	uint8_t hash = tarn__read8(&rdata);
	uint8_t flags = tarn__read8(&rdata);
	out->is_opt_out = flags == FLAG_OPT_OUT;
	out->iterations = tarn__read16(&rdata);
	out->salt_len = tarn__read8(&rdata);
	out->salt = tarn__read_octets(&rdata, out->salt_len);
	uint8_t next_len = tarn__read8(&rdata);
	out->next = tarn__read_octets(&rdata, next_len);
	return !rdata.failed && hash == HASH_SHA1 && (flags == 0 || flags == FLAG_OPT_OUT) &&
	       next_len == HASH_LEN && tarn__denial_types_read(&rdata, &out->types) &&
	       read_owner(proofs, rrset, out->owner);
}

static bool has_parameters_of(const struct nsec3 *record, const struct nsec3 *first)
{
	return record->iterations == first->iterations && record->salt_len == first->salt_len &&
	       memcmp(record->salt, first->salt, first->salt_len) == 0;
}

/*
 * Of all NSEC3, usable or not, TARN__NSEC3_RECORDS_MAX are looked at. The first usable one is chain->at[0].
 */
static void read_chain(const struct tarn__proofs *proofs, struct chain *chain)
{
	unsigned looked_at = 0;
	for (size_t i = 0; i < proofs->count && looked_at < TARN__NSEC3_RECORDS_MAX; i++) {
		const struct tarn__rrset *rrset = &proofs->rrsets->at[proofs->at[i]];
		if (rrset->type != TARN__TYPE_NSEC3)
			continue;
		looked_at++;
		struct nsec3 *record = &chain->at[chain->count];
		if (read_nsec3(proofs, rrset, record) && has_parameters_of(record, &chain->at[0]))
			chain->count++;
	}
}

/* ---- hashes ----------------------------------------------------------------------------- */

static unsigned blocks_of(size_t len)
{
	return (unsigned)((len + PADDING_MIN + BLOCK_LEN - 1) / BLOCK_LEN);
}

/* RFC 5155 section 5. Returns false if the message may not cause it, or the library fails. */
static bool hash_name(const struct chain *chain, const uint8_t *name, size_t len,
		      uint8_t out[HASH_LEN])
{
	const struct nsec3 *parameters = &chain->at[0];
	unsigned blocks = blocks_of(len + parameters->salt_len) +
			  parameters->iterations * blocks_of(HASH_LEN + parameters->salt_len);
	if (!tarn__budget_charge_blocks(chain->budget, blocks))
		return false;
	uint8_t folded[TARN__NAME_MAX];
	tarn__name_fold(folded, name, len);
	struct tarn__digest_part parts[] = {{folded, len},
					    {parameters->salt, parameters->salt_len}};
	for (unsigned i = 0; i <= parameters->iterations; i++) {
		uint8_t digest[TARN__DIGEST_MAX];
		if (tarn__digest_write(TARN__SHA1, parts, 2, digest) != HASH_LEN)
			return false;
		memcpy(out, digest, HASH_LEN);
		parts[0] = (struct tarn__digest_part){out, HASH_LEN};
	}
	return true;
}

static const struct nsec3 *find_owner(const struct chain *chain, const uint8_t *hash)
{
	for (size_t i = 0; i < chain->count; i++) {
		if (memcmp(chain->at[i].owner, hash, HASH_LEN) == 0)
			return &chain->at[i];
	}
	return NULL;
}

/* The next hash of the last NSEC3 is the first one's owner (RFC 5155 section 3.1.7). */
static bool covers(const struct nsec3 *record, const uint8_t *hash)
{
	bool is_last = memcmp(record->owner, record->next, HASH_LEN) >= 0;
	bool is_behind = memcmp(record->owner, hash, HASH_LEN) < 0;
	bool is_before = memcmp(hash, record->next, HASH_LEN) < 0;
	return is_last ? is_behind || is_before : is_behind && is_before;
}

static const struct nsec3 *find_cover(const struct chain *chain, const uint8_t *hash)
{
	for (size_t i = 0; i < chain->count; i++) {
		if (covers(&chain->at[i], hash))
			return &chain->at[i];
	}
	return NULL;
}

/* ---- proofs ----------------------------------------------------------------------------- */

struct encloser {
	size_t at; /* its place in the name, not 0 */
	const struct nsec3 *cover; /* of the next closer name */
	bool has_no_wildcard; /* the next closer name is the wildcard at it */
};

/*
 * Finds the closest encloser of a name without an NSEC3 of its own. hash is that of the name, and of its
 * ancestors then. Returns false if none is proved.
 */
static bool find_encloser(const struct chain *chain, const struct tarn__name *name,
			  uint8_t hash[HASH_LEN], struct encloser *out)
{
	size_t apex_at = name->len - chain->zone->len;
	for (size_t at = 0; at < apex_at;) {
		const uint8_t *label = name->octets + at;
		uint8_t next_closer[HASH_LEN];
		memcpy(next_closer, hash, HASH_LEN);
		at += 1 + (size_t)label[0];
		if (!hash_name(chain, name->octets + at, name->len - at, hash))
			return false;
		const struct nsec3 *encloser = find_owner(chain, hash);
		if (!encloser)
			continue;
		out->at = at;
		out->has_no_wildcard = label[0] == 1 && label[1] == '*';
		out->cover = find_cover(chain, next_closer);
		return out->cover && tarn__denial_types_can_deny_below(&encloser->types);
	}
	return false;
}

/* RFC 5155 sections 8.4 and 8.7: what the wildcard at the closest encloser is expanded to is denied too. */
static struct tarn__denial_proof deny_expansion(const struct chain *chain,
						const struct tarn__name *name,
						const struct encloser *encloser, uint16_t type)
{
	struct tarn__denial_proof proof = {.is_opt_out = encloser->cover->is_opt_out};
	if (encloser->has_no_wildcard) {
		proof.denied = TARN__DENIED_NAME;
		return proof;
	}
	struct tarn__name wildcard;
	uint8_t hash[HASH_LEN];
	tarn__denial_wildcard(name, encloser->at, &wildcard);
	if (!hash_name(chain, wildcard.octets, wildcard.len, hash))
		return nothing;
	const struct nsec3 *owner = find_owner(chain, hash);
	if (owner)
		proof.denied =
			tarn__denial_types_deny_expansion(&owner->types, name, encloser->at, type);
	else if (find_cover(chain, hash))
		proof.denied = TARN__DENIED_NAME;
	return proof;
}

static struct tarn__denial_proof deny(const struct chain *chain, const struct tarn__name *name,
				      uint16_t type)
{
	uint8_t hash[HASH_LEN];
	if (!hash_name(chain, name->octets, name->len, hash))
		return nothing;
	const struct nsec3 *owner = find_owner(chain, hash);
	if (owner)
		return tarn__denial_types_deny(&owner->types, chain->zone, name, type);
	struct encloser encloser;
	if (!find_encloser(chain, name, hash, &encloser))
		return nothing;
	/* RFC 5155 sections 8.6 and 8.9: only insecure delegations have no NSEC3 there. */
	if (type == TARN__TYPE_DS && encloser.cover->is_opt_out)
		return (struct tarn__denial_proof){
			.denied = TARN__DENIED_TYPE,
			.is_opt_out = true,
		};
	return deny_expansion(chain, name, &encloser, type);
}

/* Returns false if nothing is to be computed. */
static bool open_chain(const struct tarn__proofs *proofs, const struct tarn__name *name,
		       struct tarn__budget *budget, struct chain *out,
		       struct tarn__denial_proof *proof)
{
	const struct tarn__name *zone = &proofs->zone;
	*proof = nothing;
	if (!tarn__name_is_within(name->octets, name->len, zone->octets, zone->len))
		return false;
	out->zone = zone;
	out->budget = budget;
	out->count = 0;
	read_chain(proofs, out);
	if (out->count == 0)
		return false;
	proof->has_too_many_iterations = out->at[0].iterations > TARN__NSEC3_ITERATIONS_MAX;
	return !proof->has_too_many_iterations;
}

struct tarn__denial_proof tarn__nsec3_deny(const struct tarn__proofs *proofs,
					   const struct tarn__name *name, uint16_t type,
					   struct tarn__budget *budget)
{
	struct chain chain;
	struct tarn__denial_proof proof;
	return open_chain(proofs, name, budget, &chain, &proof) ? deny(&chain, name, type) : proof;
}

struct tarn__denial_proof tarn__nsec3_allow_expansion(const struct tarn__proofs *proofs,
						      const struct tarn__name *name,
						      unsigned labels, struct tarn__budget *budget)
{
	size_t at;
	struct chain chain;
	struct tarn__denial_proof proof;
	if (!tarn__denial_next_closer(&proofs->zone, name, labels, &at))
		return nothing;
	if (!open_chain(proofs, name, budget, &chain, &proof))
		return proof;
	uint8_t hash[HASH_LEN];
	if (!hash_name(&chain, name->octets + at, name->len - at, hash))
		return nothing;
	const struct nsec3 *cover = find_cover(&chain, hash);
	if (cover)
		proof = (struct tarn__denial_proof){
			.denied = TARN__DENIED_NAME,
			.is_opt_out = cover->is_opt_out,
		};
	return proof;
}
