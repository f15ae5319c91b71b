/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/bootstrap/plan.c: which names are asked for, and which servers are asked. */
#include "config.h"

#include "daemon/bootstrap/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/transport.h"
#include "core/config.h"
#include "daemon/bootstrap/bootstrap.h"
#include "dns/text.h"

enum { SHARED = 0 /* the asker of all names if there are servers of "bootstrap" */ };

/* ---- what is known --------------------------------------------------------------------------- */

/* Returns the name, of that asker or, if that is NULL, of any; NULL: it is not there. */
static struct tarn__host *find_host(const struct tarn__bootstrap_plan *plan,
				    const struct tarn__asker *asker, const char *name)
{
	for (size_t i = 0; plan && i < plan->host_count; i++) {
		struct tarn__host *host = plan->hosts[i];
		if ((!asker || host->asker == asker) && strcasecmp(host->text, name) == 0)
			return host;
	}
	return NULL;
}

struct tarn__asker *tarn__plan_asker(struct tarn__bootstrap_plan *plan, size_t zone)
{
	return &plan->askers[plan->asker_count > 1 ? zone : SHARED];
}

struct finder {
	struct tarn__bootstrap_plan *plan;
	const struct tarn__asker *asker;
};

static const struct tarn__host_addresses *find_addresses(void *data, const char *name)
{
	const struct finder *finder = data;
	const struct tarn__host *host = find_host(finder->plan, finder->asker, name);
	return host ? &host->addresses : NULL;
}

int tarn__plan_expand(struct tarn__bootstrap_plan *plan, size_t zone, struct tarn__expansion *out)
{
	struct finder finder = {.plan = plan, .asker = tarn__plan_asker(plan, zone)};
	const struct tarn__servers *servers = &plan->zones[zone].servers;
	size_t room = TARN__SERVERS_MAX;
	/* Where all zones together are near their bound each name has one address. */
	if (plan->server_count + plan->host_count * TARN__HOST_ADDRESSES_MAX >
	    TARN__SERVERS_ALL_MAX)
		room = servers->count;
	return tarn__expand(servers, find_addresses, &finder, room, out);
}

/* ---- plans ----------------------------------------------------------------------------------- */

static void free_host(struct tarn__host *host, struct ev_loop *loop)
{
	if (!host)
		return;
	for (size_t i = 0; i < TARN__FAMILIES; i++)
		tarn__inquirer_cancel(&host->asker->inquirer, &host->inquiries[i]);
	ev_timer_stop(loop, &host->timer);
	free(host->text);
	free(host);
}

void tarn__plan_free(struct tarn__bootstrap_plan *plan, struct ev_loop *loop)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->host_count; i++)
		free_host(plan->hosts[i], loop);
	for (size_t i = 0; i < plan->asker_count; i++) {
		ev_timer_stop(loop, &plan->askers[i].close);
		tarn__inquirer_close(&plan->askers[i].inquirer);
		tarn__servers_clear(&plan->askers[i].servers);
	}
	for (size_t i = 0; i < plan->zone_count && plan->expansions; i++)
		tarn__expansion_clear(&plan->expansions[i]);
	tarn__zone_servers_free(plan->zones, plan->zone_count);
	free(plan->expansions);
	free(plan->askers);
	free(plan->hosts);
	free(plan);
}

static bool has_name_alone(const struct tarn__servers *servers, bool discover)
{
	(void)discover;
	for (size_t i = 0; i < servers->count; i++) {
		if (servers->items[i].sa.sa_family == AF_UNSPEC)
			return true;
	}
	return false;
}

/* The servers in the clear of a zone. */
static int take_zone(struct tarn__asker *asker, struct tarn__zone_servers *zone)
{
	asker->zone = zone;
	asker->selection = zone->selection;
	int error = 0;
	for (size_t i = 0; i < zone->servers.count && error == 0; i++) {
		const struct tarn_traits *traits = &zone->servers.traits[i];
		if (!tarn__transports[traits->transport].is_encrypted)
			error = tarn__servers_add(&asker->servers, &zone->servers.items[i], traits);
	}
	return error;
}

static int take_bootstrap(struct tarn__asker *asker, const struct tarn__addresses *servers)
{
	int error = 0;
	for (size_t i = 0; i < servers->count && error == 0; i++)
		error = tarn__servers_add(&asker->servers, &servers->items[i],
					  &(struct tarn_traits){0});
	return error;
}

