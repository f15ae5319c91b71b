/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/config/system_servers.h: the upstream servers of resolv.conf, where no others are set, at
 * the start and as the file changes.
 */
#ifndef TARN_DAEMON_CONFIG_SYSTEM_SERVERS_H
#define TARN_DAEMON_CONFIG_SYSTEM_SERVERS_H

#include <stdbool.h>

#include "daemon/log/log.h"
#include "daemon/settings/settings.h"

/*
 * Fills settings->upstreams, own_upstreams and the trust in AD from the file at resolv_conf. A file
 * that cannot be read is logged and has no servers.
 */
void tarn__system_servers_take(struct tarn__settings *, const char *resolv_conf,
			       struct tarn__log *);

/*
 * Reads the file again if the upstreams come from it, once the settings are completed. Returns true
 * if the upstreams have changed, which is logged. A file that does not exist has no servers; one
 * that cannot be read changes nothing and is logged. trust_ad ends when the file loses the option,
 * but does not begin when it gets it: answers in the cache may come from servers that are not
 * trusted.
 */
bool tarn__system_servers_reread(struct tarn__settings *, const char *resolv_conf,
				 struct tarn__log *);

#endif
