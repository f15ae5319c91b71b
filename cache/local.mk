# SPDX-License-Identifier: BSD-2-Clause
# librtcache: a convenience library with every object, and the installed one made of it.

include_HEADERS += cache/rtcache.h

noinst_LTLIBRARIES += cache/libcache.la
cache_libcache_la_SOURCES = \
	cache/arena.c cache/arena.h \
	cache/cache.c cache/cache.h \
	cache/client.c cache/client.h \
	cache/count.h \
	cache/entry.h \
	cache/epoch.c cache/epoch.h \
	cache/failure.c cache/failure.h \
	cache/flight.c cache/flight.h \
	cache/get.c \
	cache/hash.c cache/hash.h \
	cache/inbox.c cache/inbox.h \
	cache/limbo.c cache/limbo.h \
	cache/list.h \
	cache/lookup.c cache/lookup.h \
	cache/miss.c cache/miss.h \
	cache/pending.c cache/pending.h \
	cache/queue.c cache/queue.h \
	cache/run.c \
	cache/s3fifo.c cache/s3fifo.h \
	cache/shard.c cache/shard.h \
	cache/sketch.c cache/sketch.h \
	cache/stats.c \
	cache/store.c \
	cache/table.c cache/table.h \
	cache/text.c \
	cache/walk.c \
	cache/rtcache.h

lib_LTLIBRARIES += cache/librtcache.la
cache_librtcache_la_SOURCES =
cache_librtcache_la_LIBADD = cache/libcache.la
cache_librtcache_la_LDFLAGS = $(AM_LDFLAGS) -no-undefined \
	-version-info $(RTCACHE_VERSION_INFO) -export-symbols-regex '^rtcache_[a-z]'

pkgconfig_DATA += cache/librtcache.pc
