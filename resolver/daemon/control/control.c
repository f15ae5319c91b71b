/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/control/control.c: a Unix stream socket; lines of JSON in both directions. */
#include "config.h"

#include "daemon/control/control.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/control/commands.h"

enum {
	PAUSE_SEC = 1, /* until the next attempt to get a descriptor */
	READ_SIZE = 4096, /* minimum of octets that a read has room for */
	DIRECTORY_MODE = 0755,
};

struct octets {
	char *data;
	size_t start, end, size; /* the octets from start up to end are pending */
};

struct connection {
	struct tarn__list node;
	struct tarn__control *control;
	int fd;
	ev_io readable, writable;
	ev_timer idle;
	struct octets in, out;
	struct tarn__task task;
	bool is_busy; /* a task is under way: nothing is read */
	bool is_ending; /* closed when everything is written */
	bool is_broken; /* closed as soon as no function uses it */
};

/* ---- octets ----------------------------------------------------------------------------- */

static bool make_room(struct octets *octets, size_t len)
{
	if (octets->start == octets->end)
		octets->start = octets->end = 0;
	if (octets->size - octets->end >= len)
		return true;
	if (octets->start > 0) {
		memmove(octets->data, octets->data + octets->start, octets->end - octets->start);
		octets->end -= octets->start;
		octets->start = 0;
	}
	if (octets->size - octets->end >= len)
		return true;
	size_t size = 2 * octets->size > octets->end + len ? 2 * octets->size : octets->end + len;
	char *data = realloc(octets->data, size);
	if (!data)
		return false;
	octets->data = data;
	octets->size = size;
	return true;
}

static bool has_octets(const struct octets *octets)
{
	return octets->start < octets->end;
}

/* ---- connections ------------------------------------------------------------------------ */

static void close_connection(struct connection *connection)
{
	struct tarn__control *control = connection->control;
	struct ev_loop *loop = control->context->loop;
	ev_io_stop(loop, &connection->readable);
	ev_io_stop(loop, &connection->writable);
	ev_timer_stop(loop, &connection->idle);
	tarn__task_end(&connection->task);
	tarn__list_remove(&connection->node);
	control->count--;
	close(connection->fd);
	free(connection->in.data);
	free(connection->out.data);
	free(connection);
	if (ev_is_active(&control->pause)) {
		ev_timer_stop(loop, &control->pause);
		ev_io_start(loop, &control->acceptable);
	}
}

/* Marks the connection as the most recently active. */
static void touch(struct connection *connection)
{
	tarn__list_move(&connection->node, &connection->control->connections);
	connection->idle.repeat =
		has_octets(&connection->out) ? TARN__CONTROL_STALL_SEC : TARN__CONTROL_IDLE_SEC;
	ev_timer_again(connection->control->context->loop, &connection->idle);
}

static int add_output(const char *buffer, size_t size, void *data)
{
	struct octets *out = data;
	if (!make_room(out, size))
		return -1;
	memcpy(out->data + out->end, buffer, size);
	out->end += size;
	return 0;
}

static void on_task_answer(struct tarn__task *task, const json_t *document, bool is_last)
{
	struct connection *connection = TARN__CONTAINER(task, struct connection, task);
	/* Out of memory: part of a document is useless. */
	if (!document || json_dump_callback(document, add_output, &connection->out, JSON_COMPACT) ||
	    add_output("\n", 1, &connection->out) < 0)
		connection->is_broken = true;
	if (is_last)
		connection->is_busy = false;
	touch(connection);
	ev_io_start(connection->control->context->loop, &connection->writable);
}

static void on_task_wake(struct tarn__task *task)
{
	struct connection *connection = TARN__CONTAINER(task, struct connection, task);
	ev_idle_start(connection->control->context->loop, &connection->control->steps);
}

static void refuse(struct connection *connection, const char *why)
{
	json_t *document = json_pack("{ss}", "error", why);
	connection->is_ending = true;
	on_task_answer(&connection->task, document, true);
	json_decref(document);
}

static void start_request(struct connection *connection, const char *line, size_t len)
{
	json_error_t error;
	json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(request)) {
		refuse(connection, "not a request: one JSON object, in one line");
		json_decref(request);
		return;
	}
	tarn__task_end(&connection->task);
	connection->is_busy = true;
	tarn__task_start(&connection->task, request);
	json_decref(request);
	if (connection->task.wants_steps)
		ev_idle_start(connection->control->context->loop, &connection->control->steps);
}

/* Starts complete requests, one at a time, and none while answers are pending. */
static void run_requests(struct connection *connection)
{
	struct octets *in = &connection->in;
	while (!connection->is_busy && !connection->is_ending && !has_octets(&connection->out) &&
	       has_octets(in)) {
		char *line = in->data + in->start;
		char *end = memchr(line, '\n', in->end - in->start);
		if (!end) {
			if (in->end - in->start >= TARN__REQUEST_MAX)
				refuse(connection, "the request is too long");
			break;
		}
		in->start += (size_t)(end - line) + 1;
		start_request(connection, line, (size_t)(end - line));
	}
	struct ev_loop *loop = connection->control->context->loop;
	if (connection->is_busy || connection->is_ending || has_octets(&connection->out))
		ev_io_stop(loop, &connection->readable);
	else
		ev_io_start(loop, &connection->readable);
}

