/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/core/test_endpoint.c: which servers are the same, and whose answers are. */
#include "core/forward/endpoint.h"

#include "support/unit.h"

static const uint8_t pins[1][TARN_PIN_LEN] = {{1}};

static struct tarn__endpoint *make(const char *address, const struct tarn_traits *traits)
{
	struct tarn_address parsed = {.sa.sa_family = AF_UNSPEC};
	if (address)
		ck_assert_int_eq(tarn_address_parse(address, 853, &parsed), 0);
	struct tarn__endpoint *endpoint =
		tarn__endpoint_new(&parsed, traits, &(struct tarn_source){0});
	ck_assert_ptr_nonnull(endpoint);
	return endpoint;
}

struct pair {
	const char *address;
	struct tarn_traits traits;
};

static const struct pair first = {"192.0.2.1", {.transport = TARN_TLS, .name = "dns.example"}};

static const struct {
	struct pair other;
	bool is_equal, is_same_answer;
} cases[] = {
	{{"192.0.2.1", {.transport = TARN_TLS, .name = "dns.example"}}, true, true},
	{{"192.0.2.1", {.transport = TARN_TLS, .name = "dns.other"}}, false, false},
	{{"192.0.2.1", {.transport = TARN_TLS}}, false, false},
	{{"192.0.2.1", {.transport = TARN_TLS, .name = "dns.example", .path = "/x"}}, false, false},
	/* How it is asked, and how it proves who it is, changes no answer. */
	{{"192.0.2.1", {.transport = TARN_HTTPS, .name = "dns.example"}}, false, true},
	{{"192.0.2.1",
	  {.transport = TARN_TLS, .name = "dns.example", .pins = pins, .pin_count = 1}},
	 false,
	 true},
	{{"192.0.2.1", {.transport = TARN_TLS, .name = "dns.example", .no_edns = true}},
	 false,
	 true},
};

START_TEST(endpoints_are_told_apart)
{
	struct tarn__endpoint *a = make(first.address, &first.traits);
	struct tarn__endpoint *b = make(cases[_i].other.address, &cases[_i].other.traits);
	ck_assert(tarn__endpoint_is_equal(a, b) == cases[_i].is_equal);
	ck_assert(tarn__endpoint_is_equal(b, a) == cases[_i].is_equal);
	ck_assert((tarn__endpoint_digest(a) == tarn__endpoint_digest(b)) ==
		  cases[_i].is_same_answer);
	tarn__endpoint_put(a);
	tarn__endpoint_put(b);
}
END_TEST

START_TEST(endpoint_whose_address_becomes_known_is_another_one)
{
	struct tarn__endpoint *known = make(first.address, &first.traits);
	struct tarn__endpoint *unknown = make(NULL, &first.traits);
	struct tarn__endpoint *same = make(NULL, &first.traits);
	ck_assert(tarn__endpoint_has_address(known));
	ck_assert(!tarn__endpoint_has_address(unknown));
	ck_assert(!tarn__endpoint_is_equal(known, unknown));
	ck_assert(!tarn__endpoint_is_equal(unknown, known));
	ck_assert(tarn__endpoint_is_equal(unknown, same));
	ck_assert_uint_eq(tarn__endpoint_digest(unknown), tarn__endpoint_digest(same));
	tarn__endpoint_put(known);
	tarn__endpoint_put(unknown);
	tarn__endpoint_put(same);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("endpoint");
	TCase *tcase = tcase_create("endpoint");
	tcase_add_loop_test(tcase, endpoints_are_told_apart, 0, sizeof cases / sizeof cases[0]);
	tcase_add_test(tcase, endpoint_whose_address_becomes_known_is_another_one);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
