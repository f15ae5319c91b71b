/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/dnssec/test_nsec3_records.c: which NSEC3 records are used, and the work that they may cause.
 */
#include "dnssec/nsec3.h"

#include "support/nsec3.h"
#include "support/unit.h"

static struct proofs proofs;

static const struct nsec3_parameters plain = {.zone = "example.", .salt = "-", .hash = 1};

/* Of RFC 5155 appendix A. */
#define NSEC3(owner, next_and_types) owner ".example. NSEC3 1 1 12 aabbccdd " next_and_types "\n"
#define APEX                                                                                       \
	NSEC3("0p9mhaveqvm6t7vbl5lop2u3t2rp3tom",                                                  \
	      "2t7b4g4vsa5smi47k61mv5bv1a22bojr MX DNSKEY NS SOA NSEC3PARAM RRSIG")
#define NS1 NSEC3("2t7b4g4vsa5smi47k61mv5bv1a22bojr", "2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG")

#define NXDOMAIN                                                                                   \
	"match b.example. A RRSIG\n"                                                               \
	"cover n.b.example.\n"                                                                     \
	"cover *.b.example.\n"

#define OPT_OUT "match example. NS SOA RRSIG\nopt-out b.example.\n"

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

/* ---- sections 8.1 and 8.2: usable records ----------------------------------------------- */

/* Records with other parameters, a line with these behind the hash of ns1.example. */
static const char *deny_ns1(const char *record)
{
	read_proofs(&proofs, "example.", record);
	return deny(&proofs, "ns1.example. MX");
}

START_TEST(other_hashes_and_flags_are_ignored)
{
	struct nsec3_parameters other = plain;
	start();
	other.hash = 2;
	add_nsec3s(&proofs, &other, "match b.example. A\n");
	other.hash = 0;
	add_nsec3s(&proofs, &other, "match b.example. A\n");
	other.hash = 1;
	other.flags = 2;
	add_nsec3s(&proofs, &other, "match c.example. A\n");
	other.flags = 0x80 | 1;
	add_nsec3s(&proofs, &other, "match d.example. A\n");
	add_nsec3s(&proofs, &plain, "match e.example. A\n");
	take_proofs(&proofs, "example.");
	ck_assert_str_eq(deny(&proofs, "b.example. MX"), "nothing");
	ck_assert_str_eq(deny(&proofs, "c.example. MX"), "nothing");
	ck_assert_str_eq(deny(&proofs, "d.example. MX"), "nothing");
	ck_assert_str_eq(deny(&proofs, "e.example. MX"), "type");
}
END_TEST

START_TEST(parameters_are_those_of_the_first_usable_record)
{
	struct nsec3_parameters unknown = plain, salted = plain, iterated = plain;
	unknown.hash = 2;
	unknown.iterations = 7;
	salted.salt = "aa";
	iterated.iterations = 1;
	start();
	add_nsec3s(&proofs, &unknown, "match a.example. A\n");
	add_nsec3s(&proofs, &salted, "match b.example. A\n");
	add_nsec3s(&proofs, &plain, "match c.example. A\n");
	add_nsec3s(&proofs, &iterated, "match d.example. A\n");
	add_nsec3s(&proofs, &salted, "match e.example. A\n");
	take_proofs(&proofs, "example.");
	ck_assert_str_eq(deny(&proofs, "a.example. MX"), "nothing");
	ck_assert_str_eq(deny(&proofs, "b.example. MX"), "type");
	ck_assert_str_eq(deny(&proofs, "c.example. MX"), "nothing");
	ck_assert_str_eq(deny(&proofs, "d.example. MX"), "nothing");
	ck_assert_str_eq(deny(&proofs, "e.example. MX"), "type");
}
END_TEST

