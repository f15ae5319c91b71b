# SPDX-License-Identifier: BSD-2-Clause
# One line per test program; its source is the file of the same name.

unit_tests = \
	tests/unit/test_access \
	tests/unit/test_address \
	tests/unit/test_addresses \
	tests/unit/test_answer \
	tests/unit/test_answer_kept \
	tests/unit/test_attempt \
	tests/unit/test_carrier \
	tests/unit/test_clock \
	tests/unit/test_config \
	tests/unit/test_configuration \
	tests/unit/test_control \
	tests/unit/test_cookie \
	tests/unit/test_dnstap \
	tests/unit/test_edns \
	tests/unit/test_explain \
	tests/unit/test_file \
	tests/unit/test_fallback \
	tests/unit/test_follow \
	tests/unit/test_inspect \
	tests/unit/test_join \
	tests/unit/test_local \
	tests/unit/test_log \
	tests/unit/test_lookup \
	tests/unit/test_loop \
	tests/unit/test_match \
	tests/unit/test_metrics \
	tests/unit/test_name \
	tests/unit/test_nearest \
	tests/unit/test_network \
	tests/unit/test_options \
	tests/unit/test_origins \
	tests/unit/test_pack \
	tests/unit/test_path \
	tests/unit/test_policy \
	tests/unit/test_ports \
	tests/unit/test_privileges \
	tests/unit/test_process \
	tests/unit/test_query \
	tests/unit/test_questions \
	tests/unit/test_random \
	tests/unit/test_rdata \
	tests/unit/test_record \
	tests/unit/test_repeats \
	tests/unit/test_reload \
	tests/unit/test_reply \
	tests/unit/test_resolvconf \
	tests/unit/test_resolver \
	tests/unit/test_rlimits \
	tests/unit/test_reverse \
	tests/unit/test_ring \
	tests/unit/test_rtcache_arena \
	tests/unit/test_rtcache_entry \
	tests/unit/test_rtcache_epoch \
	tests/unit/test_rtcache_failure \
	tests/unit/test_rtcache_get \
	tests/unit/test_rtcache_hash \
	tests/unit/test_rtcache_herd \
	tests/unit/test_rtcache_multi \
	tests/unit/test_rtcache_queue \
	tests/unit/test_rtcache_sketch \
	tests/unit/test_rtcache_stats_walk \
	tests/unit/test_rtcache_store \
	tests/unit/test_rtcache_table \
	tests/unit/test_rtcache_threads \
	tests/unit/test_rtcache_wake \
	tests/unit/test_sandbox \
	tests/unit/test_service \
	tests/unit/test_settings \
	tests/unit/test_shares \
	tests/unit/test_siphash \
	tests/unit/test_socket \
	tests/unit/test_special \
	tests/unit/test_stats \
	tests/unit/test_stream \
	tests/unit/test_tcp \
	tests/unit/test_text \
	tests/unit/test_timer \
	tests/unit/test_totals \
	tests/unit/test_udp \
	tests/unit/test_upstream \
	tests/unit/test_upstreams \
	tests/unit/test_visits \
	tests/unit/test_wire \
	tests/unit/test_worker \
	tests/unit/test_workers \
	tests/unit/test_zones

# Those that need the fake outside of tests/scenario.
tests_unit_test_inspect_SOURCES = tests/unit/test_inspect.c tests/scenario/outside.c
tests_unit_test_inspect_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/scenario
tests_unit_test_lookup_SOURCES = tests/unit/test_lookup.c tests/scenario/outside.c
tests_unit_test_lookup_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/scenario
tests_unit_test_resolver_SOURCES = tests/unit/test_resolver.c tests/scenario/outside.c
tests_unit_test_resolver_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/scenario
tests_unit_test_stats_SOURCES = tests/unit/test_stats.c tests/scenario/outside.c
tests_unit_test_stats_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/scenario

# It reads what the program sends.
tests_unit_test_dnstap_CPPFLAGS = $(AM_CPPFLAGS) $(DNSTAP_CFLAGS) -Iresolver
tests_unit_test_dnstap_LDADD = $(LDADD) $(DNSTAP_LIBS)
# Threads do not start at times.
tests_unit_test_questions_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=pthread_create
# Root is not given up at times, and users have names that none has.
tests_unit_test_privileges_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=setresuid,--wrap=getpwnam
# Others use the moments in which the socket comes to be.
tests_unit_test_control_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=listen,--wrap=fchownat
# Loopback is on every access list: who may not ask is the test's to say.
tests_unit_test_tcp_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=tarn__resolver_serves
# The resolver refuses at times.
tests_unit_test_reload_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=tarn_reconfigure

# Allocations fail at times, or one after the other; numbers run out.
tests_unit_test_resolver_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=calloc,--wrap=tarn__origins_number
tests_unit_test_rtcache_multi_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc

EXTRA_DIST += tests/unit/answer.h tests/unit/cache_world.h tests/unit/churn.h tests/unit/message.h \
	tests/unit/net.h tests/unit/unit.h
if HAVE_CHECK
if !FUZZER
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
endif
endif

# Those in which memory is handed from one floor to the next. Others take a minute each under
# valgrind, and the sanitizers see them: make check-valgrind valgrind_tests=tests/unit/test_name
valgrind_tests = \
	tests/unit/test_answer \
	tests/unit/test_answer_kept \
	tests/unit/test_lookup \
	tests/unit/test_resolver \
	tests/unit/test_rtcache_get \
	tests/unit/test_rtcache_herd \
	tests/unit/test_rtcache_multi \
	tests/unit/test_totals \
	tests/unit/test_udp \
	tests/unit/test_worker \
	$(scenario_tests)

.PHONY: check-unit check-valgrind
check-unit:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(unit_tests) $(scenario_tests)'

check-valgrind:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(valgrind_tests)' LOG_COMPILER='$(VALGRIND)' \
		AM_LOG_FLAGS='-q --leak-check=full --error-exitcode=1' CK_FORK=no
