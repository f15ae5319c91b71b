/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/namelist_compile.c: gathering rules. Names go to a pile of hashes (dns/namelist_pile.h), what few rules have into
 * a buffer, and what all rules but the name have in common into rows, of which there are few.
 */
#include "dns/namelist_compile.h"

#include <stdlib.h>
#include <string.h>

#include "base/octets.h"
#include "dns/namelist_form.h"
#include "dns/namelist_pile.h"
#include "dns/namelist_write.h"

enum {
	/* Names above others that have been seen lately; lists are often sorted. */
	RECENT = 1024,
	/* Octets that are held until the format is known. */
	GUESS_MAX = TARN__NAMELIST_GUESS_LINES * TARN__NAMELIST_LINE_MAX,
	MORE_MAX = 1 << 30, /* octets of what few rules have */
};

struct source {
	struct tarn__namelist_source report;
	enum tarn__namelist_kind kind;
	struct tarn__namelist_line_options line_options;
	uint8_t zone_class; /* 0: it is no zone, or has no rule yet */
};

/* What a rule has more, and a hash of all that it says, its list not counted. */
struct item {
	struct tarn__namelist_index index;
	uint64_t digest;
};

/* Octets that grow. */
struct buffer {
	uint8_t *octets;
	size_t len, room;
};

struct tarn__namelist_compiler {
	uint64_t seed, digest;
	struct tarn__pile *pile;
	unsigned labels_min, labels_max;
	struct tarn__pile_row rows[TARN__NAMELIST_ROWS_MAX];
	unsigned row_count;
	uint8_t last_row; /* that was found */
	uint8_t class_count;
	struct source sources[TARN__NAMELIST_SOURCES_MAX];
	unsigned source_count;
	struct buffer more;
	struct buffer items; /* of struct item */
	struct tarn__namelist_guess guess;
	struct buffer held; /* octets of the list whose format is not known yet */
	size_t guessed; /* of them, those that have been looked at */
	size_t line_len; /* of the line that has not ended; above TARN__NAMELIST_LINE_MAX: too long */
	char line[TARN__NAMELIST_LINE_MAX];
	int error;
	uint64_t recent[RECENT];
};

static int reserve(struct buffer *buffer, size_t len)
{
	if (buffer->room - buffer->len >= len)
		return 0;
	size_t room = 2 * buffer->room + len + 256;
	uint8_t *octets = realloc(buffer->octets, room);
	if (!octets)
		return TARN__NAMELIST_NOMEM;
	buffer->octets = octets;
	buffer->room = room;
	return 0;
}

static int append(struct buffer *buffer, const void *octets, size_t len)
{
	int error = reserve(buffer, len);
	if (error == 0 && len > 0) {
		memcpy(buffer->octets + buffer->len, octets, len);
		buffer->len += len;
	}
	return error;
}

static void clear_buffer(struct buffer *buffer)
{
	free(buffer->octets);
	*buffer = (struct buffer){0};
}

struct tarn__namelist_compiler *tarn__namelist_compiler_new(uint64_t seed, uint64_t digest)
{
	struct tarn__namelist_compiler *compiler = calloc(1, sizeof *compiler);
	if (!compiler)
		return NULL;
	compiler->seed = seed;
	compiler->digest = digest;
	compiler->labels_min = TARN__LABELS_MAX + 1;
	compiler->pile = tarn__pile_new();
	if (compiler->pile)
		return compiler;
	free(compiler);
	return NULL;
}

void tarn__namelist_compiler_free(struct tarn__namelist_compiler *compiler)
{
	if (!compiler)
		return;
	for (unsigned i = 0; i < compiler->source_count; i++) {
		struct tarn__namelist_source *report = &compiler->sources[i].report;
		free((char *)report->path);
		for (unsigned j = 0; j < report->fault_count; j++)
			free((char *)report->faults[j].text);
	}
	tarn__pile_free(compiler->pile);
	clear_buffer(&compiler->more);
	clear_buffer(&compiler->items);
	clear_buffer(&compiler->held);
	free(compiler);
}

