/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/scenario/script.c: reads a script line by line and runs its statements. */
#include "script.h"

#include <check.h>
#include <ldns/ldns.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/traits.h"
#include "base/transport.h"
#include "dns/cookie.h"
#include "dns/edns.h"
#include "dns/message.h"
#include "dns/text.h"
#include "policy.h"
#include "records.h"
#include "second.h"
#include "support/outside.h"
#include "validation.h"

enum {
	WORDS_MAX = 24,
	CLIENTS_MAX = 16,
	NAMED_MAX = 8,
	SETTINGS_MAX = 8,
	LINE_MAX_LEN = 8192,
	KEEPALIVE = 123, /* the keepalive for every TCP client, in units of 100 ms */
	/* 30 November 2026, 12:00:00: the wall clock of scripts that validate */
	WALL_SEC = 1796040000,
	CLOCK_FLOOR_SEC = WALL_SEC - 30 * 86400,
};

struct client {
	char name[32];
	bool has_asked;
	enum tarn__transport transport;
	bool is_padding; /* its question has the option */
	uint8_t cookie[TARN__COOKIE_MAX];
	size_t cookie_len;
	struct tarn_address address;
	uint8_t question[TARN__UDP_MAX];
	size_t question_len;
	bool is_answered, is_dropped; /* it gets no reply */
	uint8_t *reply;
	size_t reply_len;
};

struct forward {
	char zone[256];
	struct tarn_address servers[SETTINGS_MAX];
	size_t count;
	bool follows_cnames, is_validated;
};

/* A message that a script has given a name: "as=NAME" */
struct named {
	char name[16];
	struct sent *sent;
};

struct script {
	const char *path;
	int line; /* of the current statement */
	char *words[WORDS_MAX];
	size_t word_count;
	struct records records;
	struct tarn_address servers[SETTINGS_MAX];
	struct tarn_traits traits[SETTINGS_MAX];
	struct tarn_upstream upstreams[2 * SETTINGS_MAX]; /* that the traits are of */
	size_t upstream_count;
	size_t server_count;
	struct tarn_network allowed[SETTINGS_MAX];
	size_t allowed_count;
	char passed[SETTINGS_MAX][256];
	size_t passed_count;
	struct forward forwards[SETTINGS_MAX];
	size_t forward_count;
	struct policy policy;
	struct validation validation;
	struct second second;
	bool has_wall; /* the script sets the wall clock */
	bool trust_ad;
	enum tarn_selection selection;
	bool has_begun;
	struct outside outside;
	struct client clients[CLIENTS_MAX];
	struct sent *sent; /* what "reply" answers */
	struct named named[NAMED_MAX];
	size_t named_count;
	bool is_late;
	uint16_t next_id;
};

/* Ends the test with file, line and the expectation that does not hold. */
static _Noreturn void give_up(const struct script *script, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void give_up(const struct script *script, const char *format, ...)
{
	char reason[1024];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(reason, sizeof reason, format, arguments);
	va_end(arguments);
	ck_abort_msg("%s:%d: %s", script->path, script->line, reason);
	abort(); /* ck_abort_msg() does not return, but is not declared so */
}

#define MUST(script, condition, ...)                                                               \
	do {                                                                                       \
		if (!(condition))                                                                  \
			give_up(script, __VA_ARGS__);                                              \
	} while (0)

/* The messages that no "sent" has taken, as text. */
static const char *surprises(const struct script *script)
{
	static char text[512];
	size_t len = 0;
	text[0] = '\0';
	for (const struct sent *sent = script->outside.sent; sent && len < sizeof text;
	     sent = sent->next) {
		char name[TARN__NAME_TEXT_MAX], server[TARN_ADDRESS_TEXT_MAX];
		if (sent->is_expected)
			continue;
		const uint8_t *question = sent->wire + TARN__HEADER_LEN;
		size_t name_len = tarn__name_span(question, sent->len - TARN__HEADER_LEN);
		tarn__name_format(question, name);
		tarn_address_format(&sent->server, server);
		len += (size_t)snprintf(text + len, sizeof text - len, "; %s was sent %s type %u",
					server, name, tarn__get16(question + name_len));
	}
	return text;
}

/* ---- words ------------------------------------------------------------------------------ */

static const char *word(struct script *script, size_t index, const char *what)
{
	MUST(script, index < script->word_count, "%s is missing", what);
	return script->words[index];
}

static bool has_flag(const struct script *script, const char *flag)
{
	for (size_t i = 1; i < script->word_count; i++)
		if (strcmp(script->words[i], flag) == 0)
			return true;
	return false;
}

/* The TEXT of "flag=TEXT", or NULL. */
static const char *flag_text(const struct script *script, const char *flag)
{
	size_t len = strlen(flag);
	for (size_t i = 1; i < script->word_count; i++)
		if (strncmp(script->words[i], flag, len) == 0 && script->words[i][len] == '=')
			return script->words[i] + len + 1;
	return NULL;
}

/* The N of "flag=N"; -1 without one. */
static long flag_number(const struct script *script, const char *flag)
{
	const char *text = flag_text(script, flag);
	return text ? strtol(text, NULL, 10) : -1;
}

static size_t read_hex(const struct script *script, const char *text, uint8_t *out, size_t room)
{
	size_t len = 0;
	for (; text[0] && text[1]; text += 2) {
		unsigned octet;
		MUST(script, sscanf(text, "%2x", &octet) == 1, "not hex: %s", text);
		MUST(script, len < room, "too many octets");
		out[len++] = (uint8_t)octet;
	}
	return len;
}

static struct tarn_address address_with(struct script *script, size_t index, uint16_t port)
{
	struct tarn_address out;
	int error = tarn_address_parse(word(script, index, "an address"), port, &out);
	MUST(script, error == 0, "%s: %s", script->words[index], tarn_error_text(error));
	return out;
}

static struct tarn_address address(struct script *script, size_t index)
{
	return address_with(script, index, 53);
}

/* The transport that a word is the name of; without one it is UDP, and *at stays before the word. */
static enum tarn__transport transport(const struct script *script, size_t *at)
{
	for (int i = TARN__TCP; i < TARN__TRANSPORTS; i++)
		if (*at < script->word_count &&
		    strcmp(script->words[*at], tarn__transports[i].name) == 0) {
			++*at;
			return (enum tarn__transport)i;
		}
	return TARN__UDP;
}

/* Takes the words from that one on out of the statement, as one text. */
static void take_text(struct script *script, size_t from, char *out, size_t room)
{
	size_t len = 0;
	out[0] = '\0';
	for (size_t i = from; i < script->word_count && len < room; i++)
		len += (size_t)snprintf(out + len, room - len, "%s%s", i > from ? " " : "",
					script->words[i]);
	if (from < script->word_count)
		script->word_count = from;
}

static unsigned rcode(struct script *script, size_t index)
{
	const char *name = word(script, index, "an rcode");
	if (strcmp(name, "BADVERS") == 0)
		return TARN__BADVERS;
	if (strcmp(name, "BADCOOKIE") == 0)
		return TARN__BADCOOKIE;
	const ldns_lookup_table *entry = ldns_lookup_by_name(ldns_rcodes, name);
	MUST(script, entry, "unknown rcode %s", name);
	return (unsigned)entry->id;
}

/* ---- options ---------------------------------------------------------------------------- */

struct options {
	uint8_t wire[256];
	size_t len;
};

static void add_option(struct options *options, uint16_t code, const void *data, size_t len)
{
	uint8_t *at = options->wire + options->len;
	tarn__put16(at, code);
	tarn__put16(at + 2, (uint16_t)len);
	memcpy(at + 4, data, len);
	options->len += 4 + len;
}

static void set_options(ldns_pkt *pkt, const struct options *options)
{
	if (options->len > 0)
		ldns_pkt_set_edns_data(pkt, ldns_rdf_new_frm_data(LDNS_RDF_TYPE_NONE, options->len,
								  options->wire));
}

/* The data of the option of that code that has skip others before it, or NULL. */
static const uint8_t *find_option(const ldns_pkt *pkt, uint16_t code, size_t skip, size_t *len)
{
	const ldns_rdf *options = ldns_pkt_edns_data(pkt);
	const uint8_t *at = options ? ldns_rdf_data(options) : NULL;
	size_t left = options ? ldns_rdf_size(options) : 0;
	while (left >= 4) {
		*len = tarn__get16(at + 2);
		if (left < 4 + *len)
			break;
		if (tarn__get16(at) == code && skip-- == 0)
			return at + 4;
		at += 4 + *len;
		left -= 4 + *len;
	}
	*len = 0;
	return NULL;
}

static struct client *client(struct script *script, size_t index, bool make)
{
	const char *name = word(script, index, "a client");
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		struct client *it = &script->clients[i];
		if (strcmp(it->name, name) == 0)
			return it;
		if (!it->name[0] && make) {
			snprintf(it->name, sizeof it->name, "%s", name);
			return it;
		}
	}
	MUST(script, false, "no client %s has asked", name);
	return NULL;
}

