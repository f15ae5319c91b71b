/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/config/probe.h: the part of tarn --probe after that of tarn --check: each server that would be
 * asked for what is validated is asked for the keys of its zone, as tarn asks it, to find out whether
 * signatures come.
 */
#ifndef TARN_DAEMON_CONFIG_PROBE_H
#define TARN_DAEMON_CONFIG_PROBE_H

#include <stdbool.h>
#include <stdio.h>

#include "core/config.h"

struct ev_loop;

/*
 * Asks the servers of the root, and of other zones that are validated, on the loop, which it runs, and
 * prints a remark on each; tls is that of the configuration, for encrypted ones. It takes some seconds for each zone. Returns true if each of them has a server
 * that would do.
 */
bool tarn__probe(const struct tarn__config *, const struct tarn_tls *, struct ev_loop *, FILE *out);

#endif
