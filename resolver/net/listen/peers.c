/* SPDX-License-Identifier: BSD-2-Clause */
/* net/listen/peers.c: connections by client. */
#include "net/listen/peers.h"

#include "base/address.h"

void tarn__peers_init(struct tarn__peers *peers)
{
	for (unsigned i = 0; i < TARN__PEER_BUCKETS; i++)
		tarn__list_init(&peers->buckets[i]);
}

struct tarn__list *tarn__peers_bucket(struct tarn__peers *peers, uint64_t client)
{
	uint64_t mixed = client * UINT64_C(0x9e3779b97f4a7c15);
	return &peers->buckets[(mixed >> 32) % TARN__PEER_BUCKETS];
}

void tarn__peers_add(struct tarn__peers *peers, struct tarn__peer *peer,
		     const struct tarn_address *address)
{
	peer->address = *address;
	peer->client = tarn__address_client(address);
	tarn__list_append(tarn__peers_bucket(peers, peer->client), &peer->node);
}
