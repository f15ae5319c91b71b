#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The tests that docs/rfc.md names exist, and no row is "done" without one.
set -u
# shellcheck source=tests/selftest/tap.sh
. "${srcdir:-.}/tests/selftest/tap.sh"

document=${srcdir:-.}/docs/rfc.md
tests=${srcdir:-.}/tests

# rows FILE: the rows of its tables, without their headings.
rows() {
	grep '^| ' "$1" | grep -vF '| RFC | Behaviour |'
}

# named_tests FILE: what stands in backquotes in the third column, one a line.
named_tests() {
	rows "$1" | awk -F ' *\\| *' '{ print $4 }' | tr -d '`' | tr ' ' '\n' | grep . | sort -u
}

# exists TEST
exists() {
	case $1 in
	test_*.py::test_*) grep -q "^def ${1#*::}(" "$tests/system/${1%%::*}" ;;
	test_*:*) grep -qE "_test\([a-z_]+, ${1#*:}[,)]" "$tests"/unit/*/"${1%%:*}.c" ;;
	scripts/*.txt) test -s "$tests/scenario/$1" ;;
	*) false ;;
	esac
}

# states_are_known FILE: each row has four columns, the last of which is a state.
states_are_known() {
	rows "$1" | awk -F ' *\\| *' '
		NF != 6 || $5 !~ /^(done|not done|not supported)$/ { print; bad = 1 }
		END { exit bad || NR == 0 }'
}

# done_is_tested FILE: what is done has a test.
done_is_tested() {
	rows "$1" | awk -F ' *\\| *' '
		$5 == "done" && $4 == "" { print; bad = 1 }
		END { exit bad || NR == 0 }'
}

tap_ok "every row has a state" states_are_known "$document"
tap_ok "what is done has a test" done_is_tested "$document"
for name in $(named_tests "$document"); do
	tap_ok "$name exists" exists "$name"
done

# Each check is also shown to catch what it is there for.
cat >"$scratch/rfc.md" <<'END'
| RFC | Behaviour | Tests | State |
|---|---|---|---|
| 1 | Something. | | done |
END
tap_ok "done without a test is refused" not done_is_tested "$scratch/rfc.md"
tap_ok "a state that is known is accepted" states_are_known "$scratch/rfc.md"
echo '| 2 | Something else. | | nearly done |' >>"$scratch/rfc.md"
tap_ok "another state is refused" not states_are_known "$scratch/rfc.md"
for name in test_answers.py::test_of_nobody test_nothing.py::test_a_chain_keeps_its_order \
	test_name:root_is_one test_nothing:root_is_one_octet scripts/nothing.txt nonsense; do
	tap_ok "$name is missed" not exists "$name"
done
tap_done
