/* SPDX-License-Identifier: BSD-2-Clause */
/* net/second/expect.c: which objects of a reply are let in. */
#include "net/second/expect.h"

#include <string.h>

enum { OBJECTS_MAX = 2 + TARN__SECOND_ITEMS_MAX }; /* of one reply */

static bool is_text(const struct tarn__second_object *object, const char *text)
{
	return object->kind == TARN__SECOND_REPLY_TEXT && object->len == strlen(text) &&
	       memcmp(object->text, text, object->len) == 0;
}

/* A message is {"message", channel, text}; before the first one comes {"subscribe", channel, 1}. */
static bool fits_channel(struct tarn__second_expect *expect,
			 const struct tarn__second_object *object)
{
	if (object->is_whole)
		return object->kind == TARN__SECOND_REPLY_ARRAY &&
		       object->len == TARN__SECOND_ITEMS_MAX;
	switch (object->index) {
	case 0:
		expect->is_message = is_text(object, "message");
		return expect->is_message || is_text(object, "subscribe");
	case 1:
		return is_text(object, expect->channel);
	default:
		return expect->is_message ? object->kind == TARN__SECOND_REPLY_TEXT &&
						    object->len <= TARN__SECOND_MESSAGE_MAX
					  : object->kind == TARN__SECOND_REPLY_INTEGER;
	}
}

const char *tarn__second_expect_refuses(struct tarn__second_expect *expect,
					const struct tarn__second_object *object)
{
	bool is_array = object->kind == TARN__SECOND_REPLY_ARRAY;
	if (object->is_whole)
		expect->objects = 0;
	if (++expect->objects > OBJECTS_MAX ||
	    object->len > (is_array ? TARN__SECOND_ITEMS_MAX : TARN__SECOND_REPLY_MAX))
		return "a reply is too long";
	/* An error that nothing waits for says why the store closes. */
	if (object->is_whole && object->kind == TARN__SECOND_REPLY_ERROR)
		return NULL;
	if (expect->is_awaited)
		return NULL;
	if (!expect->channel)
		return "an unexpected reply";
	return fits_channel(expect, object) ? NULL : "a message of an unexpected form";
}
