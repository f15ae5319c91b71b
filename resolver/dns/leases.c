/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/leases.c: leases of dnsmasq, Kea and ISC dhcpd. All three are read by lines. Statements of ISC dhcpd may
 * go over several, so that they are put together octet by octet up to a ';', '{' or '}' outside of strings.
 */
#include "dns/leases.h"

#include <string.h>

#include "base/base16.h"
#include "dns/name.h"

#define NAME_OF(form, text) [TARN__LEASES_##form] = text
static const char *const form_names[] = {NAME_OF(UNKNOWN, "unknown"), NAME_OF(DNSMASQ, "dnsmasq"),
					 NAME_OF(KEA, "Kea"), NAME_OF(ISC, "ISC dhcpd")};

const char *tarn__lease_form_name(enum tarn__lease_form form)
{
	return form_names[form];
}

/* ---- words and numbers ------------------------------------------------------------------ */

/* Part of a line or statement. */
struct view {
	const char *text;
	size_t len;
};

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(struct view view, const char *word)
{
	return view.len == strlen(word) && memcmp(view.text, word, view.len) == 0;
}

/* Takes the next word off; it is empty if there is none. */
static struct view take_word(struct view *rest)
{
	while (rest->len > 0 && is_blank(*rest->text)) {
		rest->text++;
		rest->len--;
	}
	struct view word = {rest->text, 0};
	while (rest->len > 0 && !is_blank(*rest->text)) {
		rest->text++;
		rest->len--;
		word.len++;
	}
	return word;
}

/* Reads a decimal number. Returns false if it is none or has more than 64 bits. */
static bool read_number(struct view view, uint64_t *out)
{
	uint64_t number = 0;
	for (size_t i = 0; i < view.len; i++) {
		unsigned digit = (unsigned)(view.text[i] - '0');
		if (!is_digit(view.text[i]) || number > (UINT64_MAX - digit) / 10)
			return false;
		number = 10 * number + digit;
	}
	if (view.len == 0)
		return false;
	*out = number;
	return true;
}

/* Copies a client's text. Returns false if it does not fit or has control characters. */
static bool copy_text(struct view view, size_t room, char *out)
{
	if (view.len >= room)
		return false;
	for (size_t i = 0; i < view.len; i++) {
		if ((unsigned char)view.text[i] < ' ' || view.text[i] == 0x7f)
			return false;
	}
	memcpy(out, view.text, view.len);
	out[view.len] = '\0';
	return true;
}

/* ---- the lease that is read ------------------------------------------------------------- */

static void start_lease(struct tarn__leases *leases, uint32_t line)
{
	leases->draft.lease = (struct tarn__lease){.line = line};
}

static void set_name(struct tarn__lease_draft *draft, struct view view)
{
	draft->lease.name = NULL;
	if (view.len > 0 && copy_text(view, sizeof draft->name, draft->name))
		draft->lease.name = draft->name;
}

static void set_client(struct tarn__lease_draft *draft, struct view view)
{
	if (view.len >= sizeof draft->client)
		view.len = sizeof draft->client - 1;
	draft->lease.client = NULL;
	if (view.len > 0 && copy_text(view, sizeof draft->client, draft->client))
		draft->lease.client = draft->client;
}

static void give_lease(struct tarn__leases *leases)
{
	leases->on_lease(leases->arg, &leases->draft.lease);
}

static void fault(const struct tarn__leases *leases, uint32_t line, const char *text)
{
	if (leases->on_fault)
		leases->on_fault(leases->arg, line, text);
}

/* ---- dnsmasq ---------------------------------------------------------------------------- */

