#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The tests that docs/rfc.md and docs/policy.md name exist, and no row is "done" without one.
set -u
# shellcheck source=tests/selftest/tap.sh
. "${srcdir:-.}/tests/selftest/tap.sh"

documents=${srcdir:-.}/docs
tests=${srcdir:-.}/tests

# rows FILE: the rows of its tables, without their headings.
rows() {
	grep '^| ' "$1" | grep -vE '^[|] (RFC|Rule) [|] Behaviour [|]'
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
	packaging/*.sh) test -s "$tests/$1" ;;
	fuzz_*) test -s "$tests/fuzz/$1.c" ;;
	*) false ;;
	esac
}

# states_are_known FILE STATES: each row has four columns, the last of which is one of the states.
states_are_known() {
	rows "$1" | awk -F ' *\\| *' -v states="^($2)\$" '
		NF != 6 || $5 !~ states { print; bad = 1 }
		END { exit bad || NR == 0 }'
}

# done_is_tested FILE: what is done has a test.
done_is_tested() {
	rows "$1" | awk -F ' *\\| *' '
		$5 == "done" && $4 == "" { print; bad = 1 }
		END { exit bad || NR == 0 }'
}

# rules_are_all_there FILE: its rules are O1 to O7, A1 to A67 and B1 to B22, once each, in this order.
rules_are_all_there() {
	{ seq -f 'O%.0f' 7 && seq -f 'A%.0f' 67 && seq -f 'B%.0f' 22; } >"$scratch/expected"
	rows "$1" | awk -F ' *\\| *' '{ print $2 }' | cmp - "$scratch/expected"
}

states='done|not done|not supported'
tap_ok "every row of rfc.md has a state" states_are_known "$documents/rfc.md" "$states"
tap_ok "every row of policy.md has a state" states_are_known "$documents/policy.md" "$states|open"
tap_ok "policy.md has all rules" rules_are_all_there "$documents/policy.md"
for document in rfc.md policy.md; do
	tap_ok "what is done in $document has a test" done_is_tested "$documents/$document"
	for name in $(named_tests "$documents/$document"); do
		tap_ok "$name exists" exists "$name"
	done
done

# Each check is also shown to catch what it is there for.
cat >"$scratch/rfc.md" <<'END'
| RFC | Behaviour | Tests | State |
|---|---|---|---|
| 1 | Something. | | done |
END
tap_ok "done without a test is refused" not done_is_tested "$scratch/rfc.md"
tap_ok "a state that is known is accepted" states_are_known "$scratch/rfc.md" "$states"
echo '| 2 | Something else. | | nearly done |' >>"$scratch/rfc.md"
tap_ok "another state is refused" not states_are_known "$scratch/rfc.md" "$states"
tap_ok "a rule that is left out is missed" not rules_are_all_there "$scratch/rfc.md"
for name in test_answers.py::test_of_nobody test_nothing.py::test_a_chain_keeps_its_order \
	test_name:root_is_one test_nothing:root_is_one_octet scripts/nothing.txt packaging/nothing.sh fuzz_nothing nonsense; do
	tap_ok "$name is missed" not exists "$name"
done
tap_done
