/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/dnssec/test_anchors.c: which anchor a name's chain of trust starts at. */
#include "dnssec/anchors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/signature.h"
#include "dns/text.h"
#include "support/unit.h"
#include "tarn.h"

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

/* The digests of the root's keys (IANA). */
#define DIGEST_2017 "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"
#define DIGEST_2024 "683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16"
#define DS_2017 "DS 20326 8 2 " DIGEST_2017
#define DS_2024 "DS 38696 8 2 " DIGEST_2024

/* Of RFC 4034 section 5.4. */
#define DS_SHA1 "DS 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118"

/* A key of Ed25519: RFC 8080 section 6.1. */
#define KEY "l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4="

static long allocations_left = -1; /* negative: any number */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);

static bool may_allocate(void)
{
	if (allocations_left == 0)
		return false;
	if (allocations_left > 0)
		allocations_left--;
	return true;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return may_allocate() ? __real_calloc(count, size) : NULL;
}

void *__wrap_malloc(size_t size)
{
	return may_allocate() ? __real_malloc(size) : NULL;
}

void *__wrap_realloc(void *old, size_t size)
{
	return may_allocate() ? __real_realloc(old, size) : NULL;
}

static struct tarn__anchors *anchors, *others;
static unsigned line;
static char fault[TARN__ANCHORS_FAULT_MAX];

static void set_up(void)
{
	anchors = tarn__anchors_new();
	others = tarn__anchors_new();
	ck_assert_ptr_nonnull(anchors);
	ck_assert_ptr_nonnull(others);
	line = 77;
	strcpy(fault, "untouched");
}

static void tear_down(void)
{
	tarn__anchors_free(anchors);
	tarn__anchors_free(others);
}

static int add_to(struct tarn__anchors *to, const char *text)
{
	return tarn__anchors_add_text(to, text, strlen(text), &line, fault);
}

static void add(const char *text)
{
	ck_assert_msg(add_to(anchors, text) == 0, "line %u: %s", line, fault);
}

static int add_negative_to(struct tarn__anchors *to, const char *text)
{
	uint8_t name[TARN__NAME_MAX];
	size_t len = tarn__name_parse(text, name);
	ck_assert_uint_gt(len, 0);
	return tarn__anchors_add_negative(to, name, len);
}

static void add_negative(const char *text)
{
	ck_assert_int_eq(add_negative_to(anchors, text), 0);
}

static struct tarn__anchor find_in(const struct tarn__anchors *in, const char *text)
{
	uint8_t name[TARN__NAME_MAX];
	size_t len = tarn__name_parse(text, name);
	ck_assert_uint_gt(len, 0);
	return tarn__anchors_find(in, name, len);
}

/* "+example." for a positive anchor of that name, "-example." for a negative one, "none". */
static const char *find(const char *text)
{
	static char found[1 + TARN__NAME_TEXT_MAX];
	struct tarn__anchor anchor = find_in(anchors, text);
	if (anchor.kind == TARN__ANCHOR_NONE) {
		ck_assert_ptr_null(anchor.name);
		return "none";
	}
	ck_assert_int_eq(anchor.kind == TARN__ANCHOR_POSITIVE, anchor.records != NULL);
	ck_assert_uint_eq(tarn__name_span(anchor.name, anchor.name_len), anchor.name_len);
	found[0] = anchor.kind == TARN__ANCHOR_POSITIVE ? '+' : '-';
	tarn__name_format(anchor.name, found + 1);
	return found;
}

/* The types of the anchor's records and the first two octets of each: a tag, or flags. */
static const char *records_of(const char *text)
{
	static char all[256];
	struct tarn__anchor anchor = find_in(anchors, text);
	struct tarn__anchor_record record;
	size_t len = 0;
	all[0] = '\0';
	for (const void *at = anchor.records; tarn__anchor_next(&at, &record);) {
		char type[TARN__WORD_MAX];
		len += (size_t)snprintf(all + len, sizeof(all) - len, "%s %d/%u ",
					tarn__type_format(record.type, type),
					record.rdata[0] << 8 | record.rdata[1], record.rdata_len);
		ck_assert_uint_lt(len, sizeof(all));
	}
	return all;
}

/* ---- text ---------------------------------------------------------------------------------- */