START_TEST(records_with_other_parameters_are_ignored)
{
#define OTHER(parameters)                                                                          \
	"2t7b4g4vsa5smi47k61mv5bv1a22bojr.example. NSEC3 1 0 " parameters                          \
	" 2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG\n"
	ck_assert_str_eq(deny_ns1(APEX OTHER("12 aabbccdd")), "type");
	ck_assert_str_eq(deny_ns1(APEX OTHER("13 aabbccdd")), "nothing");
	ck_assert_str_eq(deny_ns1(APEX OTHER("12 aabbccde")), "nothing");
	ck_assert_str_eq(deny_ns1(APEX OTHER("12 aabbcc")), "nothing");
	ck_assert_str_eq(deny_ns1(APEX OTHER("12 aabbccdd00")), "nothing");
}
END_TEST

/* BIND's CVE-2026-10723: a hash below the child's apex is the child's. */
START_TEST(owner_is_a_hash_in_front_of_the_zone)
{
	struct nsec3_parameters child = plain;
	child.zone = "sub.example.";
	start();
	add_nsec3s(&proofs, &child, "match b.example. A\nmatch b.sub.example. A\n");
	take_proofs(&proofs, "example.");
	ck_assert_str_eq(deny(&proofs, "b.example. MX"), "nothing");
	ck_assert_str_eq(deny(&proofs, "b.sub.example. MX"), "nothing");
	take_proofs(&proofs, "sub.example.");
	ck_assert_str_eq(deny(&proofs, "b.sub.example. MX"), "type");
	struct nsec3_parameters parent = plain;
	start();
	add_nsec3s(&proofs, &parent, "match b.sub.example. A\n");
	take_proofs(&proofs, "sub.example.");
	ck_assert_str_eq(deny(&proofs, "b.sub.example. MX"), "nothing");
}
END_TEST

#define TAIL ".example. NSEC3 1 1 12 aabbccdd 2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG\n"

START_TEST(owner_is_a_whole_hash)
{
	ck_assert_str_eq(deny_ns1("2t7b4g4vsa5smi47k61mv5bv1a22bojr" TAIL), "type");
	ck_assert_str_eq(deny_ns1("2T7B4G4VSA5SMI47K61MV5BV1A22BOJR" TAIL), "type");
	ck_assert_str_eq(deny_ns1("2t7b4g4vsa5smi47k61mv5bv1a22bojw" TAIL), "nothing");
	ck_assert_str_eq(deny_ns1("2t7b4g4vsa5smi47k61mv5bv1a22boj" TAIL), "nothing");
	ck_assert_str_eq(deny_ns1("2t7b4g4vsa5smi47k61mv5bv1a22bojrg0" TAIL), "nothing");
	ck_assert_str_eq(deny_ns1("2t7b4g4vsa5smi47k61mv5bv1a22bojr.exampla. NSEC3 1 1 12 aabbccdd "
				  "2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG\n"),
			 "nothing");
	ck_assert_str_eq(deny_ns1("a.2t7b4g4vsa5smi47k61mv5bv1a22bojr" TAIL), "nothing");
}
END_TEST

START_TEST(different_records_of_a_hash_prove_nothing)
{
	ck_assert_str_eq(deny_ns1(NS1 "2t7b4g4vsa5smi47k61mv5bv1a22bojr" TAIL), "type");
	ck_assert_str_eq(deny_ns1(NS1 NSEC3("2t7b4g4vsa5smi47k61mv5bv1a22bojr",
					    "2vptu5timamqttgl4luu9kg21e0aor3s TXT")),
			 "nothing");
}
END_TEST

/* Loop: RDATA of the NSEC3 of ns1.example with a salt of one octet. */
#define RDATA(literal)                                                                             \
	{                                                                                          \
		literal, sizeof(literal) - 1                                                       \
	}
#define NEXT "--------------------"
static const struct {
	const char *octets;
	size_t len;
} malformed[] = {
	RDATA("\1\0\0\0\1s\24" NEXT "\0\1\100"), /* the first is well formed */
	RDATA(""),
	RDATA("\1\0\0\0"),
	RDATA("\1\0\0\0\2s"),
	RDATA("\1\0\0\0\1s"),
	RDATA("\1\0\0\0\1s\24"
	      "-------------------"),
	RDATA("\1\0\0\0\1s\23"
	      "-------------------"
	      "\0\1\100"),
	RDATA("\1\0\0\0\1s\25" NEXT "-"
	      "\0\1\100"),
	RDATA("\1\0\0\0\1s\0\0\1\100"),
	RDATA("\1\0\0\0\1s\24" NEXT "\0\2\100"),
	RDATA("\1\0\0\0\1s\24" NEXT "\0\1\0"),
	RDATA("\1\0\0\0\1s\24" NEXT "\0"),
};

