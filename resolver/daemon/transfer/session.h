/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/transfer/session.h: one question about a zone to its primary, over a TCP connection of its own
 * (RFC 7766): its serial, the whole zone, or changes (dns/xfr.h), signed if there is a key (dns/tsig.h).
 * The records that come out of messages before the last one are signed by later messages: nothing of them
 * counts before done says that all is good.
 *
 * Thread: the loop's.
 */
#ifndef TARN_DAEMON_TRANSFER_SESSION_H
#define TARN_DAEMON_TRANSFER_SESSION_H

#include <ev.h>
#include <stdint.h>

#include "dns/tsig.h"
#include "dns/xfr.h"
#include "tarn.h"

enum {
	TARN__SESSION_IDLE_SEC = 60, /* without a whole message */
	TARN__SESSION_MAX_SEC = 3600, /* 256 MiB take that long at 600 kbit/s */
};

struct tarn__session_options { /* borrowed by the session, but for the struct itself */
	struct ev_loop *loop;
	const struct tarn_address *primary;
	const struct tarn_source *source; /* for the call only */
	const struct tarn__tsig_key *key; /* NULL: nothing is signed */
	enum tarn__xfr_kind kind;
	uint16_t id;
	const struct tarn__name *zone;
	uint32_t serial; /* IXFR */
	const struct tarn__xfr_callbacks *callbacks; /* NULL for SOA */
	/*
	 * Called once, not within new(): ENDED, UP_TO_DATE, FALL_BACK, FAILED with a reason, or STOPPED. It may
	 * free the session.
	 */
	void (*done)(void *data, enum tarn__xfr_result, const struct tarn__soa *,
		     const char *reason);
	void *data; /* for the callbacks too */
};

struct tarn__session;

/* The codes of signatures by crypto/hmac.h. */
extern const struct tarn__tsig_hmac tarn__session_hmac;

/* NULL with errno: the connection could not be begun. */
struct tarn__session *tarn__session_new(const struct tarn__session_options *);

/* Ends it, without calling done. NULL is allowed. */
void tarn__session_free(struct tarn__session *);

#endif
