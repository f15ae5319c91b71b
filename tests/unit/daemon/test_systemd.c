/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/system/systemd.c: a service manager that listens, watches and gives sockets. */

#include "config.h"

#include "daemon/system/systemd.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "support/net.h"
#include "support/unit.h"

static struct tarn__log quiet;
static struct tarn__systemd systemd;
static struct ev_loop *loop;
static int manager; /* its end of the socket that states go to */
static char path[64]; /* of that socket, as the environment has it */
static char state[1024];

static const char *const variables[] = {"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC",
					"LISTEN_PID",	 "LISTEN_FDS",	 "LISTEN_FDNAMES"};

static void set_number(const char *name, unsigned long long number)
{
	char text[32];
	snprintf(text, sizeof(text), "%llu", number);
	setenv(name, text, 1);
}

/* first is '/': a file; '@': a name without one. */
static void open_manager(char first)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(path, sizeof(path), "/tmp/tarn-test-service-%d", (int)getpid());
	path[0] = first;
	strcpy(address.sun_path, path);
	if (first == '@')
		address.sun_path[0] = '\0';
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	ck_assert_int_eq(bind(manager, (struct sockaddr *)&address, len), 0);
	setenv("NOTIFY_SOCKET", path, 1);
}

static void set_up(void)
{
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		unsetenv(variables[i]);
	loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	manager = -1;
	path[0] = '\0';
}

static void tear_down(void)
{
	tarn__systemd_fini(&systemd);
	if (manager >= 0)
		close(manager);
	if (path[0] == '/')
		unlink(path);
	ev_loop_destroy(loop);
}

/* The datagram that is there now; "": none is. */
static const char *next_state(void)
{
	ssize_t len = recv(manager, state, sizeof(state) - 1, 0);
	state[len > 0 ? len : 0] = '\0';
	return state;
}

/* ---- states ----------------------------------------------------------------------------------- */

START_TEST(states_go_to_the_socket_of_the_environment)
{
	open_manager(_i == 0 ? '/' : '@');
	ck_assert_int_eq(tarn__systemd_init(&systemd, &quiet), 0);
	tarn__systemd_ready(&systemd, "answering");
	ck_assert_str_eq(next_state(), "READY=1\nSTATUS=answering");
	tarn__systemd_stopping(&systemd, "Terminated");
	ck_assert_str_eq(next_state(), "STOPPING=1\nSTATUS=Terminated");
}
END_TEST

START_TEST(reload_has_its_time_on_the_monotonic_clock)
{
	open_manager('@');
	ck_assert_int_eq(tarn__systemd_init(&systemd, &quiet), 0);
	struct timespec before, after;
	clock_gettime(CLOCK_MONOTONIC, &before);
	tarn__systemd_reloading(&systemd, "reading");
	clock_gettime(CLOCK_MONOTONIC, &after);
	unsigned long long usec;
	char status[16];
	ck_assert_int_eq(sscanf(next_state(), "RELOADING=1\nMONOTONIC_USEC=%llu\nSTATUS=%15s",
				&usec, status),
			 2);
	ck_assert_str_eq(status, "reading");
	ck_assert_uint_ge(usec, (unsigned long long)before.tv_sec * 1000000);
	ck_assert_uint_le(usec, (unsigned long long)(after.tv_sec + 1) * 1000000);
}
END_TEST

START_TEST(status_is_one_line_and_bounded)
{
	open_manager('@');
	ck_assert_int_eq(tarn__systemd_init(&systemd, &quiet), 0);
	char long_text[4096];
	memset(long_text, 'x', sizeof(long_text));
	long_text[sizeof(long_text) - 1] = '\0';
	memcpy(long_text, "a\nWATCHDOG=1", 12);
	tarn__systemd_ready(&systemd, long_text);
	ck_assert_ptr_eq(strstr(next_state(), "\nWATCHDOG"), NULL);
	ck_assert_uint_lt(strlen(state), 600);
	ck_assert_int_eq(strncmp(state, "READY=1\nSTATUS=a WATCHDOG=1xxx", 30), 0);
}
END_TEST

START_TEST(without_a_manager_nothing_happens)
{
	ck_assert_int_eq(tarn__systemd_init(&systemd, &quiet), 0);
	tarn__systemd_ready(&systemd, "answering");
	tarn__systemd_reloading(&systemd, "reading");
	tarn__systemd_stopping(&systemd, "stopping");
	ck_assert_int_eq(systemd.fd, -1);
	ck_assert_uint_eq(systemd.given_count, 0);
}
END_TEST

/* An address of a Unix socket has room for 108 octets. */
#define FORTY_OCTETS "/012345678901234567890123456789012345678"

static const char *const useless_paths[] = {
	"",
	"/",
	"@",
	"relative",
	"vsock:2:1234",
	"/nonexistent/notify",
	FORTY_OCTETS FORTY_OCTETS FORTY_OCTETS,
};

