/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of options, and what is done with any of its rows. */
#include "config.h"

#include "daemon/settings/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/policy/local_data.h"

#define SETTING(field) offsetof(struct tarn__settings, field)
#define RESOLVER(field) SETTING(resolver.field)
#define ZONE(field) offsetof(struct tarn__forward_settings, field)
#define LIST(field) offsetof(struct tarn__list_settings, field)
#define GROUP(field) offsetof(struct tarn__group_settings, field)

enum {
	METRICS_PORT = 9153, /* free in the list of the ports of Prometheus's exporters */
	TLS_PORT = 853, /* RFC 7858 section 3.1 */
	HTTPS_PORT = 443,
	STORE_PORT = 6379, /* of Redis and Valkey */
	SENTINEL_PORT = 26379, /* of their sentinels */
	WORKERS_MAX = 256, /* more threads than the largest machines have use for */
	CACHE_SIZE_MIN = 64 * 1024, /* less has no room for the largest answers */
	STALE_SEC_MAX = 30 * 86400, /* RFC 8767 suggests one to three days */
	LOCAL_TTL_MAX = 86400, /* what changes should be seen within a day */
	LIST_TTL_MAX = 86400,
	SAVE_SEC = 15 * 60, /* what a machine that is reset loses at most */
	SAVE_SEC_MAX = 7 * 86400,
	LIST_TTL = 10, /* what is unblocked is seen at once */
	DATABASE_MAX = 65535, /* a store has 16, unless it is configured to have more */
};

static const char *const default_listens[] = {"127.0.0.1", "::1", NULL};
static const char *const default_hosts[] = {"/etc/hosts", NULL};

