/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/dns/test_text.c: names and numbers as people write them. */
#include "dns/text.h"

#include <string.h>

#include "support/unit.h"

static char word[TARN__WORD_MAX];
static char name_text[TARN__NAME_TEXT_MAX];
static uint8_t name[TARN__NAME_MAX];

static const struct {
	char *(*format)(uint16_t, char *);
	bool (*parse)(const char *, uint16_t *);
	uint16_t number;
	const char *text, *other;
} words[] = {
	{tarn__type_format, tarn__type_parse, 1, "A", "type1"},
	{tarn__type_format, tarn__type_parse, 5, "CNAME", "cname"},
	{tarn__type_format, tarn__type_parse, 65, "HTTPS", "TYPE65"},
	{tarn__type_format, tarn__type_parse, 51, "NSEC3PARAM", "nsec3Param"},
	{tarn__type_format, tarn__type_parse, 0, "TYPE0", "TYPE00000"},
	{tarn__type_format, tarn__type_parse, 65280, "TYPE65280", "type065280"},
	{tarn__type_format, tarn__type_parse, 65535, "TYPE65535", "tYpE65535"},
	{tarn__class_format, tarn__class_parse, 1, "IN", "in"},
	{tarn__class_format, tarn__class_parse, 3, "CH", "CLASS3"},
	{tarn__class_format, tarn__class_parse, 32, "CLASS32", "class32"},
	{tarn__rcode_format, tarn__rcode_parse, 3, "NXDOMAIN", "nxdomain"},
	{tarn__rcode_format, tarn__rcode_parse, 16, "BADVERS", "rcode16"},
	{tarn__rcode_format, tarn__rcode_parse, 4095, "RCODE4095", "rcode4095"},
};

START_TEST(number_has_its_word_and_word_its_number)
{
	uint16_t number = 4711;
	ck_assert_str_eq(words[_i].format(words[_i].number, word), words[_i].text);
	ck_assert(words[_i].parse(words[_i].text, &number));
	ck_assert_uint_eq(number, words[_i].number);
	number = 4711;
	ck_assert(words[_i].parse(words[_i].other, &number));
	ck_assert_uint_eq(number, words[_i].number);
}
END_TEST

START_TEST(every_type_reads_back)
{
	for (unsigned type = 0; type <= UINT16_MAX; type++) {
		uint16_t number;
		ck_assert(tarn__type_parse(tarn__type_format((uint16_t)type, word), &number));
		ck_assert_uint_eq(number, type);
	}
}
END_TEST

static const char *const no_words[] = {"",	    "AA",     "TYPE",
				       "TYPE65536", "TYPE-1", "TYPE 1",
				       "TYPE1x",    "TYPE+1", "TYPE99999999999999999999"};

START_TEST(what_is_no_type_is_refused)
{
	uint16_t number = 4711;
	ck_assert(!tarn__type_parse(no_words[_i], &number));
	ck_assert_uint_eq(number, 4711);
}
END_TEST

static const struct {
	const char *wire, *text;
} names[] = {
	{"", "."},
	{"\3www\7example", "www.example."},
	{"\3WwW", "WwW."},
	{"\3a.b\1c", "a\\.b.c."},
	{"\2\\\"", "\\\\\\\"."},
	{"\4a\n\x1b ", "a\\010\\027\\032."},
	{"\3\x7f\x80\xff", "\\127\\128\\255."},
	{"\4_sip\4_tcp", "_sip._tcp."},
};

START_TEST(name_has_its_text_and_text_its_name)
{
	size_t len = strlen(names[_i].wire) + 1;
	ck_assert_str_eq(tarn__name_format((const uint8_t *)names[_i].wire, name_text),
			 names[_i].text);
	ck_assert_uint_eq(tarn__name_parse(names[_i].text, name), len);
	ck_assert_mem_eq(name, names[_i].wire, len);
}
END_TEST

START_TEST(nul_within_a_label_is_written_as_a_number)
{
	ck_assert_str_eq(tarn__name_format((const uint8_t *)"\3a\0b", name_text), "a\\000b.");
	ck_assert_uint_eq(tarn__name_parse("a\\000b.", name), 5);
	ck_assert_mem_eq(name, "\3a\0b", 5);
}
END_TEST

START_TEST(last_dot_may_be_left_out)
{
	ck_assert_uint_eq(tarn__name_parse("www.example", name), 13);
	ck_assert_mem_eq(name, "\3www\7example", 13);
}
END_TEST

static const char *const no_names[] = {"",     "..",	".a",	  "a..",    "a..b",  "a\\",
				       "a\\1", "a\\12", "a\\256", "a\\1a1", "a\\999"};

START_TEST(what_is_no_name_is_refused)
{
	name[0] = 0x55;
	ck_assert_uint_eq(tarn__name_parse(no_names[_i], name), 0);
	ck_assert_uint_eq(name[0], 0x55);
}
END_TEST

/* Loop: octets of a label; 63 are allowed. With the dot and without. */
START_TEST(label_of_64_octets_is_refused)
{
	char text[80];
	memset(text, 'a', (size_t)_i);
	strcpy(text + _i, ".b.");
	ck_assert_uint_eq(tarn__name_parse(text, name), _i <= 63 ? _i + 4 : 0);
	text[_i] = '\0';
	ck_assert_uint_eq(tarn__name_parse(text, name), _i <= 63 ? _i + 2 : 0);
}
END_TEST

/* Loop: octets of the last of four labels; 61 make a name of 255. */
START_TEST(name_of_256_octets_is_refused)
{
	char text[300];
	memset(text, 'a', sizeof(text));
	text[63] = text[127] = text[191] = '.';
	text[192 + _i] = '\0';
	size_t expected = _i <= 61 ? 194 + (size_t)_i : 0;
	ck_assert_uint_eq(tarn__name_parse(text, name), expected);
	strcpy(text + 192 + _i, ".");
	ck_assert_uint_eq(tarn__name_parse(text, name), expected);
}
END_TEST

START_TEST(longest_text_fits)
{
	uint8_t longest[TARN__NAME_MAX];
	memset(longest, 0xff, sizeof(longest));
	longest[0] = longest[64] = longest[128] = 63;
	longest[192] = 61;
	longest[254] = 0;
	ck_assert_uint_eq(strlen(tarn__name_format(longest, name_text)), 4 * 250 + 4);
	ck_assert_uint_eq(tarn__name_parse(name_text, name), TARN__NAME_MAX);
	ck_assert_mem_eq(name, longest, sizeof(longest));
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

int main(void)
{
	Suite *suite = suite_create("text");
	TCase *tcase = tcase_create("words");
	tcase_add_loop_test(tcase, number_has_its_word_and_word_its_number, 0, COUNT(words));
	tcase_add_test(tcase, every_type_reads_back);
	tcase_add_loop_test(tcase, what_is_no_type_is_refused, 0, COUNT(no_words));
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("names");
	tcase_add_loop_test(tcase, name_has_its_text_and_text_its_name, 0, COUNT(names));
	tcase_add_test(tcase, nul_within_a_label_is_written_as_a_number);
	tcase_add_test(tcase, last_dot_may_be_left_out);
	tcase_add_loop_test(tcase, what_is_no_name_is_refused, 0, COUNT(no_names));
	tcase_add_loop_test(tcase, label_of_64_octets_is_refused, 62, 66);
	tcase_add_loop_test(tcase, name_of_256_octets_is_refused, 60, 64);
	tcase_add_test(tcase, longest_text_fits);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
