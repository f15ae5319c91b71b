/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/bootstrap/designation.c: encrypted services, from SVCB records. */
#include "daemon/bootstrap/designation.h"

#include <string.h>

#include "base/transport.h"
#include "dns/name.h"
#include "dns/record.h"
#include "dns/svc_params.h"

/* What a record says, as far as it is understood. */
struct service {
	bool has_dot, has_h2, has_path, has_hints, is_here;
	bool is_beyond; /* a key that is mandatory is not known */
	uint16_t port; /* 0: the usual one */
	char path[TARN__PATH_MAX + 1];
};

static void take_alpn(const struct tarn__svc_param *param, struct service *out)
{
	for (size_t at = 0; at < param->len; at += 1 + (size_t)param->value[at]) {
		size_t len = param->value[at];
		const uint8_t *id = param->value + at + 1;
		out->has_dot |= len == 3 && memcmp(id, "dot", len) == 0;
		out->has_h2 |= len == 2 && memcmp(id, "h2", len) == 0;
	}
}

/* RFC 9461 section 5: a URI template with the variable "dns", of which that at the end is understood. */
static void take_path(const struct tarn__svc_param *param, struct service *out)
{
	static const char end[] = "{?dns}";
	size_t end_len = sizeof(end) - 1;
	size_t len = param->len > end_len ? param->len - end_len : 0;
	if (len == 0 || len > TARN__PATH_MAX || param->value[0] != '/' ||
	    memcmp(param->value + len, end, end_len) != 0)
		return;
	for (size_t i = 0; i < len; i++) {
		uint8_t c = param->value[i];
		if (c <= ' ' || c > '~' || c == '{' || c == '}' || c == '#')
			return;
	}
	memcpy(out->path, param->value, len);
	out->path[len] = '\0';
	out->has_path = true;
}

static void take_hints(const struct tarn__svc_param *param, size_t len,
		       const struct tarn__ip *server, struct service *out)
{
	out->has_hints = true;
	for (size_t at = 0; at + len <= param->len; at += len) {
		if (server->len == len && memcmp(param->value + at, server->octets, len) == 0)
			out->is_here = true;
	}
}

/* RFC 9460 section 8: a client that does not know one of these keys leaves the record alone. */
static void take_mandatory(const struct tarn__svc_param *param, struct service *out)
{
	for (size_t at = 0; at + 2 <= param->len; at += 2) {
		switch (tarn__get16(param->value + at)) {
		case TARN__SVC_ALPN:
		case TARN__SVC_NO_DEFAULT_ALPN:
		case TARN__SVC_PORT:
		case TARN__SVC_IPV4HINT:
		case TARN__SVC_IPV6HINT:
		case TARN__SVC_DOHPATH:
			break;
		default:
			out->is_beyond = true;
		}
	}
}

/* The parameters are valid. */
static void take_params(const uint8_t *params, size_t len, const struct tarn__ip *server,
			struct service *out)
{
	struct tarn__reader reader = {.wire = params, .end = len};
	struct tarn__svc_param param;
	while (tarn__svc_param_next(&reader, &param)) {
		switch (param.key) {
		case TARN__SVC_MANDATORY:
			take_mandatory(&param, out);
			break;
		case TARN__SVC_ALPN:
			take_alpn(&param, out);
			break;
		case TARN__SVC_PORT:
			out->port = tarn__get16(param.value);
			break;
		case TARN__SVC_IPV4HINT:
			take_hints(&param, TARN__IPV4_LEN, server, out);
			break;
		case TARN__SVC_IPV6HINT:
			take_hints(&param, TARN__IPV6_LEN, server, out);
			break;
		case TARN__SVC_DOHPATH:
			take_path(&param, out);
			break;
		default:
			break;
		}
	}
}

/* Returns the priority of a record that can be used; 0: it cannot. */
static uint16_t read_record(const struct tarn__record *record, const struct tarn__ip *server,
			    bool has_https, struct tarn__designation *out)
{
	struct tarn__reader rdata = {.wire = record->rdata, .end = record->rdata_len};
	uint16_t priority = tarn__read16(&rdata);
	size_t span = rdata.failed ? 0 : tarn__name_span(rdata.wire + 2, rdata.end - 2);
	if (span == 0)
		return 0;
	const uint8_t *params = rdata.wire + 2 + span;
	size_t len = rdata.end - 2 - span;
	struct service service = {0};
	if (!tarn__svc_params_are_valid(params, len))
		return 0;
	take_params(params, len, server, &service);
	bool is_https = !service.has_dot && service.has_h2 && service.has_path && has_https;
	if (service.is_beyond || (service.has_hints && !service.is_here) ||
	    (!service.has_dot && !is_https))
		return 0;
	*out = (struct tarn__designation){.transport = is_https ? TARN_HTTPS : TARN_TLS};
	out->port = service.port ? service.port : tarn__transports[out->transport].port;
	if (is_https)
		memcpy(out->path, service.path, sizeof(out->path));
	return priority;
}

enum tarn__designation_result tarn__designation_read(const uint8_t *wire, size_t len,
						     const struct tarn__ip *server, bool has_https,
						     struct tarn__designation *out, uint32_t *ttl)
{
	if (!wire || len < TARN__HEADER_LEN)
		return TARN__DESIGNATION_FAILED;
	unsigned rcode = tarn__get16(wire + 2) & TARN__FLAG_RCODE;
	if (rcode != TARN__NOERROR && rcode != TARN__NXDOMAIN)
		return TARN__DESIGNATION_FAILED;
	struct tarn__reader reader = {.wire = wire, .at = TARN__HEADER_LEN, .end = len};
	uint8_t qname[TARN__NAME_MAX];
	if (tarn__get16(wire + 4) == 1 && tarn__name_read(&reader, qname) > 0)
		tarn__read_octets(&reader, 4);
	uint16_t best = 0;
	for (unsigned count = tarn__get16(wire + 6); count > 0; count--) {
		struct tarn__record record;
		struct tarn__designation found;
		if (!tarn__record_read(&reader, &record))
			break;
		if (record.type != TARN__TYPE_SVCB || record.class != TARN__CLASS_IN)
			continue;
		uint16_t priority = read_record(&record, server, has_https, &found);
		if (priority == 0 || (best > 0 && priority >= best))
			continue;
		best = priority;
		*out = found;
		*ttl = record.ttl < TARN__DESIGNATION_TTL_MIN	? TARN__DESIGNATION_TTL_MIN
		       : record.ttl > TARN__DESIGNATION_TTL_MAX ? TARN__DESIGNATION_TTL_MAX
								: record.ttl;
	}
	return best > 0 ? TARN__DESIGNATION_FOUND : TARN__DESIGNATION_NONE;
}
