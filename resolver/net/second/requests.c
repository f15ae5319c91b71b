/* SPDX-License-Identifier: BSD-2-Clause */
/* net/second/requests.c: what core/ has outstanding over a link. */
#include "net/second/requests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/second/commands.h"
#include "net/second/link.h"
#include "net/second/replies.h"

struct request {
	struct tarn__list node;
	struct tarn__second_requests *requests;
	struct tarn__second_session *session; /* that it was sent over */
	struct tarn__second_command main, lease;
	size_t main_octets,
		lease_octets; /* of those that are not answered; 0: it is, or was not sent */
	struct tarn_second_get *get; /* NULL: none, or forgotten */
	bool is_get, is_range;
	void (*put_done)(void *arg, enum tarn__second_result); /* NULL: none */
	void *put_arg;
	char key[TARN__SECOND_KEY_MAX]; /* of a GETRANGE */
};

void tarn__second_requests_init(struct tarn__second_requests *requests)
{
	*requests = (struct tarn__second_requests){.count = 0};
	tarn__list_init(&requests->list);
	tarn__list_init(&requests->ending);
}

static void drop_all(struct tarn__list *list)
{
	struct tarn__list *node;
	while ((node = tarn__list_take(list)))
		free(TARN__CONTAINER(node, struct request, node));
}

void tarn__second_requests_fini(struct tarn__second_requests *requests)
{
	drop_all(&requests->list);
	drop_all(&requests->ending);
}

/* ---- ends --------------------------------------------------------------------------------- */

static bool is_pending(const struct request *request)
{
	return request->main_octets > 0 || request->lease_octets > 0;
}

/* A command of that many octets is not under way any more. */
static void settle(struct tarn__second_requests *requests, size_t *octets)
{
	if (*octets == 0)
		return;
	requests->count--;
	requests->octets -= *octets;
	*octets = 0;
}

/* Calls who waits for it, which is the last that is done with the request and with all that it belongs to. */
static void end(struct request *request, enum tarn__second_result result,
		const struct tarn__second_reply *value)
{
	struct tarn_second_get *get = request->get;
	void (*put_done)(void *, enum tarn__second_result) = request->put_done;
	void *put_arg = request->put_arg;
	request->get = NULL;
	request->put_done = NULL;
	if (!is_pending(request)) {
		tarn__list_remove(&request->node);
		free(request);
	}
	if (get)
		get->done(get, result, value ? (const uint8_t *)value->text : NULL,
			  value ? value->len : 0);
	else if (put_done)
		put_done(put_arg, result);
}

void tarn__second_requests_abandon(struct tarn__second_requests *requests,
				   const struct tarn__second_session *session)
{
	struct tarn__list *list = &requests->list;
	for (struct tarn__list *node = list->next; node != list; node = node->next) {
		struct request *request = TARN__CONTAINER(node, struct request, node);
		if (request->session != session)
			continue;
		settle(requests, &request->main_octets);
		settle(requests, &request->lease_octets);
	}
}

void tarn__second_requests_close(struct tarn__second_requests *requests)
{
	struct tarn__list *node;
	while ((node = tarn__list_take(&requests->list)))
		tarn__list_append(&requests->ending, node);
	while (!requests->is_freed && (node = tarn__list_take(&requests->ending))) {
		struct request *request = TARN__CONTAINER(node, struct request, node);
		tarn__list_append(&requests->list, node);
		end(request, TARN__SECOND_CLOSED, NULL);
	}
}

/* ---- replies ------------------------------------------------------------------------------ */

static int send_range(struct request *request, bool is_range);

static void on_main(struct tarn__second_command *command, const struct tarn__second_reply *reply)
{
	struct request *request = TARN__CONTAINER(command, struct request, main);
	struct tarn__second_requests *requests = request->requests;
	settle(requests, &request->main_octets);
	if (!reply) {
		end(request, TARN__SECOND_CLOSED, NULL);
		return;
	}
	enum tarn__second_result result =
		request->is_get ? tarn__second_judge_get(reply) : tarn__second_judge_put(reply);
	if (request->is_range && tarn__second_error_is(reply, "NOPERM")) {
		requests->uses_get = true;
		if (send_range(request, false) == 0)
			return;
	}
	if (tarn__second_is_failure(result))
		requests->failed(requests->arg, result, reply);
	/* The lease says the rest. */
	if (result == TARN__SECOND_ABSENT && request->lease_octets > 0)
		return;
	end(request, result, result == TARN__SECOND_THERE ? reply : NULL);
}

/* Without a lease the value is absent all the same. */
static void on_lease(struct tarn__second_command *command, const struct tarn__second_reply *reply)
{
	struct request *request = TARN__CONTAINER(command, struct request, lease);
	struct tarn__second_requests *requests = request->requests;
	settle(requests, &request->lease_octets);
	/* A GET that is asked for again comes after it. */
	if (request->main_octets > 0)
		return;
	enum tarn__second_result result =
		reply ? tarn__second_judge_lease(reply) : TARN__SECOND_CLOSED;
	if (reply && tarn__second_is_failure(result)) {
		requests->failed(requests->arg, result, reply);
		result = TARN__SECOND_ABSENT;
	}
	end(request, result, NULL);
}

