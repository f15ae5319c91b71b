# SPDX-License-Identifier: BSD-2-Clause
# One line per test program; its source is the file of the same name.

unit_tests = \
	tests/unit/base/test_address \
	tests/unit/base/test_base16 \
	tests/unit/base/test_base32 \
	tests/unit/base/test_base64 \
	tests/unit/base/test_library \
	tests/unit/base/test_ports \
	tests/unit/base/test_siphash \
	tests/unit/base/test_timer \
	tests/unit/base/test_traits \
	tests/unit/base/test_upstream \
	tests/unit/cache/test_rtcache_arena \
	tests/unit/cache/test_rtcache_entry \
	tests/unit/cache/test_rtcache_epoch \
	tests/unit/cache/test_rtcache_failure \
	tests/unit/cache/test_rtcache_get \
	tests/unit/cache/test_rtcache_hash \
	tests/unit/cache/test_rtcache_herd \
	tests/unit/cache/test_rtcache_inbox \
	tests/unit/cache/test_rtcache_limbo \
	tests/unit/cache/test_rtcache_load \
	tests/unit/cache/test_rtcache_multi \
	tests/unit/cache/test_rtcache_pending \
	tests/unit/cache/test_rtcache_queue \
	tests/unit/cache/test_rtcache_refresh \
	tests/unit/cache/test_rtcache_round_trip \
	tests/unit/cache/test_rtcache_s3fifo \
	tests/unit/cache/test_rtcache_sketch \
	tests/unit/cache/test_rtcache_stats_walk \
	tests/unit/cache/test_rtcache_store \
	tests/unit/cache/test_rtcache_table \
	tests/unit/cache/test_rtcache_threads \
	tests/unit/cache/test_rtcache_wake \
	tests/unit/core/test_access \
	tests/unit/core/test_address_rules \
	tests/unit/core/test_answer_stages \
	tests/unit/core/test_attempt \
	tests/unit/core/test_breaker \
	tests/unit/core/test_config \
	tests/unit/core/test_detour \
	tests/unit/core/test_endpoint \
	tests/unit/core/test_fallback \
	tests/unit/core/test_findings \
	tests/unit/core/test_fleet \
	tests/unit/core/test_forget \
	tests/unit/core/test_forward_loop \
	tests/unit/core/test_groups \
	tests/unit/core/test_inspect \
	tests/unit/core/test_lease_table \
	tests/unit/core/test_local_data \
	tests/unit/core/test_local_model \
	tests/unit/core/test_lists \
	tests/unit/core/test_lookup \
	tests/unit/core/test_name_list \
	tests/unit/core/test_network_list \
	tests/unit/core/test_observe \
	tests/unit/core/test_overrides \
	tests/unit/core/test_policy \
	tests/unit/core/test_policy_data \
	tests/unit/core/test_reasons \
	tests/unit/core/test_resolver \
	tests/unit/core/test_resolver_detours \
	tests/unit/core/test_reverse \
	tests/unit/core/test_rules \
	tests/unit/core/test_second \
	tests/unit/core/test_second_value \
	tests/unit/core/test_second_message \
	tests/unit/core/test_select \
	tests/unit/core/test_saved_answer \
	tests/unit/core/test_shares \
	tests/unit/core/test_snapshot \
	tests/unit/core/test_snapshot_damage \
	tests/unit/core/test_snapshot_epoch \
	tests/unit/core/test_snapshot_zones \
	tests/unit/core/test_answer_source \
	tests/unit/core/test_special \
	tests/unit/core/test_stats \
	tests/unit/core/test_server \
	tests/unit/core/test_trust_chain \
	tests/unit/core/test_zone_index \
	tests/unit/crypto/test_digest \
	tests/unit/crypto/test_hmac \
	tests/unit/crypto/test_openssl \
	tests/unit/crypto/test_signature \
	tests/unit/daemon/test_addresses \
	tests/unit/daemon/test_bootstrap \
	tests/unit/daemon/test_cache_file \
	tests/unit/daemon/test_cache_file_place \
	tests/unit/daemon/test_cache_file_plan \
	tests/unit/daemon/test_certificates \
	tests/unit/daemon/test_check \
	tests/unit/daemon/test_completion \
	tests/unit/daemon/test_configuration \
	tests/unit/daemon/test_control \
	tests/unit/daemon/test_discovery \
	tests/unit/daemon/test_designation \
	tests/unit/daemon/test_dnstap \
	tests/unit/daemon/test_documents \
	tests/unit/daemon/test_encryption \
	tests/unit/daemon/test_file \
	tests/unit/daemon/test_file_watch \
	tests/unit/daemon/test_host \
	tests/unit/daemon/test_insecure \
	tests/unit/daemon/test_lists \
	tests/unit/daemon/test_local_files \
	tests/unit/daemon/test_log \
	tests/unit/daemon/test_log_dedup \
	tests/unit/daemon/test_metrics \
	tests/unit/daemon/test_naming \
	tests/unit/daemon/test_nearest \
	tests/unit/daemon/test_netlink \
	tests/unit/daemon/test_options \
	tests/unit/daemon/test_path \
	tests/unit/daemon/test_policy_sections \
	tests/unit/daemon/test_path_watch \
	tests/unit/daemon/test_privileges \
	tests/unit/daemon/test_probe \
	tests/unit/daemon/test_process \
	tests/unit/daemon/test_query_log \
	tests/unit/daemon/test_reload \
	tests/unit/daemon/test_resolvconf \
	tests/unit/daemon/test_ring \
	tests/unit/daemon/test_rlimits \
	tests/unit/daemon/test_sandbox \
	tests/unit/daemon/test_second_json \
	tests/unit/daemon/test_second_level \
	tests/unit/daemon/test_servers_check \
	tests/unit/daemon/test_settings \
	tests/unit/daemon/test_systemd \
	tests/unit/daemon/test_timing \
	tests/unit/daemon/test_validation \
	tests/unit/daemon/test_visits \
	tests/unit/daemon/test_workers \
	tests/unit/daemon/test_zone_servers \
	tests/unit/daemon/test_zone_update \
	tests/unit/dns/test_answer \
	tests/unit/dns/test_answer_kept \
	tests/unit/dns/test_cookie \
	tests/unit/dns/test_dns64 \
	tests/unit/dns/test_edit \
	tests/unit/dns/test_edns \
	tests/unit/dns/test_hosts \
	tests/unit/dns/test_filter \
	tests/unit/dns/test_join \
	tests/unit/dns/test_leases \
	tests/unit/dns/test_local \
	tests/unit/dns/test_match \
	tests/unit/dns/test_name \
	tests/unit/dns/test_namelist \
	tests/unit/dns/test_namelist_compile \
	tests/unit/dns/test_namelist_line \
	tests/unit/dns/test_notify \
	tests/unit/dns/test_pack \
	tests/unit/dns/test_query \
	tests/unit/dns/test_rdata \
	tests/unit/dns/test_rdata_parse \
	tests/unit/dns/test_rdata_text \
	tests/unit/dns/test_record \
	tests/unit/dns/test_reply \
	tests/unit/dns/test_response \
	tests/unit/dns/test_rpz \
	tests/unit/dns/test_stored \
	tests/unit/dns/test_text \
	tests/unit/dns/test_tsig \
	tests/unit/dns/test_tsig_key \
	tests/unit/dns/test_ttl \
	tests/unit/dns/test_type \
	tests/unit/dns/test_type_bitmap \
	tests/unit/dns/test_wire \
	tests/unit/dns/test_xfr \
	tests/unit/dns/test_zonefile \
	tests/unit/dnssec/test_anchors \
	tests/unit/dnssec/test_canonical \
	tests/unit/dnssec/test_check \
	tests/unit/dnssec/test_denial_model \
	tests/unit/dnssec/test_denial_proof \
	tests/unit/dnssec/test_dnskey \
	tests/unit/dnssec/test_limits \
	tests/unit/dnssec/test_nsec \
	tests/unit/dnssec/test_nsec3 \
	tests/unit/dnssec/test_nsec3_records \
	tests/unit/dnssec/test_nsec_records \
	tests/unit/dnssec/test_rrsig \
	tests/unit/dnssec/test_security \
	tests/unit/dnssec/test_trust \
	tests/unit/dnssec/test_verify \
	tests/unit/dnssec/test_zone_keys \
	tests/unit/http2/test_h2_client \
	tests/unit/http2/test_h2_server \
	tests/unit/net/test_carrier \
	tests/unit/net/test_clock \
	tests/unit/net/test_handshake_rate \
	tests/unit/net/test_fault_log \
	tests/unit/net/test_mailbox \
	tests/unit/net/test_proxy_header \
	tests/unit/net/test_random \
	tests/unit/net/test_second_connection \
	tests/unit/net/test_second_link \
	tests/unit/net/test_second_replies \
	tests/unit/net/test_second_sentinel \
	tests/unit/net/test_second_session \
	tests/unit/net/test_second_worker \
	tests/unit/net/test_secure_server \
	tests/unit/net/test_socket \
	tests/unit/net/test_stats_collector \
	tests/unit/net/test_stream \
	tests/unit/net/test_tcp \
	tests/unit/net/test_transactions \
	tests/unit/net/test_udp \
	tests/unit/net/test_worker \
	tests/unit/tls/test_loading

