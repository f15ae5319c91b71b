/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/system/file_watch.c: one path that is watched, and the end of a burst of changes. */
#include "config.h"

#include "daemon/system/file_watch.h"

/* A file is written in several steps; this is the time in which they end. */
static const double settle_sec = 0.05;

static bool watch_it(struct tarn__file_watch *file_watch)
{
	const struct tarn__watched_path path = {.path = file_watch->path, .groups = 1};
	return tarn__path_watch_set(&file_watch->watch, &path, 1);
}

/* Watches first and reads after that: a change in between is seen, though perhaps twice. */
static void on_settled(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	struct tarn__file_watch *file_watch = timer->data;
	watch_it(file_watch);
	file_watch->changed(file_watch->data);
}

static void on_changed(void *data, unsigned groups)
{
	(void)groups;
	struct tarn__file_watch *file_watch = data;
	if (ev_is_active(&file_watch->timer))
		return;
	ev_now_update(file_watch->loop);
	ev_timer_set(&file_watch->timer, settle_sec, 0);
	ev_timer_start(file_watch->loop, &file_watch->timer);
}

void tarn__file_watch_start(struct tarn__file_watch *file_watch, struct ev_loop *loop,
			    const char *path, void (*changed)(void *data), void *data,
			    struct tarn__log *log)
{
	*file_watch = (struct tarn__file_watch){
		.loop = loop,
		.path = path,
		.changed = changed,
		.data = data,
		.watch = {.loop = loop, .changed = on_changed, .data = file_watch, .log = log},
	};
	ev_timer_init(&file_watch->timer, on_settled, settle_sec, 0);
	file_watch->timer.data = file_watch;
	if (!watch_it(file_watch))
		file_watch->loop = NULL;
}

void tarn__file_watch_stop(struct tarn__file_watch *file_watch)
{
	if (!file_watch->loop)
		return;
	ev_timer_stop(file_watch->loop, &file_watch->timer);
	tarn__path_watch_stop(&file_watch->watch);
	file_watch->loop = NULL;
}
