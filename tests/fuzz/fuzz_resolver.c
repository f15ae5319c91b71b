/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_resolver.c: any octets are a play for core/: zones with servers, then clients that ask,
 * servers that answer, forge, fail and stay silent, time that passes on a virtual clock, and other
 * configurations. In every play
 *
 *	- every client has exactly one reply, with its id and question, within 4 s; within 1.8 s, and
 *	  with data, where there is a stale answer; at once, where there is a fresh one;
 *	- a good answer reaches all clients that wait for it at once;
 *	- a client gets records only that servers of its name's zone sent in answer to its question, with
 *	  no TTL longer than is left;
 *	- a name is sent to its zone's servers only, TARN__SENDS_MAX times to each and over each transport
 *	  for one lookup; a dead server is probed once a second;
 *	- to an encrypted server nothing is ever sent in the clear, nor a cookie, nor a question without padding;
 *	- names that are never answered do not affect those that are;
 *	- the work at one instant is bounded; without questions nothing happens; when all servers answer,
 *	  all clients get good answers.
 */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>

#include "core/stats.h"
#include "core/forward/server.h"
#include "dns/text.h"
#include "play.h"

enum {
	OLD_NAMES = 4, /* of each zone; the others are new ones, asked once */
	LAST_NAMES = 5, /* asked for at the end */
	PLAY_MAX = 1024, /* octets */
	RECOVERY_MS = 1500, /* a probe a second */
	SHORT_OUTAGE_MS = 2500, /* and until the recovery: the time that a client waits */
	OUTAGE_MS = 5500, /* longer than a lookup: its failure is remembered */
	IDLE_WAKES_MAX = 20,
};

static uint8_t take(void)
{
	return play.at < play.end ? *play.at++ : 0;
}

/* ---- configurations --------------------------------------------------------------------- */

/* Returns the octet that it has taken. */
static uint8_t take_zone(struct zone *zone, size_t index)
{
	uint8_t how = take();
	*zone = (struct zone){.is_there = index == 0 || how & 1,
			      .count = how >> 1 & 3,
			      .selection = (enum tarn_selection)(how >> 3 & 3)};
	/* Enough for three servers. */
	if (zone->count == SERVERS_MAX && zone->selection == TARN_SELECTION_SEQUENTIAL)
		zone->selection = TARN_SELECTION_STRICT;
	if (how & 0x80 && zone->count == 0)
		zone->count = 1;
	unsigned first = how >> 5 & 3;
	for (size_t i = 0; i < zone->count; i++) {
		char text[32];
		zone->numbers[i] = 1 + (4 * (unsigned)index + first + (unsigned)i) % 12;
		snprintf(text, sizeof text, "192.0.2.%u", zone->numbers[i]);
		tarn_address_parse(text, 53, &zone->servers[i]);
	}
	return how;
}

/* Two bits for each zone's first server, of which the others have none: some traits cannot be had together. */
static void take_traits(struct zone *zone, unsigned how)
{
	zone->traits[0] = (struct tarn_traits){.transport = how == 3 ? TARN_TCP : TARN_UDP,
					       .no_cookies = how == 1,
					       .no_mixed_case = how == 1,
					       .no_edns = how == 2};
}

/* The same bits, if some first servers are encrypted. */
static void take_secure_traits(struct zone *zone, unsigned how)
{
	static char names[3][SERVER_NUMBERS][16];
	if (how == 0 || zone->count == 0)
		return;
	zone->lacks_address = how == 2 && zone->count > 1;
	if (zone->lacks_address)
		zone->servers[0] = (struct tarn_address){.sa.sa_family = AF_UNSPEC};
	/* Servers of one name give the same answers: kind_of() in play.c. */
	unsigned kind = zone->lacks_address ? 0 : how == 1 ? 1 : 2;
	char *name = names[kind][zone->numbers[0]];
	snprintf(name, sizeof names[0][0], "%c%u.example", "uht"[kind], zone -> numbers[0]);
	zone->traits[0] = (struct tarn_traits){.transport = how == 1 ? TARN_HTTPS : TARN_TLS,
					       .no_edns = how == 2 && !zone->lacks_address,
					       .name = name};
}

