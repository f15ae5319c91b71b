/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/scenario/records.h: the records below a statement of a script (tests/scenario/script.h), and the
 * signatures that are made for them.
 */
#ifndef TESTS_SCENARIO_RECORDS_H
#define TESTS_SCENARIO_RECORDS_H

#include <ldns/ldns.h>
#include <stddef.h>

#include "signing.h"

enum { RECORDS_MAX = 128 };

struct record {
	ldns_pkt_section section;
	ldns_rr *rr;
	struct signing_how how; /* of its RRset */
};

struct records {
	size_t count;
	struct record items[RECORDS_MAX];
};

/* Adds the records of a line, which is changed. Returns NULL, or what is wrong. */
const char *records_read(struct records *, struct signing *, char *line);

/* Puts the signatures of each RRset behind its last record. Returns as the above. */
const char *records_sign(struct records *, struct signing *);

void records_clear(struct records *);

#endif
