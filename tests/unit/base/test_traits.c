/* SPDX-License-Identifier: BSD-2-Clause */
/* base/traits.c: copies of how servers are asked, and which ones are equal. */
#include "base/traits.h"

#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

static uint8_t pins[2][TARN_PIN_LEN] = {{1}, {2}};

static struct tarn_traits traits(void)
{
	return (struct tarn_traits){.transport = TARN_HTTPS,
				    .no_edns = true,
				    .name = "dns.example",
				    .pins = (const uint8_t(*)[TARN_PIN_LEN])pins,
				    .pin_count = 2,
				    .path = "/dns-query"};
}

START_TEST(copy_is_equal_and_has_texts_of_its_own)
{
	char name[] = "dns.example", path[] = "/dns-query";
	uint8_t own_pins[2][TARN_PIN_LEN];
	memcpy(own_pins, pins, sizeof own_pins);
	struct tarn_traits from = traits(), copy;
	from.name = name;
	from.path = path;
	from.pins = (const uint8_t(*)[TARN_PIN_LEN])own_pins;
	void *texts;
	ck_assert_int_eq(tarn__traits_copy(&from, &copy, &texts), 0);
	ck_assert_ptr_nonnull(texts);
	memset(name, 'x', sizeof name - 1);
	memset(path, 'x', sizeof path - 1);
	memset(own_pins, 0, sizeof own_pins);
	struct tarn_traits same = traits();
	ck_assert(tarn__traits_is_equal(&copy, &same));
	ck_assert_str_eq(copy.name, "dns.example");
	ck_assert_str_eq(copy.path, "/dns-query");
	free(texts);
}
END_TEST

START_TEST(copy_without_texts_needs_no_memory)
{
	struct tarn_traits from = {.transport = TARN_TCP}, copy;
	void *texts = &copy;
	ck_assert_int_eq(tarn__traits_copy(&from, &copy, &texts), 0);
	ck_assert_ptr_null(texts);
	ck_assert_ptr_null(copy.name);
	ck_assert(tarn__traits_is_equal(&from, &copy));
}
END_TEST

START_TEST(each_trait_tells_servers_apart)
{
	static const uint8_t other_pins[2][TARN_PIN_LEN] = {{1}, {3}};
	struct tarn_traits a = traits(), others[9];
	for (size_t i = 0; i < 9; i++)
		others[i] = a;
	others[0].transport = TARN_TLS;
	others[1].no_mixed_case = true;
	others[2].no_cookies = true;
	others[3].no_edns = false;
	others[4].name = "dns.examples";
	others[5].name = NULL;
	others[6].path = "/DNS-query";
	others[7].pin_count = 1;
	others[8].pins = other_pins;
	for (size_t i = 0; i < 9; i++) {
		ck_assert(!tarn__traits_is_equal(&a, &others[i]));
		ck_assert(!tarn__traits_is_equal(&others[i], &a));
	}
}
END_TEST

/* RFC 4343 */
START_TEST(names_are_equal_in_any_case)
{
	struct tarn_traits a = traits(), b = traits();
	b.name = "DNS.Example";
	ck_assert(tarn__traits_is_equal(&a, &b));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("traits");
	TCase *tcase = tcase_create("traits");
	tcase_add_test(tcase, copy_is_equal_and_has_texts_of_its_own);
	tcase_add_test(tcase, copy_without_texts_needs_no_memory);
	tcase_add_test(tcase, each_trait_tells_servers_apart);
	tcase_add_test(tcase, names_are_equal_in_any_case);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
