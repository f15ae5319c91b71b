/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dnssec/verify.c: signatures of an RRset are tried with keys of a zone.
 *
 * First the candidates are listed, pairs of a signature and a key, in an order that depends on nothing but
 * the message, the keys and the time; then they are tried one after the other. A call after a pause makes
 * the same list and goes on behind those that have been tried.
 */
#include "dnssec/verify.h"

#include <stdio.h>

#include "crypto/signature.h"
#include "dnssec/rrsig.h"

/* Room that is kept for the next RRset, in octets: nearly all take less. */
enum { ROOM_KEPT_MAX = 65536 };

struct candidate {
	struct tarn__rrsig rrsig;
	struct tarn__trust_key key;
};

struct verification {
	const struct tarn__verify_context *context;
	const struct tarn__rrsets *rrsets;
	const struct tarn__rrset *rrset;
	const struct tarn__name *zone;
	const struct tarn__trust *trust;
	struct tarn__name owner;
	struct tarn__reason reason;
	size_t count;
	struct candidate candidates[TARN__SIGNATURES_MAX * TARN__KEYS_PER_TAG];
};

/* ---- candidates ------------------------------------------------------------------------- */

/* Returns the place of an algorithm in the order of costs (crypto/signature.h). */
static unsigned rank(uint8_t algorithm)
{
	switch (algorithm) {
	case TARN__ECDSAP256SHA256:
		return 1;
	case TARN__ED25519:
		return 2;
	case TARN__ED448:
		return 3;
	case TARN__ECDSAP384SHA384:
		return 4;
	}
	return 0; /* RSA */
}

/* Adds a candidate behind those that cost as much or less. */
static void add_candidate(struct verification *verification, const struct tarn__rrsig *rrsig,
			  const struct tarn__trust_key *key)
{
	struct candidate *candidates = verification->candidates;
	size_t at = verification->count++;
	for (; at > 0 && rank(candidates[at - 1].key.algorithm) > rank(key->algorithm); at--)
		candidates[at] = candidates[at - 1];
	candidates[at] = (struct candidate){*rrsig, *key};
}

/* Adds the signature with each key that it may be by. Returns false if there is none. */
static bool add_keys(struct verification *verification, const struct tarn__rrsig *rrsig)
{
	const uint8_t *at = verification->trust->keys;
	struct tarn__trust_key key;
	unsigned count = 0;
	while (count < TARN__KEYS_PER_TAG && tarn__trust_next_key(verification->trust, &at, &key)) {
		if (key.tag != rrsig->tag || key.algorithm != rrsig->algorithm)
			continue;
		add_candidate(verification, rrsig, &key);
		count++;
	}
	return count > 0;
}

static bool is_by_zone(const struct verification *verification, const struct tarn__rrsig *rrsig)
{
	const struct tarn__name *zone = verification->zone;
	return rrsig->signer_len == zone->len &&
	       tarn__name_is_equal(rrsig->signer, zone->octets, zone->len);
}

/* Adds the signature's candidates, or keeps the reason why there are none. */
static void add_signature(struct verification *verification, uint16_t number)
{
	const struct tarn__verify_context *context = verification->context;
	const struct tarn__name *owner = &verification->owner;
	uint16_t type = verification->rrset->type;
	struct tarn__reason *reason = &verification->reason;
	struct tarn__rrsig rrsig;
	if (!tarn__rrsig_read(tarn__rrsets_rdata(verification->rrsets, number), &rrsig) ||
	    rrsig.covered != type || !is_by_zone(verification, &rrsig) ||
	    !tarn__rrsig_fits(&rrsig, owner, type)) {
		tarn__reason_set(reason, TARN__EDE_RRSIGS_MISSING, "no signature of %s/%s by %s",
				 tarn__reason_name(owner->octets).text,
				 tarn__reason_type(type).text,
				 tarn__reason_name(verification->zone->octets).text);
		return;
	}
	if (!tarn__signature_is_supported(rrsig.algorithm)) {
		char why[64];
		snprintf(why, sizeof(why), "algorithm %u is not supported", rrsig.algorithm);
		tarn__rrsig_explain(&rrsig, owner, TARN__EDE_RRSIGS_MISSING, why, reason);
		return;
	}
	if (!context->ignores_dates && !tarn__rrsig_is_current(&rrsig, context->now, owner, reason))
		return;
	if (!add_keys(verification, &rrsig))
		tarn__rrsig_explain(&rrsig, owner, TARN__EDE_DNSKEY_MISSING,
				    "the zone has no such key", reason);
}

static void add_signatures(struct verification *verification, const struct tarn__rrset *signatures)
{
	uint16_t number = signatures ? signatures->first : TARN__NO_RECORD;
	if (number == TARN__NO_RECORD)
		tarn__reason_set(&verification->reason, TARN__EDE_RRSIGS_MISSING,
				 "no signature of %s/%s",
				 tarn__reason_name(verification->owner.octets).text,
				 tarn__reason_type(verification->rrset->type).text);
	for (unsigned i = 0; i < TARN__SIGNATURES_MAX && number != TARN__NO_RECORD; i++) {
		add_signature(verification, number);
		number = verification->rrsets->records[number].next;
	}
}

