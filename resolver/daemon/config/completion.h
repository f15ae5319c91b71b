/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/config/completion.h: from the settings of the command line and the file to those that tarn
 * runs with: defaults, the servers of resolv.conf, and the checks that look at several options, at
 * the machine or at this build.
 */
#ifndef TARN_DAEMON_CONFIG_COMPLETION_H
#define TARN_DAEMON_CONFIG_COMPLETION_H

#include "daemon/log/diagnostics.h"
#include "daemon/log/log.h"
#include "daemon/settings/settings.h"

/*
 * Sets what is not set: defaults of the table, the number of CPUs, upstream servers from the file
 * at resolv_conf, trust anchors and secrets from theirs. settings->bound has the sockets of the
 * service manager. TARN_EINVAL: an upstream server is tarn itself, a user or a group does not exist,
 * statements contradict each other, anchors or secrets cannot be read or are none, listeners lack
 * certificates, or this build lacks what is asked for; diagnostics, empty before, have the reasons.
 */
int tarn__settings_complete(struct tarn__settings *, const char *resolv_conf,
			    struct tarn__diagnostics *, struct tarn__log *);

#endif
