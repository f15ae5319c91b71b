/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/dnssec/test_nsec3.c: what NSEC3 records prove: the examples of RFC 5155, and each rule with a
 * proof that lacks one thing.
 */
#include "dnssec/nsec3.h"

#include "support/nsec3.h"
#include "support/unit.h"

static struct proofs proofs;

static const struct nsec3_parameters plain = {.zone = "example.", .salt = "-", .hash = 1};

static void start(void)
{
	put_header(&proofs.message, 1, TARN__FLAG_QR);
}

static const char *deny_by(const char *lines, const char *question)
{
	start();
	add_nsec3s(&proofs, &plain, lines);
	take_proofs(&proofs, "example.");
	return deny(&proofs, question);
}

static const char *allow_by(const char *lines, const char *name, unsigned labels)
{
	start();
	add_nsec3s(&proofs, &plain, lines);
	take_proofs(&proofs, "example.");
	return allow(&proofs, name, labels);
}

static unsigned charged(void)
{
	return TARN__NSEC3_BLOCKS_MAX - proofs.budget.nsec3_blocks;
}

/* ---- RFC 5155 appendices A and B -------------------------------------------------------- */

#define NSEC3(owner, next_and_types) owner ".example. NSEC3 1 1 12 aabbccdd " next_and_types "\n"
#define APEX                                                                                       \
	NSEC3("0p9mhaveqvm6t7vbl5lop2u3t2rp3tom",                                                  \
	      "2t7b4g4vsa5smi47k61mv5bv1a22bojr MX DNSKEY NS SOA NSEC3PARAM RRSIG")
#define NS1 NSEC3("2t7b4g4vsa5smi47k61mv5bv1a22bojr", "2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG")
#define X_Y NSEC3("2vptu5timamqttgl4luu9kg21e0aor3s", "35mthgpgcu1qg68fab165klnsnk3dpvl MX RRSIG")
#define A NSEC3("35mthgpgcu1qg68fab165klnsnk3dpvl", "b4um86eghhds6nea196smvmlo4ors995 NS DS RRSIG")
#define X NSEC3("b4um86eghhds6nea196smvmlo4ors995", "gjeqe526plbf1g8mklp59enfd789njgi MX RRSIG")
#define AI                                                                                         \
	NSEC3("gjeqe526plbf1g8mklp59enfd789njgi",                                                  \
	      "ji6neoaepv8b5o6k4ev33abha8ht9fgc A HINFO AAAA RRSIG")
#define Y NSEC3("ji6neoaepv8b5o6k4ev33abha8ht9fgc", "k8udemvp1j2f7eg6jebps17vp3n8i58h")
#define W NSEC3("k8udemvp1j2f7eg6jebps17vp3n8i58h", "kohar7mbb8dc2ce8a9qvl8hon4k53uhi")
#define HASH NSEC3("kohar7mbb8dc2ce8a9qvl8hon4k53uhi", "q04jkcevqvmu85r014c7dkba38o0ji5r A RRSIG")
#define NS2 NSEC3("q04jkcevqvmu85r014c7dkba38o0ji5r", "r53bq7cc2uvmubfu5ocmm6pers9tk9en A RRSIG")
#define WILDCARD                                                                                   \
	NSEC3("r53bq7cc2uvmubfu5ocmm6pers9tk9en", "t644ebqk9bibcna874givr6joj62mlhv MX RRSIG")
#define XX                                                                                         \
	NSEC3("t644ebqk9bibcna874givr6joj62mlhv",                                                  \
	      "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom A HINFO AAAA RRSIG")

static const char *deny_in_rfc(const char *records, const char *question)
{
	read_proofs(&proofs, "example.", records);
	return deny(&proofs, question);
}

/* Loop: the names and their records. */
static const struct {
	const char *name, *record;
} zone[] = {
	{"ns1.example.", NS1},
	{"x.y.w.example.", X_Y},
	{"x.w.example.", X},
	{"ai.example.", AI},
	{"y.w.example.", Y},
	{"w.example.", W},
	{"2t7b4g4vsa5smi47k61mv5bv1a22bojr.example.", HASH},
	{"ns2.example.", NS2},
	{"*.w.example.", WILDCARD},
	{"xx.example.", XX},
	{"XX.Example.", XX},
	{"example.", APEX},
};

