/* SPDX-License-Identifier: BSD-2-Clause */
/* core/observe.h: what an observer is told of validation, and what is counted. */
#include "core/observe.h"

#include <stdio.h>
#include <string.h>

#include "crypto/signature.h"
#include "rtcache.h"
#include "support/outside.h"
#include "rtcache.h"
#include "support/signed.h"
#include "support/unit.h"

enum { B_EXAMPLE = 3 /* of the signed RRsets */, SECOND = 1000 };

static struct tarn_address server, client;
static struct outside outside;
static struct {
	enum tarn__answered_security security;
	enum tarn__status status;
	unsigned count;
} seen;

static void on_answered(void *data, const struct tarn__answered *answered)
{
	(void)data;
	seen.security = answered->security;
	seen.status = answered->status;
	seen.count++;
}

static const struct tarn__observer observer = {.answered = on_answered};

static struct tarn_options make_options(bool validate)
{
	static const char *const anchors[] = {signed_key}, *const insecure[] = {"dn.example"};
	return (struct tarn_options){.upstreams = &server,
				     .upstream_count = 1,
				     .dnssec = {.validate = validate,
						.anchors = anchors,
						.anchor_count = 1,
						.insecure = insecure,
						.insecure_count = 1,
						.clock_floor_sec = 1}};
}

/* The keys of the zone are known. */
static void know_keys(void)
{
	static struct trust_octets trust;
	uint8_t key[TARN__KEY_MAX];
	struct tarn__name zone = make_name("example.");
	size_t len = tarn__key_write_trust(zone.octets, zone.len, key);
	begin_trust(&trust);
	trust_key(&trust, signed_key);
	ck_assert_int_eq(rtcache_put(tarn__resolver_client(outside.resolver), key, len,
				     trust.octets, tarn__trust_end_keys(&trust.writer),
				     86400 * SECOND),
			 0);
}

static void begin(bool validate)
{
	const struct tarn_options options = make_options(validate);
	ck_assert_int_eq(tarn_address_parse("192.0.2.53", 53, &server), 0);
	ck_assert_int_eq(tarn_address_parse("127.0.0.1:4000", 53, &client), 0);
	outside_init_with(&outside, &options);
	outside_set_wall(&outside, SIGNED_NOW);
	tarn__resolver_observe(outside.resolver, &observer);
	memset(&seen, 0, sizeof seen);
	know_keys();
}

static void set_up(void)
{
	begin(true);
}

static void tear_down(void)
{
	outside_fini(&outside);
}

static void on_late_answer(void *owner, const void *route, const uint8_t *wire, size_t len)
{
	(void)owner;
	(void)route;
	(void)wire;
	(void)len;
}

static void ask(const char *name, uint16_t flags)
{
	static struct message question;
	static uint8_t reply[TARN__MESSAGE_MAX];
	const struct tarn__client_request client_request = {
		.transport = TARN__TCP, .answer = on_late_answer, .client = &client, .route = ""};
	put_header(&question, 1, TARN__FLAG_RD | flags);
	put_question(&question, name, TARN__TYPE_A);
	tarn__resolver_resolve(outside.resolver, &client_request, question.wire, question.len,
			       reply);
}

/* The server answers the oldest question with these records, which may be none. */
static void say(const char *records)
{
	static struct message answer;
	struct sent *sent = outside_take(&outside, &server, TARN__UDP);
	ck_assert_ptr_nonnull(sent);
	put_header(&answer, tarn__get16(sent->wire), TARN__FLAG_QR | TARN__FLAG_RD | TARN__FLAG_RA);
	size_t len = tarn__name_span(sent->wire + TARN__HEADER_LEN, sent->len) + 4;
	put_octets(&answer, sent->wire + TARN__HEADER_LEN, len);
	answer.wire[5] = 1;
	put_zone(&answer, 1, records);
	ck_assert(outside_answer(&outside, sent, 0, answer.wire, answer.len));
	tarn__resolver_run(outside.resolver);
}

static const char *signed_text(void)
{
	static char text[1024];
	snprintf(text, sizeof text, "%s%s", signed_rrsets[B_EXAMPLE].records,
		 signed_rrsets[B_EXAMPLE].rrsig);
	return text;
}

static struct tarn__stats stats(void)
{
	struct tarn__stats out;
	tarn__resolver_stats(outside.resolver, &out);
	return out;
}

