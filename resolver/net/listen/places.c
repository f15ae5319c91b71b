/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/listen/places.c: which clients have a connection. An idle one is closed after idle_ms(), a stalled
 * one STALLED_MS after its last whole message or written octet; a busy one is ended by the resolver's
 * deadlines.
 */
#include "config.h"

#include "net/listen/places.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/address.h"
#include "core/resolver.h"
#include "net/clock.h"
#include "net/listen/peers.h"
#include "net/listen/tcp.h"

enum {
	IDLE_MS = 10000, /* RFC 7766 section 6.2.3: a few seconds */
	IDLE_MIN_MS = 500,
	STALLED_MS = 5000,
	/*
	 * Where all places are taken: time for which one that has not asked yet, or is in the middle of it,
	 * is kept.
	 */
	SPARED_MS = 200,
	/* Where all are busy: number that take no more questions when another client comes. */
	ENDS_AT_ONCE = 16,
	/* From its acceptance to its end: a question comes with the handshake, or soon. */
	STRANGER_MS = 1000,
};

/* ---- times ------------------------------------------------------------------------------ */

/* RFC 7766 section 6.2.3, RFC 9210 section 4: shorter the fewer places are left. */
static uint64_t idle_ms(const struct tarn__places *places)
{
	uint64_t taken = places->all.stats.connections, half = places->count / 2;
	uint64_t left = taken < places->count ? places->count - taken : 0;
	if (left >= half)
		return IDLE_MS;
	return IDLE_MIN_MS + (IDLE_MS - IDLE_MIN_MS) * left / half;
}

static uint16_t keepalive(const struct tarn__connections *all)
{
	return (uint16_t)(idle_ms(TARN__CONTAINER(all, struct tarn__places, all)) / 100);
}

/* ---- making room ------------------------------------------------------------------------ */

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

/* Returns the older of two that could make room; either may be NULL. */
static struct tarn__connection *older(struct tarn__connection *a, struct tarn__connection *b)
{
	if (!a || !b)
		return a ? a : b;
	return b->since_ms < a->since_ms ? b : a;
}

/* Returns the one that makes room for another, and the time from which it does; NULL: all are busy. */
static struct tarn__connection *find_victim(const struct tarn__places *places, uint64_t *from_ms)
{
	struct tarn__connection *victim = older(tarn__connection_first(&places->all.idle),
						tarn__connection_first(&places->all.stalled));
	if (!victim)
		return NULL;
	bool is_spared = victim->list == &places->all.idle ? !victim->has_asked : !victim->is_shut;
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

void tarn__places_end_some(struct tarn__places *places)
{
	int count = 0;
	struct tarn__list *next;
	for (struct tarn__list *node = places->all.busy.next;
	     node != &places->all.busy && count < ENDS_AT_ONCE; node = next, count++) {
		next = node->next;
		struct tarn__connection *connection =
			TARN__CONTAINER(node, struct tarn__connection, node);
		if (!connection->is_ending)
			tarn__connection_end(connection);
	}
}

uint64_t tarn__places_next_ms(const struct tarn__places *places)
{
	uint64_t from_ms = 0;
	if (places->all.stats.connections >= places->count && !find_victim(places, &from_ms))
		return UINT64_MAX;
	return from_ms;
}

/* Counts the connections of a client, and finds the oldest of them that can make room; NULL: none. */
static size_t count_share(struct tarn__places *places, const struct tarn_address *address,
			  struct tarn__connection **oldest)
{
	uint64_t client = tarn__address_client(address);
	const struct tarn__list *bucket = tarn__peers_bucket(&places->all.peers, client);
	size_t count = 0;
	*oldest = NULL;
	for (struct tarn__list *node = bucket->next; node != bucket; node = node->next) {
		struct tarn__connection *connection =
			TARN__CONTAINER(node, struct tarn__connection, peer.node);
		if (connection->peer.client != client)
			continue;
		count++;
		if (connection->list != &places->all.busy)
			*oldest = older(*oldest, connection);
	}
	return count;
}

/* Returns false if the client has its share and all of it is busy, or if no place can be had. */
static bool make_place(struct tarn__places *places, const struct tarn_address *address)
{
	size_t share = places->count > TARN__TCP_SHARES ? places->count / TARN__TCP_SHARES : 1;
	struct tarn__connection *victim;
	uint64_t from_ms;
	if (count_share(places, address, &victim) < share) {
		if (places->all.stats.connections < places->count)
			return true;
		victim = find_victim(places, &from_ms);
	}
	if (!victim)
		return false;
	make_room(victim);
	return true;
}

/* ---- admission -------------------------------------------------------------------------- */

/* A reset, since a client that is closed in order may connect again and again. */
static void refuse(struct tarn__places *places, int fd)
{
	struct linger linger = {.l_onoff = 1};
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
	places->all.stats.refused++;
}

void tarn__places_admit(struct tarn__places *places, int fd, const struct tarn_address *peer)
{
	struct tarn__connections *all = &places->all;
	bool is_stranger = !tarn__resolver_serves(all->resolver, peer);
	if (is_stranger && all->stranger_count == TARN__TCP_STRANGERS)
		tarn__connection_close(tarn__connection_first(&all->strangers));
	if (is_stranger || make_place(places, peer))
		tarn__connection_open(all, fd, peer, is_stranger);
	else
		refuse(places, fd);
}

/* ---- expiry ----------------------------------------------------------------------------- */

/*
 * Returns when the first of a list is over its time; UINT64_MAX: it is empty. A sum, not a difference: the
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

uint64_t tarn__places_expire(struct tarn__places *places, uint64_t now_ms)
{
	const struct tarn__connections *all = &places->all;
	while (first_end(&all->idle, idle_ms(places)) <= now_ms)
		close_idle(tarn__connection_first(&all->idle));
	while (first_end(&all->stalled, STALLED_MS) <= now_ms)
		close_stalled(tarn__connection_first(&all->stalled));
	while (first_end(&all->strangers, STRANGER_MS) <= now_ms)
		tarn__connection_close(tarn__connection_first(&all->strangers));
	uint64_t next_ms = earlier(first_end(&all->idle, idle_ms(places)),
				   first_end(&all->stalled, STALLED_MS));
	return earlier(next_ms, first_end(&all->strangers, STRANGER_MS));
}

void tarn__places_set_count(struct tarn__places *places, size_t count)
{
	places->count = count;
	uint64_t from_ms;
	struct tarn__connection *victim;
	while (places->all.stats.connections > count && (victim = find_victim(places, &from_ms)))
		make_room(victim);
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

void tarn__places_review(struct tarn__places *places)
{
	/* Ending moves some of the first two lists to the third. */
	review_list(&places->all.idle);
	review_list(&places->all.busy);
	review_list(&places->all.stalled);
}

void tarn__places_init(struct tarn__places *places, struct ev_loop *loop,
		       void (*has_room)(struct tarn__connections *))
{
	tarn__connections_init(&places->all);
	places->all.loop = loop;
	places->all.keepalive = keepalive;
	places->all.has_room = has_room;
	places->count = TARN__TCP_CONNECTIONS;
}

void tarn__places_fini(struct tarn__places *places)
{
	tarn__connections_fini(&places->all);
}
