/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/threads/listeners.h: opens, closes and announces the addresses that tarn listens on, as the
 * settings require.
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
 * Listens on the addresses of settings->listens, tls_listens and https_listens that sockets of the service
 * manager do not serve; certificates are there by then (tarn_set_certificates()).
 * settings->bound gets the addresses and ports that are open, *opened those of them that were not open
 * before. An error, added to diagnostics: nothing has changed.
 */
int tarn__listeners_open(struct tarn__workers *, const struct tarn__systemd *,
			 struct tarn__settings *, struct tarn__addresses *opened,
			 struct tarn__diagnostics *, struct tarn__log *);

/*
 * Stops listening on the addresses of which, with the ports that are open, except those in kept, which may
 * be NULL.
 */
void tarn__listeners_close(struct tarn__workers *, const struct tarn__addresses *which,
			   const struct tarn__addresses *kept);

/* Logs which addresses were added, and which were removed. */
void tarn__listeners_announce(const struct tarn__addresses *before,
			      const struct tarn__addresses *now, struct tarn__log *);

/* Listens on the sockets of the service manager. An error is logged. */
int tarn__listeners_take(struct tarn__workers *, struct tarn__systemd *, struct tarn__log *);

#endif
