/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/xfr.h: a zone from its primary: the query, and the messages of the response, of which the records
 * come out one by one.
 *
 *	SOA    the zone's serial (RFC 1034 section 4.3.5)
 *	AXFR   the whole zone (RFC 5936)
 *	IXFR   what has changed since a serial, or the whole zone, or nothing (RFC 1995)
 *
 * Records are in lower case, their names in RDATA too, so that a record that goes is the one that came,
 * whatever the compression of messages did to its letters. Nothing is trusted: what is not of the zone, not
 * valid or not in its place ends the transfer. Pure; the object is some 65 kB.
 */
#ifndef TARN_DNS_XFR_H
#define TARN_DNS_XFR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"
#include "dns/soa.h"
#include "dns/wire.h"
#include "dns/zone_entry.h"

enum {
	TARN__XFR_RECORDS_MAX = 1 << 24, /* of a response: 8 million names of a policy zone */
	/* A header, a question, and an SOA without names. */
	TARN__XFR_QUERY_MAX = TARN__HEADER_LEN + TARN__NAME_MAX + 4 + 34,
	TARN__XFR_REASON_MAX = 80, /* octets, with NUL */
};

enum tarn__xfr_kind { TARN__XFR_SOA, TARN__XFR_AXFR, TARN__XFR_IXFR };

/* Each returns false to stop. Records are borrowed for the call; their line is 0. */
struct tarn__xfr_callbacks {
	/* What follows is the whole zone, or changes to it. soa is the new one, and is not added. */
	bool (*begin)(void *arg, bool is_whole, const struct tarn__zone_record *soa);
	bool (*add)(void *arg, const struct tarn__zone_record *);
	bool (*remove)(void *arg, const struct tarn__zone_record *); /* of changes only */
};

enum tarn__xfr_result {
	TARN__XFR_MORE, /* further messages have to come */
	TARN__XFR_ENDED, /* the response is whole, and xfr->soa is of the zone as it is now */
	TARN__XFR_UP_TO_DATE, /* IXFR: the server has nothing newer */
	TARN__XFR_FALL_BACK, /* IXFR: it is no use, and AXFR may be; reason says why */
	TARN__XFR_FAILED, /* reason says why */
	TARN__XFR_STOPPED, /* a callback returned false */
};

struct tarn__xfr {
	/* Set by tarn__xfr_init(). */
	enum tarn__xfr_kind kind;
	uint16_t id;
	struct tarn__name zone; /* in lower case */
	uint32_t serial; /* IXFR: of the zone that is changed */
	const struct tarn__xfr_callbacks *callbacks;
	void *arg;
	/* For the caller. */
	struct tarn__soa soa; /* the new one, from the first record on */
	unsigned records; /* that have come */
	char reason[TARN__XFR_REASON_MAX];
	/* Private. */
	enum {
		TARN__XFR_AT_START,
		TARN__XFR_AT_SECOND, /* the second record tells what the response is */
		TARN__XFR_IN_ZONE,
		TARN__XFR_IN_REMOVED,
		TARN__XFR_IN_ADDED,
		TARN__XFR_AT_END,
	} state;
	bool has_question; /* some message had it */
	uint32_t step; /* the serial that the changes so far lead to */
	uint32_t soa_ttl;
	size_t soa_len;
	uint8_t soa_rdata[TARN__SOA_MAX];
	uint8_t owner[TARN__NAME_MAX];
	uint8_t rdata[TARN__RDATA_MAX];
};

/* The zone's name and the callbacks are borrowed; SOA needs no callbacks. serial is for IXFR. */
void tarn__xfr_init(struct tarn__xfr *, enum tarn__xfr_kind, uint16_t id,
		    const struct tarn__name *zone, uint32_t serial,
		    const struct tarn__xfr_callbacks *, void *arg);

/* Writes the query. Returns its octets. */
size_t tarn__xfr_query(const struct tarn__xfr *, uint8_t out[TARN__XFR_QUERY_MAX]);

/* Takes the next message of the response, of any octets. After any result but MORE there is none. */
enum tarn__xfr_result tarn__xfr_take(struct tarn__xfr *, const uint8_t *message, size_t len);

#endif
