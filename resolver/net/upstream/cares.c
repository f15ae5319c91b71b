/* SPDX-License-Identifier: BSD-2-Clause */
/* net/upstream/cares.c: one c-ares channel and its socket; the only file that knows c-ares. */
#include "config.h"

#include "net/upstream/channel.h"

#include <ares.h>
#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "dns/match.h"
#include "dns/message.h"
#include "dns/query.h"
#include "net/clock.h"
#include "net/random.h"
#include "net/socket.h"
#include "net/stream.h"

enum {
	/*
	 * c-ares' time-out of a token, twice what core/ waits for anything: no question is left by then.
	 * 1.34.9 gives up a socket on which one has timed out.
	 */
	TIMEOUT_MS = 10000,
	/* The token of a socket that is in use for longer is replaced by a new one. */
	TOKEN_MS = 4000,
	/* A connection that is not there by then never will be in time. */
	CONNECT_MS = 3000,
	/* A connection on which nothing has come for so long after a question is dead. */
	SILENCE_MS = 5000,
	/* An unused connection: below the 10 s at which servers begin to close them. */
	TCP_IDLE_MS = 8000,
	/* Questions that may wait for a slow server, in octets. */
	OUTPUT_MAX = 1 << 16,
	/* Answers called back per wake-up: then other sockets get their turn. */
	ANSWERS_PER_EVENT = 64,
	/* Datagrams that answer nothing, and errors of the network, skipped per answer. */
	FOREIGN_PER_READ = 16,

	LABEL_LEN = 4,
	TOKEN_LEN = TARN__HEADER_LEN + 1 + LABEL_LEN + 1 + 4,
	FRAME_LEN = 2 + TOKEN_LEN,
};

/* What c-ares takes for the server: an address of RFC 5737 that is never on any wire. */
static const uint8_t no_server[4] = {192, 0, 2, 1};

/* The name that c-ares asks for; it is never on any wire either. */
static const char token_label[LABEL_LEN + 1] = "tarn";

struct tarn__channel {
	struct tarn__channel_options options;
	ares_channel ares;
	ev_io watcher;
	int fd; /* -1: closed */
	bool is_framed; /* c-ares takes its token's socket for a stream */
	bool is_connected; /* of the last socket */
	bool is_lost; /* c-ares will be told so at its next read */
	bool is_starved; /* there was no socket to be had, which is no server's fault */
	bool is_retired; /* takes questions where no other channel can */
	bool has_token; /* c-ares has one under way */
	bool is_token_due; /* it is answered at the next read */
	uint16_t token_id;
	unsigned carried; /* questions sent on this socket */
	struct tarn__stream stream; /* TCP */
	uint64_t opened_ms, used_ms, token_ms;
	uint64_t unanswered_ms; /* when a question was sent and nothing has come since; 0: not so */
	uint64_t used_slots; /* a bit for each */
	struct tarn__transaction *slots[TARN__CHANNEL_TRANSACTIONS];
#ifdef HAVE_ARES_SET_SOCKET_FUNCTIONS_EX
	ares_dns_record_t *record; /* the token */
#endif
};

/* ---- questions ---------------------------------------------------------------------------- */

static void take_slot(struct tarn__channel *channel, struct tarn__transaction *transaction)
{
	unsigned slot = (unsigned)__builtin_ctzll(~channel->used_slots);
	channel->used_slots |= UINT64_C(1) << slot;
	channel->slots[slot] = transaction;
	transaction->slot = (uint8_t)slot;
}

static void free_slot(struct tarn__channel *channel, const struct tarn__transaction *transaction)
{
	channel->used_slots &= ~(UINT64_C(1) << transaction->slot);
	channel->slots[transaction->slot] = NULL;
	channel->used_ms = tarn__clock_ms();
}

static void finish(struct tarn__transaction *transaction, int error)
{
	struct tarn__channel *channel = transaction->channel;
	free_slot(channel, transaction);
	transaction->error = error;
	transaction->is_finished = true;
	transaction->was_connected = channel->is_connected;
	channel->options.owner->finished(channel->options.owner->data, transaction);
}

static void finish_all(struct tarn__channel *channel, int error)
{
	while (channel->used_slots != 0)
		finish(channel->slots[__builtin_ctzll(channel->used_slots)], error);
}

/* ---- answers ------------------------------------------------------------------------------ */

