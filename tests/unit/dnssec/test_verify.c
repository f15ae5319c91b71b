/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/dnssec/test_verify.c: which RRsets are verified, by how many tries, and why others are not. */
#include "dnssec/verify.h"

#include <string.h>

#include "crypto/hmac.h"
#include "crypto/signature.h"
#include "dnssec/rrsig.h"
#include "support/signed.h"
#include "support/unit.h"

static struct message message;
static struct tarn__rrsets rrsets;
static struct trust_octets octets;
static struct tarn__trust trust;
static struct tarn__name zone;
static struct tarn__signed_data data;
static struct tarn__budget budget;
static struct tarn__verify_context context;
static struct tarn__verify_progress progress;
static struct tarn__verified verified;
static struct tarn__reason reason;

static void set_up(void)
{
	ck_assert_ptr_null(tarn__signature_load());
	budget = tarn__budget_new();
	context =
		(struct tarn__verify_context){.now = SIGNED_NOW, .budget = &budget, .data = &data};
	begin_trust(&octets);
	message.len = 0;
}

static void tear_down(void)
{
	tarn__signed_data_free(&data);
}

/* Verifies the first RRset of the message with the keys so far; goes on if it has been paused. */
static enum tarn__verification go_on(void)
{
	trust = end_trust(&octets);
	struct tarn__rrset *rrset = first_data(&rrsets);
	return tarn__rrset_verify(&context, &rrsets, rrset,
				  tarn__rrset_find_signatures(&rrsets, rrset), &zone, &trust,
				  &progress, &verified, &reason);
}

static enum tarn__verification verify(void)
{
	memset(&progress, 0, sizeof(progress));
	memset(&verified, 0, sizeof(verified));
	memset(&reason, 0, sizeof(reason));
	read_rrsets(&rrsets, &message);
	return go_on();
}

static unsigned tries(void)
{
	return TARN__TRIES_PER_MESSAGE - budget.tries;
}

static void check_reason(uint16_t code, const char *text)
{
	ck_assert_uint_eq(reason.code, code);
	ck_assert_str_eq(reason.text, text);
}

/* Adds records to the message, and begins it if there are none. */
static void add(const char *text)
{
	if (message.len == 0)
		put_header(&message, 1, TARN__FLAG_QR);
	put_zone(&message, 1, text);
}

/* Takes an example: its records, its key, and a time at which it is valid. */
static void take_example(size_t i)
{
	zone = make_name(examples[i].zone);
	context.now = examples[i].expiration - 7200;
	trust_key(&octets, examples[i].key);
	add(examples[i].records);
}

static void take_signed(size_t i)
{
	zone = make_name("example.");
	trust_key(&octets, signed_key);
	add(signed_rrsets[i].records);
	add(signed_rrsets[i].rrsig);
}

/* ---- what is valid ---------------------------------------------------------------------- */

START_TEST(the_examples_of_the_rfcs_are_verified)
{
	take_example((size_t)_i);
	ck_assert_int_eq(verify(), TARN__VERIFIED);
	ck_assert_uint_eq(verified.ttl, 3600);
	ck_assert_uint_eq(verified.expiration, examples[_i].expiration);
	ck_assert_uint_eq(verified.labels, examples[_i].type == TARN__TYPE_A ? 3 : 2);
	ck_assert_uint_eq(reason.code, 0);
	ck_assert_uint_eq(tries(), 1);
	ck_assert_uint_eq(budget.failed_tries, TARN__FAILED_TRIES_PER_MESSAGE);
	ck_assert_uint_lt(budget.work, TARN__WORK_PER_MESSAGE);
}
END_TEST

START_TEST(rrsets_of_a_signed_zone_are_verified)
{
	take_signed((size_t)_i);
	ck_assert_int_eq(verify(), TARN__VERIFIED);
	ck_assert_uint_eq(tries(), 1);
}
END_TEST

/* Writes the RRset number i with another owner: its own has from_len octets of text. */
static void take_renamed(size_t i, const char *from, const char *to)
{
	zone = make_name("example.");
	trust_key(&octets, signed_key);
	for (unsigned part = 0; part < 2; part++) {
		char text[1024];
		const char *line = part == 0 ? signed_rrsets[i].records : signed_rrsets[i].rrsig;
		ck_assert_int_eq(strncmp(line, from, strlen(from)), 0);
		snprintf(text, sizeof(text), "%s%s", to, line + strlen(from));
		add(text);
	}
}

