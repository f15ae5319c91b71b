/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_zonefile.c: any octets are a zone file, and the pieces in which it comes do not matter.
 * Each record of it is valid, prints, and reads back as it was.
 */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>

#include "base/siphash.h"
#include "dns/rdata_field.h"
#include "dns/rdata_text.h"
#include "dns/text.h"
#include "dns/zonefile.h"

enum { LINE_MAX_LEN = TARN__NAME_TEXT_MAX + 3 * TARN__WORD_MAX + TARN__RDATA_TEXT_MAX };

static const uint8_t origin[] = "\7example";
static const uint8_t no_key[TARN__SIPHASH_KEY_LEN];

/* All that is called back. */
struct trace {
	uint64_t hash;
	unsigned line, last_line; /* the last one of the file */
	bool is_first; /* records are looked at once */
};

static void add(struct trace *trace, const void *octets, size_t len)
{
	trace->hash =
		trace->hash * UINT64_C(0x9e3779b97f4a7c15) + tarn__siphash(no_key, octets, len);
}

static void add_line(struct trace *trace, unsigned line)
{
	fuzz_check(line > 0 && line <= trace->last_line && line >= trace->line);
	trace->line = line;
	add(trace, &line, sizeof(line));
}

static bool is_same(const struct tarn__zone_record *a, const struct tarn__zone_record *b)
{
	return a->owner_len == b->owner_len && memcmp(a->owner, b->owner, a->owner_len) == 0 &&
	       a->type == b->type && a->class == b->class && a->ttl == b->ttl &&
	       a->rdata_len == b->rdata_len && memcmp(a->rdata, b->rdata, a->rdata_len) == 0;
}

static void check_line(const struct tarn__zone_record *record, const char *rdata_text)
{
	static struct tarn__zonefile reader;
	static char line[LINE_MAX_LEN];
	struct tarn__zone_record again;
	char owner[TARN__NAME_TEXT_MAX], class[TARN__WORD_MAX], type[TARN__WORD_MAX];
	char fault[TARN__ZONE_FAULT_MAX];
	int len = snprintf(line, sizeof(line), "%s %u %s %s %s",
			   tarn__name_format(record->owner, owner), record->ttl,
			   tarn__class_format(record->class, class),
			   tarn__type_format(record->type, type), rdata_text);
	if (len > TARN__ZONE_TEXT_MAX)
		return;
	fuzz_check(tarn__zone_record_parse(&reader, line, NULL, 0, 0, &again, fault));
	fuzz_check(is_same(record, &again));
}

static void check_record(const struct tarn__zone_record *record)
{
	static char text[TARN__RDATA_TEXT_MAX];
	static uint8_t again[TARN__RDATA_MAX];
	static const struct tarn__name none = {0, {0}};
	size_t len;
	fuzz_check(tarn__name_span(record->owner, record->owner_len) == record->owner_len);
	fuzz_check(record->rdata_len <= TARN__RDATA_MAX && record->ttl <= TARN__ZONE_TTL_MAX);
	fuzz_check(tarn__type_is_data(record->type));
	fuzz_check(tarn__rdata_is_valid(record->rdata, record->rdata_len, record->type));
	tarn__rdata_format(record->rdata, 0, record->rdata_len, record->type, text);
	bool is_generic = strncmp(text, "\\# ", 3) == 0;
	fuzz_check(is_generic == (strchr(tarn__type_fields(record->type), 'o') != NULL));
	struct tarn__words words = tarn__words_open(text, strlen(text));
	fuzz_check(!tarn__rdata_parse(&words, record->type, &none, again, &len));
	fuzz_check(len == record->rdata_len && memcmp(again, record->rdata, len) == 0);
	check_line(record, text);
}

static void on_record(void *arg, const struct tarn__zone_record *record)
{
	struct trace *trace = arg;
	const uint16_t numbers[] = {record->type, record->class};
	add_line(trace, record->line);
	add(trace, record->owner, record->owner_len);
	add(trace, numbers, sizeof(numbers));
	add(trace, &record->ttl, sizeof(record->ttl));
	add(trace, record->rdata, record->rdata_len);
	if (trace->is_first)
		check_record(record);
}

static void on_fault(void *arg, unsigned line, const char *text)
{
	struct trace *trace = arg;
	add_line(trace, line);
	add(trace, text, strlen(text));
	fuzz_check(strlen(text) > 0 && strlen(text) < TARN__ZONE_FAULT_MAX);
	for (; *text; text++)
		fuzz_check(*text >= ' ' && *text <= '~');
}

static uint64_t read_in(size_t step, const uint8_t *data, size_t len, bool is_first)
{
	static const struct tarn__zonefile_callbacks callbacks = {on_record, on_fault};
	static struct tarn__zonefile reader;
	struct trace trace = {.last_line = 1, .is_first = is_first};
	for (size_t i = 0; i < len; i++)
		trace.last_line += data[i] == '\n';
	tarn__zonefile_init(&reader, origin, sizeof(origin), 3600, &callbacks, &trace);
	for (size_t at = 0; at < len; at += step)
		tarn__zonefile_feed(&reader, data + at, len - at < step ? len - at : step);
	tarn__zonefile_end(&reader);
	return trace.hash;
}

/* The first octet is the length of pieces, beside those of one octet and of all. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len == 0)
		return 0;
	size_t step = data[0];
	data++;
	len--;
	uint64_t whole = read_in(len + 1, data, len, true);
	fuzz_check(read_in(1, data, len, false) == whole);
	if (step > 1)
		fuzz_check(read_in(step, data, len, false) == whole);
	return 0;
}