/* Id and question are those that were sent, to and from this socket's own address and port. */
static bool is_answer_to(const struct tarn_exchange *exchange, const uint8_t *wire, size_t len)
{
	return tarn__match(wire, len, exchange->wire, exchange->len) != TARN__MATCH_NONE;
}

static struct tarn__transaction *match(struct tarn__channel *channel, const uint8_t *wire,
				       size_t len)
{
	for (uint64_t left = channel->used_slots; left != 0; left &= left - 1) {
		struct tarn__transaction *transaction = channel->slots[__builtin_ctzll(left)];
		if (is_answer_to(transaction->exchange, wire, len)) {
			transaction->answer = wire;
			transaction->len = len;
			return transaction;
		}
	}
	++*channel->options.foreign;
	return NULL;
}

/* ---- errors of the network ---------------------------------------------------------------- */

/* Length of the question section of a message of core's making: one name, never compressed. */
static size_t question_len(const struct tarn_exchange *exchange)
{
	size_t at = TARN__HEADER_LEN;
	while (at < exchange->len && exchange->wire[at] != 0)
		at += 1 + (size_t)exchange->wire[at];
	return at + 1 + 4 - TARN__HEADER_LEN;
}

/*
 * Fails the question that an ICMP message quotes. One that does not quote a whole question may be
 * sent by anybody who tries all ports, and is ignored (RFC 5927 section 4).
 */
static void fail_quoted(struct tarn__channel *channel, const uint8_t *quoted, size_t len)
{
	for (uint64_t left = channel->used_slots; left != 0; left &= left - 1) {
		struct tarn__transaction *transaction = channel->slots[__builtin_ctzll(left)];
		const struct tarn_exchange *exchange = transaction->exchange;
		/* What is behind it are extensions (RFC 4884). */
		size_t common = len < exchange->len ? len : exchange->len;
		if (len < TARN__HEADER_LEN + question_len(exchange) ||
		    memcmp(quoted, exchange->wire, common) != 0)
			continue;
		finish(transaction, TARN_EUNREACHABLE);
		return;
	}
	++*channel->options.foreign;
}

/* Reads one error off a UDP socket's queue (ip(7), IP_RECVERR). Returns false if there is none. */
static bool read_error(struct tarn__channel *channel)
{
	uint8_t quoted[TARN__QUERY_MAX];
	struct iovec vector = {.iov_base = quoted, .iov_len = sizeof(quoted)};
	struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
	ssize_t len = recvmsg(channel->fd, &message, MSG_ERRQUEUE);
	if (len < 0)
		return false;
	fail_quoted(channel, quoted, (size_t)len);
	return true;
}

static void read_errors(struct tarn__channel *channel)
{
	for (int i = 0; i < FOREIGN_PER_READ && read_error(channel); i++)
		;
}

/* ---- reading ------------------------------------------------------------------------------ */

/* The next answer on a UDP socket; NULL: none now. */
static struct tarn__transaction *receive_datagram(struct tarn__channel *channel)
{
	uint8_t *datagram = channel->options.datagram;
	for (int i = 0; i < FOREIGN_PER_READ; i++) {
		ssize_t len = recv(channel->fd, datagram, TARN__MESSAGE_MAX, 0);
		if (len < 0 && (errno == EAGAIN || errno == EINTR))
			return NULL;
		if (len < 0) {
			read_errors(channel);
			continue;
		}
		struct tarn__transaction *transaction = match(channel, datagram, (size_t)len);
		if (transaction != NULL)
			return transaction;
	}
	return NULL;
}

/* The next answer that has been read from a connection; NULL: none. */
static struct tarn__transaction *receive_message(struct tarn__channel *channel)
{
	const uint8_t *message;
	size_t len;
	while (tarn__stream_next(&channel->stream, &message, &len)) {
		struct tarn__transaction *transaction = match(channel, message, len);
		if (transaction != NULL)
			return transaction;
	}
	return NULL;
}