const struct tarn__option_row tarn__options[] = {
	{
		.word = "include",
	},
	{
		.letter = 'c',
		.name = "config",
		.value = "FILE",
		.help = "read this configuration file",
		.otherwise = "see below",
		.type = &tarn__option_type_text,
		.offset = SETTING(config_file),
		.on_reload = TARN__RELOAD_IGNORES,
	},
	{
		.letter = 'l',
		.name = "listen",
		.section = "listen",
		.word = "address",
		.value = "ADDR",
		.help = "answer on this address, over UDP and TCP; may be repeated",
		.type = &tarn__option_type_addresses,
		.offset = SETTING(listens),
		.default_items = default_listens,
		.port = TARN__DNS_PORT,
	},
	{
		.name = "listen-tls",
		.section = "listen",
		.word = "tls",
		.value = "ADDR",
		.help = "answer on this address over TLS; may be repeated",
		.otherwise = "none",
		.type = &tarn__option_type_addresses,
		.offset = SETTING(tls_listens),
		.port = TLS_PORT,
	},
	{
		.name = "listen-https",
		.section = "listen",
		.word = "https",
		.value = "ADDR",
		.help = "answer on this address over HTTPS; may be repeated",
		.otherwise = "none",
		.type = &tarn__option_type_addresses,
		.offset = SETTING(https_listens),
		.port = HTTPS_PORT,
	},
	{
		.name = "certificate",
		.section = "listen",
		.word = "certificate",
		.value = "FILE",
		.help = "show clients over TLS and HTTPS this chain of certificates, in PEM; one "
			"more for another kind of key",
		.otherwise = "none",
		.type = &tarn__option_type_paths,
		.offset = SETTING(certificates),
	},
	{
		.name = "key",
		.section = "listen",
		.word = "key",
		.value = "FILE",
		.help = "the key of the certificate, in PEM; one for each",
		.otherwise = "none",
		.type = &tarn__option_type_paths,
		.offset = SETTING(keys),
	},
	{
		.section = "listen",
		.word = "name",
		.otherwise = "none: clients are not told of TLS and HTTPS",
		.type = &tarn__option_type_domain,
		.offset = SETTING(listen_name),
	},
	{
		.section = "listen",
		.word = "path",
		.otherwise = "/dns-query",
		.type = &tarn__option_type_url_path,
		.offset = RESOLVER(https_path),
	},
	{
		.section = "listen",
		.word = "proxies",
		.otherwise = "none",
		.if_empty = "leave it out if clients come without a proxy",
		.type = &tarn__option_type_networks,
		.offset = SETTING(proxies),
	},
	{
		.letter = 'u',
		.name = "upstream",
		.word = "upstream",
		.value = "ADDR",
		.help = "forward to this server (tcp://ADDR: over TCP alone); may be repeated",
		.otherwise = "the servers of /etc/resolv.conf",
		.if_empty = "leave it out for the servers of /etc/resolv.conf",
		.type = &tarn__option_type_servers,
		.offset = SETTING(upstreams),
	},
	{
		.name = "bootstrap",
		.word = "bootstrap",
		.value = "ADDR",
		.help = "ask this server, in the clear, for the addresses of upstream servers that "
			"are given by name; may be repeated",
		.otherwise = "the servers in the clear beside them",
		.if_empty = "leave it out for the servers in the clear beside them",
		.type = &tarn__option_type_addresses,
		.offset = SETTING(bootstrap),
		.port = TARN__DNS_PORT,
	},
	{
		.name = "discover",
		.word = "discover",
		.help = "ask the upstream servers whether they are encrypted as well, and use that",
		.type = &tarn__option_type_yes,
		.offset = SETTING(discover),
	},
	{
		.name = "selection",
		.word = "selection",
		.value = "NAME",
		.help = "which upstream server is asked first: fastest, sequential, strict, "
			"round-robin; or parallel: all at once",
		.type = &tarn__option_type_selection,
		.offset = RESOLVER(selection),
	},
	{
		.name = "source",
		.word = "source",
		.value = "ADDR",
		.help = "send queries from this address; one of IPv4, one of IPv6",
		.otherwise = "the system chooses",
		.type = &tarn__option_type_source,
		.offset = RESOLVER(source),
	},
	{
		.name = "interface",
		.word = "interface",
		.value = "NAME",
		.help = "send queries through this network interface only",
		.otherwise = "the system chooses",
		.type = &tarn__option_type_interface,
		.offset = RESOLVER(source.interface),
	},
	{
		.name = "avoid-ports",
		.word = "avoid-ports",
		.value = "PORTS",
		.help = "do not send queries from these ports (8080, 9000-9100), which others "
			"need; may be repeated",
		.otherwise = "none but those that the kernel reserves",
		.type = &tarn__option_type_ports,
		.offset = SETTING(avoid_ports),
	},
	{
		.scope = TARN__SCOPE_ZONE,
		.section = "forward",
		.word = "upstream",
		.otherwise = "none: nothing exists in this zone",
		.type = &tarn__option_type_servers,
		.offset = ZONE(upstreams),
	},
	{
		.scope = TARN__SCOPE_ZONE,
		.section = "forward",
		.word = "selection",
		.type = &tarn__option_type_selection,
		.offset = ZONE(resolver.selection),
	},
	{
		.scope = TARN__SCOPE_ZONE,
		.section = "forward",
		.word = "source",
		.otherwise = "the system chooses",
		.type = &tarn__option_type_source,
		.offset = ZONE(resolver.source),
	},
	{
		.scope = TARN__SCOPE_ZONE,
		.section = "forward",
		.word = "interface",
		.otherwise = "the system chooses",
		.type = &tarn__option_type_interface,
		.offset = ZONE(resolver.source.interface),
	},
	{
		.scope = TARN__SCOPE_ZONE,
		.section = "forward",
		.word = "discover",
		.type = &tarn__option_type_yes,
		.offset = ZONE(discover),
	},
	{
		.scope = TARN__SCOPE_ZONE,
		.section = "forward",
		.word = "follow-cnames",
		.type = &tarn__option_type_yes,
		.offset = ZONE(resolver.follow_cnames),
	},
	{
		.scope = TARN__SCOPE_ZONE,
		.section = "forward",
		.word = "validate",
		.type = &tarn__option_type_yes,
		.offset = ZONE(resolver.validate),
	},
	{
		.name = "tls-ca",
		.section = "tls",
		.word = "ca",
		.value = "PATH",
		.help = "a file or a folder of CA certificates for encrypted upstream servers",
		.otherwise = "those of the system, as OpenSSL finds them",
		.type = &tarn__option_type_path,
		.offset = RESOLVER(tls.ca),
	},
	{
		.section = "tls",
		.word = "clock",
		.type = &tarn__option_type_clock,
		.offset = RESOLVER(tls.lenient_clock),
	},
	{
		.letter = 'w',
		.name = "workers",
		.word = "workers",
		.value = "N",
		.help = "number of threads",
		.otherwise = "one for each CPU",
		.type = &tarn__option_type_number,
		.offset = SETTING(workers),
		.min = 1,
		.max = WORKERS_MAX,
		.unit = "threads",
		.on_reload = TARN__RELOAD_IGNORES,
	},
	{
		.letter = 's',
		.name = "cache-size",
		.section = "cache",
		.word = "size",
		.value = "SIZE",
		.help = "memory for answers: 512k, 1G",
		.type = &tarn__option_type_size,
		.offset = RESOLVER(cache_size),
		.min = CACHE_SIZE_MIN,
		.default_number = TARN_CACHE_SIZE_DEFAULT,
		.on_reload = TARN__RELOAD_IGNORES,
	},
	{
		.name = "serve-stale",
		.section = "cache",
		.word = "serve-stale",
		.value = "TIME",
		.help = "use answers for this time past their TTL when no server answers; "
			"0: not at all",
		.type = &tarn__option_type_time,
		.offset = RESOLVER(stale_sec),
		.max = STALE_SEC_MAX,
		.default_number = TARN_STALE_SEC_DEFAULT,
		.on_reload = TARN__RELOAD_IGNORES,
	},
	{
		.name = "failure-ttl",
		.section = "cache",
		.word = "failure-ttl",
		.value = "TIME",
		.help = "do not repeat a failed lookup for this time, doubled after each further "
			"failure",
		.type = &tarn__option_type_time,
		.offset = RESOLVER(failure_sec),
		.min = TARN_FAILURE_SEC_MIN,
		.max = TARN_FAILURE_SEC_MAX,
		.default_number = TARN_FAILURE_SEC_DEFAULT,
		.on_reload = TARN__RELOAD_IGNORES,
	},
	{
		.name = "max-failure-ttl",
		.section = "cache",
		.word = "max-failure-ttl",
		.value = "TIME",
		.help = "the longest such time",
		.type = &tarn__option_type_time,
		.offset = RESOLVER(failure_max_sec),
		.min = TARN_FAILURE_SEC_MIN,
		.max = TARN_FAILURE_SEC_MAX,
		.default_number = TARN_FAILURE_MAX_SEC_DEFAULT,
		.on_reload = TARN__RELOAD_IGNORES,
	},
	{
		.section = "cache",
		.word = "min-ttl",
		.otherwise = "0",
		.type = &tarn__option_type_ttl,
		.offset = RESOLVER(min_ttl),
		.max = TARN_MIN_TTL_MAX,
	},
	{
		.section = "cache",
		.word = "max-ttl",
		.type = &tarn__option_type_ttl,
		.offset = RESOLVER(max_ttl),
		.min = 1,
		.max = TARN_MAX_TTL_DEFAULT,
		.default_number = TARN_MAX_TTL_DEFAULT,
	},
	{
		.section = "cache",
		.word = "max-negative-ttl",
		.type = &tarn__option_type_ttl,
		.offset = RESOLVER(max_negative_ttl),
		.min = 1,
		.max = TARN_MAX_NEGATIVE_TTL_DEFAULT,
		.default_number = TARN_MAX_NEGATIVE_TTL_DEFAULT,
	},
	{
		.name = "cache-file",
		.section = "cache",
		.word = "file",
		.value = "FILE",
		.help = "keep answers in this file across restarts",
		.otherwise = "none",
		.type = &tarn__option_type_directory,
		.offset = SETTING(cache_file),
	},
	{
		.section = "cache",
		.word = "save",
		.type = &tarn__option_type_time,
		.offset = SETTING(save_sec),
		.max = SAVE_SEC_MAX,
		.default_number = SAVE_SEC,
	},
	{
		.letter = 'a',
		.name = "allow",
		.section = "access",
		.word = "allow",
		.value = "NET",
		.help = "answer clients of this network (192.0.2.0/24), beside loopback; may be "
			"repeated",
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
		.help = "forward this name and all names below it, special or not (local, "
			"10.in-addr.arpa); may be repeated",
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
		.offset = RESOLVER(hide_identity),
	},
	{
		.name = "trust-ad",
		.word = "trust-ad",
		.help = "pass on that the upstream servers have validated an answer (AD)",
		.type = &tarn__option_type_yes,
		.offset = RESOLVER(trust_ad),
	},
	{
		.name = "rotate-addresses",
		.word = "rotate-addresses",
		.help = "begin with another address of a name in each reply",
		.type = &tarn__option_type_yes,
		.offset = RESOLVER(rotate_addresses),
	},
	{
		.name = "user",
		.word = "user",
		.value = "NAME",
		.help = "run as this user",
		.otherwise = "tarn, if there is one",
		.type = &tarn__option_type_text,
		.offset = SETTING(user),
		.on_reload = TARN__RELOAD_IGNORES,
	},
	{
		.name = "no-sandbox",
		.word = "sandbox",
		.help = "run without Landlock and seccomp, to find a fault",
		.type = &tarn__option_type_no,
		.offset = SETTING(no_sandbox),
		.on_reload = TARN__RELOAD_IGNORES,
	},
	{
		.name = "log-level",
		.section = "log",
		.word = "level",
		.value = "LEVEL",
		.help = "err, warning, info or debug",
		.type = &tarn__option_type_level,
		.offset = SETTING(log_level),
		.default_number = TARN_LOG_INFO,
	},
	{
		.name = "query-log",
		.section = "log",
		.word = "queries",
		.value = "FILE",
		.help = "write a line for each answer; \"stderr\": into the log",
		.type = &tarn__option_type_path_or_none,
		.offset = SETTING(query_log),
	},
	{
		.name = "dnstap",
		.section = "log",
		.word = "dnstap",
		.value = "PATH",
		.help = "send queries and responses to this Unix socket, as dnstap",
		.type = &tarn__option_type_socket_or_none,
		.offset = SETTING(dnstap),
	},
	{
		.name = "control",
		.section = "control",
		.word = "socket",
		.value = "PATH",
		.help = "the Unix socket of tarnctl; none: no socket",
		.otherwise = TARN_CONTROL_SOCKET ", where it can be made",
		.type = &tarn__option_type_socket,
		.offset = SETTING(control),
	},
	{
		.name = "control-group",
		.section = "control",
		.word = "group",
		.value = "NAME",
		.help = "let this group use that socket, too",
		.otherwise = "tarn's user alone",
		.type = &tarn__option_type_text,
		.offset = SETTING(control_group),
	},
	{
		.name = "metrics",
		.section = "metrics",
		.word = "address",
		.value = "ADDR",
		.help = "serve metrics for Prometheus, over HTTP; may be repeated",
		.otherwise = "none",
		.type = &tarn__option_type_addresses,
		.offset = SETTING(metrics),
		.port = METRICS_PORT,
		.on_reload = TARN__RELOAD_IGNORES,
	},
	{
		.section = "shared",
		.word = "server",
		.otherwise = "none",
		.type = &tarn__option_type_address,
		.offset = SETTING(second_server),
		.port = STORE_PORT,
	},
	{
		.section = "shared",
		.word = "socket",
		.otherwise = "none",
		.type = &tarn__option_type_socket_path,
		.offset = SETTING(second_socket),
	},
	{
		.section = "shared",
		.word = "sentinel",
		.otherwise = "none",
		.if_empty = "leave it out if there are no sentinels",
		.type = &tarn__option_type_addresses,
		.offset = SETTING(second_sentinels),
		.port = SENTINEL_PORT,
	},
	{
		.section = "shared",
		.word = "master",
		.otherwise = "none",
		.type = &tarn__option_type_text,
		.offset = SETTING(second_master),
	},
	{
		.section = "shared",
		.word = "replica",
		.otherwise = "none",
		.type = &tarn__option_type_address,
		.offset = SETTING(second_replica),
		.port = STORE_PORT,
	},
	{
		.section = "shared",
		.word = "secret",
		.otherwise = "none",
		.type = &tarn__option_type_path,
		.offset = SETTING(second_secret),
	},
	{
		.section = "shared",
		.word = "user",
		.otherwise = "none",
		.type = &tarn__option_type_text,
		.offset = SETTING(second_user),
	},
	{
		.section = "shared",
		.word = "password",
		.otherwise = "none",
		.type = &tarn__option_type_path,
		.offset = SETTING(second_password),
	},
	{
		.section = "shared",
		.word = "database",
		.otherwise = "0",
		.type = &tarn__option_type_number,
		.offset = RESOLVER(second.database),
		.max = DATABASE_MAX,
		.unit = "a database",
	},
	{
		.section = "shared",
		.word = "wait",
		.type = &tarn__option_type_milliseconds,
		.offset = RESOLVER(second.wait_ms),
		.min = 1,
		.max = TARN_SECOND_WAIT_MS_MAX,
		.default_number = TARN_SECOND_WAIT_MS_DEFAULT,
	},
	{
		.section = "shared",
		.word = "tls",
		.type = &tarn__option_type_yes,
		.offset = RESOLVER(second.tls),
	},
	{
		.section = "shared",
		.word = "ca",
		.otherwise = "those of the system, as OpenSSL finds them",
		.type = &tarn__option_type_path,
		.offset = SETTING(second_ca),
	},
	{
		.section = "shared",
		.word = "name",
		.otherwise = "none: the certificate must have the address",
		.type = &tarn__option_type_domain,
		.offset = SETTING(second_name),
	},
	{
		.section = "shared",
		.word = "read-only",
		.type = &tarn__option_type_yes,
		.offset = RESOLVER(second.read_only),
	},
	{
		.section = "shared",
		.word = "stale",
		.type = &tarn__option_type_yes,
		.offset = RESOLVER(second.keep_stale),
	},
	{
		.section = "shared",
		.word = "lease",
		.type = &tarn__option_type_yes,
		.offset = RESOLVER(second.lease),
	},
	{
		.section = "local",
		.word = "hosts",
		.otherwise = "/etc/hosts, if tarn listens on loopback addresses only",
		.type = &tarn__option_type_paths_or_none,
		.offset = SETTING(local_hosts),
		.default_items = default_hosts,
	},
	{
		.section = "local",
		.word = "leases",
		.otherwise = "none",
		.type = &tarn__option_type_paths,
		.offset = SETTING(local_leases),
	},
	{
		.section = "local",
		.word = "domain",
		.otherwise = "none",
		.type = &tarn__option_type_domain,
		.offset = SETTING(local_domain),
	},
	{
		.section = "local",
		.word = "zone",
		.otherwise = "none",
		.type = &tarn__option_type_zones,
		.offset = SETTING(local_zones),
	},
	{
		.section = "local",
		.word = "record",
		.otherwise = "none",
		.type = &tarn__option_type_records,
		.offset = SETTING(local_records),
	},
	{
		.section = "local",
		.word = "ttl",
		.type = &tarn__option_type_time,
		.offset = SETTING(local_ttl),
		.min = 1,
		.max = LOCAL_TTL_MAX,
		.default_number = TARN__LOCAL_DATA_TTL,
	},
	{
		.section = "local",
		.word = "only",
		.type = &tarn__option_type_yes,
		.offset = RESOLVER(local_only),
	},
	{
		.section = "filter",
		.word = "private",
		.type = &tarn__option_type_yes,
		.offset = RESOLVER(filter_private),
	},
	{
		.section = "filter",
		.word = "private-ok",
		.otherwise = "none",
		.type = &tarn__option_type_names,
		.offset = SETTING(private_ok),
	},
	{
		.section = "filter",
		.word = "no",
		.otherwise = "none",
		.type = &tarn__option_type_types,
		.offset = SETTING(filter_types),
	},
	{
		.section = "filter",
		.word = "clients",
		.otherwise = "all",
		.if_empty = "leave it out for all clients",
		.type = &tarn__option_type_networks,
		.offset = SETTING(filter_clients),
	},
	{
		.section = "dns64",
		.word = "prefix",
		.otherwise = "none: no DNS64",
		.type = &tarn__option_type_prefixes,
		.offset = SETTING(dns64_prefixes),
	},
	{
		.section = "dns64",
		.word = "exclude",
		.otherwise = "none",
		.type = &tarn__option_type_names,
		.offset = SETTING(dns64_excluded),
	},
	{
		.section = "dns64",
		.word = "clients",
		.otherwise = "all",
		.if_empty = "leave it out for all clients",
		.type = &tarn__option_type_networks,
		.offset = SETTING(dns64_clients),
	},
	{
		.section = "dnssec",
		.word = "validate",
		.type = &tarn__option_type_yes,
		.offset = RESOLVER(dnssec.validate),
	},
	{
		.section = "dnssec",
		.word = "anchors",
		.otherwise = "/usr/share/dns/root.ds, or root.key there",
		.type = &tarn__option_type_directory,
		.offset = SETTING(anchor_file),
	},
	{
		.section = "dnssec",
		.word = "anchor",
		.otherwise = "none",
		.type = &tarn__option_type_anchors,
		.offset = SETTING(anchor_lines),
	},
	{
		.section = "dnssec",
		.word = "insecure",
		.otherwise = "none",
		.type = &tarn__option_type_zones,
		.offset = SETTING(insecure),
	},
	{
		.word = "state",
		.otherwise = TARN_STATE_DIRECTORY,
		.type = &tarn__option_type_directory,
		.offset = SETTING(state),
		.on_reload = TARN__RELOAD_IGNORES,
	},
	{
		.scope = TARN__SCOPE_GROUP,
		.section = "group",
		.word = "clients",
		.otherwise = "none",
		.type = &tarn__option_type_networks,
		.offset = GROUP(clients),
	},
	{
		.scope = TARN__SCOPE_GROUP,
		.section = "group",
		.word = "hours",
		.otherwise = "all day",
		.type = &tarn__option_type_hours,
		.offset = GROUP(begin),
	},
	{
		.scope = TARN__SCOPE_GROUP,
		.section = "group",
		.word = "days",
		.otherwise = "all",
		.type = &tarn__option_type_days,
		.offset = GROUP(days),
	},
	{
		.scope = TARN__SCOPE_LIST,
		.section = "block",
		.also_in = {"allow", "rpz"},
		.word = "file",
		.otherwise = "none",
		.type = &tarn__option_type_paths,
		.offset = LIST(files),
	},
	{
		.scope = TARN__SCOPE_LIST,
		.section = "block",
		.also_in = {"allow"},
		.word = "name",
		.otherwise = "none",
		.type = &tarn__option_type_names,
		.offset = LIST(names),
	},
	{
		.scope = TARN__SCOPE_LIST,
		.section = "block",
		.also_in = {"allow"},
		.word = "format",
		.type = &tarn__option_type_list_format,
		.offset = LIST(format),
	},
	{
		.scope = TARN__SCOPE_LIST,
		.section = "block",
		.also_in = {"allow"},
		.word = "subdomains",
		.otherwise = "as the format of each file has it (hosts, domains: no)",
		.type = &tarn__option_type_subdomains,
		.offset = LIST(subdomains),
	},
	{
		.scope = TARN__SCOPE_LIST,
		.section = "block",
		.word = "answer",
		.type = &tarn__option_type_list_answer,
		.offset = LIST(answer),
		.default_number = TARN__NAMELIST_NXDOMAIN,
	},
	{
		.scope = TARN__SCOPE_LIST,
		.section = "block",
		.also_in = {"rpz"},
		.word = "ttl",
		.type = &tarn__option_type_time,
		.offset = LIST(ttl),
		.min = 1,
		.max = LIST_TTL_MAX,
		.default_number = LIST_TTL,
	},
	{
		.scope = TARN__SCOPE_LIST,
		.section = "block",
		.also_in = {"allow", "rpz"},
		.word = "group",
		.otherwise = "all clients",
		.if_empty = "leave it out for all clients",
		.type = &tarn__option_type_groups,
		.offset = LIST(groups),
	},
	{
		.scope = TARN__SCOPE_LIST,
		.section = "block",
		.also_in = {"rpz"},
		.word = "chain",
		.type = &tarn__option_type_no,
		.offset = LIST(no_chain),
	},
	{
		.scope = TARN__SCOPE_LIST,
		.section = "block",
		.also_in = {"rpz"},
		.word = "reason",
		.type = &tarn__option_type_list_reason,
		.offset = LIST(reason),
	},
	{
		.scope = TARN__SCOPE_LIST,
		.section = "rpz",
		.word = "primary",
		.otherwise = "none",
		.type = &tarn__option_type_addresses,
		.offset = LIST(primaries),
		.port = TARN__DNS_PORT,
	},
	{
		.scope = TARN__SCOPE_LIST,
		.section = "rpz",
		.word = "key",
		.otherwise = "none",
		.type = &tarn__option_type_path,
		.offset = LIST(key),
	},
	{
		.scope = TARN__SCOPE_LIST,
		.section = "rpz",
		.word = "override",
		.otherwise = "as the zone has it",
		.type = &tarn__option_type_override,
		.offset = LIST(override),
	},
	{
		.name = "check",
		.help = "print the configuration that would run, and exit",
		.action = TARN__CHECK,
	},
	{
		.name = "probe",
		.help = "the same, and ask the servers whether DNSSEC signatures come",
		.action = TARN__PROBE,
	},
	{
		.letter = 'v',
		.name = "verbose",
		.help = "log debug messages",
		.type = &tarn__option_type_count,
		.offset = SETTING(verbosity),
	},
	{
		.name = "version",
		.help = "print the versions of tarn and of its libraries, and exit",
		.action = TARN__VERSION,
	},
	{
		.letter = 'h',
		.name = "help",
		.help = "print this help, and exit",
		.action = TARN__HELP,
	},
};

