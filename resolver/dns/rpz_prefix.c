/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/rpz_prefix.c: prefixes of addresses as names. */
#include "dns/rpz_prefix.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/octets.h"
#include "dns/name.h"

enum {
	WORDS = 8, /* of an IPv6 address */
	LABELS_MAX = 1 + WORDS, /* of a prefix in a zone */
	OWNER_MAX = 64, /* octets of these: 1 + 3, 8 * (1 + 4), and the root */
};

static const char *const last_labels[TARN__RPZ_TRIGGERS] = {
	[TARN__RPZ_CLIENT_ADDRESS] = "rpz-client-ip", [TARN__RPZ_ADDRESS] = "rpz-ip"};

static uint8_t *put_label(uint8_t *out, const char *text, size_t len)
{
	*out = (uint8_t)len;
	memcpy(out + 1, text, len);
	return out + 1 + len;
}

/* Writes the digits of a number in the base. Returns their end. */
static uint8_t *put_digits(uint8_t *out, unsigned number, unsigned base)
{
	uint8_t backwards[8 * sizeof number];
	size_t count = 0;
	for (; number > 0 || count == 0; number /= base)
		backwards[count++] = (uint8_t) "0123456789abcdef"[number % base];
	while (count > 0)
		*out++ = backwards[--count];
	return out;
}

static uint8_t *put_number(uint8_t *out, unsigned number, unsigned base)
{
	uint8_t *end = put_digits(out + 1, number, base);
	*out = (uint8_t)(end - out - 1);
	return end;
}

/* ---- in a zone -------------------------------------------------------------------------- */

/* Reads a label of digits of the base, 16 at most. Returns false if it is none, or longer than len_max. */
static bool read_number(const uint8_t *label, size_t len_max, unsigned base, unsigned *out)
{
	unsigned number = 0;
	for (unsigned i = 1; i <= label[0]; i++) {
		uint8_t octet = tarn__fold(label[i]);
		unsigned digit = base;
		if (octet >= '0' && octet <= '9')
			digit = octet - (unsigned)'0';
		else if (octet >= 'a' && octet <= 'f')
			digit = octet - (unsigned)'a' + 10;
		if (digit >= base)
			return false;
		number = base * number + digit;
	}
	*out = number;
	return label[0] > 0 && label[0] <= len_max;
}

static bool is_zeros(const uint8_t *label)
{
	return label[0] == 2 && tarn__name_is_equal(label + 1, (const uint8_t *)"zz", 2);
}

/* Returns the number of labels; 0: there are more than a prefix has. */
static unsigned split(const uint8_t *name, const uint8_t *labels[LABELS_MAX])
{
	unsigned count = 0;
	for (; *name > 0; name += 1 + *name) {
		if (count == LABELS_MAX)
			return 0;
		labels[count++] = name;
	}
	return count;
}

/* The labels are octets, the last one first. */
static bool read_ipv4(const uint8_t *const *labels, struct tarn__ip *out)
{
	out->len = TARN__IPV4_LEN;
	for (unsigned i = 0; i < TARN__IPV4_LEN; i++) {
		unsigned octet;
		if (!read_number(labels[i], 3, 10, &octet) || octet > UINT8_MAX)
			return false;
		out->octets[TARN__IPV4_LEN - 1 - i] = (uint8_t)octet;
	}
	return true;
}

/* The labels are words, the last one first, or zeros that make up for those that are not there. */
static bool read_ipv6(const uint8_t *const *labels, unsigned count, struct tarn__ip *out)
{
	unsigned left = WORDS;
	out->len = TARN__IPV6_LEN;
	for (unsigned i = 0; i < count; i++) {
		unsigned word;
		if (is_zeros(labels[i]) && left >= count - i) {
			left = count - i - 1;
			continue;
		}
		if (left == 0 || !read_number(labels[i], 4, 16, &word))
			return false;
		tarn__put16(out->octets + 2 * --left, (uint16_t)word);
	}
	return left == 0;
}

/* Finds the longest run of at least two zero words, the first of several. Returns its length, or 0. */
static unsigned find_zeros(const struct tarn__ip *ip, unsigned *first)
{
	unsigned longest = 0, run = 0;
	for (unsigned i = 0; i < WORDS; i++) {
		run = tarn__get16(ip->octets + 2 * i) == 0 ? run + 1 : 0;
		if (run > longest) {
			longest = run;
			*first = i + 1 - run;
		}
	}
	return longest > 1 ? longest : 0;
}

static uint8_t *put_ipv6(uint8_t *out, const struct tarn__ip *ip)
{
	unsigned first = 0, zeros = find_zeros(ip, &first);
	for (unsigned i = WORDS; i-- > 0;) {
		if (zeros > 0 && i == first + zeros - 1) {
			out = put_label(out, "zz", 2);
			i = first;
		} else {
			out = put_number(out, tarn__get16(ip->octets + 2 * i), 16);
		}
	}
	return out;
}

