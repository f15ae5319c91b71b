/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/core/test_policy.c: what is answered before the cache is asked, and in which order. */
#include "core/policy/policy.h"

#include <errno.h>
#include <string.h>

#include "core/policy/dns64.h"
#include "dns/reply.h"
#include "dns/stored.h"
#include "support/message.h"
#include "support/unit.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* What follows the zone's name in the SOA of a negative answer (the fields are RFC 6303's). */
enum { TTL = 10800 };

static const struct tarn_options nothing;
static struct tarn__policy *policy;
static struct message question;
static struct tarn__query query;
static struct tarn__decision decision;
static uint8_t room[TARN__STORED_MAX];
static struct tarn_address stranger;
static struct text text;
static uint8_t reply[TARN__MESSAGE_MAX];

static void make(const struct tarn__policy_options *options)
{
	tarn__policy_put(policy);
	policy = tarn__policy_new(options);
	ck_assert_ptr_nonnull(policy);
}

static void set_up(void)
{
	policy = NULL;
	make(&(struct tarn__policy_options){
		.public = &nothing, .version = "tarn 1.2.3", .identity = "lake.example"});
	ck_assert_int_eq(tarn_address_parse("203.0.113.7", 53, &stranger), 0);
}

static void tear_down(void)
{
	tarn__policy_put(policy);
}

static enum tarn__policy_action apply_for(const struct tarn_address *client, const char *name,
					  unsigned type, unsigned class, unsigned flags)
{
	put_header(&question, 0xbeef, flags);
	put_question(&question, name, type);
	tarn__put16(question.wire + question.len - 2, (uint16_t) class);
	put_opt(&question, 1232, TARN__OPT_DO, NULL, 0);
	ck_assert_int_eq(tarn__query_parse(question.wire, question.len, &query), TARN__QUERY_GOOD);
	memset(&decision, 0x5a, sizeof decision);
	decision.room = room;
	return tarn__policy_apply(policy, &query, client, &decision);
}

static enum tarn__policy_action apply(const char *name, unsigned type)
{
	return apply_for(NULL, name, type, TARN__CLASS_IN, TARN__FLAG_RD);
}

/* The records of the answer as a client gets them. */
static const char *records(void)
{
	struct tarn__reply how = {
		.limit = TARN__UDP_MAX,
		.is_authoritative = decision.is_authoritative,
		.options = decision.options,
	};
	size_t len = tarn__reply_stored(&query, decision.stored, decision.stored_len, &how, reply);
	return read_records(&text, reply, len);
}

static unsigned flags(void)
{
	return tarn__get16(reply + 2);
}

/* A denial with the SOA of the zone. */
static void check_negative(const char *name, unsigned type, unsigned rcode, const char *zone)
{
	ck_assert_msg(apply(name, type) == TARN__POLICY_ANSWER, "%s passes", name);
	struct tarn__reply how = {.limit = TARN__UDP_MAX,
				  .is_authoritative = decision.is_authoritative};
	size_t len = tarn__reply_stored(&query, decision.stored, decision.stored_len, &how, reply);
	ck_assert_msg((flags() & TARN__FLAG_RCODE) == rcode, "%s: rcode %u", name,
		      flags() & TARN__FLAG_RCODE);
	ck_assert_uint_eq(flags() & TARN__FLAG_AA, TARN__FLAG_AA);
	ck_assert_uint_eq(tarn__get16(reply + 6), 0);
	ck_assert_uint_eq(tarn__get16(reply + 8), 1);

	struct tarn__reader reader = {.wire = reply, .at = TARN__HEADER_LEN, .end = len};
	uint8_t owner[TARN__NAME_MAX], apex[TARN__NAME_MAX];
	tarn__name_read(&reader, owner);
	tarn__read_octets(&reader, 4);
	struct tarn__record soa;
	ck_assert(tarn__record_read(&reader, &soa));
	size_t apex_len = tarn__name_parse(zone, apex);
	ck_assert_uint_eq(soa.type, TARN__TYPE_SOA);
	ck_assert_uint_eq(soa.owner_len, apex_len);
	ck_assert(tarn__name_is_equal(soa.owner, apex, apex_len));
	ck_assert_uint_eq(soa.ttl, TTL);
	/* RFC 2308 section 5: MINIMUM is how long it may be kept. */
	ck_assert_uint_eq(tarn__get32(reply + reader.at - 4), TTL);
}

static void check_record(const char *name, unsigned type, const char *expected)
{
	ck_assert_msg(apply(name, type) == TARN__POLICY_ANSWER, "%s passes", name);
	ck_assert_str_eq(records(), expected);
	ck_assert_uint_eq(flags() & TARN__FLAG_RCODE, TARN__NOERROR);
}

/* ---- the access list --------------------------------------------------------------------- */

