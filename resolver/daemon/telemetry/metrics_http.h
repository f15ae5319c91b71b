/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/telemetry/metrics_http.h: GET /metrics, through libmicrohttpd, which is loaded when it is needed and
 * not before: docs/decisions/metrics.md.
 *
 * Thread: one of its own for each address.
 */
#ifndef TARN_DAEMON_TELEMETRY_METRICS_HTTP_H
#define TARN_DAEMON_TELEMETRY_METRICS_HTTP_H

#include "daemon/settings/addresses.h"
#include "daemon/log/log.h"
#include "daemon/system/process.h"
#include "daemon/telemetry/observers.h"
#include "tarn.h"

struct ev_loop;
struct tarn__metrics_http;

/* NULL, or why there can be none whatever happens: tarn was built without it. */
const char *tarn__metrics_http_fault(void);

/*
 * Loads the library and opens the addresses, before privileges are dropped; without an address it
 * does nothing, and *out is NULL. TARN_ESYSTEM, TARN_ENOMEM: logged.
 */
int tarn__metrics_http_open(const struct tarn__addresses *, struct tarn__log *,
			    struct tarn__metrics_http **out);

/* Answers from now on; all are borrowed. The loop is the main thread's: it ends who is slow. No http is allowed, here and below. TARN_ESYSTEM: logged. */
int tarn__metrics_http_start(struct tarn__metrics_http *, struct tarn *, struct tarn__observers *,
			     struct tarn__process *, struct ev_loop *);

/* Before the workers end. */
void tarn__metrics_http_free(struct tarn__metrics_http *);

#endif
