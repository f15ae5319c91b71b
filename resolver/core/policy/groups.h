/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/groups.h: groups of clients, by their networks and by the time of day. A client is in the
 * group with the longest network that it is in, and in no other; without one, or outside of the group's
 * hours, it is in "default".
 *
 * Thread: immutable once made, but for the time of day, which any thread may bring up to date.
 */
#ifndef TARN_CORE_POLICY_GROUPS_H
#define TARN_CORE_POLICY_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tarn.h"

enum {
	TARN__GROUP_DEFAULT = 0, /* the number of "default" */
	TARN__GROUP_COUNT_MAX = 32, /* with that: a bit each */
	TARN__GROUP_NAME_MAX = 31, /* octets */
	TARN__DAY_MINUTES = 24 * 60,
};

/* A group of the configuration; its number is its place from 1 on. */
struct tarn__group {
	const char *name;
	const struct tarn_network *clients;
	size_t client_count;
	/*
	 * Minutes of the day, local time: from begin until end, on the next day if that is before; equal:
	 * always.
	 */
	uint16_t begin, end;
	uint8_t days; /* that it begins on: bit 0 is Sunday; 0: all */
};

struct tarn__groups;

/* Copies the groups. Returns NULL if memory runs out. */
struct tarn__groups *tarn__groups_new(const struct tarn__group *, size_t count);
void tarn__groups_free(struct tarn__groups *);

/*
 * Returns the bit of the client's group at that time, in seconds since 1970. client is NULL for the program
 * itself, which is in "default".
 */
uint32_t tarn__groups_bit(struct tarn__groups *, const struct tarn_address *client, uint64_t now_s);

/* Returns the name of the group with that bit. */
const char *tarn__groups_name(const struct tarn__groups *, uint32_t bit);

#endif
