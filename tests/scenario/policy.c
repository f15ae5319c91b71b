/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/scenario/policy.c: local names, lists and filters of a script. */
#include "policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/policy/local_data.h"
#include "dns/hosts.h"
#include "dns/namelist_compile.h"
#include "dns/rpz.h"
#include "dns/text.h"
#include "dns/zonefile.h"

enum { TTL = 60 /* seconds, of local data */ };

/* ---- statements ------------------------------------------------------------------------- */

static char *join(char *const *words, size_t count)
{
	char text[1024] = "";
	for (size_t i = 0; i < count; i++) {
		strncat(text, i > 0 ? " " : "", sizeof text - strlen(text) - 1);
		strncat(text, words[i], sizeof text - strlen(text) - 1);
	}
	return strdup(text);
}

static const char *keep(struct policy_texts *texts, char *const *words, size_t count)
{
	if (count == 0 || texts->count == POLICY_TEXTS_MAX)
		return "no text, or too many";
	texts->items[texts->count++] = join(words, count);
	return NULL;
}

static const char *take_private(struct policy *policy, char *const *words, size_t count)
{
	policy->options.filter_private = true;
	policy->options.private_names = (const char *const *)policy->private_names;
	for (size_t i = 0; i < count && i < POLICY_WORDS_MAX; i++)
		policy->private_names[policy->options.private_name_count++] = strdup(words[i]);
	return NULL;
}

static const char *take_types(struct policy *policy, char *const *words, size_t count)
{
	policy->options.filter_types = policy->types;
	policy->options.filter_clients = policy->clients;
	for (size_t i = 0; i < count && i < POLICY_WORDS_MAX; i++) {
		if (tarn_network_parse(words[i],
				       &policy->clients[policy->options.filter_client_count]) == 0)
			policy->options.filter_client_count++;
		else if (!tarn__type_parse(words[i],
					   &policy->types[policy->options.filter_type_count++]))
			return "neither a type nor a network";
	}
	return NULL;
}

static const char *take_dns64(struct policy *policy, char *const *words, size_t count)
{
	struct tarn_options *options = &policy->options;
	options->dns64_prefixes = policy->prefixes;
	options->dns64_excluded = (const char *const *)policy->excluded;
	for (size_t i = 0; i < count && i < POLICY_WORDS_MAX; i++) {
		if (tarn_network_parse(words[i], &policy->prefixes[options->dns64_prefix_count]) ==
		    0)
			options->dns64_prefix_count++;
		else
			policy->excluded[options->dns64_excluded_count++] = strdup(words[i]);
	}
	return NULL;
}

static const char *take_ttl(struct policy *policy, char *const *words, size_t count)
{
	if (count != 3)
		return "three times are expected";
	policy->options.min_ttl = (uint32_t)strtoul(words[0], NULL, 10);
	policy->options.max_ttl = (uint32_t)strtoul(words[1], NULL, 10);
	policy->options.max_negative_ttl = (uint32_t)strtoul(words[2], NULL, 10);
	return NULL;
}

static const char *take_local_only(struct policy *policy, char *const *words, size_t count)
{
	(void)words;
	policy->options.local_only = true;
	return count == 0 ? NULL : "no word is expected";
}

static const char *take_record(struct policy *policy, char *const *words, size_t count)
{
	return keep(&policy->records, words, count);
}

static const char *take_host(struct policy *policy, char *const *words, size_t count)
{
	return keep(&policy->hosts, words, count);
}

static const char *take_zone(struct policy *policy, char *const *words, size_t count)
{
	return keep(&policy->zones, words, count);
}

static const char *take_no_names(struct policy *policy, char *const *words, size_t count)
{
	(void)words;
	policy->records.count = policy->hosts.count = policy->zones.count = 0;
	return count == 0 ? NULL : "no word is expected";
}

static const char *take_answer(struct policy_set *set, const char *word)
{
	static const struct {
		const char *word;
		enum tarn__namelist_action action;
	} rows[] = {
		{"nxdomain", TARN__NAMELIST_NXDOMAIN}, {"nodata", TARN__NAMELIST_NODATA},
		{"zero", TARN__NAMELIST_ZERO},	       {"refused", TARN__NAMELIST_REFUSED},
		{"drop", TARN__NAMELIST_DROP},	       {"tcp-only", TARN__NAMELIST_TCP_ONLY},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (strcmp(rows[i].word, word) == 0) {
			set->set.answer = rows[i].action;
			return NULL;
		}
	}
	set->set.answer = TARN__NAMELIST_DATA;
	int error =
		tarn_address_parse(word, 0, &set->answer.addresses[set->answer.address_count++]);
	return error == 0 ? NULL : "no answer";
}

