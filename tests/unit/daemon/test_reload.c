/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/reload.c, daemon/threads/listeners.c: one configuration in the place of another, or not at all. */

#include "config.h"

#include "daemon/reload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/config.h"
#include "core/second/second_config.h"
#include "daemon/config/configuration.h"
#include "daemon/config/completion.h"
#include "daemon/config/resolvconf.h"
#include "net/second/link.h"
#include "net/shared.h"
#include "support/net.h"
#include "support/unit.h"

enum { PARTS = 3 };

/* Something that goes by the settings' pass names, as a sign of which these are. */
struct part {
	char name[64]; /* that it goes by */
	unsigned calls, settled;
	bool refuses;
};

static char path[64];
static char other[TARN_ADDRESS_TEXT_MAX]; /* to listen on, too */
static struct tarn__log quiet;
static struct tarn__systemd systemd;
static struct tarn__command_line command;
static struct tarn__settings *first;
static struct tarn__reload reload;
static struct tarn__diagnostics diagnostics;
static struct part parts[PARTS];

/* In place of the library's, where memory is short. */
static int resolver_error;

int __real_tarn_reconfigure(struct tarn *, const struct tarn_options *);
int __wrap_tarn_reconfigure(struct tarn *, const struct tarn_options *);

int __wrap_tarn_reconfigure(struct tarn *tarn, const struct tarn_options *options)
{
	return resolver_error < 0 ? resolver_error : __real_tarn_reconfigure(tarn, options);
}

static void write_file(const char *text)
{
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	fclose(file);
}

static int set_part(void *data, const struct tarn__settings *settings)
{
	struct part *part = data;
	part->calls++;
	if (part->refuses)
		return TARN_ESYSTEM;
	snprintf(part->name, sizeof(part->name), "%s", settings->pass.items[0]);
	return 0;
}

static void settle_part(void *data)
{
	struct part *part = data;
	part->settled++;
}

/* An address that is free at this moment. */
static void find_other(void)
{
	int udp, tcp;
	struct tarn_address address = parse_address("127.0.0.7:0");
	ck_assert_int_eq(tarn__socket_open_pair(&address, &udp, &tcp), 0);
	close(udp);
	close(tcp);
	tarn_address_format(&address, other);
}

/* tarn with two workers and one listener; its upstream is never asked. */
static void set_up(void)
{
	find_other();
	snprintf(path, sizeof(path), "/tmp/tarn-test-reload-%d", (int)getpid());
	write_file("listen { address = { \"127.0.0.1:0\" } }\n"
		   "upstream = { \"127.0.0.1:9\" }\n"
		   "access { pass = { first.example } }\n");
	char *argv[] = {"tarn", "-c", path, "-w", "2", NULL};
	char fault[TARN__FAULT_MAX];
	ck_assert_int_eq(tarn__command_line_parse(5, argv, &command, fault), 0);
	first = tarn__configuration_load(&command, false, &diagnostics);
	ck_assert_ptr_nonnull(first);
	ck_assert_int_eq(tarn__settings_complete(first, tarn__resolv_conf, &diagnostics, &quiet),
			 0);
	ck_assert_int_eq(tarn__systemd_init(&systemd, &quiet), 0);
	reload = (struct tarn__reload){.loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL),
				       .command = &command,
				       .systemd = &systemd,
				       .log = &quiet,
				       .first = first,
				       .settings = first};
	struct tarn_options options;
	ck_assert_int_eq(tarn__settings_to_options(first, &options), 0);
	reload.tarn = tarn_new(&options);
	ck_assert_ptr_nonnull(reload.tarn);
	reload.workers = tarn__workers_new(reload.tarn, first->workers);
	for (size_t i = 0; i < PARTS; i++)
		reload.parts[reload.part_count++] = (struct tarn__part){
			.set = set_part, .settle = settle_part, .data = &parts[i]};
	ck_assert_int_eq(tarn__reload_open(&reload), 0);
	ck_assert_int_eq(tarn__workers_start(reload.workers), 0);
	tarn__reload_start(&reload);
}

static void tear_down(void)
{
	tarn__reload_stop(&reload);
	tarn__workers_free(reload.workers);
	tarn_free(reload.tarn);
	tarn__systemd_fini(&systemd);
	ev_loop_destroy(reload.loop);
	tarn__settings_free(first);
	tarn__command_line_fini(&command);
	tarn__diagnostics_fini(&diagnostics);
	unlink(path);
}

static int run(const char *text)
{
	write_file(text);
	tarn__diagnostics_fini(&diagnostics);
	return tarn__reload_run(&reload, &diagnostics);
}

