/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/tls/test_identity.c: which certificates a server may have (RFC 8310 section 8.1, RFC 9525), and what
 * is said of the others.
 */
#include "support/tls_world.h"
#include "support/unit.h"
#include "tls/words.h"

enum { DAY = 86400, YEAR = 365 * DAY };

static const uint8_t address4[] = {192, 0, 2, 1}, other4[] = {192, 0, 2, 2};
static const uint8_t address6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};

/* A connection to a server with a certificate of any kind. */
struct call {
	struct memory_pipe below[2];
	struct tarn__tls *tls;
	struct raw server;
};

static void open_call(struct call *call, struct tarn__tls_client *client, SSL_CTX *server,
		      const struct tarn__tls_identity *identity)
{
	memory_pipes_init(call->below);
	open_raw(&call->server, server, &call->below[1]);
	call->tls = tarn__tls_connect(client, identity, NULL, &call->below[0].pipe);
	ck_assert_ptr_nonnull(call->tls);
	secure_with_raw(call->tls, &call->server);
}

static void close_call(struct call *call)
{
	tarn__tls_free(call->tls);
	close_raw(&call->server);
	memory_pipes_fini(call->below);
}

/* fault: NULL if the server is to be accepted. */
static void expect_of(struct tarn__tls_client *client, const struct certificate *made,
		      const struct tarn__tls_identity *identity, const char *fault)
{
	struct call call;
	open_call(&call, client, make_raw_context(true, made), identity);
	if (fault) {
		expect_failed(call.tls, TARN__TLS_CERTIFICATE, fault);
	} else {
		ck_assert_str_eq(tarn__tls_fault(call.tls), "");
		ck_assert_int_eq(tarn__tls_state(call.tls), TARN__TLS_OPEN);
	}
	close_call(&call);
}

static const struct {
	struct certificate_plan plan; /* issued by the CA */
	struct tarn__tls_identity identity;
	const char *fault;
} signed_ones[] = {
	{{.names = "DNS:dns.example"}, {.name = "dns.example"}, NULL},
	{{.names = "DNS:a.example,DNS:dns.example"}, {.name = "dns.example"}, NULL},
	{{.names = "DNS:DNS.Example"}, {.name = "dns.example"}, NULL},
	{{.names = "DNS:dns.example", .key = KEY_P384}, {.name = "dns.example"}, NULL},
	{{.names = "DNS:dns.example", .key = KEY_ED25519}, {.name = "dns.example"}, NULL},
	{{.names = "DNS:dns.example", .key = KEY_RSA_2048}, {.name = "dns.example"}, NULL},
	{{.names = "DNS:dns.example", .usage = ""}, {.name = "dns.example"}, NULL},
	{{.names = "DNS:dns.example", .usage = "clientAuth,serverAuth"},
	 {.name = "dns.example"},
	 NULL},
	{{.names = "DNS:other.example"},
	 {.name = "dns.example"},
	 "certificate is for other.example, not dns.example"},
	{{.names = "DNS:other.example,IP:192.0.2.1"},
	 {.name = "dns.example", .address = address4, .address_len = 4},
	 "certificate is for other.example, 192.0.2.1, not dns.example"},
	/* The Common Name is none. */
	{{.common_name = "dns.example"},
	 {.name = "dns.example"},
	 "certificate is for no name, not dns.example"},
	{{.common_name = "dns.example", .names = "DNS:other.example"},
	 {.name = "dns.example"},
	 "certificate is for other.example, not dns.example"},
	/* A wildcard is one whole label, the left-most (RFC 9525 section 6.3). */
	{{.names = "DNS:*.dns.example"}, {.name = "a.dns.example"}, NULL},
	{{.names = "DNS:*.dns.example"},
	 {.name = "b.a.dns.example"},
	 "certificate is for *.dns.example, not b.a.dns.example"},
	{{.names = "DNS:*.dns.example"},
	 {.name = "dns.example"},
	 "certificate is for *.dns.example, not dns.example"},
	{{.names = "DNS:a*.dns.example"},
	 {.name = "ab.dns.example"},
	 "certificate is for a*.dns.example, not ab.dns.example"},
	{{.names = "DNS:a.*.example"},
	 {.name = "a.dns.example"},
	 "certificate is for a.*.example, not a.dns.example"},
	{{.names = "DNS:dns.example", .usage = "clientAuth"},
	 {.name = "dns.example"},
	 "certificate is not for servers"},
	{{.names = "DNS:dns.example", .is_sha1 = true},
	 {.name = "dns.example"},
	 "certificate is signed with a hash that is too weak"},
	{{.names = "DNS:dns.example", .key = KEY_RSA_1024},
	 {.name = "dns.example"},
	 "key is too small"},
	/* Without a name it is the address. */
	{{.names = "IP:192.0.2.1"}, {.address = address4, .address_len = 4}, NULL},
	{{.names = "IP:2001:db8::1"}, {.address = address6, .address_len = 16}, NULL},
	{{.names = "IP:192.0.2.1"},
	 {.address = other4, .address_len = 4},
	 "certificate is for 192.0.2.1, not its address"},
	{{.names = "DNS:dns.example,IP:192.0.2.1"},
	 {.address = address6, .address_len = 16},
	 "certificate is for dns.example, 192.0.2.1, not its address"},
	{{.names = "DNS:192.0.2.1"},
	 {.address = address4, .address_len = 4},
	 "certificate is for 192.0.2.1, not its address"},
	/* Nothing is not verified because something was left out. */
	{{.names = "DNS:dns.example"}, {.alpn = "dot"}, "there is no name to check"},
	/* What a peer writes does not reach a log as it is. */
	{{.names = "DNS:a\x1b[2Jb\tc.example"},
	 {.name = "dns.example"},
	 "certificate is for a?[2Jb?c.example, not dns.example"},
};

