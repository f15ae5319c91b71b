/* SPDX-License-Identifier: BSD-2-Clause */
/* core/resolver_second.c: the resolver and the second level: what other machines have the cache forget. */
#include "core/resolver_state.h"

#include "core/second/epoch.h"
#include "core/second/message.h"
#include "core/second/second.h"
#include "core/second/second_config.h"
#include "rtcache.h"

enum { SWEPT_PER_RUN = 512 /* entries, which bounds the time of a wake-up: some 0.1 ms */ };

/* ---- what is forgotten ------------------------------------------------------------------ */

unsigned tarn__shared_forgets(struct tarn__shared *shared)
{
	return atomic_load(&shared->forgets);
}

bool tarn__resolver_sweep(struct tarn__resolver *resolver)
{
	size_t before = resolver->sweeps.count;
	bool has_more = tarn__sweeps_step(&resolver->sweeps, resolver->client, SWEPT_PER_RUN);
	/* A save that has begun meanwhile may have what is not there any more. */
	if (resolver->sweeps.count < before)
		atomic_fetch_add(&resolver->shared->forgets, 1);
	return has_more;
}

void tarn__resolver_forget_all(struct tarn__resolver *resolver)
{
	static const uint8_t root[1] = {0};
	const struct tarn_io *io = resolver->io;
	atomic_fetch_add(&resolver->shared->forgets, 1);
	tarn__sweeps_add(&resolver->sweeps, TARN__SWEEP_TREE, root, sizeof(root));
	io->wake_at(io->data, io->now_ms(io->data));
}

/* ---- the store -------------------------------------------------------------------------- */

static void forget_all(void *arg)
{
	tarn__resolver_forget_all(arg);
}

static void on_switched(void *arg, enum tarn__breaker_event event)
{
	struct tarn__resolver *resolver = arg;
	tarn__findings_second(resolver->shared->findings, event,
			      resolver->io->now_ms(resolver->io->data));
}

int tarn__resolver_have_second(struct tarn__resolver *resolver, const struct tarn__config *config)
{
	struct tarn__forwarder *forwarder = &resolver->forwarder;
	const struct tarn__second_hooks hooks = {
		.forget_all = forget_all, .switched = on_switched, .arg = resolver};
	if (!forwarder->second && config->second)
		forwarder->second = tarn__second_new(resolver->io, &resolver->timers,
						     resolver->shared->second, &hooks);
	return forwarder->second || !config->second ? 0 : TARN_ENOMEM;
}

void tarn__resolver_set_second(struct tarn__resolver *resolver, struct tarn__config *config)
{
	if (!resolver->forwarder.second)
		return;
	tarn__second_set_config(resolver->forwarder.second, config);
	rtcache_spread_refreshes(resolver->shared->cache, config->second);
}

void tarn__resolver_second_connected(struct tarn__resolver *resolver)
{
	tarn__second_connected(resolver->forwarder.second);
}

void tarn__resolver_second_lost(struct tarn__resolver *resolver)
{
	tarn__second_lost(resolver->forwarder.second);
}

/* ---- messages --------------------------------------------------------------------------- */

static void obey(struct tarn__resolver *resolver, const struct tarn__second_message *message)
{
	atomic_fetch_add(&resolver->shared->forgets, 1);
	switch (message->kind) {
	case TARN__SECOND_FORGET_TYPE:
		tarn__forget(resolver->client, message->name, message->name_len, message->type);
		break;
	case TARN__SECOND_FORGET_NAME:
		tarn__sweeps_add(&resolver->sweeps, TARN__SWEEP_NAME, message->name,
				 message->name_len);
		break;
	case TARN__SECOND_FORGET_TREE:
		tarn__sweeps_add(&resolver->sweeps, TARN__SWEEP_TREE, message->name,
				 message->name_len);
		break;
	}
	/* Those who repeat an old message do not bring its epoch back: the store has the present one. */
	if (message->epoch == 0)
		return;
	tarn__epoch_set(resolver->forwarder.second, message->epoch);
	tarn__epoch_read(resolver->forwarder.second);
}

void tarn__resolver_second_message(struct tarn__resolver *resolver, const uint8_t *octets,
				   size_t len)
{
	const struct tarn_io *io = resolver->io;
	const struct tarn__second_config *config = resolver->forwarder.config->second;
	struct tarn__second_message message;
	if (!config)
		return;
	if (!tarn__second_message_read(config, octets, len, io->wall_ms(io->data), &message)) {
		resolver->flushes_rejected++;
		return;
	}
	resolver->flushes++;
	obey(resolver, &message);
	io->wake_at(io->data, io->now_ms(io->data));
}

int tarn__resolver_fleet_flush(struct tarn__resolver *resolver, struct tarn__fleet_flush *flush)
{
	const struct tarn__forwarder *forwarder = &resolver->forwarder;
	if (!forwarder->config->second)
		return TARN_EUNREACHABLE;
	return tarn__fleet_flush(&resolver->fleet, forwarder->second, forwarder->config, flush);
}

void tarn__resolver_fleet_cancel(struct tarn__resolver *resolver, struct tarn__fleet_flush *flush)
{
	tarn__fleet_cancel(&resolver->fleet, flush);
}

/* ---- statistics ------------------------------------------------------------------------- */

void tarn__resolver_count_second(const struct tarn__resolver *resolver,
				 struct tarn__second_counts *out)
{
	if (resolver->forwarder.second)
		*out = *tarn__second_counts(resolver->forwarder.second);
	out->flushes += resolver->flushes;
	out->flushes_rejected += resolver->flushes_rejected;
}