static struct source *current(struct tarn__namelist_compiler *compiler)
{
	return &compiler->sources[compiler->source_count - 1];
}

/* ---- rows ------------------------------------------------------------------------------- */

static bool is_same_row(const struct tarn__pile_row *a, const struct tarn__pile_row *b)
{
	return a->row.source == b->row.source && a->row.kind == b->row.kind &&
	       a->row.reach == b->row.reach && a->row.action == b->row.action &&
	       a->row.is_important == b->row.is_important && a->row.has_more == b->row.has_more &&
	       a->is_removal == b->is_removal && a->is_kept == b->is_kept;
}

/* Returns the class of the rows that differ from this one in the reach alone; a new one if there are none. */
static uint8_t find_class(struct tarn__namelist_compiler *compiler,
			  const struct tarn__pile_row *row)
{
	struct source *source = &compiler->sources[row->row.source];
	if (row->row.is_zone) {
		if (source->zone_class == 0)
			source->zone_class = ++compiler->class_count;
		return source->zone_class;
	}
	if (row->row.has_more || row->is_removal || row->row.action == TARN__NAMELIST_EXISTS)
		return 0;
	for (unsigned i = 0; i < compiler->row_count; i++) {
		struct tarn__pile_row like = *row;
		like.row.reach = compiler->rows[i].row.reach;
		if (is_same_row(&like, &compiler->rows[i]))
			return compiler->rows[i].class;
	}
	return ++compiler->class_count;
}

/*
 * Returns true if names of the class have to be looked for below others: if some are known to cover, or the list is of a
 * format in which they do. In lists of whole names nothing covers, but for a line of another form; what stood before that
 * is kept. This halves what is held in memory for the most frequent formats.
 */
static bool may_be_below(const struct tarn__namelist_compiler *compiler, uint8_t source,
			 uint8_t class)
{
	const struct tarn__namelist_line_options *options = &compiler->sources[source].line_options;
	if (options->subdomains == TARN__NAMELIST_WITH ||
	    (options->format != TARN__NAMELIST_HOSTS && options->format != TARN__NAMELIST_DOMAINS))
		return true;
	for (unsigned i = 0; i < compiler->row_count; i++) {
		if (compiler->rows[i].class == class && compiler->rows[i].covers)
			return true;
	}
	return false;
}

static void set_effects(struct tarn__namelist_compiler *compiler, uint8_t source, uint8_t class)
{
	bool drops = class != 0 && may_be_below(compiler, source, class);
	for (unsigned i = 0; i < compiler->row_count && drops; i++) {
		struct tarn__pile_row *row = &compiler->rows[i];
		if (row->class == class && !row->row.is_zone)
			row->effect = TARN__PILE_DROP_BELOW;
	}
}

static void add_row(struct tarn__namelist_compiler *compiler, struct tarn__pile_row row)
{
	bool exists = row.row.action == TARN__NAMELIST_EXISTS;
	row.class = find_class(compiler, &row);
	row.covers = row.class != 0 && !exists && row.row.reach & TARN__NAMELIST_BELOW;
	row.is_counted = !exists && !row.is_removal;
	bool drops = row.row.is_zone && exists && !row.is_kept;
	row.effect = drops ? TARN__PILE_DROP_ALONE : TARN__PILE_KEEP;
	compiler->rows[compiler->row_count++] = row;
	set_effects(compiler, row.row.source, row.class);
}

/* Returns the number of the row, which is added if it is not there; -1: there is no room for it. */
static int find_row(struct tarn__namelist_compiler *compiler, const struct tarn__pile_row *row)
{
	if (compiler->row_count > 0 && is_same_row(row, &compiler->rows[compiler->last_row]))
		return compiler->last_row;
	unsigned i = 0;
	while (i < compiler->row_count && !is_same_row(row, &compiler->rows[i]))
		i++;
	if (i == TARN__NAMELIST_ROWS_MAX)
		return -1;
	if (i == compiler->row_count)
		add_row(compiler, *row);
	compiler->last_row = (uint8_t)i;
	return (int)i;
}

