/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tarn.h: a caching DNS resolver for your own program, on your own libev loop.
 *
 *	struct tarn_address upstream, listen;
 *	tarn_address_parse("192.0.2.1", 53, &upstream);
 *	tarn_address_parse("127.0.0.1:5300", 53, &listen);
 *
 *	struct tarn *tarn = tarn_new(&(struct tarn_options){
 *		.upstreams = &upstream, .upstream_count = 1});
 *	struct tarn_worker *worker = tarn_worker_new(tarn, EV_DEFAULT);
 *	tarn_worker_listen(worker, &listen);
 *	ev_run(EV_DEFAULT, 0);
 *
 * Threads: a struct tarn is shared by any number of workers, each on a loop and a thread of its
 * own; everything that takes a struct tarn_worker is called on that worker's thread. tarn never
 * runs or breaks a loop that it was given. SIGPIPE should be ignored by the program.
 *
 * Errors: functions that return int give 0 (or what they say) and one negative TARN_E… code on
 * failure; constructors give NULL when memory is short. Outputs are untouched on failure.
 */
#ifndef TARN_H
#define TARN_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ev_loop;

/* ---- errors ---------------------------------------------------------------------------- */

/* The numbers keep clear of librtcache's, since both travel through the same calls. */
#define TARN_ERRORS(X)                                                                             \
	X(TARN_ENOMEM, -101, "out of memory")                                                      \
	X(TARN_EINVAL, -102, "invalid argument")                                                   \
	X(TARN_EADDRESS, -103, "not an IP address")                                                \
	X(TARN_EPORT, -104, "not a port (1 to 65535)")                                             \
	X(TARN_ESCOPE, -105, "not an interface's name")                                            \
	X(TARN_ESYSTEM, -106, "system call failed (see errno)")                                    \
	X(TARN_ECANCELED, -107, "canceled")                                                        \
	X(TARN_EUNREACHABLE, -108, "server unreachable")                                           \
	X(TARN_ETIMEOUT, -109, "no answer in time")                                                \
	X(TARN_EANSWER, -110, "no usable answer")                                                  \
	X(TARN_EBUSY, -111, "too many questions under way")                                        \
	X(TARN_ENOSERVER, -112, "no upstream server")                                              \
	X(TARN_EPREFIX, -113, "not a prefix length that fits the address")                         \
	X(TARN_ELOOP, -114, "all upstream servers lead back here")                                 \
	X(TARN_EBOGUS, -115, "DNSSEC validation failed")                                           \
	X(TARN_ENOSIGNATURES, -116, "the upstream servers remove DNSSEC signatures")               \
	X(TARN_ENODS, -117, "the upstream servers ask the child zone for its DS")                  \
	X(TARN_ECERTIFICATE, -118, "the upstream server's certificate is not accepted")            \
	X(TARN_ETLS, -119, "no encrypted connection to the upstream server")

#define TARN__ERROR_ENUM(name, code, text) name = code,
enum tarn_error { TARN_ERRORS(TARN__ERROR_ENUM) };
#undef TARN__ERROR_ENUM

/* The text of a TARN_E… code; "unknown error" for any other number. Never NULL. */
const char *tarn_error_text(int error);

/* "0.1.0" */
const char *tarn_version(void);

/* ---- addresses ------------------------------------------------------------------------- */

/* Zeros where nothing is said: who fills in a sockaddr only begins with zeros. */
struct tarn_address {
	union {
		struct sockaddr sa;
		struct sockaddr_in in4;
		struct sockaddr_in6 in6;
	};
	/*
	 * The scope of an IPv6 address: an interface by name, with NUL, whose number is looked up when a
	 * socket is opened; it may come and go. Empty: sin6_scope_id, if any.
	 */
	char interface[16];
};

/* Longest text of an address: "[", an IPv6 address, "%", an interface, "]:65535" and NUL. */
#define TARN_ADDRESS_TEXT_MAX 80

/*
 * Reads an address: "192.0.2.1", "192.0.2.1:53", "192.0.2.1@53", "2001:db8::1", "[2001:db8::1]",
 * "[2001:db8::1]:53", "2001:db8::1@53", "fe80::1%eth0", "[fe80::1%eth0]:53". No names. Port 0 is
 * taken as it stands; default_port is used where none is given.
 * An interface need not be there. Errors: TARN_EADDRESS, TARN_EPORT, TARN_ESCOPE.
 */