/* ---- what clients do -------------------------------------------------------------------- */

static void on_answer(void *owner, const void *route, const uint8_t *reply, size_t len)
{
	struct script *script = owner;
	struct client *it;
	memcpy(&it, route, sizeof it);
	MUST(script, !it->is_answered && !it->is_dropped, "%s is answered twice", it->name);
	it->is_answered = len > 0;
	it->is_dropped = len == 0;
	if (it->is_dropped)
		return;
	it->reply_len = len;
	it->reply = malloc(len);
	memcpy(it->reply, reply, len);
}

static void do_ask(struct script *script)
{
	struct client *it = client(script, 1, true);
	free(it->reply);
	it->reply = NULL;
	it->is_answered = it->is_dropped = false;
	it->has_asked = true;
	it->transport = TARN__UDP;
	for (int i = TARN__TCP; i < TARN__TRANSPORTS; i++)
		if (has_flag(script, tarn__transports[i].name))
			it->transport = (enum tarn__transport)i;
	const char *from = flag_text(script, "from");
	int error = tarn_address_parse(from ? from : "192.168.0.2", 5353, &it->address);
	MUST(script, error == 0, "%s: %s", from, tarn_error_text(error));

	ldns_rdf *name = ldns_dname_new_frm_str(word(script, 2, "a name"));
	MUST(script, name, "not a name: %s", script->words[2]);
	ldns_rr_type type = ldns_get_rr_type_by_name(word(script, 3, "a type"));
	MUST(script, type != 0, "not a type: %s", script->words[3]);
	ldns_pkt *pkt = ldns_pkt_query_new(name, type, LDNS_RR_CLASS_IN,
					   has_flag(script, "norec") ? 0 : LDNS_RD);
	ldns_pkt_set_id(pkt, ++script->next_id);
	ldns_pkt_set_cd(pkt, has_flag(script, "cd"));
	ldns_pkt_set_ad(pkt, has_flag(script, "ad"));
	long size = flag_number(script, "edns");
	if (size >= 0)
		ldns_pkt_set_edns_udp_size(pkt, (uint16_t)size);
	if (has_flag(script, "do")) {
		ldns_pkt_set_edns_do(pkt, true);
		if (size < 0)
			ldns_pkt_set_edns_udp_size(pkt, TARN__UDP_MAX);
	}
	struct options options = {.len = 0};
	const char *cookie = flag_text(script, "cookie");
	it->cookie_len = cookie ? read_hex(script, cookie, it->cookie, sizeof it->cookie) : 0;
	if (it->cookie_len > 0)
		add_option(&options, TARN__OPTION_COOKIE, it->cookie, it->cookie_len);
	if (has_flag(script, "keepalive"))
		add_option(&options, TARN__OPTION_KEEPALIVE, "", 0);
	it->is_padding = has_flag(script, "padding");
	if (it->is_padding)
		add_option(&options, TARN__OPTION_PADDING, "\0\0\0", 3);
	set_options(pkt, &options);
	uint8_t *wire;
	MUST(script, ldns_pkt2wire(&wire, pkt, &it->question_len) == LDNS_STATUS_OK,
	     "cannot write the question");
	ck_assert_uint_le(it->question_len, sizeof it->question);
	memcpy(it->question, wire, it->question_len);
	free(wire);
	ldns_pkt_free(pkt);

	/* All that is handed over is valid during the call only. */
	uint8_t question[sizeof it->question];
	memcpy(question, it->question, it->question_len);
	struct tarn_address client_address = it->address;
	struct client *route = it;
	static uint8_t reply[TARN__MESSAGE_MAX];
	struct tarn__client_request client_request = {.transport = it->transport,
						      .answer = on_answer,
						      .owner = script,
						      .client = &client_address,
						      .keepalive = KEEPALIVE,
						      .route = &route,
						      .route_len = sizeof route};
	long got = tarn__resolver_resolve(script->outside.resolver, &client_request, question,
					  it->question_len, reply);
	memset(question, 0xff, sizeof question);
	memset(&client_address, 0xff, sizeof client_address);
	route = NULL;
	memset(&client_request, 0xff, sizeof client_request);
	if (got != TARN__RESOLVE_PENDING)
		on_answer(script, &it, reply, (size_t)got);
}

