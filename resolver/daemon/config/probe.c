/* SPDX-License-Identifier: BSD-2-Clause */
/* Questions to servers, each by a resolver that has no other one. */
#include "config.h"

#include "daemon/config/probe.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>

#include "base/octets.h"
#include "core/forward/endpoint.h"
#include "base/upstream.h"
#include "dns/name.h"
#include "dns/query.h"
#include "dns/record.h"
#include "dns/text.h"
#include "dnssec/anchors.h"
#include "net/worker.h"

enum {
	CACHE_SIZE = 1 << 16, /* octets: of one answer */
	PATIENCE_MS = 500, /* for the statistics of a worker that is this thread's */
};

/* What a response to the question for a zone's keys shows. */
enum result {
	SIGNED,
	STRIPPED, /* there are keys, and no signature */
	NO_KEYS,
	FAILED, /* SERVFAIL and the like, which tarn has composed */
};

struct probe {
	const struct tarn__name *name; /* of the zone whose keys are asked for */
	const struct tarn__endpoint *endpoint;
	const struct tarn_tls *tls;
	struct tarn *tarn;
	struct tarn_worker *worker;
	struct tarn_request request;
	bool is_asked;
	const char *fault; /* why it could not be asked */
	enum result result;
	bool is_plain; /* it does not support EDNS */
};

/* ---- responses ----------------------------------------------------------------------------- */

static enum result judge(const uint8_t *wire, size_t len)
{
	struct tarn__reader reader = {.wire = wire, .at = TARN__HEADER_LEN, .end = len};
	uint8_t qname[TARN__NAME_MAX];
	bool has_keys = false, has_signatures = false;
	if (len < TARN__HEADER_LEN || (tarn__get16(wire + 2) & TARN__FLAG_RCODE) != TARN__NOERROR)
		return FAILED;
	if (tarn__get16(wire + 4) == 1 && tarn__name_read(&reader, qname) > 0)
		tarn__read_octets(&reader, 4);
	for (unsigned count = tarn__get16(wire + 6); count > 0; count--) {
		struct tarn__record record;
		if (!tarn__record_read(&reader, &record))
			break;
		has_keys |= record.type == TARN__TYPE_DNSKEY;
		has_signatures |= record.type == TARN__TYPE_RRSIG;
	}
	if (!has_keys)
		return NO_KEYS;
	return has_signatures ? SIGNED : STRIPPED;
}

static void on_answer(struct tarn_request *request, int error, const uint8_t *wire, size_t len)
{
	struct probe *probe = request->data;
	if (error < 0)
		probe->fault = tarn_error_text(error);
	else
		probe->result = judge(wire, len);
	struct tarn__totals *totals = tarn__stats_collect(probe->tarn, probe->worker, PATIENCE_MS);
	probe->is_plain = totals && totals->server_count > 0 && totals->servers[0].is_plain;
	tarn__totals_free(totals);
	probe->is_asked = false;
}

/* ---- questions ----------------------------------------------------------------------------- */

static size_t write_question(const struct tarn__name *name, uint8_t wire[TARN__QUERY_MAX])
{
	const struct tarn__key key = {.qname = name->octets,
				      .qname_len = (uint16_t)name->len,
				      .qtype = TARN__TYPE_DNSKEY,
				      .qclass = TARN__CLASS_IN,
				      .dnssec_ok = true,
				      .checking_disabled = true};
	return tarn__query_write(&key, &(struct tarn__query_options){.edns = true}, wire);
}

static struct tarn *make_tarn(const struct probe *probe)
{
	const struct tarn__endpoint *endpoint = probe->endpoint;
	char zone[TARN__NAME_TEXT_MAX];
	const char *pass[] = {tarn__name_format(probe->name->octets, zone)};
	struct tarn_options options = {.cache_size = CACHE_SIZE,
				       .stale_sec = -1,
				       .upstreams = &endpoint->address,
				       .traits = &endpoint->traits,
				       .upstream_count = 1,
				       .tls = *probe->tls,
				       .pass = pass,
				       .pass_count = 1};
	if (endpoint->source.sa.sa_family == AF_INET)
		options.source.ipv4 = endpoint->source;
	else if (endpoint->source.sa.sa_family == AF_INET6)
		options.source.ipv6 = endpoint->source;
	if (endpoint->interface[0])
		options.source.interface = endpoint->interface;
	return tarn_new(&options);
}

