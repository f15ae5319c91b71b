/* SPDX-License-Identifier: BSD-2-Clause */
/* net/upstream/: questions on their way to encrypted servers, on a clock of the test's own. */

#include "config.h"

#include "net/upstream/carrier.h"

#include "core/forward/endpoint.h"
#include "net/clock.h"
#include "net/random.h"
#include "net/upstream/cares.h"
#include "net/upstream/lines.h"
#include "net/upstream/secure_server.h"
#include "support/secure_fake.h"
#include "support/unit.h"

enum { MANY = 1000, START_MS = 1000000, STEP_MS = 10 };

/* What became of an exchange. */
struct asked {
	struct tarn_exchange exchange;
	uint8_t wire[300];
	int calls, error;
	char fault[TARN__TLS_FAULT_MAX];
	size_t len;
	uint8_t answer[512];
};

static struct ev_loop *loop;
static struct tarn__random randomness;
static struct secure_fake fake, other;
static struct tarn__carrier *carrier;
static struct tarn__config *config;
static struct tarn__endpoint *endpoint;
static ev_prepare prepare;
static uint64_t now_ms;
static size_t called, good; /* exchanges called back; with an answer */
static struct asked *many;
static size_t faults;
static struct tarn__carrier_fault last_fault;
static char last_words[TARN__TLS_FAULT_MAX];

uint64_t __wrap_tarn__clock_ms(void);

uint64_t __wrap_tarn__clock_ms(void)
{
	return now_ms;
}

static void on_prepare(struct ev_loop *l, ev_prepare *watcher, int events)
{
	(void)l;
	(void)watcher;
	(void)events;
	while (tarn__carrier_run(carrier, now_ms) == 0)
		;
}

static void on_fault(void *arg, const struct tarn__carrier_fault *fault)
{
	(void)arg;
	faults++;
	last_fault = *fault;
	snprintf(last_words, sizeof(last_words), "%s", fault->fault);
}

/* ---- the world ----------------------------------------------------------------------------- */

static struct tarn_traits traits_over(enum tarn__transport transport, const char *name)
{
	return (struct tarn_traits){.transport = (enum tarn_transport)transport, .name = name};
}

/* A configuration whose root has these servers. */
static struct tarn__config *make_config(const struct tarn_address *addresses,
					const struct tarn_traits *traits, size_t count)
{
	char fault[TARN__CONFIG_FAULT_MAX];
	struct tarn_options options = {
		.upstreams = addresses, .traits = traits, .upstream_count = count};
	struct tarn__config *made = tarn__config_new(&options, NULL, NULL, fault);
	ck_assert_msg(made, "%s", fault);
	tarn__tls_client_put(made->tls);
	made->tls = tarn__tls_client_get(world.client);
	return made;
}

static void set_config(struct tarn__config *made)
{
	tarn__carrier_set_config(carrier, made);
	tarn__config_put(config);
	config = made;
	endpoint = config->zones[0]->endpoints[0];
}

static void set_up_over(enum tarn__transport transport, const char *name)
{
	const char *version;
	ck_assert_int_eq(tarn__cares_init(&version), 0);
	now_ms = START_MS;
	called = good = faults = 0;
	make_world();
	loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	secure_fake_init(&fake, loop, transport, secure_answer);
	struct tarn_traits traits = traits_over(transport, name);
	config = make_config(&fake.address, &traits, 1);
	endpoint = config->zones[0]->endpoints[0];
	carrier = tarn__carrier_new(loop, config, &randomness);
	ck_assert_ptr_nonnull(carrier);
	tarn__carrier_on_fault(carrier, on_fault, NULL);
	ev_prepare_init(&prepare, on_prepare);
	ev_prepare_start(loop, &prepare);
	many = calloc(MANY, sizeof(many[0]));
}

static void set_up(void)
{
	set_up_over(TARN__TLS, "dns.example");
}

static void set_up_http(void)
{
	ck_assert_ptr_null(tarn__http2_load());
	set_up_over(TARN__HTTPS, "dns.example");
}

static void tear_down(void)
{
	tarn__carrier_free(carrier);
	tarn__config_put(config);
	secure_fake_fini(&fake);
	ev_prepare_stop(loop, &prepare);
	ev_loop_destroy(loop);
	end_world();
	free(many);
}

static void on_done(struct tarn_exchange *exchange, int error, const uint8_t *answer, size_t len)
{
	struct asked *asked = (struct asked *)(void *)exchange;
	called++;
	good += error == 0;
	asked->calls++;
	asked->error = error;
	asked->len = len;
	if (error == 0)
		memcpy(asked->answer, answer, len < sizeof(asked->answer) ? len : 0);
	snprintf(asked->fault, sizeof(asked->fault), "%s", exchange->fault ? exchange->fault : "");
	ev_break(loop, EVBREAK_ONE);
}