enum { ROW_COUNT = sizeof(tarn__options) / sizeof(tarn__options[0]) };

_Static_assert((int)ROW_COUNT <= (int)TARN__OPTIONS_MAX, "an origin for each");

const size_t tarn__option_count = ROW_COUNT;

void *tarn__option_field(const struct tarn__option_row *row, void *base)
{
	return (char *)base + row->offset;
}

const struct tarn__option_row *tarn__option_find(const struct tarn__settings *settings,
						 const void *field)
{
	size_t offset = (size_t)((const char *)field - (const char *)settings);
	const struct tarn__option_row *row = tarn__options;
	while (!row->type || row->scope != TARN__SCOPE_GLOBAL || row->offset != offset)
		row++;
	return row;
}

static bool is_same_section(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool tarn__option_is_in(const struct tarn__option_row *row, const char *section)
{
	if (!row->word)
		return false;
	bool is_in = is_same_section(row->section, section);
	for (size_t i = 0; i < sizeof(row->also_in) / sizeof(row->also_in[0]); i++)
		is_in |= row->also_in[i] && is_same_section(row->also_in[i], section);
	return is_in;
}

const struct tarn__option_row *tarn__option_find_word(const char *section, const char *word)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		const struct tarn__option_row *row = &tarn__options[i];
		if (tarn__option_is_in(row, section) && strcmp(row->word, word) == 0)
			return row;
	}
	return NULL;
}

