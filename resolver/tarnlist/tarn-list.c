/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tarnlist/tarn-list.c: the program tarn-list: compiles lists of names for machines that have little memory,
 * and shows which rules of a compiled list a name has.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dns/namelist.h"
#include "dns/namelist_compile.h"
#include "dns/rpz_prefix.h"
#include "dns/text.h"

enum {
	EXIT_UNLISTED = 1, /* -t: a name is not listed */
	EXIT_USAGE = 2,
	READ_LEN = 65536, /* octets at once */
	MODE = 0640, /* of the compiled list */
};

struct options {
	enum tarn__namelist_format format;
	enum tarn__namelist_subdomains subdomains;
	enum tarn__namelist_kind kind;
	const char *output;
	const char *tested;
};

static int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int fail(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	fputs("tarn-list: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	return EXIT_FAILURE;
}

static const char *error_text(int error)
{
	switch (error) {
	case TARN__NAMELIST_FOREIGN:
		return "not a compiled list of this version and machine";
	case TARN__NAMELIST_DAMAGED:
		return "damaged";
	case TARN__NAMELIST_NOMEM:
		return "out of memory";
	case TARN__NAMELIST_FULL:
		return "too many lists or names";
	case TARN__NAMELIST_CROWDED:
		return "the names cannot be placed; try again";
	default:
		return strerror(errno);
	}
}

/* ---- compiling -------------------------------------------------------------------------- */

static int feed_file(struct tarn__namelist_compiler *compiler, const char *path, int fd)
{
	char *octets = malloc(READ_LEN);
	int error = octets ? 0 : TARN__NAMELIST_NOMEM;
	ssize_t len = 0;
	while (error == 0 && (len = read(fd, octets, READ_LEN)) > 0)
		error = tarn__namelist_compiler_feed(compiler, octets, (size_t)len);
	free(octets);
	return error || len < 0 ? fail("%s: %s", path, error_text(error)) : EXIT_SUCCESS;
}

static int add_file(struct tarn__namelist_compiler *compiler, const struct options *options,
		    const char *path)
{
	struct stat info;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &info) < 0) {
		if (fd >= 0)
			close(fd);
		return fail("%s: %s", path, strerror(errno));
	}
	struct tarn__namelist_list list = {.path = path,
					   .size = (uint64_t)info.st_size,
					   .mtime_ns = (int64_t)info.st_mtim.tv_sec * 1000000000 +
						       info.st_mtim.tv_nsec,
					   .kind = options->kind,
					   .format = options->format,
					   .subdomains = options->subdomains};
	int error = tarn__namelist_compiler_begin(compiler, &list);
	int status =
		error ? fail("%s: %s", path, error_text(error)) : feed_file(compiler, path, fd);
	close(fd);
	return status;
}

static int write_octets(void *data, const void *octets, size_t len)
{
	FILE *file = data;
	return fwrite(octets, 1, len, file) == len ? 0 : -1;
}

/* Writes the list to a file beside the output, which then takes its place. */
static int write_list(struct tarn__namelist_compiler *compiler, const char *output)
{
	size_t room = strlen(output) + sizeof ".XXXXXX";
	char *path = malloc(room);
	if (!path)
		return fail("out of memory");
	snprintf(path, room, "%s.XXXXXX", output);
	int fd = mkstemp(path);
	FILE *file = fd >= 0 ? fdopen(fd, "wb") : NULL;
	int error = TARN__NAMELIST_UNWRITTEN;
	if (file) {
		error = tarn__namelist_compiler_finish(compiler, write_octets, file);
		if (error == 0 && (fflush(file) != 0 || fchmod(fd, MODE) < 0 || fsync(fd) < 0))
			error = TARN__NAMELIST_UNWRITTEN;
		if (fclose(file) != 0 && error == 0)
			error = TARN__NAMELIST_UNWRITTEN;
	}
	if (error == 0 && rename(path, output) < 0)
		error = TARN__NAMELIST_UNWRITTEN;
	int status = error ? fail("%s: %s", output, error_text(error)) : EXIT_SUCCESS;
	if (error != 0 && fd >= 0)
		unlink(path);
	free(path);
	return status;
}

/* ---- compiled lists --------------------------------------------------------------------- */

struct mapping {
	void *octets;
	size_t len;
	struct tarn__namelist list;
};

static int map_list(const char *path, struct mapping *out)
{
	struct stat info;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &info) < 0) {
		if (fd >= 0)
			close(fd);
		return fail("%s: %s", path, strerror(errno));
	}
	out->len = (size_t)info.st_size;
	out->octets = out->len > 0 ? mmap(NULL, out->len, PROT_READ, MAP_SHARED, fd, 0) : NULL;
	close(fd);
	if (out->octets == MAP_FAILED)
		return fail("%s: %s", path, strerror(errno));
	int error = out->len > 0 ? tarn__namelist_open(out->octets, out->len, &out->list)
				 : TARN__NAMELIST_FOREIGN;
	if (error == 0)
		return EXIT_SUCCESS;
	if (out->octets)
		munmap(out->octets, out->len);
	return fail("%s: %s", path, error_text(error));
}

