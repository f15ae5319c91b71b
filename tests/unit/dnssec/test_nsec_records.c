/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/dnssec/test_nsec_records.c: NSEC records that are misused, malformed, or made for the
 * question.
 */
#include "dnssec/nsec.h"

#include "support/proofs.h"
#include "support/unit.h"

static struct proofs proofs;

static const char *deny_by(const char *records, const char *question)
{
	read_proofs(&proofs, "example.", records);
	return deny(&proofs, question);
}

static const char *allow_by(const char *records, const char *name, unsigned labels)
{
	read_proofs(&proofs, "example.", records);
	return allow(&proofs, name, labels);
}

/* Of RFC 4035 appendix A. */
#define APEX "example. NSEC a.example. NS SOA MX RRSIG NSEC DNSKEY\n"
#define B "b.example. NSEC ns1.example. NS RRSIG NSEC\n"
#define NS1 "ns1.example. NSEC ns2.example. A RRSIG NSEC\n"

/* ---- misused records -------------------------------------------------------------------- */

/* Knot's CVE-2018-1000002; RFC 6840 section 4.1 */
START_TEST(parents_side_of_a_cut_denies_nothing_below)
{
	ck_assert_str_eq(deny_by(B APEX, "www.b.example. A"), "nothing");
	ck_assert_str_eq(deny_by(B APEX, "www.b.example. DS"), "nothing");
	ck_assert_str_eq(deny_by(B APEX, "a.www.b.example. A"), "nothing");
	ck_assert_str_eq(allow_by(B, "www.b.example.", 1), "nothing");
	ck_assert_str_eq(deny_by(B APEX, "c.example. A"), "name");
}
END_TEST

START_TEST(parents_side_of_a_cut_denies_no_empty_non_terminal_below)
{
	ck_assert_str_eq(
		deny_by("b.example. NSEC a.www.b.example. NS RRSIG NSEC\n", "www.b.example. A"),
		"nothing");
}
END_TEST

START_TEST(parents_side_of_a_cut_denies_no_wildcard_below)
{
	ck_assert_str_eq(
		deny_by("z.b.example. NSEC c.example. A RRSIG NSEC\n" B, "zz.b.example. A"),
		"nothing");
	ck_assert_str_eq(deny_by("z.b.example. NSEC c.example. A RRSIG NSEC\n"
				 "b.example. NSEC ns1.example. NS SOA RRSIG NSEC\n",
				 "zz.b.example. A"),
			 "name");
}
END_TEST

START_TEST(owner_of_a_dname_denies_nothing_below)
{
	const char *records = APEX "d.example. NSEC e.example. DNAME RRSIG NSEC\n";
	ck_assert_str_eq(deny_by(records, "a.d.example. A"), "nothing");
	ck_assert_str_eq(allow_by(records, "a.d.example.", 1), "nothing");
	ck_assert_str_eq(deny_by(records, "da.example. A"), "name");
	ck_assert_str_eq(deny_by(records, "ad.example. A"), "nothing");
}
END_TEST

START_TEST(apex_with_a_dname_denies_its_types_only)
{
	const char *apex = "example. NSEC example. NS SOA DNAME RRSIG NSEC\n";
	ck_assert_str_eq(deny_by(apex, "a.example. A"), "nothing");
	ck_assert_str_eq(deny_by(apex, "example. A"), "type");
}
END_TEST

START_TEST(different_records_of_a_name_prove_nothing)
{
	const char *other = NS1 NS1 "ns1.example. NSEC ns3.example. A RRSIG NSEC\n";
	const char *longer = NS1 "ns1.example. NSEC ns2.example. A RRSIG NSEC CAA\n";
	ck_assert_str_eq(deny_by(other, "ns1.example. MX"), "nothing");
	ck_assert_str_eq(deny_by(longer, "ns1.example. MX"), "nothing");
}
END_TEST

