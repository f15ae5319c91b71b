/* SPDX-License-Identifier: BSD-2-Clause */
/* net/listen/client_stream.c: questions and replies behind their lengths. */
#include "config.h"

#include "net/listen/client_protocol.h"

#include <string.h>

#include "core/resolver.h"
#include "net/listen/connection.h"
#include "tarn.h"

static int open_stream(struct tarn__connection *connection)
{
	tarn__stream_init(&connection->stream, tarn__connection_pipe(connection));
	return 0;
}

static void close_stream(struct tarn__connection *connection)
{
	tarn__stream_fini(&connection->stream);
}

static void on_late_reply(void *owner, const void *route, const uint8_t *reply, size_t len)
{
	(void)owner;
	struct tarn__connection *connection;
	memcpy(&connection, route, sizeof(connection));
	if (!tarn__connection_is_answered(connection))
		return;
	struct tarn__stream *stream = &connection->stream;
	if (len > 0 && tarn__stream_put(stream, reply, len) != 0) {
		tarn__connection_close(connection);
		return;
	}
	if (tarn__stream_pending(stream) > TARN__TCP_OUTPUT_MAX &&
	    (tarn__stream_flush(stream) != 0 ||
	     tarn__stream_pending(stream) > TARN__TCP_OUTPUT_MAX)) {
		connection->all->stats.reset++;
		tarn__connection_reset(connection);
		return;
	}
	tarn__connection_touch(connection);
}

static int ask(struct tarn__connection *connection)
{
	struct tarn__connections *all = connection->all;
	struct tarn__stream *stream = &connection->stream;
	struct tarn__client_request client_request = {
		.transport = all->transport,
		.answer = on_late_reply,
		.owner = all,
		.client = &connection->peer.address,
		/* RFC 7828 section 3.4: 0 asks the client to close. */
		.keepalive = connection->is_stranger ? 0 : all->keepalive(all),
		.route = &connection,
		.route_len = sizeof(connection),
	};
	const uint8_t *question;
	size_t len, gathered = 0;
	int count = 0;
	while (tarn__connection_is_reading(connection, tarn__stream_pending(stream)) &&
	       tarn__stream_next(stream, &question, &len)) {
		/* RFC 7766 section 8, RFC 1035 section 4.1: a shorter message has no header. */
		if (len < TARN__HEADER_LEN) {
			connection->is_ending = true;
			break;
		}
		count++;
		uint8_t *reply = all->gather + gathered;
		long reply_len = tarn__resolver_resolve(all->resolver, &client_request, question,
							len, reply + 2);
		if (reply_len > 0) {
			tarn__put16(reply, (uint16_t)reply_len);
			gathered += 2 + (size_t)reply_len;
		} else if (reply_len == TARN__RESOLVE_PENDING) {
			connection->in_flight++;
		}
		if (sizeof(all->gather) - gathered < TARN__FRAME_MAX) {
			if (tarn__stream_write(stream, all->gather, gathered) != 0)
				return -1;
			gathered = 0;
		}
	}
	if (gathered > 0 && tarn__stream_write(stream, all->gather, gathered) != 0)
		return -1;
	tarn__stream_done(stream);
	connection->is_ending |= connection->is_stranger && count > 0;
	return count;
}

static int read_stream(struct tarn__connection *connection)
{
	return connection->is_ending ? tarn__stream_discard(&connection->stream)
				     : tarn__stream_read(&connection->stream);
}

static int flush(struct tarn__connection *connection)
{
	return tarn__stream_flush(&connection->stream);
}

static size_t pending(const struct tarn__connection *connection)
{
	return tarn__stream_pending(&connection->stream);
}

static bool is_partial(const struct tarn__connection *connection)
{
	return tarn__stream_is_partial(&connection->stream);
}

/* RFC 7766 section 6.2.4: the end of the stream says it. */
static void end(struct tarn__connection *connection)
{
	(void)connection;
}

static bool has_ended(const struct tarn__connection *connection)
{
	return connection->is_ending;
}

const struct tarn__client_protocol tarn__client_stream = {
	.alpn = "dot", /* RFC 7858 section 3.1 */
	.open = open_stream,
	.close = close_stream,
	.read = read_stream,
	.ask = ask,
	.flush = flush,
	.pending = pending,
	.is_partial = is_partial,
	.end = end,
	.has_ended = has_ended,
};
