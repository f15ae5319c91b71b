/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/core/test_local_model.c: local data answers as RFC 4592's words do when they are applied to a
 * list of names one by one; and it is built or not, whichever allocation fails.
 */
#include "core/policy/local_data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/text.h"
#include "support/unit.h"

enum { MOST = 64, DEAD_S = 500, NOW_S = 1000 };

enum what { A_RECORD, TXT_RECORD, CNAME_RECORD, HOST, ENDED_LEASE, ZONE };

/* The list. Names are text without a final dot, "" for the root. */
static struct {
	size_t count;
	struct {
		char name[32];
		enum what what;
	} at[MOST];
} all;

static uint32_t seed;

static unsigned pick(unsigned count)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 16) % count;
}

/* One to four labels of few. */
static void make_name(char *out, bool may_have_stars)
{
	static const char *const labels[] = {"a", "b", "c", "*"};
	*out = '\0';
	for (unsigned i = 1 + pick(4); i > 0; i--) {
		strcat(out, labels[pick(may_have_stars ? 4 : 3)]);
		if (i > 1)
			strcat(out, ".");
	}
}

/* ---- the model -------------------------------------------------------------------------- */

static const char *parent_of(const char *name)
{
	const char *dot = strchr(name, '.');
	return dot ? dot + 1 : name + strlen(name);
}

static bool is_below(const char *name, const char *above)
{
	for (; *name != '\0'; name = parent_of(name)) {
		if (strcmp(parent_of(name), above) == 0)
			return true;
	}
	return false;
}

static bool has(const char *name, enum what what)
{
	for (size_t i = 0; i < all.count; i++) {
		if (all.at[i].what == what && strcmp(all.at[i].name, name) == 0)
			return true;
	}
	return false;
}

static bool has_records(const char *name)
{
	return has(name, A_RECORD) || has(name, TXT_RECORD) || has(name, CNAME_RECORD) ||
	       has(name, HOST);
}

static bool has_star(const char *name)
{
	char star[40];
	snprintf(star, sizeof star, *name ? "*.%s" : "*%s", name);
	return has(star, A_RECORD) || has(star, TXT_RECORD) || has(star, CNAME_RECORD);
}

static bool begins_own(const char *name)
{
	return has(name, ZONE) || has_star(name);
}

static bool exists(const char *name)
{
	if (has_records(name) || begins_own(name))
		return true;
	for (size_t i = 0; i < all.count; i++) {
		if (is_below(all.at[i].name, name))
			return true;
	}
	return false;
}

static enum tarn__local_kind kind_of(const char *name)
{
	if (has(name, CNAME_RECORD))
		return TARN__LOCAL_CNAME;
	return has(name, A_RECORD) || has(name, HOST) ? TARN__LOCAL_RECORDS : TARN__LOCAL_NODATA;
}

/* The answer to a question for A. *zone_len is the text's length of the zone, -1 for none. */
static enum tarn__local_kind expect(const char *name, int *zone_len)
{
	const char *encloser = NULL;
	bool is_own = false;
	*zone_len = -1;
	for (const char *at = name;; at = parent_of(at)) {
		is_own |= begins_own(at);
		if (*zone_len < 0 && has(at, ZONE))
			*zone_len = (int)strlen(at);
		if (!encloser && exists(at))
			encloser = at;
		if (*at == '\0')
			break;
	}
	if (has_records(name))
		return kind_of(name);
	/* Above all that is ours nothing is known to exist. */
	while (is_own && encloser != name && *encloser && !begins_own(encloser)) {
		bool is_inside = false;
		for (const char *at = encloser; *at; at = parent_of(at))
			is_inside |= begins_own(parent_of(at));
		if (is_inside)
			break;
		encloser = parent_of(encloser);
	}
	if (!is_own)
		return TARN__LOCAL_NONE;
	if (encloser != name && has_star(encloser)) {
		char star[40];
		snprintf(star, sizeof star, *encloser ? "*.%s" : "*%s", encloser);
		return kind_of(star);
	}
	if (*zone_len < 0)
		return TARN__LOCAL_NONE;
	return encloser == name ? TARN__LOCAL_NODATA : TARN__LOCAL_NXDOMAIN;
}

/* ---- the data --------------------------------------------------------------------------- */

static size_t to_wire(const char *text, uint8_t out[TARN__NAME_MAX])
{
	return tarn__name_parse(*text ? text : ".", out);
}

static enum tarn__local_result add_record(struct tarn__local_builder *builder, const char *name,
					  enum what what)
{
	static const struct {
		uint16_t type;
		size_t len;
		const char *rdata;
	} records[] = {
		[A_RECORD] = {TARN__TYPE_A, 4, "\1\2\3\4"},
		[TXT_RECORD] = {TARN__TYPE_TXT, 2, "\1t"},
		[CNAME_RECORD] = {TARN__TYPE_CNAME, 3, "\1t"},
	};
	uint8_t owner[TARN__NAME_MAX];
	const struct tarn__local_record record = {
		.owner = owner,
		.owner_len = to_wire(name, owner),
		.type = records[what].type,
		.rdata = (const uint8_t *)records[what].rdata,
		.rdata_len = records[what].len,
	};
	return tarn__local_builder_add_record(builder, 0, &record);
}

