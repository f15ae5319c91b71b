/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/telemetry/metrics.c: the metrics as lines. test_metrics.py tests that Prometheus can read them. */
#include "daemon/telemetry/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/policy/policy.h"
#include "dns/message.h"
#include "support/unit.h"

static struct tarn__totals totals;
static struct tarn__lost lost;
static struct tarn__usage usage;
static struct tarn__list_slots slots;
static struct tarn__name_figures figures = {.slots = &slots};
static struct tarn__server_totals servers[2];
static char *text;
static struct tarn__metrics_transfers transfers;
static struct tarn__certificates_state certificates;
static struct tarn__cache_file_state cache_file;
static size_t len;

static void set_up(void)
{
	memset(&lost, 0, sizeof(lost));
	memset(&usage, 0, sizeof(usage));
	memset(&totals, 0, sizeof(totals));
	memset(servers, 0, sizeof(servers));
	totals.workers = 3;
	totals.serving = 2;
	totals.server_count = 2;
	totals.servers = servers;
	servers[0].text = "192.0.2.53:53";
	servers[1].text = "[2001:db8::53]:53";
	servers[0].zone = ".";
	servers[1].zone = "corp.example.";
	servers[0].answered_ago_ms = servers[1].answered_ago_ms = UINT64_MAX;
}

static void tear_down(void)
{
	free(text);
	text = NULL;
}

static void write_text(void)
{
	free(text);
	text = tarn__metrics_text(&totals, &lost, &usage, &figures, &transfers, &certificates,
				  &cache_file, &len);
	ck_assert_ptr_nonnull(text);
	ck_assert_uint_eq(len, strlen(text));
}

/* Returns true if that is one of the lines. */
static bool has_line(const char *line)
{
	size_t line_len = strlen(line);
	for (const char *at = strstr(text, line); at; at = strstr(at + 1, line)) {
		if ((at == text || at[-1] == '\n') && at[line_len] == '\n')
			return true;
	}
	return false;
}

static void check_line(const char *line)
{
	ck_assert_msg(has_line(line), "no line %s in:\n%s", line, text);
}

START_TEST(numbers_are_lines)
{
	totals.since_sec = 1700000000;
	totals.questions.questions[TARN__TCP] = 1;
	totals.questions.questions[TARN__TLS] = 7;
	totals.questions.questions[TARN__HTTPS] = 8;
	totals.questions.questions[TARN__COUNTED_WAYS - 1] = 2;
	totals.questions.rcodes[TARN__BADVERS] = UINT64_MAX;
	totals.questions.statuses[TARN__STATUS_LOCK_HIT] = 3;
	totals.questions.dropped = 4;
	totals.udp.dropped = 5;
	totals.tcp.stalled_closed = 6;
	totals.tcp.strangers = 11;
	totals.carrier.foreign = 7;
	totals.carrier.opened[TARN__TLS] = 9;
	totals.carrier.handshakes = 3;
	totals.carrier.resumptions = 4;
	totals.carrier.refused_certificates = 2;
	totals.carrier.failed_setups = 5;
	totals.cache.bytes = 8;
	lost.query_log = 9;
	lost.dnstap = 10;
	write_text();
	check_line("process_start_time_seconds 1700000000");
	check_line("tarn_workers 2");
	check_line("tarn_questions_total{transport=\"udp\"} 0");
	check_line("tarn_questions_total{transport=\"tcp\"} 1");
	check_line("tarn_questions_total{transport=\"tls\"} 7");
	check_line("tarn_questions_total{transport=\"https\"} 8");
	check_line("tarn_questions_total{transport=\"own\"} 2");
	check_line("tarn_answers_total{rcode=\"BADVERS\"} 18446744073709551615");
	check_line("tarn_cache_answers_total{status=\"lock_hit\"} 3");
	check_line("tarn_drops_total{reason=\"no_question\"} 4");
	check_line("tarn_drops_total{reason=\"reply_refused\"} 5");
	check_line("tarn_tcp_closed_total{reason=\"stalled\"} 6");
	check_line("tarn_tcp_closed_total{reason=\"stranger\"} 11");
	check_line("tarn_upstream_foreign_total 7");
	check_line("tarn_upstream_connections_total{transport=\"tls\"} 9");
	check_line("tarn_upstream_handshakes_total{kind=\"full\"} 3");
	check_line("tarn_upstream_handshakes_total{kind=\"resumed\"} 4");
	check_line("tarn_upstream_failed_connections_total{reason=\"certificate\"} 2");
	check_line("tarn_upstream_failed_connections_total{reason=\"other\"} 5");
	check_line("tarn_cache_used_bytes 8");
	check_line("tarn_query_log_lost_total 9");
	check_line("tarn_dnstap_lost_total 10");
}
END_TEST

