#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# docs/examples/tarn-lists fetches from a server of this test's own.
set -u
# shellcheck source=tests/selftest/tap.sh
. "${srcdir:-.}/tests/selftest/tap.sh"

srcdir=${srcdir:-.}
python=${PYTHON:-python3}
site=$scratch/site
lists=$scratch/lists
folder=$scratch/folder
mkdir "$site" "$folder"
mkfifo "$scratch/ready"

tap_programs() {
	for program in curl "$python"; do
		command -v "$program" >/dev/null || { tap_skip "lists are fetched" "no $program"; return 1; }
	done
}

# Reading the fifo waits until the server has its port.
start_server() {
	"$python" "$srcdir/tests/packaging/serve.py" "$site" >"$scratch/ready" 2>"$scratch/server.log" &
	server=$!
	trap 'kill $server 2>/dev/null; rm -rf "$scratch"' EXIT
	read -r port <"$scratch/ready"
}

fetch() {
	NO_PROXY='*' no_proxy='*' sh "$srcdir/docs/examples/tarn-lists" "$@"
}

# publish FILE LINES [HEADING]: so many names.
publish() {
	{
		[ $# -lt 3 ] || printf '%b' "$3"
		awk -v lines="$2" 'BEGIN { for (i = 0; i < lines; i++) print "name" i ".example" }'
	} >"$site/$1"
}

# are_same NAME FILE: the list is the file of the site, and nothing else is left of a fetch.
are_same() {
	cmp "$folder/$1" "$site/$2" && ! find "$folder" -name '.*.new' -o -name ".*.*[0-9].etag" | grep .
}

# refuses NAME REASON [OPTION]: with exit status 1; the list stays as it was.
refuses() {
	rm -f "$scratch/before"
	[ ! -e "$folder/$1" ] || cp "$folder/$1" "$scratch/before"
	fetch "$lists" "$folder" "$1" >"$scratch/said" 2>&1
	status=$?
	cat "$scratch/said"
	[ $status -eq 1 ] && grep -q "^tarn-lists: $1: .*$2" "$scratch/said" || return
	if [ -e "$scratch/before" ]; then
		cmp "$scratch/before" "$folder/$1"
	else
		! find "$folder" -name "*$1*" | grep .
	fi
}

fetches() {
	fetch "$lists" "$folder" ads && are_same ads ads
}

takes_a_change() {
	publish ads 120 && fetches
}

# The last answer of the server was 304, and the tag of a list that is gone is not compared.
asks_with_the_tag() {
	fetch "$lists" "$folder" ads && [ "$(tail -n 1 "$site/answers")" = '/ads 304' ] && are_same ads ads
}

fetches_what_is_gone() {
	rm "$folder/ads" && fetches && [ "$(tail -n 1 "$site/answers")" = '/ads 200' ]
}

# A refused file's tag is not kept: it is refused again.
refuses_again() {
	publish ads 10 && refuses ads 'half as long' && refuses ads 'half as long'
}

refuses_a_page() {
	publish ads 200 "$1" && refuses ads 'web page'
}

refuses_nothing() {
	: >"$site/ads" && refuses ads empty
}

takes_half() {
	publish ads 120 && fetches && head -c "$(($(wc -c <"$folder/ads") / 2))" "$folder/ads" >"$site/half" &&
		mv "$site/half" "$site/ads" && fetches
}

is_forced() {
	publish ads 5 && refuses ads 'half as long' && fetch --force "$lists" "$folder" ads && are_same ads ads &&
		fetch --force "$lists" "$folder" ads && [ "$(tail -n 1 "$site/answers")" = '/ads 200' ]
}

# The file before it has its name, the folder afterwards.
reaches_the_disk() {
	mkdir "$scratch/bin" && cat >"$scratch/bin/sync" <<-'SYNC' && chmod +x "$scratch/bin/sync" || return
		#!/bin/sh
		for last; do :; done
		if [ -d "$last" ]; then ls "$last"; else echo "file: $(head -n 1 "$last")"; fi >>"$SYNCED"
	SYNC
	rm -f "$folder/ads" && PATH=$scratch/bin:$PATH SYNCED=$scratch/synced fetch "$lists" "$folder" ads &&
		printf 'file: name0.example\nads\n' | diff - "$scratch/synced"
}

# One that fails does not keep the others from being fetched.
goes_on() {
	publish more 20 && publish ads 130
	fetch "$lists" "$folder"
	[ $? -eq 1 ] && are_same more.txt more && are_same ads ads && are_same local more
}

keeps_names() {
	mkdir "$folder/more" && printf '%s %s/ads\n' more/ads "$address" .ads "$address" >"$scratch/bad"
	! fetch "$scratch/bad" "$folder" 2>"$scratch/said" && [ "$(grep -c 'not a name' "$scratch/said")" = 2 ] &&
		rmdir "$folder/more" && [ ! -e "$folder/.ads" ]
}

follows() {
	fetch "$lists" "$folder" moved && are_same moved ads
}

has_no_such() {
	! fetch "$lists" "$folder" nothing && ! fetch "$scratch/none" "$folder" && ! fetch "$lists"
}

tap_programs || { tap_done; exit 0; }
start_server
address=http://127.0.0.1:$port
cat >"$lists" <<LISTS
# lists of this test
missing $address/nothing-there
endless	$address/endless

ads $address/ads
moved $address/moved-to-ads
more.txt $address/more a comment
LISTS
printf 'local file://%s/more' "$site" >>"$lists" # without a newline
publish ads 100
publish endless 10

tap_ok "a list is fetched" fetches
tap_ok "a list that has changed is fetched" takes_a_change
tap_ok "a list that has not changed is not sent again" asks_with_the_tag
tap_ok "a list that is gone is fetched whole" fetches_what_is_gone
tap_ok "what is not there is an error" refuses missing 404
tap_ok "what is too large is an error" refuses endless 'size'
tap_ok "less than half is refused, each time" refuses_again
tap_ok "nothing is refused" refuses_nothing
tap_ok "a web page is refused" refuses_a_page '<!DOCTYPE html>\n'
tap_ok "a web page behind blanks and a byte order mark is refused" refuses_a_page '\0357\0273\0277\r\n \t<html>'
tap_ok "half is taken" takes_half
tap_ok "--force takes less, and what has not changed" is_forced
tap_ok "a list is on the disk before it has its name" reaches_the_disk
tap_ok "a redirection is followed" follows
tap_ok "the others are fetched after an error" goes_on
tap_ok "the name of a list is no path" keeps_names
tap_ok "an unknown list and a missing file are errors" has_no_such
if command -v shellcheck >/dev/null; then
	tap_ok "shellcheck has nothing to say of it" shellcheck -s sh "$srcdir/docs/examples/tarn-lists"
else
	tap_skip "shellcheck has nothing to say of it" "no shellcheck"
fi
tap_done