static uint8_t other_reach(void *data, uint8_t number, enum tarn__namelist_reach reach)
{
	struct tarn__namelist_compiler *compiler = data;
	struct tarn__pile_row row = compiler->rows[number];
	row.row.reach = reach;
	int other = find_row(compiler, &row);
	return other < 0 ? number : (uint8_t)other;
}

static struct tarn__pile_row row_of(struct tarn__namelist_compiler *compiler,
				    const struct tarn__namelist_rule *rule)
{
	const struct source *source = current(compiler);
	bool allows = source->kind == TARN__NAMELIST_ALLOW || rule->kind == TARN__NAMELIST_ALLOW;
	return (struct tarn__pile_row){
		.row =
			{
				.set = source->report.set,
				.source = (uint8_t)(compiler->source_count - 1),
				.kind = allows ? TARN__NAMELIST_ALLOW : TARN__NAMELIST_BLOCK,
				.reach = rule->reach,
				.action = rule->action,
				.is_important = rule->is_important,
				.is_zone = source->report.format == TARN__NAMELIST_RPZ,
				.has_more = rule->more != NULL,
			},
		.is_removal = rule->is_removal,
	};
}

/* ---- adding ----------------------------------------------------------------------------- */

static int put16(struct buffer *buffer, uint16_t value)
{
	uint8_t octets[2];
	tarn__put16(octets, value);
	return append(buffer, octets, sizeof octets);
}

static int put_more(struct buffer *buffer, const struct tarn__namelist_rule *rule)
{
	const struct tarn__namelist_more *more = rule->more;
	uint8_t flags = 0;
	flags |= more->is_types_negated ? TARN__NAMELIST_MORE_NEGATED : 0;
	flags |= more->has_record ? TARN__NAMELIST_MORE_RECORD : 0;
	int error = reserve(buffer, 64 + rule->name_len + more->denied_len + more->rdata_len);
	if (error != 0)
		return error;
	append(buffer, (uint8_t[]){flags, (uint8_t)rule->name_len}, 2);
	append(buffer, rule->name, rule->name_len);
	append(buffer, &more->type_count, 1);
	for (unsigned i = 0; i < more->type_count; i++)
		put16(buffer, more->types[i]);
	put16(buffer, (uint16_t)more->denied_len);
	append(buffer, more->denied, more->denied_len);
	put16(buffer, more->type);
	put16(buffer, (uint16_t)(more->ttl >> 16));
	put16(buffer, (uint16_t)more->ttl);
	put16(buffer, more->rdata_len);
	return append(buffer, more->rdata, more->rdata_len);
}

static size_t count_items(const struct tarn__namelist_compiler *compiler)
{
	return compiler->items.len / sizeof(struct item);
}

static uint64_t digest_rule(const struct tarn__namelist_compiler *compiler,
			    const struct tarn__namelist_row *row, size_t at)
{
	uint64_t digest = compiler->seed;
	const uint8_t numbers[] = {row->set, row->kind, row->reach, row->action, row->is_important};
	for (size_t i = 0; i < sizeof numbers; i++)
		digest = tarn__namelist_mix(digest ^ numbers[i]) + 1;
	for (; at < compiler->more.len; at++)
		digest = tarn__namelist_mix(digest ^ compiler->more.octets[at]) + 1;
	return digest;
}

static int add_more(struct tarn__namelist_compiler *compiler,
		    const struct tarn__namelist_rule *rule, uint64_t hash, uint8_t row)
{
	if (compiler->more.len > MORE_MAX)
		return TARN__NAMELIST_FULL;
	size_t at = compiler->more.len;
	int error = put_more(&compiler->more, rule);
	if (error != 0)
		return error;
	struct item item = {.index = {.hash = hash, .at = (uint32_t)at, .row = row}};
	item.digest = digest_rule(compiler, &compiler->rows[row].row, at);
	return append(&compiler->items, &item, sizeof item);
}

