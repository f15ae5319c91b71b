/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dnssec/check.c: the status of a response, in this order:
 *
 *	1. each RRset of the answer section: dnssec/check_rrset.h
 *	2. where one is an expansion of a wildcard, that no closer name exists: judge_expansion()
 *	3. of a negative response the SOA, the proofs, and what they prove: judge_denial()
 *	4. the highest status is the response's, and TTLs are lowered
 *
 * What is not known yet does not stop the check: the needs of all RRsets are collected. A bogus RRset does.
 */
#include "dnssec/check.h"

#include <string.h>

#include "dnssec/check_rrset.h"
#include "dnssec/rrsig.h"

/* ---- denial ----------------------------------------------------------------------------- */

/* The signer of an RRset that is secure; an empty name: none, it is a made CNAME. */
static struct tarn__name signer_of(const struct tarn__check_pass *pass, size_t place)
{
	struct tarn__name signer = {0};
	size_t at = pass->check->rrsets[place].signer_at;
	const struct tarn__rrsets *rrsets = &pass->response->rrsets;
	if (at > 0) {
		signer.len = tarn__name_span(rrsets->wire + at, rrsets->len - at);
		tarn__name_fold(signer.octets, rrsets->wire + at, signer.len);
	}
	return signer;
}

/* Judges all proofs. Returns SECURE unless one is UNKNOWN, PAUSED or BOGUS. */
static enum tarn__judged judge_proofs(const struct tarn__check_pass *pass)
{
	const struct tarn__response *response = pass->response;
	enum tarn__judged worst = TARN__JUDGED_SECURE;
	for (size_t i = 0; i < response->count; i++) {
		if (response->at[i].role != TARN__ROLE_PROOF)
			continue;
		enum tarn__judged status = tarn__check_judge_rrset(pass, i);
		if (status == TARN__JUDGED_PAUSED || status == TARN__JUDGED_BOGUS)
			return status;
		if (status == TARN__JUDGED_UNKNOWN)
			worst = TARN__JUDGED_UNKNOWN;
	}
	return worst;
}

/* Collects the secure proofs of one zone. */
static void collect_proofs(const struct tarn__check_pass *pass, const struct tarn__name *zone,
			   struct tarn__proofs *out)
{
	const struct tarn__response *response = pass->response;
	out->rrsets = &response->rrsets;
	out->zone = *zone;
	out->count = 0;
	for (size_t i = 0; i < response->count; i++) {
		if (response->at[i].role != TARN__ROLE_PROOF ||
		    pass->check->rrsets[i].status != TARN__JUDGED_SECURE)
			continue;
		struct tarn__name signer = signer_of(pass, i);
		if (signer.len == zone->len &&
		    tarn__name_is_equal(signer.octets, zone->octets, zone->len))
			out->at[out->count++] = response->at[i].rrset;
	}
}

/*
 * The deepest signer of secure proofs that a name is in, at or below its anchor of anchor_len octets. An
 * empty name: there is none.
 */
static struct tarn__name denying_zone(const struct tarn__check_pass *pass, struct tarn__suffix name,
				      size_t anchor_len)
{
	struct tarn__name zone = {0};
	for (size_t i = 0; i < pass->response->count; i++) {
		if (pass->response->at[i].role != TARN__ROLE_PROOF ||
		    pass->check->rrsets[i].status != TARN__JUDGED_SECURE)
			continue;
		struct tarn__name signer = signer_of(pass, i);
		if (signer.len > zone.len && signer.len >= anchor_len &&
		    tarn__name_is_within(name.name, name.len, signer.octets, signer.len))
			zone = signer;
	}
	return zone;
}

/* Returns true if there are NSEC or NSEC3 without a signature. */
bool tarn__check_has_unsigned_proofs(const struct tarn__response *response)
{
	const struct tarn__rrsets *rrsets = &response->rrsets;
	for (size_t i = 0; i < rrsets->count; i++) {
		if (rrsets->at[i].section == TARN__SECTION_AUTHORITY && !rrsets->at[i].is_kept &&
		    (rrsets->at[i].type == TARN__TYPE_NSEC ||
		     rrsets->at[i].type == TARN__TYPE_NSEC3))
			return true;
	}
	return false;
}

/* Bogus: nothing that has been verified denies the name. */
static enum tarn__judged fail_undenied(const struct tarn__check_pass *pass,
				       const struct tarn__name *name, uint16_t type)
{
	if (pass->in->has_unsigned_proofs || tarn__check_has_unsigned_proofs(pass->response))
		return tarn__check_fail(pass, TARN__EDE_RRSIGS_MISSING,
					"the proof that it does not exist is not signed",
					name->octets, type);
	return tarn__check_fail(pass, TARN__EDE_NSEC_MISSING, "no proof that it does not exist",
				name->octets, type);
}

