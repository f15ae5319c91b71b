/* SPDX-License-Identifier: BSD-2-Clause */
/* base/transport.c: the transports, one row each. */
#include "base/transport.h"

#include "tarn.h"

_Static_assert((int)TARN_UDP == (int)TARN__UDP && (int)TARN_TCP == (int)TARN__TCP,
	       "how a server is asked first is a transport");

const struct tarn__transport_traits tarn__transports[TARN__TRANSPORTS] = {
	[TARN__UDP] = {.name = "udp", .channels_max = TARN__UDP_CHANNELS, .is_stream = false},
	[TARN__TCP] = {.name = "tcp", .channels_max = TARN__TCP_CHANNELS, .is_stream = true},
};
