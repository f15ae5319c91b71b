/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/tcp.c: questions and replies over TCP.
 *
 * A connection is in one of three lists, by what it waits for:
 *
 *	idle      nothing is under way: closed after idle_ms(), the oldest first when there are many
 *	stalled   half a message has come, the client does not read, or it has to close: closed
 *	          after STALLED_MS without a whole message or a written octet
 *	busy      only our answers are outstanding: the resolver has deadlines, none is needed here
 *
 * A connection that we end takes no more questions. Those that it has taken are answered, then our
 * half is closed; what the client still sends is read and thrown away until it closes its own, since
 * octets left unread would reset the connection, and replies on their way be lost with it.
 */
#include "config.h"

#include "net/tcp.h"

#include <errno.h>
#include <ev.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/list.h"
#include "core/resolver.h"
#include "dns/message.h"
#include "net/clock.h"
#include "net/peers.h"
#include "net/shared.h"
#include "net/socket.h"
#include "net/stream.h"
#include "tarn.h"

enum {
	IDLE_MS = 10000, /* RFC 7766 section 6.2.3: a few seconds */
	IDLE_MIN_MS = 500,
	STALLED_MS = 5000,
	/* Without a descriptor to spare nobody is accepted for so long, or until one is closed. */
	PAUSE_MS = 1000,
	ACCEPTS_PER_EVENT = 64,
	/* Times those, of a listener that is to be closed: more than wait at its door. */
	ACCEPT_ROUNDS_AT_END = 8,
	/* So many octets of replies not yet taken stop the reading of questions. */
	OUTPUT_PAUSE = 1 << 16,
	/* Replies of one read, gathered for one write. */
	GATHER_SIZE = 1 << 17,
	FRAME_MAX = 2 + TARN__MESSAGE_MAX,
};

struct listener {
	struct tarn__list node; /* of tcp->listeners */
	struct tarn__tcp *tcp;
	ev_io acceptable;
};

struct connection {
	struct tarn__list node; /* of tcp->idle, stalled or busy */
	struct tarn__list *list;
	struct tarn__list touched; /* of tcp->touched: has late replies to write */
	struct tarn__tcp *tcp;
	struct tarn__peer peer;
	ev_io ready;
	struct tarn__stream stream;
	unsigned in_flight;
	uint64_t since_ms; /* of its last progress: in the lists' order */
	bool is_closed; /* lives on for its late replies only */
	bool has_ended; /* the client sends no more */
	bool is_ending; /* no more questions are taken */
	bool is_shut; /* no more replies follow, and the client has been told */
};

struct tarn__tcp {
	struct tarn *tarn;
	struct ev_loop *loop;
	struct tarn__resolver *resolver;
	struct tarn__list listeners;
	struct tarn__list idle, stalled, busy;
	struct tarn__list touched;
	struct tarn__peers peers;
	bool is_paused;
	uint64_t resume_ms;
	struct tarn__tcp_stats stats;
	uint8_t gather[GATHER_SIZE];
};

/* ---- accepting ---------------------------------------------------------------------------- */

static void pause_accepting(struct tarn__tcp *tcp, uint64_t resume_ms)
{
	tcp->is_paused = true;
	tcp->resume_ms = resume_ms;
	for (struct tarn__list *node = tcp->listeners.next; node != &tcp->listeners;
	     node = node->next)
		ev_io_stop(tcp->loop, &TARN__CONTAINER(node, struct listener, node)->acceptable);
}

static void resume_accepting(struct tarn__tcp *tcp)
{
	tcp->is_paused = false;
	tcp->resume_ms = UINT64_MAX;
	for (struct tarn__list *node = tcp->listeners.next; node != &tcp->listeners;
	     node = node->next)
		ev_io_start(tcp->loop, &TARN__CONTAINER(node, struct listener, node)->acceptable);
}

/* ---- a connection's states ---------------------------------------------------------------- */

/* RFC 7766 section 6.2.3, RFC 9210 section 4: the fewer places are left the shorter. */
static uint64_t idle_ms(const struct tarn__tcp *tcp)
{
	uint64_t left = TARN__TCP_CONNECTIONS - tcp->stats.connections;
	if (left >= TARN__TCP_CONNECTIONS / 2)
		return IDLE_MS;
	return IDLE_MIN_MS + (IDLE_MS - IDLE_MIN_MS) * left / (TARN__TCP_CONNECTIONS / 2);
}

