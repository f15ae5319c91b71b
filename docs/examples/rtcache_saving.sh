#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Runs the example three times on one file: it is written, read, and read when a part of it is missing.

dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

# check NUMBER WHAT EXPECTED [ARGUMENT]...: the order of the items differs from run to run.
check() {
	number=$1
	what=$2
	expected=$3
	shift 3
	got=$(docs/examples/rtcache_saving "$dir/file" "$@" | sort)
	if [ "$got" = "$expected" ]; then
		echo "ok $number - $what"
	else
		echo "not ok $number - $what"
		echo "$got" | sed 's/^/# /'
	fi
}

echo 1..3
check 1 'values are stored and saved' "one=1 (hit, an hour in all)
two=2 (hit, an hour in all)" one=1 two=2
check 2 'they are there in the next run, beside a new one' "one=1 (hit, an hour in all)
three=3 (hit, an hour in all)
two=2 (hit, an hour in all)" three=3
truncate -s -1 "$dir/file"
got=$(docs/examples/rtcache_saving "$dir/file" | grep -c hit)
if [ "$got" = 2 ]; then
	echo 'ok 3 - an item that is not whole is left out'
else
	echo "not ok 3 - an item that is not whole is left out: $got"
fi
