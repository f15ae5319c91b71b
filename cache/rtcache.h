/* SPDX-License-Identifier: BSD-2-Clause */
/* librtcache: a read-through cache in memory, for keys and values of any bytes. */

#ifndef RTCACHE_H
#define RTCACHE_H

/*
 * One struct rtcache is shared by all threads. Each thread that uses it opens a door of its own, a
 * struct rtcache_client, and everything it does goes through that. The cache starts no thread, owns
 * no timer and no descriptor: work that is due is done when a client calls rtcache_client_run().
 *
 *	rtcache_new         the store, with a lookup callback if it is to read through
 *	rtcache_client_new  a thread's door
 *	rtcache_get         a hit at once; otherwise one lookup, however many ask for the same key
 *	rtcache_fill        ends that lookup, from any thread, and serves everybody who waits for it;
 *	                    so do rtcache_fail() and rtcache_refuse()
 *	rtcache_client_run  calls back what is done
 *
 * Threads: a client, its requests and the values it was given belong to one thread at a time. The
 * functions that take a struct rtcache or a struct rtcache_lookup may be called from any thread.
 * Callbacks run in the thread of the client whose call made them run, with no lock held: they may
 * call everything except rtcache_client_run(), _park() and _free() of that same client.
 *
 * Memory: everything stored, with its bookkeeping, lives within options.size. Outside of it are the
 * fixed parts (below 3 KiB for each of at most 64 shards, 1 KiB for each client) and what callers
 * hold: a lookup under way costs about 300 bytes, its key and, until it is delivered, its value.
 * The callers bound how many of those there are, by bounding their requests.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rtcache;
struct rtcache_client;
struct rtcache_lookup;

/* The library's own codes; all negative. A lookup may fail with any other negative code. */
#define RTCACHE_ERRORS(X)                                                                          \
	X(RTCACHE_ENOMEM, -1001, "out of memory")                                                  \
	X(RTCACHE_EINVAL, -1002, "invalid argument")                                               \
	X(RTCACHE_ENOTSUP, -1003, "not supported")                                                 \
	X(RTCACHE_ECANCELED, -1004, "canceled")                                                    \
	X(RTCACHE_ETOOBIG, -1005, "too big to be stored")                                          \
	X(RTCACHE_EREFUSED, -1006, "refused: less popular than what it would displace")

enum rtcache_error {
#define RTCACHE_ERROR_ENUM(name, code, text) name = code,
	RTCACHE_ERRORS(RTCACHE_ERROR_ENUM)
#undef RTCACHE_ERROR_ENUM
};

/* The code's text and its name; "unknown error" and "unknown" for what is not the library's. */
const char *rtcache_error_text(int error);
const char *rtcache_error_name(int error);

enum rtcache_status {
	RTCACHE_HIT, /* found and fresh */
	RTCACHE_MISS, /* not found; a value with it comes from this caller's lookup */
	RTCACHE_EXPIRED, /* the same, but an entry past its end was there */
	RTCACHE_LOCK_HIT, /* answered by another caller's lookup */
	RTCACHE_STALE, /* a value past its end */
};

/* "hit", "miss", "expired", "lock_hit", "stale". */
const char *rtcache_status_name(enum rtcache_status status);

/* Whether the value was there without a lookup of one's own: HIT, LOCK_HIT, STALE. */
bool rtcache_status_is_hit(enum rtcache_status status);

/* A time to live that never ends. */
#define RTCACHE_NO_TTL UINT64_MAX

/* Of a failure that is forgotten with all others only. */
#define RTCACHE_NO_CAUSE (~0u)

/* Keys are at most this long. */
#define RTCACHE_KEY_MAX 65535

struct rtcache_key {
	const void *data;
	size_t len;
};

struct rtcache_value {
	/* Aligned to 8. Valid until this client's next rtcache_client_run() or _park(). */
	const void *data;
	size_t len;
	enum rtcache_status status;
	/* 0, or the negative code the lookup failed with; then data is NULL. */
	int error;
	/* Since it was stored. */
	uint64_t age_ms;
	/* Left to live; 0 when stale; RTCACHE_NO_TTL. */
	uint64_t ttl_ms;
	/* How long past its end; 0 when fresh. */
	uint64_t stale_ms;
};

