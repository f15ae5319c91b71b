/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/bootstrap/bootstrap.c: asks for the addresses of servers, and hands them to the resolver. */
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
#include "daemon/bootstrap/plan.h"
#include "dns/text.h"
#include "net/clock.h"
#include "net/shared.h"

enum {
	/* After a failure it is asked again at once, then after twice the time each, up to this. */
	RETRY_MS = 1000,
	RETRY_MAX_MS = 60000,
	CLOSE_MS = 1000, /* of an inquirer without questions: those of another name may follow */
};

static const uint16_t types[TARN__FAMILIES] = {TARN__TYPE_A, TARN__TYPE_AAAA};

/* ---- what is known --------------------------------------------------------------------------- */

/* Hands a zone's servers to the resolver. */
static void apply(struct tarn__bootstrap *bootstrap, size_t zone)
{
	struct tarn__bootstrap_plan *plan = bootstrap->plan;
	const struct tarn__zone_servers *servers = &plan->zones[zone];
	struct tarn__expansion expansion;
	int error = tarn__plan_expand(plan, zone, &expansion);
	if (error == 0) {
		const struct tarn_forward section = {.upstreams = expansion.items,
						     .traits = expansion.traits,
						     .upstream_count = expansion.count,
						     .selection = servers->selection,
						     .source = servers->source};
		error = tarn__set_zone(bootstrap->tarn, servers->index, &section);
		tarn__expansion_clear(&expansion);
	}
	/* One of the addresses may be tarn's own. */
	if (error == 0)
		tarn__find_forward_loops(bootstrap->tarn);
	else
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

static void apply_host(struct tarn__bootstrap *bootstrap, const struct tarn__host *host)
{
	struct tarn__bootstrap_plan *plan = bootstrap->plan;
	for (size_t i = 0; i < plan->zone_count; i++) {
		if (tarn__plan_asker(plan, i) == host->asker &&
		    has_name(&plan->zones[i].servers, host->text))
			apply(bootstrap, i);
	}
}

/* ---- questions ------------------------------------------------------------------------------- */

static void wait_for(struct tarn__host *host, uint64_t after_ms)
{
	host->due_ms = tarn__clock_ms() + after_ms;
	tarn__inquiry_start_timer(host->bootstrap->loop, &host->timer, after_ms);
}

static void on_close(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	struct tarn__asker *asker = timer->data;
	if (asker->under_way == 0)
		tarn__inquirer_close(&asker->inquirer);
}

/* The names of an asker; there is room for all of the plan. */
static size_t list_names(const struct tarn__bootstrap_plan *plan, const struct tarn__asker *asker,
			 const char **out)
{
	size_t count = 0;
	for (size_t i = 0; i < plan->host_count; i++) {
		if (plan->hosts[i]->asker == asker)
			out[count++] = plan->hosts[i]->text;
	}
	return count;
}

static bool open_asker(struct tarn__bootstrap *bootstrap, struct tarn__asker *asker)
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

static bool is_asked(const struct tarn__host *host)
{
	return host->inquiries[TARN__FAMILY_4].is_under_way ||
	       host->inquiries[TARN__FAMILY_6].is_under_way;
}

/* Says once what is wrong, until it is not. */
static void set_fault(struct tarn__host *host, const char *fault)
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

static void log_addresses(const struct tarn__host *host)
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

static void fail(struct tarn__host *host, const char *fault)
{
	uint64_t after_ms = RETRY_MS;
	for (unsigned i = 0; i < host->failures && after_ms < RETRY_MAX_MS; i++)
		after_ms *= 2;
	host->failures++;
	set_fault(host, fault);
	wait_for(host, after_ms < RETRY_MAX_MS ? after_ms : RETRY_MAX_MS);
}

/* Returns the reason why there is no address of any family. */
static const char *explain(const struct tarn__host *host, char out[64])
{
	const struct tarn__host_answer *a = &host->answers[TARN__FAMILY_4],
				       *aaaa = &host->answers[TARN__FAMILY_6];
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

static uint64_t ttl_ms(const struct tarn__host *host)
{
	uint32_t ttl = TARN__HOST_TTL_MAX;
	for (size_t i = 0; i < TARN__FAMILIES; i++) {
		if (host->answers[i].result != TARN__HOST_NONE && host->answers[i].ttl < ttl)
			ttl = host->answers[i].ttl;
	}
	return (uint64_t)ttl * 1000;
}

/* Both questions have been answered, or have failed. */
static void conclude(struct tarn__host *host)
{
	char text[64];
	const struct tarn__host_answer *answers = host->answers;
	struct tarn__bootstrap *bootstrap = host->bootstrap;
	host->asker->under_way--;
	if (host->asker->under_way == 0)
		tarn__inquiry_start_timer(bootstrap->loop, &host->asker->close, CLOSE_MS);
	bool has_any = answers[TARN__FAMILY_4].result == TARN__HOST_FOUND ||
		       answers[TARN__FAMILY_6].result == TARN__HOST_FOUND;
	if (!has_any) {
		fail(host, explain(host, text));
		return;
	}
	host->failures = 0;
	set_fault(host, "");
	if (tarn__host_update(&host->addresses, &answers[TARN__FAMILY_4],
			      &answers[TARN__FAMILY_6])) {
		apply_host(bootstrap, host);
		log_addresses(host);
	}
	wait_for(host, ttl_ms(host));
}

static void on_answer(struct tarn__inquiry *inquiry, const uint8_t *wire, size_t len)
{
	struct tarn__host *host = inquiry->data;
	size_t family = (size_t)(inquiry - host->inquiries);
	tarn__host_read(wire, len, types[family], &host->answers[family]);
	if (!is_asked(host))
		conclude(host);
}

static void ask(struct tarn__host *host)
{
	struct tarn__bootstrap *bootstrap = host->bootstrap;
	struct tarn__asker *asker = host->asker;
	if (is_asked(host))
		return;
	if (!open_asker(bootstrap, asker)) {
		fail(host, strerror(errno));
		return;
	}
	for (size_t i = 0; i < TARN__FAMILIES; i++) {
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

static void init_asker(struct tarn__asker *asker)
{
	ev_timer_init(&asker->close, on_close, 0, 0);
	asker->close.data = asker;
}

static void drop_next(struct tarn__bootstrap *bootstrap)
{
	tarn__plan_free(bootstrap->next, bootstrap->loop);
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
	int error = tarn__plan_new(bootstrap, settings, bootstrap->plan, &bootstrap->next);
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
		int error = tarn__plan_expand(plan, i, expansion);
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
	tarn__plan_free(bootstrap->plan, bootstrap->loop);
	struct tarn__bootstrap_plan *plan = bootstrap->plan = bootstrap->next;
	bootstrap->next = NULL;
	bootstrap->has_next = false;
	uint64_t now_ms = tarn__clock_ms();
	for (size_t i = 0; plan && i < plan->zone_count; i++)
		tarn__expansion_clear(&plan->expansions[i]);
	for (size_t i = 0; plan && i < plan->asker_count; i++)
		init_asker(&plan->askers[i]);
	for (size_t i = 0; plan && i < plan->host_count; i++) {
		struct tarn__host *host = plan->hosts[i];
		ev_timer_init(&host->timer, on_timer, 0, 0);
		host->timer.data = host;
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
		struct tarn__host *host = plan->hosts[i];
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
	const struct tarn__host *host = plan->hosts[(*at)++];
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
	tarn__plan_free(bootstrap->plan, bootstrap->loop);
	bootstrap->plan = NULL;
	bootstrap->tarn = NULL;
}
