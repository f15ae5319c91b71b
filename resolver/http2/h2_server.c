/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http2/h2_server.c: DNS questions of clients over HTTP/2.
 *
 * A request is in one list at a time: receiving, then whole, then asked, then answering; or, as soon as it is
 * known to be wrong, refused. It ends with its stream, in whichever list it is. Its question is freed when it is
 * answered, and only then the octets of its body are given back to the connection's window, by which the bodies of
 * a connection take no more memory than CONNECTION_WINDOW. Questions in paths are bounded by the number of streams
 * and the size of a header.
 */
#include "config.h"

#include "http2/h2_server.h"

#ifdef HAVE_NGHTTP2
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/framing.h"
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
	/* One octet more than a message has: then a body is known to be too long. */
	STREAM_WINDOW = TARN__MESSAGE_MAX + 1,
	CONNECTION_WINDOW = 1 << 18, /* four of the longest questions */
	/*
	 * Frames beside its header that a question of an honest client brings: its body, and a WINDOW_UPDATE of
	 * the stream and of the connection for the answer. They do not count, once it is answered.
	 */
	NOISE_PER_ANSWER = 4,
	FORWARDED_MAX = 64, /* octets of an address in a text, with NUL */
	ANSWER_FIELDS = 4,
};
_Static_assert((int)TARN__H2_SWALLOWED_MAX < (int)STREAM_WINDOW, "a body is known to be longer");

struct request {
	struct tarn__list link;
	int32_t stream;
	/* of the header: */
	bool has_header;
	bool is_post, is_get;
	bool is_on_path;
	bool is_message; /* its type is */
	bool is_encoded;
	bool has_question; /* in its path */
	bool is_wrong; /* the question in its path is none */
	uint32_t body_expected; /* octets, 65,536 if there are more; 0: it is not said */
	size_t header_len;
	char forwarded_for[FORWARDED_MAX]; /* empty: none */
	/* the question, then the answer: */
	uint8_t *message;
	size_t len, size;
	size_t received; /* octets of the body, wanted or not */
	size_t unconsumed; /* octets of the connection's window that the question has */
	bool is_whole, is_answering, is_refused;
	bool is_told; /* that it is refused */
	size_t taken; /* octets of the answer that have left */
	uint64_t answered_ms;
};

struct tarn__h2_server {
	struct tarn__http2_session *session;
	const char *path;
	size_t path_len;
	struct tarn__list receiving, whole, asked, answering, refused;
	size_t request_count; /* that are not answered yet */
	size_t unsent; /* octets of answers */
	uint64_t now_ms;
	uint64_t noise_from_ms;
	unsigned noise; /* frames */
	bool is_ending;
};

static struct request *request_of(struct tarn__list *link)
{
	return TARN__CONTAINER(link, struct request, link);
}

/* ---- the life of a request ----------------------------------------------------------------- */

static void free_message(struct tarn__h2_server *server, struct request *request)
{
	free(request->message);
	request->message = NULL;
	request->len = request->size = request->taken = 0;
	if (request->unconsumed > 0)
		tarn__http2_consume(server->session, request->unconsumed);
	request->unconsumed = 0;
}

static void *on_open(void *owner, int32_t id)
{
	struct tarn__h2_server *server = owner;
	struct request *request = calloc(1, sizeof(*request));
	if (!request)
		return NULL;
	request->stream = id;
	tarn__list_init(&request->link);
	tarn__list_append(&server->receiving, &request->link);
	server->request_count++;
	return request;
}

/* What is left of an answer is not sent. */
static void stop_answer(struct tarn__h2_server *server, struct request *request)
{
	server->unsent -= request->len - request->taken;
	request->taken = request->len;
}

static void on_closed(void *owner, void *stream, uint32_t code)
{
	(void)code;
	struct tarn__h2_server *server = owner;
	struct request *request = stream;
	if (request->is_answering)
		stop_answer(server, request);
	else
		server->request_count--;
	tarn__list_remove(&request->link);
	free_message(server, request);
	free(request);
}