static const struct {
	const char *text, *records; /* of example. */
} texts[] = {
	{"example. IN " DS_2017 "\n", "DS 20326/36 "},
	{"example IN " DS_2017, "DS 20326/36 "},
	{"EXAMPLE. 172800 IN " DS_2017 "\r\n", "DS 20326/36 "},
	{"example. " DS_SHA1 "\n", "DS 60485/24 "},
	{"; nothing\n\nexample. IN " DS_2017 " ; a comment\n", "DS 20326/36 "},
	{"example. IN " DS_2017 "\nexample. IN " DS_2024 "\n", "DS 20326/36 DS 38696/36 "},
	{"example. IN " DS_2017 "\n\tIN " DS_2024 "\n", "DS 20326/36 DS 38696/36 "},
	{"example. IN " DS_2017 "\nexample. IN " DS_2017 "\n", "DS 20326/36 "},
	{"example. IN DNSKEY 257 3 15 " KEY " ; keytag 3613\n", "DNSKEY 257/36 "},
	{"example. 3600 IN DNSKEY 256 3 15 (\n\tl02Woi0iS8Aa25FQkUd9RMzZ ; the start\n"
	 "\tHJpBoRQwAQEX1SxZJA4=\n)\n",
	 "DNSKEY 256/36 "},
	{"example. IN DS ( 20326 8 2\n E06D44B80B8F1D39A95C0B0D7C65D084\n"
	 " 58E880409BBC683457104237C7F8EC8D )\n",
	 "DS 20326/36 "},
	{"$ORIGIN example.\n@ IN " DS_2017 "\n", "DS 20326/36 "},
	/* Numbers that are not known have any length: such an anchor makes its zone insecure. */
	{"example. IN DS 1 200 77 00\n", "DS 1/5 "},
	{"example. IN DNSKEY 257 3 200 AA==\n", "DNSKEY 257/5 "},
};

START_TEST(anchors_are_records_as_in_a_zone_file)
{
	add(texts[_i].text);
	ck_assert_str_eq(find("www.example"), "+example.");
	ck_assert_str_eq(records_of("www.example"), texts[_i].records);
	ck_assert_str_eq(find("other"), "none");
}
END_TEST

START_TEST(text_without_records_has_no_anchors)
{
	add("");
	add("\n; only a comment\n\n");
	ck_assert_uint_eq(tarn__anchors_count(anchors), 0);
	ck_assert_str_eq(find("."), "none");
}
END_TEST

static const struct {
	const char *text;
	unsigned line;
	const char *fault;
} faults[] = {
	{"example. IN A 192.0.2.1\n", 1, "neither DS nor DNSKEY"},
	{". IN " DS_2017 "\n\n. IN NS a.\n", 3, "neither DS nor DNSKEY"},
	{". CH " DS_2017 "\n", 1, "not of class IN"},
	{". IN DS 20326 8 2 E06D\n", 1, "DS: the digest has not the length of its type"},
	{". IN DS 20326 8 1 " DIGEST_2017 "\n", 1, "the length of its type"},
	{". IN DS 20326 8 4 " DIGEST_2017 "\n", 1, "the length of its type"},
	{". IN DS 20326 8 9\n", 1, "DS"},
	{". IN DS 20326 8 2 " DIGEST_2017 "E\n", 1, "DS"},
	{". IN DS 66000 8 2 " DIGEST_2017 "\n", 1, "DS"},
	{". IN DNSKEY 1 3 15 " KEY "\n", 1, "DNSKEY: not a zone key"},
	{". IN DNSKEY 385 3 15 " KEY "\n", 1, "DNSKEY: revoked"},
	{". IN DNSKEY 257 2 15 " KEY "\n", 1, "DNSKEY: the protocol is not 3"},
	{". IN DNSKEY 257 3 15\n", 1, "DNSKEY"},
	{". IN DNSKEY 257 3 15 !\n", 1, "DNSKEY"},
	{". IN " DS_2017 "\n. IN DS ( 38696 8 2\n" DIGEST_2024 "\n", 2, "not closed"},
	{"$INCLUDE root.key\n", 1, "$INCLUDE"},
	{"<?xml version=\"1.0\"?>\n", 1, ""},
	{"no anchors\nat all\n", 1, ""},
};