static void do_dropped(struct script *script)
{
	struct client *it = client(script, 1, false);
	MUST(script, it->is_dropped, "%s may get an answer", it->name);
}

static void do_waits(struct script *script)
{
	struct client *it = client(script, 1, false);
	MUST(script, !it->is_answered, "%s has been answered", it->name);
	MUST(script, !it->is_dropped, "%s gets no answer", it->name);
}

static void check_section(struct script *script, const ldns_pkt *pkt, ldns_pkt_section section,
			  const char *section_name)
{
	ldns_rr_list *got = ldns_pkt_get_section_clone(pkt, section);
	size_t index = 0;
	for (size_t i = 0; i < script->records.count; i++) {
		if (script->records.items[i].section != section)
			continue;
		char *want = ldns_rr2str(script->records.items[i].rr);
		MUST(script, index < ldns_rr_list_rr_count(got), "missing in %s: %s", section_name,
		     want);
		char *have = ldns_rr2str(ldns_rr_list_rr(got, index++));
		MUST(script, strcmp(want, have) == 0, "in %s: expected %s got %s", section_name,
		     want, have);
		free(want);
		free(have);
	}
	if (index < ldns_rr_list_rr_count(got)) {
		char *have = ldns_rr2str(ldns_rr_list_rr(got, index));
		MUST(script, false, "too much in %s: %s", section_name, have);
	}
	ldns_rr_list_deep_free(got);
}

/* The INFO-CODEs of the extended errors (RFC 8914 section 2), in order, must be those. */
static void check_ede(struct script *script, const ldns_pkt *pkt)
{
	const char *want = flag_text(script, "ede");
	char have[64] = "";
	const uint8_t *ede;
	size_t len;
	for (size_t i = 0; (ede = find_option(pkt, TARN__OPTION_EDE, i, &len)); i++) {
		size_t end = strlen(have);
		MUST(script, len >= 2, "an extended error of %zu octets", len);
		snprintf(have + end, sizeof have - end, i ? ",%u" : "%u", tarn__get16(ede));
	}
	MUST(script, strcmp(want ? want : "", have) == 0, "wrong extended errors: %s", have);
}

/* The text of the last one must be that. */
static void check_words(struct script *script, const ldns_pkt *pkt, const char *want)
{
	const uint8_t *ede, *last = NULL;
	size_t len, last_len = 0;
	for (size_t i = 0; (ede = find_option(pkt, TARN__OPTION_EDE, i, &len)); i++) {
		last = ede;
		last_len = len;
	}
	MUST(script, last, "no extended error");
	MUST(script, last_len - 2 == strlen(want) && memcmp(last + 2, want, last_len - 2) == 0,
	     "it says: %.*s", (int)(last_len - 2), (const char *)last + 2);
}

/*
 * RFC 7830, RFC 8467 section 4.1: padding is the last option, of zeros, and makes the message a multiple; where
 * it must not be there is none.
 */
static void check_padding(struct script *script, const ldns_pkt *pkt, size_t message_len,
			  size_t multiple)
{
	size_t len;
	const uint8_t *padding = find_option(pkt, TARN__OPTION_PADDING, 0, &len);
	MUST(script, !padding == (multiple == 0), "%s padding", padding ? "there is" : "no");
	if (!padding)
		return;
	const ldns_rdf *options = ldns_pkt_edns_data(pkt);
	MUST(script, padding + len == ldns_rdf_data(options) + ldns_rdf_size(options),
	     "padding is not the last option");
	MUST(script, message_len % multiple == 0, "a message of %zu octets", message_len);
	while (len > 0)
		MUST(script, padding[--len] == 0, "padding is not zero");
}

/* RFC 7873 section 5.2, RFC 7828 section 3.3: a query with an option gets one in its reply. */
static void check_options(struct script *script, const struct client *it, const ldns_pkt *pkt)
{
	size_t len;
	const uint8_t *cookie = find_option(pkt, TARN__OPTION_COOKIE, 0, &len);
	size_t want_len = it->cookie_len > 0 ? TARN__COOKIE_LEN : 0;
	MUST(script, len == want_len, "a cookie of %zu octets", len);
	if (cookie) {
		static const uint8_t secret[TARN__COOKIE_SECRET_LEN];
		const struct tarn_io *io = &script->outside.io;
		uint8_t next[TARN__COOKIE_LEN];
		size_t octets_len;
		const uint8_t *octets = tarn__address_octets(&it->address, &octets_len);
		MUST(script, memcmp(cookie, it->cookie, TARN__COOKIE_CLIENT_LEN) == 0,
		     "another client's cookie");
		MUST(script,
		     tarn__cookie_answer(secret, cookie, len, octets, octets_len,
					 io->wall_sec(io->data), next) == TARN__COOKIE_GOOD,
		     "a cookie that would not be taken back");
	}
	const uint8_t *keepalive = find_option(pkt, TARN__OPTION_KEEPALIVE, 0, &len);
	if (has_flag(script, "keepalive"))
		MUST(script, keepalive && len == 2 && tarn__get16(keepalive) == KEEPALIVE,
		     "wrong keepalive");
	else
		MUST(script, !keepalive, "a keepalive that was not asked for");
}

