/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/names/lists.c: the lists in force, and the thread that makes others. */
#include "config.h"

#include "daemon/names/lists.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "daemon/system/memory.h"

enum {
	NICE = 10, /* of the thread that compiles: it yields to those that answer */
	SECOND_US = 1000000,
};

/* A job and its thread. */
struct run {
	struct tarn__list_job job;
	struct ev_loop *loop;
	ev_async *ended;
	sem_t is_over; /* posted at its end */
	atomic_bool has_ended;
};

struct tarn__list_keeper {
	struct tarn__list_keeper_options options;
	char *folder;
	struct tarn__list_plan *wanted; /* a reference; NULL: none yet */
	/* In force: references, and the compiled list; NULL: nothing. */
	struct tarn__list_plan *plan;
	struct tarn__rules *rules;
	struct tarn__list_image image;
	int64_t compiled_s;
	struct run *run; /* NULL: no thread runs */
	pthread_t thread;
	ev_async ended;
	bool is_to_run_again, is_to_force;
	struct tarn__list_fault *faults;
	size_t fault_count;
	char problem[TARN__LIST_REASON_MAX];
};

/* ---- what is in force ------------------------------------------------------------------------ */

static void announce(struct tarn__list_keeper *keeper)
{
	const struct tarn__list_plan *plan = keeper->plan;
	struct tarn__list_answer answers[TARN__NAMELIST_SETS_MAX];
	for (size_t i = 0; i < plan->set_count; i++) {
		answers[i] = plan->sets[i].answer;
		answers[i].slot =
			tarn__list_slots_take(keeper->options.slots, plan->sets[i].rules.name);
	}
	struct tarn__lists *lists = tarn__lists_new(tarn__rules_get(keeper->rules), answers,
						    plan->groups, plan->group_count);
	if (lists)
		keeper->options.changed(keeper->options.data, lists);
	else
		tarn__log(keeper->options.log, TARN_LOG_ERR, "lists stay as they were: %s",
			  tarn_error_text(TARN_ENOMEM));
}

static void set_compiled_time(struct tarn__list_keeper *keeper)
{
	struct stat status;
	keeper->compiled_s = keeper->image.fd >= 0 && fstat(keeper->image.fd, &status) == 0
				     ? (int64_t)status.st_mtim.tv_sec
				     : time(NULL);
}

/* Puts rules in force, which are taken over, of that plan. */
static void set_rules(struct tarn__list_keeper *keeper, struct tarn__rules *rules,
		      struct tarn__list_plan *plan)
{
	tarn__list_plan_get(plan);
	tarn__list_plan_put(keeper->plan);
	keeper->plan = plan;
	tarn__rules_put(keeper->rules);
	keeper->rules = rules;
	announce(keeper);
}

/*
 * Puts a compiled list in force, for the sets of that plan. Takes it over, whatever happens. Returns 0, or
 * an error of tarn__list_image_use().
 */
static int use(struct tarn__list_keeper *keeper, struct tarn__list_image *image,
	       struct tarn__list_plan *plan)
{
	struct tarn__rules *rules;
	int error = tarn__list_image_use(image, plan, &rules);
	if (error != 0) {
		tarn__list_image_close(image);
		return error;
	}
	tarn__list_image_close(&keeper->image);
	keeper->image = *image;
	set_compiled_time(keeper);
	set_rules(keeper, rules, plan);
	return 0;
}

/* Has the present list be that of another plan, which has the same one. */
static void use_again(struct tarn__list_keeper *keeper, struct tarn__list_plan *plan)
{
	struct tarn__list_image copy;
	struct tarn__rules *rules;
	if (keeper->image.fd >= 0) {
		if (tarn__list_image_use(&keeper->image, plan, &rules) == 0)
			set_rules(keeper, rules, plan);
	} else if (tarn__list_image_copy(keeper->rules, &copy)) {
		if (tarn__list_image_use(&copy, plan, &rules) == 0)
			set_rules(keeper, rules, plan);
		tarn__list_image_close(&copy);
	}
}

/* ---- what the log has ------------------------------------------------------------------------ */

static void log_examples(struct tarn__list_keeper *keeper,
			 const struct tarn__namelist_source *source)
{
	for (unsigned i = 0; i < source->fault_count; i++)
		tarn__log(keeper->options.log, TARN_LOG_WARNING, "%.*s:%u: not a rule: %.*s",
			  (int)source->path_len, source->path, (unsigned)source->faults[i].line,
			  (int)source->faults[i].len, source->faults[i].text);
}

/* Writes ", 12 invalid", or nothing if there are none. */
static size_t put_count(char *out, size_t size, unsigned count, const char *what)
{
	return count > 0 ? (size_t)snprintf(out, size, ", %u %s", count, what) : 0;
}