START_TEST(line_that_is_no_anchor_is_said)
{
	add("other. IN " DS_2017);
	ck_assert_int_eq(add_to(anchors, faults[_i].text), TARN_EINVAL);
	ck_assert_uint_eq(line, faults[_i].line);
	ck_assert_msg(strstr(fault, faults[_i].fault), "%s", fault);
	ck_assert_str_ne(fault, "untouched");
	/* Nothing is added, of the lines before it neither. */
	ck_assert_str_eq(find("."), "none");
	ck_assert_uint_eq(tarn__anchors_count(anchors), 1);
}
END_TEST

START_TEST(nul_is_no_end_of_a_text)
{
	static const char text[] = ". IN " DS_2017 "\n\0\n. IN " DS_2024 "\n";
	ck_assert_int_eq(tarn__anchors_add_text(anchors, text, sizeof(text) - 1, &line, fault),
			 TARN_EINVAL);
	ck_assert_uint_eq(line, 2);
}
END_TEST

START_TEST(fault_is_untouched_by_success)
{
	add(". IN " DS_2017);
	ck_assert_uint_eq(line, 77);
	ck_assert_str_eq(fault, "untouched");
}
END_TEST

static const struct {
	const char *text;
	bool is_supported;
} algorithms[] = {
	{". " DS_2017, true},
	{". DNSKEY 257 3 15 " KEY, true},
	{". DS 1 13 4 " DIGEST_2017 "00112233445566778899AABBCCDDEEFF", true},
	/* RFC 9905 section 2 */
	{". " DS_SHA1, false},
	{". DS 1 200 2 " DIGEST_2017, false},
	{". DS 1 8 200 00", false},
	{". DNSKEY 257 3 200 " KEY, false},
	/* Too short for its algorithm. */
	{". DNSKEY 257 3 15 AAAA", false},
	{". DS 1 200 200 00\n. " DS_2017, true},
};

START_TEST(anchor_is_supported_if_one_record_is)
{
	add(algorithms[_i].text);
	struct tarn__anchor anchor = find_in(anchors, "www.example");
	ck_assert_int_eq(tarn__anchor_is_supported(&anchor), algorithms[_i].is_supported);
}
END_TEST

/* ---- names --------------------------------------------------------------------------------- */

START_TEST(closest_anchor_counts)
{
	add(". IN " DS_2017 "\nSub.Example. IN " DS_2024 "\n");
	add_negative("example");
	add_negative("lab.sub.example");
	ck_assert_str_eq(find("."), "+.");
	ck_assert_str_eq(find("com"), "+.");
	ck_assert_str_eq(find("example"), "-example.");
	ck_assert_str_eq(find("WWW.EXAMPLE"), "-example.");
	ck_assert_str_eq(find("sub.example"), "+sub.example.");
	ck_assert_str_eq(find("a.b.SUB.example"), "+sub.example.");
	ck_assert_str_eq(find("a.lab.sub.example"), "-lab.sub.example.");
	/* Whole labels. */
	ck_assert_str_eq(find("myexample"), "+.");
	ck_assert_str_eq(find("xlab.sub.example"), "+sub.example.");
}
END_TEST

START_TEST(without_anchors_there_is_none)
{
	ck_assert_str_eq(find("."), "none");
	add_negative("example");
	ck_assert_str_eq(find("."), "none");
	ck_assert_str_eq(find("example"), "-example.");
	tarn__anchors_free(NULL);
}
END_TEST

START_TEST(at_one_name_the_positive_anchor_counts)
{
	add_negative("a.example");
	add("a.example. IN " DS_2017 "\nb.example. IN " DS_2017);
	add_negative("B.example");
	ck_assert_str_eq(find("www.a.example"), "+a.example.");
	ck_assert_str_eq(find("www.b.example"), "+b.example.");
}
END_TEST

START_TEST(root_cannot_be_insecure)
{
	ck_assert_int_eq(add_negative_to(anchors, "."), TARN_EINVAL);
	ck_assert_str_eq(find("."), "none");
}
END_TEST

