/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/support/fake_store.h: for the unit tests of resolver/net/second: a Redis on the loopback interface, on the test's
 * own loop. It reads commands, shows each to the test, which answers it, or not; it can be told to read nothing.
 */
#ifndef TESTS_SUPPORT_FAKE_STORE_H
#define TESTS_SUPPORT_FAKE_STORE_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>

#include "support/net.h"
#include "tarn.h"

enum { STORE_CLIENTS = 16, STORE_WORDS = 8, STORE_ROOM = 1 << 20 };

struct store_client {
	struct fake_store *store;
	int fd; /* -1: none, or gone */
	ev_io reading;
	bool is_listening; /* it has subscribed */
	size_t len;
	char *octets; /* of commands that are not whole yet */
};

struct store_command {
	size_t count;
	char *words[STORE_WORDS]; /* with NUL */
	size_t lens[STORE_WORDS];
};

struct fake_store {
	struct ev_loop *loop;
	int fd;
	struct tarn_address address;
	ev_io accepting;
	struct store_client clients[STORE_CLIENTS];
	size_t count; /* that have come */
	size_t commands; /* that have come */
	bool is_deaf; /* it reads nothing */
	/* Answers a command. NULL: store_answer(). */
	void (*answer)(struct store_client *, const struct store_command *);
	char last
		[256]; /* "GETRANGE key 0 65600": the last command of another kind than those of a greeting */
};

static inline void store_send(struct store_client *client, const char *octets, size_t len)
{
	while (len > 0) {
		ssize_t sent = send(client->fd, octets, len, MSG_NOSIGNAL);
		if (sent < 0 && errno == EAGAIN)
			wait_for(client->store->loop, client->fd, EV_WRITE);
		else if (sent < 0)
			return;
		else
			octets += sent, len -= (size_t)sent;
	}
}

static inline void store_say(struct store_client *client, const char *text)
{
	store_send(client, text, strlen(text));
}

static inline void store_close(struct store_client *client)
{
	if (client->fd < 0)
		return;
	ev_io_stop(client->store->loop, &client->reading);
	close(client->fd);
	client->fd = -1;
}

static inline bool store_is(const struct store_command *command, const char *word)
{
	return strcmp(command->words[0], word) == 0;
}

/* As a Redis that has nothing. */
static inline void store_answer(struct store_client *client, const struct store_command *command)
{
	char text[256];
	if (store_is(command, "PING")) {
		store_say(client, "+PONG\r\n");
	} else if (store_is(command, "GETRANGE")) {
		store_say(client, "$0\r\n\r\n");
	} else if (store_is(command, "GET")) {
		store_say(client, "$-1\r\n");
	} else if (store_is(command, "DEL") || store_is(command, "PUBLISH")) {
		store_say(client, ":0\r\n");
	} else if (store_is(command, "SUBSCRIBE")) {
		snprintf(text, sizeof text, "*3\r\n$9\r\nsubscribe\r\n$%zu\r\n%s\r\n:1\r\n",
			 command->lens[1], command->words[1]);
		client->is_listening = true;
		store_say(client, text);
	} else {
		store_say(client, "+OK\r\n");
	}
}

/* Sends a message of a channel to a client. */
static inline void store_publish(struct store_client *client, const char *channel,
				 const char *message)
{
	char text[2048];
	snprintf(text, sizeof text, "*3\r\n$7\r\nmessage\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n",
		 strlen(channel), channel, strlen(message), message);
	store_say(client, text);
}

/* Reads "$3\r\nGET\r\n" at *at. Returns false if it is not whole. */
static inline bool store_read_word(const struct store_client *client, size_t *at, char mark,
				   size_t *number)
{
	const char *line = client->octets + *at;
	const char *end = memchr(line, '\n', client->len - *at);
	if (!end)
		return false;
	ck_assert_int_eq(line[0], mark);
	*number = strtoul(line + 1, NULL, 10);
	*at = (size_t)(end + 1 - client->octets);
	return true;
}