START_TEST(manager_that_cannot_be_reached_is_done_without)
{
	setenv("NOTIFY_SOCKET", useless_paths[_i], 1);
	ck_assert_int_eq(tarn__systemd_init(&systemd, &quiet), 0);
	ck_assert_int_eq(systemd.fd, -1);
	tarn__systemd_ready(&systemd, "answering");
}
END_TEST

START_TEST(environment_is_cleared)
{
	open_manager('@');
	setenv("WATCHDOG_USEC", "10000000", 1);
	setenv("LISTEN_FDS", "0", 1);
	set_number("LISTEN_PID", (unsigned long long)getpid());
	ck_assert_int_eq(tarn__systemd_init(&systemd, &quiet), 0);
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		ck_assert_ptr_null(getenv(variables[i]));
}
END_TEST

/* ---- the watchdog ----------------------------------------------------------------------------- */

static bool is_well(void *data)
{
	return *(bool *)data;
}

START_TEST(watchdog_hears_from_us_twice_in_its_time_while_all_is_well)
{
	bool well = true;
	open_manager('@');
	setenv("WATCHDOG_USEC", "20000", 1);
	set_number("WATCHDOG_PID", (unsigned long long)getpid());
	ck_assert_int_eq(tarn__systemd_init(&systemd, &quiet), 0);
	tarn__systemd_watch(&systemd, loop, is_well, &well);
	ck_assert_double_eq_tol(systemd.timer.repeat, 0.01, 1e-9);
	for (int i = 0; i < 3; i++) {
		wait_for(loop, manager, EV_READ);
		ck_assert_str_eq(next_state(), "WATCHDOG=1");
	}
}
END_TEST

START_TEST(watchdog_hears_nothing_when_all_is_not_well)
{
	bool well = false;
	open_manager('@');
	setenv("WATCHDOG_USEC", "20000", 1);
	ck_assert_int_eq(tarn__systemd_init(&systemd, &quiet), 0);
	tarn__systemd_watch(&systemd, loop, is_well, &well);
	for (int i = 0; i < 3; i++)
		ev_run(loop, EVRUN_ONCE); /* each ends with the timer: nothing else is there */
	ck_assert_str_eq(next_state(), "");
}
END_TEST

START_TEST(watchdog_of_another_process_is_not_ours)
{
	open_manager('@');
	setenv("WATCHDOG_USEC", "20000", 1);
	set_number("WATCHDOG_PID", (unsigned long long)getpid() + 1);
	ck_assert_int_eq(tarn__systemd_init(&systemd, &quiet), 0);
	ck_assert_uint_eq(systemd.watchdog_us, 0);
}
END_TEST

static const char *const useless_numbers[] = {"", "-1", "x", "10x", "99999999999999999999"};

START_TEST(watchdog_without_a_number_does_not_watch)
{
	open_manager('@');
	setenv("WATCHDOG_USEC", useless_numbers[_i], 1);
	ck_assert_int_eq(tarn__systemd_init(&systemd, &quiet), 0);
	ck_assert_uint_eq(systemd.watchdog_us, 0);
}
END_TEST

/* ---- sockets ---------------------------------------------------------------------------------- */

enum { FIRST = 3 };

/*
 * Returns the result of init() for these descriptors, which are closed in between. Runs in a process of its
 * own, since the test needs the descriptors from 3 on.
 */
