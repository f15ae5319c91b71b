/* SPDX-License-Identifier: BSD-2-Clause */
/* librtcache: a read-through cache in memory. Keys and values are sequences of octets. */

#ifndef RTCACHE_H
#define RTCACHE_H

/*
 * One struct rtcache is shared by all threads. Each thread uses it through a struct rtcache_client
 * of its own. The cache starts no thread and has no timer and no descriptor: work that is due is
 * done when a client calls rtcache_client_run().
 *
 *	rtcache_new         creates the cache, with a lookup callback if it reads through
 *	rtcache_client_new  creates a client, for one thread
 *	rtcache_get         returns a value, or starts one lookup for all requests of the same key
 *	rtcache_fill        ends that lookup, from any thread, with a value for all requests of the key;
 *	                    rtcache_fail() and rtcache_refuse() end it with an error
 *	rtcache_client_run  calls the callbacks of requests that are done
 *
 * Threads: a client, its requests and the values that it was given are used by one thread at a
 * time. Functions that take a struct rtcache or a struct rtcache_lookup may be called from any
 * thread.
 *
 * A callback runs inside the call that causes it, in the thread of that call, with no lock held. It
 * may call every function except rtcache_client_run(), _park() and _free() of the client with which
 * that call was made, or which is woken.
 *
 * Memory: everything that is stored, with its bookkeeping, is within options.size. Outside of it
 * are the fixed parts (less than 3 KiB for each shard, of which there are at most 64, and 1 KiB for
 * each client) and the lookups under way: each takes about 300 octets, its key and, until it is
 * delivered, its value. The caller limits their number by limiting the number of its requests.
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

/* The error codes of the library, all negative. A lookup may fail with any other negative code. */
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

/* Return the text and the name of a code; "unknown error" and "unknown" if it is not listed above. */
const char *rtcache_error_text(int error);
const char *rtcache_error_name(int error);

enum rtcache_status {
	RTCACHE_HIT, /* a fresh value was there */
	RTCACHE_MISS, /* none was there; a value comes from the lookup of this request */
	RTCACHE_EXPIRED, /* as RTCACHE_MISS, but an expired value was there */
	RTCACHE_LOCK_HIT, /* from the lookup of another request */
	RTCACHE_STALE, /* an expired value */
};

/* Returns "hit", "miss", "expired", "lock_hit" or "stale"; "unknown" for any other number. */
const char *rtcache_status_name(enum rtcache_status status);

/* Returns true if the request needed no lookup of its own: HIT, LOCK_HIT, STALE. */
bool rtcache_status_is_hit(enum rtcache_status status);

/* A time to live without end. */
#define RTCACHE_NO_TTL UINT64_MAX

/* The cause of a failure that only rtcache_forget_failures() forgets. */
#define RTCACHE_NO_CAUSE (~0u)

/* The maximum length of a key, in octets. */
#define RTCACHE_KEY_MAX 65535

struct rtcache_key {
	const void *data;
	size_t len;
};

struct rtcache_value {
	/* Aligned to 8 octets. Valid until the next rtcache_client_run() or _park() of the client. */
	const void *data;
	size_t len;
	enum rtcache_status status;
	/* 0, or the negative code with which the lookup failed; then data is NULL. */
	int error;
	/* The time since the value was stored. */
	uint64_t age_ms;
	/* The time to live that remains; 0 if the value is stale; RTCACHE_NO_TTL. */
	uint64_t ttl_ms;
	/* The time since the value expired; 0 if it is fresh. */
	uint64_t stale_ms;
};