static void ask(struct probe *probe, struct ev_loop *loop)
{
	uint8_t wire[TARN__QUERY_MAX];
	size_t len = write_question(probe->name, wire);
	int error = TARN_ESYSTEM;
	probe->request = (struct tarn_request){.data = probe, .done = on_answer};
	probe->tarn = make_tarn(probe);
	if (probe->tarn)
		probe->worker = tarn_worker_new(probe->tarn, loop);
	if (probe->worker)
		error = tarn_ask(probe->worker, &probe->request, wire, len);
	probe->is_asked = error == 0;
	if (!probe->worker)
		probe->fault = strerror(errno);
	else if (error < 0)
		probe->fault = tarn_error_text(error);
}

static bool is_any_asked(const struct probe *probes, size_t count)
{
	size_t i = 0;
	while (i < count && !probes[i].is_asked)
		i++;
	return i < count;
}

/* A question has an answer after TARN__CLIENT_MS at the latest. */
static void ask_all(struct probe *probes, size_t count, struct ev_loop *loop)
{
	for (size_t i = 0; i < count; i++) {
		if (tarn__endpoint_has_address(probes[i].endpoint))
			ask(&probes[i], loop);
		else
			probes[i].fault = "its address is not known";
	}
	while (is_any_asked(probes, count))
		ev_run(loop, EVRUN_ONCE);
	for (size_t i = 0; i < count; i++) {
		tarn_worker_free(probes[i].worker);
		tarn_free(probes[i].tarn);
	}
}

/* ---- the servers --------------------------------------------------------------------------- */

static const char *describe(const struct probe *probe)
{
	if (probe->fault)
		return probe->fault;
	switch (probe->result) {
	case SIGNED:
		return "sends signatures";
	case STRIPPED:
		return probe->is_plain ? "does not support EDNS: no signatures come"
				       : "removes signatures";
	case NO_KEYS:
		return "has no keys of the zone";
	case FAILED:
		break;
	}
	return probe->is_plain ? "does not support EDNS, and gives no usable answer"
			       : "gives no usable answer";
}

static void print_probe(const struct probe *probe, FILE *out)
{
	char server[TARN__UPSTREAM_TEXT_MAX], zone[TARN__NAME_TEXT_MAX];
	tarn__upstream_format(&probe->endpoint->address, &probe->endpoint->traits, server);
	fprintf(out, "#   %s (%s): %s\n", server, tarn__name_format(probe->name->octets, zone),
		describe(probe));
}

/*
 * Finds the zone whose keys are asked for: the one that the servers are for, if its keys are needed; else
 * one with an anchor that is theirs. Returns false if there is none.
 */
static bool find_name(const struct tarn__config *config, size_t index, struct tarn__name *out)
{
	const struct tarn__zone_config *zone = config->zones[index];
	struct tarn__anchor anchor = {.name = zone->name, .name_len = zone->name_len};
	size_t at = 0;
	bool is_found = !config->validates ||
			tarn__anchors_find(config->anchors, zone->name, zone->name_len).kind ==
				TARN__ANCHOR_POSITIVE;
	while (!is_found && tarn__anchors_next(config->anchors, &at, &anchor))
		is_found = anchor.kind == TARN__ANCHOR_POSITIVE &&
			   tarn__config_find_zone(config, anchor.name, anchor.name_len,
						  TARN__TYPE_DNSKEY) == index;
	out->len = anchor.name_len;
	memcpy(out->octets, anchor.name, anchor.name_len);
	return is_found;
}

/* Returns true if one of the zone's servers would do. */
static bool probe_zone(const struct tarn__zone_config *zone, const struct tarn__name *name,
		       const struct tarn_tls *tls, struct probe *probes, struct ev_loop *loop,
		       FILE *out)
{
	bool is_good = false;
	for (size_t i = 0; i < zone->endpoint_count; i++)
		probes[i] =
			(struct probe){.name = name, .tls = tls, .endpoint = zone->endpoints[i]};
	ask_all(probes, zone->endpoint_count, loop);
	for (size_t i = 0; i < zone->endpoint_count; i++) {
		print_probe(&probes[i], out);
		is_good |= !probes[i].fault && probes[i].result == SIGNED;
	}
	return is_good;
}

bool tarn__probe(const struct tarn__config *config, const struct tarn_tls *tls,
		 struct ev_loop *loop, FILE *out)
{
	struct probe *probes = calloc(TARN__SERVERS_MAX, sizeof(probes[0]));
	bool is_good = probes;
	fputs("\n# Servers, asked for the keys of a zone with DNSSEC:\n", out);
	for (size_t i = 0; i < config->zone_count && probes; i++) {
		struct tarn__name name;
		bool is_probed = i == 0 || config->zones[i]->is_validated;
		if (is_probed && find_name(config, i, &name))
			is_good &= probe_zone(config->zones[i], &name, tls, probes, loop, out);
	}
	free(probes);
	return is_good;
}
