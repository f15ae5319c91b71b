# SPDX-License-Identifier: BSD-2-Clause
# The lock-free parts under a model checker of C11's memory (Debian: relacy-dev): some 40 s, so not in make check.

model_sources = tests/model/entry.h tests/model/epoch.cc tests/model/references.cc \
	tests/model/ring.cc tests/model/table.cc tests/model/weak.h

EXTRA_DIST += tests/model/model.sh $(model_sources)

.PHONY: check-model
check-model:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS=tests/model/model.sh
