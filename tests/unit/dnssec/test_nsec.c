/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/dnssec/test_nsec.c: what NSEC records prove: the examples of RFC 4035, and each rule with a
 * proof that lacks one thing.
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

/* ---- RFC 4035 appendices A and B -------------------------------------------------------- */

#define APEX "example. NSEC a.example. NS SOA MX RRSIG NSEC DNSKEY\n"
#define A "a.example. NSEC ai.example. NS DS RRSIG NSEC\n"
#define AI "ai.example. NSEC b.example. A HINFO AAAA RRSIG NSEC\n"
#define B "b.example. NSEC ns1.example. NS RRSIG NSEC\n"
#define NS1 "ns1.example. NSEC ns2.example. A RRSIG NSEC\n"
#define NS2 "ns2.example. NSEC *.w.example. A RRSIG NSEC\n"
#define WILDCARD "*.w.example. NSEC x.w.example. MX RRSIG NSEC\n"
#define X "x.w.example. NSEC x.y.w.example. MX RRSIG NSEC\n"
#define X_Y "x.y.w.example. NSEC xx.example. MX RRSIG NSEC\n"
#define XX "xx.example. NSEC example. A HINFO AAAA RRSIG NSEC\n"

START_TEST(b2_name_error)
{
	ck_assert_str_eq(deny_by(B APEX, "ml.example. A"), "name");
	ck_assert_str_eq(deny_by(APEX B, "ml.example. A"), "name");
}
END_TEST

START_TEST(b3_no_data)
{
	ck_assert_str_eq(deny_by(NS1, "ns1.example. MX"), "type");
}
END_TEST

START_TEST(b4_secure_delegation_denies_no_ds)
{
	ck_assert_str_eq(deny_by(A, "a.example. DS"), "nothing");
}
END_TEST

START_TEST(b5_insecure_delegation)
{
	ck_assert_str_eq(deny_by(B, "b.example. DS"), "type delegation");
}
END_TEST

START_TEST(b6_wildcard_expansion)
{
	ck_assert_str_eq(allow_by(X_Y, "a.z.w.example.", 2), "name");
}
END_TEST

START_TEST(b7_wildcard_no_data)
{
	ck_assert_str_eq(deny_by(X_Y WILDCARD, "a.z.w.example. AAAA"), "type");
}
END_TEST

START_TEST(b8_ds_of_the_apex_is_not_the_zones_to_deny)
{
	ck_assert_str_eq(deny_by(APEX, "example. DS"), "nothing");
}
END_TEST

/* ---- a name that exists ----------------------------------------------------------------- */

START_TEST(type_that_the_name_has_is_not_denied)
{
	ck_assert_str_eq(deny_by(NS1, "ns1.example. A"), "nothing");
	ck_assert_str_eq(deny_by(NS1, "ns1.example. RRSIG"), "nothing");
	ck_assert_str_eq(deny_by(NS1, "ns1.example. TYPE65280"), "type");
}
END_TEST

/* RFC 6840 section 4.3 */
START_TEST(cname_answers_for_any_type)
{
	const char *cname = "c.example. NSEC d.example. CNAME RRSIG NSEC\n";
	ck_assert_str_eq(deny_by(cname, "c.example. A"), "nothing");
	ck_assert_str_eq(deny_by(cname, "c.example. CNAME"), "nothing");
	ck_assert_str_eq(deny_by(cname, "c.example. DS"), "nothing");
}
END_TEST

START_TEST(names_are_equal_in_any_case)
{
	ck_assert_str_eq(
		deny_by("nS1.eXample. NSEC Ns2.examplE. A RRSIG NSEC\n", "Ns1.Example. MX"),
		"type");
	ck_assert_str_eq(
		deny_by("B.example. NSEC NS1.example. NS RRSIG NSEC\n" APEX, "mL.exAmple. A"),
		"name");
}
END_TEST

/* RFC 6840 section 4.1: only the DS of a delegation is the parent's. */
START_TEST(parents_side_of_a_cut_denies_no_type_but_ds)
{
	ck_assert_str_eq(deny_by(B, "b.example. A"), "nothing");
	ck_assert_str_eq(deny_by(B, "b.example. SOA"), "nothing");
	ck_assert_str_eq(deny_by(A, "a.example. A"), "nothing");
}
END_TEST

/* RFC 6840 section 4.4 */
START_TEST(name_without_ns_is_no_delegation)
{
	ck_assert_str_eq(deny_by(NS1, "ns1.example. DS"), "type");
}
END_TEST

