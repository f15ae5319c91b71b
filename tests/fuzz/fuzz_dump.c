/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_dump.c: any octets are a dump: lines are loaded if the reader of servers' messages
 * accepts their answers, and no line with an error; clients get these answers at once, without AD and with no
 * more TTL than is left; and a dump made then is loaded with the same result.
 */
#include "fuzz.h"

#include <string.h>

#include "base/base16.h"
#include "support/outside.h"
#include "core/admin/dump.h"
#include "core/policy/policy.h"
#include "core/resolver.h"
#include "dns/answer.h"
#include "dns/query.h"
#include "dns/record.h"
#include "dns/text.h"
#include "rtcache.h"

enum {
	WALL_SEC = 1700000000 + 1000, /* the outside's */
	INPUT_MAX = 64 * 1024,
	TEXT_MAX = 1 << 20, /* more than can be loaded from an input */
	LINES_MAX = 4096,
};

static struct outside outside;
static struct tarn__dump_room room;
static char text[TEXT_MAX], again[TEXT_MAX];
static size_t text_len;

/* ---- a line that was loaded ------------------------------------------------------------- */

/* The words of a line that has been loaded, which has no fault. */
struct line {
	uint8_t qname[TARN__NAME_MAX], message[TARN__MESSAGE_MAX];
	size_t len;
	struct tarn__key key;
	uint16_t rcode;
};

static void read_line(const char *from, struct line *out)
{
	static char copy[TARN__DUMP_LINE_MAX];
	char *words[7];
	strcpy(copy, from);
	for (int i = 0; i < 7; i++)
		words[i] = strtok(i == 0 ? copy : NULL, " ");
	out->key = (struct tarn__key){.qname = out->qname, .qclass = TARN__CLASS_IN};
	out->key.qname_len = (uint16_t)tarn__name_parse(words[0], out->qname);
	fuzz_check(tarn__type_parse(words[2], &out->key.qtype));
	out->key.dnssec_ok = strstr(words[3], "do");
	out->key.checking_disabled = strstr(words[3], "cd");
	fuzz_check(tarn__rcode_parse(words[5], &out->rcode));
	out->len = tarn__base16_read(words[6], out->message, sizeof(out->message));
	fuzz_check(out->len > 0);
}

static size_t ask(const struct tarn__key *key, uint8_t *wire)
{
	return tarn__query_write(key, &(struct tarn__query_options){.edns = true}, wire);
}

/* As a server's message. */
static void check_is_answer(const struct line *line, uint64_t age_sec)
{
	static uint8_t stored[TARN__STORED_MAX];
	uint8_t asked[TARN__QUERY_MAX];
	size_t len = ask(&line->key, asked);
	struct tarn__answer answer;
	tarn__answer_read(line->message, line->len, asked, len, &line->key, false, stored, &answer);
	fuzz_check(answer.answer_class == TARN__ANSWER_GOOD && answer.rcode == line->rcode);
	fuzz_check(answer.ttl > age_sec);
}

/* NULL: the program itself asks. */
static void never(void *owner, const void *route, const uint8_t *reply, size_t len)
{
	(void)owner;
	(void)route;
	(void)reply;
	(void)len;
	fuzz_check(false);
}

/* A name of special use is answered without the cache. */
static bool is_special(const uint8_t *asked, size_t len)
{
	struct tarn__decision decision;
	struct tarn__query query;
	fuzz_check(tarn__query_parse(asked, len, &query) == TARN__QUERY_GOOD);
	return tarn__resolver_decide(outside.resolver, &query, NULL, &decision) !=
	       TARN__POLICY_PASS;
}

static void check_is_served(const struct line *line, uint64_t age_sec)
{
	static uint8_t reply[TARN__MESSAGE_MAX];
	const struct tarn__client_request client_request = {.transport = TARN__TCP,
							    .answer = never};
	uint8_t asked[TARN__QUERY_MAX];
	size_t asked_len = ask(&line->key, asked);
	if (is_special(asked, asked_len))
		return;
	long len =
		tarn__resolver_resolve(outside.resolver, &client_request, asked, asked_len, reply);
	fuzz_check(len > 0 && (reply[3] & TARN__FLAG_RCODE) == line->rcode);
	fuzz_check(!(reply[3] & TARN__FLAG_AD));
	struct tarn__reader reader = {.wire = reply, .end = (size_t)len};
	reader.at = TARN__HEADER_LEN + (size_t)line->key.qname_len + 4;
	unsigned count = tarn__get16(reply + 6) + tarn__get16(reply + 8);
	for (unsigned i = 0; i < count; i++) {
		struct tarn__record record;
		fuzz_check(tarn__record_read(&reader, &record));
		fuzz_check(record.ttl + age_sec <= TARN__TTL_MAX);
	}
}

