/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/core/test_attempt.c: the message for a question to a server: id, letter case, cookie. The
 * scripts of tests/scenario test the results of answers.
 */
#include "core/forward/attempt.h"

#include <stdlib.h>
#include <string.h>

#include "dns/edns.h"
#include "dns/message.h"
#include "core/config.h"
#include "support/unit.h"

/* Letters, and what is next to them in ASCII, and octets that are letters elsewhere (RFC 4343). */
static const uint8_t name[] = "\x0a@az[`{\xc1\xe1"
			      "0-\x01z";
enum { NAME_LEN = sizeof name };

static const uint8_t secret[TARN__COOKIE_SECRET_LEN] = "tarn's own test";
static struct tarn_address addresses[2];
static struct tarn__server *servers[2];
static struct tarn__key key;
static struct tarn__server_tries tries;
static struct tarn__attempt attempt;
static struct tarn__answer answer;
static struct tarn__scratch scratch;
static uint8_t wire[TARN__UDP_MAX];
static uint32_t seed;

static void random_octets(void *data, void *out, size_t len)
{
	(void)data;
	uint8_t *octets = out;
	for (size_t i = 0; i < len; i++) {
		seed = seed * 1664525 + 1013904223;
		octets[i] = (uint8_t)(seed >> 24);
	}
}

static struct tarn__config *config;
static const struct tarn_io io = {.random = random_octets};

static void set_up_with(const struct tarn_traits *traits)
{
	ck_assert_int_eq(tarn_address_parse("192.0.2.53", 53, &addresses[0]), 0);
	ck_assert_int_eq(tarn_address_parse("2001:db8::53", 53, &addresses[1]), 0);
	char fault[TARN__CONFIG_FAULT_MAX];
	config = tarn__config_new(&(struct tarn_options){.upstreams = addresses,
							 .traits = traits,
							 .upstream_count = 2},
				  NULL, NULL, fault);
	ck_assert_ptr_nonnull(config);
	ck_assert_int_eq(tarn__servers_init(servers, config->zones[0], secret, NULL, 0), 0);
	key = (struct tarn__key){.qname = name,
				 .qname_len = NAME_LEN,
				 .qtype = TARN__TYPE_A,
				 .qclass = TARN__CLASS_IN};
	tries = (struct tarn__server_tries){0};
}

static void set_up(void)
{
	set_up_with(NULL);
}

static void tear_down(void)
{
	tarn__servers_fini(servers, 2, NULL);
	tarn__config_put(config);
}

static void write_to(struct tarn__server *server, enum tarn__transport transport)
{
	attempt = (struct tarn__attempt){.exchange = {.transport = transport, .wire = attempt.wire},
					 .key = &key,
					 .server = server,
					 .tries = &tries};
	tarn__attempt_write(&attempt, &io, false);
}

/* The COOKIE option is the last there is. */
static const uint8_t *sent_cookie(void)
{
	return attempt.wire + attempt.exchange.len - attempt.server->cookie_len;
}

/* The message comes back as an answer without records and OPT. */
static enum tarn__next_step judge_echo(uint16_t flags)
{
	size_t len = TARN__HEADER_LEN + NAME_LEN + 4;
	memcpy(wire, attempt.wire, len);
	tarn__put16(wire + 2, flags);
	tarn__put16(wire + 10, 0);
	return tarn__attempt_judge(&attempt, wire, len, 1, &scratch, &answer);
}

/* The same, with octets behind it up to that length. */
static enum tarn__next_step judge_octets(size_t len)
{
	uint8_t *octets = calloc(1, len);
	ck_assert_ptr_nonnull(octets);
	memcpy(octets, attempt.wire, TARN__HEADER_LEN + NAME_LEN + 4);
	tarn__put16(octets + 2, TARN__FLAG_QR);
	tarn__put16(octets + 10, 0);
	enum tarn__next_step next_step =
		tarn__attempt_judge(&attempt, octets, len, 1, &scratch, &answer);
	free(octets);
	return next_step;
}

