/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/dnssec/test_canonical.c: the order of names and the signed data of RRsets. */
#include "dnssec/canonical.h"

#include <stdlib.h>
#include <string.h>

#include "dnssec/rrsig.h"
#include "support/signed.h"
#include "support/unit.h"

/* ---- order ------------------------------------------------------------------------------ */

static const char *const ordered[] = {
	".",
	/* RFC 4034 section 6.1 */
	"example.",
	"a.example.",
	"yljkjljk.a.example.",
	"Z.a.example.",
	"zABC.a.EXAMPLE.",
	"z.example.",
	"\\001.z.example.",
	"*.z.example.",
	"\\200.z.example.",
	/* An absent octet is before one of zero; only ASCII letters have case. */
	"\\200\\000.z.example.",
	"\\200a.z.example.",
	"\\200b.z.example.",
	"\\224.z.example.",
	"a\\192.zz.example.",
	"a\\224.zz.example.",
	"examplf.",
};

enum { ORDERED = sizeof(ordered) / sizeof(ordered[0]) };

static int compare(const char *a_text, const char *b_text)
{
	struct tarn__name a = make_name(a_text), b = make_name(b_text);
	return tarn__canonical_compare(a.octets, a.len, b.octets, b.len);
}

static int sign(int order)
{
	return (order > 0) - (order < 0);
}

START_TEST(names_are_in_the_order_of_rfc4034_6_1)
{
	for (int i = 0; i < ORDERED; i++) {
		for (int j = 0; j < ORDERED; j++)
			ck_assert_msg(sign(compare(ordered[i], ordered[j])) == sign(i - j),
				      "%s and %s", ordered[i], ordered[j]);
	}
}
END_TEST

START_TEST(names_are_equal_in_any_letter_case)
{
	ck_assert_int_eq(compare("WWW.Example.", "www.eXAMPLE."), 0);
	ck_assert_int_eq(compare(".", "."), 0);
	/* '[' is behind 'Z', and before 'a' and thus before 'Z'. */
	ck_assert_int_lt(compare("[.", "Z."), 0);
	ck_assert_int_lt(compare("@.", "A."), 0);
}
END_TEST

START_TEST(names_of_as_many_labels_as_can_be_are_compared)
{
	struct tarn__name a = {.len = TARN__NAME_MAX}, b;
	for (size_t i = 0; i < TARN__NAME_MAX - 1; i += 2) {
		a.octets[i] = 1;
		a.octets[i + 1] = 'a';
	}
	a.octets[TARN__NAME_MAX - 1] = 0;
	b = a;
	ck_assert_int_eq(tarn__canonical_compare(a.octets, a.len, b.octets, b.len), 0);
	b.octets[1] = 'b';
	ck_assert_int_lt(tarn__canonical_compare(a.octets, a.len, b.octets, b.len), 0);
	/* What is closer to the root counts. */
	a.octets[TARN__NAME_MAX - 2] = 'c';
	ck_assert_int_gt(tarn__canonical_compare(a.octets, a.len, b.octets, b.len), 0);
	ck_assert_int_gt(tarn__canonical_compare(a.octets, a.len, b.octets + 2, b.len - 2), 0);
}
END_TEST

/* ---- signed data ------------------------------------------------------------------------ */

static struct message message;
static struct tarn__rrsets rrsets;
static struct tarn__signed_data data;
static struct tarn__rrsig rrsig;

static void tear_down(void)
{
	tarn__signed_data_free(&data);
	ck_assert_ptr_null(data.octets);
	ck_assert_uint_eq(data.room, 0);
}

/* An RRSIG by example. with such labels; its signer is in mixed case. */
static void make_rrsig(unsigned labels)
{
	static uint8_t rdata[] = "\0\1\15\2\0\0\16\20\0\0\2\0\0\0\1\0\0\7"
				 "\7eXample\0"
				 "signature";
	rdata[3] = (uint8_t)labels;
	struct tarn__reader reader = {.wire = rdata, .end = sizeof(rdata) - 1};
	ck_assert(tarn__rrsig_read(reader, &rrsig));
}

static bool write_data(void)
{
	const struct tarn__rrset *rrset = first_data(&rrsets);
	bool is_written = tarn__signed_data_write(&data, &rrsets, rrset, &rrsig);
	if (is_written)
		ck_assert_uint_le(data.len, tarn__signed_data_len_max(&rrsets, rrset));
	return is_written;
}

/* The signed data of the first RRset of a zone file. */
static void write_zone(const char *text, unsigned labels)
{
	read_zone(&rrsets, &message, text);
	make_rrsig(labels);
	ck_assert(write_data());
}

