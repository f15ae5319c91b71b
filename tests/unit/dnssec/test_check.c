/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/dnssec/test_check.c: what a check asks for, what it keeps between its calls, and its limits.
 */
#include "dnssec/check.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/hmac.h"
#include "crypto/signature.h"
#include "support/signed.h"

/* Behind the others: its variables have names of their parameters. */
#include "support/answer.h"

/* Places in signed_rrsets. */
enum { SOA, A = 3, CNAME = 6, TXT_NSEC = 11 };

/* Another key of example., and a chain in that zone; made with ldns-signzone. */
#define KEY "example. 3600 IN DNSKEY 256 3 15 nuo4XsJHcZKiV27v7sxkWO7KGXwAXaj0nnskLNzOEe0=\n"
#define BY_KEY " 20300101000000 20240101000000 54938 example. "
#define CHAIN_RRSIG(owner, type, signature)                                                        \
	owner " 3600 IN RRSIG " type " 15 2 3600" BY_KEY signature "\n"

enum { LINKS = 3 };
static const struct signed_rrset chain[LINKS] = {
	{"a.example. 3600 IN CNAME b.example.\n",
	 CHAIN_RRSIG("a.example.", "CNAME",
		     "RMv2Nicbdpxk5xpecSw5sy3SgAvUJcXwUOeRB3CaUddv"
		     "eumw93OjcU3bSPUHQkh0bo3DArBiPy/zbwopilULDw==")},
	{"b.example. 3600 IN CNAME c.example.\n",
	 CHAIN_RRSIG("b.example.", "CNAME",
		     "jdaRypGotnD+K7GRIN+OtLcDkZwV6ZHENoAguk9l4xHj"
		     "CssUxhiSrWtxBfieDlinPXsVHaGweWIV3rGRApqVAA==")},
	{"c.example. 3600 IN A 192.0.2.1\n",
	 CHAIN_RRSIG("c.example.", "A",
		     "Y1wyyIEcEZUZlKOxm14NNgKt9jlJZDSnsfwUY/CPYFg5"
		     "mJrBTLAvbqiUuYjIQS+CoWzcxph/7EfTfsygsMLyAQ==")},
};

static struct tarn__anchors *anchors;
static struct trust_octets octets; /* of the keys that names have */
static struct tarn__check check;
static struct tarn__check_input in;
static struct tarn__response response;
static struct tarn__signed_data data;
static uint8_t *copy; /* of the message: each call has its own */
static size_t copy_len;

/* ---- what is known ---------------------------------------------------------------------- */

/* Names of which something is known. */
static struct known {
	struct tarn__name name;
	enum tarn__trust_kind kind;
} known[64];
static size_t known_count;

static bool find(void *arg, const uint8_t *name, size_t len, struct tarn__trust *out)
{
	static const uint8_t no_cut[] = {TARN__TRUST_NO_CUT};
	(void)arg;
	for (size_t i = 0; i < known_count; i++) {
		if (known[i].name.len != len ||
		    !tarn__name_is_equal(known[i].name.octets, name, len))
			continue;
		if (known[i].kind == TARN__TRUST_KEYS)
			*out = end_trust(&octets);
		else
			ck_assert(tarn__trust_read(no_cut, sizeof(no_cut), out));
		return true;
	}
	return false;
}

static const struct tarn__known finder = {NULL, find};

static void know(const char *name, enum tarn__trust_kind kind)
{
	known[known_count++] = (struct known){make_name(name), kind};
}

/* All that the check has asked for is known then. */
static void know_needs(void)
{
	for (size_t i = 0; i < check.need_count; i++)
		known[known_count++] = (struct known){check.need[i].name, TARN__TRUST_NO_CUT};
}

static bool is_needed(size_t i, const char *name_text)
{
	struct tarn__name name = make_name(name_text);
	const struct tarn__name *needed = &check.need[i].name;
	return i < check.need_count && needed->len == name.len &&
	       memcmp(needed->octets, name.octets, name.len) == 0;
}

