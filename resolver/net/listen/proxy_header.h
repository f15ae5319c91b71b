/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/listen/proxy_header.h: the header of the PROXY protocol, version 2, by which a proxy says whose connection
 * it passes on:
 *
 *	12 octets   0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a
 *	1           version 2, and the command: 0 LOCAL, 1 PROXY
 *	1           family: 0 none, 1 IPv4, 2 IPv6, 3 UNIX; transport: 0 none, 1 stream, 2 datagram
 *	2           the length of what follows
 *	            source and destination address, source and destination port; then TLVs
 *
 * Thread: any; pure functions.
 */
#ifndef TARN_NET_LISTEN_PROXY_HEADER_H
#define TARN_NET_LISTEN_PROXY_HEADER_H

#include <stddef.h>
#include <stdint.h>

#include "tarn.h"

enum {
	TARN__PROXY_HEADER_MIN = 16,
	/*
	 * The addresses of the longest family, UNIX, in place of which IPv4 and IPv6 have room for TLVs. A
	 * receiver need not take more; what the TLVs of proxies say is not of interest here.
	 */
	TARN__PROXY_HEADER_MAX = TARN__PROXY_HEADER_MIN + 216,
};

/*
 * Reads a header of which len octets have come, no more than it has. Returns the number of octets that are to
 * come at the least, so that nothing behind the header is read; 0: it is whole, and *client is set: its family is
 * AF_UNSPEC if the proxy speaks for itself. TARN_EINVAL: it is none, or none of a connection over TCP.
 */
long tarn__proxy_header_read(const uint8_t *octets, size_t len, struct tarn_address *client);

#endif
