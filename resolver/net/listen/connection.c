/* SPDX-License-Identifier: BSD-2-Clause */
/* net/listen/connection.c: a client's connection. */
#include "config.h"

#include "net/listen/connection.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/resolver.h"
#include "net/clock.h"
#include "tarn.h"

/* Octets of output not yet taken above which no more questions are read. */
enum { OUTPUT_PAUSE = 1 << 16 };

/* ---- its states --------------------------------------------------------------------------- */

static void move(struct tarn__connection *connection, struct tarn__list *list)
{
	tarn__list_remove(&connection->node);
	connection->list = list;
	tarn__list_append(list, &connection->node);
}

static void free_connection(struct tarn__connection *connection)
{
	tarn__list_remove(&connection->touched);
	free(connection);
}

void tarn__connection_close(struct tarn__connection *connection)
{
	struct tarn__connections *all = connection->all;
	ev_io_stop(all->loop, &connection->ready);
	close(connection->pipe.fd);
	tarn__stream_fini(&connection->stream);
	tarn__list_remove(&connection->node);
	tarn__list_remove(&connection->peer.node);
	connection->is_closed = true;
	if (connection->is_stranger)
		all->stranger_count--;
	else
		all->stats.connections--;
	if (connection->in_flight == 0)
		free_connection(connection);
	all->has_room(all);
}

