/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_tls.c: any octets come to a server's end, or to a client's; or some octets of a good connection
 * are changed. An end is open or has a reason why not, and what it receives is what was sent.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/certificates.h"
#include "support/memory_pipe.h"
#include "tls/tls.h"

/* What the first octet of an input says of the others. */
enum { TO_SERVER, TO_CLIENT, CHANGES, KINDS };

static struct {
	struct tarn__tls_client *client;
	struct tarn__tls_ticket_keys *keys;
	struct tarn__tls_server *server;
	uint8_t pin[1][TARN__TLS_PIN_LEN];
} world;

/* Once: keys are dear. The machine's CA certificates are not read. */
static void make_world(void)
{
	char fault[TARN__TLS_FAULT_MAX];
	size_t faulty;
	if (world.client)
		return;
	setenv("SSL_CERT_FILE", "/dev/null", 1);
	setenv("SSL_CERT_DIR", "/dev/null", 1);
	struct certificate *made = certificate_new(&(struct certificate_plan){.names = NULL});
	certificate_pin(made, world.pin[0]);
	struct tarn__tls_pair pair = {certificate_pem(made), strlen(certificate_pem(made)),
				      certificate_key_pem(made), strlen(certificate_key_pem(made))};
	world.keys = tarn__tls_ticket_keys_new();
	world.client = tarn__tls_client_new(&(struct tarn__tls_client_options){.ca = NULL}, fault);
	world.server =
		tarn__tls_server_new(&pair, 1, world.keys, (uint64_t)time(NULL), &faulty, fault);
	fuzz_check(world.client && world.keys && world.server);
	certificate_free(made);
}

struct ends {
	struct memory_pipe below[2];
	struct tarn__tls *end[2]; /* of the client, of the server */
};

static void open_ends(struct ends *ends)
{
	struct tarn__tls_identity identity = {.pins = world.pin, .pin_count = 1, .alpn = "dot"};
	memory_pipes_init(ends->below);
	ends->end[0] = tarn__tls_connect(world.client, &identity, NULL, &ends->below[0].pipe);
	ends->end[1] = tarn__tls_accept(world.server, "dot", &ends->below[1].pipe);
	fuzz_check(ends->end[0] && ends->end[1]);
}

static void close_ends(struct ends *ends)
{
	tarn__tls_free(ends->end[0]);
	tarn__tls_free(ends->end[1]);
	memory_pipes_fini(ends->below);
}

static void check_state(const struct tarn__tls *tls)
{
	bool has_failed = tarn__tls_state(tls) == TARN__TLS_FAILED;
	fuzz_check(has_failed == (tarn__tls_fault(tls)[0] != '\0'));
	fuzz_check(has_failed == (tarn__tls_reason(tls) != TARN__TLS_NO_REASON));
}

/* What comes out must be of what is sent at the other end: 'a', again and again. */
static void read_all(struct tarn__tls *tls)
{
	char got[64];
	ssize_t len;
	while ((len = tarn__pipe_recv(tarn__tls_pipe(tls), got, sizeof(got))) > 0) {
		for (ssize_t i = 0; i < len; i++)
			fuzz_check(got[i] == 'a');
	}
	fuzz_check(!tarn__pipe_has_more(tarn__tls_pipe(tls)));
}

static void go_on(struct tarn__tls *tls)
{
	static const char octets[20] = "aaaaaaaaaaaaaaaaaaaa";
	if (tarn__tls_secure(tls) == TARN__TLS_OPEN) {
		read_all(tls);
		(void)tarn__pipe_send(tarn__tls_pipe(tls), octets, sizeof(octets));
	}
	check_state(tls);
}

/* In two pieces, then the end. Nothing is open that has not the key. */
static void say(size_t to, const uint8_t *octets, size_t len, size_t first_len)
{
	struct ends ends;
	open_ends(&ends);
	go_on(ends.end[to]);
	first_len = first_len < len ? first_len : len;
	for (int i = 0; i < 2; i++) {
		(void)tarn__pipe_send(&ends.below[1 - to].pipe, octets, first_len);
		go_on(ends.end[to]);
		fuzz_check(tarn__tls_state(ends.end[to]) != TARN__TLS_OPEN);
		octets += first_len;
		len -= first_len;
		first_len = len;
	}
	memory_pipe_end(&ends.below[1 - to].pipe);
	go_on(ends.end[to]);
	fuzz_check(tarn__tls_state(ends.end[to]) == TARN__TLS_FAILED);
	close_ends(&ends);
}

/* One for each turn: which octet of those under way is changed and how, and how many are read at once. */
struct change {
	uint8_t at_high, at_low, mask, recv_max;
};

static void change_some(const uint8_t *octets, size_t len)
{
	enum { TURNS = 40 };
	struct ends ends;
	open_ends(&ends);
	for (size_t turn = 0; turn < TURNS; turn++) {
		struct memory_pipe *below = &ends.below[turn % 2];
		struct change change = {.recv_max = 0};
		if ((turn + 1) * sizeof(change) <= len)
			memcpy(&change, octets + turn * sizeof(change), sizeof(change));
		size_t at = below->begin + ((size_t)change.at_high << 8 | change.at_low);
		if (at < below->end)
			below->octets[at] ^= change.mask;
		below->recv_max = change.recv_max ? change.recv_max : SIZE_MAX;
		go_on(ends.end[turn % 2]);
	}
	tarn__pipe_end(tarn__tls_pipe(ends.end[0]));
	go_on(ends.end[1]);
	close_ends(&ends);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len < 2 || len > MEMORY_PIPE_ROOM)
		return 0;
	make_world();
	switch (data[0] % KINDS) {
	case TO_SERVER:
		say(1, data + 2, len - 2, data[1]);
		break;
	case TO_CLIENT:
		say(0, data + 2, len - 2, data[1]);
		break;
	case CHANGES:
		change_some(data + 2, len - 2);
		break;
	}
	return 0;
}
