/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file of the cache: clocks that are wrong, flushes and changes of servers while it is loaded and saved, and
 * a save at the end that has too little time.
 */
#include "config.h"

#include "daemon/cache_file/cache_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/admin/dump.h"
#include "core/config.h"
#include "core/resolver.h"
#include "daemon/cache_file/phases.h"
#include "daemon/cache_file/wall.h"
#include "net/clock.h"
#include "net/shared.h"
#include "net/worker.h"
#include "rtcache.h"
#include "support/unit.h"

enum {
	ANSWERS = 26 * 26,
	/* Time for the first pass of a last save over them, for the hot ones, and some of the second. */
	STEP_MS = 10,
};

static char folder[64], path[96];
static struct tarn__log sink;
static struct tarn__settings settings;
static struct tarn__own_worker own;
static struct tarn__cache_file file;

/* What the time of day is ahead by; what each look at a clock adds to all of them. */
static int64_t wall_ahead_sec, step_ms, passed_ms;

enum { CLOCKS = 16 };

static int look(clockid_t clock, struct timespec *now)
{
#ifdef SYS_clock_gettime64
	return (int)syscall(sizeof(now->tv_sec) > sizeof(long) ? SYS_clock_gettime64
							       : SYS_clock_gettime,
			    clock, now);
#else
	return (int)syscall(SYS_clock_gettime, clock, now);
#endif
}

/* Of real time nothing passes while looks take time. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
	static struct timespec last[CLOCKS];
	bool is_counted = clock >= 0 && clock < CLOCKS;
	int result = 0;
	if (step_ms > 0 && is_counted && last[clock].tv_sec > 0)
		*now = last[clock];
	else
		result = look(clock, now);
	if (is_counted)
		last[clock] = *now;
	passed_ms += step_ms;
	now->tv_sec += (time_t)(passed_ms / 1000);
	now->tv_nsec += (long)(passed_ms % 1000) * 1000000;
	if (now->tv_nsec >= 1000000000) {
		now->tv_nsec -= 1000000000;
		now->tv_sec++;
	}
	if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
		now->tv_sec += (time_t)wall_ahead_sec;
	return result;
}

/* ---- a tarn without clients ------------------------------------------------------------------ */

static void start(void)
{
	own = (struct tarn__own_worker){.tarn = tarn_new(&(struct tarn_options){0}),
					.loop = ev_loop_new(EVFLAG_NOENV)};
	ck_assert(own.tarn && own.loop);
	tarn__cache_file_init(&file, &own, own.loop, &sink);
	ck_assert_int_eq(tarn__cache_file_set(&file, &settings), 0);
	tarn__cache_file_settle(&file);
}

static void stop(void)
{
	tarn__cache_file_stop(&file);
	tarn__own_worker_fini(&own);
	tarn_free(own.tarn);
	ev_loop_destroy(own.loop);
	own = (struct tarn__own_worker){0};
}

static void set_up(void)
{
	strcpy(folder, "/tmp/tarn-cache-file-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/cache", folder);
	tarn__log_init(&sink, -1, TARN_LOG_ERR);
	settings = (struct tarn__settings){.cache_file = path, .save_sec = -1};
	start();
}

static void tear_down(void)
{
	char lock[128];
	if (own.tarn)
		stop();
	snprintf(lock, sizeof(lock), "%s.lock", path);
	unlink(lock);
	unlink(path);
	ck_assert_int_eq(rmdir(folder), 0);
	tarn__log_fini(&sink);
}

static enum tarn__cache_file_phase phase(void)
{
	struct tarn__cache_file_state state;
	tarn__cache_file_board_read(&file.board, &state);
	return state.phase;
}

static void run_until(enum tarn__cache_file_phase wanted)
{
	for (int i = 0; i < 100000 && phase() != wanted; i++)
		ev_run(own.loop, EVRUN_ONCE);
	ck_assert_int_eq(phase(), wanted);
}

/* Has the cache hold answers aa.example, ab.example, ... */
static void fill(void)
{
	struct tarn__dump_room *room = malloc(sizeof(*room));
	struct tarn__resolver *resolver = tarn__own_worker_enter(&own);
	ck_assert(room && resolver);
	for (int i = 0; i < ANSWERS; i++) {
		char line[256], first = (char)('a' + i / 26), second = (char)('a' + i % 26);
		const char *fault;
		snprintf(line, sizeof(line),
			 "%c%c.example. IN A - 3599 NOERROR 00008180000100010000000002%02x%02x"
			 "076578616d706c650000010001c00c0001000100000e0f0004c0000201",
			 first, second, (unsigned)first, (unsigned)second);
		ck_assert_int_eq(tarn__dump_load(resolver, room, line, 0, &fault),
				 TARN__LOAD_STORED);
	}
	tarn__own_worker_leave(&own);
	free(room);
	/* What is loaded was not looked up. */
	tarn__cache_file_flushed(&file);
}

