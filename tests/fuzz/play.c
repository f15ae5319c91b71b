/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/fuzz/play.c: the steps of a play, and the checks of the promises. */
#include "play.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/stats.h"
#include "core/forward/select.h"
#include "core/forward/server.h"
#include "dns/edns.h"
#include "dns/name.h"
#include "dns/record.h"
#include "dns/text.h"
#include "fuzz.h"
#include "rtcache.h"

enum {
	REPLY_MAX = 512, /* of a question without EDNS */
	CLIENT_MS = 4000,
	STALE_AFTER_MS = 1800,
	STALE_TTL = 30,
	ANSWERS_MAX = 10000, /* at one instant: messages sent before, loop tests included */
	KIND_BITS = SERVER_NUMBERS,
};

struct play play;

const char *const play_zones[ZONES] = {"", "corp.org.", "lab.corp.org."};
static const uint16_t types[TYPES] = {TARN__TYPE_A, TARN__TYPE_AAAA, TARN__TYPE_TXT};

void play_promise(bool holds, const char *what, const char *file, int line)
{
	if (!holds)
		fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
	fuzz_check(holds);
}

uint64_t play_now_ms(void)
{
	return play.workers[0].now_ms;
}

/* ---- names and zones -------------------------------------------------------------------- */

/* Returns the number of the zone whose servers answer for the names of that one. */
size_t play_find_zone(const struct plan *plan, size_t zone)
{
	while (!plan->zones[zone].is_there)
		zone--;
	return zone;
}

const struct zone *play_zone_of(const struct plan *plan, size_t zone)
{
	return &plan->zones[play_find_zone(plan, zone)];
}

/* A server is another one if it has another name: each kind of server has its own. */
static unsigned kind_of(const struct zone *zone, size_t index)
{
	enum { PLAIN, TLS, HTTPS, UNKNOWN };
	if (!zone->traits[index].name)
		return PLAIN;
	if (index == 0 && zone->lacks_address)
		return UNKNOWN;
	return zone->traits[index].transport == TARN_TLS ? TLS : HTTPS;
}

/*
 * Returns a number for what answers come from: the servers, and whether their CNAMEs are followed. If it is
 * equal, a name has not moved.
 */
uint64_t play_world_of(const struct plan *plan, size_t zone)
{
	size_t found = play_find_zone(plan, zone);
	uint64_t world = found == 0;
	for (size_t i = 0; found > 0 && i < plan->zones[found].count; i++)
		world |= UINT64_C(2) << (plan->zones[found].numbers[i] +
					 KIND_BITS * kind_of(&plan->zones[found], i));
	return plan->zones[found].follows_cnames ? world | UINT64_C(1) << 63 : world;
}

struct name *play_name_of(const struct key *key)
{
	return &play.names[key->zone][key->name];
}

struct entry *play_entry_of(const struct key *key)
{
	return &play_name_of(key)->entries[key->type * FLAGS + key->flags];
}

void play_make_names(void)
{
	for (size_t zone = 0; zone < ZONES; zone++)
		for (size_t i = 0; i < NAMES; i++) {
			struct name *name = &play.names[zone][i];
			char text[32];
			snprintf(text, sizeof text, "%s%zu.%s", i % 2 ? "www" : "n", i,
				 zone == 0 ? "test-net.com." : play_zones[zone]);
			name->len = tarn__name_parse(text, name->wire);
			memset(name->entries, 0, sizeof name->entries);
			name->is_tainted = false;
		}
}

static bool find_name(const uint8_t *wire, size_t len, struct key *key)
{
	for (key->zone = 0; key->zone < ZONES; key->zone++)
		for (key->name = 0; key->name < NAMES; key->name++) {
			const struct name *name = play_name_of(key);
			if (name->len == len && tarn__name_is_equal(name->wire, wire, len))
				return true;
		}
	return false;
}

/* Returns false if the message is for no client. */
bool play_find_key(const struct asked *asked, struct key *key)
{
	const uint8_t *wire = asked->wire;
	*key = (struct key){0};
	for (key->type = 0; key->type < TYPES && types[key->type] != asked->type;)
		key->type++;
	if (key->type == TYPES)
		return false;
	bool is_do = asked->has_opt && wire[asked->question_end + 7] & 0x80;
	key->flags = (is_do ? 1U : 0) | (wire[3] & TARN__FLAG_CD ? 2U : 0);
	return find_name(wire + TARN__HEADER_LEN, asked->name_len, key);
}