/* The status of something that has been denied, or not. */
static enum tarn__judged judge_proof(const struct tarn__check_pass *pass,
				     const struct tarn__denial_proof *proof,
				     enum tarn__denied needed, const struct tarn__name *name,
				     uint16_t type)
{
	struct tarn__check *check = pass->check;
	if (proof->has_too_many_iterations) {
		tarn__reason_set(&check->reason, TARN__EDE_NSEC3_ITERATIONS,
				 "NSEC3 with more than %d iterations: %s",
				 TARN__NSEC3_ITERATIONS_MAX, tarn__reason_name(name->octets).text);
		return TARN__JUDGED_INSECURE;
	}
	if (proof->denied == needed)
		return proof->is_opt_out ? TARN__JUDGED_INSECURE : TARN__JUDGED_SECURE;
	/* RFC 5155 section 8.6: of the DS below an opt-out cover no more can be proved. */
	if (type == TARN__TYPE_DS && proof->denied == TARN__DENIED_TYPE && proof->is_opt_out)
		return TARN__JUDGED_INSECURE;
	if (check->budget.exceeded) {
		tarn__reason_set(&check->reason, TARN__EDE_BOGUS, "too many %s",
				 check->budget.exceeded);
		return TARN__JUDGED_BOGUS;
	}
	return fail_undenied(pass, name, type);
}

/* Nothing that has been verified denies the name. Where the SOA is secure, it is the zone that does not. */
static enum tarn__judged judge_undenied(const struct tarn__check_pass *pass,
					struct tarn__suffix end, const struct tarn__name *hint,
					enum tarn__judged soa_status)
{
	const struct tarn__response *response = pass->response;
	const struct tarn__name *name = &response->end;
	if (hint && soa_status == TARN__JUDGED_SECURE)
		return fail_undenied(pass, name, response->key->qtype);
	struct tarn__reason reason = pass->check->reason;
	enum tarn__judged status =
		tarn__check_prove_insecure(pass, end, hint, name, response->key->qtype);
	if (status != TARN__JUDGED_BOGUS || pass->check->reason.code != TARN__EDE_RRSIGS_MISSING)
		return status;
	pass->check->reason = reason;
	return fail_undenied(pass, name, response->key->qtype);
}

/* RFC 4035 section 5.4 */
static enum tarn__judged judge_denial(const struct tarn__check_pass *pass)
{
	struct tarn__response *response = pass->response;
	const struct tarn__name *name = &response->end;
	uint16_t type = response->key->qtype;
	struct tarn__suffix end = tarn__check_chain_end(name, type);
	struct tarn__anchor anchor = tarn__check_find_anchor(pass, end);
	if (anchor.kind != TARN__ANCHOR_POSITIVE)
		return TARN__JUDGED_INSECURE;
	enum tarn__judged soa_status = TARN__JUDGED_SECURE;
	struct tarn__name hint;
	int soa = tarn__response_find(response, TARN__ROLE_SOA);
	if (soa >= 0) {
		tarn__rrset_owner(&response->rrsets, tarn__response_rrset(response, (size_t)soa),
				  &hint);
		soa_status = tarn__check_judge_rrset(pass, (size_t)soa);
	}
	enum tarn__judged status = judge_proofs(pass);
	if (soa_status == TARN__JUDGED_PAUSED || soa_status == TARN__JUDGED_BOGUS)
		return soa_status;
	if (status != TARN__JUDGED_SECURE)
		return status;
	if (soa_status == TARN__JUDGED_UNKNOWN)
		return TARN__JUDGED_UNKNOWN;
	struct tarn__name zone = denying_zone(pass, end, anchor.name_len);
	if (zone.len == 0)
		return judge_undenied(pass, end, soa >= 0 ? &hint : NULL, soa_status);
	struct tarn__proofs proofs;
	collect_proofs(pass, &zone, &proofs);
	pass->check->denial = tarn__proofs_deny(&proofs, name, type, &pass->check->budget);
	status = judge_proof(pass, &pass->check->denial,
			     response->rcode == TARN__NXDOMAIN ? TARN__DENIED_NAME
							       : TARN__DENIED_TYPE,
			     name, type);
	return status > soa_status ? status : soa_status;
}

