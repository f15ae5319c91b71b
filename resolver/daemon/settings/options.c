/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything that tarn can be told, in one table, and the command line that is read by it. */
#include "config.h"

#include "daemon/settings/options.h"

#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/settings/nearest.h"
#include "tarn.h"

const char tarn__forward_section[] = "forward";

#define SETTING(field) offsetof(struct tarn__settings, field)
#define FORWARD(field) offsetof(struct tarn__forward_settings, field)

const struct tarn__option_row tarn__options[] = {
	{
		.word = "include",
		.value = "FILE",
		.help = "read this file, or all that the pattern fits, here",
	},
	{
		.letter = 'c',
		.name = "config",
		.value = "FILE",
		.help = "read this file, too (default: see below)",
		.type = &tarn__option_type_text,
		.offset = SETTING(config_file),
		.is_fixed = true,
	},
	{
		.letter = 'l',
		.name = "listen",
		.section = "listen",
		.word = "address",
		.value = "ADDR",
		.help = "answer there, over UDP and TCP; may be repeated\n"
			"(default: 127.0.0.1:53 and [::1]:53)",
		.type = &tarn__option_type_listens,
		.offset = SETTING(listens),
	},
	{
		.letter = 'u',
		.name = "upstream",
		.word = "upstream",
		.value = "ADDR",
		.help = "forward to this server (tcp://ADDR: over TCP alone);\n"
			"may be repeated\n"
			"(default: the servers of /etc/resolv.conf)",
		.otherwise = "none: every question that needs one will fail",
		.if_empty = "leave it out for the servers of /etc/resolv.conf",
		.type = &tarn__option_type_upstreams,
		.offset = SETTING(upstreams),
	},
	{
		.name = "selection",
		.word = "selection",
		.value = "NAME",
		.help = "which upstream to ask first: fastest (the default),\n"
			"sequential, strict, round-robin;\n"
			"or parallel: all at once",
		.type = &tarn__option_type_selection,
		.offset = SETTING(selection),
	},
	{
		.name = "source",
		.word = "source",
		.value = "ADDR",
		.help = "ask from this address; one of IPv4, one of IPv6",
		.otherwise = "the system chooses",
		.type = &tarn__option_type_source,
		.offset = SETTING(source),
	},
	{
		.name = "interface",
		.word = "interface",
		.value = "NAME",
		.help = "ask through this network interface only",
		.otherwise = "the system chooses",
		.type = &tarn__option_type_interface,
		.offset = SETTING(source.interface),
	},
	{
		.name = "avoid-ports",
		.word = "avoid-ports",
		.value = "PORTS",
		.help = "do not ask from these ports (8080, 9000-9100), which\n"
			"others need; may be repeated",
		.otherwise = "none but those that the kernel keeps for others",
		.type = &tarn__option_type_ports,
		.offset = SETTING(avoid_ports),
	},
	{
		.section = tarn__forward_section,
		.word = "upstream",
		.value = "ADDR",
		.help = "ask this server for names of the zone",
		.otherwise = "none: nothing exists in this zone",
		.type = &tarn__option_type_servers,
		.offset = FORWARD(upstreams),
	},
	{
		.section = tarn__forward_section,
		.word = "selection",
		.value = "NAME",
		.help = "which of the zone's servers to ask first",
		.type = &tarn__option_type_selection,
		.offset = FORWARD(selection),
	},
	{
		.section = tarn__forward_section,
		.word = "source",
		.value = "ADDR",
		.help = "ask the zone's servers from this address",
		.otherwise = "the system chooses",
		.type = &tarn__option_type_source,
		.offset = FORWARD(source),
	},
	{
		.section = tarn__forward_section,
		.word = "interface",
		.value = "NAME",
		.help = "ask the zone's servers through this interface only",
		.otherwise = "the system chooses",
		.type = &tarn__option_type_interface,
		.offset = FORWARD(source.interface),
	},
	{
		.section = tarn__forward_section,
		.word = "follow-cnames",
		.value = "yes|no",
		.help = "ask for the end of chains that lead out of the zone",
		.type = &tarn__option_type_yes,
		.offset = FORWARD(follow_cnames),
	},
	{
		.letter = 'w',
		.name = "workers",
		.word = "workers",
		.value = "N",
		.help = "threads (default: one for each CPU)",
		.type = &tarn__option_type_workers,
		.offset = SETTING(workers),
		.is_fixed = true,
	},
	{
		.letter = 's',
		.name = "cache-size",
		.section = "cache",
		.word = "size",
		.value = "SIZE",
		.help = "memory for answers, such as 512k or 1G (default: 16M)",
		.type = &tarn__option_type_size,
		.offset = SETTING(cache_size),
		.is_fixed = true,
	},
	{
		.name = "serve-stale",
		.section = "cache",
		.word = "serve-stale",
		.value = "TIME",
		.help = "answers serve so long past their end when no server\n"
			"answers; 0: not at all (default: 1d)",
		.type = &tarn__option_type_time,
		.offset = SETTING(stale_sec),
		.is_fixed = true,
	},
	{
		.name = "failure-ttl",
		.section = "cache",
		.word = "failure-ttl",
		.value = "TIME",
		.help = "a failed lookup is not repeated for so long, then for\n"
			"twice as long each time (default: 5s) ...",
		.type = &tarn__option_type_failure,
		.offset = SETTING(failure_sec),
		.is_fixed = true,
	},
	{
		.name = "max-failure-ttl",
		.section = "cache",
		.word = "max-failure-ttl",
		.value = "TIME",
		.help = "\n... up to this (default: 60s)",
		.type = &tarn__option_type_failure,
		.offset = SETTING(failure_max_sec),
		.is_fixed = true,
	},
	{
		.letter = 'a',
		.name = "allow",
		.section = "access",
		.word = "allow",
		.value = "NET",
		.help = "answer clients of this network (192.0.2.0/24); may be\n"
			"repeated (default: private and link-local networks)",
		.otherwise = "loopback, private and link-local networks",
		.if_empty = "127.0.0.1 allows this machine alone",
		.type = &tarn__option_type_networks,
		.offset = SETTING(allow),
	},
	{
		.name = "pass",
		.section = "access",
		.word = "pass",
		.value = "NAME",
		.help = "forward this name and all below it, special or not\n"
			"(local, 10.in-addr.arpa); may be repeated",
		.otherwise = "none",
		.type = &tarn__option_type_names,
		.offset = SETTING(pass),
	},
	{
		.name = "hide-identity",
		.section = "access",
		.word = "hide-identity",
		.help = "refuse version.bind and id.server",
		.type = &tarn__option_type_yes,
		.offset = SETTING(hide_identity),
	},
	{
		.name = "trust-ad",
		.word = "trust-ad",
		.help = "say what the upstreams have validated (AD)",
		.type = &tarn__option_type_yes,
		.offset = SETTING(trust_ad),
	},
	{
		.name = "rotate-addresses",
		.word = "rotate-addresses",
		.help = "begin with another address of a name in each reply",
		.type = &tarn__option_type_yes,
		.offset = SETTING(rotate_addresses),
	},
	{
		.name = "user",
		.word = "user",
		.value = "NAME",
		.help = "run as this user (default: tarn, if there is one)",
		.otherwise = "tarn, if there is one",
		.type = &tarn__option_type_text,
		.offset = SETTING(user),
		.is_fixed = true,
	},
	{
		.name = "no-sandbox",
		.word = "sandbox",
		.help = "do without Landlock and seccomp, to find a fault",
		.type = &tarn__option_type_no,
		.offset = SETTING(no_sandbox),
		.is_fixed = true,
	},
	{
		.name = "log-level",
		.section = "log",
		.word = "level",
		.value = "LEVEL",
		.help = "err, warning, info (the default) or debug",
		.type = &tarn__option_type_level,
		.offset = SETTING(log_level),
	},
	{
		.name = "query-log",
		.section = "log",
		.word = "queries",
		.value = "FILE",
		.help = "a line for each answer; \"stderr\": among the others",
		.type = &tarn__option_type_path_or_none,
		.offset = SETTING(query_log),
	},
	{
		.name = "dnstap",
		.section = "log",
		.word = "dnstap",
		.value = "PATH",
		.help = "questions and answers to this Unix socket, as dnstap",
		.type = &tarn__option_type_socket_or_none,
		.offset = SETTING(dnstap),
	},
	{
		.name = "control",
		.section = "control",
		.word = "socket",
		.value = "PATH",
		.help = "where tarnctl speaks to this tarn; none: nowhere",
		.otherwise = TARN_CONTROL_SOCKET ", where it can be made",
		.type = &tarn__option_type_socket,
		.offset = SETTING(control),
	},
	{
		.name = "control-group",
		.section = "control",
		.word = "group",
		.value = "NAME",
		.help = "this group may use it, too (default: nobody else)",
		.otherwise = "tarn's user alone",
		.type = &tarn__option_type_text,
		.offset = SETTING(control_group),
	},
	{
		.name = "metrics",
		.section = "metrics",
		.word = "address",
		.value = "ADDR",
		.help = "numbers for Prometheus, over HTTP (default: none);\n"
			"may be repeated; without a port it is 9153",
		.otherwise = "none",
		.type = &tarn__option_type_metrics,
		.is_fixed = true,
		.offset = SETTING(metrics),
	},
	{
		.name = "check",
		.help = "say what would run, and exit",
		.action = TARN__CHECK,
	},
	{
		.letter = 'v',
		.name = "verbose",
		.help = "log more; may be repeated",
		.type = &tarn__option_type_count,
		.offset = SETTING(verbosity),
	},
	{
		.name = "version",
		.help = "print the versions of tarn and of its libraries",
		.action = TARN__VERSION,
	},
	{
		.letter = 'h',
		.name = "help",
		.help = "print this, and exit",
		.action = TARN__HELP,
	},
};

