/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts: plain ones, paths, sockets, and lists of texts and of domain names. */
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "daemon/settings/option_types.h"
#include "dns/text.h"

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

/* ---- plain texts ----------------------------------------------------------------------------- */

void tarn__option_reset_text(void *field)
{
	const char **text = field;
	free((char *)*text);
	*text = NULL;
}

int tarn__option_parse_text(const struct tarn__option_row *row, void *field, const char *text,
			    char fault[TARN__FAULT_MAX])
{
	(void)row;
	if (!*text)
		return tarn__option_refuse(fault, "empty");
	const char *copy = strdup(text);
	if (!copy)
		return tarn__option_no_memory(fault);
	tarn__option_reset_text(field);
	*(const char **)field = copy;
	return 0;
}

void tarn__option_format_text(const void *field, FILE *out)
{
	const char *text = *(const char *const *)field;
	if (text)
		tarn__text_print(text, out);
}

const struct tarn__option_type tarn__option_type_text = {
	.parse = tarn__option_parse_text,
	.reset = tarn__option_reset_text,
	.format = tarn__option_format_text,
};

/* ---- paths ----------------------------------------------------------------------------------- */

static bool is_none(const char *text)
{
	return strcmp(text, "none") == 0;
}

static void format_text_or_none(const void *field, FILE *out)
{
	const char *text = *(const char *const *)field;
	if (text)
		tarn__text_print(text, out);
	else
		fputs("none", out);
}

static int parse_path_or_none(const struct tarn__option_row *row, void *field, const char *text,
			      char fault[TARN__FAULT_MAX])
{
	if (!is_none(text))
		return tarn__option_parse_text(row, field, text, fault);
	tarn__option_reset_text(field);
	return 0;
}

const struct tarn__option_type tarn__option_type_path_or_none = {
	.parse = parse_path_or_none,
	.reset = tarn__option_reset_text,
	.format = format_text_or_none,
};

static int parse_socket(const struct tarn__option_row *row, void *field, const char *text,
			char fault[TARN__FAULT_MAX])
{
	enum { LEN_MAX = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1 };
	if (strlen(text) > LEN_MAX)
		return tarn__option_refuse(fault, "too long for a socket (%d octets at most)",
					   LEN_MAX);
	return tarn__option_parse_text(row, field, text, fault);
}

const struct tarn__option_type tarn__option_type_socket = {
	.parse = parse_socket,
	.reset = tarn__option_reset_text,
	.format = tarn__option_format_text,
};

static int parse_socket_or_none(const struct tarn__option_row *row, void *field, const char *text,
				char fault[TARN__FAULT_MAX])
{
	if (!is_none(text))
		return parse_socket(row, field, text, fault);
	tarn__option_reset_text(field);
	return 0;
}

const struct tarn__option_type tarn__option_type_socket_or_none = {
	.parse = parse_socket_or_none,
	.reset = tarn__option_reset_text,
	.format = format_text_or_none,
};

/* ---- lists of texts, and of domain names ----------------------------------------------------- */

int tarn__names_add(struct tarn__names *names, const char *text, const char *what,
		    char fault[TARN__FAULT_MAX])
{
	if (names->count == TARN__PASS_MAX)
		return tarn__option_refuse(fault, "too many %s (%d at most)", what, TARN__PASS_MAX);
	const char *copy = strdup(text);
	if (!copy)
		return tarn__option_no_memory(fault);
	names->items[names->count++] = copy;
	return 0;
}

void tarn__option_reset_names(void *field)
{
	struct tarn__names *names = field;
	for (size_t i = 0; i < names->count; i++)
		free((char *)names->items[i]);
	names->count = 0;
}

void tarn__option_format_names(const void *field, FILE *out)
{
	const struct tarn__names *names = field;
	for (size_t i = 0; i < names->count; i++) {
		fputs(i == 0 ? "" : ", ", out);
		tarn__text_print(names->items[i], out);
	}
}

static int parse_name(const struct tarn__option_row *row, void *field, const char *text,
		      char fault[TARN__FAULT_MAX])
{
	(void)row;
	uint8_t name[TARN__NAME_MAX];
	if (tarn__name_parse(text, name) == 0)
		return tarn__option_refuse(fault, "not a domain name");
	return tarn__names_add(field, text, "names", fault);
}

const struct tarn__option_type tarn__option_type_names = {
	.parse = parse_name,
	.reset = tarn__option_reset_names,
	.format = tarn__option_format_names,
	.is_list = true,
};
