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
	/* Batches per wake-up and socket; then TCP, upstreams and timers get their turn. */
	BATCHES_PER_EVENT = 8,
	/* A question has at most some 300 octets, and EDNS options. */
	QUESTION_MAX = 4096,
	/* Replies that wait for room in one socket's buffer: some 300 KB. */
	KEPT_MAX = 256,
	/* Attempts for a reply while the device's queue is full, which no event reports. */
	TRIES_MAX = 8,
	/* Of a socket that is to be closed; more than a receive buffer holds. */
	BATCHES_AT_END = 128,
};

/* One of the worker's sockets. */
struct listener {
	struct tarn__list node; /* of udp->listeners */
	struct tarn__udp *udp;
	int fd;
	bool is_wildcard;
	bool is_retired; /* closed with its last reply */
	unsigned in_flight; /* questions with a late reply */
	ev_io readable, writable;
	struct tarn__list kept;
	size_t kept_count;
};

/* Where a question came from, as a late reply needs it. */
struct route {
	struct listener *listener;
	struct tarn_address peer;
	/*
	 * The address asked, for the reply to come from; control_len is 0 where the socket has one address.
	 */
	size_t control_len;
	_Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};
_Static_assert(sizeof(struct route) <= TARN__ROUTE_MAX, "a route fits");

/* A reply that waits for room. */
struct kept {
	struct tarn__list node; /* of listener->kept */
	struct route route;
	unsigned tries;
	size_t len;
	uint8_t reply[];
};

/* Memory that only a batch in use touches. */
struct tarn__udp {
	struct ev_loop *loop;
	struct tarn__resolver *resolver;
	struct tarn__list listeners;
	struct tarn__udp_stats stats;

	struct mmsghdr in[BATCH];
	struct iovec in_octets[BATCH];
	struct route in_routes[BATCH];

	struct listener *out_listener; /* of the replies that wait for flush() */
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
	struct listener *listener = route->listener;
	const struct iovec *octets = message->msg_hdr.msg_iov;
	struct kept *kept = NULL;
	if (listener->kept_count < KEPT_MAX)
		kept = malloc(sizeof(*kept) + octets->iov_len);
	if (!kept) {
		udp->stats.dropped++;
		return;
	}
	kept->route = *route;
	kept->tries = 0;
	kept->len = octets->iov_len;
	memcpy(kept->reply, octets->iov_base, kept->len);
	tarn__list_append(&listener->kept, &kept->node);
	listener->kept_count++;
	udp->stats.kept++;
	ev_io_start(udp->loop, &listener->writable);
}

static void drop_kept(struct listener *listener, struct kept *kept)
{
	tarn__list_remove(&kept->node);
	listener->kept_count--;
	free(kept);
}

/* Returns true if the reply can be sent later. ENOBUFS: the device's queue is full. */
static bool is_full(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS;
}

static void send_kept(struct listener *listener)
{
	struct tarn__udp *udp = listener->udp;
	while (!tarn__list_is_empty(&listener->kept)) {
		struct kept *kept = TARN__CONTAINER(listener->kept.next, struct kept, node);
		struct iovec octets = {.iov_base = kept->reply, .iov_len = kept->len};
		struct msghdr message = message_to(&kept->route, &octets);
		if (sendmsg(listener->fd, &message, 0) < 0) {
			bool is_device = errno == ENOBUFS;
			if (is_full(errno) && (!is_device || ++kept->tries < TRIES_MAX))
				return;
			udp->stats.dropped++;
		}
		drop_kept(listener, kept);
	}
	ev_io_stop(udp->loop, &listener->writable);
}