/* ---- requests ----------------------------------------------------------------------------- */

/* Sends one of the request's commands, and sets its octets. 0 or an error. */
static int send_words(struct request *request, struct tarn__second_command *command, size_t *octets,
		      const struct tarn__second_words *words)
{
	struct tarn__second_requests *requests = request->requests;
	int sent = tarn__second_session_send(request->session, words->words, words->count, command);
	if (sent < 0)
		return sent;
	*octets = (size_t)sent;
	requests->count++;
	requests->octets += *octets;
	return 0;
}

static int send_main(struct request *request, const struct tarn__second_words *words)
{
	request->main.done = on_main;
	return send_words(request, &request->main, &request->main_octets, words);
}

static int send_range(struct request *request, bool is_range)
{
	struct tarn__second_words words;
	request->is_range = is_range;
	if (is_range)
		tarn__second_words_getrange(&words, request->key);
	else
		tarn__second_words_get(&words, request->key);
	return send_main(request, &words);
}

static int send_lease(struct request *request)
{
	struct tarn__second_words words;
	tarn__second_words_lease(&words, request->get);
	request->lease.done = on_lease;
	return send_words(request, &request->lease, &request->lease_octets, &words);
}

static bool has_room(const struct tarn__second_requests *requests, size_t commands, size_t octets)
{
	return requests->count + commands <= TARN__SECOND_OUTSTANDING_MAX &&
	       requests->octets + octets <= TARN__SECOND_OCTETS_MAX;
}

static struct request *new_request(struct tarn__second_requests *requests,
				   struct tarn__second_session *session)
{
	struct request *request = calloc(1, sizeof *request);
	if (!request)
		return NULL;
	request->requests = requests;
	request->session = session;
	tarn__list_append(&requests->list, &request->node);
	return request;
}

/* The error of a request that could not be sent at all; of one that was in part the rest is not waited for. */
static int withdraw(struct request *request, int error)
{
	request->get = NULL;
	request->put_done = NULL;
	if (is_pending(request))
		return error;
	tarn__list_remove(&request->node);
	free(request);
	return error;
}

int tarn__second_requests_get(struct tarn__second_requests *requests,
			      struct tarn__second_session *session, struct tarn_second_get *get)
{
	enum { COMMAND_MAX = 2 * TARN__SECOND_KEY_MAX + 128 }; /* octets */
	size_t commands = get->lease ? 2 : 1;
	if (!tarn__second_session_is_up(session))
		return TARN_EUNREACHABLE;
	if (get->key && strlen(get->key) >= TARN__SECOND_KEY_MAX)
		return TARN_EINVAL;
	if (!has_room(requests, commands, commands * COMMAND_MAX))
		return TARN_EBUSY;
	struct request *request = new_request(requests, session);
	if (!request)
		return TARN_ENOMEM;
	struct tarn__second_words words;
	request->get = get;
	request->is_get = get->key;
	int error;
	if (get->key) {
		strcpy(request->key, get->key);
		error = send_range(request, !requests->uses_get);
	} else {
		tarn__second_words_get(&words, NULL);
		error = send_main(request, &words);
	}
	if (error == 0 && get->lease)
		error = send_lease(request);
	if (error != 0)
		return withdraw(request, error);
	get->carrier = request;
	return 0;
}

void tarn__second_requests_cancel(struct tarn__second_requests *requests,
				  struct tarn_second_get *get)
{
	(void)requests;
	struct request *request = get->carrier;
	if (request && request->get == get)
		request->get = NULL;
	get->carrier = NULL;
}

/* Sends a command that nothing but done waits for, which may be NULL. */
static int send_put(struct tarn__second_requests *requests, struct tarn__second_session *session,
		    const struct tarn__second_words *words,
		    void (*done)(void *, enum tarn__second_result), void *arg)
{
	if (!tarn__second_session_is_up(session))
		return TARN_EUNREACHABLE;
	if (!has_room(requests, 1, tarn__second_words_len(words->words, words->count)))
		return TARN_EBUSY;
	struct request *request = new_request(requests, session);
	if (!request)
		return TARN_ENOMEM;
	request->put_done = done;
	request->put_arg = arg;
	int error = send_main(request, words);
	return error == 0 ? 0 : withdraw(request, error);
}

int tarn__second_requests_put(struct tarn__second_requests *requests,
			      struct tarn__second_session *session,
			      const struct tarn_second_put *put)
{
	struct tarn__second_words words;
	if (put->len > TARN__SECOND_VALUE_MAX)
		return TARN_EINVAL;
	tarn__second_words_put(&words, put);
	return send_put(requests, session, &words, put->done, put->arg);
}

int tarn__second_requests_publish(struct tarn__second_requests *requests,
				  struct tarn__second_session *session, const char *channel,
				  const struct tarn_second_publication *publication)
{
	struct tarn__second_words words = {.count = 0};
	tarn__second_words_add(&words, "PUBLISH");
	tarn__second_words_add(&words, channel);
	words.words[words.count++] =
		(struct tarn__second_word){publication->octets, publication->len};
	return send_put(requests, session, &words, publication->done, publication->arg);
}
