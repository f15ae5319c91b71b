/* SPDX-License-Identifier: BSD-2-Clause */
/* The kinds of values that options have: how each is read, forgotten and written. */
#include "daemon/settings/option_types.h"

#include <inttypes.h>
#include <net/if.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

#include "core/config.h"
#include "base/ports.h"
#include "daemon/settings/addresses.h"
#include "daemon/log/log.h"
#include "daemon/settings/upstreams.h"
#include "dns/text.h"

static const char out_of_memory[] = "out of memory";

/* ---- addresses ------------------------------------------------------------------------------- */

static const char *add_address(struct tarn__addresses *list, const char *text,
			       uint16_t default_port)
{
	struct tarn_address address;
	int error = tarn_address_parse(text, default_port, &address);
	if (error < 0)
		return tarn_error_text(error);
	return tarn__addresses_add(list, &address) < 0 ? "too many addresses (64 at most)" : NULL;
}

_Static_assert(TARN__ADDRESSES_MAX == 64, "the text above says so");

static void reset_addresses(void *field)
{
	((struct tarn__addresses *)field)->count = 0;
}

static void format_address(const struct tarn_address *address, bool is_first, FILE *out)
{
	char text[TARN_ADDRESS_TEXT_MAX];
	fprintf(out, "%s%s", is_first ? "" : ", ", tarn_address_format(address, text));
}

static void format_addresses(const void *field, FILE *out)
{
	const struct tarn__addresses *list = field;
	for (size_t i = 0; i < list->count; i++)
		format_address(&list->items[i], i == 0, out);
}

static const char *parse_listen(void *field, const char *text)
{
	return add_address(field, text, 53);
}

const struct tarn__option_type tarn__option_type_listens = {
	.parse = parse_listen,
	.reset = reset_addresses,
	.format = format_addresses,
	.is_list = true,
};

static const char *parse_metrics(void *field, const char *text)
{
	return add_address(field, text, TARN__METRICS_PORT);
}

const struct tarn__option_type tarn__option_type_metrics = {
	.parse = parse_metrics,
	.reset = reset_addresses,
	.format = format_addresses,
	.is_list = true,
};

static const char too_many_addresses[] = "too many addresses (64 at most)";

/* NULL: it is not there. Else whether it is there in the same words: a fault, or an empty one. */
static const char *find_upstream(const struct tarn_address *items, const struct tarn_traits *traits,
				 size_t count, const struct tarn_address *address,
				 const struct tarn_traits *their_traits)
{
	for (size_t i = 0; i < count; i++) {
		if (tarn_address_is_equal(&items[i], address))
			return tarn__traits_are_equal(&traits[i], their_traits)
				       ? ""
				       : "named before, in other words";
	}
	return NULL;
}

static const char *parse_upstream(void *field, const char *text)
{
	struct tarn__addresses *list = field;
	struct tarn_address address;
	struct tarn_traits traits;
	const char *fault = tarn__upstream_parse(text, &address, &traits);
	if (fault)
		return fault;
	fault = find_upstream(list->items, list->traits, list->count, &address, &traits);
	if (fault)
		return *fault ? fault : NULL;
	return tarn__addresses_add_upstream(list, &address, &traits) < 0 ? too_many_addresses
									 : NULL;
}

