/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/config/completion.c, system_servers.c: what completes settings, and what is refused then.
 */

#include "config.h"

#include "daemon/config/completion.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/config/system_servers.h"
#include "daemon/settings/options.h"
#include "support/unit.h"

static struct tarn__log quiet;
static struct tarn__diagnostics diagnostics;
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
	tarn__diagnostics_fini(&diagnostics);
}

/* What completion has added is the settings'. */
static void forget(struct tarn__settings *settings)
{
	tarn__option_type_paths_or_none.reset(&settings->local_hosts);
	tarn__servers_clear(&settings->upstreams);
	tarn__option_type_directory.reset(&settings->state);
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

static void add_upstream(struct tarn__settings *settings, const char *address_text)
{
	struct tarn_address address;
	ck_assert_int_eq(tarn_address_parse(address_text, 53, &address), 0);
	ck_assert_int_eq(
		tarn__servers_add(&settings->upstreams, &address, &(struct tarn_traits){0}), 0);
}

static const char *first(const struct tarn__addresses *list)
{
	static char text[TARN_ADDRESS_TEXT_MAX];
	ck_assert_uint_gt(list->count, 0);
	return tarn_address_format(&list->items[0], text);
}

START_TEST(what_was_not_said_gets_its_default)
{
	write_resolv_conf("nameserver 192.0.2.1\n");
	struct tarn__settings settings = {0};
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &diagnostics, &quiet), 0);
	ck_assert_uint_ge(settings.workers, 1);
	ck_assert_uint_le(settings.workers,
			  (unsigned)tarn__option_find(&settings, &settings.workers)->max);
	ck_assert_uint_eq(settings.listens.count, 2);
	ck_assert_str_eq(first(&settings.listens), "127.0.0.1:53");
	ck_assert_uint_eq(settings.upstreams.count, 1);
	ck_assert_str_eq(
		tarn_address_format(&settings.upstreams.items[0], (char[TARN_ADDRESS_TEXT_MAX]){0}),
		"192.0.2.1:53");
	ck_assert(settings.has_system_upstreams);
	ck_assert_uint_eq(settings.resolver.cache_size, TARN_CACHE_SIZE_DEFAULT);
	ck_assert_int_eq(settings.log_level, TARN_LOG_INFO);
	forget(&settings);
}
END_TEST

START_TEST(what_was_said_stays)
{
	write_resolv_conf("nameserver 192.0.2.1\n");
	struct tarn__settings settings = {.workers = 3,
					  .resolver = {.cache_size = 65537,
						       .stale_sec = -1,
						       .failure_sec = 1,
						       .failure_max_sec = 2,
						       .max_ttl = 3,
						       .max_negative_ttl = 4,
						       .second = {.wait_ms = 6}},
					  .local_ttl = 5,
					  .save_sec = 6,
					  .state = "none",
					  .log_level = TARN_LOG_ERR};
	add(&settings.listens, "192.0.2.7:5300");
	add_upstream(&settings, "2001:db8::1");
	struct tarn__settings before = settings;
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &diagnostics, &quiet), 0);
	ck_assert_int_eq(memcmp(&settings, &before, sizeof(before)), 0);
	tarn__servers_clear(&settings.upstreams);
}
END_TEST

/* Rule of the hosts file: the names of this machine are for itself. */
static const struct {
	const char *listen, *bound;
	bool has_hosts;
} listeners[] = {
	{NULL, NULL, true},	   {"127.0.0.53", NULL, true}, {"[::1]:5300", NULL, true},
	{NULL, "127.0.0.1", true}, {"192.0.2.1", NULL, false}, {"0.0.0.0", NULL, false},
	{"::", NULL, false},	   {NULL, "192.0.2.1", false}, {"127.0.0.1", "192.0.2.1", false},
};

