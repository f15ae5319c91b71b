/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/bootstrap/discovery.c: asks servers in the clear for their encrypted services. */
#include "config.h"

#include "daemon/bootstrap/discovery.h"

#include <stdlib.h>
#include <string.h>

#include "core/config.h"
#include "daemon/bootstrap/designation.h"
#include "daemon/bootstrap/inquirer.h"
#include "daemon/bootstrap/zone_servers.h"
#include "dns/text.h"
#include "http2/http2.h"
#include "net/clock.h"
#include "net/shared.h"

enum {
	/* After a failure it is asked again after this, then after twice the time each, up to an hour. */
	RETRY_SEC = 60,
	RETRY_MAX_SEC = 3600,
};

static const char service_name[] = "_dns.resolver.arpa"; /* RFC 9462 section 4 */

struct zone;

/* A server in the clear, and what it designates. */
struct server {
	struct tarn__discovery *discovery;
	struct zone *zone;
	const struct tarn_address *address;
	const struct tarn_traits *traits;
	struct tarn__inquirer inquirer;
	struct tarn__inquiry inquiry;
	ev_timer timer, close;
	uint64_t due_ms; /* tarn__clock_ms() when it is asked again; 0: never asked */
	unsigned failures; /* in a row */
	bool is_designating;
	struct tarn__designation designation;
};

struct zone {
	const struct tarn__discovery_plan *plan;
	struct tarn__zone_servers *configured;
	struct server *servers; /* as many as configured */
};

struct tarn__discovery_plan {
	size_t count;
	struct tarn__zone_servers *configured;
	struct zone *zones; /* as many */
	struct tarn__port_ranges avoid_ports;
};

/* ---- what the resolver is given -------------------------------------------------------------- */

static struct tarn_address service_address(const struct server *server)
{
	struct tarn_address address = *server->address;
	tarn_address_set_port(&address, server->designation.port);
	return address;
}

/* Its certificate has to be for the server's address (RFC 9462 section 4.2). */
static struct tarn_traits service_traits(const struct server *server)
{
	const struct tarn__designation *designation = &server->designation;
	return (struct tarn_traits){.transport = designation->transport,
				    .path = designation->transport == TARN_HTTPS ? designation->path
										 : NULL};
}

/* The encrypted services, then the servers in the clear. */
static size_t list_servers(const struct zone *zone, struct tarn_address *items,
			   struct tarn_traits *traits)
{
	size_t count = 0;
	const struct tarn__servers *servers = &zone->configured->servers;
	size_t room = TARN__SERVERS_MAX - servers->count;
	for (size_t i = 0; i < servers->count && count < room; i++) {
		if (!zone->servers[i].is_designating)
			continue;
		items[count] = service_address(&zone->servers[i]);
		traits[count++] = service_traits(&zone->servers[i]);
	}
	for (size_t i = 0; i < servers->count; i++) {
		items[count] = servers->items[i];
		traits[count++] = servers->traits[i];
	}
	return count;
}

static void apply(struct tarn__discovery *discovery, const struct zone *zone)
{
	struct tarn_address items[TARN__SERVERS_MAX];
	struct tarn_traits traits[TARN__SERVERS_MAX];
	size_t count = list_servers(zone, items, traits);
	bool is_upgraded = count > zone->configured->servers.count;
	const struct tarn_forward section = {.upstreams = items,
					     .traits = traits,
					     .upstream_count = count,
					     .selection = is_upgraded ? TARN_SELECTION_STRICT
								      : zone->configured->selection,
					     .source = zone->configured->source};
	int error = tarn__set_zone(discovery->tarn, zone->configured->index, &section);
	if (error == 0)
		tarn__find_forward_loops(discovery->tarn);
	else
		tarn__log(discovery->log, TARN_LOG_WARNING, "discovered servers are not used: %s",
			  tarn_error_text(error));
}

/* ---- questions ------------------------------------------------------------------------------- */

static void wait_for(struct server *server, uint64_t after_sec)
{
	server->due_ms = tarn__clock_ms() + after_sec * 1000;
	tarn__inquiry_start_timer(server->discovery->loop, &server->timer, after_sec * 1000);
}

