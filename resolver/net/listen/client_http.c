/* SPDX-License-Identifier: BSD-2-Clause */
/* net/listen/client_http.c: questions and replies in requests of HTTP/2. */
#include "config.h"

#include "net/listen/client_protocol.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/policy/network_list.h"
#include "core/resolver.h"
#include "http2/h2_server.h"
#include "net/clock.h"
#include "net/listen/connection.h"
#include "tarn.h"

struct tarn__client_http {
	struct tarn__h2_server *server;
	char path[]; /* of the configuration that it was made with */
};

/* Where a late reply goes. */
struct route {
	struct tarn__connection *connection;
	int32_t stream;
};
_Static_assert(sizeof(struct route) <= TARN__ROUTE_MAX, "a route fits");

static int open_http(struct tarn__connection *connection)
{
	const char *path = tarn__resolver_config(connection->all->resolver)->https_path;
	size_t len = strlen(path) + 1;
	struct tarn__client_http *http = malloc(sizeof(*http) + len);
	if (!http)
		return TARN_ENOMEM;
	memcpy(http->path, path, len);
	http->server = tarn__h2_server_new(tarn__connection_pipe(connection), http->path);
	if (!http->server) {
		free(http);
		return TARN_ENOMEM;
	}
	connection->http = http;
	return 0;
}

static void close_http(struct tarn__connection *connection)
{
	if (!connection->http)
		return;
	tarn__h2_server_free(connection->http->server);
	free(connection->http);
	connection->http = NULL;
}

static void on_late_reply(void *owner, const void *route_octets, const uint8_t *reply, size_t len)
{
	(void)owner;
	struct route route;
	memcpy(&route, route_octets, sizeof(route));
	struct tarn__connection *connection = route.connection;
	if (!tarn__connection_is_answered(connection))
		return;
	struct tarn__h2_server *server = connection->http->server;
	if (tarn__h2_server_answer(server, route.stream, reply, len) != 0) {
		tarn__connection_close(connection);
		return;
	}
	if (tarn__h2_server_pending(server) > TARN__H2_OUTPUT_MAX &&
	    (tarn__h2_server_flush(server) != 0 ||
	     tarn__h2_server_pending(server) > TARN__H2_OUTPUT_MAX)) {
		connection->all->stats.reset++;
		tarn__connection_reset(connection);
		return;
	}
	tarn__connection_touch(connection);
}

/*
 * Finds the client of a question: a proxy is believed, in a header of X-Forwarded-For, but no other client.
 * Returns out, or the connection's client.
 */
static const struct tarn_address *find_client(const struct tarn__connection *connection,
					      const struct tarn__h2_question *question,
					      struct tarn_address *out)
{
	const struct tarn__config *config = tarn__resolver_config(connection->all->resolver);
	const struct tarn_address *client = &connection->peer.address;
	if (!question->forwarded_for || !config->proxies ||
	    !tarn__network_list_cover(config->proxies, client))
		return client;
	return tarn_address_parse(question->forwarded_for, 0, out) == 0 ? out : client;
}

static int ask(struct tarn__connection *connection)
{
	struct tarn__connections *all = connection->all;
	struct tarn__h2_server *server = connection->http->server;
	struct route route = {.connection = connection};
	struct tarn__client_request client_request = {
		.transport = all->transport,
		.answer = on_late_reply,
		.owner = all,
		.keepalive = all->keepalive(all),
		.route = &route,
		.route_len = sizeof(route),
	};
	struct tarn__h2_question question;
	struct tarn_address forwarded;
	int count = 0;
	while (connection->in_flight < TARN__TCP_IN_FLIGHT &&
	       tarn__h2_server_next(server, &question)) {
		count++;
		route.stream = question.stream;
		client_request.client = find_client(connection, &question, &forwarded);
		long len = tarn__resolver_resolve(all->resolver, &client_request, question.message,
						  question.len, all->gather);
		if (len == TARN__RESOLVE_PENDING)
			connection->in_flight++;
		else if (tarn__h2_server_answer(server, question.stream, all->gather,
						(size_t)len) != 0)
			return -1;
	}
	(void)tarn__h2_server_expire(server, tarn__clock_ms());
	return tarn__h2_server_flush(server) == 0 ? count : -1;
}

/* What comes behind the end is discarded. */
static int discard(struct tarn__connection *connection)
{
	uint8_t octets[4096];
	ssize_t len = tarn__pipe_recv(tarn__connection_pipe(connection), octets, sizeof(octets));
	if (len > 0)
		return TARN__STREAM_READ;
	if (len == 0)
		return TARN__STREAM_END;
	return errno == EAGAIN || errno == EINTR ? TARN__STREAM_AGAIN : TARN_ESYSTEM;
}

/* Until the end all has to be read: the client says how much of an answer it takes. */
static int read_http(struct tarn__connection *connection)
{
	if (connection->is_shut)
		return discard(connection);
	return tarn__h2_server_read(connection->http->server, tarn__clock_ms());
}

static int flush(struct tarn__connection *connection)
{
	return tarn__h2_server_flush(connection->http->server);
}

static size_t pending(const struct tarn__connection *connection)
{
	const struct tarn__h2_server *server = connection->http->server;
	return tarn__h2_server_wants_write(server) ? tarn__h2_server_pending(server) : 0;
}

/* An answer that the client's window is closed to is half sent. */
static bool is_partial(const struct tarn__connection *connection)
{
	const struct tarn__h2_server *server = connection->http->server;
	return tarn__h2_server_is_partial(server) || tarn__h2_server_pending(server) > 0;
}

static void end(struct tarn__connection *connection)
{
	tarn__h2_server_end(connection->http->server);
}

static bool has_ended(const struct tarn__connection *connection)
{
	return tarn__h2_server_has_ended(connection->http->server);
}

const struct tarn__client_protocol tarn__client_http = {
	.alpn = "h2", /* RFC 9113 section 3.2 */
	.open = open_http,
	.close = close_http,
	.read = read_http,
	.ask = ask,
	.flush = flush,
	.pending = pending,
	.is_partial = is_partial,
	.end = end,
	.has_ended = has_ended,
};