START_TEST(hosts_of_this_machine_are_for_itself)
{
	write_resolv_conf("");
	struct tarn__settings settings = {0};
	if (listeners[_i].listen)
		add(&settings.listens, listeners[_i].listen);
	if (listeners[_i].bound)
		add(&settings.bound, listeners[_i].bound);
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &diagnostics, &quiet), 0);
	ck_assert_uint_eq(settings.local_hosts.count, listeners[_i].has_hosts);
	if (listeners[_i].has_hosts)
		ck_assert_str_eq(settings.local_hosts.items[0], "/etc/hosts");
	ck_assert_int_eq(tarn__settings_origin(&settings, &settings.local_hosts)->by,
			 TARN__BY_DEFAULT);
	forget(&settings);
}
END_TEST

START_TEST(hosts_that_were_said_stay)
{
	write_resolv_conf("");
	char fault[TARN__FAULT_MAX];
	struct tarn__settings settings = {0};
	const struct tarn__option_row *row = tarn__option_find(&settings, &settings.local_hosts);
	ck_assert_int_eq(row->type->parse(row, &settings.local_hosts, "none", fault), 0);
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &diagnostics, &quiet), 0);
	ck_assert_uint_eq(settings.local_hosts.count, 0);
	forget(&settings);
	ck_assert_int_eq(row->type->parse(row, &settings.local_hosts, "/a", fault), 0);
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &diagnostics, &quiet), 0);
	ck_assert_uint_eq(settings.local_hosts.count, 1);
	ck_assert_str_eq(settings.local_hosts.items[0], "/a");
	forget(&settings);
}
END_TEST

START_TEST(local_names_and_ttls_have_defaults)
{
	write_resolv_conf("");
	struct tarn__settings settings = {0};
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &diagnostics, &quiet), 0);
	ck_assert_int_eq(settings.local_ttl, 60);
	ck_assert_uint_eq(settings.resolver.min_ttl, 0);
	ck_assert_uint_eq(settings.resolver.max_ttl, TARN_MAX_TTL_DEFAULT);
	ck_assert_uint_eq(settings.resolver.max_negative_ttl, TARN_MAX_NEGATIVE_TTL_DEFAULT);
	ck_assert_ptr_nonnull(strstr(settings.state, "/lib/tarn"));
	forget(&settings);
}
END_TEST

START_TEST(least_ttl_is_no_longer_than_the_longest)
{
	write_resolv_conf("");
	struct tarn__settings settings = {.resolver = {.min_ttl = 60, .max_ttl = 60}};
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &diagnostics, &quiet), 0);
	settings.resolver.min_ttl = 61;
	*(struct tarn__origin *)tarn__settings_origin(&settings, &settings.resolver.min_ttl) =
		(struct tarn__origin){.by = TARN__BY_FILE, .line = 7, .file = "tarn.conf"};
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &diagnostics, &quiet),
			 TARN_EINVAL);
	ck_assert_uint_eq(diagnostics.count, 1);
	ck_assert_str_eq(diagnostics.items[0].text,
			 "tarn.conf:7: min-ttl 61s: longer than max-ttl");
	forget(&settings);
}
END_TEST

/* A list of one kind without groups, for one, for one and all others. */
START_TEST(reason_of_a_list_follows_from_its_groups)
{
	write_resolv_conf("");
	struct tarn__list_settings lists[] = {
		{.kind = TARN__RULE_SET_BLOCK},
		{.kind = TARN__RULE_SET_BLOCK, .groups = {.items = {"kids"}, .count = 1}},
		{.kind = TARN__RULE_SET_RPZ, .groups = {.items = {"kids"}, .count = 1}},
		{.kind = TARN__RULE_SET_BLOCK,
		 .groups = {.items = {"kids", "default"}, .count = 2}},
		{.kind = TARN__RULE_SET_BLOCK,
		 .groups = {.items = {"kids"}, .count = 1},
		 .set = UINT64_C(1) << tarn__option_bit(tarn__option_find_word("block", "reason"))},
		{.kind = TARN__RULE_SET_BLOCK,
		 .ttl = 7,
		 .answer = TARN__NAMELIST_DROP,
		 .reason = TARN__RULE_REASON_CENSORED},
	};
	struct tarn__settings settings = {.lists = lists, .list_count = 6};
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &diagnostics, &quiet), 0);
	ck_assert_int_eq(lists[0].reason, TARN__RULE_REASON_BLOCKED);
	ck_assert_int_eq(lists[1].reason, TARN__RULE_REASON_FILTERED);
	ck_assert_int_eq(lists[2].reason, TARN__RULE_REASON_FILTERED);
	ck_assert_int_eq(lists[3].reason, TARN__RULE_REASON_BLOCKED);
	ck_assert_int_eq(lists[4].reason, TARN__RULE_REASON_BLOCKED);
	ck_assert_int_eq(lists[5].reason, TARN__RULE_REASON_CENSORED);
	ck_assert_int_eq(lists[0].answer, TARN__NAMELIST_NXDOMAIN);
	ck_assert_int_eq(lists[0].ttl, 10);
	ck_assert_int_eq(lists[2].answer, TARN__NAMELIST_DEFAULT);
	ck_assert_int_eq(lists[2].ttl, 10);
	ck_assert_int_eq(lists[5].answer, TARN__NAMELIST_DROP);
	ck_assert_int_eq(lists[5].ttl, 7);
	forget(&settings);
}
END_TEST