/* RFC 4035 section 5.3.4: of an expansion, that there is no closer name. */
static enum tarn__judged find_expansion_status(const struct tarn__check_pass *pass, size_t place)
{
	const struct tarn__rrsets *rrsets = &pass->response->rrsets;
	const struct tarn__check_rrset *result = &pass->check->rrsets[place];
	const struct tarn__rrset *rrset = &rrsets->at[pass->response->at[place].rrset];
	struct tarn__name owner;
	tarn__rrset_owner(rrsets, rrset, &owner);
	struct tarn__rrsig rrsig = {.labels = result->labels};
	if (result->signer_at == 0 || !tarn__rrsig_is_expansion(&rrsig, &owner))
		return TARN__JUDGED_SECURE;
	enum tarn__judged status = judge_proofs(pass);
	if (status != TARN__JUDGED_SECURE)
		return status;
	struct tarn__proofs proofs;
	struct tarn__name zone = signer_of(pass, place);
	collect_proofs(pass, &zone, &proofs);
	struct tarn__denial_proof proof =
		tarn__proofs_allow_expansion(&proofs, &owner, result->labels, &pass->check->budget);
	return judge_proof(pass, &proof, TARN__DENIED_NAME, &owner, rrset->type);
}

static enum tarn__judged judge_expansion(const struct tarn__check_pass *pass, size_t place)
{
	struct tarn__check_rrset *result = &pass->check->rrsets[place];
	if (result->expansion != 0)
		return (enum tarn__judged)result->expansion;
	enum tarn__judged status = find_expansion_status(pass, place);
	if (status == TARN__JUDGED_SECURE || status == TARN__JUDGED_INSECURE)
		result->expansion = (uint8_t)status;
	return status;
}

/* ---- the whole -------------------------------------------------------------------------- */

static bool is_answer(const struct tarn__response_rrset *it)
{
	return it->role == TARN__ROLE_LINK || it->role == TARN__ROLE_DATA;
}

/* Returns the number of RRsets of the answer that count. */
static size_t answer_count(const struct tarn__check_pass *pass)
{
	size_t count = 0;
	while (count < pass->response->count && is_answer(&pass->response->at[count]))
		count++;
	return pass->in->is_for_chain && pass->response->link_count > 0 && count > 1 ? 1 : count;
}

/* The status of the answer section: the highest, but UNKNOWN if any is not known and none is bogus. */
static enum tarn__judged judge_answer(const struct tarn__check_pass *pass)
{
	enum tarn__judged worst = TARN__JUDGED_SECURE;
	bool is_unknown = false;
	size_t count = answer_count(pass);
	for (size_t i = 0; i < count; i++) {
		enum tarn__judged status = tarn__check_judge_rrset(pass, i);
		if (status == TARN__JUDGED_SECURE)
			status = judge_expansion(pass, i);
		if (status == TARN__JUDGED_PAUSED || status == TARN__JUDGED_BOGUS)
			return status;
		is_unknown |= status == TARN__JUDGED_UNKNOWN;
		worst = status > worst ? status : worst;
	}
	return is_unknown ? TARN__JUDGED_UNKNOWN : worst;
}

static enum tarn__judged judge(const struct tarn__check_pass *pass)
{
	const struct tarn__response *response = pass->response;
	/* A signature that was asked for has no signature itself. */
	if (response->key->qtype == TARN__TYPE_RRSIG && !response->is_negative)
		return TARN__JUDGED_INSECURE;
	enum tarn__judged status = judge_answer(pass);
	/* Without a link the end is QNAME: a response of nothing is never secure. */
	bool has_denial =
		response->is_negative && !(response->link_count > 0 &&
					   (pass->in->is_end_elsewhere || pass->in->is_for_chain));
	if (!has_denial || status == TARN__JUDGED_PAUSED || status == TARN__JUDGED_BOGUS)
		return status;
	enum tarn__judged denied = (enum tarn__judged)pass->check->denial_status;
	if (denied == TARN__JUDGED_UNKNOWN)
		denied = judge_denial(pass);
	if (denied == TARN__JUDGED_SECURE || denied == TARN__JUDGED_INSECURE)
		pass->check->denial_status = (uint8_t)denied;
	if (denied == TARN__JUDGED_PAUSED || denied == TARN__JUDGED_BOGUS)
		return denied;
	if (status == TARN__JUDGED_UNKNOWN || denied == TARN__JUDGED_UNKNOWN)
		return TARN__JUDGED_UNKNOWN;
	return denied > status ? denied : status;
}

