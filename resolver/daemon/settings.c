/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything tarn was told or found out about how to run. */
#include "config.h"

#include "daemon/settings.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "daemon/resolvconf.h"

enum { CACHE_SIZE_DEFAULT = 16 * 1024 * 1024 };

/* The CPUs this process may use: a container or taskset may leave it fewer than the machine has. */
static unsigned count_cpus(void)
{
	cpu_set_t set;
	long count = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set)
								  : sysconf(_SC_NPROCESSORS_ONLN);
	if (count < 1)
		return 1;
	return count < TARN__WORKERS_MAX ? (unsigned)count : TARN__WORKERS_MAX;
}

static void add_default_listens(struct tarn__settings *settings)
{
	static const char *const texts[] = {"127.0.0.1", "::1"};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct tarn_address address;
		if (tarn_address_parse(texts[i], 53, &address) == 0)
			tarn__addresses_add(&settings->listens, &address);
	}
	settings->has_default_listens = true;
}

static void take_servers(struct tarn__settings *settings, const struct tarn__addresses *servers)
{
	settings->upstreams.count = settings->own_upstreams.count = 0;
	for (size_t i = 0; i < servers->count; i++) {
		bool is_self = tarn__addresses_has_self(&settings->listens, &servers->items[i]);
		tarn__addresses_add(is_self ? &settings->own_upstreams : &settings->upstreams,
				    &servers->items[i]);
	}
}

static void add_system_upstreams(struct tarn__settings *settings, const char *resolv_conf,
				 struct tarn__log *log)
{
	settings->has_system_upstreams = true;
	FILE *file = fopen(resolv_conf, "re");
	if (!file) {
		tarn__log(log, TARN_LOG_WARNING, "cannot read %s: %s", resolv_conf,
			  strerror(errno));
		return;
	}
	struct tarn__resolvconf found = {0};
	tarn__resolvconf_read(file, &found, log);
	fclose(file);
	/* Said of these servers, so that it goes for no others. */
	if (found.trust_ad && !settings->trust_ad)
		settings->trust_ad = settings->has_system_trust = true;
	take_servers(settings, &found.servers);
}

static int refuse_self(const struct tarn__settings *settings, struct tarn__log *log)
{
	for (size_t i = 0; i < settings->upstreams.count; i++) {
		const struct tarn_address *server = &settings->upstreams.items[i];
		if (!tarn__addresses_has_self(&settings->listens, server))
			continue;
		char text[TARN_ADDRESS_TEXT_MAX];
		tarn__log(log, TARN_LOG_ERR, "--upstream %s: tarn listens there itself",
			  tarn_address_format(server, text));
		return TARN_EINVAL;
	}
	return 0;
}

int tarn__settings_complete(struct tarn__settings *settings, const char *resolv_conf,
			    struct tarn__log *log)
{
	if (settings->listens.count == 0)
		add_default_listens(settings);
	if (settings->upstreams.count == 0)
		add_system_upstreams(settings, resolv_conf, log);
	if (settings->workers == 0) {
		settings->workers = count_cpus();
		settings->has_default_workers = true;
	}
	if (settings->cache_size == 0)
		settings->cache_size = CACHE_SIZE_DEFAULT;
	return refuse_self(settings, log);
}

static void log_change(const struct tarn__settings *settings, const char *resolv_conf,
		       struct tarn__log *log)
{
	char list[TARN__LOG_LINE_MAX / 2] = "";
	size_t len = 0;
	for (size_t i = 0; i < settings->upstreams.count; i++) {
		char text[TARN_ADDRESS_TEXT_MAX];
		tarn_address_format(&settings->upstreams.items[i], text);
		if (len + 2 + strlen(text) + sizeof(" ...") > sizeof(list)) {
			strcpy(list + len, " ...");
			break;
		}
		len += (size_t)sprintf(list + len, "%s%s", i > 0 ? ", " : "", text);
	}
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
	if (found->trust_ad && !settings->trust_ad && !settings->has_late_trust) {
		tarn__log(log, TARN_LOG_WARNING,
			  "trust-ad is new in %s: it takes effect when tarn is restarted",
			  resolv_conf);
		settings->has_late_trust = true;
	}
	/* A file without servers is on its way to be another one. */
	if (settings->has_system_trust && !found->trust_ad && found->servers.count > 0) {
		tarn__log(log, TARN_LOG_WARNING, "trust-ad has gone from %s: no answer has AD now",
			  resolv_conf);
		settings->trust_ad = settings->has_system_trust = false;
	}
}

