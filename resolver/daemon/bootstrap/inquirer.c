/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/bootstrap/inquirer.c: a resolver for the daemon's own questions. */
#include "daemon/bootstrap/inquirer.h"

#include "daemon/system/memory.h"
#include "dns/query.h"
#include "net/shared.h"

enum {
	CACHE_SIZE = 1 << 16, /* octets: of a few answers */
	FAILURE_SEC =
		TARN_FAILURE_SEC_MIN, /* below the time after which a name is asked for again */
};

int tarn__inquirer_open(struct tarn__inquirer *inquirer, struct tarn *beside, struct ev_loop *loop,
			const struct tarn_options *options)
{
	struct tarn_options all = {.cache_size = CACHE_SIZE,
				   .stale_sec = -1,
				   .failure_sec = FAILURE_SEC,
				   .failure_max_sec = FAILURE_SEC,
				   .upstreams = options->upstreams,
				   .traits = options->traits,
				   .upstream_count = options->upstream_count,
				   .selection = options->selection,
				   .source = options->source,
				   .pass = options->pass,
				   .pass_count = options->pass_count,
				   .avoid_ports = options->avoid_ports,
				   .avoid_port_count = options->avoid_port_count};
	inquirer->tarn = tarn__new_beside(beside, &all);
	if (!inquirer->tarn)
		return TARN_ESYSTEM;
	inquirer->worker = tarn_worker_new(inquirer->tarn, loop);
	if (inquirer->worker)
		return 0;
	tarn__inquirer_close(inquirer);
	return TARN_ESYSTEM;
}

void tarn__inquirer_close(struct tarn__inquirer *inquirer)
{
	if (!inquirer->tarn)
		return;
	tarn_worker_free(inquirer->worker);
	tarn_free(inquirer->tarn);
	*inquirer = (struct tarn__inquirer){0};
	/* It was most of what the main thread has ever used. */
	tarn__memory_trim();
}

static void on_answer(struct tarn_request *request, int error, const uint8_t *wire, size_t len)
{
	struct tarn__inquiry *inquiry = request->data;
	inquiry->is_under_way = false;
	inquiry->done(inquiry, error < 0 ? NULL : wire, len);
}

int tarn__inquirer_ask(struct tarn__inquirer *inquirer, struct tarn__inquiry *inquiry,
		       const struct tarn__name *name, uint16_t type)
{
	uint8_t wire[TARN__QUERY_MAX];
	const struct tarn__key key = {.qname = name->octets,
				      .qname_len = (uint16_t)name->len,
				      .qtype = type,
				      .qclass = TARN__CLASS_IN};
	size_t len = tarn__query_write(&key, &(struct tarn__query_options){.edns = true}, wire);
	inquiry->request = (struct tarn_request){.data = inquiry, .done = on_answer};
	int error = tarn_ask(inquirer->worker, &inquiry->request, wire, len);
	inquiry->is_under_way = error == 0;
	return error;
}

void tarn__inquirer_cancel(struct tarn__inquirer *inquirer, struct tarn__inquiry *inquiry)
{
	if (inquiry->is_under_way)
		tarn_cancel(inquirer->worker, &inquiry->request);
	inquiry->is_under_way = false;
}

void tarn__inquiry_start_timer(struct ev_loop *loop, ev_timer *timer, uint64_t after_ms)
{
	ev_timer_stop(loop, timer);
	ev_now_update(loop);
	ev_timer_set(timer, (double)after_ms / 1000, 0);
	ev_timer_start(loop, timer);
}
