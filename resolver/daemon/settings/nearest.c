/* SPDX-License-Identifier: BSD-2-Clause */
/* The known word that is most like an unknown one. */
#include "daemon/settings/nearest.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { WORD_MAX = 32 }; /* every known word is shorter */

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/*
 * Returns the number of letters to insert, delete, change or swap with their neighbour to make one
 * word of the other ("optimal string alignment"). Three rows of the table are kept.
 */
static unsigned distance_between(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned rows[3][WORD_MAX + 1];
	unsigned *before = rows[0], *above = rows[1], *row = rows[2];
	for (size_t j = 0; j <= b_len; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned *oldest = before;
		before = above;
		above = row;
		row = oldest;
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			unsigned change = above[j - 1] + (a[i - 1] != b[j - 1]);
			row[j] = least(change, 1 + least(above[j], row[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
	}
	return row[b_len];
}

void tarn__nearest_offer(struct tarn__nearest *nearest, const char *known)
{
	size_t len = strlen(nearest->word), known_len = strlen(known);
	if (len > WORD_MAX || known_len > WORD_MAX)
		return;
	unsigned distance = distance_between(nearest->word, len, known, known_len);
	/* At most one slip in three letters: more would match unrelated words. */
	if (3 * distance > known_len + 1 || (nearest->found && distance >= nearest->distance))
		return;
	nearest->found = known;
	nearest->distance = distance;
}