START_TEST(stranger_is_refused_with_its_reason)
{
	ck_assert_int_eq(apply_for(&stranger, "www.example.", TARN__TYPE_A, TARN__CLASS_IN, 0),
			 TARN__POLICY_REFUSE);
	ck_assert_uint_eq(decision.options.ede_count, 1);
	ck_assert_uint_eq(decision.options.ede[0].code, TARN__EDE_PROHIBITED);
	ck_assert_ptr_null(decision.options.cookie);
	ck_assert(!decision.options.has_keepalive);
}
END_TEST

START_TEST(stranger_is_refused_whatever_is_asked)
{
	static const struct {
		const char *name;
		unsigned type, class;
	} questions[] = {
		{"version.bind.", TARN__TYPE_TXT, TARN__CLASS_CH},
		{"localhost.", TARN__TYPE_A, TARN__CLASS_IN},
		{"a.onion.", TARN__TYPE_A, TARN__CLASS_IN},
		{"example.", TARN__TYPE_ANY, TARN__CLASS_IN},
	};
	for (size_t i = 0; i < COUNT_OF(questions); i++) {
		ck_assert_int_eq(apply_for(&stranger, questions[i].name, questions[i].type,
					   questions[i].class, TARN__FLAG_RD),
				 TARN__POLICY_REFUSE);
		ck_assert_uint_eq(decision.options.ede_count, 1);
	}
}
END_TEST

START_TEST(ipv4_mapped_stranger_is_refused)
{
	struct tarn_address mapped;
	ck_assert_int_eq(tarn_address_parse("::ffff:203.0.113.7", 53, &mapped), 0);
	ck_assert_int_eq(apply_for(&mapped, "www.example.", TARN__TYPE_A, TARN__CLASS_IN, 0),
			 TARN__POLICY_REFUSE);
	ck_assert_int_eq(tarn_address_parse("::ffff:10.0.0.1", 53, &mapped), 0);
	ck_assert_int_eq(apply_for(&mapped, "www.example.", TARN__TYPE_A, TARN__CLASS_IN, 0),
			 TARN__POLICY_PASS);
}
END_TEST

START_TEST(stranger_may_be_allowed)
{
	struct tarn_network network;
	ck_assert_int_eq(tarn_network_parse("203.0.113.0/24", &network), 0);
	make(&(struct tarn__policy_options){
		.public = &(struct tarn_options){.allow = &network, .allow_count = 1}});
	ck_assert_int_eq(apply_for(&stranger, "www.example.", TARN__TYPE_A, TARN__CLASS_IN, 0),
			 TARN__POLICY_PASS);
}
END_TEST

START_TEST(ordinary_question_passes_and_leaves_the_output)
{
	static const char *const names[] = {".", "com.", "www.example.com.",
					    "8.8.8.8.in-addr.arpa."};
	struct tarn__decision before;
	memset(&before, 0x5a, sizeof before);
	before.room = room;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		ck_assert_int_eq(apply(names[i], TARN__TYPE_RRSIG), TARN__POLICY_PASS);
		ck_assert_mem_eq(&decision, &before, sizeof decision);
	}
}
END_TEST

/* ---- class CH --------------------------------------------------------------------------- */

static const struct {
	const char *name, *expected;
} chaos[] = {
	{"version.bind.", "version.bind. 0 TXT tarn 1.2.3\n"},
	{"version.server.", "version.server. 0 TXT tarn 1.2.3\n"},
	{"id.server.", "id.server. 0 TXT lake.example\n"},
	{"hostname.bind.", "hostname.bind. 0 TXT lake.example\n"},
	{"VERSION.Bind.", "VERSION.Bind. 0 TXT tarn 1.2.3\n"},
};

START_TEST(server_says_what_and_who_it_is)
{
	static const unsigned types[] = {TARN__TYPE_TXT, TARN__TYPE_ANY};
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		ck_assert_int_eq(
			apply_for(NULL, chaos[_i].name, types[i], TARN__CLASS_CH, TARN__FLAG_RD),
			TARN__POLICY_ANSWER);
		ck_assert_str_eq(records(), chaos[_i].expected);
		ck_assert_uint_eq(flags() & TARN__FLAG_AA, TARN__FLAG_AA);
		/* owner, type, class */
		const uint8_t *record = reply + TARN__HEADER_LEN + (size_t)query.qname_len + 4;
		ck_assert_uint_eq(tarn__get16(record + 4), TARN__CLASS_CH);
	}
}
END_TEST

START_TEST(server_that_hides_refuses_to_say)
{
	make(&(struct tarn__policy_options){.public = &nothing, .version = NULL});
	ck_assert_int_eq(apply_for(NULL, chaos[_i].name, TARN__TYPE_TXT, TARN__CLASS_CH, 0),
			 TARN__POLICY_REFUSE);
	ck_assert_uint_eq(decision.options.ede_count, 0);
}
END_TEST

