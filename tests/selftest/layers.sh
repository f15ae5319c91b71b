#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The floors of the house and their rooms: which headers a folder may include. Each rule is also shown to
# catch a made breach.
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

# does_not_see TREE FOLDER PATTERN: no "..." include of the folder, its rooms included, matches the pattern.
does_not_see() {
	included "$1" "$2" | grep -E " \"($3)\"\$" | nothing
}

# itself_does_not_see TREE FOLDER PATTERN: the same for the files of the folder alone.
itself_does_not_see() {
	included "$1" "$2" | grep -E "^$1/$2/[^/]* \"($3)\"\$" | nothing
}

# place INCLUDED TREE: "file <header>" wherever a header that begins so is included.
place() {
	{ included "$2" cache && included "$2" resolver; } | grep -F " $1"
}

# one_door INCLUDED TREE FOLDER...: at most one file of each folder includes such a header, and no other file.
one_door() {
	place "$1" "$2" | cut -d ' ' -f 1 | sort -u >"$scratch/elsewhere"
	tree=$2
	shift 2
	for room in "$@"; do
		grep "^$tree/$room/" "$scratch/elsewhere" >"$scratch/doors"
		grep -v "^$tree/$room/" "$scratch/elsewhere" >"$scratch/others"
		mv "$scratch/others" "$scratch/elsewhere"
		test "$(wc -l <"$scratch/doors")" -le 1 || not cat "$scratch/doors" || return 1
	done
	nothing <"$scratch/elsewhere"
}

public='config\.h|tarn\.h|rtcache\.h'

# of FLOOR...: the pattern of those floors' headers, rooms included.
of() {
	printf '(%s)/([a-z_]+/)?[a-z0-9_]+(\\.pb-c)?\\.h' "$(echo "$*" | tr ' ' '|')"
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

dnssec_sees_crypto() {
	sees_only "$1" resolver/dnssec "config\\.h|tarn\\.h|$(of base dns crypto dnssec)"
}

core_sees_dnssec() {
	sees_only "$1" resolver/core "$public|$(of base dns crypto tls http2 dnssec core)"
}

net_sees_core() {
	sees_only "$1" resolver/net "$public|$(of base dns tls http2 dnssec core net)"
}

tls_sees_base() {
	sees_only "$1" resolver/tls "config\\.h|tarn\\.h|$(of base crypto tls)"
}

http2_sees_base() {
	sees_only "$1" resolver/http2 "config\\.h|tarn\\.h|$(of base dns http2)"
}

crypto_sees_base() {
	sees_only "$1" resolver/crypto "config\\.h|$(of base crypto)"
}

daemon_sees_all() {
	sees_only "$1" resolver/daemon "$public|$(of base dns crypto tls http2 dnssec core net daemon)"
}

tarnctl_sees_verbs() {
	sees_only "$1" resolver/tarnctl "config\\.h|tarn\\.h|$(of base dns dnssec core)|daemon/control/verbs\\.h|$(of tarnctl)"
}

tarnlist_sees_dns() {
	sees_only "$1" resolver/tarnlist "config\\.h|$(of base dns)"
}

ev_stays_outside() {
	place '<ev.h>' "$1" | grep -vE "^$1/resolver/(net|daemon)/" | nothing
}

# Of daemon/ a room includes itself and those before it; what is in no room includes them all.
daemon_rooms_in_order() {
	included "$1" resolver/daemon | awk -v tree="$1/resolver/" '
	BEGIN {
		count = split("log settings system threads names bootstrap transfer certificates cache_file telemetry config control", room, " ")
		for (i = 1; i <= count; i++)
			rank[room[i]] = i
	}
	function height(file,   part) {
		return split(file, part, "/") == 2 ? count + 1 : rank[part[2]]
	}
	$2 ~ /^"daemon\// {
		file = substr($1, length(tree) + 1)
		header = substr($2, 2, length($2) - 2)
		if (!height(file) || !height(header) || height(file) < height(header)) {
			print
			bad = 1
		}
	}
	END { exit bad }'
}

policy_is_below_forward() {
	does_not_see "$1" resolver/core/policy 'core/((forward|admin)/.*|resolver(_state)?\.h|respond\.h)'
}

forward_is_below_resolver() {
	does_not_see "$1" resolver/core/forward 'core/(admin/.*|resolver(_state)?\.h)'
}

second_is_below_forward() {
	does_not_see "$1" resolver/core/second 'core/((forward|admin|policy)/.*|resolver(_state)?\.h|respond\.h)'
}

second_link_sees_no_rooms() {
	does_not_see "$1" resolver/net/second 'net/((listen|upstream)/.*|worker\.h|shared\.h)'
}

admin_is_on_top() {
	itself_does_not_see "$1" resolver/core 'core/admin/.*'
}

