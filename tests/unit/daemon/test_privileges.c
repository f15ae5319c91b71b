/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/system/privileges.c: the way down from root, each time in a process of its own, and none back.
 * Who is not root tests what is then left.
 */

#include "config.h"

#include "daemon/system/privileges.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <net/if.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef HAVE_LIBCAP
#include <sys/capability.h>
#endif

#include "support/unit.h"

static const char other_user[] = "nobody";

static int ends[2];
static struct tarn__log sink;
static struct tarn__identity identity;

/* A kernel, or a layer above it, that reports success and does nothing. */
static bool is_deaf;

int __real_setresuid(uid_t real, uid_t effective, uid_t saved);
int __wrap_setresuid(uid_t real, uid_t effective, uid_t saved);

int __wrap_setresuid(uid_t real, uid_t effective, uid_t saved)
{
	return is_deaf ? 0 : __real_setresuid(real, effective, saved);
}

static struct passwd *invented; /* that is found under every name */

struct passwd *__real_getpwnam(const char *name);
struct passwd *__wrap_getpwnam(const char *name);

struct passwd *__wrap_getpwnam(const char *name)
{
	return invented ? invented : __real_getpwnam(name);
}

static void set_up(void)
{
	is_deaf = false;
	invented = NULL;
	ck_assert_int_eq(pipe(ends), 0);
	tarn__log_init(&sink, ends[1], TARN_LOG_INFO);
}

static void tear_down(void)
{
	tarn__log_fini(&sink);
	close(ends[0]);
	close(ends[1]);
}

static const char *logged(void)
{
	static char text[4096];
	close(ends[1]);
	ssize_t len = read(ends[0], text, sizeof(text) - 1);
	text[len > 0 ? len : 0] = '\0';
	return text;
}

static bool is_root(void)
{
	return geteuid() == 0;
}

/* Whoever runs the test, and root again in the end, as some tools at exit need it. */
static int find_as_somebody(const char *user)
{
	bool was_root = is_root();
	if (was_root)
		ck_assert_int_eq(seteuid(1), 0);
	int error = tarn__privileges_find(user, &identity, &sink);
	ck_assert_uint_ne(geteuid(), 0);
	if (error == 0)
		ck_assert_uint_eq(identity.uid, geteuid());
	if (was_root)
		ck_assert_int_eq(seteuid(0), 0);
	return error;
}

START_TEST(user_who_does_not_exist_is_refused)
{
	ck_assert_int_eq(tarn__privileges_find("no-such-user", &identity, &sink), TARN_EINVAL);
	ck_assert_str_eq(logged(), "tarn: --user no-such-user: no such user\n");
}
END_TEST

/* It is logged when tarn runs, not before an error that prevents the start. */
START_TEST(root_for_want_of_a_user_is_said)
{
	if (!is_root() || getpwnam("tarn"))
		return;
	ck_assert_int_eq(tarn__privileges_find(NULL, &identity, &sink), 0);
	ck_assert_int_eq(tarn__privileges_drop(&identity, false, &sink), 0);
	ck_assert_str_eq(logged(), "tarn: running as root: there is no user tarn\n");
}
END_TEST

START_TEST(root_who_is_meant_to_be_root_is_not)
{
	if (!is_root())
		return;
	ck_assert_int_eq(tarn__privileges_find("root", &identity, &sink), 0);
	ck_assert_int_eq(tarn__privileges_drop(&identity, false, &sink), 0);
	ck_assert_str_eq(logged(), "");
}
END_TEST

START_TEST(own_name_is_nobody_else)
{
	const struct passwd *entry = getpwuid(geteuid());
	if (!entry)
		return;
	ck_assert_int_eq(tarn__privileges_find(entry->pw_name, &identity, &sink), 0);
	ck_assert(!identity.is_other);
	ck_assert_int_eq(tarn__privileges_drop(&identity, false, &sink), 0);
	ck_assert_uint_eq(geteuid(), entry->pw_uid);
}
END_TEST

START_TEST(only_root_becomes_another)
{
	ck_assert_int_eq(find_as_somebody(other_user), TARN_EINVAL);
	ck_assert_ptr_nonnull(strstr(logged(), "--user nobody: only root can become another user"));
}
END_TEST

START_TEST(who_is_not_root_stays_who_he_is)
{
	ck_assert_int_eq(find_as_somebody(NULL), 0);
	ck_assert(!identity.is_other);
	ck_assert_str_eq(logged(), "");
}
END_TEST