START_TEST(other_chaos_is_refused)
{
	static const struct {
		const char *name;
		unsigned type;
	} questions[] = {
		{"version.bind.", TARN__TYPE_A},
		{"version.bind.", TARN__TYPE_NS},
		{"authors.bind.", TARN__TYPE_TXT},
		{"bind.", TARN__TYPE_TXT},
		{".", TARN__TYPE_TXT},
		{"a.version.bind.", TARN__TYPE_TXT},
		{"version.bindx.", TARN__TYPE_TXT},
		{"localhost.", TARN__TYPE_A},
		{"example.", TARN__TYPE_ANY},
	};
	for (size_t i = 0; i < COUNT_OF(questions); i++) {
		ck_assert_int_eq(apply_for(NULL, questions[i].name, questions[i].type,
					   TARN__CLASS_CH, TARN__FLAG_RD),
				 TARN__POLICY_REFUSE);
	}
}
END_TEST

START_TEST(long_identity_is_cut_to_one_string)
{
	char identity[301];
	memset(identity, 'i', 300);
	identity[300] = '\0';
	make(&(struct tarn__policy_options){.public = &nothing, .identity = identity});
	ck_assert_int_eq(apply_for(NULL, "id.server.", TARN__TYPE_TXT, TARN__CLASS_CH, 0),
			 TARN__POLICY_ANSWER);
	char expected[300];
	snprintf(expected, sizeof expected, "id.server. 0 TXT %.255s\n", identity);
	ck_assert_str_eq(records(), expected);
}
END_TEST

START_TEST(chaos_names_are_ordinary_in_class_in)
{
	ck_assert_int_eq(apply(chaos[_i].name, TARN__TYPE_TXT), TARN__POLICY_PASS);
}
END_TEST

/* ---- special names ---------------------------------------------------------------------- */

START_TEST(localhost_is_the_loopback_address)
{
	check_record("localhost.", TARN__TYPE_A, "localhost. 10800 A 127.0.0.1\n");
	ck_assert_uint_eq(flags() & TARN__FLAG_AA, TARN__FLAG_AA);
	check_record("localhost.", TARN__TYPE_AAAA,
		     "localhost. 10800 AAAA 00000000000000000000000000000001\n");
	check_record("a.B.LocalHost.", TARN__TYPE_A, "a.B.LocalHost. 10800 A 127.0.0.1\n");
	check_record("localhost.", TARN__TYPE_ANY, "localhost. 10800 A 127.0.0.1\n");
}
END_TEST

START_TEST(localhost_has_no_other_types)
{
	static const unsigned types[] = {TARN__TYPE_MX,	 TARN__TYPE_NS,	 TARN__TYPE_DS,
					 TARN__TYPE_TXT, TARN__TYPE_SOA, 65,
					 65280};
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		check_negative("localhost.", types[i], TARN__NOERROR, "localhost.");
		check_negative("a.localhost.", types[i], TARN__NOERROR, "localhost.");
	}
}
END_TEST

static const unsigned some_types[] = {TARN__TYPE_A,   TARN__TYPE_AAAA,	TARN__TYPE_NS,
				      TARN__TYPE_DS,  TARN__TYPE_PTR,	TARN__TYPE_SOA,
				      TARN__TYPE_ANY, TARN__TYPE_RRSIG, 64,
				      65280};

START_TEST(missing_domain_does_not_exist)
{
	static const char *const zones[] = {"invalid.", "test.", "onion.", "alt.", "local."};
	for (size_t i = 0; i < COUNT_OF(zones); i++) {
		char name[64];
		snprintf(name, sizeof name, "a.b.%s", zones[i]);
		check_negative(zones[i], some_types[_i], TARN__NXDOMAIN, zones[i]);
		check_negative(name, some_types[_i], TARN__NXDOMAIN, zones[i]);
	}
}
END_TEST

/* NODATA, but for the DS: that is the zone's above (RFC 4035 section 3.1.4.1). */
static void check_apex(const char *zone, unsigned type)
{
	if (type == TARN__TYPE_DS)
		ck_assert_int_eq(apply(zone, type), TARN__POLICY_PASS);
	else
		check_negative(zone, type, TARN__NOERROR, zone);
}

START_TEST(empty_zone_has_an_apex_and_nothing_below)
{
	static const char *const zones[] = {"10.in-addr.arpa.", "16.172.in-addr.arpa.",
					    "64.100.in-addr.arpa.", "d.f.ip6.arpa."};
	for (size_t i = 0; i < COUNT_OF(zones); i++) {
		char name[64];
		snprintf(name, sizeof name, "1.2.%s", zones[i]);
		check_apex(zones[i], some_types[_i]);
		check_negative(name, some_types[_i], TARN__NXDOMAIN, zones[i]);
	}
}
END_TEST

#define IP6_LOOPBACK "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa."

START_TEST(loopback_addresses_are_localhost)
{
	check_record("1.0.0.127.IN-ADDR.arpa.", TARN__TYPE_PTR,
		     "1.0.0.127.IN-ADDR.arpa. 10800 PTR localhost.\n");
	ck_assert_uint_eq(flags() & TARN__FLAG_AA, TARN__FLAG_AA);
	check_record(IP6_LOOPBACK, TARN__TYPE_PTR, IP6_LOOPBACK " 10800 PTR localhost.\n");
	check_record("1.0.0.127.in-addr.arpa.", TARN__TYPE_ANY,
		     "1.0.0.127.in-addr.arpa. 10800 PTR localhost.\n");
}
END_TEST