static const struct {
	enum tarn__transport transport;
	bool has_edns;
	size_t limit;
} offers[] = {
	{TARN__UDP, true, 1232},
	{TARN__UDP, false, 512},
	{TARN__TCP, true, 65535},
	{TARN__TCP, false, 65535},
};

START_TEST(answer_larger_than_was_offered_is_truncated)
{
	tries.has_refused_edns = !offers[_i].has_edns;
	write_to(servers[0], offers[_i].transport);
	ck_assert_int_eq(judge_octets(offers[_i].limit), TARN__NEXT_ACCEPT);
	ck_assert_int_eq(answer.answer_class, TARN__ANSWER_GOOD);
	if (offers[_i].transport == TARN__TCP)
		return;
	ck_assert_int_eq(judge_octets(offers[_i].limit + 1), TARN__NEXT_TCP);
	ck_assert_int_eq(answer.answer_class, TARN__ANSWER_TRUNCATED);
}
END_TEST

START_TEST(only_letters_change_case)
{
	unsigned changes[NAME_LEN] = {0};
	for (int i = 0; i < 1000; i++) {
		write_to(servers[0], TARN__UDP);
		const uint8_t *sent = attempt.wire + TARN__HEADER_LEN;
		for (size_t at = 0; at < NAME_LEN; at++) {
			if (sent[at] != name[at]) {
				ck_assert_uint_eq(sent[at], name[at] ^ 0x20);
				changes[at]++;
			}
		}
	}
	for (size_t at = 0; at < NAME_LEN; at++) {
		bool is_letter = name[at] >= 'a' && name[at] <= 'z';
		if (is_letter) {
			ck_assert_uint_gt(changes[at], 400);
			ck_assert_uint_lt(changes[at], 600);
		} else {
			ck_assert_uint_eq(changes[at], 0);
		}
	}
}
END_TEST

START_TEST(longest_name_is_mixed_to_its_end)
{
	uint8_t longest[TARN__NAME_MAX];
	memset(longest, 'a', sizeof longest);
	longest[0] = longest[64] = longest[128] = 63;
	longest[192] = 61;
	longest[254] = 0;
	key.qname = longest;
	key.qname_len = sizeof longest;
	bool has_changed = false;
	for (int i = 0; i < 100; i++) {
		write_to(servers[0], TARN__UDP);
		has_changed |= attempt.wire[TARN__HEADER_LEN + 253] == 'A';
		ck_assert_uint_eq(attempt.wire[TARN__HEADER_LEN + 254], 0);
	}
	ck_assert(has_changed);
	ck_assert_uint_le(attempt.exchange.len, sizeof attempt.wire);
}
END_TEST

START_TEST(over_tcp_the_name_is_as_it_is)
{
	for (int i = 0; i < 100; i++) {
		write_to(servers[0], TARN__TCP);
		ck_assert_mem_eq(attempt.wire + TARN__HEADER_LEN, name, NAME_LEN);
	}
}
END_TEST

/* RFC 7873 section 4.1: a server cannot derive the client cookies of other servers from its own. */
START_TEST(each_server_is_shown_a_cookie_of_its_own)
{
	uint8_t first[TARN__COOKIE_CLIENT_LEN];
	write_to(servers[0], TARN__UDP);
	memcpy(first, sent_cookie(), sizeof first);
	write_to(servers[1], TARN__UDP);
	ck_assert_mem_ne(sent_cookie(), first, sizeof first);
	write_to(servers[0], TARN__TCP);
	ck_assert_mem_eq(sent_cookie(), first, sizeof first);
}
END_TEST

