# SPDX-License-Identifier: BSD-2-Clause
# The program: all its code in a convenience library that the tests link too, and a thin main.

noinst_LTLIBRARIES += resolver/daemon/libdaemon.la
resolver_daemon_libdaemon_la_SOURCES = \
	resolver/daemon/bootstrap/bootstrap.c resolver/daemon/bootstrap/bootstrap.h \
	resolver/daemon/bootstrap/designation.c resolver/daemon/bootstrap/designation.h \
	resolver/daemon/bootstrap/discovery.c resolver/daemon/bootstrap/discovery.h \
	resolver/daemon/bootstrap/host.c resolver/daemon/bootstrap/host.h \
	resolver/daemon/bootstrap/inquirer.c resolver/daemon/bootstrap/inquirer.h \
	resolver/daemon/bootstrap/plan.c resolver/daemon/bootstrap/plan.h \
	resolver/daemon/bootstrap/zone_servers.c resolver/daemon/bootstrap/zone_servers.h \
	resolver/daemon/cache_file/cache_file.c resolver/daemon/cache_file/cache_file.h \
	resolver/daemon/cache_file/load_phase.c \
	resolver/daemon/cache_file/phases.c resolver/daemon/cache_file/phases.h \
	resolver/daemon/cache_file/save_phase.c \
	resolver/daemon/cache_file/loading.c resolver/daemon/cache_file/loading.h \
	resolver/daemon/cache_file/place.c resolver/daemon/cache_file/place.h \
	resolver/daemon/cache_file/save_plan.c resolver/daemon/cache_file/save_plan.h \
	resolver/daemon/cache_file/saving.c resolver/daemon/cache_file/saving.h \
	resolver/daemon/cache_file/state.c resolver/daemon/cache_file/state.h \
	resolver/daemon/cache_file/wall.c resolver/daemon/cache_file/wall.h \
	resolver/daemon/cache_file/writer.c resolver/daemon/cache_file/writer.h \
	resolver/daemon/certificates/certificates.c \
	resolver/daemon/certificates/certificates.h \
	resolver/daemon/certificates/pairs.c resolver/daemon/certificates/pairs.h \
	resolver/daemon/certificates/state.c resolver/daemon/certificates/state.h \
	resolver/daemon/config/check.c resolver/daemon/config/check.h \
	resolver/daemon/config/check_validation.c resolver/daemon/config/check_validation.h \
	resolver/daemon/config/command_line.c resolver/daemon/config/command_line.h \
	resolver/daemon/config/completion.c resolver/daemon/config/completion.h \
	resolver/daemon/config/configuration.c resolver/daemon/config/configuration.h \
	resolver/daemon/config/encryption.c resolver/daemon/config/encryption.h \
	resolver/daemon/config/parse.c resolver/daemon/config/parse.h \
	resolver/daemon/config/policy_check.c resolver/daemon/config/policy_check.h \
	resolver/daemon/config/probe.c resolver/daemon/config/probe.h \
	resolver/daemon/config/resolvconf.c resolver/daemon/config/resolvconf.h \
	resolver/daemon/config/second_level.c resolver/daemon/config/second_level.h \
	resolver/daemon/config/secret_file.c resolver/daemon/config/secret_file.h \
	resolver/daemon/config/servers_check.c resolver/daemon/config/servers_check.h \
	resolver/daemon/config/system_servers.c resolver/daemon/config/system_servers.h \
	resolver/daemon/config/text.c resolver/daemon/config/text.h \
	resolver/daemon/config/validation.c resolver/daemon/config/validation.h \
	resolver/daemon/control/cache_file_commands.c \
	resolver/daemon/control/cache_file_commands.h \
	resolver/daemon/control/certificate_json.c \
	resolver/daemon/control/certificate_json.h \
	resolver/daemon/control/commands.c resolver/daemon/control/commands.h \
	resolver/daemon/control/context.h \
	resolver/daemon/control/control.c resolver/daemon/control/control.h \
	resolver/daemon/control/control_file.c resolver/daemon/control/control_file.h \
	resolver/daemon/control/dnssec_commands.c resolver/daemon/control/dnssec_commands.h \
	resolver/daemon/control/dnssec_json.c resolver/daemon/control/dnssec_json.h \
	resolver/daemon/control/flush_commands.c \
	resolver/daemon/control/flush_commands.h \
	resolver/daemon/control/json.c resolver/daemon/control/json.h \
	resolver/daemon/control/name_commands.c resolver/daemon/control/name_commands.h \
	resolver/daemon/control/name_json.c resolver/daemon/control/name_json.h \
	resolver/daemon/control/second_json.c resolver/daemon/control/second_json.h \
	resolver/daemon/control/task.c resolver/daemon/control/task.h \
	resolver/daemon/control/verbs.c resolver/daemon/control/verbs.h \
	resolver/daemon/daemon.c resolver/daemon/daemon.h \
	resolver/daemon/log/diagnostics.c resolver/daemon/log/diagnostics.h \
	resolver/daemon/log/log.c resolver/daemon/log/log.h \
	resolver/daemon/log/log_dedup.c resolver/daemon/log/log_dedup.h \
	resolver/daemon/names/discovery.c resolver/daemon/names/discovery.h \
	resolver/daemon/names/figures.c resolver/daemon/names/figures.h \
	resolver/daemon/names/insecure.c resolver/daemon/names/insecure.h \
	resolver/daemon/names/lease_file.c resolver/daemon/names/lease_file.h \
	resolver/daemon/names/leases_networkd.c resolver/daemon/names/leases_networkd.h \
	resolver/daemon/names/list_compile.c resolver/daemon/names/list_compile.h \
	resolver/daemon/names/list_file.c resolver/daemon/names/list_file.h \
	resolver/daemon/names/list_plan.c resolver/daemon/names/list_plan.h \
	resolver/daemon/names/list_slots.c resolver/daemon/names/list_slots.h \
	resolver/daemon/names/lists.c resolver/daemon/names/lists.h \
	resolver/daemon/names/local_files.c resolver/daemon/names/local_files.h \
	resolver/daemon/names/naming.c resolver/daemon/names/naming.h \
	resolver/daemon/names/text_faults.c resolver/daemon/names/text_faults.h \
	resolver/daemon/names/text_file.c resolver/daemon/names/text_file.h \
	resolver/daemon/reload.c resolver/daemon/reload.h \
	resolver/daemon/serve.c resolver/daemon/serve.h \
	resolver/daemon/settings/addresses.c resolver/daemon/settings/addresses.h \
	resolver/daemon/settings/nearest.c resolver/daemon/settings/nearest.h \
	resolver/daemon/settings/option_types.c resolver/daemon/settings/option_types.h \
	resolver/daemon/settings/options.c resolver/daemon/settings/options.h \
	resolver/daemon/settings/path.c resolver/daemon/settings/path.h \
	resolver/daemon/settings/sections.c resolver/daemon/settings/sections.h \
	resolver/daemon/settings/servers.c resolver/daemon/settings/servers.h \
	resolver/daemon/settings/settings.c resolver/daemon/settings/settings.h \
	resolver/daemon/settings/type_address.c \
	resolver/daemon/settings/type_dns.c \
	resolver/daemon/settings/type_hours.c \
	resolver/daemon/settings/type_list.c \
	resolver/daemon/settings/type_number.c \
	resolver/daemon/settings/type_path.c \
	resolver/daemon/settings/type_server.c \
	resolver/daemon/settings/type_source.c \
	resolver/daemon/settings/type_text.c \
	resolver/daemon/settings/type_word.c \
	resolver/daemon/system/confine.c resolver/daemon/system/confine.h \
	resolver/daemon/system/file.c resolver/daemon/system/file.h \
	resolver/daemon/system/file_watch.c resolver/daemon/system/file_watch.h \
	resolver/daemon/system/landlock.c resolver/daemon/system/landlock.h \
	resolver/daemon/system/memory.c resolver/daemon/system/memory.h \
	resolver/daemon/system/netlink.c resolver/daemon/system/netlink.h \
	resolver/daemon/system/path_watch.c resolver/daemon/system/path_watch.h \
	resolver/daemon/system/privileges.c resolver/daemon/system/privileges.h \
	resolver/daemon/system/process.c resolver/daemon/system/process.h \
	resolver/daemon/system/rlimits.c resolver/daemon/system/rlimits.h \
	resolver/daemon/system/sandbox.c resolver/daemon/system/sandbox.h \
	resolver/daemon/system/seccomp.c resolver/daemon/system/seccomp.h \
	resolver/daemon/system/systemd.c resolver/daemon/system/systemd.h \
	resolver/daemon/telemetry/cache_file_metrics.c \
	resolver/daemon/telemetry/cache_file_metrics.h \
	resolver/daemon/telemetry/dnstap.c resolver/daemon/telemetry/dnstap.h \
	resolver/daemon/telemetry/metrics.c resolver/daemon/telemetry/metrics.h \
	resolver/daemon/telemetry/metrics_http.c resolver/daemon/telemetry/metrics_http.h \
	resolver/daemon/telemetry/observers.c resolver/daemon/telemetry/observers.h \
	resolver/daemon/telemetry/query_log.c resolver/daemon/telemetry/query_log.h \
	resolver/daemon/telemetry/second_metrics.c \
	resolver/daemon/telemetry/second_metrics.h \
	resolver/daemon/telemetry/visits.c resolver/daemon/telemetry/visits.h \
	resolver/daemon/threads/listeners.c resolver/daemon/threads/listeners.h \
	resolver/daemon/threads/own_worker.c resolver/daemon/threads/own_worker.h \
	resolver/daemon/threads/ring.c resolver/daemon/threads/ring.h \
	resolver/daemon/threads/workers.c resolver/daemon/threads/workers.h \
	resolver/daemon/transfer/changes.c resolver/daemon/transfer/changes.h \
	resolver/daemon/transfer/secondary.c resolver/daemon/transfer/secondary.h \
	resolver/daemon/transfer/session.c resolver/daemon/transfer/session.h \
	resolver/daemon/transfer/state.c resolver/daemon/transfer/state.h \
	resolver/daemon/transfer/timing.c resolver/daemon/transfer/timing.h \
	resolver/daemon/transfer/transfers.c resolver/daemon/transfer/transfers.h \
	resolver/daemon/transfer/update.c resolver/daemon/transfer/update.h \
	resolver/daemon/transfer/zone_file.c resolver/daemon/transfer/zone_file.h