START_TEST(names_have_the_hashes_of_appendix_a)
{
	char question[TARN__NAME_TEXT_MAX];
	snprintf(question, sizeof(question), "%s TYPE65280", zone[_i].name);
	ck_assert_str_eq(deny_in_rfc(zone[_i].record, question), "type");
}
END_TEST

START_TEST(b1_name_error)
{
	ck_assert_str_eq(deny_in_rfc(APEX X A, "a.c.x.w.example. A"), "name opt-out");
	ck_assert_str_eq(deny_in_rfc(A X APEX, "a.c.x.w.example. A"), "name opt-out");
}
END_TEST

START_TEST(b2_no_data)
{
	ck_assert_str_eq(deny_in_rfc(NS1, "ns1.example. MX"), "type");
	ck_assert_str_eq(deny_in_rfc(NS1, "ns1.example. A"), "nothing");
}
END_TEST

START_TEST(b2_1_empty_non_terminal)
{
	ck_assert_str_eq(deny_in_rfc(Y, "y.w.example. A"), "type");
	ck_assert_str_eq(deny_in_rfc(Y, "y.w.example. ANY"), "type");
}
END_TEST

START_TEST(b3_opt_out_delegation)
{
	ck_assert_str_eq(deny_in_rfc(A APEX, "c.example. DS"), "type opt-out");
	ck_assert_str_eq(deny_in_rfc(A APEX, "a.example. DS"), "nothing");
}
END_TEST

START_TEST(b4_wildcard_expansion)
{
	deny_in_rfc(NS2, "example. A");
	ck_assert_str_eq(allow(&proofs, "a.z.w.example.", 2), "name opt-out");
	ck_assert_str_eq(allow(&proofs, "a.z.w.example.", 1), "nothing");
	ck_assert_str_eq(allow(&proofs, "a.z.w.example.", 3), "nothing");
}
END_TEST

START_TEST(b5_wildcard_no_data)
{
	ck_assert_str_eq(deny_in_rfc(W NS2 WILDCARD, "a.z.w.example. AAAA"), "type opt-out");
}
END_TEST

START_TEST(b6_ds_of_the_apex_is_not_the_zones_to_deny)
{
	ck_assert_str_eq(deny_in_rfc(APEX, "example. DS"), "nothing");
	ck_assert_str_eq(deny_in_rfc(APEX, "example. A"), "type");
}
END_TEST

/* ---- sections 8.3 and 8.4: names -------------------------------------------------------- */

#define NXDOMAIN                                                                                   \
	"match b.example. A RRSIG\n"                                                               \
	"cover n.b.example.\n"                                                                     \
	"cover *.b.example.\n"

START_TEST(name_next_closer_name_and_wildcard_are_denied)
{
	ck_assert_str_eq(deny_by(NXDOMAIN, "n.b.example. A"), "name");
	ck_assert_str_eq(deny_by(NXDOMAIN, "n.b.example. DS"), "name");
	ck_assert_str_eq(deny_by(NXDOMAIN, "x.y.z.N.b.example. A"), "name");
	ck_assert_str_eq(deny_by(NXDOMAIN, "m.b.example. A"), "nothing");
}
END_TEST

START_TEST(each_part_of_the_proof_is_needed)
{
	ck_assert_str_eq(deny_by("cover n.b.example.\ncover *.b.example.\n", "n.b.example. A"),
			 "nothing");
	ck_assert_str_eq(
		deny_by("match b.example. A RRSIG\ncover *.b.example.\n", "n.b.example. A"),
		"nothing");
	ck_assert_str_eq(
		deny_by("match b.example. A RRSIG\ncover n.b.example.\n", "n.b.example. A"),
		"nothing");
}
END_TEST

/* The one that is matched first from the name on, so that it is the next closer name that is covered. */
START_TEST(closest_encloser_is_the_longest_that_is_matched)
{
	const char *records = "match example. NS SOA RRSIG\nmatch b.example. A RRSIG\n"
			      "cover n.b.example.\ncover *.example.\ncover b.example.\n";
	ck_assert_str_eq(deny_by(records, "n.b.example. A"), "nothing");
	ck_assert_str_eq(deny_by(NXDOMAIN "cover c.n.b.example.\n", "c.n.b.example. A"), "name");
	ck_assert_str_eq(deny_by("match example. NS SOA RRSIG\ncover n.b.example.\n"
				 "cover *.example.\n",
				 "n.b.example. A"),
			 "nothing");
}
END_TEST

