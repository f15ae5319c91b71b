/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/bootstrap/bootstrap.c: asks for the addresses of servers, and tells the resolver of them. */
#include "config.h"

#include "daemon/bootstrap/bootstrap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/transport.h"
#include "core/config.h"
#include "daemon/bootstrap/inquirer.h"
#include "daemon/bootstrap/zone_servers.h"
#include "dns/text.h"
#include "net/clock.h"
#include "net/shared.h"

enum {
	/* After a failure it is asked again at once, then after twice the time each, up to this. */
	RETRY_MS = 1000,
	RETRY_MAX_MS = 60000,
	CLOSE_MS = 1000, /* of an inquirer without questions: those of another name may follow */
	SHARED = 0, /* the group that all names have if there are servers of "bootstrap" */
};

enum family { IPV4, IPV6, FAMILIES };

static const uint16_t types[FAMILIES] = {TARN__TYPE_A, TARN__TYPE_AAAA};

/* Servers that are asked for addresses. */
struct asker {
	struct tarn__zone_servers
		*zone; /* whose servers in the clear they are; NULL: "bootstrap" */
	struct tarn__servers servers;
	enum tarn_selection selection;
	struct tarn__inquirer inquirer;
	unsigned under_way; /* names that are asked for */
	ev_timer close;
};

/* A name, of one or more servers. */
struct host {
	struct tarn__bootstrap *bootstrap;
	struct asker *asker;
	char *text;
	struct tarn__name name;
	struct tarn__host_addresses addresses;
	struct tarn__inquiry inquiries[FAMILIES];
	struct tarn__host_answer answers[FAMILIES];
	unsigned failures; /* in a row */
	uint64_t due_ms; /* tarn__clock_ms() when it is asked for again; 0: never asked */
	ev_timer timer;
	char fault[64];
};

struct tarn__bootstrap_plan {
	size_t zone_count, asker_count, host_count;
	struct tarn__zone_servers *zones; /* those that have a server with a name alone */
	struct tarn__expansion *expansions; /* one for each, as tarn__bootstrap_fill() has them */
	struct asker *askers; /* one for each zone, or one for all */
	struct host **hosts;
	struct tarn__port_ranges avoid_ports;
	struct tarn_source source; /* of the root */
	char interface[TARN__INTERFACE_MAX];
	size_t server_count; /* of all zones, as configured */
};

/* ---- what is known --------------------------------------------------------------------------- */

static struct host *find_host(const struct tarn__bootstrap_plan *plan, const struct asker *asker,
			      const char *name)
{
	for (size_t i = 0; plan && i < plan->host_count; i++) {
		struct host *host = plan->hosts[i];
		if ((!asker || host->asker == asker) && strcasecmp(host->text, name) == 0)
			return host;
	}
	return NULL;
}

static struct asker *asker_of(struct tarn__bootstrap_plan *plan, size_t zone)
{
	return &plan->askers[plan->asker_count > 1 ? zone : SHARED];
}

struct finder {
	struct tarn__bootstrap_plan *plan;
	const struct asker *asker;
};

static const struct tarn__host_addresses *find_addresses(void *data, const char *name)
{
	const struct finder *finder = data;
	const struct host *host = find_host(finder->plan, finder->asker, name);
	return host ? &host->addresses : NULL;
}

static int expand(struct tarn__bootstrap_plan *plan, size_t zone, struct tarn__expansion *out)
{
	struct finder finder = {.plan = plan, .asker = asker_of(plan, zone)};
	const struct tarn__servers *servers = &plan->zones[zone].servers;
	size_t room = TARN__SERVERS_MAX;
	/* Where all zones together are near their bound each name has one address. */
	if (plan->server_count + plan->host_count * TARN__HOST_ADDRESSES_MAX >
	    TARN__SERVERS_ALL_MAX)
		room = servers->count;
	return tarn__expand(servers, find_addresses, &finder, room, out);
}

