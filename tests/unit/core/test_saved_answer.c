/* SPDX-License-Identifier: BSD-2-Clause */
/* core/saved_answer.c: answers as messages with times, and back. */
#include "core/saved_answer.h"

#include <string.h>

#include "core/config.h"
#include "crypto/hmac.h"
#include "dns/reply.h"
#include "support/message.h"
#include "support/unit.h"

enum { NOW = 2000000000, SECOND = 1000 };

static struct tarn_options options;
static struct tarn__config *config;
static uint8_t octets[TARN__KEY_MAX];
static struct tarn__key key;
static struct message message;
static struct tarn__saved_room room;
static struct tarn__saved_answer answer;

static void configure(void)
{
	char fault[TARN__CONFIG_FAULT_MAX] = "";
	tarn__config_put(config);
	config = tarn__config_new(&options, "tarn", NULL, fault);
	ck_assert_msg(config, "%s", fault);
}

static void ask(const char *name, unsigned type, bool dnssec_ok)
{
	uint8_t qname[TARN__NAME_MAX];
	const struct tarn__query query = {.qname = qname,
					  .qname_len = (uint16_t)tarn__name_parse(name, qname),
					  .qtype = (uint16_t)type,
					  .qclass = TARN__CLASS_IN,
					  .dnssec_ok = dnssec_ok};
	ck_assert(tarn__key_read(octets, tarn__key_write(&query, octets), &key));
}

static void say(unsigned flags, const char *records)
{
	char name[TARN__NAME_TEXT_MAX];
	put_header(&message, 0, TARN__FLAG_QR | flags);
	put_question(&message, tarn__name_format(key.qname, name), key.qtype);
	put_records(&message, records);
}

static void set_up(void)
{
	options = (struct tarn_options){0};
	config = NULL;
	configure();
	ask("www.example.", TARN__TYPE_A, false);
	say(0, "www.example. 300 A 192.0.2.1\n");
}

static void tear_down(void)
{
	tarn__config_put(config);
}

/* It arrived so long before now, and lives so long. */
static enum tarn__saved_fault read_at(uint64_t age_ms, uint64_t life_ms, unsigned verdict)
{
	const struct tarn__saved_times times = {.arrival_ms = (uint64_t)NOW - age_ms,
						.end_ms = (uint64_t)NOW - age_ms + life_ms};
	return tarn__saved_read(config, &key, message.wire, message.len, &times, NOW,
				(uint8_t)verdict, true, &room, &answer);
}

static enum tarn__saved_fault read_now(void)
{
	return read_at(0, 300 * SECOND, 0);
}

/* The records of a reply, with their TTLs as stored. */
static const char *shown(void)
{
	static struct text text;
	static uint8_t reply[TARN__MESSAGE_MAX];
	uint8_t verdict;
	size_t len = tarn__saved_write(&key, room.stored, answer.len, reply, &verdict);
	return read_records(&text, reply, len);
}

/* ---- keys ------------------------------------------------------------------------------- */

START_TEST(only_answers_of_clients_are_kept)
{
	ck_assert(tarn__saved_has_key(&key));
	struct tarn__key other = key;
	other.is_link = true;
	ck_assert(!tarn__saved_has_key(&other));
	other = key;
	other.is_trust = true;
	ck_assert(!tarn__saved_has_key(&other));
	other = key;
	other.is_of_chain = true;
	ck_assert(!tarn__saved_has_key(&other));
	other = key;
	other.qclass = TARN__CLASS_CH;
	ck_assert(!tarn__saved_has_key(&other));
	static const uint16_t types[] = {0, TARN__TYPE_OPT, TARN__TYPE_ANY, TARN__TYPE_AXFR,
					 TARN__TYPE_TSIG};
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		other = key;
		other.qtype = types[i];
		ck_assert(!tarn__saved_has_key(&other));
	}
}
END_TEST

START_TEST(key_that_is_not_kept_has_no_answer)
{
	ck_assert_int_eq(read_now(), TARN__SAVED_GOOD);
	key.is_link = true;
	ck_assert_int_eq(read_now(), TARN__SAVED_NO_ANSWER);
	ask("www.example.", TARN__TYPE_ANY, false);
	say(0, "www.example. 300 A 192.0.2.1\n");
	ck_assert_int_eq(read_now(), TARN__SAVED_NO_ANSWER);
}
END_TEST

/* ---- messages --------------------------------------------------------------------------- */

