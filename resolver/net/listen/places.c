/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/listen/places.c: which clients have a connection. An idle one is closed after idle_ms(), a stalled
 * one STALLED_MS after its last whole message or written octet; a busy one is ended by the resolver's
 * deadlines, and one that is not open yet is reset TARN__SECURING_MS after its acceptance.
 */
#include "config.h"

#include "net/listen/places.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/address.h"
#include "core/policy/network_list.h"
#include "core/resolver.h"
#include "net/clock.h"
#include "net/listen/handshake_rate.h"
#include "net/listen/peers.h"
#include "net/listen/securing.h"
#include "net/listen/tcp.h"

enum {
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

/* What connections of a transport have. */
static const struct {
	size_t count;
	size_t part; /* of the places of TCP, where there are more of those than usual */
	uint64_t idle_ms, idle_min_ms;
} limits[TARN__TRANSPORTS] = {
	/* RFC 7766 section 6.2.3: a few seconds */
	[TARN__TCP] = {TARN__TCP_CONNECTIONS, 1, 10000, 500},
	/* A handshake costs as much as a thousand answers (RFC 7858 section 3.4). */
	[TARN__TLS] = {TARN__TLS_CONNECTIONS, TARN__TCP_CONNECTIONS / TARN__TLS_CONNECTIONS, 30000,
		       2000},
	[TARN__HTTPS] = {TARN__HTTPS_CONNECTIONS, TARN__TCP_CONNECTIONS / TARN__HTTPS_CONNECTIONS,
			 30000, 2000},
};

/* ---- times ------------------------------------------------------------------------------ */

/* RFC 7766 section 6.2.3, RFC 9210 section 4: shorter the fewer places are left. */
static uint64_t idle_ms(const struct tarn__places *places)
{
	uint64_t idle_ms = limits[places->all.transport].idle_ms;
	uint64_t idle_min_ms = limits[places->all.transport].idle_min_ms;
	uint64_t taken = places->all.stats.connections, half = places->count / 2;
	uint64_t left = taken < places->count ? places->count - taken : 0;
	if (left >= half)
		return idle_ms;
	return idle_min_ms + (idle_ms - idle_min_ms) * left / half;
}

static uint16_t keepalive(const struct tarn__connections *all)
{
	return (uint16_t)(idle_ms(TARN__CONTAINER(all, struct tarn__places, all)) / 100);
}

/* ---- making room ------------------------------------------------------------------------ */

static void close_idle(struct tarn__connection *connection)
{
	connection->all->stats.idle_closed++;
	tarn__connection_leave(connection);
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

/*
 * Returns the one that makes room for another, and the time from which it does; NULL: all are busy. One that has
 * had the time for its handshake does so before one that is open.
 */
static struct tarn__connection *find_victim(const struct tarn__places *places, uint64_t *from_ms)
{
	const struct tarn__connections *all = &places->all;
	struct tarn__connection *coming = tarn__connection_first(&all->securing);
	struct tarn__connection *victim =
		older(tarn__connection_first(&all->idle), tarn__connection_first(&all->stalled));
	if (coming &&
	    (!victim || coming->since_ms + TARN__SECURING_SPARED_MS <= tarn__clock_ms())) {
		*from_ms = coming->since_ms + TARN__SECURING_SPARED_MS;
		return coming;
	}
	if (!victim)
		return NULL;
	bool is_spared = victim->list == &all->idle ? !victim->has_asked : !victim->is_shut;
	*from_ms = victim->since_ms + (is_spared ? SPARED_MS : 0);
	return victim;
}

static void make_room(struct tarn__connection *victim)
{
	struct tarn__connections *all = victim->all;
	if (victim->list == &all->idle) {
		close_idle(victim);
	} else if (victim->list == &all->securing) {
		all->stats.handshakes_refused++;
		tarn__securing_reset(victim);
	} else {
		close_stalled(victim);
	}
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

/* Returns false if no place can be had. */
static bool make_any_place(struct tarn__places *places)
{
	uint64_t from_ms;
	if (places->all.stats.connections < places->count)
		return true;
	struct tarn__connection *victim = find_victim(places, &from_ms);
	if (victim)
		make_room(victim);
	return victim;
}

/* Returns false if the client has its share and all of it is busy. */
static bool keep_share(struct tarn__places *places, const struct tarn_address *address)
{
	size_t share = places->count > TARN__TCP_SHARES ? places->count / TARN__TCP_SHARES : 1;
	struct tarn__connection *victim;
	if (count_share(places, address, &victim) < share)
		return true;
	if (victim)
		make_room(victim);
	return victim;
}

/* ---- admission -------------------------------------------------------------------------- */

static bool is_proxy(const struct tarn__places *places, const struct tarn_address *address)
{
	const struct tarn__config *config = tarn__resolver_config(places->all.resolver);
	return places->all.transport != TARN__TCP && config->proxies &&
	       tarn__network_list_cover(config->proxies, address);
}

/* Questions that a proxy passes on are judged one by one. */
static bool may_ask(const struct tarn__places *places, const struct tarn_address *address)
{
	return tarn__resolver_serves(places->all.resolver, address) || is_proxy(places, address);
}

/* A reset, since a client that is closed in order may connect again and again. */
static void refuse(struct tarn__places *places, int fd)
{
	struct linger linger = {.l_onoff = 1};
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
	places->all.stats.refused++;
}

static void admit_stranger(struct tarn__places *places, int fd, const struct tarn_address *peer)
{
	struct tarn__connections *all = &places->all;
	if (all->transport != TARN__TCP) {
		refuse(places, fd);
		all->stats.strangers++;
		return;
	}
	if (all->stranger_count == TARN__TCP_STRANGERS)
		tarn__connection_close(tarn__connection_first(&all->strangers));
	struct tarn__connection *connection = tarn__connection_new(all, fd, peer, true);
	if (connection && tarn__connection_start(connection) != 0)
		tarn__connection_close(connection);
}

void tarn__places_admit(struct tarn__places *places, int fd, const struct tarn_address *peer)
{
	struct tarn__connections *all = &places->all;
	bool is_of_proxy = is_proxy(places, peer);
	if (!is_of_proxy && !may_ask(places, peer)) {
		admit_stranger(places, fd, peer);
		return;
	}
	/* The share of a proxy is that of each of its clients. */
	if ((!is_of_proxy && !keep_share(places, peer)) || !make_any_place(places)) {
		refuse(places, fd);
		return;
	}
	struct tarn__connection *connection = tarn__connection_new(all, fd, peer, false);
	if (!connection)
		return;
	int error = all->transport == TARN__TCP ? tarn__connection_start(connection)
						: tarn__securing_start(connection, is_of_proxy);
	if (error != 0)
		tarn__connection_close(connection);
}

/* struct tarn__connections.readmit */
static bool readmit(struct tarn__connection *connection, const struct tarn_address *client)
{
	struct tarn__places *places = TARN__CONTAINER(connection->all, struct tarn__places, all);
	tarn__list_remove(&connection->peer.node);
	if (!may_ask(places, client)) {
		connection->all->stats.strangers++;
		return false;
	}
	if (!keep_share(places, client)) {
		connection->all->stats.refused++;
		return false;
	}
	tarn__peers_add(&connection->all->peers, &connection->peer, client);
	return true;
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
	struct tarn__connections *all = &places->all;
	uint64_t next_ms = UINT64_MAX;
	if (all->transport != TARN__TCP)
		next_ms = tarn__securing_run(all, now_ms);
	uint64_t idle_end_ms;
	while ((idle_end_ms = first_end(&all->idle, idle_ms(places))) <= now_ms)
		close_idle(tarn__connection_first(&all->idle));
	while (first_end(&all->stalled, STALLED_MS) <= now_ms)
		close_stalled(tarn__connection_first(&all->stalled));
	while (first_end(&all->strangers, STRANGER_MS) <= now_ms)
		tarn__connection_close(tarn__connection_first(&all->strangers));
	next_ms = earlier(next_ms, idle_end_ms);
	next_ms = earlier(next_ms, first_end(&all->stalled, STALLED_MS));
	return earlier(next_ms, first_end(&all->strangers, STRANGER_MS));
}

void tarn__places_set_count(struct tarn__places *places, size_t count)
{
	size_t usual = limits[places->all.transport].count;
	size_t part = count / limits[places->all.transport].part;
	places->count = count < usual ? count : usual;
	if (places->count < part)
		places->count = part;
	uint64_t from_ms;
	struct tarn__connection *victim;
	while (places->all.stats.connections > places->count &&
	       (victim = find_victim(places, &from_ms)))
		make_room(victim);
}

static void review_list(const struct tarn__places *places, struct tarn__list *list)
{
	struct tarn__list *next;
	for (struct tarn__list *node = list->next; node != list; node = next) {
		next = node->next;
		struct tarn__connection *connection =
			TARN__CONTAINER(node, struct tarn__connection, node);
		if (!connection->is_ending && !may_ask(places, &connection->peer.address))
			tarn__connection_end(connection);
	}
}

void tarn__places_review(struct tarn__places *places)
{
	/* Ending moves some of the first two lists to the third. */
	review_list(places, &places->all.securing);
	review_list(places, &places->all.idle);
	review_list(places, &places->all.busy);
	review_list(places, &places->all.stalled);
}

int tarn__places_init(struct tarn__places *places, struct tarn *tarn, struct ev_loop *loop,
		      enum tarn__transport transport, void (*has_room)(struct tarn__connections *))
{
	struct tarn__connections *all = &places->all;
	tarn__connections_init(all);
	all->tarn = tarn;
	all->loop = loop;
	all->transport = transport;
	all->protocol = transport == TARN__HTTPS ? &tarn__client_http : &tarn__client_stream;
	all->keepalive = keepalive;
	all->has_room = has_room;
	all->readmit = readmit;
	places->count = limits[transport].count;
	if (transport == TARN__TCP)
		return 0;
	all->rate = tarn__handshake_rate_new();
	return all->rate ? 0 : TARN_ENOMEM;
}

void tarn__places_fini(struct tarn__places *places)
{
	tarn__connections_fini(&places->all);
	tarn__handshake_rate_free(places->all.rate);
}