const size_t tarn__option_count = sizeof(tarn__options) / sizeof(tarn__options[0]);

enum { ROW_COUNT = sizeof(tarn__options) / sizeof(tarn__options[0]) };

_Static_assert((int)ROW_COUNT <= (int)TARN__OPTIONS_MAX, "an origin for each");
_Static_assert(TARN__METRICS_PORT == 9153, "the text above says so");

void *tarn__option_field(const struct tarn__option_row *option, void *settings)
{
	return (char *)settings + option->offset;
}

static char *print_value(const struct tarn__option_row *option,
			 const struct tarn__settings *settings)
{
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);
	if (!file)
		return NULL;
	option->type->format((const char *)settings + option->offset, file);
	fclose(file);
	return text;
}

bool tarn__option_is_same(const struct tarn__option_row *option, const struct tarn__settings *a,
			  const struct tarn__settings *b)
{
	char *a_text = print_value(option, a), *b_text = print_value(option, b);
	bool is_same = a_text && b_text && strcmp(a_text, b_text) == 0;
	free(a_text);
	free(b_text);
	return is_same;
}

/* ---- the command line ------------------------------------------------------------------------ */

/* getopt_long() gives back a row's index plus this, whether it met the letter or the name. */
enum { FIRST_ROW = 256 };

