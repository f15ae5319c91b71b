/* SPDX-License-Identifier: BSD-2-Clause */
/* http2/nghttp2.c: HTTP/2 sessions by libnghttp2. */
#include "config.h"

#include "http2/session.h"

#include "http2/http2.h"

#ifdef HAVE_NGHTTP2
#include <dlfcn.h>
#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/framing.h"
#include "base/library.h"
#include "base/octets.h"
#include "base/pipe.h"
#include "tarn.h"

#define FUNCTIONS(FUNCTION)                                                                        \
	FUNCTION(nghttp2_session_callbacks_new)                                                    \
	FUNCTION(nghttp2_session_callbacks_set_on_begin_headers_callback)                          \
	FUNCTION(nghttp2_session_callbacks_set_on_header_callback)                                 \
	FUNCTION(nghttp2_session_callbacks_set_on_data_chunk_recv_callback)                        \
	FUNCTION(nghttp2_session_callbacks_set_on_frame_recv_callback)                             \
	FUNCTION(nghttp2_session_callbacks_set_on_frame_send_callback)                             \
	FUNCTION(nghttp2_session_callbacks_set_on_stream_close_callback)                           \
	FUNCTION(nghttp2_option_new)                                                               \
	FUNCTION(nghttp2_option_set_no_auto_window_update)                                         \
	FUNCTION(nghttp2_option_set_no_closed_streams)                                             \
	FUNCTION(nghttp2_option_set_max_outbound_ack)                                              \
	FUNCTION(nghttp2_option_set_max_reserved_remote_streams)                                   \
	FUNCTION(nghttp2_session_client_new2)                                                      \
	FUNCTION(nghttp2_session_server_new2)                                                      \
	FUNCTION(nghttp2_session_del)                                                              \
	FUNCTION(nghttp2_session_mem_recv)                                                         \
	FUNCTION(nghttp2_session_mem_send)                                                         \
	FUNCTION(nghttp2_session_want_read)                                                        \
	FUNCTION(nghttp2_session_want_write)                                                       \
	FUNCTION(nghttp2_session_get_outbound_queue_size)                                          \
	FUNCTION(nghttp2_session_get_last_proc_stream_id)                                          \
	FUNCTION(nghttp2_session_get_remote_settings)                                              \
	FUNCTION(nghttp2_session_get_stream_user_data)                                             \
	FUNCTION(nghttp2_session_set_stream_user_data)                                             \
	FUNCTION(nghttp2_session_set_local_window_size)                                            \
	FUNCTION(nghttp2_session_consume_connection)                                               \
	FUNCTION(nghttp2_session_terminate_session)                                                \
	FUNCTION(nghttp2_submit_settings)                                                          \
	FUNCTION(nghttp2_submit_request)                                                           \
	FUNCTION(nghttp2_submit_response)                                                          \
	FUNCTION(nghttp2_submit_rst_stream)                                                        \
	FUNCTION(nghttp2_submit_goaway)

#define POINTER(name) __typeof__(name) *name;
#define ROW(name) {#name, &library.name},

enum {
	PREFACE_LEN = 24, /* RFC 9113 section 3.4 */
	FRAME_HEADER_LEN = 9, /* RFC 9113 section 4.1 */
	/* Octets that one read takes, and that one write has: a record of TLS (RFC 8446 section 5.1). */
	CHUNK_LEN = 16384,
	/*
	 * Acknowledgements that wait for a peer that does not read: 34,000 octets. A server's own limit of
	 * noise, which has a word for it, comes first.
	 */
	ACKS_MAX = 2000,
	/* Frames that do: 65,536 octets at least, if all of them are as short as RST_STREAM and PING. */
	FRAMES_MAX = 4096,
	/* Streams that a client may reset at once, and per second: as many as libnghttp2 allows by itself. */
	RESETS_BURST = 1000,
	RESETS_PER_SEC = 33,
	/* RFC 9218 section 2.1: older headers do not have it, and older libraries send it as any other. */
	NO_RFC7540_PRIORITIES = 9,
	FIELDS_MAX = 8, /* of a header that is sent */
};

