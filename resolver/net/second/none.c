/* SPDX-License-Identifier: BSD-2-Clause */
/* net/second/none.c: a tarn without libhiredis. */
#include "config.h"

#include "net/second/link.h"

#ifndef HAVE_HIREDIS
#include <stdio.h>

#include "net/second/connection.h"

bool tarn__second_is_built(void)
{
	return false;
}

const char *tarn__second_load(bool tls)
{
	(void)tls;
	return "tarn was built without a second level (--with-hiredis)";
}

struct tarn__second_connection *
tarn__second_connection_new(struct ev_loop *loop, const struct tarn__second_place *place,
			    const struct tarn__second_connection_events *events, void *arg,
			    char fault[TARN__SECOND_FAULT_MAX])
{
	(void)loop;
	(void)place;
	(void)events;
	(void)arg;
	snprintf(fault, TARN__SECOND_FAULT_MAX, "%s", tarn__second_load(false));
	return NULL;
}

void tarn__second_connection_free(struct tarn__second_connection *connection)
{
	(void)connection;
}

int tarn__second_connection_send(struct tarn__second_connection *connection,
				 const struct tarn__second_word *words, size_t count,
				 struct tarn__second_command *command)
{
	(void)connection;
	(void)words;
	(void)count;
	(void)command;
	return TARN_EUNREACHABLE;
}

int tarn__second_connection_subscribe(struct tarn__second_connection *connection,
				      const char *channel)
{
	(void)connection;
	(void)channel;
	return TARN_EUNREACHABLE;
}

bool tarn__second_connection_flush(struct tarn__second_connection *connection)
{
	(void)connection;
	return false;
}

void tarn__second_connection_close(struct tarn__second_connection *connection, const char *reason)
{
	(void)connection;
	(void)reason;
}

struct tarn__second_command *
tarn__second_connection_oldest(const struct tarn__second_connection *connection)
{
	(void)connection;
	return NULL;
}
#endif