static void format_upstream(const struct tarn_address *address, const struct tarn_traits *traits,
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

static void format_upstreams(const void *field, FILE *out)
{
	const struct tarn__addresses *list = field;
	for (size_t i = 0; i < list->count; i++)
		format_upstream(&list->items[i], &list->traits[i], i == 0, out);
}

const struct tarn__option_type tarn__option_type_upstreams = {
	.parse = parse_upstream,
	.reset = reset_addresses,
	.format = format_upstreams,
	.is_list = true,
};

static bool have_room(struct tarn__servers *servers)
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

static const char *parse_server(void *field, const char *text)
{
	struct tarn__servers *servers = field;
	struct tarn_address address;
	struct tarn_traits traits;
	const char *fault = tarn__upstream_parse(text, &address, &traits);
	if (fault)
		return fault;
	fault = find_upstream(servers->items, servers->traits, servers->count, &address, &traits);
	if (fault)
		return *fault ? fault : NULL;
	if (servers->count == TARN__ADDRESSES_MAX)
		return too_many_addresses;
	if (!have_room(servers))
		return out_of_memory;
	servers->traits[servers->count] = traits;
	servers->items[servers->count++] = address;
	return NULL;
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
		format_upstream(&servers->items[i], servers->traits ? &servers->traits[i] : NULL,
				i == 0, out);
}

const struct tarn__option_type tarn__option_type_servers = {
	.parse = parse_server,
	.reset = reset_servers,
	.format = format_servers,
	.is_list = true,
};

static const char *parse_source(void *field, const char *text)
{
	struct tarn_source *source = field;
	struct tarn_address address, with_port;
	int error = tarn_address_parse(text, 0, &address);
	if (error < 0)
		return tarn_error_text(error);
	/* Another default shows whether the text has a port. */
	if (tarn_address_parse(text, 1, &with_port) < 0 || tarn_address_port(&with_port) != 1 ||
	    tarn_address_port(&address) != 0)
		return "an address alone, please: each question has a port of its own";
	struct tarn_address *place =
		address.sa.sa_family == AF_INET ? &source->ipv4 : &source->ipv6;
	if (place->sa.sa_family != AF_UNSPEC)
		return "a second address of the same family";
	*place = address;
	return NULL;
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
		/* Without ":0", which is no port that could be said. */
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

/* ---- networks and names ---------------------------------------------------------------------- */

static const char *parse_network(void *field, const char *text)
{
	struct tarn__networks *networks = field;
	if (networks->count == TARN__ALLOW_MAX)
		return "too many networks (64 at most)";
	int error = tarn_network_parse(text, &networks->items[networks->count]);
	if (error < 0)
		return tarn_error_text(error);
	networks->count++;
	return NULL;
}

_Static_assert(TARN__ALLOW_MAX == 64 && TARN__PASS_MAX == 64, "the texts say so");

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

static const char *parse_name(void *field, const char *text)
{
	struct tarn__names *names = field;
	uint8_t name[TARN__NAME_MAX];
	if (names->count == TARN__PASS_MAX)
		return "too many names (64 at most)";
	if (tarn__name_parse(text, name) == 0)
		return "not a domain name";
	const char *copy = strdup(text);
	if (!copy)
		return out_of_memory;
	names->items[names->count++] = copy;
	return NULL;
}

static void reset_names(void *field)
{
	struct tarn__names *names = field;
	for (size_t i = 0; i < names->count; i++)
		free((char *)names->items[i]);
	names->count = 0;
}

static void format_names(const void *field, FILE *out)
{
	const struct tarn__names *names = field;
	for (size_t i = 0; i < names->count; i++) {
		fputs(i == 0 ? "" : ", ", out);
		tarn__text_print(names->items[i], out);
	}
}

const struct tarn__option_type tarn__option_type_names = {
	.parse = parse_name,
	.reset = reset_names,
	.format = format_names,
	.is_list = true,
};

/* ---- numbers --------------------------------------------------------------------------------- */

/* Reads decimal digits and returns what follows them; NULL when there is none or they overflow. */
static const char *read_number(const char *text, uint64_t *out)
{
	uint64_t number = 0;
	const char *end = text;
	for (; *end >= '0' && *end <= '9'; end++) {
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(*end - '0'), &number))
			return NULL;
	}
	if (end == text)
		return NULL;
	*out = number;
	return end;
}

static const char *parse_workers(void *field, const char *text)
{
	uint64_t number;
	const char *end = read_number(text, &number);
	if (!end || *end || number < 1 || number > TARN__WORKERS_MAX)
		return "not a number of threads (1 to 256)";
	*(unsigned *)field = (unsigned)number;
	return NULL;
}

_Static_assert(TARN__WORKERS_MAX == 256, "the text above says so");

static void reset_unsigned(void *field)
{
	*(unsigned *)field = 0;
}

