/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/settings.c: what fills the gaps of what was said, and how it is explained. */

#include "daemon/settings.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

static struct tarn__log quiet;
static char path[] = "/tmp/tarn-settings-XXXXXX";

static void setup(void)
{
	tarn__log_init(&quiet, -1, TARN_LOG_ERR);
	strcpy(path + strlen(path) - 6, "XXXXXX");
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
}

static void teardown(void)
{
	unlink(path);
	tarn__log_fini(&quiet);
}

static void write_resolv_conf(const char *text)
{
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static void add(struct tarn__addresses *list, const char *text)
{
	struct tarn_address address;
	ck_assert_int_eq(tarn_address_parse(text, 53, &address), 0);
	ck_assert_int_eq(tarn__addresses_add(list, &address), 0);
}

/* What tarn__settings_explain() prints; valid until the next call. */
static const char *explained(const struct tarn__settings *settings)
{
	static char text[4096];
	FILE *file = fmemopen(text, sizeof(text), "w");
	tarn__settings_explain(settings, file);
	fclose(file);
	return text;
}

START_TEST(what_was_not_said_gets_its_default)
{
	write_resolv_conf("nameserver 192.0.2.1\n");
	struct tarn__settings settings = {0};
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &quiet), 0);
	ck_assert_uint_ge(settings.workers, 1);
	ck_assert_uint_le(settings.workers, TARN__WORKERS_MAX);
	settings.workers = 2;
	ck_assert_str_eq(explained(&settings),
			 "listen    127.0.0.1:53 (UDP and TCP)\n"
			 "          [::1]:53 (UDP and TCP)\n"
			 "upstream  192.0.2.1:53 (resolv.conf)\n"
			 "workers   2 (one for each CPU)\n"
			 "cache     16 MiB\n"
			 "allow     loopback, private and link-local networks "
			 "(default)\n");
}
END_TEST

START_TEST(what_was_said_stays)
{
	write_resolv_conf("nameserver 192.0.2.1\n");
	struct tarn__settings settings = {.workers = 3, .cache_size = 65537};
	add(&settings.listens, "192.0.2.7:5300");
	add(&settings.upstreams, "2001:db8::1");
	ck_assert_int_eq(tarn_network_parse("198.51.100.0/24", &settings.allow[0]), 0);
	ck_assert_int_eq(tarn_network_parse("2001:db8::/32", &settings.allow[1]), 0);
	settings.allow_count = 2;
	settings.pass[0] = "home.arpa";
	settings.pass_count = 1;
	settings.trust_ad = true;
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &quiet), 0);
	ck_assert_str_eq(explained(&settings), "listen    192.0.2.7:5300 (UDP and TCP)\n"
					       "upstream  [2001:db8::1]:53\n"
					       "workers   3\n"
					       "cache     65537 octets\n"
					       "trust-ad  what the upstreams validated is said to "
					       "be so\n"
					       "allow     loopback, 198.51.100.0/24\n"
					       "          2001:db8::/32\n"
					       "pass      home.arpa\n");
}
END_TEST

START_TEST(tarn_does_not_take_itself_from_resolv_conf)
{
	write_resolv_conf("nameserver 127.0.0.1\nnameserver ::1\nnameserver 192.0.2.1\n");
	struct tarn__settings settings = {0};
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &quiet), 0);
	ck_assert_uint_eq(settings.upstreams.count, 1);
	ck_assert_uint_eq(settings.own_upstreams.count, 2);
	ck_assert_ptr_nonnull(strstr(explained(&settings),
				     "not asked 127.0.0.1:53 (is tarn itself)\n"
				     "          [::1]:53 (is tarn itself)\n"));
}
END_TEST

START_TEST(a_resolver_beside_tarn_is_taken)
{
	write_resolv_conf("nameserver 127.0.0.1\n");
	struct tarn__settings settings = {0};
	add(&settings.listens, "127.0.0.1:5300");
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &quiet), 0);
	ck_assert_uint_eq(settings.upstreams.count, 1);
	ck_assert_uint_eq(settings.own_upstreams.count, 0);
}
END_TEST

START_TEST(resolv_confs_trust_goes_for_its_own_servers_only)
{
	write_resolv_conf("nameserver 192.0.2.1\noptions trust-ad\n");
	struct tarn__settings settings = {0}, other = {0};
	add(&other.upstreams, "192.0.2.2");
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &quiet), 0);
	ck_assert_int_eq(tarn__settings_complete(&other, path, &quiet), 0);
	ck_assert(settings.trust_ad);
	ck_assert(!other.trust_ad);
}
END_TEST

START_TEST(no_upstream_is_no_fault)
{
	unlink(path);
	struct tarn__settings settings = {0};
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &quiet), 0);
	ck_assert_uint_eq(settings.upstreams.count, 0);
	ck_assert_ptr_nonnull(strstr(explained(&settings),
				     "upstream  none: every question that needs one will fail\n"));
}
END_TEST

START_TEST(an_upstream_that_is_tarn_itself_is_refused)
{
	struct tarn__settings settings = {0};
	add(&settings.listens, "0.0.0.0:5300");
	add(&settings.upstreams, "127.0.0.1:5300");
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &quiet), TARN_EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("settings");
	TCase *tcase = tcase_create("complete");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, what_was_not_said_gets_its_default);
	tcase_add_test(tcase, what_was_said_stays);
	tcase_add_test(tcase, tarn_does_not_take_itself_from_resolv_conf);
	tcase_add_test(tcase, a_resolver_beside_tarn_is_taken);
	tcase_add_test(tcase, resolv_confs_trust_goes_for_its_own_servers_only);
	tcase_add_test(tcase, no_upstream_is_no_fault);
	tcase_add_test(tcase, an_upstream_that_is_tarn_itself_is_refused);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
