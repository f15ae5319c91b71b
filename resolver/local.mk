# SPDX-License-Identifier: BSD-2-Clause
# libtarn: base, dns, core and net in one convenience library, and the installed one made of it.

include_HEADERS += resolver/tarn.h

noinst_LTLIBRARIES += resolver/libresolver.la
resolver_libresolver_la_SOURCES = resolver/tarn.h $(base_sources) $(dns_sources) $(crypto_sources) \
	$(tls_sources) $(http2_sources) $(dnssec_sources) $(core_sources) $(net_sources)

lib_LTLIBRARIES += resolver/libtarn.la
resolver_libtarn_la_SOURCES =
resolver_libtarn_la_LIBADD = resolver/libresolver.la cache/librtcache.la $(CARES_LIBS) $(EV_LIBS)
resolver_libtarn_la_LDFLAGS = $(AM_LDFLAGS) -no-undefined \
	-version-info $(TARN_VERSION_INFO) -export-symbols-regex '^tarn_[a-z]'

pkgconfig_DATA += resolver/libtarn.pc