/* Finishes the questions whose answers are there, and has each called back before the next. */
static void receive_answers(struct tarn__channel *channel)
{
	const struct tarn__channel_owner *owner = channel->options.owner;
	bool is_udp = channel->options.transport == TARN__UDP;
	for (int i = 0; channel->fd >= 0 && (!is_udp || i < ANSWERS_PER_EVENT); i++) {
		struct tarn__transaction *transaction =
			is_udp ? receive_datagram(channel) : receive_message(channel);
		if (transaction == NULL)
			break;
		channel->unanswered_ms = 0;
		finish(transaction, 0);
		owner->settle(owner->data);
		/* A datagram that is left is seen by the loop; what is left of a stream is not. */
		if (is_udp && channel->used_slots == 0)
			break;
	}
}

/* ---- the socket as c-ares sees it ---------------------------------------------------------- */

static void write_token(uint8_t out[TOKEN_LEN], uint16_t id, uint16_t flags)
{
	memset(out, 0, TOKEN_LEN);
	tarn__put16(out, id);
	tarn__put16(out + 2, flags);
	out[5] = 1; /* QDCOUNT */
	uint8_t *name = out + TARN__HEADER_LEN;
	name[0] = LABEL_LEN;
	memcpy(name + 1, token_label, LABEL_LEN);
	tarn__put16(name + 1 + LABEL_LEN + 1, TARN__TYPE_A);
	tarn__put16(name + 1 + LABEL_LEN + 3, TARN__CLASS_IN);
}

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
	int fd = tarn__socket_outgoing(channel->options.endpoint, channel->options.transport,
				       channel->options.random, *channel->options.ports);
	channel->is_starved = fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
					 errno == ENOBUFS);
	if (fd < 0)
		return ARES_SOCKET_BAD;
	channel->fd = fd;
	/* With use-vc in RES_OPTIONS c-ares asks for a stream whatever its options say. */
	channel->is_framed = type == SOCK_STREAM;
	channel->is_connected = false;
	channel->is_lost = false;
	channel->is_retired = false;
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
	const struct tarn_address *server = &channel->options.endpoint->address;
	if (tarn__socket_connect(channel->fd, server) == 0)
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

static bool send_datagram(struct tarn__channel *channel, const struct tarn_exchange *exchange)
{
	for (int tries = 0; tries < 2; tries++) {
		if (send(channel->fd, exchange->wire, exchange->len, MSG_NOSIGNAL) >= 0)
			return true;
		/* As good as lost on the way: core/ asks again. */
		if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR)
			return true;
		/* It may be what an earlier question has met with. */
		read_errors(channel);
	}
	return false;
}

static bool put_message(struct tarn__channel *channel, const struct tarn_exchange *exchange)
{
	if (channel->is_lost || tarn__stream_pending(&channel->stream) > OUTPUT_MAX ||
	    tarn__stream_put(&channel->stream, exchange->wire, exchange->len) != 0)
		return false;
	channel->options.owner->wants_flush(channel->options.owner->data);
	return true;
}

static void send_transaction(struct tarn__channel *channel, struct tarn__transaction *transaction)
{
	const struct tarn_exchange *exchange = transaction->exchange;
	if (channel->unanswered_ms == 0)
		channel->unanswered_ms = tarn__clock_ms();
	channel->carried++;
	transaction->is_sent = true;
	bool is_sent = channel->options.transport == TARN__UDP ? send_datagram(channel, exchange)
							       : put_message(channel, exchange);
	if (!is_sent)
		finish(transaction, TARN_EUNREACHABLE);
}

/* The socket is there: what has waited for it is sent. octets are the token, taken whole. */
static ares_ssize_t send_token(struct tarn__channel *channel, const uint8_t *octets, size_t len)
{
	size_t skip = channel->is_framed ? FRAME_LEN - TOKEN_LEN : 0;
	if (len >= skip + TOKEN_LEN)
		channel->token_id = tarn__get16(octets + skip);
	for (uint64_t left = channel->used_slots; left != 0; left &= left - 1) {
		struct tarn__transaction *transaction = channel->slots[__builtin_ctzll(left)];
		if (!transaction->is_sent)
			send_transaction(channel, transaction);
	}
	return (ares_ssize_t)len;
}

/*
 * The answer to a token is REFUSED: c-ares neither caches it nor derives time-outs of its own from
 * it (from 1.32 on they would be 250 ms, whatever its options say).
 */
static size_t write_token_answer(struct tarn__channel *channel, uint8_t frame[FRAME_LEN])
{
	tarn__put16(frame, TOKEN_LEN);
	write_token(frame + 2, channel->token_id,
		    TARN__FLAG_QR | TARN__FLAG_RD | TARN__FLAG_RA | TARN__REFUSED);
	return channel->is_framed ? 0 : FRAME_LEN - TOKEN_LEN;
}

