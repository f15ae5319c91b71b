/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/certificates/: what becomes of certificates whose files change. A chain is "chain N", and the key that
 * fits it is "key N"; tests/system/test_tls_listen.py has real ones.
 */
#include "config.h"

#include "daemon/certificates/certificates.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "net/shared.h"
#include "support/folder.h"
#include "support/log.h"
#include "support/unit.h"

enum { DAY = 86400 };

static struct ev_loop *loop;
static struct tarn *tarn;
static struct tarn__certificates certificates;
static struct tarn__settings first, second;
static char shown[64]; /* the chain that clients are shown */
static unsigned times; /* how often it was set */
static uint64_t ends_sec; /* of all certificates */

int __wrap_tarn__set_certificates(struct tarn *, const struct tarn_certificate *, size_t count,
				  size_t *faulty, char fault[TARN__TLS_FAULT_MAX]);
int __wrap_tarn__set_certificates(struct tarn *to, const struct tarn_certificate *pairs,
				  size_t count, size_t *faulty, char fault[TARN__TLS_FAULT_MAX])
{
	(void)to;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(pairs[i].chain + strlen("chain "), pairs[i].key + strlen("key ")) == 0)
			continue;
		*faulty = i;
		strcpy(fault, "the key does not fit");
		return TARN_EINVAL;
	}
	snprintf(shown, sizeof(shown), "%s", pairs[0].chain);
	times++;
	return 0;
}

bool __wrap_tarn__tls_certificate_read(const char *, size_t, struct tarn__tls_certificate *out);
bool __wrap_tarn__tls_certificate_read(const char *chain, size_t len,
				       struct tarn__tls_certificate *out)
{
	(void)chain;
	(void)len;
	*out = (struct tarn__tls_certificate){.until_sec = ends_sec, .names = "dns.test"};
	return true;
}

static void name_files(struct tarn__settings *settings, const char *chain, const char *key)
{
	memset(settings, 0, sizeof(*settings));
	settings->certificates.items[0] = strdup(in_folder(chain));
	settings->keys.items[0] = strdup(in_folder(key));
	settings->certificates.count = settings->keys.count = 1;
}

static void set_up(void)
{
	make_folder();
	open_log();
	loop = ev_loop_new(EVFLAG_AUTO);
	tarn = tarn_new(&(struct tarn_options){0});
	ck_assert_ptr_nonnull(tarn);
	tarn__certificates_init(&certificates, tarn, loop, "nobody", &test_log);
	name_files(&first, "c", "k");
	name_files(&second, "c2", "k2");
	put_file("c", "chain 1");
	put_file("k", "key 1");
	shown[0] = '\0';
	times = 0;
	ends_sec = (uint64_t)time(NULL) + 90 * DAY;
}

static void forget(struct tarn__settings *settings)
{
	free((char *)settings->certificates.items[0]);
	free((char *)settings->keys.items[0]);
}

static void tear_down(void)
{
	tarn__certificates_stop(&certificates);
	tarn_free(tarn);
	ev_loop_destroy(loop);
	close_log();
	forget(&first);
	forget(&second);
	remove_folder();
}

static void start(void)
{
	ck_assert_int_eq(tarn__certificates_set(&certificates, &first), 0);
	tarn__certificates_settle(&certificates);
	(void)logged();
}

/* The time has passed in which files may change. */
static void be_quiet(void)
{
	ck_assert(ev_is_active(&certificates.quiet));
	ev_timer_stop(loop, &certificates.quiet);
	ev_invoke(loop, &certificates.quiet, EV_TIMER);
}

/* Events of files are there at once. */
static void take_events(void)
{
	ev_run(loop, EVRUN_NOWAIT);
}

static const struct tarn__certificates_state *state(void)
{
	static struct tarn__certificates_state read;
	tarn__certificates_board_read(&certificates.board, &read);
	return &read;
}

static void check_logged(const char *part)
{
	const char *text = logged();
	ck_assert_msg(strstr(text, part) != NULL, "no %s in: %s", part, text);
}

/* ---- the start ----------------------------------------------------------------------------- */

START_TEST(without_certificates_nothing_runs)
{
	struct tarn__settings none = {0};
	ck_assert_int_eq(tarn__certificates_set(&certificates, &none), 0);
	tarn__certificates_settle(&certificates);
	ck_assert(!certificates.is_following);
	ck_assert(!ev_is_active(&certificates.quiet) && !ev_is_active(&certificates.look));
	ck_assert(!certificates.watch.is_open);
	ck_assert_uint_eq(state()->count, 0);
}
END_TEST