START_TEST(closest_encloser_is_in_the_zone)
{
	start();
	add_nsec3s(&proofs, &plain, "match . NS SOA RRSIG\ncover example.\ncover *.\n");
	take_proofs(&proofs, "example.");
	ck_assert_str_eq(deny(&proofs, "example. A"), "nothing");
	ck_assert_str_eq(deny(&proofs, "test. A"), "nothing");
	ck_assert_str_eq(deny(&proofs, ". A"), "nothing");
	ck_assert_uint_eq(charged(), 1);
}
END_TEST

START_TEST(apex_is_a_closest_encloser)
{
	ck_assert_str_eq(deny_by("match example. NS SOA RRSIG\ncover b.example.\n"
				 "cover *.example.\n",
				 "n.b.example. A"),
			 "name");
}
END_TEST

/* RFC 5155 section 8.3, RFC 6840 section 4.1, CVE-2018-1000002 */
START_TEST(delegation_is_no_closest_encloser)
{
	const char *covers = "cover n.b.example.\ncover *.b.example.\n";
	char lines[256];
	snprintf(lines, sizeof(lines), "match b.example. NS RRSIG\n%s", covers);
	ck_assert_str_eq(deny_by(lines, "n.b.example. A"), "nothing");
	ck_assert_str_eq(deny_by(lines, "n.b.example. DS"), "nothing");
	snprintf(lines, sizeof(lines), "match b.example. DNAME RRSIG\n%s", covers);
	ck_assert_str_eq(deny_by(lines, "n.b.example. A"), "nothing");
	snprintf(lines, sizeof(lines), "match b.example. NS SOA RRSIG\n%s", covers);
	ck_assert_str_eq(deny_by(lines, "n.b.example. A"), "name");
}
END_TEST

/* One that is no closest encloser is not passed over for a shorter one. */
START_TEST(name_below_a_delegation_is_not_denied_at_the_zones_apex)
{
	ck_assert_str_eq(deny_by("match b.example. NS RRSIG\nmatch example. NS SOA RRSIG\n"
				 "cover *.example.\ncover n.b.example.\ncover b.example.\n",
				 "n.b.example. A"),
			 "nothing");
}
END_TEST

/* Loop: how far owner and next hash are from a hash, and whether it is covered. */
static const struct {
	int owner, next;
	bool is_covered;
} shifts[] = {
	{-1, 1, true},	{-2, -1, false}, {1, 2, false},	 {0, 1, false},	 {-1, 0, false},
	{-1, -2, true}, {2, 1, true},	 {1, -1, false}, {-1, -1, true}, {1, 1, true},
	{0, 0, false},	{1, 0, false},	 {0, -1, false},
};

START_TEST(hashes_are_a_circle)
{
	start();
	add_nsec3(&proofs, &plain, "n.example.", shifts[_i].owner, shifts[_i].next, "A RRSIG");
	take_proofs(&proofs, "example.");
	ck_assert_str_eq(allow(&proofs, "n.example.", 1),
			 shifts[_i].is_covered ? "name" : "nothing");
}
END_TEST

/* RFC 5155 section 7.1: a zone that has its apex only has one NSEC3. */
START_TEST(only_record_covers_all_but_its_owner)
{
	start();
	add_nsec3(&proofs, &plain, "example.", 0, 0, "NS SOA RRSIG");
	take_proofs(&proofs, "example.");
	ck_assert_str_eq(deny(&proofs, "a.b.example. A"), "name");
	ck_assert_str_eq(deny(&proofs, "example. A"), "type");
}
END_TEST

/* ---- sections 8.5 and 8.6: types -------------------------------------------------------- */

