/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/transfer/zone_file.c: zones as files. */
#include "config.h"

#include "daemon/transfer/zone_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/system/file.h"
#include "dns/rdata_text.h"
#include "dns/text.h"
#include "dns/zonefile.h"

enum {
	FILE_MODE = 0640,
	BUFFER = 1 << 16, /* octets that are written at once */
	HEAD_MAX =
		8192, /* octets that an SOA has at most: two names, of four characters an octet */
	LINE_MAX_LEN = TARN__NAME_TEXT_MAX + 2 * TARN__WORD_MAX + TARN__RDATA_TEXT_MAX,
};

bool tarn__zone_file_folder(const char *state, char out[PATH_MAX])
{
	return snprintf(out, PATH_MAX, "%s/rpz", state) < PATH_MAX;
}

bool tarn__zone_file_path(const char *state, const char *name, char out[PATH_MAX])
{
	return snprintf(out, PATH_MAX, "%s/rpz/%s.zone", state, name) < PATH_MAX;
}

/* ---- reading --------------------------------------------------------------------------------- */

struct head {
	const struct tarn__name *zone;
	bool has_first, is_good;
	struct tarn__soa soa;
};

static void on_record(void *arg, const struct tarn__zone_record *record)
{
	struct head *head = arg;
	if (head->has_first)
		return;
	head->has_first = true;
	head->is_good = record->type == TARN__TYPE_SOA && record->owner_len == head->zone->len &&
			tarn__name_is_equal(record->owner, head->zone->octets, record->owner_len) &&
			tarn__soa_read(record->rdata, record->rdata_len, &head->soa);
}

static void on_fault(void *arg, unsigned line, const char *text)
{
	struct head *head = arg;
	(void)line;
	(void)text;
	head->has_first = true;
}

static void parse_head(struct head *head, const char *octets, size_t len)
{
	static const struct tarn__zonefile_callbacks callbacks = {on_record, on_fault};
	struct tarn__zonefile *reader = malloc(sizeof(*reader));
	if (!reader)
		return;
	tarn__zonefile_init(reader, NULL, 0, 0, &callbacks, head);
	tarn__zonefile_feed(reader, octets, len);
	free(reader);
}

bool tarn__zone_file_read_head(const char *path, const struct tarn__name *zone,
			       struct tarn__zone_file_head *out)
{
	char octets[HEAD_MAX];
	struct stat status;
	struct head head = {.zone = zone};
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return false;
	ssize_t len = -1;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
		len = read(fd, octets, sizeof(octets));
	close(fd);
	if (len > 0)
		parse_head(&head, octets, (size_t)len);
	if (!head.is_good)
		return false;
	*out = (struct tarn__zone_file_head){.soa = head.soa,
					     .written_s = (int64_t)status.st_mtim.tv_sec};
	return true;
}

/* ---- writing --------------------------------------------------------------------------------- */

struct tarn__zone_writer {
	int fd; /* -1: it has been finished */
	const char *fault;
	uint64_t octets;
	size_t count, left_out;
	size_t used;
	char path[PATH_MAX], temporary[PATH_MAX];
	char buffer[BUFFER];
	char line[LINE_MAX_LEN], rdata[TARN__RDATA_TEXT_MAX];
};

struct tarn__zone_writer *tarn__zone_writer_new(const char *path)
{
	struct tarn__zone_writer *writer = malloc(sizeof(*writer));
	if (!writer)
		return NULL;
	writer->fault = NULL;
	writer->octets = 0;
	writer->count = writer->left_out = writer->used = 0;
	if (snprintf(writer->path, PATH_MAX, "%s", path) >= PATH_MAX ||
	    snprintf(writer->temporary, PATH_MAX, "%s.tmp", path) >= PATH_MAX) {
		free(writer);
		errno = ENAMETOOLONG;
		return NULL;
	}
	/* That of a tarn that was killed. */
	unlink(writer->temporary);
	writer->fd =
		open(writer->temporary,
		     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, FILE_MODE);
	if (writer->fd >= 0)
		return writer;
	int error = errno;
	free(writer);
	errno = error;
	return NULL;
}

static bool fail(struct tarn__zone_writer *writer, const char *fault)
{
	writer->fault = fault;
	return false;
}

static bool flush(struct tarn__zone_writer *writer)
{
	for (size_t at = 0; at < writer->used;) {
		ssize_t len = write(writer->fd, writer->buffer + at, writer->used - at);
		if (len > 0)
			at += (size_t)len;
		else if (len == 0 || errno != EINTR)
			return fail(writer, strerror(len == 0 ? ENOSPC : errno));
	}
	writer->used = 0;
	return true;
}

static bool write_text(struct tarn__zone_writer *writer, const char *text, size_t len)
{
	writer->octets += len;
	if (writer->octets > TARN__ZONE_OCTETS_MAX)
		return fail(writer, "the zone has more than 256 MiB");
	while (len > 0) {
		size_t part = BUFFER - writer->used;
		part = len < part ? len : part;
		memcpy(writer->buffer + writer->used, text, part);
		writer->used += part;
		text += part;
		len -= part;
		if (writer->used == BUFFER && !flush(writer))
			return false;
	}
	return true;
}

bool tarn__zone_writer_add(struct tarn__zone_writer *writer, const struct tarn__zone_record *record)
{
	char owner[TARN__NAME_TEXT_MAX], type[TARN__WORD_MAX];
	tarn__rdata_format(record->rdata, 0, record->rdata_len, record->type, writer->rdata);
	int len = snprintf(writer->line, sizeof(writer->line), "%s %u IN %s %s\n",
			   tarn__name_format(record->owner, owner), (unsigned)record->ttl,
			   tarn__type_format(record->type, type), writer->rdata);
	if (len > TARN__ZONE_TEXT_MAX) {
		writer->left_out++;
		return true;
	}
	writer->count++;
	return write_text(writer, writer->line, (size_t)len);
}

size_t tarn__zone_writer_count(const struct tarn__zone_writer *writer, size_t *left_out)
{
	*left_out = writer->left_out;
	return writer->count;
}

const char *tarn__zone_writer_fault(const struct tarn__zone_writer *writer)
{
	return writer->fault;
}

bool tarn__zone_writer_finish(struct tarn__zone_writer *writer)
{
	if (!flush(writer))
		return false;
	if (tarn__file_put_in_place(writer->fd, writer->temporary, writer->path) < 0)
		return fail(writer, strerror(errno));
	close(writer->fd);
	writer->fd = -1;
	return true;
}

void tarn__zone_writer_free(struct tarn__zone_writer *writer)
{
	if (!writer)
		return;
	if (writer->fd >= 0) {
		close(writer->fd);
		unlink(writer->temporary);
	}
	free(writer);
}
