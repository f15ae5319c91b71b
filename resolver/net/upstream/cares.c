/* SPDX-License-Identifier: BSD-2-Clause */
/* net/upstream/cares.c: a c-ares channel and its token; the only file that uses c-ares. */
#include "config.h"

#include "net/upstream/cares.h"

#include <ares.h>
#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "dns/message.h"
#include "net/clock.h"
#include "tarn.h"

enum {
	/*
	 * c-ares' time-out of a token, twice what core/ waits for anything: no message is left by then.
	 * 1.34.9 gives up a socket on which one has timed out.
	 */
	TIMEOUT_MS = 10000,
	/* The token of a socket that is in use for longer is replaced by a new one. */
	TOKEN_MS = 4000,

	LABEL_LEN = 4,
	TOKEN_LEN = TARN__HEADER_LEN + 1 + LABEL_LEN + 1 + 4,
	FRAME_LEN = 2 + TOKEN_LEN,
};

/* The server's address as c-ares has it (RFC 5737); never on any wire. */
static const uint8_t no_server[4] = {192, 0, 2, 1};

/* The name that c-ares asks for; never on any wire. */
static const char token_label[LABEL_LEN + 1] = "tarn";

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

static ares_socket_t open_socket(int family, int type, int protocol, void *arg)
{
	(void)family;
	(void)protocol;
	struct tarn__token *token = arg;
	if (token->fd >= 0) {
		errno = EMFILE;
		return ARES_SOCKET_BAD;
	}
	int fd = token->owner->open(token->arg);
	if (fd < 0)
		return ARES_SOCKET_BAD;
	token->fd = fd;
	/* With use-vc in RES_OPTIONS c-ares asks for a stream in spite of its options. */
	token->is_framed = type == SOCK_STREAM;
	token->is_closing = false;
	token->has_failed = false;
	return fd;
}

static int connect_socket(struct tarn__token *token)
{
	return token->owner->connect(token->arg);
}

static int close_socket(ares_socket_t fd, void *arg)
{
	(void)fd;
	struct tarn__token *token = arg;
	token->fd = -1;
	return token->owner->close(token->arg);
}

/* The socket is there. octets are the token, taken whole. */
static ares_ssize_t send_token(struct tarn__token *token, const uint8_t *octets, size_t len)
{
	size_t skip = token->is_framed ? FRAME_LEN - TOKEN_LEN : 0;
	if (len >= skip + TOKEN_LEN)
		token->id = tarn__get16(octets + skip);
	token->owner->opened(token->arg);
	return (ares_ssize_t)len;
}

/*
 * The answer to a token is REFUSED: c-ares neither caches it nor derives time-outs from it (from 1.32 on
 * they would be 250 ms, in spite of its options).
 */
static size_t write_token_answer(const struct tarn__token *token, uint8_t frame[FRAME_LEN])
{
	tarn__put16(frame, TOKEN_LEN);
	write_token(frame + 2, token->id,
		    TARN__FLAG_QR | TARN__FLAG_RD | TARN__FLAG_RA | TARN__REFUSED);
	return token->is_framed ? 0 : FRAME_LEN - TOKEN_LEN;
}

static ares_ssize_t receive_token(ares_socket_t fd, void *out, size_t room, int flags,
				  struct sockaddr *from, ares_socklen_t *from_len, void *arg)
{
	(void)fd;
	(void)flags;
	struct tarn__token *token = arg;
	uint8_t frame[FRAME_LEN];
	if (!token->is_due || room < sizeof(frame)) {
		errno = token->is_closing ? ECONNRESET : EAGAIN;
		return -1;
	}
	token->is_due = false;
	size_t skip = write_token_answer(token, frame);
	memcpy(out, frame + skip, sizeof(frame) - skip);
	if (from && from_len && *from_len >= sizeof(struct sockaddr_in)) {
		struct sockaddr_in address = {.sin_family = AF_INET};
		memcpy(&address.sin_addr, no_server, sizeof(no_server));
		memcpy(from, &address, sizeof(address));
		*from_len = sizeof(address);
	}
	return (ares_ssize_t)(sizeof(frame) - skip);
}