/* Tells the resolver of a zone's servers. */
static void apply(struct tarn__bootstrap *bootstrap, size_t zone)
{
	struct tarn__bootstrap_plan *plan = bootstrap->plan;
	const struct tarn__zone_servers *servers = &plan->zones[zone];
	struct tarn__expansion expansion;
	int error = expand(plan, zone, &expansion);
	if (error == 0) {
		const struct tarn_forward section = {.upstreams = expansion.items,
						     .traits = expansion.traits,
						     .upstream_count = expansion.count,
						     .selection = servers->selection,
						     .source = servers->source};
		error = tarn__set_zone(bootstrap->tarn, servers->index, &section);
		tarn__expansion_clear(&expansion);
	}
	if (error != 0)
		tarn__log(bootstrap->log, TARN_LOG_WARNING,
			  "the addresses of upstream servers are not used: %s",
			  tarn_error_text(error));
}

static bool has_name(const struct tarn__servers *servers, const char *name)
{
	for (size_t i = 0; i < servers->count; i++) {
		if (servers->items[i].sa.sa_family == AF_UNSPEC &&
		    strcasecmp(servers->traits[i].name, name) == 0)
			return true;
	}
	return false;
}

static void apply_host(struct tarn__bootstrap *bootstrap, const struct host *host)
{
	struct tarn__bootstrap_plan *plan = bootstrap->plan;
	for (size_t i = 0; i < plan->zone_count; i++) {
		if (asker_of(plan, i) == host->asker &&
		    has_name(&plan->zones[i].servers, host->text))
			apply(bootstrap, i);
	}
}

/* ---- questions ------------------------------------------------------------------------------- */

static void start_timer(struct ev_loop *loop, ev_timer *timer, uint64_t after_ms)
{
	ev_timer_stop(loop, timer);
	ev_now_update(loop);
	ev_timer_set(timer, (double)after_ms / 1000, 0);
	ev_timer_start(loop, timer);
}

static void wait_for(struct host *host, uint64_t after_ms)
{
	host->due_ms = tarn__clock_ms() + after_ms;
	start_timer(host->bootstrap->loop, &host->timer, after_ms);
}

static void on_close(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	struct asker *asker = timer->data;
	if (asker->under_way == 0)
		tarn__inquirer_close(&asker->inquirer);
}

/* The names of an asker; there is room for all of the plan. */
static size_t list_names(const struct tarn__bootstrap_plan *plan, const struct asker *asker,
			 const char **out)
{
	size_t count = 0;
	for (size_t i = 0; i < plan->host_count; i++) {
		if (plan->hosts[i]->asker == asker)
			out[count++] = plan->hosts[i]->text;
	}
	return count;
}

static bool open_asker(struct tarn__bootstrap *bootstrap, struct asker *asker)
{
	const struct tarn__bootstrap_plan *plan = bootstrap->plan;
	if (tarn__inquirer_is_open(&asker->inquirer))
		return true;
	const char **names = calloc(plan->host_count, sizeof(names[0]));
	if (!names)
		return false;
	const struct tarn_options options = {.upstreams = asker->servers.items,
					     .traits = asker->servers.traits,
					     .upstream_count = asker->servers.count,
					     .selection = asker->selection,
					     .source = asker->zone ? asker->zone->source
								   : plan->source,
					     .avoid_ports = plan->avoid_ports.items,
					     .avoid_port_count = plan->avoid_ports.count,
					     /* A name below "home.arpa" is the network's own. */
					     .pass = names,
					     .pass_count = list_names(plan, asker, names)};
	int error =
		tarn__inquirer_open(&asker->inquirer, bootstrap->tarn, bootstrap->loop, &options);
	free(names);
	return error == 0;
}

static bool is_asked(const struct host *host)
{
	return host->inquiries[IPV4].is_under_way || host->inquiries[IPV6].is_under_way;
}

