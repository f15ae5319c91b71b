/* SPDX-License-Identifier: BSD-2-Clause */
/* dnssec/check_rrset.c: one RRset is judged. */
#include "dnssec/check_rrset.h"

#include "dns/aliases.h"
#include "dnssec/rrsig.h"

/* ---- what is known ---------------------------------------------------------------------- */

enum tarn__judged tarn__check_fail(const struct tarn__check_pass *pass, uint16_t code,
				   const char *text, const uint8_t *name, uint16_t type)
{
	tarn__reason_set(&pass->check->reason, code, "%s: %s/%s", text,
			 tarn__reason_name(name).text, tarn__reason_type(type).text);
	return TARN__JUDGED_BOGUS;
}

static enum tarn__judged take_reason(const struct tarn__check_pass *pass,
				     const struct tarn__trust *trust, enum tarn__judged status)
{
	if (trust->reason_code != 0)
		tarn__reason_set(&pass->check->reason, trust->reason_code, "%.*s",
				 (int)trust->reason_len, trust->reason);
	return status;
}

/* Returns true if trust of the name may be asked for. */
static bool is_above_chain(const struct tarn__check_pass *pass, const uint8_t *name, size_t len)
{
	const struct tarn__key *key = pass->response->key;
	if (!pass->in->is_for_chain)
		return true;
	return len < key->qname_len && tarn__name_is_within(key->qname, key->qname_len, name, len);
}

/*
 * Notes that something has to be known of a name. Trust waits for trust of names above only: there is no
 * cycle.
 */
static enum tarn__judged need(const struct tarn__check_pass *pass, const uint8_t *name, size_t len,
			      bool is_signer)
{
	struct tarn__check *check = pass->check;
	if (!is_above_chain(pass, name, len))
		return tarn__check_fail(pass, TARN__EDE_BOGUS,
					"an answer of the child zone instead of the parent's",
					pass->response->key->qname, pass->response->key->qtype);
	for (size_t i = 0; i < check->need_count; i++) {
		if (check->need[i].name.len == len &&
		    tarn__name_is_equal(check->need[i].name.octets, name, len))
			return TARN__JUDGED_UNKNOWN;
	}
	if (check->need_count == TARN__NEEDS_AT_ONCE)
		return TARN__JUDGED_UNKNOWN;
	if (check->needs == TARN__NEEDS_MAX) {
		tarn__reason_set(&check->reason, TARN__EDE_BOGUS,
				 "more than %d zones would have to be looked up", TARN__NEEDS_MAX);
		return TARN__JUDGED_BOGUS;
	}
	check->needs++;
	struct tarn__check_need *needed = &check->need[check->need_count++];
	needed->is_signer = is_signer;
	needed->name.len = len;
	tarn__name_fold(needed->name.octets, name, len);
	return TARN__JUDGED_UNKNOWN;
}

static bool find(const struct tarn__check_pass *pass, const uint8_t *name, size_t len,
		 struct tarn__trust *out)
{
	return pass->in->known->find(pass->in->known->data, name, len, out);
}

static struct tarn__suffix parent(struct tarn__suffix name)
{
	size_t label = name.len > 1 ? (size_t)name.name[0] + 1 : 0;
	return (struct tarn__suffix){name.name + label, name.len - label};
}

static struct tarn__suffix suffix_of(const struct tarn__name *name)
{
	return (struct tarn__suffix){name->octets, name->len};
}

struct tarn__suffix tarn__check_chain_end(const struct tarn__name *name, uint16_t type)
{
	return type == TARN__TYPE_DS ? parent(suffix_of(name)) : suffix_of(name);
}

struct tarn__anchor tarn__check_find_anchor(const struct tarn__check_pass *pass,
					    struct tarn__suffix name)
{
	return tarn__anchors_find(pass->in->anchors, name.name, name.len);
}

/* ---- data without a signature ----------------------------------------------------------- */

