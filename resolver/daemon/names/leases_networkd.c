/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/names/leases_networkd.c: leases of systemd-networkd. */
#include "daemon/names/leases_networkd.h"

#include <jansson.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum { SECOND_US = 1000000 };

bool tarn__leases_networkd_is_form(const char *text, size_t len)
{
	size_t at = 0;
	while (at < len && memchr(" \t\r\n", text[at], 4))
		at++;
	return at < len && (text[at] == '[' || text[at] == '{');
}

/* Reads an array of numbers below 256. Returns their count; 0: it is none, or longer than max. */
static size_t read_octets(const json_t *array, uint8_t *out, size_t max)
{
	size_t count = json_array_size(array);
	if (count > max)
		return 0;
	for (size_t i = 0; i < count; i++) {
		const json_t *number = json_array_get(array, i);
		json_int_t value = json_integer_value(number);
		if (!json_is_integer(number) || value < 0 || value > UINT8_MAX)
			return 0;
		out[i] = (uint8_t)value;
	}
	return count;
}

static bool read_address(const json_t *lease, struct tarn__ip *out)
{
	uint8_t octets[TARN__IPV6_LEN];
	size_t len = read_octets(json_object_get(lease, "Address"), octets, sizeof(octets));
	if (len != TARN__IPV4_LEN && len != TARN__IPV6_LEN)
		return false;
	*out = (struct tarn__ip){.len = (uint8_t)len};
	memcpy(out->octets, octets, len);
	return true;
}

static void write_client(const json_t *lease, char out[TARN__LEASE_CLIENT_MAX])
{
	enum { ID_MAX = (TARN__LEASE_CLIENT_MAX - 1) / 3 };
	uint8_t octets[ID_MAX];
	const json_t *id = json_object_get(lease, "HardwareAddress");
	size_t len = read_octets(id ? id : json_object_get(lease, "ClientId"), octets, ID_MAX);
	out[0] = '\0';
	for (size_t i = 0; i < len; i++)
		snprintf(out + (i > 0 ? 3 * i - 1 : 0), 4, "%s%02x", i > 0 ? ":" : "", octets[i]);
}

static void read_lease(const json_t *item, uint32_t number, tarn__lease_fn *on_lease,
		       tarn__lease_fault_fn *on_fault, void *arg)
{
	struct tarn__lease lease = {.line = number, .end_s = TARN__LEASE_NEVER};
	char client[TARN__LEASE_CLIENT_MAX];
	if (!read_address(item, &lease.address)) {
		if (on_fault)
			on_fault(arg, number, "a lease without an address");
		return;
	}
	json_int_t end_us = json_integer_value(json_object_get(item, "ExpirationRealtimeUSec"));
	if (end_us > 0)
		lease.end_s = (uint64_t)end_us / SECOND_US;
	const char *name = json_string_value(json_object_get(item, "Hostname"));
	if (name && strlen(name) < TARN__LEASE_NAME_MAX)
		lease.name = name;
	write_client(item, client);
	lease.client = client[0] != '\0' ? client : NULL;
	on_lease(arg, &lease);
}

bool tarn__leases_networkd_read(const char *text, size_t len, tarn__lease_fn *on_lease,
				tarn__lease_fault_fn *on_fault, void *arg)
{
	json_error_t error;
	json_t *document = json_loadb(text, len, 0, &error);
	const json_t *leases =
		json_is_array(document) ? document : json_object_get(document, "Leases");
	if (!document && on_fault)
		on_fault(arg, error.line > 0 ? (uint32_t)error.line : 1, error.text);
	size_t index;
	const json_t *item;
	json_array_foreach(leases, index, item)
	{
		read_lease(item, (uint32_t)index + 1, on_lease, on_fault, arg);
	}
	json_decref(document);
	return document != NULL;
}
