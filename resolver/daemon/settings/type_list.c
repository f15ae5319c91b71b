/* SPDX-License-Identifier: BSD-2-Clause */
/* What sections of lists have: a format, an answer, a reason, groups of clients. */
#include <stdlib.h>
#include <string.h>

#include "core/policy/lists.h"
#include "daemon/settings/option_types.h"
#include "daemon/settings/options.h"
#include "daemon/settings/settings.h"

/* Returns the number of a word in a table that may have gaps; count: it is not there. */
static size_t find_word(const char *text, const char *const words[], size_t count)
{
	size_t i = 0;
	while (i < count && !(words[i] && strcmp(text, words[i]) == 0))
		i++;
	return i;
}

#define LENGTH(table) (sizeof(table) / sizeof((table)[0]))

/* ---- formats --------------------------------------------------------------------------------- */

/* A response policy zone has a section of its own. */
static int parse_format(const struct tarn__option_row *row, void *field, const char *text,
			char fault[TARN__FAULT_MAX])
{
	(void)row;
	for (unsigned i = TARN__NAMELIST_AUTO; i < TARN__NAMELIST_RPZ; i++) {
		if (strcmp(text, tarn__namelist_format_word(i)) == 0) {
			*(enum tarn__namelist_format *)field = i;
			return 0;
		}
	}
	return tarn__option_refuse(
		fault, "not a format (auto, hosts, domains, wildcard, adblock, dnsmasq, unbound)%s",
		strcmp(text, "rpz") == 0 ? "; rpz has a section of its own" : "");
}

static void reset_format(void *field)
{
	*(enum tarn__namelist_format *)field = TARN__NAMELIST_AUTO;
}

static void format_format(const void *field, FILE *out)
{
	fputs(tarn__namelist_format_word(*(const enum tarn__namelist_format *)field), out);
}

const struct tarn__option_type tarn__option_type_list_format = {
	.parse = parse_format,
	.reset = reset_format,
	.format = format_format,
};

/* ---- subdomains ------------------------------------------------------------------------------ */

static int parse_subdomains(const struct tarn__option_row *row, void *field, const char *text,
			    char fault[TARN__FAULT_MAX])
{
	bool is_yes;
	int error = tarn__option_type_yes.parse(row, &is_yes, text, fault);
	if (error == 0)
		*(unsigned *)field = is_yes ? TARN__NAMELIST_WITH : TARN__NAMELIST_WITHOUT;
	return error;
}

static void reset_subdomains(void *field)
{
	*(unsigned *)field = TARN__NAMELIST_AS_FORMAT;
}

static void format_subdomains(const void *field, FILE *out)
{
	static const char *const words[] = {"", "no", "yes"};
	fputs(words[*(const unsigned *)field], out);
}

const struct tarn__option_type tarn__option_type_subdomains = {
	.parse = parse_subdomains,
	.reset = reset_subdomains,
	.format = format_subdomains,
};

/* ---- answers --------------------------------------------------------------------------------- */

static const char *const answers[] = {
	[TARN__NAMELIST_NXDOMAIN] = "nxdomain", [TARN__NAMELIST_NODATA] = "nodata",
	[TARN__NAMELIST_ZERO] = "zero",		[TARN__NAMELIST_REFUSED] = "refused",
	[TARN__NAMELIST_DROP] = "drop",
};

/* The field is the first of two members. */
static struct tarn__list_settings *list_of(void *field)
{
	return (void *)((char *)field - offsetof(struct tarn__list_settings, answer));
}

static int parse_answer_address(struct tarn__list_settings *list, const char *text,
				char fault[TARN__FAULT_MAX])
{
	struct tarn_address address;
	if (tarn_address_parse(text, 0, &address) < 0)
		return tarn__option_refuse(
			fault,
			"not an answer (nxdomain, nodata, zero, refused, drop, or addresses)");
	if (tarn__address_has_port(text) || strchr(text, '%'))
		return tarn__option_refuse(fault, "an address without a port and an interface");
	if (list->answer != TARN__NAMELIST_DEFAULT && list->answer != TARN__NAMELIST_DATA)
		return tarn__option_refuse(fault, "%s stands alone", answers[list->answer]);
	if (list->addresses.count == TARN__LIST_ADDRESSES_MAX)
		return tarn__option_refuse(fault, "too many addresses (%d at most)",
					   TARN__LIST_ADDRESSES_MAX);
	list->answer = TARN__NAMELIST_DATA;
	(void)tarn__addresses_add(&list->addresses, &address);
	return 0;
}

