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

enum tarn__action { TARN__RUN, TARN__CHECK, TARN__PROBE, TARN__VERSION, TARN__HELP };

/* Whose setting it is; where its field is. */
enum tarn__scope {
	TARN__SCOPE_GLOBAL, /* struct tarn__settings */
	/* Sections with titles (daemon/settings/sections.h): */
	TARN__SCOPE_ZONE, /* struct tarn__forward_settings */
	TARN__SCOPE_LIST, /* struct tarn__list_settings */
	TARN__SCOPE_GROUP, /* struct tarn__group_settings */
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
	const char *also_in[2]; /* further sections of its scope; NULL: none */
	const char *word; /* in the configuration file; NULL: not there */
	const char *value; /* name of its value in --help; NULL: the command line takes none */
	const char *help; /* without the default, which --help adds */
	const char *otherwise; /* what applies if it is not set and has no default below */
	const char *if_empty; /* the advice if a file has an empty list; NULL: the general one */
	const struct tarn__option_type *type; /* NULL: no setting */
	size_t offset; /* of its field */

	/* tarn__option_type_number, _size, _time, _ttl, _milliseconds: */
	int64_t min, max; /* max 0: what the type can hold */
	const char *unit; /* of tarn__option_type_number: "threads" */
	/* These, and names of enumerators; 0: none. */
	int64_t default_number;
	/* tarn__option_type_addresses, _paths_or_none: */
	const char *const *default_items; /* NULL at the end; NULL: none */
	/* tarn__option_type_addresses, _address: */
	uint16_t port; /* of an address without one */
};

extern const struct tarn__option_row tarn__options[];
extern const size_t tarn__option_count;

/* Returns the row's field in the struct of its scope. */
void *tarn__option_field(const struct tarn__option_row *, void *base);

/* Returns the row whose field in settings is field; there must be one. */
const struct tarn__option_row *tarn__option_find(const struct tarn__settings *settings,
						 const void *field);

/* Returns true if the row is a statement of the section; NULL: outside of sections. */
bool tarn__option_is_in(const struct tarn__option_row *, const char *section);

/* Returns the row of a word in a section, or outside of sections (NULL); NULL: there is none. */
const struct tarn__option_row *tarn__option_find_word(const char *section, const char *word);

/*
 * Returns the number of the row among those of its scope, from 0 on: its bit in the set of a
 * section with a title. A scope has 64 rows at most.
 */
unsigned tarn__option_bit(const struct tarn__option_row *);

/* Gives the row's field in the struct of its scope its default, if it is not set and has one. */
void tarn__option_set_default(const struct tarn__option_row *, void *base);

/* Resets all fields of a scope in its struct. */
void tarn__option_reset_scope(enum tarn__scope, void *base);

/* Returns the field as the configuration file has it, to be freed; NULL if memory is short. */
char *tarn__option_text(const struct tarn__option_row *, const void *base);

/* Returns true if both settings have the same value. */
bool tarn__option_is_same(const struct tarn__option_row *, const struct tarn__settings *,
			  const struct tarn__settings *);

#endif
