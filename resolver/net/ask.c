/* SPDX-License-Identifier: BSD-2-Clause */
/* net/ask.c: the program's own questions. */
#include "net/ask.h"

#include <stdlib.h>
#include <string.h>

#include "core/resolver.h"
#include "dns/message.h"

/*
 * A question of the program's, in the request's private_[0]. It outlives a canceled request: the
 * resolver answers it anyway.
 */
struct ask {
	struct tarn__list node; /* of asks->answered, where it was answered at once */
	struct tarn__asks *asks;
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
	if (!request)
		return;
	request->private_[0] = NULL;
	if (ask->asks->is_ending)
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

void tarn__asks_init(struct tarn__asks *asks)
{
	tarn__list_init(&asks->answered);
	asks->is_ending = false;
}

static struct ask *new_ask(struct tarn__asks *asks, struct tarn_request *request)
{
	struct ask *ask = malloc(sizeof(*ask));
	if (!ask)
		return NULL;
	*ask = (struct ask){.asks = asks, .request = request};
	tarn__list_init(&ask->node);
	ask->answer = malloc(TARN__MESSAGE_MAX);
	if (ask->answer)
		return ask;
	free_ask(ask);
	return NULL;
}

int tarn__asks_send(struct tarn__asks *asks, struct tarn__resolver *resolver,
		    struct tarn_request *request, const uint8_t *question, size_t len)
{
	struct ask *ask = new_ask(asks, request);
	if (!ask)
		return TARN_ENOMEM;
	struct tarn__client_request client_request = {
		.transport = TARN__TCP,
		.answer = on_late_answer,
		.owner = asks,
		.route = &ask,
		.route_len = sizeof(ask),
	};
	long answer_len =
		tarn__resolver_resolve(resolver, &client_request, question, len, ask->answer);
	if (answer_len == TARN__RESOLVE_DROP) {
		free_ask(ask);
		return TARN_EINVAL;
	}
	if (answer_len > 0) {
		ask->len = (size_t)answer_len;
		tarn__list_append(&asks->answered, &ask->node);
	} else {
		free(ask->answer);
		ask->answer = NULL;
	}
	request->private_[0] = ask;
	return 0;
}

void tarn__asks_cancel(struct tarn_request *request)
{
	struct ask *ask = request->private_[0];
	if (ask)
		ask->request = NULL;
	request->private_[0] = NULL;
}

bool tarn__asks_run(struct tarn__asks *asks)
{
	bool has_any = false;
	struct tarn__list *node;
	while ((node = tarn__list_take(&asks->answered))) {
		struct ask *ask = TARN__CONTAINER(node, struct ask, node);
		finish(ask, 0, ask->answer, ask->len);
		free_ask(ask);
		has_any = true;
	}
	return has_any;
}
