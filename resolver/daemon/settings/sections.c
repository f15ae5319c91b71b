/* SPDX-License-Identifier: BSD-2-Clause */
/* Sections with titles: one table of their words, one of their structs. */
#include "daemon/settings/sections.h"

#include <stdlib.h>
#include <string.h>

#include "core/config.h"
#include "core/policy/groups.h"

/* ---- titles ---------------------------------------------------------------------------------- */

_Static_assert(TARN__RULE_SET_NAME_MAX == 63 && TARN__GROUP_NAME_MAX == 31, "the texts have them");

/* Names of lists and groups are labels of metrics, and clients are sent them (RFC 8914). */
static bool has_plain_characters(const char *title)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789.-_ ";
	size_t len = strlen(title);
	return strspn(title, plain) == len && title[0] != ' ' && title[len - 1] != ' ';
}

static const char *name_fault(const char *title, size_t max, const char *too_long)
{
	if (!*title)
		return "a name is needed";
	if (strlen(title) > max)
		return too_long;
	if (!has_plain_characters(title))
		return "a name has letters, digits, \".\", \"-\", \"_\", and blanks within";
	return NULL;
}

static const char *list_name_fault(const char *title)
{
	return name_fault(title, TARN__RULE_SET_NAME_MAX, "a name has 63 characters at most");
}

static const char *group_name_fault(const char *title)
{
	if (strcmp(title, "default") == 0)
		return "the group of all clients that are in no other one";
	return name_fault(title, TARN__GROUP_NAME_MAX, "a name has 31 characters at most");
}

/* ---- words ----------------------------------------------------------------------------------- */

#define LIST_SECTION(of_word, of_kind)                                                             \
	{                                                                                          \
		.word = of_word, .scope = TARN__SCOPE_LIST, .rules = of_kind,                      \
		.title_fault = list_name_fault, .max = TARN__LISTS_MAX, .noun = "lists",           \
	}

static const struct tarn__section_kind kinds[] = {
	{
		.word = "forward",
		.scope = TARN__SCOPE_ZONE,
		.title_fault = tarn__zone_name_fault,
	},
	{
		.word = "group",
		.scope = TARN__SCOPE_GROUP,
		.title_fault = group_name_fault,
		.max = TARN__GROUPS_OWN_MAX,
		.noun = "groups",
	},
	LIST_SECTION("block", TARN__RULE_SET_BLOCK),
	LIST_SECTION("allow", TARN__RULE_SET_ALLOW),
	LIST_SECTION("rpz", TARN__RULE_SET_RPZ),
};

enum { KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]) };

const struct tarn__section_kind *tarn__section_kind_find(const char *word)
{
	for (size_t i = 0; i < KIND_COUNT; i++) {
		if (strcmp(kinds[i].word, word) == 0)
			return &kinds[i];
	}
	return NULL;
}

/* ---- structs --------------------------------------------------------------------------------- */

/* Where in struct tarn__settings the structs of a scope are, and what each begins with. */
static const struct layout {
	size_t size;
	size_t items, count; /* in struct tarn__settings */
	size_t title, origin, set;
} layouts[] = {
#define LAYOUT(type, items_at, count_at, title_at)                                                 \
	{                                                                                          \
		.size = sizeof(type), .items = offsetof(struct tarn__settings, items_at),          \
		.count = offsetof(struct tarn__settings, count_at),                                \
		.title = offsetof(type, title_at), .origin = offsetof(type, origin),               \
		.set = offsetof(type, set),                                                        \
	}
	[TARN__SCOPE_ZONE] =
		LAYOUT(struct tarn__forward_settings, forwards, forward_count, resolver.zone),
	[TARN__SCOPE_LIST] = LAYOUT(struct tarn__list_settings, lists, list_count, name),
	[TARN__SCOPE_GROUP] = LAYOUT(struct tarn__group_settings, groups, group_count, name),
#undef LAYOUT
};

static void *member(const void *base, size_t offset)
{
	return (char *)base + offset;
}

/* By memcpy(), since the array's pointer is one to a struct. */
static void *get_items(const struct tarn__settings *settings, const struct layout *layout)
{
	void *items;
	memcpy(&items, member(settings, layout->items), sizeof(items));
	return items;
}

static void set_items(struct tarn__settings *settings, const struct layout *layout, void *items)
{
	memcpy(member(settings, layout->items), &items, sizeof(items));
}

static size_t *count_of(const struct tarn__settings *settings, const struct layout *layout)
{
	return member(settings, layout->count);
}

static const struct tarn__section_kind *kind_of(enum tarn__scope scope, const void *base)
{
	const struct tarn__list_settings *list = base;
	const struct tarn__section_kind *kind = kinds;
	while (kind->scope != scope || (scope == TARN__SCOPE_LIST && kind->rules != list->kind))
		kind++;
	return kind;
}

size_t tarn__section_count(const struct tarn__settings *settings, enum tarn__scope scope)
{
	return *count_of(settings, &layouts[scope]);
}

struct tarn__section_view tarn__section_view(const struct tarn__settings *settings,
					     enum tarn__scope scope, size_t index)
{
	const struct layout *layout = &layouts[scope];
	void *base = member(get_items(settings, layout), index * layout->size);
	return (struct tarn__section_view){
		.kind = kind_of(scope, base),
		.base = base,
		.title = *(const char **)member(base, layout->title),
		.origin = member(base, layout->origin),
		.set = member(base, layout->set),
	};
}

/* Returns the room of the next struct. The room is doubled when the number is a power of two. */
static void *make_room(struct tarn__settings *settings, const struct layout *layout)
{
	void *items = get_items(settings, layout);
	size_t count = *count_of(settings, layout);
	if ((count & (count - 1)) == 0) {
		items = realloc(items, (count ? 2 * count : 1) * layout->size);
		if (!items)
			return NULL;
		set_items(settings, layout, items);
	}
	return member(items, count * layout->size);
}

bool tarn__section_add(struct tarn__settings *settings, const struct tarn__section_kind *kind,
		       const char *title, const struct tarn__origin *origin)
{
	const struct layout *layout = &layouts[kind->scope];
	void *base = make_room(settings, layout);
	char *copy = strdup(title);
	if (!base || !copy) {
		free(copy);
		return false;
	}
	memset(base, 0, layout->size);
	*(const char **)member(base, layout->title) = copy;
	*(struct tarn__origin *)member(base, layout->origin) = *origin;
	if (kind->scope == TARN__SCOPE_LIST)
		((struct tarn__list_settings *)base)->kind = kind->rules;
	++*count_of(settings, layout);
	return true;
}

void tarn__section_forget(struct tarn__settings *settings, enum tarn__scope scope)
{
	const struct layout *layout = &layouts[scope];
	for (size_t i = 0; i < *count_of(settings, layout); i++) {
		struct tarn__section_view view = tarn__section_view(settings, scope, i);
		tarn__option_reset_scope(scope, view.base);
		free((char *)view.title);
	}
	free(get_items(settings, layout));
	set_items(settings, layout, NULL);
	*count_of(settings, layout) = 0;
}
