# SPDX-License-Identifier: BSD-2-Clause
# The program tarnctl: a client of the control socket; of the daemon it has the table of verbs.

sbin_PROGRAMS += resolver/tarnctl/tarnctl
resolver_tarnctl_tarnctl_SOURCES = \
	resolver/daemon/control/verbs.c resolver/daemon/control/verbs.h \
	resolver/tarnctl/print.c resolver/tarnctl/print.h \
	resolver/tarnctl/tarnctl.c
resolver_tarnctl_tarnctl_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) \
	-DTARN_CONTROL_SOCKET='"$(runstatedir)/tarn/control"'
resolver_tarnctl_tarnctl_LDADD = resolver/libresolver.la $(JANSSON_LIBS)
resolver_tarnctl_tarnctl_LDFLAGS = $(AM_LDFLAGS) $(PIE_LDFLAGS)
