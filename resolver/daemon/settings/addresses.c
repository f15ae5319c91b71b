/* SPDX-License-Identifier: BSD-2-Clause */
/* Short lists of addresses, and which of them belong to tarn itself. */
#include "daemon/settings/addresses.h"

#include <ifaddrs.h>
#include <stdio.h>
#include <string.h>

#include "base/transport.h"

bool tarn__addresses_has(const struct tarn__addresses *list, const struct tarn_address *address)
{
	for (size_t i = 0; i < list->count; i++) {
		if (tarn_address_is_equal(&list->items[i], address))
			return true;
	}
	return false;
}

int tarn__addresses_add(struct tarn__addresses *list, const struct tarn_address *address)
{
	return tarn__addresses_add_over(list, address, TARN_UDP);
}

int tarn__addresses_add_over(struct tarn__addresses *list, const struct tarn_address *address,
			     enum tarn_transport transport)
{
	if (tarn__addresses_has(list, address))
		return 0;
	if (list->count == TARN__ADDRESSES_MAX)
		return TARN_EINVAL;
	list->over[list->count] = transport;
	list->items[list->count++] = *address;
	return 0;
}

bool tarn__addresses_is_equal(const struct tarn__addresses *a, const struct tarn__addresses *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (!tarn_address_is_equal(&a->items[i], &b->items[i]))
			return false;
	}
	return true;
}

bool tarn__list_text_add(char *out, size_t size, const char *item)
{
	static const char more[] = " ...";
	size_t len = strlen(out);
	bool has_room = len + strlen(", ") + strlen(item) + sizeof(more) <= size;
	if (has_room)
		sprintf(out + len, "%s%s", len > 0 ? ", " : "", item);
	else
		strcpy(out + len, more);
	return has_room;
}

char *tarn__addresses_format_one(const struct tarn__addresses *list, size_t index,
				 char out[TARN__OVER_TEXT_MAX])
{
	enum tarn_transport over = list->over[index];
	char text[TARN_ADDRESS_TEXT_MAX];
	tarn_address_format(&list->items[index], text);
	if (over == TARN_UDP)
		strcpy(out, text);
	else
		sprintf(out, "%s://%s", tarn__transports[over].name, text);
	return out;
}

void tarn__addresses_format(const struct tarn__addresses *list, char *out, size_t size)
{
	*out = '\0';
	for (size_t i = 0; i < list->count; i++) {
		char text[TARN__OVER_TEXT_MAX];
		if (!tarn__list_text_add(out, size, tarn__addresses_format_one(list, i, text)))
			return;
	}
}

/* Packets to ::ffff:192.0.2.1 are sent as IPv4 to 192.0.2.1. */
static struct tarn_address unmapped(const struct tarn_address *address)
{
	if (address->sa.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&address->in6.sin6_addr))
		return *address;
	struct tarn_address out = {
		.in4 = {.sin_family = AF_INET, .sin_port = address->in6.sin6_port}};
	memcpy(&out.in4.sin_addr, &address->in6.sin6_addr.s6_addr[12], sizeof(out.in4.sin_addr));
	return out;
}

static bool is_unspecified(const struct tarn_address *address)
{
	if (address->sa.sa_family == AF_INET)
		return address->in4.sin_addr.s_addr == htonl(INADDR_ANY);
	return IN6_IS_ADDR_UNSPECIFIED(&address->in6.sin6_addr);
}

static bool is_same_host(const struct tarn_address *a, const struct tarn_address *b)
{
	if (a->sa.sa_family != b->sa.sa_family)
		return false;
	if (a->sa.sa_family == AF_INET)
		return a->in4.sin_addr.s_addr == b->in4.sin_addr.s_addr;
	return IN6_ARE_ADDR_EQUAL(&a->in6.sin6_addr, &b->in6.sin6_addr);
}

/* All of 127.0.0.0/8 is this machine, although its interface lists only one address of it. */
static bool is_loopback(const struct tarn_address *address)
{
	if (address->sa.sa_family == AF_INET)
		return ntohl(address->in4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return IN6_IS_ADDR_LOOPBACK(&address->in6.sin6_addr);
}

bool tarn__addresses_are_loopback(const struct tarn__addresses *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct tarn_address host = unmapped(&list->items[i]);
		if (!is_loopback(&host))
			return false;
	}
	return true;
}

static bool is_local(const struct tarn_address *address)
{
	if (is_unspecified(address) || is_loopback(address))
		return true;
	struct ifaddrs *interfaces;
	if (getifaddrs(&interfaces) < 0)
		return false;
	bool found = false;
	for (const struct ifaddrs *i = interfaces; i && !found; i = i->ifa_next) {
		if (!i->ifa_addr || i->ifa_addr->sa_family != address->sa.sa_family)
			continue;
		struct tarn_address own = {0};
		memcpy(&own, i->ifa_addr, tarn_address_len(address));
		found = is_same_host(&own, address);
	}
	freeifaddrs(interfaces);
	return found;
}

bool tarn__addresses_has_self(const struct tarn__addresses *listens,
			      const struct tarn_address *server)
{
	/* Of a server that has a name alone. */
	if (server->sa.sa_family == AF_UNSPEC)
		return false;
	struct tarn_address host = unmapped(server);
	for (size_t i = 0; i < listens->count; i++) {
		const struct tarn_address *listen = &listens->items[i];
		if (listen->sa.sa_family != host.sa.sa_family ||
		    tarn_address_port(listen) != tarn_address_port(&host))
			continue;
		if (is_same_host(listen, &host) || (is_unspecified(listen) && is_local(&host)) ||
		    (is_unspecified(&host) && is_loopback(listen)))
			return true;
	}
	return false;
}

bool tarn__addresses_overlap(const struct tarn_address *a, const struct tarn_address *b)
{
	if (a->sa.sa_family != b->sa.sa_family || tarn_address_port(a) != tarn_address_port(b))
		return false;
	return is_unspecified(a) || is_unspecified(b) || is_same_host(a, b);
}

/* A default takes the place of a port that is not there. */
bool tarn__address_has_port(const char *text)
{
	struct tarn_address with_port_1, with_port_2;
	return tarn_address_parse(text, 1, &with_port_1) < 0 ||
	       tarn_address_parse(text, 2, &with_port_2) < 0 ||
	       tarn_address_port(&with_port_1) == tarn_address_port(&with_port_2);
}
