/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/hosts.h: reads hosts(5) text, in parts of any size: an address, a canonical name and aliases on each
 * line.
 *
 *	struct tarn__hosts hosts;
 *	tarn__hosts_start(&hosts, on_entry, on_fault, arg);
 *	while (there is more)
 *		tarn__hosts_feed(&hosts, octets, len);
 *	tarn__hosts_end(&hosts);
 *
 * Nothing is fatal. '#' begins a comment; CR LF and a byte order mark are fine. A line with what is not an
 * address, or longer than TARN__LINE_MAX before its comment, is a fault and is passed over; a name that is none
 * is a fault, and the line's other names are taken. Passed over without a fault are multicast addresses
 * (ff00::/8), 255.255.255.255, and names without a letter. A name has the letters, digits, hyphens and
 * underscores of a host's; a final dot is dropped.
 *
 * Pure; nothing is allocated.
 */
#ifndef TARN_DNS_HOSTS_H
#define TARN_DNS_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "dns/lines.h"
#include "dns/message.h"

/* One name of a line. */
struct tarn__hosts_entry {
	uint32_t line; /* from 1 on */
	struct tarn__ip address;
	bool has_scope; /* "fe80::1%eth0": the address means something on one link only */
	bool is_canonical; /* the first name of the line that was taken */
	uint16_t name_len; /* octets with the root label */
	uint8_t name[TARN__NAME_MAX]; /* in wire form, in lower case */
};

/* The entry and the text are the reader's. The text is a sentence's part such as "not an address". */
typedef void tarn__hosts_entry_fn(void *arg, const struct tarn__hosts_entry *);
typedef void tarn__hosts_fault_fn(void *arg, uint32_t line, const char *text);

struct tarn__hosts {
	tarn__hosts_entry_fn *on_entry;
	tarn__hosts_fault_fn *on_fault;
	void *arg;
	struct tarn__lines lines;
};

/* on_fault may be NULL. */
void tarn__hosts_start(struct tarn__hosts *, tarn__hosts_entry_fn *on_entry,
		       tarn__hosts_fault_fn *on_fault, void *arg);
void tarn__hosts_feed(struct tarn__hosts *, const void *octets, size_t len);
void tarn__hosts_end(struct tarn__hosts *);

/*
 * Writes a host's name in wire form and in lower case: labels of letters, digits, hyphens and underscores, with
 * or without a final dot. Returns its octets; 0: it is not valid.
 */
size_t tarn__host_name_parse(const char *text, size_t len, uint8_t out[TARN__NAME_MAX]);

#endif
