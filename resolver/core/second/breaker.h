/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/second/breaker.h: keeps a store that fails or is silent from being asked. Times are the caller's.
 *
 *	CLOSED --- TARN__BREAKER_BAD of the last TARN__BREAKER_SEEN gets were bad --> OPEN
 *	OPEN ----- its pause is over: one PING is due, and the next pause, twice as long, begins
 *	OPEN ----- an answer, to whatever, however late --> CLOSED
 *
 * A pause is as long as before until an answer has come in time: a store that answers too late is left
 * alone for longer and longer, too.
 *
 * Thread: its owner's.
 */
#ifndef TARN_CORE_SECOND_BREAKER_H
#define TARN_CORE_SECOND_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

enum {
	TARN__BREAKER_SEEN = 8,
	TARN__BREAKER_BAD = 3,
	TARN__BREAKER_PAUSE_MS = 100,
	TARN__BREAKER_PAUSE_MAX_MS =
		800, /* so that a store that is back is in use within a second */
};

struct tarn__breaker {
	uint8_t bad; /* a bit for each of the last gets; the last one is the lowest */
	bool is_open;
	uint32_t pause_ms; /* the next one, before jitter */
	uint64_t until_ms; /* the end of the pause, while it is open */
};

/* What becomes of it, for those who tell of it. */
enum tarn__breaker_event {
	TARN__BREAKER_OPENED,
	TARN__BREAKER_OPEN_STILL, /* a pause is over, and the next one begins */
	TARN__BREAKER_CLOSED, /* the store has answered */
	TARN__BREAKER_DROPPED, /* it was open when the connection was lost, or was to be another one's */
};

void tarn__breaker_init(struct tarn__breaker *);

/*
 * A get was bad: it was not answered in time, or by an error of the store. random is any number. Returns
 * true if that has opened it; while it is open nothing changes.
 */
bool tarn__breaker_failed(struct tarn__breaker *, uint64_t now_ms, uint32_t random);

/* The store has answered, in time or not. Returns true if that has closed it. */
bool tarn__breaker_answered(struct tarn__breaker *, bool is_late);

/* Its pause is over: the next one begins, and one PING is due. */
void tarn__breaker_pause(struct tarn__breaker *, uint64_t now_ms, uint32_t random);

#endif
