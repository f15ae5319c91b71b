/* SPDX-License-Identifier: BSD-2-Clause */
/* base/ports.c: a bitmap with counts, so that the port at an index is found by binary search. */
#include "base/ports.h"

#include <string.h>

void tarn__ports_fill(struct tarn__ports *ports)
{
	memset(ports, 0, sizeof *ports);
	for (unsigned word = TARN__PORT_MIN / 64; word < TARN__PORT_WORDS; word++)
		ports->words[word] = UINT64_MAX;
}

_Static_assert(TARN__PORT_MIN % 64 == 0, "whole words are set");

void tarn__ports_avoid(struct tarn__ports *ports, uint16_t first, uint16_t last)
{
	for (uint32_t port = first; port <= last; port++)
		ports->words[port / 64] &= ~(UINT64_C(1) << port % 64);
}

void tarn__ports_intersect(struct tarn__ports *ports, const struct tarn__ports *other)
{
	for (unsigned word = 0; word < TARN__PORT_WORDS; word++)
		ports->words[word] &= other->words[word];
}

/* Reads a port and the character after it. Returns false at anything else. */
static bool read_port(FILE *list, uint16_t *port, int *next)
{
	uint32_t number = 0;
	int c = getc(list);
	bool is_port = c >= '0' && c <= '9';
	for (; c >= '0' && c <= '9'; c = getc(list)) {
		number = 10 * number + (uint32_t)(c - '0');
		if (number > TARN__PORT_MAX)
			return false;
	}
	*port = (uint16_t)number;
	*next = c;
	return is_port;
}

bool tarn__ports_avoid_list(struct tarn__ports *ports, FILE *list)
{
	int next = getc(list);
	if (next == '\n' || next == EOF)
		return true;
	ungetc(next, list);
	do {
		uint16_t first, last;
		if (!read_port(list, &first, &next))
			return false;
		last = first;
		if (next == '-' && !read_port(list, &last, &next))
			return false;
		tarn__ports_avoid(ports, first, last);
	} while (next == ',');
	return next == '\n' || next == EOF;
}

uint32_t tarn__ports_count(struct tarn__ports *ports)
{
	ports->count = 0;
	for (unsigned word = 0; word < TARN__PORT_WORDS; word++) {
		ports->before[word] = (uint16_t)ports->count;
		ports->count += (uint32_t)__builtin_popcountll(ports->words[word]);
	}
	return ports->count;
}

bool tarn__ports_has(const struct tarn__ports *ports, uint16_t port)
{
	return ports->words[port / 64] >> port % 64 & 1;
}

uint16_t tarn__ports_get(const struct tarn__ports *ports, uint32_t index)
{
	unsigned low = 0, high = TARN__PORT_WORDS;
	while (high - low > 1) {
		unsigned middle = (low + high) / 2;
		if (ports->before[middle] <= index)
			low = middle;
		else
			high = middle;
	}
	uint64_t word = ports->words[low];
	for (uint32_t skip = index - ports->before[low]; skip > 0; skip--)
		word &= word - 1;
	return (uint16_t)(low * 64 + (unsigned)__builtin_ctzll(word));
}
