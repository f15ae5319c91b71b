/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/dns/test_namelist_compile.c: what is left of lists when they are compiled. */
#include "dns/namelist_compile.h"

#include <limits.h>
#include <stdio.h>

#include "support/churn.h"
#include "support/namelist.h"
#include "support/unit.h"

static struct compiled compiled, other;

static void tear_down(void)
{
	compiled_free(&compiled);
	compiled_free(&other);
}

static unsigned matches(const char *name)
{
	return count_matches(&compiled.list, name);
}

#define CHECK_COUNTS(report, n, d, b)                                                              \
	do {                                                                                       \
		ck_assert_uint_eq((report).names, n);                                              \
		ck_assert_uint_eq((report).duplicates, d);                                         \
		ck_assert_uint_eq((report).below, b);                                              \
	} while (0)

/* ---- duplicates, and names below others ------------------------------------------------- */

START_TEST(same_name_twice_is_one)
{
	compile(TARN__NAMELIST_DOMAINS, "a.example\nb.example\nA.example.\na.example\n", &compiled);
	CHECK_COUNTS(report_of(&compiled, 0), 2, 2, 0);
	ck_assert_uint_eq(compiled.list.entry_count, 2);
	ck_assert_uint_eq(matches("a.example"), 1);
}
END_TEST

START_TEST(same_name_with_another_reach_is_one)
{
	compile(TARN__NAMELIST_ADBLOCK,
		"a.example\n||a.example^\n||*.b.example^\n|b.example^\n||c.example^\nc.example\n",
		&compiled);
	CHECK_COUNTS(report_of(&compiled, 0), 3, 3, 0);
	ck_assert_uint_eq(matches("a.example"), 1);
	ck_assert_uint_eq(matches("x.a.example"), 1);
	ck_assert_uint_eq(matches("b.example"), 1);
	ck_assert_uint_eq(matches("x.b.example"), 1);
}
END_TEST

START_TEST(name_below_one_that_reaches_it_is_dropped)
{
	compile(TARN__NAMELIST_ADBLOCK,
		"||b.a.example^\n||x.y.a.example^\n||a.example^\n||c.d.example^\nx.c.d.example\n"
		"||x.e.example^\n|e.example^\n||b.a.example^\n",
		&compiled);
	CHECK_COUNTS(report_of(&compiled, 0), 4, 1, 3);
	ck_assert_uint_eq(matches("x.y.a.example"), 1);
	ck_assert_uint_eq(matches("b.a.example"), 1);
	ck_assert_uint_eq(matches("x.c.d.example"), 1);
	ck_assert_uint_eq(matches("x.e.example"), 1);
}
END_TEST

START_TEST(one_label_reaches_all_below)
{
	compile(TARN__NAMELIST_ADBLOCK, "||a.zip^\n||zip^\nb.c.zip\n||a.zap^\n||*.zup^\n||a.zup^",
		&compiled);
	CHECK_COUNTS(report_of(&compiled, 0), 3, 0, 3);
	ck_assert_uint_eq(matches("a.zip"), 1);
	ck_assert_uint_eq(matches("zip"), 1);
	ck_assert_uint_eq(matches("a.zap"), 1);
	ck_assert_uint_eq(matches("a.zup"), 1);
	ck_assert_uint_eq(matches("zup"), 0);
}
END_TEST

/* A line of another form begins it; what stood before is kept. */
START_TEST(names_are_dropped_in_lists_of_whole_names_too)
{
	compile(TARN__NAMELIST_HOSTS,
		"0.0.0.0 a.b.example\n||b.example^\n0.0.0.0 c.b.example b.example\n", &compiled);
	CHECK_COUNTS(report_of(&compiled, 0), 2, 1, 1);
	ck_assert_uint_eq(matches("c.b.example"), 1);
	ck_assert_uint_eq(matches("a.b.example"), 2);
}
END_TEST