static void read_dnsmasq(struct tarn__leases *leases, const struct tarn__line *line)
{
	struct view rest = {line->text, line->len};
	struct view end = take_word(&rest);
	if (end.len == 0 || is_word(end, "duid"))
		return;
	struct view hardware = take_word(&rest), address = take_word(&rest);
	struct view name = take_word(&rest), id = take_word(&rest);
	start_lease(leases, line->number);
	struct tarn__lease *lease = &leases->draft.lease;
	if (id.len == 0 || !read_number(end, &lease->end_s) ||
	    !tarn__ip_parse(address.text, address.len, &lease->address)) {
		fault(leases, line->number, "not a lease of dnsmasq's");
		return;
	}
	/* 0 is an infinite lease. */
	if (lease->end_s == 0)
		lease->end_s = TARN__LEASE_NEVER;
	if (!is_word(name, "*"))
		set_name(&leases->draft, name);
	/* Of IPv6 the second word is an IAID, and the last one the client's DUID. */
	bool is_ipv6 = lease->address.len == TARN__IPV6_LEN;
	struct view client = is_ipv6 ? id : hardware;
	if (!is_word(client, "*"))
		set_client(&leases->draft, client);
	give_lease(leases);
}

/* ---- Kea -------------------------------------------------------------------------------- */

enum column { ADDRESS, HWADDR, DUID, CLIENT_ID, LIFETIME, EXPIRE, HOSTNAME, STATE, TYPE, COLUMNS };

static const char *const column_names[COLUMNS] = {
	[ADDRESS] = "address",
	[HWADDR] = "hwaddr",
	[DUID] = "duid",
	[CLIENT_ID] = "client_id",
	[LIFETIME] = "valid_lifetime",
	[EXPIRE] = "expire",
	[HOSTNAME] = "hostname",
	[STATE] = "state",
	[TYPE] = "lease_type",
};

_Static_assert(sizeof(((struct tarn__leases *)NULL)->column_of) == COLUMNS, "a number for each");

/* Takes the next column off. Returns false after the last one. */
static bool take_column(struct view *rest, struct view *out)
{
	if (!rest->text)
		return false;
	const char *comma = memchr(rest->text, ',', rest->len);
	*out = *rest;
	if (!comma) {
		rest->text = NULL;
		return true;
	}
	out->len = (size_t)(comma - rest->text);
	*rest = (struct view){comma + 1, rest->len - out->len - 1};
	return true;
}

/*
 * Reads the line that names the columns. Returns false if the first is not that of the address: only the server
 * writes there, and a client named "address" does not make its line this one.
 */
static bool read_columns(struct tarn__leases *leases, const struct tarn__line *line)
{
	struct view rest = {line->text, line->len}, name;
	uint8_t column_of[COLUMNS] = {0};
	for (uint8_t i = 1; i <= TARN__LEASE_COLUMNS_MAX && take_column(&rest, &name); i++) {
		for (unsigned column = 0; column < COLUMNS; column++) {
			if (column_of[column] == 0 && is_word(name, column_names[column]))
				column_of[column] = i;
		}
	}
	if (column_of[ADDRESS] != 1)
		return false;
	memcpy(leases->column_of, column_of, sizeof column_of);
	return true;
}

/* Reads a name in which "&#x2c" is a comma: so Kea writes what has a meaning in CSV. */
static void read_kea_name(struct tarn__lease_draft *draft, struct view view)
{
	static const char escape[] = "&#x";
	enum { ESCAPE_LEN = sizeof escape - 1, WHOLE_LEN = ESCAPE_LEN + 2 };
	char name[TARN__LEASE_NAME_MAX];
	size_t len = 0;
	for (size_t i = 0; i < view.len && len < sizeof name; len++) {
		const char *at = view.text + i;
		name[len] = *at;
		i++;
		if (view.len - i + 1 < WHOLE_LEN || memcmp(at, escape, ESCAPE_LEN) != 0)
			continue;
		int high = tarn__base16_digit((char)tarn__fold((uint8_t)at[ESCAPE_LEN]));
		int low = tarn__base16_digit((char)tarn__fold((uint8_t)at[ESCAPE_LEN + 1]));
		if (high < 0 || low < 0)
			continue;
		name[len] = (char)(high << 4 | low);
		i += WHOLE_LEN - 1;
	}
	set_name(draft, (struct view){name, len});
}

