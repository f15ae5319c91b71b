/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/config/policy_check.h: what is wrong with the sections of lists and groups of a
 * configuration as a whole: their names, the groups that lists are for, and what a list is made of.
 * No list is read.
 */
#ifndef TARN_DAEMON_CONFIG_POLICY_CHECK_H
#define TARN_DAEMON_CONFIG_POLICY_CHECK_H

#include "daemon/log/diagnostics.h"
#include "daemon/settings/settings.h"

/* Adds a diagnostic for each fault, at the line of the section. */
void tarn__policy_check(const struct tarn__settings *, struct tarn__diagnostics *);

#endif
