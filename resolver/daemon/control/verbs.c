/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/control/verbs.c: the table of verbs. */
#include "daemon/control/verbs.h"

#include <string.h>

const struct tarn__command_row tarn__commands[TARN__COMMANDS] = {
	[TARN__COMMAND_STATUS] = {"status", "", 0, 0, "say what runs, since when, and how it is"},
	[TARN__COMMAND_STATS] = {"stats", "[--prometheus]", 0, 1, "print what has been counted"},
	[TARN__COMMAND_UPSTREAMS] = {"upstreams", "", 0, 0, "say how each upstream server does"},
	[TARN__COMMAND_LOOKUP] = {"lookup", "NAME [TYPE]", 1, 2,
				  "ask a question as a client would"},
	[TARN__COMMAND_EXPLAIN] = {"explain", "NAME [TYPE] [CLASS] [CLIENT]", 1, 4,
				   "say what a question would come to, and why"},
	[TARN__COMMAND_FLUSH] = {"flush", "NAME [TYPE]", 1, 2, "forget what is known of a name"},
	[TARN__COMMAND_FLUSH_TREE] = {"flush-tree", "NAME", 1, 1, "and of all names below it"},
	[TARN__COMMAND_FLUSH_NEGATIVE] = {"flush-negative", "", 0, 0,
					  "forget that names or records do not exist"},
	[TARN__COMMAND_FLUSH_FAILED] = {"flush-failed", "", 0, 0,
					"forget which lookups have failed"},
	[TARN__COMMAND_DUMP] = {"dump", "", 0, 0, "print all answers that are in the cache"},
	[TARN__COMMAND_LOAD] = {"load", "[FILE]", 0, 1, "read them again"},
	[TARN__COMMAND_LOG] = {"log", "LEVEL", 1, 1,
			       "log more or less: err, warning, info or debug"},
	[TARN__COMMAND_RELOAD] = {"reload", "", 0, 0, "read the configuration again"},
	[TARN__COMMAND_STOP] = {"stop", "", 0, 0, "end tarn"},
};

enum tarn__command_id tarn__command_find(const char *name)
{
	unsigned i = 0;
	while (i < TARN__COMMANDS && strcmp(name, tarn__commands[i].name) != 0)
		i++;
	return (enum tarn__command_id)i;
}