START_TEST(loopback_zones_are_empty_beside_it)
{
	const unsigned type = some_types[_i];
	const bool is_ptr = type == TARN__TYPE_PTR || type == TARN__TYPE_ANY;
	if (!is_ptr)
		check_negative("1.0.0.127.in-addr.arpa.", type, TARN__NOERROR, "127.in-addr.arpa.");
	if (!is_ptr)
		check_apex(IP6_LOOPBACK, type);
	/* Names between the apex and the PTR exist (RFC 8020 section 2). */
	check_apex("127.in-addr.arpa.", type);
	check_negative("0.127.in-addr.arpa.", type, TARN__NOERROR, "127.in-addr.arpa.");
	check_negative("0.0.127.in-addr.arpa.", type, TARN__NOERROR, "127.in-addr.arpa.");
	static const char *const others[] = {"2.0.0.127.in-addr.arpa.", "1.1.0.127.in-addr.arpa.",
					     "1.127.in-addr.arpa.", "a.1.0.0.127.in-addr.arpa."};
	for (size_t i = 0; i < COUNT_OF(others); i++)
		check_negative(others[i], type, TARN__NXDOMAIN, "127.in-addr.arpa.");
	check_negative("a." IP6_LOOPBACK, type, TARN__NXDOMAIN, IP6_LOOPBACK);
}
END_TEST

START_TEST(home_arpa_is_empty_but_for_its_ds)
{
	for (size_t i = 0; i < COUNT_OF(some_types); i++) {
		check_apex("home.arpa.", some_types[i]);
		check_negative("tv.home.arpa.", some_types[i], TARN__NXDOMAIN, "home.arpa.");
	}
	ck_assert_int_eq(apply("HOME.arpa.", TARN__TYPE_DS), TARN__POLICY_PASS);
}
END_TEST

START_TEST(resolver_arpa_has_names_without_data)
{
	static const char *const names[] = {"_dns.resolver.arpa.", "a.b.resolver.arpa."};
	check_apex("resolver.arpa.", some_types[_i]);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		check_negative(names[i], some_types[_i], TARN__NOERROR, "resolver.arpa.");
}
END_TEST

static const struct {
	const char *name;
	bool has_hint;
} hints[] = {
	{"local.", true},
	{"printer.local.", true},
	{"www.test.", true},
	{"home.arpa.", true},
	{"tv.home.arpa.", true},
	{"168.192.in-addr.arpa.", true},
	{"1.0.0.10.in-addr.arpa.", true},
	{"a.onion.", false},
	{"alt.", false},
	{"invalid.", false},
	{"localhost.", false},
	{"_dns.resolver.arpa.", false},
	{"2.0.0.127.in-addr.arpa.", false},
};

START_TEST(name_that_a_network_may_have_comes_with_a_hint)
{
	ck_assert_int_eq(apply(hints[_i].name, TARN__TYPE_MX), TARN__POLICY_ANSWER);
	ck_assert_uint_eq(decision.options.ede_count, hints[_i].has_hint);
	if (!hints[_i].has_hint)
		return;
	ck_assert_uint_eq(decision.options.ede[0].code, TARN__EDE_OTHER);
	ck_assert_ptr_nonnull(strstr(decision.options.ede[0].text, "--pass"));
}
END_TEST

START_TEST(special_name_needs_no_recursion)
{
	ck_assert_int_eq(apply_for(NULL, "localhost.", TARN__TYPE_A, TARN__CLASS_IN, 0),
			 TARN__POLICY_ANSWER);
	ck_assert_str_eq(records(), "localhost. 10800 A 127.0.0.1\n");
	ck_assert_uint_eq(flags() & TARN__FLAG_RD, 0);
}
END_TEST

START_TEST(example_names_are_ordinary)
{
	static const char *const names[] = {"example.", "www.example.", "example.com.",
					    "example.net.", "example.org."};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		ck_assert_int_eq(apply(names[i], TARN__TYPE_A), TARN__POLICY_PASS);
}
END_TEST

/* ---- names that are passed -------------------------------------------------------------- */

#define PASS(...)                                                                                  \
	make(&(struct tarn__policy_options){                                                       \
		.public = &(struct tarn_options){                                                  \
			.pass = (const char *const[]){__VA_ARGS__},                                \
			.pass_count = COUNT_OF(((const char *const[]){__VA_ARGS__}))}})

START_TEST(passed_zone_is_asked_for)
{
	PASS("Home.Arpa", "10.in-addr.arpa.", "local");
	static const char *const names[] = {"home.arpa.",	"tv.HOME.arpa.",
					    "10.in-addr.arpa.", "1.0.0.10.in-addr.arpa.",
					    "local.",		"a.b.local."};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		ck_assert_int_eq(apply(names[i], TARN__TYPE_A), TARN__POLICY_PASS);
	check_negative("11.172.in-addr.arpa.home.invalid.", TARN__TYPE_A, TARN__NXDOMAIN,
		       "invalid.");
	check_negative("168.192.in-addr.arpa.", TARN__TYPE_A, TARN__NOERROR,
		       "168.192.in-addr.arpa.");
}
END_TEST

