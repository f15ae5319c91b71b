/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Detects changes of a file by inotify(7). Its directory is watched, since a file is usually changed by
 * renaming another one to its name, and the file itself, since a file that is mounted over its name (as in
 * containers) changes in a directory that is not visible here. The same applies to each symbolic link on
 * the path; for a missing directory the nearest existing one above it is watched.
 */
#include "config.h"

#include "daemon/system/file_watch.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

/* A file is written in several steps; this is the time in which they end. */
static const double settle_sec = 0.05;

static bool add_watch(struct tarn__file_watch *file_watch, const char *path, const char *name)
{
	enum {
		COMMON = IN_ATTRIB | IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF,
		DIRECTORY = IN_ONLYDIR | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO,
	};
	if (file_watch->watch_count == TARN__FILE_WATCH_MAX || strlen(name) > NAME_MAX) {
		errno = ENOSPC;
		return false;
	}
	int id = inotify_add_watch(file_watch->io.fd, path, *name ? COMMON | DIRECTORY : COMMON);
	if (id < 0)
		return false;
	struct tarn__inotify_watch *watch = &file_watch->watches[file_watch->watch_count++];
	watch->id = id;
	strcpy(watch->name, name);
	return true;
}

/*
 * Watches the directory for the name's creation, change and removal, or for the creation of that directory.
 */
static void watch_name(struct tarn__file_watch *file_watch, const char *path)
{
	char directory[PATH_MAX], missing[PATH_MAX] = "";
	strcpy(directory, path);
	for (;;) {
		char *slash = strrchr(directory, '/');
		char name[PATH_MAX];
		strcpy(name, slash + 1);
		slash[slash == directory] = '\0'; /* the root keeps its slash */
		if (add_watch(file_watch, directory, name)) {
			if (!*missing || access(missing, F_OK) < 0)
				return;
			/* It was created in between. */
			strcpy(directory, path);
			missing[0] = '\0';
			continue;
		}
		if ((errno != ENOENT && errno != ENOTDIR) || slash == directory) {
			tarn__log(file_watch->log, TARN_LOG_WARNING,
				  "cannot follow changes in %s: %s", directory, strerror(errno));
			return;
		}
		strcpy(missing, directory);
	}
}

static void watch_all(struct tarn__file_watch *file_watch)
{
	char path[PATH_MAX];
	strcpy(path, file_watch->path);
	file_watch->watch_count = 0;
	int links = 0;
	do {
		watch_name(file_watch, path);
	} while (links++ < TARN__PATH_LINKS && tarn__path_read_link(path));
	add_watch(file_watch, path, ""); /* it may be missing */
}

static bool has_watch(const struct tarn__file_watch *file_watch, int id)
{
	for (size_t i = 0; i < file_watch->watch_count; i++) {
		if (file_watch->watches[i].id == id)
			return true;
	}
	return false;
}

/* Paths may lead elsewhere after a change, and a watch ends with what it watches. */
static void watch_anew(struct tarn__file_watch *file_watch)
{
	int old[TARN__FILE_WATCH_MAX];
	size_t count = file_watch->watch_count;
	for (size_t i = 0; i < count; i++)
		old[i] = file_watch->watches[i].id;
	watch_all(file_watch);
	for (size_t i = 0; i < count; i++) {
		if (!has_watch(file_watch, old[i]))
			inotify_rm_watch(file_watch->io.fd, old[i]);
	}
}

/* Watches first and reads after that: a change in between is seen, though perhaps twice. */
static void on_settled(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	struct tarn__file_watch *file_watch = timer->data;
	watch_anew(file_watch);
	file_watch->changed(file_watch->data);
}

static bool is_about(const struct tarn__file_watch *file_watch, const struct inotify_event *event)
{
	if (event->mask & IN_Q_OVERFLOW)
		return true;
	for (size_t i = 0; i < file_watch->watch_count; i++) {
		const struct tarn__inotify_watch *watch = &file_watch->watches[i];
		if (watch->id == event->wd &&
		    (event->len == 0 || strcmp(event->name, watch->name) == 0))
			return true;
	}
	return false;
}

static void on_event(struct ev_loop *loop, ev_io *io, int events)
{
	(void)events;
	struct tarn__file_watch *file_watch = io->data;
	_Alignas(struct inotify_event) char buffer[4096];
	ssize_t len = read(io->fd, buffer, sizeof(buffer));
	const struct inotify_event *event;
	for (ssize_t at = 0; at < len; at += (ssize_t)(sizeof(*event) + event->len)) {
		event = (const void *)(buffer + at);
		if (is_about(file_watch, event) && !ev_is_active(&file_watch->timer)) {
			ev_now_update(loop);
			ev_timer_set(&file_watch->timer, settle_sec, 0);
			ev_timer_start(loop, &file_watch->timer);
		}
	}
}

void tarn__file_watch_start(struct tarn__file_watch *file_watch, struct ev_loop *loop,
			    const char *path, void (*changed)(void *data), void *data,
			    struct tarn__log *log)
{
	*file_watch = (struct tarn__file_watch){
		.loop = loop, .path = path, .changed = changed, .data = data, .log = log};
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (fd < 0 || strlen(path) >= PATH_MAX) {
		tarn__log(log, TARN_LOG_WARNING, "cannot follow changes of %s: %s", path,
			  strerror(fd < 0 ? errno : ENAMETOOLONG));
		if (fd >= 0)
			close(fd);
		file_watch->loop = NULL;
		return;
	}
	ev_io_init(&file_watch->io, on_event, fd, EV_READ);
	ev_timer_init(&file_watch->timer, on_settled, settle_sec, 0);
	file_watch->io.data = file_watch->timer.data = file_watch;
	ev_io_start(loop, &file_watch->io);
	watch_all(file_watch);
}

void tarn__file_watch_stop(struct tarn__file_watch *file_watch)
{
	if (!file_watch->loop)
		return;
	ev_io_stop(file_watch->loop, &file_watch->io);
	ev_timer_stop(file_watch->loop, &file_watch->timer);
	close(file_watch->io.fd);
	file_watch->loop = NULL;
}
