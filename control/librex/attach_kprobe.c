// SPDX-License-Identifier: GPL-2.0-only
/*
 * kprobes and uprobes, at entry or return. By perf events and not by kprobe_multi: only
 * there the program may change the registers, which rex_override_return() does.
 */
#include <bpf/libbpf.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

static int attach(const struct attach *a, int event_fd)
{
	struct bpf_object *obj;
	int prog_fd, err;

	err = rex_shim_load(a->entry, &obj, &prog_fd);
	if (!err) {
		err = rex_perf_link(a, a->target, prog_fd, event_fd);
		bpf_object__close(obj);
	}
	close(event_fd);
	return err;
}

int rex_attach_kprobe(const struct attach *a)
{
	const struct rex_target *t = a->target;
	struct perf_event_attr attr;
	char text[REX_TARGET_LEN], why[1024];
	int fd, err;

	err = rex_perf_probe("kprobe", t->at == REX_AT_KRETPROBE, t->name, t->offset, &attr);
	if (err)
		return err;
	fd = rex_perf_open(&attr, -1, 0);
	if (fd >= 0)
		return attach(a, fd);
	rex_target_text(t, text, sizeof(text));
	if (fd == -EILSEQ || (t->offset && fd == -EINVAL))
		return rex_fail(fd, "cannot attach to \"%s\": %s; 0x%llx bytes behind \"%s\" no "
				"instruction begins, or it cannot be probed (\"objdump -d\")", text,
				rex_strerror(fd), (unsigned long long)t->offset, t->name);
	if (fd == -EPERM || fd == -EACCES || fd == -ENOMEM)
		return rex_fail(fd, "cannot attach to \"%s\": %s", text, rex_strerror(fd));
	return rex_fail(fd, "cannot attach to \"%s\": %s; %s", text, rex_strerror(fd),
			rex_ksym_why(t->name, why, sizeof(why)));
}

int rex_attach_uprobe(const struct attach *a)
{
	const struct rex_target *t = a->target;
	struct perf_event_attr attr;
	char text[REX_TARGET_LEN + REX_SYMBOL_LEN + 64];
	uint64_t offset = t->offset;
	int fd, err = 0;

	rex_target_text(t, text, sizeof(text));
	if (access(t->name, R_OK))
		return rex_fail(-errno, "cannot attach to \"%s\": \"%s\": %s%s", text, t->name,
				strerror(errno), strchr(t->name, '/') ? "" :
				"; give the file's whole path");
	if (*t->symbol)
		err = rex_elf_symbol(t->name, t->symbol, &offset);
	if (!err)
		err = rex_perf_probe("uprobe", t->at == REX_AT_URETPROBE, t->name, offset, &attr);
	if (err)
		return err;
	fd = rex_perf_open(&attr, t->pid, t->pid < 0 ? 0 : -1);
	if (fd >= 0)
		return attach(a, fd);
	switch (fd) {
	case -ESRCH:
		return rex_fail(fd, "cannot attach to \"%s\": there is no process %d", text, t->pid);
	case -EINVAL:
		return rex_fail(fd, "cannot attach to \"%s\": %s; offset 0x%llx is outside of the "
				"file, or the file's system cannot be probed", text, rex_strerror(fd),
				(unsigned long long)offset);
	default:
		return rex_fail(fd, "cannot attach to \"%s\": %s", text, rex_strerror(fd));
	}
}
