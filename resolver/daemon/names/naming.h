/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/names/naming.h: the names that the operator has given tarn to know or to block, as the settings
 * say: local names (daemon/names/local_files.h), lists (daemon/names/lists.h), and what he has said by
 * tarnctl for a time. Files are followed; what changes reaches the workers as data of the policy
 * (tarn__set_policy_data()), and disturbs no question.
 *
 * With nothing configured there is no thread, no descriptor and no memory.
 *
 * Thread: the main one, on its loop.
 */
#ifndef TARN_DAEMON_NAMES_NAMING_H
#define TARN_DAEMON_NAMES_NAMING_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/policy/local_data.h"
#include "core/policy/overrides.h"
#include "core/policy/stage.h"
#include "daemon/log/log.h"
#include "daemon/names/figures.h"
#include "daemon/names/list_plan.h"
#include "daemon/names/list_slots.h"
#include "daemon/names/lists.h"
#include "daemon/names/local_files.h"
#include "daemon/settings/settings.h"
#include "daemon/system/path_watch.h"
#include "tarn.h"

/* Words of the operator for a time: blocked and unblocked names, a pause of all lists. */
struct tarn__said {
	size_t count;
	struct tarn__override *names; /* NULL: none */
	uint64_t paused_until_s; /* 0: no pause */
};

struct tarn__naming {
	struct tarn *tarn; /* NULL: it has not been initialised */
	struct ev_loop *loop;
	struct tarn__log *log;
	bool is_started; /* settled for the first time */
	struct tarn__local_files *local; /* NULL: there are no local names */
	struct tarn__list_keeper *lists; /* NULL: there are no lists */
	/* As the settings want it that are not settled yet. */
	bool has_next;
	struct tarn__local_files *next_local;
	struct tarn__list_plan *next_plan;
	char *folder; /* of compiled lists, as at the start; NULL: they are kept in memory */
	struct tarn__list_slots slots;
	struct tarn__path_watch watch;
	ev_timer local_burst; /* ends the wait for further changes of local files */
	ev_timer local_due; /* for a file that has vanished */
	ev_timer list_quiet; /* runs out when lists have not changed for some time */
	uint64_t list_changed_ms; /* the first of these changes */
	struct tarn__said said;
	struct tarn__policy_data data; /* that the workers have: a reference to each */
	struct tarn__figures_board board;
};

/* All are borrowed. */
void tarn__naming_init(struct tarn__naming *, struct tarn *, struct ev_loop *, struct tarn__log *);

/*
 * The same as the settings require (struct tarn__part). Files that cannot be read are no errors, unless the
 * sandbox keeps them from a tarn that runs: that is logged. TARN_ENOMEM, TARN_ESYSTEM: nothing has changed.
 */
int tarn__naming_set(void *naming, const struct tarn__settings *);

/* The settings are final: files are read. */
void tarn__naming_settle(void *naming);

/* Reads all files again, whether they seem to have changed or not. */
void tarn__naming_reread(struct tarn__naming *);

/*
 * Blocks a name and all names below it, or lets them pass all lists, until that time in seconds since 1970;
 * UINT64_MAX: until tarn ends. It takes the place of what was said of that name. TARN_EBUSY: there are
 * TARN__OVERRIDES_MAX of them; TARN_ENOMEM: nothing has changed.
 */
int tarn__naming_say(struct tarn__naming *, const struct tarn__name *, bool is_block,
		     uint64_t until_s);

/* Takes back what was said of the name. Returns 0; TARN_EINVAL: nothing was. */
int tarn__naming_take_back(struct tarn__naming *, const struct tarn__name *);

/* Suspends all lists until that time; 0: they are applied again. 0 or TARN_ENOMEM. */
int tarn__naming_pause(struct tarn__naming *, uint64_t until_s);

/* Frees everything; before the tarn. Allowed for an object of zeros. */
void tarn__naming_stop(struct tarn__naming *);

#endif
