/* SPDX-License-Identifier: BSD-2-Clause */
/* core/admin/snapshot.h: a cache that is loaded where other servers and anchors are configured. */
#include "core/admin/snapshot.h"

#include "core/config.h"
#include "core/second/epoch.h"
#include "core/second/second_config.h"
#include "crypto/hmac.h"
#include "support/snapshot_world.h"

/* ---- other configurations --------------------------------------------------------------- */

static const char anchor_text[] =
	". DS 1 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n";
static const char other_anchor_text[] =
	". DS 2 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n";
static const char *const anchors[] = {anchor_text}, *const other_anchors[] = {other_anchor_text};

/* What is different when it is loaded. */
static struct tarn_forward forwards[2];

static void with_a_zone(void)
{
	forwards[0] = (struct tarn_forward){
		.zone = "corp.example", .upstreams = &servers[1], .upstream_count = 1};
	options.forwards = forwards;
	options.forward_count = 1;
}

static void store_two_zones(void)
{
	with_a_zone();
	tear_down();
	start();
	store_address("www.example.", 300);
	store_address("db.corp.example.", 300);
	ck_assert_uint_eq(save(), 2);
}

static void with_same(void)
{
}

static void with_other_root(void)
{
	options.upstreams = &servers[2];
}

static void with_other_zone_server(void)
{
	forwards[0].upstreams = &servers[2];
}

static void without_zone(void)
{
	options.forward_count = 0;
}

static void with_zone_never_forwarded(void)
{
	forwards[0].upstream_count = 0;
}

static void with_more_zones(void)
{
	forwards[1] = (struct tarn_forward){
		.zone = "a.other.example", .upstreams = &servers[2], .upstream_count = 1};
	options.forward_count = 2;
}

static void with_zone_moved_ahead(void)
{
	with_more_zones();
	struct tarn_forward first = forwards[0];
	forwards[0] = forwards[1];
	forwards[1] = first;
}

static void with_zone_for_www(void)
{
	with_more_zones();
	forwards[1].zone = "www.example";
}

static void with_trust(void)
{
	options.trust_ad = true;
}

static void with_validation(void)
{
	options.dnssec =
		(struct tarn_dnssec){.validate = true, .anchors = anchors, .anchor_count = 1};
}

static const struct {
	void (*change)(void);
	bool any_root;
	const char *loaded; /* r: that of the root, z: that of the zone */
} changes[] = {
	{with_same, false, "rz"},
	{with_other_root, false, "z"},
	{with_other_root, true, "rz"},
	{with_other_zone_server, false, "r"},
	{with_other_zone_server, true, "r"},
	{without_zone, false, "r"},
	{with_zone_never_forwarded, false, "r"},
	{with_more_zones, false, "rz"},
	{with_zone_moved_ahead, false, "rz"},
	{with_zone_for_www, false, "z"},
	{with_trust, false, ""},
	{with_validation, false, "z"},
};

START_TEST(answers_of_other_servers_are_left_out)
{
	struct rtcache_state state;
	if (changes[_i].change == with_validation && !tarn__hmac_is_built())
		return;
	save_options.has_any_root = load_any_root = changes[_i].any_root;
	store_two_zones();
	changes[_i].change();
	restart(1);
	const struct tarn__snapshot_counts *counts = load();
	ck_assert_uint_eq(counts->loaded, strlen(changes[_i].loaded));
	ck_assert_uint_eq(counts->elsewhere, 2 - strlen(changes[_i].loaded));
	ck_assert_uint_eq(counts->faulty, 0);
	ck_assert(is_known("www.example.", "A", &state) == !!strchr(changes[_i].loaded, 'r'));
	ck_assert(is_known("db.corp.example.", "A", &state) == !!strchr(changes[_i].loaded, 'z'));
}
END_TEST

/* The configuration changes between two steps, and the cache has not been swept yet. */
START_TEST(answers_of_before_a_change_are_not_saved)
{
	store_two_zones();
	struct tarn__snapshot_writer *writer = begin_save();
	with_other_zone_server();
	outside_reconfigure(&outside, &options);
	store_address("new.corp.example.", 300);
	store_address("db.corp.example.", 300);
	while (tarn__snapshot_step(writer, outside.resolver))
		;
	ck_assert_uint_eq(end_save(writer), 1);
	restart(1);
	ck_assert_uint_eq(load()->loaded, 1);
	ck_assert_str_eq(answered("www.example.", "A", 0), "www.example. 299 A 192.0.2.99\n");
}
END_TEST

START_TEST(configuration_may_change_while_it_is_loaded)
{
	struct rtcache_state state;
	store_two_zones();
	restart(1);
	ck_assert_int_eq(begin_load(), TARN__SNAPSHOT_GOOD);
	without_zone();
	outside_reconfigure(&outside, &options);
	while (step_load())
		;
	tarn__snapshot_close(&reader);
	ck_assert_uint_eq(reader.counts.elsewhere, 1);
	ck_assert(is_known("www.example.", "A", &state));
	ck_assert(!is_known("db.corp.example.", "A", &state));
}
END_TEST

/* ---- AD and validation ------------------------------------------------------------------ */

enum { AD = TARN__STORED_AD, INSECURE = TARN__REMARK_INSECURE << TARN__STORED_REMARK_SHIFT };