/* Returns true if the name is a new one in the row as far as is remembered. */
static bool is_new(struct tarn__namelist_compiler *compiler, uint64_t hash, uint8_t row)
{
	uint64_t mark = hash ^ (uint64_t)(row + 1) << 48;
	uint64_t *recent = &compiler->recent[hash % RECENT];
	if (*recent == mark)
		return false;
	*recent = mark;
	return true;
}

static void note_labels(struct tarn__namelist_compiler *compiler, unsigned labels)
{
	if (labels < compiler->labels_min)
		compiler->labels_min = labels;
	if (labels > compiler->labels_max)
		compiler->labels_max = labels;
}

/* Returns the number of the row for names above those of a row, as find_row(). is_prefix is the rule's. */
static int find_existing(struct tarn__namelist_compiler *compiler, struct tarn__pile_row row,
			 bool is_prefix)
{
	row.row.reach = TARN__NAMELIST_SELF;
	row.row.action = TARN__NAMELIST_EXISTS;
	row.row.has_more = row.row.is_important = false;
	row.is_kept = is_prefix;
	return find_row(compiler, &row);
}

/*
 * Adds the names above one as names that exist: those of a zone, those above prefixes, by which prefixes are found, and
 * those of a rule that allows, since a rule that blocks one of them has to know.
 */
static int add_existing(struct tarn__namelist_compiler *compiler, const uint64_t *hashes,
			unsigned labels, int number)
{
	int error = 0;
	for (unsigned i = 1; i < labels && number >= 0 && error == 0; i++) {
		if (!is_new(compiler, hashes[i], (uint8_t)number))
			continue;
		note_labels(compiler, i);
		error = tarn__pile_add(compiler->pile, hashes, i, (uint8_t)number, compiler->rows);
	}
	return error;
}

static unsigned hash_suffixes(const struct tarn__namelist_compiler *compiler,
			      const struct tarn__namelist_rule *rule,
			      uint64_t hashes[TARN__LABELS_MAX + 1])
{
	struct tarn__namelist_name name;
	tarn__namelist_name_init(&name, rule->name, rule->name_len);
	hashes[0] = compiler->seed;
	for (unsigned i = 1; i <= name.count; i++)
		hashes[i] = tarn__namelist_name_step(&name, hashes[i - 1], i);
	return name.count;
}

static bool implies_above(const struct tarn__pile_row *row)
{
	return row->row.is_zone || (row->row.kind == TARN__NAMELIST_ALLOW && !row->is_removal &&
				    row->row.action != TARN__NAMELIST_UNREWRITE);
}

static int add(struct tarn__namelist_compiler *compiler, const struct tarn__namelist_rule *rule)
{
	struct tarn__pile_row row = row_of(compiler, rule);
	int number = find_row(compiler, &row), above = -1;
	if (implies_above(&row))
		above = find_existing(compiler, row, rule->is_prefix);
	if (number < 0 || (rule->is_prefix && above < 0)) {
		current(compiler)->report.unsupported++;
		return 0;
	}
	uint64_t hashes[TARN__LABELS_MAX + 1];
	unsigned labels = hash_suffixes(compiler, rule, hashes);
	note_labels(compiler, labels);
	int error = tarn__pile_add(compiler->pile, hashes, labels, (uint8_t)number, compiler->rows);
	if (error == 0 && rule->more)
		error = add_more(compiler, rule, hashes[labels], (uint8_t)number);
	if (error == 0)
		error = add_existing(compiler, hashes, labels, above);
	return error;
}