static void do_gets(struct script *script)
{
	struct client *it = client(script, 1, false);
	MUST(script, it->is_answered, "%s has not been answered%s", it->name, surprises(script));
	const struct tarn__transport_traits *way = &tarn__transports[it->transport];
	size_t says = 2;
	char text[512];
	while (says < script->word_count && strcmp(script->words[says], "saying") != 0)
		says++;
	bool has_text = says < script->word_count;
	take_text(script, says + has_text, text, sizeof text);

	ldns_pkt *asked = NULL;
	ldns_pkt *pkt = NULL;
	ck_assert_int_eq(ldns_wire2pkt(&asked, it->question, it->question_len), LDNS_STATUS_OK);
	MUST(script, ldns_wire2pkt(&pkt, it->reply, it->reply_len) == LDNS_STATUS_OK,
	     "the reply does not parse");
	unsigned want = rcode(script, 2);
	unsigned have = ldns_pkt_get_rcode(pkt) | (unsigned)ldns_pkt_edns_extended_rcode(pkt) << 4;
	MUST(script, have == want, "expected %s got rcode %u", script->words[2], have);
	MUST(script, ldns_pkt_id(pkt) == ldns_pkt_id(asked), "wrong id");
	MUST(script, ldns_pkt_qr(pkt) && ldns_pkt_ra(pkt), "wrong QR or RA");
	MUST(script, ldns_pkt_aa(pkt) == has_flag(script, "aa"), "wrong AA");
	MUST(script, ldns_pkt_rd(pkt) == ldns_pkt_rd(asked), "wrong RD");
	MUST(script, ldns_pkt_cd(pkt) == ldns_pkt_cd(asked), "wrong CD");
	MUST(script, ldns_pkt_tc(pkt) == has_flag(script, "tc"), "wrong TC");
	MUST(script, ldns_pkt_ad(pkt) == has_flag(script, "ad"), "wrong AD");
	MUST(script, ldns_pkt_edns(pkt) == ldns_pkt_edns(asked), "wrong OPT");
	MUST(script, ldns_pkt_edns_do(pkt) == ldns_pkt_edns_do(asked), "wrong DO");
	check_ede(script, pkt);
	check_options(script, it, pkt);
	if (has_text)
		check_words(script, pkt, text);
	check_padding(script, pkt, it->reply_len,
		      it->is_padding && way->is_encrypted ? TARN__PADDING_REPLY : 0);

	size_t limit = ldns_pkt_edns_udp_size(asked);
	limit = limit < TARN__UDP_MIN	? TARN__UDP_MIN
		: limit > TARN__UDP_MAX ? TARN__UDP_MAX
					: limit;
	MUST(script, way->is_stream || it->reply_len <= limit, "%zu octets are too many",
	     it->reply_len);
	size_t question_end = TARN__HEADER_LEN;
	while (it->question[question_end] != 0)
		question_end += it->question[question_end] + 1U;
	question_end += 5;
	MUST(script,
	     it->reply_len >= question_end &&
		     memcmp(it->question + TARN__HEADER_LEN, it->reply + TARN__HEADER_LEN,
			    question_end - TARN__HEADER_LEN) == 0,
	     "the question is not repeated as it was spelt");
	check_section(script, pkt, LDNS_SECTION_ANSWER, "answer");
	check_section(script, pkt, LDNS_SECTION_AUTHORITY, "authority");
	check_section(script, pkt, LDNS_SECTION_ADDITIONAL, "additional");
	ldns_pkt_free(asked);
	ldns_pkt_free(pkt);
}

/* ---- what goes upstream ----------------------------------------------------------------- */

static void check_case(struct script *script, const ldns_rr *question, bool is_mixed)
{
	/* A short name may be in lower case by chance. */
	enum { LETTERS_MIN = 8 };
	const ldns_rdf *name = ldns_rr_owner(question);
	const uint8_t *octets = ldns_rdf_data(name);
	unsigned capitals = 0, letters = 0;
	for (size_t i = 0; i < ldns_rdf_size(name); i++) {
		bool is_capital = octets[i] >= 'A' && octets[i] <= 'Z';
		capitals += is_capital;
		letters += is_capital || (octets[i] >= 'a' && octets[i] <= 'z');
	}
	if (is_mixed && letters < LETTERS_MIN)
		return;
	MUST(script, (capitals > 0) == is_mixed, "the name is%s in mixed case",
	     capitals > 0 ? "" : " not");
}

static void check_cookie_sent(struct script *script, const ldns_pkt *pkt)
{
	size_t len;
	const uint8_t *cookie = find_option(pkt, TARN__OPTION_COOKIE, 0, &len);
	if (has_flag(script, "noedns") || has_flag(script, "nocookie") ||
	    tarn__transport_is_encrypted(script->sent->transport)) {
		MUST(script, !cookie, "a cookie goes along");
		return;
	}
	const char *text = flag_text(script, "servercookie");
	uint8_t want[32];
	size_t want_len = text ? read_hex(script, text, want, sizeof want) : 0;
	MUST(script, cookie && len == TARN__COOKIE_CLIENT_LEN + want_len, "a cookie of %zu octets",
	     len);
	MUST(script, memcmp(cookie + TARN__COOKIE_CLIENT_LEN, want, want_len) == 0,
	     "another server cookie");
}

static struct sent *take_sent(struct script *script, enum tarn__transport way)
{
	struct tarn_address server = address_with(script, 1, tarn__transports[way].port);
	struct sent *sent = outside_take(&script->outside, &server, way);
	MUST(script, sent, "nothing was sent to %s", script->words[1]);
	script->sent = sent;
	script->is_late = false;
	const char *name = flag_text(script, "as");
	if (name) {
		MUST(script, script->named_count < NAMED_MAX, "too many messages have names");
		struct named *named = &script->named[script->named_count++];
		snprintf(named->name, sizeof named->name, "%s", name);
		named->sent = sent;
	}
	return sent;
}

/* The message that is answered: that of "to=NAME", or the last one. */
static const struct sent *find_sent(struct script *script)
{
	const char *name = flag_text(script, "to");
	for (size_t i = 0; name && i < script->named_count; i++) {
		if (strcmp(script->named[i].name, name) == 0) {
			script->sent = script->named[i].sent;
			script->named[i] = script->named[--script->named_count];
			return script->sent;
		}
	}
	MUST(script, !name && script->sent, "no \"sent\" before");
	return script->sent;
}

/* Over encrypted transports there is padding (RFC 8467), over TLS a wish for keepalive, too (RFC 7828). */
static void check_protection(struct script *script, const struct sent *sent, const ldns_pkt *pkt)
{
	size_t len;
	bool is_encrypted = tarn__transport_is_encrypted(sent->transport) && ldns_pkt_edns(pkt);
	const uint8_t *keepalive = find_option(pkt, TARN__OPTION_KEEPALIVE, 0, &len);
	MUST(script, !keepalive == !(is_encrypted && sent->transport == TARN__TLS) && len == 0,
	     "wrong keepalive");
	check_padding(script, pkt, sent->len, is_encrypted ? TARN__PADDING_QUERY : 0);
}

