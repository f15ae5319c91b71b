#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The floors of the house as the linker sees them: a file uses the files that define the symbols that it
# leaves undefined. Calls point down, and no two files need each other. Each rule is also shown to catch
# a made breach. Calls through a pointer (a callback, an interface) are no arrows.
set -u
# shellcheck source=tests/selftest/tap.sh
. "${srcdir:-.}/tests/selftest/tap.sh"

# symbols BUILD: "object: symbol type" for every global symbol, of position-independent objects too.
# NM is a list of words.
# shellcheck disable=SC2086
symbols() {
	(cd "$1" && find cache resolver -name '*.o' -exec $NM -A -P -g {} + | awk '{ print $1, $2, $3 }')
}

# sources SOURCE BUILD: the source files, generated ones too.
sources() {
	(cd "$1" && find cache resolver -name '*.c')
	(cd "$2" && find cache resolver -name '*.c')
}

# arrows SOURCE BUILD: "user definer symbol". An object whose source is gone is left over from another build.
arrows() {
	{ sources "$1" "$2" && symbols "$2"; } | awk '
	function source_of(object,   file, folder) {
		file = object
		sub(/:$/, "", file)
		sub(/\.libs\//, "", file)
		sub(/\.o$/, ".c", file)
		if (file in is_source)
			return file
		folder = file
		sub(/[^\/]*$/, "", folder)
		sub(/.*\/[a-z_]*-/, "", file)
		return folder file
	}
	NF == 1 { is_source[$1]; next }
	$2 ~ /^_/ || !(source_of($1) in is_source) { next }
	$3 ~ /^[Uvw]$/ { uses[source_of($1) " " $2]; next }
	{ definer[$2] = source_of($1) }
	END {
		for (use in uses) {
			split(use, word, " ")
			if (word[2] in definer && definer[word[2]] != word[1])
				print word[1], definer[word[2]], word[2]
		}
	}' | sort
}

# floors_point_down ARROWS: every symbol comes from the floor itself or from one that it may see.
floors_point_down() {
	awk '
	BEGIN {
		sees["cache"] = "cache"
		sees["base"] = "base"
		sees["dns"] = sees["base"] " dns"
		sees["crypto"] = sees["base"] " crypto"
		sees["tls"] = sees["crypto"] " tls"
		sees["http2"] = sees["dns"] " http2"
		sees["dnssec"] = sees["dns"] " crypto dnssec"
		sees["core"] = sees["dnssec"] " tls http2 core cache"
		sees["net"] = sees["core"] " net"
		sees["daemon"] = sees["net"] " daemon"
		sees["tarnctl"] = sees["dns"] " core tarnctl"
		sees["tarnlist"] = sees["dns"] " tarnlist"
	}
	function floor(file,   part) {
		split(file, part, "/")
		return part[1] == "resolver" ? part[2] : part[1]
	}
	floor($1) == "tarnctl" && $2 == "resolver/daemon/control/verbs.c" { next }
	!index(" " sees[floor($1)] " ", " " floor($2) " ") { print; bad = 1 }
	floor($1) != "cache" && $3 ~ /^rtcache__/ { print; bad = 1 }
	END { exit bad || NR == 0 }' "$1"
}

# rooms_point_down ARROWS: within daemon/ every symbol comes from the same room or from one before it.
rooms_point_down() {
	awk '
	BEGIN {
		count = split("log settings system threads names bootstrap transfer certificates cache_file telemetry config control", room, " ")
		for (i = 1; i <= count; i++)
			rank[room[i]] = i
	}
	function height(file,   part) {
		return split(file, part, "/") == 3 ? count + 1 : rank[part[3]]
	}
	($1 " " $2) !~ /^resolver\/daemon\/.* resolver\/daemon\// { next }
	!height($1) || height($1) < height($2) { print; bad = 1 }
	END { exit bad || NR == 0 }' "$1"
}

# no_circle ARROWS: no file reaches itself through another. A circle is shown with all its arrows.
no_circle() {
	awk '
	function reach(from, file,   to, i, count) {
		count = split(used[file], to, " ")
		for (i = 1; i <= count; i++)
			if (!((from, to[i]) in reached)) {
				reached[from, to[i]]
				reach(from, to[i])
			}
	}
	{ line[++count] = $0 }
	!(($1, $2) in is_used) { is_used[$1, $2]; used[$1] = used[$1] " " $2 }
	END {
		for (file in used)
			reach(file, file)
		for (i = 1; i <= count; i++) {
			split(line[i], word, " ")
			if ((word[2], word[1]) in reached) {
				print line[i]
				bad = 1
			}
		}
		exit bad || count == 0
	}' "$1"
}

# write HOUSE FILE SYMBOL [USED]...: a file of a made house, compiled: it defines the symbol and uses others.
# CC is a list of words.
# shellcheck disable=SC2086
write() {
	house=$1
	file=$2
	symbol=$3
	shift 3
	folder=$house/${file%/*}/.libs
	mkdir -p "$folder"
	{
		for used in "$@"; do
			echo "void $used(void);"
		done
		echo "void $symbol(void);"
		echo "void $symbol(void) {"
		for used in "$@"; do
			echo "$used();"
		done
		echo '}'
	} >"$house/$file"
	object=${file##*/}
	$CC -c "$house/$file" -o "$folder/libmade_la-${object%.c}.o"
}

# A small house that keeps every rule, with an object left over from a source that is gone.
build_house() {
	write "$1" cache/a.c rtcache_a
	write "$1" cache/b.c rtcache__b rtcache_a
	write "$1" resolver/base/a.c base_a
	write "$1" resolver/dns/a.c dns_a base_a
	write "$1" resolver/core/a.c core_a dns_a rtcache_a
	write "$1" resolver/core/room/a.c room_a core_a
	write "$1" resolver/net/a.c net_a core_a
	write "$1" resolver/daemon/log/a.c log_a
	write "$1" resolver/daemon/system/a.c system_a log_a
	write "$1" resolver/daemon/control/a.c control_a system_a verbs
	write "$1" resolver/daemon/control/verbs.c verbs base_a
	write "$1" resolver/daemon/a.c daemon_a net_a control_a
	write "$1" resolver/tarnctl/a.c tarnctl_a verbs core_a
	write "$1" resolver/tarnlist/a.c tarnlist_a dns_a
	write "$1" resolver/dns/gone.c gone daemon_a
	rm "$1/resolver/dns/gone.c"
}

# rule CHECK SENTENCE: the tree keeps the rule, and so does the made house.
rule() {
	tap_ok "$2" "$1" "$scratch/arrows"
	tap_ok "$2: kept by a made house" "$1" "$scratch/house.arrows"
}

# breach CHECK FILE SYMBOL [USED]...: the rule is broken by the house with this file.
breach() {
	check=$1
	shift
	rm -rf "$scratch/broken"
	cp -R "$scratch/house" "$scratch/broken"
	write "$scratch/broken" "$@"
	arrows "$scratch/broken" "$scratch/broken" >"$scratch/broken.arrows"
	sentence="$check: not with $1 that uses"
	shift 2
	tap_ok "$sentence $*" not "$check" "$scratch/broken.arrows"
}

# why_not: prints the reason if symbols cannot be read.
# CC and NM are lists of words.
# shellcheck disable=SC2086
why_not() {
	set -- $NM
	if [ $# -eq 0 ] || ! command -v "$1" >/dev/null; then
		echo 'no nm'
	elif ! symbols . | grep -q ' rtcache_new T'; then
		echo 'nm does not see the symbols of these objects'
	fi
}

reason=$(why_not 2>/dev/null)
if [ -n "$reason" ]; then
	tap_skip "calls point down, and no two files need each other" "$reason"
	tap_done
	exit
fi

arrows "${srcdir:-.}" . >"$scratch/arrows"
build_house "$scratch/house"
arrows "$scratch/house" "$scratch/house" >"$scratch/house.arrows"

rule floors_point_down "a symbol comes from the same floor or from one below"
breach floors_point_down cache/a.c rtcache_a base_a
breach floors_point_down resolver/base/a.c base_a dns_a
breach floors_point_down resolver/base/a.c base_a rtcache_a
breach floors_point_down resolver/dns/a.c dns_a core_a
breach floors_point_down resolver/core/room/a.c room_a net_a
breach floors_point_down resolver/core/a.c core_a rtcache__b
breach floors_point_down resolver/net/a.c net_a log_a
breach floors_point_down resolver/tarnctl/a.c tarnctl_a log_a
breach floors_point_down resolver/tarnlist/a.c tarnlist_a core_a
breach floors_point_down resolver/daemon/a.c daemon_a tarnctl_a
breach floors_point_down resolver/attic/a.c attic_a base_a

rule rooms_point_down "a symbol of daemon/ comes from the same room or from one before"
breach rooms_point_down resolver/daemon/log/a.c log_a system_a
breach rooms_point_down resolver/daemon/log/b.c log_b log_a daemon_a
breach rooms_point_down resolver/daemon/telemetry/a.c telemetry_a control_a
breach rooms_point_down resolver/daemon/attic/a.c attic_a log_a

rule no_circle "no two files need each other"
breach no_circle cache/a.c rtcache_a rtcache__b
breach no_circle resolver/daemon/log/a.c log_a control_a
tap_done
