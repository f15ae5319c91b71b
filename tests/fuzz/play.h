/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/play.h: the state of a play of tests/fuzz/fuzz_resolver.c: core/ on a fake outside, its servers
 * and its clients, with a record of their messages, so that the promises of core/ are checked at each step.
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
	WORK_MAX = 400, /* runs at one instant; lookups that have waited run in batches of 64 */
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
	bool lacks_address; /* the first server's is not known */
	enum tarn_selection selection;
	bool follows_cnames;
};

struct plan {
	struct zone zones[ZONES];
	bool trusts_ad;
};

/* A question, which is a key of the cache, and the state of its answers. */
struct entry {
	bool is_known; /* the content of the cache for it is known */
	bool was_asked;
	uint64_t end_ms;
	uint8_t sends[WORKERS][SERVER_NUMBERS][2]; /* by transport, of the lookup under way */
};

struct name {
	uint8_t wire[TARN__NAME_MAX];
	size_t len;
	bool is_tainted; /* a server's answer for it was not checked, or its chain was followed */
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
	bool is_lucky; /* its name is new, and all of its live servers answer it at once */
	bool is_good; /* has had a good answer */
	uint64_t asked_ms;
	size_t wire_len;
	uint8_t wire[TARN__UDP_MIN];
};

/* A server's answer, by the number in its records. */
struct told {
	struct key key;
	bool is_true, is_nxdomain;
	bool has_opt; /* without, it may have been asked with DO or not */
	uint32_t ttl;
	uint64_t at_ms;
	unsigned moves; /* of the zone, at that time */
};

struct play {
	const uint8_t *at, *end;
	struct outside workers[WORKERS];
	size_t worker_count;
	struct plan plan, former; /* equal, except during a change from one to the other */
	unsigned moves[ZONES]; /* number of times that its names got other servers */
	struct name names[ZONES][NAMES];
	size_t new_names[ZONES];
	struct client clients[CLIENTS_MAX];
	size_t client_count;
	struct told said[SAID_MAX];
	uint32_t said_count;
	const struct key *asking; /* the question of a client's call under way; NULL: none */
	size_t asking_worker;
	bool is_first_send;
	bool has_other_network; /* each worker probes dead servers at once */
	uint64_t probed_ms[WORKERS][ZONES][SERVER_NUMBERS][2]; /* the last one first */
	int send_error;
	unsigned send_errors;
	bool is_automatic; /* servers answer at once, except */
	uint32_t silent; /* those with a bit here, by number, */
	uint8_t dead_names; /* and for names with such a bit in their number */
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

/* Return the number of the zone whose servers answer for the names of that one, and the zone itself. */
size_t play_find_zone(const struct plan *, size_t zone);
const struct zone *play_zone_of(const struct plan *, size_t zone);
/* Returns a number for the servers and whether CNAMEs are followed; if it is equal, a name has not moved. */
uint64_t play_world_of(const struct plan *, size_t zone);

/* Finds the key of a message to a server. Returns false if the message is for no client. */
bool play_find_key(const struct asked *, struct key *);

/* ---- servers ---------------------------------------------------------------------------- */

/* The send of struct tarn_io, which calls play.send. */
int play_on_send(void *data, struct tarn_exchange *);

/* The messages of a worker; with is_alive, those that core/ waits for. */
struct sent *play_find_sent(size_t worker, size_t number, bool is_alive);
size_t play_count_sent(size_t worker, bool is_alive);

/* Hands a message its answer, or an error of the network. Returns false if core/ has canceled it. */
bool play_deliver(struct outside *, struct sent *, int error, const uint8_t *wire, size_t len);
void play_answer(struct outside *, struct sent *, enum saying, uint32_t ttl);

/* From now on answers to that name are not checked. */
void play_taint(const struct key *);

/* Messages under way are lost: they are not answered automatically. */
void play_lose_all(void);

/* ---- clients ---------------------------------------------------------------------------- */

/* Returns NULL if there are CLIENTS_MAX of them. */
struct client *play_new_client(void);
/* As tarn__resolver_resolve(). */
long play_put_question(struct client *, size_t worker, const uint8_t *wire, size_t len);
/* Bits of how: 1 with EDNS, 2 over TCP, 32 without RD. Returns NULL as above. */
struct client *play_ask(size_t worker, const struct key *, uint8_t how);

/* The function of struct tarn__observer. */
void play_on_answered(void *data, const struct tarn__answered *);

/* Clients that wait may get an error from now on. */
void play_forget_luck(void);

/* ---- time ------------------------------------------------------------------------------- */

/* Lets the time pass. Returns the number of times that a worker was woken. */
size_t play_pass(uint64_t ms);

#endif
