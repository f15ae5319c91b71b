/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/dns/test_tsig.c: messages are signed and verified as RFC 8945 requires. The messages were made
 * and signed by another implementation (dnspython), with the key below at the time NOW.
 */
#include "dns/tsig.h"

#include <string.h>

#include "base/base16.h"
#include "base/octets.h"
#include "dns/message.h"
#include "support/tsig.h"
#include "support/unit.h"

enum { NOW = 1700000000 };

static const char key_text[] =
	"hmac-sha256:transfer.example:c2VjcmV0IG9mIHRoaXJ0eS10d28gb2N0ZXRzISEhIQ==";

static const char query_signed[] =
	"1234000000010000000000010372707a076578616d706c650000fc0001087472616e736665720765"
	"78616d706c650000fa00ff00000000003d0b686d61632d7368613235360000006553f100012c0020"
	"f2592d1715c28cb439f0d5bd1ef873d7b20cc31314d4a3278b8505183fc680c8123400000000";

static const char single_response[] =
	"1234840000010001000000010372707a076578616d706c650000fc0001c00c000600010000003c00"
	"1d026e73c0100161c0100000000700000e1000000258000151800000003c087472616e7366657207"
	"6578616d706c650000fa00ff00000000003d0b686d61632d7368613235360000006553f100012c00"
	"20ca6f609fbb4b6c30be2caa1d039097302c95ec43d21614df65b0e5ed230337b5123400000000";

static const char first_message[] =
	"1234840000010001000000010372707a076578616d706c650000fc0001c00c000600010000003c00"
	"1d026e73c0100161c0100000000700000e1000000258000151800000003c087472616e7366657207"
	"6578616d706c650000fa00ff00000000003d0b686d61632d7368613235360000006553f100012c00"
	"20ca6f609fbb4b6c30be2caa1d039097302c95ec43d21614df65b0e5ed230337b5123400000000";

static const char second_message[] =
	"12348400000000010000000001610372707a076578616d706c6500000500010000003c000100";

static const char third_message[] =
	"1234840000000001000000010372707a076578616d706c6500000600010000003c001d026e73c010"
	"0161c0100000000700000e1000000258000151800000003c087472616e73666572076578616d706c"
	"650000fa00ff00000000003d0b686d61632d7368613235360000006553f100012c0020483e291ad3"
	"e6ee7874c7f07c0af1ed19ed6aee99a6be33f9b43147798927b5d9123400000000";

static const char badtime_response[] =
	"1234840900010001000000010372707a076578616d706c650000fc0001c00c000600010000003c00"
	"1d026e73c0100161c0100000000700000e1000000258000151800000003c087472616e7366657207"
	"6578616d706c650000fa00ff00000000003d0b686d61632d7368613235360000006553f100012c00"
	"20c5710ad30c3bf20c51ce6247e36d0e85e83113b8b14c89ef7a5b2fe7daf0efe3123400120000";

static struct tarn__tsig_key key;
static struct tarn__tsig tsig;
static uint8_t wire[1024];
static size_t len;

static void set_up(void)
{
	load_tsig();
	key = make_key(key_text);
	tarn__tsig_init(&tsig, &key, &test_hmac);
}

static void tear_down(void)
{
	tarn__tsig_fini(&tsig);
}

static void read_message(const char *text)
{
	len = tarn__base16_read(text, wire, sizeof(wire));
	ck_assert_uint_gt(len, 0);
}

/* Takes the signature off. */
static void strip(void)
{
	struct tarn__tsig_record record;
	ck_assert_int_eq(tarn__tsig_find(wire, len, &record), 1);
	len = record.at;
	tarn__put16(wire + 10, (uint16_t)(tarn__get16(wire + 10) - 1));
}

/* The client signs its query. */
static void ask(void)
{
	const struct tarn__tsig_hmac *hmac = tsig.hmac;
	tarn__tsig_fini(&tsig);
	tarn__tsig_init(&tsig, &key, hmac);
	read_message(query_signed);
	strip();
	len = tarn__tsig_sign(&tsig, wire, len, sizeof(wire), NOW);
}

