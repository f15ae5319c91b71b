/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/transfer/timing.h: when a zone is looked at again, by the timers of its SOA (RFC 1034 section
 * 4.3.5). Pure; times are seconds.
 */
#ifndef TARN_DAEMON_TRANSFER_TIMING_H
#define TARN_DAEMON_TRANSFER_TIMING_H

#include <stdbool.h>
#include <stdint.h>

#include "dns/soa.h"

enum {
	TARN__TIMING_MIN = 60, /* of refresh and retry: less would be a load on primaries */
	TARN__TIMING_MAX = 28 * 86400, /* of the same: a month without a look is a mistake */
	/* A zone that has never been there: the network may come up after tarn. Doubled up to an hour. */
	TARN__TIMING_FIRST = 10,
	TARN__TIMING_FIRST_MAX = 3600,
};

/* Returns the time from a success to the next look. */
uint32_t tarn__timing_refresh(const struct tarn__soa *);

/*
 * Returns the time to the next attempt after that number of failures, 1 at least. soa is NULL without a
 * zone.
 */
uint32_t tarn__timing_retry(const struct tarn__soa *soa, unsigned failures);

/* Returns true if the zone has not been confirmed for longer than its SOA allows. Times are since 1970. */
bool tarn__timing_is_expired(const struct tarn__soa *, int64_t confirmed_s, int64_t now_s);

#endif
