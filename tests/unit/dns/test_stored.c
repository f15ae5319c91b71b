/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/stored.c: the stored form, read, changed and written. */
#include "dns/stored.h"

#include "support/answer.h"

static void store(unsigned rcode, const char *records)
{
	ck_assert_int_eq(judge_records(rcode, records), TARN__ANSWER_GOOD);
}

START_TEST(records_are_read)
{
	store(0, "www.example. 30 CNAME a.example.\na.example. 20 A 192.0.2.1\n"
		 "a.example. 20 A 192.0.2.2\n");
	struct tarn__stored view = tarn__stored_open(stored, answer.len);
	ck_assert_uint_eq(view.answer_count, 3);
	ck_assert_uint_eq(view.authority_count, 0);
	ck_assert_uint_eq(tarn__stored_count(&view), 3);
	static const struct {
		uint16_t type, rdata_len;
		uint32_t ttl;
		bool is_same_rrset;
	} records[] = {{TARN__TYPE_CNAME, 4, 30, false},
		       {TARN__TYPE_A, 4, 20, false},
		       {TARN__TYPE_A, 4, 20, true}};
	for (unsigned i = 0; i < 3; i++) {
		size_t at = tarn__stored_ttl_at(&view, i);
		ck_assert_uint_eq(tarn__stored_type(view.records, at), records[i].type);
		ck_assert_uint_eq(tarn__stored_class(view.records, at), TARN__CLASS_IN);
		ck_assert_uint_eq(tarn__stored_ttl(view.records, at), records[i].ttl);
		ck_assert_int_eq(tarn__stored_is_same_rrset(view.records, at),
				 records[i].is_same_rrset);
		if (i > 0)
			ck_assert_uint_eq(tarn__stored_rdata_len(view.records, at),
					  records[i].rdata_len);
	}
	size_t last = tarn__stored_ttl_at(&view, 2);
	ck_assert_uint_eq(tarn__stored_rdata_at(last) + 4, view.records_len);
	ck_assert_mem_eq(view.records + tarn__stored_rdata_at(last), "\300\0\2\2", 4);
}
END_TEST

START_TEST(ad_can_be_taken_out)
{
	store(0, "www.example. 30 A 192.0.2.1");
	ck_assert(!tarn__stored_has_ad(stored));
	message.wire[3] |= TARN__FLAG_AD;
	ck_assert_int_eq(judge(), TARN__ANSWER_GOOD);
	ck_assert(tarn__stored_has_ad(stored));
	tarn__stored_clear_ad(stored);
	ck_assert(!tarn__stored_has_ad(stored));
	ck_assert_uint_eq(tarn__stored_rcode(stored), TARN__NOERROR);
}
END_TEST

START_TEST(answer_source_is_unknown_until_it_is_set)
{
	store(0, "www.example. 30 A 192.0.2.1");
	ck_assert_uint_eq(tarn__stored_answer_source(stored), TARN__ANSWER_SOURCE_UNKNOWN);
	tarn__stored_set_answer_source(stored, 255);
	ck_assert_uint_eq(tarn__stored_answer_source(stored), 255);
}
END_TEST

static const struct {
	uint16_t rcode;
	bool is_negative;
	const char *records;
} kinds[] = {
	{0, false, "www.example. 30 A 192.0.2.1"},
	{0, true, "--\nexample. 60 SOA ns. root. 60"},
	{3, true, "--\nexample. 60 SOA ns. root. 60"},
	{3, true, ""},
	{0, true, "www.example. 30 CNAME a.example.\n--\nexample. 60 SOA ns. root. 60"},
	/* It is not stored: it has no SOA. */
	{0, false, "www.example. 30 CNAME a.example."},
};

START_TEST(denial_is_known_by_rcode_or_soa)
{
	store(kinds[_i].rcode, kinds[_i].records);
	ck_assert_int_eq(tarn__stored_is_negative(stored, answer.len), kinds[_i].is_negative);
}
END_TEST

/* The two octets of the generation are apart from all else. */
START_TEST(generation_is_none_until_it_is_set)
{
	static const uint16_t generations[] = {1, 0xff, 0x100, 0xabcd, 0xffff, 0};
	store(0, "www.example. 30 CNAME a.example.\na.example. 20 A 192.0.2.1");
	ck_assert_uint_eq(tarn__stored_generation(stored), 0);
	uint8_t before[sizeof stored];
	memcpy(before, stored, answer.len);
	for (int i = 0; i < COUNT(generations); i++) {
		tarn__stored_set_generation(stored, generations[i]);
		ck_assert_uint_eq(tarn__stored_generation(stored), generations[i]);
		ck_assert_mem_eq(stored, before, TARN__STORED_GENERATION_AT);
		ck_assert_mem_eq(stored + TARN__STORED_HEAD_LEN, before + TARN__STORED_HEAD_LEN,
				 answer.len - TARN__STORED_HEAD_LEN);
	}
	ck_assert_mem_eq(stored, before, answer.len);
	ck_assert_str_eq(kept(), "www.example. 30 CNAME a.example.\na.example. 20 A 192.0.2.1\n");
}
END_TEST

