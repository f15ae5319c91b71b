#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The packages' files agree with the tree, as far as that shows without building them.
set -u
# shellcheck source=tests/selftest/tap.sh
. "${srcdir:-.}/tests/selftest/tap.sh"

srcdir=${srcdir:-.}
examples=$srcdir/docs/examples
version=$(sed -n 's/^AC_INIT(\[tarn\], \[\(.*\)\])$/\1/p' "$srcdir/configure.ac")

# has_version FILE SED-SCRIPT: the script prints the version that the file names.
has_version() {
	test -n "$version" && test "$(sed -n "$2" "$1" | head -n 1)" = "$version"
}

# symbols_match LIBRARY PREFIX HEADER: a line for each function that the header declares.
symbols_match() {
	sed -n 's/^ \([a-z_0-9]*\)@Base .*/\1/p' "$srcdir/debian/$1.symbols" | sort >"$scratch/listed"
	grep -oE "[ *]$2_[a-z][a-z0-9_]*\\(" "$srcdir/$3" | tr -d ' *(' | sort -u >"$scratch/declared"
	test -s "$scratch/listed" && diff "$scratch/declared" "$scratch/listed"
}

# parses FILE...: a shell reads it.
parses() {
	for file; do
		sh -n "$file" || return
	done
}

# The build system of OpenWrt, as far as it prints the metadata of a package.
openwrt_reads() {
	echo 'INSTALL_DIR := install -d' >"$scratch/rules.mk"
	cat >"$scratch/package.mk" <<-'MAKE'
		define BuildPackage
		.PHONY: print
		print:
			$(info $(1) $(PKG_VERSION) $(CONFIGURE_ARGS))
			$(info $(Package/$(1)))
			$(info $(call Package/$(1)/install,/root))
		endef
	MAKE
	make --no-print-directory -n -f "$examples/openwrt/Makefile" \
		TOPDIR="$scratch" INCLUDE_DIR="$scratch" print >"$scratch/openwrt" 2>&1
	cat "$scratch/openwrt"
	grep -q "^tarn $version --" "$scratch/openwrt" &&
		grep -q 'DEPENDS:=.*+libcares' "$scratch/openwrt" &&
		grep -q 'install -d /root/usr/sbin' "$scratch/openwrt"
}

# What it changes of the example is there: the cache's file is on flash, and seldom written.
openwrt_changes() {
	script=$(sed -n "s/^\t\$(SED) '\(.*\)' .*/\1/p" "$examples/openwrt/Makefile")
	sed "$script" "$examples/tarn.conf" >"$scratch/tarn.conf"
	grep -q '^#	file = /etc/tarn/state/cache$' "$scratch/tarn.conf" &&
		grep -q '^#	save = 1h$' "$scratch/tarn.conf"
}

# configure_knows FILE: the switches that it gives to ./configure are switches of it.
configure_knows() {
	grep -oE -- '--(en|dis)able-[a-z0-9]+|--with(out)?-[a-z0-9]+' "$1" |
		grep -vE -- '-(static|shared)$' | sort -u >"$scratch/switches"
	test -s "$scratch/switches" || return
	while read -r switch; do
		name=${switch#--*-}
		grep -qE "AC_ARG_(ENABLE|WITH)\(\[$name\]" "$srcdir/configure.ac" "$srcdir/m4/tarn.m4" ||
			{ echo "$switch"; return 1; }
	done <"$scratch/switches"
}

tap_ok "debian/changelog has the version of configure.ac" \
	has_version "$srcdir/debian/changelog" 's/^tarn (\(.*\)) .*/\1/p'
tap_ok "so has the APKBUILD" has_version "$examples/alpine/APKBUILD" 's/^pkgver=//p'
tap_ok "so has OpenWrt's Makefile" has_version "$examples/openwrt/Makefile" 's/^PKG_VERSION:=//p'
tap_ok "librtcache0.symbols lists what rtcache.h declares" \
	symbols_match librtcache0 rtcache cache/rtcache.h
tap_ok "libtarn0.symbols lists what tarn.h declares" symbols_match libtarn0 tarn resolver/tarn.h
tap_ok "a shell reads the scripts of the packages" parses "$srcdir/debian/tarn.postinst" \
	"$srcdir/debian/tarn.prerm" \
	"$srcdir/debian/tests/system-resolver" "$examples/alpine/APKBUILD" \
	"$examples/alpine/tarn.pre-install"
tap_ok "make reads OpenWrt's Makefile" openwrt_reads
tap_ok "what OpenWrt's Makefile changes of the example is there" openwrt_changes
for file in debian/rules docs/examples/alpine/APKBUILD docs/examples/openwrt/Makefile; do
	tap_ok "$file uses switches that there are" configure_knows "$srcdir/$file"
done
tap_ok "a version that is another one is seen" \
	not has_version "$srcdir/debian/changelog" 's/^tarn (\(.*\)) .*/\1-1/p'
tap_done
