/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/special.c: the table of special names.
 *
 * A name is judged from its end. Four octets before the root tell at once that most names are none
 * of these; they only tell so, since they may be of a longer label or the inside of one. Reverse
 * zones are written as the prefixes that they stand for: RFC 6303's lists are what comes of cutting
 * those at the next label, sixteen zones for 172.16/12 and sixty-four for 100.64/10.
 */
#include "core/policy/special.h"

#include <string.h>

#include "base/address.h"
#include "dns/name.h"

/* A prefix of addresses that have no names in the public DNS. */
struct reverse {
	uint8_t prefix_len; /* bits */
	uint8_t octets[16];
};

/* RFC 6303 sections 4.1 and 4.2, RFC 7793. The first is the loopback's, here and below. */
static const struct reverse reverse_ipv4[] = {
	{8, {127}},
	{8, {10}},
	{12, {172, 16}},
	{16, {192, 168}},
	{8, {0}},
	{16, {169, 254}},
	{24, {192, 0, 2}},
	{24, {198, 51, 100}},
	{24, {203, 0, 113}},
	{32, {255, 255, 255, 255}},
	{10, {100, 64}},
};

/* RFC 6303 sections 4.3 to 4.6. Of fc00::/7 only the half that is in use (RFC 4193 section 3.2). */
static const struct reverse reverse_ipv6[] = {
	{128, {[15] = 1}},
	{128, {0}},
	{8, {0xfd}},
	{10, {0xfe, 0x80}},
	{32, {0x20, 0x01, 0x0d, 0xb8}},
};

/* How addresses of a family are spelt in reverse. */
struct family {
	const struct reverse *zones;
	size_t zone_count;
	unsigned address_len; /* bits */
	unsigned label_len; /* bits that one label stands for: 8, or 4 */
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const struct family ipv4 = {reverse_ipv4, COUNT_OF(reverse_ipv4), 32, 8};
static const struct family ipv6 = {reverse_ipv6, COUNT_OF(reverse_ipv6), 128, 4};

static bool is_label(const uint8_t *label, const char *expected)
{
	size_t len = (uint8_t)expected[0];
	return label[0] == len && tarn__name_is_equal(label, (const uint8_t *)expected, 1 + len);
}

/* A decimal octet without leading zeros, as RFC 1035 section 3.5 has it; -1: it is none. */
static int read_octet(const uint8_t *label)
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

/* A hexadecimal digit (RFC 3596 section 2.5); -1: it is none. */
static int read_nibble(const uint8_t *label)
{
	uint8_t digit = tarn__fold(label[1]);
	if (label[0] != 1)
		return -1;
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* starts are where the labels before in-addr.arpa or ip6.arpa begin, count of them. */
static struct tarn__special find_reverse(const uint8_t *qname, size_t len, const uint8_t *starts,
					 unsigned count, const struct family *family)
{
	uint8_t octets[16] = {0};
	unsigned bits = 0;
	for (unsigned i = count; i > 0 && bits < family->address_len; i--) {
		const uint8_t *label = qname + starts[i - 1];
		int value = family->label_len == 8 ? read_octet(label) : read_nibble(label);
		if (value < 0)
			break;
		octets[bits / 8] |= (uint8_t)(value << (8 - family->label_len - bits % 8));
		bits += family->label_len;
	}
	for (size_t i = 0; i < family->zone_count; i++) {
		const struct reverse *zone = &family->zones[i];
		if (bits < zone->prefix_len ||
		    !tarn__prefix_covers(zone->octets, zone->prefix_len, octets))
			continue;
		unsigned labels = (zone->prefix_len + family->label_len - 1) / family->label_len;
		return (struct tarn__special){i == 0 ? TARN__SPECIAL_LOOPBACK : TARN__SPECIAL_EMPTY,
					      len - starts[count - labels]};
	}
	return (struct tarn__special){TARN__SPECIAL_NONE, 0};
}

/* Apart, so that an ordinary name does not pay for its array and its registers. */
__attribute__((noinline)) static struct tarn__special find_in_arpa(const uint8_t *qname, size_t len)
{
	const struct tarn__special none = {TARN__SPECIAL_NONE, 0};
	uint8_t starts[TARN__LABELS_MAX];
	unsigned count = 0;
	for (size_t at = 0; qname[at] != 0; at += 1 + qname[at])
		starts[count++] = (uint8_t)at;
	if (count < 2 || !is_label(qname + starts[count - 1], "\4arpa"))
		return none;

	const uint8_t *label = qname + starts[count - 2];
	size_t zone_len = len - starts[count - 2];
	if (is_label(label, "\7in-addr"))
		return find_reverse(qname, len, starts, count - 2, &ipv4);
	if (is_label(label, "\3ip6"))
		return find_reverse(qname, len, starts, count - 2, &ipv6);
	if (is_label(label, "\4home"))
		return (struct tarn__special){TARN__SPECIAL_EMPTY, zone_len};
	if (is_label(label, "\10resolver"))
		return (struct tarn__special){TARN__SPECIAL_RESOLVER, zone_len};
	return none;
}

/* zone is a label and the root. Apart, too. */
__attribute__((noinline)) static struct tarn__special
find_top(const uint8_t *qname, size_t len, const char *zone, enum tarn__special_kind kind)
{
	size_t zone_len = 2 + (size_t)zone[0];
	if (!tarn__name_is_within(qname, len, (const uint8_t *)zone, zone_len))
		return (struct tarn__special){TARN__SPECIAL_NONE, 0};
	return (struct tarn__special){kind, zone_len};
}

#define FOUR(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

struct tarn__special tarn__special_find(const uint8_t *qname, size_t len)
{
	enum { TAIL_LEN = 5 }; /* what is looked at first, and the root */
	const struct tarn__special none = {TARN__SPECIAL_NONE, 0};
	if (len < TAIL_LEN)
		return none;
	const uint32_t folding = FOUR(0x20, 0x20, 0x20, 0x20);
	switch (tarn__get32(qname + len - TAIL_LEN) | folding) {
	case FOUR('a', 'r', 'p', 'a'):
		return find_in_arpa(qname, len);
	case FOUR('h', 'o', 's', 't'):
		return find_top(qname, len, "\11localhost", TARN__SPECIAL_LOCALHOST);
	case FOUR('a', 'l', 'i', 'd'):
		return find_top(qname, len, "\7invalid", TARN__SPECIAL_MISSING);
	case FOUR('t', 'e', 's', 't'):
		return find_top(qname, len, "\4test", TARN__SPECIAL_LOCAL);
	case FOUR('n', 'i', 'o', 'n'):
		return find_top(qname, len, "\5onion", TARN__SPECIAL_MISSING);
	case FOUR('o', 'c', 'a', 'l'):
		return find_top(qname, len, "\5local", TARN__SPECIAL_LOCAL);
	case FOUR(3 | 0x20, 'a', 'l', 't'):
		return find_top(qname, len, "\3alt", TARN__SPECIAL_MISSING);
	}
	return none;
}
