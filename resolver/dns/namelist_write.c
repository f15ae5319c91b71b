/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/namelist_write.c: writing the sections of a compiled list. */
#include "dns/namelist_write.h"

#include <stdlib.h>

#include "base/octets.h"
#include "dns/namelist_fuse.h"

enum {
	BUFFER_LEN = 65536,
	PIECE_NAMES = 15600, /* on average: a piece is built within the second level of the cache */
	WALK_WANTED = 8, /* buckets */
	WIDENINGS_MAX = 16, /* each by a sixteenth */
};

/* Entries per bucket on average, in tenths: nine tenths of the room. */
enum { LOAD_TENTHS = 108 };

/* ---- output ----------------------------------------------------------------------------- */

struct output {
	int (*write)(void *data, const void *octets, size_t len);
	void *data;
	int error;
	struct tarn__namelist_sum sum;
	uint64_t written; /* octets, with those in the buffer */
	size_t used;
	uint8_t buffer[BUFFER_LEN];
};

static void flush(struct output *output)
{
	if (output->error == 0 && output->write(output->data, output->buffer, output->used) != 0)
		output->error = TARN__NAMELIST_UNWRITTEN;
	tarn__namelist_sum_add(&output->sum, output->buffer, output->used);
	output->used = 0;
}

static void put(struct output *output, const void *octets, size_t len)
{
	const uint8_t *from = octets;
	output->written += len;
	while (len > 0) {
		size_t part = BUFFER_LEN - output->used < len ? BUFFER_LEN - output->used : len;
		memcpy(output->buffer + output->used, from, part);
		output->used += part;
		from += part;
		len -= part;
		if (output->used == BUFFER_LEN)
			flush(output);
	}
}

static void pad_to(struct output *output, uint64_t at)
{
	static const uint8_t zeros[TARN__NAMELIST_LINE];
	while (output->written < at) {
		uint64_t left = at - output->written;
		put(output, zeros, left < sizeof zeros ? (size_t)left : sizeof zeros);
	}
}

static void put_checksum(struct output *output)
{
	uint8_t octets[TARN__NAMELIST_CHECKSUM_LEN];
	flush(output);
	tarn__put64_low_first(octets, tarn__namelist_sum_end(&output->sum));
	put(output, octets, sizeof octets);
	flush(output);
}

static void put8(struct output *output, uint8_t value)
{
	put(output, &value, 1);
}

static void put16(struct output *output, uint16_t value)
{
	uint8_t octets[2];
	tarn__put16(octets, value);
	put(output, octets, sizeof octets);
}

static void put32(struct output *output, uint32_t value)
{
	uint8_t octets[4];
	tarn__put32(octets, value);
	put(output, octets, sizeof octets);
}

static void put64(struct output *output, uint64_t value)
{
	put32(output, (uint32_t)(value >> 32));
	put32(output, (uint32_t)value);
}

/* ---- the plan --------------------------------------------------------------------------- */

static void count_names(const struct tarn__pile *pile, struct tarn__namelist_head *head)
{
	struct tarn__pile_cursor cursor = {0};
	uint64_t hash, before = 0;
	uint8_t row;
	while (tarn__pile_next(pile, &cursor, &hash, &row)) {
		head->name_count += head->entry_count == 0 || hash != before;
		head->entry_count++;
		before = hash;
	}
}

/* Returns the names of the largest piece. */
static uint32_t find_largest_piece(const struct tarn__pile *pile, uint32_t piece_count)
{
	struct tarn__pile_cursor cursor = {0};
	uint64_t hash, before = 0;
	uint32_t piece = 0, count = 0, most = 1;
	uint8_t row;
	while (tarn__pile_next(pile, &cursor, &hash, &row)) {
		uint32_t place = tarn__namelist_place(hash, piece_count);
		if (place != piece)
			count = 0;
		count += count == 0 || hash != before;
		most = count > most ? count : most;
		piece = place;
		before = hash;
	}
	return most;
}

/*
 * Where the entries lie if there are so many buckets: each in the first one from its own on that has room.
 * Since they come in the order of their buckets, one number says which bucket that is.
 */
struct filling {
	uint32_t bucket_count;
	uint32_t at, used; /* the bucket that is being filled */
};

/* Returns how many buckets on the entry's place is. *goes_on: the bucket before has no room for it. */
static uint32_t fill_one(struct filling *filling, uint64_t hash, bool *goes_on)
{
	uint32_t own = tarn__namelist_place(hash, filling->bucket_count);
	*goes_on = own <= filling->at && filling->used == TARN__NAMELIST_BUCKET_ROOM;
	if (*goes_on)
		filling->at++;
	else if (own > filling->at)
		filling->at = own;
	else
		return filling->used++, filling->at - own;
	filling->used = 1;
	return filling->at - own;
}

