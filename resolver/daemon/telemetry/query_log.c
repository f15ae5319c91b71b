/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One ring per worker, one thread that empties them.
 *
 * After each round that found something the thread waits a little without being woken, so that a busy
 * worker does not pay for waking it; when a round finds nothing it sleeps. A worker that puts a record
 * while the thread sleeps wakes it: the thread says that it sleeps and looks at the rings once more,
 * the worker puts and looks whether it sleeps, all four in one order, so that one of them sees the
 * other.
 */
#include "config.h"

#include "daemon/telemetry/query_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "daemon/threads/ring.h"
#include "dns/text.h"

enum {
	LINGER_MS = 10, /* a ring has room for what comes in meanwhile */
	RETRY_MS = 1000, /* how often a disk that is full is tried again */
	FILE_MODE = 0640, /* it tells who looked at what */
};

/* What a worker leaves; the name, where there is one, follows. */
struct record {
	int64_t time_ms; /* since 1970 */
	uint64_t latency_ms;
	struct tarn_address client, upstream; /* AF_UNSPEC: none */
	uint16_t qtype, qclass, rcode;
	uint8_t status, transport;
};

_Static_assert(sizeof(struct record) + TARN__NAME_MAX <= TARN__RING_RECORD_MAX, "a record fits");

enum {
	/* A name, two addresses, and words and numbers. */
	LINE_MAX_LEN = TARN__NAME_TEXT_MAX + 2 * TARN_ADDRESS_TEXT_MAX + 160,
	BUFFER_LEN = 4096, /* a pipe takes it whole or not at all */
};

_Static_assert(BUFFER_LEN <= PIPE_BUF, "see above");

struct worker {
	struct tarn__questions *questions;
	struct tarn__observer observer;
	uint64_t told; /* of the ring's lost records, those that were written about */
	struct tarn__ring ring;
};

/* Where lines go. */
struct target {
	char *path; /* NULL: where the log goes */
	int fd;
};

struct tarn__questions {
	struct tarn__log *log;
	size_t count;
	struct worker *workers;
	int wake; /* an eventfd */
	bool is_running;
	pthread_t thread;
	atomic_bool is_asleep, is_stopping;
	_Atomic(struct target *) next; /* that the thread is to go over to */
	sem_t gone_over; /* it has */
	_Atomic uint64_t given_up; /* lines that were made, but not written at the end */

	/* The thread's own while it runs. */
	struct target *target; /* NULL: it does not run */
	bool is_failing; /* and that was logged */
	bool is_torn; /* what is in the buffer begins with the rest of a line */
	size_t used;
	char buffer[BUFFER_LEN];
};

/* ---- a worker's part ------------------------------------------------------------------------- */

static void wake(struct tarn__questions *questions)
{
	eventfd_write(questions->wake, 1);
}

static void on_answered(void *data, const struct tarn__answered *answered)
{
	struct worker *worker = data;
	struct tarn__questions *questions = worker->questions;
	const struct tarn__query *query = answered->query;
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	struct record record = {
		.time_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000,
		.latency_ms = answered->latency_ms,
		.qtype = query->qtype,
		.qclass = query->qclass,
		.rcode = answered->rcode,
		.status = (uint8_t)answered->status,
		.transport = (uint8_t)answered->transport,
	};
	if (answered->client)
		record.client = *answered->client;
	if (answered->upstream)
		record.upstream = *answered->upstream;
	tarn__ring_put(&worker->ring, &record, sizeof(record), query->qname,
		       query->qname ? query->qname_len : 0);
	if (atomic_load(&questions->is_asleep) && atomic_exchange(&questions->is_asleep, false))
		wake(questions);
}

