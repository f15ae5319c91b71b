/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/second/hiredis.c: the door to libhiredis, 0.14 or 1.x, which is loaded when it is first needed. Its
 * asynchronous half runs on the worker's loop. Three things of it are kept away from a daemon:
 *
 *	It asserts on replies that no command waits for, and keeps whatever a reply claims to be. So each object of
 *	a reply is made by create_string() and its like, which refuse what is not expected: the connection ends.
 *	It frees what it is using if redisAsyncFree() is called in some of its callbacks. So that is called after it
 *	has returned, see leave().
 *	getaddrinfo() is called by it: what it is given is always a number, for which nothing is asked.
 *
 * Its adapters/libev.h is not used: it calls functions by name, which are not linked, and has a system call for
 * each burst of commands that flush() does not need.
 */
#include "config.h"

#include "net/second/link.h"

#ifdef HAVE_HIREDIS
#include <dlfcn.h>
#include <errno.h>
#include <ev.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/second/commands.h"
#include "net/second/connection.h"
#include "net/second/expect.h"
#include "base/library.h"
#include "net/second/place.h"
#include "net/second/replies.h"
#include "net/second/secure.h"

#define FUNCTIONS(FUNCTION)                                                                        \
	FUNCTION(redisAsyncConnect)                                                                \
	FUNCTION(redisAsyncConnectUnix)                                                            \
	FUNCTION(redisAsyncFormattedCommand)                                                       \
	FUNCTION(redisAsyncFree)                                                                   \
	FUNCTION(redisAsyncHandleRead)                                                             \
	FUNCTION(redisAsyncHandleWrite)                                                            \
	FUNCTION(redisAsyncSetConnectCallback)

#define OTHER_PROTOCOL "a reply of another protocol"
#define POINTER(name) __typeof__(name) *name;
#define ROW(name) {#name, &library.name},

enum {
	/* Octets that are read and not yet parsed: a reply, and what one read brings behind it. */
	UNPARSED_MAX = TARN__SECOND_REPLY_MAX + 2 * 16384,
	READS_PER_EVENT = 8, /* of TLS, which may hold more than the socket shows */
};

static struct {
	void *handle;
	FUNCTIONS(POINTER)
	const char *fault;
} library;

struct tarn__second_connection {
	struct ev_loop *loop;
	const struct tarn__second_connection_events *events;
	void *arg;
	redisAsyncContext *context; /* NULL: it has ended, or is just being freed */
	const redisReplyObjectFunctions *create; /* the library's own */
	redisReplyObjectFunctions refuse; /* those that refuse what is not expected */
	ev_io reading, writing;
	struct tarn__list commands; /* whose replies are awaited, in order */
	struct tarn__second_secure *secure; /* NULL: in the clear */
	char *channel; /* NULL: not subscribed */
	struct tarn__second_expect expect;
	unsigned
		depth; /* calls of this file's functions under way that lead into the library, or back */
	bool wants_flush, is_flushing;
	bool is_connected, is_opened, is_closed, is_freed;
	char fault[TARN__SECOND_FAULT_MAX]; /* why it ends; empty: the library knows */
#ifdef HIREDIS_HAS_TLS
	redisContextFuncs io;
#endif
};

/* ---- the library -------------------------------------------------------------------------- */

static const char *find_functions(void)
{
	const struct tarn__library_function functions[] = {FUNCTIONS(ROW)};
	const char *missing = tarn__library_find(library.handle, functions,
						 sizeof(functions) / sizeof(functions[0]));
	static char text[128];
	if (missing) {
		snprintf(text, sizeof(text), "%s has no %s", LIBHIREDIS_SONAME, missing);
		return text;
	}
	return NULL;
}

static void load(void)
{
	static char text[256];
	library.handle = dlopen(LIBHIREDIS_SONAME, RTLD_NOW | RTLD_LOCAL);
	if (library.handle) {
		library.fault = find_functions();
		return;
	}
	snprintf(text, sizeof text, "%s", dlerror());
	library.fault = text;
}

bool tarn__second_is_built(void)
{
	return true;
}

const char *tarn__second_load(bool tls)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, load);
	if (library.fault || !tls)
		return library.fault;