static void on_readable(struct ev_loop *loop, ev_io *readable, int events)
{
	(void)loop;
	(void)events;
	struct connection *connection = readable->data;
	struct octets *in = &connection->in;
	if (!make_room(in, READ_SIZE)) {
		close_connection(connection);
		return;
	}
	ssize_t len = read(connection->fd, in->data + in->end, in->size - in->end);
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len <= 0) {
		close_connection(connection);
		return;
	}
	in->end += (size_t)len;
	run_requests(connection);
	if (connection->is_broken)
		close_connection(connection);
}

static ssize_t write_output(struct connection *connection)
{
	struct octets *out = &connection->out;
	ssize_t len =
		send(connection->fd, out->data + out->start, out->end - out->start, MSG_NOSIGNAL);
	if (len > 0)
		out->start += (size_t)len;
	return len;
}

static void on_writable(struct ev_loop *loop, ev_io *writable, int events)
{
	(void)events;
	struct connection *connection = writable->data;
	struct octets *out = &connection->out;
	if (connection->is_broken) {
		close_connection(connection);
		return;
	}
	ssize_t len = write_output(connection);
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len < 0) {
		close_connection(connection);
		return;
	}
	touch(connection);
	if (has_octets(out))
		return;
	ev_io_stop(loop, writable);
	if (connection->is_ending)
		close_connection(connection);
	else if (connection->task.wants_steps)
		ev_idle_start(loop, &connection->control->steps);
	else
		run_requests(connection);
}

/* Nothing was received and nothing was read; a lookup takes less time. */
static void on_idle(struct ev_loop *loop, ev_timer *idle, int events)
{
	(void)events;
	struct connection *connection = idle->data;
	const struct tarn__task *task = &connection->task;
	if ((task->wants_steps || task->is_long) && !has_octets(&connection->out))
		ev_timer_again(loop, idle);
	else
		close_connection(connection);
}

/* Executes a step of each task whose answers have been read. */
static void on_steps(struct ev_loop *loop, ev_idle *steps, int events)
{
	(void)events;
	struct tarn__control *control = steps->data;
	bool has_more = false;
	struct tarn__list *next;
	for (struct tarn__list *node = control->connections.next; node != &control->connections;
	     node = next) {
		next = node->next;
		struct connection *connection = TARN__CONTAINER(node, struct connection, node);
		if (connection->task.wants_steps && !has_octets(&connection->out))
			tarn__task_step(&connection->task);
		has_more |= connection->task.wants_steps && !has_octets(&connection->out);
	}
	if (!has_more)
		ev_idle_stop(loop, steps);
}

/* ---- accepting -------------------------------------------------------------------------- */

static void serve(struct tarn__control *control, int fd)
{
	if (control->count == TARN__CONTROL_CONNECTIONS)
		close_connection(
			TARN__CONTAINER(control->connections.next, struct connection, node));
	struct connection *connection = calloc(1, sizeof *connection);
	if (!connection) {
		close(fd);
		return;
	}
	connection->control = control;
	connection->fd = fd;
	connection->task.answer = on_task_answer;
	connection->task.wake = on_task_wake;
	connection->task.context = control->context;
	ev_io_init(&connection->readable, on_readable, fd, EV_READ);
	ev_io_init(&connection->writable, on_writable, fd, EV_WRITE);
	ev_init(&connection->idle, on_idle);
	connection->readable.data = connection->writable.data = connection->idle.data = connection;
	tarn__list_init(&connection->node);
	control->count++;
	ev_now_update(control->context->loop);
	touch(connection);
	ev_io_start(control->context->loop, &connection->readable);
}

static void on_acceptable(struct ev_loop *loop, ev_io *acceptable, int events)
{
	(void)events;
	struct tarn__control *control = acceptable->data;
	int fd = accept4(control->file.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0) {
		serve(control, fd);
		return;
	}
	if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
		return;
	ev_io_stop(loop, acceptable);
	ev_timer_set(&control->pause, PAUSE_SEC, 0);
	ev_timer_start(loop, &control->pause);
}

static void on_pause_over(struct ev_loop *loop, ev_timer *pause, int events)
{
	(void)events;
	struct tarn__control *control = pause->data;
	ev_io_start(loop, &control->acceptable);
}

/* ---- opening and closing ---------------------------------------------------------------- */

static bool is_open(const struct tarn__control *control)
{
	return control->file.path != NULL;
}

/*
 * Accepts connections at the file instead of the former one, which it returns; either may be none.
 * Connections stay.
 */
