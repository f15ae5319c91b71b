/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/system/sandbox.c: from inside, what is forbidden is tried, and what tarn does. Each case enters the
 * sandbox in a process of its own. What the machine's kernel lacks cannot be tested on it.
 */

#include "config.h"

#include "daemon/system/sandbox.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <ifaddrs.h>
#include <limits.h>
#include <link.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/system/confine.h"
#include "daemon/system/landlock.h"
#include "support/unit.h"

static struct tarn__log quiet;
static char root[] = "/tmp/tarn-sandbox-XXXXXX";

/* ---- what the kernel has --------------------------------------------------------------------- */

static long landlock_version(void)
{
#if defined(HAVE_LINUX_LANDLOCK_H) && defined(SYS_landlock_create_ruleset)
	return syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
#else
	return -1;
#endif
}

static int find_halves(void)
{
	int halves = 0;
	if (!tarn__sandbox_is_possible())
		return 0;
	if (landlock_version() > 0)
		halves |= TARN__SANDBOX_FILES;
#ifdef HAVE_SECCOMP
	if (prctl(PR_GET_SECCOMP) >= 0)
		halves |= TARN__SANDBOX_CALLS;
#endif
	return halves;
}

static int kernel_halves;

static bool has(int halves)
{
	return (kernel_halves & halves) == halves;
}

/* ---- a place with files in it ---------------------------------------------------------------- */

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static void set_up(void)
{
	kernel_halves = find_halves();
	tarn__log_init(&quiet, -1, TARN_LOG_ERR);
	ck_assert_ptr_nonnull(mkdtemp(root));
	ck_assert_int_eq(chdir(root), 0);
	mkdir("read", 0755);
	mkdir("write", 0755);
	mkdir("both", 0755);
	mkdir("else", 0755);
	mkdir("target", 0755);
	write_file("read/file", "old");
	write_file("else/file", "secret");
	write_file("target/file", "far");
	ck_assert_int_eq(symlink("../target/file", "read/link"), 0);
}

static void tear_down(void)
{
	char command[64];
	snprintf(command, sizeof(command), "rm -rf %s", root);
	ck_assert_int_eq(system(command), 0);
	tarn__log_fini(&quiet);
}

static const struct tarn__sandbox_file own_files[] = {
	{.path = "read/link"}, {.path = "write/log", .is_written = true},
	{.path = "both/file"}, {.path = "both/file", .is_written = true},
	{.path = NULL},	       {.path = "not/there", .is_written = true},
};

enum { OWN_FILES = sizeof(own_files) / sizeof(own_files[0]) };

static int enter(void)
{
	return tarn__sandbox_enter(own_files, OWN_FILES, &quiet);
}

/* ---- processes inside ------------------------------------------------------------------------ */

/* How a process ends that enters the sandbox and runs body there; 0 is well. */
static int run_inside(int (*body)(void))
{
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		signal(SIGSYS, SIG_DFL);
		signal(SIGABRT, SIG_DFL);
		_exit(enter() == kernel_halves ? body() : 99);
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return status;
}

static void check_inside(int (*body)(void))
{
	int status = run_inside(body);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %#x", status);
}

static bool opens(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static bool is_refused(const char *path, int flags)
{
	return !opens(path, flags) && errno == EACCES;
}

/* ---- files ----------------------------------------------------------------------------------- */

/* The number of the first that fails. */
#define EXPECT(condition)                                                                          \
	do {                                                                                       \
		if (!(condition))                                                                  \
			return __LINE__ % 90 + 1;                                                  \
	} while (0)

static int read_elsewhere(void)
{
	EXPECT(is_refused("else/file", O_RDONLY));
	EXPECT(is_refused("/etc/passwd", O_RDONLY));
	EXPECT(is_refused("/proc/self/mem", O_RDWR));
	EXPECT(is_refused(".", O_RDONLY | O_DIRECTORY));
	return 0;
}

START_TEST(files_elsewhere_cannot_be_read)
{
	if (has(TARN__SANDBOX_FILES))
		check_inside(read_elsewhere);
}
END_TEST

/* ---- the machine's directories --------------------------------------------------------------- */

enum { PLACES_MAX = 4096 };

static char *places[PLACES_MAX]; /* those below the root, and those below them: users', for one */
static size_t place_count;

static bool is_directory(const char *path)
{
	struct stat status;
	return lstat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static void add_places(const char *parent)
{
	DIR *directory = opendir(*parent ? parent : "/");
	struct dirent *entry;
	while (directory && (entry = readdir(directory)) && place_count < PLACES_MAX) {
		char path[PATH_MAX];
		snprintf(path, sizeof(path), "%s/%s", parent, entry->d_name);
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    is_directory(path))
			places[place_count++] = strdup(path);
	}
	if (directory)
		closedir(directory);
}

static void find_places(void)
{
	add_places("");
	size_t tops = place_count;
	for (size_t i = 0; i < tops; i++)
		add_places(places[i]);
}

static void forget_places(void)
{
	while (place_count > 0)
		free(places[--place_count]);
}

/* Returns true for the paths that libraries read, by landlock.c. */
static bool is_readable(const char *place)
{
	static const char *const some[] = {"/run", "/lib", "/lib64", "/usr/lib", "/usr/lib64"};
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		size_t len = strlen(some[i]);
		if (strncmp(place, some[i], len) == 0 && (place[len] == '\0' || place[len] == '/'))
			return true;
	}
	return false;
}