static void do_sent(struct script *script)
{
	size_t at = 2;
	enum tarn__transport way = transport(script, &at);
	struct sent *sent = take_sent(script, way);

	ldns_pkt *pkt = NULL;
	MUST(script, ldns_wire2pkt(&pkt, sent->wire, sent->len) == LDNS_STATUS_OK,
	     "what was sent does not parse");
	ldns_rr_list *questions = ldns_pkt_question(pkt);
	MUST(script, ldns_rr_list_rr_count(questions) == 1, "not one question");
	ldns_rr *question = ldns_rr_list_rr(questions, 0);
	ldns_rdf *name = ldns_dname_new_frm_str(word(script, at, "a name"));
	MUST(script, name && ldns_dname_compare(ldns_rr_owner(question), name) == 0,
	     "wrong name: %s", ldns_rdf2str(ldns_rr_owner(question)));
	ldns_rdf_deep_free(name);
	MUST(script,
	     ldns_rr_get_type(question) == ldns_get_rr_type_by_name(word(script, at + 1, "a type")),
	     "wrong type");
	MUST(script, ldns_pkt_rd(pkt) && !ldns_pkt_qr(pkt), "wrong RD or QR");
	MUST(script, ldns_pkt_edns(pkt) == !has_flag(script, "noedns"), "wrong OPT");
	MUST(script, ldns_pkt_edns_do(pkt) == has_flag(script, "do"), "wrong DO");
	MUST(script, ldns_pkt_cd(pkt) == has_flag(script, "cd"), "wrong CD");
	MUST(script, ldns_pkt_ad(pkt) == has_flag(script, "ad"), "wrong AD");
	check_case(script, question, way == TARN__UDP && !has_flag(script, "unmixed"));
	check_cookie_sent(script, pkt);
	check_protection(script, sent, pkt);
	ldns_pkt_free(pkt);
}

static void do_probed(struct script *script)
{
	bool has_opt = !has_flag(script, "noedns");
	const uint8_t before[] = {1, 0, 0, 1, 0, 0, 0, 0, 0, has_opt};
	uint8_t behind[] = {0, TARN__TYPE_NS, 0, 1, 0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0};
	size_t behind_len = has_opt ? sizeof behind : 4;
	size_t at = 2, end = script->word_count - !has_opt;
	enum tarn__transport way = transport(script, &at);
	if (end > at + 1)
		tarn__put16(behind, (uint16_t)ldns_get_rr_type_by_name(script->words[at + 1]));
	uint8_t zone[TARN__NAME_MAX];
	size_t zone_len = tarn__name_parse(end > at ? script->words[at] : ".", zone);
	const struct sent *sent = take_sent(script, way);
	const uint8_t *name = sent->wire + 2 + sizeof before;
	/* The OPT's length is that of padding, and of the wish for keepalive. */
	if (has_opt && tarn__transport_is_encrypted(way)) {
		ldns_pkt *pkt = NULL;
		MUST(script, ldns_wire2pkt(&pkt, sent->wire, sent->len) == LDNS_STATUS_OK,
		     "what was sent does not parse");
		check_protection(script, sent, pkt);
		ldns_pkt_free(pkt);
		behind_len -= 2;
	}
	MUST(script,
	     (sent->len == 2 + sizeof before + zone_len + behind_len ||
	      (has_opt && tarn__transport_is_encrypted(way))) &&
		     memcmp(sent->wire + 2, before, sizeof before) == 0 &&
		     memcmp(name, zone, zone_len) == 0 &&
		     memcmp(name + zone_len, behind, behind_len) == 0,
	     "that is no probe");
}

static void answer_sent(struct script *script, int error, const uint8_t *wire, size_t len)
{
	bool listened = outside_answer(&script->outside, script->sent, error, wire, len);
	MUST(script, !listened || !script->is_late, "core/ still listens");
	MUST(script, listened || script->is_late, "core/ does not listen any more");
	script->sent = NULL;
	/* What was waited for may be waited for by something else. */
	if (!has_flag(script, "turn"))
		outside_pass(&script->outside, 0);
}

/* The server's OPT. */
static void answer_options(struct script *script, const ldns_pkt *asked, ldns_pkt *pkt)
{
	struct options options = {.len = 0};
	const char *text = flag_text(script, "servercookie");
	bool is_wrong = has_flag(script, "wrong-cookie");
	size_t len;
	const uint8_t *ours = find_option(asked, TARN__OPTION_COOKIE, 0, &len);
	if (text || is_wrong) {
		MUST(script, ours, "no cookie was sent");
		uint8_t cookie[TARN__COOKIE_MAX];
		memcpy(cookie, ours, TARN__COOKIE_CLIENT_LEN);
		cookie[0] ^= is_wrong;
		len = TARN__COOKIE_CLIENT_LEN;
		len += read_hex(script, text ? text : "0102030405060708", cookie + len,
				sizeof cookie - len);
		add_option(&options, TARN__OPTION_COOKIE, cookie, len);
	}
	if (flag_text(script, "ede")) {
		uint8_t code[2];
		tarn__put16(code, (uint16_t)flag_number(script, "ede"));
		add_option(&options, TARN__OPTION_EDE, code, sizeof code);
	}
	set_options(pkt, &options);
}

static void do_reply(struct script *script)
{
	const struct sent *sent = find_sent(script);
	ldns_pkt *asked = NULL;
	ldns_wire2pkt(&asked, sent->wire, sent->len);
	ldns_pkt *pkt = ldns_pkt_new();
	ldns_pkt_set_id(pkt, ldns_pkt_id(asked));
	ldns_pkt_set_qr(pkt, !has_flag(script, "noqr"));
	ldns_pkt_set_rd(pkt, true);
	ldns_pkt_set_ra(pkt, true);
	ldns_pkt_set_aa(pkt, has_flag(script, "aa"));
	ldns_pkt_set_ad(pkt, has_flag(script, "ad"));
	ldns_pkt_set_tc(pkt, has_flag(script, "tc"));
	ldns_pkt_set_rcode(pkt, rcode(script, 1) & TARN__FLAG_RCODE);
	ldns_rr *question = ldns_rr_clone(ldns_rr_list_rr(ldns_pkt_question(asked), 0));
	if (has_flag(script, "wrong-name")) {
		ldns_rdf_deep_free(ldns_rr_owner(question));
		ldns_rr_set_owner(question, ldns_dname_new_frm_str("wrong.example."));
	}
	if (has_flag(script, "lower"))
		ldns_dname2canonical(ldns_rr_owner(question));
	ldns_pkt_push_rr(pkt, LDNS_SECTION_QUESTION, question);
	for (size_t i = 0; i < script->records.count; i++)
		ldns_pkt_push_rr(pkt, script->records.items[i].section,
				 ldns_rr_clone(script->records.items[i].rr));
	if (ldns_pkt_edns(asked) && !has_flag(script, "noopt")) {
		ldns_pkt_set_edns_udp_size(pkt, TARN__UDP_MAX);
		ldns_pkt_set_edns_do(pkt, ldns_pkt_edns_do(asked));
		ldns_pkt_set_edns_extended_rcode(pkt, (uint8_t)(rcode(script, 1) >> 4));
		answer_options(script, asked, pkt);
	}
	uint8_t *wire;
	size_t len;
	MUST(script, ldns_pkt2wire(&wire, pkt, &len) == LDNS_STATUS_OK, "cannot write the reply");
	if (has_flag(script, "wrong-id"))
		wire[1] ^= 1;
	if (has_flag(script, "headeronly")) {
		len = TARN__HEADER_LEN;
		memset(wire + 4, 0, 8);
	}
	answer_sent(script, 0, wire, len);
	free(wire);
	ldns_pkt_free(pkt);
	ldns_pkt_free(asked);
}

