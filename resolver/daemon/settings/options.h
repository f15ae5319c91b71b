/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/settings/options.h: everything that tarn can be told, in one table. It feeds the command line, --help,
 * the configuration file (daemon/config/configuration.h) and --check (daemon/config/check.h).
 */
#ifndef TARN_DAEMON_SETTINGS_OPTIONS_H
#define TARN_DAEMON_SETTINGS_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "daemon/settings/settings.h"

enum tarn__action { TARN__RUN, TARN__CHECK, TARN__VERSION, TARN__HELP };

struct tarn__option_row {
	char letter; /* 0: none */
	bool is_fixed; /* from the start to the end: a reload does not change it */
	enum tarn__action action; /* TARN__RUN: a setting */
	const char *name; /* on the command line; NULL: not there */
	const char *section; /* in the configuration file; NULL: in none */
	const char *word; /* in the configuration file; NULL: not there */
	const char *value; /* what its value is called; NULL: the command line takes none */
	const char *help;
	const char *otherwise; /* what goes where nothing was said; NULL: there is a default */
	const char *if_empty; /* what to say instead of an empty list; NULL: what goes for any */
	const struct tarn__option_type *type;
	size_t offset; /* in struct tarn__settings; of section forward: in its own struct */
};

/* The section whose rows are in struct tarn__forward_settings; each has a title, its zone. */
extern const char tarn__forward_section[];

extern const struct tarn__option_row tarn__options[];
extern const size_t tarn__option_count;

/* Its field of a struct tarn__settings or struct tarn__forward_settings. */
void *tarn__option_field(const struct tarn__option_row *, void *settings);

/* Do both settings say the same? */
bool tarn__option_is_same(const struct tarn__option_row *, const struct tarn__settings *,
			  const struct tarn__settings *);

struct tarn__command_line {
	enum tarn__action action;
	/* What was said, in its order; values are argv's. */
	struct tarn__said {
		const struct tarn__option_row *option;
		const char *value;
	} * items;
	size_t count;
};

enum { TARN__FAULT_MAX = 256 };

/*
 * TARN_EINVAL: fault says in one line which option is wrong and why. TARN_ENOMEM: fault says that.
 * Thread: getopt_long() has one state for the whole process; one caller at a time.
 */
int tarn__options_parse(int argc, char **argv, struct tarn__command_line *out,
			char fault[TARN__FAULT_MAX]);
void tarn__command_line_fini(struct tarn__command_line *);

/*
 * Adds what the command line says to settings: it wins, and a list of it replaces another. Errors: as
 * above, but only memory can be short where tarn__options_parse() has accepted the command.
 */
int tarn__command_line_apply(const struct tarn__command_line *, struct tarn__settings *,
			     char fault[TARN__FAULT_MAX]);

/* The last value that was said for the option of this name, or NULL. */
const char *tarn__command_line_value(const struct tarn__command_line *, const char *name);

void tarn__options_help(FILE *out);

#endif