static unsigned labels_between(struct tarn__suffix deep, size_t high_len)
{
	unsigned count = 0;
	for (; deep.len > high_len; deep = parent(deep))
		count++;
	return count;
}

/* The suffix of deep that has one label more than high_len octets. */
static struct tarn__suffix next_below(struct tarn__suffix deep, size_t high_len)
{
	while (parent(deep).len > high_len)
		deep = parent(deep);
	return deep;
}

/*
 * Chooses the next name to know of, between a known one of known_len octets and the end of the chain. Deep
 * names are asked for at once, and the zone that an SOA names is a hint (docs/decisions/dnssec.md): reverse
 * names have 32 labels. Neither proves anything.
 */
static enum tarn__judged need_below(const struct tarn__check_pass *pass, struct tarn__suffix end,
				    size_t known_len, const struct tarn__name *hint)
{
	enum { STEPS_MAX = 4 };
	struct tarn__suffix next = next_below(end, known_len);
	if (hint && hint->len > known_len && hint->len <= end.len &&
	    tarn__name_is_within(end.name, end.len, hint->octets, hint->len))
		next = suffix_of(hint);
	else if (!pass->in->is_for_chain && labels_between(end, known_len) > STEPS_MAX)
		next = end;
	return need(pass, next.name, next.len, false);
}

enum tarn__judged tarn__check_prove_insecure(const struct tarn__check_pass *pass,
					     struct tarn__suffix end, const struct tarn__name *hint,
					     const struct tarn__name *owner, uint16_t type)
{
	struct tarn__anchor anchor = tarn__check_find_anchor(pass, end);
	if (anchor.kind != TARN__ANCHOR_POSITIVE)
		return TARN__JUDGED_INSECURE;
	struct tarn__trust trust;
	struct tarn__suffix at = end;
	/* From the end upwards: the deepest name of which something is known. */
	while (!find(pass, at.name, at.len, &trust)) {
		if (at.len == anchor.name_len)
			return need(pass, at.name, at.len, true);
		at = parent(at);
	}
	switch (trust.kind) {
	case TARN__TRUST_INSECURE:
		return take_reason(pass, &trust, TARN__JUDGED_INSECURE);
	case TARN__TRUST_BOGUS:
		return take_reason(pass, &trust, TARN__JUDGED_BOGUS);
	case TARN__TRUST_KEYS:
	case TARN__TRUST_NO_CUT:
		break;
	}
	if (at.len < end.len)
		return need_below(pass, end, at.len, hint);
	return tarn__check_fail(pass, TARN__EDE_RRSIGS_MISSING,
				"no signature where there should be one", owner->octets, type);
}

/* ---- signed data ------------------------------------------------------------------------ */

static enum tarn__judged verify(const struct tarn__check_pass *pass, size_t place,
				const struct tarn__name *zone, const struct tarn__trust *trust,
				size_t signer_at)
{
	struct tarn__check *check = pass->check;
	const struct tarn__response_rrset *it = &pass->response->at[place];
	const struct tarn__rrsets *rrsets = &pass->response->rrsets;
	const struct tarn__verify_context context = {
		.now = pass->in->now,
		.ignores_dates = pass->in->ignores_dates,
		.budget = &check->budget,
		.data = pass->in->data,
	};
	struct tarn__verified verified;
	if (check->verifying != place + 1)
		check->progress = (struct tarn__verify_progress){0};
	check->verifying = (uint8_t)(place + 1);
	switch (tarn__rrset_verify(&context, rrsets, &rrsets->at[it->rrset],
				   &rrsets->at[it->signatures], zone, trust, &check->progress,
				   &verified, &check->reason)) {
	case TARN__VERIFY_PAUSED:
		return TARN__JUDGED_PAUSED;
	case TARN__NOT_VERIFIED:
		return TARN__JUDGED_BOGUS;
	case TARN__VERIFIED:
		break;
	}
	struct tarn__check_rrset *result = &check->rrsets[place];
	result->labels = (uint8_t)verified.labels;
	result->ttl = verified.ttl;
	result->expiration = verified.expiration;
	result->signer_at = (uint16_t)signer_at;
	return TARN__JUDGED_SECURE;
}