START_TEST(type_that_the_name_has_is_not_denied)
{
	ck_assert_str_eq(deny_by("match b.example. A RRSIG\n", "b.example. A"), "nothing");
	ck_assert_str_eq(deny_by("match b.example. A RRSIG\n", "b.example. MX"), "type");
	ck_assert_str_eq(deny_by("match b.example. A RRSIG\n", "b.example. NSEC3"), "type");
	ck_assert_str_eq(deny_by("match b.example. A RRSIG\n", "b.example. DS"), "type");
	ck_assert_str_eq(deny_by("match b.example. A RRSIG\n", "b.example. ANY"), "nothing");
}
END_TEST

/* RFC 6840 section 4.3 */
START_TEST(cname_answers_for_any_type)
{
	ck_assert_str_eq(deny_by("match b.example. CNAME RRSIG\n", "b.example. A"), "nothing");
	ck_assert_str_eq(deny_by("match b.example. CNAME RRSIG\n", "b.example. DS"), "nothing");
}
END_TEST

START_TEST(parents_side_of_a_cut_denies_no_type_but_ds)
{
	ck_assert_str_eq(deny_by("match b.example. NS\n", "b.example. A"), "nothing");
	ck_assert_str_eq(deny_by("match b.example. NS\n", "b.example. DS"), "type delegation");
	ck_assert_str_eq(deny_by("match b.example. NS DS RRSIG\n", "b.example. DS"), "nothing");
	ck_assert_str_eq(deny_by("match b.example. NS DS RRSIG\n", "b.example. A"), "nothing");
}
END_TEST

/* RFC 6840 section 4.4 */
START_TEST(apex_of_a_child_denies_no_ds)
{
	ck_assert_str_eq(deny_by("match b.example. NS SOA RRSIG\n", "b.example. DS"), "nothing");
	ck_assert_str_eq(deny_by("match b.example. NS SOA RRSIG\n", "b.example. A"), "type");
}
END_TEST

START_TEST(root_has_no_parent_and_denies_its_ds)
{
	struct nsec3_parameters root = plain;
	root.zone = ".";
	start();
	add_nsec3s(&proofs, &root, "match . NS SOA RRSIG\n");
	take_proofs(&proofs, ".");
	ck_assert_str_eq(deny(&proofs, ". DS"), "type");
	/* SHA-1 of one octet, 0 */
	ck_assert_mem_eq(proofs.message.wire + TARN__HEADER_LEN + 1,
			 "bekjp7dgpvsjukll47bk43i3urmq4u2f", 32);
}
END_TEST

/* ---- opt-out ---------------------------------------------------------------------------- */

#define OPT_OUT "match example. NS SOA RRSIG\nopt-out b.example.\n"

/* RFC 5155 sections 8.6 and 8.9 */
START_TEST(opt_out_denies_the_ds_of_what_is_covered)
{
	ck_assert_str_eq(deny_by(OPT_OUT, "b.example. DS"), "type opt-out");
	ck_assert_str_eq(deny_by(OPT_OUT "cover *.example.\n", "b.example. DS"), "type opt-out");
	ck_assert_str_eq(deny_by(OPT_OUT, "n.b.example. DS"), "type opt-out");
	ck_assert_str_eq(deny_by("opt-out b.example.\n", "b.example. DS"), "nothing");
	ck_assert_str_eq(
		deny_by("match example. NS SOA RRSIG\ncover b.example.\n", "b.example. DS"),
		"nothing");
	ck_assert_str_eq(deny_by("match c.example. NS\nopt-out b.c.example.\n", "b.c.example. DS"),
			 "nothing");
}
END_TEST

/* RFC 5155 section 8.6: an empty non-terminal that leads to insecure delegations only. */
START_TEST(opt_out_denies_no_other_type_of_what_is_covered)
{
	ck_assert_str_eq(deny_by(OPT_OUT, "b.example. A"), "nothing opt-out");
	ck_assert_str_eq(deny_by(OPT_OUT, "b.example. NS"), "nothing opt-out");
}
END_TEST

/* RFC 5155 sections 6 and 9.2 */
START_TEST(denial_by_opt_out_is_marked)
{
	ck_assert_str_eq(deny_by(OPT_OUT "cover *.example.\n", "b.example. A"), "name opt-out");
	ck_assert_str_eq(deny_by(OPT_OUT "match *.example. TXT RRSIG\n", "b.example. A"),
			 "type opt-out");
	ck_assert_str_eq(allow_by(OPT_OUT, "b.example.", 1), "name opt-out");
}
END_TEST

