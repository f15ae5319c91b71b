/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/dns/test_namelist.c: looking names up in compiled lists, good ones and damaged ones. */
#include "dns/namelist.h"

#include <stdio.h>

#include "dns/namelist_form.h"
#include "support/churn.h"
#include "support/namelist.h"
#include "support/unit.h"

static struct compiled compiled;

static void tear_down(void)
{
	compiled_free(&compiled);
}

static unsigned matches(const char *name)
{
	return count_matches(&compiled.list, name);
}

/* The suffix of the one match, as text. */
static const char *suffix(const char *text)
{
	static char out[TARN__NAME_TEXT_MAX];
	struct tarn__namelist_match match;
	uint8_t name[TARN__NAME_MAX];
	size_t len = wire_name(text, name);
	ck_assert_uint_eq(tarn__namelist_find(&compiled.list, name, len, &match, 1), 1);
	ck_assert(match.is_self == (match.suffix_at == 0));
	return tarn__name_format(name + match.suffix_at, out);
}

START_TEST(empty_list_has_no_names)
{
	compile(TARN__NAMELIST_DOMAINS, "", &compiled);
	ck_assert_uint_eq(matches("."), 0);
	ck_assert_uint_eq(matches("a.example"), 0);
	ck_assert_uint_eq(compiled.list.name_count, 0);
	ck_assert_uint_eq(report_of(&compiled, 0).names, 0);
}
END_TEST

START_TEST(name_alone_is_found_alone)
{
	compile(TARN__NAMELIST_DOMAINS, "a.example\n", &compiled);
	ck_assert_str_eq(suffix("a.example"), "a.example.");
	ck_assert_str_eq(suffix("A.eXample"), "A.eXample.");
	ck_assert_uint_eq(matches("b.a.example"), 0);
	ck_assert_uint_eq(matches("example"), 0);
	ck_assert_uint_eq(matches("aa.example"), 0);
	ck_assert_uint_eq(matches("a.examplf"), 0);
}
END_TEST

START_TEST(name_is_found_below)
{
	compile(TARN__NAMELIST_ADBLOCK, "||a.example^\n||*.b.example^\n", &compiled);
	ck_assert_str_eq(suffix("x.y.a.example"), "a.example.");
	ck_assert_str_eq(suffix("a.example"), "a.example.");
	ck_assert_str_eq(suffix("x.b.example"), "b.example.");
	ck_assert_uint_eq(matches("b.example"), 0);
	ck_assert_uint_eq(matches("xa.example"), 0);
}
END_TEST

START_TEST(name_itself_is_found_alone_if_it_alone_is_asked_for)
{
	compile(TARN__NAMELIST_ADBLOCK, "||a.example^\n||*.b.example^\n", &compiled);
	static const struct {
		const char *name;
		unsigned count;
	} names[] = {{"a.example", 1}, {"A.Example", 1}, {"x.a.example", 0}, {"b.example", 0}};
	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct tarn__namelist_match match;
		uint8_t name[TARN__NAME_MAX];
		size_t len = wire_name(names[i].name, name);
		ck_assert_uint_eq(tarn__namelist_find_self(&compiled.list, name, len, &match, 1),
				  names[i].count);
	}
}
END_TEST

static void add_to_zone(struct tarn__namelist_compiler *compiler, const char *text, bool is_prefix)
{
	uint8_t name[TARN__NAME_MAX];
	const struct tarn__namelist_rule rule = {.reach = TARN__NAMELIST_SELF,
						 .action = TARN__NAMELIST_NXDOMAIN,
						 .name_len = (uint16_t)wire_name(text, name),
						 .name = name,
						 .is_prefix = is_prefix};
	ck_assert_int_eq(tarn__namelist_compiler_add(compiler, &rule), 0);
}

START_TEST(names_above_prefixes_are_kept)
{
	struct tarn__namelist_compiler *compiler = compiler_new();
	begin(compiler, 0, TARN__NAMELIST_BLOCK, TARN__NAMELIST_RPZ);
	add_to_zone(compiler, "a.b.example", false);
	add_to_zone(compiler, "c00002.4/24.rpz-ip", true);
	add_to_zone(compiler, "c00003.4/24.rpz-ip", true);
	add_to_zone(compiler, "c00003.4/24.rpz-ip", true);
	finish(compiler, &compiled);
	ck_assert_uint_eq(matches("b.example"), 0);
	ck_assert_uint_eq(matches("4/24.rpz-ip"), 2);
	ck_assert_uint_eq(matches("4/25.rpz-ip"), 1);
	ck_assert_uint_eq(report_of(&compiled, 0).names, 3);
	ck_assert_uint_eq(report_of(&compiled, 0).duplicates, 1);
	/* Those above are no rules: they are not counted. */
	ck_assert_uint_eq(compiled.list.name_count, 5);
}
END_TEST