/* The status by the signatures of one signer. */
static enum tarn__judged judge_by_signer(const struct tarn__check_pass *pass, size_t place,
					 const struct tarn__name *signer, size_t signer_at)
{
	struct tarn__trust trust;
	if (tarn__check_find_anchor(pass, suffix_of(signer)).kind != TARN__ANCHOR_POSITIVE)
		return TARN__JUDGED_INSECURE;
	if (!find(pass, signer->octets, signer->len, &trust))
		return need(pass, signer->octets, signer->len, true);
	switch (trust.kind) {
	case TARN__TRUST_KEYS:
		return verify(pass, place, signer, &trust, signer_at);
	case TARN__TRUST_INSECURE:
		return take_reason(pass, &trust, TARN__JUDGED_INSECURE);
	case TARN__TRUST_BOGUS:
		return take_reason(pass, &trust, TARN__JUDGED_BOGUS);
	case TARN__TRUST_NO_CUT:
		break;
	}
	/* A name that is no zone signs nothing. */
	return TARN__JUDGED_USELESS;
}

/*
 * Finds the deepest signer of fewer octets than below whose signatures may be tried. Returns the offset of
 * its name in the message; 0: there is none.
 */
static size_t find_signer(const struct tarn__check_pass *pass, const struct tarn__rrset *signatures,
			  const struct tarn__name *owner, uint16_t type, size_t anchor_len,
			  size_t below, struct tarn__name *out)
{
	const struct tarn__rrsets *rrsets = &pass->response->rrsets;
	size_t found_at = 0;
	unsigned looked_at = 0;
	out->len = 0;
	for (uint16_t i = signatures->first;
	     i != TARN__NO_RECORD && looked_at < TARN__SIGNATURES_MAX;
	     i = rrsets->records[i].next) {
		struct tarn__rrsig rrsig;
		looked_at++;
		if (!tarn__rrsig_read(tarn__rrsets_rdata(rrsets, i), &rrsig) ||
		    !tarn__rrsig_fits(&rrsig, owner, type) || rrsig.signer_len < anchor_len ||
		    rrsig.signer_len >= below || rrsig.signer_len <= out->len ||
		    !is_above_chain(pass, rrsig.signer, rrsig.signer_len))
			continue;
		found_at = (size_t)(rrsig.signer - rrsets->wire);
		out->len = rrsig.signer_len;
		tarn__name_fold(out->octets, rrsig.signer, rrsig.signer_len);
	}
	return found_at;
}

/* The deepest signer counts whose name is a zone; USELESS: there is none. */
static enum tarn__judged judge_by_signatures(const struct tarn__check_pass *pass, size_t place,
					     const struct tarn__name *owner, size_t anchor_len)
{
	const struct tarn__response_rrset *it = &pass->response->at[place];
	const struct tarn__rrsets *rrsets = &pass->response->rrsets;
	size_t below = SIZE_MAX;
	if (it->signatures == TARN__NO_RRSET)
		return TARN__JUDGED_USELESS;
	for (;;) {
		struct tarn__name signer;
		size_t at = find_signer(pass, &rrsets->at[it->signatures], owner,
					rrsets->at[it->rrset].type, anchor_len, below, &signer);
		if (at == 0)
			return TARN__JUDGED_USELESS;
		enum tarn__judged status = judge_by_signer(pass, place, &signer, at);
		if (status != TARN__JUDGED_USELESS)
			return status;
		below = signer.len;
	}
}

/* ---- a CNAME of a DNAME ----------------------------------------------------------------- */

