/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/system/confine.h: drops privileges and enters the sandbox, as the settings require. */
#ifndef TARN_DAEMON_SYSTEM_CONFINE_H
#define TARN_DAEMON_SYSTEM_CONFINE_H

#include "daemon/log/log.h"
#include "daemon/system/privileges.h"
#include "daemon/settings/settings.h"

/*
 * Becomes the identity and enters the sandbox, in which the files of a reload of these settings remain
 * accessible; the settings record which halves of the sandbox are in force. To be called after everything
 * that needs root, and before any thread is started. TARN_ENOMEM, TARN_ESYSTEM: logged; the program must
 * end.
 */
int tarn__confine(struct tarn__settings *, const struct tarn__identity *, const char *resolv_conf,
		  struct tarn__log *);

#endif