static void move(struct connection *connection, struct tarn__list *list)
{
	tarn__list_remove(&connection->node);
	connection->list = list;
	tarn__list_append(list, &connection->node);
}

static void free_connection(struct connection *connection)
{
	tarn__list_remove(&connection->touched);
	free(connection);
}

static void close_connection(struct connection *connection)
{
	struct tarn__tcp *tcp = connection->tcp;
	ev_io_stop(tcp->loop, &connection->ready);
	close(connection->stream.fd);
	tarn__stream_fini(&connection->stream);
	tarn__list_remove(&connection->node);
	tarn__list_remove(&connection->peer.node);
	connection->is_closed = true;
	tcp->stats.connections--;
	if (connection->in_flight == 0)
		free_connection(connection);
	if (tcp->is_paused)
		resume_accepting(tcp);
}

/* Nothing of what was queued is sent: the client would not read it. */
static void reset_connection(struct connection *connection)
{
	struct linger linger = {.l_onoff = 1};
	setsockopt(connection->stream.fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	connection->tcp->stats.reset++;
	close_connection(connection);
}

static bool is_reading(const struct connection *connection)
{
	return !connection->is_ending && connection->in_flight < TARN__TCP_IN_FLIGHT &&
	       tarn__stream_pending(&connection->stream) < OUTPUT_PAUSE;
}

static void watch(struct connection *connection)
{
	int events = 0;
	if ((is_reading(connection) || connection->is_ending) && !connection->has_ended)
		events |= EV_READ;
	if (tarn__stream_pending(&connection->stream) > 0)
		events |= EV_WRITE;
	ev_io *ready = &connection->ready;
	if (ev_is_active(ready) && (ready->events & (EV_READ | EV_WRITE)) == events)
		return;
	ev_io_stop(connection->tcp->loop, ready);
	if (events == 0)
		return;
	ev_io_set(ready, connection->stream.fd, events);
	ev_io_start(connection->tcp->loop, ready);
}

/* The list that a connection belongs to. */
static struct tarn__list *find_list(const struct connection *connection)
{
	struct tarn__tcp *tcp = connection->tcp;
	const struct tarn__stream *stream = &connection->stream;
	bool is_half = tarn__stream_is_partial(stream) && is_reading(connection);
	if (tarn__stream_pending(stream) > 0 || connection->is_shut ||
	    (is_half && !connection->has_ended))
		return &tcp->stalled;
	return connection->in_flight > 0 ? &tcp->busy : &tcp->idle;
}

/* After anything that happened to a connection: its list, its events, or its end. */
static void settle(struct connection *connection, bool has_progress)
{
	struct tarn__tcp *tcp = connection->tcp;
	bool is_done = connection->in_flight == 0 && tarn__stream_pending(&connection->stream) == 0;
	/* RFC 7766 section 6.2.4: who has closed one half still gets what is under way. */
	if (is_done && connection->has_ended) {
		close_connection(connection);
		return;
	}
	if (is_done && connection->is_ending && !connection->is_shut) {
		shutdown(connection->stream.fd, SHUT_WR);
		connection->is_shut = true;
	}
	struct tarn__list *list = find_list(connection);
	if (list != connection->list || has_progress) {
		connection->since_ms = tarn__clock_ms();
		move(connection, list);
	}
	watch(connection);
	if (list == &tcp->idle && tcp->is_paused)
		resume_accepting(tcp);
}

/* ---- questions and replies ---------------------------------------------------------------- */

static void on_late_reply(void *owner, const void *route, const uint8_t *reply, size_t len)
{
	struct tarn__tcp *tcp = owner;
	struct connection *connection;
	memcpy(&connection, route, sizeof(connection));
	connection->in_flight--;
	if (connection->is_closed) {
		if (connection->in_flight == 0)
			free_connection(connection);
		return;
	}
	struct tarn__stream *stream = &connection->stream;
	if (tarn__stream_put(stream, reply, len) != 0) {
		close_connection(connection);
		return;
	}
	if (tarn__stream_pending(stream) > TARN__TCP_OUTPUT_MAX &&
	    (tarn__stream_flush(stream) != 0 ||
	     tarn__stream_pending(stream) > TARN__TCP_OUTPUT_MAX)) {
		reset_connection(connection);
		return;
	}
	if (tarn__list_is_empty(&connection->touched))
		tarn__list_append(&tcp->touched, &connection->touched);
}

/*
 * Asks what has been read whole; the replies that are there leave in one write, whatever comes behind
 * their questions. Returns how many questions there were; -1: the connection is beyond help.
 */
static int ask(struct connection *connection)
{
	struct tarn__tcp *tcp = connection->tcp;
	struct tarn__stream *stream = &connection->stream;
	struct tarn__asker asker = {
		.transport = TARN__TCP,
		.answer = on_late_reply,
		.owner = tcp,
		.client = &connection->peer.address,
		.keepalive = (uint16_t)(idle_ms(tcp) / 100),
		.route = &connection,
		.route_len = sizeof(connection),
	};
	const uint8_t *question;
	size_t len, gathered = 0;
	int count = 0;
	while (is_reading(connection) && tarn__stream_next(stream, &question, &len)) {
		/* RFC 7766 section 8, RFC 1035 section 4.1: no message is shorter than a header. */
		if (len < TARN__HEADER_LEN) {
			connection->is_ending = true;
			break;
		}
		count++;
		uint8_t *reply = tcp->gather + gathered;
		long reply_len =
			tarn__resolver_ask(tcp->resolver, &asker, question, len, reply + 2);
		if (reply_len > 0) {
			tarn__put16(reply, (uint16_t)reply_len);
			gathered += 2 + (size_t)reply_len;
		} else if (reply_len == TARN__ASK_LATER) {
			connection->in_flight++;
		}
		if (sizeof(tcp->gather) - gathered < FRAME_MAX) {
			if (tarn__stream_write(stream, tcp->gather, gathered) != 0)
				return -1;
			gathered = 0;
		}
	}
	if (gathered > 0 && tarn__stream_write(stream, tcp->gather, gathered) != 0)
		return -1;
	tarn__stream_done(stream);
	return count;
}

/* false: the connection is broken. */
static bool read_some(struct connection *connection)
{
	struct tarn__stream *stream = &connection->stream;
	int read = connection->is_ending ? tarn__stream_discard(stream) : tarn__stream_read(stream);
	if (read == TARN__STREAM_END)
		connection->has_ended = true;
	if (read != TARN_ESYSTEM)
		return true;
	/* Without memory for a question those before it are answered all the same. */
	bool is_alive = errno == ENOMEM && !connection->is_ending;
	connection->is_ending = true;
	return is_alive;
}

static void on_ready(struct ev_loop *loop, ev_io *watcher, int events)
{
	(void)loop;
	struct connection *connection = watcher->data;
	struct tarn__stream *stream = &connection->stream;
	size_t pending = tarn__stream_pending(stream);
	if ((events & EV_WRITE) && tarn__stream_flush(stream) != 0) {
		close_connection(connection);
		return;
	}
	bool has_progress = tarn__stream_pending(stream) < pending;
	bool is_wanted = is_reading(connection) || connection->is_ending;
	if ((events & EV_READ) && is_wanted && !read_some(connection)) {
		close_connection(connection);
		return;
	}
	tarn__clock_hold();
	int count = ask(connection);
	tarn__clock_release();
	if (count < 0)
		close_connection(connection);
	else
		settle(connection, has_progress || count > 0);
}

bool tarn__tcp_flush(struct tarn__tcp *tcp)
{
	bool has_asked = false;
	while (!tarn__list_is_empty(&tcp->touched)) {
		struct connection *connection =
			TARN__CONTAINER(tcp->touched.next, struct connection, touched);
		tarn__list_remove(&connection->touched);
		if (connection->is_closed)
			continue;
		int count = tarn__stream_flush(&connection->stream) == 0 ? ask(connection) : -1;
		has_asked |= count > 0;
		if (count < 0)
			close_connection(connection);
		else
			settle(connection, true);
	}
	return has_asked;
}

/* ---- connections come and go -------------------------------------------------------------- */

static void close_idle(struct tarn__tcp *tcp)
{
	tcp->stats.idle_closed++;
	close_connection(TARN__CONTAINER(tcp->idle.next, struct connection, node));
}

static void add_connection(struct tarn__tcp *tcp, int fd, const struct tarn_address *peer)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	if (connection == NULL) {
		close(fd);
		return;
	}
	int on = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	connection->tcp = tcp;
	tarn__peers_add(&tcp->peers, &connection->peer, peer);
	connection->since_ms = tarn__clock_ms();
	tarn__list_init(&connection->node);
	tarn__list_init(&connection->touched);
	tarn__stream_init(&connection->stream, fd);
	ev_init(&connection->ready, on_ready);
	connection->ready.data = connection;
	tcp->stats.connections++;
	tcp->stats.accepted++;
	move(connection, &tcp->idle);
	watch(connection);
}

