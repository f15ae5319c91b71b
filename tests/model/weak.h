/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/model/weak.h: <stdatomic.h> and <pthread.h> for sources of the tree that are compiled as C++ and run
 * under Relacy, which runs the threads as fibers, one step of one of them at a time, and has each atomic load
 * return any value that C11 allows it: an old one, too, where no order forbids it.
 *
 * Atomics and mutexes are known by their addresses: each has a shadow, Relacy's own object, that is made
 * before the threads start. Memory that is not atomic is checked where a model declares it (struct tracked,
 * tracked_copy()): two accesses that nothing orders, one of them a write, are a fault.
 */
#ifndef TARN_MODEL_WEAK_H
#define TARN_MODEL_WEAK_H

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <pthread.h>
#include <iostream>
#include <string>
#include <vector>

/* Last: it gives names of the library other meanings. */
#include <relacy/relacy.hpp>

#define _Atomic
#define _Alignas alignas
#define _Static_assert static_assert
#define atomic_bool bool

#define memory_order_relaxed rl::mo_relaxed
#define memory_order_acquire rl::mo_acquire
#define memory_order_release rl::mo_release
#define memory_order_acq_rel rl::mo_acq_rel
#define memory_order_seq_cst rl::mo_seq_cst

/* ---- shadows --------------------------------------------------------------------------------- */

template <typename T> class shadows
{
	static const int MAX = 64;
	alignas(T) unsigned char memory[MAX][sizeof(T)];
	const void *addresses[MAX];
	int count;

      public:
	/* By its number: the same in each run. */
	T &at(int i)
	{
		return *reinterpret_cast<T *>(memory[i]);
	}

	T *add(const void *address)
	{
		assert(count < MAX);
		addresses[count] = address;
		return new (memory[count++]) T();
	}

	T *find(const void *address)
	{
		for (int i = 0; i < count; i++)
			if (addresses[i] == address)
				return &at(i);
		return nullptr;
	}

	T &get(const void *address)
	{
		T *shadow = find(address);
		assert(shadow);
		return *shadow;
	}

	void clear()
	{
		while (count > 0)
			at(--count).~T();
	}

	/* Memory that a run with a fault has left. */
	void forget()
	{
		count = 0;
	}
};

static shadows<rl::atomic<uint64_t>> atomics;
static shadows<rl::mutex> mutexes;
static shadows<rl::var<uint64_t>> variables;

/* An atomic that the threads will use, and what is in it. */
static inline void add_atomic(const void *address, uint64_t value)
{
	atomics.add(address)->store(value, rl::mo_relaxed, RL_INFO);
}

static inline void add_variable(const void *address, uint64_t value)
{
	(*variables.add(address))(RL_INFO).store(value);
}

/* Before a run, in which the threads may use what has been added since. */
static inline void begin_shadows()
{
	atomics.forget();
	mutexes.forget();
	variables.forget();
}

/* After it. */
static inline void end_shadows()
{
	atomics.clear();
	mutexes.clear();
	variables.clear();
}

/* ---- <stdatomic.h> --------------------------------------------------------------------------- */

/*
 * A place in the sources that names an order, or none and so seq_cst. One of them is given a weaker order to
 * see whether the model notices.
 */
struct site {
	const char *file;
	int line;
	rl::memory_order order;
	bool is_implicit;
	enum kind { LOAD, STORE, CHANGE } kind;

	bool is_at(const char *other_file, int other_line) const
	{
		return line == other_line && strcmp(file, other_file) == 0;
	}
};

enum { SITES_MAX = 64 };
static site sites[SITES_MAX]; /* that have been reached */
static int site_count;
static int weakened = -1; /* one of them */
static rl::memory_order weaker; /* its order */

static inline rl::memory_order order_at(const site &here)
{
	int i = 0;
	while (i < site_count && !sites[i].is_at(here.file, here.line))
		i++;
	if (i == site_count) {
		assert(site_count < SITES_MAX);
		sites[site_count++] = here;
	}
	return i == weakened ? weaker : here.order;
}

#define HERE(order, kind) order_at(site{__FILE__, __LINE__, order, false, site::kind})
#define HERE_IMPLICIT(kind) order_at(site{__FILE__, __LINE__, rl::mo_seq_cst, true, site::kind})

/* Memory that a model does not use (more buckets than it has keys for) has no shadow. */
template <typename T>
static inline void model_init(T *at, uint64_t value, rl::debug_info_param info)
{
	if (rl::atomic<uint64_t> *shadow = atomics.find(at))
		shadow->store(value, rl::mo_relaxed, info);
}

#define atomic_init(at, value) model_init(at, value, RL_INFO)

#define MODEL_LOAD(at, order) (static_cast<typeof(+*(at))>(atomics.get(at).load(order, RL_INFO)))
#define MODEL_STORE(at, value, order) (atomics.get(at).store(value, order, RL_INFO))
#define MODEL_CHANGE(how, at, value, order) (atomics.get(at).how(value, order, RL_INFO))

