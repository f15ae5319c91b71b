/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/policy.c: policies with other data, what they share, and the numbers by which answers know
 * them.
 */
#include "core/policy/policy.h"

#include "core/config.h"
#include "core/policy/answer.h"
#include "core/policy/overrides.h"
#include "dns/text.h"
#include "support/message.h"
#include "support/unit.h"

static const struct tarn_options nothing;
static const struct tarn_options filtered = {.filter_private = true};
static struct tarn__overrides *overrides;

static void set_up(void)
{
	struct tarn__override name = {.is_block = true, .until_s = UINT64_MAX};
	name.name.len = tarn__name_parse("bad.example.", name.name.octets);
	overrides = tarn__overrides_new(&name, 1, 0);
	ck_assert_ptr_nonnull(overrides);
}

static void tear_down(void)
{
	tarn__overrides_put(overrides);
}

static struct tarn__policy *make(const struct tarn_options *options)
{
	struct tarn__policy *policy =
		tarn__policy_new(&(struct tarn__policy_options){.public = options});
	ck_assert_ptr_nonnull(policy);
	return policy;
}

static struct tarn__policy *with(struct tarn__policy *policy, struct tarn__overrides *data)
{
	struct tarn__policy *other =
		tarn__policy_with(policy, &(struct tarn__policy_data){.overrides = data});
	ck_assert_ptr_nonnull(other);
	return other;
}

static unsigned references(void)
{
	return atomic_load(&overrides->references);
}

static enum tarn__policy_action apply(const struct tarn__policy *policy, bool is_constant)
{
	static struct message message;
	static uint8_t room[TARN__STORED_MAX];
	struct tarn__query query;
	struct tarn__decision decision = {.room = room};
	put_header(&message, 1, TARN__FLAG_RD);
	put_question(&message, "www.bad.example.", TARN__TYPE_A);
	ck_assert_int_eq(tarn__query_parse(message.wire, message.len, &query), TARN__QUERY_GOOD);
	return is_constant ? tarn__policy_apply_constant(policy, &query, &decision)
			   : tarn__policy_apply(policy, &query, NULL, &decision);
}

START_TEST(nothing_configured_has_no_generation)
{
	static const struct tarn_network prefix = {
		.address.in6 = {.sin6_family = AF_INET6,
				.sin6_addr.s6_addr = {0x00, 0x64, 0xff, 0x9b}},
		.prefix_len = 96};
	static const uint16_t type = TARN__TYPE_AAAA;
	const struct {
		struct tarn_options options;
		bool has_generation;
	} rows[] = {
		{{0}, false},
		{{.local_only = true}, false},
		{{.dns64_prefixes = &prefix, .dns64_prefix_count = 1}, false},
		{{.filter_private = true}, true},
		{{.filter_types = &type, .filter_type_count = 1}, true},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tarn__policy *policy = make(&rows[i].options);
		ck_assert_int_eq(policy->generation != 0, rows[i].has_generation);
		ck_assert_int_eq(tarn__policy_has_answer_stages(policy), rows[i].has_generation);
		tarn__policy_put(policy);
	}
}
END_TEST

START_TEST(generation_is_another_one_each_time)
{
	struct tarn__policy *policies[8] = {make(&filtered), make(&filtered)};
	for (size_t i = 2; i < 8; i++)
		policies[i] = with(policies[i - 1], i % 2 ? overrides : NULL);
	for (size_t i = 0; i < 8; i++) {
		ck_assert_uint_ne(policies[i]->generation, 0);
		for (size_t j = 0; j < i; j++)
			ck_assert_uint_ne(policies[i]->generation, policies[j]->generation);
	}
	for (size_t i = 0; i < 8; i++)
		tarn__policy_put(policies[i]);
}
END_TEST

/* After 65,535 of them they come again, but for 0. */
START_TEST(generation_is_never_0)
{
	struct tarn__policy *base = make(&filtered);
	unsigned first = base->generation, last = first;
	for (unsigned i = 0; i < UINT16_MAX; i++) {
		struct tarn__policy *policy = with(base, NULL);
		ck_assert_msg(policy->generation != 0 && policy->generation != last, "%u", i);
		last = policy->generation;
		tarn__policy_put(policy);
	}
	ck_assert_uint_eq(last, first);
	tarn__policy_put(base);
}
END_TEST

