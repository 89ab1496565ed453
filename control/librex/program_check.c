// SPDX-License-Identifier: GPL-2.0-only
/* Whether a program's file fits this kernel, its rex.ko and an interface: before anything is loaded. */
#include <libkmod.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "checks.h"
#include "mounts.h"

struct look {
	const char *path;
	const struct rex_file *file;
	struct checks *checks;
	struct names {
		char (*list)[64];
		size_t n;
		bool failed;
	} imports;			/* of rex.ko */
	uint64_t has_hook;		/* bits: enum rex_hook */
};

static bool file_has(const char *path, const char *word)
{
	char line[256] = "";
	FILE *f = fopen(path, "re");
	bool has = f && fgets(line, sizeof(line), f) && strstr(line, word);

	if (f)
		fclose(f);
	return has;
}

static bool has_hook(const struct look *l, uint32_t hook)
{
	return l->has_hook & 1ull << hook;
}

/* ---- kernel -------------------------------------------------------------------------------------- */

static void check_vermagic(struct look *l)
{
	size_t len = strcspn(l->file->vermagic, " ");
	char fix[192];
	struct utsname u;

	uname(&u);
	if (strlen(u.release) == len && !strncmp(u.release, l->file->vermagic, len)) {
		check_add(l->checks, "kernel", REX_GOOD, "", "it was built for this kernel, %s", u.release);
		return;
	}
	snprintf(fix, sizeof(fix), "rexc --kdir /lib/modules/%.64s/build SOURCE", u.release);
	check_add(l->checks, "kernel", REX_BAD, fix, "it was built for kernel \"%.*s\", this is \"%s\": build it "
		  "again from its source (the headers are in linux-headers-%s)", (int)len, l->file->vermagic, u.release,
		  u.release);
}

static int find_cgroup2(const struct rex_mount *mount, void *data)
{
	(void)data;
	return !strcmp(mount->type, "cgroup2");
}

/* What a hook needs of the kernel, and what there is not always. */
static void check_hooks(struct look *l)
{
	static const struct {
		uint32_t hook;
		const char *path, *fix, *what;
	} needs[] = {
		{ REX_HOOK_KPROBE, "/sys/bus/event_source/devices/kprobe", "", "kprobes (CONFIG_KPROBE_EVENTS)" },
		{ REX_HOOK_TRACEPOINT, "/sys/kernel/tracing/events", "mount -t tracefs tracefs /sys/kernel/tracing",
		  "tracefs at /sys/kernel/tracing" },
		{ REX_HOOK_PERF_EVENT, "/proc/sys/kernel/perf_event_paranoid", "", "perf events (CONFIG_PERF_EVENTS)" },
		{ REX_HOOK_FENTRY, "/sys/kernel/btf/vmlinux", "", "BTF (CONFIG_DEBUG_INFO_BTF)" },
		{ REX_HOOK_FEXIT, "/sys/kernel/btf/vmlinux", "", "BTF (CONFIG_DEBUG_INFO_BTF)" },
		{ REX_HOOK_RAW_TRACEPOINT, "/sys/kernel/btf/vmlinux", "", "BTF (CONFIG_DEBUG_INFO_BTF)" },
	};
	static const uint32_t tracing = 1 << REX_HOOK_KPROBE | 1 << REX_HOOK_TRACEPOINT | 1 << REX_HOOK_PERF_EVENT |
					1 << REX_HOOK_FENTRY | 1 << REX_HOOK_FEXIT | 1 << REX_HOOK_RAW_TRACEPOINT;
	size_t bad = 0;

	for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
		if (!has_hook(l, needs[i].hook) || !access(needs[i].path, F_OK) || errno == EACCES)
			continue;
		check_add(l->checks, "hook", REX_BAD, needs[i].fix, "hook %s requires %s", rex_hook_name(needs[i].hook),
			  needs[i].what);
		bad++;
	}
	if (has_hook(l, REX_HOOK_CGROUP_SKB) && !rex_mounts(find_cgroup2, NULL)) {
		check_add(l->checks, "hook", REX_BAD, "mount -t cgroup2 cgroup2 /sys/fs/cgroup", "hook cgroup_skb requires a "
			  "mounted cgroup2");
		bad++;
	}
	if (l->has_hook & tracing && file_has("/sys/kernel/security/lockdown", "[confidentiality]")) {
		check_add(l->checks, "hook", REX_BAD, "", "the kernel is locked down for confidentiality, so BPF programs may "
			  "not trace: boot with lockdown=integrity or none");
		bad++;
	}
	if (!bad)
		check_add(l->checks, "hook", REX_GOOD, "", "the kernel has all that its hooks require");
}

static void check_helpers(struct look *l)
{
	char missing[160];
	bool all = true;

	for (uint32_t hook = 0; hook < __REX_HOOK_MAX; hook++) {
		int n = has_hook(l, hook) ? rex_helpers_missing(hook, missing, sizeof(missing)) : 0;

		if (n < 0) {
			check_add(l->checks, "helpers", REX_NOTE, "", "which helpers the kernel has only root can see");
			return;
		}
		all &= !n;
		if (n)
			check_add(l->checks, "helpers", REX_WARNING, "", "this kernel has no %s at hook %s: calls return an "
				  "error", missing, rex_hook_name(hook));
	}
	if (all)
		check_add(l->checks, "helpers", REX_GOOD, "", "the kernel has all helpers that Rex calls at its hooks");
}

