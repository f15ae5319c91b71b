/* SPDX-License-Identifier: BSD-2-Clause */
/* net/listen/connection.c: a client's connection. */
#include "config.h"

#include "net/listen/connection.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/clock.h"
#include "tarn.h"
#include "tls/tls.h"

/* ---- its states --------------------------------------------------------------------------- */

static void move(struct tarn__connection *connection, struct tarn__list *list)
{
	connection->list = list;
	tarn__list_move(&connection->node, list);
}

static void free_connection(struct tarn__connection *connection)
{
	tarn__list_remove(&connection->touched);
	free(connection);
}

struct tarn__pipe *tarn__connection_pipe(struct tarn__connection *connection)
{
	return connection->tls ? tarn__tls_pipe(connection->tls) : &connection->socket.pipe;
}

void tarn__connection_close(struct tarn__connection *connection)
{
	struct tarn__connections *all = connection->all;
	ev_io_stop(all->loop, &connection->ready);
	close(connection->socket.fd);
	if (connection->securing)
		all->turn_ms = 0;
	else
		all->protocol->close(connection);
	tarn__tls_free(connection->tls);
	free(connection->securing);
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

void tarn__connection_reset(struct tarn__connection *connection)
{
	struct linger linger = {.l_onoff = 1};
	setsockopt(connection->socket.fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	tarn__connection_close(connection);
}

void tarn__connection_leave(struct tarn__connection *connection)
{
	const struct tarn__client_protocol *protocol = connection->all->protocol;
	if (!connection->securing && !connection->is_shut) {
		protocol->end(connection);
		bool is_alive = protocol->flush(connection) == 0;
		/* RFC 8446 section 6.1: close_notify; without TLS closing is the same. */
		if (is_alive && connection->tls)
			tarn__pipe_end(tarn__connection_pipe(connection));
	}
	tarn__connection_close(connection);
}

static bool wants_to_read(const struct tarn__connection *connection, size_t pending)
{
	return (tarn__connection_is_reading(connection, pending) || connection->is_ending) &&
	       !connection->has_ended;
}

static void watch(struct tarn__connection *connection, size_t pending)
{
	int events = 0;
	if (wants_to_read(connection, pending))
		events |= EV_READ;
	if (pending > 0 || (connection->tls && tarn__tls_wants_write(connection->tls)))
		events |= EV_WRITE;
	ev_io *ready = &connection->ready;
	if (ev_is_active(ready) && (ready->events & (EV_READ | EV_WRITE)) == events)
		return;
	ev_io_stop(connection->all->loop, ready);
	if (events == 0)
		return;
	ev_io_set(ready, connection->socket.fd, events);
	ev_io_start(connection->all->loop, ready);
}

/* Octets that TLS has taken from the socket are read at the end of the turn: no event reports them. */
static void look_for_more(struct tarn__connection *connection, size_t pending)
{
	if (!connection->is_drained && wants_to_read(connection, pending) &&
	    tarn__pipe_has_more(tarn__connection_pipe(connection)))
		tarn__connection_touch(connection);
}

/* Returns the list that a connection belongs to. */
static struct tarn__list *find_list(const struct tarn__connection *connection, size_t pending)
{
	struct tarn__connections *all = connection->all;
	if (connection->is_stranger)
		return &all->strangers;
	if (pending > 0 || connection->is_shut)
		return &all->stalled;
	if (connection->in_flight > 0)
		return &all->busy;
	if (connection->is_ending)
		return &all->stalled;
	bool is_half = all->protocol->is_partial(connection) && !connection->has_ended;
	return is_half ? &all->stalled : &all->idle;
}

/* After any event of a connection: sets its list and its events, or closes it. */
static void settle(struct tarn__connection *connection, bool has_progress)
{
	struct tarn__connections *all = connection->all;
	size_t pending = all->protocol->pending(connection);
	bool is_done = connection->in_flight == 0 && pending == 0;
	/* RFC 7766 section 6.2.4: a client that has closed its half still gets what is under way. */
	if (is_done && connection->has_ended) {
		tarn__connection_leave(connection);
		return;
	}
	/* RFC 9113 section 5.4.1: after a fault it is closed as soon as the client has been told. */
	if (pending == 0 && !connection->is_ending && all->protocol->has_ended(connection)) {
		tarn__connection_leave(connection);
		return;
	}
	if (is_done && connection->is_ending && !connection->is_shut &&
	    all->protocol->has_ended(connection)) {
		tarn__pipe_end(tarn__connection_pipe(connection));
		connection->is_shut = true;
	}
	struct tarn__list *list = find_list(connection, pending);
	if (list != connection->list || (has_progress && !connection->is_stranger)) {
		connection->since_ms = tarn__clock_ms();
		move(connection, list);
	}
	watch(connection, pending);
	if (connection->tls)
		look_for_more(connection, pending);
	if (list == &all->idle || list == &all->stalled)
		all->has_room(all);
}

void tarn__connection_end(struct tarn__connection *connection)
{
	connection->is_ending = true;
	if (connection->securing) {
		tarn__connection_reset(connection);
		return;
	}
	connection->all->protocol->end(connection);
	if (connection->all->protocol->flush(connection) == 0)
		settle(connection, false);
	else
		tarn__connection_close(connection);
}

/* ---- events ------------------------------------------------------------------------------- */

void tarn__connection_touch(struct tarn__connection *connection)
{
	if (tarn__list_is_empty(&connection->touched))
		tarn__list_append(&connection->all->touched, &connection->touched);
}

bool tarn__connection_is_answered(struct tarn__connection *connection)
{
	connection->in_flight--;
	if (connection->is_closed && connection->in_flight == 0) {
		free_connection(connection);
		return false;
	}
	return !connection->is_closed;
}

/* Returns false if the connection is broken. */
static bool read_some(struct tarn__connection *connection)
{
	int read = connection->all->protocol->read(connection);
	connection->is_drained = read == TARN__STREAM_AGAIN;
	if (read == TARN__STREAM_END)
		connection->has_ended = true;
	if (read != TARN_ESYSTEM)
		return true;
	/* Without memory for a question those before it are still answered. */
	bool is_alive = errno == ENOMEM && !connection->is_ending;
	connection->is_ending = true;
	return is_alive;
}

/* Does what events say, and answers what it can. May close the connection. Returns the number of questions. */
static int go_on(struct tarn__connection *connection, int events, bool has_progress)
{
	const struct tarn__client_protocol *protocol = connection->all->protocol;
	size_t pending = protocol->pending(connection), before = pending;
	if (events & EV_WRITE) {
		if (protocol->flush(connection) != 0) {
			tarn__connection_close(connection);
			return 0;
		}
		pending = protocol->pending(connection);
	}
	if ((events & EV_READ) && wants_to_read(connection, pending) && !read_some(connection)) {
		tarn__connection_close(connection);
		return 0;
	}
	int count = protocol->ask(connection);
	if (count < 0) {
		tarn__connection_close(connection);
		return 0;
	}
	connection->has_asked |= count > 0;
	settle(connection, has_progress || pending < before || count > 0);
	return count;
}

static void on_ready(struct ev_loop *loop, ev_io *watcher, int events)
{
	(void)loop;
	struct tarn__connection *connection = watcher->data;
	/* A read of TLS may have had to write first. */
	if (connection->tls && tarn__tls_wants_write(connection->tls))
		events |= EV_READ;
	tarn__clock_hold();
	(void)go_on(connection, events, false);
	tarn__clock_release();
}

bool tarn__connections_flush(struct tarn__connections *all)
{
	bool has_asked = false;
	if (tarn__list_is_empty(&all->touched))
		return false;
	/* Those that are touched meanwhile have their turn at the next call. */
	struct tarn__list touched;
	tarn__list_init(&touched);
	while (!tarn__list_is_empty(&all->touched))
		tarn__list_move(all->touched.next, &touched);
	struct tarn__list *node;
	while ((node = tarn__list_take(&touched))) {
		struct tarn__connection *connection =
			TARN__CONTAINER(node, struct tarn__connection, touched);
		if (connection->is_closed)
			continue;
		bool has_more =
			connection->tls && tarn__pipe_has_more(tarn__connection_pipe(connection));
		has_asked |= go_on(connection, has_more ? EV_READ | EV_WRITE : EV_WRITE, true) > 0;
	}
	return has_asked || !tarn__list_is_empty(&all->touched);
}

/* ---- connections come and go -------------------------------------------------------------- */

struct tarn__connection *tarn__connection_new(struct tarn__connections *all, int fd,
					      const struct tarn_address *peer, bool is_stranger)
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
	connection->is_stranger = is_stranger;
	connection->peer.address = *peer;
	tarn__list_init(&connection->peer.node);
	tarn__list_init(&connection->node);
	tarn__list_init(&connection->touched);
	tarn__socket_pipe_init(&connection->socket, fd);
	ev_init(&connection->ready, on_ready);
	connection->ready.data = connection;
	if (is_stranger) {
		all->stranger_count++;
		all->stats.strangers++;
	} else {
		tarn__peers_add(&all->peers, &connection->peer, peer);
		all->stats.connections++;
		all->stats.accepted++;
	}
	return connection;
}

int tarn__connection_start(struct tarn__connection *connection)
{
	struct tarn__connections *all = connection->all;
	if (all->protocol->open(connection) != 0)
		return TARN_ENOMEM;
	ev_set_cb(&connection->ready, on_ready);
	move(connection, connection->is_stranger ? &all->strangers : &all->idle);
	watch(connection, 0);
	return 0;
}

void tarn__connection_start_late(struct tarn__connection *connection)
{
	ev_io_stop(connection->all->loop, &connection->ready);
	connection->since_ms = tarn__clock_ms();
	if (tarn__connection_start(connection) == 0)
		(void)go_on(connection, EV_READ, false);
	else
		tarn__connection_close(connection);
}

struct tarn__connection *tarn__connection_first(const struct tarn__list *list)
{
	if (tarn__list_is_empty(list))
		return NULL;
	return TARN__CONTAINER(list->next, struct tarn__connection, node);
}

void tarn__connections_init(struct tarn__connections *all)
{
	tarn__list_init(&all->securing);
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
		connection->in_flight = 0;
		tarn__connection_leave(connection);
	}
}

void tarn__connections_fini(struct tarn__connections *all)
{
	end_all(&all->securing);
	end_all(&all->idle);
	end_all(&all->stalled);
	end_all(&all->busy);
	end_all(&all->strangers);
}
