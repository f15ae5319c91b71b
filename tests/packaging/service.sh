#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The files by which service managers start tarn, read by their own tools if these are installed.
set -u
# shellcheck source=tests/selftest/tap.sh
. "${srcdir:-.}/tests/selftest/tap.sh"

examples=${srcdir:-.}/docs/examples
exposure=20 # tenths, of 100

# The units with the program that was built, and without what verify would look for on this machine
# (kill is a package's of its own, procps, that a small root lacks).
for unit in tarn.service tarn.socket tarn-lists.service tarn-lists.timer; do
	sed -e "s|^ExecStart=/usr/sbin/tarn|ExecStart=$PWD/resolver/daemon/tarn|" -e '/^Documentation=/d' \
		-e "s|^ExecStart=/usr/local/sbin/tarn-lists|ExecStart=$(realpath "$examples")/tarn-lists|" \
		-e 's|^ExecReload=/bin/kill |ExecReload=/bin/true |' \
		"$examples/$unit" >"$scratch/$unit"
done

is_silent() {
	"$@" >"$scratch/said" 2>&1 && ! grep . "$scratch/said"
}

knows_offline() {
	command -v systemd-analyze >/dev/null && systemd-analyze --help | grep -q -e --threshold
}

if knows_offline; then
	tap_ok "systemd understands every line of the units" \
		is_silent systemd-analyze verify --man=no "$scratch/tarn.service" "$scratch/tarn.socket" \
		"$scratch/tarn-lists.service" "$scratch/tarn-lists.timer"
	for unit in tarn.service tarn-lists.service; do
		tap_ok "$unit is exposed no more than it must be" \
			systemd-analyze security --no-pager --offline=true --threshold=$exposure "$scratch/$unit"
	done
else
	tap_skip "systemd understands every line of the units" "no systemd-analyze 250"
	tap_skip "services are exposed no more than they must be" "no systemd-analyze 250"
fi

for script in alpine/tarn.initd openwrt/tarn.init; do
	tap_ok "a shell reads $script" sh -n "$examples/$script"
	if command -v shellcheck >/dev/null; then
		tap_ok "shellcheck has nothing to say of $script" shellcheck -s sh "$examples/$script"
	else
		tap_skip "shellcheck has nothing to say of $script" "no shellcheck"
	fi
done
tap_done