/* Writes the prefix as a zone has it. Returns its octets. */
static size_t write_owner(const struct tarn__rpz_prefix *prefix, uint8_t out[OWNER_MAX])
{
	uint8_t *end = put_number(out, prefix->bits, 10);
	if (prefix->ip.len == TARN__IPV6_LEN)
		end = put_ipv6(end, &prefix->ip);
	else
		for (unsigned i = TARN__IPV4_LEN; i-- > 0;)
			end = put_number(end, prefix->ip.octets[i], 10);
	*end++ = 0;
	return (size_t)(end - out);
}

static bool has_bits_behind(const struct tarn__rpz_prefix *prefix)
{
	struct tarn__rpz_prefix masked;
	tarn__rpz_prefix_of(prefix->ip.octets, prefix->ip.len, prefix->bits, &masked);
	return !tarn__ip_is_equal(&masked.ip, &prefix->ip);
}

bool tarn__rpz_prefix_read(const uint8_t *labels, size_t len, struct tarn__rpz_prefix *out)
{
	const uint8_t *parts[LABELS_MAX];
	unsigned count = split(labels, parts), bits;
	struct tarn__rpz_prefix prefix = {0};
	if (count < 2 || !read_number(parts[0], 3, 10, &bits) || bits == 0)
		return false;
	bool is_good = (count == 1 + TARN__IPV4_LEN && read_ipv4(parts + 1, &prefix.ip));
	if (!is_good) {
		prefix = (struct tarn__rpz_prefix){0};
		is_good = read_ipv6(parts + 1, count - 1, &prefix.ip);
	}
	if (!is_good || bits > tarn__rpz_prefix_bits(prefix.ip.len))
		return false;
	prefix.bits = (uint8_t)bits;
	uint8_t owner[OWNER_MAX];
	size_t owner_len = write_owner(&prefix, owner);
	if (owner_len != len || !tarn__name_is_equal(owner, labels, len) ||
	    has_bits_behind(&prefix))
		return false;
	*out = prefix;
	return true;
}

/* ---- in a compiled list ----------------------------------------------------------------- */

void tarn__rpz_prefix_of(const uint8_t *address, size_t len, unsigned bits,
			 struct tarn__rpz_prefix *out)
{
	*out = (struct tarn__rpz_prefix){.bits = (uint8_t)bits, .ip = {.len = (uint8_t)len}};
	memcpy(out->ip.octets, address, (bits + 7) / 8);
	if (bits % 8 != 0)
		out->ip.octets[bits / 8] &= (uint8_t)(0xff << (8 - bits % 8));
}

static uint8_t *put_length(uint8_t *out, size_t ip_len, unsigned bits,
			   enum tarn__rpz_trigger trigger)
{
	uint8_t *end = out + 1;
	*end++ = ip_len == TARN__IPV4_LEN ? '4' : '6';
	*end++ = '/';
	end = put_digits(end, bits, 10);
	*out = (uint8_t)(end - out - 1);
	end = put_label(end, last_labels[trigger], strlen(last_labels[trigger]));
	*end++ = 0;
	return end;
}

size_t tarn__rpz_prefix_length_name(size_t ip_len, unsigned bits, enum tarn__rpz_trigger trigger,
				    uint8_t out[TARN__RPZ_PREFIX_NAME_MAX])
{
	return (size_t)(put_length(out, ip_len, bits, trigger) - out);
}

size_t tarn__rpz_prefix_name(const struct tarn__rpz_prefix *prefix, enum tarn__rpz_trigger trigger,
			     uint8_t out[TARN__RPZ_PREFIX_NAME_MAX])
{
	static const char digits[] = "0123456789abcdef";
	unsigned count = (prefix->bits + 3u) / 4;
	out[0] = (uint8_t)count;
	for (unsigned i = 0; i < count; i++) {
		uint8_t octet = prefix->ip.octets[i / 2];
		out[1 + i] = (uint8_t)digits[i % 2 == 0 ? octet >> 4 : octet & 15];
	}
	uint8_t *end = put_length(out + 1 + count, prefix->ip.len, prefix->bits, trigger);
	return (size_t)(end - out);
}

enum tarn__rpz_trigger tarn__rpz_trigger_of(const uint8_t *name, size_t len)
{
	for (unsigned i = TARN__RPZ_CLIENT_ADDRESS; i < TARN__RPZ_TRIGGERS; i++) {
		uint8_t last[TARN__RPZ_PREFIX_NAME_MAX];
		uint8_t *end = put_label(last, last_labels[i], strlen(last_labels[i]));
		*end++ = 0;
		if (tarn__name_is_within(name, len, last, (size_t)(end - last)))
			return i;
	}
	return TARN__RPZ_NAME;
}

char *tarn__rpz_prefix_format(const struct tarn__rpz_prefix *prefix,
			      char out[TARN__RPZ_PREFIX_TEXT_MAX])
{
	char address[INET6_ADDRSTRLEN];
	int family = prefix->ip.len == TARN__IPV4_LEN ? AF_INET : AF_INET6;
	if (!inet_ntop(family, prefix->ip.octets, address, sizeof address))
		address[0] = '\0';
	snprintf(out, TARN__RPZ_PREFIX_TEXT_MAX, "%s/%u", address, prefix->bits);
	return out;
}