/* The token has ended. */
static void end_token(struct tarn__token *token, int status)
{
	token->is_under_way = false;
	token->is_due = false;
	if (status == ARES_SUCCESS)
		return;
	token->has_failed = true;
	int error = TARN_EUNREACHABLE;
	if (status == ARES_ENOMEM)
		error = TARN_ENOMEM;
	else if (status == ARES_ETIMEOUT)
		error = TARN_ETIMEOUT;
	token->owner->failed(token->arg, error);
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

static int set_socket_functions(struct tarn__token *token)
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
	if (ares_set_socket_functions_ex(token->ares, &functions, token) != ARES_SUCCESS)
		return TARN_ENOMEM;
	if (ares_dns_record_create(&token->record, 0, ARES_FLAG_RD, ARES_OPCODE_QUERY,
				   ARES_RCODE_NOERROR) != ARES_SUCCESS ||
	    ares_dns_record_query_add(token->record, token_label, ARES_REC_TYPE_A, ARES_CLASS_IN) !=
		    ARES_SUCCESS)
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

static void send_to_ares(struct tarn__token *token)
{
	ares_send_dnsrec(token->ares, token->record, on_token, token, NULL);
}

static void free_record(struct tarn__token *token)
{
	ares_dns_record_destroy(token->record);
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

/* There is one query and one vector: for c-ares there is no connection. */
static ares_ssize_t old_sendv(ares_socket_t fd, const struct iovec *vector, int count, void *arg)
{
	(void)fd;
	if (count != 1) {
		errno = EINVAL;
		return -1;
	}
	return send_token(arg, vector->iov_base, vector->iov_len);
}

static int set_socket_functions(struct tarn__token *token)
{
	static const struct ares_socket_functions functions = {
		.asocket = open_socket,
		.aclose = close_socket,
		.aconnect = old_connect,
		.arecvfrom = receive_token,
		.asendv = old_sendv,
	};
	ares_set_socket_functions(token->ares, &functions, token);
	return 0;
}

static void on_token(void *arg, int status, int timeouts, unsigned char *answer, int len)
{
	(void)timeouts;
	(void)answer;
	(void)len;
	end_token(arg, status);
}

static void send_to_ares(struct tarn__token *token)
{
	uint8_t query[TOKEN_LEN];
	write_token(query, 0, TARN__FLAG_RD);
	ares_send(token->ares, query, sizeof(query), on_token, token);
}

static void free_record(struct tarn__token *token)
{
	(void)token;
}

#endif

/* Every option is set, so that no file and no environment variable sets it. */
static int init_ares(struct tarn__token *token)
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
	/* The owner decides when a socket is closed. */
	options.flags |= ARES_FLAG_STAYOPEN;
	if (ares_init_options(&token->ares, &options, mask) != ARES_SUCCESS)
		return TARN_ENOMEM;
	return set_socket_functions(token);
}

/*
 * 1.22 to 1.33 lack what is used of the later ones and rewrite what the earlier ones do not, and have
 * not been tried. Both sides have the same soname, so that what was built for one may run on the
 * other.
 */
int tarn__cares_init(const char **version)
{
	int number;
	*version = ares_version(&number);
	if (number >= 0x011600 && number < 0x012200)
		return TARN_EINVAL;
	return ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS ? 0 : TARN_EINVAL;
}

const char *tarn__cares_fault(void)
{
	int number;
	ares_version(&number);
	if (number == 0x012206)
		return "it opens a socket for each question to a server that fails";
	if (number == 0x012207 || number == 0x012208)
		return "it loses a question now and then";
	return NULL;
}

/* ---- the token ----------------------------------------------------------------------------- */

int tarn__token_init(struct tarn__token *token, const struct tarn__token_owner *owner, void *arg)
{
	*token = (struct tarn__token){.owner = owner, .arg = arg, .fd = -1};
	return init_ares(token);
}

void tarn__token_fini(struct tarn__token *token)
{
	if (token->ares)
		ares_destroy(token->ares);
	free_record(token);
}

/* Has c-ares read the token's answer, or its socket's error. */
static void process(struct tarn__token *token)
{
	if (token->fd >= 0)
		ares_process_fd(token->ares, token->fd, ARES_SOCKET_BAD);
}

static void answer_token(struct tarn__token *token)
{
	if (!token->is_under_way)
		return;
	token->is_due = true;
	process(token);
}

void tarn__token_start(struct tarn__token *token)
{
	token->is_under_way = true;
	token->started_ms = tarn__clock_ms();
	send_to_ares(token);
	if (token->is_framed && token->fd >= 0)
		ares_process_fd(token->ares, ARES_SOCKET_BAD, token->fd);
}

/* c-ares closes a socket when a read reports an error. */
void tarn__token_close(struct tarn__token *token, bool is_orderly)
{
	if (is_orderly)
		answer_token(token);
	token->is_closing = true;
	process(token);
}

void tarn__token_tick(struct tarn__token *token, uint64_t now_ms)
{
	ares_process_fd(token->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	if (now_ms >= token->started_ms + TOKEN_MS)
		answer_token(token);
	if (token->fd >= 0 && !token->is_under_way && !token->has_failed)
		tarn__token_start(token);
}
