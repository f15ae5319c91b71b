/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/settings/settings.h: everything tarn was told or found out about how to run. */
#ifndef TARN_DAEMON_SETTINGS_SETTINGS_H
#define TARN_DAEMON_SETTINGS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/settings/addresses.h"
#include "daemon/log/diagnostics.h"
#include "daemon/log/log.h"
#include "daemon/settings/option_types.h"

/* Where a setting comes from. */
struct tarn__origin {
	enum { TARN__BY_DEFAULT, TARN__BY_FILE, TARN__BY_COMMAND_LINE } by;
	unsigned line; /* of file */
	const char *file; /* one of settings.files */
};

/* No fewer than there are rows in the table of options.c. */
enum { TARN__OPTIONS_MAX = 48 };
_Static_assert(TARN__OPTIONS_MAX <= 64, "each has a bit in a uint64_t");

/* forward "zone" { ... }; what it lacks is as with struct tarn_forward, not as outside of it. */
struct tarn__forward_settings {
	const char *zone; /* as said */
	struct tarn__servers upstreams;
	enum tarn_selection selection;
	struct tarn_source source;
	bool follow_cnames;
	struct tarn__origin origin; /* of the section */
	uint64_t said; /* a bit for each of the rows of tarn__options */
};

/* Zero means not said. Texts and lists are owned, here and below. */
struct tarn__settings {
	const char *config_file; /* as the command line says it */
	struct tarn__addresses listens;
	struct tarn__addresses upstreams;
	enum tarn_selection selection;
	struct tarn_source source;
	struct tarn__port_ranges avoid_ports;
	struct tarn__forward_settings *forwards; /* in the order of the file */
	size_t forward_count;
	unsigned workers;
	size_t cache_size;
	int32_t stale_sec; /* negative: none */
	int32_t failure_sec, failure_max_sec;
	struct tarn__networks allow;
	struct tarn__names pass;
	bool hide_identity;
	bool trust_ad;
	bool rotate_addresses;
	const char *user;
	bool no_sandbox;
	enum tarn_log_level log_level;
	unsigned verbosity; /* how many times -v */
	const char *query_log; /* a file, or "stderr"; NULL: none */
	const char *dnstap; /* a Unix socket; NULL: none */
	const char *control; /* a Unix socket; "none" */
	const char *control_group;
	struct tarn__addresses metrics;

	struct tarn__origin origins[TARN__OPTIONS_MAX]; /* by the rows of tarn__options */
	/* All that were read; ending in '/', directories where a pattern was looked for. */
	const char **files;
	size_t file_count;

	/*
	 * What is listened on: sockets of the service manager, known before the settings are completed,
	 * and listens once they are open, with the ports that the system picked.
	 */
	struct tarn__addresses bound;

	/* Files elsewhere are out of reach until a restart: tarn__confine() has been there. */
	bool is_confined;

	/* Found out by tarn__settings_complete(). */
	bool has_default_listens;
	bool has_system_upstreams; /* from resolv.conf */
	bool has_default_workers;
	bool has_system_trust; /* trust_ad is resolv.conf's */
	bool has_late_trust; /* resolv.conf has come to say so since */
	struct tarn__addresses own_upstreams; /* those of resolv.conf that are tarn itself */
};

/* NULL: out of memory. */
struct tarn__settings *tarn__settings_new(void);
void tarn__settings_free(struct tarn__settings *); /* NULL is allowed. */

/*
 * Frees the forward sections: there may be tens of thousands, and nobody asks for them once a resolver has
 * been told (tarn__settings_to_options()) and tarn is confined.
 */
void tarn__settings_forget_forwards(struct tarn__settings *);

/* Of a field that an option outside of section forward fills: &settings->upstreams. */
const struct tarn__origin *tarn__settings_origin(const struct tarn__settings *, const void *field);

/*
 * Puts what was not said in its place; upstreams are read from the file at resolv_conf then.
 * TARN_EINVAL: tarn would ask itself, or a user or group is not there, as diagnostics, none before, say.
 */
int tarn__settings_complete(struct tarn__settings *, const char *resolv_conf,
			    struct tarn__diagnostics *, struct tarn__log *);

/*
 * Once completed: reads resolv.conf again, where the upstreams come from it. True: they are others
 * now, and that is logged. A file that is not there names none; of one that cannot be read nothing
 * is taken, and that is logged too. trust_ad ends when the servers are no longer said to deserve it,
 * but does not begin: what is in the cache may be other servers' word.
 */
bool tarn__settings_reread(struct tarn__settings *, const char *resolv_conf, struct tarn__log *log);

/*
 * What a resolver is to be told, cache_size and everything else, but for log. It is borrowed from the
 * settings, which stay as they are meanwhile, but for forwards: an array that the caller frees.
 * TARN_ENOMEM.
 */
int tarn__settings_to_options(const struct tarn__settings *, struct tarn_options *out);

/* What is logged: --verbose is more than any level that was said. */
enum tarn_log_level tarn__settings_log_level(const struct tarn__settings *);

#endif