enum { RRSET_A = 3, RRSET_WILD_A = SIGNED_RRSETS - 2, RRSET_WILD_NSEC };

START_TEST(an_expansion_is_verified_and_has_fewer_labels)
{
	take_renamed(RRSET_WILD_A, "*.wild", "A.b.WILD");
	ck_assert_int_eq(verify(), TARN__VERIFIED);
	ck_assert_uint_eq(verified.labels, 2);
}
END_TEST

START_TEST(an_expansion_is_not_verified_beside_its_wildcard)
{
	take_renamed(RRSET_WILD_A, "*.wild", "a.wilt");
	ck_assert_int_eq(verify(), TARN__NOT_VERIFIED);
}
END_TEST

START_TEST(an_nsec_is_no_expansion)
{
	take_renamed(RRSET_WILD_NSEC, "*.wild", "a.wild");
	ck_assert_int_eq(verify(), TARN__NOT_VERIFIED);
	check_reason(TARN__EDE_RRSIGS_MISSING, "no signature of a.wild.example/NSEC by example");
	ck_assert_uint_eq(tries(), 0);
}
END_TEST

START_TEST(letter_case_ttl_and_order_do_not_matter)
{
	zone = make_name("EXAMPLE.");
	trust_key(&octets, signed_key);
	char rrsig[512];
	snprintf(rrsig, sizeof(rrsig), "%s", signed_rrsets[RRSET_A].rrsig);
	memcpy(strstr(rrsig, "33805 example.") + 6, "exaMPLE", 7);
	add("B.eXample. 5 IN A 192.0.2.100\n"
	    "b.example. 99999 IN A 192.0.2.10\n"
	    "b.EXAMPLE. 5 IN A 192.0.2.9\n"
	    "b.example. 5 IN A 192.0.2.10\n");
	add(rrsig);
	ck_assert_int_eq(verify(), TARN__VERIFIED);
	ck_assert_uint_eq(verified.ttl, 3600);
}
END_TEST

START_TEST(one_record_more_or_less_is_not_verified)
{
	take_signed(RRSET_A);
	add("b.example. 3600 IN A 192.0.2.11\n");
	ck_assert_int_eq(verify(), TARN__NOT_VERIFIED);
	check_reason(TARN__EDE_BOGUS, "no signature of b.example/A by key 33805 is valid: "
				      "it does not match the data");
	ck_assert_uint_eq(budget.failed_tries, TARN__FAILED_TRIES_PER_MESSAGE - 1);

	message.len = 0;
	add("b.example. 3600 IN A 192.0.2.9\nb.example. 3600 IN A 192.0.2.10\n");
	add(signed_rrsets[RRSET_A].rrsig);
	ck_assert_int_eq(verify(), TARN__NOT_VERIFIED);
}
END_TEST

/* The RDATA of a record of the message. */
static uint8_t *rdata_of(uint16_t number, size_t *len)
{
	uint8_t *rdata = message.wire + rrsets.records[number].type_at + TARN__RECORD_FIXED_LEN;
	*len = tarn__get16(rdata - 2);
	return rdata;
}

START_TEST(no_octet_of_data_and_signature_may_differ)
{
	take_example((size_t)_i);
	read_rrsets(&rrsets, &message);
	for (uint16_t number = 0; number < 2; number++) {
		size_t len;
		uint8_t *rdata = rdata_of(number, &len);
		for (size_t i = 0; i < len; i++) {
			rdata[i] ^= 1;
			budget = tarn__budget_new();
			ck_assert_msg(verify() == TARN__NOT_VERIFIED, "octet %zu of record %u", i,
				      number);
			rdata[i] ^= 1;
		}
	}
	budget = tarn__budget_new();
	ck_assert_int_eq(verify(), TARN__VERIFIED);
}
END_TEST

START_TEST(no_octet_of_the_key_may_differ)
{
	take_example((size_t)_i);
	trust = end_trust(&octets);
	struct tarn__trust_key key;
	const uint8_t *at = trust.keys;
	ck_assert(tarn__trust_next_key(&trust, &at, &key));
	/* Some keys are not valid then, some are others. Exponents of RSA are in the first four octets. */
	for (size_t i = 4; i < key.key_len; i++) {
		uint8_t *octet = octets.octets + (key.key - octets.octets) + i;
		*octet ^= 1;
		budget = tarn__budget_new();
		ck_assert_msg(verify() == TARN__NOT_VERIFIED, "octet %zu of the key", i);
		ck_assert_uint_eq(tries(), 1);
		*octet ^= 1;
	}
}
END_TEST

