/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/core/test_local_data.c: names that are answered from here. A case b3_... is of rule B3 of
 * local names: what of B1 to B22 is a matter of files, of the configuration or of the cache has its tests
 * there.
 */
#include "core/policy/local_data.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dns/reply.h"
#include "support/message.h"
#include "support/unit.h"

static struct tarn__local_builder *builder;
static struct tarn__local_data *data;
static uint64_t now_s;

/* ---- building --------------------------------------------------------------------------- */

static void start(const char *domain)
{
	uint8_t name[TARN__NAME_MAX];
	struct tarn__local_options options = {.ttl = 60};
	if (domain) {
		options.domain = name;
		options.domain_len = tarn__name_parse(domain, name);
	}
	tarn__local_builder_free(builder);
	builder = tarn__local_builder_new(&options);
	ck_assert_ptr_nonnull(builder);
}

static void set_up(void)
{
	now_s = 1000;
	start(NULL);
}

static void tear_down(void)
{
	tarn__local_builder_free(builder);
	tarn__local_data_put(data);
	tarn__local_data_put(NULL);
	builder = NULL;
	data = NULL;
}

static unsigned source(const char *path, uint32_t ttl, bool makes_ptr)
{
	const struct tarn__local_source source = {path, ttl, makes_ptr};
	int number = tarn__local_builder_add_source(builder, &source);
	ck_assert_int_ge(number, 0);
	return (unsigned)number;
}

static enum tarn__local_result last_result;
static unsigned host_source;

static void on_entry(void *arg, const struct tarn__hosts_entry *entry)
{
	(void)arg;
	last_result = tarn__local_builder_add_host(builder, host_source, entry);
}

static void hosts_from(unsigned from, const char *text, size_t part)
{
	static struct tarn__hosts hosts;
	host_source = from;
	tarn__hosts_start(&hosts, on_entry, NULL, NULL);
	for (size_t at = 0, len = strlen(text); at < len; at += part)
		tarn__hosts_feed(&hosts, text + at, len - at < part ? len - at : part);
	tarn__hosts_end(&hosts);
}

static void hosts(const char *text)
{
	hosts_from(source("/etc/hosts", 60, true), text, SIZE_MAX);
}

/* "OWNER TTL TYPE RDATA" as of tests/support/message.h. */
static enum tarn__local_result record(const char *line)
{
	static struct message message;
	struct tarn__record read;
	static unsigned number;
	put_header(&message, 0, 0);
	put_record(&message, 1, line);
	struct tarn__reader reader = {
		.wire = message.wire, .at = TARN__HEADER_LEN, .end = message.len};
	ck_assert(tarn__record_read(&reader, &read));
	const struct tarn__local_record record = {
		.line = ++number,
		.owner = read.owner,
		.owner_len = read.owner_len,
		.type = read.type,
		.ttl = read.ttl,
		.rdata = read.rdata,
		.rdata_len = read.rdata_len,
	};
	return tarn__local_builder_add_record(builder, source("tarn.conf", 60, true), &record);
}

static enum tarn__local_result zone(const char *text)
{
	uint8_t name[TARN__NAME_MAX];
	size_t len = tarn__name_parse(text, name);
	return tarn__local_builder_add_zone(builder, source("tarn.conf", 60, true), 7, name, len);
}

static enum tarn__local_result lease_since(const char *name, const char *address, uint64_t start_s,
					   uint64_t end_s)
{
	struct tarn__lease lease = {.name = name, .start_s = start_s, .end_s = end_s, .line = 3};
	ck_assert(tarn__ip_parse(address, strlen(address), &lease.address));
	return tarn__local_builder_add_lease(builder, source("leases", 60, true), &lease);
}

static enum tarn__local_result lease(const char *name, const char *address, uint64_t end_s)
{
	return lease_since(name, address, 0, end_s);
}

static void build(void)
{
	tarn__local_data_put(data);
	data = tarn__local_builder_build(builder);
	ck_assert_ptr_nonnull(data);
	tarn__local_builder_free(builder);
	builder = NULL;
}

/* ---- asking ----------------------------------------------------------------------------- */

static struct tarn__local_found found;

/*
 * The answer as a client gets it: "NONE", or the kind, the records, and where they come from. The numbers
 * of an SOA that was made are those of tests/support/message.h in the text.
 */
static const char *ask(const char *name, unsigned type)
{
	static const char *const kinds[] = {"NONE", "", "CNAME\n", "NODATA\n", "NXDOMAIN\n"};
	static struct message question;
	static struct tarn__query query;
	static uint8_t stored[TARN__STORED_MAX], reply[TARN__MESSAGE_MAX];
	static struct text text;
	static char out[sizeof text.octets];
	put_header(&question, 1, TARN__FLAG_RD);
	put_question(&question, name, type);
	ck_assert_int_eq(tarn__query_parse(question.wire, question.len, &query), TARN__QUERY_GOOD);
	memset(&found, 0x5a, sizeof found);
	enum tarn__local_kind kind = tarn__local_data_find(data, query.qname, query.qname_len,
							   query.qtype, now_s, &found);
	if (kind == TARN__LOCAL_NONE) {
		ck_assert_int_eq(((uint8_t *)&found)[0], 0x5a);
		return kinds[kind];
	}
	ck_assert_int_eq(kind, found.kind);
	size_t len = tarn__local_data_write(&found, &query, stored);
	ck_assert_uint_gt(len, 0);
	ck_assert_uint_le(len, sizeof stored);
	static const uint8_t numbers[] = "\0\0\0\1\0\0\x0e\x10\0\0\4\xb0\0\x09\x3a\x80";
	static const uint8_t one_to_four[] = "\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4";
	if (len > 20 && memcmp(stored + len - 20, numbers, 16) == 0)
		memcpy(stored + len - 20, one_to_four, 16);
	const struct tarn__reply how = {.limit = TARN__MESSAGE_MAX};
	size_t reply_len = tarn__reply_stored(&query, stored, len, &how, reply);
	unsigned rcode = tarn__get16(reply + 2) & TARN__FLAG_RCODE;
	ck_assert_uint_eq(rcode, kind == TARN__LOCAL_NXDOMAIN ? TARN__NXDOMAIN : TARN__NOERROR);
	ck_assert_uint_eq(tarn__get16(reply + 2) & TARN__FLAG_AD, 0);
	snprintf(out, sizeof out, "%s%s", kinds[kind], read_records(&text, reply, reply_len));
	return out;
}

static const char *from(void)
{
	static char out[256];
	snprintf(out, sizeof out, "%s:%u", found.source, found.line);
	return out;
}

#define A TARN__TYPE_A
#define AAAA TARN__TYPE_AAAA
#define PTR TARN__TYPE_PTR
#define TXT TARN__TYPE_TXT

/* ---- addresses -------------------------------------------------------------------------- */

START_TEST(nothing_is_ours_without_data)
{
	ck_assert_str_eq(ask("a.example", A), "NONE");
	build();
	ck_assert_str_eq(ask("a.example", A), "NONE");
	ck_assert_str_eq(ask(".", A), "NONE");
	ck_assert_str_eq(ask("1.2.0.192.in-addr.arpa", PTR), "NONE");
}
END_TEST

START_TEST(b3_all_addresses_of_all_lines_and_files_are_one_rrset)
{
	hosts("192.0.2.1 nas.lan\n192.0.2.9 other.lan\n2001:db8::1 nas.lan\n"
	      "192.0.2.2 NAS.lan x\n192.0.2.1 nas.lan\n");
	hosts("192.0.2.3 nas.lan\n192.0.2.2 nas.lan\n");
	build();
	ck_assert_str_eq(ask("nas.lan", A), "nas.lan. 60 A 192.0.2.1\nnas.lan. 60 A 192.0.2.2\n"
					    "nas.lan. 60 A 192.0.2.3\n");
	ck_assert_str_eq(ask("nas.lan", AAAA),
			 "nas.lan. 60 AAAA 20010db8000000000000000000000001\n");
	ck_assert_str_eq(from(), "/etc/hosts:3");
}
END_TEST

