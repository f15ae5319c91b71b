/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/dns/test_cookie.c: cookies are made, checked and renewed as RFC 9018 requires. */
#include "dns/cookie.h"

#include <string.h>

#include "base/base16.h"
#include "base/octets.h"
#include "base/siphash.h"
#include "support/unit.h"

enum { NOW = 1559731985, HOUR = 3600 };

static const uint8_t secret[TARN__COOKIE_SECRET_LEN] = "master of secret";
static const uint8_t address[] = {198, 51, 100, 100};
static uint8_t cookie[TARN__COOKIE_MAX], out[TARN__COOKIE_LEN];

static void set_up(void)
{
	memset(cookie, 0, sizeof(cookie));
	memcpy(cookie, "client's", TARN__COOKIE_CLIENT_LEN);
}

/* The cookie as far as len, of a client at address. */
static enum tarn__cookie_state answer(size_t len, uint32_t now)
{
	return tarn__cookie_answer(secret, cookie, len, address, sizeof(address), now, out);
}

/* Gives the client the cookie that it would have got at a time. */
static void learn(uint32_t time_sec)
{
	answer(TARN__COOKIE_CLIENT_LEN, time_sec);
	memcpy(cookie, out, TARN__COOKIE_LEN);
}

static void parse_hex(const char *text, uint8_t *octets, size_t len)
{
	ck_assert_uint_eq(tarn__base16_read(text, octets, len), len);
}

/* ---- the hash --------------------------------------------------------------------------- */

/* RFC 9018 appendix A: every cookie in it, those that come and those that are given. */
static const struct {
	const char *secret, *address, *cookie;
} vectors[] = {
	{"e5e973e5a6b2a43f48e7dc849e37bfcf", "c6336464",
	 "2464c4abcf10c957010000005cf79f111f8130c3eee29480"},
	{"e5e973e5a6b2a43f48e7dc849e37bfcf", "c6336464",
	 "2464c4abcf10c957010000005cf7a871d4a564a1442aca77"},
	{"e5e973e5a6b2a43f48e7dc849e37bfcf", "cb0071cb",
	 "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5"},
	{"e5e973e5a6b2a43f48e7dc849e37bfcf", "cb0071cb",
	 "fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e"},
	{"dd3bdf9344b678b185a6f5cb60fca715", "20010db80220000159ded0f4876982b8",
	 "22681ab97d52c298010000005cf7c57926556bd0934c72f8"},
	{"445536bcd2513298075a5d379663c962", "20010db80220000159ded0f4876982b8",
	 "22681ab97d52c298010000005cf7c609a6bb79d16625507a"},
};

START_TEST(hash_is_that_of_the_rfc)
{
	uint8_t key[TARN__COOKIE_SECRET_LEN], client[16], hash[8];
	size_t client_len = strlen(vectors[_i].address) / 2;
	parse_hex(vectors[_i].secret, key, sizeof(key));
	parse_hex(vectors[_i].address, client, client_len);
	parse_hex(vectors[_i].cookie, cookie, TARN__COOKIE_LEN);
	tarn__put64_low_first(hash, tarn__cookie_hash(key, cookie, client, client_len));
	ck_assert_mem_eq(hash, cookie + TARN__COOKIE_MIN, sizeof(hash));
}
END_TEST

/* ---- what is answered ------------------------------------------------------------------- */

START_TEST(first_cookie_gets_a_fresh_one)
{
	ck_assert_int_eq(answer(TARN__COOKIE_CLIENT_LEN, NOW), TARN__COOKIE_FIRST);
	ck_assert_mem_eq(out, "client's\1\0\0\0\x5c\xf7\x9f\x11", 16);
}
END_TEST

/* RFC 9018 section 4.3: from an hour ago to five minutes ahead; renewed after half an hour. */
static const struct {
	int32_t age;
	enum tarn__cookie_state state;
	bool is_fresh;
} ages[] = {
	{-HOUR, TARN__COOKIE_BAD, true},     {-301, TARN__COOKIE_BAD, true},
	{-300, TARN__COOKIE_GOOD, false},    {0, TARN__COOKIE_GOOD, false},
	{1800, TARN__COOKIE_GOOD, false},    {1801, TARN__COOKIE_GOOD, true},
	{HOUR, TARN__COOKIE_GOOD, true},     {HOUR + 1, TARN__COOKIE_BAD, true},
	{INT32_MAX, TARN__COOKIE_BAD, true}, {INT32_MIN, TARN__COOKIE_BAD, true},
};

/* At any time: around the end of a period of secrets, and around the end of 32 bits. */
static const uint32_t times[] = {
	NOW,
	NOW / TARN__COOKIE_PERIOD_SEC *TARN__COOKIE_PERIOD_SEC,
	NOW / TARN__COOKIE_PERIOD_SEC *TARN__COOKIE_PERIOD_SEC - 1,
	0,
	UINT32_MAX,
	1000,
};

START_TEST(cookie_is_good_for_an_hour_and_renewed_after_half)
{
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		uint8_t fresh[TARN__COOKIE_LEN];
		set_up();
		answer(TARN__COOKIE_CLIENT_LEN, times[i]);
		memcpy(fresh, out, sizeof(fresh));
		learn(times[i] - (uint32_t)ages[_i].age);
		ck_assert_int_eq(answer(TARN__COOKIE_LEN, times[i]), ages[_i].state);
		ck_assert_mem_eq(out, ages[_i].is_fresh ? fresh : cookie, TARN__COOKIE_LEN);
	}
}
END_TEST

