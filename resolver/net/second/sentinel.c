/* SPDX-License-Identifier: BSD-2-Clause */
/* net/second/sentinel.c: where the primary is, as Redis' sentinels say. */
#include "net/second/sentinel.h"

#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/second/second_config.h"
#include "net/random.h"
#include "net/second/backoff.h"
#include "net/second/commands.h"
#include "net/second/session.h"

enum {
	AGAIN_MS =
		100, /* from a request to ask again to the question: several workers and errors are one */
};

enum state { WAITING, ASKING, WATCHING };

struct tarn__second_sentinels {
	struct ev_loop *loop;
	const struct tarn__second_config *config;
	struct tarn__random *random;
	struct tarn__second_sentinels_events events;
	void *arg;
	struct tarn__second_connection *connection;
	struct tarn__second_command command;
	enum state state;
	size_t at; /* the sentinel that is asked */
	size_t failures; /* in a row */
	struct tarn__backoff backoff;
	ev_timer timer;
};

static void set_timer(struct tarn__second_sentinels *sentinels, uint64_t ms)
{
	ev_timer_stop(sentinels->loop, &sentinels->timer);
	ev_timer_set(&sentinels->timer, (double)ms / 1000, 0);
	ev_timer_start(sentinels->loop, &sentinels->timer);
}

/* The next one is asked; after a round of all of them, later. The last that is done with the sentinels. */
static void fail(struct tarn__second_sentinels *sentinels, const char *reason)
{
	const struct tarn_address *failed = &sentinels->config->sentinels[sentinels->at];
	uint32_t random;
	tarn__second_connection_free(sentinels->connection);
	sentinels->connection = NULL;
	sentinels->state = WAITING;
	sentinels->at = (sentinels->at + 1) % sentinels->config->sentinel_count;
	tarn__random_fill(sentinels->random, &random, sizeof random);
	bool is_round = ++sentinels->failures % sentinels->config->sentinel_count == 0;
	set_timer(sentinels, is_round ? tarn__backoff_next(&sentinels->backoff, random) : 0);
	sentinels->events.failed(sentinels->arg, failed, reason);
}

/* ---- what they say ------------------------------------------------------------------------ */

/* Returns false if the text has NUL, or is longer than room. */
static bool copy_text(const struct tarn__second_reply *reply, char *out, size_t room)
{
	if (reply->kind != TARN__SECOND_REPLY_TEXT || reply->len >= room ||
	    memchr(reply->text, '\0', reply->len))
		return false;
	memcpy(out, reply->text, reply->len);
	out[reply->len] = '\0';
	return true;
}

