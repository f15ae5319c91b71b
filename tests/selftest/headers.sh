#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Each header compiles alone and twice; the public ones as strict C11 and as C++ too.
set -u
# shellcheck source=tests/selftest/tap.sh
. "${srcdir:-.}/tests/selftest/tap.sh"

# compiles COMPILER-AND-FLAGS HEADER
compiles() {
	printf '#include "%s"\n#include "%s"\n' "$2" "$2" >"$scratch/unit"
	# CC and the flags are lists of words.
	# shellcheck disable=SC2086
	$1 $HEADER_FLAGS -I"$srcdir" -O1 -Wall -Wextra -Werror -fsyntax-only "$scratch/unit"
}

for header in $(cd "$srcdir" && find cache resolver -name '*.h' | sort); do
	tap_ok "$header compiles alone" compiles "$CC -x c -std=gnu11" "$header"
done

for header in cache/rtcache.h resolver/tarn.h; do
	tap_ok "$header is strict C11" compiles "$CC -x c -std=c11 -pedantic" "$header"
	if [ -n "$CXX" ]; then
		tap_ok "$header is C++" compiles "$CXX -x c++ -std=c++11 -pedantic" "$header"
	else
		tap_skip "$header is C++" "no C++ compiler"
	fi
	tap_ok "$header gives C++ the names of C" grep -q 'extern "C"' "$srcdir/$header"
done

echo 'struct incomplete member;' >"$scratch/broken.h"
tap_ok "a header that needs another is refused" not compiles "$CC -x c -std=gnu11" "$scratch/broken.h"
tap_done