static void take_plan(struct plan *plan)
{
	bool is_secure = false;
	for (size_t i = 0; i < ZONES; i++) {
		uint8_t bits = take_zone(&plan->zones[i], i);
		/* The root is there without this bit. */
		is_secure |= i == 0 && bits & 1;
	}
	uint8_t how = take();
	plan->trusts_ad = how & 1;
	for (size_t i = 0; i < ZONES; i++) {
		struct zone *zone = &plan->zones[i];
		zone->follows_cnames = i > 0 && how & 2;
		if (is_secure)
			take_secure_traits(zone, how >> (2 + 2 * i) & 3);
		else
			take_traits(zone, how >> (2 + 2 * i) & 3);
	}
}

static struct tarn_options make_options(const struct plan *plan, struct tarn_forward *forwards)
{
	struct tarn_options options = {.upstreams = plan->zones[0].servers,
				       .upstream_count = plan->zones[0].count,
				       .selection = plan->zones[0].selection,
				       .traits = plan->zones[0].traits,
				       .forwards = forwards,
				       .trust_ad = plan->trusts_ad};
	for (size_t i = 1; i < ZONES; i++)
		if (plan->zones[i].is_there)
			forwards[options.forward_count++] = (struct tarn_forward){
				.zone = play_zones[i],
				.upstreams = plan->zones[i].servers,
				.upstream_count = plan->zones[i].count,
				.selection = plan->zones[i].selection,
				.follow_cnames = plan->zones[i].follows_cnames,
				.traits = plan->zones[i].traits};
	return options;
}

static const struct tarn__observer observer = {.answered = play_on_answered};

static void begin(void)
{
	struct tarn_forward forwards[ZONES];
	uint8_t how = take();
	take_plan(&play.plan);
	play.former = play.plan;
	play.worker_count = 1 + (how & 1);
	struct tarn_options options = make_options(&play.plan, forwards);
	outside_init_with(&play.workers[0], &options);
	if (play.worker_count > 1)
		outside_init_second(&play.workers[1], &play.workers[0]);
	play.send = play.workers[0].io.send;
	play.has_observer = how & 2;
	for (size_t i = 0; i < play.worker_count; i++) {
		play.workers[i].io.send = play_on_send;
		if (play.has_observer)
			tarn__resolver_observe(play.workers[i].resolver, &observer);
	}
}

static void forget_zone(size_t zone)
{
	play.moves[zone]++;
	for (size_t i = 0; i < NAMES; i++)
		for (size_t j = 0; j < TYPES * FLAGS; j++)
			play.names[zone][i].entries[j].is_known = false;
	for (size_t i = 0; i < play.client_count; i++)
		if (play.clients[i].key.zone == zone)
			play.clients[i].has_stale = false;
}

/* A server that comes back has not been asked by a lookup of the time before. */
static void forget_sends(size_t zone)
{
	const struct zone *servers = play_zone_of(&play.plan, zone);
	bool is_there[SERVER_NUMBERS] = {false};
	for (size_t i = servers->lacks_address; i < servers->count; i++)
		is_there[servers->numbers[i]] = true;
	for (size_t i = 0; i < NAMES * TYPES * FLAGS; i++) {
		struct entry *entry =
			&play.names[zone][i / (TYPES * FLAGS)].entries[i % (TYPES * FLAGS)];
		for (size_t j = 0; j < WORKERS * SERVER_NUMBERS; j++)
			if (!is_there[j % SERVER_NUMBERS])
				memset(entry->sends[j / SERVER_NUMBERS][j % SERVER_NUMBERS], 0, 2);
	}
}

static void reload(void)
{
	struct tarn_forward forwards[ZONES];
	play.former = play.plan;
	take_plan(&play.plan);
	for (size_t i = 0; i < ZONES; i++)
		if (play_world_of(&play.plan, i) != play_world_of(&play.former, i))
			forget_zone(i);
	play_forget_luck();
	memset(play.probed_ms, 0, sizeof play.probed_ms);
	struct tarn_options options = make_options(&play.plan, forwards);
	outside_reconfigure(&play.workers[0], &options);
	for (size_t i = 0; i < ZONES; i++)
		forget_sends(i);
	play.former = play.plan;
	play_pass(0);
}