/* ---- rex.ko -------------------------------------------------------------------------------------- */

static int add_import(const char *name, bool defined, void *data)
{
	struct names *names = data;
	void *grown;

	if (defined || strncmp(name, "rex_", strlen("rex_")) || strlen(name) >= sizeof(*names->list))
		return 0;
	grown = realloc(names->list, (names->n + 1) * sizeof(*names->list));
	if (!grown) {
		names->failed = true;
		return 0;
	}
	names->list = grown;
	strcpy(names->list[names->n++], name);
	return 0;
}

/* What rex.ko has becomes "". */
static int take_off(const char *name, bool defined, void *data)
{
	struct names *names = data;

	for (size_t i = 0; defined && i < names->n; i++)
		if (!strcmp(names->list[i], name))
			*names->list[i] = '\0';
	return 0;
}

static void take_off_loaded(struct names *names)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	char line[1024], name[512], module[64];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %*c %511s [%63[^]]", name, module) == 2 && !strcmp(module, "rex"))
			take_off(name, true, names);
	if (f)
		fclose(f);
}

static void check_imports(struct look *l, const char *of)
{
	const char *first = NULL;
	size_t missing = 0;

	for (size_t i = 0; i < l->imports.n; i++)
		if (*l->imports.list[i] && !missing++)
			first = l->imports.list[i];
	if (missing)
		check_add(l->checks, "runtime", REX_BAD, "", "%s has no %s()%s: they are of different builds; install the "
			  "rex.ko of this rexc, or build the program again", of, first, missing > 1 ? " and others" : "");
	else
		check_add(l->checks, "runtime", REX_GOOD, "", "%s has all %zu functions that it calls", of, l->imports.n);
}

/* rex.ko as load would find it. */
static void check_runtime_file(struct look *l, char *path, bool *is_signed)
{
	struct image image;
	char vermagic[128] = "";

	if (rex_image_read(path, &image)) {
		check_add(l->checks, "runtime", REX_BAD, "", "%s", rex_errmsg());
		return;
	}
	*is_signed = rex_image_signed(&image);
	if (rex_image_modinfo(image.data, image.size, "vermagic", vermagic, sizeof(vermagic)) == -EINVAL) {
		check_add(l->checks, "runtime", REX_NOTE, "", "\"%s\" is packed: what is in it shows when it is loaded", path);
	} else if (rex_module_check_kernel(-EINVAL, path, vermagic)) {
		check_add(l->checks, "runtime", REX_BAD, "make kmod && make install", "%s", rex_errmsg());
	} else {
		rex_image_symbols(&image, take_off, &l->imports);
		check_imports(l, "rex.ko");
	}
	rex_image_free(&image);
}

/* Whether rex.ko needs no signature any more, or has one. */
static bool check_runtime(struct look *l)
{
	char path[PATH_MAX];
	bool is_signed = true;

	if (rex_module_present("rex")) {
		take_off_loaded(&l->imports);
		check_imports(l, "the loaded rex.ko");
	} else if (rex_runtime_find(path, sizeof(path))) {
		check_add(l->checks, "runtime", REX_BAD, "make install", "%s", rex_errmsg());
	} else {
		check_runtime_file(l, path, &is_signed);
	}
	if (rex_module_present(l->file->name))
		check_add(l->checks, "loaded", REX_NOTE, "", "a program of that name is loaded: \"rexctl replace\" exchanges "
			  "it");
	return is_signed;
}

/* ---- signatures ---------------------------------------------------------------------------------- */

/* Who signed the file, as the kernel's modinfo has it; "" when that cannot be read. */
static void read_signer(const char *path, char *signer, size_t size)
{
	struct kmod_ctx *ctx = kmod_new(NULL, NULL);
	struct kmod_list *info = NULL, *at;
	struct kmod_module *mod = NULL;

	*signer = '\0';
	if (ctx && !kmod_module_new_from_path(ctx, path, &mod) && kmod_module_get_info(mod, &info) > 0) {
		kmod_list_foreach(at, info)
			if (!strcmp(kmod_module_info_get_key(at), "signer"))
				snprintf(signer, size, "%s", kmod_module_info_get_value(at));
		kmod_module_info_free_list(info);
	}
	if (mod)
		kmod_module_unref(mod);
	if (ctx)
		kmod_unref(ctx);
}

/* Whether a certificate of that name is on the kernel's keyrings, as far as they are to be seen. */
static bool knows_signer(const char *signer)
{
	FILE *f = fopen("/proc/keys", "re");
	char line[512];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = strstr(line, "X509") && strstr(line, signer);
	if (f)
		fclose(f);
	return found;
}

