/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/transfer/update.c: a zone file, and changes to it. */
#include "config.h"

#include "daemon/transfer/update.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dns/zonefile.h"

enum { CHUNK = 1 << 16 /* octets of a step, which take a millisecond */ };

struct tarn__update {
	int fd;
	struct tarn__changes *changes;
	struct tarn__zone_writer *writer;
	const char *fault;
	bool has_soa; /* the old one has been read */
	bool is_damaged, is_broken; /* the old file; the new one */
	struct tarn__zonefile reader;
	uint8_t chunk[CHUNK];
};

static void on_record(void *arg, const struct tarn__zone_record *record)
{
	struct tarn__update *update = arg;
	/* The old SOA is the first record; the new one is written. */
	bool is_soa = record->type == TARN__TYPE_SOA;
	update->is_damaged |= is_soa == update->has_soa;
	update->has_soa |= is_soa;
	if (is_soa || update->is_damaged || update->is_broken)
		return;
	if (tarn__changes_keep(update->changes, record))
		update->is_broken = !tarn__zone_writer_add(update->writer, record);
}

static void on_fault(void *arg, unsigned line, const char *text)
{
	struct tarn__update *update = arg;
	(void)line;
	(void)text;
	update->is_damaged = true;
}

struct tarn__update *tarn__update_new(const char *path, struct tarn__changes *changes,
				      struct tarn__zone_writer *writer)
{
	static const struct tarn__zonefile_callbacks callbacks = {on_record, on_fault};
	struct tarn__update *update = malloc(sizeof(*update));
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (!update || fd < 0) {
		int error = errno;
		if (fd >= 0)
			close(fd);
		free(update);
		tarn__changes_free(changes);
		tarn__zone_writer_free(writer);
		errno = error;
		return NULL;
	}
	update->fd = fd;
	update->changes = changes;
	update->writer = writer;
	update->fault = NULL;
	update->has_soa = update->is_damaged = update->is_broken = false;
	tarn__zonefile_init(&update->reader, NULL, 0, 0, &callbacks, update);
	return update;
}

static enum tarn__update_result fail(struct tarn__update *update, enum tarn__update_result result,
				     const char *fault)
{
	update->fault = fault;
	return result;
}

static enum tarn__update_result fail_writing(struct tarn__update *update)
{
	return fail(update, TARN__UPDATE_FAILED, tarn__zone_writer_fault(update->writer));
}

static bool add(void *arg, const struct tarn__zone_record *record)
{
	struct tarn__update *update = arg;
	return tarn__zone_writer_add(update->writer, record);
}

static enum tarn__update_result look(struct tarn__update *update)
{
	if (update->is_broken)
		return fail_writing(update);
	if (update->is_damaged)
		return fail(update, TARN__UPDATE_MISFIT, "the file of the zone is damaged");
	return TARN__UPDATE_MORE;
}

static enum tarn__update_result finish(struct tarn__update *update)
{
	tarn__zonefile_end(&update->reader);
	enum tarn__update_result result = look(update);
	if (result != TARN__UPDATE_MORE)
		return result;
	if (!update->has_soa || !tarn__changes_fit(update->changes))
		return fail(update, TARN__UPDATE_MISFIT, "its changes are not to the zone here");
	if (!tarn__changes_added(update->changes, add, update) ||
	    !tarn__zone_writer_finish(update->writer))
		return fail_writing(update);
	return TARN__UPDATE_DONE;
}

enum tarn__update_result tarn__update_step(struct tarn__update *update)
{
	ssize_t len = read(update->fd, update->chunk, CHUNK);
	if (len < 0 && errno == EINTR)
		return TARN__UPDATE_MORE;
	if (len < 0)
		return fail(update, TARN__UPDATE_FAILED, strerror(errno));
	if (len == 0)
		return finish(update);
	tarn__zonefile_feed(&update->reader, update->chunk, (size_t)len);
	return look(update);
}

const char *tarn__update_fault(const struct tarn__update *update)
{
	return update->fault;
}

size_t tarn__update_count(const struct tarn__update *update)
{
	size_t left_out;
	return tarn__zone_writer_count(update->writer, &left_out);
}

void tarn__update_free(struct tarn__update *update)
{
	if (!update)
		return;
	close(update->fd);
	tarn__changes_free(update->changes);
	tarn__zone_writer_free(update->writer);
	free(update);
}
