/* SPDX-License-Identifier: BSD-2-Clause */
/* net/listen/udp.c: questions and replies over UDP, in batches. */
#include "config.h"

#include "net/listen/udp.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/list.h"
#include "core/resolver.h"
#include "dns/message.h"
#include "net/clock.h"
#include "net/socket.h"
#include "tarn.h"

enum {
	/* A system call's worth of messages. */
	BATCH = 64,
	/* Batches per wake-up and socket: then TCP, upstreams and timers get their turn. */
	BATCHES_PER_EVENT = 8,
	/* A question has at most some 300 octets, and EDNS options. */
	QUESTION_MAX = 4096,
	/* Replies that wait for room in one socket's buffer: some 300 KB. */
	KEPT_MAX = 256,
	/* A full queue of the device makes no socket wait: so often it is tried at once. */
	TRIES_MAX = 8,
	/* Of a socket that is to be closed; more than a receive buffer holds. */
	BATCHES_AT_END = 128,
};

/* One of the worker's sockets. */
struct endpoint {
	struct tarn__list node; /* of udp->endpoints */
	struct tarn__udp *udp;
	int fd;
	bool is_wildcard;
	bool is_retired; /* closed with its last reply */
	unsigned in_flight; /* questions with a late reply */
	ev_io readable, writable;
	struct tarn__list kept;
	size_t kept_count;
};

/* Where a question came from: what a late reply needs. */
struct route {
	struct endpoint *endpoint;
	struct tarn_address peer;
	/* The address asked, to answer from, where the socket has many; else control_len is 0. */
	size_t control_len;
	_Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};
_Static_assert(sizeof(struct route) <= TARN__ROUTE_MAX, "a route fits");

/* A reply that waits for room. */
struct kept {
	struct tarn__list node; /* of endpoint->kept */
	struct route route;
	unsigned tries;
	size_t len;
	uint8_t reply[];
};

/* Memory that only a batch in use touches. */
struct tarn__udp {
	struct ev_loop *loop;
	struct tarn__resolver *resolver;
	struct tarn__list endpoints;
	struct tarn__udp_stats stats;

	struct mmsghdr in[BATCH];
	struct iovec in_octets[BATCH];
	struct route in_routes[BATCH];

	struct endpoint *out_endpoint; /* of the replies that wait for flush() */
	unsigned out_count;
	struct mmsghdr out[BATCH];
	struct iovec out_octets[BATCH];
	struct route out_routes[BATCH];

	uint8_t replies[BATCH][TARN__UDP_MAX];
	uint8_t questions[BATCH][QUESTION_MAX];
};

/* ---- replies ------------------------------------------------------------------------------ */

static struct msghdr message_to(struct route *route, struct iovec *octets)
{
	return (struct msghdr){
		.msg_name = &route->peer,
		.msg_namelen = tarn_address_len(&route->peer),
		.msg_iov = octets,
		.msg_iovlen = 1,
		.msg_control = route->control_len > 0 ? route->control : NULL,
		.msg_controllen = route->control_len,
	};
}

static void keep(struct tarn__udp *udp, const struct mmsghdr *message, const struct route *route)
{
	struct endpoint *endpoint = route->endpoint;
	const struct iovec *octets = message->msg_hdr.msg_iov;
	struct kept *kept = NULL;
	if (endpoint->kept_count < KEPT_MAX)
		kept = malloc(sizeof(*kept) + octets->iov_len);
	if (kept == NULL) {
		udp->stats.dropped++;
		return;
	}
	kept->route = *route;
	kept->tries = 0;
	kept->len = octets->iov_len;
	memcpy(kept->reply, octets->iov_base, kept->len);
	tarn__list_append(&endpoint->kept, &kept->node);
	endpoint->kept_count++;
	udp->stats.kept++;
	ev_io_start(udp->loop, &endpoint->writable);
}

static void drop_kept(struct endpoint *endpoint, struct kept *kept)
{
	tarn__list_remove(&kept->node);
	endpoint->kept_count--;
	free(kept);
}

/* Is it worth to try again when the socket is writable? ENOBUFS is the device's queue. */
static bool is_full(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS;
}

static void send_kept(struct endpoint *endpoint)
{
	struct tarn__udp *udp = endpoint->udp;
	while (!tarn__list_is_empty(&endpoint->kept)) {
		struct kept *kept = TARN__CONTAINER(endpoint->kept.next, struct kept, node);
		struct iovec octets = {.iov_base = kept->reply, .iov_len = kept->len};
		struct msghdr message = message_to(&kept->route, &octets);
		if (sendmsg(endpoint->fd, &message, 0) < 0) {
			bool is_device = errno == ENOBUFS;
			if (is_full(errno) && (!is_device || ++kept->tries < TRIES_MAX))
				return;
			udp->stats.dropped++;
		}
		drop_kept(endpoint, kept);
	}
	ev_io_stop(udp->loop, &endpoint->writable);
}

