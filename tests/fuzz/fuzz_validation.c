/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_validation.c: any octets are a play for core/ with DNSSEC validation: clients of two
 * workers ask for names of signed and unsigned zones (signed_world.h), servers answer rightly, forge, strip
 * and spoil, time passes, and the clock and the configuration change. In every play
 *
 *	- every client has exactly one reply, within 4 s;
 *	- where names are validated, a client without CD gets true data with true signatures, or SERVFAIL;
 *	- AD is set with true data only, and only while names are validated;
 *	- after a time of silence nothing waits; when all servers answer rightly, true names are answered.
 */
#include "fuzz.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "core/stats.h"
#include "crypto/signature.h"
#include "rtcache.h"
#include "signed_world.h"
#include "support/outside.h"
#include "support/signed.h"

enum {
	PLAY_MAX = 300, /* octets */
	WORKERS = 2,
	CLIENTS_MAX = 300,
	CLIENT_MS = 4000,
	REST_MS = 10000,
	RECOVERY_MS = 120000, /* failures and bogus trust are forgotten, servers are probed */
	WORK_MAX = 2000, /* runs and answers at one instant */
	FLOOR = SIGNED_NOW - 86400,
	EXPIRED = 1893456000 + 86400,
	OPT_LEN = 11,
};

struct plan {
	bool validates, has_false_anchor, has_sub_anchor;
	unsigned insecure; /* 1: sub.example, 2: www.example */
	bool has_forward, forward_validates;
	unsigned servers; /* 1 to 3: which */
};

struct client {
	const struct world_row *row;
	bool is_waiting, wants_ad, has_cd, has_rd;
	uint64_t asked_ms;
	uint16_t id;
	uint8_t rcode;
};

static struct {
	const uint8_t *at, *end; /* octets that are left */
	struct outside workers[WORKERS];
	size_t worker_count;
	struct plan plan, former; /* former: is equal to plan, but while one takes over */
	struct client clients[CLIENTS_MAX];
	size_t client_count;
	bool is_automatic; /* all messages are answered rightly */
	struct message message, truth;
} play;

#define PROMISE(holds) promise(holds, #holds, __LINE__)

static void promise(bool holds, const char *what, int line)
{
	if (!holds)
		fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, line, what);
	fuzz_check(holds);
}

static uint8_t take(void)
{
	return play.at < play.end ? *play.at++ : 0;
}

static uint64_t now_ms(void)
{
	return play.workers[0].now_ms;
}

/* ---- the configuration ------------------------------------------------------------------ */

static struct plan take_plan(void)
{
	uint8_t how = take(), more = take();
	struct plan plan = {.validates = how % 8 != 0,
			    .has_false_anchor = (how >> 3) % 8 == 0,
			    .has_sub_anchor = how & 0x40,
			    .insecure = more % 4,
			    .has_forward = more & 4,
			    .forward_validates = more & 8,
			    .servers = 1 + (more >> 4) % 3};
	plan.has_sub_anchor &= plan.insecure != 1;
	return plan;
}

static void apply(const struct plan *plan, bool is_first)
{
	static const char *const names[] = {NULL, "sub.example", "www.example"};
	static const char false_anchor[] = "example. DS 1 15 2 0123456789abcdef0123456789abcdef"
					   "0123456789abcdef0123456789abcdef\n";
	const char *anchors[] = {plan->has_false_anchor ? false_anchor : world_anchor,
				 world_sub_anchor};
	struct tarn_address servers[3];
	for (unsigned i = 0; i < 3; i++) {
		char text[16];
		snprintf(text, sizeof text, "192.0.2.%u", 53 + i);
		tarn_address_parse(text, 53, &servers[i]);
	}
	struct tarn_forward forward = {.zone = "sub.example",
				       .upstreams = servers + 2,
				       .upstream_count = 1,
				       .validate = plan->forward_validates};
	struct tarn_options options = {.upstreams = servers + (plan->servers == 2),
				       .upstream_count = plan->servers == 3 ? 2 : 1,
				       .forwards = &forward,
				       .forward_count = plan->has_forward,
				       .dnssec = {.validate = plan->validates,
						  .anchors = anchors,
						  .anchor_count = 1U + plan->has_sub_anchor,
						  .insecure = names + plan->insecure % 3,
						  .insecure_count = plan->insecure % 3 > 0,
						  .clock_floor_sec = FLOOR}};
	if (is_first)
		outside_init_with(&play.workers[0], &options);
	else
		outside_reconfigure(&play.workers[0], &options);
}

