#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The floors of the house: who may include whom. Each rule is also shown to catch a made breach.
set -u
# shellcheck source=tests/selftest/tap.sh
. "${srcdir:-.}/tests/selftest/tap.sh"

# included TREE FOLDER: "file header" for every #include below the folder.
included() {
	find "$1/$2" -name '*.[ch]' -exec grep -HE '^[[:space:]]*#[[:space:]]*include' {} + |
		sed 's/:[[:space:]]*#[[:space:]]*include[[:space:]]*\(["<][^">]*[">]\).*/ \1/'
}

# nothing: succeeds if stdin is empty, else shows it.
nothing() {
	not grep .
}

# sees_only TREE FOLDER PATTERN: every "..." include of the folder matches the pattern.
sees_only() {
	included "$1" "$2" | grep '"' | grep -vE " \"($3)\"\$" | nothing
}

# place HEADER TREE: "file <header>" wherever the system header is included.
place() {
	{ included "$2" cache && included "$2" resolver; } | grep -F " <$1>"
}

# in_one_file HEADER TREE FOLDER: one file includes the header, and it lies below the folder.
in_one_file() {
	files=$(place "$1" "$2" | cut -d ' ' -f 1 | sort -u)
	echo "$files"
	case $files in
	*"
"*) return 1 ;;
	"$2/$3/"*) return 0 ;;
	*) return 1 ;;
	esac
}

public='config\.h|tarn\.h|rtcache\.h'

# of FLOOR...: the pattern of those floors' headers, rooms included.
of() {
	printf '(%s)/([a-z]+/)?[a-z0-9_]+(\\.pb-c)?\\.h' "$(echo "$*" | tr ' ' '|')"
}

cache_is_alone() {
	included "$1" cache | grep -E '"(.*/.*|tarn\.h)"' | nothing
}

base_sees_base() {
	sees_only "$1" resolver/base "config\\.h|tarn\\.h|$(of base)"
}

dns_sees_base() {
	sees_only "$1" resolver/dns "config\\.h|$(of base dns)"
}

core_sees_dns() {
	sees_only "$1" resolver/core "$public|$(of base dns core)"
}

net_sees_core() {
	sees_only "$1" resolver/net "$public|$(of base dns core net)"
}

daemon_sees_all() {
	sees_only "$1" resolver/daemon "$public|$(of base dns core net daemon)"
}

tarnctl_sees_verbs() {
	sees_only "$1" resolver/tarnctl "config\\.h|tarn\\.h|$(of base dns core)|daemon/control/verbs\\.h|$(of tarnctl)"
}

ev_stays_outside() {
	place ev.h "$1" | grep -vE "^$1/resolver/(net|daemon)/" | nothing
}

ares_is_one_file() {
	in_one_file ares.h "$1" resolver/net
}

xxhash_is_one_file() {
	in_one_file xxhash.h "$1" cache
}

# A small house that keeps every rule.
build_house() {
	mkdir -p "$1/cache" "$1/resolver/base" "$1/resolver/dns" "$1/resolver/core/room" \
		"$1/resolver/net" "$1/resolver/daemon" "$1/resolver/tarnctl"
	printf '#include "rtcache.h"\n#include <xxhash.h>\n' >"$1/cache/a.c"
	printf '#include "base/a.h"\n#include "tarn.h"\n' >"$1/resolver/base/a.c"
	printf '#include "base/a.h"\n#include "dns/a.h"\n' >"$1/resolver/dns/a.c"
	printf '#include "core/a.h"\n#include "dns/a.h"\n#include "rtcache.h"\n' >"$1/resolver/core/a.c"
	printf '#include "core/room/a.h"\n#include "base/a.h"\n' >"$1/resolver/core/room/a.c"
	printf '#include "net/a.h"\n#include <ares.h>\n#include <ev.h>\n' >"$1/resolver/net/a.c"
	printf '#include "daemon/a.h"\n#include "net/a.h"\n' >"$1/resolver/daemon/a.c"
	printf '#include "daemon/control/verbs.h"\n#include "tarnctl/a.h"\n' >"$1/resolver/tarnctl/a.c"
}

# rule FUNCTION SENTENCE [FILE INCLUDE]...: the tree keeps the rule; each breach is caught.
rule() {
	check=$1
	sentence=$2
	shift 2
	tap_ok "$sentence" "$check" "${srcdir:-.}"
	build_house "$scratch/house"
	tap_ok "$sentence: kept by a made tree" "$check" "$scratch/house"
	while [ $# -gt 0 ]; do
		build_house "$scratch/house"
		printf ' # include %s\n' "$2" >>"$scratch/house/$1"
		tap_ok "$sentence: not with $2 in $1" not "$check" "$scratch/house"
		shift 2
	done
}

rule cache_is_alone "cache/ includes nothing of resolver/" \
	cache/a.c '"core/a.h"' cache/a.c '"tarn.h"' cache/a.c '"../resolver/tarn.h"'
rule base_sees_base "base/ includes base/ and tarn.h only" \
	resolver/base/a.c '"dns/a.h"' resolver/base/a.c '"rtcache.h"' resolver/base/a.c '"core/room/a.h"'
rule dns_sees_base "dns/ includes dns/ and base/ only" \
	resolver/dns/a.c '"core/a.h"' resolver/dns/a.c '"rtcache.h"' resolver/dns/a.c '"../net/a.h"'
rule core_sees_dns "core/ includes core/, dns/, base/ and public headers only" \
	resolver/core/a.c '"net/a.h"' resolver/core/a.c '"table.h"' resolver/core/a.c '"daemon/a.h"' \
	resolver/core/room/a.c '"net/a.h"'
rule net_sees_core "net/ includes net/, core/, dns/, base/ and public headers only" \
	resolver/net/a.c '"daemon/a.h"' resolver/net/a.c '"table.h"'
rule daemon_sees_all "daemon/ includes nothing private of cache/" \
	resolver/daemon/a.c '"table.h"'
rule tarnctl_sees_verbs "tarnctl/ includes of the daemon the table of verbs only" \
	resolver/tarnctl/a.c '"daemon/control/control.h"' resolver/tarnctl/a.c '"net/a.h"'
rule ev_stays_outside "<ev.h> is included under net/ and daemon/ only" \
	cache/a.c '<ev.h>' resolver/dns/a.c '<ev.h>' resolver/core/a.c '<ev.h>' resolver/tarn.h '<ev.h>'
rule ares_is_one_file "<ares.h> is included in one file under net/" \
	resolver/net/b.c '<ares.h>' resolver/core/a.c '<ares.h>' resolver/daemon/a.c '<ares.h>'
rule xxhash_is_one_file "<xxhash.h> is included in one file under cache/" \
	cache/b.c '<xxhash.h>' resolver/core/a.c '<xxhash.h>'
tap_done
