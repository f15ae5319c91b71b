/* SPDX-License-Identifier: BSD-2-Clause */
/* core/reverse.c: names of reverse zones, by octets (RFC 1035 section 3.5) or nibbles (RFC 3596). */
#include "core/reverse.h"

#include <stdio.h>
#include <string.h>

/* Bits that one label stands for. */
static unsigned label_bits(const struct tarn_network *network)
{
	return network->address.sa.sa_family == AF_INET6 ? 4 : 8;
}

/* Bits of the prefix that its last label does not have. */
static unsigned open_bits(const struct tarn_network *network)
{
	unsigned bits = label_bits(network);
	return (bits - network->prefix_len % bits) % bits;
}

size_t tarn__reverse_count(const struct tarn_network *network)
{
	enum { CLASSLESS = 24 };
	unsigned open = open_bits(network);
	bool is_classless = network->address.sa.sa_family == AF_INET &&
			    network->prefix_len > CLASSLESS && open > 0;
	return network->prefix_len == 0 || is_classless ? 0 : (size_t)1 << open;
}

size_t tarn__reverse_zone(const struct tarn_network *network, size_t index,
			  uint8_t out[TARN__NAME_MAX])
{
	static const uint8_t ipv4[] = "\7in-addr\4arpa", ipv6[] = "\3ip6\4arpa";
	bool is_ipv6 = network->address.sa.sa_family == AF_INET6;
	const uint8_t *octets = is_ipv6 ? network->address.in6.sin6_addr.s6_addr
					: (const uint8_t *)&network->address.in4.sin_addr;
	unsigned bits = label_bits(network);
	unsigned labels = (network->prefix_len + bits - 1) / bits;
	uint8_t *at = out;
	for (unsigned label = labels; label > 0; label--) {
		unsigned first_bit = (label - 1) * bits;
		unsigned value = octets[first_bit / 8];
		if (is_ipv6)
			value = value >> (4 - first_bit % 8) & 15;
		if (label == labels)
			value |= (unsigned)index;
		char text[4];
		int len = snprintf(text, sizeof text, is_ipv6 ? "%x" : "%u", value);
		*at++ = (uint8_t)len;
		memcpy(at, text, (size_t)len);
		at += len;
	}
	const uint8_t *suffix = is_ipv6 ? ipv6 : ipv4;
	size_t suffix_len = is_ipv6 ? sizeof ipv6 : sizeof ipv4;
	memcpy(at, suffix, suffix_len);
	return (size_t)(at - out) + suffix_len;
}

size_t tarn__reverse_name(const struct tarn__ip *ip, uint8_t out[TARN__NAME_MAX])
{
	struct tarn_network network = {.prefix_len = 8 * (unsigned)ip->len};
	if (ip->len == TARN__IPV4_LEN) {
		network.address.in4.sin_family = AF_INET;
		memcpy(&network.address.in4.sin_addr, ip->octets, TARN__IPV4_LEN);
	} else {
		network.address.in6.sin6_family = AF_INET6;
		memcpy(&network.address.in6.sin6_addr, ip->octets, TARN__IPV6_LEN);
	}
	return tarn__reverse_zone(&network, 0, out);
}

int tarn__reverse_octet(const uint8_t *label)
{
	size_t len = label[0];
	if (len > 3 || (len > 1 && label[1] == '0'))
		return -1;
	int octet = 0;
	for (size_t i = 1; i <= len; i++) {
		if (label[i] < '0' || label[i] > '9')
			return -1;
		octet = 10 * octet + label[i] - '0';
	}
	return octet <= UINT8_MAX ? octet : -1;
}
