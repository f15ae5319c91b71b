/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/model/references.cc: how cache/flight.c counts those who hold a flight, whose answer several clients read:
 * who lets go of it last frees it, and nobody looks at it after that.
 */
#include "weak.h"

struct rtcache__flight {
	unsigned refs;
	tracked *data;
};

/* What is freed gets other contents. */
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

	/* Who holds it may hand it on. */
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
