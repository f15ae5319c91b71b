/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/scenario/crowd.c: many clients of two workers below zones that nothing is known of: their questions
 * need the same chain of trust, which is asked for once.
 */
#include <ldns/ldns.h>
#include <string.h>

#include "crypto/hmac.h"
#include "signing.h"
#include "support/message.h"
#include "support/outside.h"
#include "support/unit.h"
#include "tarn.h"

enum { CLIENTS = 1000, WALL_SEC = 1796040000, TTL = 300 };

static struct tarn_address server;
static struct outside workers[2];
static unsigned worker_count;
static struct signing signing;
static unsigned answered[CLIENTS];
static unsigned secure, failed;
static size_t chain_questions; /* DS and DNSKEY that were asked for */

/* ---- clients ---------------------------------------------------------------------------- */

static void on_answer(void *owner, const void *route, const uint8_t *wire, size_t len)
{
	(void)owner;
	(void)len;
	unsigned client;
	memcpy(&client, route, sizeof client);
	uint16_t flags = tarn__get16(wire + 2);
	answered[client]++;
	secure += (flags & TARN__FLAG_AD) != 0;
	failed += (flags & TARN__FLAG_RCODE) == TARN__SERVFAIL;
}

/* Each client has an address and a name of its own: "cN.cold.example." */
static void ask(unsigned client)
{
	static uint8_t reply[TARN__MESSAGE_MAX];
	struct tarn_address address;
	char name[32], text[32];
	uint8_t wire[64];
	snprintf(text, sizeof text, "10.0.%u.%u", client / 256, client % 256);
	ck_assert_int_eq(tarn_address_parse(text, 5353, &address), 0);
	snprintf(name, sizeof name, "c%u.cold.example", client);
	size_t len = write_query(wire, 1, name, TARN__TYPE_A);
	tarn__put16(wire + 2, TARN__FLAG_RD | TARN__FLAG_AD);
	struct tarn__client_request client_request = {.transport = TARN__UDP,
						      .answer = on_answer,
						      .client = &address,
						      .route = &client,
						      .route_len = sizeof client};
	ck_assert_int_eq(tarn__resolver_resolve(workers[client % 2].resolver, &client_request, wire,
						len, reply),
			 TARN__RESOLVE_PENDING);
}

/* ---- the server ------------------------------------------------------------------------- */

/* The records that answer the question, without signatures. */
static void find_rrset(const ldns_rr *question, ldns_rr_list *out)
{
	char text[SIGNING_NAME_MAX + 64];
	char *name = ldns_rdf2str(ldns_rr_owner(question));
	ldns_rr *rr;
	for (char *at = name; *at; at++)
		*at = (char)tarn__fold((uint8_t)*at);
	switch (ldns_rr_get_type(question)) {
	case LDNS_RR_TYPE_DNSKEY:
		ck_assert_ptr_null(signing_dnskeys(&signing, name, TTL, out));
		break;
	case LDNS_RR_TYPE_DS:
		ck_assert_ptr_null(signing_ds(&signing, name, "main", TTL, -1, -1, &rr));
		ldns_rr_list_push_rr(out, rr);
		break;
	default:
		snprintf(text, sizeof text, "%s %d IN A 192.0.2.1", name, TTL);
		ck_assert_int_eq(ldns_rr_new_frm_str(&rr, text, TTL, NULL, NULL), LDNS_STATUS_OK);
		ldns_rr_list_push_rr(out, rr);
	}
	free(name);
}

static const char *signer_of(const ldns_rr *question)
{
	bool is_of_parent = ldns_rr_get_type(question) == LDNS_RR_TYPE_DS ||
			    ldns_dname_label_count(ldns_rr_owner(question)) == 1;
	return is_of_parent ? "example." : "cold.example.";
}

static bool is_of_chain(const struct sent *sent)
{
	const uint8_t *question = sent->wire + TARN__HEADER_LEN;
	uint16_t type = tarn__get16(question + tarn__name_span(question, TARN__NAME_MAX));
	return type == TARN__TYPE_DNSKEY || type == TARN__TYPE_DS;
}

static void answer(struct outside *where, struct sent *sent)
{
	ldns_pkt *asked, *pkt = ldns_pkt_new();
	ck_assert_int_eq(ldns_wire2pkt(&asked, sent->wire, sent->len), LDNS_STATUS_OK);
	ldns_rr *question = ldns_rr_list_rr(ldns_pkt_question(asked), 0);
	ldns_rr_list *rrset = ldns_rr_list_new();
	ldns_rr_list *rrsigs = ldns_rr_list_new();
	struct signing_how how = signing_plain;
	snprintf(how.zone, sizeof how.zone, "%s", signer_of(question));
	find_rrset(question, rrset);
	ck_assert_ptr_null(signing_sign(&signing, rrset, &how, rrsigs));
	ldns_pkt_set_id(pkt, ldns_pkt_id(asked));
	ldns_pkt_set_qr(pkt, true);
	ldns_pkt_push_rr(pkt, LDNS_SECTION_QUESTION, ldns_rr_clone(question));
	ldns_pkt_push_rr_list(pkt, LDNS_SECTION_ANSWER, rrset);
	ldns_pkt_push_rr_list(pkt, LDNS_SECTION_ANSWER, rrsigs);
	ldns_pkt_set_edns_udp_size(pkt, TARN__UDP_MAX);
	ldns_pkt_set_edns_do(pkt, true);
	uint8_t *wire;
	size_t len;
	ck_assert_int_eq(ldns_pkt2wire(&wire, pkt, &len), LDNS_STATUS_OK);
	ck_assert(outside_answer(where, sent, 0, wire, len));
	free(wire);
	ldns_rr_list_free(rrset);
	ldns_rr_list_free(rrsigs);
	ldns_pkt_free(pkt);
	ldns_pkt_free(asked);
}