START_TEST(the_owner_may_not_differ)
{
	take_example(EXAMPLE_P256);
	/* The first label of both records, of which the first one is an A of 31 octets. */
	message.wire[TARN__HEADER_LEN + 1]++;
	message.wire[TARN__HEADER_LEN + 31 + 1]++;
	ck_assert_int_eq(verify(), TARN__NOT_VERIFIED);
	check_reason(TARN__EDE_BOGUS, "no signature of xww.example.net/A by key 55648 is valid: "
				      "it does not match the data");
}
END_TEST

/* ---- what is skipped -------------------------------------------------------------------- */

START_TEST(without_signatures_nothing_is_tried)
{
	zone = make_name("example.");
	trust_key(&octets, signed_key);
	add(signed_rrsets[RRSET_A].records);
	ck_assert_int_eq(verify(), TARN__NOT_VERIFIED);
	check_reason(TARN__EDE_RRSIGS_MISSING, "no signature of b.example/A");
	ck_assert_uint_eq(tries(), 0);
}
END_TEST

START_TEST(a_cname_that_was_made_is_not_verified)
{
	take_signed(RRSET_A);
	read_rrsets(&rrsets, &message);
	struct tarn__name owner = make_name("a.example."), target = make_name("b.example.");
	const struct tarn__rrset *made = tarn__rrset_make_cname(&rrsets, &owner, &target, 5);
	trust = end_trust(&octets);
	ck_assert_int_eq(tarn__rrset_verify(&context, &rrsets, made, NULL, &zone, &trust, &progress,
					    &verified, &reason),
			 TARN__NOT_VERIFIED);
}
END_TEST

START_TEST(signatures_of_other_zones_are_skipped)
{
	take_signed(RRSET_A);
	zone = make_name("b.example.");
	ck_assert_int_eq(verify(), TARN__NOT_VERIFIED);
	check_reason(TARN__EDE_RRSIGS_MISSING, "no signature of b.example/A by b.example");
	zone = make_name(".");
	ck_assert_int_eq(verify(), TARN__NOT_VERIFIED);
	check_reason(TARN__EDE_RRSIGS_MISSING, "no signature of b.example/A by .");
	ck_assert_uint_eq(tries(), 0);
}
END_TEST

START_TEST(signatures_of_other_types_are_skipped)
{
	take_signed(RRSET_WILD_A);
	add(signed_rrsets[RRSET_WILD_NSEC].rrsig);
	read_rrsets(&rrsets, &message);
	struct tarn__rrset *rrset = first_data(&rrsets), *signatures = &rrsets.at[2];
	ck_assert_uint_eq(signatures->covered, TARN__TYPE_NSEC);
	trust = end_trust(&octets);
	ck_assert_int_eq(tarn__rrset_verify(&context, &rrsets, rrset, signatures, &zone, &trust,
					    &progress, &verified, &reason),
			 TARN__NOT_VERIFIED);
	check_reason(TARN__EDE_RRSIGS_MISSING, "no signature of *.wild.example/A by example");
	ck_assert_uint_eq(tries(), 0);
}
END_TEST

START_TEST(unsupported_algorithms_are_skipped)
{
	zone = make_name("example.");
	add("x.w.example. 3600 IN MX 1 xx.example.\n"
	    "x.w.example. 3600 IN RRSIG MX 5 3 3600 20300101000000 20240101000000 38519 example. "
	    "aaaa\n");
	ck_assert_int_eq(verify(), TARN__NOT_VERIFIED);
	check_reason(TARN__EDE_RRSIGS_MISSING, "no signature of x.w.example/MX by key 38519 is "
					       "valid: algorithm 5 is not supported");
}
END_TEST