START_TEST(passed_name_within_a_zone_leaves_the_rest_of_it)
{
	PASS("corp.local", "1.10.in-addr.arpa", "db.localhost");
	ck_assert_int_eq(apply("corp.local.", TARN__TYPE_A), TARN__POLICY_PASS);
	ck_assert_int_eq(apply("a.corp.local.", TARN__TYPE_A), TARN__POLICY_PASS);
	check_negative("local.", TARN__TYPE_A, TARN__NXDOMAIN, "local.");
	check_negative("xcorp.local.", TARN__TYPE_A, TARN__NXDOMAIN, "local.");
	check_negative("corp.a.local.", TARN__TYPE_A, TARN__NXDOMAIN, "local.");
	ck_assert_int_eq(apply("9.2.1.10.in-addr.arpa.", TARN__TYPE_PTR), TARN__POLICY_PASS);
	check_negative("9.2.11.10.in-addr.arpa.", TARN__TYPE_PTR, TARN__NXDOMAIN,
		       "10.in-addr.arpa.");
	ck_assert_int_eq(apply("db.localhost.", TARN__TYPE_A), TARN__POLICY_PASS);
	check_record("localhost.", TARN__TYPE_A, "localhost. 10800 A 127.0.0.1\n");
}
END_TEST

START_TEST(passed_name_above_covers_all_zones_below)
{
	PASS("in-addr.arpa");
	ck_assert_int_eq(apply("1.0.0.10.in-addr.arpa.", TARN__TYPE_PTR), TARN__POLICY_PASS);
	ck_assert_int_eq(apply("16.172.in-addr.arpa.", TARN__TYPE_SOA), TARN__POLICY_PASS);
	check_negative("d.f.ip6.arpa.", TARN__TYPE_A, TARN__NOERROR, "d.f.ip6.arpa.");
	PASS(".");
	ck_assert_int_eq(apply("a.onion.", TARN__TYPE_A), TARN__POLICY_PASS);
	ck_assert_int_eq(apply("localhost.", TARN__TYPE_A), TARN__POLICY_PASS);
}
END_TEST

START_TEST(any_of_a_passed_name_is_not_asked_for)
{
	PASS("local");
	check_record("a.local.", TARN__TYPE_ANY, "a.local. 3600 HINFO 075246433834383200\n");
}
END_TEST

START_TEST(what_is_no_name_cannot_be_passed)
{
	static const char *const texts[] = {
		"",	   "..",
		".local",  "a..local",
		"local\\", "0123456789012345678901234567890123456789012345678901234567890123.local",
	};
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		const char *const passed[] = {"local", texts[i]};
		errno = 0;
		ck_assert_ptr_null(tarn__policy_new(&(struct tarn__policy_options){
			.public = &(struct tarn_options){.pass = passed, .pass_count = 2}}));
		ck_assert_int_eq(errno, EINVAL);
	}
}
END_TEST

START_TEST(names_and_strings_are_copied)
{
	char passed[] = "corp.local", version[] = "one";
	const char *const names[] = {passed};
	make(&(struct tarn__policy_options){
		.public = &(struct tarn_options){.pass = names, .pass_count = 1},
		.version = version});
	memset(passed, 'x', sizeof passed - 1);
	memset(version, 'x', sizeof version - 1);
	ck_assert_int_eq(apply("corp.local.", TARN__TYPE_A), TARN__POLICY_PASS);
	ck_assert_int_eq(apply_for(NULL, "version.bind.", TARN__TYPE_TXT, TARN__CLASS_CH, 0),
			 TARN__POLICY_ANSWER);
	ck_assert_str_eq(records(), "version.bind. 0 TXT one\n");
}
END_TEST

/* ---- ANY -------------------------------------------------------------------------------- */

START_TEST(any_is_one_hinfo)
{
	static const char *const names[] = {"www.example.", "a.b.c.", "com."};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		char expected[128];
		snprintf(expected, sizeof expected, "%s 3600 HINFO 075246433834383200\n", names[i]);
		check_record(names[i], TARN__TYPE_ANY, expected);
		ck_assert_uint_eq(flags() & TARN__FLAG_AA, 0);
	}
}
END_TEST

/* ---- types that are not served ---------------------------------------------------------- */

static void make_with(const struct tarn_options *options)
{
	make(&(struct tarn__policy_options){.public = options});
}

/* NODATA or NXDOMAIN with an SOA of the name itself, EDE 17, without AA. */
static void check_filtered(unsigned rcode, const char *text_expected)
{
	ck_assert_uint_eq(tarn__stored_rcode(decision.stored), rcode);
	ck_assert(tarn__stored_is_negative(decision.stored, decision.stored_len));
	ck_assert(!decision.is_authoritative && !decision.is_block);
	ck_assert_uint_eq(decision.options.ede_count, 1);
	ck_assert_uint_eq(decision.options.ede[0].code, TARN__EDE_FILTERED);
	ck_assert_str_eq(decision.options.ede[0].text, text_expected);
}

