/* SPDX-License-Identifier: BSD-2-Clause */
/* core/second/second_state.c: keys as a worker has them now. */
#include "core/second/second_state.h"

bool tarn__second_key_of(const struct tarn__second *second, const struct tarn__zone_config *zone,
			 const struct tarn__key *key, char out[TARN__SECOND_KEY_MAX])
{
	const struct tarn__second_config *store = tarn__second_store(second);
	struct tarn__second_view view = second->view;
	if (!store || !tarn__second_shares(zone, key))
		return false;
	view.epoch = atomic_load_explicit(&store->epoch, memory_order_relaxed);
	if (view.epoch == 0)
		return false;
	tarn__second_key_write(store, &view, zone, key, out);
	return true;
}
