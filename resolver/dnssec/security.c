/* SPDX-License-Identifier: BSD-2-Clause */
#include "dnssec/security.h"
