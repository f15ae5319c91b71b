/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/transfer/state.c: states of zones. */
#include "config.h"

#include "daemon/transfer/state.h"

#include <stdlib.h>
#include <string.h>

const char *tarn__transfer_result_word(enum tarn__transfer_result result)
{
	static const char *const words[] = {[TARN__TRANSFER_AXFR] = "axfr",
					    [TARN__TRANSFER_IXFR] = "ixfr",
					    [TARN__TRANSFER_CURRENT] = "current",
					    [TARN__TRANSFER_FAILED] = "failed"};
	return words[result];
}

struct tarn__transfer_state *tarn__transfer_board_read(struct tarn__transfer_board *board,
						       size_t *count)
{
	struct tarn__transfer_state *out = NULL;
	*count = 0;
	if (!board)
		return NULL;
	pthread_mutex_lock(&board->mutex);
	if (board->count > 0)
		out = malloc(board->count * sizeof(out[0]));
	if (out) {
		memcpy(out, board->states, board->count * sizeof(out[0]));
		*count = board->count;
	}
	pthread_mutex_unlock(&board->mutex);
	return out;
}