static off_t size_of_file(void)
{
	struct stat status;
	return stat(path, &status) == 0 ? status.st_size : -1;
}

static void turn_loop(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		ev_run(own.loop, EVRUN_NOWAIT);
}

/* Leaves a file with all answers, and a tarn that has just begun. */
static void restart(void)
{
	run_until(TARN__CACHE_FILE_READY);
	fill();
	stop();
	ck_assert_int_gt(size_of_file(), 0);
}

/* ---- clocks ---------------------------------------------------------------------------------- */

static void set_wall(int64_t sec)
{
	wall_ahead_sec = 0;
	wall_ahead_sec = sec - (int64_t)(tarn__wall_ms() / 1000);
}

static void let_seconds_pass(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		ck_assert_int_eq(phase(), TARN__CACHE_FILE_WAITING);
		ev_feed_event(own.loop, &file.clock, EV_TIMER);
		ev_run(own.loop, EVRUN_NOWAIT);
	}
}

START_TEST(file_is_loaded)
{
	restart();
	start();
	run_until(TARN__CACHE_FILE_READY);
	ck_assert_uint_eq(file.state.loaded.loaded, ANSWERS);
	ck_assert_uint_eq(file.state.entries, ANSWERS);
	ck_assert_uint_eq(file.state.loaded_percent, 100);
}
END_TEST

START_TEST(clock_is_waited_for_a_minute)
{
	restart();
	off_t size = size_of_file();
	set_wall(TARN__RELEASE_SEC - 1);
	start();
	run_until(TARN__CACHE_FILE_WAITING);
	let_seconds_pass(TARN__CLOCK_WAIT_SEC - 1);
	ck_assert_int_eq(phase(), TARN__CACHE_FILE_WAITING);
	let_seconds_pass(1);
	ck_assert_int_eq(phase(), TARN__CACHE_FILE_READY);
	ck_assert_uint_eq(file.state.loaded.loaded, 0);
	ck_assert_str_eq(file.state.fault, "the clock is not set");
	/* Nothing is saved with it, nor shortly afterwards. */
	struct tarn__cache_file_request request = {0};
	ck_assert_str_eq(tarn__cache_file_save(&file, &request), "the clock is not set");
	set_wall(TARN__RELEASE_SEC + 1);
	file.plan.lookups--;
	stop();
	ck_assert_int_eq(size_of_file(), size);
}
END_TEST

START_TEST(clock_that_is_set_in_time_is_taken)
{
	set_wall(TARN__RELEASE_SEC + 1000);
	restart();
	set_wall(TARN__RELEASE_SEC - 1);
	start();
	run_until(TARN__CACHE_FILE_WAITING);
	let_seconds_pass(30);
	set_wall(TARN__RELEASE_SEC + 1010);
	let_seconds_pass(1);
	run_until(TARN__CACHE_FILE_READY);
	ck_assert_uint_eq(file.state.loaded.loaded, ANSWERS);
}
END_TEST

START_TEST(file_of_the_future_is_kept_for_a_while)
{
	set_wall(TARN__RELEASE_SEC + 10000);
	restart();
	off_t size = size_of_file();
	set_wall(TARN__RELEASE_SEC + 10);
	start();
	run_until(TARN__CACHE_FILE_WAITING);
	let_seconds_pass(TARN__CLOCK_WAIT_SEC);
	ck_assert_int_eq(phase(), TARN__CACHE_FILE_READY);
	file.plan.lookups--;
	passed_ms += TARN__CLOCK_HOLD_MS - 100000;
	stop();
	ck_assert_int_eq(size_of_file(), size);
	start();
	run_until(TARN__CACHE_FILE_WAITING);
	let_seconds_pass(TARN__CLOCK_WAIT_SEC);
	file.plan.lookups--;
	passed_ms += TARN__CLOCK_HOLD_MS + 1000;
	stop();
	ck_assert_int_lt(size_of_file(), size);
}
END_TEST