START_TEST(days_without_hours_are_whole_days)
{
	write_resolv_conf("");
	struct tarn__group_settings groups[] = {{.name = "a", .days = 1},
						{.name = "b", .days = 1, .begin = 2, .end = 1},
						{.name = "c"}};
	struct tarn__settings settings = {.groups = groups, .group_count = 3};
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &diagnostics, &quiet), 0);
	ck_assert_uint_eq(groups[0].begin, 0);
	ck_assert_uint_eq(groups[0].end, 24 * 60);
	ck_assert_uint_eq(groups[1].begin, 2);
	ck_assert_uint_eq(groups[1].end, 1);
	ck_assert_uint_eq(groups[2].begin, groups[2].end);
	forget(&settings);
}
END_TEST

START_TEST(limits_of_nothing_are_refused)
{
	write_resolv_conf("");
	struct tarn__settings settings = {0};
	settings.private_ok = (struct tarn__names){.items = {"a"}, .count = 1};
	settings.filter_clients.count = settings.dns64_clients.count = 1;
	settings.filter_clients.items[0].address.sa.sa_family = AF_INET;
	settings.dns64_clients.items[0].address.sa.sa_family = AF_INET6;
	settings.dns64_excluded = (struct tarn__names){.items = {"b"}, .count = 1};
	for (size_t i = 0; i < tarn__option_count; i++)
		settings.origins[i] =
			(struct tarn__origin){.by = TARN__BY_FILE, .line = 1, .file = "f"};
	settings.origins[tarn__option_find(&settings, &settings.resolver.filter_private) -
			 tarn__options] = (struct tarn__origin){.by = TARN__BY_DEFAULT};
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &diagnostics, &quiet),
			 TARN_EINVAL);
	ck_assert_uint_eq(diagnostics.count, 4);
	ck_assert_str_eq(diagnostics.items[0].text, "f:1: private-ok \"a\": without private = yes");
	ck_assert_str_eq(diagnostics.items[1].text,
			 "f:1: clients 0.0.0.0/0: without types (no = { ... })");
	ck_assert_str_eq(diagnostics.items[2].text, "f:1: exclude \"b\": without a prefix");
	ck_assert_str_eq(diagnostics.items[3].text, "f:1: clients ::/0: without a prefix");
	forget(&settings);
	settings = (struct tarn__settings){.resolver = {.filter_private = true}};
	settings.origins[tarn__option_find(&settings, &settings.resolver.filter_private) -
			 tarn__options] = (struct tarn__origin){.by = TARN__BY_FILE};
	settings.private_ok = (struct tarn__names){.items = {"a"}, .count = 1};
	ck_assert_int_eq(
		tarn__settings_complete(&settings, path, &(struct tarn__diagnostics){0}, &quiet),
		0);
	forget(&settings);
}
END_TEST