static bool is_below(const uint8_t *name, size_t len, size_t zone)
{
	uint8_t wire[TARN__NAME_MAX];
	size_t zone_len = tarn__name_parse(zone == 0 ? "." : play_zones[zone], wire);
	return len >= zone_len && tarn__name_is_equal(name + len - zone_len, wire, zone_len);
}

static size_t zone_of_name(const struct plan *plan, const uint8_t *name, size_t len)
{
	size_t zone = ZONES - 1;
	while (!is_below(name, len, zone) || !plan->zones[zone].is_there)
		zone--;
	return zone;
}

static unsigned number_of(const struct tarn_address *server)
{
	return ntohl(server->in4.sin_addr.s_addr) & 0xff;
}

static bool has_server(const struct plan *plan, size_t zone, const struct tarn_address *server)
{
	for (size_t i = 0; i < plan->zones[zone].count; i++)
		if (tarn_address_is_equal(&plan->zones[zone].servers[i], server))
			return true;
	return false;
}

/* ---- what goes to servers --------------------------------------------------------------- */

static size_t worker_of(const struct outside *outside)
{
	return (size_t)(outside - play.workers);
}

/* Without EDNS there is no DO: the message may be of either lookup. */
static bool may_be(const struct key *asked, bool has_opt, const struct key *key)
{
	struct key other = *asked;
	other.flags |= has_opt ? 0 : key->flags & 1;
	return memcmp(&other, key, sizeof other) == 0;
}

/* A lookup starts during a client's call only. */
static void note_start(size_t worker, const struct key *key, bool has_opt)
{
	if (!play.asking || worker != play.asking_worker || !play.is_first_send ||
	    !may_be(key, has_opt, play.asking))
		return;
	struct entry *entry = play_entry_of(play.asking);
	memset(entry->sends[worker], 0, sizeof entry->sends[worker]);
	play.is_first_send = false;
}

static void count_send(size_t worker, const struct key *key, unsigned number,
		       enum tarn__transport transport)
{
	uint8_t *count =
		&play_entry_of(key)->sends[worker][number][tarn__transport_is_stream(transport)];
	PROMISE(++*count <= TARN__SENDS_MAX);
}

/* A dead server is probed by one worker, a doubted one by each. */
static void check_probe(size_t worker, const uint8_t *name, size_t name_len, unsigned number)
{
	size_t zone = zone_of_name(&play.plan, name, name_len);
	uint64_t *last = play.probed_ms[worker][zone][number];
	PROMISE(play.has_other_network || last[1] == 0 ||
		play_now_ms() >= last[1] + TARN__PROBE_MS);
	last[1] = last[0];
	last[0] = play_now_ms();
}

/* Never in the clear, and with nothing that is recognised again. */
static void check_way(const struct tarn_exchange *exchange, const struct asked *asked)
{
	enum tarn__transport configured =
		(enum tarn__transport)exchange->endpoint->traits.transport;
	bool is_encrypted = tarn__transport_is_encrypted(configured);
	PROMISE(tarn__endpoint_has_address(exchange->endpoint));
	PROMISE(is_encrypted ? exchange->transport == configured
			     : !tarn__transport_is_encrypted(exchange->transport));
	if (!is_encrypted)
		return;
	PROMISE(!asked->cookie && !asked->is_mixed);
	PROMISE(!asked->has_opt || exchange->len % TARN__PADDING_QUERY == 0);
}

static bool is_for_loops(const struct asked *asked)
{
	const uint8_t *name = asked->wire + TARN__HEADER_LEN;
	return asked->name_len > 28 && name[0] == 16 && name[17] == 9;
}