#define atomic_load_explicit(at, order) MODEL_LOAD(at, HERE(order, LOAD))
#define atomic_store_explicit(at, value, order) MODEL_STORE(at, value, HERE(order, STORE))
#define atomic_fetch_add_explicit(at, value, order)                                                \
	MODEL_CHANGE(fetch_add, at, value, HERE(order, CHANGE))
#define atomic_fetch_sub_explicit(at, value, order)                                                \
	MODEL_CHANGE(fetch_sub, at, value, HERE(order, CHANGE))
#define atomic_load(at) MODEL_LOAD(at, HERE_IMPLICIT(LOAD))
#define atomic_store(at, value) MODEL_STORE(at, value, HERE_IMPLICIT(STORE))
#define atomic_exchange(at, value) MODEL_CHANGE(exchange, at, value, HERE_IMPLICIT(CHANGE))

/* ---- <pthread.h> ----------------------------------------------------------------------------- */

struct model_mutex {
	char unused;
};

#define pthread_mutex_t model_mutex
#define pthread_mutex_init(at, attributes) ((void)mutexes.add(at))
#define pthread_mutex_destroy(at) ((void)(at))
#define pthread_mutex_lock(at) (mutexes.get(at).lock(RL_INFO))
#define pthread_mutex_unlock(at) (mutexes.get(at).unlock(RL_INFO))

/* ---- memory that is not atomic --------------------------------------------------------------- */

/* Replaces a field of an integer type. */
struct tracked {
	uint64_t unused;

	operator uint64_t() const
	{
		return variables.get(this)(RL_INFO).load();
	}

	tracked &operator=(uint64_t value)
	{
		variables.get(this)(RL_INFO).store(value);
		return *this;
	}
};

/* ---- the run --------------------------------------------------------------------------------- */

/* The same runs each time: a run is its number's. */
enum { RUNS = 300000, RUNS_WEAKENED = 1000000 };

/* Returns the fault; NULL: none. The steps to it are written to out. */
template <typename Model> static const char *run_model(unsigned runs, std::ostream &out)
{
	rl::test_params params;
	std::ostream nowhere(nullptr);
	params.iteration_count = runs;
	params.search_type = rl::random_scheduler_type;
	params.execution_depth_limit = 5000; /* steps; some hundred are usual */
	params.progress_stream = &nowhere;
	params.output_stream = &out;
	return rl::simulate<Model>(params) ? nullptr : rl::test_result_str(params.test_result);
}

template <typename... Models> static const char *find_fault(unsigned runs, std::ostream &out)
{
	const char *fault = nullptr;
	((fault = fault ? fault : run_model<Models>(runs, out)), ...);
	return fault;
}

/* The orders that are weaker by one step. */
static inline std::vector<rl::memory_order> weaker_orders(const site &here)
{
	switch (here.order) {
	case rl::mo_seq_cst:
		return {here.kind == site::LOAD	   ? rl::mo_acquire
			: here.kind == site::STORE ? rl::mo_release
						   : rl::mo_acq_rel};
	case rl::mo_acq_rel:
		return {rl::mo_acquire, rl::mo_release};
	case rl::mo_acquire:
	case rl::mo_release:
		return {rl::mo_relaxed};
	default:
		return {};
	}
}

static int tap_count;

static inline void tap(bool is_well, const std::string &sentence)
{
	printf("%s %d - %s\n", is_well ? "ok" : "not ok", ++tap_count, sentence.c_str());
	fflush(stdout);
}

/* A site that names an order must not do with less; one that names none may. */
template <typename... Models> static void check_site(const site &here)
{
	for (rl::memory_order order : weaker_orders(here)) {
		weaker = order;
		std::ostream nowhere(nullptr);
		const char *fault = find_fault<Models...>(RUNS_WEAKENED, nowhere);
		if (!fault && here.is_implicit)
			continue;
		tap(fault, std::string(here.file) + ":" + std::to_string(here.line) + " needs " +
				   rl::format(here.order) + "; with " + rl::format(order) + ": " +
				   (fault ? fault : "no fault"));
	}
}

/* Prints TAP: no model has a fault, and one has when any order in their sources is weaker. */
template <typename... Models> static int check_models()
{
	weakened = -1;
	std::ostream nowhere(nullptr);
	const char *fault = find_fault<Models...>(RUNS, nowhere);
	tap(!fault, std::string("as it is: ") + (fault ? fault : "no fault"));
	if (fault)
		find_fault<Models...>(RUNS, std::cerr);
	for (weakened = 0; weakened < site_count && !fault; weakened++)
		check_site<Models...>(site(sites[weakened]));
	printf("1..%d\n", tap_count);
	return 0;
}

#endif
