# SPDX-License-Identifier: BSD-2-Clause
# The probes configure.ac is written in.

# TARN_CFLAGS_ADD(VARIABLE, FLAGS): append those of FLAGS that the compiler takes without a warning.
AC_DEFUN([TARN_CFLAGS_ADD], [
for tarn_flag in $2; do
	AC_MSG_CHECKING([whether $CC takes $tarn_flag])
	tarn_saved_CFLAGS=$CFLAGS
	CFLAGS="$CFLAGS -Werror $tarn_flag"
	AC_COMPILE_IFELSE([AC_LANG_PROGRAM],
		[AC_MSG_RESULT([yes]); AS_VAR_APPEND([$1], [" $tarn_flag"])],
		[AC_MSG_RESULT([no])])
	CFLAGS=$tarn_saved_CFLAGS
done])

# TARN_LDFLAGS_ADD(VARIABLE, FLAGS): the same for the linker.
AC_DEFUN([TARN_LDFLAGS_ADD], [
for tarn_flag in $2; do
	AC_MSG_CHECKING([whether the linker takes $tarn_flag])
	tarn_saved_CFLAGS=$CFLAGS
	tarn_saved_LDFLAGS=$LDFLAGS
	CFLAGS="$CFLAGS $PIE_CFLAGS"
	LDFLAGS="$LDFLAGS -Werror $tarn_flag"
	AC_LINK_IFELSE([AC_LANG_PROGRAM],
		[AC_MSG_RESULT([yes]); AS_VAR_APPEND([$1], [" $tarn_flag"])],
		[AC_MSG_RESULT([no])])
	CFLAGS=$tarn_saved_CFLAGS
	LDFLAGS=$tarn_saved_LDFLAGS
done])

# TARN_LINKED_ADD(VARIABLE, FLAG, IF-NOT): append FLAG, which compiling and linking both need.
AC_DEFUN([TARN_LINKED_ADD], [
AC_MSG_CHECKING([whether $CC builds with $2])
tarn_saved_CFLAGS=$CFLAGS
CFLAGS="$CFLAGS -Werror $2"
AC_LINK_IFELSE([AC_LANG_PROGRAM],
	[AC_MSG_RESULT([yes]); AS_VAR_APPEND([$1], [" $2"])],
	[AC_MSG_RESULT([no]); $3])
CFLAGS=$tarn_saved_CFLAGS])

# TARN_FORTIFY(VARIABLE): the highest _FORTIFY_SOURCE the C library has. Only an optimising compiler
# honours it, and a level that the user or the distribution has set stays.
AC_DEFUN([TARN_FORTIFY], [
AC_MSG_CHECKING([for _FORTIFY_SOURCE])
fortify_level=
AC_COMPILE_IFELSE([AC_LANG_SOURCE([[
#if !defined __OPTIMIZE__ || defined _FORTIFY_SOURCE
#error not ours to set
#endif
]])], [
	for tarn_level in 3 2; do
		tarn_saved_CPPFLAGS=$CPPFLAGS
		CPPFLAGS="$CPPFLAGS -D_FORTIFY_SOURCE=$tarn_level"
		tarn_saved_CFLAGS=$CFLAGS
		CFLAGS="$CFLAGS -Werror"
		AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include <string.h>]])],
			[fortify_level=$tarn_level])
		CPPFLAGS=$tarn_saved_CPPFLAGS
		CFLAGS=$tarn_saved_CFLAGS
		test -z "$fortify_level" || break
	done
])
AS_IF([test -n "$fortify_level"], [AS_VAR_APPEND([$1], [" -D_FORTIFY_SOURCE=$fortify_level"])])
AC_MSG_RESULT([${fortify_level:-left alone}])])

# TARN_TOOL(VARIABLE, NAMES, WHAT IT IS FOR): an optional program, empty where there is none.
AC_DEFUN([TARN_TOOL], [
AC_ARG_VAR([$1], [$3])
AC_CHECK_PROGS([$1], [$2])])

