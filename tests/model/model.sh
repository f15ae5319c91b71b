#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The protocols of the lock-free parts, under Relacy: each model is compiled with the sources that it is about, as they
# are but for what the lines here change, and run; it prints TAP of its own, whose points are counted on here.
set -u
# shellcheck source=tests/selftest/tap.sh
. "${srcdir:-.}/tests/selftest/tap.sh"

top=${srcdir:-.}
models="epoch table ring references"

# copy FILE [SED_SCRIPT]: C's atomics are the model's.
copy() {
	sed -e 's|^#include <stdatomic.h>||' -e "${2-}" "$top/$1" >"$scratch/${1##*/}"
}

# cut_lines FILE FIRST LAST: prints the lines from a pattern to the next, with the numbers that they have.
cut_lines() {
	awk -v file="${1##*/}" -v first="$2" -v last="$3" '
		!on && $0 ~ first { on = 1; print "#line " NR " \"" file "\"" }
		on { print }
		on && $0 ~ last { on = 0 }' "$top/$1"
}

prepare() {
	cp "$top"/tests/model/*.cc "$top"/tests/model/*.h "$scratch"
	for file in cache/epoch.h cache/epoch.c cache/table.h cache/table.c cache/arena.h cache/sketch.h; do
		copy "$file"
	done
	copy resolver/daemon/threads/ring.h 's/TARN__RING_SIZE = 1 << 18/TARN__RING_SIZE = 1 << 4/'
	copy resolver/daemon/threads/ring.c 's|"daemon/threads/ring.h"|"ring.h"|'
	cut_lines resolver/daemon/telemetry/query_log.c '^static void sleep_until_woken' '^}' >"$scratch/query-log-sleep.c"
	cut_lines resolver/daemon/telemetry/query_log.c 'if .atomic_load.&query_log->is_asleep' 'wake.query_log.;' \
		>"$scratch/query-log-wake.c"
	{
		cut_lines cache/flight.c '^void rtcache__flight_unref' '^}'
		cut_lines cache/flight.c '^static void ref' '^}'
	} >"$scratch/flight-references.c"
	grep -q . "$scratch/query-log-sleep.c" && grep -q . "$scratch/query-log-wake.c" &&
		[ "$(grep -c '^#line' "$scratch/flight-references.c")" -eq 2 ] &&
		grep -q '1 << 4' "$scratch/ring.h"
}

# C that is read as C++: void pointers, and the library's own carelessness.
compile() {
	(cd "$scratch" && ${CXX:-c++} -std=gnu++17 -O1 -fpermissive -w -I. -o "$1" "$1.cc")
}

has_relacy() {
	echo '#include <relacy/relacy.hpp>' >"$scratch/relacy.cc"
	(cd "$scratch" && ${CXX:-c++} -std=gnu++17 -w -fsyntax-only relacy.cc) >/dev/null 2>&1
}

# run MODEL: its points become ours.
run() {
	if ! "$scratch/$1" >"$scratch/points" || ! grep -q '^1\.\.[1-9]' "$scratch/points"; then
		tap_ok "$1 runs to its end" false
		return
	fi
	while read -r line; do
		case $line in
		'ok '*) tap_ok "$1: ${line#ok * - }" true ;;
		'not ok '*) tap_ok "$1: ${line#not ok * - }" false ;;
		esac
	done <"$scratch/points"
}

if ! has_relacy; then
	tap_skip "the lock-free parts are well ordered" "no Relacy, or no C++17"
	tap_done
	exit
fi
tap_ok "the sources have the lines that the models are about" prepare
for model in $models; do
	tap_ok "$model compiles" compile "$model"
	run "$model"
done
tap_done
