/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/control_file.c: how the control socket comes to its file, and the file to its rights. */
#include "config.h"

#include "daemon/control_file.h"

#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tarn.h"

enum {
	BACKLOG = 16, /* as many as control.c serves at a time */
	MODE_OWN = 0600,
	MODE_GROUP = 0660,
};

/* Of a path that a tarn listens at, or has left behind, only the latter is removed. */
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
	/* EAGAIN: somebody listens, and is busy. */
	errno = error == 0 || error == EAGAIN ? EADDRINUSE : error;
	return TARN_ESYSTEM;
}

int tarn__control_file_group(const char *name, gid_t *out)
{
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

/* The user's that tarn is to be, with a group that may read and write; NULL: none. */
static int set_rights(const struct tarn__identity *identity, const char *path,
		      const char *group_name)
{
	uid_t user = identity && identity->is_other ? identity->uid : (uid_t)-1;
	gid_t group = (gid_t)-1;
	if (group_name && tarn__control_file_group(group_name, &group) < 0)
		return TARN_ESYSTEM;
	bool is_done = lchown(path, user, group) == 0 &&
		       chmod(path, group_name ? MODE_GROUP : MODE_OWN) == 0;
	return is_done ? 0 : TARN_ESYSTEM;
}

static void remove_file(const struct tarn__control_file *file)
{
	/* Another one may have taken its place. */
	struct stat status;
	if (lstat(file->path, &status) == 0 && status.st_dev == file->device &&
	    status.st_ino == file->inode)
		unlink(file->path);
}

/* What fchmod() sets before bind() is what the file is made with. */
static int bind_file(const struct tarn__identity *identity, struct tarn__control_file *file,
		     const struct sockaddr_un *address)
{
	struct stat status;
	if (clear_path(address) < 0 || fchmod(file->fd, MODE_OWN) < 0 ||
	    bind(file->fd, (const struct sockaddr *)address, sizeof *address) < 0 ||
	    lstat(file->path, &status) < 0)
		return TARN_ESYSTEM;
	file->device = status.st_dev;
	file->inode = status.st_ino;
	if (set_rights(identity, file->path, file->group) == 0 && listen(file->fd, BACKLOG) == 0)
		return 0;
	int reason = errno;
	remove_file(file);
	errno = reason;
	return TARN_ESYSTEM;
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

int tarn__control_file_set_group(struct tarn__control_file *file, const char *group,
				 const struct tarn__identity *identity)
{
	char *copy = group ? strdup(group) : NULL;
	if ((group && !copy) || set_rights(identity, file->path, group) < 0) {
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