/* Returns the longest walk, in buckets. */
static uint32_t try_buckets(const struct tarn__pile *pile, uint32_t bucket_count, uint32_t *total)
{
	struct filling filling = {.bucket_count = bucket_count};
	struct tarn__pile_cursor cursor = {0};
	uint64_t hash;
	uint32_t longest = 0;
	uint8_t row;
	bool goes_on;
	while (tarn__pile_next(pile, &cursor, &hash, &row)) {
		uint32_t walk = fill_one(&filling, hash, &goes_on);
		longest = walk > longest ? walk : longest;
	}
	*total = filling.at < bucket_count ? bucket_count : filling.at + 1;
	return longest + 1;
}

/* Hashes that lie badly want more buckets; a name with very many entries takes the walk that it takes. */
static int plan_buckets(const struct tarn__pile *pile, struct tarn__namelist_head *head)
{
	head->bucket_count = (uint32_t)((uint64_t)head->entry_count * 10 / LOAD_TENTHS) + 1;
	for (unsigned i = 0;; i++) {
		head->walk = try_buckets(pile, head->bucket_count, &head->bucket_total);
		if (head->walk <= WALK_WANTED || i == WIDENINGS_MAX)
			break;
		head->bucket_count += head->bucket_count / 16 + 1;
	}
	return head->walk <= TARN__NAMELIST_WALK_MAX ? 0 : TARN__NAMELIST_CROWDED;
}

static uint64_t measure_sources(const struct tarn__namelist_parts *parts)
{
	enum { FIXED_LEN = 2 + 2 * 8 + 7 * 4 + 2 + 1, FAULT_LEN = 4 + 1 };
	uint64_t len = 0;
	for (unsigned i = 0; i < parts->source_count; i++) {
		const struct tarn__namelist_source *source = &parts->sources[i];
		len += FIXED_LEN + source->path_len;
		for (unsigned j = 0; j < source->fault_count; j++)
			len += FAULT_LEN + source->faults[j].len;
	}
	return len;
}

static int plan(const struct tarn__namelist_parts *parts, struct tarn__namelist_head *head,
		struct tarn__namelist_layout *layout, uint32_t *most)
{
	*head = (struct tarn__namelist_head){
		.version = TARN__NAMELIST_VERSION,
		.order = TARN__NAMELIST_ORDER,
		.seed = parts->seed,
		.digest = parts->digest,
		.row_count = parts->row_count,
		.source_count = parts->source_count,
		.labels_min = parts->labels_min,
		.labels_max = parts->labels_max,
		.more_count = parts->index_count,
		.more_len = parts->more_len,
		.sources_len = measure_sources(parts),
	};
	memcpy(head->magic, TARN__NAMELIST_MAGIC, sizeof head->magic);
	count_names(parts->pile, head);
	head->piece_count = head->name_count / PIECE_NAMES + 1;
	*most = find_largest_piece(parts->pile, head->piece_count);
	tarn__fuse_plan(*most, &head->segment_len, &head->segment_count);
	int error = plan_buckets(parts->pile, head);
	tarn__namelist_lay_out(head, layout);
	head->len = layout->end;
	return error;
}

/* ---- sections --------------------------------------------------------------------------- */

static void put_rows(struct output *output, const struct tarn__namelist_parts *parts)
{
	for (unsigned i = 0; i < parts->row_count; i++) {
		const struct tarn__namelist_row *row = &parts->rows[i].row;
		uint8_t flags = 0;
		flags |= row->is_important ? TARN__NAMELIST_ROW_IMPORTANT : 0;
		flags |= row->has_more ? TARN__NAMELIST_ROW_MORE : 0;
		flags |= row->is_zone ? TARN__NAMELIST_ROW_ZONE : 0;
		put(output,
		    (uint8_t[TARN__NAMELIST_ROW_LEN]){row->set, row->source, row->kind, row->reach,
						      row->action, flags},
		    TARN__NAMELIST_ROW_LEN);
	}
}

/* What is needed to write the filter, piece by piece. */
struct pieces {
	struct output *output;
	struct tarn__fuse *fuse;
	uint64_t *hashes;
	uint32_t count; /* of the hashes of the current piece */
	uint32_t piece; /* its number */
	uint8_t *octets; /* of the piece */
	size_t octets_len;
	uint64_t *salts;
};

static int put_piece(struct pieces *pieces)
{
	int error = tarn__fuse_build(pieces->fuse, pieces->hashes, pieces->count, pieces->octets,
				     &pieces->salts[pieces->piece]);
	put(pieces->output, pieces->octets, pieces->octets_len);
	pieces->piece++;
	pieces->count = 0;
	return error;
}

static int put_pieces(struct pieces *pieces, const struct tarn__pile *pile, uint32_t piece_count)
{
	struct tarn__pile_cursor cursor = {0};
	uint64_t hash;
	uint8_t row;
	int error = 0;
	while (error == 0 && tarn__pile_next(pile, &cursor, &hash, &row)) {
		while (error == 0 && pieces->piece < tarn__namelist_place(hash, piece_count))
			error = put_piece(pieces);
		if (pieces->count == 0 || pieces->hashes[pieces->count - 1] != hash)
			pieces->hashes[pieces->count++] = hash;
	}
	while (error == 0 && pieces->piece < piece_count)
		error = put_piece(pieces);
	return error;
}