static int count_open_places(void)
{
	for (size_t i = 0; i < place_count; i++) {
		char path[PATH_MAX + 32];
		snprintf(path, sizeof(path), "%s/tarn-sandbox-test", places[i]);
		bool is_open = !is_readable(places[i]) && opens(places[i], O_RDONLY | O_DIRECTORY);
		bool is_writable = opens(path, O_WRONLY | O_CREAT | O_EXCL);
		if (is_writable)
			unlink(path);
		if (is_open || is_writable) {
			fprintf(stderr, "%s is %s\n", places[i], is_open ? "open" : "writable");
			return 1;
		}
	}
	return 0;
}

/* Nobody's home either, which would have keys in it. */
START_TEST(directories_of_the_machine_are_closed)
{
	if (!has(TARN__SANDBOX_FILES))
		return;
	find_places();
	ck_assert_uint_gt(place_count, 0);
	check_inside(count_open_places);
	forget_places();
}
END_TEST

/* ---- what a configuration opens -------------------------------------------------------------- */

static struct tarn__settings settings;

static int use_what_is_configured(void)
{
	EXPECT(settings.is_confined == has(TARN__SANDBOX_FILES));
	EXPECT(opens("read/file", O_RDONLY) && opens("config/file", O_RDONLY));
	EXPECT(opens("log/questions", O_WRONLY | O_CREAT | O_APPEND));
	EXPECT(opens("control/socket", O_WRONLY | O_CREAT));
	if (!has(TARN__SANDBOX_FILES))
		return 0;
	EXPECT(is_refused("read/new", O_WRONLY | O_CREAT));
	EXPECT(is_refused("config/new", O_WRONLY | O_CREAT));
	EXPECT(is_refused("log/questions", O_RDONLY));
	EXPECT(is_refused("control/socket", O_RDONLY));
	EXPECT(is_refused("else/file", O_RDONLY));
	return count_open_places();
}

/* How the process ends that becomes what tarn is, and does that. */
static int run_confined(int (*body)(void))
{
	struct tarn__identity self = {.uid = geteuid(), .gid = getegid()};
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0)
		_exit(tarn__confine(&settings, &self, "read/file", &quiet) == 0 ? body() : 99);
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return status;
}

START_TEST(nothing_but_what_is_configured_is_open)
{
	const char *files[] = {"config/file"};
	settings = (struct tarn__settings){.query_log = "log/questions",
					   .control = "control/socket",
					   .files = files,
					   .file_count = 1};
	mkdir("config", 0755);
	mkdir("log", 0755);
	mkdir("control", 0755);
	write_file("config/file", "x");
	find_places();
	ck_assert_int_eq(run_confined(use_what_is_configured), 0);
	forget_places();
}
END_TEST

static int use_words_as_names(void)
{
	EXPECT(is_refused("none", O_WRONLY | O_CREAT) && is_refused("stderr", O_WRONLY | O_CREAT));
	return 0;
}

START_TEST(words_are_no_files)
{
	settings = (struct tarn__settings){.query_log = "stderr", .control = "none"};
	if (has(TARN__SANDBOX_FILES))
		ck_assert_int_eq(run_confined(use_words_as_names), 0);
}
END_TEST

static int use_everything(void)
{
	EXPECT(!settings.is_confined && opens("else/file", O_RDWR));
	return 0;
}