/* Returns what follows the RRSIG. */
static const uint8_t *check_head(void)
{
	uint8_t head[] = "\0\1\15\2\0\0\16\20\0\0\2\0\0\0\1\0\0\7"
			 "\7example";
	head[3] = rrsig.labels;
	ck_assert_uint_ge(data.len, sizeof(head));
	ck_assert_mem_eq(data.octets, head, sizeof(head));
	return data.octets + sizeof(head);
}

/* Fails unless the signed data are these octets behind the RRSIG. */
static void check_octets(const char *octets, size_t len)
{
	const uint8_t *at = check_head();
	ck_assert_uint_eq(data.len - (size_t)(at - data.octets), len);
	ck_assert_mem_eq(at, octets, len);
}

#define CHECK_DATA(literal) check_octets(literal, sizeof(literal) - 1)

START_TEST(owner_and_ttl_are_those_that_were_signed)
{
	write_zone("WWW.Example. 17 IN A 192.0.2.1\n", 2);
	CHECK_DATA("\3www\7example\0\0\1\0\1\0\0\16\20\0\4\300\0\2\1");
}
END_TEST

START_TEST(the_owner_of_an_expansion_is_the_wildcard)
{
	/* RFC 4035 appendix B.6 */
	write_zone("A.z.w.example. 3600 IN MX 1 ai.example.\n", 2);
	CHECK_DATA("\1*\1w\7example\0\0\17\0\1\0\0\16\20\0\16\0\1\2ai\7example\0");
	write_zone("A.z.w.example. 3600 IN A 192.0.2.1\n", 0);
	CHECK_DATA("\1*\0\0\1\0\1\0\0\16\20\0\4\300\0\2\1");
	write_zone("A.z.w.example. 3600 IN A 192.0.2.1\n", 3);
	CHECK_DATA("\1*\1z\1w\7example\0\0\1\0\1\0\0\16\20\0\4\300\0\2\1");
}
END_TEST

START_TEST(the_owner_of_a_wildcard_is_itself)
{
	write_zone("*.W.example. 3600 IN A 192.0.2.1\n", 2);
	CHECK_DATA("\1*\1w\7example\0\0\1\0\1\0\0\16\20\0\4\300\0\2\1");
	write_zone("*.W.example. 3600 IN A 192.0.2.1\n", 1);
	CHECK_DATA("\1*\7example\0\0\1\0\1\0\0\16\20\0\4\300\0\2\1");
}
END_TEST

#define TXT_HEAD "\1a\0\0\20\0\1\0\0\16\20\0"

START_TEST(records_are_in_the_order_of_their_rdata)
{
	write_zone("a. 3600 IN TXT bb\n"
		   "a. 3600 IN TXT \"\\200\"\n"
		   "a. 3600 IN TXT b c\n"
		   "a. 3600 IN TXT b\n"
		   "a. 3600 IN TXT b a\n",
		   1);
	/* A shorter one is first if it is the start of the other. */
	CHECK_DATA(TXT_HEAD "\2\1b" TXT_HEAD "\4\1b\1a" TXT_HEAD "\4\1b\1c" TXT_HEAD
			    "\2\1\310" TXT_HEAD "\3\2bb");
}
END_TEST

START_TEST(equal_records_are_there_once)
{
	write_zone("a. 3600 IN NS b.\n"
		   "a. 3600 IN NS c.\n"
		   "a. 3600 IN NS B.\n"
		   "a. 3600 IN NS b.\n",
		   1);
	CHECK_DATA("\1a\0\0\2\0\1\0\0\16\20\0\3\1b\0"
		   "\1a\0\0\2\0\1\0\0\16\20\0\3\1c\0");
}
END_TEST

START_TEST(compression_is_undone)
{
	put_header(&message, 1, TARN__FLAG_QR);
	put_question(&message, "Ab.example.", TARN__TYPE_MX);
	put_octets(&message, "\300\014\0\17\0\1\0\0\0\5\0\4\0\12\300\017", 16);
	put_octets(&message, "\300\014\0\17\0\1\0\0\0\5\0\10\0\2\3Foo\300\014", 20);
	tarn__put16(message.wire + 6, 2);
	ck_assert(tarn__rrsets_read(&rrsets, message.wire, message.len, TARN__HEADER_LEN + 12 + 4,
				    TARN__CLASS_IN));
	make_rrsig(2);
	ck_assert(write_data());
	CHECK_DATA("\2ab\7example\0\0\17\0\1\0\0\16\20\0\22\0\2\3foo\2ab\7example\0"
		   "\2ab\7example\0\0\17\0\1\0\0\16\20\0\13\0\12\7example\0");
}
END_TEST