int tarn_address_parse(const char *text, uint16_t default_port, struct tarn_address *out);

/* Writes "192.0.2.1:53" or "[2001:db8::1]:53" into out and returns out. */
char *tarn_address_format(const struct tarn_address *, char out[TARN_ADDRESS_TEXT_MAX]);

/*
 * Octets of the sockaddr within; its port in host order; the same address and port? Interfaces are the same
 * by name where both have one.
 */
socklen_t tarn_address_len(const struct tarn_address *);
uint16_t tarn_address_port(const struct tarn_address *);
void tarn_address_set_port(struct tarn_address *, uint16_t port);
bool tarn_address_is_equal(const struct tarn_address *, const struct tarn_address *);

/* A network: "192.0.2.0/24", "2001:db8::/32", or one address. */
struct tarn_network {
	struct tarn_address address; /* no bit set behind the prefix; port 0 */
	unsigned prefix_len; /* bits */
};

/* Errors: TARN_EADDRESS, TARN_EPREFIX. Bits behind the prefix are an error, too. */
int tarn_network_parse(const char *text, struct tarn_network *out);

/* "192.0.2.0/24", "2001:db8::/32", with NUL. */
#define TARN_NETWORK_TEXT_MAX 52

/* Writes it into out and returns out. */
char *tarn_network_format(const struct tarn_network *, char out[TARN_NETWORK_TEXT_MAX]);

/* ---- the resolver ---------------------------------------------------------------------- */

struct tarn; /* the cache and the configuration, shared by all workers */
struct tarn_worker; /* one loop's part: its sockets, its questions under way */

/* Levels and their numbers are syslog's. */
enum tarn_log_level {
	TARN_LOG_ERR = 3,
	TARN_LOG_WARNING = 4,
	TARN_LOG_INFO = 6,
	TARN_LOG_DEBUG = 7
};

/* Which upstream is asked first, and when the next one is asked, too. */
enum tarn_selection {
	TARN_SELECTION_FASTEST, /* the one that answers soonest; the next where it is slow or fails */
	TARN_SELECTION_SEQUENTIAL, /* the first in order; the next where it is slow or fails */
	TARN_SELECTION_ROUND_ROBIN, /* each in turn; the next where it is slow or fails */
	TARN_SELECTION_PARALLEL, /* all of them at once; the first good answer is taken */
	TARN_SELECTION_STRICT /* the first in order; the next only where it has failed, or is dead */
};

/* Where questions to servers come from. Zeros: the system chooses. */
struct tarn_source {
	struct tarn_address ipv4, ipv6; /* port 0 */
	const char *interface; /* its name, such as "wg0"; bound to (SO_BINDTODEVICE) */
};

enum tarn_transport {
	TARN_UDP, /* and TCP for what is truncated or not to be believed */
	TARN_TCP, /* alone */
	TARN_TLS, /* DNS over TLS (RFC 7858), and never anything else */
	TARN_HTTPS /* DNS over HTTPS (RFC 8484), on HTTP/2, and never anything else */
};

/* Octets of SHA-256 of a SubjectPublicKeyInfo in DER: a pin (RFC 7858 section 4.2). */
#define TARN_PIN_LEN 32

/* How a server is asked that cannot stand, or must not have, what others get. Zeros: as any other. */
struct tarn_traits {
	enum tarn_transport transport;
	bool no_mixed_case; /* names go out in lower case */
	bool no_cookies; /* RFC 7873 */
	bool no_edns; /* RFC 6891; nor cookies, nor DNSSEC */
	/*
	 * Of TARN_TLS and TARN_HTTPS: who the server is. Nothing is asked before its certificate has been
	 * verified: by a CA that is trusted, for this name; NULL: for its address. If there are pins, the
	 * certificate's key must be one of them; without a name, nothing else is asked of it.
	 */
	const char *name;
	const uint8_t (*pins)[TARN_PIN_LEN];
	size_t pin_count;
	const char *path; /* of TARN_HTTPS; NULL: "/dns-query" */
};

/* An upstream server, from text. What it points at is its own. */
struct tarn_upstream {
	/* One or several. If the text has a name alone, one of no family, with the port: see tarn_new(). */
	const struct tarn_address *addresses;
	size_t address_count;
	struct tarn_traits traits;
	void *private_;
};