START_TEST(sandbox_can_be_left_out)
{
	settings = (struct tarn__settings){.no_sandbox = true};
	ck_assert_int_eq(run_confined(use_everything), 0);
}
END_TEST

static int read_own(void)
{
	EXPECT(opens("read/file", O_RDONLY));
	EXPECT(opens("read", O_RDONLY | O_DIRECTORY));
	EXPECT(opens("read/link", O_RDONLY));
	EXPECT(opens("target/file", O_RDONLY));
	EXPECT(opens("/dev/null", O_RDWR));
	EXPECT(opens("/dev/urandom", O_RDONLY));
	return 0;
}

START_TEST(files_that_were_named_can_be_read)
{
	check_inside(read_own);
}
END_TEST

static int write_where_only_reading_is_meant(void)
{
	EXPECT(is_refused("read/file", O_WRONLY));
	EXPECT(is_refused("read/new", O_WRONLY | O_CREAT));
	EXPECT(truncate("read/file", 0) < 0);
	EXPECT(unlink("read/file") < 0 && errno == EACCES);
	EXPECT(rename("read/file", "read/other") < 0 && errno == EACCES);
	EXPECT(mkdir("write/directory", 0700) < 0);
	EXPECT(symlink("/etc", "write/link") < 0);
	EXPECT(is_refused("write/../else/file", O_WRONLY));
	return 0;
}

START_TEST(files_that_are_read_cannot_be_changed)
{
	if (has(TARN__SANDBOX_FILES))
		check_inside(write_where_only_reading_is_meant);
}
END_TEST

static int write_own(void)
{
	EXPECT(opens("write/log", O_WRONLY | O_CREAT | O_APPEND));
	EXPECT(rename("write/log", "write/log.1") == 0);
	EXPECT(opens("write/log", O_WRONLY | O_CREAT | O_TRUNC));
	EXPECT(unlink("write/log") == 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "write/control"};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	EXPECT(bind(fd, (const void *)&address, sizeof(address)) == 0);
	EXPECT(chmod("write/control", 0600) == 0 && listen(fd, 1) == 0);
	EXPECT(unlink("write/control") == 0);
	return 0;
}

START_TEST(files_that_are_written_come_and_go)
{
	check_inside(write_own);
}
END_TEST

static int to_parent[2], to_child[2];

/* The parent puts another file in the place of one that was there. */
static int read_replaced(void)
{
	char byte = 0, text[4] = "";
	EXPECT(write(to_parent[1], &byte, 1) == 1 && read(to_child[0], &byte, 1) == 1);
	int fd = open("read/file", O_RDONLY | O_CLOEXEC);
	EXPECT(fd >= 0 && read(fd, text, 3) == 3);
	EXPECT(strcmp(text, "new") == 0);
	return 0;
}

static void *replace(void *arg)
{
	char byte;
	if (read(to_parent[0], &byte, 1) == 1) {
		write_file("else/new", "new");
		ck_assert_int_eq(rename("else/new", "read/file"), 0);
	}
	ck_assert_int_eq(write(to_child[1], &byte, 1), 1);
	return arg;
}

START_TEST(file_that_took_anothers_place_can_be_read)
{
	pthread_t thread;
	ck_assert_int_eq(pipe(to_parent), 0);
	ck_assert_int_eq(pipe(to_child), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, replace, NULL), 0);
	check_inside(read_replaced);
	pthread_join(thread, NULL);
}
END_TEST

/* ---- Landlock without the filter, which would refuse some of it itself ------------------------ */

static long version;

static void check_landlock_alone(int (*body)(void))
{
	if (!has(TARN__SANDBOX_FILES))
		return;
	version = landlock_version();
	pid_t child = fork();
	if (child == 0)
		_exit(tarn__landlock_enter(own_files, OWN_FILES, &quiet) == 0 ? body() : 99);
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}

static const char *loader; /* the program of the C library's that runs others */

static int find_loader(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	if (strstr(info->dlpi_name, "/ld-linux") || strstr(info->dlpi_name, "/ld-musl"))
		loader = strdup(info->dlpi_name);
	return loader != NULL;
}

static bool can_execute(const char *path)
{
	char *const argv[] = {(char *)"x", NULL};
	return execv(path, argv) == 0 || errno != EACCES;
}

