/* SPDX-License-Identifier: BSD-2-Clause */
/* net/listen/securing.c: a connection over TLS or HTTPS before it is open. */
#include "config.h"

#include "net/listen/securing.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "dns/message.h"
#include "net/clock.h"
#include "net/listen/connection.h"
#include "net/listen/handshake_rate.h"
#include "net/listen/proxy_header.h"
#include "net/shared.h"
#include "tarn.h"
#include "tls/tls.h"

enum {
	ALERTS_MS = 60000, /* an alert of a client is logged so often at most */
	/* RFC 8446 section 5.1 */
	RECORD_HEADER_LEN = 5,
	RECORD_HANDSHAKE = 22,
	RECORD_MAX = RECORD_HEADER_LEN + (1 << 14),
};

enum phase {
	HEADER, /* a proxy's header is to come */
	ARRIVED, /* the ClientHello is to come */
	WAITING, /* it has come, and waits for its turn */
	UNDER_WAY,
};

struct tarn__securing {
	enum phase phase;
	uint64_t begun_ms; /* the handshake */
	int wanted; /* octets of the ClientHello's record, as far as is known; 0: nothing is */
	size_t header_len;
	uint8_t header[TARN__PROXY_HEADER_MAX];
};

void tarn__securing_reset(struct tarn__connection *connection)
{
	tarn__connection_reset(connection);
}

static void watch(struct tarn__connection *connection, int events)
{
	ev_io *ready = &connection->ready;
	if (ev_is_active(ready) && (ready->events & (EV_READ | EV_WRITE)) == events)
		return;
	ev_io_stop(connection->all->loop, ready);
	ev_io_set(ready, connection->socket.fd, events);
	ev_io_start(connection->all->loop, ready);
}

/* ---- the handshake ------------------------------------------------------------------------ */

/* The alert is all that shows why a client does not trust the certificate: its user sees "no connection". */
static void report_alert(struct tarn__connection *connection)
{
	struct tarn__connections *all = connection->all;
	uint64_t now_ms = tarn__clock_ms();
	if (now_ms < all->next_alert_ms)
		return;
	all->next_alert_ms = now_ms + ALERTS_MS;
	char text[TARN_ADDRESS_TEXT_MAX];
	tarn__report(all->tarn, TARN_LOG_INFO, "%s: client %s gives up: %s",
		     tarn__transport_name(all->transport),
		     tarn_address_format(&connection->peer.address, text),
		     tarn__tls_fault(connection->tls));
}

static void fail(struct tarn__connection *connection)
{
	struct tarn__tcp_stats *stats = &connection->all->stats;
	if (tarn__tls_reason(connection->tls) == TARN__TLS_ALERT) {
		stats->handshakes_rejected++;
		report_alert(connection);
	} else {
		stats->handshakes_failed++;
	}
	tarn__connection_close(connection);
}

static void finish(struct tarn__connection *connection)
{
	struct tarn__connections *all = connection->all;
	if (tarn__tls_is_resumed(connection->tls)) {
		all->stats.handshakes_resumed++;
		tarn__handshake_rate_give_back(all->rate, connection->peer.client);
	} else {
		all->stats.handshakes_full++;
	}
	free(connection->securing);
	connection->securing = NULL;
	all->turn_ms = 0;
	tarn__connection_start_late(connection);
}

static void go_on(struct tarn__connection *connection)
{
	switch (tarn__tls_secure(connection->tls)) {
	case TARN__TLS_SECURING:
		watch(connection,
		      tarn__tls_wants_write(connection->tls) ? EV_READ | EV_WRITE : EV_READ);
		return;
	case TARN__TLS_OPEN:
		finish(connection);
		return;
	case TARN__TLS_FAILED:
		fail(connection);
		return;
	}
}

static void begin(struct tarn__connection *connection, uint64_t now_ms)
{
	struct tarn__connections *all = connection->all;
	/* Those that were begun before keep the certificates that they were begun with. */
	struct tarn__tls_server *server = tarn__get_tls_server(all->tarn);
	if (server)
		connection->tls =
			tarn__tls_accept(server, all->protocol->alpn, &connection->socket.pipe);
	tarn__tls_server_put(server);
	if (!connection->tls) {
		tarn__connection_close(connection);
		return;
	}
	connection->securing->phase = UNDER_WAY;
	connection->securing->begun_ms = now_ms;
	tarn__handshake_rate_take(all->rate, connection->peer.client, now_ms);
	go_on(connection);
}

