# SPDX-License-Identifier: BSD-2-Clause
# One line per fuzz target; its source is the file of the same name, its seeds lie in corpus/NAME/.

fuzz_targets = \
	tests/fuzz/fuzz_anchors \
	tests/fuzz/fuzz_answer \
	tests/fuzz/fuzz_check \
	tests/fuzz/fuzz_config \
	tests/fuzz/fuzz_control \
	tests/fuzz/fuzz_cookie \
	tests/fuzz/fuzz_denial \
	tests/fuzz/fuzz_dns64 \
	tests/fuzz/fuzz_filter \
	tests/fuzz/fuzz_h2_client \
	tests/fuzz/fuzz_h2_server \
	tests/fuzz/fuzz_hosts \
	tests/fuzz/fuzz_join \
	tests/fuzz/fuzz_leases \
	tests/fuzz/fuzz_local \
	tests/fuzz/fuzz_name \
	tests/fuzz/fuzz_namelist \
	tests/fuzz/fuzz_namelist_line \
	tests/fuzz/fuzz_options \
	tests/fuzz/fuzz_proxy_header \
	tests/fuzz/fuzz_query \
	tests/fuzz/fuzz_rpz \
	tests/fuzz/fuzz_second_message \
	tests/fuzz/fuzz_second_value \
	tests/fuzz/fuzz_stream \
	tests/fuzz/fuzz_verify \
	tests/fuzz/fuzz_xfr \
	tests/fuzz/fuzz_zonefile

tests_fuzz_fuzz_control_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)

if HAVE_OPENSSL
fuzz_targets += tests/fuzz/fuzz_tls
tests_fuzz_fuzz_tls_SOURCES = tests/fuzz/fuzz_tls.c tests/support/certificates.c
tests_fuzz_fuzz_tls_LDADD = $(LDADD) $(OPENSSL_LIBS)
endif

# Plays need the outside of the scenarios, which uses Check.
if HAVE_CHECK
fuzz_targets += tests/fuzz/fuzz_dump tests/fuzz/fuzz_resolver tests/fuzz/fuzz_validation
tests_fuzz_fuzz_dump_SOURCES = tests/fuzz/fuzz_dump.c tests/fuzz/no_check.c \
	tests/support/outside.c tests/support/outside.h
fuzz_targets += tests/fuzz/fuzz_snapshot
tests_fuzz_fuzz_snapshot_SOURCES = tests/fuzz/fuzz_snapshot.c tests/fuzz/no_check.c \
	tests/support/outside.c tests/support/outside.h
fuzz_resolver_sources = tests/fuzz/fuzz_resolver.c \
	tests/fuzz/play.c tests/fuzz/play.h tests/fuzz/saying.c tests/fuzz/saying.h \
	tests/fuzz/no_check.c tests/support/secure.c \
	tests/support/outside.c tests/support/outside.h
tests_fuzz_fuzz_resolver_SOURCES = $(fuzz_resolver_sources)
fuzz_validation_sources = tests/fuzz/fuzz_validation.c tests/fuzz/signed_world.h \
	tests/fuzz/no_check.c \
	tests/support/outside.c tests/support/outside.h
tests_fuzz_fuzz_validation_SOURCES = $(fuzz_validation_sources)
if !FUZZER
check_PROGRAMS += tests/fuzz/storm_resolver tests/fuzz/storm_validation
TESTS += tests/fuzz/storm_resolver tests/fuzz/storm_validation
tests_fuzz_storm_resolver_SOURCES = tests/fuzz/storm_resolver.c $(fuzz_resolver_sources)
tests_fuzz_storm_validation_SOURCES = tests/fuzz/storm_resolver.c $(fuzz_validation_sources)
endif
endif

check_LTLIBRARIES += tests/fuzz/libreplay.la
tests_fuzz_libreplay_la_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz.h

# With libFuzzer its own main drives a target. Without, replay.c's does: it comes from an archive, so
# programs that have a main of their own do not see it.
if FUZZER
fuzz_engine = $(LIBFUZZER)
else
fuzz_engine = tests/fuzz/libreplay.la
TESTS += $(fuzz_targets)
endif
check_PROGRAMS += $(fuzz_targets)
EXTRA_DIST += tests/fuzz/corpus
