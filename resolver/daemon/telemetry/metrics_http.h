/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/telemetry/metrics_http.h: GET /metrics, through libmicrohttpd, which is loaded only if needed:
 * docs/decisions/metrics.md.
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
struct tarn__cache_file_board;
struct tarn__certificates_board;
struct tarn__figures_board;
struct tarn__metrics_http;
struct tarn__transfer_board;

/* What the main thread writes down for others; NULL: there is nothing of that kind. */
struct tarn__metrics_boards {
	struct tarn__figures_board *names;
	struct tarn__transfer_board *transfers;
	struct tarn__certificates_board *certificates;
	struct tarn__cache_file_board *cache_file;
};

/* Returns NULL, or a text if tarn was built without it. */
const char *tarn__metrics_http_fault(void);

/*
 * Loads the library and opens the addresses, before privileges are dropped; without an address it has no
 * effect, and *out is NULL. TARN_ESYSTEM, TARN_ENOMEM: logged.
 */
int tarn__metrics_http_open(const struct tarn__addresses *, struct tarn__log *,
			    struct tarn__metrics_http **out);

/*
 * Starts to answer; all arguments are borrowed, but for the struct of boards. The loop is the main thread's,
 * which ends slow requests. http may be NULL, here and below. TARN_ESYSTEM: logged.
 */
int tarn__metrics_http_start(struct tarn__metrics_http *, struct tarn *, struct tarn__observers *,
			     struct tarn__process *, const struct tarn__metrics_boards *,
			     struct ev_loop *);

/* To be called before the workers end. */
void tarn__metrics_http_free(struct tarn__metrics_http *);

#endif