resolver_daemon_libdaemon_la_CPPFLAGS = $(AM_CPPFLAGS) -DTARN_CONFIG_FILE='"$(sysconfdir)/tarn/tarn.conf"' \
	-DTARN_CONTROL_SOCKET='"$(runstatedir)/tarn/control"' \
	-DTARN_STATE_DIRECTORY='"$(localstatedir)/lib/tarn"' \
	$(CONFUSE_CFLAGS) $(JANSSON_CFLAGS) \
	$(SECCOMP_CFLAGS) $(LIBCAP_CFLAGS) $(MICROHTTPD_CFLAGS) $(DNSTAP_CFLAGS)
resolver_daemon_libdaemon_la_LIBADD = $(CONFUSE_LIBS) $(JANSSON_LIBS) $(SECCOMP_LIBS) \
	$(LIBCAP_LIBS) $(DNSTAP_LIBS)

EXTRA_DIST += resolver/daemon/telemetry/dnstap.proto
if HAVE_DNSTAP
nodist_resolver_daemon_libdaemon_la_SOURCES = resolver/daemon/telemetry/dnstap.pb-c.c
resolver_daemon_libdaemon_la_CPPFLAGS += -Iresolver
# In a variable: of a target that it knows automake would take this for the whole rule.
dnstap_object = resolver/daemon/telemetry/libdaemon_la-dnstap.lo
$(dnstap_object): resolver/daemon/telemetry/dnstap.pb-c.c
CLEANFILES += resolver/daemon/telemetry/dnstap.pb-c.c resolver/daemon/telemetry/dnstap.pb-c.h
endif
resolver/daemon/telemetry/dnstap.pb-c.c: resolver/daemon/telemetry/dnstap.proto
	$(AM_V_GEN)$(MKDIR_P) resolver/daemon/telemetry && \
		$(PROTOC_C) --c_out=resolver/daemon/telemetry -I$(srcdir)/resolver/daemon/telemetry \
		$(srcdir)/resolver/daemon/telemetry/dnstap.proto

sbin_PROGRAMS += resolver/daemon/tarn
resolver_daemon_tarn_SOURCES = resolver/daemon/main.c
resolver_daemon_tarn_LDADD = resolver/daemon/libdaemon.la resolver/libresolver.la \
	cache/libcache.la $(CARES_LIBS) $(EV_LIBS)
resolver_daemon_tarn_LDFLAGS = $(AM_LDFLAGS) $(PIE_LDFLAGS)