static void format_unsigned(const void *field, FILE *out)
{
	if (*(const unsigned *)field > 0)
		fprintf(out, "%u", *(const unsigned *)field);
}

const struct tarn__option_type tarn__option_type_workers = {
	.parse = parse_workers,
	.reset = reset_unsigned,
	.format = format_unsigned,
};

static const char *parse_count(void *field, const char *text)
{
	(void)text;
	++*(unsigned *)field;
	return NULL;
}

const struct tarn__option_type tarn__option_type_count = {
	.parse = parse_count,
	.reset = reset_unsigned,
	.format = format_unsigned,
};

/* Less has no room for the largest answers, and hardly a use. */
enum { SIZE_LEAST = 64 * 1024 };

/* 16M and 16MiB are 16 * 1024 * 1024, 16MB is 16,000,000. */
static const char *parse_size(void *field, const char *text)
{
	static const char fault[] = "not a size (such as 512k, 16M, 16MiB or 1G)";
	uint64_t size;
	const char *unit = read_number(text, &size);
	if (!unit)
		return fault;
	if (*unit) {
		static const char letters[] = "kMG";
		const char *letter = strchr(letters, *unit == 'K' ? 'k' : *unit);
		if (!letter)
			return fault;
		bool is_decimal = strcmp(unit + 1, "B") == 0;
		if (unit[1] && !is_decimal && strcmp(unit + 1, "iB") != 0)
			return fault;
		for (long power = letter - letters; power >= 0; power--) {
			if (__builtin_mul_overflow(size, is_decimal ? 1000u : 1024u, &size))
				return "more than a machine can address";
		}
	}
	if (size < SIZE_LEAST)
		return "too small (64k at least)";
	if (size > SIZE_MAX / 2)
		return "more than a machine can address";
	*(size_t *)field = (size_t)size;
	return NULL;
}

static void reset_size(void *field)
{
	*(size_t *)field = 0;
}

static void format_size(const void *field, FILE *out)
{
	static const char *const units[] = {"", "k", "M", "G"};
	size_t size = *(const size_t *)field, unit = 0;
	if (size == 0)
		return;
	for (; unit < 3 && size % 1024 == 0; unit++)
		size /= 1024;
	fprintf(out, "%zu%s", size, units[unit]);
}

const struct tarn__option_type tarn__option_type_size = {
	.parse = parse_size,
	.reset = reset_size,
	.format = format_size,
};

/* Longer is forever, and nobody's wish. */
enum { TIME_MOST = 30 * 86400 };

static const struct {
	char letter;
	int seconds;
} times[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};

static const char *read_port(const char *text, uint16_t *out)
{
	uint64_t number;
	const char *end = read_number(text, &number);
	if (!end || number == 0 || number > TARN__PORT_MAX)
		return NULL;
	*out = (uint16_t)number;
	return end;
}

/* Are there enough without those of the list? */
static bool leaves_ports(const struct tarn__port_ranges *list)
{
	struct tarn__ports ports;
	tarn__ports_fill(&ports);
	for (size_t i = 0; i < list->count; i++)
		tarn__ports_avoid(&ports, list->items[i].first, list->items[i].last);
	return tarn__ports_count(&ports) >= TARN__PORTS_LEAST;
}

/* 8080, 9000-9100. */
static const char *parse_ports(void *field, const char *text)
{
	struct tarn__port_ranges *list = field;
	struct tarn_port_range range;
	if (list->count == TARN__PORT_RANGES_MAX)
		return "too many ranges of ports (64 at most)";
	const char *end = read_port(text, &range.first);
	range.last = range.first;
	if (end && *end == '-')
		end = read_port(end + 1, &range.last);
	if (!end || *end || range.last < range.first)
		return "not a port, or a range of them (such as 8080 or 9000-9100)";
	list->items[list->count++] = range;
	if (leaves_ports(list))
		return NULL;
	list->count--;
	return "it leaves fewer than 4096 ports to ask from";
}

