# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# Sourced by ./try and ./check: installs what the system's package manager has and we lack.
# The package manager's words go to $install_log.

: "${install_log:=/dev/null}"

# say LINE...
say() {
	printf '%s\n' "$@"
}

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# as_root COMMAND...: without a question where nobody could answer it.
as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null && [ -t 0 ]; then
		sudo "$@"
	elif command -v sudo >/dev/null; then
		sudo -n "$@"
	else
		die "to install packages run it as root, or install sudo: $*"
	fi
}

# The package manager of this system: apt, apk, dnf, or nothing.
package_manager() {
	for manager in apt-get apk dnf; do
		if command -v "$manager" >/dev/null; then
			say "$manager"
			return
		fi
	done
}

# packages_for WHAT: the names of the packages that building, trying or testing needs; "faults" is
# what looks for faults beside the tests, "model" the model checker, "package" makes a package, "root" a root of another system.
packages_for() {
	case "$(package_manager) $1" in
	'apt-get build')
		say gcc libc6-dev make autoconf automake libtool pkg-config \
			libc-ares-dev libev-dev libxxhash-dev libconfuse-dev libjansson-dev \
			libseccomp-dev libcap-dev
		;;
	'apt-get try') say bind9-dnsutils ;;
	'apt-get server') say nsd ;;
	'apt-get check')
		say g++ binutils xz-utils check libldns-dev knot knot-dnsutils ldnsutils unbound \
			bind9 knot-resolver python3-cryptography \
			dnsperf iproute2 util-linux python3-pytest python3-pytest-xdist python3-dnspython python3-yaml \
			libmicrohttpd-dev libssl-dev libnghttp2-dev libhiredis-dev redis-server \
			nginx-light dnsdist nghttp2-client python3-h2 openssl \
			libfstrm-dev libprotobuf-c-dev protobuf-c-compiler dnstap-ldns fstrm-bin curl musl-tools \
			systemd libcap2-bin
		;;
	'apt-get faults') say clang libclang-rt-dev valgrind libc6-dbg ;;
	'apt-get model') say relacy-dev ;;
	'apt-get package') say build-essential debhelper lintian ;;
	'apt-get root') say mmdebstrap ;;
	'apk build')
		say gcc musl-dev make autoconf automake libtool pkgconf \
			c-ares-dev libev-dev xxhash-dev linux-headers confuse-dev jansson-dev \
			libseccomp-dev libcap-dev
		;;
	'apk try') say bind-tools ;;
	'apk server') say nsd ;;
	'apk check')
		say g++ binutils xz check-dev ldns-dev knot knot-utils ldns-tools unbound \
			bind knot-resolver py3-cryptography \
			iproute2 util-linux py3-pytest py3-pytest-xdist py3-dnspython py3-yaml libmicrohttpd-dev openssl-dev \
			nghttp2-dev hiredis-dev redis nginx dnsdist nghttp2 py3-h2 openssl fstrm-dev \
			protobuf-c-dev curl libcap-utils
		;;
	'apk faults') say clang compiler-rt valgrind ;;
	'dnf build')
		say gcc glibc-devel make autoconf automake libtool pkgconf-pkg-config \
			c-ares-devel libev-devel xxhash-devel libconfuse-devel jansson-devel \
			libseccomp-devel libcap-devel
		;;
	'dnf try') say bind-utils ;;
	'dnf server') say nsd ;;
	'dnf check')
		say gcc-c++ binutils xz check-devel ldns-devel knot knot-utils ldns-utils unbound \
			bind knot-resolver python3-cryptography \
			dnsperf iproute util-linux python3-pytest python3-pytest-xdist python3-dns python3-pyyaml libmicrohttpd-devel openssl-devel \
			libnghttp2-devel hiredis-devel valkey nginx dnsdist nghttp2 python3-h2 openssl \
			fstrm-devel protobuf-c-devel curl musl-gcc systemd
		;;
	'dnf faults') say clang compiler-rt valgrind libasan libubsan libtsan ;;
	esac
}

is_installed() {
	case $(package_manager) in
	apt-get) [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ] ;;
	apk) apk info -e "$1" >/dev/null ;;
	dnf) rpm -q --whatprovides "$1" >/dev/null ;;
	esac
}

# No package may start its service: it would take port 53 of somebody's machine. A policy that is
# already there stays as it is.
policy=/usr/sbin/policy-rc.d
policy_is_ours=

forbid_services() {
	[ -e "$policy" ] && return
	policy_is_ours=yes
	printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
	as_root chmod 755 "$policy"
}

allow_services() {
	[ -z "$policy_is_ours" ] || as_root rm -f "$policy"
	policy_is_ours=
}

# install_packages WHAT...: installs those of packages_for WHAT that are missing.
install_packages() {
	missing=
	for what; do
		for package in $(packages_for "$what"); do
			is_installed "$package" || missing="$missing $package"
		done
	done
	case $(package_manager) in
	'') say "No apt, apk or dnf here: what is needed must be installed already (see README.md)." ;;
	apk | dnf) say "Alpine and Fedora: the package names are untested." ;;
	esac
	[ -n "$missing" ] || return 0

	say "Installing:$missing"
	# The names are words, and no name holds a blank.
	# shellcheck disable=SC2086
	case $(package_manager) in
	apt-get)
		forbid_services
		as_root apt-get -q -o DPkg::Lock::Timeout=120 update >/dev/null || true
		as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
			-o DPkg::Lock::Timeout=120 install $missing </dev/null >"$install_log" 2>&1
		;;
	apk) as_root apk add --no-progress $missing >"$install_log" 2>&1 ;;
	dnf) as_root dnf install -y -q $missing </dev/null >"$install_log" 2>&1 ;;
	esac
	status=$?
	allow_services
	if [ $status -ne 0 ]; then
		tail -n 20 "$install_log" >&2
		die "could not install:$missing"
	fi
}

# package_source: the first source of packages of this system, whether in the old form or the new one.
package_source() {
	cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
		sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb  *\(\[[^]]*\] *\)\{0,1\}\([^ ]*\).*/\2/p' |
		head -n 1
}

# copy_tree DIRECTORY: what is committed and what is not yet, but nothing that was built.
copy_tree() {
	mkdir -p "$1" &&
		git ls-files -z --cached --others --exclude-standard |
		tar -c --null --files-from=- --ignore-failed-read | tar -x -C "$1"
}

# make_configure: ./configure for a fresh clone; afterwards make itself keeps it current.
make_configure() {
	[ -e configure ] && [ -e Makefile.in ] && return
	./autogen.sh
}
