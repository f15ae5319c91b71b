/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/names/list_slots.h: which counter of the workers (struct tarn__stats.lists) is which list's. A
 * list that goes and comes back has the counter that it had: slots stay for as long as the process runs.
 *
 * Thread: names are added by the main one; any may read.
 */
#ifndef TARN_DAEMON_NAMES_LIST_SLOTS_H
#define TARN_DAEMON_NAMES_LIST_SLOTS_H

#include <stdatomic.h>
#include <stdint.h>

#include "core/policy/decision.h"

struct tarn__list_slots { /* zeros at first */
	_Atomic(char *) names[TARN__LIST_SLOTS]; /* the first one has none */
};

/*
 * Returns the slot of that list. 0: all are taken, or memory has run out: such a list is not counted by
 * itself.
 */
uint8_t tarn__list_slots_take(struct tarn__list_slots *, const char *name);

/* Returns the list's name; NULL: the slot is nobody's. */
const char *tarn__list_slots_name(const struct tarn__list_slots *, uint8_t slot);

void tarn__list_slots_fini(struct tarn__list_slots *);

#endif
