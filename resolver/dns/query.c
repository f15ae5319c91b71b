/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/query.c: queries and cache keys.
 *
 * Where the RFCs leave the choice:
 *	- Octets after the last counted record are ignored.
 *	- A keepalive that is not empty is ignored, as it has to be over UDP (RFC 7828 section 3.2.1).
 *	- A query has no records but an OPT and, as the last one, a TSIG or SIG(0); with another one it is
 *	  a FORMERR. The authority section of IXFR may have an SOA (RFC 1995 section 3).
 *	- A TSIG is NOTIMP: it requires a signed reply. A SIG(0) need not be checked (RFC 2931 section 3.1).
 *	- Of the types that are no data, ANY is good, AXFR and IXFR are REFUSED, MAILA and MAILB NOTIMP, all
 *	  others a FORMERR.
 *	- A message with another opcode is read as far as possible, for its question and its OPT.
 */
#include "dns/query.h"

#include <string.h>

#include "dns/cookie.h"
#include "dns/edns.h"
#include "dns/name.h"
#include "dns/record.h"
#include "dns/wire.h"

static void read_question(struct tarn__reader *reader, struct tarn__query *out)
{
	const uint8_t *qname = reader->wire + reader->at;
	size_t len = tarn__name_span(qname, tarn__reader_left(reader));
	const uint8_t *question = tarn__read_octets(reader, len + 4);
	if (!question || len == 0) {
		tarn__reader_fail(reader);
		return;
	}
	out->qname = qname;
	out->qname_len = (uint16_t)len;
	out->qtype = tarn__get16(question + len);
	out->qclass = tarn__get16(question + len + 2);
}

/* Unknown options are ignored (RFC 6891 section 6.1.2). */
static void read_options(struct tarn__reader *options, struct tarn__query *out)
{
	struct tarn__option option;
	while (tarn__option_read(options, &option)) {
		switch (option.code) {
		case TARN__OPTION_COOKIE:
			/* RFC 7873 section 5.2: the first one counts. */
			if (out->cookie)
				break;
			if (!tarn__cookie_len_is_valid(option.len)) {
				tarn__reader_fail(options);
				return;
			}
			out->cookie = option.data;
			out->cookie_len = (uint8_t)option.len;
			break;
		case TARN__OPTION_KEEPALIVE:
			/* RFC 7828 section 3.2.1: a client's is empty. */
			out->wants_keepalive |= option.len == 0;
			break;
		case TARN__OPTION_PADDING:
			out->wants_padding = true;
			break;
		}
	}
}

/* fixed is the OPT's TYPE, CLASS, TTL and RDLENGTH. */
static void read_opt(struct tarn__reader *reader, const uint8_t *fixed, struct tarn__query *out)
{
	uint16_t size = tarn__get16(fixed + 2);
	out->has_opt = true;
	/* RFC 6891 section 6.2.3 */
	out->edns_size = size > TARN__UDP_MIN ? size : TARN__UDP_MIN;
	out->edns_version = fixed[5];
	out->dnssec_ok = tarn__get16(fixed + 6) & TARN__OPT_DO;
	struct tarn__reader options = *reader;
	uint16_t len = tarn__get16(fixed + 8);
	if (!tarn__read_octets(reader, len) || len == 0)
		return;
	options.end = reader->at;
	read_options(&options, out);
	if (options.failed)
		tarn__reader_fail(reader);
}

/* The records of a query beside its OPT. */
struct company {
	bool has_tsig;
	bool has_stray; /* one that does not belong in a query */
};

/*
 * Skips a record that is not expected to be an OPT; left is the number of records from this one on, the
 * last additional_count of which are additional.
 */
__attribute__((noinline)) static void skip_record(struct tarn__reader *reader, unsigned left,
						  unsigned additional_count, uint16_t qtype,
						  struct company *company)
{
	struct tarn__record record;
	if (!tarn__record_read(reader, &record))
		return;
	bool is_last = left == 1 && additional_count > 0;
	switch (record.type) {
	case TARN__TYPE_OPT:
		/* RFC 6891 section 6.1.2: OPT's owner is the root, and it is additional. */
		tarn__reader_fail(reader);
		return;
	case TARN__TYPE_TSIG:
		/* RFC 8945 sections 4.2 and 5.1 */
		if (!is_last || record.class != TARN__CLASS_ANY)
			break;
		company->has_tsig = true;
		return;
	case TARN__TYPE_SIG:
		/* RFC 2931 section 3: it covers the type 0. */
		if (!is_last || record.rdata_len < 2 || tarn__get16(record.rdata) != 0)
			break;
		return;
	case TARN__TYPE_SOA:
		if (qtype != TARN__TYPE_IXFR || left <= additional_count)
			break;
		return;
	}
	company->has_stray = true;
}

