/* SPDX-License-Identifier: BSD-2-Clause */
/* base/transport.c: the transports, one row each. */
#include "base/transport.h"

#include "tarn.h"

_Static_assert((int)TARN_UDP == (int)TARN__UDP && (int)TARN_TCP == (int)TARN__TCP &&
		       (int)TARN_TLS == (int)TARN__TLS && (int)TARN_HTTPS == (int)TARN__HTTPS,
	       "how a server is asked first is a transport");

const struct tarn__transport_traits tarn__transports[TARN__TRANSPORTS] = {
	[TARN__UDP] = {.name = "udp", .channels_max = TARN__UDP_CHANNELS, .port = 53},
	[TARN__TCP] = {.name = "tcp",
		       .channels_max = TARN__TCP_CHANNELS,
		       .port = 53,
		       .is_stream = true,
		       .has_keepalive = true},
	/* RFC 7858 section 3.1 */
	[TARN__TLS] = {.name = "tls",
		       .channels_max = TARN__TLS_CHANNELS,
		       .port = 853,
		       .is_stream = true,
		       .is_encrypted = true,
		       .has_keepalive = true},
	[TARN__HTTPS] = {.name = "https",
			 .channels_max = TARN__TLS_CHANNELS,
			 .port = 443,
			 .is_stream = true,
			 .is_encrypted = true},
};
