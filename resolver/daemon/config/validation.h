/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/config/validation.h: what settings need to validate answers: the library, the trust
 * anchors, and a time before which the clock cannot be right.
 */
#ifndef TARN_DAEMON_CONFIG_VALIDATION_H
#define TARN_DAEMON_CONFIG_VALIDATION_H

#include "daemon/log/diagnostics.h"
#include "daemon/log/log.h"
#include "daemon/settings/settings.h"

/*
 * Completes settings that validate: loads the library, which the sandbox does not allow, reads the
 * file of anchors, and sets resolver.dnssec. Of those that do not, only what would be of no use is
 * looked at. What is wrong is added to diagnostics; anchors that are of no use are logged.
 */
void tarn__validation_complete(struct tarn__settings *, struct tarn__diagnostics *,
			       struct tarn__log *);

/*
 * Before the sandbox: waits for the library if it is loaded ahead (crypto/signature.h). Returns 0 or
 * TARN_ESYSTEM, which has been logged.
 */
int tarn__validation_settle(const struct tarn__settings *, struct tarn__log *);

#endif