/* ---- a check ---------------------------------------------------------------------------- */

static void anchor(const char *zone)
{
	char text[128], fault[TARN__ANCHORS_FAULT_MAX];
	unsigned line;
	snprintf(text, sizeof(text),
		 "%s DS 1 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n",
		 zone);
	anchors = tarn__anchors_new();
	ck_assert_ptr_nonnull(anchors);
	ck_assert_int_eq(tarn__anchors_add_text(anchors, text, strlen(text), &line, fault), 0);
	in.anchors = anchors;
}

static void begin(void)
{
	ck_assert_ptr_null(tarn__signature_load());
	in = (struct tarn__check_input){
		.response = &response, .known = &finder, .now = SIGNED_NOW, .data = &data};
	known_count = 0;
	begin_trust(&octets);
	tarn__check_init(&check, NULL);
}

static void end(void)
{
	tarn__signed_data_free(&data);
	tarn__anchors_free(anchors);
	free(copy);
	copy = NULL;
}

static void question(const char *name, unsigned type, unsigned rcode)
{
	ask(name, type, true);
	start(RESPONSE | rcode);
}

/* Runs the check on a copy of the message that is nowhere where one has been before, which is no more. */
static enum tarn__check_step run(void)
{
	uint8_t *last = copy;
	copy = malloc(message.len);
	ck_assert_ptr_nonnull(copy);
	memcpy(copy, message.wire, message.len);
	if (last)
		memset(last, 0xff, copy_len);
	free(last);
	copy_len = message.len;
	tarn__answer_parse(copy, message.len, asked, asked_len, &key, true, &response);
	ck_assert_int_eq(response.answer_class, TARN__ANSWER_GOOD);
	return tarn__check_run(&check, &in);
}

static unsigned tries(void)
{
	return TARN__TRIES_PER_MESSAGE - check.budget.tries;
}

/* The zone example. with a key. */
static void take_zone(const char *key_text)
{
	anchor("example.");
	trust_key(&octets, key_text);
	know("example.", TARN__TRUST_KEYS);
}

static void put_signed(unsigned section, const struct signed_rrset *rrset)
{
	put_zone(&message, section, rrset->records);
	put_zone(&message, section, rrset->rrsig);
}

static void take_chain(void)
{
	take_zone(KEY);
	question("a.example.", TARN__TYPE_A, 0);
	for (size_t i = 0; i < LINKS; i++)
		put_signed(1, &chain[i]);
}

/* Adds signatures of an RRset that are not valid. */
static void put_bad(const struct signed_rrset *rrset, unsigned count)
{
	char text[1024];
	for (unsigned number = 0; number < count; number++) {
		snprintf(text, sizeof(text), "%s", rrset->rrsig);
		char *signature = strstr(text, " example. ");
		ck_assert_ptr_nonnull(signature);
		signature[10] = (char)('a' + number % 26);
		signature[11] = (char)('a' + number / 26);
		put_zone(&message, 1, text);
	}
}

/* ---- needs ------------------------------------------------------------------------------ */

START_TEST(a_zone_of_several_rrsets_is_asked_for_once)
{
	take_chain();
	known_count = 0;
	ck_assert_int_eq(run(), TARN__CHECK_NEEDS);
	ck_assert_uint_eq(check.need_count, 1);
	ck_assert(is_needed(0, "example."));
	ck_assert(check.need[0].is_signer);
	ck_assert_uint_eq(check.needs, 1);
	ck_assert_uint_eq(tries(), 0);
	know("example.", TARN__TRUST_KEYS);
	ck_assert_int_eq(run(), TARN__CHECK_DONE);
	ck_assert_int_eq(check.security, TARN__SECURE);
	ck_assert_uint_eq(check.needs, 1);
	ck_assert_uint_eq(check.need_count, 0);
	ck_assert_uint_eq(tries(), 3);
	ck_assert(response.has_ad);
}
END_TEST

