/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/control/name_json.h: local names and lists as JSON, by the rules of daemon/control/json.h. NULL:
 * out of memory.
 */
#ifndef TARN_DAEMON_CONTROL_NAME_JSON_H
#define TARN_DAEMON_CONTROL_NAME_JSON_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "core/stats.h"
#include "daemon/names/naming.h"
#include "daemon/transfer/transfers.h"

enum { TARN__LOCAL_ROWS_MAX = 1000 /* records that are printed; of one name there are fewer */ };

/* The lists, their files, their faults, and what was said by tarnctl for a time. */
json_t *tarn__control_json_lists(const struct tarn__naming *, const struct tarn__stats *);

/* The zones that come by transfer. NULL: there are none. */
json_t *tarn__control_json_transfers(const struct tarn__transfers *);

/* Local names: how many there are, and the records; of one name in wire form, or of all if name is NULL. */
json_t *tarn__control_json_local(const struct tarn__naming *, const uint8_t *name, size_t len);

#endif