static int make_askers(struct tarn__bootstrap_plan *plan, const struct tarn__addresses *servers)
{
	bool is_shared = servers->count > 0;
	plan->asker_count = is_shared ? 1 : plan->zone_count;
	plan->askers = calloc(plan->asker_count, sizeof(plan->askers[0]));
	if (!plan->askers) {
		plan->asker_count = 0;
		return TARN_ENOMEM;
	}
	int error = 0;
	for (size_t i = 0; i < plan->asker_count && error == 0; i++)
		error = is_shared ? take_bootstrap(&plan->askers[i], servers)
				  : take_zone(&plan->askers[i], &plan->zones[i]);
	return error;
}

/* What was known of the name stays known. */
static int add_host(struct tarn__bootstrap *bootstrap, struct tarn__bootstrap_plan *plan,
		    const struct tarn__bootstrap_plan *known, struct tarn__asker *asker,
		    const char *name)
{
	if (find_host(plan, asker, name))
		return 0;
	struct tarn__host *host = calloc(1, sizeof(*host));
	if (!host)
		return TARN_ENOMEM;
	host->bootstrap = bootstrap;
	host->asker = asker;
	plan->hosts[plan->host_count++] = host;
	host->text = strdup(name);
	host->name.len = tarn__name_parse(name, host->name.octets);
	const struct tarn__host *before = find_host(known, NULL, name);
	if (before) {
		host->addresses = before->addresses;
		host->due_ms = before->failures > 0 ? 0 : before->due_ms;
	}
	return host->text ? 0 : TARN_ENOMEM;
}

static int make_hosts(struct tarn__bootstrap *bootstrap, struct tarn__bootstrap_plan *plan,
		      const struct tarn__bootstrap_plan *known)
{
	size_t room = 0;
	for (size_t i = 0; i < plan->zone_count; i++)
		room += plan->zones[i].servers.count;
	plan->hosts = calloc(room, sizeof(plan->hosts[0]));
	if (!plan->hosts)
		return TARN_ENOMEM;
	for (size_t i = 0; i < plan->zone_count; i++) {
		const struct tarn__servers *servers = &plan->zones[i].servers;
		for (size_t j = 0; j < servers->count; j++) {
			if (servers->items[j].sa.sa_family != AF_UNSPEC)
				continue;
			int error = add_host(bootstrap, plan, known, tarn__plan_asker(plan, i),
					     servers->traits[j].name);
			if (error != 0)
				return error;
		}
	}
	return 0;
}

static void take_source(struct tarn__bootstrap_plan *plan, const struct tarn_source *source)
{
	plan->source = *source;
	if (!source->interface)
		return;
	snprintf(plan->interface, sizeof(plan->interface), "%s", source->interface);
	plan->source.interface = plan->interface;
}

static int fill_plan(struct tarn__bootstrap *bootstrap, struct tarn__bootstrap_plan *plan,
		     const struct tarn__settings *settings,
		     const struct tarn__bootstrap_plan *known)
{
	plan->avoid_ports = settings->avoid_ports;
	take_source(plan, &settings->resolver.source);
	plan->server_count = settings->upstreams.count;
	for (size_t i = 0; i < settings->forward_count; i++)
		plan->server_count += settings->forwards[i].upstreams.count;
	plan->expansions = calloc(plan->zone_count, sizeof(plan->expansions[0]));
	if (!plan->expansions)
		return TARN_ENOMEM;
	int error = make_askers(plan, &settings->bootstrap);
	return error == 0 ? make_hosts(bootstrap, plan, known) : error;
}

int tarn__plan_new(struct tarn__bootstrap *bootstrap, const struct tarn__settings *settings,
		   const struct tarn__bootstrap_plan *known, struct tarn__bootstrap_plan **out)
{
	struct tarn__zone_servers *zones;
	size_t count;
	int error = tarn__zone_servers_copy(settings, has_name_alone, &zones, &count);
	*out = NULL;
	if (error != 0 || count == 0)
		return error;
	struct tarn__bootstrap_plan *plan = calloc(1, sizeof(*plan));
	if (!plan) {
		tarn__zone_servers_free(zones, count);
		return TARN_ENOMEM;
	}
	plan->zones = zones;
	plan->zone_count = count;
	error = fill_plan(bootstrap, plan, settings, known);
	if (error == 0)
		*out = plan;
	else
		tarn__plan_free(plan, bootstrap->loop);
	return error;
}