START_TEST(signatures_without_a_key_are_skipped)
{
	zone = make_name("example.net.");
	context.now = examples[EXAMPLE_P256].expiration;
	add(examples[EXAMPLE_P256].records);
	const char *text = "no signature of www.example.net/A by key 55648 is valid: "
			   "the zone has no such key";
	ck_assert_int_eq(verify(), TARN__NOT_VERIFIED);
	check_reason(TARN__EDE_DNSKEY_MISSING, text);
	/* The tag and the algorithm have to be equal. */
	trust_key(&octets, examples[EXAMPLE_P384].key);
	tarn__trust_add_key(&octets.writer,
			    &(struct tarn__trust_key){13, 55649, octets.octets, 64});
	tarn__trust_add_key(&octets.writer,
			    &(struct tarn__trust_key){14, 55648, octets.octets, 96});
	ck_assert_int_eq(verify(), TARN__NOT_VERIFIED);
	check_reason(TARN__EDE_DNSKEY_MISSING, text);
	ck_assert_uint_eq(tries(), 0);
}
END_TEST

START_TEST(without_keys_in_the_trust_nothing_is_tried)
{
	take_signed(RRSET_A);
	read_rrsets(&rrsets, &message);
	const uint8_t no_cut[] = {TARN__TRUST_NO_CUT};
	ck_assert(tarn__trust_read(no_cut, 1, &trust));
	struct tarn__rrset *rrset = first_data(&rrsets);
	ck_assert_int_eq(tarn__rrset_verify(&context, &rrsets, rrset,
					    tarn__rrset_find_signatures(&rrsets, rrset), &zone,
					    &trust, &progress, &verified, &reason),
			 TARN__NOT_VERIFIED);
	ck_assert_uint_eq(reason.code, TARN__EDE_DNSKEY_MISSING);
}
END_TEST

static const struct date {
	int32_t after_inception, after_expiration; /* one of them is 0 */
	uint16_t code;
	uint32_t ttl;
	const char *why;
} dates[] = {
	{.after_inception = -TARN__SKEW_SEC, .ttl = 3600},
	{.after_inception = -TARN__SKEW_SEC - 1,
	 .code = TARN__EDE_SIGNATURE_NOT_YET_VALID,
	 .why = "not before 2010-08-12 10:04:39"},
	{.after_expiration = -3601, .ttl = 3600},
	{.after_expiration = -3599, .ttl = 3599},
	{.ttl = 0},
	{.after_expiration = 1,
	 .code = TARN__EDE_SIGNATURE_EXPIRED,
	 .why = "expired 2010-09-09 10:04:39"},
};

START_TEST(dates_are_checked_and_limit_the_ttl)
{
	const struct date *date = &dates[_i];
	const struct example *example = &examples[EXAMPLE_P256];
	take_example(EXAMPLE_P256);
	context.now = date->after_inception
			      ? example->inception + (uint32_t)date->after_inception
			      : example->expiration + (uint32_t)date->after_expiration;
	ck_assert_int_eq(verify(), date->code ? TARN__NOT_VERIFIED : TARN__VERIFIED);
	ck_assert_uint_eq(verified.ttl, date->ttl);
	ck_assert_uint_eq(tries(), date->code ? 0 : 1);
	char text[TARN__REASON_TEXT_MAX + 1] = "";
	if (date->code)
		snprintf(text, sizeof(text),
			 "no signature of www.example.net/A by key 55648 is "
			 "valid: %s",
			 date->why);
	check_reason(date->code, text);

	/* A clock that cannot be right leaves the original TTL. */
	context.ignores_dates = true;
	ck_assert_int_eq(verify(), TARN__VERIFIED);
	ck_assert_uint_eq(verified.ttl, 3600);
}
END_TEST

START_TEST(an_original_ttl_with_the_top_bit_is_0)
{
	/* RFC 2181 section 8 */
	zone = make_name("example.");
	trust_key(&octets, signed_key);
	add("top.example. 3600 IN A 192.0.2.1\n"
	    "top.example. 3600 IN RRSIG A 13 2 2147483648 20300101000000 20240101000000 33805 "
	    "example. dhl4SfoMzEuI1NC9hglpwffv1k8ymTnrqL3trZgc6Maa"
	    "bzRWe94hi9q//a8pLAd4f9pmspKH4WD9Rt/IJa7k5A==\n");
	ck_assert_int_eq(verify(), TARN__VERIFIED);
	ck_assert_uint_eq(verified.ttl, 0);
}
END_TEST