int play_on_send(void *data, struct tarn_exchange *exchange)
{
	const struct outside *outside = data;
	struct asked asked =
		asked_read(exchange->wire, exchange->len, exchange->transport == TARN__UDP);
	const uint8_t *name = exchange->wire + TARN__HEADER_LEN;
	unsigned number = number_of(&exchange->endpoint->address);
	play.sends++;
	check_way(exchange, &asked);
	PROMISE(asked.question_end <= exchange->len && number < SERVER_NUMBERS);
	PROMISE(has_server(&play.plan, zone_of_name(&play.plan, name, asked.name_len),
			   &exchange->endpoint->address) ||
		has_server(&play.former, zone_of_name(&play.former, name, asked.name_len),
			   &exchange->endpoint->address));
	if (play.send_errors > 0) {
		play.send_errors--;
		return play.send_error;
	}
	struct key key;
	if (exchange->rank == TARN__RANK_PROBE) {
		if (!is_for_loops(&asked))
			check_probe(worker_of(outside), name, asked.name_len, number);
	} else if (play_find_key(&asked, &key)) {
		note_start(worker_of(outside), &key, asked.has_opt);
		if (asked.has_opt)
			count_send(worker_of(outside), &key, number, exchange->transport);
	}
	return play.send(data, exchange);
}

void play_forget_luck(void)
{
	for (size_t i = 0; i < play.client_count; i++)
		play.clients[i].is_lucky = false;
}

/* ---- what clients get ------------------------------------------------------------------- */

static void check_ttl(const struct told *told, uint32_t ttl)
{
	uint64_t age_ms = play_now_ms() - told->at_ms;
	uint64_t end_ms = 1000 * (uint64_t)told->ttl;
	if (age_ms < end_ms || told->ttl == 0) {
		PROMISE(ttl <= told->ttl - age_ms / 1000);
	} else {
		PROMISE(ttl <= STALE_TTL);
		PROMISE(age_ms < end_ms + 1000 * (uint64_t)STALE_SEC);
	}
}

static void check_record(const struct client *client, const struct tarn__record *record)
{
	const struct key *key = &client->key;
	enum mark mark;
	uint32_t serial;
	if (record->type == TARN__TYPE_CNAME)
		return;
	PROMISE(saying_find_mark(record->type, record->rdata, record->rdata_len, &mark, &serial));
	PROMISE(mark == MARK_TRUE && serial < play.said_count);
	const struct told *told = &play.said[serial];
	PROMISE(told->is_true);
	PROMISE(told->key.zone == key->zone && told->key.name == key->name);
	PROMISE(told->key.type == key->type || told->is_nxdomain);
	PROMISE(may_be(&told->key, told->has_opt,
		       &(struct key){told->key.zone, told->key.name, told->key.type, key->flags}));
	PROMISE(told->moves == play.moves[key->zone]);
	check_ttl(told, record->ttl);
}

static void check_records(const struct client *client, const uint8_t *reply, size_t len)
{
	struct tarn__reader reader = {.wire = reply, .end = len, .at = client->wire_len};
	if (client->has_edns)
		reader.at -= 11;
	unsigned count = tarn__get16(reply + 6) + tarn__get16(reply + 8);
	bool is_local = play_zone_of(&play.plan, client->key.zone)->count == 0 &&
			play_find_zone(&play.plan, client->key.zone) > 0;
	for (unsigned i = 0; i < count; i++) {
		struct tarn__record record;
		PROMISE(tarn__record_read(&reader, &record));
		if (!is_local && !play_name_of(&client->key)->is_tainted)
			check_record(client, &record);
	}
	PROMISE(!reader.failed);
}

static uint16_t rcode_of(const uint8_t *reply)
{
	return reply[3] & TARN__FLAG_RCODE;
}

static void check_reply(struct client *client, const uint8_t *reply, size_t len)
{
	uint64_t waited_ms = play_now_ms() - client->asked_ms;
	PROMISE(client->is_waiting);
	client->is_waiting = false;
	PROMISE(++play.replies == play.shown || !play.has_observer);
	PROMISE(len >= TARN__HEADER_LEN && tarn__get16(reply) == client->id);
	PROMISE(reply[2] & TARN__FLAG_QR >> 8);
	PROMISE(waited_ms <= CLIENT_MS);
	if (!client->has_question)
		return;
	size_t question_end = client->wire_len - (client->has_edns ? 11 : 0);
	PROMISE(len <= REPLY_MAX && len >= question_end);
	PROMISE(memcmp(reply + TARN__HEADER_LEN, client->wire + TARN__HEADER_LEN,
		       question_end - TARN__HEADER_LEN) == 0);
	client->is_good = rcode_of(reply) == TARN__NOERROR || rcode_of(reply) == TARN__NXDOMAIN;
	PROMISE(client->is_good ||
		rcode_of(reply) == (client->wants_cached ? TARN__REFUSED : TARN__SERVFAIL));
	if (client->has_stale) {
		PROMISE(rcode_of(reply) != TARN__SERVFAIL);
		PROMISE(waited_ms <= STALE_AFTER_MS);
	}
	if (client->is_lucky)
		PROMISE(rcode_of(reply) != TARN__SERVFAIL);
	check_records(client, reply, len);
}