START_TEST(four_zones_are_asked_for_at_once)
{
	anchor(".");
	know(".", TARN__TRUST_KEYS);
	question("a.z1.", TARN__TYPE_A, 0);
	put_zone(&message, 1,
		 "a.z1. 60 IN CNAME a.z2.\na.z2. 60 IN CNAME a.z3.\na.z3. 60 IN CNAME a.z4.\n"
		 "a.z4. 60 IN CNAME a.z5.\na.z5. 60 IN CNAME a.z6.\na.z6. 60 IN A 192.0.2.1\n");
	ck_assert_int_eq(run(), TARN__CHECK_NEEDS);
	ck_assert_uint_eq(check.need_count, TARN__NEEDS_AT_ONCE);
	ck_assert(is_needed(0, "z1."));
	ck_assert(is_needed(3, "z4."));
	ck_assert(!check.need[0].is_signer);
	ck_assert_uint_eq(check.needs, TARN__NEEDS_AT_ONCE);
}
END_TEST

START_TEST(forty_names_are_asked_for)
{
	char name[TARN__NAME_MAX] = "";
	anchor(".");
	know(".", TARN__TRUST_KEYS);
	for (unsigned i = 0; i < TARN__NEEDS_MAX + 10; i++)
		strcat(name, "a.");
	question(name, TARN__TYPE_DS, 0);
	/* Where the chain itself needs it, each name is asked for after the one above it. */
	in.is_for_chain = true;
	for (unsigned i = 1; i <= TARN__NEEDS_MAX; i++) {
		ck_assert_int_eq(run(), TARN__CHECK_NEEDS);
		ck_assert_uint_eq(check.need_count, 1);
		ck_assert_uint_eq(tarn__name_labels(check.need[0].name.octets), i);
		ck_assert_uint_eq(check.needs, i);
		know_needs();
	}
	ck_assert_int_eq(run(), TARN__CHECK_DONE);
	ck_assert_int_eq(check.security, TARN__BOGUS);
	ck_assert_uint_eq(check.reason.code, TARN__EDE_BOGUS);
	ck_assert_str_eq(check.reason.text, "more than 40 zones would have to be looked up");
}
END_TEST

START_TEST(an_soa_is_a_hint)
{
	anchor(".");
	know(".", TARN__TRUST_KEYS);
	question("a.b.c.d.e.f.test.", TARN__TYPE_A, 0);
	ck_assert_int_eq(run(), TARN__CHECK_NEEDS);
	ck_assert_uint_eq(check.need_count, 1);
	ck_assert(is_needed(0, "a.b.c.d.e.f.test."));
	put_zone(&message, 2, "d.e.f.test. 60 IN SOA a. b. 1 2 3 4 5\n");
	ck_assert_int_eq(run(), TARN__CHECK_NEEDS);
	ck_assert_uint_eq(check.need_count, 1);
	ck_assert(is_needed(0, "d.e.f.test."));
}
END_TEST

START_TEST(signatures_that_are_asked_for_need_nothing)
{
	take_zone(signed_key);
	known_count = 0;
	question("b.example.", TARN__TYPE_RRSIG, 0);
	put_zone(&message, 1, signed_rrsets[A].rrsig);
	ck_assert_int_eq(run(), TARN__CHECK_DONE);
	ck_assert_int_eq(check.security, TARN__INSECURE);
	ck_assert_uint_eq(check.needs, 0);
	ck_assert_uint_eq(tries(), 0);
	ck_assert(!response.has_ad);
}
END_TEST

/* ---- calls ------------------------------------------------------------------------------ */