static struct tarn__control_file accept_at(struct tarn__control *control,
					   struct tarn__control_file file)
{
	struct ev_loop *loop = control->context->loop;
	struct tarn__control_file before = control->file;
	ev_io_stop(loop, &control->acceptable);
	ev_timer_stop(loop, &control->pause);
	control->file = file;
	if (is_open(control)) {
		ev_io_set(&control->acceptable, file.fd, EV_READ);
		ev_io_start(loop, &control->acceptable);
	}
	return before;
}

/* Clients at the former place wait until it is settled whether they are accepted. */
static void move(struct tarn__control *control, struct tarn__control_file file)
{
	struct tarn__control_file before = accept_at(control, file);
	if (control->is_moving) {
		tarn__control_file_close(&before);
		return;
	}
	control->former = before;
	control->is_moving = true;
}

static void go_back(struct tarn__control *control)
{
	if (!control->is_moving)
		return;
	struct tarn__control_file before = accept_at(control, control->former);
	tarn__control_file_close(&before);
	control->is_moving = false;
}

void tarn__control_settle(void *data)
{
	struct tarn__control *control = data;
	if (control->is_moving)
		tarn__control_file_close(&control->former);
	control->is_moving = false;
}

static bool is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void init(struct tarn__control *control)
{
	tarn__list_init(&control->connections);
	ev_init(&control->acceptable, on_acceptable);
	ev_timer_init(&control->pause, on_pause_over, PAUSE_SEC, 0);
	ev_idle_init(&control->steps, on_steps);
	control->acceptable.data = control->pause.data = control->steps.data = control;
}

int tarn__control_open(struct tarn__control *control, const char *path, const char *group)
{
	bool is_here = is_open(control) && is_same(control->file.path, path);
	if (is_here && tarn__control_file_is_there(&control->file))
		return is_same(control->file.group, group)
			       ? 0
			       : tarn__control_file_set_group(&control->file, group,
							      control->identity);
	struct tarn__control_file file;
	if (tarn__control_file_open(path, group, control->identity, &file) < 0)
		return TARN_ESYSTEM;
	if (!control->connections.next)
		init(control);
	if (is_here) {
		/* It cannot be reached any more. */
		struct tarn__control_file before = accept_at(control, file);
		tarn__control_file_close(&before);
	} else {
		move(control, file);
	}
	return 0;
}

/* Makes the missing directories of the path; the last one belongs to the user that tarn becomes. */
static void make_directories(struct tarn__control *control, const char *path)
{
	char directory[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	if (strlen(path) >= sizeof directory)
		return;
	strcpy(directory, path);
	const struct tarn__identity *identity = control->identity;
	for (char *slash = directory; (slash = strchr(slash + 1, '/')) != NULL; *slash = '/') {
		*slash = '\0';
		if (identity && identity->is_other && !strchr(slash + 1, '/'))
			tarn__privileges_make_directory(identity, directory, control->context->log);
		else
			mkdir(directory, DIRECTORY_MODE);
	}
}

/*
 * The default socket may be missing, unless a group is configured, whose members would wait in vain. If
 * another tarn has the socket, it serves them.
 */
static int tell_missing(const struct tarn__settings *settings, const char *path,
			struct tarn__log *log)
{
	bool is_taken = errno == EADDRINUSE;
	bool is_wanted = settings->control || (settings->control_group && !is_taken);
	enum tarn_log_level level = is_wanted  ? TARN_LOG_ERR
				    : is_taken ? TARN_LOG_INFO
					       : TARN_LOG_DEBUG;
	tarn__log(log, level, "no control socket at %s: %s%s", path,
		  is_taken ? "another tarn has it" : strerror(errno),
		  settings->control_group && errno == EPERM
			  ? " (only a member of the group may set it)"
			  : "");
	return is_wanted ? TARN_ESYSTEM : 0;
}

int tarn__control_set(void *data, const struct tarn__settings *settings)
{
	struct tarn__control *control = data;
	struct tarn__log *log = control->context->log;
	const char *path = settings->control ? settings->control : TARN_CONTROL_SOCKET;
	go_back(control);
	if (strcmp(path, "none") == 0) {
		if (is_open(control))
			move(control, (struct tarn__control_file){.fd = -1});
		return 0;
	}
	if (!settings->control)
		make_directories(control, path);
	if (tarn__control_open(control, path, settings->control_group) == 0)
		return 0;
	return tell_missing(settings, path, log);
}

void tarn__control_close(struct tarn__control *control)
{
	if (!control->connections.next)
		return;
	while (!tarn__list_is_empty(&control->connections)) {
		struct connection *connection =
			TARN__CONTAINER(control->connections.next, struct connection, node);
		/* The client that has requested the stop gets its answer. */
		if (has_octets(&connection->out))
			write_output(connection);
		close_connection(connection);
	}
	ev_idle_stop(control->context->loop, &control->steps);
	tarn__control_settle(control);
	struct tarn__control_file before =
		accept_at(control, (struct tarn__control_file){.fd = -1});
	tarn__control_file_close(&before);
}