START_TEST(what_is_written_is_read)
{
	static uint8_t first[TARN__STORED_MAX], written[TARN__MESSAGE_MAX];
	ask("www.example.", TARN__TYPE_TXT, true);
	say(0, "www.example. 200 CNAME txt.example.\nwww.example. 200 RRSIG CNAME\n"
	       "txt.example. 100 TXT x\ntxt.example. 100 TXT y\ntxt.example. 100 RRSIG TXT\n");
	ck_assert_int_eq(read_at(0, 100 * SECOND, 0), TARN__SAVED_GOOD);
	size_t len = answer.len;
	memcpy(first, room.stored, len);
	uint8_t verdict = 0xff;
	size_t written_len = tarn__saved_write(&key, first, len, written, &verdict);
	ck_assert_uint_eq(verdict, 0);
	put_header(&message, 0, 0);
	message.len = 0;
	put_octets(&message, written, written_len);
	ck_assert_int_eq(read_at(0, 100 * SECOND, 0), TARN__SAVED_GOOD);
	ck_assert_uint_eq(answer.len, len);
	ck_assert_mem_eq(room.stored, first, len);
}
END_TEST

START_TEST(message_to_another_question_is_no_answer)
{
	say(0, "www.example. 300 A 192.0.2.1\n");
	ask("www.example.", TARN__TYPE_AAAA, false);
	ck_assert_int_eq(read_now(), TARN__SAVED_NO_ANSWER);
	ask("xww.example.", TARN__TYPE_A, false);
	ck_assert_int_eq(read_now(), TARN__SAVED_NO_ANSWER);
	ask("www.example.", TARN__TYPE_A, false);
	ck_assert_int_eq(read_now(), TARN__SAVED_GOOD);
	message.wire[1] = 1;
	ck_assert_int_eq(read_now(), TARN__SAVED_NO_ANSWER);
	say(TARN__SERVFAIL, "");
	ck_assert_int_eq(read_now(), TARN__SAVED_NO_ANSWER);
	say(TARN__FLAG_TC, "www.example. 300 A 192.0.2.1\n");
	ck_assert_int_eq(read_now(), TARN__SAVED_NO_ANSWER);
	message.len = 11;
	ck_assert_int_eq(read_now(), TARN__SAVED_NO_ANSWER);
	message.len = 0;
	ck_assert_int_eq(read_now(), TARN__SAVED_NO_ANSWER);
}
END_TEST

/* It has no SOA, which would say for how long. */
START_TEST(answer_for_those_who_wait_only_is_no_answer)
{
	say(TARN__NXDOMAIN, "");
	ck_assert_int_eq(read_at(0, 0, 0), TARN__SAVED_NO_ANSWER);
	ck_assert_int_eq(read_at(0, 500, 0), TARN__SAVED_NO_ANSWER);
	say(TARN__NXDOMAIN, "--\nexample. 60 SOA ns.example. a.example. 60\n");
	ck_assert_int_eq(read_at(0, 60 * SECOND, 0), TARN__SAVED_GOOD);
	ck_assert(answer.is_whole_name);
}
END_TEST

/* ---- times ------------------------------------------------------------------------------ */

START_TEST(ttl_is_what_is_left)
{
	ck_assert_int_eq(read_at(100 * SECOND, 300 * SECOND, 0), TARN__SAVED_GOOD);
	ck_assert_uint_eq(answer.age_ms, 100 * SECOND);
	ck_assert_uint_eq(answer.ttl_ms, 200 * SECOND);
	ck_assert_uint_eq(answer.ended_ms, 0);
	ck_assert_str_eq(shown(), "www.example. 200 A 192.0.2.1\n");
	/* Rounded up. */
	ck_assert_int_eq(read_at(100 * SECOND + 1, 300 * SECOND, 0), TARN__SAVED_GOOD);
	ck_assert_str_eq(shown(), "www.example. 199 A 192.0.2.1\n");
	ck_assert_uint_eq(answer.ttl_ms, 200 * SECOND - 1);
}
END_TEST

START_TEST(answer_without_an_age_has_its_ttls)
{
	const struct tarn__saved_times times = {.arrival_ms = NOW - 100 * SECOND,
						.end_ms = NOW + 200 * SECOND};
	ck_assert_int_eq(tarn__saved_read_unaged(config, &key, message.wire, message.len, &times,
						 NOW, 0, true, &room, &answer),
			 TARN__SAVED_GOOD);
	ck_assert_uint_eq(answer.age_ms, 100 * SECOND);
	ck_assert_uint_eq(answer.ttl_ms, 200 * SECOND);
	ck_assert_str_eq(shown(), "www.example. 300 A 192.0.2.1\n");
}
END_TEST

START_TEST(end_may_be_earlier_than_the_ttl)
{
	ck_assert_int_eq(read_at(100 * SECOND, 150 * SECOND, 0), TARN__SAVED_GOOD);
	ck_assert_uint_eq(answer.ttl_ms, 50 * SECOND);
}
END_TEST

