/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/scenario/script.h: runs one script against core/ and the fake outside. One statement a line; ";"
 * starts a comment line. A statement may be followed by indented records, each with its section in front
 * ("answer", "authority", "additional").
 *
 *	upstream ADDRESS [tcp] [no-mixed-case] [no-cookies] [no-edns]
 *	upstream tls://ADDRESS#NAME [WORD...]
 *		a server, in order, and its traits; or one as in a configuration, with a scheme, whose
 *		address may be unknown ("tls://NAME"); before anything else, as the next four
 *	allow NETWORK
 *	through NAME
 *	trust-ad
 *	selection fastest|sequential|round-robin|parallel|strict
 *		the configuration; without them it is a configuration's default
 *	forward ZONE [ADDRESS...] [following] [validate]
 *	unforward ZONE
 *		the zone has these servers of its own, or none; with "following" CNAMEs are followed out of it, with
 *		"validate" its answers are validated.
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
 *	validate [off]
 *	anchor ZONE [dnskey] [key=NAME] [digest=N] [algorithm=N]
 *	no-anchors
 *	insecure NAME
 *	no-insecure
 *	clock-floor DATE
 *		DNSSEC: answers are validated; a trust anchor, which is a DS, or the DNSKEY, of a key of the zone; none of those
 *		before any more, and others follow; a negative anchor; none any more; the time before which
 *		the clock cannot be right, 30 days before the beginning by default. All of these may stand anywhere
 *	wall DATE
 *		the wall clock, which goes on with the time that passes. At the beginning it is 30 November 2026, 12:00:00, if
 *		answers are validated. A DATE is "2026-11-30", "2026-11-30T12:00:00", or an offset from the beginning,
 *		"+90s" or "-2d"
 *	dates DATE DATE
 *		when signatures begin and end from now on; by default a day before the beginning and 30 days after it
 *	key ZONE NAME ALGORITHM [flags=N] [protocol=N] [hidden]
 *		a key of the zone; hidden: not in its DNSKEY RRset. A zone whose name is used has a key "main" of ED25519,
 *		unless it is made here
 *	second [wait=MS] [read-only] [lease] [stale]
 *	second off
 *		a second level of the cache, with a store that is there; or none any more. May stand anywhere
 *	second up|silent|down|full|busy|empty|slow=MS|error=RESULT...
 *		its store from now on: it answers; has the connection and answers nothing; is not there; has no room
 *		for more; everything is refused before it is sent; it has lost all; it answers after that time; every answer is
 *		that one of core/second/request.h. What is not said is as at the beginning
 *	second-has NAME TYPE [do] [cd] [nxdomain] [ad|insecure] [age=S] [ahead=S] [ttl=S] [DAMAGE]
 *		it has the answer that the records are, as another machine has put it: so old, or from the future. DAMAGE:
 *		flip=BIT, under=NAME (it is the value of another name's key), question=NAME (the message's), other-secret
 *	second-epoch to=NUMBER [spoilt]
 *	second-has-epoch [of=NUMBER] [none]
 *		another machine puts an epoch; the store must have one, or none
 *	fetched NAME TYPE [do] [cd] [lease] [primary]
 *	stored NAME TYPE [do] [cd] [ad] [ttl=S] [stale=S]
 *		the next get, or put, must be for that key; time for its answer passes. Those of the epoch are not counted
 *	counted COUNT=NUMBER...
 *	shared NUMBER
 *		so much has been counted; so many questions have the answer of the second level
 *	ask CLIENT NAME TYPE [FLAG...]
 *		a client asks: tcp, tls, https, do, cd, ad, norec, edns=SIZE, keepalive, padding, cookie=HEX,
 *		from=ADDRESS
 *	sent ADDRESS [tcp|tls|https] NAME TYPE [FLAG...]
 *		the next message to that server must be this: do, cd, ad, noedns. Over UDP the name must
 *		be in mixed case if it has eight letters, or in lower case with unmixed; over connections in
 *		lower case. With EDNS there must be a client cookie, alone or with servercookie=HEX; or none
 *		with nocookie; over TLS and HTTPS no cookie but padding to 128 octets, and over TLS a wish for
 *		keepalive. The next reply answers it, or, with as=NAME, the one that says to=NAME
 *	reply RCODE [FLAG...]
 *		the server answers: tc, aa, ad, noqr, wrong-id, wrong-name, lower, noopt, headeronly,
 *		servercookie=HEX, wrong-cookie, ede=CODE, to=NAME. Without these it repeats the question as it
 *		was spelt, and has no cookies. What follows is waited for, but with turn only for one turn of the worker
 *	gives ADDRESS [tcp|tls|https] dnskey|ds|no-ds|no-cut ZONE [PARENT] [TTL] [HOW...] [no-cd]
 *		"sent" for the DNSKEY or the DS of the zone, with do and cd, and "reply" with it: "answer dnskey ZONE", "answer ds ZONE
 *		PARENT", or an NSEC of the parent by which the name is a delegation without DS, or none
 *	probed ADDRESS [tcp|tls|https] [NAME [TYPE]] [noedns]
 *		as "sent", for a probe by tarn, with EDNS but no cookie, or without EDNS. NAME and TYPE default
 *		to the root's name servers, TYPE to NS
 *	raw HEX...
 *		the server answers these octets after its id
 *	unreachable
 *		the network reports that the server cannot be reached
 *	fails certificate|tls|unreachable|answer [to=NAME] [WORDS...]
 *		the carrier reports that error, with these words
 *	late
 *		before one of those four: core/ must have canceled the message
 *	gets CLIENT RCODE [FLAG...] [saying WORDS...]
 *		the client must have been answered: tc, aa, ad, ede=CODE,CODE, keepalive; the last extended
 *		error must have these words; and with exactly these records, in order. Id, spelling, RD, CD,
 *		OPT, cookie, size and padding are always checked
 *	waits CLIENT
 *		the client must not have been answered
 *	dropped CLIENT
 *		the client gets no reply, by the policy
 *	silence
 *		no message has been sent upstream without a "sent" for it, and nothing to the second level without a
 *		"fetched" or "stored"
 *	servers [ADDRESS...]
 *		these are the upstreams from now on; each as after "upstream", in one word
 *	network
 *		the network changes
 *	pass TIME
 *		10s, 1500ms, 2h: time passes
 *	sleep TIME
 *		the machine is suspended: time passes and nothing happens
 *
 * Records are in presentation format, or
 *
 *	signed ZONE [HOW...] RECORD
 *		a record that the zone has signed: behind the last one of its RRset is the signature. HOW: by=KEY,... (NAME, or
 *		ZONE/NAME for another zone's), from=DATE, until=DATE, labels=N, ttl=N (the original one), spoilt
 *	dnskey ZONE [TTL] [HOW...] [unsigned]
 *	ds ZONE PARENT [TTL] [key=NAME] [digest=N] [algorithm=N] [HOW...] [unsigned]
 *		the DNSKEY records of the zone; a DS of one of its keys, signed by the parent
 *	nsec3 ZONE at|over NAME [TTL] TYPE... [optout] [salt=HEX] [iterations=N] [HOW...] [unsigned]
 *		an NSEC3 record that has the name, or covers it, and no other one
 */
#ifndef TESTS_SCENARIO_SCRIPT_H
#define TESTS_SCENARIO_SCRIPT_H

/* Runs the script; fails the running Check test, with file and line, if a statement does not hold. */
void script_run(const char *path);

#endif
