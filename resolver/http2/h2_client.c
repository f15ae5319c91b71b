/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http2/h2_client.c: DNS questions to a server over HTTP/2.
 *
 * A question is in one list at a time: queued, then asked, then read, then given, from which it is freed with the
 * next read; if its stream is still open then, as the library points at it, it lingers. One that is forgotten
 * once it is asked is waited for all the same, since servers take many resets for an attack; but its place is
 * given to another question when all are taken.
 *
 * The library sends the headers of all requests that it has before any body, and Knot Resolver 5.6 refuses streams
 * whose header comes before the body of the one before them: it gets a request when the one before it has left.
 */
#include "config.h"

#include "http2/h2_client.h"

#ifdef HAVE_NGHTTP2
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/octets.h"
#include "base/pipe.h"
#include "dns/message.h"
#include "dns/ttl.h"
#include "http2/body.h"
#include "http2/field.h"
#include "http2/session.h"
#include "tarn.h"

enum {
	QUESTIONS_MAX = 256, /* all tags */
	UNSENT_MAX = 1 << 16, /* octets of questions that have not left */
	CONNECTION_WINDOW = 1 << 20, /* a hundred answers of ten thousand octets */
	STREAM_WINDOW = 65535,
	HEADERS_MAX = 8192,
	STATUS_MAX = 999,
	HOLD_MAX_SEC = 60, /* of what a server asks for */
	REASON_MAX = 80, /* octets, with NUL */
	FIELDS = 7,
	REFUSED_STREAM = 7, /* RFC 9113 section 7 */
};

struct question {
	struct tarn__list link;
	int32_t stream;
	uint16_t id; /* the question's own */
	uint8_t tag;
	bool is_open; /* the stream is */
	bool is_sent; /* the header is, so that the server may know of the question */
	bool is_reset; /* by the server */
	bool is_forgotten; /* its answer is not wanted any more */
	bool is_ended; /* what else comes is of no interest */
	/* of the header: */
	bool has_header; /* the last one, not that of a 1xx */
	bool is_message; /* its type is */
	bool is_encoded;
	uint32_t status, age_sec, retry_sec;
	size_t header_len;
	char type[REASON_MAX / 2];
	/* the answer: */
	uint8_t *body;
	size_t body_len, body_size;
	int error; /* 0: the body is it */
	char reason[REASON_MAX]; /* empty: none */
	size_t len, taken; /* of the question, and how much of it has left */
	uint8_t message[];
};

struct h2_client {
	struct tarn__framing framing;
	struct tarn__http2_session *session;
	struct tarn__h2_target target;
	struct tarn__list queued, asked, forgotten, read, given, lingering;
	size_t asked_count; /* queued ones, too */
	size_t forgotten_count;
	size_t headers_waiting; /* that the library has, and that have not left */
	size_t unsent; /* octets of questions */
	bool is_closing; /* no more questions */
};

static struct h2_client *client_of(const struct tarn__framing *framing)
{
	return (struct h2_client *)(uintptr_t)framing;
}

static struct question *question_of(struct tarn__list *link)
{
	return TARN__CONTAINER(link, struct question, link);
}

/* ---- the life of a question ---------------------------------------------------------------- */

static void free_question(struct question *question)
{
	tarn__list_remove(&question->link);
	free(question->body);
	free(question);
}

/* Takes the question out of the count of those under way. */
static void uncount(struct h2_client *client, struct question *question)
{
	if (question->is_ended)
		return;
	question->is_ended = true;
	client->unsent -= question->len - question->taken;
	if (question->is_forgotten)
		client->forgotten_count--;
	else
		client->asked_count--;
}

/* It is judged: next() will give it, unless it is forgotten. error 0: its body is the answer. */
static void end_question(struct h2_client *client, struct question *question, int error)
{
	if (question->is_ended)
		return;
	question->error = error;
	uncount(client, question);
	tarn__list_move(&question->link,
			question->is_forgotten ? &client->lingering : &client->read);
	/* The server may have answered before it has read all, or go on with what is not wanted. */
	if (question->is_open && (error != 0 || question->taken < question->len))
		tarn__http2_reset(client->session, question->stream, TARN__HTTP2_CANCEL);
}