static int parse_answer(const struct tarn__option_row *row, void *field, const char *text,
			char fault[TARN__FAULT_MAX])
{
	(void)row;
	struct tarn__list_settings *list = list_of(field);
	size_t answer = find_word(text, answers, LENGTH(answers));
	if (answer == LENGTH(answers))
		return parse_answer_address(list, text, fault);
	if (list->answer != TARN__NAMELIST_DEFAULT)
		return tarn__option_refuse(fault, "%s stands alone", text);
	list->answer = (enum tarn__namelist_action)answer;
	return 0;
}

static void reset_answer(void *field)
{
	struct tarn__list_settings *list = list_of(field);
	list->answer = TARN__NAMELIST_DEFAULT;
	list->addresses.count = 0;
}

static void set_default_answer(const struct tarn__option_row *row, void *field)
{
	struct tarn__list_settings *list = list_of(field);
	if (list->answer == TARN__NAMELIST_DEFAULT)
		list->answer = (enum tarn__namelist_action)row->default_number;
}

/* Without ":0", since a port is refused when it is read. */
static void format_answer(const void *field, FILE *out)
{
	const struct tarn__list_settings *list = list_of((void *)field);
	bool is_first = true;
	if (list->answer < LENGTH(answers) && answers[list->answer])
		fputs(answers[list->answer], out);
	for (size_t i = 0; i < list->addresses.count; i++) {
		char text[TARN_ADDRESS_TEXT_MAX];
		tarn_address_format(&list->addresses.items[i], text);
		*strrchr(text, ':') = '\0';
		tarn__option_separate(&is_first, out);
		fputs(text, out);
	}
}

const struct tarn__option_type tarn__option_type_list_answer = {
	.parse = parse_answer,
	.reset = reset_answer,
	.set_default = set_default_answer,
	.format = format_answer,
	.is_list = true,
};

/* ---- reasons --------------------------------------------------------------------------------- */

static const char *const reasons[] = {
	[TARN__RULE_REASON_BLOCKED] = "blocked",
	[TARN__RULE_REASON_CENSORED] = "censored",
	[TARN__RULE_REASON_FILTERED] = "filtered",
};

static int parse_reason(const struct tarn__option_row *row, void *field, const char *text,
			char fault[TARN__FAULT_MAX])
{
	(void)row;
	size_t reason = find_word(text, reasons, LENGTH(reasons));
	if (reason == LENGTH(reasons))
		return tarn__option_refuse(fault, "not a reason (blocked, censored, filtered)");
	*(enum tarn__rule_reason *)field = (enum tarn__rule_reason)reason;
	return 0;
}

static void reset_reason(void *field)
{
	*(enum tarn__rule_reason *)field = TARN__RULE_REASON_BLOCKED;
}

static void format_reason(const void *field, FILE *out)
{
	fputs(reasons[*(const enum tarn__rule_reason *)field], out);
}

const struct tarn__option_type tarn__option_type_list_reason = {
	.parse = parse_reason,
	.reset = reset_reason,
	.format = format_reason,
};

/* ---- overrides ------------------------------------------------------------------------------- */

static int parse_override(const struct tarn__option_row *row, void *field, const char *text,
			  char fault[TARN__FAULT_MAX])
{
	static const char *const words[] = {"nxdomain", "nodata",   "passthru",
					    "drop",	"tcp-only", "disabled"};
	if (find_word(text, words, LENGTH(words)) == LENGTH(words))
		return tarn__option_refuse(fault, "not an action (nxdomain, nodata, passthru, "
						  "drop, tcp-only, disabled)");
	return tarn__option_parse_text(row, field, text, fault);
}

static void format_override(const void *field, FILE *out)
{
	const char *text = *(const char *const *)field;
	fputs(text ? text : "", out);
}

const struct tarn__option_type tarn__option_type_override = {
	.parse = parse_override,
	.reset = tarn__option_reset_text,
	.format = format_override,
};

/* ---- groups ---------------------------------------------------------------------------------- */

/* Whether there is such a group is known at the end of the file (daemon/config/policy_check.h). */
static int parse_group(const struct tarn__option_row *row, void *field, const char *text,
		       char fault[TARN__FAULT_MAX])
{
	(void)row;
	struct tarn__names *groups = field;
	for (size_t i = 0; i < groups->count; i++) {
		if (strcmp(groups->items[i], text) == 0)
			return tarn__option_refuse(fault, "named twice");
	}
	return tarn__names_add(groups, text, "groups", fault);
}

const struct tarn__option_type tarn__option_type_groups = {
	.parse = parse_group,
	.reset = tarn__option_reset_names,
	.format = tarn__option_format_names,
	.is_list = true,
};
