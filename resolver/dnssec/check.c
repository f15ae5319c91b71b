/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dnssec/check.c: the status of a response, in this order:
 *
 *	1. each RRset of the answer section: judge_rrset()
 *	2. where one is an expansion of a wildcard, that no closer name exists: judge_expansion()
 *	3. of a negative response the SOA, the proofs, and what they prove: judge_denial()
 *	4. the highest status is the response's, and TTLs are lowered
 *
 * What is not known yet does not stop the check: the needs of all RRsets are collected. A bogus RRset does.
 */
#include "dnssec/check.h"

#include <string.h>

#include "dns/aliases.h"
#include "dnssec/rrsig.h"

/* The status of a part of the response. */
enum status {
	UNKNOWN, /* a need has been noted */
	SECURE = TARN__SECURE + 1,
	INSECURE = TARN__INSECURE + 1,
	BOGUS = TARN__BOGUS + 1,
	PAUSED,
	USELESS, /* of a signature: it says nothing of the RRset */
};

struct run {
	struct tarn__check *check;
	const struct tarn__check_input *in;
	struct tarn__response *response;
};

/* ---- what is known ---------------------------------------------------------------------- */

static enum status fail(const struct run *run, uint16_t code, const char *text, const uint8_t *name,
			uint16_t type)
{
	tarn__reason_set(&run->check->reason, code, "%s: %s/%s", text, tarn__reason_name(name).text,
			 tarn__reason_type(type).text);
	return BOGUS;
}

static enum status take_reason(const struct run *run, const struct tarn__trust *trust,
			       enum status status)
{
	if (trust->reason_code != 0)
		tarn__reason_set(&run->check->reason, trust->reason_code, "%.*s",
				 (int)trust->reason_len, trust->reason);
	return status;
}

/* Returns true if trust of the name may be asked for. */
static bool is_above_chain(const struct run *run, const uint8_t *name, size_t len)
{
	const struct tarn__key *key = run->response->key;
	if (!run->in->is_for_chain)
		return true;
	return len < key->qname_len && tarn__name_is_within(key->qname, key->qname_len, name, len);
}

/* Notes that something has to be known of a name. Trust waits for trust of names above only: there is no cycle. */
static enum status need(const struct run *run, const uint8_t *name, size_t len, bool is_signer)
{
	struct tarn__check *check = run->check;
	if (!is_above_chain(run, name, len))
		return fail(run, TARN__EDE_BOGUS,
			    "an answer of the child zone instead of the parent's",
			    run->response->key->qname, run->response->key->qtype);
	for (size_t i = 0; i < check->need_count; i++) {
		if (check->need[i].name.len == len &&
		    tarn__name_is_equal(check->need[i].name.octets, name, len))
			return UNKNOWN;
	}
	if (check->need_count == TARN__NEEDS_AT_ONCE)
		return UNKNOWN;
	if (check->needs == TARN__NEEDS_MAX) {
		tarn__reason_set(&check->reason, TARN__EDE_BOGUS,
				 "more than %d zones would have to be looked up", TARN__NEEDS_MAX);
		return BOGUS;
	}
	check->needs++;
	struct tarn__check_need *needed = &check->need[check->need_count++];
	needed->is_signer = is_signer;
	needed->name.len = len;
	tarn__name_fold(needed->name.octets, name, len);
	return UNKNOWN;
}

static bool find(const struct run *run, const uint8_t *name, size_t len, struct tarn__trust *out)
{
	return run->in->known->find(run->in->known->data, name, len, out);
}

/* A name without its first label; the root stays. */
struct suffix {
	const uint8_t *name;
	size_t len;
};

static struct suffix parent(struct suffix name)
{
	size_t label = name.len > 1 ? (size_t)name.name[0] + 1 : 0;
	return (struct suffix){name.name + label, name.len - label};
}

static struct suffix suffix_of(const struct tarn__name *name)
{
	return (struct suffix){name->octets, name->len};
}

