/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/telemetry/cache_file_metrics.h: the metrics of the file of the cache, a part of metrics.h. */
#ifndef TARN_DAEMON_TELEMETRY_CACHE_FILE_METRICS_H
#define TARN_DAEMON_TELEMETRY_CACHE_FILE_METRICS_H

#include <stdio.h>

struct tarn__cache_file_state;

/* Writes them, tarn_snapshot_...; the file is configured. */
void tarn__metrics_put_cache_file(FILE *, const struct tarn__cache_file_state *);

#endif
