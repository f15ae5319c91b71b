/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/second/epoch.h: the epoch of those who share a secret: 64 random bits in the store. It is read when
 * the connection has come up and every TARN__EPOCH_READ_MS from then on, which keeps the store from
 * evicting it and finds a change whose message was lost. Where there is none it is put, the known one if
 * there is one: a store that comes back empty does not make machines forget what they have.
 *
 * Until it has been read over a connection nothing is asked of the store, and nothing is put.
 *
 * Thread: as core/second/second.h.
 */
#ifndef TARN_CORE_SECOND_EPOCH_H
#define TARN_CORE_SECOND_EPOCH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/second/request.h"
#include "core/second/value.h"

struct tarn__second;
struct tarn__timer;

enum {
	TARN__EPOCH_READ_MS = 10000,
	TARN__EPOCH_RETRY_MS = 1000, /* after an error, and for a machine that may not put one */
};

/*
 * Takes over an epoch that another machine has told of, with all that its names need: nothing is forgotten
 * for it. Without effect before it was read over this connection.
 */
void tarn__epoch_set(struct tarn__second *, uint64_t epoch);

/* Reads it now, or once more if it is being read. Without effect without a connection. */
void tarn__epoch_read(struct tarn__second *);

/*
 * Puts another one, *epoch, so that all values are unreachable; every machine that finds it forgets what it
 * has, this one too unless done calls tarn__epoch_set() with it. Returns 0, or an error of struct tarn_io's
 * second_put(); TARN_EUNREACHABLE without a connection, TARN_EINVAL where nothing is put, and TARN_EBUSY if
 * another one is being put. done is called once, unless it is NULL, when it has been put or not.
 */
int tarn__epoch_renew(struct tarn__second *, uint64_t *epoch,
		      void (*done)(void *arg, enum tarn__second_result), void *arg);

/* ---- the file of the cache ---------------------------------------------------------------- */

/* Writes the known epoch as the store has it; zeros: none is known, or there is no second level (NULL). */
void tarn__epoch_save(const struct tarn__second_config *, uint8_t out[TARN__SECOND_EPOCH_LEN]);

/*
 * The cache is to have answers that were saved with this epoch. It is the known one from now on, unless one
 * is known: if the store has another one all is forgotten, as if it had changed meanwhile. Returns false if
 * another one is known: these answers are to be forgotten. Octets of another secret, zeros and no second level
 * (NULL) are without effect. Any thread.
 */
bool tarn__epoch_resume(struct tarn__second_config *, const uint8_t octets[TARN__SECOND_EPOCH_LEN]);

/* For core/second/second.c: the connection is no more, or is to be that to another store. */
void tarn__epoch_stop(struct tarn__second *);
void tarn__epoch_on_timer(struct tarn__timer *);

#endif
