/* SPDX-License-Identifier: BSD-2-Clause */
/* tarnctl/tarnctl.c: the program tarnctl: sends commands to a running tarn over its Unix socket. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/admin/dump.h"
#include "daemon/control/verbs.h"
#include "tarnctl/print.h"
#include "tarn.h"

enum {
	EXIT_USAGE = 2,
	PATIENCE_SEC = 60, /* seconds; walking a large cache takes some */
	BATCH_SIZE = 64 * 1024, /* octets of lines in a request; a single line may be longer */
};

_Static_assert(BATCH_SIZE + (int)TARN__DUMP_LINE_MAX < TARN__REQUEST_MAX, "a batch is a request");

struct session {
	const char *path; /* of the socket */
	bool has_json; /* --json was given */
	bool has_colours;
	FILE *in, *out; /* of the socket */
	char *line;
	size_t line_size;
};

/* ---- the socket ------------------------------------------------------------------------- */

static void explain_failure(const char *path, int reason)
{
	const char *hint = "";
	if (reason == ENOENT || reason == ECONNREFUSED)
		hint = " (does tarn run? -s names another socket)";
	else if (reason == EACCES)
		hint = " (it takes root, or the group of the option control-group)";
	fprintf(stderr, "tarnctl: cannot connect to %s: %s%s\n", path, strerror(reason), hint);
}

static bool open_session(struct session *session)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(session->path) >= sizeof address.sun_path) {
		explain_failure(session->path, ENAMETOOLONG);
		return false;
	}
	strcpy(address.sun_path, session->path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
		explain_failure(session->path, errno);
		if (fd >= 0)
			close(fd);
		return false;
	}
	const struct timeval patience = {.tv_sec = PATIENCE_SEC};
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	session->in = fdopen(fd, "r");
	session->out = session->in ? fdopen(dup(fd), "w") : NULL;
	if (session->out)
		return true;
	fprintf(stderr, "tarnctl: %s\n", strerror(errno));
	return false;
}

static void close_session(struct session *session)
{
	if (session->in)
		fclose(session->in);
	if (session->out)
		fclose(session->out);
	free(session->line);
}

/* Sends the request, and frees it. */
static bool send_request(struct session *session, json_t *request)
{
	bool is_sent = request && json_dumpf(request, session->out, JSON_COMPACT) == 0 &&
		       fputc('\n', session->out) != EOF && fflush(session->out) == 0;
	if (!is_sent)
		fprintf(stderr, "tarnctl: cannot ask: %s\n", strerror(errno));
	json_decref(request);
	return is_sent;
}

/* Returns the next document. NULL: there is none, and the reason was printed. */
static json_t *next_document(struct session *session)
{
	errno = 0;
	ssize_t len = getline(&session->line, &session->line_size, session->in);
	if (len <= 0 || session->line[len - 1] != '\n') {
		fprintf(stderr, "tarnctl: incomplete answer: %s\n",
			errno == EAGAIN ? "tarn takes too long"
			: errno		? strerror(errno)
					: "tarn has closed the connection");
		return NULL;
	}
	json_t *document = json_loads(session->line, 0, NULL);
	if (!json_is_object(document)) {
		fprintf(stderr, "tarnctl: the process that listens at %s is not tarn\n",
			session->path);
		json_decref(document);
		return NULL;
	}
	return document;
}

/* Returns true for an error, and prints it. */
static bool is_error(const json_t *document)
{
	const char *error = json_string_value(json_object_get(document, "error"));
	if (!error)
		return false;
	size_t index;
	const json_t *fault;
	json_array_foreach(json_object_get(document, "faults"), index, fault)
	{
		tarn__print_text(json_string_value(fault), stderr);
		fputc('\n', stderr);
	}
	fputs("tarnctl: ", stderr);
	tarn__print_text(error, stderr);
	fputc('\n', stderr);
	return true;
}

/* ---- commands --------------------------------------------------------------------------- */

