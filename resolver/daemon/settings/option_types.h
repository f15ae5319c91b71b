/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/settings/option_types.h: the types of options: how a value is read, reset, given its
 * default and written.
 *
 * The command line and the configuration file use the same functions, so that both accept the same
 * values and refuse the others in the same words. Bounds, defaults and units are those of the
 * option's row (daemon/settings/options.h).
 *
 *	type_number.c    numbers, durations, sizes, milliseconds
 *	type_word.c      yes and no, names of enumerators
 *	type_text.c      texts, sockets, domain names
 *	type_path.c      absolute paths, of files and of URLs
 *	type_dns.c       a domain, zones, records, trust anchors, types of records, DNS64's prefixes
 *	type_list.c      what lists of names have: a format, an answer, groups
 *	type_hours.c     the time of day and the days of the week
 *	type_address.c   addresses, networks
 *	type_server.c    upstream servers, of the program and of a zone
 *	type_source.c    where queries come from: addresses, an interface, ports
 */
#ifndef TARN_DAEMON_SETTINGS_OPTION_TYPES_H
#define TARN_DAEMON_SETTINGS_OPTION_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tarn.h"

/* More than any configuration lists; with a bound the lists need no memory of their own. */
enum { TARN__ALLOW_MAX = 64, TARN__PASS_MAX = 64, TARN__PORT_RANGES_MAX = 64 };

enum { TARN__LOCAL_RECORD_LINES_MAX = 1024 /* more belong into a hosts file */ };

/* Octets of an error text, with NUL. */
enum { TARN__FAULT_MAX = 256 };

struct tarn__option_row;

struct tarn__networks {
	struct tarn_network items[TARN__ALLOW_MAX];
	size_t count;
};

/* Texts are owned. */
struct tarn__names {
	const char *items[TARN__PASS_MAX];
	size_t count;
};

/* On the heap; the texts are owned. */
struct tarn__texts {
	const char **items;
	size_t count;
};

struct tarn__types {
	uint16_t items[TARN_FILTER_TYPES_MAX];
	size_t count;
};

struct tarn__port_ranges {
	struct tarn_port_range items[TARN__PORT_RANGES_MAX];
	size_t count;
};

struct tarn__option_type {
	/*
	 * Copies text into the field; of a list text is one item, which is added. text is NULL for
	 * an option of the command line that takes no value. TARN_EINVAL or TARN_ENOMEM: fault has
	 * the reason, and the field is unchanged.
	 */
	int (*parse)(const struct tarn__option_row *, void *field, const char *text,
		     char fault[TARN__FAULT_MAX]);
	/* Returns the field to the state of a new struct tarn__settings: not set. */
	void (*reset)(void *field);
	/*
	 * Gives a field that is not set the default of its row; NULL: the type has no default in
	 * the row.
	 */
	void (*set_default)(const struct tarn__option_row *, void *field);
	/*
	 * Writes the field as a configuration file has it, a list's items with ", " between;
	 * nothing if not set.
	 */
	void (*format)(const void *field, FILE *out);
	bool is_list;
};

/* The type of the field beside each. */
extern const struct tarn__option_type tarn__option_type_number; /* unsigned; 0: not set */
extern const struct tarn__option_type tarn__option_type_count; /* unsigned: number of occurrences */
extern const struct tarn__option_type tarn__option_type_size; /* size_t: octets; 0: not set */
/* int32_t: seconds; 0: not set; negative: set to "0" */
extern const struct tarn__option_type tarn__option_type_time;
extern const struct tarn__option_type tarn__option_type_ttl; /* uint32_t: seconds; 0: not set */
extern const struct tarn__option_type
	tarn__option_type_milliseconds; /* uint32_t: milliseconds; 0: not set */

extern const struct tarn__option_type tarn__option_type_yes; /* bool */
extern const struct tarn__option_type tarn__option_type_no; /* bool, true where the file has "no" */
extern const struct tarn__option_type tarn__option_type_clock; /* bool, true for "lenient" */
extern const struct tarn__option_type tarn__option_type_selection; /* enum tarn_selection */
extern const struct tarn__option_type tarn__option_type_level; /* enum tarn_log_level */

/* const char *, owned; NULL: not set, or "none" where the name ends in "or_none" */
extern const struct tarn__option_type tarn__option_type_text;
extern const struct tarn__option_type tarn__option_type_path_or_none;
extern const struct tarn__option_type tarn__option_type_socket;
extern const struct tarn__option_type tarn__option_type_socket_or_none;
extern const struct tarn__option_type tarn__option_type_names; /* struct tarn__names */