static void change_network(void)
{
	play_forget_luck();
	play.has_other_network = true;
	for (size_t i = 0; i < play.worker_count; i++)
		tarn__resolver_network_changed(play.workers[i].resolver);
	play.has_other_network = false;
	play_pass(0);
}

static void on_loop_found(void *arg, const struct tarn__config *config,
			  const struct tarn__zone_config *zone,
			  const struct tarn__endpoint *endpoint)
{
	(void)arg;
	size_t zone_index = 0, index = 0;
	while (zone_index < config->zone_count && config->zones[zone_index] != zone)
		zone_index++;
	while (index < zone->endpoint_count && zone->endpoints[index] != endpoint)
		index++;
	PROMISE(zone_index < config->zone_count && index < zone->endpoint_count);
}

/* ---- what happens ----------------------------------------------------------------------- */

static size_t take_worker(uint8_t how)
{
	return how % play.worker_count;
}

static void do_ask(void)
{
	uint8_t which = take(), how = take();
	struct key key = {.zone = which % ZONES,
			  .name = which / ZONES % OLD_NAMES,
			  .type = which / ZONES / OLD_NAMES % TYPES,
			  .flags = how >> 2 & 3};
	play_ask(take_worker(how >> 4), &key, how);
}

static void do_ask_new(void)
{
	uint8_t how = take();
	struct key key = {.zone = how % ZONES, .type = how / ZONES % TYPES};
	if (OLD_NAMES + play.new_names[key.zone] == NAMES - LAST_NAMES)
		return;
	key.name = OLD_NAMES + play.new_names[key.zone]++;
	play_ask(take_worker(how >> 5), &key, how >> 3);
}

static void do_ask_octets(void)
{
	uint8_t how = take(), wire[64];
	struct client *client = play_new_client();
	size_t len = how % sizeof wire;
	for (size_t i = 0; i < len; i++)
		wire[i] = take();
	if (!client || len < 2)
		return;
	client->id = tarn__get16(wire);
	uint8_t *copy = malloc(len);
	if (!copy)
		return;
	memcpy(copy, wire, len);
	play_put_question(client, take_worker(how >> 6), copy, len);
	free(copy);
}

static struct sent *take_sent(size_t worker, uint8_t which)
{
	/* core/ may have canceled the last ones. */
	bool is_alive = which < 0xe0;
	size_t count = play_count_sent(worker, is_alive);
	return count == 0 ? NULL : play_find_sent(worker, which % count, is_alive);
}

static uint32_t take_ttl(uint8_t which)
{
	static const uint32_t ttls[] = {300,  0,     1,	     5,	     30,   60,	       3600,
					7200, 86400, 100000, 700000, 2000, 0x80000005, UINT32_MAX};
	return ttls[which % (sizeof ttls / sizeof ttls[0])];
}

static void do_answer(void)
{
	uint8_t which = take(), saying = take(), how = take();
	size_t worker = take_worker(how >> 7);
	struct sent *sent = take_sent(worker, which);
	if (sent)
		play_answer(&play.workers[worker], sent, (enum saying)(saying % SAYINGS),
			    take_ttl(how & 0x7f));
}

static void do_answer_octets(void)
{
	uint8_t which = take(), how = take(), wire[256];
	size_t worker = take_worker(how >> 7), len = how & 0x7f;
	struct sent *sent = take_sent(worker, which);
	if (!sent)
		return;
	struct asked asked = asked_read(sent->wire, sent->len, true);
	struct key key;
	if (play_find_key(&asked, &key))
		play_taint(&key);
	/* As from net/: at least a header, with the id; here mostly with the question, too. */
	size_t prefix = len & 1 ? asked.question_end : 2;
	memcpy(wire, sent->wire, prefix);
	for (size_t i = 0; i < len && prefix + i < sizeof wire; i++)
		wire[prefix + i] = take();
	len = prefix + len < sizeof wire ? prefix + len : sizeof wire;
	if (prefix > 2) {
		memset(wire + 2, 0, TARN__HEADER_LEN - 2);
		wire[2] = 0x81;
		wire[5] = 1;
		wire[7] = how % 3;
		wire[9] = how % 2;
	}
	if (len >= TARN__HEADER_LEN)
		play_deliver(&play.workers[worker], sent, 0, wire, len);
}

