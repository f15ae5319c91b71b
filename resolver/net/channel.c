/* SPDX-License-Identifier: BSD-2-Clause */
/* net/channel.c: one c-ares channel and its socket; the only file that knows c-ares. */
#include "config.h"

#include "net/channel.h"

#include <ares.h>
#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "dns/message.h"
#include "net/clock.h"
#include "net/random.h"
#include "net/socket.h"
#include "net/stream.h"

enum {
	/*
	 * c-ares' own time-out, twice what core/ waits for anything: where they tie, one that c-ares sees
	 * makes 1.34.9 give up the socket.
	 */
	TIMEOUT_MS = 10000,
	/* A connection that is not there by then never will be in time. */
	CONNECT_MS = 3000,
	/* A connection on which nothing has come for so long after a question is dead. */
	SILENCE_MS = 5000,
	/* An unused connection: below the 10 s at which servers begin to close them. */
	TCP_IDLE_MS = 8000,
	/* An unused UDP socket: what keeps coming, comes sooner. */
	UDP_IDLE_MS = 500,
	/* Questions that may wait for a slow server, in octets. */
	OUTPUT_MAX = 1 << 16,
	/* Answers called back per wake-up: then other sockets get their turn. */
	ANSWERS_PER_EVENT = 64,
	/* Datagrams that answer nothing, skipped per answer. */
	FOREIGN_PER_READ = 16,

	LABEL_LEN = 8,
	TOKEN_LEN = TARN__HEADER_LEN + 1 + LABEL_LEN + 1 + 4,
	FRAME_LEN = 2 + TOKEN_LEN,
};

/* What c-ares takes for the server: an address of RFC 5737 that is never on any wire. */
static const uint8_t no_server[4] = {192, 0, 2, 1};

struct tarn__channel {
	struct tarn__channel_options options;
	ares_channel ares;
	ev_io watcher;
	int fd; /* -1: closed */
	bool is_framed; /* c-ares takes its tokens' socket for a stream */
	bool is_connected; /* of the last socket */
	bool is_lost; /* c-ares will be told so at its next read */
	bool is_starved; /* there was no socket to be had, which is no server's fault */
	bool has_read; /* c-ares has got its answer of this call */
	bool stays_open; /* UDP: when no question is under way */
	bool is_shunned; /* UDP: a question timed out; c-ares may want another socket for the next */
	unsigned carried; /* questions sent on this socket */
	struct tarn__stream stream; /* TCP */
	uint64_t opened_ms, used_ms;
	uint64_t unanswered_ms; /* when a question was sent and nothing has come since; 0: not so */
	uint32_t sequence;
	uint64_t used_slots; /* a bit for each */
	struct tarn__question *slots[TARN__CHANNEL_QUESTIONS];
	struct tarn__question *canceled;
#ifdef HAVE_ARES_SET_SOCKET_FUNCTIONS_EX
	ares_dns_record_t *record;
#endif
};

/* ---- tokens ------------------------------------------------------------------------------ */

static void write_label(char out[LABEL_LEN + 1], uint32_t token)
{
	for (int i = LABEL_LEN - 1; i >= 0; i--, token >>= 4)
		out[i] = "0123456789abcdef"[token & 15];
	out[LABEL_LEN] = '\0';
}

static void write_token(uint8_t out[TOKEN_LEN], uint16_t id, uint16_t flags, uint32_t token)
{
	memset(out, 0, TOKEN_LEN);
	tarn__put16(out, id);
	tarn__put16(out + 2, flags);
	out[5] = 1; /* QDCOUNT */
	uint8_t *name = out + TARN__HEADER_LEN;
	name[0] = LABEL_LEN;
	write_label((char *)name + 1, token); /* its NUL is the root label */
	tarn__put16(name + 1 + LABEL_LEN + 1, TARN__TYPE_A);
	tarn__put16(name + 1 + LABEL_LEN + 3, TARN__CLASS_IN);
}

