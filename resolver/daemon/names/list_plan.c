/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/names/list_plan.c: lists as the settings say. */
#include "daemon/names/list_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/siphash.h"

/* Changes when the same settings are to be compiled into something else. */
enum { FORM = 1 };

/* ---- copies ---------------------------------------------------------------------------------- */

static bool copy_texts(const struct tarn__names *names, char ***out, size_t *count)
{
	if (names->count == 0)
		return true;
	*out = calloc(names->count, sizeof((*out)[0]));
	if (!*out)
		return false;
	for (; *count < names->count; (*count)++) {
		(*out)[*count] = strdup(names->items[*count]);
		if (!(*out)[*count])
			return false;
	}
	return true;
}

static void free_texts(char **texts, size_t count)
{
	while (count > 0)
		free(texts[--count]);
	free(texts);
}

static bool copy_group(const struct tarn__group_settings *group, struct tarn__group *out)
{
	struct tarn_network *clients = calloc(group->clients.count + 1, sizeof(clients[0]));
	char *name = strdup(group->name);
	if (clients)
		memcpy(clients, group->clients.items, group->clients.count * sizeof(clients[0]));
	*out = (struct tarn__group){.name = name,
				    .clients = clients,
				    .client_count = group->clients.count,
				    .begin = group->begin,
				    .end = group->end,
				    .days = group->days};
	return clients && name;
}

/* ---- sets ------------------------------------------------------------------------------------ */

/* Returns the bit of the group of that name; 0: there is none. */
static uint32_t find_group(const struct tarn__settings *settings, const char *name)
{
	if (strcmp(name, "default") == 0)
		return 1u << TARN__GROUP_DEFAULT;
	for (size_t i = 0; i < settings->group_count; i++) {
		if (strcmp(settings->groups[i].name, name) == 0)
			return 2u << i;
	}
	return 0;
}

static uint32_t find_groups(const struct tarn__settings *settings, const struct tarn__names *names)
{
	uint32_t groups = 0;
	for (size_t i = 0; i < names->count; i++)
		groups |= find_group(settings, names->items[i]);
	return names->count > 0 ? groups : UINT32_MAX;
}

static enum tarn__namelist_action read_override(const char *word)
{
	static const struct {
		const char *word;
		enum tarn__namelist_action action;
	} words[] = {
		{"nxdomain", TARN__NAMELIST_NXDOMAIN}, {"nodata", TARN__NAMELIST_NODATA},
		{"passthru", TARN__NAMELIST_PASSTHRU}, {"drop", TARN__NAMELIST_DROP},
		{"tcp-only", TARN__NAMELIST_TCP_ONLY},
	};
	for (size_t i = 0; word && i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(word, words[i].word) == 0)
			return words[i].action;
	}
	return TARN__NAMELIST_DEFAULT;
}

static void copy_answer(const struct tarn__list_settings *list, struct tarn__planned_set *out)
{
	bool is_rpz = list->kind == TARN__RULE_SET_RPZ;
	out->rules.answer = is_rpz || list->answer == TARN__NAMELIST_DEFAULT
				    ? TARN__NAMELIST_NXDOMAIN
				    : list->answer;
	size_t count = list->addresses.count;
	if (count > TARN__LIST_ADDRESSES_MAX)
		count = TARN__LIST_ADDRESSES_MAX;
	memcpy(out->answer.addresses, list->addresses.items,
	       count * sizeof(list->addresses.items[0]));
	out->answer.address_count = (uint8_t)count;
}

static bool copy_set(const struct tarn__settings *settings, const struct tarn__list_settings *list,
		     struct tarn__planned_set *out)
{
	*out = (struct tarn__planned_set){
		.rules = {.kind = list->kind,
			  .groups = find_groups(settings, &list->groups),
			  .ttl_sec = list->ttl > 0 ? (uint32_t)list->ttl : TARN__POLICY_TTL,
			  .is_chained = !list->no_chain,
			  .reason = list->reason},
		.format = list->kind == TARN__RULE_SET_RPZ ? TARN__NAMELIST_RPZ : list->format,
		.subdomains = list->subdomains,
		.override = read_override(list->override),
		.is_disabled = list->override && strcmp(list->override, "disabled") == 0,
	};
	snprintf(out->rules.name, sizeof(out->rules.name), "%s", list->name);
	copy_answer(list, out);
	return copy_texts(&list->files, &out->files, &out->file_count) &&
	       copy_texts(&list->names, &out->names, &out->name_count);
}

