/* SPDX-License-Identifier: BSD-2-Clause */
/* core/policy/type_filter.c: types that are answered with NODATA. */
#include "core/policy/type_filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/policy/network_list.h"
#include "core/policy/policy.h"

struct tarn__type_filter {
	struct tarn__network_list *clients; /* NULL: all */
	size_t count;
	uint16_t types[TARN_FILTER_TYPES_MAX];
};

static int init(struct tarn__policy *policy, const struct tarn__policy_options *options)
{
	if (options->public->filter_type_count == 0)
		return 0;
	if (options->public->filter_type_count > TARN_FILTER_TYPES_MAX)
		return TARN_EINVAL;
	struct tarn__type_filter *filter = calloc(1, sizeof *filter);
	if (!filter)
		return TARN_ENOMEM;
	policy->type_filter = filter;
	filter->count = options->public->filter_type_count;
	memcpy(filter->types, options->public->filter_types,
	       filter->count * sizeof filter->types[0]);
	if (options->public->filter_client_count == 0)
		return 0;
	filter->clients = tarn__network_list_copy(options->public->filter_clients,
						  options->public->filter_client_count);
	return filter->clients ? 0 : TARN_ENOMEM;
}

static void fini(struct tarn__policy *policy)
{
	if (policy->type_filter)
		tarn__network_list_free(policy->type_filter->clients);
	free(policy->type_filter);
}

bool tarn__type_filter_has(const struct tarn__type_filter *filter,
			   const struct tarn_address *client, uint16_t type)
{
	for (size_t i = 0; i < filter->count; i++) {
		if (filter->types[i] == type)
			return !filter->clients ||
			       (client && tarn__network_list_cover(filter->clients, client));
	}
	return false;
}

enum tarn__policy_action tarn__stage_type_filter_answer(const struct tarn__query *query,
							struct tarn__decision *decision)
{
	return tarn__decision_filtered(decision, query, TARN__NOERROR,
				       "this type is not served here");
}

static bool explain(const struct tarn__policy *policy, const struct tarn__asked *asked,
		    char out[TARN__EXPLANATION_MAX])
{
	(void)policy;
	char type[TARN__WORD_MAX];
	snprintf(out, TARN__EXPLANATION_MAX, "type %s is not served (filter { no })",
		 tarn__type_format(asked->query->qtype, type));
	return asked->action != TARN__POLICY_PASS;
}

const struct tarn__stage tarn__stage_type_filter = {
	.name = "type_filter", .init = init, .fini = fini, .explain = explain};