/* The question under way that a query of c-ares stands for; NULL: it has ended. */
static struct tarn__question *find_token(struct tarn__channel *channel, const uint8_t *query)
{
	const uint8_t *label = query + TARN__HEADER_LEN + 1;
	uint32_t token = 0;
	for (int i = 0; i < LABEL_LEN; i++) {
		int digit = label[i] <= '9' ? label[i] - '0' : label[i] - 'a' + 10;
		token = token << 4 | (uint32_t)digit;
	}
	struct tarn__question *question = channel->slots[token % TARN__CHANNEL_QUESTIONS];
	return question != NULL && question->token == token ? question : NULL;
}

static void take_slot(struct tarn__channel *channel, struct tarn__question *question)
{
	unsigned slot = (unsigned)__builtin_ctzll(~channel->used_slots);
	channel->used_slots |= UINT64_C(1) << slot;
	channel->slots[slot] = question;
	channel->sequence += TARN__CHANNEL_QUESTIONS;
	question->token = channel->sequence | slot;
}

static void finish(struct tarn__question *question, int status)
{
	struct tarn__channel *channel = question->channel;
	unsigned slot = question->token % TARN__CHANNEL_QUESTIONS;
	channel->used_slots &= ~(UINT64_C(1) << slot);
	channel->slots[slot] = NULL;
	for (struct tarn__question **p = &channel->canceled; *p != NULL; p = &(*p)->next) {
		if (*p == question) {
			*p = question->next;
			break;
		}
	}
	channel->is_shunned |= status == ARES_ETIMEOUT && channel->options.transport == TARN__UDP;
	if (status == ARES_SUCCESS)
		question->error = 0;
	else if (status == ARES_ETIMEOUT)
		question->error = TARN_ETIMEOUT;
	else if (status == ARES_ENOMEM || channel->is_starved)
		question->error = TARN_ENOMEM;
	else
		question->error = TARN_EUNREACHABLE;
	question->is_finished = true;
	question->was_connected = channel->is_connected;
	channel->used_ms = tarn__clock_ms();
	channel->options.owner->finished(channel->options.owner->data, question);
}

/* ---- answers ------------------------------------------------------------------------------ */

static uint8_t lower(uint8_t octet)
{
	return octet >= 'A' && octet <= 'Z' ? octet | 0x20 : octet;
}

/* Length of the question section of a message of core's making: one name, never compressed. */
static size_t question_len(const struct tarn_exchange *exchange)
{
	size_t at = TARN__HEADER_LEN;
	while (at < exchange->len && exchange->wire[at] != 0)
		at += 1 + (size_t)exchange->wire[at];
	return at + 1 + 4 - TARN__HEADER_LEN;
}

/*
 * RFC 5452 section 9.1: id and question are those that were sent, to and from this socket's own
 * address and port. A server that could not read the question may leave it out.
 */
static bool is_answer_to(const struct tarn_exchange *exchange, const uint8_t *wire, size_t len)
{
	if (len < TARN__HEADER_LEN || memcmp(wire, exchange->wire, 2) != 0)
		return false;
	uint16_t flags = tarn__get16(wire + 2);
	if (!(flags & TARN__FLAG_QR) || (flags & TARN__FLAG_OPCODE) != 0)
		return false;
	uint16_t question_count = tarn__get16(wire + 4);
	if (question_count == 0)
		return (flags & TARN__FLAG_RCODE) != TARN__NOERROR;
	size_t compare_len = question_len(exchange);
	if (question_count != 1 || len - TARN__HEADER_LEN < compare_len ||
	    exchange->len - TARN__HEADER_LEN < compare_len)
		return false;
	/* Type and class are compared so too: letters that differ in case only match neither. */
	const uint8_t *asked = exchange->wire + TARN__HEADER_LEN;
	const uint8_t *answered = wire + TARN__HEADER_LEN;
	if (memcmp(asked, answered, compare_len) == 0)
		return true;
	for (size_t i = 0; i < compare_len - 4; i++) {
		if (lower(asked[i]) != lower(answered[i]))
			return false;
	}
	return memcmp(asked + compare_len - 4, answered + compare_len - 4, 4) == 0;
}

