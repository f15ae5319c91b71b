/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/answer.c, dns/response.h: the RRsets of a response, and the stored forms that are made of it. */
#include "support/answer.h"

static struct tarn__response response;

static void parse(unsigned rcode, const char *records)
{
	start(RESPONSE | rcode);
	put_records(&message, records);
	tarn__answer_parse(message.wire, message.len, asked, asked_len, &key, true, &response);
}

/* The RRsets, one a line: role, owner, type, TTL, records, and the TTL of the signatures. */
static const char *rrsets(void)
{
	static struct text text;
	static const char *const roles[] = {"link", "data", "soa", "proof"};
	text.len = 0;
	text.octets[0] = '\0';
	for (size_t i = 0; i < response.count; i++) {
		const struct tarn__rrset *rrset = tarn__response_rrset(&response, i);
		struct tarn__name owner;
		char name[TARN__NAME_TEXT_MAX], type[TARN__WORD_MAX];
		tarn__rrset_owner(&response.rrsets, rrset, &owner);
		ADD_TEXT(&text, "%s %s %s %u %u", roles[response.at[i].role],
			 tarn__name_format(owner.octets, name),
			 tarn__type_format(rrset->type, type), rrset->ttl, rrset->count);
		if (response.at[i].signatures != TARN__NO_RRSET) {
			const struct tarn__rrset *signatures =
				&response.rrsets.at[response.at[i].signatures];
			ck_assert_uint_eq(signatures->type, TARN__TYPE_RRSIG);
			ck_assert_uint_eq(signatures->covered, rrset->type);
			ADD_TEXT(&text, " signed %u", signatures->ttl);
		}
		ADD_TEXT(&text, "\n");
	}
	return text.octets;
}

/* What a client with DO or without would get of it. */
static const char *written(bool dnssec_ok, uint32_t *ttl)
{
	static struct text text;
	static uint8_t reply[TARN__MESSAGE_MAX];
	size_t len = tarn__stored_write(&response, dnssec_ok, stored, ttl);
	ck_assert_uint_gt(len, 0);
	len = tarn__reply_stored(&query, stored, len,
				 &(struct tarn__reply){.limit = TARN__MESSAGE_MAX}, reply);
	return read_records(&text, reply, len);
}

static const char signed_chain[] = "a.example. 20 A 192.0.2.1\n"
				   "www.example. 30 CNAME a.example.\n"
				   "a.example. 10 A 192.0.2.2\n"
				   "www.example. 25 RRSIG CNAME\n"
				   "a.example. 5 RRSIG A\n"
				   "a.example. 5 TXT other\n"
				   "--\n"
				   "example. 7 NSEC b.example.\n"
				   "example. 4 RRSIG NSEC\n"
				   "example. 3 NS ns.example.\n";

/* Loop: DO. */
START_TEST(rrsets_have_their_signatures_whether_do_was_asked_for_or_not)
{
	ask("www.example.", TARN__TYPE_A, _i);
	parse(0, signed_chain);
	ck_assert_int_eq(response.answer_class, TARN__ANSWER_GOOD);
	ck_assert_str_eq(rrsets(), "link www.example. CNAME 30 1 signed 25\n"
				   "data a.example. A 10 2 signed 5\n"
				   "proof example. NSEC 7 1 signed 4\n");
	ck_assert(!response.is_negative);
	ck_assert_uint_eq(response.link_count, 1);
}
END_TEST

START_TEST(both_stored_forms_are_made_of_one_response)
{
	uint32_t ttl;
	parse(0, signed_chain);
	ck_assert_str_eq(written(false, &ttl), "www.example. 30 CNAME a.example.\n"
					       "a.example. 10 A 192.0.2.1\n"
					       "a.example. 10 A 192.0.2.2\n");
	ck_assert_uint_eq(ttl, 10);
	ck_assert_str_eq(written(true, &ttl), "www.example. 30 CNAME a.example.\n"
					      "www.example. 25 RRSIG CNAME\n"
					      "a.example. 10 A 192.0.2.1\n"
					      "a.example. 10 A 192.0.2.2\n"
					      "a.example. 5 RRSIG A\n"
					      "--\n"
					      "example. 7 NSEC b.example.\n"
					      "example. 4 RRSIG NSEC\n");
	ck_assert_uint_eq(ttl, 4);
}
END_TEST

START_TEST(denial_has_its_soa_and_proofs)
{
	uint32_t ttl;
	parse(TARN__NXDOMAIN, "--\nexample. 60 RRSIG SOA\nexample. 90 SOA ns. root. 30\n"
			      "test. 60 SOA ns. root. 60\n"
			      "a.example. 50 NSEC z.example.\na.example. 50 RRSIG NSEC\n"
			      "b.example. 1 NSEC z.example.\n");
	ck_assert_int_eq(response.answer_class, TARN__ANSWER_GOOD);
	ck_assert_str_eq(rrsets(), "soa example. SOA 30 1 signed 60\n"
				   "proof a.example. NSEC 50 1 signed 50\n");
	ck_assert(response.is_negative);
	ck_assert_uint_eq(response.ttl_max, 3600);
	ck_assert_str_eq(written(false, &ttl), "--\nexample. 30 SOA ns. root. 30\n");
	ck_assert_uint_eq(ttl, 30);
}
END_TEST