/* The DS of a name is its parent's data: where the chain for data of that name and type ends. */
static struct suffix chain_end(const struct tarn__name *name, uint16_t type)
{
	return type == TARN__TYPE_DS ? parent(suffix_of(name)) : suffix_of(name);
}

static struct tarn__anchor find_anchor(const struct run *run, struct suffix name)
{
	return tarn__anchors_find(run->in->anchors, name.name, name.len);
}

/* ---- data without a signature ----------------------------------------------------------- */

static unsigned labels_between(struct suffix deep, size_t high_len)
{
	unsigned count = 0;
	for (; deep.len > high_len; deep = parent(deep))
		count++;
	return count;
}

/* The suffix of deep that has one label more than high_len octets. */
static struct suffix next_below(struct suffix deep, size_t high_len)
{
	while (parent(deep).len > high_len)
		deep = parent(deep);
	return deep;
}

/*
 * Chooses the next name to know of, between a known one of known_len octets and the end of the chain. Deep names are
 * asked for at once, and the zone that an SOA names is a hint (docs/decisions/dnssec.md): reverse names have 32
 * labels. Neither proves anything.
 */
static enum status need_below(const struct run *run, struct suffix end, size_t known_len,
			      const struct tarn__name *hint)
{
	enum { STEPS_MAX = 4 };
	struct suffix next = next_below(end, known_len);
	if (hint && hint->len > known_len && hint->len <= end.len &&
	    tarn__name_is_within(end.name, end.len, hint->octets, hint->len))
		next = suffix_of(hint);
	else if (!run->in->is_for_chain && labels_between(end, known_len) > STEPS_MAX)
		next = end;
	return need(run, next.name, next.len, false);
}

/*
 * RFC 4035 section 4.3: data without a signature is insecure if a name above it, or the end of the chain, is proved to
 * be. Else it is bogus.
 */
static enum status prove_insecure(const struct run *run, struct suffix end,
				  const struct tarn__name *hint, const struct tarn__name *owner,
				  uint16_t type)
{
	struct tarn__anchor anchor = find_anchor(run, end);
	if (anchor.kind != TARN__ANCHOR_POSITIVE)
		return INSECURE;
	struct tarn__trust trust;
	struct suffix at = end;
	/* From the end upwards: the deepest name of which something is known. */
	while (!find(run, at.name, at.len, &trust)) {
		if (at.len == anchor.name_len)
			return need(run, at.name, at.len, true);
		at = parent(at);
	}
	switch (trust.kind) {
	case TARN__TRUST_INSECURE:
		return take_reason(run, &trust, INSECURE);
	case TARN__TRUST_BOGUS:
		return take_reason(run, &trust, BOGUS);
	case TARN__TRUST_KEYS:
	case TARN__TRUST_NO_CUT:
		break;
	}
	if (at.len < end.len)
		return need_below(run, end, at.len, hint);
	return fail(run, TARN__EDE_RRSIGS_MISSING, "no signature where there should be one",
		    owner->octets, type);
}

/* ---- signed data ------------------------------------------------------------------------ */

static enum status verify(const struct run *run, size_t place, const struct tarn__name *zone,
			  const struct tarn__trust *trust, size_t signer_at)
{
	struct tarn__check *check = run->check;
	const struct tarn__response_rrset *it = &run->response->at[place];
	const struct tarn__rrsets *rrsets = &run->response->rrsets;
	const struct tarn__verify_context context = {
		.now = run->in->now,
		.ignores_dates = run->in->ignores_dates,
		.budget = &check->budget,
		.data = run->in->data,
	};
	struct tarn__verified verified;
	if (check->verifying != place + 1)
		check->progress = (struct tarn__verify_progress){0};
	check->verifying = (uint8_t)(place + 1);
	switch (tarn__rrset_verify(&context, rrsets, &rrsets->at[it->rrset],
				   &rrsets->at[it->signatures], zone, trust, &check->progress,
				   &verified, &check->reason)) {
	case TARN__VERIFY_PAUSED:
		return PAUSED;
	case TARN__NOT_VERIFIED:
		return BOGUS;
	case TARN__VERIFIED:
		break;
	}
	struct tarn__check_rrset *result = &check->rrsets[place];
	result->labels = (uint8_t)verified.labels;
	result->ttl = verified.ttl;
	result->expiration = verified.expiration;
	result->signer_at = (uint16_t)signer_at;
	return SECURE;
}