START_TEST(next_name_outside_the_zone_proves_nothing)
{
	ck_assert_str_eq(deny_by("xx.example. NSEC a.test. A RRSIG NSEC\n" APEX, "y.example. A"),
			 "nothing");
	ck_assert_str_eq(deny_by("xx.example. NSEC a.test. A RRSIG NSEC\n", "xx.example. MX"),
			 "nothing");
	ck_assert_str_eq(deny_by("xx.example. NSEC . A RRSIG NSEC\n" APEX, "y.example. A"),
			 "nothing");
}
END_TEST

/* RFC 4034 section 6.3 */
START_TEST(equal_records_are_one)
{
	ck_assert_str_eq(deny_by(NS1 NS1 NS1, "ns1.example. MX"), "type");
}
END_TEST

/* Loop: RDATA of an NSEC of ns1.example. */
#define RDATA(literal)                                                                             \
	{                                                                                          \
		literal, sizeof(literal) - 1                                                       \
	}
static const struct {
	const char *octets;
	size_t len;
} malformed[] = {
	RDATA(""),
	RDATA("\3ns2\7exampl"),
	RDATA("\300\14\0\1\100"),
	RDATA("\3ns2\7example\0\0"),
	RDATA("\3ns2\7example\0\0\0"),
	RDATA("\3ns2\7example\0\0\2\100"),
	RDATA("\3ns2\7example\0\0\1\0"),
	RDATA("\3ns2\7example\0\0\41"
	      "000000000000000000000000000000000"),
	RDATA("\3ns2\7example\0\1\1\100\0\1\100"),
};

START_TEST(malformed_record_proves_nothing)
{
	put_header(&proofs.message, 1, TARN__FLAG_QR);
	put_name(&proofs.message, "ns1.example.");
	put16(&proofs.message, TARN__TYPE_NSEC);
	put16(&proofs.message, TARN__CLASS_IN);
	put32(&proofs.message, 3600);
	put16(&proofs.message, (unsigned)malformed[_i].len);
	put_octets(&proofs.message, malformed[_i].octets, malformed[_i].len);
	count_one(&proofs.message, 2);
	take_proofs(&proofs, "example.");
	ck_assert_str_eq(deny(&proofs, "ns1.example. MX"), "nothing");
	ck_assert_str_eq(deny(&proofs, "ns10.example. MX"), "nothing");
}
END_TEST

START_TEST(records_of_other_types_prove_nothing)
{
	ck_assert_str_eq(deny_by("ns1.example. A 192.0.2.1\n"
				 "ns1.example. CSYNC 1 3 A RRSIG NSEC\n",
				 "ns1.example. MX"),
			 "nothing");
	ck_assert_str_eq(deny_by("", "ns1.example. MX"), "nothing");
}
END_TEST

/* ---- records that are made for the question ---------------------------------------------- */

/* RFC 9824 section 3.1: a name that does not exist has one type, NXNAME. */
START_TEST(compact_denial_is_one_of_the_type)
{
	const char *compact = "x.example. NSEC \\000.x.example. RRSIG NSEC NXNAME\n";
	ck_assert_str_eq(deny_by(compact, "x.example. A"), "type");
	ck_assert_str_eq(deny_by(compact, "x.example. DS"), "type");
	ck_assert_str_eq(deny_by(compact, "x.example. NXNAME"), "nothing");
}
END_TEST

/* RFC 9824 sections 3.1 and 3.3 */
START_TEST(compact_denial_covers_nothing_else)
{
	const char *compact = APEX "x.example. NSEC \\000.x.example. RRSIG NSEC NXNAME\n";
	ck_assert_str_eq(deny_by(compact, "a.x.example. A"), "nothing");
	ck_assert_str_eq(deny_by(compact, "xa.example. A"), "nothing");
	ck_assert_str_eq(
		deny_by("b.example. NSEC \\000.b.example. NS RRSIG NSEC\n", "b.example. DS"),
		"type delegation");
}
END_TEST