START_TEST(denial_without_soa_may_not_be_stored)
{
	uint32_t ttl = 1;
	parse(TARN__NXDOMAIN, "");
	ck_assert_uint_eq(response.ttl_max, 0);
	ck_assert_str_eq(written(false, &ttl), "");
	ck_assert_uint_eq(ttl, 0);
}
END_TEST

START_TEST(end_is_the_target_of_the_last_link)
{
	parse(0, "www.example. 30 CNAME a.example.\na.example. 30 CNAME b.test.\n");
	ck_assert_str_eq(rrsets(), "link www.example. CNAME 30 1\nlink a.example. CNAME 30 1\n");
	ck_assert(response.is_negative);
	ck_assert_uint_eq(response.end.len, 8);
	ck_assert_mem_eq(response.end.octets, "\1b\4test", 8);
}
END_TEST

START_TEST(made_cname_is_a_link_behind_its_dname)
{
	ask("www.example.", TARN__TYPE_A, true);
	parse(0, "example. 50 DNAME test.\nexample. 40 RRSIG DNAME\nwww.test. 10 A 192.0.2.1\n");
	ck_assert_str_eq(rrsets(), "link example. DNAME 50 1 signed 40\n"
				   "link www.example. CNAME 50 1\n"
				   "data www.test. A 10 1\n");
}
END_TEST

/* They are data, with DO and without; a link's are no data but if they were asked for. */
START_TEST(signatures_that_were_asked_for_are_data)
{
	uint32_t ttl;
	ask("a.example.", TARN__TYPE_RRSIG, false);
	parse(0, "a.example. 50 A 192.0.2.1\na.example. 40 RRSIG A\na.example. 30 RRSIG TXT\n");
	ck_assert_str_eq(rrsets(), "data a.example. RRSIG 40 1\ndata a.example. RRSIG 30 1\n");
	ck_assert_str_eq(written(false, &ttl), "a.example. 40 RRSIG A\na.example. 30 RRSIG TXT\n");
	ck_assert_uint_eq(ttl, 30);
}
END_TEST

/* The DNAME's signatures are at the end of the chain as well: once in the answer, with DO and without. */
START_TEST(no_rrset_is_written_twice)
{
	uint32_t ttl;
	ask("x.d.example.", TARN__TYPE_RRSIG, true);
	parse(0, "d.example. 50 DNAME e.example.\nd.example. 40 RRSIG DNAME\n"
		 "x.e.example. 30 CNAME d.example.\n");
	ck_assert_str_eq(rrsets(), "link d.example. DNAME 50 1\nlink x.d.example. CNAME 50 1\n"
				   "link x.e.example. CNAME 30 1\ndata d.example. RRSIG 40 1\n");
	const char *records = "d.example. 50 DNAME e.example.\nx.d.example. 50 CNAME x.e.example.\n"
			      "x.e.example. 30 CNAME d.example.\nd.example. 40 RRSIG DNAME\n";
	ck_assert_str_eq(written(true, &ttl), records);
	ck_assert_str_eq(written(false, &ttl), records);
}
END_TEST

/* It is BROKEN before anything is made of it. Loop: type and RDATA. */
static const struct {
	uint16_t type;
	const char *rdata;
	size_t len;
} malformed[] = {{TARN__TYPE_A, "\1\2\3", 3}, {TARN__TYPE_MX, "\0\1\1a", 4}};

START_TEST(response_with_malformed_rdata_is_broken)
{
	ask("www.example.", malformed[_i].type, false);
	start(RESPONSE);
	put_raw(1, "www.example.", malformed[_i].type, malformed[_i].rdata, malformed[_i].len);
	tarn__answer_parse(message.wire, message.len, asked, asked_len, &key, true, &response);
	ck_assert_int_eq(response.answer_class, TARN__ANSWER_BROKEN);
	ck_assert_uint_eq(response.rcode, 0);
	/* That of another name is left out. */
	start(RESPONSE);
	put_record(&message, 2, "example. 60 SOA ns. root. 60");
	put_raw(1, "a.example.", malformed[_i].type, malformed[_i].rdata, malformed[_i].len);
	tarn__answer_parse(message.wire, message.len, asked, asked_len, &key, true, &response);
	ck_assert_int_eq(response.answer_class, TARN__ANSWER_GOOD);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("response");
	TCase *tcase = add_case(suite, "response");
	tcase_add_loop_test(tcase, rrsets_have_their_signatures_whether_do_was_asked_for_or_not, 0,
			    2);
	tcase_add_test(tcase, both_stored_forms_are_made_of_one_response);
	tcase_add_test(tcase, denial_has_its_soa_and_proofs);
	tcase_add_test(tcase, denial_without_soa_may_not_be_stored);
	tcase_add_test(tcase, end_is_the_target_of_the_last_link);
	tcase_add_test(tcase, made_cname_is_a_link_behind_its_dname);
	tcase_add_test(tcase, signatures_that_were_asked_for_are_data);
	tcase_add_test(tcase, no_rrset_is_written_twice);
	tcase_add_loop_test(tcase, response_with_malformed_rdata_is_broken, 0, COUNT(malformed));
	return unit_run(suite);
}