/* Another kind of rule, another action, a rule with more, another list. */
START_TEST(what_is_of_another_kind_is_not_dropped)
{
	struct tarn__namelist_compiler *compiler = compiler_new();
	begin(compiler, 0, TARN__NAMELIST_BLOCK, TARN__NAMELIST_ADBLOCK);
	feed(compiler, "||a.example^\n@@||b.a.example^\n||c.a.example^$important\n"
		       "||d.a.example^$dnsrewrite=REFUSED\n||e.a.example^$dnstype=A\n"
		       "||b.example^$dnstype=A\n||x.b.example^\n");
	begin(compiler, 0, TARN__NAMELIST_BLOCK, TARN__NAMELIST_ADBLOCK);
	feed(compiler, "||f.a.example^\n");
	finish(compiler, &compiled);
	CHECK_COUNTS(report_of(&compiled, 0), 7, 0, 0);
	CHECK_COUNTS(report_of(&compiled, 1), 1, 0, 0);
	ck_assert_uint_eq(matches("c.a.example"), 2);
	ck_assert_uint_eq(matches("f.a.example"), 2);
}
END_TEST

START_TEST(removal_removes_the_equal_rule_in_all_lists_of_the_set)
{
	struct tarn__namelist_compiler *compiler = compiler_new();
	begin(compiler, 0, TARN__NAMELIST_BLOCK, TARN__NAMELIST_ADBLOCK);
	feed(compiler, "||a.example^\n||x.a.example^\n||b.example^$important\n||c.example^\n"
		       "||d.example^$dnstype=A\n||d.example^$dnstype=MX\n||zip^\n||a.zip^\n");
	begin(compiler, 0, TARN__NAMELIST_BLOCK, TARN__NAMELIST_ADBLOCK);
	feed(compiler,
	     "||a.example^$badfilter\n||b.example^$badfilter\n|c.example^$badfilter\n"
	     "||d.example^$dnstype=A,badfilter\n||zip^$badfilter\n||none.example^$badfilter\n");
	begin(compiler, 1, TARN__NAMELIST_BLOCK, TARN__NAMELIST_ADBLOCK);
	feed(compiler, "||a.example^\n");
	finish(compiler, &compiled);
	struct tarn__namelist_more more;
	struct tarn__namelist_match match;
	uint8_t name[TARN__NAME_MAX];
	uint32_t cursor = 0;
	ck_assert_uint_eq(matches("a.example"), 1);
	ck_assert_uint_eq(matches("x.a.example"), 2);
	ck_assert_uint_eq(matches("b.example"), 1);
	ck_assert_uint_eq(matches("c.example"), 1);
	ck_assert_uint_eq(matches("zip"), 0);
	ck_assert_uint_eq(matches("a.zip"), 1);
	ck_assert_uint_eq(matches("none.example"), 0);
	CHECK_COUNTS(report_of(&compiled, 1), 0, 0, 0);
	size_t len = wire_name("d.example", name);
	ck_assert_uint_eq(tarn__namelist_find(&compiled.list, name, len, &match, 1), 1);
	ck_assert(tarn__namelist_more_next(&compiled.list, name, len, match.row, &cursor, &more));
	ck_assert_uint_eq(more.types[0], 15);
	ck_assert(!tarn__namelist_more_next(&compiled.list, name, len, match.row, &cursor, &more));
}
END_TEST

/* Hostile lists: one name again and again, in rows that differ. */
START_TEST(one_name_very_often_takes_no_time)
{
	struct tarn__namelist_compiler *compiler = compiler_new();
	begin(compiler, 0, TARN__NAMELIST_BLOCK, TARN__NAMELIST_ADBLOCK);
	for (unsigned i = 0; i < 40000; i++)
		feed(compiler, "||a.example^\n@@||a.example^\n||b.a.example^\nb.a.example\n"
			       "||a.example^$badfilter\n||c.example^$badfilter\n");
	finish(compiler, &compiled);
	ck_assert_uint_eq(matches("a.example"), 1);
	ck_assert_uint_eq(matches("b.a.example"), 2);
}
END_TEST

START_TEST(rows_run_out)
{
	struct tarn__namelist_compiler *compiler = compiler_new();
	for (unsigned i = 0; i < TARN__NAMELIST_SOURCES_MAX; i++) {
		begin(compiler, 0, TARN__NAMELIST_BLOCK, TARN__NAMELIST_ADBLOCK);
		feed(compiler, "||a.example^\n|a.example^$important\n||*.b.example^\n"
			       "c.example\n||d.example^$important\n");
	}
	finish(compiler, &compiled);
	ck_assert_uint_eq(compiled.list.row_count, TARN__NAMELIST_ROWS_MAX);
	ck_assert_uint_eq(report_of(&compiled, 0).unsupported, 0);
	struct tarn__namelist_source last = report_of(&compiled, TARN__NAMELIST_SOURCES_MAX - 1);
	ck_assert_uint_eq(last.unsupported, 5);
	struct tarn__namelist_list list = {.path = "x", .format = TARN__NAMELIST_DOMAINS};
	compiler = compiler_new();
	for (unsigned i = 0; i < TARN__NAMELIST_SOURCES_MAX; i++)
		ck_assert_int_eq(tarn__namelist_compiler_begin(compiler, &list), 0);
	ck_assert_int_eq(tarn__namelist_compiler_begin(compiler, &list), TARN__NAMELIST_FULL);
	tarn__namelist_compiler_free(compiler);
}
END_TEST