static int execute_without_filter(void)
{
	EXPECT(!can_execute("/bin/true"));
	EXPECT(!can_execute("read/program") && !can_execute("both/program"));
	EXPECT(!loader || !can_execute(loader));
	return 0;
}

START_TEST(landlock_alone_lets_nothing_be_executed)
{
	write_file("read/program", "#!/bin/true\n");
	write_file("both/program", "#!/bin/true\n");
	ck_assert_int_eq(chmod("read/program", 0755), 0);
	ck_assert_int_eq(chmod("both/program", 0755), 0);
	dl_iterate_phdr(find_loader, NULL);
	check_landlock_alone(execute_without_filter);
}
END_TEST

static bool is_denied(int result)
{
	return result < 0 && errno == EACCES;
}

/* Where tarn writes it makes files and sockets, and removes them. */
static int make_other_things(void)
{
	EXPECT(is_denied(mkdir("write/new", 0700)));
	EXPECT(is_denied(rmdir("write/directory")));
	EXPECT(is_denied(symlink("/etc", "write/new")));
	EXPECT(is_denied(mkfifo("write/new", 0600)));
	EXPECT(mknod("write/new", S_IFCHR | 0600, makedev(1, 3)) < 0 &&
	       (errno == EACCES || geteuid() != 0));
	EXPECT(mknod("write/new", S_IFBLK | 0600, makedev(1, 0)) < 0 &&
	       (errno == EACCES || geteuid() != 0));
	/* From one directory to another, where it would come under that one's rules. */
	EXPECT(rename("write/file", "both/new") < 0 && (errno == EXDEV || errno == EACCES));
	EXPECT(link("write/file", "both/new") < 0 && (errno == EXDEV || errno == EACCES));
	EXPECT(version < 3 || is_denied(truncate("read/file", 0)));
	return 0;
}

START_TEST(landlock_alone_lets_files_and_sockets_be_made_only)
{
	mkdir("write/directory", 0755);
	write_file("write/file", "x");
	check_landlock_alone(make_other_things);
}
END_TEST

static int abstract_socket(void)
{
	static const struct sockaddr_un address = {.sun_family = AF_UNIX,
						   .sun_path = "\0tarn-sandbox-test"};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return fd >= 0 && bind(fd, (const void *)&address, sizeof(address)) == 0 ? fd : -1;
}

static int reach_others(void)
{
	static const struct sockaddr_un address = {.sun_family = AF_UNIX,
						   .sun_path = "\0tarn-sandbox-test"};
	struct winsize size;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	EXPECT(null >= 0);
	EXPECT(version < 5 || is_denied(ioctl(null, TIOCGWINSZ, &size)));
	if (version < 6)
		return 0;
	EXPECT(kill(getppid(), 0) < 0 && errno == EPERM);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	EXPECT(connect(fd, (const void *)&address, sizeof(address)) < 0 && errno == EPERM);
	return 0;
}

/* From version 5 of it on, and 6. */
START_TEST(landlock_alone_lets_nobody_else_be_reached)
{
	int fd = abstract_socket();
	check_landlock_alone(reach_others);
	close(fd);
}
END_TEST

/* ---- system calls ---------------------------------------------------------------------------- */

static int execute(void)
{
	char *const argv[] = {(char *)"true", NULL};
	return execv("/bin/true", argv);
}

static int fork_one(void)
{
	return fork() == 0 ? 0 : 1;
}

static int trace(void)
{
	return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static int leave_namespace(void)
{
	return unshare(CLONE_NEWUSER);
}

static int become_root(void)
{
	return (int)syscall(SYS_setuid, 0);
}

static int mount_root(void)
{
	return (int)syscall(SYS_mount, "none", "/mnt", "tmpfs", 0, NULL);
}

static int load_program(void)
{
	return (int)syscall(SYS_bpf, 0, NULL, 0);
}

static int load_module(void)
{
	return (int)syscall(SYS_init_module, NULL, 0, "");
}

static int use_keys(void)
{
	return (int)syscall(SYS_keyctl, 0, 0);
}

static int read_process(void)
{
	return (int)syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0);
}

static int use_ring(void)
{
	return (int)syscall(425 /* io_uring_setup */, 1, NULL);
}

static int make_all_code(void)
{
	return (int)syscall(SYS_personality, READ_IMPLIES_EXEC);
}

