/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/bootstrap/host.c: addresses of a server, from answers. */

#include "config.h"

#include "daemon/bootstrap/host.h"

#include <arpa/inet.h>

#include "support/message.h"
#include "support/unit.h"

static struct message message;
static struct tarn__host_answer answer;

static void read_answer(unsigned rcode, uint16_t type, const char *records)
{
	put_header(&message, 1, TARN__FLAG_QR | rcode);
	put_question(&message, "dns.example.", type);
	put_records(&message, records);
	tarn__host_read(message.wire, message.len, type, &answer);
}

static struct tarn__ip ip(const char *text)
{
	struct tarn__ip out = {0};
	ck_assert(tarn__ip_parse(text, strlen(text), &out));
	return out;
}

/* Addresses with blanks between. */
static struct tarn__host_answer found(const char *text)
{
	struct tarn__host_answer out = {.result = TARN__HOST_FOUND};
	char copy[512], *rest = copy, *word;
	snprintf(copy, sizeof(copy), "%s", text);
	while ((word = strsep(&rest, " ")))
		out.items[out.count++] = ip(word);
	return out;
}

static void check_known(const struct tarn__host_addresses *known, const char *expected)
{
	char list[512] = "";
	for (size_t i = 0; i < known->count; i++) {
		char text[INET6_ADDRSTRLEN];
		inet_ntop(known->items[i].len == TARN__IPV6_LEN ? AF_INET6 : AF_INET,
			  known->items[i].octets, text, sizeof(text));
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", i > 0 ? " " : "",
			 text);
	}
	ck_assert_str_eq(list, expected);
}

static const struct tarn__host_answer none = {.result = TARN__HOST_NONE}, failed;

/* ---- answers --------------------------------------------------------------------------------- */

START_TEST(addresses_at_the_end_of_a_chain_count)
{
	read_answer(TARN__NOERROR, TARN__TYPE_A,
		    "dns.example. 200 CNAME a.example.\na.example. 100 A 192.0.2.1\n"
		    "a.example. 100 A 192.0.2.2\n");
	ck_assert_int_eq(answer.result, TARN__HOST_FOUND);
	ck_assert_uint_eq(answer.count, 2);
	ck_assert_uint_eq(answer.ttl, 100);
}
END_TEST

static const struct {
	uint32_t ttl, expected;
} ttls[] = {{0, 60}, {59, 60}, {60, 60}, {61, 61}, {86400, 86400}, {86401, 86400}};

START_TEST(ttl_is_within_bounds)
{
	char records[64];
	snprintf(records, sizeof(records), "dns.example. %u A 192.0.2.1\n", ttls[_i].ttl);
	read_answer(TARN__NOERROR, TARN__TYPE_A, records);
	ck_assert_uint_eq(answer.ttl, ttls[_i].expected);
}
END_TEST

static const struct {
	unsigned rcode;
	const char *records;
	enum tarn__host_result result;
} others[] = {
	{TARN__NOERROR, "--\nexample. 60 SOA a. b. 60\n", TARN__HOST_NONE},
	{TARN__NXDOMAIN, "--\nexample. 60 SOA a. b. 60\n", TARN__HOST_NONE},
	{TARN__SERVFAIL, "", TARN__HOST_FAILED},
	{TARN__REFUSED, "dns.example. 60 A 192.0.2.1\n", TARN__HOST_FAILED},
	/* With these names are blocked. */
	{TARN__NOERROR, "dns.example. 60 A 0.0.0.0\n", TARN__HOST_NONE},
	{TARN__NOERROR, "dns.example. 60 A 224.0.0.1\n", TARN__HOST_NONE},
	{TARN__NOERROR, "dns.example. 60 A 255.255.255.255\n", TARN__HOST_NONE},
	{TARN__NOERROR, "dns.example. 60 A 127.0.0.1\n", TARN__HOST_FOUND},
};

START_TEST(answer_without_an_address_is_none)
{
	read_answer(others[_i].rcode, TARN__TYPE_A, others[_i].records);
	ck_assert_int_eq(answer.result, others[_i].result);
	ck_assert_uint_eq(answer.rcode, others[_i].rcode);
}
END_TEST

START_TEST(no_answer_has_failed)
{
	tarn__host_read(NULL, 0, TARN__TYPE_A, &answer);
	ck_assert_int_eq(answer.result, TARN__HOST_FAILED);
	ck_assert_uint_gt(answer.rcode, TARN__FLAG_RCODE);
}
END_TEST

