/* SPDX-License-Identifier: BSD-2-Clause */
/* net/upstream/transactions.c: which message under way a received or a quoted one belongs to. */
#include "config.h"

#include "net/upstream/transactions.h"

#include <string.h>

#include "support/net.h"
#include "support/unit.h"

enum { COUNT = TARN__TRANSACTIONS_MAX };

static struct tarn__transactions all;
static struct tarn_exchange exchanges[COUNT];
static struct tarn__transaction transactions[COUNT];
static uint8_t wires[COUNT][128];

static void set_up(void)
{
	ck_assert_int_eq(tarn__transactions_init(&all, COUNT), 0);
	for (int i = 0; i < COUNT; i++) {
		size_t len = write_query(wires[i], (uint16_t)(1000 + i), "a.example", TARN__TYPE_A);
		exchanges[i] = (struct tarn_exchange){.wire = wires[i], .len = len};
		transactions[i] = (struct tarn__transaction){.exchange = &exchanges[i]};
	}
}

static void tear_down(void)
{
	tarn__transactions_fini(&all);
}

static void add(int count)
{
	for (int i = 0; i < count; i++)
		tarn__transactions_add(&all, &transactions[i]);
}

START_TEST(all_slots_are_taken_and_given_back)
{
	ck_assert(tarn__transactions_are_none(&all));
	add(COUNT - 1);
	ck_assert(!tarn__transactions_are_full(&all));
	tarn__transactions_add(&all, &transactions[COUNT - 1]);
	ck_assert(tarn__transactions_are_full(&all));
	for (int i = 0; i < COUNT; i++)
		tarn__transactions_remove(&all, &transactions[i]);
	ck_assert(tarn__transactions_are_none(&all));
}
END_TEST

START_TEST(walk_leaves_out_what_is_removed_meanwhile)
{
	add(COUNT);
	unsigned slot = 0;
	ck_assert_ptr_eq(tarn__transactions_next(&all, &slot), &transactions[0]);
	tarn__transactions_remove(&all, &transactions[0]);
	for (int i = 1; i < COUNT - 1; i++)
		tarn__transactions_remove(&all, &transactions[i]);
	ck_assert_ptr_eq(tarn__transactions_next(&all, &slot), &transactions[COUNT - 1]);
	ck_assert_ptr_null(tarn__transactions_next(&all, &slot));
	ck_assert_ptr_null(tarn__transactions_next(&all, &slot));
}
END_TEST

START_TEST(answer_belongs_to_the_message_with_its_id_and_question)
{
	add(3);
	uint8_t answer[256];
	memcpy(answer, wires[1], sizeof(wires[1]));
	size_t len = answer_query(answer, TARN__NOERROR, 300);
	ck_assert_ptr_eq(tarn__transactions_answered(&all, answer, len), &transactions[1]);
	tarn__put16(answer, 1000 + 3);
	ck_assert_ptr_null(tarn__transactions_answered(&all, answer, len));
	tarn__put16(answer, 1000 + 1);
	answer[TARN__HEADER_LEN + 1] = 'b';
	ck_assert_ptr_null(tarn__transactions_answered(&all, answer, len));
}
END_TEST

/* RFC 5927 section 4; RFC 4884: extensions may follow. */
START_TEST(quote_holds_a_whole_question_at_least)
{
	add(3);
	uint8_t quoted[256] = {0};
	size_t len = exchanges[1].len;
	memcpy(quoted, wires[1], len);
	ck_assert_ptr_eq(tarn__transactions_quoted(&all, quoted, len), &transactions[1]);
	ck_assert_ptr_eq(tarn__transactions_quoted(&all, quoted, len + 40), &transactions[1]);
	for (size_t less = 0; less < len; less++)
		ck_assert_ptr_null(tarn__transactions_quoted(&all, quoted, less));
	quoted[0] ^= 1;
	ck_assert_ptr_null(tarn__transactions_quoted(&all, quoted, len));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("transactions");
	TCase *tcase = tcase_create("transactions");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, all_slots_are_taken_and_given_back);
	tcase_add_test(tcase, walk_leaves_out_what_is_removed_meanwhile);
	tcase_add_test(tcase, answer_belongs_to_the_message_with_its_id_and_question);
	tcase_add_test(tcase, quote_holds_a_whole_question_at_least);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
