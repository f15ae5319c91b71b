/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/crypto/test_hmac.c: codes are those of RFC 4231, in parts too. */
#include "crypto/hmac.h"

#include <stdio.h>
#include <string.h>

#include "base/base16.h"
#include "support/unit.h"

static const struct {
	const char *key, *text, *code;
} vectors[] = {
	/* RFC 4231 sections 4.3, 4.2 and 4.8 */
	{"4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	 "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
	{"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
	 "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
	{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaa",
	 "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d20"
	 "48617368204b6579204669727374",
	 "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
};

/* The code of the text, which is added in parts of that many octets. */
static void check_code(size_t i, size_t step)
{
	uint8_t key[256], text[256], code[TARN__HMAC_LEN];
	char shown[2 * TARN__HMAC_LEN + 1] = "";
	size_t key_len = tarn__base16_read(vectors[i].key, key, sizeof(key));
	size_t len = tarn__base16_read(vectors[i].text, text, sizeof(text));
	struct tarn__hmac *hmac = tarn__hmac_new(key, key_len);
	ck_assert_ptr_nonnull(hmac);
	for (size_t at = 0; at < len; at += step)
		ck_assert(tarn__hmac_add(hmac, text + at, len - at < step ? len - at : step));
	ck_assert(tarn__hmac_end(hmac, code));
	tarn__hmac_free(hmac);
	tarn__base16_write(code, sizeof(code), shown);
	ck_assert_str_eq(shown, vectors[i].code);
}

START_TEST(codes_are_those_of_the_rfc)
{
	check_code((size_t)_i, 256);
	check_code((size_t)_i, 1);
}
END_TEST

START_TEST(codes_do_not_mix)
{
	uint8_t code[TARN__HMAC_LEN];
	struct tarn__hmac *first = tarn__hmac_new((const uint8_t *)"a", 1);
	ck_assert(tarn__hmac_add(first, "text", 4));
	check_code(0, 3);
	ck_assert(tarn__hmac_end(first, code));
	tarn__hmac_free(first);
}
END_TEST

START_TEST(nothing_is_freed_at_null)
{
	tarn__hmac_free(NULL);
}
END_TEST

START_TEST(a_build_without_it_says_so)
{
	ck_assert_str_eq(tarn__hmac_load(), "tarn was built without OpenSSL");
	ck_assert_ptr_null(tarn__hmac_new((const uint8_t *)"a", 1));
}
END_TEST

START_TEST(there_are_no_codes_before_the_library_is_loaded)
{
	ck_assert_ptr_null(tarn__hmac_new((const uint8_t *)"a", 1));
	ck_assert_ptr_null(tarn__hmac_load());
	ck_assert_ptr_null(tarn__hmac_load());
	check_code(0, 1);
}
END_TEST

static void load(void)
{
	ck_assert_ptr_null(tarn__hmac_load());
}

int main(void)
{
	Suite *suite = suite_create("hmac");
	TCase *without = tcase_create("without");
	TCase *tcase = tcase_create("codes");
	tcase_add_checked_fixture(tcase, load, NULL);
	if (tarn__hmac_is_built()) {
		tcase_add_test(without, there_are_no_codes_before_the_library_is_loaded);
		tcase_add_loop_test(tcase, codes_are_those_of_the_rfc, 0,
				    sizeof(vectors) / sizeof(vectors[0]));
		tcase_add_test(tcase, codes_do_not_mix);
		tcase_add_test(tcase, nothing_is_freed_at_null);
	} else {
		tcase_add_test(without, a_build_without_it_says_so);
	}
	suite_add_tcase(suite, without);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
