/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/lease_table.h: the leases of a file that grows: of each address the last one, until it is over.
 * What dns/leases.h reads is put in; local data (core/policy/local_data.h) is built of what is there.
 *
 * Thread: one.
 */
#ifndef TARN_CORE_POLICY_LEASE_TABLE_H
#define TARN_CORE_POLICY_LEASE_TABLE_H

#include <stddef.h>

#include "dns/leases.h"

enum { TARN__LEASES_MAX = 1 << 18 /* four networks of 16 bits; what is above is not taken */ };

struct tarn__lease_table;

/* NULL: out of memory. */
struct tarn__lease_table *tarn__lease_table_new(void);
void tarn__lease_table_free(struct tarn__lease_table *);

/*
 * Puts a copy in place of what is there for the address; one that is over leaves nothing. Returns 0;
 * TARN_ENOMEM; TARN_EBUSY: there are TARN__LEASES_MAX.
 */
int tarn__lease_table_put(struct tarn__lease_table *, const struct tarn__lease *);

/* Takes all out: the file is read from its beginning. */
void tarn__lease_table_clear(struct tarn__lease_table *);

size_t tarn__lease_table_count(const struct tarn__lease_table *);

/* Calls fn for each lease, in the order in which their addresses came first. */
void tarn__lease_table_walk(const struct tarn__lease_table *, tarn__lease_fn *fn, void *arg);

#endif
