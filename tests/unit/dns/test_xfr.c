/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/dns/test_xfr.c: the orders in which the records of a transfer may come (RFC 5936, RFC 1995),
 * and those in which they may not.
 *
 * A response is a text of words: "7" is the zone's SOA with that serial, a letter the record
 * "a.rpz.example. CNAME .", "|" begins the next message. What comes out is such a text, too: "W7" and "C7"
 * begin the whole zone and changes, "+a" adds and "-a" removes a record.
 */
#include "dns/xfr.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/octets.h"
#include "dns/rdata_text.h"
#include "dns/text.h"
#include "support/message.h"
#include "support/unit.h"

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

enum { ID = 4711 };

static const struct tarn__name zone = {13, "\3RPZ\7example"};
static struct tarn__xfr xfr;
static struct message message;
static char trace[4096];
static unsigned stop_after; /* calls; 0: never */

/* ---- what comes out ----------------------------------------------------------------------- */

__attribute__((format(printf, 1, 2))) static bool note(const char *format, ...)
{
	size_t len = strlen(trace);
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(trace + len, sizeof(trace) - len, format, arguments);
	va_end(arguments);
	return stop_after == 0 || --stop_after > 0;
}

static bool begin(void *arg, bool is_whole, const struct tarn__zone_record *soa)
{
	struct tarn__soa numbers;
	ck_assert_ptr_eq(arg, trace);
	ck_assert_uint_eq(soa->type, TARN__TYPE_SOA);
	ck_assert_uint_eq(soa->owner_len, zone.len);
	ck_assert(tarn__soa_read(soa->rdata, soa->rdata_len, &numbers));
	ck_assert_uint_eq(numbers.serial, xfr.soa.serial);
	return note("%c%u ", is_whole ? 'W' : 'C', numbers.serial);
}

static bool add(void *arg, const struct tarn__zone_record *record)
{
	(void)arg;
	ck_assert_uint_eq(record->ttl, 60);
	return note("+%c ", record->owner[1]);
}

static bool remove_one(void *arg, const struct tarn__zone_record *record)
{
	(void)arg;
	return note("-%c ", record->owner[1]);
}

static const struct tarn__xfr_callbacks callbacks = {begin, add, remove_one};

/* ---- what goes in ------------------------------------------------------------------------- */

static void put_soa(unsigned serial)
{
	put_record(&message, 1, "rpz.example. 60 SOA ns.example. admin.example. 5");
	/* put_record() numbers them itself. */
	tarn__put32(message.wire + message.len - 20, serial);
}

static void put_words(const char *text)
{
	char line[64];
	if (*text >= '0' && *text <= '9') {
		unsigned serial;
		ck_assert_int_eq(sscanf(text, "%u", &serial), 1);
		put_soa(serial);
	} else {
		snprintf(line, sizeof(line), "%c.rpz.example. 60 CNAME .", *text);
		put_record(&message, 1, line);
	}
}

static void begin_message(enum tarn__xfr_kind kind, bool has_question)
{
	static const unsigned types[] = {TARN__TYPE_SOA, TARN__TYPE_AXFR, TARN__TYPE_IXFR};
	put_header(&message, ID, TARN__FLAG_QR | TARN__FLAG_AA);
	if (has_question)
		put_question(&message, "rpz.example.", types[kind]);
}

static void init(enum tarn__xfr_kind kind, uint32_t serial)
{
	trace[0] = '\0';
	tarn__xfr_init(&xfr, kind, ID, &zone, serial, &callbacks, trace);
}

static enum tarn__xfr_result take(void)
{
	return tarn__xfr_take(&xfr, message.wire, message.len);
}

/* Feeds the response until it ends. */
static enum tarn__xfr_result feed(enum tarn__xfr_kind kind, const char *text)
{
	enum tarn__xfr_result result = TARN__XFR_MORE;
	begin_message(kind, true);
	for (; *text && result == TARN__XFR_MORE;
	     text += strcspn(text, " "), text += *text == ' ') {
		if (*text == '|') {
			result = take();
			begin_message(kind, false);
		} else {
			put_words(text);
		}
	}
	return result == TARN__XFR_MORE ? take() : result;
}

/* ---- the orders --------------------------------------------------------------------------- */