START_TEST(apex_has_all_its_types)
{
	ck_assert_str_eq(deny_by(APEX, "example. A"), "type");
	ck_assert_str_eq(deny_by(APEX, "example. MX"), "nothing");
}
END_TEST

/* RFC 6840 section 4.4: what has SOA is the child's. */
START_TEST(apex_of_a_child_denies_no_ds)
{
	const char *child = "b.example. NSEC c.b.example. NS SOA RRSIG NSEC DNSKEY\n";
	ck_assert_str_eq(deny_by(child, "b.example. DS"), "nothing");
	read_proofs(&proofs, "b.example.", child);
	ck_assert_str_eq(deny(&proofs, "b.example. DS"), "nothing");
	ck_assert_str_eq(deny(&proofs, "b.example. A"), "type");
}
END_TEST

START_TEST(apex_without_soa_denies_no_ds)
{
	ck_assert_str_eq(deny_by("example. NSEC a.example. NS RRSIG NSEC\n", "example. DS"),
			 "nothing");
	ck_assert_str_eq(deny_by("example. NSEC a.example. A RRSIG NSEC\n", "example. DS"),
			 "nothing");
}
END_TEST

START_TEST(root_has_no_parent_and_denies_its_ds)
{
	read_proofs(&proofs, ".", ". NSEC aaa. NS SOA RRSIG NSEC DNSKEY\n");
	ck_assert_str_eq(deny(&proofs, ". DS"), "type");
	ck_assert_str_eq(deny(&proofs, ". NS"), "nothing");
}
END_TEST

START_TEST(types_that_no_name_has_are_denied_with_the_name_only)
{
	ck_assert_str_eq(deny_by(NS1, "ns1.example. ANY"), "nothing");
	ck_assert_str_eq(deny_by(NS1, "ns1.example. AXFR"), "nothing");
	ck_assert_str_eq(deny_by(B APEX, "ml.example. ANY"), "name");
}
END_TEST

/* RFC 6672 section 2.3: the owner of a DNAME has other types. */
START_TEST(owner_of_a_dname_has_its_types)
{
	const char *dname = "d.example. NSEC e.example. DNAME RRSIG NSEC\n";
	ck_assert_str_eq(deny_by(dname, "d.example. A"), "type");
	ck_assert_str_eq(deny_by(dname, "d.example. DNAME"), "nothing");
}
END_TEST

/* ---- a name that does not exist --------------------------------------------------------- */

START_TEST(cover_without_the_wildcards_denial_proves_nothing)
{
	ck_assert_str_eq(deny_by(B, "ml.example. A"), "nothing");
	ck_assert_str_eq(deny_by(APEX, "ml.example. A"), "nothing");
}
END_TEST

START_TEST(one_record_covers_the_name_and_the_wildcard)
{
	ck_assert_str_eq(deny_by("example. NSEC ns.example. NS SOA RRSIG NSEC\n", "ml.example. A"),
			 "name");
	ck_assert_str_eq(deny_by(WILDCARD, "a.example. A"), "nothing");
}
END_TEST

START_TEST(owner_and_next_name_are_not_covered)
{
	ck_assert_str_eq(deny_by(AI APEX, "b.example. A"), "nothing");
	ck_assert_str_eq(deny_by(AI APEX, "az.example. A"), "name");
	ck_assert_str_eq(deny_by(AI APEX, "ah.example. A"), "nothing");
}
END_TEST

/* RFC 4034 section 6.1: labels count from the last one, and what has fewer comes first. */
START_TEST(order_is_canonical)
{
	const char *records = "z.a.example. NSEC b.example. A RRSIG NSEC\n" APEX;
	ck_assert_str_eq(deny_by(records, "a.z.a.example. A"), "name");
	ck_assert_str_eq(deny_by(records, "zz.a.example. A"), "nothing");
	ck_assert_str_eq(deny_by(records, "ab.example. A"), "name");
	ck_assert_str_eq(deny_by(records, "b.a.example. A"), "nothing");
	ck_assert_str_eq(deny_by(records, "a.b.example. A"), "nothing");
}
END_TEST

START_TEST(last_record_covers_up_to_the_apex)
{
	ck_assert_str_eq(deny_by(XX APEX, "y.example. A"), "name");
	ck_assert_str_eq(deny_by(XX APEX, "a.example. A"), "nothing");
	ck_assert_str_eq(deny_by(XX APEX, "xx.example. A"), "nothing");
	ck_assert_str_eq(deny_by(XX APEX, "example. A"), "type");
}
END_TEST

