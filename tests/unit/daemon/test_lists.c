/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/names/lists.c, list_compile.c, list_file.c, list_plan.c: lists of the settings, from their files
 * to the rules in force, over changes, faults and restarts.
 */

#include "config.h"

#include "daemon/names/lists.h"

#include <errno.h>
#include <fcntl.h>

#include "daemon/names/figures.h"
#include "daemon/names/list_file.h"
#include "dns/text.h"
#include "dns/type.h"
#include "support/folder.h"
#include "support/log.h"
#include "support/net.h"
#include "support/unit.h"

enum { LISTS_MAX = 4 };

static struct ev_loop *loop;
static struct tarn__list_slots slots;
static struct tarn__list_settings list_settings[LISTS_MAX];
static struct tarn__group_settings group_settings[1];
static struct tarn__settings settings;
static struct tarn__list_keeper *keeper;
static struct tarn__lists *lists; /* as the workers would have them */
static unsigned changes, reports;

static void on_changed(void *data, struct tarn__lists *other)
{
	(void)data;
	tarn__lists_put(lists);
	lists = other;
	changes++;
}

static void on_reported(void *data)
{
	(void)data;
	reports++;
}

static void set_up(void)
{
	make_folder();
	ck_assert_int_eq(mkdir(in_folder("state"), 0750), 0);
	open_log();
	loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	ck_assert_ptr_nonnull(loop);
	memset(list_settings, 0, sizeof(list_settings));
	settings = (struct tarn__settings){.lists = list_settings};
}

static void tear_down(void)
{
	tarn__list_keeper_free(keeper);
	keeper = NULL;
	tarn__lists_put(lists);
	lists = NULL;
	tarn__list_slots_fini(&slots);
	ev_loop_destroy(loop);
	close_log();
	remove_folder();
}

/* ---- lists of the settings --------------------------------------------------------------- */

static struct tarn__list_settings *add_list(enum tarn__rule_set_kind kind, const char *name)
{
	struct tarn__list_settings *list = &list_settings[settings.list_count++];
	*list = (struct tarn__list_settings){
		.kind = kind, .name = name, .answer = TARN__NAMELIST_NXDOMAIN, .ttl = 10};
	return list;
}

static void enlist(struct tarn__names *names, const char *text)
{
	names->items[names->count++] = text;
}

/* A path that lasts for the test. */
static const char *kept(const char *name)
{
	static char paths[8][128];
	static unsigned next;
	char *out = paths[next++ % 8];
	snprintf(out, sizeof(paths[0]), "%s/%s", test_folder, name);
	return out;
}

/* block "ads" { file = ads.txt } */
static struct tarn__list_settings *add_ads(const char *text)
{
	struct tarn__list_settings *list = add_list(TARN__RULE_SET_BLOCK, "ads");
	enlist(&list->files, kept("ads.txt"));
	if (text)
		put_file("ads.txt", text);
	return list;
}

/* ---- the keeper -------------------------------------------------------------------------- */

static void make_keeper(const char *folder)
{
	keeper =
		tarn__list_keeper_new(&(struct tarn__list_keeper_options){.loop = loop,
									  .log = &test_log,
									  .slots = &slots,
									  .folder = folder,
									  .changed = on_changed,
									  .reported = on_reported});
	ck_assert_ptr_nonnull(keeper);
}

static void set_plan(void)
{
	struct tarn__list_plan *plan = tarn__list_plan_new(&settings);
	ck_assert_ptr_nonnull(plan);
	tarn__list_keeper_set(keeper, plan);
	tarn__list_plan_put(plan);
}

static bool is_idle(void *arg)
{
	(void)arg;
	return !tarn__list_keeper_state(keeper).is_compiling;
}

static void wait_until_idle(void)
{
	run_until(loop, is_idle, NULL);
}

static void start(void)
{
	make_keeper(kept("state"));
	set_plan();
	wait_until_idle();
}

/* A start after the end of the process. */
static void restart(void)
{
	tarn__list_keeper_free(keeper);
	keeper = NULL;
	tarn__lists_put(lists);
	lists = NULL;
	changes = reports = 0;
	logged();
	make_keeper(kept("state"));
	set_plan();
}

static void refresh(void)
{
	tarn__list_keeper_refresh(keeper, false);
	wait_until_idle();
}

