/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One ring for each worker, and one thread that empties them.
 *
 * After a round that found records the thread waits for a short time in which it is not woken, so that a
 * busy worker does not pay for waking it; after a round that found none it sleeps. A worker that puts a
 * record while the thread sleeps wakes it. The thread first sets its flag and then looks at the rings
 * again; the worker first puts and then looks at the flag; all four operations are sequentially consistent,
 * so that at least one of the two sees the other.
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
#include "core/policy/rules.h"
#include "dns/text.h"

enum {
	LINGER_MS = 10, /* a ring has room for the records of this time */
	RETRY_MS = 1000, /* the interval of attempts to write to a full disk */
	FILE_MODE = 0640, /* the log shows which names a client has asked for */
};

/* A record in a ring; the name, if there is one, follows. */
struct record {
	int64_t time_ms; /* since 1970 */
	uint64_t latency_ms;
	struct tarn_address client, upstream; /* AF_UNSPEC: none */
	uint16_t qtype, qclass, rcode;
	uint8_t status, security, transport, list_slot;
};

_Static_assert(sizeof(struct record) + TARN__NAME_MAX <= TARN__RING_RECORD_MAX, "a record fits");

enum {
	/* octets: a name, two addresses, and words and numbers */
	LIST_TEXT_MAX = 4 * TARN__RULE_SET_NAME_MAX + 1, /* a list's name, escaped, with NUL */
	LINE_MAX_LEN = TARN__NAME_TEXT_MAX + 2 * TARN_ADDRESS_TEXT_MAX + LIST_TEXT_MAX + 160,
	BUFFER_LEN = 4096, /* octets, which a pipe takes as a whole or not at all */
};

_Static_assert(BUFFER_LEN <= PIPE_BUF, "see above");

struct worker {
	struct tarn__query_log *query_log;
	struct tarn__observer observer;
	uint64_t told; /* the part of the ring's lost records that the log has reported */
	struct tarn__ring ring;
};

/* The file that lines are written to. */
struct target {
	char *path; /* NULL: stderr */
	int fd;
};

struct tarn__query_log {
	struct tarn__log *log;
	const struct tarn__list_slots *slots; /* NULL: lists have no names */
	size_t count;
	struct worker *workers;
	int wake; /* an eventfd */
	bool is_running;
	pthread_t thread;
	atomic_bool is_asleep, is_stopping;
	_Atomic(struct target *) next; /* the target that the thread is to change to */
	sem_t gone_over; /* posted when it has changed */
	_Atomic uint64_t given_up; /* lines that were formatted and not written at the end */

	/* The members after it belong to the thread while it runs. */
	struct target *target; /* NULL: it does not run */
	bool is_failing; /* writing fails, and that was logged */
	bool is_torn; /* the buffer begins with the rest of a line */
	size_t used;
	char buffer[BUFFER_LEN];
};

/* ---- a worker's part ------------------------------------------------------------------------- */

static void wake(struct tarn__query_log *query_log)
{
	eventfd_write(query_log->wake, 1);
}

static void on_answered(void *data, const struct tarn__answered *answered)
{
	struct worker *worker = data;
	struct tarn__query_log *query_log = worker->query_log;
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
		.security = (uint8_t)answered->security,
		.transport = (uint8_t)answered->transport,
		.list_slot = answered->list_slot,
	};
	if (answered->client)
		record.client = *answered->client;
	if (answered->upstream)
		record.upstream = *answered->upstream;
	tarn__ring_put(&worker->ring, &record, sizeof(record), query->qname,
		       query->qname ? query->qname_len : 0);
	if (atomic_load(&query_log->is_asleep) && atomic_exchange(&query_log->is_asleep, false))
		wake(query_log);
}