/* The request is answered, or reset, and gets no further. */
static void set_refused(struct tarn__h2_server *server, struct request *request)
{
	request->is_refused = true;
	tarn__list_move(&request->link, &server->refused);
	free_message(server, request);
}

static void refuse(struct tarn__h2_server *server, struct request *request, const char *status)
{
	const struct tarn__http2_field fields[] = {
		{":status", 7, status, 3, true},
		TARN__HTTP2_FIELD("content-length", "0"),
		TARN__HTTP2_FIELD("allow", "GET, POST"),
	};
	/* RFC 9110 section 15.5.6: 405 says what is allowed. */
	size_t count = strcmp(status, "405") == 0 ? 3 : 2;
	set_refused(server, request);
	if (tarn__http2_respond(server->session, request->stream, fields, count, false) != 0)
		tarn__http2_reset(server->session, request->stream, TARN__HTTP2_INTERNAL_ERROR);
}

/*
 * RFC 9113 section 8.1: a client that still sends is told to stop, after a response that is whole. The library
 * would drop a response that has not left before. To curl 7.88 that is a failure without a status: a body that is
 * small is taken.
 */
static void stop_body(struct tarn__h2_server *server, const struct request *request)
{
	bool is_small = request->body_expected <= TARN__H2_SWALLOWED_MAX &&
			request->received <= TARN__H2_SWALLOWED_MAX;
	if (request->is_told && !request->is_whole && !is_small)
		tarn__http2_reset(server->session, request->stream, TARN__HTTP2_NO_ERROR);
}

static void on_sent(void *owner, void *stream)
{
	struct request *request = stream;
	request->is_told = request->is_refused;
	stop_body(owner, request);
}

/* ---- the header of a request --------------------------------------------------------------- */

/* RFC 8484 section 6: base64url without padding. */
static void read_question(struct request *request, const char *text, size_t len)
{
	if (request->has_question)
		return;
	request->has_question = true;
	request->message = malloc(len > 0 ? len : 1);
	request->is_wrong = !request->message ||
			    !tarn__base64url_read(text, len, request->message, len, &request->len);
}

/* Parameters but "dns" are ignored. */
static void read_query(struct request *request, const char *query, size_t len)
{
	static const char name[] = "dns=";
	const size_t name_len = sizeof(name) - 1;
	while (len > 0) {
		const char *end = memchr(query, '&', len);
		size_t word = end ? (size_t)(end - query) : len;
		if (word >= name_len && memcmp(query, name, name_len) == 0)
			read_question(request, query + name_len, word - name_len);
		size_t step = end ? word + 1 : word;
		query += step;
		len -= step;
	}
}

static void read_path(const struct tarn__h2_server *server, struct request *request,
		      const char *value, size_t len)
{
	const char *query = memchr(value, '?', len);
	size_t path_len = query ? (size_t)(query - value) : len;
	request->is_on_path =
		path_len == server->path_len && memcmp(value, server->path, path_len) == 0;
	if (query && request->is_on_path)
		read_query(request, query + 1, len - path_len - 1);
}

/* The last address of a list; one that is none if it is too long for an address. */
static void read_forwarded(struct request *request, const char *value, size_t len)
{
	const char *first = value + len;
	while (first > value && first[-1] != ',')
		first--;
	const char *end = value + len;
	while (first < end && *first == ' ')
		first++;
	while (end > first && end[-1] == ' ')
		end--;
	size_t word = (size_t)(end - first);
	if (word == 0 || word >= FORWARDED_MAX) {
		memcpy(request->forwarded_for, "?", 2);
		return;
	}
	memcpy(request->forwarded_for, first, word);
	request->forwarded_for[word] = '\0';
}

static void on_headers_begin(void *owner, void *stream)
{
	(void)owner;
	struct request *request = stream;
	request->header_len = 0;
}

