/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/namelist_pile.c: hashes of names in partitions, and their reduction:
 *
 * 1. For each partition: the entries that cover go into a table; each ancestor that lies in the partition is
 *    looked for in it, and the name that it belongs to is marked if it is there.
 * 2. For each partition: the entries are parted into those that stay and those that go, both are sorted, and
 *    equal ones counted. What stays is written back, as words of 56 bits of the hash and 8 of the row.
 */
#include "dns/namelist_pile.h"

#include <stdlib.h>
#include <string.h>

#include "dns/namelist_words.h"

enum {
	PARTITIONS = 256,
	CHUNK_MIN = 16, /* words: a small list takes little */
	CHUNK_MAX = 1024,
	TABLE_MIN = 64,
};

/* In an entry's second word: the name has one label itself. The rest is the number of its last label. */
#define IS_TOP UINT32_C(0x80000000)
#define IS_ROOT UINT32_C(0xffffffff) /* it has none */

/* Of an entry: 8 bits of row, 56 of hash, and its last label. Of an ancestor: class, hash, owner. */
struct chunk {
	struct chunk *next;
	uint32_t count, room;
	uint64_t words[]; /* and as many of 32 bits behind them */
};

static uint32_t *second_words(struct chunk *chunk)
{
	return (uint32_t *)(void *)(chunk->words + chunk->room);
}

struct stack {
	struct chunk *first, *last;
	uint32_t count;
};

/* The hashes of one label, numbered from 0; an open hash. */
struct tops {
	uint32_t count, room;
	struct top {
		uint64_t hash;
		uint32_t number; /* plus 1; 0: empty */
	} * slots;
};

struct tarn__pile {
	struct stack entries[PARTITIONS];
	struct stack ancestors[PARTITIONS];
	struct tops tops;
	uint64_t root_classes[4]; /* a bit for each class that the root covers */
	/* Class and number of the tops that cover, sorted; a bit for each number that is among them. */
	uint64_t *covering_tops;
	size_t covering_count, covering_room;
	uint8_t *marks[PARTITIONS]; /* a bit for each entry: something above it covers it */
	uint32_t total;
};

static unsigned partition_of(uint64_t hash)
{
	return (unsigned)(hash >> 56);
}

static uint64_t word_of(uint64_t hash, uint8_t high)
{
	return (hash & UINT64_MAX >> 8) | (uint64_t)high << 56;
}

/* ---- piling up -------------------------------------------------------------------------- */

static struct chunk *add_chunk(struct stack *stack)
{
	uint32_t room = stack->count < CHUNK_MIN ? CHUNK_MIN : stack->count;
	room = room > CHUNK_MAX ? CHUNK_MAX : room;
	struct chunk *chunk = malloc(sizeof *chunk + room * (sizeof(uint64_t) + sizeof(uint32_t)));
	if (!chunk)
		return NULL;
	chunk->next = NULL;
	chunk->count = 0;
	chunk->room = room;
	if (stack->last)
		stack->last->next = chunk;
	else
		stack->first = chunk;
	stack->last = chunk;
	return chunk;
}

static int push(struct stack *stack, uint64_t word, uint32_t second)
{
	struct chunk *chunk = stack->last;
	if ((!chunk || chunk->count == chunk->room) && !(chunk = add_chunk(stack)))
		return TARN__NAMELIST_NOMEM;
	chunk->words[chunk->count] = word;
	second_words(chunk)[chunk->count++] = second;
	stack->count++;
	return 0;
}

static void clear_chunks(struct chunk *chunk)
{
	while (chunk) {
		struct chunk *next = chunk->next;
		free(chunk);
		chunk = next;
	}
}

static void clear_stack(struct stack *stack)
{
	clear_chunks(stack->first);
	*stack = (struct stack){0};
}

static struct top *find_top(const struct tops *tops, uint64_t hash)
{
	for (uint64_t i = hash;; i++) {
		struct top *top = &tops->slots[i & (tops->room - 1)];
		if (top->number == 0 || top->hash == hash)
			return top;
	}
}