static const int errors[] = {TARN_EUNREACHABLE, TARN_ETIMEOUT, TARN_ENOMEM, TARN_EBUSY};

static const int secure_errors[] = {TARN_ECERTIFICATE, TARN_ETLS, TARN_EANSWER};
static const char *const words[] = {"certificate has expired", "", "\x01\xff%s", NULL};

static void do_error(void)
{
	uint8_t which = take(), how = take();
	size_t worker = take_worker(how >> 7);
	struct sent *sent = take_sent(worker, which);
	if (!sent)
		return;
	/* TARN_EBUSY is returned by send itself. */
	int error = errors[how % 3];
	if (tarn__transport_is_encrypted(sent->transport) && how & 0x40)
		outside_fail(&play.workers[worker], sent, secure_errors[how % 3],
			     words[how >> 2 & 3]);
	else
		play_deliver(&play.workers[worker], sent, error, NULL, 0);
}

static void do_send_errors(void)
{
	uint8_t how = take();
	play.send_error = errors[how % 4];
	play.send_errors = how / 4 % 32;
	play_forget_luck();
}

static void do_answer_all(void)
{
	for (size_t worker = 0; worker < play.worker_count; worker++)
		for (unsigned i = 0; i < WORK_MAX; i++) {
			struct sent *sent = play_find_sent(worker, 0, true);
			if (!sent)
				break;
			play_answer(&play.workers[worker], sent, SAY_RECORDS, 60);
		}
}

static void do_pass(void)
{
	static const uint32_t times[] = {0,	1,     5,      50,     100,	200,
					 400,	999,   1000,   1799,   1800,	3999,
					 4000,	4999,  5000,   9999,   999,	29000,
					 30000, 60000, 299000, 300000, 3600000, 86400000};
	play_pass(times[take() % (sizeof times / sizeof times[0])]);
}

static void do_automatic(void)
{
	uint8_t how = take();
	play.is_automatic = how & 1;
	if (how & 2)
		play_lose_all();
	play.silent = take();
	play.silent |= (uint32_t)take() << 8;
	play.dead_names = take() & 0x1f;
	play_forget_luck();
	play_pass(0);
}

static void do_look_for_loops(void)
{
	tarn__resolver_probe_forward_loops(play.workers[0].resolver, on_loop_found, NULL);
	play_pass(0);
}

/* A server's question is sent to core/ as a client's. */
static void do_circle(void)
{
	uint8_t which = take();
	size_t worker = take_worker(which >> 7);
	const struct sent *sent = take_sent(worker, which & 0x7f);
	struct client *client = play_new_client();
	if (!sent || !client)
		return;
	struct asked asked = asked_read(sent->wire, sent->len, true);
	struct key key;
	if (asked.type == TARN__TYPE_NS || play_find_key(&asked, &key))
		return;
	play.has_circle = true;
	play_forget_luck();
	client->id = tarn__get16(sent->wire);
	play_put_question(client, take_worker(which >> 6), sent->wire, sent->len);
}

/* Many new names, evenly spaced. */
static void do_storm(void)
{
	uint8_t how = take();
	for (unsigned i = 0; i < 1U + how % 16; i++) {
		struct key key = {.zone = how / 16 % ZONES};
		if (OLD_NAMES + play.new_names[key.zone] == NAMES - LAST_NAMES)
			return;
		key.name = OLD_NAMES + play.new_names[key.zone]++;
		play_ask(take_worker((uint8_t)i), &key, 0);
		play_pass(how & 0x80 ? 100 : 10);
	}
}

static void (*const events[])(void) = {
	do_ask,		do_answer,	   do_pass,   do_ask_new,     do_answer_all,
	do_automatic,	do_storm,	   do_error,  change_network, reload,
	do_ask,		do_answer,	   do_pass,   do_ask_new,     do_answer_octets,
	do_send_errors, do_look_for_loops, do_circle, do_ask_octets,
};

/* ---- the end ---------------------------------------------------------------------------- */

static void check_rest(void)
{
	for (size_t i = 0; i < play.worker_count; i++) {
		struct tarn__stats stats;
		tarn__resolver_stats(play.workers[i].resolver, &stats);
		PROMISE(stats.lookups == 0 && stats.waiting == 0);
	}
	for (size_t i = 0; i < play.client_count; i++)
		PROMISE(!play.clients[i].is_waiting);
	uint64_t sends = play.sends;
	PROMISE(play_pass(3600000) <= IDLE_WAKES_MAX);
	PROMISE(play.sends == sends);
}

