/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Detects changes of the network by rtnetlink(7). A message about a link or an address may repeat a known
 * state, with another lifetime or the result of a wireless scan: a comparison of getifaddrs() decides. A
 * message about a route is a change, unless it comes from a routing daemon, which may have thousands of
 * routes, and does not concern the default route.
 */
#include "daemon/system/netlink.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	/* Messages read per wake-up; further ones wait for the next one. */
	READS_PER_EVENT = 64,
};

/* A link that comes up gets its addresses and routes one after the other within this time. */
static const double settle_sec = 0.2;

/* FNV-1a */
static uint64_t digest(uint64_t hash, const void *data, size_t len)
{
	const unsigned char *octets = data;
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ octets[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static uint64_t digest_interface(const struct ifaddrs *interface)
{
	unsigned flags = interface->ifa_flags & (IFF_UP | IFF_RUNNING);
	uint64_t hash = digest(UINT64_C(0xcbf29ce484222325), &flags, sizeof(flags));
	hash = digest(hash, interface->ifa_name, strlen(interface->ifa_name));
	const struct sockaddr *address = interface->ifa_addr;
	if (address && address->sa_family == AF_INET)
		hash = digest(hash, address, sizeof(struct sockaddr_in));
	if (address && address->sa_family == AF_INET6)
		hash = digest(hash, address, sizeof(struct sockaddr_in6));
	return hash;
}

/* The sum of the digests, since the order has no meaning. */
static uint64_t digest_addresses(void)
{
	struct ifaddrs *interfaces;
	if (getifaddrs(&interfaces) < 0)
		return 0;
	uint64_t sum = 0;
	for (const struct ifaddrs *i = interfaces; i; i = i->ifa_next)
		sum += digest_interface(i);
	freeifaddrs(interfaces);
	return sum;
}

static bool is_of_daemon(const struct rtmsg *route)
{
	enum { BABEL = 42, BGP = 186 }; /* and higher numbers */
	return route->rtm_protocol == RTPROT_ZEBRA || route->rtm_protocol == RTPROT_BIRD ||
	       route->rtm_protocol == BABEL || route->rtm_protocol >= BGP;
}

/* The local table follows the addresses and is ignored. */
static bool is_new_route(const struct nlmsghdr *message)
{
	if ((message->nlmsg_type != RTM_NEWROUTE && message->nlmsg_type != RTM_DELROUTE) ||
	    message->nlmsg_len < NLMSG_LENGTH(sizeof(struct rtmsg)))
		return false;
	const struct rtmsg *route = NLMSG_DATA(message);
	return route->rtm_table != RT_TABLE_LOCAL && !(route->rtm_flags & RTM_F_CLONED) &&
	       (route->rtm_dst_len == 0 || !is_of_daemon(route));
}

static bool is_about_address(const struct nlmsghdr *message)
{
	switch (message->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return true;
	}
	return false;
}

static void on_settled(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	struct tarn__netlink *netlink = timer->data;
	uint64_t addresses = digest_addresses();
	bool has_changed = netlink->has_new_route || addresses != netlink->addresses;
	netlink->has_new_route = false;
	netlink->addresses = addresses;
	if (has_changed)
		netlink->changed(netlink->data);
}

static void settle(struct tarn__netlink *netlink)
{
	if (ev_is_active(&netlink->timer))
		return;
	ev_now_update(netlink->loop);
	ev_timer_set(&netlink->timer, settle_sec, 0);
	ev_timer_start(netlink->loop, &netlink->timer);
}

static void read_messages(struct tarn__netlink *netlink, const char *buffer, size_t len)
{
	const struct nlmsghdr *message;
	for (size_t at = 0; at + sizeof(*message) <= len; at += NLMSG_ALIGN(message->nlmsg_len)) {
		message = (const void *)(buffer + at);
		if (message->nlmsg_len < sizeof(*message) || message->nlmsg_len > len - at)
			return;
		netlink->has_new_route |= is_new_route(message);
		if (netlink->has_new_route || is_about_address(message))
			settle(netlink);
	}
}

static void on_message(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop;
	(void)events;
	struct tarn__netlink *netlink = io->data;
	_Alignas(struct nlmsghdr) char buffer[16384];
	for (int i = 0; i < READS_PER_EVENT; i++) {
		struct sockaddr_nl from;
		socklen_t from_len = sizeof(from);
		ssize_t len = recvfrom(io->fd, buffer, sizeof(buffer), 0, (void *)&from, &from_len);
		if (len > 0 && from.nl_pid == 0) /* from the kernel */
			read_messages(netlink, buffer, (size_t)len);
		if (len >= 0)
			continue;
		if (errno == ENOBUFS) { /* the kernel has dropped messages */
			netlink->has_new_route = true;
			settle(netlink);
		} else if (errno != EINTR) {
			return;
		}
	}
}

void tarn__netlink_start(struct tarn__netlink *netlink, struct ev_loop *loop,
			 void (*changed)(void *data), void *data, struct tarn__log *log)
{
	*netlink = (struct tarn__netlink){.loop = loop, .changed = changed, .data = data};
	struct sockaddr_nl groups = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
			     RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0 || bind(fd, (const void *)&groups, sizeof(groups)) < 0) {
		tarn__log(log, TARN_LOG_DEBUG, "changes of the network are not noticed: %s",
			  strerror(errno));
		if (fd >= 0)
			close(fd);
		netlink->loop = NULL;
		return;
	}
	ev_io_init(&netlink->io, on_message, fd, EV_READ);
	ev_timer_init(&netlink->timer, on_settled, settle_sec, 0);
	netlink->io.data = netlink->timer.data = netlink;
	ev_io_start(loop, &netlink->io);
	netlink->addresses = digest_addresses();
}

void tarn__netlink_stop(struct tarn__netlink *netlink)
{
	if (!netlink->loop)
		return;
	ev_io_stop(netlink->loop, &netlink->io);
	ev_timer_stop(netlink->loop, &netlink->timer);
	close(netlink->io.fd);
	netlink->loop = NULL;
}