/* Who asks for a signature, or NULL. */
static const char *who_asks(void)
{
	if (file_has("/sys/module/module/parameters/sig_enforce", "Y"))
		return "the kernel (module.sig_enforce)";
	if (file_has("/sys/kernel/security/lockdown", "[integrity]") ||
	    file_has("/sys/kernel/security/lockdown", "[confidentiality]"))
		return "the kernel (lockdown)";
	return file_has("/sys/module/rex/parameters/require_signed", "Y") ? "rex.ko (require_signed=1)" : NULL;
}

static void check_signature(struct look *l, bool runtime_is_signed)
{
	const char *who = who_asks();
	char signer[128];

	if (!who) {
		check_add(l->checks, "signature", REX_GOOD, "", "it is %ssigned, and nothing here asks for that",
			  l->file->is_signed ? "" : "not ");
		return;
	}
	if (!runtime_is_signed)
		check_add(l->checks, "signature", REX_BAD, "", "%s accepts signed modules only, and rex.ko is not signed: "
			  "sign it with scripts/sign-file of the kernel's headers", who);
	if (!l->file->is_signed) {
		check_add(l->checks, "signature", REX_BAD, "rexc --sign KEY:CERT SOURCE", "%s accepts signed programs only, and this "
			  "one is not signed: build it again and sign it with a key that the machine trusts", who);
		return;
	}
	read_signer(l->path, signer, sizeof(signer));
	if (*signer && knows_signer(signer))
		check_add(l->checks, "signature", REX_GOOD, "", "it is signed by \"%s\", which is among the kernel's keys",
			  signer);
	else
		check_add(l->checks, "signature", REX_WARNING, "mokutil --import CERT.der", "it is signed%s%s%s, and no key of "
			  "that name is among those of the kernel that are visible: %s may refuse it", *signer ? " by \"" : "",
			  signer, *signer ? "\"" : "", who);
}

/* ---- interface ----------------------------------------------------------------------------------- */

static void check_frames(struct look *l, const struct rex_nic *nic, const struct rex_entry *e, int64_t features)
{
	bool frags = e->flags & REX_ENTRY_FRAGS, native = features < 0 || features & REX_XDP_BASIC;

	if (rex_filter_check_iface(e, nic->name))
		check_add(l->checks, "filter", REX_BAD, "", "entry \"%s\": %s", e->name, rex_errmsg());
	if (e->hook != REX_HOOK_XDP || !native || nic->mtu <= REX_XDP_SINGLE_MTU)
		return;
	if (!frags)
		check_add(l->checks, "frags", REX_BAD, "ip link set %s mtu 1500", "entry \"%s\" takes frames in one piece "
			  "only, and with an MTU of %u they come in several: lower it, or mark the entry #[rex_xdp(frags)]",
			  e->name, nic->mtu);
	else if (features >= 0 && !(features & REX_XDP_RX_SG))
		check_add(l->checks, "frags", REX_BAD, "ip link set %s mtu 1500", "entry \"%s\" takes frames in pieces, but "
			  "the driver cannot give them to XDP: with an MTU of %u it refuses native mode", e->name, nic->mtu);
	else
		check_add(l->checks, "frags", REX_GOOD, "", "entry \"%s\" takes frames in pieces", e->name);
}

static int check_interface(struct look *l, const char *ifname)
{
	struct rex_nic *nic;
	int err = rex_nic_get(ifname, &nic);

	if (err)
		return err;
	l->checks->ifname = nic->name;
	if (!has_hook(l, REX_HOOK_XDP) && !has_hook(l, REX_HOOK_TC))
		check_add(l->checks, "interface", REX_NOTE, "", "it has no entry for hook xdp or tc, so nothing to attach to "
			  "\"%s\"", nic->name);
	for (uint32_t i = 0; i < l->file->n_entries; i++)
		check_frames(l, nic, l->file->entries[i], rex_iface_xdp_features(nic->ifindex));
	rex_nic_free(nic);
	return 0;
}

/* ---- all ----------------------------------------------------------------------------------------- */

static int look_at(struct look *l, const char *ifname)
{
	struct image image;
	bool runtime_is_signed;
	int err = rex_image_read(l->path, &image);

	if (err)
		return err;
	rex_image_symbols(&image, add_import, &l->imports);
	rex_image_free(&image);
	if (l->imports.failed)
		return rex_fail(-ENOMEM, "out of memory");
	for (uint32_t i = 0; i < l->file->n_entries; i++)
		l->has_hook |= 1ull << l->file->entries[i]->hook;
	check_vermagic(l);
	runtime_is_signed = check_runtime(l);
	check_signature(l, runtime_is_signed);
	check_hooks(l);
	check_helpers(l);
	return ifname ? check_interface(l, ifname) : 0;
}

int rex_check_program(const char *path, const char *ifname, struct rex_check **list, size_t *n)
{
	struct checks checks = { .ifname = "" };
	struct look l = { .path = path, .checks = &checks };
	struct rex_file *file = NULL;
	int err = rex_check_file(path, &file);

	if (err)
		return err;
	l.file = file;
	err = look_at(&l, ifname);
	free(l.imports.list);
	rex_file_free(file);
	return checks_give(&checks, err, list, n);
}
