/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/crypto/test_digest.c: hashes are those of the examples for FIPS 180, in parts too. */
#include "crypto/digest.h"

#include <string.h>

#include "base/base16.h"
#include "crypto/hmac.h"
#include "crypto/signature.h"
#include "support/unit.h"

#define TWO_BLOCKS "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
#define TWO_LONG_BLOCKS                                                                            \
	"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"                         \
	"ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"

static const struct {
	enum tarn__digest digest;
	size_t len;
	const char *text, *hash;
} vectors[] = {
	{TARN__SHA1, 20, "", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
	{TARN__SHA1, 20, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
	{TARN__SHA1, 20, TWO_BLOCKS, "84983e441c3bd26ebaae4aa1f95129e5e54670f1"},
	{TARN__SHA256, 32, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{TARN__SHA256, 32, "abc",
	 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{TARN__SHA256, 32, TWO_BLOCKS,
	 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	{TARN__SHA384, 48, "",
	 "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f1"
	 "4898b95b"},
	{TARN__SHA384, 48, "abc",
	 "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca1"
	 "34c825a7"},
	{TARN__SHA384, 48, TWO_LONG_BLOCKS,
	 "09330c33f71147e83d192fc782cd1b4753111b173b3b05d22fa08086e3b0f712fcc7c71a557e2db966c3e9fa"
	 "91746039"},
};

enum { VECTORS = sizeof(vectors) / sizeof(vectors[0]) };

static void check_hash(size_t i, const struct tarn__digest_part *parts, size_t count)
{
	uint8_t hash[TARN__DIGEST_MAX];
	char shown[2 * TARN__DIGEST_MAX + 1] = "";
	ck_assert_uint_eq(tarn__digest_write(vectors[i].digest, parts, count, hash),
			  vectors[i].len);
	tarn__base16_write(hash, vectors[i].len, shown);
	ck_assert_str_eq(shown, vectors[i].hash);
}

START_TEST(hashes_are_those_of_the_standard)
{
	const struct tarn__digest_part part = {vectors[_i].text, strlen(vectors[_i].text)};
	check_hash((size_t)_i, &part, 1);
	check_hash((size_t)_i, &part, 1);
}
END_TEST

START_TEST(parts_are_hashed_one_after_the_other)
{
	const char *text = vectors[_i].text;
	size_t len = strlen(text);
	for (size_t first = 0; first <= len; first++) {
		const struct tarn__digest_part parts[] = {
			{text, first}, {text, 0}, {text + first, len - first}};
		check_hash((size_t)_i, parts, 3);
	}
	if (len == 0)
		check_hash((size_t)_i, NULL, 0);
}
END_TEST

START_TEST(there_are_no_hashes_before_the_library_is_loaded)
{
	const struct tarn__digest_part part = {"abc", 3};
	uint8_t hash[TARN__DIGEST_MAX];
	ck_assert_uint_eq(tarn__digest_write(TARN__SHA256, &part, 1, hash), 0);
	/* Codes alone do not prepare them. */
	(void)tarn__hmac_load();
	ck_assert_uint_eq(tarn__digest_write(TARN__SHA256, &part, 1, hash), 0);
}
END_TEST

static void load(void)
{
	ck_assert_ptr_null(tarn__signature_load());
}

int main(void)
{
	Suite *suite = suite_create("digest");
	TCase *without = tcase_create("without");
	TCase *tcase = tcase_create("hashes");
	tcase_add_test(without, there_are_no_hashes_before_the_library_is_loaded);
	tcase_add_checked_fixture(tcase, load, NULL);
	if (tarn__hmac_is_built()) {
		tcase_add_loop_test(tcase, hashes_are_those_of_the_standard, 0, VECTORS);
		tcase_add_loop_test(tcase, parts_are_hashed_one_after_the_other, 0, VECTORS);
	}
	suite_add_tcase(suite, without);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
