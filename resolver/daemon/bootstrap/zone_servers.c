/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/bootstrap/zone_servers.c: the servers of zones, as configured and as the resolver has them. */
#include "daemon/bootstrap/zone_servers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/traits.h"
#include "core/zone_config.h"

/* ---- copies ---------------------------------------------------------------------------------- */

/*
 * An interface's name is shorter than TARN__INTERFACE_MAX in settings that a resolver was made of; others are refused.
 */
static int copy_zone(const struct tarn__servers *servers, const struct tarn_source *source,
		     struct tarn__zone_servers *out)
{
	out->source = *source;
	out->source.interface = NULL;
	if (source->interface)
		snprintf(out->interface, sizeof(out->interface), "%s", source->interface);
	for (size_t i = 0; i < servers->count; i++) {
		int error =
			tarn__servers_add(&out->servers, &servers->items[i], &servers->traits[i]);
		if (error != 0)
			return error;
	}
	return 0;
}

/* The zones of sections without servers are not among those of a configuration. */
static int copy_all(const struct tarn__settings *settings, tarn__zone_servers_filter is_wanted,
		    struct tarn__zone_servers *out, size_t *count)
{
	int error = 0;
	size_t index = 1;
	*count = 0;
	if (is_wanted(&settings->upstreams, settings->discover)) {
		out[*count] =
			(struct tarn__zone_servers){.selection = settings->resolver.selection};
		error = copy_zone(&settings->upstreams, &settings->resolver.source,
				  &out[(*count)++]);
	}
	for (size_t i = 0; i < settings->forward_count && error == 0; i++) {
		const struct tarn__forward_settings *forward = &settings->forwards[i];
		if (forward->upstreams.count == 0)
			continue;
		if (is_wanted(&forward->upstreams, forward->discover)) {
			out[*count] = (struct tarn__zone_servers){
				.index = index,
				.forward = i,
				.selection = forward->resolver.selection};
			error = copy_zone(&forward->upstreams, &forward->resolver.source,
					  &out[(*count)++]);
		}
		index++;
	}
	return error;
}

static size_t count_wanted(const struct tarn__settings *settings,
			   tarn__zone_servers_filter is_wanted)
{
	size_t count = is_wanted(&settings->upstreams, settings->discover);
	for (size_t i = 0; i < settings->forward_count; i++)
		count +=
			is_wanted(&settings->forwards[i].upstreams, settings->forwards[i].discover);
	return count;
}

int tarn__zone_servers_copy(const struct tarn__settings *settings,
			    tarn__zone_servers_filter is_wanted, struct tarn__zone_servers **out,
			    size_t *count)
{
	size_t wanted = count_wanted(settings, is_wanted), copied = 0;
	struct tarn__zone_servers *zones = wanted > 0 ? calloc(wanted, sizeof(zones[0])) : NULL;
	if (wanted > 0 && !zones)
		return TARN_ENOMEM;
	int error = wanted > 0 ? copy_all(settings, is_wanted, zones, &copied) : 0;
	if (error != 0) {
		tarn__zone_servers_free(zones, copied);
		return TARN_ENOMEM;
	}
	/* They do not move any more. */
	for (size_t i = 0; i < copied; i++)
		zones[i].source.interface = zones[i].interface[0] ? zones[i].interface : NULL;
	*out = zones;
	*count = copied;
	return 0;
}

void tarn__zone_servers_free(struct tarn__zone_servers *zones, size_t count)
{
	for (size_t i = 0; i < count; i++)
		tarn__servers_clear(&zones[i].servers);
	free(zones);
}

/* ---- expansions ------------------------------------------------------------------------------ */

void tarn__expansion_clear(struct tarn__expansion *expansion)
{
	free(expansion->items);
	free(expansion->traits);
	*expansion = (struct tarn__expansion){0};
}

static void add(struct tarn__expansion *out, const struct tarn_address *address,
		const struct tarn_traits *traits)
{
	for (size_t i = 0; i < out->count; i++) {
		bool has_family = out->items[i].sa.sa_family != AF_UNSPEC &&
				  address->sa.sa_family != AF_UNSPEC;
		if (has_family && tarn_address_is_equal(&out->items[i], address) &&
		    tarn__traits_is_equal(&out->traits[i], traits))
			return;
	}
	out->traits[out->count] = *traits;
	out->items[out->count++] = *address;
}

static struct tarn_address with_ip(const struct tarn__ip *ip, uint16_t port)
{
	struct tarn_address address = {0};
	if (ip->len == TARN__IPV6_LEN) {
		address.in6.sin6_family = AF_INET6;
		memcpy(&address.in6.sin6_addr, ip->octets, TARN__IPV6_LEN);
	} else {
		address.in4.sin_family = AF_INET;
		memcpy(&address.in4.sin_addr, ip->octets, TARN__IPV4_LEN);
	}
	tarn_address_set_port(&address, port);
	return address;
}

int tarn__expand(const struct tarn__servers *servers, tarn__host_find find, void *data, size_t room,
		 struct tarn__expansion *out)
{
	size_t most = servers->count * TARN__HOST_ADDRESSES_MAX;
	*out = (struct tarn__expansion){.items = calloc(most + 1, sizeof(out->items[0])),
					.traits = calloc(most + 1, sizeof(out->traits[0]))};
	if (!out->items || !out->traits) {
		tarn__expansion_clear(out);
		return TARN_ENOMEM;
	}
	/* What is left when each server has its one. */
	size_t more = room > servers->count ? room - servers->count : 0;
	for (size_t i = 0; i < servers->count; i++) {
		const struct tarn_address *address = &servers->items[i];
		const struct tarn__host_addresses *known = NULL;
		if (address->sa.sa_family == AF_UNSPEC)
			known = find(data, servers->traits[i].name);
		if (!known || known->count == 0) {
			add(out, address, &servers->traits[i]);
			continue;
		}
		for (size_t j = 0; j < known->count && (j == 0 || more > 0); j++) {
			struct tarn_address found =
				with_ip(&known->items[j], tarn_address_port(address));
			add(out, &found, &servers->traits[i]);
			more -= j > 0;
		}
	}
	return 0;
}
