/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/names/text_file.c: files of names. */
#include "config.h"

#include "daemon/names/text_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/system/file.h"

/* Times of files have the resolution of the kernel's tick, or, of some file systems, of seconds. */
static const int64_t resolution_ns = 2000000000;

enum { SECOND_NS = 1000000000 };

static int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

static void identify(const struct stat *status, struct tarn__file_identity *out)
{
	*out = (struct tarn__file_identity){
		.device = (uint64_t)status->st_dev,
		.inode = (uint64_t)status->st_ino,
		.size = (uint64_t)status->st_size,
		.mtime_ns = (int64_t)status->st_mtim.tv_sec * SECOND_NS + status->st_mtim.tv_nsec,
	};
	out->is_fresh = out->mtime_ns > now_ns() - resolution_ns;
}

bool tarn__file_is_unchanged(const struct tarn__file_identity *before,
			     const struct tarn__file_identity *now)
{
	return before->device == now->device && before->inode == now->inode &&
	       before->size == now->size && before->mtime_ns == now->mtime_ns && !before->is_fresh;
}

int tarn__text_file_open(const char *path, struct tarn__file_identity *out, const char **fault)
{
	struct stat status;
	*fault = NULL;
	/* With O_NONBLOCK the open of a pipe does not wait for a writer. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd >= 0 && fstat(fd, &status) == 0) {
		*fault = S_ISDIR(status.st_mode) ? "a folder" : tarn__file_fault(&status);
		if (!*fault) {
			identify(&status, out);
			return fd;
		}
		errno = EINVAL;
	}
	int error = errno;
	if (!*fault)
		*fault = strerror(error);
	if (fd >= 0)
		close(fd);
	errno = error;
	return -1;
}

bool tarn__text_file_is_out_of_reach(const char *path)
{
	if (access(path, R_OK) < 0)
		return false;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	bool is_out_of_reach = fd < 0 && errno == EACCES;
	if (fd >= 0)
		close(fd);
	return is_out_of_reach;
}

/* ---- folders --------------------------------------------------------------------------------- */

static int is_taken(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);
	return entry->d_name[0] != '.' && entry->d_name[len - 1] != '~';
}

/* The order does not depend on the locale. */
static int compare(const struct dirent **one, const struct dirent **other)
{
	return strcmp((*one)->d_name, (*other)->d_name);
}

static bool expand_entry(const char *folder, const char *name, tarn__text_file_fn *fn, void *arg)
{
	char path[PATH_MAX];
	size_t len = strlen(folder);
	const char *slash = len > 0 && folder[len - 1] == '/' ? "" : "/";
	if (snprintf(path, sizeof(path), "%s%s%s", folder, slash, name) >= PATH_MAX ||
	    tarn__file_is_folder(path))
		return true;
	return fn(arg, path);
}

int tarn__text_file_expand(const char *path, tarn__text_file_fn *fn, void *arg)
{
	if (!tarn__file_is_folder(path)) {
		fn(arg, path);
		return 0;
	}
	struct dirent **entries;
	int count = scandir(path, &entries, is_taken, compare);
	if (count < 0)
		return -1;
	bool is_wanted = true;
	for (int i = 0; i < count; i++) {
		is_wanted = is_wanted && expand_entry(path, entries[i]->d_name, fn, arg);
		free(entries[i]);
	}
	free(entries);
	return 0;
}