#ifdef HIREDIS_HAS_TLS
	return NULL;
#else
	return "there is no TLS to it: libhiredis 1.0 or later, and OpenSSL, are needed";
#endif
}

/* ---- what a peer sends is looked at before it is kept ------------------------------------- */

/* Why it ends, unless there is a reason already. */
static void blame(struct tarn__second_connection *connection, const char *reason)
{
	if (connection->fault[0] == '\0')
		snprintf(connection->fault, sizeof connection->fault, "%s", reason);
}

/* Returns NULL, which the library takes for a lack of memory: the connection ends. */
static void *refuse(struct tarn__second_connection *connection, const char *reason)
{
	blame(connection, reason);
	return NULL;
}

/* Returns false if the object, of len octets or items, is refused. text: NULL unless it is one. */
static bool may_create(struct tarn__second_connection *connection, const redisReadTask *task,
		       enum tarn__second_reply_kind kind, const char *text, size_t len)
{
	const struct tarn__second_object object = {.kind = kind,
						   .is_whole = !task->parent,
						   .index = task->idx,
						   .text = text,
						   .len = len};
	if (connection->is_freed)
		return false;
	connection->expect.channel = connection->channel;
	connection->expect.is_awaited = !tarn__list_is_empty(&connection->commands);
	const char *reason = tarn__second_expect_refuses(&connection->expect, &object);
	if (reason)
		blame(connection, reason);
	return !reason;
}

/* Also called for texts of RESP3, which is not spoken. */
static void *create_string(const redisReadTask *task, char *text, size_t len)
{
	struct tarn__second_connection *connection = task->privdata;
	enum tarn__second_reply_kind kind;
	switch (task->type) {
	case REDIS_REPLY_STRING:
		kind = TARN__SECOND_REPLY_TEXT;
		break;
	case REDIS_REPLY_STATUS:
		kind = TARN__SECOND_REPLY_STATUS;
		break;
	case REDIS_REPLY_ERROR:
		kind = TARN__SECOND_REPLY_ERROR;
		break;
	default:
		return refuse(connection, OTHER_PROTOCOL);
	}
	if (!may_create(connection, task, kind, text, len))
		return NULL;
	return connection->create->createString(task, text, len);
}

static void *create_integer(const redisReadTask *task, long long value)
{
	struct tarn__second_connection *connection = task->privdata;
	if (!may_create(connection, task, TARN__SECOND_REPLY_INTEGER, NULL, 0))
		return NULL;
	return connection->create->createInteger(task, value);
}

static void *create_nil(const redisReadTask *task)
{
	struct tarn__second_connection *connection = task->privdata;
	if (!may_create(connection, task, TARN__SECOND_REPLY_NIL, NULL, 0))
		return NULL;
	return connection->create->createNil(task);
}

#if HIREDIS_MAJOR >= 1
typedef size_t item_count;

static void *create_double(const redisReadTask *task, double value, char *text, size_t len)
{
	(void)value;
	(void)text;
	(void)len;
	return refuse(task->privdata, OTHER_PROTOCOL);
}

static void *create_bool(const redisReadTask *task, int value)
{
	(void)value;
	return refuse(task->privdata, OTHER_PROTOCOL);
}
#else
typedef int item_count;
#endif

/* Also called for maps, sets and pushes of RESP3. */
static void *create_array(const redisReadTask *task, item_count count)
{
	struct tarn__second_connection *connection = task->privdata;
	if (task->type != REDIS_REPLY_ARRAY)
		return refuse(connection, OTHER_PROTOCOL);
	if (!may_create(connection, task, TARN__SECOND_REPLY_ARRAY, NULL, (size_t)count))
		return NULL;
	return connection->create->createArray(task, count);
}

static void refuse_the_unexpected(struct tarn__second_connection *connection)
{
	redisReader *reader = connection->context->c.reader;
	connection->create = reader->fn;
	connection->refuse = *reader->fn;
	connection->refuse.createString = create_string;
	connection->refuse.createArray = create_array;
	connection->refuse.createInteger = create_integer;
	connection->refuse.createNil = create_nil;
#if HIREDIS_MAJOR >= 1
	connection->refuse.createDouble = create_double;
	connection->refuse.createBool = create_bool;
#endif
	reader->fn = &connection->refuse;
	reader->privdata = connection;
}

