/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_control.c: requests of clients of the control socket, any octets in any pieces: every
 * line has one last answer, each answer is one line with one JSON object, and a request that is too long gets
 * an error. Octets that do not occur in JSON divide the input:
 *
 *	0xff	sends the octets so far, and runs the loop
 *	0xfe	switches to the other client
 *	0xfd	closes this client, and opens another one
 *	0xfc	sends the octets so far a hundred times
 */
#include "fuzz.h"

#include <errno.h>
#include <ev.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/control/verbs.h"
#include "daemon/control/control.h"

enum {
	CLIENTS = 2,
	INPUT_MAX = 4096,
	REPEATS = 100,
	TURNS_MAX = 2000, /* of the loop, without an answer that is due */
	CACHE_SIZE = 64 * 1024,
};

struct client {
	int fd;
	size_t lines; /* said */
	size_t unended; /* octets since */
	size_t answers; /* last ones */
	bool is_over; /* tarn has closed the connection */
	char *heard;
	size_t heard_len, heard_size;
};

static char directory[] = "/tmp/tarn-fuzz-XXXXXX", path[64];
static struct tarn__log sink;
static struct tarn__process process;
static struct tarn__settings settings = {.workers = 1}, *in_force = &settings;
static struct tarn__own_worker own;
static struct tarn__control_context context;
static struct tarn__control control;
static struct client clients[CLIENTS];
static unsigned reloads;

static void on_stop(void *data)
{
	(void)data;
}

/* Every other one fails, with texts that JSON has to escape. */
static int on_reload(void *data, struct tarn__diagnostics *diagnostics)
{
	(void)data;
	if (reloads++ % 2 == 0)
		return 0;
	tarn__diagnostics_add(diagnostics, "tarn.conf", 1, "not a word: \xff\"\\\x01");
	return TARN_EINVAL;
}

/* ---- clients ---------------------------------------------------------------------------- */

static void connect_client(struct client *client)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	strcpy(address.sun_path, path);
	*client = (struct client){0};
	client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	fuzz_check(client->fd >= 0 &&
		   connect(client->fd, (struct sockaddr *)&address, sizeof address) == 0);
}

static void hang_up(struct client *client)
{
	close(client->fd);
	free(client->heard);
}

static void take_answer(struct client *client, const char *line, size_t len)
{
	json_t *document = json_loadb(line, len, 0, NULL);
	fuzz_check(json_is_object(document));
	bool has_failed = json_is_string(json_object_get(document, "error"));
	bool is_last = has_failed || json_object_get(document, "ok");
	fuzz_check(is_last || json_is_string(json_object_get(document, "text")));
	client->answers += is_last;
	json_decref(document);
}

static void take_answers(struct client *client)
{
	char *start = client->heard, *end;
	size_t left = client->heard_len;
	while (left > 0 && (end = memchr(start, '\n', left))) {
		take_answer(client, start, (size_t)(end - start));
		left -= (size_t)(end + 1 - start);
		start = end + 1;
	}
	if (left > 0)
		memmove(client->heard, start, left);
	client->heard_len = left;
}

/* Returns true if there was anything. */
static bool hear(struct client *client)
{
	enum { PIECE = 4096 };
	if (client->is_over)
		return false;
	if (client->heard_size - client->heard_len < PIECE) {
		client->heard_size = 2 * client->heard_size + PIECE;
		client->heard = realloc(client->heard, client->heard_size);
		fuzz_check(client->heard);
	}
	ssize_t len = recv(client->fd, client->heard + client->heard_len, PIECE, 0);
	if (len < 0 && errno == EAGAIN)
		return false;
	client->is_over = len <= 0;
	client->heard_len += len > 0 ? (size_t)len : 0;
	take_answers(client);
	/* No answer is left incomplete. */
	fuzz_check(!client->is_over || client->heard_len == 0);
	return true;
}

static void turn(void)
{
	ev_run(context.loop, EVRUN_NOWAIT);
	for (size_t i = 0; i < CLIENTS; i++)
		while (hear(&clients[i]))
			;
}

static bool has_all(const struct client *client)
{
	return client->is_over ||
	       (client->answers == client->lines && client->unended < TARN__REQUEST_MAX);
}

static void settle(void)
{
	for (unsigned turns = 0; !has_all(&clients[0]) || !has_all(&clients[1]); turns++) {
		fuzz_check(turns < TURNS_MAX);
		turn();
	}
	for (size_t i = 0; i < CLIENTS; i++)
		fuzz_check(clients[i].answers <= clients[i].lines + 1);
	fuzz_check(control.count <= TARN__CONTROL_CONNECTIONS);
}

static void count_lines(struct client *client, const char *octets, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		client->unended++;
		if (octets[i] != '\n')
			continue;
		client->lines++;
		client->unended = 0;
	}
}

static void say(struct client *client, const char *octets, size_t len)
{
	while (len > 0 && !client->is_over) {
		ssize_t sent = send(client->fd, octets, len, MSG_NOSIGNAL);
		if (sent < 0 && errno != EAGAIN)
			break;
		if (sent > 0) {
			count_lines(client, octets, (size_t)sent);
			octets += sent;
			len -= (size_t)sent;
		}
		turn();
	}
}

/* ---- one input -------------------------------------------------------------------------- */

static void play(const uint8_t *data, size_t len)
{
	struct client *client = &clients[0];
	size_t start = 0;
	for (size_t at = 0; at <= len; at++) {
		uint8_t octet = at < len ? data[at] : 0xff;
		if (octet < 0xfc)
			continue;
		for (int i = 0; i < (octet == 0xfc ? REPEATS : 1); i++)
			say(client, (const char *)data + start, at - start);
		start = at + 1;
		turn();
		if (octet == 0xfe) {
			client = &clients[client == clients];
		} else if (octet == 0xfd) {
			hang_up(client);
			connect_client(client);
		}
	}
	settle();
}

static void clean_up(void)
{
	unlink(path);
	rmdir(directory);
}

static void set_up_once(void)
{
	if (*path)
		return;
	fuzz_check(mkdtemp(directory) != NULL);
	snprintf(path, sizeof path, "%s/socket", directory);
	atexit(clean_up);
	tarn__log_init(&sink, -1, TARN_LOG_ERR);
	tarn__process_init(&process);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	set_up_once();
	reloads = 0;
	context = (struct tarn__control_context){
		.loop = ev_loop_new(EVFLAG_NOENV),
		.tarn = tarn_new(&(struct tarn_options){.cache_size = CACHE_SIZE}),
		.log = &sink,
		.process = &process,
		.settings = &in_force,
		.stop = on_stop,
		.reload = on_reload,
	};
	own = (struct tarn__own_worker){.tarn = context.tarn, .loop = context.loop};
	context.own = &own;
	control = (struct tarn__control){.context = &context};
	fuzz_check(context.loop && context.tarn);
	fuzz_check(tarn__control_open(&control, path, NULL) == 0);
	tarn__control_settle(&control);
	for (size_t i = 0; i < CLIENTS; i++)
		connect_client(&clients[i]);
	play(data, len < INPUT_MAX ? len : INPUT_MAX);
	for (size_t i = 0; i < CLIENTS; i++)
		hang_up(&clients[i]);
	tarn__control_close(&control);
	tarn__own_worker_fini(&own);
	tarn_free(context.tarn);
	ev_loop_destroy(context.loop);
	return 0;
}
