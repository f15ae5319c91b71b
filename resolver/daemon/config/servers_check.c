/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether the upstream servers of a group fit each other. */
#include "daemon/config/servers_check.h"

#include "base/transport.h"
#include "base/upstream.h"
#include "daemon/settings/options.h"
#include "tls/tls.h"

/* The servers of the program, or of a zone. */
struct group {
	const struct tarn__servers *servers;
	enum tarn_selection selection;
	bool discover;
	const struct tarn__origin *origin; /* of its servers, or of its section */
};

struct checker {
	const struct tarn__settings *settings;
	struct tarn__diagnostics *diagnostics;
};

static bool is_encrypted(const struct tarn__servers *servers, size_t i)
{
	return tarn__transports[servers->traits[i].transport].is_encrypted;
}

static bool has_address(const struct tarn__servers *servers, size_t i)
{
	return servers->items[i].sa.sa_family != AF_UNSPEC;
}

/* Returns the index of the first server that is encrypted, or is not; the count: there is none. */
static size_t find(const struct tarn__servers *servers, bool encrypted)
{
	size_t i = 0;
	while (i < servers->count && is_encrypted(servers, i) != encrypted)
		i++;
	return i;
}

static bool has(const struct tarn__servers *servers, bool encrypted)
{
	return find(servers, encrypted) < servers->count;
}

static const char *format(const struct tarn__servers *servers, size_t i,
			  char out[TARN__UPSTREAM_TEXT_MAX])
{
	return tarn__upstream_format(&servers->items[i], &servers->traits[i], out);
}

/* ---- faults ---------------------------------------------------------------------------------- */

/* field: of settings, whose option is named. */
static void refuse(const struct checker *checker, const void *field,
		   const struct tarn__origin *origin, const char *value, const char *reason)
{
	const struct tarn__option_row *row = tarn__option_find(checker->settings, field);
	if (origin->by == TARN__BY_FILE)
		tarn__diagnostics_add(checker->diagnostics, origin->file, origin->line, "%s %s: %s",
				      row->word, value, reason);
	else
		tarn__diagnostics_add(checker->diagnostics, NULL, 0, "--%s %s: %s", row->name,
				      value, reason);
}

/* In these orders those behind the encrypted ones are for when they fail. */
static bool has_order(enum tarn_selection selection)
{
	return selection == TARN_SELECTION_SEQUENTIAL || selection == TARN_SELECTION_STRICT;
}

static void check_mixture(const struct checker *checker, const struct group *group)
{
	char text[TARN__UPSTREAM_TEXT_MAX];
	const struct tarn__servers *servers = group->servers;
	if (!has(servers, true) || !has(servers, false) || has_order(group->selection))
		return;
	refuse(checker, &checker->settings->upstreams, group->origin,
	       format(servers, find(servers, false), text),
	       "in the clear beside encrypted servers (selection = sequential or strict has it "
	       "asked when they fail)");
}

static void check_names(const struct checker *checker, const struct group *group)
{
	const struct tarn__servers *servers = group->servers;
	if (checker->settings->bootstrap.count > 0 || has(servers, false))
		return;
	for (size_t i = 0; i < servers->count; i++) {
		if (!has_address(servers, i))
			refuse(checker, &checker->settings->upstreams, group->origin,
			       servers->traits[i].name,
			       "there is no server to ask for its address (bootstrap)");
	}
}

static void check_discovery(const struct checker *checker, const struct group *group)
{
	const struct tarn__settings *settings = checker->settings;
	if (!group->discover)
		return;
	if (has(group->servers, true))
		refuse(checker, &settings->discover, group->origin, "yes",
		       "only for servers in the clear");
	else if (!tarn__tls_is_built())
		refuse(checker, &settings->discover, group->origin, "yes",
		       "tarn was built without DNS over TLS (--with-openssl)");
}

static void check_group(const struct checker *checker, const struct group *group)
{
	check_mixture(checker, group);
	check_names(checker, group);
	check_discovery(checker, group);
}

static void check_bootstrap(const struct checker *checker)
{
	const struct tarn__settings *settings = checker->settings;
	char text[TARN_ADDRESS_TEXT_MAX];
	for (size_t i = 0; i < settings->bootstrap.count; i++) {
		const struct tarn_address *server = &settings->bootstrap.items[i];
		if (tarn__settings_has_self(settings, server))
			refuse(checker, &settings->bootstrap,
			       tarn__settings_origin(settings, &settings->bootstrap),
			       tarn_address_format(server, text), "tarn listens there itself");
	}
}

void tarn__servers_check(const struct tarn__settings *settings,
			 struct tarn__diagnostics *diagnostics)
{
	const struct checker checker = {.settings = settings, .diagnostics = diagnostics};
	struct group group = {.servers = &settings->upstreams,
			      .selection = settings->resolver.selection,
			      .discover = settings->discover,
			      .origin = tarn__settings_origin(settings, &settings->upstreams)};
	check_bootstrap(&checker);
	check_group(&checker, &group);
	for (size_t i = 0; i < settings->forward_count; i++) {
		const struct tarn__forward_settings *forward = &settings->forwards[i];
		group = (struct group){.servers = &forward->upstreams,
				       .selection = forward->resolver.selection,
				       .discover = forward->discover,
				       .origin = &forward->origin};
		check_group(&checker, &group);
	}
}

/* ---- remarks --------------------------------------------------------------------------------- */

static void remark_clear(const struct tarn__servers *group, const char *indent, FILE *out)
{
	char text[TARN__UPSTREAM_TEXT_MAX];
	if (!has(group, true))
		return;
	for (size_t i = 0; i < group->count; i++) {
		if (!is_encrypted(group, i))
			fprintf(out, "%s#   %s: in the clear when the others fail\n", indent,
				format(group, i, text));
	}
}

static void remark_name(const struct tarn__settings *settings, const struct tarn__servers *group,
			size_t index, const char *indent, FILE *out)
{
	char text[TARN__UPSTREAM_TEXT_MAX];
	const struct tarn__addresses *bootstrap = &settings->bootstrap;
	const char *separator = "";
	fprintf(out, "%s#   %s: its address is asked of ", indent, group->traits[index].name);
	for (size_t i = 0; i < bootstrap->count; i++, separator = ", ")
		fprintf(out, "%s%s", separator, tarn_address_format(&bootstrap->items[i], text));
	for (size_t i = 0; i < group->count && bootstrap->count == 0; i++) {
		if (is_encrypted(group, i))
			continue;
		fprintf(out, "%s%s", separator, format(group, i, text));
		separator = ", ";
	}
	putc('\n', out);
}

void tarn__servers_remark(const struct tarn__settings *settings, const struct tarn__servers *group,
			  const char *indent, FILE *out)
{
	remark_clear(group, indent, out);
	for (size_t i = 0; i < group->count; i++) {
		if (!has_address(group, i))
			remark_name(settings, group, i, indent, out);
	}
}