static ares_ssize_t receive_token(ares_socket_t fd, void *out, size_t room, int flags,
				  struct sockaddr *from, ares_socklen_t *from_len, void *arg)
{
	(void)fd;
	(void)flags;
	struct tarn__channel *channel = arg;
	uint8_t frame[FRAME_LEN];
	if (!channel->is_token_due || room < sizeof(frame)) {
		errno = channel->is_lost ? ECONNRESET : EAGAIN;
		return -1;
	}
	channel->is_token_due = false;
	size_t skip = write_token_answer(channel, frame);
	memcpy(out, frame + skip, sizeof(frame) - skip);
	if (from != NULL && from_len != NULL && *from_len >= sizeof(struct sockaddr_in)) {
		struct sockaddr_in address = {.sin_family = AF_INET};
		memcpy(&address.sin_addr, no_server, sizeof(no_server));
		memcpy(from, &address, sizeof(address));
		*from_len = sizeof(address);
	}
	return (ares_ssize_t)(sizeof(frame) - skip);
}

/* The token has ended; with an error its socket has, and takes the questions along. */
static void end_token(struct tarn__channel *channel, int status)
{
	channel->has_token = false;
	channel->is_token_due = false;
	if (status == ARES_SUCCESS)
		return;
	int error = TARN_EUNREACHABLE;
	if (status == ARES_ENOMEM || channel->is_starved)
		error = TARN_ENOMEM;
	else if (status == ARES_ETIMEOUT)
		error = TARN_ETIMEOUT;
	channel->is_lost = channel->fd >= 0;
	finish_all(channel, error);
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
	if (ares_dns_record_create(&channel->record, 0, ARES_FLAG_RD, ARES_OPCODE_QUERY,
				   ARES_RCODE_NOERROR) != ARES_SUCCESS ||
	    ares_dns_record_query_add(channel->record, token_label, ARES_REC_TYPE_A,
				      ARES_CLASS_IN) != ARES_SUCCESS)
		return TARN_ENOMEM;
	return 0;
}

static void on_token(void *arg, ares_status_t status, size_t timeouts,
		     const ares_dns_record_t *record)
{
	(void)timeouts;
	(void)record;
	end_token(arg, (int)status);
}

static void send_to_ares(struct tarn__channel *channel)
{
	ares_send_dnsrec(channel->ares, channel->record, on_token, channel, NULL);
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
	end_token(arg, status);
}

