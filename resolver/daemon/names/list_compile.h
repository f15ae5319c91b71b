/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/names/list_compile.h: compiles the files of a plan (daemon/names/list_plan.h) into the file of
 * compiled lists (daemon/names/list_file.h), if they are not what that was compiled of.
 *
 * A list that cannot be read, and is a part of what is in force, keeps all of that: nothing is compiled.
 * Without it in force the other lists are compiled.
 *
 * Thread: a job is one thread's at a time; it may be canceled by any.
 */
#ifndef TARN_DAEMON_NAMES_LIST_COMPILE_H
#define TARN_DAEMON_NAMES_LIST_COMPILE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/policy/rules.h"
#include "daemon/names/list_file.h"
#include "daemon/names/list_plan.h"

enum {
	TARN__LIST_SIZE_MAX = 1 << 30, /* octets of a list: 40 million lines */
	TARN__LIST_REASON_MAX = 128, /* octets of a reason, with NUL */
};

/* The path that reports have for the names of a section itself. */
extern const char tarn__list_own_names[];

/* A list that could not be read. */
struct tarn__list_unread {
	unsigned set;
	char *path;
	char reason[TARN__LIST_REASON_MAX];
};

enum tarn__list_outcome {
	TARN__LIST_COMPILED,
	TARN__LIST_UNCHANGED, /* what is in force was compiled of these files */
	TARN__LIST_KEPT, /* some list could not be read: what is in force stays */
	TARN__LIST_FAILED, /* reason says why; what is in force stays */
	TARN__LIST_CANCELED,
};

struct tarn__list_job {
	/* Set by the caller. */
	struct tarn__list_plan *plan; /* a reference, the job's */
	struct tarn__rules
		*before; /* in force, of this plan or another: a reference, the job's; NULL: none */
	char *folder; /* the job's; NULL: it is compiled in memory */
	bool is_forced; /* it is compiled even if nothing has changed */
	atomic_bool is_canceled;
	/* The outcome. */
	enum tarn__list_outcome outcome;
	struct tarn__list_image image; /* of TARN__LIST_COMPILED: the compiled list, the caller's */
	bool is_in_memory; /* though there is a folder; reason says why */
	char reason[TARN__LIST_REASON_MAX];
	uint64_t took_us;
	size_t unread_count;
	struct tarn__list_unread unread[TARN__NAMELIST_SOURCES_MAX]; /* the first ones */
};

/* Does the job. */
void tarn__list_compile(struct tarn__list_job *);

/*
 * Returns true if rules of this plan were compiled of its files as they are now. A list that cannot be
 * read, and was not read then either, makes no difference.
 */
bool tarn__list_is_current(const struct tarn__list_plan *, const struct tarn__rules *);

/* Calls fn for each file that the plan's paths stand for, with the number of its set. */
void tarn__list_files(const struct tarn__list_plan *,
		      void (*fn)(void *arg, unsigned set, const char *path), void *arg);

/* Frees what is the job's. */
void tarn__list_job_fini(struct tarn__list_job *);

#endif