START_TEST(flush_before_the_clock_is_set_removes_the_file)
{
	restart();
	set_wall(0);
	start();
	run_until(TARN__CACHE_FILE_WAITING);
	ck_assert(tarn__cache_file_may_flush(&file));
	ck_assert_int_eq(size_of_file(), -1);
	ck_assert_int_eq(phase(), TARN__CACHE_FILE_READY);
}
END_TEST

START_TEST(flush_waits_while_it_is_loaded)
{
	restart();
	start();
	ck_assert_int_eq(phase(), TARN__CACHE_FILE_LOADING);
	ck_assert(!tarn__cache_file_may_flush(&file));
	run_until(TARN__CACHE_FILE_READY);
	ck_assert(tarn__cache_file_may_flush(&file));
}
END_TEST

START_TEST(what_is_not_loaded_yet_is_not_overwritten)
{
	restart();
	off_t size = size_of_file();
	start();
	file.plan.lookups--;
	stop();
	ck_assert_int_eq(size_of_file(), size);
}
END_TEST

/* ---- a flush by other machines ----------------------------------------------------------------- */

static uint64_t count_entries(void)
{
	struct rtcache_stats stats;
	rtcache_stats_get(tarn__shared_cache(own.tarn->shared), &stats);
	return stats.entries;
}

/* The worker that was told has not come to it, or is through with a part of the cache. */
START_TEST(flush_while_it_is_loaded_leaves_nothing_of_it)
{
	restart();
	start();
	struct ev_loop *loop = ev_loop_new(EVFLAG_NOENV);
	struct tarn_worker *other = tarn_worker_new(own.tarn, loop);
	step_ms = STEP_MS;
	while (file.state.loaded.loaded == 0)
		ev_run(own.loop, EVRUN_ONCE);
	step_ms = 0;
	ck_assert_int_eq(phase(), TARN__CACHE_FILE_LOADING);
	tarn__worker_enter(other);
	tarn__resolver_forget_all(other->resolver);
	tarn__worker_leave(other);
	run_until(TARN__CACHE_FILE_READY);
	ck_assert_uint_lt(file.state.loaded.loaded, ANSWERS);
	turn_loop(10);
	ck_assert_uint_eq(count_entries(), 0);
	ck_assert(file.plan.is_flushed);
	tarn_worker_free(other);
	ev_loop_destroy(loop);
}
END_TEST

/* ---- what is stale ----------------------------------------------------------------------------- */

static struct tarn__cache_file_request request;
static unsigned saved_count;

static void on_saved(struct tarn__cache_file_request *of,
		     const struct tarn__cache_file_state *state, const char *fault)
{
	(void)of;
	(void)state;
	ck_assert_ptr_null(fault);
	saved_count++;
}

static void request_save(void)
{
	saved_count = 0;
	request = (struct tarn__cache_file_request){.done = on_saved};
	ck_assert_ptr_null(tarn__cache_file_save(&file, &request));
	ck_assert_int_eq(phase(), TARN__CACHE_FILE_SAVING);
}

/* All names that fill() has are of that server from now on. */
static void move_names(void)
{
	struct tarn_address server;
	ck_assert_int_eq(tarn_address_parse("192.0.2.1", 53, &server), 0);
	const struct tarn_forward forward = {
		.zone = "example", .upstreams = &server, .upstream_count = 1};
	ck_assert_int_eq(tarn_reconfigure(own.tarn, &(struct tarn_options){.forwards = &forward,
									   .forward_count = 1}),
			 0);
}

/* Another worker has not changed over yet. */
START_TEST(save_begins_when_nothing_is_stale)
{
	run_until(TARN__CACHE_FILE_READY);
	fill();
	struct ev_loop *loop = ev_loop_new(EVFLAG_NOENV);
	struct tarn_worker *slow = tarn_worker_new(own.tarn, loop);
	move_names();
	turn_loop(10);
	request_save();
	ev_run(own.loop, EVRUN_ONCE);
	passed_ms += 1000;
	turn_loop(10);
	ck_assert_int_eq(phase(), TARN__CACHE_FILE_SAVING);
	ck_assert_ptr_null(file.saving.writer);
	ck_assert_uint_eq(saved_count, 0);
	tarn_worker_free(slow);
	ev_loop_destroy(loop);
	run_until(TARN__CACHE_FILE_READY);
	ck_assert_uint_eq(saved_count, 1);
	ck_assert_uint_eq(file.state.entries, 0);
}
END_TEST

