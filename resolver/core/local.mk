# SPDX-License-Identifier: BSD-2-Clause
# The sources of resolver/core.

core_sources = \
	resolver/core/access.c resolver/core/access.h \
	resolver/core/attempt.c resolver/core/attempt.h \
	resolver/core/chain.c resolver/core/chain.h \
	resolver/core/config.c resolver/core/config.h \
	resolver/core/denial.c resolver/core/denial.h \
	resolver/core/dump.c resolver/core/dump.h \
	resolver/core/fallback.c resolver/core/fallback.h \
	resolver/core/forwarding.c resolver/core/forwarding.h \
	resolver/core/inspect.c resolver/core/inspect.h \
	resolver/core/io.h \
	resolver/core/list.h \
	resolver/core/lookup.c resolver/core/lookup.h \
	resolver/core/loop.c resolver/core/loop.h \
	resolver/core/observe.h \
	resolver/core/origins.c resolver/core/origins.h \
	resolver/core/policy.c resolver/core/policy.h \
	resolver/core/ports.c resolver/core/ports.h \
	resolver/core/probe.c resolver/core/probe.h \
	resolver/core/resolver.c resolver/core/resolver.h \
	resolver/core/respond.c resolver/core/respond.h \
	resolver/core/reverse.c resolver/core/reverse.h \
	resolver/core/shares.c resolver/core/shares.h \
	resolver/core/special.c resolver/core/special.h \
	resolver/core/stats.c resolver/core/stats.h \
	resolver/core/timer.c resolver/core/timer.h \
	resolver/core/upstream.c resolver/core/upstream.h \
	resolver/core/zones.c resolver/core/zones.h