static void on_reply(void *owner, const void *route, const uint8_t *reply, size_t len)
{
	(void)owner;
	size_t number;
	memcpy(&number, route, sizeof number);
	PROMISE(number < play.client_count);
	check_reply(&play.clients[number], reply, len);
}

void play_on_answered(void *data, const struct tarn__answered *answered)
{
	(void)data;
	play.shown++;
	PROMISE(answered->latency_ms <= CLIENT_MS && answered->rcode == rcode_of(answered->reply));
	PROMISE(!answered->upstream || number_of(answered->upstream) < SERVER_NUMBERS);
}

static void check_waiting(void)
{
	for (size_t i = 0; i < play.client_count; i++) {
		const struct client *client = &play.clients[i];
		PROMISE(!client->is_waiting || play_now_ms() < client->asked_ms + CLIENT_MS);
	}
}

/* All clients that wait for the key have been answered. */
static void check_served(const struct key *key)
{
	for (size_t i = 0; i < play.client_count; i++) {
		const struct client *client = &play.clients[i];
		PROMISE(!client->is_waiting || !client->has_question ||
			memcmp(&client->key, key, sizeof *key) != 0);
	}
}

/* ---- time ------------------------------------------------------------------------------- */

struct sent *play_find_sent(size_t worker, size_t number, bool is_alive)
{
	for (struct sent *sent = play.workers[worker].sent; sent; sent = sent->next)
		if ((!is_alive || sent->exchange) && number-- == 0)
			return sent;
	return NULL;
}

size_t play_count_sent(size_t worker, bool is_alive)
{
	size_t count = 0;
	for (const struct sent *sent = play.workers[worker].sent; sent; sent = sent->next)
		count += !is_alive || sent->exchange;
	return count;
}

static bool answer_automatically(void);

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

/* Returns the number of times that a worker was woken. */
size_t play_pass(uint64_t ms)
{
	uint64_t end = play_now_ms() + ms;
	size_t wakes = 0;
	for (unsigned work = 0, answers = 0;;) {
		PROMISE(++work < WORK_MAX);
		while (play.is_automatic && answer_automatically())
			PROMISE(++answers < ANSWERS_MAX);
		struct outside *outside = soonest();
		if (outside->wake_at_ms > play_now_ms())
			check_waiting();
		if (outside->wake_at_ms > end)
			break;
		if (outside->wake_at_ms > play_now_ms()) {
			play.workers[0].now_ms = outside->wake_at_ms;
			work = answers = 0;
		}
		wakes++;
		tarn__resolver_run(outside->resolver);
	}
	play.workers[0].now_ms = end;
	return wakes;
}

/* ---- what servers say ------------------------------------------------------------------- */

bool play_deliver(struct outside *outside, struct sent *sent, int error, const uint8_t *wire,
		  size_t len)
{
	uint8_t *copy = NULL;
	if (len > 0) {
		/* So that a sanitizer sees a read past the end. */
		copy = malloc(len);
		if (!copy)
			return false;
		memcpy(copy, wire, len);
	}
	bool is_heard = outside_answer(outside, sent, error, copy, len);
	free(copy);
	return is_heard;
}

static void learn(const struct key *key, bool has_opt, const struct said *said)
{
	struct entry *entry = play_entry_of(key);
	if (!has_opt) {
		struct key other = *key;
		other.flags |= 1;
		entry->is_known = play_entry_of(&other)->is_known = false;
	} else if (said->is_taken && said->ttl > 0) {
		entry->is_known = true;
		entry->end_ms = play_now_ms() + 1000 * (uint64_t)said->ttl;
	} else if (said->may_be_taken) {
		entry->is_known = false;
	}
}

/* Work that one worker has made ready for the other is taken at once. */
static void run_all(void)
{
	for (unsigned work = 0; soonest()->wake_at_ms <= play_now_ms(); work++) {
		PROMISE(work < WORK_MAX);
		tarn__resolver_run(soonest()->resolver);
	}
}