/* ---- into the library and back ------------------------------------------------------------ */

static void enter(struct tarn__second_connection *connection)
{
	connection->depth++;
}

static void release(struct tarn__second_connection *connection)
{
	if (connection->context) {
		connection->depth++;
		library.redisAsyncFree(connection->context);
	}
	tarn__second_secure_free(connection->secure);
	free(connection->channel);
	free(connection);
}

/* Tells all who wait that it has ended. */
static void finish(struct tarn__second_connection *connection)
{
	connection->is_closed = true;
	connection->depth++;
	struct tarn__list *node;
	while (!connection->is_freed && (node = tarn__list_take(&connection->commands))) {
		struct tarn__second_command *command =
			TARN__CONTAINER(node, struct tarn__second_command, node);
		command->done(command, NULL);
	}
	if (!connection->is_freed)
		connection->events->closed(connection->arg, connection->fault);
	connection->depth--;
}

/* Nothing of the library's is under way if this is the last one of those who have entered. */
static void leave(struct tarn__second_connection *connection)
{
	if (--connection->depth > 0)
		return;
	if (connection->is_opened && connection->context && !connection->is_freed) {
		connection->is_opened = false;
		connection->depth++;
		connection->events->opened(connection->arg);
		connection->depth--;
	}
	if (!connection->context && !connection->is_closed && !connection->is_freed)
		finish(connection);
	if (connection->is_freed)
		release(connection);
}

/* Ends it. The library calls back the commands' callbacks, with no reply, and on_cleanup(). */
static void break_off(struct tarn__second_connection *connection, const char *reason)
{
	blame(connection, reason);
	redisAsyncContext *context = connection->context;
	if (context)
		library.redisAsyncFree(context);
}

static void show(const redisReply *reply, struct tarn__second_reply *out)
{
	*out = (struct tarn__second_reply){.kind = TARN__SECOND_REPLY_NIL};
	switch (reply->type) {
	case REDIS_REPLY_STATUS:
		out->kind = TARN__SECOND_REPLY_STATUS;
		break;
	case REDIS_REPLY_ERROR:
		out->kind = TARN__SECOND_REPLY_ERROR;
		break;
	case REDIS_REPLY_STRING:
		out->kind = TARN__SECOND_REPLY_TEXT;
		break;
	case REDIS_REPLY_INTEGER:
		out->kind = TARN__SECOND_REPLY_INTEGER;
		out->integer = reply->integer;
		return;
	case REDIS_REPLY_ARRAY:
		out->kind = TARN__SECOND_REPLY_ARRAY;
		return;
	default:
		return;
	}
	out->text = reply->str;
	out->len = (size_t)reply->len;
}

/* A reply to a command, or NULL: the connection is being freed, and finish() says so. */
static void on_reply(redisAsyncContext *context, void *data, void *private)
{
	struct tarn__second_connection *connection = context->data;
	const redisReply *reply = data;
	if (!reply || connection->is_freed)
		return;
	struct tarn__second_command *command = private;
	struct tarn__second_reply shown, items[TARN__SECOND_ITEMS_MAX];
	show(reply, &shown);
	if (reply->type == REDIS_REPLY_ARRAY) {
		shown.items = items;
		while (shown.count < reply->elements && shown.count < TARN__SECOND_ITEMS_MAX) {
			show(reply->element[shown.count], &items[shown.count]);
			shown.count++;
		}
	}
	tarn__list_remove(&command->node);
	command->done(command, &shown);
}

/* What may_create() has let through. */
static void on_message(redisAsyncContext *context, void *data, void *private)
{
	(void)private;
	struct tarn__second_connection *connection = context->data;
	const redisReply *reply = data;
	if (!reply || connection->is_freed || reply->type != REDIS_REPLY_ARRAY ||
	    reply->elements != TARN__SECOND_ITEMS_MAX)
		return;
	const redisReply *last = reply->element[TARN__SECOND_ITEMS_MAX - 1];
	if (last->type == REDIS_REPLY_INTEGER)
		connection->events->subscribed(connection->arg);
	else if (last->type == REDIS_REPLY_STRING)
		connection->events->message(connection->arg, (const uint8_t *)last->str,
					    (size_t)last->len);
}

