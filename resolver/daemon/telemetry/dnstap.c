/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each worker packs its messages itself and puts them into a queue of its own. The socket is not one of
 * libfstrm's but tarn's, with a limit on the time that it may block: a reader that stops reading could
 * otherwise keep tarn from stopping.
 */
#include "config.h"

#include "daemon/telemetry/dnstap.h"

#include <errno.h>

#ifdef HAVE_DNSTAP

#include <fstrm.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "daemon/telemetry/dnstap.pb-c.h"

enum {
	BLOCK_SEC = 1, /* the time after which a reader that does not read is disconnected */
	REOPEN_SEC = 2, /* the interval of attempts to connect to a reader */
};

static const char content_type[] = "protobuf:dnstap.Dnstap";

struct reader {
	struct sockaddr_un address;
	atomic_bool is_there;
	/* The members after it belong to the thread. */
	int fd;
	bool is_missed; /* there is no reader, and that was logged */
};

struct worker {
	struct tarn__dnstap *dnstap;
	struct tarn__observer observer;
	struct fstrm_iothr_queue *queue;
	_Atomic uint64_t lost;
};

struct tarn__dnstap {
	struct tarn__log *log;
	struct reader reader;
	struct fstrm_iothr *iothr;
	char identity[256]; /* the host's name */
	char version[32];
	size_t count;
	struct worker workers[];
};

/* ---- the reader ------------------------------------------------------------------------------ */

