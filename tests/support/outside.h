/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/support/outside.h: a fake outside for core/: virtual clocks, numbered "random" octets,
 * and servers whose answers a script gives. It implements struct tarn_io.
 */
#ifndef TESTS_SUPPORT_OUTSIDE_H
#define TESTS_SUPPORT_OUTSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/io.h"
#include "core/policy/policy.h"
#include "core/resolver.h"
#include "dns/message.h"

struct store;

/* A message that core/ sent to a server. */
struct sent {
	struct sent *next;
	struct tarn_exchange *exchange; /* NULL once canceled or answered */
	struct tarn_address server;
	enum tarn__transport transport;
	size_t len;
	uint8_t wire[TARN__UDP_MIN];
	bool is_expected; /* a script has taken it */
};

struct outside {
	struct tarn_io io;
	/* The owner of the clock and of shared: itself, but for a second worker. */
	struct outside *first;
	uint64_t now_ms;
	int64_t wall_offset_sec; /* of the wall clock, in seconds since 1970, from now_ms */
	uint64_t wake_at_ms;
	uint32_t seed;
	size_t closes; /* of endpoints */
	struct sent *sent; /* oldest first */
	struct sent **sent_end;
	struct tarn__shared *shared;
	struct tarn__config *config; /* the first's: a reference */
	struct outside *second; /* the first's: NULL while there is none */
	struct tarn__resolver *resolver;
	/* The first's: a fake store (tests/support/store.h), or NULL, and what it does. */
	struct store *store;
	void (*store_run)(struct store *);
	uint64_t (*store_next_ms)(const struct store *);
	void (*store_reconfigured)(struct store *, struct outside *worker);
};

/* servers are the upstreams, in order. */
void outside_init(struct outside *, const struct tarn_address *servers, size_t count);
/* The same with any options; a cache without a size has 1 MiB, and its clock is replaced. */
void outside_init_with(struct outside *, const struct tarn_options *);
/* Applies another configuration to one or both workers, and drops stale entries from the cache. */
void outside_reconfigure(struct outside *first, const struct tarn_options *);
/* Applies other servers for the root; with traits, as many; NULL: zeros. */
void outside_set_servers(struct outside *, const struct tarn_address *servers, size_t count);
void outside_set_upstreams(struct outside *, const struct tarn_address *servers,
			   const struct tarn_traits *traits, size_t count);
/* Applies other data of the policy, of which references are taken, to one or both workers. */
void outside_set_data(struct outside *first, const struct tarn__policy_data *);
/* A second worker of the same resolver, on the first one's clock. */
void outside_init_second(struct outside *, struct outside *first);
/* The second worker first. */
void outside_fini(struct outside *);

/* Sets the wall clock, in seconds since 1970; it goes on with the other one. */
void outside_set_wall(struct outside *first, uint32_t sec);

/* Lets the time pass, and runs the resolver at each time that it has set. */
void outside_pass(struct outside *, uint64_t ms);

/* Suspends the machine for that time. */
void outside_sleep(struct outside *, uint64_t ms);

/* Takes the oldest message to that server that has not been taken yet; NULL: there is none. */
struct sent *outside_take(struct outside *, const struct tarn_address *server,
			  enum tarn__transport transport);
/* Returns the number of messages that have not been taken. */
size_t outside_surprises(const struct outside *);

/* Hands core/ the server's answer, or an error of the network. Returns false if core/ has canceled. */
bool outside_answer(struct outside *, struct sent *, int error, const uint8_t *wire, size_t len);

/* Hands it an error of struct tarn_exchange, with its words or NULL. Returns false likewise. */
bool outside_fail(struct outside *, struct sent *, int error, const char *words);

#endif