START_TEST(b3_case_folds_and_the_clients_spelling_comes_back)
{
	hosts("192.0.2.1 Nas.LAN\n");
	build();
	ck_assert_str_eq(ask("nAs.lAn", A), "nAs.lAn. 60 A 192.0.2.1\n");
}
END_TEST

START_TEST(b4_other_types_of_a_local_name_are_nodata)
{
	hosts("192.0.2.1 nas.example.com\n");
	build();
	static const unsigned types[] = {AAAA,		TARN__TYPE_MX, TARN__TYPE_HTTPS, TXT,
					 TARN__TYPE_DS, TARN__TYPE_NS, TARN__TYPE_SOA};
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		ck_assert_str_eq(ask("nas.example.com", types[i]),
				 "NODATA\n--\nnas.example.com. 60 SOA nas.example.com. "
				 "nobody.invalid. 60\n");
	ck_assert(!found.is_by_zone);
	ck_assert_str_eq(from(), "/etc/hosts:1");
	/* RFC 8482 section 4.1: one RRset. */
	ck_assert_str_eq(ask("nas.example.com", TARN__TYPE_ANY),
			 "nas.example.com. 60 A 192.0.2.1\n");
}
END_TEST

START_TEST(b5_names_below_and_above_a_local_name_are_not_local)
{
	hosts("192.0.2.1 server.office.example\n");
	build();
	ck_assert_str_eq(ask("sub.server.office.example", A), "NONE");
	ck_assert_str_eq(ask("office.example", A), "NONE");
	ck_assert_str_eq(ask("server", A), "NONE");
	ck_assert_str_eq(ask("xserver.office.example", A), "NONE");
}
END_TEST