/* Reads the records behind the question; the last additional_count are additional. */
static struct company read_records(struct tarn__reader *reader, unsigned count,
				   unsigned additional_count, struct tarn__query *out)
{
	struct company company = {0};
	for (; count > 0 && !reader->failed; count--) {
		const uint8_t *wire = reader->wire + reader->at;
		/* RFC 6891 section 6.1.1: one OPT, in the additional section. */
		if (count <= additional_count && !out->has_opt &&
		    tarn__reader_left(reader) >= TARN__OPT_LEN && wire[0] == 0 &&
		    tarn__get16(wire + 1) == TARN__TYPE_OPT) {
			reader->at += TARN__OPT_LEN;
			read_opt(reader, wire + 1, out);
		} else {
			skip_record(reader, count, additional_count, out->qtype, &company);
		}
	}
	return company;
}

/* Returns GOOD or an rcode for a question's type and class. */
static int judge_question(const struct tarn__query *query)
{
	if (!tarn__type_is_data(query->qtype) && query->qtype != TARN__TYPE_ANY) {
		switch (query->qtype) {
		case TARN__TYPE_AXFR:
		case TARN__TYPE_IXFR:
			return TARN__REFUSED;
		case TARN__TYPE_MAILA:
		case TARN__TYPE_MAILB:
			return TARN__NOTIMP;
		}
		return TARN__FORMERR;
	}
	bool is_served = query->qclass == TARN__CLASS_IN || query->qclass == TARN__CLASS_CH;
	return is_served ? TARN__QUERY_GOOD : TARN__REFUSED;
}

int tarn__query_parse(const uint8_t *wire, size_t len, struct tarn__query *out)
{
	*out = (struct tarn__query){.edns_size = TARN__UDP_MIN};
	if (len < TARN__HEADER_LEN)
		return TARN__QUERY_DROP;
	out->id = tarn__get16(wire);
	out->flags = tarn__get16(wire + 2);
	/* Replies to responses could make a loop. */
	if (out->flags & TARN__FLAG_QR)
		return TARN__QUERY_DROP;

	struct tarn__reader reader = {.wire = wire, .at = TARN__HEADER_LEN, .end = len};
	unsigned question_count = tarn__get16(wire + 4);
	for (unsigned i = 0; i < question_count && !reader.failed; i++)
		read_question(&reader, out);
	unsigned additional_count = tarn__get16(wire + 10);
	unsigned record_count = (unsigned)tarn__get16(wire + 6) + tarn__get16(wire + 8);
	record_count += additional_count;
	struct company company = read_records(&reader, record_count, additional_count, out);
	if (question_count != 1)
		out->qname = NULL;

	/* RFC 1035 section 4.1.1, RFC 8906 section 3.1.4 */
	if (out->flags & TARN__FLAG_OPCODE)
		return TARN__NOTIMP;
	/* RFC 9619 */
	if (reader.failed || question_count > 1 || company.has_stray)
		return TARN__FORMERR;
	/* RFC 6891 section 6.1.3 */
	if (out->edns_version > 0)
		return TARN__BADVERS;
	/* RFC 7873 section 5.4: a query for a cookie only. */
	if (question_count == 0)
		return out->cookie && record_count == 1 ? TARN__NOERROR : TARN__FORMERR;
	if (company.has_tsig)
		return TARN__NOTIMP;
	return judge_question(out);
}

/* ---- the key ---------------------------------------------------------------------------- */

enum {
	KEY_DO = 1,
	KEY_CD = 2,
	KEY_CLASS = 4, /* not IN: the class follows */
	KEY_LINK = 8,
	KEY_TRUST = 16,
	KEY_CHAIN = 32,
	KEY_BITS = 64,
};

size_t tarn__key_write(const struct tarn__query *query, uint8_t key[TARN__KEY_MAX])
{
	size_t len = query->qname_len;
	tarn__name_fold(key, query->qname, len);
	tarn__put16(key + len, query->qtype);
	bool is_in = query->qclass == TARN__CLASS_IN;
	key[len + 2] =
		(uint8_t)((query->dnssec_ok ? KEY_DO : 0) |
			  (query->flags & TARN__FLAG_CD ? KEY_CD : 0) | (is_in ? 0 : KEY_CLASS));
	if (is_in)
		return len + 3;
	tarn__put16(key + len + 3, query->qclass);
	return len + 5;
}

size_t tarn__key_write_link(const struct tarn__key *key, const uint8_t *name, size_t name_len,
			    uint8_t out[TARN__KEY_MAX])
{
	size_t len = tarn__key_write(
		&(struct tarn__query){.qname = name,
				      .qname_len = (uint16_t)name_len,
				      .qtype = key->qtype,
				      .qclass = key->qclass,
				      .flags = key->checking_disabled ? TARN__FLAG_CD : 0,
				      .dnssec_ok = key->dnssec_ok},
		out);
	out[name_len + 2] |= KEY_LINK;
	return len;
}

