/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/control/certificate_json.c: certificates as JSON. */
#include "daemon/control/certificate_json.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon/log/log.h"

enum { DAY_SEC = 86400, DATE_MAX = 32 };

/* Texts of files and certificates may have octets that JSON cannot represent. */
static json_t *text_of(const char *text)
{
	char escaped[TARN__LOG_LINE_MAX];
	tarn__log_escape(text, sizeof(escaped), escaped);
	return json_string(escaped);
}

static json_t *date_of(uint64_t sec)
{
	char text[DATE_MAX] = "";
	time_t time = (time_t)sec;
	struct tm parts;
	if (gmtime_r(&time, &parts))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
	return json_string(text);
}

/* Whole days; negative since the end. */
static json_int_t days_left(uint64_t until_sec, uint64_t now_sec)
{
	int64_t left_sec = (int64_t)until_sec - (int64_t)now_sec;
	return left_sec >= 0 ? left_sec / DAY_SEC : -((-left_sec + DAY_SEC - 1) / DAY_SEC);
}

static json_t *describe(const struct tarn__certificate_state *certificate, uint64_t now_sec)
{
	const struct tarn__tls_certificate *says = &certificate->says;
	return json_pack("{so so sI so so}", "file", text_of(certificate->file), "until",
			 date_of(says->until_sec), "days_left", days_left(says->until_sec, now_sec),
			 "issuer", text_of(says->issuer), "names", text_of(says->names));
}

json_t *tarn__control_json_certificates(const struct tarn__certificates_state *state,
					uint64_t now_sec)
{
	json_t *rows = json_array();
	for (size_t i = 0; i < state->count; i++)
		json_array_append_new(rows, describe(&state->items[i], now_sec));
	int64_t age_s = (int64_t)now_sec - state->loaded_s;
	json_t *out = json_pack("{sI}", "loaded_s", (json_int_t)(age_s > 0 ? age_s : 0));
	if (*state->fault)
		json_object_set_new(out, "error", text_of(state->fault));
	json_object_set_new(out, "certificates", rows);
	return out;
}
