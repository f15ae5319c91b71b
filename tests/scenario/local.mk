# SPDX-License-Identifier: BSD-2-Clause
# Scripts that drive core/ through a fake outside on a virtual clock; libldns reads their records.

EXTRA_DIST += tests/scenario/scripts

if HAVE_CHECK
if HAVE_LDNS
if !FUZZER
scenario_tests = tests/scenario/run tests/scenario/crowd
check_PROGRAMS += $(scenario_tests)
TESTS += $(scenario_tests)
tests_scenario_run_SOURCES = tests/scenario/run.c \
	tests/support/outside.c tests/support/outside.h tests/support/secure.c \
	tests/scenario/policy.c tests/scenario/policy.h \
	tests/scenario/records.c tests/scenario/records.h \
	tests/scenario/second.c tests/scenario/second.h \
	tests/support/store.c tests/support/store.h \
	tests/scenario/script.c tests/scenario/script.h \
	tests/scenario/signing.c tests/scenario/signing.h \
	tests/scenario/validation.c tests/scenario/validation.h
tests_scenario_run_LDADD = $(LDADD) $(LDNS_LIBS)
tests_scenario_crowd_SOURCES = tests/scenario/crowd.c \
	tests/support/outside.c tests/support/outside.h \
	tests/scenario/signing.c tests/scenario/signing.h
tests_scenario_crowd_LDADD = $(LDADD) $(LDNS_LIBS)
endif
endif
endif
