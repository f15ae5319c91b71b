/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/names/naming.c: what the workers have of local names, lists and the operator's words, while these
 * change.
 */

#include "config.h"

#include "daemon/names/naming.h"

#include <time.h>

#include "core/config.h"
#include "core/policy/policy.h"
#include "dns/text.h"
#include "dns/type.h"
#include "net/shared.h"
#include "support/folder.h"
#include "support/net.h"
#include "support/unit.h"

static struct ev_loop *loop;
static struct tarn__log quiet;
static struct tarn *tarn;
static struct tarn__naming naming;
static struct tarn__list_settings list_settings[1];
static struct tarn__settings settings;
static char hosts_path[128], list_path[128], state_path[128];

static void set_up(void)
{
	make_folder();
	tarn__log_init(&quiet, -1, TARN_LOG_ERR);
	loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	tarn = tarn_new(&(struct tarn_options){0});
	ck_assert_ptr_nonnull(tarn);
	tarn__naming_init(&naming, tarn, loop, &quiet);
	settings = (struct tarn__settings){0};
	snprintf(hosts_path, sizeof(hosts_path), "%s/hosts", test_folder);
	snprintf(list_path, sizeof(list_path), "%s/ads.txt", test_folder);
	snprintf(state_path, sizeof(state_path), "%s/state", test_folder);
}

static void tear_down(void)
{
	tarn__naming_stop(&naming);
	tarn_free(tarn);
	ev_loop_destroy(loop);
	tarn__log_fini(&quiet);
	remove_folder();
}

static void use_hosts(const char *text)
{
	replace_file("hosts", text);
	settings.local_hosts = (struct tarn__names){.items = {hosts_path}, .count = 1};
}

static void use_list(const char *text)
{
	replace_file("ads.txt", text);
	list_settings[0] = (struct tarn__list_settings){.kind = TARN__RULE_SET_BLOCK,
							.name = "ads",
							.answer = TARN__NAMELIST_NXDOMAIN,
							.ttl = 10,
							.files = {{list_path}, 1}};
	settings.lists = list_settings;
	settings.list_count = 1;
}

static void settle(void)
{
	ck_assert_int_eq(tarn__naming_set(&naming, &settings), 0);
	tarn__naming_settle(&naming);
}

/* Returns the stage that decides about a query for A, as the workers have it; NULL: none does. */
static const char *decide(const char *text)
{
	uint8_t name[TARN__NAME_MAX];
	static uint8_t room[TARN__STORED_MAX];
	const struct tarn__query query = {.qname = name,
					  .qname_len = (uint16_t)tarn__name_parse(text, name),
					  .qtype = TARN__TYPE_A,
					  .qclass = TARN__CLASS_IN};
	struct tarn__decision decision = {.room = room};
	ck_assert_uint_gt(query.qname_len, 0);
	struct tarn__config *config = tarn__get_config(tarn);
	enum tarn__policy_action action =
		tarn__policy_apply(config->policy, &query, NULL, &decision);
	tarn__config_put(config);
	return action == TARN__POLICY_PASS ? NULL : tarn__stages[decision.stage]->name;
}

static bool is_local(void *text)
{
	const char *stage = decide(text);
	return stage && strcmp(stage, "local") == 0;
}

static bool is_not_local(void *text)
{
	return !is_local(text);
}

static bool is_listed(void *text)
{
	const char *stage = decide(text);
	return stage && strcmp(stage, "lists") == 0;
}

static bool has_ended(void *text)
{
	(void)text;
	return !tarn__list_keeper_state(naming.lists).is_compiling;
}

START_TEST(nothing_configured_takes_nothing)
{
	settle();
	ck_assert(!naming.watch.is_open);
	ck_assert_ptr_null(naming.local);
	ck_assert_ptr_null(naming.lists);
	ck_assert_ptr_null(naming.data.local);
	ck_assert_ptr_null(naming.folder);
	ck_assert_ptr_null(decide("a.example"));
}
END_TEST

START_TEST(line_of_a_hosts_file_comes_and_goes)
{
	use_hosts("192.0.2.1 a.lan\n");
	settle();
	ck_assert(is_local("a.lan"));
	replace_file("hosts", "192.0.2.1 b.lan\n");
	run_until(loop, is_local, "b.lan");
	ck_assert(!is_local("a.lan"));
	append_to_file("hosts", "192.0.2.1 c.lan\n");
	run_until(loop, is_local, "c.lan");
	ck_assert(is_local("b.lan"));
	put_file("hosts", "192.0.2.1 b.lan\n");
	run_until(loop, is_not_local, "c.lan");
}
END_TEST

