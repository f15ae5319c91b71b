/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/config/resolvconf.h: what a resolv.conf(5) says of servers. */
#ifndef TARN_DAEMON_CONFIG_RESOLVCONF_H
#define TARN_DAEMON_CONFIG_RESOLVCONF_H

#include <stddef.h>

#include "daemon/settings/addresses.h"
#include "daemon/log/log.h"

/* The file of this system. */
extern const char tarn__resolv_conf[];

struct tarn__resolvconf {
	/* Of the "nameserver" lines, in their order, all of them and not only the first three. */
	struct tarn__addresses servers;
	bool trust_ad; /* "options trust-ad" */
	bool use_vc; /* "options use-vc": the servers are to be asked over TCP, and have that trait */
};

/*
 * Of a file's text, which is changed, len octets and NUL. Other lines and options are the business of
 * the C library; a NUL ends what counts of its line, as it does for that one. A line that names no
 * address is logged and left out; log may be NULL.
 */
void tarn__resolvconf_read(char *text, size_t len, struct tarn__resolvconf *out,
			   struct tarn__log *log);

#endif
