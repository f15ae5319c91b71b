/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The floor: the cost of a question over UDP without any work on its content. Every query is returned by the
 * same loop as tarn's (epoll, recvmmsg, sendmmsg, one socket per worker), with the length of an answer with one
 * address, without parsing.
 *
 * With -u it is the server that the programs under test ask: it has an address for every name, over UDP and
 * TCP. The address is the number of questions so far, so that two questions show how many came in between.
 * With -d it is that many microseconds away, over UDP; with -t its records have that TTL.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	/* A system call's worth of messages, as many as tarn takes. */
	BATCH = 64,
	WORKERS_MAX = 64,
	/* Each has a thread; a resolver has a handful. */
	CONNECTIONS_MAX = 256,
	/* On the way at once, of one worker: 40,000 a second for 100 ms. Further ones are lost. */
	DELAYED_MAX = 4096,
	DELAY_MAX_US = 1000000,

	QUERY_MAX = 512,
	HEADER_LEN = 12,
	/* Type and class. */
	QUESTION_TAIL_LEN = 4,
	RECORD_LEN = 16,
	OPT_LEN = 11,
	REPLY_MAX = QUERY_MAX + RECORD_LEN + OPT_LEN,
};

/* An A record of the name in the question, for an hour unless -t says otherwise. */
static uint8_t record[RECORD_LEN] = {0xc0, HEADER_LEN, 0, 1, 0, 1, 0, 0, 0x0e, 0x10, 0, 4};
/* EDNS without options; 1232 octets. */
static const uint8_t opt[OPT_LEN] = {0, 0, 41, 0x04, 0xd0};

/* 1.0.0.0 and on: no addresses that a resolver would hide from its clients. */
static atomic_uint_fast32_t next_address = UINT32_C(0x01000000);
static atomic_int connections;
static uint64_t delay_us;

/* Turns a query into its reply in place. Returns the length; 0: there is none. */
typedef size_t (*reply_fn)(uint8_t *message, size_t len);

static void fail(const char *what)
{
	fprintf(stderr, "reflector: %s: %s\n", what, strerror(errno));
	exit(1);
}

static size_t reflect(uint8_t *message, size_t len)
{
	message[2] |= 0x80; /* QR */
	message[7] = 1; /* ANCOUNT */
	memcpy(message + len, record, RECORD_LEN);
	return len + RECORD_LEN;
}

static size_t answer(uint8_t *message, size_t len)
{
	size_t pos = HEADER_LEN;
	while (pos < len && message[pos] != 0)
		pos += message[pos] + 1u;
	pos += 1 + QUESTION_TAIL_LEN;
	if (pos > len)
		return 0;
	bool is_a = message[pos - 4] == 0 && message[pos - 3] == 1;
	bool has_opt = message[11] != 0;
	uint32_t address = htonl((uint32_t)atomic_fetch_add(&next_address, 1));

	message[2] |= 0x80; /* QR, with the query's opcode and RD */
	message[3] = 0x80 | (message[3] & 0x10); /* RA, CD as in the query, NOERROR */
	memcpy(message + 6, (uint8_t[6]){0, is_a, 0, 0, 0, has_opt}, 6);
	if (is_a) {
		memcpy(message + pos, record, RECORD_LEN);
		memcpy(message + pos + RECORD_LEN - sizeof(address), &address, sizeof(address));
		pos += RECORD_LEN;
	}
	if (has_opt) {
		memcpy(message + pos, opt, OPT_LEN);
		pos += OPT_LEN;
	}
	return pos;
}

/* ---- UDP ------------------------------------------------------------------------------------- */

struct worker {
	pthread_t thread;
	int fd;
	reply_fn reply;
	struct mmsghdr messages[BATCH];
	struct iovec octets[BATCH];
	struct sockaddr_in peers[BATCH];
	uint8_t buffers[BATCH][REPLY_MAX];
};

/* As the kernel takes it for receiving; it writes lengths over both. */
static void reset(struct msghdr *header)
{
	header->msg_iov->iov_len = QUERY_MAX;
	header->msg_namelen = sizeof(struct sockaddr_in);
}

