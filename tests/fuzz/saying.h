/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/saying.h: the answers of servers in tests/fuzz/fuzz_resolver.c: good ones, errors, and forged or
 * faulty ones. Every record has a mark, which shows whether it may reach a client, and the number of its
 * message.
 */
#ifndef TESTS_FUZZ_SAYING_H
#define TESTS_FUZZ_SAYING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SAYING_MAX = 1024, COOKIE_CLIENT_LEN = 8 };

/* The parts of a message to a server on which an answer depends: header, question, perhaps an OPT. */
struct asked {
	const uint8_t *wire;
	size_t len;
	size_t name_len, question_end;
	uint16_t type;
	bool over_udp;
	bool has_opt;
	bool is_mixed; /* there are capital letters in the name */
	const uint8_t *cookie; /* the client's half, of COOKIE_CLIENT_LEN octets; or NULL */
};

struct asked asked_read(const uint8_t *wire, size_t len, bool over_udp);

enum mark { MARK_TRUE = 't', MARK_FORGED = 'f' };

enum saying {
	SAY_RECORDS,
	SAY_ALIAS, /* a CNAME and what is at its end */
	SAY_NODATA,
	SAY_NXDOMAIN,
	SAY_NXDOMAIN_ALONE, /* without an SOA: not to be stored */
	SAY_RECORDS_AND_OTHERS, /* records of other names stand beside the good ones */
	SAY_TRUE_LAST = SAY_RECORDS_AND_OTHERS,

	/* All records of these are forged. */
	SAY_SERVFAIL,
	SAY_REFUSED,
	SAY_FORMERR,
	SAY_FORMERR_PLAIN, /* without an OPT */
	SAY_NOTIMP,
	SAY_BADVERS,
	SAY_BADCOOKIE,
	SAY_TRUNCATED,
	SAY_WRONG_ID,
	SAY_WRONG_NAME,
	SAY_WRONG_TYPE,
	SAY_QUERY, /* QR=0 */
	SAY_OPCODE,
	SAY_NO_QUESTION,
	SAY_REFERRAL,
	SAY_OTHER_OWNER, /* the question's echo is right, the records are another name's */
	SAY_OTHER_CLASS,
	SAY_TWO_ALIASES,
	SAY_NXDOMAIN_AND_RECORDS,
	SAY_SOA_FROM_ELSEWHERE,
	SAY_HEADER, /* SERVFAIL, and nothing else */

	/* Forged or not, depending on the query. */
	SAY_WRONG_CASE,
	SAY_WRONG_COOKIE,
	SAY_NO_COOKIE,
	SAYINGS,
};

struct said {
	enum mark mark; /* of the records that answer the question */
	bool is_taken; /* core/ certainly accepts it as an answer */
	bool may_be_taken; /* core/ perhaps accepts it, with or without its records */
	bool is_denial;
	bool is_nxdomain;
	uint32_t ttl; /* seconds that it may be kept; of each record at most */
	size_t len;
	uint8_t wire[SAYING_MAX];
};

/* Writes an answer. ttl is that of its records; server_cookie: the server adds a cookie of its own. */
void say(const struct asked *, enum saying, uint32_t serial, uint32_t ttl, bool server_cookie,
	 struct said *out);

/* Finds the mark and number in a record of type A, AAAA, TXT or SOA. Returns false if it has none. */
bool saying_find_mark(uint16_t type, const uint8_t *rdata, size_t len, enum mark *mark,
		      uint32_t *serial);

#endif
