/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/bootstrap/bootstrap.c: addresses that are asked for on the wire become servers of the resolver. */

#include "config.h"

#include "daemon/bootstrap/bootstrap.h"

#include <stdlib.h>
#include <unistd.h>

#include "core/config.h"
#include "http2/http2.h"
#include "net/shared.h"
#include "support/net.h"
#include "support/unit.h"
#include "tls/tls.h"

/* Some CA: no certificate is verified here. */
static const char ca[] = "-----BEGIN CERTIFICATE-----\n"
			 "MIIBdjCCARugAwIBAgIUArNJvDM0yfKA0ifms+NY7HHX0dswCgYIKoZIzj0EAwIw\n"
			 "DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMzAyMjQ2NDNaGA8yMTI2MTEwNjIyNDY0\n"
			 "M1owDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABN7d\n"
			 "7F80u4ek6wJMa3qpzi6q7L+YgOZFFjvYwDSYnaRrJgA4Ekk/7dvfPa+fmqfAp0K+\n"
			 "NHQfTBSggg4W89ZkmRyjUzBRMB0GA1UdDgQWBBTFeHRFdKoYJmuX5v+UIrJf0C5T\n"
			 "4DAfBgNVHSMEGDAWgBTFeHRFdKoYJmuX5v+UIrJf0C5T4DAPBgNVHRMBAf8EBTAD\n"
			 "AQH/MAoGCCqGSM49BAMCA0kAMEYCIQCeZTqk3yPIHiSfvfOycHHevyrtUlSGK8B4\n"
			 "LcO/dIzmcAIhAO1pj0q5IdfISvFTih+F3ECkMztQ/Co+DRyAyZB5sETy\n"
			 "-----END CERTIFICATE-----\n";

static char ca_path[] = "/tmp/tarn-bootstrap-XXXXXX";
static struct ev_loop *loop;
static struct fake fake;
static struct tarn *tarn;
static struct tarn__settings *settings;
static struct tarn__bootstrap bootstrap;
static struct tarn__log quiet;
static const char *records[2]; /* of answers to A and AAAA */
static unsigned questions;
static unsigned rcode;

/* ---- the server ------------------------------------------------------------------------------ */

static void answer(struct fake *from, struct fake_query *query)
{
	(void)from;
	static struct message message;
	size_t len = tarn__name_span(query->wire + TARN__HEADER_LEN, TARN__NAME_MAX) + 4;
	uint16_t type = tarn__get16(query->wire + TARN__HEADER_LEN + len - 4);
	put_header(&message, tarn__get16(query->wire),
		   TARN__FLAG_QR | TARN__FLAG_RD | TARN__FLAG_RA | rcode);
	put_octets(&message, query->wire + TARN__HEADER_LEN, len);
	message.wire[5] = 1;
	if (rcode == TARN__NOERROR)
		put_records(&message, records[type == TARN__TYPE_AAAA]);
	questions++;
	fake_reply(query, message.wire, message.len);
}

/* ---- the world ------------------------------------------------------------------------------- */

static void set_up(void)
{
	strcpy(strrchr(ca_path, '-'), "-XXXXXX");
	int fd = mkstemp(ca_path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, ca, strlen(ca)), (ssize_t)strlen(ca));
	close(fd);
	loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	fake_init(&fake, loop, "127.0.0.1:0", answer);
	settings = tarn__settings_new();
	tarn__log_init(&quiet, -1, TARN_LOG_ERR);
	records[0] = "dns.example. 300 A 192.0.2.1\n";
	records[1] = "--\nexample. 300 SOA a. b. 60\n";
	questions = 0;
	rcode = TARN__NOERROR;
}

static void tear_down(void)
{
	tarn__bootstrap_stop(&bootstrap);
	tarn_free(tarn);
	tarn = NULL;
	tarn__settings_free(settings);
	tarn__log_fini(&quiet);
	fake_fini(&fake);
	ev_loop_destroy(loop);
	unlink(ca_path);
}

static void add(struct tarn__servers *servers, const char *text)
{
	struct tarn_upstream upstream;
	const char *fault;
	ck_assert_msg(tarn_upstream_parse(text, &upstream, &fault) == 0, "%s", fault);
	ck_assert_int_eq(tarn__servers_add(servers, &upstream.addresses[0], &upstream.traits), 0);
	tarn_upstream_fini(&upstream);
}

static void add_fake(struct tarn__servers *servers)
{
	ck_assert_int_eq(tarn__servers_add(servers, &fake.address, &(struct tarn_traits){0}), 0);
}

