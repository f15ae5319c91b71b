/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/dns/test_edns.c: OPT as it is written, and options as they are checked. */
#include "dns/edns.h"

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
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