static const struct {
	enum tarn__xfr_kind kind;
	uint32_t serial;
	const char *response, *trace;
	enum tarn__xfr_result result;
} orders[] = {
	/* The serial of a zone. */
	{TARN__XFR_SOA, 0, "7", "", TARN__XFR_ENDED},
	{TARN__XFR_SOA, 0, "7 a", "", TARN__XFR_ENDED},
	{TARN__XFR_SOA, 0, "a", "", TARN__XFR_FAILED},
	/* The whole zone, in one message and in several. */
	{TARN__XFR_AXFR, 0, "7 a b 7", "W7 +a +b ", TARN__XFR_ENDED},
	{TARN__XFR_AXFR, 0, "7 | a | b | 7", "W7 +a +b ", TARN__XFR_ENDED},
	{TARN__XFR_AXFR, 0, "7 a | b 7", "W7 +a +b ", TARN__XFR_ENDED},
	{TARN__XFR_AXFR, 0, "7 7", "W7 ", TARN__XFR_ENDED},
	{TARN__XFR_AXFR, 0, "7 | 7", "W7 ", TARN__XFR_ENDED},
	{TARN__XFR_AXFR, 0, "7", "", TARN__XFR_MORE},
	{TARN__XFR_AXFR, 0, "7 a b", "W7 +a +b ", TARN__XFR_MORE},
	{TARN__XFR_AXFR, 0, "a 7", "", TARN__XFR_FAILED},
	{TARN__XFR_AXFR, 0, "7 a 8", "W7 +a ", TARN__XFR_FAILED},
	{TARN__XFR_AXFR, 0, "7 8", "W7 ", TARN__XFR_FAILED},
	{TARN__XFR_AXFR, 0, "7 a 7 b", "W7 +a ", TARN__XFR_FAILED},
	{TARN__XFR_AXFR, 0, "7 a 7 7", "W7 +a ", TARN__XFR_FAILED},
	{TARN__XFR_AXFR, 0, "7 a | | 7", "W7 +a ", TARN__XFR_FAILED},
	/* Nothing newer, also around the largest number. */
	{TARN__XFR_IXFR, 7, "7", "", TARN__XFR_UP_TO_DATE},
	{TARN__XFR_IXFR, 7, "6", "", TARN__XFR_UP_TO_DATE},
	{TARN__XFR_IXFR, 7, "4294967295", "", TARN__XFR_UP_TO_DATE},
	{TARN__XFR_IXFR, 7, "2147483655", "", TARN__XFR_UP_TO_DATE},
	{TARN__XFR_IXFR, 4294967295, "1 4294967295 a 1 b 1", "C1 -a +b ", TARN__XFR_ENDED},
	{TARN__XFR_IXFR, 7, "2147483654 7 a 2147483654 2147483654", "C2147483654 -a ",
	 TARN__XFR_ENDED},
	/* Changes in one step and in several, with nothing removed or added. */
	{TARN__XFR_IXFR, 7, "8 7 a 8 b 8", "C8 -a +b ", TARN__XFR_ENDED},
	{TARN__XFR_IXFR, 7, "8 | 7 | a | 8 | b | 8", "C8 -a +b ", TARN__XFR_ENDED},
	{TARN__XFR_IXFR, 7, "8 7 8 8", "C8 ", TARN__XFR_ENDED},
	{TARN__XFR_IXFR, 7, "8 7 8 a b 8", "C8 +a +b ", TARN__XFR_ENDED},
	{TARN__XFR_IXFR, 7, "9 7 a 8 b 8 c 9 d 9", "C9 -a +b -c +d ", TARN__XFR_ENDED},
	{TARN__XFR_IXFR, 7, "9 7 a 9 b 9", "C9 -a +b ", TARN__XFR_ENDED},
	{TARN__XFR_IXFR, 7, "8", "", TARN__XFR_MORE},
	{TARN__XFR_IXFR, 7, "8 7 a 8 b", "C8 -a +b ", TARN__XFR_MORE},
	/* The whole zone instead. */
	{TARN__XFR_IXFR, 7, "8 a b 8", "W8 +a +b ", TARN__XFR_ENDED},
	{TARN__XFR_IXFR, 7, "8 | a b 8", "W8 +a +b ", TARN__XFR_ENDED},
	{TARN__XFR_IXFR, 7, "8 8", "W8 ", TARN__XFR_ENDED},
	{TARN__XFR_IXFR, 7, "8 a 7", "W8 +a ", TARN__XFR_FAILED},
	/* Gaps and other disorder. */
	{TARN__XFR_IXFR, 7, "9 8 a 9 b 9", "", TARN__XFR_FALL_BACK},
	{TARN__XFR_IXFR, 7, "9 7 a 8 b 9", "C9 -a +b ", TARN__XFR_FALL_BACK},
	{TARN__XFR_IXFR, 7, "9 7 a 8 b 7", "C9 -a +b ", TARN__XFR_FALL_BACK},
	{TARN__XFR_IXFR, 7, "9 7 a 7", "C9 -a ", TARN__XFR_FALL_BACK},
	{TARN__XFR_IXFR, 7, "9 7 a 6", "C9 -a ", TARN__XFR_FALL_BACK},
	{TARN__XFR_IXFR, 7, "9 7 a 10", "C9 -a ", TARN__XFR_FALL_BACK},
	{TARN__XFR_IXFR, 7, "8 7 a 8 b 8 c", "C8 -a +b ", TARN__XFR_FAILED},
	{TARN__XFR_IXFR, 7, "a 8", "", TARN__XFR_FAILED},
};