START_TEST(answer_to_the_letter_is_believed)
{
	write_to(servers[0], TARN__UDP);
	ck_assert_int_eq(judge_echo(TARN__FLAG_QR | TARN__FLAG_RA), TARN__NEXT_ACCEPT);
	ck_assert_uint_eq(servers[0]->counts.rejected, 0);
	ck_assert(!tries.is_rejected);
}
END_TEST

START_TEST(every_other_spelling_is_counted_and_not_believed)
{
	unsigned count = 0;
	for (size_t at = 0; at < NAME_LEN; at++) {
		if (name[at] < 'a' || name[at] > 'z')
			continue;
		servers[0]->no_0x20 = (struct tarn__quirk){0};
		tries = (struct tarn__server_tries){0};
		write_to(servers[0], TARN__UDP);
		size_t len = TARN__HEADER_LEN + NAME_LEN + 4;
		memcpy(wire, attempt.wire, len);
		tarn__put16(wire + 2, TARN__FLAG_QR | TARN__FLAG_RA);
		tarn__put16(wire + 10, 0);
		wire[TARN__HEADER_LEN + at] ^= 0x20;
		ck_assert_int_eq(tarn__attempt_judge(&attempt, wire, len, 1, &scratch, &answer),
				 TARN__NEXT_TCP);
		ck_assert(tries.is_rejected);
		ck_assert_uint_eq(servers[0]->counts.rejected, ++count);
	}
	ck_assert_uint_eq(count, 3);
}
END_TEST

START_TEST(forgers_do_not_heal_a_server)
{
	for (int i = 0; i < TARN__HOLD_FAILURES; i++)
		tarn__server_failed(servers[0], 1);
	write_to(servers[0], TARN__UDP);
	ck_assert_int_eq(judge_echo(0), TARN__NEXT_TCP);
	ck_assert_uint_eq(servers[0]->failures, TARN__HOLD_FAILURES);
	ck_assert_int_eq(judge_echo(TARN__FLAG_QR), TARN__NEXT_ACCEPT);
	ck_assert_uint_eq(servers[0]->failures, 0);
}
END_TEST

START_TEST(octets_of_any_length_are_judged)
{
	write_to(servers[0], TARN__UDP);
	for (size_t len = 0; len < TARN__HEADER_LEN + NAME_LEN + 4; len++) {
		memcpy(wire, attempt.wire, len);
		if (len > 2)
			wire[2] |= 0x80;
		uint8_t *exactly = malloc(len + 1);
		memcpy(exactly, wire, len);
		ck_assert_int_eq(tarn__attempt_judge(&attempt, exactly, len, 1, &scratch, &answer),
				 TARN__NEXT_TCP);
		free(exactly);
	}
}
END_TEST

/* ---- encrypted servers ------------------------------------------------------------------ */

static void set_up_secure(void)
{
	set_up_with((struct tarn_traits[]){{.transport = TARN_TLS, .name = "dns.example"},
					   {.transport = TARN_HTTPS}});
}

static const enum tarn__transport secure_transports[] = {TARN__TLS, TARN__HTTPS};

static void write_secure(int index)
{
	tries.is_over_stream = true;
	write_to(servers[index], secure_transports[index]);
}

/* RFC 8467 section 4.1, RFC 9076 section 5.2.3. Loop: servers. */
START_TEST(encrypted_question_is_padded_and_bears_no_mark)
{
	write_secure(_i);
	ck_assert(!attempt.is_mixed);
	ck_assert_mem_eq(attempt.wire + TARN__HEADER_LEN, name, NAME_LEN);
	ck_assert_uint_eq(attempt.exchange.len, TARN__PADDING_QUERY);
	struct tarn__query query;
	ck_assert_int_eq(tarn__query_parse(attempt.wire, attempt.exchange.len, &query),
			 TARN__QUERY_GOOD);
	ck_assert(query.has_opt && query.wants_padding);
	ck_assert_ptr_null(query.cookie);
	/* RFC 7828 section 3.2.1; RFC 8484 leaves connections to HTTP. */
	ck_assert(query.wants_keepalive == (secure_transports[_i] == TARN__TLS));
}
END_TEST