static const char *take_group_of_set(struct policy *policy, struct policy_set *set,
				     const char *name)
{
	for (size_t i = 0; i < policy->group_count; i++) {
		if (strcmp(policy->groups[i].name, name) == 0) {
			set->set.groups = UINT32_C(1) << (i + 1);
			return NULL;
		}
	}
	return "no such group";
}

static const char *take_set(struct policy *policy, char *const *words, size_t count)
{
	static const char *const kinds[] = {"block", "allow", "rpz"};
	if (count < 2 || policy->set_count == POLICY_WORDS_MAX)
		return "a name and a kind are expected";
	struct policy_set *set = &policy->sets[policy->set_count++];
	set->set = (struct tarn__rule_set){.groups = UINT32_MAX,
					   .answer = TARN__NAMELIST_NXDOMAIN,
					   .ttl_sec = TARN__POLICY_TTL,
					   .is_chained = true};
	snprintf(set->set.name, sizeof set->set.name, "%s", words[0]);
	while (strcmp(kinds[set->set.kind], words[1]) != 0)
		if (++set->set.kind > TARN__RULE_SET_RPZ)
			return "not a kind of rule sets";
	const char *fault = NULL;
	for (size_t i = 2; i < count && !fault; i++) {
		if (strncmp(words[i], "for=", 4) == 0)
			fault = take_group_of_set(policy, set, words[i] + 4);
		else if (strcmp(words[i], "no-chain") == 0)
			set->set.is_chained = false;
		else
			fault = take_answer(set, words[i]);
	}
	return fault;
}

static const char *take_rpz(struct policy *policy, char *const *words, size_t count)
{
	char *all[POLICY_WORDS_MAX] = {NULL, "rpz"};
	if (count < 1 || count >= POLICY_WORDS_MAX)
		return "a name is expected";
	all[0] = words[0];
	for (size_t i = 1; i < count; i++)
		all[i + 1] = words[i];
	return take_set(policy, all, count + 1);
}

static const char *take_rule(struct policy *policy, char *const *words, size_t count)
{
	if (policy->set_count == 0)
		return "there is no set";
	return keep(&policy->sets[policy->set_count - 1].lines, words, count);
}

static const char *take_group(struct policy *policy, char *const *words, size_t count)
{
	struct policy_group *group = &policy->groups[policy->group_count++];
	if (count != 2 || tarn_network_parse(words[1], &group->clients) != 0)
		return "a name and a network are expected";
	snprintf(group->name, sizeof group->name, "%s", words[0]);
	return NULL;
}

static const char * override(struct policy *policy, char *const *words, size_t count, bool is_block)
{
	struct tarn__override *to = &policy->overrides[policy->override_count++];
	*to = (struct tarn__override){.is_block = is_block, .until_s = UINT64_MAX};
	to->name.len = count == 1 ? tarn__name_parse(words[0], to->name.octets) : 0;
	return to->name.len > 0 ? NULL : "a name is expected";
}

static const char *take_block(struct policy *policy, char *const *words, size_t count)
{
	return override(policy, words, count, true);
}

static const char *take_unblock(struct policy *policy, char *const *words, size_t count)
{
	return override(policy, words, count, false);
}

static const char *take_pause(struct policy *policy, char *const *words, size_t count)
{
	(void)words;
	policy->paused_until_s = count == 0 ? UINT64_MAX : 0;
	return NULL;
}

const char *policy_statement(struct policy *policy, char *const *words, size_t count,
			     bool *is_known)
{
	static const struct {
		const char *word;
		const char *(*take)(struct policy *, char *const *, size_t);
	} rows[] = {
		{"private", take_private},   {"no", take_types},
		{"dns64", take_dns64},	     {"ttl", take_ttl},
		{"local", take_record},	     {"host", take_host},
		{"local-zone", take_zone},   {"local-only", take_local_only},
		{"no-names", take_no_names}, {"set", take_set},
		{"rpz", take_rpz},	     {"rule", take_rule},
		{"group", take_group},	     {"block", take_block},
		{"unblock", take_unblock},   {"pause", take_pause},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		*is_known = strcmp(rows[i].word, words[0]) == 0;
		if (*is_known)
			return rows[i].take(policy, words + 1, count - 1);
	}
	return NULL;
}

