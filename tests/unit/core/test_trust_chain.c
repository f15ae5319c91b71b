/* SPDX-License-Identifier: BSD-2-Clause */
/* core/admin/trust_chain.c: chains of trust in the cache, and those that are looked up first. */
#include "core/admin/trust_chain.h"

#include <stdio.h>
#include <string.h>

#include "crypto/signature.h"
#include "dns/query.h"
#include "dns/text.h"
#include "support/message.h"
#include "support/outside.h"
#include "support/unit.h"

enum { NOW = 1900000000, SECOND = 1000 };

static struct tarn_address server;
static struct outside outside;
static char shown[2048]; /* the links, one after the other */
static int done, done_error;

static void set_up(void)
{
	static const char *const anchors[] =
		{". DS 1 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"},
				 *insecure[] = {"lab.example"};
	ck_assert_int_eq(tarn_address_parse("192.0.2.53", 53, &server), 0);
	outside_init_with(&outside, &(struct tarn_options){.upstreams = &server,
							   .upstream_count = 1,
							   .dnssec = {.validate = true,
								      .anchors = anchors,
								      .anchor_count = 1,
								      .insecure = insecure,
								      .insecure_count = 1}});
	outside_set_wall(&outside, NOW);
	done = 0;
}

static void tear_down(void)
{
	outside_fini(&outside);
}

/* ---- the cache -------------------------------------------------------------------------- */

static void put(const char *name, const uint8_t *octets, size_t len)
{
	uint8_t key[TARN__KEY_MAX], wire[TARN__NAME_MAX];
	size_t key_len = tarn__key_write_trust(wire, tarn__name_parse(name, wire), key);
	ck_assert_int_eq(rtcache_put(tarn__resolver_client(outside.resolver), key, key_len, octets,
				     len, 60 * SECOND),
			 0);
}

static void know(const char *name, enum tarn__trust_kind kind, const char *reason)
{
	uint8_t octets[TARN__REASON_TEXT_MAX + 8];
	struct tarn__reason why = {.code = 7};
	snprintf(why.text, sizeof why.text, "%s", reason);
	put(name, octets, tarn__trust_write_kind(kind, &why, octets));
}

static void know_keys(const char *name, uint16_t tag)
{
	static uint8_t octets[TARN__TRUST_MAX];
	struct tarn__trust_writer writer;
	tarn__trust_begin_keys(&writer, octets, NOW, &tag, 1);
	tarn__trust_add_key(&writer, &(struct tarn__trust_key){.algorithm = 13,
							       .tag = tag,
							       .key = (uint8_t[64]){1},
							       .key_len = 64});
	put(name, octets, tarn__trust_end_keys(&writer));
}

/* ---- what is shown ---------------------------------------------------------------------- */

static void show_link(void *arg, const struct tarn__trust_link *link)
{
	static const char *const words[] = {"keys", "insecure", "no cut", "bogus"};
	char name[TARN__NAME_TEXT_MAX];
	size_t len = strlen(shown);
	ck_assert_ptr_eq(arg, &outside);
	len += (size_t)snprintf(shown + len, sizeof shown - len, "%s%s %s", len > 0 ? ", " : "",
				tarn__name_format(link->name, name),
				link->is_known ? words[link->trust.kind] : "unknown");
	if (link->is_known && link->trust.reason_len > 0)
		snprintf(shown + len, sizeof shown - len, " (%.*s)", (int)link->trust.reason_len,
			 link->trust.reason);
}

static enum tarn__anchor_kind show(const char *text)
{
	uint8_t name[TARN__NAME_MAX];
	size_t len = tarn__name_parse(text, name);
	shown[0] = '\0';
	return tarn__trust_chain_show(outside.resolver, name, len, show_link, &outside).kind;
}

START_TEST(chain_begins_at_the_anchor)
{
	know_keys(".", 1);
	know_keys("example.", 2);
	know("a.example.", TARN__TRUST_NO_CUT, "");
	ck_assert_int_eq(show("b.A.example"), TARN__ANCHOR_POSITIVE);
	ck_assert_str_eq(shown, ". keys, example. keys, A.example. no cut, b.A.example. unknown");
	ck_assert_int_eq(show("."), TARN__ANCHOR_POSITIVE);
	ck_assert_str_eq(shown, ". keys");
}
END_TEST

START_TEST(chain_ends_at_what_is_insecure_or_bogus)
{
	know_keys(".", 1);
	know("com.", TARN__TRUST_INSECURE, "");
	know("org.", TARN__TRUST_BOGUS, "expired");
	show("www.example.com");
	ck_assert_str_eq(shown, ". keys, com. insecure");
	show("www.example.org");
	ck_assert_str_eq(shown, ". keys, org. bogus (expired)");
}
END_TEST

