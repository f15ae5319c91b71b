/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines of the last seconds, and how often each was held back. */
#include "daemon/log/log_dedup.h"

#include <stdlib.h>
#include <string.h>

void tarn__repeats_fini(struct tarn__repeats *repeats)
{
	for (int i = 0; i < TARN__REPEATS; i++)
		free(repeats->items[i].line);
	*repeats = (struct tarn__repeats){0};
}

static struct tarn__repeat *find_line(struct tarn__repeats *repeats, enum tarn_log_level level,
				      const char *line)
{
	for (int i = 0; i < TARN__REPEATS; i++) {
		struct tarn__repeat *item = &repeats->items[i];
		if (item->line && item->level == level && strcmp(item->line, line) == 0)
			return item;
	}
	return NULL;
}

/* The oldest of those that nothing is owed to; NULL: there is none. */
static struct tarn__repeat *find_room(struct tarn__repeats *repeats)
{
	struct tarn__repeat *oldest = NULL;
	for (int i = 0; i < TARN__REPEATS; i++) {
		struct tarn__repeat *item = &repeats->items[i];
		if (item->count == 0 && (!oldest || item->until_ms < oldest->until_ms))
			oldest = item;
	}
	return oldest;
}

bool tarn__repeats_say(struct tarn__repeats *repeats, uint64_t now_ms, enum tarn_log_level level,
		       const char *line)
{
	struct tarn__repeat *item = find_line(repeats, level, line);
	if (item && (item->count > 0 || now_ms < item->until_ms)) {
		item->count++;
		return false;
	}
	if (!item) {
		char *copy = NULL;
		item = find_room(repeats);
		if (!item || !(copy = strdup(line)))
			return true;
		free(item->line);
		*item = (struct tarn__repeat){.line = copy, .level = level};
	}
	item->until_ms = now_ms + TARN__REPEATS_MS;
	return true;
}

const struct tarn__repeat *tarn__repeats_take(struct tarn__repeats *repeats, uint64_t now_ms,
					      unsigned long *count_out)
{
	for (int i = 0; i < TARN__REPEATS; i++) {
		struct tarn__repeat *item = &repeats->items[i];
		if (item->count == 0 || now_ms < item->until_ms)
			continue;
		*count_out = item->count;
		item->count = 0;
		item->until_ms = now_ms + TARN__REPEATS_MS;
		return item;
	}
	return NULL;
}

uint64_t tarn__repeats_next_ms(const struct tarn__repeats *repeats)
{
	uint64_t next_ms = UINT64_MAX;
	for (int i = 0; i < TARN__REPEATS; i++) {
		const struct tarn__repeat *item = &repeats->items[i];
		if (item->count > 0 && item->until_ms < next_ms)
			next_ms = item->until_ms;
	}
	return next_ms;
}
