#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Functions are small. The rule is also shown to catch a made breach.
set -u
# shellcheck source=tests/selftest/tap.sh
. "${srcdir:-.}/tests/selftest/tap.sh"

# Above this a function does more than one thing.
most_lines=60

# functions TREE: "lines file:line head" for each function of the sources, from the brace that opens it at column 0
# to the one that closes it there, where clang-format puts them. Generated sources are left out.
functions() {
	(cd "$1" && find cache resolver -name '*.[ch]' ! -name '*.pb-c.[ch]' -exec awk '
		FNR == 1 { opened = 0 }
		/^\{/ { opened = FNR; head = before }
		/^\}/ && opened { print FNR - opened, FILENAME ":" opened, head; opened = 0 }
		{ before = $0 }' {} +)
}

# are_small TREE: no function is longer than most_lines.
are_small() {
	functions "$1" | awk -v most="$most_lines" '
		$1 > most { print; bad = 1 }
		END { exit bad || NR == 0 }'
}

# summary TREE: how many functions there are, and the median of their lines.
summary() {
	functions "$1" | sort -n | awk '
		{ lines[NR] = $1 }
		END { print "# " NR " functions, median " lines[int((NR + 1) / 2)] " lines, longest " lines[NR] }'
}

# made_function LINES: a function whose closing brace is that many lines below the opening one.
made_function() {
	echo 'static int made(void)'
	echo '{'
	yes '	return 0;' | head -n $(($1 - 1))
	echo '}'
}

summary "${srcdir:-.}"
tap_ok "no function is above $most_lines lines" are_small "${srcdir:-.}"

mkdir -p "$scratch/cache" "$scratch/resolver/dns"
made_function "$most_lines" >"$scratch/cache/a.c"
made_function "$most_lines" >"$scratch/resolver/dns/a.h"
tap_ok "a function of $most_lines lines is accepted" are_small "$scratch"
made_function $((most_lines + 1)) >>"$scratch/resolver/dns/a.h"
tap_ok "a function of $((most_lines + 1)) lines is refused" not are_small "$scratch"
tap_done