static void fail(struct server *server)
{
	uint64_t after_sec = RETRY_SEC;
	for (unsigned i = 0; i < server->failures && after_sec < RETRY_MAX_SEC; i++)
		after_sec *= 2;
	server->failures++;
	wait_for(server, after_sec < RETRY_MAX_SEC ? after_sec : RETRY_MAX_SEC);
}

static void log_change(const struct server *server)
{
	char before[TARN__UPSTREAM_TEXT_MAX], after[TARN__UPSTREAM_TEXT_MAX];
	tarn__upstream_format(server->address, server->traits, before);
	struct tarn_address address = service_address(server);
	struct tarn_traits traits = service_traits(server);
	if (server->is_designating)
		tarn__log(server->discovery->log, TARN_LOG_INFO,
			  "%s designates %s: it is asked first", before,
			  tarn__upstream_format(&address, &traits, after));
	else
		tarn__log(server->discovery->log, TARN_LOG_WARNING,
			  "%s designates no encrypted service any more: it is asked in the clear",
			  before);
}

static bool is_same(const struct tarn__designation *a, const struct tarn__designation *b)
{
	return a->transport == b->transport && a->port == b->port && strcmp(a->path, b->path) == 0;
}

static void take(struct server *server, bool is_designating,
		 const struct tarn__designation *designation)
{
	bool is_news = is_designating != server->is_designating ||
		       (is_designating && !is_same(designation, &server->designation));
	server->is_designating = is_designating;
	server->designation = *designation;
	if (!is_news)
		return;
	log_change(server);
	apply(server->discovery, server->zone);
}

static void on_answer(struct tarn__inquiry *inquiry, const uint8_t *wire, size_t len)
{
	struct server *server = inquiry->data;
	struct tarn__ip ip = {0};
	size_t ip_len;
	const uint8_t *octets = tarn__address_octets(server->address, &ip_len);
	ip.len = (uint8_t)ip_len;
	memcpy(ip.octets, octets, ip_len);
	struct tarn__designation designation = {0};
	uint32_t ttl = TARN__DESIGNATION_NONE_SEC;
	bool has_https = !tarn__http2_load();
	tarn__inquiry_start_timer(server->discovery->loop, &server->close, 0);
	switch (tarn__designation_read(wire, len, &ip, has_https, &designation, &ttl)) {
	case TARN__DESIGNATION_FAILED:
		fail(server);
		return;
	case TARN__DESIGNATION_NONE:
		take(server, false, &designation);
		break;
	case TARN__DESIGNATION_FOUND:
		take(server, true, &designation);
		break;
	}
	server->failures = 0;
	wait_for(server, ttl);
}

static void ask(struct server *server)
{
	static const char *const names[] = {"resolver.arpa"};
	struct tarn__discovery *discovery = server->discovery;
	const struct tarn__port_ranges *avoid_ports = &server->zone->plan->avoid_ports;
	const struct tarn_options options = {.upstreams = server->address,
					     .traits = server->traits,
					     .upstream_count = 1,
					     .source = server->zone->configured->source,
					     .avoid_ports = avoid_ports->items,
					     .avoid_port_count = avoid_ports->count,
					     .pass = names,
					     .pass_count = 1};
	struct tarn__name name = {.len = tarn__name_parse(service_name, name.octets)};
	if (server->inquiry.is_under_way)
		return;
	ev_timer_stop(discovery->loop, &server->close);
	if (!tarn__inquirer_is_open(&server->inquirer) &&
	    tarn__inquirer_open(&server->inquirer, discovery->tarn, discovery->loop, &options) !=
		    0) {
		fail(server);
		return;
	}
	server->inquiry.data = server;
	server->inquiry.done = on_answer;
	if (tarn__inquirer_ask(&server->inquirer, &server->inquiry, &name, TARN__TYPE_SVCB) == 0)
		return;
	tarn__inquiry_start_timer(discovery->loop, &server->close, 0);
	fail(server);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	ask(timer->data);
}

