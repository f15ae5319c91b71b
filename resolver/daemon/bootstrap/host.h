/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/bootstrap/host.h: the addresses of a server that is given by name, as answers have them. Pure functions.
 */
#ifndef TARN_DAEMON_BOOTSTRAP_HOST_H
#define TARN_DAEMON_BOOTSTRAP_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

enum {
	TARN__HOST_ADDRESSES_MAX = 4, /* of both families: more are no help, and each is a server */
	TARN__HOST_ANSWER_MAX = 16, /* addresses of an answer that are looked at */
	/* Bounds of TTLs: shorter ones would have it asked all the time, longer ones keep what has moved. */
	TARN__HOST_TTL_MIN = 60,
	TARN__HOST_TTL_MAX = 86400,
};

enum tarn__host_result {
	TARN__HOST_FAILED, /* no answer, SERVFAIL and the like */
	TARN__HOST_NONE, /* there is no address of that family */
	TARN__HOST_FOUND,
};

/* What a question for the addresses of one family has given. Zeros: it has failed. */
struct tarn__host_answer {
	enum tarn__host_result result;
	uint8_t rcode; /* of a response; 0xff: there was none */
	uint32_t ttl; /* seconds, within the bounds */
	size_t count;
	struct tarn__ip items[TARN__HOST_ANSWER_MAX];
};

struct tarn__host_addresses {
	size_t count;
	struct tarn__ip items[TARN__HOST_ADDRESSES_MAX];
};

/*
 * Reads a response to a question for type, A or AAAA; wire NULL: there is none. Of a chain all addresses at its
 * end count. Addresses that no server can have are left out: of no host (0.0.0.0, with which names are blocked) and
 * of many.
 */
void tarn__host_read(const uint8_t *wire, size_t len, uint16_t type, struct tarn__host_answer *out);

/*
 * Brings the addresses up to date with two answers, of IPv4 and of IPv6, and returns true if they are others now.
 * Those that are known stay as long as they are still among the answers, so that a server with many addresses in
 * changing order does not change; so do those of a family whose question has failed, and all if there is no other
 * address.
 */
bool tarn__host_update(struct tarn__host_addresses *, const struct tarn__host_answer *ipv4,
		       const struct tarn__host_answer *ipv6);

#endif