/* A resolver of the settings, and the part that follows them. */
static void start(void)
{
	struct tarn_options options;
	settings->resolver.tls.ca = strdup(ca_path);
	ck_assert_int_eq(tarn__settings_to_options(settings, &options), 0);
	tarn = tarn_new(&options);
	ck_assert_ptr_nonnull(tarn);
	free((struct tarn_forward *)options.forwards);
	tarn__bootstrap_init(&bootstrap, tarn, loop, &quiet);
	ck_assert_int_eq(tarn__bootstrap_set(&bootstrap, settings), 0);
	tarn__bootstrap_settle(&bootstrap);
}

static void start_with_bootstrap(const char *upstream)
{
	add(&settings->upstreams, upstream);
	ck_assert_int_eq(tarn__addresses_add(&settings->bootstrap, &fake.address), 0);
	start();
}

/* Another configuration that is equal. */
static void reload(void)
{
	struct tarn_options options;
	ck_assert_int_eq(tarn__bootstrap_set(&bootstrap, settings), 0);
	ck_assert_int_eq(tarn__settings_to_options(settings, &options), 0);
	ck_assert_int_eq(tarn__bootstrap_fill(&bootstrap, &options), 0);
	ck_assert_int_eq(tarn_reconfigure(tarn, &options), 0);
	free((struct tarn_forward *)options.forwards);
	tarn__bootstrap_settle(&bootstrap);
}

static struct tarn__bootstrap_view view(void)
{
	struct tarn__bootstrap_view out;
	size_t at = 0;
	ck_assert(tarn__bootstrap_next(&bootstrap, &at, &out));
	return out;
}

static bool is_known(void *arg)
{
	(void)arg;
	return view().addresses->count > 0;
}

static bool has_failed(void *arg)
{
	(void)arg;
	return view().fault != NULL;
}

/* "192.0.2.1:853, 192.0.2.2:853": the servers of a zone of the resolver; "-" for those without address. */
static void check_servers(size_t zone, const char *expected)
{
	char list[256] = "", text[TARN_ADDRESS_TEXT_MAX];
	struct tarn__config *config = tarn__get_config(tarn);
	ck_assert_uint_lt(zone, config->zone_count);
	const struct tarn__zone_config *servers = config->zones[zone];
	for (size_t i = 0; i < servers->endpoint_count; i++) {
		const struct tarn__endpoint *endpoint = servers->endpoints[i];
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s",
			 i > 0 ? ", " : "",
			 tarn__endpoint_has_address(endpoint)
				 ? tarn_address_format(&endpoint->address, text)
				 : "-");
	}
	tarn__config_put(config);
	ck_assert_str_eq(list, expected);
}

/* ---- tests ----------------------------------------------------------------------------------- */

START_TEST(addresses_become_servers)
{
	records[0] = "dns.example. 300 A 192.0.2.1\ndns.example. 300 A 192.0.2.2\n";
	records[1] = "dns.example. 300 AAAA 20010db8000000000000000000000001\n";
	start_with_bootstrap("tls://dns.example");
	check_servers(0, "-");
	run_until(loop, is_known, NULL);
	check_servers(0, "[2001:db8::1]:853, 192.0.2.1:853, 192.0.2.2:853");
}
END_TEST

START_TEST(identity_stays_the_name)
{
	start_with_bootstrap("https://dns.example:8443/query");
	run_until(loop, is_known, NULL);
	check_servers(0, "192.0.2.1:8443");
	struct tarn__config *config = tarn__get_config(tarn);
	const struct tarn_traits *traits = &config->zones[0]->endpoints[0]->traits;
	ck_assert_int_eq(traits->transport, TARN_HTTPS);
	ck_assert_str_eq(traits->name, "dns.example");
	ck_assert_str_eq(traits->path, "/query");
	tarn__config_put(config);
}
END_TEST

START_TEST(servers_in_the_clear_of_the_group_are_asked)
{
	char expected[128], text[TARN_ADDRESS_TEXT_MAX];
	settings->resolver.selection = TARN_SELECTION_STRICT;
	add(&settings->upstreams, "tls://dns.example");
	add_fake(&settings->upstreams);
	start();
	run_until(loop, is_known, NULL);
	snprintf(expected, sizeof(expected), "192.0.2.1:853, %s",
		 tarn_address_format(&fake.address, text));
	check_servers(0, expected);
	struct tarn__config *config = tarn__get_config(tarn);
	ck_assert_int_eq(config->zones[0]->selection, TARN_SELECTION_STRICT);
	tarn__config_put(config);
}
END_TEST