static struct tarn__verdict judge(const char *text)
{
	uint8_t name[TARN__NAME_MAX];
	struct tarn__verdict verdict;
	size_t len = tarn__name_parse(text, name);
	ck_assert_uint_gt(len, 0);
	ck_assert_ptr_nonnull(lists);
	tarn__rules_judge(tarn__lists_rules(lists), name, len, TARN__TYPE_A, 1, &verdict);
	return verdict;
}

static bool is_blocked(const char *text)
{
	return judge(text).kind == TARN__VERDICT_ACT;
}

static struct tarn__namelist_source source(unsigned number)
{
	struct tarn__namelist_source out;
	tarn__namelist_source(tarn__rules_list(tarn__lists_rules(lists)), number, &out);
	return out;
}

/* ---- compiling --------------------------------------------------------------------------- */

START_TEST(names_of_files_and_sections_are_rules)
{
	struct tarn__list_settings *ads = add_ads("a.example\n||b.example^\na..b\n");
	enlist(&ads->names, "tracker.example");
	enlist(&add_list(TARN__RULE_SET_ALLOW, "mine")->names, "good.example");
	start();
	ck_assert(is_blocked("a.example") && is_blocked("x.b.example"));
	ck_assert(is_blocked("x.tracker.example"));
	ck_assert(!is_blocked("x.a.example"));
	ck_assert_int_eq(judge("good.example").kind, TARN__VERDICT_ALLOW);
	ck_assert_uint_eq(changes, 1);
	ck_assert_uint_eq(reports, 1);
	const char *text = logged();
	ck_assert_ptr_nonnull(strstr(text, "block \"ads\": 2 names of /tmp/"));
	ck_assert_ptr_nonnull(strstr(text, "ads.txt (domains), 1 invalid\n"));
	ck_assert_ptr_nonnull(strstr(text, "ads.txt:3: not a rule: a..b\n"));
	ck_assert_ptr_nonnull(strstr(text, "lists: 4 names compiled in 0."));
}
END_TEST

START_TEST(allow_list_allows_before_the_block_list_behind_it)
{
	enlist(&add_list(TARN__RULE_SET_ALLOW, "mine")->files, kept("allowed.txt"));
	put_file("allowed.txt", "good.example\n");
	add_ads("good.example\nbad.example\n");
	start();
	ck_assert_int_eq(judge("good.example").kind, TARN__VERDICT_ALLOW);
	ck_assert(is_blocked("bad.example"));
}
END_TEST

START_TEST(format_and_subdomains_are_those_of_the_settings)
{
	struct tarn__list_settings *list = add_ads("0.0.0.0 a.example\n");
	list->format = TARN__NAMELIST_HOSTS;
	list->subdomains = TARN__NAMELIST_WITH;
	start();
	ck_assert(is_blocked("x.a.example"));
	ck_assert_int_eq(source(0).format, TARN__NAMELIST_HOSTS);
	list->subdomains = TARN__NAMELIST_WITHOUT;
	set_plan();
	wait_until_idle();
	ck_assert(is_blocked("a.example") && !is_blocked("x.a.example"));
}
END_TEST

START_TEST(files_of_a_folder_are_lists)
{
	ck_assert_int_eq(mkdir(in_folder("d"), 0700), 0);
	put_file("d/1", "a.example\n");
	enlist(&add_list(TARN__RULE_SET_BLOCK, "ads")->files, kept("d"));
	start();
	ck_assert(is_blocked("a.example"));
	put_file("d/2", "b.example\n");
	refresh();
	ck_assert(is_blocked("a.example") && is_blocked("b.example"));
	/* One that goes was taken out on purpose. */
	ck_assert_int_eq(unlink(in_folder("d/1")), 0);
	refresh();
	ck_assert(!is_blocked("a.example") && is_blocked("b.example"));
}
END_TEST

START_TEST(list_beyond_the_sixty_fourth_is_a_fault)
{
	ck_assert_int_eq(mkdir(in_folder("d"), 0700), 0);
	for (int i = 0; i <= TARN__NAMELIST_SOURCES_MAX; i++) {
		char name[16], text[32];
		snprintf(name, sizeof(name), "d/%02d", i);
		snprintf(text, sizeof(text), "n%d.example\n", i);
		put_file(name, text);
	}
	enlist(&add_list(TARN__RULE_SET_BLOCK, "ads")->files, kept("d"));
	start();
	ck_assert(is_blocked("n63.example") && !is_blocked("n64.example"));
	struct tarn__list_state state = tarn__list_keeper_state(keeper);
	ck_assert_uint_eq(state.fault_count, 1);
	ck_assert_ptr_nonnull(strstr(state.faults[0].path, "d/64"));
}
END_TEST

