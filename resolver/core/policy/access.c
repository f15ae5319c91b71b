/* SPDX-License-Identifier: BSD-2-Clause */
/* core/policy/access.c: the networks that may ask, and the stage that looks at them. */
#include "core/policy/access.h"

#include <stdio.h>

#include "core/policy/network_list.h"
#include "core/policy/policy.h"

static const char *const loopback[] = {"127.0.0.0/8", "::1"};

static const char *const private[] = {
	"10.0.0.0/8", /* RFC 1918 */
	"172.16.0.0/12",  "192.168.0.0/16", "100.64.0.0/10", /* RFC 6598 */
	"169.254.0.0/16", /* RFC 3927 */
	"fc00::/7", /* RFC 4193 */
	"fe80::/10", /* RFC 4291 section 2.5.6 */
};

enum {
	LOOPBACK_COUNT = sizeof loopback / sizeof loopback[0],
	PRIVATE_COUNT = sizeof private / sizeof private[0],
};

static void add_texts(struct tarn__network_list *networks, const char *const *texts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct tarn_network network;
		if (tarn_network_parse(texts[i], &network) == 0)
			tarn__network_list_add(networks, &network);
	}
}

struct tarn__network_list *tarn__access_new(const struct tarn_network *allowed, size_t count)
{
	size_t others = count > 0 ? count : PRIVATE_COUNT;
	struct tarn__network_list *networks = tarn__network_list_new(LOOPBACK_COUNT + others);
	if (!networks)
		return NULL;
	add_texts(networks, loopback, LOOPBACK_COUNT);
	if (count == 0)
		add_texts(networks, private, PRIVATE_COUNT);
	for (size_t i = 0; i < count; i++)
		tarn__network_list_add(networks, &allowed[i]);
	return networks;
}

/* ---- the stage -------------------------------------------------------------------------- */

static int init(struct tarn__policy *policy, const struct tarn__policy_options *options)
{
	policy->access = tarn__access_new(options->public->allow, options->public->allow_count);
	return policy->access ? 0 : TARN_ENOMEM;
}

static void fini(struct tarn__policy *policy)
{
	tarn__network_list_free(policy->access);
}

enum tarn__policy_action tarn__stage_access_refuse(struct tarn__decision *decision)
{
	enum tarn__policy_action action = tarn__decision_refuse(decision);
	decision->is_to_stranger = true;
	tarn__decision_add_error(decision, TARN__EDE_PROHIBITED, NULL);
	return action;
}

static bool explain(const struct tarn__policy *policy, const struct tarn__asked *asked,
		    char out[TARN__EXPLANATION_MAX])
{
	(void)policy;
	snprintf(out, TARN__EXPLANATION_MAX, "this client is of no network that may ask (allow)");
	return asked->action != TARN__POLICY_PASS;
}

const struct tarn__stage tarn__stage_access = {
	.name = "access", .init = init, .fini = fini, .explain = explain};
