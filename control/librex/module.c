// SPDX-License-Identifier: GPL-2.0-only
/* Kernel modules: inserting and removing them; finding rex.ko. */
#include <fcntl.h>
#include <libgen.h>
#include <libkmod.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "internal.h"

#define RUNTIME "rex"

bool rex_module_present(const char *name)
{
	char path[PATH_MAX];

	/* Modules that are built in have a directory, too, but no initstate. */
	snprintf(path, sizeof(path), "/sys/module/%s/initstate", name);
	return !access(path, F_OK);
}

/* ---- the kernel's own words --------------------------------------------------------- */

static int kmsg_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

/* Messages since kmsg_open() that begin with "NAME: " or "rex: ", joined; closes @fd. */
static void kmsg_read(int fd, const char *name, char *text, size_t size)
{
	char record[2048], *message, *end;
	size_t len = strlen(name), used = 0;
	ssize_t n;

	*text = '\0';
	if (fd < 0)
		return;
	while ((n = read(fd, record, sizeof(record) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		if (n < 0)
			continue;	/* overwritten meanwhile: go on with what is there */
		record[n] = '\0';
		message = strchr(record, ';');
		if (!message++)
			continue;
		end = strchr(message, '\n');
		if (end)
			*end = '\0';
		if ((strncmp(message, name, len) || message[len] != ':') &&
		    strncmp(message, RUNTIME ": ", strlen(RUNTIME ": ")))
			continue;
		if (used < size)
			used += snprintf(text + used, size - used, "%s%s", used ? "; " : "",
					 message);
	}
	close(fd);
}

static bool file_says(const char *path, const char *word)
{
	char buf[256] = "";
	FILE *f = fopen(path, "re");
	bool found = false;

	if (!f)
		return false;
	if (fgets(buf, sizeof(buf), f))
		found = strstr(buf, word);
	fclose(f);
	return found;
}

int rex_module_check_kernel(int err, const char *path, const char *vermagic)
{
	struct utsname uts;
	size_t len;

	uname(&uts);
	len = strlen(uts.release);
	if (!vermagic || !*vermagic ||
	    (!strncmp(vermagic, uts.release, len) && vermagic[len] == ' '))
		return 0;
	return rex_fail(err, "\"%s\" was built for kernel \"%.*s\", this is \"%s\": build it again "
			"for this kernel (KDIR=/lib/modules/%s/build; Debian package linux-headers-%s)",
			path, (int)strcspn(vermagic, " "), vermagic, uts.release, uts.release,
			uts.release);
}

/* What to do about a signature that the kernel does not take; @image: NULL when not known. */
static const char *explain_signature(const struct image *image, const char *name)
{
	if (!image)
		return "the kernel accepts only modules signed with a key that it trusts";
	if (rex_image_signed(image))
		return "it is signed, but not with a key that this kernel trusts (\"modinfo\" shows the "
		       "signer): enrol that key's certificate with mokutil --import, or sign it with "
		       "another key";
	if (!strcmp(name, RUNTIME))
		return "it is not signed: sign rex.ko with scripts/sign-file of the kernel's headers "
		       "and a key that the machine trusts (mokutil --import)";
	return "it is not signed: rexc --sign signs it, with a key that the machine trusts (mokutil "
	       "--import)";
}

static const char *explain_refusal(int err, const struct image *image, const char *name)
{
	if (geteuid())
		return "run it as root (CAP_SYS_MODULE)";
	if (file_says("/sys/kernel/security/lockdown", "[integrity]") ||
	    file_says("/sys/kernel/security/lockdown", "[confidentiality]"))
		return explain_signature(image, name);
	if (file_says("/proc/sys/kernel/modules_disabled", "1"))
		return "loading modules is switched off until the next boot "
		       "(kernel.modules_disabled=1)";
	if (err == -EACCES)
		return "a policy (IMA appraisal, LoadPin) accepts modules only from files that it "
		       "looks at itself, and rexctl hands over the bytes that it has checked";
	return "CAP_SYS_MODULE is missing; a container cannot load modules, run it on the host";
}

/* Why the kernel would not take a module, and what to do about it. */
static int explain(int err, const char *path, const char *name, const struct image *image,
		   const char *vermagic, const char *kernel_said)
{
	const char *way_out = "\"dmesg\" may say more";

	if (rex_module_check_kernel(err, path, vermagic))
		return err;
	switch (err) {
	case -EPERM:
	case -EACCES:
		way_out = explain_refusal(err, image, name);
		break;
	case -EKEYREJECTED:
	case -ENOKEY:
		way_out = explain_signature(image, name);
		break;
	case -EBADMSG:
		way_out = "its signature is damaged, or is not of these bytes: sign it again";
		break;
	case -ENOEXEC:
		way_out = "it was built for another kernel or is damaged: build it again for this "
			  "one";
		break;
	case -ENOENT:
		way_out = "it needs symbols that this kernel's modules do not have: is the loaded "
			  "rex.ko from the same build?";
		break;
	case -EEXIST:
		way_out = "a module of that name is there already";
		break;
	case -ENOSYS:
		way_out = "this kernel has no module support";
		break;
	}
	return rex_fail(err, "the kernel rejected \"%s\" (module %s): %s%s%s%s; %s", path, name,
			strerror(-err), *kernel_said ? " (" : "", kernel_said,
			*kernel_said ? ")" : "", way_out);
}

int rex_module_insert(const struct image *image, const char *path, const char *name,
		      const char *vermagic, const char *options)
{
	char said[1024];
	int kmsg = kmsg_open(), err = 0;

	if (syscall(SYS_init_module, image->data, image->size, options))
		err = -errno;
	if (!err) {
		if (kmsg >= 0)
			close(kmsg);
		return 0;
	}
	kmsg_read(kmsg, name, said, sizeof(said));
	return explain(err, path, name, image, vermagic, said);
}

/* Error text only on request: the clean-up of a failed load must not change it. */
static int module_remove(const char *name, bool quiet)
{
	int err;

	if (!syscall(SYS_delete_module, name, O_NONBLOCK))
		return 0;
	err = -errno;
	if (quiet)
		return err;
	switch (err) {
	case -ENOENT:
		return rex_fail(err, "no module \"%s\" is loaded", name);
	case -EWOULDBLOCK:
	case -EBUSY:
		return rex_fail(-EBUSY, "module \"%s\" is in use (\"lsmod\" shows its users)", name);
	default:
		return rex_fail(err, "cannot unload module \"%s\": %s", name, rex_strerror(err));
	}
}

int rex_module_remove(const char *name)
{
	return module_remove(name, false);
}

uint64_t rex_module_instance(const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "/sys/module/%s", name);
	return stat(path, &st) ? 0 : st.st_ino;
}

void rex_module_undo(const char *name, uint64_t instance)
{
	/* Somebody else may have removed it, and loaded another one of that name. */
	if (instance && rex_module_instance(name) == instance)
		module_remove(name, true);
}

/* ---- rex.ko ---------------------------------------------------------------------------- */

/* ../kmod/rex.ko next to the executable, as in a build tree. */
static bool build_tree(char *path, size_t size)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (n < 0)
		return false;
	exe[n] = '\0';
	return snprintf(path, size, "%s/../kmod/rex.ko", dirname(exe)) < (int)size &&
	       !access(path, R_OK);
}