/* Says once what is wrong, until it is not. */
static void set_fault(struct host *host, const char *fault)
{
	bool is_new = strcmp(host->fault, fault) != 0;
	snprintf(host->fault, sizeof(host->fault), "%s", fault);
	if (!is_new || !*fault)
		return;
	tarn__log(host->bootstrap->log, TARN_LOG_WARNING, "%s: %s: %s", host->text,
		  host->addresses.count > 0 ? "the addresses of before stay in use"
					    : "its address is not known",
		  fault);
}

static void log_addresses(const struct host *host)
{
	char list[TARN__HOST_ADDRESSES_MAX * INET6_ADDRSTRLEN + 16] = "";
	size_t len = 0;
	for (size_t i = 0; i < host->addresses.count; i++) {
		const struct tarn__ip *ip = &host->addresses.items[i];
		char text[INET6_ADDRSTRLEN];
		int family = ip->len == TARN__IPV6_LEN ? AF_INET6 : AF_INET;
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", i > 0 ? ", " : "",
					inet_ntop(family, ip->octets, text, sizeof(text)));
	}
	tarn__log(host->bootstrap->log, TARN_LOG_INFO, "%s is at %s", host->text, list);
}

static void fail(struct host *host, const char *fault)
{
	uint64_t after_ms = RETRY_MS;
	for (unsigned i = 0; i < host->failures && after_ms < RETRY_MAX_MS; i++)
		after_ms *= 2;
	host->failures++;
	set_fault(host, fault);
	wait_for(host, after_ms < RETRY_MAX_MS ? after_ms : RETRY_MAX_MS);
}

/* Returns the reason why there is no address of any family. */
static const char *explain(const struct host *host, char out[64])
{
	const struct tarn__host_answer *a = &host->answers[IPV4], *aaaa = &host->answers[IPV6];
	char rcode[TARN__WORD_MAX];
	if (a->result == TARN__HOST_FAILED || aaaa->result == TARN__HOST_FAILED) {
		uint8_t code = a->result == TARN__HOST_FAILED ? a->rcode : aaaa->rcode;
		if (code > TARN__FLAG_RCODE)
			return "no answer";
		snprintf(out, 64, "the answer is %s", tarn__rcode_format(code, rcode));
		return out;
	}
	return a->rcode == TARN__NXDOMAIN ? "there is no such name" : "it has no address";
}

static uint64_t ttl_ms(const struct host *host)
{
	uint32_t ttl = TARN__HOST_TTL_MAX;
	for (size_t i = 0; i < FAMILIES; i++) {
		if (host->answers[i].result != TARN__HOST_NONE && host->answers[i].ttl < ttl)
			ttl = host->answers[i].ttl;
	}
	return (uint64_t)ttl * 1000;
}

/* Both questions have been answered, or have failed. */
static void conclude(struct host *host)
{
	char text[64];
	const struct tarn__host_answer *answers = host->answers;
	struct tarn__bootstrap *bootstrap = host->bootstrap;
	host->asker->under_way--;
	if (host->asker->under_way == 0)
		start_timer(bootstrap->loop, &host->asker->close, CLOSE_MS);
	bool has_any = answers[IPV4].result == TARN__HOST_FOUND ||
		       answers[IPV6].result == TARN__HOST_FOUND;
	if (!has_any) {
		fail(host, explain(host, text));
		return;
	}
	host->failures = 0;
	set_fault(host, "");
	if (tarn__host_update(&host->addresses, &answers[IPV4], &answers[IPV6])) {
		log_addresses(host);
		apply_host(bootstrap, host);
	}
	wait_for(host, ttl_ms(host));
}

static void on_answer(struct tarn__inquiry *inquiry, const uint8_t *wire, size_t len)
{
	struct host *host = inquiry->data;
	size_t family = (size_t)(inquiry - host->inquiries);
	tarn__host_read(wire, len, types[family], &host->answers[family]);
	if (!is_asked(host))
		conclude(host);
}

