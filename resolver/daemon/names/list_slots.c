/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/names/list_slots.c: counters of lists by their names. */
#include "daemon/names/list_slots.h"

#include <stdlib.h>
#include <string.h>

uint8_t tarn__list_slots_take(struct tarn__list_slots *slots, const char *name)
{
	for (unsigned i = 1; i < TARN__LIST_SLOTS; i++) {
		const char *taken = atomic_load(&slots->names[i]);
		if (taken && strcmp(taken, name) == 0)
			return (uint8_t)i;
		if (taken)
			continue;
		char *copy = strdup(name);
		atomic_store(&slots->names[i], copy);
		return copy ? (uint8_t)i : 0;
	}
	return 0;
}

const char *tarn__list_slots_name(const struct tarn__list_slots *slots, uint8_t slot)
{
	return slot < TARN__LIST_SLOTS ? atomic_load(&slots->names[slot]) : NULL;
}

void tarn__list_slots_fini(struct tarn__list_slots *slots)
{
	for (unsigned i = 0; i < TARN__LIST_SLOTS; i++)
		free(atomic_exchange(&slots->names[i], NULL));
}