/* RDATA whose names alone have capital letters, and whether it is signed in lower case. */
static const struct {
	const char *record;
	bool is_lowered;
} cases[] = {
	/* RFC 4034 section 6.2; of those types A6 is historic, and RRSIG is not signed. */
	{"a. NS Abc.Example.", true},
	{"a. MD Abc.Example.", true},
	{"a. MF Abc.Example.", true},
	{"a. CNAME Abc.Example.", true},
	{"a. SOA Abc.Example. Def.Example. 1 2 3 4 5", true},
	{"a. MB Abc.Example.", true},
	{"a. MG Abc.Example.", true},
	{"a. MR Abc.Example.", true},
	{"a. PTR Abc.Example.", true},
	{"a. MINFO Abc.Example. Def.Example.", true},
	{"a. MX 1 Abc.Example.", true},
	{"a. RP Abc.Example. Def.Example.", true},
	{"a. AFSDB 1 Abc.Example.", true},
	{"a. RT 1 Abc.Example.", true},
	{"a. SIG \\# 24 0001050100000e1000000002000000010007034162630007", true},
	{"a. PX 1 Abc.Example. Def.Example.", true},
	{"a. NXT \\# 7 03414263000022", true},
	{"a. NAPTR 1 2 u e2u \"!a!b!\" Abc.Example.", true},
	{"a. KX 1 Abc.Example.", true},
	{"a. SRV 1 2 3 Abc.Example.", true},
	{"a. DNAME Abc.Example.", true},
	/* RFC 6840 section 5.1, RFC 3597 section 7: nothing else. */
	{"a. HINFO ABC DEF", false},
	{"a. TXT ABC", false},
	{"a. NSEC Abc.Example. A", false},
	{"a. LP 1 Abc.Example.", false},
	{"a. SVCB 1 Abc.Example.", false},
	{"a. HTTPS 1 Abc.Example.", false},
	{"a. TYPE65280 \\# 5 0341424300", false},
};

START_TEST(names_of_such_types_are_in_lower_case)
{
	write_zone(cases[_i].record, 1);
	struct tarn__zone_record record = parse_record(cases[_i].record);
	uint8_t rdata[256];
	ck_assert_uint_le(record.rdata_len, sizeof(rdata));
	memcpy(rdata, record.rdata, record.rdata_len);
	if (cases[_i].is_lowered)
		tarn__name_fold(rdata, rdata, record.rdata_len);
	/* RDLENGTH and the RDATA are behind the owner "a.", TYPE, CLASS and TTL. */
	const uint8_t *at = check_head() + 3 + 8;
	ck_assert_uint_eq(data.len - (size_t)(at - data.octets), 2 + record.rdata_len);
	ck_assert_uint_eq(tarn__get16(at), record.rdata_len);
	ck_assert_mem_eq(at + 2, rdata, record.rdata_len);
}
END_TEST

START_TEST(malformed_rdata_has_no_data)
{
	static const char *const malformed[] = {
		/* NS with octets behind its name, A of three octets, MX that ends in its name */
		"\1a\0\0\2\0\1\0\0\0\5\0\4\1b\0x",
		"\1a\0\0\1\0\1\0\0\0\5\0\3abcd",
		"\1a\0\0\17\0\1\0\0\0\5\0\4\0\1\1bc",
	};
	for (size_t i = 0; i < 3; i++) {
		put_header(&message, 1, TARN__FLAG_QR);
		put_octets(&message, malformed[i], 13);
		put_octets(&message, malformed[i] + 13, (size_t)malformed[i][12]);
		count_one(&message, 1);
		read_rrsets(&rrsets, &message);
		make_rrsig(1);
		ck_assert(!write_data());
		ck_assert_uint_gt(tarn__signed_data_len_max(&rrsets, first_data(&rrsets)), 0);
	}
}
END_TEST

START_TEST(rdata_that_is_too_long_without_compression_has_no_data)
{
	/*
	 * A SIG of 18 octets, "aaaaaaa.example." as a pointer to its owner, and a signature. A message has
	 * no room for one that is too long: this one exceeds it.
	 */
	static uint8_t wire[12 + 17 + 10 + UINT16_MAX] =
		"\0\0\0\0\0\0\0\1\0\0\0\0\7aaaaaaa\7example\0\0\30\0\1\0\0\0\5";
	uint8_t *rdata = wire + 12 + 17 + 10;
	memcpy(rdata + 18, "\300\14", 2);
	for (unsigned too_long = 0; too_long < 2; too_long++) {
		unsigned len = UINT16_MAX - 17 + 2 + too_long;
		tarn__put16(rdata - 2, (uint16_t)len);
		ck_assert(tarn__rrsets_read(&rrsets, wire, 12 + 17 + 10 + len, TARN__HEADER_LEN,
					    TARN__CLASS_IN));
		make_rrsig(2);
		ck_assert_int_eq(write_data(), !too_long);
	}
}
END_TEST