/* Without a row for the names above it would not be found. */
START_TEST(prefix_without_a_row_is_not_supported)
{
	struct tarn__namelist_compiler *compiler = compiler_new();
	for (unsigned i = 0; i < 50; i++) {
		begin(compiler, 0, TARN__NAMELIST_BLOCK, TARN__NAMELIST_ADBLOCK);
		feed(compiler, "||a.example^\n||b.example^$important\n||*.c.example^\n"
			       "|d.example|\n||*.e.example^$important\n");
	}
	begin(compiler, 0, TARN__NAMELIST_BLOCK, TARN__NAMELIST_ADBLOCK);
	feed(compiler, "||a.example^\n||b.example^$important\n||*.c.example^\n|d.example|\n");
	begin(compiler, 0, TARN__NAMELIST_BLOCK, TARN__NAMELIST_RPZ);
	add_to_zone(compiler, "c00002.4/24.rpz-ip", true);
	finish(compiler, &compiled);
	ck_assert_uint_eq(compiled.list.row_count, TARN__NAMELIST_ROWS_MAX);
	ck_assert_uint_eq(report_of(&compiled, 51).names, 0);
	ck_assert_uint_eq(report_of(&compiled, 51).unsupported, 1);
}
END_TEST

START_TEST(all_suffixes_are_found_the_shortest_first)
{
	struct tarn__namelist_compiler *compiler = compiler_new();
	struct tarn__namelist_match found[8];
	uint8_t name[TARN__NAME_MAX];
	for (unsigned i = 0; i < 3; i++) {
		begin(compiler, i, TARN__NAMELIST_BLOCK, TARN__NAMELIST_ADBLOCK);
		feed(compiler, i == 0 ? "||a.example^" : i == 1 ? "||example^" : "||b.a.example^");
	}
	finish(compiler, &compiled);
	size_t len = wire_name("b.a.example", name);
	ck_assert_uint_eq(tarn__namelist_find(&compiled.list, name, len, found, 8), 3);
	ck_assert_uint_eq(found[0].suffix_at, 4);
	ck_assert_uint_eq(compiled.list.rows[found[0].row].set, 1);
	ck_assert_uint_eq(found[1].suffix_at, 2);
	ck_assert_uint_eq(found[2].suffix_at, 0);
	ck_assert(found[2].is_self && !found[1].is_self);
	ck_assert_uint_eq(tarn__namelist_find(&compiled.list, name, len, found, 2), 2);
}
END_TEST

START_TEST(name_of_many_lists_is_found_in_each)
{
	struct tarn__namelist_compiler *compiler = compiler_new();
	for (unsigned i = 0; i < TARN__NAMELIST_SOURCES_MAX; i++) {
		begin(compiler, i, TARN__NAMELIST_BLOCK, TARN__NAMELIST_ADBLOCK);
		feed(compiler, "||a.example^\n||a.example^$important\n");
	}
	finish(compiler, &compiled);
	ck_assert_uint_eq(matches("a.example"), 2 * TARN__NAMELIST_SOURCES_MAX);
	ck_assert_uint_eq(compiled.list.name_count, 1);
}
END_TEST

START_TEST(longest_and_shortest_names_are_found)
{
	char text[2 * 127 + 2];
	for (size_t i = 0; i < 127; i++)
		memcpy(text + 2 * i, "a.", 2);
	strcpy(text + 2 * 127, "");
	struct tarn__namelist_compiler *compiler = compiler_new();
	begin(compiler, 0, TARN__NAMELIST_BLOCK, TARN__NAMELIST_WILDCARD);
	feed(compiler, text);
	feed(compiler, "\n*.loan\n");
	finish(compiler, &compiled);
	ck_assert_uint_eq(matches(text), 1);
	ck_assert_uint_eq(matches(text + 2), 0);
	ck_assert_uint_eq(matches("loan"), 1);
	ck_assert_uint_eq(matches("a.loan"), 1);
	ck_assert_uint_eq(compiled.list.labels_min, 1);
	ck_assert_uint_eq(compiled.list.labels_max, 127);
}
END_TEST

