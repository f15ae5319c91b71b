/* SPDX-License-Identifier: BSD-2-Clause */
/* tarnctl/print.h: formats the JSON answers of tarn for people: aligned, with units, and tables. */
#ifndef TARN_TARNCTL_PRINT_H
#define TARN_TARNCTL_PRINT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/*
 * Prints an object, whose members may be scalars, arrays, and objects of such. The output is graphic ASCII.
 */
void tarn__print(const json_t *object, FILE *out, bool has_colours);

/* Prints lines of text, with octets other than graphic ASCII and white space escaped. */
void tarn__print_text(const char *text, FILE *out);

#endif