/* The status by the signatures of one signer. */
static enum status judge_by_signer(const struct run *run, size_t place,
				   const struct tarn__name *signer, size_t signer_at)
{
	struct tarn__trust trust;
	if (find_anchor(run, suffix_of(signer)).kind != TARN__ANCHOR_POSITIVE)
		return INSECURE;
	if (!find(run, signer->octets, signer->len, &trust))
		return need(run, signer->octets, signer->len, true);
	switch (trust.kind) {
	case TARN__TRUST_KEYS:
		return verify(run, place, signer, &trust, signer_at);
	case TARN__TRUST_INSECURE:
		return take_reason(run, &trust, INSECURE);
	case TARN__TRUST_BOGUS:
		return take_reason(run, &trust, BOGUS);
	case TARN__TRUST_NO_CUT:
		break;
	}
	/* A name that is no zone signs nothing. */
	return USELESS;
}

/*
 * Finds the deepest signer of fewer octets than below whose signatures may be tried. Returns the offset of its name in
 * the message; 0: there is none.
 */
static size_t find_signer(const struct run *run, const struct tarn__rrset *signatures,
			  const struct tarn__name *owner, uint16_t type, size_t anchor_len,
			  size_t below, struct tarn__name *out)
{
	const struct tarn__rrsets *rrsets = &run->response->rrsets;
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
		    !is_above_chain(run, rrsig.signer, rrsig.signer_len))
			continue;
		found_at = (size_t)(rrsig.signer - rrsets->wire);
		out->len = rrsig.signer_len;
		tarn__name_fold(out->octets, rrsig.signer, rrsig.signer_len);
	}
	return found_at;
}

/* The deepest signer counts whose name is a zone; USELESS: there is none. */
static enum status judge_by_signatures(const struct run *run, size_t place,
				       const struct tarn__name *owner, size_t anchor_len)
{
	const struct tarn__response_rrset *it = &run->response->at[place];
	const struct tarn__rrsets *rrsets = &run->response->rrsets;
	size_t below = SIZE_MAX;
	if (it->signatures == TARN__NO_RRSET)
		return USELESS;
	for (;;) {
		struct tarn__name signer;
		size_t at = find_signer(run, &rrsets->at[it->signatures], owner,
					rrsets->at[it->rrset].type, anchor_len, below, &signer);
		if (at == 0)
			return USELESS;
		enum status status = judge_by_signer(run, place, &signer, at);
		if (status != USELESS)
			return status;
		below = signer.len;
	}
}

/* ---- a CNAME of a DNAME ----------------------------------------------------------------- */