/* ---- events of the socket ----------------------------------------------------------------- */

static void want_write(struct tarn__second_connection *connection)
{
	if (!ev_is_active(&connection->writing))
		ev_io_start(connection->loop, &connection->writing);
}

static void add_read(void *arg)
{
	struct tarn__second_connection *connection = arg;
	if (!ev_is_active(&connection->reading))
		ev_io_start(connection->loop, &connection->reading);
}

static void del_read(void *arg)
{
	struct tarn__second_connection *connection = arg;
	ev_io_stop(connection->loop, &connection->reading);
}

/* Commands are written by flush(); what the socket has not taken then, and a connect, need an event. */
static void add_write(void *arg)
{
	struct tarn__second_connection *connection = arg;
	bool waits_for_read = connection->secure && connection->is_connected &&
			      !tarn__second_secure_wants_write(connection->secure);
	if (!connection->is_connected || (connection->is_flushing && !waits_for_read))
		want_write(connection);
	else
		connection->wants_flush = true;
}

static void del_write(void *arg)
{
	struct tarn__second_connection *connection = arg;
	ev_io_stop(connection->loop, &connection->writing);
}

/* The library is about to free the context. */
static void on_cleanup(void *arg)
{
	struct tarn__second_connection *connection = arg;
	const redisContext *context = &connection->context->c;
	if (connection->fault[0] == '\0' && context->err != 0)
		tarn__second_quote(context->errstr,
				   strnlen(context->errstr, sizeof context->errstr),
				   connection->fault);
	else if (connection->fault[0] == '\0')
		blame(connection, "closed");
	del_read(connection);
	del_write(connection);
	connection->context = NULL;
}

static void secure(struct tarn__second_connection *connection)
{
	switch (tarn__second_secure_go_on(connection->secure)) {
	case TARN__TLS_OPEN:
		del_write(connection);
		connection->is_opened = true;
		return;
	case TARN__TLS_FAILED:
		break_off(connection, tarn__second_secure_fault(connection->secure));
		return;
	default:
		add_read(connection);
		if (tarn__second_secure_wants_write(connection->secure))
			want_write(connection);
		else
			del_write(connection);
	}
}

static void on_connect(const redisAsyncContext *context, int status)
{
	struct tarn__second_connection *connection = context->data;
	if (status != REDIS_OK || connection->is_freed)
		return;
	connection->is_connected = true;
	if (!connection->secure)
		connection->is_opened = true;
}

/* Returns true if the event belongs to the handshake of TLS, and has been dealt with. */
static bool is_securing(struct tarn__second_connection *connection)
{
	if (!connection->secure || !connection->is_connected ||
	    tarn__second_secure_state(connection->secure) != TARN__TLS_SECURING)
		return false;
	secure(connection);
	return true;
}

/* What the library has buffered of one reply is bounded. */
static void check_buffer(struct tarn__second_connection *connection)
{
	if (!connection->context)
		return;
	const redisReader *reader = connection->context->c.reader;
	if (reader->len - reader->pos > UNPARSED_MAX)
		break_off(connection, "a reply is too long");
}

static bool has_more(const struct tarn__second_connection *connection)
{
	return connection->context && connection->secure &&
	       tarn__second_secure_has_more(connection->secure);
}

static void on_readable(struct ev_loop *loop, ev_io *watcher, int events)
{
	(void)events;
	struct tarn__second_connection *connection =
		TARN__CONTAINER(watcher, struct tarn__second_connection, reading);
	enter(connection);
	if (!is_securing(connection)) {
		int reads = 0;
		do {
			library.redisAsyncHandleRead(connection->context);
			check_buffer(connection);
		} while (has_more(connection) && ++reads < READS_PER_EVENT);
		if (has_more(connection))
			ev_feed_event(loop, watcher, EV_READ);
	}
	leave(connection);
}

