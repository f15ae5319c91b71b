/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/listen/tcp.c: who of the clients has a connection. One that is idle is closed after idle_ms(), one that
 * is stalled after STALLED_MS without a whole message or a written octet; one that is busy has an end
 * by the resolver's deadlines.
 */
#include "config.h"

#include "base/address.h"
#include "net/listen/tcp.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/list.h"
#include "core/resolver.h"
#include "net/clock.h"
#include "net/listen/connection.h"
#include "net/listen/peers.h"
#include "net/shared.h"
#include "net/socket.h"
#include "tarn.h"

enum {
	IDLE_MS = 10000, /* RFC 7766 section 6.2.3: a few seconds */
	IDLE_MIN_MS = 500,
	STALLED_MS = 5000,
	/* In a full house: so long one that has not asked yet, or is in the middle of it, may stay. */
	SPARED_MS = 200,
	/* So many of a house where all are at work take no more questions, when another one comes. */
	ENDS_AT_ONCE = 16,
	/* From its acceptance to its end: a question comes with the handshake, or soon. */
	STRANGER_MS = 1000,
	/* Without a descriptor to spare nobody is accepted for so long, or until one is closed. */
	PAUSE_MS = 1000,
	ACCEPTS_PER_EVENT = 64,
	/* Times those, of a listener that is to be closed: more than wait at its door. */
	ACCEPT_ROUNDS_AT_END = 8,
};

struct listener {
	struct tarn__list node; /* of tcp->listeners */
	struct tarn__tcp *tcp;
	ev_io acceptable;
};

struct tarn__tcp {
	struct tarn *tarn;
	struct tarn__connections all;
	struct tarn__list listeners;
	size_t places;
	bool is_paused;
	uint64_t resume_ms;
};

/* ---- accepting ---------------------------------------------------------------------------- */

static void pause_accepting(struct tarn__tcp *tcp, uint64_t resume_ms)
{
	tcp->is_paused = true;
	tcp->resume_ms = resume_ms;
	for (struct tarn__list *node = tcp->listeners.next; node != &tcp->listeners;
	     node = node->next)
		ev_io_stop(tcp->all.loop,
			   &TARN__CONTAINER(node, struct listener, node)->acceptable);
}

static void resume_accepting(struct tarn__tcp *tcp)
{
	tcp->is_paused = false;
	tcp->resume_ms = UINT64_MAX;
	for (struct tarn__list *node = tcp->listeners.next; node != &tcp->listeners;
	     node = node->next)
		ev_io_start(tcp->all.loop,
			    &TARN__CONTAINER(node, struct listener, node)->acceptable);
}

static void on_room(struct tarn__connections *all)
{
	struct tarn__tcp *tcp = TARN__CONTAINER(all, struct tarn__tcp, all);
	if (tcp->is_paused)
		resume_accepting(tcp);
}

/* ---- how long one may stay ---------------------------------------------------------------- */

/* RFC 7766 section 6.2.3, RFC 9210 section 4: the fewer places are left the shorter. */
static uint64_t idle_ms(const struct tarn__tcp *tcp)
{
	uint64_t taken = tcp->all.stats.connections, half = tcp->places / 2;
	uint64_t left = taken < tcp->places ? tcp->places - taken : 0;
	if (left >= half)
		return IDLE_MS;
	return IDLE_MIN_MS + (IDLE_MS - IDLE_MIN_MS) * left / half;
}

static uint16_t keepalive(const struct tarn__connections *all)
{
	return (uint16_t)(idle_ms(TARN__CONTAINER(all, struct tarn__tcp, all)) / 100);
}

/* ---- who makes room ----------------------------------------------------------------------- */

static void close_idle(struct tarn__connection *connection)
{
	connection->all->stats.idle_closed++;
	tarn__connection_close(connection);
}

static void close_stalled(struct tarn__connection *connection)
{
	connection->all->stats.stalled_closed++;
	tarn__connection_close(connection);
}

/* Of two that might make room, either of which may be NULL. */
static struct tarn__connection *older(struct tarn__connection *a, struct tarn__connection *b)
{
	if (a == NULL || b == NULL)
		return a != NULL ? a : b;
	return b->since_ms < a->since_ms ? b : a;
}

/* The one that makes room for another, and from when on; NULL: all are at work. */
static struct tarn__connection *find_victim(const struct tarn__tcp *tcp, uint64_t *from_ms)
{
	struct tarn__connection *victim = older(tarn__connection_first(&tcp->all.idle),
						tarn__connection_first(&tcp->all.stalled));
	if (victim == NULL)
		return NULL;
	bool is_spared = victim->list == &tcp->all.idle ? !victim->has_asked : !victim->is_shut;
	*from_ms = victim->since_ms + (is_spared ? SPARED_MS : 0);
	return victim;
}

