/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/support/signed.h: signed messages for tests of dnssec/: records in the form of zone files, the
 * examples of the RFCs, and a zone that was signed with ldns-signzone.
 */
#ifndef TESTS_SUPPORT_SIGNED_H
#define TESTS_SUPPORT_SIGNED_H

#include <check.h>

#include "dns/rrsets.h"
#include "dns/zonefile.h"
#include "dnssec/dnskey.h"
#include "dnssec/trust.h"
#include "support/message.h"

/* ---- examples --------------------------------------------------------------------------- */

/* A key and what it has signed. All are valid at their time now. */
struct example {
	const char *zone, *key, *ds; /* ds: NULL if the RFC has none */
	unsigned tag;
	const char *owner;
	uint16_t type;
	uint32_t inception, expiration;
	const char *records;
};

static const struct example examples[] = {
	/* RFC 5702 section 6.1 */
	{.zone = "example.net.",
	 .key = "example.net. 3600 IN DNSKEY 256 3 8 "
		"AwEAAcFcGsaxxdgiuuGmCkVImy4h99CqT7jwY3pexPGcnUFtR2Fh36BponcwtkZ4cAgtvd4Qs8PkxUdp"
		"6p/DlUmObdk=\n",
	 .tag = 9033,
	 .owner = "www.example.net.",
	 .type = TARN__TYPE_A,
	 .inception = 946684800,
	 .expiration = 1893456000,
	 .records = "www.example.net. 3600 IN A 192.0.2.91\n"
		    "www.example.net. 3600 IN RRSIG A 8 3 3600 20300101000000 20000101000000 9033 "
		    "example.net. kRCOH6u7l0QGy9qpC9l1sLncJcOKFLJ7GhiUOibu4teYp5VE9RncriShZNz85mwlM"
		    "gNEacFYK/lPtPiVYP4bwg==\n"},
	/* RFC 5702 section 6.2 */
	{.zone = "example.net.",
	 .key = "example.net. 3600 IN DNSKEY 256 3 10 "
		"AwEAAdHoNTOW+et86KuJOWRDp1pndvwb6Y83nSVXXyLA3DLroROUkN6X0O6pnWnjJQujX/AyhqFDxj13"
		"tOnD9u/1kTg7cV6rklMrZDtJCQ5PCl/D7QNPsgVsMu1J2Q8gpMpztNFLpPBz1bWXjDtaR7ZQBlZ3PFY1"
		"2ZTSncorffcGmhOL\n",
	 .tag = 3740,
	 .owner = "www.example.net.",
	 .type = TARN__TYPE_A,
	 .inception = 946684800,
	 .expiration = 1893456000,
	 .records = "www.example.net. 3600 IN A 192.0.2.91\n"
		    "www.example.net. 3600 IN RRSIG A 10 3 3600 20300101000000 20000101000000 3740 "
		    "example.net. tsb4wnjRUDnB1BUi+t6TMTXThjVnG+eCkWqjvvjhzQL1d0YRoOe0CbxrVDYd0xDts"
		    "uJRaeUw1ep94PzEWzr0iGYgZBWm/zpq+9fOuagYJRfDqfReKBzMweOLDiNa8iP5g9vMhpuv6OPlvpX"
		    "wm9Sa9ZXIbNl1MBGk0fthPgxdDLw=\n"},
	/* RFC 6605 section 6.1 */
	{.zone = "example.net.",
	 .key = "example.net. 3600 IN DNSKEY 257 3 13 "
		"GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQ"
		"Lc8NAA==\n",
	 .ds = "example.net. 3600 IN DS 55648 13 2 "
	       "b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17\n",
	 .tag = 55648,
	 .owner = "www.example.net.",
	 .type = TARN__TYPE_A,
	 .inception = 1281607479,
	 .expiration = 1284026679,
	 .records =
		 "www.example.net. 3600 IN A 192.0.2.1\n"
		 "www.example.net. 3600 IN RRSIG A 13 3 3600 20100909100439 20100812100439 55648 "
		 "example.net. qx6wLYqmh+l9oCKTN6qIc+bw6ya+KJ8oMz0YP107epXAyGmt+3SNruPFKG7tZoLBL"
		 "lUzGGus7ZwmwWep666VCw==\n"},
	/* RFC 6605 section 6.2 */
	{.zone = "example.net.",
	 .key = "example.net. 3600 IN DNSKEY 257 3 14 "
		"xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1w/egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrb"
		"YQ+OB+v8/uX45NBwY8rp65F6Glur8I/mlVNgF6W/qTI37m40\n",
	 .ds = "example.net. 3600 IN DS 10771 14 4 72d7b62976ce06438e9c0bf319013cf801f09ecc84b8d7e9"
	       "495f27e305c6a9b0563a9b5f4d288405c3008a946df983d6\n",
	 .tag = 10771,
	 .owner = "www.example.net.",
	 .type = TARN__TYPE_A,
	 .inception = 1281608425,
	 .expiration = 1284027625,
	 .records =
		 "www.example.net. 3600 IN A 192.0.2.1\n"
		 "www.example.net. 3600 IN RRSIG A 14 3 3600 20100909102025 20100812102025 10771 "
		 "example.net. /L5hDKIvGDyI1fcARX3z65qrmPsVz73QD1Mr5CEqOiLP95hxQouuroGCeZOvzFaxs"
		 "T8Glr74hbavRKayJNuydCuzWTSSPdz7wnqXL5bdcJzusdnI0RSMROxxwGipWcJm\n"},
	/* RFC 8080 section 6.1, as its erratum 4935 has it */
	{.zone = "example.com.",
	 .key = "example.com. 3600 IN DNSKEY 257 3 15 "
		"l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=\n",
	 .ds = "example.com. 3600 IN DS 3613 15 2 "
	       "3aa5ab37efce57f737fc1627013fee07bdf241bd10f3b1964ab55c78e79a304b\n",
	 .tag = 3613,
	 .owner = "example.com.",
	 .type = TARN__TYPE_MX,
	 .inception = 1438207200,
	 .expiration = 1440021600,
	 .records =
		 "example.com. 3600 IN MX 10 mail.example.com.\n"
		 "example.com. 3600 IN RRSIG MX 15 2 3600 1440021600 1438207200 3613 example.com. "
		 "oL9krJun7xfBOIWcGHi7mag5/hdZrKWw15jPGrHpjQeRAvTdszaPD+QLs3fx8A4M3e23mRZ9VrbpM"
		 "ngwcrqNAg==\n"},
	{.zone = "example.com.",
	 .key = "example.com. 3600 IN DNSKEY 257 3 15 "
		"zPnZ/QwEe7S8C5SPz2OfS5RR40ATk2/rYnE9xHIEijs=\n",
	 .ds = "example.com. 3600 IN DS 35217 15 2 "
	       "401781b934e392de492ec77ae2e15d70f6575a1c0bc59c5275c04ebe80c6614c\n",
	 .tag = 35217,
	 .owner = "example.com.",
	 .type = TARN__TYPE_MX,
	 .inception = 1438207200,
	 .expiration = 1440021600,
	 .records = "example.com. 3600 IN MX 10 mail.example.com.\n"
		    "example.com. 3600 IN RRSIG MX 15 2 3600 1440021600 1438207200 35217 "
		    "example.com. zXQ0bkYgQTEFyfLyi9QoiY6D8ZdYo4wyUhVioYZXFdT410QPRITQSqJSnzQoSm5po"
		    "J7gD7AQR0O7KuI5k2pcBg==\n"},
	/* RFC 8080 section 6.2, as its erratum has it */
	{.zone = "example.com.",
	 .key = "example.com. 3600 IN DNSKEY 257 3 16 "
		"3kgROaDjrh0H2iuixWBrc8g2EpBBLCdGzHmn+G2MpTPhpj"
		"/OiBVHHSfPodx1FYYUcJKm1MDpJtIA\n",
	 .ds = "example.com. 3600 IN DS 9713 16 2 "
	       "6ccf18d5bc5d7fc2fceb1d59d17321402f2aa8d368048db93dd811f5cb2b19c7\n",
	 .tag = 9713,
	 .owner = "example.com.",
	 .type = TARN__TYPE_MX,
	 .inception = 1438207200,
	 .expiration = 1440021600,
	 .records =
		 "example.com. 3600 IN MX 10 mail.example.com.\n"
		 "example.com. 3600 IN RRSIG MX 16 2 3600 1440021600 1438207200 9713 example.com. "
		 "3cPAHkmlnxcDHMyg7vFC34l0blBhuG1qpwLmjInI8w1CMB29FkEAIJUA0amxWndkmnBZ6SKiwZSAx"
		 "GILn/NBtOXft0+Gj7FSvOKxE/07+4RQvE581N3Aj/JtIyaiYVdnYtyMWbSNyGEY2213WKsJlwEA\n"},
	{.zone = "example.com.",
	 .key = "example.com. 3600 IN DNSKEY 257 3 16 "
		"kkreGWoccSDmUBGAe7+zsbG6ZAFQp+syPmYUurBRQc3tDj"
		"eMCJcVMRDmgcNLp5HlHAMy12VoISsA\n",
	 .ds = "example.com. 3600 IN DS 38353 16 2 "
	       "645ff078b3568f5852b70cb60e8e696cc77b75bfaaffc118cf79cbda1ba28af4\n",
	 .tag = 38353,
	 .owner = "example.com.",
	 .type = TARN__TYPE_MX,
	 .inception = 1438207200,
	 .expiration = 1440021600,
	 .records = "example.com. 3600 IN MX 10 mail.example.com.\n"
		    "example.com. 3600 IN RRSIG MX 16 2 3600 1440021600 1438207200 38353 "
		    "example.com. E1/oLjSGIbmLny/4fcgM1z4oL6aqo+izT3urCyHyvEp4Sp8Syg1eI+lJ57CSnZqjJ"
		    "P41O/9l4m0AsQ4f7qI1gVnML8vWWiyW2KXhT9kuAICUSxv5OWbf81Rq7Yu60npabODB0QFPb/rkW3k"
		    "UZmQ0YQUA\n"},
};

