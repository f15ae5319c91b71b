/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/scenario/script.h: runs one script against core/ and the fake outside. One statement a
 * line; ";" starts a comment line. A statement may be followed by indented records, each with its
 * section in front ("answer", "authority", "additional").
 *
 *	upstream ADDRESS [tcp] [no-mixed-case] [no-cookies] [no-edns]
 *		a server, in order, and its traits; before anything else, as the next four
 *	allow NETWORK
 *	through NAME
 *	trust-ad
 *	selection fastest|sequential|round-robin|parallel|strict
 *		the configuration; without them it is a configuration's default
 *	forward ZONE [ADDRESS...] [following]
 *	unforward ZONE
 *		the zone has these servers of its own, or none; with "following" CNAMEs are followed out of it.
 *		unforward: it is no zone any more. After the first statement other than these it
 *		makes a new configuration, which is taken over
 *	private [NAME...]
 *	no TYPE... [NETWORK...]
 *	dns64 PREFIX... [NAME...]
 *	ttl MIN MAX NEGATIVE
 *	local-only
 *		private addresses are taken out of answers, but for these names; types that are not served, to these
 *		clients; DNS64, but for these names; limits of TTLs, in seconds; names of one label stay here
 *	local RECORD
 *	host ADDRESS NAME...
 *	local-zone NAME
 *	no-names
 *		a local record in presentation format, a line of a hosts file, a zone that is ours; none of those
 *		before any more
 *	group NAME NETWORK
 *	set NAME block|allow [nxdomain|nodata|zero|refused|drop|tcp-only|ADDRESS...] [for=GROUP] [no-chain]
 *	rpz NAME [for=GROUP] [no-chain]
 *	rule LINE
 *	block NAME
 *	unblock NAME
 *	pause [off]
 *		a group of clients; a rule set, and a line of its list in Adblock syntax; a response policy
 *		zone, and a record of it, whose names are relative to the zone; the administrator's commands.
 *		All of these may stand anywhere, as "forward"
 *	ask CLIENT NAME TYPE [FLAG...]
 *		a client asks: tcp, do, cd, ad, norec, edns=SIZE, keepalive, cookie=HEX, from=ADDRESS
 *	sent ADDRESS [tcp] NAME TYPE [FLAG...]
 *		the next message to that server must be this: do, cd, ad, noedns. Over UDP the name must
 *		be in mixed case, or in lower case with unmixed; over TCP in lower case. With EDNS there
 *		must be a client cookie, alone or with servercookie=HEX; or none with nocookie. The next
 *		reply answers it
 *	reply RCODE [FLAG...]
 *		the server answers: tc, aa, ad, noqr, wrong-id, wrong-name, lower, noopt, headeronly,
 *		servercookie=HEX, wrong-cookie, ede=CODE. Without these it repeats the question as it
 *		was spelt, and has no cookies
 *	probed ADDRESS [tcp] [NAME [TYPE]] [noedns]
 *		as "sent", for a probe by tarn, with EDNS but no cookie, or without EDNS. NAME and TYPE default
 *		to the root's name servers, TYPE to NS
 *	raw HEX...
 *		the server answers these octets after its id
 *	unreachable
 *		the network reports that the server cannot be reached
 *	late
 *		before one of those three: core/ must have canceled the message
 *	gets CLIENT RCODE [FLAG...]
 *		the client must have been answered: tc, aa, ad, ede=CODE,CODE, keepalive; and with exactly
 *		these records, in order. Id, spelling, RD, CD, OPT, cookie and size are always checked
 *	waits CLIENT
 *		the client must not have been answered
 *	dropped CLIENT
 *		the client gets no reply, by the policy
 *	silence
 *		no message has been sent upstream without a "sent" for it
 *	servers [ADDRESS...]
 *		these are the upstreams from now on
 *	network
 *		the network changes
 *	pass TIME
 *		10s, 1500ms, 2h: time passes
 *	sleep TIME
 *		the machine is suspended: time passes and nothing happens
 */
#ifndef TESTS_SCENARIO_SCRIPT_H
#define TESTS_SCENARIO_SCRIPT_H

/* Runs the script; fails the running Check test, with file and line, if a statement does not hold. */
void script_run(const char *path);

#endif
