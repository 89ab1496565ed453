// SPDX-License-Identifier: GPL-2.0-only
/*
 * rex.require_signed=1 on the kernel's command line. modprobe passes it to the module, but insmod
 * does not, and the setting must hold either way.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kstrtox.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"

#define REX_CMDLINE_MAX	8192	/* the kernel's own is half of that, and what a loader adds */

/* Fills @to, NUL-terminated. The text itself is not exported. */
static int rex_cmdline_read(char *to, size_t size)
{
	struct file *file = filp_open("/proc/cmdline", O_RDONLY, 0);
	loff_t pos = 0;
	ssize_t len;

	if (IS_ERR(file))
		return PTR_ERR(file);
	len = kernel_read(file, to, size, &pos);
	fput(file);
	if (len < 0)
		return len;
	if (len == size)
		return -E2BIG;
	to[len] = '\0';
	return 0;
}

/* The last one counts, - is _, no value means yes, and what is behind -- is not the kernel's. */
static bool rex_cmdline_asks(char *args)
{
	char *param, *value;
	bool asks = false;

	args = skip_spaces(args);
	while (*args) {
		args = next_arg(args, &param, &value);
		if (!strcmp(param, "--"))
			break;
		strreplace(param, '-', '_');
		if (!strcmp(param, "rex.require_signed") && (!value || kstrtobool(value, &asks)))
			asks = true;
	}
	return asks;
}

/* Also when nobody can tell. */
bool rex_cmdline_requires_signed(void)
{
	char *text = kmalloc(REX_CMDLINE_MAX, GFP_KERNEL);
	int ret = text ? rex_cmdline_read(text, REX_CMDLINE_MAX) : -ENOMEM;
	bool asks = ret || rex_cmdline_asks(text);

	if (ret)
		pr_warn("cannot read the kernel's command line (%d): assuming rex.require_signed=1\n",
			ret);
	kfree(text);
	return asks;
}