static void ask(struct host *host)
{
	struct tarn__bootstrap *bootstrap = host->bootstrap;
	struct asker *asker = host->asker;
	if (is_asked(host))
		return;
	if (!open_asker(bootstrap, asker)) {
		fail(host, strerror(errno));
		return;
	}
	for (size_t i = 0; i < FAMILIES; i++) {
		host->inquiries[i].data = host;
		host->inquiries[i].done = on_answer;
		tarn__host_read(NULL, 0, types[i], &host->answers[i]);
		(void)tarn__inquirer_ask(&asker->inquirer, &host->inquiries[i], &host->name,
					 types[i]);
	}
	asker->under_way++;
	if (!is_asked(host))
		conclude(host);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	ask(timer->data);
}

/* ---- plans ----------------------------------------------------------------------------------- */

static void free_host(struct host *host)
{
	if (!host)
		return;
	for (size_t i = 0; i < FAMILIES; i++)
		tarn__inquirer_cancel(&host->asker->inquirer, &host->inquiries[i]);
	ev_timer_stop(host->bootstrap->loop, &host->timer);
	free(host->text);
	free(host);
}

static void free_plan(struct tarn__bootstrap *bootstrap, struct tarn__bootstrap_plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->host_count; i++)
		free_host(plan->hosts[i]);
	for (size_t i = 0; i < plan->asker_count; i++) {
		ev_timer_stop(bootstrap->loop, &plan->askers[i].close);
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

static void init_asker(struct asker *asker)
{
	ev_timer_init(&asker->close, on_close, 0, 0);
	asker->close.data = asker;
}

/* The servers in the clear of a zone. */
static int take_zone(struct asker *asker, struct tarn__zone_servers *zone)
{
	init_asker(asker);
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

static int take_bootstrap(struct asker *asker, const struct tarn__addresses *servers)
{
	init_asker(asker);
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
		    struct asker *asker, const char *name)
{
	if (find_host(plan, asker, name))
		return 0;
	struct host *host = calloc(1, sizeof(*host));
	if (!host)
		return TARN_ENOMEM;
	host->bootstrap = bootstrap;
	host->asker = asker;
	ev_timer_init(&host->timer, on_timer, 0, 0);
	host->timer.data = host;
	plan->hosts[plan->host_count++] = host;
	host->text = strdup(name);
	host->name.len = tarn__name_parse(name, host->name.octets);
	const struct host *before = find_host(bootstrap->plan, NULL, name);
	if (before) {
		host->addresses = before->addresses;
		host->due_ms = before->failures > 0 ? 0 : before->due_ms;
	}
	return host->text ? 0 : TARN_ENOMEM;
}

static int make_hosts(struct tarn__bootstrap *bootstrap, struct tarn__bootstrap_plan *plan)
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
			int error = add_host(bootstrap, plan, asker_of(plan, i),
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
		     const struct tarn__settings *settings)
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
	return error == 0 ? make_hosts(bootstrap, plan) : error;
}

/* *out is NULL if no server has a name alone. */
static int make_plan(struct tarn__bootstrap *bootstrap, const struct tarn__settings *settings,
		     struct tarn__bootstrap_plan **out)
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
	error = fill_plan(bootstrap, plan, settings);
	if (error == 0)
		*out = plan;
	else
		free_plan(bootstrap, plan);
	return error;
}

static void drop_next(struct tarn__bootstrap *bootstrap)
{
	free_plan(bootstrap, bootstrap->next);
	bootstrap->next = NULL;
	bootstrap->has_next = false;
}

/* ---- the part -------------------------------------------------------------------------------- */

void tarn__bootstrap_init(struct tarn__bootstrap *bootstrap, struct tarn *tarn,
			  struct ev_loop *loop, struct tarn__log *log)
{
	*bootstrap = (struct tarn__bootstrap){.tarn = tarn, .loop = loop, .log = log};
}