START_TEST(certificate_fits_the_name_or_the_address)
{
	struct certificate_plan plan = signed_ones[_i].plan;
	plan.issuer = world.ca;
	struct certificate *made = certificate_new(&plan);
	expect_of(world.client, made, &signed_ones[_i].identity, signed_ones[_i].fault);
	certificate_free(made);
}
END_TEST

START_TEST(of_many_names_some_are_shown)
{
	char names[2048] = "";
	for (int i = 0; i < 40; i++)
		sprintf(names + strlen(names), "%sDNS:name-%d.example", i > 0 ? "," : "", i);
	struct certificate *made =
		certificate_new(&(struct certificate_plan){.names = names, .issuer = world.ca});
	struct call call;
	open_call(&call, world.client, make_raw_context(true, made), &dns_example);
	const char *fault = tarn__tls_fault(call.tls);
	ck_assert_ptr_nonnull(strstr(fault, "certificate is for name-0.example, name-1.example, "));
	ck_assert_str_eq(fault + strlen(fault) - 20, "..., not dns.example");
	close_call(&call);
	certificate_free(made);
}
END_TEST

START_TEST(certificate_is_valid_now)
{
	time_t now = time(NULL);
	char date[TARN__DATE_TEXT_MAX], fault[TARN__TLS_FAULT_MAX];
	struct certificate_plan plan = {.names = "DNS:dns.example", .issuer = world.ca};
	if (_i == 0) {
		plan.from_sec = now - YEAR;
		plan.until_sec = now - 5 * DAY;
		snprintf(fault, sizeof(fault), "certificate expired on %s",
			 tarn__words_date(plan.until_sec, date));
	} else {
		plan.from_sec = now + 5 * DAY;
		plan.until_sec = now + YEAR;
		snprintf(fault, sizeof(fault), "certificate is not valid before %s",
			 tarn__words_date(plan.from_sec, date));
	}
	struct certificate *made = certificate_new(&plan);
	expect_of(world.client, made, &dns_example, fault);

	/* The dates are not looked at before a time. */
	struct tarn__tls_client *lenient = make_client(world.ca, (uint32_t)now + DAY, 0);
	expect_of(lenient, made, &dns_example, NULL);
	struct tarn__tls_client *strict = make_client(world.ca, (uint32_t)now - DAY, 0);
	expect_of(strict, made, &dns_example, fault);
	tarn__tls_client_put(lenient);
	tarn__tls_client_put(strict);
	certificate_free(made);
}
END_TEST

START_TEST(clock_that_is_wrong_is_not_the_fault_of_the_server)
{
	time_t now = time(NULL);
	char today[TARN__DATE_TEXT_MAX], date[TARN__DATE_TEXT_MAX], fault[TARN__TLS_FAULT_MAX];
	struct certificate *made =
		certificate_new(&(struct certificate_plan){.names = "DNS:dns.example",
							   .issuer = world.ca,
							   .from_sec = now + 5 * DAY,
							   .until_sec = now + YEAR});
	struct tarn__tls_client *client = make_client(world.ca, 0, (uint32_t)now + DAY);
	struct call call;
	open_call(&call, client, make_raw_context(true, made), &dns_example);
	snprintf(fault, sizeof(fault),
		 "the clock is wrong: it shows %s; certificate is not valid before %s",
		 tarn__words_date(now, today), tarn__words_date(now + 5 * DAY, date));
	expect_failed(call.tls, TARN__TLS_CLOCK, fault);
	close_call(&call);
	tarn__tls_client_put(client);
	certificate_free(made);
}
END_TEST

