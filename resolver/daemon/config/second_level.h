/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/config/second_level.h: what settings need for a second level of the cache (section shared): the
 * library, the secret and the password from their files, and what contradicts.
 */
#ifndef TARN_DAEMON_CONFIG_SECOND_LEVEL_H
#define TARN_DAEMON_CONFIG_SECOND_LEVEL_H

#include <stdio.h>

#include "daemon/log/diagnostics.h"
#include "daemon/log/log.h"
#include "daemon/settings/settings.h"

/*
 * Completes settings with a second level: loads the library, which the sandbox does not allow, and reads the
 * files. Of settings without one, only what would be of no use is looked at. What is wrong is added to
 * diagnostics; what is unsafe is logged.
 *
 * A text that is there already (tarn__second_level_keep()) stays, with a warning, if its file cannot be read.
 */
void tarn__second_level_complete(struct tarn__settings *, struct tarn__diagnostics *,
				 struct tarn__log *);

/*
 * For a reload, before it is completed: settings get copies of the texts of the same files that the settings in
 * force have, since the user that tarn has become may not be allowed to read them.
 */
void tarn__second_level_keep(struct tarn__settings *, const struct tarn__settings *in_force);

/* For --check: writes remarks about a field of section shared, each a comment. Never a secret. */
void tarn__second_level_remark(const struct tarn__settings *, const void *field, FILE *out);

#endif