/* ---- turns -------------------------------------------------------------------------------- */

/* Handshakes under way: how many, and the one that has been so for longest. */
struct under_way {
	size_t count;
	struct tarn__connection *first;
};

static void add_under_way(struct under_way *sum, struct tarn__connection *connection)
{
	const struct tarn__securing *securing = connection->securing;
	if (!securing || securing->phase != UNDER_WAY)
		return;
	sum->count++;
	if (!sum->first || securing->begun_ms < sum->first->securing->begun_ms)
		sum->first = connection;
}

static struct under_way find_all(struct tarn__connections *all)
{
	struct under_way sum = {0};
	for (struct tarn__list *node = all->securing.next; node != &all->securing;
	     node = node->next)
		add_under_way(&sum, TARN__CONTAINER(node, struct tarn__connection, node));
	return sum;
}

static struct under_way find_own(struct tarn__connections *all, uint64_t client)
{
	struct under_way sum = {0};
	const struct tarn__list *bucket = tarn__peers_bucket(&all->peers, client);
	for (struct tarn__list *node = bucket->next; node != bucket; node = node->next) {
		struct tarn__connection *connection =
			TARN__CONTAINER(node, struct tarn__connection, peer.node);
		if (connection->peer.client == client)
			add_under_way(&sum, connection);
	}
	return sum;
}

/*
 * Returns the time from which a connection that waits has its turn, and the connection that makes room for it; NULL:
 * none has to.
 */
static uint64_t find_turn(struct tarn__connection *connection, struct tarn__connection **victim)
{
	struct tarn__connections *all = connection->all;
	uint64_t from_ms = tarn__handshake_rate_from(all->rate, connection->peer.client);
	struct under_way sum = find_own(all, connection->peer.client);
	bool is_full = sum.count >= TARN__HANDSHAKES_PER_CLIENT;
	if (!is_full) {
		sum = find_all(all);
		is_full = sum.count >= TARN__HANDSHAKES;
	}
	*victim = is_full ? sum.first : NULL;
	if (!is_full)
		return from_ms;
	uint64_t spared_ms = sum.first->securing->begun_ms + TARN__SECURING_SPARED_MS;
	return spared_ms > from_ms ? spared_ms : from_ms;
}

/* As tarn__securing_run(), for those that wait. */
static uint64_t take_turns(struct tarn__connections *all, uint64_t now_ms)
{
	uint64_t next_ms = UINT64_MAX;
	int begun = 0;
	struct tarn__list *previous;
	for (struct tarn__list *node = all->securing.previous; node != &all->securing;
	     node = previous) {
		previous = node->previous;
		struct tarn__connection *connection =
			TARN__CONTAINER(node, struct tarn__connection, node);
		if (connection->securing->phase != WAITING)
			continue;
		struct tarn__connection *victim;
		uint64_t from_ms = find_turn(connection, &victim);
		if (from_ms > now_ms || begun == TARN__HANDSHAKES_PER_TURN) {
			next_ms = from_ms < next_ms ? from_ms : next_ms;
			continue;
		}
		if (victim) {
			all->stats.handshakes_refused++;
			if (previous == &victim->node)
				previous = previous->previous;
			tarn__securing_reset(victim);
		}
		begun++;
		begin(connection, now_ms);
	}
	return next_ms;
}

static uint64_t first_end(const struct tarn__connections *all)
{
	const struct tarn__connection *first = tarn__connection_first(&all->securing);
	return first ? first->since_ms + TARN__SECURING_MS : UINT64_MAX;
}

uint64_t tarn__securing_run(struct tarn__connections *all, uint64_t now_ms)
{
	while (first_end(all) <= now_ms) {
		all->stats.handshakes_late++;
		tarn__securing_reset(tarn__connection_first(&all->securing));
	}
	if (all->turn_ms <= now_ms) {
		/* What is begun may end at once. */
		all->turn_ms = UINT64_MAX;
		uint64_t next_ms = take_turns(all, now_ms);
		if (next_ms < all->turn_ms)
			all->turn_ms = next_ms;
	}
	uint64_t end_ms = first_end(all);
	return all->turn_ms < end_ms ? all->turn_ms : end_ms;
}

/* ---- events ------------------------------------------------------------------------------- */