static void log_source(struct tarn__list_keeper *keeper, const struct tarn__namelist_source *source)
{
	enum { COUNT_MAX = 40, COUNTS = 5 /* octets of one, and how many there are */ };
	const struct tarn__planned_set *set = &keeper->plan->sets[source->set];
	char counts[COUNTS * COUNT_MAX] = "";
	size_t len = 0, size = sizeof(counts);
	len += put_count(counts + len, size - len, source->duplicates, "duplicates");
	len += put_count(counts + len, size - len, source->below, "below others");
	len += put_count(counts + len, size - len, source->invalid, "invalid");
	len += put_count(counts + len, size - len, source->not_dns, "not for DNS");
	put_count(counts + len, size - len, source->unsupported, "not supported");
	tarn__log(keeper->options.log, TARN_LOG_INFO, "%s \"%s\": %u names of %.*s (%s)%s",
		  tarn__list_kind_word(set->rules.kind), set->rules.name, (unsigned)source->names,
		  (int)source->path_len, source->path, tarn__namelist_format_word(source->format),
		  counts);
	if (set->rules.kind == TARN__RULE_SET_RPZ && source->unsupported > 0)
		tarn__log(keeper->options.log, TARN_LOG_WARNING,
			  "rpz \"%s\": %u rules need a full resolver: they are not applied",
			  set->rules.name, (unsigned)source->unsupported);
	log_examples(keeper, source);
}

/* Returns true if the list was compiled before, and has not changed since. */
static bool is_known(const struct tarn__rules *before, const struct tarn__namelist_source *source)
{
	const struct tarn__namelist *list = before ? tarn__rules_list(before) : NULL;
	for (unsigned i = 0; list && i < list->source_count; i++) {
		struct tarn__namelist_source other;
		tarn__namelist_source(list, i, &other);
		if (other.set == source->set && other.size == source->size &&
		    other.mtime_ns == source->mtime_ns && other.names == source->names &&
		    other.path_len == source->path_len &&
		    memcmp(other.path, source->path, source->path_len) == 0)
			return true;
	}
	return false;
}

static uint64_t count_rules(const struct tarn__rules *rules)
{
	const struct tarn__namelist *list = tarn__rules_list(rules);
	uint64_t sum = 0;
	for (unsigned i = 0; i < list->source_count; i++) {
		struct tarn__namelist_source source;
		tarn__namelist_source(list, i, &source);
		sum += source.names;
	}
	return sum;
}

/* One line for each list that is another one than before, and one for all. */
static void log_compiled(struct tarn__list_keeper *keeper, const struct tarn__list_job *job)
{
	const struct tarn__namelist *list = tarn__rules_list(keeper->rules);
	for (unsigned i = 0; i < list->source_count; i++) {
		struct tarn__namelist_source source;
		tarn__namelist_source(list, i, &source);
		if (!is_known(job->before, &source))
			log_source(keeper, &source);
	}
	tarn__log(keeper->options.log, TARN_LOG_INFO,
		  "lists: %" PRIu64 " names compiled in %" PRIu64 ".%02" PRIu64 " s, %.1f MiB",
		  count_rules(keeper->rules), job->took_us / SECOND_US,
		  job->took_us % SECOND_US / (SECOND_US / 100), (double)list->len / (1 << 20));
}

/* ---- faults ---------------------------------------------------------------------------------- */

static void free_faults(struct tarn__list_fault *faults, size_t count)
{
	while (count > 0)
		free(faults[--count].path);
	free(faults);
}

static const struct tarn__list_fault *find_fault(const struct tarn__list_keeper *keeper,
						 const char *set, const char *path)
{
	for (size_t i = 0; i < keeper->fault_count; i++) {
		const struct tarn__list_fault *fault = &keeper->faults[i];
		if (strcmp(fault->set, set) == 0 && strcmp(fault->path, path) == 0)
			return fault;
	}
	return NULL;
}

/* Logs a fault that was not there before, or had another reason. */
static void note_fault(struct tarn__list_keeper *keeper, const struct tarn__list_job *job,
		       struct tarn__list_unread *unread, struct tarn__list_fault *out)
{
	const struct tarn__planned_set *set = &job->plan->sets[unread->set];
	*out = (struct tarn__list_fault){.path = unread->path, .since_s = time(NULL)};
	unread->path = NULL;
	strcpy(out->set, set->rules.name);
	strcpy(out->reason, unread->reason);
	const struct tarn__list_fault *before = find_fault(keeper, out->set, out->path);
	if (before)
		out->since_s = before->since_s;
	if (before && strcmp(before->reason, out->reason) == 0)
		return;
	tarn__log(keeper->options.log, TARN_LOG_WARNING, "%s \"%s\": cannot read %s: %s; %s",
		  tarn__list_kind_word(set->rules.kind), out->set, out->path, out->reason,
		  job->outcome == TARN__LIST_KEPT && keeper->rules ? "all lists stay as they were"
								   : "its names are not known");
}

