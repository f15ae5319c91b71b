/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/dns/test_edns.c: OPT as it is written, and options as they are checked. */
#include "dns/edns.h"

#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

static uint8_t out[128];

START_TEST(plain_opt_has_11_octets)
{
	ck_assert_uint_eq(tarn__opt_write(out, TARN__OPT_LEN, &(struct tarn__opt){0}), 11);
	ck_assert_mem_eq(out, "\0\0\x29\x04\xd0\0\0\0\0\0\0", 11);
}
END_TEST

START_TEST(opt_carries_do_and_the_upper_rcode_bits)
{
	ck_assert_uint_eq(tarn__opt_write(out, sizeof(out),
					  &(struct tarn__opt){.rcode = 0xabc, .dnssec_ok = true}),
			  11);
	ck_assert_mem_eq(out, "\0\0\x29\x04\xd0\xab\0\x80\0\0\0", 11);
}
END_TEST

/* Loop: octets of room; the option takes 8. */
START_TEST(extended_error_is_written_whole_or_not_at_all)
{
	const struct tarn__options options = {
		.ede_count = 1, .ede = {{.code = TARN__EDE_STALE_NXDOMAIN, .text = "ab"}}};
	memset(out, 0x55, sizeof(out));
	size_t len = tarn__opt_write(out, (size_t)_i, &(struct tarn__opt){.options = &options});
	ck_assert_uint_eq(len, _i < 19 ? 11 : 19);
	if (len == 11)
		ck_assert_mem_eq(out + 9, "\0\0\x55", 3);
	else
		ck_assert_mem_eq(out + 9, "\0\10\0\17\0\4\0\23ab\x55", 11);
}
END_TEST

/* Loop: octets of room for options, which take 12, 6, 6 and 7. */
START_TEST(cookie_comes_first_and_extended_errors_last)
{
	static const char all[] = "\0\12\0\10cookies!"
				  "\0\13\0\2\1\x2c"
				  "\0\17\0\2\0\3"
				  "\0\17\0\3\0\26x";
	const struct tarn__options options = {
		.cookie = (const uint8_t *)"cookies!",
		.cookie_len = 8,
		.has_keepalive = true,
		.keepalive = 300,
		.ede_count = 2,
		.ede = {{.code = TARN__EDE_STALE},
			{.code = TARN__EDE_NO_REACHABLE_AUTHORITY, .text = "x"}},
	};
	size_t room = (size_t)_i;
	size_t fitting = room < 18 ? 12 : room < 24 ? 18 : room < 31 ? 24 : 31;
	size_t len = tarn__opt_write(out, 11 + room, &(struct tarn__opt){.options = &options});
	ck_assert_uint_eq(len, 11 + fitting);
	ck_assert_uint_eq(tarn__get16(out + 9), fitting);
	ck_assert_mem_eq(out + 11, all, fitting);
}
END_TEST

START_TEST(option_that_does_not_fit_makes_way_for_one_that_does)
{
	static char text[64];
	memset(text, 'x', sizeof(text) - 1);
	const struct tarn__options options = {
		.ede_count = 2,
		.ede = {{.code = TARN__EDE_STALE, .text = text}, {.code = TARN__EDE_CACHED_ERROR}},
	};
	ck_assert_uint_eq(tarn__opt_write(out, 17, &(struct tarn__opt){.options = &options}), 17);
	ck_assert_mem_eq(out + 9, "\0\6\0\17\0\2\0\15", 8);
}
END_TEST