/* Zero means the default named beside it. Copied by rtcache_new(). */
struct rtcache_options {
	/* Bytes, everything stored counted: keys, values, tables, bookkeeping. 0: 16 MiB; less than
	 * a page counts as one. It is divided among shards, about four per processor, of at least
	 * 64 KiB each if there is more than one. An entry takes at most a quarter of a shard. */
	size_t size;
	/* A lookup older than this holds no newcomer any more. 0: for ever. */
	uint64_t lock_age_ms;
	/* A waiter waits this long for another's lookup. 0: for ever. */
	uint64_t lock_timeout_ms;
	/* Keep and offer values this long past their end. 0: do not. */
	uint64_t stale_ms;
	/* A caller who has waited this long gets the stale value, and at once one who comes when
	 * the lookup has been under way for so long. 0: at once. */
	uint64_t stale_after_ms;
	/* Remember a failed lookup this long, twice as long after each further one of the same key,
	 * at most failure_max_ms (0: no doubling). 0: do not remember. */
	uint64_t failure_ms, failure_max_ms;
	/* A hit in the last N % of an entry's life starts a lookup in the background. 0: off; <=
	 * 100. */
	unsigned refresh_percent;
	/*
	 * Who looks up when a lookup does not succeed in time.
	 *
	 * false: one new leader. The waiters of a failed lookup share its failure. When a newcomer
	 * finds the lookup older than lock_age_ms, or a waiter has waited lock_timeout_ms, exactly
	 * one of them starts a new lookup and the others wait on; the first answer serves all and
	 * is stored. (The caller whose lookup it is starts over itself after lock_timeout_ms if
	 * nobody else waits.)
	 *
	 * true: the herd, as pingora's RTCache. A newcomer after lock_age_ms and a waiter after
	 * lock_timeout_ms look up for themselves, and that is not stored; after a failed lookup
	 * each waiter looks up for itself, and that is stored, unless there is a stale value.
	 */
	bool herd;
	/*
	 * The clock: milliseconds that never go back. NULL: CLOCK_BOOTTIME, which goes on while the
	 * machine is suspended. Any thread.
	 */
	uint64_t (*now_ms)(void *arg);
	/* Starts a lookup, which rtcache_fill(), _fail() or _refuse() ends, once, now or later.
	 * extra is what the caller who leads gave; the key is the lookup's and lives as long. With
	 * neither this nor multi_lookup, rtcache_get() finds only what is there: RTCACHE_ENOTSUP
	 * for the rest. */
	void (*lookup)(struct rtcache_lookup *lookup, const void *key, size_t key_len, void *extra,
		       void *arg);
	/* The same for all keys that one rtcache_multi_get() has to look up. The array is valid
	 * during the call only. They may end in any order, one by one. NULL: lookup is called for
	 * each. Without lookup, this one is called for single keys too. */
	void (*multi_lookup)(struct rtcache_lookup *const *lookups, size_t count, void *extra,
			     void *arg);
	/* For the three above. */
	void *arg;
	/* A failed lookup is remembered for at least this long as far as there is a stale value to
	 * give meanwhile (RFC 8767, section 5: the failure recheck timer); failure_ms goes on
	 * doubling as it would without. 0: as failure_ms says. */
	uint64_t stale_failure_ms;
};

/*
 * NULL with errno set: ENOMEM; EINVAL for an option out of its range; ENOTSUP for one that this
 * system cannot honour. NULL options are all defaults.
 */
struct rtcache *rtcache_new(const struct rtcache_options *options);

/* After all its clients are freed. Lookups still under way are freed with it. Accepts NULL. */
void rtcache_free(struct rtcache *cache);

/*
 * wake is called, from any thread and with no lock held, when another thread made something ready
 * for this client; once is enough until the next rtcache_client_run(), so it should make this
 * client's thread call that. What this client's own thread makes ready calls no wake: see
 * rtcache_client_next_ms(). wake may be NULL. The owning thread is the one that last called
 * rtcache_client_new(), _run() or _unpark(). NULL: out of memory.
 */
struct rtcache_client *rtcache_client_new(struct rtcache *cache, void (*wake)(void *arg),
					  void *arg);

/*
 * Its requests end with RTCACHE_ECANCELED first: their done is called from here. Lookups it started
 * go on; where others wait for one, one of them starts it anew, and the old one may still end.
 * Accepts NULL.
 */
void rtcache_client_free(struct rtcache_client *client);

/*
 * Calls back what is done or due, drops what is long dead, and is the quiet point after which the
 * values this client was given may be reclaimed: call it regularly, once per turn of an event loop.
 * A client that neither runs nor parks keeps what was removed meanwhile from being reused, and puts
 * are refused with RTCACHE_ENOMEM when nothing else is left.
 */