/* Returns true if answers to clients without CD have to be secure; else they may be insecure. */
static bool is_checked(const struct plan *plan, const struct world_row *row)
{
	if (!plan->validates || row->zone == WORLD_UNSIGNED)
		return false;
	if (row->zone == WORLD_SUB && plan->has_sub_anchor)
		return true;
	if (row->zone == WORLD_SUB && plan->has_forward && !plan->forward_validates)
		return false;
	if (row->zone == WORLD_SUB || row->zone == WORLD_CUT)
		return plan->insecure != 1;
	/* The alias leads to that name. */
	return plan->insecure != 2 ||
	       (strcmp(row->name, "www.example.") != 0 && strcmp(row->name, "alias.example.") != 0);
}

/* Returns true if secure answers are possible. */
static bool has_trust(const struct plan *plan, const struct world_row *row)
{
	return plan->validates && row->zone != WORLD_UNSIGNED &&
	       (!plan->has_false_anchor || (row->zone == WORLD_SUB && plan->has_sub_anchor));
}

/* ---- messages --------------------------------------------------------------------------- */

static const struct world_row *find_row(const uint8_t *name, size_t len, uint16_t type)
{
	size_t i = 0;
	for (; i < WORLD_ROWS - 1; i++) {
		uint8_t wire[TARN__NAME_MAX];
		const struct world_row *row = &world_rows[i];
		if ((row->type == type || row->type == 0) &&
		    tarn__name_parse(row->name, wire) == len &&
		    tarn__name_is_equal(wire, name, len))
			break;
	}
	return &world_rows[i];
}

static void put_rrsets(struct message *out, unsigned section, const char *letters, bool is_signed)
{
	for (; *letters; letters++)
		for (size_t i = 0; i < WORLD_RRSETS; i++)
			if (world_rrsets[i].letter == *letters) {
				put_zone(out, section, world_rrsets[i].record);
				if (is_signed && world_rrsets[i].rrsig)
					put_zone(out, section, world_rrsets[i].rrsig);
			}
}

static void put_row(struct message *out, const struct world_row *row, bool is_signed)
{
	put_rrsets(out, 1, row->answer, is_signed);
	put_rrsets(out, 2, row->authority, is_signed);
	tarn__put16(out->wire + 2,
		    TARN__FLAG_QR | TARN__FLAG_RD | TARN__FLAG_RA | TARN__FLAG_AD | row->rcode);
}

static void forge_address(struct message *message)
{
	static const uint8_t address[] = {192, 0, 2, 1};
	for (size_t i = 0; i + sizeof address <= message->len; i++)
		if (memcmp(message->wire + i, address, sizeof address) == 0)
			message->wire[i + 3] = 66;
}

static const struct world_row *begin_answer(struct message *out, const struct sent *sent)
{
	const uint8_t *name = sent->wire + TARN__HEADER_LEN;
	size_t name_len = tarn__name_span(name, sent->len - TARN__HEADER_LEN);
	put_header(out, tarn__get16(sent->wire), TARN__FLAG_QR | TARN__FLAG_RD | TARN__FLAG_RA);
	put_octets(out, name, name_len + 4);
	out->wire[5] = 1;
	return find_row(name, name_len, tarn__get16(name + name_len));
}

static void put_random(struct message *out)
{
	for (size_t i = take() % 32; i > 0; i--)
		put8(out, take());
	out->wire[7] = take() % 3;
}

enum saying { RIGHT, STRIPPED, FORGED, SPOILT, DENIED, BARE, EMPTY, CUT, FAILED, RANDOM, SAYINGS };

