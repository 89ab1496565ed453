// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <stdio.h>

#include "manual.h"

/* A text of mdoc, in which a backslash and a leading dot or quote mean something. */
static void text(const char *s)
{
	if (*s == '.' || *s == '\'')
		fputs("\\&", stdout);
	for (; *s; s++) {
		if (*s == '\\')
			fputs("\\e", stdout);
		else
			putchar(*s);
	}
	putchar('\n');
}

void manual_options(const struct argp_option *const *tables)
{
	for (; *tables; tables++) {
		for (const struct argp_option *o = *tables; o->name; o++) {
			printf(".It ");
			if (o->key < 128 && isalnum(o->key))
				printf("Fl %c%s%s , ", o->key, o->arg ? " Ar " : "", o->arg ? o->arg : "");
			printf("Fl -%s%s%s\n", o->name, o->arg ? " Ar " : "", o->arg ? o->arg : "");
			text(o->doc);
		}
	}
}