const char *tarn__second_sentinels_read(const struct tarn__second_reply *reply,
					struct tarn_address *out)
{
	char host[TARN_ADDRESS_TEXT_MAX], port[8], text[TARN_ADDRESS_TEXT_MAX + sizeof port + 4];
	if (reply->kind == TARN__SECOND_REPLY_NIL)
		return "it does not know the master";
	if (reply->kind == TARN__SECOND_REPLY_ERROR)
		return "it does not answer: is it a sentinel?";
	if (reply->kind != TARN__SECOND_REPLY_ARRAY || reply->count != 2 ||
	    !copy_text(&reply->items[0], host, sizeof host) ||
	    !copy_text(&reply->items[1], port, sizeof port))
		return "its answer is not understood";
	if (strspn(port, "0123456789") != strlen(port))
		return "its answer is not understood";
	snprintf(text, sizeof text, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
	return tarn_address_parse(text, 0, out) == 0 && tarn_address_port(out) != 0
		       ? NULL
		       : "it names the master by a name, not by an address";
}

static void on_answer(struct tarn__second_command *command, const struct tarn__second_reply *reply)
{
	struct tarn__second_sentinels *sentinels =
		TARN__CONTAINER(command, struct tarn__second_sentinels, command);
	struct tarn_address primary;
	if (!reply)
		return;
	const char *reason = tarn__second_sentinels_read(reply, &primary);
	if (reason) {
		fail(sentinels, reason);
		return;
	}
	sentinels->state = WATCHING;
	sentinels->failures = 0;
	tarn__backoff_reset(&sentinels->backoff);
	ev_timer_stop(sentinels->loop, &sentinels->timer);
	sentinels->events.found(sentinels->arg, &primary);
}

static void on_opened(void *arg)
{
	struct tarn__second_sentinels *sentinels = arg;
	struct tarn__second_words words = {.count = 0};
	tarn__second_words_add(&words, "SENTINEL");
	tarn__second_words_add(&words, "get-master-addr-by-name");
	tarn__second_words_add(&words, sentinels->config->master);
	sentinels->command = (struct tarn__second_command){.done = on_answer};
	int sent = tarn__second_connection_send(sentinels->connection, words.words, words.count,
						&sentinels->command);
	if (sent > 0)
		sent = tarn__second_connection_subscribe(sentinels->connection, "+switch-master");
	if (sent < 0)
		fail(sentinels, tarn_error_text(sent));
	else
		set_timer(sentinels, TARN__SECOND_CONNECT_MS);
}

static void on_closed(void *arg, const char *reason)
{
	char copy[TARN__SECOND_FAULT_MAX];
	snprintf(copy, sizeof copy, "%s", reason);
	fail(arg, copy);
}

static void on_subscribed(void *arg)
{
	(void)arg;
}

/* "mymaster 192.0.2.1 6379 192.0.2.2 6379": it is asked for rather than believed, as all others are. */
static void on_message(void *arg, const uint8_t *message, size_t len)
{
	struct tarn__second_sentinels *sentinels = arg;
	size_t name_len = strlen(sentinels->config->master);
	if (len > name_len && message[name_len] == ' ' &&
	    memcmp(message, sentinels->config->master, name_len) == 0)
		tarn__second_sentinels_ask(sentinels);
}

/* ---- asking ------------------------------------------------------------------------------- */

static void connect_to(struct tarn__second_sentinels *sentinels)
{
	static const struct tarn__second_connection_events events = {.opened = on_opened,
								     .closed = on_closed,
								     .subscribed = on_subscribed,
								     .message = on_message};
	char fault[TARN__SECOND_FAULT_MAX];
	const struct tarn__second_config *config = sentinels->config;
	const struct tarn__second_place place = {.address = config->sentinels[sentinels->at],
						 .tls = config->tls_client,
						 .name = config->name};
	tarn__second_connection_free(sentinels->connection);
	sentinels->state = ASKING;
	sentinels->connection =
		tarn__second_connection_new(sentinels->loop, &place, &events, sentinels, fault);
	if (sentinels->connection)
		set_timer(sentinels, TARN__SECOND_CONNECT_MS);
	else
		fail(sentinels, fault);
}

void tarn__second_sentinels_expire(struct tarn__second_sentinels *sentinels)
{
	if (sentinels->state == ASKING)
		fail(sentinels, "no answer within a second");
	else
		connect_to(sentinels);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	tarn__second_sentinels_expire(TARN__CONTAINER(timer, struct tarn__second_sentinels, timer));
}

void tarn__second_sentinels_ask(struct tarn__second_sentinels *sentinels)
{
	if (sentinels && sentinels->state == WATCHING && !ev_is_active(&sentinels->timer))
		set_timer(sentinels, AGAIN_MS);
}

bool tarn__second_sentinels_flush(struct tarn__second_sentinels *sentinels)
{
	return sentinels && sentinels->connection &&
	       tarn__second_connection_flush(sentinels->connection);
}

struct tarn__second_sentinels *
tarn__second_sentinels_new(struct ev_loop *loop, const struct tarn__second_config *config,
			   struct tarn__random *random,
			   const struct tarn__second_sentinels_events *events, void *arg)
{
	struct tarn__second_sentinels *sentinels = calloc(1, sizeof *sentinels);
	if (!sentinels)
		return NULL;
	sentinels->loop = loop;
	sentinels->config = config;
	sentinels->random = random;
	sentinels->events = *events;
	sentinels->arg = arg;
	sentinels->state = WAITING;
	ev_init(&sentinels->timer, on_timer);
	set_timer(sentinels, 0);
	return sentinels;
}

void tarn__second_sentinels_free(struct tarn__second_sentinels *sentinels)
{
	if (!sentinels)
		return;
	ev_timer_stop(sentinels->loop, &sentinels->timer);
	tarn__second_connection_free(sentinels->connection);
	free(sentinels);
}