/* ---- octets ----------------------------------------------------------------------------- */

static void compile_in_parts(const char *text, size_t len, size_t part, struct compiled *out)
{
	struct tarn__namelist_compiler *compiler = compiler_new();
	begin(compiler, 0, TARN__NAMELIST_BLOCK, TARN__NAMELIST_AUTO);
	for (size_t at = 0; at < len; at += part)
		ck_assert_int_eq(tarn__namelist_compiler_feed(compiler, text + at,
							      len - at < part ? len - at : part),
				 0);
	finish(compiler, out);
}

START_TEST(octets_may_be_cut_anywhere)
{
	static const char text[] = "\357\273\277# x\n||a.example^\r\n\n@@||b.a.example^\n"
				   "nonsense..\n||c.example^";
	compile_in_parts(text, sizeof text - 1, sizeof text, &compiled);
	ck_assert_int_eq(report_of(&compiled, 0).format, TARN__NAMELIST_ADBLOCK);
	ck_assert_uint_eq(report_of(&compiled, 0).lines, 6);
	ck_assert_uint_eq(report_of(&compiled, 0).faults[0].line, 5);
	ck_assert_uint_eq(report_of(&compiled, 0).not_dns, 0);
	ck_assert_uint_eq(matches("c.example"), 1);
	for (size_t part = 1; part < 20; part++) {
		compile_in_parts(text, sizeof text - 1, part, &other);
		ck_assert_uint_eq(other.len, compiled.len);
		ck_assert_mem_eq(other.octets, compiled.octets, compiled.len);
		compiled_free(&other);
	}
}
END_TEST

START_TEST(byte_order_mark_is_taken_at_the_start_only)
{
	static const char text[] = "\357\273\277a.example\n\357\273\277b.example\n";
	compile_in_parts(text, sizeof text - 1, 2, &compiled);
	ck_assert_uint_eq(matches("a.example"), 1);
	ck_assert_uint_eq(report_of(&compiled, 0).invalid, 1);
}
END_TEST

START_TEST(line_that_is_too_long_is_one_invalid_line)
{
	static char text[3 * TARN__NAMELIST_LINE_MAX + 32];
	memset(text, 'a', sizeof text);
	memcpy(text + sizeof text - 12, "\nb.example\n", 11);
	for (size_t part = 1; part < sizeof text; part = 3 * part + 1000) {
		compile_in_parts(text, sizeof text - 1, part, &compiled);
		struct tarn__namelist_source report = report_of(&compiled, 0);
		ck_assert_uint_eq(report.invalid, 1);
		ck_assert_uint_eq(report.lines, 2);
		ck_assert_uint_eq(report.faults[0].len, TARN__NAMELIST_EXAMPLE_LEN);
		ck_assert_uint_eq(matches("b.example"), 1);
		compiled_free(&compiled);
	}
	compile_in_parts("a.b", 3, 1, &compiled);
	ck_assert_uint_eq(matches("a.b"), 1);
}
END_TEST

START_TEST(any_octets_are_survived)
{
	char text[20000];
	uint64_t random = 5;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)pick(&random, 256);
	compile_in_parts(text, sizeof text, 777, &compiled);
	struct tarn__namelist_source report = report_of(&compiled, 0);
	ck_assert_uint_gt(report.lines, 10);
	ck_assert_uint_gt(report.invalid + report.not_dns + report.unsupported, 10);
}
END_TEST

static int write_half(void *data, const void *octets, size_t len)
{
	unsigned *left = data;
	(void)octets;
	(void)len;
	return (*left)-- == 0 ? -1 : 0;
}

