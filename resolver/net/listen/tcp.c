/* SPDX-License-Identifier: BSD-2-Clause */
/* net/listen/tcp.c: listening sockets, and when connections are accepted. */
#include "config.h"

#include "base/address.h"
#include "net/listen/tcp.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/list.h"
#include "net/clock.h"
#include "net/listen/places.h"
#include "net/shared.h"
#include "net/socket.h"
#include "tarn.h"

enum {
	/* Without a free descriptor nothing is accepted for this time, or until a connection is closed. */
	PAUSE_MS = 1000,
	ACCEPTS_PER_EVENT = 64,
	/* Rounds of those for a listener that is to be closed: more than its backlog. */
	ACCEPT_ROUNDS_AT_END = 8,
};

struct listener {
	struct tarn__list node; /* of tcp->listeners */
	struct tarn__tcp *tcp;
	ev_io acceptable;
};

struct tarn__tcp {
	struct tarn__places places;
	struct tarn__list listeners;
	bool is_paused;
	uint64_t resume_ms;
};

/* ---- accepting ---------------------------------------------------------------------------- */

static void pause_accepting(struct tarn__tcp *tcp, uint64_t resume_ms)
{
	tcp->is_paused = true;
	tcp->resume_ms = resume_ms;
	for (struct tarn__list *node = tcp->listeners.next; node != &tcp->listeners;
	     node = node->next)
		ev_io_stop(tcp->places.all.loop,
			   &TARN__CONTAINER(node, struct listener, node)->acceptable);
}

static void resume_accepting(struct tarn__tcp *tcp)
{
	tcp->is_paused = false;
	tcp->resume_ms = UINT64_MAX;
	for (struct tarn__list *node = tcp->listeners.next; node != &tcp->listeners;
	     node = node->next)
		ev_io_start(tcp->places.all.loop,
			    &TARN__CONTAINER(node, struct listener, node)->acceptable);
}

static void on_room(struct tarn__connections *all)
{
	struct tarn__tcp *tcp = TARN__CONTAINER(all, struct tarn__tcp, places.all);
	if (tcp->is_paused)
		resume_accepting(tcp);
}

/* Accepting pauses while the system has no descriptor to give. */
static void put_off(struct tarn__tcp *tcp)
{
	tarn__report(tcp->places.all.tarn, TARN_LOG_WARNING, "TCP: cannot accept: %s",
		     strerror(errno));
	pause_accepting(tcp, tarn__clock_ms() + PAUSE_MS);
}

/* Returns true if there may be more. */
static bool accept_some(struct listener *listener)
{
	struct tarn__tcp *tcp = listener->tcp;
	for (int i = 0; i < ACCEPTS_PER_EVENT; i++) {
		if (tarn__places_next_ms(&tcp->places) > tarn__clock_ms())
			return false;
		struct tarn_address peer = {0};
		socklen_t peer_len = sizeof(peer);
		int fd = accept4(listener->acceptable.fd, &peer.sa, &peer_len,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			tarn__places_admit(&tcp->places, fd, &peer);
			continue;
		}
		switch (errno) {
		case EMFILE:
		case ENFILE:
		case ENOBUFS:
		case ENOMEM:
			put_off(tcp);
			return false;
		case EAGAIN:
			return false;
		default: /* the connection broke before it was accepted; the next may be whole */
			break;
		}
	}
	return true;
}

static void on_acceptable(struct ev_loop *loop, ev_io *watcher, int events)
{
	(void)loop;
	(void)events;
	struct listener *listener = watcher->data;
	struct tarn__tcp *tcp = listener->tcp;
	uint64_t from_ms = tarn__places_next_ms(&tcp->places);
	if (from_ms <= tarn__clock_ms()) {
		accept_some(listener);
		return;
	}
	if (from_ms == UINT64_MAX)
		tarn__places_end_some(&tcp->places);
	pause_accepting(tcp, from_ms);
}