static void no_log(void *data, int priority, const char *file, int line, const char *fn,
		   const char *format, va_list args)
{
	(void)data;
	(void)priority;
	(void)file;
	(void)line;
	(void)fn;
	(void)format;
	(void)args;
}

static struct kmod_ctx *kmod_open(void)
{
	struct kmod_ctx *ctx = kmod_new(NULL, NULL);

	if (ctx)
		kmod_set_log_fn(ctx, no_log, NULL);	/* it would print what we say better */
	else
		rex_fail(-ENOMEM, "libkmod does not start, so rex.ko's options cannot be read");
	return ctx;
}

/* Those of modprobe.d and of the kernel's command line (rex.require_signed=1), as modprobe's. */
static int runtime_options(char *text, size_t size)
{
	struct kmod_ctx *ctx = kmod_open();
	struct kmod_module *mod = NULL;
	const char *options;
	int err = 0;

	if (!ctx)
		return -ENOMEM;
	if (kmod_module_new_from_name(ctx, RUNTIME, &mod)) {
		err = rex_fail(-ENOMEM, "rex.ko's options cannot be read");
	} else {
		options = kmod_module_get_options(mod);
		if ((size_t)snprintf(text, size, "%s", options ? options : "") >= size)
			err = rex_fail(-E2BIG, "rex.ko's options in modprobe.d and the kernel's command "
				       "line are longer than %zu bytes", size - 1);
		kmod_module_unref(mod);
	}
	kmod_unref(ctx);
	return err;
}