/* Adds the signature of b.example./A with another word in the place of one. */
static void add_changed(const char *word, const char *other)
{
	char text[512];
	const char *line = signed_rrsets[RRSET_A].rrsig, *at = strstr(line, word);
	ck_assert_ptr_nonnull(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - line), line, other, at + strlen(word));
	add(text);
}

static void take_records(void)
{
	zone = make_name("example.");
	trust_key(&octets, signed_key);
	add(signed_rrsets[RRSET_A].records);
}

/* A signature that is not valid, and a different one for each number below 100. */
static void add_bad(unsigned number)
{
	char other[16];
	snprintf(other, sizeof(other), "bsEov%02u", number);
	add_changed("bsEovIb", other);
}

START_TEST(one_valid_signature_is_enough)
{
	take_records();
	add_changed("20300101000000", "20250101000000"); /* expired */
	add_changed("20240101000000", "20290101000000"); /* not yet valid */
	add_changed(" 33805 ", " 33806 "); /* by another key */
	add_changed(" A 13 ", " A 250 "); /* of an unknown algorithm */
	add_changed(" 33805 example.", " 33805 test."); /* of another zone */
	add_bad(0);
	add_changed("20300101000000", "20290101000000"); /* with other data */
	add(signed_rrsets[RRSET_A].rrsig);
	ck_assert_int_eq(verify(), TARN__VERIFIED);
	ck_assert_uint_eq(reason.code, 0);
	ck_assert_uint_eq(tries(), 3);
}
END_TEST

START_TEST(the_best_reason_is_told)
{
	take_records();
	add_changed(" 33805 example.", " 33805 test.");
	ck_assert_int_eq(verify(), TARN__NOT_VERIFIED);
	ck_assert_uint_eq(reason.code, TARN__EDE_RRSIGS_MISSING);
	add_changed(" 33805 ", " 33806 ");
	ck_assert_int_eq(verify(), TARN__NOT_VERIFIED);
	ck_assert_uint_eq(reason.code, TARN__EDE_DNSKEY_MISSING);
	add_changed("20300101000000", "20250101000000");
	ck_assert_int_eq(verify(), TARN__NOT_VERIFIED);
	ck_assert_uint_eq(reason.code, TARN__EDE_SIGNATURE_EXPIRED);
	add_changed("20240101000000", "20290101000000");
	ck_assert_int_eq(verify(), TARN__NOT_VERIFIED);
	ck_assert_uint_eq(reason.code, TARN__EDE_SIGNATURE_NOT_YET_VALID);
	/* 25 is behind all of them, and alone it is told. */
	add_changed("20300101000000", "20200101000000");
	ck_assert_int_eq(verify(), TARN__NOT_VERIFIED);
	ck_assert_uint_eq(reason.code, TARN__EDE_SIGNATURE_NOT_YET_VALID);
	ck_assert_uint_eq(tries(), 0);

	message.len = 0;
	add(signed_rrsets[RRSET_A].records);
	add_changed("20300101000000", "20200101000000");
	ck_assert_int_eq(verify(), TARN__NOT_VERIFIED);
	ck_assert_uint_eq(reason.code, TARN__EDE_SIGNATURE_EXPIRES_BEFORE_VALID);

	/* One that is tried is usable: not all have expired. */
	add_changed("20300101000000", "20250101000000");
	add_bad(0);
	ck_assert_int_eq(verify(), TARN__NOT_VERIFIED);
	ck_assert_uint_eq(reason.code, TARN__EDE_BOGUS);
	ck_assert_uint_eq(tries(), 1);
}
END_TEST

START_TEST(a_reason_that_takes_precedence_stays)
{
	take_records();
	add_bad(0);
	read_rrsets(&rrsets, &message);
	reason = (struct tarn__reason){.code = TARN__EDE_RRSIGS_MISSING, .text = "before"};
	ck_assert_int_eq(go_on(), TARN__NOT_VERIFIED);
	check_reason(TARN__EDE_RRSIGS_MISSING, "before");
}
END_TEST

