/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/names/figures.h: numbers about local names and lists, for statistics, which other threads ask for.
 *
 * Thread: set by the main one; any may read.
 */
#ifndef TARN_DAEMON_NAMES_FIGURES_H
#define TARN_DAEMON_NAMES_FIGURES_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "core/policy/rules.h"
#include "daemon/names/list_slots.h"
#include "daemon/names/lists.h"

/* A list in force. */
struct tarn__list_figures {
	char name[TARN__RULE_SET_NAME_MAX + 1];
	uint32_t names; /* rules */
	uint32_t faults; /* lines that are no rules, and files that cannot be read */
	int64_t newest_s; /* when the newest of its files was written, since 1970; 0: it has none */
};

struct tarn__name_figures {
	uint64_t local_names;
	size_t list_count;
	struct tarn__list_figures lists[TARN__NAMELIST_SETS_MAX];
	const struct tarn__list_slots *slots; /* for the counters of the workers */
};

/* The figures as they are, behind a lock. */
struct tarn__figures_board {
	pthread_mutex_t mutex;
	struct tarn__name_figures figures;
};

void tarn__figures_init(struct tarn__figures_board *, const struct tarn__list_slots *);
void tarn__figures_fini(struct tarn__figures_board *);

/* Copies the figures. Of no board there are none. */
void tarn__figures_read(struct tarn__figures_board *, struct tarn__name_figures *out);

/* Sums up the state of lists. */
void tarn__list_figures_set(struct tarn__name_figures *, const struct tarn__list_state *);

#endif
