/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/saved_answer.h: an answer of the cache in the form in which it outlives the process: a DNS message with
 * its question, which is read back by the reader of servers' messages (dns/answer.h), and beside it what no
 * message has: when it arrived, when it ends, and what validation has found. core/admin/dump.h,
 * core/admin/snapshot.h and core/second/value.h use it.
 *
 * Thread: as its resolver's. Nothing is allocated.
 */
#ifndef TARN_CORE_SAVED_ANSWER_H
#define TARN_CORE_SAVED_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/answer.h"
#include "dns/query.h"
#include "dns/response.h"
#include "dns/stored.h"

struct tarn__config;

/* What is kept beside the message. Times are milliseconds since 1970, by the wall clock. */
struct tarn__saved_times {
	uint64_t arrival_ms; /* the TTLs of the message are as they were then */
	uint64_t end_ms; /* of its life in the cache */
};

enum {
	/* Clocks of machines may differ by this much; an arrival further ahead is refused. */
	TARN__SAVED_AHEAD_MS = 5000,
	/* A copy whose TTLs were lowered by a part of a second lives longer than they say by less. */
	TARN__SAVED_ROUNDING_MS = 1000,
};

/* The verdict that a stored form has: AD, and a remark of 3 bits. */
enum { TARN__VERDICT_AD = 0x10, TARN__VERDICT_MAX = 0xff };

/* Returns true if answers of that key are kept: not the chain of trust, links, and names without a type. */
bool tarn__saved_has_key(const struct tarn__key *);

/* Returns true if a server's answer for the key would be checked. */
bool tarn__saved_is_validated(const struct tarn__config *, const struct tarn__key *);

/* The query, without EDNS, by which a stored form becomes a message. qname is that of the key. */
struct tarn__query tarn__saved_query(const struct tarn__key *);

/*
 * Writes the message of a stored form, with its TTLs as they are there. Returns its octets, at least a header.
 * The verdict is *verdict.
 */
size_t tarn__saved_write(const struct tarn__key *, const uint8_t *stored, size_t len,
			 uint8_t message[TARN__MESSAGE_MAX], uint8_t *verdict);

/* Scratch memory of the caller; its content before and after is of no meaning. */
struct tarn__saved_room {
	uint8_t stored[TARN__STORED_MAX];
	struct tarn__response response;
};

/*
 * Reads a message, of any octets, as the answer to the question of the key, whose name is in lower case. The
 * stored form is in the room then, without AD; ttl is that of the message alone. Returns false if the reader of
 * servers' messages does not take it; *out is unspecified then.
 */
bool tarn__saved_parse(const struct tarn__key *, const uint8_t *message, size_t len,
		       struct tarn__saved_room *, struct tarn__answer *out);

/* An answer that was read. */
struct tarn__saved_answer {
	size_t len; /* of the stored form, which is in the room */
	uint64_t age_ms, ttl_ms; /* ttl_ms is 0 if it has ended ... */
	uint64_t ended_ms; /* ... so long ago */
	bool is_whole_name; /* NXDOMAIN: nothing of that name exists */
};

enum tarn__saved_fault {
	TARN__SAVED_GOOD,
	/* The reader does not take it as an answer to the question of the key, or not as one to be stored. */
	TARN__SAVED_NO_ANSWER,
	TARN__SAVED_FUTURE, /* it is from the future */
	TARN__SAVED_TIMES, /* its times contradict each other, or the TTLs of the message */
};

/*
 * Reads a message, of any octets, as the answer to the question of the key. It has no more life than its
 * message gives it, nor than the configuration's limits of TTLs. Its TTLs are lowered by its age, rounded up so
 * that none outlasts the life; those of an answer that has ended are as they were. A verdict is kept if
 * takes_verdict, and no AD else; an answer with a verdict that the configuration could not have found, or
 * without one that it would have, is NO_ANSWER. The answer source is unknown.
 */
enum tarn__saved_fault tarn__saved_read(const struct tarn__config *, const struct tarn__key *,
					const uint8_t *message, size_t len,
					const struct tarn__saved_times *, uint64_t now_wall_ms,
					uint8_t verdict, bool takes_verdict,
					struct tarn__saved_room *, struct tarn__saved_answer *out);

/*
 * The same for a cache that knows the age of what it is given (rtcache_load()): the TTLs are as they were when it
 * arrived, but for the limits.
 */
enum tarn__saved_fault tarn__saved_read_unaged(const struct tarn__config *,
					       const struct tarn__key *, const uint8_t *message,
					       size_t len, const struct tarn__saved_times *,
					       uint64_t now_wall_ms, uint8_t verdict,
					       bool takes_verdict, struct tarn__saved_room *,
					       struct tarn__saved_answer *out);

#endif