START_TEST(a_cname_that_was_made_has_no_data)
{
	struct tarn__name owner = make_name("a."), target = make_name("b.");
	read_zone(&rrsets, &message, "a. A 192.0.2.1\n");
	make_rrsig(1);
	const struct tarn__rrset *made = tarn__rrset_make_cname(&rrsets, &owner, &target, 5);
	ck_assert(!tarn__signed_data_write(&data, &rrsets, made, &rrsig));
	ck_assert_uint_gt(tarn__signed_data_len_max(&rrsets, made), 0);
}
END_TEST

/* A message full of MX records with compressed owners and targets of 255 octets. */
static void fill_message(void)
{
	put_header(&message, 1, TARN__FLAG_QR);
	uint8_t name[TARN__NAME_MAX];
	memset(name, 'A', sizeof(name));
	name[0] = name[64] = name[128] = 63;
	name[192] = 61;
	name[254] = 0;
	put_octets(&message, name, sizeof(name));
	put_octets(&message, "\0\17\0\1", 4);
	tarn__put16(message.wire + 4, 1);
	unsigned count = 0;
	for (; message.len + 16 <= TARN__MESSAGE_MAX; count++) {
		put_octets(&message, "\300\014\0\17\0\1\0\0\0\5\0\4", 12);
		put16(&message, 0xffff - count * 7 % 0x10000);
		put_octets(&message, "\300\014", 2);
	}
	tarn__put16(message.wire + 6, (uint16_t)count);
	ck_assert(tarn__rrsets_read(&rrsets, message.wire, message.len, TARN__HEADER_LEN + 255 + 4,
				    TARN__CLASS_IN));
}

START_TEST(a_message_full_of_compressed_names_is_written)
{
	fill_message();
	const struct tarn__rrset *rrset = first_data(&rrsets);
	ck_assert_uint_gt(rrset->count, 4000);
	make_rrsig(4);
	ck_assert(write_data());
	const uint8_t *at = check_head();
	const size_t record_len = 255 + 10 + 2 + 255;
	ck_assert_uint_eq(data.len - (size_t)(at - data.octets), rrset->count * record_len);
	for (unsigned i = 1; i < rrset->count; i++) {
		const uint8_t *preference = at + i * record_len + 255 + 10;
		ck_assert_uint_lt(tarn__get16(preference - record_len), tarn__get16(preference));
	}
}
END_TEST

START_TEST(room_is_used_again)
{
	read_zone(&rrsets, &message, "a. TXT abcdefghijkl\n");
	make_rrsig(1);
	ck_assert(write_data());
	const uint8_t *octets = data.octets;
	read_zone(&rrsets, &message, "a. TXT abcdef\n");
	ck_assert(write_data());
	ck_assert_ptr_eq(data.octets, octets);
	CHECK_DATA(TXT_HEAD "\7\6abcdef");
}
END_TEST

static bool is_memory_short;
void *__real_malloc(size_t);
void *__wrap_malloc(size_t);

void *__wrap_malloc(size_t len)
{
	return is_memory_short ? NULL : __real_malloc(len);
}

START_TEST(without_memory_there_is_no_data)
{
	read_zone(&rrsets, &message, "a. TXT abcdef\n");
	make_rrsig(1);
	ck_assert(write_data());
	fill_message();
	is_memory_short = true;
	bool is_written = write_data();
	is_memory_short = false;
	ck_assert(!is_written);
	ck_assert_ptr_null(data.octets);
	ck_assert(write_data());
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("canonical");
	TCase *order = tcase_create("order");
	tcase_add_test(order, names_are_in_the_order_of_rfc4034_6_1);
	tcase_add_test(order, names_are_equal_in_any_letter_case);
	tcase_add_test(order, names_of_as_many_labels_as_can_be_are_compared);
	suite_add_tcase(suite, order);
	TCase *form = tcase_create("form");
	tcase_add_checked_fixture(form, NULL, tear_down);
	tcase_add_test(form, owner_and_ttl_are_those_that_were_signed);
	tcase_add_test(form, the_owner_of_an_expansion_is_the_wildcard);
	tcase_add_test(form, the_owner_of_a_wildcard_is_itself);
	tcase_add_test(form, records_are_in_the_order_of_their_rdata);
	tcase_add_test(form, equal_records_are_there_once);
	tcase_add_test(form, compression_is_undone);
	tcase_add_loop_test(form, names_of_such_types_are_in_lower_case, 0,
			    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(form, malformed_rdata_has_no_data);
	tcase_add_test(form, rdata_that_is_too_long_without_compression_has_no_data);
	tcase_add_test(form, a_cname_that_was_made_has_no_data);
	tcase_add_test(form, a_message_full_of_compressed_names_is_written);
	tcase_add_test(form, room_is_used_again);
	tcase_add_test(form, without_memory_there_is_no_data);
	suite_add_tcase(suite, form);
	return unit_run(suite);
}
