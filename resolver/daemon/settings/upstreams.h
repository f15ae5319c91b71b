/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/settings/upstreams.h: an upstream server as people write it: a scheme for its transport, its address,
 * and words for what it is to be asked without: "192.0.2.1", "tcp://192.0.2.1",
 * "udp://[2001:db8::1]:5300 no-mixed-case no-cookies". Schemes are known here and nowhere else.
 */
#ifndef TARN_DAEMON_SETTINGS_UPSTREAMS_H
#define TARN_DAEMON_SETTINGS_UPSTREAMS_H

#include "tarn.h"

/* Octets of the longest text with all there is to say, with NUL. */
enum { TARN__UPSTREAM_TEXT_MAX = TARN_ADDRESS_TEXT_MAX + 48 };

/* NULL, or what is wrong with it; then the outputs are as they were. */
const char *tarn__upstream_parse(const char *text, struct tarn_address *, struct tarn_traits *);

/* Writes it into out and returns out; traits may be NULL. Without a scheme for TARN_UDP. */
char *tarn__upstream_format(const struct tarn_address *, const struct tarn_traits *,
			    char out[TARN__UPSTREAM_TEXT_MAX]);

bool tarn__traits_are_equal(const struct tarn_traits *, const struct tarn_traits *);

#endif
