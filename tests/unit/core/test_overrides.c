/* SPDX-License-Identifier: BSD-2-Clause */
/* core/policy/overrides.c: names that are blocked or unblocked for a time. */
#include "core/policy/overrides.h"

#include "core/policy/decision.h"
#include "dns/namelist_rule.h"
#include "dns/stored.h"
#include "dns/text.h"
#include "support/message.h"
#include "support/unit.h"

static struct tarn__overrides *overrides;

static void set_up(void)
{
	overrides = NULL;
}

static void tear_down(void)
{
	tarn__overrides_put(overrides);
}

static struct tarn__override make(const char *text, bool is_block, uint64_t until_s)
{
	struct tarn__override override = {.is_block = is_block, .until_s = until_s};
	override.name.len = tarn__name_parse(text, override.name.octets);
	ck_assert_uint_gt(override.name.len, 0);
	return override;
}

static const struct tarn__override *find(const char *text, uint64_t now_s)
{
	uint8_t name[TARN__NAME_MAX];
	size_t len = tarn__name_parse(text, name);
	return tarn__overrides_find(overrides, name, len, now_s);
}

START_TEST(longest_name_counts)
{
	const struct tarn__override names[] = {
		make("www.good.example.", true, UINT64_MAX),
		make("example.", true, UINT64_MAX),
		make("good.example.", false, UINT64_MAX),
	};
	overrides = tarn__overrides_new(names, 3, 0);
	ck_assert_ptr_eq(find("a.WWW.good.example.", 0), &overrides->names[0]);
	ck_assert_ptr_eq(find("example.", 0), &overrides->names[1]);
	ck_assert_ptr_eq(find("bad.example.", 0), &overrides->names[1]);
	ck_assert_ptr_eq(find("good.example.", 0), &overrides->names[2]);
	ck_assert_ptr_null(find("test.", 0));
	ck_assert_ptr_null(find(".", 0));
}
END_TEST

START_TEST(override_ends_at_its_time)
{
	const struct tarn__override names[] = {make("a.example.", false, 100),
					       make("example.", true, 200)};
	overrides = tarn__overrides_new(names, 2, 0);
	ck_assert(!find("a.example.", 99)->is_block);
	ck_assert(find("a.example.", 100)->is_block);
	ck_assert(find("a.example.", 199)->is_block);
	ck_assert_ptr_null(find("a.example.", 200));
}
END_TEST

/* The name is the target of a CNAME in the answer to another one. */
START_TEST(block_is_an_answer_with_its_reason)
{
	static uint8_t room[TARN__STORED_MAX];
	static struct message message;
	const struct tarn__override name = make("example.", true, UINT64_MAX);
	overrides = tarn__overrides_new(&name, 1, 0);
	put_header(&message, 1, TARN__FLAG_RD);
	put_question(&message, "www.test.", TARN__TYPE_A);
	struct tarn__query query;
	ck_assert_int_eq(tarn__query_parse(message.wire, message.len, &query), TARN__QUERY_GOOD);
	struct tarn__decision decision;
	memset(&decision, 0x5a, sizeof decision);
	decision.io = NULL;
	decision.room = room;
	uint8_t target[TARN__NAME_MAX];
	size_t len = tarn__name_parse("cdn.example.", target);
	ck_assert(tarn__overrides_block(overrides, &query, target, len, &decision));
	ck_assert(decision.is_block && !decision.is_authoritative);
	ck_assert_uint_eq(decision.list_slot, 0);
	ck_assert_uint_eq(decision.list_action, TARN__NAMELIST_NXDOMAIN);
	ck_assert_uint_eq(decision.options.ede_count, 1);
	ck_assert_uint_eq(decision.options.ede[0].code, TARN__EDE_BLOCKED);
	ck_assert_uint_eq(tarn__stored_rcode(decision.stored), TARN__NXDOMAIN);
	len = tarn__name_parse("cdn.test.", target);
	ck_assert(!tarn__overrides_block(overrides, &query, target, len, &decision));
}
END_TEST

START_TEST(overrides_are_counted)
{
	overrides = tarn__overrides_new(NULL, 0, 7);
	ck_assert_uint_eq(overrides->paused_until_s, 7);
	ck_assert_ptr_eq(tarn__overrides_get(overrides), overrides);
	tarn__overrides_put(overrides);
	ck_assert_uint_eq(atomic_load(&overrides->references), 1);
	ck_assert_ptr_null(tarn__overrides_get(NULL));
	tarn__overrides_put(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("overrides");
	TCase *tcase = tcase_create("overrides");
	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, longest_name_counts);
	tcase_add_test(tcase, override_ends_at_its_time);
	tcase_add_test(tcase, block_is_an_answer_with_its_reason);
	tcase_add_test(tcase, overrides_are_counted);
	return unit_run(suite);
}
