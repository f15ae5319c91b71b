/* SPDX-License-Identifier: BSD-2-Clause */
/* Records for the discovery of encrypted listeners. */
#include "config.h"

#include "daemon/names/discovery.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/transport.h"

static const char default_path[] = "/dns-query";

/* ---- which addresses are hints ----------------------------------------------------------------- */

static bool is_wildcard(const struct tarn_address *address)
{
	if (address->sa.sa_family == AF_INET)
		return address->in4.sin_addr.s_addr == htonl(INADDR_ANY);
	return IN6_IS_ADDR_UNSPECIFIED(&address->in6.sin6_addr);
}

static bool has_scope(const struct tarn_address *address)
{
	return address->sa.sa_family == AF_INET6 &&
	       (*address->interface || IN6_IS_ADDR_LINKLOCAL(&address->in6.sin6_addr));
}

static bool is_loopback(const struct tarn_address *address)
{
	struct tarn__addresses alone = {.items = {*address}, .count = 1};
	return tarn__addresses_are_loopback(&alone);
}

static bool is_hint(const struct tarn_address *address, bool is_for_itself)
{
	return !is_wildcard(address) && !has_scope(address) &&
	       (is_for_itself || !is_loopback(address));
}

static void put_hints(const struct tarn__addresses *bound, enum tarn_transport transport,
		      uint16_t port, int family, FILE *out)
{
	bool is_for_itself = tarn__addresses_are_loopback(bound), is_first = true;
	for (size_t i = 0; i < bound->count; i++) {
		const struct tarn_address *address = &bound->items[i];
		char text[INET6_ADDRSTRLEN];
		if (bound->over[i] != transport || address->sa.sa_family != family ||
		    tarn_address_port(address) != port || !is_hint(address, is_for_itself))
			continue;
		const void *octets = family == AF_INET ? (const void *)&address->in4.sin_addr
						       : (const void *)&address->in6.sin6_addr;
		inet_ntop(family, octets, text, sizeof(text));
		fprintf(out, "%s%s",
			!is_first	    ? ","
			: family == AF_INET ? " ipv4hint="
					    : " ipv6hint=",
			text);
		is_first = false;
	}
}

/* ---- records ----------------------------------------------------------------------------------- */

/* Parameters in the order of their keys (RFC 9460 section 2.2). */
static char *make_record(const struct tarn__settings *settings, unsigned priority,
			 enum tarn_transport transport, uint16_t port)
{
	const struct tarn__addresses *bound = &settings->bound;
	const char *path = settings->resolver.https_path;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	if (!out)
		return NULL;
	fprintf(out, "_dns.resolver.arpa. %d IN SVCB %u %s alpn=%s", TARN__DISCOVERY_TTL, priority,
		settings->listen_name, transport == TARN_TLS ? "dot" : "h2");
	if (port != tarn__transports[transport].port)
		fprintf(out, " port=%u", port);
	put_hints(bound, transport, port, AF_INET, out);
	put_hints(bound, transport, port, AF_INET6, out);
	if (transport == TARN_HTTPS)
		fprintf(out, " dohpath=\"%s{?dns}\"", path ? path : default_path);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* Returns true if an address before this one has the transport and the port. */
static bool is_made(const struct tarn__addresses *bound, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (bound->over[i] == bound->over[index] &&
		    tarn_address_port(&bound->items[i]) == tarn_address_port(&bound->items[index]))
			return true;
	}
	return false;
}

static int add_records(const struct tarn__settings *settings, enum tarn_transport transport,
		       struct tarn__discovery *out)
{
	const struct tarn__addresses *bound = &settings->bound;
	for (size_t i = 0; i < bound->count && out->count < TARN__DISCOVERY_MAX; i++) {
		if (bound->over[i] != transport || is_made(bound, i))
			continue;
		char *text = make_record(settings, (unsigned)out->count + 1, transport,
					 tarn_address_port(&bound->items[i]));
		if (!text)
			return TARN_ENOMEM;
		out->items[out->count++] = text;
	}
	return 0;
}

int tarn__discovery_make(const struct tarn__settings *settings, struct tarn__discovery *out)
{
	struct tarn__discovery made = {0};
	int error = 0;
	if (settings->listen_name)
		error = add_records(settings, TARN_TLS, &made);
	if (settings->listen_name && error == 0)
		error = add_records(settings, TARN_HTTPS, &made);
	if (error < 0)
		tarn__discovery_fini(&made);
	*out = made;
	return error;
}

void tarn__discovery_fini(struct tarn__discovery *discovery)
{
	while (discovery->count > 0)
		free(discovery->items[--discovery->count]);
}