void rtcache_client_run(struct rtcache_client *client);

/*
 * The time, on the clock of now_ms, when rtcache_client_run() must be called next: a time not later
 * than now if something is ready, UINT64_MAX if nothing is awaited. May change with every call
 * through this client and with every rtcache_fill(), rtcache_fail() or rtcache_refuse().
 */
uint64_t rtcache_client_next_ms(struct rtcache_client *client);

/*
 * Around a sleep: a parked client holds up nobody. Values given to it end with park. Any get, peek
 * or run unparks it by itself.
 */
void rtcache_client_park(struct rtcache_client *client);
void rtcache_client_unpark(struct rtcache_client *client);

/*
 * The store alone.
 */

/*
 * 1: *out is filled, with status HIT, or STALE when stale is true and options.stale_ms allows it.
 * 0: there is none; data is NULL, status MISS or EXPIRED. RTCACHE_EINVAL.
 */
int rtcache_peek(struct rtcache_client *client, const void *key, size_t key_len, bool stale,
		 struct rtcache_value *out);

/*
 * 0: stored, in place of what the key had. ttl_ms 0 stores nothing and drops what the key had.
 * RTCACHE_EREFUSED: less popular than what it would displace (only for a key that is not there).
 * RTCACHE_ETOOBIG, RTCACHE_ENOMEM, RTCACHE_EINVAL. When refused, what the key had stays. Key and
 * data are copied.
 */
int rtcache_put(struct rtcache_client *client, const void *key, size_t key_len, const void *data,
		size_t len, uint64_t ttl_ms);

/* The same, never refused by popularity. */
int rtcache_force_put(struct rtcache_client *client, const void *key, size_t key_len,
		      const void *data, size_t len, uint64_t ttl_ms);

/* Whether there was something to remove. Forgets the key's failures too. */
bool rtcache_remove(struct rtcache_client *client, const void *key, size_t key_len);

/*
 * Forgets the failures of all keys, at once and whatever their number: what made them fail is over.
 * The next failure of each is its first. From any thread.
 */
void rtcache_forget_failures(struct rtcache_client *client);

/* The same for those that were ended by rtcache_fail_for() with that cause. Causes are told apart
 * modulo 64. */
void rtcache_forget_cause(struct rtcache_client *client, unsigned cause);

/* rtcache_peek(), fresh values only, for count keys; out has room for as many. How many were there.
 */
size_t rtcache_multi_peek(struct rtcache_client *client, const struct rtcache_key *keys,
			  size_t count, struct rtcache_value *out);

/*
 * Read through.
 */

/* Private: a place in a list. */
struct rtcache__list {
	struct rtcache__list *next, *previous;
};

/*
 * A request lives in the caller's memory, from the get that returned 0 until its done is called or
 * it is cancelled. done may free it, and may call get, put and cancel again.
 */
struct rtcache_request {
	void *data;
	/* out is valid as values are: until this client's next run or park. */
	void (*done)(struct rtcache_request *request, const struct rtcache_value *value);
	/* Private; need not be initialised. */
	struct {
		struct rtcache__inbox *inbox;
		struct rtcache__flight *flight;
		struct rtcache__list node, wait_node, stale_node;
		void *extra;
		uint64_t ttl_ms;
		uint64_t since_ms;
		uint64_t stale_at_ms;
		unsigned char state, status;
	} priv;
};

/*
 * 1: *out is filled and done is never called: a hit, a stale value, a remembered failure, or a
 * lookup that ended inside its callback (with error set if it failed). 0: done is called exactly
 * once, later, from rtcache_client_run() on this thread. Negative: refused, done is never called;
 * *out untouched: RTCACHE_EINVAL, RTCACHE_ENOMEM, RTCACHE_ENOTSUP without a lookup callback,
 * RTCACHE_ECANCELED while the client is being freed.
 *
 * The key is copied. ttl_ms is used where the lookup gives RTCACHE_NO_TTL. extra goes to the
 * callback if this caller leads, now or when it starts over later: it must live as long as the
 * request. A status of MISS or EXPIRED with a value says that it came from this caller's lookup; a
 * failed one that was another's is told with LOCK_HIT.
 */
int rtcache_get(struct rtcache_client *client, struct rtcache_request *request, const void *key,
		size_t key_len, uint64_t ttl_ms, void *extra, struct rtcache_value *out);

