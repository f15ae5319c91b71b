#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The protections asked for at configure time are in the program that was built.
set -u
# shellcheck source=tests/selftest/tap.sh
. "${srcdir:-.}/tests/selftest/tap.sh"

program=resolver/daemon/tarn

shown() {
	"$READELF" -W "$1" "$3" | grep -qE "$2"
}

is_pie() { shown -h 'Type:[[:space:]]+DYN' "$1"; }
has_relro() { shown -l 'GNU_RELRO' "$1"; }
binds_now() { shown -d 'BIND_NOW|FLAGS.*NOW' "$1"; }
has_plain_stack() { shown -l 'GNU_STACK.* RW ' "$1"; }
guards_its_stack() { shown -s '__stack_chk_(fail|guard)' "$1"; }

for property in is_pie has_relro binds_now has_plain_stack guards_its_stack; do
	sentence="tarn $(echo $property | tr _ ' ')"
	if [ "$HARDENING" != yes ]; then
		tap_skip "$sentence" "configured without hardening"
	elif [ -z "$READELF" ]; then
		tap_skip "$sentence" "no readelf"
	else
		tap_ok "$sentence" "$property" "$program"
	fi
done
tap_done