static void read_field(const struct tarn__h2_server *server, struct request *request,
		       enum tarn__http2_name name, const char *value, size_t len)
{
	switch (name) {
	case TARN__HTTP2_METHOD:
		request->is_post = tarn__http2_is(value, len, "POST");
		request->is_get = tarn__http2_is(value, len, "GET");
		break;
	case TARN__HTTP2_PATH:
		read_path(server, request, value, len);
		break;
	case TARN__HTTP2_CONTENT_TYPE:
		request->is_message = tarn__http2_is_message(value, len);
		break;
	case TARN__HTTP2_CONTENT_ENCODING:
		request->is_encoded = tarn__http2_is_encoded(value, len);
		break;
	case TARN__HTTP2_CONTENT_LENGTH:
		(void)tarn__http2_read_number(value, len, TARN__MESSAGE_MAX + 1,
					      &request->body_expected);
		break;
	case TARN__HTTP2_FORWARDED_FOR:
		read_forwarded(request, value, len);
		break;
	default:
		break;
	}
}

static bool on_field(void *owner, void *stream, const char *name, size_t name_len,
		     const char *value, size_t value_len)
{
	struct request *request = stream;
	request->header_len += name_len + value_len + TARN__HTTP2_FIELD_COST;
	if (!request->has_header && request->header_len <= TARN__H2_HEADERS_MAX)
		read_field(owner, request, tarn__http2_name(name, name_len), value, value_len);
	return request->header_len <= TARN__HTTP2_HEADER_ABSURD;
}

/* Returns the status of a request that is refused for its header; NULL: it is not. */
static const char *judge_header(const struct request *request)
{
	if (request->header_len > TARN__H2_HEADERS_MAX)
		return "431";
	if (!request->is_on_path)
		return "404";
	if (request->is_get)
		return request->has_question && !request->is_wrong ? NULL : "400";
	if (!request->is_post)
		return "405";
	if (!request->is_message || request->is_encoded)
		return "415";
	return request->body_expected > TARN__MESSAGE_MAX ? "413" : NULL;
}

static void on_headers_end(void *owner, void *stream, bool is_whole)
{
	struct tarn__h2_server *server = owner;
	struct request *request = stream;
	if (request->is_refused || request->is_answering)
		return;
	if (!request->has_header && request->is_post)
		free_message(server, request); /* that of its path */
	request->has_header = true;
	request->is_whole = is_whole;
	const char *status = judge_header(request);
	if (status)
		refuse(server, request, status);
}

/* ---- the body of a request ----------------------------------------------------------------- */

static void on_body(void *owner, void *stream, const uint8_t *octets, size_t len)
{
	struct tarn__h2_server *server = owner;
	struct request *request = stream;
	bool is_wanted = request->is_post && !request->is_refused && !request->is_answering;
	request->received += len;
	if (is_wanted && request->len + len > TARN__MESSAGE_MAX) {
		refuse(server, request, "413");
		is_wanted = false;
	}
	if (is_wanted &&
	    !tarn__http2_body_reserve(&request->message, &request->size, request->len + len)) {
		set_refused(server, request);
		tarn__http2_reset(server->session, request->stream, TARN__HTTP2_INTERNAL_ERROR);
		is_wanted = false;
	}
	if (!is_wanted) {
		tarn__http2_consume(server->session, len);
		stop_body(server, request);
		return;
	}
	memcpy(request->message + request->len, octets, len);
	request->len += len;
	request->unconsumed += len;
}

static void on_whole(void *owner, void *stream)
{
	struct tarn__h2_server *server = owner;
	struct request *request = stream;
	request->is_whole = true;
	if (request->is_refused || request->is_answering)
		return;
	/* The resolver gives no answer to an answer. */
	if (request->len < TARN__HEADER_LEN ||
	    (tarn__get16(request->message + 2) & TARN__FLAG_QR) != 0)
		refuse(server, request, "400");
	else
		tarn__list_move(&request->link, &server->whole);
}

/* ---- frames -------------------------------------------------------------------------------- */

static void on_frame(void *owner, bool is_request)
{
	struct tarn__h2_server *server = owner;
	if (!is_request)
		server->noise++;
}

static void on_reset(void *owner, void *stream, uint32_t code)
{
	(void)owner;
	(void)stream;
	(void)code; /* closed() follows, and does what is to be done */
}

/* Whether the client takes more is known when it opens a stream: it does not. */
static void on_goaway(void *owner)
{
	(void)owner;
}

