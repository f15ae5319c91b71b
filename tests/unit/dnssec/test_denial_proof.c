/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/dnssec/test_denial_proof.c: proofs by NSEC and by NSEC3 in one message. */
#include "dnssec/denial_proof.h"

#include "support/nsec3.h"
#include "support/unit.h"

static struct proofs proofs;

#define NSEC3_APEX                                                                                 \
	"0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example. NSEC3 1 0 12 aabbccdd "                         \
	"2t7b4g4vsa5smi47k61mv5bv1a22bojr NS SOA MX RRSIG DNSKEY NSEC3PARAM\n"
#define NSEC3_NS1                                                                                  \
	"2t7b4g4vsa5smi47k61mv5bv1a22bojr.example. NSEC3 1 0 12 aabbccdd "                         \
	"2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG\n"
/* It covers c.example and *.example. */
#define NSEC3_COVERS                                                                               \
	"35mthgpgcu1qg68fab165klnsnk3dpvl.example. NSEC3 1 0 12 aabbccdd "                         \
	"b4um86eghhds6nea196smvmlo4ors995 NS DS RRSIG\n"                                           \
	"b4um86eghhds6nea196smvmlo4ors995.example. NSEC3 1 0 12 aabbccdd "                         \
	"0p9mhaveqvm6t7vbl5lop2u3t2rp3tom MX RRSIG\n"
#define NSEC3_MANY                                                                                 \
	"2t7b4g4vsa5smi47k61mv5bv1a22bojr.example. NSEC3 1 0 500 aabbccdd "                        \
	"2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG\n"
#define NSEC_NS1 "ns1.example. NSEC ns2.example. A RRSIG NSEC\n"
#define NSEC_COVERS_C "b.example. NSEC ns1.example. NS RRSIG NSEC\n"
#define NSEC_APEX "example. NSEC a.example. NS SOA MX RRSIG NSEC DNSKEY\n"

static void read_example(const char *records)
{
	read_proofs(&proofs, "example.", records);
}

START_TEST(either_kind_proves)
{
	read_example(NSEC_NS1 NSEC3_APEX NSEC3_COVERS);
	ck_assert_str_eq(deny(&proofs, "ns1.example. MX"), "type");
	ck_assert_str_eq(deny(&proofs, "c.example. MX"), "name");
	ck_assert_str_eq(allow(&proofs, "ns1a.example.", 1), "name");
	ck_assert_str_eq(allow(&proofs, "c.example.", 1), "name");
	ck_assert_str_eq(deny(&proofs, "ns1.example. A"), "nothing");
}
END_TEST

START_TEST(parts_of_both_kinds_are_no_proof)
{
	read_example(NSEC_COVERS_C NSEC3_APEX);
	ck_assert_str_eq(deny(&proofs, "c.example. MX"), "nothing");
	read_example(NSEC_COVERS_C NSEC_APEX NSEC3_APEX);
	ck_assert_str_eq(deny(&proofs, "c.example. MX"), "name");
}
END_TEST

START_TEST(nothing_is_hashed_for_what_nsec_proves)
{
	read_example(NSEC3_NS1 NSEC_NS1);
	ck_assert_str_eq(deny(&proofs, "ns1.example. MX"), "type");
	ck_assert_str_eq(allow(&proofs, "ns1a.example.", 1), "name");
	ck_assert_uint_eq(proofs.budget.nsec3_blocks, TARN__NSEC3_BLOCKS_MAX);
}
END_TEST

/* RFC 9276 section 3.2 */
START_TEST(iterations_count_only_where_nsec_proves_nothing)
{
	read_example(NSEC3_MANY NSEC_NS1);
	ck_assert_str_eq(deny(&proofs, "ns1.example. MX"), "type");
	ck_assert_str_eq(deny(&proofs, "ns1.example. A"), "nothing iterations");
	ck_assert_str_eq(allow(&proofs, "ns1a.example.", 1), "name");
	ck_assert_str_eq(allow(&proofs, "c.example.", 1), "nothing iterations");
}
END_TEST

/* Those that are not verified are not in the list. */
START_TEST(only_the_records_that_are_listed_are_looked_at)
{
	read_example(NSEC_NS1 NSEC_COVERS_C NSEC_APEX NSEC3_NS1 NSEC3_APEX);
	ck_assert_uint_eq(proofs.proofs.count, 5);
	proofs.proofs.count = 2;
	proofs.proofs.at[0] = 1;
	proofs.proofs.at[1] = 4;
	ck_assert_str_eq(deny(&proofs, "ns1.example. MX"), "nothing");
	ck_assert_str_eq(deny(&proofs, "c.example. MX"), "nothing");
	ck_assert_str_eq(deny(&proofs, "example. A"), "type");
	ck_assert_str_eq(deny(&proofs, "b.example. DS"), "type delegation");
}
END_TEST

START_TEST(no_records_prove_nothing)
{
	read_example("");
	ck_assert_str_eq(deny(&proofs, "ns1.example. MX"), "nothing");
	ck_assert_str_eq(allow(&proofs, "ns1.example.", 1), "nothing");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("denial_proof");
	TCase *tcase = tcase_create("denial_proof");
	tcase_add_test(tcase, either_kind_proves);
	tcase_add_test(tcase, parts_of_both_kinds_are_no_proof);
	tcase_add_test(tcase, nothing_is_hashed_for_what_nsec_proves);
	tcase_add_test(tcase, iterations_count_only_where_nsec_proves_nothing);
	tcase_add_test(tcase, only_the_records_that_are_listed_are_looked_at);
	tcase_add_test(tcase, no_records_prove_nothing);
	add_hashing_cases(suite, tcase);
	return unit_run(suite);
}
