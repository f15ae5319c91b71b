/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/model/references.cc: the reference count of a flight in cache/flight.c, whose answer several clients read:
 * dropping the last reference frees it, and it is not read after that.
 */
#include "weak.h"

struct rtcache__flight {
	unsigned refs;
	tracked *data;
};

/* Freeing changes the contents. */
static void free_flight(tracked *data)
{
	*data = 0;
}

static void free_flight(rtcache__flight *flight)
{
	(void)flight;
}

#define free free_flight
#include "flight-references.c"
#undef free

struct references_model : rl::test_suite<references_model, 3> {
	rtcache__flight flight;
	tracked answer;

	void before()
	{
		begin_shadows();
		add_atomic(&flight.refs, 0);
		add_variable(&answer, 1);
		flight.data = &answer;
		atomic_init(&flight.refs, 1);
		ref(&flight);
		ref(&flight);
	}

	void after()
	{
		RL_ASSERT(answer == 0);
		end_shadows();
	}

	/* The holder of a reference may pass another one on. */
	void thread(unsigned index)
	{
		RL_ASSERT(answer == 1);
		if (index == 0) {
			ref(&flight);
			rtcache__flight_unref(&flight);
			RL_ASSERT(answer == 1);
		}
		rtcache__flight_unref(&flight);
	}
};

int main()
{
	return check_models<references_model>();
}