/* Runs in turns of one verification. Returns how many there were. */
static unsigned run_in_turns(void)
{
	unsigned turn = 0, turns = 1;
	check.budget.turn = &turn;
	ck_assert_int_eq(run(), TARN__CHECK_PAUSED);
	ck_assert_uint_eq(tries(), 0);
	for (turn = 1; run() == TARN__CHECK_PAUSED; turn = 1) {
		ck_assert_uint_eq(tries(), turns);
		ck_assert_uint_lt(turns, TARN__TRIES_PER_MESSAGE);
		turns++;
	}
	check.budget.turn = NULL;
	return turns;
}

START_TEST(after_a_pause_nothing_is_verified_again)
{
	take_chain();
	ck_assert_uint_eq(run_in_turns(), 3);
	ck_assert_int_eq(check.security, TARN__SECURE);
	ck_assert_uint_eq(tries(), 3);
	ck_assert_uint_eq(check.until, 1893456000);
	/* Nor after the end. */
	ck_assert_int_eq(run(), TARN__CHECK_DONE);
	ck_assert_uint_eq(tries(), 3);
}
END_TEST

START_TEST(tries_of_one_rrset_go_on_after_a_pause)
{
	take_zone(signed_key);
	question("b.example.", TARN__TYPE_A, 0);
	put_zone(&message, 1, signed_rrsets[A].records);
	put_bad(&signed_rrsets[A], 2);
	put_zone(&message, 1, signed_rrsets[A].rrsig);
	ck_assert_uint_eq(run_in_turns(), 3);
	ck_assert_int_eq(check.security, TARN__SECURE);
	ck_assert_uint_eq(tries(), 3);
}
END_TEST

START_TEST(a_denial_is_proved_by_other_copies_of_the_message)
{
	take_zone(signed_key);
	question("text.example.", TARN__TYPE_MX, 0);
	put_signed(2, &signed_rrsets[SOA]);
	put_signed(2, &signed_rrsets[TXT_NSEC]);
	ck_assert_uint_eq(run_in_turns(), 2);
	ck_assert_int_eq(check.security, TARN__SECURE);
	ck_assert_int_eq(check.denial.denied, TARN__DENIED_TYPE);
	ck_assert_uint_eq(tries(), 2);
}
END_TEST

START_TEST(an_rrset_waits_for_needs_of_others_only)
{
	/* The CNAME is verified at once; the end of the chain is another zone's. */
	take_zone(signed_key);
	tarn__anchors_free(anchors);
	anchor(".");
	know(".", TARN__TRUST_KEYS);
	question("long.example.", TARN__TYPE_A, 0);
	put_signed(1, &signed_rrsets[CNAME]);
	put_zone(&message, 1, "alias.example. 60 IN CNAME a.test.\na.test. 60 IN A 192.0.2.1\n");
	ck_assert_int_eq(run(), TARN__CHECK_NEEDS);
	ck_assert_uint_eq(check.need_count, 2);
	ck_assert(is_needed(0, "alias.example."));
	ck_assert(is_needed(1, "test."));
	ck_assert_uint_eq(tries(), 1);
	know("alias.example.", TARN__TRUST_NO_CUT);
	ck_assert_int_eq(run(), TARN__CHECK_DONE);
	ck_assert_int_eq(check.security, TARN__BOGUS);
	ck_assert_uint_eq(check.reason.code, TARN__EDE_RRSIGS_MISSING);
	ck_assert_str_eq(check.reason.text,
			 "no signature where there should be one: alias.example/CNAME");
	ck_assert_uint_eq(tries(), 1);
}
END_TEST

START_TEST(a_denial_without_a_link_is_not_elsewhere)
{
	take_zone(signed_key);
	in.is_end_elsewhere = true;
	question("b.example.", TARN__TYPE_A, TARN__NXDOMAIN);
	put_signed(2, &signed_rrsets[SOA]);
	ck_assert_int_eq(run(), TARN__CHECK_DONE);
	ck_assert_int_eq(check.security, TARN__BOGUS);
	ck_assert_uint_eq(check.reason.code, TARN__EDE_NSEC_MISSING);
	/* The end of a chain is. */
	tarn__check_init(&check, NULL);
	question("long.example.", TARN__TYPE_A, 0);
	put_signed(1, &signed_rrsets[CNAME]);
	ck_assert_int_eq(run(), TARN__CHECK_DONE);
	ck_assert_int_eq(check.security, TARN__SECURE);
}
END_TEST

