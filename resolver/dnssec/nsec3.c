/* SPDX-License-Identifier: BSD-2-Clause */
#include "dnssec/nsec3.h"
