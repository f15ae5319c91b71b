/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_namelist.c: a compiled list of any octets under a right checksum is refused, or looked up
 * without reading outside of it.
 */
#include "fuzz.h"

#include <string.h>

#include "dns/namelist.h"
#include "dns/namelist_form.h"

enum { LEN_MAX = 1 << 16 };

static const char *const names[] = {
	"", "\3com", "\1a\7example", "\3www\1a\7example", "\1b\1c\1d\1e\7example\4test",
};

static void read_items(const struct tarn__namelist *list, const uint8_t *name, size_t len,
		       uint8_t row)
{
	struct tarn__namelist_more more;
	uint32_t cursor = 0;
	unsigned sum = 0;
	while (tarn__namelist_more_next(list, name, len, row, &cursor, &more)) {
		for (size_t i = 0; i < more.denied_len; i++)
			sum += more.denied[i];
		for (size_t i = 0; i < more.rdata_len; i++)
			sum += more.rdata[i];
	}
	fuzz_check(sum < UINT32_MAX);
}

static void look_up(const struct tarn__namelist *list, const char *text)
{
	struct tarn__namelist_match matches[16];
	const uint8_t *name = (const uint8_t *)text;
	size_t len = strlen(text) + 1;
	unsigned count = tarn__namelist_find(list, name, len, matches, 16);
	fuzz_check(count <= 16);
	fuzz_check(tarn__namelist_find_self(list, name, len, matches, 16) <= 16);
	count = tarn__namelist_find(list, name, len, matches, 16);
	for (unsigned i = 0; i < count; i++) {
		fuzz_check(matches[i].row < list->row_count);
		fuzz_check(matches[i].suffix_at < len);
		read_items(list, name + matches[i].suffix_at, len - matches[i].suffix_at,
			   matches[i].row);
	}
}

static void read_sources(const struct tarn__namelist *list)
{
	unsigned sum = 0;
	for (unsigned i = 0; i < list->source_count; i++) {
		struct tarn__namelist_source source;
		tarn__namelist_source(list, i, &source);
		fuzz_check(tarn__namelist_format_word(source.format) != NULL);
		for (size_t j = 0; j < source.path_len; j++)
			sum += (uint8_t)source.path[j];
		for (unsigned j = 0; j < source.fault_count; j++)
			sum += source.faults[j].len > 0 ? (uint8_t)source.faults[j].text[0] : 0;
	}
	fuzz_check(sum < UINT32_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len > LEN_MAX)
		return 0;
	uint8_t *octets = malloc(len > 0 ? len : 1);
	if (!octets)
		return 0;
	memcpy(octets, data, len);
	tarn__namelist_seal(octets, len);
	struct tarn__namelist list;
	if (tarn__namelist_open(octets, len, &list) == 0) {
		for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
			look_up(&list, names[i]);
		for (unsigned i = 0; i < list.row_count; i++)
			read_items(&list, (const uint8_t *)names[2], strlen(names[2]) + 1,
				   (uint8_t)i);
		read_sources(&list);
	}
	free(octets);
	return 0;
}
