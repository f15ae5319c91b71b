/* SPDX-License-Identifier: BSD-2-Clause */
/* net/upstream/stats.h: what a carrier and its channels count. */
#ifndef TARN_NET_UPSTREAM_STATS_H
#define TARN_NET_UPSTREAM_STATS_H

#include <stdint.h>

#include "base/transport.h"

/* All members are uint64_t (tarn__stats_add()). */
struct tarn__carrier_stats {
	uint64_t foreign; /* messages that answer nothing asked (RFC 5452 section 9.1) */
	uint64_t sockets; /* opened */
	uint64_t channels; /* alive */
	uint64_t opened[TARN__TRANSPORTS]; /* of the sockets, by enum tarn__transport */
	/* Connections to servers that were encrypted, with a handshake of its own or a resumed session. */
	uint64_t handshakes, resumptions;
	/* Those that were not: the server is not who it should be; all other reasons. */
	uint64_t refused_certificates, failed_setups;
};

#endif
