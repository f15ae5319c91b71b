/* SPDX-License-Identifier: BSD-2-Clause */
/* The sandbox for files: Landlock, as far as the kernel has it. */
#include "config.h"

#include "daemon/system/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/settings/path.h"

#if defined(HAVE_LINUX_LANDLOCK_H) && defined(SYS_landlock_create_ruleset)
#include <linux/landlock.h>

/* Rights of newer kernels, which the header at build time may lack. */
enum {
	ALL_RIGHTS_1 = (1 << 13) - 1,
	REFER_2 = 1 << 13,
	TRUNCATE_3 = 1 << 14,
	IOCTL_DEVICE_5 = 1 << 15,
	SCOPE_ABSTRACT_SOCKETS_6 = 1,
	SCOPE_SIGNALS_6 = 2,
};

struct ruleset {
	uint64_t files;
	uint64_t ports; /* TCP ports: all allowed, since a reload may name any */
	uint64_t scopes;
};

enum {
	READ = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
	WRITE = LANDLOCK_ACCESS_FS_WRITE_FILE | TRUNCATE_3 | LANDLOCK_ACCESS_FS_MAKE_REG |
		LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE,
	OF_FILES = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | TRUNCATE_3,
};

/*
 * Files that libraries open: c-ares a file and random octets, the C library others (to find a group or the
 * time zone; without a seccomp filter, a library for that); the directories in which other programs keep
 * resolv.conf, in case it becomes a link to there; and the CA certificates of the system and what they are links
 * to, which a reload reads again.
 */
static const struct {
	const char *path;
	uint64_t rights;
} common[] = {
	{"/dev/null", READ | WRITE},
	{"/dev/urandom", READ},
	{"/sys/devices/system/cpu/online", READ},
	{"/run", READ},
	{"/lib", READ},
	{"/lib64", READ},
	{"/usr/lib", READ},
	{"/usr/lib64", READ},
	{"/usr/local/lib", READ},
	{"/usr/share/zoneinfo", READ},
	{"/etc/ssl/certs", READ},
	{"/etc/ssl/cert.pem", READ},
	{"/etc/pki", READ},
	{"/usr/share/ca-certificates", READ},
	{"/usr/local/share/ca-certificates", READ},
};

static struct ruleset choose(long abi)
{
	struct ruleset ruleset = {.files = ALL_RIGHTS_1};
	if (abi >= 2)
		ruleset.files |= REFER_2;
	if (abi >= 3)
		ruleset.files |= TRUNCATE_3;
	if (abi >= 5)
		ruleset.files |= IOCTL_DEVICE_5;
	if (abi >= 6)
		ruleset.scopes = SCOPE_ABSTRACT_SOCKETS_6 | SCOPE_SIGNALS_6;
	return ruleset;
}

/* A path that is missing or not accessible now remains inaccessible. */
static void allow(int fd, const struct ruleset *ruleset, const char *path, uint64_t rights)
{
	struct stat status;
	struct landlock_path_beneath_attr rule = {
		.allowed_access = rights & ruleset->files,
		.parent_fd = open(path, O_PATH | O_CLOEXEC),
	};
	if (rule.parent_fd < 0)
		return;
	if (fstat(rule.parent_fd, &status) == 0) {
		if (!S_ISDIR(status.st_mode))
			rule.allowed_access &= OF_FILES;
		syscall(SYS_landlock_add_rule, fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	}
	close(rule.parent_fd);
}

static void allow_file(int fd, const struct ruleset *ruleset, const struct tarn__sandbox_file *file)
{
	if (!file->path || strlen(file->path) >= PATH_MAX)
		return;
	char path[PATH_MAX], directory[PATH_MAX];
	strcpy(path, file->path);
	int links = 0;
	do {
		strcpy(directory, path);
		tarn__path_cut(directory);
		allow(fd, ruleset, directory, file->is_written ? WRITE : READ);
	} while (links++ < TARN__PATH_LINKS && tarn__path_read_link(path));
}

static int enter(const struct tarn__sandbox_file *files, size_t count)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 0)
		return -1;
	struct ruleset ruleset = choose(abi);
	int fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset, sizeof(ruleset), 0);
	if (fd < 0)
		return -1;
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		allow(fd, &ruleset, common[i].path, common[i].rights);
	for (size_t i = 0; i < count; i++)
		allow_file(fd, &ruleset, &files[i]);
	int result = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (result == 0)
		result = (int)syscall(SYS_landlock_restrict_self, fd, 0);
	int error = errno;
	close(fd);
	errno = error;
	return result;
}

#else

static int enter(const struct tarn__sandbox_file *files, size_t count)
{
	(void)files;
	(void)count;
	errno = ENOSYS;
	return -1;
}

#endif

int tarn__landlock_enter(const struct tarn__sandbox_file *files, size_t count,
			 struct tarn__log *log)
{
	if (enter(files, count) == 0)
		return 0;
	tarn__log(log, TARN_LOG_INFO, "no Landlock: access to files is not restricted: %s",
		  strerror(errno));
	return TARN_ESYSTEM;
}
