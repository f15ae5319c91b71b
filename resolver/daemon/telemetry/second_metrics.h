/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/telemetry/second_metrics.h: the metrics of the second level of the cache, a part of metrics.h. */
#ifndef TARN_DAEMON_TELEMETRY_SECOND_METRICS_H
#define TARN_DAEMON_TELEMETRY_SECOND_METRICS_H

#include <stdio.h>

struct tarn__second_counts;

/* Writes them, tarn_shared_...; workers is the number of threads that could have a connection. */
void tarn__metrics_put_second(FILE *, const struct tarn__second_counts *, unsigned workers);

#endif