START_TEST(report_is_kept)
{
	compile(TARN__NAMELIST_DOMAINS, "a.example\na..b\n", &compiled);
	struct tarn__namelist_source report = report_of(&compiled, 0);
	ck_assert_uint_eq(compiled.list.digest, 7);
	ck_assert_uint_eq(report.path_len, strlen("/lists/a.txt"));
	ck_assert_int_eq(memcmp(report.path, "/lists/a.txt", report.path_len), 0);
	ck_assert_uint_eq(report.size, 12);
	ck_assert_int_eq(report.mtime_ns, -3);
	ck_assert_uint_eq(report.lines, 2);
	ck_assert_uint_eq(report.names, 1);
	ck_assert_uint_eq(report.invalid, 1);
	ck_assert_uint_eq(report.fault_count, 1);
	ck_assert_uint_eq(report.faults[0].line, 2);
	ck_assert_int_eq(memcmp(report.faults[0].text, "a..b", report.faults[0].len), 0);
	ck_assert_str_eq(tarn__namelist_format_word(report.format), "domains");
}
END_TEST

/* ---- more ------------------------------------------------------------------------------- */

START_TEST(more_is_found_by_name_and_row)
{
	struct tarn__namelist_match match;
	struct tarn__namelist_more more;
	uint8_t name[TARN__NAME_MAX];
	uint32_t cursor = 0;
	compile(TARN__NAMELIST_ADBLOCK,
		"||a.example^$dnstype=A|AAAA\n||a.example^$dnstype=~TXT\n||b.example^$dnstype=MX\n"
		"||c.example^$dnsrewrite=192.0.2.1\n||d.example^\n",
		&compiled);
	size_t len = wire_name("a.example", name);
	ck_assert_uint_eq(tarn__namelist_find(&compiled.list, name, len, &match, 1), 1);
	ck_assert(compiled.list.rows[match.row].has_more);
	unsigned count = 0, negated = 0;
	while (tarn__namelist_more_next(&compiled.list, name, len, match.row, &cursor, &more)) {
		count++;
		negated += more.is_types_negated;
		ck_assert_uint_eq(more.type_count, more.is_types_negated ? 1 : 2);
	}
	ck_assert_uint_eq(count, 2);
	ck_assert_uint_eq(negated, 1);
	ck_assert(!tarn__namelist_more_next(&compiled.list, name, len, match.row, &cursor, &more));

	cursor = 0;
	len = wire_name("C.example", name);
	ck_assert_uint_eq(tarn__namelist_find(&compiled.list, name, len, &match, 1), 1);
	ck_assert_int_eq(compiled.list.rows[match.row].action, TARN__NAMELIST_DATA);
	ck_assert(tarn__namelist_more_next(&compiled.list, name, len, match.row, &cursor, &more));
	ck_assert_uint_eq(more.rdata_len, 4);
	ck_assert_int_eq(memcmp(more.rdata, "\300\0\2\1", 4), 0);
	ck_assert_uint_eq(more.ttl, TARN__NAMELIST_TTL_UNSET);
}
END_TEST

/* ---- damage ----------------------------------------------------------------------------- */

static void compile_some(void)
{
	struct tarn__namelist_compiler *compiler = compiler_new();
	begin(compiler, 0, TARN__NAMELIST_BLOCK, TARN__NAMELIST_ADBLOCK);
	feed(compiler, "||x.example^$dnsrewrite=192.0.2.1,denyallow=a.x.example\nnonsense..\n");
	char line[64];
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(line, sizeof line, "||n%u.d%u.example^\n", i, i % 100);
		feed(compiler, line);
	}
	finish(compiler, &compiled);
}

static int open_copy(const uint8_t *octets, size_t len)
{
	/* Of exactly that length, so that a sanitizer sees what is read behind the end. */
	uint8_t *copy = malloc(len > 0 ? len : 1);
	struct tarn__namelist list;
	memcpy(copy, octets, len);
	int error = tarn__namelist_open(copy, len, &list);
	free(copy);
	return error;
}