static int grow_tops(struct tops *tops)
{
	struct tops more = {.count = tops->count, .room = tops->room ? 2 * tops->room : TABLE_MIN};
	more.slots = calloc(more.room, sizeof *more.slots);
	if (!more.slots)
		return TARN__NAMELIST_NOMEM;
	for (uint32_t i = 0; i < tops->room; i++) {
		if (tops->slots[i].number != 0)
			*find_top(&more, tops->slots[i].hash) = tops->slots[i];
	}
	free(tops->slots);
	*tops = more;
	return 0;
}

static int number_top(struct tops *tops, uint64_t hash, uint32_t *out)
{
	if (2 * (tops->count + 1) > tops->room && grow_tops(tops) != 0)
		return TARN__NAMELIST_NOMEM;
	struct top *top = find_top(tops, hash);
	if (top->number == 0)
		*top = (struct top){.hash = hash, .number = ++tops->count};
	*out = top->number - 1;
	return 0;
}

struct tarn__pile *tarn__pile_new(void)
{
	return calloc(1, sizeof(struct tarn__pile));
}

void tarn__pile_free(struct tarn__pile *pile)
{
	if (!pile)
		return;
	for (unsigned i = 0; i < PARTITIONS; i++) {
		clear_stack(&pile->entries[i]);
		clear_stack(&pile->ancestors[i]);
		free(pile->marks[i]);
	}
	free(pile->tops.slots);
	free(pile->covering_tops);
	free(pile);
}

static int add_ancestors(struct tarn__pile *pile, const uint64_t *hashes, unsigned labels,
			 uint8_t class, uint32_t owner)
{
	int error = 0;
	for (unsigned i = 2; i < labels && error == 0; i++)
		error = push(&pile->ancestors[partition_of(hashes[i])], word_of(hashes[i], class),
			     owner);
	return error;
}

int tarn__pile_add(struct tarn__pile *pile, const uint64_t *hashes, unsigned labels, uint8_t row,
		   const struct tarn__pile_row rows[])
{
	if (pile->total >= TARN__NAMELIST_NAMES_MAX)
		return TARN__NAMELIST_FULL;
	const struct tarn__pile_row *info = &rows[row];
	unsigned partition = partition_of(hashes[labels]);
	struct stack *entries = &pile->entries[partition];
	/* TARN__NAMELIST_NAMES_MAX has 24 bits. */
	uint32_t owner = partition << 24 | entries->count, top = IS_ROOT;
	if (labels == 0 && info->covers)
		pile->root_classes[info->class / 64] |= UINT64_C(1) << info->class % 64;
	if (labels > 0 && number_top(&pile->tops, hashes[1], &top) != 0)
		return TARN__NAMELIST_NOMEM;
	if (labels == 1)
		top |= IS_TOP;
	pile->total++;
	int error = push(entries, word_of(hashes[labels], row), top);
	if (error == 0 && info->effect != TARN__PILE_KEEP)
		error = add_ancestors(pile, hashes, labels, info->class, owner);
	return error;
}

/* ---- what covers ------------------------------------------------------------------------ */

/* Words of class and hash; an open hash. Class 0 is none, so that no word is 0. */
struct table {
	uint64_t *words;
	uint32_t room; /* a power of two */
};

static bool have_word(const struct table *table, uint64_t word)
{
	for (uint64_t i = word;; i++) {
		uint64_t there = table->words[i & (table->room - 1)];
		if (there == word || there == 0)
			return there == word;
	}
}

static void add_word(struct table *table, uint64_t word)
{
	uint64_t i = word;
	while (table->words[i & (table->room - 1)] != 0) {
		if (table->words[i & (table->room - 1)] == word)
			return;
		i++;
	}
	table->words[i & (table->room - 1)] = word;
}

static bool are_alike(const struct tarn__namelist_row *a, const struct tarn__namelist_row *b)
{
	return a->set == b->set && a->kind == b->kind && a->action == b->action &&
	       a->is_important == b->is_important && a->is_zone == b->is_zone &&
	       a->has_more == b->has_more;
}