static const struct tarn__option_row *find_row(int value)
{
	for (int i = 0; i < ROW_COUNT; i++) {
		const struct tarn__option_row *row = &tarn__options[i];
		if (row->name && (value == FIRST_ROW + i || (row->letter && value == row->letter)))
			return row;
	}
	return NULL;
}

static void explain_unknown(const char *argument, char fault[TARN__FAULT_MAX])
{
	/* "--upstraem=192.0.2.1": the name is what stands before '='. */
	char word[64];
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(argument, "="), argument);
	struct tarn__nearest nearest = {.word = word + strspn(word, "-")};
	for (int i = 0; i < ROW_COUNT; i++) {
		if (tarn__options[i].name)
			tarn__nearest_offer(&nearest, tarn__options[i].name);
	}
	if (nearest.found)
		snprintf(fault, TARN__FAULT_MAX, "%s: unknown option (is --%s meant?)", word,
			 nearest.found);
	else
		snprintf(fault, TARN__FAULT_MAX, "%s: unknown option (see tarn --help)", argument);
}

/* Says why getopt_long() gave back ':' (a value is missing) or '?' (anything else). */
static void explain_refusal(int value, const char *argument, char fault[TARN__FAULT_MAX])
{
	const struct tarn__option_row *row = optopt ? find_row(optopt) : NULL;
	if (value == ':' && row)
		snprintf(fault, TARN__FAULT_MAX, "--%s: needs a value (%s)", row->name, row->value);
	else if (row)
		snprintf(fault, TARN__FAULT_MAX, "--%s: takes no value", row->name);
	else if (optopt)
		snprintf(fault, TARN__FAULT_MAX, "-%c: unknown option (see tarn --help)", optopt);
	else
		explain_unknown(argument, fault);
}

static int read_arguments(int argc, char **argv, struct tarn__command_line *command,
			  char fault[TARN__FAULT_MAX])
{
	struct option names[ROW_COUNT + 1] = {0};
	char letters[2 * ROW_COUNT + 2] = ":"; /* ':' first: tell a missing value from the rest */
	char *next_letter = letters + 1;
	struct option *next_name = names;
	for (int i = 0; i < ROW_COUNT; i++) {
		const struct tarn__option_row *row = &tarn__options[i];
		if (!row->name)
			continue;
		*next_name++ =
			(struct option){.name = row->name,
					.has_arg = row->value ? required_argument : no_argument,
					.val = FIRST_ROW + i};
		if (row->letter)
			*next_letter++ = row->letter;
		if (row->letter && row->value)
			*next_letter++ = ':';
	}
	optind = 0; /* glibc and musl: start anew */
	opterr = 0;
	for (;;) {
		int value = getopt_long(argc, argv, letters, names, NULL);
		if (value == -1)
			break;
		const struct tarn__option_row *row = find_row(value);
		if (!row) {
			explain_refusal(value, argv[optind > 0 ? optind - 1 : 0], fault);
			return TARN_EINVAL;
		}
		command->items[command->count++] =
			(struct tarn__said){.option = row, .value = optarg};
		/* The last in their order is the one that is done. */
		if (row->action > command->action)
			command->action = row->action;
	}
	if (optind < argc) {
		snprintf(fault, TARN__FAULT_MAX, "%s: not an option (see tarn --help)",
			 argv[optind]);
		return TARN_EINVAL;
	}
	return 0;
}