static void become_other(bool has_interface)
{
	ck_assert_int_eq(tarn__privileges_find(other_user, &identity, &sink), 0);
	ck_assert(identity.is_other);
	ck_assert_int_eq(tarn__privileges_drop(&identity, has_interface, &sink), 0);
}

START_TEST(root_becomes_the_user_for_good)
{
	if (!is_root())
		return;
	become_other(false);
	uid_t uids[3];
	gid_t gids[3];
	ck_assert_int_eq(getresuid(&uids[0], &uids[1], &uids[2]), 0);
	ck_assert_int_eq(getresgid(&gids[0], &gids[1], &gids[2]), 0);
	for (int i = 0; i < 3; i++) {
		ck_assert_uint_eq(uids[i], identity.uid);
		ck_assert_uint_eq(gids[i], identity.gid);
	}
	gid_t groups[64];
	int count = getgroups(64, groups);
	for (int i = 0; i < count; i++)
		ck_assert_uint_ne(groups[i], 0);
	ck_assert_int_lt(setuid(0), 0);
	ck_assert_int_lt(seteuid(0), 0);
	ck_assert_int_lt(setgid(0), 0);
	ck_assert_int_eq(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 1);
}
END_TEST

START_TEST(way_back_to_root_ends_it)
{
	if (!is_root())
		return;
	ck_assert_int_eq(tarn__privileges_find(other_user, &identity, &sink), 0);
	is_deaf = true;
	ck_assert_int_eq(tarn__privileges_drop(&identity, false, &sink), TARN_ESYSTEM);
	ck_assert_ptr_nonnull(strstr(logged(), "nobody could become root again"));
}
END_TEST

/* _i: octets beyond what there is room for. */
START_TEST(name_that_is_too_long_is_refused)
{
	char name[sizeof(identity.name) + 1] = "";
	struct passwd entry = {.pw_name = name, .pw_uid = geteuid(), .pw_gid = getegid()};
	memset(name, 'x', sizeof(identity.name) - 1 + (size_t)_i);
	invented = &entry;
	ck_assert_int_eq(tarn__privileges_find(name, &identity, &sink), _i ? TARN_EINVAL : 0);
	if (_i)
		ck_assert_ptr_nonnull(strstr(logged(), "x: the name is too long"));
	else
		ck_assert_str_eq(identity.name, name);
}
END_TEST

static int by_number(const void *a, const void *b)
{
	gid_t left = *(const gid_t *)a, right = *(const gid_t *)b;
	return (left > right) - (left < right);
}

/* The process had others, which a session of root's has. */
START_TEST(groups_are_the_users_and_no_others)
{
	enum { GROUPS_MAX = 64 };
	static const gid_t roots[] = {0, 1, 4, 60001};
	if (!is_root() || setgroups(sizeof(roots) / sizeof(roots[0]), roots) < 0)
		return;
	gid_t expected[GROUPS_MAX], groups[GROUPS_MAX];
	int expected_count = GROUPS_MAX;
	const struct passwd *entry = getpwnam(other_user);
	ck_assert_ptr_nonnull(entry);
	ck_assert_int_gt(getgrouplist(other_user, entry->pw_gid, expected, &expected_count), 0);
	become_other(false);
	int count = getgroups(GROUPS_MAX, groups);
	ck_assert_int_eq(count, expected_count);
	qsort(expected, (size_t)count, sizeof(gid_t), by_number);
	qsort(groups, (size_t)count, sizeof(gid_t), by_number);
	ck_assert_mem_eq(groups, expected, (size_t)count * sizeof(gid_t));
}
END_TEST

#ifdef HAVE_LIBCAP

/* What the process has, in words: "cap_net_bind_service=ep". */
static void check_capabilities(const char *words)
{
	cap_t caps = cap_get_proc();
	char *text = cap_to_text(caps, NULL);
	const char *sign = strchr(text, '=');
	ck_assert_ptr_nonnull(sign);
	ck_assert_msg(strcmp(text, words) == 0, "%s", text);
	cap_free(text);
	cap_free(caps);
}

static void check_bounds(void)
{
	for (int value = 0; prctl(PR_CAPBSET_READ, value) >= 0; value++)
		ck_assert_int_eq(prctl(PR_CAPBSET_READ, value), value == CAP_NET_BIND_SERVICE);
}

