/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/tls/test_sessions.c: sessions are resumed, once each, at any server with the same ticket keys (RFC 8446
 * section 4.6.1 and appendix C.4).
 */
#include "support/tls_world.h"
#include "support/unit.h"
#include "tls/ticket_keys.h"

static struct tarn__tls_sessions sessions;

static void set_up(void)
{
	sessions = (struct tarn__tls_sessions){{NULL}};
}

static void tear_down(void)
{
	tarn__tls_sessions_forget(&sessions);
}

static size_t count_sessions(void)
{
	size_t count = 0;
	for (size_t i = 0; i < TARN__TLS_SESSIONS; i++)
		count += sessions.items[i] != NULL;
	return count;
}

/* One connection, with a question and an answer. Returns true if it has resumed a session. */
static bool is_resumed_at(struct tarn__tls_server *server)
{
	struct ends ends;
	open_ends_of(&ends, world.client, server, &dns_example, &sessions);
	secure_ends(&ends);
	expect_open(&ends);
	expect_carried(ends.near, ends.far, "question");
	expect_carried(ends.far, ends.near, "answer");
	bool is_resumed = tarn__tls_is_resumed(ends.near);
	ck_assert_int_eq(tarn__tls_is_resumed(ends.far), is_resumed);
	close_ends(&ends);
	return is_resumed;
}

START_TEST(second_connection_resumes_the_first)
{
	ck_assert(!is_resumed_at(world.server));
	ck_assert_uint_eq(count_sessions(), 1);
	for (int i = 0; i < 5; i++) {
		ck_assert(is_resumed_at(world.server));
		ck_assert_uint_eq(count_sessions(), 1);
	}
}
END_TEST

/* Two connections at once have one ticket: the other makes a full handshake. */
START_TEST(ticket_is_used_once)
{
	struct ends a, b;
	ck_assert(!is_resumed_at(world.server));
	open_ends_of(&a, world.client, world.server, &dns_example, &sessions);
	ck_assert_uint_eq(count_sessions(), 0);
	open_ends_of(&b, world.client, world.server, &dns_example, &sessions);
	secure_ends(&a);
	secure_ends(&b);
	expect_open(&a);
	expect_open(&b);
	ck_assert(tarn__tls_is_resumed(a.near));
	ck_assert(!tarn__tls_is_resumed(b.near));
	expect_carried(a.far, a.near, "answer");
	expect_carried(b.far, b.near, "answer");
	ck_assert_uint_eq(count_sessions(), 2);
	close_ends(&a);
	close_ends(&b);
	ck_assert(is_resumed_at(world.server));
}
END_TEST

START_TEST(last_two_are_kept)
{
	enum { COUNT = 5 };
	struct ends all[COUNT];
	for (int i = 0; i < COUNT; i++) {
		open_ends_of(&all[i], world.client, world.server, &dns_example, &sessions);
		secure_ends(&all[i]);
	}
	for (int i = 0; i < COUNT; i++) {
		expect_carried(all[i].far, all[i].near, "answer");
		ck_assert_uint_eq(count_sessions(), i == 0 ? 1 : 2);
		close_ends(&all[i]);
	}
	tarn__tls_sessions_forget(&sessions);
	ck_assert_uint_eq(count_sessions(), 0);
	ck_assert(!is_resumed_at(world.server));
}
END_TEST

START_TEST(none_are_kept_where_none_are_wanted)
{
	struct ends ends;
	open_ends(&ends);
	secure_ends(&ends);
	expect_carried(ends.far, ends.near, "answer");
	close_ends(&ends);
	ck_assert_uint_eq(count_sessions(), 0);
}
END_TEST

/* One that was cut off is as good: servers close without a word. */
START_TEST(session_of_a_broken_connection_is_resumed)
{
	struct ends ends;
	char got[16];
	open_ends_of(&ends, world.client, world.server, &dns_example, &sessions);
	secure_ends(&ends);
	expect_carried(ends.far, ends.near, "answer");
	ends.below[0].error = ECONNRESET;
	ck_assert_int_eq(recv_on(ends.near, got, sizeof(got)), -1);
	close_ends(&ends);
	ck_assert(is_resumed_at(world.server));
}
END_TEST