static struct tarn__question *match(struct tarn__channel *channel, const uint8_t *wire, size_t len)
{
	for (uint64_t left = channel->used_slots; left != 0; left &= left - 1) {
		struct tarn__question *question = channel->slots[__builtin_ctzll(left)];
		if (question->exchange != NULL && is_answer_to(question->exchange, wire, len)) {
			question->answer = wire;
			question->len = len;
			return question;
		}
	}
	++*channel->options.foreign;
	return NULL;
}

/* The next answer on a UDP socket; NULL with errno. */
static struct tarn__question *receive_datagram(struct tarn__channel *channel)
{
	uint8_t *datagram = channel->options.datagram;
	for (int i = 0; i < FOREIGN_PER_READ; i++) {
		ssize_t len = recv(channel->fd, datagram, TARN__MESSAGE_MAX, 0);
		if (len < 0)
			return NULL;
		struct tarn__question *question = match(channel, datagram, (size_t)len);
		if (question != NULL)
			return question;
	}
	errno = EAGAIN;
	return NULL;
}

/* The next answer that has been read from a connection; NULL with errno. */
static struct tarn__question *receive_message(struct tarn__channel *channel)
{
	const uint8_t *message;
	size_t len;
	while (tarn__stream_next(&channel->stream, &message, &len)) {
		struct tarn__question *question = match(channel, message, len);
		if (question != NULL)
			return question;
	}
	errno = EAGAIN;
	return NULL;
}

/* ---- the socket as c-ares sees it ---------------------------------------------------------- */

static void update_events(struct tarn__channel *channel)
{
	int events = EV_READ;
	if (channel->options.transport == TARN__TCP &&
	    (!channel->is_connected || tarn__stream_pending(&channel->stream) > 0))
		events |= EV_WRITE;
	if (ev_is_active(&channel->watcher) && channel->watcher.fd == channel->fd &&
	    (channel->watcher.events & (EV_READ | EV_WRITE)) == events)
		return;
	ev_io_stop(channel->options.loop, &channel->watcher);
	ev_io_set(&channel->watcher, channel->fd, events);
	ev_io_start(channel->options.loop, &channel->watcher);
}

static ares_socket_t open_socket(int family, int type, int protocol, void *arg)
{
	(void)family;
	(void)protocol;
	struct tarn__channel *channel = arg;
	if (channel->fd >= 0) {
		errno = EMFILE;
		return ARES_SOCKET_BAD;
	}
	int fd = tarn__socket_outgoing(channel->options.server, channel->options.transport,
				       channel->options.random);
	channel->is_starved = fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
					 errno == ENOBUFS);
	if (fd < 0)
		return ARES_SOCKET_BAD;
	channel->fd = fd;
	/* With use-vc in RES_OPTIONS c-ares asks for a stream whatever its options say. */
	channel->is_framed = type == SOCK_STREAM;
	channel->is_connected = false;
	channel->is_lost = false;
	channel->is_shunned = false;
	channel->carried = 0;
	channel->opened_ms = tarn__clock_ms();
	channel->unanswered_ms = 0;
	tarn__stream_fini(&channel->stream);
	tarn__stream_init(&channel->stream, fd);
	++*channel->options.sockets;
	return fd;
}

static int connect_socket(struct tarn__channel *channel)
{
	const struct tarn_address *server = &channel->options.server->address;
	if (connect(channel->fd, &server->sa, tarn_address_len(server)) == 0)
		channel->is_connected = true;
	else if (errno != EINPROGRESS)
		return -1;
	update_events(channel);
	return 0;
}

/* What was read before the end stays: its answer may not have been called back yet. */
static int close_socket(ares_socket_t fd, void *arg)
{
	struct tarn__channel *channel = arg;
	ev_io_stop(channel->options.loop, &channel->watcher);
	channel->fd = -1;
	return close(fd);
}