START_TEST(type_that_is_not_served_is_nodata)
{
	static const uint16_t types[] = {TARN__TYPE_AAAA, TARN__TYPE_HTTPS};
	make_with(&(struct tarn_options){.filter_types = types, .filter_type_count = 2});
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(apply("www.example.", types[i]), TARN__POLICY_ANSWER);
		check_filtered(TARN__NOERROR, "this type is not served here");
		ck_assert_uint_eq(decision.stage, TARN__STAGE_TYPE_FILTER);
	}
	ck_assert_int_eq(apply("www.example.", TARN__TYPE_A), TARN__POLICY_PASS);
	/* What has an answer of its own keeps it. */
	ck_assert_int_eq(apply("localhost.", TARN__TYPE_AAAA), TARN__POLICY_ANSWER);
	ck_assert_uint_eq(decision.stage, TARN__STAGE_SPECIAL);
}
END_TEST

START_TEST(type_may_be_served_to_some_clients)
{
	static const uint16_t type = TARN__TYPE_AAAA;
	struct tarn_network network;
	struct tarn_address inside, outside;
	ck_assert_int_eq(tarn_network_parse("10.0.0.0/24", &network), 0);
	ck_assert_int_eq(tarn_address_parse("::ffff:10.0.0.7", 53, &inside), 0);
	ck_assert_int_eq(tarn_address_parse("10.0.1.7", 53, &outside), 0);
	make_with(&(struct tarn_options){.filter_types = &type,
					 .filter_type_count = 1,
					 .filter_clients = &network,
					 .filter_client_count = 1});
	ck_assert_int_eq(apply_for(&inside, "www.example.", type, TARN__CLASS_IN, 0),
			 TARN__POLICY_ANSWER);
	ck_assert_int_eq(apply_for(&outside, "www.example.", type, TARN__CLASS_IN, 0),
			 TARN__POLICY_PASS);
	/* The program itself is of no network. */
	ck_assert_int_eq(apply("www.example.", type), TARN__POLICY_PASS);
}
END_TEST

/* Options that are no names, prefixes or types. */
START_TEST(bad_options_are_refused)
{
	static const uint16_t types[TARN_FILTER_TYPES_MAX + 1];
	static const char *const names[] = {"a..b"};
	struct tarn_network prefixes[TARN_DNS64_PREFIXES_MAX + 1], bad[3];
	for (size_t i = 0; i <= TARN_DNS64_PREFIXES_MAX; i++)
		ck_assert_int_eq(tarn_network_parse("64:ff9b::/96", &prefixes[i]), 0);
	ck_assert_int_eq(tarn_network_parse("64:ff9b::/95", &bad[0]), 0);
	ck_assert_int_eq(tarn_network_parse("192.0.2.0/32", &bad[1]), 0);
	ck_assert_int_eq(tarn_network_parse("2001:db8:0:0:100::/96", &bad[2]), 0);
	const struct tarn_options rows[] = {
		{.filter_types = types, .filter_type_count = TARN_FILTER_TYPES_MAX + 1},
		{.filter_private = true, .private_names = names, .private_name_count = 1},
		{.dns64_prefixes = prefixes, .dns64_prefix_count = TARN_DNS64_PREFIXES_MAX + 1},
		{.dns64_prefixes = &bad[0], .dns64_prefix_count = 1},
		{.dns64_prefixes = &bad[1], .dns64_prefix_count = 1},
		{.dns64_prefixes = &bad[2], .dns64_prefix_count = 1},
		{.dns64_prefixes = prefixes,
		 .dns64_prefix_count = 1,
		 .dns64_excluded = names,
		 .dns64_excluded_count = 1},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		ck_assert_ptr_null(
			tarn__policy_new(&(struct tarn__policy_options){.public = &rows[i]}));
		ck_assert_int_eq(errno, EINVAL);
	}
	make_with(&(struct tarn_options){.filter_types = types,
					 .filter_type_count = TARN_FILTER_TYPES_MAX,
					 .dns64_prefixes = prefixes,
					 .dns64_prefix_count = TARN_DNS64_PREFIXES_MAX});
}
END_TEST

/* ---- names of one label ----------------------------------------------------------------- */

START_TEST(addresses_of_one_label_stay_here)
{
	static const unsigned other[] = {TARN__TYPE_NS, TARN__TYPE_DS, TARN__TYPE_SOA};
	make_with(&(struct tarn_options){.local_only = true});
	ck_assert_int_eq(apply("wpad.", TARN__TYPE_A), TARN__POLICY_ANSWER);
	check_filtered(TARN__NXDOMAIN, "names of one label stay here");
	ck_assert_int_eq(apply("wpad.", TARN__TYPE_AAAA), TARN__POLICY_ANSWER);
	for (size_t i = 0; i < COUNT_OF(other); i++)
		ck_assert_int_eq(apply("com.", other[i]), TARN__POLICY_PASS);
	ck_assert_int_eq(apply(".", TARN__TYPE_A), TARN__POLICY_PASS);
	ck_assert_int_eq(apply("a.b.", TARN__TYPE_A), TARN__POLICY_PASS);
}
END_TEST

