/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TARN_DNSSEC_CHECK_H
#define TARN_DNSSEC_CHECK_H
#endif