int tarn__namelist_compiler_add(struct tarn__namelist_compiler *compiler,
				const struct tarn__namelist_rule *rule)
{
	if (compiler->error == 0)
		compiler->error = add(compiler, rule);
	return compiler->error;
}

/* ---- what is not added ------------------------------------------------------------------ */

static void keep_fault(struct tarn__namelist_source *report, uint32_t line, const char *text,
		       size_t len)
{
	if (report->fault_count == TARN__NAMELIST_EXAMPLES_MAX)
		return;
	len = len < TARN__NAMELIST_EXAMPLE_LEN ? len : TARN__NAMELIST_EXAMPLE_LEN;
	char *copy = malloc(len + 1);
	if (!copy)
		return; /* one example less */
	memcpy(copy, text, len);
	report->faults[report->fault_count++] =
		(struct tarn__namelist_fault){.line = line, .len = (uint8_t)len, .text = copy};
}

void tarn__namelist_compiler_reject(struct tarn__namelist_compiler *compiler,
				    enum tarn__namelist_reject why, uint32_t line, const char *text,
				    size_t len)
{
	struct tarn__namelist_source *report = &current(compiler)->report;
	switch (why) {
	case TARN__NAMELIST_INVALID:
		report->invalid++;
		keep_fault(report, line, text, len);
		break;
	case TARN__NAMELIST_NOT_DNS:
		report->not_dns++;
		break;
	case TARN__NAMELIST_UNSUPPORTED:
		report->unsupported++;
		break;
	}
}

/* ---- lines ------------------------------------------------------------------------------ */

static void take_rule(void *data, const struct tarn__namelist_rule *rule)
{
	tarn__namelist_compiler_add(data, rule);
}

/* Takes the byte order mark of UTF-8 away, which some programs put before the first line. */
static void skip_mark(const char **line, size_t *len)
{
	static const char mark[] = "\357\273\277";
	if (*len < sizeof mark - 1 || memcmp(*line, mark, sizeof mark - 1) != 0)
		return;
	*line += sizeof mark - 1;
	*len -= sizeof mark - 1;
}

static void take_line(struct tarn__namelist_compiler *compiler, const char *line, size_t len)
{
	struct source *source = current(compiler);
	if (source->report.lines == 0)
		skip_mark(&line, &len);
	source->report.lines++;
	struct tarn__namelist_line_counts counts =
		tarn__namelist_line_read(&source->line_options, line, len, take_rule, compiler);
	source->report.not_dns += counts.not_dns;
	source->report.unsupported += counts.unsupported;
	source->report.invalid += counts.invalid;
	if (counts.invalid > 0)
		keep_fault(&source->report, source->report.lines, line, len);
}

/* Adds octets to the line that has not ended; of one that is too long the start is kept. */
static void extend_line(struct tarn__namelist_compiler *compiler, const char *octets, size_t len)
{
	size_t used = compiler->line_len < TARN__NAMELIST_LINE_MAX ? compiler->line_len
								   : TARN__NAMELIST_LINE_MAX;
	size_t room = TARN__NAMELIST_LINE_MAX - used;
	memcpy(compiler->line + used, octets, len < room ? len : room);
	compiler->line_len = len <= room && compiler->line_len <= TARN__NAMELIST_LINE_MAX
				     ? used + len
				     : TARN__NAMELIST_LINE_MAX + 1;
}

static void end_line(struct tarn__namelist_compiler *compiler)
{
	size_t len = compiler->line_len;
	compiler->line_len = 0;
	if (len <= TARN__NAMELIST_LINE_MAX) {
		take_line(compiler, compiler->line, len);
		return;
	}
	uint32_t number = ++current(compiler)->report.lines;
	tarn__namelist_compiler_reject(compiler, TARN__NAMELIST_INVALID, number, compiler->line,
				       TARN__NAMELIST_LINE_MAX);
}