START_TEST(failed_write_ends_it)
{
	for (unsigned left = 0; left < 2; left++) {
		unsigned rest = left;
		struct tarn__namelist_compiler *compiler = compiler_new();
		begin(compiler, 0, TARN__NAMELIST_BLOCK, TARN__NAMELIST_DOMAINS);
		feed(compiler, "a.example\n");
		ck_assert_int_eq(tarn__namelist_compiler_finish(compiler, write_half, &rest),
				 TARN__NAMELIST_UNWRITTEN);
		tarn__namelist_compiler_free(compiler);
	}
}
END_TEST

/* ---- memory ----------------------------------------------------------------------------- */

static unsigned allocations_left = UINT_MAX;

static bool is_refused(void)
{
	if (allocations_left == UINT_MAX)
		return false;
	if (allocations_left == 0)
		return true;
	allocations_left--;
	return false;
}

void *__real_malloc(size_t);
void *__real_calloc(size_t, size_t);
void *__real_realloc(void *, size_t);
void *__wrap_malloc(size_t);
void *__wrap_calloc(size_t, size_t);
void *__wrap_realloc(void *, size_t);

void *__wrap_malloc(size_t len)
{
	return is_refused() ? NULL : __real_malloc(len);
}

void *__wrap_calloc(size_t count, size_t len)
{
	return is_refused() ? NULL : __real_calloc(count, len);
}

void *__wrap_realloc(void *octets, size_t len)
{
	return is_refused() ? NULL : __real_realloc(octets, len);
}

static int write_nothing(void *data, const void *octets, size_t len)
{
	(void)data;
	(void)octets;
	(void)len;
	return 0;
}

static int compile_within(unsigned allocations)
{
	static const char text[] =
		"||a.example^\n||x.y.a.example^\n||zip^\n||a.zip^\n||b.example^$badfilter\n"
		"||b.example^\n||c.example^$dnstype=A\n||c.example^$dnstype=A,badfilter\n"
		"@@||d.example^\nnonsense..\n";
	struct tarn__namelist_list source = {.path = "x", .format = TARN__NAMELIST_AUTO};
	allocations_left = allocations;
	struct tarn__namelist_compiler *compiler = tarn__namelist_compiler_new(1, 1);
	int error = compiler ? 0 : TARN__NAMELIST_NOMEM;
	if (error == 0)
		error = tarn__namelist_compiler_begin(compiler, &source);
	if (error == 0)
		error = tarn__namelist_compiler_feed(compiler, text, sizeof text - 1);
	if (error == 0)
		error = tarn__namelist_compiler_finish(compiler, write_nothing, NULL);
	tarn__namelist_compiler_free(compiler);
	bool is_refused = allocations_left == 0;
	allocations_left = UINT_MAX;
	/* Without memory for it, an example is left out. */
	ck_assert(error == 0 || (error == TARN__NAMELIST_NOMEM && is_refused));
	return error;
}

START_TEST(each_allocation_may_fail)
{
	unsigned failures = 0;
	for (unsigned i = 0; i < 1000; i++)
		failures += compile_within(i) != 0;
	ck_assert_uint_gt(failures, 100);
	ck_assert_int_eq(compile_within(999), 0);
}
END_TEST

/* ---- zones ------------------------------------------------------------------------------ */

static void add_rule(struct tarn__namelist_compiler *compiler, const char *text,
		     enum tarn__namelist_reach reach)
{
	uint8_t name[TARN__NAME_MAX];
	struct tarn__namelist_rule rule = {.reach = reach,
					   .action = TARN__NAMELIST_NXDOMAIN,
					   .name_len = (uint16_t)wire_name(text, name),
					   .name = name};
	ck_assert_int_eq(tarn__namelist_compiler_add(compiler, &rule), 0);
}

static unsigned count_existing(const char *text)
{
	struct tarn__namelist_match found[TARN__NAMELIST_MATCHES_MAX];
	uint8_t name[TARN__NAME_MAX];
	size_t len = wire_name(text, name);
	unsigned count =
		tarn__namelist_find(&compiled.list, name, len, found, TARN__NAMELIST_MATCHES_MAX);
	unsigned existing = 0;
	for (unsigned i = 0; i < count; i++)
		existing += found[i].is_self &&
			    compiled.list.rows[found[i].row].action == TARN__NAMELIST_EXISTS;
	return existing;
}