static int put_filter(struct output *output, const struct tarn__namelist_parts *parts,
		      const struct tarn__namelist_head *head,
		      const struct tarn__namelist_layout *layout, uint32_t most)
{
	struct pieces pieces = {.output = output};
	pieces.octets_len = (size_t)head->segment_len * (head->segment_count + 2);
	pieces.fuse = tarn__fuse_new(most);
	pieces.hashes = malloc((size_t)most * sizeof *pieces.hashes);
	pieces.octets = malloc(pieces.octets_len);
	pieces.salts = malloc(head->piece_count * sizeof *pieces.salts);
	int error = TARN__NAMELIST_NOMEM;
	if (pieces.fuse && pieces.hashes && pieces.octets && pieces.salts)
		error = put_pieces(&pieces, parts->pile, head->piece_count);
	if (error == 0) {
		pad_to(output, layout->salts);
		put(output, pieces.salts, head->piece_count * sizeof *pieces.salts);
	}
	tarn__fuse_free(pieces.fuse);
	free(pieces.hashes);
	free(pieces.octets);
	free(pieces.salts);
	return error;
}

/* Writes the bucket and empty ones behind it, up to the one of the number. */
static void put_buckets_to(struct output *output, struct tarn__namelist_bucket *bucket,
			   uint32_t *number, uint32_t end)
{
	for (; *number < end; ++*number) {
		put(output, bucket, sizeof *bucket);
		*bucket = (struct tarn__namelist_bucket){0};
	}
}

static void put_buckets(struct output *output, const struct tarn__namelist_parts *parts,
			const struct tarn__namelist_head *head)
{
	struct filling filling = {.bucket_count = head->bucket_count};
	struct tarn__namelist_bucket bucket = {0};
	struct tarn__pile_cursor cursor = {0};
	uint32_t number = 0;
	uint64_t hash;
	uint8_t row;
	bool goes_on;
	while (tarn__pile_next(parts->pile, &cursor, &hash, &row)) {
		fill_one(&filling, hash, &goes_on);
		bucket.goes_on |= goes_on;
		put_buckets_to(output, &bucket, &number, filling.at);
		bucket.tags[bucket.count] = tarn__namelist_tag(hash);
		bucket.rows[bucket.count++] = row;
	}
	put_buckets_to(output, &bucket, &number, head->bucket_total);
}

static void put_sources(struct output *output, const struct tarn__namelist_parts *parts)
{
	for (unsigned i = 0; i < parts->source_count; i++) {
		const struct tarn__namelist_source *source = &parts->sources[i];
		put8(output, source->set);
		put8(output, (uint8_t)source->format);
		put64(output, source->size);
		put64(output, (uint64_t)source->mtime_ns);
		put32(output, source->lines);
		put32(output, source->names);
		put32(output, source->duplicates);
		put32(output, source->below);
		put32(output, source->invalid);
		put32(output, source->not_dns);
		put32(output, source->unsupported);
		put16(output, source->path_len);
		put(output, source->path, source->path_len);
		put8(output, (uint8_t)source->fault_count);
		for (unsigned j = 0; j < source->fault_count; j++) {
			put32(output, source->faults[j].line);
			put8(output, source->faults[j].len);
			put(output, source->faults[j].text, source->faults[j].len);
		}
	}
}

static int put_sections(struct output *output, const struct tarn__namelist_parts *parts)
{
	struct tarn__namelist_head head;
	struct tarn__namelist_layout layout;
	uint32_t most;
	int error = plan(parts, &head, &layout, &most);
	if (error != 0)
		return error;
	put(output, &head, sizeof head);
	pad_to(output, layout.rows);
	put_rows(output, parts);
	pad_to(output, layout.filter);
	error = put_filter(output, parts, &head, &layout, most);
	if (error != 0)
		return error;
	pad_to(output, layout.buckets);
	put_buckets(output, parts, &head);
	pad_to(output, layout.more_index);
	put(output, parts->index, parts->index_count * sizeof *parts->index);
	pad_to(output, layout.more);
	put(output, parts->more, parts->more_len);
	pad_to(output, layout.sources);
	put_sources(output, parts);
	pad_to(output, layout.checksum);
	put_checksum(output);
	return output->error;
}

int tarn__namelist_write_parts(const struct tarn__namelist_parts *parts,
			       int (*write)(void *data, const void *octets, size_t len), void *data)
{
	struct output *output = malloc(sizeof *output);
	if (!output)
		return TARN__NAMELIST_NOMEM;
	output->write = write;
	output->data = data;
	output->error = 0;
	output->sum = (struct tarn__namelist_sum){.next = 0};
	output->written = 0;
	output->used = 0;
	int error = put_sections(output, parts);
	free(output);
	return error;
}
