/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/scenario/signing.c: keys and signatures of a script's zones. */
#include "signing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DAY = 86400, HASH_SHA1 = 1, DIGEST_SHA1 = 1, DIGEST_SHA384 = 4 };

const struct signing_how signing_plain = {.labels = -1, .ttl = -1};

/* ---- dates ------------------------------------------------------------------------------ */

void signing_set_clock(struct signing *signing, uint32_t now)
{
	signing->now = now;
	signing->inception = now - DAY;
	signing->expiration = now + 30 * DAY;
}

static const char *read_offset(const char *text, uint32_t *out)
{
	static const struct {
		char unit;
		uint32_t sec;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', DAY}};
	char *unit;
	unsigned long amount = strtoul(text, &unit, 10);
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (unit[0] == units[i].unit && unit[1] == '\0') {
			*out = (uint32_t)amount * units[i].sec;
			return NULL;
		}
	}
	return "not a time";
}

const char *signing_read_date(const struct signing *signing, const char *text, uint32_t *out)
{
	uint32_t offset;
	if (text[0] == '+' || text[0] == '-') {
		const char *fault = read_offset(text + 1, &offset);
		if (!fault)
			*out = text[0] == '+' ? signing->now + offset : signing->now - offset;
		return fault;
	}
	struct tm date = {0};
	int fields = sscanf(text, "%d-%d-%dT%d:%d:%d", &date.tm_year, &date.tm_mon, &date.tm_mday,
			    &date.tm_hour, &date.tm_min, &date.tm_sec);
	if (fields < 3)
		return "not a date";
	date.tm_year -= 1900;
	date.tm_mon--;
	*out = (uint32_t)ldns_mktime_from_utc(&date);
	return NULL;
}

/* ---- keys ------------------------------------------------------------------------------- */

/* Writes a private key that is the hash of both names. */
static void derive(const char *zone, const char *name, size_t len, char *out, size_t room)
{
	char names[SIGNING_NAME_MAX + 64];
	uint8_t hash[LDNS_SHA512_DIGEST_LENGTH];
	int names_len = snprintf(names, sizeof names, "%s %s", zone, name);
	ldns_sha512((uint8_t *)names, (unsigned)names_len, hash);
	/* Below the order of the curves of ECDSA. */
	hash[0] &= 0x7f;
	ldns_rdf *octets = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_B64, len, hash);
	char *text = ldns_rdf2str(octets);
	snprintf(out, room, "%s", text);
	free(text);
	ldns_rdf_deep_free(octets);
}

static ldns_key *make_key(const char *zone, const char *name, const ldns_lookup_table *algorithm)
{
	size_t len;
	switch (algorithm->id) {
	case LDNS_ED25519:
	case LDNS_ECDSAP256SHA256:
		len = 32;
		break;
	case LDNS_ECDSAP384SHA384:
		len = 48;
		break;
	case LDNS_ED448:
		len = 57;
		break;
	default:
		return ldns_key_new_frm_algorithm((ldns_signing_algorithm)algorithm->id, 1024);
	}
	char private[128], text[512];
	derive(zone, name, len, private, sizeof private);
	int text_len = snprintf(text, sizeof text,
				"Private-key-format: v1.2\nAlgorithm: %d (%s)\nPrivateKey: %s\n",
				algorithm->id, algorithm->name, private);
	FILE *file = fmemopen(text, (size_t)text_len, "r");
	ldns_key *key = NULL;
	if (ldns_key_new_frm_fp(&key, file) != LDNS_STATUS_OK)
		key = NULL;
	fclose(file);
	return key;
}

static struct signing_key *find_key(struct signing *signing, const char *zone, const char *name)
{
	for (size_t i = 0; i < signing->key_count; i++) {
		struct signing_key *it = &signing->keys[i];
		if (strcmp(it->zone, zone) == 0 && strcmp(it->name, name) == 0)
			return it;
	}
	return NULL;
}