/* Sets the times of the lease. Returns false if they are no numbers. */
static bool read_kea_times(struct tarn__lease *lease, const struct view *columns)
{
	const uint64_t infinite = UINT32_MAX;
	uint64_t lifetime = 1;
	if (!read_number(columns[EXPIRE], &lease->end_s) ||
	    (columns[LIFETIME].text && !read_number(columns[LIFETIME], &lifetime)))
		return false;
	/* A lease that is deleted is written with a lifetime of 0. */
	if (lifetime == 0)
		lease->is_over = true;
	if (lifetime == infinite)
		lease->end_s = TARN__LEASE_NEVER;
	else if (columns[LIFETIME].text && lifetime <= lease->end_s)
		lease->start_s = lease->end_s - lifetime;
	return true;
}

static void set_kea_client(struct tarn__lease_draft *draft, const struct view *columns)
{
	static const enum column of[] = {HWADDR, DUID, CLIENT_ID};
	for (size_t i = 0; i < sizeof of / sizeof of[0] && !draft->lease.client; i++)
		set_client(draft, columns[of[i]]);
}

static void read_kea(struct tarn__leases *leases, const struct tarn__line *line)
{
	struct view rest = {line->text, line->len}, columns[COLUMNS] = {{NULL, 0}}, column;
	/* The first line may stand in an appended part again. */
	if (line->len == 0 || read_columns(leases, line))
		return;
	for (unsigned i = 1; take_column(&rest, &column); i++) {
		for (unsigned which = 0; which < COLUMNS; which++) {
			if (leases->column_of[which] == i)
				columns[which] = column;
		}
	}
	/* Delegated prefixes are no addresses of a client. */
	if (is_word(columns[TYPE], "2"))
		return;
	start_lease(leases, line->number);
	struct tarn__lease *lease = &leases->draft.lease;
	if (!columns[ADDRESS].text || !columns[EXPIRE].text || !read_kea_times(lease, columns) ||
	    !tarn__ip_parse(columns[ADDRESS].text, columns[ADDRESS].len, &lease->address)) {
		fault(leases, line->number, "not a lease of Kea's");
		return;
	}
	if (columns[STATE].text && !is_word(columns[STATE], "0"))
		lease->is_over = true;
	if (columns[HOSTNAME].text)
		read_kea_name(&leases->draft, columns[HOSTNAME]);
	set_kea_client(&leases->draft, columns);
	give_lease(leases);
}

/* ---- ISC dhcpd -------------------------------------------------------------------------- */

/* Returns the days from 1 January 1970 to a day of the Gregorian calendar. */
static uint64_t days_since_1970(unsigned year, unsigned month, unsigned day)
{
	static const uint16_t before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	unsigned past = year - 1; /* whole years */
	unsigned leaps = past / 4 - past / 100 + past / 400 - (1969 / 4 - 1969 / 100 + 1969 / 400);
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return (uint64_t)(year - 1970) * 365 + leaps + before[month - 1] + (is_leap && month > 2) +
	       day - 1;
}

/* Reads numbers of at most four digits with the separator between them. Returns false if there are others. */
static bool read_numbers(struct view view, char separator, unsigned out[3])
{
	for (unsigned i = 0; i < 3; i++) {
		const char *end =
			i < 2 ? memchr(view.text, separator, view.len) : view.text + view.len;
		uint64_t number;
		if (!end || end - view.text > 4 ||
		    !read_number((struct view){view.text, (size_t)(end - view.text)}, &number))
			return false;
		out[i] = (unsigned)number;
		view.len -= (size_t)(end - view.text) + (i < 2);
		view.text = end + (i < 2);
	}
	return true;
}