static void make_room(struct tarn__connection *victim)
{
	if (victim->list == &victim->all->idle)
		close_idle(victim);
	else
		close_stalled(victim);
}

/* Those that have waited for longest for their answers, at 4 seconds at most. */
static void end_some(struct tarn__tcp *tcp)
{
	int count = 0;
	struct tarn__list *next;
	for (struct tarn__list *node = tcp->all.busy.next;
	     node != &tcp->all.busy && count < ENDS_AT_ONCE; node = next, count++) {
		next = node->next;
		struct tarn__connection *connection =
			TARN__CONTAINER(node, struct tarn__connection, node);
		if (!connection->is_ending)
			tarn__connection_end(connection);
	}
}

/* From when on one more can be accepted; UINT64_MAX: when one of those at work is done. */
static uint64_t next_place_ms(const struct tarn__tcp *tcp)
{
	uint64_t from_ms = 0;
	if (tcp->all.stats.connections >= tcp->places && find_victim(tcp, &from_ms) == NULL)
		return UINT64_MAX;
	return from_ms;
}

static bool has_place(const struct tarn__tcp *tcp)
{
	return next_place_ms(tcp) <= tarn__clock_ms();
}

/* What its client has of its share of the places, and the one of these that can make room. */
static size_t count_share(struct tarn__tcp *tcp, const struct tarn_address *address,
			  struct tarn__connection **oldest)
{
	uint64_t client = tarn__address_client(address);
	const struct tarn__list *bucket = tarn__peers_bucket(&tcp->all.peers, client);
	size_t count = 0;
	*oldest = NULL;
	for (struct tarn__list *node = bucket->next; node != bucket; node = node->next) {
		struct tarn__connection *connection =
			TARN__CONTAINER(node, struct tarn__connection, peer.node);
		if (connection->peer.client != client)
			continue;
		count++;
		if (connection->list != &tcp->all.busy)
			*oldest = older(*oldest, connection);
	}
	return count;
}

/* false: the client has its share of the places, and all are at work; or there is no place at all. */
static bool make_place(struct tarn__tcp *tcp, const struct tarn_address *address)
{
	size_t share = tcp->places > TARN__TCP_SHARES ? tcp->places / TARN__TCP_SHARES : 1;
	struct tarn__connection *victim;
	uint64_t from_ms;
	if (count_share(tcp, address, &victim) < share) {
		if (tcp->all.stats.connections < tcp->places)
			return true;
		victim = find_victim(tcp, &from_ms);
	}
	if (victim == NULL)
		return false;
	make_room(victim);
	return true;
}

/* ---- who comes in ------------------------------------------------------------------------- */

/* At once and for good: a client that is closed gently may come again and again. */
static void refuse(struct tarn__tcp *tcp, int fd)
{
	struct linger linger = {.l_onoff = 1};
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
	tcp->all.stats.refused++;
}

static void admit(struct tarn__tcp *tcp, int fd, const struct tarn_address *peer)
{
	struct tarn__connections *all = &tcp->all;
	bool is_stranger = !tarn__resolver_serves(all->resolver, peer);
	if (is_stranger && all->stranger_count == TARN__TCP_STRANGERS)
		tarn__connection_close(tarn__connection_first(&all->strangers));
	if (is_stranger || make_place(tcp, peer))
		tarn__connection_open(all, fd, peer, is_stranger);
	else
		refuse(tcp, fd);
}

