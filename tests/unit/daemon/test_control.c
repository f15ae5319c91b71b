/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/control/control.c: the socket's file, and clients that do not do what tarnctl does. */
#include "config.h"

#include "daemon/control/control.h"

#include <errno.h>
#include <ev.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "daemon/control/verbs.h"
#include "daemon/control/control_file.h"
#include "support/unit.h"

static char directory[] = "/tmp/tarn-control-XXXXXX";
static char path[64], victim[64];
static struct tarn__log sink;
static struct tarn__settings settings, *in_force = &settings;
static struct tarn__own_worker own;
static struct tarn__control_context context;
static struct tarn__process process;
static struct tarn__control control;
static unsigned stops;

/* Steps of another process, after the socket listens and after its file has been given away. */
static struct {
	void (*listening)(void), (*given)(void);
} meanwhile;

int __real_listen(int fd, int backlog);
int __wrap_listen(int fd, int backlog);
int __real_fchownat(int fd, const char *name, uid_t user, gid_t group, int flags);
int __wrap_fchownat(int fd, const char *name, uid_t user, gid_t group, int flags);

/* Once: it may do the same. */
static void let_others(void (**act)(void))
{
	void (*now)(void) = *act;
	*act = NULL;
	if (now)
		now();
}

int __wrap_listen(int fd, int backlog)
{
	int result = __real_listen(fd, backlog);
	let_others(&meanwhile.listening);
	return result;
}

int __wrap_fchownat(int fd, const char *name, uid_t user, gid_t group, int flags)
{
	int result = __real_fchownat(fd, name, user, group, flags);
	let_others(&meanwhile.given);
	return result;
}

static void on_stop(void *data)
{
	(void)data;
	stops++;
}

/* All clocks, libev's too, are so far ahead; Check cannot count more than half an hour of a test. */
static time_t ahead_sec;

int clock_gettime(clockid_t clock, struct timespec *now)
{
#ifdef SYS_clock_gettime64
	long result = syscall(sizeof(now->tv_sec) > sizeof(long) ? SYS_clock_gettime64
								 : SYS_clock_gettime,
			      clock, now);
#else
	long result = syscall(SYS_clock_gettime, clock, now);
#endif
	now->tv_sec += ahead_sec;
	return (int)result;
}