/* What a removal with more removes is told by the more (dns/namelist_compile.c). */
static bool removes(const struct tarn__pile_row *removal, const struct tarn__pile_row *row)
{
	return removal->is_removal && !row->is_removal && !row->row.has_more &&
	       are_alike(&removal->row, &row->row) && removal->row.reach == row->row.reach;
}

/* The removals of a partition: few lists have any. */
struct removals {
	uint64_t *words;
	size_t count, room;
};

static int add_removal(struct removals *removals, uint64_t word)
{
	if (removals->count == removals->room) {
		size_t room = 2 * removals->room + 8;
		uint64_t *words = realloc(removals->words, room * sizeof *words);
		if (!words)
			return TARN__NAMELIST_NOMEM;
		removals->words = words;
		removals->room = room;
	}
	removals->words[removals->count++] = word;
	return 0;
}

/* Words for sorting: the hash first, then the row. */
static uint64_t by_hash(uint64_t word)
{
	return word << 8 | word >> 56;
}

static bool is_removed(const struct removals *removals, uint64_t sorted_word,
		       const struct tarn__pile_row rows[])
{
	size_t i =
		tarn__words_find(removals->words, removals->count, sorted_word & ~UINT64_C(0xff));
	for (; i < removals->count && (removals->words[i] ^ sorted_word) >> 8 == 0; i++) {
		if (removes(&rows[(uint8_t)removals->words[i]], &rows[(uint8_t)sorted_word]))
			return true;
	}
	return false;
}

static int find_removals(const struct stack *entries, const struct tarn__pile_row rows[],
			 struct removals *out)
{
	int error = 0;
	for (const struct chunk *chunk = entries->first; chunk; chunk = chunk->next) {
		for (uint32_t i = 0; i < chunk->count && error == 0; i++) {
			if (rows[chunk->words[i] >> 56].is_removal)
				error = add_removal(out, by_hash(chunk->words[i]));
		}
	}
	if (out->count > 0)
		tarn__words_sort_few(out->words, out->count);
	out->count = tarn__words_drop_repeated(out->words, out->count);
	return error;
}

static int add_covering_top(struct tarn__pile *pile, uint8_t class, uint32_t top)
{
	if (pile->covering_count == pile->covering_room) {
		size_t room = 2 * pile->covering_room + 64;
		uint64_t *tops = realloc(pile->covering_tops, room * sizeof *tops);
		if (!tops)
			return TARN__NAMELIST_NOMEM;
		pile->covering_tops = tops;
		pile->covering_room = room;
	}
	pile->covering_tops[pile->covering_count++] = (uint64_t)top << 8 | class;
	return 0;
}

/* Puts the entries of a partition that cover into the table, or among the tops. */
static int find_covering(struct tarn__pile *pile, struct stack *entries,
			 const struct tarn__pile_row rows[], const struct removals *removals,
			 struct table *table)
{
	int error = 0;
	for (struct chunk *chunk = entries->first; chunk; chunk = chunk->next) {
		for (uint32_t i = 0; i < chunk->count && error == 0; i++) {
			uint64_t word = chunk->words[i];
			const struct tarn__pile_row *row = &rows[word >> 56];
			uint32_t top = second_words(chunk)[i];
			if (!row->covers || top == IS_ROOT ||
			    (removals->count > 0 && is_removed(removals, by_hash(word), rows)))
				continue;
			if (top & IS_TOP)
				error = add_covering_top(pile, row->class, top & ~IS_TOP);
			else
				add_word(table, word_of(word, row->class));
		}
	}
	return error;
}

static void mark_owners(struct tarn__pile *pile, const struct stack *ancestors,
			const struct table *table)
{
	for (struct chunk *chunk = ancestors->first; chunk; chunk = chunk->next) {
		const uint32_t *owners = second_words(chunk);
		for (uint32_t i = 0; i < chunk->count; i++) {
			if (!have_word(table, chunk->words[i]))
				continue;
			uint32_t number = owners[i] & 0xffffff;
			pile->marks[owners[i] >> 24][number / 8] |= (uint8_t)(1 << number % 8);
		}
	}
}

