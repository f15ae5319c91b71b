# SPDX-License-Identifier: BSD-2-Clause
# The man pages and the documents that are shipped, and those that are installed.

dist_man_MANS += docs/man/tarn.8 docs/man/rtcache.3
dist_doc_DATA = README.md NEWS docs/resolv.conf.md
EXTRA_DIST += docs/hacking.md docs/rfc.md docs/differences.md docs/performance.md \
	docs/performance.svg docs/upstreams.md docs/decisions

examplesdir = $(docdir)/examples
dist_examples_DATA = docs/examples/rtcache_files.c

# The examples are built and run, so that they stay true.
check_PROGRAMS += docs/examples/rtcache_files
docs_examples_rtcache_files_LDADD = cache/libcache.la
TESTS += docs/examples/rtcache_files.sh
EXTRA_DIST += docs/examples/rtcache_files.sh
