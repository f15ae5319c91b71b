/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/serve.h: tarn while it answers, from its first socket to the signal that ends it. */
#ifndef TARN_DAEMON_SERVE_H
#define TARN_DAEMON_SERVE_H

#include "daemon/log/log.h"
#include "daemon/settings/options.h"
#include "daemon/system/privileges.h"
#include "daemon/system/systemd.h"
#include "daemon/settings/settings.h"
#include "tarn.h"

/* The resolver that the settings mean. NULL: logged. */
struct tarn *tarn__serve_resolver(const struct tarn__settings *, struct tarn__log *);

/* Until a signal or tarnctl ends it. settings are completed, and say who tarn is to be. The exit status. */
int tarn__serve(const struct tarn__command_line *, struct tarn__settings *,
		const struct tarn__identity *, struct tarn__systemd *, struct tarn__log *);

#endif