static enum tarn__local_result add(struct tarn__local_builder *builder, const char *name,
				   enum what what)
{
	struct tarn__hosts_entry host = {.address = {TARN__IPV4_LEN, {10, 0, 0, 1}}};
	const struct tarn__lease lease = {
		.address = {TARN__IPV4_LEN, {10, 0, 0, 2}}, .end_s = DEAD_S, .name = name};
	switch (what) {
	case HOST:
		host.name_len = (uint16_t)to_wire(name, host.name);
		return tarn__local_builder_add_host(builder, 0, &host);
	case ENDED_LEASE:
		return tarn__local_builder_add_lease(builder, 0, &lease);
	case ZONE:
		host.name_len = (uint16_t)to_wire(name, host.name);
		return tarn__local_builder_add_zone(builder, 0, 1, host.name, host.name_len);
	default:
		return add_record(builder, name, what);
	}
}

/* Fills builder and list alike. Returns TARN__LOCAL_NO_MEMORY, else TARN__LOCAL_TAKEN. */
static enum tarn__local_result fill(struct tarn__local_builder *builder)
{
	const struct tarn__local_source source = {.path = "list", .ttl = 60};
	all.count = 0;
	if (tarn__local_builder_add_source(builder, &source) != 0)
		return TARN__LOCAL_NO_MEMORY;
	for (unsigned i = 1 + pick(16); i > 0; i--) {
		enum what what = (enum what)pick(ZONE + 1);
		char *name = all.at[all.count].name;
		make_name(name, what <= CNAME_RECORD);
		if (what == ENDED_LEASE)
			name[1] = '\0';
		enum tarn__local_result result = add(builder, name, what);
		if (result == TARN__LOCAL_NO_MEMORY)
			return result;
		all.at[all.count].what = what;
		/* A lease that has ended leaves nothing, and a name that is refused neither. */
		all.count += what != ENDED_LEASE && result == TARN__LOCAL_TAKEN;
	}
	return TARN__LOCAL_TAKEN;
}

static struct tarn__local_builder *new_builder(void)
{
	return tarn__local_builder_new(&(struct tarn__local_options){.ttl = 60});
}

START_TEST(property_answers_are_those_of_the_list)
{
	seed = (uint32_t)_i * 2654435761u;
	for (unsigned round = 0; round < 400; round++) {
		struct tarn__local_builder *builder = new_builder();
		if (fill(builder) != TARN__LOCAL_TAKEN)
			ck_abort_msg("out of memory");
		struct tarn__local_data *data = tarn__local_builder_build(builder);
		tarn__local_builder_free(builder);
		for (unsigned i = 0; i < 100; i++) {
			char name[32];
			uint8_t qname[TARN__NAME_MAX];
			struct tarn__local_found found = {0};
			int zone_len;
			make_name(name, true);
			size_t len = to_wire(name, qname);
			enum tarn__local_kind kind = tarn__local_data_find(
				data, qname, len, TARN__TYPE_A, NOW_S, &found);
			enum tarn__local_kind expected = expect(name, &zone_len);
			/* In wire form there are two octets more; the root has one. */
			int soa_len = zone_len < 0 ? (int)len : zone_len + (zone_len > 0 ? 2 : 1);
			bool is_denial = kind == TARN__LOCAL_NODATA || kind == TARN__LOCAL_NXDOMAIN;
			if (kind != expected || (is_denial && found.zone_len != soa_len))
				ck_abort_msg("seed %d, round %u, %s: %d, not %d", _i, round, name,
					     kind, expected);
		}
		tarn__local_data_put(data);
	}
}
END_TEST

/* ---- memory that is short ---------------------------------------------------------------- */

static unsigned allocations_left = UINT32_MAX;

static bool may_allocate(void)
{
	return allocations_left == UINT32_MAX || (allocations_left > 0 && allocations_left-- > 0);
}

void *__real_malloc(size_t);
void *__real_calloc(size_t, size_t);
void *__real_realloc(void *, size_t);
void *__wrap_malloc(size_t);
void *__wrap_calloc(size_t, size_t);
void *__wrap_realloc(void *, size_t);

void *__wrap_malloc(size_t size)
{
	return may_allocate() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return may_allocate() ? __real_calloc(count, size) : NULL;
}

void *__wrap_realloc(void *memory, size_t size)
{
	return may_allocate() ? __real_realloc(memory, size) : NULL;
}

START_TEST(data_is_whole_or_not_built)
{
	unsigned failures = 0;
	bool is_built = false;
	for (unsigned most = 0; !is_built; most++) {
		seed = (uint32_t)_i;
		allocations_left = most;
		struct tarn__local_builder *builder = new_builder();
		struct tarn__local_data *data = NULL;
		if (builder && fill(builder) == TARN__LOCAL_TAKEN)
			data = tarn__local_builder_build(builder);
		allocations_left = UINT32_MAX;
		tarn__local_builder_free(builder);
		is_built = data;
		failures += !data;
		tarn__local_data_put(data);
	}
	ck_assert_uint_ge(failures, 4);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("local_model");
	TCase *tcase = tcase_create("local_model");
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, property_answers_are_those_of_the_list, 0, 20);
	tcase_add_loop_test(tcase, data_is_whole_or_not_built, 0, 10);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