static struct {
	void *handle;
	FUNCTIONS(POINTER)
	/* It came with a security fix, so that some libraries of an older version have it, too. */
	void (*set_stream_reset_rate_limit)(nghttp2_option *, uint64_t burst, uint64_t rate);
	nghttp2_session_callbacks *callbacks;
	nghttp2_option *client, *server;
	const char *fault;
} library;

struct tarn__http2_session {
	nghttp2_session *session;
	const struct tarn__http2_events *events;
	void *owner;
	struct tarn__pipe *pipe;
	/* what the pipe has not taken: size octets from data, of which those from start on wait */
	uint8_t *data;
	size_t start, size;
	/* of what is read: */
	uint8_t header[FRAME_HEADER_LEN];
	size_t header_len; /* octets that have been read of the header of a frame */
	size_t payload_left; /* octets that have not been read of the frame */
	size_t preface_left;
	int32_t last_opened; /* by the peer */
	bool is_server;
	bool is_closed; /* the library is not called any more: it has failed, or say() has been called */
};

/* ---- the library --------------------------------------------------------------------------- */

static const char *find_functions(void)
{
	const struct tarn__library_function functions[] = {FUNCTIONS(ROW)};
	const char *missing = tarn__library_find(library.handle, functions,
						 sizeof(functions) / sizeof(functions[0]));
	static char text[128];
	if (missing) {
		snprintf(text, sizeof(text), "%s has no %s", NGHTTP2_SONAME, missing);
		return text;
	}
	void *found = dlsym(library.handle, "nghttp2_option_set_stream_reset_rate_limit");
	memcpy(&library.set_stream_reset_rate_limit, &found, sizeof(found));
	return NULL;
}

static struct tarn__http2_session *session_of(void *user_data)
{
	return user_data;
}

static void *stream_of(const struct tarn__http2_session *session, int32_t id)
{
	return library.nghttp2_session_get_stream_user_data(session->session, id);
}

static int on_begin_headers(nghttp2_session *nghttp2, const nghttp2_frame *frame, void *user_data)
{
	struct tarn__http2_session *session = session_of(user_data);
	int32_t id = frame->hd.stream_id;
	if (frame->hd.type != NGHTTP2_HEADERS)
		return 0;
	if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
		void *stream = session->events->open(session->owner, id);
		if (!stream)
			return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
		library.nghttp2_session_set_stream_user_data(nghttp2, id, stream);
	}
	void *stream = stream_of(session, id);
	if (stream)
		session->events->headers_begin(session->owner, stream);
	return 0;
}