static size_t on_take(void *owner, void *stream, uint8_t *out, size_t room, bool *is_last)
{
	struct tarn__h2_server *server = owner;
	struct request *request = stream;
	size_t left = request->len - request->taken;
	size_t len = left < room ? left : room;
	if (len > 0)
		memcpy(out, request->message + request->taken, len);
	request->taken += len;
	server->unsent -= len;
	*is_last = request->taken == request->len;
	return len;
}

static const struct tarn__http2_events events = {
	.open = on_open,
	.headers_begin = on_headers_begin,
	.field = on_field,
	.headers_end = on_headers_end,
	.body = on_body,
	.whole = on_whole,
	.was_reset = on_reset,
	.sent = on_sent,
	.closed = on_closed,
	.goaway = on_goaway,
	.frame = on_frame,
	.take = on_take,
};

/* ---- the server ---------------------------------------------------------------------------- */

static const struct tarn__http2_settings settings = {
	.is_server = true,
	.max_streams = TARN__H2_STREAMS,
	.stream_window = STREAM_WINDOW,
	.connection_window = CONNECTION_WINDOW,
	.headers_max = TARN__H2_HEADERS_MAX,
};

struct tarn__h2_server *tarn__h2_server_new(struct tarn__pipe *pipe, const char *path)
{
	struct tarn__h2_server *server = calloc(1, sizeof(*server));
	if (!server)
		return NULL;
	server->path = path;
	server->path_len = strlen(path);
	tarn__list_init(&server->receiving);
	tarn__list_init(&server->whole);
	tarn__list_init(&server->asked);
	tarn__list_init(&server->answering);
	tarn__list_init(&server->refused);
	server->session = tarn__http2_session_new(&settings, &events, server, pipe);
	if (server->session)
		return server;
	free(server);
	return NULL;
}

static void free_all(struct tarn__list *list)
{
	struct tarn__list *link;
	while ((link = tarn__list_take(list))) {
		free(request_of(link)->message);
		free(request_of(link));
	}
}

void tarn__h2_server_free(struct tarn__h2_server *server)
{
	if (!server)
		return;
	tarn__http2_session_free(server->session);
	free_all(&server->receiving);
	free_all(&server->whole);
	free_all(&server->asked);
	free_all(&server->answering);
	free_all(&server->refused);
	free(server);
}

/* RFC 9110 section 15.6.6. The client speaks an older HTTP, or something else. */
static int say_no(struct tarn__h2_server *server)
{
	static const char text[] = "HTTP/1.1 505 HTTP Version Not Supported\r\n"
				   "connection: close\r\n"
				   "content-length: 0\r\n\r\n";
	(void)tarn__http2_say(server->session, text, sizeof(text) - 1);
	return TARN__STREAM_END;
}

int tarn__h2_server_read(struct tarn__h2_server *server, uint64_t now_ms)
{
	if (now_ms - server->noise_from_ms >= TARN__H2_NOISE_MS) {
		server->noise_from_ms = now_ms;
		server->noise = 0;
	}
	if (server->noise > TARN__H2_NOISE_MAX)
		return TARN__STREAM_END;
	int result = tarn__http2_read(server->session);
	if (result == TARN__HTTP2_NO_PREFACE)
		return say_no(server);
	if (server->noise <= TARN__H2_NOISE_MAX)
		return result;
	tarn__http2_terminate(server->session, TARN__HTTP2_ENHANCE_YOUR_CALM);
	return TARN__STREAM_END;
}

bool tarn__h2_server_is_partial(const struct tarn__h2_server *server)
{
	return !tarn__list_is_empty(&server->receiving) || tarn__http2_is_partial(server->session);
}

/* Octets of answers that wait. */
static size_t output(const struct tarn__h2_server *server)
{
	return server->unsent + tarn__http2_unsent(server->session);
}

