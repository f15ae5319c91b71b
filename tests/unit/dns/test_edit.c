/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/edit.c: messages are written record by record. */
#include "dns/edit.h"

#include "support/message.h"
#include "support/unit.h"

enum { RESPONSE = TARN__FLAG_QR | TARN__FLAG_RD | TARN__FLAG_RA };

static struct tarn__editor editor;
static uint8_t out[TARN__MESSAGE_MAX];
static struct message message;
static struct text text;

static struct tarn__name make_name(const char *name_text)
{
	struct tarn__name name;
	name.len = tarn__name_parse(name_text, name.octets);
	ck_assert_uint_gt(name.len, 0);
	return name;
}

static void begin(uint16_t flags)
{
	struct tarn__name qname = make_name("www.example.");
	tarn__edit_begin(&editor, out, flags, qname.octets, qname.len, TARN__TYPE_AAAA,
			 TARN__CLASS_IN);
}

static void put(enum tarn__section section, const char *owner, uint32_t ttl, const void *rdata,
		size_t len)
{
	struct tarn__name name = make_name(owner);
	tarn__edit_put(&editor, section, &name, TARN__TYPE_TXT, TARN__CLASS_IN, ttl, rdata, len);
}

START_TEST(header_and_question_come_first)
{
	begin(TARN__FLAG_RD | TARN__FLAG_CD | TARN__NXDOMAIN);
	ck_assert_uint_eq(tarn__edit_end(&editor), TARN__HEADER_LEN + 13 + 4);
	ck_assert_mem_eq(out, "\0\0\x81\x13\0\1\0\0\0\0\0\0", TARN__HEADER_LEN);
	ck_assert_mem_eq(out + TARN__HEADER_LEN, "\3www\7example\0\0\x1c\0\1", 17);
}
END_TEST

START_TEST(records_are_counted_in_their_sections)
{
	begin(0);
	put(TARN__SECTION_ANSWER, "www.example.", 0x01020304, "\1a", 2);
	put(TARN__SECTION_ANSWER, "www.example.", 5, "\1b", 2);
	put(TARN__SECTION_AUTHORITY, "example.", 6, "\1c", 2);
	size_t len = tarn__edit_end(&editor);
	ck_assert_str_eq(read_records(&text, out, len),
			 "www.example. 16909060 TXT a\nwww.example. 5 TXT b\n--\n"
			 "example. 6 TXT c\n");
	ck_assert_uint_eq(tarn__get16(out + 10), 0);
}
END_TEST

START_TEST(record_without_rdata_is_written)
{
	begin(0);
	put(TARN__SECTION_ANSWER, ".", 0, NULL, 0);
	size_t len = tarn__edit_end(&editor);
	ck_assert_uint_eq(len, TARN__HEADER_LEN + 17 + TARN__RECORD_MIN);
	ck_assert_mem_eq(out + len - 2, "\0\0", 2);
}
END_TEST

START_TEST(rdata_of_65535_octets_is_too_long_for_any_message)
{
	static const uint8_t rdata[UINT16_MAX];
	begin(0);
	put(TARN__SECTION_ANSWER, ".", 0, rdata, sizeof rdata);
	ck_assert(editor.failed);
	ck_assert_uint_eq(tarn__edit_end(&editor), 0);
}
END_TEST

/* 65,535 octets are a message; one more is none, and nothing after it makes one. */
START_TEST(message_of_65535_octets_is_the_longest)
{
	static const uint8_t rdata[UINT16_MAX];
	for (size_t more = 0; more < 2; more++) {
		begin(0);
		size_t room = TARN__MESSAGE_MAX - editor.len - TARN__RECORD_MIN;
		put(TARN__SECTION_ANSWER, ".", 0, rdata, room + more);
		ck_assert_uint_eq(tarn__edit_end(&editor), more == 0 ? TARN__MESSAGE_MAX : 0);
		put(TARN__SECTION_ANSWER, ".", 0, "\1a", 2);
		ck_assert_uint_eq(tarn__edit_end(&editor), 0);
	}
}
END_TEST

/* Copies the records of a message's answer section. Returns the octets. */
static size_t copy_all(void)
{
	begin(0);
	struct tarn__reader reader = tarn__edit_open(message.wire, message.len);
	ck_assert(!reader.failed);
	struct tarn__record record;
	for (unsigned count = tarn__get16(message.wire + 6); count > 0; count--) {
		ck_assert(tarn__record_read(&reader, &record));
		tarn__edit_copy(&editor, TARN__SECTION_ANSWER, message.wire, &record);
	}
	return tarn__edit_end(&editor);
}

static void start(void)
{
	put_header(&message, 0x1234, RESPONSE);
	put_question(&message, "www.example.", TARN__TYPE_AAAA);
}

START_TEST(names_of_copies_are_written_in_full)
{
	start();
	put_octets(&message, "\xc0\x0c\0\5\0\1\0\0\0\36\0\4\1b\xc0\x10", 16);
	count_one(&message, 1);
	put_octets(&message, "\xc0\x10\0\17\0\1\0\0\0\36\0\4\0\7\xc0\x0c", 16);
	count_one(&message, 1);
	put_records(&message, "b.example. 30 TYPE65280 c00c\n");
	size_t len = copy_all();
	ck_assert_str_eq(read_records(&text, out, len),
			 "www.example. 30 CNAME b.example.\nexample. 30 MX 7 www.example.\n"
			 "b.example. 30 TYPE65280 c00c\n");
}
END_TEST

/* A name in RDATA that leads out of the message, or does not end within the RDATA. */
START_TEST(malformed_rdata_fails_the_editor)
{
	static const struct {
		const char *octets;
		size_t len;
	} records[] = {
		{"\xc0\x0c\0\5\0\1\0\0\0\36\0\2\xff\xff", 14},
		{"\xc0\x0c\0\5\0\1\0\0\0\36\0\2\5a", 14},
		{"\xc0\x0c\0\5\0\1\0\0\0\36\0\0", 12},
		{"\xc0\x0c\0\5\0\1\0\0\0\36\0\3\0ab", 15},
	};
	start();
	put_octets(&message, records[_i].octets, records[_i].len);
	count_one(&message, 1);
	ck_assert_uint_eq(copy_all(), 0);
}
END_TEST

START_TEST(cursor_is_behind_the_question)
{
	start();
	struct tarn__reader reader = tarn__edit_open(message.wire, message.len);
	ck_assert(!reader.failed);
	ck_assert_uint_eq(reader.at, message.len);
	for (size_t len = 0; len < message.len; len++)
		ck_assert(tarn__edit_open(message.wire, len).failed);
}
END_TEST

START_TEST(message_without_exactly_one_question_is_not_opened)
{
	start();
	message.wire[5] = 0;
	ck_assert(tarn__edit_open(message.wire, message.len).failed);
	message.wire[5] = 2;
	ck_assert(tarn__edit_open(message.wire, message.len).failed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("edit");
	TCase *tcase = tcase_create("edit");
	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, header_and_question_come_first);
	tcase_add_test(tcase, records_are_counted_in_their_sections);
	tcase_add_test(tcase, record_without_rdata_is_written);
	tcase_add_test(tcase, rdata_of_65535_octets_is_too_long_for_any_message);
	tcase_add_test(tcase, message_of_65535_octets_is_the_longest);
	tcase_add_test(tcase, names_of_copies_are_written_in_full);
	tcase_add_loop_test(tcase, malformed_rdata_fails_the_editor, 0, 4);
	tcase_add_test(tcase, cursor_is_behind_the_question);
	tcase_add_test(tcase, message_without_exactly_one_question_is_not_opened);
	return unit_run(suite);
}
