/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/settings/upstreams.h: the text form of an upstream server: a scheme for its transport, its
 * address, and words for what its queries lack: "192.0.2.1", "tcp://192.0.2.1",
 * "udp://[2001:db8::1]:5300 no-mixed-case no-cookies". No other file knows the schemes.
 */
#ifndef TARN_DAEMON_SETTINGS_UPSTREAMS_H
#define TARN_DAEMON_SETTINGS_UPSTREAMS_H

#include "tarn.h"

/* Octets of the longest text, with NUL. */
enum { TARN__UPSTREAM_TEXT_MAX = TARN_ADDRESS_TEXT_MAX + 48 };

/* Returns NULL, or the reason why the text is refused; then the outputs are unchanged. */
const char *tarn__upstream_parse(const char *text, struct tarn_address *, struct tarn_traits *);

/* Writes the text into out and returns out; without a scheme for TARN_UDP. traits NULL: zeros. */
char *tarn__upstream_format(const struct tarn_address *, const struct tarn_traits *,
			    char out[TARN__UPSTREAM_TEXT_MAX]);

#endif