START_TEST(pair_is_taken_from_its_files)
{
	ck_assert_int_eq(tarn__certificates_set(&certificates, &first), 0);
	ck_assert_str_eq(shown, "chain 1");
	check_logged("/c for dns.test, until ");
	ck_assert_uint_eq(state()->count, 1);
	ck_assert_str_eq(state()->items[0].file, in_folder("c"));
	ck_assert_uint_eq(state()->items[0].says.until_sec, ends_sec);
	ck_assert_uint_eq(state()->loads, 1);
	ck_assert_str_eq(state()->fault, "");
}
END_TEST

START_TEST(start_with_a_pair_that_does_not_fit_fails)
{
	put_file("k", "key 2");
	ck_assert_int_eq(tarn__certificates_set(&certificates, &first), TARN_EINVAL);
	check_logged("/c with key ");
	ck_assert_uint_eq(times, 0);
}
END_TEST

START_TEST(file_that_is_missing_is_named)
{
	unlink(in_folder("k"));
	ck_assert_int_lt(tarn__certificates_set(&certificates, &first), 0);
	check_logged("/k: No such file or directory");
}
END_TEST

/* ---- changes of files ---------------------------------------------------------------------- */

START_TEST(pair_that_is_replaced_is_taken_after_a_quiet_time)
{
	start();
	be_quiet();
	ck_assert_uint_eq(times, 1);
	replace_file("c", "chain 2");
	replace_file("k", "key 2");
	take_events();
	ck_assert_str_eq(shown, "chain 1");
	be_quiet();
	ck_assert_str_eq(shown, "chain 2");
	check_logged("/c for dns.test");
	ck_assert_uint_eq(state()->loads, 2);
}
END_TEST

START_TEST(pair_that_is_written_in_place_is_taken)
{
	start();
	be_quiet();
	put_file("c", "chain 2");
	put_file("k", "key 2");
	take_events();
	be_quiet();
	ck_assert_str_eq(shown, "chain 2");
}
END_TEST

START_TEST(half_of_a_pair_changes_nothing_and_is_said_once)
{
	start();
	be_quiet();
	replace_file("c", "chain 2");
	take_events();
	be_quiet();
	ck_assert_str_eq(shown, "chain 1");
	check_logged("the key does not fit; clients are shown the former one");
	ck_assert_ptr_nonnull(strstr(state()->fault, "the key does not fit"));
	put_file("other", "");
	take_events();
	be_quiet();
	ck_assert_str_eq(logged(), "|");
	ck_assert_uint_eq(state()->failures, 2);
	replace_file("k", "key 2");
	take_events();
	be_quiet();
	ck_assert_str_eq(shown, "chain 2");
	ck_assert_str_eq(state()->fault, "");
}
END_TEST

START_TEST(key_that_does_not_fit_any_more_stays_a_fault)
{
	start();
	be_quiet();
	put_file("k", "key 2");
	take_events();
	be_quiet();
	check_logged("the key does not fit; clients are shown the former one");
	ev_invoke(loop, &certificates.look, EV_TIMER);
	ck_assert_ptr_nonnull(strstr(state()->fault, "the key does not fit"));
	put_file("k", "key 1");
	take_events();
	be_quiet();
	ck_assert_str_eq(state()->fault, "");
	ck_assert_uint_eq(times, 1);
}
END_TEST

/* As root's files are, once root has been given up. */
START_TEST(files_that_are_out_of_reach_and_unchanged_are_said_once_and_are_no_fault)
{
	start();
	unlink(in_folder("k"));
	ev_timer_stop(loop, &certificates.quiet);
	ev_invoke(loop, &certificates.quiet, EV_TIMER);
	check_logged("/k: No such file or directory; a new one takes a restart");
	ev_invoke(loop, &certificates.look, EV_TIMER);
	ck_assert_str_eq(logged(), "|");
	ck_assert_str_eq(state()->fault, "");
	ck_assert_uint_eq(state()->failures, 0);
}
END_TEST

