/* SPDX-License-Identifier: BSD-2-Clause */
/* net/second/commands.c: commands of a Redis or Valkey as they are sent. */
#include "net/second/commands.h"

#include <string.h>

/* ---- octets ------------------------------------------------------------------------------- */

static size_t digits(uint64_t number)
{
	size_t count = 1;
	for (; number >= 10; number /= 10)
		count++;
	return count;
}

/* Returns the octets written. printf() takes ten times as long, and there is a number in each GETRANGE. */
static size_t write_digits(uint64_t number, char *out)
{
	size_t count = digits(number);
	for (size_t i = count; i > 0; i--, number /= 10)
		out[i - 1] = (char)('0' + number % 10);
	return count;
}

static char *write_number(char mark, size_t number, char *out)
{
	*out++ = mark;
	out += write_digits(number, out);
	*out++ = '\r';
	*out++ = '\n';
	return out;
}

size_t tarn__second_words_len(const struct tarn__second_word *words, size_t count)
{
	size_t len = 3 + digits(count);
	for (size_t i = 0; i < count; i++)
		len += 5 + digits(words[i].len) + words[i].len;
	return len;
}

void tarn__second_words_write(const struct tarn__second_word *words, size_t count, char *out)
{
	out = write_number('*', count, out);
	for (size_t i = 0; i < count; i++) {
		out = write_number('$', words[i].len, out);
		memcpy(out, words[i].octets, words[i].len);
		out += words[i].len;
		*out++ = '\r';
		*out++ = '\n';
	}
}

/* ---- commands ----------------------------------------------------------------------------- */

static void add_octets(struct tarn__second_words *words, const void *octets, size_t len)
{
	words->words[words->count++] = (struct tarn__second_word){octets, len};
}

void tarn__second_words_add(struct tarn__second_words *words, const char *word)
{
	add_octets(words, word, strlen(word));
}

/* One number of a command. */
static void add_number(struct tarn__second_words *words, uint64_t number)
{
	add_octets(words, words->number, write_digits(number, words->number));
}

void tarn__second_words_get(struct tarn__second_words *words, const char *key)
{
	words->count = 0;
	tarn__second_words_add(words, key ? "GET" : "PING");
	if (key)
		tarn__second_words_add(words, key);
}

void tarn__second_words_getrange(struct tarn__second_words *words, const char *key)
{
	words->count = 0;
	tarn__second_words_add(words, "GETRANGE");
	tarn__second_words_add(words, key);
	tarn__second_words_add(words, "0");
	add_number(words, TARN__SECOND_REPLY_MAX - 1);
}

void tarn__second_words_lease(struct tarn__second_words *words, const struct tarn_second_get *get)
{
	words->count = 0;
	tarn__second_words_add(words, "SET");
	tarn__second_words_add(words, get->lease);
	tarn__second_words_add(words, get->holder);
	tarn__second_words_add(words, "NX");
	tarn__second_words_add(words, "PX");
	add_number(words, get->lease_ms);
}

void tarn__second_words_put(struct tarn__second_words *words, const struct tarn_second_put *put)
{
	words->count = 0;
	tarn__second_words_add(words, put->value ? "SET" : "DEL");
	tarn__second_words_add(words, put->key);
	if (!put->value)
		return;
	add_octets(words, put->value, put->len);
	if (put->if_absent)
		tarn__second_words_add(words, "NX");
	if (put->ttl_ms == 0)
		return;
	tarn__second_words_add(words, "PX");
	add_number(words, put->ttl_ms);
}
