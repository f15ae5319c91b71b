/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/listen/peers.h: connections by client, so that one client cannot take all places.
 * tarn__address_client() maps an address to its client.
 *
 * Thread: one per worker.
 */
#ifndef TARN_NET_LISTEN_PEERS_H
#define TARN_NET_LISTEN_PEERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "tarn.h"

enum { TARN__PEER_BUCKETS = 256 };

struct tarn__peers {
	struct tarn__list buckets[TARN__PEER_BUCKETS];
};

/* Part of a connection. */
struct tarn__peer {
	struct tarn__list node; /* of its bucket */
	struct tarn_address address;
	uint64_t client;
};

void tarn__peers_init(struct tarn__peers *);

/* It leaves by tarn__list_remove(&peer->node). */
void tarn__peers_add(struct tarn__peers *, struct tarn__peer *, const struct tarn_address *);

/* The bucket that holds all connections of a client, and those of others. */
struct tarn__list *tarn__peers_bucket(struct tarn__peers *, uint64_t client);

#endif