static enum tarn__tsig_result verify(const char *text)
{
	read_message(text);
	return tarn__tsig_verify(&tsig, wire, len, NOW);
}

/* ---- queries ---------------------------------------------------------------------------- */

START_TEST(a_query_is_signed_as_another_implementation_does)
{
	char shown[2 * sizeof(wire) + 1] = "";
	ask();
	tarn__base16_write(wire, len, shown);
	ck_assert_str_eq(shown, query_signed);
}
END_TEST

START_TEST(a_query_has_to_fit)
{
	read_message(query_signed);
	strip();
	ck_assert_uint_eq(tarn__tsig_sign(&tsig, wire, len, len + TARN__TSIG_RECORD_MAX - 1, NOW),
			  0);
	ck_assert_uint_gt(tarn__tsig_sign(&tsig, wire, len, len + TARN__TSIG_RECORD_MAX, NOW), 0);
}
END_TEST

START_TEST(a_server_verifies_the_query_and_its_response_is_verified)
{
	struct tarn__tsig server;
	tarn__tsig_init(&server, &key, &test_hmac);
	ask();
	ck_assert_int_eq(tarn__tsig_verify(&server, wire, len, NOW), TARN__TSIG_GOOD);
	strip();
	wire[2] |= 0x80;
	len = tarn__tsig_sign(&server, wire, len, sizeof(wire), NOW);
	ck_assert_uint_gt(len, 0);
	ck_assert_int_eq(tarn__tsig_verify(&tsig, wire, len, NOW), TARN__TSIG_GOOD);
	tarn__tsig_fini(&server);
}
END_TEST

/* ---- responses -------------------------------------------------------------------------- */

START_TEST(a_response_is_verified)
{
	ask();
	ck_assert(!tarn__tsig_is_complete(&tsig));
	ck_assert_int_eq(verify(single_response), TARN__TSIG_GOOD);
	ck_assert(tarn__tsig_is_complete(&tsig));
}
END_TEST

START_TEST(a_transfer_is_verified_over_messages_without_signatures)
{
	ask();
	ck_assert_int_eq(verify(first_message), TARN__TSIG_GOOD);
	ck_assert_int_eq(verify(second_message), TARN__TSIG_UNSIGNED);
	ck_assert(!tarn__tsig_is_complete(&tsig));
	ck_assert_int_eq(verify(third_message), TARN__TSIG_GOOD);
	ck_assert(tarn__tsig_is_complete(&tsig));
}
END_TEST

START_TEST(a_message_that_is_left_out_is_noticed)
{
	ask();
	ck_assert_int_eq(verify(first_message), TARN__TSIG_GOOD);
	ck_assert_int_eq(verify(third_message), TARN__TSIG_BADSIG);
}
END_TEST

START_TEST(a_message_that_is_inserted_is_noticed)
{
	ask();
	ck_assert_int_eq(verify(first_message), TARN__TSIG_GOOD);
	ck_assert_int_eq(verify(second_message), TARN__TSIG_UNSIGNED);
	ck_assert_int_eq(verify(second_message), TARN__TSIG_UNSIGNED);
	ck_assert_int_eq(verify(third_message), TARN__TSIG_BADSIG);
}
END_TEST

START_TEST(each_changed_octet_is_noticed)
{
	read_message(single_response);
	for (size_t i = 0; i < len; i++) {
		ask();
		read_message(single_response);
		wire[i] ^= 0x20;
		/* The id of the message, and the letter case of the key and the algorithm, are not signed. */
		struct tarn__tsig_record record;
		bool is_free = tarn__tsig_find(wire, len, &record) == 1 && i >= record.at &&
			       tarn__fold(wire[i]) == tarn__fold(wire[i] ^ 0x20) &&
			       i < record.at + key.name.len + 10 + 13;
		if (i >= 2 && !is_free)
			ck_assert_int_ne(tarn__tsig_verify(&tsig, wire, len, NOW), TARN__TSIG_GOOD);
	}
}
END_TEST

