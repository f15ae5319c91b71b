/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/tls/test_loading.c: the library is loaded when it is first needed, by any thread; or it is not there. */
#include "tls/tls.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

static bool is_mapped(void)
{
	char line[4096];
	bool is_found = false;
	FILE *maps = fopen("/proc/self/maps", "r");
	while (maps && fgets(line, sizeof(line), maps))
		is_found |= strstr(line, "/libssl.so") != NULL;
	if (maps)
		fclose(maps);
	return is_found;
}

START_TEST(nothing_is_mapped_before_it_is_needed)
{
	char fault[TARN__TLS_FAULT_MAX] = "";
	struct tarn__tls_sessions sessions = {{NULL}};
	tarn__tls_sessions_forget(&sessions);
	struct tarn__tls_ticket_keys *keys = tarn__tls_ticket_keys_new();
	tarn__tls_ticket_keys_rotate(keys);
	tarn__tls_ticket_keys_free(keys);
	tarn__tls_client_put(NULL);
	tarn__tls_server_put(NULL);
	tarn__tls_free(NULL);
	ck_assert(!is_mapped());
	struct tarn__tls_client *client =
		tarn__tls_client_new(&(struct tarn__tls_client_options){.ca = NULL}, fault);
	ck_assert_msg(client, "%s", fault);
	ck_assert(is_mapped());
	tarn__tls_client_put(client);
}
END_TEST

/* Returns NULL if all went well. */
static void *load_at_once(void *barrier)
{
	char fault[TARN__TLS_FAULT_MAX];
	pthread_barrier_wait(barrier);
	struct tarn__tls_client *client =
		tarn__tls_client_new(&(struct tarn__tls_client_options){.ca = "/dev/null"}, fault);
	tarn__tls_client_put(client);
	return strcmp(fault, "/dev/null: not a file") == 0 ? NULL : strdup(fault);
}

START_TEST(threads_load_it_at_the_same_time)
{
	enum { THREADS = 8 };
	pthread_t threads[THREADS];
	pthread_barrier_t barrier;
	pthread_barrier_init(&barrier, NULL, THREADS);
	for (size_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, load_at_once, &barrier), 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *fault;
		ck_assert_int_eq(pthread_join(threads[i], &fault), 0);
		ck_assert_msg(!fault, "%s", (char *)fault);
	}
	pthread_barrier_destroy(&barrier);
}
END_TEST

START_TEST(a_build_without_it_says_so)
{
	char fault[TARN__TLS_FAULT_MAX] = "";
	size_t faulty;
	const struct tarn__tls_pair pair = {"", 0, "", 0};
	struct tarn__tls_certificate said;
	ck_assert_ptr_null(
		tarn__tls_client_new(&(struct tarn__tls_client_options){.ca = NULL}, fault));
	ck_assert_str_eq(fault, "tarn was built without OpenSSL");
	fault[0] = '\0';
	ck_assert_ptr_null(tarn__tls_server_new(&pair, 1, NULL, 0, &faulty, fault));
	ck_assert_str_eq(fault, "tarn was built without OpenSSL");
	ck_assert(!tarn__tls_certificate_read("", 0, &said));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("loading");
	TCase *loading = tcase_create("loading");
	if (tarn__tls_is_built()) {
		tcase_add_test(loading, nothing_is_mapped_before_it_is_needed);
		tcase_add_test(loading, threads_load_it_at_the_same_time);
	} else {
		tcase_add_test(loading, a_build_without_it_says_so);
	}
	suite_add_tcase(suite, loading);
	return unit_run(suite);
}
