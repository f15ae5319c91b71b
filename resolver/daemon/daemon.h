/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/daemon.h: the entry point of the program tarn. */
#ifndef TARN_DAEMON_DAEMON_H
#define TARN_DAEMON_DAEMON_H

/*
 * main(), apart from the name. Exit status: 0; 1 for a failure; 2 for an error of the command line or of
 * the configuration file, except with --check, which returns 1 for an error of the file.
 */
int tarn__daemon_main(int argc, char **argv);

#endif
