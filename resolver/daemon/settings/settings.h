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

#include "core/policy/rules.h"
#include "daemon/settings/addresses.h"
#include "daemon/settings/option_types.h"
#include "daemon/settings/servers.h"
#include "dns/namelist_line.h"
#include "tarn.h"

/* Where a setting comes from. */
struct tarn__origin {
	enum { TARN__BY_DEFAULT, TARN__BY_FILE, TARN__BY_COMMAND_LINE } by;
	unsigned line; /* of file */
	const char *file; /* one of settings.files */
};

enum {
	TARN__OPTIONS_MAX = 128, /* at least the number of rows of tarn__options */
	TARN__LISTS_MAX = TARN__NAMELIST_SETS_MAX,
	TARN__GROUPS_OWN_MAX = TARN__GROUPS_MAX - 1, /* "default" is the first group */
};

/*
 * Sections with titles. `set` has a bit for each row of their scope, in the order of tarn__options
 * (tarn__option_bit()). Texts and lists are owned.
 */

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
	bool discover;
	struct tarn__origin origin; /* of the section */
	uint64_t set;
};

/*
 * block "name" { ... }, allow "name" { ... }, rpz "name" { ... }. tarn__settings_complete() sets
 * the defaults.
 */
struct tarn__list_settings {
	enum tarn__rule_set_kind kind;
	const char *name;
	struct tarn__names files; /* files and folders */
	struct tarn__names names; /* of the section itself, with all names below them */
	enum tarn__namelist_format format;
	unsigned subdomains; /* enum tarn__namelist_subdomains, for all files */
	/* TARN__NAMELIST_DATA: the addresses. Of kind rpz TARN__NAMELIST_DEFAULT, of no use. */
	enum tarn__namelist_action answer;
	struct tarn__addresses addresses; /* port 0 */
	int32_t ttl; /* seconds, of answers without records of a zone */
	struct tarn__names groups; /* none: all clients */
	bool no_chain;
	enum tarn__rule_reason reason;
	/* Of kind rpz: */
	struct tarn__addresses primaries;
	const char *key; /* a file; NULL: none */
	/* "nxdomain", "nodata", "passthru", "drop", "tcp-only", "disabled"; NULL: none */
	const char *override;
	struct tarn__origin origin; /* of the section */
	uint64_t set;
};

/* group "name" { ... } */
struct tarn__group_settings {
	const char *name;
	struct tarn__networks clients;
	/* As struct tarn__group has them (core/policy/groups.h); equal: always; 0: all days. */
	uint16_t begin, end;
	uint8_t days;
	struct tarn__origin origin; /* of the section */
	uint64_t set;
};

/* Zero: not set. Texts and lists are owned, here and below. */
struct tarn__settings {
	/* Its lists are empty: tarn__settings_to_options() fills them from those below. */
	struct tarn_options resolver;
	struct tarn__servers upstreams;
	struct tarn__addresses
		bootstrap; /* asked for the addresses of upstreams with names alone */
	bool discover; /* of upstreams in the clear whether they are encrypted as well */
	struct tarn__networks allow;
	struct tarn__names pass;
	struct tarn__port_ranges avoid_ports;
	struct tarn__forward_settings *forwards; /* in the order of the file */
	size_t forward_count;
	struct tarn__names private_ok;
	struct tarn__types filter_types;
	struct tarn__networks filter_clients;
	struct tarn__networks dns64_prefixes;
	struct tarn__names dns64_excluded;
	struct tarn__networks dns64_clients;
	const char *anchor_file; /* absolute; "none" */
	struct tarn__texts anchor_lines;
	struct tarn__names insecure;

	struct tarn__names local_hosts, local_leases; /* files and folders */
	struct tarn__names local_zones;
	/* Records as in a zone file, in which all names are absolute: the origin is the root. */
	struct tarn__texts local_records;
	const char *local_domain; /* NULL: none */
	int32_t local_ttl; /* seconds */
	struct tarn__list_settings *lists; /* in the order of the file */
	size_t list_count;
	struct tarn__group_settings *groups; /* in the order of the file */
	size_t group_count;
	const char *cache_file; /* an absolute path; "none" */
	int32_t save_sec; /* between two saves; 0: at the end only */

	/* shared { ... }: the second level; numbers and switches are resolver.second's. */
	struct tarn__addresses second_server, second_replica; /* one of each at most */
	struct tarn__addresses second_sentinels;
	const char *second_secret, *second_password, *second_ca; /* absolute paths */
	const char *second_socket, *second_master, *second_user, *second_name;

	const char *state; /* the folder of compiled lists; "none" */

	const char *config_file; /* as the command line has it */
	struct tarn__addresses listens;
	struct tarn__addresses tls_listens, https_listens;
	struct tarn__names certificates, keys; /* files, as many: pairs */
	const char *listen_name; /* that clients are told of (RFC 9462); NULL: they are not */
	struct tarn__networks proxies;
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
	 * The addresses that are listened on, with their transports: before completion those of
	 * sockets of the service manager; once the listeners are open those of listens, tls_listens
	 * and https_listens too, with the ports that the system chose. TARN_UDP: over UDP and TCP.
	 */
	struct tarn__addresses bound;

	/* Set by tarn__confine(): files elsewhere cannot be opened until a restart. */
	bool is_confined;

	/*
	 * Set by tarn__settings_complete() if they validate: the contents of anchor_file, and what
	 * resolver.dnssec.anchors is, of as many items: that and the lines.
	 */
	char *anchor_text; /* NULL: there is no file */
	const char **anchor_texts;

	/*
	 * Set by tarn__settings_complete() if there is a second level: what its files contain, without the
	 * ends of lines behind it. NULL: no file is named. Overwritten when they are freed.
	 */
	char *second_secret_text, *second_password_text;

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

/*
 * Returns true if something is listened on, or is to be, over that transport: TARN_TLS or TARN_HTTPS.
 */
bool tarn__settings_listens_over(const struct tarn__settings *, enum tarn_transport);

/* Returns true if a query to server would arrive at tarn itself. */
bool tarn__settings_has_self(const struct tarn__settings *, const struct tarn_address *server);

/*
 * Makes the options of a resolver from completed settings; log is NULL. They borrow from the
 * settings, which must not change meanwhile; only the array out->forwards is the caller's to free.
 * TARN_ENOMEM.
 */
int tarn__settings_to_options(const struct tarn__settings *, struct tarn_options *out);

/* Returns true if there is a second level: section shared says where. */
bool tarn__settings_has_second_level(const struct tarn__settings *);

/* Overwrites a secret, and frees it. NULL is allowed. */
void tarn__secret_free(char *text);

/* Returns the level that is logged: debug with --verbose, otherwise log_level. */
enum tarn_log_level tarn__settings_log_level(const struct tarn__settings *);

#endif