/* Are there perhaps more? */
static bool accept_some(struct listener *listener)
{
	struct tarn__tcp *tcp = listener->tcp;
	for (int i = 0; i < ACCEPTS_PER_EVENT; i++) {
		if (!has_place(tcp))
			return false;
		struct tarn_address peer = {0};
		socklen_t peer_len = sizeof(peer);
		int fd = accept4(listener->acceptable.fd, &peer.sa, &peer_len,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			admit(tcp, fd, &peer);
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
	struct listener *listener = watcher->data;
	struct tarn__tcp *tcp = listener->tcp;
	uint64_t from_ms = next_place_ms(tcp);
	if (from_ms <= tarn__clock_ms()) {
		accept_some(listener);
		return;
	}
	/* Somebody is at the door. */
	if (from_ms == UINT64_MAX)
		end_some(tcp);
	pause_accepting(tcp, from_ms);
}

/*
 * When the first of a list is over its time; UINT64_MAX: there is none. A sum, no difference: the
 * clock of a turn may be older than a connection's last progress.
 */
static uint64_t first_end(const struct tarn__list *list, uint64_t time_ms)
{
	if (tarn__list_is_empty(list))
		return UINT64_MAX;
	return TARN__CONTAINER(list->next, struct tarn__connection, node)->since_ms + time_ms;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t tarn__tcp_expire(struct tarn__tcp *tcp, uint64_t now_ms)
{
	while (first_end(&tcp->all.idle, idle_ms(tcp)) <= now_ms)
		close_idle(tarn__connection_first(&tcp->all.idle));
	while (first_end(&tcp->all.stalled, STALLED_MS) <= now_ms)
		close_stalled(tarn__connection_first(&tcp->all.stalled));
	while (first_end(&tcp->all.strangers, STRANGER_MS) <= now_ms)
		tarn__connection_close(tarn__connection_first(&tcp->all.strangers));
	if (tcp->is_paused && now_ms >= tcp->resume_ms)
		resume_accepting(tcp);
	uint64_t next_ms = earlier(first_end(&tcp->all.idle, idle_ms(tcp)),
				   first_end(&tcp->all.stalled, STALLED_MS));
	next_ms = earlier(next_ms, first_end(&tcp->all.strangers, STRANGER_MS));
	return earlier(next_ms, tcp->resume_ms);
}

void tarn__tcp_set_places(struct tarn__tcp *tcp, size_t count)
{
	tcp->places = count;
	uint64_t from_ms;
	struct tarn__connection *victim;
	while (tcp->all.stats.connections > count && (victim = find_victim(tcp, &from_ms)) != NULL)
		make_room(victim);
	if (tcp->is_paused)
		resume_accepting(tcp);
}

static void review_list(struct tarn__list *list)
{
	struct tarn__list *next;
	for (struct tarn__list *node = list->next; node != list; node = next) {
		next = node->next;
		struct tarn__connection *connection =
			TARN__CONTAINER(node, struct tarn__connection, node);
		if (!connection->is_ending &&
		    !tarn__resolver_serves(connection->all->resolver, &connection->peer.address))
			tarn__connection_end(connection);
	}
}

void tarn__tcp_review(struct tarn__tcp *tcp)
{
	/* Ending moves some of the first two lists to the third. */
	review_list(&tcp->all.idle);
	review_list(&tcp->all.busy);
	review_list(&tcp->all.stalled);
}

struct tarn__tcp *tarn__tcp_new(struct tarn *tarn, struct ev_loop *loop)
{
	struct tarn__tcp *tcp = calloc(1, sizeof(*tcp));
	if (tcp == NULL)
		return NULL;
	tcp->tarn = tarn;
	tcp->resume_ms = UINT64_MAX;
	tarn__list_init(&tcp->listeners);
	tarn__connections_init(&tcp->all);
	tcp->all.loop = loop;
	tcp->all.keepalive = keepalive;
	tcp->all.has_room = on_room;
	tcp->places = TARN__TCP_CONNECTIONS;
	return tcp;
}

void tarn__tcp_set_resolver(struct tarn__tcp *tcp, struct tarn__resolver *resolver)
{
	tcp->all.resolver = resolver;
}

int tarn__tcp_add(struct tarn__tcp *tcp, int fd)
{
	struct listener *listener = calloc(1, sizeof(*listener));
	if (listener == NULL)
		return TARN_ENOMEM;
	listener->tcp = tcp;
	tarn__list_append(&tcp->listeners, &listener->node);
	ev_io_init(&listener->acceptable, on_acceptable, fd, EV_READ);
	/* Questions that have come are read before their connections make room for others. */
	ev_set_priority(&listener->acceptable, -1);
	listener->acceptable.data = listener;
	if (!tcp->is_paused)
		ev_io_start(tcp->all.loop, &listener->acceptable);
	return 0;
}

static void free_listener(struct listener *listener)
{
	ev_io_stop(listener->tcp->all.loop, &listener->acceptable);
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

void tarn__tcp_free(struct tarn__tcp *tcp)
{
	if (tcp == NULL)
		return;
	tcp->is_paused = false;
	tarn__connections_fini(&tcp->all);
	while (!tarn__list_is_empty(&tcp->listeners))
		close_listener(TARN__CONTAINER(tcp->listeners.next, struct listener, node));
	free(tcp);
}

const struct tarn__tcp_stats *tarn__tcp_stats(const struct tarn__tcp *tcp)
{
	return &tcp->all.stats;
}

bool tarn__tcp_flush(struct tarn__tcp *tcp)
{
	return tarn__connections_flush(&tcp->all);
}