#ifdef __x86_64__
/* The same kernel with its x32 call numbers, which the filter would have to list as well. */
static int use_other_numbers(void)
{
	return (int)syscall(0x40000000 | SYS_getpid);
}
#else
#define use_other_numbers execute
#endif

static int (*const attacks[])(void) = {
	execute,	  fork_one,    trace,	 leave_namespace, become_root, mount_root,
	load_program,	  load_module, use_keys, read_process,	  use_ring,    make_all_code,
	use_other_numbers};

START_TEST(attack_ends_the_process)
{
	if (!has(TARN__SANDBOX_CALLS))
		return;
	int status = run_inside(attacks[_i]);
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS, "status %#x", status);
}
END_TEST

static bool is_unknown(long result)
{
	return result == -1 && errno == ENOSYS;
}

static int call_the_rest(void)
{
	pid_t group;
	EXPECT(is_unknown(syscall(435 /* clone3 */, NULL, 0)));
	EXPECT(is_unknown(syscall(100000)));
	EXPECT(is_unknown(kill(1, 0)));
	EXPECT(is_unknown(syscall(SYS_tgkill, 1, 1, 0)));
	EXPECT(is_unknown(prctl(PR_SET_DUMPABLE, 0)));
	EXPECT(is_unknown(ioctl(0, TIOCGPGRP, &group)));
#ifdef SYS_prlimit64
	EXPECT(is_unknown(syscall(SYS_prlimit64, getppid(), RLIMIT_NOFILE, NULL, NULL)));
#endif
	/* Not socket(), which is socketcall() on some machines: a filter cannot see what of it. */
	EXPECT(is_unknown(syscall(SYS_socket, AF_PACKET, SOCK_RAW, 0)));
	EXPECT(is_unknown(syscall(SYS_socket, AF_INET, SOCK_RAW, IPPROTO_ICMP)));
	EXPECT(is_unknown(syscall(SYS_socket, AF_INET6, SOCK_RAW, IPPROTO_ICMPV6)));
	EXPECT(is_unknown(syscall(SYS_socket, AF_ALG, SOCK_SEQPACKET, 0)));
	EXPECT(is_unknown(syscall(SYS_socket, AF_VSOCK, SOCK_STREAM, 0)));
	EXPECT(is_unknown(syscall(SYS_socket, AF_NETLINK, SOCK_RAW, NETLINK_AUDIT)));
	return 0;
}

START_TEST(other_calls_are_as_if_the_kernel_had_none)
{
	if (has(TARN__SANDBOX_CALLS))
		check_inside(call_the_rest);
}
END_TEST

static int make_code(void)
{
	enum { LEN = 4096, FLAGS = MAP_PRIVATE | MAP_ANONYMOUS };
	EXPECT(mmap(NULL, LEN, PROT_READ | PROT_WRITE | PROT_EXEC, FLAGS, -1, 0) == MAP_FAILED);
	void *memory = mmap(NULL, LEN, PROT_READ | PROT_WRITE, FLAGS, -1, 0);
	EXPECT(memory != MAP_FAILED);
	EXPECT(mprotect(memory, LEN, PROT_READ | PROT_EXEC) < 0);
	EXPECT(mprotect(memory, LEN, PROT_READ) == 0);
	return 0;
}

START_TEST(nothing_written_becomes_code)
{
	if (has(TARN__SANDBOX_CALLS))
		check_inside(make_code);
}
END_TEST