uint64_t tarn__tcp_expire(struct tarn__tcp *tcp, uint64_t now_ms)
{
	uint64_t next_ms = tarn__places_expire(&tcp->places, now_ms);
	if (tcp->is_paused && now_ms >= tcp->resume_ms)
		resume_accepting(tcp);
	return next_ms < tcp->resume_ms ? next_ms : tcp->resume_ms;
}

void tarn__tcp_set_places(struct tarn__tcp *tcp, size_t count)
{
	tarn__places_set_count(&tcp->places, count);
	if (tcp->is_paused)
		resume_accepting(tcp);
}

void tarn__tcp_review(struct tarn__tcp *tcp)
{
	tarn__places_review(&tcp->places);
}

struct tarn__tcp *tarn__tcp_new(struct tarn *tarn, struct ev_loop *loop,
				enum tarn__transport transport)
{
	struct tarn__tcp *tcp = calloc(1, sizeof(*tcp));
	if (!tcp)
		return NULL;
	tcp->resume_ms = UINT64_MAX;
	tarn__list_init(&tcp->listeners);
	if (tarn__places_init(&tcp->places, tarn, loop, transport, on_room) == 0)
		return tcp;
	free(tcp);
	return NULL;
}

void tarn__tcp_set_resolver(struct tarn__tcp *tcp, struct tarn__resolver *resolver)
{
	tcp->places.all.resolver = resolver;
}

int tarn__tcp_add(struct tarn__tcp *tcp, int fd)
{
	struct listener *listener = calloc(1, sizeof(*listener));
	if (!listener)
		return TARN_ENOMEM;
	listener->tcp = tcp;
	tarn__list_append(&tcp->listeners, &listener->node);
	ev_io_init(&listener->acceptable, on_acceptable, fd, EV_READ);
	/* Questions that have come are read before their connections make room for others. */
	ev_set_priority(&listener->acceptable, -1);
	listener->acceptable.data = listener;
	if (!tcp->is_paused)
		ev_io_start(tcp->places.all.loop, &listener->acceptable);
	return 0;
}

static void free_listener(struct listener *listener)
{
	ev_io_stop(listener->tcp->places.all.loop, &listener->acceptable);
	tarn__list_remove(&listener->node);
	free(listener);
}

void tarn__tcp_remove(struct tarn__tcp *tcp, int fd)
{
	for (struct tarn__list *node = tcp->listeners.next; node != &tcp->listeners;
	     node = node->next) {
		struct listener *listener = TARN__CONTAINER(node, struct listener, node);
		if (listener->acceptable.fd == fd) {
			free_listener(listener);
			return;
		}
	}
}

static void close_listener(struct listener *listener)
{
	int fd = listener->acceptable.fd;
	free_listener(listener);
	close(fd);
}

void tarn__tcp_close(struct tarn__tcp *tcp, const struct tarn_address *address)
{
	struct tarn__list *next;
	for (struct tarn__list *node = tcp->listeners.next; node != &tcp->listeners; node = next) {
		struct listener *listener = TARN__CONTAINER(node, struct listener, node);
		next = node->next;
		if (!tarn__socket_is_at(listener->acceptable.fd, address))
			continue;
		for (int round = 0; round < ACCEPT_ROUNDS_AT_END && !tcp->is_paused; round++) {
			if (!accept_some(listener))
				break;
		}
		close_listener(listener);
	}
}

void tarn__tcp_free(struct tarn__tcp *tcp)
{
	if (!tcp)
		return;
	tcp->is_paused = false;
	tarn__places_fini(&tcp->places);
	while (!tarn__list_is_empty(&tcp->listeners))
		close_listener(TARN__CONTAINER(tcp->listeners.next, struct listener, node));
	free(tcp);
}

const struct tarn__tcp_stats *tarn__tcp_stats(const struct tarn__tcp *tcp)
{
	return &tcp->places.all.stats;
}

bool tarn__tcp_flush(struct tarn__tcp *tcp)
{
	return tarn__connections_flush(&tcp->places.all);
}