bool tarn__h2_server_next(struct tarn__h2_server *server, struct tarn__h2_question *out)
{
	if (output(server) > TARN__H2_OUTPUT_PAUSE)
		return false;
	struct tarn__list *link = tarn__list_take(&server->whole);
	if (!link)
		return false;
	struct request *request = request_of(link);
	tarn__list_append(&server->asked, link);
	*out = (struct tarn__h2_question){
		.stream = request->stream,
		.message = request->message,
		.len = request->len,
		.forwarded_for = request->forwarded_for[0] ? request->forwarded_for : NULL,
	};
	return true;
}

/* RFC 8484 section 5.1 */
static int respond(struct tarn__h2_server *server, const struct request *request)
{
	char length[TARN__HTTP2_NUMBER_MAX], kept[sizeof("max-age=") + TARN__HTTP2_NUMBER_MAX];
	char *length_end = tarn__http2_write_number((uint32_t)request->len, length);
	uint32_t ttl_sec = tarn__ttl_least(request->message, request->len);
	const char *prefix = ttl_sec > 0 ? "max-age=" : "no-store";
	char *kept_end = stpcpy(kept, prefix);
	if (ttl_sec > 0)
		kept_end = tarn__http2_write_number(ttl_sec, kept_end);
	const struct tarn__http2_field fields[ANSWER_FIELDS] = {
		TARN__HTTP2_FIELD(":status", "200"),
		TARN__HTTP2_FIELD("content-type", "application/dns-message"),
		{"content-length", 14, length, (size_t)(length_end - length), false},
		{"cache-control", 13, kept, (size_t)(kept_end - kept), false},
	};
	return tarn__http2_respond(server->session, request->stream, fields, ANSWER_FIELDS, true);
}

static int set_answer(struct tarn__h2_server *server, struct request *request,
		      const uint8_t *message, size_t len)
{
	uint8_t *copy = malloc(len);
	if (!copy)
		return TARN_ENOMEM;
	memcpy(copy, message, len);
	free_message(server, request);
	request->message = copy;
	request->len = request->size = len;
	if (respond(server, request) != 0)
		return TARN_ENOMEM;
	request->is_answering = true;
	tarn__list_move(&request->link, &server->answering);
	server->request_count--;
	server->unsent += len;
	server->noise -= server->noise < NOISE_PER_ANSWER ? server->noise : NOISE_PER_ANSWER;
	return 0;
}

int tarn__h2_server_answer(struct tarn__h2_server *server, int32_t stream, const uint8_t *message,
			   size_t len)
{
	struct request *request = tarn__http2_stream(server->session, stream);
	if (!request || request->is_answering || request->is_refused)
		return 0;
	int result = len > 0 ? set_answer(server, request, message, len) : 0;
	if (len > 0 && result == 0)
		return 0;
	set_refused(server, request);
	tarn__http2_reset(server->session, stream, TARN__HTTP2_INTERNAL_ERROR);
	return result;
}

int tarn__h2_server_flush(struct tarn__h2_server *server)
{
	return tarn__http2_flush(server->session);
}

size_t tarn__h2_server_pending(const struct tarn__h2_server *server)
{
	return output(server) + server->request_count;
}

bool tarn__h2_server_wants_write(const struct tarn__h2_server *server)
{
	return tarn__http2_wants_write(server->session);
}

void tarn__h2_server_end(struct tarn__h2_server *server)
{
	if (!server->is_ending)
		tarn__http2_goaway(server->session);
	server->is_ending = true;
}

bool tarn__h2_server_has_ended(const struct tarn__h2_server *server)
{
	return tarn__http2_has_ended(server->session);
}

bool tarn__h2_server_expire(struct tarn__h2_server *server, uint64_t now_ms)
{
	bool is_any = false;
	struct tarn__list *next, *link = server->answering.next;
	for (; link != &server->answering; link = next) {
		struct request *request = request_of(link);
		next = link->next;
		/* The time of an answer is that of the first look at it: answer() is not told. */
		if (request->answered_ms == 0)
			request->answered_ms = now_ms;
		if (now_ms - request->answered_ms < TARN__H2_STALLED_MS)
			continue;
		stop_answer(server, request);
		set_refused(server, request);
		tarn__http2_reset(server->session, request->stream, TARN__HTTP2_CANCEL);
		is_any = true;
	}
	return is_any;
}

#endif