void policy_set_options(const struct policy *policy, struct tarn_options *options)
{
	const struct tarn_options *from = &policy->options;
	options->min_ttl = from->min_ttl;
	options->max_ttl = from->max_ttl;
	options->max_negative_ttl = from->max_negative_ttl;
	options->local_only = from->local_only;
	options->filter_private = from->filter_private;
	options->private_names = from->private_names;
	options->private_name_count = from->private_name_count;
	options->filter_types = from->filter_types;
	options->filter_type_count = from->filter_type_count;
	options->filter_clients = from->filter_clients;
	options->filter_client_count = from->filter_client_count;
	options->dns64_prefixes = from->dns64_prefixes;
	options->dns64_prefix_count = from->dns64_prefix_count;
	options->dns64_excluded = from->dns64_excluded;
	options->dns64_excluded_count = from->dns64_excluded_count;
}

/* ---- data ------------------------------------------------------------------------------- */

struct building {
	struct tarn__local_builder *builder;
	unsigned source;
	const char *fault;
};

static const char *add_record(struct building *building, const char *text)
{
	static struct tarn__zonefile reader;
	static char fault[TARN__ZONE_FAULT_MAX];
	static const uint8_t root[1];
	struct tarn__zone_record record;
	if (!tarn__zone_record_parse(&reader, text, root, sizeof root, TTL, &record, fault))
		return fault;
	enum tarn__local_result result = tarn__local_builder_add_record(
		building->builder, building->source,
		&(struct tarn__local_record){.line = 1,
					     .owner = record.owner,
					     .owner_len = record.owner_len,
					     .type = record.type,
					     .ttl = record.ttl,
					     .rdata = record.rdata,
					     .rdata_len = record.rdata_len});
	return result == TARN__LOCAL_TAKEN ? NULL : tarn__local_result_text(result);
}

static void on_host(void *arg, const struct tarn__hosts_entry *entry)
{
	struct building *building = arg;
	tarn__local_builder_add_host(building->builder, building->source, entry);
}

static void on_fault(void *arg, uint32_t line, const char *text)
{
	struct building *building = arg;
	(void)line;
	building->fault = text;
}

static const char *add_host(struct building *building, const char *text)
{
	struct tarn__hosts hosts;
	tarn__hosts_start(&hosts, on_host, on_fault, building);
	tarn__hosts_feed(&hosts, text, strlen(text));
	tarn__hosts_end(&hosts);
	return building->fault;
}

static const char *add_zone(struct building *building, const char *text)
{
	uint8_t name[TARN__NAME_MAX];
	size_t len = tarn__name_parse(text, name);
	enum tarn__local_result result =
		tarn__local_builder_add_zone(building->builder, building->source, 1, name, len);
	return result == TARN__LOCAL_TAKEN ? NULL : tarn__local_result_text(result);
}

static const char *add_all(struct building *building, const struct policy_texts *texts,
			   const char *(*add)(struct building *, const char *))
{
	const char *fault = NULL;
	for (size_t i = 0; i < texts->count && !fault; i++)
		fault = add(building, texts->items[i]);
	return fault;
}

static const char *make_local(struct policy *policy)
{
	struct building building = {
		.builder = tarn__local_builder_new(&(struct tarn__local_options){.ttl = TTL})};
	building.source = (unsigned)tarn__local_builder_add_source(
		building.builder,
		&(struct tarn__local_source){.path = "script", .ttl = TTL, .makes_ptr = true});
	const char *fault = add_all(&building, &policy->records, add_record);
	if (!fault)
		fault = add_all(&building, &policy->hosts, add_host);
	if (!fault)
		fault = add_all(&building, &policy->zones, add_zone);
	policy->data.local = fault ? NULL : tarn__local_builder_build(building.builder);
	tarn__local_builder_free(building.builder);
	return fault;
}

struct octets {
	uint8_t *octets;
	size_t len;
};

static int write_octets(void *data, const void *octets, size_t len)
{
	struct octets *to = data;
	to->octets = realloc(to->octets, to->len + len);
	memcpy(to->octets + to->len, octets, len);
	to->len += len;
	return 0;
}

static void release(void *octets, size_t len)
{
	(void)len;
	free(octets);
}

static void feed_line(struct tarn__namelist_compiler *compiler, const char *line)
{
	tarn__namelist_compiler_feed(compiler, line, strlen(line));
	tarn__namelist_compiler_feed(compiler, "\n", 1);
}