START_TEST(each_stage_of_the_policy_has_a_line)
{
	for (unsigned i = 0; i < TARN__STAGES; i++)
		totals.questions.stages[i] = i + 1;
	write_text();
	for (unsigned i = 0; i < TARN__STAGES; i++) {
		char line[80];
		snprintf(line, sizeof line, "tarn_policy_decisions_total{stage=\"%s\"} %u",
			 tarn__stages[i]->name, i + 1);
		check_line(line);
	}
}
END_TEST

START_TEST(lists_have_lines_by_their_names)
{
	uint8_t slot = tarn__list_slots_take(&slots, "ads");
	totals.questions.lists[slot][TARN__NAMELIST_ZERO] = 7;
	/* One that has gone. */
	totals.questions.lists[tarn__list_slots_take(&slots, "old")][TARN__NAMELIST_NXDOMAIN] = 8;
	figures.local_names = 9;
	figures.list_count = 2;
	figures.lists[0] = (struct tarn__list_figures){
		.name = "ads", .names = 10, .faults = 11, .newest_s = time(NULL) + 100};
	figures.lists[1] = (struct tarn__list_figures){.name = "a \"b\""};
	write_text();
	check_line("tarn_local_names 9");
	check_line("tarn_list_answers_total{list=\"ads\",answer=\"zero\"} 7");
	check_line("tarn_list_answers_total{list=\"ads\",answer=\"nxdomain\"} 0");
	check_line("tarn_list_answers_total{list=\"old\",answer=\"nxdomain\"} 8");
	check_line("tarn_list_names{list=\"ads\"} 10");
	check_line("tarn_list_faults{list=\"ads\"} 11");
	check_line("tarn_list_age_seconds{list=\"ads\"} 0");
	check_line("tarn_list_names{list=\"a \\\"b\\\"\"} 0");
	ck_assert_ptr_null(strstr(text, "tarn_list_age_seconds{list=\"a "));
	tarn__list_slots_fini(&slots);
}
END_TEST

START_TEST(types_are_there_once_they_were_asked_for)
{
	write_text();
	ck_assert_ptr_null(strstr(text, "tarn_question_types_total{"));
	totals.questions.types[TARN__TYPE_AAAA] = 1;
	totals.questions.types[250] = 2;
	totals.questions.types[TARN__COUNTED_TYPES - 1] = 3;
	write_text();
	check_line("tarn_question_types_total{type=\"AAAA\"} 1");
	check_line("tarn_question_types_total{type=\"TSIG\"} 2");
	check_line("tarn_question_types_total{type=\"other\"} 3");
}
END_TEST