# Those that make certificates, and peers that do what tarn does not.
if HAVE_OPENSSL
tls_tests = \
	tests/unit/net/test_secure_carrier \
	tests/unit/tls/test_ca_files \
	tests/unit/tls/test_identity \
	tests/unit/tls/test_pairs \
	tests/unit/tls/test_sessions \
	tests/unit/tls/test_tls
unit_tests += $(tls_tests)
tls_test_sources = tests/support/certificates.c
tls_test_libs = $(LDADD) $(OPENSSL_LIBS)
tests_unit_net_test_secure_carrier_SOURCES = tests/unit/net/test_secure_carrier.c $(tls_test_sources)
tests_unit_net_test_secure_carrier_LDADD = $(tls_test_libs)
# Time passes as the test says.
tests_unit_net_test_secure_carrier_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=tarn__clock_ms
tests_unit_tls_test_ca_files_SOURCES = tests/unit/tls/test_ca_files.c $(tls_test_sources)
tests_unit_tls_test_ca_files_LDADD = $(tls_test_libs)
tests_unit_tls_test_identity_SOURCES = tests/unit/tls/test_identity.c $(tls_test_sources)
tests_unit_tls_test_identity_LDADD = $(tls_test_libs)
tests_unit_tls_test_pairs_SOURCES = tests/unit/tls/test_pairs.c $(tls_test_sources)
tests_unit_tls_test_pairs_LDADD = $(tls_test_libs)
tests_unit_tls_test_sessions_SOURCES = tests/unit/tls/test_sessions.c $(tls_test_sources)
tests_unit_tls_test_sessions_LDADD = $(tls_test_libs)
tests_unit_tls_test_tls_SOURCES = tests/unit/tls/test_tls.c $(tls_test_sources)
tests_unit_tls_test_tls_LDADD = $(tls_test_libs)
unit_tests += tests/unit/net/test_tls_listener
tests_unit_net_test_tls_listener_SOURCES = tests/unit/net/test_tls_listener.c $(tls_test_sources)
tests_unit_net_test_tls_listener_LDADD = $(tls_test_libs)
if HAVE_NGHTTP2
unit_tests += tests/unit/net/test_https_listener
tests_unit_net_test_https_listener_SOURCES = tests/unit/net/test_https_listener.c \
	$(tls_test_sources)
