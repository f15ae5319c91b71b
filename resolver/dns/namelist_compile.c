/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/namelist_compile.c: gathering rules. Names go to a pile of hashes (dns/namelist_pile.h), what few rules
 * have to items (dns/namelist_items.h), and what rules have in common but for the name to rows, of which
 * there are few.
 */
#include "dns/namelist_compile.h"

#include <stdlib.h>
#include <string.h>

#include "dns/namelist_form.h"
#include "dns/namelist_items.h"
#include "dns/namelist_octets.h"
#include "dns/namelist_pile.h"
#include "dns/namelist_write.h"

enum {
	/* Names above others that have been seen lately; lists are often sorted. */
	RECENT = 1024,
	/* Octets that are held until the format is known. */
	GUESS_MAX = TARN__NAMELIST_GUESS_LINES * TARN__NAMELIST_LINE_MAX,
};

struct source {
	struct tarn__namelist_source report;
	enum tarn__namelist_kind kind;
	struct tarn__namelist_line_options line_options;
	uint8_t zone_class; /* 0: it is no zone, or has no rule yet */
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
	struct tarn__namelist_items items;
	struct tarn__namelist_guess guess;
	struct tarn__octets held; /* octets of the list whose format is not known yet */
	size_t guessed; /* of them, those that have been looked at */
	size_t line_len; /* of the line that has not ended; above TARN__NAMELIST_LINE_MAX: too long */
	char line[TARN__NAMELIST_LINE_MAX];
	int error;
	uint64_t recent[RECENT];
};

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
	tarn__namelist_items_fini(&compiler->items);
	tarn__octets_clear(&compiler->held);
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
 * Returns true if names of the class have to be looked for below others: if some are known to cover, or the
 * list is of a format in which they do. In lists of whole names nothing covers, but for a line of another
 * form; what stood before that is kept. This halves what is held in memory for the most frequent formats.
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
 * Adds the names above one as names that exist: those of a zone, those above prefixes, by which prefixes
 * are found, and those of a rule that allows, since a rule that blocks one of them has to know.
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
		error = tarn__namelist_items_add(&compiler->items, rule, hashes[labels],
						 (uint8_t)number, &compiler->rows[number].row);
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
	struct tarn__octets held = compiler->held;
	compiler->held = (struct tarn__octets){0};
	source->report.format = source->line_options.format = format;
	take_octets(compiler, (const char *)held.octets, held.len);
	tarn__octets_clear(&held);
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
	compiler->error = tarn__octets_append(&compiler->held, octets, len);
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
			.index = tarn__namelist_items_index(&compiler->items),
			.index_count = index_count,
			.more = compiler->items.more.octets,
			.more_len = compiler->items.more.len,
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
		compiler->error =
			tarn__namelist_items_reduce(&compiler->items, compiler->rows, &index_count);
	if (compiler->error == 0)
		compiler->error = write_list(compiler, index_count, write, data);
	return compiler->error;
}
