/* SPDX-License-Identifier: BSD-2-Clause */
/* core/policy/answer_filter.c: addresses that are taken out of answers. */
#include "core/policy/answer_filter.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/policy/name_list.h"
#include "core/policy/policy.h"
#include "core/policy/type_filter.h"
#include "dns/filter.h"

struct tarn__answer_filter {
	struct tarn__name_list *exempt; /* NULL: none */
};

static int init(struct tarn__policy *policy, const struct tarn__policy_options *all)
{
	const struct tarn_options *options = all->public;
	if (!options->filter_private)
		return 0;
	policy->answer_filter = calloc(1, sizeof *policy->answer_filter);
	if (!policy->answer_filter)
		return TARN_ENOMEM;
	if (options->private_name_count == 0)
		return 0;
	return tarn__name_list_new(options->private_names, options->private_name_count,
				   &policy->answer_filter->exempt);
}

static void fini(struct tarn__policy *policy)
{
	if (policy->answer_filter)
		tarn__name_list_free(policy->answer_filter->exempt);
	free(policy->answer_filter);
}

static bool is_private(void *arg, const struct tarn__record *record, const uint8_t *address,
		       size_t len)
{
	const struct tarn__name_list *exempt = arg;
	bool is_bad =
		len == 4 ? tarn__address_is_private4(address) : tarn__address_is_private6(address);
	return is_bad &&
	       !(exempt && tarn__name_list_cover(exempt, record->owner, record->owner_len));
}

static struct tarn__filter make_filter(const struct tarn__policy *policy,
				       const struct tarn__answer_view *view)
{
	struct tarn__filter filter = {0};
	const struct tarn__query *query = view->query;
	struct tarn__name_list *exempt =
		policy->answer_filter ? policy->answer_filter->exempt : NULL;
	if (policy->answer_filter && !view->is_private &&
	    !(exempt && tarn__name_list_cover(exempt, query->qname, query->qname_len))) {
		filter.is_bad_address = is_private;
		filter.arg = exempt;
	}
	return filter;
}

static bool takes_any(const struct tarn__filtered *filtered)
{
	return filtered->addresses + filtered->hints + filtered->records > 0;
}

static void set_hints(const struct tarn__policy *policy, const struct tarn__answer_view *view,
		      struct tarn__filter *filter)
{
	if (!policy->type_filter)
		return;
	filter->has_no_ipv4hint =
		tarn__type_filter_has(policy->type_filter, view->client, TARN__TYPE_A);
	filter->has_no_ipv6hint =
		tarn__type_filter_has(policy->type_filter, view->client, TARN__TYPE_AAAA);
}

/* Returns true if there is something that some clients may not get. */
static bool has_hints(const struct tarn__policy *policy, const struct tarn__answer_view *view)
{
	if (!policy->type_filter)
		return false;
	const struct tarn__filter all = {.has_no_ipv4hint = true, .has_no_ipv6hint = true};
	struct tarn__filtered filtered = tarn__filter_count(&all, view->message, view->message_len);
	return takes_any(&filtered);
}

enum tarn__policy_action tarn__stage_answer_filter_apply(const struct tarn__policy *policy,
							 struct tarn__answer_view *view,
							 struct tarn__decision *decision)
{
	struct tarn__filter filter = make_filter(policy, view);
	set_hints(policy, view, &filter);
	struct tarn__filtered filtered =
		tarn__filter_count(&filter, view->message, view->message_len);
	view->is_clear &= !takes_any(&filtered) && !has_hints(policy, view);
	if (!takes_any(&filtered))
		return TARN__POLICY_PASS;
	size_t len = tarn__filter_apply(&filter, view->message, view->message_len, view->other,
					&filtered);
	bool has_addresses = filtered.addresses > 0;
	bool has_any_left = has_addresses ? filtered.addresses_left > 0
					  : filtered.records == 0 || filtered.records_left > 0;
	if (len > 0 && has_any_left &&
	    tarn__decision_message(decision, view->query, view->other, len))
		return TARN__POLICY_ANSWER;
	return tarn__decision_filtered(decision, view->query, TARN__NOERROR,
				       has_addresses ? "its addresses are private"
						     : "none of its services is left");
}

static bool explain(const struct tarn__policy *policy, const struct tarn__asked *asked,
		    char out[TARN__EXPLANATION_MAX])
{
	(void)policy;
	snprintf(out, TARN__EXPLANATION_MAX,
		 "addresses are taken out of the answer: private ones, or hints (filter)");
	return asked->action != TARN__POLICY_PASS;
}

const struct tarn__stage tarn__stage_answer_filter = {
	.name = "answer_filter", .init = init, .fini = fini, .explain = explain};