/* ---- limits of TTLs ---------------------------------------------------------------------- */

/* Records before and after, and the seconds that they are stored for, before and after. */
static const struct {
	struct tarn__ttl_limits limits;
	unsigned rcode;
	const char *before, *after;
	uint32_t ttl_before, ttl_after;
} limited[] = {
	/* Within the limits. */
	{{0, 86400, 3600},
	 0,
	 "www.example. 30 A 192.0.2.1\n",
	 "www.example. 30 A 192.0.2.1\n",
	 30,
	 30},
	/* At the limits, and one second beyond. */
	{{60, 600, 100},
	 0,
	 "www.example. 60 A 192.0.2.1\n",
	 "www.example. 60 A 192.0.2.1\n",
	 60,
	 60},
	{{60, 600, 100},
	 0,
	 "www.example. 59 A 192.0.2.1\n",
	 "www.example. 60 A 192.0.2.1\n",
	 59,
	 60},
	{{60, 600, 100},
	 0,
	 "www.example. 600 A 192.0.2.1\n",
	 "www.example. 600 A 192.0.2.1\n",
	 600,
	 600},
	{{60, 600, 100},
	 0,
	 "www.example. 601 A 192.0.2.1\n",
	 "www.example. 600 A 192.0.2.1\n",
	 601,
	 600},
	/* 0 stays, beside others too. */
	{{60, 600, 100}, 0, "www.example. 0 A 192.0.2.1\n", "www.example. 0 A 192.0.2.1\n", 0, 0},
	{{60, 600, 100},
	 0,
	 "www.example. 0 CNAME a.example.\na.example. 5 A 192.0.2.1\n",
	 "www.example. 0 CNAME a.example.\na.example. 60 A 192.0.2.1\n",
	 0,
	 0},
	/* All records of an RRset and of a chain. */
	{{60, 600, 100},
	 0,
	 "www.example. 5 CNAME a.example.\na.example. 700 A 192.0.2.1\na.example. 700 A "
	 "192.0.2.2\n",
	 "www.example. 60 CNAME a.example.\na.example. 600 A 192.0.2.1\na.example. 600 A "
	 "192.0.2.2\n",
	 5,
	 60},
	/* Negative answers are lowered only, to the lower of both limits. */
	{{60, 600, 100},
	 3,
	 "--\nexample. 30 SOA ns. root. 30\n",
	 "--\nexample. 30 SOA ns. root. 30\n",
	 30,
	 30},
	{{60, 600, 100},
	 3,
	 "--\nexample. 200 SOA ns. root. 200\n",
	 "--\nexample. 100 SOA ns. root. 200\n",
	 200,
	 100},
	{{60, 600, 100},
	 0,
	 "--\nexample. 200 SOA ns. root. 200\n",
	 "--\nexample. 100 SOA ns. root. 200\n",
	 200,
	 100},
	{{0, 50, 100},
	 0,
	 "--\nexample. 200 SOA ns. root. 200\n",
	 "--\nexample. 50 SOA ns. root. 200\n",
	 200,
	 50},
};

START_TEST(ttls_are_brought_within_limits)
{
	store(limited[_i].rcode, limited[_i].before);
	ck_assert_uint_eq(answer.ttl, limited[_i].ttl_before);
	ck_assert_uint_eq(
		tarn__stored_limit_ttl(stored, answer.len, &limited[_i].limits, answer.ttl),
		limited[_i].ttl_after);
	ck_assert_str_eq(kept(), limited[_i].after);
}
END_TEST

/* Loop: octets of room. */
START_TEST(what_does_not_fit_is_not_written)
{
	uint8_t out[TARN__STORED_HEAD_LEN + 2 + 16];
	const struct tarn__stored_head head = {.answer_count = 1};
	struct tarn__stored_writer writer;
	tarn__stored_begin(&writer, out, (size_t)_i, &head, key.qname, key.qname_len);
	tarn__stored_begin_record(&writer, key.qname, key.qname_len, TARN__TYPE_A, TARN__CLASS_IN,
				  60);
	tarn__pack_octets(&writer.packer, "\300\0\2\1", 4);
	tarn__stored_end_record(&writer);
	ck_assert_uint_eq(tarn__stored_end(&writer), _i == 16 ? sizeof(out) : 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stored");
	TCase *tcase = add_case(suite, "stored");
	tcase_add_test(tcase, records_are_read);
	tcase_add_test(tcase, ad_can_be_taken_out);
	tcase_add_test(tcase, answer_source_is_unknown_until_it_is_set);
	tcase_add_test(tcase, generation_is_none_until_it_is_set);
	tcase_add_loop_test(tcase, ttls_are_brought_within_limits, 0, COUNT(limited));
	tcase_add_loop_test(tcase, denial_is_known_by_rcode_or_soa, 0, COUNT(kinds));
	tcase_add_loop_test(tcase, what_does_not_fit_is_not_written, 0, 17);
	return unit_run(suite);
}
