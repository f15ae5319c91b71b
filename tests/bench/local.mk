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

EXTRA_PROGRAMS += tests/bench/snapshot_bench
tests_bench_snapshot_bench_SOURCES = tests/bench/snapshot_bench.c tests/support/outside.c \
	tests/fuzz/no_check.c
CLEANFILES += tests/bench/snapshot_bench$(EXEEXT)

.PHONY: bench-snapshot
bench-snapshot: tests/bench/snapshot_bench$(EXEEXT)
	tests/bench/snapshot_bench$(EXEEXT) 1000000

EXTRA_PROGRAMS += tests/bench/reflector
tests_bench_reflector_SOURCES = tests/bench/reflector.c
CLEANFILES += tests/bench/reflector$(EXEEXT)
EXTRA_DIST += tests/bench/bench.py tests/bench/cache_file.py tests/bench/encrypted.py tests/bench/lists.py \
	tests/bench/load.py tests/bench/peers.py \
	tests/bench/report.py tests/bench/servers.py tests/bench/shared.py \
	tests/bench/signed_upstream.py tests/bench/validation.py

# BENCHFLAGS=--help says what else it can do.
.PHONY: bench
bench: tests/bench/reflector$(EXEEXT) resolver/daemon/tarn$(EXEEXT)
	python='$(PYTHON)'; PYTHONDONTWRITEBYTECODE=1 $${python:-python3} \
		$(srcdir)/tests/bench/bench.py --tarn resolver/daemon/tarn$(EXEEXT) \
		--reflector tests/bench/reflector$(EXEEXT) $(BENCHFLAGS)

# Needs root, for network namespaces. OUTAGEFLAGS=--help says what else it can do.
.PHONY: outages
outages: resolver/daemon/tarn$(EXEEXT)
	python='$(PYTHON)'; TARN='$(TARN)' PYTHONDONTWRITEBYTECODE=1 $${python:-python3} \
		$(srcdir)/tests/system/outage_table.py $(OUTAGEFLAGS)

# On loopback, some four minutes. MIXTUREFLAGS=--help says what else it can do.
.PHONY: mixture
mixture: resolver/daemon/tarn$(EXEEXT)
	python='$(PYTHON)'; TARN='$(TARN)' PYTHONDONTWRITEBYTECODE=1 $${python:-python3} \
		$(srcdir)/tests/system/mixture_table.py $(MIXTUREFLAGS)