/* -1 with errno: c-ares fails the question. */
static int send_question(struct tarn__channel *channel, const struct tarn_exchange *exchange)
{
	if (channel->unanswered_ms == 0)
		channel->unanswered_ms = tarn__clock_ms();
	channel->carried++;
	if (channel->options.transport == TARN__UDP) {
		if (send(channel->fd, exchange->wire, exchange->len, MSG_NOSIGNAL) >= 0)
			return 0;
		/* As good as lost on the way: core/ asks again. */
		return errno == EAGAIN || errno == ENOBUFS || errno == EINTR ? 0 : -1;
	}
	if (channel->is_lost || tarn__stream_pending(&channel->stream) > OUTPUT_MAX ||
	    tarn__stream_put(&channel->stream, exchange->wire, exchange->len) != 0) {
		errno = EPIPE;
		return -1;
	}
	channel->options.owner->wants_flush(channel->options.owner->data);
	return 0;
}

/* octets are whole tokens: they are always taken at once. */
static ares_ssize_t send_token(struct tarn__channel *channel, const uint8_t *octets, size_t len)
{
	size_t unit = channel->is_framed ? FRAME_LEN : TOKEN_LEN;
	for (size_t at = 0; len - at >= unit; at += unit) {
		const uint8_t *query = octets + at + (unit - TOKEN_LEN);
		struct tarn__question *question = find_token(channel, query);
		if (question == NULL)
			continue;
		question->token_id = tarn__get16(query);
		if (question->exchange != NULL && send_question(channel, question->exchange) != 0)
			return -1;
	}
	return (ares_ssize_t)len;
}

static struct tarn__question *receive_answer(struct tarn__channel *channel)
{
	errno = EAGAIN;
	if (channel->has_read)
		return NULL;
	if (channel->canceled != NULL)
		return channel->canceled;
	if (channel->is_lost && channel->used_slots == 0) {
		errno = ECONNRESET;
		return NULL;
	}
	struct tarn__question *question = channel->options.transport == TARN__UDP
						  ? receive_datagram(channel)
						  : receive_message(channel);
	if (question != NULL)
		channel->unanswered_ms = 0;
	else if (errno == EINTR)
		errno = EAGAIN;
	else if (errno == EAGAIN && channel->is_lost)
		errno = ECONNRESET;
	return question;
}

/*
 * The answer to a token is REFUSED: c-ares neither caches it nor derives time-outs of its own from
 * it (from 1.32 on they would be 250 ms, whatever its options say).
 */
static ares_ssize_t receive_token(ares_socket_t fd, void *out, size_t room, int flags,
				  struct sockaddr *from, ares_socklen_t *from_len, void *arg)
{
	(void)fd;
	(void)flags;
	struct tarn__channel *channel = arg;
	uint8_t frame[FRAME_LEN];
	size_t skip = channel->is_framed ? 0 : FRAME_LEN - TOKEN_LEN;
	struct tarn__question *question = receive_answer(channel);
	if (question == NULL)
		return -1;
	if (room < sizeof(frame) - skip) {
		errno = EINVAL;
		return -1;
	}
	channel->has_read = true;
	tarn__put16(frame, TOKEN_LEN);
	write_token(frame + 2, question->token_id,
		    TARN__FLAG_QR | TARN__FLAG_RD | TARN__FLAG_RA | TARN__REFUSED, question->token);
	memcpy(out, frame + skip, sizeof(frame) - skip);
	if (from != NULL && from_len != NULL && *from_len >= sizeof(struct sockaddr_in)) {
		struct sockaddr_in address = {.sin_family = AF_INET};
		memcpy(&address.sin_addr, no_server, sizeof(no_server));
		memcpy(from, &address, sizeof(address));
		*from_len = sizeof(address);
	}
	return (ares_ssize_t)(sizeof(frame) - skip);
}

/* ---- the two faces of c-ares --------------------------------------------------------------- */

#ifdef HAVE_ARES_SET_SOCKET_FUNCTIONS_EX

static int ex_setsockopt(ares_socket_t fd, ares_socket_opt_t option, const void *value,
			 ares_socklen_t len, void *arg)
{
	(void)fd;
	(void)option;
	(void)value;
	(void)len;
	(void)arg;
	errno = ENOSYS;
	return -1;
}