START_TEST(names_between_a_wildcard_and_a_name_exist)
{
	struct tarn__namelist_compiler *compiler = compiler_new();
	begin(compiler, 0, TARN__NAMELIST_BLOCK, TARN__NAMELIST_RPZ);
	add_rule(compiler, "w.example", TARN__NAMELIST_BELOW);
	add_rule(compiler, "a.b.c.w.example", TARN__NAMELIST_SELF);
	add_rule(compiler, "a.b.example", TARN__NAMELIST_SELF);
	finish(compiler, &compiled);
	CHECK_COUNTS(report_of(&compiled, 0), 3, 0, 0);
	ck_assert_uint_eq(count_existing("b.c.w.example"), 1);
	ck_assert_uint_eq(count_existing("c.w.example"), 1);
	/* Nothing above them is hidden. */
	ck_assert_uint_eq(count_existing("b.example"), 0);
	ck_assert_uint_eq(count_existing("example"), 0);
}
END_TEST

START_TEST(wildcard_of_the_root_is_above_all)
{
	struct tarn__namelist_compiler *compiler = compiler_new();
	begin(compiler, 0, TARN__NAMELIST_BLOCK, TARN__NAMELIST_RPZ);
	add_rule(compiler, "a.example", TARN__NAMELIST_SELF);
	add_rule(compiler, ".", TARN__NAMELIST_BELOW);
	finish(compiler, &compiled);
	ck_assert_uint_eq(compiled.list.labels_min, 0);
	ck_assert_uint_eq(count_existing("example"), 1);
	ck_assert_uint_eq(matches("b.test"), 1);
}
END_TEST

/* ---- many ------------------------------------------------------------------------------- */

enum { MANY = 100000 };

static void many_name(unsigned i, char out[64])
{
	if (i % 3 == 0)
		snprintf(out, 64, "n%u.example", i);
	else
		snprintf(out, 64, "s%u.n%u.d%u.example", i % 5, i, i % 1000);
}

/* The same names, some below others, in a format and an order: a factor without common divisor with MANY. */
static void compile_many(enum tarn__namelist_format format, const char *pattern, unsigned factor,
			 struct compiled *out)
{
	char name[64], line[128];
	struct tarn__namelist_compiler *compiler = compiler_new();
	begin(compiler, 0, TARN__NAMELIST_BLOCK, format);
	for (unsigned i = 0; i < MANY; i++) {
		many_name((unsigned)((uint64_t)i * factor % MANY), name);
		snprintf(line, sizeof line, pattern, name);
		feed(compiler, line);
	}
	snprintf(line, sizeof line, pattern, "d7.example");
	feed(compiler, line);
	finish(compiler, out);
}

static unsigned fast_matches(const struct tarn__namelist *list, const char *text)
{
	struct tarn__namelist_match found[4];
	uint8_t name[TARN__NAME_MAX];
	size_t len = tarn__name_parse(text, name);
	return len > 0 ? tarn__namelist_find(list, name, len, found, 4) : UINT_MAX;
}

/* Looks the names up in both lists, and names that are near them. One assertion: Check's take time. */
static void compare_many(void)
{
	char name[64], near[80];
	unsigned wrong = 0;
	for (unsigned i = 0; i < MANY; i++) {
		many_name(i, name);
		wrong += fast_matches(&compiled.list, name) != 1;
		wrong += fast_matches(&other.list, name) != 1;
		snprintf(near, sizeof near, i % 2 ? "w.%s" : "w%s", name);
		wrong += fast_matches(&compiled.list, near) != fast_matches(&other.list, near);
	}
	ck_assert_uint_eq(wrong, 0);
}

static const struct {
	enum tarn__namelist_format format;
	const char *pattern;
	bool is_wide;
} formats[] = {
	{TARN__NAMELIST_DOMAINS, "%s\n", false},
	{TARN__NAMELIST_HOSTS, "0.0.0.0 %s\n", false},
	{TARN__NAMELIST_UNBOUND, "local-data: \"%s A 0.0.0.0\"\n", false},
	{TARN__NAMELIST_ADBLOCK, "|%s^\n", false},
	{TARN__NAMELIST_ADBLOCK, "||%s^\n", true},
	{TARN__NAMELIST_WILDCARD, "*.%s\n", true},
	{TARN__NAMELIST_DNSMASQ, "address=/%s/#\n", true},
	{TARN__NAMELIST_UNBOUND, "local-zone: \"%s\" always_null\n", true},
};

