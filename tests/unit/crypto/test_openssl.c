/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/crypto/test_openssl.c: how the library is loaded, and what it does on many threads, without
 * memory and without files.
 */
#include "crypto/openssl.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include "crypto/digest.h"
#include "crypto/hmac.h"
#include "crypto/signature.h"
#include "support/signatures.h"
#include "support/unit.h"

START_TEST(nothing_is_supported_before_the_library_is_loaded)
{
	struct signed_data it = read_vector(P256);
	ck_assert(!tarn__signature_is_supported(it.algorithm));
	ck_assert(!is_good(&it));
	ck_assert_uint_eq(tarn__signature_work(it.algorithm, it.key.at, it.key.len, 0), 1);
	ck_assert(tarn__signature_key_is_valid(it.algorithm, it.key.at, it.key.len));
	ck_assert_ptr_null(tarn__signature_load());
	ck_assert_ptr_null(tarn__signature_load());
	ck_assert(tarn__signature_is_supported(it.algorithm));
	ck_assert(is_good(&it));
}
END_TEST

/* hmac.h and signature.h share one loading, whichever comes first. */
START_TEST(codes_come_before_signatures_and_after_them)
{
	struct signed_data it = read_vector(P256);
	if (_i == 1)
		ck_assert_ptr_null(tarn__signature_load());
	ck_assert_ptr_null(tarn__hmac_load());
	ck_assert_ptr_null(tarn__signature_load());
	struct tarn__hmac *hmac = tarn__hmac_new((const uint8_t *)"a", 1);
	ck_assert_ptr_nonnull(hmac);
	tarn__hmac_free(hmac);
	ck_assert(is_good(&it));
	ck_assert(!has_queued_errors());
}
END_TEST

/* What threads use: assertions are not theirs. */
static struct signed_data all[SIGNATURE_VECTORS];
static unsigned long (*peek_error)(void);

/*
 * Verifies all vectors, beginning with the one of the number, and hashes. Returns how often it went wrong.
 */
static void *verify_all(void *number)
{
	enum { ROUNDS = 3 };
	uintptr_t first = (uintptr_t)number, faults = 0;
	for (size_t i = 0; i < (size_t)ROUNDS * SIGNATURE_VECTORS; i++) {
		struct signed_data it = all[(first + i) % SIGNATURE_VECTORS];
		const struct tarn__digest_part part = {it.data.at, it.data.len};
		uint8_t digest[TARN__DIGEST_MAX];
		faults += !is_good(&it);
		it.signature.at[5] ^= 1;
		faults += is_good(&it);
		faults += tarn__digest_write(TARN__SHA1, &part, 1, digest) != TARN__SHA1_LEN;
		faults += peek_error() != 0;
	}
	return (void *)faults;
}

START_TEST(threads_verify_at_the_same_time)
{
	enum { THREADS = 8 };
	pthread_t threads[THREADS];
	for (size_t i = 0; i < SIGNATURE_VECTORS; i++)
		all[i] = read_vector(i);
	find_function("ERR_peek_error", &peek_error);
	for (uintptr_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, verify_all, (void *)i), 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *faults;
		ck_assert_int_eq(pthread_join(threads[i], &faults), 0);
		ck_assert_ptr_null(faults);
	}
}
END_TEST

/* The sandbox does not allow it. */
START_TEST(nothing_is_opened_after_loading)
{
	struct rlimit limit, none;
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	bool are_good = true;
	for (size_t i = 0; i < SIGNATURE_VECTORS; i++) {
		struct signed_data it = read_vector(i);
		are_good &= is_good(&it);
	}
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert(are_good);
}
END_TEST

/* Of the library's allocations those that fail. */
static size_t allocations, first_failure, failures_end;

static bool does_fail(void)
{
	size_t number = allocations++;
	return number >= first_failure && number < failures_end;
}

static void *try_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return does_fail() ? NULL : malloc(size);
}

static void *try_realloc(void *old, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return does_fail() ? NULL : realloc(old, size);
}

static void try_free(void *old, const char *file, int line)
{
	(void)file;
	(void)line;
	free(old);
}

static void fail_allocations(size_t first, size_t end)
{
	allocations = 0;
	first_failure = first;
	failures_end = end;
}

/* Returns false if the library has allocated before: without forks. */
static bool take_over_memory(void)
{
	int (*set)(void *(*)(size_t, const char *, int),
		   void *(*)(void *, size_t, const char *, int),
		   void (*)(void *, const char *, int));
	find_function("CRYPTO_set_mem_functions", &set);
	return set(try_malloc, try_realloc, try_free) == 1;
}

static const size_t of_each_algorithm[] = {RSA_512, RSA_1024, P256, P384, ED25519, ED448};

/* One allocation after the other fails, or all from that one on. */
static void check_without_memory(const struct signed_data *it, size_t count)
{
	size_t failures = 0;
	for (size_t i = 0;; i++) {
		fail_allocations(i, count == 1 ? i + 1 : SIZE_MAX);
		bool is_supported = tarn__signature_is_supported(it->algorithm);
		bool was_good = is_good(it);
		bool was_enough = allocations <= i;
		fail_allocations(0, 0);
		ck_assert_msg(is_supported, "algorithm %u, allocation %zu", it->algorithm, i);
		ck_assert(!has_queued_errors());
		failures += !was_good;
		if (was_enough) {
			ck_assert(was_good);
			break;
		}
	}
	ck_assert_uint_gt(failures, 0);
}

START_TEST(without_memory_nothing_is_good_or_unsupported)
{
	if (!take_over_memory())
		return;
	ck_assert_ptr_null(tarn__signature_load());
	for (size_t i = 0; i < sizeof(of_each_algorithm) / sizeof(of_each_algorithm[0]); i++) {
		struct signed_data it = read_vector(of_each_algorithm[i]);
		check_without_memory(&it, _i == 0 ? 1 : SIZE_MAX);
		ck_assert(is_good(&it));
	}
}
END_TEST

START_TEST(a_build_without_it_says_so)
{
	struct signed_data it = read_vector(P256);
	ck_assert_str_eq(tarn__signature_load(), "tarn was built without OpenSSL");
	ck_assert(!tarn__signature_is_supported(it.algorithm));
	ck_assert(!is_good(&it));
	ck_assert_uint_eq(tarn__signature_work(it.algorithm, it.key.at, it.key.len, 0), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("openssl");
	TCase *loading = tcase_create("loading");
	TCase *loaded = tcase_create("loaded");
	tcase_add_checked_fixture(loaded, load_signatures, NULL);
	if (tarn__hmac_is_built()) {
		tcase_add_test(loading, nothing_is_supported_before_the_library_is_loaded);
		tcase_add_loop_test(loading, codes_come_before_signatures_and_after_them, 0, 2);
		tcase_add_loop_test(loading, without_memory_nothing_is_good_or_unsupported, 0, 2);
		tcase_add_test(loaded, threads_verify_at_the_same_time);
		tcase_add_test(loaded, nothing_is_opened_after_loading);
	} else {
		tcase_add_test(loading, a_build_without_it_says_so);
	}
	suite_add_tcase(suite, loading);
	suite_add_tcase(suite, loaded);
	return unit_run(suite);
}