START_TEST(expired_ca_is_said_to_be_one)
{
	time_t now = time(NULL);
	char date[TARN__DATE_TEXT_MAX], fault[TARN__TLS_FAULT_MAX];
	struct certificate *ca =
		certificate_new(&(struct certificate_plan){.is_ca = true,
							   .common_name = "Old CA",
							   .from_sec = now - YEAR,
							   .until_sec = now - 3 * DAY});
	struct certificate *made = certificate_new(
		&(struct certificate_plan){.names = "DNS:dns.example", .issuer = ca});
	struct tarn__tls_client *client = make_client(ca, 0, 0);
	snprintf(fault, sizeof(fault), "certificate of the CA Old CA expired on %s",
		 tarn__words_date(now - 3 * DAY, date));
	expect_of(client, made, &dns_example, fault);
	tarn__tls_client_put(client);
	certificate_free(made);
	certificate_free(ca);
}
END_TEST

START_TEST(unknown_ca_is_not_trusted)
{
	struct certificate *ca = certificate_new(
		&(struct certificate_plan){.is_ca = true, .common_name = "Nobody's CA"});
	struct certificate *made = certificate_new(
		&(struct certificate_plan){.names = "DNS:dns.example", .issuer = ca});
	expect_of(world.client, made, &dns_example,
		  "certificate is not signed by a trusted CA, but by Nobody's CA");
	certificate_free(made);
	certificate_free(ca);
}
END_TEST

/* A server's certificate that signs another one is no CA. */
START_TEST(issuer_that_is_no_ca_is_not_trusted)
{
	struct certificate *made = certificate_new(
		&(struct certificate_plan){.names = "DNS:dns.example", .issuer = world.own});
	struct call call;
	SSL_CTX *context = make_raw_context(true, made);
	BIO *text = BIO_new_mem_buf(certificate_pem(world.own), -1);
	SSL_CTX_add_extra_chain_cert(context, PEM_read_bio_X509(text, NULL, NULL, NULL));
	BIO_free(text);
	open_call(&call, world.client, context, &dns_example);
	ck_assert_int_eq(tarn__tls_reason(call.tls), TARN__TLS_CERTIFICATE);
	ck_assert_int_eq(tarn__tls_state(call.tls), TARN__TLS_FAILED);
	close_call(&call);
	certificate_free(made);
}
END_TEST

START_TEST(chain_goes_on_to_the_ca)
{
	struct certificate *middle = certificate_new(&(struct certificate_plan){
		.is_ca = true, .common_name = "Middle CA", .issuer = world.ca});
	struct certificate *made = certificate_new(
		&(struct certificate_plan){.names = "DNS:dns.example", .issuer = middle});
	expect_of(world.client, made, &dns_example,
		  "certificate is not signed by a trusted CA, but by Middle CA");
	char chain[8192];
	snprintf(chain, sizeof(chain), "%s%s", certificate_pem(made), certificate_pem(middle));
	struct tarn__tls_pair pair = pair_of(made);
	pair.chain = chain;
	pair.chain_len = strlen(chain);
	char fault[TARN__TLS_FAULT_MAX];
	size_t faulty;
	struct tarn__tls_server *server =
		tarn__tls_server_new(&pair, 1, world.keys, (uint64_t)time(NULL), &faulty, fault);
	ck_assert_ptr_nonnull(server);
	struct ends ends;
	open_ends_of(&ends, world.client, server, &dns_example, NULL);
	secure_ends(&ends);
	expect_open(&ends);
	close_ends(&ends);
	tarn__tls_server_put(server);
	certificate_free(made);
	certificate_free(middle);
}
END_TEST

/* ---- pins (RFC 7858 section 4.2) ------------------------------------------------------------- */

/* Expired, of its own signature, for clients, of another name: the key counts. */
static struct certificate *make_odd(void)
{
	time_t now = time(NULL);
	return certificate_new(&(struct certificate_plan){.names = "DNS:odd.example",
							  .usage = "clientAuth",
							  .from_sec = now - YEAR,
							  .until_sec = now - DAY});
}

START_TEST(self_signed_needs_a_pin)
{
	struct certificate *made =
		certificate_new(&(struct certificate_plan){.names = "DNS:dns.example"});
	expect_of(world.client, made, &dns_example,
		  "certificate is not signed by a trusted CA (it is self-signed)");
	certificate_free(made);
}
END_TEST