/* RFC 4470 section 4: next names need not exist, which only makes a denial narrower. */
START_TEST(white_lies_deny_a_name)
{
	const char *lies = "\\~.k~.example. NSEC l!.example. RRSIG NSEC\n"
			   "\\)~.example. NSEC +.example. RRSIG NSEC\n";
	ck_assert_str_eq(deny_by(lies, "l.example. A"), "name");
	ck_assert_str_eq(deny_by(lies, "a.b.l.example. A"), "name");
	ck_assert_str_eq(deny_by(lies, "m.example. A"), "nothing");
	ck_assert_str_eq(allow_by(lies, "l.example.", 1), "name");
	ck_assert_str_eq(deny_by("l.example. NSEC l!.example. A RRSIG NSEC\n", "l.example. MX"),
			 "type");
}
END_TEST

/*
 * RFC 4470 section 5: "\000.l" as the first name after "l" is below it. The same record denies the types of
 * an empty non-terminal, so that it is no proof that there is no such name.
 */
START_TEST(white_lie_that_ends_below_the_name_denies_its_types)
{
	const char *lies = "k\\255.example. NSEC \\000.l.example. RRSIG NSEC\n"
			   "\\)\\255.example. NSEC \\000.*.example. RRSIG NSEC\n";
	ck_assert_str_eq(deny_by(lies, "l.example. A"), "type");
}
END_TEST

/* ---- work ------------------------------------------------------------------------------- */

START_TEST(nothing_is_charged)
{
	ck_assert_str_eq(deny_by(B APEX, "ml.example. A"), "name");
	ck_assert_uint_eq(proofs.budget.nsec3_blocks, TARN__NSEC3_BLOCKS_MAX);
	ck_assert_uint_eq(proofs.budget.tries, TARN__TRIES_PER_MESSAGE);
}
END_TEST

#define LABELS_8 "a.a.a.a.a.a.a.a."
#define LABELS_32 LABELS_8 LABELS_8 LABELS_8 LABELS_8

START_TEST(longest_names_have_room)
{
	/* 127 labels, 255 octets */
	static const char name[] =
		LABELS_32 LABELS_32 LABELS_32 LABELS_8 LABELS_8 LABELS_8 "a.a.a.a.a.a.a.";
	char question[300];
	snprintf(question, sizeof(question), "%s A", name);
	read_proofs(&proofs, ".", ". NSEC . NS SOA RRSIG NSEC\n");
	ck_assert_str_eq(deny(&proofs, question), "name");
	ck_assert_str_eq(allow(&proofs, name, 0), "name");
	char record[600];
	snprintf(record, sizeof(record), "%s NSEC . A RRSIG NSEC\n", name + 2);
	read_proofs(&proofs, ".", record);
	ck_assert_str_eq(deny(&proofs, question), "name");
	ck_assert_str_eq(allow(&proofs, name, 126), "name");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nsec_records");
	TCase *tcase = tcase_create("nsec_records");
	tcase_add_test(tcase, parents_side_of_a_cut_denies_nothing_below);
	tcase_add_test(tcase, parents_side_of_a_cut_denies_no_empty_non_terminal_below);
	tcase_add_test(tcase, parents_side_of_a_cut_denies_no_wildcard_below);
	tcase_add_test(tcase, owner_of_a_dname_denies_nothing_below);
	tcase_add_test(tcase, apex_with_a_dname_denies_its_types_only);
	tcase_add_test(tcase, different_records_of_a_name_prove_nothing);
	tcase_add_test(tcase, equal_records_are_one);
	tcase_add_test(tcase, next_name_outside_the_zone_proves_nothing);
	tcase_add_loop_test(tcase, malformed_record_proves_nothing, 0,
			    sizeof(malformed) / sizeof(malformed[0]));
	tcase_add_test(tcase, records_of_other_types_prove_nothing);
	tcase_add_test(tcase, compact_denial_is_one_of_the_type);
	tcase_add_test(tcase, compact_denial_covers_nothing_else);
	tcase_add_test(tcase, white_lies_deny_a_name);
	tcase_add_test(tcase, white_lie_that_ends_below_the_name_denies_its_types);
	tcase_add_test(tcase, nothing_is_charged);
	tcase_add_test(tcase, longest_names_have_room);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