START_TEST(address_of_another_length_is_left_out)
{
	read_answer(TARN__NOERROR, TARN__TYPE_AAAA,
		    "dns.example. 60 AAAA 20010db8\n"
		    "dns.example. 60 AAAA 20010db8000000000000000000000001\n");
	ck_assert_uint_eq(answer.count, 1);
}
END_TEST

START_TEST(answer_that_is_cut_gives_what_is_whole)
{
	read_answer(TARN__NOERROR, TARN__TYPE_A,
		    "dns.example. 60 A 192.0.2.1\ndns.example. 60 A 192.0.2.2\n");
	for (size_t len = 0; len < message.len; len++)
		tarn__host_read(message.wire, len, TARN__TYPE_A, &answer);
	ck_assert_uint_eq(answer.count, 1);
}
END_TEST

/* ---- addresses ------------------------------------------------------------------------------- */

static const struct {
	const char *known, *ipv4, *ipv6; /* "": none; NULL: the question has failed */
	bool changes;
	const char *after;
} updates[] = {
	{"", "192.0.2.1", "", true, "192.0.2.1"},
	{"", "192.0.2.1", "2001:db8::1", true, "2001:db8::1 192.0.2.1"},
	{"", "192.0.2.1", NULL, true, "192.0.2.1"},
	/* Four of many, of both families. */
	{"", "192.0.2.1 192.0.2.2 192.0.2.3", "2001:db8::1 2001:db8::2 2001:db8::3", true,
	 "2001:db8::1 192.0.2.1 2001:db8::2 192.0.2.2"},
	{"", "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 192.0.2.5", "2001:db8::1", true,
	 "2001:db8::1 192.0.2.1 192.0.2.2 192.0.2.3"},
	/* The order is no change. */
	{"192.0.2.1 192.0.2.2", "192.0.2.2 192.0.2.1", "", false, "192.0.2.1 192.0.2.2"},
	{"192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4",
	 "192.0.2.5 192.0.2.4 192.0.2.3 192.0.2.2 192.0.2.1", "", false,
	 "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4"},
	{"192.0.2.1", "192.0.2.9", "", true, "192.0.2.9"},
	{"2001:db8::1 192.0.2.1", "192.0.2.1", "", true, "192.0.2.1"},
	/* What has failed says nothing. */
	{"2001:db8::1 192.0.2.1", "192.0.2.1", NULL, false, "2001:db8::1 192.0.2.1"},
	{"2001:db8::1 192.0.2.1", "192.0.2.2", NULL, true, "2001:db8::1 192.0.2.2"},
	{"192.0.2.1", NULL, NULL, false, "192.0.2.1"},
	/* The last address stays. */
	{"192.0.2.1", "", "", false, "192.0.2.1"},
	{"192.0.2.1", "", NULL, false, "192.0.2.1"},
};

static struct tarn__host_answer answer_of(const char *text)
{
	if (!text)
		return failed;
	return *text ? found(text) : none;
}

START_TEST(addresses_follow_answers)
{
	struct tarn__host_addresses known = {0};
	struct tarn__host_answer before = answer_of(updates[_i].known);
	for (size_t i = 0; i < before.count; i++)
		known.items[known.count++] = before.items[i];
	struct tarn__host_answer ipv4 = answer_of(updates[_i].ipv4);
	struct tarn__host_answer ipv6 = answer_of(updates[_i].ipv6);
	ck_assert_int_eq(tarn__host_update(&known, &ipv4, &ipv6), updates[_i].changes);
	check_known(&known, updates[_i].after);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("host");
	TCase *tcase = tcase_create("host");
	tcase_add_test(tcase, addresses_at_the_end_of_a_chain_count);
	tcase_add_loop_test(tcase, ttl_is_within_bounds, 0, sizeof(ttls) / sizeof(ttls[0]));
	tcase_add_loop_test(tcase, answer_without_an_address_is_none, 0,
			    sizeof(others) / sizeof(others[0]));
	tcase_add_test(tcase, no_answer_has_failed);
	tcase_add_test(tcase, address_of_another_length_is_left_out);
	tcase_add_test(tcase, answer_that_is_cut_gives_what_is_whole);
	tcase_add_loop_test(tcase, addresses_follow_answers, 0,
			    sizeof(updates) / sizeof(updates[0]));
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
