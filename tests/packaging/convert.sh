#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What docs/examples/tarn-convert makes of the files below converted/ is what stands there, and tarn takes it.
set -u
# shellcheck source=tests/selftest/tap.sh
. "${srcdir:-.}/tests/selftest/tap.sh"

srcdir=${srcdir:-.}
files=$srcdir/tests/packaging/converted
tarn=${TARN:-resolver/daemon/tarn}

convert() {
	sh "$srcdir/docs/examples/tarn-convert" "$@" >"$scratch/tarn.conf"
}

is_taken() {
	"$tarn" --check --config "$scratch/tarn.conf" >/dev/null
}

# becomes EXPECTED FILE...
becomes() {
	expected=$files/$1
	shift
	for file; do
		set -- "$@" "$files/$file"
		shift
	done
	convert "$@" && diff "$expected" "$scratch/tarn.conf" && is_taken
}

# print_lines COUNT LINE: so many lines, in which % is the number.
print_lines() {
	seq 1 "$1" | while read -r number; do
		echo "${2%\%*}$number${2#*\%}"
	done
}

keeps_many_names_in_their_file() {
	print_lines 257 'address=/name%.example/#' >"$scratch/ads.conf" && convert "$scratch/ads.conf" && is_taken &&
		! grep 'name1.example' "$scratch/tarn.conf" && grep -F "file = $scratch/ads.conf" "$scratch/tarn.conf" &&
		grep 'format = dnsmasq' "$scratch/tarn.conf" && grep 'answer = zero' "$scratch/tarn.conf"
}

writes_fewer_names() {
	print_lines 256 'address=/name%.example/' >"$scratch/ads.conf" && convert "$scratch/ads.conf" && is_taken &&
		[ "$(grep -o 'name[0-9]*\.example' "$scratch/tarn.conf" | sort -u | wc -l)" -eq 256 ]
}

# With the PTR record of the address 521 and 600.
says_what_is_too_much() {
	print_lines 520 'host-record=name%.example,192.0.2.1' >"$scratch/many.conf"
	print_lines 600 'cname=name%.example,target.example' >>"$scratch/many.conf"
	convert "$scratch/many.conf" && is_taken &&
		grep '^# many.conf:1120: .*more than 1024 of this kind: record name600.example CNAME' "$scratch/tarn.conf"
}

says_no_secret() {
	convert "$files/pihole.toml" "$files/setupVars.conf" && ! grep secret "$scratch/tarn.conf"
}

knows_what_it_cannot_read() {
	echo '[]' >"$scratch/adlist.json" && cp "$scratch/adlist.json" "$scratch/gravity.db" &&
		! convert "$scratch/adlist.json" && ! convert "$scratch/gravity.db"
}

needs_files() {
	! convert && ! convert "$scratch/none" && ! convert "$files/words.conf" "$scratch"
}

# The fetcher of the lists reads its lines.
lists_are_read() {
	convert "$files/gravity.sql" && sed -n 's/^#list //p' "$scratch/tarn.conf" >"$scratch/lists" &&
		grep -x 'list1.txt https://lists.example/hosts' "$scratch/lists"
}

takes_any_name_of_a_file() {
	cp "$files/words.conf" "$scratch/a=b" &&
		(cd "$scratch" && sh "$script" a=b >with-name) && sed 's/a=b/words.conf/' "$scratch/with-name" |
		diff "$files/words.expected" -
}

script=$(realpath "$srcdir/docs/examples/tarn-convert")
tap_ok "words of dnsmasq" becomes words.expected words.conf
tap_ok "words of dnsmasq without a counterpart" becomes others.expected others.conf
if "$tarn" --version | grep -q '^with .*openssl'; then
	tap_ok "dnsmasq's trust anchors" becomes dnssec.expected dnssec.conf
else
	tap_skip "dnsmasq's trust anchors" "tarn was built without OpenSSL"
fi
tap_ok "Pi-hole 6: its settings and its database" becomes pihole6.expected pihole.toml gravity.sql
tap_ok "Pi-hole 5: its files" becomes pihole5.expected setupVars.conf custom.list adlists.list whitelist.txt \
	blacklist.txt 05-pihole-custom-cname.conf
tap_ok "many blocked names stay in their file" keeps_many_names_in_their_file
tap_ok "fewer are written" writes_fewer_names
tap_ok "what is more than tarn takes is said" says_what_is_too_much
tap_ok "secrets of Pi-hole are not repeated" says_no_secret
tap_ok "the lists of Pi-hole are lines for tarn-lists" lists_are_read
tap_ok "a file may have any name" takes_any_name_of_a_file
tap_ok "a database that is no text is an error" knows_what_it_cannot_read
tap_ok "without files, or with a missing one, it fails" needs_files
if command -v shellcheck >/dev/null; then
	tap_ok "shellcheck has nothing to say of it" shellcheck -s sh "$script"
else
	tap_skip "shellcheck has nothing to say of it" "no shellcheck"
fi
tap_done