/* The chain of an answer leads to a name of the root zone, whose servers are asked next. */
static bool is_followed(const struct key *key, enum saying saying)
{
	return saying == SAY_ALIAS && play_zone_of(&play.plan, key->zone)->follows_cnames;
}

/* From now on the cache's content for that name, and the time of its answers, are unknown. */
void play_taint(const struct key *key)
{
	play_name_of(key)->is_tainted = true;
	for (size_t i = 0; i < play.client_count; i++) {
		struct client *client = &play.clients[i];
		if (client->key.zone == key->zone && client->key.name == key->name)
			client->has_stale = client->is_lucky = false;
	}
}

static void answer_client(struct outside *outside, struct sent *sent, const struct asked *asked,
			  const struct key *key, enum saying saying, uint32_t ttl)
{
	struct said said;
	uint32_t serial = play.said_count;
	if (serial == SAID_MAX)
		return;
	play.said_count++;
	say(asked, saying, serial, ttl, number_of(&sent->server) % 2, &said);
	if (is_followed(key, saying)) {
		play_taint(key);
		said.is_taken = false;
	}
	bool is_heard = sent->exchange;
	play.said[serial] = (struct told){
		.key = *key,
		.is_true = is_heard && said.mark == MARK_TRUE,
		.is_nxdomain = said.is_nxdomain,
		.has_opt = asked->has_opt,
		.ttl = said.ttl,
		.at_ms = play_now_ms(),
		.moves = play.moves[key->zone],
	};
	if (is_heard)
		learn(key, asked->has_opt, &said);
	play_deliver(outside, sent, 0, said.wire, said.len);
	if (is_heard && said.is_taken && asked->has_opt) {
		run_all();
		check_served(key);
	}
}

void play_answer(struct outside *outside, struct sent *sent, enum saying saying, uint32_t ttl)
{
	struct asked asked = asked_read(sent->wire, sent->len, sent->transport == TARN__UDP);
	struct key key;
	struct said said;
	bool is_probe = sent->exchange && sent->exchange->rank == TARN__RANK_PROBE;
	if (!is_probe && play_find_key(&asked, &key)) {
		answer_client(outside, sent, &asked, &key, saying, ttl);
		return;
	}
	/* A probe: no client may get its answer. */
	say(&asked, saying, SAID_MAX, ttl, number_of(&sent->server) % 2, &said);
	play_deliver(outside, sent, 0, said.wire, said.len);
}

/* Messages under way are lost: they are not answered automatically. */
void play_lose_all(void)
{
	for (size_t worker = 0; worker < play.worker_count; worker++)
		for (struct sent *sent = play.workers[worker].sent; sent; sent = sent->next)
			sent->is_expected = true;
}

static bool is_answered(const struct sent *sent)
{
	struct asked asked = asked_read(sent->wire, sent->len, false);
	struct key key;
	if (sent->is_expected || play.silent >> number_of(&sent->server) & 1)
		return false;
	return !play_find_key(&asked, &key) || (key.name & play.dead_names) == 0;
}

static bool answer_automatically(void)
{
	for (size_t worker = 0; worker < play.worker_count; worker++) {
		struct outside *outside = &play.workers[worker];
		for (struct sent *sent = outside->sent; sent; sent = sent->next)
			if (sent->exchange && is_answered(sent)) {
				play_answer(outside, sent, SAY_RECORDS, 300);
				return true;
			}
	}
	return false;
}

/* ---- clients ---------------------------------------------------------------------------- */

static size_t write_question(uint8_t *wire, const struct client *client)
{
	const struct key *key = &client->key;
	const struct name *name = play_name_of(key);
	bool is_do = key->flags & 1, is_cd = key->flags & 2;
	memset(wire, 0, TARN__HEADER_LEN);
	tarn__put16(wire, client->id);
	tarn__put16(wire + 2, (uint16_t)((client->wants_cached ? 0 : TARN__FLAG_RD) |
					 (is_cd ? TARN__FLAG_CD : 0)));
	wire[5] = 1;
	wire[11] = client->has_edns;
	memcpy(wire + TARN__HEADER_LEN, name->wire, name->len);
	if (client->id & 1 && (uint8_t)(wire[TARN__HEADER_LEN + 1] - 'a') < 26)
		wire[TARN__HEADER_LEN + 1] ^= 0x20;
	size_t at = TARN__HEADER_LEN + name->len;
	tarn__put16(wire + at, types[key->type]);
	tarn__put16(wire + at + 2, TARN__CLASS_IN);
	at += 4;
	if (!client->has_edns)
		return at;
	memcpy(wire + at, (uint8_t[]){0, 0, 41, 2, 0, 0, 0, is_do ? 0x80 : 0, 0, 0, 0}, 11);
	return at + 11;
}