_Static_assert(TARN__PORT_RANGES_MAX == 64 && TARN__PORTS_LEAST == 4096, "the texts above say so");

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

/* 90, 90s, 15m, 12h, 1d; 0 is none. */
static const char *parse_time(void *field, const char *text)
{
	static const char fault[] = "not a time (such as 30s, 15m, 12h or 1d)";
	uint64_t time;
	const char *unit = read_number(text, &time);
	if (!unit || (*unit && unit[1]))
		return fault;
	int factor = *unit ? 0 : 1;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		if (*unit == times[i].letter)
			factor = times[i].seconds;
	}
	if (factor == 0)
		return fault;
	if (time > (uint64_t)(TIME_MOST / factor))
		return "too long (30d at most)";
	*(int32_t *)field = time > 0 ? (int32_t)time * factor : -1;
	return NULL;
}

static void reset_time(void *field)
{
	*(int32_t *)field = 0;
}

static void format_time(const void *field, FILE *out)
{
	int32_t time = *(const int32_t *)field;
	size_t i = 0;
	if (time == 0)
		return;
	if (time < 0) {
		fputs("0", out);
		return;
	}
	while (time % times[i].seconds != 0)
		i++;
	fprintf(out, "%d%c", (int)time / times[i].seconds, times[i].letter);
}

const struct tarn__option_type tarn__option_type_time = {
	.parse = parse_time,
	.reset = reset_time,
	.format = format_time,
};

static const char *parse_failure(void *field, const char *text)
{
	int32_t time = 0;
	const char *fault = parse_time(&time, text);
	if (!fault && (time < TARN__FAILURE_SEC_MIN || time > TARN__FAILURE_SEC_MAX))
		fault = "out of bounds (1s to 5m)";
	if (!fault)
		*(int32_t *)field = time;
	return fault;
}

_Static_assert(TARN__FAILURE_SEC_MIN == 1 && TARN__FAILURE_SEC_MAX == 300, "the text says so");

const struct tarn__option_type tarn__option_type_failure = {
	.parse = parse_failure,
	.reset = reset_time,
	.format = format_time,
};

/* ---- words ----------------------------------------------------------------------------------- */

/* 1: yes, 0: no, -1: neither. */
static int read_answer(const char *text)
{
	static const char *const words[] = {"no", "yes", "off", "on", "false", "true"};
	for (int i = 0; i < 6; i++) {
		if (strcasecmp(text, words[i]) == 0)
			return i % 2;
	}
	return -1;
}

static const char *parse_answer(bool *field, bool yes_is, const char *text)
{
	int answer = text ? read_answer(text) : yes_is;
	if (answer < 0)
		return "neither yes nor no";
	*field = answer == yes_is;
	return NULL;
}

static const char *parse_yes(void *field, const char *text)
{
	return parse_answer(field, true, text);
}

static const char *parse_no(void *field, const char *text)
{
	return parse_answer(field, false, text);
}

static void reset_bool(void *field)
{
	*(bool *)field = false;
}

static void format_yes(const void *field, FILE *out)
{
	fputs(*(const bool *)field ? "yes" : "no", out);
}

static void format_no(const void *field, FILE *out)
{
	fputs(*(const bool *)field ? "no" : "yes", out);
}

const struct tarn__option_type tarn__option_type_yes = {
	.parse = parse_yes,
	.reset = reset_bool,
	.format = format_yes,
};

const struct tarn__option_type tarn__option_type_no = {
	.parse = parse_no,
	.reset = reset_bool,
	.format = format_no,
};

static const char *const selections[] = {
	[TARN_SELECTION_FASTEST] = "fastest",	      [TARN_SELECTION_SEQUENTIAL] = "sequential",
	[TARN_SELECTION_ROUND_ROBIN] = "round-robin", [TARN_SELECTION_PARALLEL] = "parallel",
	[TARN_SELECTION_STRICT] = "strict",
};

const char *tarn__selection_name(enum tarn_selection selection)
{
	return selections[selection];
}