/*
 * Many keys: hits at once, one multi_lookup for all those that nobody is looking up yet, a wait for
 * the others. ready_out[i] tells whether out[i] is filled, as rtcache_get() would; a key that is
 * refused is ready with the code in error. How many are ready.
 */
size_t rtcache_multi_get(struct rtcache_client *client, struct rtcache_request *const *requests,
			 const struct rtcache_key *keys, size_t count, uint64_t ttl_ms, void *extra,
			 struct rtcache_value *out, bool *ready_out);

/*
 * done is never called after it. The lookup goes on and will be stored; the next waiter leads it in
 * name. Nothing happens to a request that is not waiting, provided it has been passed to get before
 * or its priv is zero.
 */
void rtcache_cancel(struct rtcache_client *client, struct rtcache_request *request);

/*
 * The lookup's end: from any thread, inside the callback or later, exactly once. Everybody who
 * waits for the key is served. A lookup that was replaced by a newer one still serves and is stored
 * if that one has not done it yet; its failure is ignored then.
 */

/* data is copied. ttl_ms 0: deliver to all who wait, do not store. */
void rtcache_fill(struct rtcache_lookup *lookup, const void *data, size_t len, uint64_t ttl_ms);

/* error is handed through untouched; one that is not negative counts as RTCACHE_EINVAL. Waiters for
 * whom there is a stale value get that instead. */
void rtcache_fail(struct rtcache_lookup *lookup, int error);

/* The same; cause is what made it fail, a number of the caller's below RTCACHE_NO_CAUSE. */
void rtcache_fail_for(struct rtcache_lookup *lookup, int error, unsigned cause);

/* As rtcache_fail(), but nothing is remembered of it: for what is the fault of who looks up, overload or a
 * shutdown, and not the key's. */
void rtcache_refuse(struct rtcache_lookup *lookup, int error);

/* The key being looked up. Valid until the lookup's end. */
const void *rtcache_lookup_key(const struct rtcache_lookup *lookup, size_t *len);

/* The extra of the caller who started the lookup. */
void *rtcache_lookup_extra(const struct rtcache_lookup *lookup);

/*
 * Looking inside.
 */

struct rtcache_stats {
	/* How gets and peeks were answered, since the beginning. */
	uint64_t hits;
	uint64_t misses;
	uint64_t expired;
	uint64_t lock_hits;
	uint64_t stale;
	/* Of them, those that got an error. */
	uint64_t failures;
	/* Lookups started. */
	uint64_t lookups;
	/* Newcomers refused by popularity; entries gone to make room, and because they were dead.
	 */
	uint64_t refused;
	uint64_t evicted;
	uint64_t swept;
	/* At this moment: entries (remembered failures are some, too), their octets with the
	 * tables, the octets there are, and keys being looked up. */
	uint64_t entries;
	uint64_t bytes;
	uint64_t size;
	uint64_t in_flight;
};

/* Any thread. Takes each shard's lock for an instant; the whole is not one moment's. */
void rtcache_stats_get(struct rtcache *cache, struct rtcache_stats *out);

/* An entry as it is, without counting as a use of it. */
struct rtcache_item {
	const void *key;
	size_t key_len;
	/* Its status is HIT, STALE, or EXPIRED for one that is kept but given to nobody; MISS with
	 * an error for a failure that is remembered. */
	struct rtcache_value value;
	/* Octets in the arena. */
	size_t bytes;
	/* 0 to 3. */
	unsigned uses;
	/* It has left the small queue for the main one. */
	bool is_main;
};

/*
 * Visits entries, some at each call, while others read and write: what is there from the first call
 * to the last is visited at least once. *cursor is 0 at first, and is moved on; about count entries
 * are visited. The item is valid in visit only, which may remove it. Whether there are more.
 */
bool rtcache_walk(struct rtcache_client *client, uint64_t *cursor, size_t count,
		  void (*visit)(const struct rtcache_item *item, void *arg), void *arg);

struct rtcache_state {
	/* item is filled. Its pointers are valid as values are. */
	bool is_stored;
	struct rtcache_item item;
	/* 0, or the error remembered, and for how long still. */
	int failure;
	uint64_t failure_left_ms;
	/* Lookups under way, the age of the newest, and how many wait. */
	unsigned lookups;
	uint64_t lookup_age_ms;
	size_t waiters;
};

/* All that is known of one key. 0, or RTCACHE_EINVAL. */
int rtcache_inspect(struct rtcache_client *client, const void *key, size_t key_len,
		    struct rtcache_state *out);

#ifdef __cplusplus
}
#endif

#endif
