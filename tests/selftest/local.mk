# SPDX-License-Identifier: BSD-2-Clause
# What the tree promises about itself.

self_tests = \
	tests/selftest/exports.sh \
	tests/selftest/functions.sh \
	tests/selftest/hardening.sh \
	tests/selftest/headers.sh \
	tests/selftest/layers.sh \
	tests/selftest/rfc.sh \
	tests/selftest/symbols.sh

TESTS += $(self_tests)
EXTRA_DIST += $(self_tests) tests/selftest/tap.sh
