/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/namelist.c: looking names up in a compiled list. All that a lookup relies on is checked when the list
 * is opened.
 */
#include "dns/namelist.h"

#include "base/octets.h"
#include "dns/namelist_form.h"
#include "dns/wire.h"

/* ---- opening ---------------------------------------------------------------------------- */

static int check_identity(const struct tarn__namelist_head *head)
{
	bool is_ours = memcmp(head->magic, TARN__NAMELIST_MAGIC, sizeof head->magic) == 0 &&
		       head->version == TARN__NAMELIST_VERSION &&
		       head->order == TARN__NAMELIST_ORDER;
	return is_ours ? 0 : TARN__NAMELIST_FOREIGN;
}

static bool is_power_of_two(uint32_t number)
{
	return number != 0 && (number & (number - 1)) == 0;
}

/* The limits keep the sums of tarn__namelist_lay_out() far below 64 bits. */
static bool are_numbers_good(const struct tarn__namelist_head *head)
{
	const uint32_t most = 4u * TARN__NAMELIST_NAMES_MAX;
	return head->row_count <= TARN__NAMELIST_ROWS_MAX &&
	       head->source_count <= TARN__NAMELIST_SOURCES_MAX &&
	       head->labels_max <= TARN__LABELS_MAX && head->piece_count >= 1 &&
	       head->piece_count <= most && is_power_of_two(head->segment_len) &&
	       head->segment_len <= 1u << 20 && head->segment_count >= 1 &&
	       head->segment_count <= 1u << 10 && head->bucket_count >= 1 &&
	       head->bucket_count <= head->bucket_total && head->bucket_total <= most &&
	       head->walk >= 1 && head->walk <= TARN__NAMELIST_WALK_MAX &&
	       head->more_count <= most && head->more_len <= UINT32_MAX &&
	       head->sources_len <= UINT32_MAX;
}

static bool is_checksum_good(const uint8_t *octets, size_t len)
{
	size_t at = len - TARN__NAMELIST_CHECKSUM_LEN;
	struct tarn__namelist_sum sum = {.next = 0};
	tarn__namelist_sum_add(&sum, octets, at);
	return tarn__namelist_sum_end(&sum) == tarn__get64_low_first(octets + at);
}

static bool read_row(const uint8_t *octets, unsigned source_count, struct tarn__namelist_row *out)
{
	uint8_t flags = octets[5];
	*out = (struct tarn__namelist_row){
		.set = octets[0],
		.source = octets[1],
		.kind = octets[2] ? TARN__NAMELIST_ALLOW : TARN__NAMELIST_BLOCK,
		.reach = octets[3] & TARN__NAMELIST_BOTH,
		.action = octets[4],
		.is_important = flags & TARN__NAMELIST_ROW_IMPORTANT,
		.is_zone = flags & TARN__NAMELIST_ROW_ZONE,
		.has_more = flags & TARN__NAMELIST_ROW_MORE,
	};
	return out->set < TARN__NAMELIST_SETS_MAX && out->source < source_count &&
	       out->action < TARN__NAMELIST_ACTIONS;
}

static bool read_rows(struct tarn__namelist *list, const uint8_t *rows)
{
	for (unsigned i = 0; i < list->row_count; i++) {
		if (!read_row(rows + (size_t)i * TARN__NAMELIST_ROW_LEN, list->source_count,
			      &list->rows[i]))
			return false;
	}
	return true;
}

static bool is_bucket_good(const struct tarn__namelist_bucket *bucket, unsigned row_count)
{
	if (bucket->count > TARN__NAMELIST_BUCKET_ROOM)
		return false;
	for (unsigned i = 0; i < bucket->count; i++) {
		if (bucket->rows[i] >= row_count)
			return false;
	}
	return true;
}

/* A walk from bucket to bucket ends within the list. */
static bool are_buckets_good(const struct tarn__namelist *list)
{
	bool goes_on = false;
	for (uint32_t i = 0; i < list->bucket_total; i++) {
		struct tarn__namelist_bucket bucket;
		memcpy(&bucket, list->buckets + (size_t)i * sizeof bucket, sizeof bucket);
		goes_on = bucket.goes_on;
		if (!is_bucket_good(&bucket, list->row_count))
			return false;
	}
	return !goes_on;
}

/* ---- what few rules have ---------------------------------------------------------------- */