static void run(void)
{
	for (unsigned i = 0; i < 2 * worker_count; i++)
		outside_pass(&workers[i % worker_count], 0);
}

/* Answers all questions but those of the chain, or only those. */
static void answer_all(bool of_chain)
{
	bool is_any = true;
	while (is_any) {
		is_any = false;
		for (unsigned i = 0; i < worker_count; i++) {
			struct sent *next;
			for (struct sent *sent = workers[i].sent; sent; sent = next) {
				next = sent->next;
				if (sent->is_expected || is_of_chain(sent) != of_chain)
					continue;
				sent->is_expected = is_any = true;
				chain_questions += of_chain;
				answer(&workers[i], sent);
			}
		}
		run();
	}
}

/* ---- set-up ----------------------------------------------------------------------------- */

static void set_up(void)
{
	memset(&signing, 0, sizeof signing);
	memset(answered, 0, sizeof answered);
	secure = failed = 0;
	chain_questions = 0;
	signing_set_clock(&signing, WALL_SEC);
	ldns_rr *rr;
	ck_assert_ptr_null(signing_ds(&signing, "example.", "main", TTL, -1, -1, &rr));
	char *anchor = ldns_rr2str(rr);
	ldns_rr_free(rr);
	ck_assert_int_eq(tarn_address_parse("192.0.2.53", 53, &server), 0);
	outside_init_with(&workers[0], &(struct tarn_options){
					       .upstreams = &server,
					       .upstream_count = 1,
					       .dnssec = {.validate = true,
							  .anchors = (const char *const[]){anchor},
							  .anchor_count = 1,
							  .clock_floor_sec = WALL_SEC - 1}});
	free(anchor);
	outside_set_wall(&workers[0], WALL_SEC);
	outside_init_second(&workers[1], &workers[0]);
	worker_count = 2;
}

static void tear_down(void)
{
	while (worker_count > 0)
		outside_fini(&workers[--worker_count]);
	signing_fini(&signing);
}

static void all_ask(void)
{
	for (unsigned client = 0; client < CLIENTS; client++)
		ask(client);
	run();
}

static void check_answered_once(void)
{
	for (unsigned client = 0; client < CLIENTS; client++)
		ck_assert_msg(answered[client] == 1, "client %u has %u answers", client,
			      answered[client]);
}

/* A DS and a DNSKEY of the zone, and the DNSKEY of the one above, which has the anchor. */
START_TEST(crowd_asks_for_its_chain_once)
{
	all_ask();
	answer_all(false);
	ck_assert_uint_eq(chain_questions, 0);
	answer_all(true);
	ck_assert_uint_eq(chain_questions, 3);
	check_answered_once();
	ck_assert_uint_eq(secure, CLIENTS);
	ck_assert_uint_eq(outside_surprises(&workers[0]) + outside_surprises(&workers[1]), 0);
}
END_TEST

/* The chain does not come: each has its SERVFAIL in time. */
START_TEST(crowd_fails_together)
{
	all_ask();
	answer_all(false);
	outside_pass(&workers[0], 4000);
	outside_pass(&workers[1], 0);
	run();
	check_answered_once();
	ck_assert_uint_eq(failed, CLIENTS);
}
END_TEST

/* The worker that asks for the chain ends: another one, which waits for it, asks. */
START_TEST(chain_is_asked_for_by_the_next_worker)
{
	ask(1);
	answer_all(false);
	ask(0);
	answer_all(false);
	ck_assert_uint_eq(outside_surprises(&workers[0]), 0);
	ck_assert_uint_gt(outside_surprises(&workers[1]), 0);
	outside_fini(&workers[1]);
	worker_count = 1;
	run();
	answer_all(true);
	ck_assert_uint_eq(chain_questions, 3);
	ck_assert_uint_eq(answered[0], 1);
	ck_assert_uint_eq(secure, 1);
}
END_TEST

int main(void)
{
	if (!tarn__hmac_is_built())
		return unit_skip("built without OpenSSL");
	Suite *suite = suite_create("crowd");
	TCase *tcase = tcase_create("crowd");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, crowd_asks_for_its_chain_once);
	tcase_add_test(tcase, crowd_fails_together);
	tcase_add_test(tcase, chain_is_asked_for_by_the_next_worker);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
