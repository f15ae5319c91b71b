/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/system/confine.h: what tarn gives up before it hears from anybody, as its settings allow. */
#ifndef TARN_DAEMON_SYSTEM_CONFINE_H
#define TARN_DAEMON_SYSTEM_CONFINE_H

#include "daemon/log/log.h"
#include "daemon/system/privileges.h"
#include "daemon/settings/settings.h"

/*
 * Becomes the identity and enters the sandbox, with what a reload of these settings reads and writes
 * left within reach; they get to know whether the rest is not. Once everything is open that takes root,
 * and before there are threads. TARN_ENOMEM, TARN_ESYSTEM: logged; tarn must not go on.
 */
int tarn__confine(struct tarn__settings *, const struct tarn__identity *, const char *resolv_conf,
		  struct tarn__log *);

#endif