int tarn__bootstrap_set(void *data, const struct tarn__settings *settings)
{
	struct tarn__bootstrap *bootstrap = data;
	if (bootstrap->has_next) {
		/* A later part has failed: what is in force stays. */
		drop_next(bootstrap);
		return 0;
	}
	int error = make_plan(bootstrap, settings, &bootstrap->next);
	bootstrap->has_next = error == 0;
	if (error != 0)
		tarn__log(bootstrap->log, TARN_LOG_ERR, "bootstrap: %s", tarn_error_text(error));
	return error;
}

int tarn__bootstrap_fill(struct tarn__bootstrap *bootstrap, struct tarn_options *options)
{
	struct tarn__bootstrap_plan *plan = bootstrap->next;
	for (size_t i = 0; plan && i < plan->zone_count; i++) {
		const struct tarn__zone_servers *zone = &plan->zones[i];
		struct tarn__expansion *expansion = &plan->expansions[i];
		tarn__expansion_clear(expansion);
		int error = expand(plan, i, expansion);
		if (error != 0)
			return error;
		if (zone->index == 0) {
			options->upstreams = expansion->items;
			options->traits = expansion->traits;
			options->upstream_count = expansion->count;
			continue;
		}
		struct tarn_forward *forward =
			(struct tarn_forward *)&options->forwards[zone->forward];
		forward->upstreams = expansion->items;
		forward->traits = expansion->traits;
		forward->upstream_count = expansion->count;
	}
	return 0;
}

void tarn__bootstrap_settle(void *data)
{
	struct tarn__bootstrap *bootstrap = data;
	free_plan(bootstrap, bootstrap->plan);
	struct tarn__bootstrap_plan *plan = bootstrap->plan = bootstrap->next;
	bootstrap->next = NULL;
	bootstrap->has_next = false;
	uint64_t now_ms = tarn__clock_ms();
	for (size_t i = 0; plan && i < plan->zone_count; i++)
		tarn__expansion_clear(&plan->expansions[i]);
	for (size_t i = 0; plan && i < plan->host_count; i++) {
		struct host *host = plan->hosts[i];
		if (host->due_ms > now_ms)
			wait_for(host, host->due_ms - now_ms);
		else
			ask(host);
	}
}

void tarn__bootstrap_network_changed(void *data)
{
	struct tarn__bootstrap *bootstrap = data;
	struct tarn__bootstrap_plan *plan = bootstrap->plan;
	uint64_t now_ms = tarn__clock_ms();
	for (size_t i = 0; plan && i < plan->asker_count; i++) {
		if (tarn__inquirer_is_open(&plan->askers[i].inquirer))
			tarn_network_changed(plan->askers[i].inquirer.tarn);
	}
	for (size_t i = 0; plan && i < plan->host_count; i++) {
		struct host *host = plan->hosts[i];
		if (host->failures == 0 && host->due_ms > now_ms)
			continue;
		host->failures = 0;
		ask(host);
	}
}

bool tarn__bootstrap_next(const struct tarn__bootstrap *bootstrap, size_t *at,
			  struct tarn__bootstrap_view *out)
{
	const struct tarn__bootstrap_plan *plan = bootstrap->plan;
	if (!plan || *at >= plan->host_count)
		return false;
	const struct host *host = plan->hosts[(*at)++];
	uint64_t now_ms = tarn__clock_ms();
	*out = (struct tarn__bootstrap_view){
		.name = host->text,
		.addresses = &host->addresses,
		.fault = host->fault[0] ? host->fault : NULL,
		.left_sec = host->due_ms > now_ms ? (host->due_ms - now_ms) / 1000 : 0};
	return true;
}

void tarn__bootstrap_stop(struct tarn__bootstrap *bootstrap)
{
	if (!bootstrap->tarn)
		return;
	drop_next(bootstrap);
	free_plan(bootstrap, bootstrap->plan);
	bootstrap->plan = NULL;
	bootstrap->tarn = NULL;
}
