/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/dns/test_tsig_key.c: files with keys, and what is none. */
#include "dns/tsig_key.h"

#include <stdio.h>
#include <string.h>

#include "dns/text.h"
#include "support/unit.h"

static const char *const good[] = {
	"key \"a.example\" { algorithm hmac-sha256; secret \"c2VjcmV0\"; };",
	"key \"a.example.\" {\n\talgorithm hmac-sha256;\n\tsecret \"c2VjcmV0\";\n};\n",
	"KEY A.Example{ALGORITHM HMAC-SHA256.;SECRET c2VjcmV0;}",
	"# 1\n// 2\n/* 3\n*/key a.example { secret \"c2VjcmV0\"; // 4\n\talgorithm hmac-sha256; };",
	"a.example:c2VjcmV0",
	"a.example:c2VjcmV0\n",
	"A.example.:c2VjcmV0\r\n# the end",
	"hmac-sha256:a.example:c2VjcmV0",
};

static const struct {
	const char *text, *fault;
} bad[] = {
	{"", "there is no key"},
	{"  # only a comment", "there is no key"},
	{"a.example", "neither key \"name\" { } nor name:secret"},
	{"a.example:", "neither key \"name\" { } nor name:secret"},
	{"a..example:c2VjcmV0", "the key's name is not a domain name"},
	{"a.example:c2VjcmV", "the secret is not base64 of 256 octets at most"},
	{"a.example:c2Vj!", "the secret is not base64 of 256 octets at most"},
	{"a.example:c2VjcmV0\nb.example:c2VjcmV0", "there is more than one key"},
	{"hmac-md5:a.example:c2VjcmV0", "the algorithm is not hmac-sha256"},
	{"key", "the key's name is not a domain name"},
	{"key \"a\"", "a '{' is missing"},
	{"key \"a\" {", "neither an algorithm nor a secret"},
	{"key \"a\" { secret \"c2VjcmV0\"", "a ';' is missing"},
	{"key \"a\" { secret \"c2VjcmV0", "a ';' is missing"},
	{"key \"a\" { secret \"\"; };", "the secret is empty"},
	{"key \"a\" { algorithm hmac-sha256; };", "there is no secret"},
	{"key \"a\" { algorithm hmac-sha1; secret \"c2VjcmV0\"; };",
	 "the algorithm is not hmac-sha256"},
	{"key \"a\" { include \"c2VjcmV0\"; };", "neither an algorithm nor a secret"},
	{"key \"a\" { secret \"c2VjcmV0\"; }; key \"b\" { secret \"c2VjcmV0\"; };",
	 "there is more than one key"},
	{"/* never closed", "there is no key"},
};

START_TEST(a_key_is_read)
{
	struct tarn__tsig_key key;
	char name[TARN__NAME_TEXT_MAX];
	ck_assert_ptr_null(tarn__tsig_key_parse(good[_i], strlen(good[_i]), &key));
	ck_assert_str_eq(tarn__name_format(key.name.octets, name), "a.example.");
	ck_assert_uint_eq(key.secret_len, 6);
	ck_assert_mem_eq(key.secret, "secret", 6);
}
END_TEST

START_TEST(what_is_no_key_has_a_reason)
{
	struct tarn__tsig_key key;
	ck_assert_str_eq(tarn__tsig_key_parse(bad[_i].text, strlen(bad[_i].text), &key),
			 bad[_i].fault);
}
END_TEST

START_TEST(no_part_of_a_key_is_read_beyond)
{
	struct tarn__tsig_key key;
	for (size_t len = 0; len < strlen(good[_i]); len++) {
		char *copy = malloc(len > 0 ? len : 1);
		memcpy(copy, good[_i], len);
		(void)tarn__tsig_key_parse(copy, len, &key);
		free(copy);
	}
}
END_TEST

/* 344 digits are 256 octets with one digit of padding. */
START_TEST(a_secret_has_256_octets_at_most)
{
	struct tarn__tsig_key key;
	char text[400];
	int len = snprintf(text, sizeof(text), "a:%0341dA==", 0);
	ck_assert_ptr_null(tarn__tsig_key_parse(text, (size_t)len, &key));
	ck_assert_uint_eq(key.secret_len, TARN__TSIG_SECRET_MAX);
	len = snprintf(text, sizeof(text), "a:%0344d", 0);
	ck_assert_ptr_nonnull(tarn__tsig_key_parse(text, (size_t)len, &key));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tsig_key");
	TCase *tcase = tcase_create("tsig_key");
	tcase_add_loop_test(tcase, a_key_is_read, 0, sizeof(good) / sizeof(good[0]));
	tcase_add_loop_test(tcase, what_is_no_key_has_a_reason, 0, sizeof(bad) / sizeof(bad[0]));
	tcase_add_loop_test(tcase, no_part_of_a_key_is_read_beyond, 0,
			    sizeof(good) / sizeof(good[0]));
	tcase_add_test(tcase, a_secret_has_256_octets_at_most);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
