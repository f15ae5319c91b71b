/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/dns/test_query.c: what clients send, the key made of it, and what is asked upstream. */
#include "dns/query.h"

#include "dns/edns.h"
#include "support/message.h"
#include "support/unit.h"

enum { ID = 0x1234, A = TARN__TYPE_A };

static struct message message;
static struct tarn__query query;
static uint8_t key[TARN__KEY_MAX];

static void start(unsigned flags)
{
	put_header(&message, ID, flags);
}

/* On the heap and no octet longer, so that a sanitizer sees a read past the end. */
static int parse_octets(const uint8_t *octets, size_t len)
{
	static uint8_t *copy;
	free(copy);
	copy = malloc(len ? len : 1);
	ck_assert_ptr_nonnull(copy);
	memcpy(copy, octets, len);
	return tarn__query_parse(copy, len, &query);
}

static int parse(void)
{
	return parse_octets(message.wire, message.len);
}

static void ask(const char *name, unsigned type)
{
	start(TARN__FLAG_RD);
	put_question(&message, name, type);
}

static void put_record_of_class(unsigned section, const char *line, unsigned class)
{
	size_t at = message.len;
	put_record(&message, section, line);
	while (message.wire[at] != 0)
		at += 1 + (size_t)message.wire[at];
	tarn__put16(message.wire + at + 3, (uint16_t) class);
}

/* ---- header and question ---------------------------------------------------------------- */

START_TEST(question_is_read_as_spelt)
{
	ask("wWw.Example.", TARN__TYPE_MX);
	ck_assert_int_eq(parse(), TARN__QUERY_GOOD);
	ck_assert_uint_eq(query.id, ID);
	ck_assert_uint_eq(query.flags, TARN__FLAG_RD);
	ck_assert_uint_eq(query.qname_len, 13);
	ck_assert_mem_eq(query.qname, "\3wWw\7Example\0", 13);
	ck_assert_uint_eq(query.qtype, TARN__TYPE_MX);
	ck_assert_uint_eq(query.qclass, TARN__CLASS_IN);
	ck_assert(!query.has_opt);
	ck_assert_uint_eq(query.edns_size, TARN__UDP_MIN);
}
END_TEST

START_TEST(root_can_be_asked_for)
{
	ask(".", TARN__TYPE_NS);
	ck_assert_int_eq(parse(), TARN__QUERY_GOOD);
	ck_assert_uint_eq(query.qname_len, 1);
}
END_TEST

START_TEST(message_shorter_than_a_header_is_dropped)
{
	ask("example.", A);
	for (size_t len = 0; len < TARN__HEADER_LEN; len++)
		ck_assert_int_eq(parse_octets(message.wire, len), TARN__QUERY_DROP);
}
END_TEST

START_TEST(response_is_dropped)
{
	start(TARN__FLAG_QR);
	put_question(&message, "example.", A);
	ck_assert_int_eq(parse(), TARN__QUERY_DROP);
	start(TARN__FLAG_QR | 5 << 11);
	ck_assert_int_eq(parse(), TARN__QUERY_DROP);
}
END_TEST

START_TEST(every_cut_of_a_question_is_a_format_error)
{
	ask("www.example.", A);
	put_opt(&message, 1232, 0, "\0\3\0\2ab", 6);
	for (size_t len = TARN__HEADER_LEN; len < message.len; len++) {
		ck_assert_int_eq(parse_octets(message.wire, len), TARN__FORMERR);
		ck_assert_int_eq(query.qname != NULL, len >= TARN__HEADER_LEN + 17);
		ck_assert_uint_eq(query.id, ID);
	}
	ck_assert_int_eq(parse(), TARN__QUERY_GOOD);
}
END_TEST

START_TEST(octets_behind_the_last_record_are_ignored)
{
	ask("example.", A);
	put_octets(&message, "rubbish", 7);
	ck_assert_int_eq(parse(), TARN__QUERY_GOOD);
}
END_TEST

START_TEST(compressed_question_is_a_format_error)
{
	start(0);
	put_octets(&message, "\3www\xc0\x0c\0\1\0\1", 10);
	message.wire[5] = 1;
	ck_assert_int_eq(parse(), TARN__FORMERR);
	ck_assert_ptr_null(query.qname);
}
END_TEST

/* RFC 9619 */
START_TEST(two_questions_are_a_format_error)
{
	ask("example.", A);
	put_question(&message, "example.", A);
	put_opt(&message, 1232, 0, NULL, 0);
	ck_assert_int_eq(parse(), TARN__FORMERR);
	ck_assert_ptr_null(query.qname);
	ck_assert(query.has_opt);
}
END_TEST

START_TEST(no_question_is_a_format_error)
{
	start(0);
	ck_assert_int_eq(parse(), TARN__FORMERR);
	ck_assert_ptr_null(query.qname);
	put_opt(&message, 1232, 0, NULL, 0);
	ck_assert_int_eq(parse(), TARN__FORMERR);
	ck_assert(query.has_opt);
}
END_TEST