START_TEST(names_that_are_not_known_are_shown)
{
	know_keys("example.", 2);
	show("www.example");
	ck_assert_str_eq(shown, ". unknown, example. keys, www.example. unknown");
	outside_pass(&outside, 61 * SECOND);
	show("example");
	ck_assert_str_eq(shown, ". unknown, example. unknown");
}
END_TEST

START_TEST(names_below_a_negative_anchor_have_no_chain)
{
	know_keys(".", 1);
	ck_assert_int_eq(show("www.lab.example"), TARN__ANCHOR_NEGATIVE);
	ck_assert_str_eq(shown, "");
}
END_TEST

START_TEST(without_validation_there_is_no_chain)
{
	outside_reconfigure(&outside,
			    &(struct tarn_options){.upstreams = &server, .upstream_count = 1});
	ck_assert_int_eq(show("www.example"), TARN__ANCHOR_NONE);
	ck_assert_str_eq(shown, "");
}
END_TEST

/* ---- lookups ---------------------------------------------------------------------------- */

static void on_done(struct tarn__trust_chain_lookup *lookup, int error)
{
	ck_assert_ptr_eq(lookup->owner, &outside);
	done++;
	done_error = error;
}

static int ask(struct tarn__trust_chain_lookup *lookup, const char *text)
{
	uint8_t name[TARN__NAME_MAX];
	*lookup = (struct tarn__trust_chain_lookup){.done = on_done, .owner = &outside};
	return tarn__trust_chain_ask(lookup, outside.resolver, name, tarn__name_parse(text, name));
}

START_TEST(what_is_known_is_not_asked_for)
{
	struct tarn__trust_chain_lookup lookup;
	know_keys(".", 1);
	know_keys("example.", 2);
	know("com.", TARN__TRUST_INSECURE, "");
	ck_assert_int_eq(ask(&lookup, "example"), 0);
	ck_assert_int_eq(ask(&lookup, "www.example.com"), 0);
	ck_assert_int_eq(ask(&lookup, "lab.example"), 0);
	ck_assert_uint_eq(outside_surprises(&outside), 0);
	ck_assert_int_eq(done, 0);
}
END_TEST

/* The type of the server's next question, and its name. */
static const char *take_question(struct sent **sent)
{
	static char text[TARN__NAME_TEXT_MAX + TARN__WORD_MAX];
	char name[TARN__NAME_TEXT_MAX], type[TARN__WORD_MAX];
	uint8_t folded[TARN__NAME_MAX];
	*sent = outside_take(&outside, &server, TARN__UDP);
	if (!*sent)
		return "none";
	const uint8_t *qname = (*sent)->wire + TARN__HEADER_LEN;
	size_t len = tarn__name_span(qname, (*sent)->len - TARN__HEADER_LEN);
	tarn__name_fold(folded, qname, len);
	snprintf(text, sizeof text, "%s %s", tarn__name_format(folded, name),
		 tarn__type_format(tarn__get16(qname + len), type));
	return text;
}

START_TEST(what_is_not_known_is_asked_for_from_above)
{
	struct tarn__trust_chain_lookup lookup;
	struct sent *sent;
	know_keys(".", 1);
	ck_assert_int_eq(ask(&lookup, "www.example"), 1);
	ck_assert_str_eq(take_question(&sent), "example. DS");
	ck_assert_str_eq(take_question(&sent), "none");
	/* Without an answer to it, nothing below it is asked for. */
	outside_pass(&outside, 20 * SECOND);
	ck_assert_int_eq(done, 1);
	ck_assert_int_lt(done_error, 0);
	for (const char *text; strcmp(text = take_question(&sent), "none") != 0;)
		ck_assert_msg(!strstr(text, "www"), "%s", text);
}
END_TEST

START_TEST(canceled_lookup_is_not_done)
{
	struct tarn__trust_chain_lookup lookup;
	ck_assert_int_eq(ask(&lookup, "www.example"), 1);
	tarn__trust_chain_cancel(&lookup);
	outside_pass(&outside, 20 * SECOND);
	ck_assert_int_eq(done, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trust_chain");
	TCase *tcase = tcase_create("trust_chain");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	/* Without the library nothing is validated. */
	if (!tarn__signature_load()) {
		tcase_add_test(tcase, chain_begins_at_the_anchor);
		tcase_add_test(tcase, chain_ends_at_what_is_insecure_or_bogus);
		tcase_add_test(tcase, names_that_are_not_known_are_shown);
		tcase_add_test(tcase, names_below_a_negative_anchor_have_no_chain);
		tcase_add_test(tcase, without_validation_there_is_no_chain);
		tcase_add_test(tcase, what_is_known_is_not_asked_for);
		tcase_add_test(tcase, what_is_not_known_is_asked_for_from_above);
		tcase_add_test(tcase, canceled_lookup_is_not_done);
	}
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