START_TEST(data_comes_and_goes)
{
	struct tarn__policy *base = make(&nothing), *blocking = with(base, overrides);
	struct tarn__policy *again = with(blocking, NULL);
	ck_assert_uint_ne(blocking->generation, 0);
	ck_assert_uint_eq(again->generation, 0);
	ck_assert_int_eq(apply(base, false), TARN__POLICY_PASS);
	ck_assert_int_eq(apply(blocking, false), TARN__POLICY_ANSWER);
	ck_assert_int_eq(apply(again, false), TARN__POLICY_PASS);
	tarn__policy_put(base);
	tarn__policy_put(blocking);
	tarn__policy_put(again);
}
END_TEST

/* What an answer leads to is decided without the data: it may be kept with the answer. */
START_TEST(constant_part_is_without_data)
{
	struct tarn__policy *base = make(&nothing), *blocking = with(base, overrides);
	ck_assert_int_eq(apply(blocking, true), TARN__POLICY_PASS);
	tarn__policy_put(base);
	tarn__policy_put(blocking);
}
END_TEST

/* In any order; a sanitizer sees what is freed too early, and never. */
START_TEST(references_are_counted)
{
	struct tarn__policy *base = make(&filtered), *one = with(base, overrides);
	struct tarn__policy *two = with(one, overrides);
	ck_assert_uint_eq(references(), 3);
	ck_assert_ptr_eq(one->base, base);
	ck_assert_ptr_eq(two->base, base);
	tarn__policy_put(base);
	tarn__policy_put(one);
	ck_assert_uint_eq(references(), 2);
	ck_assert_int_eq(apply(two, false), TARN__POLICY_ANSWER);
	ck_assert_ptr_eq(tarn__policy_get(two), two);
	tarn__policy_put(two);
	ck_assert_uint_eq(references(), 2);
	tarn__policy_put(two);
	ck_assert_uint_eq(references(), 1);
	tarn__policy_put(NULL);
}
END_TEST

/* Other upstreams and other trust leave the data; each configuration has a reference. */
START_TEST(configurations_share_a_policy_with_its_data)
{
	char fault[TARN__CONFIG_FAULT_MAX];
	struct tarn_address server;
	ck_assert_int_eq(tarn_address_parse("192.0.2.53", 53, &server), 0);
	struct tarn__config *config =
		tarn__config_new(&(struct tarn_options){.upstreams = &server, .upstream_count = 1},
				 "tarn", NULL, fault);
	ck_assert_ptr_nonnull(config);
	const struct tarn__policy_data data = {.overrides = overrides};
	struct tarn__config *blocking = tarn__config_with_data(config, &data);
	struct tarn__config *moved = tarn__config_with_upstreams(blocking, &server, 1);
	struct tarn__config *trusting = tarn__config_with_trust(moved, true);
	ck_assert_int_eq(apply(config->policy, false), TARN__POLICY_PASS);
	ck_assert_ptr_eq(blocking->policy, moved->policy);
	ck_assert_ptr_eq(moved->policy, trusting->policy);
	ck_assert_uint_eq(references(), 2);
	/* Other data alone is no other configuration to what tests its servers. */
	ck_assert_uint_eq(config->number, blocking->number);
	ck_assert_uint_ne(blocking->number, moved->number);
	ck_assert_uint_ne(moved->number, trusting->number);
	struct tarn__config *bare = tarn__config_without_data(trusting);
	ck_assert_uint_eq(bare->number, trusting->number);
	ck_assert_int_eq(apply(bare->policy, false), TARN__POLICY_PASS);
	ck_assert_uint_eq(references(), 2);
	tarn__config_put(bare);
	tarn__config_put(config);
	tarn__config_put(blocking);
	tarn__config_put(moved);
	ck_assert_int_eq(apply(trusting->policy, false), TARN__POLICY_ANSWER);
	tarn__config_put(trusting);
	ck_assert_uint_eq(references(), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy data");
	TCase *tcase = tcase_create("policy data");
	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, nothing_configured_has_no_generation);
	tcase_add_test(tcase, generation_is_another_one_each_time);
	tcase_add_test(tcase, generation_is_never_0);
	tcase_add_test(tcase, data_comes_and_goes);
	tcase_add_test(tcase, constant_part_is_without_data);
	tcase_add_test(tcase, references_are_counted);
	tcase_add_test(tcase, configurations_share_a_policy_with_its_data);
	return unit_run(suite);
}
