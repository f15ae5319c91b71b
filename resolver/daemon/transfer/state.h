/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/transfer/state.h: what tarnctl and statistics are told of zones that come by transfer.
 *
 * Thread: set by the main one; any may read a copy.
 */
#ifndef TARN_DAEMON_TRANSFER_STATE_H
#define TARN_DAEMON_TRANSFER_STATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/policy/rules.h"
#include "tarn.h"

enum tarn__transfer_result {
	TARN__TRANSFER_AXFR, /* the whole zone has come */
	TARN__TRANSFER_IXFR, /* changes have come */
	TARN__TRANSFER_CURRENT, /* the primary has nothing newer */
	TARN__TRANSFER_FAILED, /* no primary could be used */
	TARN__TRANSFER_RESULTS,
};

enum { TARN__TRANSFER_REASON_MAX = 160 /* octets, with NUL */ };

/* Times are seconds since 1970; 0: never. */
struct tarn__transfer_state {
	char name[TARN__RULE_SET_NAME_MAX + 1];
	bool has_zone;
	uint32_t serial;
	int64_t transferred_s; /* the file was written */
	int64_t confirmed_s; /* a primary said that it has nothing newer, or it came */
	int64_t next_s; /* the next look; in the past: it is under way */
	bool is_expired; /* not confirmed for longer than its SOA allows */
	char primary[TARN_ADDRESS_TEXT_MAX]; /* the last one that was asked; empty: none */
	char reason[TARN__TRANSFER_REASON_MAX]; /* why the last look failed; empty: it did not */
	uint64_t results[TARN__TRANSFER_RESULTS];
};

/* The word of a result, for statistics. */
const char *tarn__transfer_result_word(enum tarn__transfer_result);

/* The states of all zones, behind a lock. */
struct tarn__transfer_board {
	pthread_mutex_t mutex;
	size_t count;
	struct tarn__transfer_state *states;
};

/*
 * Copies the states, to be freed. Without any, without a board, or without memory *count is 0, and NULL
 * returned.
 */
struct tarn__transfer_state *tarn__transfer_board_read(struct tarn__transfer_board *,
						       size_t *count);

#endif
