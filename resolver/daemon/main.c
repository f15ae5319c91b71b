/* SPDX-License-Identifier: BSD-2-Clause */
/* The program tarn; its code is in daemon.c, which tests can link. */
#include "daemon/daemon.h"

int main(int argc, char **argv)
{
	return tarn__daemon_main(argc, argv);
}
