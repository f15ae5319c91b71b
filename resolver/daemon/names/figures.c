/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/names/figures.c: numbers about lists. */
#include "daemon/names/figures.h"

#include <string.h>

enum { SECOND_NS = 1000000000 };

void tarn__figures_init(struct tarn__figures_board *board, const struct tarn__list_slots *slots)
{
	pthread_mutex_init(&board->mutex, NULL);
	board->figures = (struct tarn__name_figures){.slots = slots};
}

void tarn__figures_fini(struct tarn__figures_board *board)
{
	pthread_mutex_destroy(&board->mutex);
}

void tarn__figures_read(struct tarn__figures_board *board, struct tarn__name_figures *out)
{
	if (!board)
		return;
	pthread_mutex_lock(&board->mutex);
	*out = board->figures;
	pthread_mutex_unlock(&board->mutex);
}

static void add_source(struct tarn__name_figures *figures,
		       const struct tarn__namelist_source *source)
{
	struct tarn__list_figures *list = &figures->lists[source->set];
	int64_t written_s = source->mtime_ns / SECOND_NS;
	list->names += source->names;
	list->faults += source->invalid;
	if (written_s > list->newest_s)
		list->newest_s = written_s;
}

static void add_fault(struct tarn__name_figures *figures, const char *set)
{
	for (size_t i = 0; i < figures->list_count; i++) {
		if (strcmp(figures->lists[i].name, set) == 0)
			figures->lists[i].faults++;
	}
}

void tarn__list_figures_set(struct tarn__name_figures *figures,
			    const struct tarn__list_state *state)
{
	figures->list_count = state->plan ? state->plan->set_count : 0;
	memset(figures->lists, 0, figures->list_count * sizeof(figures->lists[0]));
	for (size_t i = 0; i < figures->list_count; i++)
		strcpy(figures->lists[i].name, state->plan->sets[i].rules.name);
	const struct tarn__namelist *list = state->rules ? tarn__rules_list(state->rules) : NULL;
	for (unsigned i = 0; list && i < list->source_count; i++) {
		struct tarn__namelist_source source;
		tarn__namelist_source(list, i, &source);
		add_source(figures, &source);
	}
	for (size_t i = 0; i < state->fault_count; i++)
		add_fault(figures, state->faults[i].set);
}