static int make_table(uint32_t count, struct table *out)
{
	out->room = TABLE_MIN;
	while (out->room < 2 * count)
		out->room *= 2;
	out->words = calloc(out->room, sizeof *out->words);
	return out->words ? 0 : TARN__NAMELIST_NOMEM;
}

static int cover_partition(struct tarn__pile *pile, unsigned partition,
			   const struct tarn__pile_row rows[])
{
	struct stack *entries = &pile->entries[partition];
	struct removals removals = {0};
	struct table table;
	int error = make_table(entries->count, &table);
	if (error == 0)
		error = find_removals(entries, rows, &removals);
	if (error == 0)
		error = find_covering(pile, entries, rows, &removals, &table);
	if (error == 0)
		mark_owners(pile, &pile->ancestors[partition], &table);
	clear_stack(&pile->ancestors[partition]);
	free(table.words);
	free(removals.words);
	return error;
}

static int cover(struct tarn__pile *pile, const struct tarn__pile_row rows[])
{
	for (unsigned i = 0; i < PARTITIONS; i++) {
		pile->marks[i] = calloc(pile->entries[i].count / 8 + 1, 1);
		if (!pile->marks[i])
			return TARN__NAMELIST_NOMEM;
	}
	for (unsigned i = 0; i < PARTITIONS; i++) {
		int error = cover_partition(pile, i, rows);
		if (error != 0)
			return error;
	}
	if (pile->covering_count > 0)
		tarn__words_sort_few(pile->covering_tops, pile->covering_count);
	return 0;
}

static bool is_covered(const struct tarn__pile *pile, unsigned partition, uint32_t number,
		       uint32_t top, uint8_t class)
{
	if (pile->marks[partition][number / 8] >> number % 8 & 1 ||
	    pile->root_classes[class / 64] >> class % 64 & 1)
		return true;
	if (pile->covering_count == 0 || top & IS_TOP)
		return false;
	uint64_t wanted = (uint64_t)top << 8 | class;
	size_t i = tarn__words_find(pile->covering_tops, pile->covering_count, wanted);
	return i < pile->covering_count && pile->covering_tops[i] == wanted;
}

/* ---- reducing --------------------------------------------------------------------------- */

struct reduction {
	struct tarn__pile *pile;
	const struct tarn__pile_row *rows;
	uint8_t (*other_reach)(void *data, uint8_t row, enum tarn__namelist_reach);
	void *data;
	struct tarn__pile_counts *counts;
	/* Room for the words of the largest partition. */
	uint64_t *staying, *going, *sorted;
	uint32_t *starts;
	size_t staying_count, going_count;
};

static bool goes(enum tarn__pile_effect effect, bool is_covered)
{
	return effect == TARN__PILE_DROP_BELOW ? is_covered
					       : effect == TARN__PILE_DROP_ALONE && !is_covered;
}

/* Parts the entries of a partition into those that stay and those that go. */
static void part(struct reduction *reduction, unsigned partition)
{
	reduction->staying_count = reduction->going_count = 0;
	uint32_t number = 0;
	struct chunk *chunk = reduction->pile->entries[partition].first;
	for (; chunk; chunk = chunk->next) {
		for (uint32_t i = 0; i < chunk->count; i++, number++) {
			uint64_t word = by_hash(chunk->words[i]);
			const struct tarn__pile_row *row = &reduction->rows[(uint8_t)word];
			if (row->effect != TARN__PILE_KEEP &&
			    goes(row->effect, is_covered(reduction->pile, partition, number,
							 second_words(chunk)[i], row->class)))
				reduction->going[reduction->going_count++] = word;
			else
				reduction->staying[reduction->staying_count++] = word;
		}
	}
}

