/* SPDX-License-Identifier: BSD-2-Clause */
/* Simple reference policies: arrays indexed by key number, capacity in keys. */

#include "cache_model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define NONE UINT32_MAX

static void *allocate(size_t count, size_t size)
{
	void *memory = calloc(count, size);
	if (!memory) {
		fputs("out of memory\n", stderr);
		exit(1);
	}
	return memory;
}

uint64_t bench_random_next(struct bench_random *random)
{
	random->state ^= random->state >> 12;
	random->state ^= random->state << 25;
	random->state ^= random->state >> 27;
	return random->state * UINT64_C(0x2545f4914f6cdd1d);
}

struct bench_zipf bench_zipf_new(uint32_t count, double skew)
{
	struct bench_zipf zipf = {
		.count = count,
		.alias = allocate(count, sizeof(*zipf.alias)),
		.threshold = allocate(count, sizeof(*zipf.threshold)),
	};
	double *weight = allocate(count, sizeof(*weight));
	uint32_t *work = allocate(count, sizeof(*work));
	double sum = 0;
	for (uint32_t i = 0; i < count; i++)
		sum += weight[i] = pow(i + 1, -skew);
	/* Those below the mean from the left, the others from the right. */
	uint32_t small = 0;
	uint32_t large = count;
	for (uint32_t i = 0; i < count; i++) {
		weight[i] *= count / sum;
		if (weight[i] < 1)
			work[small++] = i;
		else
			work[--large] = i;
	}
	while (small > 0 && large < count) {
		uint32_t less = work[--small];
		uint32_t more = work[large];
		zipf.threshold[less] = (uint32_t)(weight[less] * UINT32_MAX);
		zipf.alias[less] = more;
		weight[more] -= 1 - weight[less];
		if (weight[more] < 1) {
			large++;
			work[small++] = more;
		}
	}
	while (small > 0)
		zipf.threshold[work[--small]] = UINT32_MAX;
	while (large < count)
		zipf.threshold[work[large++]] = UINT32_MAX;
	free(weight);
	free(work);
	return zipf;
}

void bench_zipf_free(struct bench_zipf *zipf)
{
	free(zipf->alias);
	free(zipf->threshold);
}

uint32_t bench_zipf_next(const struct bench_zipf *zipf, struct bench_random *random)
{
	uint64_t r = bench_random_next(random);
	uint32_t i = (uint32_t)((r >> 32) * zipf->count >> 32);
	return (uint32_t)r <= zipf->threshold[i] ? i : zipf->alias[i];
}

struct bench_lru {
	uint32_t capacity;
	uint32_t size;
	/* The slot key_count is both ends of the list. */
	uint32_t end;
	uint32_t *older;
	uint32_t *newer;
	bool *is_in;
};

struct bench_lru *bench_lru_new(uint32_t key_count, uint32_t capacity)
{
	struct bench_lru *lru = allocate(1, sizeof(*lru));
	lru->capacity = capacity;
	lru->end = key_count;
	lru->older = allocate(key_count + 1, sizeof(*lru->older));
	lru->newer = allocate(key_count + 1, sizeof(*lru->newer));
	lru->is_in = allocate(key_count + 1, sizeof(*lru->is_in));
	lru->older[key_count] = lru->newer[key_count] = key_count;
	return lru;
}

void bench_lru_free(struct bench_lru *lru)
{
	free(lru->older);
	free(lru->newer);
	free(lru->is_in);
	free(lru);
}

static void lru_unlink(struct bench_lru *lru, uint32_t key)
{
	lru->newer[lru->older[key]] = lru->newer[key];
	lru->older[lru->newer[key]] = lru->older[key];
}

