/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/config/probe.c: what is said of servers that do, and that do not, send signatures. */

#include "config.h"

#include "daemon/config/probe.h"

#include "crypto/signature.h"
#include "support/net.h"
#include "support/unit.h"

#define DNSKEY ". 60 DNSKEY 0101030d01020304\n"
#define RRSIG ". 60 RRSIG DNSKEY\n"

static struct ev_loop *loop;
static struct fake fakes[2];
static char text[1024];

/* ---- servers ------------------------------------------------------------------------------- */

static unsigned dnssec_questions;

static void reply_with(const struct fake_query *query, unsigned rcode, const char *records)
{
	static struct message message;
	size_t len = tarn__name_span(query->wire + TARN__HEADER_LEN, TARN__NAME_MAX) + 4;
	put_header(&message, tarn__get16(query->wire),
		   TARN__FLAG_QR | TARN__FLAG_RD | TARN__FLAG_RA | rcode |
			   (tarn__get16(query->wire + 2) & TARN__FLAG_CD));
	put_octets(&message, query->wire + TARN__HEADER_LEN, len);
	message.wire[5] = 1;
	put_records(&message, records);
	/* ARCOUNT of the query: an OPT with DO. */
	if (rcode == TARN__NOERROR && query->wire[11] == 1) {
		dnssec_questions++;
		put_opt(&message, 1232, 0x8000, NULL, 0);
	}
	fake_reply(query, message.wire, message.len);
}

static void send_signatures(struct fake *fake, struct fake_query *query)
{
	(void)fake;
	reply_with(query, TARN__NOERROR, DNSKEY RRSIG);
}

static void strip(struct fake *fake, struct fake_query *query)
{
	(void)fake;
	reply_with(query, TARN__NOERROR, DNSKEY);
}

static void have_no_keys(struct fake *fake, struct fake_query *query)
{
	(void)fake;
	reply_with(query, TARN__NOERROR, "--\n. 60 SOA a. b. 60\n");
}

static void be_broken(struct fake *fake, struct fake_query *query)
{
	(void)fake;
	reply_with(query, TARN__SERVFAIL, "");
}

static void refuse_edns(struct fake *fake, struct fake_query *query)
{
	if (query->wire[11] == 1)
		reply_with(query, TARN__FORMERR, "");
	else
		strip(fake, query);
}

/* ---- probes -------------------------------------------------------------------------------- */

static void set_up(void)
{
	loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	fake_init(&fakes[0], loop, "127.0.0.1:0", NULL);
	fake_init(&fakes[1], loop, "127.0.0.1:0", NULL);
	dnssec_questions = 0;
}

static void tear_down(void)
{
	fake_fini(&fakes[0]);
	fake_fini(&fakes[1]);
	ev_loop_destroy(loop);
}

static bool probe(const struct tarn_options *options)
{
	char fault[TARN__CONFIG_FAULT_MAX];
	struct tarn__config *config = tarn__config_new(options, "tarn", NULL, fault);
	ck_assert_msg(config, "%s", fault);
	FILE *out = fmemopen(text, sizeof(text), "w");
	bool is_good = tarn__probe(config, &options->tls, loop, out);
	fclose(out);
	tarn__config_put(config);
	return is_good;
}

/* Probes the first server, or both. */
static bool probe_servers(size_t count)
{
	struct tarn_address servers[] = {fakes[0].address, fakes[1].address};
	return probe(&(struct tarn_options){.upstreams = servers, .upstream_count = count});
}

static void check_text(const struct fake *fake, const char *zone, const char *remark)
{
	char line[256], address[TARN_ADDRESS_TEXT_MAX];
	snprintf(line, sizeof(line), "#   %s (%s): %s\n",
		 tarn_address_format(&fake->address, address), zone, remark);
	ck_assert_msg(strstr(text, line), "no %s in %s", line, text);
}

static const struct {
	void (*on_query)(struct fake *, struct fake_query *);
	const char *remark;
	bool is_good;
} servers[] = {
	{send_signatures, "sends signatures", true},
	{strip, "removes signatures", false},
	{have_no_keys, "has no keys of the zone", false},
	{be_broken, "gives no usable answer", false},
	{refuse_edns, "does not support EDNS: no signatures come", false},
};

START_TEST(server_is_told_by_its_answer)
{
	fakes[0].on_query = servers[_i].on_query;
	ck_assert_int_eq(probe_servers(1), servers[_i].is_good);
	check_text(&fakes[0], ".", servers[_i].remark);
}
END_TEST

START_TEST(one_server_that_does_is_enough)
{
	fakes[0].on_query = strip;
	fakes[1].on_query = send_signatures;
	ck_assert(probe_servers(2));
	check_text(&fakes[0], ".", "removes signatures");
	check_text(&fakes[1], ".", "sends signatures");
	ck_assert_uint_eq(dnssec_questions, 2);
}
END_TEST

START_TEST(without_servers_nothing_would_do)
{
	ck_assert(!probe_servers(0));
}
END_TEST

/* Without an anchor of the root its keys are of no use. */
START_TEST(anchor_of_another_zone_is_what_is_asked_for)
{
	static const char *const anchors[] = {
		"signed.example. DS 1 13 2 "
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"};
	const struct tarn_options options = {
		.upstreams = &fakes[0].address,
		.upstream_count = 1,
		.dnssec = {.validate = true, .anchors = anchors, .anchor_count = 1}};
	fakes[0].on_query = have_no_keys;
	ck_assert(!probe(&options));
	check_text(&fakes[0], "signed.example.", "has no keys of the zone");
}
END_TEST

START_TEST(zone_is_probed_if_it_is_validated)
{
	static const char *const anchors[] = {
		". DS 1 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"};
	struct tarn_forward forward = {
		.zone = "home.arpa", .upstreams = &fakes[1].address, .upstream_count = 1};
	const struct tarn_options options = {
		.upstreams = &fakes[0].address,
		.upstream_count = 1,
		.forwards = &forward,
		.forward_count = 1,
		.dnssec = {.validate = true, .anchors = anchors, .anchor_count = 1}};
	fakes[0].on_query = send_signatures;
	fakes[1].on_query = be_broken;
	ck_assert(probe(&options));
	ck_assert_ptr_null(strstr(text, "home.arpa"));
	forward.validate = true;
	ck_assert(!probe(&options));
	check_text(&fakes[1], "home.arpa.", "gives no usable answer");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("probe");
	TCase *tcase = tcase_create("probe");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, server_is_told_by_its_answer, 0,
			    (int)(sizeof(servers) / sizeof(servers[0])));
	tcase_add_test(tcase, one_server_that_does_is_enough);
	tcase_add_test(tcase, without_servers_nothing_would_do);
	/* Without the library nothing is validated. */
	if (!tarn__signature_load()) {
		tcase_add_test(tcase, anchor_of_another_zone_is_what_is_asked_for);
		tcase_add_test(tcase, zone_is_probed_if_it_is_validated);
	}
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