static const char *parse_policy(void *field, const char *text)
{
	for (size_t i = 0; i < sizeof(selections) / sizeof(selections[0]); i++) {
		if (strcmp(text, selections[i]) == 0) {
			*(enum tarn_selection *)field = (enum tarn_selection)i;
			return NULL;
		}
	}
	return "not a selection (fastest, sequential, strict, round-robin, parallel)";
}

static void reset_policy(void *field)
{
	*(enum tarn_selection *)field = TARN_SELECTION_FASTEST;
}

static void format_policy(const void *field, FILE *out)
{
	fputs(selections[*(const enum tarn_selection *)field], out);
}

const struct tarn__option_type tarn__option_type_selection = {
	.parse = parse_policy,
	.reset = reset_policy,
	.format = format_policy,
};

static const char *parse_level(void *field, const char *text)
{
	return tarn__log_level_parse(text, field) ? NULL
						  : "not a level (err, warning, info, debug)";
}

static void reset_level(void *field)
{
	memset(field, 0, sizeof(enum tarn_log_level));
}

static void format_level(const void *field, FILE *out)
{
	enum tarn_log_level level = *(const enum tarn_log_level *)field;
	if (level != 0)
		fputs(tarn__log_level_name(level), out);
}

const struct tarn__option_type tarn__option_type_level = {
	.parse = parse_level,
	.reset = reset_level,
	.format = format_level,
};

/* ---- texts ----------------------------------------------------------------------------------- */

static void reset_text(void *field)
{
	const char **text = field;
	free((char *)*text);
	*text = NULL;
}

static const char *parse_text(void *field, const char *text)
{
	if (!*text)
		return "empty";
	const char *copy = strdup(text);
	if (!copy)
		return out_of_memory;
	reset_text(field);
	*(const char **)field = copy;
	return NULL;
}

void tarn__text_print(const char *text, FILE *out)
{
	putc('"', out);
	for (; *text; text++) {
		if (strchr("\"\\$", *text))
			putc('\\', out);
		putc(*text, out);
	}
	putc('"', out);
}

static void format_text(const void *field, FILE *out)
{
	const char *text = *(const char *const *)field;
	if (text)
		tarn__text_print(text, out);
}

static void format_text_or_none(const void *field, FILE *out)
{
	const char *text = *(const char *const *)field;
	if (text)
		tarn__text_print(text, out);
	else
		fputs("none", out);
}

const struct tarn__option_type tarn__option_type_text = {
	.parse = parse_text,
	.reset = reset_text,
	.format = format_text,
};

static const char *parse_interface(void *field, const char *text)
{
	/* What Linux lets an interface be called. */
	size_t len = strlen(text);
	if (len == 0 || len >= IFNAMSIZ || strpbrk(text, "/: \t") || strcmp(text, ".") == 0 ||
	    strcmp(text, "..") == 0)
		return "not the name of a network interface";
	return parse_text(field, text);
}

const struct tarn__option_type tarn__option_type_interface = {
	.parse = parse_interface,
	.reset = reset_text,
	.format = format_text,
};

static bool is_none(const char *text)
{
	return strcmp(text, "none") == 0;
}

static const char *parse_path_or_none(void *field, const char *text)
{
	if (!is_none(text))
		return parse_text(field, text);
	reset_text(field);
	return NULL;
}

const struct tarn__option_type tarn__option_type_path_or_none = {
	.parse = parse_path_or_none,
	.reset = reset_text,
	.format = format_text_or_none,
};

static const char *parse_socket(void *field, const char *text)
{
	if (strlen(text) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return "too long for a socket (107 octets at most)";
	return parse_text(field, text);
}

const struct tarn__option_type tarn__option_type_socket = {
	.parse = parse_socket,
	.reset = reset_text,
	.format = format_text,
};

static const char *parse_socket_or_none(void *field, const char *text)
{
	if (!is_none(text))
		return parse_socket(field, text);
	reset_text(field);
	return NULL;
}

const struct tarn__option_type tarn__option_type_socket_or_none = {
	.parse = parse_socket_or_none,
	.reset = reset_text,
	.format = format_text_or_none,
};
