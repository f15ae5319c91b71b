/* SPDX-License-Identifier: BSD-2-Clause */
/* core/admin/dump.c: from an entry of the cache to a line of text, and back. */
#include "core/admin/dump.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/base16.h"
#include "core/config.h"
#include "core/forward/nxdomain.h"
#include "core/resolver.h"
#include "dns/query.h"
#include "dns/reply.h"
#include "rtcache.h"

enum {
	VERSION = 1,
	STEP = 32, /* entries: some 8 KB of text, but for answers of unusual size */
};

/* The text of DO and CD, in the order of 2 * CD + DO. */
static const char *const flag_words[] = {"-", "do", "cd", "do,cd"};

char *tarn__dump_head(int64_t now_sec, char out[TARN__DUMP_HEAD_MAX])
{
	snprintf(out, TARN__DUMP_HEAD_MAX, "tarn-dump %d %" PRId64, VERSION, now_sec);
	return out;
}

int tarn__dump_head_read(const char *line, int64_t *made_sec)
{
	int version, end = 0;
	int64_t time;
	if (sscanf(line, "tarn-dump %9d %18" SCNd64 "%n", &version, &time, &end) != 2 ||
	    line[end] != '\0' || version != VERSION || time < 0)
		return TARN_EINVAL;
	*made_sec = time;
	return 0;
}

char *tarn__dump_end(size_t count, char out[TARN__DUMP_END_MAX])
{
	snprintf(out, TARN__DUMP_END_MAX, "; %zu answers", count);
	return out;
}

/* ---- writing ---------------------------------------------------------------------------- */

/* Writes name, class, type and flags. */
static char *write_key(char *out, const struct tarn__key *key)
{
	char name[TARN__NAME_TEXT_MAX], class[TARN__WORD_MAX], type[TARN__WORD_MAX];
	return out + sprintf(out, "%s %s %s %s ", tarn__name_format(key->qname, name),
			     tarn__class_format(key->qclass, class),
			     tarn__type_format(key->qtype, type),
			     flag_words[2 * key->checking_disabled + key->dnssec_ok]);
}

static char *write_answer(char *out, const struct tarn__key *key, const struct rtcache_value *value,
			  uint8_t *message)
{
	const struct tarn__query query = tarn__saved_query(key);
	/* Rounded up, so that a dump and a load do not extend an entry's life. */
	struct tarn__reply how = {.limit = TARN__MESSAGE_MAX,
				  .age_sec = (uint32_t)((value->age_ms + 999) / 1000)};
	size_t len = tarn__reply_stored(&query, value->data, value->len, &how, message);
	char rcode[TARN__WORD_MAX];
	out += sprintf(out, "%" PRIu64 " %s ", value->ttl_ms / 1000,
		       tarn__rcode_format(tarn__stored_rcode(value->data), rcode));
	return tarn__base16_write(message, len, out);
}

static void on_item(const struct rtcache_item *item, void *arg)
{
	struct tarn__dump *dump = arg;
	const struct rtcache_value *value = &item->value;
	struct tarn__key key;
	/*
	 * An entry of type 0 repeats that a name does not exist (core/forward/nxdomain.h); a link is part
	 * of an answer that has an entry of its own (core/forward/cname.h). What is known of the chain of
	 * trust is no answer.
	 */
	if (!tarn__key_read(item->key, item->key_len, &key) || key.qtype == 0 || key.is_link ||
	    key.is_trust)
		return;
	char *line = dump->room->line, *end = line, rcode[TARN__WORD_MAX];
	if (value->status == RTCACHE_HIT) {
		end = write_answer(write_key(end, &key), &key, value, dump->room->message);
		dump->count++;
	} else if (value->status == RTCACHE_STALE) {
		end = write_key(stpcpy(end, "; "), &key);
		end += sprintf(end, "stale %" PRIu64 " %s", value->stale_ms / 1000,
			       tarn__rcode_format(tarn__stored_rcode(value->data), rcode));
	} else if (value->error < 0) {
		end = write_key(stpcpy(end, "; "), &key);
		end += sprintf(end, "failed: %s", tarn_error_text(value->error));
	} else {
		return;
	}
	dump->put(dump->arg, line, (size_t)(end - line));
}

bool tarn__dump_step(struct tarn__dump *dump, struct tarn__resolver *resolver)
{
	return rtcache_walk(tarn__resolver_client(resolver), &dump->cursor, STEP, on_item, dump);
}

/* ---- reading ---------------------------------------------------------------------------- */