START_TEST(formats_give_the_same_verdicts)
{
	bool is_wide = _i >= 4;
	compile_many(formats[is_wide ? 4 : 0].format, formats[is_wide ? 4 : 0].pattern, 1,
		     &compiled);
	compile_many(formats[_i].format, formats[_i].pattern, 7, &other);
	ck_assert_uint_eq(report_of(&other, 0).names, report_of(&compiled, 0).names);
	ck_assert_uint_eq(report_of(&other, 0).below, report_of(&compiled, 0).below);
	ck_assert_uint_eq(report_of(&other, 0).below > 0, is_wide);
	compare_many();
}
END_TEST

START_TEST(order_does_not_matter)
{
	compile_many(TARN__NAMELIST_ADBLOCK, "||%s^\n", 1, &compiled);
	compile_many(TARN__NAMELIST_ADBLOCK, "||%s^\n", 61, &other);
	ck_assert_uint_eq(other.len, compiled.len);
	/* One row, so that the lists are the same but for the number of the row. */
	ck_assert_mem_eq(other.octets, compiled.octets, compiled.len);
}
END_TEST

START_TEST(another_seed_gives_the_same_verdicts)
{
	struct tarn__namelist_compiler *compiler = tarn__namelist_compiler_new(99, 7);
	char name[64], line[80];
	begin(compiler, 0, TARN__NAMELIST_BLOCK, TARN__NAMELIST_WILDCARD);
	for (unsigned i = 0; i < MANY; i++) {
		many_name(i, name);
		snprintf(line, sizeof line, "*.%s\n", name);
		feed(compiler, line);
	}
	feed(compiler, "*.d7.example\n");
	finish(compiler, &other);
	compile_many(TARN__NAMELIST_WILDCARD, "*.%s\n", 1, &compiled);
	compare_many();
}
END_TEST

START_TEST(names_that_are_not_listed_are_not_found)
{
	char name[64];
	unsigned wrong = 0;
	compile_many(TARN__NAMELIST_DOMAINS, "%s\n", 1, &compiled);
	for (unsigned i = 0; i < 10 * MANY; i++) {
		snprintf(name, sizeof name, "m%u.example", i);
		wrong += fast_matches(&compiled.list, name);
	}
	ck_assert_uint_eq(wrong, 0);
}
END_TEST

START_TEST(list_is_small)
{
	compile_many(TARN__NAMELIST_DOMAINS, "%s\n", 1, &compiled);
	ck_assert_uint_lt(compiled.len, 76 * MANY / 10);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("namelist_compile");
	TCase *tcase = tcase_create("namelist_compile");
	tcase_add_checked_fixture(tcase, NULL, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, same_name_twice_is_one);
	tcase_add_test(tcase, same_name_with_another_reach_is_one);
	tcase_add_test(tcase, name_below_one_that_reaches_it_is_dropped);
	tcase_add_test(tcase, one_label_reaches_all_below);
	tcase_add_test(tcase, names_are_dropped_in_lists_of_whole_names_too);
	tcase_add_test(tcase, what_is_of_another_kind_is_not_dropped);
	tcase_add_test(tcase, removal_removes_the_equal_rule_in_all_lists_of_the_set);
	tcase_add_test(tcase, one_name_very_often_takes_no_time);
	tcase_add_test(tcase, rows_run_out);
	tcase_add_test(tcase, octets_may_be_cut_anywhere);
	tcase_add_test(tcase, byte_order_mark_is_taken_at_the_start_only);
	tcase_add_test(tcase, line_that_is_too_long_is_one_invalid_line);
	tcase_add_test(tcase, any_octets_are_survived);
	tcase_add_test(tcase, failed_write_ends_it);
	tcase_add_test(tcase, each_allocation_may_fail);
	tcase_add_test(tcase, names_between_a_wildcard_and_a_name_exist);
	tcase_add_test(tcase, wildcard_of_the_root_is_above_all);
	tcase_add_loop_test(tcase, formats_give_the_same_verdicts, 1,
			    sizeof formats / sizeof formats[0]);
	tcase_add_test(tcase, order_does_not_matter);
	tcase_add_test(tcase, another_seed_gives_the_same_verdicts);
	tcase_add_test(tcase, names_that_are_not_listed_are_not_found);
	tcase_add_test(tcase, list_is_small);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
