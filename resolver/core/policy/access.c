/* SPDX-License-Identifier: BSD-2-Clause */
/* core/policy/access.c: the networks that may ask, and the stage that looks at them. */
#include "core/policy/access.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "core/policy/policy.h"

enum {
	IPV4_LEN = TARN__IPV4_LEN,
	IPV6_LEN = TARN__IPV6_LEN,
	MAPPED_BITS = 8 * (IPV6_LEN - IPV4_LEN), /* of ::ffff:0:0/96 */
};

struct network {
	uint8_t len; /* of its addresses: IPV4_LEN or IPV6_LEN */
	uint8_t prefix_len; /* bits */
	uint8_t octets[IPV6_LEN];
};

struct tarn__access {
	size_t count;
	struct network networks[];
};

static const struct network loopback[] = {
	{IPV4_LEN, 8, {127}},
	{IPV6_LEN, 128, {[15] = 1}},
};

static const struct network private[] = {
	{IPV4_LEN, 8, {10}}, /* RFC 1918 */
	{IPV4_LEN, 12, {172, 16}},    {IPV4_LEN, 16, {192, 168}},
	{IPV4_LEN, 10, {100, 64}}, /* RFC 6598 */
	{IPV4_LEN, 16, {169, 254}}, /* RFC 3927 */
	{IPV6_LEN, 7, {0xfc}}, /* RFC 4193 */
	{IPV6_LEN, 10, {0xfe, 0x80}}, /* RFC 4291 section 2.5.6 */
};

enum {
	LOOPBACK_COUNT = sizeof(loopback) / sizeof(loopback[0]),
	PRIVATE_COUNT = sizeof(private) / sizeof(private[0]),
};

/* A network within ::ffff:0:0/96 is an IPv4 network; a shorter prefix covers IPv6 addresses only. */
static struct network make_network(const struct tarn_network *from)
{
	size_t len;
	const uint8_t *octets = tarn__address_octets(&from->address, &len);
	unsigned prefix_len = from->prefix_len;
	if (from->address.sa.sa_family == AF_INET6 && len == IPV4_LEN) {
		if (prefix_len >= MAPPED_BITS) {
			prefix_len -= MAPPED_BITS;
		} else {
			octets = from->address.in6.sin6_addr.s6_addr;
			len = IPV6_LEN;
		}
	}
	if (prefix_len > 8 * len)
		prefix_len = (unsigned)(8 * len);
	struct network network = {.len = (uint8_t)len, .prefix_len = (uint8_t)prefix_len};
	memcpy(network.octets, octets, len);
	return network;
}

struct tarn__access *tarn__access_new(const struct tarn_network *networks, size_t count)
{
	size_t others = count > 0 ? count : PRIVATE_COUNT;
	struct tarn__access *access =
		malloc(sizeof *access + (LOOPBACK_COUNT + others) * sizeof access->networks[0]);
	if (!access)
		return NULL;
	access->count = LOOPBACK_COUNT + others;
	memcpy(access->networks, loopback, sizeof loopback);
	struct network *next = access->networks + LOOPBACK_COUNT;
	if (count == 0)
		memcpy(next, private, sizeof private);
	for (size_t i = 0; i < count; i++)
		next[i] = make_network(&networks[i]);
	return access;
}

void tarn__access_free(struct tarn__access *access)
{
	free(access);
}

bool tarn__access_allows(const struct tarn__access *access, const struct tarn_address *address)
{
	size_t len;
	const uint8_t *octets = tarn__address_octets(address, &len);
	for (size_t i = 0; i < access->count; i++) {
		const struct network *network = &access->networks[i];
		if (network->len == len &&
		    tarn__prefix_covers(network->octets, network->prefix_len, octets))
			return true;
	}
	return false;
}

/* ---- the stage -------------------------------------------------------------------------- */

static int init(struct tarn__policy *policy, const struct tarn__policy_options *options)
{
	policy->access = tarn__access_new(options->allowed, options->allowed_count);
	return policy->access ? 0 : TARN_ENOMEM;
}

static void fini(struct tarn__policy *policy)
{
	tarn__access_free(policy->access);
}

enum tarn__policy_action tarn__stage_access_refuse(struct tarn__decision *decision)
{
	enum tarn__policy_action action = tarn__decision_refuse(decision);
	decision->is_to_stranger = true;
	tarn__decision_add_error(decision, TARN__EDE_PROHIBITED, NULL);
	return action;
}

static bool explain(const struct tarn__policy *policy, const struct tarn__query *query,
		    enum tarn__policy_action action, char out[TARN__EXPLANATION_MAX])
{
	(void)policy;
	(void)query;
	snprintf(out, TARN__EXPLANATION_MAX, "this client is of no network that may ask (allow)");
	return action != TARN__POLICY_PASS;
}

const struct tarn__stage tarn__stage_access = {
	.name = "access", .init = init, .fini = fini, .explain = explain};
