/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/endpoint.h: an upstream server of one zone: its address, how it is asked and where queries to
 * it come from, with the state that all workers share. A snapshot (core/config.h) holds the endpoints of
 * its zones, and the next snapshot takes over those that are equal: state belongs to the endpoint and
 * stays as long as some snapshot or worker has a reference.
 *
 *	struct tarn__endpoint   one for all workers; the count is atomic
 *	struct tarn__server     core/forward/server.h: what one worker knows of it; the count is that
 *	                        worker's own
 *	carrier                 net/upstream/carrier.h: the sockets that one worker has open to it, until
 *	                        the worker's last reference ends (struct tarn_io's close)
 *
 * Thread: any; see the members.
 */
#ifndef TARN_CORE_FORWARD_ENDPOINT_H
#define TARN_CORE_FORWARD_ENDPOINT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "tarn.h"

enum {
	TARN__INTERFACE_MAX = 16, /* octets of an interface's name, with NUL: the kernel's limit */
	TARN__FORWARD_LOOP_LABEL_LEN = 16, /* octets: 64 random bits in hexadecimal */
};

/* Whether some worker has found it dead, and none has had an answer from it since. */
struct tarn__health {
	atomic_bool is_dead;
	_Atomic uint64_t
		probe_at_ms; /* when the next probe of a dead server is due, for all workers */
};

/* The test for a forwarding loop: a random name that the server is queried for. */
struct tarn__loop_test {
	uint8_t label[TARN__FORWARD_LOOP_LABEL_LEN];
	uint64_t until_ms; /* the name is waited for */
	bool is_found; /* the name has come back */
	bool is_reported;
};

struct tarn__endpoint {
	atomic_uint references;
	/* Immutable. */
	struct tarn_address address;
	struct tarn_address source; /* port 0; of no family: the system chooses */
	char interface[TARN__INTERFACE_MAX]; /* empty: any */
	struct tarn_traits traits;
	/* Shared state. */
	struct tarn__health health;
	struct tarn__loop_test loop_test; /* guarded by the lock of struct tarn__forward_loops */
};

/*
 * Copies all; traits may be NULL: zeros. Of the source the address of the server's family counts. One
 * reference, the caller's. NULL: out of memory. The interface's name is shorter than TARN__INTERFACE_MAX.
 */
struct tarn__endpoint *tarn__endpoint_new(const struct tarn_address *, const struct tarn_traits *,
					  const struct tarn_source *);

/* One reference more, and one less; the last one frees it. NULL is allowed for the latter. */
struct tarn__endpoint *tarn__endpoint_get(struct tarn__endpoint *);
void tarn__endpoint_put(struct tarn__endpoint *);

/* Returns true if all that is immutable is equal. */
bool tarn__endpoint_is_equal(const struct tarn__endpoint *, const struct tarn__endpoint *);

/* A hash of address, source and interface: of all that its answers may depend on, which traits are not. */
uint64_t tarn__endpoint_digest(const struct tarn__endpoint *);

#endif