/* ---- DNS64 ------------------------------------------------------------------------------ */

#define NIBBLES "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa."

static void make_dns64(const char *clients)
{
	static struct tarn_network prefixes[2], network;
	static const char *const excluded[] = {"v4only.example."};
	ck_assert_int_eq(tarn_network_parse("64:ff9b::/96", &prefixes[0]), 0);
	ck_assert_int_eq(tarn_network_parse("fd00:64:64::/48", &prefixes[1]), 0);
	if (clients)
		ck_assert_int_eq(tarn_network_parse(clients, &network), 0);
	make_with(&(struct tarn_options){.dns64_prefixes = prefixes,
					 .dns64_prefix_count = 2,
					 .dns64_excluded = excluded,
					 .dns64_excluded_count = 1,
					 .dns64_clients = clients ? &network : NULL,
					 .dns64_client_count = clients ? 1 : 0});
}

/* RFC 8880 section 7.1 */
START_TEST(ipv4only_arpa_is_answered)
{
	make_dns64(NULL);
	check_record("ipv4only.arpa.", TARN__TYPE_A,
		     "ipv4only.arpa. 10800 A 192.0.0.170\nipv4only.arpa. 10800 A 192.0.0.171\n");
	check_record("IPV4only.arpa.", TARN__TYPE_AAAA,
		     "IPV4only.arpa. 10800 AAAA 0064ff9b0000000000000000c00000aa\n"
		     "IPV4only.arpa. 10800 AAAA 0064ff9b0000000000000000c00000ab\n"
		     "IPV4only.arpa. 10800 AAAA fd0000640064c0000000aa0000000000\n"
		     "IPV4only.arpa. 10800 AAAA fd0000640064c0000000ab0000000000\n");
	check_negative("ipv4only.arpa.", TARN__TYPE_MX, TARN__NOERROR, "ipv4only.arpa.");
	check_record("170.0.0.192.in-addr.arpa.", TARN__TYPE_PTR,
		     "170.0.0.192.in-addr.arpa. 10800 PTR ipv4only.arpa.\n");
	check_record("171.0.0.192.in-addr.arpa.", TARN__TYPE_PTR,
		     "171.0.0.192.in-addr.arpa. 10800 PTR ipv4only.arpa.\n");
	ck_assert_int_eq(apply("172.0.0.192.in-addr.arpa.", TARN__TYPE_PTR), TARN__POLICY_PASS);
	ck_assert_int_eq(apply("a.ipv4only.arpa.", TARN__TYPE_A), TARN__POLICY_PASS);
}
END_TEST

/* A44: without DNS64 it is a name as others. */
START_TEST(ipv4only_arpa_is_forwarded_without_dns64)
{
	ck_assert_int_eq(apply("ipv4only.arpa.", TARN__TYPE_A), TARN__POLICY_PASS);
	ck_assert_int_eq(apply("170.0.0.192.in-addr.arpa.", TARN__TYPE_PTR), TARN__POLICY_PASS);
	ck_assert_int_eq(apply("8.0.8.0.8.0.8.0." NIBBLES, TARN__TYPE_PTR), TARN__POLICY_PASS);
}
END_TEST

/* RFC 6147 section 5.3.1 */
START_TEST(reverse_name_within_a_prefix_leads_to_that_of_the_ipv4_address)
{
	char target[TARN__NAME_TEXT_MAX];
	make_dns64(NULL);
	ck_assert_int_eq(apply("8.0.8.0.8.0.8.0." NIBBLES, TARN__TYPE_PTR), TARN__POLICY_FOLLOW);
	ck_assert_str_eq(tarn__name_format(decision.next.octets, target), "8.8.8.8.in-addr.arpa.");
	/* A prefix of unique local addresses (RFC 4193), whose reverse zone has no other names. */
	ck_assert_int_eq(apply("0.0.0.0.0.0.0.0.0.0.1.2.2.0.0.0.0.0.0.c.4.6.0.0.4.6.0.0.0.0.d.f."
			       "ip6.arpa.",
			       TARN__TYPE_PTR),
			 TARN__POLICY_FOLLOW);
	ck_assert_str_eq(tarn__name_format(decision.next.octets, target),
			 "33.2.0.192.in-addr.arpa.");
	ck_assert_int_eq(apply("8.0.8.0.8.0.8.0." NIBBLES, TARN__TYPE_TXT), TARN__POLICY_PASS);
	ck_assert_int_eq(apply("1.8.0.8.0.8.0.8.0." NIBBLES, TARN__TYPE_PTR), TARN__POLICY_PASS);
}
END_TEST

static bool applies(const struct tarn_address *client, const char *name, unsigned type,
		    unsigned header_flags)
{
	apply_for(client, name, type, TARN__CLASS_IN, header_flags);
	return tarn__dns64_applies(policy, &query, client);
}

