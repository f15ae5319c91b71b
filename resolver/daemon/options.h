/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/options.h: the command line. */
#ifndef TARN_DAEMON_OPTIONS_H
#define TARN_DAEMON_OPTIONS_H

#include <stdio.h>

#include "daemon/settings.h"

enum tarn__action { TARN__RUN, TARN__CHECK, TARN__VERSION, TARN__HELP };

struct tarn__command {
	enum tarn__action action;
	struct tarn__settings settings; /* what was said; not completed */
};

enum { TARN__FAULT_MAX = 256 };

/*
 * TARN_EINVAL: fault says in one line which option is wrong and why. Thread: getopt_long() has one
 * state for the whole process; one caller at a time.
 */
int tarn__options_parse(int argc, char **argv, struct tarn__command *out,
			char fault[TARN__FAULT_MAX]);

void tarn__options_help(FILE *out);

#endif
