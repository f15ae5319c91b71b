/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/settings/options.h: all options in one table. It feeds the command line and --help
 * (daemon/config/command_line.h), the configuration file (daemon/config/configuration.h), the
 * defaults (daemon/config/completion.h), --check (daemon/config/check.h) and the warnings of a
 * reload.
 *
 * A number that the resolver uses is a member of struct tarn_options, a row here, and the code that
 * uses it.
 */
#ifndef TARN_DAEMON_SETTINGS_OPTIONS_H
#define TARN_DAEMON_SETTINGS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/settings/settings.h"

enum tarn__action { TARN__RUN, TARN__CHECK, TARN__VERSION, TARN__HELP };

/* Whose setting it is; where its field is. */
enum tarn__scope {
	TARN__SCOPE_GLOBAL, /* struct tarn__settings */
	TARN__SCOPE_ZONE, /* struct tarn__forward_settings */
};

enum tarn__on_reload {
	TARN__RELOAD_APPLIES,
	TARN__RELOAD_IGNORES, /* the value of the start stays until a restart */
};

struct tarn__option_row {
	enum tarn__scope scope;
	enum tarn__on_reload on_reload;
	enum tarn__action action; /* TARN__RUN: a setting */
	char letter; /* on the command line; 0: none */
	const char *name; /* on the command line; NULL: not there */
	const char *section; /* in the configuration file; NULL: outside of sections */
	const char *word; /* in the configuration file; NULL: not there */
	const char *value; /* name of its value in --help; NULL: the command line takes none */
	const char *help; /* without the default, which --help adds */
	const char *otherwise; /* what applies if it is not set and has no default below */
	const char *if_empty; /* the advice if a file has an empty list; NULL: the general one */
	const struct tarn__option_type *type; /* NULL: no setting */
	size_t offset; /* of its field */

	/* tarn__option_type_number, _size, _time: */
	int64_t min, max; /* max 0: what the type can hold */
	const char *unit; /* of tarn__option_type_number: "threads" */
	/* These, and names of enumerators; 0: none. */
	int64_t default_number;
	/* tarn__option_type_addresses: */
	const char *const *default_items; /* NULL at the end; NULL: none */
	uint16_t port; /* of an address without one */
};

/* The section of the rows of TARN__SCOPE_ZONE; each has a title, its zone. */
extern const char tarn__forward_section[];

extern const struct tarn__option_row tarn__options[];
extern const size_t tarn__option_count;

/* Returns the row's field in the struct of its scope. */
void *tarn__option_field(const struct tarn__option_row *, void *base);

/* Returns the row whose field in settings is field; there must be one. */
const struct tarn__option_row *tarn__option_find(const struct tarn__settings *settings,
						 const void *field);

/* Gives the field of a row of TARN__SCOPE_GLOBAL its default, if it is not set and has one. */
void tarn__option_set_default(const struct tarn__option_row *, struct tarn__settings *);

/* Returns the field as the configuration file has it, to be freed; NULL if memory is short. */
char *tarn__option_text(const struct tarn__option_row *, const void *base);

/* Returns true if both settings have the same value. */
bool tarn__option_is_same(const struct tarn__option_row *, const struct tarn__settings *,
			  const struct tarn__settings *);

#endif
