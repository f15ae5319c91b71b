# SPDX-License-Identifier: BSD-2-Clause
# The program against real servers and clients; TARN=/path/to/tarn tests another one.

EXTRA_DIST += tests/system

TARN = $(abs_builddir)/resolver/daemon/tarn

.PHONY: check-system
check-system: all tests/bench/reflector$(EXEEXT)
	@test -n '$(PYTHON)' || { echo 'no Python with pytest and dnspython was found'; exit 1; }
	TARN='$(TARN)' REFLECTOR='$(abs_builddir)/tests/bench/reflector$(EXEEXT)' \
		PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m pytest -p no:cacheprovider -ra \
		$(PYTESTFLAGS) $(srcdir)/tests/system
