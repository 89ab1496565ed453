// SPDX-License-Identifier: GPL-2.0-only
/*
 * The names that a program imports from rex.ko show which helpers it uses. The kernel keeps the
 * names of a module's imports while its init function runs.
 */
#include <linux/kallsyms.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

#include "internal.h"

/* Whether it imports @name; true if that is unknown. */
static bool rex_imports(const struct module *owner, const char *name)
{
#ifdef CONFIG_KALLSYMS
	const struct mod_kallsyms *all;
	bool found = false;
	unsigned int i;

	rcu_read_lock();
	all = rcu_dereference(owner->kallsyms);
	for (i = 1; all && !found && i < all->num_symtab; i++)
		found = all->symtab[i].st_shndx == SHN_UNDEF &&
			!strcmp(all->strtab + all->symtab[i].st_name, name);
	rcu_read_unlock();
	return found;
#else
	return true;
#endif
}

/* From the init function of the program's module. */
void rex_imports_take(struct rex_prog *prog)
{
	prog->chains = rex_imports(prog->owner, "rex_get_stack");
	if (prog->chains)
		rex_stacktrace_get();
	if (rex_imports(prog->owner, "rex_probe_read_kernel") ||
	    rex_imports(prog->owner, "rex_probe_read_kernel_str"))
		rex_probe_take();
}

/* Nobody runs in the program any more. */
void rex_imports_put(struct rex_prog *prog)
{
	if (prog->chains)
		rex_stacktrace_put();
	prog->chains = false;
}