/* RFC 5155 section 9.2: the cover of the next closer name counts. */
START_TEST(opt_out_of_other_records_is_no_mark)
{
	ck_assert_str_eq(deny_by("match example. NS SOA RRSIG\ncover b.example.\n"
				 "opt-out *.example.\n",
				 "b.example. A"),
			 "name");
	struct nsec3_parameters marked = plain;
	marked.flags = 1;
	start();
	add_nsec3s(&proofs, &marked, "match b.example. A RRSIG\nmatch c.example. NS\n");
	take_proofs(&proofs, "example.");
	ck_assert_str_eq(deny(&proofs, "b.example. MX"), "type");
	ck_assert_str_eq(deny(&proofs, "c.example. DS"), "type delegation");
}
END_TEST

/* ---- sections 8.7 and 8.8: wildcards ----------------------------------------------------- */

#define NEXT_CLOSER "match example. NS SOA RRSIG\ncover b.example.\n"

START_TEST(wildcards_types_are_denied)
{
	ck_assert_str_eq(deny_by(NEXT_CLOSER "match *.example. TXT RRSIG\n", "n.b.example. A"),
			 "type");
	ck_assert_str_eq(deny_by(NEXT_CLOSER "match *.example. A RRSIG\n", "n.b.example. A"),
			 "nothing");
	ck_assert_str_eq(deny_by(NEXT_CLOSER "match *.example. CNAME RRSIG\n", "n.b.example. A"),
			 "nothing");
	ck_assert_str_eq(deny_by(NEXT_CLOSER "match *.example.\n", "n.b.example. A"), "type");
}
END_TEST

START_TEST(wildcard_alone_denies_nothing)
{
	ck_assert_str_eq(deny_by("match *.example. TXT RRSIG\n", "b.example. A"), "nothing");
	ck_assert_str_eq(deny_by("match *.example. TXT RRSIG\ncover b.example.\n", "b.example. A"),
			 "nothing");
	ck_assert_str_eq(deny_by("match *.example. TXT RRSIG\nmatch example. NS SOA RRSIG\n",
				 "b.example. A"),
			 "nothing");
}
END_TEST

/* RFC 4592 sections 4.2 and 4.4, RFC 6672 section 3.3 */
START_TEST(wildcard_with_ns_or_dname_denies_little)
{
	ck_assert_str_eq(deny_by(NEXT_CLOSER "match *.example. NS\n", "b.example. A"), "nothing");
	ck_assert_str_eq(deny_by(NEXT_CLOSER "match *.example. NS\n", "b.example. DS"), "type");
	ck_assert_str_eq(deny_by(NEXT_CLOSER "match *.example. DNAME\n", "b.example. A"), "type");
	ck_assert_str_eq(deny_by(NEXT_CLOSER "match *.example. DNAME\n", "n.b.example. A"),
			 "nothing");
}
END_TEST

START_TEST(wildcard_is_asked_for_itself)
{
	ck_assert_str_eq(deny_by("match *.b.example. TXT RRSIG\n", "*.b.example. A"), "type");
	ck_assert_str_eq(deny_by("match *.b.example. TXT RRSIG\n", "*.b.example. TXT"), "nothing");
	ck_assert_str_eq(deny_by("match b.example. A\ncover *.b.example.\n", "*.b.example. A"),
			 "name");
	ck_assert_uint_eq(charged(), 2);
	ck_assert_str_eq(deny_by("match b.example. A\ncover *.b.example.\n", "n.*.b.example. A"),
			 "name");
	ck_assert_uint_eq(charged(), 3);
}
END_TEST

START_TEST(wildcard_is_expanded_if_the_next_closer_name_is_covered)
{
	ck_assert_str_eq(allow_by("cover n.b.example.\n", "n.b.example.", 2), "name");
	ck_assert_str_eq(allow_by("cover n.b.example.\n", "x.y.n.b.example.", 2), "name");
	ck_assert_str_eq(allow_by("cover n.b.example.\n", "n.b.example.", 1), "nothing");
	ck_assert_str_eq(allow_by("match n.b.example. A\n", "n.b.example.", 2), "nothing");
	ck_assert_str_eq(allow_by("match b.example. A\n", "n.b.example.", 2), "nothing");
}
END_TEST