bool bench_lru_access(struct bench_lru *lru, uint32_t key)
{
	bool hit = lru->is_in[key];
	if (hit) {
		lru_unlink(lru, key);
	} else if (lru->size == lru->capacity) {
		uint32_t victim = lru->newer[lru->end];
		lru_unlink(lru, victim);
		lru->is_in[victim] = false;
	} else {
		lru->size++;
	}
	lru->is_in[key] = true;
	lru->older[key] = lru->older[lru->end];
	lru->newer[key] = lru->end;
	lru->newer[lru->older[key]] = key;
	lru->older[lru->end] = key;
	return hit;
}

struct fifo {
	uint32_t *keys;
	uint32_t room;
	uint32_t first;
	uint32_t size;
};

struct bench_s3fifo {
	uint32_t capacity;
	struct fifo small;
	struct fifo main;
	struct fifo ghost;
	uint8_t *uses;
	bool *is_in;
	/* The number of times that the key is in the ghost queue. */
	uint8_t *ghosts;
};

static struct fifo fifo_new(uint32_t room)
{
	return (struct fifo){.keys = allocate(room, sizeof(uint32_t)), .room = room};
}

static void fifo_push(struct fifo *fifo, uint32_t key)
{
	fifo->keys[(fifo->first + fifo->size++) % fifo->room] = key;
}

static uint32_t fifo_pop(struct fifo *fifo)
{
	uint32_t key = fifo->keys[fifo->first];
	fifo->first = (fifo->first + 1) % fifo->room;
	fifo->size--;
	return key;
}

struct bench_s3fifo *bench_s3fifo_new(uint32_t key_count, uint32_t capacity)
{
	struct bench_s3fifo *s3 = allocate(1, sizeof(*s3));
	s3->capacity = capacity;
	s3->small = fifo_new(capacity + 1);
	s3->main = fifo_new(capacity + 1);
	s3->ghost = fifo_new(capacity + 1);
	s3->uses = allocate(key_count, sizeof(*s3->uses));
	s3->is_in = allocate(key_count, sizeof(*s3->is_in));
	s3->ghosts = allocate(key_count, sizeof(*s3->ghosts));
	return s3;
}

void bench_s3fifo_free(struct bench_s3fifo *s3)
{
	free(s3->small.keys);
	free(s3->main.keys);
	free(s3->ghost.keys);
	free(s3->uses);
	free(s3->is_in);
	free(s3->ghosts);
	free(s3);
}

static void s3_remember(struct bench_s3fifo *s3, uint32_t key)
{
	uint32_t room = s3->capacity - s3->capacity / 10;
	while (s3->ghost.size >= room)
		s3->ghosts[fifo_pop(&s3->ghost)]--;
	fifo_push(&s3->ghost, key);
	s3->ghosts[key]++;
}

static void s3_evict_main(struct bench_s3fifo *s3)
{
	for (;;) {
		uint32_t key = fifo_pop(&s3->main);
		if (!s3->uses[key]) {
			s3->is_in[key] = false;
			return;
		}
		s3->uses[key]--;
		fifo_push(&s3->main, key);
	}
}

static void s3_evict(struct bench_s3fifo *s3)
{
	uint32_t small_max = s3->capacity / 10 ? s3->capacity / 10 : 1;
	while (s3->small.size && (s3->small.size >= small_max || !s3->main.size)) {
		uint32_t key = fifo_pop(&s3->small);
		if (s3->uses[key] <= 1) {
			s3->is_in[key] = false;
			s3_remember(s3, key);
			return;
		}
		s3->uses[key] = 0;
		fifo_push(&s3->main, key);
	}
	s3_evict_main(s3);
}

bool bench_s3fifo_access(struct bench_s3fifo *s3, uint32_t key)
{
	if (s3->is_in[key]) {
		if (s3->uses[key] < 3)
			s3->uses[key]++;
		return true;
	}
	if (s3->small.size + s3->main.size >= s3->capacity)
		s3_evict(s3);
	s3->is_in[key] = true;
	s3->uses[key] = 0;
	fifo_push(s3->ghosts[key] ? &s3->main : &s3->small, key);
	return false;
}
