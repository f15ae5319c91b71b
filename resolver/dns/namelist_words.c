/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/namelist_words.c: sorting words, and looking for them. */
#include "dns/namelist_words.h"

#include <stdlib.h>
#include <string.h>

enum { SORTED_BY_HAND = 24 /* words: fewer are sorted by insertion */ };

static int compare_words(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

void tarn__words_sort_few(uint64_t *words, size_t count)
{
	if (count > SORTED_BY_HAND) {
		qsort(words, count, sizeof *words, compare_words);
		return;
	}
	for (size_t i = 1; i < count; i++) {
		uint64_t word = words[i];
		size_t at = i;
		for (; at > 0 && words[at - 1] > word; at--)
			words[at] = words[at - 1];
		words[at] = word;
	}
}

/* A place for each word by its upper bits, then a few words at each place. */
void tarn__words_sort(const uint64_t *from, size_t count, uint64_t *to, uint32_t *starts)
{
	memset(starts, 0, (count + 1) * sizeof *starts);
	for (size_t i = 0; i < count; i++)
		starts[(from[i] >> 32) * count >> 32]++;
	uint32_t sum = 0;
	for (size_t i = 0; i <= count; i++) {
		sum += starts[i];
		starts[i] = sum;
	}
	for (size_t i = 0; i < count; i++)
		to[--starts[(from[i] >> 32) * count >> 32]] = from[i];
	for (size_t i = 0; i < count; i++)
		tarn__words_sort_few(to + starts[i], starts[i + 1] - starts[i]);
}

size_t tarn__words_drop_repeated(uint64_t *words, size_t count)
{
	size_t left = 0;
	for (size_t i = 0; i < count; i++) {
		if (left == 0 || words[left - 1] != words[i])
			words[left++] = words[i];
	}
	return left;
}

size_t tarn__words_find(const uint64_t *words, size_t count, uint64_t word)
{
	size_t low = 0;
	while (low < count) {
		size_t middle = low + (count - low) / 2;
		if (words[middle] < word)
			low = middle + 1;
		else
			count = middle;
	}
	return low;
}
