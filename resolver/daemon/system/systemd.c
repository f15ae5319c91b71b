/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The protocols of the service manager: a state is one datagram of NAME=VALUE lines to the socket named by
 * $NOTIFY_SOCKET; the passed sockets are the descriptors from 3 on, counted by $LISTEN_FDS.
 */
#include "config.h"

#include "daemon/system/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
	FIRST_FD = 3, /* SD_LISTEN_FDS_START */
	STATE_MAX = 512,
	/* seconds; a reader that does not read must not block tarn, and a lost state does little harm */
	PATIENCE_SEC = 1,
};

/* ---- numbers of the environment -------------------------------------------------------------- */

/* Returns 0 if the variable is missing or not a number. */
static uint64_t number_of(const char *name)
{
	const char *text = getenv(name);
	if (!text || *text < '0' || *text > '9')
		return 0;
	char *end;
	errno = 0;
	uint64_t number = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0' ? number : 0;
}

/* The variable names a process: a child of it inherits the environment. */
static bool is_for_us(const char *name)
{
	return number_of(name) == (uint64_t)getpid();
}

/* ---- states ----------------------------------------------------------------------------------- */

/* Connects to a path, or to "@" and a name in the abstract namespace. */
static int connect_to(const char *text)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = strlen(text);
	if ((text[0] != '/' && text[0] != '@') || text[1] == '\0') {
		errno = EAFNOSUPPORT;
		return -1;
	}
	if (len >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, text, len);
	if (text[0] == '@')
		address.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	struct timeval patience = {.tv_sec = PATIENCE_SEC};
	socklen_t address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) == 0 &&
	    connect(fd, (const struct sockaddr *)&address, address_len) == 0)
		return fd;
	int reason = errno;
	close(fd);
	errno = reason;
	return -1;
}

/* A line break in the status would start another assignment. */
static void tell(const struct tarn__systemd *systemd, const char *state, const char *status)
{
	if (systemd->fd < 0)
		return;
	char text[STATE_MAX];
	int len = snprintf(text, sizeof(text), "%s\nSTATUS=", state);
	char *end = text + sizeof(text) - 1, *at = text + len;
	for (; *status && at < end; status++)
		*at++ = *status == '\n' ? ' ' : *status;
	(void)send(systemd->fd, text, (size_t)(at - text), MSG_NOSIGNAL);
}

void tarn__systemd_ready(const struct tarn__systemd *systemd, const char *status)
{
	tell(systemd, "READY=1", status);
}

/* The time distinguishes this reload from the one before. */
void tarn__systemd_reloading(const struct tarn__systemd *systemd, const char *status)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	char state[64];
	snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
		 (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
	tell(systemd, state, status);
}

static void stop_watchdog(struct tarn__systemd *systemd)
{
	if (systemd->loop)
		ev_timer_stop(systemd->loop, &systemd->timer);
	systemd->loop = NULL;
}

void tarn__systemd_stopping(struct tarn__systemd *systemd, const char *status)
{
	stop_watchdog(systemd);
	tell(systemd, "STOPPING=1", status);
}

/* ---- the watchdog ----------------------------------------------------------------------------- */