START_TEST(the_first_message_is_signed)
{
	ask();
	ck_assert_int_eq(verify(second_message), TARN__TSIG_MISSING);
}
END_TEST

START_TEST(a_hundred_messages_without_signature_are_too_many)
{
	ask();
	ck_assert_int_eq(verify(first_message), TARN__TSIG_GOOD);
	for (int i = 0; i < TARN__TSIG_UNSIGNED_MAX; i++)
		ck_assert_int_eq(verify(second_message), TARN__TSIG_UNSIGNED);
	ck_assert_int_eq(verify(second_message), TARN__TSIG_MISSING);
}
END_TEST

START_TEST(clocks_may_differ_by_five_minutes)
{
	ask();
	read_message(single_response);
	ck_assert_int_eq(tarn__tsig_verify(&tsig, wire, len, NOW + TARN__TSIG_FUDGE),
			 TARN__TSIG_GOOD);
	ask();
	read_message(single_response);
	ck_assert_int_eq(tarn__tsig_verify(&tsig, wire, len, NOW - TARN__TSIG_FUDGE),
			 TARN__TSIG_GOOD);
	ask();
	read_message(single_response);
	ck_assert_int_eq(tarn__tsig_verify(&tsig, wire, len, NOW + TARN__TSIG_FUDGE + 1),
			 TARN__TSIG_BADTIME);
	ask();
	read_message(single_response);
	ck_assert_int_eq(tarn__tsig_verify(&tsig, wire, len, NOW - TARN__TSIG_FUDGE - 1),
			 TARN__TSIG_BADTIME);
}
END_TEST

START_TEST(a_signed_error_is_a_refusal)
{
	ask();
	ck_assert_int_eq(verify(badtime_response), TARN__TSIG_REFUSED);
}
END_TEST

/* The record's end: error in the last four octets but two, and no MAC. */
START_TEST(an_unsigned_error_is_a_refusal)
{
	struct tarn__tsig_record record;
	ask();
	read_message(single_response);
	ck_assert_int_eq(tarn__tsig_find(wire, len, &record), 1);
	size_t mac_at = (size_t)(record.rdata - wire) + 13 + 10;
	tarn__put16(wire + mac_at - 2, 0);
	memmove(wire + mac_at, wire + mac_at + TARN__TSIG_MAC_LEN, 6);
	tarn__put16(wire + mac_at + 2, 17);
	len -= TARN__TSIG_MAC_LEN;
	tarn__put16((uint8_t *)record.rdata - 2, (uint16_t)(record.rdata_len - TARN__TSIG_MAC_LEN));
	ck_assert_int_eq(tarn__tsig_verify(&tsig, wire, len, NOW), TARN__TSIG_REFUSED);
}
END_TEST

START_TEST(a_code_that_is_cut_short_is_refused)
{
	struct tarn__tsig_record record;
	ask();
	read_message(single_response);
	ck_assert_int_eq(tarn__tsig_find(wire, len, &record), 1);
	size_t mac_at = (size_t)(record.rdata - wire) + 13 + 10;
	tarn__put16(wire + mac_at - 2, TARN__TSIG_MAC_LEN / 2);
	memmove(wire + mac_at + TARN__TSIG_MAC_LEN / 2, wire + mac_at + TARN__TSIG_MAC_LEN, 6);
	len -= TARN__TSIG_MAC_LEN / 2;
	tarn__put16((uint8_t *)record.rdata - 2,
		    (uint16_t)(record.rdata_len - TARN__TSIG_MAC_LEN / 2));
	ck_assert_int_eq(tarn__tsig_verify(&tsig, wire, len, NOW), TARN__TSIG_BADTRUNC);
}
END_TEST