/* Every bit: of the client's cookie, the version, the time and the hash. */
START_TEST(cookie_with_one_bit_changed_is_bad)
{
	learn(NOW);
	for (size_t bit = 0; bit < 8 * TARN__COOKIE_LEN; bit++) {
		cookie[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_eq(answer(TARN__COOKIE_LEN, NOW), TARN__COOKIE_BAD);
		ck_assert_mem_eq(out, cookie, TARN__COOKIE_CLIENT_LEN);
		cookie[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	ck_assert_int_eq(answer(TARN__COOKIE_LEN, NOW), TARN__COOKIE_GOOD);
}
END_TEST

/* Loop: a client's cookie and octets of another server's. */
START_TEST(cookie_of_another_length_is_bad)
{
	learn(NOW);
	bool is_ours = _i == TARN__COOKIE_LEN;
	ck_assert_int_eq(answer((size_t)_i, NOW), is_ours ? TARN__COOKIE_GOOD : TARN__COOKIE_BAD);
	ck_assert_mem_eq(out, cookie, TARN__COOKIE_LEN);
}
END_TEST

START_TEST(cookie_is_bad_at_another_address)
{
	static const uint8_t other[] = {198, 51, 100, 101};
	static const uint8_t longer[16] = {198, 51, 100, 100};
	learn(NOW);
	ck_assert_int_eq(tarn__cookie_answer(secret, cookie, TARN__COOKIE_LEN, other, sizeof(other),
					     NOW, out),
			 TARN__COOKIE_BAD);
	ck_assert_int_eq(tarn__cookie_answer(secret, cookie, TARN__COOKIE_LEN, longer,
					     sizeof(longer), NOW, out),
			 TARN__COOKIE_BAD);
}
END_TEST

START_TEST(cookie_is_bad_under_another_secret)
{
	uint8_t other[TARN__COOKIE_SECRET_LEN];
	memcpy(other, secret, sizeof(other));
	other[15] ^= 1;
	learn(NOW);
	ck_assert_int_eq(tarn__cookie_answer(other, cookie, TARN__COOKIE_LEN, address,
					     sizeof(address), NOW, out),
			 TARN__COOKIE_BAD);
}
END_TEST

/* Whether a cookie's hash is made with the secret of a period. */
static bool is_of_period(uint32_t period)
{
	uint8_t input[5], derived[TARN__COOKIE_SECRET_LEN], hash[8];
	tarn__put32(input, period);
	for (uint8_t half = 0; half < 2; half++) {
		input[4] = half;
		tarn__put64_low_first(derived + 8 * half,
				      tarn__siphash(secret, input, sizeof(input)));
	}
	tarn__put64_low_first(hash, tarn__cookie_hash(derived, cookie, address, sizeof(address)));
	return memcmp(hash, cookie + TARN__COOKIE_MIN, sizeof(hash)) == 0;
}

/* RFC 9018 section 5; that the one before is accepted is seen above. */
START_TEST(secret_is_that_of_the_period)
{
	const uint32_t period = NOW / TARN__COOKIE_PERIOD_SEC;
	learn(period * TARN__COOKIE_PERIOD_SEC - 1);
	ck_assert(is_of_period(period - 1));
	ck_assert(!is_of_period(period));
	learn(period * TARN__COOKIE_PERIOD_SEC);
	ck_assert(is_of_period(period));
	ck_assert(!is_of_period(period - 1));
}
END_TEST

/* ---- server cookies ----------------------------------------------------------------------- */

START_TEST(each_server_sees_a_cookie_of_its_own)
{
	uint8_t first[TARN__COOKIE_CLIENT_LEN], second[TARN__COOKIE_CLIENT_LEN];
	static const uint8_t other[] = {198, 51, 100, 101};
	tarn__cookie_for_server(secret, address, sizeof(address), first);
	tarn__cookie_for_server(secret, address, sizeof(address), second);
	ck_assert_mem_eq(first, second, sizeof(first));
	tarn__cookie_for_server(secret, other, sizeof(other), second);
	ck_assert_mem_ne(first, second, sizeof(first));
}
END_TEST

/* RFC 7873 section 4: 8, or 16 to 40. */
START_TEST(lengths_of_a_cookie)
{
	for (size_t len = 0; len < 70; len++)
		ck_assert(tarn__cookie_len_is_valid(len) == (len == 8 || (len >= 16 && len <= 40)));
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

int main(void)
{
	Suite *suite = suite_create("cookie");
	TCase *tcase = tcase_create("cookie");
	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_loop_test(tcase, hash_is_that_of_the_rfc, 0, COUNT(vectors));
	tcase_add_test(tcase, first_cookie_gets_a_fresh_one);
	tcase_add_loop_test(tcase, cookie_is_good_for_an_hour_and_renewed_after_half, 0,
			    COUNT(ages));
	tcase_add_test(tcase, cookie_with_one_bit_changed_is_bad);
	tcase_add_loop_test(tcase, cookie_of_another_length_is_bad, TARN__COOKIE_MIN,
			    TARN__COOKIE_MAX + 1);
	tcase_add_test(tcase, cookie_is_bad_at_another_address);
	tcase_add_test(tcase, cookie_is_bad_under_another_secret);
	tcase_add_test(tcase, secret_is_that_of_the_period);
	tcase_add_test(tcase, each_server_sees_a_cookie_of_its_own);
	tcase_add_test(tcase, lengths_of_a_cookie);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