/*
 * Reads a server:
 *
 *	192.0.2.1, 192.0.2.1:53, udp://192.0.2.1     in the clear (tarn_address_parse())
 *	tcp://192.0.2.1                              over TCP alone
 *	tls://192.0.2.1#dns.example                  DNS over TLS, port 853, and the name of its certificate
 *	192.0.2.1@853#dns.example                    the same
 *	tls://192.0.2.1                              its certificate is for its address
 *	tls://192.0.2.1?pin=sha256:BASE64            its key; more after &
 *	tls://dns.example#192.0.2.1,192.0.2.2        its addresses behind its name
 *	tls://dns.example                            its address is to be found out
 *	https://dns.example/dns-query#192.0.2.1      DNS over HTTPS, port 443, and its address
 *	https://192.0.2.1/dns-query                  its certificate is for its address
 *
 * After it, separated by blanks, may come no-mixed-case, no-cookies, no-edns. *fault is set to a reason of one
 * line, which stays valid, or NULL. TARN_EINVAL, TARN_ENOMEM.
 */
int tarn_upstream_parse(const char *text, struct tarn_upstream *out, const char **fault);
void tarn_upstream_fini(struct tarn_upstream *);

/* Ports, from first to last. */
struct tarn_port_range {
	uint16_t first, last;
};

/*
 * A zone with servers of its own: its name and all below it go to them and to nobody else. Of
 * several zones that a name is in the longest counts.
 */
struct tarn_forward {
	/*
	 * "corp.example"; or a network, "10.0.0.0/8", for its reverse zone, or zones: of 1 to 24 or 32
	 * bits, or of IPv6. Of networks that share a zone that with the longest prefix has it. Not the
	 * root.
	 */
	const char *zone;
	/* None: the zone is never forwarded; it is empty, and nothing exists below it. */
	const struct tarn_address *upstreams;
	size_t upstream_count;
	enum tarn_selection selection; /* TARN_SELECTION_FASTEST */
	struct tarn_source source;
	/*
	 * Its servers do not recurse: where a CNAME of theirs leads out of the zone, the servers of the
	 * name that it leads to are asked, and the client gets one answer.
	 */
	bool follow_cnames;
	const struct tarn_traits *traits; /* of the upstreams, as many; NULL: zeros */
	/*
	 * Its names are validated from the anchors above it, as all others. Without it they are insecure,
	 * but for those at and below the name of an anchor that is in the zone. Of no effect without struct
	 * tarn_dnssec.validate.
	 */
	bool validate;
};

/*
 * Validation of answers (DNSSEC, RFC 4033 to 4035). It needs OpenSSL's libcrypto, which is loaded when a
 * tarn is first told to validate: a program that restricts itself makes its tarn before.
 */
struct tarn_dnssec {
	bool validate;
	/*
	 * Trust anchors: texts of DS and DNSKEY records as in a zone file, of one or more lines, such as
	 * the contents of /usr/share/dns/root.ds. At least one record. Of several for one name one that
	 * fits is enough.
	 */
	const char *const *anchors;
	size_t anchor_count;
	/*
	 * Names that are insecure with all names below them (negative trust anchors, RFC 7646), but for
	 * those that have a closer anchor; not the root. Zones of struct tarn_forward and special names
	 * that are passed need none.
	 */
	const char *const *insecure;
	size_t insecure_count;
	/*
	 * Seconds since 1970. A clock that shows an earlier time cannot be right, and then the dates of
	 * signatures are not checked. 0: the date of this release.
	 */
	uint32_t clock_floor_sec;
};

/*
 * Connections to servers of TARN_TLS and TARN_HTTPS. They need OpenSSL's libssl, and TARN_HTTPS libnghttp2, which
 * are loaded, with the CA certificates, when a tarn is first told of such a server: a program that restricts
 * itself makes its tarn before.
 */
struct tarn_tls {
	/* A file or a folder of certificates in PEM, read once; NULL: OpenSSL's own. */
	const char *ca;
	/*
	 * The dates of certificates are not checked as long as the clock shows a time before that of this release:
	 * for machines whose clock is set over the network, by names that are looked up here.
	 */
	bool lenient_clock;
	/* They are loaded although no server is encrypted yet, for tarn_set_upstreams_with_traits(). */
	bool early;
};