static int on_header(nghttp2_session *nghttp2, const nghttp2_frame *frame, const uint8_t *name,
		     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
		     void *user_data)
{
	(void)nghttp2;
	(void)flags;
	struct tarn__http2_session *session = session_of(user_data);
	void *stream = stream_of(session, frame->hd.stream_id);
	if (!stream || session->events->field(session->owner, stream, (const char *)name, name_len,
					      (const char *)value, value_len))
		return 0;
	return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static int on_data_chunk(nghttp2_session *nghttp2, uint8_t flags, int32_t id, const uint8_t *octets,
			 size_t len, void *user_data)
{
	(void)nghttp2;
	(void)flags;
	struct tarn__http2_session *session = session_of(user_data);
	void *stream = stream_of(session, id);
	if (stream)
		session->events->body(session->owner, stream, octets, len);
	return 0;
}

static int on_frame_recv(nghttp2_session *nghttp2, const nghttp2_frame *frame, void *user_data)
{
	(void)nghttp2;
	struct tarn__http2_session *session = session_of(user_data);
	const struct tarn__http2_events *events = session->events;
	if (frame->hd.type == NGHTTP2_GOAWAY)
		events->goaway(session->owner);
	if (frame->hd.type != NGHTTP2_DATA && frame->hd.type != NGHTTP2_HEADERS &&
	    frame->hd.type != NGHTTP2_RST_STREAM)
		return 0;
	void *stream = stream_of(session, frame->hd.stream_id);
	if (!stream)
		return 0;
	if (frame->hd.type == NGHTTP2_RST_STREAM) {
		events->was_reset(session->owner, stream, frame->rst_stream.error_code);
		return 0;
	}
	bool is_whole = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
	if (frame->hd.type == NGHTTP2_HEADERS)
		events->headers_end(session->owner, stream, is_whole);
	if (is_whole)
		events->whole(session->owner, stream);
	return 0;
}

static int on_frame_send(nghttp2_session *nghttp2, const nghttp2_frame *frame, void *user_data)
{
	(void)nghttp2;
	struct tarn__http2_session *session = session_of(user_data);
	if (frame->hd.type != NGHTTP2_HEADERS)
		return 0;
	void *stream = stream_of(session, frame->hd.stream_id);
	if (stream)
		session->events->sent(session->owner, stream);
	return 0;
}

static int on_stream_close(nghttp2_session *nghttp2, int32_t id, uint32_t code, void *user_data)
{
	(void)nghttp2;
	struct tarn__http2_session *session = session_of(user_data);
	void *stream = stream_of(session, id);
	if (stream)
		session->events->closed(session->owner, stream, code);
	return 0;
}

static nghttp2_option *make_options(void)
{
	nghttp2_option *option;
	if (library.nghttp2_option_new(&option) != 0)
		return NULL;
	library.nghttp2_option_set_no_closed_streams(option, 1);
	library.nghttp2_option_set_max_outbound_ack(option, ACKS_MAX);
	return option;
}

/* What all sessions are made with. It stays until the end of the program. */
static bool prepare(void)
{
	library.client = make_options();
	library.server = make_options();
	nghttp2_session_callbacks *callbacks = NULL;
	if (!library.client || !library.server ||
	    library.nghttp2_session_callbacks_new(&callbacks) != 0)
		return false;
	library.callbacks = callbacks;
	/* A server may push before it knows that it must not. */
	library.nghttp2_option_set_max_reserved_remote_streams(library.client, 0);
	library.nghttp2_option_set_no_auto_window_update(library.server, 1);
	if (library.set_stream_reset_rate_limit)
		library.set_stream_reset_rate_limit(library.server, RESETS_BURST, RESETS_PER_SEC);
	library.nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks,
									on_begin_headers);
	library.nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	library.nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data_chunk);
	library.nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
	library.nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_send);
	library.nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
	return true;
}

static void load(void)
{
	library.handle = dlopen(NGHTTP2_SONAME, RTLD_NOW | RTLD_LOCAL);
	if (!library.handle) {
		static char text[256]; /* another call of dlerror() ends its own */
		snprintf(text, sizeof(text), "%s", dlerror());
		library.fault = text;
		return;
	}
	library.fault = find_functions();
	if (!library.fault && !prepare())
		library.fault = "out of memory";
}

bool tarn__http2_is_built(void)
{
	return true;
}

const char *tarn__http2_load(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, load);
	return library.fault;
}

/* ---- a session ----------------------------------------------------------------------------- */