/* The question has been given, or is not wanted. */
static void drop(struct h2_client *client, struct question *question)
{
	tarn__list_move(&question->link, &client->lingering);
	question->is_forgotten = true;
	if (!question->is_open)
		free_question(question);
}

static void drop_given(struct h2_client *client)
{
	while (!tarn__list_is_empty(&client->given))
		drop(client, question_of(client->given.next));
}

/* ---- the header of an answer --------------------------------------------------------------- */

/* Copies what a log may have. */
static void copy_text(char *out, size_t room, const char *text, size_t len)
{
	size_t copied = len < room - 1 ? len : room - 1;
	for (size_t i = 0; i < copied; i++)
		out[i] = text[i] > ' ' && text[i] < 0x7f ? text[i] : '?';
	out[copied] = '\0';
}

static void read_type(struct question *question, const char *value, size_t len)
{
	question->is_message = tarn__http2_is_message(value, len);
	if (!question->is_message)
		copy_text(question->type, sizeof(question->type), value,
			  tarn__http2_type_len(value, len));
}

static void on_headers_begin(void *owner, void *stream)
{
	(void)owner;
	struct question *question = stream;
	question->header_len = 0;
	if (question->has_header) /* trailers */
		return;
	question->is_message = question->is_encoded = false;
	question->status = 0;
	question->age_sec = question->retry_sec = 0;
	question->type[0] = '\0';
}

/* A number that is none, such as the date that may be in retry-after, says nothing. */
static void read_field(struct question *question, enum tarn__http2_name name, const char *value,
		       size_t len)
{
	switch (name) {
	case TARN__HTTP2_STATUS:
		(void)tarn__http2_read_number(value, len, STATUS_MAX, &question->status);
		break;
	case TARN__HTTP2_CONTENT_TYPE:
		read_type(question, value, len);
		break;
	case TARN__HTTP2_CONTENT_ENCODING:
		question->is_encoded = tarn__http2_is_encoded(value, len);
		break;
	case TARN__HTTP2_AGE: /* RFC 9111 section 1.2.2 */
		(void)tarn__http2_read_number(value, len, INT32_MAX, &question->age_sec);
		break;
	case TARN__HTTP2_RETRY_AFTER: /* RFC 9110 section 10.2.3 */
		(void)tarn__http2_read_number(value, len, HOLD_MAX_SEC, &question->retry_sec);
		break;
	default:
		break;
	}
}

static bool on_field(void *owner, void *stream, const char *name, size_t name_len,
		     const char *value, size_t value_len)
{
	struct question *question = stream;
	question->header_len += name_len + value_len + TARN__HTTP2_FIELD_COST;
	if (question->header_len > HEADERS_MAX) {
		snprintf(question->reason, sizeof(question->reason), "HTTP header above %d octets",
			 HEADERS_MAX);
		end_question(owner, question, TARN_EANSWER);
	}
	if (!question->has_header && !question->is_ended)
		read_field(question, tarn__http2_name(name, name_len), value, value_len);
	return question->header_len <= TARN__HTTP2_HEADER_ABSURD;
}

/* RFC 8484 section 4.2.1: what is no DNS message in an answer that was successful is no answer. */
static void on_headers_end(void *owner, void *stream, bool is_whole)
{
	(void)is_whole;
	struct question *question = stream;
	if (question->has_header || question->is_ended || question->status / 100 == 1)
		return;
	question->has_header = true;
	int error = TARN_EANSWER;
	if (question->status != 200)
		snprintf(question->reason, sizeof(question->reason), "HTTP status %u",
			 question->status);
	else if (!question->is_message)
		snprintf(question->reason, sizeof(question->reason), "HTTP content-type %s",
			 question->type[0] ? question->type : "missing");
	else if (question->is_encoded)
		snprintf(question->reason, sizeof(question->reason), "HTTP content-encoding");
	else
		return;
	if (question->status == 425) /* RFC 8470 section 5.2: it may be asked again */
		error = TARN_EUNREACHABLE;
	if (question->status != 429 && question->status != 503)
		question->retry_sec = 0;
	end_question(owner, question, error);
}