START_TEST(malformed_record_proves_nothing)
{
	uint8_t hash[NSEC3_HASH_LEN];
	char owner[64], label[NSEC3_LABEL_LEN + 1];
	nsec3_hash("ns1.example.", 0, "73", hash);
	snprintf(owner, sizeof(owner), "%s.example.", nsec3_label(hash, label));
	start();
	put_name(&proofs.message, owner);
	put16(&proofs.message, TARN__TYPE_NSEC3);
	put16(&proofs.message, TARN__CLASS_IN);
	put32(&proofs.message, 3600);
	put16(&proofs.message, (unsigned)malformed[_i].len);
	put_octets(&proofs.message, malformed[_i].octets, malformed[_i].len);
	count_one(&proofs.message, 2);
	take_proofs(&proofs, "example.");
	ck_assert_str_eq(deny(&proofs, "ns1.example. MX"), _i == 0 ? "type" : "nothing");
}
END_TEST

/* ---- limits ----------------------------------------------------------------------------- */

/* RFC 9276 section 3.2 */
START_TEST(iterations_above_the_limit_are_not_computed)
{
	struct nsec3_parameters many = plain;
	many.iterations = TARN__NSEC3_ITERATIONS_MAX;
	start();
	add_nsec3s(&proofs, &many, "match b.example. A\n");
	take_proofs(&proofs, "example.");
	ck_assert_str_eq(deny(&proofs, "b.example. MX"), "type");
	ck_assert_uint_eq(charged(), 1 + TARN__NSEC3_ITERATIONS_MAX);
	many.iterations++;
	start();
	add_nsec3s(&proofs, &many, "match b.example. A\n");
	take_proofs(&proofs, "example.");
	ck_assert_str_eq(deny(&proofs, "b.example. MX"), "nothing iterations");
	ck_assert_str_eq(deny(&proofs, "b.example. DS"), "nothing iterations");
	ck_assert_str_eq(allow(&proofs, "n.example.", 1), "nothing iterations");
	ck_assert_str_eq(deny(&proofs, "b.test. MX"), "nothing");
	ck_assert_str_eq(allow(&proofs, "n.example.", 2), "nothing");
	ck_assert_uint_eq(charged(), 0);
}
END_TEST

/* Records that no zone has cannot make it insecure. */
START_TEST(iterations_of_records_that_are_ignored_do_not_count)
{
	struct nsec3_parameters many = plain, child = plain;
	many.iterations = child.iterations = TARN__NSEC3_ITERATIONS_MAX + 1;
	many.flags = 2;
	child.zone = "sub.example.";
	start();
	add_nsec3s(&proofs, &many, "match b.example. A\n");
	add_nsec3s(&proofs, &child, "match b.example. A\n");
	take_proofs(&proofs, "example.");
	ck_assert_str_eq(deny(&proofs, "b.example. MX"), "nothing");
	many.flags = 0;
	start();
	add_nsec3s(&proofs, &plain, "match c.example. A\n");
	add_nsec3s(&proofs, &many, "match b.example. A\n");
	take_proofs(&proofs, "example.");
	ck_assert_str_eq(deny(&proofs, "b.example. MX"), "nothing");
}
END_TEST

START_TEST(records_above_the_limit_are_not_looked_at)
{
	struct nsec3_parameters unknown = plain;
	unknown.hash = 2;
	start();
	for (unsigned i = 1; i < TARN__NSEC3_RECORDS_MAX; i++) {
		char line[32];
		snprintf(line, sizeof(line), "match r%u.example. A\n", i);
		add_nsec3s(&proofs, i % 2 ? &unknown : &plain, line);
	}
	put_zone(&proofs.message, 2, "b.example. A 192.0.2.1\n");
	add_nsec3s(&proofs, &plain, "match c.example. A\nmatch d.example. A\n");
	take_proofs(&proofs, "example.");
	ck_assert_str_eq(deny(&proofs, "c.example. MX"), "type");
	ck_assert_str_eq(deny(&proofs, "d.example. MX"), "nothing");
}
END_TEST