START_TEST(records_come_in_order_or_not_at_all)
{
	init(orders[_i].kind, orders[_i].serial);
	enum tarn__xfr_result result = feed(orders[_i].kind, orders[_i].response);
	ck_assert_msg(result == orders[_i].result, "%s: %d, %s", orders[_i].response, result,
		      xfr.reason);
	ck_assert_str_eq(trace, orders[_i].trace);
	bool has_reason = result == TARN__XFR_FAILED || result == TARN__XFR_FALL_BACK;
	ck_assert_int_eq(xfr.reason[0] != '\0', has_reason);
}
END_TEST

START_TEST(each_callback_can_stop)
{
	for (unsigned calls = 1; calls <= 3; calls++) {
		stop_after = calls;
		init(TARN__XFR_IXFR, 7);
		ck_assert_int_eq(feed(TARN__XFR_IXFR, "8 7 a 8 b 8"), TARN__XFR_STOPPED);
	}
	stop_after = 0;
}
END_TEST

START_TEST(nothing_is_taken_behind_the_end)
{
	init(TARN__XFR_AXFR, 0);
	ck_assert_int_eq(feed(TARN__XFR_AXFR, "7 a 7"), TARN__XFR_ENDED);
	ck_assert_int_eq(feed(TARN__XFR_AXFR, "7 a 7"), TARN__XFR_FAILED);
}
END_TEST

START_TEST(the_soa_has_the_timers)
{
	init(TARN__XFR_SOA, 0);
	ck_assert_int_eq(feed(TARN__XFR_SOA, "7"), TARN__XFR_ENDED);
	ck_assert_uint_eq(xfr.soa.serial, 7);
	ck_assert_uint_eq(xfr.soa.refresh, 2);
	ck_assert_uint_eq(xfr.soa.retry, 3);
	ck_assert_uint_eq(xfr.soa.expire, 4);
	ck_assert_uint_eq(xfr.soa.minimum, 5);
}
END_TEST

/* ---- messages ----------------------------------------------------------------------------- */

/* The answer that a good response would be, with the header changed by the test. */
static void make_whole(enum tarn__xfr_kind kind)
{
	init(kind, 6);
	begin_message(kind, true);
	put_soa(7);
	put_words("a");
	put_soa(7);
}

static void set_flags(unsigned flags)
{
	tarn__put16(message.wire + 2, (uint16_t)flags);
}

static void check_failure(enum tarn__xfr_result result, const char *reason)
{
	ck_assert_int_eq(take(), result);
	ck_assert_str_eq(xfr.reason, reason);
	ck_assert_str_eq(trace, "");
}

START_TEST(a_response_has_the_id_and_is_one)
{
	make_whole(TARN__XFR_AXFR);
	tarn__put16(message.wire, ID + 1);
	check_failure(TARN__XFR_FAILED, "it is not a response to the query");
	make_whole(TARN__XFR_AXFR);
	set_flags(TARN__FLAG_AA);
	check_failure(TARN__XFR_FAILED, "it is not a response to the query");
	make_whole(TARN__XFR_AXFR);
	set_flags(TARN__FLAG_QR | 0x2000);
	check_failure(TARN__XFR_FAILED, "it is not a response to the query");
	make_whole(TARN__XFR_AXFR);
	set_flags(TARN__FLAG_QR | TARN__FLAG_TC);
	check_failure(TARN__XFR_FAILED, "it is cut short");
}
END_TEST