static void take_octets(struct tarn__namelist_compiler *compiler, const char *octets, size_t len)
{
	while (len > 0 && compiler->error == 0) {
		const char *end = memchr(octets, '\n', len);
		size_t part = end ? (size_t)(end - octets) : len;
		if (end && compiler->line_len == 0 && part <= TARN__NAMELIST_LINE_MAX) {
			take_line(compiler, octets, part);
		} else {
			extend_line(compiler, octets, part);
			if (end)
				end_line(compiler);
		}
		part += end != NULL;
		octets += part;
		len -= part;
	}
}

/* ---- the format ------------------------------------------------------------------------- */

static void set_format(struct tarn__namelist_compiler *compiler, enum tarn__namelist_format format)
{
	struct source *source = current(compiler);
	struct buffer held = compiler->held;
	compiler->held = (struct buffer){0};
	source->report.format = source->line_options.format = format;
	take_octets(compiler, (const char *)held.octets, held.len);
	clear_buffer(&held);
}

static bool guess_line(struct tarn__namelist_compiler *compiler, size_t len)
{
	const char *line = (const char *)compiler->held.octets + compiler->guessed;
	if (compiler->guessed == 0)
		skip_mark(&line, &len);
	return tarn__namelist_guess_line(&compiler->guess, line, len);
}

/* Looks at the lines that have ended among the octets that are held. */
static bool is_guessed(struct tarn__namelist_compiler *compiler)
{
	bool is_enough = compiler->held.len > GUESS_MAX;
	while (!is_enough) {
		const uint8_t *line = compiler->held.octets + compiler->guessed;
		const uint8_t *end = memchr(line, '\n', compiler->held.len - compiler->guessed);
		if (!end)
			return false;
		is_enough = guess_line(compiler, (size_t)(end - line));
		compiler->guessed += (size_t)(end - line) + 1;
	}
	return true;
}

/* The list has ended before its format was clear. */
static void end_guess(struct tarn__namelist_compiler *compiler)
{
	if (compiler->held.len > compiler->guessed)
		guess_line(compiler, compiler->held.len - compiler->guessed);
	set_format(compiler, tarn__namelist_guess_format(&compiler->guess));
}

int tarn__namelist_compiler_feed(struct tarn__namelist_compiler *compiler, const void *octets,
				 size_t len)
{
	if (compiler->error != 0 || len == 0)
		return compiler->error;
	if (current(compiler)->report.format != TARN__NAMELIST_AUTO) {
		take_octets(compiler, octets, len);
		return compiler->error;
	}
	compiler->error = append(&compiler->held, octets, len);
	if (compiler->error == 0 && is_guessed(compiler))
		set_format(compiler, tarn__namelist_guess_format(&compiler->guess));
	return compiler->error;
}

static void end_list(struct tarn__namelist_compiler *compiler)
{
	if (compiler->source_count == 0)
		return;
	if (current(compiler)->report.format == TARN__NAMELIST_AUTO)
		end_guess(compiler);
	if (compiler->line_len > 0)
		end_line(compiler);
	compiler->guess = (struct tarn__namelist_guess){0};
	compiler->guessed = 0;
}

int tarn__namelist_compiler_begin(struct tarn__namelist_compiler *compiler,
				  const struct tarn__namelist_list *list)
{
	end_list(compiler);
	if (compiler->error != 0)
		return compiler->error;
	if (compiler->source_count == TARN__NAMELIST_SOURCES_MAX ||
	    list->set >= TARN__NAMELIST_SETS_MAX)
		return compiler->error = TARN__NAMELIST_FULL;
	char *path = strndup(list->path, TARN__NAMELIST_PATH_MAX);
	if (!path)
		return compiler->error = TARN__NAMELIST_NOMEM;
	compiler->sources[compiler->source_count++] = (struct source){
		.report = {.path = path,
			   .path_len = (uint16_t)strlen(path),
			   .set = list->set,
			   .format = list->format,
			   .size = list->size,
			   .mtime_ns = list->mtime_ns},
		.kind = list->kind,
		.line_options = {.format = list->format, .subdomains = list->subdomains},
	};
	return 0;
}