START_TEST(each_name_is_listed_once)
{
	static const char *const names[] = {"+.", "+example.", "-corp."};
	struct tarn__anchor anchor;
	size_t at = 0;
	add(". IN " DS_2017 "\nexample. IN " DS_2017 "\n. IN " DS_2024);
	add_negative("corp");
	add_negative("Corp");
	for (size_t i = 0; i < 3; i++) {
		ck_assert(tarn__anchors_next(anchors, &at, &anchor));
		char text[TARN__NAME_TEXT_MAX];
		ck_assert_str_eq(tarn__name_format(anchor.name, text), names[i] + 1);
		ck_assert_int_eq(anchor.kind, names[i][0] == '+' ? TARN__ANCHOR_POSITIVE
								 : TARN__ANCHOR_NEGATIVE);
	}
	ck_assert(!tarn__anchors_next(anchors, &at, &anchor));
	ck_assert_uint_eq(tarn__anchors_count(anchors), 3);
	ck_assert_str_eq(records_of("."), "DS 20326/36 DS 38696/36 ");
}
END_TEST

START_TEST(longest_names_are_found)
{
	char text[2 * 127 + 1];
	for (size_t i = 0; i < 127; i++)
		memcpy(text + 2 * i, "a.", 2);
	text[2 * 127] = '\0';
	add_negative(text);
	ck_assert_int_eq(find(text)[0], '-');
	ck_assert_str_eq(find(text + 2), "none");
}
END_TEST

START_TEST(many_names_are_told_apart)
{
	enum { NAMES = 5000 };
	char text[64], expected[64];
	for (unsigned i = 0; i < NAMES; i++) {
		snprintf(text, sizeof(text), "n%u.zone%u.example", i, i % 7);
		add_negative(text);
	}
	for (unsigned i = 0; i < NAMES; i++) {
		snprintf(text, sizeof(text), "www.n%u.zone%u.example", i, i % 7);
		snprintf(expected, sizeof(expected), "-%s.", text + 4);
		ck_assert_str_eq(find(text), expected);
		snprintf(text, sizeof(text), "www.n%u.zone%u.example", i, i % 7 + 1);
		ck_assert_str_eq(find(text), "none");
	}
}
END_TEST

START_TEST(there_may_be_1024_anchors)
{
	static char text[1100 * 32];
	size_t len = 0;
	for (unsigned i = 0; i < TARN__ANCHORS_MAX; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s. DS %u 200 200 00\n",
					i % 2 == 0 ? "a" : "b", i);
	add(text);
	ck_assert_uint_eq(tarn__anchors_count(anchors), TARN__ANCHORS_MAX);
	ck_assert_int_eq(add_to(anchors, "\nc. DS 1 200 200 00\n"), TARN_EINVAL);
	ck_assert_uint_eq(line, 2);
	ck_assert_str_eq(fault, "too many anchors (1024 at most)");
	snprintf(text + len, sizeof(text) - len, "c. DS 1 200 200 00\n");
	ck_assert_int_eq(add_to(others, text), TARN_EINVAL);
	ck_assert_uint_eq(line, TARN__ANCHORS_MAX + 1);
	/* Negative ones have places of their own. */
	add_negative("d");
}
END_TEST

/* ---- comparison ---------------------------------------------------------------------------- */

static const struct {
	const char *a, *negative_a, *b, *negative_b;
	bool are_equal;
} pairs[] = {
	{"", NULL, "", NULL, true},
	{". " DS_2017, "corp", ". " DS_2017, "CORP", true},
	{". " DS_2017 "\n. " DS_2024, NULL, ". " DS_2024 "\n. " DS_2017, NULL, true},
	{"a. " DS_2017 "\nb. " DS_2024, NULL, "B. " DS_2024 "\nA. " DS_2017, NULL, true},
	{". " DS_2017, NULL, "", NULL, false},
	{". " DS_2017, NULL, ". " DS_2024, NULL, false},
	{". " DS_2017, NULL, ". " DS_2017 "\n. " DS_2024, NULL, false},
	{"a. " DS_2017 "\na. " DS_2024, NULL, "a. " DS_2017 "\nb. " DS_2017, NULL, false},
	{"a. " DS_2017, NULL, "b. " DS_2017, NULL, false},
	{"", "a", "", "b", false},
	{"", "a", "", NULL, false},
	{"a. " DS_2017, "a", "a. " DS_2017, "b", false},
	{"a. " DS_2017 "\nb. " DS_2017, "a", "a. " DS_2017 "\nb. " DS_2017, "b", false},
};

