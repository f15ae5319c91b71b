/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/endpoint.h: an upstream server of one zone: its address, how it is asked and where queries
 * to it come from, with the state that all workers share. A snapshot (core/config.h) holds the endpoints of
 * its zones, and the next snapshot takes over those that are equal: state belongs to the endpoint and stays
 * as long as some snapshot or worker has a reference.
 *
 *	struct tarn__endpoint   one for all workers; the count is atomic
 *	struct tarn__server     core/forward/server.h: its state in one worker; the count is that
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
	uint64_t until_ms; /* until then the name is waited for */
	bool is_found; /* the name has arrived at a worker */
	bool is_reported;
};

/* What was told of it: core/forward/findings.h. */
struct tarn__stripping {
	atomic_bool is_told;
	uint64_t next_ms; /* before that nothing is told again */
};

struct tarn__endpoint {
	atomic_uint references;
	/* Immutable. */
	struct tarn_address address; /* of no family: not known yet */
	struct tarn_address source; /* port 0; of no family: the system chooses */
	char interface[TARN__INTERFACE_MAX]; /* empty: any */
	struct tarn_traits traits; /* its pointers are into texts */
	void *texts; /* NULL: none */
	/* Shared state. */
	struct tarn__health health;
	struct tarn__loop_test loop_test; /* guarded by the lock of struct tarn__forward_loops */
	struct tarn__stripping stripping; /* guarded by that of struct tarn__findings */
};

/*
 * Makes an endpoint from copies. traits may be NULL: zeros. Of the source the address of the server's
 * family is used; its interface's name is shorter than TARN__INTERFACE_MAX. The caller has the one
 * reference. Returns NULL if out of memory.
 */
struct tarn__endpoint *tarn__endpoint_new(const struct tarn_address *, const struct tarn_traits *,
					  const struct tarn_source *);

/* Takes a reference, and drops one; dropping the last one frees it. put accepts NULL. */
struct tarn__endpoint *tarn__endpoint_get(struct tarn__endpoint *);
void tarn__endpoint_put(struct tarn__endpoint *);

/* Returns true if all that is immutable is equal. */
bool tarn__endpoint_is_equal(const struct tarn__endpoint *, const struct tarn__endpoint *);

/* Returns true if its address is known. */
static inline bool tarn__endpoint_has_address(const struct tarn__endpoint *endpoint)
{
	return endpoint->address.sa.sa_family != AF_UNSPEC;
}

/*
 * Returns a hash of address, source, interface, name and path, on which its answers may depend; they do not on
 * the other traits. A server that proves its name is the same at any address.
 */
uint64_t tarn__endpoint_digest(const struct tarn__endpoint *);

#endif
