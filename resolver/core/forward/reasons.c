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
#include <string.h>

#include "tarn.h"

enum {
	ERROR_BASE = -0x10000000, /* below the codes of both libraries */
	CODE_BITS = 5, /* the codes of DNSSEC, and those of faults, are 27 at most */
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

/* What a server says that is no answer is no failure of the network. */
static uint16_t code_of(int error)
{
	return error == TARN_EANSWER ? TARN__EDE_NO_REACHABLE_AUTHORITY : TARN__EDE_NETWORK_ERROR;
}

/* Parts of a certificate may be among the words. */
static void set_words(struct tarn__reason *reason, const char *words)
{
	size_t i = 0;
	for (; words[i] != '\0' && i < TARN__REASON_TEXT_MAX; i++)
		reason->text[i] = words[i] >= ' ' && words[i] <= '~' ? words[i] : '?';
	reason->text[i] = '\0';
}

int tarn__reasons_add_fault(struct tarn__reasons *reasons, int error, const char *words, int before)
{
	struct tarn__reason reason = {.code = code_of(error)}, earlier;
	if (!words || words[0] == '\0')
		return error;
	set_words(&reason, words);
	if (tarn__reasons_is_fault(before)) {
		tarn__reasons_find(reasons, before, &earlier);
		if (earlier.code == reason.code && strcmp(earlier.text, reason.text) == 0)
			return before;
	}
	return tarn__reasons_add(reasons, &reason);
}

bool tarn__reasons_has(int error)
{
	return error < ERROR_BASE && ERROR_BASE - error < SERIALS << CODE_BITS;
}

/* Validation has no such codes. */
bool tarn__reasons_is_fault(int error)
{
	if (!tarn__reasons_has(error))
		return false;
	uint16_t code = tarn__reasons_code(error);
	return code == TARN__EDE_NETWORK_ERROR || code == TARN__EDE_NO_REACHABLE_AUTHORITY;
}

bool tarn__reasons_is_bogus(int error)
{
	return tarn__reasons_has(error) && !tarn__reasons_is_fault(error);
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