START_TEST(pin_alone_takes_the_place_of_all_else)
{
	uint8_t pins[2][TARN__TLS_PIN_LEN];
	struct certificate *made = make_odd(), *backup = make_odd();
	certificate_pin(backup, pins[0]);
	certificate_pin(made, pins[1]);
	struct tarn__tls_identity identity = {
		.address = address4, .address_len = 4, .pins = pins + 1, .pin_count = 1};
	expect_of(world.client, made, &identity, NULL);
	identity.pins = pins;
	expect_of(world.client, made, &identity, "its key is none of the pins");
	/* Any of them. */
	identity.pin_count = 2;
	expect_of(world.client, made, &identity, NULL);
	expect_of(world.client, backup, &identity, NULL);
	expect_of(world.client, world.own, &identity, "its key is none of the pins");
	certificate_free(made);
	certificate_free(backup);
}
END_TEST

START_TEST(pin_and_name_hold_both)
{
	uint8_t pin[1][TARN__TLS_PIN_LEN];
	struct tarn__tls_identity identity = dns_example;
	identity.pins = pin;
	identity.pin_count = 1;
	certificate_pin(world.own, pin[0]);
	expect_of(world.client, world.own, &identity, NULL);
	identity.name = "www.example";
	expect_of(world.client, world.own, &identity,
		  "certificate is for dns.example, 192.0.2.1, not www.example");
	identity.name = "dns.example";
	pin[0][31] ^= 1;
	expect_of(world.client, world.own, &identity, "its key is none of the pins");
	struct certificate *made = make_odd();
	certificate_pin(made, pin[0]);
	identity.name = "odd.example";
	struct call call;
	open_call(&call, world.client, make_raw_context(true, made), &identity);
	ck_assert_int_eq(tarn__tls_state(call.tls), TARN__TLS_FAILED);
	close_call(&call);
	certificate_free(made);
}
END_TEST

START_TEST(small_key_has_no_pin)
{
	uint8_t pin[1][TARN__TLS_PIN_LEN];
	struct certificate *made = certificate_new(&(struct certificate_plan){.key = KEY_RSA_1024});
	certificate_pin(made, pin[0]);
	expect_of(world.client, made, &(struct tarn__tls_identity){.pins = pin, .pin_count = 1},
		  "key is too small");
	certificate_free(made);
}
END_TEST

/* ---- what the server hears ------------------------------------------------------------------- */

/* RFC 6066 section 3. */
START_TEST(server_hears_the_name_but_no_address)
{
	struct call call;
	open_call(&call, world.client, make_raw_context(true, world.own), &dns_example);
	ck_assert_str_eq(SSL_get_servername(call.server.ssl, TLSEXT_NAMETYPE_host_name),
			 "dns.example");
	close_call(&call);
	open_call(&call, world.client, make_raw_context(true, world.own),
		  &(struct tarn__tls_identity){.address = address4, .address_len = 4});
	ck_assert_int_eq(tarn__tls_state(call.tls), TARN__TLS_OPEN);
	ck_assert_ptr_null(SSL_get_servername(call.server.ssl, TLSEXT_NAMETYPE_host_name));
	close_call(&call);
}
END_TEST

/* Nothing is sent to one that is not who it should be. */
START_TEST(stranger_gets_no_octet)
{
	struct call call;
	char got[64];
	open_call(&call, world.client, make_raw_context(true, world.own),
		  &(struct tarn__tls_identity){.name = "www.example"});
	errno = 0;
	ck_assert_int_eq(send_on(call.tls, "question", 8), -1);
	ck_assert_int_eq(errno, EPROTO);
	ck_assert_int_eq(recv_on(call.tls, got, sizeof(got)), -1);
	ck_assert_int_le(recv_raw(&call.server, got, sizeof(got)), 0);
	close_call(&call);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("identity");
	TCase *identity = tcase_create("identity");
	tcase_add_unchecked_fixture(identity, make_world, end_world);
	tcase_add_loop_test(identity, certificate_fits_the_name_or_the_address, 0,
			    sizeof(signed_ones) / sizeof(signed_ones[0]));
	tcase_add_test(identity, of_many_names_some_are_shown);
	tcase_add_loop_test(identity, certificate_is_valid_now, 0, 2);
	tcase_add_test(identity, clock_that_is_wrong_is_not_the_fault_of_the_server);
	tcase_add_test(identity, expired_ca_is_said_to_be_one);
	tcase_add_test(identity, unknown_ca_is_not_trusted);
	tcase_add_test(identity, issuer_that_is_no_ca_is_not_trusted);
	tcase_add_test(identity, chain_goes_on_to_the_ca);
	tcase_add_test(identity, self_signed_needs_a_pin);
	tcase_add_test(identity, pin_alone_takes_the_place_of_all_else);
	tcase_add_test(identity, pin_and_name_hold_both);
	tcase_add_test(identity, small_key_has_no_pin);
	tcase_add_test(identity, server_hears_the_name_but_no_address);
	tcase_add_test(identity, stranger_gets_no_octet);
	suite_add_tcase(suite, identity);
	return unit_run(suite);
}
