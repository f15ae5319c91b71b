# SPDX-License-Identifier: BSD-2-Clause
# The man pages and the documents that are shipped.

dist_man_MANS += docs/man/tarn.8
EXTRA_DIST += docs
