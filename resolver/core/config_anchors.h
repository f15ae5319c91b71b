/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/config_anchors.h: the trust anchors of a configuration (dnssec/anchors.h), which options name and
 * zones with servers of their own make.
 */
#ifndef TARN_CORE_CONFIG_ANCHORS_H
#define TARN_CORE_CONFIG_ANCHORS_H

#include "core/config.h"
#include "dnssec/anchors.h"
#include "tarn.h"

/*
 * Makes the anchors of a configuration that validates, before it has zones: those of the options, and as
 * negative ones the insecure names and the special names that are passed, of which the public DNS has
 * signed proofs that they do not exist. Loads the library that validation needs. Returns 0; TARN_ENOMEM;
 * TARN_EINVAL, and fault is one line that names the error.
 */
int tarn__config_set_anchors(struct tarn__config *, const struct tarn_options *,
			     char fault[TARN__CONFIG_FAULT_MAX]);

/* Sets is_validated of each zone that has a positive anchor. */
void tarn__config_find_anchored_zones(struct tarn__config *);

/*
 * Returns the anchor at which the chain of trust of a question starts, of kind NONE if the configuration has no
 * anchors. It is a view.
 */
struct tarn__anchor tarn__config_find_anchor(const struct tarn__config *, const uint8_t *qname,
					     size_t len, uint16_t qtype);

/* Returns true if the anchors of both are equal, or none of them validates. */
bool tarn__config_has_same_anchors(const struct tarn__config *, const struct tarn__config *);

/* Returns true if the chain of trust of a question starts at the same anchor in both, or at none. */
bool tarn__config_has_same_anchor(const struct tarn__config *, const struct tarn__config *,
				  const uint8_t *qname, size_t len, uint16_t qtype);

#endif