/*
 * A second level of the cache, which machines share: Redis or Valkey. It is asked for what the cache does not
 * have, before the servers are, and is given their answers. Nothing that fails there reaches a client: it is
 * as if there were no second level. It needs libhiredis, which is loaded when a tarn is first told of it: a
 * program that restricts itself makes its tarn before.
 *
 * Without a server, a socket and sentinels there is none.
 */
struct tarn_second_level {
	struct tarn_address server; /* zeros: none */
	const char *socket; /* instead: the path of a Unix socket */
	/* Instead: those who know which server is the primary, and the name by which they know it. */
	const struct tarn_address *sentinels;
	size_t sentinel_count; /* TARN_SENTINELS_MAX at most */
	const char *master;
	struct tarn_address replica; /* is read, where the server is written; zeros: none */
	/*
	 * The same octets on all machines, of a random generator: TARN_SECRET_MIN to TARN_SECRET_MAX. Keys and
	 * values are hashed with it, so that only those who have it can make an answer that is believed.
	 */
	const void *secret;
	size_t secret_len;
	const char *user, *password; /* for AUTH; NULL: none */
	uint32_t database; /* for SELECT */
	uint32_t wait_ms; /* until the servers are asked as well; 0: TARN_SECOND_WAIT_MS_DEFAULT */
	bool read_only; /* nothing is put */
	bool keep_stale; /* values outlive their TTL by stale_sec, for when no server answers */
	/*
	 * Of several machines that miss the same one asks the servers, and the others wait for its answer as
	 * long as they wait for the second level.
	 */
	bool lease;
	bool tls; /* to the server, its replica and the sentinels */
	const char
		*ca; /* a file or a folder of certificates in PEM, read once; NULL: OpenSSL's own */
	const char *name; /* that all of these have in their certificates; NULL: their addresses */
};

/* The defaults and bounds of numbers in struct tarn_options. */
#define TARN_CACHE_SIZE_DEFAULT ((size_t)16 << 20)
enum {
	TARN_STALE_SEC_DEFAULT = 86400,
	TARN_FAILURE_SEC_DEFAULT = 5,
	TARN_FAILURE_MAX_SEC_DEFAULT = 60,
	/* RFC 9520 section 3.2, of both. */
	TARN_FAILURE_SEC_MIN = 1,
	TARN_FAILURE_SEC_MAX = 300
};

enum {
	TARN_FILTER_TYPES_MAX = 16,
	TARN_DNS64_PREFIXES_MAX = 8,
	TARN_MIN_TTL_MAX = 3600, /* seconds, of min_ttl */
	TARN_MAX_TTL_DEFAULT = 86400,
	TARN_MAX_NEGATIVE_TTL_DEFAULT = 3600,
	TARN_SENTINELS_MAX = 8,
	TARN_SECRET_MIN = 16, /* octets */
	TARN_SECRET_MAX = 1024,
	TARN_SECOND_WAIT_MS_DEFAULT = 5,
	TARN_SECOND_WAIT_MS_MAX = 1000,
};

