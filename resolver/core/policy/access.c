/* SPDX-License-Identifier: BSD-2-Clause */
/* core/policy/access.c: the networks that may ask. */
#include "core/policy/access.h"

#include <stdlib.h>
#include <string.h>

#include "base/address.h"

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

/* A network within ::ffff:0:0/96 is one of IPv4; one that is wider is of IPv6 alone. */
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
