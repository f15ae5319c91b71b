/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/config/parse.h: the statements of one configuration file, in their order.
 *
 * The grammar is libConfuse's, its words are those of tarn__options. Values are texts here
 * (daemon/config/configuration.h reads them).
 */
#ifndef TARN_DAEMON_CONFIG_PARSE_H
#define TARN_DAEMON_CONFIG_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/log/diagnostics.h"
#include "daemon/settings/options.h"

/* One value: "size = 16M", or an item of a list; without a row the beginning of a section. */
struct tarn__statement {
	unsigned line;
	const struct tarn__option_row *row;
	bool is_first; /* it follows "=", which replaces the values before, not "+=" */
	const char *section; /* its section, as in the table; NULL: none */
	char *text; /* the value; or the section's title, NULL where it has none */
};

struct tarn__statements { /* zeros: none */
	struct tarn__statement *items;
	size_t count, size;
};

/*
 * Adds the statements of text, which is clean (daemon/config/text.h) and is changed. Faults are
 * added to diagnostics; statements of unknown words are left out, any other fault ends the list.
 * Thread: libConfuse's scanner has one state for the whole process; one caller at a time.
 */
void tarn__config_parse(char *text, const char *file, struct tarn__statements *,
			struct tarn__diagnostics *);
void tarn__statements_fini(struct tarn__statements *);

#endif