#define SALT_8 "0123456789abcdef"
#define SALT_32 SALT_8 SALT_8 SALT_8 SALT_8
#define SALT_35 SALT_32 "012345"
#define SALT_44 SALT_32 SALT_8 "01234567"
#define SALT_255                                                                                   \
	SALT_32 SALT_32 SALT_32 SALT_32 SALT_32 SALT_32 SALT_32 SALT_8 SALT_8 SALT_8               \
		"0123456789abcd"

/* Loop: b.example. has 11 octets, a hash 20, the padding 9 at least, a block 64. */
static const struct {
	const char *salt;
	unsigned iterations, blocks;
} costs[] = {
	{"-", 0, 1},
	{"-", 1, 2},
	{"aabbccdd", 12, 13},
	{SALT_35, 0, 1},
	{SALT_35, 10, 1 + 10},
	{SALT_35 "00", 0, 1},
	{SALT_35 "00", 10, 1 + 10 * 2},
	{SALT_44, 1, 1 + 2},
	{SALT_44 "00", 1, 2 + 2},
	{SALT_255, 0, 5},
	{SALT_255, 50, 5 + 50 * 5},
};

START_TEST(blocks_are_charged_before_they_are_hashed)
{
	struct nsec3_parameters parameters = plain;
	parameters.salt = costs[_i].salt;
	parameters.iterations = costs[_i].iterations;
	start();
	add_nsec3s(&proofs, &parameters, "match b.example. A\n");
	take_proofs(&proofs, "example.");
	ck_assert_str_eq(deny(&proofs, "b.example. MX"), "type");
	ck_assert_uint_eq(charged(), costs[_i].blocks);
	ck_assert_ptr_null(proofs.budget.exceeded);
	proofs.budget.nsec3_blocks = costs[_i].blocks - 1;
	ck_assert_str_eq(deny(&proofs, "b.example. MX"), "nothing");
	ck_assert_uint_eq(proofs.budget.nsec3_blocks, costs[_i].blocks - 1);
	ck_assert_ptr_nonnull(proofs.budget.exceeded);
}
END_TEST

/* The name, its ancestors to the closest encloser, the wildcard: each of them once. */
START_TEST(each_name_is_hashed_once)
{
	ck_assert_str_eq(deny_by(NXDOMAIN, "n.b.example. A"), "name");
	ck_assert_uint_eq(charged(), 3);
	ck_assert_str_eq(deny_by(NXDOMAIN, "x.y.z.n.b.example. A"), "name");
	ck_assert_uint_eq(charged(), 6);
	ck_assert_str_eq(deny_by(NXDOMAIN, "b.example. MX"), "type");
	ck_assert_uint_eq(charged(), 1);
	ck_assert_str_eq(deny_by(OPT_OUT, "b.example. DS"), "type opt-out");
	ck_assert_uint_eq(charged(), 2);
	ck_assert_str_eq(allow_by("cover n.b.example.\n", "x.y.n.b.example.", 2), "name");
	ck_assert_uint_eq(charged(), 1);
	ck_assert_str_eq(deny_by(NXDOMAIN, "a.b.c. A"), "nothing");
	ck_assert_str_eq(deny_by("", "n.b.example. A"), "nothing");
	ck_assert_uint_eq(charged(), 0);
}
END_TEST

START_TEST(nothing_is_proved_when_a_part_may_not_be_hashed)
{
	for (unsigned blocks = 0; blocks <= 6; blocks++) {
		start();
		add_nsec3s(&proofs, &plain, OPT_OUT "cover *.example.\n");
		take_proofs(&proofs, "example.");
		proofs.budget.nsec3_blocks = blocks;
		ck_assert_str_eq(deny(&proofs, "x.y.z.b.example. A"),
				 blocks < 6 ? "nothing" : "name opt-out");
		ck_assert_uint_eq(proofs.budget.nsec3_blocks, 0);
		ck_assert_int_eq(proofs.budget.exceeded == NULL, blocks == 6);
	}
}
END_TEST