static void on_close(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	struct server *server = timer->data;
	tarn__inquirer_close(&server->inquirer);
}

/* ---- plans ----------------------------------------------------------------------------------- */

static void stop_server(struct server *server)
{
	tarn__inquirer_cancel(&server->inquirer, &server->inquiry);
	tarn__inquirer_close(&server->inquirer);
	ev_timer_stop(server->discovery->loop, &server->timer);
	ev_timer_stop(server->discovery->loop, &server->close);
}

static void free_plan(struct tarn__discovery_plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->count && plan->zones; i++) {
		struct zone *zone = &plan->zones[i];
		for (size_t j = 0; zone->servers && j < zone->configured->servers.count; j++)
			stop_server(&zone->servers[j]);
		free(zone->servers);
	}
	tarn__zone_servers_free(plan->configured, plan->count);
	free(plan->zones);
	free(plan);
}

/* Finds what is known of a server at the same address; NULL: nothing. */
static const struct server *find(const struct tarn__discovery_plan *plan,
				 const struct tarn_address *address)
{
	for (size_t i = 0; plan && i < plan->count; i++) {
		const struct zone *zone = &plan->zones[i];
		for (size_t j = 0; j < zone->configured->servers.count; j++) {
			if (tarn_address_is_equal(zone->servers[j].address, address))
				return &zone->servers[j];
		}
	}
	return NULL;
}

static void init_server(struct tarn__discovery *discovery, struct zone *zone, size_t index,
			const struct tarn__discovery_plan *before)
{
	struct server *server = &zone->servers[index];
	const struct tarn__servers *servers = &zone->configured->servers;
	server->discovery = discovery;
	server->zone = zone;
	server->address = &servers->items[index];
	server->traits = &servers->traits[index];
	ev_timer_init(&server->timer, on_timer, 0, 0);
	ev_timer_init(&server->close, on_close, 0, 0);
	server->timer.data = server->close.data = server;
	const struct server *known = find(before, server->address);
	if (!known)
		return;
	server->is_designating = known->is_designating;
	server->designation = known->designation;
	server->due_ms = known->failures > 0 ? 0 : known->due_ms;
}

static int fill_plan(struct tarn__discovery *discovery, struct tarn__discovery_plan *plan,
		     const struct tarn__discovery_plan *before)
{
	plan->zones = calloc(plan->count, sizeof(plan->zones[0]));
	if (!plan->zones)
		return TARN_ENOMEM;
	for (size_t i = 0; i < plan->count; i++) {
		struct zone *zone = &plan->zones[i];
		size_t count = plan->configured[i].servers.count;
		zone->plan = plan;
		zone->configured = &plan->configured[i];
		zone->servers = calloc(count, sizeof(zone->servers[0]));
		if (!zone->servers)
			return TARN_ENOMEM;
		for (size_t j = 0; j < count; j++)
			init_server(discovery, zone, j, before);
	}
	return 0;
}

static bool is_to_discover(const struct tarn__servers *servers, bool discover)
{
	return discover && servers->count > 0;
}

/* *out is NULL if nothing is to be discovered. */
static int make_plan(struct tarn__discovery *discovery, const struct tarn__settings *settings,
		     const struct tarn__discovery_plan *before, struct tarn__discovery_plan **out)
{
	struct tarn__zone_servers *configured;
	size_t count;
	*out = NULL;
	int error = tarn__zone_servers_copy(settings, is_to_discover, &configured, &count);
	if (error != 0 || count == 0)
		return error;
	struct tarn__discovery_plan *plan = calloc(1, sizeof(*plan));
	if (!plan) {
		tarn__zone_servers_free(configured, count);
		return TARN_ENOMEM;
	}
	plan->configured = configured;
	plan->count = count;
	plan->avoid_ports = settings->avoid_ports;
	error = fill_plan(discovery, plan, before);
	if (error == 0)
		*out = plan;
	else
		free_plan(plan);
	return error;
}

static int make_root(struct tarn__discovery *discovery, const struct tarn__settings *settings,
		     struct tarn__discovery_plan **out)
{
	struct tarn__settings root = *settings;
	root.forward_count = 0;
	return make_plan(discovery, &root, discovery->root, out);
}

