/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line: one table feeds the parser and --help. */
#include "config.h"

#include "daemon/options.h"

#include <getopt.h>
#include <stdint.h>
#include <string.h>

#include "dns/text.h"

struct option_row {
	char letter; /* 0: long form only */
	const char *name;
	const char *value; /* what --help calls its value; NULL: takes none */
	const char *help;
	/* NULL, or what is wrong with the value. */
	const char *(*take)(struct tarn__command *, const char *value);
};

static const char *add_address(struct tarn__addresses *list, const struct tarn_address *address)
{
	return tarn__addresses_add(list, address) < 0 ? "too many addresses (64 at most)" : NULL;
}

_Static_assert(TARN__ADDRESSES_MAX == 64, "the text above says so");

static const char *take_listen(struct tarn__command *command, const char *value)
{
	struct tarn_address address;
	int error = tarn_address_parse(value, 53, &address);
	return error < 0 ? tarn_error_text(error)
			 : add_address(&command->settings.listens, &address);
}

static const char *take_upstream(struct tarn__command *command, const char *value)
{
	struct tarn_address address;
	int error = tarn_address_parse(value, 53, &address);
	if (error == 0 && tarn_address_port(&address) == 0)
		error = TARN_EPORT;
	return error < 0 ? tarn_error_text(error)
			 : add_address(&command->settings.upstreams, &address);
}

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

static const char *take_allow(struct tarn__command *command, const char *value)
{
	struct tarn__settings *settings = &command->settings;
	if (settings->allow_count == TARN__ALLOW_MAX)
		return "too many networks (64 at most)";
	int error = tarn_network_parse(value, &settings->allow[settings->allow_count]);
	if (error < 0)
		return tarn_error_text(error);
	settings->allow_count++;
	return NULL;
}

_Static_assert(TARN__ALLOW_MAX == 64 && TARN__PASS_MAX == 64, "the texts say so");

static const char *take_pass(struct tarn__command *command, const char *value)
{
	struct tarn__settings *settings = &command->settings;
	uint8_t name[TARN__NAME_MAX];
	if (settings->pass_count == TARN__PASS_MAX)
		return "too many names (64 at most)";
	if (tarn__name_parse(value, name) == 0)
		return "not a domain name";
	settings->pass[settings->pass_count++] = value;
	return NULL;
}

static const char *take_policy(struct tarn__command *command, const char *value)
{
	for (int i = 0; tarn__policy_names[i]; i++) {
		if (strcmp(value, tarn__policy_names[i]) == 0) {
			command->settings.policy = (enum tarn_policy)i;
			return NULL;
		}
	}
	return "not a policy (fastest, sequential, round-robin, parallel)";
}

static const char *take_trust_ad(struct tarn__command *command, const char *value)
{
	(void)value;
	command->settings.trust_ad = true;
	return NULL;
}

static const char *take_hide_identity(struct tarn__command *command, const char *value)
{
	(void)value;
	command->settings.hide_identity = true;
	return NULL;
}

static const char *take_workers(struct tarn__command *command, const char *value)
{
	uint64_t number;
	const char *end = read_number(value, &number);
	if (!end || *end || number < 1 || number > TARN__WORKERS_MAX)
		return "not a number of threads (1 to 256)";
	command->settings.workers = (unsigned)number;
	return NULL;
}

_Static_assert(TARN__WORKERS_MAX == 256, "the text above says so");

/* Less has no room for the largest answers, and hardly a use. */
enum { CACHE_SIZE_MIN = 64 * 1024 };

/* 16M and 16MiB are 16 * 1024 * 1024, 16MB is 16,000,000. */
static const char *take_cache_size(struct tarn__command *command, const char *value)
{
	static const char fault[] = "not a size (such as 512k, 16M, 16MiB or 1G)";
	uint64_t size;
	const char *unit = read_number(value, &size);
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
	if (size < CACHE_SIZE_MIN)
		return "too small (64k at least)";
	if (size > SIZE_MAX / 2)
		return "more than a machine can address";
	command->settings.cache_size = (size_t)size;
	return NULL;
}

static const char *take_verbose(struct tarn__command *command, const char *value)
{
	(void)value;
	command->settings.verbosity++;
	return NULL;
}

static const char *take_check(struct tarn__command *command, const char *value)
{
	(void)value;
	if (command->action == TARN__RUN)
		command->action = TARN__CHECK;
	return NULL;
}

static const char *take_version(struct tarn__command *command, const char *value)
{
	(void)value;
	command->action = TARN__VERSION;
	return NULL;
}

static const char *take_help(struct tarn__command *command, const char *value)
{
	(void)value;
	command->action = TARN__HELP;
	return NULL;
}

