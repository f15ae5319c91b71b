/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/certificates/state.c: the state of certificates. */
#include "daemon/certificates/state.h"

void tarn__certificates_board_read(struct tarn__certificates_board *board,
				   struct tarn__certificates_state *out)
{
	*out = (struct tarn__certificates_state){0};
	if (!board)
		return;
	pthread_mutex_lock(&board->mutex);
	*out = board->state;
	pthread_mutex_unlock(&board->mutex);
}
