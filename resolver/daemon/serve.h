/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/serve.h: runs the resolver from the first socket to the signal that ends it. */
#ifndef TARN_DAEMON_SERVE_H
#define TARN_DAEMON_SERVE_H

#include "daemon/config/command_line.h"
#include "daemon/log/log.h"
#include "daemon/system/privileges.h"
#include "daemon/system/systemd.h"
#include "daemon/settings/settings.h"
#include "tarn.h"

/* Creates the resolver that the settings describe. NULL: logged. */
struct tarn *tarn__serve_resolver(const struct tarn__settings *, struct tarn__log *);

/*
 * Runs until a signal or tarnctl ends it. The settings are completed, with the user to become. Returns the
 * exit status.
 */
int tarn__serve(const struct tarn__command_line *, struct tarn__settings *,
		const struct tarn__identity *, struct tarn__systemd *, struct tarn__log *);

#endif
