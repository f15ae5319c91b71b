/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/cache_file/place.c: the file of the cache, its lock and its successor. */
#include "config.h"

#include "daemon/cache_file/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum {
	MODE = 0600, /* the names are those that clients have asked for */
	LOCK_TRIES = 3, /* another process may just have removed the file that was locked */
};

const char *tarn__place_fault(const struct stat *status)
{
	if (S_ISLNK(status->st_mode))
		return "a symbolic link, which is not followed";
	if (S_ISDIR(status->st_mode))
		return "a directory";
	if (S_ISFIFO(status->st_mode))
		return "a pipe";
	if (!S_ISREG(status->st_mode))
		return "not a regular file";
	if (status->st_uid != 0 && status->st_uid != geteuid())
		return "a file of another user";
	if (status->st_mode & (S_IWGRP | S_IWOTH))
		return "a file that others may write to";
	return NULL;
}

/* ---- the lock -------------------------------------------------------------------------------- */

static bool names_same_file(const char *path, int fd)
{
	struct stat named, held;
	return lstat(path, &named) == 0 && fstat(fd, &held) == 0 && named.st_dev == held.st_dev &&
	       named.st_ino == held.st_ino;
}

/* Returns the descriptor; -1 with errno. */
static int lock_once(const char *path)
{
	int fd =
		open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, MODE);
	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

static int take_lock(const char *path)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		int fd = lock_once(path);
		if (fd < 0 || names_same_file(path, fd))
			return fd;
		close(fd);
	}
	errno = EWOULDBLOCK;
	return -1;
}

static void describe_lock(const struct tarn__place *place, int error,
			  char fault[TARN__PLACE_FAULT_MAX])
{
	if (error == EWOULDBLOCK)
		snprintf(fault, TARN__PLACE_FAULT_MAX, "another process has it");
	else if (error == ENOENT)
		snprintf(fault, TARN__PLACE_FAULT_MAX, "its folder does not exist");
	else
		snprintf(fault, TARN__PLACE_FAULT_MAX, "cannot open %s beside it: %s",
			 strrchr(place->lock, '/') + 1, strerror(error));
}

/* ---- the place ------------------------------------------------------------------------------- */

/* A save that did not end. What else has that name is found by the next save, which does not touch it. */
static void remove_temporary(const struct tarn__place *place)
{
	struct stat status;
	if (lstat(place->temporary, &status) == 0 && S_ISREG(status.st_mode))
		unlink(place->temporary);
}

bool tarn__place_open(struct tarn__place *place, const char *path,
		      char fault[TARN__PLACE_FAULT_MAX])
{
	place->lock_fd = -1;
	snprintf(place->path, PATH_MAX, "%s", path);
	if (strlen(path) >= PATH_MAX ||
	    snprintf(place->temporary, PATH_MAX, "%s.tmp", path) >= PATH_MAX ||
	    snprintf(place->lock, PATH_MAX, "%s.lock", path) >= PATH_MAX) {
		snprintf(fault, TARN__PLACE_FAULT_MAX, "%s", strerror(ENAMETOOLONG));
		return false;
	}
	struct stat status;
	const char *why = lstat(path, &status) == 0 ? tarn__place_fault(&status) : NULL;
	if (why) {
		snprintf(fault, TARN__PLACE_FAULT_MAX, "it is %s", why);
		return false;
	}
	place->lock_fd = take_lock(place->lock);
	if (place->lock_fd < 0) {
		describe_lock(place, errno, fault);
		return false;
	}
	remove_temporary(place);
	return true;
}

void tarn__place_close(struct tarn__place *place)
{
	if (place->lock_fd >= 0)
		close(place->lock_fd);
	place->lock_fd = -1;
}

int tarn__place_remove(const struct tarn__place *place)
{
	struct stat status;
	bool is_there = lstat(place->path, &status) == 0 && !tarn__place_fault(&status);
	return is_there && unlink(place->path) < 0 ? errno : 0;
}

int tarn__place_wipe(struct tarn__place *place)
{
	remove_temporary(place);
	int error = tarn__place_remove(place);
	if (error == 0)
		unlink(place->lock);
	return error;
}

int tarn__place_read(const struct tarn__place *place, uint64_t *len,
		     char fault[TARN__PLACE_FAULT_MAX])
{
	struct stat status;
	fault[0] = '\0';
	/* With O_NONBLOCK the open of a pipe does not wait for a writer. */
	int fd = open(place->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0) {
		if (errno != ENOENT)
			snprintf(fault, TARN__PLACE_FAULT_MAX, "%s", strerror(errno));
		return -1;
	}
	const char *why = fstat(fd, &status) < 0 ? strerror(errno) : tarn__place_fault(&status);
	if (!why) {
		*len = (uint64_t)status.st_size;
		return fd;
	}
	snprintf(fault, TARN__PLACE_FAULT_MAX, "it is %s", why);
	close(fd);
	return -1;
}
