// SPDX-License-Identifier: GPL-2.0-only
/* A list of settings, as they were read. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nic_access.h"

int nic_add(struct nic_list *list, const char *group, const char *key, const char *fmt, ...)
{
	struct rex_nic_setting *grown = realloc(list->list, (list->n + 1) * sizeof(*grown));
	char *value = NULL;
	va_list ap;
	int len;

	if (!grown)
		return rex_fail(-ENOMEM, "out of memory");
	list->list = grown;
	va_start(ap, fmt);
	len = vasprintf(&value, fmt, ap);
	va_end(ap);
	if (len < 0)
		return rex_fail(-ENOMEM, "out of memory");
	grown += list->n++;
	grown->group = group;
	snprintf(grown->key, sizeof(grown->key), "%s", key);
	grown->value = value;
	return 0;
}

const char *nic_value(const struct nic_list *list, const char *group, const char *key)
{
	for (size_t i = 0; i < list->n; i++)
		if (!strcmp(list->list[i].group, group) && !strcmp(list->list[i].key, key))
			return list->list[i].value;
	return NULL;
}

void nic_list_free(struct nic_list *list)
{
	rex_nic_settings_free(list->list, list->n);
	*list = (struct nic_list){};
}

void rex_nic_settings_free(struct rex_nic_setting *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i].value);
	free(list);
}
