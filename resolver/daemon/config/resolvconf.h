/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/config/resolvconf.h: the servers of a resolv.conf(5). */
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
	bool use_vc; /* "options use-vc": the servers are to be asked over TCP */
};

/*
 * Reads the text of a file, len octets and NUL, which is changed; *out is zeros before. Other lines
 * and options are for the C library alone; a NUL ends a line, as in the C library. A nameserver
 * line without an address is logged and skipped; log may be NULL.
 */
void tarn__resolvconf_read(char *text, size_t len, struct tarn__resolvconf *out,
			   struct tarn__log *log);

#endif
