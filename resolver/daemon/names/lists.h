/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/names/lists.h: keeps the lists of the running program: those in force, their files, and the thread
 * that compiles them anew when files or settings have changed. What is in force stays so until there is
 * something to take its place.
 *
 * A start takes the compiled file of the last run if it was made by the same settings, even if some file
 * has changed since, and has that compiled in the background; if there is none, the caller can wait for it
 * for some time.
 *
 * Thread: the main one, on its loop.
 */
#ifndef TARN_DAEMON_NAMES_LISTS_H
#define TARN_DAEMON_NAMES_LISTS_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/policy/lists.h"
#include "daemon/log/log.h"
#include "daemon/names/list_compile.h"
#include "daemon/names/list_plan.h"
#include "daemon/names/list_slots.h"

/* A list that cannot be read. */
struct tarn__list_fault {
	char set[TARN__RULE_SET_NAME_MAX + 1];
	char *path;
	char reason[TARN__LIST_REASON_MAX];
	int64_t since_s; /* since 1970 */
};

/* All pointers are borrowed, and valid until the loop goes on; NULL where there is none. */
struct tarn__list_state {
	const struct tarn__list_plan *plan; /* of the rules in force */
	const struct tarn__rules *rules; /* in force */
	const struct tarn__list_plan
		*wanted; /* by the settings: another one while it is compiled */
	const struct tarn__list_fault *faults;
	size_t fault_count;
	const char *problem; /* why the last compilation failed, or is kept in memory */
	bool is_compiling;
	size_t octets; /* of the compiled list */
	int64_t compiled_s; /* when it was compiled, since 1970 */
};

struct tarn__list_keeper_options { /* borrowed by the keeper, but for the folder */
	struct ev_loop *loop;
	struct tarn__log *log;
	struct tarn__list_slots *slots;
	const char *folder; /* of the compiled file; NULL: it is kept in memory */
	/* There are other lists, whose reference is the callee's. */
	void (*changed)(void *data, struct tarn__lists *);
	/* A compilation has ended: the state may be another one. */
	void (*reported)(void *data);
	void *data;
};

struct tarn__list_keeper;

/* NULL: out of memory. */
struct tarn__list_keeper *tarn__list_keeper_new(const struct tarn__list_keeper_options *);

/* Ends the thread. NULL is allowed. */
void tarn__list_keeper_free(struct tarn__list_keeper *);

/* Takes a reference to the plan, by which lists are from now on. */
void tarn__list_keeper_set(struct tarn__list_keeper *, struct tarn__list_plan *);

/* Compiles the lists if a file has changed; if is_forced, in any case. */
void tarn__list_keeper_refresh(struct tarn__list_keeper *, bool is_forced);

/* Waits until lists are in force, or for that long. */
void tarn__list_keeper_wait(struct tarn__list_keeper *, unsigned ms);

struct tarn__list_state tarn__list_keeper_state(const struct tarn__list_keeper *);

#endif