static const struct option_row rows[] = {
	{'l', "listen", "ADDR",
	 "answer there, over UDP and TCP; may be repeated\n"
	 "(default: 127.0.0.1:53 and [::1]:53)",
	 take_listen},
	{'u', "upstream", "ADDR",
	 "forward questions to this server; may be repeated\n"
	 "(default: the servers of /etc/resolv.conf)",
	 take_upstream},
	{0, "policy", "NAME",
	 "which upstream to ask first: fastest (the default),\n"
	 "sequential, round-robin; or parallel: all at once",
	 take_policy},
	{'w', "workers", "N", "threads (default: one for each CPU)", take_workers},
	{'s', "cache-size", "SIZE", "memory for answers, such as 512k or 1G (default: 16M)",
	 take_cache_size},
	{'a', "allow", "NET",
	 "answer clients of this network (192.0.2.0/24); may be\n"
	 "repeated (default: private and link-local networks)",
	 take_allow},
	{0, "pass", "NAME",
	 "forward this name and all below it, special use or not\n"
	 "(local, 10.in-addr.arpa); may be repeated",
	 take_pass},
	{0, "trust-ad", NULL, "say what the upstreams have validated (AD)", take_trust_ad},
	{0, "hide-identity", NULL, "refuse version.bind and id.server", take_hide_identity},
	{0, "check", NULL, "say what would run, and exit", take_check},
	{'v', "verbose", NULL, "log more; may be repeated", take_verbose},
	{0, "version", NULL, "print the versions of tarn and its libraries, and exit",
	 take_version},
	{'h', "help", NULL, "print this, and exit", take_help},
};

enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]) };

/* getopt_long() gives back a row's index plus this, whether it met the letter or the name. */
enum { FIRST_ROW = 256 };

static const struct option_row *find_row(int value)
{
	for (int i = 0; i < ROW_COUNT; i++) {
		if (value == FIRST_ROW + i || (rows[i].letter && value == rows[i].letter))
			return &rows[i];
	}
	return NULL;
}

/* Says why getopt_long() gave back ':' (a value is missing) or '?' (anything else). */
static void explain_refusal(int value, const char *argument, char fault[TARN__FAULT_MAX])
{
	const struct option_row *row = optopt ? find_row(optopt) : NULL;
	if (value == ':' && row)
		snprintf(fault, TARN__FAULT_MAX, "--%s: needs a value (%s)", row->name, row->value);
	else if (row)
		snprintf(fault, TARN__FAULT_MAX, "--%s: takes no value", row->name);
	else if (optopt)
		snprintf(fault, TARN__FAULT_MAX, "-%c: unknown option (see tarn --help)", optopt);
	else
		snprintf(fault, TARN__FAULT_MAX, "%s: unknown option (see tarn --help)", argument);
}

int tarn__options_parse(int argc, char **argv, struct tarn__command *out,
			char fault[TARN__FAULT_MAX])
{
	struct option names[ROW_COUNT + 1] = {0};
	char letters[2 * ROW_COUNT + 2] = ":"; /* ':' first: tell a missing value from the rest */
	char *next_letter = letters + 1;
	for (int i = 0; i < ROW_COUNT; i++) {
		names[i] =
			(struct option){.name = rows[i].name,
					.has_arg = rows[i].value ? required_argument : no_argument,
					.val = FIRST_ROW + i};
		if (rows[i].letter)
			*next_letter++ = rows[i].letter;
		if (rows[i].letter && rows[i].value)
			*next_letter++ = ':';
	}

	struct tarn__command command = {0};
	optind = 0; /* glibc and musl: start anew */
	opterr = 0;
	for (;;) {
		int value = getopt_long(argc, argv, letters, names, NULL);
		if (value == -1)
			break;
		const struct option_row *row = find_row(value);
		if (!row) {
			explain_refusal(value, argv[optind > 0 ? optind - 1 : 0], fault);
			return TARN_EINVAL;
		}
		const char *wrong = row->take(&command, optarg);
		if (wrong) {
			snprintf(fault, TARN__FAULT_MAX, "--%s %s: %s", row->name, optarg, wrong);
			return TARN_EINVAL;
		}
	}
	if (optind < argc) {
		snprintf(fault, TARN__FAULT_MAX, "%s: not an option (see tarn --help)",
			 argv[optind]);
		return TARN_EINVAL;
	}
	*out = command;
	return 0;
}

void tarn__options_help(FILE *out)
{
	fputs("usage: tarn [OPTION]...\n"
	      "A caching DNS resolver that forwards to upstream servers.\n\n",
	      out);
	for (int i = 0; i < ROW_COUNT; i++) {
		const struct option_row *row = &rows[i];
		char form[32];
		snprintf(form, sizeof(form), "--%s%s%s", row->name, row->value ? " " : "",
			 row->value ? row->value : "");
		if (row->letter)
			fprintf(out, "  -%c, %-20s", row->letter, form);
		else
			fprintf(out, "      %-20s", form);
		const char *end;
		for (const char *line = row->help; *line; line = *end ? end + 1 : end) {
			end = strchrnul(line, '\n');
			fprintf(out, "%*s%.*s\n", line == row->help ? 0 : 26, "", (int)(end - line),
				line);
		}
	}
	fputs("\nADDR is 192.0.2.1, 192.0.2.1:5300, 2001:db8::1 or [2001:db8::1]:5300; without a\n"
	      "port it is 53. See tarn(8).\n",
	      out);
}