static void on_watchdog(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	static const char alive[] = "WATCHDOG=1";
	const struct tarn__systemd *systemd = timer->data;
	if (systemd->is_well(systemd->data))
		(void)send(systemd->fd, alive, strlen(alive), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void tarn__systemd_watch(struct tarn__systemd *systemd, struct ev_loop *loop,
			 bool (*is_well)(void *data), void *data)
{
	if (systemd->fd < 0 || systemd->watchdog_us == 0)
		return;
	systemd->loop = loop;
	systemd->is_well = is_well;
	systemd->data = data;
	double half_sec = (double)systemd->watchdog_us / 2 / 1e6;
	ev_timer_init(&systemd->timer, on_watchdog, half_sec, half_sec);
	systemd->timer.data = systemd;
	ev_timer_start(loop, &systemd->timer);
}

/* ---- sockets ---------------------------------------------------------------------------------- */

static int option_of(int fd, int name)
{
	int value;
	socklen_t len = sizeof(value);
	return getsockopt(fd, SOL_SOCKET, name, &value, &len) == 0 ? value : -1;
}

/* Returns NULL, or a text that names the error. */
static const char *take_socket(struct tarn__given *given)
{
	int family = option_of(given->fd, SO_DOMAIN);
	given->type = option_of(given->fd, SO_TYPE);
	if (family < 0 || given->type < 0)
		return "not a socket";
	if ((family != AF_INET && family != AF_INET6) ||
	    (given->type != SOCK_DGRAM && given->type != SOCK_STREAM))
		return "neither UDP nor TCP";
	if (given->type == SOCK_STREAM && option_of(given->fd, SO_ACCEPTCONN) != 1)
		return "a TCP connection (Accept=yes), not a listening socket";
	socklen_t len = sizeof(given->address);
	if (getsockname(given->fd, &given->address.sa, &len) < 0)
		return strerror(errno);
	if (tarn_address_port(&given->address) == 0)
		return "not bound to a port";
	return NULL;
}

/* Names of sockets that are not served in the clear: FileDescriptorName= of their unit. */
static const struct {
	const char *name;
	enum tarn_transport transport;
} encrypted[] = {{"tls", TARN_TLS}, {"https", TARN_HTTPS}};

/* Returns NULL, or a text that names the error. */
static const char *choose_transport(struct tarn__given *given)
{
	for (size_t i = 0; i < sizeof(encrypted) / sizeof(encrypted[0]); i++) {
		if (strcmp(given->name, encrypted[i].name) == 0)
			given->transport = encrypted[i].transport;
	}
	bool is_encrypted = given->transport != TARN_UDP;
	return is_encrypted && given->type != SOCK_STREAM ? "UDP, where its name asks for TLS"
							  : NULL;
}

/* Returns the next name of "name:name:name". */
static const char *take_name(struct tarn__given *given, const char *names)
{
	size_t len = strcspn(names, ":");
	if (len > 0)
		snprintf(given->name, sizeof(given->name), "%.*s", (int)len, names);
	else
		strcpy(given->name, "unknown");
	return names[len] ? names + len + 1 : names + len;
}

static int take_sockets(struct tarn__systemd *systemd, struct tarn__log *log)
{
	uint64_t count = is_for_us("LISTEN_PID") ? number_of("LISTEN_FDS") : 0;
	const char *names = getenv("LISTEN_FDNAMES");
	int error = 0;
	if (!names)
		names = "";
	if (count > TARN__GIVEN_MAX) {
		tarn__log(log, TARN_LOG_ERR,
			  "the service manager gave %" PRIu64 " sockets; %d at most", count,
			  TARN__GIVEN_MAX);
		return TARN_EINVAL;
	}
	for (size_t i = 0; i < count; i++) {
		struct tarn__given *given = &systemd->given[systemd->given_count++];
		given->fd = FIRST_FD + (int)i;
		names = take_name(given, names);
		(void)fcntl(given->fd, F_SETFD, FD_CLOEXEC);
		const char *fault = take_socket(given);
		if (!fault)
			fault = choose_transport(given);
		if (!fault)
			continue;
		tarn__log(log, TARN_LOG_ERR, "descriptor %d of the service manager (%s): %s",
			  given->fd, given->name, fault);
		error = TARN_EINVAL;
	}
	return error;
}

void tarn__systemd_addresses(const struct tarn__systemd *systemd, struct tarn__addresses *out)
{
	for (size_t i = 0; i < systemd->given_count; i++) {
		const struct tarn__given *given = &systemd->given[i];
		tarn__addresses_add_over(out, &given->address, given->transport);
	}
}

/* ---- life ------------------------------------------------------------------------------------- */

int tarn__systemd_init(struct tarn__systemd *systemd, struct tarn__log *log)
{
	*systemd = (struct tarn__systemd){.fd = -1};
	const char *path = getenv("NOTIFY_SOCKET");
	if (path) {
		systemd->fd = connect_to(path);
		if (systemd->fd < 0)
			tarn__log(log, TARN_LOG_WARNING,
				  "cannot notify the service manager at %s: %s", path,
				  strerror(errno));
	}
	if (!getenv("WATCHDOG_PID") || is_for_us("WATCHDOG_PID"))
		systemd->watchdog_us = number_of("WATCHDOG_USEC");
	int error = take_sockets(systemd, log);
	static const char *const ours[] = {"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC",
					   "LISTEN_PID",    "LISTEN_FDS",   "LISTEN_FDNAMES"};
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		unsetenv(ours[i]);
	if (error < 0)
		tarn__systemd_fini(systemd);
	return error;
}

void tarn__systemd_fini(struct tarn__systemd *systemd)
{
	stop_watchdog(systemd);
	for (size_t i = 0; i < systemd->given_count; i++) {
		if (systemd->given[i].fd >= 0)
			close(systemd->given[i].fd);
	}
	systemd->given_count = 0;
	if (systemd->fd >= 0)
		close(systemd->fd);
	systemd->fd = -1;
}