static int ex_connect(ares_socket_t fd, const struct sockaddr *address, ares_socklen_t len,
		      unsigned int flags, void *arg)
{
	(void)fd;
	(void)address;
	(void)len;
	(void)flags;
	return connect_socket(arg);
}

static ares_ssize_t ex_sendto(ares_socket_t fd, const void *octets, size_t len, int flags,
			      const struct sockaddr *address, ares_socklen_t address_len, void *arg)
{
	(void)fd;
	(void)flags;
	(void)address;
	(void)address_len;
	return send_token(arg, octets, len);
}

static int set_socket_functions(struct tarn__channel *channel)
{
	static const struct ares_socket_functions_ex functions = {
		.version = 1,
		.flags = ARES_SOCKFUNC_FLAG_NONBLOCKING,
		.asocket = open_socket,
		.aclose = close_socket,
		.asetsockopt = ex_setsockopt,
		.aconnect = ex_connect,
		.arecvfrom = receive_token,
		.asendto = ex_sendto,
	};
	if (ares_set_socket_functions_ex(channel->ares, &functions, channel) != ARES_SUCCESS)
		return TARN_ENOMEM;
	char label[LABEL_LEN + 1];
	write_label(label, 0);
	if (ares_dns_record_create(&channel->record, 0, ARES_FLAG_RD, ARES_OPCODE_QUERY,
				   ARES_RCODE_NOERROR) != ARES_SUCCESS ||
	    ares_dns_record_query_add(channel->record, label, ARES_REC_TYPE_A, ARES_CLASS_IN) !=
		    ARES_SUCCESS)
		return TARN_ENOMEM;
	return 0;
}

static void on_token(void *arg, ares_status_t status, size_t timeouts,
		     const ares_dns_record_t *record)
{
	(void)timeouts;
	(void)record;
	finish(arg, (int)status);
}

static void ask_token(struct tarn__channel *channel, struct tarn__question *question)
{
	char label[LABEL_LEN + 1];
	write_label(label, question->token);
	if (ares_dns_record_query_set_name(channel->record, 0, label) != ARES_SUCCESS) {
		finish(question, ARES_ENOMEM);
		return;
	}
	ares_send_dnsrec(channel->ares, channel->record, on_token, question, NULL);
}

static void free_record(struct tarn__channel *channel)
{
	ares_dns_record_destroy(channel->record);
}

#else

static int old_connect(ares_socket_t fd, const struct sockaddr *address, ares_socklen_t len,
		       void *arg)
{
	(void)fd;
	(void)address;
	(void)len;
	return connect_socket(arg);
}

/* One query and one vector, always: c-ares does not know of any connection. */
static ares_ssize_t old_sendv(ares_socket_t fd, const struct iovec *vector, int count, void *arg)
{
	(void)fd;
	if (count != 1) {
		errno = EINVAL;
		return -1;
	}
	return send_token(arg, vector->iov_base, vector->iov_len);
}

static int set_socket_functions(struct tarn__channel *channel)
{
	static const struct ares_socket_functions functions = {
		.asocket = open_socket,
		.aclose = close_socket,
		.aconnect = old_connect,
		.arecvfrom = receive_token,
		.asendv = old_sendv,
	};
	ares_set_socket_functions(channel->ares, &functions, channel);
	return 0;
}

static void on_token(void *arg, int status, int timeouts, unsigned char *answer, int len)
{
	(void)timeouts;
	(void)answer;
	(void)len;
	finish(arg, status);
}

static void ask_token(struct tarn__channel *channel, struct tarn__question *question)
{
	uint8_t query[TOKEN_LEN];
	write_token(query, (uint16_t)question->token, TARN__FLAG_RD, question->token);
	ares_send(channel->ares, query, sizeof(query), on_token, question);
}

static void free_record(struct tarn__channel *channel)
{
	(void)channel;
}

#endif