/* RFC 8467 section 4.1. Loop: octets of the message before the OPT. */
START_TEST(padding_fills_the_message_up_to_a_multiple)
{
	enum { MULTIPLE = 32 };
	const struct tarn__options options = {
		.ede_count = 1, .ede = {{.code = TARN__EDE_STALE}}, .padding = MULTIPLE};
	const size_t before = (size_t)_i, padding_at = 11 + 6;
	memset(out, 0x55, sizeof(out));
	size_t len = tarn__opt_write(out, sizeof(out),
				     &(struct tarn__opt){.options = &options, .before = before});
	ck_assert_uint_eq((before + len) % MULTIPLE, 0);
	ck_assert_uint_lt(len, padding_at + 4 + MULTIPLE);
	ck_assert_uint_eq(tarn__get16(out + 9), len - 11);
	ck_assert_uint_eq(tarn__get16(out + padding_at), TARN__OPTION_PADDING);
	ck_assert_uint_eq(tarn__get16(out + padding_at + 2), len - padding_at - 4);
	for (size_t i = padding_at + 4; i < len; i++)
		ck_assert_uint_eq(out[i], 0);
	ck_assert_uint_eq(out[len], 0x55);
}
END_TEST

/* Loop: octets of room behind the OPT without options; 20 are needed. */
START_TEST(padding_fills_the_room_where_a_multiple_does_not_fit)
{
	const struct tarn__options options = {.padding = 32};
	const size_t room = 11 + (size_t)_i;
	memset(out, 0x55, sizeof(out));
	size_t len =
		tarn__opt_write(out, room, &(struct tarn__opt){.options = &options, .before = 1});
	ck_assert_uint_eq(len, _i < 4 ? 11 : _i < 20 ? room : 31);
	ck_assert_uint_eq(tarn__get16(out + 9), len - 11);
	ck_assert_uint_eq(out[len], 0x55);
	if (len > 11)
		ck_assert_uint_eq(tarn__get16(out + 13), len - 15);
}
END_TEST

/* RFC 7828 section 3.2.1 */
START_TEST(keepalive_that_is_asked_for_is_empty)
{
	const struct tarn__options options = {.asks_for_keepalive = true};
	ck_assert_uint_eq(tarn__opt_write(out, 15, &(struct tarn__opt){.options = &options}), 15);
	ck_assert_mem_eq(out + 9, "\0\4\0\13\0\0", 6);
}
END_TEST

/* ---- keepalive in answers --------------------------------------------------------------- */

#define HEADER(questions, answers, additional)                                                     \
	"\1\2\x81\x80\0" questions "\0" answers "\0\0\0" additional
#define QUESTION "\1a\0\0\1\0\1"
#define RECORD "\300\14\0\1\0\1\0\0\0\1\0\4\300\0\2\1"
#define OPT(options_len, options) "\0\0\51\4\320\0\0\0\0\0" options_len options
#define ANSWER(literal, has_value, value)                                                          \
	{                                                                                          \
		literal, sizeof(literal) - 1, has_value, value                                     \
	}

static const struct {
	const char *octets;
	size_t len;
	bool has_value;
	uint16_t value;
} answers[] = {
	ANSWER(HEADER("\1", "\1", "\1") QUESTION RECORD OPT("\6", "\0\13\0\2\1\54"), true, 300),
	ANSWER(HEADER("\1", "\0", "\2") QUESTION RECORD OPT("\6", "\0\13\0\2\0\0"), true, 0),
	ANSWER(HEADER("\0", "\0", "\1") OPT("\12", "\0\14\0\0\0\13\0\2\377\377"), true, 65535),
	/* None, an empty one, one of one octet, one outside of the additional section. */
	ANSWER(HEADER("\1", "\0", "\1") QUESTION OPT("\4", "\0\14\0\0"), false, 0),
	ANSWER(HEADER("\1", "\0", "\1") QUESTION OPT("\4", "\0\13\0\0"), false, 0),
	ANSWER(HEADER("\1", "\0", "\1") QUESTION OPT("\5", "\0\13\0\1\1"), false, 0),
	ANSWER(HEADER("\1", "\1", "\0") QUESTION OPT("\6", "\0\13\0\2\1\54"), false, 0),
	ANSWER(HEADER("\1", "\0", "\0") QUESTION OPT("\6", "\0\13\0\2\1\54"), false, 0),
	ANSWER(HEADER("\1", "\1", "\0") QUESTION RECORD, false, 0),
};

