/* SPDX-License-Identifier: BSD-2-Clause */
/* core/policy/prefix_rules.c: prefixes of response policy zones. */
#include "core/policy/prefix_rules.h"

#include <string.h>

enum { ROWS_MAX = TARN__NAMELIST_ROWS_MAX /* that one name can have */ };

static uint64_t bit_of(const struct tarn__namelist *list, uint8_t row)
{
	return UINT64_C(1) << list->rows[row].set;
}

/* Returns the sets that have a name which exists because of what is below. */
static uint64_t find_sets(const struct tarn__namelist *list, const uint8_t *name, size_t len)
{
	struct tarn__namelist_match matches[ROWS_MAX];
	unsigned count = tarn__namelist_find_self(list, name, len, matches, ROWS_MAX);
	uint64_t sets = 0;
	for (unsigned i = 0; i < count; i++) {
		const struct tarn__namelist_row *row = &list->rows[matches[i].row];
		if (row->is_zone && row->action == TARN__NAMELIST_EXISTS)
			sets |= bit_of(list, matches[i].row);
	}
	return sets;
}

static void find_lengths(const struct tarn__namelist *list, enum tarn__rpz_trigger trigger,
			 size_t ip_len, struct tarn__prefix_lengths *out)
{
	for (unsigned bits = tarn__rpz_prefix_bits(ip_len); bits > 0; bits--) {
		uint8_t name[TARN__RPZ_PREFIX_NAME_MAX];
		size_t len = tarn__rpz_prefix_length_name(ip_len, bits, trigger, name);
		uint64_t sets = find_sets(list, name, len);
		if (sets == 0)
			continue;
		out->sets |= sets;
		out->bits[out->count++] = (uint8_t)bits;
	}
}

void tarn__prefix_rules_init(struct tarn__prefix_rules *rules, const struct tarn__namelist *list)
{
	memset(rules, 0, sizeof *rules);
	for (unsigned i = TARN__RPZ_CLIENT_ADDRESS; i < TARN__RPZ_TRIGGERS; i++) {
		find_lengths(list, i, TARN__IPV4_LEN, &rules->lengths[i][0]);
		find_lengths(list, i, TARN__IPV6_LEN, &rules->lengths[i][1]);
	}
}

/* ---- one address ------------------------------------------------------------------------ */

struct search {
	const struct tarn__namelist *list;
	uint64_t sets;
	bool is_found;
	struct tarn__prefix_match *best;
};

/* Returns true if the row comes before the best one. Lengths are gone through from the longest on. */
static bool is_before(const struct search *search, uint8_t number, unsigned bits)
{
	if (!search->is_found)
		return true;
	const struct tarn__namelist_row *row = &search->list->rows[number];
	const struct tarn__namelist_row *best = &search->list->rows[search->best->row];
	if (row->set != best->set || bits != search->best->bits)
		return row->set < best->set;
	if (row->action != best->action)
		return row->action > best->action;
	return row->source < best->source;
}

static void take_length(struct search *search, const uint8_t *name, size_t len, unsigned bits)
{
	struct tarn__namelist_match matches[ROWS_MAX];
	unsigned count = tarn__namelist_find_self(search->list, name, len, matches, ROWS_MAX);
	for (unsigned i = 0; i < count; i++) {
		const struct tarn__namelist_row *row = &search->list->rows[matches[i].row];
		if (!row->is_zone || row->action == TARN__NAMELIST_EXISTS ||
		    !(search->sets & bit_of(search->list, matches[i].row)) ||
		    !is_before(search, matches[i].row, bits))
			continue;
		*search->best =
			(struct tarn__prefix_match){.row = matches[i].row, .bits = (uint8_t)bits};
		search->is_found = true;
	}
}

/* Returns true if no other length can have a rule of a set before the best one's. */
static bool is_final(const struct search *search)
{
	if (!search->is_found)
		return false;
	uint64_t set = bit_of(search->list, search->best->row);
	return (search->sets & (set - 1)) == 0;
}

bool tarn__prefix_rules_find(const struct tarn__prefix_rules *rules,
			     const struct tarn__namelist *list, uint64_t sets,
			     enum tarn__rpz_trigger trigger, const uint8_t *address, size_t len,
			     struct tarn__prefix_match *out)
{
	const struct tarn__prefix_lengths *lengths =
		tarn__prefix_rules_lengths(rules, trigger, len);
	struct tarn__prefix_match best;
	struct search search = {.list = list, .sets = sets & lengths->sets, .best = &best};
	for (unsigned i = 0; i < lengths->count && search.sets != 0 && !is_final(&search); i++) {
		struct tarn__rpz_prefix prefix;
		uint8_t name[TARN__RPZ_PREFIX_NAME_MAX];
		tarn__rpz_prefix_of(address, len, lengths->bits[i], &prefix);
		size_t name_len = tarn__rpz_prefix_name(&prefix, trigger, name);
		take_length(&search, name, name_len, lengths->bits[i]);
	}
	if (search.is_found)
		*out = best;
	return search.is_found;
}
