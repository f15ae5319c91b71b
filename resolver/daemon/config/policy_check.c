/* SPDX-License-Identifier: BSD-2-Clause */
/* Sections of lists and groups that do not fit each other. */
#include "daemon/config/policy_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "crypto/hmac.h"
#include "daemon/settings/sections.h"
#include "dns/text.h"

struct checker {
	const struct tarn__settings *settings;
	struct tarn__diagnostics *diagnostics;
	struct tarn__section_view section; /* that is checked */
};

__attribute__((format(printf, 2, 3))) static void refuse(const struct checker *checker,
							 const char *format, ...)
{
	char reason[TARN__FAULT_MAX];
	const struct tarn__section_view *section = &checker->section;
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(reason, sizeof(reason), format, arguments);
	va_end(arguments);
	tarn__diagnostics_add(checker->diagnostics, section->origin->file, section->origin->line,
			      "%s \"%s\": %s", section->kind->word, section->title, reason);
}

/* ---- names ----------------------------------------------------------------------------------- */

/* index: of the section in its scope. */
static void check_title(const struct checker *checker, enum tarn__scope scope, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		struct tarn__section_view other = tarn__section_view(checker->settings, scope, i);
		if (strcmp(other.title, checker->section.title) != 0)
			continue;
		refuse(checker, "a second %s of this name (see %s:%u)",
		       scope == TARN__SCOPE_LIST ? "list" : "group", other.origin->file,
		       other.origin->line);
		return;
	}
}

/* ---- lists ----------------------------------------------------------------------------------- */

static bool is_group(const struct tarn__settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->group_count; i++) {
		if (strcmp(settings->groups[i].name, name) == 0)
			return true;
	}
	return strcmp(name, "default") == 0;
}

static void check_groups(const struct checker *checker, const struct tarn__list_settings *list)
{
	for (size_t i = 0; i < list->groups.count; i++) {
		const char *name = list->groups.items[i];
		if (!is_group(checker->settings, name))
			refuse(checker, "group %s: there is no such section", name);
	}
}

/* The zone is what the section is called, and its file too. */
static void check_zone(const struct checker *checker, const struct tarn__list_settings *list)
{
	uint8_t name[TARN__NAME_MAX];
	const char *state = checker->settings->state;
	if (strchr(list->name, ' ') || tarn__name_parse(list->name, name) <= 1)
		refuse(checker, "primary: the section's name is to be that of the zone");
	/* The default is not set yet. */
	if (state && strcmp(state, "none") == 0)
		refuse(checker, "primary: the zone needs a folder (state)");
	if (list->key && !tarn__hmac_is_built())
		refuse(checker, "key: tarn was built without OpenSSL");
}

static void check_primaries(const struct checker *checker, const struct tarn__list_settings *list)
{
	if (list->primaries.count > 0)
		check_zone(checker, list);
	for (size_t i = 0; i < list->primaries.count; i++) {
		const struct tarn_address *primary = &list->primaries.items[i];
		char text[TARN_ADDRESS_TEXT_MAX];
		if (tarn_address_port(primary) == 0)
			refuse(checker, "primary %s: %s", tarn_address_format(primary, text),
			       tarn_error_text(TARN_EPORT));
	}
	if (list->key && list->primaries.count == 0)
		refuse(checker, "key: there is no primary to use it with");
}

static void check_list(const struct checker *checker, const struct tarn__list_settings *list)
{
	check_groups(checker, list);
	check_primaries(checker, list);
	if (list->files.count > 0 || list->names.count > 0 || list->primaries.count > 0)
		return;
	refuse(checker, "neither a file nor a %s",
	       list->kind == TARN__RULE_SET_RPZ ? "primary" : "name");
}

/* Each file is a source, and so are the names of a section, and a zone that comes by transfer. */
static void check_sources(const struct checker *checker, const struct tarn__list_settings *list,
			  size_t *count)
{
	bool was_too_many = *count > TARN__NAMELIST_SOURCES_MAX;
	*count += list->files.count + (list->names.count > 0) + (list->primaries.count > 0);
	if (*count > TARN__NAMELIST_SOURCES_MAX && !was_too_many)
		refuse(checker, "too many files in all lists together (%d at most)",
		       TARN__NAMELIST_SOURCES_MAX);
}

/* ---- groups ---------------------------------------------------------------------------------- */

static bool is_same_network(const struct tarn_network *a, const struct tarn_network *b)
{
	return a->prefix_len == b->prefix_len && tarn_address_is_equal(&a->address, &b->address);
}

/* Returns the number of the first of `end` groups that has the network; end: none has. */
static size_t find_network(const struct tarn__settings *settings, size_t end,
			   const struct tarn_network *network)
{
	for (size_t i = 0; i < end; i++) {
		const struct tarn__networks *clients = &settings->groups[i].clients;
		for (size_t j = 0; j < clients->count; j++) {
			if (is_same_network(&clients->items[j], network))
				return i;
		}
	}
	return end;
}

static void check_group(const struct checker *checker, size_t index)
{
	const struct tarn__networks *clients = &checker->settings->groups[index].clients;
	if (clients->count == 0)
		refuse(checker, "no clients");
	for (size_t i = 0; i < clients->count; i++) {
		char text[TARN_NETWORK_TEXT_MAX];
		size_t other = find_network(checker->settings, index, &clients->items[i]);
		if (other < index)
			refuse(checker, "clients %s: they are in group \"%s\"",
			       tarn_network_format(&clients->items[i], text),
			       checker->settings->groups[other].name);
	}
}

/* ---- the whole ------------------------------------------------------------------------------- */

void tarn__policy_check(const struct tarn__settings *settings,
			struct tarn__diagnostics *diagnostics)
{
	struct checker checker = {.settings = settings, .diagnostics = diagnostics};
	size_t sources = 0;
	for (size_t i = 0; i < settings->group_count; i++) {
		checker.section = tarn__section_view(settings, TARN__SCOPE_GROUP, i);
		check_title(&checker, TARN__SCOPE_GROUP, i);
		check_group(&checker, i);
	}
	for (size_t i = 0; i < settings->list_count; i++) {
		checker.section = tarn__section_view(settings, TARN__SCOPE_LIST, i);
		check_title(&checker, TARN__SCOPE_LIST, i);
		check_list(&checker, &settings->lists[i]);
		check_sources(&checker, &settings->lists[i], &sources);
	}
}
