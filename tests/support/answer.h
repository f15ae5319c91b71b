/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For the unit tests of dns/answer.c: a question, an upstream's message that answers it, the class of that
 * answer, and the records that are stored of it, read back from a reply made of them.
 */
#ifndef TESTS_SUPPORT_ANSWER_H
#define TESTS_SUPPORT_ANSWER_H

#include "dns/answer.h"
#include "dns/reply.h"

#include "support/message.h"
#include "support/unit.h"

enum { ID = 0x4711, RESPONSE = TARN__FLAG_QR | TARN__FLAG_RD | TARN__FLAG_RA };

/* The question of a test; set_up() asks for www.example. A. */
static uint8_t key_octets[TARN__KEY_MAX];
static struct tarn__key key;
static struct tarn__query query;
static uint8_t asked[TARN__QUERY_MAX];
static size_t asked_len;

static struct message message;
static uint8_t stored[TARN__STORED_MAX];
static struct tarn__answer answer;

static inline void ask(const char *name, unsigned type, bool dnssec_ok)
{
	static struct message question;
	put_header(&question, 1, TARN__FLAG_RD);
	put_question(&question, name, type);
	put_opt(&question, 65535, dnssec_ok ? 0x8000 : 0, NULL, 0);
	ck_assert_int_eq(tarn__query_parse(question.wire, question.len, &query), TARN__QUERY_GOOD);
	size_t len = tarn__key_write(&query, key_octets);
	ck_assert(tarn__key_read(key_octets, len, &key));
	asked_len = tarn__query_write(&key, &(struct tarn__query_options){.id = ID, .edns = true},
				      asked);
}

static inline void set_up(void)
{
	ask("www.example.", TARN__TYPE_A, false);
}

/* Header and question of an answer. */
static inline void start(unsigned flags)
{
	put_header(&message, ID, flags);
	put_octets(&message, asked + TARN__HEADER_LEN, (size_t)key.qname_len + 4);
	message.wire[5] = 1;
}

static inline enum tarn__answer_class judge_octets(const uint8_t *wire, size_t len, bool exact_case)
{
	uint8_t *copy = malloc(len ? len : 1);
	ck_assert_ptr_nonnull(copy);
	memcpy(copy, wire, len);
	tarn__answer_read(copy, len, asked, asked_len, &key, exact_case, stored, &answer);
	/* The view, in message instead of the copy. */
	if (answer.cookie)
		answer.cookie = wire + (answer.cookie - copy);
	free(copy);
	if (answer.answer_class != TARN__ANSWER_GOOD)
		ck_assert_uint_eq(answer.len, 0);
	return answer.answer_class;
}

static inline enum tarn__answer_class judge(void)
{
	return judge_octets(message.wire, message.len, true);
}

/* Returns the class of an answer with these records and that rcode. */
static inline enum tarn__answer_class judge_records(unsigned rcode, const char *records)
{
	start(RESPONSE | rcode);
	put_records(&message, records);
	return judge();
}

/* Returns the records that a client would get at once. */
static inline const char *kept(void)
{
	static struct text text;
	static uint8_t reply[TARN__MESSAGE_MAX];
	ck_assert_int_eq(answer.answer_class, TARN__ANSWER_GOOD);
	size_t len = tarn__reply_stored(&query, stored, answer.len,
					&(struct tarn__reply){.limit = TARN__MESSAGE_MAX}, reply);
	ck_assert_uint_eq(tarn__get16(reply + 2) & TARN__FLAG_RCODE, answer.rcode);
	ck_assert_uint_eq(tarn__get16(reply + 2) & TARN__FLAG_TC, 0);
	return read_records(&text, reply, len);
}

/* A record with a TTL of 60 and any octets as its RDATA. */
static inline void put_raw(unsigned section, const char *owner, unsigned type, const char *rdata,
			   size_t len)
{
	put_name(&message, owner);
	put16(&message, type);
	put16(&message, TARN__CLASS_IN);
	put32(&message, 60);
	put16(&message, (unsigned)len);
	put_octets(&message, rdata, len);
	count_one(&message, section);
}

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

static inline TCase *add_case(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);
	tcase_add_checked_fixture(tcase, set_up, NULL);
	suite_add_tcase(suite, tcase);
	return tcase;
}

#endif