/* Adds a record of a response policy zone whose apex is the root. */
static const char *add_zone_record(struct tarn__namelist_compiler *compiler,
				   const struct policy_set *set, const char *text)
{
	static struct tarn__zonefile reader;
	static char fault[TARN__ZONE_FAULT_MAX];
	static const uint8_t root[1];
	struct tarn__zone_record record;
	struct tarn__rpz_rule rule;
	if (!tarn__zone_record_parse(&reader, text, root, sizeof root, TTL, &record, fault))
		return fault;
	if (tarn__rpz_read(&record, root, sizeof root, set->set.ttl_sec, &rule) != TARN__RPZ_RULE)
		return "not a rule of a response policy zone";
	return tarn__namelist_compiler_add(compiler, &rule.rule) == 0 ? NULL : "not added";
}

static const char *compile_set(struct tarn__namelist_compiler *compiler,
			       const struct policy_set *set, size_t number)
{
	bool is_zone = set->set.kind == TARN__RULE_SET_RPZ;
	bool is_allow = set->set.kind == TARN__RULE_SET_ALLOW;
	const char *fault = NULL;
	tarn__namelist_compiler_begin(
		compiler, &(struct tarn__namelist_list){
				  .path = "script",
				  .set = (uint8_t)number,
				  .kind = is_allow ? TARN__NAMELIST_ALLOW : TARN__NAMELIST_BLOCK,
				  .format = is_zone ? TARN__NAMELIST_RPZ : TARN__NAMELIST_ADBLOCK});
	for (size_t i = 0; i < set->lines.count && !fault; i++) {
		if (is_zone)
			fault = add_zone_record(compiler, set, set->lines.items[i]);
		else
			feed_line(compiler, set->lines.items[i]);
	}
	return fault;
}

/* Compiles the lists of all sets. */
static const char *compile(const struct policy *policy, struct octets *out)
{
	const char *fault = NULL;
	struct tarn__namelist_compiler *compiler = tarn__namelist_compiler_new(1, 1);
	for (size_t i = 0; i < policy->set_count && !fault; i++)
		fault = compile_set(compiler, &policy->sets[i], i);
	if (!fault)
		tarn__namelist_compiler_finish(compiler, write_octets, out);
	tarn__namelist_compiler_free(compiler);
	return fault;
}

static const char *make_lists(struct policy *policy)
{
	struct tarn__rule_set sets[POLICY_WORDS_MAX];
	struct tarn__list_answer answers[POLICY_WORDS_MAX];
	struct tarn__group groups[POLICY_WORDS_MAX];
	for (size_t i = 0; i < policy->set_count; i++) {
		sets[i] = policy->sets[i].set;
		answers[i] = policy->sets[i].answer;
		answers[i].slot = (uint8_t)(i + 1);
	}
	for (size_t i = 0; i < policy->group_count; i++)
		groups[i] = (struct tarn__group){.name = policy->groups[i].name,
						 .clients = &policy->groups[i].clients,
						 .client_count = 1};
	struct octets compiled = {0};
	struct tarn__rules *rules;
	const char *fault = compile(policy, &compiled);
	if (fault)
		return fault;
	if (tarn__rules_new(compiled.octets, compiled.len, release, sets, policy->set_count,
			    &rules) != 0)
		return "the lists cannot be compiled";
	tarn__lists_put(policy->data.lists);
	policy->data.lists = tarn__lists_new(rules, answers, groups, policy->group_count);
	return NULL;
}

static void make_overrides(struct policy *policy)
{
	tarn__overrides_put(policy->data.overrides);
	policy->data.overrides = NULL;
	if (policy->override_count > 0 || policy->paused_until_s > 0)
		policy->data.overrides = tarn__overrides_new(
			policy->overrides, policy->override_count, policy->paused_until_s);
}

const char *policy_make_data(struct policy *policy)
{
	const char *fault = NULL;
	tarn__local_data_put(policy->data.local);
	policy->data.local = NULL;
	if (policy->records.count + policy->hosts.count + policy->zones.count > 0)
		fault = make_local(policy);
	if (!fault && policy->set_count > 0)
		fault = make_lists(policy);
	make_overrides(policy);
	return fault;
}

static void free_texts(char **texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(texts[i]);
}

void policy_fini(struct policy *policy)
{
	tarn__local_data_put(policy->data.local);
	tarn__lists_put(policy->data.lists);
	tarn__overrides_put(policy->data.overrides);
	for (size_t i = 0; i < policy->set_count; i++)
		free_texts(policy->sets[i].lines.items, POLICY_TEXTS_MAX);
	free_texts(policy->private_names, policy->options.private_name_count);
	free_texts(policy->excluded, policy->options.dns64_excluded_count);
	free_texts(policy->records.items, POLICY_TEXTS_MAX);
	free_texts(policy->hosts.items, POLICY_TEXTS_MAX);
	free_texts(policy->zones.items, POLICY_TEXTS_MAX);
}