START_TEST(a_refusal_is_a_failure)
{
	make_whole(TARN__XFR_AXFR);
	set_flags(TARN__FLAG_QR | TARN__REFUSED);
	check_failure(TARN__XFR_FAILED, "the server answers REFUSED");
	make_whole(TARN__XFR_IXFR);
	set_flags(TARN__FLAG_QR | TARN__REFUSED);
	check_failure(TARN__XFR_FAILED, "the server answers REFUSED");
	make_whole(TARN__XFR_AXFR);
	set_flags(TARN__FLAG_QR | TARN__NOTIMP);
	check_failure(TARN__XFR_FAILED, "the server answers NOTIMP");
}
END_TEST

START_TEST(a_server_that_does_not_know_ixfr_is_asked_for_the_whole_zone)
{
	static const unsigned rcodes[] = {TARN__FORMERR, TARN__SERVFAIL, TARN__NOTIMP};
	for (int i = 0; i < COUNT(rcodes); i++) {
		make_whole(TARN__XFR_IXFR);
		set_flags(TARN__FLAG_QR | rcodes[i]);
		ck_assert_int_eq(take(), TARN__XFR_FALL_BACK);
	}
}
END_TEST

START_TEST(the_first_message_has_the_question)
{
	init(TARN__XFR_AXFR, 0);
	begin_message(TARN__XFR_AXFR, false);
	put_soa(7);
	check_failure(TARN__XFR_FAILED, "it is without the question");
	init(TARN__XFR_AXFR, 0);
	begin_message(TARN__XFR_IXFR, true);
	put_soa(7);
	check_failure(TARN__XFR_FAILED, "it is not a response to the question");
	init(TARN__XFR_AXFR, 0);
	begin_message(TARN__XFR_AXFR, true);
	put_question(&message, "rpz.example.", TARN__TYPE_AXFR);
	put_soa(7);
	check_failure(TARN__XFR_FAILED, "it is not a response to the question");
	init(TARN__XFR_AXFR, 0);
	put_header(&message, ID, TARN__FLAG_QR);
	put_question(&message, "rpz.exampl.", TARN__TYPE_AXFR);
	put_soa(7);
	check_failure(TARN__XFR_FAILED, "it is not a response to the question");
}
END_TEST

START_TEST(the_serial_comes_from_an_authority)
{
	init(TARN__XFR_SOA, 0);
	begin_message(TARN__XFR_SOA, true);
	put_soa(7);
	set_flags(TARN__FLAG_QR);
	check_failure(TARN__XFR_FAILED, "the server has no authority over the zone");
}
END_TEST

START_TEST(a_message_without_records_is_a_failure)
{
	init(TARN__XFR_AXFR, 0);
	begin_message(TARN__XFR_AXFR, true);
	check_failure(TARN__XFR_FAILED, "a message has no records");
}
END_TEST

static const struct {
	const char *record, *reason;
} strangers[] = {
	{"a.example. 60 CNAME .", "a record is not of the zone"},
	{"a.xrpz.example. 60 CNAME .", "a record is not of the zone"},
	{"a.rpz.example. 60 SOA ns.example. a.example. 5", "an SOA is not the zone's"},
	{"a.rpz.example. 60 AXFR 00", "a record is not of class IN, or has no data"},
	{"a.rpz.example. 60 OPT 00", "a record is not of class IN, or has no data"},
	{"a.rpz.example. 60 TSIG 00", "a record is not of class IN, or has no data"},
	{"a.rpz.example. 60 AAAA 00", "the data of a record is malformed"},
	{"a.rpz.example. 60 HTTPS 00", "the data of a record is malformed"},
	{"a.rpz.example. 60 TYPE65280 00", NULL},
};