static bool is_same_hash(uint64_t a, uint64_t b)
{
	return (a ^ b) >> 8 == 0;
}

static void count_duplicate(struct reduction *reduction, uint8_t row)
{
	if (reduction->rows[row].is_counted)
		reduction->counts[reduction->rows[row].row.source].duplicates++;
}

/* Returns true if a word before i says the same of the name, but for the reach. */
static bool is_repeated(const struct reduction *reduction, const uint64_t *words, size_t i)
{
	uint8_t class = reduction->rows[(uint8_t)words[i]].class;
	if (i > 0 && words[i - 1] == words[i])
		return true;
	for (size_t j = i; j > 0 && is_same_hash(words[j - 1], words[i]); j--) {
		if (reduction->rows[(uint8_t)words[j - 1]].class == class)
			return true;
	}
	return false;
}

static void count_going(struct reduction *reduction)
{
	const uint64_t *words = reduction->sorted;
	for (size_t i = 0; i < reduction->going_count; i++) {
		const struct tarn__pile_row *row = &reduction->rows[(uint8_t)words[i]];
		if (!row->is_counted)
			continue;
		if (is_repeated(reduction, words, i))
			count_duplicate(reduction, (uint8_t)words[i]);
		else
			reduction->counts[row->row.source].below++;
	}
}

static bool differ_in_reach(const struct tarn__pile_row *a, const struct tarn__pile_row *b)
{
	return a->class != 0 && a->class == b->class && !a->row.has_more && !b->row.has_more &&
	       a->row.action == b->row.action;
}

/*
 * Makes one of two words of a name that differ in the reach alone. Returns true if the new word has become a
 * part of one of the others.
 */
static bool merge(struct reduction *reduction, uint64_t *words, size_t count, uint64_t word)
{
	const struct tarn__pile_row *row = &reduction->rows[(uint8_t)word];
	for (size_t i = 0; i < count; i++) {
		const struct tarn__pile_row *other = &reduction->rows[(uint8_t)words[i]];
		if (!differ_in_reach(row, other))
			continue;
		enum tarn__namelist_reach reach = other->row.reach | row->row.reach;
		uint8_t wide = reduction->other_reach(reduction->data, (uint8_t)words[i], reach);
		if (reduction->rows[wide].row.reach != reach)
			continue;
		words[i] = (words[i] & ~UINT64_C(0xff)) | wide;
		return true;
	}
	return false;
}

/* Counts and leaves out what is repeated of one name's words. Returns how many are left. */
static size_t drop_duplicates(struct reduction *reduction, uint64_t *words, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (words[i] == words[i - 1] && !reduction->rows[(uint8_t)words[i]].row.has_more)
			count_duplicate(reduction, (uint8_t)words[i]);
	}
	return tarn__words_drop_repeated(words, count);
}

/* Reduces the words of one name, in their place. Returns how many are left. */
static size_t reduce_name(struct reduction *reduction, uint64_t *words, size_t count)
{
	if (count == 1)
		return !reduction->rows[(uint8_t)words[0]].is_removal;
	count = drop_duplicates(reduction, words, count);
	uint64_t before[TARN__NAMELIST_ROWS_MAX + 1];
	memcpy(before, words, count * sizeof *words);
	struct removals removals = {.words = before, .count = count};
	size_t left = 0;
	for (size_t i = 0; i < count; i++) {
		uint8_t row = (uint8_t)before[i];
		if (reduction->rows[row].is_removal ||
		    is_removed(&removals, before[i], reduction->rows))
			continue;
		if (merge(reduction, words, left, before[i]))
			count_duplicate(reduction, row);
		else
			words[left++] = before[i];
	}
	tarn__words_sort_few(words, left);
	return left;
}