/* ---- the body, and the end of an answer ---------------------------------------------------- */

static void on_body(void *owner, void *stream, const uint8_t *octets, size_t len)
{
	struct question *question = stream;
	if (question->is_ended || question->is_forgotten)
		return;
	if (question->body_len + len > TARN__MESSAGE_MAX) {
		snprintf(question->reason, sizeof(question->reason), "HTTP body above %d octets",
			 TARN__MESSAGE_MAX);
		end_question(owner, question, TARN_EANSWER);
		return;
	}
	if (!tarn__http2_body_reserve(&question->body, &question->body_size,
				      question->body_len + len)) {
		end_question(owner, question, TARN_ENOMEM);
		return;
	}
	memcpy(question->body + question->body_len, octets, len);
	question->body_len += len;
}

/* RFC 8484 section 5.1: an answer may be out of a cache, where its TTLs have not been counted down. */
static void on_whole(void *owner, void *stream)
{
	struct question *question = stream;
	if (question->is_ended)
		return;
	if (question->is_forgotten) {
		end_question(owner, question, 0);
		return;
	}
	if (question->body_len < TARN__HEADER_LEN) {
		snprintf(question->reason, sizeof(question->reason), "HTTP body of %zu octets",
			 question->body_len);
		end_question(owner, question, TARN_EANSWER);
		return;
	}
	tarn__put16(question->body, question->id);
	/* One that is malformed is judged where it is read. */
	if (question->age_sec > 0)
		(void)tarn__ttl_age(question->body, question->body_len, question->age_sec);
	end_question(owner, question, 0);
}

static void on_reset(void *owner, void *stream, uint32_t code)
{
	(void)owner;
	(void)code; /* closed() has it */
	struct question *question = stream;
	question->is_reset = true;
}

/*
 * A question was not processed if it has not left, if the server has refused it (RFC 9113 section 8.7), or if
 * it is above what a GOAWAY says (section 6.8). Otherwise the library has found a fault in its answer.
 */
static int judge_end(struct h2_client *client, struct question *question, uint32_t code)
{
	if (question->is_reset && code != REFUSED_STREAM) {
		snprintf(question->reason, sizeof(question->reason), "HTTP/2 stream error %u",
			 code);
		return TARN_EUNREACHABLE;
	}
	if (!question->is_sent || code == REFUSED_STREAM || client->is_closing)
		return TARN_EUNREACHABLE;
	snprintf(question->reason, sizeof(question->reason), "malformed HTTP/2");
	return TARN_EANSWER;
}

static void on_closed(void *owner, void *stream, uint32_t code)
{
	struct h2_client *client = owner;
	struct question *question = stream;
	question->is_open = false;
	if (!question->is_sent)
		client->headers_waiting--;
	if (!question->is_ended)
		end_question(owner, question, judge_end(owner, question, code));
	if (question->is_forgotten)
		free_question(question);
}

static void on_sent(void *owner, void *stream)
{
	struct h2_client *client = owner;
	struct question *question = stream;
	question->is_sent = true;
	client->headers_waiting--;
}

/* No more questions are asked on this connection. */
static void give_back(struct h2_client *client)
{
	client->is_closing = true;
	while (!tarn__list_is_empty(&client->queued))
		end_question(client, question_of(client->queued.next), TARN_EUNREACHABLE);
}

static void on_goaway(void *owner)
{
	give_back(owner);
}

static size_t on_take(void *owner, void *stream, uint8_t *out, size_t room, bool *is_last)
{
	struct h2_client *client = owner;
	struct question *question = stream;
	size_t left = question->len - question->taken;
	size_t len = left < room ? left : room;
	memcpy(out, question->message + question->taken, len);
	question->taken += len;
	*is_last = question->taken == question->len;
	if (!question->is_ended)
		client->unsent -= len;
	return len;
}

/* ---- the framing --------------------------------------------------------------------------- */

static bool is_closing(const struct h2_client *client)
{
	return client->is_closing || tarn__http2_is_over(client->session);
}