static void set_up(void)
{
	stops = 0;
	strcpy(directory + sizeof("/tmp/tarn-control-") - 1, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/socket", directory);
	snprintf(victim, sizeof(victim), "%s/victim", directory);
	tarn__log_init(&sink, -1, TARN_LOG_ERR);
	settings = (struct tarn__settings){.workers = 1};
	tarn__process_init(&process);
	context = (struct tarn__control_context){
		.loop = ev_loop_new(EVFLAG_NOENV),
		.tarn = tarn_new(&(struct tarn_options){0}),
		.log = &sink,
		.process = &process,
		.settings = &in_force,
		.stop = on_stop,
	};
	own = (struct tarn__own_worker){.tarn = context.tarn, .loop = context.loop};
	context.own = &own;
	control = (struct tarn__control){.context = &context};
	ck_assert_ptr_nonnull(context.loop);
	ck_assert_ptr_nonnull(context.tarn);
}

static void tear_down(void)
{
	tarn__control_close(&control);
	tarn__own_worker_fini(&own);
	tarn__process_fini(&process);
	tarn_free(context.tarn);
	ev_loop_destroy(context.loop);
	tarn__log_fini(&sink);
	unlink(path);
	unlink(victim);
	rmdir(directory);
}

static void open_control(void)
{
	ck_assert_int_eq(tarn__control_open(&control, path, NULL), 0);
	tarn__control_settle(&control);
}

static mode_t mode_of(const char *file)
{
	struct stat status;
	ck_assert_int_eq(lstat(file, &status), 0);
	return status.st_mode & 07777;
}

static int new_socket(const char *file, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	strcpy(address->sun_path, file);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ck_assert_int_ge(fd, 0);
	return fd;
}

static int client_of(const char *file)
{
	struct sockaddr_un address;
	int fd = new_socket(file, &address);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static int client(void)
{
	return client_of(path);
}

static void turn(void)
{
	ev_run(context.loop, EVRUN_NOWAIT);
}

static void say_octets(int fd, const void *octets, size_t len)
{
	const char *at = octets;
	while (len > 0) {
		ssize_t sent = send(fd, at, len, MSG_NOSIGNAL);
		if (sent < 0 && errno == EPIPE)
			return;
		if (sent > 0) {
			at += sent;
			len -= (size_t)sent;
		}
		turn();
	}
}

static void say(int fd, const char *text)
{
	say_octets(fd, text, strlen(text));
}

/* The next line, or what comes before the end. */
static const char *hear(int fd)
{
	static char line[1 << 16];
	size_t len = 0;
	for (;;) {
		char octet;
		ssize_t got = read(fd, &octet, 1);
		if (got < 0 && errno == EAGAIN) {
			ev_run(context.loop, EVRUN_ONCE);
			continue;
		}
		if (got <= 0 || octet == '\n')
			break;
		ck_assert_uint_lt(len + 1, sizeof(line));
		line[len++] = octet;
	}
	line[len] = '\0';
	return line;
}

static bool is_error(const char *answer, const char *what)
{
	return strncmp(answer, "{\"error\":", 9) == 0 && strstr(answer, what);
}

/* ---- the file --------------------------------------------------------------------------- */

START_TEST(socket_is_its_users_alone)
{
	mode_t before = umask(0);
	open_control();
	umask(before);
	ck_assert_uint_eq(mode_of(path), 0600);
}
END_TEST

START_TEST(group_may_use_it_too_where_there_is_one)
{
	const struct group *group = getgrgid(getegid());
	ck_assert_ptr_nonnull(group);
	mode_t before = umask(077);
	ck_assert_int_eq(tarn__control_open(&control, path, group->gr_name), 0);
	umask(before);
	ck_assert_uint_eq(mode_of(path), 0660);
}
END_TEST

static mode_t mode_then;

static void look_at_mode(void)
{
	mode_then = mode_of(path);
}

/*
 * Until it has the configured group, only its user can connect: the file is made with the group of its creator,
 * which has other members. _i: before its owner is set, or after.
 */
START_TEST(socket_is_never_another_groups)
{
	*(_i ? &meanwhile.given : &meanwhile.listening) = look_at_mode;
	mode_t before = umask(0);
	ck_assert_int_eq(tarn__control_open(&control, path, getgrgid(getegid())->gr_name), 0);
	umask(before);
	ck_assert_uint_eq(mode_then, 0600);
	ck_assert_uint_eq(mode_of(path), 0660);
}
END_TEST

START_TEST(group_that_is_not_there_leaves_no_file)
{
	ck_assert_int_eq(tarn__control_open(&control, path, "no-such-group"), TARN_ESYSTEM);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_lt(access(path, F_OK), 0);
}
END_TEST

START_TEST(file_that_was_left_behind_is_replaced)
{
	struct sockaddr_un address;
	int fd = new_socket(path, &address);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	open_control();
	close(client());
}
END_TEST

START_TEST(tarn_that_lives_keeps_its_socket)
{
	open_control();
	struct tarn__control second = {.context = &context};
	ck_assert_int_eq(tarn__control_open(&second, path, NULL), TARN_ESYSTEM);
	ck_assert_int_eq(errno, EADDRINUSE);
	tarn__control_close(&second);
	close(client());
}
END_TEST

/* Whose queue of clients is full. */
START_TEST(program_that_is_busy_keeps_its_socket)
{
	struct sockaddr_un address;
	int fd = new_socket(path, &address), fds[4], result = 0;
	size_t count = 0;
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(__real_listen(fd, 0), 0);
	while (result == 0 && count < sizeof(fds) / sizeof(fds[0])) {
		fds[count] = new_socket(path, &address);
		result = connect(fds[count++], (struct sockaddr *)&address, sizeof(address));
	}
	ck_assert_int_lt(result, 0);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_eq(tarn__control_open(&control, path, NULL), TARN_ESYSTEM);
	ck_assert_int_eq(errno, EADDRINUSE);
	ck_assert_int_eq(access(path, F_OK), 0);
	while (count > 0)
		close(fds[--count]);
	close(fd);
}
END_TEST

/* A socket that another user has put in place of tarn's keeps its permissions. */
START_TEST(socket_of_another_is_not_given_to_the_group)
{
	struct tarn__control_file file;
	struct sockaddr_un address;
	const char *group = getgrgid(getegid())->gr_name;
	ck_assert_int_eq(tarn__control_file_open(path, NULL, NULL, &file), 0);
	ck_assert_int_eq(rename(path, victim), 0);
	int fd = new_socket(path, &address);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(chmod(path, 0600), 0);
	ck_assert_int_eq(tarn__control_file_set_group(&file, group, NULL), TARN_ESYSTEM);
	ck_assert_int_eq(errno, EEXIST);
	ck_assert_uint_eq(mode_of(path), 0600);
	ck_assert_uint_eq(mode_of(victim), 0600);
	tarn__control_file_close(&file);
	ck_assert_int_eq(access(path, F_OK), 0);
	close(fd);
}
END_TEST

static void open_second(void)
{
	struct tarn__control second = {.context = &context};
	ck_assert_int_eq(tarn__control_open(&second, path, NULL), TARN_ESYSTEM);
	ck_assert_int_eq(errno, EADDRINUSE);
	tarn__control_close(&second);
}

START_TEST(tarn_that_has_just_come_keeps_its_socket)
{
	meanwhile.given = open_second;
	open_control();
	ck_assert_ptr_null(meanwhile.given);
	close(client());
}
END_TEST

static void link_symbolically(void)
{
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink(victim, path), 0);
}

static void link_hard(void)
{
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(link(victim, path), 0);
}

static const struct trap {
	void (*set)(void);
	mode_t kind; /* of what the link leads to */
	bool is_late; /* after the first of the file's rights */
} traps[] = {
	{link_symbolically, S_IFREG, false},  {link_symbolically, S_IFREG, true},
	{link_symbolically, S_IFSOCK, false}, {link_hard, S_IFREG, false},
	{link_hard, S_IFREG, true},	      {link_hard, S_IFSOCK, false},
};

START_TEST(file_that_a_link_leads_to_keeps_its_rights)
{
	const struct trap *trap = &traps[_i];
	ck_assert_int_eq(mknod(victim, trap->kind | 0600, 0), 0);
	*(trap->is_late ? &meanwhile.given : &meanwhile.listening) = trap->set;
	const char *group = getgrgid(getegid())->gr_name;
	int error = tarn__control_open(&control, path, group);
	ck_assert_ptr_null(meanwhile.given);
	ck_assert_ptr_null(meanwhile.listening);
	ck_assert_int_eq(error, trap->is_late ? 0 : TARN_ESYSTEM);
	if (error < 0)
		ck_assert_int_eq(errno, EEXIST);
	ck_assert_uint_eq(mode_of(victim), 0600);
}
END_TEST

START_TEST(file_of_another_kind_is_left_alone)
{
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fclose(file);
	ck_assert_int_eq(tarn__control_open(&control, path, NULL), TARN_ESYSTEM);
	ck_assert_int_eq(errno, EEXIST);
	ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

START_TEST(file_goes_with_tarn_unless_it_is_anothers)
{
	open_control();
	tarn__control_close(&control);
	ck_assert_int_lt(access(path, F_OK), 0);
	open_control();
	unlink(path);
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fclose(file);
	tarn__control_close(&control);
	ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

START_TEST(socket_moves_and_connections_stay)
{
	char first[sizeof(path)];
	open_control();
	int fd = client();
	turn();
	strcpy(first, path);
	snprintf(path, sizeof(path), "%s/other", directory);
	settings.control = path;
	ck_assert_int_eq(tarn__control_set(&control, &settings), 0);
	tarn__control_settle(&control);
	ck_assert_int_lt(access(first, F_OK), 0);
	close(client());
	say(fd, "{\"command\": \"flush-failed\"}\n");
	ck_assert_str_eq(hear(fd), "{\"ok\":{}}");
	close(fd);
	settings.control = "none";
	ck_assert_int_eq(tarn__control_set(&control, &settings), 0);
	tarn__control_settle(&control);
	ck_assert_int_lt(access(path, F_OK), 0);
}
END_TEST

static const char *const ways[] = {"other", NULL};

START_TEST(socket_that_goes_back_has_never_been_away)
{
	char other[sizeof(path)];
	struct stat before, after;
	open_control();
	ck_assert_int_eq(lstat(path, &before), 0);
	snprintf(other, sizeof(other), "%s/%s", directory, ways[_i] ? ways[_i] : "");
	settings.control = ways[_i] ? other : "none";
	ck_assert_int_eq(tarn__control_set(&control, &settings), 0);
	/* As if its directory had another name by now: it could not be made again. */
	ck_assert_int_eq(rename(path, victim), 0);
	int fd = client_of(victim);
	settings.control = "/dev/null/x";
	ck_assert_int_eq(tarn__control_set(&control, &settings), TARN_ESYSTEM);
	if (ways[_i])
		ck_assert_int_lt(access(other, F_OK), 0);
	ck_assert_int_eq(lstat(victim, &after), 0);
	ck_assert_uint_eq(after.st_ino, before.st_ino);
	say(fd, "{\"command\": \"flush-failed\"}\n");
	ck_assert_str_eq(hear(fd), "{\"ok\":{}}");
	close(fd);
}
END_TEST

START_TEST(socket_that_was_not_there_is_not_there_again)
{
	settings.control = "none";
	ck_assert_int_eq(tarn__control_set(&control, &settings), 0);
	settings.control = path;
	ck_assert_int_eq(tarn__control_set(&control, &settings), 0);
	close(client());
	settings.control = "none";
	ck_assert_int_eq(tarn__control_set(&control, &settings), 0);
	ck_assert_int_lt(access(path, F_OK), 0);
}
END_TEST

START_TEST(file_that_somebody_has_removed_comes_back)
{
	open_control();
	int fd = client();
	turn();
	settings.control = path;
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(tarn__control_set(&control, &settings), 0);
	close(client());
	say(fd, "{\"command\": \"flush-failed\"}\n");
	ck_assert_str_eq(hear(fd), "{\"ok\":{}}");
	close(fd);
	/* Another file in its place is not removed. */
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mknod(path, S_IFREG | 0600, 0), 0);
	ck_assert_int_eq(tarn__control_set(&control, &settings), TARN_ESYSTEM);
	ck_assert_uint_eq(mode_of(path), 0600);
}
END_TEST

START_TEST(socket_stays_where_it_cannot_move)
{
	open_control();
	settings.control = "/dev/null/x";
	ck_assert_int_eq(tarn__control_set(&control, &settings), TARN_ESYSTEM);
	settings.control = path;
	settings.control_group = "no-such-group";
	ck_assert_int_eq(tarn__control_set(&control, &settings), TARN_ESYSTEM);
	settings.control_group = getgrgid(getegid())->gr_name;
	ck_assert_int_eq(tarn__control_set(&control, &settings), 0);
	ck_assert_uint_eq(mode_of(path), 0660);
	settings.control_group = NULL;
	ck_assert_int_eq(tarn__control_set(&control, &settings), 0);
	ck_assert_uint_eq(mode_of(path), 0600);
	close(client());
}
END_TEST

START_TEST(group_that_was_asked_for_is_there_or_nothing_is)
{
	settings.control_group = "no-such-group"; /* at the usual place */
	ck_assert_int_eq(tarn__control_set(&control, &settings), TARN_ESYSTEM);
	settings.control_group = NULL;
}
END_TEST

START_TEST(path_that_is_too_long_is_refused)
{
	char long_path[200];
	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	ck_assert_int_eq(tarn__control_open(&control, long_path, NULL), TARN_ESYSTEM);
	ck_assert_int_eq(errno, ENAMETOOLONG);
}
END_TEST

/* ---- requests --------------------------------------------------------------------------- */

static const struct hostile {
	const char *line, *fault;
} hostile[] = {
	{"\n", "not a request"},
	{"status\n", "not a request"},
	{"[]\n", "not a request"},
	{"{\n", "not a request"},
	{"{\"command\": \"status\"} {}\n", "not a request"},
	{"{\"command\": \"status\", \"command\": \"stop\"}\n", "not a request"},
	{"{}\n", "not a request"},
	{"{\"command\": 1}\n", "not a request"},
	{"{\"command\": \"\"}\n", "unknown command"},
	{"{\"command\": \"\\u001b[31m\"}\n", "unknown command"},
	{"{\"command\": \"status\", \"arguments\": [\"x\"]}\n", "usage: status"},
	{"{\"command\": \"flush\"}\n", "usage: flush NAME"},
	{"{\"command\": \"flush\", \"arguments\": \"a.example\"}\n", "usage: flush NAME"},
	{"{\"command\": \"flush\", \"arguments\": [1]}\n", "usage: flush NAME"},
	{"{\"command\": \"flush\", \"arguments\": [null]}\n", "usage: flush NAME"},
	{"{\"command\": \"flush\", \"arguments\": [\"a..b\"]}\n", "not a domain name"},
	{"{\"command\": \"flush\", \"arguments\": [\"a\", \"B\"]}\n", "not a type"},
	{"{\"command\": \"lookup\", \"arguments\": [\"a\", \"B\"]}\n", "not a type"},
	{"{\"command\": \"explain\", \"arguments\": [\"a\", \"::g\"]}\n", "not a type"},
	{"{\"command\": \"log\", \"arguments\": [\"loud\"]}\n", "not a level"},
	{"{\"command\": \"load\"}\n", "not a dump"},
	{"{\"command\": \"load\", \"head\": \"tarn-dump 2 3\", \"lines\": []}\n", "not a dump"},
	{"{\"command\": \"load\", \"head\": \"tarn-dump 1 99999999999\"}\n", "future"},
};

START_TEST(what_is_no_request_is_told_so)
{
	open_control();
	int fd = client();
	say(fd, hostile[_i].line);
	const char *answer = hear(fd);
	ck_assert_msg(is_error(answer, hostile[_i].fault), "%s", answer);
	close(fd);
	turn();
}
END_TEST

START_TEST(octets_of_any_kind_are_no_request)
{
	open_control();
	int fd = client();
	char octets[1024];
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (char)(i * 7);
	octets[sizeof(octets) - 1] = '\n';
	say_octets(fd, octets, sizeof(octets));
	ck_assert(is_error(hear(fd), "not a request"));
	ck_assert_str_eq(hear(fd), "");
	close(fd);
}
END_TEST

START_TEST(arrays_in_arrays_end)
{
	enum { DEPTH = 100000 };
	static char line[DEPTH + 1];
	memset(line, '[', DEPTH);
	line[DEPTH] = '\n';
	open_control();
	int fd = client();
	say_octets(fd, line, sizeof(line));
	ck_assert(is_error(hear(fd), "not a request"));
	close(fd);
}
END_TEST

START_TEST(request_that_does_not_end_is_cut_off)
{
	static char octets[TARN__REQUEST_MAX];
	memset(octets, 'x', sizeof(octets));
	open_control();
	int fd = client();
	say_octets(fd, octets, sizeof(octets));
	ck_assert(is_error(hear(fd), "too long"));
	ck_assert_str_eq(hear(fd), "");
	close(fd);
}
END_TEST

START_TEST(requests_may_come_one_after_the_other)
{
	open_control();
	int fd = client();
	say(fd, "{\"command\": \"flush-failed\"}\n{\"command\": \"flush-negative\"}\n"
		"{\"command\": \"dump\"}\n{\"command\": \"flush\", \"arguments\": [\"a\"]}\n");
	ck_assert_str_eq(hear(fd), "{\"ok\":{}}");
	ck_assert_str_eq(hear(fd), "{\"ok\":{\"flushed\":0,\"failures_forgotten\":0}}");
	ck_assert_int_eq(strncmp(hear(fd), "{\"text\":\"tarn-dump 1 ", 21), 0);
	const char *answer = hear(fd);
	while (strncmp(answer, "{\"text\"", 7) == 0)
		answer = hear(fd);
	ck_assert_str_eq(answer, "{\"ok\":{}}");
	ck_assert_str_eq(hear(fd), "{\"ok\":{\"flushed\":0,\"failures_forgotten\":0}}");
	close(fd);
}
END_TEST

START_TEST(request_may_come_octet_by_octet)
{
	open_control();
	int fd = client();
	for (const char *at = "{\"command\": \"flush-failed\"}\n"; *at; at++)
		say_octets(fd, at, 1);
	ck_assert_str_eq(hear(fd), "{\"ok\":{}}");
	close(fd);
}
END_TEST

START_TEST(who_goes_in_the_middle_leaves_nothing)
{
	open_control();
	static const char *const lines[] = {
		"{\"comm",
		"{\"command\": \"dump\"}\n",
		"{\"command\": \"lookup\", \"arguments\": [\"a.example\"]}\n",
		"{\"command\": \"flush-tree\", \"arguments\": [\".\"]}\n",
	};
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		int fd = client();
		turn();
		say(fd, lines[i]);
		close(fd);
		for (int turns = 0; control.count > 0 && turns < 1000; turns++)
			turn();
		ck_assert_uint_eq(control.count, 0);
	}
}
END_TEST

START_TEST(who_waits_longest_gives_way_to_one_more)
{
	open_control();
	int fds[TARN__CONTROL_CONNECTIONS];
	for (int i = 0; i < TARN__CONTROL_CONNECTIONS; i++) {
		fds[i] = client();
		turn();
	}
	ck_assert_uint_eq(control.count, TARN__CONTROL_CONNECTIONS);
	/* The first one has sent a request since. */
	say(fds[0], "{\"command\": \"flush-failed\"}\n");
	ck_assert_str_eq(hear(fds[0]), "{\"ok\":{}}");
	int fd = client();
	say(fd, "{\"command\": \"flush-failed\"}\n");
	ck_assert_str_eq(hear(fd), "{\"ok\":{}}");
	ck_assert_uint_eq(control.count, TARN__CONTROL_CONNECTIONS);
	ck_assert_str_eq(hear(fds[1]), "");
	char octet;
	ck_assert_int_eq(read(fds[0], &octet, 1), -1);
	ck_assert_int_eq(errno, EAGAIN);
	for (int i = 0; i < TARN__CONTROL_CONNECTIONS; i++)
		close(fds[i]);
	close(fd);
}
END_TEST

static void pass(time_t sec)
{
	turn();
	ahead_sec += sec;
	turn();
}

enum { MANY = 400 }; /* requests whose answers fill the socket and more */

/* A client that reads nothing; tarn waits for it. */
static int lazy_client(void)
{
	static const char request[] = "{\"command\": \"stats\"}\n";
	static char octets[MANY * (sizeof(request) - 1)];
	for (size_t i = 0; i < MANY; i++)
		memcpy(octets + i * (sizeof(request) - 1), request, sizeof(request) - 1);
	int fd = client();
	turn();
	say_octets(fd, octets, sizeof(octets));
	for (int i = 0; i < 10 * MANY; i++)
		turn();
	return fd;
}

START_TEST(who_says_nothing_is_sent_away)
{
	open_control();
	int fd = client();
	pass(TARN__CONTROL_IDLE_SEC - 1);
	ck_assert_uint_eq(control.count, 1);
	say(fd, "{\"command\": \"flush-failed\"}\n");
	ck_assert_str_eq(hear(fd), "{\"ok\":{}}");
	pass(TARN__CONTROL_IDLE_SEC - 1);
	ck_assert_uint_eq(control.count, 1);
	pass(2);
	ck_assert_uint_eq(control.count, 0);
	close(fd);
}
END_TEST

START_TEST(who_reads_slowly_gets_all)
{
	open_control();
	int fd = lazy_client();
	for (int i = 0; i < MANY; i++) {
		if (i % 100 == 0)
			pass(TARN__CONTROL_STALL_SEC - 1);
		ck_assert_int_eq(strncmp(hear(fd), "{\"ok\":", 6), 0);
	}
	ck_assert_uint_eq(control.count, 1);
	pass(TARN__CONTROL_IDLE_SEC + 1);
	ck_assert_uint_eq(control.count, 0);
	close(fd);
}
END_TEST

START_TEST(who_does_not_read_is_sent_away)
{
	open_control();
	int fd = lazy_client();
	pass(TARN__CONTROL_STALL_SEC - 1);
	ck_assert_uint_eq(control.count, 1);
	pass(2);
	ck_assert_uint_eq(control.count, 0);
	close(fd);
}
END_TEST

START_TEST(who_asks_for_the_end_is_told_that_it_comes)
{
	open_control();
	int fd = client();
	say(fd, "{\"command\": \"stop\"}\n");
	while (stops == 0)
		turn();
	tarn__control_close(&control);
	ck_assert_str_eq(hear(fd), "{\"ok\":{}}");
	close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("control");
	TCase *tcase = tcase_create("control");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, socket_is_its_users_alone);
	tcase_add_test(tcase, group_may_use_it_too_where_there_is_one);
	tcase_add_loop_test(tcase, socket_is_never_another_groups, 0, 2);
	tcase_add_test(tcase, group_that_is_not_there_leaves_no_file);
	tcase_add_test(tcase, file_that_was_left_behind_is_replaced);
	tcase_add_test(tcase, tarn_that_lives_keeps_its_socket);
	tcase_add_test(tcase, program_that_is_busy_keeps_its_socket);
	tcase_add_test(tcase, socket_of_another_is_not_given_to_the_group);
	tcase_add_test(tcase, tarn_that_has_just_come_keeps_its_socket);
	tcase_add_loop_test(tcase, file_that_a_link_leads_to_keeps_its_rights, 0,
			    sizeof(traps) / sizeof(traps[0]));
	tcase_add_test(tcase, file_of_another_kind_is_left_alone);
	tcase_add_test(tcase, file_goes_with_tarn_unless_it_is_anothers);
	tcase_add_test(tcase, socket_moves_and_connections_stay);
	tcase_add_loop_test(tcase, socket_that_goes_back_has_never_been_away, 0,
			    sizeof(ways) / sizeof(ways[0]));
	tcase_add_test(tcase, socket_that_was_not_there_is_not_there_again);
	tcase_add_test(tcase, file_that_somebody_has_removed_comes_back);
	tcase_add_test(tcase, socket_stays_where_it_cannot_move);
	tcase_add_test(tcase, group_that_was_asked_for_is_there_or_nothing_is);
	tcase_add_test(tcase, path_that_is_too_long_is_refused);
	tcase_add_loop_test(tcase, what_is_no_request_is_told_so, 0,
			    sizeof(hostile) / sizeof(hostile[0]));
	tcase_add_test(tcase, octets_of_any_kind_are_no_request);
	tcase_add_test(tcase, arrays_in_arrays_end);
	tcase_add_test(tcase, request_that_does_not_end_is_cut_off);
	tcase_add_test(tcase, requests_may_come_one_after_the_other);
	tcase_add_test(tcase, request_may_come_octet_by_octet);
	tcase_add_test(tcase, who_goes_in_the_middle_leaves_nothing);
	tcase_add_test(tcase, who_waits_longest_gives_way_to_one_more);
	tcase_add_test(tcase, who_says_nothing_is_sent_away);
	tcase_add_test(tcase, who_reads_slowly_gets_all);
	tcase_add_test(tcase, who_does_not_read_is_sent_away);
	tcase_add_test(tcase, who_asks_for_the_end_is_told_that_it_comes);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