static void write_out(struct tarn__second_connection *connection)
{
	connection->wants_flush = false;
	connection->is_flushing = true;
	library.redisAsyncHandleWrite(connection->context);
	connection->is_flushing = false;
}

static void on_writable(struct ev_loop *loop, ev_io *watcher, int events)
{
	(void)loop;
	(void)events;
	struct tarn__second_connection *connection =
		TARN__CONTAINER(watcher, struct tarn__second_connection, writing);
	enter(connection);
	if (!is_securing(connection))
		write_out(connection);
	/* Of a connection that has just been made the handshake begins. */
	if (connection->context)
		(void)is_securing(connection);
	leave(connection);
}

bool tarn__second_connection_flush(struct tarn__second_connection *connection)
{
	if (!connection->wants_flush || !connection->context || ev_is_active(&connection->writing))
		return false;
	enter(connection);
	write_out(connection);
	bool has_ended = !connection->context;
	leave(connection);
	return has_ended;
}

/* ---- TLS ---------------------------------------------------------------------------------- */

#ifdef HIREDIS_HAS_TLS
static void set_error(redisContext *context, int error, const char *text)
{
	context->err = error;
	snprintf(context->errstr, sizeof context->errstr, "%s", text);
}

static ssize_t secure_read(redisContext *context, char *out, size_t room)
{
	struct tarn__second_connection *connection = context->reader->privdata;
	if (tarn__second_secure_state(connection->secure) == TARN__TLS_SECURING)
		return 0;
	ssize_t got = tarn__second_secure_recv(connection->secure, out, room);
	if (got > 0)
		return got;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	set_error(context, got == 0 ? REDIS_ERR_EOF : REDIS_ERR_IO,
		  got == 0 ? "Server closed the connection"
			   : tarn__second_secure_fault(connection->secure));
	return -1;
}

static ssize_t secure_write(redisContext *context)
{
	struct tarn__second_connection *connection = context->reader->privdata;
	if (tarn__second_secure_state(connection->secure) == TARN__TLS_SECURING)
		return 0;
	ssize_t sent =
		tarn__second_secure_send(connection->secure, context->obuf, sdslen(context->obuf));
	if (sent >= 0)
		return sent;
	if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS)
		return 0;
	set_error(context, REDIS_ERR_IO, tarn__second_secure_fault(connection->secure));
	return -1;
}

/* The library reads and writes through the pipe of TLS, as libhiredis_ssl has it do through its own. */
static bool start_secure(struct tarn__second_connection *connection,
			 const struct tarn__second_place *place)
{
	redisContext *context = &connection->context->c;
	connection->secure = tarn__second_secure_new(place, context->fd);
	if (!connection->secure)
		return false;
	connection->io = *context->funcs;
	connection->io.read = secure_read;
	connection->io.write = secure_write;
	context->funcs = &connection->io;
	return true;
}
#else
static bool start_secure(struct tarn__second_connection *connection,
			 const struct tarn__second_place *place)
{
	(void)connection;
	(void)place;
	return false;
}
#endif

/* ---- a connection's life ------------------------------------------------------------------ */

static redisAsyncContext *begin(const struct tarn__second_place *place,
				char fault[TARN__SECOND_FAULT_MAX])
{
	char host[TARN__SECOND_HOST_MAX];
	const char *reason = tarn__second_place_format(place, host);
	redisAsyncContext *context = NULL;
	if (!reason && place->path)
		context = library.redisAsyncConnectUnix(place->path);
	else if (!reason)
		context = library.redisAsyncConnect(host, tarn_address_port(&place->address));
	if (context && context->err == 0)
		return context;
	snprintf(fault, TARN__SECOND_FAULT_MAX, "%s", reason ? reason : "out of memory");
	if (!context)
		return NULL;
	tarn__second_quote(context->errstr, strnlen(context->errstr, sizeof context->c.errstr),
			   fault);
	library.redisAsyncFree(context);
	return NULL;
}

