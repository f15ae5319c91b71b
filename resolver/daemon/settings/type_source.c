/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where queries to upstream servers come from: addresses, a network interface, and not from some
 * ports.
 */
#include <net/if.h>
#include <stdint.h>
#include <string.h>

#include "base/ports.h"
#include "daemon/settings/addresses.h"
#include "daemon/settings/option_types.h"

/* ---- addresses ------------------------------------------------------------------------------- */

static int parse_source(const struct tarn__option_row *row, void *field, const char *text,
			char fault[TARN__FAULT_MAX])
{
	(void)row;
	struct tarn_source *source = field;
	struct tarn_address address;
	int error = tarn_address_parse(text, 0, &address);
	if (error < 0)
		return tarn__option_refuse(fault, "%s", tarn_error_text(error));
	if (tarn__address_has_port(text))
		return tarn__option_refuse(
			fault, "an address without a port: each query has a port of its own");
	struct tarn_address *place =
		address.sa.sa_family == AF_INET ? &source->ipv4 : &source->ipv6;
	if (place->sa.sa_family != AF_UNSPEC)
		return tarn__option_refuse(fault, "a second address of the same family");
	*place = address;
	return 0;
}

static void reset_source(void *field)
{
	struct tarn_source *source = field;
	source->ipv4 = source->ipv6 = (struct tarn_address){0};
}

static void format_source(const void *field, FILE *out)
{
	const struct tarn_source *source = field;
	const struct tarn_address *const addresses[] = {&source->ipv4, &source->ipv6};
	bool is_first = true;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		if (addresses[i]->sa.sa_family == AF_UNSPEC)
			continue;
		/* Without ":0", since a port is refused when it is read. */
		char text[TARN_ADDRESS_TEXT_MAX];
		tarn_address_format(addresses[i], text);
		*strrchr(text, ':') = '\0';
		fprintf(out, "%s%s", is_first ? "" : ", ", text);
		is_first = false;
	}
}

const struct tarn__option_type tarn__option_type_source = {
	.parse = parse_source,
	.reset = reset_source,
	.format = format_source,
	.is_list = true,
};

/* ---- the interface --------------------------------------------------------------------------- */

/* The names that Linux accepts for an interface. */
static int parse_interface(const struct tarn__option_row *row, void *field, const char *text,
			   char fault[TARN__FAULT_MAX])
{
	size_t len = strlen(text);
	if (len == 0 || len >= IFNAMSIZ || strpbrk(text, "/: \t") || strcmp(text, ".") == 0 ||
	    strcmp(text, "..") == 0)
		return tarn__option_refuse(fault, "not the name of a network interface");
	return tarn__option_parse_text(row, field, text, fault);
}

const struct tarn__option_type tarn__option_type_interface = {
	.parse = parse_interface,
	.reset = tarn__option_reset_text,
	.format = tarn__option_format_text,
};

/* ---- ports ----------------------------------------------------------------------------------- */

static const char *read_port(const char *text, uint16_t *out)
{
	uint64_t number;
	const char *end = tarn__number_read(text, &number);
	if (!end || number == 0 || number > TARN__PORT_MAX)
		return NULL;
	*out = (uint16_t)number;
	return end;
}

/* Reads "8080" or "9000-9100". */
static bool read_range(const char *text, struct tarn_port_range *out)
{
	const char *end = read_port(text, &out->first);
	out->last = out->first;
	if (end && *end == '-')
		end = read_port(end + 1, &out->last);
	return end && !*end && out->first <= out->last;
}

/* Returns true if enough ports are left without those of the list. */
static bool leaves_ports(const struct tarn__port_ranges *list)
{
	struct tarn__ports ports;
	tarn__ports_fill(&ports);
	for (size_t i = 0; i < list->count; i++)
		tarn__ports_avoid(&ports, list->items[i].first, list->items[i].last);
	return tarn__ports_count(&ports) >= TARN__PORTS_LEAST;
}

static int parse_ports(const struct tarn__option_row *row, void *field, const char *text,
		       char fault[TARN__FAULT_MAX])
{
	(void)row;
	struct tarn__port_ranges *list = field;
	struct tarn_port_range range;
	if (list->count == TARN__PORT_RANGES_MAX)
		return tarn__option_refuse(fault, "too many ranges of ports (%d at most)",
					   TARN__PORT_RANGES_MAX);
	if (!read_range(text, &range))
		return tarn__option_refuse(
			fault, "not a port, or a range of them (such as 8080 or 9000-9100)");
	list->items[list->count++] = range;
	if (leaves_ports(list))
		return 0;
	list->count--;
	return tarn__option_refuse(fault, "it leaves fewer than %d ports for queries",
				   TARN__PORTS_LEAST);
}

static void reset_ports(void *field)
{
	((struct tarn__port_ranges *)field)->count = 0;
}

static void format_ports(const void *field, FILE *out)
{
	const struct tarn__port_ranges *list = field;
	for (size_t i = 0; i < list->count; i++) {
		const struct tarn_port_range *range = &list->items[i];
		fprintf(out, "%s%u", i == 0 ? "" : ", ", range->first);
		if (range->last > range->first)
			fprintf(out, "-%u", range->last);
	}
}

const struct tarn__option_type tarn__option_type_ports = {
	.parse = parse_ports,
	.reset = reset_ports,
	.format = format_ports,
	.is_list = true,
};