START_TEST(keepalive_of_an_answer_is_found)
{
	uint16_t value = 7;
	const uint8_t *wire = (const uint8_t *)answers[_i].octets;
	ck_assert(tarn__edns_keepalive(wire, answers[_i].len, &value) == answers[_i].has_value);
	ck_assert_uint_eq(value, answers[_i].has_value ? answers[_i].value : 7);
}
END_TEST

/* Loop: octets of the answer that are there, in memory of just that size. */
START_TEST(answer_that_is_cut_has_no_keepalive)
{
	uint16_t value;
	uint8_t *wire = malloc((size_t)_i + 1);
	ck_assert_ptr_nonnull(wire);
	memcpy(wire + 1, answers[0].octets, (size_t)_i);
	ck_assert(!tarn__edns_keepalive(wire + 1, (size_t)_i, &value));
	free(wire);
}
END_TEST

static const struct {
	const char *octets;
	size_t len;
	bool are_valid;
} options[] = {
#define OPTIONS(literal, are_valid)                                                                \
	{                                                                                          \
		literal, sizeof(literal) - 1, are_valid                                            \
	}
	OPTIONS("", true),
	OPTIONS("\0\1\0\0", true),
	OPTIONS("\0\1\0\2ab\0\3\0\0", true),
	OPTIONS("\0\1\0\2a", false),
	OPTIONS("\0\1\0\2abc", false),
	OPTIONS("\0\1\0", false),
	OPTIONS("\0\1\xff\xff", false),
#undef OPTIONS
};

START_TEST(options_have_to_fill_the_opt)
{
	struct tarn__reader reader = {.wire = (const uint8_t *)options[_i].octets,
				      .end = options[_i].len};
	struct tarn__option option;
	while (tarn__option_read(&reader, &option))
		ck_assert_uint_le(option.len, options[_i].len);
	ck_assert(reader.failed != options[_i].are_valid);
}
END_TEST

START_TEST(options_are_read_in_order)
{
	struct tarn__reader reader = {.wire = (const uint8_t *)"\0\1\0\2ab\xff\xfe\0\0", .end = 10};
	struct tarn__option option;
	ck_assert(tarn__option_read(&reader, &option));
	ck_assert_uint_eq(option.code, 1);
	ck_assert_uint_eq(option.len, 2);
	ck_assert_mem_eq(option.data, "ab", 2);
	ck_assert(tarn__option_read(&reader, &option));
	ck_assert_uint_eq(option.code, 0xfffe);
	ck_assert_uint_eq(option.len, 0);
	ck_assert(!tarn__option_read(&reader, &option));
	ck_assert(!reader.failed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("edns");
	TCase *tcase = tcase_create("edns");
	tcase_add_test(tcase, plain_opt_has_11_octets);
	tcase_add_test(tcase, opt_carries_do_and_the_upper_rcode_bits);
	tcase_add_loop_test(tcase, extended_error_is_written_whole_or_not_at_all, 11, 21);
	tcase_add_loop_test(tcase, options_have_to_fill_the_opt, 0,
			    sizeof(options) / sizeof(options[0]));
	tcase_add_loop_test(tcase, cookie_comes_first_and_extended_errors_last, 12, 40);
	tcase_add_test(tcase, option_that_does_not_fit_makes_way_for_one_that_does);
	tcase_add_test(tcase, options_are_read_in_order);
	tcase_add_loop_test(tcase, padding_fills_the_message_up_to_a_multiple, 12, 80);
	tcase_add_loop_test(tcase, padding_fills_the_room_where_a_multiple_does_not_fit, 0, 24);
	tcase_add_test(tcase, keepalive_that_is_asked_for_is_empty);
	tcase_add_loop_test(tcase, keepalive_of_an_answer_is_found, 0,
			    sizeof(answers) / sizeof(answers[0]));
	tcase_add_loop_test(
		tcase, answer_that_is_cut_has_no_keepalive, 0,
		(int)(sizeof(HEADER("\1", "\1", "\1") QUESTION RECORD OPT("\6", "\0\13\0\2\1\54")) -
		      1));
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