START_TEST(b5_zone_of_ours_denies_what_is_not_there)
{
	hosts("192.0.2.1 server.lan\n192.0.2.2 a.b.lan\n");
	ck_assert_int_eq(zone("LAN"), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(zone("lan"), TARN__LOCAL_KNOWN);
	build();
	ck_assert_str_eq(ask("No.LAN", A), "NXDOMAIN\n--\nLAN. 60 SOA lan. nobody.invalid. 60\n");
	ck_assert_str_eq(from(), "tarn.conf:7");
	ck_assert(found.is_by_zone);
	ck_assert_uint_eq(found.zone_len, 5);
	ck_assert_str_eq(ask("sub.server.lan", A),
			 "NXDOMAIN\n--\nlan. 60 SOA lan. nobody.invalid. 60\n");
	/* The apex, and a name that exists since there are names below it (RFC 8020 section 2). */
	ck_assert_str_eq(ask("lan", A), "NODATA\n--\nlan. 60 SOA lan. nobody.invalid. 60\n");
	ck_assert_str_eq(ask("b.lan", A), "NODATA\n--\nlan. 60 SOA lan. nobody.invalid. 60\n");
	ck_assert_str_eq(ask("lan", TARN__TYPE_SOA), "lan. 60 SOA lan. nobody.invalid. 60\n");
	/* What has records is denied by its zone, too, and goes before a longer zone with servers. */
	ck_assert_str_eq(ask("server.lan", TXT),
			 "NODATA\n--\nlan. 60 SOA lan. nobody.invalid. 60\n");
	ck_assert(!found.is_by_zone);
	ck_assert_str_eq(ask("lan.example", A), "NONE");
	ck_assert_str_eq(ask("xlan", A), "NONE");
	ck_assert_str_eq(ask(".", A), "NONE");
}
END_TEST

START_TEST(b5_longest_zone_of_ours_counts)
{
	ck_assert_int_eq(zone("example"), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(zone("a.b.example"), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(record("*.example 60 A 192.0.2.1"), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(record("example 60 TXT apex"), TARN__LOCAL_TAKEN);
	build();
	ck_assert_str_eq(ask("x.a.b.example", A), "NXDOMAIN\n--\na.b.example. 60 SOA a.b.example. "
						  "nobody.invalid. 60\n");
	ck_assert_str_eq(ask("b.example", A),
			 "NODATA\n--\nexample. 60 SOA example. nobody.invalid. 60\n");
	ck_assert_str_eq(ask("x.b.example", A),
			 "NXDOMAIN\n--\nexample. 60 SOA example. nobody.invalid. 60\n");
	ck_assert_str_eq(ask("x.example", A), "x.example. 60 A 192.0.2.1\n");
	ck_assert_str_eq(ask("example", TARN__TYPE_SOA),
			 "example. 60 SOA example. nobody.invalid. 60\n");
	ck_assert_str_eq(ask("example", TXT), "example. 60 TXT apex\n");
}
END_TEST

START_TEST(b5_soa_that_is_given_takes_the_place_of_ours)
{
	ck_assert_int_eq(zone("lan"), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(record("lan 300 SOA ns.lan hostmaster.lan 30"), TARN__LOCAL_TAKEN);
	build();
	ck_assert_str_eq(ask("lan", TARN__TYPE_SOA), "lan. 300 SOA ns.lan. hostmaster.lan. 30\n");
	ck_assert_str_eq(ask("no.lan", A),
			 "NXDOMAIN\n--\nlan. 30 SOA ns.lan. hostmaster.lan. 30\n");
	ck_assert_str_eq(ask("lan", A), "NODATA\n--\nlan. 30 SOA ns.lan. hostmaster.lan. 30\n");
}
END_TEST

START_TEST(b5_root_may_be_ours)
{
	hosts("192.0.2.1 nas\n");
	ck_assert_int_eq(zone("."), TARN__LOCAL_TAKEN);
	build();
	ck_assert_str_eq(ask("www.example", A), "NXDOMAIN\n--\n. 60 SOA . nobody.invalid. 60\n");
	ck_assert_str_eq(ask(".", TARN__TYPE_NS), "NODATA\n--\n. 60 SOA . nobody.invalid. 60\n");
	ck_assert_str_eq(ask("nas", A), "nas. 60 A 192.0.2.1\n");
}
END_TEST

/* ---- PTR -------------------------------------------------------------------------------- */

START_TEST(b6_ptr_is_the_first_name_of_the_addresss_first_line)
{
	hosts("192.0.2.1 canonical.lan alias.lan\n192.0.2.1 later.lan\n"
	      "192.0.2.2 alias.lan\n2001:db8::A5 six.lan\n");
	hosts("192.0.2.2 other.lan\n");
	build();
	ck_assert_str_eq(ask("1.2.0.192.in-addr.arpa", PTR),
			 "1.2.0.192.in-addr.arpa. 60 PTR canonical.lan.\n");
	ck_assert_str_eq(from(), "/etc/hosts:1");
	ck_assert_str_eq(ask("2.2.0.192.In-Addr.ARPA", PTR),
			 "2.2.0.192.In-Addr.ARPA. 60 PTR alias.lan.\n");
	ck_assert_str_eq(
		ask("5.A.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6."
		    "arpa",
		    PTR),
		"5.A.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. "
		"60 PTR six.lan.\n");
	/* B4 for reverse names. */
	ck_assert_str_eq(ask("1.2.0.192.in-addr.arpa", A),
			 "NODATA\n--\n1.2.0.192.in-addr.arpa. 60 SOA 1.2.0.192.in-addr.arpa. "
			 "nobody.invalid. 60\n");
	ck_assert_str_eq(ask("1.2.0.192.in-addr.arpa", TARN__TYPE_ANY),
			 "1.2.0.192.in-addr.arpa. 60 PTR canonical.lan.\n");
}
END_TEST

START_TEST(b6_other_reverse_names_are_not_ours)
{
	hosts("192.0.2.1 a.lan\n");
	build();
	static const char *const names[] = {
		"3.2.0.192.in-addr.arpa",
		"2.0.192.in-addr.arpa",
		"in-addr.arpa",
		"arpa",
		"1.1.2.0.192.in-addr.arpa",
		"01.2.0.192.in-addr.arpa",
		"x.2.0.192.in-addr.arpa",
		"256.2.0.192.in-addr.arpa",
		"1.2.0.192.ip6.arpa",
		"1.2.0.192.in-addr.arpb",
		"1.2.0.192.xn-addr.arpa",
		"1.2.0.192.arpa",
		"1.0.ip6.arpa",
		"a\\004arpa",
		"1111.2.0.192.in-addr.arpa",
	};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		ck_assert_str_eq(ask(names[i], PTR), "NONE");
}
END_TEST

START_TEST(b6_sinks_scopes_and_sources_without_ptr_make_none)
{
	hosts("0.0.0.0 ads.example\n:: ads.example\n127.0.0.1 ads.example\n::1 ads.example\n"
	      "fe80::1%eth0 router.lan\n127.0.1.1 myself.lan\n");
	hosts_from(source("blocked", 60, false), "192.0.2.1 a.lan\n", SIZE_MAX);
	build();
	struct tarn__local_counts counts;
	tarn__local_data_count(data, &counts);
	ck_assert_uint_eq(counts.addresses, 1);
	ck_assert_str_eq(ask("1.2.0.192.in-addr.arpa", PTR), "NONE");
	ck_assert_str_eq(ask("1.0.0.127.in-addr.arpa", PTR), "NONE");
	ck_assert_str_eq(ask("1.1.0.127.in-addr.arpa", PTR),
			 "1.1.0.127.in-addr.arpa. 60 PTR myself.lan.\n");
	ck_assert_str_eq(ask("router.lan", AAAA),
			 "router.lan. 60 AAAA fe800000000000000000000000000001\n");
}
END_TEST

START_TEST(b6_records_of_reverse_names_go_before_addresses)
{
	hosts("192.0.2.1 a.lan\n192.0.2.2 b.lan\n");
	ck_assert_int_eq(record("1.2.0.192.in-addr.arpa 10 PTR mine.lan"), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(record("2.2.0.192.in-addr.arpa 10 TXT rack"), TARN__LOCAL_TAKEN);
	build();
	ck_assert_str_eq(ask("1.2.0.192.in-addr.arpa", PTR),
			 "1.2.0.192.in-addr.arpa. 10 PTR mine.lan.\n");
	ck_assert_str_eq(ask("2.2.0.192.in-addr.arpa", PTR),
			 "2.2.0.192.in-addr.arpa. 60 PTR b.lan.\n");
	ck_assert_str_eq(ask("2.2.0.192.in-addr.arpa", TXT),
			 "2.2.0.192.in-addr.arpa. 10 TXT rack\n");
}
END_TEST

START_TEST(b6_reverse_zone_of_ours_has_the_names_above_its_ptrs)
{
	hosts("192.0.2.1 a.lan\n");
	ck_assert_int_eq(zone("192.in-addr.arpa"), TARN__LOCAL_TAKEN);
	build();
	static const char soa[] =
		"--\n192.in-addr.arpa. 60 SOA 192.in-addr.arpa. nobody.invalid. 60\n";
	char expected[128];
	snprintf(expected, sizeof expected, "NODATA\n%s", soa);
	ck_assert_str_eq(ask("2.0.192.in-addr.arpa", PTR), expected);
	ck_assert_str_eq(ask("1.2.0.192.in-addr.arpa", A), expected);
	snprintf(expected, sizeof expected, "NXDOMAIN\n%s", soa);
	ck_assert_str_eq(ask("3.2.0.192.in-addr.arpa", PTR), expected);
	ck_assert_str_eq(ask("3.0.192.in-addr.arpa", PTR), expected);
	ck_assert_str_eq(ask("1.2.0.192.in-addr.arpa", PTR),
			 "1.2.0.192.in-addr.arpa. 60 PTR a.lan.\n");
}
END_TEST

/* ---- TTLs, loopback --------------------------------------------------------------------- */

START_TEST(b7_ttl_is_that_of_the_source)
{
	hosts_from(source("one", 5, true), "192.0.2.1 a.lan b.lan\n", SIZE_MAX);
	hosts_from(source("two", 7, true), "192.0.2.2 a.lan c.lan\n", SIZE_MAX);
	hosts_from(source("long", UINT32_MAX, true), "192.0.2.3 d.lan\n", SIZE_MAX);
	build();
	/* RFC 2181 section 5.2: one TTL for a set. */
	ck_assert_str_eq(ask("a.lan", A), "a.lan. 5 A 192.0.2.1\na.lan. 5 A 192.0.2.2\n");
	ck_assert_str_eq(ask("c.lan", A), "c.lan. 7 A 192.0.2.2\n");
	ck_assert_str_eq(ask("b.lan", AAAA), "NODATA\n--\nb.lan. 5 SOA b.lan. nobody.invalid. 5\n");
	ck_assert_str_eq(ask("d.lan", A), "d.lan. 86400 A 192.0.2.3\n");
	ck_assert_uint_eq(TARN__LOCAL_DATA_TTL, 60);
}
END_TEST

START_TEST(b8_localhost_is_not_taken_from_anywhere)
{
	hosts("192.0.2.1 localhost a.lan\n");
	ck_assert_int_eq(record("localhost 60 A 192.0.2.1"), TARN__LOCAL_LEFT_OUT);
	ck_assert_int_eq(record("a.LocalHost 60 A 192.0.2.1"), TARN__LOCAL_LEFT_OUT);
	ck_assert_int_eq(record("localhost.lan 60 A 192.0.2.1"), TARN__LOCAL_TAKEN);
	build();
	ck_assert_str_eq(ask("localhost", A), "NONE");
	ck_assert_str_eq(ask("a.localhost", A), "NONE");
	ck_assert_str_eq(ask("a.lan", A), "a.lan. 60 A 192.0.2.1\n");
}
END_TEST

START_TEST(b8_ip6_names_are_from_the_file_or_built_in)
{
	static const char loopback[] = "ip6-loopback. 60 AAAA 00000000000000000000000000000001\n";
	hosts("2001:db8::1 ip6-localhost\n");
	build();
	ck_assert_str_eq(ask("ip6-localhost", AAAA),
			 "ip6-localhost. 60 AAAA 20010db8000000000000000000000001\n");
	ck_assert_str_eq(ask("ip6-loopback", AAAA), loopback);
	ck_assert_str_eq(from(), "built in:0");
}
END_TEST

/* ---- records ---------------------------------------------------------------------------- */

START_TEST(b9_records_of_any_type_are_answered)
{
	ck_assert_int_eq(record("printer.lan 300 A 192.0.2.7"), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(record("printer.lan 200 A 192.0.2.8"), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(record("printer.lan 300 A 192.0.2.7"), TARN__LOCAL_KNOWN);
	ck_assert_int_eq(record("printer.lan 300 TXT ink"), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(record("lan 300 MX 10 mail.lan"), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(record("_ipp._tcp.lan 300 SRV 0 0 631 printer.lan"), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(record("printer.lan 300 TYPE65280 0102"), TARN__LOCAL_TAKEN);
	build();
	ck_assert_str_eq(ask("printer.lan", A),
			 "printer.lan. 200 A 192.0.2.7\nprinter.lan. 200 A 192.0.2.8\n");
	ck_assert_str_eq(ask("printer.lan", TXT), "printer.lan. 300 TXT ink\n");
	ck_assert_str_eq(ask("printer.lan", 65280), "printer.lan. 300 TYPE65280 0102\n");
	ck_assert_str_eq(ask("lan", TARN__TYPE_MX), "lan. 300 MX 10 mail.lan.\n");
	ck_assert_str_eq(ask("_ipp._tcp.lan", TARN__TYPE_SRV),
			 "_ipp._tcp.lan. 300 SRV 0 0 631 printer.lan.\n");
}
END_TEST

START_TEST(b9_rdata_that_is_malformed_is_refused)
{
	struct tarn__local_record bad = {
		.owner = (const uint8_t *)"\1a",
		.owner_len = 3,
		.type = A,
		.rdata = (const uint8_t *)"\1\2\3\4\5",
		.rdata_len = 5,
	};
	unsigned from_conf = source("tarn.conf", 60, true);
	ck_assert_int_eq(tarn__local_builder_add_record(builder, from_conf, &bad),
			 TARN__LOCAL_BAD_RDATA);
	bad.type = TARN__TYPE_CNAME;
	ck_assert_int_eq(tarn__local_builder_add_record(builder, from_conf, &bad),
			 TARN__LOCAL_BAD_RDATA);
	bad.type = 0;
	ck_assert_int_eq(tarn__local_builder_add_record(builder, from_conf, &bad),
			 TARN__LOCAL_BAD_RDATA);
	ck_assert_str_eq(tarn__local_result_text(TARN__LOCAL_BAD_RDATA), "not RDATA of its type");
}
END_TEST

/* RFC 2181 section 10.1 */
START_TEST(b9_cname_is_alone)
{
	ck_assert_int_eq(record("www.lan 300 CNAME nas.lan"), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(record("www.lan 300 CNAME nas.lan"), TARN__LOCAL_KNOWN);
	ck_assert_int_eq(record("www.lan 300 CNAME pc.lan"), TARN__LOCAL_CNAME_IS_ALONE);
	ck_assert_int_eq(record("www.lan 300 TXT text"), TARN__LOCAL_CNAME_IS_ALONE);
	ck_assert_int_eq(record("nas.lan 300 A 192.0.2.1"), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(record("nas.lan 300 CNAME pc.lan"), TARN__LOCAL_CNAME_IS_ALONE);
	hosts("192.0.2.9 www.lan\n");
	build();
	ck_assert_str_eq(ask("www.lan", A), "CNAME\nwww.lan. 300 CNAME nas.lan.\n");
	ck_assert_uint_eq(found.target_len, 9);
	ck_assert_mem_eq(found.target, "\3nas\3lan", 9);
	ck_assert_str_eq(ask("www.lan", TARN__TYPE_CNAME), "www.lan. 300 CNAME nas.lan.\n");
	ck_assert_str_eq(ask("www.lan", TARN__TYPE_ANY), "www.lan. 300 CNAME nas.lan.\n");
	ck_assert_str_eq(ask("nas.lan", A), "nas.lan. 300 A 192.0.2.1\n");
	ck_assert_str_eq(ask("9.2.0.192.in-addr.arpa", PTR), "NONE");
}
END_TEST

START_TEST(records_go_before_hosts_and_hosts_before_leases)
{
	hosts("192.0.2.1 a.lan\n2001:db8::1 a.lan\n192.0.2.2 b.lan\n");
	ck_assert_int_eq(lease("b", "192.0.2.9", 2000), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(record("a.lan 300 A 192.0.2.5"), TARN__LOCAL_TAKEN);
	build();
	ck_assert_str_eq(ask("a.lan", A), "a.lan. 300 A 192.0.2.5\n");
	ck_assert_str_eq(ask("a.lan", AAAA), "a.lan. 60 AAAA 20010db8000000000000000000000001\n");
	ck_assert_str_eq(ask("b.lan", A), "b.lan. 60 A 192.0.2.2\n");
	ck_assert_str_eq(ask("b", A), "b. 60 A 192.0.2.9\n");
}
END_TEST

START_TEST(b10_wildcard_answers_for_names_that_are_not_there)
{
	ck_assert_int_eq(record("*.apps.lan 300 A 10.0.0.5"), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(record("db.apps.lan 300 TXT db"), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(record("*.web.lan 300 CNAME proxy.lan"), TARN__LOCAL_TAKEN);
	build();
	ck_assert_str_eq(ask("Shop.apps.lan", A), "Shop.apps.lan. 300 A 10.0.0.5\n");
	ck_assert(found.is_by_wildcard && !found.is_by_zone);
	ck_assert_str_eq(ask("a.b.c.apps.lan", A), "a.b.c.apps.lan. 300 A 10.0.0.5\n");
	ck_assert_str_eq(ask("*.apps.lan", A), "*.apps.lan. 300 A 10.0.0.5\n");
	ck_assert_str_eq(ask("shop.apps.lan", TXT), "NODATA\n--\nshop.apps.lan. 300 SOA "
						    "shop.apps.lan. nobody.invalid. 300\n");
	ck_assert_str_eq(ask("x.web.lan", A), "CNAME\nx.web.lan. 300 CNAME proxy.lan.\n");
	/* RFC 4592 section 2.2.1: not for the parent, nor for names that exist and what is below them. */
	ck_assert_str_eq(ask("apps.lan", A), "NONE");
	ck_assert_str_eq(ask("db.apps.lan", A), "NODATA\n--\ndb.apps.lan. 300 SOA db.apps.lan. "
						"nobody.invalid. 300\n");
	ck_assert_str_eq(ask("x.db.apps.lan", A), "NONE");
	ck_assert_str_eq(ask("lan", A), "NONE");
}
END_TEST

/* The zone of RFC 4592 section 2.2.1, and its questions. */
START_TEST(b10_example_of_rfc_4592)
{
	ck_assert_int_eq(zone("example"), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(record("*.example 3600 TXT wildcard"), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(record("*.example 3600 MX 10 host1.example"), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(record("sub.*.example 3600 TXT not"), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(record("host1.example 3600 A 192.0.2.1"), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(record("_ssh._tcp.host1.example 3600 SRV 0 0 22 host1.example"),
			 TARN__LOCAL_TAKEN);
	build();
	ck_assert_str_eq(ask("host3.example", TARN__TYPE_MX),
			 "host3.example. 3600 MX 10 host1.example.\n");
	ck_assert_str_eq(ask("foo.bar.example", TXT), "foo.bar.example. 3600 TXT wildcard\n");
	static const char soa[] = "--\nexample. 3600 SOA example. nobody.invalid. 3600\n";
	char expected[128];
	snprintf(expected, sizeof expected, "NODATA\n%s", soa);
	ck_assert_str_eq(ask("host3.example", A), expected);
	ck_assert_str_eq(ask("host1.example", TARN__TYPE_MX), expected);
	ck_assert_str_eq(ask("sub.*.example", TARN__TYPE_MX), expected);
	static const char by_zone[] = "--\nexample. 60 SOA example. nobody.invalid. 60\n";
	snprintf(expected, sizeof expected, "NXDOMAIN\n%s", by_zone);
	ck_assert_str_eq(ask("_telnet._tcp.host1.example", TARN__TYPE_SRV), expected);
	ck_assert_str_eq(ask("ghost.*.example", TARN__TYPE_MX), expected);
	snprintf(expected, sizeof expected, "NODATA\n%s", by_zone);
	ck_assert_str_eq(ask("_tcp.host1.example", TARN__TYPE_SRV), expected);
}
END_TEST

START_TEST(b11_target_of_an_upstreams_chain_is_found_by_its_name)
{
	struct tarn__local_found target;
	hosts("192.0.2.1 proxy.example.com\n");
	build();
	ck_assert_int_eq(tarn__local_data_find(data, (const uint8_t *)"\5Proxy\7example\3com", 19,
					       A, now_s, &target),
			 TARN__LOCAL_RECORDS);
	ck_assert_uint_eq(target.ttl, 60);
}
END_TEST

START_TEST(b12_what_only_the_zone_denies_gives_way_to_a_longer_zone)
{
	ck_assert_int_eq(zone("lan"), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(record("*.wild.lan 60 A 192.0.2.1"), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(lease("pc.lan", "192.0.2.9", 2000), TARN__LOCAL_BAD_NAME);
	hosts("192.0.2.1 a.corp.lan\n");
	build();
	ask("b.corp.lan", A);
	ck_assert(found.is_by_zone);
	ck_assert_uint_eq(found.zone_len, 5);
	ask("corp.lan", A);
	ck_assert(found.is_by_zone);
	ask("a.corp.lan", A);
	ck_assert(!found.is_by_zone);
	ask("x.wild.lan", A);
	ck_assert(!found.is_by_zone);
}
END_TEST

START_TEST(b13_ds_of_a_local_zone_is_nodata)
{
	ck_assert_int_eq(zone("lan"), TARN__LOCAL_TAKEN);
	hosts("192.0.2.1 nas.example.com\n");
	build();
	ck_assert_str_eq(ask("lan", TARN__TYPE_DS),
			 "NODATA\n--\nlan. 60 SOA lan. nobody.invalid. 60\n");
	ck_assert_str_eq(ask("lan", TARN__TYPE_DNSKEY),
			 "NODATA\n--\nlan. 60 SOA lan. nobody.invalid. 60\n");
	ck_assert_str_eq(ask("nas.example.com", TARN__TYPE_RRSIG),
			 "NODATA\n--\nnas.example.com. 60 SOA nas.example.com. nobody.invalid. "
			 "60\n");
}
END_TEST

/* ---- leases ----------------------------------------------------------------------------- */

START_TEST(b14_lease_ends_at_its_time)
{
	ck_assert_int_eq(lease("pc", "192.0.2.9", 1030), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(lease("tv", "192.0.2.8", TARN__LEASE_NEVER), TARN__LOCAL_TAKEN);
	build();
	ck_assert_str_eq(ask("tv", A), "tv. 60 A 192.0.2.8\n");
	now_s = 900;
	ck_assert_str_eq(ask("pc", A), "pc. 60 A 192.0.2.9\n");
	now_s = 1000;
	ck_assert_str_eq(ask("pc", A), "pc. 30 A 192.0.2.9\n");
	ck_assert_str_eq(from(), "leases:3");
	ck_assert_str_eq(ask("9.2.0.192.in-addr.arpa", PTR),
			 "9.2.0.192.in-addr.arpa. 30 PTR pc.\n");
	ck_assert_str_eq(ask("pc", AAAA), "NODATA\n--\npc. 30 SOA pc. nobody.invalid. 30\n");
	now_s = 1029;
	ck_assert_str_eq(ask("pc", A), "pc. 1 A 192.0.2.9\n");
	now_s = 1030;
	ck_assert_str_eq(ask("pc", A), "NONE");
	ck_assert_str_eq(ask("9.2.0.192.in-addr.arpa", PTR), "NONE");
	now_s = UINT64_MAX - 1;
	ck_assert_str_eq(ask("tv", A), "tv. 60 A 192.0.2.8\n");
}
END_TEST

START_TEST(b14_lease_that_has_ended_is_not_there_in_a_zone)
{
	start("lan");
	ck_assert_int_eq(zone("lan"), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(lease("pc", "192.0.2.9", 1030), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(lease("up", "192.0.2.7", 1030), TARN__LOCAL_TAKEN);
	hosts("192.0.2.8 below.up.lan\n");
	build();
	ck_assert_str_eq(ask("pc.lan", A), "pc.lan. 30 A 192.0.2.9\n");
	now_s = 1030;
	ck_assert_str_eq(ask("pc.lan", A), "NXDOMAIN\n--\nlan. 60 SOA lan. nobody.invalid. 60\n");
	ck_assert_str_eq(ask("x.pc.lan", A), "NXDOMAIN\n--\nlan. 60 SOA lan. nobody.invalid. 60\n");
	ck_assert_str_eq(ask("up.lan", A), "NODATA\n--\nlan. 60 SOA lan. nobody.invalid. 60\n");
}
END_TEST

START_TEST(b15_name_without_a_dot_is_answered_with_and_without_the_domain)
{
	start("Home.LAN");
	hosts("192.0.2.1 nas storage\n192.0.2.2 pc.home.lan pc\n192.0.2.3 far.example\n");
	ck_assert_int_eq(lease("Phone", "192.0.2.9", 2000), TARN__LOCAL_TAKEN);
	build();
	ck_assert_str_eq(ask("nas", A), "nas. 60 A 192.0.2.1\n");
	ck_assert_str_eq(ask("nas.home.lan", A), "nas.home.lan. 60 A 192.0.2.1\n");
	ck_assert_str_eq(ask("storage.home.lan", A), "storage.home.lan. 60 A 192.0.2.1\n");
	ck_assert_str_eq(ask("pc.home.lan", A), "pc.home.lan. 60 A 192.0.2.2\n");
	ck_assert_str_eq(ask("phone", A), "phone. 60 A 192.0.2.9\n");
	ck_assert_str_eq(ask("phone.home.lan", A), "phone.home.lan. 60 A 192.0.2.9\n");
	ck_assert_str_eq(ask("far.example.home.lan", A), "NONE");
	/* AdGuardHome#4699: the PTR has the domain. */
	ck_assert_str_eq(ask("1.2.0.192.in-addr.arpa", PTR),
			 "1.2.0.192.in-addr.arpa. 60 PTR nas.home.lan.\n");
	ck_assert_str_eq(ask("9.2.0.192.in-addr.arpa", PTR),
			 "9.2.0.192.in-addr.arpa. 60 PTR phone.home.lan.\n");
}
END_TEST

START_TEST(b15_clients_name_is_not_trusted)
{
	start("lan");
	static const char *const bad[] = {
		"",
		" ",
		".",
		"a.b",
		"www.example.com",
		"bob's-pc",
		"a_b",
		"-a",
		"a-",
		"wpad",
		"WPAD",
		"isatap",
		"localhost",
		"wpad.lan",
		"a.wpad.lan",
		"lan",
		"12345",
		"1.2.3.4",
		"b\xc3\xb6",
		"*",
		"*.lan",
		"a..lan",
		"a/b",
		"lan.",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		bool is_domain = strcmp(bad[i], "lan") == 0 || strcmp(bad[i], "lan.") == 0;
		ck_assert_msg(lease(bad[i], "192.0.2.9", 2000) == TARN__LOCAL_BAD_NAME, "%s%s",
			      bad[i], is_domain ? " (domain)" : "");
	}
	ck_assert_int_eq(lease(NULL, "192.0.2.9", 2000), TARN__LOCAL_BAD_NAME);
	/* opnsense#1866 */
	ck_assert_int_eq(lease(" Living room TV ", "192.0.2.1", 2000), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(lease("pc.LAN.", "192.0.2.2", 2000), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(lease("eth1.pc2.lan", "192.0.2.3", 2000), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(lease("xn--bb-eka", "192.0.2.4", 2000), TARN__LOCAL_TAKEN);
	build();
	ck_assert_str_eq(ask("living-room-tv.lan", A), "living-room-tv.lan. 60 A 192.0.2.1\n");
	ck_assert_str_eq(ask("pc.lan", A), "pc.lan. 60 A 192.0.2.2\n");
	ck_assert_str_eq(ask("pc", A), "pc. 60 A 192.0.2.2\n");
	ck_assert_str_eq(ask("eth1.pc2.lan", A), "eth1.pc2.lan. 60 A 192.0.2.3\n");
	ck_assert_str_eq(ask("eth1.pc2", A), "NONE");
	ck_assert_str_eq(ask("9.2.0.192.in-addr.arpa", PTR), "NONE");
}
END_TEST

START_TEST(b15_lease_takes_no_name_that_is_a_records_hosts_or_zones)
{
	start("lan");
	ck_assert_int_eq(lease("nas", "192.0.2.9", 2000), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(lease("www", "192.0.2.8", 2000), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(lease("corp", "192.0.2.7", 2000), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(lease("free", "192.0.2.1", 2000), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(lease("ip6-localhost", "192.0.2.6", 2000), TARN__LOCAL_TAKEN);
	hosts("192.0.2.1 nas.lan\n");
	ck_assert_int_eq(record("www.lan 60 CNAME nas.lan"), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(zone("corp"), TARN__LOCAL_TAKEN);
	build();
	ck_assert_str_eq(ask("nas.lan", A), "nas.lan. 60 A 192.0.2.1\n");
	/* Not without the domain either. */
	ck_assert_str_eq(ask("nas", A), "NONE");
	ck_assert_str_eq(ask("www", A), "NONE");
	ck_assert_str_eq(ask("corp", A), "NODATA\n--\ncorp. 60 SOA corp. nobody.invalid. 60\n");
	ck_assert_str_eq(ask("corp.lan", A), "NONE");
	ck_assert_str_eq(ask("ip6-localhost", A), "NODATA\n--\nip6-localhost. 60 SOA "
						  "ip6-localhost. nobody.invalid. 60\n");
	ck_assert_str_eq(ask("9.2.0.192.in-addr.arpa", PTR), "NONE");
	/* The address is a host's: so is its PTR. */
	ck_assert_str_eq(ask("1.2.0.192.in-addr.arpa", PTR),
			 "1.2.0.192.in-addr.arpa. 60 PTR nas.lan.\n");
	ck_assert_str_eq(ask("free", A), "free. 60 A 192.0.2.1\n");
}
END_TEST

START_TEST(b15_newer_of_two_leases_has_the_name)
{
	ck_assert_int_eq(lease_since("a", "192.0.2.1", 500, 3000), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(lease_since("a", "192.0.2.2", 600, 2000), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(lease_since("a", "192.0.2.3", 400, 4000), TARN__LOCAL_TAKEN);
	/* Of another family: the same client, or not to be told apart. */
	ck_assert_int_eq(lease_since("a", "2001:db8::1", 1, 2000), TARN__LOCAL_TAKEN);
	/* Where the start is not known the end says it, and then the order. */
	ck_assert_int_eq(lease("b", "192.0.2.4", 3000), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(lease("b", "192.0.2.5", 2000), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(lease("c", "192.0.2.6", 3000), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(lease("c", "192.0.2.7", 3000), TARN__LOCAL_TAKEN);
	build();
	ck_assert_str_eq(ask("a", A), "a. 60 A 192.0.2.2\n");
	ck_assert_str_eq(ask("a", AAAA), "a. 60 AAAA 20010db8000000000000000000000001\n");
	ck_assert_str_eq(ask("b", A), "b. 60 A 192.0.2.4\n");
	ck_assert_str_eq(ask("c", A), "c. 60 A 192.0.2.7\n");
	ck_assert_str_eq(ask("1.2.0.192.in-addr.arpa", PTR), "NONE");
	ck_assert_str_eq(ask("2.2.0.192.in-addr.arpa", PTR), "2.2.0.192.in-addr.arpa. 60 PTR a.\n");
}
END_TEST

START_TEST(b15_client_named_as_a_top_level_domain_takes_no_more_than_its_addresses)
{
	start("lan");
	ck_assert_int_eq(lease("com", "192.0.2.1", 2000), TARN__LOCAL_TAKEN);
	build();
	ck_assert_str_eq(ask("com", A), "com. 60 A 192.0.2.1\n");
	ck_assert_str_eq(ask("com", TARN__TYPE_DS), "NONE");
	ck_assert_str_eq(ask("com", TARN__TYPE_NS), "NONE");
	ck_assert_str_eq(ask("com", TARN__TYPE_SOA), "NONE");
	ck_assert_str_eq(ask("com", TARN__TYPE_DNSKEY), "NONE");
	ck_assert_str_eq(ask("example.com", A), "NONE");
	ck_assert_str_eq(ask("com.lan", TARN__TYPE_DS),
			 "NODATA\n--\ncom.lan. 60 SOA com.lan. nobody.invalid. 60\n");
}
END_TEST

START_TEST(b16_what_is_not_added_again_is_gone)
{
	hosts("192.0.2.1 old.lan\n");
	build();
	struct tarn__local_data *before = tarn__local_data_get(data);
	start(NULL);
	hosts("192.0.2.2 new.lan\n");
	build();
	ck_assert_str_eq(ask("old.lan", A), "NONE");
	ck_assert_str_eq(ask("new.lan", A), "new.lan. 60 A 192.0.2.2\n");
	/* Who has the data before may go on with it. */
	ck_assert_int_eq(
		tarn__local_data_find(before, (const uint8_t *)"\3old\3lan", 9, A, now_s, &found),
		TARN__LOCAL_RECORDS);
	tarn__local_data_put(before);
}
END_TEST

START_TEST(b22_order_is_that_of_the_file)
{
	hosts("192.0.2.9 a\n192.0.2.1 a\n192.0.2.5 a\n");
	build();
	for (unsigned i = 0; i < 3; i++)
		ck_assert_str_eq(ask("a", A),
				 "a. 60 A 192.0.2.9\na. 60 A 192.0.2.1\na. 60 A 192.0.2.5\n");
}
END_TEST

/* ---- bounds ----------------------------------------------------------------------------- */

static void add_host(unsigned from_source, const char *name, uint32_t address, unsigned line)
{
	struct tarn__hosts_entry entry = {.line = line, .address.len = TARN__IPV4_LEN};
	tarn__put32(entry.address.octets, address);
	entry.name_len = (uint16_t)tarn__host_name_parse(name, strlen(name), entry.name);
	last_result = tarn__local_builder_add_host(builder, from_source, &entry);
}

START_TEST(b19_record_set_fits_into_a_message)
{
	enum { MOST = TARN__LOCAL_SET_MAX / 16 };
	char longest[254];
	for (unsigned i = 0; i < 253; i++)
		longest[i] = i % 2 == 0 ? 'a' : '.';
	longest[253] = '\0';
	unsigned from_source = source("/etc/hosts", 60, true);
	for (unsigned i = 0; i < MOST; i++) {
		add_host(from_source, longest, 0x0a000000 + i, i);
		ck_assert_int_eq(last_result, TARN__LOCAL_TAKEN);
	}
	add_host(from_source, longest, 0x0b000000, 1);
	ck_assert_int_eq(last_result, TARN__LOCAL_SET_IS_FULL);
	/* A set that is full is not gone through for each line. */
	for (unsigned i = 0; i < 300000; i++)
		add_host(from_source, longest, 0x0b000000 + i, 1);
	ck_assert_int_eq(last_result, TARN__LOCAL_SET_IS_FULL);
	build();
	static struct message question;
	static uint8_t stored[TARN__STORED_MAX], reply[TARN__MESSAGE_MAX];
	struct tarn__query query;
	put_header(&question, 1, TARN__FLAG_RD);
	put_question(&question, longest, A);
	ck_assert_int_eq(tarn__query_parse(question.wire, question.len, &query), TARN__QUERY_GOOD);
	ck_assert_int_eq(
		tarn__local_data_find(data, query.qname, query.qname_len, A, now_s, &found),
		TARN__LOCAL_RECORDS);
	size_t len = tarn__local_data_write(&found, &query, stored);
	ck_assert_uint_gt(len, 0);
	const struct tarn__reply how = {.limit = TARN__MESSAGE_MAX};
	ck_assert_uint_eq(tarn__reply_stored(&query, stored, len, &how, reply),
			  TARN__HEADER_LEN + TARN__NAME_MAX + 4 + MOST * 16);
	ck_assert_uint_eq(tarn__get16(reply + 2) & TARN__FLAG_TC, 0);
	ck_assert_uint_eq(tarn__get16(reply + 6), MOST);
}
END_TEST

START_TEST(b19_names_are_bounded)
{
	unsigned from_source = source("/etc/hosts", 60, false);
	char name[32];
	for (unsigned i = 0; i < TARN__LOCAL_NAMES_MAX; i++) {
		snprintf(name, sizeof name, "h%u.lan", i);
		add_host(from_source, name, i, i);
		if (last_result != TARN__LOCAL_TAKEN)
			ck_abort_msg("%u: %s", i, tarn__local_result_text(last_result));
	}
	add_host(from_source, "one.more", 1, 1);
	ck_assert_int_eq(last_result, TARN__LOCAL_DATA_IS_FULL);
	add_host(from_source, "h7.lan", 1, 1);
	ck_assert_int_eq(last_result, TARN__LOCAL_TAKEN);
	ck_assert_int_eq(zone("full"), TARN__LOCAL_DATA_IS_FULL);
	build();
	ck_assert_str_eq(ask("h1048575.lan", A), "h1048575.lan. 60 A 0.15.255.255\n");
	ck_assert_str_eq(ask("h7.lan", A), "h7.lan. 60 A 0.0.0.7\nh7.lan. 60 A 0.0.0.1\n");
	ck_assert_str_eq(ask("h1048576.lan", A), "NONE");
	struct tarn__local_counts counts;
	tarn__local_data_count(data, &counts);
	ck_assert_uint_eq(counts.names, TARN__LOCAL_NAMES_MAX);
	ck_assert_uint_eq(counts.records, TARN__LOCAL_NAMES_MAX + 1);
}
END_TEST

START_TEST(b19_memory_of_a_name_is_bounded)
{
	enum { COUNT = 100000 };
	unsigned from_source = source("/etc/hosts", 60, true);
	size_t text_len = 0;
	for (unsigned i = 0; i < COUNT; i++) {
		struct tarn__hosts_entry entry = {
			.line = i, .address.len = TARN__IPV4_LEN, .is_canonical = true};
		char name[32];
		text_len += (size_t)snprintf(name, sizeof name, "h%u.lan", i);
		tarn__put32(entry.address.octets, 0x0a000000 + i);
		entry.name_len = (uint16_t)tarn__host_name_parse(name, strlen(name), entry.name);
		tarn__local_builder_add_host(builder, from_source, &entry);
	}
	build();
	struct tarn__local_counts counts;
	tarn__local_data_count(data, &counts);
	ck_assert_uint_eq(counts.addresses, COUNT);
	ck_assert_uint_le(counts.octets, text_len + (size_t)40 * COUNT);
	ck_assert_str_eq(ask("h99999.lan", A), "h99999.lan. 60 A 10.1.134.159\n");
	ck_assert_str_eq(ask("159.134.1.10.in-addr.arpa", PTR),
			 "159.134.1.10.in-addr.arpa. 60 PTR h99999.lan.\n");
}
END_TEST

START_TEST(b19_sources_and_zones_are_bounded)
{
	const struct tarn__local_source one = {"file", 60, true};
	for (unsigned i = 0; i < TARN__LOCAL_SOURCES_MAX; i++)
		ck_assert_int_eq(tarn__local_builder_add_source(builder, &one), (int)i);
	ck_assert_int_eq(tarn__local_builder_add_source(builder, &one), TARN_EBUSY);
	uint8_t name[] = "\4zzzz";
	for (unsigned i = 0; i <= TARN__LOCAL_ZONES_MAX; i++) {
		name[1] = (uint8_t)('a' + i % 16);
		name[2] = (uint8_t)('a' + i / 16 % 16);
		name[3] = (uint8_t)('a' + i / 256);
		enum tarn__local_result result =
			tarn__local_builder_add_zone(builder, 0, 1, name, sizeof name);
		ck_assert_int_eq(result, i < TARN__LOCAL_ZONES_MAX ? TARN__LOCAL_TAKEN
								   : TARN__LOCAL_DATA_IS_FULL);
	}
	build();
	ck_assert_str_eq(ask("ip6-loopback", AAAA), "NONE");
}
END_TEST

START_TEST(longest_names_are_found)
{
	char text[2 * 127 + 1];
	for (size_t i = 0; i < 127; i++)
		memcpy(text + 2 * i, "a.", 2);
	text[2 * 127] = '\0';
	start("lan");
	ck_assert_int_eq(zone("a"), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(record("*.b.a 60 TXT x"), TARN__LOCAL_TAKEN);
	unsigned from_source = source("/etc/hosts", 60, true);
	add_host(from_source, text, 7, 1);
	ck_assert_int_eq(last_result, TARN__LOCAL_TAKEN);
	build();
	ck_assert_str_ne(ask(text, A), "NONE");
	ck_assert_int_eq(found.kind, TARN__LOCAL_RECORDS);
	ask(text + 2, A);
	ck_assert_int_eq(found.kind, TARN__LOCAL_NODATA);
	text[0] = 'b';
	ask(text, A);
	ck_assert_int_eq(found.kind, TARN__LOCAL_NXDOMAIN);
	memcpy(text + 2 * 125, "b.a.", 4);
	ask(text, TXT);
	ck_assert_int_eq(found.kind, TARN__LOCAL_RECORDS);
}
END_TEST

/* ---- what there is ---------------------------------------------------------------------- */

static char listed[4096];
static unsigned listed_most;

static bool on_item(void *arg, const struct tarn__local_item *item)
{
	char name[TARN__NAME_TEXT_MAX], type[TARN__WORD_MAX], rdata[64] = "";
	size_t len = strlen(listed);
	ck_assert_ptr_eq(arg, listed);
	ck_assert_uint_eq(tarn__name_span(item->name, item->name_len), item->name_len);
	ck_assert_uint_lt(item->rdata_len, sizeof rdata / 2);
	for (size_t i = 0; i < item->rdata_len; i++)
		snprintf(rdata + 2 * i, 3, "%02x", item->rdata[i]);
	snprintf(listed + len, sizeof listed - len, "%s %u %s %s %s:%u",
		 tarn__name_format(item->name, name), item->ttl,
		 tarn__type_format(item->type, type), rdata, item->source, item->line);
	len = strlen(listed);
	snprintf(listed + len, sizeof listed - len,
		 item->end_s == TARN__LEASE_NEVER ? "\n" : " %u\n", (unsigned)item->end_s);
	return --listed_most > 0;
}

static const char *list(const char *text, unsigned most)
{
	uint8_t name[TARN__NAME_MAX];
	listed[0] = '\0';
	listed_most = most;
	tarn__local_data_walk(data, text ? name : NULL, text ? tarn__name_parse(text, name) : 0,
			      on_item, listed);
	return listed;
}

START_TEST(all_that_there_is_can_be_listed)
{
	ck_assert_str_eq(list(NULL, 100), "");
	hosts("192.0.2.1 nas.lan\n2001:db8::1 nas.lan\n");
	ck_assert_int_eq(record("2.2.0.192.in-addr.arpa 9 CNAME x.lan"), TARN__LOCAL_TAKEN);
	hosts("192.0.2.2 b.lan\n");
	ck_assert_int_eq(lease("pc", "192.0.2.9", 1030), TARN__LOCAL_TAKEN);
	ck_assert_int_eq(zone("lan"), TARN__LOCAL_TAKEN);
	build();
	ck_assert_str_eq(list("NAS.lan", 100),
			 "nas.lan. 60 A c0000201 /etc/hosts:1\n"
			 "nas.lan. 60 AAAA 20010db8000000000000000000000001 /etc/hosts:2\n");
	ck_assert_str_eq(list("NAS.lan", 1), "nas.lan. 60 A c0000201 /etc/hosts:1\n");
	ck_assert_str_eq(list("lan", 100), "lan. 60 SOA  tarn.conf:7\n");
	ck_assert_str_eq(list("pc", 100), "pc. 60 A c0000209 leases:3 1030\n");
	ck_assert_str_eq(list("9.2.0.192.in-addr.arpa", 100),
			 "9.2.0.192.in-addr.arpa. 60 PTR 02706300 leases:3 1030\n");
	ck_assert_ptr_nonnull(strstr(list("2.2.0.192.in-addr.arpa", 100), " CNAME "));
	ck_assert_ptr_null(strstr(listed, " PTR "));
	ck_assert_str_eq(list("no.lan", 100), "");
	list(NULL, 100);
	unsigned lines = 0;
	for (const char *at = listed; *at; at++)
		lines += *at == '\n';
	/* Three hosts, a lease, a record, a zone, two names that are built in, and four PTRs less one. */
	ck_assert_uint_eq(lines, 4 + 1 + 1 + 2 + 3);
}
END_TEST

/* ---- properties ------------------------------------------------------------------------- */

/* Any text gives the same answers however it comes, and the same answers as a list that is gone through. */
START_TEST(property_answers_do_not_depend_on_parts)
{
	static char text[64 * 1024], expected[64 * 1024];
	size_t len = 0;
	uint32_t random = (uint32_t)_i * 7919 + 1;
	for (unsigned i = 0; i < 400; i++) {
		random = random * 1664525 + 1013904223;
		len += (size_t)sprintf(text + len, "%s192.0.2.%u n%u%s n%u.lan%s\n",
				       random >> 29 == 0 ? "# " : "", random >> 24 & 31,
				       random >> 16 & 63, random & 1 << 15 ? ".lan" : "",
				       random >> 8 & 63, random & 1 << 14 ? " #x" : "");
	}
	static const size_t parts[] = {SIZE_MAX, 1, 13, 4096};
	for (size_t part = 0; part < 4; part++) {
		static char answers[sizeof expected];
		size_t at = 0;
		start(_i % 2 == 0 ? "lan" : NULL);
		hosts_from(source("/etc/hosts", 60, true), text, parts[part]);
		if (_i % 3 == 0)
			zone("lan");
		build();
		for (unsigned i = 0; i < 64; i++) {
			char name[64];
			snprintf(name, sizeof name, "n%u.lan", i);
			at += (size_t)sprintf(answers + at, "%s", ask(name, A));
			snprintf(name, sizeof name, "%u.2.0.192.in-addr.arpa", i);
			at += (size_t)sprintf(answers + at, "%s", ask(name, PTR));
		}
		if (part == 0)
			strcpy(expected, answers);
		ck_assert_str_eq(answers, expected);
	}
}
END_TEST

static void add_answers_case(Suite *suite)
{
	TCase *tcase = tcase_create("answers");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, nothing_is_ours_without_data);
	tcase_add_test(tcase, b3_all_addresses_of_all_lines_and_files_are_one_rrset);
	tcase_add_test(tcase, b3_case_folds_and_the_clients_spelling_comes_back);
	tcase_add_test(tcase, b4_other_types_of_a_local_name_are_nodata);
	tcase_add_test(tcase, b5_names_below_and_above_a_local_name_are_not_local);
	tcase_add_test(tcase, b5_zone_of_ours_denies_what_is_not_there);
	tcase_add_test(tcase, b5_longest_zone_of_ours_counts);
	tcase_add_test(tcase, b5_soa_that_is_given_takes_the_place_of_ours);
	tcase_add_test(tcase, b5_root_may_be_ours);
	tcase_add_test(tcase, b6_ptr_is_the_first_name_of_the_addresss_first_line);
	tcase_add_test(tcase, b6_other_reverse_names_are_not_ours);
	tcase_add_test(tcase, b6_sinks_scopes_and_sources_without_ptr_make_none);
	tcase_add_test(tcase, b6_records_of_reverse_names_go_before_addresses);
	tcase_add_test(tcase, b6_reverse_zone_of_ours_has_the_names_above_its_ptrs);
	tcase_add_test(tcase, b7_ttl_is_that_of_the_source);
	tcase_add_test(tcase, b8_localhost_is_not_taken_from_anywhere);
	tcase_add_test(tcase, b8_ip6_names_are_from_the_file_or_built_in);
	tcase_add_test(tcase, b9_records_of_any_type_are_answered);
	tcase_add_test(tcase, b9_rdata_that_is_malformed_is_refused);
	tcase_add_test(tcase, b9_cname_is_alone);
	tcase_add_test(tcase, records_go_before_hosts_and_hosts_before_leases);
	tcase_add_test(tcase, b10_wildcard_answers_for_names_that_are_not_there);
	tcase_add_test(tcase, b10_example_of_rfc_4592);
	tcase_add_test(tcase, b11_target_of_an_upstreams_chain_is_found_by_its_name);
	tcase_add_test(tcase, b12_what_only_the_zone_denies_gives_way_to_a_longer_zone);
	tcase_add_test(tcase, b13_ds_of_a_local_zone_is_nodata);
	tcase_add_test(tcase, b16_what_is_not_added_again_is_gone);
	tcase_add_test(tcase, b22_order_is_that_of_the_file);
	tcase_add_test(tcase, all_that_there_is_can_be_listed);
	tcase_add_loop_test(tcase, property_answers_do_not_depend_on_parts, 0, 6);
	suite_add_tcase(suite, tcase);
}

static void add_leases_case(Suite *suite)
{
	TCase *tcase = tcase_create("leases");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, b14_lease_ends_at_its_time);
	tcase_add_test(tcase, b14_lease_that_has_ended_is_not_there_in_a_zone);
	tcase_add_test(tcase, b15_name_without_a_dot_is_answered_with_and_without_the_domain);
	tcase_add_test(tcase, b15_clients_name_is_not_trusted);
	tcase_add_test(tcase, b15_lease_takes_no_name_that_is_a_records_hosts_or_zones);
	tcase_add_test(tcase, b15_newer_of_two_leases_has_the_name);
	tcase_add_test(tcase,
		       b15_client_named_as_a_top_level_domain_takes_no_more_than_its_addresses);
	suite_add_tcase(suite, tcase);
}

static void add_bounds_case(Suite *suite)
{
	TCase *tcase = tcase_create("bounds");
	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, b19_record_set_fits_into_a_message);
	tcase_add_test(tcase, b19_names_are_bounded);
	tcase_add_test(tcase, b19_memory_of_a_name_is_bounded);
	tcase_add_test(tcase, b19_sources_and_zones_are_bounded);
	tcase_add_test(tcase, longest_names_are_found);
	suite_add_tcase(suite, tcase);
}

int main(void)
{
	Suite *suite = suite_create("local_data");
	add_answers_case(suite);
	add_leases_case(suite);
	add_bounds_case(suite);
	return unit_run(suite);
}