/* One page of a file, at one address to be written, at another to be executed. */
static int map_file_twice(void)
{
	enum { LEN = 4096 };
	int fd = open("both/code", O_RDWR | O_CREAT | O_CLOEXEC, 0700);
	EXPECT(fd >= 0 && ftruncate(fd, LEN) == 0);
	EXPECT(mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED);
	EXPECT(mmap(NULL, LEN, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0) == MAP_FAILED);
	EXPECT(mmap(NULL, LEN, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED);
	EXPECT(mmap(NULL, LEN, PROT_EXEC, MAP_SHARED, fd, 0) == MAP_FAILED);
	return 0;
}

START_TEST(no_file_written_becomes_code)
{
	if (has(TARN__SANDBOX_CALLS))
		check_inside(map_file_twice);
}
END_TEST

/* The other calls that make memory executable, or that make files without a name. */
static int make_code_otherwise(void)
{
	enum { LEN = 4096, FLAGS = MAP_PRIVATE | MAP_ANONYMOUS };
	EXPECT(mmap(NULL, LEN, PROT_EXEC, FLAGS, -1, 0) == MAP_FAILED);
	void *memory = mmap(NULL, LEN, PROT_READ | PROT_WRITE, FLAGS, -1, 0);
	EXPECT(memory != MAP_FAILED);
	EXPECT(mprotect(memory, LEN, PROT_EXEC) < 0);
	EXPECT(mprotect(memory, LEN, PROT_READ | PROT_WRITE | PROT_EXEC) < 0);
#ifdef SYS_pkey_mprotect
	EXPECT(is_unknown(syscall(SYS_pkey_mprotect, memory, LEN, PROT_READ | PROT_EXEC, -1)));
#endif
#ifdef SYS_remap_file_pages
	EXPECT(is_unknown(syscall(SYS_remap_file_pages, memory, LEN, 0, 0, 0)));
#endif
#ifdef SYS_memfd_create
	EXPECT(is_unknown(syscall(SYS_memfd_create, "code", 0)));
#endif
#ifdef SYS_shmat
	EXPECT(is_unknown(syscall(SYS_shmat, 0, NULL, SHM_EXEC)));
#endif
#if defined(SYS_mmap) && defined(SYS_mmap2)
	/* Its arguments are in memory, or it is as good as mmap2(). */
	EXPECT(is_unknown(syscall(SYS_mmap, NULL)));
#endif
	return 0;
}

START_TEST(no_other_call_makes_code)
{
	if (has(TARN__SANDBOX_CALLS))
		check_inside(make_code_otherwise);
}
END_TEST

/* What the C library loads for it has been loaded. Its lists of users and groups are below /etc. */
static int use_what_is_loaded_late(void)
{
	errno = 0;
	EXPECT(!getgrnam("no-such-group") && (errno == 0 || errno == ENOENT));
	errno = 0;
	EXPECT(!getpwnam("no-such-user") && (errno == 0 || errno == ENOENT));
	return 0;
}

#ifdef __GLIBC__

/*
 * How many libraries of nsswitch.conf's services for users and groups can be opened that way. "files" is in
 * the C library; a line with conditions may leave out some.
 */
static int count_services(int how)
{
	FILE *file = fopen("/etc/nsswitch.conf", "re");
	char line[1024];
	int count = 0;
	while (file && fgets(line, sizeof(line), file)) {
		char *rest, *word = strtok_r(line, " \t\n", &rest);
		if (!word || strchr(rest, '[') ||
		    (strcmp(word, "passwd:") != 0 && strcmp(word, "group:") != 0))
			continue;
		while ((word = strtok_r(NULL, " \t\n", &rest)) && *word != '#') {
			char library[64];
			snprintf(library, sizeof(library), "libnss_%.32s.so.2", word);
			count += strcmp(word, "files") != 0 && dlopen(library, RTLD_NOW | how);
		}
	}
	if (file)
		fclose(file);
	return count;
}

static int count_inside(void)
{
	return count_services(RTLD_NOLOAD);
}

static int count_outside(void)
{
	return count_services(0);
}

static int status_of(int (*count)(void), const struct tarn__sandbox_file *etc)
{
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0)
		_exit(!etc || tarn__sandbox_enter(etc, 1, &quiet) == kernel_halves ? count() : 99);
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

START_TEST(what_finds_users_and_groups_is_loaded)
{
	const struct tarn__sandbox_file etc = {.path = "/etc/"};
	if (kernel_halves != 0)
		ck_assert_int_eq(status_of(count_inside, &etc), status_of(count_outside, NULL));
}
END_TEST

#endif

START_TEST(what_libraries_load_late_is_there)
{
	const struct tarn__sandbox_file etc = {.path = "/etc/"};
	pid_t child = fork();
	if (child == 0)
		_exit(tarn__sandbox_enter(&etc, 1, &quiet) == kernel_halves
			      ? use_what_is_loaded_late()
			      : 99);
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

static void *try_in_thread(void *arg)
{
	*(bool *)arg = !has(TARN__SANDBOX_FILES) || is_refused("else/file", O_RDONLY);
	return NULL;
}

static int start_thread(void)
{
	pthread_t thread;
	bool is_bound = false;
	EXPECT(pthread_create(&thread, NULL, try_in_thread, &is_bound) == 0);
	EXPECT(pthread_join(thread, NULL) == 0);
	EXPECT(is_bound);
	return 0;
}

START_TEST(threads_start_and_are_inside)
{
	check_inside(start_thread);
}
END_TEST

static void *call_unknown(void *is_bound)
{
	char byte;
	if (read(to_child[0], &byte, 1) == 1)
		*(bool *)is_bound = is_unknown(kill(1, 0));
	return NULL;
}

/* Threads of libraries' that are there before. */
START_TEST(calls_bind_threads_that_run_already)
{
	if (!has(TARN__SANDBOX_CALLS))
		return;
	ck_assert_int_eq(pipe(to_child), 0);
	pid_t child = fork();
	if (child == 0) {
		pthread_t thread;
		bool is_bound = false;
		pthread_create(&thread, NULL, call_unknown, &is_bound);
		int halves = enter();
		bool is_told = write(to_child[1], "x", 1) == 1;
		pthread_join(thread, NULL);
		_exit(halves == kernel_halves && is_told && is_bound ? 0 : 1);
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

static int do_as_tarn(void)
{
	static const int families[] = {AF_INET, AF_INET6, AF_UNIX};
	for (int i = 0; i < 3; i++) {
		/* A kernel need not have IPv6. */
		EXPECT(socket(families[i], SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) >= 0 ||
		       errno == EAFNOSUPPORT);
		EXPECT(socket(families[i], SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) >= 0 ||
		       errno == EAFNOSUPPORT);
	}
	EXPECT(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE) >= 0);
	EXPECT(if_nametoindex("lo") > 0);
	struct ifaddrs *interfaces;
	EXPECT(getifaddrs(&interfaces) == 0);
	freeifaddrs(interfaces);
	int notify = inotify_init1(IN_CLOEXEC);
	EXPECT(notify >= 0 && inotify_add_watch(notify, "read", IN_CREATE) >= 0);
	EXPECT(epoll_create1(EPOLL_CLOEXEC) >= 0);
	EXPECT(prctl(PR_SET_NAME, "tarn/0") == 0);
	struct rlimit limit;
	EXPECT(getrlimit(RLIMIT_NOFILE, &limit) == 0 && setrlimit(RLIMIT_NOFILE, &limit) == 0);
	void *memory = malloc(1 << 20);
	EXPECT(memory && (memory = realloc(memory, 1 << 22)));
	free(memory);
	return 0;
}

START_TEST(what_tarn_does_works)
{
	check_inside(do_as_tarn);
}
END_TEST

static int give_up(void)
{
	abort();
}

START_TEST(abort_aborts)
{
	int status = run_inside(give_up);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sandbox");
	TCase *tcase = tcase_create("sandbox");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, files_elsewhere_cannot_be_read);
	tcase_add_test(tcase, directories_of_the_machine_are_closed);
	tcase_add_test(tcase, nothing_but_what_is_configured_is_open);
	tcase_add_test(tcase, words_are_no_files);
	tcase_add_test(tcase, sandbox_can_be_left_out);
	tcase_add_test(tcase, files_that_were_named_can_be_read);
	tcase_add_test(tcase, files_that_are_read_cannot_be_changed);
	tcase_add_test(tcase, files_that_are_written_come_and_go);
	tcase_add_test(tcase, file_that_took_anothers_place_can_be_read);
	tcase_add_test(tcase, landlock_alone_lets_nothing_be_executed);
	tcase_add_test(tcase, landlock_alone_lets_files_and_sockets_be_made_only);
	tcase_add_test(tcase, landlock_alone_lets_nobody_else_be_reached);
	tcase_add_loop_test(tcase, attack_ends_the_process, 0,
			    sizeof(attacks) / sizeof(attacks[0]));
	tcase_add_test(tcase, other_calls_are_as_if_the_kernel_had_none);
	tcase_add_test(tcase, nothing_written_becomes_code);
	tcase_add_test(tcase, no_file_written_becomes_code);
	tcase_add_test(tcase, no_other_call_makes_code);
	tcase_add_test(tcase, what_libraries_load_late_is_there);
	tcase_add_test(tcase, threads_start_and_are_inside);
#ifdef __GLIBC__
	tcase_add_test(tcase, what_finds_users_and_groups_is_loaded);
#endif
	tcase_add_test(tcase, calls_bind_threads_that_run_already);
	tcase_add_test(tcase, what_tarn_does_works);
	tcase_add_test(tcase, abort_aborts);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
