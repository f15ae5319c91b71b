/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/names/list_file.c: the file of compiled lists. */
#include "config.h"

#include "daemon/names/list_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char file_name[] = "lists.tl", temporary_name[] = ".lists.tl.new";

enum { FILE_MODE = 0640 };

static bool join(const char *folder, const char *name, char out[PATH_MAX])
{
	if (snprintf(out, PATH_MAX, "%s/%s", folder, name) < PATH_MAX)
		return true;
	errno = ENAMETOOLONG;
	return false;
}

/* ---- writing --------------------------------------------------------------------------------- */

bool tarn__list_writer_begin(struct tarn__list_writer *writer, const char *folder)
{
	writer->used = 0;
	writer->error = 0;
	writer->is_in_memory = !folder;
	if (!folder) {
		writer->fd = memfd_create(file_name, MFD_CLOEXEC);
		return writer->fd >= 0;
	}
	if (!join(folder, file_name, writer->path) ||
	    !join(folder, temporary_name, writer->temporary))
		return false;
	/* That of a tarn that was killed. */
	unlink(writer->temporary);
	writer->fd = open(writer->temporary,
			  O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, FILE_MODE);
	return writer->fd >= 0;
}

static void flush(struct tarn__list_writer *writer)
{
	for (size_t at = 0; at < writer->used && writer->error == 0;) {
		ssize_t len = write(writer->fd, writer->buffer + at, writer->used - at);
		if (len > 0)
			at += (size_t)len;
		else if (len == 0 || errno != EINTR)
			writer->error = len == 0 ? ENOSPC : errno;
	}
	writer->used = 0;
}

int tarn__list_writer_write(void *data, const void *octets, size_t len)
{
	struct tarn__list_writer *writer = data;
	const uint8_t *at = octets;
	while (len > 0 && writer->error == 0) {
		size_t room = sizeof(writer->buffer) - writer->used;
		size_t part = len < room ? len : room;
		memcpy(writer->buffer + writer->used, at, part);
		writer->used += part;
		at += part;
		len -= part;
		if (writer->used == sizeof(writer->buffer))
			flush(writer);
	}
	return writer->error == 0 ? 0 : -1;
}

/* Of the folder, so that the new name outlives a failure of power. Without it the old one does. */
static void sync_folder(const char *path)
{
	char folder[PATH_MAX];
	strcpy(folder, path);
	*strrchr(folder, '/') = '\0';
	int fd = open(*folder ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

static int put_in_place(struct tarn__list_writer *writer)
{
	if (writer->is_in_memory)
		return 0;
	if (fsync(writer->fd) < 0 || rename(writer->temporary, writer->path) < 0)
		return -1;
	sync_folder(writer->path);
	return 0;
}

int tarn__list_writer_end(struct tarn__list_writer *writer)
{
	flush(writer);
	if (writer->error == 0 && put_in_place(writer) < 0)
		writer->error = errno;
	if (writer->error == 0)
		return writer->fd;
	int error = writer->error;
	tarn__list_writer_cancel(writer);
	errno = error;
	return -1;
}

void tarn__list_writer_cancel(struct tarn__list_writer *writer)
{
	close(writer->fd);
	if (!writer->is_in_memory)
		unlink(writer->temporary);
}

/* ---- reading --------------------------------------------------------------------------------- */

static bool is_trusted(const struct stat *status)
{
	return S_ISREG(status->st_mode) && status->st_uid == geteuid() &&
	       (status->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

int tarn__list_file_open(const char *folder)
{
	char path[PATH_MAX];
	struct stat status;
	if (!join(folder, file_name, path))
		return -1;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -1;
	if (fstat(fd, &status) == 0 && is_trusted(&status))
		return fd;
	close(fd);
	errno = EPERM;
	return -1;
}

static void unmap(void *octets, size_t len)
{
	munmap(octets, len);
}

int tarn__list_file_map(int fd, const struct tarn__list_plan *plan, struct tarn__rules **out)
{
	struct tarn__rule_set sets[TARN__NAMELIST_SETS_MAX];
	struct stat status;
	if (plan->set_count > TARN__NAMELIST_SETS_MAX)
		return TARN__NAMELIST_FULL;
	if (fstat(fd, &status) < 0 || status.st_size <= 0)
		return TARN__NAMELIST_DAMAGED;
	size_t len = (size_t)status.st_size;
	void *octets = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
	if (octets == MAP_FAILED)
		return TARN__NAMELIST_NOMEM;
	for (size_t i = 0; i < plan->set_count; i++)
		sets[i] = plan->sets[i].rules;
	int error = tarn__rules_new(octets, len, unmap, sets, plan->set_count, out);
	if (error != 0) {
		unmap(octets, len);
		return error;
	}
	if (tarn__rules_list(*out)->digest == plan->digest)
		return 0;
	tarn__rules_put(*out);
	return TARN__NAMELIST_FOREIGN;
}
