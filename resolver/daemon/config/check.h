/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/config/check.h: what tarn --check says. */
#ifndef TARN_DAEMON_CONFIG_CHECK_H
#define TARN_DAEMON_CONFIG_CHECK_H

#include <stdio.h>

#include "daemon/settings/settings.h"

/*
 * Writes completed settings as a configuration file that says the same, each line with where it comes
 * from, and as remarks what was found out and the memory that all of it will take.
 */
void tarn__check(const struct tarn__settings *, FILE *out);

#endif