static void show(const struct session *session, const json_t *result)
{
	if (session->has_json) {
		json_dumpf(result, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
		fputc('\n', stdout);
	} else {
		tarn__print(result, stdout, session->has_colours);
	}
}

/* Prints the answers up to the last one. */
static int show_answers(struct session *session)
{
	for (;;) {
		json_t *document = next_document(session);
		if (!document)
			return EXIT_FAILURE;
		const char *text = json_string_value(json_object_get(document, "text"));
		const json_t *result = json_object_get(document, "ok");
		bool has_failed = is_error(document);
		if (text)
			tarn__print_text(text, stdout);
		else if (result)
			show(session, result);
		bool is_last = has_failed || result || !text;
		json_decref(document);
		if (is_last)
			return has_failed ? EXIT_FAILURE : EXIT_SUCCESS;
	}
}

static int run_command(struct session *session, enum tarn__command_id command, char **arguments,
		       size_t count)
{
	json_t *array = json_array();
	for (size_t i = 0; i < count; i++) {
		json_t *argument = json_string(arguments[i]);
		if (!argument) {
			fprintf(stderr, "tarnctl: an argument is not UTF-8\n");
			json_decref(array);
			return EXIT_USAGE;
		}
		json_array_append_new(array, argument);
	}
	json_t *request =
		json_pack("{ss so}", "command", tarn__commands[command].name, "arguments", array);
	return send_request(session, request) ? show_answers(session) : EXIT_FAILURE;
}

/* The state of loading a file. */
struct loading {
	const char *name;
	FILE *file;
	char *head;
	json_int_t line; /* number of the last line read */
	json_int_t first; /* number of the first line that was not sent */
	bool is_whole; /* the last line was the last one of a dump */
	json_t *lines;
	size_t size;
	json_int_t loaded, known, ended, full, unvalidated, faults;
};

static void add_fault(struct loading *loading, json_int_t line, const char *fault)
{
	fprintf(stderr, "%s:%lld: %s\n", loading->name, (long long)line, fault);
	loading->faults++;
}

static void add_counts(struct loading *loading, const json_t *result)
{
	loading->loaded += json_integer_value(json_object_get(result, "loaded"));
	loading->known += json_integer_value(json_object_get(result, "known"));
	loading->ended += json_integer_value(json_object_get(result, "ended"));
	loading->full += json_integer_value(json_object_get(result, "full"));
	loading->unvalidated += json_integer_value(json_object_get(result, "unvalidated"));
	const json_t *faults = json_object_get(result, "faults");
	size_t index;
	const json_t *fault;
	json_array_foreach(faults, index, fault)
	{
		add_fault(loading, json_integer_value(json_object_get(fault, "line")),
			  json_string_value(json_object_get(fault, "fault")));
	}
}

static bool send_batch(struct session *session, struct loading *loading)
{
	json_t *request = json_pack("{ss ss sI sO}", "command", "load", "head", loading->head,
				    "first", loading->first, "lines", loading->lines);
	if (!send_request(session, request))
		return false;
	json_t *document = next_document(session);
	bool is_good = document && !is_error(document);
	if (is_good)
		add_counts(loading, json_object_get(document, "ok"));
	json_decref(document);
	json_array_clear(loading->lines);
	loading->first = loading->line + 1;
	loading->size = 0;
	return is_good;
}

/* A line that cannot be sent is replaced by one that is a syntax error. */
static void add_line(struct loading *loading, const char *text, size_t len)
{
	bool is_text = len < TARN__DUMP_LINE_MAX && !memchr(text, '\0', len);
	json_t *line = is_text ? json_stringn(text, len) : NULL;
	json_array_append_new(loading->lines, line ? line : json_null());
	loading->size += len;
}

/*
 * Reads the next line without its newline; of a line that is too long for a dump, as much as identifies it.
 * Negative: end of file.
 */
static ssize_t read_line(FILE *file, char text[TARN__DUMP_LINE_MAX + 1])
{
	size_t len = 0;
	int c = getc_unlocked(file);
	if (c == EOF)
		return -1;
	for (; c != EOF && c != '\n'; c = getc_unlocked(file)) {
		if (len < TARN__DUMP_LINE_MAX)
			text[len++] = (char)c;
	}
	text[len] = '\0';
	return (ssize_t)len;
}

static bool send_lines(struct session *session, struct loading *loading)
{
	char *text = malloc(TARN__DUMP_LINE_MAX + 1);
	ssize_t len;
	bool is_good = text != NULL;
	while (is_good && (len = read_line(loading->file, text)) >= 0) {
		loading->line++;
		loading->is_whole = tarn__dump_is_end(text);
		if (loading->head) {
			add_line(loading, text, (size_t)len);
		} else {
			loading->head = strdup(text);
			is_good = loading->head != NULL;
			loading->first = loading->line + 1;
		}
		if (is_good && loading->size >= BATCH_SIZE)
			is_good = send_batch(session, loading);
	}
	free(text);
	if (ferror(loading->file)) {
		fprintf(stderr, "tarnctl: cannot read %s: %s\n", loading->name, strerror(errno));
		return false;
	}
	if (!loading->head) {
		fprintf(stderr, "tarnctl: %s: nothing to load\n", loading->name);
		return false;
	}
	if (!is_good || !send_batch(session, loading))
		return false;
	if (!loading->is_whole)
		add_fault(loading, loading->line, "cut off: this is not the last line of a dump");
	return true;
}

static int load(struct session *session, const char *name)
{
	bool is_file = name && strcmp(name, "-") != 0;
	struct loading loading = {.name = is_file ? name : "stdin",
				  .file = is_file ? fopen(name, "re") : stdin};
	if (!loading.file) {
		fprintf(stderr, "tarnctl: cannot read %s: %s\n", name, strerror(errno));
		return EXIT_FAILURE;
	}
	loading.lines = json_array();
	bool is_good = loading.lines && send_lines(session, &loading);
	json_t *result =
		json_pack("{sI sI sI sI sI}", "loaded", loading.loaded, "known", loading.known,
			  "ended", loading.ended, "full", loading.full, "faults", loading.faults);
	/* It is news only where answers are validated. */
	if (loading.unvalidated > 0)
		json_object_set_new(result, "unvalidated", json_integer(loading.unvalidated));
	if (is_good)
		show(session, result);
	json_decref(result);
	json_decref(loading.lines);
	free(loading.head);
	if (is_file)
		fclose(loading.file);
	return is_good && loading.faults == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- the command line ------------------------------------------------------------------- */

static void print_help(FILE *out)
{
	fputs("usage: tarnctl [OPTION]... COMMAND [ARGUMENT]...\n"
	      "Queries and controls a running tarn.\n\n",
	      out);
	for (unsigned i = 0; i < TARN__COMMANDS; i++) {
		const struct tarn__command_row *row = &tarn__commands[i];
		char form[64];
		snprintf(form, sizeof(form), "%s%s%s", row->name, *row->arguments ? " " : "",
			 row->arguments);
		if (strlen(form) > 22)
			fprintf(out, "  %s\n%26s%s\n", form, "", row->help);
		else
			fprintf(out, "  %-22s  %s\n", form, row->help);
	}
	fprintf(out,
		"\n"
		"  -s, --socket PATH       where tarn listens (default: %s)\n"
		"  -j, --json              print the answer as JSON\n"
		"      --version           print the version, and exit\n"
		"  -h, --help              print this, and exit\n"
		"\nSee tarnctl(8).\n",
		TARN_CONTROL_SOCKET);
}

static int fail_usage(const char *what, const char *why)
{
	fputs("tarnctl: ", stderr);
	tarn__print_text(what, stderr);
	fprintf(stderr, ": %s (see tarnctl --help)\n", why);
	return EXIT_USAGE;
}

static bool wants_colours(void)
{
	const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");
	return isatty(STDOUT_FILENO) && (!no || !*no) && terminal && strcmp(terminal, "dumb") != 0;
}

/* --json may also come last. */
static bool is_json_option(const char *word)
{
	return strcmp(word, "-j") == 0 || strcmp(word, "--json") == 0;
}

static int act(struct session *session, char **words, size_t count)
{
	for (; count > 1 && is_json_option(words[count - 1]); count--)
		session->has_json = true;
	if (count == 0)
		return fail_usage("COMMAND", "none was given");
	enum tarn__command_id command = tarn__command_find(words[0]);
	if (command == TARN__COMMANDS)
		return fail_usage(words[0], "unknown command");
	const struct tarn__command_row *row = &tarn__commands[command];
	if (count - 1 < row->min || count - 1 > row->max) {
		fprintf(stderr, "usage: tarnctl %s %s\n", row->name, row->arguments);
		return EXIT_USAGE;
	}
	int status = EXIT_FAILURE;
	if (open_session(session))
		status = command == TARN__COMMAND_LOAD
				 ? load(session, words[1])
				 : run_command(session, command, words + 1, count - 1);
	close_session(session);
	return status;
}

enum { OPTION_VERSION = 256 }; /* values of long options without a letter */

static const struct option options[] = {
	{"socket", required_argument, NULL, 's'},
	{"json", no_argument, NULL, 'j'},
	{"version", no_argument, NULL, OPTION_VERSION},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

/*
 * Prints why getopt_long() returned ':' or '?'. Within a group of letters optind may still be at the
 * argument before, and beyond the last one if a value is missing: the C libraries differ.
 */
static int fail_option(int result, int argc, char *const *argv)
{
	const char letter[] = {'-', (char)optopt, '\0'};
	if (result == ':')
		return fail_usage(argv[argc - 1], "needs a value");
	if (!optopt)
		return fail_usage(argv[optind - 1], "unknown option");
	for (const struct option *option = options; option->name; option++) {
		if (option->val == optopt)
			return fail_usage(argv[optind - 1], "takes no value");
	}
	return fail_usage(letter, "unknown option");
}

int main(int argc, char **argv)
{
	struct session session = {.path = TARN_CONTROL_SOCKET, .has_colours = wants_colours()};
	signal(SIGPIPE, SIG_IGN);
	opterr = 0;
	int letter;
	/* Options come first, since a name may begin with a hyphen. */
	while ((letter = getopt_long(argc, argv, "+:s:jh", options, NULL)) != -1) {
		switch (letter) {
		case 's':
			session.path = optarg;
			break;
		case 'j':
			session.has_json = true;
			break;
		case OPTION_VERSION:
			printf("tarnctl %s\n", tarn_version());
			return EXIT_SUCCESS;
		case 'h':
			print_help(stdout);
			return EXIT_SUCCESS;
		default:
			return fail_option(letter, argc, argv);
		}
	}
	int status = act(&session, argv + optind, (size_t)(argc - optind));
	errno = 0;
	/* An earlier write may have failed although the last one succeeded. */
	bool has_failed = ferror(stdout);
	if (fflush(stdout) != 0 || has_failed) {
		fprintf(stderr, "tarnctl: cannot write: %s\n",
			errno ? strerror(errno) : "some of it is lost");
		status = EXIT_FAILURE;
	}
	return status;
}