/* Zero means the default: that above, or what stands beside the member. Everything is copied. */
struct tarn_options {
	size_t cache_size; /* octets, everything counted */
	/*
	 * Seconds that answers are kept past their TTL, for when no server answers (RFC 8767);
	 * negative: none are kept.
	 */
	int32_t stale_sec;
	/* None: every question that needs one fails. */
	const struct tarn_address *upstreams;
	size_t upstream_count;
	enum tarn_selection selection; /* TARN_SELECTION_FASTEST */
	struct tarn_source source;
	/* Zones that go elsewhere, whether their names' use is special or not. */
	const struct tarn_forward *forwards;
	size_t forward_count;
	/* Who may ask; none: loopback, private and link-local networks. Loopback always may. */
	const struct tarn_network *allow;
	size_t allow_count;
	/* Names that go upstream with all below them though their use is special: "home.arpa". */
	const char *const *pass;
	size_t pass_count;
	/* The upstreams validate, and the way to them is safe: pass their AD on (RFC 6840). */
	bool trust_ad;
	/* Refuse to say version.bind and id.server (class CH). */
	bool hide_identity;
	/* One line without a newline; may be called on any worker's thread. NULL: silence. */
	void (*log)(void *arg, enum tarn_log_level level, const char *line);
	void *log_arg;
	const struct tarn_traits *traits; /* of the upstreams, as many; NULL: zeros */
	/*
	 * Questions over UDP do not come from these, nor from what the kernel keeps for others as
	 * tarn_new() finds it (net.ipv4.ip_local_reserved_ports), as long as 4096 ports are left.
	 */
	const struct tarn_port_range *avoid_ports;
	size_t avoid_port_count;
	/*
	 * Seconds that a failed lookup is remembered (RFC 9520): failure_sec, doubled after each
	 * further failure up to failure_max_sec, or to failure_sec where that is more.
	 */
	int32_t failure_sec, failure_max_sec;
	/* The addresses of a name begin with another one in each reply. */
	bool rotate_addresses;
	/*
	 * Seconds: positive answers are kept for min_ttl to max_ttl, negative ones for max_negative_ttl at
	 * most; 0: 0, a day and an hour. A TTL of 0 stays 0.
	 */
	uint32_t min_ttl, max_ttl, max_negative_ttl;
	/* A and AAAA queries for names of one label are answered with NXDOMAIN, unless a zone has them. */
	bool local_only;
	/*
	 * Addresses that are not global are taken out of answers of the upstreams of ".", and hints of
	 * HTTPS and SVCB likewise (DNS rebinding), but for these names and those below them.
	 */
	bool filter_private;
	const char *const *private_names;
	size_t private_name_count;
	/* Types that are answered with NODATA, for clients of these networks; no network: for all. */
	const uint16_t *filter_types;
	size_t filter_type_count;
	const struct tarn_network *filter_clients;
	size_t filter_client_count;
	/*
	 * DNS64 (RFC 6147): IPv6 prefixes of 32, 40, 48, 56, 64 or 96 bits; none: it is off. The excluded
	 * names and those below them get no synthesised records; no network of clients: it is for all.
	 */
	const struct tarn_network *dns64_prefixes;
	size_t dns64_prefix_count;
	const char *const *dns64_excluded;
	size_t dns64_excluded_count;
	const struct tarn_network *dns64_clients;
	size_t dns64_client_count;
	struct tarn_dnssec dnssec;
	struct tarn_tls tls;
	/*
	 * Proxies before the encrypted sockets: their connections begin with a header of the PROXY protocol,
	 * version 2, and the address in it is the client's.
	 */
	const struct tarn_network *proxies;
	size_t proxy_count;
	const char *https_path; /* of questions of clients over HTTPS; NULL: "/dns-query" */
	struct tarn_second_level second;
};

/*
 * NULL with errno set: ENOMEM; EINVAL for more than 64 upstreams of one zone or 1024 of all, for
 * traits that are none, for a span of failures out of its bounds, for fewer than 4096 ports to ask from,
 * for a pass or a zone that is no name, or a zone that is there twice, or a network of which others leave
 * nothing, for an anchor or an insecure name that is none, for validation without an anchor or without
 * libcrypto, for an encrypted server without the library for it, or without CA certificates, for a second
 * level that is not complete, or without libhiredis: which, the log says.
 *
 * A server whose address has no family, of TARN_TLS or TARN_HTTPS and with a name, counts as one that does not
 * answer, until there is a configuration with its address: questions wait for it.
 */
struct tarn *tarn_new(const struct tarn_options *);
/* All its workers have been freed before. NULL is allowed. */
void tarn_free(struct tarn *);

/*
 * Forwards to other servers from now on; none: every question that needs one fails. Questions under
 * way are asked there, and those of the old servers are dropped; zones of their own stay. Copied. Any
 * thread: each worker changes over on its own, at once. TARN_EINVAL for more than 64, TARN_ENOMEM.
 */
int tarn_set_upstreams(struct tarn *, const struct tarn_address *upstreams, size_t count);

/* The same with the upstreams' traits, as many; NULL: zeros. */
int tarn_set_upstreams_with_traits(struct tarn *, const struct tarn_address *upstreams,
				   const struct tarn_traits *traits, size_t count);

