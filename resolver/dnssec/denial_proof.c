/* SPDX-License-Identifier: BSD-2-Clause */
#include "dnssec/denial_proof.h"