/* RFC 7873 section 5.4 */
START_TEST(question_for_a_cookie_alone_is_no_error)
{
	start(0);
	put_opt(&message, 1232, 0, "\0\12\0\10cookies!", 12);
	ck_assert_int_eq(parse(), TARN__NOERROR);
	ck_assert_ptr_null(query.qname);
	ck_assert_uint_eq(query.cookie_len, 8);
	/* With anything beside it, it is none. */
	put_record(&message, 3, "example. 5 TXT text");
	ck_assert_int_eq(parse(), TARN__FORMERR);
	start(0);
	put_opt(&message, 1232, 0, "\0\12\0\7cookies", 11);
	ck_assert_int_eq(parse(), TARN__FORMERR);
	start(0);
	put_opt(&message, 1232, 0x00010000, "\0\12\0\10cookies!", 12);
	ck_assert_int_eq(parse(), TARN__BADVERS);
	start(4 << 11);
	put_opt(&message, 1232, 0, "\0\12\0\10cookies!", 12);
	ck_assert_int_eq(parse(), TARN__NOTIMP);
}
END_TEST

/* RFC 8906 section 3.1.4. Loop: opcodes. */
START_TEST(other_opcodes_are_not_implemented)
{
	start((unsigned)_i << 11);
	ck_assert_int_eq(parse(), TARN__NOTIMP);
	put_question(&message, "example.", A);
	put_opt(&message, 1232, 0, NULL, 0);
	ck_assert_int_eq(parse(), TARN__NOTIMP);
	ck_assert_ptr_nonnull(query.qname);
	ck_assert(query.has_opt);
	ck_assert_uint_eq(query.flags & TARN__FLAG_OPCODE, (unsigned)_i << 11);
}
END_TEST

START_TEST(other_opcode_without_a_readable_question_is_not_implemented)
{
	start(6 << 11);
	message.wire[5] = 1;
	put_octets(&message, "\xff\xff", 2);
	ck_assert_int_eq(parse(), TARN__NOTIMP);
	ck_assert_ptr_null(query.qname);
}
END_TEST

/* Each section's count is one more than its records. */
START_TEST(count_that_lies_is_a_format_error)
{
	ask("example.", A);
	message.wire[4 + 2 * _i + 1]++;
	ck_assert_int_eq(parse(), TARN__FORMERR);
	message.wire[4 + 2 * _i] = message.wire[4 + 2 * _i + 1] = 0xff;
	ck_assert_int_eq(parse(), TARN__FORMERR);
}
END_TEST

/* What a client's message has beside its question, and an OPT behind that or before it. */
static const struct {
	uint16_t qtype;
	const char *records;
	int parsed;
} companies[] = {
	{A, "example. 5 A 192.0.2.1", TARN__FORMERR},
	/* Of two questions, or of another class, or with an owner that NSEC3 cannot have. */
	{A, "example. 5 A 192.0.2.1\nexample. 5 TXT text", TARN__FORMERR},
	{A, "--\nexample. 5 NS a.example.", TARN__FORMERR},
	{A, "--\nexample. 5 NSEC3 00", TARN__FORMERR},
	{A, "--\n--\nexample. 5 TXT text", TARN__FORMERR},
	{A, "--\n--\nexample. 5 TYPE25 00", TARN__FORMERR},
	{A, "--\n--\nexample. 5 SOA a. b. 1", TARN__FORMERR},
	{A, "--\nexample. 5 SOA a. b. 1", TARN__FORMERR},
	{TARN__TYPE_IXFR, "--\nexample. 5 SOA a. b. 1", TARN__REFUSED},
	{TARN__TYPE_IXFR, "--\n--\nexample. 5 SOA a. b. 1", TARN__FORMERR},
	{TARN__TYPE_IXFR, "--\nexample. 5 NS a.example.", TARN__FORMERR},
	/* SIG(0) */
	{A, "--\n--\n. 0 SIG 0000", TARN__QUERY_GOOD},
	{A, "--\n--\n. 0 SIG 0001", TARN__FORMERR},
	{A, "--\n--\n. 0 SIG 00", TARN__FORMERR},
	{A, "--\n--\n. 0 SIG 0000\n. 0 SIG 0000", TARN__FORMERR},
	{A, "--\n. 0 SIG 0000", TARN__FORMERR},
};

START_TEST(question_brings_no_records_but_opt_and_a_signature)
{
	ask("example.", companies[_i].qtype);
	put_records(&message, companies[_i].records);
	ck_assert_int_eq(parse(), companies[_i].parsed);
	/* Whatever else is wrong, a reply has an OPT if there is one. */
	ask("example.", companies[_i].qtype);
	bool is_additional = strncmp(companies[_i].records, "--\n--\n", 6) == 0;
	if (is_additional)
		put_opt(&message, 4096, 0, NULL, 0);
	put_records(&message, companies[_i].records);
	if (!is_additional)
		put_opt(&message, 4096, 0, NULL, 0);
	ck_assert_int_eq(parse(), companies[_i].parsed);
	ck_assert_uint_eq(query.edns_size, 4096);
}
END_TEST