tests_unit_net_test_https_listener_LDADD = $(tls_test_libs)
endif
endif

# Those that need local names and lists of a script.
policy_sources = tests/scenario/policy.c tests/scenario/policy.h

# Those that need the fake outside.
tests_unit_core_test_inspect_SOURCES = tests/unit/core/test_inspect.c tests/support/outside.c
tests_unit_core_test_fleet_SOURCES = tests/unit/core/test_fleet.c tests/support/outside.c \
	tests/support/store.c
tests_unit_core_test_answer_stages_SOURCES = tests/unit/core/test_answer_stages.c $(policy_sources)
tests_unit_core_test_lists_SOURCES = tests/unit/core/test_lists.c $(policy_sources)
tests_unit_core_test_lookup_SOURCES = tests/unit/core/test_lookup.c tests/support/outside.c
tests_unit_core_test_observe_SOURCES = tests/unit/core/test_observe.c tests/support/outside.c
tests_unit_core_test_config_SOURCES = tests/unit/core/test_config.c tests/support/secure.c
tests_unit_core_test_attempt_SOURCES = tests/unit/core/test_attempt.c tests/support/secure.c
tests_unit_core_test_resolver_SOURCES = tests/unit/core/test_resolver.c tests/support/outside.c \
	tests/support/secure.c
tests_unit_core_test_resolver_detours_SOURCES = tests/unit/core/test_resolver_detours.c \
	tests/support/outside.c $(policy_sources)