uint64_t tarn__questions_lost(const struct tarn__questions *questions)
{
	uint64_t lost = atomic_load(&questions->given_up);
	for (size_t i = 0; i < questions->count; i++)
		lost += tarn__ring_lost(&questions->workers[i].ring);
	return lost;
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* "2026-11-23T05:30:00.123Z" and NUL, with room for what no clock says. */
enum { TIME_TEXT_MAX = 64 };

static char *format_time(int64_t time_ms, char out[TIME_TEXT_MAX])
{
	time_t sec = (time_t)(time_ms / 1000);
	struct tm parts = {0};
	gmtime_r(&sec, &parts);
	size_t len = strftime(out, TIME_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(out + len, TIME_TEXT_MAX - len, ".%03uZ", (unsigned)(time_ms % 1000));
	return out;
}

static const char *format_address(const struct tarn_address *address,
				  char out[TARN_ADDRESS_TEXT_MAX])
{
	return address->sa.sa_family == AF_UNSPEC ? "-" : tarn_address_format(address, out);
}

static size_t format_record(const struct record *record, const uint8_t *name,
			    char out[LINE_MAX_LEN])
{
	static const char *const transports[] = {[TARN__UDP] = "udp", [TARN__TCP] = "tcp"};
	char time[TIME_TEXT_MAX], client[TARN_ADDRESS_TEXT_MAX], upstream[TARN_ADDRESS_TEXT_MAX];
	char qname[TARN__NAME_TEXT_MAX], type[TARN__WORD_MAX], class[TARN__WORD_MAX];
	char rcode[TARN__WORD_MAX];
	bool has_class = name && record->qclass != TARN__CLASS_IN;
	int len = snprintf(
		out, LINE_MAX_LEN, "%s %s %s %s %s%s%s %s %s %s %" PRIu64 "\n",
		format_time(record->time_ms, time), format_address(&record->client, client),
		record->client.sa.sa_family == AF_UNSPEC ? "-" : transports[record->transport],
		name ? tarn__name_format(name, qname) : "-",
		name ? tarn__type_format(record->qtype, type) : "-", has_class ? "/" : "",
		has_class ? tarn__class_format(record->qclass, class) : "",
		tarn__rcode_format(record->rcode, rcode), tarn__status_name(record->status),
		format_address(&record->upstream, upstream), record->latency_ms);
	return (size_t)len;
}

static size_t format_lost(uint64_t lost, char out[LINE_MAX_LEN])
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	char time[TIME_TEXT_MAX];
	return (size_t)snprintf(
		out, LINE_MAX_LEN, "# %s %" PRIu64 " lines lost\n",
		format_time((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, time), lost);
}

/* ---- writing --------------------------------------------------------------------------------- */

static void target_free(struct target *target)
{
	if (!target)
		return;
	if (target->fd >= 0)
		close(target->fd);
	free(target->path);
	free(target);
}

/* NULL with errno set. */
static struct target *target_new(const char *path)
{
	struct target *target = calloc(1, sizeof(*target));
	if (!target)
		return NULL;
	target->fd = -1;
	if (strcmp(path, "stderr") == 0)
		return target;
	target->path = strdup(path);
	if (target->path)
		target->fd = open(path,
				  O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
				  FILE_MODE);
	if (target->fd >= 0)
		return target;
	int error = errno;
	target_free(target);
	errno = error;
	return NULL;
}

static const char *target_name(const struct target *target)
{
	return target->path ? target->path : "stderr";
}

/* Of one that begins in another file. */
static void drop_rest_of_line(struct tarn__questions *questions)
{
	const char *end = memchr(questions->buffer, '\n', questions->used);
	size_t len = (size_t)(end + 1 - questions->buffer);
	questions->used -= len;
	memmove(questions->buffer, end + 1, questions->used);
	questions->is_torn = false;
	questions->given_up++;
}

static void go_over(struct tarn__questions *questions, struct target *target)
{
	target_free(questions->target);
	questions->target = target;
	questions->is_failing = false;
	if (questions->is_torn)
		drop_rest_of_line(questions);
	sem_post(&questions->gone_over);
}

/* 0; or -1 with errno set while something is left in the buffer. */
static int flush(struct tarn__questions *questions)
{
	const struct target *target = questions->target;
	while (questions->used > 0) {
		ssize_t written = target->path
					  ? write(target->fd, questions->buffer, questions->used)
					  : tarn__log_write(questions->log, questions->buffer,
							    questions->used);
		if (written < 0 && errno == EINTR)
			continue;
		if (written == 0)
			errno = EIO;
		if (written <= 0)
			return -1;
		questions->is_torn = questions->buffer[written - 1] != '\n';
		questions->used -= (size_t)written;
		memmove(questions->buffer, questions->buffer + written, questions->used);
	}
	return 0;
}

static int make_room(struct tarn__questions *questions)
{
	return sizeof(questions->buffer) - questions->used < LINE_MAX_LEN ? flush(questions) : 0;
}

/*
 * Writes what the ring holds. 0; or -1 with errno set: some of it is left, there or in the buffer.
 * Never more than a ring's worth: others wait, too.
 */
static int drain_ring(struct tarn__questions *questions, struct worker *worker)
{
	size_t drained = 0;
	while (drained < TARN__RING_SIZE) {
		if (make_room(questions) < 0)
			return -1;
		uint8_t octets[TARN__RING_RECORD_MAX];
		size_t len = tarn__ring_take(&worker->ring, octets);
		if (len == 0)
			break;
		drained += len;
		struct record record;
		memcpy(&record, octets, sizeof(record));
		questions->used += format_record(
			&record, len > sizeof(record) ? octets + sizeof(record) : NULL,
			questions->buffer + questions->used);
	}
	uint64_t lost = tarn__ring_lost(&worker->ring);
	if (lost > worker->told) {
		if (make_room(questions) < 0)
			return -1;
		questions->used +=
			format_lost(lost - worker->told, questions->buffer + questions->used);
		worker->told = lost;
	}
	return 0;
}

static bool is_empty(const struct tarn__questions *questions)
{
	for (size_t i = 0; i < questions->count; i++) {
		if (!tarn__ring_is_empty(&questions->workers[i].ring))
			return false;
	}
	return true;
}

static int drain(struct tarn__questions *questions)
{
	for (size_t i = 0; i < questions->count; i++) {
		if (drain_ring(questions, &questions->workers[i]) < 0)
			return -1;
	}
	return flush(questions);
}

/* Once when it begins and once when it is over. Who reads slowly is told of it by what is missing. */
static void tell_failure(struct tarn__questions *questions, int error)
{
	if (error != 0 && error != EAGAIN && !questions->is_failing) {
		questions->is_failing = true;
		tarn__log(questions->log, TARN_LOG_WARNING,
			  "cannot write the question log to %s: %s; lines are lost until it can be",
			  target_name(questions->target), strerror(error));
	} else if (error == 0 && questions->is_failing) {
		questions->is_failing = false;
		tarn__log(questions->log, TARN_LOG_INFO, "writing the question log to %s again",
			  target_name(questions->target));
	}
}

/* Until it is woken, the target takes more (is_full), or the time is over; -1: no time limit. */
static void wait(struct tarn__questions *questions, bool is_full, int timeout_ms)
{
	const struct target *target = questions->target;
	struct pollfd ready[] = {
		{.fd = questions->wake, .events = POLLIN},
		{.fd = target->path ? target->fd : questions->log->fd, .events = POLLOUT},
	};
	poll(ready, is_full ? 2 : 1, timeout_ms);
	eventfd_t count;
	if (ready[0].revents & POLLIN)
		eventfd_read(questions->wake, &count);
}

static void sleep_until_woken(struct tarn__questions *questions)
{
	atomic_store(&questions->is_asleep, true);
	if (is_empty(questions))
		wait(questions, false, -1);
	atomic_store(&questions->is_asleep, false);
}

static void *thread_main(void *arg)
{
	struct tarn__questions *questions = arg;
	/* Of itself, which takes no file of /proc. */
	pthread_setname_np(pthread_self(), "tarn/questions");
	for (;;) {
		/* Before the rings are emptied: what was asked before stands in the file before. */
		bool is_stopping = atomic_load(&questions->is_stopping);
		struct target *next = atomic_exchange(&questions->next, NULL);
		bool was_empty = is_empty(questions);
		int error = drain(questions) < 0 ? errno : 0;
		tell_failure(questions, error);
		if (next)
			go_over(questions, next);
		if (is_stopping)
			return NULL;
		if (next)
			continue;
		if (error == EAGAIN)
			wait(questions, true, -1);
		else if (error != 0)
			wait(questions, false, RETRY_MS);
		else if (!was_empty)
			wait(questions, false, LINGER_MS);
		else
			sleep_until_woken(questions);
	}
}

/* ---- the log as a whole ---------------------------------------------------------------------- */

struct tarn__questions *tarn__questions_new(size_t workers, struct tarn__log *log)
{
	struct tarn__questions *questions = calloc(1, sizeof(*questions));
	if (!questions)
		return NULL;
	*questions = (struct tarn__questions){.log = log, .wake = -1};
	sem_init(&questions->gone_over, 0, 0);
	size_t size = workers * sizeof(questions->workers[0]);
	questions->workers = aligned_alloc(_Alignof(struct worker), size);
	questions->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!questions->workers || questions->wake < 0) {
		int error = errno;
		tarn__questions_free(questions);
		errno = error;
		return NULL;
	}
	questions->count = workers;
	for (size_t i = 0; i < workers; i++) {
		struct worker *worker = &questions->workers[i];
		/* The rings' octets take no memory before they are used. */
		memset(worker, 0, offsetof(struct worker, ring.octets));
		worker->questions = questions;
		worker->observer = (struct tarn__observer){.data = worker, .answered = on_answered};
	}
	return questions;
}

const struct tarn__observer *tarn__questions_observer(const struct tarn__questions *questions,
						      size_t worker)
{
	return &questions->workers[worker].observer;
}

static int start_thread(struct tarn__questions *questions)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&questions->thread, NULL, thread_main, questions);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