static int load_runtime_file(const char *path)
{
	char vermagic[128] = "", options[1024];
	struct image image;
	int err = rex_image_read(path, &image);

	if (err)
		return rex_fail_in(err, "rex.ko");
	err = rex_image_modinfo(image.data, image.size, "vermagic", vermagic, sizeof(vermagic));
	if (err && err != -ENOENT)
		err = rex_fail(err, "\"%s\" cannot be loaded as a kernel module: unpack it, "
			       "or build it again", path);
	else
		err = runtime_options(options, sizeof(options));
	if (!err)
		err = rex_module_insert(&image, path, RUNTIME, vermagic, options);
	rex_image_free(&image);
	/* Somebody else was faster. */
	return err == -EEXIST && rex_module_present(RUNTIME) ? 0 : err ? err : 1;
}

static int load_runtime_modprobe(void)
{
	struct kmod_module *mod = NULL;
	struct kmod_list *list = NULL;
	struct kmod_ctx *ctx = kmod_open();
	struct utsname uts;
	int err = 0;

	if (!ctx)
		return -ENOMEM;
	uname(&uts);
	if (kmod_module_new_from_lookup(ctx, RUNTIME, &list) || !list) {
		err = rex_fail(-ENOENT, "rex.ko is not loaded and not installed for kernel %s: "
			       "install it (make install), or point REX_KO to it", uts.release);
	} else {
		mod = kmod_module_get_module(list);
		err = kmod_module_probe_insert_module(mod, KMOD_PROBE_FAIL_ON_LOADED, NULL, NULL, NULL,
						      NULL);
		if (!err)
			err = 1;
		else if (err == -EEXIST)
			err = 0;	/* somebody else was faster */
		else
			err = explain(err < 0 ? err : -EPERM, kmod_module_get_path(mod) ? : RUNTIME,
				      RUNTIME, NULL, NULL, "");
		kmod_module_unref(mod);
	}
	kmod_module_unref_list(list);
	kmod_unref(ctx);
	return err;
}

int rex_runtime_find(char *path, size_t size)
{
	struct kmod_list *list = NULL;
	struct kmod_module *mod;
	const char *env = getenv("REX_KO"), *found = env;
	struct kmod_ctx *ctx;

	if (env || build_tree(path, size)) {
		if (env)
			snprintf(path, size, "%s", env);
		return 0;
	}
	ctx = kmod_open();
	if (!ctx)
		return -ENOMEM;
	if (!kmod_module_new_from_lookup(ctx, RUNTIME, &list) && list) {
		mod = kmod_module_get_module(list);
		found = kmod_module_get_path(mod);
		if (found)
			snprintf(path, size, "%s", found);
		kmod_module_unref(mod);
	}
	kmod_module_unref_list(list);
	kmod_unref(ctx);
	return found ? 0 : rex_fail(-ENOENT, "rex.ko is neither loaded nor installed for this kernel");
}

/* What rex.ko cannot run on, and would not be taken by, without a word why. */
static int check_flavour(void)
{
	struct utsname uts;

	uname(&uts);
	if (!strstr(uts.version, "PREEMPT_RT"))
		return 0;
	return rex_fail(-EOPNOTSUPP, "\"%s\" is a real-time kernel (PREEMPT_RT), which Rex does not "
			"support: programs run with preemption off, and locks sleep there; boot the "
			"kernel without -rt", uts.release);
}

int rex_runtime_load(const char *path)
{
	char tree[PATH_MAX];
	int err;

	if (rex_module_present(RUNTIME))
		return 0;
	err = check_flavour();
	if (err)
		return err;
	if (!path)
		path = getenv("REX_KO");
	if (!path && build_tree(tree, sizeof(tree)))
		path = tree;
	return path ? load_runtime_file(path) : load_runtime_modprobe();
}

int rex_runtime_unload(void)
{
	return rex_module_remove(RUNTIME);
}