/* Zero means the default that is named for each option. rtcache_new() copies them. */
struct rtcache_options {
	/*
	 * The memory for everything that is stored, in octets: keys, values, tables, bookkeeping.
	 * 0: 16 MiB. Less than a page counts as a page. At most 64 GiB. It is divided among shards,
	 * about four per processor, each of at least 64 KiB if there are several. An entry takes at
	 * most a quarter of a shard.
	 */
	size_t size;
	/* A get does not wait for a lookup that is older than this. 0: no limit. */
	uint64_t lock_age_ms;
	/* A request waits this long for one lookup. 0: no limit. */
	uint64_t lock_timeout_ms;
	/* An expired value is kept and offered for this long. 0: it is not. */
	uint64_t stale_ms;
	/*
	 * A request that has waited this long gets the stale value, if there is one. A get whose
	 * key has been looked up for this long gets it at once. 0: every get does.
	 */
	uint64_t stale_after_ms;
	/*
	 * A failed lookup is remembered for failure_ms. The next failure of the key is remembered
	 * twice as long, at most for failure_max_ms (0: failure_ms), unless the last one has been
	 * over for as long as that. failure_ms 0: failures are not remembered.
	 */
	uint64_t failure_ms, failure_max_ms;
	/*
	 * A hit in this last part of the life of an entry, in percent, starts a lookup in the
	 * background, once per entry. At most 100. 0: never.
	 */
	unsigned refresh_percent;
	/*
	 * Which requests look up if a lookup does not succeed in time.
	 *
	 * false: one new leader. The waiters of a failed lookup get its error. If a get finds that
	 * the lookup is older than lock_age_ms, or a request has waited for lock_timeout_ms, that
	 * request alone starts a new lookup and the others wait for it; the first answer ends all
	 * waits and is stored. The request that started the lookup starts another after
	 * lock_timeout_ms only if no other request waits.
	 *
	 * true: the herd, as in pingora's RTCache. A get after lock_age_ms and a waiter after
	 * lock_timeout_ms look up for themselves, and the answer is not stored. After a failed
	 * lookup each waiter looks up for itself, and the answer is stored, unless there is a stale
	 * value.
	 */
	bool herd;
	/*
	 * The clock, in milliseconds, which must not go back, and is less than 2^56. Called from
	 * any thread. NULL: CLOCK_BOOTTIME, which continues while the machine is suspended.
	 */
	uint64_t (*now_ms)(void *arg);
	/*
	 * Starts a lookup, which rtcache_fill(), _fail() or _refuse() must end exactly once, inside
	 * the callback or later. extra is that of the request that leads. key is valid until the
	 * end of the lookup. If both this and multi_lookup are NULL, rtcache_get() returns only
	 * what is stored, and RTCACHE_ENOTSUP otherwise.
	 */
	void (*lookup)(struct rtcache_lookup *lookup, const void *key, size_t key_len, void *extra,
		       void *arg);
	/*
	 * The same for all keys that one rtcache_multi_get() has to look up. The array is valid
	 * during the call only. The lookups end one by one, in any order. NULL: lookup is called
	 * for each. If lookup is NULL, this one is called for single keys too.
	 */
	void (*multi_lookup)(struct rtcache_lookup *const *lookups, size_t count, void *extra,
			     void *arg);
	/* The last argument of the three callbacks. */
	void *arg;
	/*
	 * The least time for which a failed lookup is remembered while there is a stale value to
	 * give (RFC 8767 section 5, failure recheck timer). The doubling of failure_ms is
	 * unaffected. 0: failure_ms applies.
	 */
	uint64_t stale_failure_ms;
};

/*
 * Returns NULL with errno set if an option is out of its range (EINVAL), memory is short (ENOMEM),
 * or getrandom() fails (its code). options may be NULL, for all defaults.
 */
struct rtcache *rtcache_new(const struct rtcache_options *options);

/* After all clients are freed. Frees lookups that have not ended, too. Accepts NULL. */
void rtcache_free(struct rtcache *cache);

/*
 * Returns NULL if out of memory.
 *
 * wake is called when another thread than the owner leaves work for this client, and must make the
 * owner call rtcache_client_run(). Until that is called, wake is not called again. It is not called
 * for work that the owner leaves itself: see rtcache_client_next_ms(). The owner is the thread that
 * last called rtcache_client_new(), _run() or _unpark(). wake may be NULL.
 */