/* Cuts the next word out of the line. NULL: there is none. */
static char *next_word(char **rest)
{
	char *word = *rest + strspn(*rest, " ");
	if (*word == '\0')
		return NULL;
	char *end = word + strcspn(word, " ");
	*rest = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

/* The words of a line. */
struct entry {
	uint8_t qname[TARN__NAME_MAX];
	struct tarn__key key;
	uint16_t rcode;
	const char *octets;
};

/* Returns NULL, or a text that names the error. */
static const char *read_entry(char *line, struct entry *out)
{
	const char *name = next_word(&line), *class = next_word(&line), *type = next_word(&line);
	const char *flags = next_word(&line), *ttl = next_word(&line), *rcode = next_word(&line);
	out->octets = next_word(&line);
	if (!out->octets || next_word(&line))
		return "not an entry: NAME CLASS TYPE FLAGS TTL RCODE MESSAGE";
	out->key = (struct tarn__key){.qname = out->qname};
	out->key.qname_len = (uint16_t)tarn__name_parse(name, out->qname);
	if (out->key.qname_len == 0)
		return "not a domain name";
	if (!tarn__class_parse(class, &out->key.qclass) || out->key.qclass != TARN__CLASS_IN)
		return "not a class that is kept (IN)";
	if (!tarn__type_parse(type, &out->key.qtype))
		return "not a type";
	unsigned bits = 0;
	while (bits < 4 && strcmp(flags, flag_words[bits]) != 0)
		bits++;
	if (bits == 4)
		return "not flags (-, do, cd or do,cd)";
	out->key.dnssec_ok = bits & 1;
	out->key.checking_disabled = bits & 2;
	if (ttl[strspn(ttl, "0123456789")] != '\0')
		return "not a TTL";
	if (!tarn__rcode_parse(rcode, &out->rcode))
		return "not an rcode";
	return NULL;
}

static size_t write_octets(const struct tarn__key *key, uint8_t octets[TARN__KEY_MAX])
{
	const struct tarn__query query = {
		.qname = key->qname,
		.qname_len = key->qname_len,
		.qtype = key->qtype,
		.qclass = key->qclass,
		.flags = key->checking_disabled ? TARN__FLAG_CD : 0,
		.dnssec_ok = key->dnssec_ok,
	};
	return tarn__key_write(&query, octets);
}

static bool is_fresh(struct rtcache_client *client, const uint8_t *key, size_t len)
{
	struct rtcache_state known;
	return rtcache_inspect(client, key, len, &known) == 0 && known.is_stored &&
	       known.item.value.status == RTCACHE_HIT;
}

enum tarn__loaded tarn__dump_load(struct tarn__resolver *resolver, struct tarn__dump_room *room,
				  const char *line, uint64_t age_sec, const char **fault)
{
	*fault = NULL;
	if (line[strspn(line, " ")] == '\0' || *line == ';')
		return TARN__LOAD_COMMENT;
	struct entry entry;
	size_t line_len = strlen(line);
	if (line_len >= sizeof room->line) {
		*fault = "longer than any entry";
		return TARN__LOAD_FAULT;
	}
	memcpy(room->line, line, line_len + 1);
	*fault = read_entry(room->line, &entry);
	if (*fault)
		return TARN__LOAD_FAULT;

	/* A question that no client can ask must not get into the cache. */
	if (!tarn__saved_has_key(&entry.key)) {
		*fault = "not a type that is kept";
		return TARN__LOAD_FAULT;
	}
	size_t len = tarn__base16_read(entry.octets, room->message, sizeof(room->message));
	if (len < TARN__HEADER_LEN) {
		*fault = "not a message in base 16";
		return TARN__LOAD_FAULT;
	}
	uint8_t octets[TARN__KEY_MAX];
	size_t octets_len = write_octets(&entry.key, octets);
	struct tarn__key key;
	struct tarn__answer answer;
	if (!tarn__key_read(octets, octets_len, &key) ||
	    !tarn__saved_parse(&key, room->message, len, &room->saved, &answer) ||
	    answer.rcode != entry.rcode) {
		*fault = "the message does not answer the question";
		return TARN__LOAD_FAULT;
	}
	if (answer.ttl <= age_sec)
		return TARN__LOAD_ENDED;
	if (tarn__saved_is_validated(tarn__resolver_config(resolver), &key))
		return TARN__LOAD_UNVALIDATED;

	struct rtcache_client *client = tarn__resolver_client(resolver);
	if (is_fresh(client, octets, octets_len))
		return TARN__LOAD_KNOWN;
	uint8_t *stored = room->saved.stored;
	tarn__stored_age(stored, answer.len, (uint32_t)age_sec);
	uint64_t ttl_ms = (answer.ttl - age_sec) * 1000;
	if (answer.is_whole_name)
		tarn__nxdomain_put(client, &key, stored, answer.len, ttl_ms);
	int error = rtcache_put(client, octets, octets_len, stored, answer.len, ttl_ms);
	return error == 0 ? TARN__LOAD_STORED : TARN__LOAD_FULL;
}