/* Octets of a list, so that they cannot control a terminal. */
static void print_text(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t octet = (uint8_t)text[i];
		if (octet >= ' ' && octet <= '~' && octet != '\\')
			putchar(octet);
		else
			printf("\\%03u", octet);
	}
}

static void print_source(const struct tarn__namelist_source *source)
{
	print_text(source->path, source->path_len);
	printf(": %s, %u names (%u duplicates, %u below others), %u invalid",
	       tarn__namelist_format_word(source->format), source->names, source->duplicates,
	       source->below, source->invalid);
	if (source->fault_count > 0) {
		printf(" (first: line %u '", source->faults[0].line);
		print_text(source->faults[0].text, source->faults[0].len);
		printf("')");
	}
	printf(", %u not for DNS, %u not supported\n", source->not_dns, source->unsupported);
}

static int report(const char *path)
{
	struct mapping mapping;
	int status = map_list(path, &mapping);
	if (status != EXIT_SUCCESS)
		return status;
	for (unsigned i = 0; i < mapping.list.source_count; i++) {
		struct tarn__namelist_source source;
		tarn__namelist_source(&mapping.list, i, &source);
		print_source(&source);
	}
	munmap(mapping.octets, mapping.len);
	return EXIT_SUCCESS;
}

static int compile(const struct options *options, char *const *paths, int count)
{
	uint64_t seed;
	if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
		return fail("no random numbers: %s", strerror(errno));
	struct tarn__namelist_compiler *compiler = tarn__namelist_compiler_new(seed, 0);
	int status = compiler ? EXIT_SUCCESS : fail("out of memory");
	for (int i = 0; i < count && status == EXIT_SUCCESS; i++)
		status = add_file(compiler, options, paths[i]);
	if (status == EXIT_SUCCESS)
		status = write_list(compiler, options->output);
	tarn__namelist_compiler_free(compiler);
	return status == EXIT_SUCCESS ? report(options->output) : status;
}

/* ---- testing ---------------------------------------------------------------------------- */

/* rule is the rule's name, or what stands for it. */
static void print_match(const struct tarn__namelist *list, const char *rule,
			const struct tarn__namelist_match *match)
{
	static const char *const reaches[] = {[TARN__NAMELIST_SELF] = "",
					      [TARN__NAMELIST_BELOW] = ", below only",
					      [TARN__NAMELIST_BOTH] = " and below"};
	const struct tarn__namelist_row *row = &list->rows[match->row];
	struct tarn__namelist_source source;
	tarn__namelist_source(list, row->source, &source);
	printf("%s%s %s%s%s, ", row->is_important ? "important " : "",
	       row->kind == TARN__NAMELIST_ALLOW ? "allow" : "block", rule, reaches[row->reach],
	       row->has_more ? ", with modifiers" : "");
	print_text(source.path, source.path_len);
}

/* Prints the rules of a prefix with that name. Returns how many there are. */
static unsigned test_prefix(const struct tarn__namelist *list, const char *text,
			    const struct tarn__rpz_prefix *prefix, enum tarn__rpz_trigger trigger)
{
	struct tarn__namelist_match matches[TARN__NAMELIST_ROWS_MAX];
	uint8_t name[TARN__RPZ_PREFIX_NAME_MAX];
	size_t len = tarn__rpz_prefix_name(prefix, trigger, name);
	unsigned count =
		tarn__namelist_find_self(list, name, len, matches, TARN__NAMELIST_ROWS_MAX);
	for (unsigned i = 0; i < count; i++) {
		char rule[TARN__RPZ_PREFIX_TEXT_MAX];
		printf("%s: %s ", text,
		       trigger == TARN__RPZ_ADDRESS ? "in answers:" : "as a client:");
		print_match(list, tarn__rpz_prefix_format(prefix, rule), &matches[i]);
		putchar('\n');
	}
	return count;
}

/* Returns true if some prefix of a response policy zone has the address. */
static bool test_address(const struct tarn__namelist *list, const char *text,
			 const struct tarn__ip *ip)
{
	unsigned shown = 0;
	for (unsigned i = TARN__RPZ_CLIENT_ADDRESS; i < TARN__RPZ_TRIGGERS; i++) {
		for (unsigned bits = tarn__rpz_prefix_bits(ip->len); bits > 0; bits--) {
			struct tarn__rpz_prefix prefix;
			tarn__rpz_prefix_of(ip->octets, ip->len, bits, &prefix);
			shown += test_prefix(list, text, &prefix, i);
		}
	}
	if (shown == 0)
		printf("%s: not listed\n", text);
	return shown > 0;
}

