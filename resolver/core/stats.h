/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/stats.h: the counters of a worker's questions. Plain numbers, written by the worker's thread only;
 * other threads read copies (net/totals.h).
 */
#ifndef TARN_CORE_STATS_H
#define TARN_CORE_STATS_H

#include <stddef.h>
#include <stdint.h>

#include "base/transport.h"
#include "core/policy/stage.h"
#include "core/second/request.h"
#include "dns/namelist_rule.h"

/* How a reply came about. */
enum tarn__status {
	TARN__STATUS_HIT, /* from the cache, NXDOMAIN of the whole name included */
	TARN__STATUS_MISS, /* the answer of a lookup that the question started; EXPIRED if there was an old value */
	TARN__STATUS_EXPIRED,
	TARN__STATUS_LOCK_HIT, /* the answer of a lookup that another question started */
	TARN__STATUS_STALE,
	TARN__STATUS_FAILURE, /* SERVFAIL made here, remembered or not */
	/*
	 * Answered locally: local names, special names, version.bind, zones never forwarded, a cookie only.
	 */
	TARN__STATUS_LOCAL,
	TARN__STATUS_BLOCKED, /* by a rule of a list */
	TARN__STATUS_REFUSED, /* by the policy, in a forwarding loop, or with RD=0 and not in the cache */
	TARN__STATUS_INVALID, /* FORMERR, NOTIMP, BADVERS, BADCOOKIE */
	TARN__STATUS_SHARED, /* as MISS or EXPIRED, but the second level of the cache had the answer */
	TARN__STATUSES,
};

/* "hit", "miss", "expired", "lock_hit", "stale", "failure", "local", "blocked", "refused", "invalid", "shared". */
const char *tarn__status_name(enum tarn__status);

/* A bucket counts latencies of at most its bound that are above the bound before it. */
#define TARN__LATENCY_BOUNDS_MS                                                                    \
	{                                                                                          \
		1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000                               \
	}

enum {
	TARN__LATENCY_BUCKETS = 13, /* one for each bound, and one for longer latencies */
	TARN__COUNTED_TYPES = 258, /* 0 to 256, and one for all others */
	TARN__COUNTED_RCODES = 24, /* 0 to 23 */
	TARN__COUNTED_OWN = TARN__TRANSPORTS, /* the program's own questions */
	TARN__COUNTED_WAYS, /* by enum tarn__transport, and those */
};

struct tarn__latency {
	uint64_t buckets[TARN__LATENCY_BUCKETS];
	uint64_t sum_us;
};

enum { TARN__VALIDATION_CODES = 28 /* 0 to 27 */ };

/* Of DNSSEC validation. All members are uint64_t. */
struct tarn__validation_counts {
	uint64_t secure, insecure, bogus; /* answers to lookups */
	uint64_t indeterminate; /* lookups that failed since the chain of trust could not be had */
	uint64_t verifications; /* of signatures */
	uint64_t limits; /* checks that reached one */
	uint64_t trusts; /* lookups of the chain of trust */
	uint64_t
		undated; /* checks whose dates were not looked at, since the clock cannot be right */
	uint64_t codes[TARN__VALIDATION_CODES]; /* bogus answers by extended error (RFC 8914) */
};

/* Why a value of the second level was not taken. */
enum tarn__second_rejection {
	TARN__SECOND_TAG, /* it was not made with the secret, for this key; or its form is another one */
	TARN__SECOND_ANSWER, /* the reader of servers' messages does not take it */
	TARN__SECOND_FUTURE, /* it is from the future, by more than clocks may differ */
	TARN__SECOND_ENDED, /* its TTL has passed */
	TARN__SECOND_REJECTIONS,
};

/* Of the second level. All members are uint64_t; those that end in "now" are of this moment. */
struct tarn__second_counts {
	uint64_t gets; /* that were sent, PINGs apart */
	uint64_t results[TARN__SECOND_RESULTS]; /* of them, by enum tarn__second_result */
	uint64_t taken; /* values that became answers */
	uint64_t rejected[TARN__SECOND_REJECTIONS];
	uint64_t not_later; /* values that live no longer than what was to be refreshed */
	uint64_t late; /* gets that were not answered within the wait */
	uint64_t skipped_breaker, skipped_closed, skipped_busy; /* lookups that went without */
	uint64_t puts; /* that were sent */
	uint64_t put_results[TARN__SECOND_RESULTS];
	uint64_t put_skipped; /* without a connection, or with too much outstanding */
	uint64_t octets_got, octets_put; /* of values */
	uint64_t leases_held; /* lookups that waited for another machine's answer */
	uint64_t lease_waits_in_vain;
	uint64_t flushes; /* messages of other machines that were obeyed */
	uint64_t flushes_rejected;
	uint64_t opened; /* times that the breaker has opened */
	uint64_t connected_now; /* workers with a connection ... */
	uint64_t ready_now; /* ... that know the epoch as well, without which nothing is asked */
	uint64_t open_now; /* workers with an open breaker */
	struct tarn__latency latency; /* of answers of the store to gets */
};

/* All members are uint64_t: see tarn__stats_add(). */
struct tarn__stats {
	uint64_t questions[TARN__COUNTED_WAYS]; /* that get a reply */
	uint64_t types[TARN__COUNTED_TYPES];
	uint64_t rcodes[TARN__COUNTED_RCODES]; /* of the replies */
	uint64_t statuses[TARN__STATUSES]; /* of the replies */
	/* Decisions of lists, by their slot and by enum tarn__namelist_action. */
	uint64_t lists[TARN__LIST_SLOTS][TARN__NAMELIST_ACTIONS];
	uint64_t stages[TARN__STAGES]; /* of the policy: replies that each decided */
	/* Of replies that had to wait; the others have latency 0. */
	struct tarn__latency latencies[TARN__STATUSES];
	uint64_t dropped; /* messages that get no reply: responses, or shorter than a header */
	uint64_t waiting; /* questions, now */
	uint64_t lookups; /* under way, now */
	uint64_t lookups_started;
	uint64_t trust_lookups; /* of the chain of trust, now */
	struct tarn__validation_counts validation;
	struct tarn__second_counts second;
};

void tarn__latency_add(struct tarn__latency *, uint64_t us);

/* Adds a struct of size octets, all members of which are uint64_t, to another one of its type. */
void tarn__stats_add(void *sum, const void *numbers, size_t size);

#endif
