/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/settings/option_types.h: the kinds of values that options have: how each is read, forgotten and written.
 *
 * What the command line and the configuration file say goes through the same functions, so both take
 * the same and refuse it in the same words.
 */
#ifndef TARN_DAEMON_SETTINGS_OPTION_TYPES_H
#define TARN_DAEMON_SETTINGS_OPTION_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "tarn.h"

/* Far more than anybody lists; a bound so that lists need no memory of their own. */
enum { TARN__ALLOW_MAX = 64, TARN__PASS_MAX = 64, TARN__PORT_RANGES_MAX = 64 };

/* More threads than the largest machines have use for. */
enum { TARN__WORKERS_MAX = 256 };

/* Where metrics are asked for, unless another port is named: free in the list of exporters' ports. */
enum { TARN__METRICS_PORT = 9153 };

struct tarn__networks {
	struct tarn_network items[TARN__ALLOW_MAX];
	size_t count;
};

/* Texts are owned. */
struct tarn__names {
	const char *items[TARN__PASS_MAX];
	size_t count;
};

struct tarn__port_ranges {
	struct tarn_port_range items[TARN__PORT_RANGES_MAX];
	size_t count;
};

/* On the heap: most zones have few servers or none. */
struct tarn__servers {
	struct tarn_address *items;
	struct tarn_traits *traits; /* as many; NULL: zeros */
	size_t count;
};

struct tarn__option_type {
	/*
	 * text is copied; NULL is that of an option that takes no value. Of a list one item, added
	 * to those that are there. Returns NULL, or what is wrong; then field is as it was.
	 */
	const char *(*parse)(void *field, const char *text);
	/* As it was before anything was said. */
	void (*reset)(void *field);
	/* As a configuration file says it, a list's items with ", " between; nothing: not said. */
	void (*format)(const void *field, FILE *out);
	bool is_list;
};

/* The type of the field beside each. */
extern const struct tarn__option_type tarn__option_type_listens; /* struct tarn__addresses */
extern const struct tarn__option_type tarn__option_type_upstreams; /* struct tarn__addresses */
extern const struct tarn__option_type tarn__option_type_metrics; /* struct tarn__addresses */
extern const struct tarn__option_type tarn__option_type_servers; /* struct tarn__servers */
extern const struct tarn__option_type
	tarn__option_type_source; /* struct tarn_source, the addresses of it */
extern const struct tarn__option_type tarn__option_type_interface; /* const char * */
extern const struct tarn__option_type tarn__option_type_selection; /* enum tarn_selection */
extern const struct tarn__option_type tarn__option_type_workers; /* unsigned */
extern const struct tarn__option_type tarn__option_type_size; /* size_t */
extern const struct tarn__option_type
	tarn__option_type_time; /* int32_t: seconds; negative: said to be none */
extern const struct tarn__option_type
	tarn__option_type_failure; /* int32_t: seconds that RFC 9520 allows */
extern const struct tarn__option_type tarn__option_type_networks; /* struct tarn__networks */
extern const struct tarn__option_type tarn__option_type_names; /* struct tarn__names */
extern const struct tarn__option_type
	tarn__option_type_ports; /* struct tarn__port_ranges, to be avoided */
extern const struct tarn__option_type tarn__option_type_yes; /* bool */
extern const struct tarn__option_type tarn__option_type_no; /* bool, true where the file says no */
extern const struct tarn__option_type tarn__option_type_level; /* enum tarn_log_level */
extern const struct tarn__option_type tarn__option_type_count; /* unsigned: how often it was said */
/* const char *, owned; NULL: not said, or said to be "none" where the name ends so. */
extern const struct tarn__option_type tarn__option_type_text;
extern const struct tarn__option_type tarn__option_type_path_or_none;
extern const struct tarn__option_type tarn__option_type_socket;
extern const struct tarn__option_type tarn__option_type_socket_or_none;

/* "fastest", "sequential", "round-robin", "parallel", "strict". */
const char *tarn__selection_name(enum tarn_selection);

/* Writes text between quotes, as a configuration file has it. */
void tarn__text_print(const char *text, FILE *out);

#endif
