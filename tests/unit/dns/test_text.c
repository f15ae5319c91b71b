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

/* Loop: the origin ends the name unless the text has the final dot. */
static const struct {
	const char *text;
	size_t text_len;
	const char *wire;
	size_t len; /* 0: not valid */
} relative[] = {
	{"a", 1, "\1a\1o", 5},
	{"a.b", 3, "\1a\1b\1o", 7},
	{"a.", 2, "\1a", 3},
	{".", 1, "", 1},
	{"a\\.", 3, "\2a.\1o", 6},
	{"a\\046", 5, "\2a.\1o", 6},
	{"a\0b", 3, "\3a\0b\1o", 7},
	{"a.b", 2, "\1a", 3},
	{"", 0, "", 0},
	{"..", 2, "", 0},
	{"a..", 3, "", 0},
	{"a\\", 2, "", 0},
	{"a\\12", 4, "", 0},
};

START_TEST(relative_name_ends_in_the_origin)
{
	size_t len = relative[_i].len;
	memset(name, 0x55, sizeof(name));
	ck_assert_uint_eq(tarn__name_parse_relative(relative[_i].text, relative[_i].text_len,
						    (const uint8_t *)"\1o", 3, name),
			  len);
	ck_assert_int_eq(memcmp(name, relative[_i].wire, len), 0);
	ck_assert_uint_eq(name[len], 0x55);
}
END_TEST

START_TEST(without_an_origin_a_name_has_its_final_dot)
{
	ck_assert_uint_eq(tarn__name_parse_relative("a", 1, NULL, 0, name), 0);
	ck_assert_uint_eq(tarn__name_parse_relative("a.", 2, NULL, 0, name), 3);
}
END_TEST

/* Loop: octets of the last of four labels before an origin of three octets. */
START_TEST(relative_name_of_256_octets_is_refused)
{
	char text[300];
	memset(text, 'a', sizeof(text));
	text[63] = text[127] = text[191] = '.';
	size_t expected = _i <= 59 ? 196 + (size_t)_i : 0;
	ck_assert_uint_eq(
		tarn__name_parse_relative(text, 192 + (size_t)_i, (const uint8_t *)"\1o", 3, name),
		expected);
}
END_TEST

static const struct {
	uint32_t time;
	const char *text, *number;
} times[] = {
	{0, "19700101000000", "0"},
	{951782399, "20000228235959", "951782399"},
	{951782400, "20000229000000", "0951782400"},
	{1048354263, "20030322173103", "1048354263"},
	{INT32_MAX, "20380119031407", "2147483647"},
	{4107542399, "21000228235959", "4107542399"},
	{4107542400, "21000301000000", "4107542400"},
	{UINT32_MAX, "21060207062815", "4294967295"},
};

START_TEST(time_has_its_text_and_text_its_time)
{
	char text[TARN__TIME_TEXT_MAX];
	uint32_t time = 4711;
	ck_assert_str_eq(tarn__time_format(times[_i].time, text), times[_i].text);
	ck_assert(tarn__time_parse(text, &time));
	ck_assert_uint_eq(time, times[_i].time);
	time = 4711;
	ck_assert(tarn__time_parse(times[_i].number, &time));
	ck_assert_uint_eq(time, times[_i].time);
}
END_TEST

START_TEST(every_day_reads_back)
{
	char text[TARN__TIME_TEXT_MAX];
	uint32_t time = 0;
	for (uint64_t day = 0; day * 86400 + 86399 <= UINT32_MAX; day++) {
		uint32_t last = (uint32_t)(day * 86400 + 86399);
		if (!tarn__time_parse(tarn__time_format(last, text), &time) || time != last)
			ck_abort_msg("%s", text);
	}
}
END_TEST

static const char *const no_times[] = {
	"",
	"4294967296",
	"00000000001",
	"-1",
	"1 ",
	"2003032217310",
	"200303221731030",
	"19691231235959",
	"21060207062816",
	"21070101000000",
	"20030001000000",
	"20031301000000",
	"20030100000000",
	"20030132000000",
	"20030229000000",
	"21000229000000",
	"20030101240000",
	"20030101006000",
	"20030101000060",
	"2003010100000x",
};

START_TEST(what_is_no_time_is_refused)
{
	uint32_t time = 4711;
	ck_assert(!tarn__time_parse(no_times[_i], &time));
	ck_assert_uint_eq(time, 4711);
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
	tcase_add_loop_test(tcase, relative_name_ends_in_the_origin, 0, COUNT(relative));
	tcase_add_test(tcase, without_an_origin_a_name_has_its_final_dot);
	tcase_add_loop_test(tcase, relative_name_of_256_octets_is_refused, 58, 62);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("times");
	tcase_add_loop_test(tcase, time_has_its_text_and_text_its_time, 0, COUNT(times));
	tcase_add_test(tcase, every_day_reads_back);
	tcase_add_loop_test(tcase, what_is_no_time_is_refused, 0, COUNT(no_times));
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