START_TEST(malformed_signatures_are_skipped)
{
	/* Two octets; and one whose signer is compressed. */
	take_records();
	put_octets(&message, "\1b\7example\0\0\56\0\1\0\0\0\1\0\2\0\1", 23);
	put_octets(&message, "\1b\7example\0\0\56\0\1\0\0\0\1\0\25", 21);
	put_octets(&message, "\0\1\15\2\0\0\16\20\0\0\2\0\0\0\1\0\204\15\300\14x", 21);
	tarn__put16(message.wire + 6, 5);
	ck_assert_int_eq(verify(), TARN__NOT_VERIFIED);
	ck_assert_uint_eq(reason.code, TARN__EDE_RRSIGS_MISSING);
	add(signed_rrsets[RRSET_A].rrsig);
	ck_assert_int_eq(verify(), TARN__VERIFIED);
}
END_TEST

START_TEST(malformed_data_is_not_verified)
{
	zone = make_name("example.");
	trust_key(&octets, signed_key);
	add("");
	put_octets(&message, "\1b\7example\0\0\1\0\1\0\0\0\1\0\3\300\0\2", 24);
	count_one(&message, 1);
	add(signed_rrsets[RRSET_A].rrsig);
	ck_assert_int_eq(verify(), TARN__NOT_VERIFIED);
	check_reason(TARN__EDE_BOGUS, "no signature of b.example/A by key 33805 is valid: "
				      "malformed data, or out of memory");
	ck_assert_uint_eq(budget.failed_tries, TARN__FAILED_TRIES_PER_MESSAGE - 1);
}
END_TEST

/* ---- order and limits ------------------------------------------------------------------- */

START_TEST(the_cheapest_algorithm_is_tried_first)
{
	/* Both have signed www.example.net./A; P-384 comes first in the message. */
	take_example(EXAMPLE_P384);
	take_example(EXAMPLE_P256);
	budget.work = 20;
	ck_assert_int_eq(verify(), TARN__VERIFIED);
	ck_assert_uint_eq(tries(), 1);
	ck_assert_uint_eq(verified.expiration, examples[EXAMPLE_P256].expiration);
}
END_TEST

/* 60 keys of one tag, of which TARN__TRUST_KEYS_MAX are kept; none is that of the zone. */
static void add_keys(unsigned count)
{
	uint8_t key[64];
	for (unsigned i = 0; i < count; i++) {
		memset(key, (int)i, sizeof(key));
		tarn__trust_add_key(&octets.writer, &(struct tarn__trust_key){13, 33805, key, 64});
	}
}

START_TEST(sixty_keys_times_sixty_signatures_are_four_tries)
{
	zone = make_name("example.");
	add(signed_rrsets[RRSET_A].records);
	add_keys(60);
	for (unsigned i = 0; i < 60; i++)
		add_bad(i);
	ck_assert_int_eq(verify(), TARN__NOT_VERIFIED);
	ck_assert_uint_eq(tries(), TARN__TRIES_PER_RRSET);
	ck_assert_str_eq(budget.exceeded, "signatures of one RRset");
	check_reason(TARN__EDE_BOGUS,
		     "the limit of signatures of one RRset is reached at b.example/A");
	/* Nothing is left for other RRsets of the message. */
	ck_assert_int_eq(verify(), TARN__NOT_VERIFIED);
	ck_assert_uint_eq(tries(), TARN__TRIES_PER_RRSET);
	check_reason(TARN__EDE_BOGUS,
		     "the limit of invalid signatures in one message is reached at b.example/A");
}
END_TEST

START_TEST(two_keys_of_one_tag_are_tried)
{
	zone = make_name("example.");
	add(signed_rrsets[RRSET_A].records);
	add(signed_rrsets[RRSET_A].rrsig);
	add_keys(1);
	trust_key(&octets, signed_key);
	ck_assert_int_eq(verify(), TARN__VERIFIED);
	ck_assert_uint_eq(tries(), 2);

	begin_trust(&octets);
	add_keys(2);
	trust_key(&octets, signed_key);
	budget = tarn__budget_new();
	ck_assert_int_eq(verify(), TARN__NOT_VERIFIED);
	ck_assert_uint_eq(tries(), TARN__KEYS_PER_TAG);
}
END_TEST

START_TEST(eight_signatures_are_looked_at)
{
	take_records();
	for (unsigned i = 1; i < TARN__SIGNATURES_MAX; i++)
		add_changed(" 33805 ", " 1 ");
	struct message before = message;
	add(signed_rrsets[RRSET_A].rrsig);
	ck_assert_int_eq(verify(), TARN__VERIFIED);
	message = before;
	add_changed(" 33805 ", " 1 ");
	add(signed_rrsets[RRSET_A].rrsig);
	ck_assert_int_eq(verify(), TARN__NOT_VERIFIED);
	ck_assert_uint_eq(reason.code, TARN__EDE_DNSKEY_MISSING);
}
END_TEST

