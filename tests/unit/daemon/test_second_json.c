/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/control/second_json.c: what tarnctl shows of the second level, and nothing secret. */
#include "daemon/control/second_json.h"

#include <string.h>

#include "core/config.h"
#include "core/second/second_config.h"
#include "dns/query.h"
#include "dns/text.h"
#include "net/totals.h"
#include "support/unit.h"

static struct tarn_address upstream;
static struct tarn_options options;
static struct tarn__config *config;
static struct tarn__totals totals;
static struct tarn__second_counts *const counts = &totals.questions.second;
static json_t *out;

static void set_up(void)
{
	memset(&totals, 0, sizeof(totals));
	totals.workers = 3;
	totals.serving = 2;
	options = (struct tarn_options){
		.upstreams = &upstream,
		.upstream_count = 1,
		.second = {.secret = "0123456789abcdef", .secret_len = 16},
	};
	tarn_address_parse("192.0.2.53", 53, &upstream);
	tarn_address_parse("192.0.2.6", 6379, &options.second.server);
	options.second.user = "fleet";
	options.second.password = "opensesame";
	config = NULL;
	out = NULL;
}

static void tear_down(void)
{
	json_decref(out);
	tarn__config_put(config);
}

static void configure(void)
{
	char fault[TARN__CONFIG_FAULT_MAX] = "";
	config = tarn__config_new(&options, "version", "", fault);
	ck_assert_msg(config != NULL, "%s", fault);
}

static const char *text(const char *key)
{
	const char *value = json_string_value(json_object_get(out, key));
	return value ? value : "";
}

static json_int_t number(const char *section, const char *key)
{
	const json_t *object = section ? json_object_get(out, section) : out;
	const json_t *value = json_object_get(object, key);
	ck_assert_msg(json_is_integer(value), "%s", key);
	return json_integer_value(value);
}

static const char *state(unsigned connected, unsigned open)
{
	json_decref(out);
	counts->connected_now = counts->ready_now = connected;
	counts->open_now = open;
	out = tarn__control_json_store(config->second, &totals);
	ck_assert_int_eq(number(NULL, "connected"), connected);
	ck_assert_int_eq(number(NULL, "breaker_open"), open);
	return text("state");
}

START_TEST(store_is_named_with_its_connections)
{
	configure();
	ck_assert_str_eq(state(0, 0), "not connected");
	ck_assert_str_eq(text("store"), "192.0.2.6:6379");
	ck_assert_int_eq(number(NULL, "threads"), 3);
	ck_assert_int_eq(number(NULL, "wait_ms"), 5);
	ck_assert_str_eq(state(1, 0), "partly connected");
	ck_assert_str_eq(state(2, 0), "up");
	ck_assert_str_eq(state(3, 0), "up");
	ck_assert_str_eq(state(3, 1), "failing");
	counts->ready_now = 0;
	json_decref(out);
	out = tarn__control_json_store(config->second, &totals);
	ck_assert_str_eq(text("state"), "no epoch");
	ck_assert_int_eq(number(NULL, "ready"), 0);
}
END_TEST

START_TEST(nothing_secret_is_shown)
{
	options.second.tls = true;
	configure();
	out = tarn__control_json_store(config->second, &totals);
	json_t *counters = tarn__control_json_shared(&totals);
	json_object_update(out, counters);
	json_decref(counters);
	char *dump = json_dumps(out, 0);
	ck_assert_ptr_null(strstr(dump, "opensesame"));
	ck_assert_ptr_null(strstr(dump, "fleet"));
	ck_assert_ptr_null(strstr(dump, "0123456789abcdef"));
	ck_assert_ptr_null(strstr(dump, config->second->fleet));
	ck_assert(json_is_true(json_object_get(out, "encrypted")));
	free(dump);
}
END_TEST