/* A name of the zone is answered soon, if there are servers. */
static void check_name(size_t zone, size_t name)
{
	const struct key key = {.zone = zone, .name = name};
	bool has_server = play_zone_of(&play.plan, zone)->count > 0;
	const struct client *client = play_ask(0, &key, 0);
	play_pass(RECOVERY_MS);
	if (client && has_server && !play.has_circle)
		PROMISE(client->is_good);
}

struct tally {
	uint8_t zone[TARN__NAME_MAX];
	size_t zone_len;
	size_t dead;
};

static void count_dead(void *arg, const uint8_t *zone, const struct tarn__server *server)
{
	struct tally *tally = arg;
	if (memcmp(zone, tally->zone, tally->zone_len) == 0)
		tally->dead += tarn__server_is_dead(server);
}

/* Returns true if all servers of the zone are dead for the first worker. */
static bool is_down(size_t zone)
{
	size_t found = play_find_zone(&play.plan, zone);
	struct tally tally = {.dead = 0};
	tally.zone_len = tarn__name_parse(found == 0 ? "." : play_zones[found], tally.zone);
	tarn__resolver_servers(play.workers[0].resolver, count_dead, &tally);
	return tally.dead == play.plan.zones[found].count;
}

/* Over connections no message is held back: one that breaks reports an error; these do not break. */
static bool is_over_stream(size_t zone)
{
	const struct zone *servers = play_zone_of(&play.plan, zone);
	return tarn__transport_is_stream((enum tarn__transport)servers->traits[0].transport);
}

/* A question is answered after an outage that is shorter than its wait. */
static void check_short_outage(size_t zone)
{
	bool has_server = play_zone_of(&play.plan, zone)->count > 0 && !is_over_stream(zone);
	play.is_automatic = false;
	const struct client *client =
		play_ask(0, &(struct key){.zone = zone, .name = NAMES - 5}, 0);
	play_pass(SHORT_OUTAGE_MS);
	play_lose_all();
	play.is_automatic = true;
	play_pass(RECOVERY_MS);
	if (client && has_server && !play.has_circle)
		PROMISE(client->is_good);
	play_pass(20000);
}

/* All servers answer again after a time of silence, in which clients asked. */
static void check_recovery(void)
{
	for (size_t zone = 0; zone < ZONES; zone++) {
		check_short_outage(zone);
		play.is_automatic = false;
		play_ask(0, &(struct key){.zone = zone, .name = NAMES - 1}, 0);
		play_pass(OUTAGE_MS);
		play_ask(0, &(struct key){.zone = zone, .name = NAMES - 2}, 0);
		bool was_down = is_down(zone);
		play_lose_all();
		play.is_automatic = true;
		check_name(zone, NAMES - 3);
		/* Names that failed meanwhile because all servers were dead. */
		if (was_down)
			check_name(zone, NAMES - 1);
		play_pass(20000);
		check_name(zone, NAMES - 4);
	}
}

static void end(uint8_t how)
{
	if (how & 1) {
		play.is_automatic = false;
		play.silent = play.dead_names = 0;
		play.send_errors = 0;
		play_forget_luck();
		play_pass(6000);
		/* Waits for probes. */
		play_pass(20000);
		check_rest();
		check_recovery();
		check_rest();
	}
	/* Clients that still wait get SERVFAIL. */
	for (size_t i = 0; i < play.client_count; i++)
		play.clients[i].has_stale = play.clients[i].is_lucky = false;
	for (size_t i = play.worker_count; i-- > 0;)
		outside_fini(&play.workers[i]);
	for (size_t i = 0; i < play.client_count; i++)
		PROMISE(!play.clients[i].is_waiting);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	memset(&play, 0, sizeof play);
	play.at = data;
	play.end = data + (len < PLAY_MAX ? len : PLAY_MAX);
	play_make_names();
	uint8_t how = take();
	begin();
	while (play.at < play.end) {
		events[take() % (sizeof events / sizeof events[0])]();
		play_pass(0);
	}
	end(how);
	return 0;
}
