/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/cache_file/phases.h: inside of the room: what the phases of daemon/cache_file/cache_file.h have in common,
 * how they begin and end. Each of these uses those before it: phases.c, save_phase.c (ready and saving), load_phase.c
 * (waiting and loading), cache_file.c, which begins and ends as the settings want it.
 *
 * Thread: the main one.
 */
#ifndef TARN_DAEMON_CACHE_FILE_PHASES_H
#define TARN_DAEMON_CACHE_FILE_PHASES_H

#include "daemon/cache_file/cache_file.h"

/* ---- the state (phases.c) -------------------------------------------------------------------- */

/* Has others see the state as it is. */
void tarn__phase_publish(struct tarn__cache_file *);
/* ... and in that phase. */
void tarn__phase_set(struct tarn__cache_file *, enum tarn__cache_file_phase);
/* Sets the fault of the state. */
void tarn__phase_set_fault(struct tarn__cache_file *, const char *fault);
/* Goes on without the file, for the fault of the state, which is logged. */
void tarn__phase_give_up(struct tarn__cache_file *);
/* Returns true if the place is held. */
bool tarn__phase_is_in_use(const struct tarn__cache_file *);

/* What the cache has counted; *size, unless NULL, is its size in octets. */
struct tarn__save_counts tarn__phase_count(const struct tarn__cache_file *, uint64_t *size);
uint32_t tarn__phase_random(struct tarn__cache_file *);
/*
 * Reads the kernel's boot id. Where it cannot be read it is random: the hashes of the file depend on it, and
 * what a server has sent must not be able to look like a block of the file.
 */
void tarn__phase_boot_id(struct tarn__random *, const char *path, uint8_t out[16]);
/* Has the timer run once after so long, and not at another time. */
void tarn__phase_timer(struct tarn__cache_file *, ev_timer *, uint64_t after_ms);

/* ---- waiting and loading (load_phase.c) ------------------------------------------------------ */

void tarn__load_phase_init(struct tarn__cache_file *);
/* Begins: the file is opened when the loop has nothing else to do. */
void tarn__load_phase_begin(struct tarn__cache_file *);
/* Ends it wherever it is. */
void tarn__load_phase_end(struct tarn__cache_file *);
/* Has names that other machines have forgotten noticed, if they can. */
void tarn__load_phase_watch(struct tarn__cache_file *);
/* Looks whether other machines have had names forgotten that the file has, before the end. */
void tarn__load_phase_look(struct tarn__cache_file *);

/* ---- ready and saving (save_phase.c) --------------------------------------------------------- */

void tarn__save_phase_init(struct tarn__cache_file *);
/* Begins: the next save comes as planned. */
void tarn__phase_ready(struct tarn__cache_file *);
/* Has the next look at the plan happen in time. */
void tarn__phase_plan(struct tarn__cache_file *);
/* Breaks off what is under way. Requests for it fail for that reason. */
void tarn__save_phase_end(struct tarn__cache_file *, const char *why);
/* Saves what has changed, and waits for it. */
void tarn__save_phase_last(struct tarn__cache_file *);

#endif
