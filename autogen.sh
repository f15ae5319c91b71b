#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Makes ./configure in a fresh clone.
set -eu
cd "$(dirname "$0")"
exec autoreconf --install "$@"
