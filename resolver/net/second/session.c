/* SPDX-License-Identifier: BSD-2-Clause */
/* net/second/session.c: a connection to one place that is kept up. */
#include "config.h"

#include "net/second/session.h"

#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/second/second_config.h"
#include "net/random.h"
#include "net/second/backoff.h"
#include "net/second/commands.h"
#include "net/second/replies.h"

enum state { CONNECTING, GREETING, UP, WAITING };

enum step { AUTH, SELECT, SETNAME, PING, STEPS };

struct greeting {
	struct tarn__second_command command;
	struct tarn__second_session *session;
	enum step step;
};

struct tarn__second_session {
	struct tarn__second_session_options options;
	struct tarn__second_connection *connection; /* NULL: WAITING */
	enum state state;
	struct tarn__backoff backoff;
	struct greeting greetings[STEPS];
	ev_timer
		timer; /* of what the state waits for; in UP: of a silence, active only if it may be one */
};

/* ---- time --------------------------------------------------------------------------------- */

static void set_timer(struct tarn__second_session *session, uint64_t ms)
{
	ev_timer_stop(session->options.loop, &session->timer);
	ev_timer_set(&session->timer, (double)ms / 1000, 0);
	ev_timer_start(session->options.loop, &session->timer);
}

/* What is under way has come to nothing. The last that is done with the session. */
static void fail(struct tarn__second_session *session, const char *reason)
{
	uint32_t random;
	bool was_up = session->state == UP;
	tarn__second_connection_free(session->connection);
	session->connection = NULL;
	session->state = WAITING;
	tarn__random_fill(session->options.random, &random, sizeof random);
	set_timer(session, tarn__backoff_next(&session->backoff, random));
	session->options.events.failed(session->options.arg, was_up, reason);
}

/* ---- greeting ----------------------------------------------------------------------------- */

static void rise(struct tarn__second_session *session)
{
	session->state = UP;
	tarn__backoff_reset(&session->backoff);
	ev_timer_stop(session->options.loop, &session->timer);
	session->options.events.up(session->options.arg);
}

/* Returns true if the store has refused what it may refuse. */
static bool is_tolerable(enum step step, const struct tarn__second_reply *reply)
{
	if (step == SETNAME)
		return true;
	/* An access list may be without it; that the store answers is what it is sent for. */
	return step == PING && tarn__second_error_is(reply, "NOPERM");
}

/* A store that does not know a command may repeat its words. */
static const char *explain(const struct tarn__second_session *session, enum step step,
			   const struct tarn__second_reply *reply, char out[TARN__SECOND_FAULT_MAX])
{
	tarn__second_explain(reply, out);
	if (step == AUTH && reply->kind == TARN__SECOND_REPLY_ERROR &&
	    memmem(reply->text, reply->len, session->options.config->password,
		   strlen(session->options.config->password)))
		snprintf(
			out, TARN__SECOND_FAULT_MAX, "AUTH is refused (%s)",
			tarn__second_result_name(tarn__second_error_kind(reply->text, reply->len)));
	return out;
}

static void on_greeted(struct tarn__second_command *command, const struct tarn__second_reply *reply)
{
	char reason[TARN__SECOND_FAULT_MAX];
	const struct greeting *greeting = TARN__CONTAINER(command, struct greeting, command);
	struct tarn__second_session *session = greeting->session;
	if (!reply || session->state != GREETING)
		return;
	bool is_accepted = reply->kind == TARN__SECOND_REPLY_STATUS;
	if (!is_accepted && !is_tolerable(greeting->step, reply))
		fail(session, explain(session, greeting->step, reply, reason));
	else if (greeting->step == PING)
		rise(session);
}

static int greet(struct tarn__second_session *session, enum step step,
		 const struct tarn__second_words *words)
{
	struct greeting *greeting = &session->greetings[step];
	*greeting = (struct greeting){.command.done = on_greeted, .session = session, .step = step};
	int sent = tarn__second_connection_send(session->connection, words->words, words->count,
						&greeting->command);
	return sent > 0 ? 0 : sent;
}

static int send_auth(struct tarn__second_session *session)
{
	const struct tarn__second_config *config = session->options.config;
	struct tarn__second_words words = {.count = 0};
	if (!config->password)
		return 0;
	tarn__second_words_add(&words, "AUTH");
	if (config->user)
		tarn__second_words_add(&words, config->user);
	tarn__second_words_add(&words, config->password);
	return greet(session, AUTH, &words);
}

static int send_select(struct tarn__second_session *session)
{
	char number[16];
	struct tarn__second_words words = {.count = 0};
	if (session->options.config->database == 0 || session->options.channel)
		return 0;
	snprintf(number, sizeof number, "%u", (unsigned)session->options.config->database);
	tarn__second_words_add(&words, "SELECT");
	tarn__second_words_add(&words, number);
	return greet(session, SELECT, &words);
}

