/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/config/text.h: the text of one configuration file, made ready for libConfuse.
 *
 * libConfuse 3.3 miscounts lines behind comments, takes none within a list, passes over characters
 * that it does not know and over comments, strings and sections without an end, replaces ${NAME} from
 * the environment, says nothing of an empty list, and ends the process where a file cannot be read. So
 * it gets the text from memory, with blanks for comments, a value in each list, and nothing of the rest in
 * it.
 */
#ifndef TARN_DAEMON_CONFIG_TEXT_H
#define TARN_DAEMON_CONFIG_TEXT_H

#include <stdbool.h>

#include "daemon/log/diagnostics.h"

/* The value that stands for an empty list: no file can say it otherwise. */
extern const char tarn__config_nothing[];

/*
 * Puts blanks for comments and tarn__config_nothing for empty lists in text, len octets and NUL; lines
 * stay lines. False: something that is no
 * statement is in it, or what has a beginning has no end; diagnostics say all of it.
 */
bool tarn__config_text_clean(char *text, size_t len, const char *file, struct tarn__diagnostics *);

/*
 * Puts blanks for the statement that begins with word in the line: the word with its value, list or
 * section. False: there is none. Only of clean text.
 */
bool tarn__config_text_blank(char *text, unsigned line, const char *word);

#endif