/* From now on an event reports that many octets, or the end. */
static void set_wanted(struct tarn__connection *connection, int wanted)
{
	setsockopt(connection->socket.fd, SOL_SOCKET, SO_RCVLOWAT, &wanted, sizeof(wanted));
}

/*
 * Returns the number of octets that are to have come before a handshake begins: its first record whole, which holds
 * the ClientHello. What is no such record is left to the handshake to end.
 */
static int find_wanted(struct tarn__connection *connection)
{
	uint8_t header[RECORD_HEADER_LEN];
	ssize_t len = recv(connection->socket.fd, header, sizeof(header), MSG_PEEK);
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return 1;
	if (len <= 0)
		return -1;
	if (header[0] != RECORD_HANDSHAKE)
		return 1;
	return len < RECORD_HEADER_LEN ? RECORD_HEADER_LEN
				       : RECORD_HEADER_LEN + tarn__get16(header + 3);
}

/*
 * Returns true if the handshake can begin. As long as it cannot, the connection costs no more than its place: many
 * clients only look whether the port is open, and half a ClientHello does no harm.
 */
static bool has_hello(struct tarn__connection *connection)
{
	struct tarn__securing *securing = connection->securing;
	int available = 0, wanted = find_wanted(connection);
	if (wanted > RECORD_MAX)
		wanted = 1;
	(void)ioctl(connection->socket.fd, FIONREAD, &available);
	if (wanted > 0 && available >= wanted)
		return true;
	if (wanted < 0 || available < securing->wanted) {
		/* The client has closed: no more comes. */
		connection->all->stats.handshakes_failed++;
		tarn__connection_close(connection);
	} else if (wanted != securing->wanted) {
		securing->wanted = wanted;
		set_wanted(connection, wanted);
	}
	return false;
}

static void wait_for_turn(struct tarn__connection *connection)
{
	ev_io_stop(connection->all->loop, &connection->ready);
	if (connection->securing->wanted > 0)
		set_wanted(connection, 1);
	connection->securing->phase = WAITING;
	connection->all->turn_ms = 0;
}

/*
 * Reads the header without what follows it. Returns as tarn__proxy_header_read(); TARN_ESYSTEM: the connection is
 * broken.
 */
static long read_header(struct tarn__connection *connection, struct tarn_address *client)
{
	struct tarn__securing *securing = connection->securing;
	long missing;
	while ((missing = tarn__proxy_header_read(securing->header, securing->header_len, client)) >
	       0) {
		ssize_t len = recv(connection->socket.fd, securing->header + securing->header_len,
				   (size_t)missing, 0);
		if (len < 0 && (errno == EAGAIN || errno == EINTR))
			return missing;
		if (len <= 0)
			return TARN_ESYSTEM;
		securing->header_len += (size_t)len;
	}
	return missing;
}

static void take_header(struct tarn__connection *connection)
{
	struct tarn_address client;
	long missing = read_header(connection, &client);
	if (missing > 0)
		return;
	if (missing < 0) {
		connection->all->stats.handshakes_failed++;
		tarn__securing_reset(connection);
		return;
	}
	connection->securing->phase = ARRIVED;
	/* A proxy that speaks for itself, or for one that it does not name, stays the client. */
	if (client.sa.sa_family != AF_UNSPEC && !connection->all->readmit(connection, &client))
		tarn__securing_reset(connection);
}

static void on_ready(struct ev_loop *loop, ev_io *watcher, int events)
{
	(void)loop;
	(void)events;
	struct tarn__connection *connection = watcher->data;
	switch (connection->securing->phase) {
	case HEADER:
		take_header(connection);
		return;
	case ARRIVED:
		if (has_hello(connection))
			wait_for_turn(connection);
		return;
	case WAITING:
		return;
	case UNDER_WAY:
		go_on(connection);
		return;
	}
}

int tarn__securing_start(struct tarn__connection *connection, bool is_of_proxy)
{
	connection->securing = malloc(sizeof(*connection->securing));
	if (!connection->securing)
		return TARN_ENOMEM;
	connection->securing->phase = is_of_proxy ? HEADER : ARRIVED;
	connection->securing->header_len = 0;
	connection->securing->wanted = 0;
	connection->list = &connection->all->securing;
	tarn__list_append(connection->list, &connection->node);
	ev_set_cb(&connection->ready, on_ready);
	watch(connection, EV_READ);
	return 0;
}
