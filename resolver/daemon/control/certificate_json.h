/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/control/certificate_json.h: the certificates that clients are shown as JSON, by the rules of
 * daemon/control/json.h. NULL: out of memory.
 */
#ifndef TARN_DAEMON_CONTROL_CERTIFICATE_JSON_H
#define TARN_DAEMON_CONTROL_CERTIFICATE_JSON_H

#include <jansson.h>
#include <stdint.h>

#include "daemon/certificates/state.h"

/* When they were read, what was wrong then, and each with the days that are left at that time since 1970. */
json_t *tarn__control_json_certificates(const struct tarn__certificates_state *, uint64_t now_sec);

#endif
