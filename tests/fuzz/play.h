/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/play.h: the stage of tests/fuzz/fuzz_resolver.c: core/ on a fake outside, its servers and
 * its clients, with all that is known of what they have said, so that whatever core/ does can be held
 * to its promises at once.
 */
#ifndef TESTS_FUZZ_PLAY_H
#define TESTS_FUZZ_PLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/outside.h"
#include "core/observe.h"
#include "dns/message.h"
#include "saying.h"

enum {
	ZONES = 3, /* the root, one below it, one below that */
	SERVERS_MAX = 3,
	SERVER_NUMBERS = 16,
	NAMES = 48,
	TYPES = 3,
	FLAGS = 4, /* DO and CD */
	WORKERS = 2,
	CLIENTS_MAX = 600,
	SAID_MAX = 4000,
	STALE_SEC = 86400,
	WORK_MAX = 400, /* runs at one instant: batches of lookups that have waited are 64 */
};

#define PROMISE(holds) play_promise(holds, #holds, __FILE__, __LINE__)
void play_promise(bool holds, const char *what, const char *file, int line);

extern const char *const play_zones[ZONES]; /* the root is "" */

struct zone {
	bool is_there; /* the root always is */
	size_t count;
	unsigned numbers[SERVERS_MAX];
	struct tarn_address servers[SERVERS_MAX];
	struct tarn_traits traits[SERVERS_MAX];
	enum tarn_selection selection;
	bool follows_cnames;
};

struct plan {
	struct zone zones[ZONES];
	bool trusts_ad;
};

/* A question and what is known of its answers: the cache's key. */
struct entry {
	bool is_known; /* what the cache has of it */
	bool was_asked;
	uint64_t end_ms;
	uint8_t sends[WORKERS][SERVER_NUMBERS][2]; /* by transport, of the lookup under way */
};

struct name {
	uint8_t wire[TARN__NAME_MAX];
	size_t len;
	bool is_tainted; /* a server has said of it what nobody looked at, or its chain was followed */
	struct entry entries[TYPES * FLAGS];
};

struct key {
	size_t zone, name, type, flags;
};

struct client {
	bool is_waiting;
	struct key key;
	uint16_t id;
	bool has_question; /* the rest is known */
	bool over_tcp, has_edns;
	bool wants_cached; /* RD=0 */
	bool has_stale; /* there was a stale answer when it asked */
	bool is_lucky; /* its name is new, and answered at once by all of its servers that live */
	bool is_good; /* has been answered, and well */
	uint64_t asked_ms;
	size_t wire_len;
	uint8_t wire[TARN__UDP_MIN];
};

/* What a server has said, by the number in its records. */
struct told {
	struct key key;
	bool is_true, is_nxdomain;
	bool has_opt; /* without, it may have been asked with DO or not */
	uint32_t ttl;
	uint64_t at_ms;
	unsigned moves; /* of the zone, by then */
};

struct play {
	const uint8_t *at, *end;
	struct outside workers[WORKERS];
	size_t worker_count;
	struct plan plan, former; /* the same, but for the change from one to the other */
	unsigned moves[ZONES]; /* how often its names have got other servers */
	struct name names[ZONES][NAMES];
	size_t new_names[ZONES];
	struct client clients[CLIENTS_MAX];
	size_t client_count;
	struct told said[SAID_MAX];
	uint32_t said_count;
	const struct key *asking; /* a client's call is under way: what for */
	size_t asking_worker;
	bool is_first_send;
	bool has_other_network; /* each worker probes dead servers at once */
	uint64_t probed_ms[WORKERS][ZONES][SERVER_NUMBERS][2]; /* the last one first */
	int send_error;
	unsigned send_errors;
	bool is_automatic; /* servers answer at once, but for ... */
	uint32_t silent; /* ... these, by number, and names ... */
	uint8_t dead_names; /* ... with such a bit in their number */
	bool has_circle;
	bool has_observer;
	uint64_t sends, replies, shown;
	int (*send)(void *data, struct tarn_exchange *);
};

extern struct play play;

uint64_t play_now_ms(void);

/* ---- names and zones -------------------------------------------------------------------- */

void play_make_names(void);
struct name *play_name_of(const struct key *);
struct entry *play_entry_of(const struct key *);

/* The zone whose servers answer for the names of that one: its number, and itself. */
size_t play_find_zone(const struct plan *, size_t zone);
const struct zone *play_zone_of(const struct plan *, size_t zone);
/* Who answers; the same number, and a name has not moved. */
uint32_t play_world_of(const struct plan *, size_t zone);

/* Of a message to a server; false: it is none of a client's. */
bool play_find_key(const struct asked *, struct key *);

/* ---- servers ---------------------------------------------------------------------------- */

/* struct tarn_io's, before it goes to play.send. */
int play_on_send(void *data, struct tarn_exchange *);

/* The messages of a worker, or those of them that core/ waits for. */
struct sent *play_find_sent(size_t worker, size_t number, bool is_alive);
size_t play_count_sent(size_t worker, bool is_alive);

/* What a server, or the network, says to one. false: core/ does not listen any more. */
bool play_deliver(struct outside *, struct sent *, int error, const uint8_t *wire, size_t len);
void play_answer(struct outside *, struct sent *, enum saying, uint32_t ttl);

/* Nothing is promised any more of the answers to that name. */
void play_taint(const struct key *);

/* What is under way is lost: it is not answered automatically. */
void play_lose_all(void);

/* ---- clients ---------------------------------------------------------------------------- */

/* NULL: there are enough of them. */
struct client *play_new_client(void);
/* As tarn__resolver_resolve(). */
long play_put_question(struct client *, size_t worker, const uint8_t *wire, size_t len);
/* Bits of how: 1 with EDNS, 2 over TCP, 32 without RD. NULL: there are enough. */
struct client *play_ask(size_t worker, const struct key *, uint8_t how);

/* struct tarn__observer's. */
void play_on_answered(void *data, const struct tarn__answered *);

/* Nothing is promised to be good any more to those that wait. */
void play_forget_luck(void);

/* ---- time ------------------------------------------------------------------------------- */

/* Returns how often a worker was woken. */
size_t play_pass(uint64_t ms);

#endif