START_TEST(anchors_are_compared_in_any_order)
{
	ck_assert_int_eq(add_to(anchors, pairs[_i].a), 0);
	ck_assert_int_eq(add_to(others, pairs[_i].b), 0);
	if (pairs[_i].negative_a)
		ck_assert_int_eq(add_negative_to(anchors, pairs[_i].negative_a), 0);
	if (pairs[_i].negative_b)
		ck_assert_int_eq(add_negative_to(others, pairs[_i].negative_b), 0);
	ck_assert_int_eq(tarn__anchors_are_equal(anchors, others), pairs[_i].are_equal);
	ck_assert_int_eq(tarn__anchors_are_equal(others, anchors), pairs[_i].are_equal);
}
END_TEST

static const struct {
	const char *name;
	bool is_alike;
} found[] = {
	{".", true},	    {"www.same", true}, {"www.key", false}, {"deeper.zone", false},
	{"zone", true},	    {"lab", false},	{"both.lab", true}, {"x.insecure", true},
	{"y.hidden", true},
};

/* Chains start at the same anchor, or nowhere. */
START_TEST(anchors_of_a_name_are_compared)
{
	add(". " DS_2017 "\nsame. " DS_2017 "\nkey. " DS_2017);
	ck_assert_int_eq(add_to(others, "key. " DS_2024 "\ndeeper.zone. " DS_2017 "\nSame. " DS_2017
					"\n. " DS_2017),
			 0);
	add_negative("lab");
	add_negative("insecure");
	ck_assert_int_eq(add_negative_to(others, "both.lab"), 0);
	ck_assert_int_eq(add_negative_to(others, "insecure"), 0);
	ck_assert_int_eq(add_negative_to(others, "x.insecure"), 0);
	struct tarn__anchor a = find_in(anchors, found[_i].name);
	struct tarn__anchor b = find_in(others, found[_i].name);
	ck_assert_int_eq(tarn__anchor_is_alike(&a, &b), found[_i].is_alike);
	ck_assert_int_eq(tarn__anchor_is_alike(&b, &a), found[_i].is_alike);
}
END_TEST

/* ---- memory -------------------------------------------------------------------------------- */

static int fill(struct tarn__anchors **out)
{
	*out = tarn__anchors_new();
	if (!*out)
		return TARN_ENOMEM;
	int error = add_to(*out, ". " DS_2017 "\n. " DS_2024 "\nexample. " DS_2017);
	for (unsigned i = 0; i < 20 && error == 0; i++) {
		const uint8_t name[] = {1, (uint8_t)('a' + i), 0};
		error = tarn__anchors_add_negative(*out, name, sizeof(name));
	}
	return error;
}

START_TEST(memory_may_be_short_anywhere)
{
	int error = TARN_ENOMEM;
	for (long count = 0; error != 0; count++) {
		struct tarn__anchors *filled;
		allocations_left = count;
		error = fill(&filled);
		allocations_left = -1;
		if (error != 0)
			ck_assert_int_eq(error, TARN_ENOMEM);
		else
			ck_assert_uint_eq(tarn__anchors_count(filled), 3);
		tarn__anchors_free(filled);
	}
	ck_assert_str_eq(fault, "untouched");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("anchors");
	TCase *tcase = tcase_create("anchors");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, anchors_are_records_as_in_a_zone_file, 0, COUNT(texts));
	tcase_add_test(tcase, text_without_records_has_no_anchors);
	tcase_add_loop_test(tcase, line_that_is_no_anchor_is_said, 0, COUNT(faults));
	tcase_add_test(tcase, nul_is_no_end_of_a_text);
	tcase_add_test(tcase, fault_is_untouched_by_success);
	if (!tarn__signature_load())
		tcase_add_loop_test(tcase, anchor_is_supported_if_one_record_is, 0,
				    COUNT(algorithms));
	tcase_add_test(tcase, closest_anchor_counts);
	tcase_add_test(tcase, without_anchors_there_is_none);
	tcase_add_test(tcase, at_one_name_the_positive_anchor_counts);
	tcase_add_test(tcase, root_cannot_be_insecure);
	tcase_add_test(tcase, each_name_is_listed_once);
	tcase_add_test(tcase, longest_names_are_found);
	tcase_add_test(tcase, many_names_are_told_apart);
	tcase_add_test(tcase, there_may_be_1024_anchors);
	tcase_add_loop_test(tcase, anchors_are_compared_in_any_order, 0, COUNT(pairs));
	tcase_add_loop_test(tcase, anchors_of_a_name_are_compared, 0, COUNT(found));
	tcase_add_test(tcase, memory_may_be_short_anywhere);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
