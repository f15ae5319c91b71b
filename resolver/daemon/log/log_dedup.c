/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines of the last seconds, and the number of times that each was held back. */
#include "daemon/log/log_dedup.h"

#include <stdlib.h>
#include <string.h>

void tarn__log_dedup_fini(struct tarn__log_dedup *dedup)
{
	for (int i = 0; i < TARN__LOG_DEDUP_LINES; i++)
		free(dedup->items[i].line);
	*dedup = (struct tarn__log_dedup){0};
}

static struct tarn__log_dedup_line *find_line(struct tarn__log_dedup *dedup,
					      enum tarn_log_level level, const char *line)
{
	for (int i = 0; i < TARN__LOG_DEDUP_LINES; i++) {
		struct tarn__log_dedup_line *item = &dedup->items[i];
		if (item->line && item->level == level && strcmp(item->line, line) == 0)
			return item;
	}
	return NULL;
}

/* Returns the oldest line without a count that is due. NULL: there is none. */
static struct tarn__log_dedup_line *find_room(struct tarn__log_dedup *dedup)
{
	struct tarn__log_dedup_line *oldest = NULL;
	for (int i = 0; i < TARN__LOG_DEDUP_LINES; i++) {
		struct tarn__log_dedup_line *item = &dedup->items[i];
		if (item->count == 0 && (!oldest || item->until_ms < oldest->until_ms))
			oldest = item;
	}
	return oldest;
}

bool tarn__log_dedup_admit(struct tarn__log_dedup *dedup, uint64_t now_ms,
			   enum tarn_log_level level, const char *line)
{
	struct tarn__log_dedup_line *item = find_line(dedup, level, line);
	if (item && (item->count > 0 || now_ms < item->until_ms)) {
		item->count++;
		return false;
	}
	if (!item) {
		char *copy = NULL;
		item = find_room(dedup);
		if (!item || !(copy = strdup(line)))
			return true;
		free(item->line);
		*item = (struct tarn__log_dedup_line){.line = copy, .level = level};
	}
	item->until_ms = now_ms + TARN__LOG_DEDUP_MS;
	return true;
}

const struct tarn__log_dedup_line *tarn__log_dedup_take(struct tarn__log_dedup *dedup,
							uint64_t now_ms, unsigned long *count_out)
{
	for (int i = 0; i < TARN__LOG_DEDUP_LINES; i++) {
		struct tarn__log_dedup_line *item = &dedup->items[i];
		if (item->count == 0 || now_ms < item->until_ms)
			continue;
		*count_out = item->count;
		item->count = 0;
		item->until_ms = now_ms + TARN__LOG_DEDUP_MS;
		return item;
	}
	return NULL;
}

uint64_t tarn__log_dedup_next_ms(const struct tarn__log_dedup *dedup)
{
	uint64_t next_ms = UINT64_MAX;
	for (int i = 0; i < TARN__LOG_DEDUP_LINES; i++) {
		const struct tarn__log_dedup_line *item = &dedup->items[i];
		if (item->count > 0 && item->until_ms < next_ms)
			next_ms = item->until_ms;
	}
	return next_ms;
}
