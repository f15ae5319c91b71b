/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/second/expect.h: which objects of a reply are let in, one by one, before they are kept: bounded ones, of the
 * protocol that is spoken (RESP2), that a command waits for or a channel may bring.
 *
 * Thread: any.
 */
#ifndef TARN_NET_SECOND_EXPECT_H
#define TARN_NET_SECOND_EXPECT_H

#include <stdbool.h>
#include <stddef.h>

#include "net/second/connection.h"

enum { TARN__SECOND_MESSAGE_MAX = 1024 }; /* octets of a channel's message */

/* Zeros: no reply has begun. */
struct tarn__second_expect {
	const char *channel; /* NULL: not subscribed */
	bool is_awaited; /* a command waits for the reply */
	unsigned objects; /* of the reply that is being read */
	bool is_message; /* it is one of the channel */
};

/* An object of a reply. */
struct tarn__second_object {
	enum tarn__second_reply_kind kind;
	bool is_whole; /* it is all of the reply; else it is an item of an array */
	int index; /* among the items */
	const char *text; /* NULL unless it is one */
	size_t len; /* octets of text, or items of an array */
};

/* Returns NULL, or why the object is refused. */
const char *tarn__second_expect_refuses(struct tarn__second_expect *,
					const struct tarn__second_object *);

#endif
