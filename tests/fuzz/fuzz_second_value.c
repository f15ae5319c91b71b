/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_second_value.c: octets that a store has as a value. Without the secret none is believed;
 * with a tag of ours around octets of any kind none is an answer to another question, lives longer than it
 * says, or has a verdict that was not found.
 */
#include "fuzz.h"

#include <string.h>

#include "core/config.h"
#include "core/saved_answer.h"
#include "core/second/key.h"
#include "core/second/second_config.h"
#include "core/second/value.h"
#include "dns/name.h"
#include "dns/reply.h"

enum { FLAGS_LEN = 1, HEAD_LEN = FLAGS_LEN + 17, NOW_MS_SEC = 1796040000 };

static const uint64_t now_ms = (uint64_t)NOW_MS_SEC * 1000;
static struct tarn__config *config;
static uint8_t value[TARN__SECOND_VALUE_MAX], reply[TARN__MESSAGE_MAX];
static struct tarn__saved_room room;

static void make_config(void)
{
	static const char secret[] = "0123456789abcdef";
	char fault[TARN__CONFIG_FAULT_MAX];
	struct tarn_address server;
	if (config)
		return;
	fuzz_check(tarn_address_parse("192.0.2.53", 53, &server) == 0);
	config = tarn__config_new(
		&(struct tarn_options){
			.upstreams = &server,
			.upstream_count = 1,
			.second = {.socket = "/store", .secret = secret, .secret_len = 16}},
		"tarn", NULL, fault);
	fuzz_check(config);
}

static void write_key(const struct tarn__key *key, char out[TARN__SECOND_KEY_MAX])
{
	const struct tarn__second_view view = {.epoch = 1};
	tarn__second_key_write(config->second, &view, config->zones[0], key, out);
}

/* An answer that was taken: its life, and the replies that it makes. */
static void check_answer(const struct tarn__query *query, const struct tarn__second_value *read,
			 const struct tarn__saved_answer *answer)
{
	const struct tarn__reply how = {.limit = TARN__MESSAGE_MAX, .trust_ad = true};
	fuzz_check(read->times.arrival_ms <= now_ms + TARN__SAVED_AHEAD_MS);
	fuzz_check(answer->ttl_ms == 0 || now_ms + answer->ttl_ms <= read->times.end_ms ||
		   now_ms < read->times.arrival_ms);
	fuzz_check(answer->ttl_ms <= (uint64_t)TARN__TTL_MAX * 1000);
	fuzz_check(!tarn__stored_has_ad(room.stored));
	size_t len = tarn__reply_stored(query, room.stored, answer->len, &how, reply);
	fuzz_check(len >= TARN__HEADER_LEN && !(tarn__get16(reply + 2) & TARN__FLAG_AD));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct tarn__query query = {0};
	make_config();
	if (len < HEAD_LEN + TARN__HEADER_LEN + 5 || len - HEAD_LEN > TARN__MESSAGE_MAX)
		return 0;
	const uint8_t *message = data + HEAD_LEN, *question = message + TARN__HEADER_LEN;
	size_t message_len = len - HEAD_LEN;
	query.qname = question;
	query.qname_len = (uint16_t)tarn__name_span(question, message_len - TARN__HEADER_LEN);
	if (query.qname_len == 0 || message_len < TARN__HEADER_LEN + (size_t)query.qname_len + 4)
		return 0;
	query.qtype = tarn__get16(question + query.qname_len);
	query.qclass = tarn__get16(question + query.qname_len + 2);
	query.dnssec_ok = data[0] & 1;
	query.flags = data[0] & 2 ? TARN__FLAG_CD : 0;
	uint8_t octets[TARN__KEY_MAX], other_octets[TARN__KEY_MAX];
	struct tarn__key key, other;
	fuzz_check(tarn__key_read(octets, tarn__key_write(&query, octets), &key));
	char text[TARN__SECOND_KEY_MAX];
	write_key(&key, text);
	struct tarn__second_value read;
	fuzz_check(!tarn__second_value_read(config->second, text, data, len, &read));

	const struct tarn__saved_times times = {.arrival_ms = tarn__get64_low_first(data + 2),
						.end_ms = tarn__get64_low_first(data + 10)};
	memcpy(value + TARN__SECOND_VALUE_HEAD, message, message_len);
	size_t value_len =
		tarn__second_value_write(config->second, text, &times, data[1], message_len, value);
	fuzz_check(tarn__second_value_read(config->second, text, value, value_len, &read));
	struct tarn__saved_answer answer;
	enum tarn__saved_fault fault =
		tarn__saved_read(config, &key, read.message, read.message_len, &read.times, now_ms,
				 read.verdict, true, &room, &answer);
	if (fault == TARN__SAVED_GOOD)
		check_answer(&query, &read, &answer);

	/* As the answer to any other question it is none. */
	query.qtype ^= 1;
	fuzz_check(tarn__key_read(other_octets, tarn__key_write(&query, other_octets), &other));
	fuzz_check(tarn__saved_read(config, &other, read.message, read.message_len, &read.times,
				    now_ms, 0, true, &room, &answer) != TARN__SAVED_GOOD);
	return 0;
}