static struct tarn__namelist_index index_at(const struct tarn__namelist *list, uint32_t number)
{
	struct tarn__namelist_index index;
	memcpy(&index, list->more_index + (size_t)number * sizeof index, sizeof index);
	return index;
}

/* Reads an item, and its name, which is as long as *name_len says. Returns false: it is malformed. */
static bool read_more(const uint8_t *octets, size_t len, uint32_t at, const uint8_t **name,
		      size_t *name_len, struct tarn__namelist_more *out)
{
	struct tarn__reader reader = {.wire = octets, .at = at < len ? at : len, .end = len};
	uint8_t flags = tarn__read8(&reader);
	*out = (struct tarn__namelist_more){.is_types_negated = flags & TARN__NAMELIST_MORE_NEGATED,
					    .has_record = flags & TARN__NAMELIST_MORE_RECORD};
	*name_len = tarn__read8(&reader);
	*name = tarn__read_octets(&reader, *name_len);
	out->type_count = tarn__read8(&reader);
	if (out->type_count > TARN__NAMELIST_TYPES_MAX)
		return false;
	for (unsigned i = 0; i < out->type_count; i++)
		out->types[i] = tarn__read16(&reader);
	out->denied_len = tarn__read16(&reader);
	out->denied = tarn__read_octets(&reader, out->denied_len);
	out->type = tarn__read16(&reader);
	out->ttl = (uint32_t)tarn__read16(&reader) << 16;
	out->ttl |= tarn__read16(&reader);
	out->rdata_len = tarn__read16(&reader);
	out->rdata = tarn__read_octets(&reader, out->rdata_len);
	return !reader.failed;
}

static bool are_names(const uint8_t *octets, size_t len)
{
	while (len > 0) {
		size_t name_len = tarn__name_span(octets, len);
		if (name_len == 0)
			return false;
		octets += name_len;
		len -= name_len;
	}
	return true;
}

static bool is_more_good(const struct tarn__namelist *list)
{
	for (uint32_t i = 0; i < list->more_count; i++) {
		struct tarn__namelist_index index = index_at(list, i);
		struct tarn__namelist_more more;
		const uint8_t *name;
		size_t name_len;
		if (!read_more(list->more, list->more_len, index.at, &name, &name_len, &more) ||
		    name_len == 0 || tarn__name_span(name, name_len) != name_len ||
		    !are_names(more.denied, more.denied_len))
			return false;
	}
	return true;
}

static uint64_t hash_name(const struct tarn__namelist *list, const uint8_t *name, size_t len)
{
	struct tarn__namelist_name folded;
	tarn__namelist_name_init(&folded, name, len);
	uint64_t hash = list->seed;
	for (unsigned labels = 1; labels <= folded.count; labels++)
		hash = tarn__namelist_name_step(&folded, hash, labels);
	return hash;
}