/* The thread that runs goes over by itself: another one might fail to start. */
int tarn__questions_start(struct tarn__questions *questions, const char *path)
{
	struct target *target = target_new(path);
	if (!target)
		return TARN_ESYSTEM;
	if (questions->is_running) {
		atomic_store(&questions->next, target);
		wake(questions);
		while (sem_wait(&questions->gone_over) < 0)
			;
		return 0;
	}
	questions->target = target;
	questions->is_failing = false;
	atomic_store(&questions->is_stopping, false);
	int error = start_thread(questions);
	if (error) {
		questions->target = NULL;
		target_free(target);
		errno = error;
		return TARN_ESYSTEM;
	}
	questions->is_running = true;
	return 0;
}

void tarn__questions_stop(struct tarn__questions *questions)
{
	if (!questions->is_running)
		return;
	atomic_store(&questions->is_stopping, true);
	wake(questions);
	pthread_join(questions->thread, NULL);
	questions->is_running = false;
	/* What begins with the rest of a line has no place in another file. */
	for (size_t i = 0; i < questions->used; i++)
		questions->given_up += questions->buffer[i] == '\n';
	questions->used = 0;
	questions->is_torn = false;
	target_free(questions->target);
	questions->target = NULL;
}

void tarn__questions_free(struct tarn__questions *questions)
{
	if (!questions)
		return;
	tarn__questions_stop(questions);
	if (questions->wake >= 0)
		close(questions->wake);
	sem_destroy(&questions->gone_over);
	free(questions->workers);
	free(questions);
}