static void say(struct message *out, const struct world_row *row, enum saying saying)
{
	size_t start = out->len;
	if (saying == RANDOM)
		put_random(out);
	else if (saying == DENIED)
		put_rrsets(out, 2, world_rows[take() % WORLD_ROWS].authority, true);
	else if (saying <= SPOILT)
		put_row(out, row, saying != STRIPPED);
	if (saying == STRIPPED || saying == FORGED)
		forge_address(out);
	if (saying == SPOILT && out->len > start) {
		size_t at = take();
		at = start + (at << 8 | take()) % (out->len - start);
		out->wire[at] ^= (uint8_t)(1 + take() % 255);
	}
	if (saying == BARE || saying == DENIED)
		out->wire[3] |= TARN__NXDOMAIN;
	if (saying == FAILED)
		out->wire[3] |= TARN__SERVFAIL;
	if (saying == CUT)
		out->wire[2] |= TARN__FLAG_TC >> 8;
}

static void deliver(struct outside *outside, struct sent *sent, enum saying saying)
{
	struct message *out = &play.message;
	const struct world_row *row = begin_answer(out, sent);
	say(out, row, saying);
	if (sent->wire[11] > 0 && saying != RANDOM)
		put_opt(out, 1232, 0x8000, NULL, 0);
	/* So that a sanitizer sees a read past the end. */
	uint8_t *copy = malloc(out->len);
	fuzz_check(copy);
	memcpy(copy, out->wire, out->len);
	outside_answer(outside, sent, 0, copy, out->len);
	free(copy);
}

/* ---- clients ---------------------------------------------------------------------------- */

static bool is_in_truth(const struct tarn__record *record)
{
	const uint8_t *octets = record->rdata;
	size_t len = record->rdata_len;
	/* The signature alone: the signer's name may be in any case. */
	if (record->type == TARN__TYPE_RRSIG && len > 64) {
		octets += len - 64;
		len = 64;
	}
	for (size_t i = 0; i + len <= play.truth.len; i++)
		if (memcmp(play.truth.wire + i, octets, len) == 0)
			return true;
	return false;
}

static bool is_true(const struct client *client, const uint8_t *reply, size_t len)
{
	const struct world_row *row = client->row;
	struct tarn__reader reader = {.wire = reply, .at = TARN__HEADER_LEN, .end = len};
	uint8_t name[TARN__NAME_MAX];
	unsigned answers = tarn__get16(reply + 6), count = answers + tarn__get16(reply + 8);
	put_header(&play.truth, 0, 0);
	put_row(&play.truth, row, true);
	tarn__name_read(&reader, name);
	tarn__read_octets(&reader, 4);
	bool holds = client->rcode == row->rcode && (answers > 0) == (row->answer[0] != '\0');
	for (unsigned i = 0; i < count; i++) {
		struct tarn__record record;
		PROMISE(tarn__record_read(&reader, &record));
		/* Names may be compressed in these. */
		if (record.type != TARN__TYPE_CNAME && record.type != TARN__TYPE_SOA)
			holds &= is_in_truth(&record);
	}
	return holds;
}

static void check_reply(struct client *client, const uint8_t *reply, size_t len)
{
	const struct world_row *row = client->row;
	PROMISE(client->is_waiting);
	client->is_waiting = false;
	PROMISE(now_ms() - client->asked_ms <= CLIENT_MS);
	PROMISE(len > TARN__HEADER_LEN && tarn__get16(reply) == client->id);
	client->rcode = reply[3] & TARN__FLAG_RCODE;
	bool has_ad = reply[3] & TARN__FLAG_AD;
	if (client->rcode == TARN__SERVFAIL ||
	    (client->rcode == TARN__REFUSED && !client->has_rd)) {
		PROMISE(!has_ad);
		return;
	}
	PROMISE(client->rcode == TARN__NOERROR || client->rcode == TARN__NXDOMAIN);
	bool holds = is_true(client, reply, len);
	bool is_trusted = has_trust(&play.plan, row) || has_trust(&play.former, row);
	if (has_ad)
		PROMISE(holds && is_trusted && client->wants_ad);
	if (!client->has_cd && is_checked(&play.plan, row) && is_checked(&play.former, row))
		PROMISE(holds && is_trusted);
}

static void on_reply(void *owner, const void *route, const uint8_t *reply, size_t len)
{
	(void)owner;
	size_t number;
	memcpy(&number, route, sizeof number);
	PROMISE(number < play.client_count);
	check_reply(&play.clients[number], reply, len);
}