/* A CNAME that a DNAME makes lasts no longer than that, which stands before it. */
static void limit_by_dname(const struct tarn__check_pass *pass, struct tarn__rrset *cname)
{
	const struct tarn__rrsets *rrsets = &pass->response->rrsets;
	struct tarn__name owner;
	tarn__rrset_owner(rrsets, cname, &owner);
	int dname = tarn__check_find_dname(pass, &owner);
	if (dname >= 0)
		tarn__rrset_limit_ttl(cname, rrsets->at[pass->response->at[dname].rrset].ttl);
}

/*
 * The TTLs that clients go by are not above that of the whole: of a denial the SOA's (RFC 2308 section 5),
 * and all that was validated without a clock.
 */
static void limit_by_whole(const struct tarn__check_pass *pass)
{
	struct tarn__response *response = pass->response;
	for (size_t i = 0; i < response->count; i++) {
		const struct tarn__response_rrset *it = &response->at[i];
		bool is_undated = pass->in->ignores_dates && pass->check->security == TARN__SECURE;
		if (pass->check->rrsets[i].status != TARN__JUDGED_SECURE ||
		    (it->role != TARN__ROLE_SOA && !is_undated))
			continue;
		tarn__rrset_limit_ttl(tarn__response_rrset(response, i), response->ttl_max);
		if (it->signatures != TARN__NO_RRSET)
			tarn__rrset_limit_ttl(&response->rrsets.at[it->signatures],
					      response->ttl_max);
	}
}

/*
 * RFC 4035 section 5.3.3: no TTL is above the original one, or lasts longer than the signature. What
 * clients without DO do not see limits the whole.
 */
static void limit_ttls(const struct tarn__check_pass *pass)
{
	struct tarn__response *response = pass->response;
	struct tarn__check *check = pass->check;
	for (size_t i = 0; i < response->count; i++) {
		const struct tarn__check_rrset *result = &check->rrsets[i];
		const struct tarn__response_rrset *it = &response->at[i];
		struct tarn__rrset *rrset = tarn__response_rrset(response, i);
		if (result->status != TARN__JUDGED_SECURE)
			continue;
		if (result->signer_at == 0) {
			limit_by_dname(pass, rrset);
			continue;
		}
		tarn__rrset_limit_ttl(rrset, result->ttl);
		tarn__rrset_limit_ttl(&response->rrsets.at[it->signatures], rrset->ttl);
		if (it->role == TARN__ROLE_PROOF && rrset->ttl < response->ttl_max)
			response->ttl_max = rrset->ttl;
		if (check->until == 0 || (int32_t)(result->expiration - check->until) < 0)
			check->until = result->expiration;
	}
	if (pass->in->ignores_dates && check->security == TARN__SECURE &&
	    response->ttl_max > TARN__UNDATED_TTL)
		response->ttl_max = TARN__UNDATED_TTL;
	limit_by_whole(pass);
}

void tarn__check_init(struct tarn__check *check, unsigned *turn)
{
	memset(check, 0, sizeof *check);
	check->budget = tarn__budget_new();
	check->budget.turn = turn;
}

static bool is_reason_of_insecure(uint16_t code)
{
	return code == TARN__EDE_UNSUPPORTED_ALGORITHM || code == TARN__EDE_UNSUPPORTED_DIGEST ||
	       code == TARN__EDE_NSEC3_ITERATIONS;
}

/* What is not looked at is not kept either: signatures that a server adds take room in the cache. */
static void drop_signatures(struct tarn__response *response)
{
	for (size_t i = 0; i < response->count; i++) {
		if (response->at[i].signatures != TARN__NO_RRSET)
			tarn__rrset_truncate(&response->rrsets,
					     &response->rrsets.at[response->at[i].signatures],
					     TARN__SIGNATURES_MAX);
	}
}

enum tarn__check_step tarn__check_run(struct tarn__check *check, const struct tarn__check_input *in)
{
	const struct tarn__check_pass pass = {.check = check, .in = in, .response = in->response};
	drop_signatures(in->response);
	check->need_count = 0;
	enum tarn__judged status = judge(&pass);
	if (status == TARN__JUDGED_PAUSED)
		return TARN__CHECK_PAUSED;
	if (status == TARN__JUDGED_UNKNOWN)
		return TARN__CHECK_NEEDS;
	check->security = (enum tarn__security)(status - 1);
	/* Tries that have failed leave reasons. */
	if (check->security == TARN__SECURE ||
	    (check->security == TARN__INSECURE && !is_reason_of_insecure(check->reason.code)))
		check->reason.code = 0;
	in->response->has_ad = check->security == TARN__SECURE;
	limit_ttls(&pass);
	return TARN__CHECK_DONE;
}