/* ---- the digest ------------------------------------------------------------------------------ */

static void write_texts(FILE *out, char *const *texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%zu %s\n", strlen(texts[i]), texts[i]);
	fputs(";", out);
}

/* The name of a response policy zone is its origin. */
static void write_set(FILE *out, const struct tarn__planned_set *set)
{
	bool is_rpz = set->rules.kind == TARN__RULE_SET_RPZ;
	fprintf(out, "%d %d %d %d %d %s %u\n", set->rules.kind, set->format, set->subdomains,
		set->override, set->is_disabled, is_rpz ? set->rules.name : "",
		is_rpz ? (unsigned)set->rules.ttl_sec : 0);
	write_texts(out, set->files, set->file_count);
	write_texts(out, set->names, set->name_count);
}

static bool make_digest(struct tarn__list_plan *plan)
{
	static const uint8_t key[TARN__SIPHASH_KEY_LEN] = "compiled lists";
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	if (!out)
		return false;
	fprintf(out, "%d\n", FORM);
	for (size_t i = 0; i < plan->set_count; i++)
		write_set(out, &plan->sets[i]);
	bool is_whole = !ferror(out);
	is_whole &= fclose(out) == 0;
	if (is_whole)
		plan->digest = tarn__siphash(key, text, len);
	free(text);
	return is_whole;
}

/* ---- plans ----------------------------------------------------------------------------------- */

static bool fill(struct tarn__list_plan *plan, const struct tarn__settings *settings)
{
	plan->sets = calloc(settings->list_count + 1, sizeof(plan->sets[0]));
	plan->groups = calloc(settings->group_count + 1, sizeof(plan->groups[0]));
	if (!plan->sets || !plan->groups)
		return false;
	for (size_t i = 0; i < settings->list_count; i++) {
		plan->set_count = i + 1;
		if (!copy_set(settings, &settings->lists[i], &plan->sets[i]))
			return false;
	}
	for (size_t i = 0; i < settings->group_count; i++) {
		plan->group_count = i + 1;
		if (!copy_group(&settings->groups[i], &plan->groups[i]))
			return false;
	}
	return make_digest(plan);
}

struct tarn__list_plan *tarn__list_plan_new(const struct tarn__settings *settings)
{
	struct tarn__list_plan *plan = calloc(1, sizeof(*plan));
	if (!plan)
		return NULL;
	atomic_init(&plan->references, 1);
	if (fill(plan, settings))
		return plan;
	tarn__list_plan_put(plan);
	return NULL;
}

struct tarn__list_plan *tarn__list_plan_get(struct tarn__list_plan *plan)
{
	atomic_fetch_add_explicit(&plan->references, 1, memory_order_relaxed);
	return plan;
}

void tarn__list_plan_put(struct tarn__list_plan *plan)
{
	if (!plan || atomic_fetch_sub_explicit(&plan->references, 1, memory_order_acq_rel) > 1)
		return;
	for (size_t i = 0; i < plan->set_count; i++) {
		free_texts(plan->sets[i].files, plan->sets[i].file_count);
		free_texts(plan->sets[i].names, plan->sets[i].name_count);
	}
	for (size_t i = 0; i < plan->group_count; i++) {
		free((char *)plan->groups[i].name);
		free((struct tarn_network *)plan->groups[i].clients);
	}
	free(plan->sets);
	free(plan->groups);
	free(plan);
}

const char *tarn__list_kind_word(enum tarn__rule_set_kind kind)
{
	static const char *const words[] = {[TARN__RULE_SET_BLOCK] = "block",
					    [TARN__RULE_SET_ALLOW] = "allow",
					    [TARN__RULE_SET_RPZ] = "rpz"};
	return words[kind];
}
