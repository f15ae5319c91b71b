/* SPDX-License-Identifier: BSD-2-Clause */
/* net/ask.c: the program's own questions. */
#include <stdlib.h>
#include <string.h>

#include "core/resolver.h"
#include "dns/message.h"
#include "net/worker.h"
#include "tarn.h"

/*
 * A question of the program's, in the request's private_[0]. It outlives a canceled request: the
 * resolver answers it anyway.
 */
struct ask {
	struct tarn__list node; /* of worker->answered, once there is an answer */
	struct tarn_worker *worker;
	struct tarn_request *request; /* NULL: canceled */
	size_t len;
	uint8_t *answer;
};

static void free_ask(struct ask *ask)
{
	free(ask->answer);
	free(ask);
}

static void finish(struct ask *ask, int error, const uint8_t *answer, size_t len)
{
	struct tarn_request *request = ask->request;
	if (request == NULL)
		return;
	request->private_[0] = NULL;
	if (ask->worker->is_ending)
		request->done(request, TARN_ECANCELED, NULL, 0);
	else
		request->done(request, error, answer, len);
}

/* From tarn__resolver_run() or _free(): in the loop, so that it need not be put off. */
static void on_late_answer(void *owner, const void *route, const uint8_t *answer, size_t len)
{
	(void)owner;
	struct ask *ask;
	memcpy(&ask, route, sizeof(ask));
	finish(ask, 0, answer, len);
	free_ask(ask);
}

int tarn_ask(struct tarn_worker *worker, struct tarn_request *request, const uint8_t *question,
	     size_t len)
{
	struct ask *ask = malloc(sizeof(*ask));
	if (ask == NULL)
		return TARN_ENOMEM;
	*ask = (struct ask){.worker = worker, .request = request};
	tarn__list_init(&ask->node);
	ask->answer = malloc(TARN__MESSAGE_MAX);
	if (ask->answer == NULL) {
		free_ask(ask);
		return TARN_ENOMEM;
	}
	struct tarn__client_request client_request = {
		.transport = TARN__TCP,
		.answer = on_late_answer,
		.owner = worker,
		.route = &ask,
		.route_len = sizeof(ask),
	};
	tarn__worker_enter(worker);
	long answer_len = tarn__resolver_resolve(worker->resolver, &client_request, question, len,
						 ask->answer);
	tarn__worker_leave(worker);
	if (answer_len == TARN__RESOLVE_DROP) {
		free_ask(ask);
		return TARN_EINVAL;
	}
	if (answer_len > 0) {
		ask->len = (size_t)answer_len;
		tarn__list_append(&worker->answered, &ask->node);
	} else {
		free(ask->answer);
		ask->answer = NULL;
	}
	request->private_[0] = ask;
	return 0;
}

void tarn_cancel(struct tarn_worker *worker, struct tarn_request *request)
{
	(void)worker;
	struct ask *ask = request->private_[0];
	if (ask != NULL)
		ask->request = NULL;
	request->private_[0] = NULL;
}

bool tarn__asks_run(struct tarn_worker *worker)
{
	bool has_any = false;
	while (!tarn__list_is_empty(&worker->answered)) {
		struct ask *ask = TARN__CONTAINER(worker->answered.next, struct ask, node);
		tarn__list_remove(&ask->node);
		finish(ask, 0, ask->answer, ask->len);
		free_ask(ask);
		has_any = true;
	}
	return has_any;
}