static void do_raw(struct script *script)
{
	const struct sent *sent = find_sent(script);
	uint8_t wire[LINE_MAX_LEN];
	size_t len = 2;
	memcpy(wire, sent->wire, 2);
	for (size_t i = 1; i < script->word_count; i++)
		len += read_hex(script, script->words[i], wire + len, sizeof wire - len);
	answer_sent(script, 0, wire, len);
}

static void fail_sent(struct script *script, int error, const char *words)
{
	bool listened = outside_fail(&script->outside, script->sent, error, words);
	MUST(script, listened != script->is_late, "core/ %s",
	     listened ? "still listens" : "does not listen");
	script->sent = NULL;
	outside_pass(&script->outside, 0);
}

static void do_unreachable(struct script *script)
{
	find_sent(script);
	fail_sent(script, TARN_EUNREACHABLE, NULL);
}

static void do_fails(struct script *script)
{
	static const struct {
		const char *name;
		int error;
	} errors[] = {{"certificate", TARN_ECERTIFICATE},
		      {"tls", TARN_ETLS},
		      {"unreachable", TARN_EUNREACHABLE},
		      {"answer", TARN_EANSWER}};
	const char *name = word(script, 1, "an error");
	char words[512];
	find_sent(script);
	take_text(script, flag_text(script, "to") ? 3 : 2, words, sizeof words);
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
		if (strcmp(errors[i].name, name) == 0) {
			fail_sent(script, errors[i].error, words[0] ? words : NULL);
			return;
		}
	MUST(script, false, "unknown error %s", name);
}

static void read_record(struct script *script, char *text)
{
	const char *fault = records_read(&script->records, &script->validation.signing, text);
	MUST(script, !fault, "%s", fault);
}

static void sign_records(struct script *script)
{
	const char *fault = records_sign(&script->records, &script->validation.signing);
	MUST(script, !fault, "%s", fault);
}

static void set_words(struct script *script, char *text)
{
	script->word_count = 0;
	for (char *token = strtok(text, " \t"); token; token = strtok(NULL, " \t")) {
		MUST(script, script->word_count < WORDS_MAX, "too many words");
		script->words[script->word_count++] = token;
	}
}

/* Reads the records of a DS that does not exist; with NS there is a delegation. */
static void read_denial(struct script *script, const char *zone, const char *parent, bool has_ns)
{
	char text[2 * SIGNING_NAME_MAX + 128];
	snprintf(
		text, sizeof text,
		"authority signed %s %s 600 IN SOA ns.invalid. root.invalid. 1 7200 3600 86400 600",
		parent, parent);
	read_record(script, text);
	snprintf(text, sizeof text, "authority signed %s %s 600 IN NSEC \\000.%s %s RRSIG NSEC",
		 parent, zone, zone, has_ns ? "NS" : "TXT");
	read_record(script, text);
}

static void do_gives(struct script *script)
{
	size_t at = 2;
	enum tarn__transport way = transport(script, &at);
	const char *server = word(script, 1, "an address"), *what = word(script, at, "a kind");
	const char *zone = word(script, at + 1, "a zone");
	bool is_dnskey = strcmp(what, "dnskey") == 0, is_ds = strcmp(what, "ds") == 0;
	bool has_cd = !has_flag(script, "no-cd");
	char line[LINE_MAX_LEN];
	size_t len = (size_t)snprintf(line, sizeof line, "answer %s", what);
	for (size_t i = at + 1; i < script->word_count; i++)
		if (strcmp(script->words[i], "no-cd") != 0)
			len += (size_t)snprintf(line + len, sizeof line - len, " %s",
						script->words[i]);
	if (is_dnskey || is_ds)
		read_record(script, line);
	else
		read_denial(script, zone, word(script, at + 2, "the zone above"),
			    strcmp(what, "no-ds") == 0);
	sign_records(script);
	snprintf(line, sizeof line, "sent %s %s %s %s do %s", server,
		 way == TARN__UDP ? "" : tarn__transports[way].name, zone,
		 is_dnskey ? "DNSKEY" : "DS", has_cd ? "cd" : "");
	set_words(script, line);
	do_sent(script);
	snprintf(line, sizeof line, "reply NOERROR");
	set_words(script, line);
	do_reply(script);
}

static void do_late(struct script *script)
{
	script->is_late = true;
}

static void do_silence(struct script *script)
{
	size_t requests = store_surprises(&script->second.store);
	MUST(script, requests == 0, "%zu requests went to the second level", requests);
	MUST(script, outside_surprises(&script->outside) == 0, "%zu messages went upstream%s",
	     outside_surprises(&script->outside), surprises(script));
}

/* ---- time, set-up ----------------------------------------------------------------------- */

/* Parses the next word as a time, in ms. */
static uint64_t read_time(struct script *script)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"h", 3600000}};
	char *unit;
	unsigned long amount = strtoul(word(script, 1, "a time"), &unit, 10);
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (strcmp(unit, units[i].name) == 0)
			return amount * units[i].ms;
	MUST(script, false, "not a time: %s", script->words[1]);
	return 0;
}

static void do_pass(struct script *script)
{
	outside_pass(&script->outside, read_time(script));
}

static void do_wall(struct script *script)
{
	struct signing *signing = &script->validation.signing;
	uint32_t sec = 0;
	const char *fault = signing_read_date(signing, word(script, 1, "a date"), &sec);
	MUST(script, !fault, "%s", fault);
	script->has_wall = true;
	if (script->has_begun)
		outside_set_wall(&script->outside, sec);
	else
		signing_set_clock(signing, sec);
}

