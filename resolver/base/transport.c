/* SPDX-License-Identifier: BSD-2-Clause */
/* base/transport.c: the transports, one row each. */
#include "base/transport.h"

const struct tarn__transport_traits tarn__transports[TARN__TRANSPORTS] = {
	[TARN__UDP] = {.name = "udp", .is_stream = false},
	[TARN__TCP] = {.name = "tcp", .is_stream = true},
};
