/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/base/test_base64.c: octets in base 64. */
#include "base/base64.h"

#include <string.h>

#include "support/unit.h"

/* RFC 4648 section 10, and both of the digits that are no letters. */
static const struct {
	const char *octets, *text;
} forms[] = {
	{"", ""},
	{"f", "Zg=="},
	{"fo", "Zm8="},
	{"foo", "Zm9v"},
	{"foob", "Zm9vYg=="},
	{"fooba", "Zm9vYmE="},
	{"foobar", "Zm9vYmFy"},
	{"\xff\xef\xbe", "/+++"},
};

/* Reads the text in pieces of step characters. Returns the octets, -1 if it is refused. */
static int read(const char *text, size_t step, uint8_t *out, size_t room)
{
	struct tarn__base64 base64 = {0};
	size_t len = 0;
	for (size_t left = strlen(text); left > 0; left -= step, text += step) {
		if (step > left)
			step = left;
		if (!tarn__base64_read(&base64, text, step, out, room, &len))
			return -1;
	}
	return tarn__base64_is_whole(&base64) ? (int)len : -1;
}

START_TEST(octets_are_written_and_read)
{
	char text[16];
	uint8_t octets[8];
	size_t len = strlen(forms[_i].octets);
	*tarn__base64_write((const uint8_t *)forms[_i].octets, len, text) = '\0';
	ck_assert_str_eq(text, forms[_i].text);
	for (size_t step = 1; step <= 8; step++) {
		ck_assert_int_eq(read(text, step, octets, len), (int)len);
		ck_assert_int_eq(memcmp(octets, forms[_i].octets, len), 0);
	}
	if (len > 0)
		ck_assert_int_eq(read(text, 8, octets, len - 1), -1);
}
END_TEST

START_TEST(octets_may_take_the_place_of_their_text)
{
	uint8_t octets[256];
	char text[4 * 86];
	for (unsigned i = 0; i < 256; i++)
		octets[i] = (uint8_t)i;
	char *end = tarn__base64_write(octets, 256, text);
	struct tarn__base64 base64 = {0};
	size_t len = 0;
	ck_assert(tarn__base64_read(&base64, text, (size_t)(end - text), (uint8_t *)text,
				    sizeof(text), &len));
	ck_assert(tarn__base64_is_whole(&base64));
	ck_assert_uint_eq(len, 256);
	ck_assert_mem_eq(text, octets, 256);
}
END_TEST

static const char *const bad[] = {
	"Z",	  "Zg",	  "Zm8",   "Zg=",  "=",	   "Z===", "====", "Zg===",  "Zm9v=",
	"Zg==Zg", "Zg=g", "Zm8==", "Zh==", "Zm9=", "Zm9 ", "Zm-_", "Zm9v\n", "Z\x80"};

START_TEST(what_is_no_base_64_is_refused)
{
	uint8_t octets[16];
	for (size_t step = 1; step <= 8; step++)
		ck_assert_int_eq(read(bad[_i], step, octets, sizeof(octets)), -1);
}
END_TEST

/* RFC 4648 section 5, and section 10 without padding. */
static const struct {
	const char *octets, *text;
} url_forms[] = {
	{"", ""},	    {"f", "Zg"},	  {"fo", "Zm8"},	  {"foo", "Zm9v"},
	{"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xff\xef\xbe", "_---"},
};

START_TEST(text_for_urls_is_read)
{
	uint8_t octets[8];
	size_t len = 77, octets_len = strlen(url_forms[_i].octets);
	const char *text = url_forms[_i].text;
	ck_assert(tarn__base64url_read(text, strlen(text), octets, octets_len, &len));
	ck_assert_uint_eq(len, octets_len);
	ck_assert_int_eq(memcmp(octets, url_forms[_i].octets, len), 0);
	if (octets_len > 0)
		ck_assert(!tarn__base64url_read(text, strlen(text), octets, octets_len - 1, &len));
}
END_TEST

static const char *const bad_url[] = {"Z",    "Zm9vY", "Zg==", "Zm8=", "Zh",	"Zm9",
				      "Zm9+", "Zm9/",  "Zm 9", "Zm9%", "Z\x80", "===="};

START_TEST(what_is_none_for_urls_is_refused)
{
	uint8_t octets[16];
	size_t len;
	ck_assert(!tarn__base64url_read(bad_url[_i], strlen(bad_url[_i]), octets, sizeof(octets),
					&len));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base64");
	TCase *tcase = tcase_create("base64");
	tcase_add_loop_test(tcase, octets_are_written_and_read, 0,
			    sizeof(forms) / sizeof(forms[0]));
	tcase_add_test(tcase, octets_may_take_the_place_of_their_text);
	tcase_add_loop_test(tcase, what_is_no_base_64_is_refused, 0, sizeof(bad) / sizeof(bad[0]));
	tcase_add_loop_test(tcase, text_for_urls_is_read, 0,
			    sizeof(url_forms) / sizeof(url_forms[0]));
	tcase_add_loop_test(tcase, what_is_none_for_urls_is_refused, 0,
			    sizeof(bad_url) / sizeof(bad_url[0]));
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