/* Returns true if some rule is for the name. */
static bool test_name(const struct tarn__namelist *list, const char *text)
{
	struct tarn__namelist_match matches[TARN__NAMELIST_MATCHES_MAX];
	uint8_t name[TARN__NAME_MAX];
	size_t len = tarn__name_parse(text, name);
	if (len == 0) {
		printf("%s: not a name\n", text);
		return false;
	}
	unsigned count = tarn__namelist_find(list, name, len, matches, TARN__NAMELIST_MATCHES_MAX);
	unsigned shown = 0;
	for (unsigned i = 0; i < count; i++) {
		if (list->rows[matches[i].row].action == TARN__NAMELIST_EXISTS)
			continue;
		shown++;
		char rule[TARN__NAME_TEXT_MAX];
		printf("%s: ", text);
		print_match(list, tarn__name_format(name + matches[i].suffix_at, rule),
			    &matches[i]);
		putchar('\n');
	}
	if (shown == 0)
		printf("%s: not listed\n", text);
	return shown > 0;
}

static int test(const char *path, char *const *names, int count)
{
	struct mapping mapping;
	int status = map_list(path, &mapping);
	if (status != EXIT_SUCCESS)
		return EXIT_USAGE;
	for (int i = 0; i < count; i++) {
		struct tarn__ip ip;
		bool is_address = tarn__ip_parse(names[i], strlen(names[i]), &ip);
		bool is_listed = is_address ? test_address(&mapping.list, names[i], &ip)
					    : test_name(&mapping.list, names[i]);
		if (!is_listed)
			status = EXIT_UNLISTED;
	}
	munmap(mapping.octets, mapping.len);
	return status;
}

/* ---- the command line ------------------------------------------------------------------- */

static int print_usage(FILE *file, int status)
{
	fputs("usage: tarn-list [-a] [-f FORMAT] [-s yes|no] -o OUT LIST...\n"
	      "       tarn-list -t OUT [NAME|ADDRESS...]\n\n"
	      "Compile lists of names to block, or show what a compiled list has of names.\n\n"
	      "  -a, --allow             the names are allowed, not blocked\n"
	      "  -f, --format FORMAT     auto, hosts, domains, wildcard, adblock, dnsmasq, "
	      "unbound\n"
	      "  -s, --subdomains yes|no names reach what is below them, or do not\n"
	      "  -o, --output OUT        the compiled list\n"
	      "  -t, --test OUT          look names and addresses up; without names describe the "
	      "list\n"
	      "      --version           print the version\n"
	      "  -h, --help              print this text\n",
	      file);
	return status;
}

static bool parse_format(const char *word, enum tarn__namelist_format *out)
{
	for (unsigned i = TARN__NAMELIST_AUTO; i < TARN__NAMELIST_RPZ; i++) {
		if (strcmp(word, tarn__namelist_format_word(i)) == 0) {
			*out = i;
			return true;
		}
	}
	return false;
}

static bool parse_subdomains(const char *word, enum tarn__namelist_subdomains *out)
{
	bool is_yes = strcmp(word, "yes") == 0;
	*out = is_yes ? TARN__NAMELIST_WITH : TARN__NAMELIST_WITHOUT;
	return is_yes || strcmp(word, "no") == 0;
}

enum { OPTION_VERSION = 256 };

static const struct option long_options[] = {
	{"allow", no_argument, NULL, 'a'},
	{"format", required_argument, NULL, 'f'},
	{"subdomains", required_argument, NULL, 's'},
	{"output", required_argument, NULL, 'o'},
	{"test", required_argument, NULL, 't'},
	{"version", no_argument, NULL, OPTION_VERSION},
	{"help", no_argument, NULL, 'h'},
	{0},
};

/* Returns -1, or the status to exit with. */
static int parse_option(int letter, struct options *options)
{
	switch (letter) {
	case 'a':
		options->kind = TARN__NAMELIST_ALLOW;
		return -1;
	case 'f':
		if (parse_format(optarg, &options->format))
			return -1;
		fail("%s is not a format", optarg);
		return EXIT_USAGE;
	case 's':
		if (parse_subdomains(optarg, &options->subdomains))
			return -1;
		fail("%s is neither yes nor no", optarg);
		return EXIT_USAGE;
	case 'o':
		options->output = optarg;
		return -1;
	case 't':
		options->tested = optarg;
		return -1;
	case OPTION_VERSION:
		puts("tarn-list " PACKAGE_VERSION);
		return EXIT_SUCCESS;
	case 'h':
		return print_usage(stdout, EXIT_SUCCESS);
	default:
		return print_usage(stderr, EXIT_USAGE);
	}
}

int main(int argc, char **argv)
{
	struct options options = {0};
	int letter;
	while ((letter = getopt_long(argc, argv, "af:s:o:t:h", long_options, NULL)) != -1) {
		int status = parse_option(letter, &options);
		if (status >= 0)
			return status;
	}
	if (options.tested && !options.output && optind < argc)
		return test(options.tested, argv + optind, argc - optind);
	if (options.tested && !options.output)
		return report(options.tested) == EXIT_SUCCESS ? EXIT_SUCCESS : EXIT_USAGE;
	if (!options.output || options.tested || optind == argc)
		return print_usage(stderr, EXIT_USAGE);
	return compile(&options, argv + optind, argc - optind);
}