static void do_dates(struct script *script)
{
	struct signing *signing = &script->validation.signing;
	const char *fault =
		signing_read_date(signing, word(script, 1, "a date"), &signing->inception);
	MUST(script, !fault, "%s", fault);
	fault = signing_read_date(signing, word(script, 2, "a date"), &signing->expiration);
	MUST(script, !fault, "%s", fault);
}

static void do_key(struct script *script)
{
	const char *fault = signing_add_key(&script->validation.signing, script->words + 1,
					    script->word_count - 1);
	MUST(script, !fault, "%s", fault);
}

/* Reads a server as in a configuration. */
static void read_upstream(struct script *script, const char *text, struct tarn_address *server,
			  struct tarn_traits *traits)
{
	ck_assert_uint_lt(script->upstream_count, 2 * SETTINGS_MAX);
	struct tarn_upstream *upstream = &script->upstreams[script->upstream_count];
	const char *fault = NULL;
	MUST(script, tarn_upstream_parse(text, upstream, &fault) == 0, "%s: %s", text, fault);
	script->upstream_count++;
	*server = upstream->addresses[0];
	*traits = upstream->traits;
}

static void do_upstream(struct script *script)
{
	ck_assert_uint_lt(script->server_count, SETTINGS_MAX);
	if (strstr(word(script, 1, "a server"), "://")) {
		char text[LINE_MAX_LEN];
		take_text(script, 1, text, sizeof text);
		read_upstream(script, text, &script->servers[script->server_count],
			      &script->traits[script->server_count]);
		script->server_count++;
		return;
	}
	struct tarn_address server = address(script, 1);
	script->traits[script->server_count] =
		(struct tarn_traits){.transport = has_flag(script, "tcp") ? TARN_TCP : TARN_UDP,
				     .no_mixed_case = has_flag(script, "no-mixed-case"),
				     .no_cookies = has_flag(script, "no-cookies"),
				     .no_edns = has_flag(script, "no-edns")};
	script->servers[script->server_count++] = server;
}

static void do_allow(struct script *script)
{
	ck_assert_uint_lt(script->allowed_count, SETTINGS_MAX);
	int error = tarn_network_parse(word(script, 1, "a network"),
				       &script->allowed[script->allowed_count++]);
	MUST(script, error == 0, "%s: %s", script->words[1], tarn_error_text(error));
}

static void do_through(struct script *script)
{
	ck_assert_uint_lt(script->passed_count, SETTINGS_MAX);
	snprintf(script->passed[script->passed_count++], sizeof script->passed[0], "%s",
		 word(script, 1, "a name"));
}

static void do_trust_ad(struct script *script)
{
	script->trust_ad = true;
}

static void do_selection(struct script *script)
{
	static const char *const names[] = {"fastest", "sequential", "round-robin", "parallel",
					    "strict"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(names[i], word(script, 1, "a selection")) == 0) {
			script->selection = (enum tarn_selection)i;
			return;
		}
	MUST(script, false, "not a selection: %s", script->words[1]);
}

/* The resolver must set the timer for that itself. */
static void let_it_run(struct script *script)
{
	struct outside *outside = &script->outside;
	MUST(script, outside->wake_at_ms <= outside->now_ms, "the resolver sleeps on");
	outside_pass(outside, 0);
}

static void do_servers(struct script *script)
{
	struct tarn_address servers[SETTINGS_MAX];
	struct tarn_traits traits[SETTINGS_MAX] = {{.transport = TARN_UDP}};
	size_t count = script->word_count - 1;
	ck_assert_uint_le(count, SETTINGS_MAX);
	bool is_same = count == script->server_count;
	for (size_t i = 0; i < count; i++) {
		if (strstr(script->words[i + 1], "://"))
			read_upstream(script, script->words[i + 1], &servers[i], &traits[i]);
		else
			servers[i] = address(script, i + 1);
		is_same &= i < script->server_count &&
			   tarn_address_is_equal(&script->servers[i], &servers[i]) &&
			   tarn__traits_is_equal(&script->traits[i], &traits[i]);
	}
	outside_set_upstreams(&script->outside, servers, traits, count);
	memcpy(script->servers, servers, sizeof servers);
	memcpy(script->traits, traits, sizeof script->traits);
	script->server_count = count;
	memset(servers, 0xff, sizeof servers);
	if (!is_same)
		let_it_run(script);
}

static void do_network(struct script *script)
{
	tarn__resolver_network_changed(script->outside.resolver);
	let_it_run(script);
}

static void do_sleep(struct script *script)
{
	outside_sleep(&script->outside, read_time(script));
	let_it_run(script);
}

/* Makes options of the configuration statements so far; the arrays are the caller's. */
static struct tarn_options make_options(struct script *script, const char *passed[SETTINGS_MAX],
					struct tarn_forward forwards[SETTINGS_MAX])
{
	for (size_t i = 0; i < script->passed_count; i++)
		passed[i] = script->passed[i];
	for (size_t i = 0; i < script->forward_count; i++) {
		const struct forward *forward = &script->forwards[i];
		forwards[i] = (struct tarn_forward){.zone = forward->zone,
						    .upstreams = forward->servers,
						    .upstream_count = forward->count,
						    .follow_cnames = forward->follows_cnames,
						    .validate = forward->is_validated};
	}
	struct tarn_options options = {
		.upstreams = script->servers,
		.traits = script->traits,
		.upstream_count = script->server_count,
		.selection = script->selection,
		.forwards = forwards,
		.forward_count = script->forward_count,
		.allow = script->allowed,
		.allow_count = script->allowed_count,
		.pass = passed,
		.pass_count = script->passed_count,
		.trust_ad = script->trust_ad,
		.second = script->second.options,
	};
	policy_set_options(&script->policy, &options);
	validation_set_options(&script->validation, &options);
	return options;
}

static void set_data(struct script *script)
{
	const char *fault = policy_make_data(&script->policy);
	MUST(script, !fault, "%s", fault);
	outside_set_data(&script->outside, &script->policy.data);
	outside_pass(&script->outside, 0);
}