/* A reply that the system rejects (its address, say) must not hold up those behind it. */
void tarn__udp_flush(struct tarn__udp *udp)
{
	unsigned sent = 0;
	while (sent < udp->out_count) {
		int count =
			sendmmsg(udp->out_listener->fd, udp->out + sent, udp->out_count - sent, 0);
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

/* Returns the buffer for the next reply from this socket. */
static uint8_t *next_reply(struct tarn__udp *udp, struct listener *listener)
{
	if (udp->out_count == BATCH || udp->out_listener != listener)
		tarn__udp_flush(udp);
	udp->out_listener = listener;
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

static void close_listener(struct listener *listener)
{
	struct tarn__udp *udp = listener->udp;
	send_kept(listener);
	while (!tarn__list_is_empty(&listener->kept))
		drop_kept(listener, TARN__CONTAINER(listener->kept.next, struct kept, node));
	ev_io_stop(udp->loop, &listener->readable);
	ev_io_stop(udp->loop, &listener->writable);
	close(listener->fd);
	tarn__list_remove(&listener->node);
	free(listener);
}

/* Closes a retired socket once all its questions have been answered. */
static void end_retired(struct listener *listener)
{
	if (!listener->is_retired || listener->in_flight > 0)
		return;
	tarn__udp_flush(listener->udp);
	if (listener->kept_count == 0)
		close_listener(listener);
}

static void on_writable(struct ev_loop *loop, ev_io *watcher, int events)
{
	(void)loop;
	(void)events;
	struct listener *listener = watcher->data;
	send_kept(listener);
	end_retired(listener);
}

static void on_late_reply(void *owner, const void *route_octets, const uint8_t *reply, size_t len)
{
	struct tarn__udp *udp = owner;
	struct route route;
	memcpy(&route, route_octets, sizeof(route));
	struct listener *listener = route.listener;
	listener->in_flight--;
	if (len > 0 && len <= TARN__UDP_MAX) {
		memcpy(next_reply(udp, listener), reply, len);
		put_reply(udp, &route, len);
	}
	end_retired(listener);
}

/* ---- questions ---------------------------------------------------------------------------- */

/*
 * Makes of the control message that came with a question the one that its reply needs. The interface is
 * left to the routes, except for link-local addresses, which have no meaning without it.
 */
static void turn_control(struct route *route, struct msghdr *message)
{
	route->control_len = 0;
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	if (!header)
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

static void ask(struct listener *listener, struct tarn__client_request *client_request, unsigned i)
{
	struct tarn__udp *udp = listener->udp;
	struct mmsghdr *message = &udp->in[i];
	struct route *route = &udp->in_routes[i];
	if (message->msg_hdr.msg_flags & MSG_TRUNC) {
		udp->stats.too_long++;
		return;
	}
	route->listener = listener;
	route->control_len = 0;
	if (listener->is_wildcard)
		turn_control(route, &message->msg_hdr);
	client_request->route = route;
	client_request->client = &route->peer;
	uint8_t *reply = next_reply(udp, listener);
	long len = tarn__resolver_resolve(udp->resolver, client_request, udp->questions[i],
					  message->msg_len, reply);
	if (len > 0)
		put_reply(udp, route, (size_t)len);
	else if (len == TARN__RESOLVE_PENDING)
		listener->in_flight++;
}

/* Takes up to this number of batches. */
static void take_questions(struct listener *listener, int batches)
{
	struct tarn__udp *udp = listener->udp;
	struct tarn__client_request client_request = {
		.transport = TARN__UDP,
		.answer = on_late_reply,
		.owner = udp,
		.route_len = sizeof(struct route),
	};
	for (int round = 0; round < batches; round++) {
		int count = recvmmsg(listener->fd, udp->in, BATCH, 0, NULL);
		if (count <= 0)
			return;
		tarn__clock_hold();
		for (unsigned i = 0; i < (unsigned)count; i++) {
			ask(listener, &client_request, i);
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
	if (!udp)
		return NULL;
	udp->loop = loop;
	tarn__list_init(&udp->listeners);
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
	struct listener *listener = calloc(1, sizeof(*listener));
	if (!listener)
		return TARN_ENOMEM;
	listener->udp = udp;
	listener->fd = fd;
	listener->is_wildcard = is_wildcard;
	tarn__list_init(&listener->kept);
	tarn__list_append(&udp->listeners, &listener->node);
	ev_io_init(&listener->readable, on_readable, fd, EV_READ);
	ev_io_init(&listener->writable, on_writable, fd, EV_WRITE);
	listener->readable.data = listener->writable.data = listener;
	ev_io_start(udp->loop, &listener->readable);
	return 0;
}

/*
 * A connected datagram socket receives from its peer alone; connected to itself it receives nothing, and
 * still sends to any address. Later questions go to another socket of the address, if there is one.
 */
static void stop_hearing(const struct listener *listener)
{
	struct tarn_address own;
	socklen_t len = sizeof(own);
	if (getsockname(listener->fd, &own.sa, &len) == 0)
		(void)connect(listener->fd, &own.sa, len);
}

static void retire(struct listener *listener)
{
	stop_hearing(listener);
	take_questions(listener, BATCHES_AT_END);
	ev_io_stop(listener->udp->loop, &listener->readable);
	listener->is_retired = true;
	end_retired(listener);
}

void tarn__udp_close(struct tarn__udp *udp, const struct tarn_address *address)
{
	struct tarn__list *next;
	for (struct tarn__list *node = udp->listeners.next; node != &udp->listeners; node = next) {
		struct listener *listener = TARN__CONTAINER(node, struct listener, node);
		next = node->next;
		if (!listener->is_retired && tarn__socket_is_at(listener->fd, address))
			retire(listener);
	}
}

void tarn__udp_free(struct tarn__udp *udp)
{
	if (!udp)
		return;
	tarn__udp_flush(udp);
	while (!tarn__list_is_empty(&udp->listeners))
		close_listener(TARN__CONTAINER(udp->listeners.next, struct listener, node));
	free(udp);
}

const struct tarn__udp_stats *tarn__udp_stats(const struct tarn__udp *udp)
{
	return &udp->stats;
}