START_TEST(spans_of_failures_fit_each_other)
{
	write_resolv_conf("");
	struct tarn__settings settings = {0};
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &diagnostics, &quiet), 0);
	ck_assert_int_eq(settings.resolver.failure_sec, 5);
	ck_assert_int_eq(settings.resolver.failure_max_sec, 60);
	forget(&settings);
	settings = (struct tarn__settings){.resolver = {.failure_sec = 120}};
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &diagnostics, &quiet), 0);
	ck_assert_int_eq(settings.resolver.failure_max_sec, 120);
	forget(&settings);
	settings = (struct tarn__settings){.resolver = {.failure_max_sec = 5}};
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &diagnostics, &quiet), 0);
	forget(&settings);
	settings = (struct tarn__settings){.resolver = {.failure_sec = 10, .failure_max_sec = 9}};
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &diagnostics, &quiet),
			 TARN_EINVAL);
	ck_assert_str_eq(diagnostics.items[0].text,
			 "--max-failure-ttl 9s: shorter than failure-ttl");
	forget(&settings);
}
END_TEST

START_TEST(tarn_does_not_take_itself_from_resolv_conf)
{
	write_resolv_conf("nameserver 127.0.0.1\nnameserver ::1\nnameserver 192.0.2.1\n");
	struct tarn__settings settings = {0};
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &diagnostics, &quiet), 0);
	ck_assert_uint_eq(settings.upstreams.count, 1);
	ck_assert_uint_eq(settings.own_upstreams.count, 2);
	ck_assert_str_eq(first(&settings.own_upstreams), "127.0.0.1:53");
	forget(&settings);
}
END_TEST

START_TEST(a_resolver_beside_tarn_is_taken)
{
	write_resolv_conf("nameserver 127.0.0.1\n");
	struct tarn__settings settings = {0};
	add(&settings.listens, "127.0.0.1:5300");
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &diagnostics, &quiet), 0);
	ck_assert_uint_eq(settings.upstreams.count, 1);
	ck_assert_uint_eq(settings.own_upstreams.count, 0);
	forget(&settings);
}
END_TEST

START_TEST(resolv_confs_trust_goes_for_its_own_servers_only)
{
	write_resolv_conf("nameserver 192.0.2.1\noptions trust-ad\n");
	struct tarn__settings settings = {0}, other = {0};
	add_upstream(&other, "192.0.2.2");
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &diagnostics, &quiet), 0);
	ck_assert_int_eq(tarn__settings_complete(&other, path, &diagnostics, &quiet), 0);
	ck_assert(settings.resolver.trust_ad);
	ck_assert(!other.resolver.trust_ad);
	forget(&settings);
	forget(&other);
}
END_TEST

START_TEST(no_upstream_is_no_fault)
{
	unlink(path);
	struct tarn__settings settings = {0};
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &diagnostics, &quiet), 0);
	ck_assert_uint_eq(settings.upstreams.count, 0);
	forget(&settings);
}
END_TEST

START_TEST(an_upstream_that_is_tarn_itself_is_refused)
{
	struct tarn_address server;
	struct tarn_traits traits = {0};
	ck_assert_int_eq(tarn_address_parse("[::1]:5300", 53, &server), 0);
	struct tarn__forward_settings forward = {
		.resolver = {.zone = "corp.example"},
		.upstreams = {.items = &server, .traits = &traits, .count = 1},
		.origin = {.by = TARN__BY_FILE, .line = 3, .file = "tarn.conf"}};
	struct tarn__settings settings = {.forwards = &forward, .forward_count = 1};
	add(&settings.listens, "0.0.0.0:5300");
	add(&settings.listens, "[::]:5300");
	add_upstream(&settings, "192.0.2.1");
	add_upstream(&settings, "127.0.0.1:5300");
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &diagnostics, &quiet),
			 TARN_EINVAL);
	ck_assert_uint_eq(diagnostics.count, 2);
	ck_assert_str_eq(diagnostics.items[0].text,
			 "--upstream 127.0.0.1:5300: tarn listens there itself");
	ck_assert_str_eq(diagnostics.items[1].text,
			 "tarn.conf:3: upstream [::1]:5300: tarn listens there itself");
	forget(&settings);
}
END_TEST

