// SPDX-License-Identifier: GPL-2.0-only
/*
 * kprobes and uprobes, at entry or return. By perf events and not by kprobe_multi: only
 * there the program may change the registers, which rex_override_return() does.
 */
#include <bpf/libbpf.h>
#include <ctype.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpf_abi.h"
#include "internal.h"

/* ---- words ------------------------------------------------------------------------------------ */

static int parse_kprobe(const char *const *words, size_t n, struct rex_target *t)
{
	const char *plus = strchr(words[0], '+');
	size_t len = plus ? (size_t)(plus - words[0]) : strlen(words[0]);

	(void)n;
	if (!rex_word_is_symbol(words[0], len))
		return rex_word_bad(words[0], "is not a kernel symbol; \"grep NAME /proc/kallsyms\" finds them");
	if (plus && t->at == REX_AT_KRETPROBE)
		return rex_word_bad(words[0], "has an offset, but kretprobe is for the return of a function: give "
			   "its symbol alone");
	if (plus && rex_word_number(plus + 1, INT32_MAX, &t->offset))
		return rex_word_bad(words[0], "has no number behind the +, like SYMBOL+0x10");
	return rex_word_copy(t->name, REX_SYMBOL_LEN, words[0], len, "is too long for a symbol");
}

static int parse_uprobe(const char *const *words, size_t n, struct rex_target *t)
{
	const char *colon = strrchr(words[0], ':');
	uint64_t pid;
	int err;

	if (!colon || colon == words[0] || !colon[1])
		return rex_word_bad(words[0], "is not a place in a file: specify PATH:SYMBOL or PATH:0xOFFSET");
	err = rex_word_copy(t->name, sizeof(t->name), words[0], colon - words[0], "is too long");
	if (err)
		return err;
	t->in_file = true;
	if (isdigit((unsigned char)colon[1])) {
		if (rex_word_number(colon + 1, INT64_MAX, &t->offset))
			return rex_word_bad(words[0], "has no offset of the file behind the colon, like 0x1234");
	} else if (!rex_word_is_symbol(colon + 1, strlen(colon + 1))) {
		return rex_word_bad(words[0], "has no symbol behind the colon; \"nm -D FILE\" lists them");
	} else {
		err = rex_word_copy(t->symbol, sizeof(t->symbol), colon + 1, strlen(colon + 1),
			   "is too long for a symbol");
	}
	if (err || n < 2)
		return err;
	if (rex_word_number(words[1], INT32_MAX, &pid) || !pid)
		return rex_word_bad(words[1], "is not a process id");
	t->pid = pid;
	return 0;
}

static int resolve_uprobe(struct rex_target *t)
{
	rex_resolve_file(t);
	if (*t->symbol)
		rex_elf_symbol(t->name, t->symbol, &t->offset);
	return 0;
}

static bool is_same_uprobe(const struct rex_target *wanted, const struct rex_target *is)
{
	return !strcmp(wanted->name, is->name) && (*wanted->symbol && *is->symbol ?
	       !strcmp(wanted->symbol, is->symbol) : wanted->offset == is->offset);
}

/* ---- attach ----------------------------------------------------------------------------------- */

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

static int attach_kprobe(const struct attach *a)
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
		return rex_fail(fd, "cannot attach to \"%s\": 0x%llx bytes behind \"%s\" no "
				"instruction begins, or it cannot be probed (\"objdump -d\")", text,
				(unsigned long long)t->offset, t->name);
	if (fd == -EPERM || fd == -EACCES || fd == -ENOMEM)
		return rex_fail(fd, "cannot attach to \"%s\": %s", text, rex_strerror(fd));
	return rex_fail(fd, "cannot attach to \"%s\": %s; %s", text, rex_strerror(fd),
			rex_ksym_why(t->name, why, sizeof(why)));
}

static int attach_uprobe(const struct attach *a)
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

/* ---- listing ---------------------------------------------------------------------------------- */

static void describe(struct link_walk *w, const struct rex_link_info *info, struct rex_link *link)
{
	(void)w;
	link->target.offset = info->perf.probe.offset;
	link->target.in_file = link->target.at == REX_AT_UPROBE ||
			       link->target.at == REX_AT_URETPROBE;
}

static void add_symbol(const struct rex_target *pin, struct rex_target *t)
{
	strcpy(t->symbol, pin->symbol);
}

const struct place rex_place_kprobe = {
	.args = "SYMBOL[+OFFSET]", .noun = "symbol", .hook = REX_HOOK_KPROBE,
	.max_words = 1, .parse = parse_kprobe, .attach = attach_kprobe,
	.link_type = REX_LINK_PERF_EVENT, .link_subtype = REX_PERF_KPROBE, .describe = describe,
};

const struct place rex_place_kretprobe = {
	.args = "SYMBOL", .noun = "symbol", .hook = REX_HOOK_KPROBE,
	.max_words = 1, .parse = parse_kprobe, .attach = attach_kprobe,
	.link_type = REX_LINK_PERF_EVENT, .link_subtype = REX_PERF_KRETPROBE, .describe = describe,
};

const struct place rex_place_uprobe = {
	.args = "PATH:SYMBOL|PATH:0xOFFSET [PID]", .noun = "file",
	.hook = REX_HOOK_KPROBE, .max_words = 2, .parse = parse_uprobe,
	.resolve = resolve_uprobe, .same = is_same_uprobe, .attach = attach_uprobe,
	.link_type = REX_LINK_PERF_EVENT, .link_subtype = REX_PERF_UPROBE, .describe = describe,
	.add_from_pin = add_symbol,
};

const struct place rex_place_uretprobe = {
	.args = "PATH:SYMBOL|PATH:0xOFFSET [PID]", .noun = "file",
	.hook = REX_HOOK_KPROBE, .max_words = 2, .parse = parse_uprobe,
	.resolve = resolve_uprobe, .same = is_same_uprobe, .attach = attach_uprobe,
	.link_type = REX_LINK_PERF_EVENT, .link_subtype = REX_PERF_URETPROBE, .describe = describe,
	.add_from_pin = add_symbol,
};