START_TEST(a_record_is_of_the_zone_and_valid)
{
	init(TARN__XFR_AXFR, 0);
	begin_message(TARN__XFR_AXFR, true);
	put_soa(7);
	put_record(&message, 1, strangers[_i].record);
	enum tarn__xfr_result result = take();
	ck_assert_int_eq(result, strangers[_i].reason ? TARN__XFR_FAILED : TARN__XFR_MORE);
	ck_assert_str_eq(xfr.reason, strangers[_i].reason ? strangers[_i].reason : "");
}
END_TEST

START_TEST(another_class_is_a_failure)
{
	init(TARN__XFR_AXFR, 0);
	begin_message(TARN__XFR_AXFR, true);
	put_soa(7);
	size_t at = message.len;
	put_words("a");
	tarn__put16(message.wire + at + 15 + 2, TARN__CLASS_CH);
	ck_assert_int_eq(take(), TARN__XFR_FAILED);
}
END_TEST

START_TEST(a_message_that_is_cut_anywhere_is_a_failure)
{
	make_whole(TARN__XFR_AXFR);
	size_t len = message.len;
	for (size_t cut = 0; cut < len; cut++) {
		init(TARN__XFR_AXFR, 0);
		ck_assert_int_eq(tarn__xfr_take(&xfr, message.wire, cut), TARN__XFR_FAILED);
	}
}
END_TEST

/* ---- records ------------------------------------------------------------------------------ */

static char shown[TARN__RDATA_TEXT_MAX];
static uint32_t shown_ttl;

static bool show(void *arg, const struct tarn__zone_record *record)
{
	char owner[TARN__NAME_TEXT_MAX], rdata[TARN__RDATA_TEXT_MAX];
	(void)arg;
	tarn__rdata_format(record->rdata, 0, record->rdata_len, record->type, rdata);
	snprintf(shown, sizeof(shown), "%s %.300s", tarn__name_format(record->owner, owner), rdata);
	shown_ttl = record->ttl;
	return true;
}

static const struct tarn__xfr_callbacks showing = {begin, show, remove_one};

static void show_record(const char *line)
{
	trace[0] = '\0';
	tarn__xfr_init(&xfr, TARN__XFR_AXFR, ID, &zone, 0, &showing, trace);
	begin_message(TARN__XFR_AXFR, true);
	put_soa(7);
	put_record(&message, 1, line);
}

START_TEST(names_come_in_lower_case)
{
	show_record("WWW.Rpz.Example. 60 MX 10 Mail.EXAMPLE.");
	ck_assert_int_eq(take(), TARN__XFR_MORE);
	ck_assert_str_eq(shown, "www.rpz.example. 10 mail.example.");
	show_record("www.rpz.example. 60 TXT Text");
	ck_assert_int_eq(take(), TARN__XFR_MORE);
	ck_assert_str_eq(shown, "www.rpz.example. \"Text\"");
}
END_TEST

/* The last record's name is that of the question, and so is the one in its RDATA. */
START_TEST(names_may_be_compressed)
{
	trace[0] = '\0';
	tarn__xfr_init(&xfr, TARN__XFR_AXFR, ID, &zone, 0, &showing, trace);
	begin_message(TARN__XFR_AXFR, true);
	put_soa(7);
	put_octets(&message, "\1a\xc0\x0c\0\5\0\1\0\0\0\x3c\0\2\xc0\x0c", 16);
	count_one(&message, 1);
	ck_assert_int_eq(take(), TARN__XFR_MORE);
	ck_assert_str_eq(shown, "a.rpz.example. rpz.example.");
}
END_TEST

START_TEST(a_ttl_of_more_than_31_bits_is_none)
{
	show_record("a.rpz.example. 2147483647 CNAME .");
	ck_assert_int_eq(take(), TARN__XFR_MORE);
	ck_assert_uint_eq(shown_ttl, 2147483647);
	show_record("a.rpz.example. 2147483648 CNAME .");
	ck_assert_int_eq(take(), TARN__XFR_MORE);
	ck_assert_uint_eq(shown_ttl, 0);
}
END_TEST

START_TEST(there_are_records_at_most)
{
	init(TARN__XFR_AXFR, 0);
	ck_assert_int_eq(feed(TARN__XFR_AXFR, "7 a"), TARN__XFR_MORE);
	xfr.records = TARN__XFR_RECORDS_MAX - 1;
	ck_assert_int_eq(feed(TARN__XFR_AXFR, "a"), TARN__XFR_MORE);
	ck_assert_int_eq(feed(TARN__XFR_AXFR, "a"), TARN__XFR_FAILED);
	ck_assert_str_eq(xfr.reason, "it has too many records");
}
END_TEST