/* ---- tries ------------------------------------------------------------------------------ */

/* Charges the next try. Returns false if a limit is reached. */
static bool charge_try(struct verification *verification, unsigned tried, size_t data_len)
{
	struct tarn__budget *budget = verification->context->budget;
	const struct candidate *candidate = &verification->candidates[tried];
	const struct tarn__trust_key *key = &candidate->key;
	bool is_within = tried < TARN__TRIES_PER_RRSET;
	if (!is_within)
		budget->exceeded = "signatures of one RRset";
	else
		is_within = tarn__budget_charge_try(
			budget,
			tarn__signature_work(key->algorithm, key->key, key->key_len, data_len));
	if (!is_within)
		tarn__reason_set(&verification->reason, TARN__EDE_BOGUS,
				 "the limit of %s is reached at %s/%s", budget->exceeded,
				 tarn__reason_name(verification->owner.octets).text,
				 tarn__reason_type(verification->rrset->type).text);
	return is_within;
}

/* Writes the signed data, unless *written, the signature whose data is there, is this one. */
static bool write_data(struct verification *verification, const struct tarn__rrsig *rrsig,
		       const uint8_t **written)
{
	if (*written == rrsig->rdata)
		return true;
	*written = NULL;
	if (!tarn__signed_data_write(verification->context->data, verification->rrsets,
				     verification->rrset, rrsig)) {
		tarn__budget_charge_failure(verification->context->budget);
		tarn__rrsig_explain(rrsig, &verification->owner, TARN__EDE_BOGUS,
				    "malformed data, or out of memory", &verification->reason);
		return false;
	}
	*written = rrsig->rdata;
	return true;
}

static bool is_valid(const struct candidate *candidate, const struct tarn__signed_data *data)
{
	const struct tarn__rrsig *rrsig = &candidate->rrsig;
	const struct tarn__trust_key *key = &candidate->key;
	return tarn__signature_verify(key->algorithm, key->key, key->key_len, rrsig->signature,
				      rrsig->signature_len, data->octets, data->len);
}

/* RFC 4035 section 5.3.3 */
static void accept(const struct verification *verification, const struct tarn__rrsig *rrsig,
		   struct tarn__verified *out)
{
	const struct tarn__verify_context *context = verification->context;
	uint32_t ttl = tarn__ttl_read(rrsig->original_ttl);
	uint32_t left_sec = tarn__rrsig_left_sec(rrsig, context->now);
	*out = (struct tarn__verified){
		.labels = rrsig->labels,
		.ttl = context->ignores_dates || ttl < left_sec ? ttl : left_sec,
		.expiration = rrsig->expiration,
	};
}

static enum tarn__verification try_candidates(struct verification *verification,
					      struct tarn__verify_progress *progress,
					      struct tarn__verified *verified)
{
	const struct tarn__verify_context *context = verification->context;
	const uint8_t *written = NULL;
	size_t data_len = 0;
	while (progress->tried < verification->count) {
		if (tarn__budget_is_turn_over(context->budget))
			return TARN__VERIFY_PAUSED;
		if (data_len == 0)
			data_len = tarn__signed_data_len_max(verification->rrsets,
							     verification->rrset);
		const struct candidate *candidate = &verification->candidates[progress->tried];
		const struct tarn__trust_key *key = &candidate->key;
		if (!charge_try(verification, progress->tried, data_len))
			return TARN__NOT_VERIFIED;
		progress->tried++;
		if (tarn__signature_key_is_valid(key->algorithm, key->key, key->key_len)) {
			if (!write_data(verification, &candidate->rrsig, &written))
				return TARN__NOT_VERIFIED;
			if (is_valid(candidate, context->data)) {
				accept(verification, &candidate->rrsig, verified);
				return TARN__VERIFIED;
			}
		}
		tarn__budget_charge_failure(context->budget);
	}
	if (verification->count > 0)
		tarn__rrsig_explain(&verification->candidates[verification->count - 1].rrsig,
				    &verification->owner, TARN__EDE_BOGUS,
				    "it does not match the data", &verification->reason);
	return TARN__NOT_VERIFIED;
}

enum tarn__verification
tarn__rrset_verify(const struct tarn__verify_context *context, const struct tarn__rrsets *rrsets,
		   const struct tarn__rrset *rrset, const struct tarn__rrset *signatures,
		   const struct tarn__name *zone, const struct tarn__trust *trust,
		   struct tarn__verify_progress *progress, struct tarn__verified *verified,
		   struct tarn__reason *reason)
{
	struct verification verification = {
		.context = context,
		.rrsets = rrsets,
		.rrset = rrset,
		.zone = zone,
		.trust = trust,
	};
	tarn__rrset_owner(rrsets, rrset, &verification.owner);
	add_signatures(&verification, signatures);
	/* Once a signature has been tried, it is of no interest why others have not. */
	if (verification.count > 0)
		verification.reason = (struct tarn__reason){0};
	enum tarn__verification result = try_candidates(&verification, progress, verified);
	if (result == TARN__NOT_VERIFIED)
		tarn__reason_set(reason, verification.reason.code, "%s", verification.reason.text);
	if (context->data->room > ROOM_KEPT_MAX)
		tarn__signed_data_free(context->data);
	return result;
}