static const char *add_key(struct signing *signing, const char *zone, const char *name,
			   const char *algorithm_name, struct signing_key **out)
{
	const ldns_lookup_table *algorithm = ldns_lookup_by_name(ldns_algorithms, algorithm_name);
	ldns_rdf *owner = ldns_dname_new_frm_str(zone);
	if (!algorithm || !owner || zone[strlen(zone) - 1] != '.')
		return "not an algorithm, or not a zone";
	if (signing->key_count == SIGNING_KEYS_MAX || find_key(signing, zone, name))
		return "the zone has that key, or there are too many";
	struct signing_key *key = &signing->keys[signing->key_count];
	snprintf(key->zone, sizeof key->zone, "%s", zone);
	snprintf(key->name, sizeof key->name, "%s", name);
	key->key = make_key(zone, name, algorithm);
	if (!key->key)
		return "no such key can be made";
	ldns_key_set_pubkey_owner(key->key, owner);
	ldns_key_set_flags(key->key, LDNS_KEY_ZONE_KEY | LDNS_KEY_SEP_KEY);
	signing->key_count++;
	*out = key;
	return NULL;
}

static void publish(struct signing_key *key)
{
	key->dnskey = ldns_key2rr(key->key);
	ldns_key_set_keytag(key->key, ldns_calc_keytag(key->dnskey));
}

const char *signing_add_key(struct signing *signing, char *const *words, size_t count)
{
	if (count < 3)
		return "a zone, a name and an algorithm are expected";
	struct signing_key *key;
	const char *fault = add_key(signing, words[0], words[1], words[2], &key);
	if (fault)
		return fault;
	long protocol = -1;
	for (size_t i = 3; i < count && !fault; i++) {
		if (strncmp(words[i], "flags=", 6) == 0)
			ldns_key_set_flags(key->key, (uint16_t)strtoul(words[i] + 6, NULL, 10));
		else if (strncmp(words[i], "protocol=", 9) == 0)
			protocol = strtol(words[i] + 9, NULL, 10);
		else if (strcmp(words[i], "hidden") == 0)
			key->is_hidden = true;
		else
			fault = "no word of a key";
	}
	publish(key);
	if (protocol < 0)
		return fault;
	ldns_rdf_deep_free(ldns_rr_set_rdf(
		key->dnskey, ldns_native2rdf_int8(LDNS_RDF_TYPE_INT8, (uint8_t)protocol), 1));
	ldns_key_set_keytag(key->key, ldns_calc_keytag(key->dnskey));
	return fault;
}

/* Finds a key; "main" is made. */
static const char *get_key(struct signing *signing, const char *zone, const char *name,
			   struct signing_key **out)
{
	*out = find_key(signing, zone, name);
	if (*out)
		return NULL;
	if (strcmp(name, "main") != 0)
		return "the zone has no such key";
	const char *fault = add_key(signing, zone, name, "ED25519", out);
	if (!fault)
		publish(*out);
	return fault;
}

const char *signing_dnskey(struct signing *signing, const char *zone, const char *name,
			   uint32_t ttl, ldns_rr **out)
{
	struct signing_key *key;
	const char *fault = get_key(signing, zone, name, &key);
	if (fault)
		return fault;
	*out = ldns_rr_clone(key->dnskey);
	ldns_rr_set_ttl(*out, ttl);
	return NULL;
}

const char *signing_dnskeys(struct signing *signing, const char *zone, uint32_t ttl,
			    ldns_rr_list *out)
{
	struct signing_key *main_key;
	const char *fault = get_key(signing, zone, "main", &main_key);
	for (size_t i = 0; i < signing->key_count && !fault; i++) {
		const struct signing_key *key = &signing->keys[i];
		ldns_rr *dnskey;
		if (key->is_hidden || strcmp(key->zone, zone) != 0)
			continue;
		fault = signing_dnskey(signing, zone, key->name, ttl, &dnskey);
		if (!fault)
			ldns_rr_list_push_rr(out, dnskey);
	}
	return fault;
}

/* ---- DS --------------------------------------------------------------------------------- */

static void replace_number(ldns_rr *rr, size_t field, ldns_rdf_type type, long number)
{
	if (number >= 0)
		ldns_rdf_deep_free(
			ldns_rr_set_rdf(rr, ldns_native2rdf_int8(type, (uint8_t)number), field));
}

const char *signing_ds(struct signing *signing, const char *zone, const char *name, uint32_t ttl,
		       long digest, long algorithm, ldns_rr **out)
{
	struct signing_key *key;
	const char *fault = get_key(signing, zone, name, &key);
	if (fault)
		return fault;
	*out = ldns_key_rr2ds(key->dnskey, digest == DIGEST_SHA1     ? LDNS_SHA1
					   : digest == DIGEST_SHA384 ? LDNS_SHA384
								     : LDNS_SHA256);
	if (!*out)
		return "no such DS can be made";
	ldns_rr_set_ttl(*out, ttl);
	replace_number(*out, 1, LDNS_RDF_TYPE_ALG, algorithm);
	replace_number(*out, 2, LDNS_RDF_TYPE_INT8, digest);
	return NULL;
}