enum {
	EXAMPLES = sizeof(examples) / sizeof(examples[0]),
	EXAMPLE_P256 = 2,
	EXAMPLE_P384 = 3,
};

/* The zone example., its signatures are valid in the years 2024 to 2029. */
enum { SIGNED_NOW = 1767225600 };

static const char signed_key[] =
	"example. 3600 IN DNSKEY 256 3 13 oIWh1/bavbQn3SeQgq5y2Vt9qjXjmy2IBaUjfuDqDmSQ"
	"a+T+mUDUGqUFiDaw1GMXWIt1XnSsLU5KCEnzIeTLIg==\n";

#define SIGNED_RRSIG(owner, covered, labels, ttl, signature)                                       \
	owner " " #ttl " IN RRSIG " covered " 13 " #labels " " #ttl                                \
	      " 20300101000000 20240101000000 33805 example. " signature "\n"

struct signed_rrset {
	const char *records, *rrsig;
};

static const struct signed_rrset signed_rrsets[] = {
	{"example. 3600 IN SOA NS.Example. Host.Example. 1 3600 600 86400 300\n",
	 SIGNED_RRSIG("example.", "SOA", 1, 3600,
		      "1EfIwh7foHlkA6lyXvF9g5X0sXMO3KGw3/ro3X3M3l/4"
		      "wOPJpxfRhLpQR1hS/Lmn6ikJKkYhYwW0P/hKHAEUpQ==")},
	{"example. 3600 IN NS NS.Example.\n"
	 "example. 3600 IN NS ns2.eXample.\n",
	 SIGNED_RRSIG("example.", "NS", 1, 3600,
		      "gQS8wWfcUWxvRLAlZk5ODeSoeOBB/xz6XRGqBpSSqw7s"
		      "WLI7yiFE4cxiQ67ZSYa4dwtpkx/UP2jjdqZOxm5whA==")},
	{"example. 3600 IN MX 5 b.example.\n"
	 "example. 3600 IN MX 10 Mail.EXAMPLE.\n",
	 SIGNED_RRSIG("example.", "MX", 1, 3600,
		      "KbahFkwTejBTe8E/EOYn5UTMnjkBx6spiBGx5n2GfPYz"
		      "BxHQCkZ0sd8npNDY3GkJ2x2tLyUqji1FGIEttRnaag==")},
	{"b.example. 3600 IN A 192.0.2.9\n"
	 "b.example. 3600 IN A 192.0.2.10\n"
	 "b.example. 3600 IN A 192.0.2.100\n",
	 SIGNED_RRSIG("b.example.", "A", 2, 3600,
		      "bsEovIbhzHg4qo8HWMCazQAEqriGsb4E9Wc8ekWLod15"
		      "zHXKZejQdg6HbTrWKrXPMsj4kF3ls7Su0F1g4qIv8g==")},
	{"*.Case.example. 3600 IN SRV 1 2 3 Target.EXAMPLE.\n",
	 SIGNED_RRSIG("*.Case.example.", "SRV", 2, 3600,
		      "GsP7KoM445wTlSlyNjZmteFGj3R8c7FQ4294UbSBgYiD"
		      "35rklmZHHPJOZP5MR2Wrqu+Z3rJrymZedPj6uzK/+g==")},
	{"dn.example. 3600 IN DNAME Other.Example.\n",
	 SIGNED_RRSIG("dn.example.", "DNAME", 2, 3600,
		      "2F4LlyUKnFK+Nt0DpKB8CPCvqv95P6+SaqsSo+cpAUfv"
		      "nWdQdSKXOGP3Rl7jgP042H4XQYAejTFj6X6B7TgPcg==")},
	{"long.example. 3600 IN CNAME Alias.Example.\n",
	 SIGNED_RRSIG("long.example.", "CNAME", 2, 3600,
		      "i2z/URvnxZ1s91UQ5sQogtmFdHnfSa9imVK2xsvGYVgU"
		      "a8lC9ObmX/23HVrl7GQ0cy932mqWwDFo4AMrzCsEpg==")},
	{"naptr.example. 3600 IN NAPTR 1 2 \"U\" \"SIP+D2U\" \"!^.*$!x!\" Target.EXAMPLE.\n",
	 SIGNED_RRSIG("naptr.example.", "NAPTR", 2, 3600,
		      "7JxTcmHc2g2Xi7AcAO/6Ffy0jzk5FeH2vdeYC4YxuOwU"
		      "2J0Uy9SKIbyyAU5pbqYprkvQCT3WrwQLVc99fRoaLA==")},
	{"soa.example. 3600 IN RP Box.Example. Txt.Example.\n",
	 SIGNED_RRSIG("soa.example.", "RP", 2, 3600,
		      "1g7ai+ov9ZldV3N3EsdWSlBx4RzzuqUGo0v4MoFLZcH6"
		      "WBaR/xfqHfFcEyUwYb5dQmMHFVkTomjdV6uAyZvTQQ==")},
	{"svc.example. 3600 IN HTTPS 1 Target.EXAMPLE. alpn=h2\n",
	 SIGNED_RRSIG("svc.example.", "HTTPS", 2, 3600,
		      "r3A3DIRIUD7th17JBzh0zqvgLjAS4kKVsi7/Y0AM4Q0O"
		      "1jj7cVVjFrTwowgB7nmAL3qGkp9QgUVnDFeA1tXUTw==")},
	{"text.example. 3600 IN TXT \"a\"\n"
	 "text.example. 3600 IN TXT \"a\" \"b\"\n"
	 "text.example. 3600 IN TXT \"aa\"\n"
	 "text.example. 3600 IN TXT \"ab\"\n",
	 SIGNED_RRSIG("text.example.", "TXT", 2, 3600,
		      "QcZGa+5SQEJZzUVLFbHRIlN1szIt1qRz0mCvQBM9V15O"
		      "ikm2NCmJI6ExfOgTc3uJhDpfsUZ5fxrmJiluG63Phg==")},
	{"text.example. 300 IN NSEC Upper.example. TXT RRSIG NSEC\n",
	 SIGNED_RRSIG("text.example.", "NSEC", 2, 300,
		      "19Cj6L+calF2ynfwAwPol0DC9nZsPStUxNoTxB9EeB5s"
		      "A5pkvd/3HPbz9SSxD5oDWqoyn0ZAVOyx9chl2C90yA==")},
	{"Upper.example. 3600 IN PTR UPPER.example.\n",
	 SIGNED_RRSIG("Upper.example.", "PTR", 2, 3600,
		      "i20pX0CjsAQbMBWcaQucrgDFD8wXEtR4ZGU73E91fkg/"
		      "vSSVcdj/S4XdCu2UBCvBvmRJ70FTWRYAmRmQuZjaEg==")},
	{"*.wild.example. 3600 IN A 192.0.2.4\n",
	 SIGNED_RRSIG("*.wild.example.", "A", 2, 3600,
		      "GO2AumDR7CRzuVNX/02ti2RJBGj+TpGZNo1qQwl1SPvr"
		      "US8vkQA5BdjfJX1skz0zBxS32wlb0V8kHBdqT5LKBg==")},
	{"*.wild.example. 300 IN NSEC example. A MX RRSIG NSEC\n",
	 SIGNED_RRSIG("*.wild.example.", "NSEC", 2, 300,
		      "SqIyqbT70gBDAe2c050MqlIhV9FHMOvDNPHmsXP508zt"
		      "ahID8DMB+dEAbg5ICPkxRoo7RmVXY6Zr4PEunJMDOg==")},
};

