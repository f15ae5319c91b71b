/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/config/configuration.h: from the command line and the configuration file to settings.
 *
 *	configuration.c   files and what they include; each statement by its row of the table
 *	parse.c           the statements of a file, through libConfuse
 *	text.c            the text that libConfuse reads
 *
 * Nothing is kept between two calls: a reload reads as a start does.
 */
#ifndef TARN_DAEMON_CONFIG_CONFIGURATION_H
#define TARN_DAEMON_CONFIG_CONFIGURATION_H

#include "daemon/log/diagnostics.h"
#include "daemon/config/command_line.h"
#include "daemon/settings/settings.h"

/*
 * Returns the settings of the command line and of the file, not completed. The file is that of
 * --config, otherwise TARN_CONFIG_FILE if it exists. A reload does not wait, and so reads no pipe.
 * NULL: diagnostics, zeros before, have all reasons, in order; the caller frees them in any case
 * (tarn__diagnostics_fini()).
 */
struct tarn__settings *tarn__configuration_load(const struct tarn__command_line *, bool is_reload,
						struct tarn__diagnostics *);

#endif
