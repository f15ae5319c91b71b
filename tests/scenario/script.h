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
 *		that zone has servers of its own, or none, whose CNAMEs are followed out of it where it
 *		says so; or is as any other name. After the beginning
 *		it is another configuration that is taken over
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
 *		was spelt, and knows no cookies
 *	probed ADDRESS [tcp] [NAME [TYPE]] [noedns]
 *		the same for a probe of ours, in plain EDNS or without; without more the root's name servers,
 *		without TYPE that zone's
 *	raw HEX...
 *		the server answers these octets after its id
 *	unreachable
 *		the network says that the server cannot be reached
 *	late
 *		before one of those three: core/ must not listen any more
 *	gets CLIENT RCODE [FLAG...]
 *		the client must have been answered: tc, aa, ad, ede=CODE,CODE, keepalive; and with exactly
 *		these records, in order. Id, spelling, RD, CD, OPT, cookie and size are always checked
 *	waits CLIENT
 *		the client must not have been answered
 *	silence
 *		nothing has gone upstream that no "sent" has named
 *	servers [ADDRESS...]
 *		these are the upstreams from now on
 *	network
 *		the network is another one
 *	pass TIME
 *		10s, 1500ms, 2h: time passes
 *	sleep TIME
 *		the machine is suspended: time passes and nothing happens
 */
#ifndef TESTS_SCENARIO_SCRIPT_H
#define TESTS_SCENARIO_SCRIPT_H

/* Fails the running Check test, with file and line, where the script is not met. */
void script_run(const char *path);

#endif