START_TEST(answers_at_once_are_in_every_bucket_of_time)
{
	totals.questions.statuses[TARN__STATUS_STALE] = 10;
	struct tarn__latency *latency = &totals.questions.latencies[TARN__STATUS_STALE];
	latency->buckets[1] = 1; /* up to 2 ms */
	latency->buckets[TARN__LATENCY_BUCKETS - 1] = 2;
	latency->sum_us = 12003004;
	write_text();
	check_line("tarn_answer_seconds_bucket{status=\"stale\",le=\"0.001\"} 7");
	check_line("tarn_answer_seconds_bucket{status=\"stale\",le=\"0.002\"} 8");
	check_line("tarn_answer_seconds_bucket{status=\"stale\",le=\"5\"} 8");
	check_line("tarn_answer_seconds_bucket{status=\"stale\",le=\"+Inf\"} 10");
	check_line("tarn_answer_seconds_sum{status=\"stale\"} 12.003004");
	check_line("tarn_answer_seconds_count{status=\"stale\"} 10");
}
END_TEST

START_TEST(server_is_named_with_its_zone)
{
	servers[1].counts.asked = 5;
	servers[1].counts.silent = 2;
	servers[1].counts.unsent = 7;
	servers[1].is_plain = true;
	servers[1].drops_cookies = true;
	servers[1].srtt_ms = 1234;
	servers[1].answered_ago_ms = 61002;
	write_text();
#define LABELS "server=\"[2001:db8::53]:53\",zone=\"corp.example.\""
	check_line("tarn_upstream_questions_total{" LABELS "} 5");
	check_line("tarn_upstream_failures_total{" LABELS ",reason=\"silent\"} 2");
	check_line("tarn_upstream_unsent_total{" LABELS "} 7");
	check_line("tarn_upstream_quirk{" LABELS ",quirk=\"no_edns\"} 1");
	check_line("tarn_upstream_quirk{" LABELS ",quirk=\"drops_cookies\"} 1");
	check_line("tarn_upstream_rtt_seconds{" LABELS "} 1.234");
	check_line("tarn_upstream_silence_seconds{" LABELS "} 61.002");
	check_line("tarn_upstream_questions_total{server=\"192.0.2.53:53\",zone=\".\"} 0");
	/* It has never answered. */
	ck_assert_ptr_null(strstr(text, "rtt_seconds{server=\"192.0.2.53:53\""));
	ck_assert_ptr_null(strstr(text, "silence_seconds{server=\"192.0.2.53:53\""));
}
END_TEST

START_TEST(server_is_up_while_a_worker_asks_it)
{
	servers[0].dead = 1;
	servers[1].dead = 2;
	servers[1].is_dead = true;
	write_text();
	check_line("tarn_upstream_up{server=\"192.0.2.53:53\",zone=\".\"} 1");
	check_line("tarn_upstream_up{" LABELS "} 0");
	servers[0].is_forward_loop = true;
	write_text();
	check_line("tarn_upstream_up{server=\"192.0.2.53:53\",zone=\".\"} 0");
}
END_TEST

START_TEST(process_says_what_it_takes)
{
	usage = (struct tarn__usage){
		.resident_octets = 4096, .cpu_us = 61000002, .files = 12, .files_max = 1024};
	write_text();
	check_line("process_resident_memory_bytes 4096");
	check_line("process_cpu_seconds_total 61.000002");
	check_line("process_open_fds 12");
	check_line("process_max_fds 1024");
	/* Where there is no /proc. */
	usage = (struct tarn__usage){.cpu_us = 1};
	write_text();
	check_line("process_cpu_seconds_total 0.000001");
	ck_assert_ptr_null(strstr(text, "process_resident"));
	ck_assert_ptr_null(strstr(text, "_fds"));
}
END_TEST