START_TEST(ad_of_trusted_servers_is_kept)
{
	with_trust();
	tear_down();
	start();
	store_as("www.example.", "A", 0, 0, "www.example. 300 A 192.0.2.1\n", AD);
	save();
	restart(0);
	ck_assert_uint_eq(load()->loaded, 1);
	ck_assert_str_eq(answered("www.example.", "A", 0), "AD\nwww.example. 300 A 192.0.2.1\n");
	options.trust_ad = false;
	restart(0);
	ck_assert_uint_eq(load()->elsewhere, 1);
}
END_TEST

static void store_validated(void)
{
	with_validation();
	tear_down();
	start();
	store_as("www.example.", "A", 0, 0, "www.example. 300 A 192.0.2.1\n", AD);
	store_as("lab.example.", "A", 0, 0, "lab.example. 300 A 192.0.2.2\n", INSECURE);
	store_as("www.example.", "A", CD, 0, "www.example. 300 A 192.0.2.3\n", 0);
	ck_assert_uint_eq(save(), 3);
}

START_TEST(what_was_validated_need_not_be_again)
{
	store_validated();
	restart(0);
	ck_assert_uint_eq(load()->loaded, 3);
	ck_assert_str_eq(answered("www.example.", "A", 0), "AD\nwww.example. 300 A 192.0.2.1\n");
	ck_assert_str_eq(answered("lab.example.", "A", 0), "lab.example. 300 A 192.0.2.2\n");
	ck_assert_str_eq(answered("www.example.", "A", CD), "www.example. 300 A 192.0.2.3\n");
	ck_assert_uint_eq(outside_surprises(&outside), 0);
}
END_TEST

START_TEST(other_anchor_leaves_what_was_not_validated)
{
	store_validated();
	options.dnssec.anchors = other_anchors;
	restart(0);
	const struct tarn__snapshot_counts *counts = load();
	ck_assert_uint_eq(counts->elsewhere, 2);
	ck_assert_uint_eq(counts->loaded, 1);
	ck_assert_str_eq(answered("www.example.", "A", CD), "www.example. 300 A 192.0.2.3\n");
}
END_TEST

/* It is a name alone whose chain of trust starts elsewhere. */
START_TEST(insecure_name_leaves_the_others)
{
	static const char *const insecure[] = {"lab.example"};
	store_validated();
	options.dnssec.insecure = insecure;
	options.dnssec.insecure_count = 1;
	restart(0);
	ck_assert_uint_eq(load()->loaded, 2);
	ck_assert_uint_eq(reader.counts.elsewhere, 1);
	struct rtcache_state state;
	ck_assert(!is_known("lab.example.", "A", &state));
}
END_TEST

START_TEST(without_validation_nothing_of_it_is_loaded)
{
	store_validated();
	options.dnssec = (struct tarn_dnssec){0};
	restart(0);
	ck_assert_uint_eq(load()->elsewhere, 3);
}
END_TEST

/* ---- other machines ----------------------------------------------------------------------- */

static struct tarn__second_config *share(const char *secret)
{
	ck_assert_int_eq(tarn_address_parse("192.0.2.6", 6379, &options.second.server), 0);
	options.second.secret = secret;
	options.second.secret_len = strlen(secret);
	restart(0);
	return tarn__resolver_config(outside.resolver)->second;
}

/* A flush of all machines changes the epoch; who was off at that time has the old one in the file. */
START_TEST(file_of_another_epoch_is_not_loaded)
{
	tarn__epoch_restore(share("of all machines of a test"), 7);
	store_address("www.example.", 300);
	save();
	/* The store has not been asked yet: what is in the file goes with the epoch that was restored. */
	struct tarn__second_config *second = share("of all machines of a test");
	ck_assert_uint_eq(load()->loaded, 1);
	ck_assert_uint_eq(atomic_load(&second->epoch), 7);
	tarn__epoch_restore(share("of all machines of a test"), 7);
	ck_assert_uint_eq(load()->loaded, 1);
	second = share("of all machines of a test");
	tarn__epoch_restore(second, 8);
	ck_assert_int_eq(begin_load(), TARN__SNAPSHOT_FLUSHED);
	ck_assert_uint_eq(atomic_load(&second->epoch), 8);
	/* It is nothing to those of another secret. */
	second = share("of other machines of a test");
	ck_assert_uint_eq(load()->loaded, 1);
	ck_assert_uint_eq(atomic_load(&second->epoch), 0);
}
END_TEST

#define LENGTH(array) (int)(sizeof(array) / sizeof(array)[0])

int main(void)
{
	Suite *suite = suite_create("snapshot_zones");
	TCase *tcase = tcase_create("snapshot_zones");
	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, answers_of_other_servers_are_left_out, 0, LENGTH(changes));
	tcase_add_test(tcase, answers_of_before_a_change_are_not_saved);
	tcase_add_test(tcase, configuration_may_change_while_it_is_loaded);
	tcase_add_test(tcase, ad_of_trusted_servers_is_kept);
	/* Without OpenSSL nothing is validated. */
	if (tarn__hmac_is_built()) {
		tcase_add_test(tcase, what_was_validated_need_not_be_again);
		tcase_add_test(tcase, other_anchor_leaves_what_was_not_validated);
		tcase_add_test(tcase, insecure_name_leaves_the_others);
		tcase_add_test(tcase, without_validation_nothing_of_it_is_loaded);
	}
	tcase_add_test(tcase, file_of_another_epoch_is_not_loaded);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