/* A reply that is refused for what it is, an address say, must not hold up those behind it. */
void tarn__udp_flush(struct tarn__udp *udp)
{
	unsigned sent = 0;
	while (sent < udp->out_count) {
		int count =
			sendmmsg(udp->out_endpoint->fd, udp->out + sent, udp->out_count - sent, 0);
		if (count > 0) {
			sent += (unsigned)count;
		} else if (is_full(errno)) {
			break;
		} else if (errno != EINTR) {
			udp->stats.dropped++;
			sent++;
		}
	}
	for (; sent < udp->out_count; sent++)
		keep(udp, &udp->out[sent], &udp->out_routes[sent]);
	udp->out_count = 0;
}

/* The buffer for the next reply from this endpoint. */
static uint8_t *next_reply(struct tarn__udp *udp, struct endpoint *endpoint)
{
	if (udp->out_count == BATCH || udp->out_endpoint != endpoint)
		tarn__udp_flush(udp);
	udp->out_endpoint = endpoint;
	return udp->replies[udp->out_count];
}

/* Queues the octets in next_reply()'s buffer. */
static void put_reply(struct tarn__udp *udp, const struct route *route, size_t len)
{
	unsigned i = udp->out_count++;
	udp->out_routes[i] = *route;
	udp->out_octets[i].iov_len = len;
	udp->out[i].msg_hdr = message_to(&udp->out_routes[i], &udp->out_octets[i]);
}

static void close_endpoint(struct endpoint *endpoint)
{
	struct tarn__udp *udp = endpoint->udp;
	send_kept(endpoint);
	while (!tarn__list_is_empty(&endpoint->kept))
		drop_kept(endpoint, TARN__CONTAINER(endpoint->kept.next, struct kept, node));
	ev_io_stop(udp->loop, &endpoint->readable);
	ev_io_stop(udp->loop, &endpoint->writable);
	close(endpoint->fd);
	tarn__list_remove(&endpoint->node);
	free(endpoint);
}

/* Closes it if it is retired and everybody who asked here has been answered. */
static void end_retired(struct endpoint *endpoint)
{
	if (!endpoint->is_retired || endpoint->in_flight > 0)
		return;
	tarn__udp_flush(endpoint->udp);
	if (endpoint->kept_count == 0)
		close_endpoint(endpoint);
}

static void on_writable(struct ev_loop *loop, ev_io *watcher, int events)
{
	(void)loop;
	(void)events;
	struct endpoint *endpoint = watcher->data;
	send_kept(endpoint);
	end_retired(endpoint);
}

static void on_late_reply(void *owner, const void *route_octets, const uint8_t *reply, size_t len)
{
	struct tarn__udp *udp = owner;
	struct route route;
	memcpy(&route, route_octets, sizeof(route));
	struct endpoint *endpoint = route.endpoint;
	endpoint->in_flight--;
	if (len <= TARN__UDP_MAX) {
		memcpy(next_reply(udp, endpoint), reply, len);
		put_reply(udp, &route, len);
	}
	end_retired(endpoint);
}

/* ---- questions ---------------------------------------------------------------------------- */

/*
 * Turns what the kernel said of the address asked into what it wants to hear for the reply. The
 * interface is left to the routes, but for link-local addresses, which mean nothing without it.
 */
static void turn_control(struct route *route, struct msghdr *message)
{
	route->control_len = 0;
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	if (header == NULL)
		return;
	if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
		struct in_pktinfo info;
		memcpy(&info, CMSG_DATA(header), sizeof(info));
		info.ipi_ifindex = 0;
		memcpy(CMSG_DATA(header), &info, sizeof(info));
		route->control_len = CMSG_SPACE(sizeof(info));
	} else if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
		struct in6_pktinfo info;
		memcpy(&info, CMSG_DATA(header), sizeof(info));
		if (IN6_IS_ADDR_MULTICAST(&info.ipi6_addr))
			return;
		if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
			info.ipi6_ifindex = 0;
		memcpy(CMSG_DATA(header), &info, sizeof(info));
		route->control_len = CMSG_SPACE(sizeof(info));
	}
}

static void reset_in(struct tarn__udp *udp, unsigned i)
{
	struct route *route = &udp->in_routes[i];
	udp->in[i].msg_hdr = (struct msghdr){
		.msg_name = &route->peer,
		.msg_namelen = sizeof(route->peer),
		.msg_iov = &udp->in_octets[i],
		.msg_iovlen = 1,
		.msg_control = route->control,
		.msg_controllen = sizeof(route->control),
	};
}