/* Questions that the server and this side allow at once. */
static size_t places(const struct h2_client *client)
{
	uint32_t max = tarn__http2_streams_max(client->session);
	return max < QUESTIONS_MAX ? max : QUESTIONS_MAX;
}

static size_t client_room(const struct tarn__framing *framing)
{
	const struct h2_client *client = client_of(framing);
	size_t max = places(client);
	if (is_closing(client) || client->unsent >= UNSENT_MAX || client->asked_count >= max)
		return 0;
	return max - client->asked_count;
}

static struct question *make_question(const uint8_t *message, size_t len, uint8_t tag)
{
	struct question *question = calloc(1, sizeof(*question) + len);
	if (!question)
		return NULL;
	tarn__list_init(&question->link);
	question->tag = tag;
	question->id = tarn__get16(message);
	question->len = len;
	memcpy(question->message, message, len);
	tarn__put16(question->message, 0); /* RFC 8484 section 4.1 */
	return question;
}

/* RFC 8484 section 4.1 and section 8: nothing that says more of this resolver than the question. */
static int request(struct h2_client *client, struct question *question)
{
	char length[TARN__HTTP2_NUMBER_MAX];
	const char *authority = client->target.authority, *path = client->target.path;
	char *end = tarn__http2_write_number((uint32_t)question->len, length);
	const struct tarn__http2_field fields[FIELDS] = {
		TARN__HTTP2_FIELD(":method", "POST"),
		TARN__HTTP2_FIELD(":scheme", "https"),
		{":authority", 10, authority, strlen(authority), true},
		{":path", 5, path, strlen(path), true},
		TARN__HTTP2_FIELD("accept", "application/dns-message"),
		TARN__HTTP2_FIELD("content-type", "application/dns-message"),
		{"content-length", 14, length, (size_t)(end - length), false},
	};
	return tarn__http2_request(client->session, fields, FIELDS, question, &question->stream);
}

/* A header that waits, since the server allows no more streams, would leave together with those behind it. */
static bool can_ask(const struct h2_client *client)
{
	return !tarn__list_is_empty(&client->queued) && client->headers_waiting == 0 &&
	       !is_closing(client);
}

static bool on_ready(void *owner)
{
	struct h2_client *client = owner;
	if (!can_ask(client))
		return false;
	struct question *question = question_of(client->queued.next);
	int result = request(client, question);
	if (result == 0) {
		question->is_open = true;
		client->headers_waiting++;
		tarn__list_move(&question->link, &client->asked);
		return true;
	}
	end_question(client, question, result);
	if (result == TARN_EUNREACHABLE)
		give_back(client);
	return false;
}

/* The oldest of the forgotten ones makes room. */
static void make_room(struct h2_client *client)
{
	if (client->asked_count + client->forgotten_count < places(client) ||
	    tarn__list_is_empty(&client->forgotten))
		return;
	struct question *question = question_of(client->forgotten.next);
	tarn__http2_reset(client->session, question->stream, TARN__HTTP2_CANCEL);
	uncount(client, question);
	tarn__list_move(&question->link, &client->lingering);
}

static int client_put(struct tarn__framing *framing, const uint8_t *message, size_t len,
		      uint8_t tag)
{
	struct h2_client *client = client_of(framing);
	if (is_closing(client) || len < TARN__HEADER_LEN)
		return TARN_EUNREACHABLE;
	if (client_room(framing) == 0)
		return TARN_EBUSY;
	struct question *question = make_question(message, len, tag);
	if (!question)
		return TARN_ENOMEM;
	make_room(client);
	tarn__list_append(&client->queued, &question->link);
	client->asked_count++;
	client->unsent += len;
	return 0;
}

static struct question *find(struct tarn__list *list, uint8_t tag)
{
	for (struct tarn__list *link = list->next; link != list; link = link->next)
		if (question_of(link)->tag == tag)
			return question_of(link);
	return NULL;
}