START_TEST(records_of_other_opcodes_are_theirs)
{
	start(5 << 11);
	put_question(&message, "example.", TARN__TYPE_SOA);
	put_records(&message, "a. 0 A 192.0.2.1\n--\nexample. 5 A 192.0.2.1");
	ck_assert_int_eq(parse(), TARN__NOTIMP);
}
END_TEST

START_TEST(record_whose_owner_loops_is_a_format_error)
{
	ask("example.", A);
	put_octets(&message, "\xc0\x19\0\1\0\1\0\0\0\0\0\0", 12);
	message.wire[11] = 1;
	ck_assert_int_eq(parse(), TARN__FORMERR);
}
END_TEST

START_TEST(signed_question_is_not_implemented)
{
	ask("example.", A);
	put_record_of_class(3, "key. 0 TSIG 00", TARN__CLASS_ANY);
	ck_assert_int_eq(parse(), TARN__NOTIMP);
}
END_TEST

/* RFC 8945 section 5.1 */
START_TEST(tsig_is_the_last_record_and_of_class_any)
{
	ask("example.", A);
	put_opt(&message, 4096, 0, NULL, 0);
	put_record_of_class(3, "key. 0 TSIG 00", TARN__CLASS_ANY);
	ck_assert_int_eq(parse(), TARN__NOTIMP);
	put_record_of_class(3, "key. 0 TSIG 00", TARN__CLASS_ANY);
	ck_assert_int_eq(parse(), TARN__FORMERR);
	ask("example.", A);
	put_record_of_class(3, "key. 0 TSIG 00", TARN__CLASS_IN);
	ck_assert_int_eq(parse(), TARN__FORMERR);
	ask("example.", A);
	put_record_of_class(3, "key. 0 TSIG 00", TARN__CLASS_ANY);
	put_opt(&message, 4096, 0, NULL, 0);
	ck_assert_int_eq(parse(), TARN__FORMERR);
	ask("example.", A);
	put_record_of_class(2, "key. 0 TSIG 00", TARN__CLASS_ANY);
	ck_assert_int_eq(parse(), TARN__FORMERR);
	put_opt(&message, 4096, 0, NULL, 0);
	ck_assert_int_eq(parse(), TARN__FORMERR);
}
END_TEST

static const struct {
	uint16_t type;
	int parsed;
} types[] = {
	{0, TARN__FORMERR},
	{TARN__TYPE_A, TARN__QUERY_GOOD},
	{TARN__TYPE_OPT, TARN__FORMERR},
	{TARN__TYPE_RRSIG, TARN__QUERY_GOOD},
	{127, TARN__QUERY_GOOD},
	{128, TARN__FORMERR},
	{248, TARN__FORMERR},
	{TARN__TYPE_TKEY, TARN__FORMERR},
	{TARN__TYPE_TSIG, TARN__FORMERR},
	{TARN__TYPE_IXFR, TARN__REFUSED},
	{TARN__TYPE_AXFR, TARN__REFUSED},
	{TARN__TYPE_MAILB, TARN__NOTIMP},
	{TARN__TYPE_MAILA, TARN__NOTIMP},
	{TARN__TYPE_ANY, TARN__QUERY_GOOD},
	{256, TARN__QUERY_GOOD},
	{65280, TARN__QUERY_GOOD},
	{65535, TARN__QUERY_GOOD},
};

START_TEST(types_that_are_no_data_are_refused)
{
	ask("example.", types[_i].type);
	ck_assert_int_eq(parse(), types[_i].parsed);
	ck_assert_ptr_nonnull(query.qname);
}
END_TEST

START_TEST(class_ch_is_good)
{
	ask("version.bind.", TARN__TYPE_TXT);
	tarn__put16(message.wire + message.len - 2, TARN__CLASS_CH);
	ck_assert_int_eq(parse(), TARN__QUERY_GOOD);
	ck_assert_uint_eq(query.qclass, TARN__CLASS_CH);
}
END_TEST

static const uint16_t other_classes[] = {0,    2, TARN__CLASS_HS, TARN__CLASS_NONE, TARN__CLASS_ANY,
					 65535};

START_TEST(other_classes_are_refused)
{
	ask("version.bind.", TARN__TYPE_TXT);
	tarn__put16(message.wire + message.len - 2, other_classes[_i]);
	ck_assert_int_eq(parse(), TARN__REFUSED);
	ck_assert_uint_eq(query.qclass, other_classes[_i]);
}
END_TEST

/* ---- OPT -------------------------------------------------------------------------------- */

static const struct {
	unsigned offered, taken;
} sizes[] = {{0, 512}, {511, 512}, {512, 512}, {513, 513}, {1232, 1232}, {65535, 65535}};