static void begin(struct script *script)
{
	const char *passed[SETTINGS_MAX];
	struct tarn_forward forwards[SETTINGS_MAX];
	struct tarn_options options = make_options(script, passed, forwards);
	outside_init_with(&script->outside, &options);
	store_init(&script->second.store, &script->outside);
	if (script->has_wall || script->validation.is_on)
		outside_set_wall(&script->outside, script->validation.signing.now);
	script->has_begun = true;
	set_data(script);
}

static void reconfigure(struct script *script)
{
	/* After "no-anchors" others follow. */
	bool lacks_anchors = script->validation.is_on && script->validation.anchor_count == 0;
	if (!script->has_begun || lacks_anchors)
		return;
	const char *passed[SETTINGS_MAX];
	struct tarn_forward forwards[SETTINGS_MAX];
	struct tarn_options options = make_options(script, passed, forwards);
	outside_reconfigure(&script->outside, &options);
	set_data(script);
}

static struct forward *find_forward(struct script *script)
{
	const char *zone = word(script, 1, "a zone");
	for (size_t i = 0; i < script->forward_count; i++)
		if (strcmp(script->forwards[i].zone, zone) == 0)
			return &script->forwards[i];
	return NULL;
}

static void do_forward(struct script *script)
{
	struct forward *forward = find_forward(script);
	if (!forward) {
		ck_assert_uint_lt(script->forward_count, SETTINGS_MAX);
		forward = &script->forwards[script->forward_count++];
		snprintf(forward->zone, sizeof forward->zone, "%s", script->words[1]);
	}
	forward->follows_cnames = has_flag(script, "following");
	forward->is_validated = has_flag(script, "validate");
	forward->count = script->word_count - 2 - forward->follows_cnames - forward->is_validated;
	ck_assert_uint_le(forward->count, SETTINGS_MAX);
	for (size_t i = 0; i < forward->count; i++)
		forward->servers[i] = address(script, i + 2);
	reconfigure(script);
}

static void do_unforward(struct script *script)
{
	struct forward *forward = find_forward(script);
	MUST(script, forward, "%s is no zone", script->words[1]);
	*forward = script->forwards[--script->forward_count];
	reconfigure(script);
}

static const struct statement {
	const char *name;
	void (*run)(struct script *);
	enum { EVER, BEFORE, AFTER } when; /* the start of core/, which the first AFTER causes */
} statements[] = {
	{"upstream", do_upstream, BEFORE},
	{"allow", do_allow, BEFORE},
	{"through", do_through, BEFORE},
	{"trust-ad", do_trust_ad, BEFORE},
	{"selection", do_selection, BEFORE},
	{"forward", do_forward, EVER},
	{"unforward", do_unforward, AFTER},
	{"wall", do_wall, EVER},
	{"dates", do_dates, EVER},
	{"key", do_key, EVER},
	{"gives", do_gives, AFTER},
	{"ask", do_ask, AFTER},
	{"sent", do_sent, AFTER},
	{"probed", do_probed, AFTER},
	{"reply", do_reply, AFTER},
	{"raw", do_raw, AFTER},
	{"unreachable", do_unreachable, AFTER},
	{"fails", do_fails, AFTER},
	{"late", do_late, AFTER},
	{"gets", do_gets, AFTER},
	{"waits", do_waits, AFTER},
	{"dropped", do_dropped, AFTER},
	{"silence", do_silence, AFTER},
	{"servers", do_servers, AFTER},
	{"network", do_network, AFTER},
	{"sleep", do_sleep, AFTER},
	{"pass", do_pass, AFTER},
};

/* Returns true if it is a statement of the second level. */
static bool do_second(struct script *script)
{
	bool is_known = false, is_config = false;
	/* Those of the configuration may stand before the beginning. */
	if (!script->has_begun && second_is_of_store(script->words, script->word_count))
		begin(script);
	const char *fault =
		second_statement(&script->second, &script->outside, &script->records, script->words,
				 script->word_count, &is_known, &is_config);
	MUST(script, !fault, "%s", fault);
	if (is_config)
		reconfigure(script);
	return is_known;
}

/* Returns true if it is a statement of the policy, or of validation. */
static bool do_policy(struct script *script)
{
	bool is_known = false;
	const char *fault =
		policy_statement(&script->policy, script->words, script->word_count, &is_known);
	MUST(script, !fault, "%s", fault);
	if (!is_known) {
		fault = validation_statement(&script->validation, script->words, script->word_count,
					     &is_known);
		MUST(script, !fault, "%s", fault);
	}
	if (is_known)
		reconfigure(script);
	return is_known;
}

static void end_statement(struct script *script)
{
	records_clear(&script->records);
	script->word_count = 0;
}

/* Runs the statement that has been read, and clears its words and records. */
static void do_statement(struct script *script)
{
	if (script->word_count == 0)
		return;
	sign_records(script);
	if (do_policy(script) || do_second(script)) {
		end_statement(script);
		return;
	}
	const struct statement *found = NULL;
	for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++)
		if (strcmp(statements[i].name, script->words[0]) == 0)
			found = &statements[i];
	MUST(script, found, "unknown statement %s", script->words[0]);
	MUST(script, found->when != BEFORE || !script->has_begun, "%s after the beginning",
	     found->name);
	if (found->when == AFTER && !script->has_begun)
		begin(script);
	found->run(script);
	end_statement(script);
}

void script_run(const char *path)
{
	static struct script script;
	static char statement[LINE_MAX_LEN], line[LINE_MAX_LEN];
	memset(&script, 0, sizeof script);
	script.path = strrchr(path, '/') + 1;
	script.validation.clock_floor_sec = CLOCK_FLOOR_SEC;
	signing_set_clock(&script.validation.signing, WALL_SEC);
	FILE *file = fopen(path, "r");
	ck_assert_msg(file, "cannot open %s", path);
	for (int number = 1; fgets(line, sizeof line, file); number++) {
		line[strcspn(line, "\n")] = '\0';
		if (line[strspn(line, " \t")] == '\0' || line[0] == ';')
			continue;
		if (line[0] == ' ' || line[0] == '\t') {
			read_record(&script, line);
			continue;
		}
		do_statement(&script);
		script.line = number;
		memcpy(statement, line, sizeof statement);
		set_words(&script, statement);
	}
	fclose(file);
	do_statement(&script);
	do_silence(&script);
	outside_fini(&script.outside);
	store_fini(&script.second.store);
	policy_fini(&script.policy);
	validation_fini(&script.validation);
	for (size_t i = 0; i < script.upstream_count; i++)
		tarn_upstream_fini(&script.upstreams[i]);
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		free(script.clients[i].reply);
}