/* RFC 6891 section 7: over the same transport. */
START_TEST(encrypted_server_that_refuses_edns_is_asked_without)
{
	write_secure(_i);
	ck_assert_int_eq(judge_echo(TARN__FLAG_QR | TARN__FORMERR), TARN__NEXT_RETRY);
	write_secure(_i);
	ck_assert_uint_eq(attempt.exchange.len, TARN__HEADER_LEN + NAME_LEN + 4);
	ck_assert_int_eq(judge_echo(TARN__FLAG_QR | TARN__FORMERR), TARN__NEXT_OTHER);
}
END_TEST

/* Each leads to another server: TCP would be in the clear. */
START_TEST(nothing_leads_from_an_encrypted_server_to_tcp)
{
	static const uint16_t flags[] = {TARN__FLAG_TC, TARN__SERVFAIL, TARN__REFUSED,
					 TARN__NXDOMAIN | TARN__FLAG_TC, TARN__FLAG_OPCODE};
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
		write_secure(_i);
		ck_assert_int_eq(judge_echo(TARN__FLAG_QR | flags[i]), TARN__NEXT_OTHER);
		ck_assert(!tries.is_rejected);
	}
	/* BADCOOKIE, with its upper bits in an OPT, to a question without a cookie. */
	size_t len = TARN__HEADER_LEN + NAME_LEN + 4;
	write_secure(_i);
	memcpy(wire, attempt.wire, len);
	tarn__put16(wire + 2, TARN__FLAG_QR | (TARN__BADCOOKIE & TARN__FLAG_RCODE));
	memcpy(wire + len, (uint8_t[]){0, 0, 41, 4, 208, 1, 0, 0, 0, 0, 0}, 11);
	ck_assert_int_eq(tarn__attempt_judge(&attempt, wire, len + 11, 1, &scratch, &answer),
			 TARN__NEXT_OTHER);
}
END_TEST

/* What is silent over UDP shows nothing of encrypted connections, nor the reverse. */
START_TEST(silence_of_an_encrypted_server_takes_nothing_from_its_questions)
{
	for (unsigned silences = 0; silences < 5; silences++) {
		write_secure(_i);
		ck_assert_uint_eq(attempt.exchange.len, TARN__PADDING_QUERY);
		tarn__attempt_sent(&attempt);
		tarn__attempt_unheard(&attempt);
	}
	ck_assert_uint_eq(tries.silences, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("attempt");
	TCase *tcase = tcase_create("attempt");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, answer_larger_than_was_offered_is_truncated, 0,
			    sizeof offers / sizeof offers[0]);
	tcase_add_test(tcase, only_letters_change_case);
	tcase_add_test(tcase, longest_name_is_mixed_to_its_end);
	tcase_add_test(tcase, over_tcp_the_name_is_as_it_is);
	tcase_add_test(tcase, each_server_is_shown_a_cookie_of_its_own);
	tcase_add_test(tcase, answer_to_the_letter_is_believed);
	tcase_add_test(tcase, every_other_spelling_is_counted_and_not_believed);
	tcase_add_test(tcase, forgers_do_not_heal_a_server);
	tcase_add_test(tcase, octets_of_any_length_are_judged);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("encrypted");
	tcase_add_checked_fixture(tcase, set_up_secure, tear_down);
	tcase_add_loop_test(tcase, encrypted_question_is_padded_and_bears_no_mark, 0, 2);
	tcase_add_loop_test(tcase, encrypted_server_that_refuses_edns_is_asked_without, 0, 2);
	tcase_add_loop_test(tcase, nothing_leads_from_an_encrypted_server_to_tcp, 0, 2);
	tcase_add_loop_test(tcase, silence_of_an_encrypted_server_takes_nothing_from_its_questions,
			    0, 2);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
