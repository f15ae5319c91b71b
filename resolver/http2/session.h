/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http2/session.h: one end of a connection of HTTP/2 (RFC 9113) on a pipe, as the client and the server of this
 * folder need it: streams and their events, without a type of the library. nghttp2.c has two of them made of
 * libnghttp2; a build without it has none.
 *
 * Events are called from within read() and flush() alone. An event may submit, reset and consume; it must not
 * read, flush or free.
 *
 * Thread: one at a time.
 */
#ifndef TARN_HTTP2_SESSION_H
#define TARN_HTTP2_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tarn__http2_session;
struct tarn__pipe;

/* Types of frames and error codes (RFC 9113 sections 6 and 7). */
enum {
	TARN__HTTP2_DATA = 0,
	TARN__HTTP2_HEADERS = 1,

	TARN__HTTP2_NO_ERROR = 0,
	TARN__HTTP2_INTERNAL_ERROR = 2,
	TARN__HTTP2_CANCEL = 8,
	TARN__HTTP2_ENHANCE_YOUR_CALM = 11,
};

enum {
	/* What one field of a header counts beside its octets (RFC 9113 section 6.5.2). */
	TARN__HTTP2_FIELD_COST = 32,
	/*
	 * Octets of a header, counted so, beyond which it is not worth an answer. A field of the dynamic table that
	 * is named again and again makes thousands of octets of one.
	 */
	TARN__HTTP2_HEADER_ABSURD = 1 << 16,
};

struct tarn__http2_settings {
	bool is_server;
	uint32_t max_streams; /* of the peer; a server's alone */
	uint32_t stream_window; /* octets of a body that are taken before they are consumed */
	uint32_t connection_window; /* likewise of all bodies */
	uint32_t headers_max; /* octets of a header, announced; the owner counts them */
	/*
	 * Octets of bodies are taken off the connection's window until tarn__http2_consume() gives them back, and
	 * off the stream's for ever. false: both are given back when they have come.
	 */
	bool is_consumed_late;
};

/* Each gets the owner of the session; stream is the owner's data of a stream. */
struct tarn__http2_events {
	/* Of a server: a request begins. Returns its data; NULL: out of memory, the stream is reset. */
	void *(*open)(void *owner, int32_t id);
	/*
	 * A header, or a trailer, its fields, and its end; is_whole: whole() follows. Once a field is refused, the
	 * stream is reset, and those behind it are not looked at.
	 */
	void (*headers_begin)(void *owner, void *stream);
	bool (*field)(void *owner, void *stream, const char *name, size_t name_len,
		      const char *value, size_t value_len);
	void (*headers_end)(void *owner, void *stream, bool is_whole);
	void (*body)(void *owner, void *stream, const uint8_t *octets, size_t len);
	/* The peer has sent all of the stream. */
	void (*whole)(void *owner, void *stream);
	/* The peer has ended the stream without more ado (RST_STREAM). closed() follows. */
	void (*was_reset)(void *owner, void *stream, uint32_t code);
	/* The header of the request, or of the response, has left. */
	void (*sent)(void *owner, void *stream);
	/* The stream is gone, and stream is not given to any event again. */
	void (*closed)(void *owner, void *stream, uint32_t code);
	/* The peer takes no more streams. */
	void (*goaway)(void *owner);
	/* Of a server: a frame begins. is_request: it opens a stream. */
	void (*frame)(void *owner, bool is_request);
	/* Moves the next octets of the body that is sent to out; *is_last is set with the last ones. */
	size_t (*take)(void *owner, void *stream, uint8_t *out, size_t room, bool *is_last);
	/*
	 * Of a client: a flush has no more frames that could be written. Submits the next request, and returns
	 * true if there is one. NULL: there is none.
	 */
	bool (*ready)(void *owner);
};

/* A field of a header that is sent. */
struct tarn__http2_field {
	const char *name; /* in lower case; outlives the session */
	size_t name_len;
	const char *value;
	size_t value_len;
	bool is_lasting; /* value outlives the session, too */
};

/* A field with texts that are literals. */
#define TARN__HTTP2_FIELD(name, value)                                                             \
	{                                                                                          \
		name, sizeof(name) - 1, value, sizeof(value) - 1, true                             \
	}

/* events, owner and pipe are borrowed. NULL: out of memory. tarn__http2_load() has succeeded. */
struct tarn__http2_session *tarn__http2_session_new(const struct tarn__http2_settings *,
						    const struct tarn__http2_events *, void *owner,
						    struct tarn__pipe *);
/* No event is called. NULL is allowed. */
void tarn__http2_session_free(struct tarn__http2_session *);

/* The results of a read; beside those of base/framing.h: */
enum {
	TARN__HTTP2_NO_PREFACE = 3, /* of a server: what the client speaks is not HTTP/2 */
};

/*
 * Reads once from the pipe. TARN__STREAM_END, too, once the session has ended. TARN_ESYSTEM with errno; EPROTO:
 * the peer floods.
 */
int tarn__http2_read(struct tarn__http2_session *);
/* Of a server: returns true if a frame, or the client's preface, has been read in part. */
bool tarn__http2_is_partial(const struct tarn__http2_session *);

/*
 * Writes frames, many at once, as long as the pipe takes them; a server none before it has the client's preface.
 * TARN_ESYSTEM with errno.
 */
int tarn__http2_flush(struct tarn__http2_session *);
/* Returns true if a flush could write something, if the pipe took it; of a client, without another ready(). */
bool tarn__http2_wants_write(const struct tarn__http2_session *);
/* Octets of frames that the pipe has not taken. */
size_t tarn__http2_unsent(const struct tarn__http2_session *);

/* Sends this instead of frames, and then nothing more. TARN_ENOMEM. */
int tarn__http2_say(struct tarn__http2_session *, const char *text, size_t len);

/*
 * Queues a request with a body, and gives its stream. TARN_EUNREACHABLE: there are no more of them on this
 * connection. TARN_ENOMEM.
 */
int tarn__http2_request(struct tarn__http2_session *, const struct tarn__http2_field *,
			size_t count, void *stream, int32_t *id);
/* Queues a response, of a stream that is open. TARN_ENOMEM. */
int tarn__http2_respond(struct tarn__http2_session *, int32_t id, const struct tarn__http2_field *,
			size_t count, bool has_body);
/* Queues the end of a stream. closed() follows with a flush. */
void tarn__http2_reset(struct tarn__http2_session *, int32_t id, uint32_t code);
/* Gives octets of bodies back to the connection's window. */
void tarn__http2_consume(struct tarn__http2_session *, size_t len);
/* Takes no more streams; those there are go on. */
void tarn__http2_goaway(struct tarn__http2_session *);
/* Queues the end of all: no event but closed() follows. */
void tarn__http2_terminate(struct tarn__http2_session *, uint32_t code);
/* Returns true if nothing is read any more: of either end there is no stream, and there will be none. */
bool tarn__http2_is_over(const struct tarn__http2_session *);
/* Returns true if neither end has anything to say any more. */
bool tarn__http2_has_ended(const struct tarn__http2_session *);

/* The data of an open stream; NULL: there is none. */
void *tarn__http2_stream(const struct tarn__http2_session *, int32_t id);
/* Number of streams that the peer allows at once. */
uint32_t tarn__http2_streams_max(const struct tarn__http2_session *);

#endif
