/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other end of a connection of HTTP/2 over a pipe in memory: one that keeps the protocol, on http2/session.h,
 * with all that it has seen; and frames by hand, for one that does not.
 */

#ifndef TESTS_SUPPORT_HTTP2_PEER_H
#define TESTS_SUPPORT_HTTP2_PEER_H

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/framing.h"
#include "base/octets.h"
#include "http2/session.h"
#include "support/memory_pipe.h"

/* ---- frames (RFC 9113 section 6) ------------------------------------------------------------ */

enum {
	FRAME_DATA,
	FRAME_HEADERS,
	FRAME_PRIORITY,
	FRAME_RST_STREAM,
	FRAME_SETTINGS,
	FRAME_PUSH_PROMISE,
	FRAME_PING,
	FRAME_GOAWAY,
	FRAME_WINDOW_UPDATE,
	FRAME_CONTINUATION,
};
enum { FLAG_END_STREAM = 1, FLAG_ACK = 1, FLAG_END_HEADERS = 4 };
enum { FRAME_LEN = 9, PREFACE_TEXT_LEN = 24 };

#define PREFACE_TEXT "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

struct frame {
	uint8_t type, flags;
	uint32_t stream;
	const uint8_t *payload; /* valid until something is sent to this end */
	size_t len;
};

static inline void put_octets(struct memory_pipe *from, const void *octets, size_t len)
{
	if (len > 0)
		ck_assert_int_eq(memory_pipe_send(&from->pipe, octets, len), (ssize_t)len);
}