/* A key of class IN with these flags. */
static size_t write_special(const uint8_t *name, size_t name_len, uint16_t type, unsigned flags,
			    uint8_t key[TARN__KEY_MAX])
{
	tarn__name_fold(key, name, name_len);
	tarn__put16(key + name_len, type);
	key[name_len + 2] = (uint8_t)flags;
	return name_len + 3;
}

size_t tarn__key_write_trust(const uint8_t *name, size_t name_len, uint8_t key[TARN__KEY_MAX])
{
	/* The type is that of the question that decides, so that the zone of servers is its. */
	return write_special(name, name_len, TARN__TYPE_DS, KEY_TRUST, key);
}

size_t tarn__key_write_of_chain(const uint8_t *name, size_t name_len, uint16_t type,
				bool checking_disabled, uint8_t key[TARN__KEY_MAX])
{
	return write_special(name, name_len, type,
			     KEY_CHAIN | KEY_DO | (checking_disabled ? KEY_CD : 0), key);
}

/* Returns true if the flags and the type of a special key are those that are written. */
static bool is_special_valid(unsigned bits, uint16_t type)
{
	if (bits & KEY_TRUST)
		return bits == KEY_TRUST && type == TARN__TYPE_DS;
	if (bits & KEY_CHAIN)
		return (bits | KEY_CD) == (KEY_CHAIN | KEY_DO | KEY_CD) &&
		       (type == TARN__TYPE_DS || type == TARN__TYPE_DNSKEY);
	return true;
}

bool tarn__key_read(const uint8_t *key, size_t len, struct tarn__key *out)
{
	size_t name_len = tarn__name_span(key, len);
	if (name_len == 0 || len < name_len + 3 || !tarn__name_is_folded(key, name_len))
		return false;
	uint8_t bits = key[name_len + 2];
	if (bits >= KEY_BITS || !is_special_valid(bits, tarn__get16(key + name_len)) ||
	    len != name_len + (bits & KEY_CLASS ? 5 : 3))
		return false;
	uint16_t qclass = bits & KEY_CLASS ? tarn__get16(key + name_len + 3) : TARN__CLASS_IN;
	if (bits & KEY_CLASS && qclass == TARN__CLASS_IN)
		return false;
	*out = (struct tarn__key){
		.qname = key,
		.qname_len = (uint16_t)name_len,
		.qtype = tarn__get16(key + name_len),
		.qclass = qclass,
		.dnssec_ok = bits & KEY_DO,
		.checking_disabled = bits & KEY_CD,
		.is_link = bits & KEY_LINK,
		.is_trust = bits & KEY_TRUST,
		.is_of_chain = bits & KEY_CHAIN,
	};
	return true;
}

/* ---- the message upstream --------------------------------------------------------------- */

_Static_assert(TARN__QUERY_MAX >= TARN__HEADER_LEN + TARN__NAME_MAX + 4 + TARN__OPT_LEN +
					  TARN__OPTION_HEADER_LEN + TARN__COOKIE_MAX,
	       "there is room for a cookie");
_Static_assert(TARN__QUERY_MAX % TARN__PADDING_QUERY == 0 &&
		       TARN__QUERY_MAX >= TARN__HEADER_LEN + TARN__NAME_MAX + 4 + TARN__OPT_LEN +
						  2 * TARN__OPTION_HEADER_LEN,
	       "or for keepalive and padding");

size_t tarn__query_write(const struct tarn__key *key,
			 const struct tarn__query_options *query_options,
			 uint8_t out[TARN__QUERY_MAX])
{
	tarn__put16(out, query_options->id);
	tarn__put16(out + 2, TARN__FLAG_RD | (query_options->wants_ad ? TARN__FLAG_AD : 0) |
				     (key->checking_disabled ? TARN__FLAG_CD : 0));
	tarn__put16(out + 4, 1);
	tarn__put16(out + 6, 0);
	tarn__put16(out + 8, 0);
	tarn__put16(out + 10, query_options->edns);
	size_t len = TARN__HEADER_LEN;
	memcpy(out + len, key->qname, key->qname_len);
	len += key->qname_len;
	tarn__put16(out + len, key->qtype);
	tarn__put16(out + len + 2, key->qclass);
	len += 4;
	if (query_options->edns)
		len += tarn__opt_write(
			out + len, TARN__QUERY_MAX - len,
			&(struct tarn__opt){.dnssec_ok = key->dnssec_ok,
					    .options =
						    &(struct tarn__options){
							    .cookie = query_options->cookie,
							    .cookie_len = query_options->cookie_len,
							    .asks_for_keepalive =
								    query_options->wants_keepalive,
							    .padding = query_options->is_padded
									       ? TARN__PADDING_QUERY
									       : 0},
					    .before = len});
	return len;
}
