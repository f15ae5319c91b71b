# SPDX-License-Identifier: BSD-2-Clause
# The sources of resolver/core.

core_sources = \
	resolver/core/io.h \
	resolver/core/list.h \
	resolver/core/lookup.c resolver/core/lookup.h \
	resolver/core/resolver.c resolver/core/resolver.h \
	resolver/core/timer.c resolver/core/timer.h \
	resolver/core/upstream.c resolver/core/upstream.h
