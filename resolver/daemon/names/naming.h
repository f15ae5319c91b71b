/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/names/naming.h: the names that the operator has given tarn to know or to block, as the settings say: local
 * names (daemon/names/local_files.h), lists (daemon/names/lists.h), and what he has said by tarnctl for a time. Files
 * are followed; what changes reaches the workers as data of the policy (tarn__set_policy_data()), and disturbs
 * no question.
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
#include "daemon/names/local_files.h"
#include "daemon/settings/settings.h"
#include "daemon/system/path_watch.h"
#include "tarn.h"

struct tarn__naming {
	/* Set by the caller. */
	struct tarn *tarn;
	struct ev_loop *loop;
	struct tarn__log *log;
	/* The rest is zero at first. */
	bool is_started; /* settled for the first time */
	struct tarn__local_files *local; /* NULL: there are no local names */
	struct tarn__local_files *next_local; /* as the settings want it that are not settled yet */
	bool has_next; /* settings have been set, and not settled */
	struct tarn__path_watch watch;
	ev_timer local_burst; /* ends the wait for further changes of local files */
	ev_timer local_due; /* for a file that has vanished */
	struct tarn__policy_data data; /* that the workers have: a reference to each */
};

/*
 * The same as the settings require (struct tarn__part). Files that cannot be read are no errors, unless the sandbox keeps
 * them from a tarn that runs: that is logged. TARN_ENOMEM, TARN_ESYSTEM: nothing has changed.
 */
int tarn__naming_set(void *naming, const struct tarn__settings *);

/* The settings are final: files are read. */
void tarn__naming_settle(void *naming);

/* Reads all files again, whether they seem to have changed or not. */
void tarn__naming_reread(struct tarn__naming *);

/* Frees everything; before the tarn. Allowed for an object of zeros. */
void tarn__naming_stop(struct tarn__naming *);

#endif