/* An argument holds as many options as it has letters: "-vvv". */
static size_t count_options_at_most(int argc, char **argv)
{
	size_t count = 0;
	for (int i = 1; i < argc; i++)
		count += strlen(argv[i]);
	return count;
}

int tarn__options_parse(int argc, char **argv, struct tarn__command_line *out,
			char fault[TARN__FAULT_MAX])
{
	int error = TARN_ENOMEM;
	struct tarn__command_line command = {
		.items = calloc(count_options_at_most(argc, argv) + 1, sizeof(*command.items))};
	struct tarn__settings *settings = tarn__settings_new();
	snprintf(fault, TARN__FAULT_MAX, "%s", tarn_error_text(TARN_ENOMEM));
	if (!command.items || !settings)
		goto done;
	error = read_arguments(argc, argv, &command, fault);
	if (error == 0)
		error = tarn__command_line_apply(&command, settings, fault);
	if (error == 0)
		*out = command;
done:
	tarn__settings_free(settings);
	if (error < 0)
		tarn__command_line_fini(&command);
	return error;
}

void tarn__command_line_fini(struct tarn__command_line *command)
{
	free(command->items);
	command->items = NULL;
	command->count = 0;
}

int tarn__command_line_apply(const struct tarn__command_line *command,
			     struct tarn__settings *settings, char fault[TARN__FAULT_MAX])
{
	for (size_t i = 0; i < command->count; i++) {
		const struct tarn__option_row *row = command->items[i].option;
		const char *value = command->items[i].value;
		if (!row->type)
			continue;
		void *field = tarn__option_field(row, settings);
		struct tarn__origin *origin = &settings->origins[row - tarn__options];
		if (row->type->is_list && origin->by != TARN__BY_COMMAND_LINE)
			row->type->reset(field);
		const char *wrong = row->type->parse(field, value);
		if (wrong) {
			snprintf(fault, TARN__FAULT_MAX, "--%s %s: %s", row->name, value, wrong);
			return TARN_EINVAL;
		}
		*origin = (struct tarn__origin){.by = TARN__BY_COMMAND_LINE};
	}
	return 0;
}

const char *tarn__command_line_value(const struct tarn__command_line *command, const char *name)
{
	for (size_t i = command->count; i > 0; i--) {
		const struct tarn__said *said = &command->items[i - 1];
		if (strcmp(said->option->name, name) == 0)
			return said->value;
	}
	return NULL;
}

static void print_help(const char *help, FILE *out)
{
	const char *end;
	for (const char *line = help; *line; line = *end ? end + 1 : end) {
		end = strchrnul(line, '\n');
		fprintf(out, "%*s%.*s\n", line == help ? 0 : 27, "", (int)(end - line), line);
	}
}

void tarn__options_help(FILE *out)
{
	fputs("usage: tarn [OPTION]...\n"
	      "A caching DNS resolver that forwards to upstream servers.\n\n",
	      out);
	for (int i = 0; i < ROW_COUNT; i++) {
		const struct tarn__option_row *row = &tarn__options[i];
		if (!row->name)
			continue;
		char form[32];
		snprintf(form, sizeof(form), "--%s%s%s", row->name, row->value ? " " : "",
			 row->value ? row->value : "");
		if (row->letter)
			fprintf(out, "  -%c, %-21s", row->letter, form);
		else
			fprintf(out, "      %-21s", form);
		print_help(row->help, out);
	}
	fputs("\nADDR is 192.0.2.1, 192.0.2.1:5300, 2001:db8::1 or [2001:db8::1]:5300; without a\n"
	      "port it is 53. What the command line says wins over what the file says. Without\n"
	      "--config the file is, where it is there,\n"
	      "  " TARN_CONFIG_FILE "\n"
	      "See tarn(8) and tarn.conf(5).\n",
	      out);
}
