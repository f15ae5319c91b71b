/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * References for the cache: plain LRU and plain S3-FIFO over key numbers, and Zipf's law.
 */

#ifndef TESTS_BENCH_CACHE_MODEL_H
#define TESTS_BENCH_CACHE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

/* xorshift64*. */
struct bench_random {
	uint64_t state;
};

uint64_t bench_random_next(struct bench_random *random);

/* Numbers below count, number i as often as 1 / (i + 1)^skew (Walker's alias method). */
struct bench_zipf {
	uint32_t count;
	uint32_t *alias;
	uint32_t *threshold;
};

struct bench_zipf bench_zipf_new(uint32_t count, double skew);
void bench_zipf_free(struct bench_zipf *zipf);
uint32_t bench_zipf_next(const struct bench_zipf *zipf, struct bench_random *random);

/* Each returns true if the key was there, and inserts it otherwise. Keys are below key_count. */
struct bench_lru;
struct bench_lru *bench_lru_new(uint32_t key_count, uint32_t capacity);
void bench_lru_free(struct bench_lru *lru);
bool bench_lru_access(struct bench_lru *lru, uint32_t key);

struct bench_s3fifo;
struct bench_s3fifo *bench_s3fifo_new(uint32_t key_count, uint32_t capacity);
void bench_s3fifo_free(struct bench_s3fifo *s3fifo);
bool bench_s3fifo_access(struct bench_s3fifo *s3fifo, uint32_t key);

#endif
