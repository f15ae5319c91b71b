/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/namelist_words.h: arrays of words of 64 bits, which are hashes in their upper bits
 * (dns/namelist_pile.h).
 */
#ifndef TARN_DNS_NAMELIST_WORDS_H
#define TARN_DNS_NAMELIST_WORDS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Sorts words that are spread evenly, in linear time; others take longer, but not much. starts has room for
 * count + 1 numbers, to for count words.
 */
void tarn__words_sort(const uint64_t *from, size_t count, uint64_t *to, uint32_t *starts);

/* Sorts any words, in place. */
void tarn__words_sort_few(uint64_t *words, size_t count);

/* Leaves one of each of the sorted words. Returns how many are left. */
size_t tarn__words_drop_repeated(uint64_t *words, size_t count);

/*
 * Returns the number of the first of the sorted words that is not below the one given; count if there is
 * none.
 */
size_t tarn__words_find(const uint64_t *words, size_t count, uint64_t word);

#endif