/* An hour is the limit of tarn, which the server's lifetime may be above. */
START_TEST(old_session_is_not_resumed)
{
	enum { AGE_MAX_SEC = 3600 };
	ck_assert(!is_resumed_at(world.server));
	SSL_SESSION_set_time(sessions.items[0], (long)time(NULL) - AGE_MAX_SEC + 5);
	ck_assert(is_resumed_at(world.server));
	SSL_SESSION_set_time(sessions.items[0], (long)time(NULL) - AGE_MAX_SEC);
	ck_assert(!is_resumed_at(world.server));
	ck_assert_uint_eq(count_sessions(), 1);
}
END_TEST

/* Those that a clock in the future has made are not kept for ever. */
START_TEST(session_of_the_future_is_not_resumed)
{
	ck_assert(!is_resumed_at(world.server));
	SSL_SESSION_set_time(sessions.items[0], (long)time(NULL) + 100);
	ck_assert(!is_resumed_at(world.server));
}
END_TEST

/* Of another worker, or with the certificate that has come since. */
START_TEST(any_server_with_the_same_keys_resumes)
{
	struct certificate *made = certificate_new(&(struct certificate_plan){
		.names = "DNS:dns.example", .key = KEY_P384, .issuer = world.ca});
	struct tarn__tls_server *other = make_server(made, world.keys);
	ck_assert(!is_resumed_at(world.server));
	ck_assert(is_resumed_at(other));
	ck_assert(is_resumed_at(world.server));
	tarn__tls_server_put(other);
	certificate_free(made);
}
END_TEST

/* It is a full handshake and no failure. */
START_TEST(server_with_other_keys_does_not_resume)
{
	struct tarn__tls_ticket_keys *keys = tarn__tls_ticket_keys_new();
	struct tarn__tls_server *other = make_server(world.own, keys);
	ck_assert(!is_resumed_at(world.server));
	ck_assert(!is_resumed_at(other));
	ck_assert(is_resumed_at(other));
	tarn__tls_server_put(other);
	tarn__tls_ticket_keys_free(keys);
}
END_TEST

/* A server that has lost its keys refuses the other session too. */
START_TEST(refused_session_takes_the_others_with_it)
{
	struct ends a, b;
	open_ends_of(&a, world.client, world.server, &dns_example, &sessions);
	open_ends_of(&b, world.client, world.server, &dns_example, &sessions);
	secure_ends(&a);
	secure_ends(&b);
	expect_carried(a.far, a.near, "answer");
	expect_carried(b.far, b.near, "answer");
	close_ends(&a);
	close_ends(&b);
	ck_assert_uint_eq(count_sessions(), 2);
	struct tarn__tls_ticket_keys *keys = tarn__tls_ticket_keys_new();
	struct tarn__tls_server *other = make_server(world.own, keys);
	ck_assert(!is_resumed_at(other));
	ck_assert_uint_eq(count_sessions(), 1);
	ck_assert(is_resumed_at(other));
	tarn__tls_server_put(other);
	tarn__tls_ticket_keys_free(keys);
}
END_TEST

START_TEST(two_rotations_are_survived)
{
	struct tarn__tls_ticket_keys *keys = tarn__tls_ticket_keys_new();
	struct tarn__tls_server *server = make_server(world.own, keys);
	ck_assert(!is_resumed_at(server));
	for (int i = 0; i < _i; i++)
		tarn__tls_ticket_keys_rotate(keys);
	ck_assert_int_eq(is_resumed_at(server), _i <= 2);
	/* The new ticket has the new key. */
	ck_assert(is_resumed_at(server));
	tarn__tls_server_put(server);
	tarn__tls_ticket_keys_free(keys);
}
END_TEST

START_TEST(server_without_keys_gives_no_tickets)
{
	struct tarn__tls_server *server = make_server(world.own, NULL);
	ck_assert(!is_resumed_at(server));
	ck_assert_uint_eq(count_sessions(), 0);
	ck_assert(!is_resumed_at(server));
	tarn__tls_server_put(server);
}
END_TEST