/* RFC 6891 section 6.2.3 */
START_TEST(udp_size_is_at_least_512)
{
	ask("example.", A);
	put_opt(&message, sizes[_i].offered, 0, NULL, 0);
	ck_assert_int_eq(parse(), TARN__QUERY_GOOD);
	ck_assert_uint_eq(query.edns_size, sizes[_i].taken);
}
END_TEST

START_TEST(do_is_read_and_other_flags_are_ignored)
{
	ask("example.", A);
	put_opt(&message, 1232, 0x8000, NULL, 0);
	ck_assert_int_eq(parse(), TARN__QUERY_GOOD);
	ck_assert(query.dnssec_ok);
	ask("example.", A);
	put_opt(&message, 1232, 0xff007fff, NULL, 0);
	ck_assert_int_eq(parse(), TARN__QUERY_GOOD);
	ck_assert(!query.dnssec_ok);
}
END_TEST

/* RFC 6891 section 6.1.3 */
START_TEST(version_above_0_is_a_bad_version)
{
	ask("example.", A);
	put_opt(&message, 1232, 0x00010000, NULL, 0);
	ck_assert_int_eq(parse(), TARN__BADVERS);
	ck_assert(query.has_opt);
	ck_assert_ptr_nonnull(query.qname);
	ask("example.", TARN__TYPE_AXFR);
	put_opt(&message, 1232, 0x00ff0000, NULL, 0);
	ck_assert_int_eq(parse(), TARN__BADVERS);
}
END_TEST

static const struct {
	const char *options;
	size_t len;
	int parsed;
} options[] = {
#define OPTIONS(literal, parsed)                                                                   \
	{                                                                                          \
		literal, sizeof(literal) - 1, parsed                                               \
	}
	OPTIONS("", TARN__QUERY_GOOD),
	OPTIONS("\0\3\0\0", TARN__QUERY_GOOD),
	OPTIONS("\0\3\0\10cookies!", TARN__QUERY_GOOD),
	OPTIONS("\0\3\0\10cookies!\xff\xff\0\1x", TARN__QUERY_GOOD),
	OPTIONS("\0\3\0\1", TARN__FORMERR),
	OPTIONS("\0\3\0\11cookies!", TARN__FORMERR),
	OPTIONS("\0\3\xff\xff", TARN__FORMERR),
	OPTIONS("\0\3\0", TARN__FORMERR),
	OPTIONS("\0", TARN__FORMERR),
	OPTIONS("\0\3\0\0\0\0\0", TARN__FORMERR),
#undef OPTIONS
};

START_TEST(options_have_to_end_within_the_opt)
{
	ask("example.", A);
	put_opt(&message, 1232, 0, options[_i].options, options[_i].len);
	ck_assert_int_eq(parse(), options[_i].parsed);
	ck_assert(query.has_opt);
}
END_TEST

/* RFC 7873 section 5.2. Loop: octets of the cookie. */
START_TEST(cookie_has_8_or_16_to_40_octets)
{
	uint8_t option[4 + 256] = {0, TARN__OPTION_COOKIE, 0, (uint8_t)_i};
	memcpy(option + 4, "cookies!", 8);
	ask("example.", A);
	put_opt(&message, 1232, 0, option, 4 + (size_t)_i);
	bool is_valid = _i == 8 || (_i >= 16 && _i <= 40);
	ck_assert_int_eq(parse(), is_valid ? TARN__QUERY_GOOD : TARN__FORMERR);
	ck_assert_int_eq(query.cookie != NULL, is_valid);
	ck_assert_uint_eq(query.cookie_len, is_valid ? _i : 0);
	if (is_valid)
		ck_assert_mem_eq(query.cookie, option + 4, (size_t)_i);
}
END_TEST

START_TEST(first_cookie_counts)
{
	ask("example.", A);
	put_opt(&message, 1232, 0, "\0\3\0\0\0\12\0\10cookies!\0\12\0\10another!\0\12\0\1x", 33);
	ck_assert_int_eq(parse(), TARN__QUERY_GOOD);
	ck_assert_uint_eq(query.cookie_len, 8);
	ck_assert_mem_eq(query.cookie, "cookies!", 8);
}
END_TEST

START_TEST(without_a_cookie_there_is_none)
{
	ask("example.", A);
	ck_assert_int_eq(parse(), TARN__QUERY_GOOD);
	ck_assert_ptr_null(query.cookie);
	put_opt(&message, 1232, 0, "\0\3\0\10cookies!", 12);
	ck_assert_int_eq(parse(), TARN__QUERY_GOOD);
	ck_assert_ptr_null(query.cookie);
	ck_assert(!query.wants_keepalive);
}
END_TEST

/* RFC 7828 section 3.2.1 */
START_TEST(keepalive_is_wanted_by_an_empty_option)
{
	ask("example.", A);
	put_opt(&message, 1232, 0, "\0\13\0\0\0\12\0\10cookies!", 16);
	ck_assert_int_eq(parse(), TARN__QUERY_GOOD);
	ck_assert(query.wants_keepalive);
	ck_assert_uint_eq(query.cookie_len, 8);
	ask("example.", A);
	put_opt(&message, 1232, 0, "\0\13\0\2\0\0", 6);
	ck_assert_int_eq(parse(), TARN__QUERY_GOOD);
	ck_assert(!query.wants_keepalive);
}
END_TEST