static void note_faults(struct tarn__list_keeper *keeper, struct tarn__list_job *job)
{
	struct tarn__list_fault *faults = calloc(job->unread_count + 1, sizeof(faults[0]));
	if (!faults)
		return;
	for (size_t i = 0; i < job->unread_count; i++)
		note_fault(keeper, job, &job->unread[i], &faults[i]);
	free_faults(keeper->faults, keeper->fault_count);
	keeper->faults = faults;
	keeper->fault_count = job->unread_count;
}

static void note_problem(struct tarn__list_keeper *keeper, const struct tarn__list_job *job)
{
	strcpy(keeper->problem, job->reason);
	if (job->outcome == TARN__LIST_FAILED)
		tarn__log(keeper->options.log, TARN_LOG_ERR, "lists stay as they were: %s",
			  job->reason);
	else if (job->is_in_memory)
		tarn__log(keeper->options.log, TARN_LOG_WARNING,
			  "cannot write the compiled lists to %s: %s; they are kept in memory",
			  keeper->folder, job->reason);
}

/* ---- the thread ------------------------------------------------------------------------------ */

static void *run_main(void *arg)
{
	struct run *run = arg;
	setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICE);
	tarn__list_compile(&run->job);
	atomic_store(&run->has_ended, true);
	sem_post(&run->is_over);
	ev_async_send(run->loop, run->ended);
	return NULL;
}

/* Signals are the main thread's. */
static int start_thread(struct tarn__list_keeper *keeper)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&keeper->thread, NULL, run_main, keeper->run);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

static void free_run(struct run *run)
{
	tarn__list_job_fini(&run->job);
	sem_destroy(&run->is_over);
	free(run);
}

static struct run *new_run(struct tarn__list_keeper *keeper, bool is_forced)
{
	struct run *run = calloc(1, sizeof(*run));
	if (!run)
		return NULL;
	run->loop = keeper->options.loop;
	run->ended = &keeper->ended;
	sem_init(&run->is_over, 0, 0);
	run->job.plan = tarn__list_plan_get(keeper->wanted);
	run->job.before = keeper->rules ? tarn__rules_get(keeper->rules) : NULL;
	run->job.is_forced = is_forced;
	run->job.folder = keeper->folder ? strdup(keeper->folder) : NULL;
	return run;
}

static void start_run(struct tarn__list_keeper *keeper, bool is_forced)
{
	keeper->run = new_run(keeper, is_forced);
	int error = keeper->run ? start_thread(keeper) : ENOMEM;
	if (error == 0)
		return;
	tarn__log(keeper->options.log, TARN_LOG_ERR, "cannot compile the lists: %s",
		  strerror(error));
	if (keeper->run)
		free_run(keeper->run);
	keeper->run = NULL;
}

static void use_compiled(struct tarn__list_keeper *keeper, struct tarn__list_job *job)
{
	/* Meanwhile the settings may have got another answer or group. */
	bool is_wanted = keeper->wanted->digest == job->plan->digest;
	if (use(keeper, &job->image, is_wanted ? keeper->wanted : job->plan) == 0)
		log_compiled(keeper, job);
	else
		tarn__log(keeper->options.log, TARN_LOG_ERR,
			  "lists stay as they were: the compiled list cannot be used");
}

static void take_outcome(struct tarn__list_keeper *keeper, struct tarn__list_job *job)
{
	if (job->outcome == TARN__LIST_CANCELED)
		return;
	if (job->outcome == TARN__LIST_COMPILED)
		use_compiled(keeper, job);
	if (job->outcome != TARN__LIST_UNCHANGED || job->unread_count > 0 ||
	    keeper->fault_count > 0)
		note_faults(keeper, job);
	note_problem(keeper, job);
	keeper->options.reported(keeper->options.data);
	/* The compiler has had some 20 octets for each name. */
	tarn__memory_trim();
}

/* The thread has ended. */
static void end_run(struct tarn__list_keeper *keeper)
{
	struct run *run = keeper->run;
	pthread_join(keeper->thread, NULL);
	keeper->run = NULL;
	take_outcome(keeper, &run->job);
	free_run(run);
	if (!keeper->is_to_run_again)
		return;
	bool is_forced = keeper->is_to_force;
	keeper->is_to_run_again = keeper->is_to_force = false;
	start_run(keeper, is_forced);
}