/* ---- limits ----------------------------------------------------------------------------- */

static unsigned count_signatures(size_t place)
{
	const struct tarn__rrsets *rrsets = &response.rrsets;
	unsigned count = 0;
	for (uint16_t i = rrsets->at[response.at[place].signatures].first; i != TARN__NO_RECORD;
	     i = rrsets->records[i].next)
		count++;
	return count;
}

START_TEST(eight_signatures_are_kept)
{
	take_zone(signed_key);
	question("b.example.", TARN__TYPE_A, 0);
	put_zone(&message, 1, signed_rrsets[A].records);
	put_zone(&message, 1, signed_rrsets[A].rrsig);
	put_bad(&signed_rrsets[A], 7);
	ck_assert_int_eq(run(), TARN__CHECK_DONE);
	ck_assert_int_eq(check.security, TARN__SECURE);
	ck_assert_uint_eq(count_signatures(0), TARN__SIGNATURES_MAX);
	put_bad(&signed_rrsets[A], 60);
	tarn__check_init(&check, NULL);
	ck_assert_int_eq(run(), TARN__CHECK_DONE);
	ck_assert_int_eq(check.security, TARN__SECURE);
	ck_assert_uint_eq(count_signatures(0), TARN__SIGNATURES_MAX);
	ck_assert_uint_eq(tries(), 1);
}
END_TEST

/* 60 keys of one tag, none of which is the zone's. */
static void trust_twins(void)
{
	uint8_t twin[32];
	for (unsigned i = 0; i < 60; i++) {
		memset(twin, (int)i, sizeof(twin));
		tarn__trust_add_key(&octets.writer, &(struct tarn__trust_key){15, 54938, twin, 32});
	}
}

/* CVE-2023-50387, KeyTrap: keys of one tag times signatures, of several RRsets. */
START_TEST(keys_times_signatures_are_few_tries)
{
	anchor("example.");
	trust_twins();
	know("example.", TARN__TRUST_KEYS);
	question("a.example.", TARN__TYPE_A, 0);
	for (size_t i = 0; i < LINKS; i++) {
		put_zone(&message, 1, chain[i].records);
		put_bad(&chain[i], 60);
	}
	ck_assert_int_eq(run(), TARN__CHECK_DONE);
	ck_assert_int_eq(check.security, TARN__BOGUS);
	ck_assert_uint_eq(check.reason.code, TARN__EDE_BOGUS);
	ck_assert_uint_eq(tries(), TARN__TRIES_PER_RRSET);
	ck_assert(!response.has_ad);
}
END_TEST

START_TEST(failures_of_all_rrsets_are_counted)
{
	take_zone(KEY);
	question("a.example.", TARN__TYPE_A, 0);
	for (size_t i = 0; i < LINKS; i++) {
		put_zone(&message, 1, chain[i].records);
		put_bad(&chain[i], 2);
		put_zone(&message, 1, chain[i].rrsig);
	}
	ck_assert_int_eq(run(), TARN__CHECK_DONE);
	ck_assert_int_eq(check.security, TARN__BOGUS);
	ck_assert_uint_eq(check.reason.code, TARN__EDE_BOGUS);
	ck_assert_str_eq(
		check.reason.text,
		"the limit of invalid signatures in one message is reached at b.example/CNAME");
	/* The link before it is valid. */
	ck_assert_uint_eq(tries(), 1 + TARN__FAILED_TRIES_PER_MESSAGE);
}
END_TEST

