/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/settings/nearest.c: which known word is proposed for which unknown one. */

#include "daemon/settings/nearest.h"

#include <stddef.h>

#include "support/unit.h"

static const char *const known[] = {"upstream", "selection", "interface", "listen",
				    "log",	"log-level", "forward",	  "hide-identity"};

static const char *nearest_to(const char *word)
{
	struct tarn__nearest nearest = {.word = word};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		tarn__nearest_offer(&nearest, known[i]);
	return nearest.found;
}

static const struct {
	const char *word, *found;
} cases[] = {
	{"upstream", "upstream"}, {"upstreams", "upstream"},	     {"upstraem", "upstream"},
	{"pstream", "upstream"},  {"selction", "selection"},	     {"loglevel", "log-level"},
	{"lag", "log"},		  {"hide-identty", "hide-identity"}, {"forwards", "forward"},
};

START_TEST(a_slip_is_understood)
{
	ck_assert_ptr_nonnull(nearest_to(cases[_i].word));
	ck_assert_str_eq(nearest_to(cases[_i].word), cases[_i].found);
}
END_TEST

START_TEST(another_word_is_not)
{
	static const char *const words[] = {
		"",	  "x",		"zone",
		"server", "lighthouse", "nothing-that-is-known-or-near-to-be-known"};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		ck_assert_ptr_null(nearest_to(words[i]));
}
END_TEST

START_TEST(neighbours_that_changed_places_are_one_slip)
{
	struct tarn__nearest nearest = {.word = "abcdfe"};
	tarn__nearest_offer(&nearest, "abcdef");
	ck_assert_ptr_nonnull(nearest.found);
	ck_assert_uint_eq(nearest.distance, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nearest");
	TCase *tcase = tcase_create("nearest");
	tcase_add_loop_test(tcase, a_slip_is_understood, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tcase, another_word_is_not);
	tcase_add_test(tcase, neighbours_that_changed_places_are_one_slip);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
