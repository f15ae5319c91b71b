/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/network_list.h: a list of networks, of which the longest that an address is in is found.
 *
 * Thread: immutable once made.
 */
#ifndef TARN_CORE_POLICY_NETWORK_LIST_H
#define TARN_CORE_POLICY_NETWORK_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "tarn.h"

struct tarn__network_list;

/*
 * Returns an empty list with room for that many networks, or one with a copy of these; NULL if memory runs
 * out.
 */
struct tarn__network_list *tarn__network_list_new(size_t room);
struct tarn__network_list *tarn__network_list_copy(const struct tarn_network *, size_t count);

/* There is room. */
void tarn__network_list_add(struct tarn__network_list *, const struct tarn_network *);
void tarn__network_list_free(struct tarn__network_list *);

/*
 * Returns true if an address is in one of them. An IPv4-mapped IPv6 address counts as the IPv4 address that it
 * holds (RFC 4291 section 2.5.5.2).
 */
bool tarn__network_list_cover(const struct tarn__network_list *, const struct tarn_address *);

/*
 * Returns the index of the network with the longest prefix that the address is in, the first of several;
 * -1: it is in none.
 */
int tarn__network_list_find(const struct tarn__network_list *, const struct tarn_address *);

#endif