START_TEST(zone_has_addresses_of_its_own)
{
	struct tarn__forward_settings forwards[] = {{.resolver = {.zone = "nothing.example"}},
						    {.resolver = {.zone = "corp.example"}}};
	struct tarn__settings *own = settings;
	add_fake(&settings->upstreams);
	add(&forwards[1].upstreams, "tls://dns.example");
	ck_assert_int_eq(tarn__addresses_add(&settings->bootstrap, &fake.address), 0);
	settings->forwards = forwards;
	settings->forward_count = 2;
	start();
	run_until(loop, is_known, NULL);
	check_servers(1, "192.0.2.1:853");
	own->forwards = NULL;
	own->forward_count = 0;
	tarn__servers_clear(&forwards[1].upstreams);
}
END_TEST

START_TEST(name_of_two_servers_is_asked_for_once)
{
	add(&settings->upstreams, "https://dns.example/dns-query");
	start_with_bootstrap("tls://dns.example:8853");
	run_until(loop, is_known, NULL);
	check_servers(0, "192.0.2.1:443, 192.0.2.1:8853");
	ck_assert_uint_eq(questions, 2);
}
END_TEST

START_TEST(failure_is_told_and_it_is_asked_again)
{
	rcode = TARN__SERVFAIL;
	start_with_bootstrap("tls://dns.example");
	run_until(loop, has_failed, NULL);
	ck_assert_str_eq(view().fault, "the answer is SERVFAIL");
	check_servers(0, "-");
	rcode = TARN__NOERROR;
	run_until(loop, is_known, NULL);
	ck_assert_ptr_null(view().fault);
	check_servers(0, "192.0.2.1:853");
}
END_TEST

START_TEST(changed_network_has_it_asked_at_once)
{
	rcode = TARN__NXDOMAIN;
	start_with_bootstrap("tls://dns.example");
	run_until(loop, has_failed, NULL);
	ck_assert_str_eq(view().fault, "there is no such name");
	tarn__bootstrap_network_changed(&bootstrap);
	run_until(loop, has_failed, NULL);
	check_servers(0, "-");
}
END_TEST

START_TEST(reload_keeps_what_is_known)
{
	start_with_bootstrap("tls://dns.example");
	run_until(loop, is_known, NULL);
	unsigned before = questions;
	struct tarn__config *config = tarn__get_config(tarn);
	reload();
	struct tarn__config *next = tarn__get_config(tarn);
	ck_assert_ptr_eq(config->zones[0]->endpoints[0], next->zones[0]->endpoints[0]);
	ck_assert(!tarn__config_moves_names(config, next));
	tarn__config_put(config);
	tarn__config_put(next);
	run_dry(loop);
	ck_assert_uint_eq(questions, before);
	ck_assert_uint_gt(view().left_sec, 290);
}
END_TEST

/* Another part, later than this one, has refused the settings. */
START_TEST(reload_that_is_taken_back_changes_nothing)
{
	start_with_bootstrap("tls://dns.example");
	run_until(loop, is_known, NULL);
	struct tarn__settings *other = tarn__settings_new();
	ck_assert_int_eq(tarn__bootstrap_set(&bootstrap, other), 0);
	ck_assert_int_eq(tarn__bootstrap_set(&bootstrap, settings), 0);
	ck_assert_str_eq(view().name, "dns.example");
	check_servers(0, "192.0.2.1:853");
	tarn__settings_free(other);
}
END_TEST

START_TEST(name_that_is_gone_is_not_asked_for)
{
	start_with_bootstrap("tls://dns.example");
	run_until(loop, is_known, NULL);
	tarn__servers_clear(&settings->upstreams);
	add_fake(&settings->upstreams);
	reload();
	struct tarn__bootstrap_view out;
	size_t at = 0;
	ck_assert(!tarn__bootstrap_next(&bootstrap, &at, &out));
}
END_TEST

START_TEST(nothing_is_there_without_names)
{
	add_fake(&settings->upstreams);
	start();
	ck_assert_ptr_null(bootstrap.plan);
	run_dry(loop);
	ck_assert_uint_eq(questions, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bootstrap");
	TCase *tcase = tcase_create("bootstrap");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, nothing_is_there_without_names);
	if (tarn__tls_is_built()) {
		tcase_add_test(tcase, addresses_become_servers);
		tcase_add_test(tcase, servers_in_the_clear_of_the_group_are_asked);
		tcase_add_test(tcase, zone_has_addresses_of_its_own);
		tcase_add_test(tcase, failure_is_told_and_it_is_asked_again);
		tcase_add_test(tcase, changed_network_has_it_asked_at_once);
		tcase_add_test(tcase, reload_keeps_what_is_known);
		tcase_add_test(tcase, reload_that_is_taken_back_changes_nothing);
		tcase_add_test(tcase, name_that_is_gone_is_not_asked_for);
	}
	if (tarn__http2_is_built()) {
		tcase_add_test(tcase, identity_stays_the_name);
		tcase_add_test(tcase, name_of_two_servers_is_asked_for_once);
	}
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