START_TEST(what_has_ended_has_no_life)
{
	ck_assert_int_eq(read_at(300 * SECOND, 300 * SECOND, 0), TARN__SAVED_GOOD);
	ck_assert_uint_eq(answer.ttl_ms, 0);
	ck_assert_uint_eq(answer.ended_ms, 0);
	ck_assert_int_eq(read_at(1000 * SECOND, 300 * SECOND, 0), TARN__SAVED_GOOD);
	ck_assert_uint_eq(answer.ttl_ms, 0);
	ck_assert_uint_eq(answer.ended_ms, 700 * SECOND);
	ck_assert_uint_eq(answer.age_ms, 1000 * SECOND);
}
END_TEST

START_TEST(life_beyond_the_ttl_contradicts_it)
{
	ck_assert_int_eq(read_at(0, 300 * SECOND + 999, 0), TARN__SAVED_GOOD);
	ck_assert_uint_eq(answer.ttl_ms, 300 * SECOND);
	ck_assert_int_eq(read_at(0, 301 * SECOND, 0), TARN__SAVED_TIMES);
	ck_assert_int_eq(read_at(0, UINT64_MAX / 2, 0), TARN__SAVED_TIMES);
	/* The least of all TTLs counts. */
	say(0, "www.example. 300 CNAME b.example.\nb.example. 20 A 192.0.2.1\n");
	ck_assert_int_eq(read_at(0, 300 * SECOND, 0), TARN__SAVED_TIMES);
	ck_assert_int_eq(read_at(0, 20 * SECOND, 0), TARN__SAVED_GOOD);
	/* A TTL above the limit of every answer. */
	say(0, "www.example. 200000 A 192.0.2.1\n");
	ck_assert_int_eq(read_at(0, 200000 * SECOND, 0), TARN__SAVED_TIMES);
	ck_assert_int_eq(read_at(0, 86400 * SECOND, 0), TARN__SAVED_GOOD);
}
END_TEST

START_TEST(times_may_be_any_numbers)
{
	static const uint64_t times[] = {
		0, 1, NOW, NOW + 1, UINT64_MAX - 1, UINT64_MAX, INT64_MAX, (uint64_t)INT64_MAX + 1};
	enum { COUNT = sizeof times / sizeof times[0] };
	for (unsigned i = 0; i < COUNT * COUNT * COUNT; i++) {
		const struct tarn__saved_times of = {.arrival_ms = times[i % COUNT],
						     .end_ms = times[i / COUNT % COUNT]};
		uint64_t now_ms = times[i / COUNT / COUNT];
		if (tarn__saved_read(config, &key, message.wire, message.len, &of, now_ms, 0, true,
				     &room, &answer) != TARN__SAVED_GOOD)
			continue;
		ck_assert_uint_ge(of.end_ms, of.arrival_ms);
		ck_assert_uint_le(answer.ttl_ms, 300 * SECOND);
		ck_assert(of.arrival_ms <= now_ms ||
			  of.arrival_ms - now_ms <= TARN__SAVED_AHEAD_MS);
	}
}
END_TEST

START_TEST(arrival_may_be_ahead_a_little)
{
	const struct tarn__saved_times near = {.arrival_ms = NOW + TARN__SAVED_AHEAD_MS,
					       .end_ms = NOW + 200 * SECOND};
	ck_assert_int_eq(tarn__saved_read(config, &key, message.wire, message.len, &near, NOW, 0,
					  true, &room, &answer),
			 TARN__SAVED_GOOD);
	ck_assert_uint_eq(answer.age_ms, 0);
	ck_assert_uint_eq(answer.ttl_ms, 195 * SECOND);
	ck_assert_int_eq(tarn__saved_read(config, &key, message.wire, message.len, &near, NOW - 1,
					  0, true, &room, &answer),
			 TARN__SAVED_FUTURE);
	const struct tarn__saved_times crossed = {.arrival_ms = NOW, .end_ms = NOW - 1};
	ck_assert_int_eq(tarn__saved_read(config, &key, message.wire, message.len, &crossed, NOW, 0,
					  true, &room, &answer),
			 TARN__SAVED_TIMES);
}
END_TEST

START_TEST(limits_of_ttls_bound_the_life)
{
	options.max_ttl = 100;
	configure();
	ck_assert_int_eq(read_at(40 * SECOND, 300 * SECOND, 0), TARN__SAVED_GOOD);
	ck_assert_uint_eq(answer.ttl_ms, 60 * SECOND);
	ck_assert_str_eq(shown(), "www.example. 60 A 192.0.2.1\n");
	/* None is raised. */
	options.max_ttl = 0;
	options.min_ttl = 600;
	configure();
	ck_assert_int_eq(read_at(40 * SECOND, 300 * SECOND, 0), TARN__SAVED_GOOD);
	ck_assert_uint_eq(answer.ttl_ms, 260 * SECOND);
	ck_assert_str_eq(shown(), "www.example. 260 A 192.0.2.1\n");
}
END_TEST