enum { SIGNED_RRSETS = sizeof(signed_rrsets) / sizeof(signed_rrsets[0]) };

/* ---- messages --------------------------------------------------------------------------- */

/* Room for reading zone files, which is too much for a stack. */
static inline struct tarn__zonefile *zone_reader(void)
{
	static struct tarn__zonefile reader;
	return &reader;
}

/* A record of text; views that are valid until the next one is read. */
static inline struct tarn__zone_record parse_record(const char *text)
{
	struct tarn__zone_record record;
	char fault[TARN__ZONE_FAULT_MAX];
	bool is_record = tarn__zone_record_parse(zone_reader(), text, (const uint8_t *)"", 1, 3600,
						 &record, fault);
	ck_assert_msg(is_record, "%s: %s", text, fault);
	return record;
}

struct zone_sink {
	struct message *message;
	unsigned section;
};

static inline void sink_record(void *arg, const struct tarn__zone_record *record)
{
	const struct zone_sink *sink = arg;
	put_octets(sink->message, record->owner, record->owner_len);
	put16(sink->message, record->type);
	put16(sink->message, record->class);
	put32(sink->message, record->ttl);
	put16(sink->message, (unsigned)record->rdata_len);
	put_octets(sink->message, record->rdata, record->rdata_len);
	count_one(sink->message, sink->section);
}