START_TEST(another_key_is_refused)
{
	key = make_key("other:c2VjcmV0IG9mIHRoaXJ0eS10d28gb2N0ZXRzISEhIQ==");
	ask();
	ck_assert_int_eq(verify(single_response), TARN__TSIG_BADKEY);
	key = make_key("transfer.example:b3RoZXI=");
	ask();
	ck_assert_int_eq(verify(single_response), TARN__TSIG_BADSIG);
}
END_TEST

START_TEST(a_cut_message_is_malformed)
{
	read_message(single_response);
	for (size_t cut = 0; cut < len; cut++) {
		struct tarn__tsig_record record;
		ck_assert_int_eq(tarn__tsig_find(wire, cut, &record), -1);
	}
}
END_TEST

START_TEST(a_signature_is_the_last_record)
{
	struct tarn__tsig_record record;
	read_message(single_response);
	/* One octet more, one record more, and in another section. */
	ck_assert_int_eq(tarn__tsig_find(wire, len + 1, &record), -1);
	memcpy(wire + len, "\0\0\1\0\1\0\0\0\0\0\0", 11);
	tarn__put16(wire + 10, 2);
	ck_assert_int_eq(tarn__tsig_find(wire, len + 11, &record), -1);
	tarn__put16(wire + 10, 0);
	tarn__put16(wire + 8, 1);
	ck_assert_int_eq(tarn__tsig_find(wire, len, &record), -1);
}
END_TEST

/* ---- a code that cannot be computed ------------------------------------------------------- */

static void *no_code(const uint8_t *secret, size_t secret_len)
{
	(void)secret;
	(void)secret_len;
	return NULL;
}

START_TEST(without_a_code_nothing_is_signed_and_nothing_is_good)
{
	static const struct tarn__tsig_hmac none = {no_code, add_to_code, end_code, free_code};
	tarn__tsig_init(&tsig, &key, &none);
	ask();
	ck_assert_uint_eq(len, 0);
	ck_assert_int_eq(verify(single_response), TARN__TSIG_FAILED);
}
END_TEST

START_TEST(each_result_has_a_text)
{
	for (int i = TARN__TSIG_GOOD; i <= TARN__TSIG_FAILED; i++)
		ck_assert_uint_gt(strlen(tarn__tsig_text((enum tarn__tsig_result)i)), 0);
}
END_TEST

int main(void)
{
	if (!tarn__hmac_is_built())
		return unit_skip("built without OpenSSL");
	Suite *suite = suite_create("tsig");
	TCase *tcase = tcase_create("tsig");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_query_is_signed_as_another_implementation_does);
	tcase_add_test(tcase, a_query_has_to_fit);
	tcase_add_test(tcase, a_server_verifies_the_query_and_its_response_is_verified);
	tcase_add_test(tcase, a_response_is_verified);
	tcase_add_test(tcase, a_transfer_is_verified_over_messages_without_signatures);
	tcase_add_test(tcase, a_message_that_is_left_out_is_noticed);
	tcase_add_test(tcase, a_message_that_is_inserted_is_noticed);
	tcase_add_test(tcase, each_changed_octet_is_noticed);
	tcase_add_test(tcase, the_first_message_is_signed);
	tcase_add_test(tcase, a_hundred_messages_without_signature_are_too_many);
	tcase_add_test(tcase, clocks_may_differ_by_five_minutes);
	tcase_add_test(tcase, a_signed_error_is_a_refusal);
	tcase_add_test(tcase, an_unsigned_error_is_a_refusal);
	tcase_add_test(tcase, a_code_that_is_cut_short_is_refused);
	tcase_add_test(tcase, another_key_is_refused);
	tcase_add_test(tcase, a_cut_message_is_malformed);
	tcase_add_test(tcase, a_signature_is_the_last_record);
	tcase_add_test(tcase, without_a_code_nothing_is_signed_and_nothing_is_good);
	tcase_add_test(tcase, each_result_has_a_text);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