static bool send_settings(struct tarn__http2_session *session,
			  const struct tarn__http2_settings *settings)
{
	const nghttp2_settings_entry client[] = {
		{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
		{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, settings->stream_window},
		{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, settings->headers_max},
	};
	const nghttp2_settings_entry server[] = {
		{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, settings->max_streams},
		{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, settings->stream_window},
		{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, settings->headers_max},
		{NO_RFC7540_PRIORITIES, 1},
	};
	const nghttp2_settings_entry *entries = settings->is_server ? server : client;
	size_t count = settings->is_server ? sizeof(server) / sizeof(server[0])
					   : sizeof(client) / sizeof(client[0]);
	return library.nghttp2_submit_settings(session->session, NGHTTP2_FLAG_NONE, entries,
					       count) == 0 &&
	       library.nghttp2_session_set_local_window_size(
		       session->session, NGHTTP2_FLAG_NONE, 0,
		       (int32_t)settings->connection_window) == 0;
}

struct tarn__http2_session *tarn__http2_session_new(const struct tarn__http2_settings *settings,
						    const struct tarn__http2_events *events,
						    void *owner, struct tarn__pipe *pipe)
{
	struct tarn__http2_session *session = calloc(1, sizeof(*session));
	if (!session)
		return NULL;
	session->events = events;
	session->owner = owner;
	session->pipe = pipe;
	session->is_server = settings->is_server;
	session->preface_left = settings->is_server ? PREFACE_LEN : 0;
	int result =
		settings->is_server
			? library.nghttp2_session_server_new2(&session->session, library.callbacks,
							      session, library.server)
			: library.nghttp2_session_client_new2(&session->session, library.callbacks,
							      session, library.client);
	if (result == 0 && send_settings(session, settings))
		return session;
	tarn__http2_session_free(session);
	return NULL;
}

void tarn__http2_session_free(struct tarn__http2_session *session)
{
	if (!session)
		return;
	library.nghttp2_session_del(session->session);
	free(session->data);
	free(session);
}

/* ---- reading ------------------------------------------------------------------------------- */

/* The library calls nothing for some frames, such as those of unknown types: headers are read here. */
static void begin_frame(struct tarn__http2_session *session)
{
	const uint8_t *header = session->header;
	int32_t id = (int32_t)(tarn__get32(header + 5) & 0x7fffffff);
	session->payload_left = tarn__get32(header) >> 8;
	session->header_len = 0;
	bool is_request =
		header[3] == TARN__HTTP2_HEADERS && id > session->last_opened && id % 2 == 1;
	if (is_request)
		session->last_opened = id;
	session->events->frame(session->owner, is_request);
}

static void skip(size_t *left, const uint8_t **octets, size_t *len)
{
	size_t skipped = *left < *len ? *left : *len;
	*left -= skipped;
	*octets += skipped;
	*len -= skipped;
}

/* Follows the frames in octets that a server has read. */
static void follow(struct tarn__http2_session *session, const uint8_t *octets, size_t len)
{
	skip(&session->preface_left, &octets, &len);
	while (len > 0) {
		skip(&session->payload_left, &octets, &len);
		size_t missing = FRAME_HEADER_LEN - session->header_len;
		size_t taken = missing < len ? missing : len;
		memcpy(session->header + session->header_len, octets, taken);
		session->header_len += taken;
		octets += taken;
		len -= taken;
		if (session->header_len == FRAME_HEADER_LEN)
			begin_frame(session);
	}
}

static int fail(struct tarn__http2_session *session, int error)
{
	session->is_closed = true;
	errno = error;
	return TARN_ESYSTEM;
}

/* How a call of the library has ended the session. */
static int judge(struct tarn__http2_session *session, ssize_t result)
{
	if (result != NGHTTP2_ERR_BAD_CLIENT_MAGIC)
		return fail(session, result == NGHTTP2_ERR_NOMEM ? ENOMEM : EPROTO);
	session->is_closed = true;
	return TARN__HTTP2_NO_PREFACE;
}

static int feed(struct tarn__http2_session *session, const uint8_t *octets, size_t len)
{
	if (session->is_server)
		follow(session, octets, len);
	ssize_t result = library.nghttp2_session_mem_recv(session->session, octets, len);
	if (result < 0)
		return judge(session, result);
	if (library.nghttp2_session_get_outbound_queue_size(session->session) > FRAMES_MAX)
		return fail(session, EPROTO);
	return TARN__STREAM_READ;
}

int tarn__http2_read(struct tarn__http2_session *session)
{
	uint8_t octets[CHUNK_LEN];
	if (tarn__http2_is_over(session))
		return TARN__STREAM_END;
	ssize_t got = tarn__pipe_recv(session->pipe, octets, sizeof(octets));
	if (got > 0)
		return feed(session, octets, (size_t)got);
	if (got == 0)
		return TARN__STREAM_END;
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
		return TARN__STREAM_AGAIN;
	return TARN_ESYSTEM;
}

bool tarn__http2_is_partial(const struct tarn__http2_session *session)
{
	return session->header_len > 0 || session->payload_left > 0 ||
	       (session->preface_left > 0 && session->preface_left < PREFACE_LEN);
}

/* ---- writing ------------------------------------------------------------------------------- */

static size_t waiting(const struct tarn__http2_session *session)
{
	return session->size - session->start;
}

/* Keeps what the pipe has not taken; there is nothing else that waits. */
static int keep(struct tarn__http2_session *session, const uint8_t *first, size_t first_len,
		const uint8_t *second, size_t second_len)
{
	uint8_t *data = malloc(first_len + second_len);
	if (!data)
		return fail(session, ENOMEM);
	memcpy(data, first, first_len);
	if (second_len > 0)
		memcpy(data + first_len, second, second_len);
	session->data = data;
	session->start = 0;
	session->size = first_len + second_len;
	return 0;
}

/* Returns the number of octets that the pipe took. TARN_ESYSTEM with errno. */
static ssize_t write_some(struct tarn__pipe *pipe, const uint8_t *octets, size_t len)
{
	ssize_t sent = tarn__pipe_send(pipe, octets, len);
	if (sent >= 0)
		return sent;
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ENOBUFS)
		return 0;
	return TARN_ESYSTEM;
}