static uint64_t count_entries(void)
{
	struct rtcache_stats stats;
	rtcache_stats_get(tarn__shared_cache(outside.shared), &stats);
	return stats.entries;
}

static enum tarn__loaded load(const char *line, uint64_t age_sec)
{
	static struct line read;
	const char *fault;
	uint64_t before = count_entries();
	enum tarn__loaded loaded = tarn__dump_load(outside.resolver, &room, line, age_sec, &fault);
	fuzz_check((loaded == TARN__LOAD_FAULT) == (fault != NULL));
	if (loaded != TARN__LOAD_STORED) {
		/* NXDOMAIN is stored for its name first, for which there may still be room. */
		fuzz_check(count_entries() == before || loaded == TARN__LOAD_FULL);
		return loaded;
	}
	read_line(line, &read);
	check_is_answer(&read, age_sec);
	check_is_served(&read, age_sec);
	return loaded;
}

/* ---- all of them ------------------------------------------------------------------------ */

/* Cuts the next line out. */
static char *next_line(char **rest)
{
	char *line = *rest, *end = strchr(line, '\n');
	if (*line == '\0')
		return NULL;
	*rest = end ? end + 1 : line + strlen(line);
	if (end)
		*end = '\0';
	return line;
}

static bool load_all(char *from)
{
	int64_t made_sec;
	const char *head = next_line(&from);
	if (!head || tarn__dump_head_read(head, &made_sec) < 0 || made_sec > WALL_SEC)
		return false;
	for (const char *line; (line = next_line(&from));)
		load(line, (uint64_t)(WALL_SEC - made_sec));
	return true;
}

static void add_line(void *arg, const char *line, size_t len)
{
	(void)arg;
	fuzz_check(!memchr(line, '\n', len) && len < TARN__DUMP_LINE_MAX);
	fuzz_check(text_len + len + 2 <= sizeof text);
	memcpy(text + text_len, line, len);
	memcpy(text + text_len + len, "\n", 2);
	text_len += len + 1;
}

static size_t dump_all(void)
{
	struct tarn__dump dump = {.put = add_line, .room = &room};
	text_len = 0;
	text[0] = '\0';
	while (tarn__dump_step(&dump, outside.resolver))
		;
	return dump.count;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t sort_lines(char *from, char *lines[LINES_MAX])
{
	size_t count = 0;
	while (count < LINES_MAX && (lines[count] = next_line(&from)))
		count++;
	qsort(lines, count, sizeof lines[0], compare);
	return count;
}

static void load_what_was_dumped(void)
{
	static char copy[TEXT_MAX];
	memcpy(copy, text, text_len + 1);
	char *rest = copy;
	for (const char *line; (line = next_line(&rest));)
		fuzz_check(load(line, 0) == TARN__LOAD_STORED);
}

static void check_round_trip(void)
{
	static char *lines[LINES_MAX], *others[LINES_MAX];
	size_t count = dump_all();
	memcpy(again, text, text_len + 1);
	outside_fini(&outside);
	outside_init(&outside, NULL, 0);
	load_what_was_dumped();
	fuzz_check(dump_all() == count);
	fuzz_check(sort_lines(text, lines) == sort_lines(again, others));
	for (size_t i = 0; i < count && i < LINES_MAX; i++)
		fuzz_check(strcmp(lines[i], others[i]) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len > INPUT_MAX)
		return 0;
	char *from = malloc(len + 1);
	if (!from)
		return 0;
	memcpy(from, data, len);
	from[len] = '\0';
	outside_init(&outside, NULL, 0);
	if (load_all(from))
		check_round_trip();
	outside_fini(&outside);
	free(from);
	return 0;
}