START_TEST(one_capability_is_kept)
{
	if (!is_root())
		return;
	become_other(false);
	check_capabilities("cap_net_bind_service=ep");
	check_bounds();
}
END_TEST

START_TEST(root_without_another_user_keeps_no_more)
{
	if (!is_root())
		return;
	ck_assert_int_eq(tarn__privileges_find("root", &identity, &sink), 0);
	ck_assert_int_eq(tarn__privileges_drop(&identity, false, &sink), 0);
	check_capabilities("cap_net_bind_service=ep");
	check_bounds();
}
END_TEST

START_TEST(what_was_not_there_is_not_kept)
{
	if (!is_root())
		return;
	cap_t none = cap_init();
	ck_assert_int_eq(cap_set_proc(none), 0);
	cap_free(none);
	ck_assert_int_eq(tarn__privileges_find("root", &identity, &sink), 0);
	ck_assert_int_eq(tarn__privileges_drop(&identity, true, &sink), 0);
	check_capabilities("=");
}
END_TEST

/* In a network namespace, where the port is free. */
START_TEST(low_ports_are_bound_afterwards)
{
	if (!is_root() || unshare(CLONE_NEWNET) < 0)
		return;
	become_other(false);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(53)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(fd, (const void *)&address, sizeof(address)), 0);
	close(fd);
}
END_TEST

START_TEST(sockets_are_bound_to_interfaces_afterwards)
{
	if (!is_root())
		return;
	become_other(true);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3), 0);
	close(fd);
}
END_TEST

#endif

START_TEST(directory_is_made_for_the_user)
{
	if (!is_root())
		return;
	char parent[] = "/tmp/tarn-privileges-XXXXXX", path[64];
	ck_assert_ptr_nonnull(mkdtemp(parent));
	snprintf(path, sizeof(path), "%s/run", parent);
	ck_assert_int_eq(tarn__privileges_find(other_user, &identity, &sink), 0);
	mode_t before = umask(0);
	ck_assert_int_eq(tarn__privileges_make_directory(&identity, path, &sink), 0);
	umask(before);
	struct stat status;
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq(status.st_uid, identity.uid);
	ck_assert_uint_eq(status.st_gid, identity.gid);
	ck_assert_uint_eq(status.st_mode & 07022, 0);
	ck_assert_int_eq(tarn__privileges_make_directory(&identity, path, &sink), 0);
	rmdir(path);
	rmdir(parent);
	ck_assert_int_eq(tarn__privileges_make_directory(&identity, path, &sink), TARN_ESYSTEM);
	ck_assert_ptr_nonnull(strstr(logged(), "/run: No such file or directory"));
}
END_TEST

START_TEST(directory_of_others_stays_theirs)
{
	if (!is_root())
		return;
	char path[] = "/tmp/tarn-privileges-XXXXXX";
	ck_assert_ptr_nonnull(mkdtemp(path));
	ck_assert_int_eq(tarn__privileges_find(other_user, &identity, &sink), 0);
	ck_assert_int_eq(tarn__privileges_make_directory(&identity, path, &sink), 0);
	struct stat status;
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq(status.st_uid, 0);
	rmdir(path);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("privileges");
	TCase *tcase = tcase_create("privileges");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, user_who_does_not_exist_is_refused);
	tcase_add_test(tcase, root_for_want_of_a_user_is_said);
	tcase_add_test(tcase, root_who_is_meant_to_be_root_is_not);
	tcase_add_test(tcase, own_name_is_nobody_else);
	tcase_add_test(tcase, only_root_becomes_another);
	tcase_add_test(tcase, who_is_not_root_stays_who_he_is);
	tcase_add_test(tcase, root_becomes_the_user_for_good);
	tcase_add_test(tcase, way_back_to_root_ends_it);
	tcase_add_loop_test(tcase, name_that_is_too_long_is_refused, 0, 2);
	tcase_add_test(tcase, groups_are_the_users_and_no_others);
#ifdef HAVE_LIBCAP
	tcase_add_test(tcase, one_capability_is_kept);
	tcase_add_test(tcase, root_without_another_user_keeps_no_more);
	tcase_add_test(tcase, what_was_not_there_is_not_kept);
	tcase_add_test(tcase, low_ports_are_bound_afterwards);
	tcase_add_test(tcase, sockets_are_bound_to_interfaces_afterwards);
#endif
	tcase_add_test(tcase, directory_is_made_for_the_user);
	tcase_add_test(tcase, directory_of_others_stays_theirs);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
