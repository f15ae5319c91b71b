# SPDX-License-Identifier: BSD-2-Clause
# The man pages and the documents that are shipped, and those that are installed.

dist_man_MANS += docs/man/tarn.8 docs/man/tarnctl.8 docs/man/tarn-list.1 docs/man/tarn.conf.5 docs/man/rtcache.3
dist_doc_DATA = README.md NEWS docs/resolv.conf.md
EXTRA_DIST += docs/hacking.md docs/rfc.md docs/dnssec.md docs/encrypted.md docs/policy.md docs/fleet.md docs/differences.md docs/performance.md \
	docs/performance.svg docs/upstreams.md docs/decisions

examplesdir = $(docdir)/examples
dist_examples_DATA = docs/grafana.json docs/examples/rtcache_files.c docs/examples/rtcache_saving.c \
	docs/examples/rtcache_second.c docs/examples/tarn.conf \
	docs/examples/home.conf docs/examples/kubernetes.yaml docs/examples/safesearch.rpz \
	docs/examples/tarn.socket \
	docs/examples/tarn-lists.service docs/examples/tarn-lists.timer
dist_examples_SCRIPTS = docs/examples/tarn-convert docs/examples/tarn-lists

# The administrator's own, where it is there.
config_file = $(DESTDIR)$(sysconfdir)/tarn/tarn.conf
install-data-local:
	$(MKDIR_P) '$(DESTDIR)$(sysconfdir)/tarn'
	test -e '$(config_file)' || \
		$(INSTALL_DATA) $(srcdir)/docs/examples/tarn.conf '$(config_file)'
uninstall-local:
	! cmp -s $(srcdir)/docs/examples/tarn.conf '$(config_file)' || rm -f '$(config_file)'
	rmdir '$(DESTDIR)$(sysconfdir)/tarn' 2>/dev/null || true

bashcompletiondir = $(datadir)/bash-completion/completions
dist_bashcompletion_DATA = docs/completion/tarnctl

# What systemd needs to run it; ./configure says where that goes.
systemdsystemunit_DATA = docs/tarn.service
dist_sysusers_DATA = docs/sysusers.d/tarn.conf
EXTRA_DIST += docs/examples/tarn.service
CLEANFILES += docs/tarn.service

docs/tarn.service: docs/examples/tarn.service Makefile
	$(AM_V_GEN)$(MKDIR_P) docs && \
		$(SED) 's|/usr/sbin/|$(sbindir)/|' $(srcdir)/docs/examples/tarn.service >$@

EXTRA_DIST += docs/examples/alpine/APKBUILD docs/examples/alpine/tarn.initd \
	docs/examples/alpine/tarn.pre-install docs/examples/openwrt/Makefile \
	docs/examples/openwrt/tarn.init

# The examples are built and run, so that they stay true.
check_PROGRAMS += docs/examples/rtcache_files docs/examples/rtcache_saving \
	docs/examples/rtcache_second
docs_examples_rtcache_files_LDADD = cache/libcache.la
docs_examples_rtcache_saving_LDADD = cache/libcache.la
docs_examples_rtcache_second_LDADD = cache/libcache.la
TESTS += docs/examples/rtcache_files.sh docs/examples/rtcache_saving.sh \
	docs/examples/rtcache_second.sh
EXTRA_DIST += docs/examples/rtcache_files.sh docs/examples/rtcache_saving.sh \
	docs/examples/rtcache_second.sh