START_TEST(save_begins_anew_when_names_move)
{
	run_until(TARN__CACHE_FILE_READY);
	fill();
	step_ms = STEP_MS;
	request_save();
	while (!file.saving.writer)
		ev_run(own.loop, EVRUN_ONCE);
	turn_loop(1);
	ck_assert_ptr_nonnull(file.saving.snapshot);
	step_ms = 0;
	move_names();
	run_until(TARN__CACHE_FILE_READY);
	ck_assert_uint_eq(saved_count, 1);
	ck_assert_uint_eq(file.state.entries, 0);
}
END_TEST

START_TEST(last_save_has_nothing_that_is_stale)
{
	run_until(TARN__CACHE_FILE_READY);
	fill();
	move_names();
	stop();
	start();
	run_until(TARN__CACHE_FILE_READY);
	ck_assert_uint_eq(file.state.loaded.loaded + file.state.loaded.elsewhere, 0);
	ck_assert(file.state.loaded.is_whole);
}
END_TEST

START_TEST(boot_id_that_cannot_be_read_is_random)
{
	struct tarn__random random = {0};
	uint8_t ids[2][16] = {{0}};
	for (unsigned i = 0; i < 2; i++)
		tarn__phase_boot_id(&random, "/nonexistent/boot_id", ids[i]);
	ck_assert_mem_ne(ids[0], ids[1], 16);
	for (unsigned i = 0; i < 2; i++)
		tarn__phase_boot_id(&random, "/proc/sys/kernel/random/boot_id", ids[i]);
	ck_assert_mem_eq(ids[0], ids[1], 16);
	/* It is too short. */
	tarn__phase_boot_id(&random, "/proc/sys/kernel/ostype", ids[1]);
	tarn__phase_boot_id(&random, "/proc/sys/kernel/ostype", ids[0]);
	ck_assert_mem_ne(ids[0], ids[1], 16);
}
END_TEST

/* ---- the end --------------------------------------------------------------------------------- */

START_TEST(last_save_that_takes_too_long_is_cut)
{
	run_until(TARN__CACHE_FILE_READY);
	fill();
	step_ms = STEP_MS;
	stop();
	step_ms = 0;
	ck_assert_int_gt(size_of_file(), 0);
	start();
	run_until(TARN__CACHE_FILE_READY);
	ck_assert_uint_gt(file.state.loaded.loaded, 0);
	ck_assert_uint_lt(file.state.loaded.loaded, ANSWERS);
	ck_assert(file.state.loaded.is_whole);
}
END_TEST

static const struct {
	int64_t age_sec;
	bool is_flushed, is_kept;
} formers[] = {
	{100, false, true},
	{TARN__SAVE_FORMER_SEC + 100, false, false},
	{100, true, false},
};

START_TEST(former_file_stays_if_it_has_more)
{
	restart();
	off_t size = size_of_file();
	start();
	run_until(TARN__CACHE_FILE_READY);
	wall_ahead_sec += formers[_i].age_sec;
	file.plan.lookups--;
	if (formers[_i].is_flushed)
		tarn__cache_file_flushed(&file);
	step_ms = STEP_MS;
	stop();
	step_ms = 0;
	ck_assert_int_eq(size_of_file() == size, formers[_i].is_kept);
	ck_assert_int_gt(size_of_file(), 0);
}
END_TEST

int main(void)
{
	enum { FORMERS = sizeof(formers) / sizeof(formers[0]) };
	Suite *suite = suite_create("cache_file");
	TCase *tcase = tcase_create("cache_file");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, file_is_loaded);
	tcase_add_test(tcase, clock_is_waited_for_a_minute);
	tcase_add_test(tcase, clock_that_is_set_in_time_is_taken);
	tcase_add_test(tcase, file_of_the_future_is_kept_for_a_while);
	tcase_add_test(tcase, flush_before_the_clock_is_set_removes_the_file);
	tcase_add_test(tcase, flush_waits_while_it_is_loaded);
	tcase_add_test(tcase, what_is_not_loaded_yet_is_not_overwritten);
	tcase_add_test(tcase, flush_while_it_is_loaded_leaves_nothing_of_it);
	tcase_add_test(tcase, save_begins_when_nothing_is_stale);
	tcase_add_test(tcase, save_begins_anew_when_names_move);
	tcase_add_test(tcase, last_save_has_nothing_that_is_stale);
	tcase_add_test(tcase, boot_id_that_cannot_be_read_is_random);
	tcase_add_test(tcase, last_save_that_takes_too_long_is_cut);
	tcase_add_loop_test(tcase, former_file_stays_if_it_has_more, 0, FORMERS);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