START_TEST(nothing_has_changed_and_nothing_is_compiled)
{
	add_ads("a.example\n");
	start();
	refresh();
	ck_assert_uint_eq(changes, 1);
	ck_assert_uint_eq(reports, 2);
	tarn__list_keeper_refresh(keeper, true);
	wait_until_idle();
	ck_assert_uint_eq(changes, 2);
}
END_TEST

START_TEST(changes_while_it_compiles_are_compiled_after_it)
{
	add_ads("a.example\n");
	make_keeper(kept("state"));
	set_plan();
	put_file("ads.txt", "b.example\nc.example\n");
	tarn__list_keeper_refresh(keeper, false);
	wait_until_idle();
	ck_assert(is_blocked("b.example") && !is_blocked("a.example"));
}
END_TEST

START_TEST(only_the_lists_that_are_other_ones_are_logged)
{
	add_ads("a.example\n");
	enlist(&add_list(TARN__RULE_SET_BLOCK, "more")->files, kept("more.txt"));
	put_file("more.txt", "m.example\n");
	start();
	logged();
	put_file("ads.txt", "a.example\nb.example\n");
	refresh();
	const char *text = logged();
	ck_assert_ptr_nonnull(strstr(text, "block \"ads\": 2 names"));
	ck_assert_ptr_null(strstr(text, "block \"more\""));
}
END_TEST

/* ---- lists that cannot be read ----------------------------------------------------------- */

START_TEST(list_that_cannot_be_read_keeps_all_of_before)
{
	add_ads("a.example\n");
	enlist(&add_list(TARN__RULE_SET_BLOCK, "more")->files, kept("more.txt"));
	put_file("more.txt", "m.example\n");
	start();
	logged();
	ck_assert_int_eq(unlink(in_folder("ads.txt")), 0);
	put_file("more.txt", "other.example\n");
	refresh();
	ck_assert(is_blocked("a.example") && is_blocked("m.example"));
	ck_assert(!is_blocked("other.example"));
	ck_assert_uint_eq(changes, 1);
	struct tarn__list_state state = tarn__list_keeper_state(keeper);
	ck_assert_uint_eq(state.fault_count, 1);
	ck_assert_str_eq(state.faults[0].set, "ads");
	ck_assert_str_eq(state.faults[0].reason, strerror(ENOENT));
	ck_assert_ptr_nonnull(strstr(logged(), "all lists stay as they were"));
	refresh();
	ck_assert_str_eq(logged(), "|");
	put_file("ads.txt", "b.example\n");
	refresh();
	ck_assert(is_blocked("b.example") && is_blocked("other.example"));
	ck_assert_uint_eq(tarn__list_keeper_state(keeper).fault_count, 0);
}
END_TEST

START_TEST(folder_that_cannot_be_read_keeps_all_of_before)
{
	ck_assert_int_eq(mkdir(in_folder("d"), 0700), 0);
	put_file("d/1", "a.example\n");
	enlist(&add_list(TARN__RULE_SET_BLOCK, "ads")->files, kept("d"));
	start();
	ck_assert_int_eq(rename(in_folder("d"), in_folder("e")), 0);
	refresh();
	ck_assert(is_blocked("a.example"));
	ck_assert_uint_eq(tarn__list_keeper_state(keeper).fault_count, 1);
}
END_TEST

START_TEST(list_that_was_never_there_is_left_out)
{
	add_ads(NULL);
	enlist(&add_list(TARN__RULE_SET_BLOCK, "more")->files, kept("more.txt"));
	put_file("more.txt", "m.example\n");
	start();
	ck_assert(is_blocked("m.example"));
	ck_assert_ptr_nonnull(strstr(logged(), "its names are not known"));
	/* The others go their way. */
	put_file("more.txt", "o.example\n");
	refresh();
	ck_assert(is_blocked("o.example") && !is_blocked("m.example"));
	put_file("ads.txt", "a.example\n");
	refresh();
	ck_assert(is_blocked("a.example"));
	ck_assert_uint_eq(tarn__list_keeper_state(keeper).fault_count, 0);
}
END_TEST

START_TEST(pipe_in_place_of_a_list_is_not_waited_for)
{
	add_ads("a.example\n");
	start();
	ck_assert_int_eq(unlink(in_folder("ads.txt")), 0);
	ck_assert_int_eq(mkfifo(in_folder("ads.txt"), 0600), 0);
	refresh();
	ck_assert(is_blocked("a.example"));
	ck_assert_str_eq(tarn__list_keeper_state(keeper).faults[0].reason, "a pipe");
}
END_TEST

