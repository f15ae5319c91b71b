/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/names/leases_networkd.h: reads the leases that the DHCP server of systemd-networkd has written, as
 * JSON: an array of leases, or, since systemd 257, an object with such an array as its member "Leases". The
 * file is written anew for each change and has the leases that are in force.
 */
#ifndef TARN_DAEMON_NAMES_LEASES_NETWORKD_H
#define TARN_DAEMON_NAMES_LEASES_NETWORKD_H

#include <stdbool.h>
#include <stddef.h>

#include "dns/leases.h"

/* Returns true if the text is not one of the forms that dns/leases.h reads, but begins as JSON does. */
bool tarn__leases_networkd_is_form(const char *text, size_t len);

/*
 * Calls on_lease for each lease, which is the reader's, and on_fault for what is none. A time that counts
 * from the start of the machine is not looked at: such a lease ends when it is not in the file any more.
 * Returns false if the text is no JSON, which is a fault, and then there are no leases.
 */
bool tarn__leases_networkd_read(const char *text, size_t len, tarn__lease_fn *on_lease,
				tarn__lease_fault_fn *on_fault, void *arg);

#endif
