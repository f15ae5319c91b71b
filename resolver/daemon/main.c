/* SPDX-License-Identifier: BSD-2-Clause */
/* The program tarn; all of it is in daemon.c, where tests can reach it. */
#include "daemon/daemon.h"

int main(int argc, char **argv)
{
	return tarn__daemon_main(argc, argv);
}
