/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/config/command_line.h: the program's command line and its --help, by the table of options.
 */
#ifndef TARN_DAEMON_CONFIG_COMMAND_LINE_H
#define TARN_DAEMON_CONFIG_COMMAND_LINE_H

#include <stddef.h>
#include <stdio.h>

#include "daemon/settings/options.h"
#include "daemon/settings/settings.h"

struct tarn__command_line {
	enum tarn__action action;
	/* In the order of the command line; values are argv's. */
	struct tarn__argument {
		const struct tarn__option_row *option;
		const char *value;
	} * items;
	size_t count;
};

/*
 * TARN_EINVAL: fault names the wrong option and the reason, in one line. TARN_ENOMEM: so does
 * fault. Thread: getopt_long() has one state for the whole process; one caller at a time.
 */
int tarn__command_line_parse(int argc, char **argv, struct tarn__command_line *out,
			     char fault[TARN__FAULT_MAX]);
void tarn__command_line_fini(struct tarn__command_line *);

/*
 * Sets what the command line has; a list of it replaces that of a file. TARN_ENOMEM, TARN_EINVAL as
 * above; after tarn__command_line_parse() memory is the only reason.
 */
int tarn__command_line_apply(const struct tarn__command_line *, struct tarn__settings *,
			     char fault[TARN__FAULT_MAX]);

/* Returns the last value of the option of this name, or NULL. */
const char *tarn__command_line_value(const struct tarn__command_line *, const char *name);

/* Prints the text of --help. */
void tarn__command_line_help(FILE *out);

#endif