static int flush_kept(struct tarn__http2_session *session)
{
	while (waiting(session) > 0) {
		size_t len = waiting(session) < CHUNK_LEN ? waiting(session) : CHUNK_LEN;
		ssize_t sent = write_some(session->pipe, session->data + session->start, len);
		if (sent < 0)
			return TARN_ESYSTEM;
		session->start += (size_t)sent;
		if ((size_t)sent < len)
			return 0;
	}
	free(session->data);
	session->data = NULL;
	session->start = session->size = 0;
	return 0;
}

/* The frame that is written, of which the library has the memory until it is asked for the next one. */
struct frame {
	const uint8_t *octets;
	size_t len;
};

static bool submit_next(struct tarn__http2_session *session)
{
	return session->events->ready && !session->is_closed &&
	       session->events->ready(session->owner);
}

/* Moves frames to out, the last one in part if need be. Returns the octets, or an error of the library. */
static ssize_t gather(struct tarn__http2_session *session, struct frame *frame,
		      uint8_t out[CHUNK_LEN])
{
	size_t len = 0;
	while (len < CHUNK_LEN) {
		if (frame->len == 0) {
			ssize_t made =
				library.nghttp2_session_mem_send(session->session, &frame->octets);
			if (made < 0)
				return made;
			if (made == 0 && submit_next(session))
				continue;
			if (made == 0)
				break;
			frame->len = (size_t)made;
		}
		size_t taken = frame->len < CHUNK_LEN - len ? frame->len : CHUNK_LEN - len;
		memcpy(out + len, frame->octets, taken);
		len += taken;
		frame->octets += taken;
		frame->len -= taken;
	}
	return (ssize_t)len;
}

static int flush_frames(struct tarn__http2_session *session)
{
	uint8_t out[CHUNK_LEN];
	struct frame frame = {0};
	ssize_t len;
	do {
		len = gather(session, &frame, out);
		if (len < 0)
			return judge(session, len);
		if (len == 0)
			break;
		ssize_t sent = write_some(session->pipe, out, (size_t)len);
		if (sent < 0)
			return TARN_ESYSTEM;
		if (sent < len)
			return keep(session, out + sent, (size_t)(len - sent), frame.octets,
				    frame.len);
	} while (len == CHUNK_LEN);
	return 0;
}

int tarn__http2_flush(struct tarn__http2_session *session)
{
	int result = flush_kept(session);
	if (result != 0 || waiting(session) > 0)
		return result;
	if (!tarn__http2_wants_write(session) && !submit_next(session))
		return 0;
	return flush_frames(session);
}

bool tarn__http2_wants_write(const struct tarn__http2_session *session)
{
	/* A client that speaks an older HTTP gets say(), and no frames. */
	bool has_frames = !session->is_closed && session->preface_left == 0;
	return waiting(session) > 0 ||
	       (has_frames && library.nghttp2_session_want_write(session->session));
}

size_t tarn__http2_unsent(const struct tarn__http2_session *session)
{
	return waiting(session);
}

int tarn__http2_say(struct tarn__http2_session *session, const char *text, size_t len)
{
	session->is_closed = true;
	if (waiting(session) > 0)
		return 0;
	return keep(session, (const uint8_t *)text, len, NULL, 0) == 0 ? 0 : TARN_ENOMEM;
}

/* ---- streams ------------------------------------------------------------------------------- */

