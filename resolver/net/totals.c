/* SPDX-License-Identifier: BSD-2-Clause */
/* net/totals.c: sums of the workers' numbers. */
#include "net/totals.h"

#include <stdlib.h>
#include <string.h>

#include "base/upstream.h"
#include "core/resolver.h"
#include "dns/name.h"
#include "dns/text.h"

static bool is_server(const struct tarn__server_totals *server, const char *zone, const char *text)
{
	return strcmp(server->text, text) == 0 && strcmp(server->zone, zone) == 0;
}

/* hint: its likely index. */
static struct tarn__server_totals *find_server(struct tarn__totals *totals, size_t hint,
					       const char *zone, const char *text)
{
	if (hint < totals->server_count && is_server(&totals->servers[hint], zone, text))
		return &totals->servers[hint];
	for (size_t i = 0; i < totals->server_count; i++) {
		if (is_server(&totals->servers[i], zone, text))
			return &totals->servers[i];
	}
	return NULL;
}

/* NULL: memory is too short for it, and it is left out. */
static struct tarn__server_totals *add_server(struct tarn__totals *totals, const char *zone,
					      const char *text)
{
	size_t count = totals->server_count;
	/* The array has room for the next power of two. */
	if ((count & (count - 1)) == 0) {
		size_t room = count > 0 ? 2 * count : 1;
		struct tarn__server_totals *servers =
			realloc(totals->servers, room * sizeof(*servers));
		if (!servers)
			return NULL;
		totals->servers = servers;
	}
	char *own_zone = strdup(zone), *own_text = strdup(text);
	if (!own_zone || !own_text) {
		free(own_zone);
		free(own_text);
		return NULL;
	}
	struct tarn__server_totals *server = &totals->servers[totals->server_count++];
	*server = (struct tarn__server_totals){
		.text = own_text, .zone = own_zone, .answered_ago_ms = UINT64_MAX};
	return server;
}

static struct tarn__server_totals *have_server(struct tarn__totals *totals, size_t hint,
					       const char *zone, const char *text)
{
	struct tarn__server_totals *server = find_server(totals, hint, zone, text);
	return server ? server : add_server(totals, zone, text);
}

static void free_texts(struct tarn__server_totals *server)
{
	free((char *)server->zone);
	free((char *)server->text);
}

void tarn__totals_drop_servers(struct tarn__totals *totals)
{
	for (size_t i = 0; i < totals->server_count; i++)
		free_texts(&totals->servers[i]);
	free(totals->servers);
	totals->servers = NULL;
	totals->server_count = 0;
}

static void add_counts(struct tarn__server_totals *to, const struct tarn__server_counts *counts)
{
	tarn__stats_add(&to->counts, counts, sizeof(*counts));
}

struct adding {
	struct tarn__totals *totals;
	const struct tarn__config *config;
	size_t index; /* of the server, in the worker's list */
	uint64_t now_ms;
};

static void add_state(struct tarn__server_totals *to, const struct tarn__server *server,
		      uint64_t now_ms)
{
	to->transport = tarn__server_transport(server);
	to->is_forward_loop |= server->is_forward_loop;
	to->is_dead |=
		atomic_load(&server->endpoint->health.is_dead) || !tarn__server_has_address(server);
	to->dead += tarn__server_is_dead(server);
	to->fault = server->fault != 0 ? server->fault : to->fault;
	to->is_plain |= tarn__server_is_plain(server, now_ms);
	to->no_0x20 |= server->endpoint->traits.no_mixed_case;
	to->drops_cookies |= server->endpoint->traits.no_cookies;
	to->drops_cookies |=
		tarn__fallback_begin(&server->fallback, now_ms) == TARN__FULLNESS_COOKIELESS;
	to->no_0x20 |= tarn__quirk_is_known(&server->no_0x20, now_ms);
	to->bad_cookies |= tarn__quirk_is_known(&server->bad_cookies, now_ms);
	to->strips |= tarn__quirk_is_known(&server->strips, now_ms);
	uint64_t ago_ms = now_ms - server->answered_ms;
	if (server->answered_ms == 0 || ago_ms >= to->answered_ago_ms)
		return;
	to->answered_ago_ms = ago_ms;
	to->srtt_ms = server->srtt_ms;
	to->rttvar_ms = server->rttvar_ms;
}