START_TEST(only_record_covers_all_but_its_owner)
{
	const char *only = "example. NSEC example. NS SOA RRSIG NSEC\n";
	ck_assert_str_eq(deny_by(only, "a.example. A"), "name");
	ck_assert_str_eq(deny_by(only, "a.b.c.example. A"), "name");
	ck_assert_str_eq(deny_by(only, "*.example. A"), "name");
	ck_assert_str_eq(deny_by(only, "example. A"), "type");
	ck_assert_str_eq(deny_by(only, "example. NS"), "nothing");
}
END_TEST

/* RFC 4034 section 4.1.1 */
START_TEST(only_the_apex_is_before_the_owner)
{
	ck_assert_str_eq(deny_by("xx.example. NSEC a.example. A RRSIG NSEC\n" APEX, "y.example. A"),
			 "nothing");
	ck_assert_str_eq(
		deny_by("xx.example. NSEC xx.example. A RRSIG NSEC\n" APEX, "y.example. A"),
		"nothing");
}
END_TEST

START_TEST(empty_non_terminal_has_no_types)
{
	ck_assert_str_eq(deny_by(X, "y.w.example. A"), "type");
	ck_assert_str_eq(deny_by(X, "y.w.example. DS"), "type");
	ck_assert_str_eq(deny_by(X, "y.w.example. ANY"), "type");
	ck_assert_str_eq(deny_by(NS2, "w.example. A"), "type");
	ck_assert_str_eq(deny_by(NS2 APEX, "v.example. A"), "name");
}
END_TEST

START_TEST(names_and_records_are_in_the_zone)
{
	ck_assert_str_eq(deny_by(XX APEX, "y.exampla. A"), "nothing");
	ck_assert_str_eq(deny_by(XX APEX, "xample. A"), "nothing");
	ck_assert_str_eq(deny_by(B APEX, ". A"), "nothing");
	read_proofs(&proofs, "!.test.", "!.test. NSEC !.test. NS SOA RRSIG NSEC\n");
	ck_assert_str_eq(deny(&proofs, "a.test. A"), "nothing");
	ck_assert_str_eq(deny(&proofs, "a.!.test. A"), "name");
	read_proofs(&proofs, "w.example.", X_Y WILDCARD);
	ck_assert_str_eq(deny(&proofs, "a.z.w.example. AAAA"), "nothing");
	read_proofs(&proofs, "w.example.", "b.example. NSEC z.w.example. NS RRSIG NSEC\n");
	ck_assert_str_eq(deny(&proofs, "a.w.example. AAAA"), "nothing");
	ck_assert_str_eq(deny(&proofs, "b.example. DS"), "nothing");
}
END_TEST

/* ---- the closest encloser --------------------------------------------------------------- */

/* Loop: the longest ancestor that is the owner's or the next name's too. */
static const struct {
	const char *cover, *name, *encloser;
} enclosers[] = {
	{"a.example. NSEC m.example. A\n", "b.example.", "example."},
	{"a.example. NSEC m.example. A\n", "x.y.b.example.", "example."},
	{"a.example. NSEC m.example. A\n", "x.a.example.", "a.example."},
	{"a.example. NSEC m.example. A\n", "x.y.a.example.", "a.example."},
	{"a.example. NSEC z.m.b.example. A\n", "k.m.b.example.", "m.b.example."},
	{"a.example. NSEC z.m.b.example. A\n", "z.k.b.example.", "b.example."},
	{"k.a.example. NSEC m.example. A\n", "x.a.example.", "a.example."},
	{"k.a.example. NSEC z.a.example. A\n", "x.y.a.example.", "a.example."},
	{"q.k.a.example. NSEC z.a.example. A\n", "x.k.a.example.", "k.a.example."},
	{"xx.example. NSEC example. A\n", "a.xx.example.", "xx.example."},
	{"xx.example. NSEC example. A\n", "b.a.y.example.", "example."},
};

