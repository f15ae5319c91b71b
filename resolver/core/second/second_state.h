/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/second/second_state.h: what the files of core/second/ share of a worker's second level. Each calls
 * only those before it: second_state, health, epoch and fetch, second and fleet.
 *
 * Thread: as core/second/second.h.
 */
#ifndef TARN_CORE_SECOND_SECOND_STATE_H
#define TARN_CORE_SECOND_SECOND_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/timer.h"
#include "core/config.h"
#include "core/io.h"
#include "core/saved_answer.h"
#include "core/second/breaker.h"
#include "core/second/key.h"
#include "core/second/second.h"

struct tarn__anchors;

struct tarn__second_shared {
	uint64_t stale_ms;
};

struct tarn__second {
	const struct tarn_io *io;
	struct tarn__timers *timers;
	struct tarn__second_shared *shared;
	struct tarn__second_hooks hooks;
	struct tarn__config *config; /* a reference; NULL: none was taken over yet */
	struct tarn__second_view view; /* without its epoch */
	struct tarn__anchors *anchors; /* those of the view: a reference, or NULL */
	bool is_connected;

	/* core/second/epoch.h */
	bool has_epoch; /* it was read over this connection */
	bool is_reading, reads_again;
	struct tarn_second_get epoch_get;
	struct tarn__timer epoch_timer; /* the next time that it is read */
	char epoch_key[TARN__SECOND_KEY_MAX];
	void (*renewed)(void *arg, enum tarn__second_result);
	void *renewed_arg;
	bool is_renewing;

	struct tarn__breaker breaker;
	struct tarn__timer pause; /* its end */
	struct tarn_second_get ping;
	bool is_pinging;
	uint64_t pinged_ms;

	struct tarn__list fetches, spares; /* struct tarn__fetch */
	size_t spare_count;
	struct tarn__second_counts counts;
	struct tarn__saved_room room;
	uint8_t value[TARN__SECOND_VALUE_MAX];
};

static inline uint64_t tarn__second_now_ms(const struct tarn__second *second)
{
	return second->io->now_ms(second->io->data);
}

static inline struct tarn__second_config *tarn__second_store(const struct tarn__second *second)
{
	return second->config ? second->config->second : NULL;
}

/* Returns true if the store can be asked, but for the breaker. */
static inline bool tarn__second_is_up(const struct tarn__second *second)
{
	return second->is_connected && second->has_epoch;
}

/*
 * Writes the key under which the store has the answer to a question of that zone. Returns false if
 * it has none: there is no second level, or its epoch is not known, or such answers are not shared.
 */
bool tarn__second_key_of(const struct tarn__second *, const struct tarn__zone_config *zone,
			 const struct tarn__key *, char out[TARN__SECOND_KEY_MAX]);

#endif