bool tarn__settings_reread(struct tarn__settings *settings, const char *resolv_conf,
			   struct tarn__log *log)
{
	if (!settings->has_system_upstreams)
		return false;
	struct tarn__resolvconf found = {0};
	FILE *file = fopen(resolv_conf, "re");
	if (file) {
		tarn__resolvconf_read(file, &found, NULL);
		fclose(file);
	} else if (errno != ENOENT) {
		tarn__log(log, TARN_LOG_WARNING, "cannot read %s: %s", resolv_conf,
			  strerror(errno));
		return false;
	}
	reread_trust(settings, &found, resolv_conf, log);
	struct tarn__addresses before = settings->upstreams;
	take_servers(settings, &found.servers);
	if (tarn__addresses_is_equal(&before, &settings->upstreams))
		return false;
	log_change(settings, resolv_conf, log);
	return true;
}

const char *const tarn__policy_names[] = {
	[TARN_FASTEST] = "fastest",
	[TARN_SEQUENTIAL] = "sequential",
	[TARN_ROUND_ROBIN] = "round-robin",
	[TARN_PARALLEL] = "parallel",
	NULL,
};

static void explain_addresses(FILE *out, const char *label, const struct tarn__addresses *list,
			      const char *note)
{
	for (size_t i = 0; i < list->count; i++) {
		char text[TARN_ADDRESS_TEXT_MAX];
		fprintf(out, "%-10s%s%s\n", i == 0 ? label : "",
			tarn_address_format(&list->items[i], text), note);
	}
}

static void explain_allowed(FILE *out, const struct tarn__settings *settings)
{
	if (settings->allow_count == 0)
		fprintf(out, "%-10s%s\n", "allow",
			"loopback, private and link-local networks (default)");
	for (size_t i = 0; i < settings->allow_count; i++) {
		char text[TARN_NETWORK_TEXT_MAX];
		fprintf(out, "%-10s%s%s\n", i == 0 ? "allow" : "", i == 0 ? "loopback, " : "",
			tarn_network_format(&settings->allow[i], text));
	}
}

static void explain_size(FILE *out, size_t size)
{
	static const char *const units[] = {"octets", "KiB", "MiB", "GiB"};
	size_t unit = 0;
	while (unit < 3 && size % 1024 == 0) {
		size /= 1024;
		unit++;
	}
	fprintf(out, "%-10s%zu %s\n", "cache", size, units[unit]);
}

void tarn__settings_explain(const struct tarn__settings *settings, FILE *out)
{
	const char *source = settings->has_system_upstreams ? " (resolv.conf)" : "";
	explain_addresses(out, "listen", &settings->listens, " (UDP and TCP)");
	explain_addresses(out, "upstream", &settings->upstreams, source);
	if (settings->upstreams.count == 0)
		fprintf(out, "%-10snone: every question that needs one will fail\n", "upstream");
	explain_addresses(out, "not asked", &settings->own_upstreams, " (is tarn itself)");
	if (settings->policy != TARN_FASTEST)
		fprintf(out, "%-10s%s\n", "policy", tarn__policy_names[settings->policy]);
	fprintf(out, "%-10s%u%s\n", "workers", settings->workers,
		settings->has_default_workers ? " (one for each CPU)" : "");
	explain_size(out, settings->cache_size);
	if (settings->trust_ad)
		fprintf(out, "%-10swhat the upstreams validated is said to be so%s\n", "trust-ad",
			settings->has_system_trust ? source : "");
	explain_allowed(out, settings);
	for (size_t i = 0; i < settings->pass_count; i++)
		fprintf(out, "%-10s%s\n", i == 0 ? "pass" : "", settings->pass[i]);
}
