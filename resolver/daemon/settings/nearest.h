/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/settings/nearest.h: the known word that is most like an unknown one.
 *
 *	struct tarn__nearest nearest = {.word = "upstraem"};
 *	tarn__nearest_offer(&nearest, "upstream"); for each known word
 *	if (nearest.found) ...
 */
#ifndef TARN_DAEMON_SETTINGS_NEAREST_H
#define TARN_DAEMON_SETTINGS_NEAREST_H

struct tarn__nearest {
	const char *word;
	const char *found; /* NULL: none is near enough */
	unsigned distance; /* of found */
};

/* Makes known the word that was found, if it is nearer than that before. */
void tarn__nearest_offer(struct tarn__nearest *, const char *known);

#endif