/* Every option is set, so that no file and no environment variable sets it. */
static int init_ares(struct tarn__channel *channel)
{
	struct in_addr server;
	memcpy(&server, no_server, sizeof(server));
	char lookups[] = "b";
	char resolvconf[] = "/dev/null";
	struct ares_options options = {
		.flags = ARES_FLAG_NOCHECKRESP | ARES_FLAG_IGNTC | ARES_FLAG_NOSEARCH |
			 ARES_FLAG_NOALIASES,
		.timeout = TIMEOUT_MS,
		.tries = 1,
		.ndots = 1,
		.udp_port = 53,
		.tcp_port = 53,
		.servers = &server,
		.nservers = 1,
		.lookups = lookups,
		.resolvconf_path = resolvconf,
	};
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS |
		   ARES_OPT_UDP_PORT | ARES_OPT_TCP_PORT | ARES_OPT_SERVERS | ARES_OPT_DOMAINS |
		   ARES_OPT_SORTLIST | ARES_OPT_LOOKUPS | ARES_OPT_NOROTATE | ARES_OPT_RESOLVCONF;
#ifdef ARES_OPT_QUERY_CACHE
	options.qcache_max_ttl = 0;
	mask |= ARES_OPT_QUERY_CACHE;
#endif
	/* When a UDP socket is closed is our decision, too: end_unused(). */
	options.flags |= ARES_FLAG_STAYOPEN;
	if (ares_init_options(&channel->ares, &options, mask) != ARES_SUCCESS)
		return TARN_ENOMEM;
	return set_socket_functions(channel);
}

/*
 * 1.22 to 1.33 lack what is used of the later ones and rewrite what the earlier ones do not: nobody
 * has tried them. Both sides have the same soname, so that what was built for one may run on the
 * other.
 */
int tarn__channel_library_init(const char **version)
{
	int number;
	*version = ares_version(&number);
	if (number >= 0x011600 && number < 0x012200)
		return TARN_EINVAL;
	return ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS ? 0 : TARN_EINVAL;
}

const char *tarn__channel_library_fault(void)
{
	int number;
	ares_version(&number);
	if (number == 0x012206)
		return "it opens a socket for each question to a server that fails";
	if (number == 0x012207 || number == 0x012208)
		return "it loses a question now and then";
	return NULL;
}

/* ---- the channel --------------------------------------------------------------------------- */

/* Lets c-ares take one answer, or see that its socket is lost. Was there anything? */
static bool process(struct tarn__channel *channel)
{
	channel->has_read = false;
	if (channel->fd < 0)
		return false;
	ares_process_fd(channel->ares, channel->fd, ARES_SOCKET_BAD);
	return channel->has_read;
}

/* Closes a UDP socket that has served. c-ares closes a socket when that has an error to tell. */
static void end_unused(struct tarn__channel *channel)
{
	if (channel->options.transport != TARN__UDP || channel->fd < 0 || channel->used_slots != 0)
		return;
	if (channel->stays_open && channel->carried < TARN__UDP_USES && !channel->is_shunned)
		return;
	channel->is_lost = true;
	process(channel);
}

static void flush_stream(struct tarn__channel *channel)
{
	if (tarn__stream_flush(&channel->stream) != 0)
		channel->is_lost = true;
	update_events(channel);
}