START_TEST(users_and_groups_are_there)
{
	write_resolv_conf("");
	struct tarn__settings settings = {.user = "root", .control_group = "root"};
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &diagnostics, &quiet), 0);
	settings.user = settings.control_group = "no-such-name";
	*(struct tarn__origin *)tarn__settings_origin(&settings, &settings.user) =
		(struct tarn__origin){.by = TARN__BY_FILE, .line = 7, .file = "tarn.conf"};
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &diagnostics, &quiet),
			 TARN_EINVAL);
	ck_assert_uint_eq(diagnostics.count, 2);
	ck_assert_str_eq(diagnostics.items[0].text, "--control-group no-such-name: no such group");
	ck_assert_str_eq(diagnostics.items[1].text, "tarn.conf:7: user no-such-name: no such user");
	forget(&settings);
}
END_TEST

START_TEST(servers_are_read_again)
{
	write_resolv_conf("nameserver 192.0.2.1\n");
	struct tarn__settings settings = {0};
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &diagnostics, &quiet), 0);
	write_resolv_conf("nameserver 127.0.0.1\nnameserver 192.0.2.2\n");
	ck_assert(tarn__system_servers_reread(&settings, path, &quiet));
	ck_assert_str_eq(
		tarn_address_format(&settings.upstreams.items[0], (char[TARN_ADDRESS_TEXT_MAX]){0}),
		"192.0.2.2:53");
	ck_assert_str_eq(first(&settings.own_upstreams), "127.0.0.1:53");
	unlink(path);
	ck_assert(tarn__system_servers_reread(&settings, path, &quiet));
	ck_assert_uint_eq(settings.upstreams.count, 0);
	ck_assert_uint_eq(settings.own_upstreams.count, 0);
	forget(&settings);
}
END_TEST

START_TEST(servers_that_are_asked_over_tcp_now_are_a_change)
{
	write_resolv_conf("nameserver 192.0.2.1\n");
	struct tarn__settings settings = {0};
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &diagnostics, &quiet), 0);
	write_resolv_conf("nameserver 192.0.2.1\noptions use-vc\n");
	ck_assert(tarn__system_servers_reread(&settings, path, &quiet));
	ck_assert_int_eq(settings.upstreams.traits[0].transport, TARN_TCP);
	ck_assert(!tarn__system_servers_reread(&settings, path, &quiet));
	write_resolv_conf("nameserver 192.0.2.1\n");
	ck_assert(tarn__system_servers_reread(&settings, path, &quiet));
	ck_assert_int_eq(settings.upstreams.traits[0].transport, TARN_UDP);
	forget(&settings);
}
END_TEST

START_TEST(same_servers_are_no_change)
{
	write_resolv_conf("nameserver 192.0.2.1\nnameserver 192.0.2.2\n");
	struct tarn__settings settings = {0};
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &diagnostics, &quiet), 0);
	write_resolv_conf("# new\nnameserver 192.0.2.1\nnameserver 192.0.2.2\n");
	ck_assert(!tarn__system_servers_reread(&settings, path, &quiet));
	write_resolv_conf("nameserver 192.0.2.2\nnameserver 192.0.2.1\n");
	ck_assert(tarn__system_servers_reread(&settings, path, &quiet));
	forget(&settings);
}
END_TEST

START_TEST(servers_that_were_named_are_not_read_again)
{
	write_resolv_conf("nameserver 192.0.2.1\n");
	struct tarn__settings settings = {0};
	add_upstream(&settings, "192.0.2.7");
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &diagnostics, &quiet), 0);
	ck_assert(!tarn__system_servers_reread(&settings, path, &quiet));
	ck_assert_uint_eq(settings.upstreams.count, 1);
	forget(&settings);
}
END_TEST