static int send_setname(struct tarn__second_session *session)
{
	struct tarn__second_words words = {.count = 0};
	tarn__second_words_add(&words, "CLIENT");
	tarn__second_words_add(&words, "SETNAME");
	tarn__second_words_add(&words, "tarn");
	return greet(session, SETNAME, &words);
}

static int send_last(struct tarn__second_session *session)
{
	struct tarn__second_words words = {.count = 0};
	if (session->options.channel)
		return tarn__second_connection_subscribe(session->connection,
							 session->options.channel);
	tarn__second_words_add(&words, "PING");
	return greet(session, PING, &words);
}

/* ---- the connection ----------------------------------------------------------------------- */

static void on_opened(void *arg)
{
	struct tarn__second_session *session = arg;
	session->state = GREETING;
	set_timer(session, TARN__SECOND_CONNECT_MS);
	int error = send_auth(session);
	if (error == 0)
		error = send_select(session);
	if (error == 0)
		error = send_setname(session);
	if (error == 0)
		error = send_last(session);
	if (error != 0)
		fail(session, tarn_error_text(error));
}

static void on_closed(void *arg, const char *reason)
{
	char copy[TARN__SECOND_FAULT_MAX];
	snprintf(copy, sizeof copy, "%s", reason);
	fail(arg, copy);
}

static void on_subscribed(void *arg)
{
	struct tarn__second_session *session = arg;
	if (session->state == GREETING)
		rise(session);
}

static void on_message(void *arg, const uint8_t *message, size_t len)
{
	struct tarn__second_session *session = arg;
	if (session->state == UP)
		session->options.events.message(session->options.arg, message, len);
}

static void connect_to(struct tarn__second_session *session)
{
	static const struct tarn__second_connection_events events = {.opened = on_opened,
								     .closed = on_closed,
								     .subscribed = on_subscribed,
								     .message = on_message};
	char fault[TARN__SECOND_FAULT_MAX];
	session->state = CONNECTING;
	session->connection = tarn__second_connection_new(
		session->options.loop, &session->options.place, &events, session, fault);
	if (session->connection)
		set_timer(session, TARN__SECOND_CONNECT_MS);
	else
		fail(session, fault);
}

/* ---- silence ------------------------------------------------------------------------------ */

static void look_for_silence(struct tarn__second_session *session)
{
	const struct tarn__second_command *oldest =
		tarn__second_connection_oldest(session->connection);
	if (!oldest)
		return;
	uint64_t age_ms = session->options.now_ms() - oldest->sent_ms;
	if (age_ms < TARN__SECOND_SILENCE_MS)
		set_timer(session, TARN__SECOND_SILENCE_MS - age_ms);
	else
		tarn__second_connection_close(session->connection, "no answer for 5 seconds");
}

void tarn__second_session_expire(struct tarn__second_session *session)
{
	switch (session->state) {
	case CONNECTING:
		fail(session, "no connection within a second");
		return;
	case GREETING:
		fail(session, "no answer within a second");
		return;
	case UP:
		look_for_silence(session);
		return;
	case WAITING:
		connect_to(session);
		return;
	}
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	tarn__second_session_expire(TARN__CONTAINER(timer, struct tarn__second_session, timer));
}

/* ---- a session's life --------------------------------------------------------------------- */

/* The first attempt is one of the timer: nothing is called from within new(). */
struct tarn__second_session *
tarn__second_session_new(const struct tarn__second_session_options *options)
{
	struct tarn__second_session *session = calloc(1, sizeof *session);
	if (!session)
		return NULL;
	session->options = *options;
	session->state = WAITING;
	ev_init(&session->timer, on_timer);
	set_timer(session, 0);
	return session;
}

void tarn__second_session_free(struct tarn__second_session *session)
{
	if (!session)
		return;
	ev_timer_stop(session->options.loop, &session->timer);
	tarn__second_connection_free(session->connection);
	free(session);
}

bool tarn__second_session_is_up(const struct tarn__second_session *session)
{
	return session && session->state == UP;
}

int tarn__second_session_send(struct tarn__second_session *session,
			      const struct tarn__second_word *words, size_t count,
			      struct tarn__second_command *command)
{
	if (!tarn__second_session_is_up(session))
		return TARN_EUNREACHABLE;
	command->sent_ms = session->options.now_ms();
	int sent = tarn__second_connection_send(session->connection, words, count, command);
	/* If it has expired and waits to be called, it looks by itself. */
	if (sent > 0 && !ev_is_active(&session->timer) && !ev_is_pending(&session->timer))
		set_timer(session, TARN__SECOND_SILENCE_MS);
	return sent;
}

bool tarn__second_session_flush(struct tarn__second_session *session)
{
	return session && session->connection && tarn__second_connection_flush(session->connection);
}