/* What is queued is discarded: the client does not read it. */
static void reset_connection(struct tarn__connection *connection)
{
	struct linger linger = {.l_onoff = 1};
	setsockopt(connection->pipe.fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	connection->all->stats.reset++;
	tarn__connection_close(connection);
}

static bool is_reading(const struct tarn__connection *connection)
{
	return !connection->is_ending && connection->in_flight < TARN__TCP_IN_FLIGHT &&
	       tarn__stream_pending(&connection->stream) < OUTPUT_PAUSE;
}

static void watch(struct tarn__connection *connection)
{
	int events = 0;
	if ((is_reading(connection) || connection->is_ending) && !connection->has_ended)
		events |= EV_READ;
	if (tarn__stream_pending(&connection->stream) > 0)
		events |= EV_WRITE;
	ev_io *ready = &connection->ready;
	if (ev_is_active(ready) && (ready->events & (EV_READ | EV_WRITE)) == events)
		return;
	ev_io_stop(connection->all->loop, ready);
	if (events == 0)
		return;
	ev_io_set(ready, connection->pipe.fd, events);
	ev_io_start(connection->all->loop, ready);
}

/* Returns the list that a connection belongs to. */
static struct tarn__list *find_list(const struct tarn__connection *connection)
{
	struct tarn__connections *all = connection->all;
	const struct tarn__stream *stream = &connection->stream;
	if (connection->is_stranger)
		return &all->strangers;
	if (tarn__stream_pending(stream) > 0 || connection->is_shut)
		return &all->stalled;
	if (connection->in_flight > 0)
		return &all->busy;
	bool is_half = tarn__stream_is_partial(stream) && is_reading(connection);
	return is_half && !connection->has_ended ? &all->stalled : &all->idle;
}

/* After any event of a connection: sets its list and its events, or closes it. */
static void settle(struct tarn__connection *connection, bool has_progress)
{
	struct tarn__connections *all = connection->all;
	bool is_done = connection->in_flight == 0 && tarn__stream_pending(&connection->stream) == 0;
	/* RFC 7766 section 6.2.4: a client that has closed its half still gets what is under way. */
	if (is_done && connection->has_ended) {
		tarn__connection_close(connection);
		return;
	}
	if (is_done && connection->is_ending && !connection->is_shut) {
		tarn__pipe_end(connection->stream.pipe);
		connection->is_shut = true;
	}
	struct tarn__list *list = find_list(connection);
	if (list != connection->list || (has_progress && !connection->is_stranger)) {
		connection->since_ms = tarn__clock_ms();
		move(connection, list);
	}
	watch(connection);
	if (list == &all->idle || list == &all->stalled)
		all->has_room(all);
}

/* Takes no more questions; those taken are answered. */
void tarn__connection_end(struct tarn__connection *connection)
{
	connection->is_ending = true;
	settle(connection, false);
}

/* ---- questions and replies ---------------------------------------------------------------- */

static void on_late_reply(void *owner, const void *route, const uint8_t *reply, size_t len)
{
	struct tarn__connections *all = owner;
	struct tarn__connection *connection;
	memcpy(&connection, route, sizeof(connection));
	connection->in_flight--;
	if (connection->is_closed) {
		if (connection->in_flight == 0)
			free_connection(connection);
		return;
	}
	struct tarn__stream *stream = &connection->stream;
	if (len > 0 && tarn__stream_put(stream, reply, len) != 0) {
		tarn__connection_close(connection);
		return;
	}
	if (tarn__stream_pending(stream) > TARN__TCP_OUTPUT_MAX &&
	    (tarn__stream_flush(stream) != 0 ||
	     tarn__stream_pending(stream) > TARN__TCP_OUTPUT_MAX)) {
		reset_connection(connection);
		return;
	}
	if (tarn__list_is_empty(&connection->touched))
		tarn__list_append(&all->touched, &connection->touched);
}

/*
 * Resolves the questions that have been read whole; the replies available leave in one write. Returns the
 * number of questions; -1: the connection is broken.
 */
static int ask(struct tarn__connection *connection)
{
	struct tarn__connections *all = connection->all;
	struct tarn__stream *stream = &connection->stream;
	struct tarn__client_request client_request = {
		.transport = TARN__TCP,
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
	while (is_reading(connection) && tarn__stream_next(stream, &question, &len)) {
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
	connection->has_asked |= count > 0;
	connection->is_ending |= connection->is_stranger && count > 0;
	return count;
}

/* Returns false if the connection is broken. */
static bool read_some(struct tarn__connection *connection)
{
	struct tarn__stream *stream = &connection->stream;
	int read = connection->is_ending ? tarn__stream_discard(stream) : tarn__stream_read(stream);
	if (read == TARN__STREAM_END)
		connection->has_ended = true;
	if (read != TARN_ESYSTEM)
		return true;
	/* Without memory for a question those before it are still answered. */
	bool is_alive = errno == ENOMEM && !connection->is_ending;
	connection->is_ending = true;
	return is_alive;
}

static void on_ready(struct ev_loop *loop, ev_io *watcher, int events)
{
	(void)loop;
	struct tarn__connection *connection = watcher->data;
	struct tarn__stream *stream = &connection->stream;
	size_t pending = tarn__stream_pending(stream);
	if ((events & EV_WRITE) && tarn__stream_flush(stream) != 0) {
		tarn__connection_close(connection);
		return;
	}
	bool has_progress = tarn__stream_pending(stream) < pending;
	bool is_wanted = is_reading(connection) || connection->is_ending;
	if ((events & EV_READ) && is_wanted && !read_some(connection)) {
		tarn__connection_close(connection);
		return;
	}
	tarn__clock_hold();
	int count = ask(connection);
	tarn__clock_release();
	if (count < 0)
		tarn__connection_close(connection);
	else
		settle(connection, has_progress || count > 0);
}

bool tarn__connections_flush(struct tarn__connections *all)
{
	bool has_asked = false;
	while (!tarn__list_is_empty(&all->touched)) {
		struct tarn__connection *connection =
			TARN__CONTAINER(all->touched.next, struct tarn__connection, touched);
		tarn__list_remove(&connection->touched);
		if (connection->is_closed)
			continue;
		int count = tarn__stream_flush(&connection->stream) == 0 ? ask(connection) : -1;
		has_asked |= count > 0;
		if (count < 0)
			tarn__connection_close(connection);
		else
			settle(connection, true);
	}
	return has_asked;
}

/* ---- connections come and go -------------------------------------------------------------- */

static struct tarn__connection *new_connection(struct tarn__connections *all, int fd,
					       const struct tarn_address *peer)
{
	struct tarn__connection *connection = calloc(1, sizeof(*connection));
	if (!connection) {
		close(fd);
		return NULL;
	}
	int on = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	connection->all = all;
	connection->since_ms = tarn__clock_ms();
	connection->peer.address = *peer;
	tarn__list_init(&connection->peer.node);
	tarn__list_init(&connection->node);
	tarn__list_init(&connection->touched);
	tarn__socket_pipe_init(&connection->pipe, fd);
	tarn__stream_init(&connection->stream, &connection->pipe.pipe);
	ev_init(&connection->ready, on_ready);
	connection->ready.data = connection;
	return connection;
}

void tarn__connection_open(struct tarn__connections *all, int fd, const struct tarn_address *peer,
			   bool is_stranger)
{
	struct tarn__connection *connection = new_connection(all, fd, peer);
	if (!connection)
		return;
	connection->is_stranger = is_stranger;
	if (is_stranger) {
		all->stranger_count++;
		all->stats.strangers++;
	} else {
		tarn__peers_add(&all->peers, &connection->peer, peer);
		all->stats.connections++;
		all->stats.accepted++;
	}
	move(connection, is_stranger ? &all->strangers : &all->idle);
	watch(connection);
}

struct tarn__connection *tarn__connection_first(const struct tarn__list *list)
{
	if (tarn__list_is_empty(list))
		return NULL;
	return TARN__CONTAINER(list->next, struct tarn__connection, node);
}

void tarn__connections_init(struct tarn__connections *all)
{
	tarn__list_init(&all->idle);
	tarn__list_init(&all->stalled);
	tarn__list_init(&all->busy);
	tarn__list_init(&all->strangers);
	tarn__list_init(&all->touched);
	tarn__peers_init(&all->peers);
}

static void end_all(struct tarn__list *list)
{
	struct tarn__connection *connection;
	while ((connection = tarn__connection_first(list))) {
		(void)tarn__stream_flush(&connection->stream);
		connection->in_flight = 0;
		tarn__connection_close(connection);
	}
}

void tarn__connections_fini(struct tarn__connections *all)
{
	end_all(&all->idle);
	end_all(&all->stalled);
	end_all(&all->busy);
	end_all(&all->strangers);
}