/* Finds the kept DNAME that is the nearest above a name. Returns its place; -1: there is none. */
static int find_dname(const struct run *run, const struct tarn__name *name)
{
	const struct tarn__response *response = run->response;
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

static enum status judge_rrset(const struct run *run, size_t place);

/*
 * RFC 6672 section 5.3.1: a CNAME that a DNAME makes has no signature of its own; it is as secure as the DNAME. USELESS:
 * there is no DNAME.
 */
static enum status judge_made_cname(const struct run *run, const struct tarn__rrset *cname,
				    const struct tarn__name *owner)
{
	const struct tarn__rrsets *rrsets = &run->response->rrsets;
	int dname = find_dname(run, owner);
	if (dname < 0)
		return USELESS;
	enum status status = judge_rrset(run, (size_t)dname);
	struct tarn__name target, made;
	if (status != SECURE || cname->made)
		return status;
	if (tarn__aliases_substitute(rrsets, &rrsets->at[run->response->at[dname].rrset], owner,
				     &made) &&
	    tarn__alias_target(rrsets, cname, &target) && target.len == made.len &&
	    tarn__name_is_equal(target.octets, made.octets, made.len))
		return SECURE;
	return fail(run, TARN__EDE_BOGUS, "another CNAME than the DNAME makes", owner->octets,
		    TARN__TYPE_CNAME);
}

/* ---- one RRset -------------------------------------------------------------------------- */

/*
 * A proof counts by its signer alone: its owner may be a name below which another anchor holds. One that is of no use is as if
 * it were not there.
 */
static enum status find_proof_status(const struct run *run, size_t place,
				     const struct tarn__name *owner)
{
	enum status status = judge_by_signatures(run, place, owner, 0);
	return status == USELESS ? INSECURE : status;
}

static enum status find_status(const struct run *run, size_t place)
{
	const struct tarn__response_rrset *it = &run->response->at[place];
	const struct tarn__rrset *rrset = &run->response->rrsets.at[it->rrset];
	struct tarn__name owner;
	tarn__rrset_owner(&run->response->rrsets, rrset, &owner);
	if (it->role == TARN__ROLE_PROOF)
		return find_proof_status(run, place, &owner);
	struct suffix end = chain_end(&owner, rrset->type);
	struct tarn__anchor anchor = find_anchor(run, end);
	if (anchor.kind != TARN__ANCHOR_POSITIVE)
		return INSECURE;
	enum status status = judge_by_signatures(run, place, &owner, anchor.name_len);
	if (status == USELESS && rrset->type == TARN__TYPE_CNAME)
		status = judge_made_cname(run, rrset, &owner);
	if (status == USELESS)
		status = prove_insecure(run, end, it->role == TARN__ROLE_SOA ? &owner : NULL,
					&owner, rrset->type);
	return status;
}

static enum status judge_rrset(const struct run *run, size_t place)
{
	struct tarn__check_rrset *result = &run->check->rrsets[place];
	if (result->status != 0)
		return (enum status)result->status;
	enum status status = find_status(run, place);
	if (status == SECURE || status == INSECURE || status == BOGUS)
		result->status = (uint8_t)status;
	return status;
}

/* ---- denial ----------------------------------------------------------------------------- */

/* The signer of an RRset that is secure; an empty name: none, it is a made CNAME. */
static struct tarn__name signer_of(const struct run *run, size_t place)
{
	struct tarn__name signer = {0};
	size_t at = run->check->rrsets[place].signer_at;
	const struct tarn__rrsets *rrsets = &run->response->rrsets;
	if (at > 0) {
		signer.len = tarn__name_span(rrsets->wire + at, rrsets->len - at);
		tarn__name_fold(signer.octets, rrsets->wire + at, signer.len);
	}
	return signer;
}

/* Judges all proofs. Returns SECURE unless one is UNKNOWN, PAUSED or BOGUS. */
static enum status judge_proofs(const struct run *run)
{
	const struct tarn__response *response = run->response;
	enum status worst = SECURE;
	for (size_t i = 0; i < response->count; i++) {
		if (response->at[i].role != TARN__ROLE_PROOF)
			continue;
		enum status status = judge_rrset(run, i);
		if (status == PAUSED || status == BOGUS)
			return status;
		if (status == UNKNOWN)
			worst = UNKNOWN;
	}
	return worst;
}

/* Collects the secure proofs of one zone. */
static void collect_proofs(const struct run *run, const struct tarn__name *zone,
			   struct tarn__proofs *out)
{
	const struct tarn__response *response = run->response;
	out->rrsets = &response->rrsets;
	out->zone = *zone;
	out->count = 0;
	for (size_t i = 0; i < response->count; i++) {
		if (response->at[i].role != TARN__ROLE_PROOF ||
		    run->check->rrsets[i].status != SECURE)
			continue;
		struct tarn__name signer = signer_of(run, i);
		if (signer.len == zone->len &&
		    tarn__name_is_equal(signer.octets, zone->octets, zone->len))
			out->at[out->count++] = response->at[i].rrset;
	}
}

/* The deepest signer of secure proofs that a name is in. An empty name: there is none. */
static struct tarn__name denying_zone(const struct run *run, struct suffix name)
{
	struct tarn__name zone = {0};
	for (size_t i = 0; i < run->response->count; i++) {
		if (run->response->at[i].role != TARN__ROLE_PROOF ||
		    run->check->rrsets[i].status != SECURE)
			continue;
		struct tarn__name signer = signer_of(run, i);
		if (signer.len > zone.len &&
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
static enum status fail_undenied(const struct run *run, const struct tarn__name *name,
				 uint16_t type)
{
	if (run->in->has_unsigned_proofs || tarn__check_has_unsigned_proofs(run->response))
		return fail(run, TARN__EDE_RRSIGS_MISSING,
			    "the proof that it does not exist is not signed", name->octets, type);
	return fail(run, TARN__EDE_NSEC_MISSING, "no proof that it does not exist", name->octets,
		    type);
}

/* The status of something that has been denied, or not. */
static enum status judge_proof(const struct run *run, const struct tarn__denial_proof *proof,
			       enum tarn__denied needed, const struct tarn__name *name,
			       uint16_t type)
{
	struct tarn__check *check = run->check;
	if (proof->has_too_many_iterations) {
		tarn__reason_set(&check->reason, TARN__EDE_NSEC3_ITERATIONS,
				 "NSEC3 with more than %d iterations: %s",
				 TARN__NSEC3_ITERATIONS_MAX, tarn__reason_name(name->octets).text);
		return INSECURE;
	}
	if (proof->denied == needed)
		return proof->is_opt_out ? INSECURE : SECURE;
	/* RFC 5155 section 8.6: of the DS below an opt-out cover no more can be proved. */
	if (type == TARN__TYPE_DS && proof->denied == TARN__DENIED_TYPE && proof->is_opt_out)
		return INSECURE;
	if (check->budget.exceeded) {
		tarn__reason_set(&check->reason, TARN__EDE_BOGUS, "too many %s",
				 check->budget.exceeded);
		return BOGUS;
	}
	return fail_undenied(run, name, type);
}

/* Nothing that has been verified denies the name. Where the SOA is secure, it is the zone that does not. */
static enum status judge_undenied(const struct run *run, struct suffix end,
				  const struct tarn__name *hint, enum status soa_status)
{
	const struct tarn__response *response = run->response;
	const struct tarn__name *name = &response->end;
	if (hint && soa_status == SECURE)
		return fail_undenied(run, name, response->key->qtype);
	struct tarn__reason reason = run->check->reason;
	enum status status = prove_insecure(run, end, hint, name, response->key->qtype);
	if (status != BOGUS || run->check->reason.code != TARN__EDE_RRSIGS_MISSING)
		return status;
	run->check->reason = reason;
	return fail_undenied(run, name, response->key->qtype);
}

/* Finds the place of the SOA; -1: there is none. */
static int find_soa(const struct tarn__response *response)
{
	for (size_t i = 0; i < response->count; i++) {
		if (response->at[i].role == TARN__ROLE_SOA)
			return (int)i;
	}
	return -1;
}

/* RFC 4035 section 5.4 */
static enum status judge_denial(const struct run *run)
{
	struct tarn__response *response = run->response;
	const struct tarn__name *name = &response->end;
	uint16_t type = response->key->qtype;
	struct suffix end = chain_end(name, type);
	if (find_anchor(run, end).kind != TARN__ANCHOR_POSITIVE)
		return INSECURE;
	enum status soa_status = SECURE;
	struct tarn__name hint;
	int soa = find_soa(response);
	if (soa >= 0) {
		tarn__rrset_owner(&response->rrsets, tarn__response_rrset(response, (size_t)soa),
				  &hint);
		soa_status = judge_rrset(run, (size_t)soa);
	}
	enum status status = judge_proofs(run);
	if (soa_status == PAUSED || soa_status == BOGUS)
		return soa_status;
	if (status != SECURE)
		return status;
	if (soa_status == UNKNOWN)
		return UNKNOWN;
	struct tarn__name zone = denying_zone(run, end);
	if (zone.len == 0)
		return judge_undenied(run, end, soa >= 0 ? &hint : NULL, soa_status);
	struct tarn__proofs proofs;
	collect_proofs(run, &zone, &proofs);
	run->check->denial = tarn__proofs_deny(&proofs, name, type, &run->check->budget);
	status = judge_proof(run, &run->check->denial,
			     response->rcode == TARN__NXDOMAIN ? TARN__DENIED_NAME
							       : TARN__DENIED_TYPE,
			     name, type);
	return status > soa_status ? status : soa_status;
}

/* RFC 4035 section 5.3.4: of an expansion, that there is no closer name. */
static enum status find_expansion_status(const struct run *run, size_t place)
{
	const struct tarn__rrsets *rrsets = &run->response->rrsets;
	const struct tarn__check_rrset *result = &run->check->rrsets[place];
	const struct tarn__rrset *rrset = &rrsets->at[run->response->at[place].rrset];
	struct tarn__name owner;
	tarn__rrset_owner(rrsets, rrset, &owner);
	struct tarn__rrsig rrsig = {.labels = result->labels};
	if (result->signer_at == 0 || !tarn__rrsig_is_expansion(&rrsig, &owner))
		return SECURE;
	enum status status = judge_proofs(run);
	if (status != SECURE)
		return status;
	struct tarn__proofs proofs;
	struct tarn__name zone = signer_of(run, place);
	collect_proofs(run, &zone, &proofs);
	struct tarn__denial_proof proof =
		tarn__proofs_allow_expansion(&proofs, &owner, result->labels, &run->check->budget);
	return judge_proof(run, &proof, TARN__DENIED_NAME, &owner, rrset->type);
}

static enum status judge_expansion(const struct run *run, size_t place)
{
	struct tarn__check_rrset *result = &run->check->rrsets[place];
	if (result->expansion != 0)
		return (enum status)result->expansion;
	enum status status = find_expansion_status(run, place);
	if (status == SECURE || status == INSECURE)
		result->expansion = (uint8_t)status;
	return status;
}

/* ---- the whole -------------------------------------------------------------------------- */

static bool is_answer(const struct tarn__response_rrset *it)
{
	return it->role == TARN__ROLE_LINK || it->role == TARN__ROLE_DATA;
}

/* Returns the number of RRsets of the answer that count. */
static size_t answer_count(const struct run *run)
{
	size_t count = 0;
	while (count < run->response->count && is_answer(&run->response->at[count]))
		count++;
	return run->in->is_for_chain && run->response->link_count > 0 && count > 1 ? 1 : count;
}

/* The status of the answer section: the highest, but UNKNOWN if any is not known and none is bogus. */
static enum status judge_answer(const struct run *run)
{
	enum status worst = SECURE;
	bool is_unknown = false;
	size_t count = answer_count(run);
	for (size_t i = 0; i < count; i++) {
		enum status status = judge_rrset(run, i);
		if (status == SECURE)
			status = judge_expansion(run, i);
		if (status == PAUSED || status == BOGUS)
			return status;
		is_unknown |= status == UNKNOWN;
		worst = status > worst ? status : worst;
	}
	return is_unknown ? UNKNOWN : worst;
}

static enum status judge(const struct run *run)
{
	const struct tarn__response *response = run->response;
	/* A signature that was asked for has no signature itself. */
	if (response->key->qtype == TARN__TYPE_RRSIG && !response->is_negative)
		return INSECURE;
	enum status status = judge_answer(run);
	/* Without a link the end is QNAME: a response of nothing is never secure. */
	bool has_denial =
		response->is_negative &&
		!(response->link_count > 0 && (run->in->is_end_elsewhere || run->in->is_for_chain));
	if (!has_denial || status == PAUSED || status == BOGUS)
		return status;
	enum status denied = (enum status)run->check->denial_status;
	if (denied == UNKNOWN)
		denied = judge_denial(run);
	if (denied == SECURE || denied == INSECURE)
		run->check->denial_status = (uint8_t)denied;
	if (denied == PAUSED || denied == BOGUS)
		return denied;
	if (status == UNKNOWN || denied == UNKNOWN)
		return UNKNOWN;
	return denied > status ? denied : status;
}

/* A CNAME that a DNAME makes lasts no longer than that, which stands before it. */
static void limit_by_dname(const struct run *run, struct tarn__rrset *cname)
{
	const struct tarn__rrsets *rrsets = &run->response->rrsets;
	struct tarn__name owner;
	tarn__rrset_owner(rrsets, cname, &owner);
	int dname = find_dname(run, &owner);
	if (dname >= 0)
		tarn__rrset_limit_ttl(cname, rrsets->at[run->response->at[dname].rrset].ttl);
}

/*
 * The TTLs that clients go by are not above that of the whole: of a denial the SOA's (RFC 2308 section 5), and all that was
 * validated without a clock.
 */
static void limit_by_whole(const struct run *run)
{
	struct tarn__response *response = run->response;
	for (size_t i = 0; i < response->count; i++) {
		const struct tarn__response_rrset *it = &response->at[i];
		bool is_undated = run->in->ignores_dates && run->check->security == TARN__SECURE;
		if (run->check->rrsets[i].status != SECURE ||
		    (it->role != TARN__ROLE_SOA && !is_undated))
			continue;
		tarn__rrset_limit_ttl(tarn__response_rrset(response, i), response->ttl_max);
		if (it->signatures != TARN__NO_RRSET)
			tarn__rrset_limit_ttl(&response->rrsets.at[it->signatures],
					      response->ttl_max);
	}
}

/*
 * RFC 4035 section 5.3.3: no TTL is above the original one, or lasts longer than the signature. What clients without DO
 * do not see limits the whole.
 */
static void limit_ttls(const struct run *run)
{
	struct tarn__response *response = run->response;
	struct tarn__check *check = run->check;
	for (size_t i = 0; i < response->count; i++) {
		const struct tarn__check_rrset *result = &check->rrsets[i];
		const struct tarn__response_rrset *it = &response->at[i];
		struct tarn__rrset *rrset = tarn__response_rrset(response, i);
		if (result->status != SECURE)
			continue;
		if (result->signer_at == 0) {
			limit_by_dname(run, rrset);
			continue;
		}
		tarn__rrset_limit_ttl(rrset, result->ttl);
		tarn__rrset_limit_ttl(&response->rrsets.at[it->signatures], rrset->ttl);
		if (it->role == TARN__ROLE_PROOF && rrset->ttl < response->ttl_max)
			response->ttl_max = rrset->ttl;
		if (check->until == 0 || (int32_t)(result->expiration - check->until) < 0)
			check->until = result->expiration;
	}
	if (run->in->ignores_dates && check->security == TARN__SECURE &&
	    response->ttl_max > TARN__UNDATED_TTL)
		response->ttl_max = TARN__UNDATED_TTL;
	limit_by_whole(run);
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
	const struct run run = {.check = check, .in = in, .response = in->response};
	drop_signatures(in->response);
	check->need_count = 0;
	enum status status = judge(&run);
	if (status == PAUSED)
		return TARN__CHECK_PAUSED;
	if (status == UNKNOWN)
		return TARN__CHECK_NEEDS;
	check->security = (enum tarn__security)(status - 1);
	/* Tries that have failed leave reasons. */
	if (check->security == TARN__SECURE ||
	    (check->security == TARN__INSECURE && !is_reason_of_insecure(check->reason.code)))
		check->reason.code = 0;
	in->response->has_ad = check->security == TARN__SECURE;
	limit_ttls(&run);
	return TARN__CHECK_DONE;
}
