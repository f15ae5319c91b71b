/* SPDX-License-Identifier: BSD-2-Clause */
/* net/listen/proxy_header.c: the header of the PROXY protocol, version 2. */
#include "net/listen/proxy_header.h"

#include <string.h>

#include "base/address.h"
#include "dns/message.h"

enum {
	COMMAND_AT = 12,
	FAMILY_AT = 13,
	LENGTH_AT = 14,
	LOCAL = 0x20, /* version 2 */
	PROXY = 0x21,
	NO_FAMILY = 0x00,
	TCP_OVER_IPV4 = 0x11,
	TCP_OVER_IPV6 = 0x21,
	IPV4_LEN = 2 * TARN__IPV4_LEN + 2 * 2, /* two addresses, two ports */
	IPV6_LEN = 2 * TARN__IPV6_LEN + 2 * 2,
};

static const uint8_t signature[COMMAND_AT] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
					      0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

/* Whatever the family is, a proxy that speaks for itself says nothing by it. */
static int read_addresses(const uint8_t *octets, size_t len, struct tarn_address *client)
{
	const uint8_t *addresses = octets + TARN__PROXY_HEADER_MIN;
	struct tarn_address address = {0};
	unsigned family = octets[COMMAND_AT] == LOCAL ? NO_FAMILY : octets[FAMILY_AT];
	switch (family) {
	case NO_FAMILY:
		break;
	case TCP_OVER_IPV4:
		if (len < IPV4_LEN)
			return TARN_EINVAL;
		address.in4.sin_family = AF_INET;
		memcpy(&address.in4.sin_addr, addresses, TARN__IPV4_LEN);
		memcpy(&address.in4.sin_port, addresses + 2 * TARN__IPV4_LEN, 2);
		break;
	case TCP_OVER_IPV6:
		if (len < IPV6_LEN)
			return TARN_EINVAL;
		address.in6.sin6_family = AF_INET6;
		memcpy(&address.in6.sin6_addr, addresses, TARN__IPV6_LEN);
		memcpy(&address.in6.sin6_port, addresses + 2 * TARN__IPV6_LEN, 2);
		break;
	default:
		return TARN_EINVAL;
	}
	*client = address;
	return 0;
}

long tarn__proxy_header_read(const uint8_t *octets, size_t len, struct tarn_address *client)
{
	size_t known = len < sizeof(signature) ? len : sizeof(signature);
	if (memcmp(octets, signature, known) != 0)
		return TARN_EINVAL;
	if (len < TARN__PROXY_HEADER_MIN)
		return (long)(TARN__PROXY_HEADER_MIN - len);
	if (octets[COMMAND_AT] != LOCAL && octets[COMMAND_AT] != PROXY)
		return TARN_EINVAL;
	size_t rest = tarn__get16(octets + LENGTH_AT);
	if (rest > TARN__PROXY_HEADER_MAX - TARN__PROXY_HEADER_MIN)
		return TARN_EINVAL;
	if (len < TARN__PROXY_HEADER_MIN + rest)
		return (long)(TARN__PROXY_HEADER_MIN + rest - len);
	return read_addresses(octets, rest, client);
}
