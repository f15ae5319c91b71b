# SPDX-License-Identifier: BSD-2-Clause
# What is measured, never timed in a test.

EXTRA_PROGRAMS += tests/bench/cache_bench
tests_bench_cache_bench_SOURCES = tests/bench/cache_bench.c tests/bench/cache_model.c \
	tests/bench/cache_model.h
tests_bench_cache_bench_LDADD = cache/libcache.la -lm
CLEANFILES += tests/bench/cache_bench$(EXEEXT)

.PHONY: bench-cache
bench-cache: tests/bench/cache_bench$(EXEEXT)
	tests/bench/cache_bench$(EXEEXT)
