/* SPDX-License-Identifier: BSD-2-Clause */
/* One address; lists of addresses of tarn's own, and of clients' networks. */
#include "daemon/settings/addresses.h"
#include "daemon/settings/option_types.h"
#include "daemon/settings/options.h"

/* ---- addresses ------------------------------------------------------------------------------- */

static int parse_address(const struct tarn__option_row *row, void *field, const char *text,
			 char fault[TARN__FAULT_MAX])
{
	struct tarn_address address;
	int error = tarn_address_parse(text, row->port, &address);
	if (error < 0)
		return tarn__option_refuse(fault, "%s", tarn_error_text(error));
	if (tarn__addresses_add(field, &address) < 0)
		return tarn__option_refuse(fault, "too many addresses (%d at most)",
					   TARN__ADDRESSES_MAX);
	return 0;
}

static void reset_addresses(void *field)
{
	((struct tarn__addresses *)field)->count = 0;
}

static void set_default_addresses(const struct tarn__option_row *row, void *field)
{
	struct tarn__addresses *list = field;
	char fault[TARN__FAULT_MAX];
	if (list->count > 0 || !row->default_items)
		return;
	for (const char *const *item = row->default_items; *item; item++)
		(void)parse_address(row, field, *item, fault);
}

static void format_addresses(const void *field, FILE *out)
{
	const struct tarn__addresses *list = field;
	for (size_t i = 0; i < list->count; i++) {
		char text[TARN_ADDRESS_TEXT_MAX];
		fprintf(out, "%s%s", i == 0 ? "" : ", ",
			tarn_address_format(&list->items[i], text));
	}
}

const struct tarn__option_type tarn__option_type_addresses = {
	.parse = parse_address,
	.reset = reset_addresses,
	.set_default = set_default_addresses,
	.format = format_addresses,
	.is_list = true,
};

/* ---- one address ----------------------------------------------------------------------------- */

static int parse_one_address(const struct tarn__option_row *row, void *field, const char *text,
			     char fault[TARN__FAULT_MAX])
{
	struct tarn__addresses one = {0};
	int error = parse_address(row, &one, text, fault);
	if (error == 0)
		*(struct tarn__addresses *)field = one;
	return error;
}

const struct tarn__option_type tarn__option_type_address = {
	.parse = parse_one_address,
	.reset = reset_addresses,
	.format = format_addresses,
};

/* ---- networks -------------------------------------------------------------------------------- */

static int parse_network(const struct tarn__option_row *row, void *field, const char *text,
			 char fault[TARN__FAULT_MAX])
{
	(void)row;
	struct tarn__networks *networks = field;
	if (networks->count == TARN__ALLOW_MAX)
		return tarn__option_refuse(fault, "too many networks (%d at most)",
					   TARN__ALLOW_MAX);
	int error = tarn_network_parse(text, &networks->items[networks->count]);
	if (error < 0)
		return tarn__option_refuse(fault, "%s", tarn_error_text(error));
	networks->count++;
	return 0;
}

static void reset_networks(void *field)
{
	((struct tarn__networks *)field)->count = 0;
}

static void format_networks(const void *field, FILE *out)
{
	const struct tarn__networks *networks = field;
	for (size_t i = 0; i < networks->count; i++) {
		char text[TARN_NETWORK_TEXT_MAX];
		fprintf(out, "%s%s", i == 0 ? "" : ", ",
			tarn_network_format(&networks->items[i], text));
	}
}

const struct tarn__option_type tarn__option_type_networks = {
	.parse = parse_network,
	.reset = reset_networks,
	.format = format_networks,
	.is_list = true,
};