tests_unit_core_test_second_SOURCES = tests/unit/core/test_second.c tests/support/outside.c \
	tests/support/store.c
tests_unit_core_test_snapshot_SOURCES = tests/unit/core/test_snapshot.c tests/support/outside.c
tests_unit_core_test_snapshot_damage_SOURCES = tests/unit/core/test_snapshot_damage.c \
	tests/support/outside.c
tests_unit_core_test_snapshot_epoch_SOURCES = tests/unit/core/test_snapshot_epoch.c \
	tests/support/outside.c tests/support/store.c
tests_unit_core_test_snapshot_zones_SOURCES = tests/unit/core/test_snapshot_zones.c \
	tests/support/outside.c
tests_unit_core_test_stats_SOURCES = tests/unit/core/test_stats.c tests/support/outside.c
tests_unit_core_test_trust_chain_SOURCES = tests/unit/core/test_trust_chain.c tests/support/outside.c

# It reads JSON.
tests_unit_daemon_test_second_json_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_daemon_test_second_json_LDADD = $(LDADD) $(JANSSON_LIBS)
# It reads what the program sends.
tests_unit_daemon_test_dnstap_CPPFLAGS = $(AM_CPPFLAGS) $(DNSTAP_CFLAGS) -Iresolver
tests_unit_daemon_test_dnstap_LDADD = $(LDADD) $(DNSTAP_LIBS)
# Threads do not start at times.
tests_unit_daemon_test_query_log_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=pthread_create
# Root is not given up at times, and users have names that none has.
tests_unit_daemon_test_privileges_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=setresuid,--wrap=getpwnam
# Others use the moments in which the socket comes to be.
tests_unit_daemon_test_control_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=listen,--wrap=fchownat
# Loopback is on every access list: who may not ask is the test's to say.
tests_unit_net_test_tcp_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=tarn__resolver_serves
# The same, and time passes at a word.
tests_unit_net_test_tls_listener_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=tarn__resolver_serves,--wrap=tarn__clock_ms
tests_unit_net_test_https_listener_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=tarn__resolver_serves,--wrap=tarn__clock_ms,--wrap=tarn__resolver_resolve
# Certificates are texts that are good or not, whatever the build has.
tests_unit_daemon_test_certificates_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=tarn__set_certificates,--wrap=tarn__tls_certificate_read
tests_unit_daemon_test_encryption_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=tarn__tls_is_built,--wrap=tarn__http2_is_built
tests_unit_daemon_test_second_level_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=tarn__second_is_built,--wrap=tarn__second_load
# The resolver refuses at times.
tests_unit_daemon_test_reload_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=tarn_reconfigure

# Allocations fail at times, or one after the other; numbers run out.
tests_unit_core_test_resolver_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=calloc,--wrap=tarn__answer_sources_number
tests_unit_http2_test_h2_server_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
tests_unit_core_test_local_model_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
tests_unit_dns_test_namelist_compile_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
tests_unit_dnssec_test_anchors_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
tests_unit_core_test_detour_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
tests_unit_core_test_resolver_detours_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
tests_unit_dnssec_test_canonical_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc
tests_unit_cache_test_rtcache_multi_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc

if HAVE_CHECK
if !FUZZER
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
endif
endif

# Those in which memory is handed from one floor to the next. Others take a minute each under
# valgrind, and the sanitizers see them: make check-valgrind valgrind_tests=tests/unit/dns/test_name
valgrind_tests = \
	tests/unit/dns/test_answer \
	tests/unit/dns/test_answer_kept \
	tests/unit/core/test_lookup \
	tests/unit/core/test_resolver \
	tests/unit/core/test_resolver_detours \
	tests/unit/core/test_second \
	tests/unit/cache/test_rtcache_get \
	tests/unit/cache/test_rtcache_herd \
	tests/unit/cache/test_rtcache_multi \
	tests/unit/net/test_stats_collector \
	tests/unit/net/test_transactions \
	tests/unit/net/test_udp \
	tests/unit/net/test_worker \
	$(scenario_tests)

.PHONY: check-unit check-valgrind
check-unit:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(unit_tests) $(scenario_tests)'

check-valgrind:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(valgrind_tests)' LOG_COMPILER='$(VALGRIND)' \
		AM_LOG_FLAGS='-q --leak-check=full --error-exitcode=1' CK_FORK=no
