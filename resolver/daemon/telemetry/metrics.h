/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/telemetry/metrics.h: the statistics in Prometheus' text format, version 0.0.4. */
#ifndef TARN_DAEMON_TELEMETRY_METRICS_H
#define TARN_DAEMON_TELEMETRY_METRICS_H

#include <stddef.h>

#include "daemon/cache_file/state.h"
#include "daemon/certificates/state.h"
#include "daemon/names/figures.h"
#include "daemon/system/process.h"
#include "daemon/telemetry/observers.h"
#include "daemon/transfer/state.h"
#include "net/totals.h"

/* States of zones that come by transfer. */
struct tarn__metrics_transfers {
	const struct tarn__transfer_state *states;
	size_t count;
};

/* Returns the text, to be freed. NULL: out of memory. The figures, the certificates and the file may be NULL. */
char *tarn__metrics_text(const struct tarn__totals *, const struct tarn__lost *,
			 const struct tarn__usage *, const struct tarn__name_figures *,
			 const struct tarn__metrics_transfers *,
			 const struct tarn__certificates_state *,
			 const struct tarn__cache_file_state *, size_t *len);

#endif