START_TEST(socket_and_sentinels_are_places)
{
	memset(&options.second.server, 0, sizeof(options.second.server));
	options.second.socket = "/run/\x80";
	configure();
	out = tarn__control_json_store(config->second, &totals);
	ck_assert_str_eq(text("store"), "/run/\\x80");
	json_decref(out);
	tarn__config_put(config);
	options.second.socket = NULL;
	options.second.sentinels = &upstream;
	options.second.sentinel_count = 1;
	options.second.master = "mymaster";
	configure();
	out = tarn__control_json_store(config->second, &totals);
	ck_assert_str_eq(text("master"), "mymaster");
	ck_assert_uint_eq(json_array_size(json_object_get(out, "sentinels")), 1);
}
END_TEST

START_TEST(counters_are_complete)
{
	counts->gets = 9;
	counts->results[TARN__SECOND_THERE] = 4;
	counts->put_results[TARN__SECOND_ABSENT] = 3;
	counts->rejected[TARN__SECOND_TAG] = 2;
	counts->skipped_closed = 7;
	counts->flushes = 5;
	for (int i = 0; i < 98; i++)
		tarn__latency_add(&counts->latency, 800);
	tarn__latency_add(&counts->latency, 1600);
	tarn__latency_add(&counts->latency, 20000000);
	out = tarn__control_json_shared(&totals);
	ck_assert_int_eq(number("gets", "sent"), 9);
	ck_assert_int_eq(number("gets", "there"), 4);
	for (int i = 0; i < TARN__SECOND_RESULTS; i++)
		number("gets", tarn__second_result_name((enum tarn__second_result)i));
	for (int i = TARN__SECOND_CLOSED; i < TARN__SECOND_RESULTS; i++)
		number("puts", tarn__second_result_name((enum tarn__second_result)i));
	ck_assert_int_eq(number("puts", "done"), 3);
	ck_assert_int_eq(number("rejected", "tag"), 2);
	ck_assert_int_eq(number("skipped", "closed"), 7);
	ck_assert_int_eq(number(NULL, "flushes"), 5);
	ck_assert_int_eq(number("latency", "answers"), 100);
	ck_assert_int_eq(number("latency", "half_within_ms"), 1);
	ck_assert_int_eq(number("latency", "90_percent_within_ms"), 1);
	ck_assert_int_eq(number("latency", "99_percent_within_ms"), 2);
	const json_t *latency = json_object_get(out, "latency");
	ck_assert(json_real_value(json_object_get(latency, "mean_ms")) > 200);
}
END_TEST

static const char *use(uint16_t type)
{
	uint8_t name[TARN__NAME_MAX];
	struct tarn__query query = {.qname = name, .qtype = type, .qclass = TARN__CLASS_IN};
	query.qname_len = (uint16_t)tarn__name_parse("www.example.", name);
	json_decref(out);
	out = tarn__control_json_second_use(config, &query, &totals);
	return json_string_value(out);
}

START_TEST(explanation_says_whether_it_is_asked)
{
	configure();
	ck_assert_str_eq(use(1), "not asked: there is no connection to the store");
	counts->connected_now = 2;
	ck_assert_str_eq(use(1), "not asked: the store has no epoch, and has not taken one");
	counts->ready_now = 2;
	ck_assert_str_eq(use(1), "asked first, for 5 ms at most");
	ck_assert_str_eq(use(255), "not asked: such answers are not shared");
	counts->open_now = 1;
	ck_assert_str_eq(use(1), "asked first, for 5 ms at most, by 1 of 3 threads; for the others "
				 "the store fails or is silent");
	counts->open_now = 2;
	ck_assert_str_eq(use(1), "not asked for now: the store fails or is silent");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("second_json");
	TCase *tcase = tcase_create("second_json");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, store_is_named_with_its_connections);
	tcase_add_test(tcase, nothing_secret_is_shown);
	tcase_add_test(tcase, socket_and_sentinels_are_places);
	tcase_add_test(tcase, counters_are_complete);
	tcase_add_test(tcase, explanation_says_whether_it_is_asked);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