START_TEST(list_of_more_than_a_gibibyte_is_not_read)
{
	add_ads("a.example\n");
	start();
	ck_assert_int_eq(truncate(in_folder("ads.txt"), (off_t)TARN__LIST_SIZE_MAX + 1), 0);
	refresh();
	ck_assert(is_blocked("a.example"));
	ck_assert_ptr_nonnull(strstr(tarn__list_keeper_state(keeper).faults[0].reason, "1 GiB"));
}
END_TEST

START_TEST(any_octets_are_a_list)
{
	static uint8_t octets[100000];
	uint32_t state = 1;
	for (size_t i = 0; i < sizeof(octets); i++) {
		state = state * 1103515245 + 12345;
		octets[i] = (uint8_t)(state >> 16);
	}
	add_ads(NULL);
	write_octets("ads.txt", "w", octets, sizeof(octets));
	append_to_file("ads.txt", "\na.example\n");
	start();
	ck_assert(is_blocked("a.example"));
	ck_assert_uint_gt(source(0).invalid + source(0).not_dns, 0);
	ck_assert_uint_le(source(0).fault_count, TARN__NAMELIST_EXAMPLES_MAX);
}
END_TEST

/* ---- the compiled file ------------------------------------------------------------------- */

START_TEST(start_takes_the_compiled_file)
{
	add_ads("a.example\n");
	start();
	struct stat status;
	ck_assert_int_eq(stat(in_folder("state/lists.tl"), &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0640);
	ck_assert_int_ne(access(in_folder("state/.lists.tl.new"), F_OK), 0);
	restart();
	/* At once, and without a thread. */
	ck_assert(is_idle(NULL));
	ck_assert_uint_eq(reports, 0);
	ck_assert(is_blocked("a.example"));
	ck_assert_ptr_nonnull(strstr(logged(), "lists: 1 names, compiled before"));
}
END_TEST

START_TEST(start_takes_the_compiled_file_though_a_list_has_changed)
{
	add_ads("a.example\n");
	start();
	put_file("ads.txt", "b.example\nc.example\n");
	restart();
	ck_assert(is_blocked("a.example"));
	wait_until_idle();
	ck_assert(is_blocked("b.example") && !is_blocked("a.example"));
}
END_TEST

START_TEST(start_takes_the_compiled_file_though_a_list_is_gone)
{
	add_ads("a.example\n");
	start();
	ck_assert_int_eq(unlink(in_folder("ads.txt")), 0);
	restart();
	ck_assert(is_blocked("a.example"));
	wait_until_idle();
	ck_assert(is_blocked("a.example"));
	ck_assert_uint_eq(tarn__list_keeper_state(keeper).fault_count, 1);
}
END_TEST

START_TEST(compiled_file_of_other_settings_is_not_taken)
{
	struct tarn__list_settings *list = add_ads("a.example\n");
	start();
	list->subdomains = TARN__NAMELIST_WITH;
	restart();
	ck_assert_ptr_null(lists);
	wait_until_idle();
	ck_assert(is_blocked("x.a.example"));
}
END_TEST

static size_t file_len(const char *name)
{
	struct stat status;
	ck_assert_int_eq(stat(in_folder(name), &status), 0);
	return (size_t)status.st_size;
}

static void damage(size_t at)
{
	int fd = open(in_folder("state/lists.tl"), O_RDWR);
	uint8_t octet;
	ck_assert_int_eq(pread(fd, &octet, 1, (off_t)at), 1);
	octet ^= 0x10;
	ck_assert_int_eq(pwrite(fd, &octet, 1, (off_t)at), 1);
	close(fd);
}

START_TEST(damaged_file_is_compiled_anew)
{
	add_ads("a.example\n");
	start();
	damage(file_len("state/lists.tl") / 2);
	restart();
	ck_assert_ptr_null(lists);
	ck_assert_ptr_nonnull(strstr(logged(), "damaged"));
	wait_until_idle();
	ck_assert(is_blocked("a.example"));
}
END_TEST

static int map_file(struct tarn__list_plan *plan)
{
	struct tarn__rules *rules;
	struct tarn__list_image image;
	ck_assert_int_eq(tarn__list_file_open(kept("state"), &image), 0);
	int error = tarn__list_image_use(&image, plan, &rules);
	tarn__list_image_close(&image);
	if (error == 0)
		tarn__rules_put(rules);
	return error;
}

START_TEST(no_octet_of_the_file_may_be_another_and_none_may_lack)
{
	add_ads("a.example\nb.example\n");
	start();
	struct tarn__list_plan *plan = tarn__list_plan_new(&settings);
	size_t len = file_len("state/lists.tl");
	ck_assert_int_eq(map_file(plan), 0);
	for (size_t at = 0; at < len; at++) {
		damage(at);
		ck_assert_int_ne(map_file(plan), 0);
		damage(at);
	}
	ck_assert_int_eq(map_file(plan), 0);
	while (len > 0) {
		len -= len > 16 ? 16 : len;
		ck_assert_int_eq(truncate(in_folder("state/lists.tl"), (off_t)len), 0);
		ck_assert_int_ne(map_file(plan), 0);
	}
	tarn__list_plan_put(plan);
}
END_TEST

START_TEST(file_that_others_can_write_to_is_not_taken)
{
	add_ads("a.example\n");
	start();
	ck_assert_int_eq(chmod(in_folder("state/lists.tl"), 0660), 0);
	struct tarn__list_image image;
	ck_assert_int_eq(tarn__list_file_open(kept("state"), &image), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq(chmod(in_folder("state/lists.tl"), 0640), 0);
	ck_assert_int_eq(tarn__list_file_open(kept("state"), &image), 0);
	tarn__list_image_close(&image);
}
END_TEST

START_TEST(link_in_place_of_the_file_is_not_followed)
{
	add_ads("a.example\n");
	start();
	ck_assert_int_eq(rename(in_folder("state/lists.tl"), in_folder("victim")), 0);
	ck_assert_int_eq(symlink(in_folder("victim"), in_folder("state/lists.tl")), 0);
	ck_assert_int_eq(symlink(in_folder("victim"), in_folder("state/.lists.tl.new")), 0);
	struct tarn__list_image image;
	ck_assert_int_eq(tarn__list_file_open(kept("state"), &image), -1);
	size_t len = file_len("victim");
	put_file("ads.txt", "b.example\nc.example\n");
	refresh();
	ck_assert_uint_eq(file_len("victim"), len);
	struct stat status;
	ck_assert_int_eq(lstat(in_folder("state/lists.tl"), &status), 0);
	ck_assert(S_ISREG(status.st_mode));
}
END_TEST

START_TEST(without_a_folder_it_is_in_memory)
{
	add_ads("a.example\n");
	make_keeper(NULL);
	set_plan();
	wait_until_idle();
	ck_assert(is_blocked("a.example"));
	ck_assert_int_ne(access(in_folder("state/lists.tl"), F_OK), 0);
	ck_assert_ptr_null(tarn__list_keeper_state(keeper).problem);
	/* Another answer, for the same memory. */
	list_settings[0].answer = TARN__NAMELIST_REFUSED;
	set_plan();
	ck_assert_int_eq(judge("a.example").action, TARN__NAMELIST_REFUSED);
	wait_until_idle();
	ck_assert_uint_eq(changes, 2);
}
END_TEST

START_TEST(memory_takes_what_is_written)
{
	struct tarn__list_writer *writer = malloc(sizeof(*writer));
	struct tarn__list_image image;
	static uint8_t octets[3 * TARN__LIST_FILE_BUFFER + 1];
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(i * 7 + i / 256);
	for (size_t len = 1; len <= sizeof(octets); len += TARN__LIST_FILE_BUFFER / 2) {
		ck_assert(tarn__list_writer_begin(writer, NULL));
		for (size_t at = 0; at < len; at += 1000)
			ck_assert_int_eq(tarn__list_writer_write(writer, octets + at,
								 len - at < 1000 ? len - at : 1000),
					 0);
		ck_assert_int_eq(tarn__list_writer_end(writer, &image), 0);
		ck_assert_uint_eq(image.len, len);
		ck_assert_int_eq(memcmp(image.octets, octets, len), 0);
		tarn__list_image_close(&image);
	}
	/* Nothing is no list. */
	ck_assert(tarn__list_writer_begin(writer, NULL));
	ck_assert_int_eq(tarn__list_writer_end(writer, &image), -1);
	free(writer);
}
END_TEST

START_TEST(where_nothing_can_be_written_it_is_in_memory_and_said)
{
	add_ads("a.example\n");
	make_keeper(kept("nowhere"));
	set_plan();
	wait_until_idle();
	ck_assert(is_blocked("a.example"));
	ck_assert_str_eq(tarn__list_keeper_state(keeper).problem, strerror(ENOENT));
	ck_assert_ptr_nonnull(strstr(logged(), "kept in memory"));
}
END_TEST

START_TEST(disk_without_room_means_memory)
{
	struct tarn__list_writer *writer = malloc(sizeof(*writer));
	ck_assert(tarn__list_writer_begin(writer, kept("state")));
	struct tarn__list_image image;
	close(writer->image.fd);
	writer->image.fd = open("/dev/full", O_WRONLY);
	ck_assert_int_ge(writer->image.fd, 0);
	ck_assert_int_eq(tarn__list_writer_write(writer, "octets", 6), 0);
	ck_assert_int_eq(tarn__list_writer_end(writer, &image), -1);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_int_ne(access(in_folder("state/.lists.tl.new"), F_OK), 0);
	ck_assert_int_ne(access(in_folder("state/lists.tl"), F_OK), 0);
	free(writer);
}
END_TEST

/* ---- settings ---------------------------------------------------------------------------- */

START_TEST(another_answer_is_in_force_at_once)
{
	struct tarn__list_settings *list = add_ads("a.example\n");
	start();
	ck_assert_int_eq(judge("a.example").action, TARN__NAMELIST_NXDOMAIN);
	list->answer = TARN__NAMELIST_REFUSED;
	list->name = "renamed";
	set_plan();
	ck_assert_int_eq(judge("a.example").action, TARN__NAMELIST_REFUSED);
	ck_assert_uint_eq(changes, 2);
	wait_until_idle();
	/* Nothing was compiled for it. */
	ck_assert_uint_eq(changes, 2);
	ck_assert_str_eq(tarn__rules_set(tarn__lists_rules(lists), 0)->name, "renamed");
}
END_TEST

START_TEST(digest_is_of_all_that_is_compiled)
{
	struct tarn__list_settings *list = add_ads("a.example\n"), before = *list;
	struct tarn__list_plan *plan = tarn__list_plan_new(&settings);
	uint64_t digest = plan->digest;
	tarn__list_plan_put(plan);
	for (int i = 0; i < 6; i++) {
		*list = before;
		list->kind = i == 0 ? TARN__RULE_SET_ALLOW : before.kind;
		list->format = i == 1 ? TARN__NAMELIST_HOSTS : before.format;
		list->subdomains = i == 2 ? TARN__NAMELIST_WITH : before.subdomains;
		if (i == 3)
			enlist(&list->files, "/other");
		if (i == 4)
			enlist(&list->names, "x.example");
		if (i == 5)
			list->ttl = 11;
		plan = tarn__list_plan_new(&settings);
		/* The TTL is not compiled, but for response policy zones. */
		ck_assert_int_eq(plan->digest == digest, i == 5);
		tarn__list_plan_put(plan);
	}
}
END_TEST

START_TEST(list_of_a_group_is_for_its_clients)
{
	group_settings[0] = (struct tarn__group_settings){.name = "kids"};
	settings.groups = group_settings;
	settings.group_count = 1;
	struct tarn__list_settings *list = add_ads("a.example\n");
	enlist(&list->groups, "kids");
	struct tarn__list_plan *plan = tarn__list_plan_new(&settings);
	ck_assert_uint_eq(plan->sets[0].rules.groups, 2);
	tarn__list_plan_put(plan);
	enlist(&list->groups, "default");
	plan = tarn__list_plan_new(&settings);
	ck_assert_uint_eq(plan->sets[0].rules.groups, 3);
	tarn__list_plan_put(plan);
	list->groups.count = 0;
	plan = tarn__list_plan_new(&settings);
	ck_assert_uint_eq(plan->sets[0].rules.groups, UINT32_MAX);
	tarn__list_plan_put(plan);
}
END_TEST

/* ---- response policy zones --------------------------------------------------------------- */

static struct tarn__list_settings *add_zone(const char *text)
{
	struct tarn__list_settings *list = add_list(TARN__RULE_SET_RPZ, "rpz.example");
	list->answer = TARN__NAMELIST_DEFAULT;
	enlist(&list->files, kept("rpz"));
	put_file("rpz", text);
	return list;
}

static const char zone[] = "$TTL 300\n@ SOA . . 1 2 3 4 5\n  NS .\n"
			   "bad.example CNAME .\n*.bad.example CNAME .\n"
			   "nodata.example CNAME *.\nok.example CNAME rpz-passthru.\n"
			   "x.example A 192.0.2.1\nx.example A 192.0.2.2\n"
			   "24.0.2.0.192.rpz-nsip CNAME .\nthis is no record\n"
			   "24.0.2.0.192.rpz-ip CNAME .\n24.1.2.0.192.rpz-ip CNAME .\n";

START_TEST(zone_is_a_list_with_actions_of_its_own)
{
	add_zone(zone);
	start();
	ck_assert_int_eq(judge("bad.example").action, TARN__NAMELIST_NXDOMAIN);
	ck_assert_int_eq(judge("www.bad.example").action, TARN__NAMELIST_NXDOMAIN);
	ck_assert_int_eq(judge("nodata.example").action, TARN__NAMELIST_NODATA);
	ck_assert_int_eq(judge("ok.example").kind, TARN__VERDICT_ALLOW);
	struct tarn__verdict verdict = judge("x.example");
	ck_assert_int_eq(verdict.action, TARN__NAMELIST_DATA);
	uint8_t name[TARN__NAME_MAX];
	size_t len = tarn__name_parse("x.example", name);
	struct tarn__rule_record record;
	uint32_t cursor = 0;
	unsigned count = 0;
	while (tarn__rules_record_next(tarn__lists_rules(lists), &verdict, name, len, TARN__TYPE_A,
				       &cursor, &record)) {
		ck_assert_uint_eq(record.ttl_sec, 10);
		count++;
	}
	ck_assert_uint_eq(count, 2);
	ck_assert_uint_eq(source(0).unsupported, 1);
	ck_assert_uint_eq(source(0).invalid, 2);
	ck_assert_uint_eq(source(0).faults[0].line, 11);
	ck_assert_uint_eq(source(0).faults[1].line, 13);
	ck_assert_ptr_nonnull(strstr(logged(), "1 rules need a full resolver"));
}
END_TEST

START_TEST(zone_may_have_another_name_than_its_section)
{
	add_zone("$ORIGIN other.zone.\n@ SOA . . 1 2 3 4 5\nbad.example CNAME .\n");
	start();
	ck_assert(is_blocked("bad.example"));
	ck_assert_uint_eq(source(0).invalid, 0);
}
END_TEST

START_TEST(override_is_the_action_of_all_rules)
{
	struct tarn__list_settings *list = add_zone(zone);
	list->override = "nodata";
	start();
	ck_assert_int_eq(judge("bad.example").action, TARN__NAMELIST_NODATA);
	ck_assert_int_eq(judge("x.example").action, TARN__NAMELIST_NODATA);
	ck_assert_int_eq(judge("ok.example").action, TARN__NAMELIST_NODATA);
	list->override = "passthru";
	set_plan();
	wait_until_idle();
	ck_assert_int_eq(judge("bad.example").kind, TARN__VERDICT_ALLOW);
	list->override = "disabled";
	set_plan();
	wait_until_idle();
	ck_assert_int_eq(judge("bad.example").kind, TARN__VERDICT_PASS);
}
END_TEST

/* ---- from start to end ------------------------------------------------------------------- */

START_TEST(start_can_wait_for_the_lists)
{
	add_ads("a.example\n");
	make_keeper(kept("state"));
	set_plan();
	tarn__list_keeper_wait(keeper, 1000 * WATCHDOG_SEC);
	ck_assert(is_blocked("a.example"));
	ck_assert(is_idle(NULL));
	/* What the thread has sent to the loop means nothing any more. */
	run_dry(loop);
	ck_assert_uint_eq(changes, 1);
}
END_TEST

START_TEST(end_does_not_wait_for_the_lists)
{
	static char text[1 << 20];
	for (size_t i = 0; i < sizeof(text); i += 16) {
		char line[17];
		snprintf(line, sizeof(line), "n%011zu.uk\n", i);
		memcpy(text + i, line, 16);
	}
	add_ads(NULL);
	for (int i = 0; i < 32; i++)
		write_octets("ads.txt", "a", text, sizeof(text));
	make_keeper(kept("state"));
	set_plan();
	tarn__list_keeper_free(keeper);
	keeper = NULL;
	ck_assert_ptr_null(lists);
}
END_TEST

START_TEST(slots_are_by_name_for_good)
{
	ck_assert_uint_eq(tarn__list_slots_take(&slots, "a"), 1);
	ck_assert_uint_eq(tarn__list_slots_take(&slots, "b"), 2);
	ck_assert_uint_eq(tarn__list_slots_take(&slots, "a"), 1);
	for (int i = 3; i < TARN__LIST_SLOTS; i++) {
		char name[16];
		snprintf(name, sizeof(name), "%d", i);
		ck_assert_uint_eq(tarn__list_slots_take(&slots, name), i);
	}
	ck_assert_uint_eq(tarn__list_slots_take(&slots, "one more"), 0);
	ck_assert_str_eq(tarn__list_slots_name(&slots, 2), "b");
	ck_assert_ptr_null(tarn__list_slots_name(&slots, 0));
	ck_assert_ptr_null(tarn__list_slots_name(&slots, TARN__LIST_SLOTS));
}
END_TEST

START_TEST(figures_sum_up_the_files_of_a_list)
{
	struct tarn__list_settings *list = add_ads("a.example\na..b\n");
	enlist(&list->names, "x.example");
	enlist(&list->files, kept("missing.txt"));
	start();
	struct tarn__name_figures figures;
	struct tarn__list_state state = tarn__list_keeper_state(keeper);
	tarn__list_figures_set(&figures, &state);
	ck_assert_uint_eq(figures.list_count, 1);
	ck_assert_str_eq(figures.lists[0].name, "ads");
	ck_assert_uint_eq(figures.lists[0].names, 2);
	ck_assert_uint_eq(figures.lists[0].faults, 2);
	ck_assert_int_gt(figures.lists[0].newest_s, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lists");
	TCase *tcase = tcase_create("lists");
	tcase_set_timeout(tcase, 2 * WATCHDOG_SEC);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, names_of_files_and_sections_are_rules);
	tcase_add_test(tcase, allow_list_allows_before_the_block_list_behind_it);
	tcase_add_test(tcase, format_and_subdomains_are_those_of_the_settings);
	tcase_add_test(tcase, files_of_a_folder_are_lists);
	tcase_add_test(tcase, list_beyond_the_sixty_fourth_is_a_fault);
	tcase_add_test(tcase, nothing_has_changed_and_nothing_is_compiled);
	tcase_add_test(tcase, changes_while_it_compiles_are_compiled_after_it);
	tcase_add_test(tcase, only_the_lists_that_are_other_ones_are_logged);
	tcase_add_test(tcase, list_that_cannot_be_read_keeps_all_of_before);
	tcase_add_test(tcase, folder_that_cannot_be_read_keeps_all_of_before);
	tcase_add_test(tcase, list_that_was_never_there_is_left_out);
	tcase_add_test(tcase, pipe_in_place_of_a_list_is_not_waited_for);
	tcase_add_test(tcase, list_of_more_than_a_gibibyte_is_not_read);
	tcase_add_test(tcase, any_octets_are_a_list);
	tcase_add_test(tcase, start_takes_the_compiled_file);
	tcase_add_test(tcase, start_takes_the_compiled_file_though_a_list_has_changed);
	tcase_add_test(tcase, start_takes_the_compiled_file_though_a_list_is_gone);
	tcase_add_test(tcase, compiled_file_of_other_settings_is_not_taken);
	tcase_add_test(tcase, damaged_file_is_compiled_anew);
	tcase_add_test(tcase, no_octet_of_the_file_may_be_another_and_none_may_lack);
	tcase_add_test(tcase, file_that_others_can_write_to_is_not_taken);
	tcase_add_test(tcase, link_in_place_of_the_file_is_not_followed);
	tcase_add_test(tcase, without_a_folder_it_is_in_memory);
	tcase_add_test(tcase, memory_takes_what_is_written);
	tcase_add_test(tcase, where_nothing_can_be_written_it_is_in_memory_and_said);
	tcase_add_test(tcase, disk_without_room_means_memory);
	tcase_add_test(tcase, another_answer_is_in_force_at_once);
	tcase_add_test(tcase, digest_is_of_all_that_is_compiled);
	tcase_add_test(tcase, list_of_a_group_is_for_its_clients);
	tcase_add_test(tcase, zone_is_a_list_with_actions_of_its_own);
	tcase_add_test(tcase, zone_may_have_another_name_than_its_section);
	tcase_add_test(tcase, override_is_the_action_of_all_rules);
	tcase_add_test(tcase, start_can_wait_for_the_lists);
	tcase_add_test(tcase, end_does_not_wait_for_the_lists);
	tcase_add_test(tcase, slots_are_by_name_for_good);
	tcase_add_test(tcase, figures_sum_up_the_files_of_a_list);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
