/* SPDX-License-Identifier: BSD-2-Clause */
/* The output of tarn --check: a configuration file with remarks. */
#include "daemon/config/check.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/resolver.h"
#include "daemon/config/check_validation.h"
#include "daemon/config/second_level.h"
#include "daemon/config/servers_check.h"
#include "daemon/settings/options.h"
#include "daemon/settings/sections.h"
#include "base/upstream.h"
#include "daemon/telemetry/dnstap.h"
#include "daemon/threads/ring.h"
#include "dns/message.h"
#include "net/upstream/carrier.h"
#include "net/listen/tcp.h"
#include "net/second/link.h"

/* Roughly: what the libraries keep for a connection that is idle. */
enum { TLS_OCTETS = 20 << 10, HTTPS_OCTETS = 45 << 10 };

/*
 * Roughly: a line of a list of domains, and what a name takes once it is compiled (dns/namelist.h).
 */
enum { LIST_LINE_OCTETS = 20, LIST_NAME_OCTETS = 8 };

/* ---- the settings ---------------------------------------------------------------------------- */

static void print_origin(const struct tarn__origin *origin, FILE *out)
{
	switch (origin->by) {
	case TARN__BY_DEFAULT:
		fputs("default", out);
		break;
	case TARN__BY_FILE:
		fprintf(out, "%s:%u", origin->file, origin->line);
		break;
	case TARN__BY_COMMAND_LINE:
		fputs("command line", out);
		break;
	}
}

/* base: the struct that has the row's field. */
static void print_row(const struct tarn__option_row *row, const void *base,
		      const struct tarn__origin *origin, FILE *out)
{
	char *value = tarn__option_text(row, base);
	const char *indent = row->section ? "\t" : "";
	if (value && *value) {
		int len = fprintf(out, row->type->is_list ? "%s%s = { %s }" : "%s%s = %s", indent,
				  row->word, value);
		int room = row->section ? 41 : 48;
		fprintf(out, "%*s # ", len < room ? room - len : 0, "");
		print_origin(origin, out);
		putc('\n', out);
	} else {
		fprintf(out, "%s# %s: %s\n", indent, row->word,
			row->otherwise ? row->otherwise : "");
	}
	free(value);
}

/* Of a format that is fixed; that of files whose format is found out decides for each. */
static void print_subdomains(enum tarn__namelist_format format, FILE *out)
{
	bool is_exact = format == TARN__NAMELIST_HOSTS || format == TARN__NAMELIST_DOMAINS;
	fprintf(out, "\t# subdomains: %s, by the format %s\n", is_exact ? "no" : "as a line has it",
		tarn__namelist_format_word(format));
}

static bool has_fixed_subdomains(const struct tarn__option_row *row, const void *base)
{
	const struct tarn__list_settings *list = base;
	return row->type == &tarn__option_type_subdomains && list->format != TARN__NAMELIST_AUTO &&
	       list->subdomains == TARN__NAMELIST_AS_FORMAT;
}

/* An option that is not set has its default as its origin, not the section. */
static void print_section(const struct tarn__settings *settings,
			  const struct tarn__section_view *view, FILE *out)
{
	fprintf(out, "\n%s ", view->kind->word);
	tarn__text_print(view->title, out);
	fputs(" { # ", out);
	print_origin(view->origin, out);
	putc('\n', out);
	for (size_t i = 0; i < tarn__option_count; i++) {
		const struct tarn__option_row *row = &tarn__options[i];
		if (!tarn__option_is_in(row, view->kind->word))
			continue;
		bool is_set = *view->set >> tarn__option_bit(row) & 1;
		if (has_fixed_subdomains(row, view->base))
			print_subdomains(((struct tarn__list_settings *)view->base)->format, out);
		else
			print_row(row, view->base,
				  is_set ? view->origin
					 : &(struct tarn__origin){.by = TARN__BY_DEFAULT},
				  out);
		if (row->type == &tarn__option_type_servers)
			tarn__servers_remark(settings, tarn__option_field(row, view->base), "\t",
					     out);
	}
	fputs("}\n", out);
}

