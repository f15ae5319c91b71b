/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/settings/settings.h: how tarn is to run: the values of all options, and what was found out
 * about them.
 *
 * The command line (daemon/config/command_line.h) and the configuration file
 * (daemon/config/configuration.h) fill it by the table of options (daemon/settings/options.h);
 * daemon/config/completion.h completes it.
 */
#ifndef TARN_DAEMON_SETTINGS_SETTINGS_H
#define TARN_DAEMON_SETTINGS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/settings/addresses.h"
#include "daemon/settings/option_types.h"
#include "tarn.h"

/* Where a setting comes from. */
struct tarn__origin {
	enum { TARN__BY_DEFAULT, TARN__BY_FILE, TARN__BY_COMMAND_LINE } by;
	unsigned line; /* of file */
	const char *file; /* one of settings.files */
};

/* At least the number of rows of tarn__options. */
enum { TARN__OPTIONS_MAX = 48 };
_Static_assert(TARN__OPTIONS_MAX <= 64, "each has a bit in a uint64_t");

/*
 * forward "zone" { ... }. What is not set has the default of struct tarn_forward, not the value
 * outside of the section.
 */
struct tarn__forward_settings {
	/*
	 * Its lists are empty: tarn__settings_to_options() fills them. The zone is as the file has
	 * it.
	 */
	struct tarn_forward resolver;
	struct tarn__servers upstreams;
	struct tarn__origin origin; /* of the section */
	uint64_t set; /* a bit for each of the rows of tarn__options */
};

/* Zero: not set. Texts and lists are owned, here and below. */
struct tarn__settings {
	/* Its lists are empty: tarn__settings_to_options() fills them from those below. */
	struct tarn_options resolver;
	struct tarn__addresses upstreams;
	struct tarn__networks allow;
	struct tarn__names pass;
	struct tarn__port_ranges avoid_ports;
	struct tarn__forward_settings *forwards; /* in the order of the file */
	size_t forward_count;

	const char *config_file; /* as the command line has it */
	struct tarn__addresses listens;
	unsigned workers;
	const char *user;
	bool no_sandbox;
	enum tarn_log_level log_level;
	unsigned verbosity; /* number of -v */
	const char *query_log; /* a file, or "stderr"; NULL: none */
	const char *dnstap; /* a Unix socket; NULL: none */
	const char *control; /* a Unix socket; "none" */
	const char *control_group;
	struct tarn__addresses metrics;

	struct tarn__origin origins[TARN__OPTIONS_MAX]; /* by the rows of tarn__options */
	/* All files that were read; ending in '/', directories that patterns were matched in. */
	const char **files;
	size_t file_count;

	/*
	 * The addresses that are listened on: before completion those of sockets of the service
	 * manager; once the listeners are open those of listens too, with the ports that the system
	 * chose.
	 */
	struct tarn__addresses bound;

	/* Set by tarn__confine(): files elsewhere cannot be opened until a restart. */
	bool is_confined;

	/* Set by tarn__settings_complete(). */
	bool has_default_listens;
	bool has_system_upstreams; /* from resolv.conf */
	bool has_system_trust; /* resolver.trust_ad is resolv.conf's */
	bool has_late_trust; /* resolv.conf has got the option trust-ad since */
	struct tarn__addresses own_upstreams; /* those of resolv.conf that are tarn itself */
};

/* NULL: out of memory. */
struct tarn__settings *tarn__settings_new(void);
void tarn__settings_free(struct tarn__settings *); /* NULL is allowed. */

/*
 * Frees the forward sections. There may be tens of thousands, and they are not needed once a
 * resolver has its options (tarn__settings_to_options()) and tarn is confined.
 */
void tarn__settings_forget_forwards(struct tarn__settings *);

/* Returns the origin of a field of TARN__SCOPE_GLOBAL: &settings->upstreams. */
const struct tarn__origin *tarn__settings_origin(const struct tarn__settings *, const void *field);

/* Returns true if a query to server would arrive at tarn itself. */
bool tarn__settings_has_self(const struct tarn__settings *, const struct tarn_address *server);

/*
 * Makes the options of a resolver from completed settings; log is NULL. They borrow from the
 * settings, which must not change meanwhile; only the array out->forwards is the caller's to free.
 * TARN_ENOMEM.
 */
int tarn__settings_to_options(const struct tarn__settings *, struct tarn_options *out);

/* Returns the level that is logged: debug with --verbose, otherwise log_level. */
enum tarn_log_level tarn__settings_log_level(const struct tarn__settings *);

#endif