START_TEST(trust_that_goes_from_the_file_ends_and_does_not_come_back)
{
	write_resolv_conf("nameserver 192.0.2.1\noptions trust-ad\n");
	struct tarn__settings settings = {0};
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &diagnostics, &quiet), 0);
	write_resolv_conf("");
	ck_assert(tarn__system_servers_reread(&settings, path, &quiet));
	ck_assert(settings.resolver.trust_ad);
	write_resolv_conf("nameserver 192.0.2.1\n");
	ck_assert(tarn__system_servers_reread(&settings, path, &quiet));
	ck_assert(!settings.resolver.trust_ad);
	write_resolv_conf("nameserver 192.0.2.1\noptions trust-ad\n");
	ck_assert(!tarn__system_servers_reread(&settings, path, &quiet));
	ck_assert(!settings.resolver.trust_ad);
	forget(&settings);
}
END_TEST

START_TEST(trust_that_was_said_does_not_depend_on_the_file)
{
	write_resolv_conf("nameserver 192.0.2.1\noptions trust-ad\n");
	struct tarn__settings settings = {.resolver = {.trust_ad = true}};
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &diagnostics, &quiet), 0);
	write_resolv_conf("nameserver 192.0.2.2\n");
	ck_assert(tarn__system_servers_reread(&settings, path, &quiet));
	ck_assert(settings.resolver.trust_ad);
	forget(&settings);
}
END_TEST

/* Any error but ENOENT may be temporary: a directory, or too many open files. */
START_TEST(file_that_cannot_be_read_changes_nothing)
{
	write_resolv_conf("nameserver 192.0.2.1\n");
	struct tarn__settings settings = {0};
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &diagnostics, &quiet), 0);
	unlink(path);
	ck_assert_int_eq(symlink(path, path), 0); /* a circle */
	ck_assert(!tarn__system_servers_reread(&settings, path, &quiet));
	ck_assert_uint_eq(settings.upstreams.count, 1);
	forget(&settings);
}
END_TEST

/* The pipe has no writer: waiting for one would never end. */
START_TEST(pipe_in_the_place_of_the_file_holds_nobody_up)
{
	write_resolv_conf("nameserver 192.0.2.1\n");
	struct tarn__settings settings = {0};
	ck_assert_int_eq(tarn__settings_complete(&settings, path, &diagnostics, &quiet), 0);
	unlink(path);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert(!tarn__system_servers_reread(&settings, path, &quiet));
	ck_assert_uint_eq(settings.upstreams.count, 1);
	struct tarn__settings others = {0};
	ck_assert_int_eq(tarn__settings_complete(&others, path, &diagnostics, &quiet), 0);
	ck_assert_uint_eq(others.upstreams.count, 0);
	forget(&settings);
	forget(&others);
}
END_TEST

static size_t read_log(int fd, char *out, size_t size)
{
	ssize_t len = read(fd, out, size - 1);
	out[len < 0 ? 0 : len] = '\0';
	return len < 0 ? 0 : (size_t)len;
}

START_TEST(change_of_servers_is_one_line_in_the_log)
{
	int pipes[2];
	ck_assert_int_eq(pipe2(pipes, O_NONBLOCK), 0);
	struct tarn__log log;
	tarn__log_init(&log, pipes[1], TARN_LOG_INFO);
	struct tarn__settings settings = {.has_system_upstreams = true};
	char line[4096], expected[4096];

	write_resolv_conf("nameserver 192.0.2.1\nnameserver 2001:db8::1\n");
	tarn__system_servers_reread(&settings, path, &log);
	tarn__system_servers_reread(&settings, path, &log);
	snprintf(expected, sizeof(expected),
		 "tarn: %s has changed: forwarding to 192.0.2.1:53, [2001:db8::1]:53\n", path);
	read_log(pipes[0], line, sizeof(line));
	ck_assert_str_eq(line, expected);

	write_resolv_conf("");
	tarn__system_servers_reread(&settings, path, &log);
	snprintf(expected, sizeof(expected),
		 "tarn: warning: %s has changed: no upstream server, every question that needs "
		 "one will fail\n",
		 path);
	read_log(pipes[0], line, sizeof(line));
	ck_assert_str_eq(line, expected);

	FILE *file = fopen(path, "w");
	for (int i = 0; i < TARN__ADDRESSES_MAX; i++)
		fprintf(file, "nameserver 2001:db8:1111:2222:3333:4444:5555:%x\n", 0x1000 + i);
	fclose(file);
	ck_assert(tarn__system_servers_reread(&settings, path, &log));
	ck_assert_uint_eq(settings.upstreams.count, TARN__ADDRESSES_MAX);
	size_t len = read_log(pipes[0], line, sizeof(line));
	ck_assert_uint_gt(len, 5);
	ck_assert_str_eq(line + len - 5, " ...\n");
	tarn__servers_clear(&settings.upstreams);
	tarn__log_fini(&log);
	close(pipes[0]);
	close(pipes[1]);
}
END_TEST

