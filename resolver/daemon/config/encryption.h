/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/config/encryption.h: what settings need to answer over TLS and HTTPS: certificates with their keys,
 * and a build with the libraries. Nothing is answered in the clear that was meant to be encrypted.
 */
#ifndef TARN_DAEMON_CONFIG_ENCRYPTION_H
#define TARN_DAEMON_CONFIG_ENCRYPTION_H

#include "daemon/log/diagnostics.h"
#include "daemon/settings/settings.h"

/* Adds what is missing, what this build lacks, and what has no effect. No file is read. */
void tarn__encryption_check(const struct tarn__settings *, struct tarn__diagnostics *);

#endif