START_TEST(an_invalid_key_is_a_try)
{
	take_records();
	add(signed_rrsets[RRSET_A].rrsig);
	begin_trust(&octets);
	for (unsigned i = 0; i < 2; i++)
		tarn__trust_add_key(&octets.writer,
				    &(struct tarn__trust_key){13, 33805, message.wire, 63});
	ck_assert_int_eq(verify(), TARN__NOT_VERIFIED);
	ck_assert_uint_eq(tries(), 2);
	ck_assert_uint_eq(budget.failed_tries, TARN__FAILED_TRIES_PER_MESSAGE - 2);
	ck_assert_ptr_null(data.octets);
}
END_TEST

START_TEST(tries_of_the_message_are_counted)
{
	take_signed(RRSET_A);
	budget.tries = 1;
	ck_assert_int_eq(verify(), TARN__VERIFIED);
	ck_assert_int_eq(verify(), TARN__NOT_VERIFIED);
	check_reason(TARN__EDE_BOGUS,
		     "the limit of signatures in one message is reached at b.example/A");
	budget = tarn__budget_new();
	budget.work = 9;
	ck_assert_int_eq(verify(), TARN__NOT_VERIFIED);
	check_reason(TARN__EDE_BOGUS, "the limit of work for the signatures of one message is "
				      "reached at b.example/A");
}
END_TEST

START_TEST(large_data_is_refused_before_it_is_written)
{
	zone = make_name("example.");
	trust_key(&octets, signed_key);
	add(signed_rrsets[RRSET_A].rrsig);
	for (unsigned i = 0; i < 2000; i++) {
		put_octets(&message, "\300\014\0\1\0\1\0\0\0\1\0\4\300\0", 14);
		put16(&message, i);
		count_one(&message, 1);
	}
	budget.work = tarn__signature_work(13, message.wire, 64, 50000) - 1;
	ck_assert_int_eq(verify(), TARN__NOT_VERIFIED);
	ck_assert_ptr_nonnull(budget.exceeded);
	ck_assert_ptr_null(data.octets);
	/* It is not large for a whole message, and its room is not kept. */
	budget = tarn__budget_new();
	ck_assert_int_eq(verify(), TARN__NOT_VERIFIED);
	ck_assert_ptr_null(budget.exceeded);
	ck_assert_ptr_null(data.octets);
}
END_TEST

START_TEST(ordinary_room_is_kept)
{
	take_signed(RRSET_A);
	ck_assert_int_eq(verify(), TARN__VERIFIED);
	ck_assert_ptr_nonnull(data.octets);
}
END_TEST

/* ---- turns ------------------------------------------------------------------------------ */

START_TEST(tries_are_spread_over_turns)
{
	unsigned turn = 1;
	take_records();
	add_bad(0);
	add_bad(1);
	add(signed_rrsets[RRSET_A].rrsig);
	budget.turn = &turn;
	ck_assert_int_eq(verify(), TARN__VERIFY_PAUSED);
	ck_assert_uint_eq(tries(), 1);
	ck_assert_uint_eq(reason.code, 0);
	/* Nothing is done as long as there is no other turn. */
	ck_assert_int_eq(go_on(), TARN__VERIFY_PAUSED);
	ck_assert_uint_eq(tries(), 1);
	turn = 1;
	ck_assert_int_eq(go_on(), TARN__VERIFY_PAUSED);
	ck_assert_uint_eq(tries(), 2);
	turn = 1;
	ck_assert_int_eq(go_on(), TARN__VERIFIED);
	ck_assert_uint_eq(tries(), 3);
}
END_TEST

START_TEST(the_limit_of_an_rrset_holds_over_turns)
{
	unsigned turn = 1, turns = 1;
	take_records();
	for (unsigned i = 0; i < 8; i++)
		add_bad(i);
	budget.turn = &turn;
	budget.failed_tries = 100;
	enum tarn__verification result = verify();
	for (; result == TARN__VERIFY_PAUSED; turns++) {
		turn = 1;
		result = go_on();
	}
	ck_assert_int_eq(result, TARN__NOT_VERIFIED);
	ck_assert_uint_eq(tries(), TARN__TRIES_PER_RRSET);
	ck_assert_uint_le(turns, TARN__TRIES_PER_RRSET + 1);
	ck_assert_str_eq(budget.exceeded, "signatures of one RRset");
}
END_TEST

