/* SPDX-License-Identifier: BSD-2-Clause */
/* tarnctl/print.h: what tarn says, in JSON, for people: aligned, with units, tables as tables. */
#ifndef TARN_TARNCTL_PRINT_H
#define TARN_TARNCTL_PRINT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* An object, whose members may be scalars, arrays, and objects of such. Nothing but graphic ASCII. */
void tarn__print(const json_t *object, FILE *out, bool has_colours);

/* Text in lines, with what is neither graphic ASCII nor white space escaped. */
void tarn__print_text(const char *text, FILE *out);

#endif
