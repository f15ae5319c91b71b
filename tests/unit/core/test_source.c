/* SPDX-License-Identifier: BSD-2-Clause */
/* core/forward/source.c: servers and their numbers. */
#include "core/forward/source.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>

#include "dns/answer.h"
#include "support/unit.h"

enum { ORIGINS = 255, THREADS = 4 };

static struct tarn__origins *origins;

static void set_up(void)
{
	origins = tarn__origins_new();
	ck_assert_ptr_nonnull(origins);
}

static void tear_down(void)
{
	tarn__origins_free(origins);
}

static struct tarn_address make_server(unsigned number)
{
	struct tarn_address server = {.in4 = {.sin_family = AF_INET, .sin_port = htons(53)}};
	server.in4.sin_addr.s_addr = htonl(0xc0000200 + number);
	return server;
}

START_TEST(what_is_unknown_is_nobody)
{
	ck_assert_ptr_null(tarn__origins_find(origins, TARN__ORIGIN_UNKNOWN));
	ck_assert_ptr_null(tarn__origins_find(origins, 1));
	ck_assert_ptr_null(tarn__origins_find(origins, ORIGINS));
}
END_TEST

START_TEST(server_keeps_its_number)
{
	for (int round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 3; i++) {
			struct tarn_address server = make_server(i);
			uint8_t number = tarn__origins_number(origins, &server);
			ck_assert_uint_eq(number, i + 1);
			const struct tarn_address *found = tarn__origins_find(origins, number);
			ck_assert(tarn_address_is_equal(found, &server));
		}
	}
}
END_TEST

START_TEST(beyond_the_last_number_servers_are_unknown)
{
	for (unsigned i = 0; i < ORIGINS; i++) {
		struct tarn_address server = make_server(i);
		ck_assert_uint_eq(tarn__origins_number(origins, &server), i + 1);
	}
	struct tarn_address late = make_server(ORIGINS), last = make_server(ORIGINS - 1);
	ck_assert_uint_eq(tarn__origins_number(origins, &late), TARN__ORIGIN_UNKNOWN);
	ck_assert_uint_eq(tarn__origins_number(origins, &last), ORIGINS);
	ck_assert(tarn_address_is_equal(tarn__origins_find(origins, ORIGINS), &last));
}
END_TEST

static void *number_all(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < ORIGINS; i++) {
		struct tarn_address server = make_server(i);
		uint8_t number = tarn__origins_number(origins, &server);
		if (number == TARN__ORIGIN_UNKNOWN ||
		    !tarn_address_is_equal(tarn__origins_find(origins, number), &server))
			return &origins;
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
