/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/control/second_commands.c: the commands about the second level of the cache. */
#include "daemon/control/second_commands.h"

#include "core/config.h"
#include "daemon/control/second_json.h"
#include "net/shared.h"

static const char no_second[] = "there is no second level of the cache (shared in tarn.conf(5))";

void tarn__command_shared(struct tarn__task *task, const json_t *arguments)
{
	(void)arguments;
	struct tarn__config *config = tarn__get_config(task->context->tarn);
	struct tarn__totals *totals = config->second ? tarn__task_collect(task) : NULL;
	if (!config->second) {
		tarn__task_fail(task, "%s", no_second);
	} else if (totals) {
		json_t *result = tarn__control_json_store(config->second, totals);
		json_t *counters = tarn__control_json_shared(totals);
		json_object_update(result, counters);
		json_decref(counters);
		tarn__task_ok(task, result);
	}
	tarn__totals_free(totals);
	tarn__config_put(config);
}
