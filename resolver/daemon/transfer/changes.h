/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/transfer/changes.h: what an IXFR changes, in memory: of each record that is named the first and
 * the last word. Such changes are applied to a zone while it is read, record by record, so that it is never
 * held as a whole.
 *
 * Thread: one at a time.
 */
#ifndef TARN_DAEMON_TRANSFER_CHANGES_H
#define TARN_DAEMON_TRANSFER_CHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/siphash.h"
#include "dns/zone_entry.h"

/* Octets of the records: some 300,000 rules. More changes than that are hardly less than the zone. */
enum { TARN__CHANGES_MAX = 16 << 20 };

struct tarn__changes;

/* The key hashes the records. NULL: out of memory. */
struct tarn__changes *tarn__changes_new(const uint8_t key[TARN__SIPHASH_KEY_LEN]);
void tarn__changes_free(struct tarn__changes *); /* NULL is allowed. */

/* Adds or removes the record. Returns false if there are too many changes, or memory has run out. */
bool tarn__changes_note(struct tarn__changes *, bool is_added, const struct tarn__zone_record *);

/*
 * Tells what becomes of a record of the zone before the changes. Returns true if it stays as it is; false:
 * it is removed, or it is among those that are added.
 */
bool tarn__changes_keep(struct tarn__changes *, const struct tarn__zone_record *);

/* Returns true if each record that is removed was there: after the whole zone has been read. */
bool tarn__changes_fit(const struct tarn__changes *);

/*
 * Calls fn for each record that is added, in the order in which they came, until it returns false. Returns
 * what it did.
 */
bool tarn__changes_added(const struct tarn__changes *,
			 bool (*fn)(void *arg, const struct tarn__zone_record *), void *arg);

#endif