unsigned tarn__option_bit(const struct tarn__option_row *row)
{
	unsigned bit = 0;
	for (const struct tarn__option_row *other = tarn__options; other < row; other++)
		bit += other->scope == row->scope;
	return bit;
}

void tarn__option_set_default(const struct tarn__option_row *row, void *base)
{
	if (row->type && row->type->set_default)
		row->type->set_default(row, tarn__option_field(row, base));
}

void tarn__option_reset_scope(enum tarn__scope scope, void *base)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		const struct tarn__option_row *row = &tarn__options[i];
		if (row->type && row->scope == scope)
			row->type->reset(tarn__option_field(row, base));
	}
}

char *tarn__option_text(const struct tarn__option_row *row, const void *base)
{
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);
	if (!file)
		return NULL;
	row->type->format((const char *)base + row->offset, file);
	if (fclose(file) == 0)
		return text;
	free(text);
	return NULL;
}

bool tarn__option_is_same(const struct tarn__option_row *row, const struct tarn__settings *a,
			  const struct tarn__settings *b)
{
	char *a_text = tarn__option_text(row, a), *b_text = tarn__option_text(row, b);
	bool is_same = a_text && b_text && strcmp(a_text, b_text) == 0;
	free(a_text);
	free(b_text);
	return is_same;
}