static inline void sink_fault(void *arg, unsigned line, const char *text)
{
	(void)arg;
	ck_abort_msg("line %u: %s", line, text);
}

/* Adds the records of a zone file to a section: 1 is the answer. */
static inline void put_zone(struct message *message, unsigned section, const char *text)
{
	static const struct tarn__zonefile_callbacks callbacks = {sink_record, sink_fault};
	struct zone_sink sink = {message, section};
	struct tarn__zonefile *reader = zone_reader();
	tarn__zonefile_init(reader, (const uint8_t *)"", 1, 3600, &callbacks, &sink);
	tarn__zonefile_feed(reader, text, strlen(text));
	tarn__zonefile_end(reader);
}

static inline void read_rrsets(struct tarn__rrsets *rrsets, const struct message *message)
{
	ck_assert(tarn__rrsets_read(rrsets, message->wire, message->len, TARN__HEADER_LEN,
				    TARN__CLASS_IN));
}

/* Makes a response of the records of a zone file, without a question, and reads it. */
static inline void read_zone(struct tarn__rrsets *rrsets, struct message *message, const char *text)
{
	put_header(message, 1, TARN__FLAG_QR);
	put_zone(message, 1, text);
	read_rrsets(rrsets, message);
}

static inline struct tarn__name make_name(const char *text)
{
	struct tarn__name name;
	name.len = tarn__name_parse(text, name.octets);
	ck_assert_msg(name.len > 0, "not a name: %s", text);
	return name;
}

