/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/second/fleet.h: flushes on behalf of all machines that share a second level, as an administrator wants
 * them; no query of a client causes one.
 *
 *	a name, or one type of it --> its keys are removed, of all types --+
 *	a name and all below it ----> another epoch is put ----------------+--> a message to all machines
 *
 * The names below a name cannot be found by hashed keys: with another epoch no key of before is asked for again.
 * The store answers in order: a PING behind some removals shows that they are done. The keys are those of this
 * machine's configuration: machines that validate otherwise, or have other zones, have keys of their own.
 *
 * Thread: as the resolver's. Nothing is allocated.
 */
#ifndef TARN_CORE_SECOND_FLEET_H
#define TARN_CORE_SECOND_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/second/message.h"
#include "core/second/request.h"

struct tarn_io;
struct tarn__fleet;
struct tarn__config;
struct tarn__second;

/* A flush, in the caller's memory until done was called or tarn__fleet_cancel() returned. */
struct tarn__fleet_flush {
	void (*done)(struct tarn__fleet_flush *); /* later, from the loop */
	void *owner;
	/* What is to be forgotten: kind, type, name and name_len. */
	struct tarn__second_message message;
	/* When done is called: */
	size_t removed; /* keys that the store does not have now, whether it had them or not */
	bool is_published;
	bool has_failed; /* in part or as a whole, and ... */
	enum tarn__second_result fault; /* ... why */

	struct tarn__fleet *fleet; /* private from here on */
	const struct tarn__config *config;
	struct tarn_second_get ping;
	size_t next; /* the next key */
	uint64_t before[TARN__SECOND_RESULTS]; /* of the results */
};

/* One worker's. All zero but io: no flush is under way. */
struct tarn__fleet {
	const struct tarn_io *io;
	struct tarn__second *second;
	struct tarn__fleet_flush *flush; /* NULL: none is under way */
	uint64_t results[TARN__SECOND_RESULTS]; /* of all changes; they outlive a flush */
};

/*
 * Begins a flush; the configuration, which is borrowed, has a second level. Returns 0: done is called later.
 * TARN_EBUSY: another one is under way, or too much else; TARN_EINVAL: this machine puts nothing into
 * the store; TARN_EUNREACHABLE: there is no connection, or the epoch is not known yet.
 */
int tarn__fleet_flush(struct tarn__fleet *, struct tarn__second *, const struct tarn__config *,
		      struct tarn__fleet_flush *);

/* Cancels the flush, if it is under way: done is not called. */
void tarn__fleet_cancel(struct tarn__fleet *, struct tarn__fleet_flush *);

/* To be called before the configuration is another one: the flush under way ends with TARN__SECOND_CLOSED. */
void tarn__fleet_end(struct tarn__fleet *);

#endif