uint64_t tarn__query_log_lost(const struct tarn__query_log *query_log)
{
	uint64_t lost = atomic_load(&query_log->given_up);
	for (size_t i = 0; i < query_log->count; i++)
		lost += tarn__ring_lost(&query_log->workers[i].ring);
	return lost;
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* octets of "2026-11-23T05:30:00.123Z" and NUL, with room for years of more digits */
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

/* Writes a blank and the name of the list that decided, as one word; nothing if none did. */
static const char *format_list(const struct tarn__query_log *query_log, const struct record *record,
			       char out[LIST_TEXT_MAX])
{
	const char *name = NULL;
	if (query_log->slots && record->list_slot > 0)
		name = tarn__list_slots_name(query_log->slots, record->list_slot);
	size_t len = 0;
	for (; name && *name; name++) {
		bool is_plain = *name > ' ' && *name < 0x7f && *name != '\\';
		len += (size_t)snprintf(out + len, LIST_TEXT_MAX - len, is_plain ? "%c" : "\\x%02x",
					(unsigned char)*name);
	}
	out[len] = '\0';
	return out;
}

/* Words of enum tarn__answered_security, with the blank before them. */
static const char *const security_words[] = {"", " secure", " insecure", " bogus"};

static size_t format_record(const struct tarn__query_log *query_log, const struct record *record,
			    const uint8_t *name, char out[LINE_MAX_LEN])
{
	char time[TIME_TEXT_MAX], client[TARN_ADDRESS_TEXT_MAX], upstream[TARN_ADDRESS_TEXT_MAX];
	char qname[TARN__NAME_TEXT_MAX], type[TARN__WORD_MAX], class[TARN__WORD_MAX];
	char rcode[TARN__WORD_MAX], list[LIST_TEXT_MAX];
	format_list(query_log, record, list);
	bool has_class = name && record->qclass != TARN__CLASS_IN;
	int len = snprintf(
		out, LINE_MAX_LEN, "%s %s %s %s %s%s%s %s %s %s %" PRIu64 "%s%s%s\n",
		format_time(record->time_ms, time), format_address(&record->client, client),
		record->client.sa.sa_family == AF_UNSPEC ? "-"
							 : tarn__transport_name(record->transport),
		name ? tarn__name_format(name, qname) : "-",
		name ? tarn__type_format(record->qtype, type) : "-", has_class ? "/" : "",
		has_class ? tarn__class_format(record->qclass, class) : "",
		tarn__rcode_format(record->rcode, rcode), tarn__status_name(record->status),
		format_address(&record->upstream, upstream), record->latency_ms,
		security_words[record->security], *list ? " " : "", list);
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

/* NULL with errno set on failure. */
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

/* Drops the rest of a line that begins in another file. */
static void drop_rest_of_line(struct tarn__query_log *query_log)
{
	const char *end = memchr(query_log->buffer, '\n', query_log->used);
	size_t len = (size_t)(end + 1 - query_log->buffer);
	query_log->used -= len;
	memmove(query_log->buffer, end + 1, query_log->used);
	query_log->is_torn = false;
	query_log->given_up++;
}

static void go_over(struct tarn__query_log *query_log, struct target *target)
{
	target_free(query_log->target);
	query_log->target = target;
	query_log->is_failing = false;
	if (query_log->is_torn)
		drop_rest_of_line(query_log);
	sem_post(&query_log->gone_over);
}

/* Returns 0; or -1 with errno set while octets are left in the buffer. */
static int flush(struct tarn__query_log *query_log)
{
	const struct target *target = query_log->target;
	while (query_log->used > 0) {
		ssize_t written = target->path
					  ? write(target->fd, query_log->buffer, query_log->used)
					  : tarn__log_write(query_log->log, query_log->buffer,
							    query_log->used);
		if (written < 0 && errno == EINTR)
			continue;
		if (written == 0)
			errno = EIO;
		if (written <= 0)
			return -1;
		query_log->is_torn = query_log->buffer[written - 1] != '\n';
		query_log->used -= (size_t)written;
		memmove(query_log->buffer, query_log->buffer + written, query_log->used);
	}
	return 0;
}

static int make_room(struct tarn__query_log *query_log)
{
	return sizeof(query_log->buffer) - query_log->used < LINE_MAX_LEN ? flush(query_log) : 0;
}

/*
 * Writes the records of a ring. Returns 0; or -1 with errno set if some are left, in the ring or in the
 * buffer. Writes at most as many octets as a ring holds, since the other rings wait.
 */
static int drain_ring(struct tarn__query_log *query_log, struct worker *worker)
{
	size_t drained = 0;
	while (drained < TARN__RING_SIZE) {
		if (make_room(query_log) < 0)
			return -1;
		uint8_t octets[TARN__RING_RECORD_MAX];
		size_t len = tarn__ring_take(&worker->ring, octets);
		if (len == 0)
			break;
		drained += len;
		struct record record;
		memcpy(&record, octets, sizeof(record));
		query_log->used += format_record(
			query_log, &record, len > sizeof(record) ? octets + sizeof(record) : NULL,
			query_log->buffer + query_log->used);
	}
	uint64_t lost = tarn__ring_lost(&worker->ring);
	if (lost > worker->told) {
		if (make_room(query_log) < 0)
			return -1;
		query_log->used +=
			format_lost(lost - worker->told, query_log->buffer + query_log->used);
		worker->told = lost;
	}
	return 0;
}

static bool is_empty(const struct tarn__query_log *query_log)
{
	for (size_t i = 0; i < query_log->count; i++) {
		if (!tarn__ring_is_empty(&query_log->workers[i].ring))
			return false;
	}
	return true;
}

static int drain(struct tarn__query_log *query_log)
{
	for (size_t i = 0; i < query_log->count; i++) {
		if (drain_ring(query_log, &query_log->workers[i]) < 0)
			return -1;
	}
	return flush(query_log);
}

/* Logs the beginning and the end of a failure. A slow reader is told by the number of lost lines. */
static void tell_failure(struct tarn__query_log *query_log, int error)
{
	if (error != 0 && error != EAGAIN && !query_log->is_failing) {
		query_log->is_failing = true;
		tarn__log(query_log->log, TARN_LOG_WARNING,
			  "cannot write the query log to %s: %s; lines are lost until it can be",
			  target_name(query_log->target), strerror(error));
	} else if (error == 0 && query_log->is_failing) {
		query_log->is_failing = false;
		tarn__log(query_log->log, TARN_LOG_INFO, "writing the query log to %s again",
			  target_name(query_log->target));
	}
}

/*
 * Waits until the thread is woken, the target is writable (is_full), or the time has passed; -1: no time
 * limit.
 */
static void wait(struct tarn__query_log *query_log, bool is_full, int timeout_ms)
{
	const struct target *target = query_log->target;
	struct pollfd ready[] = {
		{.fd = query_log->wake, .events = POLLIN},
		{.fd = target->path ? target->fd : query_log->log->fd, .events = POLLOUT},
	};
	poll(ready, is_full ? 2 : 1, timeout_ms);
	eventfd_t count;
	if (ready[0].revents & POLLIN)
		eventfd_read(query_log->wake, &count);
}

static void sleep_until_woken(struct tarn__query_log *query_log)
{
	atomic_store(&query_log->is_asleep, true);
	if (is_empty(query_log))
		wait(query_log, false, -1);
	atomic_store(&query_log->is_asleep, false);
}

static void *thread_main(void *arg)
{
	struct tarn__query_log *query_log = arg;
	/* For the calling thread, which needs no file of /proc. */
	pthread_setname_np(pthread_self(), "tarn/query_log");
	for (;;) {
		/*
		 * Read before the rings are emptied: records from before the change are written to the
		 * former file.
		 */
		bool is_stopping = atomic_load(&query_log->is_stopping);
		struct target *next = atomic_exchange(&query_log->next, NULL);
		bool was_empty = is_empty(query_log);
		int error = drain(query_log) < 0 ? errno : 0;
		tell_failure(query_log, error);
		if (next)
			go_over(query_log, next);
		if (is_stopping)
			return NULL;
		if (next)
			continue;
		if (error == EAGAIN)
			wait(query_log, true, -1);
		else if (error != 0)
			wait(query_log, false, RETRY_MS);
		else if (!was_empty)
			wait(query_log, false, LINGER_MS);
		else
			sleep_until_woken(query_log);
	}
}

/* ---- the log as a whole ---------------------------------------------------------------------- */

struct tarn__query_log *tarn__query_log_new(size_t workers, struct tarn__log *log,
					    const struct tarn__list_slots *slots)
{
	struct tarn__query_log *query_log = calloc(1, sizeof(*query_log));
	if (!query_log)
		return NULL;
	*query_log = (struct tarn__query_log){.log = log, .slots = slots, .wake = -1};
	sem_init(&query_log->gone_over, 0, 0);
	size_t size = workers * sizeof(query_log->workers[0]);
	query_log->workers = aligned_alloc(_Alignof(struct worker), size);
	query_log->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!query_log->workers || query_log->wake < 0) {
		int error = errno;
		tarn__query_log_free(query_log);
		errno = error;
		return NULL;
	}
	query_log->count = workers;
	for (size_t i = 0; i < workers; i++) {
		struct worker *worker = &query_log->workers[i];
		/* The octets of the rings take no memory until they are used. */
		memset(worker, 0, offsetof(struct worker, ring.octets));
		worker->query_log = query_log;
		worker->observer = (struct tarn__observer){.data = worker, .answered = on_answered};
	}
	return query_log;
}

const struct tarn__observer *tarn__query_log_observer(const struct tarn__query_log *query_log,
						      size_t worker)
{
	return &query_log->workers[worker].observer;
}

static int start_thread(struct tarn__query_log *query_log)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&query_log->thread, NULL, thread_main, query_log);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