struct rtcache_client *rtcache_client_new(struct rtcache *cache, void (*wake)(void *arg),
					  void *arg);

/*
 * Ends the requests of the client with RTCACHE_ECANCELED: done is called from here. Lookups that
 * the client has started continue and may still end. If requests of other clients wait for one of
 * them, one of these requests starts the lookup again. Waits until wake has returned in other
 * threads. Accepts NULL.
 */
void rtcache_client_free(struct rtcache_client *client);

/*
 * Calls the callbacks of requests that are ready or due, and removes expired entries. It is the
 * quiet point at which the validity of values ends: it should be called regularly, such as once per turn
 * of an event loop. While a client neither runs nor parks, memory that was freed since cannot be
 * reused, and puts fail with RTCACHE_ENOMEM if there is no other.
 */
void rtcache_client_run(struct rtcache_client *client);

/*
 * Returns the time, on the clock of now_ms, at which rtcache_client_run() must be called next, apart
 * from calls that wake demands: a time not later than now if a request is ready; UINT64_MAX if
 * nothing is due at a known time. It may change with every call with this client, and with every
 * rtcache_fill(), rtcache_fail() or rtcache_refuse().
 */
uint64_t rtcache_client_next_ms(struct rtcache_client *client);

/*
 * To be called before and after the thread sleeps. A parked client does not keep memory from being
 * reused. Parking ends the validity of its values. Every call that gets, peeks, puts, walks,
 * inspects or runs with a parked client unparks it.
 */
void rtcache_client_park(struct rtcache_client *client);
void rtcache_client_unpark(struct rtcache_client *client);

/*
 * The store, without lookups.
 */

/*
 * Returns 1 and fills out, with status HIT, or STALE if stale is true and options.stale_ms allows
 * it. Returns 0 if there is no such value: out has no data, and status MISS or EXPIRED. Returns
 * RTCACHE_EINVAL if key is NULL and key_len is not 0; out is unchanged.
 */
int rtcache_peek(struct rtcache_client *client, const void *key, size_t key_len, bool stale,
		 struct rtcache_value *out);

/*
 * Stores a copy of the key and the data, in the place of the present value of the key. ttl_ms 0
 * stores nothing and removes the present value. Returns 0; if it returns a code, nothing is stored:
 * RTCACHE_EREFUSED (the key has no entry, and is less popular than the one that would be
 * evicted), RTCACHE_ETOOBIG, RTCACHE_ENOMEM (the memory is held by clients), RTCACHE_EINVAL (key or
 * data is NULL with a length, or the key is too long). The present value remains, except that
 * RTCACHE_ENOMEM may have evicted it.
 */
int rtcache_put(struct rtcache_client *client, const void *key, size_t key_len, const void *data,
		size_t len, uint64_t ttl_ms);

/* The same, without RTCACHE_EREFUSED. */
int rtcache_force_put(struct rtcache_client *client, const void *key, size_t key_len,
		      const void *data, size_t len, uint64_t ttl_ms);

/* Removes the value of the key and its remembered failure. Returns true if there was a value. */
bool rtcache_remove(struct rtcache_client *client, const void *key, size_t key_len);

/*
 * Forgets the failures of all keys, in constant time, because their cause is over. The next failure
 * of each key is its first. Any thread.
 */
void rtcache_forget_failures(struct rtcache_client *client);

/* The same for failures by rtcache_fail_for() with that cause, modulo 64. */
void rtcache_forget_cause(struct rtcache_client *client, unsigned cause);

/*
 * As rtcache_peek(), for fresh values of count keys. out has room for count values; an invalid key
 * has its code in error. Returns the number of values found.
 */
size_t rtcache_multi_peek(struct rtcache_client *client, const struct rtcache_key *keys,
			  size_t count, struct rtcache_value *out);

/*
 * Read through.
 */

/* Private: a node of a list. */
struct rtcache__list {
	struct rtcache__list *next, *previous;
};