int tarn__check_find_dname(const struct tarn__check_pass *pass, const struct tarn__name *name)
{
	const struct tarn__response *response = pass->response;
	int found = -1;
	size_t found_len = 0;
	for (size_t i = 0; i < response->count; i++) {
		const struct tarn__rrset *rrset = &response->rrsets.at[response->at[i].rrset];
		struct tarn__name owner;
		if (rrset->type != TARN__TYPE_DNAME || rrset->section != TARN__SECTION_ANSWER)
			continue;
		tarn__rrset_owner(&response->rrsets, rrset, &owner);
		if (owner.len >= name->len || owner.len <= found_len ||
		    !tarn__name_is_within(name->octets, name->len, owner.octets, owner.len))
			continue;
		found = (int)i;
		found_len = owner.len;
	}
	return found;
}

/*
 * RFC 6672 section 5.3.1: a CNAME that a DNAME makes has no signature of its own; it is as secure as the
 * DNAME. USELESS: there is no DNAME.
 */
static enum tarn__judged judge_made_cname(const struct tarn__check_pass *pass,
					  const struct tarn__rrset *cname,
					  const struct tarn__name *owner)
{
	const struct tarn__rrsets *rrsets = &pass->response->rrsets;
	int dname = tarn__check_find_dname(pass, owner);
	if (dname < 0)
		return TARN__JUDGED_USELESS;
	enum tarn__judged status = tarn__check_judge_rrset(pass, (size_t)dname);
	struct tarn__name target, made;
	if (status != TARN__JUDGED_SECURE || cname->made)
		return status;
	if (tarn__aliases_substitute(rrsets, &rrsets->at[pass->response->at[dname].rrset], owner,
				     &made) &&
	    tarn__alias_target(rrsets, cname, &target) && target.len == made.len &&
	    tarn__name_is_equal(target.octets, made.octets, made.len))
		return TARN__JUDGED_SECURE;
	return tarn__check_fail(pass, TARN__EDE_BOGUS, "another CNAME than the DNAME makes",
				owner->octets, TARN__TYPE_CNAME);
}

/* ---- one RRset -------------------------------------------------------------------------- */

/*
 * A proof counts by its signer alone: its owner may be a name below which another anchor holds. One that is
 * of no use is as if it were not there.
 */
static enum tarn__judged find_proof_status(const struct tarn__check_pass *pass, size_t place,
					   const struct tarn__name *owner)
{
	enum tarn__judged status = judge_by_signatures(pass, place, owner, 0);
	return status == TARN__JUDGED_USELESS ? TARN__JUDGED_INSECURE : status;
}

static enum tarn__judged find_status(const struct tarn__check_pass *pass, size_t place)
{
	const struct tarn__response_rrset *it = &pass->response->at[place];
	const struct tarn__rrset *rrset = &pass->response->rrsets.at[it->rrset];
	struct tarn__name owner;
	tarn__rrset_owner(&pass->response->rrsets, rrset, &owner);
	if (it->role == TARN__ROLE_PROOF)
		return find_proof_status(pass, place, &owner);
	struct tarn__suffix end = tarn__check_chain_end(&owner, rrset->type);
	struct tarn__anchor anchor = tarn__check_find_anchor(pass, end);
	if (anchor.kind != TARN__ANCHOR_POSITIVE)
		return TARN__JUDGED_INSECURE;
	enum tarn__judged status = judge_by_signatures(pass, place, &owner, anchor.name_len);
	if (status == TARN__JUDGED_USELESS && rrset->type == TARN__TYPE_CNAME)
		status = judge_made_cname(pass, rrset, &owner);
	if (status == TARN__JUDGED_USELESS)
		status = tarn__check_prove_insecure(
			pass, end, it->role == TARN__ROLE_SOA ? &owner : NULL, &owner, rrset->type);
	return status;
}

enum tarn__judged tarn__check_judge_rrset(const struct tarn__check_pass *pass, size_t place)
{
	struct tarn__check_rrset *result = &pass->check->rrsets[place];
	if (result->status != 0)
		return (enum tarn__judged)result->status;
	enum tarn__judged status = find_status(pass, place);
	if (status == TARN__JUDGED_SECURE || status == TARN__JUDGED_INSECURE ||
	    status == TARN__JUDGED_BOGUS)
		result->status = (uint8_t)status;
	return status;
}
