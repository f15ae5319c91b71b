/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/dns/test_notify.c: messages of changed zones are read, and answered as RFC 1996 requires. */
#include "dns/notify.h"

#include <string.h>

#include "support/message.h"
#include "support/unit.h"

static struct message message;
static struct tarn__name zone;

static void make(unsigned flags, const char *name, unsigned type)
{
	put_header(&message, 0x1234, flags);
	put_question(&message, name, type);
}

static bool is_read(void)
{
	return tarn__notify_read(message.wire, message.len, &zone);
}

START_TEST(a_notify_has_a_zone)
{
	make(0x2400, "Rpz.example.", TARN__TYPE_SOA);
	put_record(&message, 1, "rpz.example. 60 SOA ns.example. a.example. 5");
	ck_assert(is_read());
	ck_assert_uint_eq(zone.len, 13);
	ck_assert_mem_eq(zone.octets, "\3Rpz\7example", 13);
}
END_TEST

START_TEST(other_messages_are_none)
{
	static const unsigned flags[] = {0x0000, 0xa400, 0x2800, 0x1000};
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		make(flags[i], "rpz.example.", TARN__TYPE_SOA);
		ck_assert(!is_read());
	}
	make(0x2400, "rpz.example.", TARN__TYPE_NS);
	ck_assert(!is_read());
	make(0x2400, "rpz.example.", TARN__TYPE_SOA);
	put_question(&message, "rpz.example.", TARN__TYPE_SOA);
	ck_assert(!is_read());
	put_header(&message, 1, 0x2400);
	ck_assert(!is_read());
	make(0x2400, "rpz.example.", TARN__TYPE_SOA);
	tarn__put16(message.wire + message.len - 2, TARN__CLASS_CH);
	ck_assert(!is_read());
}
END_TEST

START_TEST(a_cut_message_is_none)
{
	make(0x2400, "rpz.example.", TARN__TYPE_SOA);
	size_t len = message.len;
	for (size_t cut = 0; cut < len; cut++)
		ck_assert(!tarn__notify_read(message.wire, cut, &zone));
}
END_TEST

START_TEST(a_reply_has_the_question_and_nothing_else)
{
	uint8_t reply[TARN__NOTIFY_REPLY_MAX];
	make(0x2400, "rpz.example.", TARN__TYPE_SOA);
	size_t len = message.len;
	put_record(&message, 1, "rpz.example. 60 SOA ns.example. a.example. 5");
	ck_assert(is_read());
	ck_assert_uint_eq(tarn__notify_reply(message.wire, &zone, reply), len);
	ck_assert_mem_eq(reply, "\x12\x34\xa4\0\0\1\0\0\0\0\0\0", 12);
	ck_assert_mem_eq(reply + 12, message.wire + 12, len - 12);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("notify");
	TCase *tcase = tcase_create("notify");
	tcase_add_test(tcase, a_notify_has_a_zone);
	tcase_add_test(tcase, other_messages_are_none);
	tcase_add_test(tcase, a_cut_message_is_none);
	tcase_add_test(tcase, a_reply_has_the_question_and_nothing_else);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
