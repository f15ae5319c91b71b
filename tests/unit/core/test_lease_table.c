/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/core/test_lease_table.c: the leases of a file that grows. */
#include "core/policy/lease_table.h"

#include <stdio.h>
#include <string.h>

#include "support/unit.h"
#include "tarn.h"

static struct tarn__lease_table *table;
static char got[1024];

static void set_up(void)
{
	table = tarn__lease_table_new();
	ck_assert_ptr_nonnull(table);
}

static void tear_down(void)
{
	tarn__lease_table_free(table);
	tarn__lease_table_free(NULL);
}

/* The name may be NULL. */
static int put(const char *address, const char *name, uint64_t end_s)
{
	struct tarn__lease lease = {.end_s = end_s, .is_over = end_s == 0};
	char copy[64] = "";
	ck_assert(tarn__ip_parse(address, strlen(address), &lease.address));
	if (name)
		lease.name = strcpy(copy, name);
	lease.client = name ? NULL : "client";
	int error = tarn__lease_table_put(table, &lease);
	memset(copy, 'x', sizeof copy - 1);
	return error;
}

static void on_lease(void *arg, const struct tarn__lease *lease)
{
	size_t len = strlen(got);
	ck_assert_ptr_eq(arg, table);
	snprintf(got + len, sizeof got - len, "%s/%s/%u ", lease->name ? lease->name : "-",
		 lease->client ? lease->client : "-", (unsigned)lease->end_s);
}

static const char *all(void)
{
	got[0] = '\0';
	tarn__lease_table_walk(table, on_lease, table);
	return got;
}

START_TEST(b14_later_lease_of_an_address_counts)
{
	ck_assert_str_eq(all(), "");
	ck_assert_int_eq(put("192.0.2.1", "a", 1), 0);
	ck_assert_int_eq(put("192.0.2.2", "b", 1), 0);
	ck_assert_int_eq(put("::ffff:192.0.2.1", NULL, 2), 0);
	ck_assert_int_eq(put("192.0.2.1", "c", 3), 0);
	ck_assert_str_eq(all(), "c/-/3 b/-/1 -/client/2 ");
	ck_assert_uint_eq(tarn__lease_table_count(table), 3);
}
END_TEST

START_TEST(b14_lease_that_is_over_is_gone)
{
	ck_assert_int_eq(put("192.0.2.9", "a", 0), 0);
	ck_assert_int_eq(put("192.0.2.1", "a", 1), 0);
	ck_assert_int_eq(put("192.0.2.2", "b", 1), 0);
	ck_assert_int_eq(put("192.0.2.1", NULL, 0), 0);
	ck_assert_int_eq(put("192.0.2.1", NULL, 0), 0);
	ck_assert_str_eq(all(), "b/-/1 ");
	ck_assert_uint_eq(tarn__lease_table_count(table), 1);
	ck_assert_int_eq(put("192.0.2.1", "c", 1), 0);
	ck_assert_str_eq(all(), "c/-/1 b/-/1 ");
}
END_TEST

START_TEST(file_is_read_from_its_beginning_into_a_clear_table)
{
	ck_assert_int_eq(put("192.0.2.1", "a", 1), 0);
	tarn__lease_table_clear(table);
	ck_assert_uint_eq(tarn__lease_table_count(table), 0);
	ck_assert_str_eq(all(), "");
	ck_assert_int_eq(put("192.0.2.2", "b", 1), 0);
	ck_assert_str_eq(all(), "b/-/1 ");
}
END_TEST

static void put_number(unsigned number, bool is_over, int expected)
{
	struct tarn__lease lease = {
		.address = {TARN__IPV4_LEN,
			    {10, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number}},
		.is_over = is_over,
		.name = "n",
	};
	int error = tarn__lease_table_put(table, &lease);
	if (error != expected)
		ck_abort_msg("%u: %d", number, error);
}

START_TEST(b19_leases_are_bounded)
{
	for (unsigned i = 0; i < TARN__LEASES_MAX; i++)
		put_number(i, false, 0);
	put_number(TARN__LEASES_MAX, false, TARN_EBUSY);
	put_number(7, false, 0);
	put_number(7, true, 0);
	put_number(TARN__LEASES_MAX, false, 0);
	put_number(7, false, TARN_EBUSY);
	ck_assert_uint_eq(tarn__lease_table_count(table), TARN__LEASES_MAX);
}
END_TEST

/* Addresses come and go by the million: what is gone takes no room. */
START_TEST(places_of_leases_that_are_over_are_used_again)
{
	for (unsigned i = 0; i < 300000; i++) {
		put_number(i, false, 0);
		if (i >= 10)
			put_number(i - 10, true, 0);
	}
	ck_assert_uint_eq(tarn__lease_table_count(table), 10);
	ck_assert_str_eq(all(), "n/-/0 n/-/0 n/-/0 n/-/0 n/-/0 n/-/0 n/-/0 n/-/0 n/-/0 n/-/0 ");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lease_table");
	TCase *tcase = tcase_create("lease_table");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, b14_later_lease_of_an_address_counts);
	tcase_add_test(tcase, b14_lease_that_is_over_is_gone);
	tcase_add_test(tcase, file_is_read_from_its_beginning_into_a_clear_table);
	tcase_add_test(tcase, b19_leases_are_bounded);
	tcase_add_test(tcase, places_of_leases_that_are_over_are_used_again);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