/* A running thread changes the target by itself: a new thread might fail to start. */
int tarn__query_log_start(struct tarn__query_log *query_log, const char *path)
{
	struct target *target = target_new(path);
	if (!target)
		return TARN_ESYSTEM;
	if (query_log->is_running) {
		atomic_store(&query_log->next, target);
		wake(query_log);
		while (sem_wait(&query_log->gone_over) < 0)
			;
		return 0;
	}
	query_log->target = target;
	query_log->is_failing = false;
	atomic_store(&query_log->is_stopping, false);
	int error = start_thread(query_log);
	if (error) {
		query_log->target = NULL;
		target_free(target);
		errno = error;
		return TARN_ESYSTEM;
	}
	query_log->is_running = true;
	return 0;
}

void tarn__query_log_stop(struct tarn__query_log *query_log)
{
	if (!query_log->is_running)
		return;
	atomic_store(&query_log->is_stopping, true);
	wake(query_log);
	pthread_join(query_log->thread, NULL);
	query_log->is_running = false;
	/* The rest of a line does not belong into another file. */
	for (size_t i = 0; i < query_log->used; i++)
		query_log->given_up += query_log->buffer[i] == '\n';
	query_log->used = 0;
	query_log->is_torn = false;
	target_free(query_log->target);
	query_log->target = NULL;
}

void tarn__query_log_free(struct tarn__query_log *query_log)
{
	if (!query_log)
		return;
	tarn__query_log_stop(query_log);
	if (query_log->wake >= 0)
		close(query_log->wake);
	sem_destroy(&query_log->gone_over);
	free(query_log->workers);
	free(query_log);
}