/* ---- NSEC3 ------------------------------------------------------------------------------ */

/* Adds 1 to a number of base 32 with extended hex digits (RFC 4648 section 7), or subtracts it. */
static void step(char *digits, bool is_up)
{
	static const char order[] = "0123456789abcdefghijklmnopqrstuv";
	for (size_t i = strlen(digits); i-- > 0;) {
		size_t value = (size_t)(strchr(order, digits[i]) - order);
		value = is_up ? (value + 1) % 32 : (value + 31) % 32;
		digits[i] = order[value];
		if (value != (is_up ? 0 : 31))
			break;
	}
}

const char *signing_nsec3(const struct signing_nsec3 *from, ldns_rr **out)
{
	uint8_t salt[255];
	uint8_t salt_len = 0;
	unsigned octet;
	for (const char *at = from->salt; sscanf(at, "%2x", &octet) == 1; at += 2)
		salt[salt_len++] = (uint8_t)octet;
	ldns_rdf *name = ldns_dname_new_frm_str(from->name);
	ldns_rdf *hash = name ? ldns_nsec3_hash_name(name, HASH_SHA1, (uint16_t)from->iterations,
						     salt_len, salt)
			      : NULL;
	if (!hash)
		return "not a name";
	char *owner = ldns_rdf2str(hash);
	owner[strcspn(owner, ".")] = '\0';
	char next[64];
	snprintf(next, sizeof next, "%s", owner);
	step(next, true);
	if (from->is_cover)
		step(owner, false);
	char text[2048];
	snprintf(text, sizeof text, "%s.%s %u IN NSEC3 1 %d %ld %s %s", owner, from->zone,
		 from->ttl, from->has_opt_out, from->iterations, from->salt, next);
	for (size_t i = 0; i < from->type_count; i++) {
		strncat(text, " ", sizeof text - strlen(text) - 1);
		strncat(text, from->types[i], sizeof text - strlen(text) - 1);
	}
	free(owner);
	ldns_rdf_deep_free(name);
	ldns_rdf_deep_free(hash);
	ldns_status status = ldns_rr_new_frm_str(out, text, from->ttl, NULL, NULL);
	return status == LDNS_STATUS_OK ? NULL : ldns_get_errorstr_by_id(status);
}

/* ---- signatures ------------------------------------------------------------------------- */

bool signing_read_how(const struct signing *signing, const char *word, struct signing_how *how,
		      const char **fault)
{
	*fault = NULL;
	if (strncmp(word, "by=", 3) == 0)
		snprintf(how->by, sizeof how->by, "%s", word + 3);
	else if (strncmp(word, "from=", 5) == 0)
		*fault = signing_read_date(signing, word + 5, &how->inception);
	else if (strncmp(word, "until=", 6) == 0)
		*fault = signing_read_date(signing, word + 6, &how->expiration);
	else if (strncmp(word, "labels=", 7) == 0)
		how->labels = (int)strtol(word + 7, NULL, 10);
	else if (strncmp(word, "ttl=", 4) == 0)
		how->ttl = strtol(word + 4, NULL, 10);
	else if (strcmp(word, "spoilt") == 0)
		how->is_spoilt = true;
	else if (strcmp(word, "unsigned") == 0)
		how->zone[0] = '\0';
	else
		return false;
	return true;
}

/* Finds the key that a word of how->by names. */
static const char *find_signer(struct signing *signing, const struct signing_how *how,
			       const char *word, struct signing_key **out)
{
	char zone[SIGNING_NAME_MAX];
	const char *slash = strchr(word, '/');
	if (!slash)
		return get_key(signing, how->zone, word, out);
	snprintf(zone, sizeof zone, "%.*s", (int)(slash - word), word);
	return get_key(signing, zone, slash + 1, out);
}

/* The wildcard that has that number of labels beside the asterisk. */
static ldns_rdf *make_wildcard(const ldns_rdf *owner, unsigned labels)
{
	ldns_rdf *wildcard = ldns_dname_new_frm_str("*");
	ldns_rdf *rest =
		ldns_dname_clone_from(owner, (uint16_t)(ldns_dname_label_count(owner) - labels));
	ldns_dname_cat(wildcard, rest);
	ldns_rdf_deep_free(rest);
	return wildcard;
}

