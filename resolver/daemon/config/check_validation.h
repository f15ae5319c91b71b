/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/config/check_validation.h: what tarn --check says about DNSSEC. */
#ifndef TARN_DAEMON_CONFIG_CHECK_VALIDATION_H
#define TARN_DAEMON_CONFIG_CHECK_VALIDATION_H

#include <stdio.h>

#include "daemon/settings/settings.h"

/*
 * Prints as remarks whether completed settings validate answers; from which anchors, and which names
 * are insecure by configuration; and what trust-ad means beside it.
 */
void tarn__check_validation(const struct tarn__settings *, FILE *out);

#endif
