#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What the installed libraries show: shared ones the public header's names, static ones their prefix.
set -u
# shellcheck source=tests/selftest/tap.sh
. "${srcdir:-.}/tests/selftest/tap.sh"

# NM and CC are lists of words.
# shellcheck disable=SC2086
# names FILE [NM-OPTION]: the global names that the file defines, less the compiler's own.
names() {
	$NM -P -g "${2:--P}" "$1" | awk '$2 ~ /^[A-TV-Z]$/ && $1 !~ /^_/ { print $1 }' | sort -u
}

# exports_match LIBRARY PREFIX HEADER: exactly the functions that the header declares.
exports_match() {
	names "$1" -D >"$scratch/exported"
	grep -oE "[ *]$2_[a-z][a-z0-9_]*\\(" "$3" | tr -d ' *(' | sort -u >"$scratch/declared"
	test -s "$scratch/exported" && diff "$scratch/declared" "$scratch/exported"
}

# prefix_only LIBRARY PREFIX
prefix_only() {
	names "$1" >"$scratch/defined"
	test -s "$scratch/defined" && not grep -v "^$2_" "$scratch/defined"
}

# library FOLDER NAME PREFIX HEADER
library() {
	if [ -e "$1/.libs/$2.so" ]; then
		tap_ok "$2.so exports what $4 declares" exports_match "$1/.libs/$2.so" "$3" "$srcdir/$4"
	else
		tap_skip "$2.so exports what $4 declares" "not built"
	fi
	if [ -e "$1/.libs/$2.a" ]; then
		tap_ok "$2.a defines $3_ names only" prefix_only "$1/.libs/$2.a" "$3"
	else
		tap_skip "$2.a defines $3_ names only" "not built"
	fi
}

library cache librtcache rtcache cache/rtcache.h
library resolver libtarn tarn resolver/tarn.h

echo 'int rtcache_good(void); int stray(void); int rtcache_good(void) { return 0; } int stray(void) { return 0; }' \
	>"$scratch/stray.c"
# CC is a list of words.
# shellcheck disable=SC2086
$CC -c "$scratch/stray.c" -o "$scratch/stray.o"
tap_ok "a stray name is refused" not prefix_only "$scratch/stray.o" rtcache
tap_done
