/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/config/probe.h: the part of tarn --probe after that of tarn --check: each server that would be asked for
 * what is validated is asked for the keys of its zone, as tarn asks it, to find out whether signatures come.
 */
#ifndef TARN_DAEMON_CONFIG_PROBE_H
#define TARN_DAEMON_CONFIG_PROBE_H

#include <stdbool.h>
#include <stdio.h>

#include "core/config.h"

/*
 * Asks the servers of the root, and of other zones that are validated, and prints a remark on each. It takes some
 * seconds for each TARN__PROBES_AT_ONCE servers. Returns true if each of these zones has a server that would do.
 */
bool tarn__probe(const struct tarn__config *, FILE *out);

enum { TARN__PROBES_AT_ONCE = 64 /* the most that a zone has */ };

/* What a response to the question for a zone's keys shows. */
enum tarn__probe_result {
	TARN__PROBE_SIGNED,
	TARN__PROBE_STRIPPED, /* there are keys, and no signature */
	TARN__PROBE_NO_KEYS,
	TARN__PROBE_FAILED, /* SERVFAIL and the like, which tarn has composed */
};
enum tarn__probe_result tarn__probe_judge(const uint8_t *wire, size_t len);

#endif