START_TEST(dns64_is_for_aaaa_and_who_does_not_validate)
{
	make_dns64(NULL);
	ck_assert(applies(NULL, "www.example.", TARN__TYPE_AAAA, 0));
	ck_assert(!applies(NULL, "www.example.", TARN__TYPE_A, 0));
	ck_assert(!applies(NULL, "www.example.", TARN__TYPE_HTTPS, 0));
	ck_assert(!applies(NULL, "a.V4only.example.", TARN__TYPE_AAAA, 0));
	/* The queries of this file set DO. */
	ck_assert(!applies(NULL, "www.example.", TARN__TYPE_AAAA, TARN__FLAG_CD));
	query.dnssec_ok = false;
	ck_assert(tarn__dns64_applies(policy, &query, NULL));
}
END_TEST

START_TEST(dns64_may_be_for_some_clients)
{
	struct tarn_address inside, outside;
	ck_assert_int_eq(tarn_address_parse("fd00:0:0:1::7", 53, &inside), 0);
	ck_assert_int_eq(tarn_address_parse("fd00:0:0:2::7", 53, &outside), 0);
	make_dns64("fd00:0:0:1::/64");
	ck_assert(applies(&inside, "www.example.", TARN__TYPE_AAAA, 0));
	ck_assert(!applies(&outside, "www.example.", TARN__TYPE_AAAA, 0));
	ck_assert(!applies(NULL, "www.example.", TARN__TYPE_AAAA, 0));
	ck_assert_int_eq(apply_for(&inside, "ipv4only.arpa.", TARN__TYPE_AAAA, TARN__CLASS_IN, 0),
			 TARN__POLICY_ANSWER);
	ck_assert_int_eq(apply_for(&outside, "ipv4only.arpa.", TARN__TYPE_AAAA, TARN__CLASS_IN, 0),
			 TARN__POLICY_PASS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy");
	TCase *tcase = tcase_create("policy");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, stranger_is_refused_with_its_reason);
	tcase_add_test(tcase, stranger_is_refused_whatever_is_asked);
	tcase_add_test(tcase, ipv4_mapped_stranger_is_refused);
	tcase_add_test(tcase, stranger_may_be_allowed);
	tcase_add_test(tcase, ordinary_question_passes_and_leaves_the_output);
	tcase_add_loop_test(tcase, server_says_what_and_who_it_is, 0, COUNT_OF(chaos));
	tcase_add_loop_test(tcase, server_that_hides_refuses_to_say, 0, COUNT_OF(chaos));
	tcase_add_test(tcase, other_chaos_is_refused);
	tcase_add_test(tcase, long_identity_is_cut_to_one_string);
	tcase_add_loop_test(tcase, chaos_names_are_ordinary_in_class_in, 0, COUNT_OF(chaos));
	tcase_add_test(tcase, localhost_is_the_loopback_address);
	tcase_add_test(tcase, localhost_has_no_other_types);
	tcase_add_loop_test(tcase, missing_domain_does_not_exist, 0, COUNT_OF(some_types));
	tcase_add_loop_test(tcase, empty_zone_has_an_apex_and_nothing_below, 0,
			    COUNT_OF(some_types));
	tcase_add_test(tcase, loopback_addresses_are_localhost);
	tcase_add_loop_test(tcase, loopback_zones_are_empty_beside_it, 0, COUNT_OF(some_types));
	tcase_add_test(tcase, home_arpa_is_empty_but_for_its_ds);
	tcase_add_loop_test(tcase, resolver_arpa_has_names_without_data, 0, COUNT_OF(some_types));
	tcase_add_loop_test(tcase, name_that_a_network_may_have_comes_with_a_hint, 0,
			    COUNT_OF(hints));
	tcase_add_test(tcase, special_name_needs_no_recursion);
	tcase_add_test(tcase, example_names_are_ordinary);
	tcase_add_test(tcase, passed_zone_is_asked_for);
	tcase_add_test(tcase, passed_name_within_a_zone_leaves_the_rest_of_it);
	tcase_add_test(tcase, passed_name_above_covers_all_zones_below);
	tcase_add_test(tcase, any_of_a_passed_name_is_not_asked_for);
	tcase_add_test(tcase, what_is_no_name_cannot_be_passed);
	tcase_add_test(tcase, names_and_strings_are_copied);
	tcase_add_test(tcase, any_is_one_hinfo);
	tcase_add_test(tcase, type_that_is_not_served_is_nodata);
	tcase_add_test(tcase, type_may_be_served_to_some_clients);
	tcase_add_test(tcase, bad_options_are_refused);
	tcase_add_test(tcase, addresses_of_one_label_stay_here);
	tcase_add_test(tcase, ipv4only_arpa_is_answered);
	tcase_add_test(tcase, ipv4only_arpa_is_forwarded_without_dns64);
	tcase_add_test(tcase, reverse_name_within_a_prefix_leads_to_that_of_the_ipv4_address);
	tcase_add_test(tcase, dns64_is_for_aaaa_and_who_does_not_validate);
	tcase_add_test(tcase, dns64_may_be_for_some_clients);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
