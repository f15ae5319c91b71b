/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http2/http2.h: HTTP/2 for DNS (RFC 8484), to servers (h2_client.h) and from clients (h2_server.h). nghttp2.c is
 * the only door to libnghttp2, 1.43 and later, which is loaded when it is first needed.
 *
 * Thread: tarn__http2_load() any; the rest as the connection's.
 */
#ifndef TARN_HTTP2_HTTP2_H
#define TARN_HTTP2_HTTP2_H

#include <stdbool.h>

/* Returns true if tarn is built with it. */
bool tarn__http2_is_built(void);

/* Loads the library, once: afterwards nothing is opened. Returns NULL, or the reason, which stays valid. */
const char *tarn__http2_load(void);

#endif