static void client_forget(struct tarn__framing *framing, uint8_t tag)
{
	struct h2_client *client = client_of(framing);
	struct question *question = find(&client->asked, tag);
	if (question) {
		question->is_forgotten = true;
		client->asked_count--;
		client->forgotten_count++;
		tarn__list_move(&question->link, &client->forgotten);
		return;
	}
	question = find(&client->queued, tag);
	if (question)
		uncount(client, question);
	else
		question = find(&client->read, tag);
	if (question)
		drop(client, question);
}

static int client_read(struct tarn__framing *framing)
{
	struct h2_client *client = client_of(framing);
	drop_given(client);
	return tarn__http2_read(client->session);
}

static bool client_next(struct tarn__framing *framing, struct tarn__framed *out)
{
	struct h2_client *client = client_of(framing);
	struct tarn__list *link = tarn__list_take(&client->read);
	if (!link)
		return false;
	struct question *question = question_of(link);
	tarn__list_append(&client->given, link);
	if (question->error == 0)
		*out = (struct tarn__framed){
			.message = question->body,
			.len = question->body_len,
			.tag = question->tag,
			.has_tag = true,
		};
	else
		*out = (struct tarn__framed){
			.tag = question->tag,
			.error = question->error,
			.hold_ms = question->retry_sec * 1000,
			.reason = question->reason[0] ? question->reason : NULL,
		};
	return true;
}

static void client_done(struct tarn__framing *framing)
{
	drop_given(client_of(framing));
}

static int client_flush(struct tarn__framing *framing)
{
	return tarn__http2_flush(client_of(framing)->session);
}

/* What waits for a window of the server's is not what the pipe has to take. */
static size_t client_pending(const struct tarn__framing *framing)
{
	const struct h2_client *client = client_of(framing);
	if (!tarn__http2_wants_write(client->session) && !can_ask(client))
		return 0;
	return tarn__http2_unsent(client->session) + client->unsent + 1;
}

static void client_end(struct tarn__framing *framing)
{
	struct h2_client *client = client_of(framing);
	client->is_closing = true;
	tarn__http2_terminate(client->session, TARN__HTTP2_NO_ERROR);
	(void)tarn__http2_flush(client->session);
}

static void free_all(struct tarn__list *list)
{
	while (!tarn__list_is_empty(list))
		free_question(question_of(list->next));
}

static void client_free(struct tarn__framing *framing)
{
	struct h2_client *client = client_of(framing);
	tarn__http2_session_free(client->session);
	free_all(&client->queued);
	free_all(&client->asked);
	free_all(&client->forgotten);
	free_all(&client->read);
	free_all(&client->given);
	free_all(&client->lingering);
	free(client);
}

static const struct tarn__framing_ops ops = {
	.put = client_put,
	.forget = client_forget,
	.room = client_room,
	.read = client_read,
	.next = client_next,
	.done = client_done,
	.flush = client_flush,
	.pending = client_pending,
	.end = client_end,
	.free = client_free,
};

static const struct tarn__http2_events events = {
	.headers_begin = on_headers_begin,
	.field = on_field,
	.headers_end = on_headers_end,
	.body = on_body,
	.whole = on_whole,
	.was_reset = on_reset,
	.sent = on_sent,
	.closed = on_closed,
	.goaway = on_goaway,
	.take = on_take,
	.ready = on_ready,
};

struct tarn__framing *tarn__h2_client_new(struct tarn__pipe *pipe,
					  const struct tarn__h2_target *target)
{
	static const struct tarn__http2_settings settings = {
		.stream_window = STREAM_WINDOW,
		.connection_window = CONNECTION_WINDOW,
		.headers_max = HEADERS_MAX,
	};
	struct h2_client *client = calloc(1, sizeof(*client));
	if (!client)
		return NULL;
	client->framing.ops = &ops;
	client->target = *target;
	tarn__list_init(&client->queued);
	tarn__list_init(&client->asked);
	tarn__list_init(&client->forgotten);
	tarn__list_init(&client->read);
	tarn__list_init(&client->given);
	tarn__list_init(&client->lingering);
	client->session = tarn__http2_session_new(&settings, &events, client, pipe);
	if (client->session)
		return &client->framing;
	client_free(&client->framing);
	return NULL;
}

#endif