/* RFC 7830 section 3: of any length, and of any octets. */
START_TEST(padding_is_wanted_by_padding)
{
	static const char *const paddings[] = {"\0\14\0\0", "\0\14\0\4\0\0\0\0", "\0\14\0\2xy"};
	static const size_t lens[] = {4, 8, 6};
	for (size_t i = 0; i < 3; i++) {
		ask("example.", A);
		ck_assert_int_eq(parse(), TARN__QUERY_GOOD);
		ck_assert(!query.wants_padding);
		put_opt(&message, 1232, 0, paddings[i], lens[i]);
		ck_assert_int_eq(parse(), TARN__QUERY_GOOD);
		ck_assert(query.wants_padding);
	}
}
END_TEST

/* RFC 6891 section 6.1.1 */
START_TEST(two_opts_are_a_format_error)
{
	ask("example.", A);
	put_opt(&message, 1232, 0, NULL, 0);
	put_opt(&message, 1232, 0, NULL, 0);
	ck_assert_int_eq(parse(), TARN__FORMERR);
	ck_assert(query.has_opt);
}
END_TEST

START_TEST(opt_before_the_additional_section_is_a_format_error)
{
	for (unsigned section = 1; section <= 2; section++) {
		ask("example.", A);
		put_opt(&message, 1232, 0, NULL, 0);
		message.wire[11] = 0;
		message.wire[5 + 2 * section] = 1;
		ck_assert_int_eq(parse(), TARN__FORMERR);
		ck_assert(!query.has_opt);
	}
}
END_TEST

START_TEST(opt_of_another_owner_is_a_format_error)
{
	ask("example.", A);
	put_record(&message, 3, "example. 0 OPT");
	ck_assert_int_eq(parse(), TARN__FORMERR);
	/* A pointer to a root is another owner as well. */
	ask("example.", A);
	put_octets(&message, "\xc0\x14\0\x29\4\xd0\0\0\0\0\0\0", 12);
	message.wire[11] = 1;
	ck_assert_int_eq(parse(), TARN__FORMERR);
}
END_TEST

/* ---- the key ---------------------------------------------------------------------------- */

static size_t write_key(const char *name, unsigned type, unsigned flags, uint32_t opt_ttl)
{
	start(flags);
	put_question(&message, name, type);
	put_opt(&message, 4096, opt_ttl, "\0\12\0\10cookies!", 12);
	ck_assert_int_eq(parse(), TARN__QUERY_GOOD);
	return tarn__key_write(&query, key);
}

START_TEST(key_is_the_same_for_every_spelling)
{
	uint8_t first[TARN__KEY_MAX];
	size_t len = write_key("WWW.eXAMPLE.", A, TARN__FLAG_RD, 0);
	memcpy(first, key, len);
	ck_assert_uint_eq(write_key("www.example.", A, 0, 0), len);
	ck_assert_mem_eq(key, first, len);
	ck_assert_mem_eq(key, "\3www\7example\0\0\1\0", len);
}
END_TEST

START_TEST(keys_differ_in_type_do_and_cd)
{
	uint8_t keys[6][TARN__KEY_MAX];
	size_t len[6];
	const struct {
		const char *name;
		unsigned type, flags;
		uint32_t opt_ttl;
	} asked[] = {
		{"a.", 1, 0, 0},      {"a.", 28, 0, 0},
		{"b.", 1, 0, 0},      {"a.", 1, TARN__FLAG_CD, 0},
		{"a.", 1, 0, 0x8000}, {"a.", 1, TARN__FLAG_CD, 0x8000},
	};
	for (size_t i = 0; i < 6; i++) {
		len[i] = write_key(asked[i].name, asked[i].type, asked[i].flags, asked[i].opt_ttl);
		memcpy(keys[i], key, len[i]);
		for (size_t j = 0; j < i; j++)
			ck_assert(len[i] != len[j] || memcmp(keys[i], keys[j], len[i]) != 0);
	}
}
END_TEST

START_TEST(key_reads_back)
{
	size_t len = write_key("Www.example.", 65280, TARN__FLAG_CD | TARN__FLAG_AD, 0x8000);
	struct tarn__key read;
	ck_assert(tarn__key_read(key, len, &read));
	ck_assert_uint_eq(read.qname_len, 13);
	ck_assert_mem_eq(read.qname, "\3www\7example\0", 13);
	ck_assert_uint_eq(read.qtype, 65280);
	ck_assert_uint_eq(read.qclass, TARN__CLASS_IN);
	ck_assert(read.dnssec_ok);
	ck_assert(read.checking_disabled);
}
END_TEST

