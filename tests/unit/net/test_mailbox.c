/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of net/mailbox.h. */
#include "config.h"

#include "net/mailbox.h"

#include "support/unit.h"

struct reader {
	struct tarn__subscriber subscriber;
	unsigned woken;
};

static struct tarn__mailbox mailbox;
static struct reader readers[2];

static void wake(struct tarn__subscriber *subscriber)
{
	TARN__CONTAINER(subscriber, struct reader, subscriber)->woken++;
}

static void set_up(void)
{
	tarn__mailbox_init(&mailbox);
	for (int i = 0; i < 2; i++) {
		readers[i] = (struct reader){.subscriber.wake = wake};
		tarn__mailbox_subscribe(&mailbox, &readers[i].subscriber);
	}
}

static void tear_down(void)
{
	tarn__mailbox_fini(&mailbox);
}

START_TEST(post_is_counted_and_wakes_all)
{
	ck_assert_uint_eq(tarn__mailbox_count(&mailbox), 0);
	tarn__mailbox_post(&mailbox);
	tarn__mailbox_post(&mailbox);
	ck_assert_uint_eq(tarn__mailbox_count(&mailbox), 2);
	ck_assert_uint_eq(readers[0].woken, 2);
	ck_assert_uint_eq(readers[1].woken, 2);
}
END_TEST

START_TEST(others_are_woken_without_a_post)
{
	tarn__mailbox_wake_others(&mailbox, &readers[0].subscriber);
	ck_assert_uint_eq(tarn__mailbox_count(&mailbox), 0);
	ck_assert_uint_eq(readers[0].woken, 0);
	ck_assert_uint_eq(readers[1].woken, 1);
}
END_TEST

START_TEST(who_has_left_is_not_woken)
{
	tarn__mailbox_unsubscribe(&mailbox, &readers[0].subscriber);
	tarn__mailbox_post(&mailbox);
	ck_assert_uint_eq(readers[0].woken, 0);
	ck_assert_uint_eq(readers[1].woken, 1);
}
END_TEST

int main(void)
{
	TCase *all = tcase_create("mailbox");
	tcase_add_checked_fixture(all, set_up, tear_down);
	tcase_add_test(all, post_is_counted_and_wakes_all);
	tcase_add_test(all, others_are_woken_without_a_post);
	tcase_add_test(all, who_has_left_is_not_woken);
	Suite *suite = suite_create("mailbox");
	suite_add_tcase(suite, all);
	return unit_run(suite);
}