START_TEST(what_needs_no_try_is_told_in_any_turn)
{
	unsigned turn = 0;
	take_records();
	budget.turn = &turn;
	ck_assert_int_eq(verify(), TARN__NOT_VERIFIED);
	ck_assert_uint_eq(reason.code, TARN__EDE_RRSIGS_MISSING);
}
END_TEST

int main(void)
{
	if (!tarn__hmac_is_built())
		return unit_skip("built without OpenSSL");
	Suite *suite = suite_create("verify");
	TCase *valid = tcase_create("valid");
	tcase_add_checked_fixture(valid, set_up, tear_down);
	tcase_add_loop_test(valid, the_examples_of_the_rfcs_are_verified, 0, EXAMPLES);
	tcase_add_loop_test(valid, rrsets_of_a_signed_zone_are_verified, 0, SIGNED_RRSETS);
	tcase_add_test(valid, an_expansion_is_verified_and_has_fewer_labels);
	tcase_add_test(valid, an_expansion_is_not_verified_beside_its_wildcard);
	tcase_add_test(valid, an_nsec_is_no_expansion);
	tcase_add_test(valid, letter_case_ttl_and_order_do_not_matter);
	tcase_add_test(valid, one_record_more_or_less_is_not_verified);
	tcase_add_loop_test(valid, no_octet_of_data_and_signature_may_differ, 0, EXAMPLES);
	tcase_add_loop_test(valid, no_octet_of_the_key_may_differ, 0, EXAMPLES);
	tcase_add_test(valid, the_owner_may_not_differ);
	suite_add_tcase(suite, valid);
	TCase *skipped = tcase_create("skipped");
	tcase_add_checked_fixture(skipped, set_up, tear_down);
	tcase_add_test(skipped, without_signatures_nothing_is_tried);
	tcase_add_test(skipped, a_cname_that_was_made_is_not_verified);
	tcase_add_test(skipped, signatures_of_other_zones_are_skipped);
	tcase_add_test(skipped, signatures_of_other_types_are_skipped);
	tcase_add_test(skipped, unsupported_algorithms_are_skipped);
	tcase_add_test(skipped, signatures_without_a_key_are_skipped);
	tcase_add_test(skipped, without_keys_in_the_trust_nothing_is_tried);
	tcase_add_loop_test(skipped, dates_are_checked_and_limit_the_ttl, 0,
			    sizeof(dates) / sizeof(dates[0]));
	tcase_add_test(skipped, an_original_ttl_with_the_top_bit_is_0);
	tcase_add_test(skipped, one_valid_signature_is_enough);
	tcase_add_test(skipped, the_best_reason_is_told);
	tcase_add_test(skipped, a_reason_that_takes_precedence_stays);
	tcase_add_test(skipped, malformed_signatures_are_skipped);
	tcase_add_test(skipped, malformed_data_is_not_verified);
	suite_add_tcase(suite, skipped);
	TCase *limits = tcase_create("limits");
	tcase_add_checked_fixture(limits, set_up, tear_down);
	tcase_add_test(limits, the_cheapest_algorithm_is_tried_first);
	tcase_add_test(limits, sixty_keys_times_sixty_signatures_are_four_tries);
	tcase_add_test(limits, two_keys_of_one_tag_are_tried);
	tcase_add_test(limits, eight_signatures_are_looked_at);
	tcase_add_test(limits, an_invalid_key_is_a_try);
	tcase_add_test(limits, tries_of_the_message_are_counted);
	tcase_add_test(limits, large_data_is_refused_before_it_is_written);
	tcase_add_test(limits, ordinary_room_is_kept);
	suite_add_tcase(suite, limits);
	TCase *turns = tcase_create("turns");
	tcase_add_checked_fixture(turns, set_up, tear_down);
	tcase_add_test(turns, tries_are_spread_over_turns);
	tcase_add_test(turns, the_limit_of_an_rrset_holds_over_turns);
	tcase_add_test(turns, what_needs_no_try_is_told_in_any_turn);
	suite_add_tcase(suite, turns);
	return unit_run(suite);
}
