/* SPDX-License-Identifier: BSD-2-Clause */
/* core/forward/answer_source.c: servers and their numbers. */
#include "core/forward/answer_source.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>

#include "dns/stored.h"
#include "support/unit.h"

enum { ORIGINS = TARN__ANSWER_SOURCE_MAX, THREADS = 4 };

static struct tarn__answer_sources *answer_sources;

static void set_up(void)
{
	answer_sources = tarn__answer_sources_new();
	ck_assert_ptr_nonnull(answer_sources);
}

static void tear_down(void)
{
	tarn__answer_sources_free(answer_sources);
}

static struct tarn_address make_server(unsigned number)
{
	struct tarn_address server = {.in4 = {.sin_family = AF_INET, .sin_port = htons(53)}};
	server.in4.sin_addr.s_addr = htonl(0xc0000200 + number);
	return server;
}

START_TEST(what_is_unknown_is_nobody)
{
	ck_assert_ptr_null(tarn__answer_sources_find(answer_sources, TARN__ANSWER_SOURCE_UNKNOWN));
	ck_assert_ptr_null(tarn__answer_sources_find(answer_sources, 1));
	ck_assert_ptr_null(tarn__answer_sources_find(answer_sources, ORIGINS));
	ck_assert_ptr_null(tarn__answer_sources_find(answer_sources, TARN__ANSWER_SOURCE_FILE));
	ck_assert_ptr_null(tarn__answer_sources_find(answer_sources, TARN__ANSWER_SOURCE_SHARED));
}
END_TEST

START_TEST(server_keeps_its_number)
{
	for (int round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 3; i++) {
			struct tarn_address server = make_server(i);
			uint8_t number = tarn__answer_sources_number(answer_sources, &server);
			ck_assert_uint_eq(number, i + 1);
			const struct tarn_address *found =
				tarn__answer_sources_find(answer_sources, number);
			ck_assert(tarn_address_is_equal(found, &server));
		}
	}
}
END_TEST

START_TEST(beyond_the_last_number_servers_are_unknown)
{
	for (unsigned i = 0; i < ORIGINS; i++) {
		struct tarn_address server = make_server(i);
		ck_assert_uint_eq(tarn__answer_sources_number(answer_sources, &server), i + 1);
	}
	struct tarn_address late = make_server(ORIGINS), last = make_server(ORIGINS - 1);
	ck_assert_uint_eq(tarn__answer_sources_number(answer_sources, &late),
			  TARN__ANSWER_SOURCE_UNKNOWN);
	ck_assert_uint_eq(tarn__answer_sources_number(answer_sources, &last), ORIGINS);
	ck_assert(tarn_address_is_equal(tarn__answer_sources_find(answer_sources, ORIGINS), &last));
}
END_TEST

static void *number_all(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < ORIGINS; i++) {
		struct tarn_address server = make_server(i);
		uint8_t number = tarn__answer_sources_number(answer_sources, &server);
		if (number == TARN__ANSWER_SOURCE_UNKNOWN ||
		    !tarn_address_is_equal(tarn__answer_sources_find(answer_sources, number),
					   &server))
			return &answer_sources;
	}
	return NULL;
}

START_TEST(threads_agree_on_the_numbers)
{
	pthread_t threads[THREADS];
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, number_all, NULL), 0);
	for (int i = 0; i < THREADS; i++) {
		void *fault;
		pthread_join(threads[i], &fault);
		ck_assert_ptr_null(fault);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("origins");
	TCase *tcase = tcase_create("origins");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, what_is_unknown_is_nobody);
	tcase_add_test(tcase, server_keeps_its_number);
	tcase_add_test(tcase, beyond_the_last_number_servers_are_unknown);
	tcase_add_test(tcase, threads_agree_on_the_numbers);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
