/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/config/check.h: the output of tarn --check. */
#ifndef TARN_DAEMON_CONFIG_CHECK_H
#define TARN_DAEMON_CONFIG_CHECK_H

#include <stdio.h>

#include "daemon/settings/settings.h"

/*
 * Prints completed settings as a configuration file with the same meaning. Remarks have the origin
 * of each line, what was found out, and the memory that all of it may take.
 */
void tarn__check(const struct tarn__settings *, FILE *out);

#endif