/* Returns true if it is one of the open listeners. */
static bool is_open(const char *text)
{
	struct tarn_address address = parse_address(text);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool is_connected = connect(fd, &address.sa, tarn_address_len(&address)) == 0;
	close(fd);
	return is_connected;
}

static void expect_parts(const char *name)
{
	for (size_t i = 0; i < PARTS; i++)
		ck_assert_str_eq(parts[i].name, name);
}

/* A file with a second listener and another name. */
static const char *second(void)
{
	static char text[512];
	snprintf(text, sizeof(text),
		 "listen { address = { \"127.0.0.1:0\", \"%s\" } }\n"
		 "upstream = { \"127.0.0.1:9\" }\n"
		 "access { pass = { second.example } }\n",
		 other);
	return text;
}

START_TEST(parts_go_by_the_first_settings_and_then_by_the_next)
{
	expect_parts("first.example");
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(run(second()), 0);
	expect_parts("second.example");
	ck_assert_uint_eq(parts[0].calls, 4);
	ck_assert_uint_eq(parts[0].settled, 4);
	ck_assert_uint_eq(diagnostics.count, 0);
	ck_assert(is_open(other));
	ck_assert_uint_eq(reload.settings->bound.count, 2);
}
END_TEST

START_TEST(part_that_refuses_has_everything_go_back)
{
	parts[_i].refuses = true;
	ck_assert_int_eq(run(second()), TARN_ESYSTEM);
	ck_assert_uint_eq(diagnostics.count, 1);
	expect_parts("first.example");
	ck_assert_ptr_eq(reload.settings, first);
	ck_assert(!is_open(other));
	parts[_i].refuses = false;
	ck_assert_int_eq(run(second()), 0);
	expect_parts("second.example");
}
END_TEST

START_TEST(resolver_that_refuses_has_everything_go_back)
{
	resolver_error = TARN_ENOMEM;
	ck_assert_int_eq(run(second()), TARN_ENOMEM);
	ck_assert_uint_eq(diagnostics.count, 1);
	ck_assert_uint_eq(parts[0].calls, 3); /* at the start, there and back */
	ck_assert_uint_eq(parts[0].settled, 1);
	expect_parts("first.example");
	ck_assert_ptr_eq(reload.settings, first);
	ck_assert(!is_open(other));
}
END_TEST

START_TEST(file_that_is_wrong_reaches_nobody)
{
	ck_assert_int_eq(run("upstrem = { 127.0.0.1 }\nselection = slowest\n"), TARN_EINVAL);
	ck_assert_uint_eq(diagnostics.count, 2);
	ck_assert_uint_eq(parts[0].calls, 1);
	ck_assert_ptr_eq(reload.settings, first);
}
END_TEST

START_TEST(address_that_cannot_be_had_is_a_fault)
{
	char text[256];
	snprintf(text, sizeof(text), "listen { address = { \"%s\", \"192.0.2.77:53\" } }\n", other);
	ck_assert_int_eq(run(text), TARN_ESYSTEM);
	ck_assert_uint_eq(diagnostics.count, 1);
	ck_assert_ptr_nonnull(strstr(diagnostics.items[0].text, "192.0.2.77:53"));
	ck_assert(!is_open(other));
	ck_assert_uint_eq(parts[0].calls, 1);
}
END_TEST

/* The first listener with the port number that the system chose, and further text. */
static const char *by_number(const struct tarn_address *first_bound, const char *more)
{
	static char text[512];
	char number[TARN_ADDRESS_TEXT_MAX];
	snprintf(text, sizeof(text),
		 "listen { address = { \"%s\"%s } }\n"
		 "upstream = { \"127.0.0.1:9\" }\n"
		 "access { pass = { second.example } }\n",
		 tarn_address_format(first_bound, number), more);
	return text;
}

START_TEST(port_that_the_system_picked_is_the_same_by_its_number)
{
	struct tarn_address picked = reload.settings->bound.items[0];
	char number[TARN_ADDRESS_TEXT_MAX];
	tarn_address_format(&picked, number);
	ck_assert_int_eq(run(by_number(&picked, ", \"192.0.2.77:53\"")), TARN_ESYSTEM);
	const char *const texts[] = {second(), by_number(&picked, ""), second()};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		ck_assert_int_eq(run(texts[i]), 0);
		ck_assert(tarn_address_is_equal(&reload.settings->bound.items[0], &picked));
		ck_assert(is_open(number));
	}
	char elsewhere[256];
	snprintf(elsewhere, sizeof(elsewhere),
		 "listen { address = \"%s\" }\nupstream = \"127.0.0.1:9\"\n"
		 "access { pass = { third.example } }\n",
		 other);
	ck_assert_int_eq(run(elsewhere), 0);
	ck_assert(!is_open(number));
}
END_TEST

