/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Detects changes by inotify(7). The directory of a file is watched, since a file is usually changed by
 * renaming another one to its name, and the file itself, since a file that is mounted over its name (as in
 * containers) changes in a directory that is not visible here. The same applies to each symbolic link on
 * the path; for a missing directory the nearest existing one above it is watched.
 */
#include "config.h"

#include "daemon/system/path_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "daemon/settings/path.h"
#include "daemon/system/file.h"

enum {
	/* IN_MASK_ADD: a file may be watched for more than one path. */
	COMMON = IN_ATTRIB | IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF | IN_MASK_ADD,
	DIRECTORY = IN_ONLYDIR | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO,
	FIRST_ROOM = 4, /* watches; one file takes two */
};

static struct tarn__inotify_watch *new_watch(struct tarn__path_watch *watch)
{
	if (watch->count == watch->room) {
		size_t room = watch->room > 0 ? 2 * watch->room : FIRST_ROOM;
		struct tarn__inotify_watch *more =
			room > TARN__PATH_WATCHES_MAX
				? NULL
				: realloc(watch->watches, room * sizeof(*more));
		if (!more) {
			errno = ENOSPC;
			return NULL;
		}
		watch->watches = more;
		watch->room = room;
	}
	return &watch->watches[watch->count++];
}

static bool add_watch(struct tarn__path_watch *watch, const char *path, const char *name,
		      uint32_t mask, unsigned groups)
{
	if (strlen(name) > NAME_MAX) {
		errno = ENAMETOOLONG;
		return false;
	}
	int id = inotify_add_watch(watch->io.fd, path, mask);
	struct tarn__inotify_watch *item = id < 0 ? NULL : new_watch(watch);
	if (!item)
		return false;
	item->id = id;
	item->groups = groups;
	strcpy(item->name, name);
	return true;
}

/*
 * Watches the directory for the name's creation, change and removal, or for the creation of that directory.
 */
static void watch_name(struct tarn__path_watch *watch, const char *path, unsigned groups)
{
	char directory[PATH_MAX], missing[PATH_MAX] = "";
	strcpy(directory, path);
	for (;;) {
		char *slash = strrchr(directory, '/');
		char name[PATH_MAX];
		strcpy(name, slash + 1);
		slash[slash == directory] = '\0'; /* the root keeps its slash */
		if (add_watch(watch, directory, name, COMMON | DIRECTORY, groups)) {
			if (!*missing || access(missing, F_OK) < 0)
				return;
			/* It was created in between. */
			strcpy(directory, path);
			missing[0] = '\0';
			continue;
		}
		if ((errno != ENOENT && errno != ENOTDIR) || slash == directory ||
		    !strchr(directory, '/')) {
			tarn__log(watch->log, TARN_LOG_WARNING, "cannot follow changes in %s: %s",
				  directory, strerror(errno));
			return;
		}
		strcpy(missing, directory);
	}
}

/* Writes the path with a directory, and without '/' at its end. Returns false if it is too long. */
static bool make_plain(const char *path, char out[PATH_MAX])
{
	size_t len = strlen(path);
	while (len > 1 && path[len - 1] == '/')
		len--;
	size_t at = memchr(path, '/', len) ? 0 : 2;
	if (at + len >= PATH_MAX)
		return false;
	memcpy(out, "./", at);
	memcpy(out + at, path, len);
	out[at + len] = '\0';
	return true;
}

static void watch_path(struct tarn__path_watch *watch, const struct tarn__watched_path *item)
{
	char path[PATH_MAX];
	if (!make_plain(item->path, path)) {
		tarn__log(watch->log, TARN_LOG_WARNING, "cannot follow changes of %s: %s",
			  item->path, strerror(ENAMETOOLONG));
		return;
	}
	int links = 0;
	do {
		watch_name(watch, path, item->groups);
	} while (links++ < TARN__PATH_LINKS && tarn__path_read_link(path));
	uint32_t more = tarn__file_is_folder(path) ? DIRECTORY : item->is_kept_open ? IN_MODIFY : 0;
	add_watch(watch, path, "", COMMON | more, item->groups); /* it may be missing */
}

static bool has_watch(const struct tarn__path_watch *watch, int id)
{
	for (size_t i = 0; i < watch->count; i++) {
		if (watch->watches[i].id == id)
			return true;
	}
	return false;
}

/* ---- events ---------------------------------------------------------------------------------- */

/* Returns the groups that the event is about. */
static unsigned find_groups(const struct tarn__path_watch *watch, const struct inotify_event *event)
{
	unsigned groups = 0;
	for (size_t i = 0; i < watch->count; i++) {
		const struct tarn__inotify_watch *item = &watch->watches[i];
		if ((event->mask & IN_Q_OVERFLOW) ||
		    (item->id == event->wd &&
		     (event->len == 0 || !*item->name || strcmp(event->name, item->name) == 0)))
			groups |= item->groups;
	}
	return groups;
}

static void on_event(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop;
	(void)events;
	struct tarn__path_watch *watch = io->data;
	_Alignas(struct inotify_event) char buffer[4096];
	ssize_t len = read(io->fd, buffer, sizeof(buffer));
	const struct inotify_event *event;
	unsigned groups = 0;
	for (ssize_t at = 0; at < len; at += (ssize_t)(sizeof(*event) + event->len)) {
		event = (const void *)(buffer + at);
		groups |= find_groups(watch, event);
	}
	if (groups != 0)
		watch->changed(watch->data, groups);
}

/* ---- from start to end ----------------------------------------------------------------------- */

static bool open_watch(struct tarn__path_watch *watch)
{
	if (watch->is_open)
		return true;
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (fd < 0) {
		tarn__log(watch->log, TARN_LOG_WARNING, "cannot follow changes of files: %s",
			  strerror(errno));
		return false;
	}
	ev_io_init(&watch->io, on_event, fd, EV_READ);
	watch->io.data = watch;
	ev_io_start(watch->loop, &watch->io);
	watch->is_open = true;
	return true;
}

/* Watches that are not wanted any more are removed last, so that none is missing in between. */
bool tarn__path_watch_set(struct tarn__path_watch *watch, const struct tarn__watched_path *paths,
			  size_t count)
{
	if (count == 0) {
		tarn__path_watch_stop(watch);
		return true;
	}
	if (!open_watch(watch))
		return false;
	struct tarn__inotify_watch *old = watch->watches;
	size_t old_count = watch->count;
	watch->watches = NULL;
	watch->count = watch->room = 0;
	for (size_t i = 0; i < count; i++)
		watch_path(watch, &paths[i]);
	for (size_t i = 0; i < old_count; i++) {
		if (!has_watch(watch, old[i].id))
			inotify_rm_watch(watch->io.fd, old[i].id);
	}
	free(old);
	return true;
}

void tarn__path_watch_stop(struct tarn__path_watch *watch)
{
	if (!watch->is_open)
		return;
	ev_io_stop(watch->loop, &watch->io);
	close(watch->io.fd);
	free(watch->watches);
	watch->watches = NULL;
	watch->count = watch->room = 0;
	watch->is_open = false;
}
