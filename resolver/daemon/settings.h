/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/settings.h: everything tarn was told or found out about how to run. */
#ifndef TARN_DAEMON_SETTINGS_H
#define TARN_DAEMON_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "daemon/addresses.h"
#include "daemon/log.h"

/* More threads than the largest machines have use for. */
enum { TARN__WORKERS_MAX = 256 };

/* Far more than anybody lists; a bound so that lists need no memory of their own. */
enum { TARN__ALLOW_MAX = 64, TARN__PASS_MAX = 64 };

struct tarn__settings { /* zero means not said */
	struct tarn__addresses listens;
	struct tarn__addresses upstreams;
	unsigned workers;
	size_t cache_size;
	unsigned verbosity;
	struct tarn_network allow[TARN__ALLOW_MAX];
	size_t allow_count;
	const char *pass[TARN__PASS_MAX]; /* as said; borrowed */
	size_t pass_count;
	enum tarn_policy policy;
	bool trust_ad;
	bool hide_identity;

	/* Found out by tarn__settings_complete(). */
	bool has_default_listens;
	bool has_system_upstreams; /* from resolv.conf */
	bool has_default_workers;
	bool has_system_trust; /* trust_ad is resolv.conf's */
	bool has_late_trust; /* resolv.conf has come to say so since */
	struct tarn__addresses own_upstreams; /* those of resolv.conf that are tarn itself */
};

/*
 * Puts what was not said in its place; upstreams are read from the file at resolv_conf then.
 * TARN_EINVAL, logged: tarn would ask itself.
 */
int tarn__settings_complete(struct tarn__settings *, const char *resolv_conf, struct tarn__log *);

/*
 * Once completed: reads resolv.conf again, where the upstreams come from it. True: they are others
 * now, and that is logged. A file that is not there names none; of one that cannot be read nothing
 * is taken, and that is logged too. trust_ad ends when the servers are no longer said to deserve it,
 * but does not begin: what is in the cache may be other servers' word.
 */
bool tarn__settings_reread(struct tarn__settings *, const char *resolv_conf, struct tarn__log *log);

/* The policies' names, in the order of their enum; NULL behind the last. */
extern const char *const tarn__policy_names[];

/* Says in words what completed settings mean. */
void tarn__settings_explain(const struct tarn__settings *, FILE *out);

#endif