/* A message that cannot be sent is lost, as on any network. */
static void send_batch(struct worker *worker, unsigned count)
{
	for (unsigned sent = 0; sent < count;) {
		int n = sendmmsg(worker->fd, worker->messages + sent, count - sent, 0);
		sent += n > 0 ? (unsigned)n : 1;
	}
}

static void reply_to_batch(struct worker *worker, unsigned count)
{
	unsigned replies = 0;
	for (unsigned i = 0; i < count; i++) {
		struct mmsghdr message = worker->messages[i];
		struct iovec *octets = message.msg_hdr.msg_iov;
		if (message.msg_len < HEADER_LEN)
			continue;
		octets->iov_len = worker->reply(octets->iov_base, message.msg_len);
		if (octets->iov_len == 0)
			continue;
		if (replies < i) {
			worker->messages[i] = worker->messages[replies];
			worker->messages[replies] = message;
		}
		replies++;
	}
	send_batch(worker, replies);
	for (unsigned i = 0; i < count; i++)
		reset(&worker->messages[i].msg_hdr);
}

static void *run_worker(void *arg)
{
	struct worker *worker = arg;
	for (unsigned i = 0; i < BATCH; i++) {
		worker->octets[i].iov_base = worker->buffers[i];
		worker->messages[i].msg_hdr = (struct msghdr){
			.msg_name = &worker->peers[i],
			.msg_iov = &worker->octets[i],
			.msg_iovlen = 1,
		};
		reset(&worker->messages[i].msg_hdr);
	}
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd < 0)
		fail("epoll_create1");
	struct epoll_event event = {.events = EPOLLIN};
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, worker->fd, &event) < 0)
		fail("epoll_ctl");
	for (;;) {
		if (epoll_wait(epoll_fd, &event, 1, -1) < 0 && errno != EINTR)
			fail("epoll_wait");
		int count;
		do {
			count = recvmmsg(worker->fd, worker->messages, BATCH, MSG_DONTWAIT, NULL);
			if (count > 0)
				reply_to_batch(worker, (unsigned)count);
		} while (count == BATCH);
	}
	return NULL;
}

/* ---- UDP, from afar --------------------------------------------------------------------------- */

struct delayed {
	uint64_t due_us;
	size_t len;
	struct sockaddr_in peer;
	uint8_t reply[REPLY_MAX];
};

static uint64_t now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Receives into the queue, whose oldest entry is at *first, until nothing is left. */
static void receive_delayed(struct worker *worker, struct delayed *queue, size_t first,
			    size_t *count)
{
	struct delayed lost;
	for (;;) {
		struct delayed *entry =
			*count < DELAYED_MAX ? &queue[(first + *count) % DELAYED_MAX] : &lost;
		socklen_t peer_len = sizeof(entry->peer);
		ssize_t len = recvfrom(worker->fd, entry->reply, QUERY_MAX, MSG_DONTWAIT,
				       (struct sockaddr *)&entry->peer, &peer_len);
		if (len < 0)
			return;
		if (entry == &lost || len < HEADER_LEN)
			continue;
		entry->due_us = now_us() + delay_us;
		entry->len = worker->reply(entry->reply, (size_t)len);
		*count += entry->len > 0;
	}
}

/* All wait for the same time, so that a queue is enough. */
static void *run_delayed_worker(void *arg)
{
	struct worker *worker = arg;
	struct delayed *queue = calloc(DELAYED_MAX, sizeof(*queue));
	if (!queue)
		fail("calloc");
	prctl(PR_SET_TIMERSLACK, 1UL);
	for (size_t first = 0, count = 0;;) {
		uint64_t now = now_us(), due = count > 0 ? queue[first].due_us : 0;
		uint64_t wait_us = due > now ? due - now : 0;
		const struct timespec wait = {.tv_sec = (time_t)(wait_us / 1000000),
					      .tv_nsec = (long)(wait_us % 1000000) * 1000};
		struct pollfd poll_fd = {.fd = worker->fd, .events = POLLIN};
		if (ppoll(&poll_fd, 1, count > 0 ? &wait : NULL, NULL) > 0)
			receive_delayed(worker, queue, first, &count);
		for (now = now_us(); count > 0 && queue[first].due_us <= now; count--) {
			struct delayed *entry = &queue[first];
			sendto(worker->fd, entry->reply, entry->len, 0,
			       (struct sockaddr *)&entry->peer, sizeof(entry->peer));
			first = (first + 1) % DELAYED_MAX;
		}
	}
	return NULL;
}