START_TEST(validation_has_lines_only_where_it_is_on)
{
	struct tarn__validation_counts *counts = &totals.questions.validation;
	counts->secure = 1;
	counts->indeterminate = 2;
	counts->codes[TARN__EDE_SIGNATURE_EXPIRED] = 3;
	counts->codes[TARN__EDE_OTHER] = 4;
	counts->verifications = 5;
	counts->limits = 6;
	counts->undated = 7;
	counts->trusts = 8;
	totals.questions.trust_lookups = 9;
	servers[1].strips = true;
	write_text();
	ck_assert_ptr_null(strstr(text, "dnssec"));
	ck_assert_ptr_null(strstr(text, "strips"));
	totals.validates = true;
	write_text();
	check_line("tarn_dnssec_answers_total{status=\"secure\"} 1");
	check_line("tarn_dnssec_answers_total{status=\"bogus\"} 0");
	check_line("tarn_dnssec_answers_total{status=\"indeterminate\"} 2");
	check_line("tarn_dnssec_bogus_total{ede=\"7\"} 3");
	check_line("tarn_dnssec_bogus_total{ede=\"9\"} 0");
	check_line("tarn_dnssec_bogus_total{ede=\"0\"} 4");
	ck_assert_ptr_null(strstr(text, "ede=\"22\""));
	check_line("tarn_dnssec_verifications_total 5");
	check_line("tarn_dnssec_limits_total 6");
	check_line("tarn_dnssec_undated_total 7");
	check_line("tarn_dnssec_trust_lookups_total 8");
	check_line("tarn_dnssec_trust_lookups_active 9");
	check_line("tarn_upstream_quirk{" LABELS ",quirk=\"strips_signatures\"} 1");
}
END_TEST

START_TEST(certificates_and_what_needs_them_have_lines)
{
	write_text();
	ck_assert_ptr_null(strstr(text, "tarn_certificate"));
	certificates = (struct tarn__certificates_state){
		.count = 1,
		.items[0] = {.file = "/etc/tarn/a.pem", .says.until_sec = 1800000000},
		.loaded_s = 1700000000,
		.loads = 3,
		.failures = 2,
	};
	totals.tls.handshakes_resumed = 4;
	totals.https.stalled_closed = 5;
	totals.https.connections = 6;
	write_text();
	certificates.count = 0;
	check_line("tarn_certificate_not_after_seconds{file=\"/etc/tarn/a.pem\"} 1800000000");
	check_line("tarn_certificates_loaded_seconds 1700000000");
	check_line("tarn_certificate_loads_total{result=\"taken\"} 3");
	check_line("tarn_certificate_loads_total{result=\"refused\"} 2");
	check_line("tarn_tls_handshakes_total{transport=\"tls\",result=\"resumed\"} 4");
	check_line("tarn_tls_closed_total{transport=\"https\",reason=\"stalled\"} 5");
	check_line("tarn_tls_connections{transport=\"https\"} 6");
	check_line("tarn_tls_accepted_total{transport=\"tls\"} 0");
}
END_TEST

START_TEST(second_level_has_lines_only_where_there_is_one)
{
	struct tarn__second_counts *counts = &totals.questions.second;
	counts->results[TARN__SECOND_THERE] = 5;
	counts->results[TARN__SECOND_MOVED] = 1;
	counts->put_results[TARN__SECOND_ABSENT] = 6;
	counts->put_results[TARN__SECOND_MEMORY] = 2;
	counts->rejected[TARN__SECOND_FUTURE] = 3;
	counts->skipped_breaker = 4;
	counts->connected_now = 2;
	counts->ready_now = 1;
	counts->open_now = 1;
	counts->flushes_rejected = 7;
	counts->octets_put = 8;
	tarn__latency_add(&counts->latency, 900);
	tarn__latency_add(&counts->latency, 1500);
	tarn__latency_add(&counts->latency, 6000000);
	write_text();
	ck_assert_ptr_null(strstr(text, "tarn_shared"));
	totals.has_second = true;
	write_text();
	check_line("tarn_shared_threads 3");
	check_line("tarn_shared_connected 2");
	check_line("tarn_shared_ready 1");
	check_line("tarn_shared_breaker_open 1");
	check_line("tarn_shared_gets_total{result=\"there\"} 5");
	check_line("tarn_shared_gets_total{result=\"absent\"} 0");
	check_line("tarn_shared_gets_total{result=\"moved\"} 1");
	check_line("tarn_shared_puts_total{result=\"done\"} 6");
	check_line("tarn_shared_puts_total{result=\"memory\"} 2");
	check_line("tarn_shared_rejected_total{reason=\"future\"} 3");
	check_line("tarn_shared_skipped_total{reason=\"breaker\"} 4");
	check_line("tarn_shared_flushes_total{result=\"rejected\"} 7");
	check_line("tarn_shared_value_bytes_total{direction=\"put\"} 8");
	check_line("tarn_shared_latency_seconds_bucket{le=\"0.001\"} 1");
	check_line("tarn_shared_latency_seconds_bucket{le=\"0.002\"} 2");
	check_line("tarn_shared_latency_seconds_bucket{le=\"5\"} 2");
	check_line("tarn_shared_latency_seconds_bucket{le=\"+Inf\"} 3");
	check_line("tarn_shared_latency_seconds_sum 6.002400");
	check_line("tarn_shared_latency_seconds_count 3");
}
END_TEST