/* The wildcard there, and none at any other ancestor, is what has to be denied. */
START_TEST(closest_encloser_follows_from_the_cover)
{
	char records[512], name_text[TARN__NAME_TEXT_MAX];
	struct tarn__name name = make_name(enclosers[_i].name);
	for (size_t at = 0; at < name.len - 1; at += 1 + name.octets[at]) {
		const char *ancestor =
			tarn__name_format(name.octets + at + 1 + name.octets[at], name_text);
		if (strcmp(ancestor, ".") == 0)
			break;
		snprintf(records, sizeof(records), "%s*.%s NSEC +.%s TXT RRSIG NSEC\n",
			 enclosers[_i].cover, ancestor, ancestor);
		char question[TARN__NAME_TEXT_MAX + 3];
		snprintf(question, sizeof(question), "%s A", enclosers[_i].name);
		bool is_encloser = strcmp(ancestor, enclosers[_i].encloser) == 0;
		const char *denied = deny_by(records, question);
		ck_assert_str_eq(strcmp(denied, "type") == 0 ? "type" : "other",
				 is_encloser ? "type" : "other");
		unsigned labels = tarn__name_labels(make_name(ancestor).octets);
		ck_assert_str_eq(allow_by(enclosers[_i].cover, enclosers[_i].name, labels),
				 is_encloser ? "name" : "nothing");
	}
}
END_TEST

/* ---- wildcards -------------------------------------------------------------------------- */

START_TEST(wildcard_without_the_cover_of_the_name_proves_nothing)
{
	ck_assert_str_eq(deny_by(WILDCARD, "a.z.w.example. AAAA"), "nothing");
}
END_TEST

START_TEST(wildcard_with_the_type_or_a_cname_denies_nothing)
{
	ck_assert_str_eq(deny_by(X_Y WILDCARD, "a.z.w.example. MX"), "nothing");
	ck_assert_str_eq(deny_by(X_Y "*.w.example. NSEC x.w.example. CNAME RRSIG NSEC\n",
				 "a.z.w.example. AAAA"),
			 "nothing");
}
END_TEST

START_TEST(wildcard_at_another_ancestor_denies_nothing)
{
	ck_assert_str_eq(
		deny_by(X_Y "*.example. NSEC a.example. MX RRSIG NSEC\n", "a.z.w.example. AAAA"),
		"nothing");
	ck_assert_str_eq(deny_by(X_Y "*.z.w.example. NSEC a.z.w.example. MX RRSIG NSEC\n",
				 "a.z.w.example. AAAA"),
			 "nothing");
}
END_TEST

/* RFC 4592 section 2.2.2: it exists, without data. */
START_TEST(wildcard_that_is_an_empty_non_terminal_has_no_types)
{
	ck_assert_str_eq(deny_by("example. NSEC a.*.example. NS SOA RRSIG NSEC\n"
				 "a.*.example. NSEC example. A RRSIG NSEC\n",
				 "x.example. A"),
			 "type");
}
END_TEST

/* RFC 4592 section 2.1.1: asked for itself it is a name like others. */
START_TEST(wildcard_is_asked_for_itself)
{
	ck_assert_str_eq(deny_by(WILDCARD, "*.w.example. AAAA"), "type");
	ck_assert_str_eq(deny_by(WILDCARD, "*.w.example. MX"), "nothing");
	ck_assert_str_eq(deny_by(APEX, "*.example. A"), "name");
	ck_assert_str_eq(deny_by(WILDCARD, "*.*.w.example. AAAA"), "name");
}
END_TEST

/* RFC 4592 section 4.2, RFC 6672 section 3.3 */
START_TEST(wildcard_with_ns_or_dname_denies_little)
{
	const char *ns = X_Y "*.w.example. NSEC x.w.example. NS RRSIG NSEC\n";
	const char *dname = X_Y "*.w.example. NSEC x.w.example. DNAME RRSIG NSEC\n";
	ck_assert_str_eq(deny_by(ns, "z.w.example. A"), "nothing");
	ck_assert_str_eq(deny_by(ns, "z.w.example. DS"), "type");
	ck_assert_str_eq(deny_by(dname, "z.w.example. A"), "type");
	ck_assert_str_eq(deny_by(dname, "a.z.w.example. A"), "nothing");
}
END_TEST

/* RFC 4035 section 5.3.4, RFC 4592 section 3.3.1 */
START_TEST(wildcard_is_expanded_at_the_closest_encloser_only)
{
	ck_assert_str_eq(allow_by(X_Y, "a.z.w.example.", 1), "nothing");
	ck_assert_str_eq(allow_by(X_Y, "a.z.w.example.", 3), "nothing");
	ck_assert_str_eq(allow_by(X, "a.x.w.example.", 2), "nothing");
}
END_TEST