# TARN_CARES: which of the two ways of sending through c-ares its version allows.
AC_DEFUN([TARN_CARES], [
tarn_saved_CPPFLAGS=$CPPFLAGS
tarn_saved_LIBS=$LIBS
CPPFLAGS="$CPPFLAGS $CARES_CFLAGS"
LIBS="$CARES_LIBS $LIBS"
AC_CHECK_FUNCS([ares_set_socket_functions_ex])
cares_version=$($PKG_CONFIG --modversion libcares)
AS_IF([test "$ac_cv_func_ares_set_socket_functions_ex" = yes],
	[cares_way="token questions, the real bytes beside them"],
	[cares_way="raw messages"
	AC_PREPROC_IFELSE([AC_LANG_SOURCE([[
#include <ares.h>
#if ARES_VERSION >= 0x011600
#error rewrites the messages it carries
#endif
]])], [], [AC_MSG_ERROR(
		[c-ares $cares_version rewrites what it sends: use 1.18 to 1.21, or 1.34 and later])])])
CPPFLAGS=$tarn_saved_CPPFLAGS
LIBS=$tarn_saved_LIBS])

# TARN_HIREDIS: TLS to a second level goes through a connection's own functions for reading and writing, which
# libhiredis has since 1.0.
AC_DEFUN([TARN_HIREDIS], [
hiredis_way=no
AS_IF([test "$have_hiredis" = yes], [
	tarn_saved_CPPFLAGS=$CPPFLAGS
	CPPFLAGS="$CPPFLAGS $HIREDIS_CFLAGS"
	AC_CHECK_MEMBER([struct redisContext.funcs], [
		AC_MSG_CHECKING([whether they read and write as TLS needs it])
		tarn_saved_CFLAGS=$CFLAGS
		CFLAGS="$CFLAGS -Werror"
		AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[
#include <hiredis/hiredis.h>
static ssize_t get(redisContext *c, char *out, size_t room) { (void)c; (void)out; return (ssize_t)room; }
static ssize_t put(redisContext *c) { (void)c; return 0; }
]], [[redisContextFuncs io = {0}; io.read = get; io.write = put; return io.read == 0 || io.write == 0;]])],
			[hiredis_tls=yes], [hiredis_tls=no])
		CFLAGS=$tarn_saved_CFLAGS
		AC_MSG_RESULT([$hiredis_tls])
		], [hiredis_tls=no], [[#include <hiredis/hiredis.h>]])
	CPPFLAGS=$tarn_saved_CPPFLAGS
	AS_IF([test "$hiredis_tls,$have_openssl" = yes,yes],
		[AC_DEFINE([HIREDIS_HAS_TLS], [1], [Define to 1 if a second level can be reached over TLS.])
		hiredis_way="yes, also over TLS"],
		[hiredis_way="yes, not over TLS"])
])])

