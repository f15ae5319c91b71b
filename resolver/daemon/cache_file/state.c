/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/cache_file/state.c: the state of the cache's file. */
#include "daemon/cache_file/state.h"

const char *tarn__cache_file_phase_word(enum tarn__cache_file_phase phase)
{
	static const char *const words[TARN__CACHE_FILE_PHASES] = {
		[TARN__CACHE_FILE_NONE] = "none",	[TARN__CACHE_FILE_UNUSABLE] = "unusable",
		[TARN__CACHE_FILE_WAITING] = "waiting", [TARN__CACHE_FILE_LOADING] = "loading",
		[TARN__CACHE_FILE_READY] = "ready",	[TARN__CACHE_FILE_SAVING] = "saving"};
	return words[phase];
}

void tarn__cache_file_board_read(struct tarn__cache_file_board *board,
				 struct tarn__cache_file_state *out)
{
	*out = (struct tarn__cache_file_state){0};
	if (!board)
		return;
	pthread_mutex_lock(&board->mutex);
	*out = board->state;
	pthread_mutex_unlock(&board->mutex);
}

int64_t tarn__cache_file_age_s(const struct tarn__cache_file_state *state, int64_t now_s)
{
	if (state->saved_s == 0)
		return -1;
	return now_s > state->saved_s ? now_s - state->saved_s : 0;
}
