/* SPDX-License-Identifier: BSD-2-Clause */
/* The upstream servers of resolv.conf, read at the start and again. */
#include "config.h"

#include "daemon/config/system_servers.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/config/resolvconf.h"
#include "daemon/system/file.h"

/* Octets: thousands of lines, more than any resolv.conf has. */
enum { RESOLV_CONF_MAX = 1 << 20 };

/* Sorts the servers. TARN_ENOMEM: none is there. */
static int sort_servers(const struct tarn__settings *settings, const struct tarn__resolvconf *found,
			struct tarn__servers *upstreams, struct tarn__addresses *own)
{
	const struct tarn_traits traits = {.transport = found->use_vc ? TARN_TCP : TARN_UDP};
	own->count = 0;
	for (size_t i = 0; i < found->servers.count; i++) {
		const struct tarn_address *server = &found->servers.items[i];
		if (tarn__settings_has_self(settings, server)) {
			tarn__addresses_add(own, server);
		} else if (tarn__servers_add(upstreams, server, &traits) != 0) {
			tarn__servers_clear(upstreams);
			return TARN_ENOMEM;
		}
	}
	return 0;
}

/* Returns true if the upstreams are others than before. */
static bool take_servers(struct tarn__settings *settings, const struct tarn__resolvconf *found)
{
	struct tarn__servers upstreams = {0};
	if (sort_servers(settings, found, &upstreams, &settings->own_upstreams) != 0)
		return false;
	bool are_others = !tarn__servers_is_equal(&settings->upstreams, &upstreams);
	tarn__servers_clear(&settings->upstreams);
	settings->upstreams = upstreams;
	return are_others;
}

/* The file may have become a link to a place that the sandbox does not allow. */
static void warn_of_unreadable(const struct tarn__settings *settings, const char *resolv_conf,
			       const char *fault, struct tarn__log *log)
{
	bool is_out_of_reach = errno == EACCES && settings->is_confined;
	tarn__log(log, TARN_LOG_WARNING, "cannot read %s: %s%s", resolv_conf, fault,
		  is_out_of_reach ? " (the sandbox allows no other place until a restart)" : "");
}

void tarn__system_servers_take(struct tarn__settings *settings, const char *resolv_conf,
			       struct tarn__log *log)
{
	settings->has_system_upstreams = true;
	size_t len;
	const char *fault;
	char *text = tarn__file_read(resolv_conf, RESOLV_CONF_MAX, &len, &fault);
	if (!text) {
		warn_of_unreadable(settings, resolv_conf, fault, log);
		return;
	}
	struct tarn__resolvconf found = {0};
	tarn__resolvconf_read(text, len, &found, log);
	free(text);
	/* The option is about these servers and no others. */
	if (found.trust_ad && !settings->resolver.trust_ad)
		settings->resolver.trust_ad = settings->has_system_trust = true;
	(void)take_servers(settings, &found);
}

static void log_change(const struct tarn__settings *settings, const char *resolv_conf,
		       struct tarn__log *log)
{
	char list[TARN__LOG_LINE_MAX / 2];
	tarn__servers_format(&settings->upstreams, list, sizeof(list));
	if (settings->upstreams.count > 0)
		tarn__log(log, TARN_LOG_INFO, "%s has changed: forwarding to %s", resolv_conf,
			  list);
	else
		tarn__log(log, TARN_LOG_WARNING,
			  "%s has changed: no upstream server, every question that needs one will "
			  "fail",
			  resolv_conf);
}

static void reread_trust(struct tarn__settings *settings, const struct tarn__resolvconf *found,
			 const char *resolv_conf, struct tarn__log *log)
{
	if (found->trust_ad && !settings->resolver.trust_ad && !settings->has_late_trust) {
		tarn__log(log, TARN_LOG_WARNING,
			  "trust-ad is new in %s: it takes effect with a reload", resolv_conf);
		settings->has_late_trust = true;
	}
	/* A file without servers is about to be replaced. */
	if (settings->has_system_trust && !found->trust_ad && found->servers.count > 0) {
		tarn__log(log, TARN_LOG_WARNING,
			  "trust-ad is gone from %s: no answer has AD from here on", resolv_conf);
		settings->resolver.trust_ad = settings->has_system_trust = false;
	}
}

bool tarn__system_servers_reread(struct tarn__settings *settings, const char *resolv_conf,
				 struct tarn__log *log)
{
	if (!settings->has_system_upstreams)
		return false;
	struct tarn__resolvconf found = {0};
	size_t len;
	const char *fault;
	char *text = tarn__file_read(resolv_conf, RESOLV_CONF_MAX, &len, &fault);
	if (text) {
		tarn__resolvconf_read(text, len, &found, NULL);
		free(text);
	} else if (errno != ENOENT) {
		warn_of_unreadable(settings, resolv_conf, fault, log);
		return false;
	}
	reread_trust(settings, &found, resolv_conf, log);
	if (!take_servers(settings, &found))
		return false;
	log_change(settings, resolv_conf, log);
	return true;
}
