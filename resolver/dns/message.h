/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/message.h: the numbers of a DNS message (RFC 1035 section 4, RFC 6891, RFC 8914). */
#ifndef TARN_DNS_MESSAGE_H
#define TARN_DNS_MESSAGE_H

#include "base/octets.h"
#include "dns/type.h"

enum {
	TARN__HEADER_LEN = 12,
	TARN__NAME_MAX = 255, /* octets with the root label (RFC 1035 section 2.3.4) */
	TARN__LABEL_MAX = 63,
	TARN__MESSAGE_MAX = 65535, /* RFC 1035 section 4.2.2 */
	TARN__UDP_MIN = 512, /* without EDNS (RFC 1035 section 4.2.1) */
	TARN__UDP_MAX = 1232, /* sent and received: fits IPv6's least MTU (RFC 9715) */
};

/* The second 16 bits of the header (RFC 1035 section 4.1.1, RFC 4035 section 3). */
enum {
	TARN__FLAG_QR = 0x8000,
	TARN__FLAG_OPCODE = 0x7800,
	TARN__FLAG_AA = 0x0400,
	TARN__FLAG_TC = 0x0200,
	TARN__FLAG_RD = 0x0100,
	TARN__FLAG_RA = 0x0080,
	TARN__FLAG_Z = 0x0040,
	TARN__FLAG_AD = 0x0020,
	TARN__FLAG_CD = 0x0010,
	TARN__FLAG_RCODE = 0x000f,
};

enum tarn__rcode {
	TARN__NOERROR = 0,
	TARN__FORMERR = 1,
	TARN__SERVFAIL = 2,
	TARN__NXDOMAIN = 3,
	TARN__NOTIMP = 4,
	TARN__REFUSED = 5,
	TARN__BADVERS = 16, /* extended: the OPT has the upper bits (RFC 6891 section 6.1.3) */
	TARN__BADCOOKIE = 23, /* RFC 7873 section 5.2.3 */
};

enum tarn__class {
	TARN__CLASS_IN = 1,
	TARN__CLASS_CH = 3,
	TARN__CLASS_HS = 4,
	TARN__CLASS_NONE = 254,
	TARN__CLASS_ANY = 255,
};

/* Extended DNS errors, RFC 8914 section 5.2. */
enum tarn__ede_code {
	TARN__EDE_OTHER = 0,
	TARN__EDE_STALE = 3,
	TARN__EDE_FORGED = 4,
	TARN__EDE_CACHED_ERROR = 13,
	TARN__EDE_NOT_READY = 14,
	TARN__EDE_BLOCKED = 15,
	TARN__EDE_CENSORED = 16,
	TARN__EDE_FILTERED = 17,
	TARN__EDE_PROHIBITED = 18,
	TARN__EDE_STALE_NXDOMAIN = 19,
	TARN__EDE_NOT_AUTHORITATIVE = 20,
	TARN__EDE_NOT_SUPPORTED = 21,
	TARN__EDE_NO_REACHABLE_AUTHORITY = 22,
	TARN__EDE_NETWORK_ERROR = 23,
};

#endif