/* ---- the second level ------------------------------------------------------------------------ */

static char secret_path[80];

/* A file with a second level, whose secret is that; NULL: the secret's file is gone. */
static const char *with_secret(const char *secret)
{
	static char text[512];
	snprintf(secret_path, sizeof(secret_path), "%s.key", path);
	unlink(secret_path);
	if (secret) {
		FILE *file = fopen(secret_path, "w");
		ck_assert_ptr_nonnull(file);
		ck_assert_int_ge(fputs(secret, file), 0);
		fclose(file);
	}
	snprintf(text, sizeof(text),
		 "listen { address = { \"127.0.0.1:0\" } }\n"
		 "upstream = { \"127.0.0.1:9\" }\n"
		 "access { pass = { second.example } }\n"
		 "shared { server = 127.0.0.1:9 secret = %s }\n",
		 secret_path);
	return text;
}

/* The hash of the secret that the resolver has; "none": there is no second level. */
static void read_fleet(char out[TARN__SECOND_FLEET_LEN + 1])
{
	struct tarn__config *config = tarn__get_config(reload.tarn);
	strcpy(out, config->second ? config->second->fleet : "none");
	tarn__config_put(config);
}

START_TEST(secret_is_read_again_and_applies_at_once)
{
	char first_fleet[TARN__SECOND_FLEET_LEN + 1], fleet[TARN__SECOND_FLEET_LEN + 1];
	read_fleet(fleet);
	ck_assert_str_eq(fleet, "none");
	ck_assert_int_eq(run(with_secret("0123456789abcdef\n")), 0);
	read_fleet(first_fleet);
	ck_assert_str_ne(first_fleet, "none");
	ck_assert_int_eq(run(with_secret("fedcba9876543210\n")), 0);
	read_fleet(fleet);
	ck_assert_str_ne(fleet, first_fleet);
	ck_assert_int_eq(run(with_secret("0123456789abcdef\n")), 0);
	read_fleet(fleet);
	ck_assert_str_eq(fleet, first_fleet);
	ck_assert_int_eq(run(with_secret("0123456789")), TARN_EINVAL);
	read_fleet(fleet);
	ck_assert_str_eq(fleet, first_fleet);
	ck_assert_int_eq(run(second()), 0);
	read_fleet(fleet);
	ck_assert_str_eq(fleet, "none");
	unlink(secret_path);
}
END_TEST

START_TEST(secret_whose_file_is_out_of_reach_stays)
{
	char first_fleet[TARN__SECOND_FLEET_LEN + 1], fleet[TARN__SECOND_FLEET_LEN + 1];
	ck_assert_int_eq(run(with_secret("0123456789abcdef\n")), 0);
	read_fleet(first_fleet);
	/* Twice: the copy is copied. */
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(run(with_secret(NULL)), 0);
		read_fleet(fleet);
		ck_assert_str_eq(fleet, first_fleet);
	}
}
END_TEST

START_TEST(resolv_conf_is_followed_while_the_servers_are_its)
{
	ck_assert_ptr_null(reload.file_watch.loop);
	ck_assert_int_eq(run("listen { address = { \"127.0.0.1:0\" } }\n"
			     "access { pass = { second.example } }\n"),
			 0);
	ck_assert_ptr_eq(reload.file_watch.loop, reload.loop);
	ck_assert_int_eq(run(second()), 0);
	ck_assert_ptr_null(reload.file_watch.loop);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("reload");
	TCase *tcase = tcase_create("reload");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, parts_go_by_the_first_settings_and_then_by_the_next);
	tcase_add_loop_test(tcase, part_that_refuses_has_everything_go_back, 0, PARTS);
	tcase_add_test(tcase, resolver_that_refuses_has_everything_go_back);
	tcase_add_test(tcase, file_that_is_wrong_reaches_nobody);
	tcase_add_test(tcase, address_that_cannot_be_had_is_a_fault);
	tcase_add_test(tcase, port_that_the_system_picked_is_the_same_by_its_number);
	tcase_add_test(tcase, resolv_conf_is_followed_while_the_servers_are_its);
	if (tarn__second_is_built()) {
		tcase_add_test(tcase, secret_is_read_again_and_applies_at_once);
		tcase_add_test(tcase, secret_whose_file_is_out_of_reach_stays);
	}
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