START_TEST(file_that_comes_later_is_seen)
{
	use_hosts("");
	ck_assert_int_eq(unlink(hosts_path), 0);
	settle();
	ck_assert(!is_local("a.lan"));
	put_file("hosts", "192.0.2.1 a.lan\n");
	run_until(loop, is_local, "a.lan");
}
END_TEST

/* Of a program that never closes its file, such as Kea. */
START_TEST(lease_is_seen_when_it_is_written)
{
	FILE *file = fopen(in_folder("leases"), "w");
	ck_assert_ptr_nonnull(file);
	char path[128];
	snprintf(path, sizeof(path), "%s/leases", test_folder);
	settings.local_leases = (struct tarn__names){.items = {path}, .count = 1};
	settle();
	fprintf(file, "0 02:00:00:00:00:01 192.0.2.1 laptop *\n");
	fflush(file);
	run_until(loop, is_local, "laptop");
	fprintf(file, "0 02:00:00:00:00:02 192.0.2.2 phone *\n");
	fflush(file);
	run_until(loop, is_local, "phone");
	fclose(file);
}
END_TEST

START_TEST(reload_without_local_names_takes_them_away)
{
	use_hosts("192.0.2.1 a.lan\n");
	settle();
	settings.local_hosts.count = 0;
	ck_assert_int_eq(tarn__naming_set(&naming, &settings), 0);
	ck_assert(is_local("a.lan"));
	tarn__naming_settle(&naming);
	ck_assert(!is_local("a.lan"));
	ck_assert(!naming.watch.is_open);
	ck_assert_ptr_null(naming.local);
}
END_TEST

START_TEST(reload_that_is_undone_changes_nothing)
{
	use_hosts("192.0.2.1 a.lan\n");
	settle();
	const struct tarn__local_files *before = naming.local;
	struct tarn__settings other = settings;
	other.local_domain = "lan";
	ck_assert_int_eq(tarn__naming_set(&naming, &other), 0);
	ck_assert_int_eq(tarn__naming_set(&naming, &settings), 0);
	tarn__naming_settle(&naming);
	ck_assert_ptr_eq(naming.local, before);
	ck_assert(is_local("a.lan"));
}
END_TEST

START_TEST(lists_are_in_force_when_the_start_goes_on)
{
	ck_assert_int_eq(mkdir(state_path, 0700), 0);
	settings.state = state_path;
	use_list("a.example\n");
	settle();
	ck_assert(is_listed("a.example"));
	ck_assert_int_eq(access(in_folder("state/lists.tl"), F_OK), 0);
	/* A second one, which takes the compiled file. */
	tarn__naming_stop(&naming);
	tarn__naming_init(&naming, tarn, loop, &quiet);
	settle();
	ck_assert(has_ended(NULL));
	ck_assert(is_listed("a.example"));
}
END_TEST

START_TEST(list_that_changes_is_compiled)
{
	settings.state = "none";
	use_list("a.example\n");
	settle();
	ck_assert(is_listed("a.example"));
	replace_file("ads.txt", "b.example\n");
	run_until(loop, is_listed, "b.example");
	ck_assert(!is_listed("a.example"));
	/* Without a change it is read by request only. */
	tarn__naming_reread(&naming);
	ck_assert(!has_ended(NULL));
	run_until(loop, has_ended, NULL);
	settings.list_count = 0;
	settle();
	ck_assert(!is_listed("b.example"));
	ck_assert_ptr_null(naming.lists);
}
END_TEST

static int say(const char *text, bool is_block, uint64_t until_s)
{
	struct tarn__name name;
	name.len = tarn__name_parse(text, name.octets);
	return tarn__naming_say(&naming, &name, is_block, until_s);
}

static int take_back(const char *text)
{
	struct tarn__name name;
	name.len = tarn__name_parse(text, name.octets);
	return tarn__naming_take_back(&naming, &name);
}

