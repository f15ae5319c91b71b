/* SPDX-License-Identifier: BSD-2-Clause */
/* net/upstream/choice.c: which channel takes a message. */
#include "net/upstream/choice.h"

#include "net/random.h"
#include "net/upstream/secure_server.h"

enum {
	/* Connections to an encrypted server while none has many questions under way. */
	CONNECTIONS = 4,
	/* Questions under way on each of them from which on there may be more: half of what it takes. */
	LOADED = TARN__TRANSACTIONS_MAX / 2,
};

/* Begins at a random channel, so that the port that a question shares cannot be predicted. */
static struct tarn__channel *find_channel(const struct tarn__lines *lines,
					  const struct tarn__pool *pool,
					  enum tarn__channel_state state, uint64_t now_ms)
{
	if (pool->count == 0)
		return NULL;
	size_t start = tarn__random_below(lines->options.random, (uint32_t)pool->count);
	for (size_t i = 0; i < pool->count; i++) {
		struct tarn__channel *channel = pool->channels[(start + i) % pool->count];
		if (tarn__channel_state(channel, now_ms) == state)
			return channel;
	}
	return NULL;
}

/* Returns a channel without a socket; a new one where there is none and the limit allows it. */
static struct tarn__channel *find_closed(struct tarn__lines *lines, struct tarn__pool *pool,
					 uint64_t now_ms)
{
	struct tarn__channel *channel = find_channel(lines, pool, TARN__CHANNEL_CLOSED, now_ms);
	if (!channel && pool->count < tarn__transports[pool->transport].channels_max)
		channel = tarn__pool_add(lines, pool);
	return channel;
}

/* Returns the channel of a random place, which gets another one if its own takes no more. */
static struct tarn__channel *find_place(struct tarn__lines *lines, struct tarn__pool *pool,
					uint64_t now_ms)
{
	size_t place = tarn__random_below(lines->options.random, TARN__UDP_PLACES);
	struct tarn__channel *channel = pool->places[place];
	if (channel && tarn__channel_state(channel, now_ms) == TARN__CHANNEL_OPEN)
		return channel;
	channel = find_closed(lines, pool, now_ms);
	tarn__pool_leave_places(pool, channel);
	pool->places[place] = channel;
	return channel;
}

static struct tarn__channel *find_connection(struct tarn__lines *lines, struct tarn__pool *pool,
					     uint64_t now_ms)
{
	struct tarn__channel *channel = find_channel(lines, pool, TARN__CHANNEL_OPEN, now_ms);
	return channel ? channel : find_closed(lines, pool, now_ms);
}

/* ---- encrypted servers -------------------------------------------------------------------- */

/* The connections to an encrypted server, but for one to be avoided. */
struct view {
	struct tarn__channel *closed;
	struct tarn__channel *ready; /* it has fewer questions under way than it is to have */
	struct tarn__channel *least; /* it has the fewest of those that are open */
	struct tarn__channel *opening; /* its set-up is under way */
	struct tarn__channel *worn;
	unsigned live;
};

static bool has_fewer(const struct tarn__channel *channel, const struct tarn__channel *other)
{
	return !other || channel->under_way < other->under_way;
}

static void look_at(struct view *view, struct tarn__channel *channel, unsigned share,
		    uint64_t now_ms)
{
	enum tarn__channel_state state = tarn__channel_state(channel, now_ms);
	view->live += state != TARN__CHANNEL_CLOSED;
	switch (state) {
	case TARN__CHANNEL_CLOSED:
		view->closed = channel;
		break;
	case TARN__CHANNEL_OPENING:
		if (has_fewer(channel, view->opening))
			view->opening = channel;
		break;
	case TARN__CHANNEL_OPEN:
		/* The first one, so that those which are not needed are closed. */
		if (!view->ready && channel->under_way < share)
			view->ready = channel;
		if (has_fewer(channel, view->least))
			view->least = channel;
		break;
	case TARN__CHANNEL_WORN:
		if (has_fewer(channel, view->worn))
			view->worn = channel;
		break;
	case TARN__CHANNEL_FULL:
		break;
	}
}

static struct view view_of(const struct tarn__pool *pool, const struct tarn__channel *avoided,
			   uint64_t now_ms)
{
	struct view view = {0};
	for (size_t i = 0; i < pool->count; i++) {
		if (pool->channels[i] != avoided)
			look_at(&view, pool->channels[i], pool->line->server->share, now_ms);
	}
	view.live += avoided != NULL;
	return view;
}

