/* SPDX-License-Identifier: BSD-2-Clause */
/* core/policy/network_list.c: lists of networks. */
#include "core/policy/network_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/address.h"

enum { MAPPED_BITS = 8 * (TARN__IPV6_LEN - TARN__IPV4_LEN) /* of ::ffff:0:0/96 */ };

struct network {
	uint8_t len; /* of its addresses: TARN__IPV4_LEN or TARN__IPV6_LEN */
	uint8_t prefix_len; /* bits */
	uint8_t octets[TARN__IPV6_LEN];
};

struct tarn__network_list {
	size_t count;
	struct network networks[];
};

/* A network within ::ffff:0:0/96 is an IPv4 network; a shorter prefix covers IPv6 addresses only. */
static struct network make_network(const struct tarn_network *from)
{
	size_t len;
	const uint8_t *octets = tarn__address_octets(&from->address, &len);
	unsigned prefix_len = from->prefix_len;
	if (from->address.sa.sa_family == AF_INET6 && len == TARN__IPV4_LEN) {
		if (prefix_len >= MAPPED_BITS) {
			prefix_len -= MAPPED_BITS;
		} else {
			octets = from->address.in6.sin6_addr.s6_addr;
			len = TARN__IPV6_LEN;
		}
	}
	if (prefix_len > 8 * len)
		prefix_len = (unsigned)(8 * len);
	struct network network = {.len = (uint8_t)len, .prefix_len = (uint8_t)prefix_len};
	memcpy(network.octets, octets, len);
	return network;
}

struct tarn__network_list *tarn__network_list_new(size_t room)
{
	struct tarn__network_list *networks =
		malloc(sizeof *networks + room * sizeof networks->networks[0]);
	if (networks)
		networks->count = 0;
	return networks;
}

struct tarn__network_list *tarn__network_list_copy(const struct tarn_network *from, size_t count)
{
	struct tarn__network_list *networks = tarn__network_list_new(count);
	for (size_t i = 0; networks && i < count; i++)
		tarn__network_list_add(networks, &from[i]);
	return networks;
}

void tarn__network_list_add(struct tarn__network_list *networks, const struct tarn_network *network)
{
	networks->networks[networks->count++] = make_network(network);
}

bool tarn__network_list_cover(const struct tarn__network_list *networks,
			      const struct tarn_address *address)
{
	size_t len;
	const uint8_t *octets = tarn__address_octets(address, &len);
	for (size_t i = 0; i < networks->count; i++) {
		const struct network *network = &networks->networks[i];
		if (network->len == len &&
		    tarn__prefix_covers(network->octets, network->prefix_len, octets))
			return true;
	}
	return false;
}

void tarn__network_list_free(struct tarn__network_list *networks)
{
	free(networks);
}

int tarn__network_list_find(const struct tarn__network_list *networks,
			    const struct tarn_address *address)
{
	size_t len;
	const uint8_t *octets = tarn__address_octets(address, &len);
	int best = -1;
	for (size_t i = 0; i < networks->count; i++) {
		const struct network *network = &networks->networks[i];
		if (network->len == len &&
		    tarn__prefix_covers(network->octets, network->prefix_len, octets) &&
		    (best < 0 || network->prefix_len > networks->networks[best].prefix_len))
			best = (int)i;
	}
	return best;
}
