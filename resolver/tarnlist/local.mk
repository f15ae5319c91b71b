# SPDX-License-Identifier: BSD-2-Clause
# The program tarn-list: compiles lists of names, and looks names up in them. It needs dns/ only.

bin_PROGRAMS += resolver/tarnlist/tarn-list
resolver_tarnlist_tarn_list_SOURCES = resolver/tarnlist/tarn-list.c
resolver_tarnlist_tarn_list_LDADD = resolver/libresolver.la
resolver_tarnlist_tarn_list_LDFLAGS = $(AM_LDFLAGS) $(PIE_LDFLAGS)
