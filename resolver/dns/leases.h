/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/leases.h: reads the leases that a DHCP server has written down, in parts of any size. The form is found
 * from the first line that is not empty or a comment:
 *
 *	dnsmasq    "END MAC ADDRESS NAME CLIENT-ID" lines, "*" for what is not known, and "duid" lines
 *	Kea        a memfile's CSV, whose first line names the columns
 *	ISC dhcpd  "lease ADDRESS { ... }" and "iaaddr ADDRESS { ... }" blocks
 *
 * Kea and ISC dhcpd append to their files: of the leases of one address the last one counts, which may
 * be one that is over. What is appended is fed to the same reader later; a line or block that is not complete
 * waits for its rest. dnsmasq writes its file anew: each is another text, and another reader's.
 *
 * Names are as the clients have sent them and are not to be trusted: any octets but control characters.
 * Nothing is fatal: a line or block that is not understood is a fault. Pure; nothing is allocated.
 */
#ifndef TARN_DNS_LEASES_H
#define TARN_DNS_LEASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "dns/lines.h"

enum {
	TARN__LEASE_NAME_MAX = 256, /* octets with NUL; a longer name is no name */
	TARN__LEASE_CLIENT_MAX = 256, /* octets with NUL; a longer id is cut */
	TARN__LEASE_STATEMENT_MAX = 2048, /* octets of a statement of ISC dhcpd's */
	TARN__LEASE_COLUMNS_MAX = 64, /* of Kea's; later ones are not looked at */
};

#define TARN__LEASE_NEVER UINT64_MAX

/* Also what other readers make of other forms. */
struct tarn__lease {
	struct tarn__ip address;
	bool is_over; /* released, declined, expired: what was known of the address is not true any more */
	uint64_t start_s; /* wall clock, seconds since 1970; 0: not known */
	uint64_t end_s; /* likewise; TARN__LEASE_NEVER */
	uint32_t line;
	const char *name; /* NULL: none */
	const char *client; /* the hardware address or client id as text; NULL: none */
};

/* The lease and its texts are the reader's. */
typedef void tarn__lease_fn(void *arg, const struct tarn__lease *);
typedef void tarn__lease_fault_fn(void *arg, uint32_t line, const char *text);

enum tarn__lease_form {
	TARN__LEASES_UNKNOWN, /* there was no line yet that shows it */
	TARN__LEASES_DNSMASQ,
	TARN__LEASES_KEA,
	TARN__LEASES_ISC,
};

/* What is known of a lease while it is read. */
struct tarn__lease_draft {
	struct tarn__lease lease;
	char name[TARN__LEASE_NAME_MAX];
	char client[TARN__LEASE_CLIENT_MAX];
};

struct tarn__leases {
	tarn__lease_fn *on_lease;
	tarn__lease_fault_fn *on_fault;
	void *arg;
	enum tarn__lease_form form;
	struct tarn__lines lines;
	struct tarn__lease_draft draft;
	/* Of Kea's: which column has what, from 1 on; 0: none has it. */
	uint8_t column_of[9];
	/* Of ISC dhcpd's. */
	struct {
		unsigned depth; /* braces that are open */
		unsigned lease_depth; /* that of the lease which is read; 0: none is */
		bool is_in_string, is_escaped, is_too_long;
		size_t len;
		char text[TARN__LEASE_STATEMENT_MAX];
	} statement;
};

/* on_fault may be NULL. */
void tarn__leases_start(struct tarn__leases *, tarn__lease_fn *on_lease,
			tarn__lease_fault_fn *on_fault, void *arg);
void tarn__leases_feed(struct tarn__leases *, const void *octets, size_t len);

/* The last line may lack its LF. Not called where more may be appended. */
void tarn__leases_end(struct tarn__leases *);

/* Returns "dnsmasq", "Kea", "ISC dhcpd" or "unknown". */
const char *tarn__lease_form_name(enum tarn__lease_form);

#endif