static const struct client *ask(size_t worker, const struct world_row *row, uint8_t how)
{
	static uint8_t wire[TARN__QUERY_MAX], reply[TARN__MESSAGE_MAX];
	if (play.client_count == CLIENTS_MAX)
		return NULL;
	size_t number = play.client_count++;
	bool has_do = how & 1;
	struct client *client = &play.clients[number];
	*client = (struct client){.row = row,
				  .is_waiting = true,
				  .wants_ad = how & 5,
				  .has_cd = how & 2,
				  .has_rd = (how & 0x38) != 0x38,
				  .asked_ms = now_ms(),
				  .id = (uint16_t)(257 * number)};
	size_t len = write_query(wire, client->id, row->name, row->type);
	tarn__put16(wire + 2, (uint16_t)((client->has_rd ? TARN__FLAG_RD : 0) |
					 (client->has_cd ? TARN__FLAG_CD : 0) |
					 (how & 4 ? TARN__FLAG_AD : 0)));
	if (has_do) {
		memcpy(wire + len, (uint8_t[]){0, 0, 41, 16, 0, 0, 0, 0x80, 0, 0, 0}, OPT_LEN);
		wire[11] = 1;
		len += OPT_LEN;
	}
	/* Many clients, with few questions each. */
	struct tarn_address address = {.in4.sin_family = AF_INET};
	address.in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)number % 64);
	const struct tarn__client_request request = {.transport = TARN__TCP,
						     .answer = on_reply,
						     .client = &address,
						     .route = &number,
						     .route_len = sizeof number};
	long got =
		tarn__resolver_resolve(play.workers[worker].resolver, &request, wire, len, reply);
	play.workers[worker].wake_at_ms = now_ms();
	PROMISE(got != TARN__RESOLVE_DROP);
	if (got > 0)
		check_reply(client, reply, (size_t)got);
	return client;
}

/* ---- time ------------------------------------------------------------------------------- */

static bool answer_one(void)
{
	for (size_t i = 0; i < play.worker_count; i++)
		for (struct sent *sent = play.workers[i].sent; sent; sent = sent->next)
			if (sent->exchange) {
				deliver(&play.workers[i], sent, RIGHT);
				return true;
			}
	return false;
}

/* Between threads, work that one worker makes ready for another causes a wake. */
static struct outside *soonest(void)
{
	struct outside *found = &play.workers[0];
	for (size_t i = 0; i < play.worker_count; i++) {
		struct outside *outside = &play.workers[i];
		uint64_t next = rtcache_client_next_ms(tarn__resolver_client(outside->resolver));
		if (next < outside->wake_at_ms)
			outside->wake_at_ms = next;
		if (outside->wake_at_ms < found->wake_at_ms)
			found = outside;
	}
	return found;
}

static void pass(uint64_t ms)
{
	uint64_t end = now_ms() + ms;
	for (unsigned work = 0;;) {
		PROMISE(++work < WORK_MAX);
		if (play.is_automatic && answer_one())
			continue;
		struct outside *outside = soonest();
		if (outside->wake_at_ms > end)
			break;
		if (outside->wake_at_ms > now_ms()) {
			play.workers[0].now_ms = outside->wake_at_ms;
			work = 0;
		}
		tarn__resolver_run(outside->resolver);
	}
	play.workers[0].now_ms = end;
	for (size_t i = 0; i < play.client_count; i++)
		PROMISE(!play.clients[i].is_waiting || end <= play.clients[i].asked_ms + CLIENT_MS);
}

/* ---- what happens ----------------------------------------------------------------------- */

static void do_ask(void)
{
	uint8_t which = take(), how = take();
	ask((how >> 7) % play.worker_count, &world_rows[which % WORLD_ASKED], how);
}

static struct sent *take_sent(struct outside *outside, size_t which)
{
	size_t count = 0;
	for (const struct sent *sent = outside->sent; sent; sent = sent->next)
		count += sent->exchange != NULL;
	if (count == 0)
		return NULL;
	which %= count;
	for (struct sent *sent = outside->sent;; sent = sent->next)
		if (sent->exchange && which-- == 0)
			return sent;
}