START_TEST(connection_outlives_its_client_and_its_server)
{
	struct tarn__tls_client *client = make_client(world.ca, 0, 0);
	struct tarn__tls_server *server = make_server(world.own, world.keys);
	ck_assert_ptr_eq(tarn__tls_client_get(client), client);
	ck_assert_ptr_eq(tarn__tls_server_get(server), server);
	tarn__tls_client_put(client);
	tarn__tls_server_put(server);
	struct ends ends;
	open_ends_of(&ends, client, server, &dns_example, &sessions);
	tarn__tls_client_put(client);
	tarn__tls_server_put(server);
	secure_ends(&ends);
	expect_open(&ends);
	expect_carried(ends.far, ends.near, "answer");
	close_ends(&ends);
	ck_assert_uint_eq(count_sessions(), 1);
}
END_TEST

/* ---- with an end that is libssl's ------------------------------------------------------------ */

static SSL_SESSION *offered;
static int offers;

static int keep_offer(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl;
	if (offered)
		SSL_SESSION_free(offered);
	offered = session;
	offers++;
	return 1;
}

/* One ticket for each handshake, for two hours, and no early data (RFC 8446 section 8). */
START_TEST(server_offers_one_ticket_without_early_data)
{
	enum { LIFETIME_SEC = 7200 };
	struct memory_pipe below[2];
	struct raw raw;
	char got[16];
	SSL_SESSION *first = NULL;
	offers = 0;
	for (int i = 0; i < 2; i++) {
		SSL_CTX *context = make_raw_context(false, NULL);
		SSL_CTX_set_session_cache_mode(context,
					       SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
		SSL_CTX_sess_set_new_cb(context, keep_offer);
		if (_i == 0)
			SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
		memory_pipes_init(below);
		open_raw(&raw, context, &below[0]);
		if (first)
			ck_assert_int_eq(SSL_set_session(raw.ssl, first), 1);
		struct tarn__tls *tls = tarn__tls_accept(world.server, "dot", &below[1].pipe);
		secure_with_raw(tls, &raw);
		ck_assert_int_eq(tarn__tls_state(tls), TARN__TLS_OPEN);
		ck_assert_int_eq(send_on(tls, "answer", 6), 6);
		ck_assert_int_eq(recv_raw(&raw, got, sizeof(got)), 6);
		/* In 1.2 the library does not tell of the second one. */
		ck_assert_int_eq(offers, _i == 0 ? 1 : i + 1);
		ck_assert_int_eq(SSL_session_reused(raw.ssl), i);
		ck_assert_int_eq(tarn__tls_is_resumed(tls), i);
		ck_assert_uint_eq(SSL_SESSION_get_max_early_data(offered), 0);
		ck_assert_uint_eq(SSL_SESSION_get_ticket_lifetime_hint(offered), LIFETIME_SEC);
		tarn__tls_free(tls);
		if (i == 0)
			first = SSL_get1_session(raw.ssl);
		SSL_shutdown(raw.ssl);
		close_raw(&raw);
		memory_pipes_fini(below);
	}
	SSL_SESSION_free(first);
	SSL_SESSION_free(offered);
	offered = NULL;
}
END_TEST

/* One context for all: it has the keys. */
static bool is_resumed_with_raw(SSL_CTX *context, const struct tarn__tls_identity *identity)
{
	struct memory_pipe below[2];
	struct raw raw;
	char got[16];
	memory_pipes_init(below);
	SSL_CTX_up_ref(context);
	open_raw(&raw, context, &below[1]);
	struct tarn__tls *tls =
		tarn__tls_connect(world.client, identity, &sessions, &below[0].pipe);
	secure_with_raw(tls, &raw);
	ck_assert_str_eq(tarn__tls_fault(tls), "");
	send_raw(&raw, "answer");
	ck_assert_int_eq(recv_on(tls, got, sizeof(got)), 6);
	bool is_resumed = tarn__tls_is_resumed(tls);
	tarn__tls_free(tls);
	close_raw(&raw);
	memory_pipes_fini(below);
	return is_resumed;
}

START_TEST(sessions_of_tls_1_2_are_resumed)
{
	SSL_CTX *context = make_raw_context(true, world.own);
	SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
	ck_assert(!is_resumed_with_raw(context, &dns_example));
	ck_assert_uint_eq(count_sessions(), 1);
	for (int i = 0; i < 3; i++)
		ck_assert(is_resumed_with_raw(context, &dns_example));
	ck_assert_uint_eq(count_sessions(), 1);
	SSL_CTX_free(context);
}
END_TEST

/* What has been verified stays so: with a pin, too. */
START_TEST(session_of_a_pinned_server_is_resumed)
{
	uint8_t pin[1][TARN__TLS_PIN_LEN];
	struct certificate *made = certificate_new(&(struct certificate_plan){.names = NULL});
	SSL_CTX *context = make_raw_context(true, made);
	certificate_pin(made, pin[0]);
	struct tarn__tls_identity identity = {.pins = pin, .pin_count = 1};
	ck_assert(!is_resumed_with_raw(context, &identity));
	ck_assert(is_resumed_with_raw(context, &identity));
	SSL_CTX_free(context);
	certificate_free(made);
}
END_TEST

/* ---- the keys themselves --------------------------------------------------------------------- */

START_TEST(key_is_found_by_its_name_until_the_third_rotation)
{
	struct tarn__tls_ticket_keys *keys = tarn__tls_ticket_keys_new();
	struct tarn__ticket_key first, key;
	tarn__ticket_keys_newest(keys, &first);
	for (int i = 0; i < 5; i++) {
		ck_assert_int_eq(tarn__ticket_keys_find(keys, first.name, &key), i <= 2);
		if (i <= 2)
			ck_assert_mem_eq(&key, &first, sizeof(key));
		tarn__ticket_keys_newest(keys, &key);
		ck_assert_int_eq(memcmp(&key, &first, sizeof(key)) == 0, i == 0);
		tarn__tls_ticket_keys_rotate(keys);
	}
	/* What has not been made yet is not found. */
	memset(first.name, 0, sizeof(first.name));
	ck_assert(!tarn__ticket_keys_find(keys, first.name, &key));
	tarn__tls_ticket_keys_free(keys);
	tarn__tls_ticket_keys_free(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sessions");
	TCase *resuming = tcase_create("resuming");
	tcase_add_unchecked_fixture(resuming, make_world, end_world);
	tcase_add_checked_fixture(resuming, set_up, tear_down);
	tcase_add_test(resuming, second_connection_resumes_the_first);
	tcase_add_test(resuming, ticket_is_used_once);
	tcase_add_test(resuming, last_two_are_kept);
	tcase_add_test(resuming, none_are_kept_where_none_are_wanted);
	tcase_add_test(resuming, session_of_a_broken_connection_is_resumed);
	tcase_add_test(resuming, old_session_is_not_resumed);
	tcase_add_test(resuming, session_of_the_future_is_not_resumed);
	tcase_add_test(resuming, any_server_with_the_same_keys_resumes);
	tcase_add_test(resuming, server_with_other_keys_does_not_resume);
	tcase_add_test(resuming, refused_session_takes_the_others_with_it);
	tcase_add_loop_test(resuming, two_rotations_are_survived, 0, 5);
	tcase_add_test(resuming, server_without_keys_gives_no_tickets);
	tcase_add_test(resuming, connection_outlives_its_client_and_its_server);
	tcase_add_loop_test(resuming, server_offers_one_ticket_without_early_data, 0, 2);
	tcase_add_test(resuming, sessions_of_tls_1_2_are_resumed);
	tcase_add_test(resuming, session_of_a_pinned_server_is_resumed);
	tcase_add_test(resuming, key_is_found_by_its_name_until_the_third_rotation);
	suite_add_tcase(suite, resuming);
	return unit_run(suite);
}