static void ask(struct endpoint *endpoint, struct tarn__client_request *client_request, unsigned i)
{
	struct tarn__udp *udp = endpoint->udp;
	struct mmsghdr *message = &udp->in[i];
	struct route *route = &udp->in_routes[i];
	if (message->msg_hdr.msg_flags & MSG_TRUNC) {
		udp->stats.too_long++;
		return;
	}
	route->endpoint = endpoint;
	route->control_len = 0;
	if (endpoint->is_wildcard)
		turn_control(route, &message->msg_hdr);
	client_request->route = route;
	client_request->client = &route->peer;
	uint8_t *reply = next_reply(udp, endpoint);
	long len = tarn__resolver_resolve(udp->resolver, client_request, udp->questions[i],
					  message->msg_len, reply);
	if (len > 0)
		put_reply(udp, route, (size_t)len);
	else if (len == TARN__RESOLVE_PENDING)
		endpoint->in_flight++;
}

/* Takes so many batches, or as many as there are. */
static void take_questions(struct endpoint *endpoint, int batches)
{
	struct tarn__udp *udp = endpoint->udp;
	struct tarn__client_request client_request = {
		.transport = TARN__UDP,
		.answer = on_late_reply,
		.owner = udp,
		.route_len = sizeof(struct route),
	};
	for (int round = 0; round < batches; round++) {
		int count = recvmmsg(endpoint->fd, udp->in, BATCH, 0, NULL);
		if (count <= 0)
			return;
		tarn__clock_hold();
		for (unsigned i = 0; i < (unsigned)count; i++) {
			ask(endpoint, &client_request, i);
			reset_in(udp, i);
		}
		tarn__clock_release();
		tarn__udp_flush(udp);
		if (count < BATCH)
			return;
	}
}

static void on_readable(struct ev_loop *loop, ev_io *watcher, int events)
{
	(void)loop;
	(void)events;
	take_questions(watcher->data, BATCHES_PER_EVENT);
}

/* ---- sockets ------------------------------------------------------------------------------ */

struct tarn__udp *tarn__udp_new(struct ev_loop *loop)
{
	struct tarn__udp *udp = calloc(1, sizeof(*udp));
	if (udp == NULL)
		return NULL;
	udp->loop = loop;
	tarn__list_init(&udp->endpoints);
	for (unsigned i = 0; i < BATCH; i++) {
		udp->in_octets[i] = (struct iovec){udp->questions[i], QUESTION_MAX};
		udp->out_octets[i].iov_base = udp->replies[i];
		reset_in(udp, i);
	}
	return udp;
}

void tarn__udp_set_resolver(struct tarn__udp *udp, struct tarn__resolver *resolver)
{
	udp->resolver = resolver;
}

int tarn__udp_add(struct tarn__udp *udp, int fd, bool is_wildcard)
{
	struct endpoint *endpoint = calloc(1, sizeof(*endpoint));
	if (endpoint == NULL)
		return TARN_ENOMEM;
	endpoint->udp = udp;
	endpoint->fd = fd;
	endpoint->is_wildcard = is_wildcard;
	tarn__list_init(&endpoint->kept);
	tarn__list_append(&udp->endpoints, &endpoint->node);
	ev_io_init(&endpoint->readable, on_readable, fd, EV_READ);
	ev_io_init(&endpoint->writable, on_writable, fd, EV_WRITE);
	endpoint->readable.data = endpoint->writable.data = endpoint;
	ev_io_start(udp->loop, &endpoint->readable);
	return 0;
}

/*
 * A datagram socket that is connected hears its peer alone; this one's is itself, and it still sends
 * to everybody. What comes from now on goes to another socket of the address, if there is one.
 */
static void stop_hearing(const struct endpoint *endpoint)
{
	struct tarn_address own;
	socklen_t len = sizeof(own);
	if (getsockname(endpoint->fd, &own.sa, &len) == 0)
		(void)connect(endpoint->fd, &own.sa, len);
}

static void retire(struct endpoint *endpoint)
{
	stop_hearing(endpoint);
	take_questions(endpoint, BATCHES_AT_END);
	ev_io_stop(endpoint->udp->loop, &endpoint->readable);
	endpoint->is_retired = true;
	end_retired(endpoint);
}

void tarn__udp_close(struct tarn__udp *udp, const struct tarn_address *address)
{
	struct tarn__list *next;
	for (struct tarn__list *node = udp->endpoints.next; node != &udp->endpoints; node = next) {
		struct endpoint *endpoint = TARN__CONTAINER(node, struct endpoint, node);
		next = node->next;
		if (!endpoint->is_retired && tarn__socket_is_at(endpoint->fd, address))
			retire(endpoint);
	}
}

void tarn__udp_free(struct tarn__udp *udp)
{
	if (udp == NULL)
		return;
	tarn__udp_flush(udp);
	while (!tarn__list_is_empty(&udp->endpoints))
		close_endpoint(TARN__CONTAINER(udp->endpoints.next, struct endpoint, node));
	free(udp);
}

const struct tarn__udp_stats *tarn__udp_stats(const struct tarn__udp *udp)
{
	return &udp->stats;
}