/* certbot: live/NAME/fullchain.pem leads to archive/NAME/fullchainN.pem. */
START_TEST(links_that_lead_elsewhere_are_followed)
{
	unlink(in_folder("c"));
	unlink(in_folder("k"));
	ck_assert_int_eq(mkdir(in_folder("archive"), 0755), 0);
	put_file("archive/c1", "chain 1");
	put_file("archive/k1", "key 1");
	ck_assert_int_eq(symlink("archive/c1", in_folder("c")), 0);
	ck_assert_int_eq(symlink("archive/k1", in_folder("k")), 0);
	start();
	be_quiet();
	put_file("archive/c2", "chain 2");
	put_file("archive/k2", "key 2");
	ck_assert_int_eq(symlink("archive/c2", in_folder("new")), 0);
	ck_assert_int_eq(rename(in_folder("new"), in_folder("c")), 0);
	ck_assert_int_eq(symlink("archive/k2", in_folder("new")), 0);
	ck_assert_int_eq(rename(in_folder("new"), in_folder("k")), 0);
	take_events();
	be_quiet();
	ck_assert_str_eq(shown, "chain 2");
}
END_TEST

/* Kubernetes: c leads to ..data/c, and ..data to a folder, in whose place comes another one. */
START_TEST(folder_that_is_swapped_by_a_link_is_followed)
{
	unlink(in_folder("c"));
	unlink(in_folder("k"));
	ck_assert_int_eq(mkdir(in_folder("..1"), 0755), 0);
	ck_assert_int_eq(mkdir(in_folder("..2"), 0755), 0);
	put_file("..1/c", "chain 1");
	put_file("..1/k", "key 1");
	put_file("..2/c", "chain 2");
	put_file("..2/k", "key 2");
	ck_assert_int_eq(symlink("..1", in_folder("..data")), 0);
	ck_assert_int_eq(symlink("..data/c", in_folder("c")), 0);
	ck_assert_int_eq(symlink("..data/k", in_folder("k")), 0);
	start();
	be_quiet();
	ck_assert_int_eq(symlink("..2", in_folder("..tmp")), 0);
	ck_assert_int_eq(rename(in_folder("..tmp"), in_folder("..data")), 0);
	take_events();
	be_quiet();
	ck_assert_str_eq(shown, "chain 2");
}
END_TEST

START_TEST(what_is_written_all_the_time_is_looked_at_in_between)
{
	start();
	be_quiet();
	replace_file("c", "chain 2");
	replace_file("k", "key 2");
	take_events();
	certificates.changed_ms -= TARN__CERTIFICATES_BURST_MS;
	ev_tstamp left = ev_timer_remaining(loop, &certificates.quiet);
	put_file("other", "");
	take_events();
	ck_assert(ev_timer_remaining(loop, &certificates.quiet) <= left);
	be_quiet();
	ck_assert_str_eq(shown, "chain 2");
}
END_TEST

/* ---- reloads ------------------------------------------------------------------------------- */

START_TEST(reload_takes_what_the_files_have)
{
	start();
	put_file("c", "chain 2");
	put_file("k", "key 2");
	struct tarn__settings again = first;
	ck_assert_int_eq(tarn__certificates_set(&certificates, &again), 0);
	tarn__certificates_settle(&certificates);
	ck_assert_str_eq(shown, "chain 2");
	tarn__certificates_stop(&certificates);
}
END_TEST

START_TEST(reload_of_a_broken_pair_keeps_the_old_one_and_goes_on)
{
	start();
	put_file("k", "key 2");
	struct tarn__settings again = first;
	ck_assert_int_eq(tarn__certificates_set(&certificates, &again), 0);
	tarn__certificates_settle(&certificates);
	ck_assert_str_eq(shown, "chain 1");
	check_logged("the key does not fit; clients are shown the former one");
	tarn__certificates_stop(&certificates);
}
END_TEST

START_TEST(reload_with_other_files_that_are_broken_is_refused)
{
	start();
	put_file("c2", "chain 2");
	put_file("k2", "key 3");
	ck_assert_int_eq(tarn__certificates_set(&certificates, &second), TARN_EINVAL);
	ck_assert_str_eq(shown, "chain 1");
	ck_assert_ptr_eq(certificates.now.settings, &first);
}
END_TEST

START_TEST(reload_that_is_undone_shows_the_old_one_whatever_the_files_have)
{
	start();
	put_file("c2", "chain 2");
	put_file("k2", "key 2");
	ck_assert_int_eq(tarn__certificates_set(&certificates, &second), 0);
	ck_assert_str_eq(shown, "chain 2");
	unlink(in_folder("c"));
	ck_assert_int_eq(tarn__certificates_set(&certificates, &first), 0);
	ck_assert_str_eq(shown, "chain 1");
	ck_assert_ptr_eq(certificates.now.settings, &first);
	tarn__certificates_settle(&certificates);
}
END_TEST