static int make_zones(struct tarn__discovery *discovery, const struct tarn__settings *settings,
		      struct tarn__discovery_plan **out)
{
	struct tarn__settings zones = *settings;
	zones.discover = false;
	return make_plan(discovery, &zones, discovery->zones, out);
}

static void start(struct tarn__discovery *discovery, struct tarn__discovery_plan *plan)
{
	uint64_t now_ms = tarn__clock_ms();
	for (size_t i = 0; plan && i < plan->count; i++) {
		struct zone *zone = &plan->zones[i];
		bool is_upgraded = false;
		for (size_t j = 0; j < zone->configured->servers.count; j++) {
			struct server *server = &zone->servers[j];
			is_upgraded |= server->is_designating;
			if (server->due_ms > now_ms)
				wait_for(server, (server->due_ms - now_ms + 999) / 1000);
			else
				ask(server);
		}
		if (is_upgraded)
			apply(discovery, zone);
	}
}

/* ---- the part -------------------------------------------------------------------------------- */

void tarn__discovery_init(struct tarn__discovery *discovery, struct tarn *tarn,
			  struct ev_loop *loop, struct tarn__log *log)
{
	*discovery = (struct tarn__discovery){.tarn = tarn, .loop = loop, .log = log};
}

static void drop_next(struct tarn__discovery *discovery)
{
	free_plan(discovery->next_root);
	free_plan(discovery->next_zones);
	discovery->next_root = discovery->next_zones = NULL;
	discovery->has_next = false;
}

int tarn__discovery_set(void *data, const struct tarn__settings *settings)
{
	struct tarn__discovery *discovery = data;
	if (discovery->has_next) {
		/* A later part has failed: what is in force stays. */
		drop_next(discovery);
		return 0;
	}
	int error = make_root(discovery, settings, &discovery->next_root);
	if (error == 0)
		error = make_zones(discovery, settings, &discovery->next_zones);
	discovery->has_next = error == 0;
	if (error == 0)
		return 0;
	drop_next(discovery);
	tarn__log(discovery->log, TARN_LOG_ERR, "discover: %s", tarn_error_text(error));
	return error;
}

void tarn__discovery_settle(void *data)
{
	struct tarn__discovery *discovery = data;
	free_plan(discovery->root);
	free_plan(discovery->zones);
	discovery->root = discovery->next_root;
	discovery->zones = discovery->next_zones;
	discovery->next_root = discovery->next_zones = NULL;
	discovery->has_next = false;
	start(discovery, discovery->root);
	start(discovery, discovery->zones);
}

void tarn__discovery_follow(struct tarn__discovery *discovery,
			    const struct tarn__settings *settings)
{
	struct tarn__discovery_plan *plan;
	if (!settings->discover)
		return;
	if (make_root(discovery, settings, &plan) != 0)
		return;
	free_plan(discovery->root);
	discovery->root = plan;
	/* The selection may be that of an encrypted service before. */
	if (plan)
		apply(discovery, &plan->zones[0]);
	start(discovery, plan);
}

static void look_again(struct tarn__discovery_plan *plan)
{
	uint64_t now_ms = tarn__clock_ms();
	for (size_t i = 0; plan && i < plan->count; i++) {
		struct zone *zone = &plan->zones[i];
		for (size_t j = 0; j < zone->configured->servers.count; j++) {
			struct server *server = &zone->servers[j];
			if (server->failures == 0 && server->due_ms > now_ms)
				continue;
			server->failures = 0;
			ask(server);
		}
	}
}

void tarn__discovery_network_changed(void *data)
{
	struct tarn__discovery *discovery = data;
	look_again(discovery->root);
	look_again(discovery->zones);
}

void tarn__discovery_stop(struct tarn__discovery *discovery)
{
	if (!discovery->tarn)
		return;
	drop_next(discovery);
	free_plan(discovery->root);
	free_plan(discovery->zones);
	discovery->root = discovery->zones = NULL;
	discovery->tarn = NULL;
}