long play_put_question(struct client *client, size_t worker, const uint8_t *wire, size_t len)
{
	static uint8_t reply[TARN__MESSAGE_MAX];
	size_t number = (size_t)(client - play.clients);
	/* Many clients, with few questions each. */
	struct tarn_address address = {.in4.sin_family = AF_INET};
	address.in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)number % 64);
	const struct tarn__client_request client_request = {
		.transport = client->over_tcp ? TARN__TCP : TARN__UDP,
		.answer = on_reply,
		.owner = &play,
		.client = &address,
		.route = &number,
		.route_len = sizeof number};
	client->is_waiting = true;
	client->asked_ms = play_now_ms();
	long got = tarn__resolver_resolve(play.workers[worker].resolver, &client_request, wire, len,
					  reply);
	/* As a loop does after every batch of questions. */
	play.workers[worker].wake_at_ms = play_now_ms();
	if (got > 0)
		check_reply(client, reply, (size_t)got);
	else if (got == TARN__RESOLVE_DROP)
		client->is_waiting = false;
	return got;
}

struct client *play_new_client(void)
{
	if (play.client_count == CLIENTS_MAX)
		return NULL;
	struct client *client = &play.clients[play.client_count];
	*client = (struct client){.id = (uint16_t)(257 * play.client_count++)};
	return client;
}

static bool is_lucky(const struct key *key)
{
	const struct zone *zone = play_zone_of(&play.plan, key->zone);
	bool has_server = false;
	size_t first = zone->lacks_address;
	for (size_t i = first; i < zone->count; i++)
		has_server |= !(play.silent >> zone->numbers[i] & 1);
	/* A silent server is asked twice before the next. */
	if (zone->selection == TARN_SELECTION_STRICT)
		has_server = zone->count > first && !(play.silent >> zone->numbers[first] & 1);
	return play.is_automatic && has_server && !play.has_circle && play.send_errors == 0 &&
	       (key->name & play.dead_names) == 0 && !play_entry_of(key)->was_asked;
}

static bool is_fresh(const struct entry *entry)
{
	return entry->is_known && play_now_ms() < entry->end_ms;
}

/* This includes the time that a client may wait. */
static bool is_stale(const struct entry *entry)
{
	return entry->is_known && play_now_ms() >= entry->end_ms &&
	       play_now_ms() + CLIENT_MS < entry->end_ms + 1000 * (uint64_t)STALE_SEC;
}

static uint64_t lookups_started(size_t worker)
{
	struct tarn__stats stats;
	tarn__resolver_stats(play.workers[worker].resolver, &stats);
	return stats.lookups_started;
}

struct client *play_ask(size_t worker, const struct key *key, uint8_t how)
{
	struct client *client = play_new_client();
	if (!client)
		return NULL;
	struct entry *entry = play_entry_of(key);
	bool is_clean = !play_name_of(key)->is_tainted;
	client->key = *key;
	client->has_question = true;
	client->has_edns = key->flags & 1 || how & 1;
	client->over_tcp = how & 2;
	client->wants_cached = how & 0x20;
	if (!client->wants_cached) {
		client->has_stale = is_clean && is_stale(entry);
		client->is_lucky = is_clean && is_lucky(key);
		entry->was_asked = true;
	}
	client->wire_len = write_question(client->wire, client);
	uint64_t started = lookups_started(worker);
	play.asking = key;
	play.asking_worker = worker;
	play.is_first_send = true;
	bool is_hit = is_clean && is_fresh(entry);
	long got = play_put_question(client, worker, client->wire, client->wire_len);
	play.asking = NULL;
	/* A lookup that has to wait sends nothing yet. */
	if (play.is_first_send && lookups_started(worker) > started)
		memset(entry->sends[worker], 0, sizeof entry->sends[worker]);
	PROMISE(got != TARN__RESOLVE_DROP);
	PROMISE(got > 0 || !(is_hit || client->wants_cached));
	PROMISE(client->is_good || !is_hit);
	return client;
}
