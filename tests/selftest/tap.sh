# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# Sourced by every self-test: prints TAP, one point per command.

tap_count=0

# A directory that lives as long as the test.
scratch=$(mktemp -d) || exit 99
trap 'rm -rf "$scratch"' EXIT

# tap_ok SENTENCE COMMAND...: the sentence holds if the command succeeds; otherwise its output has the reason.
tap_ok() {
	tap_sentence=$1
	shift
	tap_count=$((tap_count + 1))
	if "$@" >"$scratch/output" 2>&1; then
		echo "ok $tap_count - $tap_sentence"
	else
		echo "not ok $tap_count - $tap_sentence"
		sed 's/^/# /' "$scratch/output"
	fi
}

# tap_skip SENTENCE REASON
tap_skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

tap_done() {
	echo "1..$tap_count"
}

# not COMMAND...
not() {
	! "$@"
}
