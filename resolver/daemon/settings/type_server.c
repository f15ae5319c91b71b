/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of upstream servers: the program's and a zone's. */
#include <stdlib.h>
#include <string.h>

#include "base/traits.h"
#include "daemon/settings/addresses.h"
#include "daemon/settings/option_types.h"
#include "daemon/settings/upstreams.h"

static int refuse_more(char fault[TARN__FAULT_MAX])
{
	return tarn__option_refuse(fault, "too many addresses (%d at most)", TARN__ADDRESSES_MAX);
}

/*
 * Reads one server. Returns 1 if the list lacks it, 0 if the list has it with the same traits,
 * TARN_EINVAL for any other text.
 */
static int read_server(const char *text, const struct tarn_address *items,
		       const struct tarn_traits *traits, size_t count,
		       struct tarn_address *address_out, struct tarn_traits *traits_out,
		       char fault[TARN__FAULT_MAX])
{
	const char *reason = tarn__upstream_parse(text, address_out, traits_out);
	if (reason)
		return tarn__option_refuse(fault, "%s", reason);
	for (size_t i = 0; i < count; i++) {
		if (!tarn_address_is_equal(&items[i], address_out))
			continue;
		if (tarn__traits_is_equal(&traits[i], traits_out))
			return 0;
		return tarn__option_refuse(fault, "named before, in other words");
	}
	return 1;
}

static void format_server(const struct tarn_address *address, const struct tarn_traits *traits,
			  bool is_first, FILE *out)
{
	char text[TARN__UPSTREAM_TEXT_MAX];
	tarn__upstream_format(address, traits, text);
	fputs(is_first ? "" : ", ", out);
	if (strchr(text, ' '))
		tarn__text_print(text, out);
	else
		fputs(text, out);
}

/* ---- the program's --------------------------------------------------------------------------- */

static int parse_upstream(const struct tarn__option_row *row, void *field, const char *text,
			  char fault[TARN__FAULT_MAX])
{
	(void)row;
	struct tarn__addresses *list = field;
	struct tarn_address address;
	struct tarn_traits traits;
	int found =
		read_server(text, list->items, list->traits, list->count, &address, &traits, fault);
	if (found <= 0)
		return found;
	return tarn__addresses_add_upstream(list, &address, &traits) < 0 ? refuse_more(fault) : 0;
}

static void reset_upstreams(void *field)
{
	((struct tarn__addresses *)field)->count = 0;
}

static void format_upstreams(const void *field, FILE *out)
{
	const struct tarn__addresses *list = field;
	for (size_t i = 0; i < list->count; i++)
		format_server(&list->items[i], &list->traits[i], i == 0, out);
}

const struct tarn__option_type tarn__option_type_upstreams = {
	.parse = parse_upstream,
	.reset = reset_upstreams,
	.format = format_upstreams,
	.is_list = true,
};

/* ---- a zone's -------------------------------------------------------------------------------- */

static bool make_room(struct tarn__servers *servers)
{
	size_t count = servers->count + 1;
	struct tarn_address *items = realloc(servers->items, count * sizeof(*items));
	if (items)
		servers->items = items;
	struct tarn_traits *traits = realloc(servers->traits, count * sizeof(*traits));
	if (traits)
		servers->traits = traits;
	return items && traits;
}

static int parse_server(const struct tarn__option_row *row, void *field, const char *text,
			char fault[TARN__FAULT_MAX])
{
	(void)row;
	struct tarn__servers *servers = field;
	struct tarn_address address;
	struct tarn_traits traits;
	int found = read_server(text, servers->items, servers->traits, servers->count, &address,
				&traits, fault);
	if (found <= 0)
		return found;
	if (servers->count == TARN__ADDRESSES_MAX)
		return refuse_more(fault);
	if (!make_room(servers))
		return tarn__option_no_memory(fault);
	servers->traits[servers->count] = traits;
	servers->items[servers->count++] = address;
	return 0;
}

static void reset_servers(void *field)
{
	struct tarn__servers *servers = field;
	free(servers->items);
	free(servers->traits);
	*servers = (struct tarn__servers){0};
}

static void format_servers(const void *field, FILE *out)
{
	const struct tarn__servers *servers = field;
	for (size_t i = 0; i < servers->count; i++)
		format_server(&servers->items[i], servers->traits ? &servers->traits[i] : NULL,
			      i == 0, out);
}

const struct tarn__option_type tarn__option_type_servers = {
	.parse = parse_server,
	.reset = reset_servers,
	.format = format_servers,
	.is_list = true,
};