/* Half of the answers are right. */
static void do_answer(void)
{
	uint8_t which = take(), saying = take();
	struct outside *outside = &play.workers[(which >> 7) % play.worker_count];
	struct sent *sent = take_sent(outside, which & 0x7f);
	if (sent)
		deliver(outside, sent, saying & 1 ? RIGHT : (enum saying)((saying >> 1) % SAYINGS));
}

static void do_answer_all(void)
{
	play.is_automatic = true;
	pass(0);
	play.is_automatic = false;
}

static void do_error(void)
{
	static const int errors[] = {TARN_EUNREACHABLE, TARN_ETIMEOUT, TARN_ENOMEM};
	uint8_t which = take();
	struct outside *outside = &play.workers[(which >> 7) % play.worker_count];
	struct sent *sent = take_sent(outside, which & 0x1f);
	if (sent)
		outside_answer(outside, sent, errors[(which >> 5) % 3], NULL, 0);
}

static void do_pass(void)
{
	static const uint32_t times[] = {1,    10,    100,   400,    1000,    1800,
					 4000, 10000, 61000, 301000, 3600000, 90000000};
	pass(times[take() % (sizeof times / sizeof times[0])]);
}

static void do_clock(void)
{
	static const uint32_t clocks[] = {SIGNED_NOW, FLOOR - 86400, SIGNED_NOW, EXPIRED};
	outside_set_wall(&play.workers[0], clocks[take() % 4]);
}

static void do_reload(void)
{
	play.plan = take_plan();
	apply(&play.plan, false);
	pass(0);
	play.former = play.plan;
}

static void do_network(void)
{
	for (size_t i = 0; i < play.worker_count; i++)
		tarn__resolver_network_changed(play.workers[i].resolver);
}

static void do_second(void)
{
	if (play.worker_count == 1)
		outside_init_second(&play.workers[1], &play.workers[0]);
	else
		outside_fini(&play.workers[1]);
	play.worker_count = 3 - play.worker_count;
}

static void (*const events[])(void) = {do_ask,	  do_answer, do_answer, do_answer_all, do_ask,
				       do_answer, do_pass,   do_reload, do_ask,	       do_answer,
				       do_pass,	  do_error,  do_clock,	do_answer,     do_ask,
				       do_second, do_ask,    do_network};

/* ---- the end ---------------------------------------------------------------------------- */

static void check_rest(void)
{
	for (size_t i = 0; i < play.worker_count; i++) {
		struct tarn__stats stats;
		tarn__resolver_stats(play.workers[i].resolver, &stats);
		PROMISE(stats.waiting == 0 && stats.lookups == 0 && stats.trust_lookups == 0);
	}
}

static void check_recovery(void)
{
	outside_set_wall(&play.workers[0], SIGNED_NOW);
	play.is_automatic = true;
	pass(RECOVERY_MS);
	for (size_t i = 0; i < WORLD_ASKED; i++) {
		const struct world_row *row = &world_rows[i];
		const struct client *client = ask(i % play.worker_count, row, 1);
		pass(CLIENT_MS);
		if (client && is_checked(&play.plan, row) && has_trust(&play.plan, row))
			PROMISE(client->rcode == row->rcode);
	}
	play.is_automatic = false;
	pass(REST_MS);
	check_rest();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (tarn__signature_load())
		return 0;
	memset(&play, 0, sizeof play);
	play.at = data;
	play.end = data + (len < PLAY_MAX ? len : PLAY_MAX);
	uint8_t how = take();
	play.plan = play.former = take_plan();
	apply(&play.plan, true);
	outside_set_wall(&play.workers[0], SIGNED_NOW);
	play.worker_count = 1;
	if (how & 1)
		do_second();
	while (play.at < play.end) {
		events[take() % (sizeof events / sizeof events[0])]();
		pass(0);
	}
	if (how & 2) {
		pass(REST_MS);
		check_rest();
		check_recovery();
	}
	for (size_t i = play.worker_count; i-- > 0;)
		outside_fini(&play.workers[i]);
	for (size_t i = 0; i < play.client_count; i++)
		PROMISE(!play.clients[i].is_waiting);
	return 0;
}