/* Reads "4 2026/11/26 10:00:00" in UTC, "epoch 1795687200" or "never". Returns false if it is none. */
static bool read_date(struct view rest, uint64_t *out)
{
	struct view word = take_word(&rest);
	if (is_word(word, "never")) {
		*out = TARN__LEASE_NEVER;
		return true;
	}
	if (is_word(word, "epoch"))
		return read_number(take_word(&rest), out);
	unsigned day[3], time[3];
	if (!read_numbers(take_word(&rest), '/', day) || !read_numbers(take_word(&rest), ':', time))
		return false;
	if (day[0] < 1970 || day[1] < 1 || day[1] > 12 || day[2] < 1 || day[2] > 31 ||
	    time[0] > 23 || time[1] > 59 || time[2] > 60)
		return false;
	uint64_t minutes = (days_since_1970(day[0], day[1], day[2]) * 24 + time[0]) * 60 + time[1];
	*out = minutes * 60 + time[2];
	return true;
}

/* Takes the quotes off, and the backslashes of characters; those of octets stay, and are no name's. */
static struct view unquote(struct view view, char out[TARN__LEASE_STATEMENT_MAX])
{
	size_t len = 0;
	for (size_t i = 0; i < view.len; i++) {
		if (view.text[i] == '"')
			continue;
		if (view.text[i] == '\\' && i + 1 < view.len && !is_digit(view.text[i + 1]))
			i++;
		out[len++] = view.text[i];
	}
	return (struct view){out, len};
}

static struct view trim(struct view view)
{
	while (view.len > 0 && is_blank(*view.text)) {
		view.text++;
		view.len--;
	}
	while (view.len > 0 && is_blank(view.text[view.len - 1]))
		view.len--;
	return view;
}

/* A statement of a lease: without its ';'. */
static void read_statement(struct tarn__leases *leases, uint32_t line)
{
	struct view rest = {leases->statement.text, leases->statement.len};
	struct tarn__lease_draft *draft = &leases->draft;
	struct view word = take_word(&rest);
	char text[TARN__LEASE_STATEMENT_MAX];
	if (is_word(word, "ends")) {
		if (!read_date(rest, &draft->lease.end_s)) {
			draft->lease.is_over = true;
			fault(leases, line, "not a date");
		}
	} else if (is_word(word, "starts") || is_word(word, "cltt")) {
		read_date(rest, &draft->lease.start_s);
	} else if (is_word(word, "binding")) {
		struct view state = take_word(&rest), which = take_word(&rest);
		draft->lease.is_over = !is_word(state, "state") || !is_word(which, "active");
	} else if (is_word(word, "client-hostname")) {
		set_name(draft, unquote(trim(rest), text));
	} else if (is_word(word, "hardware")) {
		take_word(&rest);
		set_client(draft, trim(rest));
	} else if (is_word(word, "uid") && !draft->lease.client) {
		set_client(draft, unquote(trim(rest), text));
	}
}

/* What stands before a '{'. */
static void open_block(struct tarn__leases *leases, uint32_t line)
{
	struct view rest = {leases->statement.text, leases->statement.len};
	struct view kind = take_word(&rest), address = take_word(&rest);
	leases->statement.depth++;
	if (leases->statement.lease_depth != 0 ||
	    (!is_word(kind, "lease") && !is_word(kind, "iaaddr")))
		return;
	start_lease(leases, line);
	if (tarn__ip_parse(address.text, address.len, &leases->draft.lease.address))
		leases->statement.lease_depth = leases->statement.depth;
	else
		fault(leases, line, "not an address");
}

static void close_block(struct tarn__leases *leases, uint32_t line)
{
	if (leases->statement.depth == 0) {
		fault(leases, line, "a '}' too many");
		return;
	}
	if (leases->statement.lease_depth == leases->statement.depth) {
		leases->statement.lease_depth = 0;
		give_lease(leases);
	}
	leases->statement.depth--;
}

/* A statement has ended with that character. */
static void end_statement(struct tarn__leases *leases, char end, uint32_t line)
{
	if (leases->statement.is_too_long)
		fault(leases, line, "too long a statement");
	if (leases->statement.is_too_long && end == '{')
		leases->statement.len = 0;
	if (end == '{')
		open_block(leases, line);
	else if (end == '}')
		close_block(leases, line);
	else if (leases->statement.lease_depth == leases->statement.depth &&
		 leases->statement.depth > 0 && !leases->statement.is_too_long)
		read_statement(leases, line);
	leases->statement.len = 0;
	leases->statement.is_too_long = false;
}