START_TEST(wildcard_is_expanded_within_the_zone_only)
{
	ck_assert_str_eq(allow_by("cover b.example.\ncover example.\n", "b.example.", 0),
			 "nothing");
	ck_assert_str_eq(allow_by("cover b.example.\n", "b.example.", 2), "nothing");
	ck_assert_str_eq(allow_by("cover *.example.\n", "*.example.", 1), "nothing");
	ck_assert_str_eq(allow_by("cover b.test.\n", "b.test.", 1), "nothing");
	ck_assert_uint_eq(charged(), 0);
}
END_TEST

/* RFC 9824 section 3.2 */
START_TEST(compact_denial_is_one_of_the_type)
{
	ck_assert_str_eq(deny_by("match b.example. RRSIG NXNAME\n", "b.example. A"), "type");
	ck_assert_str_eq(deny_by("match b.example. RRSIG NXNAME\n", "b.example. DS"), "type");
}
END_TEST

static void add_examples(TCase *tcase)
{
	tcase_add_loop_test(tcase, names_have_the_hashes_of_appendix_a, 0,
			    sizeof(zone) / sizeof(zone[0]));
	tcase_add_test(tcase, b1_name_error);
	tcase_add_test(tcase, b2_no_data);
	tcase_add_test(tcase, b2_1_empty_non_terminal);
	tcase_add_test(tcase, b3_opt_out_delegation);
	tcase_add_test(tcase, b4_wildcard_expansion);
	tcase_add_test(tcase, b5_wildcard_no_data);
	tcase_add_test(tcase, b6_ds_of_the_apex_is_not_the_zones_to_deny);
}

static void add_rules(TCase *tcase)
{
	tcase_add_test(tcase, name_next_closer_name_and_wildcard_are_denied);
	tcase_add_test(tcase, each_part_of_the_proof_is_needed);
	tcase_add_test(tcase, closest_encloser_is_the_longest_that_is_matched);
	tcase_add_test(tcase, closest_encloser_is_in_the_zone);
	tcase_add_test(tcase, apex_is_a_closest_encloser);
	tcase_add_test(tcase, delegation_is_no_closest_encloser);
	tcase_add_test(tcase, name_below_a_delegation_is_not_denied_at_the_zones_apex);
	tcase_add_loop_test(tcase, hashes_are_a_circle, 0, sizeof(shifts) / sizeof(shifts[0]));
	tcase_add_test(tcase, only_record_covers_all_but_its_owner);
	tcase_add_test(tcase, type_that_the_name_has_is_not_denied);
	tcase_add_test(tcase, cname_answers_for_any_type);
	tcase_add_test(tcase, parents_side_of_a_cut_denies_no_type_but_ds);
	tcase_add_test(tcase, apex_of_a_child_denies_no_ds);
	tcase_add_test(tcase, root_has_no_parent_and_denies_its_ds);
	tcase_add_test(tcase, opt_out_denies_the_ds_of_what_is_covered);
	tcase_add_test(tcase, opt_out_denies_no_other_type_of_what_is_covered);
	tcase_add_test(tcase, denial_by_opt_out_is_marked);
	tcase_add_test(tcase, opt_out_of_other_records_is_no_mark);
	tcase_add_test(tcase, wildcards_types_are_denied);
	tcase_add_test(tcase, wildcard_alone_denies_nothing);
	tcase_add_test(tcase, wildcard_with_ns_or_dname_denies_little);
	tcase_add_test(tcase, wildcard_is_asked_for_itself);
	tcase_add_test(tcase, wildcard_is_expanded_if_the_next_closer_name_is_covered);
	tcase_add_test(tcase, wildcard_is_expanded_within_the_zone_only);
	tcase_add_test(tcase, compact_denial_is_one_of_the_type);
}

int main(void)
{
	Suite *suite = suite_create("nsec3");
	TCase *tcase = tcase_create("nsec3");
	add_examples(tcase);
	add_rules(tcase);
	add_hashing_cases(suite, tcase);
	return unit_run(suite);
}