/* ---- TCP ------------------------------------------------------------------------------------- */

static bool read_all(int fd, uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t n = recv(fd, data, len, 0);
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static bool write_all(int fd, const uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static bool answer_frame(int fd)
{
	uint8_t frame[2 + REPLY_MAX];
	if (!read_all(fd, frame, 2))
		return false;
	size_t len = (size_t)frame[0] << 8 | frame[1];
	if (len < HEADER_LEN || len > QUERY_MAX || !read_all(fd, frame + 2, len))
		return false;
	len = answer(frame + 2, len);
	frame[0] = (uint8_t)(len >> 8);
	frame[1] = (uint8_t)len;
	return len > 0 && write_all(fd, frame, 2 + len);
}

static void *run_connection(void *arg)
{
	int fd = (int)(intptr_t)arg;
	while (answer_frame(fd))
		;
	close(fd);
	atomic_fetch_sub(&connections, 1);
	return NULL;
}

static void *run_listener(void *arg)
{
	int listener = *(int *)arg;
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		if (fd < 0)
			continue;
		pthread_t thread;
		if (atomic_fetch_add(&connections, 1) < CONNECTIONS_MAX &&
		    pthread_create(&thread, NULL, run_connection, (void *)(intptr_t)fd) == 0) {
			pthread_detach(thread);
			continue;
		}
		atomic_fetch_sub(&connections, 1);
		close(fd);
	}
	return NULL;
}

/* ---- start ----------------------------------------------------------------------------------- */

static int open_socket(int type, uint16_t port)
{
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		fail("socket");
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int option = type == SOCK_DGRAM ? SO_REUSEPORT : SO_REUSEADDR;
	if (setsockopt(fd, SOL_SOCKET, option, &(int){1}, sizeof(int)) < 0)
		fail("setsockopt");
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		fail("bind");
	if (type == SOCK_STREAM && listen(fd, CONNECTIONS_MAX) < 0)
		fail("listen");
	return fd;
}

static _Noreturn void fail_usage(void)
{
	fprintf(stderr, "usage: reflector [-u [-d MICROSECONDS] [-t TTL]] [-w WORKERS] PORT\n");
	exit(2);
}

static unsigned long parse_number(const char *text, unsigned long max)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);
	if (number < 1 || number > max || *end != '\0')
		fail_usage();
	return number;
}

static void set_ttl(uint32_t ttl)
{
	ttl = htonl(ttl);
	memcpy(record + RECORD_LEN - 10, &ttl, sizeof(ttl));
}

int main(int argc, char **argv)
{
	bool is_upstream = false;
	unsigned long count = 1;
	for (int c; (c = getopt(argc, argv, "ud:t:w:")) != -1;) {
		if (c == 'u')
			is_upstream = true;
		else if (c == 'd')
			delay_us = parse_number(optarg, DELAY_MAX_US);
		else if (c == 't')
			set_ttl((uint32_t)parse_number(optarg, INT32_MAX));
		else if (c == 'w')
			count = parse_number(optarg, WORKERS_MAX);
		else
			fail_usage();
	}
	if (argc - optind != 1)
		fail_usage();
	uint16_t port = (uint16_t)parse_number(argv[optind], UINT16_MAX);

	static int listener;
	pthread_t thread;
	if (is_upstream) {
		listener = open_socket(SOCK_STREAM, port);
		if (pthread_create(&thread, NULL, run_listener, &listener) != 0)
			fail("pthread_create");
	}
	struct worker *workers = calloc(count, sizeof(*workers));
	if (workers == NULL)
		fail("calloc");
	/* All sockets first: the kernel distributes clients over those that exist. */
	for (unsigned long i = 0; i < count; i++) {
		workers[i].fd = open_socket(SOCK_DGRAM, port);
		workers[i].reply = is_upstream ? answer : reflect;
	}
	void *(*run)(void *) = delay_us > 0 ? run_delayed_worker : run_worker;
	for (unsigned long i = 1; i < count; i++) {
		if (pthread_create(&workers[i].thread, NULL, run, &workers[i]) != 0)
			fail("pthread_create");
	}
	run(&workers[0]);
	return 0;
}
