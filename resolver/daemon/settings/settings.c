/* SPDX-License-Identifier: BSD-2-Clause */
/* The values of all options: made, freed, and handed to a resolver. */
#include "config.h"

#include "daemon/settings/settings.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/settings/options.h"
#include "daemon/settings/sections.h"

struct tarn__settings *tarn__settings_new(void)
{
	return calloc(1, sizeof(struct tarn__settings));
}

void tarn__settings_forget_forwards(struct tarn__settings *settings)
{
	tarn__section_forget(settings, TARN__SCOPE_ZONE);
}

void tarn__secret_free(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

void tarn__settings_free(struct tarn__settings *settings)
{
	if (!settings)
		return;
	tarn__section_forget(settings, TARN__SCOPE_ZONE);
	tarn__section_forget(settings, TARN__SCOPE_LIST);
	tarn__section_forget(settings, TARN__SCOPE_GROUP);
	for (size_t i = 0; i < settings->file_count; i++)
		free((char *)settings->files[i]);
	free(settings->files);
	free(settings->anchor_text);
	free(settings->anchor_texts);
	tarn__secret_free(settings->second_secret_text);
	tarn__secret_free(settings->second_password_text);
	tarn__option_reset_scope(TARN__SCOPE_GLOBAL, settings);
	free(settings);
}

const struct tarn__origin *tarn__settings_origin(const struct tarn__settings *settings,
						 const void *field)
{
	return &settings->origins[tarn__option_find(settings, field) - tarn__options];
}

bool tarn__settings_has_self(const struct tarn__settings *settings,
			     const struct tarn_address *server)
{
	return tarn__addresses_has_self(&settings->listens, server) ||
	       tarn__addresses_has_self(&settings->tls_listens, server) ||
	       tarn__addresses_has_self(&settings->https_listens, server) ||
	       tarn__addresses_has_self(&settings->bound, server);
}

bool tarn__settings_listens_over(const struct tarn__settings *settings,
				 enum tarn_transport transport)
{
	const struct tarn__addresses *bound = &settings->bound;
	for (size_t i = 0; i < bound->count; i++) {
		if (bound->over[i] == transport)
			return true;
	}
	return transport == TARN_TLS ? settings->tls_listens.count > 0
				     : settings->https_listens.count > 0;
}

static struct tarn_forward *make_forwards(const struct tarn__settings *settings)
{
	struct tarn_forward *forwards = calloc(settings->forward_count, sizeof(*forwards));
	for (size_t i = 0; forwards && i < settings->forward_count; i++) {
		const struct tarn__servers *upstreams = &settings->forwards[i].upstreams;
		forwards[i] = settings->forwards[i].resolver;
		forwards[i].upstreams = upstreams->items;
		forwards[i].upstream_count = upstreams->count;
		forwards[i].traits = upstreams->traits;
	}
	return forwards;
}

static void set_filters(const struct tarn__settings *settings, struct tarn_options *out)
{
	out->private_names = settings->private_ok.items;
	out->private_name_count = settings->private_ok.count;
	out->filter_types = settings->filter_types.items;
	out->filter_type_count = settings->filter_types.count;
	out->filter_clients = settings->filter_clients.items;
	out->filter_client_count = settings->filter_clients.count;
	out->dns64_prefixes = settings->dns64_prefixes.items;
	out->dns64_prefix_count = settings->dns64_prefixes.count;
	out->dns64_excluded = settings->dns64_excluded.items;
	out->dns64_excluded_count = settings->dns64_excluded.count;
	out->dns64_clients = settings->dns64_clients.items;
	out->dns64_client_count = settings->dns64_clients.count;
}

bool tarn__settings_has_second_level(const struct tarn__settings *settings)
{
	return settings->second_server.count > 0 || settings->second_socket ||
	       settings->second_sentinels.count > 0;
}

static void set_second_level(const struct tarn__settings *settings, struct tarn_second_level *out)
{
	if (settings->second_server.count > 0)
		out->server = settings->second_server.items[0];
	if (settings->second_replica.count > 0)
		out->replica = settings->second_replica.items[0];
	out->socket = settings->second_socket;
	out->sentinels = settings->second_sentinels.items;
	out->sentinel_count = settings->second_sentinels.count;
	out->master = settings->second_master;
	out->secret = settings->second_secret_text;
	out->secret_len = out->secret ? strlen(out->secret) : 0;
	out->user = settings->second_user;
	out->password = settings->second_password_text;
	out->ca = settings->second_ca;
	out->name = settings->second_name;
}

/* Returns true if servers may turn out to be encrypted. */
static bool discovers(const struct tarn__settings *settings)
{
	bool discovers = settings->discover;
	for (size_t i = 0; i < settings->forward_count; i++)
		discovers |= settings->forwards[i].discover;
	return discovers;
}

int tarn__settings_to_options(const struct tarn__settings *settings, struct tarn_options *out)
{
	struct tarn_forward *forwards = NULL;
	if (settings->forward_count > 0) {
		forwards = make_forwards(settings);
		if (!forwards)
			return TARN_ENOMEM;
	}
	*out = settings->resolver;
	out->upstreams = settings->upstreams.items;
	out->upstream_count = settings->upstreams.count;
	out->traits = settings->upstreams.traits;
	out->forwards = forwards;
	out->forward_count = settings->forward_count;
	out->allow = settings->allow.items;
	out->allow_count = settings->allow.count;
	out->pass = settings->pass.items;
	out->pass_count = settings->pass.count;
	out->avoid_ports = settings->avoid_ports.items;
	out->avoid_port_count = settings->avoid_ports.count;
	out->tls.early = discovers(settings);
	set_filters(settings, out);
	set_second_level(settings, &out->second);
	out->proxies = settings->proxies.items;
	out->proxy_count = settings->proxies.count;
	out->dnssec.insecure = settings->insecure.items;
	out->dnssec.insecure_count = settings->insecure.count;
	return 0;
}

enum tarn_log_level tarn__settings_log_level(const struct tarn__settings *settings)
{
	return settings->verbosity > 0 ? TARN_LOG_DEBUG : settings->log_level;
}