/* ---- verdicts --------------------------------------------------------------------------- */

static const char *const anchors[] = {
	". DS 1 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"};

/* Verdicts in the upper four bits: those that are taken have a bit in these sets. */
static const struct {
	bool trust_ad, validates, checking_disabled;
	unsigned taken; /* 1 << verdict / 16 */
} verdicts[] = {
	{false, false, false, 1 << 0},
	{true, false, false, 1 << 0 | 1 << 1},
	{false, true, false, 1 << 1 | 1 << 2 | 1 << 4 | 1 << 6 | 1 << 8},
	{true, true, false, 1 << 1 | 1 << 2 | 1 << 4 | 1 << 6 | 1 << 8},
	{false, true, true, 1 << 0},
	{true, true, true, 1 << 0},
};

START_TEST(verdict_is_one_that_the_configuration_finds)
{
	/* Without OpenSSL nothing is validated. */
	if (verdicts[_i].validates && !tarn__hmac_is_built())
		return;
	options.trust_ad = verdicts[_i].trust_ad;
	if (verdicts[_i].validates)
		options.dnssec = (struct tarn_dnssec){
			.validate = true, .anchors = anchors, .anchor_count = 1};
	configure();
	key.checking_disabled = verdicts[_i].checking_disabled;
	say(TARN__FLAG_AD, "www.example. 300 A 192.0.2.1\n");
	for (unsigned verdict = 0; verdict <= TARN__VERDICT_MAX; verdict++) {
		bool is_taken = verdict % 16 == 0 && verdicts[_i].taken & 1U << verdict / 16;
		ck_assert_int_eq(read_at(0, 300 * SECOND, verdict),
				 is_taken ? TARN__SAVED_GOOD : TARN__SAVED_NO_ANSWER);
		if (is_taken)
			ck_assert_uint_eq(room.stored[0], verdict);
	}
}
END_TEST

START_TEST(verdict_that_is_not_taken_is_none)
{
	const struct tarn__saved_times times = {.arrival_ms = NOW, .end_ms = NOW + 1};
	options.trust_ad = true;
	configure();
	say(TARN__FLAG_AD, "www.example. 300 A 192.0.2.1\n");
	ck_assert_int_eq(tarn__saved_read(config, &key, message.wire, message.len, &times, NOW,
					  TARN__VERDICT_AD, false, &room, &answer),
			 TARN__SAVED_GOOD);
	ck_assert(!tarn__stored_has_ad(room.stored));
	ck_assert_int_eq(tarn__saved_read(config, &key, message.wire, message.len, &times, NOW,
					  TARN__VERDICT_AD, true, &room, &answer),
			 TARN__SAVED_GOOD);
	ck_assert(tarn__stored_has_ad(room.stored));
	uint8_t written[TARN__MESSAGE_MAX], verdict;
	tarn__saved_write(&key, room.stored, answer.len, written, &verdict);
	ck_assert_uint_eq(verdict, TARN__VERDICT_AD);
	ck_assert(!(written[3] & TARN__FLAG_AD));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("saved_answer");
	TCase *tcase = tcase_create("saved_answer");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, only_answers_of_clients_are_kept);
	tcase_add_test(tcase, key_that_is_not_kept_has_no_answer);
	tcase_add_test(tcase, what_is_written_is_read);
	tcase_add_test(tcase, message_to_another_question_is_no_answer);
	tcase_add_test(tcase, answer_for_those_who_wait_only_is_no_answer);
	tcase_add_test(tcase, ttl_is_what_is_left);
	tcase_add_test(tcase, answer_without_an_age_has_its_ttls);
	tcase_add_test(tcase, end_may_be_earlier_than_the_ttl);
	tcase_add_test(tcase, what_has_ended_has_no_life);
	tcase_add_test(tcase, life_beyond_the_ttl_contradicts_it);
	tcase_add_test(tcase, times_may_be_any_numbers);
	tcase_add_test(tcase, arrival_may_be_ahead_a_little);
	tcase_add_test(tcase, limits_of_ttls_bound_the_life);
	tcase_add_loop_test(tcase, verdict_is_one_that_the_configuration_finds, 0,
			    sizeof verdicts / sizeof verdicts[0]);
	tcase_add_test(tcase, verdict_that_is_not_taken_is_none);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