START_TEST(secure_answer_is_seen_as_that)
{
	ask("b.example.", 0);
	say(signed_text());
	ck_assert_uint_eq(seen.count, 1);
	ck_assert_int_eq(seen.status, TARN__STATUS_MISS);
	ck_assert_int_eq(seen.security, TARN__ANSWERED_SECURE);
	ask("b.example.", 0);
	ck_assert_int_eq(seen.status, TARN__STATUS_HIT);
	ck_assert_int_eq(seen.security, TARN__ANSWERED_SECURE);
	ck_assert_uint_eq(stats().validation.secure, 1);
	ck_assert_uint_eq(stats().validation.verifications, 1);
}
END_TEST

START_TEST(insecure_answer_is_seen_as_that)
{
	ask("dn.example.", 0);
	say("dn.example. 60 IN A 192.0.2.1\n");
	ck_assert_int_eq(seen.security, TARN__ANSWERED_INSECURE);
	ask("dn.example.", 0);
	ck_assert_int_eq(seen.status, TARN__STATUS_HIT);
	ck_assert_int_eq(seen.security, TARN__ANSWERED_INSECURE);
	ck_assert_uint_eq(stats().validation.insecure, 1);
}
END_TEST

START_TEST(bogus_answer_is_seen_as_that)
{
	static char changed[1024];
	/* An address that was not signed. */
	snprintf(changed, sizeof changed, "b.example. 3600 IN A 192.0.2.66\n%s",
		 signed_rrsets[B_EXAMPLE].rrsig);
	ask("b.example.", 0);
	say(changed);
	ck_assert_uint_eq(seen.count, 0);
	say(changed); /* the second try */
	ck_assert_uint_eq(seen.count, 1);
	ck_assert_int_eq(seen.status, TARN__STATUS_FAILURE);
	ck_assert_int_eq(seen.security, TARN__ANSWERED_BOGUS);
	ask("b.example.", 0);
	ck_assert_uint_eq(seen.count, 2);
	ck_assert_int_eq(seen.security, TARN__ANSWERED_BOGUS);
	ck_assert_uint_eq(stats().validation.bogus, 1);
	ck_assert_uint_eq(stats().validation.codes[TARN__EDE_BOGUS], 1);
}
END_TEST

START_TEST(silent_server_is_no_bogus_answer)
{
	ask("b.example.", 0);
	outside_pass(&outside, 10 * SECOND);
	ck_assert_uint_eq(seen.count, 1);
	ck_assert_int_eq(seen.status, TARN__STATUS_FAILURE);
	ck_assert_int_eq(seen.security, TARN__ANSWERED_UNCHECKED);
}
END_TEST

START_TEST(stale_answer_is_not_called_secure)
{
	ask("b.example.", 0);
	say(signed_text());
	ck_assert_int_eq(seen.security, TARN__ANSWERED_SECURE);
	outside_pass(&outside, 3700 * SECOND);
	ask("b.example.", 0);
	outside_pass(&outside, 2 * SECOND);
	ck_assert_int_eq(seen.status, TARN__STATUS_STALE);
	ck_assert_int_eq(seen.security, TARN__ANSWERED_UNCHECKED);
}
END_TEST

/* CD: RFC 4035 section 3.2.2 */
START_TEST(answer_that_is_not_to_be_checked_is_not)
{
	ask("b.example.", TARN__FLAG_CD);
	say(signed_text());
	ck_assert_uint_eq(seen.count, 1);
	ck_assert_int_eq(seen.security, TARN__ANSWERED_UNCHECKED);
	ck_assert_uint_eq(stats().validation.secure, 0);
}
END_TEST

START_TEST(without_validation_nothing_is_seen_of_it)
{
	outside_fini(&outside);
	begin(false);
	ask("b.example.", 0);
	say(signed_text());
	ck_assert_uint_eq(seen.count, 1);
	ck_assert_int_eq(seen.security, TARN__ANSWERED_UNCHECKED);
}
END_TEST

START_TEST(clock_that_cannot_be_right_is_counted)
{
	outside_set_wall(&outside, 0);
	ask("b.example.", 0);
	say(signed_text());
	ck_assert_int_eq(seen.security, TARN__ANSWERED_SECURE);
	ck_assert_uint_eq(stats().validation.undated, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("observe");
	TCase *tcase = tcase_create("observe");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	/* Without the library nothing is validated. */
	if (!tarn__signature_load()) {
		tcase_add_test(tcase, secure_answer_is_seen_as_that);
		tcase_add_test(tcase, insecure_answer_is_seen_as_that);
		tcase_add_test(tcase, bogus_answer_is_seen_as_that);
		tcase_add_test(tcase, silent_server_is_no_bogus_answer);
		tcase_add_test(tcase, stale_answer_is_not_called_secure);
		tcase_add_test(tcase, answer_that_is_not_to_be_checked_is_not);
		tcase_add_test(tcase, without_validation_nothing_is_seen_of_it);
		tcase_add_test(tcase, clock_that_cannot_be_right_is_counted);
	}
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