static bool is_validated(const struct tarn__config *config, const uint8_t *zone)
{
	size_t index = tarn__config_zone_of(config, zone, tarn__name_span(zone, TARN__NAME_MAX));
	return index != TARN__ZONE_NONE && config->zones[index]->is_validated;
}

static const char *format_server(const struct tarn__endpoint *endpoint,
				 char out[TARN__UPSTREAM_TEXT_MAX])
{
	const struct tarn_traits *traits = &endpoint->traits;
	if (!tarn__transports[traits->transport].is_encrypted)
		return tarn_address_format(&endpoint->address, out);
	return tarn__upstream_format(&endpoint->address,
				     &(struct tarn_traits){.transport = traits->transport,
							   .name = traits->name,
							   .path = traits->path},
				     out);
}

static void on_server(void *arg, const uint8_t *zone, const struct tarn__server *server)
{
	struct adding *adding = arg;
	char name[TARN__NAME_TEXT_MAX], text[TARN__UPSTREAM_TEXT_MAX];
	struct tarn__server_totals *to =
		have_server(adding->totals, adding->index++, tarn__name_format(zone, name),
			    format_server(server->endpoint, text));
	if (!to)
		return;
	add_counts(to, &server->counts);
	add_state(to, server, adding->now_ms);
	to->is_validated = is_validated(adding->config, zone);
}

void tarn__totals_add_servers(struct tarn__totals *totals, const struct tarn__resolver *resolver,
			      uint64_t now_ms)
{
	struct adding adding = {
		.totals = totals, .config = tarn__resolver_config(resolver), .now_ms = now_ms};
	totals->validates |= adding.config->validates;
	totals->has_second |= adding.config->second != NULL;
	tarn__resolver_servers(resolver, on_server, &adding);
}

void tarn__totals_forget_state(struct tarn__totals *totals)
{
	totals->workers = totals->serving = 0;
	totals->questions.waiting = 0;
	totals->questions.lookups = 0;
	totals->questions.trust_lookups = 0;
	totals->questions.second.connected_now = totals->questions.second.ready_now = 0;
	totals->questions.second.open_now = 0;
	totals->validates = totals->has_second = false;
	totals->tcp.connections = totals->tls.connections = totals->https.connections = 0;
	totals->carrier.channels = 0;
	for (size_t i = 0; i < totals->server_count; i++) {
		struct tarn__server_totals *server = &totals->servers[i];
		*server = (struct tarn__server_totals){.text = server->text,
						       .zone = server->zone,
						       .answered_ago_ms = UINT64_MAX,
						       .counts = server->counts};
	}
}

void tarn__totals_copy_counts(struct tarn__totals *to, const struct tarn__totals *from)
{
	for (size_t i = 0; i < from->server_count; i++) {
		const struct tarn__server_totals *server = &from->servers[i];
		struct tarn__server_totals *copy = add_server(to, server->zone, server->text);
		if (copy)
			add_counts(copy, &server->counts);
	}
}

void tarn__totals_add_counts(struct tarn__totals *to, const struct tarn__totals *from)
{
	for (size_t i = 0; i < from->server_count; i++) {
		const struct tarn__server_totals *server = &from->servers[i];
		struct tarn__server_totals *sum = find_server(to, i, server->zone, server->text);
		if (sum)
			add_counts(sum, &server->counts);
	}
}

void tarn__totals_keep_servers(struct tarn__totals *totals, struct tarn__totals *others)
{
	size_t kept = 0;
	for (size_t i = 0; i < totals->server_count; i++) {
		struct tarn__server_totals *server = &totals->servers[i];
		if (find_server(others, i, server->zone, server->text))
			totals->servers[kept++] = *server;
		else
			free_texts(server);
	}
	totals->server_count = kept;
}

void tarn__totals_free(struct tarn__totals *totals)
{
	if (!totals)
		return;
	tarn__totals_drop_servers(totals);
	free(totals);
}
