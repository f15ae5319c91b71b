/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/config/text.h: the text of one configuration file, made ready for libConfuse.
 *
 * libConfuse 3.3 miscounts lines after comments, accepts no comment within a list, ignores unknown
 * characters and comments, strings and sections without an end, replaces ${NAME} from the
 * environment, does not report an empty list, and ends the process if a file cannot be read. So it
 * reads a text in memory that has blanks for comments, a value in each list, and none of the rest.
 */
#ifndef TARN_DAEMON_CONFIG_TEXT_H
#define TARN_DAEMON_CONFIG_TEXT_H

#include <stdbool.h>

#include "daemon/log/diagnostics.h"

/* The value that stands for an empty list; no file can contain it. */
extern const char tarn__config_nothing[];

/*
 * Replaces comments with blanks and empty lists with tarn__config_nothing in text, len octets and
 * NUL; the ends of lines stay. Returns false if the text has something else than statements, or a
 * beginning without an end; diagnostics have all reasons.
 */
bool tarn__config_text_clean(char *text, size_t len, const char *file, struct tarn__diagnostics *);

/*
 * Replaces with blanks the statement that begins with word in the line: the word with its value,
 * list or section. The text is clean. Returns false if there is none.
 */
bool tarn__config_text_blank(char *text, unsigned line, const char *word);

#endif
