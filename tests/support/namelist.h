/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of names for tests, compiled in memory from text. */

#ifndef TESTS_SUPPORT_NAMELIST_H
#define TESTS_SUPPORT_NAMELIST_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "dns/namelist.h"
#include "dns/namelist_compile.h"
#include "dns/text.h"

struct compiled {
	uint8_t *octets;
	size_t len, room;
	struct tarn__namelist list;
};

static inline int compiled_write(void *data, const void *octets, size_t len)
{
	struct compiled *compiled = data;
	if (compiled->room - compiled->len < len) {
		compiled->room = 2 * compiled->room + len;
		compiled->octets = realloc(compiled->octets, compiled->room);
		ck_assert_ptr_nonnull(compiled->octets);
	}
	memcpy(compiled->octets + compiled->len, octets, len);
	compiled->len += len;
	return 0;
}

static inline void compiled_free(struct compiled *compiled)
{
	free(compiled->octets);
	*compiled = (struct compiled){0};
}

enum { TEST_SEED = 0x5eed };

static inline struct tarn__namelist_compiler *compiler_new(void)
{
	struct tarn__namelist_compiler *compiler = tarn__namelist_compiler_new(TEST_SEED, 7);
	ck_assert_ptr_nonnull(compiler);
	return compiler;
}

static inline void begin(struct tarn__namelist_compiler *compiler, unsigned set,
			 enum tarn__namelist_kind kind, enum tarn__namelist_format format)
{
	struct tarn__namelist_list list = {.path = "/lists/a.txt",
					   .size = 12,
					   .mtime_ns = -3,
					   .set = (uint8_t)set,
					   .kind = kind,
					   .format = format};
	ck_assert_int_eq(tarn__namelist_compiler_begin(compiler, &list), 0);
}

static inline void feed(struct tarn__namelist_compiler *compiler, const char *text)
{
	/* Not one of Check's own assertions, which take a system call each. */
	if (tarn__namelist_compiler_feed(compiler, text, strlen(text)) != 0)
		ck_abort_msg("not fed: %s", text);
}

static inline void finish(struct tarn__namelist_compiler *compiler, struct compiled *out)
{
	*out = (struct compiled){0};
	ck_assert_int_eq(tarn__namelist_compiler_finish(compiler, compiled_write, out), 0);
	tarn__namelist_compiler_free(compiler);
	ck_assert_int_eq(tarn__namelist_open(out->octets, out->len, &out->list), 0);
}

/* One list of set 0. */
static inline void compile(enum tarn__namelist_format format, const char *text,
			   struct compiled *out)
{
	struct tarn__namelist_compiler *compiler = compiler_new();
	begin(compiler, 0, TARN__NAMELIST_BLOCK, format);
	feed(compiler, text);
	finish(compiler, out);
}

static inline struct tarn__namelist_source report_of(const struct compiled *compiled, unsigned i)
{
	struct tarn__namelist_source source;
	ck_assert_uint_lt(i, compiled->list.source_count);
	tarn__namelist_source(&compiled->list, i, &source);
	return source;
}

static inline size_t wire_name(const char *text, uint8_t out[TARN__NAME_MAX])
{
	size_t len = tarn__name_parse(text, out);
	ck_assert_uint_gt(len, 0);
	return len;
}

static inline unsigned count_matches(const struct tarn__namelist *list, const char *text)
{
	struct tarn__namelist_match matches[TARN__NAMELIST_MATCHES_MAX];
	uint8_t name[TARN__NAME_MAX];
	size_t len = wire_name(text, name);
	return tarn__namelist_find(list, name, len, matches, TARN__NAMELIST_MATCHES_MAX);
}

#endif