START_TEST(key_of_a_link_is_another_and_reads_back)
{
	ask("www.Example.", TARN__TYPE_MX);
	put_opt(&message, 1232, TARN__OPT_DO, NULL, 0);
	ck_assert_int_eq(parse(), TARN__QUERY_GOOD);
	struct tarn__key question, link;
	size_t len = tarn__key_write(&query, key);
	ck_assert(tarn__key_read(key, len, &question));
	ck_assert(!question.is_link);
	uint8_t other[TARN__KEY_MAX];
	ck_assert_uint_eq(
		tarn__key_write_link(&question, question.qname, question.qname_len, other), len);
	ck_assert_mem_ne(other, key, len);
	ck_assert(tarn__key_read(other, len, &link));
	ck_assert(link.is_link);
	ck_assert(link.dnssec_ok && !link.checking_disabled);
	ck_assert_uint_eq(link.qtype, TARN__TYPE_MX);
	ck_assert_uint_eq(link.qname_len, question.qname_len);
}
END_TEST

START_TEST(longest_key_reads_back)
{
	uint8_t name[TARN__NAME_MAX];
	memset(name, 'X', sizeof(name));
	name[0] = name[64] = name[128] = 63;
	name[192] = 61;
	name[254] = 0;
	query = (struct tarn__query){
		.qname = name, .qname_len = sizeof(name), .qtype = 16, .qclass = TARN__CLASS_CH};
	ck_assert_uint_eq(tarn__key_write(&query, key), TARN__KEY_MAX);
	struct tarn__key read;
	ck_assert(tarn__key_read(key, TARN__KEY_MAX, &read));
	ck_assert_uint_eq(read.qname_len, sizeof(name));
	ck_assert_uint_eq(read.qclass, TARN__CLASS_CH);
	ck_assert(!read.dnssec_ok);
	ck_assert(!read.checking_disabled);
}
END_TEST

static const struct {
	const char *octets;
	size_t len;
} no_keys[] = {
#define KEY(literal)                                                                               \
	{                                                                                          \
		literal, sizeof(literal) - 1                                                       \
	}
	KEY(""),
	KEY("\0"),
	KEY("\0\0\1"),
	KEY("\1a\0\0\1"),
	KEY("\1A\0\0\1\0"),
	KEY("\1a\0\0\1\0x"),
	KEY("\1a\0\0\1\x10"),
	KEY("\1a\0\0\x2b\x11"),
	KEY("\1a\0\0\1\x21"),
	KEY("\1a\0\0\x2b\x20"),
	KEY("\1a\0\0\x2b\x40"),
	KEY("\1a\0\0\1\x04"),
	KEY("\1a\0\0\1\x04\0"),
	KEY("\1a\0\0\1\x04\0\1"),
	KEY("\2a\0\0\1\0"),
	KEY("\xc0\x0c\0\1\0"),
#undef KEY
};

START_TEST(keys_of_the_chain_of_trust_are_others_and_read_back)
{
	static const uint8_t name[] = "\1A\2bc";
	uint8_t trust[TARN__KEY_MAX], question[TARN__KEY_MAX];
	struct tarn__key read;
	size_t len = tarn__key_write_trust(name, sizeof name, trust);
	ck_assert(tarn__key_read(trust, len, &read));
	ck_assert(read.is_trust && !read.is_of_chain && !read.dnssec_ok);
	ck_assert_mem_eq(read.qname, "\1a\2bc", sizeof name);
	size_t question_len =
		tarn__key_write_of_chain(name, sizeof name, TARN__TYPE_DS, true, question);
	ck_assert(tarn__key_read(question, question_len, &read));
	ck_assert(!read.is_trust && read.is_of_chain && read.dnssec_ok && read.checking_disabled);
	ck_assert_int_eq(read.qtype, TARN__TYPE_DS);
	ck_assert_uint_eq(question_len, len);
	ck_assert_mem_ne(question, trust, len);
	tarn__key_write_of_chain(name, sizeof name, TARN__TYPE_DNSKEY, false, question);
	ck_assert(tarn__key_read(question, question_len, &read));
	ck_assert(!read.checking_disabled);
	ck_assert_int_eq(read.qtype, TARN__TYPE_DNSKEY);
}
END_TEST

START_TEST(what_is_no_key_is_not_read)
{
	struct tarn__key read;
	ck_assert(!tarn__key_read((const uint8_t *)no_keys[_i].octets, no_keys[_i].len, &read));
}
END_TEST

/* ---- upstream --------------------------------------------------------------------------- */

