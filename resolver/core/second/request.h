/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/second/request.h: what core/ asks of the second level through struct tarn_io: get, put, remove and
 * publish. The keys are texts of core/second/key.h, the values octets of core/second/value.h; net/second/
 * carries them to a store and looks into neither.
 *
 * Thread: as struct tarn_io.
 */
#ifndef TARN_CORE_SECOND_REQUEST_H
#define TARN_CORE_SECOND_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TARN__SECOND_KEY_MAX = 64, /* octets of a key's text, with NUL */
	TARN__SECOND_VALUE_MAX = 65535 + 64, /* octets; a longer one is not asked for twice */
	TARN__SECOND_LEASE_LEN = 16, /* hexadecimal digits of the holder's mark */
};

/* How a request has ended. What is below CLOSED is an answer of the store, the rest are failures. */
enum tarn__second_result {
	TARN__SECOND_THERE, /* there is a value */
	TARN__SECOND_ABSENT, /* there is none; or the answer to a PING, a put, a removal */
	TARN__SECOND_LEASED, /* there is none, and the lease has been taken for this request */
	TARN__SECOND_HELD, /* there is none, and another one has the lease */
	TARN__SECOND_CLOSED, /* the connection was lost while it was outstanding */
	TARN__SECOND_TYPE, /* WRONGTYPE, or a reply of a type that does not fit */
	TARN__SECOND_MEMORY, /* OOM: the store is full */
	TARN__SECOND_READ_ONLY, /* READONLY: it is a replica */
	TARN__SECOND_ACCESS, /* NOAUTH, WRONGPASS, NOPERM */
	TARN__SECOND_LOADING, /* LOADING, MASTERDOWN, BUSY, TRYAGAIN, CLUSTERDOWN: not now */
	TARN__SECOND_MOVED, /* MOVED, ASK: it is a cluster */
	TARN__SECOND_OTHER, /* any other error */

	TARN__SECOND_RESULTS,
};

/* The name without its prefix, in lower case: "there", "read_only". */
const char *tarn__second_result_name(enum tarn__second_result);

static inline bool tarn__second_is_failure(enum tarn__second_result result)
{
	return result >= TARN__SECOND_CLOSED;
}

/*
 * A request for a value, in core's memory: it remains valid until done was called or second_cancel()
 * returned. core/ sets all members but carrier.
 */
struct tarn_second_get {
	/* value is valid during the call; NULL, 0 unless the result is TARN__SECOND_THERE. */
	void (*done)(struct tarn_second_get *, enum tarn__second_result, const uint8_t *value,
		     size_t len);
	const char *key; /* copied by second_get(); NULL: a PING */
	/*
	 * If there is no value, this key is taken for lease_ms unless it is there, in the same write as the
	 * get: TARN__SECOND_LEASED or _HELD. Copied; NULL: no lease.
	 */
	const char *lease;
	const char *holder; /* the value of the lease: TARN__SECOND_LEASE_LEN digits; copied */
	uint32_t lease_ms;
	bool from_primary; /* not from a replica, which may be behind */
	void *carrier; /* the implementation's own */
};

/* A value to be put, or keys to be removed; all is copied by second_put(). */
struct tarn_second_put {
	/* May be NULL. Called once, from the loop, never inside second_put(). */
	void (*done)(void *arg, enum tarn__second_result);
	void *arg;
	const char *key;
	const uint8_t *value; /* NULL: the key is removed */
	size_t len;
	uint64_t ttl_ms; /* 0: without an end */
	bool if_absent; /* only if the key is not there */
};

#endif
