/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/cache_file/writer.c: a queue of octets, and the thread that writes them. */
#include "config.h"

#include "daemon/cache_file/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/system/file.h"

enum {
	MODE = 0600,
	NICE = 10, /* of the thread: it yields to those that answer */
	WINDOW = 4 * 1024 * 1024, /* octets that the disk is to write at a time */
};

struct chunk {
	struct chunk *next;
	size_t len;
	uint8_t octets[TARN__WRITER_CHUNK];
};

struct tarn__writer {
	const struct tarn__place *place;
	struct ev_loop *loop;
	ev_async *ended;
	uint64_t len_max;
	/* Of the caller's thread. */
	struct chunk *filling;
	uint64_t put;
	pthread_t thread;
	/* Of the writer's thread. */
	int fd;
	uint64_t written, window; /* window: where the one begins that the disk writes now */
	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t changed;
	struct chunk *first, *last;
	size_t waiting; /* octets in the queue */
	bool has_all, is_canceled, is_over, has_failed;
	char fault[TARN__PLACE_FAULT_MAX]; /* set before has_failed, and not changed afterwards */
};

/* ---- the writer's thread --------------------------------------------------------------------- */

static void fail(struct tarn__writer *writer, const char *what, const char *why)
{
	pthread_mutex_lock(&writer->mutex);
	if (!writer->has_failed)
		snprintf(writer->fault, sizeof(writer->fault), "%s%s", what, why);
	writer->has_failed = true;
	pthread_mutex_unlock(&writer->mutex);
}

/* Returns false if something is at the path that is not to be replaced. */
static bool may_replace(struct tarn__writer *writer, const char *path, const char *what)
{
	struct stat status;
	const char *why = lstat(path, &status) == 0 ? tarn__place_fault(&status) : NULL;
	if (why)
		fail(writer, what, why);
	return !why;
}

static bool begin(struct tarn__writer *writer)
{
	const struct tarn__place *place = writer->place;
	if (!may_replace(writer, place->path, "there is ") ||
	    !may_replace(writer, place->temporary, "in the place of the new file there is "))
		return false;
	/* That of a save that was killed. */
	unlink(place->temporary);
	writer->fd = open(place->temporary,
			  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, MODE);
	if (writer->fd < 0)
		fail(writer, "", strerror(errno));
	return writer->fd >= 0;
}

/* Returns the next octets, which are the caller's then; NULL: there are no more. */
static struct chunk *take(struct tarn__writer *writer)
{
	pthread_mutex_lock(&writer->mutex);
	while (!writer->first && !writer->has_all && !writer->is_canceled)
		pthread_cond_wait(&writer->changed, &writer->mutex);
	struct chunk *chunk = writer->is_canceled ? NULL : writer->first;
	if (chunk) {
		writer->first = chunk->next;
		writer->waiting -= chunk->len;
		if (!writer->first)
			writer->last = NULL;
	}
	pthread_mutex_unlock(&writer->mutex);
	return chunk;
}

/*
 * Has the disk write what is complete, and waits for the window before: no more than two windows are ever to
 * be written when the file is synchronized. What cannot do so says it at the end.
 */
static void write_back(struct tarn__writer *writer)
{
	while (writer->written - writer->window >= 2 * (uint64_t)WINDOW) {
		sync_file_range(writer->fd, (off_t)writer->window, WINDOW,
				SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
					SYNC_FILE_RANGE_WAIT_AFTER);
		writer->window += WINDOW;
		sync_file_range(writer->fd, (off_t)writer->window, WINDOW, SYNC_FILE_RANGE_WRITE);
	}
}

static bool write_chunk(struct tarn__writer *writer, const struct chunk *chunk)
{
	for (size_t at = 0; at < chunk->len;) {
		ssize_t len = write(writer->fd, chunk->octets + at, chunk->len - at);
		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0) {
			fail(writer, "", strerror(len < 0 ? errno : ENOSPC));
			return false;
		}
		at += (size_t)len;
	}
	writer->written += chunk->len;
	write_back(writer);
	return true;
}

static bool write_all(struct tarn__writer *writer)
{
	struct chunk *chunk;
	bool is_good = true;
	while (is_good && (chunk = take(writer))) {
		is_good = write_chunk(writer, chunk);
		free(chunk);
	}
	pthread_mutex_lock(&writer->mutex);
	is_good = is_good && writer->has_all && !writer->is_canceled && !writer->has_failed;
	pthread_mutex_unlock(&writer->mutex);
	return is_good;
}

static void put_in_place(struct tarn__writer *writer)
{
	const struct tarn__place *place = writer->place;
	if (may_replace(writer, place->path, "there is ") &&
	    tarn__file_put_in_place(writer->fd, place->temporary, place->path) < 0)
		fail(writer, "", strerror(errno));
}