/* Absolute paths. */
extern const struct tarn__option_type tarn__option_type_path; /* const char *, as above */
extern const struct tarn__option_type tarn__option_type_socket_path; /* of a Unix socket */
extern const struct tarn__option_type tarn__option_type_directory; /* the same, or "none" */
extern const struct tarn__option_type tarn__option_type_paths; /* struct tarn__names */
/* The same; set to "none" it has no items. */
extern const struct tarn__option_type tarn__option_type_paths_or_none;
extern const struct tarn__option_type tarn__option_type_url_path; /* const char *, of a URL */

extern const struct tarn__option_type tarn__option_type_domain; /* const char *; not the root */
extern const struct tarn__option_type
	tarn__option_type_zones; /* struct tarn__names; not the root */
extern const struct tarn__option_type tarn__option_type_records; /* struct tarn__texts */
/* struct tarn__texts, each one or more records (dnssec/anchors.h) */
extern const struct tarn__option_type tarn__option_type_anchors;
extern const struct tarn__option_type tarn__option_type_types; /* struct tarn__types */
extern const struct tarn__option_type tarn__option_type_prefixes; /* struct tarn__networks */

/* Of struct tarn__list_settings. */
extern const struct tarn__option_type
	tarn__option_type_list_format; /* enum tarn__namelist_format */
extern const struct tarn__option_type
	tarn__option_type_subdomains; /* unsigned: enum tarn__namelist_subdomains */
extern const struct tarn__option_type tarn__option_type_list_answer; /* answer, addresses */
extern const struct tarn__option_type tarn__option_type_list_reason; /* enum tarn__rule_reason */
extern const struct tarn__option_type tarn__option_type_override; /* const char * */
extern const struct tarn__option_type tarn__option_type_groups; /* struct tarn__names */

/* Of struct tarn__group_settings. */
extern const struct tarn__option_type tarn__option_type_hours; /* begin, end */
extern const struct tarn__option_type tarn__option_type_days; /* uint8_t */

extern const struct tarn__option_type tarn__option_type_addresses; /* struct tarn__addresses */
/* struct tarn__addresses, of one at most */
extern const struct tarn__option_type tarn__option_type_address;
extern const struct tarn__option_type tarn__option_type_networks; /* struct tarn__networks */

extern const struct tarn__option_type tarn__option_type_servers; /* struct tarn__servers */

extern const struct tarn__option_type tarn__option_type_source; /* struct tarn_source: ipv4, ipv6 */
extern const struct tarn__option_type tarn__option_type_interface; /* const char *, as above */
extern const struct tarn__option_type tarn__option_type_ports; /* struct tarn__port_ranges */

/* Writes a reason into fault. Returns TARN_EINVAL. */
__attribute__((format(printf, 2, 3))) int tarn__option_refuse(char fault[TARN__FAULT_MAX],
							      const char *format, ...);

/* The same for "out of memory". Returns TARN_ENOMEM. */
int tarn__option_no_memory(char fault[TARN__FAULT_MAX]);

/* parse and reset of a text, for types that add a check of their own. */
int tarn__option_parse_text(const struct tarn__option_row *, void *field, const char *text,
			    char fault[TARN__FAULT_MAX]);
void tarn__option_reset_text(void *field);
void tarn__option_format_text(const void *field, FILE *out);

/* Adds a copy to a list of texts, which what names: "names". The errors are those of parse. */
int tarn__names_add(struct tarn__names *, const char *text, const char *what,
		    char fault[TARN__FAULT_MAX]);

/* reset and format of a list of texts. */
void tarn__option_reset_names(void *field);
void tarn__option_format_names(const void *field, FILE *out);

/* Writes what stands before an item of a list: ", ", but nothing before the first one. */
void tarn__option_separate(bool *is_first, FILE *out);

/* Reads decimal digits and returns what follows them; NULL: there are none, or they overflow. */
const char *tarn__number_read(const char *text, uint64_t *out);

/* "fastest", "sequential", "round-robin", "parallel", "strict". */
const char *tarn__selection_name(enum tarn_selection);

/* Writes text between double quotes, escaped as a configuration file needs it. */
void tarn__text_print(const char *text, FILE *out);

#endif
