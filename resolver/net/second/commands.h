/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/second/commands.h: commands of a Redis or Valkey as they are sent: "*2\r\n$3\r\nGET\r\n$1\r\na\r\n".
 *
 * Thread: any.
 */
#ifndef TARN_NET_SECOND_COMMANDS_H
#define TARN_NET_SECOND_COMMANDS_H

#include <stddef.h>

#include "net/second/connection.h"

enum { TARN__SECOND_WORDS_MAX = 6 }; /* of one command */

/* A command whose words are borrowed, but for numbers. */
struct tarn__second_words {
	struct tarn__second_word words[TARN__SECOND_WORDS_MAX];
	size_t count;
	char number[24];
};

/* The octets that words take, and those octets. */
size_t tarn__second_words_len(const struct tarn__second_word *, size_t count);
void tarn__second_words_write(const struct tarn__second_word *, size_t count, char *out);

void tarn__second_words_add(struct tarn__second_words *, const char *word);

/* What is read is bounded by its form: GETRANGE gives one octet more than a value may have at most. */
void tarn__second_words_getrange(struct tarn__second_words *, const char *key);
void tarn__second_words_get(struct tarn__second_words *, const char *key);
void tarn__second_words_lease(struct tarn__second_words *, const struct tarn_second_get *);
/* SET, or DEL if there is no value. */
void tarn__second_words_put(struct tarn__second_words *, const struct tarn_second_put *);

#endif
