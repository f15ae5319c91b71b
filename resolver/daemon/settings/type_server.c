/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of upstream servers: the program's and a zone's. */
#include <stdint.h>
#include <string.h>

#include "base/upstream.h"
#include "daemon/settings/addresses.h"
#include "daemon/settings/option_types.h"
#include "daemon/settings/servers.h"

/* Adds all addresses of a server. */
static int add_all(struct tarn__servers *servers, const struct tarn_upstream *upstream,
		   char fault[TARN__FAULT_MAX])
{
	for (size_t i = 0; i < upstream->address_count; i++) {
		const struct tarn_address *address = &upstream->addresses[i];
		int error = tarn__servers_add(servers, address, &upstream->traits);
		if (error == TARN_ENOMEM)
			return tarn__option_no_memory(fault);
		if (error != 0 &&
		    tarn__servers_find(servers, address, &upstream->traits) != SIZE_MAX)
			return tarn__option_refuse(fault, "named before, in other words");
		if (error != 0)
			return tarn__option_refuse(fault, "too many addresses (%d at most)",
						   TARN__ADDRESSES_MAX);
	}
	return 0;
}

static int parse_server(const struct tarn__option_row *row, void *field, const char *text,
			char fault[TARN__FAULT_MAX])
{
	(void)row;
	struct tarn_upstream upstream;
	const char *reason;
	int error = tarn_upstream_parse(text, &upstream, &reason);
	if (error == TARN_ENOMEM)
		return tarn__option_no_memory(fault);
	if (error != 0)
		return tarn__option_refuse(fault, "%s", reason);
	error = add_all(field, &upstream, fault);
	tarn_upstream_fini(&upstream);
	return error;
}

static void reset_servers(void *field)
{
	tarn__servers_clear(field);
}

/* A text with what has a meaning in the file is quoted. */
static void format_servers(const void *field, FILE *out)
{
	const struct tarn__servers *servers = field;
	for (size_t i = 0; i < servers->count; i++) {
		char text[TARN__UPSTREAM_TEXT_MAX];
		tarn__upstream_format(&servers->items[i], &servers->traits[i], text);
		fputs(i == 0 ? "" : ", ", out);
		if (strpbrk(text, " #="))
			tarn__text_print(text, out);
		else
			fputs(text, out);
	}
}

const struct tarn__option_type tarn__option_type_servers = {
	.parse = parse_server,
	.reset = reset_servers,
	.format = format_servers,
	.is_list = true,
};
