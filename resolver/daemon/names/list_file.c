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

#include "daemon/system/file.h"

static const char file_name[] = "lists.tl", temporary_name[] = ".lists.tl.new";

enum { FILE_MODE = 0640 };

static bool join(const char *folder, const char *name, char out[PATH_MAX])
{
	if (snprintf(out, PATH_MAX, "%s/%s", folder, name) < PATH_MAX)
		return true;
	errno = ENAMETOOLONG;
	return false;
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void unmap(void *octets, size_t len)
{
	if (octets)
		munmap(octets, len);
}

/* Returns NULL with errno set if memory is short. */
static void *map_memory(size_t len)
{
	void *octets = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return octets == MAP_FAILED ? NULL : octets;
}

/* Doubles the memory. */
static void grow(struct tarn__list_writer *writer)
{
	struct tarn__list_image *image = &writer->image;
	size_t room = writer->room > 0 ? 2 * writer->room : sizeof(writer->buffer);
	void *octets = image->octets ? mremap(image->octets, writer->room, room, MREMAP_MAYMOVE)
				     : map_memory(room);
	if (!octets || octets == MAP_FAILED) {
		writer->error = ENOMEM;
		return;
	}
	image->octets = octets;
	writer->room = room;
}

static void flush_to_memory(struct tarn__list_writer *writer)
{
	struct tarn__list_image *image = &writer->image;
	while (writer->error == 0 && writer->room - image->len < writer->used)
		grow(writer);
	if (writer->error != 0 || writer->used == 0)
		return;
	memcpy((uint8_t *)image->octets + image->len, writer->buffer, writer->used);
	image->len += writer->used;
}

/* What is left over goes back to the system; the mapping is as long as its octets from now on. */
static void end_memory(struct tarn__list_writer *writer)
{
	struct tarn__list_image *image = &writer->image;
	void *octets = image->octets ? mremap(image->octets, writer->room, image->len, 0) : NULL;
	if (!octets || octets == MAP_FAILED || mprotect(octets, image->len, PROT_READ) < 0)
		writer->error = ENOMEM;
}

bool tarn__list_image_copy(const struct tarn__rules *rules, struct tarn__list_image *out)
{
	const struct tarn__namelist *list = tarn__rules_list(rules);
	void *octets = map_memory(list->len);
	if (!octets)
		return false;
	memcpy(octets, list->octets, list->len);
	mprotect(octets, list->len, PROT_READ);
	*out = (struct tarn__list_image){.fd = -1, .octets = octets, .len = list->len};
	return true;
}

/* ---- writing --------------------------------------------------------------------------------- */

bool tarn__list_writer_begin(struct tarn__list_writer *writer, const char *folder)
{
	writer->image = (struct tarn__list_image){.fd = -1};
	writer->room = writer->used = 0;
	writer->error = 0;
	writer->path[0] = '\0';
	if (!folder)
		return true;
	if (!join(folder, file_name, writer->path) ||
	    !join(folder, temporary_name, writer->temporary))
		return false;
	/* That of a tarn that was killed. */
	unlink(writer->temporary);
	writer->image.fd =
		open(writer->temporary,
		     O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, FILE_MODE);
	return writer->image.fd >= 0;
}

static bool is_in_memory(const struct tarn__list_writer *writer)
{
	return writer->path[0] == '\0';
}

static void flush_to_file(struct tarn__list_writer *writer)
{
	for (size_t at = 0; at < writer->used && writer->error == 0;) {
		ssize_t len = write(writer->image.fd, writer->buffer + at, writer->used - at);
		if (len > 0)
			at += (size_t)len;
		else if (len == 0 || errno != EINTR)
			writer->error = len == 0 ? ENOSPC : errno;
	}
}

static void flush(struct tarn__list_writer *writer)
{
	if (is_in_memory(writer))
		flush_to_memory(writer);
	else
		flush_to_file(writer);
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

static void put_in_place(struct tarn__list_writer *writer)
{
	if (tarn__file_put_in_place(writer->image.fd, writer->temporary, writer->path) < 0)
		writer->error = errno;
}

int tarn__list_writer_end(struct tarn__list_writer *writer, struct tarn__list_image *out)
{
	flush(writer);
	if (writer->error == 0 && is_in_memory(writer))
		end_memory(writer);
	else if (writer->error == 0)
		put_in_place(writer);
	if (writer->error == 0) {
		*out = writer->image;
		return 0;
	}
	int error = writer->error;
	tarn__list_writer_cancel(writer);
	errno = error;
	return -1;
}

void tarn__list_writer_cancel(struct tarn__list_writer *writer)
{
	if (is_in_memory(writer)) {
		unmap(writer->image.octets, writer->room);
		return;
	}
	close(writer->image.fd);
	unlink(writer->temporary);
}

/* ---- reading --------------------------------------------------------------------------------- */

static bool is_trusted(const struct stat *status)
{
	return S_ISREG(status->st_mode) && status->st_uid == geteuid() &&
	       (status->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

int tarn__list_file_open(const char *folder, struct tarn__list_image *out)
{
	char path[PATH_MAX];
	struct stat status;
	if (!join(folder, file_name, path))
		return -1;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -1;
	if (fstat(fd, &status) == 0 && is_trusted(&status)) {
		*out = (struct tarn__list_image){.fd = fd};
		return 0;
	}
	close(fd);
	errno = EPERM;
	return -1;
}

/* Returns 0, or an error of tarn__list_image_use(). */
static int map_file(const struct tarn__list_image *image, void **octets, size_t *len)
{
	struct stat status;
	if (fstat(image->fd, &status) < 0 || status.st_size <= 0)
		return TARN__NAMELIST_DAMAGED;
	*len = (size_t)status.st_size;
	*octets = mmap(NULL, *len, PROT_READ, MAP_SHARED, image->fd, 0);
	return *octets == MAP_FAILED ? TARN__NAMELIST_NOMEM : 0;
}

int tarn__list_image_use(struct tarn__list_image *image, const struct tarn__list_plan *plan,
			 struct tarn__rules **out)
{
	struct tarn__rule_set sets[TARN__NAMELIST_SETS_MAX];
	void *octets = image->octets;
	size_t len = image->len;
	if (plan->set_count > TARN__NAMELIST_SETS_MAX)
		return TARN__NAMELIST_FULL;
	int error = image->fd >= 0 ? map_file(image, &octets, &len) : 0;
	if (error != 0)
		return error;
	for (size_t i = 0; i < plan->set_count; i++)
		sets[i] = plan->sets[i].rules;
	error = tarn__rules_new(octets, len, unmap, sets, plan->set_count, out);
	if (error != 0) {
		if (image->fd >= 0)
			unmap(octets, len);
		return error;
	}
	image->octets = NULL;
	if (tarn__rules_list(*out)->digest == plan->digest)
		return 0;
	tarn__rules_put(*out);
	return TARN__NAMELIST_FOREIGN;
}

void tarn__list_image_close(struct tarn__list_image *image)
{
	if (image->fd >= 0)
		close(image->fd);
	unmap(image->octets, image->len);
	*image = (struct tarn__list_image){.fd = -1};
}
