// SPDX-License-Identifier: GPL-2.0-only
/* Whether this machine can run Rex: kernel, privileges, file systems, each with the command for it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "checks.h"
#include "mounts.h"

static bool read_word(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "re");
	bool ok = f && fgets(text, size, f);

	if (f)
		fclose(f);
	if (ok)
		text[strcspn(text, "\n")] = '\0';
	return ok;
}

static void check_kernel(struct checks *c)
{
	unsigned int major = 0, minor = 0;
	struct utsname u;

	uname(&u);
	sscanf(u.release, "%u.%u", &major, &minor);
	if (strcmp(u.machine, "x86_64"))
		check_add(c, "kernel", REX_BAD, "", "Rex needs x86-64, not %s", u.machine);
	else if (major < 6 || (major == 6 && minor < 12))
		check_add(c, "kernel", REX_BAD, "apt-get install linux-image-amd64", "Linux %s is older than 6.12",
			  u.release);
	else if (strstr(u.version, "PREEMPT_RT"))
		check_add(c, "kernel", REX_BAD, "", "Linux %s is a real-time kernel (PREEMPT_RT), whose locks sleep; "
			  "boot another flavour", u.release);
	else
		check_add(c, "kernel", REX_GOOD, "", "Linux %s", u.release);
}

static void check_privileges(struct checks *c)
{
	char line[256];
	unsigned long long caps = 0;
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "CapEff: %llx", &caps);
	if (f)
		fclose(f);
	/* CAP_NET_ADMIN, CAP_SYS_MODULE, CAP_SYS_ADMIN, CAP_SYSLOG */
	if (~caps & (1ull << 12 | 1ull << 16 | 1ull << 21 | 1ull << 34))
		check_add(c, "privileges", REX_BAD, "", "rexctl needs CAP_SYS_ADMIN, CAP_SYS_MODULE, CAP_NET_ADMIN and "
			  "CAP_SYSLOG: run it as root");
	else
		check_add(c, "privileges", REX_GOOD, "", "all capabilities that loading and attaching need");
}

static void check_btf(struct checks *c)
{
	if (access("/sys/kernel/btf/vmlinux", R_OK))
		check_add(c, "btf", REX_BAD, "", "the kernel has no BTF (/sys/kernel/btf/vmlinux, CONFIG_DEBUG_INFO_BTF)");
	else
		check_add(c, "btf", REX_GOOD, "", "the kernel has BTF");
}

static int find_bpffs(const struct rex_mount *mount, void *data)
{
	if (!strcmp(mount->type, "bpf") && !strcmp(mount->path, "/sys/fs/bpf"))
		*(bool *)data = true;
	return 0;
}

static void check_bpffs(struct checks *c)
{
	bool found = false;
	int fd;

	rex_mounts(find_bpffs, &found);
	if (!found) {
		check_add(c, "bpffs", REX_BAD, "mount -t bpf -o mode=700 bpf /sys/fs/bpf",
			  "no BPF file system is mounted at /sys/fs/bpf, where links are pinned");
		return;
	}
	fd = rex_bpffs_open("/sys/fs/bpf");
	if (fd < 0) {
		check_add(c, "bpffs", REX_BAD, "", "%s", rex_errmsg());
		return;
	}
	close(fd);
	check_add(c, "bpffs", REX_GOOD, "", "a BPF file system is mounted at /sys/fs/bpf");
}

static void check_lockdown(struct checks *c)
{
	char text[128];

	if (!read_word("/sys/kernel/security/lockdown", text, sizeof(text)))
		return;
	if (strstr(text, "[none]"))
		check_add(c, "lockdown", REX_GOOD, "", "the kernel is not locked down");
	else if (strstr(text, "[confidentiality]"))
		check_add(c, "lockdown", REX_BAD, "", "the kernel is locked down for confidentiality: tracing with BPF and "
			  "unsigned modules are refused; boot with lockdown=integrity or none");
	else
		check_add(c, "lockdown", REX_WARNING, "", "the kernel is locked down: rex.ko and programs need a signature "
			  "that it trusts");
}

static void check_signatures(struct checks *c)
{
	char text[16];

	if (read_word("/sys/module/module/parameters/sig_enforce", text, sizeof(text)) && *text == 'Y')
		check_add(c, "signatures", REX_WARNING, "", "the kernel loads signed modules only: sign rex.ko and "
			  "programs with a key that it trusts (\"rexc --sign\")");
	if (read_word("/proc/sys/kernel/modules_disabled", text, sizeof(text)) && *text == '1')
		check_add(c, "modules", REX_BAD, "", "the kernel loads no more modules (kernel.modules_disabled=1) until it "
			  "is booted again");
}

/* kptr_restrict 2 hides the instructions by which shims are known. */
static void check_kptr(struct checks *c)
{
	char text[16];

	if (read_word("/proc/sys/kernel/kptr_restrict", text, sizeof(text)) && *text == '2')
		check_add(c, "kptr_restrict", REX_BAD, "sysctl -w kernel.kptr_restrict=1", "kernel.kptr_restrict=2 hides BPF "
			  "instructions, by which rexctl knows what is attached");
	if (read_word("/proc/sys/net/core/bpf_jit_enable", text, sizeof(text)) && *text == '0')
		check_add(c, "jit", REX_BAD, "sysctl -w net.core.bpf_jit_enable=1", "the BPF JIT is off, and shims call a "
			  "function of rex.ko, which the interpreter cannot");
}

static void check_runtime(struct checks *c)
{
	REX_OPTS(rex_info, info);
	struct rex *rex = NULL;
	int err = rex_open(&rex);

	if (err == -ENOENT) {
		check_add(c, "runtime", REX_NOTE, "", "rex.ko is not loaded; \"rexctl load\" loads it with the first "
			  "program");
		return;
	}
	if (err || rex_info(rex, &info)) {
		check_add(c, "runtime", REX_BAD, "", "%s", rex_errmsg());
		rex_close(rex);
		return;
	}
	rex_close(rex);
	check_add(c, "runtime", REX_GOOD, "", "rex.ko is loaded; ABI %u, preemption %s", info.abi,
		  rex_preempt_name(info.preempt));
}

int rex_check_machine(struct rex_check **list, size_t *n)
{
	struct checks checks = {};

	check_kernel(&checks);
	check_privileges(&checks);
	check_btf(&checks);
	check_bpffs(&checks);
	check_lockdown(&checks);
	check_signatures(&checks);
	check_kptr(&checks);
	check_runtime(&checks);
	return checks_give(&checks, 0, list, n);
}
