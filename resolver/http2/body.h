/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http2/body.h: the body of a request or a response while it comes.
 *
 * Thread: the connection's.
 */
#ifndef TARN_HTTP2_BODY_H
#define TARN_HTTP2_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Makes room for need octets in all; *size is the room that there is. A body grows as it comes: it is not believed
 * to become as long as it says. Most are one frame. Returns false if memory is short.
 */
bool tarn__http2_body_reserve(uint8_t **octets, size_t *size, size_t need);

#endif