START_TEST(file_of_the_cache_has_lines_only_where_there_is_one)
{
	write_text();
	ck_assert_ptr_null(strstr(text, "tarn_snapshot"));
	cache_file = (struct tarn__cache_file_state){.phase = TARN__CACHE_FILE_READY,
						     .loaded = {.loaded = 5, .faulty = 6},
						     .load_us = 1500000,
						     .saves = 2,
						     .failures = 3};
	write_text();
	check_line("tarn_snapshot_entries 0");
	check_line("tarn_snapshot_saves_total{result=\"failed\"} 3");
	check_line("tarn_snapshot_loaded_entries{result=\"fresh\"} 5");
	check_line("tarn_snapshot_loaded_entries{result=\"faulty\"} 6");
	check_line("tarn_snapshot_load_seconds 1.500000");
	/* Nothing was saved yet, and nothing loaded. */
	ck_assert_ptr_null(strstr(text, "tarn_snapshot_age_seconds"));
	cache_file.saved_s = time(NULL) + 10;
	cache_file.entries = 7;
	write_text();
	cache_file = (struct tarn__cache_file_state){0};
	check_line("tarn_snapshot_entries 7");
	check_line("tarn_snapshot_age_seconds 0");
}
END_TEST

START_TEST(labels_are_escaped)
{
	servers[0].zone = "a\"b\\046c\n.";
	write_text();
	check_line("tarn_upstream_up{server=\"192.0.2.53:53\",zone=\"a\\\"b\\\\046c\\n.\"} 1");
}
END_TEST

START_TEST(no_servers_and_no_workers_are_no_fault)
{
	memset(&totals, 0, sizeof(totals));
	write_text();
	check_line("tarn_workers 0");
	ck_assert_ptr_null(strstr(text, "server="));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("metrics");
	TCase *tcase = tcase_create("metrics");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, numbers_are_lines);
	tcase_add_test(tcase, each_stage_of_the_policy_has_a_line);
	tcase_add_test(tcase, lists_have_lines_by_their_names);
	tcase_add_test(tcase, types_are_there_once_they_were_asked_for);
	tcase_add_test(tcase, answers_at_once_are_in_every_bucket_of_time);
	tcase_add_test(tcase, server_is_named_with_its_zone);
	tcase_add_test(tcase, server_is_up_while_a_worker_asks_it);
	tcase_add_test(tcase, process_says_what_it_takes);
	tcase_add_test(tcase, validation_has_lines_only_where_it_is_on);
	tcase_add_test(tcase, certificates_and_what_needs_them_have_lines);
	tcase_add_test(tcase, second_level_has_lines_only_where_there_is_one);
	tcase_add_test(tcase, file_of_the_cache_has_lines_only_where_there_is_one);
	tcase_add_test(tcase, labels_are_escaped);
	tcase_add_test(tcase, no_servers_and_no_workers_are_no_fault);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