static void on_ended(struct ev_loop *loop, ev_async *async, int events)
{
	(void)loop;
	(void)events;
	struct tarn__list_keeper *keeper = async->data;
	if (keeper->run && atomic_load(&keeper->run->has_ended))
		end_run(keeper);
}

/* ---- from start to end ----------------------------------------------------------------------- */

struct tarn__list_keeper *tarn__list_keeper_new(const struct tarn__list_keeper_options *options)
{
	struct tarn__list_keeper *keeper = calloc(1, sizeof(*keeper));
	if (!keeper)
		return NULL;
	keeper->options = *options;
	keeper->image.fd = -1;
	keeper->folder = options->folder ? strdup(options->folder) : NULL;
	if (!keeper->folder != !options->folder) {
		free(keeper);
		return NULL;
	}
	ev_async_init(&keeper->ended, on_ended);
	keeper->ended.data = keeper;
	ev_async_start(options->loop, &keeper->ended);
	return keeper;
}

void tarn__list_keeper_free(struct tarn__list_keeper *keeper)
{
	if (!keeper)
		return;
	if (keeper->run) {
		atomic_store(&keeper->run->job.is_canceled, true);
		pthread_join(keeper->thread, NULL);
		if (keeper->run->job.outcome == TARN__LIST_COMPILED)
			tarn__list_image_close(&keeper->run->job.image);
		free_run(keeper->run);
	}
	ev_async_stop(keeper->options.loop, &keeper->ended);
	tarn__list_plan_put(keeper->wanted);
	tarn__list_plan_put(keeper->plan);
	tarn__rules_put(keeper->rules);
	tarn__list_image_close(&keeper->image);
	free_faults(keeper->faults, keeper->fault_count);
	free(keeper->folder);
	free(keeper);
}

/* Takes the compiled file of the last run. Returns true if nothing has to be compiled. */
static bool take_last(struct tarn__list_keeper *keeper)
{
	struct tarn__list_image image;
	if (!keeper->folder || tarn__list_file_open(keeper->folder, &image) < 0)
		return false;
	int error = use(keeper, &image, keeper->wanted);
	if (error == TARN__NAMELIST_DAMAGED)
		tarn__log(keeper->options.log, TARN_LOG_WARNING,
			  "the compiled lists in %s are damaged: they are compiled anew",
			  keeper->folder);
	if (error != 0)
		return false;
	tarn__log(keeper->options.log, TARN_LOG_INFO, "lists: %" PRIu64 " names, compiled before",
		  count_rules(keeper->rules));
	return tarn__list_is_current(keeper->wanted, keeper->rules);
}

void tarn__list_keeper_set(struct tarn__list_keeper *keeper, struct tarn__list_plan *plan)
{
	bool is_first = !keeper->wanted;
	tarn__list_plan_get(plan);
	tarn__list_plan_put(keeper->wanted);
	keeper->wanted = plan;
	if (is_first && take_last(keeper))
		return;
	/* Where the compiled list is the same, what is said of it is in force at once. */
	if (!is_first && keeper->rules && keeper->plan->digest == plan->digest)
		use_again(keeper, plan);
	tarn__list_keeper_refresh(keeper, false);
}

void tarn__list_keeper_refresh(struct tarn__list_keeper *keeper, bool is_forced)
{
	if (!keeper->run) {
		start_run(keeper, is_forced);
		return;
	}
	keeper->is_to_run_again = true;
	keeper->is_to_force |= is_forced;
}

void tarn__list_keeper_wait(struct tarn__list_keeper *keeper, unsigned ms)
{
	if (!keeper->run || keeper->rules)
		return;
	struct timespec end;
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += ms / 1000;
	end.tv_nsec += (long)(ms % 1000) * 1000000;
	if (end.tv_nsec >= 1000000000) {
		end.tv_sec++;
		end.tv_nsec -= 1000000000;
	}
	int error;
	do {
		error = sem_timedwait(&keeper->run->is_over, &end);
	} while (error < 0 && errno == EINTR);
	if (error == 0)
		end_run(keeper);
	else
		tarn__log(keeper->options.log, TARN_LOG_WARNING,
			  "lists are not in force yet: they are being compiled");
}

struct tarn__list_state tarn__list_keeper_state(const struct tarn__list_keeper *keeper)
{
	if (!keeper)
		return (struct tarn__list_state){0};
	return (struct tarn__list_state){
		.plan = keeper->plan,
		.rules = keeper->rules,
		.wanted = keeper->wanted,
		.faults = keeper->faults,
		.fault_count = keeper->fault_count,
		.problem = keeper->problem[0] != '\0' ? keeper->problem : NULL,
		.is_compiling = keeper->run != NULL,
		.octets = keeper->rules ? tarn__rules_list(keeper->rules)->len : 0,
		.compiled_s = keeper->compiled_s,
	};
}