START_TEST(nothing_is_proved_without_the_library)
{
	ck_assert_str_eq(deny_ns1(NS1), "nothing");
	ck_assert_uint_eq(charged(), 13);
	ck_assert_str_eq(allow(&proofs, "ns1a.example.", 1), "nothing");
}
END_TEST

#define LABELS_8 "a.a.a.a.a.a.a.a."
#define LABELS_32 LABELS_8 LABELS_8 LABELS_8 LABELS_8

/* CVE-2023-50868: the longest name and the most iterations. */
START_TEST(work_for_a_message_is_bounded)
{
	struct nsec3_parameters many = plain;
	many.zone = ".";
	many.iterations = TARN__NSEC3_ITERATIONS_MAX;
	start();
	add_nsec3s(&proofs, &many, "match . NS SOA RRSIG\ncover a.\ncover *.\n");
	take_proofs(&proofs, ".");
	ck_assert_str_eq(deny(&proofs, LABELS_32 LABELS_32 LABELS_32 LABELS_8 LABELS_8 LABELS_8
			      "a.a.a.a.a.a.a. A"),
			 "nothing");
	ck_assert_str_eq(proofs.budget.exceeded, "hashes for the NSEC3 records of one message");
	ck_assert_uint_lt(proofs.budget.nsec3_blocks, 1 + TARN__NSEC3_ITERATIONS_MAX);
}
END_TEST

/* A reverse name of IPv6 in a zone with the iterations of 2020. */
START_TEST(work_is_enough_for_reverse_names)
{
	struct nsec3_parameters usual = plain;
	usual.zone = "8.b.d.0.1.0.0.2.ip6.arpa.";
	usual.iterations = 10;
	usual.salt = "aabbccdd";
	start();
	add_nsec3s(&proofs, &usual,
		   "match 8.b.d.0.1.0.0.2.ip6.arpa. NS SOA RRSIG\n"
		   "cover 0.8.b.d.0.1.0.0.2.ip6.arpa.\ncover *.8.b.d.0.1.0.0.2.ip6.arpa.\n");
	take_proofs(&proofs, usual.zone);
	ck_assert_str_eq(deny(&proofs, "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
				       "8.b.d.0.1.0.0.2.ip6.arpa. PTR"),
			 "name");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nsec3_records");
	TCase *tcase = tcase_create("nsec3_records");
	tcase_add_test(tcase, other_hashes_and_flags_are_ignored);
	tcase_add_test(tcase, parameters_are_those_of_the_first_usable_record);
	tcase_add_test(tcase, records_with_other_parameters_are_ignored);
	tcase_add_test(tcase, owner_is_a_hash_in_front_of_the_zone);
	tcase_add_test(tcase, owner_is_a_whole_hash);
	tcase_add_test(tcase, different_records_of_a_hash_prove_nothing);
	tcase_add_loop_test(tcase, malformed_record_proves_nothing, 0,
			    sizeof(malformed) / sizeof(malformed[0]));
	tcase_add_test(tcase, iterations_above_the_limit_are_not_computed);
	tcase_add_test(tcase, iterations_of_records_that_are_ignored_do_not_count);
	tcase_add_test(tcase, records_above_the_limit_are_not_looked_at);
	tcase_add_loop_test(tcase, blocks_are_charged_before_they_are_hashed, 0,
			    sizeof(costs) / sizeof(costs[0]));
	tcase_add_test(tcase, each_name_is_hashed_once);
	tcase_add_test(tcase, nothing_is_proved_when_a_part_may_not_be_hashed);
	tcase_add_test(tcase, work_for_a_message_is_bounded);
	tcase_add_test(tcase, work_is_enough_for_reverse_names);
	TCase *without = tcase_create("without");
	tcase_add_test(without, nothing_is_proved_without_the_library);
	suite_add_tcase(suite, without);
	add_hashing_cases(suite, tcase);
	return unit_run(suite);
}