START_TEST(reload_that_kept_the_pair_is_undone)
{
	start();
	unlink(in_folder("k"));
	struct tarn__settings again = first;
	ck_assert_int_eq(tarn__certificates_set(&certificates, &again), 0);
	ck_assert_int_eq(tarn__certificates_set(&certificates, &first), 0);
	ck_assert_ptr_eq(certificates.now.settings, &first);
	ck_assert_uint_eq(certificates.now.pairs.count, 1);
	ck_assert_uint_eq(times, 1);
}
END_TEST

START_TEST(reload_without_certificates_ends_the_watch)
{
	start();
	struct tarn__settings none = {0};
	ck_assert_int_eq(tarn__certificates_set(&certificates, &none), 0);
	tarn__certificates_settle(&certificates);
	ck_assert(!certificates.is_following && !certificates.watch.is_open);
	ck_assert_uint_eq(state()->count, 0);
	tarn__certificates_stop(&certificates);
}
END_TEST

/* ---- the end ------------------------------------------------------------------------------- */

static const struct {
	int64_t left_sec;
	enum tarn__certificate_end end;
} ends[] = {
	{14 * DAY + 1, TARN__END_FAR},	 {14 * DAY, TARN__END_NOTICE},
	{3 * DAY + 1, TARN__END_NOTICE}, {3 * DAY, TARN__END_WARNING},
	{1, TARN__END_WARNING},		 {0, TARN__END_PAST},
	{-DAY, TARN__END_PAST},
};

START_TEST(end_comes_near_in_steps)
{
	uint64_t now_sec = 1800000000;
	ck_assert_int_eq(
		tarn__certificate_end_at((uint64_t)((int64_t)now_sec + ends[_i].left_sec), now_sec),
		ends[_i].end);
}
END_TEST

START_TEST(end_is_said_once)
{
	ends_sec = (uint64_t)time(NULL) + 10 * DAY + DAY / 2;
	ck_assert_int_eq(tarn__certificates_set(&certificates, &first), 0);
	tarn__certificates_settle(&certificates);
	check_logged("expires within 11 days, on ");
	ev_invoke(loop, &certificates.look, EV_TIMER);
	ck_assert_str_eq(logged(), "|");
	certificates.board.state.items[0].says.until_sec = (uint64_t)time(NULL) + 2 * DAY + DAY / 2;
	ev_invoke(loop, &certificates.look, EV_TIMER);
	check_logged("expires within 3 days, on ");
	certificates.board.state.items[0].says.until_sec = (uint64_t)time(NULL) - 1;
	ev_invoke(loop, &certificates.look, EV_TIMER);
	check_logged("has expired on ");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("certificates");
	TCase *tcase = tcase_create("certificates");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, without_certificates_nothing_runs);
	tcase_add_test(tcase, pair_is_taken_from_its_files);
	tcase_add_test(tcase, start_with_a_pair_that_does_not_fit_fails);
	tcase_add_test(tcase, file_that_is_missing_is_named);
	tcase_add_test(tcase, pair_that_is_replaced_is_taken_after_a_quiet_time);
	tcase_add_test(tcase, pair_that_is_written_in_place_is_taken);
	tcase_add_test(tcase, half_of_a_pair_changes_nothing_and_is_said_once);
	tcase_add_test(tcase, key_that_does_not_fit_any_more_stays_a_fault);
	tcase_add_test(tcase,
		       files_that_are_out_of_reach_and_unchanged_are_said_once_and_are_no_fault);
	tcase_add_test(tcase, links_that_lead_elsewhere_are_followed);
	tcase_add_test(tcase, folder_that_is_swapped_by_a_link_is_followed);
	tcase_add_test(tcase, what_is_written_all_the_time_is_looked_at_in_between);
	tcase_add_test(tcase, reload_takes_what_the_files_have);
	tcase_add_test(tcase, reload_of_a_broken_pair_keeps_the_old_one_and_goes_on);
	tcase_add_test(tcase, reload_with_other_files_that_are_broken_is_refused);
	tcase_add_test(tcase, reload_that_is_undone_shows_the_old_one_whatever_the_files_have);
	tcase_add_test(tcase, reload_that_kept_the_pair_is_undone);
	tcase_add_test(tcase, reload_without_certificates_ends_the_watch);
	tcase_add_loop_test(tcase, end_comes_near_in_steps, 0, sizeof(ends) / sizeof(ends[0]));
	tcase_add_test(tcase, end_is_said_once);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