listen_sees_no_upstream() {
	does_not_see "$1" resolver/net/listen 'net/(upstream/.*|worker\.h)'
}

upstream_sees_no_listen() {
	does_not_see "$1" resolver/net/upstream 'net/(listen/.*|worker\.h|shared\.h)'
}

# A small house that keeps every rule.
build_house() {
	rm -rf "$1"
	mkdir -p "$1/cache" "$1/resolver/base" "$1/resolver/dns" "$1/resolver/crypto" "$1/resolver/tls" "$1/resolver/http2" \
		"$1/resolver/dnssec" "$1/resolver/core/policy" \
		"$1/resolver/core/forward" "$1/resolver/core/admin" "$1/resolver/core/second" \
		"$1/resolver/net/listen" "$1/resolver/net/second" \
		"$1/resolver/net/upstream" "$1/resolver/daemon/log" "$1/resolver/daemon/system" \
		"$1/resolver/daemon/telemetry" "$1/resolver/daemon/attic" "$1/resolver/tarnctl" \
		"$1/resolver/tarnlist"
	printf '#include "rtcache.h"\n' >"$1/cache/a.c"
	printf '#include "base/a.h"\n#include "tarn.h"\n' >"$1/resolver/base/a.c"
	printf '#include "base/a.h"\n#include "dns/a.h"\n' >"$1/resolver/dns/a.c"
	printf '#include "base/a.h"\n#include "crypto/a.h"\n' >"$1/resolver/crypto/a.c"
	printf '#include "base/a.h"\n#include "tls/a.h"\n' >"$1/resolver/tls/a.c"
	printf '#include "base/a.h"\n#include "http2/a.h"\n' >"$1/resolver/http2/a.c"
	printf '#include "dns/a.h"\n#include "crypto/a.h"\n#include "dnssec/a.h"\n' >"$1/resolver/dnssec/a.c"
	printf '#include "core/a.h"\n#include "dnssec/a.h"\n#include "rtcache.h"\n' >"$1/resolver/core/a.c"
	printf '#include "core/policy/a.h"\n#include "core/config.h"\n' >"$1/resolver/core/policy/a.c"
	printf '#include "core/forward/a.h"\n#include "core/policy/a.h"\n' >"$1/resolver/core/forward/a.c"
	printf '#include "core/admin/a.h"\n#include "core/resolver.h"\n' >"$1/resolver/core/admin/a.c"
	printf '#include "core/second/a.h"\n#include "core/io.h"\n' >"$1/resolver/core/second/a.c"
	printf '#include "core/second/a.h"\n#include <ev.h>\n' >"$1/resolver/net/second/a.c"
	printf '#include "net/a.h"\n#include <ev.h>\n' >"$1/resolver/net/a.c"
	printf '#include "net/listen/a.h"\n#include "net/socket.h"\n' >"$1/resolver/net/listen/a.c"
	printf '#include "net/upstream/a.h"\n#include "net/socket.h"\n' >"$1/resolver/net/upstream/a.c"
	printf '#include "daemon/a.h"\n#include "daemon/telemetry/a.h"\n#include "net/a.h"\n' \
		>"$1/resolver/daemon/a.c"
	printf '#include "daemon/log/a.h"\n' >"$1/resolver/daemon/log/a.c"
	printf '#include "daemon/log/a.h"\n#include "core/a.h"\n' >"$1/resolver/daemon/telemetry/a.c"
	printf '#include "daemon/control/verbs.h"\n#include "tarnctl/a.h"\n' >"$1/resolver/tarnctl/a.c"
	printf '#include "config.h"\n#include "dns/a.h"\n' >"$1/resolver/tarnlist/a.c"
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
	resolver/base/a.c '"dns/a.h"' resolver/base/a.c '"rtcache.h"' resolver/base/a.c '"core/policy/a.h"'
rule dns_sees_base "dns/ includes dns/ and base/ only" \
	resolver/dns/a.c '"core/a.h"' resolver/dns/a.c '"rtcache.h"' resolver/dns/a.c '"../net/a.h"'
rule dnssec_sees_crypto "dnssec/ includes dnssec/, crypto/, dns/ and base/ only" \
	resolver/dnssec/a.c '"core/a.h"' resolver/dnssec/a.c '"rtcache.h"'
rule tls_sees_base "tls/ includes tls/, crypto/ and base/ only" \
	resolver/tls/a.c '"dns/a.h"' resolver/tls/a.c '"net/a.h"'
rule http2_sees_base "http2/ includes http2/, dns/ and base/ only" \
	resolver/http2/a.c '"core/a.h"' resolver/http2/a.c '"tls/a.h"'
rule core_sees_dnssec "core/ includes core/, dnssec/, http2/, tls/, crypto/, dns/, base/ and public headers only" \
	resolver/core/a.c '"net/a.h"' resolver/core/a.c '"table.h"' resolver/core/a.c '"daemon/a.h"' \
	resolver/core/policy/a.c '"net/a.h"'
rule net_sees_core "net/ includes net/, core/, dnssec/, http2/, tls/, dns/, base/ and public headers only" \
	resolver/net/a.c '"daemon/a.h"' resolver/net/a.c '"table.h"'
rule crypto_sees_base "crypto/ includes crypto/ and base/ only" \
	resolver/crypto/a.c '"dns/a.h"' resolver/crypto/a.c '"rtcache.h"'
rule daemon_sees_all "daemon/ includes nothing private of cache/" \
	resolver/daemon/a.c '"table.h"'
rule tarnctl_sees_verbs "tarnctl/ includes of the daemon the table of verbs only" \
	resolver/tarnctl/a.c '"daemon/control/control.h"' resolver/tarnctl/a.c '"net/a.h"'
rule tarnlist_sees_dns "tarnlist/ includes dns/ and base/ only" \
	resolver/tarnlist/a.c '"core/a.h"' resolver/tarnlist/a.c '"daemon/control/verbs.h"'
rule ev_stays_outside "<ev.h> is included under net/ and daemon/ only" \
	cache/a.c '<ev.h>' resolver/dns/a.c '<ev.h>' resolver/core/a.c '<ev.h>' resolver/tarn.h '<ev.h>'

rule daemon_rooms_in_order "of daemon/ a room includes itself and the rooms before it only" \
	resolver/daemon/log/a.c '"daemon/telemetry/a.h"' resolver/daemon/telemetry/a.c '"daemon/control/a.h"' \
	resolver/daemon/telemetry/a.c '"daemon/reload.h"' resolver/daemon/attic/a.c '"daemon/log/a.h"' \
	resolver/daemon/a.c '"daemon/attic/a.h"'
rule policy_is_below_forward "core/policy/ includes neither forward/ nor what stands above it" \
	resolver/core/policy/a.c '"core/forward/a.h"' resolver/core/policy/a.c '"core/admin/a.h"' \
	resolver/core/policy/a.c '"core/resolver.h"'
rule forward_is_below_resolver "core/forward/ includes neither the resolver nor admin/" \
	resolver/core/forward/a.c '"core/resolver.h"' resolver/core/forward/a.c '"core/admin/a.h"'
rule second_is_below_forward "core/second/ includes neither forward/ nor what stands above it" \
	resolver/core/second/a.c '"core/forward/a.h"' resolver/core/second/a.c '"core/resolver.h"'
rule second_link_sees_no_rooms "net/second/ includes neither listen/, upstream/ nor the worker" \
	resolver/net/second/a.c '"net/upstream/a.h"' resolver/net/second/a.c '"net/worker.h"'
rule admin_is_on_top "core/ itself does not include admin/" \
	resolver/core/a.c '"core/admin/a.h"' resolver/core/b.h '"core/admin/a.h"'
rule listen_sees_no_upstream "net/listen/ includes neither upstream/ nor the worker" \
	resolver/net/listen/a.c '"net/upstream/a.h"' resolver/net/listen/a.c '"net/worker.h"'
rule upstream_sees_no_listen "net/upstream/ includes neither listen/ nor the worker" \
	resolver/net/upstream/a.c '"net/listen/a.h"' resolver/net/upstream/a.c '"net/worker.h"'

# door INCLUDED FOLDER...: the headers that begin so have one door; another file at it is caught.
door() {
	header=$1
	case $header in
	*/) example=${header}a.h'>' ;;
	*) example=$header ;;
	esac
	shift
	sentence="$example is included in at most one file of $(echo "$*" | sed 's/ / and one of /g')"
	tap_ok "$sentence" one_door "$header" "${srcdir:-.}" "$@"
	house=$scratch/house
	build_house "$house"
	for folder in "$@"; do
		echo "#include $example" >"$house/$folder/door.c"
	done
	tap_ok "$sentence: kept by a made tree" one_door "$header" "$house" "$@"
	for folder in "$@" resolver/core; do
		echo "#  include $example" >"$house/$folder/second.c"
		tap_ok "$sentence: not with another one in $folder" not one_door "$header" "$house" "$@"
		rm "$house/$folder/second.c"
	done
}

door '<ares.h>' resolver/net/upstream
door '<xxhash.h>' cache resolver/core/admin
door '<openssl/' resolver/crypto resolver/tls
door '<nghttp2/' resolver/http2
door '<hiredis/' resolver/net/second
door '<fstrm.h>' resolver/daemon/telemetry
door '<microhttpd.h>' resolver/daemon/telemetry
door '<seccomp.h>' resolver/daemon/system
door '<sys/capability.h>' resolver/daemon/system
tap_done
