/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/second/replies.h: what replies of a Redis or Valkey say: kinds of errors, and texts for logs.
 *
 * Thread: any.
 */
#ifndef TARN_NET_SECOND_REPLIES_H
#define TARN_NET_SECOND_REPLIES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/second/request.h"
#include "net/second/connection.h"

/* The kind of an error, by its first word: "WRONGTYPE Operation against a key ..." is TARN__SECOND_TYPE. */
enum tarn__second_result tarn__second_error_kind(const char *text, size_t len);

/* Returns true if the error's first word is that one. */
bool tarn__second_error_is(const struct tarn__second_reply *, const char *word);

/* How a GET, or a GETRANGE of all of a value, has ended. */
enum tarn__second_result tarn__second_judge_get(const struct tarn__second_reply *);
/* The same of a PING, SET, DEL or PUBLISH: TARN__SECOND_ABSENT, or a failure. */
enum tarn__second_result tarn__second_judge_put(const struct tarn__second_reply *);
/* The same of a lease's SET NX: LEASED, HELD, or a failure. */
enum tarn__second_result tarn__second_judge_lease(const struct tarn__second_reply *);

/* Writes a peer's text, cut; what is not printable ASCII as '?'. Returns out. */
char *tarn__second_quote(const char *text, size_t len, char out[TARN__SECOND_FAULT_MAX]);
/* Writes the text of an error and its kind, "NOAUTH Authentication required. (access)"; or what is unexpected. */
char *tarn__second_explain(const struct tarn__second_reply *, char out[TARN__SECOND_FAULT_MAX]);

#endif
