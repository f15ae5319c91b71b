# SPDX-License-Identifier: BSD-2-Clause
# What is installed, and the packages made of it. package and debian13 are run by hand and by CI.

packaging_tests = \
	tests/packaging/convert.sh \
	tests/packaging/install.sh \
	tests/packaging/kubernetes.sh \
	tests/packaging/lists.sh \
	tests/packaging/packages.sh \
	tests/packaging/service.sh

TESTS += $(packaging_tests)
EXTRA_DIST += $(packaging_tests) tests/packaging/debian13 tests/packaging/package \
	tests/packaging/serve.py tests/packaging/converted