/* ---- the end ---------------------------------------------------------------------------- */

static int compare_index(const void *a, const void *b)
{
	const struct tarn__namelist_index *x = a, *y = b;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	if (x->row != y->row)
		return x->row < y->row ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static int compare_digests(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

static bool is_among(const struct buffer *digests, uint64_t digest)
{
	return digests->len > 0 && bsearch(&digest, digests->octets, digests->len / sizeof digest,
					   sizeof digest, compare_digests);
}

/* Gathers the digests of the items that remove others. */
static int find_removals(const struct tarn__namelist_compiler *compiler, struct buffer *out)
{
	const struct item *items = (const void *)compiler->items.octets;
	int error = 0;
	for (size_t i = 0; i < count_items(compiler) && error == 0; i++) {
		if (compiler->rows[items[i].index.row].is_removal)
			error = append(out, &items[i].digest, sizeof items[i].digest);
	}
	if (out->len > 0)
		qsort(out->octets, out->len / sizeof(uint64_t), sizeof(uint64_t), compare_digests);
	return error;
}

/* Writes the index of the items that are neither removed nor remove others, sorted, over the items. */
static int make_index(struct tarn__namelist_compiler *compiler, uint32_t *count)
{
	struct buffer removals = {0};
	int error = find_removals(compiler, &removals);
	const struct item *items = (const void *)compiler->items.octets;
	struct tarn__namelist_index *index = (void *)compiler->items.octets;
	*count = 0;
	for (size_t i = 0; i < count_items(compiler) && error == 0; i++) {
		struct item item = items[i];
		if (!compiler->rows[item.index.row].is_removal && !is_among(&removals, item.digest))
			memcpy(&index[(*count)++], &item.index, sizeof item.index);
	}
	clear_buffer(&removals);
	if (*count > 0)
		qsort(index, *count, sizeof *index, compare_index);
	return error;
}

static int reduce(struct tarn__namelist_compiler *compiler)
{
	struct tarn__pile_counts counts[TARN__NAMELIST_SOURCES_MAX] = {0};
	int error =
		tarn__pile_reduce(compiler->pile, compiler->rows, other_reach, compiler, counts);
	for (unsigned i = 0; i < compiler->source_count; i++) {
		struct tarn__namelist_source *report = &compiler->sources[i].report;
		report->names = counts[i].names;
		report->duplicates = counts[i].duplicates;
		report->below = counts[i].below;
	}
	return error;
}

static int write_list(struct tarn__namelist_compiler *compiler, uint32_t index_count,
		      tarn__namelist_write *write, void *data)
{
	struct tarn__namelist_source reports[TARN__NAMELIST_SOURCES_MAX];
	for (unsigned i = 0; i < compiler->source_count; i++)
		reports[i] = compiler->sources[i].report;
	return tarn__namelist_write_parts(
		&(struct tarn__namelist_parts){
			.seed = compiler->seed,
			.digest = compiler->digest,
			.labels_min = compiler->labels_min,
			.labels_max = compiler->labels_max,
			.pile = compiler->pile,
			.rows = compiler->rows,
			.row_count = compiler->row_count,
			.index = (const void *)compiler->items.octets,
			.index_count = index_count,
			.more = compiler->more.octets,
			.more_len = compiler->more.len,
			.sources = reports,
			.source_count = compiler->source_count,
		},
		write, data);
}

int tarn__namelist_compiler_finish(struct tarn__namelist_compiler *compiler,
				   tarn__namelist_write *write, void *data)
{
	uint32_t index_count = 0;
	end_list(compiler);
	if (compiler->error == 0)
		compiler->error = reduce(compiler);
	if (compiler->error == 0)
		compiler->error = make_index(compiler, &index_count);
	if (compiler->error == 0)
		compiler->error = write_list(compiler, index_count, write, data);
	return compiler->error;
}