static int init_with(const int *fds, int count, const char *names, bool (*check)(void))
{
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		int high[8];
		for (int i = 0; i < count; i++)
			high[i] = fcntl(fds[i], F_DUPFD, 100);
		for (int i = 0; i < count; i++)
			dup2(high[i], FIRST + i);
		set_number("LISTEN_PID", (unsigned long long)getpid());
		set_number("LISTEN_FDS", (unsigned long long)count);
		if (names)
			setenv("LISTEN_FDNAMES", names, 1);
		int error = tarn__systemd_init(&systemd, &quiet);
		if (error == 0 && !check())
			_exit(99);
		_exit(error == 0 ? 0 : 1);
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static struct tarn_address first_address;

static bool are_the_pair(void)
{
	const struct tarn__given *udp = &systemd.given[0], *tcp = &systemd.given[1];
	return systemd.given_count == 2 && udp->fd == FIRST && tcp->fd == FIRST + 1 &&
	       udp->type == SOCK_DGRAM && tcp->type == SOCK_STREAM &&
	       tarn_address_is_equal(&udp->address, &first_address) &&
	       tarn_address_is_equal(&tcp->address, &first_address) &&
	       strcmp(udp->name, "dns") == 0 && strcmp(tcp->name, "unknown") == 0 &&
	       (fcntl(FIRST, F_GETFD) & FD_CLOEXEC) && (fcntl(FIRST + 1, F_GETFD) & FD_CLOEXEC);
}

START_TEST(given_sockets_are_taken_with_their_names)
{
	int fds[2];
	first_address = parse_address("127.0.0.1:0");
	ck_assert_int_eq(tarn__socket_open_pair(&first_address, &fds[0], &fds[1]), 0);
	ck_assert_int_eq(init_with(fds, 2, "dns", are_the_pair), 0);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

static bool have_transports(void)
{
	const struct tarn__given *given = systemd.given;
	struct tarn__addresses addresses = {0};
	tarn__systemd_addresses(&systemd, &addresses);
	return systemd.given_count == 3 && given[0].transport == TARN_TLS &&
	       given[1].transport == TARN_HTTPS && given[2].transport == TARN_UDP &&
	       addresses.count == 3 && addresses.over[0] == TARN_TLS &&
	       addresses.over[1] == TARN_HTTPS && addresses.over[2] == TARN_UDP;
}

START_TEST(names_of_sockets_are_their_transports)
{
	int fds[3];
	for (int i = 0; i < 3; i++) {
		struct tarn_address address = parse_address("127.0.0.1:0");
		fds[i] = tarn_socket_open(&address, SOCK_STREAM);
		ck_assert_int_ge(fds[i], 0);
	}
	ck_assert_int_eq(init_with(fds, 3, "tls:https:dns", have_transports), 0);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}
END_TEST

START_TEST(udp_socket_for_tls_is_refused)
{
	struct tarn_address address = parse_address("127.0.0.1:0");
	int fd = tarn_socket_open(&address, SOCK_DGRAM);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(init_with(&fd, 1, "tls", have_transports), 1);
	close(fd);
}
END_TEST

static bool is_never(void)
{
	return false;
}

START_TEST(sockets_of_other_kinds_are_refused)
{
	int fd = -1;
	switch (_i) {
	case 0:
		fd = socket(AF_UNIX, SOCK_DGRAM, 0);
		break;
	case 1:
		fd = socket(AF_INET, SOCK_STREAM, 0); /* does not listen */
		break;
	case 2:
		fd = open("/dev/null", O_RDONLY);
		break;
	case 3:
		fd = socket(AF_INET, SOCK_DGRAM, 0); /* has no port */
		break;
	}
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(init_with(&fd, 1, NULL, is_never), 1);
	close(fd);
}
END_TEST

START_TEST(more_sockets_than_anybody_lists_are_refused)
{
	set_number("LISTEN_PID", (unsigned long long)getpid());
	set_number("LISTEN_FDS", TARN__GIVEN_MAX + 1);
	ck_assert_int_eq(tarn__systemd_init(&systemd, &quiet), TARN_EINVAL);
	ck_assert_uint_eq(systemd.given_count, 0);
}
END_TEST

START_TEST(sockets_of_another_process_are_not_ours)
{
	set_number("LISTEN_PID", (unsigned long long)getpid() + 1);
	setenv("LISTEN_FDS", "1", 1);
	ck_assert_int_eq(tarn__systemd_init(&systemd, &quiet), 0);
	ck_assert_uint_eq(systemd.given_count, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("service");
	TCase *states = tcase_create("states");
	tcase_add_checked_fixture(states, set_up, tear_down);
	tcase_add_loop_test(states, states_go_to_the_socket_of_the_environment, 0, 2);
	tcase_add_test(states, reload_has_its_time_on_the_monotonic_clock);
	tcase_add_test(states, status_is_one_line_and_bounded);
	tcase_add_test(states, without_a_manager_nothing_happens);
	tcase_add_loop_test(states, manager_that_cannot_be_reached_is_done_without, 0,
			    sizeof(useless_paths) / sizeof(useless_paths[0]));
	tcase_add_test(states, environment_is_cleared);
	suite_add_tcase(suite, states);

	TCase *watchdog = tcase_create("watchdog");
	tcase_add_checked_fixture(watchdog, set_up, tear_down);
	tcase_add_test(watchdog, watchdog_hears_from_us_twice_in_its_time_while_all_is_well);
	tcase_add_test(watchdog, watchdog_hears_nothing_when_all_is_not_well);
	tcase_add_test(watchdog, watchdog_of_another_process_is_not_ours);
	tcase_add_loop_test(watchdog, watchdog_without_a_number_does_not_watch, 0,
			    sizeof(useless_numbers) / sizeof(useless_numbers[0]));
	suite_add_tcase(suite, watchdog);

	TCase *sockets = tcase_create("sockets");
	tcase_add_checked_fixture(sockets, set_up, tear_down);
	tcase_add_test(sockets, given_sockets_are_taken_with_their_names);
	tcase_add_test(sockets, names_of_sockets_are_their_transports);
	tcase_add_test(sockets, udp_socket_for_tls_is_refused);
	tcase_add_loop_test(sockets, sockets_of_other_kinds_are_refused, 0, 4);
	tcase_add_test(sockets, more_sockets_than_anybody_lists_are_refused);
	tcase_add_test(sockets, sockets_of_another_process_are_not_ours);
	suite_add_tcase(suite, sockets);
	return unit_run(suite);
}