static fstrm_res open_reader(void *data)
{
	struct tarn__dnstap *dnstap = data;
	struct reader *reader = &dnstap->reader;
	struct timeval limit = {.tv_sec = BLOCK_SEC};
	reader->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (reader->fd >= 0 &&
	    setsockopt(reader->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0 &&
	    setsockopt(reader->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
	    connect(reader->fd, (const struct sockaddr *)&reader->address,
		    sizeof(reader->address)) == 0) {
		reader->is_missed = false;
		atomic_store(&reader->is_there, true);
		tarn__log(dnstap->log, TARN_LOG_INFO,
			  "dnstap: sending to %s; %" PRIu64 " messages lost so far",
			  reader->address.sun_path, tarn__dnstap_lost(dnstap));
		return fstrm_res_success;
	}
	if (!reader->is_missed)
		tarn__log(dnstap->log, TARN_LOG_WARNING,
			  "dnstap: no reader at %s (%s); trying again every %d seconds",
			  reader->address.sun_path, strerror(errno), REOPEN_SEC);
	reader->is_missed = true;
	if (reader->fd >= 0)
		close(reader->fd);
	reader->fd = -1;
	return fstrm_res_failure;
}

static fstrm_res close_reader(void *data)
{
	struct reader *reader = &((struct tarn__dnstap *)data)->reader;
	atomic_store(&reader->is_there, false);
	if (reader->fd >= 0)
		close(reader->fd);
	reader->fd = -1;
	return fstrm_res_success;
}

static fstrm_res read_reader(void *data, void *out, size_t len)
{
	const struct reader *reader = &((const struct tarn__dnstap *)data)->reader;
	uint8_t *to = out;
	while (len > 0) {
		ssize_t part = recv(reader->fd, to, len, 0);
		if (part == 0)
			return fstrm_res_stop;
		if (part < 0)
			return fstrm_res_failure;
		to += part;
		len -= (size_t)part;
	}
	return fstrm_res_success;
}

static fstrm_res write_reader(void *data, const struct iovec *parts, int count)
{
	const struct reader *reader = &((const struct tarn__dnstap *)data)->reader;
	for (int i = 0; i < count; i++) {
		const uint8_t *from = parts[i].iov_base;
		size_t len = parts[i].iov_len;
		int more = i + 1 < count ? MSG_MORE : 0;
		while (len > 0) {
			ssize_t part = send(reader->fd, from, len, MSG_NOSIGNAL | more);
			if (part < 0)
				return fstrm_res_failure;
			from += part;
			len -= (size_t)part;
		}
	}
	return fstrm_res_success;
}

static struct fstrm_writer *new_writer(struct tarn__dnstap *dnstap)
{
	struct fstrm_rdwr *rdwr = fstrm_rdwr_init(dnstap);
	fstrm_rdwr_set_open(rdwr, open_reader);
	fstrm_rdwr_set_close(rdwr, close_reader);
	fstrm_rdwr_set_read(rdwr, read_reader);
	fstrm_rdwr_set_write(rdwr, write_reader);
	struct fstrm_writer_options *options = fstrm_writer_options_init();
	fstrm_writer_options_add_content_type(options, content_type, sizeof(content_type) - 1);
	struct fstrm_writer *writer = fstrm_writer_init(options, &rdwr);
	fstrm_writer_options_destroy(&options);
	fstrm_rdwr_destroy(&rdwr);
	return writer;
}

/* ---- messages -------------------------------------------------------------------------------- */

/* The packing functions take pointers to data that is not const, and only read it. */
static ProtobufCBinaryData octets(const void *data, size_t len)
{
	return (ProtobufCBinaryData){.data = (uint8_t *)data, .len = len};
}

static ProtobufCBinaryData address_octets(const struct tarn_address *address)
{
	return address->sa.sa_family == AF_INET
		       ? octets(&address->in4.sin_addr, sizeof(address->in4.sin_addr))
		       : octets(&address->in6.sin6_addr, sizeof(address->in6.sin6_addr));
}

static void set_socket(Dnstap__Message *message, const struct tarn_address *peer,
		       enum tarn__transport transport)
{
	static const Dnstap__SocketProtocol protocols[TARN__TRANSPORTS] = {
		[TARN__UDP] = DNSTAP__SOCKET_PROTOCOL__UDP,
		[TARN__TCP] = DNSTAP__SOCKET_PROTOCOL__TCP,
		[TARN__TLS] = DNSTAP__SOCKET_PROTOCOL__DOT,
		[TARN__HTTPS] = DNSTAP__SOCKET_PROTOCOL__DOH,
	};
	message->has_socket_family = message->has_socket_protocol = true;
	message->socket_family = peer->sa.sa_family == AF_INET ? DNSTAP__SOCKET_FAMILY__INET
							       : DNSTAP__SOCKET_FAMILY__INET6;
	message->socket_protocol = protocols[transport];
}

static void set_query_time(Dnstap__Message *message, int64_t time_ns)
{
	message->has_query_time_sec = message->has_query_time_nsec = true;
	message->query_time_sec = (uint64_t)(time_ns / 1000000000);
	message->query_time_nsec = (uint32_t)(time_ns % 1000000000);
}

static void set_response_time(Dnstap__Message *message, int64_t time_ns)
{
	message->has_response_time_sec = message->has_response_time_nsec = true;
	message->response_time_sec = (uint64_t)(time_ns / 1000000000);
	message->response_time_nsec = (uint32_t)(time_ns % 1000000000);
}

static int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void submit(struct worker *worker, Dnstap__Message *message)
{
	const struct tarn__dnstap *dnstap = worker->dnstap;
	Dnstap__Dnstap envelope = DNSTAP__DNSTAP__INIT;
	envelope.type = DNSTAP__DNSTAP__TYPE__MESSAGE;
	envelope.message = message;
	envelope.has_identity = dnstap->identity[0] != '\0';
	envelope.identity = octets(dnstap->identity, strlen(dnstap->identity));
	envelope.has_version = true;
	envelope.version = octets(dnstap->version, strlen(dnstap->version));

	/* Without a reader libfstrm would drop the frame without counting it. */
	uint8_t *frame = atomic_load_explicit(&dnstap->reader.is_there, memory_order_relaxed)
				 ? malloc(dnstap__dnstap__get_packed_size(&envelope))
				 : NULL;
	if (frame) {
		size_t len = dnstap__dnstap__pack(&envelope, frame);
		if (fstrm_iothr_submit(dnstap->iothr, worker->queue, frame, len, fstrm_free_wrapper,
				       NULL) == fstrm_res_success)
			return;
		free(frame);
	}
	uint64_t lost = atomic_load_explicit(&worker->lost, memory_order_relaxed);
	atomic_store_explicit(&worker->lost, lost + 1, memory_order_relaxed);
}

static void on_answered(void *data, const struct tarn__answered *answered)
{
	int64_t now = now_ns();
	Dnstap__Message message = DNSTAP__MESSAGE__INIT;
	message.type = DNSTAP__MESSAGE__TYPE__CLIENT_RESPONSE;
	if (answered->client) {
		set_socket(&message, answered->client, answered->transport);
		message.has_query_address = message.has_query_port = true;
		message.query_address = address_octets(answered->client);
		message.query_port = tarn_address_port(answered->client);
	}
	set_query_time(&message, now - (int64_t)answered->latency_ms * 1000000);
	set_response_time(&message, now);
	message.has_response_message = true;
	message.response_message = octets(answered->reply, answered->reply_len);
	submit(data, &message);
}

static void set_server(Dnstap__Message *message, const struct tarn__forwarded *forwarded)
{
	set_socket(message, forwarded->server, forwarded->transport);
	message->has_response_address = message->has_response_port = true;
	message->response_address = address_octets(forwarded->server);
	message->response_port = tarn_address_port(forwarded->server);
}

static void on_asked_server(void *data, const struct tarn__forwarded *forwarded)
{
	Dnstap__Message message = DNSTAP__MESSAGE__INIT;
	message.type = DNSTAP__MESSAGE__TYPE__FORWARDER_QUERY;
	set_server(&message, forwarded);
	set_query_time(&message, now_ns());
	message.has_query_message = true;
	message.query_message = octets(forwarded->wire, forwarded->len);
	submit(data, &message);
}

static void on_server_answered(void *data, const struct tarn__forwarded *forwarded)
{
	int64_t now = now_ns();
	Dnstap__Message message = DNSTAP__MESSAGE__INIT;
	message.type = DNSTAP__MESSAGE__TYPE__FORWARDER_RESPONSE;
	set_server(&message, forwarded);
	set_query_time(&message, now - (int64_t)forwarded->latency_ms * 1000000);
	set_response_time(&message, now);
	message.has_response_message = true;
	message.response_message = octets(forwarded->wire, forwarded->len);
	submit(data, &message);
}

uint64_t tarn__dnstap_lost(const struct tarn__dnstap *dnstap)
{
	uint64_t lost = 0;
	for (size_t i = 0; i < dnstap->count; i++)
		lost += atomic_load_explicit(&dnstap->workers[i].lost, memory_order_relaxed);
	return lost;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static struct fstrm_iothr *start_thread(struct fstrm_writer **writer, size_t workers)
{
	struct fstrm_iothr_options *options = fstrm_iothr_options_init();
	fstrm_iothr_options_set_num_input_queues(options, (unsigned)workers);
	fstrm_iothr_options_set_input_queue_size(options, TARN__DNSTAP_QUEUE);
	fstrm_iothr_options_set_queue_model(options, FSTRM_IOTHR_QUEUE_MODEL_SPSC);
	fstrm_iothr_options_set_reopen_interval(options, REOPEN_SEC);
	/* A thread inherits the mask; signals are handled by the main thread only. */
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	struct fstrm_iothr *iothr = fstrm_iothr_init(options, writer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	fstrm_iothr_options_destroy(&options);
	return iothr;
}

const char *tarn__dnstap_fault(const char *path)
{
	(void)path;
	return NULL;
}

struct tarn__dnstap *tarn__dnstap_new(size_t workers, const char *path, struct tarn__log *log)
{
	struct tarn__dnstap *dnstap =
		calloc(1, sizeof(*dnstap) + workers * sizeof(dnstap->workers[0]));
	if (!dnstap)
		return NULL;
	dnstap->log = log;
	dnstap->count = workers;
	dnstap->reader = (struct reader){.address.sun_family = AF_UNIX, .fd = -1};
	if (strlen(path) >= sizeof(dnstap->reader.address.sun_path)) {
		free(dnstap);
		errno = ENAMETOOLONG;
		return NULL;
	}
	strcpy(dnstap->reader.address.sun_path, path);
	gethostname(dnstap->identity, sizeof(dnstap->identity) - 1);
	snprintf(dnstap->version, sizeof(dnstap->version), "tarn %s", tarn_version());

	struct fstrm_writer *writer = new_writer(dnstap);
	if (writer)
		dnstap->iothr = start_thread(&writer, workers);
	if (!dnstap->iothr) {
		fstrm_writer_destroy(&writer);
		free(dnstap);
		errno = ENOMEM;
		return NULL;
	}
	for (size_t i = 0; i < workers; i++) {
		struct worker *worker = &dnstap->workers[i];
		worker->dnstap = dnstap;
		worker->queue = fstrm_iothr_get_input_queue_idx(dnstap->iothr, i);
		worker->observer = (struct tarn__observer){
			.data = worker,
			.answered = on_answered,
			.asked_server = on_asked_server,
			.server_answered = on_server_answered,
		};
	}
	return dnstap;
}

const struct tarn__observer *tarn__dnstap_observer(const struct tarn__dnstap *dnstap, size_t worker)
{
	return &dnstap->workers[worker].observer;
}

void tarn__dnstap_free(struct tarn__dnstap *dnstap)
{
	if (!dnstap)
		return;
	fstrm_iothr_destroy(&dnstap->iothr);
	free(dnstap);
}

#else /* HAVE_DNSTAP */

const char *tarn__dnstap_fault(const char *path)
{
	(void)path;
	return "this tarn was built without dnstap";
}

struct tarn__dnstap *tarn__dnstap_new(size_t workers, const char *path, struct tarn__log *log)
{
	(void)workers;
	(void)path;
	(void)log;
	errno = ENOTSUP;
	return NULL;
}

/* Nothing can be created that these could be called with. */

const struct tarn__observer *tarn__dnstap_observer(const struct tarn__dnstap *dnstap, size_t worker)
{
	(void)dnstap;
	(void)worker;
	return NULL;
}

uint64_t tarn__dnstap_lost(const struct tarn__dnstap *dnstap)
{
	(void)dnstap;
	return 0;
}

void tarn__dnstap_free(struct tarn__dnstap *dnstap)
{
	(void)dnstap;
}

#endif