START_TEST(changed_octets_are_refused)
{
	uint64_t random = 3;
	compile_some();
	for (unsigned i = 0; i < 64; i++) {
		size_t at = i < 32 ? pick(&random, 256) : pick(&random, (unsigned)compiled.len);
		uint8_t bit = (uint8_t)(1 << pick(&random, 8));
		compiled.octets[at] ^= bit;
		ck_assert_int_lt(open_copy(compiled.octets, compiled.len), 0);
		compiled.octets[at] ^= bit;
	}
	ck_assert_int_eq(open_copy(compiled.octets, compiled.len), 0);
}
END_TEST

START_TEST(truncated_and_extended_lists_are_refused)
{
	uint64_t random = 4;
	compile_some();
	for (unsigned i = 0; i < 64; i++) {
		size_t len = i < 32 ? i * 8 : pick(&random, (unsigned)compiled.len);
		ck_assert_int_lt(open_copy(compiled.octets, len), 0);
		/* Even if the checksum is right. */
		uint8_t *copy = malloc(compiled.len);
		memcpy(copy, compiled.octets, compiled.len);
		tarn__namelist_seal(copy, len / 8 * 8);
		ck_assert_int_lt(open_copy(copy, len / 8 * 8), 0);
		free(copy);
	}
	compiled_write(&compiled, "12345678", 8);
	ck_assert_int_eq(open_copy(compiled.octets, compiled.len), TARN__NAMELIST_DAMAGED);
	tarn__namelist_seal(compiled.octets, compiled.len);
	ck_assert_int_eq(open_copy(compiled.octets, compiled.len), TARN__NAMELIST_DAMAGED);
}
END_TEST

/* Numbers of the head that do not fit, under a right checksum. */
START_TEST(wrong_numbers_are_refused)
{
	compile_some();
	for (size_t at = 8; at < sizeof(struct tarn__namelist_head); at += 4) {
		static const uint32_t values[] = {0, 1, 255, 0x01000000, 0x7fffffff, 0xffffffff};
		for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
			uint32_t before;
			memcpy(&before, compiled.octets + at, 4);
			memcpy(compiled.octets + at, &values[i], 4);
			tarn__namelist_seal(compiled.octets, compiled.len);
			struct tarn__namelist list;
			if (tarn__namelist_open(compiled.octets, compiled.len, &list) == 0)
				ck_assert_uint_le(count_matches(&list, "n1.d1.example"), 8);
			memcpy(compiled.octets + at, &before, 4);
		}
	}
}
END_TEST

START_TEST(foreign_lists_are_told_from_damaged_ones)
{
	compile_some();
	ck_assert_int_eq(open_copy((const uint8_t *)"", 0), TARN__NAMELIST_FOREIGN);
	ck_assert_int_eq(open_copy(compiled.octets, 20), TARN__NAMELIST_FOREIGN);
	ck_assert_int_eq(open_copy(compiled.octets, 256), TARN__NAMELIST_DAMAGED);
	compiled.octets[8]++;
	ck_assert_int_eq(open_copy(compiled.octets, compiled.len), TARN__NAMELIST_FOREIGN);
	compiled.octets[8]--;
	uint8_t *order = compiled.octets + 12, first = order[0];
	order[0] = order[3];
	order[3] = first;
	tarn__namelist_seal(compiled.octets, compiled.len);
	ck_assert_int_eq(open_copy(compiled.octets, compiled.len), TARN__NAMELIST_FOREIGN);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("namelist");
	TCase *tcase = tcase_create("namelist");
	tcase_add_checked_fixture(tcase, NULL, tear_down);
	tcase_add_test(tcase, empty_list_has_no_names);
	tcase_add_test(tcase, name_alone_is_found_alone);
	tcase_add_test(tcase, name_is_found_below);
	tcase_add_test(tcase, name_itself_is_found_alone_if_it_alone_is_asked_for);
	tcase_add_test(tcase, names_above_prefixes_are_kept);
	tcase_add_test(tcase, prefix_without_a_row_is_not_supported);
	tcase_add_test(tcase, all_suffixes_are_found_the_shortest_first);
	tcase_add_test(tcase, name_of_many_lists_is_found_in_each);
	tcase_add_test(tcase, longest_and_shortest_names_are_found);
	tcase_add_test(tcase, report_is_kept);
	tcase_add_test(tcase, more_is_found_by_name_and_row);
	tcase_add_test(tcase, changed_octets_are_refused);
	tcase_add_test(tcase, truncated_and_extended_lists_are_refused);
	tcase_add_test(tcase, wrong_numbers_are_refused);
	tcase_add_test(tcase, foreign_lists_are_told_from_damaged_ones);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