# TARN_LIBEV: libev has no .pc file.
AC_DEFUN([TARN_LIBEV], [
AC_CHECK_HEADER([ev.h], [], [AC_MSG_ERROR([ev.h not found: install libev 4.33 or later])])
AC_PREPROC_IFELSE([AC_LANG_SOURCE([[
#include <ev.h>
#if EV_VERSION_MAJOR != 4 || EV_VERSION_MINOR < 33
#error too old
#endif
]])], [], [AC_MSG_ERROR([libev is too old: 4.33 or a later 4.x is needed])])
AC_CHECK_LIB([ev], [ev_run], [AC_SUBST([EV_LIBS], [-lev])],
	[AC_MSG_ERROR([libev cannot be linked])])
AC_COMPUTE_INT([libev_minor], [EV_VERSION_MINOR], [[#include <ev.h>]], [libev_minor=33])
libev_version=4.$libev_minor])

# TARN_LDNS: reads and prints records in the scenario tests.
AC_DEFUN([TARN_LDNS], [
scenario_tests="left out: no libldns"
AC_CHECK_HEADER([ldns/ldns.h], [AC_CHECK_LIB([ldns], [ldns_wire2pkt],
	[AC_SUBST([LDNS_LIBS], [-lldns])
	scenario_tests=yes])])
AS_IF([test "$have_check" != yes], [scenario_tests="left out: no Check"])
AM_CONDITIONAL([HAVE_LDNS], [test "$scenario_tests" = yes])])

# TARN_PYTHON: a Python with pytest and dnspython; the system's own is asked before PATH's first.
AC_DEFUN([TARN_PYTHON], [
AC_ARG_VAR([PYTHON], [Python 3 with pytest and dnspython: the system tests])
AC_MSG_CHECKING([for a Python with pytest and dnspython])
tarn_pythons=${PYTHON:-/usr/bin/python3 python3}
PYTHON=
for tarn_python in $tarn_pythons; do
	AS_IF([$tarn_python -c 'import pytest, dns.message' >&AS_MESSAGE_LOG_FD 2>&1],
		[PYTHON=$tarn_python; break])
done
AC_MSG_RESULT([${PYTHON:-none}])])

# TARN_OPTIONAL(NAME, MODULES, yes|no|auto): a part of the program that can be left out. Sets
# NAME_CFLAGS, NAME_LIBS, have_name, HAVE_NAME for C and for automake, and adds to built_with or
# left_out.
AC_DEFUN([TARN_OPTIONAL], [
	m4_pushdef([tarn_lower], m4_tolower([$1]))
	have_[]tarn_lower=no
	AS_IF([test "$3" != no], [
		PKG_CHECK_MODULES([$1], [$2], [have_[]tarn_lower=yes],
			[AS_IF([test "$3" = yes], [AC_MSG_ERROR([no $2])])])
	])
	AS_IF([test "$have_[]tarn_lower" = yes],
		[AC_DEFINE([HAVE_$1], [1], [Define to 1 where it is built with $2.])
		built_with="${built_with:+$built_with, }tarn_lower"],
		[left_out="${left_out:+$left_out, }tarn_lower"])
	AM_CONDITIONAL([HAVE_$1], [test "$have_[]tarn_lower" = yes])
	m4_popdef([tarn_lower])
])

# TARN_SONAME(NAME, LIBRARY, [MACRO]): of an optional library that is loaded while the program runs, and not
# before: NAME_SONAME, or MACRO_SONAME, for C is what a program that is linked with it asks for.
AC_DEFUN([TARN_SONAME], [
	m4_pushdef([tarn_lower], m4_tolower([$1]))
	AS_IF([test "$have_[]tarn_lower" = yes], [
		AC_CHECK_TOOLS([READELF], [readelf llvm-readelf], [:])
		AC_MSG_CHECKING([for the name of $2 while a program runs])
		tarn_libs=$LIBS
		LIBS="-Wl,--no-as-needed $$1_LIBS $LIBS"
		AC_LINK_IFELSE([AC_LANG_PROGRAM()],
			[tarn_soname=$($READELF -d conftest$EXEEXT |
				$SED -n 's/.*\@<:@\($2.*\)@:>@.*/\1/p')],
			[tarn_soname=])
		LIBS=$tarn_libs
		AS_IF([test -z "$tarn_soname"], [AC_MSG_ERROR([readelf cannot tell])])
		AC_MSG_RESULT([$tarn_soname])
		AC_DEFINE_UNQUOTED(m4_default([$3], [$1])[_SONAME], ["$tarn_soname"], [What $2 is loaded as.])
	])
	m4_popdef([tarn_lower])
])

# TARN_PLACES: the configuration file and the control socket are where the machine has such things, and
# where the unit and the manuals have them, below /usr and /usr/local too. An installation into a folder
# of its own, and who says otherwise, keeps them there.
AC_DEFUN([TARN_PLACES], [
AS_CASE([$prefix], [NONE | /usr | /usr/local], [
	AS_IF([test "$sysconfdir" = '${prefix}/etc'], [sysconfdir=/etc])
	AS_IF([test "$runstatedir" = '${localstatedir}/run'], [runstatedir=/run])])])

# TARN_SYSTEMD: where the service's files go. systemd looks below /usr/local, too; a prefix that it
# does not look at gets them among the examples.
AC_DEFUN([TARN_SYSTEMD], [
AC_ARG_WITH([systemd],
	[AS_HELP_STRING([--without-systemd], [install its unit as an example only])],
	[], [with_systemd=auto])
AC_CHECK_PROG([have_systemctl], [systemctl], [yes], [no])
systemdsystemunitdir=
sysusersdir=
AS_CASE([$with_systemd,$have_systemctl,$prefix],
	[no,*], [],
	[*,*,/usr], [
		PKG_CHECK_VAR([systemdsystemunitdir], [systemd], [systemdsystemunitdir])
		PKG_CHECK_VAR([sysusersdir], [systemd], [sysusersdir])],
	[auto,yes,NONE | auto,yes,/usr/local | yes,*], [
		systemdsystemunitdir='${prefix}/lib/systemd/system'
		sysusersdir='${prefix}/lib/sysusers.d'])
AS_IF([test "$with_systemd,$systemdsystemunitdir" = yes,],
	[AC_MSG_ERROR([--with-systemd: pkg-config knows no systemd])])
AS_IF([test -z "$systemdsystemunitdir" || test -z "$sysusersdir"], [
	systemdsystemunitdir='${docdir}/examples'
	sysusersdir='${docdir}/examples/sysusers.d'])
AC_SUBST([systemdsystemunitdir])
AC_SUBST([sysusersdir])])