/* An NSEC3 of 50 iterations with a salt of 60 octets, two blocks each; made with ldns-signzone. */
#define SALT_20 "abababababababababababababababababababab"
#define NSEC3_OWNER "0ogicrppcf8ft96tf5stkq75n1sai2cf"
static const char nsec3_records[] =
	"example. 3600 IN SOA a. b. 1 2 3 4 300\n"
	"example. 3600 IN RRSIG SOA 15 1 3600" BY_KEY
	"rJbrX0U7nVruogxLOJDQdkU9qDl2e42QBl9yE7XHCB7L1oFqOvp1mCLCBDnSkbIKJk7fhJoX+o63ri2DdbULBA=="
	"\n" NSEC3_OWNER ".example. 300 IN NSEC3 1 0 50 " SALT_20 SALT_20 SALT_20 " " NSEC3_OWNER
	" SOA RRSIG DNSKEY NSEC3PARAM\n" NSEC3_OWNER ".example. 300 IN RRSIG NSEC3 15 2 300" BY_KEY
	"LZteBefiRofMzb9OdOYIl46RxmdbsDW47Oibzf5fog0INZfeXO7w6iBB0k9o6ePboxG4lDb4DictjS3kSNOpDg=="
	"\n";

static void check_nsec3(const char *name)
{
	take_zone(KEY);
	question(name, TARN__TYPE_A, TARN__NXDOMAIN);
	put_zone(&message, 2, nsec3_records);
	ck_assert_int_eq(run(), TARN__CHECK_DONE);
	ck_assert_uint_eq(tries(), 2);
	ck_assert_uint_le(check.budget.nsec3_blocks, TARN__NSEC3_BLOCKS_MAX);
}

START_TEST(names_of_few_labels_are_hashed)
{
	check_nsec3("a.example.");
	ck_assert_int_eq(check.security, TARN__SECURE);
	ck_assert_int_eq(check.denial.denied, TARN__DENIED_NAME);
	ck_assert_ptr_null(check.budget.exceeded);
}
END_TEST

/* CVE-2023-50868: labels times iterations. */
START_TEST(labels_times_iterations_are_few_hashes)
{
	check_nsec3("a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.example.");
	ck_assert_int_eq(check.security, TARN__BOGUS);
	ck_assert_uint_eq(check.reason.code, TARN__EDE_BOGUS);
	ck_assert_str_eq(check.reason.text, "too many hashes for the NSEC3 records of one message");
}
END_TEST

static TCase *new_case(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);
	tcase_add_checked_fixture(tcase, begin, end);
	if (tarn__hmac_is_built())
		suite_add_tcase(suite, tcase);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("check");
	TCase *needs = new_case(suite, "needs");
	tcase_add_test(needs, a_zone_of_several_rrsets_is_asked_for_once);
	tcase_add_test(needs, four_zones_are_asked_for_at_once);
	tcase_add_test(needs, forty_names_are_asked_for);
	tcase_add_test(needs, an_soa_is_a_hint);
	tcase_add_test(needs, signatures_that_are_asked_for_need_nothing);
	TCase *calls = new_case(suite, "calls");
	tcase_add_test(calls, after_a_pause_nothing_is_verified_again);
	tcase_add_test(calls, tries_of_one_rrset_go_on_after_a_pause);
	tcase_add_test(calls, a_denial_is_proved_by_other_copies_of_the_message);
	tcase_add_test(calls, an_rrset_waits_for_needs_of_others_only);
	tcase_add_test(calls, a_denial_without_a_link_is_not_elsewhere);
	TCase *limits = new_case(suite, "limits");
	tcase_add_test(limits, eight_signatures_are_kept);
	tcase_add_test(limits, keys_times_signatures_are_few_tries);
	tcase_add_test(limits, failures_of_all_rrsets_are_counted);
	tcase_add_test(limits, names_of_few_labels_are_hashed);
	tcase_add_test(limits, labels_times_iterations_are_few_hashes);
	return unit_run(suite);
}
