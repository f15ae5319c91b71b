# SPDX-License-Identifier: BSD-2-Clause
# The sources of resolver/core.

core_sources = \
	resolver/core/admin/dump.c resolver/core/admin/dump.h \
	resolver/core/admin/inspect.c resolver/core/admin/inspect.h \
	resolver/core/admin/snapshot.h \
	resolver/core/admin/snapshot_form.c resolver/core/admin/snapshot_form.h \
	resolver/core/admin/snapshot_reader.c \
	resolver/core/admin/snapshot_writer.c \
	resolver/core/admin/snapshot_zones.c resolver/core/admin/snapshot_zones.h \
	resolver/core/admin/trust_chain.c resolver/core/admin/trust_chain.h \
	resolver/core/config.c resolver/core/config.h \
	resolver/core/config_anchors.c resolver/core/config_anchors.h \
	resolver/core/detour.c resolver/core/detour.h \
	resolver/core/forget.c resolver/core/forget.h \
	resolver/core/forward/answer_source.c resolver/core/forward/answer_source.h \
	resolver/core/forward/asking.c resolver/core/forward/asking.h \
	resolver/core/forward/attempt.c resolver/core/forward/attempt.h \
	resolver/core/forward/checking.c resolver/core/forward/checking.h \
	resolver/core/forward/cname.c resolver/core/forward/cname.h \
	resolver/core/forward/endpoint.c resolver/core/forward/endpoint.h \
	resolver/core/forward/ending.c resolver/core/forward/ending.h \
	resolver/core/forward/fallback.c resolver/core/forward/fallback.h \
	resolver/core/forward/fetching.c resolver/core/forward/fetching.h \
	resolver/core/forward/findings.c resolver/core/forward/findings.h \
	resolver/core/forward/forward_loop.c resolver/core/forward/forward_loop.h \
	resolver/core/forward/forwarder.c resolver/core/forward/forwarder.h \
	resolver/core/forward/lookup.c resolver/core/forward/lookup.h \
	resolver/core/forward/lookup_state.h \
	resolver/core/forward/nxdomain.c resolver/core/forward/nxdomain.h \
	resolver/core/forward/outstanding.c resolver/core/forward/outstanding.h \
	resolver/core/forward/probe.c resolver/core/forward/probe.h \
	resolver/core/forward/reasons.c resolver/core/forward/reasons.h \
	resolver/core/forward/select.c resolver/core/forward/select.h \
	resolver/core/forward/server.c resolver/core/forward/server.h \
	resolver/core/forward/trust_lookup.c resolver/core/forward/trust_lookup.h \
	resolver/core/forward/validation.c resolver/core/forward/validation.h \
	resolver/core/forward/zone.c resolver/core/forward/zone.h \
	resolver/core/io.h \
	resolver/core/observe.h \
	resolver/core/policy/access.c resolver/core/policy/access.h \
	resolver/core/policy/answer.c resolver/core/policy/answer.h \
	resolver/core/policy/answer_address.c resolver/core/policy/answer_address.h \
	resolver/core/policy/answer_chain.c resolver/core/policy/answer_chain.h \
	resolver/core/policy/answer_filter.c resolver/core/policy/answer_filter.h \
	resolver/core/policy/any.c resolver/core/policy/any.h \
	resolver/core/policy/chaos.c resolver/core/policy/chaos.h \
	resolver/core/policy/clients.c resolver/core/policy/clients.h \
	resolver/core/policy/decision.c resolver/core/policy/decision.h \
	resolver/core/policy/dns64.c resolver/core/policy/dns64.h \
	resolver/core/policy/dotless.c resolver/core/policy/dotless.h \
	resolver/core/policy/groups.c resolver/core/policy/groups.h \
	resolver/core/policy/lists.c resolver/core/policy/lists.h \
	resolver/core/policy/local.c resolver/core/policy/local.h \
	resolver/core/policy/name_list.c resolver/core/policy/name_list.h \
	resolver/core/policy/network_list.c resolver/core/policy/network_list.h \
	resolver/core/policy/overrides.c resolver/core/policy/overrides.h \
	resolver/core/policy/lease_table.c resolver/core/policy/lease_table.h \
	resolver/core/policy/local_data.c resolver/core/policy/local_data.h \
	resolver/core/policy/local_build.c resolver/core/policy/local_builder.c \
	resolver/core/policy/local_draft.h resolver/core/policy/local_store.h \
	resolver/core/policy/policy.c resolver/core/policy/policy.h \
	resolver/core/policy/prefix_rules.c resolver/core/policy/prefix_rules.h \
	resolver/core/policy/rules.c resolver/core/policy/rules.h \
	resolver/core/policy/special.c resolver/core/policy/special.h \
	resolver/core/policy/stage.h \
	resolver/core/policy/type_filter.c resolver/core/policy/type_filter.h \
	resolver/core/policy/zone.c resolver/core/policy/zone.h \
	resolver/core/resolver.c resolver/core/resolver.h \
	resolver/core/resolver_second.c resolver/core/resolver_state.h \
	resolver/core/respond.c resolver/core/respond.h \
	resolver/core/reverse.c resolver/core/reverse.h \
	resolver/core/saved_answer.c resolver/core/saved_answer.h \
	resolver/core/second/breaker.c resolver/core/second/breaker.h \
	resolver/core/second/epoch.c resolver/core/second/epoch.h \
	resolver/core/second/fetch.c resolver/core/second/fetch.h \
	resolver/core/second/fleet.c resolver/core/second/fleet.h \
	resolver/core/second/health.c resolver/core/second/health.h \
	resolver/core/second/key.c resolver/core/second/key.h \
	resolver/core/second/message.c resolver/core/second/message.h \
	resolver/core/second/request.c resolver/core/second/request.h \
	resolver/core/second/second.c resolver/core/second/second.h \
	resolver/core/second/second_state.c resolver/core/second/second_state.h \
	resolver/core/second/second_config.c resolver/core/second/second_config.h \
	resolver/core/second/value.c resolver/core/second/value.h \
	resolver/core/shares.c resolver/core/shares.h \
	resolver/core/stats.c resolver/core/stats.h \
	resolver/core/zone_config.c resolver/core/zone_config.h \
	resolver/core/zone_index.c resolver/core/zone_index.h
