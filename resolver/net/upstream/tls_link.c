/* SPDX-License-Identifier: BSD-2-Clause */
/* net/upstream/tls_link.c: the TLS of a connection to a server. */
#include "net/upstream/tls_link.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/forward/endpoint.h"
#include "tarn.h"

/* ---- sessions ----------------------------------------------------------------------------- */

static struct tarn__session_store *new_store(struct tarn__tls_client *client)
{
	struct tarn__session_store *store = calloc(1, sizeof(*store));
	if (!store)
		return NULL;
	store->references = 1;
	store->client = tarn__tls_client_get(client);
	return store;
}

void tarn__session_store_put(struct tarn__session_store *store)
{
	if (!store || --store->references > 0)
		return;
	tarn__tls_sessions_forget(&store->sessions);
	tarn__tls_client_put(store->client);
	free(store);
}

static int have_store(struct tarn__session_store **store, struct tarn__tls_client *client)
{
	if (*store && (*store)->client == client)
		return 0;
	struct tarn__session_store *made = new_store(client);
	if (!made)
		return TARN_ENOMEM;
	tarn__session_store_put(*store);
	*store = made;
	return 0;
}

/* ---- the connection ----------------------------------------------------------------------- */

static struct tarn__tls_identity identity_of(const struct tarn__endpoint *endpoint,
					     const char *alpn)
{
	const struct tarn_traits *traits = &endpoint->traits;
	struct tarn__tls_identity identity = {
		.name = traits->name,
		.pins = traits->pins,
		.pin_count = traits->pin_count,
		.alpn = alpn,
	};
	if (endpoint->address.sa.sa_family == AF_INET6) {
		identity.address = endpoint->address.in6.sin6_addr.s6_addr;
		identity.address_len = sizeof(endpoint->address.in6.sin6_addr);
	} else {
		identity.address = (const uint8_t *)&endpoint->address.in4.sin_addr;
		identity.address_len = sizeof(endpoint->address.in4.sin_addr);
	}
	return identity;
}

int tarn__tls_link_init(struct tarn__tls_link *link, struct tarn__tls_client *client,
			const struct tarn__endpoint *endpoint, const char *alpn,
			struct tarn__session_store **store, struct tarn__pipe *below)
{
	*link = (struct tarn__tls_link){0};
	if (have_store(store, client) != 0)
		return TARN_ENOMEM;
	struct tarn__tls_identity identity = identity_of(endpoint, alpn);
	link->tls = tarn__tls_connect(client, &identity, &(*store)->sessions, below);
	if (!link->tls)
		return TARN_ENOMEM;
	link->store = *store;
	link->store->references++;
	return 0;
}

void tarn__tls_link_fini(struct tarn__tls_link *link)
{
	tarn__tls_free(link->tls);
	tarn__session_store_put(link->store);
	*link = (struct tarn__tls_link){0};
}

int tarn__tls_link_error(const struct tarn__tls_link *link)
{
	switch (tarn__tls_reason(link->tls)) {
	case TARN__TLS_CERTIFICATE:
	case TARN__TLS_CLOCK:
		return TARN_ECERTIFICATE;
	case TARN__TLS_NO_MEMORY:
		return TARN_ENOMEM;
	default:
		return TARN_ETLS;
	}
}

/* ---- its name ----------------------------------------------------------------------------- */

static void format_host(const struct tarn__endpoint *endpoint, char out[TARN__AUTHORITY_MAX])
{
	char text[INET6_ADDRSTRLEN];
	const struct tarn_address *address = &endpoint->address;
	if (endpoint->traits.name) {
		snprintf(out, TARN__AUTHORITY_MAX, "%s", endpoint->traits.name);
	} else if (address->sa.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &address->in6.sin6_addr, text, sizeof(text));
		snprintf(out, TARN__AUTHORITY_MAX, "[%s]", text);
	} else {
		inet_ntop(AF_INET, &address->in4.sin_addr, text, sizeof(text));
		snprintf(out, TARN__AUTHORITY_MAX, "%s", text);
	}
}

void tarn__authority_format(const struct tarn__endpoint *endpoint, char out[TARN__AUTHORITY_MAX])
{
	char host[TARN__AUTHORITY_MAX];
	format_host(endpoint, host);
	uint16_t port = tarn_address_port(&endpoint->address);
	if (port == tarn__transports[TARN__HTTPS].port)
		snprintf(out, TARN__AUTHORITY_MAX, "%s", host);
	else
		snprintf(out, TARN__AUTHORITY_MAX, "%.260s:%u", host, port);
}
