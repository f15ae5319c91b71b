#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Runs the example on files of its own and checks what it says.

dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
printf 'one\ntwo\n' > "$dir/two"
printf 'one\n' > "$dir/one"

expected="$dir/two: 2 lines (miss)
$dir/one: 1 lines (miss)
$dir/two: 2 lines (hit)
$dir/none: cannot be read"
got=$(docs/examples/rtcache_files "$dir/two" "$dir/one" "$dir/two" "$dir/none")

echo 1..1
if [ "$got" = "$expected" ]; then
	echo 'ok 1 - each file is read once'
else
	echo 'not ok 1 - each file is read once'
	echo "$got" | sed 's/^/# /'
fi