static void start_at(struct tarn__endpoint *to, struct asked *asked)
{
	static uint16_t id;
	char name[32];
	asked->calls = 0;
	snprintf(name, sizeof(name), "n%u.example", ++id);
	asked->exchange = (struct tarn_exchange){
		.done = on_done,
		.endpoint = to,
		.transport = (enum tarn__transport)to->traits.transport,
		.wire = asked->wire,
		.len = write_query(asked->wire, id, name, TARN__TYPE_A),
	};
	ck_assert_int_eq(tarn__carrier_send(carrier, &asked->exchange), 0);
	ck_assert_int_eq(asked->calls, 0);
}

static void start(struct asked *asked)
{
	start_at(endpoint, asked);
}

static void start_many(size_t count)
{
	ck_assert_uint_le(count, MANY);
	for (size_t i = 0; i < count; i++)
		start(&many[i]);
}

static bool are_called(void *count)
{
	return called >= *(size_t *)count;
}

static void wait_until_called(size_t count)
{
	run_until(loop, are_called, &count);
}

static void wait_for(struct asked *asked)
{
	bool has_been_called(void *arg);
	size_t before = called;
	(void)before;
	while (asked->calls == 0)
		wait_until_called(called + 1);
	ck_assert_int_eq(asked->calls, 1);
}

static void ask(struct asked *asked)
{
	start(asked);
	wait_for(asked);
}

static void expect_good(const struct asked *asked)
{
	ck_assert_int_eq(asked->error, 0);
	ck_assert_mem_eq(asked->answer, asked->wire, 2);
	ck_assert_uint_eq(asked->answer[7], 1);
}

static bool are_held(void *count)
{
	return fake.held_count >= *(size_t *)count;
}

static void wait_until_held(size_t count)
{
	run_until(loop, are_held, &count);
}

static bool are_secured(void *count)
{
	return fake.secured >= *(size_t *)count;
}

static void wait_until_secured(size_t count)
{
	run_until(loop, are_secured, &count);
	run_dry(loop);
}

/* Time passes, in steps in which everything that is due happens. */
static void pass(uint64_t span_ms)
{
	for (uint64_t end_ms = now_ms + span_ms; now_ms < end_ms; now_ms += STEP_MS)
		run_dry(loop);
	run_dry(loop);
}

static void cancel(size_t first, size_t count)
{
	for (size_t i = first; i < first + count; i++)
		tarn__carrier_cancel(carrier, &many[i].exchange);
	run_dry(loop);
}

static const struct tarn__carrier_stats *stats(void)
{
	return tarn__carrier_stats(carrier);
}

/* ---- questions and answers ------------------------------------------------------------------ */

START_TEST(question_is_answered)
{
	ask(&many[0]);
	expect_good(&many[0]);
	ck_assert_uint_eq(fake.secured, 1);
	ck_assert_uint_eq(stats()->handshakes, 1);
	ck_assert_uint_eq(stats()->opened[fake.transport], 1);
}
END_TEST

/* RFC 7858 section 3.4 */
START_TEST(questions_in_a_row_share_a_connection)
{
	for (size_t i = 0; i < 50; i++) {
		ask(&many[0]);
		expect_good(&many[0]);
	}
	ck_assert_uint_eq(fake.accepted, 1);
}
END_TEST

START_TEST(answers_come_in_any_order)
{
	fake.on_query = secure_hold;
	start_many(20);
	wait_until_held(20);
	secure_release(&fake);
	wait_until_called(20);
	for (size_t i = 0; i < 20; i++)
		expect_good(&many[i]);
	ck_assert_uint_eq(fake.accepted, 1);
}
END_TEST

START_TEST(five_hundred_questions_at_once_are_answered_over_a_handful_of_connections)
{
	fake.on_query = secure_hold;
	start_many(500);
	wait_until_held(500);
	now_ms += 200;
	secure_release(&fake);
	wait_until_called(500);
	ck_assert_uint_eq(good, 500);
	ck_assert_uint_le(fake.accepted, 4);
}
END_TEST

START_TEST(second_connection_is_opened_from_sixty_four_questions_on)
{
	fake.on_query = secure_hold;
	ask_first:
	start(&many[0]);
	wait_until_held(1);
	for (size_t i = 1; i < 64; i++)
		start(&many[i]);
	wait_until_held(64);
	ck_assert_uint_eq(fake.accepted, 1);
	start(&many[64]);
	wait_until_held(65);
	ck_assert_uint_eq(fake.accepted, 2);
	if (false)
		goto ask_first;
	cancel(0, 65);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("secure_carrier");
	TCase *answers = tcase_create("answers");
	tcase_add_checked_fixture(answers, set_up, tear_down);
	tcase_add_test(answers, question_is_answered);
	tcase_add_test(answers, questions_in_a_row_share_a_connection);
	tcase_add_test(answers, answers_come_in_any_order);
	tcase_add_test(answers,
		       five_hundred_questions_at_once_are_answered_over_a_handful_of_connections);
	tcase_add_test(answers, second_connection_is_opened_from_sixty_four_questions_on);
	suite_add_tcase(suite, answers);
	return unit_run(suite);
}