static void write_fields(const struct tarn__http2_field *fields, size_t count,
			 nghttp2_nv out[FIELDS_MAX])
{
	for (size_t i = 0; i < count; i++) {
		const struct tarn__http2_field *field = &fields[i];
		uint8_t flags = NGHTTP2_NV_FLAG_NO_COPY_NAME;
		if (field->is_lasting)
			flags |= NGHTTP2_NV_FLAG_NO_COPY_VALUE;
		/* The library does not write to what it is told not to copy. */
		out[i] = (nghttp2_nv){.name = (uint8_t *)(uintptr_t)field->name,
				      .namelen = field->name_len,
				      .value = (uint8_t *)(uintptr_t)field->value,
				      .valuelen = field->value_len,
				      .flags = flags};
	}
}

static ssize_t read_body(nghttp2_session *nghttp2, int32_t id, uint8_t *out, size_t room,
			 uint32_t *flags, nghttp2_data_source *source, void *user_data)
{
	(void)nghttp2;
	(void)source;
	struct tarn__http2_session *session = session_of(user_data);
	void *stream = stream_of(session, id);
	if (!stream)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	bool is_last = false;
	size_t len = session->events->take(session->owner, stream, out, room, &is_last);
	if (is_last)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)len;
}

int tarn__http2_request(struct tarn__http2_session *session, const struct tarn__http2_field *fields,
			size_t count, void *stream, int32_t *id)
{
	nghttp2_nv list[FIELDS_MAX];
	const nghttp2_data_provider body = {.read_callback = read_body};
	if (session->is_closed)
		return TARN_EUNREACHABLE;
	write_fields(fields, count, list);
	int32_t result =
		library.nghttp2_submit_request(session->session, NULL, list, count, &body, stream);
	if (result == NGHTTP2_ERR_NOMEM)
		return TARN_ENOMEM;
	if (result < 0)
		return TARN_EUNREACHABLE;
	*id = result;
	return 0;
}

int tarn__http2_respond(struct tarn__http2_session *session, int32_t id,
			const struct tarn__http2_field *fields, size_t count, bool has_body)
{
	nghttp2_nv list[FIELDS_MAX];
	const nghttp2_data_provider body = {.read_callback = read_body};
	write_fields(fields, count, list);
	int result = library.nghttp2_submit_response(session->session, id, list, count,
						     has_body ? &body : NULL);
	return result == 0 ? 0 : TARN_ENOMEM;
}

/* Without memory the stream stays; the next call of the library fails for the same reason. */
void tarn__http2_reset(struct tarn__http2_session *session, int32_t id, uint32_t code)
{
	if (!session->is_closed)
		(void)library.nghttp2_submit_rst_stream(session->session, NGHTTP2_FLAG_NONE, id,
							code);
}

void tarn__http2_consume(struct tarn__http2_session *session, size_t len)
{
	if (!session->is_closed)
		(void)library.nghttp2_session_consume_connection(session->session, len);
}

void tarn__http2_goaway(struct tarn__http2_session *session)
{
	session->is_closed |=
		session->preface_left > 0; /* it has sent nothing, and sends nothing any more */
	if (session->is_closed)
		return;
	int32_t last = library.nghttp2_session_get_last_proc_stream_id(session->session);
	(void)library.nghttp2_submit_goaway(session->session, NGHTTP2_FLAG_NONE, last,
					    TARN__HTTP2_NO_ERROR, NULL, 0);
}

void tarn__http2_terminate(struct tarn__http2_session *session, uint32_t code)
{
	if (!session->is_closed)
		(void)library.nghttp2_session_terminate_session(session->session, code);
}

bool tarn__http2_is_over(const struct tarn__http2_session *session)
{
	return session->is_closed || !library.nghttp2_session_want_read(session->session);
}

bool tarn__http2_has_ended(const struct tarn__http2_session *session)
{
	return tarn__http2_is_over(session) && !tarn__http2_wants_write(session);
}

void *tarn__http2_stream(const struct tarn__http2_session *session, int32_t id)
{
	return session->is_closed ? NULL : stream_of(session, id);
}

uint32_t tarn__http2_streams_max(const struct tarn__http2_session *session)
{
	return library.nghttp2_session_get_remote_settings(session->session,
							   NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

#endif