/* ---- queries ------------------------------------------------------------------------------ */

START_TEST(a_query_has_the_question)
{
	static const uint8_t axfr[] = "\x12\x67\0\0\0\1\0\0\0\0\0\0\3rpz\7example\0\0\xfc\0\1";
	uint8_t out[TARN__XFR_QUERY_MAX];
	init(TARN__XFR_AXFR, 0);
	ck_assert_uint_eq(tarn__xfr_query(&xfr, out), sizeof(axfr) - 1);
	ck_assert_mem_eq(out, axfr, sizeof(axfr) - 1);
	init(TARN__XFR_SOA, 0);
	ck_assert_uint_eq(tarn__xfr_query(&xfr, out), sizeof(axfr) - 1);
	ck_assert_uint_eq(out[sizeof(axfr) - 4], TARN__TYPE_SOA);
}
END_TEST

START_TEST(a_query_for_changes_has_the_serial)
{
	uint8_t out[TARN__XFR_QUERY_MAX];
	init(TARN__XFR_IXFR, 7);
	size_t len = tarn__xfr_query(&xfr, out);
	struct tarn__reader reader = {.wire = out, .at = 29, .end = len};
	struct tarn__record record;
	struct tarn__soa soa;
	ck_assert_uint_eq(tarn__get16(out + 8), 1);
	ck_assert(tarn__record_read(&reader, &record));
	ck_assert_uint_eq(reader.at, len);
	ck_assert_uint_eq(record.type, TARN__TYPE_SOA);
	ck_assert_uint_eq(record.owner_len, zone.len);
	ck_assert(tarn__soa_read(record.rdata, record.rdata_len, &soa));
	ck_assert_uint_eq(soa.serial, 7);
}
END_TEST

/* ---- serials ------------------------------------------------------------------------------ */

START_TEST(serials_have_an_order_around_the_largest)
{
	ck_assert(tarn__serial_is_newer(1, 0));
	ck_assert(!tarn__serial_is_newer(0, 1));
	ck_assert(!tarn__serial_is_newer(7, 7));
	ck_assert(tarn__serial_is_newer(0, UINT32_MAX));
	ck_assert(!tarn__serial_is_newer(UINT32_MAX, 0));
	ck_assert(tarn__serial_is_newer(0x7fffffff, 0));
	/* RFC 1982 section 3.2: undefined, and so not newer. */
	ck_assert(!tarn__serial_is_newer(0x80000000, 0));
	ck_assert(!tarn__serial_is_newer(0, 0x80000000));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("xfr");
	TCase *tcase = tcase_create("xfr");
	tcase_add_loop_test(tcase, records_come_in_order_or_not_at_all, 0, COUNT(orders));
	tcase_add_loop_test(tcase, a_record_is_of_the_zone_and_valid, 0, COUNT(strangers));
	tcase_add_test(tcase, each_callback_can_stop);
	tcase_add_test(tcase, nothing_is_taken_behind_the_end);
	tcase_add_test(tcase, the_soa_has_the_timers);
	tcase_add_test(tcase, a_response_has_the_id_and_is_one);
	tcase_add_test(tcase, a_refusal_is_a_failure);
	tcase_add_test(tcase, a_server_that_does_not_know_ixfr_is_asked_for_the_whole_zone);
	tcase_add_test(tcase, the_first_message_has_the_question);
	tcase_add_test(tcase, the_serial_comes_from_an_authority);
	tcase_add_test(tcase, a_message_without_records_is_a_failure);
	tcase_add_test(tcase, another_class_is_a_failure);
	tcase_add_test(tcase, a_message_that_is_cut_anywhere_is_a_failure);
	tcase_add_test(tcase, names_come_in_lower_case);
	tcase_add_test(tcase, names_may_be_compressed);
	tcase_add_test(tcase, a_ttl_of_more_than_31_bits_is_none);
	tcase_add_test(tcase, there_are_records_at_most);
	tcase_add_test(tcase, a_query_has_the_question);
	tcase_add_test(tcase, a_query_for_changes_has_the_serial);
	tcase_add_test(tcase, serials_have_an_order_around_the_largest);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
