/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/chaos.c: class CH. The answers are made once: a stored form depends neither on the spelling of
 * the question nor, where its only owner is the question's name, on that name.
 */
#include "core/policy/chaos.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/policy/policy.h"
#include "dns/local.h"
#include "dns/name.h"

enum { STRING_MAX = 255 /* octets; RFC 1035 section 3.3 */ };

struct answer {
	size_t len; /* 0: there is none */
	uint8_t stored[TARN__LOCAL_MAX];
};

struct tarn__chaos {
	struct answer version, identity;
};

static const struct name {
	const char *qname;
	size_t len;
	bool is_identity;
} names[] = {
	{"\7version\4bind", sizeof("\7version\4bind"), false},
	{"\7version\6server", sizeof("\7version\6server"), false},
	{"\2id\6server", sizeof("\2id\6server"), true},
	{"\10hostname\4bind", sizeof("\10hostname\4bind"), true},
};

/* A TXT record of one string. NULL: none. */
static void set_answer(struct answer *answer, const char *text)
{
	if (!text)
		return;
	const struct tarn__query query = {
		.qname = (const uint8_t *)names[0].qname,
		.qname_len = (uint16_t)names[0].len,
		.qclass = TARN__CLASS_CH,
	};
	uint8_t rdata[1 + STRING_MAX];
	size_t len = strnlen(text, STRING_MAX);
	rdata[0] = (uint8_t)len;
	memcpy(rdata + 1, text, len);
	answer->len = tarn__local_record(&query, TARN__TYPE_TXT, 0, rdata, 1 + len, answer->stored);
}

static int init(struct tarn__policy *policy, const struct tarn__policy_options *options)
{
	policy->chaos = calloc(1, sizeof *policy->chaos);
	if (!policy->chaos)
		return TARN_ENOMEM;
	set_answer(&policy->chaos->version, options->version);
	set_answer(&policy->chaos->identity, options->identity);
	return 0;
}

static void fini(struct tarn__policy *policy)
{
	free(policy->chaos);
}

static const struct answer *find_answer(const struct tarn__chaos *chaos,
					const struct tarn__query *query)
{
	static const struct answer none;
	if (query->qtype != TARN__TYPE_TXT && query->qtype != TARN__TYPE_ANY)
		return &none;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct name *name = &names[i];
		if (query->qname_len == name->len &&
		    tarn__name_is_equal(query->qname, (const uint8_t *)name->qname, name->len))
			return name->is_identity ? &chaos->identity : &chaos->version;
	}
	return &none;
}

enum tarn__policy_action tarn__stage_chaos_decide(const struct tarn__policy *policy,
						  const struct tarn__query *query,
						  struct tarn__decision *decision)
{
	const struct answer *answer = find_answer(policy->chaos, query);
	if (answer->len == 0)
		return tarn__decision_refuse(decision);
	return tarn__decision_stored(decision, answer->stored, answer->len);
}

static bool explain(const struct tarn__policy *policy, const struct tarn__asked *asked,
		    char out[TARN__EXPLANATION_MAX])
{
	(void)policy;
	snprintf(out, TARN__EXPLANATION_MAX, "class CH is for the name and version of the server");
	return asked->action != TARN__POLICY_PASS;
}

const struct tarn__stage tarn__stage_chaos = {
	.name = "chaos", .init = init, .fini = fini, .explain = explain};