static void print_sections(const struct tarn__settings *settings, enum tarn__scope scope, FILE *out)
{
	for (size_t i = 0; i < tarn__section_count(settings, scope); i++) {
		struct tarn__section_view view = tarn__section_view(settings, scope, i);
		print_section(settings, &view, out);
	}
}

/* As remarks: a file with these statements would not follow resolv.conf. */
static void print_system_upstreams(const struct tarn__settings *settings, FILE *out)
{
	char text[TARN__UPSTREAM_TEXT_MAX];
	const struct tarn__servers *upstreams = &settings->upstreams;
	const struct tarn__addresses *own = &settings->own_upstreams;
	for (size_t i = 0; i < upstreams->count; i++)
		fprintf(out, "# upstream, of resolv.conf: %s\n",
			tarn__upstream_format(&upstreams->items[i], &upstreams->traits[i], text));
	for (size_t i = 0; i < own->count; i++)
		fprintf(out, "# not asked: it is tarn itself: %s\n",
			tarn_address_format(&own->items[i], text));
	if (settings->upstreams.count == 0)
		fputs("# upstream: none: every question that needs one will fail\n", out);
}

/* All files but the first, which includes them; not the directories of patterns. */
static void print_included(const struct tarn__settings *settings, const char *word, FILE *out)
{
	bool is_any = false;
	for (size_t i = 1; i < settings->file_count; i++) {
		const char *file = settings->files[i];
		if (file[strlen(file) - 1] == '/')
			continue;
		fprintf(out, "# %s: %s\n", word, file);
		is_any = true;
	}
	if (!is_any)
		fprintf(out, "# %s: none\n", word);
}

static void print_settings(const struct tarn__settings *settings, FILE *out)
{
	const char *section = NULL;
	for (size_t i = 0; i < tarn__option_count; i++) {
		const struct tarn__option_row *row = &tarn__options[i];
		if (!row->word || row->scope != TARN__SCOPE_GLOBAL)
			continue;
		if (!row->type) {
			print_included(settings, row->word, out);
			continue;
		}
		if (section && (!row->section || strcmp(section, row->section) != 0))
			fputs("}\n", out);
		if (row->section && (!section || strcmp(section, row->section) != 0))
			fprintf(out, "%s {\n", row->section);
		section = row->section;
		const void *field = (const char *)settings + row->offset;
		if (field == &settings->upstreams && settings->has_system_upstreams)
			print_system_upstreams(settings, out);
		else if (field == &settings->resolver.trust_ad && settings->has_system_trust)
			fputs("# trust-ad: yes, from resolv.conf\n", out);
		else
			print_row(row, settings, &settings->origins[i], out);
		if (field == &settings->upstreams)
			tarn__servers_remark(settings, &settings->upstreams, "", out);
		tarn__second_level_remark(settings, field, out);
	}
	if (section)
		fputs("}\n", out);
	print_sections(settings, TARN__SCOPE_ZONE, out);
	print_sections(settings, TARN__SCOPE_GROUP, out);
	print_sections(settings, TARN__SCOPE_LIST, out);
}

/* ---- the memory ------------------------------------------------------------------------------ */

static void print_size(const char *what, uint64_t octets, FILE *out)
{
	static const char *const units[] = {"octets", "KiB", "MiB", "GiB"};
	double size = (double)octets;
	size_t unit = 0;
	for (; unit < 3 && size >= 1024; unit++)
		size /= 1024;
	fprintf(out, "#   %-50s %7.4g %s\n", what, size, units[unit]);
}

/* Files of a folder, and not those of folders in it. */
static uint64_t folder_size(const char *path)
{
	uint64_t size = 0;
	DIR *folder = opendir(path);
	struct dirent *entry;
	struct stat status;
	while (folder && (entry = readdir(folder))) {
		if (fstatat(dirfd(folder), entry->d_name, &status, 0) == 0 &&
		    S_ISREG(status.st_mode))
			size += (uint64_t)status.st_size;
	}
	if (folder)
		closedir(folder);
	return size;
}