/* false: the client has as many connections as one may have, and none of them is idle. */
static bool make_place(struct tarn__tcp *tcp, const struct tarn_address *address)
{
	uint64_t client = tarn__peer_client(address);
	const struct tarn__list *bucket = tarn__peers_bucket(&tcp->peers, client);
	struct connection *oldest = NULL;
	unsigned count = 0;
	for (struct tarn__list *node = bucket->next; node != bucket; node = node->next) {
		struct connection *connection = TARN__CONTAINER(node, struct connection, peer.node);
		if (connection->peer.client != client)
			continue;
		count++;
		if (connection->list == &tcp->idle &&
		    (!oldest || connection->since_ms < oldest->since_ms))
			oldest = connection;
	}
	if (count < TARN__TCP_PER_CLIENT)
		return true;
	if (!oldest)
		return false;
	tcp->stats.idle_closed++;
	close_connection(oldest);
	return true;
}

/* At once and for good: a client that is closed gently may come again and again. */
static void refuse(struct tarn__tcp *tcp, int fd)
{
	struct linger linger = {.l_onoff = 1};
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
	tcp->stats.refused++;
}

/* Are there perhaps more? */
static bool accept_some(struct listener *listener)
{
	struct tarn__tcp *tcp = listener->tcp;
	for (int i = 0; i < ACCEPTS_PER_EVENT; i++) {
		bool is_full = tcp->stats.connections >= TARN__TCP_CONNECTIONS;
		if (is_full && tarn__list_is_empty(&tcp->idle)) {
			pause_accepting(tcp, UINT64_MAX);
			return false;
		}
		struct tarn_address peer = {0};
		socklen_t peer_len = sizeof(peer);
		int fd = accept4(listener->acceptable.fd, &peer.sa, &peer_len,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			if (is_full)
				close_idle(tcp);
			if (make_place(tcp, &peer))
				add_connection(tcp, fd, &peer);
			else
				refuse(tcp, fd);
			continue;
		}
		switch (errno) {
		case EMFILE:
		case ENFILE:
		case ENOBUFS:
		case ENOMEM:
			tarn__report(tcp->tarn, TARN_LOG_WARNING, "TCP: cannot accept: %s",
				     strerror(errno));
			pause_accepting(tcp, tarn__clock_ms() + PAUSE_MS);
			return false;
		case EAGAIN:
			return false;
		default: /* a connection that broke before it was accepted; the next may be well */
			break;
		}
	}
	return true;
}