START_TEST(question_upstream_is_that_of_the_key)
{
	size_t len = write_key("Www.Example.", TARN__TYPE_MX, TARN__FLAG_CD, 0x8000);
	struct tarn__key read;
	uint8_t out[TARN__QUERY_MAX];
	ck_assert(tarn__key_read(key, len, &read));
	len = tarn__query_write(&read, &(struct tarn__query_options){.id = 0xabcd, .edns = true},
				out);
	ck_assert_int_eq(parse_octets(out, len), TARN__QUERY_GOOD);
	ck_assert_uint_eq(query.id, 0xabcd);
	ck_assert_uint_eq(query.flags, TARN__FLAG_RD | TARN__FLAG_CD);
	ck_assert_uint_eq(query.qname_len, 13);
	ck_assert_mem_eq(query.qname, "\3www\7example\0", 13);
	ck_assert_uint_eq(query.qtype, TARN__TYPE_MX);
	ck_assert_uint_eq(query.edns_size, TARN__UDP_MAX);
	ck_assert(query.dnssec_ok);
	/* The client's own options are none of the server's business. */
	ck_assert_uint_eq(len, TARN__HEADER_LEN + 17 + 11);
}
END_TEST

START_TEST(question_upstream_can_do_without_opt)
{
	size_t len = write_key("www.example.", A, 0, 0);
	struct tarn__key read;
	uint8_t out[TARN__QUERY_MAX];
	ck_assert(tarn__key_read(key, len, &read));
	len = tarn__query_write(&read, &(struct tarn__query_options){.id = 1, .edns = false}, out);
	ck_assert_int_eq(parse_octets(out, len), TARN__QUERY_GOOD);
	ck_assert_uint_eq(query.flags, TARN__FLAG_RD);
	ck_assert(!query.has_opt);
	ck_assert_uint_eq(len, TARN__HEADER_LEN + 17);
}
END_TEST

static size_t write_longest_key(uint8_t octets[TARN__NAME_MAX + 3])
{
	memset(octets, 0, TARN__NAME_MAX + 3);
	for (unsigned at = 0; at < 254; at += 2) {
		octets[at] = 1;
		octets[at + 1] = 'a';
	}
	octets[256] = TARN__TYPE_A;
	return TARN__NAME_MAX + 3;
}

START_TEST(question_upstream_can_carry_a_cookie)
{
	enum { LEN = TARN__HEADER_LEN + TARN__NAME_MAX + 4 + 11 + 44 };
	static const uint8_t cookie[40] = "client's and a server's of 32 octets....";
	uint8_t octets[TARN__NAME_MAX + 3];
	struct tarn__key read;
	ck_assert(tarn__key_read(octets, write_longest_key(octets), &read));
	struct tarn__query_options how = {
		.edns = true, .wants_ad = true, .cookie = cookie, .cookie_len = sizeof(cookie)};
	uint8_t *out = malloc(TARN__QUERY_MAX);
	ck_assert_ptr_nonnull(out);
	ck_assert_uint_eq(tarn__query_write(&read, &how, out), LEN);
	ck_assert_int_eq(parse_octets(out, LEN), TARN__QUERY_GOOD);
	free(out);
	ck_assert_uint_eq(query.flags, TARN__FLAG_RD | TARN__FLAG_AD);
	ck_assert_uint_eq(query.cookie_len, sizeof(cookie));
	ck_assert_mem_eq(query.cookie, cookie, sizeof(cookie));
}
END_TEST

/* The longest of all questions, so that a sanitizer sees a write past TARN__QUERY_MAX. */
START_TEST(longest_question_upstream_is_padded_within_its_room)
{
	uint8_t octets[TARN__NAME_MAX + 3];
	struct tarn__key read;
	ck_assert(tarn__key_read(octets, write_longest_key(octets), &read));
	struct tarn__query_options how = {.edns = true, .wants_keepalive = true, .is_padded = true};
	uint8_t *out = malloc(TARN__QUERY_MAX);
	ck_assert_ptr_nonnull(out);
	ck_assert_uint_eq(tarn__query_write(&read, &how, out), TARN__QUERY_MAX);
	ck_assert_int_eq(parse_octets(out, TARN__QUERY_MAX), TARN__QUERY_GOOD);
	free(out);
	ck_assert(query.wants_padding);
	ck_assert(query.wants_keepalive);
}
END_TEST

/* RFC 8467 section 4.1, RFC 7830 section 3 */
START_TEST(question_upstream_is_padded_to_128_octets)
{
	/* Header, OPT and the option's header leave this for the name and its type and class. */
	enum { FULL = TARN__PADDING_QUERY - TARN__HEADER_LEN - 11 - 4 };
	static const uint8_t zeros[TARN__PADDING_QUERY];
	uint8_t name[TARN__NAME_MAX] = {0}, out[TARN__QUERY_MAX];
	unsigned first = (unsigned)_i / 2;
	/* Two labels, as long as need be. */
	name[0] = (uint8_t)first;
	name[1 + first] = (uint8_t)((unsigned)_i - first);
	struct tarn__key read = {.qname = name,
				 .qname_len = (uint16_t)(_i + 3),
				 .qtype = TARN__TYPE_A,
				 .qclass = TARN__CLASS_IN};
	size_t len = tarn__query_write(
		&read, &(struct tarn__query_options){.edns = true, .is_padded = true}, out);
	size_t question_len = (size_t)read.qname_len + 4;
	size_t padding_at = TARN__HEADER_LEN + question_len + 11;
	ck_assert_uint_eq(len,
			  question_len <= FULL ? TARN__PADDING_QUERY : 2 * TARN__PADDING_QUERY);
	/* It is the last option. */
	ck_assert_uint_eq(tarn__get16(out + padding_at - 2), len - padding_at);
	ck_assert_uint_eq(tarn__get16(out + padding_at), TARN__OPTION_PADDING);
	ck_assert_uint_eq(tarn__get16(out + padding_at + 2), len - padding_at - 4);
	ck_assert_mem_eq(out + padding_at + 4, zeros, len - padding_at - 4);
}
END_TEST