static uint64_t files_size(const struct tarn__names *files)
{
	uint64_t size = 0;
	struct stat status;
	for (size_t i = 0; i < files->count; i++) {
		if (stat(files->items[i], &status) < 0)
			continue;
		size += S_ISDIR(status.st_mode) ? folder_size(files->items[i])
						: (uint64_t)status.st_size;
	}
	return size;
}

static void print_list_memory(const struct tarn__settings *settings, FILE *out)
{
	uint64_t size = 0;
	for (size_t i = 0; i < settings->list_count; i++)
		size += files_size(&settings->lists[i].files);
	if (settings->list_count > 0)
		print_size("lists, as large as their files are now",
			   size / LIST_LINE_OCTETS * LIST_NAME_OCTETS, out);
}

/* full: what a connection over TCP takes at most. */
static void print_encrypted_memory(const struct tarn__settings *settings, uint64_t full, FILE *out)
{
	uint64_t idle = 0, most = 0;
	if (tarn__settings_listens_over(settings, TARN_TLS)) {
		idle += (uint64_t)TARN__TLS_CONNECTIONS * TLS_OCTETS;
		most += (uint64_t)TARN__TLS_CONNECTIONS * (TLS_OCTETS + full);
	}
	if (tarn__settings_listens_over(settings, TARN_HTTPS)) {
		idle += (uint64_t)TARN__HTTPS_CONNECTIONS * HTTPS_OCTETS;
		most += (uint64_t)TARN__HTTPS_CONNECTIONS * (HTTPS_OCTETS + full);
	}
	if (idle == 0)
		return;
	print_size("all connections over TLS and HTTPS, all idle", settings->workers * idle, out);
	print_size("the same, all full", settings->workers * most, out);
}

static void print_memory(const struct tarn__settings *settings, FILE *out)
{
	uint64_t workers = settings->workers, servers = settings->upstreams.count;
	for (size_t i = 0; i < settings->forward_count; i++)
		servers += settings->forwards[i].upstreams.count;
	/* A query half received, and replies not sent; buffers grow to twice what they hold. */
	uint64_t connection = 2 * (TARN__MESSAGE_MAX + TARN__TCP_OUTPUT_MAX);
	uint64_t server = (uint64_t)TARN__CHANNEL_SIZE * TARN__SERVER_CHANNELS;
	fputs("\n# Memory, at most:\n", out);
	print_size("answers (cache)", settings->resolver.cache_size, out);
	print_size("queries that wait for their answers",
		   workers * TARN__PENDING_MAX * TARN__PENDING_SIZE, out);
	print_size("a connection of a client, full both ways", connection, out);
	print_size("all connections of clients, all full",
		   workers * TARN__TCP_CONNECTIONS * connection, out);
	print_encrypted_memory(settings, connection, out);
	print_size("a server under full load, for each worker", server, out);
	print_size("all servers under full load", workers * servers * server, out);
	if (settings->query_log)
		print_size("lines of the query log on their way",
			   workers * sizeof(struct tarn__ring), out);
	if (settings->dnstap)
		print_size("dnstap messages on their way, all at their longest",
			   workers * TARN__DNSTAP_QUEUE * TARN__DNSTAP_MESSAGE_MAX, out);
	if (tarn__settings_has_second_level(settings))
		print_size("requests to the second level, as many as are allowed",
			   workers * TARN__SECOND_OCTETS_MAX, out);
	print_list_memory(settings, out);
	fprintf(out, "# Usually it is the cache, as far as it is filled,%s and some 4 MiB.\n",
		settings->list_count > 0 ? " the lists" : "");
}

void tarn__check(const struct tarn__settings *settings, FILE *out)
{
	print_settings(settings, out);
	tarn__check_validation(settings, out);
	print_memory(settings, out);
}
