/* SPDX-License-Identifier: BSD-2-Clause */
/* core/forward/endpoint.c: upstream servers as counted objects. */
#include "core/forward/endpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/siphash.h"
#include "base/traits.h"

struct tarn__endpoint *tarn__endpoint_new(const struct tarn_address *address,
					  const struct tarn_traits *traits,
					  const struct tarn_source *source)
{
	struct tarn__endpoint *endpoint = calloc(1, sizeof *endpoint);
	if (!endpoint)
		return NULL;
	atomic_init(&endpoint->references, 1);
	endpoint->address = *address;
	if (traits && tarn__traits_copy(traits, &endpoint->traits, &endpoint->texts) != 0) {
		free(endpoint);
		return NULL;
	}
	endpoint->source = address->sa.sa_family == AF_INET6 ? source->ipv6 : source->ipv4;
	if (endpoint->source.sa.sa_family != AF_UNSPEC)
		tarn_address_set_port(&endpoint->source, 0);
	snprintf(endpoint->interface, sizeof endpoint->interface, "%s",
		 source->interface ? source->interface : "");
	return endpoint;
}

struct tarn__endpoint *tarn__endpoint_get(struct tarn__endpoint *endpoint)
{
	atomic_fetch_add_explicit(&endpoint->references, 1, memory_order_relaxed);
	return endpoint;
}

void tarn__endpoint_put(struct tarn__endpoint *endpoint)
{
	if (endpoint &&
	    atomic_fetch_sub_explicit(&endpoint->references, 1, memory_order_acq_rel) == 1) {
		free(endpoint->texts);
		free(endpoint);
	}
}

bool tarn__endpoint_is_equal(const struct tarn__endpoint *a, const struct tarn__endpoint *b)
{
	return tarn__endpoint_has_address(a) == tarn__endpoint_has_address(b) &&
	       (!tarn__endpoint_has_address(a) ||
		tarn_address_is_equal(&a->address, &b->address)) &&
	       a->source.sa.sa_family == b->source.sa.sa_family &&
	       (a->source.sa.sa_family == AF_UNSPEC ||
		tarn_address_is_equal(&a->source, &b->source)) &&
	       strcmp(a->interface, b->interface) == 0 &&
	       tarn__traits_is_equal(&a->traits, &b->traits);
}

/* An address without the unused octets of its struct. */
struct digested_address {
	uint8_t octets[16];
	uint32_t scope;
	char interface[sizeof(((struct tarn_address *)NULL)->interface)];
	uint16_t family, port;
};

static void set_address(struct digested_address *out, const struct tarn_address *address)
{
	out->family = address->sa.sa_family;
	if (out->family == AF_UNSPEC)
		return;
	out->port = tarn_address_port(address);
	if (out->family == AF_INET6) {
		out->scope = address->in6.sin6_scope_id;
		snprintf(out->interface, sizeof out->interface, "%s", address->interface);
	}
	size_t len;
	const uint8_t *octets = tarn__address_octets(address, &len);
	memcpy(out->octets, octets, len);
}

uint64_t tarn__endpoint_digest(const struct tarn__endpoint *endpoint)
{
	static const uint8_t key[TARN__SIPHASH_KEY_LEN];
	struct {
		struct digested_address address, source;
		char interface[TARN__INTERFACE_MAX];
	} all;
	memset(&all, 0, sizeof all);
	if (!endpoint->traits.name) {
		set_address(&all.address, &endpoint->address);
		set_address(&all.source, &endpoint->source);
	}
	memcpy(all.interface, endpoint->interface, sizeof all.interface);
	uint64_t digest = tarn__siphash(key, &all, sizeof all);
	/* Servers behind one address may be told apart by name, and clients by path. */
	if (endpoint->traits.name)
		digest ^= tarn__siphash(key, endpoint->traits.name, strlen(endpoint->traits.name));
	if (endpoint->traits.path)
		digest ^= ~tarn__siphash(key, endpoint->traits.path, strlen(endpoint->traits.path));
	return digest;
}
