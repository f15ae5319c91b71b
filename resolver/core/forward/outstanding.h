/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/outstanding.h: the messages of a lookup that are under way. Earlier messages to a server stay
 * open when another one is sent (docs/decisions/asking-again.md); all of them end when the server has
 * given an answer to one, or when the lookup ends. A server that has been asked is charged with one
 * failure for each TARN__SILENCE_MS in which it answers nothing, to any query.
 *
 * A server is given by its index in the lookup's zone.
 *
 * Thread: as the lookup's.
 */
#ifndef TARN_CORE_FORWARD_OUTSTANDING_H
#define TARN_CORE_FORWARD_OUTSTANDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/io.h"

struct tarn__attempt;
struct tarn__lookup;

/* The index of the server that a message was sent to. */
size_t tarn__outstanding_index(const struct tarn__attempt *);

/* Returns true if an answer of the server is outstanding. */
bool tarn__outstanding_has(const struct tarn__lookup *, size_t index);

/*
 * Sends the server a message, after which the lookup is ASKING; done is as struct tarn_exchange's. When the
 * lookup ends, the server is charged if it has been silent for timeout_ms; over a connection, for
 * TARN__TIMEOUT_MAX_MS. Returns 0, or the error: TARN_EANSWER: no message is left to that server;
 * TARN_EUNREACHABLE: its address is not known; TARN_ENOMEM; or an error of struct tarn_io's send().
 */
int tarn__outstanding_send(struct tarn__lookup *, size_t index, uint64_t timeout_ms,
			   void (*done)(struct tarn_exchange *, int error, const uint8_t *answer,
					size_t len));

/* Frees a message that has had its answer. */
void tarn__outstanding_drop(struct tarn__attempt *);

/* Cancels the messages to the server, or to all servers. None of these counts as silence. */
void tarn__outstanding_cancel(struct tarn__lookup *, size_t index);
void tarn__outstanding_recall(struct tarn__lookup *);

/* The lookup ends: cancels all messages; a server whose timeout is over is charged with its silence. */
void tarn__outstanding_end(struct tarn__lookup *);

/*
 * Charges the servers that have been silent for TARN__SILENCE_MS since their last charge. Returns when the
 * next charge is due; UINT64_MAX: nothing is outstanding.
 */
uint64_t tarn__outstanding_charge(struct tarn__lookup *);

#endif
