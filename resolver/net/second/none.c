/* SPDX-License-Identifier: BSD-2-Clause */
/* net/second/none.c: a tarn without libhiredis. */
#include "config.h"

#include "net/second/link.h"

#ifndef HAVE_HIREDIS
#include "tarn.h"

bool tarn__second_is_built(void)
{
	return false;
}

const char *tarn__second_load(bool tls)
{
	(void)tls;
	return "tarn was built without a second level (--with-hiredis)";
}

struct tarn__second_link *tarn__second_link_new(struct ev_loop *loop,
						struct tarn__second_config *config,
						const struct tarn__second_events *events)
{
	(void)loop;
	(void)config;
	(void)events;
	return NULL;
}

void tarn__second_link_free(struct tarn__second_link *link)
{
	(void)link;
}

void tarn__second_link_listen(struct tarn__second_link *link, bool listens)
{
	(void)link;
	(void)listens;
}

int tarn__second_link_get(struct tarn__second_link *link, struct tarn_second_get *get)
{
	(void)link;
	(void)get;
	return TARN_EUNREACHABLE;
}

void tarn__second_link_cancel(struct tarn__second_link *link, struct tarn_second_get *get)
{
	(void)link;
	(void)get;
}

int tarn__second_link_put(struct tarn__second_link *link, const struct tarn_second_put *put)
{
	(void)link;
	(void)put;
	return TARN_EUNREACHABLE;
}

int tarn__second_link_publish(struct tarn__second_link *link, const uint8_t *message, size_t len)
{
	(void)link;
	(void)message;
	(void)len;
	return TARN_EUNREACHABLE;
}
#endif
