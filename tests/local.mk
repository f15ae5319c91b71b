# SPDX-License-Identifier: BSD-2-Clause
# How every test runs: as a TAP producer under automake's driver. README.md here describes the kinds.

TEST_EXTENSIONS = .sh
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_COMPILER = $(SHELL)

# A loaded machine must not fail a test: Check's time limit of 4 s is for hangs only.
AM_TESTS_ENVIRONMENT = \
	CK_TIMEOUT_MULTIPLIER=$${CK_TIMEOUT_MULTIPLIER-10}; export CK_TIMEOUT_MULTIPLIER; \
	srcdir='$(srcdir)'; export srcdir; \
	CC='$(CC)'; export CC; \
	CXX='$(CXX)'; export CXX; \
	NM='$(NM)'; export NM; \
	HARDENING='$(HARDENING)'; export HARDENING; \
	READELF='$(READELF)'; export READELF; \
	HEADER_FLAGS='$(DEFS) $(DEFAULT_INCLUDES) $(AM_CPPFLAGS) $(CPPFLAGS)'; export HEADER_FLAGS;

# What a test program links: the convenience libraries, in which it sees hidden names too.
LDADD = $(fuzz_engine) resolver/daemon/libdaemon.la resolver/libresolver.la cache/libcache.la \
	$(CARES_LIBS) $(EV_LIBS) $(CHECK_LIBS)

# tests/support is what test programs share; they include it as "support/message.h".
AM_CPPFLAGS += -I$(top_srcdir)/tests
EXTRA_DIST += tests/README.md tests/support/answer.h tests/support/cache_world.h \
	tests/support/certificates.h tests/support/churn.h \
	tests/support/fake_store.h \
	tests/support/folder.h tests/support/http2_peer.h tests/support/log.h tests/support/memory_pipe.h tests/support/message.h tests/support/namelist.h \
	tests/support/net.h tests/support/nsec3.h tests/support/outside.h tests/support/policy.h \
	tests/support/proofs.h \
	tests/support/secure_fake.h \
	tests/support/signatures.h \
	tests/support/signed.h \
	tests/support/snapshot_world.h \
	tests/support/tls_client.h \
	tests/support/tls_world.h \
	tests/support/tsig.h \
	tests/support/unit.h
