/* SPDX-License-Identifier: BSD-2-Clause */
/* core/forward/validation.c: checks of answers, and what they come to. */
#include "core/forward/validation.h"

#include "core/forward/attempt.h"
#include "core/forward/checking.h"
#include "core/forward/cname.h"
#include "core/forward/forwarder.h"
#include "core/forward/lookup.h"
#include "core/forward/outstanding.h"
#include "core/forward/reasons.h"
#include "dns/answer.h"
#include "rtcache.h"

/* ---- the result ------------------------------------------------------------------------- */

static enum tarn__remark remark_of(const struct tarn__check *check)
{
	if (check->security == TARN__SECURE)
		return TARN__REMARK_NONE;
	switch (check->reason.code) {
	case TARN__EDE_UNSUPPORTED_ALGORITHM:
		return TARN__REMARK_UNSUPPORTED_ALGORITHM;
	case TARN__EDE_UNSUPPORTED_DIGEST:
		return TARN__REMARK_UNSUPPORTED_DIGEST;
	case TARN__EDE_NSEC3_ITERATIONS:
		return TARN__REMARK_NSEC3_ITERATIONS;
	default:
		return TARN__REMARK_INSECURE;
	}
}

/* The check has ended. */
static void finish(struct tarn__lookup *lookup, const struct tarn__check *check)
{
	struct tarn__forwarder *forwarder = lookup->forwarder;
	struct tarn__scratch *scratch = forwarder->scratch;
	struct tarn__answer answer;
	tarn__validated_function *done = lookup->validated;
	int error = 0;
	forwarder->validation.secure += check->security == TARN__SECURE;
	forwarder->validation.insecure += check->security == TARN__INSECURE;
	if (check->security == TARN__BOGUS) {
		error = tarn__reasons_add(forwarder->reasons, &check->reason);
	} else {
		tarn__answer_classify(&scratch->response, &answer);
		tarn__answer_write(&scratch->response, lookup->key.dnssec_ok, scratch->stored,
				   &answer);
		if (answer.answer_class != TARN__ANSWER_GOOD)
			error = TARN_EANSWER;
		else
			tarn__stored_set_remark(scratch->stored, remark_of(check));
	}
	tarn__validation_drop(lookup);
	done(lookup, error, error == 0 ? &answer : NULL);
}

static void fail(struct tarn__lookup *lookup, int error)
{
	tarn__validated_function *done = lookup->validated;
	lookup->forwarder->validation.indeterminate++;
	lookup->is_indeterminate = true;
	tarn__validation_drop(lookup);
	done(lookup, error, NULL);
}

/* ---- the check -------------------------------------------------------------------------- */

static void resume(struct tarn__checking *);

/* Keeps the check and the message: the lookup waits. Returns false if out of memory. */
static bool keep(struct tarn__lookup *lookup, const struct tarn__check *check)
{
	const struct tarn__rrsets *rrsets = &lookup->forwarder->scratch->response.rrsets;
	lookup->checking =
		tarn__checking_new(lookup->forwarder, rtcache_lookup_extra(lookup->handle), resume,
				   check, rrsets->wire, rrsets->len);
	if (!lookup->checking)
		return false;
	lookup->checking->owner = lookup;
	tarn__outstanding_recall(lookup);
	tarn__lookup_move(lookup, TARN__LOOKUP_CHECKING);
	tarn__timer_start(lookup->forwarder->timers, &lookup->timer, lookup->deadline_ms);
	lookup->error = TARN_ETIMEOUT;
	return true;
}

/* Runs the check of the response in the scratch until it ends or has to wait. */
static void run(struct tarn__lookup *lookup, struct tarn__check *check)
{
	struct tarn__forwarder *forwarder = lookup->forwarder;
	struct tarn__response *response = &forwarder->scratch->response;
	const struct tarn__checking_how how = {
		.is_end_elsewhere = tarn__chain_leads_to(lookup, &response->end),
	};
	for (;;) {
		enum tarn__check_step step =
			tarn__checking_run(forwarder, lookup->checking, check, response, &how);
		if (step == TARN__CHECK_DONE) {
			finish(lookup, check);
			return;
		}
		if (!lookup->checking && !keep(lookup, check)) {
			fail(lookup, TARN_EBUSY);
			return;
		}
		check = &lookup->checking->check;
		if (tarn__checking_wait(lookup->checking, step))
			return;
		if (lookup->checking->error < 0) {
			fail(lookup, lookup->checking->error);
			return;
		}
	}
}

static void resume(struct tarn__checking *checking)
{
	struct tarn__lookup *lookup = checking->owner;
	if (checking->error < 0)
		fail(lookup, checking->error);
	else if (!tarn__checking_parse(checking, &lookup->asked,
				       &lookup->forwarder->scratch->response))
		fail(lookup, TARN_EANSWER);
	else
		run(lookup, &checking->check);
}

void tarn__validation_begin(struct tarn__lookup *lookup, tarn__validated_function *done)
{
	struct tarn__check check;
	lookup->validated = done;
	tarn__check_init(&check, &lookup->forwarder->turn_work);
	run(lookup, &check);
}

void tarn__validation_drop(struct tarn__lookup *lookup)
{
	tarn__checking_free(lookup->checking);
	lookup->checking = NULL;
}

/* ---- questions of the chain ------------------------------------------------------------- */

/* Returns true if an RRset of the role lacks signatures. A CNAME beside a DNAME needs none. */
static bool lacks_signatures(const struct tarn__response *response, enum tarn__role role)
{
	int place = tarn__response_find(response, role);
	return place >= 0 && response->at[place].signatures == TARN__NO_RRSET;
}

/* Returns true if the SOA of a denial is that of the name itself: the child has been asked. */
static bool is_of_child(struct tarn__response *response)
{
	int soa = tarn__response_find(response, TARN__ROLE_SOA);
	struct tarn__name owner;
	if (soa < 0)
		return false;
	tarn__rrset_owner(&response->rrsets, tarn__response_rrset(response, (size_t)soa), &owner);
	return owner.len > 1 && owner.len == response->key->qname_len;
}

int tarn__validation_chain_fault(struct tarn__response *response)
{
	bool is_ds = response->key->qtype == TARN__TYPE_DS;
	if (response->link_count > 0)
		return is_ds && !lacks_signatures(response, TARN__ROLE_LINK) ? 0 : TARN_ENODS;
	/* A DS may be without in a zone that is insecure itself. */
	if (!response->is_negative)
		return !is_ds && lacks_signatures(response, TARN__ROLE_DATA) ? TARN_ENOSIGNATURES
									     : 0;
	return is_ds && is_of_child(response) ? TARN_ENODS : 0;
}

bool tarn__validation_has_signatures(const struct tarn__response *response)
{
	for (size_t i = 0; i < response->count; i++) {
		if (response->at[i].signatures != TARN__NO_RRSET)
			return true;
	}
	return false;
}
