# SPDX-License-Identifier: BSD-2-Clause
# The program: all its code in a convenience library that the tests link too, and a thin main.

noinst_LTLIBRARIES += resolver/daemon/libdaemon.la
resolver_daemon_libdaemon_la_SOURCES = \
	resolver/daemon/addresses.c resolver/daemon/addresses.h \
	resolver/daemon/commands.c resolver/daemon/commands.h \
	resolver/daemon/config_parse.c resolver/daemon/config_parse.h \
	resolver/daemon/config_text.c resolver/daemon/config_text.h \
	resolver/daemon/configuration.c resolver/daemon/configuration.h \
	resolver/daemon/confine.c resolver/daemon/confine.h \
	resolver/daemon/control.c resolver/daemon/control.h \
	resolver/daemon/control_file.c resolver/daemon/control_file.h \
	resolver/daemon/daemon.c resolver/daemon/daemon.h \
	resolver/daemon/dnstap.c resolver/daemon/dnstap.h \
	resolver/daemon/describe.c resolver/daemon/describe.h \
	resolver/daemon/explain.c resolver/daemon/explain.h \
	resolver/daemon/faults.c resolver/daemon/faults.h \
	resolver/daemon/file.c resolver/daemon/file.h \
	resolver/daemon/follow.c resolver/daemon/follow.h \
	resolver/daemon/landlock.c resolver/daemon/landlock.h \
	resolver/daemon/listeners.c resolver/daemon/listeners.h \
	resolver/daemon/log.c resolver/daemon/log.h \
	resolver/daemon/memory.c resolver/daemon/memory.h \
	resolver/daemon/metrics.c resolver/daemon/metrics.h \
	resolver/daemon/metrics_http.c resolver/daemon/metrics_http.h \
	resolver/daemon/nearest.c resolver/daemon/nearest.h \
	resolver/daemon/network.c resolver/daemon/network.h \
	resolver/daemon/options.c resolver/daemon/options.h \
	resolver/daemon/path.c resolver/daemon/path.h \
	resolver/daemon/privileges.c resolver/daemon/privileges.h \
	resolver/daemon/process.c resolver/daemon/process.h \
	resolver/daemon/reload.c resolver/daemon/reload.h \
	resolver/daemon/questions.c resolver/daemon/questions.h \
	resolver/daemon/repeats.c resolver/daemon/repeats.h \
	resolver/daemon/requests.c resolver/daemon/requests.h \
	resolver/daemon/resolvconf.c resolver/daemon/resolvconf.h \
	resolver/daemon/rlimits.c resolver/daemon/rlimits.h \
	resolver/daemon/sandbox.c resolver/daemon/sandbox.h \
	resolver/daemon/serve.c resolver/daemon/serve.h \
	resolver/daemon/service.c resolver/daemon/service.h \
	resolver/daemon/ring.c resolver/daemon/ring.h \
	resolver/daemon/settings.c resolver/daemon/settings.h \
	resolver/daemon/subject.h \
	resolver/daemon/syscalls.c resolver/daemon/syscalls.h \
	resolver/daemon/taps.c resolver/daemon/taps.h \
	resolver/daemon/upstreams.c resolver/daemon/upstreams.h \
	resolver/daemon/values.c resolver/daemon/values.h \
	resolver/daemon/visits.c resolver/daemon/visits.h \
	resolver/daemon/workers.c resolver/daemon/workers.h
resolver_daemon_libdaemon_la_CPPFLAGS = $(AM_CPPFLAGS) -DTARN_CONFIG_FILE='"$(sysconfdir)/tarn/tarn.conf"' \
	-DTARN_CONTROL_SOCKET='"$(runstatedir)/tarn/control"' \
	$(CONFUSE_CFLAGS) $(JANSSON_CFLAGS) \
	$(SECCOMP_CFLAGS) $(LIBCAP_CFLAGS) $(MICROHTTPD_CFLAGS) $(DNSTAP_CFLAGS)
resolver_daemon_libdaemon_la_LIBADD = $(CONFUSE_LIBS) $(JANSSON_LIBS) $(SECCOMP_LIBS) \
	$(LIBCAP_LIBS) $(DNSTAP_LIBS)

EXTRA_DIST += resolver/daemon/dnstap.proto
if HAVE_DNSTAP
nodist_resolver_daemon_libdaemon_la_SOURCES = resolver/daemon/dnstap.pb-c.c
resolver_daemon_libdaemon_la_CPPFLAGS += -Iresolver
# In a variable: of a target that it knows automake would take this for the whole rule.
dnstap_object = resolver/daemon/libdaemon_la-dnstap.lo
$(dnstap_object): resolver/daemon/dnstap.pb-c.c
CLEANFILES += resolver/daemon/dnstap.pb-c.c resolver/daemon/dnstap.pb-c.h
endif
resolver/daemon/dnstap.pb-c.c: resolver/daemon/dnstap.proto
	$(AM_V_GEN)$(MKDIR_P) resolver/daemon && $(PROTOC_C) --c_out=resolver/daemon \
		-I$(srcdir)/resolver/daemon $(srcdir)/resolver/daemon/dnstap.proto

sbin_PROGRAMS += resolver/daemon/tarn
resolver_daemon_tarn_SOURCES = resolver/daemon/main.c
resolver_daemon_tarn_LDADD = resolver/daemon/libdaemon.la resolver/libresolver.la \
	cache/libcache.la $(CARES_LIBS) $(EV_LIBS)
resolver_daemon_tarn_LDFLAGS = $(AM_LDFLAGS) $(PIE_LDFLAGS)

sbin_PROGRAMS += resolver/daemon/tarnctl
resolver_daemon_tarnctl_SOURCES = resolver/daemon/tarnctl.c \
	resolver/daemon/commands.c resolver/daemon/commands.h \
	resolver/daemon/show.c resolver/daemon/show.h
resolver_daemon_tarnctl_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) \
	-DTARN_CONTROL_SOCKET='"$(runstatedir)/tarn/control"'
resolver_daemon_tarnctl_LDADD = resolver/libresolver.la $(JANSSON_LIBS)
resolver_daemon_tarnctl_LDFLAGS = $(AM_LDFLAGS) $(PIE_LDFLAGS)