static void on_acceptable(struct ev_loop *loop, ev_io *watcher, int events)
{
	(void)loop;
	(void)events;
	accept_some(watcher->data);
}

/*
 * When the first of a list is over its time; UINT64_MAX: there is none. A sum, no difference: the
 * clock of a turn may be older than a connection's last progress.
 */
static uint64_t first_end(const struct tarn__list *list, uint64_t time_ms)
{
	if (tarn__list_is_empty(list))
		return UINT64_MAX;
	return TARN__CONTAINER(list->next, struct connection, node)->since_ms + time_ms;
}

uint64_t tarn__tcp_expire(struct tarn__tcp *tcp, uint64_t now_ms)
{
	while (first_end(&tcp->idle, idle_ms(tcp)) <= now_ms)
		close_idle(tcp);
	while (first_end(&tcp->stalled, STALLED_MS) <= now_ms) {
		tcp->stats.stalled_closed++;
		close_connection(TARN__CONTAINER(tcp->stalled.next, struct connection, node));
	}
	if (tcp->is_paused && now_ms >= tcp->resume_ms)
		resume_accepting(tcp);
	uint64_t idle_end = first_end(&tcp->idle, idle_ms(tcp));
	uint64_t stalled_end = first_end(&tcp->stalled, STALLED_MS);
	uint64_t next = idle_end < stalled_end ? idle_end : stalled_end;
	return next < tcp->resume_ms ? next : tcp->resume_ms;
}