static void attach(struct tarn__second_connection *connection)
{
	redisAsyncContext *context = connection->context;
	context->data = connection;
	context->ev.data = connection;
	context->ev.addRead = add_read;
	context->ev.delRead = del_read;
	context->ev.addWrite = add_write;
	context->ev.delWrite = del_write;
	context->ev.cleanup = on_cleanup;
	ev_io_init(&connection->reading, on_readable, context->c.fd, EV_READ);
	ev_io_init(&connection->writing, on_writable, context->c.fd, EV_WRITE);
	/* If both are due, the end is read before a write finds it. */
	ev_set_priority(&connection->reading, 1);
	refuse_the_unexpected(connection);
	library.redisAsyncSetConnectCallback(context, on_connect);
}

struct tarn__second_connection *
tarn__second_connection_new(struct ev_loop *loop, const struct tarn__second_place *place,
			    const struct tarn__second_connection_events *events, void *arg,
			    char fault[TARN__SECOND_FAULT_MAX])
{
	const char *reason = tarn__second_load(place->tls != NULL);
	if (reason) {
		snprintf(fault, TARN__SECOND_FAULT_MAX, "%s", reason);
		return NULL;
	}
	redisAsyncContext *context = begin(place, fault);
	if (!context)
		return NULL;
	struct tarn__second_connection *connection = calloc(1, sizeof *connection);
	if (!connection) {
		library.redisAsyncFree(context);
		snprintf(fault, TARN__SECOND_FAULT_MAX, "out of memory");
		return NULL;
	}
	connection->loop = loop;
	connection->events = events;
	connection->arg = arg;
	connection->context = context;
	tarn__list_init(&connection->commands);
	tarn__second_place_set(place, context->c.fd);
	attach(connection);
	if (!place->tls || start_secure(connection, place))
		return connection;
	snprintf(fault, TARN__SECOND_FAULT_MAX, "out of memory");
	tarn__second_connection_free(connection);
	return NULL;
}

void tarn__second_connection_free(struct tarn__second_connection *connection)
{
	if (!connection)
		return;
	connection->is_freed = true;
	if (connection->depth == 0)
		release(connection);
}

void tarn__second_connection_close(struct tarn__second_connection *connection, const char *reason)
{
	enter(connection);
	break_off(connection, reason);
	leave(connection);
}

struct tarn__second_command *
tarn__second_connection_oldest(const struct tarn__second_connection *connection)
{
	const struct tarn__list *commands = &connection->commands;
	if (tarn__list_is_empty(commands))
		return NULL;
	return TARN__CONTAINER(commands->next, struct tarn__second_command, node);
}

/* ---- commands ----------------------------------------------------------------------------- */

static int send_words(struct tarn__second_connection *connection, redisCallbackFn *done,
		      void *private, const struct tarn__second_word *words, size_t count)
{
	enum { ROOM = 512 }; /* of most commands */
	char room[ROOM], *text = room;
	size_t len = tarn__second_words_len(words, count);
	if (!connection->context || connection->is_freed)
		return TARN_EUNREACHABLE;
	/* The library looks for another word behind the first one, as far as a NUL. */
	if (len + 1 > ROOM)
		text = malloc(len + 1);
	if (!text)
		return TARN_ENOMEM;
	tarn__second_words_write(words, count, text);
	text[len] = '\0';
	int status =
		library.redisAsyncFormattedCommand(connection->context, done, private, text, len);
	if (text != room)
		free(text);
	return status == REDIS_OK ? (int)len : TARN_EUNREACHABLE;
}

int tarn__second_connection_send(struct tarn__second_connection *connection,
				 const struct tarn__second_word *words, size_t count,
				 struct tarn__second_command *command)
{
	int status = send_words(connection, on_reply, command, words, count);
	if (status > 0)
		tarn__list_append(&connection->commands, &command->node);
	return status;
}

int tarn__second_connection_subscribe(struct tarn__second_connection *connection,
				      const char *channel)
{
	const struct tarn__second_word words[] = {{"SUBSCRIBE", 9}, {channel, strlen(channel)}};
	if (connection->channel)
		return TARN_EUNREACHABLE;
	connection->channel = strdup(channel);
	if (!connection->channel)
		return TARN_ENOMEM;
	int status = send_words(connection, on_message, NULL, words, 2);
	return status > 0 ? 0 : status;
}
#endif