START_TEST(name_is_blocked_and_unblocked_for_a_time)
{
	settings.state = "none";
	use_list("ads.example\n");
	settle();
	/* Without struct tarn_io it is 1970 for decide(). */
	ck_assert_int_eq(say("game.example", true, UINT64_MAX), 0);
	ck_assert_str_eq(decide("www.GAME.example"), "overrides");
	ck_assert_int_eq(say("ads.example", false, UINT64_MAX), 0);
	ck_assert_ptr_null(decide("ads.example"));
	/* A reload does not end it. */
	settle();
	ck_assert_ptr_null(decide("ads.example"));
	ck_assert_int_eq(say("Game.example", false, UINT64_MAX), 0);
	ck_assert_uint_eq(naming.said.count, 2);
	ck_assert_ptr_null(decide("game.example"));
	ck_assert_int_eq(take_back("ads.example"), 0);
	ck_assert(is_listed("ads.example"));
	ck_assert_int_eq(take_back("ads.example"), TARN_EINVAL);
	/* What is over is not kept. */
	ck_assert_int_eq(say("over.example", true, 1), 0);
	ck_assert_int_eq(say("other.example", true, UINT64_MAX), 0);
	ck_assert_uint_eq(naming.said.count, 2);
}
END_TEST

START_TEST(pause_suspends_all_lists)
{
	settings.state = "none";
	use_list("ads.example\n");
	settle();
	ck_assert_int_eq(say("game.example", true, UINT64_MAX), 0);
	ck_assert_int_eq(tarn__naming_pause(&naming, UINT64_MAX), 0);
	ck_assert_ptr_null(decide("ads.example"));
	ck_assert_str_eq(decide("game.example"), "overrides");
	ck_assert_int_eq(tarn__naming_pause(&naming, 0), 0);
	ck_assert(is_listed("ads.example"));
	ck_assert_str_eq(decide("game.example"), "overrides");
	ck_assert_int_eq(take_back("game.example"), 0);
	ck_assert_ptr_null(naming.data.overrides);
}
END_TEST

START_TEST(names_that_are_said_are_bounded)
{
	for (int i = 0; i < TARN__OVERRIDES_MAX; i++) {
		char text[32];
		snprintf(text, sizeof(text), "n%d.example", i);
		ck_assert_int_eq(say(text, true, UINT64_MAX), 0);
	}
	ck_assert_int_eq(say("more.example", true, UINT64_MAX), TARN_EBUSY);
	ck_assert_int_eq(say("n0.example", false, UINT64_MAX), 0);
	ck_assert_str_eq(decide("n1.example"), "overrides");
	ck_assert_ptr_null(decide("n0.example"));
}
END_TEST

START_TEST(figures_follow)
{
	use_hosts("192.0.2.1 a.lan b.lan\n");
	use_list("a.example\na..b\n");
	settings.state = "none";
	settle();
	struct tarn__name_figures figures;
	tarn__figures_read(&naming.board, &figures);
	/* With ip6-localhost and ip6-loopback. */
	ck_assert_uint_eq(figures.local_names, 4);
	ck_assert_uint_eq(figures.list_count, 1);
	ck_assert_uint_eq(figures.lists[0].names, 1);
	ck_assert_uint_eq(figures.lists[0].faults, 1);
	ck_assert_str_eq(tarn__list_slots_name(figures.slots, 1), "ads");
	/* A list that has gone. */
	ck_assert_int_eq(unlink(list_path), 0);
	tarn__naming_reread(&naming);
	run_until(loop, has_ended, NULL);
	tarn__figures_read(&naming.board, &figures);
	ck_assert_uint_eq(figures.lists[0].names, 1);
	ck_assert_uint_eq(figures.lists[0].faults, 2);
	settings.list_count = 0;
	settings.local_hosts.count = 0;
	settle();
	tarn__figures_read(&naming.board, &figures);
	ck_assert_uint_eq(figures.local_names, 0);
	ck_assert_uint_eq(figures.list_count, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("naming");
	TCase *tcase = tcase_create("naming");
	tcase_set_timeout(tcase, 2 * WATCHDOG_SEC);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, nothing_configured_takes_nothing);
	tcase_add_test(tcase, line_of_a_hosts_file_comes_and_goes);
	tcase_add_test(tcase, file_that_comes_later_is_seen);
	tcase_add_test(tcase, lease_is_seen_when_it_is_written);
	tcase_add_test(tcase, reload_without_local_names_takes_them_away);
	tcase_add_test(tcase, reload_that_is_undone_changes_nothing);
	tcase_add_test(tcase, lists_are_in_force_when_the_start_goes_on);
	tcase_add_test(tcase, list_that_changes_is_compiled);
	tcase_add_test(tcase, name_is_blocked_and_unblocked_for_a_time);
	tcase_add_test(tcase, pause_suspends_all_lists);
	tcase_add_test(tcase, names_that_are_said_are_bounded);
	tcase_add_test(tcase, figures_follow);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
