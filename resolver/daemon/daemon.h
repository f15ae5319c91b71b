/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/daemon.h: the program tarn from its first line to its last. */
#ifndef TARN_DAEMON_DAEMON_H
#define TARN_DAEMON_DAEMON_H

/* main() in all but name. Exit status: 0; 1 for what went wrong while running; 2 for wrong usage.
 */
int tarn__daemon_main(int argc, char **argv);

#endif
