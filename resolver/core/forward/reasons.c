/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/reasons.c: a ring of reasons. An error is
 *
 *	ERROR_BASE - (serial << 5 | code)
 *
 * with the code of the extended error and a serial number, which is that of the ring's slot and of the
 * round.
 */
#include "core/forward/reasons.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

enum {
	ERROR_BASE = -0x10000000, /* below the codes of both libraries */
	CODE_BITS = 5, /* the codes of DNSSEC are 27 at most */
	CODE_MASK = (1 << CODE_BITS) - 1,
	SERIALS = 1 << 22,
};

_Static_assert(SERIALS % TARN__REASONS_MAX == 0, "a serial number has one slot");

struct tarn__reasons {
	pthread_mutex_t lock;
	unsigned next; /* serial number */
	struct {
		unsigned serial;
		struct tarn__reason reason;
	} * slots; /* TARN__REASONS_MAX; NULL: there was no reason yet */
};

struct tarn__reasons *tarn__reasons_new(void)
{
	struct tarn__reasons *reasons = calloc(1, sizeof *reasons);
	if (reasons)
		pthread_mutex_init(&reasons->lock, NULL);
	return reasons;
}

void tarn__reasons_free(struct tarn__reasons *reasons)
{
	if (!reasons)
		return;
	pthread_mutex_destroy(&reasons->lock);
	free(reasons->slots);
	free(reasons);
}

int tarn__reasons_add(struct tarn__reasons *reasons, const struct tarn__reason *reason)
{
	pthread_mutex_lock(&reasons->lock);
	if (!reasons->slots)
		reasons->slots = calloc(TARN__REASONS_MAX, sizeof reasons->slots[0]);
	/* 0 is that of empty slots. */
	unsigned serial = 1 + reasons->next++ % (SERIALS - 1);
	if (reasons->slots) {
		reasons->slots[serial % TARN__REASONS_MAX].serial = serial;
		reasons->slots[serial % TARN__REASONS_MAX].reason = *reason;
	}
	pthread_mutex_unlock(&reasons->lock);
	return ERROR_BASE - (int)(serial << CODE_BITS | (reason->code & CODE_MASK));
}

bool tarn__reasons_is_bogus(int error)
{
	return error < ERROR_BASE && ERROR_BASE - error < SERIALS << CODE_BITS;
}

uint16_t tarn__reasons_code(int error)
{
	return (uint16_t)((ERROR_BASE - error) & CODE_MASK);
}

void tarn__reasons_find(struct tarn__reasons *reasons, int error, struct tarn__reason *out)
{
	unsigned number = (unsigned)(ERROR_BASE - error);
	unsigned serial = number >> CODE_BITS;
	pthread_mutex_lock(&reasons->lock);
	if (reasons->slots && reasons->slots[serial % TARN__REASONS_MAX].serial == serial)
		*out = reasons->slots[serial % TARN__REASONS_MAX].reason;
	else
		*out = (struct tarn__reason){.code = tarn__reasons_code(error)};
	pthread_mutex_unlock(&reasons->lock);
}