/* Writable: connected, or refused, which the first write tells. */
static void on_writable(struct tarn__channel *channel)
{
	int error = 0;
	socklen_t len = sizeof(error);
	if (!channel->is_connected &&
	    (getsockopt(channel->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error != 0)) {
		channel->is_lost = true;
		return;
	}
	channel->is_connected = true;
	flush_stream(channel);
}

static void on_event(struct ev_loop *loop, ev_io *watcher, int events)
{
	(void)loop;
	struct tarn__channel *channel = watcher->data;
	const struct tarn__channel_owner *owner = channel->options.owner;
	if (channel->options.transport == TARN__TCP) {
		if (events & EV_WRITE)
			on_writable(channel);
		int read = TARN__STREAM_AGAIN;
		if ((events & EV_READ) && !channel->is_lost)
			read = tarn__stream_read(&channel->stream);
		if (read == TARN__STREAM_END || read == TARN_ESYSTEM)
			channel->is_lost = true;
	}
	/* Answers first; once they are used up, c-ares is told of a loss. */
	for (int i = 0; i < ANSWERS_PER_EVENT && process(channel); i++) {
		owner->settle(owner->data);
		if (channel->used_slots == 0 && !channel->is_lost)
			break;
	}
	if (channel->options.transport == TARN__TCP)
		tarn__stream_done(&channel->stream);
	owner->settle(owner->data);
	end_unused(channel);
}

struct tarn__channel *tarn__channel_new(const struct tarn__channel_options *options)
{
	struct tarn__channel *channel = calloc(1, sizeof(*channel));
	if (channel == NULL)
		return NULL;
	channel->options = *options;
	channel->fd = -1;
	channel->used_ms = tarn__clock_ms();
	ev_init(&channel->watcher, on_event);
	channel->watcher.data = channel;
	tarn__stream_init(&channel->stream, -1);
	if (init_ares(channel) == 0)
		return channel;
	tarn__channel_free(channel);
	return NULL;
}

void tarn__channel_free(struct tarn__channel *channel)
{
	if (channel == NULL)
		return;
	if (channel->ares != NULL)
		ares_destroy(channel->ares);
	free_record(channel);
	tarn__stream_fini(&channel->stream);
	free(channel);
}

enum tarn__channel_state tarn__channel_state(const struct tarn__channel *channel)
{
	if (channel->fd < 0 && channel->used_slots == 0)
		return TARN__CHANNEL_CLOSED;
	if (channel->fd < 0 || channel->is_lost || channel->used_slots == UINT64_MAX ||
	    channel->is_shunned)
		return TARN__CHANNEL_FULL;
	if (channel->options.transport != TARN__UDP || channel->carried < TARN__UDP_USES)
		return TARN__CHANNEL_OPEN;
	return channel->carried < TARN__CHANNEL_QUESTIONS ? TARN__CHANNEL_WORN : TARN__CHANNEL_FULL;
}

uint64_t tarn__channel_used_ms(const struct tarn__channel *channel)
{
	return channel->used_ms;
}

void tarn__channel_send(struct tarn__channel *channel, struct tarn__question *question,
			bool stays_open)
{
	channel->stays_open = stays_open;
	question->channel = channel;
	question->is_finished = false;
	question->answer = NULL;
	channel->used_ms = tarn__clock_ms();
	take_slot(channel, question);
	ask_token(channel, question);
	if (channel->is_framed && channel->fd >= 0)
		ares_process_fd(channel->ares, ARES_SOCKET_BAD, channel->fd);
}

void tarn__channel_cancel(struct tarn__channel *channel, struct tarn__question *question)
{
	question->next = channel->canceled;
	channel->canceled = question;
	channel->options.owner->wants_flush(channel->options.owner->data);
}

void tarn__channel_flush(struct tarn__channel *channel)
{
	while (channel->canceled != NULL && process(channel))
		;
	if (channel->fd >= 0 && channel->is_connected && tarn__stream_pending(&channel->stream) > 0)
		flush_stream(channel);
	if (channel->is_lost)
		process(channel);
	end_unused(channel);
}

static bool is_dead(const struct tarn__channel *channel, uint64_t now_ms)
{
	if (channel->fd < 0)
		return false;
	bool is_udp = channel->options.transport == TARN__UDP;
	if (channel->used_slots == 0 &&
	    now_ms >= channel->used_ms + (is_udp ? UDP_IDLE_MS : TCP_IDLE_MS))
		return true;
	if (is_udp)
		return false;
	if (!channel->is_connected)
		return now_ms >= channel->opened_ms + CONNECT_MS;
	return channel->unanswered_ms != 0 && now_ms >= channel->unanswered_ms + SILENCE_MS;
}

void tarn__channel_tick(struct tarn__channel *channel, uint64_t now_ms)
{
	if (channel->is_lost || is_dead(channel, now_ms)) {
		channel->is_lost = true;
		process(channel);
	}
	if (channel->used_slots != 0)
		ares_process_fd(channel->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}