/* Takes a whole command out of what has been read. */
static inline bool store_read(struct store_client *client, struct store_command *out)
{
	size_t at = 0, len;
	if (client->len == 0 || !store_read_word(client, &at, '*', &out->count))
		return false;
	ck_assert_uint_le(out->count, STORE_WORDS);
	for (size_t i = 0; i < out->count; i++) {
		if (!store_read_word(client, &at, '$', &len) || client->len - at < len + 2)
			return false;
		out->words[i] = strndup(client->octets + at, len);
		/* strndup() ends at a NUL. */
		out->words[i] = realloc(out->words[i], len + 1);
		memcpy(out->words[i], client->octets + at, len);
		out->words[i][len] = '\0';
		out->lens[i] = len;
		at += len + 2;
	}
	memmove(client->octets, client->octets + at, client->len - at);
	client->len -= at;
	return true;
}

static inline void store_note(struct fake_store *store, const struct store_command *command)
{
	size_t at = 0;
	store->commands++;
	if (store_is(command, "CLIENT") || store_is(command, "PING"))
		return;
	for (size_t i = 0; i < command->count && at < sizeof store->last - 1; i++)
		at += (size_t)snprintf(store->last + at, sizeof store->last - at, "%s%.60s",
				       i > 0 ? " " : "", command->words[i]);
}

static inline void store_on_readable(struct ev_loop *loop, ev_io *watcher, int events)
{
	(void)loop;
	(void)events;
	struct store_client *client = watcher->data;
	struct fake_store *store = client->store;
	ssize_t got = recv(client->fd, client->octets + client->len, STORE_ROOM - client->len, 0);
	if (got <= 0) {
		store_close(client);
		return;
	}
	client->len += (size_t)got;
	struct store_command command = {.count = 0};
	while (client->fd >= 0 && store_read(client, &command)) {
		store_note(store, &command);
		(store->answer ? store->answer : store_answer)(client, &command);
		for (size_t i = 0; i < command.count; i++)
			free(command.words[i]);
		memset(&command, 0, sizeof command);
	}
	/* Words of a command that is not whole. */
	for (size_t i = 0; i < STORE_WORDS; i++)
		free(command.words[i]);
}

static inline void store_on_accept(struct ev_loop *loop, ev_io *watcher, int events)
{
	(void)events;
	struct fake_store *store = watcher->data;
	int fd = accept(store->fd, NULL, NULL);
	ck_assert_int_ge(fd, 0);
	ck_assert_uint_lt(store->count, STORE_CLIENTS);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	struct store_client *client = &store->clients[store->count++];
	client->store = store;
	client->fd = fd;
	client->octets = malloc(STORE_ROOM);
	ev_io_init(&client->reading, store_on_readable, fd, EV_READ);
	client->reading.data = client;
	if (!store->is_deaf)
		ev_io_start(loop, &client->reading);
}

static inline void store_listen(struct fake_store *store)
{
	store->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int on = 1;
	setsockopt(store->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	ck_assert_int_eq(bind(store->fd, &store->address.sa, tarn_address_len(&store->address)), 0);
	ck_assert_int_eq(listen(store->fd, 16), 0);
	socklen_t len = sizeof store->address.in4;
	getsockname(store->fd, &store->address.sa, &len);
	ev_io_init(&store->accepting, store_on_accept, store->fd, EV_READ);
	store->accepting.data = store;
	ev_io_start(store->loop, &store->accepting);
}

static inline void store_open(struct fake_store *store, struct ev_loop *loop)
{
	*store = (struct fake_store){.loop = loop};
	for (size_t i = 0; i < STORE_CLIENTS; i++)
		store->clients[i].fd = -1;
	ck_assert_int_eq(tarn_address_parse("127.0.0.1:1", 0, &store->address), 0);
	tarn_address_set_port(&store->address, 0);
	store_listen(store);
}

/* Nobody is at the address from now on, as of a program that has ended. */
static inline void store_stop(struct fake_store *store)
{
	if (store->fd >= 0) {
		ev_io_stop(store->loop, &store->accepting);
		close(store->fd);
	}
	store->fd = -1;
	for (size_t i = 0; i < STORE_CLIENTS; i++) {
		store_close(&store->clients[i]);
		free(store->clients[i].octets);
		store->clients[i].octets = NULL;
	}
}

/* Reads nothing more, or does so again: as SIGSTOP and SIGCONT. */
static inline void store_set_deaf(struct fake_store *store, bool is_deaf)
{
	store->is_deaf = is_deaf;
	for (size_t i = 0; i < store->count; i++) {
		struct store_client *client = &store->clients[i];
		if (client->fd >= 0 && is_deaf)
			ev_io_stop(store->loop, &client->reading);
		else if (client->fd >= 0)
			ev_io_start(store->loop, &client->reading);
	}
}

#endif
