/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/settings/nearest.h: which known word was probably meant by one that is not known.
 *
 *	struct tarn__nearest nearest = {.word = "upstraem"};
 *	tarn__nearest_offer(&nearest, "upstream"); for each known word
 *	if (nearest.found) ...
 */
#ifndef TARN_DAEMON_SETTINGS_NEAREST_H
#define TARN_DAEMON_SETTINGS_NEAREST_H

struct tarn__nearest {
	const char *word;
	const char *found; /* NULL: none is near enough to be meant */
	unsigned distance; /* of found */
};

void tarn__nearest_offer(struct tarn__nearest *, const char *known);

#endif
