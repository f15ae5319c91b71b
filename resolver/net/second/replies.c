/* SPDX-License-Identifier: BSD-2-Clause */
/* net/second/replies.c: what replies of a Redis or Valkey say. */
#include "net/second/replies.h"

#include <stdio.h>
#include <string.h>

static size_t word_len(const char *text, size_t len)
{
	size_t at = 0;
	while (at < len && text[at] != ' ')
		at++;
	return at;
}

static bool has_first_word(const char *text, size_t len, const char *word)
{
	return word_len(text, len) == strlen(word) && memcmp(text, word, strlen(word)) == 0;
}

enum tarn__second_result tarn__second_error_kind(const char *text, size_t len)
{
	static const struct {
		const char *word;
		enum tarn__second_result kind;
	} kinds[] = {
		{"WRONGTYPE", TARN__SECOND_TYPE},      {"OOM", TARN__SECOND_MEMORY},
		{"READONLY", TARN__SECOND_READ_ONLY},  {"NOAUTH", TARN__SECOND_ACCESS},
		{"WRONGPASS", TARN__SECOND_ACCESS},    {"NOPERM", TARN__SECOND_ACCESS},
		{"LOADING", TARN__SECOND_LOADING},     {"MASTERDOWN", TARN__SECOND_LOADING},
		{"BUSY", TARN__SECOND_LOADING},	       {"TRYAGAIN", TARN__SECOND_LOADING},
		{"CLUSTERDOWN", TARN__SECOND_LOADING}, {"MOVED", TARN__SECOND_MOVED},
		{"ASK", TARN__SECOND_MOVED},
	};
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (has_first_word(text, len, kinds[i].word))
			return kinds[i].kind;
	}
	return TARN__SECOND_OTHER;
}

bool tarn__second_error_is(const struct tarn__second_reply *reply, const char *word)
{
	return reply->kind == TARN__SECOND_REPLY_ERROR &&
	       has_first_word(reply->text, reply->len, word);
}

enum tarn__second_result tarn__second_judge_get(const struct tarn__second_reply *reply)
{
	switch (reply->kind) {
	case TARN__SECOND_REPLY_TEXT:
		if (reply->len > TARN__SECOND_VALUE_MAX)
			return TARN__SECOND_TYPE;
		/* GETRANGE says so of a key that is not there, and no value is empty. */
		return reply->len > 0 ? TARN__SECOND_THERE : TARN__SECOND_ABSENT;
	case TARN__SECOND_REPLY_NIL:
		return TARN__SECOND_ABSENT;
	case TARN__SECOND_REPLY_ERROR:
		return tarn__second_error_kind(reply->text, reply->len);
	default:
		return TARN__SECOND_TYPE;
	}
}

enum tarn__second_result tarn__second_judge_put(const struct tarn__second_reply *reply)
{
	switch (reply->kind) {
	case TARN__SECOND_REPLY_STATUS: /* of PING and SET */
	case TARN__SECOND_REPLY_INTEGER: /* of DEL and PUBLISH */
	case TARN__SECOND_REPLY_NIL: /* of SET NX: the key is there */
		return TARN__SECOND_ABSENT;
	case TARN__SECOND_REPLY_ERROR:
		return tarn__second_error_kind(reply->text, reply->len);
	default:
		return TARN__SECOND_TYPE;
	}
}

enum tarn__second_result tarn__second_judge_lease(const struct tarn__second_reply *reply)
{
	if (reply->kind == TARN__SECOND_REPLY_STATUS)
		return TARN__SECOND_LEASED;
	if (reply->kind == TARN__SECOND_REPLY_NIL)
		return TARN__SECOND_HELD;
	if (reply->kind == TARN__SECOND_REPLY_ERROR)
		return tarn__second_error_kind(reply->text, reply->len);
	return TARN__SECOND_TYPE;
}

char *tarn__second_quote(const char *text, size_t len, char out[TARN__SECOND_FAULT_MAX])
{
	static const char cut[] = "...";
	size_t room = TARN__SECOND_FAULT_MAX - 1;
	bool is_cut = len > room;
	size_t kept = is_cut ? room - (sizeof cut - 1) : len;
	for (size_t i = 0; i < kept; i++)
		out[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	memcpy(out + kept, is_cut ? cut : "", is_cut ? sizeof cut : 1);
	return out;
}

char *tarn__second_explain(const struct tarn__second_reply *reply, char out[TARN__SECOND_FAULT_MAX])
{
	char text[TARN__SECOND_FAULT_MAX];
	if (reply->kind != TARN__SECOND_REPLY_ERROR) {
		snprintf(out, TARN__SECOND_FAULT_MAX, "%s",
			 reply->kind == TARN__SECOND_REPLY_TEXT &&
					 reply->len > TARN__SECOND_VALUE_MAX
				 ? "a value is too long (type)"
				 : "a reply of another type than expected");
		return out;
	}
	enum tarn__second_result kind = tarn__second_error_kind(reply->text, reply->len);
	tarn__second_quote(reply->text, reply->len, text);
	snprintf(out, TARN__SECOND_FAULT_MAX, "%.*s (%s)", TARN__SECOND_FAULT_MAX - 16, text,
		 tarn__second_result_name(kind));
	return out;
}
