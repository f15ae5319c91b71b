/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/config/configuration.h: from the command line and the configuration file to settings.
 *
 *	configuration.c   files and what they include, each statement by its row of the table
 *	config_parse.c    a file's statements, through libConfuse
 *	config_text.c     what libConfuse gets to see
 *
 * Nothing is kept between two calls, so that a reload reads the same as a start.
 */
#ifndef TARN_DAEMON_CONFIG_CONFIGURATION_H
#define TARN_DAEMON_CONFIG_CONFIGURATION_H

#include "daemon/log/diagnostics.h"
#include "daemon/settings/options.h"
#include "daemon/settings/settings.h"

/*
 * What the command line and the file say; not completed yet. The file is that of --config, or
 * TARN_CONFIG_FILE where that is there; a reload waits for none, and so reads no pipe. NULL: something
 * is wrong, and diagnostics say all of it in order.
 * diagnostics are zeros before; the caller ends them in any case.
 */
struct tarn__settings *tarn__configuration_load(const struct tarn__command_line *, bool is_reload,
						struct tarn__diagnostics *);

#endif
