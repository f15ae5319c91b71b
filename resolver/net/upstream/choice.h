/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/upstream/choice.h: which channel takes a message.
 *
 * Over UDP it is that of a random place; over TCP any connection that is not in doubt. An encrypted server has
 * one connection to begin with, and another one as soon as all have as many questions under way as they are to
 * have, or are in doubt; up to four, and eight under load. Its connections are set up one after the other until
 * one of them has been good.
 *
 * Thread: the worker's.
 */
#ifndef TARN_NET_UPSTREAM_CHOICE_H
#define TARN_NET_UPSTREAM_CHOICE_H

#include "net/upstream/lines.h"

/* Returns NULL if no channel takes one more; see tarn__choice_is_refused(). */
struct tarn__channel *tarn__choose(struct tarn__lines *, struct tarn__pool *,
				   const struct tarn__transaction *, uint64_t now_ms);

/*
 * Another connection to an encrypted server than the one that the message is under way on, which it has been
 * waiting for in vain. NULL: there is none, nor may be now.
 */
struct tarn__channel *tarn__choose_other(struct tarn__lines *, struct tarn__pool *,
					 const struct tarn__transaction *, uint64_t now_ms);

/*
 * Returns true if messages to an encrypted server fail now, as the last one did, after no channel has taken
 * one, or before one is looked for.
 */
bool tarn__choice_is_refused(const struct tarn__pool *, uint64_t now_ms);
bool tarn__choice_is_held(const struct tarn__pool *, uint64_t now_ms);

/* Returns true if some connection is open. */
bool tarn__choice_has_open(const struct tarn__pool *, uint64_t now_ms);

#endif
