/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/lookup_state.h: the states of a lookup. core/forward/lookup.c draws the moves between them.
 *
 * Thread: as the lookup's.
 */
#ifndef TARN_CORE_FORWARD_LOOKUP_STATE_H
#define TARN_CORE_FORWARD_LOOKUP_STATE_H

/*
 * A zone has a list of its lookups in each state but the first and the last, in the order in which they
 * entered it. One timer runs per lookup; it fires at the deadline of the lookup at the latest, and then
 * the lookup fails. What else it means:
 */
enum tarn__lookup_state {
	/* Being made; its timer does not run. */
	TARN__LOOKUP_NEW,
	/*
	 * The second level of the cache is asked (core/forward/fetching.h). The timer: its wait is over, and the
	 * servers are asked.
	 */
	TARN__LOOKUP_FETCHING,
	/*
	 * Servers are asked. The timer: the next one is asked too; if none is left, one is charged for
	 * silence.
	 */
	TARN__LOOKUP_ASKING,
	/* The last message to a server is held back until it answers something. The timer: one is charged. */
	TARN__LOOKUP_HOLDING,
	/*
	 * There is no server to ask. The timer: once as before, for messages under way; then the deadline
	 * only.
	 */
	TARN__LOOKUP_WAITING,
	/* The answer is checked (core/forward/validation.h). The timer: the deadline only. */
	TARN__LOOKUP_CHECKING,
	/* The answer's chain of CNAMEs is followed (core/forward/cname.h). The timer: the deadline only. */
	TARN__LOOKUP_FOLLOWING,
	/* Filled, failed or refused; about to be freed. Its timer does not run. */
	TARN__LOOKUP_ENDED,

	TARN__LOOKUP_STATES,
};

#endif
