#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The configuration file that make install brings along is the administrator's from then on; the scripts among the
# examples can be run.
set -u
# shellcheck source=tests/selftest/tap.sh
. "${srcdir:-.}/tests/selftest/tap.sh"

example=${srcdir:-.}/docs/examples/tarn.conf
make=${MAKE:-make}

in_scratch() {
	"$make" --no-print-directory "$1" DESTDIR="$scratch/root"
}

config() {
	find "$scratch/root" -name tarn.conf
}

is_installed() {
	in_scratch install-data-local && cmp "$example" "$(config)"
}

is_kept() {
	echo 'workers = 1' >"$(config)" && in_scratch install-data-local && in_scratch uninstall-local &&
		grep -x 'workers = 1' "$(config)"
}

is_gone() {
	cp "$example" "$(config)" && in_scratch uninstall-local && ! config | grep . &&
		! find "$scratch/root" -path '*/etc/tarn' | grep .
}

runs_scripts() {
	in_scratch install-dist_examplesSCRIPTS && for script in tarn-convert tarn-lists; do
		find "$scratch/root" -path "*/examples/$script" -perm -u=x | grep . || return
	done
}

tap_ok "the example is the configuration where there is none" is_installed
tap_ok "a changed one is neither replaced nor removed" is_kept
tap_ok "an unchanged one goes with its directory" is_gone
tap_ok "the scripts among the examples can be run" runs_scripts
tap_done
