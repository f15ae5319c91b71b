/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/config/servers_check.h: whether the upstream servers of a configuration fit each other: a group, the
 * program's or a zone's, is encrypted or it is not, and the address of a server with a name alone can be found out.
 */
#ifndef TARN_DAEMON_CONFIG_SERVERS_CHECK_H
#define TARN_DAEMON_CONFIG_SERVERS_CHECK_H

#include <stdio.h>

#include "daemon/log/diagnostics.h"
#include "daemon/settings/settings.h"

/* Adds what is wrong with completed settings to the diagnostics. */
void tarn__servers_check(const struct tarn__settings *, struct tarn__diagnostics *);

/*
 * Prints remarks on a group, each behind the indent: which of its servers are asked in the clear when the
 * encrypted ones fail, and who is asked for addresses.
 */
void tarn__servers_remark(const struct tarn__settings *, const struct tarn__servers *group,
			  const char *indent, FILE *out);

#endif