START_TEST(question_upstream_without_opt_has_no_padding)
{
	size_t len = write_key("www.example.", A, 0, 0);
	struct tarn__key read;
	uint8_t out[TARN__QUERY_MAX];
	ck_assert(tarn__key_read(key, len, &read));
	len = tarn__query_write(&read, &(struct tarn__query_options){.is_padded = true}, out);
	ck_assert_uint_eq(len, TARN__HEADER_LEN + 17);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

int main(void)
{
	Suite *suite = suite_create("query");
	TCase *tcase = tcase_create("question");
	tcase_add_test(tcase, question_is_read_as_spelt);
	tcase_add_test(tcase, root_can_be_asked_for);
	tcase_add_test(tcase, message_shorter_than_a_header_is_dropped);
	tcase_add_test(tcase, response_is_dropped);
	tcase_add_test(tcase, every_cut_of_a_question_is_a_format_error);
	tcase_add_test(tcase, octets_behind_the_last_record_are_ignored);
	tcase_add_test(tcase, compressed_question_is_a_format_error);
	tcase_add_test(tcase, two_questions_are_a_format_error);
	tcase_add_test(tcase, no_question_is_a_format_error);
	tcase_add_test(tcase, question_for_a_cookie_alone_is_no_error);
	tcase_add_loop_test(tcase, other_opcodes_are_not_implemented, 1, 16);
	tcase_add_test(tcase, other_opcode_without_a_readable_question_is_not_implemented);
	tcase_add_loop_test(tcase, count_that_lies_is_a_format_error, 0, 4);
	tcase_add_loop_test(tcase, question_brings_no_records_but_opt_and_a_signature, 0,
			    sizeof companies / sizeof companies[0]);
	tcase_add_test(tcase, records_of_other_opcodes_are_theirs);
	tcase_add_test(tcase, tsig_is_the_last_record_and_of_class_any);
	tcase_add_test(tcase, record_whose_owner_loops_is_a_format_error);
	tcase_add_test(tcase, signed_question_is_not_implemented);
	tcase_add_loop_test(tcase, types_that_are_no_data_are_refused, 0, COUNT(types));
	tcase_add_test(tcase, class_ch_is_good);
	tcase_add_loop_test(tcase, other_classes_are_refused, 0, COUNT(other_classes));
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("opt");
	tcase_add_loop_test(tcase, udp_size_is_at_least_512, 0, COUNT(sizes));
	tcase_add_test(tcase, do_is_read_and_other_flags_are_ignored);
	tcase_add_test(tcase, version_above_0_is_a_bad_version);
	tcase_add_loop_test(tcase, options_have_to_end_within_the_opt, 0, COUNT(options));
	tcase_add_loop_test(tcase, cookie_has_8_or_16_to_40_octets, 0, 64);
	tcase_add_test(tcase, first_cookie_counts);
	tcase_add_test(tcase, without_a_cookie_there_is_none);
	tcase_add_test(tcase, keepalive_is_wanted_by_an_empty_option);
	tcase_add_test(tcase, padding_is_wanted_by_padding);
	tcase_add_test(tcase, two_opts_are_a_format_error);
	tcase_add_test(tcase, opt_before_the_additional_section_is_a_format_error);
	tcase_add_test(tcase, opt_of_another_owner_is_a_format_error);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("key");
	tcase_add_test(tcase, key_is_the_same_for_every_spelling);
	tcase_add_test(tcase, keys_differ_in_type_do_and_cd);
	tcase_add_test(tcase, key_reads_back);
	tcase_add_test(tcase, longest_key_reads_back);
	tcase_add_test(tcase, key_of_a_link_is_another_and_reads_back);
	tcase_add_test(tcase, keys_of_the_chain_of_trust_are_others_and_read_back);
	tcase_add_loop_test(tcase, what_is_no_key_is_not_read, 0, COUNT(no_keys));
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("ask");
	tcase_add_test(tcase, question_upstream_is_that_of_the_key);
	tcase_add_test(tcase, question_upstream_can_do_without_opt);
	tcase_add_test(tcase, question_upstream_can_carry_a_cookie);
	tcase_add_test(tcase, longest_question_upstream_is_padded_within_its_room);
	tcase_add_loop_test(tcase, question_upstream_is_padded_to_128_octets, 2, 124);
	tcase_add_test(tcase, question_upstream_without_opt_has_no_padding);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