/* Returns the first item of the hash and the row, or what would come behind it. */
static uint32_t find_item(const struct tarn__namelist *list, uint64_t hash, uint8_t row)
{
	uint32_t low = 0, high = list->more_count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		struct tarn__namelist_index index = index_at(list, middle);
		if (index.hash < hash || (index.hash == hash && index.row < row))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool tarn__namelist_more_next(const struct tarn__namelist *list, const uint8_t *name, size_t len,
			      uint8_t row, uint32_t *cursor, struct tarn__namelist_more *out)
{
	uint64_t hash = hash_name(list, name, len);
	uint32_t number = *cursor ? *cursor : find_item(list, hash, row);
	for (; number < list->more_count; number++) {
		struct tarn__namelist_index index = index_at(list, number);
		const uint8_t *owner;
		size_t owner_len;
		struct tarn__namelist_more more;
		if (index.hash != hash || index.row != row ||
		    !read_more(list->more, list->more_len, index.at, &owner, &owner_len, &more))
			break;
		if (owner_len == len && tarn__name_is_equal(owner, name, len)) {
			*out = more;
			*cursor = number + 1;
			return true;
		}
	}
	*cursor = list->more_count > 0 ? list->more_count : 1;
	return false;
}

/* ---- sources ---------------------------------------------------------------------------- */

static uint32_t read32(struct tarn__reader *reader)
{
	uint32_t high = tarn__read16(reader);
	return high << 16 | tarn__read16(reader);
}

static uint64_t read64(struct tarn__reader *reader)
{
	uint64_t high = read32(reader);
	return high << 32 | read32(reader);
}

static void read_faults(struct tarn__reader *reader, struct tarn__namelist_source *out)
{
	for (unsigned i = 0; i < out->fault_count; i++) {
		struct tarn__namelist_fault *fault = &out->faults[i];
		fault->line = read32(reader);
		fault->len = tarn__read8(reader);
		fault->text = (const char *)tarn__read_octets(reader, fault->len);
	}
}

static bool read_source(struct tarn__reader *reader, struct tarn__namelist_source *out)
{
	*out = (struct tarn__namelist_source){.set = tarn__read8(reader),
					      .format = tarn__read8(reader)};
	out->size = read64(reader);
	out->mtime_ns = (int64_t)read64(reader);
	out->lines = read32(reader);
	out->names = read32(reader);
	out->duplicates = read32(reader);
	out->below = read32(reader);
	out->invalid = read32(reader);
	out->not_dns = read32(reader);
	out->unsupported = read32(reader);
	out->path_len = tarn__read16(reader);
	out->path = (const char *)tarn__read_octets(reader, out->path_len);
	out->fault_count = tarn__read8(reader);
	if (out->fault_count > TARN__NAMELIST_EXAMPLES_MAX)
		return false;
	read_faults(reader, out);
	return !reader->failed && out->format > TARN__NAMELIST_AUTO &&
	       out->format < TARN__NAMELIST_FORMATS;
}

static struct tarn__reader read_sources(const struct tarn__namelist *list)
{
	return (struct tarn__reader){.wire = list->sources, .end = list->sources_len};
}

static bool are_sources_good(const struct tarn__namelist *list)
{
	struct tarn__reader reader = read_sources(list);
	for (unsigned i = 0; i < list->source_count; i++) {
		struct tarn__namelist_source source;
		if (!read_source(&reader, &source) || source.set >= TARN__NAMELIST_SETS_MAX)
			return false;
	}
	return true;
}

void tarn__namelist_source(const struct tarn__namelist *list, unsigned number,
			   struct tarn__namelist_source *out)
{
	struct tarn__reader reader = read_sources(list);
	for (unsigned i = 0; i <= number; i++)
		read_source(&reader, out);
}

const char *tarn__namelist_format_word(enum tarn__namelist_format format)
{
	static const char *const words[TARN__NAMELIST_FORMATS] = {
		[TARN__NAMELIST_AUTO] = "auto",	      [TARN__NAMELIST_HOSTS] = "hosts",
		[TARN__NAMELIST_DOMAINS] = "domains", [TARN__NAMELIST_WILDCARD] = "wildcard",
		[TARN__NAMELIST_ADBLOCK] = "adblock", [TARN__NAMELIST_DNSMASQ] = "dnsmasq",
		[TARN__NAMELIST_UNBOUND] = "unbound", [TARN__NAMELIST_RPZ] = "rpz",
	};
	return words[format];
}

/* ---- opening, concluded ----------------------------------------------------------------- */

static void take_numbers(const struct tarn__namelist_head *head, const uint8_t *octets, size_t len,
			 struct tarn__namelist *out)
{
	out->octets = octets;
	out->len = len;
	out->seed = head->seed;
	out->digest = head->digest;
	out->name_count = head->name_count;
	out->entry_count = head->entry_count;
	out->source_count = head->source_count;
	out->row_count = head->row_count;
	out->labels_min = head->labels_min;
	out->labels_max = head->labels_max;
	out->piece_count = head->piece_count;
	out->piece_len = head->segment_len * (head->segment_count + 2);
	out->piece = tarn__namelist_piece_of(head->segment_len, head->segment_count);
	out->bucket_count = head->bucket_count;
	out->bucket_total = head->bucket_total;
	out->walk = head->walk;
	out->more_count = head->more_count;
	out->more_len = head->more_len;
	out->sources_len = head->sources_len;
}

static void take_sections(const struct tarn__namelist_layout *layout, struct tarn__namelist *out)
{
	out->filter = out->octets + layout->filter;
	out->salts = out->octets + layout->salts;
	out->buckets = out->octets + layout->buckets;
	out->more_index = out->octets + layout->more_index;
	out->more = out->octets + layout->more;
	out->sources = out->octets + layout->sources;
}

int tarn__namelist_open(const uint8_t *octets, size_t len, struct tarn__namelist *out)
{
	struct tarn__namelist_head head;
	struct tarn__namelist_layout layout;
	if (len < sizeof head)
		return TARN__NAMELIST_FOREIGN;
	memcpy(&head, octets, sizeof head);
	int error = check_identity(&head);
	if (error != 0)
		return error;
	if (!are_numbers_good(&head))
		return TARN__NAMELIST_DAMAGED;
	tarn__namelist_lay_out(&head, &layout);
	if (head.len != len || layout.end != len || !is_checksum_good(octets, len))
		return TARN__NAMELIST_DAMAGED;
	take_numbers(&head, octets, len, out);
	take_sections(&layout, out);
	bool is_good = read_rows(out, octets + layout.rows) && are_buckets_good(out) &&
		       is_more_good(out) && are_sources_good(out);
	return is_good ? 0 : TARN__NAMELIST_DAMAGED;
}

/* ---- looking up ------------------------------------------------------------------------- */

static inline bool passes_filter(const struct tarn__namelist *list, uint64_t hash)
{
	uint32_t piece = tarn__namelist_place(hash, list->piece_count);
	const uint8_t *octets = list->filter + (size_t)piece * list->piece_len;
	uint64_t salt;
	uint32_t at[3];
	memcpy(&salt, list->salts + piece * sizeof salt, sizeof salt);
	tarn__namelist_filter_places(hash, salt, &list->piece, at);
	return (octets[at[0]] ^ octets[at[1]] ^ octets[at[2]]) == tarn__namelist_filter_value(hash);
}

static bool reaches(const struct tarn__namelist_row *row, bool is_self)
{
	return row->is_zone || row->reach & (is_self ? TARN__NAMELIST_SELF : TARN__NAMELIST_BELOW);
}

struct search {
	const struct tarn__namelist *list;
	struct tarn__namelist_match *out;
	unsigned count, max;
};

static void take_entries(struct search *search, const struct tarn__namelist_bucket *bucket,
			 uint32_t tag, uint8_t suffix_at)
{
	for (unsigned i = 0; i < bucket->count; i++) {
		if (bucket->tags[i] != tag || search->count == search->max ||
		    !reaches(&search->list->rows[bucket->rows[i]], suffix_at == 0))
			continue;
		search->out[search->count++] = (struct tarn__namelist_match){
			.row = bucket->rows[i], .suffix_at = suffix_at, .is_self = suffix_at == 0};
	}
}

#if defined __GNUC__
#define NOT_INLINED __attribute__((noinline))
#else
#define NOT_INLINED
#endif

/* For one name of 256 that is not listed, and for those that are. */
static NOT_INLINED void search_buckets(struct search *search, uint64_t hash, uint8_t suffix_at)
{
	uint32_t number = tarn__namelist_place(hash, search->list->bucket_count);
	uint32_t left = search->list->walk;
	struct tarn__namelist_bucket bucket;
	do {
		memcpy(&bucket, search->list->buckets + (size_t)number++ * sizeof bucket,
		       sizeof bucket);
		take_entries(search, &bucket, tarn__namelist_tag(hash), suffix_at);
	} while (bucket.goes_on && --left > 0);
}

unsigned tarn__namelist_find(const struct tarn__namelist *list, const uint8_t *name, size_t len,
			     struct tarn__namelist_match out[], unsigned max)
{
	struct search search = {.list = list, .out = out, .max = max};
	struct tarn__namelist_name folded;
	tarn__namelist_name_init(&folded, name, len);
	unsigned most = folded.count < list->labels_max ? folded.count : list->labels_max;
	uint64_t hash = list->seed;
	for (unsigned labels = 0; labels <= most; labels++) {
		if (labels > 0)
			hash = tarn__namelist_name_step(&folded, hash, labels);
		if (labels >= list->labels_min && passes_filter(list, hash))
			search_buckets(&search, hash, folded.starts[folded.count - labels]);
	}
	return search.count;
}

unsigned tarn__namelist_find_self(const struct tarn__namelist *list, const uint8_t *name,
				  size_t len, struct tarn__namelist_match out[], unsigned max)
{
	struct search search = {.list = list, .out = out, .max = max};
	uint64_t hash = hash_name(list, name, len);
	if (passes_filter(list, hash))
		search_buckets(&search, hash, 0);
	return search.count;
}