/*
 * Everything that tarn_new() was told anew, cache_size, stale_sec, failure_sec, failure_max_sec and log
 * apart, which stay as they are. The cache stays, but for zones whose servers are others now; questions
 * under way are asked again where their servers are others. Any thread: each worker changes over on its
 * own, at once. TARN_ENOMEM or TARN_EINVAL, as tarn_new(): nothing has changed.
 */
int tarn_reconfigure(struct tarn *, const struct tarn_options *);

/*
 * The machine's links, addresses or routes have changed: what was learnt of the upstreams goes for
 * them no longer, and questions under way are asked anew. Any thread.
 */
void tarn_network_changed(struct tarn *);

/* loop is borrowed, outlives the worker. NULL with errno set: out of memory or of descriptors. */
struct tarn_worker *tarn_worker_new(struct tarn *, struct ev_loop *loop);
/*
 * Questions under way are failed first, so that every client gets an answer. Not from within a done
 * callback. NULL is allowed.
 */
void tarn_worker_free(struct tarn_worker *);

/*
 * Opens, binds and serves a UDP and a TCP socket. With port 0 the system picks one port for both
 * and *address says which. TARN_ESYSTEM with errno, TARN_ENOMEM.
 */
int tarn_worker_listen(struct tarn_worker *, struct tarn_address *address);

/*
 * The two halves of tarn_worker_listen(), for programs that open sockets before they drop
 * privileges, give each of several workers its own (SO_REUSEPORT is set), or were handed them.
 * type is SOCK_DGRAM or SOCK_STREAM. open returns a descriptor; serve takes it (the worker closes
 * it), a failed serve leaves it with the caller.
 */
int tarn_socket_open(struct tarn_address *address, int type);
int tarn_worker_serve(struct tarn_worker *, int fd);

/*
 * What clients of TARN_TLS and TARN_HTTPS are shown from now on: a chain of certificates, the server's own first,
 * and its key, in PEM; of several, one for each kind of key. Connections that are made keep what they were shown.
 * Copied. Any thread. TARN_EINVAL if one cannot be used: which and why, the log says, and nothing has changed;
 * TARN_ENOMEM.
 */
struct tarn_certificate {
	const char *chain, *key;
	size_t chain_len, key_len; /* octets */
};
int tarn_set_certificates(struct tarn *, const struct tarn_certificate *, size_t count);

/*
 * As tarn_worker_serve(), for a socket of type SOCK_STREAM at which clients speak TARN_TCP, TARN_TLS or
 * TARN_HTTPS. TARN_EINVAL for the latter two before tarn_set_certificates().
 */
int tarn_worker_serve_over(struct tarn_worker *, int fd, enum tarn_transport);

/*
 * Closes this worker's sockets at the address, however it came to them. Questions that have reached
 * them are answered still, and clients who have connected stay. Not from within a done callback.
 */
void tarn_worker_unlisten(struct tarn_worker *, const struct tarn_address *address);

/*
 * How many TCP connections of clients this worker has at most, 1 or more; 1,024 unless it is told. Each
 * takes a descriptor: where the limit of open files is low (RLIMIT_NOFILE), fewer leave some to the
 * upstream servers, each of which takes up to 36 for each worker. Those that are too many are closed
 * when they are idle. Beside them, and for the memory that they take, there are at most 256 over TLS and 128 over
 * HTTPS, or a quarter and an eighth of the count where that is more; and not more than the count of either. Not
 * from within a done callback.
 */
void tarn_worker_set_connections(struct tarn_worker *, size_t count);

/*
 * A question of the program's own, as a DNS message (RFC 1035); the answer comes as a DNS message
 * of up to 65,535 octets. The request lives in the caller's memory until done was called or
 * tarn_cancel() returned; done is called exactly once, from the loop, never inside tarn_ask().
 * answer is valid during the call only. error is 0, or TARN_ECANCELED when the worker is freed
 * (then answer is NULL); failures of the resolution itself are answers (SERVFAIL).
 * Errors of tarn_ask(): TARN_EINVAL for what no answer can be made for, TARN_ENOMEM.
 */
struct tarn_request {
	void *data;
	void (*done)(struct tarn_request *, int error, const uint8_t *answer, size_t len);
	void *private_[4];
};
int tarn_ask(struct tarn_worker *, struct tarn_request *, const uint8_t *question, size_t len);
void tarn_cancel(struct tarn_worker *, struct tarn_request *);

#ifdef __cplusplus
}
#endif
#endif