static void send_to_ares(struct tarn__channel *channel)
{
	uint8_t query[TOKEN_LEN];
	write_token(query, 0, TARN__FLAG_RD);
	ares_send(channel->ares, query, sizeof(query), on_token, channel);
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
	/* When a UDP socket is closed is our decision, too: close_unused(). */
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

/* Lets c-ares take the token's answer, or see that its socket is lost. */
static void process(struct tarn__channel *channel)
{
	if (channel->fd >= 0)
		ares_process_fd(channel->ares, channel->fd, ARES_SOCKET_BAD);
}

static void start_token(struct tarn__channel *channel)
{
	channel->has_token = true;
	channel->token_ms = tarn__clock_ms();
	send_to_ares(channel);
	if (channel->is_framed && channel->fd >= 0)
		ares_process_fd(channel->ares, ARES_SOCKET_BAD, channel->fd);
}

static void answer_token(struct tarn__channel *channel)
{
	if (!channel->has_token)
		return;
	channel->is_token_due = true;
	process(channel);
}

/* Closes the socket: c-ares does so when that has an error to tell. */
static void close_channel(struct tarn__channel *channel)
{
	/* An orderly end counts against no server of c-ares'. */
	if (channel->used_slots == 0)
		answer_token(channel);
	channel->is_lost = true;
	process(channel);
	finish_all(channel, TARN_EUNREACHABLE);
}

static bool has_served(const struct tarn__channel *channel, uint64_t now_ms)
{
	return channel->is_retired || channel->carried >= TARN__UDP_USES ||
	       now_ms >= channel->opened_ms + TARN__UDP_LIFE_MS;
}

static void close_unused(struct tarn__channel *channel)
{
	if (channel->options.transport == TARN__UDP && channel->fd >= 0 &&
	    channel->used_slots == 0 && has_served(channel, tarn__clock_ms()))
		close_channel(channel);
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

static void on_tcp_event(struct tarn__channel *channel, int events)
{
	if (events & EV_WRITE)
		on_writable(channel);
	int read = TARN__STREAM_AGAIN;
	if ((events & EV_READ) && !channel->is_lost)
		read = tarn__stream_read(&channel->stream);
	if (read == TARN__STREAM_END || read == TARN_ESYSTEM)
		channel->is_lost = true;
	receive_answers(channel);
	tarn__stream_done(&channel->stream);
}

/* Answers first; once they are used up, c-ares is told of a loss. All of it happens at one time. */
static void on_event(struct ev_loop *loop, ev_io *watcher, int events)
{
	(void)loop;
	struct tarn__channel *channel = watcher->data;
	const struct tarn__channel_owner *owner = channel->options.owner;
	tarn__clock_hold();
	if (channel->options.transport == TARN__TCP)
		on_tcp_event(channel, events);
	else
		receive_answers(channel);
	if (channel->is_lost)
		close_channel(channel);
	close_unused(channel);
	owner->settle(owner->data);
	tarn__clock_release();
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

static bool is_in_doubt(const struct tarn__channel *channel, uint64_t now_ms)
{
	return channel->unanswered_ms != 0 && now_ms >= channel->unanswered_ms + TARN__TCP_DOUBT_MS;
}

enum tarn__channel_state tarn__channel_state(const struct tarn__channel *channel, uint64_t now_ms)
{
	if (channel->fd < 0)
		return TARN__CHANNEL_CLOSED;
	if (channel->is_lost || channel->used_slots == UINT64_MAX)
		return TARN__CHANNEL_FULL;
	bool is_worn = channel->options.transport == TARN__UDP
			       ? has_served(channel, now_ms)
			       : channel->is_retired || is_in_doubt(channel, now_ms);
	return is_worn ? TARN__CHANNEL_WORN : TARN__CHANNEL_OPEN;
}

uint64_t tarn__channel_used_ms(const struct tarn__channel *channel)
{
	return channel->used_ms;
}

void tarn__channel_send(struct tarn__channel *channel, struct tarn__transaction *transaction)
{
	transaction->channel = channel;
	transaction->is_finished = false;
	transaction->is_sent = false;
	transaction->answer = NULL;
	channel->used_ms = tarn__clock_ms();
	take_slot(channel, transaction);
	if (channel->fd >= 0)
		send_transaction(channel, transaction);
	else
		start_token(channel);
}

void tarn__channel_cancel(struct tarn__channel *channel, struct tarn__transaction *transaction)
{
	free_slot(channel, transaction);
	channel->options.owner->wants_flush(channel->options.owner->data);
}

void tarn__channel_retire(struct tarn__channel *channel)
{
	channel->is_retired = true;
}

void tarn__channel_flush(struct tarn__channel *channel)
{
	if (channel->fd >= 0 && channel->is_connected && tarn__stream_pending(&channel->stream) > 0)
		flush_stream(channel);
	if (channel->is_lost)
		close_channel(channel);
	close_unused(channel);
}

/* Of a connection: is it to be given up? */
static bool is_dead(const struct tarn__channel *channel, uint64_t now_ms)
{
	if (channel->used_slots == 0 && now_ms >= channel->used_ms + TCP_IDLE_MS)
		return true;
	if (!channel->is_connected)
		return now_ms >= channel->opened_ms + CONNECT_MS;
	return channel->unanswered_ms != 0 && now_ms >= channel->unanswered_ms + SILENCE_MS;
}

void tarn__channel_tick(struct tarn__channel *channel, uint64_t now_ms)
{
	if (channel->fd < 0)
		return;
	bool is_udp = channel->options.transport == TARN__UDP;
	if (channel->is_lost || (!is_udp && is_dead(channel, now_ms)) ||
	    (is_udp && channel->used_slots == 0 && has_served(channel, now_ms))) {
		close_channel(channel);
		return;
	}
	ares_process_fd(channel->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	if (now_ms >= channel->token_ms + TOKEN_MS)
		answer_token(channel);
	if (channel->fd >= 0 && !channel->has_token && !channel->is_lost)
		start_token(channel);
}