struct tarn__tcp *tarn__tcp_new(struct tarn *tarn, struct ev_loop *loop)
{
	struct tarn__tcp *tcp = calloc(1, sizeof(*tcp));
	if (tcp == NULL)
		return NULL;
	tcp->tarn = tarn;
	tcp->loop = loop;
	tcp->resume_ms = UINT64_MAX;
	tarn__list_init(&tcp->listeners);
	tarn__list_init(&tcp->idle);
	tarn__list_init(&tcp->stalled);
	tarn__list_init(&tcp->busy);
	tarn__list_init(&tcp->touched);
	tarn__peers_init(&tcp->peers);
	return tcp;
}

void tarn__tcp_set_resolver(struct tarn__tcp *tcp, struct tarn__resolver *resolver)
{
	tcp->resolver = resolver;
}

int tarn__tcp_add(struct tarn__tcp *tcp, int fd)
{
	struct listener *listener = calloc(1, sizeof(*listener));
	if (listener == NULL)
		return TARN_ENOMEM;
	listener->tcp = tcp;
	tarn__list_append(&tcp->listeners, &listener->node);
	ev_io_init(&listener->acceptable, on_acceptable, fd, EV_READ);
	listener->acceptable.data = listener;
	if (!tcp->is_paused)
		ev_io_start(tcp->loop, &listener->acceptable);
	return 0;
}

static void free_listener(struct listener *listener)
{
	ev_io_stop(listener->tcp->loop, &listener->acceptable);
	tarn__list_remove(&listener->node);
	free(listener);
}

void tarn__tcp_remove(struct tarn__tcp *tcp, int fd)
{
	for (struct tarn__list *node = tcp->listeners.next; node != &tcp->listeners;
	     node = node->next) {
		struct listener *listener = TARN__CONTAINER(node, struct listener, node);
		if (listener->acceptable.fd == fd) {
			free_listener(listener);
			return;
		}
	}
}

static void close_listener(struct listener *listener)
{
	int fd = listener->acceptable.fd;
	free_listener(listener);
	close(fd);
}

void tarn__tcp_close(struct tarn__tcp *tcp, const struct tarn_address *address)
{
	struct tarn__list *next;
	for (struct tarn__list *node = tcp->listeners.next; node != &tcp->listeners; node = next) {
		struct listener *listener = TARN__CONTAINER(node, struct listener, node);
		next = node->next;
		if (!tarn__socket_is_at(listener->acceptable.fd, address))
			continue;
		for (int round = 0; round < ACCEPT_ROUNDS_AT_END && !tcp->is_paused; round++) {
			if (!accept_some(listener))
				break;
		}
		close_listener(listener);
	}
}

static void end_all(struct tarn__list *list)
{
	while (!tarn__list_is_empty(list)) {
		struct connection *connection =
			TARN__CONTAINER(list->next, struct connection, node);
		(void)tarn__stream_flush(&connection->stream);
		connection->in_flight = 0;
		close_connection(connection);
	}
}

void tarn__tcp_free(struct tarn__tcp *tcp)
{
	if (tcp == NULL)
		return;
	tcp->is_paused = false;
	end_all(&tcp->idle);
	end_all(&tcp->stalled);
	end_all(&tcp->busy);
	while (!tarn__list_is_empty(&tcp->listeners))
		close_listener(TARN__CONTAINER(tcp->listeners.next, struct listener, node));
	free(tcp);
}

const struct tarn__tcp_stats *tarn__tcp_stats(const struct tarn__tcp *tcp)
{
	return &tcp->stats;
}