START_TEST(file_that_the_sandbox_keeps_is_told_with_what_helps)
{
	int pipes[2];
	ck_assert_int_eq(pipe2(pipes, O_NONBLOCK), 0);
	struct tarn__log log;
	tarn__log_init(&log, pipes[1], TARN_LOG_INFO);
	struct tarn__settings settings = {.has_system_upstreams = true};
	char line[4096];
	ck_assert_int_eq(chmod(path, 0), 0);
	uid_t user = geteuid();
	if (user == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	for (int i = 0; i < 2; i++) {
		settings.is_confined = i;
		ck_assert(!tarn__system_servers_reread(&settings, path, &log));
		read_log(pipes[0], line, sizeof(line));
		ck_assert_ptr_nonnull(strstr(line, "Permission denied"));
		ck_assert_int_eq(strstr(line, "until a restart") != NULL, i);
	}
	ck_assert_int_eq(seteuid(user), 0);
	tarn__log_fini(&log);
	close(pipes[0]);
	close(pipes[1]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("completion");
	TCase *tcase = tcase_create("complete");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, what_was_not_said_gets_its_default);
	tcase_add_test(tcase, what_was_said_stays);
	tcase_add_loop_test(tcase, hosts_of_this_machine_are_for_itself, 0,
			    sizeof(listeners) / sizeof(listeners[0]));
	tcase_add_test(tcase, hosts_that_were_said_stay);
	tcase_add_test(tcase, local_names_and_ttls_have_defaults);
	tcase_add_test(tcase, least_ttl_is_no_longer_than_the_longest);
	tcase_add_test(tcase, reason_of_a_list_follows_from_its_groups);
	tcase_add_test(tcase, days_without_hours_are_whole_days);
	tcase_add_test(tcase, limits_of_nothing_are_refused);
	tcase_add_test(tcase, spans_of_failures_fit_each_other);
	tcase_add_test(tcase, tarn_does_not_take_itself_from_resolv_conf);
	tcase_add_test(tcase, a_resolver_beside_tarn_is_taken);
	tcase_add_test(tcase, resolv_confs_trust_goes_for_its_own_servers_only);
	tcase_add_test(tcase, no_upstream_is_no_fault);
	tcase_add_test(tcase, an_upstream_that_is_tarn_itself_is_refused);
	tcase_add_test(tcase, users_and_groups_are_there);
	suite_add_tcase(suite, tcase);

	TCase *again = tcase_create("again");
	tcase_add_checked_fixture(again, setup, teardown);
	tcase_add_test(again, servers_are_read_again);
	tcase_add_test(again, servers_that_are_asked_over_tcp_now_are_a_change);
	tcase_add_test(again, same_servers_are_no_change);
	tcase_add_test(again, servers_that_were_named_are_not_read_again);
	tcase_add_test(again, trust_that_goes_from_the_file_ends_and_does_not_come_back);
	tcase_add_test(again, trust_that_was_said_does_not_depend_on_the_file);
	tcase_add_test(again, file_that_cannot_be_read_changes_nothing);
	tcase_add_test(again, pipe_in_the_place_of_the_file_holds_nobody_up);
	tcase_add_test(again, change_of_servers_is_one_line_in_the_log);
	tcase_add_test(again, file_that_the_sandbox_keeps_is_told_with_what_helps);
	suite_add_tcase(suite, again);
	return unit_run(suite);
}
