/* SPDX-License-Identifier: BSD-2-Clause */
/* core/second/message.c: a message to all machines, and its tag. */
#include "core/second/message.h"

#include <string.h>

#include "base/octets.h"
#include "base/siphash.h"
#include "core/second/second_config.h"
#include "dns/name.h"

enum {
	VERSION = 1,
	KIND_AT = 1,
	TIME_AT = 2,
	EPOCH_AT = 10,
	TYPE_AT = 18,
	NAME_AT = TARN__SECOND_MESSAGE_HEAD_LEN,
	/* Before the octets that are hashed: what has such a tag is a message, and no value. */
	DOMAIN = 'm',
};

static uint64_t make_tag(const struct tarn__second_config *config, const uint8_t *octets,
			 size_t len)
{
	uint8_t hashed[1 + TARN__SECOND_MESSAGE_MAX] = {DOMAIN};
	memcpy(hashed + 1, octets, len);
	return tarn__siphash(config->tag_hash_key, hashed, 1 + len);
}

size_t tarn__second_message_write(const struct tarn__second_config *config,
				  const struct tarn__second_message *message,
				  uint8_t out[TARN__SECOND_MESSAGE_MAX])
{
	size_t len = NAME_AT + message->name_len;
	out[0] = VERSION;
	out[KIND_AT] = (uint8_t)message->kind;
	tarn__put64(out + TIME_AT, message->wall_ms);
	tarn__put64(out + EPOCH_AT, message->epoch);
	tarn__put16(out + TYPE_AT, message->kind == TARN__SECOND_FORGET_TYPE ? message->type : 0);
	tarn__name_fold(out + NAME_AT, message->name, message->name_len);
	tarn__put64(out + len, make_tag(config, out, len));
	return len + TARN__SECOND_MESSAGE_TAG_LEN;
}

static bool is_of_now(uint64_t made_ms, uint64_t now_ms)
{
	uint64_t apart_ms = made_ms > now_ms ? made_ms - now_ms : now_ms - made_ms;
	return apart_ms <= TARN__SECOND_MESSAGE_AGE_MS;
}

static bool is_kind(uint8_t kind, uint16_t type)
{
	if (kind == TARN__SECOND_FORGET_TYPE)
		return type > 0;
	return (kind == TARN__SECOND_FORGET_NAME || kind == TARN__SECOND_FORGET_TREE) && type == 0;
}

bool tarn__second_message_read(const struct tarn__second_config *config, const uint8_t *octets,
			       size_t len, uint64_t now_wall_ms, struct tarn__second_message *out)
{
	enum { TAG_LEN = TARN__SECOND_MESSAGE_TAG_LEN };
	if (len < NAME_AT + 1 + TAG_LEN || len > TARN__SECOND_MESSAGE_MAX || octets[0] != VERSION)
		return false;
	size_t name_len = len - NAME_AT - TAG_LEN;
	uint16_t type = tarn__get16(octets + TYPE_AT);
	uint64_t wall_ms = tarn__get64(octets + TIME_AT);
	if (make_tag(config, octets, len - TAG_LEN) != tarn__get64(octets + len - TAG_LEN) ||
	    !is_of_now(wall_ms, now_wall_ms) || !is_kind(octets[KIND_AT], type) ||
	    tarn__name_span(octets + NAME_AT, name_len) != name_len)
		return false;
	out->kind = (enum tarn__second_message_kind)octets[KIND_AT];
	out->wall_ms = wall_ms;
	out->epoch = tarn__get64(octets + EPOCH_AT);
	out->type = type;
	out->name_len = name_len;
	memcpy(out->name, octets + NAME_AT, name_len);
	return true;
}
