/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/resolvconf.h: the servers of a resolv.conf(5). */
#ifndef TARN_DAEMON_RESOLVCONF_H
#define TARN_DAEMON_RESOLVCONF_H

#include <stdio.h>

#include "daemon/addresses.h"
#include "daemon/log.h"

/*
 * Adds the servers of the "nameserver" lines to out, in their order, all of them and not only the
 * first three. Other lines are the business of the C library. A line that names no address is
 * logged and left out.
 */
void tarn__resolvconf_read(FILE *file, struct tarn__addresses *out, struct tarn__log *log);

#endif