/*
 * A request. Its memory is the caller's, and is in use from the get that returned 0 until done is
 * called or the request is cancelled. done may free it, and may get, put and cancel.
 */
struct rtcache_request {
	void *data;
	/* May be NULL. value is valid during the call; value->data is valid for longer. */
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
 * When a hit starts a lookup in the background (options.refresh_percent): false, as in a new cache,
 * from the beginning of that last part of an entry's life on; true, from a moment in it on that is
 * drawn for each entry, evenly over that part, so that caches in several processes that hold the
 * same value do not all look it up at once. Any thread.
 */
void rtcache_spread_refreshes(struct rtcache *cache, bool spread);

/*
 * Returns 1 and fills out, without calling done: a hit, a stale value, a remembered failure, or the
 * result of a lookup that ended inside its callback (with error set if it failed). Returns 0 if
 * done is called exactly once, later, from rtcache_client_run() or rtcache_client_free() in the
 * thread of the client, unless the request is cancelled. Returns a code if the get is refused: out
 * is unchanged and done is never called. RTCACHE_EINVAL (key is NULL with a length, or too long),
 * RTCACHE_ENOMEM, RTCACHE_ENOTSUP without a lookup callback, RTCACHE_ECANCELED while the client is
 * being freed.
 *
 * The key is copied. ttl_ms is used if the lookup returns RTCACHE_NO_TTL. extra is passed to the
 * lookup callback if this request leads, now or later, and must be valid as long as the request.
 * Status MISS or EXPIRED with a value means that the lookup of this request returned it. An error
 * from the lookup of another request has status LOCK_HIT.
 */
int rtcache_get(struct rtcache_client *client, struct rtcache_request *request, const void *key,
		size_t key_len, uint64_t ttl_ms, void *extra, struct rtcache_value *out);

/*
 * As rtcache_get(), for count keys: one multi_lookup is called for all keys that are not looked up
 * yet. ready_out[i] is true if out[i] is filled, which is where rtcache_get() returns 1. A key that
 * is refused is ready, with the code in error. Returns the number of those that are ready.
 */
size_t rtcache_multi_get(struct rtcache_client *client, struct rtcache_request *const *requests,
			 const struct rtcache_key *keys, size_t count, uint64_t ttl_ms, void *extra,
			 struct rtcache_value *out, bool *ready_out);

/*
 * Cancels a request: done is never called for it. The lookup continues and its answer is stored;
 * the next waiter leads in its place. Without effect if the request does not wait, provided that it
 * was passed to a get before, or its priv is zero.
 */
void rtcache_cancel(struct rtcache_client *client, struct rtcache_request *request);

/*
 * The end of a lookup: from any thread, inside the callback or later, exactly once. All requests
 * that wait for the key are served. A lookup that was replaced by a newer one can still deliver and
 * store its answer, if the newer one has not done so; its failure is ignored.
 */

/*
 * Delivers a copy of the data, and stores it for ttl_ms, or for the ttl_ms of the get if that is
 * RTCACHE_NO_TTL here. ttl_ms 0, or data that is too big, is delivered without being stored. If
 * there is no memory for the copy, the waiters get RTCACHE_ENOMEM.
 */
void rtcache_fill(struct rtcache_lookup *lookup, const void *data, size_t len, uint64_t ttl_ms);

/*
 * Delivers the error; RTCACHE_EINVAL if it is not negative. Waiters for which there is a stale value
 * get that instead, or a fresh one that was put or loaded during the lookup. The failure is
 * remembered (options.failure_ms).
 */
void rtcache_fail(struct rtcache_lookup *lookup, int error);

/* The same, with a cause for rtcache_forget_cause(): any number less than RTCACHE_NO_CAUSE. */
void rtcache_fail_for(struct rtcache_lookup *lookup, int error, unsigned cause);

/*
 * As rtcache_fail(), but the failure is not remembered: for overload, shutdown, and the like, which
 * are not related to the key.
 */
void rtcache_refuse(struct rtcache_lookup *lookup, int error);

/* Returns the key that is looked up, which is valid until the end of the lookup. */
const void *rtcache_lookup_key(const struct rtcache_lookup *lookup, size_t *len);

/* Returns the extra of the request that started the lookup, which may have ended since. */
void *rtcache_lookup_extra(const struct rtcache_lookup *lookup);

/*
 * Inspection.
 */

struct rtcache_stats {
	/* Results of gets and peeks since the start, by status. */
	uint64_t hits;
	uint64_t misses;
	uint64_t expired;
	uint64_t lock_hits;
	uint64_t stale;
	/* Those of them that have an error. */
	uint64_t failures;
	/* Lookups that were started. */
	uint64_t lookups;
	/* Puts refused by popularity; entries evicted to make room; expired entries removed. */
	uint64_t refused;
	uint64_t evicted;
	uint64_t swept;
	/* Present entries, remembered failures included; the octets in use, tables included; the
	 * octets available in total; the keys that are being looked up. */
	uint64_t entries;
	uint64_t bytes;
	uint64_t size;
	uint64_t in_flight;
};

/* Any thread. Takes the lock of each shard in turn: the numbers are not of one instant. */
void rtcache_stats_get(struct rtcache *cache, struct rtcache_stats *out);

/* An entry. Inspecting it does not count as a use. */
struct rtcache_item {
	const void *key;
	size_t key_len;
	/* status is HIT, STALE, EXPIRED if it is too old to be stale, or MISS with an error for a
	 * failure that is remembered. */
	struct rtcache_value value;
	/* The memory that it needs, in octets, without the rounding of the allocator. */
	size_t bytes;
	/* The use counter, from 0 to 3. */
	unsigned uses;
	/* It is in the main queue, not in the small one. */
	bool is_main;
};

/*
 * Visits about count entries, while others read and write. *cursor is 0 for the first call, and is
 * advanced. An entry that exists from the first call to the last is visited at least once. The item
 * is valid during visit only, which may remove the entry. Returns false after the last entry.
 */
bool rtcache_walk(struct rtcache_client *client, uint64_t *cursor, size_t count,
		  void (*visit)(const struct rtcache_item *item, void *arg), void *arg);

/*
 * Stores a copy of an item that rtcache_walk() has given, in this cache or in another one, perhaps
 * in another process: its key; of its value data, len, age_ms, and ttl_ms, or stale_ms if ttl_ms is
 * 0; its uses and is_main. All else is ignored. The item has that age, and the rest of its life,
 * from now on: the caller has added to age_ms and stale_ms, and taken from ttl_ms, what has passed
 * since the walk. What was before the zero of the clock is right, too.
 *
 * Nothing is evicted for it, and no value of the key is replaced that ends as late or later. A
 * lookup of the key that is under way continues, and its answer replaces the item; requests that
 * wait for it get the item if it fails, or when they have waited for options.stale_after_ms. A
 * remembered failure of the key remains.
 *
 * Returns 0; RTCACHE_EREFUSED if there is such a value, or if the item is as stale as
 * options.stale_ms or more; RTCACHE_ETOOBIG; RTCACHE_ENOMEM if there is no room; RTCACHE_EINVAL as
 * rtcache_put(), and if it has an error.
 */
int rtcache_load(struct rtcache_client *client, const struct rtcache_item *item);

struct rtcache_state {
	/* item is filled. Its pointers are valid as those of values are. */
	bool is_stored;
	struct rtcache_item item;
	/* 0, or the error that is remembered, and the time for which it still is. */
	int failure;
	uint64_t failure_left_ms;
	/* The lookups under way, the age of the newest, and the number of requests that wait. */
	unsigned lookups;
	uint64_t lookup_age_ms;
	size_t waiters;
};

/* Fills out with the state of one key. Returns 0 or RTCACHE_EINVAL. */
int rtcache_inspect(struct rtcache_client *client, const void *key, size_t key_len,
		    struct rtcache_state *out);

#ifdef __cplusplus
}
#endif

#endif
