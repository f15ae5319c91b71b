/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/control/control_file.c: the file of the control socket, and its permissions. */
#include "config.h"

#include "daemon/control/control_file.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tarn.h"

enum {
	BACKLOG = 16, /* connections, as many as control.c serves */
	MODE_OWN = 0600,
	MODE_GROUP = 0660,
};

/* Removes the file that an ended tarn has left behind, and not that of a running one. */
static int clear_path(const struct sockaddr_un *address)
{
	struct stat status;
	if (lstat(address->sun_path, &status) < 0)
		return errno == ENOENT ? 0 : TARN_ESYSTEM;
	if (!S_ISSOCK(status.st_mode)) {
		errno = EEXIST;
		return TARN_ESYSTEM;
	}
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return TARN_ESYSTEM;
	int result = connect(fd, (const struct sockaddr *)address, sizeof *address);
	int error = result < 0 ? errno : 0;
	close(fd);
	if (error == ECONNREFUSED)
		return unlink(address->sun_path) < 0 && errno != ENOENT ? TARN_ESYSTEM : 0;
	if (error == ENOENT)
		return 0;
	/* EAGAIN: a process listens, and is busy. */
	errno = error == 0 || error == EAGAIN ? EADDRINUSE : error;
	return TARN_ESYSTEM;
}

/*
 * A user who may write to the directory could make the name lead to another file between two calls: to a
 * symbolic link or a hard link. So the file is opened and examined, and everything after that uses the
 * descriptor. -1 with errno: EEXIST if it is not a socket with this name only.
 */
static int open_file(const char *path, struct stat *status)
{
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (fstat(fd, status) == 0 && S_ISSOCK(status->st_mode) && status->st_nlink == 1)
		return fd;
	close(fd);
	errno = EEXIST;
	return -1;
}

static bool is_ours(const struct tarn__control_file *file, const struct stat *status)
{
	return status->st_dev == file->device && status->st_ino == file->inode;
}

/* fchmod() fails for descriptors opened with O_PATH; chmod() accepts this name for them. */
static int change_mode(int fd, mode_t mode)
{
	char link[sizeof("/proc/self/fd/") + 3 * sizeof(fd)];
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return chmod(link, mode);
}

/* Sets the owner, and a group that may read and write; -1: none. */
static int set_rights(int fd, const struct stat *status, const struct tarn__identity *identity,
		      gid_t group)
{
	uid_t user = identity && identity->is_other ? identity->uid : (uid_t)-1;
	mode_t mode = group == (gid_t)-1 ? MODE_OWN : MODE_GROUP;
	if (fchownat(fd, "", user, group, AT_EMPTY_PATH) < 0)
		return TARN_ESYSTEM;
	if ((status->st_mode & 07777) == mode)
		return 0;
	return change_mode(fd, mode) == 0 ? 0 : TARN_ESYSTEM;
}

/* NULL gives -1. An error with errno: ENOENT if the group does not exist. */
static int find_group(const char *name, gid_t *out)
{
	*out = (gid_t)-1;
	if (!name)
		return 0;
	errno = 0;
	const struct group *group = getgrnam(name);
	if (!group) {
		if (errno == 0)
			errno = ENOENT;
		return TARN_ESYSTEM;
	}
	*out = group->gr_gid;
	return 0;
}

bool tarn__control_file_is_there(const struct tarn__control_file *file)
{
	struct stat status;
	return lstat(file->path, &status) == 0 && is_ours(file, &status);
}

static void remove_file(const struct tarn__control_file *file)
{
	if (tarn__control_file_is_there(file))
		unlink(file->path);
}

/*
 * The mode set by fchmod() before bind() is the one that the file is created with. Between bind() and
 * listen() another tarn would take the file for an abandoned one: nothing else is done there.
 */
static int bind_file(const struct tarn__identity *identity, struct tarn__control_file *file,
		     const struct sockaddr_un *address)
{
	struct stat status;
	gid_t group;
	if (find_group(file->group, &group) < 0 || clear_path(address) < 0 ||
	    fchmod(file->fd, MODE_OWN) < 0 ||
	    bind(file->fd, (const struct sockaddr *)address, sizeof *address) < 0 ||
	    listen(file->fd, BACKLOG) < 0)
		return TARN_ESYSTEM;
	int fd = open_file(file->path, &status);
	if (fd < 0)
		return TARN_ESYSTEM;
	file->device = status.st_dev;
	file->inode = status.st_ino;
	int error = set_rights(fd, &status, identity, group);
	int reason = errno;
	close(fd);
	if (error < 0)
		remove_file(file);
	errno = reason;
	return error;
}

static void free_file(struct tarn__control_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	free(file->path);
	free(file->group);
	*file = (struct tarn__control_file){.fd = -1};
}

int tarn__control_file_open(const char *path, const char *group,
			    const struct tarn__identity *identity, struct tarn__control_file *file)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	*file = (struct tarn__control_file){.fd = -1};
	if (strlen(path) >= sizeof address.sun_path) {
		errno = ENAMETOOLONG;
		return TARN_ESYSTEM;
	}
	strcpy(address.sun_path, path);
	file->path = strdup(path);
	file->group = group ? strdup(group) : NULL;
	file->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (file->path && (file->group || !group) && file->fd >= 0 &&
	    bind_file(identity, file, &address) == 0)
		return 0;
	int reason = errno;
	free_file(file);
	errno = reason;
	return TARN_ESYSTEM;
}

static int change_group(const struct tarn__control_file *file, const char *name,
			const struct tarn__identity *identity)
{
	struct stat status;
	gid_t group;
	if (find_group(name, &group) < 0)
		return TARN_ESYSTEM;
	int fd = open_file(file->path, &status);
	if (fd < 0)
		return TARN_ESYSTEM;
	int error = TARN_ESYSTEM, reason = EEXIST;
	if (is_ours(file, &status)) {
		error = set_rights(fd, &status, identity, group);
		reason = errno;
	}
	close(fd);
	errno = reason;
	return error;
}

int tarn__control_file_set_group(struct tarn__control_file *file, const char *group,
				 const struct tarn__identity *identity)
{
	char *copy = group ? strdup(group) : NULL;
	if ((group && !copy) || change_group(file, group, identity) < 0) {
		int reason = errno;
		free(copy);
		errno = reason;
		return TARN_ESYSTEM;
	}
	free(file->group);
	file->group = copy;
	return 0;
}

void tarn__control_file_close(struct tarn__control_file *file)
{
	if (!file->path)
		return;
	remove_file(file);
	free_file(file);
}
