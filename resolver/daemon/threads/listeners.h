/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/threads/listeners.h: the addresses that tarn answers on, as its settings have them: opened, closed,
 * and spoken of.
 *
 * Thread: the main one.
 */
#ifndef TARN_DAEMON_THREADS_LISTENERS_H
#define TARN_DAEMON_THREADS_LISTENERS_H

#include "daemon/settings/addresses.h"
#include "daemon/log/diagnostics.h"
#include "daemon/log/log.h"
#include "daemon/system/systemd.h"
#include "daemon/settings/settings.h"
#include "daemon/threads/workers.h"

/*
 * Listens on all that settings->listens says and that sockets of the service manager do not serve;
 * settings->bound gets the addresses and ports that are open, *opened those of them that were not
 * open before. An error, added to diagnostics: nothing has changed.
 */
int tarn__listeners_open(struct tarn__workers *, const struct tarn__systemd *,
			 struct tarn__settings *, struct tarn__addresses *opened,
			 struct tarn__diagnostics *, struct tarn__log *);

/*
 * Ends it for those of which, with the ports that are open, that kept does not have, where it is not
 * NULL.
 */
void tarn__listeners_close(struct tarn__workers *, const struct tarn__addresses *which,
			   const struct tarn__addresses *kept);

/* Says which addresses have come, and which have gone. */
void tarn__listeners_announce(const struct tarn__addresses *before,
			      const struct tarn__addresses *now, struct tarn__log *);

/* Listens on the sockets of the service manager. An error is logged. */
int tarn__listeners_take(struct tarn__workers *, struct tarn__systemd *, struct tarn__log *);

#endif