static bool may_open(const struct tarn__pool *pool, const struct view *view, uint64_t now_ms)
{
	const struct tarn__secure_server *server = pool->line->server;
	/* Until one has been good, others wait for its end. */
	if (view->opening && !server->is_proven)
		return false;
	bool are_worn = !view->least && !view->opening;
	bool are_loaded = view->least && view->least->under_way >= LOADED;
	unsigned max = CONNECTIONS;
	if (are_worn || are_loaded || server->share < TARN__SHARE_MAX)
		max = tarn__transports[pool->transport].channels_max;
	return view->live < max && tarn__secure_server_may_start(server, now_ms);
}

/* Returns a closed channel, which the message opens; NULL: no connection may be added. */
static struct tarn__channel *find_new(struct tarn__lines *lines, struct tarn__pool *pool,
				      const struct view *view, uint64_t now_ms)
{
	if (!may_open(pool, view, now_ms))
		return NULL;
	if (view->closed || pool->count >= tarn__transports[pool->transport].channels_max)
		return view->closed;
	return tarn__pool_add(lines, pool);
}

/* Returns NULL if there is none but those in doubt, or if one is on its way. */
static struct tarn__channel *find_good(struct tarn__lines *lines, struct tarn__pool *pool,
				       const struct view *view, bool must_share, uint64_t now_ms)
{
	if (view->ready)
		return view->ready;
	if (view->opening && view->opening->under_way < pool->line->server->share)
		return view->opening;
	struct tarn__channel *channel = must_share ? NULL : find_new(lines, pool, view, now_ms);
	if (channel)
		return channel;
	/*
	 * More of them only if none is on its way, and no more than the server is known to answer: the others
	 * wait for another connection.
	 */
	bool has_to_wait = view->opening || pool->line->server->share < TARN__SHARE_MAX;
	return has_to_wait ? NULL : view->least;
}

static struct tarn__channel *choose_encrypted(struct tarn__lines *lines, struct tarn__pool *pool,
					      const struct tarn__transaction *transaction,
					      uint64_t now_ms)
{
	struct view view = view_of(pool, NULL, now_ms);
	struct tarn__channel *channel =
		find_good(lines, pool, &view, transaction->must_share, now_ms);
	return channel || view.opening ? channel : view.worn;
}

struct tarn__channel *tarn__choose_other(struct tarn__lines *lines, struct tarn__pool *pool,
					 const struct tarn__transaction *transaction,
					 uint64_t now_ms)
{
	struct view view = view_of(pool, transaction->channel, now_ms);
	return find_good(lines, pool, &view, false, now_ms);
}

bool tarn__choice_is_held(const struct tarn__pool *pool, uint64_t now_ms)
{
	const struct tarn__secure_server *server = pool->line->server;
	return server && tarn__secure_server_is_held(server, now_ms);
}

bool tarn__choice_is_refused(const struct tarn__pool *pool, uint64_t now_ms)
{
	const struct tarn__secure_server *server = pool->line->server;
	return server && !tarn__secure_server_may_start(server, now_ms);
}

bool tarn__choice_has_open(const struct tarn__pool *pool, uint64_t now_ms)
{
	for (size_t i = 0; i < pool->count; i++) {
		if (tarn__channel_state(pool->channels[i], now_ms) == TARN__CHANNEL_OPEN)
			return true;
	}
	return false;
}

/* ---- all ---------------------------------------------------------------------------------- */

struct tarn__channel *tarn__choose(struct tarn__lines *lines, struct tarn__pool *pool,
				   const struct tarn__transaction *transaction, uint64_t now_ms)
{
	if (tarn__transport_is_encrypted(pool->transport))
		return choose_encrypted(lines, pool, transaction, now_ms);
	struct tarn__channel *channel = NULL;
	if (!transaction->must_share)
		channel = tarn__transport_is_stream(pool->transport)
				  ? find_connection(lines, pool, now_ms)
				  : find_place(lines, pool, now_ms);
	if (!channel)
		channel = find_channel(lines, pool, TARN__CHANNEL_OPEN, now_ms);
	if (!channel)
		channel = find_channel(lines, pool, TARN__CHANNEL_WORN, now_ms);
	return channel;
}