static inline void put_frame(struct memory_pipe *from, uint8_t type, uint8_t flags, uint32_t stream,
			     const void *payload, size_t len)
{
	uint8_t header[FRAME_LEN] = {(uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len, type,
				     flags};
	tarn__put32(header + 5, stream);
	put_octets(from, header, sizeof(header));
	put_octets(from, payload, len);
}

static inline void put_frame32(struct memory_pipe *from, uint8_t type, uint32_t stream,
			       uint32_t payload)
{
	uint8_t octets[4];
	tarn__put32(octets, payload);
	put_frame(from, type, 0, stream, octets, sizeof(octets));
}

/* GOAWAY (RFC 9113 section 6.8). */
static inline void put_goaway(struct memory_pipe *from, uint32_t last, uint32_t code)
{
	uint8_t octets[8];
	tarn__put32(octets, last);
	tarn__put32(octets + 4, code);
	put_frame(from, FRAME_GOAWAY, 0, 0, octets, sizeof(octets));
}

/* SETTINGS of one value; id 0: none. */
static inline void put_setting(struct memory_pipe *from, uint16_t id, uint32_t value)
{
	uint8_t octets[6];
	tarn__put16(octets, id);
	tarn__put32(octets + 2, value);
	put_frame(from, FRAME_SETTINGS, 0, 0, octets, id > 0 ? sizeof(octets) : 0);
}

static inline size_t octets_waiting(const struct memory_pipe *at)
{
	return at->end - at->begin;
}

/* Takes the next frame that waits at this end. Returns false if none is whole. */
static inline bool take_frame(struct memory_pipe *at, struct frame *out)
{
	const uint8_t *octets = at->octets + at->begin;
	size_t waiting = octets_waiting(at);
	if (waiting >= PREFACE_TEXT_LEN && memcmp(octets, PREFACE_TEXT, PREFACE_TEXT_LEN) == 0) {
		at->begin += PREFACE_TEXT_LEN;
		return take_frame(at, out);
	}
	if (waiting < FRAME_LEN)
		return false;
	size_t len = tarn__get32(octets) >> 8;
	if (waiting < FRAME_LEN + len)
		return false;
	*out = (struct frame){octets[3], octets[4], tarn__get32(octets + 5), octets + FRAME_LEN,
			      len};
	at->begin += FRAME_LEN + len;
	return true;
}

/* The next one of this type; those before it are skipped. */
static inline bool take_frame_of(struct memory_pipe *at, uint8_t type, struct frame *out)
{
	while (take_frame(at, out))
		if (out->type == type)
			return true;
	return false;
}

/* A header in HPACK without compression: literals without indexing (RFC 7541 section 6.2.2). */
struct block {
	uint8_t octets[70000];
	size_t len;
};

static inline void add_text(struct block *block, const char *text, size_t len)
{
	uint8_t *out = block->octets + block->len;
	size_t rest = len;
	*out++ = rest < 127 ? (uint8_t)rest : 127;
	if (rest >= 127) {
		for (rest -= 127; rest >= 128; rest /= 128)
			*out++ = (uint8_t)(rest % 128 + 128);
		*out++ = (uint8_t)rest;
	}
	memcpy(out, text, len);
	block->len = (size_t)(out + len - block->octets);
}

static inline void add_field(struct block *block, const char *name, const char *value)
{
	block->octets[block->len++] = 0;
	add_text(block, name, strlen(name));
	add_text(block, value, strlen(value));
}

/* HEADERS of "name: value\n" lines. */
static inline void put_headers(struct memory_pipe *from, uint32_t stream, const char *lines,
			       bool is_last)
{
	static struct block block;
	block.len = 0;
	while (*lines) {
		char name[64];
		static char value[40000];
		size_t name_len = 1 + strcspn(lines + 1, ":");
		size_t value_len = strcspn(lines + name_len + 2, "\n");
		snprintf(name, sizeof(name), "%.*s", (int)name_len, lines);
		snprintf(value, sizeof(value), "%.*s", (int)value_len, lines + name_len + 2);
		add_field(&block, name, value);
		lines += name_len + 2 + value_len + 1;
	}
	put_frame(from, FRAME_HEADERS, FLAG_END_HEADERS | (is_last ? FLAG_END_STREAM : 0), stream,
		  block.octets, block.len);
}

/* ---- an end that keeps the protocol --------------------------------------------------------- */

enum { PEER_STREAMS = 300, PEER_BODY = 70000 };

struct peer_stream {
	int32_t id;
	char fields[3000]; /* lines */
	uint8_t body[PEER_BODY];
	size_t body_len;
	bool is_whole, is_closed, was_reset;
	uint32_t code;
	const uint8_t *sending;
	size_t sending_len;
};

struct peer {
	struct tarn__http2_session *session;
	struct peer_stream streams[PEER_STREAMS];
	size_t count;
	bool has_goaway;
};

static inline void *peer_open(void *owner, int32_t id)
{
	struct peer *peer = owner;
	ck_assert_uint_lt(peer->count, PEER_STREAMS);
	struct peer_stream *stream = &peer->streams[peer->count++];
	memset(stream, 0, sizeof(*stream));
	stream->id = id;
	return stream;
}

static inline void peer_headers_begin(void *owner, void *stream)
{
	(void)owner;
	(void)stream;
}

static inline bool peer_field(void *owner, void *data, const char *name, size_t name_len,
			      const char *value, size_t value_len)
{
	(void)owner;
	struct peer_stream *stream = data;
	size_t len = strlen(stream->fields);
	snprintf(stream->fields + len, sizeof(stream->fields) - len, "%.*s: %.*s\n", (int)name_len,
		 name, (int)value_len, value);
	return true;
}

static inline void peer_headers_end(void *owner, void *stream, bool is_whole)
{
	(void)owner;
	(void)stream;
	(void)is_whole;
}

static inline void peer_body(void *owner, void *data, const uint8_t *octets, size_t len)
{
	(void)owner;
	struct peer_stream *stream = data;
	ck_assert_uint_le(stream->body_len + len, PEER_BODY);
	memcpy(stream->body + stream->body_len, octets, len);
	stream->body_len += len;
}

static inline void peer_whole(void *owner, void *data)
{
	(void)owner;
	((struct peer_stream *)data)->is_whole = true;
}

static inline void peer_was_reset(void *owner, void *data, uint32_t code)
{
	(void)owner;
	(void)code;
	((struct peer_stream *)data)->was_reset = true;
}

static inline void peer_sent(void *owner, void *stream)
{
	(void)owner;
	(void)stream;
}

static inline void peer_closed(void *owner, void *data, uint32_t code)
{
	(void)owner;
	struct peer_stream *stream = data;
	stream->is_closed = true;
	stream->code = code;
}

static inline void peer_goaway(void *owner)
{
	((struct peer *)owner)->has_goaway = true;
}

static inline size_t peer_take(void *owner, void *data, uint8_t *out, size_t room, bool *is_last)
{
	(void)owner;
	struct peer_stream *stream = data;
	size_t len = stream->sending_len < room ? stream->sending_len : room;
	if (len > 0) {
		memcpy(out, stream->sending, len);
		stream->sending += len;
	}
	stream->sending_len -= len;
	*is_last = stream->sending_len == 0;
	return len;
}

static inline void peer_frame(void *owner, bool is_request)
{
	(void)owner;
	(void)is_request;
}

static const struct tarn__http2_events peer_events = {
	.open = peer_open,
	.headers_begin = peer_headers_begin,
	.field = peer_field,
	.headers_end = peer_headers_end,
	.body = peer_body,
	.whole = peer_whole,
	.was_reset = peer_was_reset,
	.sent = peer_sent,
	.closed = peer_closed,
	.goaway = peer_goaway,
	.frame = peer_frame,
	.take = peer_take,
};

static inline void peer_start(struct peer *peer, bool is_server, uint32_t max_streams,
			      struct memory_pipe *pipe)
{
	const struct tarn__http2_settings settings = {.is_server = is_server,
						      .max_streams = max_streams,
						      .stream_window = 65535,
						      .connection_window = 1 << 20,
						      .headers_max = 1 << 16};
	peer->count = 0;
	peer->has_goaway = false;
	peer->session = tarn__http2_session_new(&settings, &peer_events, peer, &pipe->pipe);
	ck_assert_ptr_nonnull(peer->session);
}

/* Takes and gives what there is. */
static inline void peer_run(struct peer *peer)
{
	int result;
	while ((result = tarn__http2_read(peer->session)) == TARN__STREAM_READ)
		;
	ck_assert_int_ge(result, 0);
	ck_assert_int_eq(tarn__http2_flush(peer->session), 0);
}

/* Fields of "name: value\n" lines, whose texts outlive the call, in the order of a header. */
static inline size_t peer_fields(const char *lines, struct tarn__http2_field *out)
{
	size_t count = 0;
	while (*lines) {
		size_t name_len = 1 + strcspn(lines + 1, ":");
		size_t value_len = strcspn(lines + name_len + 2, "\n");
		out[count++] = (struct tarn__http2_field){lines, name_len, lines + name_len + 2,
							  value_len, false};
		lines += name_len + 2 + value_len + 1;
	}
	return count;
}

/* A server's response; body NULL: it has none. */
static inline void peer_respond(struct peer *peer, struct peer_stream *stream, const char *lines,
				const uint8_t *body, size_t len)
{
	struct tarn__http2_field fields[8];
	size_t count = peer_fields(lines, fields);
	stream->sending = body;
	stream->sending_len = len;
	ck_assert_int_eq(tarn__http2_respond(peer->session, stream->id, fields, count, body), 0);
}

/* A client's request. */
static inline struct peer_stream *peer_request(struct peer *peer, const char *lines,
					       const void *body, size_t len)
{
	struct tarn__http2_field fields[8];
	size_t count = peer_fields(lines, fields);
	struct peer_stream *stream = peer_open(peer, 0);
	stream->sending = body;
	stream->sending_len = len;
	ck_assert_int_eq(tarn__http2_request(peer->session, fields, count, stream, &stream->id), 0);
	return stream;
}

#endif