/* The first RRset that is not one of signatures. */
static inline struct tarn__rrset *first_data(struct tarn__rrsets *rrsets)
{
	for (size_t i = 0; i < rrsets->count; i++) {
		if (rrsets->at[i].type != TARN__TYPE_RRSIG)
			return &rrsets->at[i];
	}
	ck_abort_msg("no RRset");
	return NULL;
}

/* ---- trust ------------------------------------------------------------------------------ */

struct trust_octets {
	struct tarn__trust_writer writer;
	uint8_t octets[TARN__TRUST_MAX];
};

static inline void begin_trust(struct trust_octets *out)
{
	tarn__trust_begin_keys(&out->writer, out->octets, 0, NULL, 0);
}

/* Adds a key, a DNSKEY of text. */
static inline void trust_key(struct trust_octets *out, const char *text)
{
	struct tarn__zone_record record = parse_record(text);
	struct tarn__dnskey key;
	ck_assert(tarn__dnskey_read(record.rdata, record.rdata_len, &key));
	tarn__trust_add_key(&out->writer, &(struct tarn__trust_key){.algorithm = key.algorithm,
								    .tag = key.tag,
								    .key = key.key,
								    .key_len = key.key_len});
}

static inline struct tarn__trust end_trust(const struct trust_octets *out)
{
	struct tarn__trust trust;
	ck_assert(tarn__trust_read(out->octets, tarn__trust_end_keys(&out->writer), &trust));
	return trust;
}

#endif
