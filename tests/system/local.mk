# SPDX-License-Identifier: BSD-2-Clause
# The program against real servers and clients; TARN=/path/to/tarn tests another one. Most of the time
# they wait: with pytest-xdist several files run at once.

EXTRA_DIST += tests/system

TARN = $(abs_builddir)/resolver/daemon/tarn

.PHONY: check-system
check-system: all tests/bench/reflector$(EXEEXT)
	@test -n '$(PYTHON)' || { echo 'no Python with pytest and dnspython was found'; exit 1; }
	TARN='$(TARN)' REFLECTOR='$(abs_builddir)/tests/bench/reflector$(EXEEXT)' \
		PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m pytest -p no:cacheprovider -ra \
		$$($(PYTHON) -c 'import xdist' 2>/dev/null && echo '-n4 --dist=loadfile') \
		$(PYTESTFLAGS) $(srcdir)/tests/system