START_TEST(wildcard_is_not_expanded_to_what_exists)
{
	ck_assert_str_eq(allow_by(X_Y, "x.y.w.example.", 2), "nothing");
	ck_assert_str_eq(allow_by(X, "y.w.example.", 2), "nothing");
	ck_assert_str_eq(allow_by(X, "a.z.w.example.", 2), "nothing");
}
END_TEST

/* CVE-2026-44690 */
START_TEST(wildcard_above_the_zone_is_not_expanded)
{
	ck_assert_str_eq(allow_by(XX, "y.example.", 0), "nothing");
	ck_assert_str_eq(allow_by(XX, "y.example.", 1), "name");
	read_proofs(&proofs, ".", "a. NSEC z. NS RRSIG NSEC\n");
	ck_assert_str_eq(allow(&proofs, "y.", 0), "name");
}
END_TEST

START_TEST(wildcard_is_no_expansion_of_itself)
{
	ck_assert_str_eq(allow_by(NS2, "*.w.example.", 2), "nothing");
	ck_assert_str_eq(allow_by(XX, "*.y.example.", 1), "name");
	ck_assert_str_eq(allow_by(XX, "y.example.", 2), "nothing");
	ck_assert_str_eq(allow_by(XX, "y.example.", 255), "nothing");
}
END_TEST

static void add_cases(TCase *tcase)
{
	tcase_add_test(tcase, b2_name_error);
	tcase_add_test(tcase, b3_no_data);
	tcase_add_test(tcase, b4_secure_delegation_denies_no_ds);
	tcase_add_test(tcase, b5_insecure_delegation);
	tcase_add_test(tcase, b6_wildcard_expansion);
	tcase_add_test(tcase, b7_wildcard_no_data);
	tcase_add_test(tcase, b8_ds_of_the_apex_is_not_the_zones_to_deny);
	tcase_add_test(tcase, type_that_the_name_has_is_not_denied);
	tcase_add_test(tcase, cname_answers_for_any_type);
	tcase_add_test(tcase, names_are_equal_in_any_case);
	tcase_add_test(tcase, parents_side_of_a_cut_denies_no_type_but_ds);
	tcase_add_test(tcase, name_without_ns_is_no_delegation);
	tcase_add_test(tcase, apex_has_all_its_types);
	tcase_add_test(tcase, apex_of_a_child_denies_no_ds);
	tcase_add_test(tcase, apex_without_soa_denies_no_ds);
	tcase_add_test(tcase, root_has_no_parent_and_denies_its_ds);
	tcase_add_test(tcase, types_that_no_name_has_are_denied_with_the_name_only);
	tcase_add_test(tcase, owner_of_a_dname_has_its_types);
	tcase_add_test(tcase, cover_without_the_wildcards_denial_proves_nothing);
	tcase_add_test(tcase, one_record_covers_the_name_and_the_wildcard);
	tcase_add_test(tcase, owner_and_next_name_are_not_covered);
	tcase_add_test(tcase, order_is_canonical);
	tcase_add_test(tcase, last_record_covers_up_to_the_apex);
	tcase_add_test(tcase, only_record_covers_all_but_its_owner);
	tcase_add_test(tcase, only_the_apex_is_before_the_owner);
	tcase_add_test(tcase, empty_non_terminal_has_no_types);
	tcase_add_test(tcase, names_and_records_are_in_the_zone);
}

int main(void)
{
	Suite *suite = suite_create("nsec");
	TCase *tcase = tcase_create("nsec");
	add_cases(tcase);
	tcase_add_loop_test(tcase, closest_encloser_follows_from_the_cover, 0,
			    sizeof(enclosers) / sizeof(enclosers[0]));
	tcase_add_test(tcase, wildcard_without_the_cover_of_the_name_proves_nothing);
	tcase_add_test(tcase, wildcard_with_the_type_or_a_cname_denies_nothing);
	tcase_add_test(tcase, wildcard_at_another_ancestor_denies_nothing);
	tcase_add_test(tcase, wildcard_that_is_an_empty_non_terminal_has_no_types);
	tcase_add_test(tcase, wildcard_is_asked_for_itself);
	tcase_add_test(tcase, wildcard_with_ns_or_dname_denies_little);
	tcase_add_test(tcase, wildcard_is_expanded_at_the_closest_encloser_only);
	tcase_add_test(tcase, wildcard_is_not_expanded_to_what_exists);
	tcase_add_test(tcase, wildcard_above_the_zone_is_not_expanded);
	tcase_add_test(tcase, wildcard_is_no_expansion_of_itself);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