/* Reduces the sorted words, in their place. Returns how many are left. */
static size_t reduce_words(struct reduction *reduction, uint64_t *words, size_t count)
{
	size_t left = 0;
	for (size_t first = 0, last; first < count; first = last) {
		for (last = first + 1; last < count && is_same_hash(words[first], words[last]);)
			last++;
		size_t name_count = reduce_name(reduction, words + first, last - first);
		for (size_t i = 0; i < name_count; i++) {
			const struct tarn__pile_row *row =
				&reduction->rows[(uint8_t)words[first + i]];
			reduction->counts[row->row.source].names += row->is_counted;
			words[left++] = words[first + i];
		}
	}
	return left;
}

/* Writes words into the chunks of a stack, which has room for them, and frees the other chunks. */
static void put_back(struct stack *stack, const uint64_t *words, size_t count)
{
	stack->count = (uint32_t)count;
	struct chunk **chunk = &stack->first;
	for (; *chunk && count > 0; chunk = &(*chunk)->next) {
		uint32_t room = (*chunk)->room;
		(*chunk)->count = count < room ? (uint32_t)count : room;
		memcpy((*chunk)->words, words, (*chunk)->count * sizeof *words);
		words += (*chunk)->count;
		count -= (*chunk)->count;
	}
	clear_chunks(*chunk);
	*chunk = NULL;
	stack->last = NULL;
}

static void reduce_partition(struct reduction *reduction, unsigned partition)
{
	part(reduction, partition);
	tarn__words_sort(reduction->going, reduction->going_count, reduction->sorted,
			 reduction->starts);
	count_going(reduction);
	tarn__words_sort(reduction->staying, reduction->staying_count, reduction->sorted,
			 reduction->starts);
	size_t left = reduce_words(reduction, reduction->sorted, reduction->staying_count);
	put_back(&reduction->pile->entries[partition], reduction->sorted, left);
}

static int reduce_partitions(struct reduction *reduction)
{
	size_t most = 1;
	for (unsigned i = 0; i < PARTITIONS; i++)
		most = reduction->pile->entries[i].count > most ? reduction->pile->entries[i].count
								: most;
	reduction->staying = malloc(most * sizeof(uint64_t));
	reduction->going = malloc(most * sizeof(uint64_t));
	reduction->sorted = malloc(most * sizeof(uint64_t));
	reduction->starts = malloc((most + 1) * sizeof(uint32_t));
	bool has_room =
		reduction->staying && reduction->going && reduction->sorted && reduction->starts;
	for (unsigned i = 0; i < PARTITIONS && has_room; i++)
		reduce_partition(reduction, i);
	free(reduction->staying);
	free(reduction->going);
	free(reduction->sorted);
	free(reduction->starts);
	return has_room ? 0 : TARN__NAMELIST_NOMEM;
}

int tarn__pile_reduce(struct tarn__pile *pile, const struct tarn__pile_row rows[],
		      uint8_t (*other_reach)(void *data, uint8_t row, enum tarn__namelist_reach),
		      void *data, struct tarn__pile_counts counts[TARN__NAMELIST_SOURCES_MAX])
{
	struct reduction reduction = {.pile = pile,
				      .rows = rows,
				      .other_reach = other_reach,
				      .data = data,
				      .counts = counts};
	int error = cover(pile, rows);
	return error ? error : reduce_partitions(&reduction);
}

bool tarn__pile_next(const struct tarn__pile *pile, struct tarn__pile_cursor *cursor,
		     uint64_t *hash, uint8_t *row)
{
	const struct chunk *chunk = cursor->chunk;
	while (!chunk || cursor->at == chunk->count) {
		if (chunk && chunk->next) {
			chunk = chunk->next;
		} else {
			if (chunk)
				cursor->partition++;
			while (cursor->partition < PARTITIONS &&
			       !pile->entries[cursor->partition].first)
				cursor->partition++;
			if (cursor->partition == PARTITIONS)
				return false;
			chunk = pile->entries[cursor->partition].first;
		}
		cursor->chunk = chunk;
		cursor->at = 0;
	}
	uint64_t word = chunk->words[cursor->at++];
	*hash = (uint64_t)cursor->partition << 56 | word >> 8;
	*row = (uint8_t)word;
	return true;
}
