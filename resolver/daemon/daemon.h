/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/daemon.h: the program tarn from its first line to its last. */
#ifndef TARN_DAEMON_DAEMON_H
#define TARN_DAEMON_DAEMON_H

/*
 * main() in all but name. Exit status: 0; 1 for what went wrong; 2 where the command line or the
 * configuration file is, but for --check, which ends with 1 for a file.
 */
int tarn__daemon_main(int argc, char **argv);

#endif
