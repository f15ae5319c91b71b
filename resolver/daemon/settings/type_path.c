/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Absolute paths: what is read again, or written, long after the start does not depend on where
 * that was. And the path of a URL.
 */
#include <string.h>

#include "daemon/settings/option_types.h"
#include "daemon/settings/options.h"

static int check_path(const char *text, char fault[TARN__FAULT_MAX])
{
	if (*text == '/')
		return 0;
	return tarn__option_refuse(fault, "not an absolute path (one that begins with /)");
}

/* ---- one ------------------------------------------------------------------------------------- */

static int parse_path(const struct tarn__option_row *row, void *field, const char *text,
		      char fault[TARN__FAULT_MAX])
{
	int error = check_path(text, fault);
	return error < 0 ? error : tarn__option_parse_text(row, field, text, fault);
}

const struct tarn__option_type tarn__option_type_path = {
	.parse = parse_path,
	.reset = tarn__option_reset_text,
	.format = tarn__option_format_text,
};

static int parse_socket_path(const struct tarn__option_row *row, void *field, const char *text,
			     char fault[TARN__FAULT_MAX])
{
	int error = check_path(text, fault);
	return error < 0 ? error : tarn__option_type_socket.parse(row, field, text, fault);
}

const struct tarn__option_type tarn__option_type_socket_path = {
	.parse = parse_socket_path,
	.reset = tarn__option_reset_text,
	.format = tarn__option_format_text,
};

static int parse_directory(const struct tarn__option_row *row, void *field, const char *text,
			   char fault[TARN__FAULT_MAX])
{
	if (strcmp(text, "none") == 0)
		return tarn__option_parse_text(row, field, text, fault);
	return parse_path(row, field, text, fault);
}

const struct tarn__option_type tarn__option_type_directory = {
	.parse = parse_directory,
	.reset = tarn__option_reset_text,
	.format = tarn__option_format_text,
};

/* ---- of a URL -------------------------------------------------------------------------------- */

enum { URL_PATH_MAX = 255 /* octets; a template of SVCB (RFC 9461 section 5) has room for it */ };

/* Characters of a path that need no escapes (RFC 3986 section 3.3); "{" would begin an expression. */
static int parse_url_path(const struct tarn__option_row *row, void *field, const char *text,
			  char fault[TARN__FAULT_MAX])
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789/-._~!$&'()*+,;=:@%";
	size_t len = strlen(text);
	if (*text != '/' || strspn(text, plain) != len)
		return tarn__option_refuse(fault, "not the path of a URL (/dns-query)");
	if (len > URL_PATH_MAX)
		return tarn__option_refuse(fault, "more than %d characters", URL_PATH_MAX);
	return tarn__option_parse_text(row, field, text, fault);
}

const struct tarn__option_type tarn__option_type_url_path = {
	.parse = parse_url_path,
	.reset = tarn__option_reset_text,
	.format = tarn__option_format_text,
};

/* ---- several --------------------------------------------------------------------------------- */

static int parse_paths(const struct tarn__option_row *row, void *field, const char *text,
		       char fault[TARN__FAULT_MAX])
{
	(void)row;
	struct tarn__names *names = field;
	int error = check_path(text, fault);
	if (error < 0)
		return error;
	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(names->items[i], text) == 0)
			return tarn__option_refuse(fault, "named twice");
	}
	return tarn__names_add(names, text, "files", fault);
}

const struct tarn__option_type tarn__option_type_paths = {
	.parse = parse_paths,
	.reset = tarn__option_reset_names,
	.format = tarn__option_format_names,
	.is_list = true,
};

/* ---- several or "none" ----------------------------------------------------------------------- */

/* The first item of a list that is set, to nothing. */
static const char none[] = "none";

static bool is_none(const struct tarn__names *names)
{
	return names->count == 0 && names->items[0] == none;
}

static int parse_paths_or_none(const struct tarn__option_row *row, void *field, const char *text,
			       char fault[TARN__FAULT_MAX])
{
	struct tarn__names *names = field;
	bool says_none = strcmp(text, none) == 0;
	if (says_none ? names->count > 0 : is_none(names))
		return tarn__option_refuse(fault, "none stands alone");
	if (!says_none)
		return parse_paths(row, field, text, fault);
	names->items[0] = none;
	return 0;
}

static void reset_paths_or_none(void *field)
{
	tarn__option_reset_names(field);
	((struct tarn__names *)field)->items[0] = NULL;
}

static void set_default_paths(const struct tarn__option_row *row, void *field)
{
	struct tarn__names *names = field;
	char fault[TARN__FAULT_MAX];
	if (names->count > 0 || is_none(names) || !row->default_items)
		return;
	for (const char *const *item = row->default_items; *item; item++)
		(void)parse_paths(row, field, *item, fault);
}

static void format_paths_or_none(const void *field, FILE *out)
{
	if (is_none(field))
		fputs(none, out);
	else
		tarn__option_format_names(field, out);
}

const struct tarn__option_type tarn__option_type_paths_or_none = {
	.parse = parse_paths_or_none,
	.reset = reset_paths_or_none,
	.set_default = set_default_paths,
	.format = format_paths_or_none,
	.is_list = true,
};