static void *write_main(void *arg)
{
	struct tarn__writer *writer = arg;
	setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICE);
	bool is_begun = begin(writer), is_whole = is_begun && write_all(writer);
	if (is_whole)
		put_in_place(writer);
	if (is_begun) {
		close(writer->fd);
		if (!is_whole || tarn__writer_fault(writer))
			unlink(writer->place->temporary);
	}
	pthread_mutex_lock(&writer->mutex);
	writer->is_over = true;
	pthread_mutex_unlock(&writer->mutex);
	ev_async_send(writer->loop, writer->ended);
	return NULL;
}

/* ---- the caller's thread --------------------------------------------------------------------- */

/* Signals are the main thread's. */
static int start_thread(struct tarn__writer *writer)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&writer->thread, NULL, write_main, writer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

static void free_chunks(struct chunk *chunk)
{
	while (chunk) {
		struct chunk *next = chunk->next;
		free(chunk);
		chunk = next;
	}
}

struct tarn__writer *tarn__writer_new(const struct tarn__place *place, uint64_t len_max,
				      struct ev_loop *loop, ev_async *ended)
{
	struct tarn__writer *writer = calloc(1, sizeof(*writer));
	if (!writer)
		return NULL;
	writer->place = place;
	writer->len_max = len_max;
	writer->loop = loop;
	writer->ended = ended;
	pthread_mutex_init(&writer->mutex, NULL);
	pthread_cond_init(&writer->changed, NULL);
	int error = start_thread(writer);
	if (error == 0)
		return writer;
	tarn__writer_free(writer);
	errno = error;
	return NULL;
}

/* Passes on what is filled. */
static void pass_on(struct tarn__writer *writer)
{
	struct chunk *chunk = writer->filling;
	writer->filling = NULL;
	if (!chunk)
		return;
	pthread_mutex_lock(&writer->mutex);
	if (writer->last)
		writer->last->next = chunk;
	else
		writer->first = chunk;
	writer->last = chunk;
	writer->waiting += chunk->len;
	pthread_cond_signal(&writer->changed);
	pthread_mutex_unlock(&writer->mutex);
}

static bool make_chunk(struct tarn__writer *writer)
{
	writer->filling = malloc(sizeof(*writer->filling));
	if (!writer->filling) {
		fail(writer, "", strerror(ENOMEM));
		return false;
	}
	writer->filling->next = NULL;
	writer->filling->len = 0;
	return true;
}

bool tarn__writer_put(struct tarn__writer *writer, const void *octets, size_t len)
{
	const uint8_t *at = octets;
	writer->put += len;
	if (writer->put > writer->len_max)
		fail(writer, "", "it would be many times as large as the cache");
	if (tarn__writer_fault(writer))
		return false;
	while (len > 0) {
		if (!writer->filling && !make_chunk(writer))
			return false;
		struct chunk *chunk = writer->filling;
		size_t room = sizeof(chunk->octets) - chunk->len;
		size_t part = len < room ? len : room;
		memcpy(chunk->octets + chunk->len, at, part);
		chunk->len += part;
		at += part;
		len -= part;
		if (chunk->len == sizeof(chunk->octets))
			pass_on(writer);
	}
	return true;
}

bool tarn__writer_has_room(struct tarn__writer *writer)
{
	pthread_mutex_lock(&writer->mutex);
	bool has_room = writer->waiting < TARN__WRITER_QUEUE;
	pthread_mutex_unlock(&writer->mutex);
	return has_room;
}

void tarn__writer_end(struct tarn__writer *writer)
{
	pass_on(writer);
	pthread_mutex_lock(&writer->mutex);
	writer->has_all = true;
	pthread_cond_signal(&writer->changed);
	pthread_mutex_unlock(&writer->mutex);
}

bool tarn__writer_is_over(struct tarn__writer *writer)
{
	pthread_mutex_lock(&writer->mutex);
	bool is_over = writer->is_over;
	pthread_mutex_unlock(&writer->mutex);
	return is_over;
}

const char *tarn__writer_fault(struct tarn__writer *writer)
{
	pthread_mutex_lock(&writer->mutex);
	const char *fault = writer->has_failed ? writer->fault : NULL;
	pthread_mutex_unlock(&writer->mutex);
	return fault;
}

const char *tarn__writer_wait(struct tarn__writer *writer)
{
	pthread_mutex_lock(&writer->mutex);
	writer->is_canceled = !writer->has_all;
	pthread_cond_signal(&writer->changed);
	pthread_mutex_unlock(&writer->mutex);
	pthread_join(writer->thread, NULL);
	return tarn__writer_fault(writer);
}

void tarn__writer_free(struct tarn__writer *writer)
{
	if (!writer)
		return;
	free_chunks(writer->first);
	free(writer->filling);
	pthread_cond_destroy(&writer->changed);
	pthread_mutex_destroy(&writer->mutex);
	free(writer);
}
