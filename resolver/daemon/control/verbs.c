/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/control/verbs.c: the table of verbs. */
#include "daemon/control/verbs.h"

#include <string.h>

const struct tarn__command_row tarn__commands[TARN__COMMANDS] = {
	[TARN__COMMAND_STATUS] = {"status", "", 0, 0,
				  "print the version, uptime, listeners and upstreams"},
	[TARN__COMMAND_STATS] = {"stats", "[--prometheus]", 0, 1, "print the counters"},
	[TARN__COMMAND_UPSTREAMS] = {"upstreams", "", 0, 0,
				     "print the state of each upstream server"},
	[TARN__COMMAND_SHARED] = {"shared", "", 0, 0,
				  "print the state of the second level of the cache"},
	[TARN__COMMAND_LOOKUP] = {"lookup", "NAME [TYPE]", 1, 2, "resolve a name as for a client"},
	[TARN__COMMAND_EXPLAIN] = {"explain", "NAME [TYPE] [CLASS] [CLIENT]", 1, 4,
				   "print how a question would be answered, and why"},
	[TARN__COMMAND_TRUST] = {"trust", "NAME", 1, 1,
				 "print the chain of trust of a name (DNSSEC)"},
	[TARN__COMMAND_INSECURE] = {"insecure", "[NAME for TIME|off]", 0, 3,
				    "do not validate a name, with all names below it"},
	[TARN__COMMAND_FLUSH] = {"flush", "NAME [TYPE] [--fleet]", 1, 3,
				 "remove the entries of a name from the cache"},
	[TARN__COMMAND_FLUSH_TREE] = {"flush-tree", "NAME [--fleet]", 1, 2,
				      "the same, with all names below it"},
	[TARN__COMMAND_FLUSH_NEGATIVE] = {"flush-negative", "", 0, 0,
					  "remove the negative answers"},
	[TARN__COMMAND_FLUSH_FAILED] = {"flush-failed", "", 0, 0, "remove the remembered failures"},
	[TARN__COMMAND_DUMP] = {"dump", "", 0, 0, "print all answers in the cache"},
	[TARN__COMMAND_LOAD] = {"load", "[FILE]", 0, 1, "load them again"},
	[TARN__COMMAND_SAVE] = {"save", "", 0, 0, "save the cache to its file, and wait for it"},
	[TARN__COMMAND_LISTS] = {"lists", "", 0, 0,
				 "print the lists in force, and what was found in their files"},
	[TARN__COMMAND_TEST] = {"test", "NAME [CLIENT]", 1, 2,
				"print what lists and local names say of a name"},
	[TARN__COMMAND_BLOCK] = {"block", "NAME [TIME]", 1, 2,
				 "block a name, with all names below it"},
	[TARN__COMMAND_UNBLOCK] = {"unblock", "NAME [TIME]", 1, 2,
				   "let a name pass all lists, with all names below it"},
	[TARN__COMMAND_PAUSE] = {"pause", "[TIME]", 0, 1, "suspend all lists"},
	[TARN__COMMAND_RESUME] = {"resume", "", 0, 0, "apply them again"},
	[TARN__COMMAND_RELOAD_LISTS] = {"reload-lists", "", 0, 0,
					"read the files of lists and of local names again"},
	[TARN__COMMAND_LOCAL] = {"local", "[NAME]", 0, 1, "print the local names"},
	[TARN__COMMAND_LOG] = {"log", "LEVEL", 1, 1,
			       "set the log level: err, warning, info or debug"},
	[TARN__COMMAND_RELOAD] = {"reload", "", 0, 0, "read the configuration again"},
	[TARN__COMMAND_STOP] = {"stop", "", 0, 0, "stop tarn"},
};

enum tarn__command_id tarn__command_find(const char *name)
{
	unsigned i = 0;
	while (i < TARN__COMMANDS && strcmp(name, tarn__commands[i].name) != 0)
		i++;
	return (enum tarn__command_id)i;
}