/* The RRset in the form that is signed (RFC 4034 section 6.2). */
static ldns_rr_list *make_canonical(const ldns_rr_list *rrset, unsigned labels, bool is_expansion,
				    uint32_t ttl)
{
	ldns_rr_list *canonical = ldns_rr_list_clone(rrset);
	for (size_t i = 0; i < ldns_rr_list_rr_count(canonical); i++) {
		ldns_rr *rr = ldns_rr_list_rr(canonical, i);
		if (is_expansion) {
			ldns_rdf *owner = ldns_rr_owner(rr);
			ldns_rr_set_owner(rr, make_wildcard(owner, labels));
			ldns_rdf_deep_free(owner);
		}
		ldns_rr_set_ttl(rr, ttl);
		ldns_rr2canonical(rr);
	}
	ldns_rr_list_sort(canonical);
	return canonical;
}

static void spoil(ldns_rdf *signature)
{
	ldns_rdf_data(signature)[ldns_rdf_size(signature) - 1] ^= 1;
}

static const char *sign_by(const struct signing *signing, const ldns_rr_list *rrset,
			   const struct signing_how *how, const struct signing_key *key,
			   ldns_rr_list *out)
{
	const ldns_rr *first = ldns_rr_list_rr(rrset, 0);
	ldns_key_set_inception(key->key, how->inception ? how->inception : signing->inception);
	ldns_key_set_expiration(key->key, how->expiration ? how->expiration : signing->expiration);
	ldns_rr *rrsig = ldns_create_empty_rrsig(rrset, key->key);
	uint32_t ttl = how->ttl < 0 ? ldns_rr_ttl(first) : (uint32_t)how->ttl;
	unsigned own_labels = ldns_rdf2native_int8(ldns_rr_rrsig_labels(rrsig));
	bool is_expansion = how->labels >= 0 && (unsigned)how->labels < own_labels;
	unsigned labels = how->labels < 0 ? own_labels : (unsigned)how->labels;
	ldns_rr_rrsig_set_origttl(rrsig, ldns_native2rdf_int32(LDNS_RDF_TYPE_INT32, ttl));
	ldns_rr_rrsig_set_labels(rrsig, ldns_native2rdf_int8(LDNS_RDF_TYPE_INT8, (uint8_t)labels));
	ldns_rr_rrsig_set_signame(rrsig, ldns_dname_new_frm_str(how->zone));
	ldns_rr_list *canonical = make_canonical(rrset, labels, is_expansion, ttl);
	ldns_buffer *data = ldns_buffer_new(LDNS_MAX_PACKETLEN);
	ldns_rdf *signature = NULL;
	if (ldns_rrsig2buffer_wire(data, rrsig) == LDNS_STATUS_OK &&
	    ldns_rr_list2buffer_wire(data, canonical) == LDNS_STATUS_OK)
		signature = ldns_sign_public_buffer(data, key->key);
	ldns_buffer_free(data);
	ldns_rr_list_deep_free(canonical);
	if (!signature) {
		ldns_rr_free(rrsig);
		return "it cannot be signed";
	}
	if (how->is_spoilt)
		spoil(signature);
	ldns_rr_rrsig_set_sig(rrsig, signature);
	ldns_rr_list_push_rr(out, rrsig);
	return NULL;
}

const char *signing_sign(struct signing *signing, const ldns_rr_list *rrset,
			 const struct signing_how *how, ldns_rr_list *out)
{
	char by[sizeof how->by];
	snprintf(by, sizeof by, "%s", how->by[0] ? how->by : "main");
	const char *fault = NULL;
	char *rest;
	for (char *word = strtok_r(by, ",", &rest); word && !fault;
	     word = strtok_r(NULL, ",", &rest)) {
		struct signing_key *key;
		fault = find_signer(signing, how, word, &key);
		if (!fault)
			fault = sign_by(signing, rrset, how, key, out);
	}
	return fault;
}

void signing_fini(struct signing *signing)
{
	for (size_t i = 0; i < signing->key_count; i++) {
		ldns_key_deep_free(signing->keys[i].key);
		ldns_rr_free(signing->keys[i].dnskey);
	}
}