static void keep(struct tarn__leases *leases, char c)
{
	/* Blanks at the start of a statement, which are most of a file, are not kept. */
	if (leases->statement.len == 0 && is_blank(c))
		return;
	if (leases->statement.len == sizeof leases->statement.text)
		leases->statement.is_too_long = true;
	else
		leases->statement.text[leases->statement.len++] = c;
}

static void read_isc(struct tarn__leases *leases, const struct tarn__line *line)
{
	if (line->is_cut) {
		fault(leases, line->number, "too long a line");
		return;
	}
	for (size_t i = 0; i < line->len; i++) {
		char c = line->text[i];
		if (leases->statement.is_in_string) {
			leases->statement.is_in_string = c != '"' || leases->statement.is_escaped;
			leases->statement.is_escaped = c == '\\' && !leases->statement.is_escaped;
			keep(leases, c);
		} else if (c == '#') {
			break;
		} else if (c == ';' || c == '{' || c == '}') {
			end_statement(leases, c, line->number);
		} else {
			leases->statement.is_in_string = c == '"';
			keep(leases, c);
		}
	}
	/* A string ends with its line at the latest: what is broken is not the rest of the file. */
	leases->statement.is_in_string = leases->statement.is_escaped = false;
	keep(leases, '\n');
}

/* ---- the form --------------------------------------------------------------------------- */

/* The words that ISC dhcpd's files begin with, and those of statements at the top. */
static bool begins_isc(struct view word)
{
	static const char *const words[] = {
		"lease",
		"ia-na",
		"ia-ta",
		"ia-pd",
		"server-duid",
		"default-duid",
		"authoring-byte-order",
		"failover",
		"host",
		"group",
		"class",
		"subclass",
	};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (is_word(word, words[i]))
			return true;
	}
	return false;
}

static enum tarn__lease_form find_form(struct tarn__leases *leases, const struct tarn__line *line)
{
	struct view rest = {line->text, line->len};
	struct view word = take_word(&rest);
	uint64_t number;
	if (is_word(word, "duid") || read_number(word, &number))
		return TARN__LEASES_DNSMASQ;
	if (begins_isc(word))
		return TARN__LEASES_ISC;
	return read_columns(leases, line) ? TARN__LEASES_KEA : TARN__LEASES_UNKNOWN;
}

static bool is_comment(const struct tarn__line *line)
{
	struct view rest = {line->text, line->len};
	struct view word = take_word(&rest);
	return word.len == 0 || *word.text == '#';
}

static void read_line(void *arg, const struct tarn__line *line)
{
	struct tarn__leases *leases = arg;
	if (leases->form == TARN__LEASES_UNKNOWN) {
		if (is_comment(line))
			return;
		leases->form = find_form(leases, line);
		if (leases->form == TARN__LEASES_UNKNOWN)
			fault(leases, line->number, "not leases of a known form");
	}
	if (leases->form == TARN__LEASES_ISC)
		read_isc(leases, line);
	else if (line->is_cut && leases->form != TARN__LEASES_UNKNOWN)
		fault(leases, line->number, "too long a line");
	else if (leases->form == TARN__LEASES_DNSMASQ)
		read_dnsmasq(leases, line);
	else if (leases->form == TARN__LEASES_KEA)
		read_kea(leases, line);
}

void tarn__leases_start(struct tarn__leases *leases, tarn__lease_fn *on_lease,
			tarn__lease_fault_fn *on_fault, void *arg)
{
	*leases = (struct tarn__leases){.on_lease = on_lease, .on_fault = on_fault, .arg = arg};
	leases->lines.on_line = read_line;
}

void tarn__leases_feed(struct tarn__leases *leases, const void *octets, size_t len)
{
	leases->lines.arg = leases;
	tarn__lines_feed(&leases->lines, octets, len);
}

void tarn__leases_end(struct tarn__leases *leases)
{
	leases->lines.arg = leases;
	tarn__lines_end(&leases->lines);
}
