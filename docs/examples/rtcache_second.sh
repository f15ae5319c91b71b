#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Runs the example and checks what it says.

expected='one: from the origin, at 1021 ms
two: from the store, at 1101 ms
two: from the origin, at 1225 ms
20 lives: one question each'
got=$(docs/examples/rtcache_second)

echo 1..1
if [ "$got" = "$expected" ]; then
	echo 'ok 1 - the store is asked first, and its silence costs 5 ms'
else
	echo 'not ok 1 - the store is asked first, and its silence costs 5 ms'
	echo "$got" | sed 's/^/# /'
fi
